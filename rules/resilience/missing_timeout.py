"""CL801: an I/O call whose library waits for ever unless told otherwise."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from chunklint.api import (
    AXIOS,
    AXIOS_METHODS,
    CELERY,
    IO_MENTIONS,
    IO_METHODS,
    LIMITED_BY_CALL,
    REQUESTS,
    SOCKETS,
    Draft,
    EcmascriptFile,
    Finding,
    Fix,
    Limit,
    Node,
    Pins,
    PythonFile,
    Refusal,
    Rule,
    Severity,
    Wait,
    Waiter,
    assumed_version,
    awaited_text,
    axios_waits_for_ever,
    callee_text,
    download_waits_for_ever,
    ecmascript,
    gravity,
    is_imported,
    is_script,
    is_test,
    limited,
    limited_request,
    local_function,
    python,
    qualified_name,
    runs_migrations,
    sets_axios_default,
    stops_the_loop,
    waits_for_ever,
)

# What one file contributes: a call that waits, or a family that has a default.
Fact: TypeAlias = Wait | tuple[str]

_METHOD = f"((identifier) @name (#any-of? @name {' '.join(IO_METHODS)}))"

rule = Rule(
    code="CL801",
    name="missing-timeout",
    ticket="TICKET-008",
    when="an I/O call has no timeout, and its library's default is to wait for ever",
    effect="one silent server holds a worker, a connection or the whole event loop until somebody restarts the process",
    instead="the timeout that the call or its client takes, with a value that the caller can live with",
    bad="""\
import requests


def rate(currency):
    return requests.get(f"https://rates.example/{currency}").json()
""",
    good="""\
import requests

from app.settings import settings


def rate(currency):
    return requests.get(f"https://rates.example/{currency}", timeout=settings.rates_timeout).json()
""",
    example="app/rates.py",
    mentions=IO_MENTIONS,
    options=Limit(),
    silent_on=(
        "libraries whose default is finite: httpx, aiohttp, boto3, stripe, openai, psycopg 3, elasticsearch, "
        "slack_sdk, qdrant, docker, websockets, and redis-py where a manifest or a lock asks for version 8",
        "`timeout=None`, which is a decision, if a doubtful one; CL802 reports it",
        "calls inside `wait_for`, `asyncio.timeout()`, `fail_after`, a `@timeout` decorator, a Celery `time_limit`",
        "arguments that cannot be seen: `*args`, `**options` from elsewhere, a session or a config that is handed in",
        "sessions with an adapter of one's own, which is where timeouts for all of their calls live",
        "Redis clients on which the module listens (`pubsub`, `blpop`, `xread`) without an end, or for half a minute "
        "and more at a time: a limit would break them",
        "a project that calls `socket.setdefaulttimeout`, sets `axios.defaults.timeout` or patches requests with one",
        "`queue.get()`, `thread.join()`, `process.wait()` and `docker logs -f`, which wait by design",
        "database engines of scripts and of SQLite, those that a function makes for itself, and modules that set a "
        "`statement_timeout` or `lock_timeout`",
        "futures of an executor in a `with` block, whose end waits for them in any case",
        "scripts that ask a server of this machine, whose address they spell out",
        "tasks of Celery on whose results a command line waits: whoever started it sees that it does",
        "test files",
        "the browser's `fetch` where the answer is not a whole file: what a person sees is a matter of design, not of "
        "a default",
    ),
    limits=(
        "without a manifest above the file that names redis, redis-py is taken to be older than version 8",
        "a client that another module makes is judged there, where its constructor is; a session of requests that "
        "another module makes is not followed to its calls",
        "of the programs that are started only known ones are judged: curl, ssh, rsync, git, docker, nvidia-smi",
        "a gRPC stub is judged where it is made, by the calls that its module makes through it; streams are not judged",
        "limits that a database sets for a user or a database",
        "`Future.result()` is judged only where the future comes straight from `submit` or `run_coroutine_threadsafe`",
    ),
)


@rule.fact(
    python,
    "(call function: (identifier)) @call",
    f"(call function: (attribute attribute: {_METHOD})) @call",
    '(call function: (attribute attribute: ((identifier) @name (#match? @name "Stub$")))) @call',
)
def call_waits_for_ever(call: Node, file: PythonFile) -> Iterator[Fact]:
    if is_test(file.path):
        return
    waiter = waits_for_ever(call, file)
    if waiter is not None:
        yield _wait(call, waiter, file)


@rule.fact(
    python,
    '(call function: ((identifier) @callee (#eq? @callee "setdefaulttimeout")))',
    '(call function: (attribute attribute: (identifier) @name (#eq? @name "setdefaulttimeout")) @callee)',
)
def process_has_default(callee: Node, file: PythonFile) -> Iterator[Fact]:
    if qualified_name(callee, file) == "socket.setdefaulttimeout":
        yield (SOCKETS,)


@rule.fact(python)
def broker_has_default(file: PythonFile) -> Iterator[Fact]:
    if "broker_transport_options" in file.content and "socket_timeout" in file.content:
        yield (CELERY,)


@rule.fact(python, "(assignment left: (attribute) @patched) @patch")
def requests_is_patched(patched: Node, patch: Node, file: PythonFile) -> Iterator[Fact]:
    value = patch.child_by_field_name("right")
    if value is None or not (qualified_name(patched, file) or "").startswith("requests."):
        return
    if not is_imported(patched, file):
        return
    replacement = local_function(value, file) or value
    if "timeout" in file.text(replacement):
        yield (REQUESTS,)


@rule.fact(
    ecmascript,
    "(call_expression function: (identifier)) @call",
    "(call_expression function: (member_expression property: (property_identifier) @name)) @call",
)
def axios_call_waits_for_ever(call: Node, file: EcmascriptFile, name: Node | None = None) -> Iterator[Fact]:
    if (name is not None and file.text(name) not in AXIOS_METHODS) or is_test(file.path):
        return
    if axios_waits_for_ever(call, file):
        makes = "makes a client that " if name is not None and file.text(name) == "create" else ""
        message = f"`{callee_text(call, file)}` {makes}waits for ever; axios's default timeout is 0, which means none"
        yield Wait(AXIOS, file.location(call), message, "", Severity.NOTE if is_script(file) else Severity.WARNING)


@rule.fact(ecmascript, '(call_expression function: (identifier) @callee (#eq? @callee "fetch")) @call')
def download_has_no_end(call: Node, file: EcmascriptFile) -> Iterator[Fact]:
    if not is_test(file.path) and not is_script(file) and download_waits_for_ever(call, file):
        message = "This download with `fetch` goes on for ever when the server falls silent"
        advice = " `signal: AbortSignal.timeout(...)` ends it."
        yield Wait("", file.location(call), message, advice, Severity.NOTE)


@rule.fact(ecmascript, "(assignment_expression left: (member_expression) @target)")
def axios_has_default(target: Node, file: EcmascriptFile) -> Iterator[Fact]:
    if sets_axios_default(target, file):
        yield (AXIOS,)


@rule.across
def waits_for_ever_by_default(facts: Mapping[str, tuple[Fact, ...]], pins: Pins) -> Iterator[Draft]:
    found = [fact for of_file in facts.values() for fact in of_file]
    limited = {fact[0] for fact in found if isinstance(fact, tuple)}
    told = set()
    for fact in found:
        if isinstance(fact, tuple) or fact.family in limited:
            continue
        if fact.family in LIMITED_BY_CALL and (fact.family, fact.place.path) in told:
            continue
        told.add((fact.family, fact.place.path))
        assumed = assumed_version(fact, pins)
        if assumed is not None:
            yield rule.at(fact.place, f"{fact.message}{assumed}.{fact.advice}", severity=fact.severity)


@rule.fix(
    python,
    does="passes the limit that the library takes, with the value of the option `timeout`; its import is added once. "
    "An engine whose URL names its driver hands that driver's limits over by `connect_args`, and the wait for a "
    "program of asyncio gets `asyncio.wait_for`, and the program is killed where that gives up",
    safety="safe for HTTP and mail, where a server that says nothing for 30 s is taken to be down; unsafe for calls "
    "that speak of streams, events, polling, models, queries of users, exports and other work that may be long, for "
    "those whose callers choose the method or where to something is sent, for those whose handler then catches the "
    "limit besides the failure that it catches already, and for sockets, statements, engines, programs and "
    "clients that may listen, which may take long and be well. Where a call or its function speaks of "
    "completions, embeddings, scraping or queries of users, hands work to a model, has tables truncated, applications "
    "built or the like, or waits for a future or a task of Celery, no limit is guessed: there is one only when the "
    "option `timeout` says which. Programs that move files, and commands that run elsewhere, get none, and neither do "
    "calls whose handler would not fit a limit that is met",
)
def passes_the_limit(file: PythonFile, finding: Finding, options: Limit, width: int) -> Fix | Refusal:
    return limited(file, finding, options, width)


@rule.fix(
    ecmascript,
    does="gives the axios call or instance a `timeout` with the value of the option `timeout_ms`, in the config that "
    "it has or gets; its import is added once. Downloads and uploads are left alone, but a `fetch` of a font, an icon "
    "or the like gets `AbortSignal.timeout`",
    safety="safe where a server should answer within 30 s; unsafe for calls that speak of files, streams, events, "
    "polling, exports and other work that may be long, and where callers choose the address or the method. An "
    "instance gets its limit only where all of its calls are seen, and for work of models, queries of users and what "
    "works on all of a table or an application no limit is guessed",
)
def gives_axios_a_limit(file: EcmascriptFile, finding: Finding, options: Limit) -> Fix | Refusal:
    return limited_request(file, finding, options)


def _wait(call: Node, waiter: Waiter, file: PythonFile) -> Wait:
    awaited = awaited_text(call, file) if waiter.blocks else ""
    subject = f" for `{awaited}`" if awaited else ""
    advice = ""
    if stops_the_loop(call, blocks=waiter.blocks):
        advice = " It blocks the event loop, and with it every other request."
    elif waiter.library.package == "sqlalchemy" and runs_migrations(file):
        advice = " While a migration waits for a lock, every query on that table waits behind it."
    message = f"`{callee_text(call, file)}` {waiter.waits}{subject}; {waiter.default}"
    library = waiter.library
    return Wait(
        waiter.family,
        file.location(call),
        message,
        advice,
        gravity(call, file, blocks=waiter.blocks, partial=waiter.partial),
        library.package,
        library.finite_from,
    )
