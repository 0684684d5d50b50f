"""What module federation offers to other applications: the files that a bundler's settings name in `exposes`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from chunklint.languages.base import SourceFile

_EXPOSES = re.compile(r"\b(?:exposes|exposedModules)\b[\w\s.<>,'\"\[\]]*[:=]\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_SPEAKS_OF_IT = re.compile(r"ederation|\bexposedModules\b")
_SOURCES = ("@/", "~/")
_FILE = re.compile(r"""["'`]((?:\.{1,2}/)*[\w@~][\w@./-]*)["'`](?!\s*:)""")


def exposed_by(file: SourceFile) -> tuple[str, ...]:
    """The paths, relative to the root and with or without a suffix, that a file of settings exposes."""
    speaks = _SPEAKS_OF_IT.search(file.content) is not None or "federation" in posixpath.basename(file.path)
    return tuple(dict.fromkeys(_exposed(file))) if speaks else ()


def _exposed(file: SourceFile) -> Iterator[str]:
    folder = posixpath.dirname(file.path)
    for listed in _EXPOSES.finditer(file.content):
        for one in _FILE.finditer(listed[1]):
            path = f"src/{one[1][2:]}" if one[1].startswith(_SOURCES) else one[1]
            yield posixpath.normpath(posixpath.join(folder, path))
