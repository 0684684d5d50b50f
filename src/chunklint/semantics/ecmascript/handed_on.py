"""What the places that mount components and call hooks give them that changes while these stay."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.semantics.ecmascript.changes import ITSELF, ways_of
from chunklint.semantics.ecmascript.functions import arguments_of, is_function
from chunklint.semantics.ecmascript.item_keys import changes_with_item
from chunklint.semantics.ecmascript.keys import changes_with, keys_of
from chunklint.semantics.ecmascript.member_ways import ways_of_state
from chunklint.semantics.ecmascript.modals import is_set_inside, modal_around, opens_with
from chunklint.semantics.ecmascript.names import resolve, unwrap
from chunklint.semantics.ecmascript.swaps import takes_its_place
from chunklint.semantics.ecmascript.unmounts import is_taken_away

ALL = "*"
"""The prop of a spread: all that the owner is given is handed on under the same names."""


def props_given(file: SourceFile, element: Node, owner: Node) -> Iterator[tuple[str, str]]:
    """The props of an element that change in place (`0.id`, `ALL`), each with a way of its value in the owner."""
    changing = [
        (file.text(part.named_children[0]), part.named_children[1], ways)
        for part in element.named_children
        if part.type == "jsx_attribute" and len(part.named_children) == 2 and (ways := _ways_in(file, part, owner))
    ]
    spread = any(_hands_all_on(file, part, owner) for part in element.named_children)
    if not changing and not spread:
        return
    around = around_in(element, owner)
    keys = tuple(keys_of(file, around))
    modal = modal_around(file, around)
    if spread and modal is None:
        yield ALL, ALL
    for prop, value, ways in changing:
        if changes_with(file, value, keys, owner) or changes_with_item(file, element, value, owner):
            continue
        if modal is not None and not (ITSELF in ways and is_set_inside(file, value, modal)):
            continue
        if opens_with(file, element, value) or is_taken_away(file, element, value, owner):
            continue
        if ITSELF not in ways or not takes_its_place(file, element, value, owner):
            told = ways if modal is None else frozenset({ITSELF})
            if ITSELF in ways and modal is None:
                told = ways - {ITSELF} | ways_of_state(file, value, owner)
            yield from ((f"0.{prop}", way) for way in told)


def _ways_in(file: SourceFile, attribute: Node, owner: Node) -> frozenset[str]:
    value = attribute.named_children[1]
    inner = next(iter(value.named_children), None) if value.type == "jsx_expression" else None
    if inner is None or is_function(unwrap(inner)) or unwrap(inner).type.startswith("jsx_"):
        return frozenset()
    return ways_of(file, inner, owner)


def around_in(element: Node, owner: Node) -> list[Node]:
    """The element and the elements around it in the component, innermost first, as opening or self-closing tags."""
    found = [element]
    for around in ancestors(element):
        if around == owner:
            break
        if around.type == "jsx_element" and around.named_children[0] != element:
            found.append(around.named_children[0])
    return found


def _hands_all_on(file: SourceFile, part: Node, owner: Node) -> bool:
    """Whether a part of a tag is a spread of the props of its component, or of the rest of them."""
    spread = next((one for one in part.named_children if one.type == "spread_element"), None)
    name = spread.named_children[0] if spread is not None and spread.named_children else None
    found = resolve(file, name) if name is not None and name.type == "identifier" else None
    return found is not None and found.kind == "parameter" and found.scope == owner


def arguments_given(file: SourceFile, call: Node, owner: Node) -> Iterator[tuple[str, str]]:
    """The arguments of a call, and the parts of objects among them (`0`, `1.id`), each with a way of its value."""
    for at, value in enumerate(arguments_of(call)):
        if is_function(unwrap(value)):
            continue
        if unwrap(value).type != "object":
            yield from ((f"{at}", way) for way in ways_of(file, value, owner))
            continue
        for part in unwrap(value).named_children:
            key = part.child_by_field_name("key") if part.type == "pair" else part
            inner = part.child_by_field_name("value") if part.type == "pair" else part
            if key is not None and inner is not None and not is_function(unwrap(inner)):
                yield from ((f"{at}.{file.text(key)}", way) for way in ways_of(file, inner, owner))
