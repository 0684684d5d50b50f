"""Errors of SQL that a migration swallows, although PostgreSQL has given the transaction up by then."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.records import record
from chunklint.semantics.migrations.revisions import revision_of
from chunklint.semantics.python.names import arguments, qualified_name
from chunklint.semantics.python.scopes import FUNCTIONS
from chunklint.semantics.wording import shortened

# What says that the statements do not share one transaction, or that it is taken back.
_APART = re.compile(
    r"begin_nested|savepoint|autocommit|rollback|\.commit\(|\bCOMMIT\b|isolation_level|\.begin\(|psycopg2?\.connect",
    re.IGNORECASE,
)
_ANY = frozenset({"Exception", "BaseException"})
_OF_DATABASE = frozenset(
    {"SQLAlchemyError", "DBAPIError", "OperationalError", "ProgrammingError", "IntegrityError", "InternalError"}
    | {"DatabaseError", "DataError", "UndefinedTable", "UndefinedColumn", "UndefinedObject", "DuplicateTable"}
    | {"DuplicateColumn", "DuplicateObject", "UniqueViolation", "ForeignKeyViolation"}
)
_EXECUTES = frozenset({"execute", "exec_driver_sql"})
# Calls of `op` that run no SQL; a batch does so when its block ends.
_SILENT = frozenset({"get_bind", "get_context", "f", "implementation_for", "batch_alter_table", "inline_literal"})
# Statements that ask, and words that tell others not to mind.
_ASKS = re.compile(r"\s*(?:SELECT|SHOW|SET|ANALYZE|EXPLAIN|LOCK|NOTIFY)\b", re.IGNORECASE)
_CAREFUL = re.compile(r"\bIF\s+(?:NOT\s+)?EXISTS\b|\bif_(?:not_)?exists=True|ON CONFLICT", re.IGNORECASE)
_DIALECT = re.compile(r"sqlite|mysql|mariadb|oracle|mssql|postgres")
# Modules whose calls only describe SQL, or run it.
_MODULES = frozenset({"op", "sa", "sqlalchemy", "sqlmodel", "postgresql"})
_HARMLESS = re.compile(
    r"text|print|str|len|range|scalar\w*|fetch\w+|all|one|first|format|strip|join|dumps|uuid4|now$|time$|perf_counter|monotonic"
)
_LOOPS = frozenset({"for_statement", "while_statement"})


@record
class Swallowed:
    """Errors that one function swallows.

    Attributes:
        place: The first `except` or `suppress` that does so; `more` the others.
        statement: The source of what may fail there, on one line, and `failing` where it is.
        counted_on: Whether the code is made for the error: it names its type, or tries again.
        repeated: Whether it tries again.
    """

    place: Location
    statement: str
    failing: Location
    counted_on: bool
    repeated: bool
    more: tuple[Location, ...]


def swallowed_errors(file: PythonFile) -> Iterator[Swallowed]:
    """The functions of a revision that go on after a statement has failed."""
    if revision_of(file) is None or ("try" not in file.content and "suppress" not in file.content):
        return
    for function in descendants(file.root, "function_definition"):
        if _APART.search(file.text(function)) is not None:
            continue
        found = [one for one in (_swallows(node, file) for node in _own(function)) if one is not None]
        if found:
            first, failing, caught = found[0]
            repeated = _tries_again(first)
            counted_on = repeated or bool(caught & _OF_DATABASE)
            more = tuple(file.location(_head(node)) for node, *_ in found[1:])
            text = shortened(file.text(failing), 60)
            yield Swallowed(file.location(_head(first)), text, file.location(failing), counted_on, repeated, more)


def _own(function: Node) -> Iterator[Node]:
    body = function.child_by_field_name("body")
    return descendants(body, "except_clause", "with_statement", stop=FUNCTIONS) if body is not None else iter(())


def _head(node: Node) -> Node:
    """What to show: the call of `suppress`, or the first line of the clause."""
    if node.type == "with_statement":
        return next(descendants(node, "call"), node)
    return node


def _swallows(node: Node, file: PythonFile) -> tuple[Node, Node, frozenset[str]] | None:
    """The node when it swallows an error of SQL, with the statement and the types that it catches."""
    if node.type == "with_statement":
        call = next((one for one in descendants(node, "call", stop=frozenset({"block"}))), None)
        callee = call.child_by_field_name("function") if call is not None else None
        if call is None or callee is None or qualified_name(callee, file) != "contextlib.suppress":
            return None
        body, types = node.child_by_field_name("body"), arguments(call, file).positional
        caught = frozenset(word for one in types for word in re.findall(r"\w+", file.text(one)))
    else:
        around = node.parent
        body = around.child_by_field_name("body") if around is not None else None
        caught = frozenset(re.findall(r"\w+", file.text(node).partition(":")[0].partition(" as ")[0])) - {"except"}
        if around is None or around.type != "try_statement" or not _goes_on(node, file):
            return None
        caught = caught or _ANY
    if body is None or _is_for_another_database(node, file) or not caught & (_ANY | _OF_DATABASE):
        return None
    # What else may fail in the block may be what a broad handler is there for.
    failing = _failing(body, file) if caught & _OF_DATABASE or _runs_sql_alone(body, file) else None
    return (node, failing, caught) if failing is not None else None


def _is_for_another_database(node: Node, file: PythonFile) -> bool:
    """Whether a test of the dialect keeps PostgreSQL away from a node."""
    inner = node
    for around in ancestors(node):
        condition = around.child_by_field_name("condition") if around.type in ("if_statement", "elif_clause") else None
        text = file.text(condition).lower() if condition is not None else ""
        if _DIALECT.search(text):
            wanted = ("postgres" in text) is not bool(re.search(r"!=|\bnot\b", text))
            if wanted is not (inner == around.child_by_field_name("consequence")):
                return True
        inner = around
    return False


def _runs_sql_alone(body: Node, file: PythonFile) -> bool:
    """Whether a block calls nothing that could fail but what runs SQL."""
    for call in descendants(body, "call", stop=FUNCTIONS):
        callee = call.child_by_field_name("function")
        owner, _, name = file.text(callee).rpartition(".") if callee is not None else ("", "", "")
        if owner in _MODULES or name in _EXECUTES or _HARMLESS.match(name) or "log" in owner.lower():
            continue
        return False
    return True


def _goes_on(clause: Node, file: PythonFile) -> bool:
    """Whether a handler ends in anything but an end: one that raises only at last has tried again before."""
    body = next((one for one in clause.named_children if one.type == "block"), None)
    if body is None or re.search(r"\b(?:exit|abort|fail)\(", file.text(body)) is not None:
        return False
    return not any(one.type == "raise_statement" for one in body.named_children)


def _failing(body: Node, file: PythonFile) -> Node | None:
    """The first statement of a block that changes something and is not told not to mind, inner `try`s left out."""
    for call in descendants(body, "call", stop=FUNCTIONS | {"try_statement"}):
        callee = call.child_by_field_name("function")
        if callee is None or callee.type != "attribute":
            continue
        owner, _, name = file.text(callee).rpartition(".")
        if _CAREFUL.search(file.text(call)) is not None:
            continue
        if (owner == "op" and name not in _SILENT | _EXECUTES) or (
            name in _EXECUTES and _changes_something(call, file)
        ):
            return call
    return None


def _changes_something(call: Node, file: PythonFile) -> bool:
    """Whether what is executed is spelled out there, and more than a question."""
    given = arguments(call, file).positional
    text = next(descendants(given[0], "string_content"), None) if given else None
    return text is not None and _ASKS.match(file.text(text)) is None


def _tries_again(node: Node) -> bool:
    for around in ancestors(node):
        if around.type in FUNCTIONS:
            return False
        if around.type == "while_statement":
            return True
        if around.type == "for_statement":
            loop = around.child_by_field_name("right")
            return loop is not None and loop.type == "call" and b"range" in (loop.text or b"")[:5] and _breaks(around)
    return False


def _breaks(loop: Node) -> bool:
    return any(True for _ in descendants(loop, "break_statement", "return_statement", stop=FUNCTIONS | _LOOPS))
