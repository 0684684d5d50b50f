"""Limits that an engine of SQLAlchemy hands over to its driver."""

from __future__ import annotations

from pathlib import Path

import pytest

from chunklint.rewriting.limits import Limit
from mends import fixed, mended, refusal

ENGINE = "from sqlalchemy import create_engine, URL\n\nBASE = 'postgresql://u@db/app'\n\nengine = create_engine({})\n"
STATEMENTS = 'connect_args={"connect_timeout": 30, "options": "-c statement_timeout=30000"}'
LOCKS = STATEMENTS.replace("statement_timeout", "lock_timeout")


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("'postgresql+psycopg2://u@db/app'", STATEMENTS),
        ("f'postgresql://{USER}@db/app'", STATEMENTS),
        ("BASE", STATEMENTS),
        ("URL.create('postgresql+psycopg', host=HOST)", STATEMENTS),
        ("'postgresql+asyncpg://u@db/app'", 'connect_args={"command_timeout": 30}'),
        ("'mysql+pymysql://u@db/app'", 'connect_args={"read_timeout": 30, "write_timeout": 30}'),
    ],
)
def test_an_engine_hands_over_what_its_driver_takes(url: str, given: str, tmp_path: Path) -> None:
    source = ENGINE.format(f"{url}, echo=False")
    assert mended(source, tmp_path, unsafe=False).changes == ()
    flat = fixed(source, tmp_path).replace(",\n)", ")").replace("\n)", ")").replace("\n    ", " ").replace("( ", "(")
    assert f"{url}, echo=False, {given})" in flat


def test_the_engine_of_migrations_waits_no_longer_for_locks(tmp_path: Path) -> None:
    source = ENGINE.format("BASE") + "\n\ndef run_migrations_online():\n    engine.connect()\n"
    assert LOCKS in fixed(source, tmp_path)
    other = source.replace("postgresql:", "postgresql+asyncpg:")
    assert refusal(other, tmp_path).startswith("`asyncpg` limits statements alone")


def test_the_limit_of_an_engine_may_be_a_setting(tmp_path: Path) -> None:
    limit = Limit("settings.db", "from app.settings import settings")
    assert '"options": f"-c statement_timeout={int(settings.db * 1000)}"' in fixed(
        ENGINE.format("BASE"), tmp_path, limit
    )
    assert refusal(ENGINE.format("BASE"), tmp_path, Limit('conf["db"]')).startswith("the configured value has quotes")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("SETTINGS.url", "the URL does not say here which driver"),
        ("os.environ.get('DB', 'postgresql://u@db/app')", "the URL does not say here which driver"),
        ("'postgresql://db/app?options=-csearch_path%3Dapp'", "the URL does not say here which driver"),
        ("'oracle+oracledb://db/app'", "what `oracledb` takes as a limit is not known"),
    ],
)
def test_an_engine_of_an_unknown_driver_is_left(url: str, reason: str, tmp_path: Path) -> None:
    assert refusal("import os\n" + ENGINE.format(url), tmp_path).startswith(reason)


def test_an_engine_is_not_limited_where_that_would_hide_another_one(tmp_path: Path) -> None:
    source = ENGINE.format("BASE") + "other = create_engine('postgresql+pg8000://u@db/app')\n"
    done = mended(source, tmp_path)
    assert done.changes == ()
    assert "another engine of this file would be hidden with it" in {one.reason for one in done.refused}
