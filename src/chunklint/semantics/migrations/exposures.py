"""The losses of a migration that nothing protects, and what makes each of them worse or better."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import Enum, auto

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.model import Severity
from chunklint.records import record
from chunklint.semantics.migrations.backups import backup_of, is_dumped_before, unread_answers
from chunklint.semantics.migrations.data_loss import (
    Loss,
    becomes,
    copies_of,
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
from chunklint.semantics.migrations.safeguards import Weakness, conditions_before, imported_calls, safeguards_of
from chunklint.semantics.migrations.worst_case import World, evaluate
from chunklint.semantics.python.names import enclosing_function

_FILLING = frozenset({"create", "insert"})


class Reason(Enum):
    """What a reviewer would say of a loss, besides that nothing protects it."""

    PLAIN = auto()
    EMPTIED = auto()
    ABANDONED = auto()
    ALIKE = auto()
    LEFTOVER = auto()
    UNVERIFIED = auto()
    BACKUP = auto()
    RESTORED = auto()
    INVERSE = auto()
    WHOLE_GROUP = auto()


@record
class Exposure:
    """A loss that nothing protects; `other` is the operation that the reason speaks of."""

    loss: Loss
    reason: Reason
    other: Operation | None = None
    weaknesses: tuple[Weakness, ...] = ()

    @property
    def is_of_guard(self) -> bool:
        """Whether the defect lies in what should have protected the rows: a backup, or a check."""
        return bool(self.weaknesses) or self.reason is Reason.BACKUP

    @property
    def severity(self) -> Severity:
        """How bad the loss is."""
        upgrade = self.loss.operation.direction is Direction.UPGRADE
        match self.reason:
            case Reason.INVERSE:
                return Severity.NOTE
            case Reason.WHOLE_GROUP:
                return Severity.ERROR
            case Reason.UNVERIFIED | Reason.BACKUP:
                return Severity.WARNING if upgrade else Severity.NOTE
            case Reason.RESTORED:
                return Severity.WARNING
            case Reason.ABANDONED:
                return Severity.ERROR
            case Reason.EMPTIED | Reason.ALIKE if self.loss.column:
                return Severity.WARNING
            case Reason.EMPTIED:
                return self._severity_of_emptied(upgrade)
            case Reason.ALIKE:
                return Severity.ERROR
        if not upgrade:
            return Severity.WARNING
        if self.loss.cascade or self.loss.kind in ("schema", "database"):
            return Severity.ERROR
        return Severity.WARNING if self.loss.kind == "rows" else Severity.NOTE

    def _severity_of_emptied(self, upgrade: bool) -> Severity:
        restored = self.other is not None and bool(self.other.statement.sources)
        if upgrade or restored:
            return Severity.ERROR
        return Severity.WARNING if self.loss.cascade else Severity.NOTE


def exposures(migration: Migration, file: PythonFile | None) -> Iterator[Exposure]:
    """The unprotected losses of both directions, in order. `file` is None for an SQL script."""
    for direction in Direction:
        operations = _running(migration, direction, file)
        branches = [_branches(one) for one in operations]
        for loss in losses(operations):
            found = _among(loss, operations, branches, migration, file)
            if found is not None:
                yield found


def exposure_of_drop(drop: Operation, migration: Migration, file: PythonFile) -> Exposure | None:
    """What to say of a drop that the migration leaves to another module, as if it stood at the call."""
    operations = list(_running(migration, drop.direction, file))
    start = _steps(drop)[0].start_byte
    index = sum(1 for one in operations if (steps := _steps(one)) and steps[0].start_byte < start)
    operations.insert(index, drop)
    loss = next((one for one in losses(operations) if one.index == index), None)
    branches = [_branches(one) for one in operations]
    return _among(loss, operations, branches, migration, file) if loss is not None else None


def _running(migration: Migration, direction: Direction, file: PythonFile | None) -> tuple[Operation, ...]:
    """The operations of a direction without those that never run."""
    every = migration.way(direction)
    if file is None:
        return every
    return file.remember(
        ("running", direction.value), lambda: tuple(one for one in every if not _never_runs(one, file))
    )


def _among(
    loss: Loss,
    operations: Sequence[Operation],
    branches: Sequence[Mapping[int, int]],
    migration: Migration,
    file: PythonFile | None,
) -> Exposure | None:
    """What to say of a loss among all operations of its direction."""
    mine = branches[loss.index]
    together = [at for at, branch in enumerate(branches) if not _excluded(mine, branch)]
    beside = [operations[at] for at in together]
    others = [one for at, one in enumerate(operations) if _excluded(mine, branches[at])]
    return _exposure(replace(loss, index=together.index(loss.index)), migration, beside, others, file)


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
    guarded = safeguards_of(loss.operation.node, loss.operation.frame, World(tables, file))
    if guarded.protect or _moves_in_python(loss, possible, file) or is_dumped_before(loss, file):
        return None
    if found.reason is Reason.PLAIN and not loss.cascade and _may_be_handled_elsewhere(loss, file):
        return None
    weaknesses = (*guarded.weaknesses, *unread_answers(loss, file))
    return replace(found, weaknesses=tuple(_own_weaknesses(weaknesses, loss, possible)))


def _own_weaknesses(found: Iterable[Weakness], loss: Loss, possible: Sequence[Operation]) -> Iterator[Weakness]:
    """The weaknesses that are not of a check with which another helper guards a drop of its own."""
    frame = loss.operation.frame
    own = {run.function.id for run in frame.stack} if frame is not None else set()
    theirs = {one.operation.frame.function.id for one in losses(possible) if one.operation.frame is not None} - own
    for one in found:
        function = enclosing_function(one.node)
        if function is None or function.id not in theirs:
            yield one


def _of_upgrade(loss: Loss, migration: Migration, possible: Sequence[Operation]) -> Exposure | None:
    if loss.column:
        return _of_column(loss, migration, possible)
    backup = backup_of(loss, possible)
    if backup is not None:
        return Exposure(loss, Reason.BACKUP, backup)
    copy = next(copies_of(loss, possible), None)
    if copy is not None:
        return Exposure(loss, Reason.UNVERIFIED, copy) if loss.cascade else None
    if is_read_and_written(loss, possible, None):
        return None
    if loss.verb == "deduplicate":
        return Exposure(loss, Reason.WHOLE_GROUP)
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
    return _plain(loss, possible)


def _of_column(loss: Loss, migration: Migration, possible: Sequence[Operation]) -> Exposure | None:
    if is_derived(loss, migration) or is_replaced(loss, possible) or is_read_and_written(loss, possible, None):
        return None
    recreated = recreation_of(loss, possible)
    if recreated is not None:
        return Exposure(loss, Reason.EMPTIED, recreated)
    if (alike := likeness(loss, migration)) is not None:
        return Exposure(loss, Reason.ALIKE, alike)
    return _plain(loss, possible)


def _plain(loss: Loss, possible: Sequence[Operation]) -> Exposure | None:
    """A loss for which nothing but itself speaks; who moves other values in the same step has thought of it."""
    found = Exposure(loss, Reason.PLAIN)
    moves = any(one.statement.kind in ("insert", "update") and one.statement.sources for one in possible)
    return None if moves and found.severity is Severity.NOTE else found


def _of_downgrade(
    loss: Loss, migration: Migration, possible: Sequence[Operation], others: Sequence[Operation]
) -> Exposure | None:
    """A downgrade is meant to undo: only what it takes beyond its own revision's work is a loss."""
    if migration.first:
        return None
    if is_inverse(loss, migration):
        return Exposure(loss, Reason.INVERSE) if loss.cascade and not loss.column else None
    if loss.column or loss.verb != "drop":
        return None
    backup = backup_of(loss, possible)
    if backup is not None:
        return Exposure(loss, Reason.BACKUP, backup)
    copy = next(copies_of(loss, possible), None)
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
    return any("raise" in one.mentions or ("if" in one.mentions and not one.if_exists) for one in beside)


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


def _never_runs(operation: Operation, file: PythonFile) -> bool:
    """Whether the arguments of a call shut the branch of its helper: `if backup:` where the caller passes False."""
    if operation.node is None or operation.frame is None or operation.frame.caller is None:
        return False
    world = World(frozenset(), file)
    for condition in conditions_before(operation.node, operation.frame, file):
        if condition.frame is not operation.frame or condition.under or condition.frame.caller is None:
            continue
        found = evaluate(condition.node, condition.frame, world)
        if found.known and not found.sources and bool(found.value) != condition.holds:
            return True
    return False


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
