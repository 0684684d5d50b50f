"""CL301: a destructive migration statement with no guard, backup or proof of emptiness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from chunklint.api import (
    Draft,
    Exposure,
    Loss,
    PythonFile,
    Reason,
    Rule,
    Severity,
    SqlFile,
    Suspect,
    WrappedDrop,
    WrapperFact,
    convicted,
    exposed,
    exposures,
    in_series,
    python,
    sql,
    sql_migration_of,
    suspect,
    unprotected_uses,
    uses,
    wrappers,
)

rule = Rule(
    code="CL301",
    name="unprotected-drop",
    ticket="TICKET-003",
    when=(
        "a migration drops a table or column, truncates, deletes all rows or whole groups of duplicates, and "
        "nothing can stop it"
    ),
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
    raise NotImplementedError("the rows are gone")
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
    raise NotImplementedError("the rows are gone")
""",
    example="migrations/versions/b2_drop_orders.py",
    mentions=(
        *("drop", "DROP", "Drop", "TRUNCATE", "truncate", "Truncate", "DELETE", "delete", "Delete"),
        *("environ", "getenv", "get_x_argument"),
    ),
    silent_on=(
        "a step behind a check that raises, returns or asserts while a flag is unset or the table has rows",
        "a table whose rows the same migration moved before, and a column whose values it read before",
        "a drop whose backup or guard does not hold: CL302 speaks there, at the backup or guard",
        "DROP IF EXISTS before the creation of a table that the downgrade drops and does not make again",
        "objects that the same migration creates: staging and temporary tables, columns added for a copy",
        "views, materialized views, functions, triggers, indexes, types, constraints and sequences",
        "a downgrade that drops what its upgrade made; with CASCADE it is a note",
        "columns whose type shows that they were computed from others",
        "functions of other modules that run before a plain drop: they may have moved the data",
        "a table or column that only goes, where the migration moves other values itself: its author has thought of it",
        "the way back of the first revision, and a folder of reverts; CASCADE in what Django's `sqlmigrate` prints",
        "UPDATE of every row: nearly always the values of a column that the step before added",
        "SQL files that are no migrations, and DO blocks that decide for themselves",
    ),
    limits=(
        "a check that an imported function makes is trusted, and so is a wrapper that cannot be found",
        "more than three plain drops of columns of one table, or of tables, are told of together, at the first of them",
        "that the dropped table never existed in production cannot be seen from one revision",
        "of what procedural SQL builds, EXECUTE of `format()` and of literals joined by `||` is read",
    ),
)


@rule.each(sql)
def script_drops_unprotected(file: SqlFile) -> Iterator[Draft]:
    migration = sql_migration_of(file)
    if migration is not None:
        yield from _told(one for one in exposures(migration, None) if not one.is_of_guard)


@rule.each(python)
def drops_unprotected(file: PythonFile) -> Iterator[Draft]:
    yield from _told(one for one, before in exposed(file) if not (one.is_of_guard or before))


def _told(exposed_here: Iterable[Exposure]) -> Iterator[Draft]:
    """The findings of a migration, plain drops alike together."""
    found = list(exposed_here)
    alike: dict[tuple[str, str, str], list[Exposure]] = {}
    for one in found:
        if one.reason is Reason.PLAIN and one.severity is Severity.NOTE:
            loss = one.loss
            alike.setdefault((loss.kind, loss.table if loss.column else "", loss.operation.direction), []).append(one)
    many = [together for together in alike.values() if len(together) > _MOST_APART]
    told = {id(one) for together in many for one in together}
    yield from (_finding(one) for one in found if id(one) not in told)
    yield from map(_together, many)


@rule.fact(python)
def drops_after_other_functions(file: PythonFile) -> Iterator[Suspect]:
    yield from (suspect(_finding(one), before, file) for one, before in exposed(file) if before and not one.is_of_guard)


@rule.fact(python)
def drops_for_others(file: PythonFile) -> Iterator[WrapperFact]:
    yield from wrappers(file)
    yield from uses(file)


@rule.across
def drops_through_wrapper(facts: Mapping[str, Sequence[WrapperFact | Suspect]]) -> Iterator[Draft]:
    yield from (_wrapped(one) for one in unprotected_uses(facts) if not one.weaknesses)
    yield from convicted(facts)


def _wrapped(found: WrappedDrop) -> Draft:
    function = found.use.function.rsplit(".", 1)[-1]
    cascade = " CASCADE" if found.wrapper.cascade else ""
    named = ", and it exempts tables of such names" if found.exempt else ""
    message = f"`{function}` drops `{found.table}`: its `DROP TABLE{cascade}`, called like this, {_NOTHING}{named}."
    return rule.at(found.use.location, message, severity=found.severity, steps=[(found.wrapper.location, "The drop.")])


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
# More plain drops of one kind than these are told of together.
_MOST_APART = 3
_MOST_NAMED = 3
_NOTHING = "runs with no backup, no emptiness check and no flag that must be set"


def _finding(found: Exposure) -> Draft:
    operation = found.loss.operation
    related = [(found.other.span, _OTHER[found.reason])] if found.other is not None else []
    calls = [run.call for run in reversed(operation.frame.stack) if run.call is not None] if operation.frame else []
    steps = [(call, "This call leads to it.") for call in calls]
    message = f"{found.loss.spelled} {_says(found)}"
    return rule.at(operation.span, message, severity=found.severity, steps=steps, related=related)


def _together(found: Sequence[Exposure]) -> Draft:
    """One draft for many drops alike: whoever clears a table or a feature away does so knowingly, and hears it once."""
    losses = [one.loss for one in found]
    names = [f"`{loss.column or loss.table}`" for loss in losses]
    shown = in_series([*names[:_MOST_NAMED], f"{len(names) - _MOST_NAMED} more"])
    kind = f"columns {shown} of `{losses[0].table}`" if losses[0].column else f"tables {shown}"
    message = f"The drops of the {kind} {_NOTHING.replace('runs', 'run', 1)}."
    related = [(loss.operation.span, f"{loss.spelled} is one of them.") for loss in losses[1:]]
    return rule.at(losses[0].operation.span, message, severity=Severity.NOTE, related=related)


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
        case Reason.WHOLE_GROUP:
            return "deletes every row of each group, the one to keep included."
    return f"{_NOTHING}."


def _what(loss: Loss) -> str:
    return "its values" if loss.column else "the rows"
