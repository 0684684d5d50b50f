"""Fields that are shut while a request runs: nobody can change what it asked with before its answer is there."""

from __future__ import annotations

from collections.abc import Collection

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.asked_names import state_named
from chunklint.semantics.ecmascript.modals import shuts_page
from chunklint.semantics.ecmascript.names import unwrap
from chunklint.semantics.ecmascript.react import Effect, hook_of
from chunklint.semantics.ecmascript.swaps import asked_before, set_at

_SHUTS = frozenset({"disabled", "isDisabled", "readOnly", "loading", "isLoading"})
_TAGS = ("jsx_opening_element", "jsx_self_closing_element")


def is_shut(file: SourceFile, effect: Effect, name: str, busy: Collection[str]) -> bool:
    """Whether all that sets a state in a component stands where states shut or hide it which a request has set."""
    found = state_named(file, effect.owner, name) if effect.owner is not None else None
    hook = hook_of(file, found) if found is not None else None
    if found is None or hook is None or hook[0] != "useState" or effect.owner is None:
        return False
    if any(shuts_page(file, effect.owner, state) for state in busy):
        return True
    places = list(set_at(file, found))
    return bool(places) and all(
        _is_shut_at(file, place, busy) or is_idle_at(file, place, effect.owner, busy) for place in places
    )


def _is_shut_at(file: SourceFile, place: Node, busy: Collection[str]) -> bool:
    tag = next((around for around in ancestors(place) if around.type in _TAGS), None)
    for part in tag.named_children if tag is not None else ():
        named = part.type == "jsx_attribute" and file.text(part.named_children[0]) in _SHUTS
        if named and any(file.text(name) in busy for name in descendants(part, "identifier")):
            return True
    return False


def is_idle_at(file: SourceFile, place: Node, owner: Node, busy: Collection[str]) -> bool:
    """Whether a place within a function is come to, or shown, only while one of the states is not set.

    `busy ? <Skeleton /> : place`, `!busy && place`, or `if (busy) return ...` before it.
    """
    return any(_implies_idle(file, condition, value, busy) for condition, value in asked_before(place, owner))


def _implies_idle(file: SourceFile, condition: Node, value: bool, busy: Collection[str]) -> bool:
    """Whether a condition can only have that value while a state of the names is not set."""
    node = unwrap(condition)
    if node.type == "identifier":
        return file.text(node) in busy and not value
    if node.type == "unary_expression" and node.children[0].type == "!":
        return _implies_idle(file, node.children[1], not value, busy)
    if node.type != "binary_expression" or node.children[1].type not in ("&&", "||"):
        return False
    sides = [_implies_idle(file, side, value, busy) for side in (node.children[0], node.children[2])]
    return any(sides) if (node.children[1].type == "&&") == value else all(sides)
