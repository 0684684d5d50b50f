"""What the messages about a waiting call have in common: its name, what it waits for, how grave the wait is."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.languages.python import PythonFile
from chunklint.model import Severity
from chunklint.semantics.python.names import arguments, enclosing_function
from chunklint.semantics.python.roles import is_script, under_main_guard
from chunklint.semantics.timeouts.deadlines import is_async

# Longer names and addresses say less than they cost to read.
_MAX_CALLEE, _MAX_SUBJECT = 60, 40


def callee_text(call: Node, file: SourceFile) -> str:
    """The callee as the code spells it, its receiver left out when that is a call of its own."""
    function = call.child_by_field_name("function")
    spelled = file.text(function) if function is not None else ""
    return spelled if len(spelled) <= _MAX_CALLEE and spelled.isprintable() else spelled.rpartition(".")[2]


def awaited_text(call: Node, file: PythonFile) -> str:
    """What a call waits for, when that is a name or a command that begins with one; "" for anything longer."""
    given = arguments(call, file)
    first = given.get("url", 1 if callee_text(call, file).endswith("request") else 0)
    if first is None:
        return ""
    if first.type == "list" and first.named_children and first.named_children[0].type == "string":
        return file.text(first.named_children[0])[1:-1]
    named = first.type in ("identifier", "attribute") and len(file.text(first)) <= _MAX_SUBJECT
    return file.text(first) if named else ""


def stops_the_loop(call: Node, *, blocks: bool) -> bool:
    """Whether a call that blocks its thread stands in a coroutine, whose event loop waits with it."""
    function = enclosing_function(call)
    return blocks and function is not None and is_async(function)


def gravity(call: Node, file: PythonFile, *, blocks: bool, partial: bool) -> Severity:
    """An error for a stopped event loop, a warning for a stopped worker, a note for a script or a wait in part."""
    if partial or is_script(file) or under_main_guard(call, file):
        return Severity.NOTE
    return Severity.ERROR if stops_the_loop(call, blocks=blocks) else Severity.WARNING
