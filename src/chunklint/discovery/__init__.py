"""Which files to scan, and what they say. The scanned tree is untrusted: nothing here runs it or hangs on it."""

from __future__ import annotations

from chunklint.discovery.changes import Changes, changes, merged, tree
from chunklint.discovery.git import GitError, is_tracked
from chunklint.discovery.manifests import read_pins
from chunklint.discovery.resolution import read_resolution
from chunklint.discovery.runners import read_pytest_settings
from chunklint.discovery.sources import Source, decode, read_bytes, read_source
from chunklint.discovery.staging import staged
from chunklint.discovery.walk import Discovered, MissingPath, discover, keep, root_of
from chunklint.discovery.watching import watching

__all__ = [
    "Changes",
    "Discovered",
    "GitError",
    "MissingPath",
    "Source",
    "changes",
    "decode",
    "discover",
    "is_tracked",
    "keep",
    "merged",
    "read_bytes",
    "read_pins",
    "read_pytest_settings",
    "read_resolution",
    "read_source",
    "root_of",
    "staged",
    "tree",
    "watching",
]
