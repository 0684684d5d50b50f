"""Ways in which a cleanup ends something without naming it: a later name, a flag that it asks, the promise of it."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.semantics.ecmascript.cleanup_code import cleanup_code
from chunklint.semantics.ecmascript.cleanup_scope import Chain, conditions, killers, steers
from chunklint.semantics.ecmascript.functions import (
    CONTINUES,
    awaited,
    callback_of,
    called_name,
    receiver_of,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.react import Effect
from chunklint.semantics.ecmascript.self_ending import clears_itself


def named_again(file: SourceFile, effect: Effect, acquired: Node, names: frozenset[Chain]) -> frozenset[Chain]:
    """The names with those that the effect gives the same handle later: `const mine = timer.current`."""
    again = set(names)
    for one in descendants(effect.callback, "variable_declarator", stop=FUNCTIONS):
        name, value = one.child_by_field_name("name"), one.child_by_field_name("value")
        later = one.start_byte > acquired.end_byte and name is not None and name.type == "identifier"
        if later and name is not None and value is not None and dotted(file, value) in names:
            again.add(dotted(file, name))
    return frozenset(again)


def asks_whether_over(file: SourceFile, effect: Effect, interval: Node, names: frozenset[Chain]) -> bool:
    """Whether an interval clears itself at its next round once a cleanup has set the flag that it asks."""
    callback = callback_of(file, interval) if called_name(file, interval) == "setInterval" else None
    if callback is None or not any(clears_itself(file, ".".join(name), interval) for name in names):
        return False
    setters = killers(file, effect)
    return any(steers(file, asked, setters) for asked in conditions(callback))


def waits_for_work(file: SourceFile, effect: Effect, node: Node, path: tuple[Node, ...]) -> bool:
    """Whether the cleanup waits for the promise of the work that a node belongs to: `ready.then(() => feed.close())`.

    `path` are the calls that lead from the effect to the function around the node.
    """
    return any(begins_within(part, promise) for promise in _waited_in_cleanup(file, effect) for part in (node, *path))


def _waited_in_cleanup(file: SourceFile, effect: Effect) -> Iterator[Node]:
    """What made the promises that the cleanup of an effect goes on from."""
    for part in cleanup_code(file, effect):
        for node in descendants(part, "call_expression", "await_expression"):
            if node.type == "await_expression":
                promise: Node | None = awaited(node)
            else:
                promise = receiver_of(node) if called_name(file, node) in CONTINUES else None
            root = root_of(unwrap(promise)) if promise is not None else None
            found = resolve(file, root) if root is not None and root.type == "identifier" else None
            if found is not None and found.value is not None and begins_within(found.node, effect.callback):
                yield found.value
