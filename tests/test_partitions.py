"""What SQL and Python say of partitioned tables, and which of it is in force at the end of a history."""

from __future__ import annotations

import pytest

from chunklint.languages.python import PYTHON, PythonFile
from chunklint.languages.sql import SqlFile
from chunklint.semantics.migrations.partition_facts import (
    PartitionFact,
    TableChange,
    Way,
    partition_facts,
    script_facts,
)
from chunklint.semantics.migrations.skew import Skew, skews
from chunklint.semantics.sql.crowding import Crowd, crowd_of
from chunklint.semantics.sql.partitions import Act, partition_clause, partition_steps

FUNCTION = """
CREATE FUNCTION fill() RETURNS TRIGGER AS $$
{body}
$$ LANGUAGE plpgsql;
"""


def python_file(path: str, text: str) -> PythonFile:
    file = PYTHON.parse(path, text)
    assert isinstance(file, PythonFile)
    return file


def revision(own: str, parent: str | None, upgrade: str) -> str:
    parent = f'"{parent}"' if parent else "None"
    return (
        f'from alembic import op\nrevision = "{own}"\ndown_revision = {parent}\n'
        f"def upgrade():\n    {upgrade}\ndef downgrade():\n    pass\n"
    )


def judged_scripts(*, whole: bool = True, **texts: str) -> list[Skew]:
    """The skews of SQL migrations, by name in the order of their names."""
    files = [SqlFile(f"migrations/{name}.sql", text, None) for name, text in sorted(texts.items())]
    return list(skews({file.path: tuple(script_facts(file)) for file in files}, whole=whole))


@pytest.mark.parametrize(
    ("clause", "method", "key", "computed"),
    [
        ("HASH (tenant_id)", "hash", ("tenant_id",), False),
        ("hash (tenant_id, id)", "hash", ("tenant_id", "id"), False),
        ('LIST ("Tenant")', "list", ("Tenant",), False),
        ('HASH (tenant_id COLLATE "C" text_ops)', "hash", ("tenant_id",), False),
        ("RANGE (date_trunc('day', seen_at))", "range", ("seen_at",), True),
        ("LIST ((abs(hashtext(tenant_id::text)) % 10))", "list", ("tenant_id",), True),
        ("RANGE (EXTRACT(YEAR FROM seen_at))", "range", ("seen_at",), True),
        ("LIST ((CAST(tenant_id AS double precision)))", "list", ("tenant_id",), True),
        ("LIST ((random() * 10))", "list", None, True),
    ],
)
def test_a_partition_clause_says_its_method_and_its_key(
    clause: str, method: str, key: tuple[str, ...] | None, computed: bool
) -> None:
    step = partition_clause(clause)
    assert step is not None
    assert (step.method, step.key, step.computed) == (method, key, computed)


@pytest.mark.parametrize("clause", ["", "tenant_id", "HASH", "KEY (tenant_id)", "HASH tenant_id"])
def test_what_is_no_partition_clause_is_none(clause: str) -> None:
    step = partition_clause(clause)
    assert step is None or step.key is None


def test_a_window_is_no_partitioned_table() -> None:
    assert partition_steps("SELECT rank() OVER (PARTITION BY tenant_id) FROM rings") == ()


def test_a_sentence_about_a_table_is_no_table() -> None:
    assert partition_steps("Create table and PARTITION BY HASH (tenant_id) come next.") == ()


def test_a_table_says_which_columns_are_unique_by_themselves() -> None:
    (step,) = partition_steps(
        "CREATE TABLE rings (id INT PRIMARY KEY, code TEXT UNIQUE, a INT, b INT, flag BOOLEAN,"
        " CONSTRAINT u UNIQUE (a), UNIQUE (a, b)) PARTITION BY HASH (id)"
    )
    assert step.alone == {"id", "code", "a"}
    assert step.booleans == {"flag"}


def test_a_step_points_at_the_line_that_decides() -> None:
    steps = partition_steps("\nCREATE TABLE rings (\n  id INT\n)\nPARTITION BY HASH (id)")
    assert [(step.start, step.line) for step in steps] == [(1, 4)]


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ("BEGIN NEW.k := hashtext(NEW.tenant_id) % 8; RETURN NEW; END", ("tenant_id",)),
        ("BEGIN new.k = hashtext(new.tenant_id) % 8; RETURN NEW; END", ("tenant_id",)),
        ("DECLARE h INT := hashtext(NEW.tenant_id); BEGIN NEW.k := h % 8; RETURN NEW; END", ("tenant_id",)),
        ("DECLARE h INT; BEGIN SELECT hashtext(NEW.a) INTO h; NEW.k := h % 8; RETURN NEW; END", ("a",)),
        ("BEGIN NEW.k := hashtext(NEW.tenant_id || NEW.id) % 8; RETURN NEW; END", ("tenant_id", "id")),
        ("BEGIN IF big THEN NEW.k := hash(NEW.id); ELSE NEW.k := hash(NEW.a); END IF; END", ("id", "a")),
        ("BEGIN NEW.k := nextval('s') % 8; RETURN NEW; END", None),
        ("BEGIN NEW.k := settings.buckets % hash(NEW.tenant_id); RETURN NEW; END", None),
        ("BEGIN NEW.k := (SELECT max(n) FROM t WHERE tenant_id = NEW.tenant_id); RETURN NEW; END", None),
        ("BEGIN NEW.k := CASE WHEN NEW.a THEN 1 ELSE hash(NEW.id) END; RETURN NEW; END", None),
    ],
)
def test_a_trigger_function_says_of_what_it_computes_a_column(body: str, key: tuple[str, ...] | None) -> None:
    steps = [step for step in partition_steps(FUNCTION.format(body=body)) if step.act is Act.ASSIGN]
    assert {step.column for step in steps} == {"k"}
    assert {step.key for step in steps} == {key}
    assert {step.function for step in steps} == {"fill"}


def test_nested_brackets_end_in_no_recursion_error() -> None:
    deep = "(" * 2_000 + "tenant_id" + ")" * 2_000
    (step,) = partition_steps(f"CREATE TABLE rings (id INT) PARTITION BY HASH ({deep})")
    assert step.key == ("tenant_id",)


@pytest.mark.parametrize(
    ("key", "table", "crowd"),
    [
        (("tenant_id",), "rings", Crowd.CONTAINER),
        (("tenantId",), None, Crowd.CONTAINER),
        (("owner_org_uuid",), "rings", Crowd.CONTAINER),
        (("tenant_id", "status"), "rings", Crowd.CONTAINER),
        (("customer_id",), "rings", Crowd.PARTY),
        (("user_id",), "rings", Crowd.PERSON),
        (("is_open",), "rings", Crowd.CATEGORY),
        (("country_code",), "rings", Crowd.CATEGORY),
        (("tenant_id", "id"), "rings", Crowd.SPREAD),
        (("tenant_id", "project_id"), "rings", Crowd.SPREAD),
        (("user_agent",), "rings", Crowd.SPREAD),
        (("company_id",), "aviary.companies", Crowd.SPREAD),
        ((), "rings", Crowd.SPREAD),
    ],
)
def test_how_rows_crowd_on_a_key(key: tuple[str, ...], table: str | None, crowd: Crowd) -> None:
    assert crowd_of(key, table)[0] is crowd


def test_a_unique_column_holds_one_row_for_each_value() -> None:
    assert crowd_of(("tenant_id",), "settings", alone=("tenant_id",))[0] is Crowd.SPREAD


def test_python_facts_say_which_way_and_whether_surely() -> None:
    create = 'op.execute("CREATE TABLE rings (id INT) PARTITION BY HASH (id)")'
    text = revision("a1", None, f"if op.get_bind().has_table('x'):\n        {create}")
    facts = list(partition_facts(python_file("versions/a1.py", text)))
    assert [(fact.way, fact.certain) for fact in facts if isinstance(fact, PartitionFact)] == [(Way.UPGRADE, False)]
    assert [(fact.kind, fact.certain) for fact in facts if isinstance(fact, TableChange)] == [("made", False)]


def test_a_condition_on_the_dialect_leaves_a_step_certain() -> None:
    create = 'op.execute("CREATE TABLE rings (id INT) PARTITION BY HASH (id)")'
    text = revision("a1", None, f"if op.get_bind().dialect.name == 'postgresql':\n        {create}")
    facts = list(partition_facts(python_file("versions/a1.py", text)))
    assert [fact.certain for fact in facts] == [True, True]


@pytest.mark.parametrize("path", ["tests/test_rings.py", "docs/rings.py", "examples/rings.py"])
def test_tests_and_documentation_tell_nothing(path: str) -> None:
    text = 'SQL = "CREATE TABLE rings (id INT) PARTITION BY HASH (tenant_id)"\n'
    assert list(partition_facts(python_file(path, text))) == []
    assert list(partition_facts(python_file("app/rings.py", text))) != []


BAD = "CREATE TABLE rings (id INT, tenant_id INT) PARTITION BY HASH (tenant_id);"
GOOD = "CREATE TABLE rings (id INT, tenant_id INT) PARTITION BY HASH (tenant_id, id);"


def test_the_last_definition_of_a_history_is_in_force() -> None:
    (skew,) = judged_scripts(V1__a=GOOD, V2__b=f"DROP TABLE rings; {BAD}")
    assert (skew.fact.place.path, skew.replaced) == ("migrations/V2__b.sql", None)


def test_an_earlier_definition_names_what_replaces_it() -> None:
    (skew,) = judged_scripts(V1__a=BAD, V2__b="ALTER TABLE rings RENAME TO rings_old;" + GOOD)
    assert skew.by == "V2__b.sql"
    assert skew.replaced is not None


def test_scripts_run_by_number_not_by_letter() -> None:
    (skew,) = judged_scripts(V9__a=BAD, V10__b=f"DROP TABLE rings; {GOOD}")
    assert skew.by == "V10__b.sql"


def test_a_renamed_table_keeps_its_definition() -> None:
    (skew,) = judged_scripts(V1__a=BAD, V2__b="ALTER TABLE rings RENAME TO circles;")
    assert (skew.table, skew.replaced) == ("circles", None)


def test_a_renamed_table_is_followed_to_its_end() -> None:
    (skew,) = judged_scripts(
        V1__a=BAD, V2__b="ALTER TABLE rings RENAME TO circles;", V3__c="DROP TABLE aviary.circles;"
    )
    assert skew.by == "V3__c.sql"


def test_what_only_a_part_of_a_project_says_is_judged_by_the_name_of_the_column() -> None:
    update = "UPDATE rings SET {column} = abs(hashtext(tenant_id)) % 8; -- partition"
    assert judged_scripts(V1__a=update.format(column="partition_key")) == []
    assert len(judged_scripts(whole=False, V1__a=update.format(column="partition_key"))) == 1
    assert judged_scripts(whole=False, V1__a=update.format(column="bucket")) == []


def test_facts_of_many_definitions_are_joined_by_name() -> None:
    table = "CREATE TABLE {0} (id INT, tenant_id INT, k INT) PARTITION BY LIST (k);"
    fill = "UPDATE {0} SET k = abs(hashtext(tenant_id)) % 8;"
    assert len(judged_scripts(V1__a="".join((table + fill).format(f"t{n}") for n in range(300)))) == 300
