"""The types of locks, by library: whom they hold up, how many they let in, whether their holder may enter again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from chunklint.records import record


class LockKind(StrEnum):
    """Whom a lock makes wait."""

    ASYNCIO = "asyncio"  # other tasks of the event loop
    THREADING = "threading"  # other threads or processes of this machine, and with its thread the whole event loop
    DISTRIBUTED = "distributed"  # other machines
    PRESUMED = "presumed"  # unknown: only its name says that it is a lock


class Form(StrEnum):
    """What sort of lock it is."""

    MUTEX = "lock"
    CONDITION = "condition"
    SEMAPHORE = "semaphore"
    READER = "reader's side of a lock"


@record
class LockType:
    """What a library says of one of its classes."""

    kind: LockKind
    form: Form = Form.MUTEX
    reentrant: bool = False


_FORMS = {
    "Lock": Form.MUTEX,
    "RLock": Form.MUTEX,
    "StrictFIFOLock": Form.MUTEX,
    "Condition": Form.CONDITION,
    "Semaphore": Form.SEMAPHORE,
    "BoundedSemaphore": Form.SEMAPHORE,
    "CapacityLimiter": Form.SEMAPHORE,
}
_ASYNCIO = ("asyncio", "asyncio.locks", "anyio", "trio", "curio")
_THREADING = (
    *("threading", "_thread", "multiprocessing", "multiprocessing.synchronize", "gevent.lock", "gevent.threading"),
    *("eventlet.semaphore", "eventlet.green.threading", "billiard"),
)
# The condition variable of these makes itself a lock that its holder may take again.
_REENTRANT_CONDITION = ("threading", "multiprocessing", "multiprocessing.synchronize", "billiard", "gevent.threading")

_DISTRIBUTED_CLASSES = (
    *("redis.lock.Lock", "redis.asyncio.lock.Lock", "redis.asyncio.Lock", "redis_lock.Lock", "redis.Lock"),
    *("aioredlock.Aioredlock.lock", "redlock.Redlock", "redlock.RedLock", "pottery.Redlock", "pottery.AIORedlock"),
    *("filelock.FileLock", "filelock.AsyncFileLock", "filelock.SoftFileLock", "filelock.AsyncSoftFileLock"),
    *("filelock.UnixFileLock", "fasteners.InterProcessLock", "portalocker.Lock", "portalocker.RedisLock"),
    *("oslo_concurrency.lockutils.lock", "oslo_concurrency.lockutils.external_lock", "tooz.locking.Lock"),
    *("kazoo.recipe.lock.Lock", "sherlock.Lock"),
)

TYPES: Mapping[str, LockType] = {
    **{f"{owner}.{name}": LockType(LockKind.ASYNCIO, form) for owner in _ASYNCIO for name, form in _FORMS.items()},
    **{
        f"{module}.{name}": LockType(
            LockKind.THREADING,
            form,
            name == "RLock" or (form is Form.CONDITION and module in _REENTRANT_CONDITION),
        )
        for module in _THREADING
        for name, form in _FORMS.items()
    },
    **{name: LockType(LockKind.DISTRIBUTED) for name in _DISTRIBUTED_CLASSES},
    "aiorwlock.RWLock.writer_lock": LockType(LockKind.ASYNCIO),
    "aiorwlock.RWLock.writer": LockType(LockKind.ASYNCIO),
    "aiorwlock.RWLock.reader_lock": LockType(LockKind.ASYNCIO, Form.READER),
    "aiorwlock.RWLock.reader": LockType(LockKind.ASYNCIO, Form.READER),
    "_thread.allocate_lock": LockType(LockKind.THREADING),
    "_thread.LockType": LockType(LockKind.THREADING),
}

_LOCK_WORD = re.compile(r"(?:^|_)(?:r?lock|mutex|sem|semaphore)s?(?:_|$)", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def names_lock(name: str) -> bool:
    """Whether a name by itself says "lock", as `_cache_lock` and `startupLock` do; not `block` nor `unlock`."""
    return _LOCK_WORD.search(_CAMEL.sub("_", name)) is not None
