"""CL903: revisions that create, drop or change the same object against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from chunklint.api import (
    Clash,
    Draft,
    Fills,
    Location,
    Overlap,
    PythonFile,
    Rule,
    Script,
    Severity,
    fills_of,
    loss_message,
    overlap_message,
    overlaps,
    python,
    script_of,
)

rule = Rule(
    code="CL903",
    name="overlapping-migrations",
    ticket="TICKET-009",
    when="revisions of one history create, drop, rebuild or fill the same object against each other, or one silently "
    "takes away what another has made",
    effect="an upgrade of an empty database fails, or ends with a schema that no revision describes",
    instead="give every object one revision that makes it, change it with ALTER in the ones after, and make again what "
    "goes along with a dropped column or table",
    bad='''"""Add nests."""

import sqlalchemy as sa
from alembic import op

revision = "b1c0ffee0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "nests",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.UniqueConstraint("code", name="uq_nests_code"),
    )
    op.create_index("ix_nests_code", "nests", ["code"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_nests_code", table_name="nests")
    op.drop_table("nests")
''',
    good='''"""Add nests."""

import sqlalchemy as sa
from alembic import op

revision = "b1c0ffee0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "nests",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("code", sa.String(), nullable=False),
    )
    op.create_index("ix_nests_code", "nests", ["code"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_nests_code", table_name="nests")
    op.drop_table("nests")
''',
    example="alembic/versions/b1c0ffee0001_nests.py",
    mentions=("down_revision",),
    silent_on=(
        "columns, indexes and constraints that a revision adds to a table of another one",
        "one drop and re-creation of a table or index; any number of them for views, functions and triggers, and for "
        "indexes whose columns change",
        "an object that a later revision makes again only if it is not there, where the shape is the same",
        "views that a revision drops without rebuilding a table that they read from",
        "values that a later revision writes only where there are none yet, or after another one has read the column",
        "an object that was dropped and comes back in a later revision",
        "branches that no merge and no later revision brings together",
        "what goes with a column or table that stays away, and what a later revision makes again under any name",
        "all that a step which cannot be read may have done",
    ),
    limits=(
        "names are compared without their schemas",
        "of indexes on the same columns only the unique ones count as doubled, since methods and operator classes are "
        "not compared",
        "of what happens to rows, only SQL that no condition guards counts: the values that `UPDATE` writes, and the "
        "tables and columns that any statement names",
        "a column that was NOT NULL is missed as nullable where it is added anew instead of renamed",
    ),
)

_MOST_RELATED = 5
# What fails, or leaves a schema behind that nobody meant; the rest is less.
_SEVERITIES = MappingProxyType(
    {
        Clash.KEPT: Severity.WARNING,
        Clash.LOOSENED: Severity.WARNING,
        Clash.OVERWRITTEN: Severity.WARNING,
        Clash.DOUBLED: Severity.NOTE,
        Clash.REPEATED: Severity.NOTE,
    }
)


@rule.fact(python)
def script(file: PythonFile) -> Iterator[Script | Fills]:
    yield from (one for one in (script_of(file), fills_of(file)) if one is not None)


@rule.across
def gets_in_the_way(facts: Mapping[str, Sequence[Script | Fills]]) -> Iterator[Draft]:
    listed = [one for found in facts.values() for one in found]
    scripts = {one.revision.path: one for one in listed if isinstance(one, Script)}
    lost: dict[Location, list[Overlap]] = {}
    for one in overlaps(scripts.values(), (one for one in listed if isinstance(one, Fills))):
        if one.clash is Clash.LOST:
            lost.setdefault(one.place, []).append(one)
        else:
            yield _draft(one, scripts)
    for together in lost.values():
        yield _loss(together, scripts)


def _draft(one: Overlap, scripts: Mapping[str, Script]) -> Draft:
    message, said = overlap_message(one, _named(one, scripts))
    severity = _SEVERITIES.get(one.clash, Severity.ERROR)
    if one.clash is Clash.REBUILT and one.key.kind == "index":
        severity = Severity.WARNING
    related = [(place, said) for place in one.others[:_MOST_RELATED]]
    return rule.at(one.place, message, severity=severity, related=related)


def _named(one: Overlap, scripts: Mapping[str, Script]) -> str:
    found = scripts.get(one.others[0].path) if one.others else None
    return f"revision `{found.revision.id}`" if found is not None else "an earlier revision"


def _loss(together: Sequence[Overlap], scripts: Mapping[str, Script]) -> Draft:
    message = loss_message(together, _named(together[0], scripts))
    related = [(place, f"Makes `{one.key.name}`.") for one in together for place in one.others][:_MOST_RELATED]
    skipped = next((one.skipped for one in together if one.skipped is not None), None)
    if skipped is not None:
        related.append((skipped, "Skipped, because the name is still taken."))
    severity = Severity.ERROR if all(one.sure for one in together) else Severity.WARNING
    return rule.at(together[0].place, message, severity=severity, related=related)
