"""CL801: an I/O call whose library waits for ever unless told otherwise."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from chunklint.api import (
    AXIOS,
    AXIOS_METHODS,
    IO_MENTIONS,
    IO_METHODS,
    LIMITED_BY_CALL,
    REQUESTS,
    SOCKETS,
    Draft,
    EcmascriptFile,
    Location,
    Node,
    PythonFile,
    Rule,
    Severity,
    SourceFile,
    Waiter,
    arguments,
    axios_waits_for_ever,
    ecmascript,
    enclosing_function,
    is_async,
    is_script,
    is_test,
    local_function,
    python,
    qualified_name,
    sets_axios_default,
    under_main_guard,
    waits_for_ever,
)

# What one file contributes: a call that waits (family, place, message, severity), or a family that has a default.
Fact: TypeAlias = tuple[str, Location, str, Severity] | tuple[str]

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
    silent_on=(
        "libraries whose default is finite: httpx, aiohttp, boto3, stripe, openai, psycopg 3, elasticsearch, slack_sdk",
        "`timeout=None`, which is a decision, if a doubtful one; CL802 reports it",
        "calls inside `wait_for`, `asyncio.timeout()`, `fail_after`, a `@timeout` decorator, a Celery `time_limit`",
        "arguments that cannot be seen: `*args`, `**options` from elsewhere, a session or a config that is handed in",
        "sessions with an adapter of one's own, which is where timeouts for all of their calls live",
        "Redis clients on which the module listens (`pubsub`, `blpop`, `xread`): a limit would break them",
        "a project that calls `socket.setdefaulttimeout`, sets `axios.defaults.timeout` or patches requests with one",
        "`queue.get()`, `thread.join()`, `process.wait()` and `docker logs -f`, which wait by design",
        "test files",
        "the browser's `fetch`: browsers and Node limit the silence themselves, and what a person sees is a "
        "matter of design, not of a default",
    ),
    limits=(
        "redis-py is taken to be older than version 8, whose default is 5 seconds; the installed version is not read",
        "a client that another module makes is judged there, where its constructor is",
        "of the programs that `subprocess` starts only known network programs are judged: curl, ssh, rsync, git",
        "`Future.result()` is judged only where the future comes straight from `submit` or `run_coroutine_threadsafe`",
    ),
)


@rule.fact(python, "(call function: (identifier)) @call", f"(call function: (attribute attribute: {_METHOD})) @call")
def call_waits_for_ever(call: Node, file: PythonFile) -> Iterator[Fact]:
    if is_test(file.path):
        return
    waiter = waits_for_ever(call, file)
    if waiter is not None:
        yield waiter.family, file.location(call), _message(call, waiter, file), _severity(call, waiter, file)


@rule.fact(
    python,
    '(call function: ((identifier) @callee (#eq? @callee "setdefaulttimeout")))',
    '(call function: (attribute attribute: (identifier) @name (#eq? @name "setdefaulttimeout")) @callee)',
)
def process_has_default(callee: Node, file: PythonFile) -> Iterator[Fact]:
    if qualified_name(callee, file) == "socket.setdefaulttimeout":
        yield (SOCKETS,)


@rule.fact(python, "(assignment left: (attribute) @patched) @patch")
def requests_is_patched(patched: Node, patch: Node, file: PythonFile) -> Iterator[Fact]:
    value = patch.child_by_field_name("right")
    if value is None or not (qualified_name(patched, file) or "").startswith("requests."):
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
        message = f"`{_callee(call, file)}` {makes}waits for ever; axios's default timeout is 0, which means none."
        yield AXIOS, file.location(call), message, Severity.NOTE if is_script(file) else Severity.WARNING


@rule.fact(ecmascript, "(assignment_expression left: (member_expression) @target)")
def axios_has_default(target: Node, file: EcmascriptFile) -> Iterator[Fact]:
    if sets_axios_default(target, file):
        yield (AXIOS,)


@rule.across
def waits_for_ever_by_default(facts: Mapping[str, tuple[Fact, ...]]) -> Iterator[Draft]:
    found = [fact for of_file in facts.values() for fact in of_file]
    limited = {fact[0] for fact in found if len(fact) == 1}
    told = set()
    for fact in found:
        if len(fact) == 1 or fact[0] in limited:
            continue
        family, place, message, severity = fact
        if family in LIMITED_BY_CALL and (family, place.path) in told:
            continue
        told.add((family, place.path))
        yield rule.at(place, message, severity=severity)


def _message(call: Node, waiter: Waiter, file: PythonFile) -> str:
    subject = _subject(call, file) if waiter.blocks else ""
    stuck = " It blocks the event loop, and with it every other request." if _stops_the_loop(call, waiter) else ""
    return f"`{_callee(call, file)}` {waiter.waits}{subject}; {waiter.default}.{stuck}"


def _subject(call: Node, file: PythonFile) -> str:
    """What the call waits for, when that is a name or a command that begins with one."""
    given = arguments(call, file)
    first = given.get("url", 1 if _callee(call, file).endswith("request") else 0)
    if first is None:
        return ""
    if first.type == "list" and first.named_children and first.named_children[0].type == "string":
        return f" for `{file.text(first.named_children[0])[1:-1]}`"
    named = first.type in ("identifier", "attribute") and len(file.text(first)) <= 40
    return f" for `{file.text(first)}`" if named else ""


def _callee(call: Node, file: SourceFile) -> str:
    """The callee as the code spells it, its receiver left out when that is a call of its own."""
    function = call.child_by_field_name("function")
    spelled = file.text(function) if function is not None else ""
    return spelled if len(spelled) <= 60 and spelled.isprintable() else spelled.rpartition(".")[2]


def _severity(call: Node, waiter: Waiter, file: PythonFile) -> Severity:
    if waiter.partial or is_script(file) or under_main_guard(call, file):
        return Severity.NOTE
    return Severity.ERROR if _stops_the_loop(call, waiter) else Severity.WARNING


def _stops_the_loop(call: Node, waiter: Waiter) -> bool:
    function = enclosing_function(call)
    return waiter.blocks and function is not None and is_async(function)
