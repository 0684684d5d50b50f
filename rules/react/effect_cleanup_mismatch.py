"""CL502: a cleanup that releases something else than what the effect acquired, only sometimes, or too early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from chunklint.api import (
    Draft,
    EcmascriptFile,
    Effect,
    Late,
    Misfit,
    Mismatch,
    Node,
    Reconnect,
    Renewal,
    Reopening,
    Rule,
    Severity,
    arguments_of,
    capitalised,
    captured_too_early,
    ecmascript,
    effects,
    is_app_root,
    is_test_or_story,
    late_closes,
    late_handles,
    mismatches,
    reconnects,
    renewals,
    reopened,
    reopenings,
)

rule = Rule(
    code="CL502",
    name="effect-cleanup-mismatch",
    ticket="TICKET-005",
    when="an effect's cleanup releases something else than the effect acquired, misses a branch, or runs too early",
    effect="the code looks clean and leaks all the same: what was acquired outlives the component",
    instead="release by the same event, handler, options and handle; after a wait, ask for a flag of the cleanup",
    bad="""import { useEffect, useState } from "react";

export function Width() {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    window.addEventListener("resize", () => setWidth(window.innerWidth));
    return () => window.removeEventListener("resize", () => setWidth(window.innerWidth));
  }, []);
  return <p>{width}</p>;
}
""",
    good="""import { useEffect, useState } from "react";

export function Width() {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const measure = () => setWidth(window.innerWidth);
    window.addEventListener("resize", measure);
    return () => window.removeEventListener("resize", measure);
  }, []);
  return <p>{width}</p>;
}
""",
    example="src/components/Width.tsx",
    mentions=("Effect", "-effect", "use"),
    silent_on=(
        "cleanups that call what this file does not define, unless their own removal shows the mistake",
        "handles that another effect of the component releases; receivers that the cleanup closes",
        "work that asks, after its wait, for a flag, a signal, a generation or the identity of what a ref holds",
        "events and options that are not written as literals; listeners that die with their element",
        "tests, stories and mocks; class components",
    ),
    limits=(
        "cleanups are followed through local functions, two calls deep",
        "hooks that reopen at every render: WebSocket and its kin only, through relative, `@/` and `~/` imports",
        "a flag counts by its name or by a cleanup that sets it, also when the next run resets it",
    ),
)

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


@rule.each(ecmascript)
def releases_something_else(file: EcmascriptFile) -> Iterator[Draft]:
    if is_test_or_story(file.path):
        return
    for effect in effects(file):
        for found in mismatches(file, effect):
            severity = Severity.NOTE if is_app_root(file, effect.owner) else _severity(found)
            related = [(found.other, "This does not release it.")] if found.other is not None else []
            steps = [(call, f"The effect calls `{_callee(file, call)}`.") for call in found.acquired.path]
            steps += [(found.acquired.node, f"{capitalised(found.acquired.keeps)}.")] if steps else []
            place = found.acquired.path[0] if found.acquired.path else found.acquired.node
            yield rule.at(_head(place), _message(file, found), severity=severity, steps=steps, related=related)


@rule.each(ecmascript)
def acquires_after_the_cleanup(file: EcmascriptFile) -> Iterator[Draft]:
    if is_test_or_story(file.path):
        return
    for effect in effects(file):
        for late in late_handles(file, effect):
            yield rule.at(_head(late.node), _late(file, late), severity=_severity_of_late(file, effect))
        for declarator, name in captured_too_early(file, effect):
            message = (
                f"`{name}` is still empty when the effect reads it, so the cleanup releases nothing. "
                f"Read `{name}` inside the cleanup."
            )
            yield rule.at(declarator, message, severity=Severity.NOTE)


@rule.each(ecmascript)
def comes_back_after_closing(file: EcmascriptFile) -> Iterator[Draft]:
    if is_test_or_story(file.path):
        return
    for effect in effects(file):
        for again in reconnects(file, effect):
            steps = [
                (again.close, "The cleanup closes the socket."),
                (_head(again.handler), "The socket's close handler runs."),
                (again.opens, "It opens the next socket."),
            ]
            yield rule.at(again.close, _reconnected(again), severity=_severity_of(again), steps=steps)
        for late in late_closes(file, effect):
            message = (
                f"A late close event empties `{late.name}` after the next run of the effect has put its own socket "
                f"there: nothing closes that one any more. Ask first whether `{late.name}` is still this socket."
            )
            yield rule.at(late.assignment, message, severity=Severity.WARNING)


@rule.fact(ecmascript)
def opens_for_its_caller(file: EcmascriptFile) -> Iterator[Reopening | Renewal]:
    if not is_test_or_story(file.path):
        yield from reopenings(file)
        yield from renewals(file)


@rule.across
def reopens_at_every_render(facts: Mapping[str, tuple[Reopening | Renewal, ...]]) -> Iterator[Draft]:
    for opening, name, calls in reopened(facts):
        message = (
            f"The cleanup closes the `{opening.what}` and the effect opens another at every render of "
            f"`{calls[0].caller}`, which passes a new `{name}` each time. Keep the latest `{name}` in a ref, and leave "
            "it out of the dependencies."
        )
        related = [(call.place, f"`{call.caller}` passes what it has made anew.") for call in calls]
        yield rule.at(opening.place, message, severity=Severity.WARNING, related=related)


def _message(file: EcmascriptFile, found: Mismatch) -> str:
    removal, target, event = "", "", ""
    if found.other is not None and found.other.type == "call_expression":
        removal = _callee(file, found.other)
        target = removal.rpartition(".")[0] or "window"
        event = "every event" if not arguments_of(found.other) else file.text(arguments_of(found.other)[0])
    why = _FITS[found.sort].format(removal=removal, target=target, event=f"`{event}`", name=found.name)
    return f"{capitalised(found.acquired.keeps)} after unmount: {why}. {_advice(file, found)}"


def _advice(file: EcmascriptFile, found: Mismatch) -> str:
    match found.sort:
        case Misfit.HANDLER:
            return "Give the handler a name, and pass that name to both calls."
        case Misfit.EVENT | Misfit.TARGET | Misfit.CAPTURE:
            return "Pass both calls the same target, event, handler and options."
        case Misfit.BRANCH:
            return "Return the cleanup from every branch that is reached after this."
        case Misfit.OVERWRITTEN:
            return "Collect the handles in a list and release each of them."
    return f"Call {found.acquired.release} in the cleanup, too."


def _late(file: EcmascriptFile, late: Late) -> str:
    if late.rearms:
        return (
            f"When the component unmounts during the wait before this, `{late.name}` is set again after the cleanup "
            "has cleared it, and the timer goes on. Ask here for a flag that the cleanup sets."
        )
    if late.name:
        return (
            f"When the component unmounts during the wait, the cleanup runs before `{late.name}` is set, and nothing "
            f"releases it. Ask after the wait for a flag that the cleanup sets, and release `{late.name}` at once."
        )
    return (
        "When the component unmounts during the wait before this, the cleanup has run already, and the listener stays. "
        "Ask after the wait for a flag that the cleanup sets."
    )


def _reconnected(again: Reconnect) -> str:
    when = "While the socket is still connecting, closing" if again.cleanly else "Closing"
    return (
        f"{when} it in the cleanup runs its close handler, which opens the next one: it lives on after unmount. "
        "Set `onclose = null` before `close()`, or a flag that the handler asks for."
    )


def _severity(found: Mismatch) -> Severity:
    match found.sort:
        case Misfit.HANDLER | Misfit.EVENT | Misfit.TARGET | Misfit.CAPTURE:
            return Severity.ERROR
    return Severity.WARNING


def _severity_of_late(file: EcmascriptFile, effect: Effect) -> Severity:
    return Severity.NOTE if is_app_root(file, effect.owner) else Severity.WARNING


def _severity_of(again: Reconnect) -> Severity:
    return Severity.WARNING if again.cleanly else Severity.ERROR


def _head(node: Node) -> Node:
    """The first line of what is long: a call without its arguments, an assignment's target."""
    if node.start_point[0] == node.end_point[0]:
        return node
    fields = ("function", "constructor", "left", "parameters", "parameter")
    return next((part for name in fields if (part := node.child_by_field_name(name)) is not None), node)


def _callee(file: EcmascriptFile, call: Node) -> str:
    return " ".join(file.text(call.child_by_field_name("function") or call).split())
