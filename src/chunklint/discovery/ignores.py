"""gitignore patterns, one file's worth at a time. pathspec translates them; who overrides whom is git's rule.

Git asks of each entry on the way down whether *that entry* is ignored, and never enters an ignored folder. pathspec
asks of a whole path whether it or any folder above it matches, which differs once patterns are negated (`data/**`,
`!data/keep.py`) or come from several files. So each pattern is matched against one entry here, deepest file first.
"""

from __future__ import annotations

import os
import re
import stat
import warnings
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from chunklint.discovery.watching import looked_at
from chunklint.records import record

# No honest ignore file comes near this; a hostile one could be endless.
_MAX_IGNORE_BYTES = 1_000_000

# A line without any of these is the name of a file or a folder, and with a "*" before it the end of one.
_SPECIAL = frozenset("*?[]\\/!# \n\r\t")


@record
class _Pattern:
    """One line. `inside` patterns (`a/**`) match what lies in a folder, not the folder.

    `name`, or the `ending` of a name, stands in for the regular expression of a line that is nothing else, as most are:
    compiling takes long, and so does importing what compiles.
    """

    name: str
    ending: str
    regex: re.Pattern[str] | None
    negated: bool
    folders_only: bool
    inside: bool
    anchored: bool

    def matches(self, path: str) -> bool:
        if self.regex is None:
            return path.endswith(self.ending) if self.ending else path.rpartition("/")[2] == self.name
        if self.inside:
            return self.regex.search(path) is not None
        return self.regex.fullmatch(path) is not None


@record(slots=False)
class Ignore:
    """The patterns of one ignore file.

    Attributes:
        base: The folder that anchored patterns start from, relative to the root of the scan; "" is the root.
        lead: The path from `base` to the root of the scan when `base` lies above it, with a final "/"; else "".
    """

    patterns: tuple[_Pattern, ...]
    base: str = ""
    lead: str = ""

    def verdict(self, path: str, *, folder: bool) -> bool | None:
        """Whether the patterns ignore an entry (True), keep it (False) or say nothing of it (None)."""
        name = path.rpartition("/")[2]
        candidates = self._all if name in self._names or name.endswith(self._endings) else self._regexes
        local = self._local(path) if candidates else None
        for pattern in candidates:
            if (pattern.name and pattern.name != name) or (pattern.folders_only and not folder):
                continue
            if pattern.anchored and local is None:
                continue
            if pattern.matches(path if local is None else local):
                return not pattern.negated
        return None

    # Nearly every entry has none of the names and endings, and need not be held against them one by one.
    @cached_property
    def _all(self) -> tuple[_Pattern, ...]:
        return self.patterns[::-1]

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(pattern.name for pattern in self.patterns if pattern.name)

    @cached_property
    def _endings(self) -> tuple[str, ...]:
        return tuple(pattern.ending for pattern in self.patterns if pattern.ending)

    @cached_property
    def _regexes(self) -> tuple[_Pattern, ...]:
        return tuple(pattern for pattern in self._all if pattern.regex is not None)

    def _local(self, path: str) -> str | None:
        """The path relative to the base, None when it lies elsewhere."""
        if not self.base:
            return self.lead + path
        return path[len(self.base) + 1 :] if path.startswith(self.base + "/") else None


def ignored(chain: Iterable[Ignore], path: str, *, folder: bool) -> bool:
    """Whether a chain of ignore files, the strongest first, ignores an entry."""
    for ignore in chain:
        verdict = ignore.verdict(path, folder=folder)
        if verdict is not None:
            return verdict
    return False


def compile_lines(lines: Iterable[str], base: str = "", lead: str = "") -> Ignore:
    """The patterns of the lines; comments and lines that git would discard are left out."""
    patterns = (_compile(line) for line in lines)
    return Ignore(tuple(pattern for pattern in patterns if pattern is not None), base, lead)


def read_ignore_file(path: Path, base: str) -> Ignore | None:
    """The patterns of a file; None when there is none. As in git, a link is not followed."""
    data = _read_regular(path)
    if not data:
        return None
    return compile_lines(data.decode("utf-8", "surrogateescape").removeprefix("\ufeff").split("\n"), base)


def _compile(line: str) -> _Pattern | None:
    line = line.rstrip("\r\n")
    if not line.endswith("\\ "):
        line = line.rstrip(" ")
    if not line or line.startswith("#") or "[:" in line:
        return None
    negated = line.startswith("!")
    body = line[1:] if negated else line
    folders_only = body.endswith("/")
    body = body.removesuffix("/")
    if body and not _SPECIAL.intersection(body):
        return _Pattern(body, "", None, negated, folders_only, inside=False, anchored=False)
    if body.startswith("*") and len(body) > 1 and not _SPECIAL.intersection(body[1:]):
        return _Pattern("", body[1:], None, negated, folders_only, inside=False, anchored=False)
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        with warnings.catch_warnings():
            # A strange range in a stranger's file is no news to our user.
            warnings.simplefilter("ignore")
            # The escape keeps a body such as "!x", left over from "!!x", from being read as a negation again.
            regex = GitIgnoreSpecPattern("\\" + body if body.startswith(("!", "#")) else body).regex
    except (ValueError, re.error):
        return None
    if regex is None:
        return None
    everything = regex.pattern == "."
    return _Pattern(
        name="",
        ending="",
        regex=_linear(regex),
        negated=negated,
        folders_only=folders_only,
        inside=everything or body.endswith("/**"),
        anchored="/" in body and not body.startswith("**/"),
    )


def _linear(regex: re.Pattern[str]) -> re.Pattern[str]:
    """The same pattern without the backtracking that makes `*a*a*a*a*b` take for ever on a hostile name.

    Between two stars of one segment the leftmost match is as good as any, so the choice need not be taken back.
    """
    first, *rest = regex.pattern.split("[^/]*")
    if len(rest) < 2:
        return regex
    parts = [first]
    for part in rest[:-1]:
        settled = part and not set(part) & set("/()")
        parts.append(f"(?>[^/]*?{part})" if settled else f"[^/]*{part}")
    return re.compile("".join(parts) + "[^/]*" + rest[-1])


def _read_regular(path: Path) -> bytes | None:
    looked_at(path)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        return file.read(_MAX_IGNORE_BYTES)
