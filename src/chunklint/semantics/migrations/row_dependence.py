"""Steps that pass on an empty database and fail as soon as its tables have rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.alembic_calls import sql_argument
from chunklint.semantics.migrations.column_types import is_castable
from chunklint.semantics.migrations.frames import shapes_in
from chunklint.semantics.migrations.histories import histories, order
from chunklint.semantics.migrations.operations import Direction, calls_in_order, migration_of
from chunklint.semantics.migrations.replay import upgraded
from chunklint.semantics.migrations.schema import Key, Kind, Made, Schema
from chunklint.semantics.migrations.scripts import script_of
from chunklint.semantics.migrations.step_definitions import plain_name, readable
from chunklint.semantics.migrations.steps import Certainty, Script, Step, Verb
from chunklint.semantics.sql.statements import Statement, statements
from chunklint.semantics.sql.tokens import plain

_WRITES = frozenset({"insert", "update", "delete", "truncate", "merge", "replace"})
# What writes rows through objects, which nobody follows: then any column may have got its values.
_THROUGH_OBJECTS = re.compile(r"\bsession\b|Session\(|sessionmaker|\.(?:merge|add_all|flush|save)\(", re.IGNORECASE)
_OWN_TRANSACTION = re.compile(r"autocommit|\bCOMMIT\b|isolation_level|\.commit\(", re.IGNORECASE)
_MYSQL = re.compile(r"mysql|mariadb|innodb", re.IGNORECASE)
_HAS_DEFAULT = re.compile(r"server_default\s*=\s*(?!None\b)|\bDEFAULT\b(?!\s*=|\s+NULL\b)", re.IGNORECASE)
_EMPTY_DEFAULT = re.compile(r"""server_default\s*=[\s\w.(]*["'](?:''|"")?["']|\bDEFAULT\s+''""", re.IGNORECASE)
# What a comment says of a table that is known to be empty.
_SAID_EMPTY = re.compile(r"#.*\b(?:empty|(?:no|any) (?:rows|records|data)|not (?:yet )?used|unused)\b", re.IGNORECASE)
_COMMENT_LINES = 3
_REMOVALS = frozenset({"delete", "truncate"})
_REQUIRED = re.compile(r"nullable\s*=\s*False|NOT\s+NULL", re.IGNORECASE)
# A default that is the same for all rows: a number, a text, a truth value; no call and no word for the time.
_CONSTANT = re.compile(r"(?!current_|localtime)[\w.{}\[\]+-]+")


class Hazard(StrEnum):
    """Why a step fails on a table with rows."""

    REQUIRED = "required"
    LEFT_EMPTY = "left empty"
    SAME_VALUE = "same value"
    CAST = "cast"
    NEW_VALUE = "new value"


@record
class Write:
    """One statement that writes rows: its table ("" if unknown) and the words in it, by which columns are known."""

    kind: str
    table: str
    words: frozenset[str]

    def may_fill(self, column: Key) -> bool:
        """Whether it may give a column its values, or take away the rows that have none."""
        if not self._may_mean(column.owner):
            return False
        read = self.table and self.words and not any("{" in word for word in self.words)
        return not read or self.kind in _REMOVALS or column.name.lower() in self.words

    def may_empty(self, table: str) -> bool:
        """Whether it may leave a table without rows."""
        return self.kind in _REMOVALS and self._may_mean(table)

    def _may_mean(self, table: str) -> bool:
        """Whether it may write that table; its schema may be left out, or be told where it is not read."""
        return self.table.rpartition(".")[2] in (table.rpartition(".")[2], "")


@record
class ValueUse:
    """A statement that writes a value into an enum column right after the value was added to the type."""

    value: Key
    table: str
    words: frozenset[str]
    place: Location


@record
class RowChanges:
    """A revision's steps, with what is known of the rows it writes.

    Attributes:
        writes: What the two directions write, by direction.
        unread: Whether rows may be written in a way that cannot be read.
        doubtful: The places of columns and constraints that are more than the steps tell, or whose table is said to
            be empty.
        uses: The uses of enum values that a revision adds in the same transaction.
        mysql: Whether it shows that the database may be MySQL, which fills new columns by itself.
    """

    script: Script
    writes: tuple[tuple[Direction, tuple[Write, ...]], ...]
    unread: bool
    doubtful: frozenset[Location]
    uses: tuple[ValueUse, ...]
    mysql: bool


@record
class Danger:
    """A step that fails on rows; `cause` is the place of an earlier step that makes it so, `detail` what it says."""

    hazard: Hazard
    direction: Direction
    key: Key
    place: Location
    cause: Location | None = None
    detail: str = ""


def row_changes_of(file: PythonFile) -> RowChanges | None:
    """The row changes of a revision; None for a file that is none."""
    script, migration = script_of(file), migration_of(file)
    if script is None or migration is None:
        return None
    writes = tuple(
        (way, tuple(_write(one.statement) for one in migration.way(way) if one.statement.kind in _WRITES))
        for way in Direction
    )
    unread = _THROUGH_OBJECTS.search(file.content) is not None or any(_runs_unread(way, file) for way in Direction)
    return RowChanges(
        script,
        writes,
        unread,
        frozenset(_doubtful((*script.upgrade, *script.downgrade), file)),
        tuple(_value_uses(script, file)),
        _MYSQL.search(file.content) is not None,
    )


def _write(statement: Statement) -> Write:
    known = plain_name(statement.name) if readable(statement.name) else ""
    return Write(statement.kind, known, statement.mentions)


def _runs_unread(way: Direction, file: PythonFile) -> bool:
    """Whether a direction executes a statement of which not even the verb can be read."""
    for call, frame in calls_in_order(way, file):
        text = sql_argument(call, file)
        if text is None:
            continue
        # SQLAlchemy's constructs are no strings; those that write rows are read as operations.
        shapes = shapes_in(text, frame, file)
        if any(not isinstance(part, str) for shape in shapes for part in shape.parts[:1]):
            return True
    return False


def _doubtful(steps: Iterable[Step], file: PythonFile) -> Iterator[Location]:
    """The places that say more than their steps: a default that is an empty text, a list with others spread in it."""
    empty = _EMPTY_DEFAULT.search(file.content) is not None
    for step in steps:
        if step.verb is not Verb.CREATE or step.key is None or step.made is None:
            continue
        span = step.place.span
        text = re.sub(r"#.*", "", _lines(span.start_line, span.end_line, file))
        above = _lines(max(1, span.start_line - _COMMENT_LINES), span.start_line, file)
        if step.key.kind is Kind.COLUMN:
            defaulted = _HAS_DEFAULT.search(text) is not None or (empty and not _REQUIRED.search(text))
            doubtful = (defaulted and not step.made.trait("default")) or _SAID_EMPTY.search(above) is not None
        else:
            doubtful = re.search(r"\*\w", text) is not None
        if doubtful:
            yield step.place


def _lines(first: int, last: int, file: PythonFile) -> str:
    return b"\n".join(file.lines[first - 1 : last]).decode("utf-8", "replace")


def _value_uses(script: Script, file: PythonFile) -> Iterator[ValueUse]:
    added = [step for step in script.upgrade if _adds_value(step)]
    if not added or _OWN_TRANSACTION.search(file.content):
        return
    for call, frame in calls_in_order(Direction.UPGRADE, file):
        text = sql_argument(call, file)
        for shape in shapes_in(text, frame, file) if text is not None else ():
            written, _ = plain(shape)
            for statement in statements(shape):
                if statement.kind not in ("insert", "update") or not readable(statement.name) or "::" in written:
                    continue
                for step in added:
                    place = file.location(call)
                    after = step.place.span < place.span
                    if step.key is not None and after and f"'{step.key.name}'" in written:
                        yield ValueUse(step.key, plain_name(statement.name), statement.mentions, place)


def _adds_value(step: Step) -> bool:
    sure = step.certainty is not Certainty.MAYBE
    return sure and step.verb is Verb.CREATE and step.key is not None and step.key.kind is Kind.VALUE


def dangers(found: Iterable[RowChanges]) -> Iterator[Danger]:
    """The steps of all revisions of a scan that fail on tables with rows, history by history."""
    by_path = {one.script.revision.path: one for one in found}
    for history in histories(one.script.revision for one in by_path.values()):
        listed = [by_path[one.path] for one in history.revisions]
        postgres = any(one.script.postgres for one in listed)
        if not postgres and any(one.mysql for one in listed):
            continue
        past = _Past(postgres)
        for revision in order(history):
            changes = by_path[revision.path]
            yield from _once(_Run(changes, Direction.UPGRADE, past).dangers(changes.script.upgrade))
            yield from _once(_Run(changes, Direction.DOWNGRADE, past).dangers(changes.script.downgrade))
            past.schema.absorb(upgraded(past.schema, changes.script.upgrade))


def _once(found: Iterable[Danger]) -> Iterator[Danger]:
    """One danger for a place: a loop over columns has one for each of them."""
    yield from {one.place: one for one in reversed(tuple(found))}.values()


@dataclass(slots=True)
class _Past:
    """What the revisions before have made."""

    postgres: bool
    schema: Schema = field(default_factory=Schema)


class _Run:
    """One direction of one revision."""

    def __init__(self, changes: RowChanges, direction: Direction, past: _Past) -> None:
        self.changes = changes
        self.direction = direction
        self.past = past
        self.writes = dict(changes.writes)[direction]
        self.fresh: set[str] = set()
        self.added: dict[Key, Location] = {}
        self.constant: dict[Key, tuple[str, Location]] = {}

    def may_fill(self, column: Key) -> bool:
        """Whether a write of this direction may give a column its values, or take the rows without one away."""
        return self.changes.unread or any(one.may_fill(column) for one in self.writes)

    def dangers(self, steps: Iterable[Step]) -> Iterator[Danger]:
        """The steps that fail on rows."""
        listed = tuple(steps)
        if any(step.verb is Verb.FORGET and step.key is None for step in listed):
            return
        schema = self.past.schema.above()
        for step in listed:
            yield from self._judge(step, schema)
            schema.absorb(upgraded(schema, [step]))
        if self.direction is Direction.UPGRADE:
            yield from self._new_values(schema)

    def _judge(self, step: Step, schema: Schema) -> Iterator[Danger]:
        if step.key is None:
            return
        match step.verb, step.key.kind:
            case Verb.CREATE, Kind.TABLE:
                self.fresh.add(step.key.name)
            case ((Verb.RENAME | Verb.FORGET), Kind.TABLE):
                self.fresh |= {step.key.name, step.new_name}
            case Verb.CREATE, Kind.COLUMN:
                yield from self._add_column(step, step.key)
            case Verb.CREATE, (Kind.CONSTRAINT | Kind.INDEX):
                yield from self._unique(step)
            case Verb.ALTER, Kind.COLUMN:
                yield from self._alter(step, step.key, schema)
            case ((Verb.DROP | Verb.RENAME), Kind.COLUMN):
                self.added.pop(step.key, None)
                self.constant.pop(step.key, None)

    def _add_column(self, step: Step, key: Key) -> Iterator[Danger]:
        made = step.made
        if made is None or key.owner in self.fresh or step.place in self.changes.doubtful:
            return
        default, nullable = made.trait("default"), made.trait("nullable")
        if default and _CONSTANT.fullmatch(default):
            self.constant[key] = default, step.place
        if default == "" and nullable == "True":
            self.added[key] = step.place
        emptied = any(one.may_empty(key.owner) for one in self.writes)
        if default == "" and nullable == "False" and step.certainty is Certainty.SURE and not emptied:
            yield Danger(Hazard.REQUIRED, self.direction, key, step.place)
        for part in step.parts:
            yield from self._unique(part)

    def _unique(self, step: Step) -> Iterator[Danger]:
        made, key = step.made, step.key
        if made is None or key is None or step.certainty is not Certainty.SURE or step.place in self.changes.doubtful:
            return
        unique = made.trait("kind") in ("unique", "primary key") or made.trait("unique") == "True"
        if not unique or made.trait("partial") == "True" or not made.columns:
            return
        columns = [Key(Kind.COLUMN, name, made.table or key.owner) for name in made.columns]
        if all(one in self.constant for one in columns) and not any(map(self.may_fill, columns)):
            value, cause = self.constant[columns[0]]
            yield Danger(Hazard.SAME_VALUE, self.direction, columns[0], step.place, cause, value)

    def _alter(self, step: Step, key: Key, schema: Schema) -> Iterator[Danger]:
        traits = dict(step.traits)
        if "type" in traits or "type" in step.untold:
            # What converts the values may fill them.
            self.constant.pop(key, None)
            self.added.pop(key, None)
        if step.certainty is not Certainty.SURE or key.owner in self.fresh:
            return
        if traits.get("nullable") == "False" and key in self.added and not self.may_fill(key):
            yield Danger(Hazard.LEFT_EMPTY, self.direction, key, step.place, self.added[key])
        if self.direction is Direction.UPGRADE and self.past.postgres and not step.using:
            yield from self._cast(step, key, schema)

    def _cast(self, step: Step, key: Key, schema: Schema) -> Iterator[Danger]:
        state = schema.state(key)
        known = state.trait("type") if isinstance(state, Made) else None
        said = dict(step.known).get("type")
        after = dict(step.traits).get("type")
        before = known or said
        if before is None or after is None or (known and said and known != said) or is_castable(before, after):
            return
        yield Danger(Hazard.CAST, self.direction, key, step.place, detail=f"{before}\n{after}")

    def _new_values(self, schema: Schema) -> Iterator[Danger]:
        for use in self.changes.uses:
            for key, state in schema.belonging(Key(Kind.TABLE, use.table)):
                typed = isinstance(state, Made) and state.trait("type") == f"enum {use.value.owner}"
                if key.kind is Kind.COLUMN and typed and key.name.lower() in use.words:
                    yield Danger(Hazard.NEW_VALUE, self.direction, use.value, use.place, detail=key.name)
                    break
