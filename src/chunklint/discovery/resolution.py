"""The settings of bundlers and packages above the scanned files, read for what modules are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from chunklint.discovery.manifests import folders_above
from chunklint.discovery.sources import Source, read_source
from chunklint.semantics.ecmascript.resolution import (
    ENTRY_SETTINGS,
    MANIFEST,
    Aliases,
    Resolution,
    aliases_in,
    neighbours,
    package_in,
    settings_in,
)

# Settings are written by hand, and extend each other a few times.
_MAX_BYTES = 1_000_000
_MOST_FILES = 12


def read_resolution(root: Path, paths: Iterable[str]) -> Resolution:
    """What tsconfig, jsconfig and package.json say in the folders from the given files up to the root."""
    folders = sorted("" if str(folder) == "." else folder.as_posix() for folder in folders_above(paths))
    aliases = tuple(one for folder in folders for one in _aliases_of(root, folder))
    manifests = ((folder, _text(root, _below(folder, MANIFEST))) for folder in folders)
    packages = (package_in(folder, text) for folder, text in manifests if text)
    return Resolution(aliases, tuple(one for one in packages if one is not None))


def _aliases_of(root: Path, folder: str) -> Iterator[Aliases]:
    """What holds in a folder, its own words last: they win over what it extends."""
    pending = [_below(folder, name) for name in ENTRY_SETTINGS]
    seen: list[str] = []
    found: list[Aliases] = []
    while pending and len(seen) < _MOST_FILES:
        path = pending.pop(0)
        if path in seen or path.startswith(("..", "/")):
            continue
        seen.append(path)
        settings = settings_in(_text(root, path))
        said = aliases_in(folder, path, settings)
        if said is not None:
            found.append(said)
        pending.extend(neighbours(path, settings))
    yield from reversed(found)


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _text(root: Path, path: str) -> str:
    if not (root / path).is_file():
        return ""
    source = read_source(root, path, _MAX_BYTES)
    return source.text if isinstance(source, Source) else ""
