"""Lists and expressions of SQL as words: their items, and the columns that decide the value of an expression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chunklint.semantics.sql.tokens import Word

# Words of an expression that name nothing.
_KEYWORDS = frozenset(
    {
        *("AND", "AS", "AT", "BETWEEN", "BY", "CASE", "CAST", "COLLATE", "DAY", "DECADE", "DIV", "DOW", "DOY", "ELSE"),
        *("END", "EPOCH", "FALSE", "FOR", "FROM", "HOUR", "IN", "INTERVAL", "IS", "MINUTE", "MOD", "MONTH", "NOT"),
        *("NULL", "OR", "QUARTER", "SECOND", "THEN", "TIME", "TRUE", "WEEK", "WHEN", "YEAR", "ZONE", "ASC", "DESC"),
    }
)
# What differs from row to row by itself, or needs a look at other rows.
_OWN_VALUES = frozenset(
    {
        *("RANDOM", "RAND", "UUID", "GEN_RANDOM_UUID", "UUID_GENERATE_V1", "UUID_GENERATE_V4", "UUIDV7", "NEXTVAL"),
        *("NOW", "CLOCK_TIMESTAMP", "STATEMENT_TIMESTAMP", "CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIMESTAMP"),
        *(
            "ROW_NUMBER",
            "SELECT",
            "CTID",
            "TXID_CURRENT",
            "PG_CURRENT_XACT_ID",
            "CURRVAL",
            "LASTVAL",
            "GEN_RANDOM_BYTES",
        ),
    }
)


def qualified_name(part: list[Word], at: int) -> tuple[str | None, int]:
    """The possibly qualified name at a position, "public." left out, and where the text goes on."""
    pieces: list[str] = []
    while at < len(part) and part[at].is_name:
        pieces.append(part[at].name)
        at += 1
        if at >= len(part) or part[at].key != ".":
            break
        at += 1
    name = ".".join(pieces).removeprefix("public.")
    return (name if name and "{" not in name else None), at


def items(part: list[Word], at: int, *, bracketed: bool = True) -> Iterator[list[Word]]:
    """The items of a list with commas: in the brackets that open at a position, or from there to the end."""
    if at >= len(part) or (bracketed and part[at].key != "("):
        return
    depth = part[at].depth + (1 if bracketed else 0)
    item: list[Word] = []
    for word in part[at + 1 :] if bracketed else part[at:]:
        if word.depth < depth:
            break
        if word.key == "," and word.depth == depth:
            yield item
            item = []
        else:
            item.append(word)
    if item:
        yield item


def is_plain_column(item: list[Word]) -> bool:
    """Whether an item is a column as it is, perhaps with a collation, an operator class or an alias."""
    return bool(item) and item[0].is_name and all(word.is_name or word.key in (".", "", ":") for word in item)


def names_of(item: list[Word]) -> tuple[str, ...] | None:
    """The name of a plain column, None when a hole stands for it."""
    name, _ = qualified_name(item, 0)
    return (name.rpartition(".")[2],) if name else None


def columns_of(
    expression: list[Word], variables: Mapping[str, tuple[str, ...] | None] | None = None
) -> tuple[str, ...] | None:
    """The columns that alone decide the value of an expression; None when something else does too, or may.

    With `variables` it is of a trigger's function: columns are those of NEW, and all other names must be variables.
    A bound parameter counts as the column of its name.
    """
    found: dict[str, None] = {}
    at = 0
    while at < len(expression):
        word = expression[at]
        if word.key in _OWN_VALUES or "{" in word.name:
            return None
        if word.key == "::" or (word.key == "AS" and word.depth >= expression[0].depth):
            at = _past_type(expression, at + 1)
            continue
        if not word.is_name or word.key in _KEYWORDS:
            at += 1
            continue
        if at + 1 < len(expression) and expression[at + 1].key == "(":
            at += 1
            continue
        path, at = _path(expression, at)
        columns = _named(path, variables)
        if columns is None:
            return None
        found.update(dict.fromkeys(columns))
    return tuple(found)


def _past_type(expression: list[Word], at: int) -> int:
    """Where the text goes on after the name of a type, or after an alias."""
    while at < len(expression) and expression[at].is_name and expression[at].key not in _KEYWORDS:
        at += 1
    return at


def _path(expression: list[Word], at: int) -> tuple[list[str], int]:
    path = [expression[at].name]
    while at + 2 < len(expression) and expression[at + 1].key == "." and expression[at + 2].is_name:
        at += 2
        path.append(expression[at].name)
    return path, at + 1


def _named(path: list[str], variables: Mapping[str, tuple[str, ...] | None] | None) -> tuple[str, ...] | None:
    if variables is None:
        return (path[-1],)
    if path[0].lower() == "new" and len(path) == 2:
        return (path[1],)
    return variables.get(path[0]) if len(path) == 1 else None
