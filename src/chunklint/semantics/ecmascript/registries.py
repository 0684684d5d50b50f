"""Registries that a module keeps by itself: a function takes a callback in, and hands back what takes it out again."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    function_of,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, root_of

_TAKES = frozenset({"add", "push"})
_LETS_GO = frozenset({"delete", "splice"})


def registry_of(file: SourceFile, function: Node) -> str:
    """The lasting collection that a function puts its parameter into, and what it returns takes it out; "" for none."""
    body = function.child_by_field_name("body")
    ends = [ending for value in returned(function) if (ending := function_of(file, value)) is not None]
    if body is None or len(ends) != 1:
        return ""
    let_go = {
        _holder(file, call) for call in descendants(ends[0], "call_expression") if _is_named(file, call, _LETS_GO)
    }
    for call in descendants(body, "call_expression", stop=FUNCTIONS):
        holder = _holder(file, call)
        if _is_named(file, call, _TAKES) and holder and holder in let_go and _takes_parameter(file, call, function):
            return ".".join(holder)
    return ""


def _is_named(file: SourceFile, call: Node, names: frozenset[str]) -> bool:
    return called_name(file, call) in names


def _holder(file: SourceFile, call: Node) -> tuple[str, ...]:
    """The chain that a method is called on, if it lasts: a field of the object, or a variable of the module."""
    receiver = receiver_of(call)
    root = root_of(receiver) if receiver is not None else None
    if receiver is None or root is None:
        return ()
    found = resolve(file, root) if root.type == "identifier" else None
    lasts = root.type == "this" or (found is not None and found.kind == "variable" and found.scope.type == "program")
    return dotted(file, receiver) if lasts else ()


def _takes_parameter(file: SourceFile, call: Node, function: Node) -> bool:
    given = arguments_of(call)[:1]
    found = resolve(file, given[0]) if given and given[0].type == "identifier" else None
    return found is not None and found.kind == "parameter" and found.scope == function
