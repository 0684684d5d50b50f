"""CL301: a destructive migration statement with no guard, backup or proof of emptiness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from chunklint.api import (
    Direction,
    Draft,
    Exposure,
    Loss,
    Node,
    PythonFile,
    Reason,
    Rule,
    Severity,
    Span,
    SqlFile,
    Use,
    WrappedDrop,
    Wrapper,
    exposures,
    migration_of,
    python,
    sql,
    sql_migration_of,
    unprotected_uses,
    uses,
    wrappers,
)

rule = Rule(
    code="CL301",
    name="unprotected-drop",
    ticket="TICKET-003",
    when="a migration drops a table or column, truncates, or deletes all rows, and nothing can stop it",
    effect="the rows are gone once the migration has run on a database that has any, and no downgrade brings them back",
    instead=(
        "copy the rows and raise unless the counts agree, raise unless the table is empty, rename instead of dropping, "
        "or raise unless a flag such as `ALLOW_DESTRUCTIVE_MIGRATIONS` is set"
    ),
    bad="""
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("DROP TABLE IF EXISTS orders CASCADE")


def downgrade():
    pass
""",
    good="""
import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    if op.get_bind().execute(sa.text("SELECT count(*) FROM orders")).scalar():
        raise RuntimeError("orders still has rows; archive them first")
    op.execute("DROP TABLE orders")


def downgrade():
    pass
""",
    example="migrations/versions/b2_drop_orders.py",
    mentions=("drop", "DROP", "Drop", "TRUNCATE", "truncate", "Truncate", "DELETE", "delete", "Delete"),
    silent_on=(
        "a step behind a check that raises, returns or asserts while a flag is unset or the table has rows",
        "a table whose rows the same migration copied before, and a column whose values it read before",
        "DROP IF EXISTS before the creation of a table that the downgrade drops and does not make again",
        "objects that the same migration creates: staging and temporary tables, columns added for a copy",
        "views, materialized views, functions, triggers, indexes, types, constraints and sequences",
        "a downgrade that drops what its upgrade made; with CASCADE it is a note",
        "columns whose type shows that they were computed from others",
        "functions of other modules that run before a plain drop: they may have moved the data",
        "SQL files that are no migrations, and DO blocks that decide for themselves",
    ),
    limits=(
        "a check that an imported function makes is trusted, and so is a wrapper that cannot be found",
        "that the dropped table never existed in production cannot be seen from one revision",
        "statements that procedural SQL builds with EXECUTE are not read",
    ),
)


@rule.each(python)
def drops_unprotected(file: PythonFile) -> Iterator[Draft]:
    migration = migration_of(file)
    if migration is not None:
        yield from map(_finding, exposures(migration, file))


@rule.each(sql)
def script_drops_unprotected(file: SqlFile) -> Iterator[Draft]:
    migration = sql_migration_of(file)
    if migration is not None:
        yield from map(_finding, exposures(migration, None))


@rule.fact(python)
def drops_for_others(file: PythonFile) -> Iterator[Wrapper | Use]:
    yield from wrappers(file)
    yield from uses(file)


@rule.across
def drops_through_wrapper(facts: Mapping[str, Sequence[Wrapper | Use]]) -> Iterator[Draft]:
    yield from map(_wrapped, unprotected_uses(facts))


def _wrapped(found: WrappedDrop) -> Draft:
    function = found.use.function.rsplit(".", 1)[-1]
    cascade = " CASCADE" if found.wrapper.cascade else ""
    message = f"`{function}` drops `{found.table}`: its `DROP TABLE{cascade}`, called like this, {_NOTHING}."
    upgrade = found.use.direction is Direction.UPGRADE
    severity = Severity.ERROR if upgrade and found.wrapper.cascade else Severity.WARNING
    return rule.at(found.use.location, message, severity=severity, steps=[(found.wrapper.location, "The drop.")])


_OTHER = MappingProxyType(
    {
        Reason.EMPTIED: "What is created in its place.",
        Reason.ABANDONED: "The rename that set the rows aside.",
        Reason.ALIKE: "What is created in the same shape.",
        Reason.LEFTOVER: "The rename that gives live data this name.",
        Reason.UNVERIFIED: "The copy that nothing compares.",
        Reason.RESTORED: "Where the rows come from instead.",
    }
)
_NOTHING = "runs with no backup, no emptiness check and no flag that must be set"


def _finding(found: Exposure) -> Draft:
    operation = found.loss.operation
    related: list[tuple[Node | Span, str]] = [(one.node, f"Here {one.reason}.") for one in found.weaknesses]
    if found.other is not None:
        related.append((found.other.span, _OTHER[found.reason]))
    calls = [run.call for run in reversed(operation.frame.stack) if run.call is not None] if operation.frame else []
    steps = [(call, "This call leads to it.") for call in calls]
    message = f"{_statement(found.loss)} {_says(found)}{_weakness(found)}"
    return rule.at(operation.span, message, severity=_severity(found), steps=steps, related=related)


def _statement(loss: Loss) -> str:
    if loss.column:
        return f"`DROP COLUMN {loss.column}` on `{loss.table}`"
    match loss.verb:
        case "truncate":
            return f"`TRUNCATE {loss.table}`"
        case "delete":
            return f"`DELETE FROM {loss.table}` without WHERE"  # noqa: S608 - a message, not a query
    return f"`DROP {loss.kind.upper()} {loss.table}{' CASCADE' if loss.cascade else ''}`"


def _says(found: Exposure) -> str:
    loss, other = found.loss, found.other
    match found.reason:
        case Reason.EMPTIED:
            if other is not None and other.statement.sources:
                return f"{_NOTHING}: the other branch fills the table again, this one leaves it empty."
            return f"{_NOTHING}, and the `{loss.name}` created in its place starts empty."
        case Reason.ABANDONED:
            return "throws away the rows that the rename above it set aside: nothing copies them to the new table."
        case Reason.ALIKE:
            made = other.statement if other is not None else None
            new = f"`{made.name}`" if made is not None and not loss.column else "a column much like it"
            return f"loses {_what(loss)}, while {new} is created in the same shape: a rename would keep them."
        case Reason.LEFTOVER:
            return "clears away what an earlier run may have left, but that can be the only copy of the rows."
        case Reason.UNVERIFIED:
            return "follows a copy that nothing compares with the original, and takes along what was not copied."
        case Reason.RESTORED:
            return "replaces the rows by those of another table, and nothing compares them: later writes are lost."
        case Reason.INVERSE:
            return "also takes along what other revisions attached to the table, with no check for rows and no flag."
    return f"{_NOTHING}."


def _what(loss: Loss) -> str:
    return "its values" if loss.column else "the rows"


def _weakness(found: Exposure) -> str:
    return "".join(f" There is a check, but {weakness.reason}." for weakness in found.weaknesses[:1])


def _severity(found: Exposure) -> Severity:
    loss, upgrade = found.loss, found.loss.operation.direction is Direction.UPGRADE
    match found.reason:
        case Reason.INVERSE:
            return Severity.NOTE
        case Reason.UNVERIFIED:
            return Severity.WARNING if upgrade else Severity.NOTE
        case Reason.RESTORED:
            return Severity.WARNING
        case Reason.ABANDONED:
            return Severity.ERROR
        case Reason.EMPTIED | Reason.ALIKE if loss.column:
            return Severity.WARNING
        case Reason.EMPTIED:
            restored = found.other is not None and bool(found.other.statement.sources)
            if upgrade or restored:
                return Severity.ERROR
            return Severity.WARNING if loss.cascade else Severity.NOTE
        case Reason.ALIKE:
            return Severity.ERROR
    if not upgrade:
        return Severity.WARNING
    if loss.cascade or loss.kind in ("schema", "database"):
        return Severity.ERROR
    return Severity.WARNING if loss.kind == "rows" else Severity.NOTE
