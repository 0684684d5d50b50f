"""What stands between a migration and a destructive step: flags to set, checks for rows, comparisons of counts.

A condition is judged by running it in the worst world: no flag is set, and every table is full. What then stops the
step protects it. A check that gives a harmless answer when it fails is also run in a world in which it fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.migrations.frames import Frame
from chunklint.semantics.migrations.worst_case import Value, World, evaluate
from chunklint.semantics.python.guards import leaves
from chunklint.semantics.python.names import local_function, qualified_name

_MAX_HOPS = 2
_LIBRARIES = frozenset(
    {
        *("<module>", "builtins", "alembic", "sqlalchemy", "sqlmodel", "sqlalchemy_utils", "logging", "os", "sys"),
        *("contextlib", "textwrap", "json", "uuid", "time", "typing", "collections", "inspect", "warnings", "re"),
        "datetime",
    }
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on the way to a step, and whether it holds there."""

    node: Node
    holds: bool
    frame: Frame


@dataclass(frozen=True, slots=True)
class Weakness:
    """A check that does not protect: the expression, and why, as a clause without a final stop."""

    node: Node
    reason: str


@dataclass(frozen=True, slots=True)
class Safeguards:
    """Whether something stops a step in the worst world, and the checks that look as if they did."""

    protect: bool
    weaknesses: tuple[Weakness, ...] = ()


def safeguards_of(node: Node, frame: Frame, tables: frozenset[str], file: PythonFile) -> Safeguards:
    """What guards a step that endangers the rows of tables, those that hold copies of them included."""
    weaknesses: list[Weakness] = []
    for condition in conditions_before(node, frame, file):
        found = _judge(condition, tables, file)
        if found is True:
            return Safeguards(True)
        if isinstance(found, Weakness):
            weaknesses.append(found)
    return Safeguards(False, tuple(weaknesses))


def _judge(condition: Condition, tables: frozenset[str], file: PythonFile) -> bool | Weakness:
    """True when the condition protects, False when it is about something else."""
    normal = evaluate(condition.node, condition.frame, World(tables, file))
    if not normal.sources:
        return False
    if not normal.known:
        return True
    if bool(normal.value) == condition.holds:
        return _passes(condition, normal)
    failing = evaluate(condition.node, condition.frame, World(tables, file, failing=True))
    if failing.fallback is not None and failing.known and bool(failing.value) == condition.holds:
        shown = file.text(failing.fallback).removeprefix("return").strip() or "None"
        return Weakness(failing.fallback, f"this check gives `{shown}` on an error, so it fails open")
    return True


def _passes(condition: Condition, value: Value) -> bool | Weakness:
    if "flag" in value.sources:
        return Weakness(condition.node, "this check lets the step run when the flag is not set")
    return False


def conditions_before(node: Node, frame: Frame, file: PythonFile) -> Iterator[Condition]:
    """The conditions that are settled where a node of a frame runs, those at the calls that led there included."""
    place: Node = node
    for run in frame.stack:
        yield from _conditions_in(place, run, file)
        if run.call is None:
            return
        place = run.call


def _conditions_in(place: Node, frame: Frame, file: PythonFile) -> Iterator[Condition]:
    inner = place
    for around in ancestors(place):
        if around.type in ("if_statement", "elif_clause"):
            yield from _branch(around, inner, frame)
        elif around.type == "block":
            for statement in around.named_children:
                if statement.start_byte >= inner.start_byte:
                    break
                yield from _settled(statement, frame, file, 0)
        if around == frame.function:
            return
        inner = around


def _branch(statement: Node, inner: Node, frame: Frame) -> Iterator[Condition]:
    """The conditions of an `if` that are settled in one of its branches."""
    condition = statement.child_by_field_name("condition")
    if condition is None or inner == condition:
        return
    if inner == statement.child_by_field_name("consequence"):
        yield Condition(condition, True, frame)
        return
    yield Condition(condition, False, frame)
    for clause in statement.named_children:
        if clause == inner:
            return
        tested = clause.child_by_field_name("condition") if clause.type == "elif_clause" else None
        if tested is not None:
            yield Condition(tested, False, frame)


def _settled(statement: Node, frame: Frame, file: PythonFile, hops: int) -> Iterator[Condition]:
    """What is known after a statement; within a helper only what it raises for counts."""
    match statement.type:
        case "if_statement":
            yield from _left(statement, frame, file, raising=hops > 0)
            if _is_taken(statement, frame, file):
                yield from _settled_in(statement.child_by_field_name("consequence"), frame, file, hops)
        case "assert_statement" if statement.named_children:
            yield Condition(statement.named_children[0], True, frame)
        case "expression_statement" | "assignment" | "return_statement":
            for call in descendants(statement, "call", stop=frozenset({"lambda"})):
                yield from _checked_by_helper(call, frame, file, hops)
        case "with_statement" | "for_statement" if "suppress(" not in file.text(statement).partition("\n")[0]:
            yield from _settled_in(statement.child_by_field_name("body"), frame, file, hops)
        case "try_statement" if _handlers_leave(statement, file):
            yield from _settled_in(statement.child_by_field_name("body"), frame, file, hops)


def _is_taken(statement: Node, frame: Frame, file: PythonFile) -> bool:
    """Whether the arguments of the call decide that the branch runs: `if backup:` where the caller passes True."""
    condition = statement.child_by_field_name("condition")
    if condition is None or frame.caller is None:
        return False
    found = evaluate(condition, frame, World(frozenset(), file))
    return found.known and bool(found.value) and not found.sources


def _settled_in(block: Node | None, frame: Frame, file: PythonFile, hops: int) -> Iterator[Condition]:
    for statement in block.named_children if block is not None else ():
        if hops and _may_return(statement, frame, file):
            return
        yield from _settled(statement, frame, file, hops)


def _may_return(statement: Node, frame: Frame, file: PythonFile) -> bool:
    """Whether a helper may come back at this statement, so that what it checks later is not certain."""
    if statement.type != "if_statement" or not any(True for _ in descendants(statement, "return_statement")):
        return False
    condition = statement.child_by_field_name("condition")
    found = evaluate(condition, frame, World(frozenset(), file)) if condition is not None else None
    return found is None or not found.known or bool(found.value)


def _left(statement: Node, frame: Frame, file: PythonFile, *, raising: bool) -> Iterator[Condition]:
    """After `if condition: raise`, the condition does not hold."""
    condition, body = statement.child_by_field_name("condition"), statement.child_by_field_name("consequence")
    if condition is None or body is None or not leaves(body, file):
        return
    last = body.named_children[-1].type if body.named_children else ""
    if raising and last == "return_statement":
        return
    yield Condition(condition, False, frame)


def _handlers_leave(statement: Node, file: PythonFile) -> bool:
    handlers = [child for child in statement.named_children if child.type.startswith("except")]
    blocks = [next((part for part in one.named_children if part.type == "block"), None) for one in handlers]
    return all(block is not None and leaves(block, file) for block in blocks)


def _checked_by_helper(call: Node, frame: Frame, file: PythonFile, hops: int) -> Iterator[Condition]:
    """What a helper of this module raises for unless it holds."""
    callee = call.child_by_field_name("function")
    helper = local_function(callee, file) if callee is not None and callee.type == "identifier" else None
    if helper is None or hops >= _MAX_HOPS or any(one.function == helper for one in frame.stack):
        return
    entered = frame.entered(call, helper, file)
    yield from _settled_in(helper.child_by_field_name("body"), entered, file, hops + 1)


def imported_calls(nodes: Iterable[Node], file: PythonFile) -> Iterator[str]:
    """The qualified names of the functions of other modules of the project that calls among the nodes run."""
    for call in nodes:
        callee = call.child_by_field_name("function")
        name = qualified_name(callee, file) if callee is not None else None
        if name is not None and "." in name and name.partition(".")[0] not in _LIBRARIES:
            yield name
