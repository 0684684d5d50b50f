"""What lies over the whole page and keeps the pointer from it, by its classes, its style, its role or its library."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.names import resolve, unwrap

# What covers the page, in the words of utility classes: `fixed inset-0`, `w-screen h-screen fixed`.
TO_ALL_SIDES = r"inset-0|(?=.*\btop-0\b)(?=.*\bbottom-0\b)(?=.*\bleft-0\b)(?=.*\bright-0\b)"
COVERS = re.compile(rf"{TO_ALL_SIDES}|(?=.*\bw-(?:screen|full|dvw)\b)(?=.*\bh-(?:screen|full|dvh)\b)")
# The same of a style, in CSS or as an object.
_COVERING = re.compile(
    r"(?=.*\bposition:\s*[\"']?fixed)(?=.*\b(?:inset:\s*[\"']?0|height:\s*[\"']?100|bottom:\s*[\"']?0))", re.DOTALL
)
# What lets the pointer through, lies behind, or covers only sometimes.
_OPEN_BELOW = re.compile(r"pointer-events-none|pointer-?[eE]vents:\s*[\"']?none|-z-|z-?[iI]ndex:\s*-|\?|&&")
# Classes, also those of a module of styles, by the names that modals have in style sheets; a dialog may be talked in.
_MODAL_CLASS = re.compile(
    r"(?<![-\w])(?:modal|lightbox)(?:[-_]{0,2}(?:[oO]verlay|[bB]ackdrop|[mM]ask|[wW]rap(?:per)?|[cC]ontainer|[rR]oot))?"
    r"(?![-\w])|(?<![-\w])dialog[-_]{0,2}(?:[oO]verlay|[bB]ackdrop|[mM]ask)(?![-\w])"
)
MAY_COVER = re.compile(
    r"""\bfixed\b|aria-modal|role=["'](?:alert)?dialog|className=[^>]*\b(?:modal|dialog|lightbox)|Backdrop|Overlay|"""
    r"""anchorEl|isBlocking|EuiFlyout|antd-mobile|<dialog"""
)
# Components that cover the page while they are open, each with the attribute that they have then, and must not have.
_COMPONENTS = (
    (re.compile(r"Backdrop$"), re.compile(r"^(?:open|isOpen|visible|show)$"), re.compile(r"invisible")),
    (
        re.compile(r"(?<!Loading)(?<!Loader)(?<!Spinner)Overlay\d?$"),
        re.compile(r"^(?:open|isOpen|visible|show)$"),
        re.compile(r"\btarget="),
    ),
    (re.compile(r"^Menu$"), re.compile(r"^anchorEl$"), re.compile(r"hideBackdrop|pointerEvents")),
    (re.compile(r"^EuiFlyout(?:Resizable)?$"), re.compile(r"^onClose$"), re.compile(r"ownFocus=\{false|type=.push")),
    (re.compile(r"Panel$"), re.compile(r"^isBlocking$"), re.compile(r"isBlocking=\{false")),
)
# Libraries for phones, whose popups have a mask over the page.
_OF_PHONES = re.compile(r"^(?:antd-mobile|react-vant|@nutui/nutui-react(?:-taro)?|tdesign-mobile-react|zarm)$")


def is_opened_over(file: SourceFile, tag: Node) -> bool:
    """Whether an element is a component of a library that covers the page while it is open."""
    name = tag.child_by_field_name("name")
    if name is None:
        return False
    attributes = {file.text(one.named_children[0]) for one in tag.named_children if one.type == "jsx_attribute"}
    written = file.text(name).rpartition(".")[2]
    if written == "Popup":
        found = resolve(file, name) if name.type == "identifier" else None
        return found is not None and _OF_PHONES.match(found.module) is not None and "mask={false}" not in file.text(tag)
    return any(
        called.search(written) and any(map(shown.search, attributes)) and not never.search(file.text(tag))
        for called, shown, never in _COMPONENTS
    )


def lies_over(file: SourceFile, tag: Node) -> bool:
    """Whether an element lies over all that the window shows as long as it is there, and keeps the pointer from it."""
    texts = {
        file.text(one.named_children[0]): file.text(one) for one in tag.named_children if one.type == "jsx_attribute"
    }
    classes, style = texts.get("className", ""), texts.get("style", "")
    if any(_OPEN_BELOW.search(text) for text in (classes, style)):
        return False
    if "aria-modal" in texts:
        return "false" not in texts["aria-modal"]
    fixed = re.search(r"\bfixed\b", classes) is not None and COVERS.search(classes) is not None
    named = _MODAL_CLASS.search(classes) is not None
    return fixed or named or _COVERING.search(style) is not None or _is_styled_over(file, tag)


def _is_styled_over(file: SourceFile, tag: Node) -> bool:
    """Whether an element is one of this file's own with a style that covers the page, by `styled.div` and such."""
    name = tag.child_by_field_name("name")
    found = resolve(file, name) if name is not None and name.type == "identifier" else None
    value = unwrap(found.value) if found is not None and found.kind == "variable" and found.value is not None else None
    if value is None or value.type != "call_expression":
        return False
    style = value.child_by_field_name("arguments")
    text = file.text(style) if style is not None else ""
    return _COVERING.search(text) is not None and not _OPEN_BELOW.search(text)
