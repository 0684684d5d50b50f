"""The calls that hand a text to a database, and which of their arguments is the text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.names import arguments, local_function, qualified_name, type_of
from chunklint.semantics.python.parameters import parameters_of, passed
from chunklint.semantics.python.scopes import reaching

# Functions whose first argument is SQL by definition.
_TEXT_FUNCTIONS = frozenset(
    {
        "alembic.op.execute",
        "sqlalchemy.DDL",
        "sqlalchemy.schema.DDL",
        "sqlalchemy.sql.expression.text",
        "sqlalchemy.sql.text",
        "sqlalchemy.text",
        "sqlmodel.text",
    }
)
_METHODS = frozenset(
    {
        *("execute", "executemany", "executescript", "exec_driver_sql", "execute_async", "exec"),
        *("scalar", "scalars", "stream", "stream_scalars"),
        *("fetch", "fetchrow", "fetchval", "fetch_all", "fetch_one", "fetch_val", "iterate"),
    }
)
_TEXT_KEYWORDS = ("statement", "query", "sql", "sqltext", "text")
_OPENING = frozenset({"cursor", "connect", "connection", "get_bind"})
# Packages whose classes with such methods talk to a database.
_PACKAGES = frozenset(
    {
        *("aiomysql", "aiosqlite", "asyncpg", "databases", "duckdb", "encode", "MySQLdb", "psycopg", "psycopg2"),
        *("psycopg_pool", "pymysql", "pyodbc", "sqlalchemy", "sqlite3", "sqlmodel", "snowflake", "clickhouse_driver"),
        "django",
    }
)
# How people call a connection that comes from elsewhere.
_RECEIVERS = frozenset(
    {
        *("conn", "connection", "cur", "curs", "cursor", "db", "database", "db_session", "session", "sess", "engine"),
        *("async_session", "bind", "tx", "transaction", "pool", "_conn", "_connection", "_cursor", "_db", "_session"),
        *("db_conn", "dbapi_connection", "pg_conn", "sqlite_conn", "_pool", "c"),
    }
)


@record
class Sink:
    """A call that takes SQL as text.

    Attributes:
        certain: Whether types say so, not just the receiver's name.
        forwarded: Whether a function of this module takes the text, and executes it as it is.
    """

    call: Node
    text: Node
    certain: bool
    forwarded: bool = False


def sql_sink(call: Node, file: PythonFile) -> Sink | None:
    """How a call hands SQL to a database; None when it does not, as far as is known."""
    return _direct_sink(call, file) or _forwarding(call, file)


def _forwarding(call: Node, file: PythonFile) -> Sink | None:
    """A call of a function of this module that executes one of its parameters as it is."""
    function = call.child_by_field_name("function")
    definition = local_function(function, file) if function is not None else None
    if definition is None or definition.type != "function_definition":
        return None
    executed = file.remember(("executes", definition.id), partial(_executed_parameters, definition, file))
    for parameter, argument in passed(call, definition, file) if executed else ():
        if parameter.id in executed:
            return Sink(call, argument, executed[parameter.id], forwarded=True)
    return None


def _executed_parameters(definition: Node, file: PythonFile) -> Mapping[int, bool]:
    """The parameters that a function hands to a database, by their nodes' ids, and whether that is certain."""
    found: dict[int, bool] = {}
    parameters = {one.node.id for one in parameters_of(definition, file)}
    for call in descendants(definition, "call"):
        sink = _direct_sink(call, file)
        if sink is None or sink.text.type != "identifier":
            continue
        bound = [one.node.id for one in reaching(sink.text, file)]
        if len(bound) == 1 and bound[0] in parameters:
            found[bound[0]] = found.get(bound[0], False) or sink.certain
    return found


def _direct_sink(call: Node, file: PythonFile) -> Sink | None:
    function = call.child_by_field_name("function")
    if function is None:
        return None
    text = _text_argument(call, file)
    if text is None:
        return None
    if qualified_name(function, file) in _TEXT_FUNCTIONS:
        return Sink(call, text, certain=True)
    if function.type != "attribute":
        return None
    receiver, method = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    if receiver is None or method is None or file.text(method) not in _METHODS:
        return None
    certain = is_database(receiver, file)
    return Sink(call, text, certain) if certain is not None else None


def _text_argument(call: Node, file: PythonFile) -> Node | None:
    given = arguments(call, file)
    if given.positional:
        return given.positional[0]
    return next((given.keywords[word] for word in _TEXT_KEYWORDS if word in given.keywords), None)


def is_database(receiver: Node, file: PythonFile) -> bool | None:
    """Whether an expression is a connection, session or cursor: True by its type, False by its name, None if not."""
    known = type_of(receiver, file) or qualified_name(receiver, file) or ""
    package = known.partition(".")[0]
    if package in _PACKAGES:
        return True
    if known and not known.startswith(("<module>", ".")) and type_of(receiver, file):
        # Its type is known, and is no database's; a class of this project may well wrap one.
        return False if _named_like_one(receiver, file) and package not in ("redis", "httpx", "requests") else None
    return False if _named_like_one(receiver, file) else None


def _named_like_one(receiver: Node, file: PythonFile) -> bool:
    while receiver.type in ("await", "parenthesized_expression") and receiver.named_children:
        receiver = receiver.named_children[-1]
    if receiver.type == "call":
        function = receiver.child_by_field_name("function")
        return function is not None and file.text(function).rsplit(".", 1)[-1] in _OPENING
    return file.text(receiver).rsplit(".", 1)[-1] in _RECEIVERS
