"""Calls of Alembic's operations and of SQLAlchemy's constructs, as the SQL statements that they amount to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.migrations.frames import Frame, argument_of, names_in
from chunklint.semantics.python.names import Arguments, arguments, qualified_name
from chunklint.semantics.python.scopes import Kind, bindings_in, reaching
from chunklint.semantics.sql.statements import Column, Statement

_EXECUTORS = frozenset({"execute", "exec_driver_sql", "exec", "scalar", "scalars", "executescript", "executemany"})
_TABLE_OPERATIONS = frozenset({"drop_table", "create_table", "rename_table", "bulk_insert"})
_COLUMN_OPERATIONS = frozenset({"drop_column", "add_column", "alter_column"})
_ROW_FUNCTIONS = {"delete": "delete", "update": "update", "insert": "insert", "select": "select", "query": "select"}
_CONDITIONS = frozenset({"where", "filter", "filter_by", "limit"})


def operations_of_call(call: Node, frame: Frame, file: PythonFile) -> Iterator[Statement]:
    """What `op.NAME(...)`, `batch_op.NAME(...)`, `metadata.drop_all()` and an ORM query do."""
    callee = call.child_by_field_name("function")
    if callee is None or callee.type != "attribute":
        return
    receiver, named = callee.child_by_field_name("object"), callee.child_by_field_name("attribute")
    if receiver is None or named is None:
        return
    name, given = file.text(named), arguments(call, file)
    if name == "drop_all" and file.text(receiver).endswith("metadata"):
        yield Statement("drop", "schema", f"{{{file.text(receiver)}}}", cascade=True)
    elif name in _TABLE_OPERATIONS and is_operations(receiver, file):
        yield from _on_table(name, given, frame, file)
    elif name in _COLUMN_OPERATIONS:
        batch = batch_table(receiver, frame, file)
        if batch is not None:
            yield from _on_column(name, batch, given, 0, frame, file)
        elif is_operations(receiver, file):
            tables = names_in(given.get("table_name", 0), frame, file)
            yield from _on_column(name, tables, given, 1, frame, file)
    elif name in ("delete", "query", "update"):
        yield from _orm_query(call, frame, file)


def is_operations(receiver: Node, file: PythonFile) -> bool:
    """Whether an expression is `alembic.op`, or is called like it."""
    return qualified_name(receiver, file) == "alembic.op" or file.text(receiver) in ("op", "operations")


def batch_table(receiver: Node, frame: Frame, file: PythonFile) -> tuple[str, ...] | None:
    """The table of a `with op.batch_alter_table(...) as receiver`, also when a caller opened it."""
    held = argument_of(receiver, frame, file)
    if held is not None:
        return batch_table(*held, file)
    if receiver.type != "identifier":
        return None
    for binding in reaching(receiver, file):
        opened = binding.value
        function = opened.child_by_field_name("function") if opened is not None and opened.type == "call" else None
        if opened is not None and function is not None and file.text(function).endswith("batch_alter_table"):
            return names_in(arguments(opened, file).get("table_name", 0), frame, file)
    return None


def _on_table(name: str, given: Arguments, frame: Frame, file: PythonFile) -> Iterator[Statement]:
    first = given.get("old_table_name" if name == "rename_table" else "table_name", 0)
    if name == "bulk_insert":
        yield Statement("insert", "table", _table_of(first, frame, file))
        return
    schema = names_in(given.get("schema"), frame, file)
    for table in names_in(first, frame, file):
        full = f"{schema[0]}.{table}" if schema else table
        match name:
            case "drop_table":
                yield Statement("drop", "table", full)
            case "create_table":
                columns = (column for one in given.positional[1:] if (column := _column(one, frame, file)) is not None)
                yield Statement("create", "table", full, columns=tuple(columns))
            case "rename_table":
                new = names_in(given.get("new_table_name", 1), frame, file)
                yield Statement("rename", "table", full, new_name=new[0] if new else None)


def _on_column(
    name: str, tables: tuple[str, ...], given: Arguments, position: int, frame: Frame, file: PythonFile
) -> Iterator[Statement]:
    subject = given.get("column" if name == "add_column" else "column_name", position)
    if name == "add_column":
        column = _column(subject, frame, file) if subject is not None else None
        columns = (column,) if column is not None else ()
        yield from (Statement("alter", "table", table, columns=columns) for table in tables)
        return
    for table, column_name in _paired(tables, names_in(subject, frame, file)):
        if name == "drop_column":
            yield Statement("alter", "table", table, drops=(column_name,))
            continue
        new, nullable = given.get("new_column_name"), given.get("nullable")
        yield Statement(
            "alter",
            "table",
            table,
            renamed=tuple((column_name, one) for one in names_in(new, frame, file)[:1]),
            required=(column_name,) if nullable is not None and file.text(nullable) == "False" else (),
            mentions=frozenset({column_name.lower()}) if new is not None else frozenset(),
        )


def _paired(tables: tuple[str, ...], columns: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Each table with its column; several of both come from one loop over pairs."""
    if len(tables) > 1 and len(columns) > 1:
        yield from ((t, c) for t, c in zip_longest(tables, columns, fillvalue="") if t and c)
    else:
        yield from ((table, column) for table in tables for column in columns)


def _column(node: Node, frame: Frame, file: PythonFile) -> Column | None:
    """The column that `sa.Column("name", Type)` describes; its type as the type's last name in lower case."""
    function = node.child_by_field_name("function") if node.type == "call" else None
    if function is None or file.text(function).rsplit(".", 1)[-1] != "Column":
        return None
    given = arguments(node, file)
    names = names_in(given.get("name", 0), frame, file)
    kind = given.get("type_", 1)
    if kind is not None and kind.type == "call":
        kind = kind.child_by_field_name("function")
    plain = file.text(kind).rsplit(".", 1)[-1].lower() if kind is not None else ""
    return Column(names[0], plain, _is_generated(given, file)) if names else None


def _is_generated(given: Arguments, file: PythonFile) -> bool:
    """Whether the database fills the column: numbers of a sequence, an identity, an expression over other columns."""
    default, counted = given.get("server_default"), given.get("autoincrement")
    numbered = default is not None and "nextval(" in file.text(default)
    others = (file.text(one).rsplit("(", 1)[0].rsplit(".", 1)[-1] for one in given.positional[1:] if one.type == "call")
    computed = any(name in ("Computed", "Identity", "Sequence") for name in others)
    return numbered or computed or (counted is not None and file.text(counted) == "True")


def sql_argument(call: Node, file: PythonFile) -> Node | None:
    """The expression that a call gives the database to run, None when it gives none."""
    callee = call.child_by_field_name("function")
    name = callee.child_by_field_name("attribute") if callee is not None and callee.type == "attribute" else None
    if name is None or file.text(name) not in _EXECUTORS:
        return None
    given = arguments(call, file)
    return given.positional[0] if given.positional else given.keywords.get("statement") or given.keywords.get("sqltext")


def constructs(node: Node, frame: Frame, file: PythonFile) -> Iterator[Statement]:
    """The statement that an expression of SQLAlchemy's constructs builds: `sa.delete(t).where(...)`, `t.delete()`."""
    if node.type == "identifier":
        values = [one.value for one in reaching(node, file) if one.kind is Kind.ASSIGNMENT and one.value is not None]
        for value in values:
            if value.type == "call":
                yield from constructs(value, frame, file)
        return
    kind, subject, limited = None, None, False
    current: Node | None = node
    while current is not None and current.type == "call":
        function = current.child_by_field_name("function")
        if function is None:
            return
        last = file.text(function).rsplit(".", 1)[-1]
        limited = limited or last in _CONDITIONS
        receiver = function.child_by_field_name("object") if function.type == "attribute" else None
        given = arguments(current, file).positional
        if last in _ROW_FUNCTIONS:
            kind, subject = _ROW_FUNCTIONS[last], subject or (given[0] if given else receiver)
        elif last == "select_from" and given:
            subject = given[0]
        current = receiver
    if kind is not None:
        yield _row_statement(kind, subject, node, limited, frame, file)


def _row_statement(
    kind: str, subject: Node | None, node: Node, limited: bool, frame: Frame, file: PythonFile
) -> Statement:
    table = _table_of(subject, frame, file)
    words = (file.text(one).strip("\"'").lower() for one in descendants(node, "identifier", "string"))
    sources = (table,) if kind == "select" and table is not None else ()
    return Statement(kind, "table", table, where=limited, sources=sources, mentions=frozenset(words))


def _orm_query(call: Node, frame: Frame, file: PythonFile) -> Iterator[Statement]:
    """`session.query(Model)` reads the model's table; with `.delete()` at the end of the chain it deletes from it."""
    callee = call.child_by_field_name("function")
    current: Node | None = call
    limited, verb = False, file.text(callee).rsplit(".", 1)[-1] if callee is not None else ""
    while current is not None and current.type == "call":
        function = current.child_by_field_name("function")
        if function is None or function.type != "attribute":
            return
        name = file.text(function).rsplit(".", 1)[-1]
        limited = limited or name in _CONDITIONS
        if name == "query":
            given = arguments(current, file).positional
            kind = "select" if verb == "query" else verb
            yield _row_statement(kind, given[0] if given else None, call, limited, frame, file)
            return
        current = function.child_by_field_name("object")


def _table_of(node: Node | None, frame: Frame, file: PythonFile) -> str | None:
    """The table behind `sa.table("name")`, a class with `__tablename__` or a name for either."""
    if node is None:
        return None
    if node.type == "attribute":
        return _table_of(node.child_by_field_name("object"), frame, file)
    if node.type == "call":
        function = node.child_by_field_name("function")
        if function is None or file.text(function).rsplit(".", 1)[-1].lower() != "table":
            return None
        names = names_in(arguments(node, file).get("name", 0), frame, file)
        return names[0] if names else None
    if node.type != "identifier":
        return None
    held = argument_of(node, frame, file)
    if held is not None:
        return _table_of(*held, file)
    for binding in reaching(node, file):
        if binding.kind is Kind.CLASS and binding.value is not None:
            for one in bindings_in(binding.value, file).get("__tablename__", ()):
                return next(iter(names_in(one.value, frame, file)), None)
        if binding.kind is Kind.ASSIGNMENT and binding.value is not None and binding.value.type == "call":
            return _table_of(binding.value, frame, file)
    return None
