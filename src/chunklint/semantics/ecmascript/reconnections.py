"""Connections that come back after a cleanup has closed them: close handlers and timers that open the next one."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import (
    Chain,
    conditions,
    is_opaque,
    killers,
    own_calls,
    own_chains,
    steers,
)
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_of,
    is_function,
    receiver_of,
    running,
)
from chunklint.semantics.ecmascript.lifetimes import handle_of
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, string_value
from chunklint.semantics.ecmascript.react import Cleanup, Deps, Effect, cleanup_of
from chunklint.semantics.ecmascript.releases import Kind
from chunklint.semantics.ecmascript.resources import acquisitions


@record
class Reconnect:
    """A cleanup that closes a socket whose close handler opens the next one.

    Attributes:
        close: The call in the cleanup that leads to the closing.
        handler: The function that runs when the socket has closed.
        opens: The call in the handler that opens again.
        cleanly: Whether the handler tells clean closes from others, so that only a socket still connecting reconnects.
    """

    close: Node
    handler: Node
    opens: Node
    cleanly: bool


@record
class Retry:
    """A timer of an error handler that opens a connection anew, though the cleanup has closed the last one by then."""

    timer: Node
    what: str


@record
class LateClose:
    """A close handler that empties the handle without asking whose socket it holds by now."""

    assignment: Node
    name: str


def reconnects(file: SourceFile, effect: Effect) -> Iterator[Reconnect]:
    """The sockets that an effect's cleanup closes and their own close handlers open again."""
    for handle, handler in _end_handlers(file, effect, "WebSocket", "close"):
        close = _closing(file, effect, handle)
        opens = _opens_again(file, handler)
        if close is None or opens is None or _is_disarmed(file, effect, handler, opens):
            continue
        text = file.text(handler)
        yield Reconnect(close, handler, opens, ".wasClean" in text or ".code" in text)


def retries(file: SourceFile, effect: Effect) -> Iterator[Retry]:
    """The timers by which a source of events comes back after an error, and which the cleanup leaves running."""
    calls = {called_name(file, call) for call in own_calls(file, effect)}
    if "clearTimeout" in calls or "clearInterval" in calls or is_opaque(file, effect):
        return
    for handle, handler in _end_handlers(file, effect, "EventSource", "error"):
        opens = _opens_again(file, handler)
        timer = _timer_around(file, opens, handler) if opens is not None else None
        if opens is None or timer is None or _closing(file, effect, handle) is None:
            continue
        if not _is_disarmed(file, effect, handler, opens):
            yield Retry(timer, "EventSource")


def late_closes(file: SourceFile, effect: Effect) -> Iterator[LateClose]:
    """Close handlers that empty the ref of their socket, though the effect has put the next one there by then."""
    if effect.runs is Deps.EMPTY:
        return
    for handle, handler in _end_handlers(file, effect, "WebSocket", "close"):
        if _closing(file, effect, handle) is None or _drops_handler(file, effect):
            continue
        body = handler.child_by_field_name("body")
        for node in descendants(body, "assignment_expression", stop=FUNCTIONS) if body is not None else ():
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            chain = dotted(file, left) if left is not None else ()
            empties = right is not None and file.text(right) in ("null", "undefined")
            if empties and chain in handle and chain[-1:] == ("current",) and not _is_asked(file, handler, node):
                yield LateClose(node, ".".join(chain))


def _timer_around(file: SourceFile, call: Node, handler: Node) -> Node | None:
    """The timer of a handler that is given what a call runs, or in whose function the call stands."""
    calls = (around for around in (call, *ancestors(call)) if around.type == "call_expression")
    timer = next((around for around in calls if called_name(file, around) == "setTimeout"), None)
    return timer if timer is not None and begins_within(timer, handler) else None


def _is_asked(file: SourceFile, handler: Node, node: Node) -> bool:
    signs = ("===", "!==", "==", "!=")
    return any(
        condition.start_byte < node.start_byte and any(sign in file.text(condition) for sign in signs)
        for condition in conditions(handler)
    )


def _end_handlers(file: SourceFile, effect: Effect, what: str, event: str) -> Iterator[tuple[frozenset[Chain], Node]]:
    """The connections that an effect opens: the chains that hold each, with the function that runs at that event."""
    if cleanup_of(file, effect) is not Cleanup.PRESENT:
        return
    for acquired in acquisitions(file, effect.callback):
        made = callee_of(acquired.node)
        if acquired.kind is not Kind.CONNECTION or made is None or not file.text(made).endswith(what):
            continue
        handle = handle_of(file, acquired.node, acquired.path)
        names = handle.names
        around = enclosing_function(file, acquired.node)
        for handler in _handlers(file, around, names, event) if around is not None else ():
            yield names, handler


def _handlers(file: SourceFile, around: Node, names: frozenset[Chain], event: str) -> Iterator[Node]:
    for node in descendants(around, "assignment_expression", "call_expression"):
        if node.type == "assignment_expression":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            chain = dotted(file, left) if left is not None else ()
            if right is None or chain[-1:] != (f"on{event}",) or chain[:-1] not in names:
                continue
            function = function_of(file, right)
        else:
            receiver, given = receiver_of(node), arguments_of(node)
            listens = called_name(file, node) == "addEventListener" and len(given) > 1
            if not listens or receiver is None or dotted(file, receiver) not in names:
                continue
            if string_value(file, given[0]) != event:
                continue
            function = function_of(file, given[1])
        if function is not None:
            yield function


def _closing(file: SourceFile, effect: Effect, names: frozenset[Chain]) -> Node | None:
    """The call in the returned cleanup that closes the socket, or that leads to the closing."""
    for call in own_calls(file, effect):
        receiver = receiver_of(call)
        if called_name(file, call) != "close" or receiver is None or dotted(file, receiver) not in names:
            continue
        if begins_within(call, effect.callback):
            return call
        around = enclosing_function(file, call)
        for other in own_calls(file, effect):
            callee = callee_of(other)
            inside = begins_within(other, effect.callback)
            if inside and callee is not None and function_of(file, callee) == around:
                return other
    return None


def _opens_again(file: SourceFile, handler: Node) -> Node | None:
    """The call in a close handler that runs a function around the handler, by name or through a ref that holds it."""
    outer = [around for around in ancestors(handler) if is_function(around)]
    for run in running(file, handler):
        if run.node.type != "call_expression":
            continue
        if called_name(file, run.node) in ("setTimeout", "requestIdleCallback"):
            given = arguments_of(run.node)
            target = function_of(file, given[0]) if given else None
        else:
            callee = callee_of(run.node)
            target = (function_of(file, callee) or _held_by_ref(file, callee)) if callee is not None else None
        if target is not None and target in outer:
            return run.node
    return None


def _held_by_ref(file: SourceFile, callee: Node) -> Node | None:
    """The function that a ref holds: `connectRef.current = connect`."""
    chain = dotted(file, callee)
    if chain[-1:] != ("current",):
        return None
    for node in descendants(file.root, "assignment_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is not None and right is not None and dotted(file, left) == chain:
            return function_of(file, right)
    return None


def _is_disarmed(file: SourceFile, effect: Effect, handler: Node, opens: Node) -> bool:
    """Whether the cleanup takes the handler away, or sets something that the way to the reconnection asks for."""
    if _drops_handler(file, effect):
        return True
    setters = killers(file, effect)
    functions = [around for around in ancestors(opens) if is_function(around)]
    callee = callee_of(opens)
    target = function_of(file, callee) if callee is not None else None
    functions = [*functions[: functions.index(handler) + 1], *([target] if target is not None else functions[-1:])]
    outer = [around for around in ancestors(handler) if is_function(around) and around != effect.owner]
    return any(steers(file, asked, setters) for function in (*functions, *outer) for asked in conditions(function))


def _drops_handler(file: SourceFile, effect: Effect) -> bool:
    if any(chain[-1:] == ("onclose",) for chain in own_chains(file, effect)):
        return True
    return any(
        called_name(file, call) in ("removeEventListener", "removeAllListeners") for call in own_calls(file, effect)
    )
