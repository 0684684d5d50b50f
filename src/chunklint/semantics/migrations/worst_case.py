"""What an expression is in the worst world for a destructive step: no flag is set and every table is full."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.migrations.failures import after_failure, is_inside, is_tried
from chunklint.semantics.migrations.frames import Frame, argument_of, shapes_in
from chunklint.semantics.migrations.name_tests import is_name_test
from chunklint.semantics.migrations.row_queries import queries_of, reads_any
from chunklint.semantics.python.names import arguments, local_function, qualified_name
from chunklint.semantics.python.scopes import Binding, Kind, reaching

_MAX_DEPTH = 24
_FULL = 10**9
_INNER = frozenset({"function_definition", "class_definition", "lambda"})
_ENVIRONMENT = frozenset({"os.environ.get", "os.getenv"})
_PERMITS = re.compile(r"\..*(?:allow|permit|confirm|destructive|consent|approv)[^.]*$", re.IGNORECASE)
_TEXT_METHODS = frozenset({"lower", "upper", "strip", "casefold", "lstrip", "rstrip"})
_TEXT_TESTS = frozenset({"startswith", "endswith"})
_LIBRARIES = frozenset({"alembic", "sqlalchemy", "sqlmodel", "sys", "builtins", "<module>", "logging", "datetime"})


@record
class Value:
    """A value, when `known`.

    Attributes:
        sources: What it rests on: "flag" (the environment, arguments of the command, settings) and "rows".
        fallback: The expression that gave it because a check failed.
    """

    value: Any = None
    known: bool = False
    sources: frozenset[str] = frozenset()
    fallback: Node | None = None


@record
class World:
    """The tables whose rows matter, and whether the checks fail with an error.

    Attributes:
        named: The identifier of the parameter that names the table, of a function that drops the table it is given.
        exempt: What tests of that name say: whether the table is one of those that the function treats as harmless.
    """

    tables: frozenset[str]
    file: PythonFile
    failing: bool = False
    named: Node | None = None
    exempt: bool = False
    depth: int = 0

    def deeper(self) -> World:
        """The same world, one expression further in."""
        return replace(self, depth=self.depth + 1)


_UNKNOWN = Value()


def evaluate(node: Node, frame: Frame, world: World) -> Value:
    """The value of an expression, as far as it can be told."""
    if world.depth > _MAX_DEPTH:
        return _UNKNOWN
    return _evaluate(node, frame, world.deeper())


def _evaluate(node: Node, frame: Frame, world: World) -> Value:  # noqa: C901, PLR0912 - one case a kind of expression
    match node.type:
        case "true" | "false":
            return Value(node.type == "true", True)
        case "none":
            return Value(None, True)
        case "integer":
            text = world.file.text(node).replace("_", "")
            return Value(int(text), True) if text.isdecimal() else _UNKNOWN
        case "string" | "concatenated_string":
            return _text(node, frame, world)
        case "parenthesized_expression" | "named_expression" | "await" if node.named_children:
            return evaluate(node.named_children[-1], frame, world)
        case "tuple" | "list" | "set" | "expression_list":
            return _sequence(node, frame, world)
        case "not_operator" if node.named_children:
            return _not(evaluate(node.named_children[0], frame, world))
        case "boolean_operator":
            return _boolean(node, frame, world)
        case "comparison_operator" if world.named is not None and is_name_test(node, world.named, frame, world.file):
            return Value(world.exempt, True)
        case "comparison_operator" if len(node.named_children) == 2:
            return _comparison(node, frame, world)
        case "identifier":
            return _name(node, frame, world)
        case "attribute":
            return _attribute(node, frame, world)
        case "subscript" if node.named_children:
            return _subscript(node, frame, world)
        case "call":
            return _call(node, frame, world)
    return _UNKNOWN


def _text(node: Node, frame: Frame, world: World) -> Value:
    shapes = shapes_in(node, frame, world.file)
    if len(shapes) != 1 or shapes[0].holes:
        return _UNKNOWN
    return Value("".join(part for part in shapes[0].parts if isinstance(part, str)), True)


def _sequence(node: Node, frame: Frame, world: World) -> Value:
    """A tuple of values; the elements that are not known stay in it as they are."""
    items = tuple(evaluate(child, frame, world) for child in node.named_children if child.type != "comment")
    return Value(items, True, frozenset().union(*(item.sources for item in items)))


def _not(value: Value) -> Value:
    return replace(value, value=not value.value) if value.known else value


def _boolean(node: Node, frame: Frame, world: World) -> Value:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    operator = node.child_by_field_name("operator")
    if left is None or right is None or operator is None:
        return _UNKNOWN
    first, second = evaluate(left, frame, world), evaluate(right, frame, world)
    decides = operator.type == "or"
    for one in (first, second):
        if one.known and bool(one.value) == decides:
            return one
    sources, fallback = first.sources | second.sources, first.fallback or second.fallback
    if first.known and second.known:
        return Value(second.value, True, sources, fallback)
    return Value(sources=sources, fallback=fallback)


def _comparison(node: Node, frame: Frame, world: World) -> Value:
    left, right = (evaluate(child, frame, world) for child in node.named_children)
    operator = " ".join(child.type for child in node.children if child not in node.named_children)
    sources, fallback = left.sources | right.sources, left.fallback or right.fallback
    both_counted = "rows" in left.sources and "rows" in right.sources
    if not (left.known and right.known) or both_counted:
        return Value(sources=sources, fallback=fallback)
    try:
        return Value(_compare(operator, _plain(left.value), _plain(right.value)), True, sources, fallback)
    except (TypeError, KeyError):
        return Value(sources=sources, fallback=fallback)


def _plain(value: Any) -> Any:
    """A sequence of known values as a tuple of them."""
    if isinstance(value, tuple):
        return tuple(item.value if isinstance(item, Value) and item.known else object() for item in value)
    return value


def _compare(operator: str, left: Any, right: Any) -> bool:
    if isinstance(left, bool) != isinstance(right, bool) and _FULL in (left, right):
        left, right = bool(left), bool(right)
    match operator:
        case "==" | "is":
            return bool(left == right)
        case "!=" | "is not":
            return bool(left != right)
        case "<":
            return bool(left < right)
        case "<=":
            return bool(left <= right)
        case ">":
            return bool(left > right)
        case ">=":
            return bool(left >= right)
        case "in":
            return left in right
        case "not in":
            return left not in right
    raise KeyError(operator)


def _name(node: Node, frame: Frame, world: World) -> Value:
    held = argument_of(node, frame, world.file)
    if held is not None:
        return evaluate(*held, world)
    found = reaching(node, world.file)
    if not found or any(one.kind is not Kind.ASSIGNMENT or one.value is None for one in found):
        held_by = [one.value for one in found if one.value is not None and one.kind in (Kind.LOOP, Kind.CONTEXT)]
        return Value(sources=frozenset().union(*(evaluate(one, frame, world).sources for one in held_by)))
    return _agreed([_bound(one, frame, world) for one in _in_this_world(found, world)])


def _in_this_world(found: tuple[Binding, ...], world: World) -> list[Binding]:
    """The bindings that count: when checks fail, those that a `try` or `suppress` could not make are left."""
    handled = [one for one in found if is_inside(one.node, "except_clause")]
    tried = [one for one in found if one not in handled and is_tried(one.node, world.file)]
    if not tried or len(tried) == len(found):
        return list(found)
    return [one for one in found if (one in tried) != world.failing]


def _bound(binding: Binding, frame: Frame, world: World) -> Value:
    if binding.value is None:
        return _UNKNOWN
    value = evaluate(binding.value, frame, world)
    for position in binding.path:
        value = _item(value, position)
    if world.failing and value.known and value.fallback is None:
        value = replace(value, fallback=binding.value)
    return value


def _item(value: Value, position: int) -> Value:
    if not value.known or not isinstance(value.value, tuple):
        return value
    if position >= len(value.value):
        return Value(sources=value.sources)
    item: Value = value.value[position]
    return replace(item, sources=item.sources | value.sources, fallback=item.fallback or value.fallback)


def _agreed(values: list[Value]) -> Value:
    sources: frozenset[str] = frozenset().union(*(one.sources for one in values))
    fallback = next((one.fallback for one in values if one.fallback is not None), None)
    if values and all(one.known and one.value == values[0].value for one in values):
        return Value(values[0].value, True, sources, fallback)
    return Value(sources=sources, fallback=fallback)


def _attribute(node: Node, frame: Frame, world: World) -> Value:
    receiver = node.child_by_field_name("object")
    name = qualified_name(node, world.file)
    if name is not None and "." in name and name.partition(".")[0] not in _LIBRARIES | {"os"}:
        # An attribute of an object of the project, most often its settings: what it is cannot be told from here.
        return Value(sources=frozenset({"flag"}))
    return evaluate(receiver, frame, world) if receiver is not None else _UNKNOWN


def _subscript(node: Node, frame: Frame, world: World) -> Value:
    owner, *index = node.named_children
    if qualified_name(owner, world.file) == "os.environ":
        return Value(sources=frozenset({"flag"}))
    value = evaluate(owner, frame, world)
    position = evaluate(index[0], frame, world) if index else _UNKNOWN
    if value.known and isinstance(value.value, tuple) and isinstance(position.value, int):
        return _item(value, position.value)
    return value


def _call(node: Node, frame: Frame, world: World) -> Value:
    callee = node.child_by_field_name("function")
    if callee is None:
        return _UNKNOWN
    name, given = qualified_name(callee, world.file) or "", arguments(node, world.file)
    if name in _ENVIRONMENT:
        return _default(given.get("default", 1), frame, world)
    if name.endswith("get_x_argument"):
        return Value(sources=frozenset({"flag"}))
    rows = _rows(node, frame, world)
    if rows is not None:
        return rows
    if world.named is not None and is_name_test(node, world.named, frame, world.file):
        return Value(world.exempt, True)
    if _PERMITS.search(name) is not None and local_function(callee, world.file) is None:
        # A question to another module of the project, whose name says that it is about leave to go on.
        return Value(sources=frozenset({"flag"}))
    helper = local_function(callee, world.file) if callee.type == "identifier" else None
    if helper is not None:
        return _returned(node, helper, frame, world)
    if name in ("builtins.bool", "builtins.int", "builtins.len", "builtins.str") and given.positional:
        return _converted(name, evaluate(given.positional[0], frame, world))
    receiver = callee.child_by_field_name("object") if callee.type == "attribute" else None
    if receiver is not None:
        return _method(node, receiver, frame, world)
    inside = [evaluate(one, frame, world) for one in (*given.positional, *given.keywords.values())]
    return Value(sources=frozenset().union(*(one.sources for one in inside)))


def _default(node: Node | None, frame: Frame, world: World) -> Value:
    """A flag that is not set: its default."""
    value = evaluate(node, frame, world) if node is not None else Value(None, True)
    return replace(value, sources=value.sources | {"flag"})


def _converted(name: str, value: Value) -> Value:
    if not value.known:
        return value
    if name == "builtins.bool":
        return replace(value, value=bool(value.value))
    if name == "builtins.int" and isinstance(value.value, str) and value.value.strip().isdecimal():
        return replace(value, value=int(value.value))
    if name == "builtins.len" and isinstance(value.value, (str, tuple)):
        return replace(value, value=len(value.value))
    return value


def _method(call: Node, receiver: Node, frame: Frame, world: World) -> Value:
    """A method of a value: of a text that is known, of the arguments of the command, or of a query's result."""
    callee = call.child_by_field_name("function")
    method = world.file.text(callee).rsplit(".", 1)[-1] if callee is not None else ""
    value, given = evaluate(receiver, frame, world), arguments(call, world.file).positional
    if method == "get" and "flag" in value.sources and not value.known:
        return _default(given[1] if len(given) > 1 else None, frame, world)
    if method in _TEXT_METHODS and isinstance(value.value, str):
        return replace(value, value=value.value.strip().upper() if method == "upper" else value.value.strip().lower())
    if method in _TEXT_TESTS and isinstance(value.value, str) and given:
        other = evaluate(given[0], frame, world)
        if isinstance(other.value, str):
            tested = value.value.startswith if method == "startswith" else value.value.endswith
            return replace(value, value=tested(other.value))
    if value.known and "rows" not in value.sources:
        return Value(sources=value.sources)
    return value


def _rows(call: Node, frame: Frame, world: World) -> Value | None:
    """Rows of the tables in question when the call queries them, nothing known when it queries something else."""
    queries = list(queries_of(call, frame, world.file))
    if not queries:
        return None
    relevant = [one for one in queries if reads_any(one, world.tables)]
    if not relevant:
        return _UNKNOWN
    certain = not any("not" in one.mentions for one in relevant)
    return Value(_FULL if certain else None, certain, frozenset({"rows"}))


def _returned(call: Node, helper: Node, frame: Frame, world: World) -> Value:
    """What a helper gives back. When checks fail, that is what it returns after the failure, if it swallows it."""
    if len(frame.stack) > 4 or any(one.function == helper for one in frame.stack):
        return _UNKNOWN
    entered = frame.entered(call, helper, world.file)
    returns = list(descendants(helper, "return_statement", stop=_INNER))
    usual = [one for one in returns if not is_inside(one, "except_clause")]
    values = [_given_back(one, entered, replace(world, failing=False)) for one in usual]
    tested = [_tests_around(one, entered, world) for one in usual]
    sources: frozenset[str] = frozenset().union(*(one.sources for one in values), *tested)
    sources = sources or _counted_inside(helper, entered, world)
    if world.failing and sources:
        swallowed = after_failure(helper, returns, world.file)
        if swallowed is not None:
            value = _given_back(swallowed, entered, replace(world, failing=False))
            return Value(value.value, value.known, sources, swallowed)
    found = _agreed(values)
    return replace(found, sources=sources)


def _counted_inside(helper: Node, frame: Frame, world: World) -> frozenset[str]:
    """Rows, when a helper counts them in a way that its result cannot be traced to: a notice, a session variable."""
    for call in descendants(helper, "call", stop=_INNER):
        if any(one.body and reads_any(one, world.tables) for one in queries_of(call, frame, world.file)):
            return frozenset({"rows"})
    return frozenset()


def _given_back(statement: Node, frame: Frame, world: World) -> Value:
    if not statement.named_children:
        return Value(None, True)
    return evaluate(statement.named_children[0], frame, world)


def _tests_around(statement: Node, frame: Frame, world: World) -> frozenset[str]:
    """What the conditions rest on that decide whether a helper returns here."""
    found: frozenset[str] = frozenset()
    for around in ancestors(statement):
        if around == frame.function:
            break
        condition = around.child_by_field_name("condition") if around.type in ("if_statement", "elif_clause") else None
        if condition is not None:
            found |= evaluate(condition, frame, world).sources
    return found
