"""Fields that are shut while a request runs: nobody can change what it asked with before its answer is there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.semantics.ecmascript.asked_names import state_named
from chunklint.semantics.ecmascript.covers import TO_ALL_SIDES
from chunklint.semantics.ecmascript.functions import is_function, returned
from chunklint.semantics.ecmascript.modals import shuts_page
from chunklint.semantics.ecmascript.names import Binding, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.react import Effect, hook_of
from chunklint.semantics.ecmascript.states import is_listed
from chunklint.semantics.ecmascript.swaps import asked_before, named_function, places_of, setting

_SHUTS = frozenset({"disabled", "isDisabled", "readOnly", "loading", "isLoading"})
_WAITS = frozenset({"loading", "isLoading", "spinning", "isFetching", "pending", "isPending"})
# What shows a spinner in the place of its children, or over them, by the names that such components have.
_SHOWS_LOADING = re.compile(r"Load|Spin|Skeleton|Pending|Wait|Await|Busy|StatusIndicator")
# What lies over that which stands beside it, by the names that such components have, and what shows it.
_TO_ALL_SIDES = re.compile(TO_ALL_SIDES)
_COVERS_OTHERS = re.compile(r"Overlay$|Backdrop$|LoadingMask$")
_SHOWN_BY = frozenset({"visible", "open", "show", "active", "loading", "isLoading", "isVisible", "isOpen"})
_ABSOLUTE = re.compile(r"\b(?:absolute|fixed)\b")
_HOPS = 3
_ELEMENTS = ("jsx_element", "jsx_self_closing_element")
_NO_POINTER = "pointer-events-none"
_EQUAL, _UNEQUAL = frozenset({"===", "=="}), frozenset({"!==", "!="})
_TAGS = ("jsx_opening_element", "jsx_self_closing_element")


def is_shut(file: SourceFile, effect: Effect, name: str, busy: Collection[str]) -> bool:
    """Whether all that sets a state in a component stands where states shut or hide it which a request has set."""
    found = state_named(file, effect.owner, name) if effect.owner is not None else None
    hook = hook_of(file, found) if found is not None else None
    if found is None or hook is None or hook[0] != "useState" or effect.owner is None:
        return False
    if any(shuts_page(file, effect.owner, state) for state in busy):
        return True
    return sets_while_idle(file, found, effect.owner, busy)


def sets_while_idle(file: SourceFile, state: Binding, owner: Node, busy: Collection[str]) -> bool:
    """Whether all that sets a state stands where states shut or hide it, as written: `busy`, `rows.isLoading`.

    A handler may ask for them itself: `if (busy) return; setPage(page + 1)`.
    """
    uses = list(setting(file, state))
    places = [place for use in uses if not is_idle_at(file, use, owner, busy) for place in places_of(file, use, state)]
    shut = all(stands_idle(file, place, owner, busy) for place in places)
    return shut and any(True for use in uses for _ in places_of(file, use, state))


def stands_idle(file: SourceFile, place: Node, owner: Node, busy: Collection[str], hops: int = _HOPS) -> bool:
    """Whether a place in a component is shut or hidden while one of the states is set, or all that calls it is."""
    if _is_shut_at(file, place, busy) or _is_hidden(file, place, owner, busy):
        return True
    handler = named_function(file, place, owner) if hops else None
    calls = [use for use in uses_of(file, handler) if not is_listed(file, use)] if handler is not None else []
    return bool(calls) and all(stands_idle(file, call, owner, busy, hops - 1) for call in calls)


def _is_hidden(file: SourceFile, place: Node, owner: Node, busy: Collection[str], hops: int = _HOPS) -> bool:
    """Whether a place is shown only while no state is set, itself or wherever the constant that it is a part of is."""
    if is_idle_at(file, place, owner, busy):
        return True
    kept = next(
        (around for around in ancestors(place) if around.type == "variable_declarator" or around == owner), None
    )
    name = kept.child_by_field_name("name") if kept is not None and kept != owner else None
    value = kept.child_by_field_name("value") if kept is not None and name is not None else None
    if name is None or name.type != "identifier" or value is None or not _is_made_of_elements(value):
        return False
    uses = list(uses_of(file, name)) if hops else []
    return bool(uses) and all(_is_hidden(file, use, owner, busy, hops - 1) for use in uses)


def _is_made_of_elements(value: Node) -> bool:
    """Whether a value is elements, by themselves, under a condition, or of a function that makes them."""
    made = returned(unwrap(value)) if is_function(unwrap(value)) else [value]
    return bool(made) and all(
        unwrap(one).type.startswith("jsx_") or unwrap(one).type in ("ternary_expression", "binary_expression")
        for one in made
    )


def _is_shut_at(file: SourceFile, place: Node, busy: Collection[str]) -> bool:
    """Whether the element that a place is a part of, or one around it, is shut while a state is set."""
    tag = next((around for around in ancestors(place) if around.type in _TAGS), None)
    for part in tag.named_children if tag is not None else ():
        named = part.type == "jsx_attribute" and file.text(part.named_children[0]) in _SHUTS
        if named and any(file.text(name) in busy for name in descendants(part, "identifier", "member_expression")):
            return True
        if named and (value := _value_of(part)) is not None and _implies_idle(file, value, False, busy):
            return True
    around = [one for one in ancestors(place) if one.type == "jsx_element"]
    return any(
        _shuts_all_in(file, element.named_children[0], part, busy)
        for element in around
        for part in element.named_children[0].named_children
        if part.type == "jsx_attribute"
    ) or any(_lies_over(file, part, busy) for element in around for part in element.named_children[1:])


def _lies_over(file: SourceFile, part: Node, busy: Collection[str]) -> bool:
    """Whether a part of an element lies over the others while a state is set.

    `<LoadingOverlay visible={busy} />`, or `{busy && <div className="absolute inset-0" />}`.
    """
    shown = [part] if part.type in _ELEMENTS else []
    if part.type == "jsx_expression":
        shown = [one for one in descendants(part, *_ELEMENTS) if not _is_inner(one, part)]
    for element in shown:
        tag = element if element.type == "jsx_self_closing_element" else element.named_children[0]
        name, attributes = tag.child_by_field_name("name"), [*_attributes(file, tag)]
        text = file.text(name) if name is not None else ""
        classes = next((file.text(value) for key, value in attributes if key == "className"), "")
        over = _COVERS_OTHERS.search(text) is not None or (
            _TO_ALL_SIDES.search(classes) is not None
            and _NO_POINTER not in classes
            and _ABSOLUTE.search(classes) is not None
        )
        asked = [condition for condition, held in asked_before(element, part) if held]
        asked += [value for key, value in attributes if key in _SHOWN_BY and _COVERS_OTHERS.search(text)]
        if over and any(_implies_idle(file, one, False, busy) for one in asked):
            return True
    return False


def _is_inner(element: Node, part: Node) -> bool:
    return any(around.type in _ELEMENTS for around in ancestors(element) if begins_within(around, part))


def _attributes(file: SourceFile, tag: Node) -> Iterator[tuple[str, Node]]:
    for part in tag.named_children:
        if part.type == "jsx_attribute" and (value := _value_of(part)) is not None:
            yield file.text(part.named_children[0]), value


def _value_of(attribute: Node) -> Node | None:
    """What an attribute is given: a text, or what stands in its braces."""
    given = attribute.named_children[1:2]
    if given and given[0].type == "jsx_expression":
        return next(iter(given[0].named_children), None)
    return given[0] if given else None


def _shuts_all_in(file: SourceFile, opening: Node, part: Node, busy: Collection[str]) -> bool:
    """Whether an attribute keeps clicks from all that lies in an element, whenever one of the states is set.

    `<fieldset disabled={busy}>`, `inert={busy}`, `<Spin spinning={busy}>`, and styles or classes that take the pointer
    away.
    """
    name, given = file.text(part.named_children[0]), part.named_children[1:]
    tag = opening.child_by_field_name("name")
    waits = name in _WAITS and tag is not None and _SHOWS_LOADING.search(file.text(tag)) is not None
    if waits or name == "inert" or (name == "disabled" and tag is not None and file.text(tag) == "fieldset"):
        value = next(iter(given[0].named_children), None) if given and given[0].type == "jsx_expression" else None
        return value is not None and _implies_idle(file, value, False, busy)
    return any(
        _holds_while_busy(file, one, part, busy)
        for one in descendants(part, "string", "template_string")
        if _takes_pointer(file, one)
    )


def _takes_pointer(file: SourceFile, text: Node) -> bool:
    """Whether a text is the class that takes the pointer away, or the value of the style that does."""
    if _NO_POINTER in file.text(text):
        return text.type == "string"
    pair = next((around for around in ancestors(text) if around.type in ("pair", "jsx_attribute")), None)
    key = pair.child_by_field_name("key") if pair is not None and pair.type == "pair" else None
    return key is not None and file.text(key) == "pointerEvents" and file.text(text).strip("'\"`") == "none"


def _holds_while_busy(file: SourceFile, text: Node, part: Node, busy: Collection[str]) -> bool:
    asked = list(asked_before(text, part))
    around = text.parent
    if around is not None and around.type == "pair" and around.child_by_field_name("key") == text:
        asked += [(value, True)] if (value := around.child_by_field_name("value")) is not None else []
    return bool(asked) and all(_implies_idle(file, condition, not value, busy) for condition, value in asked)


def is_idle_at(file: SourceFile, place: Node, owner: Node, busy: Collection[str]) -> bool:
    """Whether a place within a function is come to, or shown, only while one of the states is not set.

    `busy ? <Skeleton /> : place`, `!busy && place`, or `if (busy) return ...` before it.
    """
    return any(_implies_idle(file, condition, value, busy) for condition, value in asked_before(place, owner))


def _implies_idle(file: SourceFile, condition: Node, value: bool, busy: Collection[str]) -> bool:
    """Whether a condition can only have that value while a state of the names is not set."""
    node = unwrap(condition)
    if node.type in ("identifier", "member_expression"):
        if file.text(node) in busy:
            return not value
        kept = _kept_under(file, node)
        return kept is not None and _implies_idle(file, kept, value, busy)
    if node.type == "unary_expression" and node.children[0].type == "!":
        return _implies_idle(file, node.children[1], not value, busy)
    if node.type == "binary_expression" and node.children[1].type in _EQUAL | _UNEQUAL:
        # It has one value at a time: any other word says that nothing runs.
        name, word, equal = *map(file.text, (node.children[0], node.children[2])), node.children[1].type in _EQUAL
        if word in ("true", "false"):  # `loading === true` is `loading`
            return _implies_idle(file, node.children[0], value == (equal == (word == "true")), busy)
        words = {one.partition("=")[2] for one in busy if one.partition("=")[0] == name}
        return bool(words) and (equal != value if word.strip("'\"") in words else equal == value)
    if node.type != "binary_expression" or node.children[1].type not in ("&&", "||"):
        return False
    sides = [_implies_idle(file, side, value, busy) for side in (node.children[0], node.children[2])]
    return any(sides) if (node.children[1].type == "&&") == value else all(sides)


def _kept_under(file: SourceFile, name: Node) -> Node | None:
    """The condition that a constant of the component stands for: `const isBusy = saving || loading`."""
    found = resolve(file, name) if name.type == "identifier" else None
    value = unwrap(found.value) if found is not None and found.kind == "variable" and found.value is not None else None
    if found is None or value is None or found.keys or value.type not in ("binary_expression", "unary_expression"):
        return None
    return value
