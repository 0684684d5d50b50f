"""CL501: an effect that acquires what nothing releases on unmount."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chunklint.api import (
    ACQUIRING,
    Deps,
    Draft,
    EcmascriptFile,
    Effect,
    Kind,
    Leak,
    Node,
    Offer,
    Rule,
    Severity,
    Start,
    acquisitions,
    arguments_of,
    capitalised,
    ecmascript,
    effects,
    function_of,
    hook_calls,
    is_app_root,
    is_test_or_story,
    joined,
    leaks,
    offers,
    opened_by_initialisers,
    returned,
    stale_answers,
    started_by_handlers,
    starts,
)

rule = Rule(
    code="CL501",
    name="effect-without-cleanup",
    ticket="TICKET-005",
    when="a component adds a listener, starts a timer, opens a connection or asks for data, and no cleanup ends it",
    effect="it outlives the component: memory grows with every mount, and old callbacks act on what is gone",
    instead="return a function from the effect that removes, clears or closes exactly what the effect acquired",
    bad="""import { useEffect, useState } from "react";

export function Width() {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    window.addEventListener("resize", () => setWidth(window.innerWidth));
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
    mentions=("Effect", "-effect", "useMount", *ACQUIRING),
    silent_on=(
        "effects that return anything which may be a cleanup; whether it fits is CL502's question",
        "handles that another effect of the component releases, from a ref, a state variable or a helper",
        "listeners with `once` or `signal`, on objects that the effect made itself, or on an element that dies with "
        "the component while the effect runs once",
        "timers of up to 50 ms, single animation frames, timers whose callback touches only elements",
        "singletons kept in a module's variable or on `window`; values handed to functions of other files",
        "tests, stories and mocks; class components",
    ),
    limits=(
        "an interval that a hook's function starts is reported only where an effect calls that function",
        "answers that come late count only where the request names a prop, a state or a route parameter",
        "a subscription on the result of a call (`api.list().subscribe(...)`) may complete by itself and is not judged",
        "functions of other files are followed for one hop, through relative, `@/` and `~/` imports",
        "an effect hook of another file counts only when it belongs to React or a known library",
    ),
)


@rule.each(ecmascript)
def never_releases(file: EcmascriptFile) -> Iterator[Draft]:
    if is_test_or_story(file.path):
        return
    for effect in effects(file):
        found = list(leaks(file, effect))
        if not any(leak.late for leak in found):
            yield from _overwritten(file, effect)
        if not found:
            continue
        worst = max(found, key=lambda leak: _severity(file, leak).rank)
        others = [(leak.acquired.node, _sentence(leak.acquired.keeps)) for leak in found if leak is not worst]
        path = worst.acquired.path
        steps = [(call, f"The effect calls `{_callee(file, call)}`.") for call in path]
        if path:
            steps.append((worst.acquired.node, _sentence(worst.acquired.keeps)))
        place = path[0] if path else worst.acquired.node
        yield rule.at(_head(place), _message(file, worst), severity=_severity(file, worst), steps=steps, related=others)


def _overwritten(file: EcmascriptFile, effect: Effect) -> Iterator[Draft]:
    for stale in stale_answers(file, effect):
        setter = _callee(file, stale.setter)
        message = (
            f"A slow answer for an earlier `{stale.dependency}` overwrites the later one: `{setter}` does not know "
            "which request it belongs to. Ask first for a flag that a cleanup sets, or abort the request there."
        )
        steps = [(call, f"The effect calls `{_callee(file, call)}`.") for call in stale.path]
        steps += [
            (_head(stale.request), f"The answer depends on `{stale.dependency}`."),
            (_head(stale.setter), f"`{setter}` takes it."),
        ]
        yield rule.at(_head(stale.path[0] if stale.path else stale.setter), message, steps=steps)


@rule.each(ecmascript)
def initialiser_posing_as_effect(file: EcmascriptFile) -> Iterator[Draft]:
    if is_test_or_story(file.path):
        return
    for hook in ("useState", "useMemo"):
        for call in hook_calls(file, hook):
            callback = function_of(file, arguments_of(call)[0])
            if callback is None or not _is_discarded(call):
                continue
            found = next(acquisitions(file, callback), None)
            if found is None or not any(function_of(file, value) for value in returned(callback)):
                continue
            message = f"`{hook}` never calls the cleanup that this function returns: {found.keeps} after unmount."
            yield rule.at(_head(call), message, severity=Severity.ERROR, related=[(found.node, _sentence(found.keeps))])


@rule.each(ecmascript)
def starts_outside_effects(file: EcmascriptFile) -> Iterator[Draft]:
    if is_test_or_story(file.path):
        return
    for started in started_by_handlers(file):
        if started.polls:
            text = "The interval polls on after unmount, until the other window closes; keep its handle in a ref"
            message = f"{text} and clear it in the cleanup of an effect."
        elif started.by_hand is not None:
            message = "The interval keeps running after unmount: `clearInterval` is called, but not on unmount."
        else:
            message = "The interval keeps running after unmount; nothing calls `clearInterval`."
        yield rule.at(_head(started.acquired.node), message, severity=Severity.WARNING)
    for opened in opened_by_initialisers(file):
        found = opened.acquired
        message = (
            f"{capitalised(found.keeps)} after unmount: `{_callee(file, opened.hook)}` has no cleanup. "
            f"Acquire it in an effect that calls {found.release} in its cleanup."
        )
        yield rule.at(_head(found.node), message, severity=Severity.WARNING)


@rule.fact(ecmascript)
def acquires_for_its_caller(file: EcmascriptFile) -> Iterator[Offer | Start]:
    if not is_test_or_story(file.path):
        yield from offers(file)
        yield from starts(file)


@rule.across
def starts_what_nobody_stops(facts: Mapping[str, tuple[Offer | Start, ...]]) -> Iterator[Draft]:
    for start, offer in joined(facts):
        drops = f" and drops what `{start.text}` returns to stop it" if offer.hands_back else ""
        message = f"The effect calls `{start.text}`{drops}: {offer.keeps} after unmount; nothing calls {offer.release}."
        severity = Severity.NOTE if start.in_root else Severity.WARNING
        steps = [(start.place, f"The effect calls `{start.text}`."), (offer.place, _sentence(offer.keeps))]
        yield rule.at(start.place, message, severity=severity, steps=steps)


def _message(file: EcmascriptFile, leak: Leak) -> str:
    acquired = leak.acquired
    keeps = (
        f"`{_callee(file, acquired.path[0])}` is never undone: {acquired.keeps}" if acquired.path else acquired.keeps
    )
    if leak.touches:
        return f"{capitalised(keeps)} after unmount and calls `{leak.touches}`; {_blame(file, leak)}."
    text = f"{capitalised(keeps)} after unmount; {_blame(file, leak)}."
    if leak.effect.runs is Deps.NONE:
        return f"{text} The effect has no dependency array: every render adds another."
    if leak.effect.runs is Deps.SOME and acquired.kind is not Kind.GLOBAL:
        return f"{text} Every re-run of the effect adds another."
    return text


def _blame(file: EcmascriptFile, leak: Leak) -> str:
    if leak.late:
        return f"when that happens during the wait, `{leak.late}` never holds it and its cleanup cannot revoke it"
    if leak.fresh and leak.by_hand is not None:
        return f"`{file.text(leak.by_hand)}` sees a variable that each call makes anew, and so clears nothing"
    if leak.acquired.kind is Kind.GLOBAL:
        return "nothing restores it then"
    if leak.by_hand is not None:
        return f"`{_callee(file, leak.by_hand)}` is called, but not on unmount"
    if not leak.effect.keeps_cleanup and any(function_of(file, value) for value in returned(leak.effect.callback)):
        return f"`{_callee(file, leak.effect.call)}` does not pass the returned cleanup on"
    return f"nothing calls {leak.acquired.release}"


def _severity(file: EcmascriptFile, leak: Leak) -> Severity:
    reruns = leak.effect.runs is not Deps.EMPTY
    if is_app_root(file, leak.effect.owner):
        return Severity.NOTE
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


def _is_discarded(call: Node) -> bool:
    """Whether nothing keeps the result of a hook, so that it can have been called for its side effect only."""
    return call.parent is not None and call.parent.type == "expression_statement"


def _head(node: Node) -> Node:
    """The first line of what is long: a call without its arguments."""
    if node.start_point[0] == node.end_point[0]:
        return node
    return node.child_by_field_name("function") or node.child_by_field_name("constructor") or node


def _callee(file: EcmascriptFile, call: Node) -> str:
    return file.text(call.child_by_field_name("function") or call)


def _sentence(clause: str) -> str:
    return f"{capitalised(clause)}."
