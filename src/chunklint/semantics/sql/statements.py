"""The SQL statements of a string that may have holes: what each does, and to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from chunklint.records import record
from chunklint.semantics.python.strings import Shape
from chunklint.semantics.sql.tokens import Word, may_be_sql, plain, split, split_body, words


@record
class Column:
    """A column as it is created or added.

    `type` is its type's first word in lower case, "" when unknown; `generated` columns the database fills by itself.
    """

    name: str
    type: str = ""
    generated: bool = False


@record
class Statement:
    """One statement. Names are lower case unless quoted and keep their schema; a hole shows as `{expression}`.

    Attributes:
        kind: create, drop, alter, insert, update, delete, truncate, select, rename, comment, set, do, call or other.
        object_type: table, column, view, materialized view, index, function, trigger, type, schema, ...; "" if none.
        name: The object's name; None when the statement has none that can be read.
        line: 0-based line of its first word within the string.
        temporary: For CREATE: the object ends with the session.
        where: Whether a WHERE clause limits the rows; `WHERE true` and `WHERE 1 = 1` do not.
        columns: The columns that CREATE TABLE makes or ALTER TABLE adds.
        drops: The columns that ALTER TABLE drops.
        required: The columns that ALTER TABLE sets NOT NULL.
        sources: The tables that the statement reads.
        new_name: The new name of a renamed table.
        renamed: Old and new name of each renamed column.
        mentions: Every name and word in it, in lower case, qualified names by their parts.
        body: It stands in the body of a DO block or of a function; the latter do not run with the string.
    """

    kind: str
    object_type: str = ""
    name: str | None = None
    line: int = 0
    if_exists: bool = False
    cascade: bool = False
    temporary: bool = False
    where: bool = False
    columns: tuple[Column, ...] = ()
    drops: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    new_name: str | None = None
    renamed: tuple[tuple[str, str], ...] = ()
    mentions: frozenset[str] = frozenset()
    body: bool = False


_TYPES = (
    "MATERIALIZED VIEW", "FOREIGN TABLE", "TABLE", "VIEW", "INDEX", "FUNCTION", "PROCEDURE", "AGGREGATE", "TRIGGER",
    "TYPE", "DOMAIN", "SCHEMA", "DATABASE", "SEQUENCE", "EXTENSION", "CONSTRAINT", "POLICY", "ROLE", "USER", "RULE",
)  # fmt: skip
_TABLE_CONSTRAINTS = frozenset(
    {
        *("CONSTRAINT", "PRIMARY KEY", "PRIMARY", "FOREIGN KEY", "FOREIGN", "UNIQUE", "CHECK", "EXCLUDE", "LIKE"),
        *("KEY", "INDEX"),
    }
)
_NO_COLUMN = _TABLE_CONSTRAINTS | {"PARTITION", "DEFAULT", "IDENTITY", "EXPRESSION", "TRIGGER", "RULE"}
_FILLERS = frozenset({"IF", "NOT", "EXISTS", "CONCURRENTLY", "ONLY"})
_ROW_VERBS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"})
_READS = frozenset({"FROM", "JOIN", "USING"})
_PLAIN_KINDS = frozenset({"SELECT", "COMMENT", "SET", "CALL"})


def statements(shape: Shape | str) -> tuple[Statement, ...]:
    """The statements in order, those of bodies after the statement that holds them. () for what is not SQL."""
    text, holes = plain(shape)
    if not may_be_sql(text):
        return ()
    return tuple(found for part in split(words(text, holes)) for found in _read_with_bodies(part, holes))


def _read_with_bodies(part: list[Word], holes: tuple[str, ...]) -> Iterator[Statement]:
    for outer in _read(part):
        yield outer
        if outer.kind == "do" or (outer.kind == "create" and outer.object_type in ("function", "procedure")):
            yield from _bodies(part, holes)


def _bodies(part: list[Word], holes: tuple[str, ...]) -> Iterator[Statement]:
    """The statements of the quoted bodies in a statement. Bodies within bodies are data to it."""
    for word in part:
        if word.literal is None or not may_be_sql(word.literal):
            continue
        for inner in split_body(words(word.literal, holes, word.line)):
            yield from (replace(found, body=True) for found in _read(inner))


def _read(part: list[Word]) -> Iterator[Statement]:
    mentions = frozenset(word.name.lower() for word in part if word.is_name)
    for found in _dispatch(part):
        yield replace(found, line=found.line or part[0].line, mentions=mentions)


def _dispatch(part: list[Word]) -> Iterable[Statement]:
    match part[0].key:
        case "DROP":
            return _drop(part)
        case "CREATE":
            return _create(part)
        case "ALTER":
            return _alter(part)
        case "TRUNCATE":
            return _truncate(part)
        case "RENAME":
            return _rename_table(part)
        case "WITH":
            verb = next((at for at, word in enumerate(part) if word.depth == 0 and word.key in _ROW_VERBS), None)
            return _rows(part[verb:], part) if verb is not None else [Statement("other")]
        case "INSERT" | "UPDATE" | "DELETE" | "REPLACE":
            return _rows(part, part)
        case "DO":
            return [Statement("do")]
        case key if key in _PLAIN_KINDS:
            return [Statement(key.lower(), sources=_sources(part), where=_limits_rows(part))]
    return [Statement("other")]


def typed_at(part: list[Word], start: int) -> tuple[str, int]:
    """The object type from a position on, past modifiers such as OR REPLACE or UNIQUE, and where its name begins."""
    for at in range(start, min(start + 6, len(part))):
        pair = " ".join(word.key for word in part[at : at + 2])
        for wanted in _TYPES:
            if part[at].key == wanted:
                return wanted.lower(), at + 1
            if pair == wanted:
                return wanted.lower(), at + 2
        if not part[at].key:
            break
    return "", start


def skip(part: list[Word], at: int, fillers: frozenset[str] = _FILLERS) -> int:
    """Where the words that only fill a gap end."""
    while at < len(part) and part[at].key in fillers:
        at += 1
    return at


def name_at(part: list[Word], at: int) -> tuple[str | None, int]:
    """The possibly qualified name at a position, and where the text goes on."""
    pieces: list[str] = []
    while at < len(part) and part[at].is_name:
        pieces.append(part[at].name)
        at += 1
        if at >= len(part) or part[at].key != ".":
            break
        at += 1
    return (".".join(pieces) if pieces else None), at


def names_at(part: list[Word], at: int) -> Iterator[tuple[str | None, int]]:
    """The names of a comma-separated list."""
    while True:
        name, at = name_at(part, at)
        yield name, at
        depth = part[at - 1].depth if at else 0
        while at < len(part) and part[at].depth > depth:
            at += 1
        if at >= len(part) or part[at].key != ",":
            return
        at += 1


def _has(part: list[Word], *keys: str) -> bool:
    return any(word.key in keys and word.depth == part[0].depth for word in part)


def _drop(part: list[Word]) -> Iterator[Statement]:
    kind, at = typed_at(part, 1)
    if_exists, cascade = any(word.key == "EXISTS" for word in part[at : at + 3]), _has(part, "CASCADE")
    for name, _ in names_at(part, skip(part, at)):
        yield Statement("drop", kind, name, if_exists=if_exists, cascade=cascade)


def _truncate(part: list[Word]) -> Iterator[Statement]:
    cascade = _has(part, "CASCADE")
    for name, _ in names_at(part, skip(part, 1, frozenset({"TABLE", "ONLY"}))):
        yield Statement("truncate", "table", name, cascade=cascade)


def _rename_table(part: list[Word]) -> Iterator[Statement]:
    if len(part) == 2 and part[1].literal is not None:
        # sqlglot hands over what follows a verb that it only passes on as one literal.
        part = [part[0], *words(part[1].literal)]
    name, at = name_at(part, skip(part, 1, frozenset({"TABLE"})))
    new, _ = name_at(part, skip(part, at, frozenset({"TO"})))
    yield Statement("rename", "table", name, new_name=new)


def _create(part: list[Word]) -> Iterator[Statement]:
    kind, start = typed_at(part, 1)
    name, at = name_at(part, skip(part, start))
    yield Statement(
        "create",
        kind,
        name,
        temporary=any(word.key in ("TEMP", "TEMPORARY") for word in part[1:start]),
        if_exists=any(word.key == "EXISTS" for word in part[start : start + 3]),
        columns=tuple(_columns(part[at:])) if kind == "table" else (),
        sources=_sources(part[at:]) if kind in ("table", "view", "materialized view") else (),
        where=_limits_rows(part[at:]),
    )


def _columns(rest: list[Word]) -> Iterator[Column]:
    """The columns of the bracketed list that follows a table's name."""
    if not rest or rest[0].key != "(":
        return
    depth = rest[0].depth + 1
    for before, word, after in zip(rest, rest[1:], [*rest[2:], rest[-1]], strict=False):
        if word.depth < depth:
            return
        opens = before.key == "(" and before.depth == depth - 1
        begins = word.depth == depth and (opens or (before.key == "," and before.depth == depth))
        if begins and word.is_name and word.key not in _TABLE_CONSTRAINTS:
            yield Column(word.name, after.name)


def _alter(part: list[Word]) -> Iterator[Statement]:
    kind, start = typed_at(part, 1)
    name, at = name_at(part, skip(part, start))
    if kind != "table":
        yield Statement("alter", kind, name)
        return
    actions = list(actions_of(part[at:]))
    yield Statement(
        "alter",
        "table",
        name,
        if_exists=any(word.key == "EXISTS" for word in part[start : start + 2]),
        cascade=any(action[0].key == "DROP" and action[-1].key == "CASCADE" for action in actions),
        columns=tuple(column for action in actions if (column := _added(action)) is not None),
        drops=tuple(name for action in actions if (name := _dropped(action)) is not None),
        required=tuple(name for action in actions if (name := _made_required(action)) is not None),
        new_name=next((new for action in actions if (new := _renamed_to(action)) is not None), None),
        renamed=tuple(pair for action in actions if (pair := _renamed_column(action)) is not None),
        line=next((action[0].line for action in actions if _dropped(action) is not None), 0),
    )


def actions_of(rest: list[Word]) -> Iterator[list[Word]]:
    """The actions of an ALTER statement: what its commas separate, those in parentheses aside."""
    current: list[Word] = []
    for word in rest:
        if word.key == "," and word.depth == 0:
            if current:
                yield current
            current = []
        else:
            current.append(word)
    if current:
        yield current


def _column_of(action: list[Word]) -> tuple[str | None, int]:
    return name_at(action, skip(action, 1, _FILLERS | {"COLUMN"}))


def _dropped(action: list[Word]) -> str | None:
    if action[0].key != "DROP" or len(action) < 2 or action[1].key in _NO_COLUMN:
        return None
    return _column_of(action)[0]


def _added(action: list[Word]) -> Column | None:
    if action[0].key != "ADD" or len(action) < 2 or action[1].key in _NO_COLUMN:
        return None
    name, at = _column_of(action)
    if name is None:
        return None
    return Column(name, action[at].name if at < len(action) else "", any(word.key == "GENERATED" for word in action))


def _made_required(action: list[Word]) -> str | None:
    keys = " ".join(word.key for word in action if word.key)
    return _column_of(action)[0] if action[0].key == "ALTER" and keys.endswith("SET NOT NULL") else None


def _renamed_to(action: list[Word]) -> str | None:
    if action[0].key != "RENAME" or len(action) < 3 or action[1].key not in ("TO", "AS"):
        return None
    return name_at(action, 2)[0]


def _renamed_column(action: list[Word]) -> tuple[str, str] | None:
    if action[0].key != "RENAME" or _renamed_to(action) is not None:
        return None
    old, at = _column_of(action)
    new, _ = name_at(action, skip(action, at, frozenset({"TO"})))
    return (old, new) if old is not None and new is not None else None


def _rows(main: list[Word], whole: list[Word]) -> Iterator[Statement]:
    """INSERT, UPDATE and DELETE, whose sources may also stand in the WITH clause before them."""
    verb = main[0].key.lower().replace("replace", "insert")
    if verb == "select":
        yield Statement("select", sources=_sources(whole), where=_limits_rows(main))
        return
    name, after = name_at(main, skip(main, 1, _FILLERS | {"INTO", "FROM", "IGNORE", "OR", "OVERWRITE"}))
    sources = _sources([*whole[: len(whole) - len(main)], *main[after:]])
    yield Statement(verb, "table", name, sources=sources, where=_limits_rows(main))


def _sources(part: list[Word]) -> tuple[str, ...]:
    """The tables after FROM, JOIN and USING at any depth, and the one of `AS TABLE name`."""
    found: list[str] = []
    for at, word in enumerate(part[:-1]):
        table = word.key == "TABLE" and at > 0 and part[at - 1].key == "AS"
        if word.key in _READS or table:
            found.extend(name for name, _ in names_at(part, skip(part, at + 1)) if name is not None)
    return tuple(dict.fromkeys(found))


def _limits_rows(part: list[Word]) -> bool:
    """Whether a WHERE, or a LIMIT, of the statement itself leaves rows out."""
    depth = part[0].depth if part else 0
    for at, word in enumerate(part):
        if word.depth == depth and word.key == "LIMIT":
            return True
        if word.depth == depth and word.key == "WHERE":
            return not _always_true([one.key for one in part[at + 1 :]])
    return False


def _always_true(condition: list[str]) -> bool:
    return condition == ["TRUE"] or (len(condition) == 3 and condition[1] == "=" and condition[0] == condition[2] != "")
