"""Repositories on other machines, fetched into the user's cache folder: one revision, no history, no work tree."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from chunklint.discovery import GitError
from chunklint.discovery.git import commit_of
from chunklint.fleet.lists import Repository, is_repository, without_secret

# A repository that takes longer than this to fetch does not answer, or is none that should be scanned in passing.
_SECONDS = 900

_REF = "refs/chunklint/scanned"
_FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")

# Nobody is there to answer, no hook and no helper that a URL could name may run, nothing goes on in the background.
_SAFE = (
    *("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "fetch.recurseSubmodules=false"),
)
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    # A server that stalls is given up after a minute.
    "GIT_HTTP_LOW_SPEED_LIMIT": "1000",
    "GIT_HTTP_LOW_SPEED_TIME": "60",
}


def located(one: Repository, caches: Path) -> tuple[Path, str]:
    """A repository on this machine and what the revision is called there; fetched if need be. Raises GitError."""
    if one.remote:
        return _fetched(one, caches), _REF
    folder = Path(one.source)
    if not folder.exists():
        raise GitError(f"there is no folder {folder}")
    if not is_repository(folder):
        raise GitError(f"{folder} is not the top of a git repository")
    return folder, one.revision


def _fetched(one: Repository, caches: Path) -> Path:
    """The clone of one revision of one repository, which no other revision disturbs."""
    identity = hashlib.blake2b(f"{one.source}\0{one.revision}".encode(), digest_size=12).hexdigest()
    clone = caches / f"chunklint-{identity}.git"
    clone.mkdir(mode=0o700, parents=True, exist_ok=True)
    if clone.is_symlink():
        raise GitError(f"{clone} is a link")
    _git(one, "init", "--quiet", "--bare", "--template=", ".", folder=clone)
    # A commit is the same for ever; a branch must be asked for.
    if _FULL_ID.fullmatch(one.revision) and _has(clone, one.revision):
        return clone
    only_this = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules")
    _git(one, "fetch", *only_this, "--", one.source, f"+{one.revision}:{_REF}", folder=clone)
    return clone


def _has(clone: Path, commit: str) -> bool:
    try:
        return commit_of(clone, _REF) == commit
    except GitError:
        return False


def _git(one: Repository, *arguments: str, folder: Path) -> None:
    program = shutil.which("git")
    if program is None:
        raise GitError("git is not on PATH; it is needed to fetch repositories")
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the URL follows `--` and was checked when it was read
            [program, *_SAFE, "--git-dir", ".", *arguments], cwd=folder, env={**os.environ, **_ENVIRONMENT},
            stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise GitError(f"git did not fetch {one.shown} within {_SECONDS} seconds") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it gave no reason"]
        hint = "; a commit of a URL is named in full" if re.fullmatch(r"[0-9a-f]{4,39}", one.revision) else ""
        raise GitError(without_secret(f"git cannot fetch {one.revision!r} of {one.shown}: {lines[0]}{hint}"))
