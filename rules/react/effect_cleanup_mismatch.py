"""CL502: a cleanup that releases something else than what the effect acquired, only sometimes, or too early."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from chunklint.api import (
    NAMING,
    Bound,
    Draft,
    EcmascriptFile,
    Effect,
    Feeding,
    Finding,
    Fix,
    Front,
    Holders,
    Lifespans,
    Maker,
    Placed,
    Reader,
    Refusal,
    Renewal,
    Reopening,
    Resolution,
    Rule,
    Severity,
    Shares,
    Tried,
    Uses,
    acquires_each_time,
    asked_after_wait,
    asked_whose,
    blind_cleanups,
    blind_message,
    bound,
    captured_too_early,
    closed_for_good,
    ecmascript,
    effects,
    fitted,
    head_of,
    idle_flags,
    idle_owners,
    is_app_root,
    is_over,
    is_readable,
    is_test_or_story,
    late_closes,
    late_handles,
    late_message,
    makers,
    mismatch_message,
    mismatch_severity,
    mismatches,
    named_front,
    never_runs,
    read_in_cleanup,
    reconnect_message,
    reconnects,
    renewals,
    reopened,
    reopenings,
    retries,
    retry_message,
    runs_again,
    seen_at,
    shared_origin,
    unset_flags,
    way_to,
    ways_in,
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
    mentions=(
        "Effect",
        "-effect",
        "use",
        "/>",
        "</",
        # Whoever imports a hook or component may use it.
        "import",
        "require(",
        *NAMING,
        "export",
    ),
    silent_on=(
        "a state in the cleanup of an effect that runs once, where it is not empty at first, nothing fills it, another "
        "effect lists it and cleans up, or only a timer that goes off once would be cleared",
        "cleanups that call what this file does not define, unless their own removal shows the mistake",
        "handles that another effect of the component releases; receivers that the cleanup closes",
        "flags that a function inside the effect asks, whenever that runs, and those beside late work that does no "
        "harm: of an effect that runs once and leads to no other page; that appends to state; that is aborted; that "
        "sets state of its own where the effect runs again for nothing but what a context or a store holds",
        "work that asks, after its wait, for a flag, a signal, a generation, the identity of what a ref holds, or an "
        "element of the component; that of an effect that runs once and goes through such an element first, or waits "
        "for what does; work whose request the cleanup calls off, whose promise it waits for, or whose timers it "
        "clears while nothing else is waited for; what runs as a signal is aborted, and intervals that ask the "
        "cleanup's flag and clear themselves",
        "a timer that is set after a wait, goes off once and only sets state, or with the next frame; what "
        "waits for the state of a permission or of the battery, or a lock of the screen only, which the browser "
        "answers within milliseconds",
        "events and options that are not written as literals; listeners that die with their element, where the effect "
        "runs again for nothing but refs, setters and functions that hooks keep (`useThrottleFn`), and those on the "
        "document of a frame where the effect runs again for what they do not use",
        "handlers that the effect and its cleanup take from the same collection",
        "what waits in a `Layout`, `Shell` or `Provider` that runs again for nothing that it is given",
        "intervals that clear themselves, unless they lead to another page, and observers of the component's own "
        "element, that are made after a wait",
        "components and hooks that stay as long as the page, and acquire once, or as long as what ends the receiver, "
        "and those that nothing which runs leads to, see CL501",
        "effects that leave where the element is missing that they read too early, or where what they made is empty; "
        "branches whose comment says that what was acquired is to stay",
        "tests, stories, mocks and examples; class components; components of Solid",
    ),
    limits=(
        "cleanups are followed through local functions, two calls deep",
        "hooks that reopen at every render: WebSocket and its kin only, through relative, `@/` and `~/` imports",
        "a flag counts by its name or by a cleanup that sets it, also when the next run resets it",
        "timers that reopen after an error: of an EventSource only, where the cleanup clears no timer at all",
    ),
)

Shared = Reopening | Renewal | Placed | Bound | Maker | Reader | Holders | Uses | Front | Tried


Said = tuple[Draft, tuple[str, str] | None, bool]
"""A finding, what hands out the receiver, when each run meets another of those, and whether it grows with re-runs."""


@rule.each(ecmascript)
def releases_too_little(file: EcmascriptFile) -> Iterator[Draft]:
    for effect, said in _all_said(file):
        if idle_owners(file, effect) is None:
            yield from (draft for draft, receiver, grows in said if grows and receiver is None)


def _all_said(file: EcmascriptFile) -> Sequence[tuple[Effect, Sequence[Said]]]:
    """What is said of the effects of a file, if only other files tell whether that ever happens."""

    def find() -> Iterator[tuple[Effect, Sequence[Said]]]:
        for effect in effects(file) if not is_test_or_story(file) else ():
            again = runs_again(file, effect)
            said = [(draft, receiver, again and grows) for draft, receiver, grows in _left_over(file, effect)]
            said += [(draft, None, True) for draft in (*_asked_by_nobody(file, effect), *_back(file, effect))]
            if said:
                yield effect, said

    return file.remember("cleanups that do not fit", lambda: tuple(find()))


def _left_over(file: EcmascriptFile, effect: Effect) -> Iterator[Said]:
    """What the cleanup of an effect leaves: it releases something else, or runs too early.

    Each with what hands out the receiver, when each run meets another of those, and whether each run leaves one more.
    """
    for found in mismatches(file, effect):
        severity = Severity.NOTE if is_app_root(file, effect.owner) else mismatch_severity(found)
        related = [(found.other, "This does not release it.")] if found.other is not None else []
        steps, place = way_to(file, found.acquired), seen_at(found.acquired)
        draft = rule.at(place, mismatch_message(file, found), severity=severity, steps=steps, related=related)
        grows = acquires_each_time(file, effect, found.acquired)
        yield draft, shared_origin(file, effect, found.acquired), grows
    for late in late_handles(file, effect):
        yield rule.at(head_of(late.node), late_message(late), severity=_severity_of_late(file, effect)), None, True
    for declarator, name in captured_too_early(file, effect):
        message = (
            f"`{name}` is still empty when the effect reads it, so the cleanup releases nothing. "
            f"Read `{name}` inside the cleanup."
        )
        yield rule.at(declarator, message, severity=Severity.NOTE), None, True
    for blind in blind_cleanups(file, effect):
        yield rule.at(head_of(blind.call), blind_message(file, blind), severity=Severity.WARNING), None, True


def _asked_by_nobody(file: EcmascriptFile, effect: Effect) -> Iterator[Draft]:
    """The flags of a cleanup that cancel nothing."""
    for declarator, name, asked in idle_flags(file, effect):
        late = "it is asked only while the effect itself runs, before any cleanup" if asked else "nothing asks it"
        message = (
            f"`{name}` cancels nothing: the cleanup sets it, but {late}. Ask it after each wait, in the work that "
            "comes late."
        )
        yield rule.at(declarator, message, severity=Severity.WARNING)
    for declarator, name in unset_flags(file, effect):
        message = (
            f"`{name}` cancels nothing: the cleanup that sets it is returned only where the effect leaves before the "
            "work that asks it. Return it behind that work, too."
        )
        yield rule.at(declarator, message, severity=Severity.WARNING)


def _back(file: EcmascriptFile, effect: Effect) -> Iterator[Draft]:
    """What comes back after the cleanup has closed it."""
    for again in reconnects(file, effect):
        steps = [
            (again.close, "The cleanup closes the socket."),
            (head_of(again.handler), "The socket's close handler runs."),
            (again.opens, "It opens the next socket."),
        ]
        severity = Severity.WARNING if again.cleanly else Severity.ERROR
        yield rule.at(again.close, reconnect_message(again), severity=severity, steps=steps)
    for retry in retries(file, effect):
        yield rule.at(head_of(retry.timer), retry_message(retry), severity=_severity_of_late(file, effect))
    for late in late_closes(file, effect):
        message = (
            f"A late close event empties `{late.name}` after the next run of the effect has put its own socket "
            f"there: nothing closes that one any more. Ask first whether `{late.name}` is still this socket."
        )
        yield rule.at(late.assignment, message, severity=Severity.WARNING)


@rule.shares(ecmascript, "ways in")
def leads_to_others(file: EcmascriptFile) -> Iterator[Shared]:
    yield from ways_in(file)


@rule.fact(ecmascript)
def opens_for_its_caller(file: EcmascriptFile) -> Iterator[Shared]:
    if is_test_or_story(file):
        return
    yield from reopenings(file)
    yield from renewals(file)
    yield from makers(file)
    owners = set[str]()
    for effect, said in _all_said(file):
        idle = idle_owners(file, effect)
        owners.update(idle or ())
        for draft, receiver, grows in said:
            if (idle is not None or receiver is not None or not grows) and is_readable(file, draft.place):
                yield replace(bound(file, effect.call, draft, receiver, grows), idle=idle)
    yield from named_front(file, owners)


@rule.across
def outlives_its_component(
    facts: Mapping[str, tuple[Shared, ...]], whole: bool, resolution: Resolution
) -> Iterator[Draft]:
    said = [(path, one) for path, own in facts.items() for one in own if isinstance(one, Bound)]
    if not said:
        return
    spans, feeds = Lifespans(facts, resolution), Feeding(facts, resolution)
    shares = Shares(facts, spans)
    for path, one in said:
        if not whole or not (is_over(spans, shares, path, one) or never_runs(spans, feeds, path, one.idle)):
            yield rule.at(one.place, one.message, severity=one.severity, steps=one.steps, related=one.related)


@rule.across
def reopens_at_every_render(facts: Mapping[str, tuple[Shared, ...]]) -> Iterator[Draft]:
    for opening, name, calls in reopened(facts):
        message = (
            f"The cleanup closes the `{opening.what}` and the effect opens another at every render of "
            f"`{calls[0].caller}`, which passes a new `{name}` each time. Keep the latest `{name}` in a ref, and leave "
            "it out of the dependencies."
        )
        related = [(call.place, f"`{call.caller}` passes what it has made anew.") for call in calls]
        yield rule.at(opening.place, message, severity=Severity.WARNING, related=related)


@rule.fix(
    ecmascript,
    does="gives the removal what the addition was given, adds the release that the cleanup left out, or asks after a "
    "wait for a flag that the cleanup sets",
    safety="safe where only the cleanup changes; unsafe where something is no longer done after a wait, or a socket's "
    "close handler no longer runs",
)
def release_what_was_acquired(file: EcmascriptFile, finding: Finding) -> Fix | Refusal:
    span = finding.location.span
    for effect in effects(file):
        for found in mismatches(file, effect):
            if file.span(seen_at(found.acquired)) == span:
                return fitted(file, effect, found)
        for late in late_handles(file, effect):
            if file.span(head_of(late.node)) == span:
                return asked_after_wait(file, effect, late)
        for declarator, _ in captured_too_early(file, effect):
            if file.span(declarator) == span:
                return read_in_cleanup(file, effect, declarator)
        for again in reconnects(file, effect):
            if file.span(again.close) == span:
                return closed_for_good(file, again)
        for closed in late_closes(file, effect):
            if file.span(closed.assignment) == span:
                return asked_whose(file, closed)
    return Refusal("what renews it at every render stands in another file, or in several")


def _severity_of_late(file: EcmascriptFile, effect: Effect) -> Severity:
    return Severity.NOTE if is_app_root(file, effect.owner) else Severity.WARNING
