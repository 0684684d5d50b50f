"""Promises where React wants a cleanup: async effects, async cleanups, effects that return what an async call makes."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.model import Location, Severity
from chunklint.records import record
from chunklint.semantics.ecmascript.functions import (
    called_name,
    callee_of,
    function_of,
    is_async,
    is_function,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, resolve
from chunklint.semantics.ecmascript.react import Effect, cleanups
from chunklint.semantics.ecmascript.resolution import Resolution

_SETTLES = frozenset({"then", "catch", "finally"})


class Promised(Enum):
    """Where a promise stands in the place of a cleanup."""

    LOST_CLEANUP = "the effect is async and returns a cleanup"
    EFFECT = "the effect is async"
    CLEANUP = "the cleanup is async"
    RETURNED = "the effect returns the promise of a call"


@record
class Promise:
    """A promise that React is given: the function, or the returned call, that makes it."""

    sort: Promised
    node: Node


@record
class Given:
    """A finding about a promise in the place of a cleanup, for the join to say if that is run and called.

    Attributes:
        layout: Whether a layout effect gives it, where React 17 does not look either.
        called: Whether all that it does is to be called.
        idle: The definitions of which another file must import one for the effect to run; None where it runs anyway.
    """

    place: Location
    message: str
    severity: Severity
    layout: bool
    called: bool = True
    idle: tuple[str, ...] | None = None


def is_only_left(given: Given, path: str, resolution: Resolution) -> bool:
    """Whether what renders a file calls functions alone, so that a promise alone does no harm: Preact, and React 17.

    React 17 does so in effects that run after the page is painted; all others, and its own layout effects, call
    whatever they are given, which fails.
    """
    if not given.called:
        return False
    return resolution.is_rendered_by_preact(path) or (resolution.react_of(path) == 17 and not given.layout)


def promises(file: SourceFile, effect: Effect) -> Iterator[Promise]:
    """What of an effect hands React a promise; only the call is judged when the hook is React's own or passes it on."""
    if not effect.keeps_cleanup:
        return
    if is_async(effect.callback):
        lost = next((value for value in returned(effect.callback) if _is_cleanup(file, value)), None)
        if lost is not None:
            yield Promise(Promised.LOST_CLEANUP, lost)
        else:
            yield Promise(Promised.EFFECT, effect.callback)
        return
    for value in returned(effect.callback):
        if value.type == "call_expression" and _is_promise(file, value):
            yield Promise(Promised.RETURNED, value)
            return
    for cleanup in cleanups(file, effect):
        if is_function(cleanup) and is_async(cleanup) and _waits(cleanup):
            yield Promise(Promised.CLEANUP, cleanup)
            return


def _is_cleanup(file: SourceFile, value: Node) -> bool:
    """A function, or the name of one; what an async effect returns for no reason is none."""
    if function_of(file, value) is not None:
        return True
    found = resolve(file, value) if value.type == "identifier" else None
    return found is not None and found.value is not None and found.value.type == "call_expression"


def _is_promise(file: SourceFile, call: Node) -> bool:
    """Whether a call visibly makes a promise: of an async function of this file, `fetch`, or a chain of `then`."""
    callee = callee_of(call)
    if callee is None:
        return False
    if callee.type == "member_expression":
        return called_name(file, call) in _SETTLES
    called = function_of(file, callee)
    if called is not None:
        return is_async(called)
    return callee.type == "import" or (file.text(callee) == "fetch" and resolve(file, callee) is None)


def _waits(function: Node) -> bool:
    """Whether anything is left to do once a function has waited, other than to tell of a failure."""
    body = function.child_by_field_name("body")
    first = next(descendants(body, "await_expression", stop=FUNCTIONS), None) if body is not None else None
    if body is None or first is None:
        return False
    return any(
        node.start_byte >= first.end_byte and not any(around.type == "catch_clause" for around in ancestors(node))
        for node in descendants(body, "call_expression", "assignment_expression", "await_expression", stop=FUNCTIONS)
    )
