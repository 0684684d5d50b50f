"""Functions of one module that drop a table for migrations in other modules: what they do, not what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Location
from chunklint.semantics.migrations.data_loss import Loss, losses
from chunklint.semantics.migrations.frames import Frame, names_in
from chunklint.semantics.migrations.operations import (
    Direction,
    calls_in,
    calls_in_order,
    migration_of,
    operations_at,
    same_name,
)
from chunklint.semantics.migrations.safeguards import safeguards_of
from chunklint.semantics.python.names import arguments, qualified_name
from chunklint.semantics.python.parameters import parameters_of
from chunklint.semantics.python.scopes import Binding, Kind, bindings_in

_DROP = re.compile(r"drop[_\s]+table", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A function that drops the table that a parameter names.

    Attributes:
        table: The name of that parameter, `position` its place among the parameters.
        guarded: Whether it protects the rows when it is called with its defaults.
        gates: The parameters that decide what it does; with one of them false, `guarded_always` tells.
    """

    name: str
    location: Location
    table: str
    position: int
    cascade: bool
    guarded: bool
    guarded_always: bool
    gates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """A call in a migration of a function of another module, with what it is given: texts, `False` and `True`."""

    function: str
    location: Location
    direction: Direction
    positional: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class WrappedDrop:
    """A use that drops a table without protection, the wrapper that does it, and the table."""

    use: Use
    wrapper: Wrapper
    table: str


def wrappers(file: PythonFile) -> Iterator[Wrapper]:
    """The functions of a module, not of a migration, that drop a table given by name."""
    if _DROP.search(file.content) is None or migration_of(file) is not None:
        return
    for bound in bindings_in(file.root, file).values():
        for binding in bound:
            if binding.kind is Kind.FUNCTION and binding.value is not None:
                yield from _wrappers_of(binding.name, binding.value, file)


def _wrappers_of(name: str, function: Node, file: PythonFile) -> Iterator[Wrapper]:
    parameters = parameters_of(function, file)
    bare = Frame(function)
    calls = list(calls_in(bare, file))
    operations = [one for call, frame in calls for one in operations_at(call, frame, Direction.UPGRADE, file)]
    for loss in losses(operations):
        position = next((at for at, one in enumerate(parameters) if loss.table == f"{{{one.name}}}"), None)
        if position is None or loss.kind != "table" or loss.operation.node is None or loss.operation.frame != bare:
            continue
        yield Wrapper(
            name,
            file.location(loss.operation.span),
            parameters[position].name,
            position,
            loss.cascade,
            _is_guarded(loss, _with_defaults(function, parameters, file), file),
            _is_guarded(loss, bare, file),
            tuple(_gates(function, parameters, file)),
        )


def _with_defaults(function: Node, parameters: tuple[Binding, ...], file: PythonFile) -> Frame:
    given = {one.node.id: one.value for one in parameters if one.value is not None}
    return Frame(function, None, Frame(file.root), given)


def _is_guarded(loss: Loss, frame: Frame, file: PythonFile) -> bool:
    node = loss.operation.node
    return node is not None and safeguards_of(node, frame, frozenset(), file).protect


def _gates(function: Node, parameters: tuple[Binding, ...], file: PythonFile) -> Iterator[str]:
    names = {one.name for one in parameters}
    for statement in descendants(function, "if_statement"):
        condition = statement.child_by_field_name("condition")
        for node in [condition, *descendants(condition, "identifier")] if condition is not None else ():
            if node.type == "identifier" and file.text(node) in names:
                yield file.text(node)


def uses(file: PythonFile) -> Iterator[Use]:
    """The calls of a migration that hand names to functions of other modules of the project, unless guarded here."""
    migration = migration_of(file)
    if migration is None:
        return
    made = [one.statement for one in (*migration.upgrade, *migration.downgrade)]
    for direction in Direction:
        for call, frame in calls_in_order(direction, file):
            found = _use(call, frame, direction, file)
            if found is None:
                continue
            known = (*found.positional, *(value for _, value in found.keywords))
            touched = (name for one in made for name in (one.name, *one.sources))
            if any(same_name(name, value) for name in touched for value in known):
                continue
            if not safeguards_of(call, frame, frozenset(known), file).protect:
                yield found


def _use(call: Node, frame: Frame, direction: Direction, file: PythonFile) -> Use | None:
    callee = call.child_by_field_name("function")
    name = qualified_name(callee, file) if callee is not None else None
    if name is None or "." not in name or name.startswith(("<module>", "builtins.", "alembic.", "sqlalchemy.")):
        return None
    given = arguments(call, file)
    positional = tuple(_shown(one, frame, file) for one in given.positional)
    keywords = tuple((key, _shown(value, frame, file)) for key, value in given.keywords.items())
    return Use(name, file.location(call), direction, positional, keywords)


def _shown(node: Node, frame: Frame, file: PythonFile) -> str:
    names = names_in(node, frame, file)
    return file.text(node) if len(names) != 1 or node.type in ("true", "false") else names[0]


def unprotected_uses(facts: Mapping[str, Sequence[Wrapper | Use]]) -> Iterator[WrappedDrop]:
    """The uses that drop a table unprotected, by the functions that they name; `facts` are those of each path."""
    known: dict[str, list[Wrapper]] = {}
    for found in facts.values():
        for fact in found:
            if isinstance(fact, Wrapper):
                known.setdefault(fact.name, []).append(fact)
    for found in facts.values():
        for fact in found:
            dropped = _unprotected(fact, known) if isinstance(fact, Use) else None
            if dropped is not None:
                yield dropped


def _unprotected(use: Use, known: Mapping[str, Sequence[Wrapper]]) -> WrappedDrop | None:
    *module, name = use.function.lstrip(".").split(".")
    for wrapper in known.get(name, ()):
        if not _is_module(module, wrapper.location.path):
            continue
        keywords = dict(use.keywords)
        given = use.positional[wrapper.position] if wrapper.position < len(use.positional) else ""
        table = keywords.get(wrapper.table, given)
        if table and "{" not in table and not _protects(wrapper, use):
            return WrappedDrop(use, wrapper, table)
    return None


def _is_module(module: list[str], path: str) -> bool:
    parts = [*PurePosixPath(path).with_suffix("").parts]
    return bool(module) and parts[-len(module) :] == module


def _protects(wrapper: Wrapper, use: Use) -> bool:
    """Whether the wrapper protects the rows as it is used here; True where that cannot be told."""
    passed = {key: value for key, value in use.keywords if key in wrapper.gates}
    if wrapper.guarded_always or not passed:
        return wrapper.guarded
    return "False" not in passed.values() and (wrapper.guarded or "True" in passed.values())
