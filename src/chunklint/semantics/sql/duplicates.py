"""Clean-ups of duplicates that delete whole groups, the row to keep included."""

from __future__ import annotations

from collections.abc import Iterator

from chunklint.semantics.python.strings import Shape
from chunklint.semantics.sql.statements import Statement
from chunklint.semantics.sql.tokens import Word, may_be_sql, plain, split, words

# Words that pick the row of a group that stays.
_PICKING = frozenset({"MIN", "MAX", "ROW_NUMBER", "CTID", "ROWID", "FIRST_VALUE", "DISTINCT", "EXCEPT", "LIMIT"})


def group_deletions(shape: Shape | str) -> Iterator[Statement]:
    """The clean-ups in a text, as deletions of a "group" whose `mentions` are the column that makes it.

    `DELETE FROM t WHERE c IN (SELECT c FROM t GROUP BY c HAVING count(*) > 1)` leaves no row of any group.
    """
    text, holes = plain(shape)
    if "HAVING" not in text.upper() or not may_be_sql(text):
        return
    for part in split(words(text, holes)):
        column = _deleted_by(part) if part[0].key == "DELETE" else None
        if column is not None:
            yield Statement("delete", "group", _table(part), part[0].line, where=True, mentions=frozenset({column}))


def _table(part: list[Word]) -> str | None:
    at = 3 if len(part) > 3 and part[2].key == "ONLY" else 2
    if at + 2 < len(part) and part[at + 1].key == ".":
        return f"{part[at].name}.{part[at + 2].name}"
    return part[at].name if at < len(part) else None


def _deleted_by(part: list[Word]) -> str | None:
    """The column by which whole groups go."""
    keys = [word.key for word in part]
    if "HAVING" not in keys or not _PICKING.isdisjoint(keys):
        return None
    where = next((at for at, word in enumerate(part) if word.key == "WHERE" and word.depth == 0), None)
    member = next((at for at, word in enumerate(part) if word.key == "IN" and word.depth == 0), None)
    if where is None or member is None or member <= where + 1 or "NOT" in keys[where:member]:
        return None
    if any(word.depth == 0 and word.key in ("AND", "OR") for word in part[where:]):
        return None
    column, inner = part[member - 1].name, part[member + 1 :]
    return column if _selects_duplicates_of(column, inner) else None


def _selects_duplicates_of(column: str, inner: list[Word]) -> bool:
    """Whether a bracketed query gives each value of the column that stands in several rows."""
    selected = _after(inner, "SELECT", until="FROM")
    grouped = _after(inner, "GROUP BY", until="HAVING") or _after(inner, "BY", until="HAVING")
    having = "".join(word.key for word in _after(inner, "HAVING", until=""))
    counted = having.startswith(("COUNT(", "COUNT (")) and having.rstrip(")").endswith((">1", ">=2"))
    return counted and [one.name for one in selected[-1:]] == [column] == [one.name for one in grouped[-1:]]


def _after(part: list[Word], opening: str, *, until: str) -> list[Word]:
    start = next((at + 1 for at, word in enumerate(part) if word.key == opening), None)
    if start is None:
        return []
    end = next((at for at in range(start, len(part)) if part[at].key == until), len(part))
    return part[start:end]
