"""Reducers: which members of a state their actions write, so that what lists another member never runs again for it.

`useReducer(reducer, START)` with `case "room": return { ...state, room: action.name }` never changes `state.line`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import SourceFile, descendants
from chunklint.records import record
from chunklint.semantics.ecmascript.functions import (
    arguments_of,
    called_name,
    callee_of,
    function_name,
    function_of,
    returned,
)
from chunklint.semantics.ecmascript.modules import exports, module_files
from chunklint.semantics.ecmascript.names import dotted, resolve, root_of, unwrap
from chunklint.semantics.ecmascript.react import Effect, hook_of
from chunklint.semantics.ecmascript.reruns import changes

_REDUCES = re.compile(r"[rR]educe")
_KEYS = frozenset({"property_identifier", "shorthand_property_identifier", "string"})


@record
class Reducer:
    """An exported reducer, and the members of its state that it writes."""

    name: str
    writes: tuple[str, ...]


@record
class Reduced:
    """A member of a state that a reducer of another file keeps, by the module and the name of that reducer."""

    module: str
    name: str
    member: str


def reducers(file: SourceFile) -> Iterator[Reducer]:
    """The reducers that a file exports, as far as all that they return can be read."""
    if _REDUCES.search(file.content) is None:
        return
    for name, export in exports(file).items():
        function = function_of(file, export.node) if export.node is not None and _REDUCES.search(name) else None
        writes = _written(file, function) if function is not None else None
        if writes is not None:
            yield Reducer(name, tuple(sorted(writes)))


def reduced(file: SourceFile, effect: Effect) -> tuple[Reduced, ...]:
    """The members of reducers' states that alone can make an effect run again; () where anything else may."""
    found: list[Reduced] = []
    for dependency in effect.deps:
        member = _member(file, dependency)
        if member is not None:
            found.append(member)
        elif changes(file, dependency):
            return ()
    return tuple(found)


def _member(file: SourceFile, dependency: Node) -> Reduced | None:
    """What `state.line` names, for a `state` of `useReducer`."""
    chain = dotted(file, dependency)
    root = resolve(file, root_of(dependency)) if len(chain) == 2 else None
    hook = hook_of(file, root) if root is not None and root.keys == ("0",) else None
    given = arguments_of(hook[1]) if hook is not None and hook[0] == "useReducer" else []
    source = resolve(file, given[0]) if given and given[0].type == "identifier" else None
    if source is None or source.kind != "import":
        return None
    return Reduced(source.module, source.imported, chain[1])


def never_written(facts: Mapping[str, Iterable[object]], path: str, members: Iterable[Reduced]) -> bool:
    """Whether no action changes any of some members, as far as the reducers of all files are known."""
    known = {(where, one.name): one.writes for where, own in facts.items() for one in own if isinstance(one, Reducer)}
    files = {where for where, _ in known}
    for one in members:
        target = module_files(path, one.module, files)
        if target is None or one.member in known.get((target, one.name), (one.member,)):
            return False
    return True


def _written(file: SourceFile, function: Node) -> frozenset[str] | None:
    """The members of its state that a reducer writes; None where it returns what cannot be read."""
    parameters = function.child_by_field_name("parameters")
    first = parameters.named_children[0] if parameters is not None and parameters.named_children else None
    names = [first, *descendants(first, "identifier")] if first is not None else []
    name = next((one for one in names if one.type == "identifier"), None)
    if name is None:
        return None
    state, writes = file.text(name), set[str]()
    pending = list(returned(function))
    while pending:
        value = unwrap(pending.pop())
        if value.type == "ternary_expression":
            pending += [one for key in ("consequence", "alternative") if (one := value.child_by_field_name(key))]
        elif value.type == "object":
            keys = _keys(file, value, state)
            if keys is None:
                return None
            writes |= keys
        elif not (file.text(value) == state or _is_repeated(file, value, function, state)):
            return None
    return frozenset(writes | set(_changed(file, function, state)))


def _keys(file: SourceFile, made: Node, state: str) -> set[str] | None:
    """The members of `{ ...state, room: name }`; None where it takes in what cannot be read."""
    keys = set[str]()
    for part in made.named_children:
        key = part.child_by_field_name("key") if part.type in ("pair", "method_definition") else part
        if part.type == "comment" or (part.type == "spread_element" and file.text(part.named_children[0]) == state):
            continue
        if key is None or key.type not in _KEYS:
            return None
        keys.add(file.text(key).strip("'\""))
    return keys


def _changed(file: SourceFile, function: Node, state: str) -> Iterator[str]:
    """The members of a state that a reducer assigns to or deletes in place."""
    for node in descendants(function, "assignment_expression", "augmented_assignment_expression", "unary_expression"):
        target = node.child_by_field_name("left") or node.child_by_field_name("argument")
        chain = dotted(file, target) if target is not None else ()
        changes_it = node.type != "unary_expression" or node.children[0].type == "delete"
        if changes_it and len(chain) > 1 and chain[0] == state:
            yield chain[1]


def _is_repeated(file: SourceFile, value: Node, function: Node, state: str) -> bool:
    """Whether a value is what the reducer makes of several actions in turn: `actions.reduce(reducer, state)`."""
    given = arguments_of(value) if value.type == "call_expression" and called_name(file, value) == "reduce" else []
    if len(given) != 2 or file.text(given[1]) != state:
        return False
    own, inner = function_name(file, function), function_of(file, given[0])
    if given[0].type == "identifier":
        return file.text(given[0]) == own
    calls = [callee_of(one) for one in returned(inner)] if inner is not None else []
    return bool(calls) and all(one is not None and file.text(one) == own for one in calls)
