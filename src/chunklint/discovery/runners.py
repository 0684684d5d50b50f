"""The settings of test runners above the scanned files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from chunklint.discovery.manifests import below, folders_above
from chunklint.discovery.sources import read_settings
from chunklint.discovery.watching import looked_for
from chunklint.semantics.testing.collection import MANIFEST, SETTINGS, PytestSettings, settings_in


def read_pytest_settings(root: Path, paths: Iterable[str]) -> tuple[PytestSettings, ...]:
    """What pytest is told in the folders from the given files up to the root: the first settings of each folder.

    A project of its own that says nothing about pytest is there too, without patterns: its tests are run in its folder.
    """
    found = (_settings_of(root, folder) for folder in folders_above(paths))
    return tuple(one for one in found if one is not None)


def _settings_of(root: Path, folder: str) -> PytestSettings | None:
    for name in SETTINGS:
        path = below(folder, name)
        text = read_settings(root, path)
        settings = settings_in(path, text) if text is not None else None
        if settings is not None:
            return settings
    own = below(folder, MANIFEST)
    return PytestSettings(own, (), ()) if looked_for(root, own) else None
