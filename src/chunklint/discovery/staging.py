"""What a commit would hold: the staged files with the index's content, whatever the disk says."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from chunklint.languages import language_of
from chunklint.model import Notification, Severity

# Neither the repository's configuration nor a missing object may start a program or reach for the network.
_SAFE = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")
_ENVIRONMENT = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}

_REGULAR = frozenset({"100644", "100755"})


class StagingError(Exception):
    """The index cannot be read: git is missing, or the folder is in no repository it trusts."""


def staged(root: Path, max_bytes: int) -> tuple[dict[str, bytes], tuple[Notification, ...]]:
    """Staged files that some language reads, by path, with their staged content; and those over the size limit.

    `root` is the top level of the repository. Files that are only deleted are not among them. Raises StagingError.
    """
    blobs = dict(sorted(_changed(root)))
    sizes = _sizes(root, list(blobs.values()))
    small = {path: blob for path, blob in blobs.items() if sizes[blob] <= max_bytes}
    notes = tuple(
        Notification(
            path, f"Skipped: {sizes[blob]} bytes, over the limit of {max_bytes} (max-file-size).", Severity.NOTE
        )
        for path, blob in blobs.items()
        if path not in small
    )
    contents = _contents(root, list(small.values()))
    return {path: contents[blob] for path, blob in small.items()}, notes


def _changed(root: Path) -> Iterator[tuple[str, str]]:
    """Path and blob of every staged regular file. Raw output has blob ids, so no name goes through a line protocol."""
    output = _git(
        root, "diff", "--cached", "--raw", "--no-abbrev", "-z", "--no-renames", "--diff-filter=ACMRT",
        "--no-ext-diff", "--no-textconv", "--ignore-submodules=all",
    )  # fmt: skip
    fields = output.split(b"\0")
    for head, name in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, _ = head.decode("ascii").split(" ")
        path = os.fsdecode(name)
        if mode in _REGULAR and language_of(path) is not None:
            yield path, blob


def _sizes(root: Path, blobs: list[str]) -> dict[str, int]:
    if not blobs:
        return {}
    output = _git(root, "cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=_lines(blobs))
    return {blob: int(size) for blob, size in (line.split() for line in output.decode("ascii").splitlines())}


def _contents(root: Path, blobs: list[str]) -> dict[str, bytes]:
    if not blobs:
        return {}
    output = _git(root, "cat-file", "--batch=%(objectname) %(objectsize)", stdin=_lines(blobs))
    contents: dict[str, bytes] = {}
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        blob, size = output[at:end].decode("ascii").split(" ")
        contents[blob] = output[end + 1 : end + 1 + int(size)]
        at = end + int(size) + 2
    return contents


def _lines(blobs: list[str]) -> bytes:
    return "".join(f"{blob}\n" for blob in blobs).encode("ascii")


def _git(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    program = shutil.which("git")
    if program is None:
        raise StagingError("git is not on PATH; --staged needs it")
    done = subprocess.run(  # noqa: S603 - a fixed command line without a shell; names travel by blob id
        [program, *_SAFE, *arguments], cwd=root, env={**os.environ, **_ENVIRONMENT}, input=stdin, capture_output=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise StagingError(f"git cannot read what is staged in {root}: {_reason(done.stderr)}")
    return done.stdout


def _reason(stderr: bytes) -> str:
    lines = stderr.decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else "it gave no reason"
