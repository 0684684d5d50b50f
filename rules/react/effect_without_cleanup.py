"""CL501: an effect that acquires what nothing releases on unmount."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from chunklint.api import (
    ACQUIRING,
    NAMING,
    Answer,
    Asked,
    Bound,
    Draft,
    EcmascriptFile,
    Effect,
    Ended,
    Fed,
    Feed,
    Feeding,
    Finding,
    Fix,
    Front,
    Holders,
    Keeper,
    Leading,
    Leak,
    Lending,
    Lent,
    Lifespans,
    Loan,
    Maker,
    Modals,
    Nearness,
    Node,
    Offer,
    Placed,
    Question,
    Queued,
    Reader,
    Recorder,
    Reducer,
    Refusal,
    Rendered,
    Resolution,
    Rule,
    Severity,
    Shares,
    SlotMethod,
    Start,
    Tidied,
    Tidiness,
    Tried,
    Uses,
    VoidMethod,
    acquisitions,
    added_by_handlers,
    added_message,
    adds_up,
    answers,
    arguments_of,
    asked_first,
    asked_method,
    asker,
    bound,
    called_text,
    capitalised,
    changing_in,
    cleaned_up,
    ecmascript,
    effects,
    ended,
    endless_message,
    endless_subscriptions,
    fed_answers,
    function_of,
    head_of,
    held_in_ref,
    hook_calls,
    idle_around,
    idle_owners,
    is_for_all_files,
    is_only_tried,
    is_over,
    is_readable,
    is_test_or_story,
    joined,
    keeps_order,
    leak_message,
    leak_severity,
    leaks,
    left_on_message,
    left_open_message,
    lendings,
    loan_of,
    made_effect,
    makers,
    named_front,
    never_runs,
    offers,
    opened_by_handlers,
    opened_by_initialisers,
    opened_message,
    opened_severity,
    opened_streams,
    overtaken,
    overtaken_message,
    questions,
    recorder,
    reducers,
    rendered,
    reset_message,
    resets,
    returned,
    said_of_lasting,
    seen_at,
    shared_origin,
    stale_answers,
    stale_message,
    started_by_handlers,
    started_message,
    starts,
    tidied,
    void_methods,
    way_to,
    ways_in,
    worst_of,
)

rule = Rule(
    code="CL501",
    name="effect-without-cleanup",
    ticket="TICKET-005",
    when="a component adds a listener, starts a timer, opens a connection or asks for data, and no cleanup ends it",
    effect="it outlives its run: listeners and memory pile up, or what comes late acts on what is gone or has changed",
    instead="return a function from the effect that ends exactly what it acquired, or tells what is asked for to stop",
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
    mentions=(
        "Effect",
        "-effect",
        "useMount",
        "useSyncExternalStore",
        "zustand",
        "/>",
        "</",
        ".delete(",
        ".splice(",
        ".close(",
        ".disconnect(",
        ".stop(",
        "export {",
        "export *",
        "import(",
        "import.meta.glob",
        "require.context",
        "use server",
        # Whoever waits for a function of another file wants to know what that waits for.
        "async ",
        "Promise",
        "export function",
        "=>",
        # Whoever imports a hook or component may use it.
        ' from "',
        " from '",
        "require(",
        *NAMING,
        *ACQUIRING,
    ),
    silent_on=(
        "effects that return anything which may be a cleanup; whether it fits is CL502's question",
        "handles that another effect of the component, or what it gives a hook to run on unmount (`useUnmount(stop)`), "
        "releases, from a ref, a state variable or a helper, and those whose release is put away in a list",
        "listeners with `once` or a signal that may be aborted, on objects that the effect made itself, or on an "
        "element that dies with the component while the effect runs once, or that the component's own element hands "
        "over (`onLoad={setEditor}`) while the effect runs again only for callbacks, contexts and stores that the "
        "listener does not use; or on a window that the component opens or is handed, or that tells of its own end",
        "timers of up to 50 ms, single animation frames, timers whose callback touches only elements, or only the "
        "component's own state, unless it sets that, more than 500 ms later, over what another branch of the effect "
        "has set, or a hook goes by that state, and never what the effect's next run sets right, since it lists "
        "that; callback props and navigation up to 1 s later, unless each change sets such a timer, and callback "
        "props that are called after a wait or for their result; ways to the sign-in, and those after an answer, from "
        "a page that leads nowhere else, and out of a component that shows nothing; polls that another window "
        "ends and that only set state; timers that a ref lets run once, and those with which a notice has itself taken "
        "away; intervals that a `finally`, the clock, their own count or a reload of the page ends, or a timer beside "
        "them, unless they lead on or call what they are given, an answer, where they only set state, each outcome, "
        "where they tell it to notices or caches of the whole application, or the "
        "next run in a layout, a root or a provider",
        "listeners on what each mount has made for itself and lends as a prop, or each caller of a hook has from a "
        "child of its own (`setApi={setApi}`), or on a global variable's value that "
        "ends where the root is taken down; prompts before the page is left (`onbeforeunload`) that ask first",
        "what only tells a component that is gone: listeners that remove themselves, also behind a lock in a ref, "
        "or all that was added with them (a `cleanup()` that removes several), handlers in a slot of the page that the "
        "next mount fills, also after calls that only find out what to set (`parse(location.search)`), or in the slot "
        "of what the component itself holds, by a class of the project whose method puts one handler in the place of "
        "the last; polls for another window, listeners of the first "
        "run that only log; observers of the component's own element that run once; speech recognition that ends "
        "with the first result, an `EventSource` that is closed with the first message or an error, a worker that is "
        "ended with its first message, and a socket that only fails",
        "object URLs that `useMemo` makes of text, or one of each file that it is given, and those that a rendering "
        "makes of `JSON.stringify`; blobs lie in memory",
        "what is held of a rendering that the React Compiler builds (`babel-plugin-react-compiler` in the package.json "
        "of the package, or of the root): it keeps that as `useMemo` does",
        "`classList` of `<html>`, themes and other classes that the whole application wears; classes and styles that "
        "an effect of a layout, a root or a provider puts on and takes off; what keeps the page from scrolling, where "
        "the effect that locks it also gives it back",
        "components and hooks that stay as long as the page, and acquire once: those that the entry, a root layout or"
        " what stays itself mounts or calls, be it a class, with no condition but the sign-in, the platform, a "
        "setting of the build and what comes true once, no key, list, route, tab or modal around, also by a function "
        "of its own that it calls in any case; an entry mounts what it gives a call as it is loaded, too "
        "(`router.start(<App />)`), and what a function renders that it exports to fill an element of the page, also "
        "where it keeps or loads that first; what stands for another component stands as that does (`lazy`, "
        "`connect(a)(Part)`, a list of providers); what frameworks mount once by its place or name "
        "(`wrapRootElement`, `theme/Root`); what the one route at the top of a router shows, with all others but "
        "those of the sign-in below it, or nearly all, and the layout of Next's `app` that holds as many; and the "
        "page of Next that all others of its router only lead to; what is rendered to text, what nobody mounts and a "
        "package's part of the same name mount nothing",
        "what a method keeps that hands nothing back, by its body or its declared type, where no other method beside "
        "it takes that away",
        "singletons kept in a module's variable or on `window`, unless each call replaces them and nothing "
        "ends them; values handed to functions of other files",
        "late answers for props that every mount gives as a literal, changes the `key` with (also one made of the "
        "same state, or the key by which a list of many rows knows its items), keeps while a modal, a drawer or an "
        "overlay over the page is open (also a panel of the application's own that shows its children in one, and "
        "what lies fixed over the page by its classes or style), sets as it opens one, or changes only where the "
        "component is not shown (the other branch, another route of the same `<Switch>` or `<Routes>`, another pane "
        "of tabs or steps), or where an effect or handler of the parent hides it with each change; for state that is "
        "set once, when the component has been mounted, by what is picked in a dialog of the system (`await "
        "selectDirectory()`), or that an effect copies from such props; for what is only loaded again for the same; "
        "under a lock, or where a field, what is around it, what lies over it, a loading page, a dialog or the "
        "handler itself shuts the next question out meanwhile, by a state, by its word (`status === 'loading'`) or "
        "by a ref, also that of each caller of a hook by what the hook says of its loading, and that of a component "
        "which shuts its own callbacks, as far as its mounts change the question by nothing but callbacks that they "
        "hand in; where the effect asks only while a state is empty that the answer fills, also by a constant "
        "(`const loaded = !!Object.keys(rows).length`), or runs again for that and asks once more where it is "
        "another than is wanted (`if (page?.id === id) return`); for state that handlers set to what it holds, with "
        "another member than the request asks with, or to the name that a request has just given it in the place of "
        "the last one; what is kept under what was asked with (`{ ...rows, [id]: found }`); where the effect goes by "
        "a value of the render before (`usePrevious`), which the next render changes under any cleanup; for state "
        "that nothing reads, for totals, which are the same on each page, for icons, avatars and logos (also by the "
        "name of the component, `PageIcon`), and for a map that is only asked for another name of a key (`names[id] "
        "?? id`)",
        "answers in the order of their questions: what the application computes, imports or keeps on this machine, as"
        " packages such as Dexie or expo-sqlite do, also where functions, methods, hooks or workers of other files do "
        "it: all that these wait for must be read, and none of it ask a server; and actions of the server, which "
        "Next.js sends one after the other; what a timer asks for a second or more later",
        "late answers in components and hooks that nobody mounts or calls, or of a prop that no mount gives; hooks, "
        "and components that are exported by name or lie among the parts of an application (`components/`), or in no "
        "folder of pages of a package that renders itself, that no file imports, nor what alone uses them, where an "
        "entry or a root layout is among the files, a framework starts the application, or its package.json says "
        "`private`; what a barrel of an application offers again is not used by that",
        "what never happens: parts that stand behind a state that never becomes anything else than the literal it "
        "begins with (`count > PAGE_LENGTH` of a count that stays 0) and what only they "
        "set, work behind conditions that exclude each other or such a state, and what an initialiser of "
        "`useState` opens only for a state that is still empty",
        "tests, stories and mocks, but not a feature called `tests` deep in `src/` whose files do not speak as tests "
        "do; what lies in a folder with a dot before its name, as tools keep their own in; class components; "
        "components of Solid",
    ),
    limits=(
        "an interval that a hook's function starts is reported only where an effect calls that function",
        "timers of handlers count only where they take back what a later call has set for something else: a text that "
        "is shown, more than 500 ms later, or the mark of a row, from 2 s on; listeners of handlers only on the page, "
        "where the file removes none for that event; connections of handlers only where the component closes none and "
        "hands none on; streams of devices that handlers open only in components that end them elsewhere and in no "
        "cleanup, and hand them on to nobody, and in hooks that keep them in a ref, where no caller's cleanup goes by "
        "the name of what the hook hands out",
        "late answers of other files count in hooks and zustand stores only, not in Redux or MobX",
        "answers that come late count only where the request asks with state, or with a prop or argument that some "
        "mount or call feeds with state; contexts are not followed, of stores only what the component itself changes "
        "in zustand's, and route parameters count where their component itself leads to another page of its kind, not "
        "only once it has changed something (`await move()`), by the word before them, or the name of the constant "
        "(`${ROUTES.STORE}/${id}`), in its own route where a table of routes shows it, and by a value that is neither "
        "the parameter itself, whatever it is called or encoded with, nor the name of what was loaded for it",
        "a subscription on the result of a call (`api.list().subscribe(...)`) may complete by itself and is not judged",
        "functions, hooks, and constructors and methods of classes in other files are followed for one hop; of an "
        "exported object, only methods that keep a callback and return what deletes it",
        "an effect hook of another file counts only when it belongs to React or a known library",
        "what packages make and tell counts by the table of resources, and only where the file imports the package",
        "a constructor counts only where nothing in the component hands the object on or calls a method that ends it",
    ),
)

Shared = (
    Offer
    | Start
    | Ended
    | Answer
    | Keeper
    | Question
    | Fed
    | Feed
    | Uses
    | Tried
    | Modals
    | Leading
    | Queued
    | Front
    | Placed
    | Bound
    | Lending
    | Loan
    | Maker
    | Reader
    | Recorder
    | Reducer
    | Rendered
    | Holders
    | SlotMethod
    | Tidied
    | VoidMethod
)


@rule.each(ecmascript)
def takes_what_comes_late(file: EcmascriptFile) -> Iterator[Draft]:
    if is_test_or_story(file):
        return
    for effect in effects(file):
        if idle_owners(file, effect) is None:
            yield from _overwritten(file, effect)


def _receiver_of(file: EcmascriptFile, found: list[Leak]) -> tuple[str, str] | None:
    """What hands out the one receiver of all that an effect leaves behind, when each run meets another."""
    origins = {shared_origin(file, leak.effect, leak.acquired) for leak in found}
    return origins.pop() if len(origins) == 1 else None


def _asked_of(file: EcmascriptFile, found: list[Leak]) -> Asked | None:
    asked = {asked_method(file, leak.acquired) for leak in found}
    return asked.pop() if len(asked) == 1 else None


def _of_leaks(file: EcmascriptFile, found: list[Leak]) -> Draft:
    """What an effect leaves behind: the gravest, with the others beside it."""
    worst = worst_of(file, found)
    others = [(leak.acquired.node, f"{capitalised(leak.acquired.keeps)}.") for leak in found if leak is not worst]
    severity, steps = leak_severity(file, worst), way_to(file, worst.acquired)
    return rule.at(seen_at(worst.acquired), leak_message(file, worst), severity=severity, steps=steps, related=others)


def _overwritten(file: EcmascriptFile, effect: Effect) -> Iterator[Draft]:
    late = any(leak.late for leak in leaks(file, effect))
    for stale in stale_answers(file, effect) if not late else ():
        if is_for_all_files(file, stale):
            continue
        setter = called_text(file, stale.setter)
        steps = [(call, f"The effect calls `{called_text(file, call)}`.") for call in stale.path]
        steps += [
            (head_of(stale.request), f"The answer depends on `{stale.dependency}`."),
            (head_of(stale.setter), f"`{setter}` takes it."),
        ]
        yield rule.at(asker(stale), stale_message(stale.dependency, setter, stale.onto), steps=steps)


@rule.each(ecmascript)
def acquires_outside_effects(file: EcmascriptFile) -> Iterator[Draft]:
    yield from (draft for node, draft in _beside_effects(file) if idle_around(file, node) is None)


def _beside_effects(file: EcmascriptFile) -> Sequence[tuple[Node, Draft]]:
    """What is said of no effect, each with where it stands."""

    def find() -> Iterator[tuple[Node, Draft]]:
        if not is_test_or_story(file):
            yield from _initialisers_posing_as_effects(file)
            yield from _subscriptions_without_an_end(file)
            yield from _started_outside_effects(file)

    return file.remember("acquired beside effects", lambda: tuple(find()))


def _initialisers_posing_as_effects(file: EcmascriptFile) -> Iterator[tuple[Node, Draft]]:
    for call, callback in _discarded_initialisers(file):
        found = next(acquisitions(file, callback), None)
        if found is None or not any(function_of(file, value) for value in returned(callback)):
            continue
        hook = called_text(file, call).rpartition(".")[2]
        related = [(found.node, f"{capitalised(found.keeps)}.")]
        message = f"`{hook}` never calls the cleanup that this function returns: {found.keeps} after unmount."
        yield call, rule.at(head_of(call), message, severity=Severity.ERROR, related=related)


def _subscriptions_without_an_end(file: EcmascriptFile) -> Iterator[tuple[Node, Draft]]:
    for found in endless_subscriptions(file):
        yield found.given, rule.at(head_of(found.given), endless_message(found), severity=Severity.ERROR)


def _discarded_initialisers(file: EcmascriptFile) -> Iterator[tuple[Node, Node]]:
    """The calls of `useState` and `useMemo` whose result nothing keeps, with their functions."""
    for call in (*hook_calls(file, "useState"), *hook_calls(file, "useMemo")):
        callback = function_of(file, arguments_of(call)[0])
        if callback is not None and _is_discarded(call):
            yield call, callback


def _started_outside_effects(file: EcmascriptFile) -> Iterator[tuple[Node, Draft]]:
    said: list[tuple[Node, str, Severity]] = []
    said += [(one.acquired.node, started_message(one), Severity.WARNING) for one in started_by_handlers(file)]
    said += [(one.node, added_message(one), Severity.WARNING) for one in added_by_handlers(file)]
    said += [(one.node, left_open_message(one), Severity.WARNING) for one in opened_by_handlers(file)]
    said += [(one.timer, reset_message(one), Severity.NOTE) for one in resets(file)]
    opened = opened_by_initialisers(file)
    said += [(one.acquired.node, opened_message(file, one), opened_severity(one)) for one in opened]
    yield from ((node, rule.at(head_of(node), message, severity=severity)) for node, message, severity in said)


@rule.shares(ecmascript, "ways in")
def leads_to_others(file: EcmascriptFile) -> Iterator[Shared]:
    yield from ways_in(file)


@rule.fact(ecmascript)
def does_for_its_caller(file: EcmascriptFile) -> Iterator[Shared]:
    if is_test_or_story(file):
        return
    yield from offers(file)
    yield from starts(file)
    yield from reducers(file)
    yield from ended(file)
    yield from answers(file)
    yield from questions(file)
    yield from fed_answers(file)
    yield from _held_back(file)
    yield from _left_on(file)
    yield from tidied(file)
    for effect in effects(file):
        found, idle = list(leaks(file, effect)), idle_owners(file, effect)
        grows = any(adds_up(file, leak) for leak in found)
        if found:
            receiver, asks = _receiver_of(file, found), _asked_of(file, found)
            said = replace(bound(file, effect.call, _of_leaks(file, found), receiver, grows, asks), idle=idle)
            yield said
            lent = {loan_of(file, effect, leak.acquired, said.place) for leak in found}
            if not grows and len(lent) == 1:
                yield from (one for one in lent if one is not None)
        for draft in _overwritten(file, effect) if idle is not None else ():
            yield replace(bound(file, effect.call, draft, grows=True), idle=idle)
    yield from rendered(file)
    yield from lendings(file)
    yield from makers(file)
    yield from void_methods(file)


def _left_on(file: EcmascriptFile) -> Iterator[Bound | Front | Recorder]:
    """What handlers and hooks leave on, with the names under which others import these."""
    for left in opened_streams(file):
        node, draft = left.acquired.node, rule.at(head_of(left.acquired.node), left_on_message(left))
        said = replace(bound(file, node, draft), idle=idle_around(file, node))
        yield said
        of_hook = recorder(file, said.place, left)
        if of_hook is not None:
            yield of_hook
        yield from named_front(file, said.idle or ())


def _held_back(file: EcmascriptFile) -> Iterator[Bound | Front]:
    """What is said of no effect, where only other files tell whether anything runs it."""
    held = [(node, draft, idle_around(file, node)) for node, draft in _beside_effects(file)]
    for node, draft, idle in held:
        if idle is not None and is_readable(file, draft.place):
            yield replace(bound(file, node, draft, grows=True), idle=idle)
    yield from named_front(file, (name for *_, idle in held for name in idle or ()))


@rule.across
def tells_of_all_files(facts: Mapping[str, tuple[Shared, ...]], whole: bool, resolution: Resolution) -> Iterator[Draft]:
    spans, feeds = Lifespans(facts, resolution), Feeding(facts, resolution)
    yield from _outliving(facts, whole, spans, feeds)
    yield from _overtaken(facts, whole, spans, feeds, resolution)
    yield from _unstopped(facts, whole, spans)
    yield from _rendered(facts, whole, spans, feeds, resolution)


def _rendered(
    facts: Mapping[str, tuple[Shared, ...]], whole: bool, spans: Lifespans, feeds: Feeding, resolution: Resolution
) -> Iterator[Draft]:
    for path, own in facts.items():
        for one in own:
            if not isinstance(one, Rendered) or (one.kept and resolution.is_compiled(path)):
                continue
            if not (whole and never_runs(spans, feeds, path, one.idle)):
                yield rule.at(one.place, one.message, severity=one.severity)


def _outliving(
    facts: Mapping[str, tuple[Shared, ...]], whole: bool, spans: Lifespans, feeds: Feeding
) -> Iterator[Draft]:
    shares, lent, tidiness = Shares(facts, spans), Lent(facts), Tidiness(facts)
    for path, own in facts.items():
        for one in own:
            if isinstance(one, Bound) and whole and never_runs(spans, feeds, path, one.idle):
                continue
            if isinstance(one, Bound) and whole and lent.dies_with_it(path, one.place):
                continue
            if isinstance(one, Bound) and tidiness.may_end(path, one.place, whole):
                continue
            if isinstance(one, Bound) and not (whole and is_over(spans, shares, path, one)):
                # One handler is left behind, however often the effect runs.
                mild = one.severity is Severity.ERROR and shares.keeps_one(path, one)
                severity = Severity.WARNING if mild else one.severity
                message = shares.message(path, one)
                if whole and one.grows and spans.is_there_for_good(path, one.owner):
                    message = said_of_lasting(message)
                yield rule.at(one.place, message, severity=severity, steps=one.steps, related=one.related)


def _overtaken(
    facts: Mapping[str, tuple[Shared, ...]], whole: bool, spans: Lifespans, feeds: Feeding, resolution: Resolution
) -> Iterator[Draft]:
    near = Nearness(facts, resolution)
    for path, own in facts.items():
        for fed in own:
            if (
                not isinstance(fed, Fed)
                or (fed.leads and near.is_near(path, fed.leads))
                or (whole and never_runs(spans, feeds, path, fed.idle))
            ):
                continue
            if not keeps_order(feeds, facts, path, fed):
                yield from _of_fed(feeds, path, fed, whole)
    for path, question, answer, dependency in overtaken(facts):
        tried_only = whole and is_only_tried(feeds, path, question)
        if not tried_only and dependency not in changing_in(feeds, path, question):
            continue
        message = overtaken_message(question, answer, dependency)
        severity = Severity.NOTE if question.in_root or tried_only else Severity.WARNING
        steps = [
            (question.place, f"The effect asks with `{dependency}`."),
            (answer.place, f"`{answer.sets}` takes the answer."),
        ]
        yield rule.at(question.place, message + _aside(question.owner, tried_only), severity=severity, steps=steps)


def _of_fed(joined: Feeding, path: str, fed: Fed, whole: bool) -> Iterator[Draft]:
    tried_only = whole and is_only_tried(joined, path, fed)
    known = changing_in(joined, path, fed)
    changing = [name for name, _ in fed.ways if name in known or (tried_only and not known)]
    if not changing:
        return
    steps = [(place, f"The effect calls `{called}`.") for place, called in fed.path]
    steps += [(fed.request, f"The answer depends on `{changing[0]}`."), (fed.taker, f"`{fed.setter}` takes it.")]
    message = stale_message(changing[0], fed.setter, fed.onto) + _aside(fed.owner, tried_only)
    yield rule.at(fed.asker, message, severity=Severity.NOTE if tried_only else Severity.WARNING, steps=steps)


def _aside(owner: str, tried_only: bool) -> str:
    return f" Only tests or stories mount or call `{owner}`." if tried_only and owner else ""


def _unstopped(facts: Mapping[str, tuple[Shared, ...]], whole: bool, spans: Lifespans) -> Iterator[Draft]:
    for start, offer in joined(facts):
        stays = whole and not start.reruns and not start.to_react
        if stays and spans.is_there_for_good(start.place.path, start.owner):
            continue
        drops = f" and drops what `{start.text}` returns to stop it" if offer.hands_back else ""
        calls = f"The effect calls `{start.text}`{drops}"
        if start.to_react:
            calls = f"`useSyncExternalStore` gets nothing from `{start.text}` that would end its subscription"
        when = " on unmount" if offer.beside else ""
        blame = f"nothing calls {offer.release}{when}"
        if offer.by_hand:
            blame = f"`{offer.by_hand}` is called, but not on unmount"
        message = f"{calls}: {offer.keeps} after unmount; {blame}."
        if offer.replaces:
            message += " Each call puts another in the place of the last one."
        ends_at_times = bool(offer.by_hand) and not start.reruns
        severity = Severity.NOTE if start.in_root or ends_at_times else Severity.WARNING
        who = "React" if start.to_react else "The effect"
        steps = [(start.place, f"{who} calls `{start.text}`."), (offer.place, f"{capitalised(offer.keeps)}.")]
        yield rule.at(start.place, message, severity=severity, steps=steps)


@rule.fix(
    ecmascript,
    does="returns a cleanup from the effect that releases what it acquired, under a name where it had none, or sets a "
    "flag that late answers ask for; a timer that a handler starts is held in a ref and cleared on unmount",
    safety="safe where only the release is added; unsafe where a re-run now ends a timer early, drops an answer, or "
    "calls the handler of a close, where a caller waits for the timer, and where a handler clears its own",
)
def release_on_unmount(file: EcmascriptFile, finding: Finding) -> Fix | Refusal:
    for effect in effects(file):
        found = tuple(leaks(file, effect))
        if any(file.span(seen_at(leak.acquired)) == finding.location.span for leak in found):
            return cleaned_up(file, effect, found)
        for stale in stale_answers(file, effect):
            if file.span(asker(stale)) != finding.location.span:
                continue
            if stale.setter.type == "identifier":
                return Refusal("the promise goes on with the setter itself, where nothing can ask first")
            if stale.onto:
                return Refusal("a flag would drop the answer of the earlier request, which is wanted as well")
            return asked_first(file, effect)
    for call, _ in _discarded_initialisers(file):
        if file.span(head_of(call)) == finding.location.span:
            return made_effect(file, call)
    held = held_in_ref(file, finding)
    return held or Refusal("what acquires it stands outside of the effect that would have to release it")


def _is_discarded(call: Node) -> bool:
    """Whether nothing keeps the result of a hook, so that it can have been called for its side effect only."""
    return call.parent is not None and call.parent.type == "expression_statement"
