"""Questions to git, asked so that a hostile repository cannot answer with a program of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

# Neither the repository's configuration nor a missing object may start a program or reach for the network.
_SAFE = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_ENVIRONMENT = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

REGULAR = frozenset({"100644", "100755"})

# What every `git diff` here needs: no renames, no programs, names that end in NUL.
DIFF = ("-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--no-color")


class GitError(Exception):
    """Git cannot tell: it is missing, the folder is in no repository it trusts, or there is no such revision."""


def git(root: Path, *arguments: str, asked: str, stdin: bytes = b"") -> bytes:
    """What git prints. `asked` says in the error what could not be done, as in "read what is staged"."""
    import shutil
    import subprocess

    program = shutil.which("git")
    if program is None:
        raise GitError(f"git is not on PATH; it is needed to {asked}")
    done = subprocess.run(  # noqa: S603 - a fixed command line without a shell; names travel by blob id
        [program, *_SAFE, *arguments], cwd=root, env={**os.environ, **_ENVIRONMENT}, input=stdin, capture_output=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise GitError(f"git cannot {asked} in {root}: {_reason(done.stderr)}")
    return done.stdout


def is_tracked(root: Path, folder: Path) -> bool:
    """Whether a commit could bring files of the folder; False when git cannot tell."""
    try:
        return bool(git(root, "ls-files", "-z", "--", f":(top,literal){folder.relative_to(root)}", asked="list files"))
    except GitError:
        return False


def commit_of(root: Path, revision: str, *, asked: str = "") -> str:
    """The full id of the commit that a revision names. Raises GitError."""
    spelled = ("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    return git(root, *spelled, asked=asked or f"find the revision {revision!r}").decode("ascii").strip()


def regular_files(root: Path, commit: str, *options: str, asked: str) -> Iterator[tuple[str, list[str]]]:
    """Each regular file of a commit, and what `git ls-tree` tells of it: mode, "blob", id and, with -l, the size."""
    for entry in git(root, "ls-tree", "-r", "-z", *options, "--full-tree", commit, asked=asked).split(b"\0"):
        head, _, name = entry.partition(b"\t")
        told = head.decode("ascii").split()
        if name and told[0] in REGULAR:
            yield os.fsdecode(name), told


def sizes(root: Path, blobs: Iterable[str], *, asked: str) -> dict[str, int]:
    """The size in bytes of each blob, by its id."""
    stdin = _lines(blobs)
    if not stdin:
        return {}
    output = git(root, "cat-file", "--batch-check=%(objectname) %(objectsize)", asked=asked, stdin=stdin)
    return {blob: int(size) for blob, size in (line.split() for line in output.decode("ascii").splitlines())}


def contents(root: Path, blobs: Iterable[str], *, asked: str) -> dict[str, bytes]:
    """The bytes of each blob, by its id."""
    stdin = _lines(blobs)
    if not stdin:
        return {}
    output = git(root, "cat-file", "--batch=%(objectname) %(objectsize)", asked=asked, stdin=stdin)
    found: dict[str, bytes] = {}
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        blob, size = output[at:end].decode("ascii").split(" ")
        found[blob] = output[end + 1 : end + 1 + int(size)]
        at = end + int(size) + 2
    return found


def _lines(blobs: Iterable[str]) -> bytes:
    return "".join(f"{blob}\n" for blob in dict.fromkeys(blobs)).encode("ascii")


def _reason(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else "it gave no reason"
