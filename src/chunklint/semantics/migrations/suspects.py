"""Findings in a migration that a function of another module may settle: that module must be read first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from chunklint.languages.python import PythonFile
from chunklint.model import Draft, Place
from chunklint.records import record
from chunklint.semantics.migrations.exposures import Exposure, exposures
from chunklint.semantics.migrations.operations import migration_of
from chunklint.semantics.migrations.safeguards import calls_settled_before
from chunklint.semantics.migrations.wrappers import demanded, is_demanded


@record
class Suspect:
    """A finding as plain data, and the functions of other modules that ran before: one of them may demand a flag."""

    draft: Draft
    before: tuple[str, ...]


def exposed(file: PythonFile) -> tuple[tuple[Exposure, tuple[str, ...]], ...]:
    """The losses that nothing in a migration protects, and the functions of other modules that ran before each."""
    return file.remember("exposed", partial(_exposed, file))


def _exposed(file: PythonFile) -> tuple[tuple[Exposure, tuple[str, ...]], ...]:
    migration = migration_of(file)
    return tuple((one, _before(one, file)) for one in exposures(migration, file)) if migration is not None else ()


def _before(found: Exposure, file: PythonFile) -> tuple[str, ...]:
    operation = found.loss.operation
    if operation.node is None or operation.frame is None:
        return ()
    return tuple(calls_settled_before(operation.node, operation.frame, file))


def suspect(draft: Draft, before: tuple[str, ...], file: PythonFile) -> Suspect:
    """The finding with its places as locations, so that it can travel."""

    def located(places: Iterable[tuple[Place, str]]) -> tuple[tuple[Place, str], ...]:
        return tuple((file.location(place), text) for place, text in places)

    place = file.location(draft.place)
    return Suspect(replace(draft, place=place, steps=located(draft.steps), related=located(draft.related)), before)


def convicted(facts: Mapping[str, Sequence[object]]) -> Iterator[Draft]:
    """The findings of which no function of another module that ran before demands a flag."""
    demands = demanded(facts)
    for found in facts.values():
        for fact in found:
            if isinstance(fact, Suspect) and not is_demanded(fact.before, demands):
                yield fact.draft
