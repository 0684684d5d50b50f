"""CL401: shared state that changes while a coroutine that has looked at it waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from chunklint.api import (
    Borrowed,
    Coroutine,
    Draft,
    EcmascriptFile,
    Evidence,
    Finding,
    Fix,
    Harm,
    Instance,
    Naked,
    PythonFile,
    Refusal,
    Rule,
    Severity,
    SourceFile,
    Suspicion,
    ThreadFact,
    convincing,
    ecmascript,
    forgotten_locks,
    guarded,
    is_test,
    naked_changes,
    naked_changes_of_classes,
    python,
    suspicions,
    suspicions_of_classes,
    thread_facts,
    told_of_classes,
    torn,
)

rule = Rule(
    code="CL401",
    name="unlocked-shared-state",
    ticket="TICKET-004",
    when="a coroutine looks at shared state, awaits, and then changes the state as if nothing had happened meanwhile",
    effect="another task has its turn during the await: limits are exceeded, updates lost, keys gone, loops broken",
    instead="one `async with lock:` around the look, the await and the change; or look again after the await",
    bad="""\
class Hub:
    def __init__(self):
        self.clients = {}

    async def join(self, name, socket):
        if len(self.clients) >= 100:
            return
        await socket.accept()
        self.clients[name] = socket

    def leave(self, name):
        self.clients.pop(name, None)


hub = Hub()
""",
    good="""\
import asyncio


class Hub:
    def __init__(self):
        self.clients = {}
        self._lock = asyncio.Lock()

    async def join(self, name, socket):
        async with self._lock:
            if len(self.clients) >= 100:
                return
            self.clients[name] = socket
        await socket.accept()

    async def leave(self, name):
        async with self._lock:
            self.clients.pop(name, None)


hub = Hub()
""",
    example="app/hub.py",
    mentions=("await", "async", "fastapi", "starlette", "Lock", "to_thread", "run_in_executor"),
    silent_on=(
        "a look and a change with no await between them, or with an await of a coroutine that never suspends",
        "one lock held from the look to the change, by the function itself or by all callers of a helper in its file",
        "a second look after the await, such as the inner test of double-checked locking",
        "maps of locks that count who waits, or whose locks go with what they protect",
        "copies: `list(self.clients)`, `self.clients.copy()`; keys that the function itself put in",
        "objects with one owner: nothing shows that two tasks use them at the same time; what a function makes itself",
        "changes beside the making of the lock that guards the state, and a coroutine that `asyncio.run` runs",
        "caches where the same key gives the same value whoever fills it; sets that note what is done",
        "caches that are filled from what is in memory, whatever it is asked with",
        "loops over lists that only skip one, where nothing shows that tasks meet or what takes out is `unregister`",
        "what a thread changes in one go, such as one entry or a plain attribute, beside a lock that guards the rest",
        "what threads change without their lock in a class that has no coroutine",
        "awaits that wait for nobody: what is put into a queue that takes any number, tasks that a group starts, "
        "methods whose every definition in the project never suspends",
        "what only the end of a life runs: helpers of `close`, and `finally` in `serve` and in context managers",
        "objects whose lock other files hold around the calls of their methods",
        "what is only handed out (`await get_client()`), and what an `except` makes anew because the call failed",
        "what sync functions add that no coroutine of the file calls, and an index that a function ends with",
        "changes without a lock where no holder of it replaces what it saw before it waits, or fetches for a key; "
        "single values, which whoever knows them last sets",
        "keys that only the function takes out that is told them, or that it needs last, where nothing shows that "
        "tasks meet; what a worker takes that takes anything; what is read for the text of an error",
        "containers that the writer makes anew before it fills them",
        "`close`, `stop`, `shutdown`, `__aexit__`, and what begins an object's life: `start`, `__aenter__`",
        "test files",
    ),
    limits=(
        "attributes of base classes that another file defines are not seen",
        "a change that an awaited method makes is taken to be what the caller wants",
        "a map of locks is taken to forget a lock too early only where the function that holds the lock removes it",
        "of an object that another object keeps (`self.pool.items`) only globals are followed, and only for threads",
        "a class is shared when an object of it lives as long as the process, or when it owns a lock; otherwise only "
        "what its name or its own methods make likely is reported, as a note",
        "there is no fix for TypeScript and JavaScript, which have no lock of their own to hold",
    ),
)


@rule.fact(python)
def changes_after_waiting(file: PythonFile) -> Iterator[Suspicion | Instance | Coroutine | Borrowed | ThreadFact]:
    if not is_test(file.path):
        yield from suspicions(file)
        yield from told_of_classes(file)
        yield from thread_facts(file)


@rule.fact(ecmascript)
def changes_this_after_waiting(file: EcmascriptFile) -> Iterator[Suspicion]:
    if not is_test(file.path):
        yield from suspicions_of_classes(file)


@rule.each(python)
def changes_without_the_lock(file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    yield from map(_without_lock, _by_function(naked_changes(file), file))


@rule.each(ecmascript)
def changes_this_without_the_mutex(file: EcmascriptFile) -> Iterator[Draft]:
    if not is_test(file.path):
        yield from map(_without_lock, _by_function(naked_changes_of_classes(file), file))


def _by_function(found: Iterable[Naked], file: SourceFile) -> Iterable[Sequence[Naked]]:
    """Changes that one function makes without the same lock: one lock around it settles all of them."""
    groups: dict[tuple[str, str], list[Naked]] = {}
    for one in found:
        groups.setdefault((file.symbol(one.act), one.lock), []).append(one)
    return groups.values()


def _without_lock(alike: Sequence[Naked]) -> Draft:
    one = alike[0]
    where = " and ".join(f"`{name}`" for name in one.guarded[:2])
    middle = "" if one.threads else ", which waits in the middle of it"
    message = f"`{one.state}` is changed without `{one.lock}`, which {where} hold for that{middle}."
    return rule.at(one.act, message + _the_same(one.state, alike), severity=Severity.NOTE)


def _the_same(state: str, alike: Sequence[Naked | Suspicion]) -> str:
    others = [f"`{other}`" for other in dict.fromkeys(one.state for one in alike) if other != state]
    return f" The same goes for {', '.join(others)}." if others else ""


@rule.each(python)
def forgets_a_lock(file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    for one in forgotten_locks(file):
        message = (
            f"`{one.map}` forgets this lock while others may wait for it: they go on with the old lock, and whoever "
            "comes next makes a new one and goes in beside them."
        )
        steps = [(one.held, "The lock is held here, and others wait for it.")] if one.held is not None else []
        yield rule.at(one.removal, message, severity=Severity.WARNING, steps=[*steps, (one.removal, "It is removed.")])


@rule.across
def is_changed_by_loop_and_threads(facts: Mapping[str, tuple[object, ...]]) -> Iterator[Draft]:
    for one in torn(facts):
        states = " and ".join(f"`{state}`" for state in one.states)
        message = (
            f"`{one.function}` looks at {states} and then changes it without a lock, although the event loop "
            f"(`{one.in_loop}`) and a worker thread may both do so at the same time."
        )
        steps = [(one.threaded, "This runs in a worker thread."), (one.place, "The state is looked at and changed.")]
        yield rule.at(one.place, message, severity=Severity.NOTE, steps=steps)


@rule.across
def is_shared(facts: Mapping[str, tuple[object, ...]]) -> Iterator[Draft]:
    alike: dict[object, list[Suspicion]] = {}
    for one in convincing(facts):
        # Of what is only worth a look, one function is one place.
        mild = _severity(one) is Severity.NOTE
        key = (one.place.path, one.place.symbol, one.harm) if mild and one.place.symbol else id(one)
        alike.setdefault(key, []).append(one)
    for one, *others in alike.values():
        steps = [
            (one.looked, f"`{one.state}` is looked at."),
            (one.waited, f"`{one.wait}` lets other tasks run."),
            (one.place, f"`{one.state}` is {_done(one)}."),
        ]
        related = [(place, "This relies on the same look.") for place in one.more]
        message = _message(one) + _the_same(one.state, others)
        yield rule.at(one.place, message, severity=_severity(one), steps=steps, related=related)


def _message(one: Suspicion) -> str:
    apart = " Look and change each hold a lock, but no single critical section spans both." if one.apart else ""
    return f"{_sentence(one)}{apart}"


def _sentence(one: Suspicion) -> str:
    state, wait = f"`{one.state}`", f"`{one.wait}`"
    match one.harm:
        case Harm.LOST:
            return f"{state} gets a value made of what it was before {wait}; what others changed meanwhile is lost."
        case Harm.MISSING:
            return f"{state} may no longer hold this: it was seen before {wait}, and another task can remove it."
        case Harm.CLEARED:
            return f"{state} is emptied here but was read before {wait}; what came in meanwhile is thrown away."
        case Harm.ITERATED:
            by = f"`{one.others[0]}`" if one.others else "another task"
            return f"{state} is iterated across {wait}, and {by} may change it in the middle; iterate over a copy."
        case Harm.DYING:
            return (
                f"{state} keeps its task while {wait} waits for the end of it: `{one.others[0]}` finds it there "
                "meanwhile, starts no other one, and then it is gone; take it out before the wait."
            )
        case Harm.TWICE:
            twice = f"What {state} says was done is done" if one.flag else f"{state} is made"
            return f"{twice} twice when a second task comes here before {wait} has returned."
    if one.limit:
        return f"{state} grows here, but its size was checked before {wait}; all who passed the check add to it."
    return f"{state} is changed here by a decision from before {wait}; another task may have changed it meanwhile."


def _done(one: Suspicion) -> str:
    match one.harm:
        case Harm.ITERATED:
            return "still being iterated"
        case Harm.CLEARED:
            return "emptied"
        case Harm.MISSING:
            return "relied on"
        case Harm.DYING:
            return "given up"
    return "changed"


def _severity(one: Suspicion) -> Severity:
    if one.harm is Harm.TWICE or one.evidence in (Evidence.LIKELY, Evidence.NONE):
        return Severity.NOTE
    return Severity.ERROR if one.harm is Harm.LOST else Severity.WARNING


@rule.fix(
    python,
    does="holds a lock from the check to the change: the one that other changes of the state hold, or a new "
    "`asyncio.Lock` that `__init__`, for a global the module, makes next to the state; where what is iterated "
    "changes, iterates over a copy; none where the lock would be held for long, where what runs in between may need "
    "it too, or where something else changes the state and would not hold it",
    safety="unsafe: what ran side by side waits for its turn, and what is awaited in between must not come back for "
    "the lock; on Python 3.9 and older a lock must be made while the event loop runs that it is for",
)
def holds_the_lock_throughout(file: PythonFile, finding: Finding, width: int) -> Fix | Refusal:
    return guarded(file, finding, width)
