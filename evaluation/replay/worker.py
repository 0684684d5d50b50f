"""Runs one history through Alembic, up, down and up again; started by oracle.py as an account without rights.

Reads its orders as JSON from standard input and writes a JSON line for each revision to standard output.
"""

from __future__ import annotations

import ast
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep
from alembic.script import Script, ScriptDirectory

from . import stand_ins
from .catalog import Snapshot, difference, snapshot

_ENVIRONMENT = """\
from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
# A migration that commits by hand leaves the note of its revision in a transaction that nobody ends.
context.get_bind().commit()
"""
_MESSAGE = 400
"""Characters of an error message that are kept."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What oracle.py wants: the history, where its application is, and two databases of a running server."""

    root: str
    versions: Sequence[str]
    sources: Sequence[str]
    url: str
    """With {database} where the name of a database goes."""
    seconds: int
    """The time that one upgrade or downgrade may take."""
    prepare: Sequence[str]
    """SQL to run on the empty database."""
    passed_over: Sequence[str]
    """Revisions whose upgrade may fail: the next ones run without them."""


class TookTooLongError(Exception):
    """An upgrade or downgrade took longer than it may."""


class History:
    """An Alembic history and the database that it is applied to, `main`, with a copy to try things on, `trial`."""

    def __init__(self, orders: Orders) -> None:
        """Loads every revision file; raises what they raise."""
        self._url = orders.url
        self._seconds = orders.seconds
        self._config = _config(Path.cwd(), orders.versions)
        self.script = ScriptDirectory.from_config(self._config)

    def up(self, revision: Script, database: str) -> str:
        """Applies one revision and returns "ok" or the error."""
        return self._run(MigrationStep.upgrade_from_script(self.script.revision_map, revision), database)

    def down(self, revision: Script, database: str) -> str:
        """Takes one revision back and returns "ok" or the error."""
        return self._run(MigrationStep.downgrade_from_script(self.script.revision_map, revision), database)

    def stamp(self, revision: Script, database: str) -> None:
        """Notes a revision as applied without running it."""
        step = MigrationStep.upgrade_from_script(self.script.revision_map, revision)
        step.migration_fn = lambda **_: None
        self._run(step, database)

    def describe(self, database: str) -> Snapshot:
        """What the database holds now."""
        engine = sa.create_engine(self._url.format(database=database), poolclass=sa.NullPool)
        connection = engine.raw_connection()
        try:
            return snapshot(connection)
        finally:
            connection.close()

    def create(self, database: str, statements: Sequence[str]) -> None:
        """Makes an empty database and runs some SQL on it."""
        with self._administer("postgres") as connection:
            connection.exec_driver_sql(f"create database {_quoted(connection, database)}")
        with self._administer(database) as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def copy(self, source: str, target: str) -> None:
        """Makes `target` a fresh copy of `source`."""
        with self._administer("postgres") as connection:
            copy, original = _quoted(connection, target), _quoted(connection, source)
            connection.exec_driver_sql(f"drop database if exists {copy} with (force)")
            # A migration may have left a session of its own open, and a template must have none.
            sessions = sa.text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :database")
            connection.execute(sessions, {"database": source})
            connection.exec_driver_sql(f"create database {copy} template {original}")

    def _administer(self, database: str) -> sa.Connection:
        url = self._url.format(database=database)
        return sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT").connect()

    def _run(self, step: Any, database: str) -> str:
        options = f"-c statement_timeout={self._seconds}s -c lock_timeout=10s -c client_min_messages=error"
        url = self._url.format(database=database)
        engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"options": options})
        # Some migrations look for the address where an env.py would have left it.
        self._config.set_main_option("sqlalchemy.url", url)
        try:
            with _at_most(self._seconds), engine.connect() as connection:
                self._config.attributes["connection"] = connection
                with EnvironmentContext(self._config, self.script, fn=lambda *_: [step]):
                    self.script.run_env()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a migration may raise anything
            return _message(error)
        return "ok"


def trial(history: History, revision: Script, before: Snapshot) -> tuple[dict[str, Any], Snapshot]:
    """Runs a revision up, then down and up on a copy. Returns its record, and the database after it ("main")."""
    record: dict[str, Any] = {"up": history.up(revision, "main"), "down": None, "reup": None}
    if record["up"] != "ok":
        return record, before
    after = history.describe("main")
    record["created"] = difference(before, after)
    history.copy("main", "trial")
    record["down"] = history.down(revision, "trial")
    if record["down"] != "ok":
        return record, after
    record["residue"] = difference(before, history.describe("trial"))
    record["reup"] = history.up(revision, "trial")
    if record["reup"] == "ok":
        record["drift"] = difference(after, history.describe("trial"))
    return record, after


def records(orders: Orders) -> Iterator[Mapping[str, Any]]:
    """One record for each revision, parents first."""
    made_up = stand_ins.install([Path(folder) for folder in (orders.root, *orders.sources)])
    history = History(orders)
    history.create("main", orders.prepare)
    state = history.describe("main")
    lost: set[str] = set()
    for revision in reversed(list(history.script.walk_revisions())):
        record: dict[str, Any] = {"revision": revision.revision, "path": _relative(revision, orders.root)}
        parents = set(revision._all_down_revisions)
        if parents & lost:
            lost.add(revision.revision)
            yield record | {"up": "unreachable", "down": None, "reup": None}
            continue
        history.copy("main", "before")
        result, after = trial(history, revision, state)
        yield record | result | {"stand_ins": sorted(_imports(Path(revision.path)) & made_up)}
        if result["up"] == "ok":
            state = after
            continue
        history.copy("before", "main")
        if revision.revision in orders.passed_over:
            history.stamp(revision, "main")
        else:
            lost.add(revision.revision)


def main() -> None:
    """Carries out the orders on standard input."""
    orders = Orders(**json.load(sys.stdin))
    with _answers() as answers:
        for record in records(orders):
            print(json.dumps(record), file=answers, flush=True)


@contextmanager
def _answers() -> Iterator[TextIO]:
    """The standard output, out of reach of migrations that print."""
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        yield answers


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise TookTooLongError(f"not done after {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    # Again and again, since a migration may catch the first one.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _config(folder: Path, versions: Sequence[str]) -> Config:
    (folder / "env.py").write_text(_ENVIRONMENT)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(versions).replace("%", "%%"))
    return config


def _quoted(connection: sa.Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _message(error: BaseException) -> str:
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}"[:_MESSAGE]


def _relative(revision: Script, root: str) -> str:
    return Path(revision.path).resolve().relative_to(Path(root).resolve()).as_posix()


def _imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        match node:
            case ast.Import(names=aliases):
                names.update(alias.name for alias in aliases)
            case ast.ImportFrom(module=str(module), names=aliases):
                names.add(module)
                names.update(f"{module}.{alias.name}" for alias in aliases)
            case _:
                pass
    return names


if __name__ == "__main__":
    main()
