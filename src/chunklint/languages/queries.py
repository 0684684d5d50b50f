"""Many tree-sitter queries run as one, in C."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from tree_sitter import Language, Node, Query, QueryCursor, QueryError

# What tree-sitter says of a pattern that a grammar cannot match, as opposed to one that is written wrongly.
_FOREIGN = ("Invalid node type", "Invalid field name", "Impossible pattern")


@lru_cache(maxsize=64)
def combine(grammar: Language, queries: tuple[str, ...]) -> tuple[Query | None, tuple[int, ...]]:
    """One query of many, and for each of its patterns the index of the query it came from.

    A query that names a node type which this grammar lacks (TypeScript's in a JavaScript file) is left out: such a
    node cannot occur there. Raises QueryError on a syntax error.
    """
    try:
        return _join(grammar, queries, tuple(range(len(queries))))
    except QueryError:
        known = tuple(index for index, text in enumerate(queries) if fits(grammar, text))
        return _join(grammar, queries, known)


def fits(grammar: Language, query: str) -> bool:
    """Whether the grammar has the node types and fields of a query. Raises QueryError on a syntax error."""
    try:
        Query(grammar, query)
    except QueryError as error:
        if str(error).startswith(_FOREIGN):
            return False
        raise
    return True


def _join(grammar: Language, queries: tuple[str, ...], chosen: tuple[int, ...]) -> tuple[Query | None, tuple[int, ...]]:
    if not chosen:
        return None, ()
    texts = [queries[index] + "\n" for index in chosen]
    starts = [0, *accumulate(len(text.encode()) for text in texts)]
    query = Query(grammar, "".join(texts))
    owners = tuple(
        chosen[bisect_right(starts, query.start_byte_for_pattern(pattern)) - 1]
        for pattern in range(query.pattern_count)
    )
    return query, owners


def run(grammar: Language, root: Node, queries: tuple[str, ...]) -> Iterator[tuple[int, dict[str, list[Node]]]]:
    """Run all queries over a tree in one pass; yields (index of the query, captures), in source order."""
    query, owners = combine(grammar, queries)
    if query is None:
        return
    for pattern, captures in QueryCursor(query).matches(root):
        yield owners[pattern], captures
