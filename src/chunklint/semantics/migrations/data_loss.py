"""Which operations of a migration destroy rows or values, and what the same migration does about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.migrations.operations import Direction, Migration, Operation, same_name
from chunklint.semantics.sql.statements import Column, Statement

_CONTAINERS = frozenset({"schema", "database"})
_TABLES = frozenset({"table", "foreign table"})
_WRITES = frozenset({"insert", "update"})
# What a column of these types holds is computed from other columns.
_DERIVED_TYPES = ("tsvector", "tsvectortype", "computed")


@record
class Loss:
    """What one operation destroys: a whole schema or database, a table, its rows, or one column.

    `verb` is drop, truncate, delete or deduplicate (whole groups of duplicates go).
    """

    operation: Operation
    index: int
    verb: str
    kind: str
    table: str
    column: str = ""

    @property
    def name(self) -> str:
        """The object's name, `table.column` for a column."""
        return f"{self.table}.{self.column}" if self.column else self.table

    @property
    def spelled(self) -> str:
        """The statement in short: `DROP TABLE orders CASCADE`, between backticks."""
        if self.column:
            return f"`DROP COLUMN {self.column}` on `{self.table}`"
        match self.verb:
            case "truncate":
                return f"`TRUNCATE {self.table}`"
            case "deduplicate":
                columns = ", ".join(f"`{column}`" for column in self.operation.statement.mentions)
                return f"This clean-up of duplicates of {columns} in `{self.table}`"
            case "delete":
                return f"`DELETE FROM {self.table}` without WHERE"  # noqa: S608 - for a message, not a query
        return f"`DROP {self.kind.upper()} {self.table}{' CASCADE' if self.cascade else ''}`"

    @property
    def cascade(self) -> bool:
        """Whether the drop takes along what depends on the object."""
        return self.operation.statement.cascade


def losses(operations: Sequence[Operation]) -> Iterator[Loss]:
    """What the operations of one direction destroy. Derived objects (views, indexes, functions...) hold no data."""
    for index, operation in enumerate(operations):
        statement = operation.statement
        name = statement.name
        match statement.kind:
            case "drop" if statement.object_type in _TABLES | _CONTAINERS and name is not None:
                yield Loss(operation, index, "drop", statement.object_type, name)
            case "truncate" if name is not None:
                yield Loss(operation, index, "truncate", "rows", name)
            case "delete" if name is not None and statement.object_type == "group":
                yield Loss(operation, index, "deduplicate", "rows", name)
            case "delete" if name is not None and not statement.where and not _limited_by_join(statement):
                yield Loss(operation, index, "delete", "rows", name)
            case "alter" if name is not None:
                for column in statement.drops:
                    yield Loss(operation, index, "drop", "column", name, column)


def _limited_by_join(statement: Statement) -> bool:
    return bool(statement.sources)


def makes(statement: Statement, loss: Loss) -> bool:
    """Whether a statement creates the table or adds the column."""
    if not same_name(statement.name, loss.table):
        return False
    if statement.kind == "create" and statement.object_type in _TABLES | _CONTAINERS:
        return not loss.column or any(column.name == loss.column for column in statement.columns)
    return bool(loss.column) and any(column.name == loss.column for column in statement.columns)


def becomes(statement: Statement, loss: Loss) -> bool:
    """Whether a statement gives another object the name of what is lost."""
    if loss.column:
        return same_name(statement.name, loss.table) and any(new == loss.column for _, new in statement.renamed)
    return same_name(statement.new_name, loss.table)


def leaves_name(statement: Statement, loss: Loss) -> bool:
    """Whether a statement drops or renames the object, so that its name is free."""
    if loss.column:
        gone = loss.column in statement.drops or any(old == loss.column for old, _ in statement.renamed)
        return gone and same_name(statement.name, loss.table)
    dropped = statement.kind == "drop" and statement.object_type in _TABLES
    return (dropped or statement.new_name is not None) and same_name(statement.name, loss.table)


def is_own(loss: Loss, operations: Sequence[Operation]) -> bool:
    """Whether the same direction makes the object itself: before, or later under a name that does not outlive it.

    The latter clears the way for a staging object that a failed run may have left.
    """
    if any(makes(one.statement, loss) for one in operations[: loss.index]):
        return True
    after = [one.statement for one in operations[loss.index + 1 :]]
    made = next((at for at, one in enumerate(after) if makes(one, loss)), None)
    return made is not None and any(leaves_name(one, loss) and not makes(one, loss) for one in after[made + 1 :])


def is_inverse(loss: Loss, migration: Migration) -> bool:
    """Whether a downgrade drops what the upgrade made, and what did not exist before it."""
    if loss.operation.direction is not Direction.DOWNGRADE:
        return False
    upgrade = [one.statement for one in migration.upgrade]
    made = any(makes(one, loss) or becomes(one, loss) for one in upgrade)
    existed = (one for one in upgrade if leaves_name(one, loss))
    return made and all(one.if_exists and not _is_made_again(loss, migration.downgrade) for one in existed)


def is_first_creation(loss: Loss, migration: Migration) -> bool:
    """Whether DROP IF EXISTS only precedes the creation of a table that this revision introduces.

    The way back tells: it drops the table, and makes nothing of its name again.
    """
    back = migration.against(loss.operation.direction)
    introduced = any(leaves_name(one.statement, loss) for one in back) and not _is_made_again(loss, back)
    return loss.operation.statement.if_exists and introduced


def _is_made_again(loss: Loss, operations: Sequence[Operation]) -> bool:
    return any(makes(one.statement, loss) or becomes(one.statement, loss) for one in operations)


def is_emptied_before(loss: Loss, operations: Sequence[Operation]) -> bool:
    """Whether the rows went before, so that what goes now is empty: that step is the loss."""
    before = losses(operations[: loss.index])
    return any(one.kind == "rows" and one.verb != "deduplicate" and same_name(one.table, loss.table) for one in before)


def earlier_names(loss: Loss, operations: Sequence[Operation]) -> tuple[str, ...]:
    """The table's name, and the ones that it had before this direction renamed it."""
    names = [loss.table]
    for one in reversed(operations[: loss.index]):
        old, new = one.statement.name, one.statement.new_name
        if old is not None and new is not None and same_name(new, names[-1]):
            names.append(old)
    return tuple(names)


def copies_of(loss: Loss, operations: Sequence[Operation]) -> Iterator[Operation]:
    """The operations before the loss that put the table's rows elsewhere."""
    names = earlier_names(loss, operations)
    for one in operations[: loss.index]:
        statement = one.statement
        reads = any(same_name(source, name) for source in statement.sources for name in names)
        if reads and (statement.kind in _WRITES or (statement.kind == "create" and statement.object_type == "table")):
            yield one


def is_read_and_written(loss: Loss, operations: Sequence[Operation], file: PythonFile | None) -> bool:
    """Whether code before the loss reads the values and then writes rows: a data migration in Python or SQL."""
    before = [one.statement for one in operations[: loss.index]]
    if loss.column:
        return any(_mentions(one, loss.column) for one in before) or (
            file is not None and loss.column in attributes_used(operations[: loss.index], file)
        )
    read = next((at for at, one in enumerate(before) if any(same_name(s, loss.table) for s in one.sources)), None)
    return read is not None and any(one.kind in _WRITES for one in before[read:])


def _mentions(statement: Statement, column: str) -> bool:
    moves = statement.kind in ("insert", "update", "delete", "select", "do", "create") or statement.body
    return moves and column.lower() in statement.mentions


def attributes_used(operations: Sequence[Operation], file: PythonFile) -> frozenset[str]:
    """The attributes and keys that the functions behind the operations use: rows of an ORM are read by attribute."""
    frames = (run for one in operations if one.frame is not None for run in one.frame.stack)
    functions = {run.function.id: run.function for run in frames}
    found: set[str] = set()
    for function in functions.values():
        body = function.child_by_field_name("body")
        for node in descendants(body, "attribute", "subscript") if body is not None else ():
            last = node.child_by_field_name("attribute" if node.type == "attribute" else "subscript")
            if last is not None:
                found.add(file.text(last).strip("\"'"))
    return frozenset(found)


def is_replaced(loss: Loss, operations: Sequence[Operation]) -> bool:
    """Whether another object takes over the name of the dropped one: what it holds was prepared before."""
    return any(becomes(one.statement, loss) for one in operations[loss.index + 1 :])


def recreation_of(loss: Loss, operations: Sequence[Operation]) -> Operation | None:
    """The operation after the loss that makes a table or column of the same name again."""
    return next((one for one in operations[loss.index + 1 :] if makes(one.statement, loss)), None)


def is_filled(loss: Loss, recreated: Operation, operations: Sequence[Operation]) -> bool:
    """Whether the new object gets rows: from its own query, or from a later INSERT."""
    if recreated.statement.sources:
        return True
    later = operations[loss.index + 1 :]
    return any(one.statement.kind == "insert" and same_name(one.statement.name, loss.table) for one in later)


def likeness(loss: Loss, migration: Migration) -> Operation | None:
    """What the same upgrade creates in the shape of what it drops: most often a rename that lost the data.

    The shape of the dropped object is known from the downgrade that makes it again.
    """
    direction = loss.operation.direction
    restored = next((one.statement for one in migration.against(direction) if makes(one.statement, loss)), None)
    if restored is None:
        return None
    if loss.column:
        return _like_column(loss, restored, migration.way(direction))
    wanted = {column.name for column in restored.columns}
    for one in migration.way(direction):
        made = {column.name for column in one.statement.columns} if one.statement.kind == "create" else set()
        if len(wanted) >= 3 and len(wanted & made) >= 0.75 * len(wanted | made):
            return one
    return None


def _like_column(loss: Loss, restored: Statement, operations: Sequence[Operation]) -> Operation | None:
    kind = _type_of(restored.columns, loss.column)
    for one in operations:
        if one.statement.kind != "alter" or not same_name(one.statement.name, loss.table):
            continue
        for column in one.statement.columns:
            if _alike(column.name, loss.column) and kind and _family(column.type) == _family(kind):
                return one
    return None


def _alike(one: str, other: str) -> bool:
    """Whether a name is the other with letters changed, or with words added."""
    words, others = set(one.split("_")), set(other.split("_"))
    added = len(words & others) > 1 and (words < others or others < words)
    return added or SequenceMatcher(None, one, other).ratio() >= 0.85


def _type_of(columns: Sequence[Column], name: str) -> str:
    return next((column.type for column in columns if column.name == name), "")


_FAMILIES = {
    **dict.fromkeys(("varchar", "string", "autostring", "unicode"), "text"),
    **dict.fromkeys(("int", "bigint", "biginteger"), "integer"),
}


def _family(kind: str) -> str:
    plain = kind.lower().removesuffix("type")
    return _FAMILIES.get(plain, plain)


def is_derived(loss: Loss, migration: Migration) -> bool:
    """Whether the database itself filled the dropped column, by what either way makes of it."""
    for one in (*migration.upgrade, *migration.downgrade):
        for column in one.statement.columns if makes(one.statement, loss) else ():
            if column.name == loss.column and (column.generated or column.type.startswith(_DERIVED_TYPES)):
                return True
    return False
