"""CL503: an effect that gives React a promise where it wants a cleanup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chunklint.api import (
    NAMING,
    Deps,
    Draft,
    EcmascriptFile,
    Effect,
    Feeding,
    Finding,
    Fix,
    Front,
    Given,
    Lifespans,
    Node,
    Placed,
    Promise,
    Promised,
    Refusal,
    Resolution,
    Rule,
    Severity,
    Tried,
    Uses,
    ecmascript,
    effects,
    idle_owners,
    is_only_left,
    is_readable,
    is_test_or_story,
    kept_from_react,
    named_front,
    never_runs,
    promises,
    ways_in,
)

rule = Rule(
    code="CL503",
    name="async-effect-cleanup",
    ticket="TICKET-005",
    when="the function given to an effect is async, returns the promise of a call, or returns an async cleanup",
    effect="a cleanup inside a promise never runs, React calls the promise and fails, and a slow cleanup runs late",
    instead="make the effect an ordinary function, start the async work inside it, and return the cleanup at once",
    bad="""import { useEffect, useState } from "react";

export function Feed({ open }) {
  const [rows, setRows] = useState([]);
  useEffect(async () => {
    const feed = await open();
    feed.onRow((row) => setRows((all) => [...all, row]));
    return () => feed.close();
  }, [open]);
  return <output>{rows.length}</output>;
}
""",
    good="""import { useEffect, useState } from "react";

export function Feed({ open }) {
  const [rows, setRows] = useState([]);
  useEffect(() => {
    let stopped = false;
    let feed;
    const start = async () => {
      feed = await open();
      if (stopped) feed.close();
      else feed.onRow((row) => setRows((all) => [...all, row]));
    };
    start();
    return () => {
      stopped = true;
      feed?.close();
    };
  }, [open]);
  return <output>{rows.length}</output>;
}
""",
    example="src/components/Feed.jsx",
    # Whoever imports a hook or component may use it.
    mentions=("Effect", "-effect", "import", "require(", "export", "/>", "</", *NAMING),
    silent_on=(
        "async functions that an effect defines and calls without returning their promise",
        "`void load()` and effects whose body is a block that returns nothing",
        "async cleanups that do nothing after their first wait but tell of a failure",
        "calls of functions that other files define: nothing here shows that they are async",
        "effect hooks that ignore what their function returns, such as `useMount` of react-use; tests and stories; "
        "components and hooks that nothing which runs leads to, see CL501",
        "promises that hold no cleanup, where Preact renders, or React 17 (in the package.json of the package or the "
        "root), which call nothing but functions; in layout effects, React 17 calls anything",
    ),
    limits=(
        "a function is async when it says so; one that returns a promise without the word is not followed",
        "an effect hook of another file counts only when it belongs to React or a known library",
    ),
)


Shared = Given | Uses | Placed | Front | Tried


@rule.each(ecmascript)
def gives_react_a_promise(file: EcmascriptFile) -> Iterator[Draft]:
    if is_test_or_story(file):
        return
    for effect in effects(file):
        for promise in promises(file, effect):
            if not _is_called(promise) and idle_owners(file, effect) is None:
                place, message, severity = _verdict(file, effect, promise)
                yield rule.at(place, message, severity=severity)


@rule.shares(ecmascript, "ways in")
def leads_to_others(file: EcmascriptFile) -> Iterator[Shared]:
    yield from ways_in(file)


@rule.fact(ecmascript)
def gives_a_promise_for_a_cleanup(file: EcmascriptFile) -> Iterator[Given | Front]:
    if is_test_or_story(file):
        return
    owners = set[str]()
    for effect in effects(file):
        for promise in promises(file, effect):
            called, idle = _is_called(promise), idle_owners(file, effect)
            place, message, severity = _verdict(file, effect, promise)
            if (called or idle is not None) and is_readable(file, place):
                hook = _hook(file, effect)
                layout = "Layout" in hook or "Insertion" in hook
                yield Given(file.location(place), message, severity, layout, called, idle)
                owners.update(idle or ())
    yield from named_front(file, owners)


@rule.across
def has_a_promise_called(
    facts: Mapping[str, tuple[Shared, ...]], whole: bool, resolution: Resolution
) -> Iterator[Draft]:
    said = [(path, one) for path, own in facts.items() for one in own if isinstance(one, Given)]
    if not said:
        return
    spans, feeds = Lifespans(facts, resolution), Feeding(facts, resolution)
    for path, given in said:
        if not is_only_left(given, path, resolution) and not (whole and never_runs(spans, feeds, path, given.idle)):
            yield rule.at(given.place, given.message, severity=given.severity)


@rule.fix(
    ecmascript,
    does="puts the call into braces, or the async work into a function inside the effect that it calls; a cleanup that "
    "was lost is kept in a variable",
    safety="safe where only React no longer gets a promise; unsafe where a lost cleanup runs again",
)
def keep_from_react(file: EcmascriptFile, finding: Finding) -> Fix | Refusal:
    for effect in effects(file):
        for promise in promises(file, effect):
            if file.span(_verdict(file, effect, promise)[0]) == finding.location.span:
                return kept_from_react(file, effect, promise)
    return Refusal("the effect is not where it was")


def _is_called(promise: Promise) -> bool:
    """Whether all that a promise does is to be called as a cleanup."""
    return promise.sort in (Promised.EFFECT, Promised.RETURNED)


def _verdict(file: EcmascriptFile, effect: Effect, promise: Promise) -> tuple[Node, str, Severity]:
    hook = _hook(file, effect)
    when = "on unmount" if effect.runs is Deps.EMPTY else "before the next run and on unmount"
    match promise.sort:
        case Promised.LOST_CLEANUP:
            message = (
                f"React never calls this cleanup: the effect is async, so `{hook}` is given a promise that holds it. "
                "Move the async work into a function inside the effect and return the cleanup from the effect itself."
            )
            return promise.node, message, Severity.ERROR
        case Promised.EFFECT:
            message = (
                f"The function given to `{hook}` is async: React gets its promise in the place of a cleanup, calls "
                f"that as one {when}, and fails. Define an async function inside the effect and call it."
            )
            return _head(effect.call), message, Severity.WARNING
        case Promised.RETURNED:
            called = file.text(promise.node.child_by_field_name("function") or promise.node).split("\n")[0]
            message = (
                f"The effect returns the promise of `{called}`: React gets it in the place of a cleanup, calls that as "
                f"one {when}, and fails. Put the call into braces so that the effect returns nothing."
            )
            return promise.node, message, Severity.WARNING
    message = (
        "React does not wait for this async cleanup: the next run of the effect, or the unmounting, goes on before "
        "what follows its first `await` has been released, and a failure is an unhandled rejection."
    )
    return promise.node, message, Severity.NOTE


def _hook(file: EcmascriptFile, effect: Effect) -> str:
    return file.text(effect.call.child_by_field_name("function") or effect.call)


def _head(node: Node) -> Node:
    return node.child_by_field_name("function") or node
