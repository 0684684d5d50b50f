"""Fixes that bind values: what they refuse, and that the programs then find the same rows and obey nobody's text."""

from __future__ import annotations

import asyncio
import runpy
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.orm
from evaluation.replay.server import Server

from chunklint.fixing.mending import Mended
from chunklint.loader import BUILTIN, load
from mends import first_refusal, fixed_text, mended_file
from postgres import needs_postgres, server

__all__ = ["server"]

RULES = [rule for rule in load([BUILTIN]) if rule.code == "CL101"]

# Without a parameter this finds every row.
HOSTILE = "' OR '1'='1"


def mended(source: str, tmp_path: Path) -> Mended:
    return mended_file(tmp_path / "shelf.py", source, RULES)


def fixed(source: str, tmp_path: Path) -> str:
    return fixed_text(mended(source, tmp_path))


def refusal(source: str, tmp_path: Path) -> str:
    return first_refusal(mended(source, tmp_path))


def called(source: str, tmp_path: Path) -> Callable[..., Any]:
    """The function `find` of a program."""
    (tmp_path / "program.py").write_text(source, encoding="utf-8")
    find: Callable[..., Any] = runpy.run_path(str(tmp_path / "program.py"))["find"]
    return find


ROWS = [(1, "wren", "left"), (2, "o'hara", "right"), (3, "100% wren", "left")]


@pytest.fixture
def books() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE books (id INTEGER, title TEXT, place TEXT)")
    connection.executemany("INSERT INTO books VALUES (?, ?, ?)", ROWS)
    return connection


SQLITE = "import sqlite3\n\n\ndef find(connection: sqlite3.Connection, title: str):\n    {}.fetchall()\n"


@pytest.mark.parametrize(
    "call",
    [
        "return connection.execute(f\"SELECT id FROM books WHERE title = '{title}'\")",
        "return connection.execute(f\"SELECT id FROM books WHERE title LIKE '%{title}%' AND place = ?\", ('left',))",
        "return connection.execute(f\"SELECT id FROM books WHERE place = ? AND title = '{title}'\", ('left',))",
        "return connection.execute(\"SELECT id FROM books WHERE title = '%s' AND place LIKE 'le%%'\" % title)",
        "return connection.execute(\"SELECT id FROM books WHERE title = '{}' AND place <> '{{}}'\".format(title))",
        "return connection.execute(\"SELECT id FROM books WHERE title = '{0}' OR title = '{0}'\".format(title))",
        "return connection.execute(\n        'SELECT id FROM books '\n        f'WHERE title = \\'{title}\\''\n    )",
        "sql = f\"SELECT id FROM books WHERE title = '{title}'\"\n    return connection.execute(sql)",
    ],
)
def test_a_program_on_sqlite_finds_what_it_found_and_obeys_no_text(
    call: str, books: sqlite3.Connection, tmp_path: Path
) -> None:
    source = SQLITE.format(call)
    before, after = called(source, tmp_path), called(fixed(source, tmp_path), tmp_path)
    assert before(books, "wren") == after(books, "wren") != []
    assert before(books, HOSTILE) != []
    assert after(books, HOSTILE) == []
    with pytest.raises(sqlite3.OperationalError):
        before(books, "o'hara")
    assert after(books, "o'hara") in ([(2,)], [])


ALCHEMY = (
    "from sqlalchemy import text\nfrom sqlalchemy.orm import Session\n\n\n"
    "def find(session: Session, title: str, most: int = 9):\n    {}.all()\n"
)
STATEMENTS = [
    "return session.execute(text(f\"SELECT id FROM books WHERE title = '{title}' LIMIT {most}\"))",
    "return session.execute(text(f\"SELECT id FROM books WHERE title LIKE '%{title}%' AND place = :place\"), "
    "{'place': 'left'})",
    "statement = text(f\"SELECT id FROM books WHERE title = '{title}' OR place = '{title}'\")\n"
    "    return session.execute(statement)",
    "return session.execute(text(f\"SELECT id FROM books WHERE title = '{title}' AND id = :id\"), dict(id=1))",
    'return session.execute(\n        text(\n            f"""\n            SELECT id\n            FROM books\n'
    '            WHERE title = \'{title}\'\n            """\n        )\n    )',
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_session_finds_what_it_found_and_obeys_no_text(statement: str, tmp_path: Path) -> None:
    source = ALCHEMY.format(statement)
    before, after = called(source, tmp_path), called(fixed(source, tmp_path), tmp_path)
    engine = sa.create_engine("sqlite://")
    with sa.orm.Session(engine) as session:
        _filled(session)
        _compared(before, after, session)


def _filled(session: sa.orm.Session) -> None:
    session.execute(sa.text("CREATE TABLE books (id INTEGER, title VARCHAR(20), place VARCHAR(20))"))
    for row in ROWS:
        session.execute(
            sa.text("INSERT INTO books VALUES (:id, :title, :place)"),
            dict(zip(("id", "title", "place"), row, strict=True)),
        )
    session.commit()


def _compared(before: Callable[..., Any], after: Callable[..., Any], session: sa.orm.Session) -> None:
    assert before(session, "wren") == after(session, "wren") != []
    assert before(session, HOSTILE) != []
    assert after(session, HOSTILE) == []


@needs_postgres
@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_session_on_postgresql_does_so_too(statement: str, driver: str, server: Server, tmp_path: Path) -> None:
    source = ALCHEMY.format(statement)
    before, after = called(source, tmp_path), called(fixed(source, tmp_path), tmp_path)
    pytest.importorskip(driver)
    engine = sa.create_engine(server.url("postgres", f"postgresql+{driver}"), poolclass=sa.pool.NullPool)
    with sa.orm.Session(engine) as session:
        session.execute(sa.text("DROP TABLE IF EXISTS books"))
        _filled(session)
        _compared(before, after, session)


PSYCOPG = (
    "import psycopg\n\n\ndef find(connection: psycopg.Connection, title: str):\n"
    "    return connection.execute(\n"
    "        f\"SELECT id FROM books WHERE title = '{title}' AND place LIKE 'l%'\"\n    ).fetchall()\n"
)
ASYNCPG = (
    "import asyncpg\n\n\nasync def find(connection: asyncpg.Connection, title: str, most: int):\n"
    "    return await connection.fetch(\n"
    "        f\"SELECT id FROM books WHERE title = '{title}' AND place = $1 LIMIT {most}\", 'left'\n    )\n"
)


@needs_postgres
def test_psycopg_finds_what_it_found_and_obeys_no_text(server: Server, tmp_path: Path) -> None:
    psycopg = pytest.importorskip("psycopg")
    before, after = called(PSYCOPG, tmp_path), called(fixed(PSYCOPG, tmp_path), tmp_path)
    with psycopg.connect(server.url("postgres", "postgresql")) as connection:
        connection.execute("CREATE TEMP TABLE books AS SELECT 1 AS id, 'wren'::text AS title, 'left'::text AS place")
        assert before(connection, "wren") == after(connection, "wren") == [(1,)]
        assert before(connection, "' OR title <> '") == [(1,)]
        assert after(connection, "' OR title <> '") == []


@needs_postgres
def test_asyncpg_finds_what_it_found_and_obeys_no_text(server: Server, tmp_path: Path) -> None:
    asyncpg = pytest.importorskip("asyncpg")
    before, after = called(ASYNCPG, tmp_path), called(fixed(ASYNCPG, tmp_path), tmp_path)

    async def compare() -> None:
        connection = await asyncpg.connect(server.url("postgres", "postgresql"))
        await connection.execute(
            "CREATE TEMP TABLE books AS SELECT 1 AS id, 'wren'::text AS title, 'left'::text AS place"
        )
        assert await before(connection, "wren", 5) == await after(connection, "wren", 5) == [(1,)]
        assert await before(connection, "' OR title <> '", 5) == [(1,)]
        assert await after(connection, "' OR title <> '", 5) == []
        await connection.close()

    asyncio.run(compare())


# A caller of `find` that gets the name from outside.
ASKED = "\n\ndef ask(connection):\n    return find(connection, input())\n"
NAMING = (
    "from sqlalchemy import text\nfrom sqlalchemy.engine import Connection\n\n\n"
    "def find(connection: Connection, table: str):\n    {}.all()\n" + ASKED
)
NAMED = [
    "return connection.execute(text(f\"SELECT id FROM {table} WHERE place = 'left'\"))",
    "return connection.execute(text(f'SELECT id FROM \"{table}\" WHERE place = \\'left\\''))",
]


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=needs_postgres)])
@pytest.mark.parametrize(("statement", "hostile"), [(NAMED[0], "books --"), (NAMED[1], 'secrets" --')])
def test_a_quoted_identifier_names_what_it_named_and_nothing_else(
    statement: str, hostile: str, dialect: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    source = NAMING.format(statement)
    before, after = called(source, tmp_path), called(fixed(source, tmp_path), tmp_path)
    url = "sqlite://"
    if dialect == "postgresql":
        pytest.importorskip("psycopg2")
        url = request.getfixturevalue("server").url("postgres", "postgresql+psycopg2")
    engine = sa.create_engine(url, poolclass=sa.pool.StaticPool)
    with engine.connect() as connection, connection.begin() as change:
        for table in ("books", "secrets"):
            connection.execute(sa.text(f"CREATE TEMP TABLE {table} AS SELECT 1 AS id, 'left' AS place"))
            connection.execute(sa.text(f"INSERT INTO {table} VALUES (2, 'right')"))  # noqa: S608
        assert before(connection, "books") == after(connection, "books") == [(1,)]
        assert len(before(connection, hostile)) == 2
        with pytest.raises((sa.exc.OperationalError, sa.exc.ProgrammingError), match=r"books|secrets"):
            after(connection, hostile)
        change.rollback()
    engine.dispose()


@needs_postgres
def test_psycopg_quotes_an_identifier(server: Server, tmp_path: Path) -> None:
    psycopg = pytest.importorskip("psycopg")
    source = (
        "import psycopg\n\n\ndef find(connection: psycopg.Connection, table: str):\n"
        '    return connection.execute(f"SELECT id FROM {table}").fetchall()\n'
    )
    source += ASKED
    mended = fixed(source, tmp_path)
    quoted = 'sql.SQL("SELECT id FROM {}").format(sql.Identifier(table))'
    assert f"connection.execute(\n        {quoted}\n    ).fetchall()" in mended
    before, after = called(source, tmp_path), called(mended, tmp_path)
    with psycopg.connect(server.url("postgres", "postgresql")) as connection:
        connection.execute("CREATE TEMP TABLE books AS SELECT 1 AS id, 'left'::text AS place")
        assert before(connection, "books") == after(connection, "books") == [(1,)]
        assert before(connection, "(SELECT 7 AS id, 'left' AS place) AS x") == [(7,)]
        with pytest.raises(psycopg.errors.UndefinedTable):
            after(connection, "(SELECT 7 AS id, 'left' AS place) AS x")


def test_a_migration_quotes_by_its_context_which_is_there_offline(tmp_path: Path) -> None:
    source = (
        'from alembic import op\n\n\ndef find(table: str):\n    op.execute(f"DROP TABLE {table}")\n\n\nfind(input())\n'
    )
    quote = "    quote = op.get_context().dialect.identifier_preparer.quote\n    op.execute"
    assert fixed(source, tmp_path) == source.replace("    op.execute", quote).replace("{table}", "{quote(table)}")


def test_a_long_line_gets_a_short_name_for_the_preparer_once(tmp_path: Path) -> None:
    line = "    connection.execute(text(f\"DELETE FROM {table} WHERE place = 'left' AND id = 1\"))\n"
    lines = [line, line.replace("1", "2")]
    head = NAMING.partition("    {}")[0] + '    """Take away."""\n'
    assert fixed(head + "".join(lines) + ASKED, tmp_path) == (
        head + "    quote = connection.dialect.identifier_preparer.quote\n" + "".join(lines) + ASKED
    ).replace("{table}", "{quote(table)}")


@pytest.mark.parametrize(
    "head", ["from urllib.parse import quote\n", "def quote(text):\n    return text\n", "for quote in ():\n    pass\n"]
)
def test_a_short_name_that_is_taken_is_not_given(head: str, tmp_path: Path) -> None:
    line = "    connection.execute(text(f\"DELETE FROM {table} WHERE place = 'left' AND id = 1\"))\n"
    source = head + NAMING.partition("    {}")[0] + line + ASKED
    assert refusal(source, tmp_path) == "the line would be too long, and there is no place for a shorter name"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ('text(f"SELECT id FROM books ORDER BY {table}")', "`table` may be more than one name"),
        ('text(f"SELECT id FROM books_{table}")', "`table` is a part of a longer name"),
        ('text(f"SELECT id FROM {table.lower()}")', "`table.lower()` may be more than one name"),
        ('text("SELECT id FROM {}".format(table))', "the identifier is not written into the text"),
    ],
)
def test_an_identifier_that_may_be_more_than_one_name_is_left(statement: str, reason: str, tmp_path: Path) -> None:
    assert refusal(NAMING.format(f"return connection.execute({statement})"), tmp_path).startswith(reason)


def test_the_import_of_text_comes_with_it(tmp_path: Path) -> None:
    source = (
        "from sqlalchemy import Column\nfrom alembic import op\n\n\n"
        "def find(title: str):\n    op.execute(f\"UPDATE books SET title = '{title}'\")\n"
    )
    assert fixed(source, tmp_path).startswith("from sqlalchemy import Column, text\n")
    bare = source.replace("from sqlalchemy import Column\n", "")
    assert "from sqlalchemy import text\n" in fixed(bare, tmp_path)
    assert refusal(bare.replace("title: str", "title: str, text"), tmp_path) == "the name `text` is taken in this file"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("f\"SELECT id FROM {title} WHERE place = 'left'\"", "it is not known here what quotes an identifier"),
        ('f"SELECT id FROM books WHERE title IN ({title})"', "how many values stand in the list"),
        ("f\"SELECT id FROM books WHERE born > now() - interval '{title} days'\"", "an interval's literal"),
        ("f\"SELECT id FROM books WHERE title = '{title!r}'\"", "`{title!r}` formats its value"),
        ('f"DROP TABLE books_{title}"', "`title` is a part of a longer name"),
        ("f\"PRAGMA table_info('{title}')\"", "`title` is a name in the quotes of a text"),
        ("f\"SELECT id -- of '{title}'\\nFROM books WHERE title = '{title}'\"", "the text has"),
        ("f\"SELECT id FROM books WHERE title = '{title}'; DELETE FROM books\"", "a statement with parameters"),
        ("f\"SELECT id FROM books WHERE title = E'{title}'\"", "what stands before the value"),
        ("f\"SELECT id FROM books WHERE place = substr('{title}', 2)\"", "which type the value has"),
        ("f\"SELECT id FROM books WHERE title = '{title}' AND id = {title}\"", "one value stands with quotes"),
        ('"SELECT id FROM books WHERE title = \'" + title + "\'"', "the text is not put together in one place"),
    ],
)
def test_a_value_that_no_parameter_can_stand_for_is_left(text: str, reason: str, tmp_path: Path) -> None:
    source = SQLITE.format(f"return connection.execute({text})") + ASKED
    assert refusal(source, tmp_path).startswith(reason)


def test_a_value_that_changes_before_the_text_is_executed_is_left(tmp_path: Path) -> None:
    call = (
        "sql = f\"SELECT id FROM books WHERE title = '{title}'\"\n    title = 'x'\n    return connection.execute(sql)"
    )
    assert refusal(SQLITE.format(call), tmp_path) == "what `sql` is made of changes before it is executed"


def test_alembic_runs_the_statement_with_its_parameters_offline_too(tmp_path: Path) -> None:
    from io import StringIO

    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    source = (
        "import sqlalchemy as sa\nfrom alembic import op\n\n\n"
        "def find(title: str):\n    op.execute(f\"UPDATE books SET title = '{title}'\")\n"
    )
    after = fixed(source, tmp_path)
    assert 'op.execute(sa.text("UPDATE books SET title = :title").bindparams(title=title))' in after
    told = StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "literal_binds": True, "output_buffer": told}
    )
    with Operations.context(context):
        called(after, tmp_path)("o'hara")
    assert "SET title = 'o''hara'" in told.getvalue()
