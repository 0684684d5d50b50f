"""Where a git repository begins and which patterns it excludes, read from its files: git is never run here."""

from __future__ import annotations

import os
from pathlib import Path

from chunklint.discovery.ignores import Ignore, read_ignore_file
from chunklint.discovery.watching import looked_at

_MAX_POINTER_BYTES = 4096


def git_top(folder: Path) -> Path | None:
    """The folder at or above this one that has a `.git` entry, or None."""
    return next((place for place in (folder, *folder.parents) if is_repository(place)), None)


def is_repository(folder: Path) -> bool:
    """Whether a folder is the top of a repository, a linked worktree or a submodule."""
    return os.path.exists(folder / ".git")  # noqa: PTH110 - unlike Path.exists it never raises


def info_exclude(top: Path, base: str) -> Ignore | None:
    """The patterns of the repository's own `info/exclude`, which linked worktrees share."""
    git = top / ".git"
    if _is_file(git):
        git = _pointed_at(top, _first_line(git).removeprefix("gitdir:").strip())
    shared = git / "commondir"
    if _is_file(shared):
        git = _pointed_at(git, _first_line(shared))
    return read_ignore_file(git / "info" / "exclude", base)


def _is_file(path: Path) -> bool:
    looked_at(path)
    return os.path.isfile(path)  # noqa: PTH113 - unlike Path.is_file it never raises


def _pointed_at(folder: Path, target: str) -> Path:
    return folder / target


def _first_line(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_POINTER_BYTES)
    except OSError:
        return ""
    return data.decode("utf-8", "surrogateescape").split("\n")[0].replace("\0", "").strip()
