"""Late answers that the next run puts right: it lists the state, and asks again where that is not what is wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of
from chunklint.semantics.ecmascript.names import dotted, root_of
from chunklint.semantics.ecmascript.react import Effect
from chunklint.semantics.ecmascript.resources import reached
from chunklint.semantics.ecmascript.swaps import asked_before

# An equation, and what it says where the two differ.
_DIFFERS = {"===": False, "==": False, "!==": True, "!=": True}


def heals(file: SourceFile, effect: Effect, setter: Node, state: str | None, asked: Collection[str]) -> bool:
    """Whether an effect runs again for the state that a setter sets, and then compares it with all that it asks with.

    `if (page?.id === id) return; load(id).then(setPage)` with `[id, page]`: an answer for another `id` is asked for
    again as soon as it is there.
    """
    listed = any(file.text(root_of(dependency)) == state for dependency in effect.deps)
    if not state or not listed:
        return False
    compared = {
        name
        for place in _places(file, effect, file.text(setter))
        for condition, holds in asked_before(place, effect.callback)
        for name in _told_apart(file, condition, holds, state)
    }
    others = (one for one in asked if one.partition(".")[0] != state)
    return bool(compared) and all(any(name == one or one.startswith(f"{name}.") for name in compared) for one in others)


def _places(file: SourceFile, effect: Effect, setter: str) -> Iterator[Node]:
    """Where an effect begins what ends with a setter."""
    for run, path in reached(file, effect.callback):
        if run.node.type != "call_expression":
            continue
        callee = callee_of(run.node)
        if any(one is not None and file.text(one) == setter for one in (callee, *arguments_of(run.node))):
            yield path[0] if path else run.node


def _told_apart(file: SourceFile, condition: Node, holds: bool, state: str) -> Iterator[str]:
    """The names from which a member of a state may differ where a condition leads to a place."""
    parts = [condition, *descendants(condition, "binary_expression")]
    for part in (one for one in parts if one.type == "binary_expression"):
        left, operator, right = part.children[0], part.children[1].type, part.children[2]
        if _DIFFERS.get(operator) is not holds:
            continue
        for member, other in ((left, right), (right, left)):
            if dotted(file, member)[:1] == (state,) and len(dotted(file, member)) > 1:
                yield from ({file.text(other)} | {file.text(name) for name in descendants(other, "identifier")})
