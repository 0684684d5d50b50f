"""Windows beside the page's own: opened by it, or handed to a component. They end with all that listens to them."""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import called_name, receiver_of
from chunklint.semantics.ecmascript.names import dotted, root_of
from chunklint.semantics.ecmascript.origins import origin_of

# What a window tells as it ends.
_LAST = frozenset({"beforeunload", "unload", "pagehide"})


def is_of_other_window(file: SourceFile, receiver: Node, event: str | None) -> bool:
    """Whether a listener's target, which is no global, is a window: by what it tells, its type, or how it was made."""
    if event in _LAST:
        return True
    chain = dotted(file, receiver)
    if not chain:
        return False
    # The page's own needs no handing over: `props.window` is that of a frame or a popup.
    handed = len(chain) > 1 and chain[-1] == "window"
    return handed or _is_declared(file, chain) or _is_opened(file, receiver, chain)


def _is_declared(file: SourceFile, chain: tuple[str, ...]) -> bool:
    """Whether the file declares a parameter or a property of that name as a window: `paper: Window`."""
    if "Window" not in file.content:
        return False
    names = {chain[-1], *chain[-2:-1]} if chain[-1] == "current" else {chain[-1]}
    if any(re.search(rf"\b{re.escape(name)}\b(?:\s*:[\w\s|]+)?\s*=\s*window\b(?!\.)", file.content) for name in names):
        return False  # It is the page's own, unless another one is given.
    for typed in descendants(file.root, "type_annotation"):
        of = typed.parent
        name = of.child_by_field_name("name") or of.child_by_field_name("pattern") if of is not None else None
        kinds = {file.text(one) for one in descendants(typed, "type_identifier")}
        if kinds == {"Window"} and name is not None and file.text(name) in names:
            return True
    return False


def _is_opened(file: SourceFile, receiver: Node, chain: tuple[str, ...]) -> bool:
    """Whether `window.open` made a window, directly or for the ref that keeps it."""
    if chain[-1] == "current":
        given = (
            one.child_by_field_name("right")
            for one in descendants(file.root, "assignment_expression")
            if (left := one.child_by_field_name("left")) is not None and dotted(file, left) == chain
        )
        return any(one is not None and _opens(file, one) for one in given)
    made = origin_of(file, root_of(receiver)) if len(chain) == 1 else None
    return made is not None and _opens(file, made)


def _opens(file: SourceFile, made: Node) -> bool:
    receiver = receiver_of(made) if made.type == "call_expression" else None
    return receiver is not None and called_name(file, made) == "open" and dotted(file, receiver) == ("window",)
