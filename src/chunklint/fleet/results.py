"""The output folder: a SARIF file for each repository, and beside it what must not be found out again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from chunklint import files
from chunklint.edition import edition
from chunklint.fleet import rollup
from chunklint.fleet.rollup import Row

# Another number for another layout; what has another one is found out again.
_LAYOUT = 1
_STATE = "state"

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9_])?")


class ResultError(Exception):
    """Results of an earlier run that cannot be used; the message says why."""


def prepare(folder: Path) -> None:
    """Make the folder. Raises OSError."""
    (folder / _STATE).mkdir(parents=True, exist_ok=True)


def known(folder: Path, wanted: Row, commit: str) -> Row | None:
    """What an earlier run kept of a commit, if this chunklint would find the same and the SARIF is still there."""
    try:
        kept = json.loads(_state(folder, wanted.name).read_text(encoding="utf-8"))
        row = rollup.row_of(kept["row"])
        sarif = _digest(sarif_of(folder, wanted.name).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    same = (kept.get("layout"), kept.get("edition"), kept.get("sarif")) == (_LAYOUT, edition(), sarif)
    if not same or (row.name, row.source, row.commit) != (wanted.name, wanted.source, commit):
        return None
    # Another name of the same commit is as good.
    return replace(row, revision=wanted.revision)


def keep(folder: Path, row: Row, sarif: str) -> None:
    """Write what was found: the SARIF first, then what vouches for it. Raises OSError.

    Only a whole scan is vouched for: what could not be judged is tried again.
    """
    _state(folder, row.name).unlink(missing_ok=True)
    files.write(sarif_of(folder, row.name), sarif)
    if row.unjudged:
        return
    kept = {"layout": _LAYOUT, "edition": edition(), "sarif": _digest(sarif), "row": asdict(row)}
    files.write(_state(folder, row.name), json.dumps(kept, indent=1) + "\n")


def forget(folder: Path, name: str) -> None:
    """Remove what was found of a repository that cannot be scanned now: it would pass for today's. Raises OSError."""
    _state(folder, name).unlink(missing_ok=True)
    sarif_of(folder, name).unlink(missing_ok=True)


def merged(folders: Sequence[Path], target: Path) -> list[Row]:
    """Bring the results of several folders into one; the rows of all. Raises OSError and ResultError."""
    rows: dict[str, tuple[Path, Row]] = {}
    for folder in folders:
        for row in _rows(folder):
            if row.name in rows and rows[row.name][1] != row:
                raise ResultError(f"{rows[row.name][0]} and {folder} say different things of {row.name}")
            rows[row.name] = (folder, row)
    for folder, row in rows.values():
        if row.error:
            forget(target, row.name)
        elif folder.resolve() != target.resolve():
            keep(target, row, sarif_of(folder, row.name).read_text(encoding="utf-8"))
    return [row for _, row in rows.values()]


def _rows(folder: Path) -> list[Row]:
    file = folder / "summary.json"
    try:
        rows = [rollup.row_of(row) for row in json.loads(file.read_text(encoding="utf-8"))["repositories"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ResultError(f"{file} is no roll-up of `chunklint fleet`") from error
    # The names become those of files here.
    if not all(_NAME.fullmatch(row.name) for row in rows):
        raise ResultError(f"{file} is no roll-up of `chunklint fleet`")
    return rows


def summarise(folder: Path, rows: Sequence[Row]) -> None:
    """Write the roll-up. Raises OSError."""
    files.write(folder / "summary.json", rollup.as_json(rows))
    files.write(folder / "summary.md", rollup.as_markdown(rows))


def sarif_of(folder: Path, name: str) -> Path:
    """Where the findings of a repository are."""
    return folder / f"{name}.sarif"


def _state(folder: Path, name: str) -> Path:
    return folder / _STATE / f"{name}.json"


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
