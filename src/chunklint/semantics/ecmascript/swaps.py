"""Details that take the place of the list they were chosen from: what they show cannot change while they stand."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants, is_within
from chunklint.semantics.ecmascript.functions import arguments_of, enclosing_function, is_function, returned
from chunklint.semantics.ecmascript.kept_values import sets_the_same
from chunklint.semantics.ecmascript.names import Binding, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.panes import are_panes
from chunklint.semantics.ecmascript.react import hook_of
from chunklint.semantics.ecmascript.states import is_listed, setter_of

_LITERALS = frozenset({"string", "number", "null", "undefined", "true", "false"})
# What is named as a member of an enumeration, or of a table of constants: `Kind.SKILL`, `Tab.List`.
_MEMBER = re.compile(r"([A-Z]\w*)\.[A-Z]\w*$")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?$")
_CONSTANT = re.compile(r"[A-Z][A-Z\d_]*$")
_ELEMENTS = ("jsx_element", "jsx_self_closing_element")
_ROUTED = frozenset({"Routes", "Route"})
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_DENIED = {"<": ">=", ">": "<=", "<=": ">", ">=": "<"}
_HOPS = 3
NOTHING = frozenset({"null", "undefined", "false", '""', "''", "0", "-1"})


def takes_its_place(file: SourceFile, element: Node, value: Node, owner: Node) -> bool:
    """Whether all that sets a prop's state stands in what is shown instead of the element.

    `chosen ? <Detail id={chosen} /> : <List onChoose={setChosen} />`, or `if (chosen) return <Detail ... />` before it.
    """
    states = [(found, part) for found, part in _states(file, value) if setter_of(file, found) is not None]
    places = [place for state, part in states for place in set_at(file, state, part)]
    shown = said_of(file, shown_when(file, element, owner)) if places else {}
    return bool(places) and all(
        _stand_apart(file, place, element) or _contradicts(said_of(file, shown_when(file, place, owner)), shown)
        for place in places
    )


def _stand_apart(file: SourceFile, place: Node, element: Node) -> bool:
    """Whether two places are in routes of which one is shown at a time, or in cases of one `switch`."""
    around = next(one for one in ancestors(element) if is_within(place, one))
    parts = [next((one for one in around.named_children if is_within(node, one)), None) for node in (place, element)]
    if are_panes(file, around, parts):
        return True
    if around.type == "switch_body":
        return all(one is not None and one.type.startswith("switch_") for one in parts)
    opening = around.named_children[0] if around.type == "jsx_element" else None
    shows = _tag(file, opening) if opening is not None else ""
    if shows == "Switch":
        return all(one is not None and one.type in _ELEMENTS for one in parts)
    return shows in _ROUTED and all(one is not None and _is_route(file, one) for one in parts)


def _is_route(file: SourceFile, node: Node) -> bool:
    opening = node.named_children[0] if node.type == "jsx_element" else node
    return node.type in _ELEMENTS and _tag(file, opening).endswith("Route")


def _tag(file: SourceFile, opening: Node) -> str:
    name = opening.child_by_field_name("name")
    return file.text(name) if name is not None else ""


def _states(file: SourceFile, value: Node) -> Iterator[tuple[Binding, str]]:
    """The states that a value is made of, each with the part of it that is taken: `type` of `form.type`, or ""."""
    for name in descendants(value, "identifier"):
        found = resolve(file, name)
        hook = hook_of(file, found) if found is not None else None
        if found is not None and hook is not None and hook[0] in ("useState", "useReducer"):
            around = name.parent
            part = around.child_by_field_name("property") if around is not None else None
            yield found, file.text(part) if part is not None else ""


def shown_when(file: SourceFile, element: Node, owner: Node) -> Iterator[tuple[Node, bool]]:
    """The conditions that lead to an element, through the functions of the component that make it for one place."""
    place: Node | None = element
    for _ in range(_HOPS):
        if place is None:
            return
        yield from asked_before(place, owner)
        name = named_function(file, place, owner)
        uses = list(uses_of(file, name)) if name is not None else []
        place = uses[0] if len(uses) == 1 else None


def are_ruled_out(file: SourceFile, conditions: Iterable[tuple[Node, bool]], name: str, value: str) -> bool:
    """Whether conditions that lead to a place cannot hold while a state has a value, both as written."""
    return _contradicts(said_of(file, conditions), {name: {value}})


def said_of(file: SourceFile, asked: Iterable[tuple[Node, bool]]) -> dict[str, set[str]]:
    """What conditions say of each thing that they ask: `true`, `false`, or the literal that it equals."""
    said: dict[str, set[str]] = defaultdict(set)
    pending = list(asked)
    while pending:
        condition, value = pending.pop()
        node = unwrap(condition)
        operator = node.children[1].type if node.type == "binary_expression" else ""
        said[file.text(node)].add("true" if value else "false")
        if node.type == "unary_expression" and node.children[0].type == "!":
            pending.append((node.children[1], not value))
        elif operator in ("&&", "||"):
            if (operator == "&&") == value:
                pending += [(node.children[0], value), (node.children[2], value)]
        elif operator in ("===", "==", "!==", "!=") and is_literal(file, node.children[2]):
            if (operator in ("===", "==")) == value:
                said[file.text(node.children[0])].add(file.text(node.children[2]))
            else:
                said[file.text(node.children[0])].add(f"not {file.text(node.children[2])}")
        elif operator in _FLIPPED:
            for name, text in _compared(file, node, operator if value else _DENIED[operator]):
                said[name].add(text)
    return said


def _compared(file: SourceFile, node: Node, operator: str) -> Iterator[tuple[str, str]]:
    """What is compared with a number that is known, and how: `count` and `> 36`."""
    left, right = unwrap(node.children[0]), unwrap(node.children[2])
    for asked, other, way in ((left, right, operator), (right, left, _FLIPPED[operator])):
        number = _number(file, other)
        if number is not None:
            yield file.text(asked), f"{way} {number}"
        # A constant of another file that something must exceed is a length or a limit: not below zero.
        elif way == ">" and _is_imported_constant(file, other):
            yield file.text(asked), "> 0"


def _number(file: SourceFile, value: Node) -> str | None:
    """A number as written, or that of a constant of the file."""
    if value.type == "identifier" and _CONSTANT.match(file.text(value)):
        found = resolve(file, value)
        constant = found is not None and found.kind == "variable" and found.value is not None and not found.keys
        value = unwrap(found.value) if found is not None and constant and found.value is not None else value
    return file.text(value) if _NUMBER.match(file.text(value)) else None


def _is_imported_constant(file: SourceFile, value: Node) -> bool:
    found = resolve(file, value) if value.type == "identifier" else None
    return found is not None and found.kind == "import" and _CONSTANT.match(found.imported) is not None


def is_literal(file: SourceFile, value: Node) -> bool:
    """Whether a value is written as such: a literal, or the member of an enumeration."""
    return value.type in _LITERALS or (value.type == "member_expression" and bool(_MEMBER.match(file.text(value))))


def is_self_contradicting(said: Mapping[str, set[str]]) -> bool:
    """Whether conditions say of one thing what cannot be true together."""
    return any(_excludes(one, other) for asked in said.values() for one in asked for other in asked)


def _contradicts(here: dict[str, set[str]], there: dict[str, set[str]]) -> bool:
    """Whether two places cannot both be shown: one asks for what the other rules out."""
    return any(
        _excludes(one, other) or _excludes(other, one)
        for asked in here.keys() & there.keys()
        for one in here[asked]
        for other in there[asked]
    )


def _excludes(one: str, other: str) -> bool:
    way, _, limit = one.partition(" ")
    if way in _FLIPPED:
        return _NUMBER.match(other) is not None and not _holds(float(other), way, float(limit))
    if other.partition(" ")[0] in _FLIPPED:
        return False
    if one in ("true", "false"):
        return other == {"true": "false", "false": "true"}[one] or (one == "true" and other in NOTHING)
    negated, plain = one.startswith("not "), other.startswith("not ")
    if negated or plain or other in ("true", "false"):
        return one == f"not {other}"
    return _are_different(one, other)


def _holds(number: float, way: str, limit: float) -> bool:
    match way:
        case "<":
            return number < limit
        case ">":
            return number > limit
        case "<=":
            return number <= limit
    return number >= limit


def _are_different(one: str, other: str) -> bool:
    """Whether two values cannot be equal: members of one enumeration, or literals. `== null` means both."""
    members = _MEMBER.match(one), _MEMBER.match(other)
    if members[0] and members[1]:
        return members[0][1] == members[1][1] and one != other
    absent = {one, other} & {"null", "undefined"}
    if len(absent) == 2 or (any(members) and not absent):
        return False
    return one.strip("'\"") != other.strip("'\"")


def asked_before(place: Node, owner: Node) -> Iterator[tuple[Node, bool]]:
    """The conditions that lead to a place within a function, or to where it is shown, each with its value there."""
    for around in ancestors(place):
        if around == owner:
            return
        condition = around.child_by_field_name("condition")
        if condition is not None and around.type in ("ternary_expression", "if_statement"):
            other = around.child_by_field_name("alternative")
            if not is_within(place, condition):
                yield condition, other is None or not is_within(place, other)
        elif around.type == "binary_expression" and around.children[1].type in ("&&", "||"):
            if is_within(place, around.children[2]):
                yield around.children[0], around.children[1].type == "&&"
        elif around.type == "statement_block":
            yield from _left_before(around, place)


def _left_before(block: Node, place: Node) -> Iterator[tuple[Node, bool]]:
    """The conditions of the statements of a block that would have left its function before a place in it."""
    for statement in block.named_children:
        if statement.end_byte > place.start_byte:
            return
        condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
        if condition is None or statement.child_by_field_name("alternative") is not None:
            continue
        branch = statement.child_by_field_name("consequence")
        last = branch.named_children[-1:] if branch is not None and branch.type == "statement_block" else [branch]
        if any(one is not None and one.type == "return_statement" for one in last):
            yield condition, False


def set_at(file: SourceFile, state: Binding, part: str = "") -> Iterator[Node]:
    """Where a state is set to something: where its setter stands, or the function that calls it is named.

    With a part, only where that part of it may become another one.
    """
    for use in setting(file, state, part):
        yield from places_of(file, use, state)


def setting(file: SourceFile, state: Binding, part: str = "") -> Iterator[Node]:
    """The uses of a state's setter that may make something else of it, or of a part of it."""
    setter, hook = setter_of(file, state), hook_of(file, state)
    replaces = hook is not None and hook[0] == "useState"
    for use in uses_of(file, setter.node) if setter is not None else ():
        if is_listed(file, use) or sets_the_same(file, use):
            continue
        call = use.parent
        given = arguments_of(call) if call is not None and call.type == "call_expression" else []
        if given and (file.text(unwrap(given[0])) in NOTHING or (part and _leaves(file, given[0], part, replaces))):
            continue
        yield use


def places_of(file: SourceFile, use: Node, state: Binding) -> Iterator[Node]:
    """Where a use of a state's setter stands, or the handler with it is named."""
    handler = named_function(file, use, state.scope)
    if handler is None or _is_rendered_under(handler, use):
        yield use
        return
    for place in uses_of(file, handler):
        if not is_listed(file, place) and not _is_given_nothing(file, place):
            yield place


def _is_given_nothing(file: SourceFile, use: Node) -> bool:
    """Whether a handler is called with nothing, to close what it opens: `choose(null)`."""
    given = arguments_of(use.parent) if use.parent is not None and use.parent.type == "call_expression" else []
    return bool(given) and all(file.text(one) in NOTHING for one in given)


def _is_rendered_under(name: Node, use: Node) -> bool:
    """Whether a use stands in a handler of an element that the function of a name renders under conditions."""
    declared = name.parent
    around = [one for one in ancestors(use) if declared is not None and begins_within(one, declared)]
    rendered = next((one for one in around if one.type == "jsx_attribute"), None)
    return rendered is not None and next(asked_before(rendered, around[-1]), None) is not None


def _leaves(file: SourceFile, value: Node, part: str, replaces: bool) -> bool:
    """Whether a new value has nothing under a name, or what was there: `{ ...form, name }`, `{ type: null }`.

    A value that `replaces` the last one has nothing under a name that it does not mention: `{ kind: "list" }`.
    """
    node = unwrap(value)
    made = returned(node) if is_function(node) else [node]
    return bool(made) and all(one.type == "object" and _leaves_part(file, one, part, replaces) for one in made)


def _leaves_part(file: SourceFile, value: Node, part: str, replaces: bool) -> bool:
    spread = any(one.type == "spread_element" for one in value.named_children)
    for one in value.named_children:
        key, new = one.child_by_field_name("key"), one.child_by_field_name("value")
        if one.type == "shorthand_property_identifier" and file.text(one) == part:
            return False
        if key is not None and file.text(key) == part:
            return new is not None and file.text(new) in NOTHING
        if key is not None and key.type == "computed_property_name":
            return False
    return spread or replaces


def named_function(file: SourceFile, use: Node, scope: Node) -> Node | None:
    """The name of the handler that a use stands in, when the component itself declares it."""
    function = enclosing_function(file, use)
    while function is not None and function.parent is not None:
        name = function.child_by_field_name("name") or name_it_gets(function)
        if name is not None and name.type == "identifier" and begins_within(name, scope):
            return name
        outer = enclosing_function(file, function)
        function = outer if outer is not None and begins_within(outer, scope) else None
    return None


def name_it_gets(function: Node) -> Node | None:
    """The name of the variable that a function is bound to, through the hooks and helpers that wrap it."""
    for around in ancestors(function):
        if around.type == "variable_declarator":
            return around.child_by_field_name("name")
        if around.type not in ("arguments", "call_expression") and unwrap(around) == around:
            return None
    return None
