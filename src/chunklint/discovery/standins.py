"""The tree of a git revision, written down as far as a scan asks the disk: no work tree is needed or touched."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from chunklint.discovery.git import GitError, contents, regular_files
from chunklint.languages import language_of
from chunklint.records import record
from chunklint.semantics.ecmascript.resolution import is_module_setting
from chunklint.semantics.ecmascript.templates import READMES
from chunklint.semantics.pins import is_manifest
from chunklint.semantics.testing.collection import SETTINGS

# What a scan reads beside sources: settings, ignore files, manifests, and the mark of a virtual environment.
_READ = frozenset({"chunklint.toml", "pyproject.toml", ".gitignore", "pyvenv.cfg", *SETTINGS})

# As much as is read of the largest of them, a lock file.
_MOST_BYTES = 16_000_000


@record
class _Entry:
    path: str
    blob: str
    size: int


def stand_in(repository: Path, commit: str, folder: Path) -> dict[str, str]:
    """Write the tree of a commit into an empty folder and return the blob of each source file by its path.

    Sources stand there with their names and sizes alone; what else a scan reads stands there with its content. Links
    and submodules are left out: a scan passes them by. Raises GitError, and OSError when it cannot be written.
    """
    entries = list(_entries(repository, commit))
    read = {one.path: one.blob for one in entries if _is_read(one.path) and one.size <= _MOST_BYTES}
    texts = contents(repository, read.values(), asked=f"read the settings of {commit}")
    (folder / ".git").mkdir()
    for parent in dict.fromkeys(os.path.dirname(one.path) for one in entries):  # noqa: PTH120 - paths inside git
        (folder / parent).mkdir(parents=True, exist_ok=True)
    for one in entries:
        with (folder / one.path).open("xb") as file:
            if one.path in read:
                file.write(texts[one.blob])
            else:
                # It takes no room where files may have holes.
                file.truncate(one.size)
    return {one.path: one.blob for one in entries if language_of(one.path) is not None}


def read_sources(repository: Path, blobs: Mapping[str, str], paths: Iterable[str]) -> dict[str, bytes]:
    """The content of some of the source files, by path. Raises GitError."""
    wanted = {path: blobs[path] for path in paths}
    found = contents(repository, wanted.values(), asked="read the files of the revision")
    return {path: found[blob] for path, blob in wanted.items()}


def _entries(repository: Path, commit: str) -> Iterator[_Entry]:
    """The regular files of a commit that a scan looks at."""
    for path, told in regular_files(repository, commit, "-l", asked=f"list the files of {commit}"):
        if language_of(path) is not None or _is_read(path):
            yield _Entry(_checked(path), told[2], int(told[3]))


def _is_read(path: str) -> bool:
    place = PurePosixPath(path)
    named = place.name in _READ or path in READMES or is_manifest(place.name) or is_module_setting(place.name)
    return named or (place.parent.name == "requirements" and place.suffix == ".txt")


def _checked(path: str) -> str:
    """The path, which git would have refused to check out if it led elsewhere. Raises GitError."""
    parts = path.replace("\\", "/").split("/") if os.name == "nt" else path.split("/")
    if any(part in {"", ".", ".."} or part.casefold() == ".git" for part in parts):
        raise GitError(f"the tree holds a path that leads out of it: {path!r}")
    return path
