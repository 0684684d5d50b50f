"""Late answers that do little harm: small pictures, and names that stand where their ids did."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import function_name
from chunklint.semantics.ecmascript.names import bindings, resolve, uses_of
from chunklint.semantics.ecmascript.react import Effect, hook_of

# A small picture of an address, which the browser keeps: it is there at once, or wrong for a moment.
_PICTURES = re.compile(r"[iI]con|[aA]vatar|[lL]ogo(?:$|[A-Z])")
_SHOWS_PICTURE = re.compile(r"(?:Icon|Avatar|Logo)$")
_ADDRESS = re.compile(r"[iI]ma?ge?|[sS]rc|U(?:rl|RL|ri|RI)$|[pP]icture")


def is_picture(file: SourceFile, effect: Effect, setter: Node) -> bool:
    """Whether a state is a small picture, by its name or that of the component that shows it: `PageIcon`."""
    name, owner = file.text(setter), effect.owner
    if _PICTURES.search(name):
        return True
    shows = owner is not None and _SHOWS_PICTURE.search(function_name(file, owner)) is not None
    return shows and _ADDRESS.search(name) is not None


def only_renames(file: SourceFile, setter: Node) -> bool:
    """Whether a state is a map that all that read it ask for another name of a key: `names[id] ?? id`."""
    found = resolve(file, setter)
    siblings = bindings(file, found.scope).values() if found is not None and hook_of(file, found) is not None else ()
    states = [one for one in siblings if found is not None and one.value == found.value and one.keys == ("0",)]
    uses = [use for state in states for use in uses_of(file, state.node)]
    return bool(uses) and all(_falls_back(file, use) for use in uses)


def _falls_back(file: SourceFile, use: Node) -> bool:
    looked = use.parent
    key = looked.child_by_field_name("index") if looked is not None and looked.type == "subscript_expression" else None
    either = looked.parent if looked is not None else None
    if key is None or either is None or either.type != "binary_expression" or either.children[0] != looked:
        return False
    return either.children[1].type in ("??", "||") and file.text(either.children[2]) == file.text(key)
