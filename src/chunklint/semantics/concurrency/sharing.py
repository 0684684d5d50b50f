"""What shows that an object of a Python class is shared by tasks that run at the same time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import partial

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.records import record
from chunklint.semantics.concurrency.lock_types import LockKind
from chunklint.semantics.concurrency.locks import lock_of
from chunklint.semantics.concurrency.state import States, class_of, decorators, name_of
from chunklint.semantics.python.modules import Import, imports
from chunklint.semantics.python.roles import is_script, under_main_guard

_CACHES = ("lru_cache", "cache", "alru_cache", "singleton", "functools.cache", "functools.lru_cache")
_ROLES = re.compile(
    r"(Manager|Registry|Pool|Store|Hub|Broker|Limiter|Tracker|Scheduler|Dispatcher|Coordinator|Bus|Broadcaster"
    r"|Gateway|Cache|Multiplexer|Orchestrator|Supervisor|Backend|Monitor)$"
)
_INSTANCES = re.compile(r"^_*(instance|instances|singleton|shared)$", re.IGNORECASE)


class Evidence(StrEnum):
    """How well it is known that several tasks use one object."""

    PROVEN = "it lives as long as the process"
    LOCKED = "its class owns a lock"
    LIKELY = "its class is named like one that is shared"
    NONE = "nothing speaks for it"


@record
class Instance:
    """An object of a class that lives as long as the process, made in a file: of a class by this (imported) name."""

    name: str
    imported: Import


def evidence_of(states: States, file: PythonFile) -> Evidence:
    """What this file says about the state's being shared."""
    if states.owner is None:
        return Evidence.PROVEN
    return file.remember(("evidence", states.owner.id), partial(_evidence, states, states.owner, file))


def _evidence(states: States, owner: Node, file: PythonFile) -> Evidence:
    name = name_of(owner, file)
    if any(_callee(call, file) == name for call in _lasting_calls(file)) or _is_singleton(owner, states, file):
        return Evidence.PROVEN
    if _owns_lock(owner, file):
        return Evidence.LOCKED
    return Evidence.LIKELY if _ROLES.search(name) else Evidence.NONE


def instances(file: PythonFile) -> Iterator[Instance]:
    """The lasting objects that a file makes of imported classes."""
    if is_script(file):
        # The objects of a program that somebody runs by hand have one user.
        return
    imported = {one.alias: one for one in imports(file) if one.name}
    for call in _lasting_calls(file):
        head = _callee(call, file)
        if head in imported and imported[head].name[:1].isupper():
            yield Instance(imported[head].name, imported[head])


def _lasting_calls(file: PythonFile) -> tuple[Node, ...]:
    return file.remember("lasting calls", lambda: tuple(_find_lasting_calls(file)))


def _find_lasting_calls(file: PythonFile) -> Iterator[Node]:
    """Calls of classes whose result is kept for as long as the process runs."""
    for call in descendants(file.root, "call"):
        head = _callee(call, file)
        if head.lstrip("_")[:1].isupper() and _lasts(call, file) and not under_main_guard(call, file):
            yield call


def _lasts(call: Node, file: PythonFile) -> bool:
    target = ""
    for around in ancestors(call):
        if around.type == "assignment":
            left = around.child_by_field_name("left")
            target = file.text(left) if left is not None else ""
            if ".state." in target or target.startswith("cls."):
                return True
        if around.type in ("lambda", "raise_statement", "decorator"):
            return False
        if around.type == "class_definition":
            return bool(target)
        if around.type == "function_definition":
            cached = any(one.partition("(")[0] in _CACHES for one in decorators(around, file))
            return cached or _is_declared_global(target, around, file)
    return bool(target)


def _is_declared_global(target: str, function: Node, file: PythonFile) -> bool:
    return bool(target) and any(
        target in (file.text(name) for name in one.named_children) for one in descendants(function, "global_statement")
    )


def _is_singleton(owner: Node, states: States, file: PythonFile) -> bool:
    if any(_INSTANCES.match(name.removeprefix("self.")) for name in states.shapes):
        return True
    bases = owner.child_by_field_name("superclasses")
    if bases is not None and "singleton" in file.text(bases).lower():
        return True
    return any("singleton" in one.lower() for one in decorators(owner, file))


def _owns_lock(owner: Node, file: PythonFile) -> bool:
    for assignment in descendants(owner, "assignment"):
        target = assignment.child_by_field_name("left")
        if target is None or target.type != "attribute":
            continue
        lock = lock_of(target, file)
        if lock is not None and lock.kind is LockKind.ASYNCIO and lock.exclusive:
            return True
    return False


def _callee(call: Node, file: PythonFile) -> str:
    function = call.child_by_field_name("function")
    return file.text(function) if function is not None and function.type == "identifier" else ""


def is_method(function: Node) -> bool:
    """Whether a definition is a method of a class."""
    return class_of(function) is not None
