"""What a branch changes since it left another one, and what the tree would be with both merged."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chunklint.discovery.git import DIFF, REGULAR, commit_of, git, regular_files
from chunklint.discovery.staging import read_blobs
from chunklint.languages import language_of
from chunklint.model import Notification, Span
from chunklint.records import record

_EVERY_LINE = ((1, 2**31),)


@record
class Changes:
    """What the work tree changes since the branch left `base`, and what `base` has changed since.

    Attributes:
        base: The commit that the changes are compared with: the tip of the other branch.
        lines: Changed and added lines by path, as 1-based inclusive ranges; files of no known language are left out.
        theirs: The blob of each file that only the other side has changed, by path; "" for a file it has removed.
    """

    base: str
    lines: Mapping[str, tuple[tuple[int, int], ...]]
    theirs: Mapping[str, str]

    def touch(self, path: str, span: Span) -> bool:
        """Whether a region has a changed line."""
        return any(first <= span.end_line and span.start_line <= last for first, last in self.lines.get(path, ()))


def changes(root: Path, revision: str) -> Changes:
    """What changed in the work tree since it left a revision. `root` is the repository's top. Raises GitError."""
    asked = f"compare with {revision!r}"
    base = commit_of(root, revision, asked=asked)
    fork = _line(git(root, "merge-base", base, "HEAD", asked=asked))
    ours = tuple(_names(git(root, "diff", "--name-only", *DIFF, fork, asked=asked)))
    lines = dict(_changed_lines(git(root, "diff", "--unified=0", "--text", *DIFF[1:], fork, asked=asked), ours))
    others = _names(git(root, "ls-files", "--others", "--exclude-standard", "-z", asked=asked))
    lines |= {path: _EVERY_LINE for path in others if language_of(path) is not None}
    theirs = {path: blob for path, blob in _raw(root, fork, base, asked) if path not in ours and path not in lines}
    return Changes(base, dict(sorted(lines.items())), dict(sorted(theirs.items())))


def tree(root: Path, revision: str, max_bytes: int) -> tuple[dict[str, bytes], tuple[Notification, ...]]:
    """The files of a revision that some language reads, by path, and those over the size limit. Raises GitError."""
    asked = f"read the files of {revision!r}"
    return read_blobs(root, dict(_listed(root, commit_of(root, revision, asked=asked), asked)), max_bytes, asked=asked)


def merged(root: Path, found: Changes, max_bytes: int) -> tuple[dict[str, bytes], frozenset[str]]:
    """What a merge would change in the work tree: the files that come or change, and the paths that go."""
    coming = {path: blob for path, blob in found.theirs.items() if blob}
    contents, _ = read_blobs(root, coming, max_bytes, asked="read what a merge would bring")
    return contents, frozenset(found.theirs) - coming.keys()


def _changed_lines(diff: bytes, names: Sequence[str]) -> Iterator[tuple[str, tuple[tuple[int, int], ...]]]:
    """The ranges of each file that some language reads.

    The parts of a diff come in the order of its names, which are not read from the parts, where git may quote them.
    No line of content can begin with `diff`, since all of them have a sign before them.
    """
    parts = f"\n{diff.decode('utf-8', 'replace')}".split("\ndiff --git ")[1:]
    for path, part in zip(names, parts, strict=True):
        ranges = tuple(_hunks(part))
        if ranges and language_of(path) is not None:
            yield path, ranges


def _hunks(part: str) -> Iterator[tuple[int, int]]:
    """What the heads of hunks tell: `@@ -1,2 +3,4 @@` changes lines 3 to 6."""
    for line in part.split("\n"):
        if not line.startswith("@@ -"):
            continue
        first, _, count = line.split(" ")[2].removeprefix("+").partition(",")
        length = int(count) if count else 1
        # Lines that were only removed leave their mark on the two lines that now meet.
        yield (int(first), int(first) + length - 1) if length else (int(first), int(first) + 1)


def _raw(root: Path, fork: str, base: str, asked: str) -> Iterator[tuple[str, str]]:
    """Path and new blob of every file that the other side has changed, "" for one that it has removed."""
    fields = git(root, "diff", "--raw", "--no-abbrev", *DIFF, fork, base, asked=asked).split(b"\0")
    for head, name in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, status = head.decode("ascii").split(" ")
        path = os.fsdecode(name)
        if language_of(path) is not None and (mode in REGULAR or status == "D"):
            yield path, blob if mode in REGULAR else ""


def _listed(root: Path, commit: str, asked: str) -> Iterator[tuple[str, str]]:
    for path, told in regular_files(root, commit, asked=asked):
        if language_of(path) is not None:
            yield path, told[2]


def _names(output: bytes) -> Iterator[str]:
    return (os.fsdecode(name) for name in output.split(b"\0") if name)


def _line(output: bytes) -> str:
    return output.decode("ascii").strip()
