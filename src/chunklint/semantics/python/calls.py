"""What the result of a call is made of: an own source, some of what went in, or nothing known."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.python.known_sources import (
    ARGV_METHODS,
    CLOCK_METHODS,
    DIGESTS,
    ENUMS,
    FETCHES,
    HARMLESS,
    INSPECTIONS,
    NUMBERS,
    PASSING,
    QUOTING_METHODS,
    QUOTING_OWNERS,
    SOURCES,
    Source,
)
from chunklint.semantics.python.names import arguments, qualified_name
from chunklint.semantics.python.scopes import Kind, resolve
from chunklint.semantics.python.strings import string_shapes

_EXECUTES = frozenset({"execute", "exec", "exec_driver_sql", "scalar", "scalars", "stream", "query"})
_MAX_DEPTH = 4
# Queries whose only answer is a number or a truth value.
_COUNTS = re.compile(
    r"\s*SELECT\s+(?:COUNT|EXISTS|SUM|nextval|currval|setval|lastval|COALESCE\s*\(\s*(?:MAX|SUM|COUNT))\s*\(",
    re.IGNORECASE,
)
# Queries that are answered by what the schema's author or the server's operator wrote, an enum's labels or a setting,
# or by a text that the server has quoted.
_SETTLED = re.compile(
    r"\s*(?:SELECT\s+(?:(?:unnest\s*\(\s*)?enum_range|quote_\w+)\s*\(|SHOW\s+\w*[_.]\w+\s*;?\s*$)", re.IGNORECASE
)

# Queries for the key of a row, which the application made.
_KEYS = re.compile(
    r"""\s*SELECT\s+(?:\w+\.)?"?(?:id|uuid|(?!external_|client_)\w*(?<!external)(?<!client)_id)"?\s+FROM\b""",
    re.IGNORECASE,
)
# The fields that `replace` of a moment takes.
_MOMENTS = frozenset({"year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo"})
# Tables in which a database keeps what it knows of itself, and statements that ask for it.
_CATALOGUES = re.compile(
    r"^\s*(?:SHOW|PRAGMA|DESC|DESCRIBE)\b|\b(?:information_schema|pg_catalog|pg_[a-z]+s|pg_class|sqlite_master|sqlite_schema"
    r"|sys\.\w+|(?:all|user|dba)_(?:tables|views|indexes|tab_columns|constraints))\b",
    re.IGNORECASE,
)


@record
class Result:
    """What a call gives: a source of its own with a few words on it, or what it was made of; `number`: only numbers.

    `catalogue`: rows that tell of tables, columns and the like.
    """

    source: Source | None = None
    words: str = ""
    made_of: tuple[Node, ...] = ()
    number: bool = False
    catalogue: bool = False


def result_of(call: Node, function: Node, file: PythonFile) -> Result:
    """What a call of a function that is not of this module gives, as far as its name tells."""
    given = arguments(call, file)
    qualified = qualified_name(function, file) or ""
    inputs = (*given.positional, *given.keywords.values(), *given.splat)
    if qualified in HARMLESS or is_enum(function, file):
        return Result(Source.CONFINED)
    if qualified in NUMBERS:
        return _number(qualified, inputs, file)
    if (known := _known_source(qualified)) is not None:
        return Result(known, f"`{file.text(call)[:60]}` is read here")
    if qualified in ("builtins.min", "builtins.max"):
        return Result(made_of=inputs) if not _bounded(call, file) else Result(Source.CONFINED)
    if qualified in PASSING:
        return Result(made_of=inputs)
    if qualified == "builtins.map" and len(inputs) > 1:
        converts = qualified_name(inputs[0], file) in NUMBERS
        return Result(made_of=inputs[1:], number=converts)
    if qualified == "re.sub" and given.positional:
        return _substituted(given.positional, file)
    return _method(call, function, file) if function.type == "attribute" else Result()


def _known_source(qualified: str) -> Source | None:
    """The source that a name or one of its prefixes is: `os.environ.get`, `datetime.datetime.now`."""
    while qualified:
        if qualified in SOURCES:
            return SOURCES[qualified]
        qualified = qualified.rpartition(".")[0]
    return None


def _number(qualified: str, inputs: tuple[Node, ...], file: PythonFile) -> Result:
    if qualified == "builtins.int" and any(_bounded(one, file) for one in inputs):
        return Result(Source.CONFINED, number=True)
    return Result(made_of=inputs, number=True)


def _bounded(call: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether a call is `min(...)`, perhaps within `max(...)`, with a literal or constant bound from above."""
    function = call.child_by_field_name("function") if call.type == "call" else None
    name = file.text(function) if function is not None else ""
    given = arguments(call, file).positional if name in ("min", "max") else ()
    if name == "min":
        return any(one.type in ("integer", "float") or file.text(one).rsplit(".", 1)[-1].isupper() for one in given)
    return depth < _MAX_DEPTH and any(_bounded(one, file, depth + 1) for one in given)


def _substituted(given: tuple[Node, ...], file: PythonFile) -> Result:
    """`re.sub` of everything but a set of characters leaves nothing to fear; any other passes its text on."""
    pattern = file.text(given[0])
    if "[^" in pattern or "\\W" in pattern:
        return Result(Source.CONFINED)
    return Result(made_of=given[1:])


def _method(call: Node, function: Node, file: PythonFile) -> Result:
    receiver, name = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    if receiver is None or name is None:
        return Result()
    method, owner = file.text(name), file.text(receiver).lower()
    if method in CLOCK_METHODS:
        return Result(Source.TIMESTAMP)
    if method in DIGESTS:
        return Result(Source.CONFINED)
    if method in QUOTING_METHODS and any(word in owner for word in QUOTING_OWNERS):
        return Result(Source.CONFINED)
    if method == "replace" and _doubles_quotes(call, file):
        return Result(Source.CONFINED)
    if method == "replace" and _sets_fields(call, file):
        return Result(Source.TIMESTAMP)
    if method in ARGV_METHODS:
        return Result(Source.ARGV, "the command line is parsed here")
    if method in INSPECTIONS:
        return Result(Source.ROW, "names are read from the database's catalogue here", catalogue=True)
    if method in FETCHES | _EXECUTES:
        return _queried(call, receiver, method, file)
    return Result(made_of=(receiver,))


def _doubles_quotes(call: Node, file: PythonFile) -> bool:
    """Whether a call is `.replace("'", "''")`, or the same with double quotes: no text ends its quotes behind that."""
    given = arguments(call, file).positional
    shapes = [string_shapes(one, file) for one in given]
    parts = [one[0].parts for one in shapes if len(one) == 1]
    return parts in ([('"',), ('""',)], [("'",), ("''",)])


def _sets_fields(call: Node, file: PythonFile) -> bool:
    """Whether a call is `.replace(hour=0)`: moments have such fields, texts have none."""
    given = arguments(call, file)
    return not given.positional and not _MOMENTS.isdisjoint(given.keywords)


def _queried(call: Node, receiver: Node, method: str, file: PythonFile) -> Result:
    """Rows that a query gives; a query that counts gives a number."""
    executed = _execution(call, file) or _executed_above(call, receiver, file)
    words = "rows are read from the database here"
    rows = Result(Source.ROW, words)
    if executed is None:
        return rows if method in FETCHES else Result(made_of=(receiver,))
    given = arguments(executed, file).positional
    shapes = string_shapes(given[0], file) if given else ()
    texts = [shape.parts[0] for shape in shapes if shape.parts]
    if texts and all(isinstance(text, str) and _COUNTS.match(text) for text in texts):
        return Result(Source.CONFINED, number=True)
    settled = (_SETTLED, _KEYS)
    if texts and all(isinstance(text, str) and any(one.match(text) for one in settled) for text in texts):
        return Result(Source.CONFINED)
    if not texts and method not in FETCHES:
        return Result()
    told = any(isinstance(text, str) and _CATALOGUES.search(text) for shape in shapes for text in shape.parts)
    return Result(Source.ROW, words, catalogue=told)


def _execution(call: Node, file: PythonFile) -> Node | None:
    """The call with the query's text below a chain such as `conn.execute(...).mappings().all()`."""
    current: Node | None = call
    while current is not None and current.type in ("call", "attribute", "await", "parenthesized_expression"):
        if current.type == "call":
            function = current.child_by_field_name("function")
            method = file.text(function).rsplit(".", 1)[-1] if function is not None else ""
            if method in _EXECUTES | FETCHES and arguments(current, file).positional:
                return current
            current = function
        elif current.type == "attribute":
            current = current.child_by_field_name("object")
        else:
            current = current.named_children[0] if current.named_children else None
    return None


def _executed_above(call: Node, receiver: Node, file: PythonFile) -> Node | None:
    """The `cursor.execute(...)` among the statements right above that `cursor.fetchone()` reads the rows of."""
    inner = call
    for outer in ancestors(call):
        if outer.type in ("block", "module"):
            break
        inner = outer
    name = file.text(receiver)
    above = inner.prev_named_sibling
    while above is not None and receiver.type == "identifier":
        for one in descendants(above, "call"):
            function = one.child_by_field_name("function")
            if function is not None and file.text(function) == f"{name}.execute":
                return one if above.type == "expression_statement" else None
        above = above.prev_named_sibling
    return None


def is_enum(node: Node, file: PythonFile) -> bool:
    """Whether a name is a class of this module that derives from an enumeration, or a member of one."""
    if node.type == "attribute":
        node = node.child_by_field_name("object") or node
    if node.type != "identifier":
        return False
    classes = [one.value for one in resolve(node, file) if one.kind is Kind.CLASS and one.value is not None]
    if len(classes) != 1 or (bases := classes[0].child_by_field_name("superclasses")) is None:
        return False
    return any(qualified_name(base, file) in ENUMS for base in descendants(bases, "identifier", "attribute"))
