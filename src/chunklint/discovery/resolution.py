"""The settings of bundlers and packages above the scanned files, read for what modules are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from chunklint.discovery.manifests import below, folders_above
from chunklint.discovery.sources import read_settings
from chunklint.semantics.ecmascript.resolution import (
    BUNDLER_SETTINGS,
    ENTRY_SETTINGS,
    MANIFEST,
    Aliases,
    Resolution,
    aliases_in,
    bundler_aliases_in,
    neighbours,
    package_in,
    settings_in,
)
from chunklint.semantics.ecmascript.templates import READMES, is_copied

# Settings extend each other a few times.
_MOST_FILES = 12


def read_resolution(root: Path, paths: Iterable[str]) -> Resolution:
    """What tsconfig, jsconfig, bundlers and package.json say in the folders from the given files up to the root.

    The README is read at the root alone: those of folders are often what scaffolding left behind.
    """
    folders = sorted(folders_above(paths))
    aliases = tuple(one for folder in folders for one in _aliases_of(root, folder))
    manifests = ((folder, read_settings(root, below(folder, MANIFEST))) for folder in folders)
    packages = (package_in(folder, text) for folder, text in manifests if text is not None)
    readme = next((text for name in READMES if (text := read_settings(root, name)) is not None), "")
    return Resolution(aliases, tuple(one for one in packages if one is not None), is_copied(readme))


def _aliases_of(root: Path, folder: str) -> Iterator[Aliases]:
    """What holds in a folder, its own words last: they win over what it extends, and that over the bundler."""
    bundlers = (read_settings(root, below(folder, name)) for name in BUNDLER_SETTINGS)
    yield from filter(None, (bundler_aliases_in(folder, text) for text in bundlers if text is not None))
    pending = [below(folder, name) for name in ENTRY_SETTINGS]
    seen: list[str] = []
    found: list[Aliases] = []
    while pending and len(seen) < _MOST_FILES:
        path = pending.pop(0)
        if path in seen or path.startswith(("..", "/")):
            continue
        seen.append(path)
        settings = settings_in(read_settings(root, path) or "")
        said = aliases_in(folder, path, settings)
        if said is not None:
            found.append(said)
        pending.extend(neighbours(path, settings))
    yield from reversed(found)
