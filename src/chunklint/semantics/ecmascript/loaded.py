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
    awaited,
    called_name,
    callee_of,
    chain_start,
    continues_with,
    is_function,
    receiver_of,
    returned,
)
from chunklint.semantics.ecmascript.names import Binding, resolve, unwrap, uses_of, wrapped

_IDENTITY = re.compile(r"^_?(?:id|uuid|uid|guid|pk|slug|key)$|(?:Id|ID|_id|Uuid|_uuid|Uid|Slug|_slug|_key)$")
_SELECTS = frozenset({"map", "filter", "find", "slice", "sort", "toSorted", "reverse", "at"})
# Libraries whose functions are given first what they select from.
_HELPERS = re.compile(r"^(?:lodash(?:-es)?(?:[./]\w+)?|underscore|radash|es-toolkit(?:/\w+)?|remeda)$")
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


def part_of(file: SourceFile, name: Node) -> str:
    """The part of what a name holds that is taken: `data` of `task.data`; "" for all of it."""
    around = wrapped(name).parent
    taken = around is not None and around.type == "member_expression"
    part = around.child_by_field_name("property") if around is not None and taken else None
    return file.text(part) if part is not None else ""


def asked_with(file: SourceFile, uses: list[Node], owner: Node, identity: bool, part: str = "") -> list[Node] | None:
    """What the requests are given whose answers are all that a state is ever set to, by the uses of its setter.

    Of an identity, only which one it is counts; of a part, only what is set in its place. None where something else
    sets it, or the question is that of a function's caller.
    """
    asked: list[Node] = []
    for use in uses:
        request = _continued(file, use) if continues_with(file, use) else None
        call = use.parent
        if request is None and call is not None and callee_of(call) == use and (given := arguments_of(call)):
            value = unwrap(given[0])
            if file.text(value) in _NOTHING or (identity and _changes_a_part(value)) or _is_updated(file, use, value):
                continue
            put = _put(file, value, part) if part else [given[0]]
            if not put:
                continue
            request = _request_of(file, put[0]) if len(put) == 1 else None
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


def _put(file: SourceFile, value: Node, part: str) -> list[Node]:
    """What an update puts into a part of what was there: `found` of `(last) => ({ ...last, data: found })`.

    Nothing where it leaves that part as it was; the value itself where it is no such update.
    """
    made = returned(value) if is_function(value) else []
    if len(made) != 1 or made[0].type != "object" or not _changes_a_part(made[0]):
        return [value]
    entries = [one for one in made[0].named_children if one.type != "spread_element"]
    given = value.child_by_field_name("parameter") or value.child_by_field_name("parameters")
    last = file.text(given).strip("() ") if given is not None else ""
    spread = [one.named_children[0] for one in made[0].named_children if one.type == "spread_element"]
    if any(one.type not in ("pair", "shorthand_property_identifier") for one in entries) or any(
        file.text(one) != last.partition(":")[0].strip() for one in spread
    ):
        return [value]
    keys = ((one.child_by_field_name("key") or one, one.child_by_field_name("value") or one) for one in entries)
    return [new for key, new in keys if file.text(key) == part or key.type == "computed_property_name"]


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
            waits = (inner.parent, inner.child_by_field_name("function"))
            waited = any(one is not None and one.type == "await_expression" and awaited(one) == inner for one in waits)
            return inner if waited else None
        named = inner.type in ("identifier", "shorthand_property_identifier")
        found = resolve(file, inner) if named else None
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
            held = _selected_from(file, value)
        elif value.type == "binary_expression" and value.children[1].type in ("||", "??"):
            held = value.children[0]
        elif value.type not in ("member_expression", "subscript_expression"):
            return value
        if held is None:
            return value
        value = unwrap(held)


def _selected_from(file: SourceFile, call: Node) -> Node | None:
    """What a call selects from: `rows` of `rows.find(fits)`, and of `find(rows, fits)` and `_.find(rows, fits)`."""
    receiver = receiver_of(call)
    name = callee_of(call) if receiver is None else receiver
    found = resolve(file, name) if name is not None and name.type == "identifier" else None
    if found is not None and found.kind == "import" and _HELPERS.match(found.module):
        return next(iter(arguments_of(call)), None)
    return receiver


def _continued(file: SourceFile, given: Node) -> Node | None:
    """What `then` goes on from, for a function or name that it is given."""
    around = wrapped(given).parent
    call = around.parent if around is not None and around.type == "arguments" else None
    if call is None or called_name(file, call) != "then":
        return None
    return chain_start(file, call)


def _is_told_by_a_caller(file: SourceFile, value: Node, owner: Node) -> bool:
    return any(
        found is not None and found.kind in ("parameter", "loop") and found.scope != owner
        for found in (resolve(file, name) for name in _names(value))
    )


def _names(value: Node) -> Iterator[Node]:
    if value.type == "identifier":
        yield value
    yield from descendants(value, "identifier", "shorthand_property_identifier")
