"""CL903: revisions that create, drop or change the same object against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chunklint.api import Clash, Draft, Overlap, PythonFile, Rule, Script, Severity, overlaps, python, script_of

rule = Rule(
    code="CL903",
    name="overlapping-migrations",
    ticket="TICKET-009",
    when="revisions of one history create, drop or rebuild the same object against each other, or one silently takes "
    "away what another has made",
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
        "one drop and re-creation of a table, and any number of them for views, functions, triggers and indexes",
        "an object that was dropped and comes back in a later revision",
        "branches that no merge and no later revision brings together",
        "what goes with a column or table that stays away, and what a later revision makes again under any name",
        "all that a step which cannot be read may have done",
    ),
    limits=(
        "names are compared without their schemas",
        "of indexes on the same columns only the unique ones count as doubled, since methods and operator classes are "
        "not compared",
        "what happens to rows is not followed",
    ),
)

_MOST_RELATED = 5
_MOST_NAMED = 3


@rule.fact(python)
def script(file: PythonFile) -> Iterator[Script]:
    found = script_of(file)
    if found is not None:
        yield found


@rule.across
def gets_in_the_way(facts: Mapping[str, Sequence[Script]]) -> Iterator[Draft]:
    scripts = {one.revision.path: one for found in facts.values() for one in found}
    lost: dict[object, list[Overlap]] = {}
    for one in overlaps(scripts.values()):
        if one.clash is Clash.LOST:
            lost.setdefault(one.place, []).append(one)
        else:
            yield _draft(one, scripts)
    for together in lost.values():
        yield _loss(together, scripts)


def _draft(one: Overlap, scripts: Mapping[str, Script]) -> Draft:
    other = _named(one, scripts)
    what = _what(one)
    severity = Severity.ERROR
    match one.clash:
        case Clash.TWICE:
            message = f"The {what} is created here, but {other} has created it and nothing drops it in between."
            said = "Created here first."
        case Clash.GONE:
            doing = "create" if one.verb == "create" else one.verb
            gone = f"the {one.cause.kind} `{one.cause.name}`" if one.cause is not None else "it"
            message = f"This step is to {doing} the {what}, but {other} has taken away {gone}, so the upgrade fails."
            said = "Taken away here."
        case Clash.KEPT:
            severity = Severity.WARNING
            names = ", ".join(f"`{name}`" for name in one.columns[:_MOST_NAMED])
            message = (
                f"The {what} exists since {other}, so this step is silently skipped. The table keeps its first shape, "
                f"without {names}."
            )
            said = "Created here first."
        case Clash.REBUILT:
            count = len(one.others) + 1
            message = f"The {what} is made by {count} revisions of this history, each instead of the one before."
            said = "Made here as well."
        case Clash.DOUBLED:
            severity = Severity.NOTE
            names = ", ".join(f"`{name}`" for name in one.columns)
            message = f"This unique index on {names} doubles the {what}, which holds the same columns unique."
            said = "The other one is made here."
        case _:
            severity = Severity.NOTE
            message = f"The {what} is defined here with the text that it has from {other}."
            said = "Defined here first."
    related = [(place, said) for place in one.others[:_MOST_RELATED]]
    return rule.at(one.place, message, severity=severity, related=related)


def _what(one: Overlap) -> str:
    of = f" of `{one.key.owner}`" if one.key.owner else ""
    return f"{one.key.kind} `{one.key.name}`{of}"


def _named(one: Overlap, scripts: Mapping[str, Script]) -> str:
    found = scripts.get(one.others[0].path) if one.others else None
    return f"revision `{found.revision.id}`" if found is not None else "an earlier revision"


def _loss(together: Sequence[Overlap], scripts: Mapping[str, Script]) -> Draft:
    first = together[0]
    names = ", ".join(f"`{one.key.name}`" for one in together[:_MOST_NAMED])
    if len(together) > _MOST_NAMED:
        names += f" and {len(together) - _MOST_NAMED} more"
    kinds = {str(one.key.kind) for one in together}
    kind = kinds.pop() if len(kinds) == 1 else "object"
    plural = {"index": "indexes"}.get(kind, f"{kind}s")
    what = f"the {kind if len(together) == 1 else plural} {names}"
    cause = f"the {first.cause.kind} `{first.cause.name}`" if first.cause is not None else "it"
    again = f"and nothing makes {'it' if len(together) == 1 else 'them'} again"
    message = f"Dropping {cause} also drops {what} of {_named(first, scripts)}, {again}."
    skipped = next((one.skipped for one in together if one.skipped is not None), None)
    if skipped is not None:
        message += " The step that should do so is skipped, because the name is still taken when it runs."
    related = [(place, f"Makes `{one.key.name}`.") for one in together for place in one.others][:_MOST_RELATED]
    if skipped is not None:
        related.append((skipped, "Skipped, because the name is still taken."))
    severity = Severity.ERROR if all(one.sure for one in together) else Severity.WARNING
    return rule.at(first.place, message, severity=severity, related=related)
