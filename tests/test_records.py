"""Records do what frozen dataclasses with slots do."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from itertools import product
from typing import Any

import pytest

from chunklint.records import record


@record(order=True)
class Ours:
    """A place."""

    row: int
    name: str = ""
    seen: int = field(default=0, compare=False, repr=False)
    rest: tuple[int, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, order=True)
class Theirs:
    """A place."""

    row: int
    name: str = ""
    seen: int = field(default=0, compare=False, repr=False)
    rest: tuple[int, ...] = field(default_factory=tuple)


@record
class Empty:
    pass


@record
class Single:
    value: Any


@record(slots=False)
class Keeping:
    value: int

    @cached_property
    def double(self) -> int:
        return 2 * self.value


VALUES = [(1,), (1, "a"), (1, "a", 5), (1, "a", 5, (2,)), (2,), (2, "", 0, (1, 2))]


@pytest.mark.parametrize(("one", "other"), list(product(VALUES, VALUES)))
def test_they_compare_and_hash_as_frozen_dataclasses_do(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    ours, theirs = (Ours(*one), Ours(*other)), (Theirs(*one), Theirs(*other))
    assert (ours[0] == ours[1]) is (theirs[0] == theirs[1])
    assert (ours[0] != ours[1]) is (theirs[0] != theirs[1])
    assert (ours[0] < ours[1]) is (theirs[0] < theirs[1])
    assert (ours[0] <= ours[1]) is (theirs[0] <= theirs[1])
    assert (ours[0] > ours[1]) is (theirs[0] > theirs[1])
    assert (ours[0] >= ours[1]) is (theirs[0] >= theirs[1])
    assert (hash(ours[0]) == hash(ours[1])) is (hash(theirs[0]) == hash(theirs[1]))
    assert repr(ours[0]) == repr(theirs[0]).replace("Theirs", "Ours")


def test_they_are_dataclasses_with_slots() -> None:
    one = Ours(1, rest=(3,))
    assert replace(one, name="b") == Ours(1, "b", rest=(3,))
    assert [known.name for known in fields(one)] == ["row", "name", "seen", "rest"]
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - it was made here
    assert not hasattr(one, "__dict__")
    match one:
        case Ours(row, name):
            assert (row, name) == (1, "")


def test_another_class_is_never_equal_and_not_sorted() -> None:
    assert len({Single(1), Keeping(1)}) == 2
    with pytest.raises(TypeError):
        assert Ours(1) < Theirs(1)  # type: ignore[operator]  # That it cannot be is what is shown.


def test_a_class_may_have_one_field_or_none() -> None:
    assert Empty() == Empty()
    assert {Empty(), Empty()} == {Empty()}
    assert repr(Empty()) == "Empty()"
    assert Single((1,)) == Single((1,)) != Single(1)


def test_a_class_without_slots_keeps_what_it_computes() -> None:
    one = Keeping(2)
    assert one.double == 4
    assert one == Keeping(2)
