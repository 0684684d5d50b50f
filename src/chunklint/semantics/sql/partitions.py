"""What SQL says of partitioned tables: by what they are partitioned, and what fills the columns that decide it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from chunklint.records import record
from chunklint.semantics.python.strings import Shape
from chunklint.semantics.sql.expressions import columns_of, is_plain_column, items, names_of, qualified_name
from chunklint.semantics.sql.tokens import MAX_TEXT, Word, may_be_sql, plain, split, split_body, words

_METHODS = frozenset({"HASH", "LIST", "RANGE"})
_UNIQUE = frozenset({"PRIMARY KEY", "UNIQUE"})


class Act(StrEnum):
    """What a step does for the rows' way into the partitions."""

    PARTITION = "partition"
    ASSIGN = "assign"
    GENERATE = "generate"
    WRITE = "write"
    TRIGGER = "trigger"


@record
class PartitionStep:
    """A table partitioned, a column filled that may be a partition key, or a trigger that runs a function.

    Attributes:
        line: 0-based line within the text that a finding should point at; `start` that of the statement's first word.
        table: Lower case unless quoted, None when unknown: a function does not say which tables' triggers run it.
        key: The columns that decide, None when something else decides too, or may.
        column: The column that is filled, "" for PARTITION and TRIGGER.
        method: hash, list or range of a PARTITION.
        computed: The key is an expression, not columns as they are.
        function: The function that assigns, or that a trigger runs before each inserted row.
        parent: The table of which a partition is partitioned in turn.
        alone: The columns each of which is unique by itself; `booleans` those that are true or false.
        spares: The assignment leaves alone a value that the client gave.
    """

    act: Act
    line: int
    start: int
    table: str | None
    key: tuple[str, ...] | None = None
    column: str = ""
    method: str = ""
    computed: bool = False
    function: str = ""
    parent: str = ""
    alone: frozenset[str] = frozenset()
    booleans: frozenset[str] = frozenset()
    spares: bool = False


def partition_steps(shape: Shape | str) -> tuple[PartitionStep, ...]:
    """The steps of a text in order, those in DO blocks and trigger functions included; () for what is not SQL."""
    text, holes = plain(shape)
    if not may_be_sql(text):
        return ()
    return tuple(step for part in split(words(text, holes)) for step in _read(part, holes))


def partition_clause(text: str) -> PartitionStep | None:
    """What `HASH (tenant_id)` says, as SQLAlchemy's `postgresql_partition_by` takes it."""
    found = words(f"PARTITION BY {text}")
    return _partitioned(found, None) if found else None


def generated_key(text: str) -> tuple[str, ...] | None:
    """The columns that an expression of a generated column reads, None when it cannot be told."""
    return columns_of(words(text))


def _read(part: list[Word], holes: tuple[str, ...]) -> Iterator[PartitionStep]:
    match part[0].key:
        case "CREATE":
            yield from _created(part, holes)
        case "ALTER":
            yield from _altered(part)
        case "INSERT" | "WITH":
            yield from _inserted(part)
        case "UPDATE":
            yield from _updated(part)
        case "DO":
            for word in part[1:]:
                if word.literal is not None:
                    bodies = split_body(words(word.literal, holes, word.line))
                    yield from (step for inner in bodies if inner[0].key != "DO" for step in _read(inner, holes))


def _created(part: list[Word], holes: tuple[str, ...]) -> Iterator[PartitionStep]:
    kinds = [word.key for word in part[1:7]]
    at = next((at for at, key in enumerate(kinds, 1) if key in ("TABLE", "FUNCTION", "PROCEDURE", "TRIGGER")), None)
    if at is None:
        return
    match part[at].key:
        case "TABLE":
            yield from _table(part, at + 1)
        case "FUNCTION":
            name, _ = qualified_name(part, at + 1)
            for word in part:
                if word.literal is not None and len(word.literal) <= MAX_TEXT:
                    yield from _assignments(_statements(word, holes), name or "", part[0].line)
        case "TRIGGER":
            yield from _trigger(part)


def _trigger(part: list[Word]) -> Iterator[PartitionStep]:
    keys = [word.key for word in part]
    if not {"BEFORE", "INSERT", "ON", "ROW", "EXECUTE"} <= set(keys):
        return
    table, _ = qualified_name(part, keys.index("ON") + 1)
    run = keys.index("EXECUTE")
    function, _ = qualified_name(part, run + 2)
    yield PartitionStep(Act.TRIGGER, part[0].line, part[0].line, table, function=function or "")


def _table(part: list[Word], at: int) -> Iterator[PartitionStep]:
    while at < len(part) and part[at].key in ("IF", "NOT", "EXISTS"):
        at += 1
    table, at = qualified_name(part, at)
    parent = ""
    if [word.key for word in part[at : at + 2]] == ["PARTITION", "OF"]:
        parent = qualified_name(part, at + 2)[0] or "?"
    columns = list(items(part, at)) if at < len(part) and part[at].key == "(" else []
    for column in columns:
        yield from _generated(column, table, part[0].line)
    partitioned = _partitioned(part, table)
    if partitioned is not None and (columns or parent):
        step = partitioned
        yield PartitionStep(
            Act.PARTITION,
            step.line,
            part[0].line,
            table,
            key=step.key,
            method=step.method,
            computed=step.computed,
            parent=parent,
            alone=frozenset(name for column in columns for name in _alone(column)),
            booleans=frozenset(one[0].name for one in columns if len(one) > 1 and one[1].key in ("BOOLEAN", "BOOL")),
        )


def _alone(column: list[Word]) -> Iterator[str]:
    """The column that an item of CREATE TABLE declares unique by itself."""
    at = next((at for at, word in enumerate(column) if word.key in _UNIQUE and word.depth == column[0].depth), None)
    if at is None:
        return
    if at and column[0].key != "CONSTRAINT":
        yield column[0].name
        return
    listed = list(items(column, at + 1))
    if len(listed) == 1 and len(listed[0]) == 1:
        yield listed[0][0].name


def _partitioned(part: list[Word], table: str | None) -> PartitionStep | None:
    depth = part[0].depth
    for at, word in enumerate(part[:-2]):
        if word.key != "PARTITION BY" or word.depth != depth or part[at + 1].key not in _METHODS:
            continue
        listed = list(items(part, at + 3 if part[at + 2].key == "COLUMNS" else at + 2))
        plain_columns = [is_plain_column(item) for item in listed]
        keys = [
            names_of(item) if column else columns_of(item) for item, column in zip(listed, plain_columns, strict=True)
        ]
        key = None if not keys or None in keys else tuple(dict.fromkeys(name for one in keys for name in one or ()))
        method, computed = part[at + 1].key.lower(), not all(plain_columns)
        return PartitionStep(Act.PARTITION, word.line, word.line, table, key=key, method=method, computed=computed)
    return None


def _generated(column: list[Word], table: str | None, start: int) -> Iterator[PartitionStep]:
    """The step of `name type GENERATED ALWAYS AS (expression)`."""
    keys = [word.key for word in column]
    if "GENERATED" not in keys or not column[0].is_name:
        return
    at = keys.index("GENERATED")
    if "AS" not in keys[at:]:
        return
    opening = keys.index("AS", at) + 1
    inner = [word for item in items(column, opening) for word in item]
    if inner:
        key = columns_of(inner)
        yield PartitionStep(
            Act.GENERATE,
            column[at].line,
            start,
            table,
            key=key,
            column=column[0].name,
            computed=not is_plain_column(inner),
        )


def _altered(part: list[Word]) -> Iterator[PartitionStep]:
    at = 2
    while at < len(part) and part[at].key in ("IF", "EXISTS", "ONLY"):
        at += 1
    table, at = qualified_name(part, at)
    if part[1].key != "TABLE":
        return
    for action in items(part, at, bracketed=False):
        begin = next(
            (n for n, word in enumerate(action) if word.key not in ("ADD", "COLUMN", "IF", "NOT", "EXISTS")), 0
        )
        if action[0].key == "ADD" and begin:
            yield from _generated(action[begin:], table, part[0].line)


def _inserted(part: list[Word]) -> Iterator[PartitionStep]:
    keys = [word.key if word.depth == part[0].depth else "" for word in part]
    if "INTO" not in keys:
        return
    table, at = qualified_name(part, keys.index("INTO") + 1)
    columns = [item[0].name for item in items(part, at) if item] if at < len(part) and part[at].key == "(" else []
    if "SELECT" in keys[at:]:
        begin = keys.index("SELECT", at)
        values = list(
            items(part[: keys.index("FROM", begin)] if "FROM" in keys[begin:] else part, begin + 1, bracketed=False)
        )
    elif "VALUES" in keys[at:]:
        values = list(items(part, keys.index("VALUES", at) + 1))
    else:
        return
    if columns and len(columns) == len(values):
        yield from (_written(table, *pair, part[0].line) for pair in zip(columns, values, strict=True) if pair[1])


def _updated(part: list[Word]) -> Iterator[PartitionStep]:
    keys = [word.key if word.depth == part[0].depth else "" for word in part]
    if "SET" not in keys:
        return
    table, _ = qualified_name(part, 2 if keys[1] == "ONLY" else 1)
    begin = keys.index("SET") + 1
    end = next((at for at in range(begin, len(keys)) if keys[at] in ("FROM", "WHERE", "RETURNING")), len(keys))
    for setting in items(part[:end], begin, bracketed=False):
        if len(setting) > 2 and setting[1].key == "=":
            yield _written(table, setting[0].name, setting[2:], part[0].line)


def _written(table: str | None, column: str, value: list[Word], start: int) -> PartitionStep:
    computed = not is_plain_column(value)
    return PartitionStep(
        Act.WRITE, value[0].line, start, table, key=columns_of(value), column=column, computed=computed
    )


def _statements(body: Word, holes: tuple[str, ...]) -> Iterator[list[Word]]:
    """The statements of a body; sqlglot hands over as one literal what follows DECLARE."""
    for part in split_body(words(body.literal or "", holes, body.line)):
        declared = part[0].literal if len(part) == 1 else None
        yield words(declared, holes, part[0].line) or part if declared else part


def _assignments(body: Iterable[list[Word]], function: str, start: int) -> Iterator[PartitionStep]:
    """What a trigger function assigns to columns of NEW; what two branches assign decides together."""
    variables: dict[str, tuple[str, ...] | None] = {}
    found: list[tuple[str, list[Word]]] = []
    keys: dict[str, tuple[str, ...] | None] = {}
    spared: set[str] = set()
    for part in body:
        spared.update(_tested_for_null(part))
        target, value = _assignment(part)
        if not target:
            continue
        if target[0] == "new" and len(target) == 2:
            found.append((target[1], value))
            _add(keys, target[1], _decisive(value, variables))
        else:
            _add(variables, target[0], _decisive(value, variables))
    for column, value in found:
        own = {word.name for at, word in enumerate(value) if at > 1 and value[at - 2].key == "NEW"}
        yield PartitionStep(
            Act.ASSIGN,
            value[0].line,
            start,
            None,
            key=keys[column],
            column=column,
            computed=len(value) != 3 or value[0].key != "NEW",
            function=function,
            spares=column in spared or column in own,
        )


def _decisive(value: list[Word], variables: Mapping[str, tuple[str, ...] | None]) -> tuple[str, ...] | None:
    """The columns of NEW that a value is computed of; CASE is cut apart by its own words, so it is left open."""
    return None if any(word.key == "CASE" for word in value) else columns_of(value, variables)


def _add(known: dict[str, tuple[str, ...] | None], name: str, key: tuple[str, ...] | None) -> None:
    before = known.get(name, ())
    known[name] = None if key is None or before is None else tuple(dict.fromkeys((*before, *key)))


def _assignment(part: list[Word]) -> tuple[tuple[str, ...], list[Word]]:
    """What is assigned to, and what: `name := value`, `name type := value`, `SELECT value INTO name`."""
    keys = [word.key for word in part]
    if keys[0] == "SELECT" and "INTO" in keys and "FROM" not in keys:
        at = keys.index("INTO")
        return _target(part[at + 1 :]), part[1:at]
    at = next((at for at, key in enumerate(keys) if key in (":=", "=")), 0)
    if not at or at + 1 >= len(part) or keys[0] in ("IF", "ELSIF", "WHILE", "RETURN", "UPDATE", "SELECT", "SET"):
        return (), []
    return _target(part[:at]), part[at + 1 :]


def _target(part: list[Word]) -> tuple[str, ...]:
    """The name, or the record and the field, with which some words begin."""
    if len(part) >= 3 and part[1].key == ".":
        return (part[0].name.lower(), part[2].name)
    return (part[0].name,) if part and part[0].is_name else ()


def _tested_for_null(part: list[Word]) -> Iterator[str]:
    """The columns of NEW that a condition tests for NULL: what the client gave stays."""
    for at in range(2, len(part) - 2):
        if part[at - 2].key == "NEW" and part[at + 1].key == "IS" and part[at + 2].key == "NULL":
            yield part[at].name
