"""Polls that are over after a time, whatever the answers say: a timer beside them ends them."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    callback_of,
    called_name,
    callee_of,
    enclosing_function,
)
from chunklint.semantics.ecmascript.names import Binding, resolve, root_of, wrapped
from chunklint.semantics.ecmascript.releases import RELEASES, Kind
from chunklint.semantics.ecmascript.self_ending import run_by
from chunklint.semantics.ecmascript.timers import leads_away


def ends_by_a_timer(file: SourceFile, interval: Node) -> bool:
    """Whether the function that starts an interval sets a timer that ends it, and neither leads on or calls a caller.

    Whoever leaves meanwhile meets what is over soon, and tells state, stores or the bus of the application.
    """
    around, poll, kept = enclosing_function(file, interval), callback_of(file, interval), _kept(file, interval)
    if around is None or poll is None or kept is None:
        return False
    for call in descendants(around, "call_expression"):
        late = callback_of(file, call) if called_name(file, call) == "setTimeout" else None
        if late is None or enclosing_function(file, call) != around or not _clears(file, late, kept):
            continue
        if not any(leads_away(file, one) or _calls_a_caller(file, one) for one in (poll, late)):
            return True
    return False


def _kept(file: SourceFile, interval: Node) -> Binding | None:
    """The variable of the same call that keeps an interval, which no later call can fill with another one."""
    place = wrapped(interval).parent
    name = place.child_by_field_name("name") or place.child_by_field_name("left") if place is not None else None
    found = resolve(file, name) if name is not None and name.type == "identifier" else None
    own = found is not None and enclosing_function(file, found.node) == enclosing_function(file, interval)
    return found if own else None


def _clears(file: SourceFile, callback: Node, kept: Binding) -> bool:
    return any(
        called_name(file, call) in RELEASES[Kind.INTERVAL]
        and any(one.type == "identifier" and resolve(file, one) == kept for one in arguments_of(call))
        for call in descendants(callback, "call_expression")
    )


def _calls_a_caller(file: SourceFile, callback: Node) -> bool:
    """Whether a callback calls what a function around it was given."""
    for function in run_by(file, callback):
        for call in descendants(function, "call_expression"):
            callee = callee_of(call)
            root = root_of(callee) if callee is not None else None
            found = resolve(file, root) if root is not None and root.type == "identifier" else None
            if found is not None and found.kind == "parameter" and not begins_within(found.scope, callback):
                return True
    return False
