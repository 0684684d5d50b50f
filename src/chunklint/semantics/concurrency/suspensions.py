"""Which awaits in Python really let other tasks run."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.names import local_function

_NESTED = frozenset({"function_definition", "class_definition", "lambda"})
_MAX_DEPTH = 6
# Entering these asynchronously runs no other task.
_ENTERED_AT_ONCE = ("asyncio.timeout", "timeout(", "fail_after", "move_on_after", "TaskGroup(", "create_task_group(")


def is_async(function: Node) -> bool:
    """Whether a definition is an `async def`."""
    return bool(function.children) and function.children[0].type == "async"


def suspends(waiting: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether an `await` may let other tasks run: what it awaits is not a coroutine of this file that never waits."""
    awaited = waiting.named_children[-1] if waiting.named_children else None
    function = awaited.child_by_field_name("function") if awaited is not None and awaited.type == "call" else None
    definition = local_function(function, file) if function is not None else None
    if definition is None or not is_async(definition):
        return True
    return not never_suspends(definition, file, depth + 1)


def never_suspends(definition: Node, file: PythonFile, depth: int = 0) -> bool:
    """Whether an `async def` runs to its end without letting other tasks run. Stubs are taken to be overridden."""
    if depth > _MAX_DEPTH:
        return False
    return file.remember(("never suspends", definition.id), partial(_never_suspends, definition, file, depth))


def _never_suspends(definition: Node, file: PythonFile, depth: int) -> bool:
    body = definition.child_by_field_name("body")
    if body is None or _is_stub(body):
        return False
    return not any(_waits(one, file, depth) for one in _suspicious(body))


def _suspicious(body: Node) -> Iterator[Node]:
    yield from descendants(body, "await", "yield", "for_statement", "with_statement", "for_in_clause", stop=_NESTED)


def _waits(node: Node, file: PythonFile, depth: int) -> bool:
    if node.type == "await":
        return suspends(node, file, depth)
    return node.type == "yield" or node.children[0].type == "async"


def _is_stub(body: Node) -> bool:
    """Whether a body does nothing but raise, pass or explain itself."""
    for statement in body.named_children:
        first = statement.named_children[0] if statement.named_children else None
        explains = first is not None and first.type in ("string", "ellipsis")
        if statement.type not in ("pass_statement", "raise_statement", "comment") and not explains:
            return False
    return True


def enters_at_once(item: str) -> bool:
    """Whether entering an asynchronous context manager, given as source text, runs no other task."""
    return any(word in item for word in _ENTERED_AT_ONCE)
