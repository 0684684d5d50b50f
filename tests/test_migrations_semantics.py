"""What a migration does, read from Python and SQL, in the order in which it happens."""

from __future__ import annotations

from textwrap import dedent

import pytest

from chunklint.languages.python import PYTHON
from chunklint.languages.sql import SQL, SqlFile
from chunklint.semantics.migrations.exposures import Reason, exposures
from chunklint.semantics.migrations.operations import Migration, Operation, migration_of, sql_migration_of

_HEAD = "import sqlalchemy as sa\nfrom alembic import op\nrevision = 'b'\ndown_revision = 'a'\n"


def revision(body: str) -> Migration:
    found = migration_of(PYTHON.parse("versions/b.py", _HEAD + dedent(body)))
    assert found is not None
    return found


def told(operations: tuple[Operation, ...]) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(one.statement.kind, one.statement.name, one.statement.drops) for one in operations]


def reasons(body: str) -> list[Reason]:
    file = PYTHON.parse("versions/b.py", _HEAD + dedent(body))
    migration = migration_of(file)
    assert migration is not None
    return [one.reason for one in exposures(migration, file)]


def test_a_file_without_revision_and_upgrade_is_no_migration() -> None:
    assert migration_of(PYTHON.parse("x.py", "def upgrade():\n    pass\n")) is None
    assert migration_of(PYTHON.parse("x.py", "revision = 'b'\ndown_revision = None\n")) is None


def test_operations_of_alembic_read_as_statements() -> None:
    found = revision(
        """
        def upgrade():
            op.create_table("t", sa.Column("id", sa.Integer()), sa.Column("at", sa.DateTime(timezone=True)))
            op.rename_table("old", "new")
            op.drop_table("gone", schema="archive")
            op.drop_column("t", column_name="at")
            with op.batch_alter_table("u") as batch:
                batch.drop_column("x")
                batch.alter_column("y", new_column_name="z", nullable=False)
        """
    ).upgrade
    assert told(found) == [
        ("create", "t", ()),
        ("rename", "old", ()),
        ("drop", "archive.gone", ()),
        ("alter", "t", ("at",)),
        ("alter", "u", ("x",)),
        ("alter", "u", ()),
    ]
    assert [column.type for column in found[0].statement.columns] == ["integer", "datetime"]
    assert (found[-1].statement.renamed, found[-1].statement.required) == ((("y", "z"),), ("y",))


@pytest.mark.parametrize(
    "call",
    [
        'op.execute("DROP TABLE t")',
        'op.execute(sa.text("DROP TABLE t"))',
        'op.get_bind().execute(sa.text("DROP TABLE t"))',
        'conn.exec_driver_sql("DROP TABLE t")',
        'conn.execute(statement=sa.text("DROP TABLE t"))',
        'op.execute("DROP " + "TABLE t")',
        'op.execute("DROP TABLE %s" % NAME)',
        'op.execute(f"DROP TABLE {NAME}")',
        'remove("t")',
        'remove(table="t")',
        "for name in [NAME]:\n        remove(name)",
    ],
)
def test_every_way_to_run_a_drop_is_seen(call: str) -> None:
    found = revision(
        f"""
NAME = "t"
def remove(table):
    op.execute(f"DROP TABLE {{table}}")
def upgrade():
    conn = op.get_bind()
    {call}
"""
    )
    assert told(found.upgrade) == [("drop", "t", ())]


def test_helpers_run_where_they_are_called_and_recursion_ends() -> None:
    found = revision(
        """
        def inner(name):
            op.drop_table(name)
            outer(name)
        def outer(name):
            inner(name)
        def upgrade():
            op.drop_table("first")
            outer("second")
            op.drop_table("third")
        def downgrade():
            outer("fourth")
        """
    )
    assert [name for _, name, _ in told(found.upgrade)] == ["first", "second", "third"]
    assert [name for _, name, _ in told(found.downgrade)] == ["fourth"]


def test_a_loop_over_pairs_keeps_them_together() -> None:
    found = revision(
        """
        def upgrade():
            for table, column in (("a", "x"), ("b", "y")):
                op.drop_column(table, column)
        """
    )
    assert told(found.upgrade) == [("alter", "a", ("x",)), ("alter", "b", ("y",))]


def test_a_statement_in_a_long_string_has_its_own_line() -> None:
    text = "\n        CREATE TABLE a (id int);\n        DROP TABLE b;\n    "
    found = revision(f'def upgrade():\n    op.execute("""{text}""")\n')
    assert [(one.span.start_line, one.span.start_column) for one in found.upgrade] == [(7, 9), (8, 9)]


def test_where_escapes_hide_the_lines_the_call_is_the_place() -> None:
    found = revision('def upgrade():\n    op.execute("CREATE TABLE a (id int);\\nDROP TABLE b;")\n')
    assert [one.span.start_line for one in found.upgrade] == [6, 6]


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("db/V2__drop.sql", True),
        ("db/U2__drop.sql", True),
        ("prisma/migrations/2024_x/migration.sql", True),
        ("sql/0003_drop.up.sql", True),
        ("schema.sql", False),
        ("tests/data/migrations_dump.sql", False),
        ("db/tests/migrations/one.sql", False),
    ],
)
def test_only_migrations_among_sql_files_are_read(path: str, is_one: bool) -> None:
    assert (sql_migration_of(SQL.parse(path, "DROP TABLE t;")) is not None) is is_one


@pytest.mark.parametrize("mark", ["-- +goose Down", "-- migrate:down", "-- +migrate Down", "-- @UNDO", "--//@UNDO"])
def test_a_comment_turns_a_script_around(mark: str) -> None:
    file = SQL.parse("migrations/1.sql", f"CREATE TABLE a (id int);\n{mark}\nDROP TABLE a;\n")
    assert isinstance(file, SqlFile)
    found = sql_migration_of(file)
    assert found is not None
    assert (told(found.upgrade), told(found.downgrade)) == ([("create", "a", ())], [("drop", "a", ())])


def test_branches_that_exclude_each_other_do_not_vouch_for_each_other() -> None:
    body = """
        def upgrade():
            if op.get_bind().dialect.name == "sqlite":
                op.execute("INSERT INTO kept SELECT * FROM t")
            else:
                op.execute("DROP TABLE t")
        """
    assert reasons(body) == [Reason.PLAIN]


def test_a_huge_migration_ends() -> None:
    lines = "\n".join(f"    if flag({n}):\n        op.execute('DROP TABLE t{n} CASCADE')" for n in range(800))
    assert set(reasons(f"def upgrade():\n{lines}\n")) == {Reason.PLAIN}
