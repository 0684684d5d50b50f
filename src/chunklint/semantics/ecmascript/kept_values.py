"""Setters that change nothing of what is asked with: they put in what a state holds already, or its new name."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    awaited,
    called_name,
    callee_of,
    chain_start,
    enclosing_function,
    is_function,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, Binding, resolve, unwrap
from chunklint.semantics.ecmascript.react import state_of_setter
from chunklint.semantics.ecmascript.whereabouts import assigned

_NAMED = ("pair", "shorthand_property_identifier", "spread_element")


def sets_the_same(file: SourceFile, setter: Node) -> bool:
    """Whether a setter is called with what its state is: a copy, to ask the same again, or under another name.

    `setQuery({ ...query })`, and `const same = task; same.note = note; setTask(same)`, which React does not even see.
    """
    value = _given(file, setter)
    if value is not None and value.type == "identifier" and _is_another_name(file, setter, value):
        return True
    made = _made(value) if value is not None else []
    return bool(made) and value is not None and all(_copied(one) in _last_names(file, setter, value) for one in made)


def _is_another_name(file: SourceFile, setter: Node, value: Node) -> bool:
    """Whether a variable is the state of a setter under another name, and nothing else is assigned to it."""
    found = resolve(file, value)
    if found is None or found.kind != "variable" or found.keys or found.value is None:
        return False
    source = unwrap(found.value)
    state = resolve(file, source) if source.type == "identifier" else None
    named = state is not None and state.keys == ("0",) and state.name == state_of_setter(file, setter)
    return named and next(assigned(file, found), None) is None


def is_kept(file: SourceFile, setter: Node, state: Binding, part: str) -> bool:
    """Whether a call of a setter leaves a state, or one part of it, what it is for those who ask with it.

    `setBoth([shed, next])` keeps `shed`, `setForm({ ...form, note })` keeps `form.kind`, and `await rename(old, name)`
    before `setName(name)` makes both names mean the same.
    """
    value = _given(file, setter)
    if value is None:
        return False
    if sets_the_same(file, setter) or is_renamed(file, setter):
        return True
    last = _last_names(file, setter, value) | {state.name}
    made = [_at(file, one, state.keys[1:]) for one in _made(value)]
    return bool(made) and all(one is not None and _is_last(file, one, state, part, last) for one in made)


def updated_members(file: SourceFile, setter: Node, state: Binding) -> set[str] | None:
    """The members that a call of a setter changes of what a state holds; None where it puts another thing there."""
    value = _given(file, setter)
    if value is None:
        return None
    last = _last_names(file, setter, value) | {state.name}
    members: set[str] = set()
    for made in _made(value):
        inner = _at(file, made, state.keys[1:])
        changed = _members(file, inner, last) if inner is not None else None
        if changed is None:
            return None
        members |= changed
    return members


def _given(file: SourceFile, setter: Node) -> Node | None:
    call = setter.parent
    given = arguments_of(call)[:1] if call is not None and callee_of(call) == setter else []
    return unwrap(given[0]) if given else None


def _made(value: Node) -> list[Node]:
    """What a state becomes: the value itself, or what an updating function makes."""
    return [unwrap(one) for one in returned(value)] if is_function(value) else [value]


def _copied(value: Node) -> str | None:
    """The name of what an object is a copy of, with nothing changed."""
    parts = value.named_children if value.type == "object" else []
    return _spread(parts[0]) if len(parts) == 1 else None


def _spread(part: Node) -> str | None:
    """The name of what a spread takes all of; None for anything else."""
    inner = part.named_children[0] if part.type == "spread_element" else None
    return inner.text.decode() if inner is not None and inner.type == "identifier" and inner.text else None


def _last_names(file: SourceFile, setter: Node, value: Node) -> set[str | None]:
    """What the state of a setter is called where it gets a value: its name, or the parameter of an update."""
    if not is_function(value):
        return {state} if (state := state_of_setter(file, setter)) else set()
    listed = value.child_by_field_name("parameters")
    one = value.child_by_field_name("parameter") or (
        listed.named_children[0] if listed is not None and listed.named_children else None
    )
    name = one.child_by_field_name("pattern") or one if one is not None else None
    return {file.text(name)} if name is not None else set()


def _at(file: SourceFile, value: Node, keys: tuple[str, ...]) -> Node | None:
    """What stands in the place of a part in an array or object: `shed` of `[shed, task]` at `0`."""
    for key in keys:
        inner = [one for one in value.named_children if one.type != "comment"]
        if value.type != "array" or not key.isdigit() or int(key) >= len(inner):
            return None
        value = unwrap(inner[int(key)])
    return value


def _is_last(file: SourceFile, value: Node, state: Binding, part: str, last: set[str | None]) -> bool:
    """Whether a value is what the state holds, or that with other parts changed than the one that is asked with."""
    if value.type == "identifier":
        found = resolve(file, value)
        return found is not None and found.node == state.node
    members = _members(file, value, last) if part else None
    return members is not None and part not in members


def _members(file: SourceFile, value: Node, last: set[str | None]) -> set[str] | None:
    """The members that an object has anew beside a spread of the last one; None for any other value."""
    entries = [one for one in value.named_children if one.type != "comment"] if value.type == "object" else []
    if not entries or _spread(entries[0]) not in last or any(one.type not in _NAMED for one in entries):
        return None
    keys = [one.child_by_field_name("key") or one for one in entries[1:]]
    plain = all(key.type in ("property_identifier", "shorthand_property_identifier") for key in keys)
    return {file.text(key) for key in keys} if plain else None


def is_renamed(file: SourceFile, setter: Node) -> bool:
    """Whether a request before has told somebody both what a state is and what the setter makes it."""
    value = _given(file, setter)
    state = state_of_setter(file, setter) if value is not None and value.type == "identifier" else None
    if value is None or not state:
        return False
    return any({state, file.text(value)} <= _named(file, one) for one in _requests_before(file, setter))


def _requests_before(file: SourceFile, place: Node) -> Iterator[Node]:
    """The calls that a function has waited for before a place, and those that it goes on from."""
    function = enclosing_function(file, place)
    body = function.child_by_field_name("body") if function is not None else None
    for wait in descendants(body, "await_expression", stop=FUNCTIONS) if body is not None else ():
        if wait.end_byte <= place.start_byte and awaited(wait).type == "call_expression":
            yield awaited(wait)
    around = function.parent.parent if function is not None and function.parent is not None else None
    if around is not None and called_name(file, around) == "then":
        start = chain_start(file, around)
        yield from [start] if start is not None else []


def _named(file: SourceFile, request: Node) -> set[str]:
    return {
        file.text(name)
        for given in arguments_of(request)
        for name in (given, *descendants(given, "identifier", "shorthand_property_identifier"))
    }
