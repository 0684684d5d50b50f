"""Applying steps to a schema, as PostgreSQL would.

An upgrade is taken at its word: it ran, so what it creates did not exist before and what it drops did. What
contradicts that makes our knowledge doubtful, not the upgrade. A downgrade is judged: it yields the problems it meets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType

from chunklint.model import Location, Span
from chunklint.records import record
from chunklint.semantics.migrations.column_types import is_castable
from chunklint.semantics.migrations.schema import Absence, Key, Kind, Made, Schema, State
from chunklint.semantics.migrations.steps import Certainty, Step, Verb

# What an application's metadata does not make behind the migrations' back.
_ONLY_MIGRATED = frozenset({Kind.VIEW, Kind.FUNCTION, Kind.TRIGGER, Kind.TYPE, Kind.SEQUENCE})

# How SQLAlchemy's documentation suggests to name constraints.
_OWN_PREFIXES = MappingProxyType({"ck_": "check", "fk_": "foreign key", "uq_": "unique", "pk_": "primary key"})
_OWN_SUFFIXES = ("_fkey", "_key", "_pkey")
_NOWHERE = Location("", Span(1, 1, 1, 1))


class Failure(StrEnum):
    """Why a step of a downgrade fails."""

    MISSING = "missing"
    EXISTS = "exists"
    NEEDED = "needed"
    CAST = "cast"
    VALUE = "value"
    BROKEN = "broken"
    UNCERTAIN = "uncertain"
    LOST = "lost"


@record
class Problem:
    """A step that fails.

    Attributes:
        other: The object in its way, or the enum value that is missing.
        place: Where the upgrade makes what it makes only on one of its ways; which downgrade loses what is missing.
        revision: The revision whose downgrade that is.
    """

    failure: Failure
    step: Step
    key: Key | None
    other: Key | None = None
    place: Location | None = None
    revision: str = ""


def upgraded(before: Schema, steps: Iterable[Step]) -> Schema:
    """The layer over a schema that an upgrade makes. What the upgrade proves of the schema before is put there."""
    return _Replay(before, learn=True).run(steps)[0]


def downgraded(after: Schema, steps: Iterable[Step]) -> tuple[Schema, tuple[Problem, ...]]:
    """The layer over a schema that a downgrade makes, and the steps that fail; the rest is applied nevertheless."""
    return _Replay(after, learn=False).run(steps)


class _Replay:
    """One run of steps over a schema."""

    def __init__(self, start: Schema, *, learn: bool) -> None:
        self.start = start
        self.schema = start.above()
        self.learn = learn
        self.problems: list[Problem] = []

    def run(self, steps: Iterable[Step]) -> tuple[Schema, tuple[Problem, ...]]:
        for step in steps:
            self.apply(step)
        return self.schema, tuple(self.problems)

    def apply(self, step: Step) -> None:
        if step.verb is Verb.BREAK:
            self._complain(Failure.BROKEN, step)
            return
        if step.key is None:
            self.schema.forget(reshaped=bool(step.untold))
            return
        if step.verb is Verb.READ:
            self._read(step, step.key)
            return
        if "{" in step.key.name:
            self._doubt_all(step.key)
            return
        if step.verb is Verb.FORGET or step.certainty is Certainty.MAYBE:
            self._doubt(step)
            return
        match step.verb:
            case Verb.CREATE:
                self._create(step, step.key, step.made or Made())
            case Verb.DROP:
                self._drop(step, step.key, step.made)
            case Verb.RENAME:
                self._rename(step, step.key)
            case Verb.ALTER:
                self._alter(step, step.key)

    def _complain(self, failure: Failure, step: Step, other: Key | None = None) -> None:
        if not self.learn and step.certainty is Certainty.SURE:
            self.problems.append(Problem(failure, step, step.key, other))

    def _doubt_all(self, template: Key) -> None:
        """What a name with holes may mean is unknown from now on."""
        if template.kind in _ONLY_MIGRATED:
            self.schema.whole = False
        for key in tuple(self.schema.matching(template.kind, template.name)):
            self._doubt(Step(Verb.FORGET, key, _NOWHERE))

    def _doubt(self, step: Step) -> None:
        """What a step may have done to its object leaves the object, and what belongs to it, unknown."""
        if step.key is None:
            return
        concerned = [step.key, *(part.key for part in step.parts if part.key is not None)]
        if step.new_name:
            concerned.append(replace(step.key, name=step.new_name))
        if step.verb is not Verb.ALTER and step.key.kind in (Kind.TABLE, Kind.TYPE, Kind.VIEW):
            home = Key(Kind.TABLE, step.key.name) if step.key.kind is Kind.VIEW else step.key
            concerned.extend(key for key, _ in self.schema.belonging(home))
        if step.verb is Verb.DROP and step.key.kind is Kind.COLUMN:
            concerned.extend(key for key, _ in self._standing_on(step.key))
        for key in concerned:
            self.schema.put(key, Absence.UNKNOWN)

    # Reading

    def _read(self, step: Step, key: Key) -> None:
        if step.compared:
            enum, label = self._enum_of(key), step.compared
            if enum is not None and self.schema.state(Key(Kind.VALUE, label, enum.name)) is Absence.ABSENT:
                self._complain(Failure.VALUE, step, Key(Kind.VALUE, label, enum.name))
            return
        if is_missing(step, key, self.schema):
            self._complain(Failure.MISSING, step)
            if self.learn:
                self.schema.put(key, Absence.UNKNOWN)

    def _enum_of(self, column: Key) -> Key | None:
        """The enum that is known to be the type of a column, with all its values."""
        state = self.schema.state(column)
        types = [one for one in state.uses if one.kind is Kind.TYPE] if isinstance(state, Made) else []
        known = self.schema.state(types[0]) if len(types) == 1 else Absence.UNKNOWN
        return types[0] if isinstance(known, Made) and known.whole and any(self.schema.belonging(types[0])) else None

    # Creating

    def _create(self, step: Step, key: Key, made: Made) -> None:
        state = self.schema.state(key, made.table)
        guarded = step.certainty is Certainty.GUARDED
        if step.replaces and key.kind is Kind.TYPE:
            self._make(step, key, made)
        elif isinstance(state, Made):
            if step.replaces:
                self.schema.put(key, made)
            elif not guarded:
                self._complain(Failure.EXISTS, step)
                self._doubt(step)
        elif state is Absence.UNKNOWN and (guarded or step.replaces) and not self._is_new(key):
            self.schema.put(key, made if step.replaces else self._if_missing(step, key, made))
        else:
            self._learn(key, Absence.ABSENT)
            self._make(step, key, made)

    def _is_new(self, key: Key) -> bool:
        """Whether an object that nobody knows cannot have been there before."""
        return self.schema.whole and key.kind in _ONLY_MIGRATED and not self.schema.has_heard_of(key)

    def _if_missing(self, step: Step, key: Key, made: Made) -> Made:
        """What is known of an object that is made if it is not there; of a new table, which columns it has at first."""
        columns = None
        if key.kind is Kind.TABLE and made.whole and self.schema.whole and not self.schema.has_heard_of(key):
            parts = (part.key for part in step.parts)
            columns = tuple(part.name for part in parts if part is not None and part.kind is Kind.COLUMN)
        return Made(place=made.place, table=made.table, columns=columns)

    def _spelled(self, uses: tuple[Key, ...]) -> str:
        """The spelling of a column's type that a statement only names, "" unless it is known to be an enum."""
        known = (one for one in uses if one.kind is Kind.TYPE and isinstance(self.schema.state(one), Made))
        return next((f"enum {one.name}" for one in known if any(self.schema.belonging(one))), "")

    def _make(self, step: Step, key: Key, made: Made) -> None:
        if key.kind is Kind.COLUMN and made.trait("type") is None and (spelled := self._spelled(made.uses)):
            made = replace(made, traits=tuple(sorted((*made.traits, ("type", spelled)))))
        if key.kind in (Kind.TABLE, Kind.TYPE):
            self.schema.renew(key, whole=made.whole)
        self.schema.put(key, made)
        for part in step.parts:
            self.apply(part)
        if made.trait("kind") == "primary key":
            self._require(key.owner, made.columns or ())

    def _require(self, table: str, columns: Iterable[str]) -> None:
        """A primary key makes its columns NOT NULL, and they stay so when it goes."""
        for name in columns:
            column = Key(Kind.COLUMN, name, table)
            state = self.schema.state(column)
            if isinstance(state, Made):
                traits = dict(state.traits) | {"nullable": "False"}
                self.schema.put(column, replace(state, traits=tuple(sorted(traits.items()))))

    def _learn(self, key: Key, state: Made | Absence) -> None:
        # A column of a table that the same script has dropped and made again says nothing of the former table's.
        touched = {key, key.home} & self.schema.changes.keys()
        untouched = not self.schema.forgot and not touched
        if self.learn and untouched and self.start.state(key) is Absence.UNKNOWN:
            self.start.put(key, state)

    # Dropping

    def _drop(self, step: Step, key: Key, taken_for: Made | None) -> None:
        table = taken_for.table if taken_for is not None else ""
        state = self.schema.state(key, table)
        if not isinstance(state, Made) and key.kind is Kind.CONSTRAINT and self._drop_guessed(step, key, taken_for):
            return
        if state is Absence.ABSENT:
            if step.certainty is Certainty.SURE and not self._may_be_check(key, taken_for):
                self._complain(Failure.MISSING, step)
            return
        if state is Absence.UNKNOWN and step.certainty is Certainty.SURE:
            self._learn(key, Made(table=table))
        self._drop_users(step, key)
        self._remove(key)

    def _may_be_check(self, key: Key, taken_for: Made | None) -> bool:
        """Whether a constraint may be a CHECK: types that a project defines bring some along under any name."""
        kind = taken_for.trait("kind") if taken_for is not None else None
        return key.kind is Kind.CONSTRAINT and kind in (None, "check") and not key.name.endswith(_OWN_SUFFIXES)

    def _drop_guessed(self, step: Step, key: Key, taken_for: Made | None) -> bool:
        """Drop the constraint that a name most likely means among those whose names were left to others."""
        named = next((kind for mark, kind in _OWN_PREFIXES.items() if key.name.startswith(mark)), None)
        wanted = (taken_for.trait("kind") if taken_for is not None else None) or named
        found = [
            other
            for other, state in self.schema.belonging(Key(Kind.TABLE, key.owner))
            if isinstance(state, Made) and state.guessed and wanted in (None, state.trait("kind"))
        ]
        likely = [other for other in found if _is_alike(key.name, other, self.schema.state(other))]
        if not likely and key.name.endswith(_OWN_SUFFIXES):
            # So PostgreSQL names constraints, always after their columns; none of these can be meant.
            return False
        certain = len(likely) == 1 and step.certainty is Certainty.SURE
        for other in likely or found:
            self.schema.put(other, Absence.ABSENT if certain else Absence.UNKNOWN)
        return bool(found)

    def _drop_users(self, step: Step, key: Key) -> None:
        for user, made in tuple(self.schema.users(key)):
            if key.name in (user.owner, made.table) and key.kind is Kind.TABLE:
                continue
            if step.cascade:
                self._remove(user)
            elif self.learn:
                self.schema.put(user, Absence.UNKNOWN)
            else:
                self._complain(Failure.NEEDED, step, user)

    def _remove(self, key: Key) -> None:
        homes = [key] if key.kind in (Kind.TABLE, Kind.TYPE) else []
        if key.kind is Kind.VIEW:
            # A materialized view takes its indexes along; they name it as their table.
            homes = [Key(Kind.TABLE, key.name)]
        while homes:
            for part, _ in tuple(self.schema.belonging(homes.pop())):
                self.schema.put(part, Absence.ABSENT)
                homes.extend([part] if part.kind is Kind.TABLE else [])
        if key.kind is Kind.COLUMN:
            for other, columns in tuple(self._standing_on(key)):
                self.schema.put(other, Absence.ABSENT if columns is not None else Absence.UNKNOWN)
        self.schema.put(key, Absence.ABSENT)

    def _standing_on(self, column: Key) -> Iterator[tuple[Key, tuple[str, ...] | None]]:
        """The indexes and constraints that stand on a column, or may do so (then with None)."""
        for key, state in self.schema.belonging(Key(Kind.TABLE, column.owner)):
            if key.kind not in (Kind.INDEX, Kind.CONSTRAINT) or not isinstance(state, Made):
                continue
            if state.columns is None or column.name in state.columns:
                yield key, state.columns

    # Renaming and altering

    def _rename(self, step: Step, key: Key) -> None:
        if key.kind is Kind.INDEX and (constraint := self._constraint_of(key)) is not None:
            key = constraint
        state = self.schema.state(key, step.made.table if step.made is not None else "")
        new = replace(key, name=step.new_name)
        if state is Absence.ABSENT:
            if step.certainty is Certainty.SURE:
                self._complain(Failure.MISSING, step)
            if self.learn and key.kind is Kind.CONSTRAINT:
                # The upgrade ran, so the constraint was there under a name that a convention gave it.
                self._drop_guessed(step, key, step.made)
                self.schema.put(new, Absence.UNKNOWN)
            return
        if step.certainty is Certainty.GUARDED and state is Absence.UNKNOWN:
            self._doubt(step)
            return
        if isinstance(self.schema.state(new), Made):
            self._complain(Failure.EXISTS, replace(step, key=new))
            self._doubt(step)
            return
        if state is Absence.UNKNOWN:
            self._learn(key, Made())
            self._learn(new, Absence.ABSENT)
        # A downgrade is not taken at its word: what nobody knew of stays unknown under its new name.
        moved: State = state if isinstance(state, Made) else Made() if self.learn else Absence.UNKNOWN
        if key.kind in (Kind.TABLE, Kind.TYPE):
            self._move_parts(key, new)
        if key.kind is Kind.COLUMN:
            self._rename_in_parts(key, step.new_name)
        for user, made in tuple(self.schema.users(key)):
            uses = tuple(new if one == key else one for one in made.uses)
            renamed = {f"enum {key.name}": f"enum {new.name}"} if key.kind is Kind.TYPE else {}
            traits = tuple((name, renamed.get(text, text)) for name, text in made.traits)
            self.schema.put(user, replace(made, uses=uses, traits=traits))
        self.schema.put(key, Absence.ABSENT)
        self.schema.put(new, moved)

    def _constraint_of(self, index: Key) -> Key | None:
        """The one constraint that an index of its name holds, with which it is renamed."""
        if isinstance(self.schema.state(index), Made):
            return None
        named = dict.fromkeys(self.schema.matching(Kind.CONSTRAINT, index.name))
        found = [key for key in named if isinstance(self.schema.state(key), Made)]
        return found[0] if len(found) == 1 else None

    def _move_parts(self, old: Key, new: Key) -> None:
        for key, state in tuple(self.schema.belonging(old)):
            if isinstance(state, Made) and state.table and not key.owner:
                self.schema.put(key, replace(state, table=new.name))
                continue
            self.schema.put(key, Absence.ABSENT)
            self.schema.put(replace(key, owner=new.name), state)

    def _rename_in_parts(self, column: Key, new_name: str) -> None:
        for key, columns in tuple(self._standing_on(column)):
            state = self.schema.state(key)
            if isinstance(state, Made) and columns is not None:
                renamed = tuple(new_name if one == column.name else one for one in columns)
                self.schema.put(key, replace(state, columns=renamed))

    def _alter(self, step: Step, key: Key) -> None:
        state = self.schema.state(key)
        if state is Absence.ABSENT:
            self._complain(Failure.MISSING, step)
            return
        guarded = step.certainty is Certainty.GUARDED
        if state is Absence.UNKNOWN and not guarded:
            self._learn(key, Made(step.known))
        old = state if isinstance(state, Made) else Made()
        traits = dict(step.known) | dict(old.traits)
        if self.learn and isinstance(state, Made) and not guarded:
            # What an alteration says of the column as it was fills the gaps in what we know of it.
            self._learn_traits(key, traits)
        uses, before = old.uses, traits.get("type", "")
        after = dict(step.traits).get("type", "")
        if before and after and not step.using and not is_castable(before, after):
            self._complain(Failure.CAST, step)
        traits |= dict(step.traits)
        doubtful = dict(step.traits) if guarded and not isinstance(state, Made) else ()
        for name in (*step.untold, *doubtful):
            traits.pop(name, None)
        if after or "type" in step.untold:
            uses = (Key(Kind.TYPE, after.removeprefix("enum ")),) if after.startswith("enum ") else ()
            uses = uses or (step.made.uses if step.made is not None else ())
        if "type" in step.untold and not guarded and (spelled := self._spelled(uses)):
            traits["type"] = spelled
        self.schema.put(key, replace(old, traits=tuple(sorted(traits.items())), uses=uses))

    def _learn_traits(self, key: Key, traits: dict[str, str]) -> None:
        known = self.start.state(key)
        if isinstance(known, Made) and key not in self.schema.changes:
            self.start.put(key, replace(known, traits=tuple(sorted(traits.items()))))


def is_missing(step: Step, key: Key, schema: Schema) -> bool:
    """Whether a READ names a table that is not there, or a column that none of its tables has."""
    if key.kind is Kind.TABLE:
        return schema.state(key) is Absence.ABSENT and not isinstance(schema.state(Key(Kind.VIEW, key.name)), Made)
    tables = [Key(Kind.TABLE, key.owner), *(step.made.uses if step.made is not None else ())]
    return all(_lacks(schema, table, replace(key, owner=table.name)) for table in tables)


def _lacks(schema: Schema, table: Key, column: Key) -> bool:
    """Whether a table is known not to have a column."""
    around, state = schema.state(table), schema.state(column)
    if not isinstance(around, Made) or isinstance(state, Made):
        return False
    listed = around.columns is not None and column.name not in around.columns and not schema.has_heard_of(column)
    return state is Absence.ABSENT or listed


def _is_alike(name: str, key: Key, state: Made | Absence) -> bool:
    """Whether a constraint's name is another one's with more around it, or tells of the columns that it stands on."""
    columns = state.columns if isinstance(state, Made) else None
    return key.name in name or (bool(columns) and all(f"_{column}_" in f"_{name}_" for column in columns or ()))
