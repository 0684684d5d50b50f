"""CL302: a backup or a guard before a destructive step that does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chunklint.api import (
    Draft,
    Exposure,
    Location,
    PythonFile,
    Rule,
    SqlFile,
    Suspect,
    WrappedDrop,
    WrapperFact,
    capitalised,
    convicted,
    exposed,
    exposures,
    python,
    sql,
    sql_migration_of,
    suspect,
    unprotected_uses,
    uses,
    wrappers,
)

rule = Rule(
    code="CL302",
    name="unverified-backup",
    ticket="TICKET-003",
    when=(
        "a migration makes a backup that nothing compares with the original before the drop, or guards the drop with a "
        "check that lets it run when the check itself fails"
    ),
    effect="the drop looks protected and is not: that the rows are gone shows when somebody needs the backup",
    instead=(
        "count both tables and raise unless the counts agree, let errors of the check end the migration, and make the "
        "flag one that must be set"
    ),
    bad="""
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("CREATE TABLE orders_backup AS SELECT * FROM orders")
    op.execute("DROP TABLE orders")


def downgrade():
    raise NotImplementedError("restore orders from orders_backup by hand")
""",
    good="""
import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"


def count(table):
    return op.get_bind().execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar()


def upgrade():
    op.execute("CREATE TABLE orders_backup AS SELECT * FROM orders")
    if count("orders_backup") != count("orders"):
        raise RuntimeError("orders_backup is not complete")
    op.execute("DROP TABLE orders")


def downgrade():
    raise NotImplementedError("restore orders from orders_backup by hand")
""",
    example="migrations/versions/b2_drop_orders.py",
    mentions=(
        *("drop", "DROP", "Drop", "TRUNCATE", "truncate", "Truncate", "DELETE", "delete", "Delete"),
        *("environ", "getenv", "get_x_argument"),
    ),
    silent_on=(
        "a backup that is counted, compared or joined with its original in a check that raises or leaves",
        "a drop that also stands behind a flag that must be set, or behind a check for rows that fails closed",
        "a copy that is no backup: one that takes the place of the table, or only holds the rows until they move on",
        "dumps that raise when they fail: `subprocess.run(..., check=True)`, `check_call`",
        "checks whose errors end the migration",
        "a drop without any backup or guard: that is CL301",
    ),
    limits=(
        "a backup is known by its name: backup, bak, archive, snapshot, saved",
        "what a comparison compares is not judged: one count that is read before the drop is taken for a check",
        "the answer of an imported function that nobody reads is not noticed",
    ),
)


@rule.each(sql)
def script_trusts_backup(file: SqlFile) -> Iterator[Draft]:
    migration = sql_migration_of(file)
    if migration is not None:
        yield from _merged(map(_finding, filter(_is_of_guard, exposures(migration, None))))


@rule.each(python)
def trusts_backup(file: PythonFile) -> Iterator[Draft]:
    yield from _merged(_finding(one) for one, before in exposed(file) if one.is_of_guard and not before)


@rule.fact(python)
def trusts_backup_after_other_functions(file: PythonFile) -> Iterator[Suspect]:
    found = ((_finding(one), before) for one, before in exposed(file) if one.is_of_guard and before)
    yield from (suspect(draft, before, file) for draft, before in found)


@rule.fact(python)
def guards_for_others(file: PythonFile) -> Iterator[WrapperFact]:
    yield from wrappers(file)
    yield from uses(file)


@rule.across
def wrapper_fails_open(facts: Mapping[str, Sequence[WrapperFact | Suspect]]) -> Iterator[Draft]:
    yield from _merged(convicted(facts))
    by_guard: dict[tuple[Location, str], list[WrappedDrop]] = {}
    for found in unprotected_uses(facts):
        for weakness in found.weaknesses[:1]:
            by_guard.setdefault(weakness, []).append(found)
    for (location, reason), drops in by_guard.items():
        first = drops[0]
        wrapper = first.use.function.rsplit(".", 1)[-1]
        relies = f"`{wrapper}` then drops {_listed(drops)} unprotected, since it relies on this answer."
        message = f"{capitalised(reason)}. {relies}"
        related = [(one.use.location, f"`{one.table}` is dropped through it.") for one in drops]
        severity = max((one.severity for one in drops), key=lambda one: one.rank)
        yield rule.at(
            location, message, severity=severity, steps=[(first.wrapper.location, "The drop.")], related=related
        )


def _is_of_guard(found: Exposure) -> bool:
    return found.is_of_guard


def _merged(drafts: Iterator[Draft]) -> Iterator[Draft]:
    """One finding for a guard that several drops rely on, with all of them as related places."""
    by_place: dict[object, list[Draft]] = {}
    for draft in drafts:
        by_place.setdefault(draft.place, []).append(draft)
    for same in by_place.values():
        worst = max(same, key=lambda one: one.severity.rank)
        related = [place for one in same for place in one.related]
        yield rule.at(worst.place, worst.message, severity=worst.severity, steps=worst.steps, related=related)


def _finding(found: Exposure) -> Draft:
    operation = found.loss.operation
    calls = [run.call for run in reversed(operation.frame.stack) if run.call is not None] if operation.frame else []
    steps = [(call, "This call leads to it.") for call in calls]
    related = [(operation.span, "What it should protect.")]
    if found.weaknesses:
        weak = found.weaknesses[0]
        message = f"{capitalised(weak.reason)}. {found.loss.spelled} then runs, whatever the table holds."
        return rule.at(weak.node, message, severity=found.severity, steps=steps, related=related)
    backup = found.other if found.other is not None else operation
    return rule.at(backup.span, _of_backup(found), severity=found.severity, steps=steps, related=related)


def _of_backup(found: Exposure) -> str:
    made = found.other.statement if found.other is not None else found.loss.operation.statement
    backup, drop = f"`{made.name}`", found.loss.spelled
    if not made.sources:
        return f"{backup} copies the columns of `{found.loss.table}` and none of its rows before {drop}."
    if made.if_exists and made.kind == "create":
        return f"{backup} stays as it is if an earlier run made it, and nothing compares it before {drop}."
    if made.where:
        return f"{backup} holds only some of the rows of `{found.loss.table}`, and {drop} takes all of them."
    return f"Nothing compares {backup} with `{found.loss.table}` before {drop}."


def _listed(drops: Sequence[WrappedDrop]) -> str:
    names = [f"`{name}`" for name in dict.fromkeys(one.table for one in drops)]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
