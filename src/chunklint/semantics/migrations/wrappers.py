"""Functions of one module that drop a table for migrations in other modules: what they do, not what they are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from itertools import islice, product
from pathlib import PurePosixPath

from tree_sitter import Node

from chunklint.languages.base import descendants
from chunklint.languages.python import PYTHON, PythonFile
from chunklint.model import Location, Severity
from chunklint.records import record
from chunklint.semantics.migrations.data_loss import losses
from chunklint.semantics.migrations.exposures import Reason, exposure_of_drop
from chunklint.semantics.migrations.frames import Frame, names_in
from chunklint.semantics.migrations.name_tests import exempted_names
from chunklint.semantics.migrations.operations import (
    Direction,
    Migration,
    Operation,
    calls_in,
    calls_in_order,
    migration_of,
    operations_at,
)
from chunklint.semantics.migrations.safeguards import (
    calls_settled_before,
    conditions_before,
    demands_flag,
    safeguards_of,
)
from chunklint.semantics.migrations.worst_case import World
from chunklint.semantics.python.names import arguments, enclosing_function, qualified_name
from chunklint.semantics.python.parameters import parameters_of
from chunklint.semantics.python.scopes import Binding, Kind, bindings_in
from chunklint.semantics.sql.statements import Statement

_DROP = re.compile(r"drop[_\s]+table", re.IGNORECASE)
_MAY_NAME = re.compile(r"[A-Za-z_][\w.]*")
_FLAG_WORDS = ("environ", "getenv", "get_x_argument")
_FLAGS = re.compile(rf"\b(?:{'|'.join(_FLAG_WORDS)})\b")
# Each gate triples the runs of a wrapper; more than these no wrapper has.
_MAX_GATES = 3


@record
class Verdict:
    """Whether a wrapper protects the rows when its gates have these values.

    Attributes:
        values: "True", "False" or "" (not known) for each gate, in order.
        exempt: Whether the table's name is one that the wrapper lets through.
        weaknesses: The checks that fail open, and why, as clauses.
    """

    values: tuple[str, ...]
    exempt: bool
    protects: bool
    weaknesses: tuple[tuple[Location, str], ...]


@record
class Gate:
    """A parameter that is true or false and stands in a condition of a wrapper."""

    name: str
    position: int
    default: str


@record
class Wrapper:
    """A function that drops the table that a parameter names.

    Attributes:
        table: The name of that parameter, `position` its place among the parameters.
        exempted: The names that it lets through, as patterns with `*` for any text.
    """

    name: str
    location: Location
    table: str
    position: int
    cascade: bool
    gates: tuple[Gate, ...]
    verdicts: tuple[Verdict, ...]
    exempted: tuple[str, ...]


@record
class Demand:
    """A function that raises unless a flag is set, for migrations in other modules to call first."""

    name: str
    location: Location


@record
class Use:
    """A call in a migration of a function of another module, with what it is given: texts, `False` and `True`.

    Attributes:
        before: The functions of other modules that ran before it.
        dangers: The texts among what it is given whose table, if there is one, this migration leaves unprotected, and
            how bad it is to drop it with CASCADE and without (None: not at all).
    """

    function: str
    location: Location
    direction: Direction
    positional: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]
    before: tuple[str, ...]
    dangers: tuple[tuple[str, Severity, Severity | None], ...]


@record
class WrappedDrop:
    """A use that drops a table, the wrapper that does it, the table, and how the wrapper protects it, if at all."""

    use: Use
    wrapper: Wrapper
    table: str
    severity: Severity
    exempt: bool
    weaknesses: tuple[tuple[Location, str], ...]


def wrappers(file: PythonFile) -> Iterator[Wrapper | Demand]:
    """The functions of a module, not of a migration, that drop a table given by name, or demand a flag."""
    # Plain words are looked for ten times as fast as patterns, and hardly any file has one.
    text = file.content
    drops = "drop" in text.lower() and _DROP.search(text) is not None
    asks = any(word in text for word in _FLAG_WORDS) and _FLAGS.search(text) is not None
    if not (drops or asks) or migration_of(file) is not None:
        return
    for bound in bindings_in(file.root, file).values():
        for binding in bound:
            if binding.kind is not Kind.FUNCTION or binding.value is None:
                continue
            if drops:
                yield from _wrappers_of(binding.name, binding.value, file)
            if asks and demands_flag(binding.value, file):
                yield Demand(binding.name, file.location(binding.node))


def _wrappers_of(name: str, function: Node, file: PythonFile) -> Iterator[Wrapper]:
    parameters = parameters_of(function, file)
    bare = Frame(function)
    calls = list(calls_in(bare, file))
    operations = [one for call, frame in calls for one in operations_at(call, frame, Direction.UPGRADE, file)]
    for loss in losses(operations):
        position = next((at for at, one in enumerate(parameters) if loss.table == f"{{{one.name}}}"), None)
        if position is None or loss.kind != "table" or loss.operation.node is None or loss.operation.frame != bare:
            continue
        gates = tuple(_gates(function, parameters, file))
        yield Wrapper(
            name,
            file.location(loss.operation.span),
            parameters[position].name,
            position,
            loss.cascade,
            gates,
            tuple(_verdicts(loss.operation.node, parameters, position, gates, file)),
            tuple(dict.fromkeys(_exempted(loss.operation.node, bare, file))),
        )


def _gates(function: Node, parameters: tuple[Binding, ...], file: PythonFile) -> Iterator[Gate]:
    body = function.child_by_field_name("body")
    tested: set[str] = set()
    for statement in descendants(body, "if_statement") if body is not None else ():
        condition = statement.child_by_field_name("condition")
        names = (condition, *descendants(condition, "identifier")) if condition is not None else ()
        tested.update(file.text(one) for one in names)
    boolean = ((at, one) for at, one in enumerate(parameters) if one.name in tested and _is_boolean(one, file))
    for at, one in islice(boolean, _MAX_GATES):
        yield Gate(one.name, at, file.text(one.value) if one.value is not None else "")


def _is_boolean(parameter: Binding, file: PythonFile) -> bool:
    declared = parameter.annotation is not None and file.text(parameter.annotation) == "bool"
    return declared or (parameter.value is not None and parameter.value.type in ("true", "false"))


def _verdicts(
    node: Node, parameters: tuple[Binding, ...], position: int, gates: tuple[Gate, ...], file: PythonFile
) -> Iterator[Verdict]:
    function = enclosing_function(node)
    if function is None:
        return
    for values in product(("True", "False", ""), repeat=len(gates)):
        given = {parameters[gate.position].node.id: _constant(value) for gate, value in zip(gates, values, strict=True)}
        known = {key: value for key, value in given.items() if value is not None}
        frame = Frame(function, None, Frame(file.root), known)
        for exempt in (False, True):
            world = World(frozenset(), file, named=parameters[position].node, exempt=exempt)
            found = safeguards_of(node, frame, world)
            weak = tuple((file.location(one.node), one.reason) for one in found.weaknesses)
            yield Verdict(values, exempt, found.protect, weak)


@cache
def _constant(word: str) -> Node | None:
    """The expression `True` or `False`, None for "": a gate may be given any expression."""
    if not word:
        return None
    return PYTHON.parse("constant.py", word).root.named_children[0].named_children[0]


def _exempted(node: Node, frame: Frame, file: PythonFile) -> Iterator[str]:
    """The names that the conditions around the checks let through."""
    for condition in conditions_before(node, frame, file):
        for under in condition.under:
            yield from exempted_names(under.node, file)


def uses(file: PythonFile) -> Iterator[Use]:
    """The calls of a migration that hand names to functions of other modules of the project, unless guarded here."""
    migration = migration_of(file)
    if migration is None:
        return
    for direction in Direction:
        for call, frame in calls_in_order(direction, file):
            found = _use(call, frame, direction, file)
            if found is None:
                continue
            texts = dict.fromkeys((*found.positional, *(value for _, value in found.keywords)))
            dangers = tuple(_dangers(texts, call, frame, direction, migration, file))
            if dangers:
                yield replace(found, before=tuple(calls_settled_before(call, frame, file)), dangers=dangers)


def _dangers(
    texts: Iterable[str], call: Node, frame: Frame, direction: Direction, migration: Migration, file: PythonFile
) -> Iterator[tuple[str, Severity, Severity | None]]:
    """The texts that may name a table whose drop nothing in the migration makes harmless."""
    for text in texts:
        if not _MAY_NAME.fullmatch(text):
            continue
        drops = (Statement("drop", "table", text, cascade=cascade) for cascade in (True, False))
        found = [
            exposure_of_drop(Operation(drop, direction, file.span(call), call, frame), migration, file)
            for drop in drops
        ]
        severities = [one.severity if one is not None and one.reason is not Reason.INVERSE else None for one in found]
        if severities[0] is not None:
            yield text, severities[0], severities[1]


def _use(call: Node, frame: Frame, direction: Direction, file: PythonFile) -> Use | None:
    callee = call.child_by_field_name("function")
    name = qualified_name(callee, file) if callee is not None else None
    if name is None or "." not in name or name.startswith(("<module>", "builtins.", "alembic.", "sqlalchemy.")):
        return None
    given = arguments(call, file)
    positional = tuple(_shown(one, frame, file) for one in given.positional)
    keywords = tuple((key, _shown(value, frame, file)) for key, value in given.keywords.items())
    return Use(name, file.location(call), direction, positional, keywords, (), ())


def _shown(node: Node, frame: Frame, file: PythonFile) -> str:
    names = names_in(node, frame, file)
    return file.text(node) if len(names) != 1 or node.type in ("true", "false") else names[0]


WrapperFact = Wrapper | Demand | Use


def unprotected_uses(facts: Mapping[str, Sequence[object]]) -> Iterator[WrappedDrop]:
    """The uses that drop a table without protection that holds, by the functions that they name."""
    known: dict[str, list[Wrapper]] = {}
    for fact in _facts(facts):
        if isinstance(fact, Wrapper):
            known.setdefault(fact.name, []).append(fact)
    demands = demanded(facts)
    for fact in _facts(facts):
        if isinstance(fact, Use) and not is_demanded(fact.before, demands):
            dropped = _unprotected(fact, known)
            if dropped is not None:
                yield dropped


def demanded(facts: Mapping[str, Sequence[object]]) -> Mapping[str, Sequence[str]]:
    """The paths of the modules whose function of a name demands a flag."""
    found: dict[str, list[str]] = {}
    for fact in _facts(facts):
        if isinstance(fact, Demand):
            found.setdefault(fact.name, []).append(fact.location.path)
    return found


def is_demanded(before: Sequence[str], demands: Mapping[str, Sequence[str]]) -> bool:
    """Whether one of some functions of other modules is known to raise unless a flag is set."""
    for function in before:
        *module, name = function.lstrip(".").split(".")
        if any(_is_module(module, path) for path in demands.get(name, ())):
            return True
    return False


def _facts(facts: Mapping[str, Sequence[object]]) -> Iterator[object]:
    for found in facts.values():
        yield from found


def _unprotected(use: Use, known: Mapping[str, Sequence[Wrapper]]) -> WrappedDrop | None:
    *module, name = use.function.lstrip(".").split(".")
    for wrapper in sorted(known.get(name, ()), key=lambda one: not one.cascade):
        if not _is_module(module, wrapper.location.path):
            continue
        table = _given(use, wrapper.table, wrapper.position, "")
        danger = next(((cascade, plain) for text, cascade, plain in use.dangers if text == table), None)
        severity = danger[0 if wrapper.cascade else 1] if danger is not None else None
        if severity is None:
            continue
        exempt = any(fnmatchcase(table, pattern) for pattern in wrapper.exempted)
        values = tuple(_given(use, gate.name, gate.position, gate.default) for gate in wrapper.gates)
        wanted = tuple(value if value in ("True", "False") else "" for value in values)
        fitting = [one for one in wrapper.verdicts if one.exempt is exempt and _fits(one.values, wanted)]
        if not any(one.protects for one in fitting):
            weaknesses = fitting[0].weaknesses if fitting else ()
            return WrappedDrop(use, wrapper, table, severity, exempt, weaknesses)
    return None


def _fits(values: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Whether gates may have these values where what is given for them is known only in part."""
    return all(one == other or not other for one, other in zip(values, wanted, strict=True))


def _given(use: Use, name: str, position: int, default: str) -> str:
    """What a use gives for a parameter."""
    positional = use.positional[position] if position < len(use.positional) else default
    return dict(use.keywords).get(name, positional)


def _is_module(module: list[str], path: str) -> bool:
    parts = [*PurePosixPath(path).with_suffix("").parts]
    return bool(module) and parts[-len(module) :] == module
