"""CL804: a timeout that breaks what it stands around."""

from collections.abc import Iterator, Mapping

from chunklint.api import (
    Draft,
    Node,
    Pins,
    PythonFile,
    Rule,
    Severity,
    Wait,
    arguments,
    assumed_version,
    cancels_what_goes_on,
    crowded,
    enclosing_function,
    is_test,
    limited_listener,
    patience,
    python,
)

# The first redis-py whose `listen()` ignores the limit of the socket.
_LISTENS_ON = "8.1"

rule = Rule(
    code="CL804",
    name="misplaced-timeout",
    ticket="TICKET-008",
    when="a timeout ends what should go on: `wait_for` cancels a task that is still counted on, a socket's limit ends "
    "a listener; or it protects nobody, since the wait that it limits holds a lock on the event loop",
    effect="the work stops in the middle without a trace, while the caller is told that it goes on; or all requests "
    "stand still until the time is over",
    instead="`await asyncio.wait_for(asyncio.shield(task), ...)`; for a listener a client of its own without "
    "`socket_timeout`, kept alive by `health_check_interval`; `await asyncio.wrap_future(future)` without the lock",
    bad="""\
import asyncio


async def start(report):
    task = asyncio.create_task(report.build())
    try:
        return await asyncio.wait_for(task, timeout=0.5)
    except TimeoutError:
        return {"status": "still running"}
""",
    good="""\
import asyncio


async def start(report):
    task = asyncio.create_task(report.build())
    try:
        return await asyncio.wait_for(asyncio.shield(task), timeout=0.5)
    except TimeoutError:
        return {"status": "still running"}
""",
    example="app/reports.py",
    mentions=("wait_for", "socket_timeout", "Lock"),
    silent_on=(
        "`asyncio.shield(task)`, and `asyncio.wait`, which cancels nothing",
        "a timeout that is an error: the handler raises, cancels the task, or says nothing of its going on",
        "tasks that come from elsewhere: who made them may want them cancelled",
        "listeners in a module that catches TimeoutError, or that ask with `get_message(timeout=...)`",
        "test files",
    ),
    limits=("the task must be made in the same function, and the timeout be caught around its `wait_for`",),
)


@rule.on(
    python,
    '(call function: ((identifier) @name (#eq? @name "wait_for"))) @call',
    '(call function: (attribute attribute: ((identifier) @name (#eq? @name "wait_for")))) @call',
)
def timeout_cancels_task(call: Node, file: PythonFile) -> Iterator[Draft]:
    found = None if is_test(file.path) else cancels_what_goes_on(call, file)
    if found is None:
        return
    task, place, shows = found
    name = file.text(task)
    limit = arguments(call, file).get("timeout", 1)
    after = f" after {file.text(limit)} s" if limit is not None and limit.type in ("integer", "float") else ""
    message = (
        f"`wait_for` cancels `{name}`{after}, but {shows.replace(' here', '')}; `asyncio.shield({name})` lets it go on."
    )
    steps = [(task, f"`{name}` is cancelled when the time is over"), (place, shows)]
    yield rule.at(call, message, severity=Severity.ERROR, steps=steps)


@rule.each(python)
def timeout_protects_nobody(file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    for found in crowded(file):
        limit = patience(found, file)
        if not limit or found.on_loop is None:
            continue
        callee, name = file.text(found.cause.child_by_field_name("function") or found.cause), found.held.lock.name
        caller = enclosing_function(found.on_loop) if found.on_loop.type == "call" else None
        head = caller.child_by_field_name("name") if caller is not None else None
        by = f" (`{file.text(head)}` calls this)" if head is not None else ""
        message = (
            f"`{callee}` may block the event loop{by} for {limit} s with `{name}` held: its timeout protects nobody, "
            "no other request runs meanwhile."
        )
        steps = ((found.held.by, f"`{name}` is taken"), (found.slow, "the loop waits"))
        yield rule.at(found.slow, message, severity=Severity.WARNING, steps=steps)


@rule.fact(
    python,
    '(call arguments: (argument_list (keyword_argument name: (identifier) @name (#eq? @name "socket_timeout")))) @call',
)
def timeout_ends_listener(call: Node, file: PythonFile) -> Iterator[Wait]:
    limit = None if is_test(file.path) else limited_listener(call, file)
    if limit is not None:
        message = (
            f"`socket_timeout={file.text(limit)}` ends `listen()` on this client with a TimeoutError as soon as no "
            f"message comes for that long; redis-py before version {_LISTENS_ON} applies it to listeners, too"
        )
        yield Wait("", file.location(limit), message, "", Severity.NOTE, "redis", _LISTENS_ON)


@rule.across
def listener_is_ended(facts: Mapping[str, tuple[Wait, ...]], pins: Pins) -> Iterator[Draft]:
    for wait in (fact for of_file in facts.values() for fact in of_file):
        assumed = assumed_version(wait, pins)
        if assumed is not None:
            yield rule.at(wait.place, f"{wait.message}{assumed}.", severity=wait.severity)
