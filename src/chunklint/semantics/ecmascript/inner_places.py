"""Where a component shows what a function of its own draws: `{renderBody()}`, `useMemo(() => <Body />, [])`."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants, is_within
from chunklint.semantics.ecmascript.classes import rendering_method
from chunklint.semantics.ecmascript.functions import called_name, callee_of, enclosing_function
from chunklint.semantics.ecmascript.names import uses_of
from chunklint.semantics.ecmascript.standing import is_decided, is_shown_at_times


def drawing_method(file: SourceFile, element: Node) -> Node | None:
    """The `render` of the class that shows an element by another method of its own; None for any other element."""
    place = _place_of_method(file, element)
    return rendering_method(place) if place is not None else None


def is_drawn_in_any_case(file: SourceFile, element: Node, owner: Node) -> bool:
    """Whether a function inside of a component draws an element, and nothing decides there, nor where it is called."""
    function = enclosing_function(file, element)
    if function is None or function == owner or not is_within(element, function):
        return False
    place = _place_of_method(file, element) or _place_of(file, function)
    if place is None or enclosing_function(file, place) != owner:
        return False
    decided = is_decided(file, element) or is_decided(file, place)
    return not (decided or is_shown_at_times(file, element, function) or is_shown_at_times(file, place, owner))


def _place_of_method(file: SourceFile, element: Node) -> Node | None:
    """The one call of the method that an element stands in, by its own class."""
    method = next((one for one in ancestors(element) if one.type == "method_definition"), None)
    body, name = (method.parent, method.child_by_field_name("name")) if method is not None else (None, None)
    if body is None or name is None or body.type != "class_body" or enclosing_function(file, element) != method:
        return None
    called = f"this.{file.text(name)}"
    calls = [
        one
        for one in descendants(body, "call_expression")
        if (callee := callee_of(one)) is not None and file.text(callee) == called
    ]
    return calls[0] if len(calls) == 1 else None


def _place_of(file: SourceFile, function: Node) -> Node | None:
    """The one place where what a function gives is used: where it is called, or where `useMemo` keeps its value."""
    around = function.parent
    made = around.parent if around is not None and around.type == "arguments" else None
    kept = made is not None and called_name(file, made) == "useMemo"
    holder = made.parent if made is not None and kept else around
    if function.type == "function_declaration":
        holder = function
    name = holder.child_by_field_name("name") if holder is not None else None
    if name is None or name.type != "identifier" or (made is not None and not kept):
        return None
    uses = list(uses_of(file, name))
    if len(uses) != 1:
        return None
    if kept:
        return uses[0]
    call = uses[0].parent
    return call if call is not None and call.type == "call_expression" and callee_of(call) == uses[0] else None
