"""Details that take the place of the list they were chosen from: what they show cannot change while they stand."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants, is_within
from chunklint.semantics.ecmascript.changes import setter_of
from chunklint.semantics.ecmascript.functions import arguments_of, enclosing_function
from chunklint.semantics.ecmascript.names import Binding, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.react import hook_of

_NOTHING = frozenset({"null", "undefined", "false", '""', "''", "0", "-1"})


def takes_its_place(file: SourceFile, element: Node, value: Node, owner: Node) -> bool:
    """Whether all that sets a prop's state stands in what is shown instead of the element.

    `chosen ? <Detail id={chosen} /> : <List onChoose={setChosen} />`, or `if (chosen) return <Detail ... />` before it.
    """
    states = [found for found in _states(file, value) if setter_of(file, found) is not None]
    instead = [node for name in states for node in _instead(file, element, name, owner)]
    if not states or not instead:
        return False
    places = [place for state in states for place in set_at(file, state)]
    return all(any(_is_in(place, node) for node in instead) for place in places)


def _states(file: SourceFile, value: Node) -> Iterator[Binding]:
    for name in descendants(value, "identifier"):
        found = resolve(file, name)
        hook = hook_of(file, found) if found is not None else None
        if found is not None and hook is not None and hook[0] in ("useState", "useReducer"):
            yield found


def _instead(file: SourceFile, element: Node, state: Binding, owner: Node) -> Iterator[tuple[Node, int]]:
    """What is shown where the element is not, as far as the state decides: a node, and the byte where it begins."""
    for around in ancestors(element):
        if around == owner:
            return
        condition = around.child_by_field_name("condition")
        if around.type not in ("ternary_expression", "if_statement") or condition is None:
            continue
        named = [condition] if condition.type == "identifier" else list(descendants(condition, "identifier"))
        if all(resolve(file, name) != state for name in named):
            continue
        chosen, other = around.child_by_field_name("consequence"), around.child_by_field_name("alternative")
        if chosen is not None and other is not None:
            branch = other if is_within(element, chosen) else chosen
            yield branch, branch.start_byte
        elif around.parent is not None and next(descendants(around, "return_statement"), None) is not None:
            yield around.parent, around.end_byte


def _is_in(place: Node, instead: tuple[Node, int]) -> bool:
    node, start = instead
    return begins_within(place, node) and place.start_byte >= start


def set_at(file: SourceFile, state: Binding) -> Iterator[Node]:
    """Where a state is set to something: where its setter stands, or the function that calls it is named."""
    setter = setter_of(file, state)
    for use in uses_of(file, setter.node) if setter is not None else ():
        call = use.parent
        given = arguments_of(call) if call is not None and call.type == "call_expression" else []
        if given and file.text(unwrap(given[0])) in _NOTHING:
            continue
        handler = _named_function(file, use, state.scope)
        yield from uses_of(file, handler) if handler is not None else (use,)


def _named_function(file: SourceFile, use: Node, scope: Node) -> Node | None:
    """The name of the handler that a use stands in, when the component itself declares it."""
    function = enclosing_function(file, use)
    while function is not None and function.parent is not None:
        declarator = next((one for one in ancestors(function) if one.type == "variable_declarator"), None)
        name = function.child_by_field_name("name")
        if name is None and declarator is not None and begins_within(declarator, scope):
            name = declarator.child_by_field_name("name")
        if name is not None and name.type == "identifier" and begins_within(name, scope):
            return name
        outer = enclosing_function(file, function)
        function = outer if outer is not None and begins_within(outer, scope) else None
    return None
