"""Asks a real PostgreSQL about an Alembic history: every revision up, down and up again on an empty database.

    python -m evaluation.replay.oracle REPOSITORY --versions FOLDER [FOLDER ...] --out FILE.json

Needs Debian's `postgresql`, and `alembic`, `sqlalchemy` and `psycopg2-binary` in the interpreter given by --python.
The migrations run as an account without rights, without the network and away from the repository's own env.py.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .server import Server, ServerError, postgres, private_folder, unprivileged

_PACKAGE_ROOT = Path(__file__).parents[2]

Record = Mapping[str, Any]


def collect(arguments: argparse.Namespace, server: Server) -> Iterator[Record]:
    """Yields the record of each revision as the worker writes it. Raises ServerError when the worker fails."""
    orders = {
        "root": str(arguments.repository.resolve()),
        "versions": [str((arguments.repository / folder).resolve()) for folder in arguments.versions],
        "sources": [str((arguments.repository / folder).resolve()) for folder in arguments.source],
        "url": server.url("{database}").replace("%7Bdatabase%7D", "{database}"),
        "seconds": arguments.seconds,
        "prepare": arguments.prepare,
        "passed_over": arguments.pass_over,
    }
    with private_folder("chunklint-replay-") as folder:
        environment = {"PATH": os.defpath, "HOME": str(folder), "PYTHONPATH": str(_PACKAGE_ROOT)}
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"} | dict(arguments.env)
        log = folder / "log"
        confined, account = ([], {}) if arguments.trusted else _confinement()
        orders_file = folder / "orders.json"
        orders_file.write_text(json.dumps(orders))
        with log.open("w") as errors, orders_file.open() as given:
            worker = subprocess.Popen(  # noqa: S603 - our own arguments
                [*confined, arguments.python, "-m", "evaluation.replay.worker"],
                cwd=folder,
                env=environment,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                **account,
            )
            with worker:
                yield from map(json.loads, worker.stdout or ())
        if worker.returncode != 0:
            raise ServerError(f"The worker ended with {worker.returncode}:\n{log.read_text(errors='replace')[-3000:]}")


def round_trips(record: Record) -> bool:
    """True for a revision that goes up, down and up again and leaves no trace either time."""
    done = record["up"] == record["down"] == record["reup"] == "ok"
    return done and not record["residue"] and not record["drift"]


def summary(found: Sequence[Record]) -> str:
    """The counts that the README explains, one line."""
    up = [record for record in found if record["up"] == "ok"]
    counts = {
        "revisions": len(found),
        "up ok": len(up),
        "round trips": sum(map(round_trips, up)),
        "residue": sum(bool(record.get("residue")) for record in up),
        "drift": sum(bool(record.get("drift")) for record in up),
        "down fails": sum(record["down"] != "ok" for record in up),
        "re-up fails": sum(record["reup"] not in {"ok", None} for record in up),
        "up fails": sum(record["up"] not in {"ok", "unreachable"} for record in found),
        "unreachable": sum(record["up"] == "unreachable" for record in found),
        "with stand-ins": sum(bool(record.get("stand_ins")) for record in found),
    }
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def main() -> int:
    """Runs the command line; the exit code is 2 when the database or the worker cannot be used."""
    arguments = _parser().parse_args()
    found: list[Record] = []
    failure = ""
    try:
        with postgres() as server:
            found.extend(_shown(collect(arguments, server)))
    except ServerError as error:
        failure = str(error)
    arguments.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    print(summary(found))
    if failure:
        print(failure, file=sys.stderr)
        return 2
    return 0


def _shown(records: Iterable[Record]) -> Iterator[Record]:
    for record in records:
        if record["up"] != "unreachable" and not round_trips(record):
            print(record["revision"], record["up"], record["down"], record["reup"], sep=" | ", file=sys.stderr)
        yield record


def _confinement() -> tuple[list[str], Mapping[str, Any]]:
    """What takes root's rights and the network from a command: words before it, or arguments for `subprocess`."""
    unshare, setpriv = shutil.which("unshare"), shutil.which("setpriv")
    owner = unprivileged()
    if not owner or unshare is None or setpriv is None:
        return [], owner
    identity = [f"--reuid={owner['user']}", f"--regid={owner['group']}", "--clear-groups", "--no-new-privs"]
    return [unshare, "--net", "--", setpriv, *identity, "--"], {}


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evaluation.replay.oracle", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("repository", type=Path, help="root of a checked-out repository")
    parser.add_argument("--versions", nargs="+", required=True, help="folders of revision files, relative to it")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument(
        "--source", nargs="+", default=(), help="folders to import the application from, besides the root"
    )
    parser.add_argument("--python", default=sys.executable, help="interpreter with alembic, sqlalchemy and psycopg2")
    parser.add_argument(
        "--prepare", action="append", default=[], metavar="SQL", help="statement to run on the empty database"
    )
    parser.add_argument(
        "--env", action="append", default=[], type=_pair, metavar="NAME=VALUE", help="for the migrations"
    )
    parser.add_argument(
        "--pass-over", nargs="+", default=(), metavar="REVISION", help="go on although its upgrade fails"
    )
    parser.add_argument("--trusted", action="store_true", help="the migrations are your own: run them as you")
    parser.add_argument("--seconds", type=int, default=60, help="for one upgrade or downgrade (default: 60)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
