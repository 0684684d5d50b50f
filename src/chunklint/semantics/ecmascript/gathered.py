"""What an object, list, map or set is filled with after it has been made: `byId[row.id] = row`, `ids.push(row.id)`."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, receiver_of
from chunklint.semantics.ecmascript.names import Binding, resolve, root_of, unwrap, uses_of

_COLLECTIONS = frozenset({"object", "array", "new_expression"})
_FILLS = frozenset({"push", "unshift", "add", "set"})
_EACH = frozenset({"forEach", "map", "reduce", "filter", "flatMap"})


def gathered(file: SourceFile, found: Binding) -> Iterator[Node]:
    """The expressions that a local collection is filled with; of an item of a loop, what the loop goes through."""
    if found.value is None or unwrap(found.value).type not in _COLLECTIONS:
        return
    for use in uses_of(file, found.node):
        for filled in _filled_by(file, use):
            yield filled
            yield from _gone_through(file, filled)


def _filled_by(file: SourceFile, use: Node) -> Iterator[Node]:
    around = use.parent
    if around is None:
        return
    if around.type == "subscript_expression" and around.child_by_field_name("object") == use:
        assigned = around.parent
        right = assigned.child_by_field_name("right") if assigned is not None else None
        if assigned is not None and assigned.child_by_field_name("left") == around and right is not None:
            yield right
    call = around.parent if around.type == "member_expression" else None
    if call is not None and call.type == "call_expression" and receiver_of(call) == use:
        yield from arguments_of(call) if called_name(file, call) in _FILLS else ()


def _gone_through(file: SourceFile, value: Node) -> Iterator[Node]:
    root = root_of(value)
    found = resolve(file, root) if root.type == "identifier" else None
    if found is None:
        return
    if found.kind == "loop":
        right = found.scope.child_by_field_name("right")
        yield from [right] if right is not None else []
    if found.kind == "parameter":
        call = next((outer for outer in ancestors(found.scope) if outer.type == "call_expression"), None)
        receiver = receiver_of(call) if call is not None and called_name(file, call) in _EACH else None
        yield from [receiver] if receiver is not None else []
