"""CL201: a partition key that sends a whole tenant to one partition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from chunklint.api import (
    PARTITION_MENTIONS,
    Act,
    Crowd,
    Draft,
    PartitionFact,
    PythonFile,
    Revision,
    Rule,
    Severity,
    Skew,
    SqlFile,
    TableChange,
    Way,
    partition_facts,
    python,
    script_facts,
    skews,
    sql,
)
from chunklint.api import revision_of as read_revision

rule = Rule(
    code="CL201",
    name="skewed-partition-key",
    ticket="TICKET-002",
    when="a table is partitioned by the tenant alone, or by a key that is computed of the tenant alone",
    effect=(
        "all rows of one tenant land in one partition: the largest tenant is as slow as without partitions, while the "
        "other partitions stay small"
    ),
    instead=(
        "mix a column that differs within the tenant into the key (`HASH (tenant_id, document_id)`), or partition by "
        "RANGE of a timestamp"
    ),
    bad='''
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute(
        """
        CREATE TABLE events (
            id BIGSERIAL,
            tenant_id UUID NOT NULL,
            payload JSONB,
            PRIMARY KEY (id, tenant_id)
        ) PARTITION BY HASH (tenant_id)
        """
    )


def downgrade():
    op.execute("ALTER TABLE events RENAME TO events_retired")
''',
    good='''
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute(
        """
        CREATE TABLE events (
            id BIGSERIAL,
            tenant_id UUID NOT NULL,
            payload JSONB,
            PRIMARY KEY (id, tenant_id)
        ) PARTITION BY HASH (tenant_id, id)
        """
    )


def downgrade():
    op.execute("ALTER TABLE events RENAME TO events_retired")
''',
    example="migrations/versions/b2_events.py",
    mentions=PARTITION_MENTIONS,
    silent_on=(
        "a key into which a second column is mixed, of which rows of one tenant have many values: `document_id`, `id`, "
        "`created_at`; columns that are not known to be shared by many rows count as such",
        "RANGE of a timestamp or a number, LIST of a column as it is: one partition for a tenant, a region or a "
        "status is a choice",
        "a column that is the whole primary key or unique by itself, and one that is named after its own table",
        "a table whose partitions are partitioned in turn by another column, and the partitions of a table that is "
        "partitioned already",
        "code that only mirrors the formula: queries, checks, views, functions that return the key for a lookup",
        "a computed column by which no table of the scan is partitioned",
        "a trigger that fills only what the client left empty, one that assigns by cases, AFTER and statement triggers",
        "window functions (`OVER (PARTITION BY tenant_id)`), tests, documentation and examples",
        "models that repeat the definition of a migration: the finding stands in the migration",
    ),
    limits=(
        "whether many rows share a value is told by the column's name; `order_id` or `device_id` is never reported, "
        "however many rows one order has",
        "two columns that are both shared (`tenant_id`, `project_id`) count as a spread key",
        "partitioning that procedural SQL builds with EXECUTE, or Python of unknown parts, is not read",
        "a definition that a later step replaces under a condition, or after an early return, counts as in force",
        "Python that writes a key into a dictionary, or reckons it in a helper, is not read",
        "extensions (Citus, TimescaleDB, pg_pathman) and other databases' syntax are read as far as they share it",
    ),
)


@rule.fact(python)
def partitions_of(file: PythonFile) -> Iterator[PartitionFact | TableChange | Revision]:
    yield from partition_facts(file)
    if (revision := read_revision(file)) is not None:
        yield revision


@rule.fact(sql)
def partitions_of_script(file: SqlFile) -> Iterator[PartitionFact | TableChange]:
    yield from script_facts(file)


@rule.across
def crowds_one_partition(
    facts: Mapping[str, Sequence[PartitionFact | TableChange | Revision]], whole: bool
) -> Iterator[Draft]:
    for skew in skews(facts, whole=whole):
        related = [(place, "The code describes the same table here.") for place in skew.others]
        if skew.replaced is not None:
            related.append((skew.replaced, "The step that puts an end to it."))
        if skew.misrouted is not None:
            related.append((skew.misrouted, "The trigger that runs the function."))
        message = " ".join(_sentences(skew))
        yield rule.at(skew.fact.place, message, severity=_severity(skew), related=related)


_SEVERITIES = MappingProxyType({Crowd.CONTAINER: Severity.ERROR, Crowd.PERSON: Severity.NOTE})


def _severity(skew: Skew) -> Severity:
    """PostgreSQL's own HASH of a tenant has its uses, a hash that somebody computes of it for a LIST has none."""
    if skew.replaced is not None or skew.fact.way is Way.DOWNGRADE:
        return Severity.NOTE
    found = _SEVERITIES.get(skew.crowd, Severity.WARNING)
    return found if skew.fact.step.computed or found is Severity.NOTE else Severity.WARNING


def _sentences(skew: Skew) -> Iterator[str]:
    step, of_table = skew.fact.step, f" of `{skew.table}`" if skew.table else ""
    if skew.crowd is Crowd.CATEGORY:
        yield f"`{skew.shared}` has few values, and its hash fills no more partitions{of_table} than it has values."
    elif step.act is Act.PARTITION:
        method = step.method.upper()
        yield f"`PARTITION BY {method}` sends all rows{of_table} with the same `{skew.shared}` to one partition."
    elif skew.shared:
        column = f"`{step.column}`{of_table}"
        yield f"{column} is computed of `{skew.shared}` alone: all rows with one value of it share a partition."
    if skew.misrouted is not None:
        yield (
            f"A BEFORE trigger cannot route rows by `{step.column}`{of_table}: the partition is chosen before it runs, "
            "and PostgreSQL refuses to move the row then."
        )
    if skew.fact.way is Way.DOWNGRADE:
        yield "Only a downgrade brings this back."
    elif skew.replaced is not None:
        yield f"`{skew.by}` puts an end to this definition later in the history."
    elif skew.fact.way is Way.UPGRADE:
        yield "This is the definition in force, or may be: nothing later in the history is sure to replace it."
