"""Answers that are kept under what they were asked with: `setRows({ ...rows, [id]: found })`."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.asking import mentioned
from chunklint.semantics.ecmascript.functions import arguments_of, called_name, callee_of, receiver_of
from chunklint.semantics.ecmascript.names import CONSTANTS, Binding, resolve, unwrap, uses_of

_HOPS = 3


def kept_under(file: SourceFile, setter: Node, changing: Collection[str], path: tuple[Node, ...]) -> frozenset[str]:
    """What decides on the place of an answer in what a setter is given; empty where it takes the place of all.

    Only what each of the new entries is kept under: an entry that all questions share would be overwritten.
    """
    given = arguments_of(setter)[:1] if setter.type == "call_expression" else []
    keys = [key for value in given for key in _keys_in(file, value)]
    named = [frozenset(mentioned(file, [key], changing, path) if key is not None else ()) for key in keys]
    return frozenset.intersection(*named) if named else frozenset()


def _keys_in(file: SourceFile, value: Node) -> Iterator[Node | None]:
    """The keys that are put into a copy of an object or a map, None for a name; nothing for any other value.

    `kind` of `{ ...rows, [kind]: found }`, of `new Map(rows).set(kind, found)`, and of a copy that is filled by
    `next[kind] = found` or `next.set(kind, found)`.
    """
    node = unwrap(value)
    found = resolve(file, node) if node.type == "identifier" else None
    if found is not None and found.kind == "variable" and found.value is not None and not found.keys:
        made = unwrap(found.value)
        if _is_copy(file, made) or _keys_of_object(made) or _keys_of_calls(file, made):
            yield from (*_keys_of_object(made), *_keys_of_calls(file, made), *_filled(file, found))
    else:
        yield from (*_keys_of_object(node), *_keys_of_calls(file, node))


def _is_copy(file: SourceFile, value: Node) -> bool:
    """Whether a value is a copy of another one, with nothing put into it: `{ ...rows }`, `new Map(rows)`."""
    if value.type == "object":
        return bool(value.named_children) and all(one.type == "spread_element" for one in value.named_children)
    constructor = value.child_by_field_name("constructor") if value.type == "new_expression" else None
    return constructor is not None and file.text(constructor) == "Map" and bool(arguments_of(value))


def _keys_of_object(value: Node) -> tuple[Node | None, ...]:
    """The keys of an object's entries where that copies another one first, but for entries that are constants."""
    parts = [one for one in value.named_children if one.type != "comment"] if value.type == "object" else []
    if not parts or parts[0].type != "spread_element":
        return ()
    entries = [(one.child_by_field_name("key"), one.child_by_field_name("value")) for one in parts[1:]]
    kept = [key for key, given in entries if given is None or given.type not in CONSTANTS]
    return tuple(
        key.named_children[0] if key is not None and key.type == "computed_property_name" else None for key in kept
    )


def _keys_of_calls(file: SourceFile, value: Node) -> tuple[Node, ...]:
    """The keys of `new Map(rows).set(kind, found)`, through a few calls of the kind."""
    keys: list[Node] = []
    node: Node | None = value
    for _ in range(_HOPS):
        given = arguments_of(node) if node is not None and node.type == "call_expression" else []
        if node is None or called_name(file, node) != "set" or len(given) != 2:
            break
        keys.append(given[0])
        receiver = receiver_of(node)
        node = unwrap(receiver) if receiver is not None else None
    return tuple(keys) if keys and node is not None and _is_copy(file, node) else ()


def _filled(file: SourceFile, found: Binding) -> Iterator[Node | None]:
    """The keys under which something is put into a copy."""
    for use in uses_of(file, found.node):
        around = use.parent
        outer = around.parent if around is not None else None
        if around is None or outer is None:
            continue
        key = around.child_by_field_name("index") if around.type == "subscript_expression" else None
        if key is not None and outer.type == "assignment_expression" and outer.child_by_field_name("left") == around:
            yield key
        if outer.type == "call_expression" and callee_of(outer) == around and called_name(file, outer) == "set":
            yield from arguments_of(outer)[:1]
        property_set = around.type == "member_expression" and outer.type == "assignment_expression"
        if property_set and outer.child_by_field_name("left") == around:
            yield None
