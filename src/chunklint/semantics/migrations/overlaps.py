"""Where revisions of one history work against each other: on every path, in the order in which an upgrade runs them.

Only what is plain to see counts. What a step that nobody can read may have done is unknown from there on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain

from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.definitions import Definitions, is_same_text
from chunklint.semantics.migrations.fills import Fills, Overwritten, overwritten
from chunklint.semantics.migrations.histories import histories, path_between
from chunklint.semantics.migrations.losses import Loss, is_missed, unsettled
from chunklint.semantics.migrations.rebuilds import Rebuilds
from chunklint.semantics.migrations.replay import is_missing, upgraded
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
    LOOSENED = "loosened"
    REBUILT = "rebuilt"
    DOUBLED = "doubled"
    REPEATED = "repeated"
    OVERWRITTEN = "overwritten"


@record
class Overlap:
    """A place where a revision clashes with other ones, each of which `others` names by a place in it.

    Attributes:
        key: The object that is concerned.
        verb: What is done to it, or to the object that takes it along.
        cause: Of what is LOST the column or table that went, None if it was itself dropped to rebuild a table under it;
            of what is GONE the object that is missing; of what is REBUILT the table that is to take its name.
        columns: The columns of a LOST or KEPT index, or those that a KEPT table goes without.
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


def overlaps(scripts: Iterable[Script], fills: Iterable[Fills] = ()) -> Iterator[Overlap]:
    """The overlaps of all histories of a scan, each place once for an object."""
    by_path = {script.revision.path: script for script in scripts}
    filled = tuple(fills)
    seen: set[tuple[Clash, Location, Key]] = set()
    for history in histories(script.revision for script in by_path.values()):
        for head in history.heads[:_MAX_PATHS]:
            path = [by_path[one.path] for one in path_between(history, None, head)]
            for found in chain(_Path().run(path), map(_overwritten, overwritten(filled, path))):
                identity = (found.clash, found.place, found.key)
                if identity not in seen:
                    seen.add(identity)
                    yield found


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
        made_way: The views that the revision at hand has dropped by name.
        strict: The columns without NULL that the revision at hand has dropped.
        swapped: Where another column took the name of one of those.
        namesakes: The tables that creating steps name, by their names without schemas.
    """

    schema: Schema = field(default_factory=Schema)
    revision: str = ""
    found: list[Overlap] = field(default_factory=list)
    gone: dict[Key, Location] = field(default_factory=dict)
    defined: dict[tuple[Key, Location], Made] = field(default_factory=dict)
    sure: set[Location] = field(default_factory=set)
    former: dict[str, str] = field(default_factory=dict)
    skipped: dict[Key, Location] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    made_way: list[Loss] = field(default_factory=list)
    strict: dict[Key, Made] = field(default_factory=dict)
    swapped: list[Overlap] = field(default_factory=list)
    namesakes: dict[str, dict[Key, None]] = field(default_factory=dict)
    rebuilds: Rebuilds = field(default_factory=Rebuilds)
    definitions: Definitions = field(default_factory=Definitions)

    def run(self, scripts: list[Script]) -> Iterator[Overlap]:
        for script in scripts:
            self._enter(script.revision.path)
            for step in script.upgrade:
                self._take(step)
            self._leave()
        postgres = any(script.postgres for script in scripts)
        # Elsewhere an enum is no type of its own.
        yield from (one for one in self.found if postgres or one.key.kind not in (Kind.TYPE, Kind.VALUE))
        yield from (_lost(one) for one in self.losses)
        yield from (one for one in self.swapped if self._is_nullable(one.key))
        if postgres:
            yield from _rebuilt(self.rebuilds)

    def _enter(self, revision: str) -> None:
        self.revision = revision
        self.former, self.skipped, self.made_way, self.strict = {}, {}, [], {}
        self.rebuilds.enter(revision)

    def _leave(self) -> None:
        """Keep of the revision's losses those that count: it left all in place that the lost objects stood on."""
        gone = (one for one in self.losses if one.revision == self.revision)
        missed = [one for one in gone if is_missed(one, self.schema, self.defined)]
        missed += [one for one in self.made_way if any(map(self.rebuilds.is_rebuilt, one.made.uses))]
        self.losses = [*(one for one in self.losses if one.revision != self.revision), *missed]

    def _take(self, step: Step) -> None:
        self.rebuilds.take(step)
        defined = self.definitions.take(step)
        if step.key is None:
            if step.verb is Verb.FORGET:
                self.schema = Schema()
                self.gone.clear()
                self.losses = [one for one in self.losses if one.revision != self.revision]
            return
        self._judge_definition(step, step.key, defined)
        if step.verb is Verb.READ:
            self._judge_read(step, step.key)
            self.schema.absorb(upgraded(self.schema, (step,)))
            return
        if "{" not in step.key.name and step.verb is not Verb.FORGET and step.certainty is not Certainty.MAYBE:
            self._judge(step, step.key)
        after = upgraded(self.schema, (step,))
        self._reclaim(step, step.key, defined)
        if step.verb in (Verb.DROP, Verb.RENAME):
            self._note_gone(step, step.key, after.changes)
        self.schema.absorb(after)
        self._doubt_namesakes(step, step.key)
        for key, state in after.changes.items():
            if state is not Absence.ABSENT:
                self.gone.pop(key, None)

    def _reclaim(self, step: Step, key: Key, defined: Made | None) -> None:
        """Strike out the losses that a step makes good, and take note of a view that may have to make way."""
        self.losses = list(unsettled(self.losses, step, key))
        self.made_way = list(unsettled(self.made_way, step, key))
        told = key.kind is Kind.VIEW and step.verb is Verb.DROP and step.certainty is not Certainty.MAYBE
        if told and defined is not None and defined.place is not None and defined.place.path != self.revision:
            self.made_way.append(Loss(step, key, key, defined, "", self.revision))

    def _doubt_namesakes(self, step: Step, table: Key) -> None:
        """A table that goes may be the one of the same name in a schema that is spelled out only elsewhere."""
        if step.verb is Verb.CREATE:
            named = table.name if table.kind is Kind.TABLE else (step.made or Made()).table
            if named:
                self.namesakes.setdefault(named.rpartition(".")[2], {})[Key(Kind.TABLE, named)] = None
            return
        if table.kind is not Kind.TABLE or step.verb is Verb.ALTER:
            return
        schema, _, name = table.name.rpartition(".")
        for other in self.namesakes.get(name, ()):
            if other == table or "" not in (schema, other.name.rpartition(".")[0]):
                continue
            for part, _ in tuple(self.schema.belonging(other)):
                self.schema.put(part, Absence.UNKNOWN)
            self.schema.put(other, Absence.UNKNOWN)

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

    def _judge_read(self, step: Step, key: Key) -> None:
        """Look for a table or column that an earlier revision took away and a statement on rows still names."""
        place = self.gone.get(key)
        if place is None or place.path == self.revision or step.compared:
            return
        if is_missing(step, key, self.schema):
            self._report(Clash.GONE, step, key, place)

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
        if state.place.path == self.revision or state.place not in self.sure or step.replaces:
            return
        if step.certainty is Certainty.SURE:
            self._report(Clash.TWICE, step, key, state.place)
        elif key.kind is Kind.TABLE and state.whole:
            columns = [part.key for part in step.parts if part.key is not None and part.key.kind is Kind.COLUMN]
            lacking = tuple(one.name for one in columns if self.schema.state(one) is Absence.ABSENT)
            if lacking:
                self._report(Clash.KEPT, step, key, state.place, columns=lacking)
        elif key.kind is Kind.INDEX and state.columns and made.columns and state.columns != made.columns:
            self._report(Clash.KEPT, step, key, state.place, columns=state.columns)

    def _judge_definition(self, step: Step, key: Key, defined: Made | None) -> None:
        """Look for a function that is defined as it is already; one that is dropped first is made anew for a reason."""
        if key.kind is not Kind.FUNCTION or not step.replaces or defined is None or defined.place is None:
            return
        made = step.made or Made()
        same = is_same_text(defined.trait("body"), made.trait("body"))
        if same and defined.place.path != self.revision and step.certainty is not Certainty.MAYBE:
            self._report(Clash.REPEATED, step, key, defined.place)

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
            if step.verb is Verb.DROP and one == key and before.trait("nullable") == "False":
                self.strict[key] = before
        if step.verb is Verb.RENAME and key.kind is Kind.COLUMN:
            self._note_swap(step, replace(key, name=step.new_name))
        if step.verb is Verb.RENAME and key.kind is Kind.TABLE:
            self.former[step.new_name] = self.former.get(key.name, key.name)

    def _note_swap(self, step: Step, column: Key) -> None:
        """A new column takes the name of one that was NOT NULL; whether it is so itself in the end, is seen then."""
        before = self.strict.get(column)
        if before is None or before.place is None or before.place.path == self.revision:
            return
        if step.certainty is Certainty.SURE:
            self.swapped.append(Overlap(Clash.LOOSENED, column, step.verb, step.place, (before.place,)))

    def _is_nullable(self, column: Key) -> bool:
        state = self.schema.state(column)
        return isinstance(state, Made) and state.trait("nullable") == "True"

    def _note_loss(self, step: Step, taken: Key, lost: Key, before: Made) -> None:
        if before.place is None or before.place.path == self.revision:
            return
        made = self.defined.get((lost, before.place), before)
        if lost.kind is Kind.VIEW or lost.kind is Kind.INDEX or made.trait("kind") in ("unique", "foreign key"):
            table = before.table or lost.owner or taken.name
            former = self.former.get(table, table)
            self.losses.append(Loss(step, taken, lost, made, former, self.revision, self.skipped.get(lost)))


def _overwritten(found: Overwritten) -> Overlap:
    fill = found.fill
    return Overlap(Clash.OVERWRITTEN, fill.column, Verb.ALTER, fill.place, (found.before.place,))


def _rebuilt(rebuilds: Rebuilds) -> Iterator[Overlap]:
    """A finding for every making in a chain; for one that swaps tables, where the new table is made as well."""
    for key, makings in rebuilds.chains():
        for one in makings:
            others = tuple(other.place for other in makings if other is not one)
            if one.staged is not None:
                yield Overlap(Clash.REBUILT, key, Verb.CREATE, one.staged[1], others, one.staged[0])
            yield Overlap(Clash.REBUILT, key, one.verb, one.place, others)


def _lost(loss: Loss) -> Overlap:
    others = (loss.made.place,) if loss.made.place is not None else ()
    sure = loss.step.certainty is Certainty.SURE
    columns = loss.made.columns or ()
    cause = None if loss.is_told else loss.taken
    return Overlap(Clash.LOST, loss.key, Verb.DROP, loss.step.place, others, cause, columns, loss.skipped, sure=sure)


def _is_unique(key: Key, made: Made) -> bool:
    if key.kind is Kind.CONSTRAINT:
        return made.trait("kind") == "unique"
    return key.kind is Kind.INDEX and made.trait("unique") == "True" and made.trait("partial") == "False"
