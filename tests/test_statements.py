"""What the statement reader makes of SQL that people write, and of text that nobody did."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chunklint.languages.base import descendants
from chunklint.languages.python import PYTHON
from chunklint.semantics.python.strings import string_shapes
from chunklint.semantics.sql.statements import Column, Statement, statements


def only(text: str) -> Statement:
    found = statements(text)
    assert len(found) == 1, found
    return found[0]


def of_expression(source: str) -> tuple[Statement, ...]:
    file = PYTHON.parse("x.py", f"f({source})")
    argument = next(descendants(file.root, "argument_list")).named_children[0]
    (shape,) = string_shapes(argument, file)
    return statements(shape)


@pytest.mark.parametrize(
    ("text", "object_type", "name", "if_exists", "cascade"),
    [
        ("DROP TABLE t", "table", "t", False, False),
        ("drop table if exists Public.T cascade;", "table", "public.t", True, True),
        ('DROP TABLE "Mixed"."Case" RESTRICT', "table", "Mixed.Case", False, False),
        ("DROP TABLE `quoted`", "table", "quoted", False, False),
        ("DROP MATERIALIZED VIEW v", "materialized view", "v", False, False),
        ("DROP FUNCTION IF EXISTS f(integer, text) CASCADE", "function", "f", True, True),
        ("DROP INDEX CONCURRENTLY IF EXISTS i", "index", "i", True, False),
        ("DROP TRIGGER g ON t", "trigger", "g", False, False),
        ("DROP SCHEMA s CASCADE", "schema", "s", False, True),
        ("DROP DATABASE d", "database", "d", False, False),
        ("DROP TYPE mood", "type", "mood", False, False),
    ],
)
def test_a_drop_names_its_object(text: str, object_type: str, name: str, if_exists: bool, cascade: bool) -> None:
    found = only(text)
    assert (found.kind, found.object_type, found.name) == ("drop", object_type, name)
    assert (found.if_exists, found.cascade) == (if_exists, cascade)


def test_one_drop_of_several_tables_is_one_statement_each() -> None:
    assert [one.name for one in statements("DROP TABLE a, s.b, c CASCADE")] == ["a", "s.b", "c"]
    assert all(one.cascade for one in statements("DROP TABLE a, s.b, c CASCADE"))


def test_alter_table_tells_its_actions_apart() -> None:
    found = only(
        "ALTER TABLE t DROP CONSTRAINT k, DROP COLUMN IF EXISTS a, DROP b, ADD COLUMN c numeric(10, 2) NOT NULL, "
        "ALTER COLUMN d SET NOT NULL, ALTER COLUMN e DROP DEFAULT, ADD PRIMARY KEY (c)"
    )
    assert found.drops == ("a", "b")
    assert found.columns == (Column("c", "numeric"),)
    assert found.required == ("d",)


def test_renames_tell_old_and_new_name() -> None:
    assert only("ALTER TABLE a RENAME TO b").new_name == "b"
    assert only("ALTER TABLE a RENAME COLUMN c TO d").renamed == (("c", "d"),)
    assert only("ALTER TABLE a RENAME c TO d").renamed == (("c", "d"),)
    assert only("RENAME TABLE a TO b").new_name == "b"


def test_create_table_tells_columns_but_not_constraints() -> None:
    found = only("CREATE TABLE t (id int PRIMARY KEY, amount numeric(10, 2), CHECK (id > 0), PRIMARY KEY (id))")
    assert found.columns == (Column("id", "int"), Column("amount", "numeric"))


@pytest.mark.parametrize(
    ("text", "name", "sources", "limited"),
    [
        ("CREATE TABLE b AS SELECT * FROM a", "b", ("a",), False),
        ("CREATE TABLE b AS TABLE a WITH DATA", "b", ("a",), False),
        ("INSERT INTO b (x) SELECT x FROM s.a WHERE x > 1", "b", ("s.a",), True),
        ("INSERT INTO b SELECT * FROM (SELECT * FROM a WHERE x) q", "b", ("a",), False),
        ("UPDATE b SET x = a.x FROM a WHERE a.id = b.id", "b", ("a",), True),
        ("WITH d AS (SELECT id FROM a) DELETE FROM b WHERE id IN (SELECT id FROM d)", "b", ("a", "d"), True),
        ("DELETE FROM b", "b", (), False),
        ("DELETE FROM b WHERE 1 = 1", "b", (), False),
        ("DELETE FROM b WHERE true", "b", (), False),
        ("DELETE FROM b WHERE a = b", "b", (), True),
    ],
)
def test_row_statements_tell_sources_and_limits(text: str, name: str, sources: tuple[str, ...], limited: bool) -> None:
    found = only(text)
    assert (found.name, found.sources, found.where) == (name, sources, limited)


@pytest.mark.parametrize("end", ["", "\n", ";\n", "\n-- done\n"])
def test_a_body_knows_its_lines_wherever_the_text_ends(end: str) -> None:
    text = f"SELECT 1;\nDO $$\nBEGIN\n  DROP TABLE a;\nEND $$ {end}"
    assert [(one.kind, one.line) for one in statements(text) if one.kind in ("do", "drop")] == [("do", 1), ("drop", 3)]


def test_each_statement_knows_its_line() -> None:
    text = "\nCREATE TABLE a (id int);\n-- a comment; not two\n\n  DROP TABLE b;\nALTER TABLE c\n  DROP COLUMN d;"
    assert [one.line for one in statements(text)] == [1, 4, 6]


def test_words_in_strings_and_comments_are_no_statements() -> None:
    assert only("INSERT INTO a VALUES ('x; DROP TABLE b') /* ; DROP TABLE c */").kind == "insert"


def test_bodies_are_read_and_flagged() -> None:
    text = "DO $$\nBEGIN\n  IF true THEN\n    DELETE FROM t;\n  END IF;\nEND $$; DROP TABLE u"
    deleted = next(one for one in statements(text) if one.kind == "delete")
    assert (deleted.name, deleted.line, deleted.body) == ("t", 3, True)
    assert not next(one for one in statements(text) if one.name == "u").body
    stored = statements("CREATE FUNCTION f() RETURNS void AS $f$ BEGIN TRUNCATE v; END $f$ LANGUAGE plpgsql")
    assert [(one.kind, one.body) for one in stored if one.kind in ("create", "truncate")] == [
        ("create", False),
        ("truncate", True),
    ]


def test_a_hole_shows_as_its_expression() -> None:
    (found,) = of_expression('f"DROP TABLE {prefix}_{number} CASCADE"')
    assert (found.name, found.cascade) == ("{prefix}_{number}", True)


def test_text_without_a_verb_imports_no_parser() -> None:
    code = (
        "import sys; from chunklint.semantics.sql.statements import statements; "
        "assert statements('nothing of interest') == (); sys.exit('sqlglot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


_WORDS = st.sampled_from(
    [
        *("DROP", "CREATE", "ALTER", "TABLE", "COLUMN", "IF", "EXISTS", "CASCADE", "AS", "SELECT", "FROM", "WHERE"),
        *("ADD", "RENAME", "TO", "DO", "INSERT", "INTO", "(", ")", ",", ";", ".", "a", '"b"', "'", "$$", "`", "--"),
    ]
)


@settings(max_examples=200, deadline=None)
@example("DROP/TABLE")
@given(st.one_of(st.text(), st.lists(_WORDS).map(" ".join)))
@example("DROP TABLE " + "(" * 5_000)
@example("ALTER TABLE a " + "DROP b, " * 5_000)
@example("DO $$ " * 2_000)
@example("WITH")
@example("DROP TABLE 'never closed")
def test_no_text_raises(text: str) -> None:
    for found in statements(text):
        assert 0 <= found.line <= text.count("\n")
