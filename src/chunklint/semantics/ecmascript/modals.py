"""Modals: one hides what it was opened from, and as long as it is open, only what is set inside of it changes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors, begins_within, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.changes import given
from chunklint.semantics.ecmascript.cleanup_scope import conditions
from chunklint.semantics.ecmascript.covers import COVERS, MAY_COVER, is_opened_over, lies_over
from chunklint.semantics.ecmascript.definitions import definitions
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    enclosing_function,
    function_of,
    is_function,
    returned,
)
from chunklint.semantics.ecmascript.names import FUNCTIONS, Binding, resolve, unwrap, uses_of
from chunklint.semantics.ecmascript.react import Effect, hook_of
from chunklint.semantics.ecmascript.states import setter_of
from chunklint.semantics.ecmascript.swaps import NOTHING

_MODAL = re.compile(r"Modal|Dialog|Drawer|Popover|Confirm|Wizard|Sheet(?!s)|Lightbox|SlidingPanel|SlideOver|Offcanvas")
_CLOSING = re.compile(
    r"^on(?:Close|Cancel|Hide|Dismiss|OpenChange|Exit|Done|Success)|^(?:close|cancel|hide|setOpen)"
    r"|^handle(?:Close|Cancel|Hide|Dismiss)"
)
_OPEN = re.compile(r"^(?:is|default)?(?:open|opened|show|shown|visible)$|(?:Open|Opened|Show|Visible)$", re.IGNORECASE)
# Drawers that stand beside the page.
_BESIDE = re.compile(r"""\bvariant=\{?["'](?:permanent|persistent)|\bmask=\{false\}""")
_TRIGGER = re.compile(r"Trigger|Button|Opener|Anchor")
_WRAPPERS = 4
_CHOICES = ("ternary_expression", "if_statement", "switch_case")


@record
class Modals:
    """The components of a file that render a modal and nothing else: where a condition mounts one, it stands open.

    Attributes:
        names: Of the components, each with the ways of the props that it is open by: closed, it renders nothing.
        holders: Those among them that show their own children in the modal.
    """

    names: tuple[tuple[str, tuple[str, ...]], ...]
    holders: tuple[str, ...] = ()


def modals(file: SourceFile) -> Modals | None:
    """The components of a file that are modals by what they render, under whatever names; None for none."""
    if not _MODAL.search(file.content) and not MAY_COVER.search(file.content):
        return None
    functions = ((one.fact.name, function_of(file, one.node)) for one in definitions(file))
    found = [(name, one) for name, one in functions if one is not None and _renders_modal(file, one)]
    names = tuple((name, tuple(sorted(set(_opened_by(file, function))))) for name, function in found)
    holders = tuple(name for name, function in found if _shows_children(file, function))
    return Modals(names, holders) if names else None


def _shows_children(file: SourceFile, function: Node) -> bool:
    """Whether a component shows its children in the modal that it renders, not as what opens it."""
    uses = (one for one in descendants(function, "identifier", "property_identifier") if file.text(one) == "children")
    places = [_tags_around(file, use, function) for use in uses if use.parent is not None]
    return any(tags and not any(_TRIGGER.search(tag) for tag in tags) for tags in places)


def _tags_around(file: SourceFile, place: Node, function: Node) -> list[str]:
    """The names of the elements of a component that a place is shown in."""
    around = (one for one in ancestors(place) if one.type == "jsx_element" and begins_within(one, function))
    names = (one.named_children[0].child_by_field_name("name") for one in around)
    return [file.text(name) for name in names if name is not None]


def _opened_by(file: SourceFile, function: Node) -> Iterator[str]:
    """The ways of the props without which a component renders nothing: `if (!row) return null`."""
    body = function.child_by_field_name("body")
    for statement in body.named_children if body is not None else ():
        condition = statement.child_by_field_name("condition") if statement.type == "if_statement" else None
        values = [one.named_children for one in descendants(statement, "return_statement", stop=FUNCTIONS)]
        if condition is None or not values or any(value and file.text(value[0]) != "null" for value in values):
            continue
        for name in descendants(condition, "identifier"):
            found = resolve(file, name)
            way = given(file, name, found, function) if found is not None else None
            yield from (way,) if way is not None else ()


def _renders_modal(file: SourceFile, function: Node) -> bool:
    shown = [element for value in returned(function) for element in _shown(file, value)]
    return bool(shown) and all(_is_modal(file, element) for element in shown)


def _shown(file: SourceFile, value: Node) -> Iterator[Node]:
    """The elements that a value may be: those of a choice (`open ? <Sheet /> : null`), and what a portal is given."""
    node = unwrap(value)
    if node.type in ("jsx_element", "jsx_self_closing_element"):
        yield node
    elif node.type == "ternary_expression":
        for key in ("consequence", "alternative"):
            if (part := node.child_by_field_name(key)) is not None:
                yield from _shown(file, part)
    elif node.type == "binary_expression" and node.children[1].type == "&&":
        yield from _shown(file, node.children[2])
    elif node.type == "jsx_expression":
        yield from (element for part in node.named_children for element in _shown(file, part))
    elif node.type == "call_expression" and called_name(file, node) == "createPortal":
        yield from (element for part in arguments_of(node)[:1] for element in _shown(file, part))


def _is_modal(file: SourceFile, element: Node) -> bool:
    """Whether an element is a modal, or a provider or fragment around nothing but one."""
    for _ in range(_WRAPPERS):
        tag = element if element.type == "jsx_self_closing_element" else element.named_children[0]
        if _is_named_modal(file, tag) or _covers_the_page(file, tag) or lies_over(file, tag):
            return True
        inner = [one for child in element.named_children for one in _shown(file, child)]
        if len(inner) != 1 or (inner[0].parent != element and len(_beside(element)) > 1):
            return False
        element = inner[0]
    return False


def _beside(element: Node) -> list[Node]:
    """What an element shows: elements and what stands in braces, but for remarks."""
    shown = (one for one in element.named_children if one.type.startswith("jsx_") and "opening" not in one.type)
    inner = (one for one in shown if one.type not in ("jsx_closing_element", "jsx_text"))
    return [
        one for one in inner if one.type != "jsx_expression" or any(p.type != "comment" for p in one.named_children)
    ]


def _covers_the_page(file: SourceFile, tag: Node) -> bool:
    """Whether an element says that it is a modal dialog, or lies fixed over all that the window shows."""
    for part in (one for one in tag.named_children if one.type == "jsx_attribute"):
        name, text = file.text(part.named_children[0]), file.text(part)
        if name == "aria-modal" or (name == "role" and "dialog" in text):
            return True
        if name == "className" and re.search(r"\bfixed\b", text) and COVERS.search(text):
            return True
    return False


def modal_around(file: SourceFile, around: list[Node]) -> Node | None:
    """The innermost modal around an element, whole, that is there only while it is open; None for none.

    An element in a modal's tags is there while that is open. A modal of its own name (`<UserDialog user={user} />`) is
    so where a condition decides on it, or one around it, and so is anything else that lies over the whole page.
    """
    for at, tag in enumerate(around):
        named = _is_named_modal(file, tag)
        if not named and not (at > 0 and lies_over(file, tag)):
            continue
        if (named and at > 0) or is_conditional(tag):
            return tag.parent if tag.type == "jsx_opening_element" else tag
    return None


def is_conditional(tag: Node) -> bool:
    """Whether a condition decides on an element, within the function that makes it."""
    return next(choices_around(tag), None) is not None


def choices_around(place: Node) -> Iterator[Node]:
    """What decides on a place within the function that it stands in, innermost first."""
    for around in ancestors(place):
        if is_function(around):
            return
        if around.type in _CHOICES or (around.type == "binary_expression" and around.children[1].type in ("&&", "??")):
            yield around


def is_set_inside(file: SourceFile, value: Node, modal: Node) -> bool:
    """Whether the setter of a state that a value names stands in the modal itself."""
    names = [value] if value.type == "identifier" else list(descendants(value, "identifier"))
    for name in names:
        found = resolve(file, name)
        setter = setter_of(file, found) if found is not None and hook_of(file, found) is not None else None
        uses = uses_of(file, setter.node) if setter is not None else ()
        inside = [use for use in uses if begins_within(use, modal) and _sets_something(file, use)]
        if not all(_closes(file, use, modal) for use in inside):
            return True
    return False


def _closes(file: SourceFile, use: Node, modal: Node) -> bool:
    """Whether a place is in a handler by which a modal is closed: `onClose={() => setUser(null)}`."""
    for around in ancestors(use):
        if around.type == "jsx_attribute":
            return _CLOSING.search(file.text(around.named_children[0])) is not None
        if around == modal:
            break
    return False


def opens_with(file: SourceFile, element: Node, value: Node) -> bool:
    """Whether what sets a prop's state opens the modal that it is given to: `<Sheet open={open} row={row} />`.

    It hides what the next value would be chosen from, whether it is mounted all the time or not.
    """
    if not _is_named_modal(file, element):
        return False
    openers = [state for shown in _shown_by(file, element) for state in _states(file, shown)]
    states = _states(file, value)
    return bool(states) and all(
        state in openers or any(_is_set_with(file, state, opener) for opener in openers) for state in states
    )


def asks_while_open(file: SourceFile, effect: Effect) -> bool:
    """Whether an effect asks if its component is open, by a prop: `if (!isOpen) return`."""
    for asked in conditions(effect.callback) if effect.owner is not None else ():
        for name in [asked] if asked.type == "identifier" else descendants(asked, "identifier"):
            found = resolve(file, name) if _OPEN.search(file.text(name)) else None
            if found is not None and effect.owner is not None and given(file, name, found, effect.owner) is not None:
                return True
    return False


def shuts_page(file: SourceFile, owner: Node, state: str) -> bool:
    """Whether a component covers the page with a modal while a state is set: `<AlertDialog open={busy}>`."""
    return any(
        file.text(shown).strip("{}! ") == state
        for tag in descendants(owner, "jsx_opening_element", "jsx_self_closing_element")
        if _is_named_modal(file, tag)
        for shown in _shown_by(file, tag)
    )


def _is_named_modal(file: SourceFile, tag: Node) -> bool:
    name = tag.child_by_field_name("name")
    if name is None or _BESIDE.search(file.text(tag)):
        return False
    return bool(_MODAL.search(file.text(name))) or is_opened_over(file, tag)


def _shown_by(file: SourceFile, tag: Node) -> Iterator[Node]:
    """The values of the props by which an element is open or not."""
    for part in (one for one in tag.named_children if one.type == "jsx_attribute" and len(one.named_children) > 1):
        if _OPEN.search(file.text(part.named_children[0])):
            yield part.named_children[1]


def _states(file: SourceFile, value: Node) -> list[Binding]:
    """The state variables that a value names."""
    names = [value] if value.type == "identifier" else list(descendants(value, "identifier"))
    found = (resolve(file, name) for name in names)
    return [one for one in found if one is not None and (hook := hook_of(file, one)) and hook[0] == "useState"]


def _is_set_with(file: SourceFile, state: Binding, opener: Binding) -> bool:
    """Whether each function that sets a state to something sets another one, too."""
    setter, opening = setter_of(file, state), setter_of(file, opener)
    if setter is None or opening is None:
        return False
    functions = [enclosing_function(file, use) for use in uses_of(file, setter.node) if _sets_something(file, use)]
    opened = list(uses_of(file, opening.node))
    return bool(functions) and all(
        function is not None and any(begins_within(use, function) for use in opened) for function in functions
    )


def _sets_something(file: SourceFile, use: Node) -> bool:
    handed = arguments_of(use.parent) if use.parent is not None and use.parent.type == "call_expression" else []
    return not handed or file.text(unwrap(handed[0])) not in NOTHING
