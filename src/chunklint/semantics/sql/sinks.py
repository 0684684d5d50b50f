"""The calls that hand a text to a database, and which of their arguments is the text."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.names import arguments, qualified_name, type_of

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
    """A call that takes SQL as text. `certain` when types say so, not just the receiver's name."""

    call: Node
    text: Node
    certain: bool


def sql_sink(call: Node, file: PythonFile) -> Sink | None:
    """How a call hands SQL to a database; None when it does not, as far as is known."""
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
