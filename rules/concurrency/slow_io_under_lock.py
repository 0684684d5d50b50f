"""CL404: a lock held while its holder waits for the network, a disk, another program or a sleep."""

from __future__ import annotations

from collections.abc import Iterator

from chunklint.api import (
    CrowdedLock,
    Draft,
    LockKind,
    Node,
    PythonFile,
    Rule,
    Severity,
    awaits_under_thread_locks,
    crowded,
    enclosing_function,
    is_test,
    patience,
    python,
)

rule = Rule(
    code="CL404",
    name="slow-io-under-lock",
    ticket="TICKET-004",
    when="a lock that guards state in memory is held across a slow call, or a lock of threads across an `await`",
    effect="everybody who only wants a look at the state waits as long as the network takes; on the event loop, so "
    "does every other request, or nobody ever goes on",
    instead="the slow call before the lock or after it, and under the lock only the change itself",
    bad="""\
import asyncio


class Presence:
    def __init__(self, http):
        self._lock = asyncio.Lock()
        self._online = set()
        self._http = http

    async def leave(self, user):
        async with self._lock:
            self._online.discard(user)
            await self._http.post("/left", json={"user": user})

    async def is_online(self, user):
        async with self._lock:
            return user in self._online
""",
    good="""\
import asyncio


class Presence:
    def __init__(self, http):
        self._lock = asyncio.Lock()
        self._online = set()
        self._http = http

    async def leave(self, user):
        async with self._lock:
            self._online.discard(user)
        await self._http.post("/left", json={"user": user})

    async def is_online(self, user):
        async with self._lock:
            return user in self._online
""",
    example="app/presence.py",
    mentions=("Lock", "Semaphore", "Condition", "Limiter", "allocate_lock"),
    silent_on=(
        "locks that are there for the slow call: one writer to a connection, one refresh of a token, one start; told "
        "by the lock's name, the function's, or a check of the state that the call then fills",
        "locks that nobody takes only for something quick, and locks of a single key",
        "semaphores with several permits, which limit the number of slow calls",
        "locks on a server, which have to be held for the whole of the work",
        "start and stop, which nobody waits for; test files",
        "files, which are fast enough unless something else is the matter",
        "calls with a limit that block the event loop: CL804 speaks of those",
    ),
    limits=(
        "a slow call is known by its library, or by a receiver named `redis`, `session`, `..._repo`, `websocket` and "
        "the like; calls of own functions are followed twice within the file",
        "users of the lock in other files do not count",
    ),
)


@rule.each(python)
def thread_lock_across_await(file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    for held, wait in awaits_under_thread_locks(file):
        name = held.lock.name
        if held.lock.reentrant:
            message = (
                f"`{name}` keeps threads apart, not tasks: while this waits, another task of the same thread enters "
                "the lock as if it held it. Use an `asyncio.Lock`."
            )
        else:
            message = (
                f"`{name}` is a lock of threads and held across an `await`: the next task that asks for it blocks the "
                "event loop, and then nobody can release it. Use an `asyncio.Lock`, or let go before waiting."
            )
        severity = Severity.WARNING if held.lock.reentrant else Severity.ERROR
        yield rule.at(wait, message, severity=severity, steps=((held.by, f"`{name}` is taken"), (wait, "others run")))


@rule.each(python)
def slow_call_under_lock(file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    for found in crowded(file):
        if patience(found, file):
            # CL804 speaks of the limit that does not help.
            continue
        if (
            found.held.lock.kind is LockKind.THREADING
            and found.slow.parent is not None
            and found.slow.parent.type == "await"
        ):
            continue
        related = [(place, f"`{_function(place, file)}` waits here") for place in found.waiting]
        steps = [(found.held.by, f"`{found.held.lock.name}` is taken"), (found.slow, "the slow call")]
        if found.cause != found.slow:
            steps.append((found.cause, "what is slow in it"))
        if found.on_loop is not None and found.on_loop.type == "call":
            steps.append((found.on_loop, "called on the event loop"))
        yield rule.at(found.slow, _message(found, file), severity=_severity(found), steps=steps, related=related)


def _severity(found: CrowdedLock) -> Severity:
    return Severity.WARNING if found.on_loop is not None or len(found.waiting) > 1 else Severity.NOTE


def _message(found: CrowdedLock, file: PythonFile) -> str:
    callee, name = _callee(found.cause, file), found.held.lock.name
    users = sorted({_function(place, file) for place in found.waiting})
    others = f" `{'`, `'.join(users[:3])}`{' and others' if len(users) > 3 else ''}"
    if found.on_loop is not None:
        by = f" (`{_function(found.on_loop, file)}` calls this)" if found.on_loop.type == "call" else ""
        meanwhile = f", and{others} cannot have the lock" if users else ""
        return f"`{callee}` blocks the event loop{by} with `{name}` held: no other request runs meanwhile{meanwhile}."
    verb = "waits" if len(users) == 1 else "wait"
    return f"`{callee}` is slow and runs with `{name}` held, for which{others} {verb} only to look at or change memory."


def _function(node: Node, file: PythonFile) -> str:
    function = node if node.type == "function_definition" else enclosing_function(node)
    name = function.child_by_field_name("name") if function is not None else None
    return file.text(name) if name is not None else "the module"


def _callee(call: Node, file: PythonFile) -> str:
    function = call.child_by_field_name("function")
    spelled = file.text(function) if function is not None else ""
    return spelled if len(spelled) <= 60 and spelled.isprintable() else spelled.rpartition(".")[2]
