"""Slow answers of effects that ask with what others change: judged once the mounts of all files are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from chunklint.languages.base import SourceFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.ecmascript.changes import ITSELF
from chunklint.semantics.ecmascript.effect_wording import asker, called_text, head_of
from chunklint.semantics.ecmascript.feeding import Feeding
from chunklint.semantics.ecmascript.feeds import Feed, definition_around, feeds
from chunklint.semantics.ecmascript.leading import Leading, leading
from chunklint.semantics.ecmascript.leaks import leaks
from chunklint.semantics.ecmascript.loading_gates import tells_while_idle, told_while
from chunklint.semantics.ecmascript.member_ways import with_members
from chunklint.semantics.ecmascript.modals import Modals, asks_while_open, modals
from chunklint.semantics.ecmascript.mounts import Front
from chunklint.semantics.ecmascript.react import Effect, effects
from chunklint.semantics.ecmascript.shared_answers import Question, questions
from chunklint.semantics.ecmascript.stale_answers import Stale, busy_states, stale_answers
from chunklint.semantics.ecmascript.unused import ROUTED
from chunklint.semantics.ecmascript.ways_in import idle_owners, is_of_client, is_of_server, named_front
from chunklint.semantics.ecmascript.whereabouts import Lead


@record
class Queued:
    """A module of actions of the server: what the client asks of it is sent one after the other."""


@record
class Fed:
    """An effect whose late answer sets state, and which asks with props or arguments only.

    Attributes:
        owner: The definition of this file that the effect stands in.
        ways: The dependencies that it asks with, each with its way.
        module: Module and name of the function that it asks, where that may be an action of the server.
        prop: The prop by which it asks; "" for none.
        open: Whether it asks only while a prop says that the component is open.
        setter: What takes the answer, as written.
        path: The calls that lead from the effect to the request, as written.
        asker: Where the effect asks.
        request: Where the request is made.
        taker: Where the setter is called.
        idle: The definitions of which another file must import one for the effect to run; None where it runs anyway.
        leads: What decides in other files if all answers come from this machine; () for nothing.
        busy: Under which names the hook hands out what it sets while the request runs.
        quiet: Whether the component tells its caller nothing while the request runs.
        onto: The list that the answer is put behind, as it was when the effect ran; "" where it takes its place.
    """

    owner: str
    ways: tuple[tuple[str, str], ...]
    module: tuple[str, str]
    prop: str
    open: bool
    setter: str
    path: tuple[tuple[Location, str], ...]
    asker: Location
    request: Location
    taker: Location
    idle: tuple[str, ...] | None
    leads: tuple[Lead, ...] = ()
    busy: tuple[str, ...] = ()
    quiet: bool = False
    onto: str = ""


def fed_answers(file: SourceFile) -> Iterator[Fed | Feed | Modals | Queued | Front | Leading]:
    """What a file's effects ask with that others change, what it gives others, and the names that join the two."""
    if is_of_server(file):
        yield Queued()
        return
    asked, given, shown = tuple(_asked(file)), tuple(feeds(file)), modals(file)
    yield from asked
    yield from given
    owners = (
        {one.owner for one in asked}
        | {one.owner for one in given}
        | {one.owner for one in questions(file)}
        | set(shown.holders if shown is not None else ())
        | {name for effect in effects(file) if _says(file, effect) for name in idle_owners(file, effect) or ()}
    )
    yield from named_front(file, owners)
    yield from (one for one in (shown, leading(file)) if one is not None)


def _says(file: SourceFile, effect: Effect) -> bool:
    """Whether an effect leaves something behind, or takes late answers, whoever mounts it."""
    return bool(leaks(file, effect)) or next(stale_answers(file, effect), None) is not None


def _asked(file: SourceFile) -> Iterator[Fed]:
    for effect in effects(file):
        fed = [stale for stale in stale_answers(file, effect) if is_for_all_files(file, stale)]
        # What comes late and stays open, such as an object URL, is the leak's to report.
        if fed and not any(leak.late for leak in leaks(file, effect)):
            yield from (_fed(file, effect, stale) for stale in fed)


def is_for_all_files(file: SourceFile, stale: Stale) -> bool:
    """Whether only other files can tell if a late answer overwrites a later one.

    They give what is asked with, or by; and what is called may be an action of the server, which the router of Next.js
    sends one after the other; or it may be answered on this machine.
    """
    return bool(stale.fed or stale.prop or stale.leads) or (bool(stale.module[0]) and is_of_client(file))


def _fed(file: SourceFile, effect: Effect, stale: Stale) -> Fed:
    busy = busy_states(file, effect, stale.path, stale.request)
    return Fed(
        definition_around(file, stale.setter),
        tuple((one, with_members(file, stale.request, stale.path, one, way)) for one, way in stale.fed)
        or ((stale.dependency, ITSELF),),
        stale.module if is_of_client(file) else ("", ""),
        stale.prop,
        bool(stale.fed) and asks_while_open(file, effect),
        called_text(file, stale.setter),
        tuple((file.location(call), called_text(file, call)) for call in stale.path),
        file.location(asker(stale)),
        file.location(head_of(stale.request)),
        file.location(head_of(stale.setter)),
        idle_owners(file, effect),
        stale.leads,
        told_while(file, effect.owner, busy) if effect.owner is not None else (),
        effect.owner is not None and tells_while_idle(file, effect.owner, busy),
        stale.onto,
    )


def changing_in(joined: Feeding, path: str, asked: Fed | Question) -> frozenset[str]:
    """The dependencies that some mount or call changes while the component stays."""
    key = (path, asked.owner)
    busy, quiet = (asked.busy, asked.quiet) if isinstance(asked, Fed) else ((), False)
    return frozenset(dependency for dependency, way in asked.ways if joined.changes(key, way, busy, quiet))


def keeps_order(joined: Feeding, facts: Mapping[str, tuple[object, ...]], path: str, asked: Fed) -> bool:
    """Whether nothing overtakes an answer: no mount says how to ask, or each question waits for the last one.

    A modal is closed before it is opened with something else; the next action of the server waits until the last one
    has been answered.
    """
    key = (path, asked.owner)
    if (asked.prop and not joined.is_handed(key, asked.prop)) or (asked.open and joined.is_modal(key)):
        return True
    target = joined.file(path, *asked.module) if asked.module[0] else None
    return target is not None and any(isinstance(one, Queued) for one in facts.get(target, ()))


def is_only_tried(joined: Feeding, path: str, asked: Fed | Question) -> bool:
    """Whether no file of the application mounts the component, or calls the hook, but a test or story does.

    What it is given there, nobody can tell. What frameworks mount by the name of its file is none of those, and what
    nobody at all mounts never asks.
    """
    key = (path, asked.owner)
    return PurePosixPath(path).stem not in ROUTED and not joined.is_used(key) and joined.is_tried(key)
