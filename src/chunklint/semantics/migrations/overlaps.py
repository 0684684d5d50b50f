"""Where revisions of one history work against each other: on every path, in the order in which an upgrade runs them.

Only what is plain to see counts. What a step that nobody can read may have done is unknown from there on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from chunklint.model import Location
from chunklint.semantics.migrations.histories import histories, path_between
from chunklint.semantics.migrations.rebuilds import Rebuilds
from chunklint.semantics.migrations.replay import upgraded
from chunklint.semantics.migrations.schema import Absence, Key, Kind, Made, Schema, State
from chunklint.semantics.migrations.steps import Certainty, Script, Step, Verb

# More heads than this are no history that anyone upgrades along.
_MAX_PATHS = 4


class Clash(StrEnum):
    """How a revision gets in the way of another one."""

    TWICE = "twice"
    KEPT = "kept"
    GONE = "gone"
    LOST = "lost"
    REBUILT = "rebuilt"
    DOUBLED = "doubled"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Overlap:
    """A place where a revision clashes with other ones, each of which `others` names by a place in it.

    Attributes:
        key: The object that is concerned.
        verb: What is done to it, or to the object that takes it along.
        cause: Of what is LOST the column or table that went, of what is GONE the object that is missing.
        columns: The columns of a LOST index, or those that a KEPT table goes without.
        skipped: Where the LOST object should have been made anew while its name was still taken.
        sure: Whether nothing but the order of the revisions decides.
    """

    clash: Clash
    key: Key
    verb: Verb
    place: Location
    others: tuple[Location, ...]
    cause: Key | None = None
    columns: tuple[str, ...] = ()
    skipped: Location | None = None
    sure: bool = True


def overlaps(scripts: Iterable[Script]) -> Iterator[Overlap]:
    """The overlaps of all histories of a scan, each place once for an object."""
    by_path = {script.revision.path: script for script in scripts}
    seen: set[tuple[Clash, Location, Key]] = set()
    for history in histories(script.revision for script in by_path.values()):
        for head in history.heads[:_MAX_PATHS]:
            path = [by_path[one.path] for one in path_between(history, None, head)]
            for found in _Path().run(path):
                identity = (found.clash, found.place, found.key)
                if identity not in seen:
                    seen.add(identity)
                    yield found


@dataclass(slots=True)
class _Loss:
    """An index, unique constraint or view of an earlier revision that went with something else."""

    step: Step
    key: Key
    made: Made
    table: str
    revision: str
    skipped: Location | None


@dataclass(slots=True)
class _Path:
    """One upgrade from an empty database to a head.

    Attributes:
        gone: Where the objects that are sure to be gone were taken away.
        defined: What creating steps said of an object, for the guarded ones of which the schema keeps no more than
            that it exists.
        sure: The objects that were made by a step that nothing guards.
        former: The names that tables had before the revision at hand.
        skipped: Where a guarded step found the name of its index on another table.
    """

    schema: Schema = field(default_factory=Schema)
    revision: str = ""
    found: list[Overlap] = field(default_factory=list)
    gone: dict[Key, Location] = field(default_factory=dict)
    defined: dict[tuple[Key, Location], Made] = field(default_factory=dict)
    sure: set[Location] = field(default_factory=set)
    former: dict[str, str] = field(default_factory=dict)
    skipped: dict[Key, Location] = field(default_factory=dict)
    losses: list[_Loss] = field(default_factory=list)

    def run(self, scripts: list[Script]) -> Iterator[Overlap]:
        rebuilds = Rebuilds()
        for script in scripts:
            self.revision = script.revision.path
            self.former, self.skipped = {}, {}
            rebuilds.enter(self.revision)
            for step in script.upgrade:
                rebuilds.take(step)
                self._take(step)
            self.losses = [one for one in self.losses if one.revision != self.revision or self._is_missed(one)]
        yield from self.found
        yield from (_lost(one) for one in self.losses)
        if any(script.postgres for script in scripts):
            for key, place, verb, others in rebuilds.chains():
                yield Overlap(Clash.REBUILT, key, verb, place, others)

    def _take(self, step: Step) -> None:
        if step.key is None:
            if step.verb is Verb.FORGET:
                self.schema = Schema()
                self.gone.clear()
                self.losses = [one for one in self.losses if one.revision != self.revision]
            return
        if "{" not in step.key.name and step.verb is not Verb.FORGET and step.certainty is not Certainty.MAYBE:
            self._judge(step, step.key)
        after = upgraded(self.schema, (step,))
        if step.verb is Verb.CREATE and step.key.kind is Kind.TABLE:
            self._keep_renamed(step.key, after)
        self._reclaim(step, step.key)
        if step.verb in (Verb.DROP, Verb.RENAME):
            self._note_gone(step, step.key, after.changes)
        self.schema.absorb(after)
        for key, state in after.changes.items():
            if state is not Absence.ABSENT:
                self.gone.pop(key, None)

    def _keep_renamed(self, table: Key, after: Schema) -> None:
        """A new table leaves alone the indexes that went along when the one of its name was renamed."""
        for key in [one for one in after.changes if one.kind is Kind.INDEX]:
            before = self.schema.state(key)
            if isinstance(before, Made) and before.table not in ("", table.name):
                after.put(key, before)

    # Judging a step by what the ones before it made

    def _judge(self, step: Step, key: Key) -> None:
        made = step.made or Made()
        state = self.schema.state(key, made.table)
        missing = self._missing(step, key, state)
        if missing is not None:
            self._report(Clash.GONE, step, key, self.gone[missing], cause=missing)
        elif step.verb is Verb.CREATE:
            self._judge_creation(step, key, made, state)
            for one in (step, *step.parts):
                if one.key is not None and one.made is not None:
                    self.defined[one.key, one.place] = one.made
            if step.certainty is Certainty.SURE:
                self.sure.add(step.place)

    def _missing(self, step: Step, key: Key, state: State) -> Key | None:
        """What an earlier revision took away and this step cannot do without."""
        if step.certainty is not Certainty.SURE:
            return None
        table = step.made.table if step.made is not None else ""
        around = key.home or (Key(Kind.TABLE, table) if table else None)
        # A constraint may have come back under the name that the database gave it.
        itself = step.verb is not Verb.CREATE and key.kind is not Kind.CONSTRAINT
        needed = [key, around] if itself else [around]
        for one in needed:
            if one is None or one not in self.gone or self.gone[one].path == self.revision:
                continue
            if state is Absence.ABSENT or one == around:
                return one
        return None

    def _judge_creation(self, step: Step, key: Key, made: Made, state: State) -> None:
        if key.kind in (Kind.INDEX, Kind.TABLE):
            self._judge_doubles(step)
        if not isinstance(state, Made) or state.place is None or state.guessed or made.guessed:
            return
        if key.kind is Kind.INDEX and state.table != made.table:
            if step.certainty is Certainty.GUARDED:
                self.skipped[key] = step.place
            return
        if key.kind is Kind.INDEX:
            # The same index on the same table again does no harm where it is guarded, which is not always legible.
            return
        if state.place.path == self.revision or state.place not in self.sure:
            return
        if key.kind is Kind.FUNCTION and step.replaces and _is_same_text(state.trait("body"), made.trait("body")):
            self._report(Clash.REPEATED, step, key, state.place)
        elif step.replaces:
            return
        elif step.certainty is Certainty.SURE:
            self._report(Clash.TWICE, step, key, state.place)
        elif key.kind is Kind.TABLE and state.whole:
            columns = [part.key for part in step.parts if part.key is not None and part.key.kind is Kind.COLUMN]
            lacking = tuple(one.name for one in columns if self.schema.state(one) is Absence.ABSENT)
            if lacking:
                self._report(Clash.KEPT, step, key, state.place, columns=lacking)

    def _judge_doubles(self, step: Step) -> None:
        """Look for another unique index or constraint on the columns of a unique index."""
        key, made = step.key, step.made
        if key is None or made is None or key.kind is not Kind.INDEX or not made.columns or not _is_unique(key, made):
            return
        standing = [
            (other, self.defined.get((other, state.place), state) if state.place is not None else state)
            for other, state in self.schema.belonging(Key(Kind.TABLE, made.table))
            if isinstance(state, Made)
        ]
        standing += [
            (other, one)
            for (other, place), one in self.defined.items()
            if other.owner == made.table and place.path == self.revision and self.schema.state(other) is Absence.UNKNOWN
        ]
        for other, one in standing:
            if other != key and one.place is not None and one.columns == made.columns and _is_unique(other, one):
                self._report(Clash.DOUBLED, step, other, one.place, columns=made.columns)
                return

    def _report(
        self,
        clash: Clash,
        step: Step,
        key: Key,
        other: Location,
        *,
        cause: Key | None = None,
        columns: tuple[str, ...] = (),
    ) -> None:
        sure = step.certainty is Certainty.SURE
        self.found.append(Overlap(clash, key, step.verb, step.place, (other,), cause, columns, sure=sure))

    # What goes, and what comes back

    def _note_gone(self, step: Step, key: Key, changes: Mapping[Key, State]) -> None:
        """Take note of all that a step takes away; the schema is still the one before it."""
        for one, state in changes.items():
            before = self.schema.state(one)
            if state is not Absence.ABSENT or not isinstance(before, Made):
                continue
            if step.certainty is Certainty.SURE:
                self.gone[one] = step.place
            if step.verb is Verb.DROP and one != key and key.kind in (Kind.TABLE, Kind.COLUMN):
                self._note_loss(step, key, one, before)
        if step.verb is Verb.RENAME and key.kind is Kind.TABLE:
            self.former[step.new_name] = self.former.get(key.name, key.name)

    def _note_loss(self, step: Step, taken: Key, lost: Key, before: Made) -> None:
        if before.place is None or before.place.path == self.revision:
            return
        made = self.defined.get((lost, before.place), before)
        if lost.kind is Kind.VIEW or lost.kind is Kind.INDEX or made.trait("kind") == "unique":
            table = before.table or lost.owner or taken.name
            self.losses.append(
                _Loss(step, lost, made, self.former.get(table, table), self.revision, self.skipped.get(lost))
            )

    def _is_missed(self, loss: _Loss) -> bool:
        """Whether at the end of the revision all is there that what was lost stood on, but nothing in its place."""
        table = Key(Kind.TABLE, loss.table)
        if not isinstance(self.schema.state(table), Made) and loss.step.key != Key(
            Kind.COLUMN, loss.step.key.name if loss.step.key is not None else "", loss.table
        ):
            return False
        if self.schema.state(loss.key) is not Absence.ABSENT:
            return False
        if loss.key.kind is Kind.VIEW:
            return all(isinstance(self.schema.state(one), Made) for one in loss.made.uses)
        columns = [Key(Kind.COLUMN, name, loss.table) for name in loss.made.columns or ()]
        standing = [self.schema.state(one) for one in columns]
        taken = loss.step.key
        known = all(
            isinstance(state, Made) or (state is Absence.UNKNOWN and one != taken)
            for one, state in zip(columns, standing, strict=True)
        )
        return bool(columns) and known and not self._has_other_index(loss)

    def _has_other_index(self, loss: _Loss) -> bool:
        """Whether an index or constraint stands on the table that begins with the same columns, or may do so."""
        wanted = loss.made.columns or ()
        for key, state in self.schema.belonging(Key(Kind.TABLE, loss.table)):
            if key.kind not in (Kind.INDEX, Kind.CONSTRAINT) or not isinstance(state, Made):
                continue
            made = self.defined.get((key, state.place), state) if state.place is not None else state
            columns = state.columns or made.columns
            if key.kind is Kind.INDEX and columns is None:
                return True
            if made.trait("kind") in ("foreign key", "check"):
                continue
            if columns is not None and columns[: len(wanted)] == wanted:
                return True
        return False

    def _reclaim(self, step: Step, key: Key) -> None:
        """Strike out the losses that a step makes good, or shows to be meant."""
        made = step.made or Made()
        steps = [(key, made), *((one.key, one.made or Made()) for one in step.parts if one.key is not None)]

        def is_settled(loss: _Loss) -> bool:
            for one, its in steps:
                place = its.table or one.owner
                if one == loss.key or (one.kind is loss.key.kind and one.name == loss.key.name):
                    return True
                if place == loss.table and loss.made.columns and its.columns == loss.made.columns:
                    return True
            return "{" in key.name and key.kind is loss.key.kind and _may_mean(key.name, loss.key.name)

        self.losses = [one for one in self.losses if not is_settled(one)]


def _lost(loss: _Loss) -> Overlap:
    others = (loss.made.place,) if loss.made.place is not None else ()
    sure = loss.step.certainty is Certainty.SURE
    columns = loss.made.columns or ()
    return Overlap(
        Clash.LOST, loss.key, Verb.DROP, loss.step.place, others, loss.step.key, columns, loss.skipped, sure=sure
    )


def _may_mean(template: str, name: str) -> bool:
    """Whether a name with holes may be a certain name."""
    return re.fullmatch(".*".join(map(re.escape, re.split(r"\{[^{}]*\}", template))), name, re.DOTALL) is not None


def _is_unique(key: Key, made: Made) -> bool:
    if key.kind is Kind.CONSTRAINT:
        return made.trait("kind") == "unique"
    return key.kind is Kind.INDEX and made.trait("unique") == "True" and made.trait("partial") == "False"


def _is_same_text(one: str | None, other: str | None) -> bool:
    """Whether two definitions are the same, but for a comment that one of them has more."""
    if not one or not other:
        return False
    short, long = sorted((one, other), key=len)
    start = next((at for at, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    rest = long[start : len(long) - (len(short) - start)]
    return short == long or (rest.startswith("--") and long.endswith(short[start:]))
