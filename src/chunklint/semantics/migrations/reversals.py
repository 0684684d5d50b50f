"""Whether revisions can be taken back: what a downgrade leaves, loses and changes, and where it fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from chunklint.semantics.migrations.histories import History, cycles, duplicates, histories, order
from chunklint.semantics.migrations.replay import Problem, downgraded, upgraded
from chunklint.semantics.migrations.schema import Absence, Key, Kind, Made, Schema, State
from chunklint.semantics.migrations.steps import Certainty, Script, Step, Verb


class Trace(StrEnum):
    """How an object differs after upgrade and downgrade from before."""

    LEFT = "left"
    LOST = "lost"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Residue:
    """An object that an upgrade and its downgrade do not bring back as it was.

    Attributes:
        trait: Of a changed object what changed, with `before` and `after` (the downgrade) as values.
        step: What the upgrade did to it, None if only a consequence touched it.
    """

    trace: Trace
    key: Key
    trait: str = ""
    before: str = ""
    after: str = ""
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Reversal:
    """What came of upgrade and downgrade of one revision. Both lists are empty for one that can be taken back."""

    script: Script
    problems: tuple[Problem, ...]
    residue: tuple[Residue, ...]


def reversals(scripts: Iterable[Script], *, whole: bool) -> Iterator[Reversal]:
    """The reversals of all revisions of a scan, history by history, each on the schema that the ones before it made.

    Histories that cannot be loaded are left out.
    """
    by_path = {script.revision.path: script for script in scripts}
    for history in histories(script.revision for script in by_path.values()):
        if duplicates(history) or cycles(history):
            continue
        postgres = any(by_path[one.path].postgres for one in history.revisions)
        schema = Schema(whole=whole and _starts_at_base(history))
        seen: set[str] = set()
        for revision in order(history):
            if revision.id in seen:
                # A copy in another folder.
                continue
            seen.add(revision.id)
            yield _reversal(by_path[revision.path], schema, postgres=postgres)


def _starts_at_base(history: History) -> bool:
    return history.is_readable and len(history.bases) == 1 and not history.missing


def _reversal(script: Script, schema: Schema, *, postgres: bool) -> Reversal:
    """Judge one revision, and leave the schema as its upgrade made it."""
    after = upgraded(schema, script.upgrade)
    back, problems = downgraded(after, script.downgrade)
    residue = tuple(_residue(script, schema, after, back, postgres=postgres))
    schema.absorb(after)
    return Reversal(script, problems, residue)


def _residue(script: Script, before: Schema, after: Schema, back: Schema, *, postgres: bool) -> Iterator[Residue]:
    touched = dict.fromkeys((*after.changes, *back.changes))
    states = {
        key: (before.state(key, _table(key, before, back)), back.state(key, _table(key, before, back)))
        for key in touched
    }
    found = [one for key, (old, new) in states.items() for one in _difference(key, old, new)]
    gone = {one.key for one in found if one.trace is not Trace.CHANGED}
    renamed = _same_constraints(found, states)
    steps = _steps_by_key(script.upgrade)
    for one in found:
        if _is_guessed_index(states[one.key]):
            continue
        implied = one.key.home in gone or Key(Kind.TABLE, _table(one.key, before, back)) in gone
        if implied or one.key in renamed or (one.key.kind in (Kind.TYPE, Kind.VALUE) and not postgres):
            continue
        step = steps.get(one.key)
        yield Residue(one.trace, one.key, one.trait, one.before, one.after, step)


def _is_guessed_index(states: tuple[State, State]) -> bool:
    """Whether an index got its name from a naming convention that nobody here has read."""
    return any(isinstance(state, Made) and state.guessed and state.table for state in states)


def _table(key: Key, *schemas: Schema) -> str:
    """The table that an index stands on."""
    if key.kind is not Kind.INDEX:
        return ""
    for schema in schemas:
        state = schema.state(key)
        if isinstance(state, Made):
            return state.table
    return ""


def _difference(key: Key, before: State, back: State) -> Iterator[Residue]:
    match before, back:
        case Absence.ABSENT, Made():
            yield Residue(Trace.LEFT, key)
        case Made(), Absence.ABSENT:
            yield Residue(Trace.LOST, key)
        case Made(), Made():
            old, new = dict(before.traits), dict(back.traits)
            for name in sorted(old.keys() & new.keys()):
                if old[name] != new[name]:
                    yield Residue(Trace.CHANGED, key, name, old[name], new[name])
                    return
            if before.columns is not None and back.columns is not None and before.columns != back.columns:
                yield Residue(Trace.CHANGED, key, "columns", ", ".join(before.columns), ", ".join(back.columns))


def _same_constraints(found: Sequence[Residue], states: dict[Key, tuple[State, State]]) -> frozenset[Key]:
    """Constraints and indexes that came back under another name, where one of the two names is only a guess."""
    same: set[Key] = set()
    lost = [one.key for one in found if one.trace is Trace.LOST and one.key.kind in (Kind.CONSTRAINT, Kind.INDEX)]
    left = [
        key
        for key, (before, back) in states.items()
        if key.kind in (Kind.CONSTRAINT, Kind.INDEX) and isinstance(back, Made) and not isinstance(before, Made)
    ]
    for old in lost:
        before = states[old][0]
        for new in left:
            back = states[new][1]
            if isinstance(before, Made) and isinstance(back, Made) and _is_same(old, before, new, back):
                same |= {old, new}
    return frozenset(same)


def _is_same(old: Key, before: Made, new: Key, back: Made) -> bool:
    guessed = before.guessed or back.guessed or not before.traits
    place = old.kind is new.kind and (old.owner, before.table) == (new.owner, back.table)
    columns = None in (before.columns, back.columns) or before.columns == back.columns
    return guessed and place and columns and before.trait("kind") in (None, back.trait("kind"))


def _steps_by_key(steps: Iterable[Step]) -> dict[Key, Step]:
    """The last step on each object."""
    found: dict[Key, Step] = {}
    for step in steps:
        if step.key is not None:
            found[step.key] = step
        for part in step.parts:
            if part.key is not None:
                found[part.key] = part
    return found


def breaks_upgrade(residue: Residue) -> bool:
    """Whether the next upgrade fails on what is left or lost."""
    step = residue.step
    if step is None or step.certainty is not Certainty.SURE or step.replaces:
        return False
    wanted = {Trace.LEFT: Verb.CREATE, Trace.LOST: Verb.DROP}.get(residue.trace)
    return step.verb is wanted
