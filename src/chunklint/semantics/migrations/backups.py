"""Backups that a migration makes before it destroys something, and what tells whether they are complete."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tree_sitter import Node

from chunklint.languages.base import ancestors, descendants
from chunklint.languages.python import PythonFile
from chunklint.semantics.migrations.data_loss import Loss, copies_of
from chunklint.semantics.migrations.operations import Operation, same_name
from chunklint.semantics.migrations.safeguards import Weakness
from chunklint.semantics.python.helpers import returned_values
from chunklint.semantics.python.names import arguments, local_function, qualified_name

_BACKUP = re.compile(r"backup|(?:^|[_.{}])(?:bak|bkp|archive|archived|snapshot|saved)(?:$|[_.{}\d])", re.IGNORECASE)
_DUMPS = re.compile(r"\b(?:pg_dump|pg_dumpall|mysqldump|mariadb-dump)\b")
_RUNS = frozenset({"subprocess.run", "subprocess.call", "subprocess.Popen", "os.system", "subprocess.getstatusoutput"})
_RAISING_RUNS = frozenset({"subprocess.check_call", "subprocess.check_output"})
_ASKING = re.compile(r"verif|valid|check|compare|backup|backed_up|complete|intact", re.IGNORECASE)


def backup_of(loss: Loss, operations: Sequence[Operation]) -> Operation | None:
    """The copy of the table that is kept aside, when all copies before the loss are of that kind."""
    copies = list(copies_of(loss, operations))
    if not copies:
        return _hollow_backup_of(loss, operations)
    if not all(is_backup_name(one.statement.name) for one in copies) or _is_put_back(copies, loss, operations):
        return None
    return copies[0]


def is_backup_name(name: str | None) -> bool:
    """Whether a table is called a backup."""
    return name is not None and _BACKUP.search(name) is not None


def _hollow_backup_of(loss: Loss, operations: Sequence[Operation]) -> Operation | None:
    """A table that is called a backup and made in the shape of the lost one (`LIKE orders`), but gets no rows."""
    before = [one for one in operations[: loss.index] if is_backup_name(one.statement.name)]
    made = (one for one in before if one.statement.kind == "create" and one.statement.object_type == "table")
    alike = next((one for one in made if {"like", loss.table.lower()} <= one.statement.mentions), None)
    filled = alike is not None and any(
        one.statement.kind == "insert" and same_name(one.statement.name, alike.statement.name) for one in before
    )
    return None if filled else alike


def _is_put_back(copies: Sequence[Operation], loss: Loss, operations: Sequence[Operation]) -> bool:
    """Whether later statements read the copy: the rows only wait in it for their new table."""
    names = [one.statement.name for one in copies]
    later = (source for one in operations[loss.index + 1 :] for source in one.statement.sources)
    return any(same_name(source, name) for source in later for name in names)


def is_dumped_before(loss: Loss, file: PythonFile) -> bool:
    """Whether a dump by the database's own tool comes first whose failure raises."""
    return any(raises for _, raises in _dumps_before(loss, file))


def unread_answers(loss: Loss, file: PythonFile) -> Iterator[Weakness]:
    """Checks and dumps before the loss whose answer nobody reads."""
    for dump, raises in _dumps_before(loss, file):
        if not raises and _is_statement(dump):
            yield Weakness(dump, "nobody reads whether this dump succeeded")
    if _ASKING.search(file.content) is None:
        return
    for call in _statements_before(loss, file):
        callee = call.child_by_field_name("function")
        helper = local_function(callee, file) if callee is not None else None
        if callee is not None and helper is not None and _only_answers(helper, file):
            yield Weakness(call, f"`{file.text(callee)}()` only returns its answer, and nobody reads it")


def _only_answers(helper: Node, file: PythonFile) -> bool:
    """Whether a helper that by its name checks something says so by what it returns alone."""
    name = helper.child_by_field_name("name")
    if name is None or _ASKING.search(file.text(name)) is None:
        return False
    if any(True for _ in descendants(helper, "raise_statement", "assert_statement")):
        return False
    answers = [one.type for one in returned_values(helper)]
    return bool(answers) and all(one in ("true", "false", "comparison_operator", "not_operator") for one in answers)


def _dumps_before(loss: Loss, file: PythonFile) -> Iterator[tuple[Node, bool]]:
    """The calls before the loss that run a dump, those of helpers included, and whether a failure raises."""
    if _DUMPS.search(file.content) is None:
        return
    for call in _calls_before(loss, file):
        callee = call.child_by_field_name("function")
        helper = local_function(callee, file) if callee is not None else None
        for one in (call, *(descendants(helper, "call") if helper is not None else ())):
            runner = one.child_by_field_name("function")
            name = qualified_name(runner, file) if runner is not None else None
            if name not in _RUNS | _RAISING_RUNS or _DUMPS.search(_command(one, file)) is None:
                continue
            checked = arguments(one, file).keywords.get("check")
            yield one, name in _RAISING_RUNS or (checked is not None and file.text(checked) == "True")


def _command(call: Node, file: PythonFile) -> str:
    """The command line that a call runs, also when a variable of the same function holds it."""
    texts = [file.text(call)]
    function = next((one for one in ancestors(call) if one.type == "function_definition"), None)
    given = arguments(call, file).positional
    if given and given[0].type == "identifier" and function is not None:
        texts.append(file.text(function))
    return " ".join(texts)


def _calls_before(loss: Loss, file: PythonFile) -> Iterator[Node]:
    """The calls before the loss in each function on the way to it."""
    operation = loss.operation
    place = operation.node
    for run in operation.frame.stack if operation.frame is not None else ():
        body = run.function.child_by_field_name("body")
        for call in descendants(body, "call") if body is not None and place is not None else ():
            if place is not None and call.end_byte <= place.start_byte:
                yield call
        place = run.call


def _statements_before(loss: Loss, file: PythonFile) -> Iterator[Node]:
    yield from (one for one in _calls_before(loss, file) if _is_statement(one))


def _is_statement(call: Node) -> bool:
    return call.parent is not None and call.parent.type == "expression_statement"
