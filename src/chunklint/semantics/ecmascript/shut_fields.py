"""Fields that are shut while a request runs: nobody can change what it asked with before its answer is there."""

from __future__ import annotations

from collections.abc import Collection

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, descendants
from chunklint.semantics.ecmascript.names import resolve, root_of
from chunklint.semantics.ecmascript.react import Effect, hook_of
from chunklint.semantics.ecmascript.swaps import set_at

_SHUTS = frozenset({"disabled", "isDisabled", "readOnly", "loading", "isLoading"})
_TAGS = ("jsx_opening_element", "jsx_self_closing_element")


def is_shut(file: SourceFile, effect: Effect, name: str, busy: Collection[str]) -> bool:
    """Whether all that sets a state in a component stands in elements that states shut which a request has set."""
    roots = (root_of(dependency) for dependency in effect.deps if file.text(dependency) == name)
    found = next((one for root in roots if root.type == "identifier" and (one := resolve(file, root))), None)
    hook = hook_of(file, found) if found is not None else None
    if found is None or hook is None or hook[0] != "useState":
        return False
    places = list(set_at(file, found))
    return bool(places) and all(_is_shut_at(file, place, busy) for place in places)


def _is_shut_at(file: SourceFile, place: Node, busy: Collection[str]) -> bool:
    tag = next((around for around in ancestors(place) if around.type in _TAGS), None)
    for part in tag.named_children if tag is not None else ():
        named = part.type == "jsx_attribute" and file.text(part.named_children[0]) in _SHUTS
        if named and any(file.text(name) in busy for name in descendants(part, "identifier")):
            return True
    return False
