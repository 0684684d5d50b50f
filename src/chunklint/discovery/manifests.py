"""The manifests above the scanned files, read for the versions that they pin."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from chunklint.discovery.sources import Source, read_source
from chunklint.discovery.watching import looked_at
from chunklint.semantics.pins import Pin, Pins, is_manifest, pins_in

# A lock file of a large project has some megabytes; what is larger was not written by a package manager.
_MAX_BYTES = 16_000_000

_REQUIREMENTS = "requirements"


def read_pins(root: Path, paths: Iterable[str]) -> Pins:
    """The pins in the manifests of every folder from the given files up to the root."""
    found = {folder: tuple(_pins_of(root, folder)) for folder in folders_above(paths)}
    return Pins({folder: pins for folder, pins in found.items() if pins})


def folders_above(paths: Iterable[str]) -> list[str]:
    """Every folder from the given files up to the root, each before those that it holds; the root is ""."""
    found = {""}
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return sorted(found, key=lambda folder: folder.split("/"))


def below(folder: str, name: str) -> str:
    """The path of what a folder holds."""
    return f"{folder}/{name}" if folder else name


def _pins_of(root: Path, folder: str) -> Iterator[Pin]:
    names = _names_in(root, folder)
    found = _manifests(folder, names)
    if _REQUIREMENTS in names:
        deeper = below(folder, _REQUIREMENTS)
        found += _manifests(deeper, _names_in(root, deeper))
    for manifest in found:
        source = read_source(root, manifest, _MAX_BYTES)
        if isinstance(source, Source):
            yield from pins_in(manifest, source.text)


def _names_in(root: Path, folder: str) -> list[str]:
    place = f"{root}/{folder}"
    looked_at(place)
    try:
        return [] if os.path.islink(place) else os.listdir(place)  # noqa: PTH114, PTH208 - in every folder, so quick
    except OSError:
        return []


def _manifests(folder: str, names: Iterable[str]) -> list[str]:
    """The manifests in a folder, in the order of their names; every text file is one in a folder `requirements`."""
    every = folder.rpartition("/")[2] == _REQUIREMENTS
    wanted = (name for name in names if is_manifest(name) or (every and name.endswith(".txt")))
    return [below(folder, name) for name in sorted(wanted)]
