"""What module federation offers to other applications: the files that a bundler's settings name in `exposes`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from chunklint.languages.base import SourceFile

_EXPOSES = re.compile(r"\bexposes\s*:\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_FILE = re.compile(r"""["'`](\.{0,2}/?[\w@][\w@./-]*)["'`](?!\s*:)""")


def exposed_by(file: SourceFile) -> tuple[str, ...]:
    """The paths, relative to the root and with or without a suffix, that a file of settings exposes."""
    return tuple(dict.fromkeys(_exposed(file))) if "ederation" in file.content else ()


def _exposed(file: SourceFile) -> Iterator[str]:
    folder = posixpath.dirname(file.path)
    for listed in _EXPOSES.finditer(file.content):
        yield from (posixpath.normpath(posixpath.join(folder, one[1])) for one in _FILE.finditer(listed[1]))
