"""Keys of elements: another key makes another element, so what changes with the key never changes in place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, begins_within
from chunklint.semantics.ecmascript.cleanup_scope import chains_in
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of, is_function
from chunklint.semantics.ecmascript.loaded import part_of
from chunklint.semantics.ecmascript.names import Binding, resolve, unwrap
from chunklint.semantics.ecmascript.react import hook_of

Source = tuple[int, str]
"""A binding by its place, and the part of it that is taken where it is all that a component is given; "" for all."""

_CHOOSES = frozenset({"find", "findLast"})
_HOPS = 5


def keys_of(file: SourceFile, tags: Iterable[Node]) -> Iterator[Node]:
    """The values of the keys of tags, as they are written in these."""
    for part in (part for tag in tags for part in tag.named_children if part.type == "jsx_attribute"):
        if file.text(part.named_children[0]) == "key" and len(part.named_children) > 1:
            yield part.named_children[1]


def changes_with(file: SourceFile, value: Node, keys: Iterable[Node], owner: Node) -> bool:
    """Whether a value in a component changes only where one of the keys does, too.

    Both name the same thing, or the value is made of nothing but what the key is made of: `TABS.find((tab) => tab.id
    === chosen).name` under `key={chosen}`.
    """
    named = {chain[0] for key in keys for chain in chains_in(file, key) if chain}
    if any(chain[:1] and chain[0] in named for chain in chains_in(file, value)):
        return True
    made = _made_of(file, value, owner)
    return bool(made) and any(made <= _made_of(file, key, owner) for key in keys)


def _made_of(file: SourceFile, value: Node, owner: Node) -> frozenset[Source]:
    """The states, parameters and answers of hooks in a component that a value is made of."""
    pending: list[tuple[Node, int]] = [(value, 0)]
    made, seen = set[Source](), set[int]()
    while pending:
        current, hops = pending.pop()
        for name in _deciding(file, current):
            found = resolve(file, name)
            if found is None or not begins_within(found.node, owner) or begins_within(found.node, current):
                continue  # A constant, or the parameter of a function in the value itself.
            inner = _made_from(file, found)
            if inner is None or hops == _HOPS:
                whole = found.kind == "parameter" and found.scope == owner and not found.keys
                made.add((found.node.id, part_of(file, name) if whole else ""))
            elif found.node.id not in seen:
                seen.add(found.node.id)
                pending.append((inner, hops + 1))
    return frozenset(made)


def _made_from(file: SourceFile, found: Binding) -> Node | None:
    """What a variable is computed from; None for a state, a parameter or a part of one, and the answer of a hook."""
    if found.kind != "variable" or found.value is None or is_function(unwrap(found.value)):
        return None
    hook = hook_of(file, found)
    if hook is not None:
        return next(iter(arguments_of(hook[1])), None) if hook[0] == "useMemo" else None
    whole = unwrap(found.value)
    source = resolve(file, whole) if found.keys and whole.type == "identifier" else None
    return None if source is not None and source.kind == "parameter" else found.value


def _deciding(file: SourceFile, value: Node) -> Iterator[Node]:
    """The names in a value that decide what it is: of a choice among many, only those by which one is chosen."""
    node = unwrap(value)
    callee = callee_of(node) if node.type == "call_expression" else None
    part = callee.child_by_field_name("property") if callee is not None else None
    if part is not None and file.text(part) in _CHOOSES:
        yield from (name for given in arguments_of(node) for name in _deciding(file, given))
    elif node.type == "identifier":
        yield node
    elif node.type == "member_expression" and (whole := node.child_by_field_name("object")) is not None:
        yield from _deciding(file, whole)
    else:
        yield from (name for child in node.named_children for name in _deciding(file, child))
        yield from (node,) if node.type == "shorthand_property_identifier" else ()
