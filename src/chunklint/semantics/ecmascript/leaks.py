"""Effects that acquire what nothing gives back on unmount."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.cleanup_code import cleanup_code
from chunklint.semantics.ecmascript.cleanup_scope import conditions
from chunklint.semantics.ecmascript.endings import ends_at_once, ends_in_finally, is_ended, is_stored, is_turned_away
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    function_name,
    function_of,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.lifetimes import (
    Handle,
    Reach,
    cleaned_at_the_end_only,
    cleaned_by,
    given_back_on_unmount,
    handle_of,
    reach,
    released_by_hand,
)
from chunklint.semantics.ecmascript.module_locks import is_held_by_module
from chunklint.semantics.ecmascript.names import dotted, resolve, root_of, string_value, written_out
from chunklint.semantics.ecmascript.origins import origin_of
from chunklint.semantics.ecmascript.other_windows import is_of_other_window
from chunklint.semantics.ecmascript.page import is_scroll_lock
from chunklint.semantics.ecmascript.polls import ends_by_a_timer
from chunklint.semantics.ecmascript.react import (
    Cleanup,
    Deps,
    Effect,
    cleanup_of,
    effects,
    hook_of,
    is_hook,
    unmounting,
)
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.reruns import is_fixed
from chunklint.semantics.ecmascript.resources import Acquisition, acquisitions, reached
from chunklint.semantics.ecmascript.self_ending import (
    answers_once,
    ends_after_the_wait,
    ends_by_count,
    ends_by_the_clock,
    goes_with_its_element,
    hears_once,
    is_removed_by_count,
    only_logs,
    only_tells_its_component,
    removes_itself,
    takes_itself_away,
    tells_all_of_its_end,
)
from chunklint.semantics.ecmascript.shown_elements import comes_anew, is_made_beside, matters
from chunklint.semantics.ecmascript.shutting import acquires_each_time
from chunklint.semantics.ecmascript.timers import (
    acts_outside,
    comes_in_order,
    ends_with_the_answer,
    is_set_once,
    lasts_up_to,
    undoes,
)

# ms: nobody goes elsewhere so soon after what set a timer.
_SHORT = 1000
_DRAG_STYLES = frozenset({"cursor", "userSelect", "webkitUserSelect"})
_DRAGS = re.compile(r"""["'](?:[\w-]*resize|grabbing|move)["']""")
_PILES_UP = frozenset({Kind.INTERVAL, Kind.CONNECTION, Kind.INSTANCE})
_KEEPS = frozenset({"variable_declarator", "assignment_expression"})
_MOUNT_CHECKS = ("mounted", "cancel", "abort", "ignore", "active", "stale", "disposed", "unmount")
# What an application mounts around all of its pages, by the names that such components are given.
_AROUND_ALL = re.compile(r"(?:Layout|Shell|Root|Provider|Providers)(?:Content|Inner)?$")
_ROOT_FILES = frozenset({"_app", "app", "main", "root"})
# What takes all listeners off a receiver at once.
_EMPTYING = frozenset({"clearListeners", "clearInstanceListeners", "removeAllListeners", "removeAllEventListeners"})


@record
class Leak:
    """An acquisition that outlives its component.

    Attributes:
        by_hand: A call that gives it back without being run on unmount, or None.
        touches: What a timer's callback calls that does harm; "" for other kinds.
        outside: Whether that outlives the component; else it sets the component's own state over what a re-run has set.
        fresh: Whether a timer is cleared through a variable that every run makes anew, so never.
        late: Whether only an effect's view of state could release it, and unmounting during a wait hides that.
        overwrites: The ref whose earlier handle a re-run replaces unreleased, though another effect's cleanup releases
            the last one; "" otherwise.
    """

    effect: Effect
    acquired: Acquisition
    by_hand: Node | None = None
    touches: str = ""
    outside: bool = False
    fresh: bool = False
    late: str = ""
    overwrites: str = ""


def leaks(file: SourceFile, effect: Effect) -> tuple[Leak, ...]:
    """What an effect without a cleanup acquires and nothing of its component gives back when it unmounts."""
    return file.remember(("leaks", effect.call.id), lambda: tuple(_leaks(file, effect)))


def _leaks(file: SourceFile, effect: Effect) -> Iterator[Leak]:
    if not has_no_cleanup(file, effect):
        return
    for acquired in acquisitions(file, effect.callback):
        found = leak_of(file, effect, acquired)
        if found is not None and not is_held_by_module(file, effect, acquired):
            yield found


def has_no_cleanup(file: SourceFile, effect: Effect) -> bool:
    """Whether unmounting surely runs nothing of this effect."""
    cleanup = cleanup_of(file, effect)
    return cleanup is Cleanup.ABSENT or (cleanup is Cleanup.DROPPED and not effect.keeps_cleanup)


def leak_of(file: SourceFile, effect: Effect, acquired: Acquisition) -> Leak | None:
    """The leak that an acquisition is, unless its holder dies with the component or something releases it."""
    match acquired.kind:
        case Kind.LISTENER if acquired.aborts:
            return _aborted(file, effect, acquired)
        case Kind.LISTENER:
            kept = acquired.node.parent is not None and acquired.node.parent.type in _KEEPS
            handle = handle_of(file, acquired.node, acquired.path) if kept else Handle(frozenset())
            return _held(file, effect, acquired, handle)
        case Kind.SUBSCRIPTION:
            handle = handle_of(file, acquired.node, acquired.path)
            return None if handle.escapes else _held(file, effect, acquired, handle)
        case Kind.OBSERVER:
            return _observed(file, effect, acquired)
        case Kind.TIMEOUT:
            return _timed(file, effect, acquired)
        case Kind.GLOBAL if acquired.node.type == "call_expression":
            event = string_value(file, arguments_of(acquired.node)[0])
            kept = cleaned_by(file, effect, RELEASES[Kind.GLOBAL], event) or _is_taken_off(file, effect, event)
            return None if kept else Leak(effect, acquired)
        case Kind.GLOBAL:
            return _assigned(file, effect, acquired)
        case Kind.STREAM:
            around = effect.owner or effect.callback
            stopped = cleaned_by(file, effect, RELEASES[Kind.STREAM])
            by_hand = released_by_hand(file, around, RELEASES[Kind.STREAM], frozenset(), None)
            ended = by_hand is not None or _calls_what_ends(file, around, RELEASES[Kind.STREAM])
            return None if stopped or ended else Leak(effect, acquired)
    return _kept(file, effect, acquired, handle_of(file, acquired.node, acquired.path))


def _calls_what_ends(file: SourceFile, around: Node, words: Collection[str]) -> bool:
    """Whether a component calls a function beside it that ends what it is given: `stopAll(stream)`."""
    called = (
        function_of(file, callee) for call in descendants(around, "call_expression") if (callee := callee_of(call))
    )
    beside = (one for one in called if one is not None and not begins_within(one, around))
    return any(called_name(file, call) in words for one in beside for call in descendants(one, "call_expression"))


def _is_taken_off(file: SourceFile, effect: Effect, name: str | None) -> bool:
    """Whether an effect takes the class off itself that it puts on: of a layout, or a lock while something is open."""
    stays = is_around_all(file, effect) or (name is not None and is_scroll_lock(name))
    return stays and any(
        called_name(file, call) == "remove" and any(string_value(file, one) == name for one in arguments_of(call))
        for call in descendants(effect.callback, "call_expression")
    )


def is_around_all(file: SourceFile, effect: Effect) -> bool:
    """Whether an effect belongs to what an application mounts around all of its pages, told by its name."""
    return effect.owner is not None and _AROUND_ALL.search(function_name(file, effect.owner)) is not None


def is_app_root(file: SourceFile, owner: Node | None) -> bool:
    """Whether the component is mounted once for the life of the page, told by where frameworks expect it."""
    path = PurePosixPath(file.path)
    return owner is not None and path.stem.lower() in _ROOT_FILES


def _held(file: SourceFile, effect: Effect, acquired: Acquisition, handle: Handle) -> Leak | None:
    """Listeners and subscriptions: what matters is how long their holder lives."""
    receiver, words = acquired.receiver, RELEASES[acquired.kind]
    held = Reach.GLOBAL if receiver is None else reach(file, receiver, effect)
    if held in (Reach.LOCAL, Reach.UNKNOWN):
        return None
    if held is Reach.OWNED and not _piles_up(file, effect, acquired):
        return None
    if held is Reach.OWNED and _is_emptied_before(file, effect, acquired):
        return None
    if receiver is not None and held is not Reach.GLOBAL and is_ended(file, receiver, effect):
        return None
    if held is Reach.GLOBAL and _is_added_once(file, acquired):
        return None
    chain = dotted(file, receiver) if receiver is not None and held is not Reach.GLOBAL else ()
    given = arguments_of(acquired.node)
    event = string_value(file, given[0]) if given else None
    if receiver is not None and held is not Reach.GLOBAL and is_of_other_window(file, receiver, event):
        return None
    # What takes no event takes no handler, either.
    handler = given[1] if len(given) > 1 else None
    names = handle.lasting | ({chain} if chain else set())
    if given_back_on_unmount(file, effect, frozenset(names)) or cleaned_by(file, effect, words, event, handler):
        return None
    around = effect.owner or effect.callback
    by_hand = released_by_hand(file, around, words, frozenset(), event, handler) or released_by_hand(
        file, around, words, handle.names or frozenset({("",)}), None
    )
    function = function_of(file, handler) if handler is not None else None
    if effect.runs is Deps.EMPTY and function is not None and only_logs(file, function):
        return None
    if by_hand is not None and is_removed_by_count(file, acquired.node, words):
        return None
    if by_hand is not None and takes_itself_away(file, acquired.node, by_hand) and _is_waited_for(file, acquired.node):
        return None
    # A handler that removes itself is there for one event; a removal that is kept as a value may run on unmount.
    inside = by_hand is not None and (
        removes_itself(file, acquired.node, by_hand, held)
        or (takes_itself_away(file, acquired.node, by_hand) and is_turned_away(file, effect, acquired))
    )
    kept = by_hand is not None and is_stored(file, by_hand)
    return None if inside or kept else Leak(effect, acquired, by_hand)


def _is_added_once(file: SourceFile, acquired: Acquisition) -> bool:
    """Whether a handler is one function of the module, which the page keeps once however often it is added."""
    given = arguments_of(acquired.node) if called_name(file, acquired.node) == "addEventListener" else []
    handler = resolve(file, given[1]) if len(given) > 1 and given[1].type == "identifier" else None
    if handler is None or handler.scope.type != "program":
        return False
    return handler.kind in ("function", "import") or handler.value is not None  # also `throttle(() => ...)`


def _is_waited_for(file: SourceFile, call: Node) -> bool:
    """Whether a promise is settled by what a call listens for, as in a helper that waits for an event."""
    around = enclosing_function(file, call)
    made = around.parent.parent if around is not None and around.parent is not None else None
    constructor = (
        made.child_by_field_name("constructor") if made is not None and made.type == "new_expression" else None
    )
    return constructor is not None and file.text(constructor) == "Promise"


def _is_emptied_before(file: SourceFile, effect: Effect, acquired: Acquisition) -> bool:
    """Whether the effect first takes all listeners off what it adds one to: `event.clearListeners(map, "idle")`."""
    if acquired.receiver is None:
        return False
    holder = file.text(acquired.receiver)
    for call in descendants(effect.callback, "call_expression"):
        if call.start_byte > acquired.node.start_byte or called_name(file, call) not in _EMPTYING:
            continue
        receiver = receiver_of(call)
        if any(
            file.text(one) == holder for one in (*arguments_of(call), *([receiver] if receiver is not None else []))
        ):
            return True
    return False


def _aborted(file: SourceFile, effect: Effect, acquired: Acquisition) -> Leak | None:
    """A listener whose signal only callbacks of other calls abort: a click, a message, never the unmount."""
    ends = (*effects(file), *unmounting(file))
    for abort in acquired.aborts:
        around = enclosing_function(file, abort)
        given = around is not None and around.parent is not None and around.parent.type == "arguments"
        call = around.parent.parent if given and around is not None and around.parent is not None else None
        if call is None or around == effect.callback or is_hook(called_name(file, call)):
            return None
        if any(begins_within(abort, part) for other in ends for part in cleanup_code(file, other)):
            return None
    found = _held(file, effect, acquired, Handle(frozenset()))
    return None if found is None or found.by_hand is not None else replace(found, by_hand=acquired.aborts[0])


def _piles_up(file: SourceFile, effect: Effect, acquired: Acquisition) -> bool:
    """Whether re-running adds another listener to something that lives as long as the component."""
    given = arguments_of(acquired.node)
    root = file.text(root_of(acquired.receiver)) if acquired.receiver is not None else ""
    others = [dep for dep in effect.deps if file.text(root_of(dep)) != root]
    # Another element in the ref that it is read from is another receiver, and so is that of another ref.
    meant = written_out(file, acquired.receiver) if acquired.receiver is not None else ()
    sources = (meant, meant[:-1]) if meant[-1:] == ("current",) else (meant,)
    others = [dep for dep in others if not meant or dotted(file, dep) not in sources]
    if acquired.receiver is not None and (
        comes_anew(file, effect, acquired.receiver) or is_made_beside(file, effect, acquired.receiver)
    ):
        return False
    if acquired.receiver is not None and len(given) > 1:
        others = [dep for dep in others if matters(file, effect, dep, acquired.receiver, given[1])]
    others = [dep for dep in others if not is_fixed(file, dep)]
    reruns = effect.runs is Deps.NONE or bool(others)
    return reruns and len(given) > 1 and _is_made_anew(file, effect, given[1])


def _is_made_anew(file: SourceFile, effect: Effect, handler: Node) -> bool:
    if is_function(handler):
        return True
    found = resolve(file, handler) if handler.type == "identifier" else None
    return found is not None and found.value is not None and found.scope.type != "program" and not hook_of(file, found)


def _observed(file: SourceFile, effect: Effect, acquired: Acquisition) -> Leak | None:
    observer = receiver_of(acquired.node)
    made = origin_of(file, observer) if observer is not None else None
    if made is None or goes_with_its_element(file, effect, acquired):
        return None
    found = _kept(file, effect, acquired, handle_of(file, made))
    return None if found is None or found.by_hand is not None else found


def _kept(file: SourceFile, effect: Effect, acquired: Acquisition, handle: Handle) -> Leak | None:
    """Timers, connections, instances and object URLs: what matters is who keeps the handle."""
    if acquired.kind is not Kind.OBSERVER and (handle.escapes or handle.paged):
        return None
    words = RELEASES[acquired.kind]
    # What another hook or function of the file acquires is given back there.
    owner = effect.owner or file.root
    around = owner if begins_within(acquired.node, owner) else enclosing_function(file, acquired.node) or file.root
    by_hand = released_by_hand(file, around, words, handle.names, None) if handle.names else None
    if acquired.brief and acquired.kind is Kind.INSTANCE:
        # What a loading task has loaded ends the task, under whatever name: `paper.destroy()`.
        by_hand = released_by_hand(file, around, frozenset({acquired.release.strip("`")}), frozenset(), None)
    if given_back_on_unmount(file, effect, handle.lasting):
        late, overwrites = _late_state(file, acquired, handle), _overwritten_ref(file, effect, acquired, handle)
        return Leak(effect, acquired, late=late, overwrites=overwrites) if late or overwrites else None
    if by_hand is not None and (
        ends_at_once(file, acquired.node, by_hand)
        or ends_in_finally(file, acquired.node, by_hand)
        or is_stored(file, by_hand)
    ):
        return None
    if acquired.kind is Kind.INTERVAL and by_hand is not None:
        stays = is_around_all(file, effect) and _clears_the_last(file, effect, acquired, handle)
        if stays or _ends_anyway(file, acquired.node, by_hand):
            return None
    if acquired.kind is Kind.CONNECTION and (hears_once(file, acquired.node) or answers_once(file, acquired.node)):
        return None
    # A function that plays a sound is done when the sound is; nobody holds what it made.
    played = acquired.kind is Kind.CONNECTION and acquired.path and not handle.lasting
    if acquired.brief and (by_hand is not None or played):
        return None
    return Leak(effect, acquired, by_hand)


def _ends_anyway(file: SourceFile, interval: Node, release: Node) -> bool:
    return (
        ends_by_the_clock(file, interval, release)
        or ends_by_count(file, interval)
        or ends_by_a_timer(file, interval)
        or ends_after_the_wait(file, interval, release)
        or tells_all_of_its_end(file, interval)
    )


def _overwritten_ref(file: SourceFile, effect: Effect, acquired: Acquisition, handle: Handle) -> str:
    """The ref that each run of the effect fills anew and that nothing asks before; "" when the last one is released."""
    refs = [name for name in handle.lasting if name[-1:] == ("current",)]
    if effect.runs is Deps.EMPTY or acquired.kind not in _PILES_UP or len(refs) != 1 or handle.state:
        return ""
    own = enclosing_function(file, acquired.node)
    parts = {around for run, _ in reached(file, effect.callback) if (around := enclosing_function(file, run.node))}
    for part, node in ((around, inner) for around in parts for inner in descendants(around, "member_expression")):
        later = part == own and node.start_byte > acquired.node.start_byte
        if dotted(file, node) == refs[0] and not later and not _is_assigned(node):
            return ""
    if any(".current" in file.text(asked) for part in parts for asked in conditions(part)):
        return ""
    overwrites = cleaned_at_the_end_only(file, effect, refs[0]) and acquires_each_time(file, effect, acquired)
    return ".".join(refs[0]) if overwrites else ""


def _is_assigned(node: Node) -> bool:
    around = node.parent
    return around is not None and around.type == "assignment_expression" and around.child_by_field_name("left") == node


def _late_state(file: SourceFile, acquired: Acquisition, handle: Handle) -> str:
    """The state that alone knows an object URL made after a wait: once unmounted, setting it does nothing."""
    if acquired.kind is not Kind.OBJECT_URL or not acquired.waited or not handle.state:
        return ""
    if any(len(name) > 1 for name in handle.names) or _is_guarded(file, acquired.node):
        return ""
    return min(handle.state)


def _is_guarded(file: SourceFile, node: Node) -> bool:
    """Whether the function around asks if the component is still there."""
    for function in (around for around in ancestors(node) if is_function(around)):
        for test in descendants(function, "if_statement"):
            condition = test.child_by_field_name("condition")
            if condition is not None and any(word in file.text(condition).lower() for word in _MOUNT_CHECKS):
                return True
    return False


def _timed(file: SourceFile, effect: Effect, acquired: Acquisition) -> Leak | None:
    callback = function_of(file, arguments_of(acquired.node)[0])
    # A callback that asks a ref first does nothing once the element or the handle is gone.
    if callback is None or any(".current" in file.text(asked) for asked in conditions(callback)):
        return None
    outside = acts_outside(file, callback, effect, acquired.waited)
    touched = outside or undoes(file, callback, effect, acquired)
    if not touched:
        return None
    handle = handle_of(file, acquired.node, acquired.path)
    kept = _kept(file, effect, acquired, handle)
    if kept is None:
        return None
    fresh = kept.by_hand is not None and _is_fresh(file, acquired, handle)
    leak = Leak(effect, acquired, kept.by_hand, touched, bool(outside), fresh)
    if not fresh and (_is_too_soon(file, leak) if outside else _clears_the_last(file, effect, acquired, handle)):
        return None
    # A cleanup of the effect would clear it before it can fire.
    if (not outside or lasts_up_to(file, acquired.node, _SHORT)) and is_set_once(file, effect, acquired.node):
        return None
    if kept.by_hand is not None and ends_with_the_answer(file, acquired.node, kept.by_hand):
        return None  # It waits for an answer only, which takes it away.
    return leak


def _is_too_soon(file: SourceFile, leak: Leak) -> bool:
    """Whether nobody has gone elsewhere before a timer fires, and its effect does not set one at each change."""
    each_change = comes_in_order(file, leak.effect, leak.acquired)
    return lasts_up_to(file, leak.acquired.node, _SHORT) and not each_change


def _clears_the_last(file: SourceFile, effect: Effect, acquired: Acquisition, handle: Handle) -> bool:
    """Whether a run of the effect, in whichever branch, clears the timer of the one before."""
    return any(
        called_name(file, run.node) in RELEASES[acquired.kind]
        and any(dotted(file, one) in handle.names for one in arguments_of(run.node))
        for run, _ in reached(file, effect.callback)
        if run.node.type == "call_expression" and not run.delayed
    )


def ends_the_last(file: SourceFile, leak: Leak) -> bool:
    """Whether each run of the effect, or what it calls, gives back what the one before it acquired."""
    if leak.by_hand is None:
        return False
    own = (leak.effect.callback, enclosing_function(file, leak.acquired.node))
    if enclosing_function(file, leak.by_hand) in own:
        return True
    return any(run.node == leak.by_hand and not run.delayed for run, _ in reached(file, leak.effect.callback))


def _is_fresh(file: SourceFile, acquired: Acquisition, handle: Handle) -> bool:
    """Whether the handle lives only in a variable of a function that every render or run calls anew."""
    if not acquired.path or not handle.names or any(len(name) > 1 for name in handle.names):
        return False
    return not handle.state


def _assigned(file: SourceFile, effect: Effect, acquired: Acquisition) -> Leak | None:
    left, right = acquired.node.child_by_field_name("left"), acquired.node.child_by_field_name("right")
    chain = dotted(file, left) if left is not None else ()
    handler = function_of(file, right) if right is not None else None
    # The next mount puts its own handler there, and this one tells a component that is gone.
    if len(chain) == 2 and handler is not None and only_tells_its_component(file, handler):
        return None
    # A prompt while something goes on: that may well go on after unmount, and without it nothing is asked.
    if chain[-1:] == ("onbeforeunload",) and handler is not None and any(conditions(handler)):
        return None
    if given_back_on_unmount(file, effect, frozenset({chain})):
        return None
    # What a drag puts on the page goes when the button is let go: to stay, the component must go in the middle of it.
    dragged = bool(chain) and chain[-1] in _DRAG_STYLES and _DRAGS.search(file.text(effect.callback)) is not None
    if dragged and right is not None and right.type == "ternary_expression":
        return None
    around = effect.owner or effect.callback
    for other in descendants(around, "assignment_expression"):
        target = other.child_by_field_name("left")
        if other != acquired.node and target is not None and dotted(file, target) == chain:
            undone = begins_within(other, effect.callback)
            stays = is_around_all(file, effect) or is_scroll_lock(chain[-1]) or dragged
            return None if (undone or dragged) and stays else Leak(effect, acquired, other)
    return Leak(effect, acquired)
