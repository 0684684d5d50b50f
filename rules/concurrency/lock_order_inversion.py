"""CL403: two locks nested both ways round, or one lock taken again by its holder."""

from __future__ import annotations

from collections.abc import Iterator

from chunklint.api import (
    Draft,
    Nesting,
    PythonFile,
    Rule,
    Severity,
    enclosing_function,
    inversions,
    is_test,
    python,
    reentries,
    unordered_items,
)

rule = Rule(
    code="CL403",
    name="lock-order-inversion",
    ticket="TICKET-004",
    when="two locks are nested in one order here and in the other there, or a lock that is not reentrant is taken "
    "again by whoever holds it, through calls of own methods too",
    effect="two tasks that each hold one lock wait for the other's for ever; a holder that asks again waits for itself",
    instead="one order for every place that nests the locks; and a `_locked` variant of the method, without the lock, "
    "for callers that hold it",
    bad="""\
import asyncio


class Registry:
    def __init__(self):
        self._lock = asyncio.Lock()
        self._members = set()

    async def remove(self, member):
        async with self._lock:
            self._members.discard(member)

    async def replace(self, old, new):
        async with self._lock:
            await self.remove(old)
            self._members.add(new)
""",
    good="""\
import asyncio


class Registry:
    def __init__(self):
        self._lock = asyncio.Lock()
        self._members = set()

    async def remove(self, member):
        async with self._lock:
            self._remove_locked(member)

    def _remove_locked(self, member):
        self._members.discard(member)

    async def replace(self, old, new):
        async with self._lock:
            self._remove_locked(old)
            self._members.add(new)
""",
    example="app/registry.py",
    mentions=("Lock", "Semaphore", "Condition", "Limiter", "allocate_lock"),
    silent_on=(
        "`RLock`, and `threading.Condition` on a lock of its own, which their holder may take again",
        "semaphores with more than one permit, and readers' sides of locks",
        "locks of other objects of the class: `other._lock` is not `self._lock`",
        "coroutines that are only made under the lock, by `create_task` and its like, and run after it",
        "a branch that a parameter chooses: `if not locked: async with self._lock`",
        "orders that differ below a third lock that is always held around both",
        "attempts that give up: `acquire(blocking=False)`, `acquire(timeout=5)`, `wait_for(lock.acquire(), 5)`",
        "locks of several keys that are sorted before they are taken",
        "`__init__`, before whose end nobody else has the object; test files",
    ),
    limits=(
        "calls are followed within one file, four deep, and only of functions and of methods of `self`",
        "a lock that a decorator or the caller holds from outside the file is not seen",
    ),
)


@rule.each(python)
def waits_for_itself(file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    told = set()
    for one in reentries(file):
        # Calls of one function under one lock are one defect.
        function = enclosing_function(one.at)
        through = _callee(one, file) if len(one.steps) > 2 and function is not None else str(one.at.start_byte)
        key = (function.id if function is not None else 0, one.inner.name, through)
        if key in told:
            continue
        told.add(key)
        way = "" if len(one.steps) == 2 else f" through {_callee(one, file)}"
        message = (
            f"`{one.inner.name}` is taken again{way} by {_subject(one, file)}, which holds it already: it is not "
            "reentrant, so this waits for itself for ever."
        )
        yield rule.at(one.at, message, severity=Severity.ERROR, steps=one.steps)


@rule.each(python)
def nests_both_ways(file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    for first, second in inversions(file):
        message = (
            f"`{second.inner.name}` is taken under `{second.outer.name}` here, but {_subject(first, file)} takes them "
            "the other way round. Two of these that run at the same time each hold the lock that the other waits for."
        )
        related = [(first.at, f"`{first.inner.name}` under `{first.outer.name}`")]
        yield rule.at(second.at, message, steps=(*first.steps, *second.steps), related=related)


@rule.each(python)
def nests_in_callers_order(file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    for one in unordered_items(file):
        message = (
            f"`{one.outer.name}` and `{one.inner.name}` are nested in the order of the arguments: a call with them "
            "swapped takes the same two locks the other way round. Sort the keys first."
        )
        yield rule.at(one.at, message, steps=one.steps)


def _subject(nesting: Nesting, file: PythonFile) -> str:
    function = enclosing_function(nesting.at)
    name = function.child_by_field_name("name") if function is not None else None
    return f"`{file.text(name)}`" if name is not None else "this module"


def _callee(nesting: Nesting, file: PythonFile) -> str:
    function = nesting.at.child_by_field_name("function")
    return f"`{file.text(function)}`" if function is not None else "a call"
