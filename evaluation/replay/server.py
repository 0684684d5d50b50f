"""A PostgreSQL cluster that lives as long as a `with` block: on a unix socket only, never on a port."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

INSTALL = "apt-get install -y --no-install-recommends postgresql"
MISSING = f"There is no PostgreSQL server on this machine; on Debian: {INSTALL}"
ROLE = "postgres"
"""The superuser of every cluster started here; it needs no password."""

# Nothing in these clusters is worth keeping, so nothing waits for the disk.
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_locks_per_transaction": "512",
    "log_min_messages": "fatal",
}


class ServerError(Exception):
    """The server is not installed or does not start; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running cluster, reached through a socket in `folder`."""

    folder: Path

    def url(self, database: str, driver: str = "postgresql+psycopg2") -> str:
        """The address of one of its databases, as SQLAlchemy spells it; with driver "postgresql", as libpq does."""
        return f"{driver}://{ROLE}@/{quote(database)}?host={quote(str(self.folder))}"


def binaries() -> Path | None:
    """The folder that holds `initdb` and `postgres`: Debian's newest, or the one on PATH. None without a server."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = sorted(versions, key=lambda path: int(path.parts[4]) if path.parts[4].isdigit() else 0)
    if newest:
        return newest[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def unprivileged() -> Mapping[str, Any]:
    """Arguments for `subprocess` that give up root, which `initdb` refuses and strangers' code must not have."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}


@contextmanager
def private_folder(prefix: str) -> Iterator[Path]:
    """A temporary folder that the account of `unprivileged` owns, removed at the end."""
    # The socket's whole path must stay under 108 bytes, which a pytest tmp_path does not promise.
    with tempfile.TemporaryDirectory(prefix=prefix, dir="/tmp", ignore_cleanup_errors=True) as name:
        owner = unprivileged()
        if owner:
            os.chown(name, owner["user"], owner["group"])
        yield Path(name)


@contextmanager
def postgres() -> Iterator[Server]:
    """Starts an empty cluster, yields it and removes it. Raises ServerError when it is not there or fails to start."""
    programs = binaries()
    if programs is None:
        raise ServerError(MISSING)
    with private_folder("chunklint-pg-") as folder:
        data = folder / "data"
        initdb = ["--no-sync", "--auth=trust", f"--username={ROLE}", "--encoding=UTF8", "--locale=C.UTF-8"]
        _run(folder, programs / "initdb", *initdb, f"--pgdata={data}")
        settings = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        start = f"-k {folder} {settings}"
        _run(folder, programs / "pg_ctl", "start", "-w", "-s", f"-D{data}", f"-l{folder / 'log'}", "-o", start)
        try:
            yield Server(folder)
        finally:
            _run(folder, programs / "pg_ctl", "stop", "-w", "-s", f"-D{data}", "-mimmediate")


def _run(folder: Path, program: Path, *arguments: str) -> None:
    log = folder / "output"
    # A pipe would never end: the server inherits it and lives on after pg_ctl.
    with log.open("w") as output:
        command = [str(program), *arguments]
        account = unprivileged()
        done = subprocess.run(command, check=False, cwd=folder, stdout=output, stderr=output, **account)  # noqa: S603 - our own arguments
    if done.returncode == 0:
        return
    said = "\n".join(path.read_text(errors="replace")[-2000:] for path in (log, folder / "log") if path.exists())
    raise ServerError(f"{program.name} ended with {done.returncode}: {said.strip()}")
