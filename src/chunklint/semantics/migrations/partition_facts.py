"""What one file tells of partitioned tables: plain data that a join over all files puts in the order of the history."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import chain

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.languages.sql import SqlFile
from chunklint.model import Location, Span
from chunklint.records import record
from chunklint.semantics.migrations.alembic_calls import sql_argument
from chunklint.semantics.migrations.frames import Frame, shapes_in
from chunklint.semantics.migrations.operations import (
    Direction,
    Operation,
    calls_in_order,
    migration_of,
    sql_migration_of,
)
from chunklint.semantics.migrations.partition_models import python_steps
from chunklint.semantics.migrations.partition_words import PARTITION_MENTIONS
from chunklint.semantics.python.roles import is_test
from chunklint.semantics.python.strings import Shape, string_shapes
from chunklint.semantics.sql.crowding import Crowd, crowd_of
from chunklint.semantics.sql.partitions import Act, PartitionStep, partition_steps

# A file without any of these words tells nothing of partitions, nor of what puts an end to a definition.
_EXAMPLES = frozenset({"doc", "docs", "example", "examples", "sample", "samples", "benchmark", "benchmarks", "archive"})
_CONDITIONS = frozenset({"if_statement", "elif_clause", "else_clause", "match_statement", "except_clause"})
_MOST_LINES = 10_000
_FUNCTIONS = frozenset({"function_definition", "lambda"})


class Way(StrEnum):
    """When a step runs: with an upgrade, with a downgrade, or it merely stands in the code."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    STANDING = "standing"


@record
class PartitionFact:
    """A step, where it stands and when it runs.

    Attributes:
        turn: The place in the order of execution within the file.
        certain: Nothing decides whether it runs, as far as the file tells.
    """

    step: PartitionStep
    place: Location
    way: Way
    turn: int
    certain: bool


@record
class TableChange:
    """An upgrade's change of what a definition hangs on. Names of tables are without their schema.

    `kind` is made, dropped or renamed for a table; function for a function made or dropped; column for a renamed
    column. `new_name` is that of what is renamed, else "".
    """

    kind: str
    name: str
    new_name: str
    place: Location
    turn: int
    certain: bool


Found = PartitionFact | TableChange


def partition_facts(file: PythonFile) -> Iterator[Found]:
    """What a Python file tells of partitions; nothing of tests, documentation and examples."""
    if _is_aside(file.path):
        return
    migration = migration_of(file)
    if migration is None:
        if _speaks_of_partitions(file):
            yield from _standing(file)
        return
    turns = {call.id: turn for turn, (call, _) in enumerate(calls_in_order(Direction.UPGRADE, file), 1)}
    for operation in migration.upgrade:
        call = turns.get(operation.node.id, 0) if operation.node is not None else 0
        turn = _turn(call, operation.statement.line)
        place = file.location(operation.span)
        yield from _changes(operation, place, turn, _is_certain(operation.node, operation.frame, file))
    if _speaks_of_partitions(file):
        yield from _in_revision(file)


def script_facts(file: SqlFile) -> Iterator[Found]:
    """What an SQL file tells of partitions; nothing of tests, documentation and examples."""
    if _is_aside(file.path) or not any(word in file.content for word in PARTITION_MENTIONS):
        return
    migration = sql_migration_of(file)
    downs = {one.span.start_line for one in migration.downgrade} if migration is not None else set()
    for operation in migration.upgrade if migration is not None else ():
        yield from _changes(operation, file.location(operation.span), operation.span.start_line, True)
    if not _speaks_of_partitions(file):
        return
    for step in filter(_matters, partition_steps(file.content)):
        way = Way.UPGRADE if migration is not None else Way.STANDING
        way = Way.DOWNGRADE if step.start + 1 in downs else way
        yield PartitionFact(step, Location(file.path, _line(step.line, file)), way, step.start + 1, certain=True)


def _is_aside(path: str) -> bool:
    return is_test(path) or not _EXAMPLES.isdisjoint(path.lower().split("/")[:-1])


def _speaks_of_partitions(file: PythonFile | SqlFile) -> bool:
    return any(word in file.content for word in PARTITION_MENTIONS[:3])


def _matters(step: PartitionStep) -> bool:
    """Whether a step can bear on a finding: of all that is written, only what may crowd a partition."""
    if step.act is not Act.WRITE:
        return True
    return step.computed and step.key is not None and crowd_of(step.key, step.table)[0] > Crowd.CATEGORY


def bare(name: str) -> str:
    """A table's name without its schema, which half of the code leaves out."""
    return name.rpartition(".")[2]


def _changes(operation: Operation, place: Location, turn: int, certain: bool) -> Iterator[TableChange]:
    statement = operation.statement
    name = bare(statement.name or "")
    for old, new in statement.renamed:
        yield TableChange("column", old, new, place, turn, certain)
    match statement.kind, statement.object_type:
        case "create", "table" if name and not statement.temporary:
            yield TableChange("made", name, "", place, turn, certain and not statement.if_exists)
        case "drop", "table" if name:
            yield TableChange("dropped", name, "", place, turn, certain)
        case (("create" | "drop"), "function") if name:
            yield TableChange("function", name, "", place, turn, certain)
        case "rename" | "alter", "table" if name and statement.new_name:
            yield TableChange("renamed", name, bare(statement.new_name), place, turn, certain)


def _in_revision(file: PythonFile) -> Iterator[PartitionFact]:
    """The steps of both ways of an Alembic revision; what both run counts for the upgrade."""
    seen: set[Location] = set()
    for way, direction in ((Way.UPGRADE, Direction.UPGRADE), (Way.DOWNGRADE, Direction.DOWNGRADE)):
        for turn, (call, frame) in enumerate(calls_in_order(direction, file), 1):
            shapes = chain.from_iterable(shapes_in(text, frame, file) for text in _texts(call, file))
            steps = ((step, _place(shape, step, file)) for shape in shapes for step in partition_steps(shape))
            for step, place in chain(steps, python_steps(call, file)):
                if _matters(step) and place not in seen:
                    seen.add(place)
                    yield PartitionFact(step, place, way, _turn(turn, step.start), _is_certain(call, frame, file))


def _turn(call: int, line: int) -> int:
    """The place of a statement among those of all calls: by call, then by line within its text."""
    return call * _MOST_LINES + min(line, _MOST_LINES - 1)


def _texts(call: Node, file: PythonFile) -> Iterator[Node]:
    """What a call may hand to the database: the argument of `execute`, and every literal, for wrappers exist."""
    text = sql_argument(call, file)
    if text is not None:
        yield text
    listed = call.child_by_field_name("arguments")
    for given in listed.named_children if listed is not None else ():
        if given.type in ("string", "concatenated_string") and given != text:
            yield given


def _standing(file: PythonFile) -> Iterator[PartitionFact]:
    """The steps that models and other code describe or run outside of a history."""
    for node in descendants(file.root, "string", "concatenated_string", "call", "class_definition", "assignment"):
        if node.type not in ("string", "concatenated_string"):
            found = python_steps(node, file)
        elif node.parent is not None and node.parent.type in ("expression_statement", "concatenated_string"):
            continue
        else:
            shapes = string_shapes(node, file) if _may_matter(node, file) else ()
            found = ((step, _place(shape, step, file)) for shape in shapes for step in partition_steps(shape))
        for step, place in found:
            if _matters(step):
                yield PartitionFact(step, place, Way.STANDING, 0, certain=True)


def _may_matter(node: Node, file: PythonFile) -> bool:
    text = file.text(node).upper()
    return "PARTITION" in text or "NEW." in text or "TRIGGER" in text


def _is_certain(call: Node | None, frame: Frame | None, file: PythonFile) -> bool:
    """Whether no condition or early return decides if a call runs; one on the dialect decides nothing."""
    calls = [call, *(run.call for run in frame.stack)] if frame is not None else [call]
    return all(_runs_with_its_function(one, file) for one in calls if one is not None)


def _runs_with_its_function(call: Node, file: PythonFile) -> bool:
    inner = call
    for around in ancestors(call):
        if around.type in _FUNCTIONS:
            return True
        if around.type in _CONDITIONS and "dialect" not in _condition(around, file):
            return False
        if around.type == "block" and any(_may_return(one, file) for one in _before(inner, around)):
            return False
        inner = around
    return True


def _condition(statement: Node, file: PythonFile) -> str:
    if statement.type == "else_clause" and statement.parent is not None:
        statement = statement.parent
    condition = statement.child_by_field_name("condition")
    return file.text(condition) if condition is not None else ""


def _before(inner: Node, block: Node) -> Iterator[Node]:
    for statement in block.named_children:
        if statement.start_byte >= inner.start_byte:
            return
        yield statement


def _may_return(statement: Node, file: PythonFile) -> bool:
    if statement.type == "if_statement" and "dialect" in _condition(statement, file):
        return False
    if statement.type == "function_definition":
        return False
    return next(descendants(statement, "return_statement", stop=_FUNCTIONS), None) is not None


def _place(shape: Shape, step: PartitionStep, file: PythonFile) -> Location:
    """The line of a step, where the lines of the text are those of one literal; else the whole literal."""
    literal = next((one for one in (shape.node, *descendants(shape.node)) if one.type == "string"), shape.node)
    text_lines = sum(part.count("\n") for part in shape.parts if isinstance(part, str))
    symbol = file.symbol(shape.node)
    skipped = literal.end_point[0] - literal.start_point[0] - text_lines
    opens = file.lines[literal.start_point[0]].rstrip().endswith(b'"""\\') if skipped == 1 else False
    if shape.node.type == "concatenated_string" or not (skipped == 0 or opens):
        return Location(file.path, file.span(shape.node), symbol)
    row = literal.start_point[0] + step.line + (1 if opens else 0)
    return Location(file.path, _line(row, file), symbol) if text_lines else file.location(literal)


def _line(row: int, file: PythonFile | SqlFile) -> Span:
    line = file.lines[row].decode("utf-8", "replace")
    return Span(row + 1, len(line) - len(line.lstrip()) + 1, row + 1, len(line.rstrip()) + 1)
