"""Which expressions are locks, whether two of them are one, and which locks are held where."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.semantics.concurrency.held import locks_held_at
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import Lock, lock_of


def entered(source: str) -> list[Lock | None]:
    """What each item of each `with` in the source is, in order."""
    file = PYTHON.parse("app.py", source)
    items = [item.child_by_field_name("value") for item in descendants(file.root, "with_item")]
    return [lock_of(item, file) for item in items if item is not None]


def held(source: str) -> list[str]:
    """The names of the locks held at the call of `here()`, innermost first."""
    file = PYTHON.parse("app.py", source)
    return [one.lock.name for one in locks_held_at(_here(file), file)]


def _here(file: PythonFile) -> Node:
    return next(call for call in descendants(file.root, "call") if file.text(call) == "here()")


def described(lock: Lock | None) -> tuple[str, str, str] | None:
    return None if lock is None else (lock.kind.value, lock.home, lock.holder)


def test_locks_are_known_wherever_they_are_made() -> None:
    found = entered(
        """
import asyncio, threading
from collections import defaultdict
from dataclasses import dataclass, field
from pydantic import PrivateAttr

module_lock = asyncio.Lock()

@dataclass
class Entry:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    guard = PrivateAttr(default_factory=lambda: asyncio.Semaphore(3))

class Store:
    everyone = threading.RLock()

    def __init__(self, given: "asyncio.Lock"):
        self._own = asyncio.Lock() if given else None
        self._given = given
        self._locks: dict[str, asyncio.Lock] = {}
        self._made = defaultdict(asyncio.Lock)

    async def run(self, key, entry: Entry, handed: asyncio.Lock | None):
        async with module_lock: ...
        async with self._own: ...
        async with self._given: ...
        async with self._locks[key]: ...
        async with self._locks.setdefault(key, asyncio.Lock()): ...
        async with self._made[key]: ...
        async with entry.lock: ...
        async with entry.guard: ...
        async with handed: ...
        with Store.everyone: ...
"""
    )
    assert [described(one) for one in found] == [
        ("asyncio", "<module>.module_lock", ""),
        ("asyncio", "Store._own", "self"),
        ("asyncio", "Store._given", "self"),
        ("asyncio", "Store._locks[]", "self[key]"),
        ("asyncio", "Store._locks[]", "self[key]"),
        ("asyncio", "Store._made[]", "self[key]"),
        ("asyncio", "Entry.lock", "entry"),
        ("asyncio", "Entry.guard", "entry"),
        ("asyncio", "Store.run.handed", ""),
        ("threading", "Store.everyone", ""),
    ]


def test_aliases_and_accessors_lead_to_the_lock_they_name() -> None:
    found = entered(
        """
import asyncio

_guard: asyncio.Lock | None = None
_by_user: dict[str, asyncio.Lock] = {}

def guard() -> asyncio.Lock:
    global _guard
    if _guard is None:
        _guard = asyncio.Lock()
    return _guard

async def of_user(user) -> asyncio.Lock:
    lock = _by_user.get(user)
    if lock is None:
        lock = asyncio.Lock()
        _by_user[user] = lock
    async with lock: ...
    return lock

async def use(user):
    alias = _guard
    async with alias, guard(): ...
    mine = await of_user(user)
    async with mine: ...
"""
    )
    assert [described(one) for one in found] == [
        ("asyncio", "<module>._by_user[]", "[user]"),
        ("asyncio", "<module>._guard", ""),
        ("asyncio", "<module>._guard", ""),
        ("asyncio", "of_user()", "[user]"),
    ]


def test_a_condition_built_on_a_lock_is_that_lock() -> None:
    lock, condition = entered(
        """
import threading

class Queue:
    def __init__(self):
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)

    def put(self):
        with self._lock: ...
        with self._filled: ...
"""
    )
    assert lock is not None
    assert condition is not None
    assert condition.is_same(lock)
    assert not condition.reentrant


def test_only_locks_that_admit_one_are_exclusive() -> None:
    found = entered(
        """
import asyncio, threading

def run(width, handed: asyncio.Semaphore):
    one, few, some = asyncio.Semaphore(), asyncio.Semaphore(width), threading.BoundedSemaphore(1)
    single = asyncio.Semaphore(1)
    several = asyncio.Semaphore(width)
    with single, several, handed: ...
"""
    )
    assert [one.exclusive for one in found if one is not None] == [True, False, False]


def test_what_is_no_lock_is_none() -> None:
    found = entered(
        """
import sqlite3

class Clock: ...

def run(pool, clock, path, ticker: Clock):
    with open(path), pool.acquire(), clock.block(), sqlite3.connect(path): ...
"""
    )
    assert found == [None, None, None, None]


def test_a_lock_known_by_its_name_alone_is_presumed() -> None:
    (named, remote) = entered(
        """
async def run(self, redis, cache_lock):
    async with cache_lock: ...
    async with redis.lock("nightly", timeout=30): ...
"""
    )
    assert named is not None
    assert named.kind is LockKind.PRESUMED
    assert remote is not None
    assert remote.kind is LockKind.DISTRIBUTED


def test_locks_of_every_with_around_and_of_the_items_before_are_held() -> None:
    assert held(
        """
async def run(self):
    async with self.outer_lock:
        with self.first_lock, make(here()), self.last_lock:
            pass
"""
    ) == ["self.first_lock", "self.outer_lock"]


def test_a_lock_taken_by_hand_is_held_until_it_is_released() -> None:
    source = """
async def run(self):
    await self.lock.acquire()
    try:
        {inside}
    finally:
        self.lock.release()
    {after}
"""
    assert held(source.format(inside="here()", after="pass")) == ["self.lock"]
    assert held(source.format(inside="pass", after="here()")) == []
    within = """
def run(self):
    try:
        self.lock.acquire()
        {}
    finally:
        self.lock.release()
    {}
"""
    assert held(within.format("here()", "pass")) == ["self.lock"]
    assert held(within.format("pass", "here()")) == []


def test_a_lock_that_is_lent_for_a_while_is_held_again_after_it() -> None:
    source = """
def run(self):
    with self.lock:
        self.lock.release()
        try:
            {inside}
        finally:
            self.lock.acquire()
        {after}
"""
    assert held(source.format(inside="here()", after="pass")) == []
    assert "self.lock" in held(source.format(inside="pass", after="here()"))


def test_a_release_on_a_branch_that_leaves_is_none_for_what_follows() -> None:
    assert held(
        """
def run(self):
    if not self.lock.acquire(blocking=False):
        return
    if self.empty:
        self.lock.release()
        return
    here()
    self.lock.release()
"""
    ) == ["self.lock"]


def test_a_lock_that_may_not_have_been_taken_is_not_held() -> None:
    assert held("def run(self):\n    if self.busy:\n        self.lock.acquire()\n    here()\n") == []
    assert held("def run(self):\n    if self.lock.acquire(False):\n        pass\n    here()\n") == []
    assert held("def run(self):\n    if self.lock.acquire(False):\n        here()\n") == ["self.lock"]


def test_a_lock_entered_on_an_exit_stack_is_held() -> None:
    assert held(
        """
async def run(self):
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(self.lock)
        here()
"""
    ) == ["self.lock"]


def test_a_nested_function_holds_nothing_of_its_maker() -> None:
    assert held("def run(self):\n    with self.lock:\n        def later():\n            here()\n") == []


def test_a_decorator_that_synchronises_holds_a_lock_for_the_whole_call() -> None:
    assert held("@lockutils.synchronized('name')\ndef run(self):\n    here()\n") != []
