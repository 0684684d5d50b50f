"""Changes of `this` outside the mutex of async-mutex that guards them everywhere else in a class."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.ecmascript import EcmascriptFile
from chunklint.semantics.concurrency.ecmascript_flow import flow_of_method, shapes_of
from chunklint.semantics.concurrency.ecmascript_races import CLASSES, begins_or_ends, methods_of
from chunklint.semantics.concurrency.flow import Act, every
from chunklint.semantics.concurrency.policy import Naked
from chunklint.semantics.concurrency.state import Shape
from chunklint.semantics.ecmascript.functions import arguments_of, callee_of, is_function
from chunklint.semantics.ecmascript.names import dotted

_OWNED = re.compile(r"(#?\w+)[?!]?(?:\s*:[^=;\n]{0,80})?\s*=\s*new\s+(?:Mutex|Semaphore\(1\))")
_GUARDS = frozenset({"runExclusive", "acquire"})
# One guarded change may be chance; a mutex that is taken this often for a state is meant for it.
_HABIT = 2


def naked_changes_of_classes(file: EcmascriptFile) -> Iterator[Naked]:
    """The changes that break a mutex's policy, of classes that make the mutex themselves."""
    if "async-mutex" not in file.content:
        return
    for owner in descendants(file.root, *CLASSES):
        mutexes = frozenset(_OWNED.findall(file.text(owner)))
        if len(mutexes) == 1:
            yield from _of_class(owner, next(iter(mutexes)), file)


def _of_class(owner: Node, mutex: str, file: EcmascriptFile) -> Iterator[Naked]:
    shapes = shapes_of(owner, file)
    guarded: dict[str, list[str]] = {}
    naked: dict[str, list[tuple[str, Node]]] = {}
    for name, method in methods_of(owner, file):
        calls = [call for call in descendants(method, "call_expression") if _takes(call, mutex, file)]
        sections = [one for call in calls for one in arguments_of(call) if is_function(one)]
        acts = [act for function in (method, *sections) for act in _changes(function, shapes, file)]
        for act in acts:
            if any(_covers(call, act.node, file) for call in calls):
                guarded.setdefault(act.state, []).append(name)
            elif not begins_or_ends(name) and not (shapes[act.state] is Shape.SINGLE and act.settles):
                naked.setdefault(act.state, []).append((name, act.node))
    for state, found in naked.items():
        holders = tuple(dict.fromkeys(guarded.get(state, ())))
        if len(holders) < _HABIT or len(holders) <= len(found) or any(name in holders for name, _ in found):
            continue
        for name, node in found:
            if "lock" not in name.lower() and not name.startswith(("_", "#")):
                yield Naked(node, state, f"this.{mutex}", holders, threads=False)


def _changes(method: Node, shapes: Mapping[str, Shape], file: EcmascriptFile) -> Iterator[Act]:
    return (step for step in every(flow_of_method(method, dict(shapes), file)) if isinstance(step, Act))


def _takes(call: Node, mutex: str, file: EcmascriptFile) -> bool:
    callee = callee_of(call)
    path = dotted(file, callee) if callee is not None else ()
    return path[-3:-1] == ("this", mutex) and path[-1] in _GUARDS


def _covers(call: Node, change: Node, file: EcmascriptFile) -> bool:
    """Whether a change stands in the callback of `runExclusive`, or after `acquire` in the same method."""
    if file.text(call).partition("(")[0].endswith("acquire"):
        return call.end_byte <= change.start_byte
    return any(around == call for around in ancestors(change))
