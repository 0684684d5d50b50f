"""Work that outlives a cleanup that ran too early: handles set after a wait, refs that were read too soon."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants, is_within
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_scope import (
    Chain,
    asked_since,
    chains_in,
    conditions,
    decides_on_state_only,
    is_guarded,
    killers,
    own_calls,
    steers,
)
from chunklint.semantics.ecmascript.cleanup_ways import waits_for_work
from chunklint.semantics.ecmascript.functions import (
    CONTINUES,
    arguments_of,
    awaited,
    callback_of,
    called_name,
    callee_of,
    chain_start,
    enclosing_function,
    function_of,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.leaks import is_around_all, leak_of
from chunklint.semantics.ecmascript.local_answers import is_answered_at_once
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, root_of, string_value, unwrap, written_out
from chunklint.semantics.ecmascript.react import Cleanup, Deps, Effect, cleanup_of, cleanups, hook_of, state_of_setter
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.resources import acquisitions, reached
from chunklint.semantics.ecmascript.self_ending import clears_itself, looks_at_own_element
from chunklint.semantics.ecmascript.shown_elements import is_element_ref
from chunklint.semantics.ecmascript.stumbling import stumbles_first
from chunklint.semantics.ecmascript.timers import is_set_once, leads_away

# A class on the page is no handle.
_RELEASES = frozenset({"getVideoTracks", "getAudioTracks"}).union(
    *(words for kind, words in RELEASES.items() if kind is not Kind.GLOBAL)
)
_CALLS_OFF = frozenset({"abort", "cancel"})
_TIMERS = ("setTimeout", "requestAnimationFrame")
_VALUES = frozenset({"call_expression", "new_expression", "identifier"})


@record
class Late:
    """Something that is acquired after a wait, though the cleanup may have run by then.

    Attributes:
        node: The assignment or call.
        name: The handle that the cleanup asks; "" for a listener.
        rearms: Whether it is a timer.
        goes_on: Whether that sets another when it fires, so that each round has such a moment.
        ends_itself: Whether it is an interval that clears itself at some time.
        reruns: Whether the cleanup runs while the component stays, too.
        stumbles: Whether it does so then only: after an unmount, the work throws before it comes so far.
    """

    node: Node
    name: str
    rearms: bool = False
    goes_on: bool = False
    ends_itself: bool = False
    reruns: bool = False
    stumbles: bool = False


def late_handles(file: SourceFile, effect: Effect) -> Iterator[Late]:
    """What an effect sets after a wait without asking whether its cleanup has run meanwhile."""
    if cleanup_of(file, effect) is not Cleanup.PRESENT or _stays_as_it_is(file, effect):
        return
    reruns = effect.runs is not Deps.EMPTY
    released = frozenset(_released(file, effect))
    said: set[str] = set()
    for run, path in reached(file, effect.callback):
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
        if (
            name in said
            or is_guarded(file, effect, run.node, waits, acquires=True)
            or _asks_itself(file, effect, unwrap(right))
        ):
            continue
        if unwrap(right).type == "identifier" and not _comes_from_wait(file, unwrap(right)):
            continue
        # It ends itself and moves nobody, or goes with the element that it looks at.
        ends_itself = clears_itself(file, name, unwrap(right))
        if ends_itself and not _leads_away(file, unwrap(right)):
            continue
        stumbles = waits is None and stumbles_first(file, effect, run.node, path)
        harmless = _is_harmless(file, effect, run.node, waits) or (stumbles and not reruns)
        harmless = harmless or waits_for_work(file, effect, run.node, path)
        if harmless or looks_at_own_element(file, effect, name, unwrap(right)):
            continue
        said.add(name)
        timed = called_name(file, unwrap(right)) in _TIMERS
        goes_on = timed and _goes_on(file, unwrap(right))
        if timed and not goes_on and _is_unseen(file, unwrap(right)):
            continue
        # The cleanup of the next run would end for good what a ref lets run once.
        if timed and effect.runs is Deps.SOME and is_set_once(file, effect, run.node):
            continue
        yield Late(run.node, name, timed, goes_on, ends_itself, reruns, stumbles)
    yield from _late_listeners(file, effect, reruns)


def _stays_as_it_is(file: SourceFile, effect: Effect) -> bool:
    """Whether a component stands around all pages, and nothing that it is given makes the effect run again."""
    found = [resolve(file, root) for root in map(root_of, effect.deps) if root.type == "identifier"]
    given = any(one is not None and one.kind == "parameter" for one in found)
    return effect.runs is not Deps.NONE and not given and is_around_all(file, effect)


def _is_harmless(file: SourceFile, effect: Effect, node: Node, waits: int | None) -> bool:
    """Whether work does not come so far after an unmount: it asks for an element first, is called off, or is brief."""
    right = node.child_by_field_name("right")
    brief = right is not None and is_answered_at_once(file, unwrap(right))
    ended = _is_called_off(file, effect, node) or _waits_for_itself(file, node)
    return brief or ended or _asks_element(file, effect, node, waits)


def _waits_for_itself(file: SourceFile, node: Node) -> bool:
    """Whether all waits before a timer are for timers of the same name: once such a one is cleared, nothing goes on.

    `await new Promise((resolve) => { timer = setTimeout(resolve, 1000); });`
    """
    left, around = node.child_by_field_name("left"), enclosing_function(file, node)
    # The executor of the promise is a function of its own; the waits are in the one around it.
    made = around.parent.parent if around is not None and around.parent is not None else None
    if made is not None and made.type == "new_expression":
        around = enclosing_function(file, made)
    if left is None or around is None:
        return False
    before = [
        one for one in descendants(around, "await_expression", stop=FUNCTIONS) if one.start_byte < node.start_byte
    ]
    return bool(before) and all(_is_timer_of(file, awaited(one), dotted(file, left)) for one in before)


def _is_timer_of(file: SourceFile, promise: Node, handle: Chain) -> bool:
    """Whether a promise is settled by a timer alone, which is kept under a name."""
    constructor = promise.child_by_field_name("constructor") if promise.type == "new_expression" else None
    if constructor is None or file.text(constructor) != "Promise":
        return False
    targets = (one.child_by_field_name("left") for one in descendants(promise, "assignment_expression"))
    kept = [one for one in targets if one is not None and dotted(file, one) == handle]
    calls = list(descendants(promise, "call_expression"))
    return len(kept) == 1 and len(calls) == 1 and called_name(file, calls[0]) == "setTimeout"


def _is_called_off(file: SourceFile, effect: Effect, node: Node) -> bool:
    """Whether the cleanup calls off what the work waits for: `request.call().then(...)` and `request.abort()`."""
    stopped = {
        dotted(file, receiver)
        for call in own_calls(file, effect)
        if called_name(file, call) in _CALLS_OFF and (receiver := receiver_of(call)) is not None
    } - {()}
    return bool(stopped) and any(
        (receiver := receiver_of(call)) is not None and dotted(file, receiver) in stopped
        for call in _waited_for(file, effect, node)
    )


def _waited_for(file: SourceFile, effect: Effect, node: Node) -> Iterator[Node]:
    """The calls whose answers come before a place: at the root of the chain of `then` around it, or awaited before."""
    for around in ancestors(node):
        if around == effect.callback:
            return
        if around.type == "call_expression" and called_name(file, around) in CONTINUES:
            root = chain_start(file, around)
            yield from [root] if root is not None else []
        if is_function(around):
            waits = (wait for wait in descendants(around, "await_expression") if wait.end_byte <= node.start_byte)
            yield from (inner for wait in waits if (inner := awaited(wait)).type == "call_expression")


def _goes_on(file: SourceFile, timer: Node) -> bool:
    """Whether the callback of a timer sets another one, itself or through functions of the file."""
    callback = callback_of(file, timer)
    return callback is not None and any(
        run.node.type == "call_expression" and called_name(file, run.node) in (*_TIMERS, "setInterval")
        for run, _ in reached(file, callback)
    )


def _is_unseen(file: SourceFile, timer: Node) -> bool:
    """Whether a timer that fires once is over with the next frame, or its callback does nothing but set state."""
    if called_name(file, timer) == "requestAnimationFrame":
        return True
    callback = callback_of(file, timer)
    body = callback.child_by_field_name("body") if callback is not None else None
    if body is None:
        return False
    calls = [body] if body.type == "call_expression" else list(descendants(body, "call_expression", "new_expression"))
    if not calls:
        return all(part.type == "comment" for part in body.named_children)
    callees = [callee_of(call) for call in calls]
    return all(
        callee is not None and callee.type == "identifier" and state_of_setter(file, callee) is not None
        for callee in callees
    )


def _leads_away(file: SourceFile, timer: Node) -> bool:
    callback = callback_of(file, timer)
    return callback is not None and leads_away(file, callback)


def _asks_element(file: SourceFile, effect: Effect, node: Node, since: int | None = None) -> bool:
    """Whether work asks after its wait for an element of its component: once unmounted, there is none.

    `since` is the byte where that wait begins, for a node that itself waits.
    """
    around = enclosing_function(file, node)
    for asked in asked_since(around, node, since) if around is not None else ():
        names = [asked] if asked.type == "identifier" else list(descendants(asked, "identifier"))
        chains = {written_out(file, name) for name in names} | set(chains_in(file, asked))
        held = {chain[0] for chain in chains if chain[1:] == ("current",)}
        if any(is_element_ref(file, name, effect.owner) for name in held):
            return True
    return False


def _late_listeners(file: SourceFile, effect: Effect, reruns: bool) -> Iterator[Late]:
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
        asks = is_guarded(file, effect, acquired.node) or _asks_element(file, effect, acquired.node)
        if removed and not asks:
            yield Late(acquired.node, "", reruns=reruns)


def _released(file: SourceFile, effect: Effect) -> Iterator[Chain]:
    """The handles that the cleanup calls, closes or clears."""
    for call in own_calls(file, effect):
        callee, receiver, given = callee_of(call), receiver_of(call), arguments_of(call)
        if callee is not None and not is_function(callee):
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
    # A local of an inner function is another variable than the one that the cleanup names.
    seen = any(is_within(end, found.scope) for end in cleanups(file, effect))
    return seen and begins_within(found.node, effect.callback) and len(chain) == 1


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
    return any(
        steers(file, asked, setters) and not decides_on_state_only(file, asked, function.end_byte)
        for function in pending
        for asked in conditions(function)
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
        leaves = any(_leaves_without(file, part, name) for part in (body.named_children if body is not None else ()))
        if released and not leaves and _is_empty_at_mount(file, effect, unwrap(value), chain):
            yield declarator, ".".join(chain)


def _leaves_without(file: SourceFile, statement: Node, name: Node) -> bool:
    """`if (!element) return;`: where nothing is read, nothing is acquired either."""
    condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
    body = statement.child_by_field_name("consequence")
    if condition is None or body is None or file.text(unwrap(condition)) != f"!{file.text(name)}":
        return False
    return body.type == "return_statement" or any(part.type == "return_statement" for part in body.named_children)


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
