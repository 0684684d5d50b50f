"""Elements that are given to a function, which may put a boundary around them, and lists of what is put around others.

`safe(<Page />)` shows the page as `safe` puts it, and `nets.reduceRight((inner, Net) => <Net>{inner}</Net>, <App />)`
puts all of a list around an element.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import called_name, callee_of, is_function, receiver_of
from chunklint.semantics.ecmascript.names import resolve, unwrap

NESTED = "<nested>"
"""What a loop makes of a list that has a boundary in it, or that is not seen."""

_NESTS = frozenset({"reduce", "reduceRight"})
_BOUNDARY = re.compile(r"\b\w*rror\w*(?<!Reset)Boundary\b")


def taker_of(file: SourceFile, element: Node) -> str:
    """The function that is given an element to show it, `NESTED` for a loop around boundaries, "" for neither."""
    call = element.parent.parent if element.parent is not None and element.parent.type == "arguments" else None
    callee = callee_of(call) if call is not None and call.type == "call_expression" else None
    if call is None or callee is None:
        return ""
    if callee.type == "identifier":
        return file.text(callee)
    nested = receiver_of(call) if called_name(file, call) in _NESTS else None
    return NESTED if nested is not None and may_hold_boundary(file, nested) else ""


def may_hold_boundary(file: SourceFile, value: Node) -> bool:
    """Whether a list names a boundary, or cannot be seen."""
    node = _held(file, value)
    return node.type != "array" or _BOUNDARY.search(file.text(node)) is not None


def lists_boundary(file: SourceFile, attribute: Node) -> bool:
    """Whether an attribute holds a list that names a boundary: `<Nest in={[ErrorBoundary, Paint]}>`."""
    value = in_braces(attribute)
    return value is not None and _held(file, value).type == "array" and may_hold_boundary(file, value)


def in_braces(attribute: Node) -> Node | None:
    """What an attribute's braces hold: the name in `component={Home}`; None for a text, or for no value."""
    braces = attribute.named_children[-1]
    return braces.named_children[0] if braces.type == "jsx_expression" and braces.named_children else None


def _held(file: SourceFile, value: Node) -> Node:
    """A value, or what the variable holds that it names."""
    node = unwrap(value)
    found = resolve(file, node) if node.type == "identifier" else None
    if found is None or found.kind != "variable" or found.value is None or found.keys:
        return node
    return unwrap(found.value)


def is_given(file: SourceFile, name: Node) -> bool:
    """Whether a name is a parameter of a plain function, no component's props: `net` in `const safe = (net) => ...`."""
    found = resolve(file, name)
    return found is not None and found.kind == "parameter" and is_function(found.scope) and len(found.keys) <= 1
