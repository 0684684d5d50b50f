"""Members of what is handed on: those that a request asks with, and those that an update changes.

A way ends with what is asked with, as in `0.task#id`; `#status,done` is the way of a state of which only these members
are set anew once it is loaded, as `setTask({ ...task, status })` does.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.asking import mentioned
from chunklint.semantics.ecmascript.changes import ITSELF, changing_uses, copied_from, ways_of
from chunklint.semantics.ecmascript.functions import arguments_of
from chunklint.semantics.ecmascript.kept_values import updated_members
from chunklint.semantics.ecmascript.loaded import part_of
from chunklint.semantics.ecmascript.names import resolve, unwrap
from chunklint.semantics.ecmascript.react import hook_of

MARK = "#"


def with_members(file: SourceFile, request: Node, path: tuple[Node, ...], dependency: str, way: str) -> str:
    """A way with the members that a request asks with; without, where it asks with all of the value or by others."""
    if not dependency.isidentifier() or way.count(".") != 1:
        return way
    members: set[str] = set()
    for given in arguments_of(request):
        names = (
            [given] if given.type == "identifier" else descendants(given, "identifier", "shorthand_property_identifier")
        )
        own = [name for name in names if file.text(name) == dependency]
        members.update(part_of(file, name) for name in own)
        if not own and next(mentioned(file, [given], (dependency,), path), None) is not None:
            return way
    return f"{way}{MARK}{','.join(sorted(members))}" if members and "" not in members else way


def ways_of_state(file: SourceFile, value: Node, owner: Node) -> frozenset[str]:
    """The ways of a prop whose state changes: those of its loading, and the members that are updated, if they tell."""
    name = unwrap(value.named_children[0]) if value.type == "jsx_expression" else unwrap(value)
    found = resolve(file, name) if name.type == "identifier" else None
    hook = hook_of(file, found) if found is not None else None
    if found is None or hook is None or hook[0] != "useState":
        return frozenset({ITSELF})
    members: set[str] = set()
    for use in changing_uses(file, found):
        updated = updated_members(file, use, found)
        if updated is None:
            return frozenset({ITSELF})
        members |= updated
    loaded = frozenset(way for part in copied_from(file, found) for way in ways_of(file, part, owner))
    return loaded | {MARK + ",".join(sorted(members)) if members else ITSELF}


def traced(way: str, members: str, prop: str, source: str, whole: str) -> Iterator[str]:
    """The way in the owner of a place that gives `source` as `prop`, for what is asked of there.

    `whole` is the prop of a spread. Members that an update leaves alone are asked with as before.
    """
    position, _, member = way.partition(".")
    if source.startswith(MARK):
        kept = members and set(members.split(",")).isdisjoint(source[1:].split(","))
        source = ITSELF
        if prop == way and kept:
            return
    if prop == way or (prop == whole and member):
        yield source if prop == way else way
    elif prop == position and member:
        yield f"{source}.{member}" if source.isdigit() else source
