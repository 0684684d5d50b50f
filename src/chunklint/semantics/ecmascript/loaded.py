"""State that holds one thing which was asked for by its name: which one it is changes only where the question does.

`getTask(taskId).then(setTask)`: whoever is given `task.id` is given another only for another `taskId`, however often
the task is loaded again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    continues_with,
    is_function,
    receiver_of,
)
from chunklint.semantics.ecmascript.names import Binding, resolve, unwrap, uses_of, wrapped

_IDENTITY = re.compile(r"^_?(?:id|uuid|uid|guid|pk|slug|key)$|(?:Id|ID|_id|Uuid|_uuid|Uid|Slug|_slug|_key)$")
_CONTINUES = ("then", "finally", "catch")
_SELECTS = frozenset({"map", "filter", "find", "slice", "sort", "toSorted", "reverse", "at"})
_NOTHING = ("null", "undefined")
_QUESTION = re.compile(
    r"quer|search|filter|sort|order|page|tab|text|value|input|range|date|option|param", re.IGNORECASE
)
_UPDATED = frozenset({"updated", "edited", "saved", "renamed", "patched"})
_HOPS = 4


def is_identity(file: SourceFile, name: Node) -> bool:
    """Whether of what a name holds only its identity is taken: `task.id`, `task?.task_id`."""
    around = wrapped(name).parent
    if around is None or around.type != "member_expression" or around.child_by_field_name("object") != wrapped(name):
        return False
    part = around.child_by_field_name("property")
    return part is not None and _IDENTITY.search(file.text(part)) is not None


def asked_with(file: SourceFile, uses: list[Node], owner: Node, identity: bool) -> list[Node] | None:
    """What the requests are given whose answers are all that a state is ever set to, by the uses of its setter.

    Of an identity, only which one it is counts. None where something else sets it, or the question is that of a
    function's caller.
    """
    asked: list[Node] = []
    for use in uses:
        request = _continued(file, use) if continues_with(file, use) else None
        call = use.parent
        if request is None and call is not None and callee_of(call) == use and (given := arguments_of(call)):
            value = unwrap(given[0])
            if file.text(value) in _NOTHING or (identity and _changes_a_part(value)) or _is_updated(file, use, value):
                continue
            request = _request_of(file, given[0])
        if request is None:
            return None
        # What is changed in it, as in `renameTask(id, name)`, comes after which one it is.
        asked += arguments_of(request)[: 1 if identity else None]
    return None if any(_is_told_by_a_caller(file, part, owner) for part in asked) else asked


def _changes_a_part(value: Node) -> bool:
    """Whether a value is the last one with something changed: `{ ...task, name }`, also in an updating function."""
    return (is_function(value) or value.type == "object") and next(
        descendants(value, "spread_element"), None
    ) is not None


def _is_updated(file: SourceFile, setter: Node, value: Node) -> bool:
    """Whether a handler is told that a value is the same thing, changed: `(updated) => setTask(updated)`.

    Of several things any may be another, and `setQuery(updated)` takes what is asked for itself.
    """
    found = resolve(file, value) if value.type == "identifier" else None
    thing = file.text(setter).removeprefix("set")
    if found is None or found.kind != "parameter" or thing.endswith("s") or _QUESTION.search(thing) is not None:
        return False
    return found.name in _UPDATED or found.name in {f"{word}{thing}" for word in _UPDATED}


def _request_of(file: SourceFile, value: Node) -> Node | None:
    """The request whose answer a value is, or a named part of it."""
    for _ in range(_HOPS):
        inner = _whole(file, unwrap(value))
        if inner.type == "call_expression":
            return inner if inner.parent is not None and inner.parent.type == "await_expression" else None
        found = resolve(file, inner) if inner.type == "identifier" else None
        if found is None:
            return None
        if found.kind == "parameter":
            return _continued(file, found.scope)
        if found.kind != "variable" or found.value is None:
            return None
        value = _assigned(file, found) or found.value
    return None


def _assigned(file: SourceFile, found: Binding) -> Node | None:
    """What a variable is given later: `let saved = id; if (!saved) saved = (await create()).id`."""
    around = found.node.parent.parent if found.node.parent is not None else None
    if around is None or around.type != "lexical_declaration" or around.children[0].type != "let":
        return None
    for use in uses_of(file, found.node):
        target = use.parent
        if target is not None and target.type == "assignment_expression" and target.child_by_field_name("left") == use:
            return target.child_by_field_name("right")
    return None


def _whole(file: SourceFile, value: Node) -> Node:
    """What a value is a part of, or a selection from: `found` of `found.rows[0]`, `found.rows.filter(fits) ?? []`."""
    while True:
        held = value.child_by_field_name("object")
        if value.type == "call_expression" and called_name(file, value) in _SELECTS:
            held = receiver_of(value)
        elif value.type == "binary_expression" and value.children[1].type in ("||", "??"):
            held = value.children[0]
        elif value.type not in ("member_expression", "subscript_expression"):
            return value
        if held is None:
            return value
        value = unwrap(held)


def _continued(file: SourceFile, given: Node) -> Node | None:
    """What `then` goes on from, for a function or name that it is given."""
    around = wrapped(given).parent
    call = around.parent if around is not None and around.type == "arguments" else None
    if call is None or called_name(file, call) != "then":
        return None
    while call is not None and call.type == "call_expression" and called_name(file, call) in _CONTINUES:
        call = receiver_of(call)
    return call if call is not None and call.type == "call_expression" else None


def _is_told_by_a_caller(file: SourceFile, value: Node, owner: Node) -> bool:
    return any(
        found is not None and found.kind in ("parameter", "loop") and found.scope != owner
        for found in (resolve(file, name) for name in _names(value))
    )


def _names(value: Node) -> Iterator[Node]:
    if value.type == "identifier":
        yield value
    yield from descendants(value, "identifier", "shorthand_property_identifier")
