"""What stands between a migration and a destructive step: flags to set, checks for rows, comparisons of counts.

A condition is judged by running it in the worst world: no flag is set, and every table is full. What then stops the
step protects it. A check that gives a harmless answer when it fails is also run in a world in which it fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.migrations.frames import Frame
from chunklint.semantics.migrations.worst_case import Value, World, evaluate
from chunklint.semantics.python.guards import leaves
from chunklint.semantics.python.names import local_function, qualified_name

_MAX_HOPS = 2
# Guards stand at most a few blocks deep; the bound is for nesting that nobody wrote by hand.
_MAX_DEPTH = 24
_MAX_CONDITIONS = 40
_BROAD = frozenset({"Exception", "BaseException"})
_LIBRARIES = frozenset(
    {
        *("<module>", "builtins", "alembic", "sqlalchemy", "sqlmodel", "sqlalchemy_utils", "logging", "os", "sys"),
        *("contextlib", "textwrap", "json", "uuid", "time", "typing", "collections", "inspect", "warnings", "re"),
        "datetime",
    }
)


@record
class Condition:
    """A condition on the way to a step, and whether it holds there.

    Attributes:
        under: The conditions of the `if`s that decide whether it is checked at all, innermost first.
        swallowed: The handler, or the `with suppress(...)`, that swallows what the check raises.
    """

    node: Node
    holds: bool
    frame: Frame
    under: tuple[Condition, ...] = ()
    swallowed: Node | None = None


@record
class Weakness:
    """A check that does not protect: the expression, and why, as a clause without a final stop."""

    node: Node
    reason: str


@record
class Safeguards:
    """Whether something stops a step in the worst world, and the checks that look as if they did."""

    protect: bool
    weaknesses: tuple[Weakness, ...] = ()


def safeguards_of(node: Node, frame: Frame, world: World) -> Safeguards:
    """What guards a step that endangers the rows of the world's tables, those that hold copies of them included."""
    weaknesses: list[Weakness] = []
    conditions = list(conditions_before(node, frame, world.file))
    if len(conditions) > _MAX_CONDITIONS:
        # A guard stands close by, or at the top for all steps; what guards hundreds of others is not read again.
        conditions = [*conditions[: _MAX_CONDITIONS // 2], *conditions[-_MAX_CONDITIONS // 2 :]]
    for condition in conditions:
        found = _judge(condition, world)
        if found is True:
            return Safeguards(True)
        if isinstance(found, Weakness):
            weaknesses.append(found)
    return Safeguards(False, tuple(dict.fromkeys(weaknesses)))


def _judge(condition: Condition, world: World) -> bool | Weakness:
    """True when the condition protects, False when it is about something else or is not checked."""
    reached = [_is_reached(one, world) for one in condition.under]
    if not all(reached):
        return False
    found = _protects(condition, world)
    if found is not True:
        return found
    weak = next((one for one in reached if isinstance(one, Weakness)), None)
    if weak is None and condition.swallowed is not None:
        return Weakness(condition.swallowed, "what this check raises is swallowed, so the step runs all the same")
    return weak or True


def _is_reached(under: Condition, world: World) -> bool | Weakness:
    """Whether the `if` around a check lets it run where rows are in danger."""
    normal = evaluate(under.node, under.frame, world)
    if normal.known and not normal.value:
        return Weakness(under.node, "this check runs only when the flag is set") if "flag" in normal.sources else False
    if not normal.known and not normal.sources:
        return False
    return _fails_open(replace(under, holds=False), world) or True


def _fails_open(condition: Condition, world: World) -> Weakness | None:
    """The answer on an error that lets the condition hold, so that the step runs unprotected."""
    failing = evaluate(condition.node, condition.frame, replace(world, failing=True))
    if failing.fallback is None or not failing.known or bool(failing.value) != condition.holds:
        return None
    shown = world.file.text(failing.fallback).removeprefix("return").strip() or "None"
    return Weakness(failing.fallback, f"this check gives `{shown}` on an error, so it fails open")


def _protects(condition: Condition, world: World) -> bool | Weakness:
    normal = evaluate(condition.node, condition.frame, world)
    if not normal.sources:
        return False
    if not normal.known:
        return True
    if bool(normal.value) == condition.holds:
        return _passes(condition, normal)
    return _fails_open(condition, world) or True


def _passes(condition: Condition, value: Value) -> bool | Weakness:
    if "flag" in value.sources:
        return Weakness(condition.node, "this check lets the step run when the flag is not set")
    return False


def conditions_before(node: Node, frame: Frame, file: PythonFile) -> Iterator[Condition]:
    """The conditions that are settled where a node of a frame runs, the nearest first; those of callers included."""
    place: Node = node
    for run in frame.stack:
        yield from _conditions_in(place, run, file)
        if run.call is None:
            return
        place = run.call


def _conditions_in(place: Node, frame: Frame, file: PythonFile) -> Iterator[Condition]:
    inner = place
    for around in ancestors(place):
        if around.type in ("if_statement", "elif_clause"):
            yield from _branch(around, inner, frame)
        elif around.type == "block":
            earlier = [one for one in around.named_children if one.start_byte < inner.start_byte]
            for statement in reversed(earlier):
                yield from _settled(statement, frame, file, 0)
        if around == frame.function:
            return
        inner = around


def _branch(statement: Node, inner: Node, frame: Frame) -> Iterator[Condition]:
    """The conditions of an `if` that are settled in one of its branches."""
    condition = statement.child_by_field_name("condition")
    if condition is None or inner == condition:
        return
    if inner == statement.child_by_field_name("consequence"):
        yield Condition(condition, True, frame)
        return
    yield Condition(condition, False, frame)
    for clause in statement.named_children:
        if clause == inner:
            return
        tested = clause.child_by_field_name("condition") if clause.type == "elif_clause" else None
        if tested is not None:
            yield Condition(tested, False, frame)


def _settled(statement: Node, frame: Frame, file: PythonFile, hops: int, depth: int = 0) -> Iterator[Condition]:
    """What is known after a statement; within a helper only what it raises for counts."""
    match statement.type:
        case _ if depth > _MAX_DEPTH:
            return
        case "if_statement":
            yield from _left(statement, frame, file, raising=hops > 0)
            yield from _settled_under(statement, frame, file, hops, depth)
        case "assert_statement" if statement.named_children:
            yield Condition(statement.named_children[0], True, frame)
        case "expression_statement" | "assignment" | "return_statement":
            for call in descendants(statement, "call", stop=frozenset({"lambda"})):
                yield from _checked_by_helper(call, frame, file, hops)
        case "with_statement" | "for_statement" | "try_statement":
            swallowing = _swallowing(statement, file)
            for found in _settled_in(statement.child_by_field_name("body"), frame, file, hops, depth + 1):
                yield replace(found, swallowed=found.swallowed or swallowing)


def _settled_under(statement: Node, frame: Frame, file: PythonFile, hops: int, depth: int) -> Iterator[Condition]:
    """What an `if` checks in its first branch: `if has_rows: require_flag()`."""
    condition, body = statement.child_by_field_name("condition"), statement.child_by_field_name("consequence")
    if condition is None or body is None or leaves(body, file):
        return
    deciding = Condition(condition, True, frame)
    for found in _settled_in(body, frame, file, hops, depth + 1):
        yield replace(found, under=(*found.under, deciding))


def _swallowing(statement: Node, file: PythonFile) -> Node | None:
    """What keeps an error of any kind within the statement: a broad handler that goes on, or `suppress(Exception)`."""
    if statement.type == "with_statement":
        head = file.text(statement).partition("\n")[0]
        return statement if "suppress(" in head and any(word in head for word in _BROAD) else None
    for handler in statement.named_children:
        if handler.type in ("except_clause", "except_group_clause") and _is_broad(handler, file):
            block = next((part for part in handler.named_children if part.type == "block"), None)
            return None if block is None or leaves(block, file) else handler
    return None


def _is_broad(handler: Node, file: PythonFile) -> bool:
    caught = [file.text(part) for part in descendants(handler, "identifier", stop=frozenset({"block"}))]
    return not caught or not _BROAD.isdisjoint(caught) or "RuntimeError" in caught


def _settled_in(block: Node | None, frame: Frame, file: PythonFile, hops: int, depth: int = 0) -> Iterator[Condition]:
    for statement in block.named_children if block is not None else ():
        if hops and _may_return(statement, frame, file):
            return
        yield from _settled(statement, frame, file, hops, depth)


def _may_return(statement: Node, frame: Frame, file: PythonFile) -> bool:
    """Whether a helper may come back at this statement, so that what it checks later is not certain."""
    if statement.type != "if_statement" or not any(True for _ in descendants(statement, "return_statement")):
        return False
    condition = statement.child_by_field_name("condition")
    found = evaluate(condition, frame, World(frozenset(), file)) if condition is not None else None
    return found is None or not found.known or bool(found.value)


def _left(statement: Node, frame: Frame, file: PythonFile, *, raising: bool) -> Iterator[Condition]:
    """After `if condition: raise`, the condition does not hold."""
    condition, body = statement.child_by_field_name("condition"), statement.child_by_field_name("consequence")
    if condition is None or body is None or not leaves(body, file):
        return
    last = body.named_children[-1].type if body.named_children else ""
    if raising and last == "return_statement":
        return
    yield Condition(condition, False, frame)


def _checked_by_helper(call: Node, frame: Frame, file: PythonFile, hops: int) -> Iterator[Condition]:
    """What a helper of this module raises for unless it holds."""
    callee = call.child_by_field_name("function")
    helper = local_function(callee, file) if callee is not None and callee.type == "identifier" else None
    if helper is None or hops >= _MAX_HOPS or any(one.function == helper for one in frame.stack):
        return
    entered = frame.entered(call, helper, file)
    yield from _settled_in(helper.child_by_field_name("body"), entered, file, hops + 1)


def demands_flag(function: Node, file: PythonFile) -> bool:
    """Whether a function raises unless a flag is set."""
    entered = Frame(function, None, Frame(file.root))
    world = World(frozenset(), file)
    body = function.child_by_field_name("body")
    for condition in _settled_in(body, entered, file, 1):
        asked = "flag" in evaluate(condition.node, condition.frame, world).sources
        if asked and not condition.under and _judge(condition, world) is True:
            return True
    return False


def calls_settled_before(node: Node, frame: Frame, file: PythonFile) -> Iterator[str]:
    """The functions of other modules that have come back where a node of a frame runs, on every path to it."""
    place: Node = node
    for run in frame.stack:
        inner = place
        for around in ancestors(place):
            if around.type == "block":
                before = (one for one in around.named_children if one.end_byte <= inner.start_byte)
                statements = (one for one in before if one.type == "expression_statement")
                yield from imported_calls((one.named_children[0] for one in statements if one.named_children), file)
            if around == run.function:
                break
            inner = around
        if run.call is None:
            return
        place = run.call


def imported_calls(nodes: Iterable[Node], file: PythonFile) -> Iterator[str]:
    """The qualified names of the functions of other modules of the project that calls among the nodes run."""
    for call in nodes:
        callee = call.child_by_field_name("function")
        name = qualified_name(callee, file) if callee is not None else None
        if name is not None and "." in name and name.partition(".")[0] not in _LIBRARIES:
            yield name
