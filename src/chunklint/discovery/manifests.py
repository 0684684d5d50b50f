"""The manifests above the scanned files, read for the versions that they pin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from chunklint.discovery.sources import Source, read_source
from chunklint.semantics.pins import Pin, Pins, is_manifest, pins_in

# A lock file of a large project has some megabytes; what is larger was not written by a package manager.
_MAX_BYTES = 16_000_000


def read_pins(root: Path, paths: Iterable[str]) -> Pins:
    """The pins in the manifests of every folder from the given files up to the root."""
    found = {name_of(folder): tuple(_pins_of(root, folder)) for folder in sorted(folders_above(paths))}
    return Pins({folder: pins for folder, pins in found.items() if pins})


def folders_above(paths: Iterable[str]) -> set[PurePosixPath]:
    """Every folder from the given files up to the root."""
    nearest = {PurePosixPath(path.rpartition("/")[0]) for path in paths}
    return {folder for near in nearest for folder in (near, *near.parents)}


def name_of(folder: PurePosixPath) -> str:
    """A folder as the beginning of paths names it: "" for the root."""
    return "" if folder == PurePosixPath() else str(folder)


def _pins_of(root: Path, folder: PurePosixPath) -> Iterator[Pin]:
    for manifest in (*_manifests(root, folder), *_manifests(root, folder / "requirements")):
        source = read_source(root, manifest, _MAX_BYTES)
        if isinstance(source, Source):
            yield from pins_in(manifest, source.text)


def _manifests(root: Path, folder: PurePosixPath) -> list[str]:
    """The manifests in a folder, in the order of their names; every text file is one in a folder `requirements`."""
    home = root / folder
    if home.is_symlink():
        return []
    try:
        entries = [entry.name for entry in home.iterdir()]
    except OSError:
        return []
    every = folder.name == "requirements"
    names = (name for name in entries if is_manifest(name) or (every and name.endswith(".txt")))
    return [(folder / name).as_posix() for name in sorted(names)]
