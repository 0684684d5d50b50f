"""What running a function acquires that outlives it: listeners, timers, connections, observers, subscriptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.functions import (
    Running,
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_of,
    is_function,
    receiver_of,
    running,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, qualified, resolve, root_of, string_value, unwrap
from chunklint.semantics.ecmascript.page import ONE_TIME_EVENTS, PAGES, left_by_assignment, left_by_class
from chunklint.semantics.ecmascript.react import is_hook
from chunklint.semantics.ecmascript.releases import RESOURCES, Kind
from chunklint.semantics.wording import shortened


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Something that stays until it is released.

    Attributes:
        node: The call, construction or assignment that acquires.
        keeps: What stays, as a clause: "`window` keeps the `resize` listener", "the interval keeps running".
        release: What would release it, ready for a message: "`removeEventListener`".
        receiver: What holds it, where something does: the target of a listener, the source of a subscription.
        waited: Whether an `await` or a `then` lies before it.
        path: The calls that lead to it, outermost first; () when the function itself acquires.
    """

    node: Node
    kind: Kind
    keeps: str
    release: str
    receiver: Node | None = None
    waited: bool = False
    path: tuple[Node, ...] = ()


_GLOBALS = frozenset({"window", "globalThis", "self"})
_CONNECTIONS = {found.name: found.release for found in RESOURCES if found.kind is Kind.CONNECTION}
_OBSERVERS = frozenset(found.name for found in RESOURCES if found.kind is Kind.OBSERVER)
_STREAMS = frozenset(found.name for found in RESOURCES if found.kind is Kind.STREAM)
_PACKAGES = {(found.module, found.name): found for found in RESOURCES if found.module}
_RELEASE = {found.name: f"`{found.release}`" for found in RESOURCES if not found.module}

# Methods that subscribe whatever they are called on, and return what ends it.
_SUBSCRIBES = frozenset({"onAuthStateChange", "onAuthStateChanged", "onIdTokenChanged"})

# A timer of up to this many milliseconds lets layout or focus settle; nobody waits for it.
_A_FEW_FRAMES = 50

# How many calls of local functions are followed from the function that runs.
_HOPS = 3


def acquisitions(file: SourceFile, function: Node) -> Iterator[Acquisition]:
    """What a function acquires when it runs, itself or through functions of the same file that it calls.

    Single-frame timers, one-time listeners and listeners that an AbortSignal ends are not among them, nor what a
    returned cleanup or a handler would do later.
    """

    def collect() -> Iterator[Acquisition]:
        for run, path in reached(file, function):
            found = acquisition(file, run.node)
            if found is not None and not (run.delayed and found.kind in (Kind.TIMEOUT, Kind.GLOBAL)):
                yield replace(found, waited=run.waited, path=path)

    yield from file.remember(("acquisitions", function.id), lambda: tuple(collect()))


def reached(file: SourceFile, function: Node) -> Iterator[tuple[Running, tuple[Node, ...]]]:
    """What running a function evaluates, with the calls of this file's functions that lead there, outermost first."""
    yield from file.remember(("reached", function.id), lambda: tuple(_reached(file, function)))


def _reached(file: SourceFile, function: Node) -> Iterator[tuple[Running, tuple[Node, ...]]]:
    pending: list[tuple[Node, tuple[Node, ...], bool, bool]] = [(function, (), False, False)]
    entered = {function.id}
    while pending:
        current, path, waited, delayed = pending.pop()
        for run in running(file, current):
            late, timed = waited or run.waited, delayed or run.delayed
            yield replace(run, waited=late, delayed=timed), path
            if run.node.type != "call_expression" or len(path) >= _HOPS:
                continue
            called, scheduled = _leads_to(file, run.node)
            if called is not None and called.id not in entered:
                entered.add(called.id)
                pending.append((called, (*path, run.node), late, timed or scheduled))


def _leads_to(file: SourceFile, call: Node) -> tuple[Node | None, bool]:
    """The named function of this file that a call runs, and whether a timer runs it."""
    callee, name = callee_of(call), called_name(file, call)
    if name in ("requestAnimationFrame", "setTimeout"):
        given = arguments_of(call)
        named = given[0] if given and not is_function(given[0]) else None
        return (function_of(file, named) if named is not None else None), True
    if callee is None or is_function(callee) or is_hook(name):
        return None, False
    return function_of(file, callee), False


def acquisition(file: SourceFile, node: Node) -> Acquisition | None:
    """What one call, construction or assignment acquires by itself."""
    match node.type:
        case "call_expression":
            return _of_call(file, node)
        case "new_expression":
            return _of_construction(file, node)
        case "assignment_expression":
            return _of_assignment(file, node)
    return None


def _of_call(file: SourceFile, call: Node) -> Acquisition | None:
    callee = callee_of(call)
    if callee is None:
        return None
    name, given = called_name(file, call), arguments_of(call)
    receiver = receiver_of(call)
    if is_global(file, callee):
        return _of_global_call(file, call, name, given)
    if receiver is not None and name in _SUBSCRIBES and given:
        keeps = f"`{_short(file, callee)}` keeps the subscription"
        return Acquisition(call, Kind.SUBSCRIPTION, keeps, "the `unsubscribe` that it returns")
    if receiver is not None and name == "subscribe" and _is_channel(file, receiver):
        return Acquisition(call, Kind.SUBSCRIPTION, "the channel stays subscribed", "`removeChannel`")
    if receiver is not None and name in ("addEventListener", "addListener", "on", "subscribe", "observe"):
        return _of_method(file, call, name, receiver)
    if name in _STREAMS and file.text(callee).endswith(f"mediaDevices.{name}"):
        return Acquisition(call, Kind.STREAM, f"the stream of `{name}` keeps its device", _RELEASE[name])
    return _of_package(file, call, callee)


def _of_global_call(file: SourceFile, call: Node, name: str, given: list[Node]) -> Acquisition | None:
    chain = dotted(file, call.child_by_field_name("function") or call)
    match name:
        case "setInterval":
            return Acquisition(call, Kind.INTERVAL, "the interval keeps running", _RELEASE[name])
        case "setTimeout" if given:
            return _timer(file, call, given, _RELEASE[name])
        case "requestAnimationFrame" if given:
            return _timer(file, call, given, _RELEASE[name])
        case "addEventListener":
            return _listener(file, call, receiver_of(call))
        case "createObjectURL":
            return Acquisition(call, Kind.OBJECT_URL, "the object URL keeps its blob in memory", _RELEASE[name])
        case "watchPosition" if "geolocation" in chain:
            return Acquisition(call, Kind.WATCH, "the position watch keeps reporting", _RELEASE[name])
        case "add" | "toggle" if chain[:2] in PAGES and chain[2:3] == ("classList",):
            found = left_by_class(file, chain, given)
            return Acquisition(call, Kind.GLOBAL, *found) if found is not None else None
        case name if name in _STREAMS and "mediaDevices" in chain:
            return Acquisition(call, Kind.STREAM, f"the stream of `{name}` keeps its device", _RELEASE[name])
    return None


def _timer(file: SourceFile, call: Node, given: list[Node], release: str) -> Acquisition | None:
    if _reschedules(file, call, given[0]):
        return Acquisition(call, Kind.LOOP, "the timer loop keeps rescheduling itself", release)
    if release == "`cancelAnimationFrame`" or (delay := _delay(file, given)) is None:
        return None
    after = f" ({delay} ms)" if delay else ""
    return Acquisition(call, Kind.TIMEOUT, f"the timer{after} still fires", release)


def _reschedules(file: SourceFile, call: Node, callback: Node) -> bool:
    """Whether the timer calls the function that sets it, and nothing in that function can end the chain."""
    around = enclosing_function(file, call)
    if is_function(callback) and around is not None:
        inner = {
            function_of(file, callee)
            for node in _calls_in(callback)
            if (callee := callee_of(node)) is not None and not _conditional(node, callback)
        }
        again = around in inner or (enclosing_function(file, around) in inner and around == callback)
    else:
        again = around is not None and function_of(file, callback) == around
    return again and around is not None and not _conditional(call, around) and not _returns_before(around, call)


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


def _delay(file: SourceFile, given: list[Node]) -> str | None:
    """The delay's text ("" when it is no number); None for one of a few frames."""
    if len(given) < 2:
        return None
    node = unwrap(given[1])
    found = resolve(file, node) if node.type == "identifier" else None
    if found is not None and found.value is not None and not found.keys:
        node = unwrap(found.value)
    if node.type != "number":
        return ""
    text = file.text(node).replace("_", "")
    try:
        return None if float(text) <= _A_FEW_FRAMES else text
    except ValueError:
        return ""


def _listener(file: SourceFile, call: Node, receiver: Node | None) -> Acquisition | None:
    given = arguments_of(call)
    event = string_value(file, given[0]) if given else None
    options = file.text(origin_of(file, given[2]) or given[2]) if len(given) > 2 else ""
    if len(given) < 2 or event in ONE_TIME_EVENTS or "once" in options or "signal" in options:
        return None
    holder = _short(file, receiver) if receiver is not None else "window"
    named = f"the `{event}` listener" if event else "the listener added here"
    return Acquisition(call, Kind.LISTENER, f"`{holder}` keeps {named}", _RELEASE["addEventListener"], receiver)


def _of_method(file: SourceFile, call: Node, name: str, receiver: Node) -> Acquisition | None:
    given = arguments_of(call)
    match name:
        case "addEventListener":
            return _listener(file, call, receiver)
        case "observe" if given:
            return _observer(file, call, receiver)
        case "addListener" if given and _calls(file, origin_of(file, receiver), "matchMedia"):
            return Acquisition(
                call, Kind.LISTENER, f"`{_short(file, receiver)}` keeps its listener", "`removeListener`", receiver
            )
        case "on" | "addListener" if len(given) >= 2 and _is_event(given[0]) and not _has_method(receiver):
            event = file.text(given[0]).strip("'\"`")
            keeps = f"`{_short(file, receiver)}` keeps the `{event}` listener"
            return Acquisition(call, Kind.SUBSCRIPTION, keeps, "`off`", receiver)
        case "subscribe" if given and not _has_method(receiver):
            keeps = f"`{_short(file, receiver)}` keeps the subscription"
            return Acquisition(call, Kind.SUBSCRIPTION, keeps, "the unsubscribe that `subscribe` returned", receiver)
    return None


def _observer(file: SourceFile, call: Node, receiver: Node) -> Acquisition | None:
    made = origin_of(file, receiver)
    constructor = callee_of(made) if made is not None and made.type == "new_expression" else None
    sort = file.text(constructor) if constructor is not None else ""
    if sort.removeprefix("window.") not in _OBSERVERS:
        return None
    keeps = f"the `{sort}` `{_short(file, receiver)}` keeps observing"
    return Acquisition(call, Kind.OBSERVER, keeps, "`disconnect`", arguments_of(call)[0])


def _of_package(file: SourceFile, node: Node, callee: Node) -> Acquisition | None:
    origin = qualified(file, callee)
    found = _PACKAGES.get(origin) if origin is not None else None
    if found is None:
        return None
    if found.kind is not Kind.SUBSCRIPTION:
        return Acquisition(node, found.kind, f"what `{_short(file, callee)}` made stays alive", f"`{found.release}`")
    if node.type != "call_expression":
        return None
    name = file.text(callee)
    release = f"the unsubscribe that `{name}` returned"
    return Acquisition(node, Kind.SUBSCRIPTION, f"`{name}` keeps the subscription", release)


def _of_construction(file: SourceFile, node: Node) -> Acquisition | None:
    callee = callee_of(node)
    if callee is None:
        return None
    name = (dotted(file, callee) or ("",))[-1]
    if name in _CONNECTIONS and is_global(file, callee):
        return Acquisition(node, Kind.CONNECTION, f"the `{name}` stays open", f"`{_CONNECTIONS[name]}`")
    return _of_package(file, node, callee)


def _of_assignment(file: SourceFile, node: Node) -> Acquisition | None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    chain = dotted(file, left) if left is not None else ()
    if left is None or right is None or len(chain) < 2 or not is_global(file, left):
        return None
    chain = chain[1:] if chain[0] in _GLOBALS and len(chain) > 2 else chain
    found = left_by_assignment(file, chain, unwrap(right))
    return Acquisition(node, Kind.GLOBAL, *found) if found is not None else None


def _is_channel(file: SourceFile, receiver: Node) -> bool:
    """Whether a chain of calls begins with the `channel(...)` of a realtime client, or with a variable of it."""
    while receiver.type == "call_expression":
        if called_name(file, receiver) == "channel":
            return True
        inner = receiver_of(receiver)
        if inner is None:
            return False
        receiver = inner
    return receiver.type == "identifier" and _calls(file, origin_of(file, receiver), "channel")


def is_global(file: SourceFile, node: Node) -> bool:
    """Whether the root of a chain is a name that the file does not declare: `window.setTimeout`, `document`."""
    root = root_of(node)
    return root.type == "identifier" and resolve(file, root) is None


def origin_of(file: SourceFile, node: Node) -> Node | None:
    """The expression that a name was initialised with, through plain renamings; the node itself when it is no name."""
    for _ in range(_HOPS):
        node = unwrap(node)
        if node.type != "identifier":
            return node
        found = resolve(file, node)
        if found is None or found.value is None or found.keys:
            return None
        node = found.value
    return node


def _calls(file: SourceFile, node: Node | None, name: str) -> bool:
    return node is not None and node.type == "call_expression" and called_name(file, node) == name


def _is_event(node: Node) -> bool:
    """What names an event: a string, or a constant such as `Events.OPEN`."""
    return node.type in ("string", "template_string", "member_expression", "identifier")


def _has_method(receiver: Node) -> bool:
    """A receiver that is itself the result of a call: a chain whose lifetime nobody can tell."""
    while receiver.type in ("member_expression", "subscript_expression"):
        owner = receiver.child_by_field_name("object")
        if owner is None:
            return True
        receiver = unwrap(owner)
    return receiver.type not in ("identifier", "this")


def _short(file: SourceFile, node: Node) -> str:
    return shortened(file.text(node), 40)
