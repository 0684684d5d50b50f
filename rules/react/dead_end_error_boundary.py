"""CL703: an error boundary without a way back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from chunklint.api import (
    Boundary,
    Catcher,
    Draft,
    EcmascriptFile,
    Rule,
    Severity,
    WayOut,
    boundaries,
    ecmascript,
    front,
    is_test_or_story,
)

rule = Rule(
    code="CL703",
    name="dead-end-error-boundary",
    ticket="TICKET-007",
    when="the fallback of an error boundary offers no way back (nothing clears its state, reloads or leads elsewhere), "
    "or cannot be shown where it stands",
    effect="after a passing error the part stays broken until the user reloads the page by hand",
    instead="give the fallback a button that clears the state, clear it when a key changes, or lead out of it",
    bad="""import { Component, type ReactNode } from "react";
import { report } from "./monitoring";

export class PanelBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  componentDidCatch(error: Error) {
    report(error);
  }

  render() {
    return this.state.failed ? <p>This panel has failed.</p> : this.props.children;
  }
}
""",
    good="""import { Component, type ReactNode } from "react";
import { report } from "./monitoring";

export class PanelBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  componentDidCatch(error: Error) {
    report(error);
  }

  render() {
    if (!this.state.failed) return this.props.children;
    return <button onClick={() => this.setState({ failed: false })}>Try again</button>;
  }
}
""",
    example="src/PanelBoundary.tsx",
    mentions=("componentDidCatch", "getDerivedStateFromError", "rrorBoundary", "default"),
    silent_on=(
        "fallbacks that show a component of the project, which may hold the way back",
        "boundaries that are mounted with a `key`, which makes them anew",
        "boundaries that are given a component of the project for errors wherever they are mounted",
        "what hides, or shows instead, a part of the boundary's own file",
        "anything that is called reset, retry or reload, and anything that can be clicked",
    ),
    limits=(
        "whether a click really clears the state is not followed",
        "fallbacks that are given by the caller are judged only by whether anything clears the boundary's state",
        "there is no fix: what a way back offers is for the people who design the page",
    ),
)

_INSTEAD = re.compile(r"fallback|error", re.IGNORECASE)
_OWN = re.compile(r"$|\.|[@~]/|src/")


@rule.fact(ecmascript)
def fallbacks(file: EcmascriptFile) -> Iterator[Boundary | tuple[str, bool, bool]]:
    """The boundaries of a file without a sure way out; the mounts of any: with a key, with an own card for errors."""
    if is_test_or_story(file.path):
        return
    yield from (found for found in boundaries(file) if found.way_out is not WayOut.SOME)
    if "Boundary" not in file.content:
        return
    mounts = front(file).mounts
    cards = {mount.parent for mount in mounts if _INSTEAD.search(mount.prop) and _OWN.match(mount.module)}
    yield from ((one.tag, "key" in one.props, at in cards) for at, one in enumerate(mounts) if "Boundary" in one.tag)


@rule.across
def leads_nowhere(facts: Mapping[str, tuple[Boundary | tuple[str, bool, bool], ...]]) -> Iterator[Draft]:
    found = [one for own in facts.values() for one in own]
    mounted = [one for one in found if isinstance(one, tuple)]
    keyed = {name for name, has_key, _ in mounted if has_key} - {name for name, has_key, _ in mounted if not has_key}
    carded = {name for name, _, _ in mounted} - {name for name, _, has_card in mounted if not has_card}
    alike: dict[tuple[str, str, WayOut], list[Boundary]] = {}
    for one in found:
        if not isinstance(one, Boundary) or one.name in keyed:
            continue
        if one.way_out is not WayOut.CALLERS or one.name not in carded:
            # A library's boundaries in one file were written alike, and are mended alike.
            own = "" if one.kind is Catcher.LIBRARY else f"{one.place.span}"
            alike.setdefault((one.place.path, own, one.way_out), []).append(one)
    for first, *others in alike.values():
        related = [(one.place, f"So it is with `{one.name}` here.") for one in others]
        yield rule.at(first.place, _message(first), severity=_severity(first), related=related)


def _message(one: Boundary) -> str:
    if one.way_out is WayOut.LINK:
        return (
            f"`{one.name}` offers a link but never clears its state: the address changes, and the fallback stays "
            "where the page should be."
        )
    if one.way_out is WayOut.CALLERS:
        return f"`{one.name}` never clears its state: whatever fallback it is given stays until the page is reloaded."
    if one.way_out is WayOut.DOCUMENT and one.name.startswith("Global"):
        return f"`{one.name}` takes the place of the root layout and has to render `<html>` and `<body>` itself."
    if one.way_out is WayOut.DOCUMENT:
        return f"`{one.name}` renders a whole document inside of the one that the root layout still shows."
    if one.way_out is WayOut.NOTHING:
        return f"`{one.name}` shows nothing once it has caught an error, and nothing ever clears its state."
    if one.kind is Catcher.ERROR_FILE:
        return f"`{one.name}` offers no way back: it neither calls `reset` nor leads to another page."
    return f"The fallback of `{one.name}` offers no way back: no retry, no reload, no link."


def _severity(one: Boundary) -> Severity:
    if one.way_out in (WayOut.CALLERS, WayOut.NOTHING) or one.kind is Catcher.LIBRARY:
        return Severity.NOTE
    return Severity.WARNING
