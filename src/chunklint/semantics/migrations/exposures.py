"""The losses of a migration that nothing protects, and what makes each of them worse or better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.migrations.data_loss import (
    Loss,
    becomes,
    copy_of,
    earlier_names,
    is_derived,
    is_emptied_before,
    is_filled,
    is_first_creation,
    is_inverse,
    is_own,
    is_read_and_written,
    is_replaced,
    likeness,
    losses,
    makes,
    recreation_of,
)
from chunklint.semantics.migrations.operations import Direction, Migration, Operation, same_name
from chunklint.semantics.migrations.safeguards import Weakness, imported_calls, safeguards_of

_FILLING = frozenset({"create", "insert"})


class Reason(Enum):
    """What a reviewer would say of a loss, besides that nothing protects it."""

    PLAIN = auto()
    EMPTIED = auto()
    ABANDONED = auto()
    ALIKE = auto()
    LEFTOVER = auto()
    UNVERIFIED = auto()
    RESTORED = auto()
    INVERSE = auto()


@dataclass(frozen=True, slots=True)
class Exposure:
    """A loss that nothing protects; `other` is the operation that the reason speaks of."""

    loss: Loss
    reason: Reason
    other: Operation | None = None
    weaknesses: tuple[Weakness, ...] = ()


def exposures(migration: Migration, file: PythonFile | None) -> Iterator[Exposure]:
    """The unprotected losses of both directions, in order. `file` is None for an SQL script."""
    for direction in Direction:
        operations = migration.way(direction)
        branches = [_branches(one) for one in operations]
        for loss in losses(operations):
            mine = branches[loss.index]
            together = [at for at, branch in enumerate(branches) if not _excluded(mine, branch)]
            beside = [operations[at] for at in together]
            others = [one for at, one in enumerate(operations) if _excluded(mine, branches[at])]
            found = _exposure(replace(loss, index=together.index(loss.index)), migration, beside, others, file)
            if found is not None:
                yield found


def _exposure(
    loss: Loss,
    migration: Migration,
    possible: Sequence[Operation],
    others: Sequence[Operation],
    file: PythonFile | None,
) -> Exposure | None:
    """What to say of a loss among the operations that run with it; `others` stand in branches that exclude it."""
    if is_own(loss, possible) or is_emptied_before(loss, possible) or _is_conditional(loss, possible):
        return None
    if loss.operation.direction is Direction.UPGRADE:
        found = _of_upgrade(loss, migration, possible)
    else:
        found = _of_downgrade(loss, migration, possible, others)
    if found is None or file is None or loss.operation.node is None or loss.operation.frame is None:
        return found
    tables = _tables_with_rows(loss, migration, possible)
    guarded = safeguards_of(loss.operation.node, loss.operation.frame, tables, file)
    if guarded.protect or _moves_in_python(loss, possible, file):
        return None
    if found.reason is Reason.PLAIN and not loss.cascade and _may_be_handled_elsewhere(loss, file):
        return None
    return replace(found, weaknesses=guarded.weaknesses)


def _of_upgrade(loss: Loss, migration: Migration, possible: Sequence[Operation]) -> Exposure | None:
    if loss.column:
        return _of_column(loss, migration, possible)
    copy = copy_of(loss, possible)
    if copy is not None:
        return Exposure(loss, Reason.UNVERIFIED, copy) if loss.cascade else None
    if is_read_and_written(loss, possible, None):
        return None
    recreated = recreation_of(loss, possible) if loss.verb == "drop" else None
    if recreated is not None:
        harmless = is_filled(loss, recreated, possible) or is_first_creation(loss, migration)
        return None if harmless else Exposure(loss, Reason.EMPTIED, recreated)
    if (renamed := _renamed_from(loss, possible)) is not None:
        return Exposure(loss, Reason.ABANDONED, renamed)
    if (alike := likeness(loss, migration)) is not None:
        return Exposure(loss, Reason.ALIKE, alike)
    if (leftover := _becomes_later(loss, possible)) is not None:
        return Exposure(loss, Reason.LEFTOVER, leftover)
    return Exposure(loss, Reason.PLAIN)


def _of_column(loss: Loss, migration: Migration, possible: Sequence[Operation]) -> Exposure | None:
    if is_derived(loss, migration) or is_replaced(loss, possible) or is_read_and_written(loss, possible, None):
        return None
    recreated = recreation_of(loss, possible)
    if recreated is not None:
        return Exposure(loss, Reason.EMPTIED, recreated)
    if (alike := likeness(loss, migration)) is not None:
        return Exposure(loss, Reason.ALIKE, alike)
    return Exposure(loss, Reason.PLAIN)


def _of_downgrade(
    loss: Loss, migration: Migration, possible: Sequence[Operation], others: Sequence[Operation]
) -> Exposure | None:
    """A downgrade is meant to undo: only what it takes beyond its own revision's work is a loss."""
    if is_inverse(loss, migration):
        return Exposure(loss, Reason.INVERSE) if loss.cascade and not loss.column else None
    if loss.column or loss.verb != "drop":
        return None
    copy = copy_of(loss, possible)
    if copy is not None:
        return Exposure(loss, Reason.UNVERIFIED, copy) if loss.cascade else None
    if is_read_and_written(loss, possible, None):
        return None
    recreated = recreation_of(loss, possible)
    if recreated is not None:
        if is_filled(loss, recreated, possible):
            return Exposure(loss, Reason.RESTORED, recreated)
        return Exposure(loss, Reason.EMPTIED, _restored_elsewhere(loss, others) or recreated)
    if loss.cascade:
        return Exposure(loss, Reason.LEFTOVER, _becomes_later(loss, possible))
    return None


def _restored_elsewhere(loss: Loss, others: Sequence[Operation]) -> Operation | None:
    """The operation of another branch that fills the table again, which this branch does not."""
    return next((one for one in others if makes(one.statement, loss) and one.statement.sources), None)


def _becomes_later(loss: Loss, operations: Sequence[Operation]) -> Operation | None:
    return next((one for one in operations[loss.index + 1 :] if becomes(one.statement, loss)), None)


def _renamed_from(loss: Loss, operations: Sequence[Operation]) -> Operation | None:
    """The rename that moved a table out of the way of a new, empty one of its old name."""
    names = earlier_names(loss, operations)[1:]
    for one in operations:
        old = one.statement.name
        renamed = one.statement.new_name is not None and any(same_name(old, name) for name in names)
        made_anew = (other.statement.name for other in operations if other.statement.kind == "create")
        if renamed and any(same_name(name, old) for name in made_anew):
            return one
    return None


def _is_conditional(loss: Loss, operations: Sequence[Operation]) -> bool:
    """Whether a DO block decides for itself: its conditions are not read, so it gets the benefit of the doubt."""
    operation = loss.operation
    if not operation.statement.body:
        return False
    beside = (one.statement for one in operations if one.node == operation.node and one.statement.body)
    return any(one.mentions & {"raise", "if", "execute"} for one in beside)


def _steps(operation: Operation) -> list[Node]:
    """The calls that lead to an operation, outermost first, and the one that does it."""
    calls = [run.call for run in reversed(operation.frame.stack) if run.call is not None] if operation.frame else []
    return [*calls, operation.node] if operation.node is not None else calls


def _branches(operation: Operation) -> Mapping[int, int]:
    """The branch that an operation stands in, by the `if` it belongs to. Loops may run several branches in turn."""
    found: dict[int, int] = {}
    for step in _steps(operation):
        here: dict[int, int] = {}
        inner = step
        for around in ancestors(step):
            if around.type == "if_statement" and inner.type in ("block", "elif_clause", "else_clause"):
                here[around.id] = inner.id
            elif around.type in ("for_statement", "while_statement"):
                here.clear()
            elif around.type == "function_definition":
                break
            inner = around
        found.update(here)
    return found


def _excluded(one: Mapping[int, int], other: Mapping[int, int]) -> bool:
    """Whether no single run passes the branches of both."""
    return any(other.get(condition, branch) != branch for condition, branch in one.items())


def _tables_with_rows(loss: Loss, migration: Migration, operations: Sequence[Operation]) -> frozenset[str]:
    """The tables whose rows tell of the loss: the one that is lost, and those that this migration fills from it."""
    names = earlier_names(loss, operations)
    filled = (one.statement for one in (*migration.upgrade, *migration.downgrade) if one.statement.kind in _FILLING)
    from_it = (one for one in filled if any(same_name(source, name) for source in one.sources for name in names))
    copies = (one.name for one in from_it if one.name is not None)
    return frozenset(name.removeprefix("public.") for name in (*names, *copies))


def _moves_in_python(loss: Loss, operations: Sequence[Operation], file: PythonFile) -> bool:
    return bool(loss.column) and is_read_and_written(loss, operations, file)


def _may_be_handled_elsewhere(loss: Loss, file: PythonFile) -> bool:
    """Whether a function of another module of the project ran before: it may have moved the data, or checked."""
    operation = loss.operation
    if operation.node is None or operation.frame is None:
        return False
    entry = operation.frame.stack[-1].function
    last = _steps(operation)[0]
    before = (call for call in descendants(entry, "call") if call.start_byte < last.start_byte)
    return any(True for _ in imported_calls((one for one in before if _is_statement(one)), file))


def _is_statement(call: Node) -> bool:
    return call.parent is not None and call.parent.type == "expression_statement"
