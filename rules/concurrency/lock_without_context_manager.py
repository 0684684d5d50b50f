"""CL402: a lock taken by `acquire()` that an exception, a cancellation or a `return` leaves locked."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from chunklint.api import (
    Draft,
    Finding,
    Fix,
    LockKind,
    Node,
    PythonFile,
    Refusal,
    Rule,
    Severity,
    Stuck,
    StuckWay,
    enclosing_function,
    held_by_with,
    is_async,
    is_test,
    python,
    stays_locked,
)

rule = Rule(
    code="CL402",
    name="lock-without-context-manager",
    ticket="TICKET-004",
    when="a lock is taken by `acquire()`, outside `with`, and not released in a `finally` on every path",
    effect="an exception, a cancellation or a `return` before `release()` leaves it locked, and everybody else waits "
    "for ever",
    instead="`async with lock:` or `with lock:`; where `acquire()` needs its arguments, a `try` right after it that "
    "releases in `finally`",
    bad="""\
import asyncio


class Hub:
    def __init__(self):
        self._lock = asyncio.Lock()
        self._members = {}

    async def greet(self, name):
        await self._lock.acquire()
        await self._members[name].send("hello")
        self._lock.release()
""",
    good="""\
import asyncio


class Hub:
    def __init__(self):
        self._lock = asyncio.Lock()
        self._members = {}

    async def greet(self, name):
        async with self._lock:
            await self._members[name].send("hello")
""",
    example="app/hub.py",
    mentions=("acquire",),
    silent_on=(
        "a `try` right after `acquire()`, or around it, that releases in `finally`, under a condition too",
        "locks that one method takes and another releases: `acquire`/`release` wrappers, `__aenter__`/`__aexit__`",
        "a release that is handed on: `stack.callback(lock.release)`, a nested function",
        "a lock that is given back for a while within its own `with`, and taken again in `finally`",
        "code between `acquire()` and `release()` that calls nothing, and so cannot fail in practice",
        "pools, leases and everything else with an `acquire()` that is not known to be a lock",
        "test files, which hold locks to see what waits for them",
    ),
    limits=(
        "locks known by their name alone are left alone: their type must be visible in the file",
        "of locks on a server only those that are not released in a `finally` at all are reported, as notes when they "
        "expire",
    ),
)

_REASONS = MappingProxyType(
    {
        StuckWay.FAILS: "stays locked if {at} fails, since nothing releases it in a `finally`",
        StuckWay.FAILS_EARLY: "stays locked if {at} fails before the `try` that would release it",
        StuckWay.CANCELLED: "stays locked when its task is cancelled, for `except Exception` lets a cancellation pass",
        StuckWay.LEAVES: "stays locked when {at} leaves the function",
        StuckWay.NEVER: "is acquired here and released nowhere in this file: whoever asks for it next waits for ever",
    }
)


@rule.on(python, '(call function: (attribute attribute: (identifier) @name (#eq? @name "acquire"))) @call')
def acquires_by_hand(call: Node, file: PythonFile) -> Iterator[Draft]:
    stuck = stays_locked(call, file) if not is_test(file.path) else None
    if stuck is None:
        return
    reason = _REASONS[stuck.way].format(at=_spelled(stuck.at, file))
    steps = [(call, f"`{stuck.lock.name}` is taken here")]
    if stuck.release is not None:
        steps += [(stuck.at, "what may skip the release"), (stuck.release, "the release that would be skipped")]
    yield rule.at(call, f"`{stuck.lock.name}` {reason}. {_remedy(stuck, call)}", severity=_severity(stuck), steps=steps)


def _severity(stuck: Stuck) -> Severity:
    match stuck.way:
        case StuckWay.LEAVES | StuckWay.NEVER if stuck.lock.kind is not LockKind.DISTRIBUTED:
            return Severity.ERROR
        case StuckWay.FAILS_EARLY:
            return Severity.NOTE
    return Severity.NOTE if stuck.expires else Severity.WARNING


def _spelled(node: Node, file: PythonFile) -> str:
    text = file.text(node)
    return f"`{text}`" if len(text) <= 60 and text.isprintable() else f"line {file.span(node).start_line}"


def _remedy(stuck: Stuck, call: Node) -> str:
    if stuck.way is StuckWay.FAILS_EARLY:
        return "Begin the `try` right after `acquire()`, or use a `with`."
    if stuck.way is StuckWay.CANCELLED:
        return "Release it in a `finally`, or catch `BaseException` where it is released."
    function = enclosing_function(call)
    awaited = stuck.lock.kind is LockKind.ASYNCIO and function is not None and is_async(function)
    word = "async with" if awaited else "with"
    return f"Use `{word} {stuck.lock.name}:`, or a `try` right after it that releases in `finally`."


@rule.fix(
    python,
    does="puts what stands between `acquire()` and the `release()` of the same block under a `with` of the lock",
    safety="safe: the lock is held over the same statements, and released on every way out of them",
)
def held_by_context_manager(file: PythonFile, finding: Finding) -> Fix | Refusal:
    return held_by_with(file, finding)
