"""What the types of a file say of a method that keeps a handler: whether it hands back the end of that.

`function Feed({ bus }: { bus: { subscribe: (tell: Tell) => void } })`: no value of `subscribe` could be called.
"""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.semantics.ecmascript.names import Binding, dotted, resolve, root_of

ENDINGS = ("unsubscribe", "off", "removeListener", "removeSubscriber", "removeHandler", "remove")
"""The methods that take a handler away, by the names that they are given."""

_SIGNATURES = ("property_signature", "method_signature")
_DECLARED = ("interface_declaration", "type_alias_declaration")
_PARAMETERS = ("required_parameter", "optional_parameter")


def declared_ending(file: SourceFile, receiver: Node, method: str) -> str | None:
    """The method beside one that is declared to return nothing, "" for none; None where it may return something."""
    root = root_of(receiver)
    found = resolve(file, root) if root.type == "identifier" else None
    chain = dotted(file, receiver)
    declared = _declared(found) if found is not None and chain else None
    if found is None or declared is None:
        return None
    # The first key of a parameter's binding is its place among the parameters.
    keys = found.keys[1:] if found.kind == "parameter" and found.keys[:1] and found.keys[0].isdigit() else found.keys
    for key in (*keys, *chain[1:]):
        declared = _member(file, declared, key)
        if declared is None:
            return None
    asked = _member(file, declared, method)
    if asked is None or not _returns_void(asked):
        return None
    return next((ending for ending in ENDINGS if _member(file, declared, ending) is not None), "")


def _declared(found: Binding) -> Node | None:
    """The type that is written behind a parameter or a variable, whole or taken apart."""
    for around in (found.node, *ancestors(found.node)):
        if around.type in (*_PARAMETERS, "variable_declarator"):
            return around.child_by_field_name("type")
        if around.type not in ("identifier", "object_pattern", "object_assignment_pattern", "pair_pattern") and (
            around.type != "shorthand_property_identifier_pattern"
        ):
            return None
    return None


def _member(file: SourceFile, declared: Node, name: str) -> Node | None:
    """The type of a member, or the signature of a method, of what a type says."""
    body = _body(file, declared)
    for part in body.named_children if body is not None else ():
        named = part.child_by_field_name("name") if part.type in _SIGNATURES else None
        if named is not None and file.text(named) == name:
            return part.child_by_field_name("type") if part.type == "property_signature" else part
    return None


def _body(file: SourceFile, declared: Node) -> Node | None:
    """The object that a type is, also by the name that the file gives one."""
    inner: Node | None = _inside(declared)
    if inner is not None and inner.type == "type_identifier":
        inner = file.remember("types at the top", lambda: _types(file)).get(file.text(inner))
    return inner if inner is not None and inner.type in ("object_type", "interface_body") else None


def _inside(declared: Node) -> Node:
    annotated = declared.type == "type_annotation" and declared.named_children
    return declared.named_children[0] if annotated else declared


def _types(file: SourceFile) -> Mapping[str, Node]:
    """The types at the top of a file, each with what it stands for."""
    found: dict[str, Node] = {}
    for statement in file.root.named_children:
        one = statement.child_by_field_name("declaration") if statement.type == "export_statement" else statement
        name = one.child_by_field_name("name") if one is not None and one.type in _DECLARED else None
        value = one.child_by_field_name("body") or one.child_by_field_name("value") if one is not None else None
        if name is not None and value is not None:
            found[file.text(name)] = value
    return found


def _returns_void(asked: Node) -> bool:
    told = _inside(asked).child_by_field_name("return_type")
    return told is not None and _inside(told).text == b"void"
