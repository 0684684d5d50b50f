"""What other files of a Python project tell of a class: whose lock they hold, which coroutines never wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import lock_of
from chunklint.semantics.concurrency.state import class_of, name_of
from chunklint.semantics.concurrency.suspensions import is_async, is_stub, never_suspends


@record
class Coroutine:
    """A method that is a coroutine, and whether it runs to its end without letting other tasks run."""

    name: str
    quick: bool


@record
class Borrowed:
    """A lock that a file takes from an object of another file: `async with self.hub.lock`, `owner` being "hub"."""

    owner: str
    lock: str


def told_of_classes(file: PythonFile) -> Iterator[Coroutine | Borrowed]:
    """What a file tells the others: the coroutines among its methods, and the locks of other objects that it holds."""
    yield from _coroutines(file)
    yield from _borrowed_locks(file)


def _coroutines(file: PythonFile) -> Iterator[Coroutine]:
    for function in descendants(file.root, "function_definition"):
        if is_async(function) and class_of(function) is not None and not is_stub(function):
            yield Coroutine(name_of(function, file), never_suspends(function, file))


def _borrowed_locks(file: PythonFile) -> Iterator[Borrowed]:
    if "lock" not in file.content.lower():
        return
    found: dict[Borrowed, None] = {}
    for item in descendants(file.root, "with_item"):
        value = item.child_by_field_name("value")
        one = _borrowed(value, file) if value is not None else None
        if one is not None:
            found[one] = None
    yield from found


def _borrowed(value: Node, file: PythonFile) -> Borrowed | None:
    receiver = value.child_by_field_name("object") if value.type == "attribute" else None
    if receiver is None or file.text(receiver) in ("self", "cls"):
        return None
    lock = lock_of(value, file)
    if lock is None or lock.kind is LockKind.THREADING:
        return None
    return Borrowed(file.text(receiver).rpartition(".")[2], file.text(value).rpartition(".")[2])


def owners_of_borrowed(facts: Mapping[str, Iterable[object]]) -> frozenset[str]:
    """The owners whose locks other files take, spelled without underscores and in lower case."""
    borrowed = (one for found in facts.values() for one in found if isinstance(one, Borrowed))
    return frozenset(spelled(one.owner) for one in borrowed)


def spelled(name: str) -> str:
    """A name of a class or of a variable in the spelling that both share."""
    return name.replace("_", "").lower()


def quick_coroutines(facts: Mapping[str, Iterable[object]]) -> frozenset[str]:
    """The names that only coroutines have that never let other tasks run."""
    all_of_them = [one for found in facts.values() for one in found if isinstance(one, Coroutine)]
    slow = {one.name for one in all_of_them if not one.quick}
    return frozenset(one.name for one in all_of_them if one.quick) - slow
