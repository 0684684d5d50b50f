"""What code leaves on the page itself: handlers, styles and classes that stay when the component is gone."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import is_function
from chunklint.semantics.ecmascript.names import string_value

# Events that come once by nature.
ONE_TIME_EVENTS = frozenset({"load", "DOMContentLoaded", "appinstalled"})
PAGES = (("document", "body"), ("document", "documentElement"))

# Style values that undo another one.
_RESTING = frozenset({"", "auto", "unset", "initial", "inherit", "visible", "scroll", "default", "static"})

# Properties that keep the page from being used, and parts of classes that dress an application, not one page of it.
_LOCKS = frozenset({"overflow", "overflowX", "overflowY", "cursor", "userSelect", "pointerEvents", "touchAction"})
_SCROLLS = frozenset({"overflow", "overflowX", "overflowY"})
_SCROLL_CLASS = re.compile(r"overflow|scroll", re.IGNORECASE)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_DRESSES = frozenset(
    {
        "theme",
        "dark",
        "light",
        "mode",
        "font",
        "fonts",
        "loaded",
        "ready",
        "hydrated",
        "touch",
        "desktop",
        "mobile",
        "js",
        *("os", "mac", "macos", "win", "windows", "linux", "platform", "electron", "rtl", "ltr"),
    }
)


def left_by_assignment(file: SourceFile, chain: tuple[str, ...], value: Node) -> tuple[str, str] | None:
    """What an assignment leaves on the page, and what would undo it; `chain` is its target without `window`."""
    name = ".".join(chain)
    if len(chain) == 2 and chain[0] in ("window", "globalThis", "self", "document"):
        handles = is_handler(file, value)
        listens = chain[1].startswith("on") and chain[1].islower() and chain[1][2:] not in ONE_TIME_EVENTS
        return (f"`{name}` keeps this handler", f"`{name} = null`") if listens and handles else None
    if chain[:2] not in PAGES or chain[2:3] != ("style",) or len(chain) != 4:
        return None
    text = _lasting_style(file, value)
    if value.type == "ternary_expression":
        return None  # What sets it also takes it back.
    if text is None or chain[3] not in _LOCKS:
        return None  # What else is set there dresses the application.
    return f"`{name}` keeps the value `{text}`", "an assignment of the former value"


def is_scroll_lock(name: str) -> bool:
    """Whether a style property or a class keeps the page from scrolling, as overlays do while they are open."""
    return name in _SCROLLS or _SCROLL_CLASS.search(name) is not None


def is_handler(file: SourceFile, value: Node) -> bool:
    """Whether a value that is assigned to an `on...` property handles events, rather than ends that."""
    return is_function(value) or (value.type == "identifier" and file.text(value) != "undefined")


def left_by_class(file: SourceFile, chain: tuple[str, ...], given: list[Node]) -> tuple[str, str] | None:
    """A class that `document.body.classList.add` leaves, unless the whole application wears it."""
    text = string_value(file, given[0]) if given else None
    flips = chain[-1] == "toggle" and len(given) < 2
    flips = flips or (chain[-1] == "toggle" and text is not None and is_scroll_lock(text))
    if not text or flips or chain[1] != "body" or not _DRESSES.isdisjoint(word.lower() for word in _WORD.findall(text)):
        return None
    return f"`document.body` keeps the class `{text}`", "`classList.remove`"


def _lasting_style(file: SourceFile, value: Node) -> str | None:
    """The literal value that a style is left with, unless it is that of rest."""
    text = string_value(file, value)
    return text if text is not None and text not in _RESTING else None
