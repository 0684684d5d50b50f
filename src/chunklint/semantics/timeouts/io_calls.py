"""The table of libraries, asked by the name of a callable."""

from __future__ import annotations

from collections.abc import Iterator

from chunklint.semantics.timeouts.libraries import LIMITED, SAME, WAITERS
from chunklint.semantics.timeouts.waiters import Limited, Waiter

# The last words of all names in the table.
METHODS = tuple(sorted({name.rpartition(".")[2] for name in WAITERS}))
LIMIT_METHODS = tuple(sorted({name.rpartition(".")[2] for name in (*WAITERS, *LIMITED)}))


def waiter_of(qualified: str) -> Waiter | None:
    """What is known of a callable that waits for ever, by its qualified name."""
    return WAITERS.get(canonical(qualified))


def limited_of(qualified: str) -> Limited | None:
    """What is known of a callable whose default is finite, by its qualified name."""
    return LIMITED.get(canonical(qualified))


def canonical(qualified: str) -> str:
    """The name under which a library documents a callable that several of its modules offer."""
    for prefix in _prefixes(qualified):
        if prefix in SAME:
            return SAME[prefix] + qualified[len(prefix) :]
    return qualified


def _prefixes(dotted: str) -> Iterator[str]:
    while dotted:
        yield dotted
        dotted = dotted.rpartition(".")[0]
