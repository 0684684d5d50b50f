"""Where control goes when a check fails: into handlers that go on, out of `with suppress(...)`, to another `return`."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import ancestors, begins_within, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.guards import leaves

_INNER = frozenset({"function_definition", "class_definition", "lambda"})


def is_inside(node: Node, kind: str) -> bool:
    """Whether a node stands in a construct of a kind."""
    return any(around.type == kind for around in ancestors(node))


def is_tried(node: Node, file: PythonFile) -> bool:
    """Whether a failure here is swallowed: within `try` whose handlers go on, or `contextlib.suppress`."""
    for around in ancestors(node):
        if around.type in _INNER:
            return False
        if around.type == "try_statement":
            return any(not handler_leaves(one, file) for one in around.named_children if one.type == "except_clause")
        if around.type == "with_statement" and "suppress(" in file.text(around).partition("\n")[0]:
            return True
    return False


def handler_leaves(handler: Node, file: PythonFile) -> bool:
    """Whether an `except` clause does not go on after its body."""
    block = next((part for part in handler.named_children if part.type == "block"), None)
    return block is not None and leaves(block, file)


def after_failure(helper: Node, returns: list[Node], file: PythonFile) -> Node | None:
    """The `return` that a helper reaches after an error that it swallows."""
    for handler in descendants(helper, "except_clause", stop=_INNER):
        inside = [one for one in returns if begins_within(one, handler)]
        if inside:
            return inside[-1]
        after = [one for one in returns if one.start_byte >= handler.end_byte]
        if not handler_leaves(handler, file) and after:
            return after[-1]
    return None
