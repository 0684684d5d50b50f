"""What is a database session: by its type, its dependency, its origin, or the class that Flask-SQLAlchemy made it."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import ancestors
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.names import arguments, enclosing_function, qualified_name, type_of
from chunklint.semantics.python.scopes import Binding, Kind, reaching

_WORDS = r"(?:Async|Sync|Scoped|DB|Db|Database|SQL|Sql|Orm|ORM|Read|Write|ReadOnly|Readonly|Tenant|Injected)"
_SESSION_TYPE = re.compile(
    rf"^(?:{_WORDS}*Session(?:Local|Maker|Factory)?(?:Dep|Depends|Dependency|DI)?|(?:DB|Db|Database)(?:Dep|Dependency))$"
)
# Connections of database drivers and of SQLAlchemy's core, by their qualified names.
_CONNECTION = re.compile(
    r"^(?:sqlalchemy|asyncpg|psycopg2?|aiosqlite|sqlite3|databases)\b.*\.(?:\w*Connection|\w*[cC]ursor|Pool)$"
)
# Sessions of other kinds: HTTP clients, cloud clients, the visitors of a web site.
_OTHER_SESSION = re.compile(
    r"^(?:requests|aiohttp|httpx|boto3|botocore|aioboto3|starlette|flask|mcp|curl_cffi|cassandra)\b"
)
_RECORDS = re.compile(r"(?:^|[._])(?:models?|schemas?|entities|types|dto)\.")

_DB = r"(?:db|database|session|db_session|database_session|sql_session|orm_session)"
_PROVIDER = re.compile(
    r"^_?(?:(?:get|provide|make|open|new|use|yield|inject|acquire|generate|require)_)?"
    rf"(?:(?:async|sync|scoped|postgres|pg|sql|current|tenant|readonly|read|write)_)*{_DB}(?:_(?:read|write|async))?"
    r"(?:_(?:session|sessionmaker|maker|factory|scope|context|context_manager|ctx|local|with_\w+|for_\w+|bypass_\w+))*$"
)
_MAKER = re.compile(
    rf"^(?:{_WORDS}*Session(?:Local|Maker|Factory)|(?:async_|db_|scoped_)*session_?(?:maker|factory|scope|local))$"
)
_ENGINE = re.compile(r"(?:^|[._])engine(?:\(\))?$")
_NAMES = frozenset({"db", "session", "db_session", "async_session", "dbsession", "sess"})
# What sessions and connections can do; `db.upsert(...)` is a class of the project's own around one.
_METHODS = frozenset(
    {
        *("add", "add_all", "begin", "begin_nested", "bind_mapper", "bulk_insert_mappings", "bulk_save_objects"),
        *("bulk_update_mappings", "close", "close_all", "aclose", "commit", "connection", "cursor", "delete"),
        *("exec", "exec_driver_sql", "execute", "executemany", "expire", "expire_all", "expunge", "expunge_all"),
        *("fetch", "fetch_all", "fetch_one", "fetch_val", "fetchall", "fetchone", "fetchrow", "fetchval", "flush"),
        *("get", "get_bind"),
        *("get_one", "in_transaction", "invalidate", "is_modified", "iterate", "merge", "prepare", "query", "refresh"),
        *("rollback", "run_sync", "scalar", "scalars", "stream", "stream_scalars", "transaction", "acquire", "release"),
    }
)
_LIBRARIES = ("sqlalchemy", "sqlmodel", "SQLAlchemy", "Session", "asyncpg", "psycopg", "flask")


def is_session(node: Node, file: PythonFile) -> bool:
    """Whether an expression is a session or connection of a relational database."""
    return file.remember(("is session", node.id), lambda: _is_session(node, file))


def _is_session(node: Node, file: PythonFile) -> bool:
    if node.type == "await" and node.named_children:
        node = node.named_children[0]
    known = type_of(node, file)
    if known is not None and not known.startswith("<module>.get_"):
        return is_session_type(known)
    match node.type:
        case "identifier":
            return any(_binds_session(one, file) for one in reaching(node, file))
        case "attribute":
            return _is_session_attribute(node, file)
        case "call":
            return opens_session(node, file) or _is_scoped(node, file)
    return False


def is_session_type(qualified: str) -> bool:
    """Whether a qualified class name is that of a session, of a connection, or of an alias that injects one."""
    if _CONNECTION.match(qualified):
        return True
    if _OTHER_SESSION.match(qualified):
        return False
    return _SESSION_TYPE.match(qualified.rpartition(".")[2]) is not None and not _RECORDS.search(qualified)


def _binds_session(binding: Binding, file: PythonFile) -> bool:
    value = binding.value
    match binding.kind:
        case Kind.PARAMETER if value is not None and value.type == "call":
            if binding.annotation is not None:
                return depends_on_session(value, file)
            injected = depends_on_session(value, file) and not _can_do_more(binding.name, file)
            return injected or _serves_as_one(binding, file)
        case Kind.PARAMETER:
            # A helper's `db` without any type is what its callers call `db`.
            return binding.annotation is None and binding.name in _NAMES and _speaks_sql(file)
        case Kind.CONTEXT | Kind.LOOP | Kind.ASSIGNMENT if value is not None and not binding.path:
            if value.type not in ("call", "await"):
                return False
            return _gives_session(value, file) or (binding.kind is Kind.CONTEXT and _serves_as_one(binding, file))
        case Kind.IMPORT:
            return binding.name in ("db_session", "async_session") and _speaks_sql(file)
    return False


def _can_do_more(name: str, file: PythonFile) -> bool:
    """Whether what goes by a name has methods in this module that no session has."""
    called = re.findall(rf"(?<![\w.]){re.escape(name)}\.(\w+)\(", file.content)
    return not _METHODS.issuperset(called)


def _serves_as_one(binding: Binding, file: PythonFile) -> bool:
    """Whether what another module gives is used as a session is: it executes statements of SQLAlchemy."""
    name, function = re.escape(binding.name), enclosing_function(binding.node)
    if function is None or ("sqlalchemy" not in file.content and "sqlmodel" not in file.content):
        return False
    statement = r"(?:(?:sa|sqlalchemy|sqlmodel)\.)?(?:select|update|insert|delete|text)\("
    uses = rf"\b{name}\.(?:execute|scalars?|exec)\(\s*{statement}|\b{name}\.query\([A-Z]"
    return re.search(uses, file.text(function)) is not None


def _speaks_sql(file: PythonFile) -> bool:
    return any(word in file.content for word in _LIBRARIES)


def depends_on_session(default: Node, file: PythonFile) -> bool:
    """Whether a parameter's default is `Depends(get_db)` or the like."""
    function = default.child_by_field_name("function") if default.type == "call" else None
    if function is None or not file.text(function).endswith(("Depends", "Security")):
        return False
    given = arguments(default, file).positional
    return bool(given) and _is_provider(given[0], file)


def _is_provider(function: Node, file: PythonFile) -> bool:
    """Whether a function gives a session by its name: the one that its module gave it, or the one that it has here."""
    names = (file.text(function), qualified_name(function, file) or "")
    return any(_PROVIDER.match(name.rpartition(".")[2]) for name in names)


def _is_session_attribute(node: Node, file: PythonFile) -> bool:
    """`db.session` of Flask-SQLAlchemy, `request.state.db`, `self.session` in a module about SQL."""
    receiver, name = node.child_by_field_name("object"), node.child_by_field_name("attribute")
    if receiver is None or name is None:
        return False
    owner, attribute = file.text(receiver), file.text(name)
    if attribute == "session":
        made = type_of(receiver, file) or ""
        return made.endswith(".SQLAlchemy") or owner.rpartition(".")[2] in ("db", "database", "orm")
    if owner in ("request.state", "self") or owner.endswith(".models"):
        return attribute in ("db", "db_session", "async_session") and _speaks_sql(file)
    return attribute == "db_session"


def opens_session(call: Node, file: PythonFile) -> bool:
    """Whether a call makes a session: `SessionLocal()`, `Session(engine)`, `next(get_db())`."""
    if call.type == "await" and call.named_children:
        call = call.named_children[0]
    function = call.child_by_field_name("function") if call.type == "call" else None
    if function is None:
        return False
    given = arguments(call, file)
    last = file.text(function).rpartition(".")[2]
    if last in ("next", "anext", "closing") and given.positional:
        return _gives_session(given.positional[0], file)
    if any(_MAKER.match(name) for name in (last, _original(function, file))):
        return not (given.positional or "bind" in given.keywords) or "maker" not in last
    if last in ("begin", "connect") and _is_engine(function, file):
        return True
    return last[:1].isupper() and is_session_type(qualified_name(function, file) or "")


def _original(function: Node, file: PythonFile) -> str:
    """The name under which an imported function was defined."""
    return (qualified_name(function, file) or "").rpartition(".")[2]


def _is_engine(method: Node, file: PythonFile) -> bool:
    """Whether `engine.begin` and `engine.connect` are those of SQLAlchemy."""
    owner = method.child_by_field_name("object") if method.type == "attribute" else None
    return owner is not None and _ENGINE.search(file.text(owner)) is not None and "sqlalchemy" in file.content


def _gives_session(value: Node, file: PythonFile) -> bool:
    """Whether a call opens a session, its function told by type or by a name such as `get_db_session`."""
    call = value.named_children[0] if value.type == "await" and value.named_children else value
    if opens_session(call, file):
        return True
    function = call.child_by_field_name("function") if call.type == "call" else None
    if function is None:
        return False
    given = arguments(call, file)
    plain = function.type == "identifier" or file.text(function).count(".") == 1
    return plain and not given.positional and _is_provider(function, file)


def _is_scoped(call: Node, file: PythonFile) -> bool:
    """`db.session()`, the session behind Flask-SQLAlchemy's proxy."""
    function = call.child_by_field_name("function")
    return function is not None and function.type == "attribute" and _is_session_attribute(function, file)


def hand_made_session(call: Node, file: PythonFile) -> bool:
    """Whether a call opens a session there and then: made, entered by `with`, or drawn out of its provider."""
    if opens_session(call, file):
        return True
    around = next((one for one in ancestors(call) if one.type != "await"), None)
    entered = around is not None and around.type in ("with_item", "as_pattern")
    drawn = around is not None and around.type == "for_statement" and around.child_by_field_name("right") == call
    return (entered or drawn) and _gives_session(call, file)
