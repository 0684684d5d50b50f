"""The table of libraries, asked by the name of a callable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chunklint.semantics.timeouts.libraries import LIMITED, SAME, STUB, WAITERS
from chunklint.semantics.timeouts.waiters import Limited, Waiter

_GENERATED = re.compile(r"(?:^|\.)\w+_pb2_grpc\.\w+Stub$")

# The last words of all names in the table.
METHODS = tuple(sorted({name.rpartition(".")[2] for name in WAITERS}))
LIMIT_METHODS = tuple(sorted({name.rpartition(".")[2] for name in (*WAITERS, *LIMITED)}))


def may_be_waiter(last: str) -> bool:
    """Whether a callable with this last word may be one of the table."""
    return last in METHODS or last.endswith("Stub")


def waiter_of(qualified: str) -> Waiter | None:
    """What is known of a callable that waits for ever, by its qualified name."""
    return WAITERS.get(canonical(qualified))


def limited_of(qualified: str) -> Limited | None:
    """What is known of a callable whose default is finite, by its qualified name."""
    return LIMITED.get(canonical(qualified))


def canonical(qualified: str) -> str:
    """The name under which the table keeps a callable that several modules of a library offer."""
    if _GENERATED.search(qualified):
        return STUB
    for prefix in _prefixes(qualified):
        if prefix in SAME:
            return SAME[prefix] + qualified[len(prefix) :]
    return qualified


def _prefixes(dotted: str) -> Iterator[str]:
    while dotted:
        yield dotted
        dotted = dotted.rpartition(".")[0]
