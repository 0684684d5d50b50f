"""Answers that the browser gives by itself, within milliseconds."""

from __future__ import annotations

from tree_sitter import Node

from chunklint.languages.base import SourceFile
from chunklint.semantics.ecmascript.functions import callee_of, chain_start
from chunklint.semantics.ecmascript.names import dotted, resolve, unwrap

_ANSWERED = (
    ("navigator", "permissions", "query"),
    ("navigator", "wakeLock", "request"),
    ("navigator", "getBattery"),
)


def is_answered_at_once(file: SourceFile, value: Node) -> bool:
    """Whether a value is the state of a permission or of the battery, or a lock that keeps the screen on.

    Nobody leaves within the milliseconds that the browser takes to answer. What stayed then would be one small object
    that hears only of the charge or what the user changes in the settings, or that the browser takes back with the
    next other tab.
    """
    node: Node | None = value
    if value.type == "identifier":
        found = resolve(file, value)
        if found is None:
            return False
        given = found.scope.parent.parent if found.kind == "parameter" and found.scope.parent is not None else None
        node = chain_start(file, given) if given is not None else unwrap(found.value) if found.value else None
    callee = callee_of(node) if node is not None and node.type == "call_expression" else None
    chain = dotted(file, callee) if callee is not None else ()
    return any(chain[-len(one) :] == one for one in _ANSWERED)
