"""Calls that take long: network, database, other programs, sleep. They wait as coroutines do, or block their thread."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.names import arguments, local_function, qualified_name

_NESTED = frozenset({"function_definition", "class_definition", "lambda"})
# Through how many calls of own functions a slow call is looked for.
_MAX_CALLS = 2

# What an `await` of these waits for is another thread, another program or the network.
_AWAITED = re.compile(
    r"^(?:asyncio\.(?:sleep|to_thread|open_connection|create_subprocess_(?:exec|shell))"
    r"|anyio\.(?:sleep|to_thread\.run_sync|run_process|connect_tcp)|(?:starlette|fastapi)\.concurrency\.run_in_threadpool"
    r"|asgiref\.sync\.sync_to_async|httpx\.AsyncClient\.(?:get|post|put|patch|delete|head|options|request|send)"
    r"|aiohttp\.(?:client\.)?ClientSession\.(?:get|post|put|patch|delete|head|options|request|ws_connect)"
    r"|redis\.asyncio\.(?:client\.|cluster\.)?Redis(?:Cluster)?\.\w+|redis\.asyncio\.from_url|aioredis\.\w+(?:\.\w+)?"
    r"|asyncpg\.(?:\w+\.)?\w+|sqlalchemy\.ext\.asyncio\.(?:\w+\.)?Async(?:Session|Connection)\.\w+"
    r"|websockets\.(?:\w+\.)*connect|aiosmtplib\.send)$"
)
_BLOCKING = re.compile(
    r"^(?:time\.sleep|requests\.(?:Session\.)?(?:get|post|put|patch|delete|head|options|request|send)"
    r"|httpx\.(?:Client\.)?(?:get|post|put|patch|delete|head|options|request|send)|urllib\.request\.urlopen"
    r"|subprocess\.(?:run|call|check_call|check_output)|socket\.create_connection|smtplib\.SMTP(?:_SSL)?"
    r"|concurrent\.futures\.Future\.result|asyncio\.run_coroutine_threadsafe\.result"
    r"|redis\.(?:client\.)?(?:Strict)?Redis\.(?:get|set|setex|delete|publish|hget|hset|hgetall|expire|incr|ping|blpop|brpop))$"
)
# Where types are not to be had, a receiver's name and a method that fits it.
_BY_NAME = (
    (
        re.compile(r"redis(?:_client)?$|^r$"),
        re.compile(
            r"^(?:get|set|setex|delete|publish|h(?:get|set|getall|del)|x\w+|expire|incr|ping|sadd|srem|smembers)$"
        ),
    ),
    (
        re.compile(r"(?:^|_)(?:db|session|conn|connection)$"),
        re.compile(r"^(?:execute|commit|flush|scalars?|rollback|refresh|fetch|fetchrow|fetchval)$"),
    ),
    (re.compile(r"(?:_repo|_repository|Repository)$"), re.compile(r"^[a-z]\w+$")),
    (
        re.compile(r"(?:^|_)(?:http|http_client|httpx_client|api_client)$"),
        re.compile(r"^(?:get|post|put|patch|delete|request|send)$"),
    ),
    (
        re.compile(r"(?:^|_)(?:websocket|ws)$"),
        re.compile(r"^(?:send|send_json|send_text|send_bytes|recv|receive|receive_json|receive_text)$"),
    ),
    (re.compile(r"(?:^|_)loop$|get_(?:running|event)_loop\(\)$"), re.compile(r"^run_in_executor$")),
)


def slow_call(call: Node, file: PythonFile, *, calls: int = 0) -> Node | None:
    """The call itself, or the one it leads to in this module, if it is known to take long; None otherwise.

    Awaited calls are asked about as waits of a task, others as waits of the thread.
    """
    function = call.child_by_field_name("function")
    if function is None:
        return None
    awaited = is_awaited(call)
    if _is_slow(call, function, awaited, file):
        return call
    definition = local_function(function, file) if calls < _MAX_CALLS else None
    if definition is None or (definition.children[0].type == "async") != awaited:
        return None
    return next(slow_calls(definition, file, calls=calls + 1), None)


def slow_calls(node: Node, file: PythonFile, *, calls: int = 0) -> Iterator[Node]:
    """The slow calls below a node, in order; functions that are only defined there are left out."""
    body = node.child_by_field_name("body") or node
    for call in descendants(body, "call", stop=_NESTED):
        found = slow_call(call, file, calls=calls)
        if found is not None:
            yield found


def is_awaited(call: Node) -> bool:
    """Whether a call is awaited, directly or through `wait_for`, `shield` and `gather`."""
    around = call.parent
    while around is not None and around.type in ("argument_list", "call", "list_splat"):
        around = around.parent
    return around is not None and around.type == "await"


def _is_slow(call: Node, function: Node, awaited: bool, file: PythonFile) -> bool:
    name = qualified_name(function, file) or ""
    if not (_AWAITED if awaited else _BLOCKING).match(name):
        return awaited and _is_slow_by_name(function, file)
    return not name.endswith(".sleep") or not _is_instant(call, file)


def _is_instant(sleep: Node, file: PythonFile) -> bool:
    """Whether a sleep is of 0, which lets others run, or of a few hundredths of a second."""
    given = arguments(sleep, file).get("delay", 0)
    text = file.text(given) if given is not None else ""
    return text.replace(".", "", 1).isdigit() and float(text) < 0.1


def _is_slow_by_name(function: Node, file: PythonFile) -> bool:
    receiver, method = function.child_by_field_name("object"), function.child_by_field_name("attribute")
    if receiver is None or method is None:
        return False
    spelled, word = file.text(receiver).rsplit(".", 1)[-1], file.text(method)
    return any(of.search(spelled) and verbs.match(word) for of, verbs in _BY_NAME)
