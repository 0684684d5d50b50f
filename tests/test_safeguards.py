"""What protects a destructive step: judged by running its checks in the worst world."""

from __future__ import annotations

import textwrap

import pytest

from chunklint.languages import language_of
from chunklint.languages.python import PythonFile
from chunklint.semantics.migrations.exposures import Exposure, Reason
from chunklint.semantics.migrations.suspects import exposed
from chunklint.semantics.migrations.wrappers import Demand, Use, Wrapper, unprotected_uses, uses, wrappers

HEAD = """
import contextlib, os, subprocess
import sqlalchemy as sa
from alembic import op
from sqlalchemy import text
from tools.safety import drop_safely

revision, down_revision = "b2", "a1"

def count(table):
    return op.get_bind().execute(sa.text("SELECT count(*) FROM " + table)).scalar()

def hopeful(table):
    try:
        return count(table)
    except Exception:
        return 0

def demand():
    if os.environ.get("ALLOW") != "yes":
        raise RuntimeError("set ALLOW=yes")

def downgrade():
    raise NotImplementedError

def upgrade():
"""


def parsed(source: str, path: str) -> PythonFile:
    language = language_of(path)
    assert language is not None
    file = language.parse(path, source)
    assert isinstance(file, PythonFile)
    return file


def migration(body: str) -> PythonFile:
    return parsed(HEAD + textwrap.indent(textwrap.dedent(body), "    "), "alembic/versions/b2_drop.py")


def found(body: str) -> list[Exposure]:
    return [one for one, _ in exposed(migration(body))]


@pytest.mark.parametrize(
    "guard",
    [
        "demand()",
        "if count('t'): raise RuntimeError",
        "if count('t') > 0:\n    demand()",
        "assert not count('t')",
        "if os.environ.get('GO') != '1':\n    return",
        "op.execute('CREATE TABLE t_backup AS TABLE t')\nif count('t_backup') != count('t'): raise RuntimeError",
        "subprocess.run(['pg_dump', '-t', 't'], check=True)",
    ],
)
def test_a_guard_that_stops_the_worst_world_protects(guard: str) -> None:
    assert found(f"{guard}\nop.execute('DROP TABLE t CASCADE')") == []


@pytest.mark.parametrize(
    ("guard", "reason"),
    [
        ("if hopeful('t'): raise RuntimeError", "this check gives `0` on an error, so it fails open"),
        ("if hopeful('t') > 0:\n    demand()", "this check gives `0` on an error, so it fails open"),
        ("if os.environ.get('KEEP'): raise RuntimeError", "this check lets the step run when the flag is not set"),
        ("if os.environ.get('CAREFUL'):\n    demand()", "this check runs only when the flag is set"),
        ("with contextlib.suppress(Exception):\n    demand()", "what this check raises is swallowed"),
        ("try:\n    demand()\nexcept Exception:\n    pass", "what this check raises is swallowed"),
        ("subprocess.run(['pg_dump', '-t', 't'])", "nobody reads whether this dump succeeded"),
    ],
)
def test_a_guard_that_lets_the_step_run_is_a_weakness_with_its_reason(guard: str, reason: str) -> None:
    (one,) = found(f"{guard}\nop.execute('DROP TABLE t CASCADE')")
    assert one.is_of_guard
    assert one.weaknesses[0].reason.startswith(reason)


@pytest.mark.parametrize("guard", ["print(count('t'))", "if count('other'): raise RuntimeError", "pass"])
def test_what_does_not_ask_about_the_rows_is_no_guard_at_all(guard: str) -> None:
    (one,) = found(f"{guard}\nop.execute('DROP TABLE t CASCADE')")
    assert not one.is_of_guard


def test_a_handler_that_catches_something_else_does_not_swallow_the_check() -> None:
    assert found("try:\n    demand()\nexcept KeyError:\n    pass\nop.execute('DROP TABLE t CASCADE')") == []


def test_a_backup_that_nothing_compares_is_the_other_operation_of_its_exposure() -> None:
    (one,) = found("op.execute('CREATE TABLE t_backup AS TABLE t')\nop.execute('DROP TABLE t')")
    assert one.reason is Reason.BACKUP
    assert one.other is not None
    assert one.other.statement.name == "t_backup"


def test_a_branch_that_the_arguments_shut_holds_no_backup() -> None:
    source = HEAD.replace(
        "def downgrade",
        "def drop(backup):\n"
        "    if backup:\n"
        "        op.execute('CREATE TABLE t_backup AS TABLE t')\n"
        "    op.execute('DROP TABLE t CASCADE')\n\n"
        "def downgrade",
    )
    (one,) = [found for found, _ in exposed(parsed(source + "    drop(False)\n", "alembic/versions/b2_drop.py"))]
    assert one.reason is Reason.PLAIN


def test_a_check_below_many_nested_blocks_ends_in_an_answer() -> None:
    nested = "\n".join("    " * depth + "if count('t'):" for depth in range(90))
    body = f"{nested}\n{'    ' * 90}demand()\nop.execute('DROP TABLE t CASCADE')"
    assert len(found(body)) == 1


SAFETY = """
import os
from sqlalchemy import text

def count(conn, name):
    try:
        return conn.execute(text("SELECT count(*) FROM " + name)).scalar()
    except Exception:
        return 0

def demand():
    if os.environ.get("ALLOW") != "yes":
        raise RuntimeError("set ALLOW=yes")

def drop_safely(conn, name, backup=True):
    if not name.endswith("_old") and count(conn, name) > 0:
        demand()
    conn.execute(text("DROP TABLE " + name + " CASCADE"))
"""


def facts_of(body: str) -> dict[str, list[Wrapper | Demand | Use]]:
    safety, own = parsed(SAFETY, "alembic/tools/safety.py"), migration(body)
    return {safety.path: [*wrappers(safety)], own.path: [*uses(own)]}


def test_a_use_of_a_wrapper_whose_count_fails_open_names_the_answer() -> None:
    (drop,) = unprotected_uses(facts_of("drop_safely(op.get_bind(), 'rooms')"))
    assert (drop.table, drop.exempt) == ("rooms", False)
    ((place, reason),) = drop.weaknesses
    assert (place.path, place.span.start_line) == ("alembic/tools/safety.py", 9)
    assert "fails open" in reason


def test_a_name_that_a_wrapper_exempts_has_no_guard_in_it() -> None:
    (drop,) = unprotected_uses(facts_of("drop_safely(op.get_bind(), 'rooms_old')"))
    assert drop.exempt
    assert drop.weaknesses == ()


def test_a_table_that_the_revision_made_itself_may_be_dropped_through_a_wrapper() -> None:
    own = "op.execute('CREATE TABLE rooms (id int)')\ndrop_safely(op.get_bind(), 'rooms')"
    assert list(unprotected_uses(facts_of(own))) == []
