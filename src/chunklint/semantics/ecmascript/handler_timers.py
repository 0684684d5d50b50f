"""Timers of handlers that take back what a later call of the handler has set: a message, the mark of one of many."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    enclosing_function,
    is_function,
)
from chunklint.semantics.ecmascript.names import bindings, resolve, root_of, unwrap, uses_of
from chunklint.semantics.ecmascript.react import component_of, state_of_setter
from chunklint.semantics.ecmascript.resources import A_MOMENT, delay_text

_EMPTY = frozenset({"null", "undefined", '""', "''", "-1"})
# ms: nobody minds that a mark which is shown for less goes out a little early.
_A_MARK = 2000


@record
class Reset:
    """A timer that empties a state, started by a handler that has just named one of many things in it.

    Attributes:
        timer: The call of `setTimeout`.
        state: The state variable.
        subject: What the handler set it to.
    """

    timer: Node
    state: str
    subject: str


def resets(file: SourceFile) -> Iterator[Reset]:
    """The timers of handlers that nothing stops when the handler runs again for something else."""
    if b"setTimeout" not in file.source:
        return
    for timer in descendants(file.root, "call_expression"):
        if called_name(file, timer) != "setTimeout" or len(arguments_of(timer)) < 2:
            continue
        handler = enclosing_function(file, timer)
        kept = timer.parent is None or timer.parent.type != "expression_statement"
        if handler is None or kept or component_of(file, timer) in (None, handler):
            continue
        delay = delay_text(file, arguments_of(timer))
        if delay is None or (delay and float(delay) <= A_MOMENT):
            continue
        callback = unwrap(arguments_of(timer)[0])
        emptied = _emptied(file, callback) if is_function(callback) else None
        subject = _named(file, handler, emptied, timer) if emptied is not None else ""
        if emptied is not None and subject and _is_missed(file, emptied, delay):
            yield Reset(timer, state_of_setter(file, emptied) or file.text(emptied), subject)


def _emptied(file: SourceFile, callback: Node) -> Node | None:
    """The setter that a callback calls with nothing, when it calls nothing else."""
    calls = list(descendants(callback, "call_expression"))
    callee = callee_of(calls[0]) if len(calls) == 1 else None
    given = arguments_of(calls[0]) if callee is not None else []
    if callee is None or callee.type != "identifier" or len(given) != 1 or file.text(given[0]) not in _EMPTY:
        return None
    return callee if state_of_setter(file, callee) is not None else None


def _is_missed(file: SourceFile, setter: Node, delay: str) -> bool:
    """Whether somebody may miss what goes out early: a text, or the mark in a list that is shown for a while.

    The hook that only tells its caller what has been copied serves one thing in most places.
    """
    found = resolve(file, setter)
    siblings = bindings(file, found.scope).values() if found is not None else ()
    states = [one for one in siblings if found is not None and one.value == found.value and one.keys == ("0",)]
    uses = [use for state in states for use in uses_of(file, state.node)]
    if any(use.parent is not None and use.parent.type == "jsx_expression" and _is_text(use.parent) for use in uses):
        return True
    return (not delay or float(delay) >= _A_MARK) and any(_tells_of_a_list(file, use) for use in uses)


def _is_text(shown: Node) -> bool:
    """Whether an expression stands between tags, not in an attribute."""
    return shown.parent is not None and shown.parent.type in ("jsx_element", "jsx_fragment")


def _tells_of_a_list(file: SourceFile, use: Node) -> bool:
    """Whether each row of a list asks if it is the one: `rows.map((row) => ... marked === row.id ...)`."""
    compared = use.parent is not None and use.parent.type == "binary_expression"
    mapped = (around for around in ancestors(use) if is_function(around))
    calls = (function.parent.parent for function in mapped if function.parent is not None)
    return compared and any(call is not None and called_name(file, call) == "map" for call in calls)


def _named(file: SourceFile, handler: Node, setter: Node, timer: Node) -> str:
    """What the handler gives the same setter before the timer, when that is a parameter of its own."""
    for call in _settings(file, handler).get(file.text(setter), ()):
        given = arguments_of(call)
        if call.end_byte > timer.start_byte:
            continue
        root = root_of(given[0])
        found = resolve(file, root) if root.type == "identifier" else None
        if found is not None and found.kind == "parameter" and found.scope == handler:
            return file.text(given[0])
    return ""


def _settings(file: SourceFile, handler: Node) -> dict[str, list[Node]]:
    """The calls with one argument that a handler makes, by the name of what is called."""

    def collect() -> dict[str, list[Node]]:
        named: dict[str, list[Node]] = {}
        for call in descendants(handler, "call_expression"):
            callee = callee_of(call)
            if callee is not None and callee.type == "identifier" and len(arguments_of(call)) == 1:
                named.setdefault(file.text(callee), []).append(call)
        return named

    return file.remember(("settings of a handler", handler.id), collect)
