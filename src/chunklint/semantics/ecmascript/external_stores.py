"""Functions given to `useSyncExternalStore` that subscribe and hand back nothing to end it."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    callee_of,
    enclosing_function,
    function_of,
    is_async,
    returned,
)
from chunklint.semantics.ecmascript.names import bindings
from chunklint.semantics.ecmascript.react import hook_calls
from chunklint.semantics.ecmascript.resources import Acquisition, acquisitions


@record
class Endless:
    """A subscription of `useSyncExternalStore` that React cannot end.

    Attributes:
        given: The argument of the hook.
        notify: What the function calls the callback that React hands it.
        acquired: What it acquires, where that is known.
    """

    given: Node
    notify: str
    acquired: Acquisition | None


def endless_subscriptions(file: SourceFile) -> Iterator[Endless]:
    """The `subscribe` functions of a file that pass React's callback on and return nothing."""
    for call in hook_calls(file, "useSyncExternalStore"):
        given = arguments_of(call)[0]
        function = function_of(file, given)
        if function is None or not _returns_nothing(function):
            continue
        notify = _callback(file, function)
        if notify and _is_passed_on(file, function, notify):
            yield Endless(given, notify, next(acquisitions(file, function), None))


def _returns_nothing(function: Node) -> bool:
    body = function.child_by_field_name("body")
    is_block = body is not None and body.type == "statement_block"
    return is_block and not is_async(function) and all(value.type == "undefined" for value in returned(function))


def _callback(file: SourceFile, function: Node) -> str:
    """The name of the first parameter; "" when it has none."""
    found = (one for one in bindings(file, function).values() if one.kind == "parameter" and one.keys in ((), ("0",)))
    return next((one.name for one in found), "")


def _is_passed_on(file: SourceFile, function: Node, notify: str) -> bool:
    """Whether the callback is kept somewhere, or called later."""
    body = function.child_by_field_name("body")
    uses = descendants(body, "identifier", "shorthand_property_identifier") if body is not None else ()
    return any(file.text(use) == notify and not _is_called_at_once(file, use, function) for use in uses)


def _is_called_at_once(file: SourceFile, use: Node, function: Node) -> bool:
    call = use.parent
    is_call = call is not None and call.type == "call_expression" and callee_of(call) == use
    return is_call and enclosing_function(file, use) == function
