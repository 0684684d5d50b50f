"""CL906: a migration that goes on after a statement has failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chunklint.api import (
    Draft,
    PythonFile,
    Rule,
    Script,
    Severity,
    Swallowed,
    histories,
    python,
    script_of,
    swallowed_errors,
)

rule = Rule(
    code="CL906",
    name="swallowed-migration-error",
    ticket="TICKET-009",
    when="a migration on PostgreSQL swallows the error of a statement and goes on in the same transaction",
    effect="the transaction is given up at the first error: all that follows fails with `current transaction is "
    "aborted`, the new version number too, and the real cause is hidden",
    instead="ask first (`IF EXISTS`, an inspector), or put the statement into a savepoint: `with conn.begin_nested():`",
    bad='''"""Speed up the search for nests."""

import sqlalchemy as sa
from alembic import op

revision = "b1c0ffee0003"
down_revision = None


def upgrade() -> None:
    op.add_column("nests", sa.Column("height", sa.Integer(), server_default="0", nullable=False))
    try:
        op.create_index("ix_nests_height", "nests", ["height"], postgresql_using="brin")
    except Exception:
        print("no index on the height")


def downgrade() -> None:
    op.drop_column("nests", "height")
''',
    good='''"""Speed up the search for nests."""

import sqlalchemy as sa
from alembic import op

revision = "b1c0ffee0003"
down_revision = None


def upgrade() -> None:
    op.add_column("nests", sa.Column("height", sa.Integer(), server_default="0", nullable=False))
    op.create_index("ix_nests_height", "nests", ["height"], postgresql_using="brin", if_not_exists=True)


def downgrade() -> None:
    op.drop_index("ix_nests_height", table_name="nests")
    op.drop_column("nests", "height")
''',
    example="alembic/versions/b1c0ffee0003_heights.py",
    mentions=("down_revision",),
    silent_on=(
        "handlers that raise, and functions that speak of savepoints, autocommit, rollback or commit",
        "statements that are told not to mind (`IF EXISTS`), and those that only ask",
        "errors of another kind than the database's, and histories that nothing shows to be PostgreSQL's",
    ),
    limits=(
        "what a helper of another function executes within the `try` is not followed",
        "one finding a function; its other handlers are related places",
    ),
)


@rule.fact(python)
def goes_on(file: PythonFile) -> Iterator[Script | Swallowed]:
    script = script_of(file)
    if script is not None:
        yield script
        yield from swallowed_errors(file)


@rule.across
def goes_on_in_vain(facts: Mapping[str, Sequence[Script | Swallowed]]) -> Iterator[Draft]:
    scripts = {path: one for path, found in facts.items() for one in found if isinstance(one, Script)}
    for history in histories(one.revision for one in scripts.values()):
        paths = [one.path for one in history.revisions]
        if any(scripts[path].postgres for path in paths):
            for path in paths:
                yield from (_draft(one) for one in facts[path] if isinstance(one, Swallowed))


def _draft(one: Swallowed) -> Draft:
    then = "the next try and all that follows fail" if one.repeated else "all that follows fails"
    message = f"Where `{one.statement}` fails, PostgreSQL gives the transaction up, so {then} whatever is caught here."
    related = [(one.failing, "This may fail."), *((place, "Caught here, too.") for place in one.more)]
    return rule.at(one.place, message, severity=Severity.WARNING if one.counted_on else Severity.NOTE, related=related)
