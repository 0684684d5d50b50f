"""Which locks are held at a place: by `with` around it, by `acquire()` before it, by a decorator of its function."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import Lock, lock_of
from chunklint.semantics.python.guards import leaves
from chunklint.semantics.python.names import arguments

_NESTED = frozenset({"function_definition", "class_definition", "lambda"})
_ENTERS = frozenset({"enter_context", "enter_async_context"})
_ACQUIRES = frozenset({"acquire", "acquire_write", "acquire_read", "__enter__", "__aenter__"})
_RELEASES = frozenset({"release", "release_write", "release_read", "__exit__", "__aexit__"})
# What follows another of its type in one block is read no further back than this.
_MOST_BEFORE = 40


@record
class Held:
    """A lock that is held, and what took it: the item of a `with`, the call of `acquire`, the decorator."""

    lock: Lock
    by: Node


def locks_held_at(node: Node, file: PythonFile) -> tuple[Held, ...]:
    """The locks that the function around a node surely holds when control is at it, innermost first.

    What is taken within the node itself is not held at it; what the callers of the function hold is not seen.
    Locks of all kinds are given, PRESUMED ones too.
    """
    return tuple(_held_at(node, file))


def _held_at(node: Node, file: PythonFile) -> Iterator[Held]:
    inner, released = node, set[str]()
    for around in ancestors(node):
        match around.type:
            case "with_statement":
                yield from (one for one in _of_with(around, node, file) if one.lock.name not in released)
            case "block" | "module":
                yield from _before(inner, around, released, file)
            case "if_statement" if inner == around.child_by_field_name("consequence"):
                condition = around.child_by_field_name("condition")
                taken = acquired_in(condition, file) if condition is not None and not _is_negated(condition) else None
                if taken is not None and taken.lock.name not in released:
                    yield taken
            case "function_definition":
                yield from _by_decorator(around, file)
                return
            case "lambda" | "class_definition":
                return
        inner = around


def with_items(statement: Node) -> Iterator[Node]:
    """The expressions that a `with` statement enters, without their `as`, in order."""
    clause = next((child for child in statement.named_children if child.type == "with_clause"), None)
    for item in descendants(clause, "with_item", stop=_NESTED) if clause is not None else ():
        value = item.child_by_field_name("value")
        if value is not None:
            yield value.named_children[0] if value.type == "as_pattern" and value.named_children else value


def _of_with(statement: Node, node: Node, file: PythonFile) -> Iterator[Held]:
    for item in reversed(list(with_items(statement))):
        if item.end_byte <= node.start_byte and (lock := lock_of(item, file)) is not None:
            yield Held(lock, item)


def _before(inner: Node, block: Node, released: set[str], file: PythonFile) -> Iterator[Held]:
    """The locks taken by earlier statements of a block and not given back by others before the inner one."""
    changes = file.remember(("lock changes", block.id), partial(_changes_in, block, file))
    at = bisect_left(changes, inner.start_byte, key=lambda change: change.start)
    for change in reversed(changes[max(at - _MOST_BEFORE, 0) : at]):
        released |= change.released
        if change.taken is not None and change.taken.lock.name not in released:
            yield change.taken


@record
class _Change:
    """A statement at an offset that takes a lock, or gives locks back, named as the code spells them."""

    start: int
    taken: Held | None
    released: frozenset[str]


_BY_HAND = ("acquire", "enter_", "__aenter__")


def _changes_in(block: Node, file: PythonFile) -> tuple[_Change, ...]:
    if not file.remember("takes by hand", lambda: any(word in file.content for word in _BY_HAND)):
        return ()
    found = []
    for statement in block.named_children:
        if statement.type in _NESTED or statement.type == "comment":
            continue
        taken = _taken_by(statement, file)
        released = frozenset(_released_in(statement, taken.by.end_byte if taken is not None else 0, file))
        if taken is not None or released:
            found.append(_Change(statement.start_byte, taken, released))
    return tuple(found)


def _taken_by(statement: Node, file: PythonFile) -> Held | None:
    """The lock that is held after a statement whichever way control leaves it."""
    match statement.type:
        case "expression_statement" | "assert_statement":
            return acquired_in(statement, file)
        case "if_statement":
            condition, branch = (statement.child_by_field_name(name) for name in ("condition", "consequence"))
            if condition is not None and branch is not None and _is_negated(condition) and leaves(branch, file):
                return acquired_in(condition, file)
        case "try_statement":
            finish = next((one for one in statement.named_children if one.type == "finally_clause"), None)
            if finish is not None and (again := acquired_in(finish, file)) is not None:
                return again
            body = statement.child_by_field_name("body")
            handlers = [one for one in statement.named_children if one.type == "except_clause"]
            blocks = [next((part for part in one.named_children if part.type == "block"), None) for one in handlers]
            if body is not None and all(one is not None and leaves(one, file) for one in blocks):
                return next((one for part in body.named_children if (one := _taken_plainly(part, file))), None)
    return None


def _taken_plainly(statement: Node, file: PythonFile) -> Held | None:
    return acquired_in(statement, file) if statement.type == "expression_statement" else None


def _is_negated(condition: Node) -> bool:
    return condition.type == "not_operator"


def acquired_in(node: Node, file: PythonFile) -> Held | None:
    """The lock that a statement or condition takes by `acquire()`, or by entering it on an exit stack."""
    for call in (node, *descendants(node, "call", stop=_NESTED)):
        function = call.child_by_field_name("function") if call.type == "call" else None
        receiver = function.child_by_field_name("object") if function is not None else None
        word = function.child_by_field_name("attribute") if function is not None else None
        if receiver is None or word is None:
            continue
        if file.text(word) in _ACQUIRES and (lock := lock_of(receiver, file)) is not None:
            return Held(lock, call)
        if file.text(word) in _ENTERS and (given := arguments(call, file).positional):
            lock = lock_of(given[0], file)
            if lock is not None:
                return Held(lock, call)
    return None


def _released_in(statement: Node, start: int, file: PythonFile) -> Iterator[str]:
    """The names of the locks that a statement gives back after an offset, but for branches that leave the block."""
    for call in descendants(statement, "call", stop=_NESTED):
        name = released_by(call, file) if call.start_byte >= start else None
        if name is not None and not _leaves_within(call, statement, file):
            yield name


def released_by(call: Node, file: PythonFile) -> str | None:
    """The receiver of a call of `release`, as the code spells it."""
    function = call.child_by_field_name("function")
    receiver = function.child_by_field_name("object") if function is not None else None
    word = function.child_by_field_name("attribute") if function is not None else None
    return file.text(receiver) if receiver is not None and word is not None and file.text(word) in _RELEASES else None


def _leaves_within(call: Node, statement: Node, file: PythonFile) -> bool:
    """Whether control cannot come from the call to what follows the statement: its branch returns or raises."""
    for around in ancestors(call):
        if around == statement:
            return False
        if around.type == "block" and leaves(around, file):
            return True
    return False


def _by_decorator(function: Node, file: PythonFile) -> Iterator[Held]:
    """`@synchronized(lock)` and its like: the lock they are given, or one that only the decorator knows."""
    around = function.parent
    if around is None or around.type != "decorated_definition":
        return
    for decorator in (child for child in around.named_children if child.type == "decorator"):
        spelled = file.text(decorator)
        called = decorator.named_children[0] if decorator.named_children else None
        given = arguments(called, file).positional if called is not None and called.type == "call" else ()
        lock = next((one for value in given if (one := lock_of(value, file)) is not None), None)
        if lock is not None and lock.kind is not LockKind.PRESUMED:
            yield Held(lock, decorator)
        elif "synchroni" in spelled.lower() or "with_lock" in spelled.lower():
            yield Held(Lock(spelled, spelled, "", LockKind.PRESUMED), decorator)
