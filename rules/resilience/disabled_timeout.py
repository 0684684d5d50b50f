"""CL802: a limit that is given, and is none."""

from collections.abc import Iterator

from chunklint.api import (
    SWITCH_MENTIONS,
    SWITCH_METHODS,
    Draft,
    EcmascriptFile,
    Finding,
    Fix,
    Limit,
    Node,
    PythonFile,
    Refusal,
    Rule,
    Severity,
    callee_text,
    ecmascript,
    gravity,
    is_script,
    is_test,
    limited_again,
    limited_request_again,
    python,
    switched_off,
    switches_axios_off,
)

_METHOD = f"((identifier) @name (#any-of? @name {' '.join(SWITCH_METHODS)}))"

rule = Rule(
    code="CL802",
    name="disabled-timeout",
    ticket="TICKET-008",
    when="a call or a client switches its timeout off: `None`, an infinite number, a 0 that means none",
    effect="one silent server holds a worker or a connection until somebody restarts the process, though the library "
    "would have given up",
    instead="a limit, however generous; for a stream `httpx.Timeout(30, read=None)` limits everything but the silence",
    bad="""\
import httpx


async def rate(currency):
    async with httpx.AsyncClient(timeout=None) as client:
        return (await client.get(f"https://rates.example/{currency}")).json()
""",
    good="""\
import httpx

from app.settings import settings


async def rate(currency):
    async with httpx.AsyncClient(timeout=settings.rates_timeout) as client:
        return (await client.get(f"https://rates.example/{currency}")).json()
""",
    example="app/rates.py",
    mentions=SWITCH_MENTIONS,
    options=Limit(),
    silent_on=(
        "streams, listeners, transfers and polls, known by `stream=True`, by what the module reads from them, or by "
        "the names of the function, the class or the client",
        "a limit that is none for a part of the wait, as in `httpx.Timeout(10, read=None)`, `ClientTimeout(total=None, "
        "sock_read=30)`",
        "a comment beside the call that says why",
        "calls inside `wait_for`, `asyncio.timeout()` and their like; variables and settings that may be None",
        "`settimeout(None)`, which brings a socket back to blocking once it is connected",
        "axios requests with `onUploadProgress`, `onDownloadProgress` or a signal",
        "test files",
    ),
    limits=(
        "a parameter with the default None is followed to the calls in its own module",
        "a 0 counts where the library's documentation says that it means none: libpq, aiohttp, axios",
    ),
)


@rule.on(python, "(call function: (identifier)) @call", f"(call function: (attribute attribute: {_METHOD})) @call")
def timeout_is_none(call: Node, file: PythonFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    found = switched_off(call, file)
    if found is None:
        return
    severity = gravity(call, file, blocks=found.blocks, partial=found.partial)
    if found.caller is None:
        message = f"`{found.spelled}` tells `{callee_text(call, file)}` to wait for ever; {found.instead}."
        yield rule.at(found.value, message, severity=severity)
        return
    message = (
        f"`{found.spelled}` tells `{callee_text(call, file)}` to wait for ever where it is left at None, as in line "
        f"{found.caller.start_point[0] + 1}; {found.instead}."
    )
    yield rule.at(found.value, message, severity=severity, related=[(found.caller, "called without a limit")])


@rule.on(
    ecmascript,
    "(call_expression function: (identifier)) @call",
    "(call_expression function: (member_expression)) @call",
)
def axios_timeout_is_zero(call: Node, file: EcmascriptFile) -> Iterator[Draft]:
    if is_test(file.path):
        return
    limit = switches_axios_off(call, file)
    if limit is not None:
        message = f"`{file.text(limit)}` switches axios's limit off: the request waits for ever for its server."
        yield rule.at(limit, message, severity=Severity.NOTE if is_script(file) else Severity.WARNING)


@rule.fix(
    python,
    does="puts the value of the option `timeout` in place of the None or the 0; its import is added once",
    safety="unsafe, for somebody wrote that there is no limit, and may have known why",
)
def sets_a_limit(file: PythonFile, finding: Finding, options: Limit) -> Fix | Refusal:
    return limited_again(file, finding, options)


@rule.fix(
    ecmascript,
    does="puts the value of the option `timeout_ms` in place of the 0; its import is added once",
    safety="unsafe, for somebody wrote that there is no limit, and may have known why",
)
def sets_a_limit_of_axios(file: EcmascriptFile, finding: Finding, options: Limit) -> Fix | Refusal:
    return limited_request_again(file, finding, options)
