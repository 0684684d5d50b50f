"""The queries that a call makes, and whether they read the rows of given tables."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.semantics.migrations.alembic_calls import constructs, operations_of_call, sql_argument
from chunklint.semantics.migrations.frames import Frame, bound_in, shapes_in
from chunklint.semantics.sql.executed import executed
from chunklint.semantics.sql.statements import Statement, statements


def queries_of(call: Node, frame: Frame, file: PythonFile) -> Iterator[Statement]:
    """The SELECTs of one call: in SQL text, in constructs, through the ORM, and those that a DO block builds."""
    text = sql_argument(call, file)
    found = [*operations_of_call(call, frame, file)]
    if text is not None:
        found.extend(constructs(text, frame, file))
        for shape in shapes_in(text, frame, file):
            found.extend((*statements(shape), *executed(shape, bound_in(call, frame, file))))
    yield from (one for one in found if one.kind == "select")


def reads_any(query: Statement, tables: frozenset[str]) -> bool:
    """Whether a query reads one of the tables, or one whose name is not known."""
    return any("{" in source or source.removeprefix("public.") in tables for source in query.sources)
