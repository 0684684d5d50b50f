"""Classes: their members, and those that a function makes of what it is given."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.functions import is_function

CLASSES = ("class_declaration", "abstract_class_declaration", "class")
CATCHES = ("getDerivedStateFromError", "componentDidCatch")
_ELEMENTS = ("jsx_opening_element", "jsx_self_closing_element")


def members(file: SourceFile, node: Node) -> Iterator[tuple[str, Node]]:
    """The methods and fields of a class with their names."""
    body = node.child_by_field_name("body")
    for member in body.named_children if body is not None else ():
        name = member.child_by_field_name("name") or member.child_by_field_name("property")
        if name is not None:
            yield file.text(name), member


def heritage_of(node: Node) -> Node | None:
    """What a class extends: a name, or a call."""
    heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
    if heritage is None:
        return None
    clause = next((child for child in heritage.named_children if child.type == "extends_clause"), heritage)
    return clause.named_children[0] if clause.named_children else None


def makes_catching_class(file: SourceFile, function: Node) -> bool:
    """Whether a class within a function catches, and inherits from a parameter of it or shows one.

    What the given class renders is below the one that inherits from it, and so are the elements of one that is shown.
    """
    if not any(hook in file.content for hook in CATCHES):
        return False
    catching = (
        one for one in descendants(function, *CLASSES) if any(name in CATCHES for name, _ in members(file, one))
    )
    return any(not _given(file, one, function).isdisjoint(_used(file, one)) for one in catching)


def _given(file: SourceFile, inner: Node, function: Node) -> set[str]:
    """The parameters of the functions around a node, up to the outermost."""
    around = (one for one in ancestors(inner) if is_function(one) and one.start_byte >= function.start_byte)
    found: set[str] = set()
    for one in around:
        single, several = one.child_by_field_name("parameter"), one.child_by_field_name("parameters")
        found |= {file.text(single)} if single is not None else set()
        for parameter in several.named_children if several is not None else ():
            found.add(file.text(parameter.child_by_field_name("pattern") or parameter))
    return found


def _used(file: SourceFile, node: Node) -> Iterator[str]:
    """What a class inherits from, and the names of the elements in it."""
    base = heritage_of(node)
    if base is not None:
        yield file.text(base)
    for element in descendants(node, *_ELEMENTS):
        name = element.child_by_field_name("name")
        if name is not None:
            yield file.text(name)
    for call in descendants(node, "call_expression"):
        callee, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
        if callee is not None and arguments is not None and file.text(callee).endswith("createElement"):
            yield from (file.text(one) for one in arguments.named_children[:1])


def rendering_method(node: Node) -> Node | None:
    """The `render` of a class that a node stands in; None outside of any."""
    for around in ancestors(node):
        body = around.parent if around.type == "method_definition" else None
        name = around.child_by_field_name("name") if body is not None else None
        if body is not None and body.type == "class_body" and name is not None and name.text == b"render":
            return around
    return None
