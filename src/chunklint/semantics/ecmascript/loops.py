"""Timers that set themselves again for as long as the page lives."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.functions import (
    called_name,
    callee_of,
    enclosing_function,
    function_of,
    is_function,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS

_CONTINUES = frozenset({"then", "finally"})


def reschedules(file: SourceFile, call: Node, callback: Node) -> bool:
    """Whether the timer calls the function that sets it, and nothing in that function can end the chain.

    That function may set it with the answer that it waits for: `const poll = () => ask().then(() => later(poll))`.
    """
    around = enclosing_function(file, call)
    while around is not None:
        if _conditional(call, around) or _returns_before(around, call):
            return False
        if _leads_back(file, around, callback):
            return True
        around = _waits_for(file, around)
    return False


def _leads_back(file: SourceFile, around: Node, callback: Node) -> bool:
    """Whether a timer's callback runs a function again."""
    if not is_function(callback):
        return function_of(file, callback) == around
    inner = {
        function_of(file, callee)
        for node in _calls_in(callback)
        if (callee := callee_of(node)) is not None and not _conditional(node, callback)
    }
    return around in inner or (enclosing_function(file, around) in inner and around == callback)


def _waits_for(file: SourceFile, function: Node) -> Node | None:
    """The function around a `then` or `finally` that a function is given to; None for any other function."""
    call = function.parent.parent if function.parent is not None and function.parent.type == "arguments" else None
    waits = call is not None and call.type == "call_expression" and called_name(file, call) in _CONTINUES
    return enclosing_function(file, call) if waits and call is not None else None


def _returns_before(function: Node, call: Node) -> bool:
    """Whether a function may be left before it comes to the call."""
    body = function.child_by_field_name("body")
    leaves = descendants(body, "return_statement", stop=FUNCTIONS) if body is not None else ()
    return any(leave.end_byte < call.start_byte for leave in leaves)


def _calls_in(function: Node) -> Iterator[Node]:
    """The calls that a function makes itself, not through functions inside it."""
    body = function.child_by_field_name("body")
    if body is None:
        return
    if body.type == "call_expression":
        yield body
    yield from descendants(body, "call_expression", stop=FUNCTIONS)


def _conditional(node: Node, function: Node | None) -> bool:
    for around in ancestors(node):
        if around == function:
            return False
        if around.type in ("if_statement", "ternary_expression", "binary_expression"):
            return True
    return False
