"""What a database migration does: its operations in the order of their execution, upgrade and downgrade apart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.languages.sql import SqlFile
from chunklint.model import Span
from chunklint.records import record
from chunklint.semantics.migrations.alembic_calls import constructs, operations_of_call, sql_argument
from chunklint.semantics.migrations.frames import Frame, bound_in, shapes_in
from chunklint.semantics.python.names import local_function
from chunklint.semantics.python.scopes import Kind, bindings_in
from chunklint.semantics.python.strings import Shape
from chunklint.semantics.sql.duplicates import group_deletions
from chunklint.semantics.sql.executed import executed
from chunklint.semantics.sql.statements import Statement, statements

_MAX_HOPS = 3
# Each loss is compared with every operation beside it; migrations that people wrote stay far below these.
_MAX_OPERATIONS = 500
_MAX_CALLS = 20_000
_INNER = frozenset({"function_definition", "class_definition", "lambda"})


class Direction(StrEnum):
    """Which way a migration goes."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


@record
class Operation:
    """One thing that a migration does to the database.

    Attributes:
        span: Where it stands, exact to the line within a string of several lines.
        node: The call that does it; None in an SQL file.
        frame: The function it stands in, and through which calls control came there; None in an SQL file.
    """

    statement: Statement
    direction: Direction
    span: Span
    node: Node | None = None
    frame: Frame | None = None


@record
class Migration:
    """The operations of one migration, in order of execution as far as it can be read.

    `first` is one that follows no other, so that all that is there when it is taken back is its own.
    """

    upgrade: tuple[Operation, ...]
    downgrade: tuple[Operation, ...]
    first: bool = False

    def way(self, direction: Direction) -> tuple[Operation, ...]:
        """The operations of one direction."""
        return self.upgrade if direction is Direction.UPGRADE else self.downgrade

    def against(self, direction: Direction) -> tuple[Operation, ...]:
        """The operations of the other direction."""
        return self.downgrade if direction is Direction.UPGRADE else self.upgrade


def migration_of(file: PythonFile) -> Migration | None:
    """What an Alembic revision does; None for a file that is none: no `revision` and `down_revision`, no upgrade."""
    return file.remember("migration", partial(_read_revision, file))


def _read_revision(file: PythonFile) -> Migration | None:
    if "down_revision" not in file.content:
        return None
    top = bindings_in(file.root, file)
    if "revision" not in top or "down_revision" not in top:
        return None
    if not any(True for direction in Direction for _ in _entry_points(direction, file)):
        return None
    first = any(one.value is not None and one.value.type == "none" for one in top["down_revision"])
    return Migration(tuple(_run(Direction.UPGRADE, file)), tuple(_run(Direction.DOWNGRADE, file)), first)


def _entry_points(direction: Direction, file: PythonFile) -> Iterator[Node]:
    """`upgrade()`, or `upgrade_ENGINE()` of revisions for several databases."""
    top = bindings_in(file.root, file)
    names = [name for name in top if name == direction.value] or [
        name for name in top if name.startswith(f"{direction.value}_")
    ]
    for name in names:
        yield from (one.value for one in top[name] if one.kind is Kind.FUNCTION and one.value is not None)


def _run(direction: Direction, file: PythonFile) -> Iterator[Operation]:
    calls = calls_in_order(direction, file)
    found = (operation for call, frame in calls for operation in operations_at(call, frame, direction, file))
    yield from islice(found, _MAX_OPERATIONS)


def calls_in_order(direction: Direction, file: PythonFile) -> Iterator[tuple[Node, Frame]]:
    """The calls that a direction of a revision makes, those of its helpers at the place of their call."""
    entries = _entry_points(direction, file)
    yield from islice((pair for entry in entries for pair in calls_in(Frame(entry), file)), _MAX_CALLS)


def calls_in(frame: Frame, file: PythonFile) -> Iterator[tuple[Node, Frame]]:
    """The calls of a function in order, each with the frame it runs in. The depth is bounded by the hops."""
    body = frame.function.child_by_field_name("body")
    for call in descendants(body, "call", stop=_INNER) if body is not None else ():
        callee = call.child_by_field_name("function")
        helper = local_function(callee, file) if callee is not None and callee.type == "identifier" else None
        if helper is None:
            yield call, frame
        elif len(frame.stack) <= _MAX_HOPS and all(one.function != helper for one in frame.stack):
            yield from calls_in(frame.entered(call, helper, file), file)


def operations_at(call: Node, frame: Frame, direction: Direction, file: PythonFile) -> Iterator[Operation]:
    """What one call does to the database."""
    for statement in operations_of_call(call, frame, file):
        yield Operation(statement, direction, file.span(call), call, frame)
    text = sql_argument(call, file)
    if text is None:
        return
    for statement in constructs(text, frame, file):
        yield Operation(statement, direction, file.span(call), call, frame)
    for shape in shapes_in(text, frame, file):
        for statement in (*_running(statements(shape)), *_beyond(shape, bound_in(call, frame, file))):
            yield Operation(statement, direction, _place(call, shape, statement, file), call, frame)


def _beyond(shape: Shape | str, bound: Mapping[str, str]) -> Iterator[Statement]:
    """What the statements do that does not show in their heads: what DO blocks execute, what clean-ups delete."""
    yield from executed(shape, bound)
    yield from group_deletions(shape)


def _running(found: tuple[Statement, ...]) -> Iterator[Statement]:
    """The statements that run with the string: bodies of functions are only stored."""
    stored = False
    for statement in found:
        if not statement.body:
            stored = statement.kind == "create"
        if not (statement.body and stored):
            yield statement


def _place(call: Node, shape: Shape, statement: Statement, file: PythonFile) -> Span:
    """The line of the statement, where the lines of the text are those of the source; else the call."""
    whole = file.span(call)
    literal = next((node for node in (shape.node, *descendants(shape.node)) if node.type == "string"), None)
    if literal is None or statement.line == 0:
        return whole
    breaks = sum(part.count("\n") for part in shape.parts if isinstance(part, str))
    if breaks != literal.end_point[0] - literal.start_point[0]:
        return whole
    row = literal.start_point[0] + statement.line
    if literal.start_byte < call.start_byte or literal.end_byte > call.end_byte:
        return whole
    line = file.lines[row].decode("utf-8", "replace")
    return Span(row + 1, len(line) - len(line.lstrip()) + 1, row + 1, len(line.rstrip()) + 1)


_UNDO = re.compile(r"^U\d[\w.]*__|(?:^|[._-])(?:down|rollback|undo|revert)$", re.IGNORECASE)
_UNDO_FOLDERS = frozenset({"down", "downgrade", "revert", "reverts", "rollback", "rollbacks", "undo"})
# The heads of the steps in what `sqlmigrate` prints.
_OF_DJANGO = re.compile(r"^-- (?:(?:Create|Delete) model|(?:Add|Remove|Alter|Rename) field) \w", re.MULTILINE)
_DOWN_MARKS = ("+goose down", "+migrate down", "migrate:down", "@undo", "rollback ")


def sql_migration_of(file: SqlFile) -> Migration | None:
    """What an SQL migration does; None for other SQL files: dumps, schemas, queries, test data."""
    return file.remember("migration", partial(_read_script, file))


def is_sql_migration(path: str) -> bool:
    """Whether a path is that of a migration: Flyway's names, `*.up.sql`, or a place below a folder of migrations."""
    place = PurePosixPath(path)
    flyway = re.match(r"^[VU]\d[\w.]*__", place.stem) is not None
    folders = [part.lower() for part in place.parts[:-1]]
    below = any(part in ("migrations", "migration", "migrate") for part in folders)
    return flyway or place.stem.lower().endswith((".up", ".down")) or (below and "tests" not in folders)


def _read_script(file: SqlFile) -> Migration | None:
    if not is_sql_migration(file.path):
        return None
    turn = _first_down_line(file)
    place = PurePosixPath(file.path)
    undo = _UNDO.search(place.stem) is not None or place.parent.name.lower() in _UNDO_FOLDERS
    generated = _OF_DJANGO.search(file.content) is not None
    found: dict[Direction, list[Operation]] = {direction: [] for direction in Direction}
    for statement in islice((*_running(statements(file.content)), *_beyond(file.content, {})), _MAX_OPERATIONS):
        down = undo or (turn is not None and statement.line + 1 >= turn)
        direction = Direction.DOWNGRADE if down else Direction.UPGRADE
        # Django writes CASCADE wherever it drops; nobody has chosen it.
        told = replace(statement, cascade=False) if generated else statement
        found[direction].append(Operation(told, direction, _line(statement.line, file)))
    return Migration(tuple(found[Direction.UPGRADE]), tuple(found[Direction.DOWNGRADE]))


def _first_down_line(file: SqlFile) -> int | None:
    """The line of the comment that begins the way back in a file that holds both ways."""
    for comment, span in file.comments():
        if comment.lstrip("-/* ").lower().startswith(_DOWN_MARKS):
            return span.start_line
    return None


def _line(row: int, file: SqlFile) -> Span:
    line = file.lines[row].decode("utf-8", "replace")
    return Span(row + 1, len(line) - len(line.lstrip()) + 1, row + 1, len(line.rstrip()) + 1)


def same_name(one: str | None, other: str | None) -> bool:
    """Whether two names are of one object, when PostgreSQL's default schema may be left out."""
    return one is not None and other is not None and one.removeprefix("public.") == other.removeprefix("public.")
