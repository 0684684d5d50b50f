"""CL905: a migration that only passes while its tables are empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chunklint.api import (
    Danger,
    Direction,
    Draft,
    Hazard,
    PythonFile,
    RowChanges,
    Rule,
    Severity,
    dangers,
    in_series,
    python,
    row_changes_of,
)

rule = Rule(
    code="CL905",
    name="fails-on-existing-rows",
    ticket="TICKET-009",
    when="a migration adds or alters a column in a way that the rows already in the table do not allow",
    effect="it passes on the empty databases of tests and stops half-way on the one that has data",
    instead="give the column a `server_default`, or add it nullable, fill it, and only then set NOT NULL; convert "
    "types with `postgresql_using`",
    bad='''"""Give every nest a height."""

import sqlalchemy as sa
from alembic import op

revision = "b1c0ffee0002"
down_revision = None


def upgrade() -> None:
    op.add_column("nests", sa.Column("height", sa.Integer(), nullable=False))


def downgrade() -> None:
    op.drop_column("nests", "height")
''',
    good='''"""Give every nest a height."""

import sqlalchemy as sa
from alembic import op

revision = "b1c0ffee0002"
down_revision = None


def upgrade() -> None:
    op.add_column("nests", sa.Column("height", sa.Integer(), nullable=True))
    op.execute("UPDATE nests SET height = 0")
    op.alter_column("nests", "height", nullable=False)


def downgrade() -> None:
    op.drop_column("nests", "height")
''',
    example="alembic/versions/b1c0ffee0002_height.py",
    mentions=("down_revision",),
    silent_on=(
        "tables that the same direction of the revision creates, or renames",
        "columns with a server default, an identity, a sequence or a computed value",
        "columns that a statement of the revision may fill, or a row-writing session that cannot be followed",
        "steps that run on a condition, for the condition may be that the table is empty",
        "histories that only show MySQL, which fills new columns by itself",
    ),
    limits=(
        "a column that an older revision added without values and that becomes NOT NULL now is silent: often the "
        "application has filled it since",
        "whether rows have duplicates that a new unique constraint would meet, or break a new CHECK or foreign key, "
        "is not guessed",
        "conversions without `postgresql_using` count only where the history shows that its database is PostgreSQL; "
        "those of a downgrade belong to `irreversible-migration`",
    ),
)


_MOST_NAMED = 4


@rule.fact(python)
def row_changes(file: PythonFile) -> Iterator[RowChanges]:
    found = row_changes_of(file)
    if found is not None:
        yield found


@rule.across
def fails_on_rows(facts: Mapping[str, Sequence[RowChanges]]) -> Iterator[Draft]:
    alike: dict[tuple[str, str, str], list[Danger]] = {}
    for danger in dangers(one for found in facts.values() for one in found):
        if danger.hazard is Hazard.REQUIRED:
            alike.setdefault((danger.place.path, danger.direction, danger.key.owner), []).append(danger)
        else:
            yield _draft(danger)
    for found in alike.values():
        yield _draft(found[0]) if len(found) == 1 else _required(found)


def _required(found: Sequence[Danger]) -> Draft:
    """One draft for all the columns of a table that a function adds alike: the first that fails hides the others."""
    first, *rest = sorted(found, key=lambda one: (one.place.span.start_line, one.place.span.start_column))
    names = [f"`{one.key.name}`" for one in (first, *rest)]
    shown = names if len(names) <= _MOST_NAMED else [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} more"]
    down = first.direction is Direction.DOWNGRADE
    who = "the downgrade" if down else "it"
    message = (
        f"The new columns {in_series(shown)} are NOT NULL without a server default, so {who} fails if "
        f"`{first.key.owner}` has rows."
    )
    related = [(one.place, f"{name} is added here.") for one, name in zip(rest, names[1:], strict=True)]
    severity = Severity.WARNING if down else Severity.ERROR
    return rule.at(first.place, message, severity=severity, related=related)


def _draft(danger: Danger) -> Draft:
    name, table = f"`{danger.key.name}`", f"`{danger.key.owner}`"
    down = danger.direction is Direction.DOWNGRADE
    severity = Severity.WARNING if down else Severity.ERROR
    who = "the downgrade" if down else "it"
    why = ""
    match danger.hazard:
        case Hazard.REQUIRED:
            message = f"The new column {name} is NOT NULL without a server default, so {who} fails if {table} has rows."
        case Hazard.LEFT_EMPTY:
            message = f"Nothing fills {name} of {table} before it becomes NOT NULL, so {who} fails if there are rows."
            why = f"{name} is added here without a value for the rows that are there."
        case Hazard.SAME_VALUE:
            message = f"All rows of {table} have the same {name}, `{danger.detail}`, so it cannot be unique."
            why = f"{name} is added here with one value for all rows."
        case Hazard.CAST:
            old, new = (one.removeprefix("enum ") for one in danger.detail.split("\n"))
            message = (
                f"PostgreSQL does not convert the column {name} of {table} from `{old}` to `{new}` by itself, so this "
                "fails without `postgresql_using`, even on an empty table."
            )
        case Hazard.NEW_VALUE:
            message = (
                f"The value {name} is used for `{danger.detail}` in the transaction that adds it to the type {table}, "
                "which PostgreSQL refuses."
            )
    related = [(danger.cause, why)] if danger.cause is not None else []
    return rule.at(danger.place, message, severity=severity, related=related)
