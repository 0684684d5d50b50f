"""Slow answers of effects that ask with what others change: judged once the mounts of all files are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from chunklint.languages.base import SourceFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.effect_wording import asker, called_text, head_of
from chunklint.semantics.ecmascript.feeds import (
    Feed,
    Feeding,
    Modals,
    Tried,
    Uses,
    definition_around,
    feeds,
    modals,
    names_for,
)
from chunklint.semantics.ecmascript.leaks import leaks
from chunklint.semantics.ecmascript.mounts import Front
from chunklint.semantics.ecmascript.react import effects
from chunklint.semantics.ecmascript.resolution import Resolution
from chunklint.semantics.ecmascript.shared_answers import Question, questions
from chunklint.semantics.ecmascript.stale_answers import Stale, stale_answers

# Files that routers of frameworks mount, anew for each address.
_ROUTED = frozenset(
    {"page", "layout", "template", "default", "loading", "not-found", "_app", "_layout", "route", "+Page"}
)


@record
class Fed:
    """An effect whose late answer sets state, and which asks with props or arguments only.

    Attributes:
        owner: The definition of this file that the effect stands in.
        ways: The dependencies that it asks with, each with its way.
        setter: What takes the answer, as written.
        path: The calls that lead from the effect to the request, as written.
        asker: Where the effect asks.
        request: Where the request is made.
        taker: Where the setter is called.
    """

    owner: str
    ways: tuple[tuple[str, str], ...]
    setter: str
    path: tuple[tuple[Location, str], ...]
    asker: Location
    request: Location
    taker: Location


def fed_answers(file: SourceFile) -> Iterator[Fed | Feed | Uses | Modals | Front]:
    """What a file's effects ask with that others change, what it gives others, and the names that join the two."""
    asked, given = tuple(_asked(file)), tuple(feeds(file))
    yield from asked
    yield from given
    owners = (
        {one.owner for one in asked}
        | {one.owner for one in given if isinstance(one, Feed)}
        | {one.owner for one in questions(file)}
    )
    names = names_for(file, owners)
    yield from (one for one in (names, modals(file)) if one is not None)


def _asked(file: SourceFile) -> Iterator[Fed]:
    for effect in effects(file):
        fed = [stale for stale in stale_answers(file, effect) if stale.fed]
        # What comes late and stays open, such as an object URL, is the leak's to report.
        if fed and not any(leak.late for leak in leaks(file, effect)):
            yield from (_fed(file, stale) for stale in fed)


def _fed(file: SourceFile, stale: Stale) -> Fed:
    return Fed(
        definition_around(file, stale.setter),
        stale.fed,
        called_text(file, stale.setter),
        tuple((file.location(call), called_text(file, call)) for call in stale.path),
        file.location(asker(stale)),
        file.location(head_of(stale.request)),
        file.location(head_of(stale.setter)),
    )


def feeding(facts: Mapping[str, tuple[object, ...]], resolution: Resolution) -> Feeding:
    """The feeds among the facts of all files, joined."""
    fronts = {path: one for path, own in facts.items() for one in own if isinstance(one, Front)}
    fed = {path: tuple(one for one in own if isinstance(one, Feed)) for path, own in facts.items()}
    used = {path: one.names for path, own in facts.items() for one in own if isinstance(one, Uses)}
    tests = {path: one.names for path, own in facts.items() for one in own if isinstance(one, Tried)}
    modal = {
        (path, name) for path, own in facts.items() for one in own if isinstance(one, Modals) for name in one.names
    }
    return Feeding(fronts, fed, used, tests, modal, resolution)


def changing_in(joined: Feeding, path: str, asked: Fed | Question) -> frozenset[str]:
    """The dependencies that some mount or call changes while the component stays."""
    return frozenset(dependency for dependency, way in asked.ways if joined.changes((path, asked.owner), way))


def is_only_tried(joined: Feeding, path: str, asked: Fed | Question) -> bool:
    """Whether no file of the application mounts the component, or calls the hook, but a test or story does.

    What it is given there, nobody can tell. What frameworks mount by the name of its file is none of those, and what
    nobody at all mounts never asks.
    """
    key = (path, asked.owner)
    return PurePosixPath(path).stem not in _ROUTED and not joined.is_used(key) and joined.is_tried(key)
