"""Work that outlives a cleanup that ran too early: handles set after a wait, sockets that reconnect, late closes."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import (
    Chain,
    chains_in,
    conditions,
    is_guarded,
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
from chunklint.semantics.ecmascript.leaks import leak_of
from chunklint.semantics.ecmascript.lifetimes import handle_of
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, string_value, unwrap, written_out
from chunklint.semantics.ecmascript.react import Cleanup, Deps, Effect, cleanup_of, hook_of
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.resources import acquisitions, reached
from chunklint.semantics.ecmascript.shown_elements import is_element_ref

# A class on the page is no handle.
_RELEASES = frozenset({"getVideoTracks", "getAudioTracks"}).union(
    *(words for kind, words in RELEASES.items() if kind is not Kind.GLOBAL)
)
_VALUES = frozenset({"call_expression", "new_expression", "identifier"})


@record
class Late:
    """Something that is acquired after a wait, though the cleanup may have run by then.

    Attributes:
        node: The assignment or call.
        name: The handle that the cleanup asks; "" for a listener.
        rearms: Whether a timer is set again and again, so that each round has such a moment.
    """

    node: Node
    name: str
    rearms: bool = False


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


def late_handles(file: SourceFile, effect: Effect) -> Iterator[Late]:
    """What an effect sets after a wait without asking whether its cleanup has run meanwhile."""
    if cleanup_of(file, effect) is not Cleanup.PRESENT:
        return
    released = frozenset(_released(file, effect))
    said: set[str] = set()
    for run, _ in reached(file, effect.callback):
        if run.node.type != "assignment_expression":
            continue
        left, right = run.node.child_by_field_name("left"), run.node.child_by_field_name("right")
        if left is None or right is None or unwrap(right).type not in _VALUES:
            continue
        chain = dotted(file, left)
        waits = _own_wait(right)
        if chain not in released or not (run.waited or waits is not None) or not _is_own(file, effect, left):
            continue
        name = ".".join(chain)
        if name in said or is_guarded(file, effect, run.node, waits) or _asks_itself(file, effect, unwrap(right)):
            continue
        if unwrap(right).type == "identifier" and not _comes_from_wait(file, unwrap(right)):
            continue
        said.add(name)
        timed = called_name(file, unwrap(right)) in ("setTimeout", "requestAnimationFrame")
        if timed and _asks_element(file, run.node):
            continue
        yield Late(run.node, name, timed)
    yield from _late_listeners(file, effect)


def _asks_element(file: SourceFile, timer: Node) -> bool:
    """Whether a function asks for an element of its component before it sets a timer: once unmounted, there is none."""
    around = enclosing_function(file, timer)
    for asked in conditions(around) if around is not None else ():
        names = [asked] if asked.type == "identifier" else list(descendants(asked, "identifier"))
        chains = {written_out(file, name) for name in names} | set(chains_in(file, asked))
        held = {chain[0] for chain in chains if chain[1:] == ("current",)}
        if asked.start_byte < timer.start_byte and any(is_element_ref(file, name) for name in held):
            return True
    return False


def _late_listeners(file: SourceFile, effect: Effect) -> Iterator[Late]:
    for acquired in acquisitions(file, effect.callback):
        if not acquired.waited or acquired.kind is not Kind.LISTENER or leak_of(file, effect, acquired) is None:
            continue
        given = arguments_of(acquired.node)
        event = string_value(file, given[0]) if given else None
        removed = any(
            called_name(file, call) == "removeEventListener" and string_value(file, arguments_of(call)[0]) == event
            for call in own_calls(file, effect)
            if arguments_of(call)
        )
        if removed and not is_guarded(file, effect, acquired.node):
            yield Late(acquired.node, "")


def _released(file: SourceFile, effect: Effect) -> Iterator[Chain]:
    """The handles that the cleanup calls, closes or clears."""
    for call in own_calls(file, effect):
        callee, receiver, given = callee_of(call), receiver_of(call), arguments_of(call)
        if callee is not None and not is_function(callee) and function_of(file, callee) is None:
            yield dotted(file, callee)
        if called_name(file, call) in _RELEASES:
            if receiver is not None:
                yield dotted(file, receiver)
            if given:
                yield dotted(file, given[0])


def _own_wait(right: Node) -> int | None:
    """Where the wait begins that an assigned value itself contains."""
    if right.type == "await_expression":
        return right.start_byte
    wait = next(descendants(right, "await_expression", stop=FUNCTIONS), None)
    return wait.start_byte if wait is not None else None


def _is_own(file: SourceFile, effect: Effect, left: Node) -> bool:
    """A variable of the effect, or a ref of its component."""
    chain = dotted(file, left)
    root = left
    while root.type == "member_expression":
        inner = root.child_by_field_name("object")
        if inner is None:
            return False
        root = unwrap(inner)
    found = resolve(file, root) if root.type == "identifier" else None
    if found is None or found.scope.type == "program":
        return False
    hook = hook_of(file, found)
    if hook is not None:
        return hook[0] == "useRef" and chain[1:2] == ("current",)
    inside = begins_within(found.node, effect.callback)
    return inside and len(chain) == 1


def _comes_from_wait(file: SourceFile, name: Node) -> bool:
    """`fn` of `listen(...).then((fn) => { stop = fn; })`: what a wait handed over."""
    found = resolve(file, name)
    if found is None:
        return False
    if found.kind == "parameter":
        call = found.scope.parent.parent if found.scope.parent is not None else None
        return call is not None and call.type == "call_expression" and called_name(file, call) == "then"
    value = found.value
    return value is not None and (value.type in ("await_expression", "new_expression"))


def _asks_itself(file: SourceFile, effect: Effect, timer: Node) -> bool:
    """A timer that is set late and then runs a function that asks by itself, before it does anything."""
    given = arguments_of(timer)
    if called_name(file, timer) not in ("setTimeout", "setInterval", "requestAnimationFrame") or not given:
        return False
    callback = function_of(file, given[0])
    pending = [callback] if callback is not None else []
    if callback is not None:
        for call in descendants(callback, "call_expression", stop=FUNCTIONS):
            called = function_of(file, callee) if (callee := callee_of(call)) is not None else None
            pending.extend([called] if called is not None else [])
    setters = killers(file, effect)
    return any(steers(file, asked, setters) for function in pending for asked in conditions(function))


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


def _timer_around(file: SourceFile, call: Node, handler: Node) -> Node | None:
    """The timer of a handler that is given what a call runs, or in whose function the call stands."""
    calls = (around for around in (call, *ancestors(call)) if around.type == "call_expression")
    timer = next((around for around in calls if called_name(file, around) == "setTimeout"), None)
    return timer if timer is not None and begins_within(timer, handler) else None


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


def captured_too_early(file: SourceFile, effect: Effect) -> Iterator[tuple[Node, str]]:
    """Refs that an effect reads while they are empty, for its cleanup to release: (the reading, its name)."""
    if effect.runs is not Deps.EMPTY or cleanup_of(file, effect) is not Cleanup.PRESENT or effect.owner is None:
        return
    body = effect.callback.child_by_field_name("body")
    for declarator in descendants(body, "variable_declarator", stop=FUNCTIONS) if body is not None else ():
        name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
        chain = dotted(file, value) if value is not None else ()
        if name is None or value is None or len(chain) != 2 or chain[1] != "current" or name.type != "identifier":
            continue
        released = any(
            called_name(file, call) in _RELEASES
            and (target := receiver_of(call)) is not None
            and dotted(file, target) == (file.text(name),)
            for call in own_calls(file, effect)
        )
        if released and _is_empty_at_mount(file, effect, unwrap(value), chain):
            yield declarator, ".".join(chain)


def _is_empty_at_mount(file: SourceFile, effect: Effect, value: Node, chain: Chain) -> bool:
    """Whether nothing can have filled the ref when the effect runs: it starts empty, no element takes it."""
    root = unwrap(value.child_by_field_name("object") or value)
    found = resolve(file, root) if root.type == "identifier" else None
    hook = hook_of(file, found) if found is not None else None
    if found is None or hook is None or hook[0] != "useRef":
        return False
    given = arguments_of(hook[1])
    if given and file.text(given[0]) not in ("null", "undefined"):
        return False
    for use in descendants(effect.owner or file.root, "identifier", "shorthand_property_identifier"):
        if file.text(use) != chain[0] or use == found.node:
            continue
        around = use.parent
        if around is None or around.type != "member_expression":
            return False
        target = around.parent
        filled = target is not None and target.type == "assignment_expression"
        if filled and target is not None and target.child_by_field_name("left") == around:
            return False
    return True
