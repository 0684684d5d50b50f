"""Maps of locks by key that forget a lock while others wait for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import lock_of
from chunklint.semantics.concurrency.state import name_of
from chunklint.semantics.python.names import arguments, enclosing_function
from chunklint.semantics.python.scopes import FUNCTIONS

# Where what the lock protects goes too, nobody who comes later has anything to protect.
_ENDS = re.compile(
    r"(?:^|_)(?:delete|remove|close|forget|unregister|evict|clean\w*|clear|disconnect|stop|drop|shutdown|destroy|expire|"
    r"purge|discard|cancel|terminate|finish\w*)(?:_|$)"
)
_REMOVALS = (
    '(call function: (attribute object: (_) @map attribute: ((identifier) @name (#eq? @name "pop")))) @removal',
    "(delete_statement (subscript value: (_) @map)) @removal",
)


@record
class Forgotten:
    """A removal of a lock from its map: the removal, the map, and the place that holds the lock, if it is seen."""

    removal: Node
    map: str
    held: Node | None


def forgotten_locks(file: PythonFile) -> Iterator[Forgotten]:
    """The removals of locks that nothing keeps other tasks or threads from waiting for."""
    if "ock" not in file.content:
        return
    for _, captures in PYTHON.matches(file, _REMOVALS):
        removal, kept = captures["removal"][0], captures["map"][0]
        function = enclosing_function(removal)
        if function is None or kept.type not in ("identifier", "attribute") or _is_conditional(removal, function):
            continue
        if _ENDS.search(name_of(function, file)) or not _has_key(removal, file):
            continue
        held = _section(file.text(kept), removal, function, file)
        if held is not None or _is_released(file.text(kept), removal, function, file):
            yield Forgotten(removal, file.text(kept), held)


def _has_key(removal: Node, file: PythonFile) -> bool:
    return removal.type == "delete_statement" or bool(arguments(removal, file).positional)


def _is_conditional(removal: Node, function: Node) -> bool:
    """Whether a branch decides about a removal; it may count who waits."""
    for around in ancestors(removal):
        if around == function:
            return False
        if around.type in ("if_statement", "except_clause", "conditional_expression", "while_statement"):
            return True
    return False


def _section(kept: str, removal: Node, function: Node, file: PythonFile) -> Node | None:
    """The lock that the function takes out of the map and holds while it waits, before it removes it."""
    for statement in descendants(function, "with_statement", stop=FUNCTIONS):
        body = statement.child_by_field_name("body")
        if body is None or statement.start_byte > removal.start_byte:
            continue
        for item in descendants(statement, "with_item"):
            taken = item.child_by_field_name("value")
            if taken is not None and item.end_byte <= body.start_byte and _is_of(kept, taken, body, function, file):
                return taken
    return None


def _is_of(kept: str, taken: Node, body: Node, function: Node, file: PythonFile) -> bool:
    lock = lock_of(taken, file)
    if lock is None or not lock.exclusive or lock.kind not in (LockKind.ASYNCIO, LockKind.THREADING):
        return False
    if lock.kind is LockKind.ASYNCIO and next(descendants(body, "await", "async"), None) is None:
        return False
    if lock.home.endswith(f"{kept.removeprefix('self').removeprefix('cls')}[]"):
        return True
    # `lock = self.locks[key] = Lock()`
    name, container = re.escape(file.text(taken)), re.escape(kept)
    together = rf"\b{name}\s*=\s*{container}\[[^\n\]]+\]\s*=|{container}\[[^\n\]]+\]\s*=\s*{name}\b"
    return taken.type == "identifier" and re.search(together, file.text(function)) is not None


def _is_released(kept: str, removal: Node, function: Node, file: PythonFile) -> bool:
    """`lock = self.locks.pop(key)` and then `lock.release()`, where the map is one of locks."""
    assigned = removal.parent
    target = assigned.child_by_field_name("left") if assigned is not None and assigned.type == "assignment" else None
    if target is None or target.type != "identifier":
        return False
    container = re.escape(kept)
    made = rf"{container}(?:\.setdefault\([^\n]*\bLock\(|\[[^\n\]]+\]\s*=\s*[\w.]*\bLock\()"
    if re.search(made, file.content) is None:
        return False
    return f"{file.text(target)}.release(" in file.text(function)
