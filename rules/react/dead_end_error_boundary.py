"""CL703: an error boundary without a way back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from string import ascii_uppercase

from chunklint.api import (
    Boundary,
    Catcher,
    Draft,
    EcmascriptFile,
    Ends,
    Frames,
    Front,
    Location,
    Resolution,
    Rule,
    Severity,
    WayOut,
    boundaries,
    ecmascript,
    ends,
    frames,
    front,
    is_aside,
    is_test_or_story,
    layout_that_leads_on,
    lead_nowhere,
    page_boundaries,
    workspace_of,
)

rule = Rule(
    code="CL703",
    name="dead-end-error-boundary",
    ticket="TICKET-007",
    when="the fallback of an error boundary around the pages of an app offers no way back (nothing clears its state, "
    "reloads or leads elsewhere), or cannot be shown where it stands",
    effect="after a passing error nothing leads on until the user reloads the page by hand",
    instead="give the fallback a button that clears the state, clear it when the address changes, or lead out of it",
    bad="""import { Component, type ReactNode } from "react";
import { Outlet } from "react-router-dom";
import { report } from "./monitoring";

export class PageBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  componentDidCatch(error: Error) {
    report(error);
  }

  render() {
    return this.state.failed ? <p>This page has failed.</p> : this.props.children;
  }
}

export const Frame = () => (
  <PageBoundary>
    <Outlet />
  </PageBoundary>
);
""",
    good="""import { Component, type ReactNode } from "react";
import { Outlet } from "react-router-dom";
import { report } from "./monitoring";

export class PageBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
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

export const Frame = () => (
  <PageBoundary>
    <Outlet />
  </PageBoundary>
);
""",
    example="src/PageBoundary.tsx",
    mentions=(
        *("componentDidCatch", "getDerivedStateFromError", "oundary", "/>", "</", "export {", "export *"),
        *(f"export default {letter}" for letter in ascii_uppercase),
    ),
    silent_on=(
        "boundaries around one part of a page, or in a layout that four files or more mount, each page its own: "
        "leaving the page and coming back mounts it anew",
        "error files below a layout with a menu, a header or links: Next clears the error when one is followed",
        "`error.tsx` in an app of another framework than Next, such as Expo's router",
        "error files of a package called `backend` or `api`, and of a repository whose README calls it a template, a "
        "boilerplate, a starter or a reference implementation",
        "boundaries that are mounted nowhere, or with a `key`, which makes them anew",
        "fallbacks that show a component with a button, a link or a reload somewhere in it, or one that is not found, "
        "and those that a class is given",
        "anything that is called reset, retry or reload, and anything that can be clicked",
        "examples, templates, demos, documentation, tests and stories",
    ),
    limits=(
        "whether a click really clears the state is not followed",
        "a boundary holds the pages if an outlet, a router, routes, a layout's `children` or all of the app is in it",
        "there is no fix: what a way back offers is for the people who design the page",
    ),
)

# An application of Next that answers requests: beside its routes it has hardly a page.
_SERVER = re.compile(r"(?:^|[-_/])(?:backend|api)$")


@rule.fact(ecmascript)
def fallbacks(file: EcmascriptFile) -> Iterator[Boundary | Ends | Frames | Front | str]:
    """The boundaries of a file without a sure way out, where those of others are mounted, and what a layout frames.

    Any component may be what a fallback shows: which of them lead nowhere is a fact of its file too.
    """
    if is_test_or_story(file) or is_aside(file.path):
        return
    yield from (found for found in boundaries(file) if found.way_out is not WayOut.SOME)
    if "oundary" in file.content:
        yield front(file)
    yield ends(file)
    shown = frames(file)
    if shown.names:
        yield shown
    framed = layout_that_leads_on(file)
    if framed is not None:
        yield framed


@rule.across
def leads_nowhere(
    facts: Mapping[str, tuple[Boundary | Ends | Frames | Front | str, ...]], resolution: Resolution
) -> Iterator[Draft]:
    fronts = {path: one for path, own in facts.items() for one in own if isinstance(one, Front)}
    known = {path: one for path, own in facts.items() for one in own if isinstance(one, Ends)}
    names = workspace_of(known, resolution)
    found = [
        one
        for own in facts.values()
        for one in own
        if isinstance(one, Boundary) and (_is_twice(one) or lead_nowhere(one.place.path, one.shown, known, names))
    ]
    framed = {one for own in facts.values() for one in own if isinstance(one, str)}
    mounted = (one for own in facts.values() for one in own if isinstance(one, Frames))
    asked = any(one.kind is not Catcher.ERROR_FILE for one in found)
    around = page_boundaries(fronts, resolution, mounted) if asked else {}
    at = {_end(mount.place) for mount in around.values()}
    alike: dict[tuple[str, str, WayOut], list[Boundary]] = {}
    for one in found:
        if one.kind is Catcher.ERROR_FILE and not resolution.may_be_next(one.place.path):
            continue  # a page of another framework that is called so
        if one.kind is Catcher.ERROR_FILE and one.way_out is WayOut.NONE and _traps_nobody(one, framed, resolution):
            continue
        if one.kind is Catcher.ERROR_FILE:
            yield rule.at(one.place, _message(one), severity=Severity.WARNING)
        elif one.kind is Catcher.CLASS and (mount := around.get((one.place.path, one.name))) is not None:
            yield rule.at(
                one.place, _message(one), severity=_severity(one), related=[(mount.place, "It holds the pages here.")]
            )
        elif one.kind is Catcher.LIBRARY and _end(one.place) in at:
            # A library's boundaries in one file were written alike, and are mended alike.
            alike.setdefault((one.place.path, one.name, one.way_out), []).append(one)
    for first, *others in alike.values():
        related = [(one.place, f"So it is with `{one.name}` here.") for one in others]
        yield rule.at(first.place, _message(first), severity=_severity(first), related=related)


def _is_twice(one: Boundary) -> bool:
    """Whether a fallback is wrong by its document, whatever is in it."""
    return one.way_out is WayOut.DOCUMENT and not one.name.startswith("Global")


def _traps_nobody(one: Boundary, framed: set[str], resolution: Resolution) -> bool:
    """Whether Next's error file is shown to nobody who could not go on."""
    path = one.place.path
    package = resolution.package_of(path)
    serves = package is not None and _SERVER.search(package.name) is not None
    # A click on a menu shows another page, and Next clears the error then.
    return resolution.copied or serves or _is_framed(path, framed)


def _is_framed(path: str, framed: set[str]) -> bool:
    """Whether a layout with a menu stays around what is shown instead of a page."""
    place = PurePosixPath(path)
    return not place.name.startswith("global") and any(folder.as_posix() in framed for folder in place.parents)


def _end(place: Location) -> tuple[str, int, int]:
    """Where the name of an element ends: one begins with its name, another one with its bracket."""
    return place.path, place.span.end_line, place.span.end_column


def _message(one: Boundary) -> str:
    if one.way_out is WayOut.LINK:
        return (
            f"`{one.name}` offers a link but never clears its state: the address changes, and the fallback stays "
            "where the page should be."
        )
    if one.way_out is WayOut.DOCUMENT and one.name.startswith("Global"):
        return f"`{one.name}` takes the place of the root layout and has to render `<html>` and `<body>` itself."
    if one.way_out is WayOut.DOCUMENT:
        return f"`{one.name}` renders a whole document inside of the one that the root layout still shows."
    if one.way_out is WayOut.NOTHING and one.kind is Catcher.ERROR_FILE:
        return f"`{one.name}` shows an empty place where the page should be, and offers no way back."
    if one.way_out is WayOut.NOTHING:
        return f"`{one.name}` shows nothing once it has caught an error, and nothing ever clears its state."
    if one.kind is Catcher.ERROR_FILE:
        return f"`{one.name}` offers no way back: it neither calls `reset` nor leads to another page."
    return f"The fallback of `{one.name}` offers no way back from the pages it holds: no retry, no reload, no link."


def _severity(one: Boundary) -> Severity:
    return Severity.NOTE if one.kind is Catcher.LIBRARY else Severity.WARNING
