"""Which files and folders a scan looks at, so that a later one can tell whether it would see the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_watchers: list[set[str]] = []


@contextmanager
def watching() -> Iterator[set[str]]:
    """Within the block the set takes up every path that is looked at, in this process."""
    seen: set[str] = set()
    _watchers.append(seen)
    try:
        yield seen
    finally:
        _watchers.remove(seen)


def looked_at(place: Path | str) -> None:
    """Tell the watchers of a folder that was listed, or of a file that was read or might have been there."""
    for seen in _watchers:
        seen.add(os.fspath(place))


def looked_for(root: Path, path: str) -> bool:
    """Whether a regular file lies below the root, links followed.

    Where there is none, the folder is watched in which one would appear: most are looked for in vain, and there are
    fewer folders.
    """
    place = f"{root}/{path}"
    there = os.path.isfile(place)  # noqa: PTH113 - unlike Path.is_file it never raises
    while _watchers and not there and place != os.path.dirname(place) and not os.path.lexists(place):  # noqa: PTH120
        place = os.path.dirname(place)  # noqa: PTH120
    looked_at(place)
    return there
