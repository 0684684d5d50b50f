"""Which awaits in Python really let other tasks run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.names import arguments, local_function

_NESTED = frozenset({"function_definition", "class_definition", "lambda"})
_MAX_DEPTH = 6
# Entering these asynchronously runs no other task.
_ENTERED_AT_ONCE = ("asyncio.timeout", "timeout(", "fail_after", "move_on_after", "TaskGroup(", "create_task_group(")
_QUEUE = re.compile(r"\b(?:Priority|Lifo)?Queue\b")
_BOUNDED_QUEUE = re.compile(r"\b(?:Priority|Lifo)?Queue(?:\[[^\n]*?\])?\(\s*[^)\s]|\bmaxsize\b")
_STARTS = frozenset({"spawn", "start_soon", "create_task"})
_GROUP = re.compile(r"(?:group|nursery|scope|tg)\w*(?:\(\))?$", re.IGNORECASE)


def is_async(function: Node) -> bool:
    """Whether a definition is an `async def`."""
    return bool(function.children) and function.children[0].type == "async"


def suspends(waiting: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether an `await` may let other tasks run: what it awaits is not a coroutine of this file that never waits.

    Nor is it the putting of something into a queue that takes any number, or the start of another task.
    """
    awaited = waiting.named_children[-1] if waiting.named_children else None
    function = awaited.child_by_field_name("function") if awaited is not None and awaited.type == "call" else None
    if awaited is None or function is None:
        return True
    definition = local_function(function, file)
    if definition is None or not is_async(definition):
        return not (_puts(awaited, function, file) or _starts_a_task(function, file))
    return not never_suspends(definition, file, depth + 1)


def _puts(call: Node, function: Node, file: PythonFile) -> bool:
    """Whether a call puts one thing into a queue, and the file makes no queue that may be full."""
    method = function.child_by_field_name("attribute")
    if method is None or file.text(method) != "put" or not _QUEUE.search(file.content):
        return False
    given = arguments(call, file)
    return len(given.positional) == 1 and not given.keywords and not _BOUNDED_QUEUE.search(file.content)


def _starts_a_task(function: Node, file: PythonFile) -> bool:
    """Whether a call starts a task in a group, as those of curio, aiorpcX and trio do: it runs only later."""
    method, group = function.child_by_field_name("attribute"), function.child_by_field_name("object")
    if method is None or group is None or file.text(method) not in _STARTS:
        return False
    return _GROUP.search(file.text(group)) is not None


def never_suspends(definition: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether an `async def` runs to its end without letting other tasks run. Stubs are taken to be overridden."""
    if depth > _MAX_DEPTH:
        return False
    return file.remember(("never suspends", definition.id), partial(_never_suspends, definition, file, depth))


def _never_suspends(definition: Node, file: PythonFile, depth: int) -> bool:
    body = definition.child_by_field_name("body")
    if body is None or is_stub(definition):
        return False
    return not any(_waits(one, file, depth) for one in _suspicious(body))


def _suspicious(body: Node) -> Iterator[Node]:
    yield from descendants(body, "await", "yield", "for_statement", "with_statement", "for_in_clause", stop=_NESTED)


def _waits(node: Node, file: PythonFile, depth: int) -> bool:
    if node.type == "await":
        # The keyword by itself is of the same type as the expression that it begins.
        return bool(node.named_children) and suspends(node, file, depth)
    return node.type == "yield" or node.children[0].type == "async"


def is_stub(definition: Node) -> bool:
    """Whether a function does nothing but raise, pass or explain itself, so that others override it."""
    body = definition.child_by_field_name("body")
    for statement in body.named_children if body is not None else ():
        first = statement.named_children[0] if statement.named_children else None
        explains = first is not None and first.type in ("string", "ellipsis")
        if statement.type not in ("pass_statement", "raise_statement", "comment") and not explains:
            return False
    return True


def enters_at_once(item: str) -> bool:
    """Whether entering an asynchronous context manager, given as source text, runs no other task."""
    return any(word in item for word in _ENTERED_AT_ONCE)
