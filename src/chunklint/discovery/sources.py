"""A file's bytes become text, or the reason why they do not."""

from __future__ import annotations

import codecs
import errno
import os
import re
import stat
from dataclasses import replace
from pathlib import Path

from chunklint.discovery.watching import looked_at, looked_for
from chunklint.languages import language_of
from chunklint.model import Notification, Severity
from chunklint.records import record

# Hand-written code stays far below; a bundle or a data dump far above. Small files may be one long honest line.
_MINIFIED_LINE = 500
_MINIFIED_BYTES = 20_000

# PEP 263 as CPython reads it.
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK_OR_COMMENT = re.compile(rb"^[ \t\f]*(?:#.*)?\r?$")

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_HEAD_LINES = 5

# Settings are written by hand.
_MOST_OF_SETTINGS = 1_000_000
_COMMENT_LINE = re.compile(r"^\s*(?:#|//|/\*|\*|--|\"\"\"|''')")


@record
class Source:
    """A file's text.

    Attributes:
        text: With its line ends and with a UTF-8 byte order mark kept as U+FEFF, so that offsets are the file's own.
        notifications: What the reader must know of how it was read.
        skipped: Why the file should not be judged ("generated", ...); "" when it should.
        is_utf8: Whether the text is the bytes read as UTF-8, which is how GitHub reads every file.
        encoding: What the bytes were read as; where something could not be decoded, it does not give them back.
    """

    text: str
    notifications: tuple[Notification, ...] = ()
    skipped: str = ""
    is_utf8: bool = True
    encoding: str = "utf-8"


def read_source(root: Path, path: str, max_bytes: int) -> Source | Notification:
    """The text of a file; see `read_bytes`."""
    data = read_bytes(root, path, max_bytes)
    return data if isinstance(data, Notification) else decode(data, path)


def read_settings(root: Path, path: str) -> str | None:
    """The text of a file of settings below the root; None when there is none that can be read."""
    if not looked_for(root, path):
        return None
    source = read_source(root, path, _MOST_OF_SETTINGS)
    return source.text if isinstance(source, Source) else None


def read_bytes(root: Path, path: str, max_bytes: int) -> bytes | Notification:
    """Read a regular file of at most `max_bytes` below the root; a notification says why it could not be read.

    Links are not followed and a FIFO does not block, whatever took the file's place since it was discovered.
    """
    place = f"{root}/{path}"
    looked_at(place)
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        handle = os.open(place, flags)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return Notification(path, "Skipped: not a regular file.", Severity.NOTE)
            data = file.read(max_bytes + 1)
    except OSError as error:
        return _unreadable(path, error)
    if len(data) > max_bytes:
        return Notification(path, f"Skipped: over the limit of {max_bytes} bytes (max-file-size).", Severity.NOTE)
    return data


def _unreadable(path: str, error: OSError) -> Notification:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return Notification(path, "The file vanished during the scan; it was not judged.", Severity.ERROR)
        case errno.ELOOP:
            return Notification(path, "Skipped: a symbolic link, not a regular file.", Severity.NOTE)
        case errno.EISDIR | errno.ENXIO:
            return Notification(path, "Skipped: not a regular file.", Severity.NOTE)
    reason = error.strerror or type(error).__name__
    return Notification(path, f"The file cannot be read ({reason}); it was not judged.", Severity.ERROR)


def decode(data: bytes, path: str) -> Source:
    """The text of a file's bytes: UTF-16 and UTF-32 by their mark, Python by its cookie, all else UTF-8."""
    wide = next((name for mark, name in _BOMS if data.startswith(mark)), None)
    if wide is None and b"\0" in data:
        note = Notification(path, "Skipped: it holds NUL bytes, so it is binary.", Severity.NOTE)
        return Source("", (note,), "binary")
    source = _decode_as(data, wide, path) if wide is not None else _decode_narrow(data, path)
    if _is_minified(data):
        note = Notification(path, f"Skipped: minified, its lines average over {_MINIFIED_LINE} bytes.", Severity.NOTE)
        return Source(source.text, (note,), "minified")
    if _says_generated(source.text):
        return Source(source.text, (), "generated")
    return source


def _decode_narrow(data: bytes, path: str) -> Source:
    language = language_of(path)
    declared = _cookie(data) if language is not None and language.name == "python" else None
    if declared is None or data.startswith(codecs.BOM_UTF8):
        return _decode_as(data, "utf-8", path)
    line, name = declared
    if not _reads_ascii(name):
        source = _decode_as(data, "utf-8", path)
        note = Notification(path, f"Read as UTF-8: {name!r} is no encoding of text.", Severity.NOTE, line)
        return replace(source, notifications=(note, *source.notifications))
    return _decode_as(data, name, path)


def _decode_as(data: bytes, encoding: str, path: str) -> Source:
    try:
        return Source(data.decode(encoding), is_utf8=encoding == "utf-8", encoding=encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    note = Notification(
        path, f"Not valid {encoding.upper()}: what cannot be decoded was read as U+FFFD.", Severity.NOTE, line
    )
    return Source(data.decode(encoding, "replace"), (note,), is_utf8=encoding == "utf-8", encoding=encoding)


def _cookie(data: bytes) -> tuple[int, str] | None:
    """The line and the name of the encoding that a Python file declares."""
    for number, line in enumerate(data.split(b"\n", 2)[:2], 1):
        if found := _COOKIE.match(line):
            return number, found[1].decode("ascii", "replace")
        if not _BLANK_OR_COMMENT.match(line):
            return None
    return None


def _reads_ascii(encoding: str) -> bool:
    """Whether an encoding is one of text that extends ASCII, as every Python source encoding does.

    Others would change the program (unicode_escape), unpack it (zlib) or take quadratic time (punycode).
    """
    probe = "\\x41 +AGE- xn--a-b #"
    try:
        return probe.encode("ascii").decode(encoding) == probe
    except (LookupError, ValueError):
        return False


def _is_minified(data: bytes) -> bool:
    return len(data) > _MINIFIED_BYTES and len(data) / (data.count(b"\n") + 1) > _MINIFIED_LINE


def _says_generated(text: str) -> bool:
    """Whether the first lines, in a comment, say that a program wrote the file and nobody should edit it."""
    head = text.removeprefix("\ufeff").split("\n", _HEAD_LINES)[:_HEAD_LINES]
    said = "\n".join(line for line in head if _COMMENT_LINE.match(line))
    lowered = said.lower()
    return "@generated" in said or ("do not edit" in lowered and "generated" in lowered)
