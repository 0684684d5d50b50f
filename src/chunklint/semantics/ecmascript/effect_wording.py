"""What the messages about effects say: what stays, why nothing ends it, what to write, and how grave that is."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.model import Severity
from chunklint.semantics.ecmascript.endings import called_without_event, is_past_once, is_turned_away
from chunklint.semantics.ecmascript.external_stores import Endless
from chunklint.semantics.ecmascript.functions import arguments_of, function_of, is_called_on_new, returned
from chunklint.semantics.ecmascript.handler_streams import LeftOn
from chunklint.semantics.ecmascript.handler_timers import Reset
from chunklint.semantics.ecmascript.late_work import Late
from chunklint.semantics.ecmascript.leaks import Leak, ends_the_last, is_app_root
from chunklint.semantics.ecmascript.lifetimes import Reach, reach
from chunklint.semantics.ecmascript.misfits import Misfit, Mismatch
from chunklint.semantics.ecmascript.outside_effects import Opened, Started
from chunklint.semantics.ecmascript.react import Deps
from chunklint.semantics.ecmascript.reconnections import Reconnect, Retry
from chunklint.semantics.ecmascript.releases import Kind
from chunklint.semantics.ecmascript.reruns import runs_again
from chunklint.semantics.ecmascript.resources import EACH_RENDER, EACH_RUN, Acquisition
from chunklint.semantics.ecmascript.shared_answers import Answer, Question
from chunklint.semantics.ecmascript.shared_receivers import only_receiver_changes, shared_origin
from chunklint.semantics.ecmascript.shutting import acquires_each_time
from chunklint.semantics.ecmascript.stale_answers import Stale
from chunklint.semantics.ecmascript.stale_cleanups import Blind
from chunklint.semantics.wording import capitalised

_FITS = MappingProxyType(
    {
        Misfit.HANDLER: "the cleanup's `{removal}` is given another function, so it removes nothing",
        Misfit.EVENT: "the cleanup removes the same handler from {event}",
        Misfit.TARGET: "the cleanup removes the listener from `{target}`",
        Misfit.CAPTURE: "the cleanup's `{removal}` has another capture flag, so it removes nothing",
        Misfit.FORGOTTEN: "the cleanup leaves it out",
        Misfit.BRANCH: "not every branch of the effect returns the cleanup",
        Misfit.OVERWRITTEN: "each round of the loop overwrites `{name}`, and the cleanup sees the last one only",
    }
)
_HEADS = ("function", "constructor", "left", "parameters", "parameter")


def head_of(node: Node) -> Node:
    """The first line of what is long: a call without its arguments, an assignment's target."""
    if node.start_point[0] == node.end_point[0]:
        return node
    return next((part for name in _HEADS if (part := node.child_by_field_name(name)) is not None), node)


def called_text(file: SourceFile, call: Node) -> str:
    """What is called, on one line."""
    return " ".join(file.text(call.child_by_field_name("function") or call).split())


def seen_at(acquired: Acquisition) -> Node:
    """Where a finding about an acquisition stands: the effect's own call that leads to it, or the acquisition."""
    return head_of(acquired.path[0] if acquired.path else acquired.node)


def way_to(file: SourceFile, acquired: Acquisition) -> list[tuple[Node, str]]:
    """The code flow from the effect to an acquisition in a function that it calls; [] when it acquires itself."""
    steps = [(call, f"The effect calls `{called_text(file, call)}`.") for call in acquired.path]
    return [*steps, (acquired.node, f"{capitalised(acquired.keeps)}.")] if steps else []


def leak_message(file: SourceFile, leak: Leak) -> str:
    """What an effect without a cleanup leaves behind."""
    acquired = leak.acquired
    if leak.overwrites:
        return (
            f"Each re-run of the effect overwrites `{leak.overwrites}`, and {acquired.keeps}: the unmount releases the "
            f"last one only. Call {acquired.release} in a cleanup of this effect."
        )
    keeps = acquired.keeps
    if acquired.path:
        keeps = f"`{called_text(file, acquired.path[0])}` is never undone: {keeps}"
    if leak.touches and not leak.outside:
        return (
            f"The timer of an earlier run still calls `{leak.touches}` over what has been set since: "
            f"{_blame(file, leak)}. Clear it in a cleanup of this effect."
        )
    if leak.touches:
        return f"{capitalised(keeps)} after unmount and calls `{leak.touches}`; {_blame(file, leak)}."
    # What the component itself owns goes with it, and with it all that it keeps.
    owned = acquired.receiver is not None and reach(file, acquired.receiver, leak.effect) is Reach.OWNED
    text = f"{capitalised(keeps)}{'' if owned else ' after unmount'}; {_blame(file, leak)}."
    # With another receiver each time, none of them gets another listener.
    if not adds_up(file, leak) or shared_origin(file, leak.effect, acquired) is not None:
        return text
    if leak.effect.runs is Deps.NONE:
        return text + EACH_RENDER
    return text + EACH_RUN


def said_of_lasting(message: str) -> str:
    """The same of a component that stays as long as the page: only the re-runs of its effect leave anything behind."""
    return message.replace(" after unmount; ", "; ", 1) if message.endswith((EACH_RUN, EACH_RENDER)) else message


def adds_up(file: SourceFile, leak: Leak) -> bool:
    """Whether each run of the effect leaves another behind, while the component is there."""
    if leak.overwrites:
        return True
    # A late answer of a run that another has followed fills the state, whose own effect releases it.
    if leak.late or leak.acquired.kind is Kind.GLOBAL or leak.effect.runs is Deps.EMPTY:
        return False
    # With another receiver each time, none of them gets another listener.
    acquired = leak.acquired
    if only_receiver_changes(file, leak.effect, acquired) and shared_origin(file, leak.effect, acquired) is None:
        return False
    if not runs_again(file, leak.effect):
        return False
    return not ends_the_last(file, leak) and not _comes_once(file, leak)


def _comes_once(file: SourceFile, leak: Leak) -> bool:
    """Whether later runs of the effect do not come so far as to acquire."""
    effect, acquired = leak.effect, leak.acquired
    turned = is_past_once(file, effect, acquired) or is_turned_away(file, effect, acquired)
    return turned or not acquires_each_time(file, effect, acquired)


def _blame(file: SourceFile, leak: Leak) -> str:
    if leak.late:
        return f"when that happens during the wait, `{leak.late}` never holds it and its cleanup cannot revoke it"
    if leak.fresh and leak.by_hand is not None:
        return f"`{file.text(leak.by_hand)}` sees a variable that each call makes anew, and so clears nothing"
    if leak.acquired.kind is Kind.GLOBAL:
        return "nothing restores it then"
    if leak.by_hand is not None:
        missing = "no re-run calls it" if leak.touches and not leak.outside else "not on unmount"
        return f"`{called_text(file, leak.by_hand)}` is called, but {missing}"
    if not leak.effect.keeps_cleanup and any(function_of(file, value) for value in returned(leak.effect.callback)):
        return f"`{called_text(file, leak.effect.call)}` does not pass the returned cleanup on"
    if (vain := called_without_event(file, leak.acquired)) is not None:
        return f"`{called_text(file, vain)}` is called without the event, and so removes nothing"
    return f"nothing calls {leak.acquired.release}"


def leak_severity(file: SourceFile, leak: Leak) -> Severity:
    """An error for what piles up for sure; a note for what ends by itself, or lives as long as the page anyway."""
    reruns = runs_again(file, leak.effect) and not _comes_once(file, leak)
    if is_app_root(file, leak.effect.owner):
        return Severity.NOTE
    if leak.overwrites:
        return Severity.WARNING
    match leak.acquired.kind:
        case Kind.TIMEOUT if leak.fresh:
            return Severity.ERROR
        case Kind.TIMEOUT:
            return Severity.WARNING if leak.outside and leak.by_hand is None else Severity.NOTE
        case Kind.LISTENER | Kind.INTERVAL | Kind.CONNECTION if leak.by_hand is not None:
            return Severity.WARNING if reruns else Severity.NOTE
        case Kind.OBJECT_URL | Kind.INSTANCE:
            return Severity.WARNING
        case Kind.GLOBAL:
            return Severity.NOTE if leak.by_hand is not None else Severity.WARNING
        case Kind.OBSERVER:
            return Severity.WARNING if reruns else Severity.NOTE
    return Severity.ERROR if reruns else Severity.WARNING


def worst_of(file: SourceFile, found: Sequence[Leak]) -> Leak:
    """The gravest of what an effect leaves behind: of equals, what outlives the component, then what comes first."""

    def gravity(leak: Leak) -> tuple[int, bool]:
        receiver = leak.acquired.receiver
        outlives = receiver is None or reach(file, receiver, leak.effect) is not Reach.OWNED
        return leak_severity(file, leak).rank, outlives

    return max(found, key=gravity)


def asker(stale: Stale) -> Node:
    """Where a finding about a late answer stands: the effect's own call that leads to it, or what takes the answer."""
    return head_of(stale.path[0] if stale.path else stale.setter)


def stale_message(dependency: str, setter: str, onto: str) -> str:
    """What happens when the answers of two runs of an effect come in the wrong order, or both belong to one list."""
    if onto:
        return (
            f"`{setter}` puts the answer behind `{onto}` as it was when the effect ran: a request for another "
            f"`{dependency}` that starts before it comes does the same, and one of the two answers is lost. Put it "
            f"behind what is there by then: `{setter}((last) => [...last, ...])`."
        )
    return (
        f"A slow answer for an earlier `{dependency}` overwrites the later one: "
        f"`{setter}` does not know which request it belongs to. Ask first for a flag that a "
        "cleanup sets, or abort the request there."
    )


def overtaken_message(question: Question, answer: Answer, dependency: str) -> str:
    """The same, where a hook or store of another file takes the answers."""
    return (
        f"A slow answer for an earlier `{dependency}` overwrites the later one: `{question.text}` sets `{answer.sets}` "
        "without asking which request it belongs to. Let it take a signal that this effect's cleanup aborts, or "
        "compare the request with the latest one before it sets anything."
    )


def started_message(started: Started) -> str:
    """What an interval does that a handler starts."""
    if started.polls:
        text = "The interval polls on after unmount, until the other window closes; keep its handle in a ref"
        return f"{text} and clear it in the cleanup of an effect."
    each = "Each call that comes so far starts another interval, which"
    if started.ended_in:
        return f"{each} only `{started.ended_in}` ends, should that be called. End it wherever what it serves ends."
    if started.by_hand is not None:
        return "The interval keeps running after unmount: `clearInterval` is called, but not on unmount."
    if started.asked:
        return "The interval keeps running after unmount; nothing calls `clearInterval`."
    return f"{each} runs on for good, after unmount, too: nothing calls `clearInterval`."


def added_message(added: Acquisition) -> str:
    """What a listener does that a handler adds."""
    return (
        f"{capitalised(added.keeps)} after unmount: a handler adds it, and nothing calls {added.release}. "
        "Add it in an effect that removes it in its cleanup, or remove it when the event is over."
    )


def left_open_message(opened: Acquisition) -> str:
    """What a connection does that a handler opens."""
    return (
        f"{capitalised(opened.keeps)} after unmount: a handler opens it, and nothing calls {opened.release}. "
        "Keep it in a ref, close it before the next one, and in the cleanup of an effect."
    )


def left_on_message(left: LeftOn) -> str:
    """What a stream does that a handler or a function of a hook opens, and no cleanup ends."""
    opened = left.acquired
    who = "only handlers call" if left.hook is None else "no cleanup calls"
    held = "Stop" if left.in_ref else "Keep the stream in a ref, and stop"
    return (
        f"{capitalised(opened.keeps)} after unmount: {who} {opened.release}. "
        f"{held} its tracks in the cleanup of an effect, too."
    )


def reset_message(found: Reset) -> str:
    """What the timer of an earlier click does to a later one."""
    return (
        f"The timer of an earlier call empties `{found.state}` when a later one has set it to another "
        f"`{found.subject}`, which is gone too early then. Keep the timer's handle in a ref, and clear it before the "
        "next one."
    )


def opened_message(file: SourceFile, opened: Opened) -> str:
    """What the initialiser of a hook, or the rendering itself, opens."""
    found = opened.acquired
    keeps = capitalised(found.keeps)
    if opened.hook is None and found.kind is Kind.OBJECT_URL:
        return f"{keeps}: each render makes another and none is revoked. Make it in an effect that revokes it."
    if opened.hook is None:
        return f"{keeps}: each render acquires another. Acquire it in an effect that calls {found.release} at the end."
    return (
        f"{keeps} after unmount: `{called_text(file, opened.hook)}` has no cleanup. "
        f"Acquire it in an effect that calls {found.release} in its cleanup."
    )


def opened_severity(opened: Opened) -> Severity:
    """An error for what each render opens; addresses of blobs only cost memory."""
    each_render = opened.hook is None and opened.acquired.kind is not Kind.OBJECT_URL
    return Severity.ERROR if each_render else Severity.WARNING


def endless_message(found: Endless) -> str:
    """What React cannot end."""
    keeps = found.acquired.keeps if found.acquired is not None else f"`{found.notify}` stays subscribed"
    return (
        "`useSyncExternalStore` ends a subscription by calling what this function returns, and it returns nothing: "
        f"{keeps} after unmount. Return a function that unsubscribes `{found.notify}`."
    )


def mismatch_message(file: SourceFile, found: Mismatch) -> str:
    """What a cleanup does not release, why not, and what to write."""
    removal, target, event = "", "", ""
    if found.other is not None and found.other.type == "call_expression":
        removal = called_text(file, found.other)
        target = removal.rpartition(".")[0] or "window"
        event = "every event" if not arguments_of(found.other) else file.text(arguments_of(found.other)[0])
    if found.sort is Misfit.FORGOTTEN and found.other is not None:
        held = file.text(arguments_of(found.other)[0])
        return (
            f"{capitalised(found.acquired.keeps)} after unmount: the cleanup clears only what `{held}` holds. Keep the "
            "handle of each timer in one variable, and clear that."
        )
    why = _FITS[found.sort].format(removal=removal, target=target, event=f"`{event}`", name=found.name)
    return f"{capitalised(found.acquired.keeps)} after unmount: {why}. {_advice(found)}"


def _advice(found: Mismatch) -> str:
    match found.sort:
        case Misfit.HANDLER if is_called_on_new(found.acquired.node):
            return (
                "Each call makes another object: keep one in a constant, with a name for the handler, for both calls."
            )
        case Misfit.HANDLER:
            return "Give the handler a name, and pass that name to both calls."
        case Misfit.EVENT | Misfit.TARGET | Misfit.CAPTURE:
            return "Pass both calls the same target, event, handler and options."
        case Misfit.BRANCH:
            return "Return the cleanup from every branch that is reached after this."
        case Misfit.OVERWRITTEN:
            return "Collect the handles in a list and release each of them."
        case Misfit.FORGOTTEN if found.name:
            # This cleanup comes before each re-run, and no re-run would make another.
            lists = "with no dependencies" if found.name.endswith(".current") else f"that lists `{found.name}` alone"
            return f"Call {found.acquired.release} in the cleanup of an effect of its own, {lists}."
    return f"Call {found.acquired.release} in the cleanup, too."


def mismatch_severity(found: Mismatch) -> Severity:
    """An error for a removal that removes nothing, a warning for one that is missing on a way."""
    match found.sort:
        case Misfit.HANDLER | Misfit.EVENT | Misfit.TARGET | Misfit.CAPTURE:
            return Severity.ERROR
    return Severity.WARNING


def late_message(late: Late) -> str:
    """What is acquired when the cleanup may have run already."""
    when = "When the component unmounts" + (" or the effect runs again" if late.reruns else "")
    if late.stumbles:
        when = "When the effect runs again"
    if late.rearms:
        then = "the timer goes on" if late.goes_on else "the timer still fires"
        return (
            f"{when} during the wait before this, `{late.name}` is set after the cleanup has "
            f"run, and {then}. Ask here for a flag that the cleanup sets."
        )
    if late.ends_itself:
        return (
            f"{when} during the wait, the cleanup runs before `{late.name}` is set: the interval "
            "goes on, and only its own callback ends it, which also leads to another page. Ask after the wait for a "
            "flag that the cleanup sets."
        )
    if late.name:
        return (
            f"{when} during the wait, the cleanup runs before `{late.name}` is set, and nothing "
            f"releases it. Ask after the wait for a flag that the cleanup sets, and release `{late.name}` at once."
        )
    return (
        f"{when} during the wait before this, the cleanup has run already, and the listener stays. "
        "Ask after the wait for a flag that the cleanup sets."
    )


def blind_message(file: SourceFile, blind: Blind) -> str:
    """Why a cleanup of the first rendering releases nothing."""
    called = called_text(file, blind.call).replace("?", "")
    then = f"so `{called}` is never called" if blind.asked else f"so `{called}` releases nothing"
    keep = f"Keep what `{blind.state}` holds in a ref that the cleanup reads"
    if called.endswith("revokeObjectURL") and blind.alone:
        keep += f", or list `{blind.state}` among the dependencies"  # What is replaced is over at once.
    return f"The cleanup sees `{blind.state}` as it was in the first rendering, {blind.first}, {then}. {keep}."


def retry_message(again: Retry) -> str:
    """What a timer does that an error has set."""
    return (
        f"When the component unmounts while this timer waits, it opens the next `{again.what}` after unmount, and "
        "nothing closes that one. Keep the timer's handle, and clear it in the cleanup, too."
    )


def reconnect_message(again: Reconnect) -> str:
    """How a socket comes back after its cleanup has closed it."""
    when = "While the socket is still connecting, closing" if again.cleanly else "Closing"
    return (
        f"{when} it in the cleanup runs its close handler, which opens the next one: it lives on after unmount. "
        "Set `onclose = null` before `close()`, or a flag that the handler asks for."
    )
