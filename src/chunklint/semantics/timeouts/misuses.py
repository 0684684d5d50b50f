"""Timeouts that break what they stand around."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors, begins_within, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.names import arguments, enclosing_function, qualified_name
from chunklint.semantics.python.scopes import FUNCTIONS, Kind, reaching
from chunklint.semantics.timeouts.io_calls import canonical

_STARTS = frozenset({"asyncio.create_task", "asyncio.ensure_future"})
_ON_LOOP = re.compile(r"loop(?:\(\))?\.create_task$")
_AROUND = frozenset({"await", "parenthesized_expression"})
_LOOPS = frozenset({"while_statement", "for_statement"})
_GOES_ON = re.compile(
    r"\b(?:still|keeps?|continues?|goes on|go on)\b.{0,20}\b(?:running|going|scanning|processing|working|in progress)"
    r"|\bstill (?:running|in progress|processing|working)|\bin progress\b|\bin the background\b|\bcontinues? running",
    re.IGNORECASE,
)
_REDIS_CLIENTS = re.compile(r"^redis(?:\.asyncio)?\.(?:Redis|StrictRedis|from_url|Redis\.from_url)$")


def cancels_what_goes_on(call: Node, file: PythonFile) -> tuple[Node, Node, str] | None:
    """The task that `wait_for` cancels though the code after it counts on it, where it does so, and how it shows.

    Nothing for a task inside `asyncio.shield`, nor for one whose timeout is an error.
    """
    function = call.child_by_field_name("function")
    task = arguments(call, file).get("fut", 0)
    if function is None or task is None or task.type != "identifier" or call.has_error:
        return None
    if qualified_name(function, file) != "asyncio.wait_for" or not _is_task_of_its_own(task, file):
        return None
    handler = _timeout_handler(call, file)
    if handler is None or any(True for _ in descendants(handler, "raise_statement", stop=FUNCTIONS)):
        return None
    name = file.text(task)
    if re.search(rf"\b{re.escape(name)}\.cancel\(", file.text(handler)):
        return None
    used = _use_in(handler, name, file)
    if used is not None:
        return task, used, f"`{name}` is used again here"
    if _is_waited_for_again(call, handler, task, file):
        return task, handler, "the loop comes back to it after the timeout"
    said = next((node for node in descendants(handler, "comment", "string") if _GOES_ON.search(file.text(node))), None)
    return (task, said, "the code goes on as if it still ran") if said is not None else None


def _is_task_of_its_own(task: Node, file: PythonFile) -> bool:
    found = reaching(task, file)
    if len(found) != 1 or found[0].kind is not Kind.ASSIGNMENT or found[0].value is None or found[0].path:
        return False
    function = found[0].value.child_by_field_name("function")
    if function is None:
        return False
    return qualified_name(function, file) in _STARTS or _ON_LOOP.search(file.text(function)) is not None


def _timeout_handler(call: Node, file: PythonFile) -> Node | None:
    """The clause that catches the timeout of a call in the body of its `try`, in the same function."""
    for around in ancestors(call):
        if around.type in FUNCTIONS:
            return None
        body = around.child_by_field_name("body") if around.type == "try_statement" else None
        if body is None or not begins_within(call, body):
            continue
        for clause in around.named_children:
            caught = clause.named_children[0] if clause.type == "except_clause" and clause.named_children else None
            if caught is not None and "TimeoutError" in file.text(caught):
                return clause
        return None
    return None


def _use_in(handler: Node, name: str, file: PythonFile) -> Node | None:
    """Where a handler waits for the task, or asks for its result or whether it is done."""
    for node in descendants(handler, "await", "call", stop=FUNCTIONS):
        waits = node.type == "await" and file.text(node.named_children[0] if node.named_children else node) == name
        if waits or re.match(rf"{re.escape(name)}\.(?:add_done_callback|result)\(", file.text(node)):
            return node
    return None


def _is_waited_for_again(call: Node, handler: Node, task: Node, file: PythonFile) -> bool:
    """Whether a loop that neither makes the task nor is left by the handler waits for it again."""
    loop = next((around for around in ancestors(call) if around.type in (*_LOOPS, *FUNCTIONS)), None)
    if loop is None or loop.type in FUNCTIONS:
        return False
    made = reaching(task, file)[0].node
    inside = begins_within(made, loop)
    leaves = any(True for _ in descendants(handler, "break_statement", "return_statement", stop=FUNCTIONS))
    return not inside and not leaves


def limited_listener(call: Node, file: PythonFile) -> Node | None:
    """The `socket_timeout` of a Redis client on whose pub/sub the module listens for ever, and catches no timeout."""
    function = call.child_by_field_name("function")
    limit = arguments(call, file).keywords.get("socket_timeout")
    if function is None or limit is None or limit.type not in ("integer", "float") or call.has_error:
        return None
    if "TimeoutError" in file.content or _REDIS_CLIENTS.match(canonical(qualified_name(function, file) or "")) is None:
        return None
    kept = next((around for around in ancestors(call) if around.type not in _AROUND), None)
    target = kept.child_by_field_name("left") if kept is not None and kept.type == "assignment" else None
    return limit if target is not None and any(True for _ in _listeners(file.text(target), call, file)) else None


def _listeners(client: str, call: Node, file: PythonFile) -> Iterator[str]:
    """The names of channels of a client on which `listen()` is called, within its function or class."""
    around = enclosing_function(call) if "." not in client else None
    text = file.text(around) if around is not None else file.content
    if re.search(rf"\b{re.escape(client)}\.pubsub\([^)]{{0,100}}\)\.listen\(", text):
        yield client
    for channel in re.findall(rf"([\w.]+)[ \t]*=[ \t]*{re.escape(client)}\.pubsub\(", text):
        if f"{channel}.listen(" in text:
            yield channel
