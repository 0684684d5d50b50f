"""Which files to scan, and what they say. The scanned tree is untrusted: nothing here runs it or hangs on it."""

from __future__ import annotations

from chunklint.discovery.sources import Source, decode, read_source
from chunklint.discovery.staging import StagingError, staged
from chunklint.discovery.walk import Discovered, MissingPath, discover, keep, root_of

__all__ = [
    "Discovered",
    "MissingPath",
    "Source",
    "StagingError",
    "decode",
    "discover",
    "keep",
    "read_source",
    "root_of",
    "staged",
]
