"""Each row of the table of resources: an effect that never releases it is found, one that does is not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from chunklint.engine import Job, Outcome, RuleSet, scan
from chunklint.loader import BUILTIN, load
from chunklint.semantics.ecmascript.releases import RESOURCES, Kind, Resource

# What is called, what stands above it, and what ends it, for the rows of which the kind says too little.
PARTS = {
    "matchMedia": "matchMedia('print')",
    "chrome": "chrome.runtime.onMessage",
    "geolocation": "navigator.geolocation",
    "mediaDevices": "navigator.mediaDevices",
    "wakeLock": "navigator.wakeLock",
    "classList": "document.body.classList",
    "channel": "bus.channel('news')",
}
BY_PROMISE = ("unlisten", "release")


def label(resource: Resource) -> str:
    return " ".join(part for part in (resource.module, resource.of, resource.name) if part)


IDS = [label(resource) for resource in RESOURCES]
every_resource = pytest.mark.parametrize("at", range(len(RESOURCES)), ids=IDS)


def imported(resource: Resource) -> str:
    wanted = (resource.of or resource.name).partition(".")[0]
    clause = "made" if wanted == "default" else f"{{ {wanted} }}"
    return f"import {clause} from '{resource.module}';" if resource.module else "import { bus } from './bus';"


def called(resource: Resource) -> str:
    """The expression that acquires, such as `new Terminal(given, work)`."""
    name = resource.name.replace("default", "made")
    match resource.of:
        case "*" if resource.name in ("on", "addListener"):
            return f"bus.{name}('tick', work)"
        case "*":
            return f"bus.{name}(work)"
        case of if resource.module:
            new = "new " if (of or name.rpartition(".")[2])[:1].isupper() else ""
            return f"source.{name}(() => work())" if of else f"{new}{name}(given, work)"
        case "classList":
            return f"document.body.classList.{name}('is-open', given)"
        case of if of in PARTS:
            return f"{PARTS[of]}.{name}(work)"
    match resource.kind:
        case Kind.CONNECTION:
            return f"new {name}(given)"
        case Kind.OBJECT_URL:
            return f"URL.{name}(given)"
        case Kind.LISTENER:
            return f"window.{name}('resize', work)"
        case _:
            return f"{name}(() => work(), 2000)"


def effect(resource: Resource, *, releases: bool) -> tuple[list[str], str]:
    """The statements that acquire, and the body of the cleanup that releases."""
    call, release = called(resource), resource.release
    match resource.kind:
        case Kind.LOOP:
            steps = f"const step = () => {{ work(); frame = {resource.name}(step); }};"
            return ["let frame = 0;", steps, "step();"], f"{release}(frame)"
        case Kind.OBSERVER:
            return [f"const seen = new {resource.name}(work);", "seen.observe(given);"], f"seen.{release}()"
        case Kind.GLOBAL:
            return [f"{call};"], "document.body.classList.remove('is-open')"
        case Kind.LISTENER:
            target = call.rpartition(f".{resource.name}")[0]
            event = "'resize', " if target == "window" else ""
            return [f"{call};"], f"{target}.{release}({event}work)"
        case Kind.INTERVAL | Kind.TIMEOUT | Kind.OBJECT_URL:
            return [f"const held = {call};"], f"{release}(held)"
        case Kind.WATCH:
            return [f"const held = {call};"], f"navigator.geolocation.{release}(held)"
        case Kind.STREAM:
            stop = "getTracks().forEach((track) => track.stop())"
            keep = f"if (gone) stream.{stop}; else held = stream;" if releases else "held = stream;"
            start = f"{call}.then((stream) => {{ {keep} }});"
            return ["let held = null;", "let gone = false;", start], f"gone = true; held?.{stop}"
        case Kind.SUBSCRIPTION if resource.name in ("on", "addListener"):
            return [f"{call};"], f"bus.{release}('tick', work)"
        case Kind.SUBSCRIPTION if resource.of == "channel":
            return [f"const held = {call};"], f"bus.{release}(held)"
    if release in BY_PROMISE:
        return [f"const held = {call};"], "held.then((end) => end.release())"
    return [f"const held = {call};"], f"held.{release}()" if release else "held()"


def source(resource: Resource, *, releases: bool) -> str:
    made = f"{resource.of.replace('default', 'made')}('main')"
    is_hook = resource.of.startswith("use")
    new = "new " if resource.of[:1].isupper() else ""
    above = f"const source = {new}{made};" if resource.module and resource.of else ""
    acquiring, ending = effect(resource, releases=releases)
    lines = [
        "import { useEffect } from 'react';",
        imported(resource),
        "" if is_hook else above,
        "export function Panel({ work, given }) {",
        f"  {above}" if is_hook else "",
        "  useEffect(() => {",
        *(f"    {line}" for line in acquiring),
        f"    return () => {{ {ending}; }};" if releases else "",
        "  }, []);",
        "  return null;",
        "}",
    ]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One scan of two files for each row."""
    contents = {
        f"src/{at}/{'Clean' if releases else 'Leaking'}.jsx": source(resource, releases=releases).encode()
        for at, resource in enumerate(RESOURCES)
        for releases in (False, True)
    }
    rules = RuleSet.of([BUILTIN], [rule for rule in load([BUILTIN]) if rule.enabled])
    return scan(Job(tmp_path_factory.mktemp("rows"), rules, tuple(contents), 1_000_000, contents))


def found_in(outcome: Outcome, path: str) -> list[tuple[str, str]]:
    return [(found.code, found.message) for found in outcome.findings if found.location.path == path]


@every_resource
def test_an_effect_that_never_releases_it_is_found_once(at: int, outcome: Outcome) -> None:
    (found,) = found_in(outcome, f"src/{at}/Leaking.jsx")
    assert found[0] == "CL501"
    row = RESOURCES[at]
    said = row.release or "the unsubscribe that `"
    assert said in found[1] or row.kind is Kind.GLOBAL


@every_resource
def test_an_effect_that_releases_it_is_fine(at: int, outcome: Outcome) -> None:
    assert found_in(outcome, f"src/{at}/Clean.jsx") == []


def test_a_row_names_its_source_and_stands_once() -> None:
    assert all(row.source.startswith("https://") and " " not in row.source for row in RESOURCES)
    assert Counter(IDS).most_common(1)[0][1] == 1


def test_rows_of_a_package_are_told_by_their_import(tmp_path: Path) -> None:
    """The same names from a module of the application mean nothing."""
    rules = RuleSet.of([BUILTIN], [rule for rule in load([BUILTIN]) if rule.code in ("CL501", "CL502", "CL503")])
    rows = [row for row in RESOURCES if row.module and "on" not in (row.name, row.of) and row.name != "subscribe"]
    contents = {
        f"src/{at}.jsx": source(row, releases=False).replace(f"'{row.module}'", "'./own/thing'").encode()
        for at, row in enumerate(rows)
    }
    assert scan(Job(tmp_path, rules, tuple(contents), 1_000_000, contents)).findings == ()
