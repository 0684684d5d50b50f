"""Answers that are put behind what was there when they were asked for: `setRows([...rows, ...found])`."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within, descendants
from chunklint.semantics.ecmascript.asking import mentioned
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, is_function, receiver_of
from chunklint.semantics.ecmascript.names import FUNCTIONS, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.react import Effect, effects


def is_appended(file: SourceFile, setter: Node, state: str, path: tuple[Node, ...]) -> bool:
    """Whether a setter is given its own state as the effect saw it, with something put behind or before.

    The state may reach the call as an argument of the functions that lead to it: `ask(rows)`.
    """
    given = arguments_of(setter)[:1] if setter.type == "call_expression" and state else []
    copied = [part for value in given for part in _copied(file, value)]
    return any(next(mentioned(file, [part], (state,), path), None) is not None for part in copied)


def begins_anew(file: SourceFile, effect: Effect, setter: Node, state: str) -> bool:
    """Whether another effect of the component sets a state to something that is not put behind what was there.

    What is asked for before that belongs to another list, and may not even be put behind the new one.
    """
    callee = callee_of(setter)
    found = resolve(file, callee) if callee is not None and callee.type == "identifier" else None
    for use in uses_of(file, found.node) if found is not None else ():
        call = use.parent
        if call is None or callee_of(call) != use or not arguments_of(call) or is_appended(file, call, state, ()):
            continue
        around = (one for one in effects(file) if one.owner == effect.owner and begins_within(use, one.callback))
        if any(one.call != effect.call for one in around) and not is_function(unwrap(arguments_of(call)[0])):
            return True
    return False


def _copied(file: SourceFile, value: Node) -> Iterator[Node]:
    """The lists that a value copies, also by way of a variable: `rows` of `[...rows, row]`, `rows.concat(found)`."""
    node = unwrap(value)
    found = resolve(file, node) if node.type == "identifier" else None
    if found is not None and found.kind == "variable" and found.value is not None and not found.keys:
        node = unwrap(found.value)
    for spread in descendants(node, "spread_element", stop=FUNCTIONS):
        if spread.parent is not None and spread.parent.type == "array":
            yield from spread.named_children[:1]
    for call in (node, *descendants(node, "call_expression", stop=FUNCTIONS)):
        receiver = receiver_of(call) if called_name(file, call) == "concat" else None
        yield from (receiver,) if receiver is not None else ()
