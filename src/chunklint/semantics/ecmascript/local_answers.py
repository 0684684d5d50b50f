"""Answers that the browser gives by itself, within milliseconds."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    chain_start,
    function_of,
    receiver_of,
)
from chunklint.semantics.ecmascript.names import dotted, resolve, unwrap
from chunklint.semantics.ecmascript.react import Effect
from chunklint.semantics.ecmascript.self_ending import only_sets_state

_QUERY = ("navigator", "permissions", "query")


def only_listens_to_permission(file: SourceFile, effect: Effect, value: Node) -> bool:
    """Whether a value is the state of a permission, and all that hears of its changes sets the component's own state.

    Nobody leaves within the milliseconds that the answer takes; what stayed then would be one small object that tells
    a component that is gone.
    """
    if not _is_permission(file, value):
        return False
    handlers = list(_handlers(file, effect))
    return bool(handlers) and all(handler is not None and only_sets_state(file, handler) for handler in handlers)


def _is_permission(file: SourceFile, value: Node) -> bool:
    node: Node | None = value
    if value.type == "identifier":
        found = resolve(file, value)
        if found is None:
            return False
        given = found.scope.parent.parent if found.kind == "parameter" and found.scope.parent is not None else None
        node = chain_start(file, given) if given is not None else unwrap(found.value) if found.value else None
    callee = callee_of(node) if node is not None and node.type == "call_expression" else None
    return callee is not None and dotted(file, callee)[-3:] == _QUERY


def _handlers(file: SourceFile, effect: Effect) -> Iterator[Node | None]:
    """What an effect hands to permissions to be told of changes; None for what this file does not show."""
    for call in descendants(effect.callback, "call_expression"):
        given = arguments_of(call)
        if called_name(file, call) == "addEventListener" and len(given) > 1 and _is_held(file, receiver_of(call)):
            yield function_of(file, given[1])
    for node in descendants(effect.callback, "assignment_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        name = left.child_by_field_name("property") if left is not None else None
        if name is None or left is None or right is None or file.text(name) != "onchange":
            continue
        if _is_held(file, left.child_by_field_name("object")) and unwrap(right).type != "null":
            yield function_of(file, right)


def _is_held(file: SourceFile, holder: Node | None) -> bool:
    return holder is not None and unwrap(holder).type == "identifier"
