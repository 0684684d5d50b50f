"""What all files tell of the ways to a component or hook, for any rule to ask what nothing that runs leads to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.model import Place
from chunklint.semantics.ecmascript.feeding import Feeding
from chunklint.semantics.ecmascript.feeds import Tried, Uses, definition_around, names_for, tried, uses
from chunklint.semantics.ecmascript.galleries import is_test_or_story
from chunklint.semantics.ecmascript.lifespans import Lifespans
from chunklint.semantics.ecmascript.mounts import Front
from chunklint.semantics.ecmascript.places import Placed, placed
from chunklint.semantics.ecmascript.react import Effect
from chunklint.semantics.ecmascript.unused import importable

# Possessive: a file that begins with many comments would otherwise be tried in all ways to put them together.
_COMMENTS = r"(?:\s++|//[^\n]*+\n|/\*(?:[^*]|\*(?!/))*+\*/)*+"
_SERVER = re.compile(_COMMENTS + r"""["']use server["']""")
_CLIENT = re.compile(_COMMENTS + r"""["']use client["']""")


def ways_in(file: SourceFile) -> Iterator[Uses | Placed | Front | Tried]:
    """What a file uses of others, where, and by what names it hands on what leads to that."""
    if is_test_or_story(file):
        names = tried(file)
        yield from (names,) if names is not None else ()
        return
    yield from placed(file)
    if is_of_server(file):
        yield Front((), (), ())
        return
    for one in uses(file):
        yield one
        front = names_for(file, {name for *_, through in one.taken for name in through or ()})
        yield from (front,) if front is not None else ()


def named_front(file: SourceFile, owners: Iterable[str]) -> Iterator[Front]:
    """What other files call these definitions of a file, which a rule asks of; nothing for none."""
    asked = set(owners)
    found = names_for(file, asked) if asked else None
    yield from (found,) if found is not None else ()


def is_of_server(file: SourceFile) -> bool:
    """Whether a file says that all of its functions are actions of the server."""
    return _SERVER.match(file.content) is not None


def is_of_client(file: SourceFile) -> bool:
    """Whether a file says that it runs in the browser, beside files that do not."""
    return _CLIENT.match(file.content) is not None


def idle_owners(file: SourceFile, effect: Effect) -> tuple[str, ...] | None:
    """The definitions of which another file must import one for an effect to run; None where it runs anyway."""
    return idle_around(file, effect.call)


def idle_around(file: SourceFile, node: Node) -> tuple[str, ...] | None:
    """The definitions of which another file must import one for a place to be run; None where it runs anyway."""
    name = definition_around(file, node)
    return importable(file, name) if name else None


def is_readable(file: SourceFile, place: Place) -> bool:
    """Whether a finding stands clear of what the parser could not read; the engine sees to those of a file alone."""
    span = file.location(place).span
    return not any(span.touches(region) for region in file.broken)


def never_runs(spans: Lifespans, feeds: Feeding, path: str, idle: tuple[str, ...] | None) -> bool:
    """Whether nothing that runs imports any of the definitions that alone could run something.

    Where nothing starts an application, its users are elsewhere.
    """
    if idle is None or not (spans.has_entry() or feeds.has_all_users(path)):
        return False
    return all(feeds.is_idle((path, one)) for one in idle)
