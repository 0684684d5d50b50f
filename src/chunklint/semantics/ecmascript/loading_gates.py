"""Hooks that say while they load, and callers in which nothing asks something else before they have loaded.

`const { rows, isLoading } = useRows(shelf); if (isLoading) return <Spinner />; return <Shelves onChoose={setShelf} />`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within
from chunklint.semantics.ecmascript.changes import DELAYED, ITSELF, changes_itself, given, names_in
from chunklint.semantics.ecmascript.functions import arguments_of, returned
from chunklint.semantics.ecmascript.names import Binding, bindings, resolve, unwrap, uses_bound
from chunklint.semantics.ecmascript.react import hook_of
from chunklint.semantics.ecmascript.shut_fields import sets_while_idle, stands_idle
from chunklint.semantics.ecmascript.swaps import set_at

_LOADS = re.compile(r"load|fetch|busy|pending|wait", re.IGNORECASE)
# What a component is given to be told by, by the names that such props have.
_CALLS = re.compile(r"^(?:on|set|handle|change|select|choose|update|toggle)[A-Z]")
_REST = "..."
_HOPS = 4


def told_while(file: SourceFile, owner: Node, busy: Collection[str]) -> tuple[str, ...]:
    """Under which names a hook hands out states: `isLoading` of an object, `1` of an array, "" for the state alone."""
    return tuple(sorted({key for value in returned(owner) for key, name in _handed_out(file, value) if name in busy}))


def _handed_out(file: SourceFile, value: Node) -> Iterator[tuple[str, str]]:
    if value.type == "identifier":
        yield "", file.text(value)
    for at, part in enumerate(one for one in value.named_children if one.type != "comment"):
        key, inner = part.child_by_field_name("key"), part.child_by_field_name("value")
        if value.type == "array":
            yield str(at), file.text(part)
        elif value.type == "object" and part.type == "shorthand_property_identifier":
            yield file.text(part), file.text(part)
        elif value.type == "object" and key is not None and inner is not None:
            yield file.text(key), file.text(inner)


def waited_for(file: SourceFile, call: Node, owner: Node) -> Iterator[tuple[str, str, str]]:
    """What cannot change while a hook says that it loads: argument, way of its value, and the name it says so by.

    A prop of the caller is among them where all that could have its own caller change it stands behind that.
    """
    flags = list(_flags(file, call, owner))
    for at, value in _arguments(file, call) if flags else ():
        leaves = leaves_of(file, value, owner)
        for key, name in flags if leaves else ():
            if all(_is_shut(file, found, owner, name) for found, _ in leaves):
                yield from ((at, way, key) for _, way in leaves)


def _arguments(file: SourceFile, call: Node) -> Iterator[tuple[str, Node]]:
    """The arguments of a call, and the parts of objects among them (`0`, `1.id`), each with its value."""
    for at, value in enumerate(arguments_of(call)):
        if unwrap(value).type != "object":
            yield str(at), value
            continue
        for part in unwrap(value).named_children:
            key, inner = part.child_by_field_name("key"), part.child_by_field_name("value")
            if part.type == "shorthand_property_identifier":
                yield f"{at}.{file.text(part)}", part
            elif key is not None and inner is not None:
                yield f"{at}.{file.text(key)}", inner


def _flags(file: SourceFile, call: Node, owner: Node) -> Iterator[tuple[str, str]]:
    """What a hook's result says of its loading: the name in the result, and what the caller calls it."""
    body = owner.child_by_field_name("body")
    own = bindings(file, body).values() if body is not None else ()
    for found in (one for one in own if one.value is not None and unwrap(one.value) == call):
        if found.keys and _LOADS.search(found.name):
            yield found.keys[-1], found.name
        elif not found.keys and _LOADS.search(found.name):
            yield "", found.name
        for use in uses_bound(file, found) if not found.keys else ():
            around = use.parent
            part = around.child_by_field_name("property") if around is not None else None
            if around is not None and part is not None and _LOADS.search(file.text(part)):
                yield file.text(part), file.text(around)


def leaves_of(file: SourceFile, value: Node, owner: Node) -> tuple[tuple[Binding, str], ...]:
    """The states and props that a value is made of, each with its way; nothing where it is made of anything else."""
    pending, seen, leaves = [(value, 0)], set[int](), list[tuple[Binding, str]]()
    while pending:
        current, hops = pending.pop()
        for name in names_in(current):
            found = resolve(file, name)
            if found is None or found.node.id in seen or not begins_within(found.node, owner):
                continue
            seen.add(found.node.id)
            hook = hook_of(file, found)
            if (way := given(file, name, found, owner)) is not None:
                leaves.append((found, way))
            elif hook is not None and hook[0] == "useState":
                leaves += [(found, ITSELF)] if changes_itself(file, found, hook) else []
            elif hook is not None and hook[0] != "useMemo":
                # What is told later, or by the address, may change whatever this component shows.
                if hook[0].startswith(DELAYED) or changes_itself(file, found, hook):
                    return ()
            elif found.kind == "variable" and found.value is not None and hops < _HOPS:
                parts = arguments_of(hook[1])[:1] if hook is not None else [found.value]
                pending += [(part, hops + 1) for part in parts]
    return tuple(leaves)


def _is_shut(file: SourceFile, found: Binding, owner: Node, busy: str) -> bool:
    if found.kind != "parameter":
        return sets_while_idle(file, found, owner, {busy})
    return tells_while_idle(file, owner, {busy})


def tells_while_idle(file: SourceFile, owner: Node, busy: Collection[str]) -> bool:
    """Whether a component tells its caller nothing while one of the states is set: all callbacks are shut or hidden."""
    places = list(_told_by(file, owner)) if busy else []
    return bool(places) and all(stands_idle(file, place, owner, busy) for place in places)


def _told_by(file: SourceFile, owner: Node) -> Iterator[Node]:
    """Where a component uses the props by which it tells its caller of something, and where it hands on the rest."""
    for found in bindings(file, owner).values():
        if found.kind != "parameter":
            continue
        if found.keys[-1:] == (_REST,) or (found.keys and _CALLS.search(found.keys[-1])):
            yield from uses_bound(file, found)
        for use in uses_bound(file, found) if found.keys == ("0",) else ():
            around = use.parent
            part = around.child_by_field_name("property") if around is not None else None
            told = part is not None and _CALLS.search(file.text(part)) is not None
            if told or (around is not None and around.type == "spread_element"):
                yield use


def is_told_inside(file: SourceFile, element: Node, value: Node, owner: Node) -> bool:
    """Whether all that changes what an element is given stands in the tag of that element: its own callbacks."""
    leaves = leaves_of(file, value, owner)
    states = [found for found, way in leaves if way == ITSELF]
    places = [place for state in states for place in set_at(file, state)]
    return bool(places) and len(states) == len(leaves) and all(begins_within(place, element) for place in places)
