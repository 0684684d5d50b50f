"""Fixes that bind a list: the golden programs find the same rows as before, and obey nobody's text."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import sqlalchemy.orm
from evaluation.replay.server import Server

from chunklint.loader import BUILTIN, load
from mends import first_refusal, fixed_text, mended_file
from postgres import needs_postgres, server

__all__ = ["server"]

RULES = [rule for rule in load([BUILTIN]) if rule.code == "CL101"]
FOLDER = Path(__file__).parents[1] / "fixtures" / "migrations" / "sql_interpolation" / "bound"
BEFORE, AFTER = (runpy.run_path(str(FOLDER / name)) for name in ("lists.py", "lists.fixed.py"))

# Without a parameter this ends the list and finds every row.
HOSTILE = "x') OR ('1'='1"


@pytest.fixture(params=["sqlite", pytest.param("psycopg2", marks=needs_postgres)])
def session(request: pytest.FixtureRequest) -> Iterator[sa.orm.Session]:
    url = "sqlite://"
    if request.param != "sqlite":
        pytest.importorskip(request.param)
        postgres: Server = request.getfixturevalue("server")
        url = postgres.url("postgres", f"postgresql+{request.param}")
    engine = sa.create_engine(url, poolclass=sa.pool.StaticPool)
    with sa.orm.Session(engine) as opened:
        opened.execute(sa.text("CREATE TEMP TABLE boards (id INTEGER, title VARCHAR(20), place VARCHAR(20))"))
        for row in ((1, "wren", "left"), (2, "o'hara", "left"), (3, "swift", "right")):
            values = dict(zip(("id", "title", "place"), row, strict=True))
            opened.execute(sa.text("INSERT INTO boards VALUES (:id, :title, :place)"), values)
        yield opened
        opened.rollback()
    engine.dispose()


def rows(find: Callable[..., Any], *arguments: object) -> list[int]:
    return sorted(row[0] for row in find(*arguments).all())


@pytest.mark.parametrize(
    ("name", "more", "found"),
    [
        ("quoted_by_hand", (), [1, 3]),
        ("quoted_by_repr", (), [1, 3]),
        ("quoted_by_the_separator", ("left",), [1]),
        ("chosen", (9,), [3]),
    ],
)
def test_a_list_of_texts_finds_what_it_found_and_obeys_no_text(
    name: str, more: tuple[object, ...], found: list[int], session: sa.orm.Session
) -> None:
    before, after = BEFORE[name], AFTER[name]
    assert rows(before, session, ["wren", "swift"], *more) == rows(after, session, ["wren", "swift"], *more) == found
    if name != "quoted_by_repr":
        assert rows(before, session, [HOSTILE], *more)
    assert rows(after, session, [HOSTILE], *more) == []
    assert rows(after, session, ["o'hara"], *more) == [2]


def test_an_empty_list_is_no_worse_than_empty_brackets(session: sa.orm.Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        assert rows(BEFORE["quoted_by_hand"], session, []) == rows(AFTER["quoted_by_hand"], session, []) == []
        return
    for program in (BEFORE, AFTER):
        # There the parameter, too, needs a type that says what the list would hold.
        with pytest.raises(sa.exc.ProgrammingError), session.begin_nested():
            rows(program["quoted_by_hand"], session, [])


@pytest.mark.parametrize("keys", [[1, 3], {1: "x", 3: "y"}, range(1, 4, 2)])
def test_numbers_stay_numbers_whatever_holds_them(keys: Any, session: sa.orm.Session) -> None:
    assert rows(BEFORE["numbers"], session, keys) == rows(AFTER["numbers"], session, keys) == [2]
    assert rows(AFTER["numbers"], session, []) == [1, 2, 3]


HEAD = "from sqlalchemy import text\nfrom sqlalchemy.orm import Session\n\n\n"
HEAD += "def find(session: Session, titles: list[str]):\n"
JOINED = "    joined = ', '.join(f\"'{title}'\" for title in titles)\n"
USED = '    return session.execute(text(f"SELECT id FROM boards WHERE title IN ({joined})"))\n'


def fixed(source: str, tmp_path: Path) -> str:
    return fixed_text(mended_file(tmp_path / "boards.py", source, RULES))


def refusal(source: str, tmp_path: Path) -> str:
    return first_refusal(mended_file(tmp_path / "boards.py", source, RULES))


def test_a_function_keeps_what_stands_around_the_list(tmp_path: Path) -> None:
    source = HEAD + '    """Find them."""\n' + JOINED + "    # All of them.\n" + USED
    assert refusal(source, tmp_path) == "a comment or another statement belongs to `joined`"
    source = HEAD + '    """Find them."""\n' + JOINED + "\n    most = 1\n" + USED
    assert '    """Find them."""\n\n    most = 1\n    return session.execute(\n' in fixed(source, tmp_path)


@pytest.mark.parametrize(
    ("head", "called"),
    [("import sqlalchemy as sa\n", "sa.bindparam("), ("from sqlalchemy import bindparam as bound\n", "bound(")],
)
def test_what_the_module_calls_bindparam_is_called(head: str, called: str, tmp_path: Path) -> None:
    result = fixed(head + HEAD + JOINED + USED, tmp_path)
    assert f'{called}"titles", titles, expanding=True)' in result
    assert "import bindparam, text" not in result


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("', '.join", "'; '.join", "the elements of the list in it are not joined by commas alone"),
        ("f\"'{title}'\"", "title", "how the elements of the list in it are made is not seen"),
        ("f\"'{title}'\"", "f\"'{title}%'\"", "how the elements of the list in it are made is not seen"),
        ("f\"'{title}'\"", "f\"'{title!r}'\"", "how the elements of the list in it are made is not seen"),
        ("    joined", "    if titles:\n        joined", "the list in it is made elsewhere"),
    ],
)
def test_a_list_that_is_not_made_plainly_is_left(before: str, after: str, reason: str, tmp_path: Path) -> None:
    assert refusal((HEAD + JOINED + USED).replace(before, after), tmp_path) == reason


def test_a_driver_has_its_own_way_with_lists(tmp_path: Path) -> None:
    source = (HEAD + JOINED + USED).replace("session: Session", "session: Connection")
    source = source.replace("sqlalchemy.orm import Session", "sqlite3 import Connection").replace("text(f", "(f")
    assert refusal(source, tmp_path).startswith("each value of the list needs a mark of its own")


def test_a_driver_that_sends_types_along_gets_no_text_for_a_number(tmp_path: Path) -> None:
    source = (HEAD + JOINED + USED).replace("def find(session: Session", "async def find(session: AsyncSession")
    source = source.replace("sqlalchemy.orm import Session", "sqlalchemy.ext.asyncio import AsyncSession")
    source = source.replace("title IN", "{} IN").replace("return session", "return await session")
    assert refusal(source.replace("{} IN", "board_id IN"), tmp_path).startswith("a driver that sends types along")
    assert "expanding=True" in fixed(source.replace("{} IN", "title IN"), tmp_path)
