"""What a Python function has for itself: the object or the lock that it makes, the whole program that it is."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import lock_of
from chunklint.semantics.python.names import calls_of

_NESTED = frozenset({"function_definition", "class_definition", "lambda"})
_RUNNERS = frozenset({"asyncio.run", "anyio.run", "trio.run", "uvloop.run"})
_RUNNING_METHODS = frozenset({"run_until_complete"})


def makes_its_object(function: Node, file: PythonFile) -> bool:
    """Whether what a function calls `self` is an object that it makes, as factories do: nobody else has it yet."""
    body = function.child_by_field_name("body")
    made = descendants(body, "assignment", stop=_NESTED) if body is not None else ()
    targets = (one.child_by_field_name("left") for one in made)
    return any(one is not None and file.text(one) == "self" for one in targets)


def lock_made_beside(node: Node, file: PythonFile, name: str = "") -> bool:
    """Whether the function makes a lock, of this name if one is given, on every way that leads through a node.

    Then nobody can have held it before, and what the function does until it is done belongs to the making.
    """
    for around in ancestors(node):
        if around.type == "function_definition":
            return False
        if around.type == "block" and any(_makes_lock(one, file, name) for one in around.named_children):
            return True
    return False


def _makes_lock(statement: Node, file: PythonFile, name: str) -> bool:
    value = statement.named_children[0] if statement.type == "expression_statement" else None
    if value is None or value.type != "assignment":
        return False
    left, right = value.child_by_field_name("left"), value.child_by_field_name("right")
    if left is None or right is None or left.type != "attribute" or right.type != "call":
        return False
    made = lock_of(right, file)
    is_new = made is not None and not made.home and made.kind is not LockKind.PRESUMED
    return is_new and name in ("", file.text(left))


def is_the_program(function: Node, file: PythonFile) -> bool:
    """Whether a coroutine is only ever what `asyncio.run` runs, so that no other task was there before it."""
    calls = calls_of(function, file)
    return bool(calls) and all(_is_run(call, file) for call in calls)


def _is_run(call: Node, file: PythonFile) -> bool:
    listed = call.parent
    runner = listed.parent if listed is not None and listed.type == "argument_list" else None
    callee = runner.child_by_field_name("function") if runner is not None else None
    name = file.text(callee) if callee is not None else ""
    return name in _RUNNERS or name.rpartition(".")[2] in _RUNNING_METHODS
