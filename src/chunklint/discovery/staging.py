"""What a commit would hold: the staged files with the index's content, whatever the disk says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from chunklint.discovery.git import DIFF, REGULAR, contents, git, sizes
from chunklint.languages import language_of
from chunklint.model import Notification, Severity

_ASKED = "read what is staged"


def staged(root: Path, max_bytes: int) -> tuple[dict[str, bytes], tuple[Notification, ...]]:
    """Staged files that some language reads, by path, with their staged content; and those over the size limit.

    `root` is the top level of the repository. Files that are only deleted are not among them. Raises GitError.
    """
    return read_blobs(root, dict(sorted(_changed(root))), max_bytes, asked=_ASKED)


def read_blobs(
    root: Path, blobs: Mapping[str, str], max_bytes: int, *, asked: str
) -> tuple[dict[str, bytes], tuple[Notification, ...]]:
    """The content of blobs given by path, and a note for each over the size limit."""
    size = sizes(root, blobs.values(), asked=asked)
    small = {path: blob for path, blob in blobs.items() if size[blob] <= max_bytes}
    notes = tuple(
        Notification(
            path, f"Skipped: {size[blob]} bytes, over the limit of {max_bytes} (max-file-size).", Severity.NOTE
        )
        for path, blob in blobs.items()
        if path not in small
    )
    found = contents(root, small.values(), asked=asked)
    return {path: found[blob] for path, blob in small.items()}, notes


def _changed(root: Path) -> Iterator[tuple[str, str]]:
    """Path and blob of every staged regular file. Raw output has blob ids, so no name goes through a line protocol."""
    output = git(root, "diff", "--cached", "--raw", "--no-abbrev", "--diff-filter=ACMRT", *DIFF, asked=_ASKED)
    fields = output.split(b"\0")
    for head, name in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, _ = head.decode("ascii").split(" ")
        path = os.fsdecode(name)
        if mode in REGULAR and language_of(path) is not None:
            yield path, blob
