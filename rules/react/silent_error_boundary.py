"""CL702: an error boundary that tells nobody what it caught."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chunklint.api import (
    Boundary,
    Catcher,
    Draft,
    EcmascriptFile,
    Finding,
    Fix,
    Refusal,
    Rule,
    Severity,
    boundaries,
    ecmascript,
    is_test_or_story,
    told,
)

rule = Rule(
    code="CL702",
    name="silent-error-boundary",
    ticket="TICKET-007",
    when="an error boundary catches errors and neither logs nor reports them",
    effect="users see a fallback that nobody else hears of, and the defect stays",
    instead="log or report the error in `componentDidCatch`, or pass `onError`",
    bad="""import { Component, type ReactNode } from "react";

export class PanelBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  render() {
    if (!this.state.failed) return this.props.children;
    return <button onClick={() => this.setState({ failed: false })}>Try again</button>;
  }
}
""",
    good="""import { Component, type ErrorInfo, type ReactNode } from "react";
import { report } from "./monitoring";

export class PanelBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  componentDidCatch(error: Error, info: ErrorInfo) {
    report(error, info.componentStack);
  }

  render() {
    if (!this.state.failed) return this.props.children;
    return <button onClick={() => this.setState({ failed: false })}>Try again</button>;
  }
}
""",
    example="src/PanelBoundary.tsx",
    mentions=("componentDidCatch", "getDerivedStateFromError", "onCaughtError", "react-error-boundary", "default"),
    silent_on=(
        "boundaries that log to the console, call anything with what they caught, or hand it to their caller",
        "classes that extend another class than React's `Component`",
        "every boundary of a project that gives `onCaughtError` to React's root",
        "fallbacks from other files, which may report by themselves",
    ),
    limits=("what a called function does with the error is not followed",),
)


@rule.fact(ecmascript)
def catchers(file: EcmascriptFile) -> Iterator[Boundary | str]:
    if is_test_or_story(file.path):
        return
    if "onCaughtError" in file.content:
        yield "onCaughtError"
    yield from (found for found in boundaries(file) if not found.tells)


@rule.across
def tells_nobody(facts: Mapping[str, tuple[Boundary | str, ...]]) -> Iterator[Draft]:
    found = [one for own in facts.values() for one in own]
    if "onCaughtError" in found:
        return
    silent = [one for one in found if isinstance(one, Boundary)]
    for one in silent:
        if one.kind is Catcher.CLASS:
            hook = "passes the error to no one" if one.hook else "is missing"
            yield rule.at(
                one.place, f"`{one.name}` catches errors and reports none of them: its `componentDidCatch` {hook}."
            )
        elif one.kind is Catcher.ERROR_FILE:
            message = f"`{one.name}` is shown in the stead of a page that failed, and does not report `error`."
            yield rule.at(one.place, message, severity=Severity.NOTE)
    mounted = [one for one in silent if one.kind is Catcher.LIBRARY]
    if mounted:
        message = f"`{mounted[0].name}` has no `onError`, so nobody hears of what it catches."
        related = [(one.place, "So has this one.") for one in mounted[1:6]]
        yield rule.at(mounted[0].place, message, severity=Severity.NOTE, related=related)


@rule.fix(
    ecmascript,
    does="logs the error and its component stack to the console in `componentDidCatch`",
    safety="safe: the boundary does nothing else otherwise",
)
def tell_the_console(file: EcmascriptFile, finding: Finding) -> Fix | Refusal:
    return told(file, finding)
