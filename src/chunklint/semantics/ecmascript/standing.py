"""What decides on the place of an element or a call: conditions, keys, props that carry it, and what it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.semantics.ecmascript.functions import arguments_of, called_name
from chunklint.semantics.ecmascript.latches import is_on_for_good
from chunklint.semantics.ecmascript.modals import choices_around
from chunklint.semantics.ecmascript.names import bindings, resolve, root_of, unwrap

# What shows its children at once and keeps them, by the names that such components are given.
_KEEPS = re.compile(
    r"^[a-z]|^With[A-Z]|Provider|(?:Adapter|Context|Boundary|Suspense|StrictMode|Router|Fragment|Theme|Layout|Container|Root|Shell)$"
)
# What shows its children at times: routes, tabs, what opens and closes.
_SHOWS_AT_TIMES = re.compile(
    r"(?:Route|Switch|Tab|TabPane|TabPanel|Step|Modal|Dialog|Drawer|Sheet|Popover|Popper|Tooltip|Dropdown|Menu|Item|Row|"
    r"Cell|List|Content|Portal|Collapse|Accordion\w*|Transition|Presence|Animate\w*|Fade|Slide|Show|If|When|Case)$"
)
# The parts of a page that is laid out, whatever else is on it.
_LAID_OUT = re.compile(
    r"^(?:(?:\w*Layout\.|Main|Page|App|Layout)?Content|(?:Grid\.)?Row|List|(?:List|Grid|Form|Nav|Stack|Flex|Toolbar)\.?Item)$"
)
_FRAMES = re.compile(r"(?:Layout|Shell|Frame|Page|Scaffold)$")
_PARTS = re.compile(
    r"^(?:header|footer|navbar|nav|navigation|aside|side_?bar|masthead|top_?bar|app_?bar)$", re.IGNORECASE
)
_BUILD = re.compile(r"(?:process\.env|import\.meta\.env)\.\w+$")
_SETTINGS = re.compile(
    r"^(?:(?:app|site)?_?config|env|constants?|features?|(?:feature_?)?flags|settings)$", re.IGNORECASE
)
_PLATFORM = re.compile(
    r"^_?(?:is|on|in|has)_?(?:Running)?(?:In|On)?(?:Electron|Tauri|Native|Web|Mobile|Desktop|Browser|Server|Client|Dev|Prod|Mac|"
    r"Win|Linux|Ios|Android|Capacitor|Cordova|Extension|Self_?Hosted|Cloud|Embedded|Demo)\w*$",
    re.IGNORECASE,
)
_GLOBALS = frozenset({"window", "document", "navigator"})
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]+")


def is_decided(file: SourceFile, place: Node) -> bool:
    """Whether a condition decides on a place, within its function, that may change while the page is there."""
    for one in choices_around(place):
        test = one.child_by_field_name("condition") or one.child_by_field_name("left")
        if test is None or not (_is_constant(file, unwrap(test)) or is_on_for_good(file, one, place)):
            return True
    return False


def _is_constant(file: SourceFile, asked: Node, hops: int = 3) -> bool:
    """Whether a condition names constants of modules and settings of the build alone: `isWeb`, `process.env.DESK`."""
    if asked.type == "member_expression" or hops == 0:
        return _BUILD.match(file.text(asked)) is not None or _is_setting(file, asked)
    if asked.type == "call_expression":
        return _PLATFORM.match(called_name(file, asked)) is not None and not arguments_of(asked)
    if asked.type == "identifier":
        found = resolve(file, asked)
        if found is None or found.kind == "import" or found.value is None or found.keys or found.kind != "variable":
            return file.text(asked) in _GLOBALS if found is None else found.kind == "import"
        return _CONSTANT.fullmatch(found.name) is not None or _is_constant(file, unwrap(found.value), hops - 1)
    parts = [part for part in asked.named_children if part.type not in ("string", "number", "true", "false", "comment")]
    return asked.type in ("unary_expression", "binary_expression") and all(
        _is_constant(file, unwrap(part), hops) for part in parts
    )


def _is_setting(file: SourceFile, asked: Node) -> bool:
    """Whether a chain is a setting of another module: `config.withBridge`."""
    root = root_of(asked)
    found = resolve(file, root) if root.type == "identifier" else None
    return found is not None and found.kind == "import" and _SETTINGS.match(found.name) is not None


def is_shown_at_times(file: SourceFile, element: Node, top: Node | None) -> bool:
    """Whether a prop that carries an element, a key, a route, a tab or a modal below some node decides on it."""
    for tag in tags_around(file, element, top):
        name = tag.child_by_field_name("name") if tag is not None else None
        shown = name is not None and tag != element and _shows_at_times(file.text(name))
        if tag is None or _has_key(file, tag) or shown:
            return True
    return False


def _shows_at_times(name: str) -> bool:
    return _SHOWS_AT_TIMES.search(name) is not None and _LAID_OUT.match(name) is None


def tags_around(file: SourceFile, element: Node, owner: Node | None) -> Iterator[Node | None]:
    """An element's tag and those around it; None for a prop that carries it."""
    yield element
    for around in ancestors(element):
        if around == owner:
            return
        if around.type == "jsx_attribute":
            yield around.parent if _holds_panes(file, around) or _is_part_of_frame(file, around) else None
        elif around.type == "jsx_element" and around.named_children[0] != element:
            yield around.named_children[0]


def _holds_panes(file: SourceFile, attribute: Node) -> bool:
    """Whether a prop lists the panes of antd's tabs, which stay where they are once they have been shown."""
    tag = attribute.parent
    name = tag.child_by_field_name("name") if tag is not None else None
    if tag is None or name is None or file.text(attribute.named_children[0]) != "items":
        return False
    found = bindings(file, file.root).get(file.text(name))
    return found is not None and (found.module, found.imported) == ("antd", "Tabs") and "destroy" not in file.text(tag)


def _is_part_of_frame(file: SourceFile, attribute: Node) -> bool:
    """Whether a prop carries a part of a page that a frame shows beside the others: `<Layout header={<Bar />}>`."""
    tag = attribute.parent
    name = tag.child_by_field_name("name") if tag is not None else None
    framed = name is not None and _FRAMES.search(file.text(name)) is not None
    return framed and _PARTS.match(file.text(attribute.named_children[0])) is not None


def keeps(file: SourceFile, tag: Node | None, own: bool) -> bool:
    """Whether a tag shows what it holds at once and keeps it, by its name; `own` is for the element itself."""
    if tag is None:
        return False
    name = tag.child_by_field_name("name")
    return not _has_key(file, tag) and (own or name is None or _KEEPS.search(file.text(name)) is not None)


def _has_key(file: SourceFile, tag: Node) -> bool:
    parts = (part for part in tag.named_children if part.type == "jsx_attribute")
    return any(file.text(part.named_children[0]) == "key" for part in parts)
