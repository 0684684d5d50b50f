"""Lists that make their own rows and key them: what a row is given of its item changes only with the key."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.semantics.ecmascript.changes import names_in
from chunklint.semantics.ecmascript.functions import is_function
from chunklint.semantics.ecmascript.names import resolve, uses_of
from chunklint.semantics.ecmascript.swaps import name_it_gets

# The attributes that give the key of an item, and those that show one.
_KEYS = frozenset({"computeItemKey", "itemKey", "keyExtractor", "rowKey"})
_SHOWS = frozenset({"itemContent", "renderItem", "renderRow"})
# React Native's own key each row by `key` or `id` of the item. Lists that recycle put the next item into an old row.
_KEYED = frozenset({"FlatList", "SectionList"})
_RECYCLE = frozenset({"FlashList", "MasonryFlashList", "RecyclerListView", "LegendList"})
_HOPS = 4


def changes_with_item(file: SourceFile, element: Node, value: Node, owner: Node) -> bool:
    """Whether a value that an element of a component is given is made of the item that a keyed list shows there."""
    for around in ancestors(element):
        if around == owner:
            return False
        if is_function(around) and _leads_to(file, value, around) and _shows_keyed(file, around):
            return True
    return False


def _leads_to(file: SourceFile, value: Node, function: Node) -> bool:
    """Whether a value is made of a parameter of a function."""
    pending: list[tuple[Node, int]] = [(value, 0)]
    while pending:
        current, hops = pending.pop()
        for name in _names(current):
            found = resolve(file, name)
            if found is not None and found.kind == "parameter" and found.scope == function:
                return True
            if found is not None and found.kind == "variable" and found.value is not None and hops < _HOPS:
                pending.append((found.value, hops + 1))
    return False


def _names(value: Node) -> Iterator[Node]:
    """The names in a value, also the index that a member of a list is taken by."""
    yield from names_in(value)
    pending = [value]
    while pending:
        node = pending.pop()
        if node.type == "subscript_expression" and (index := node.child_by_field_name("index")) is not None:
            yield from names_in(index)
        if node.type in ("member_expression", "subscript_expression", "jsx_expression"):
            inner = node.child_by_field_name("object") or next(iter(node.named_children), None)
            pending += [inner] if inner is not None else []


def _shows_keyed(file: SourceFile, function: Node) -> bool:
    """Whether a function shows the items of a list that keys them, where it stands or under its name."""
    name = function.child_by_field_name("name") or name_it_gets(function)
    places = [function] if name is None or name.type != "identifier" else list(uses_of(file, name))
    shown = [tag for place in places if (tag := _list_of(file, place)) is not None]
    return bool(shown) and all(_is_keyed(file, tag) for tag in shown)


def _list_of(file: SourceFile, place: Node) -> Node | None:
    """The tag of the list that what stands at a place shows the items of: in an attribute, or as its child."""
    braces = place.parent
    around = braces.parent if braces is not None and braces.type == "jsx_expression" else None
    if around is not None and around.type == "jsx_element":
        return around.named_children[0]
    if around is not None and around.type == "jsx_attribute" and file.text(around.named_children[0]) in _SHOWS:
        return around.parent
    return None


def _is_keyed(file: SourceFile, tag: Node) -> bool:
    name = tag.child_by_field_name("name")
    written = file.text(name).rpartition(".")[2] if name is not None else ""
    if written in _RECYCLE:
        return False
    attributes = {file.text(one.named_children[0]) for one in tag.named_children if one.type == "jsx_attribute"}
    return written in _KEYED or not attributes.isdisjoint(_KEYS)
