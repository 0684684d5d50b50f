"""The holes of a schema statement that size it: how many partitions or rows it makes, how wide a type is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from chunklint.records import record
from chunklint.semantics.python.strings import Hole, Shape
from chunklint.semantics.sql.holes import defines_schema
from chunklint.semantics.sql.tokens import Word, may_be_sql, plain, words

_MARK = "chunklint_size_"
_COUNTED = frozenset({"MODULUS", "REMAINDER", "PARTITIONS", "SUBPARTITIONS", "BUCKETS", "SHARDS"})
_TYPES = frozenset(
    {
        *("VARCHAR", "CHAR", "CHARACTER", "VARYING", "NVARCHAR", "NCHAR", "VARBINARY", "BINARY", "BIT", "VECTOR"),
        *("HALFVEC", "SPARSEVEC", "NUMERIC", "DECIMAL"),
    }
)
_CREATES = re.compile(r"\bCREATE\s|\bATTACH\s+PARTITION\b", re.IGNORECASE)
_MAX_BODIES = 3
# `FOR i IN 0..n - 1 LOOP`: the bound stands this close to the word LOOP.
_TO_LOOP = 5


class Sized(StrEnum):
    """What a number sizes, as words of a message."""

    COUNT = "how much this DDL creates"
    WIDTH = "how wide a type of this DDL is"
    OPTION = "a storage option of this DDL"


@record
class Size:
    """A hole that holds a size."""

    hole: Hole
    sized: Sized


def creates_schema(shape: Shape) -> bool:
    """Whether a text makes objects of the schema: CREATE, ALTER that attaches, or a DO block with such a statement."""
    text = plain(shape)[0]
    starts = defines_schema(shape) or text.lstrip().upper().startswith("DO ")
    return starts and (_CREATES.search(text) is not None or " ADD " in text.upper())


def sizes(shape: Shape) -> Iterator[Size]:
    """The holes that size a schema statement, told by the words around them."""
    if not shape.holes or not creates_schema(shape) or not may_be_sql(plain(shape)[0]):
        return
    numbers = iter(range(len(shape.holes)))
    text = "".join(part if isinstance(part, str) else f"{_MARK}{next(numbers)}_" for part in shape.parts)
    found = dict(_sized(words(text), 0))
    for number, hole in enumerate(shape.holes):
        sized = found.get(f"{_MARK}{number}_")
        if sized is not None:
            yield Size(hole, sized)


def _sized(found: list[Word], bodies: int) -> Iterator[tuple[str, Sized]]:
    """The marks among the words that stand where a size stands, those within quoted bodies too."""
    for at, word in enumerate(found):
        if word.literal is not None and _MARK in word.literal and bodies < _MAX_BODIES:
            yield from _sized(words(word.literal), bodies + 1)
        elif word.name.startswith(_MARK) and (sized := _what_it_sizes(found, at)) is not None:
            yield word.name, sized


def _what_it_sizes(found: list[Word], at: int) -> Sized | None:
    opener, last = ["", "", *(word.key for word in found[max(0, at - 2) : at])][-2:]
    if last in _COUNTED or (last == "=" and opener in _COUNTED):
        return Sized.COUNT
    if _is_in_series(found, at) or any(word.key == "LOOP" for word in found[at + 1 : at + _TO_LOOP]):
        return Sized.COUNT
    if last == "(" and opener in _TYPES:
        return Sized.WIDTH
    if last == "=" and _is_in_options(found, at):
        return Sized.OPTION
    return None


def _is_in_series(found: list[Word], at: int) -> bool:
    opened = _opening(found, at)
    return opened > 0 and found[opened - 1].key == "GENERATE_SERIES"


def _is_in_options(found: list[Word], at: int) -> bool:
    """Whether the bracket around a place is that of `WITH (...)` or `SET (...)`."""
    opened = _opening(found, at)
    return opened > 0 and found[opened - 1].key in ("WITH", "SET")


def _opening(found: list[Word], at: int) -> int:
    """Where the innermost bracket around a place opens, 0 if there is none."""
    depth = found[at].depth
    return next((one for one in range(at - 1, 0, -1) if found[one].key == "(" and found[one].depth == depth - 1), 0)
