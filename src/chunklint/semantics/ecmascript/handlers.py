"""Whether a removal can find the handler that was added."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, is_function, receiver_of
from chunklint.semantics.ecmascript.names import dotted, resolve, unwrap
from chunklint.semantics.ecmascript.releases import RESOURCES, Kind

_SUBSCRIBING = frozenset(row.name for row in RESOURCES if row.kind is Kind.SUBSCRIPTION)


def is_for(file: SourceFile, call: Node, handler: Node | None) -> bool:
    """Whether a release may be meant for that handler, and does not end the one subscription it is called on."""
    receiver = receiver_of(call)
    found = resolve(file, receiver) if receiver is not None and receiver.type == "identifier" else None
    if found is not None and found.value is not None and called_name(file, unwrap(found.value)) in _SUBSCRIBING:
        return False
    return handler is None or is_same_handler(file, handler, arguments_of(call)[1:2])


def is_same_handler(file: SourceFile, added: Node, removed: list[Node]) -> bool:
    """Whether a removal can find the handler; a removal without one takes them all."""
    if not removed:
        return True
    one, other = unwrap(added), unwrap(removed[0])
    if is_function(one) and other.type == "identifier":
        found = resolve(file, other)
        return found is not None and found.value == one  # A named function that removes itself.
    if is_function(one) or is_function(other):
        return False
    if one.type == other.type == "call_expression":
        return callee_of(one) is not None and not _makes_anew(file, one)
    if one.type == other.type == "identifier":
        return _root_binding(file, one) == _root_binding(file, other)
    if one.type == other.type == "member_expression":
        return dotted(file, one) == dotted(file, other) or () in (dotted(file, one), dotted(file, other))
    return True


def _makes_anew(file: SourceFile, call: Node) -> bool:
    """`bind`, `debounce` and `throttle` return another function each time."""
    return called_name(file, call) in ("bind", "debounce", "throttle")


def _root_binding(file: SourceFile, name: Node) -> int:
    for _ in range(3):
        found = resolve(file, name)
        if found is None:
            return hash(file.text(name))
        value = unwrap(found.value) if found.value is not None and not found.keys else None
        if value is None or value.type != "identifier":
            return found.node.id
        name = value
    return name.id
