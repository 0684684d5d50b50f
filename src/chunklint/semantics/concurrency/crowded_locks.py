"""Locks that are held while their holder waits for something slow, and who waits for them meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.held import Held, with_items
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import Lock, lock_of
from chunklint.semantics.concurrency.slow_calls import is_awaited, slow_call, slow_calls
from chunklint.semantics.python.names import arguments, calls_of, enclosing_function
from chunklint.semantics.python.parameters import parameters_of
from chunklint.semantics.python.scopes import bindings_in

_NESTED = frozenset({"function_definition", "class_definition", "lambda"})

# A lock named after an activity is there to let one at a time do it.
_ACTIVITY = re.compile(
    r"(?:^|_)(?:send|write|writer|io|start|startup|init|initialization|setup|connect|connection|conn|refresh|login|auth"
    r"|token|fetch|load|loading|sync|sweep|flush|dispatch|probe|build|create|open|publish|attach|journal|file|print|log"
    r"|csv|download|upload|migration|shutdown|request|rate|throttle|reload|poll|run|exec|serial|process|processing|op"
    r"|db|write|client|session|session_lock|checkpoint|singleflight|inflight|update|backup|install|render)(?=_|$)",
    re.IGNORECASE,
)
# Functions whose very purpose is the slow thing: whoever comes meanwhile wants its result.
_FETCHES = re.compile(
    r"^_*(?:load|reload|refresh|sync|fetch|ensure|get_or|warm|login|open|init|initialize|setup|acquire|migrate)(?:_|$)"
)
# Functions that run once in the life of their object, unless they take what they start or stop as an argument.
_ONCE = re.compile(
    r"^_*(?:start|startup|stop|close|aclose|shutdown|connect|disconnect|reconnect|cleanup|teardown|dispose|drain|main|run"
    r"|lifespan|aenter|aexit|flush|save|persist|write|send|reset|test|invalidate|clear)(?:_|$)|^__\w+__$"
)


@record
class Crowd:
    """A slow call under a lock.

    Attributes:
        slow: The call, or the one of an own function that leads to it, within the function that holds the lock.
        cause: What is slow in the end: `slow` itself or a call that it leads to.
        waiting: Places where others take the lock, only to do something quick in memory.
        on_loop: Where an `async def` runs the blocking call on the event loop: the function itself, or a call of it.
    """

    held: Held
    slow: Node
    cause: Node
    waiting: tuple[Node, ...]
    on_loop: Node | None


def patience(found: Crowd, file: PythonFile) -> str:
    """The limit, as written, of a call that waits on the event loop itself: `300` of `future.result(timeout=300)`.

    "" where the loop is not blocked, or the call has no limit of a second or more. Such a limit looks like a
    protection and is none: nothing else runs until it is over.
    """
    callee = found.cause.child_by_field_name("function")
    if found.on_loop is None or callee is None:
        return ""
    given = arguments(found.cause, file)
    limit = given.get("timeout", 0 if file.text(callee).endswith((".result", ".join", ".exception")) else None)
    text = file.text(limit) if limit is not None else ""
    return text if re.fullmatch(r"[\d.]+", text) and float(text) >= 1 else ""


def awaits_under_thread_locks(file: PythonFile) -> Iterator[tuple[Held, Node]]:
    """The first `await` under each lock of threads: meanwhile other tasks run, in the same thread."""
    for section in _sections(file):
        if section.held.lock.kind is not LockKind.THREADING or not section.held.lock.exclusive:
            continue
        first = next(descendants(section.body, "await", stop=_NESTED), None)
        waits = (node for node in (first,) if node is not None and node.named_children)
        yield from ((section.held, node) for node in waits)


def crowded(file: PythonFile) -> Iterator[Crowd]:
    """The first slow call under each lock that others wait for, or under which the event loop itself is blocked."""
    for section in _sections(file):
        lock = section.held.lock
        if not lock.exclusive or "[" in lock.holder:
            continue
        slow = _first_slow(section.body, file)
        if slow is None:
            continue
        call, cause = slow
        on_loop = None if is_awaited(call) else _on_loop(section.function, file)
        waiting = tuple(_quick_users(section, file)) if not _serves_its_call(section, call, file) else ()
        if on_loop is not None or waiting:
            yield Crowd(section.held, call, cause, waiting, on_loop)


@record
class _Section:
    """A block that runs under a lock."""

    held: Held
    body: Node
    function: Node


def _sections(file: PythonFile) -> tuple[_Section, ...]:
    return file.remember("critical sections", partial(_collect, file))


def _collect(file: PythonFile) -> tuple[_Section, ...]:
    found = []
    for _, captures in PYTHON.matches(file, ("(with_statement body: (block) @body) @with",)):
        function = enclosing_function(captures["with"][0])
        for item in with_items(captures["with"][0]):
            lock = lock_of(item, file)
            if lock is not None and function is not None and _is_of_process(lock):
                found.append(_Section(Held(lock, item), captures["body"][0], function))
    return tuple(found)


def _is_of_process(lock: Lock) -> bool:
    return lock.kind in (LockKind.ASYNCIO, LockKind.THREADING) and lock.shared and bool(lock.home)


def _first_slow(body: Node, file: PythonFile) -> tuple[Node, Node] | None:
    """The first slow call of a block, and what it leads to."""
    for call in descendants(body, "call", stop=_NESTED):
        cause = slow_call(call, file)
        if cause is not None:
            return call, cause
    return None


def _quick_users(section: _Section, file: PythonFile) -> Iterator[Node]:
    """Where other functions take the lock and neither wait for anything under it nor run once only."""
    lock = section.held.lock
    users = file.remember(("quick users", lock.home, lock.holder), lambda: _collect_users(lock, file))
    yield from (place for function, place in users.items() if function != section.function.id)


def _collect_users(lock: Lock, file: PythonFile) -> dict[int, Node]:
    users: dict[int, Node] = {}
    for other in _sections(file):
        if not other.held.lock.is_same(lock) or _is_once(other.function, file):
            continue
        waits = next(descendants(other.body, "await", "yield", stop=_NESTED), None) is not None
        if not waits and next(slow_calls(other.body, file), None) is None:
            users.setdefault(other.function.id, other.held.by)
    return users


def _is_once(function: Node, file: PythonFile) -> bool:
    """Whether nobody is kept waiting by a function: it runs once, or those who wait want what it fetches."""
    name = _name(function, file)
    if _FETCHES.match(name):
        return True
    own = [one for one in parameters_of(function, file) if one.name not in ("self", "cls")]
    return not own and _ONCE.match(name) is not None


def _serves_its_call(section: _Section, call: Node, file: PythonFile) -> bool:
    """Whether the lock is there for the slow call: by its name, by that of the function, or by a check before it."""
    word = section.held.lock.home.rsplit(".", 1)[-1]
    if _ACTIVITY.search(word) or _is_once(section.function, file):
        return True
    return _fills_what_was_missing(section, call, file)


def _fills_what_was_missing(section: _Section, call: Node, file: PythonFile) -> bool:
    """Whether the state that the section changes was tested before the call: one fetches, the others find it done."""
    tested = set[str]()
    for condition in _conditions_before(call, section, file):
        tested.update(_state_in(condition, file))
    return bool(tested) and not tested.isdisjoint(_changed_after(call, section, file))


def _conditions_before(call: Node, section: _Section, file: PythonFile) -> Iterator[Node]:
    for branch in descendants(section.body, "if_statement", "conditional_expression", stop=_NESTED):
        condition = branch.child_by_field_name("condition")
        if condition is not None and condition.start_byte < call.start_byte:
            yield condition
    # What the condition tests may have been read into a variable first.
    for assignment in descendants(section.body, "assignment", stop=_NESTED):
        value = assignment.child_by_field_name("right")
        if value is not None and value.end_byte <= call.start_byte:
            yield value


def _state_in(node: Node, file: PythonFile) -> Iterator[str]:
    for name in (node, *descendants(node, "attribute", "identifier")):
        if name.type in ("attribute", "identifier"):
            yield file.text(name)


def _changed_after(call: Node, section: _Section, file: PythonFile) -> Iterator[str]:
    """The attributes and names that the section assigns, or whose items it assigns, from the call on."""
    for assignment in descendants(section.body, "assignment", stop=_NESTED):
        target = assignment.child_by_field_name("left")
        if target is None or assignment.end_byte < call.end_byte:
            continue
        while target is not None and target.type == "subscript":
            target = target.child_by_field_name("value")
        if target is not None and (target.type == "attribute" or _is_global(target, file)):
            yield file.text(target)


def _is_global(target: Node, file: PythonFile) -> bool:
    return target.type == "identifier" and file.text(target) in bindings_in(file.root, file)


def _on_loop(function: Node, file: PythonFile) -> Node | None:
    """Where a function runs on the event loop: itself, or where an `async def` calls it, through one more call."""
    pending, seen = [function], {function.id}
    for _ in range(2):
        found: list[Node] = []
        for one in pending:
            if one.children and one.children[0].type == "async":
                return one
            for call in calls_of(one, file):
                caller = enclosing_function(call)
                if caller is None or caller.type == "lambda" or caller.id in seen:
                    continue
                if caller.children[0].type == "async" and not _is_once(caller, file):
                    return call
                seen.add(caller.id)
                found.append(caller)
        pending = found
    return None


def _name(function: Node, file: PythonFile) -> str:
    name = function.child_by_field_name("name")
    return file.text(name) if name is not None else ""
