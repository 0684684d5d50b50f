"""What a whole scan gave, for as long as nothing that it looked at has changed.

A scan looks at folders, ignore files, sources and settings. Where none of them has another size, time or inode than
before, a scan would give the same again, and need not be made: see docs/decisions/0025.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from chunklint.cache import SETTLED_NS, Cache, signature, store_of
from chunklint.discovery import Discovered
from chunklint.engine import Outcome, RuleSet, cache_key
from chunklint.model import Severity
from chunklint.records import record


@record(slots=False)
class Whole:
    """A scan of whole folders.

    Attributes:
        caches: The folder of what is known of roots.
        root: The folder that paths are relative to.
        rules: The rules of the scan.
        asked: Whatever else decides what the scan gives: folders and settings.
        settled_ns: How old everything must be for its times to prove anything.
    """

    caches: Path
    root: Path
    rules: RuleSet
    asked: str
    settled_ns: int = SETTLED_NS

    @cached_property
    def store(self) -> Cache:
        """What is known of the root for these rules. To find out what identifies the rules takes some time."""
        return Cache(self.caches, self.root, cache_key(self.rules), self.settled_ns)


def recalled(scan: Whole) -> tuple[Discovered, Outcome] | None:
    """The files of the same scan and what it gave; None when it is not known, or something has changed."""
    if not store_of(scan.caches, scan.root).exists():
        return None
    known = scan.store.peek(_name_of(scan))
    if known is None:
        return None
    state, seen, files, notes, outcome = known
    if _state(seen)[0] != state:
        return None
    return Discovered(scan.root, files, notes), outcome


def remember(scan: Whole, seen: Iterable[str], began_ns: int, found: Discovered, outcome: Outcome) -> None:
    """Keep what a scan gave that began at a time and looked at some paths.

    What failed may succeed another time, and is not kept. Nor is anything when one of the paths changed shortly before
    the scan or during it: it may have been seen as it was before, and times would not tell.
    """
    notes = (*found.notifications, *outcome.notifications)
    if any(note.severity is Severity.ERROR for note in notes):
        return
    looked_at = tuple(sorted({*seen, *(f"{found.root}/{path}" for path in found.files)}))
    state, latest = _state(looked_at)
    if latest + scan.settled_ns < began_ns:
        scan.store.put(_name_of(scan), (state, looked_at, found.files, found.notifications, outcome))


def _name_of(scan: Whole) -> str:
    """What a scan is called in the store: scans of several folders of one root are kept side by side."""
    return f"scan {hashlib.blake2b(scan.asked.encode('utf-8', 'surrogatepass'), digest_size=12).hexdigest()}"


def _state(paths: Iterable[str]) -> tuple[bytes, int]:
    """What tells the present state of some files and folders from any other, and when the last of them changed."""
    digest = hashlib.blake2b(digest_size=20)
    latest = 0
    for path in paths:
        try:
            status = os.lstat(path)
        except (OSError, ValueError):
            digest.update(b"-\n")
            continue
        latest = max(latest, status.st_mtime_ns, status.st_ctime_ns)
        digest.update(f"{status.st_mode} {signature(status)}\n".encode())
    return digest.digest(), latest
