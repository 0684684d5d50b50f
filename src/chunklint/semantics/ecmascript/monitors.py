"""What hears of an application's errors beyond the console: a service, by its package or its calls, or a handler."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from chunklint.languages.base import SourceFile
from chunklint.model import Location, Span
from chunklint.records import record
from chunklint.semantics.ecmascript.render_tree import app_of


@record
class Monitor:
    """What hears of errors, as its users call it, and where a file shows that.

    Attributes:
        caught: Whether it hears of most that boundaries catch anyway: it reads the console, where React logs that, or
            the application's queries throw to the boundaries, and are reported where they fail.
    """

    name: str
    place: Location
    caught: bool = False


# Services that hear what goes uncaught or is handed to them. Those that read the console too hear what React logs
# there of every error that a boundary has caught, and are left out.
_SERVICES = {
    "Sentry": (
        r"@sentry/(?:react|nextjs|browser|remix|react-router|gatsby|astro|electron|react-native|capacitor|"
        r"tanstackstart-react)(?:/[\w/-]+)?"
    ),
    "Bugsnag": r"@bugsnag/(?:js|browser|plugin-react|react-native|expo)",
    "Rollbar": r"rollbar|@rollbar/react",
    "Honeybadger": r"@honeybadger-io/(?:js|react)",
    "Airbrake": r"@airbrake/browser",
    "New Relic": r"@newrelic/browser-agent(?:/[\w/-]+)?",
    "Application Insights": r"@microsoft/applicationinsights-(?:web|react-js)",
    "AppSignal": r"@appsignal/(?:javascript|react)",
    "Raygun": r"raygun4js",
}
_PACKAGE = "|".join(f"(?P<s{index}>{package})" for index, package in enumerate(_SERVICES.values()))
_IMPORTED = re.compile(rf"""(?:\bfrom|\bimport|\brequire)\s*\(?\s*["'](?:{_PACKAGE})["']""")
# One of these is in each of the packages' names, and in few files.
_WORDS = ("sentry", "bugsnag", "rollbar", "honeybadger", "airbrake", "newrelic", "insights", "appsignal", "raygun")
# A function of that name alone, or a method of what is the project's own, may do nothing at all.
_CALLED = re.compile(
    r"\b((?:Sentry|posthog|newrelic|appInsights|Bugsnag|Rollbar)\.(?:captureException|noticeError|trackException))\("
)
_HANDED = re.compile(r"\bonError=\{((?:\w+\.)?(?:send|report|capture|notify|track)\w*)\}")
_CACHE = re.compile(r"\bnew (QueryCache)\(")
_QUERIES = re.compile(
    r"\bqueries\s*:\s*\{(?:[^{}]|\{[^{}]*\})*?\b(?:throwOnError|useErrorBoundary|suspense)\s*:\s*(?!false\b)"
)
_TELLS = re.compile(r"\b(?:capture|report|track|notify|notice)\w*\(")
_READS_CONSOLE = re.compile(r"[cC]aptureConsole")


def monitors(file: SourceFile) -> Iterator[Monitor]:
    """What a file shows to hear of errors."""
    cache = _CACHE.search(file.content)
    if (
        cache is not None
        and "onError" in file.content
        and _TELLS.search(file.content)
        and _QUERIES.search(file.content)
    ):
        yield Monitor(f"`{cache[1]}`", _place(file, cache), caught=True)
        return
    found = _IMPORTED.search(file.content) if any(word in file.content for word in _WORDS) else None
    if found is not None:
        name = list(_SERVICES)[int((found.lastgroup or "s0")[1:])]
        yield Monitor(name, _place(file, found), _READS_CONSOLE.search(file.content) is not None)
        return
    for pattern in (_CALLED, _HANDED):
        found = pattern.search(file.content)
        if found is not None:
            yield Monitor(f"`{found[1]}`", _place(file, found))
            return


def monitor_of(path: str, known: Iterable[Monitor]) -> Monitor | None:
    """The monitor of the application that a file belongs to; None when there is none, or it hears of that anyway."""
    own = [one for one in known if _is_of_app(path, app_of(one.place.path))]
    return None if any(one.caught for one in own) else next(iter(own), None)


def _is_of_app(path: str, app: str) -> bool:
    """Whether a file belongs to an application; sources without a `src` folder lie anywhere below its own."""
    own = app_of(path)
    return own == app or (app != "" and own == posixpath.dirname(path) and own.startswith(f"{app}/"))


def _place(file: SourceFile, found: re.Match[str]) -> Location:
    """The line of a match."""
    row = file.content.count("\n", 0, found.start())
    start = file.content.rfind("\n", 0, found.start()) + 1
    return Location(file.path, Span(row + 1, found.start() - start + 1, row + 1, found.end() - start + 1))
