"""Panes of which one is there at a time: those of tabs, of steps, and of a list of which one is taken by its place."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile, ancestors
from chunklint.semantics.ecmascript.names import resolve, root_of, uses_of

# The modules that panes come from which are taken away when another one is shown, and what they are called there.
_PANES = (
    (re.compile(r"^(?:@radix-ui/(?:react-tabs|themes)|radix-ui)$|/ui/tabs$"), re.compile(r"^(?:Tabs\.?)?Content$")),
    (re.compile(r"^@mui/lab(?:/TabPanel)?$"), re.compile(r"^TabPanel$")),
    (re.compile(r"^@headlessui/react$"), re.compile(r"^(?:Tab\.?)?Panel$")),
    (re.compile(r"^@mantine/core$"), re.compile(r"^Stepper\.(?:Step|Completed)$")),
)
_STAYS = frozenset({"forceMount", "static", "unmount"})
_ELEMENTS = ("jsx_element", "jsx_self_closing_element")


def are_panes(file: SourceFile, around: Node, parts: list[Node | None]) -> bool:
    """Whether two parts of what is around them are panes of which only one is there."""
    if around.type == "array":
        return all(part is not None and part.type == "object" for part in parts) and _shows_one(file, around)
    return all(part is not None and part.type in _ELEMENTS and _is_pane(file, part) for part in parts)


def _is_pane(file: SourceFile, element: Node) -> bool:
    tag = element.named_children[0] if element.type == "jsx_element" else element
    name = tag.child_by_field_name("name")
    root = root_of(name) if name is not None else None
    found = resolve(file, root) if root is not None and root.type == "identifier" else None
    if name is None or found is None or found.kind != "import":
        return False
    attributes = {file.text(one.named_children[0]) for one in tag.named_children if one.type == "jsx_attribute"}
    # Of `import * as Tabs`, the member is what counts.
    written = file.text(name)
    names = {written, written.rpartition(".")[2]} if found.imported == "*" else {written}
    return attributes.isdisjoint(_STAYS) and any(
        module.search(found.module) and any(map(called.match, names)) for module, called in _PANES
    )


def _shows_one(file: SourceFile, array: Node) -> bool:
    """Whether of the entries of a list only one is shown, by its place: `{steps[step].content}`.

    What else is done with all of them shows no elements that they hold.
    """
    declared = next((one for one in ancestors(array) if one.type == "variable_declarator"), None)
    name = declared.child_by_field_name("name") if declared is not None else None
    if name is None or name.type != "identifier":
        return False
    held = {key for entry in array.named_children for key in _shown_by(file, entry)}
    picked = False
    for use in uses_of(file, name):
        around = use.parent
        if around is not None and around.type == "subscript_expression" and around.child_by_field_name("object") == use:
            picked = True
            continue
        part = around.child_by_field_name("property") if around is not None else None
        call = around.parent if around is not None else None
        if part is None or call is None:
            return False
        if file.text(part) != "length" and (call.type != "call_expression" or _names_any(file, call, held)):
            return False
    return picked


def _shown_by(file: SourceFile, entry: Node) -> list[str]:
    """The keys under which an entry holds elements."""
    pairs = [one for one in entry.named_children if one.type == "pair"] if entry.type == "object" else []
    found = [(one.child_by_field_name("key"), one.child_by_field_name("value")) for one in pairs]
    return [file.text(key) for key, value in found if key is not None and value is not None and "<" in file.text(value)]


def _names_any(file: SourceFile, call: Node, keys: set[str]) -> bool:
    text = file.text(call)
    return any(re.search(rf"\b{re.escape(key)}\b", text) for key in keys) or "..." in text
