"""Stubs of gRPC: the calls that a module makes through one, and which of them have no deadline."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.python.names import arguments, enclosing_function
from chunklint.semantics.python.scopes import FUNCTIONS

# An answer that is a stream lasts as long as there is something to say, and so do calls with such names.
_STREAMED = re.compile(r"stream|watch|subscribe|listen|chat|follow|tail", re.IGNORECASE)
_WALKERS = frozenset({"list", "tuple", "set", "sorted", "iter", "next", "enumerate", "map", "filter", "zip"})
_WALKED = frozenset({"for_statement", "for_in_clause"})
# `timeout` is the second argument of a call that blocks, and a keyword of one that is awaited.
_POSITION = 1


def unlimited_calls(stub: Node, file: PythonFile) -> Iterator[Node]:
    """The calls that ask for one answer through the stub that a call makes, and give it no time.

    A stub that is kept under no name, or handed on, has none that can be seen.
    """
    kept = next((around for around in ancestors(stub) if around.type != "parenthesized_expression"), None)
    target = kept.child_by_field_name("left") if kept is not None and kept.type == "assignment" else None
    if target is None or target.type not in ("identifier", "attribute"):
        return
    name = file.text(target)
    where = (enclosing_function(stub) or file.root) if target.type == "identifier" else file.root
    for call in descendants(where, "call"):
        function = call.child_by_field_name("function")
        owner = function.child_by_field_name("object") if function is not None else None
        method = function.child_by_field_name("attribute") if function is not None else None
        if owner is None or method is None or file.text(owner) != name:
            continue
        if not _STREAMED.search(file.text(method)) and not _has_deadline(call, file) and not _is_walked(call, file):
            yield call


def _has_deadline(call: Node, file: PythonFile) -> bool:
    """Whether a call is given a time, or arguments that cannot be seen and may bring one."""
    given = arguments(call, file)
    return bool(given.splat or given.double_splat) or given.get("timeout", _POSITION) is not None


def _is_walked(call: Node, file: PythonFile) -> bool:
    """Whether the answer is a stream: looped over, at once or under its name, or made a list."""
    parent = call.parent
    if parent is None:
        return False
    if parent.type in _WALKED:
        return True
    if parent.type == "argument_list" and parent.parent is not None:
        return file.text(parent.parent).partition("(")[0] in _WALKERS
    target = parent.child_by_field_name("left") if parent.type == "assignment" else None
    if target is None:
        return False
    name = file.text(target)
    loops = descendants(enclosing_function(call) or file.root, *_WALKED, stop=FUNCTIONS)
    walked = (loop.child_by_field_name("right") for loop in loops)
    return any(right is not None and file.text(right) == name for right in walked)
