"""CL702: an error boundary that tells nobody what it caught."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from chunklint.api import (
    Boundary,
    Catcher,
    Door,
    Draft,
    EcmascriptFile,
    Finding,
    Fix,
    Monitor,
    Refusal,
    Resolution,
    Rule,
    Severity,
    boundaries,
    door_of,
    ecmascript,
    is_aside,
    is_at,
    is_test_or_story,
    leads_to_login,
    monitor_of,
    monitors,
    told,
)

rule = Rule(
    code="CL702",
    name="silent-error-boundary",
    ticket="TICKET-007",
    when="an error boundary keeps what it catches from the service that hears of the app's other errors, "
    "or says that someone was told and tells nobody",
    effect="users see a fallback that nobody else hears of, and the defect stays",
    instead="report the error: in `componentDidCatch`, by `onError`, or in an effect of Next's error file",
    bad="""import * as Sentry from "@sentry/react";
import { Component, type ReactNode } from "react";

Sentry.init({ dsn: "https://key@sentry.example/1" });

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
    good="""import * as Sentry from "@sentry/react";
import { Component, type ReactNode } from "react";

Sentry.init({ dsn: "https://key@sentry.example/1" });

export class PanelBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  componentDidCatch(error: Error) {
    Sentry.captureException(error);
  }

  render() {
    if (!this.state.failed) return this.props.children;
    return <button onClick={() => this.setState({ failed: false })}>Try again</button>;
  }
}
""",
    example="src/PanelBoundary.tsx",
    mentions=(
        *("componentDidCatch", "getDerivedStateFromError", "onCaughtError", "react-error-boundary", "default"),
        *("@sentry/", "@bugsnag/", "rollbar", "@honeybadger-io/", "@airbrake/", "@newrelic/", "applicationinsights"),
        *("@appsignal/", "raygun4js", "captureException", "noticeError", "trackException", "onError={", "QueryCache("),
    ),
    silent_on=(
        "apps that no service hears of: React itself logs what a boundary catches to the console",
        "services that read the console, such as Datadog, LogRocket and HyperDX, or Sentry with `captureConsole`",
        "apps whose queries throw to the boundaries (`throwOnError`, `suspense`) and are reported by a `QueryCache`",
        "boundaries that call anything but the console with what they caught, or hand it to their caller",
        "boundaries that take some errors and leave the others to the boundary above",
        "boundaries that show nothing instead of their part, which nobody is to miss",
        "classes that extend another class than React's `Component`",
        "every boundary of a project that gives `onCaughtError` to React's root",
        "fallbacks from other files, which may report by themselves",
        "error files that hand the error to anything but the console for no value, whatever that does with it",
        "`error.tsx` in an app of another framework than Next, such as Expo's router",
        "what shows content that users write: previews, plugins, embedded documents, drawings",
        "error files beside a page that itself throws under a test of the session or the user, or that lead to a login "
        "and to nothing else",
        "examples, templates, demos, documentation, tests and stories",
    ),
    limits=(
        "what a called function does with the error is not followed",
        "a service is known by its package or by a call such as `captureException`, in the same application",
    ),
)

# What shows content that its users write, or that comes from elsewhere: its errors are theirs.
_CONTENT = re.compile(r"preview|markdown|mdx|plugin|extension|sandbox|playground|iframe|embed|svg|icon", re.IGNORECASE)


@rule.fact(ecmascript)
def catchers(file: EcmascriptFile) -> Iterator[Boundary | Monitor | Door | str]:
    if is_test_or_story(file) or is_aside(file.path):
        return
    if "onCaughtError" in file.content:
        yield "onCaughtError"
    yield from monitors(file)
    door = door_of(file)
    if door is not None:
        yield door
    for found in boundaries(file):
        is_login = found.kind is Catcher.ERROR_FILE and leads_to_login(file)
        if (not found.tells or found.logs_only) and not (found.hides or is_login or _shows_content(found)):
            yield found


def _shows_content(one: Boundary) -> bool:
    return _CONTENT.search(f"{one.name} {one.place.path.rpartition('/')[2]}") is not None


@rule.across
def tells_nobody(
    facts: Mapping[str, tuple[Boundary | Monitor | Door | str, ...]], resolution: Resolution
) -> Iterator[Draft]:
    doors = [one for own in facts.values() for one in own if isinstance(one, Door)]
    seen = [one for own in facts.values() for one in own if not isinstance(one, Door)]
    found = [one for one in seen if not _is_plain_file(one, resolution) and not _is_at_door(one, doors)]
    if "onCaughtError" in found:
        return
    known = [one for one in found if isinstance(one, Monitor)]
    alike: dict[tuple[str, str, Monitor | None], list[Boundary]] = {}
    for one in found:
        monitor = monitor_of(one.place.path, known) if isinstance(one, Boundary) else None
        if isinstance(one, Boundary) and (monitor is not None or (one.claims and not one.tells)):
            # A library's boundaries in one app are mended alike.
            own = f"{one.logs_only}" if one.kind is Catcher.LIBRARY else f"{one.place}"
            alike.setdefault((one.name, own, monitor), []).append(one)
    for (_, _, monitor), (first, *others) in alike.items():
        related = [(one.place, "And so with this one.") for one in others[:5]]
        related += [(monitor.place, "It hears of errors here.")] if monitor is not None else []
        severity = Severity.WARNING if first.kind is Catcher.CLASS and not first.logs_only else Severity.NOTE
        yield rule.at(first.place, f"{_what(first)}, {_unheard(first, monitor)}.", severity=severity, related=related)


def _is_at_door(one: Boundary | Monitor | str, doors: list[Door]) -> bool:
    """Whether this is the error file of a page that throws on purpose."""
    is_error_file = isinstance(one, Boundary) and one.kind is Catcher.ERROR_FILE
    return is_error_file and any(is_at(door, one.place.path) for door in doors)


def _is_plain_file(one: Boundary | Monitor | str, resolution: Resolution) -> bool:
    """Whether this is a file called as Next's error files are, in an app of another framework."""
    is_error_file = isinstance(one, Boundary) and one.kind is Catcher.ERROR_FILE
    return is_error_file and not resolution.may_be_next(one.place.path)


def _what(one: Boundary) -> str:
    if one.logs_only:
        return f"`{one.name}` tells the console alone"
    match one.kind:
        case Catcher.CLASS:
            hook = "passes the error to no one" if one.hook else "is missing"
            return f"`{one.name}` catches errors and its `componentDidCatch` {hook}"
        case Catcher.ERROR_FILE:
            return f"`{one.name}` is shown in the stead of a page that failed and does not report `error`"
    return f"`{one.name}` has no `onError`"


def _unheard(one: Boundary, monitor: Monitor | None) -> str:
    if monitor is None:
        return "while its text says that someone was told"
    if one.kind is Catcher.ERROR_FILE:
        # What fails on the server is heard there, with an `onRequestError` or what wraps the server's components.
        return f"so {monitor.name} never hears of what fails in the browser and is caught here"
    return f"so {monitor.name} never hears of what it catches"


@rule.fix(
    ecmascript,
    does="hands the error to the browser's `reportError`, whose `error` event services listen for",
    safety="unsafe: browsers from before 2022 and some test environments have no `reportError`",
)
def tell_the_window(file: EcmascriptFile, finding: Finding) -> Fix | Refusal:
    return told(file, finding)
