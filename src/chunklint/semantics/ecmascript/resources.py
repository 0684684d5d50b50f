"""What running a function acquires that outlives it: listeners, timers, connections, observers, subscriptions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.declared_types import declared_ending
from chunklint.semantics.ecmascript.definitions import own_method
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
from chunklint.semantics.ecmascript.listener_options import ends_by_options
from chunklint.semantics.ecmascript.loops import reschedules
from chunklint.semantics.ecmascript.names import dotted, resolve, string_value, unwrap
from chunklint.semantics.ecmascript.never import never_reached
from chunklint.semantics.ecmascript.origins import (
    belongs_to,
    completes,
    export_of,
    is_global,
    is_native,
    makers,
    origin_of,
)
from chunklint.semantics.ecmascript.page import ONE_TIME_EVENTS, PAGES, is_handler, left_by_assignment, left_by_class
from chunklint.semantics.ecmascript.react import is_hook
from chunklint.semantics.ecmascript.releases import RESOURCES, Kind, Resource
from chunklint.semantics.wording import shortened


@record
class Acquisition:
    """Something that stays until it is released.

    Attributes:
        node: The call, construction or assignment that acquires.
        keeps: What stays, as a clause: "`window` keeps the `resize` listener", "the interval keeps running".
        release: What would release it, ready for a message: "`removeEventListener`".
        receiver: What holds it, where something does: the target of a listener, the source of a subscription.
        returns: Whether calling what it returns releases it.
        brief: Whether any call that ends it is enough, since it is often made for a moment only.
        aborts: For a listener with a signal, the calls that abort its controller.
        waited: Whether an `await` or a `then` lies before it.
        path: The calls that lead to it, outermost first; () when the function itself acquires.
    """

    node: Node
    kind: Kind
    keeps: str
    release: str
    receiver: Node | None = None
    returns: bool = False
    brief: bool = False
    aborts: tuple[Node, ...] = ()
    waited: bool = False
    path: tuple[Node, ...] = ()


_GLOBALS = frozenset({"window", "globalThis", "self"})
_CONSTRUCTED = (Kind.CONNECTION, Kind.OBSERVER)
_FUNCTIONS = {row.name: row for row in RESOURCES if not row.module and not row.of and row.kind not in _CONSTRUCTED}
_CLASSES = {row.name: row for row in RESOURCES if not row.module and row.kind in _CONSTRUCTED}
_EXPORTS = {(row.module, row.name): row for row in RESOURCES if row.module and not row.of}
_METHODS = {row.name: row for row in RESOURCES if row.of == "*"}
_PARTS = tuple(row for row in RESOURCES if row.of not in ("", "*"))
_NAMES_OF_PARTS = frozenset(row.name for row in _PARTS)

# Methods of any object that take an event first, and all that say nothing about what is itself the result of a call.
_BY_EVENT = frozenset({"on", "addListener"})
# Members of what is told about something: an observer's, and handlers.
_TOLD = re.compile(r"next$|error$|complete$|callback$|handler$|listener$|observer$|on[A-Z]")
_ON_AN_OBJECT = _BY_EVENT | {"subscribe"}
# Methods that only read when they are given no function.
_READS = frozenset({"watch"})

# A timer of up to this many milliseconds lets layout or focus settle; nobody waits for it.
_A_FEW_FRAMES = 50

A_MOMENT = 500
"""Up to so many milliseconds nobody does the same thing twice."""

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
            if found is None or (run.delayed and found.kind in (Kind.TIMEOUT, Kind.GLOBAL)):
                continue
            if not any(never_reached(file, place) for place in (*path, run.node)):
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
    if name in ("requestAnimationFrame", "requestIdleCallback", "setTimeout"):
        given = arguments_of(call)
        named = given[0] if given and not is_function(given[0]) else None
        return (function_of(file, named) if named is not None else None), True
    if callee is None or is_function(callee) or is_hook(name):
        return None, False
    if callee.type == "member_expression" and (receiver_of(call) or callee).type == "this":
        return own_method(file, call, name), False
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
    name, receiver = called_name(file, call), receiver_of(call)
    if name == "observe" and receiver is not None and (found := _observer(file, call, receiver)) is not None:
        return found
    owner = _owner(file, callee) if name in _NAMES_OF_PARTS else None
    row = _part(file, name, owner) if owner is not None else None
    if row is not None and (row.name not in _READS or _is_given_function(file, call)):
        return _acquired(file, call, callee, row)
    row = _FUNCTIONS.get(name) if is_global(file, callee) else _EXPORTS.get(export_of(file, callee) or ("", ""))
    if row is not None:
        return _acquired(file, call, callee, row)
    if receiver is None and callee.type == "identifier":
        return _listener_renamed(file, call, callee)
    if receiver is None or is_global(file, callee):
        return None
    if name == "addEventListener":
        return _listener(file, call, receiver, _FUNCTIONS[name])
    return _of_any_object(file, call, callee, receiver)


def _listener_renamed(file: SourceFile, call: Node, callee: Node) -> Acquisition | None:
    """A listener that is added through another name: `const on = window.addEventListener`, or taken out of it."""
    found = resolve(file, callee)
    value = unwrap(found.value) if found is not None and found.kind == "variable" and found.value is not None else None
    if found is None or value is None or not is_global(file, value):
        return None
    chain = (*dotted(file, value), *found.keys)
    if chain[-1:] != ("addEventListener",):
        return None
    holder = value if found.keys else value.child_by_field_name("object")
    return _listener(file, call, holder, _FUNCTIONS["addEventListener"])


def _owner(file: SourceFile, callee: Node) -> Node | None:
    """What a method is called on; also for one that was taken out: `const { watch } = useFormContext()`."""
    if callee.type == "member_expression":
        owner = callee.child_by_field_name("object")
        return unwrap(owner) if owner is not None else None
    found = resolve(file, callee) if callee.type == "identifier" else None
    taken = found is not None and found.keys == (file.text(callee),)
    return found.value if found is not None and taken else None


def _is_given_function(file: SourceFile, call: Node) -> bool:
    given = arguments_of(call)
    return bool(given) and function_of(file, given[0]) is not None


def _part(file: SourceFile, name: str, receiver: Node) -> Resource | None:
    """The row of a method that only what a package made has, or a part of a global."""
    for row in _PARTS:
        if row.name != name:
            continue
        if not row.module and belongs_to(file, receiver, row.of):
            return row
        if row.module and (row.module, row.of) in makers(file, receiver):
            return None if completes(file, receiver) else row
    return None


def _of_any_object(file: SourceFile, call: Node, callee: Node, receiver: Node) -> Acquisition | None:
    row, given = _METHODS.get(called_name(file, call)), arguments_of(call)
    if row is None or not given or (row.name in _ON_AN_OBJECT and _has_method(receiver)):
        return None
    if row.name not in _BY_EVENT:
        if row.name == "subscribe" and all(_tells_nobody(file, one) for one in given):
            return None  # A request that subscribes somebody to something.
        found = _acquired(file, call, callee, row)
        found = replace(found, receiver=receiver) if found is not None and row.name in _ON_AN_OBJECT else found
        ending = declared_ending(file, receiver, row.name) if found is not None and found.returns else None
        if found is None or ending is None:
            return found
        return replace(found, release=f"`{_short(file, receiver)}.{ending}`", returns=False) if ending else None
    if len(given) < 2 or not _is_event(given[0]):
        return None
    event = file.text(given[0]).strip("'\"`")
    keeps = f"`{_short(file, receiver)}` keeps the `{event}` listener"
    return Acquisition(call, Kind.SUBSCRIPTION, keeps, f"`{row.release}`", receiver)


def _tells_nobody(file: SourceFile, value: Node) -> bool:
    """Whether a value holds nothing to call, told by the names of an object's members: `{ url, title: "hens" }`."""
    value = unwrap(value)
    if value.type != "object":
        return value.type in ("string", "template_string", "number", "true", "false", "null")
    for part in value.named_children:
        name = file.text(part.child_by_field_name("key") or part)
        inner = part.child_by_field_name("value")
        if part.type in ("spread_element", "method_definition") or _TOLD.match(name):
            return False
        if inner is not None and is_function(unwrap(inner)):
            return False
    return True


def _acquired(file: SourceFile, node: Node, callee: Node, row: Resource) -> Acquisition | None:
    """What a call or construction acquires that a row of the table is about."""
    given, name, receiver = arguments_of(node), called_name(file, node), receiver_of(node)
    release, text = f"`{row.release}`", _short(file, callee)
    match row.kind:
        case Kind.LISTENER if row.name == "addEventListener":
            return _listener(file, node, receiver, row)
        case Kind.LISTENER if given and receiver is not None:
            return Acquisition(node, row.kind, f"`{_short(file, receiver)}` keeps its listener", release, receiver)
        case Kind.TIMEOUT | Kind.LOOP if given:
            return _timer(file, node, given, row)
        case Kind.GLOBAL:
            chain = dotted(file, callee)
            kept = left_by_class(file, chain, given) if chain[:2] in PAGES and chain[2:3] == (row.of,) else None
            return Acquisition(node, row.kind, *kept) if kept is not None else None
        case Kind.INTERVAL:
            return Acquisition(node, row.kind, "the interval keeps running", release)
        case Kind.OBJECT_URL:
            return Acquisition(node, row.kind, "the object URL keeps its blob in memory", release, brief=row.brief)
        case Kind.WATCH:
            return Acquisition(node, row.kind, "the position watch keeps reporting", release)
        case Kind.STREAM:
            return Acquisition(node, row.kind, f"the stream of `{name}` keeps its device", release)
        case Kind.INSTANCE:
            keeps = row.keeps or f"what `{text}` made stays alive"
            return Acquisition(node, row.kind, keeps, release, brief=row.brief)
        case Kind.SUBSCRIPTION if node.type == "call_expression":
            holder = receiver if row.name in _ON_AN_OBJECT and receiver is not None else callee
            keeps = row.keeps or f"`{_short(file, holder)}` keeps the subscription"
            release = release if row.release else returned_by(name)
            return Acquisition(node, row.kind, keeps, release, returns=not row.release)
    return None


EACH_RUN = " Every re-run of the effect adds another."
EACH_RENDER = " The effect has no dependency array: every render adds another."


def returned_by(method: str) -> str:
    """What a message asks to be called where a method hands back the end of what it begins."""
    return f"the unsubscribe that `{method}` returned"


def _timer(file: SourceFile, call: Node, given: list[Node], row: Resource) -> Acquisition | None:
    release = f"`{row.release}`"
    if reschedules(file, call, given[0]):
        return Acquisition(call, Kind.LOOP, "the timer loop keeps rescheduling itself", release)
    if row.kind is Kind.LOOP or (delay := delay_text(file, given)) is None:
        return None
    after = f" ({delay} ms)" if delay else ""
    return Acquisition(call, Kind.TIMEOUT, f"the timer{after} still fires", release)


def delay_text(file: SourceFile, given: list[Node]) -> str | None:
    """The text of a timer's delay in ms ("" when it is no number); None for one of a few frames."""
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


def _listener(file: SourceFile, call: Node, receiver: Node | None, row: Resource) -> Acquisition | None:
    given = arguments_of(call)
    event = string_value(file, given[0]) if given else None
    if len(given) < 2 or event in ONE_TIME_EVENTS or (event == "error" and _loads_too(file, call, receiver)):
        return None
    aborts = ends_by_options(file, given[2]) if len(given) > 2 else None
    if aborts == ():
        return None
    holder = _short(file, receiver) if receiver is not None else "window"
    keeps = f"`{holder}` keeps " + (f"the `{event}` listener" if event else "the listener added here")
    native = receiver is not None and is_native(file, receiver)
    release = "the `remove` of what it returned" if native else f"`{row.release}`"
    return Acquisition(call, Kind.LISTENER, keeps, release, receiver, aborts=aborts or ())


def _loads_too(file: SourceFile, call: Node, receiver: Node | None) -> bool:
    """Whether the code around hears of the end of loading beside its failure: one of the two comes, once."""
    around = enclosing_function(file, call)
    if receiver is None or around is None or is_global(file, receiver):
        return False
    return any(
        called_name(file, other) == "addEventListener"
        and (held := receiver_of(other)) is not None
        and file.text(held) == file.text(receiver)
        and string_value(file, arguments_of(other)[0]) == "load"
        for other in descendants(around, "call_expression")
        if arguments_of(other)
    )


def _observer(file: SourceFile, call: Node, receiver: Node) -> Acquisition | None:
    made = origin_of(file, receiver)
    constructor = callee_of(made) if made is not None and made.type == "new_expression" else None
    sort = file.text(constructor) if constructor is not None else ""
    row, given = _CLASSES.get(sort.removeprefix("window.")), arguments_of(call)
    if row is None or row.kind is not Kind.OBSERVER or not given:
        return None
    keeps = f"the `{sort}` `{_short(file, receiver)}` keeps observing"
    return Acquisition(call, Kind.OBSERVER, keeps, f"`{row.release}`", given[0])


def _of_construction(file: SourceFile, node: Node) -> Acquisition | None:
    callee = callee_of(node)
    if callee is None:
        return None
    known = _either(origin_of(file, callee) or callee)
    name = (dotted(file, known) or ("",))[-1]
    row = _CLASSES.get(name) if is_global(file, known) else None
    if row is not None and row.kind is Kind.CONNECTION:
        return Acquisition(node, Kind.CONNECTION, f"the `{name}` stays open", f"`{row.release}`", brief=row.brief)
    row = _EXPORTS.get(export_of(file, callee) or ("", ""))
    return _acquired(file, node, callee, row) if row is not None else None


def _either(node: Node) -> Node:
    """The first choice of `window.AudioContext || window.webkitAudioContext`."""
    left = node.child_by_field_name("left") if node.type == "binary_expression" else None
    return unwrap(left) if left is not None else node


def _of_assignment(file: SourceFile, node: Node) -> Acquisition | None:
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    chain = dotted(file, left) if left is not None else ()
    if left is None or right is None:
        return None
    if _is_media_handler(file, left) and is_handler(file, unwrap(right)):
        name = _short(file, left)
        return Acquisition(node, Kind.GLOBAL, f"`{name}` keeps this handler", f"`{name} = null`")
    if len(chain) < 2 or not is_global(file, left):
        return None
    chain = chain[1:] if chain[0] in _GLOBALS and len(chain) > 2 else chain
    found = left_by_assignment(file, chain, unwrap(right))
    return Acquisition(node, Kind.GLOBAL, *found) if found is not None else None


def _is_media_handler(file: SourceFile, target: Node) -> bool:
    """Whether a property is the handler of a media query, which lives as long as the page: `matchMedia(q).onchange`."""
    name, owner = target.child_by_field_name("property"), target.child_by_field_name("object")
    if name is None or owner is None or file.text(name) != "onchange":
        return False
    made = origin_of(file, owner)
    return made is not None and made.type == "call_expression" and called_name(file, made) == "matchMedia"


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
