"""What a function does with the database: queries, writes, transactions, sessions and repositories made by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.names import arguments, qualified_name
from chunklint.semantics.python.scopes import FUNCTIONS, Kind, reaching
from chunklint.semantics.web.sessions import hand_made_session, is_session

_TRANSACTIONS = frozenset({"commit", "rollback", "begin", "begin_nested", "flush"})
_WRITES = frozenset(
    {"add", "add_all", "delete", "merge", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"}
)
_EXECUTES = frozenset({"execute", "exec", "scalars", "scalar", "stream", "stream_scalars", "exec_driver_sql"})
_FETCHES = frozenset({"fetch", "fetchrow", "fetchval", "fetchone", "fetchall", "fetch_all", "fetch_one", "fetch_val"})
_READS = _EXECUTES | _FETCHES | {"query", "get", "get_one"}
_CHANGING = frozenset({"insert", "update", "delete"})
_LONGEST_CHAIN = 64
_MODEL_QUERY = re.compile(r"^(?:\w+\.)*[A-Z]\w*\.query$")
_CHANGING_SQL = re.compile(r"[rbf\"']*\s*(?:INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)

_ONE_ROW = frozenset(
    {"get", "get_one", "get_or_404", "scalar", "fetchone", "fetchrow", "fetchval", "fetch_one", "fetch_val"}
)
_FIRST_ROW = re.compile(
    r"\.(?:first|first_or_404|one|one_or_none|one_or_404|scalar_one|scalar_one_or_none|get_or_404)\("
)
_COMPOSED = re.compile(r"\.(?:join|outerjoin|group_by|having|union|union_all|subquery|cte|with_for_update)\(|\bfunc\.")
_CONDITIONAL = re.compile(r"\.(?:where|filter|filter_by|limit|offset|paginate)\(")
_REPOSITORY = re.compile(
    r"(?:Repository|Repo|DAO|Dao|UnitOfWork|UoW)$|^(?:create|make|build)_\w*(?:repository|repo|dao)$"
)
_STREAMS = re.compile(r"\b(?:EventSource|Streaming)\w*Response\(")
_FACTORIES = frozenset({"from_session", "from_db", "with_session", "create"})


class Act(StrEnum):
    """What is done."""

    QUERY = "query"
    WRITE = "write"
    TRANSACTION = "transaction"
    OPENED = "session opened"
    BUILT = "repository built"


@record
class Deed:
    """One thing done with the database, at the call that does it; `name` is the callee's last name."""

    act: Act
    node: Node
    name: str


def deeds(function: Node, file: PythonFile) -> tuple[Deed, ...]:
    """What a function's body does with the database, in order, what it hands to others left out."""
    return file.remember(("deeds", function.id), lambda: tuple(_deeds(function, file)))


def _deeds(function: Node, file: PythonFile) -> Iterator[Deed]:
    body = function.child_by_field_name("body")
    found = [deed for call in descendants(body, "call") if (deed := _deed(call, file))] if body is not None else []
    ran = any(deed.act in (Act.QUERY, Act.WRITE) and deed.name != "select" for deed in found)
    for deed in found:
        # A statement that is built here and executed here is one query; one that is only handed back is none yet.
        if not (deed.name == "select" and (ran or _is_handed_back(deed.node))):
            yield deed


def _is_handed_back(select: Node) -> bool:
    """Whether a function returns the statement that a select begins, and nobody has run it."""
    for around in ancestors(select):
        if around.type not in ("attribute", "call", "parenthesized_expression"):
            return around.type == "return_statement"
    return False


def lets_go_before_stream(function: Node, done: Sequence[Deed], file: PythonFile) -> bool:
    """Whether a handler only commits to give its connection back before it answers with a stream."""
    if [deed.name for deed in done] != ["commit"]:
        return False
    body = function.child_by_field_name("body") or function
    answers = descendants(body, "return_statement", stop=FUNCTIONS)
    return any(_STREAMS.search(file.text(one)) for one in answers)


def _deed(call: Node, file: PythonFile) -> Deed | None:
    function = call.child_by_field_name("function")
    if function is None:
        return None
    last = _last(function, file)
    if hand_made_session(call, file):
        return Deed(Act.OPENED, call, last)
    if _builds_repository(call, function, file):
        return Deed(Act.BUILT, call, _class_name(function, file))
    act = _act(call, function, last, file)
    return Deed(act, call, last) if act is not None else None


def _act(call: Node, function: Node, last: str, file: PythonFile) -> Act | None:
    receiver = function.child_by_field_name("object") if function.type == "attribute" else None
    if receiver is None or last == "select":
        return Act.QUERY if last == "select" and _is_sqlalchemy(function, file) and not _in_select(call, file) else None
    if last in _CHANGING and _starts_at_query(receiver, file):
        return Act.WRITE
    if _MODEL_QUERY.match(file.text(receiver)):
        return Act.QUERY
    if last not in _TRANSACTIONS | _WRITES | _READS or not is_session(receiver, file):
        return None
    if last in _TRANSACTIONS:
        return Act.TRANSACTION
    if last in _WRITES or (last in _EXECUTES and _executes_change(call, file)):
        return Act.WRITE
    return Act.QUERY


def _is_sqlalchemy(function: Node, file: PythonFile) -> bool:
    return (qualified_name(function, file) or "").startswith(("sqlalchemy.", "sqlmodel."))


def _in_select(call: Node, file: PythonFile) -> bool:
    """Whether a select is part of a larger one, which is the query."""
    outer = (one.child_by_field_name("function") for one in ancestors(call) if one.type == "call")
    return any(one is not None and file.text(one) == "select" for one in outer)


def _starts_at_query(receiver: Node, file: PythonFile) -> bool:
    """Whether a chain such as `db.query(Order).filter(...)` or `Order.query.filter_by(...)` starts at a query."""
    for link in _chain(receiver):
        if link.type == "attribute" and _MODEL_QUERY.match(file.text(link)):
            return True
        callee = link.child_by_field_name("function")
        if callee is not None and _last(callee, file) == "query":
            owner = callee.child_by_field_name("object")
            return owner is not None and is_session(owner, file)
    return False


def _chain(node: Node) -> Iterator[Node]:
    """The calls and attributes of a chain of methods, outermost first, as far as people write them."""
    current: Node | None = node
    for _ in range(_LONGEST_CHAIN):
        if current is None or current.type not in ("call", "attribute"):
            return
        yield current
        current = current.child_by_field_name("function" if current.type == "call" else "object")


def _last(callee: Node, file: PythonFile) -> str:
    """The last name of a callee, "" when it is neither a name nor an attribute."""
    name = callee if callee.type == "identifier" else callee.child_by_field_name("attribute")
    return file.text(name) if name is not None else ""


def _executes_change(call: Node, file: PythonFile) -> bool:
    """Whether what is executed inserts, updates or deletes: built in place, or assigned before."""
    statement = next(iter(arguments(call, file).positional), None)
    if statement is not None and statement.type == "identifier":
        values = [one.value for one in reaching(statement, file) if one.kind is Kind.ASSIGNMENT]
        statement = values[-1] if values else None
    if statement is None:
        return False
    if statement.type == "call" and (written := arguments(statement, file).get("text", 0)) is not None:
        return _is_change(written, file) or any(_is_change(link, file) for link in _chain(statement))
    return any(_is_change(link, file) for link in (statement, *_chain(statement)))


def _is_change(node: Node, file: PythonFile) -> bool:
    if node.type == "string":
        return _CHANGING_SQL.match(file.text(node)) is not None
    function = node.child_by_field_name("function") if node.type == "call" else None
    return function is not None and _last(function, file) in _CHANGING and _is_sqlalchemy(function, file)


def _builds_repository(call: Node, function: Node, file: PythonFile) -> bool:
    """Whether a call makes a repository out of a session: `OrderRepository(db)`, `OrderRepository.from_session(db)`."""
    if _REPOSITORY.search(_class_name(function, file)) is None:
        return False
    given = arguments(call, file)
    return any(is_session(one, file) for one in (*given.positional, *given.keywords.values()))


def _class_name(function: Node, file: PythonFile) -> str:
    owner, _, last = file.text(function).rpartition(".")
    return owner.rpartition(".")[2] if last in _FACTORIES else last


def is_thin(function: Node, found: Sequence[Deed], file: PythonFile) -> bool:
    """Whether all that is done is one plain read: a row by its key, or a whole table as it is."""
    if any(deed.act in (Act.WRITE, Act.TRANSACTION, Act.OPENED) for deed in found):
        return False
    text = file.text(function)
    queries = [deed for deed in found if deed.act is Act.QUERY]
    if len(queries) > 1 or any(deed.act is Act.BUILT for deed in found):
        return False
    if _COMPOSED.search(text):
        return False
    one_row = any(deed.name in _ONE_ROW for deed in queries) or _FIRST_ROW.search(text) is not None
    return one_row or _CONDITIONAL.search(text) is None
