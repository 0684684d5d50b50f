"""What identifies a finding when lines move (GitHub's line hash, our own key) and the excerpt a reader sees."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from chunklint.model import Finding, Span

_BASE = 37
_WINDOW = 100
_MASK = 2**64 - 1
_LEAVING = pow(_BASE, _WINDOW, 2**64)
_END_OF_FILE = "\uffff"
_UTF16 = "utf-16-le" if sys.byteorder == "little" else "utf-16-be"

_EXCERPT_LINES = 8
_EXCERPT_WIDTH = 400
_EXCERPT_LEAD = 80
_KEY_TEXT = 100


def line_hashes(text: str, lines: Collection[int]) -> dict[int, str]:
    """GitHub's `primaryLocationLineHash` of the wanted 1-based lines; lines that the text lacks are left out.

    `text` is the whole file, decoded as UTF-8 with replacement, its byte order mark (if any) kept as U+FEFF.
    A line's hash covers the 100 UTF-16 units from its start on, blanks and tabs not counted; the suffix numbers
    equal hashes in file order, which is why every line up to the last wanted one is hashed.
    """
    wanted = {line for line in lines if line > 0}
    if not wanted:
        return {}
    stream = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    rows = stream.split("\n")
    last = min(max(wanted), len(rows))
    starts = list(accumulate((_utf16_length(row) + 1 for row in rows[: last - 1]), initial=0))
    seen: Counter[int] = Counter()
    hashes: dict[int, str] = {}
    for line, value in enumerate(_window_hashes(stream, starts), start=1):
        seen[value] += 1
        if line in wanted:
            hashes[line] = f"{value:x}:{seen[value]}"
    return hashes


def _utf16_length(row: str) -> int:
    return len(row) if row.isascii() else len(row.encode(_UTF16, "surrogatepass")) // 2


def _window_hashes(stream: str, starts: Sequence[int]) -> list[int]:
    """The polynomial hash of the 100 units from each start on: the difference of two prefix hashes.

    A prefix hash may begin anywhere before the windows that use it. So where more than a window's length lies
    between two marks, no window is open and the units in between (the rest of a minified line) are skipped.
    """
    padded = stream + _END_OF_FILE + "\0" * _WINDOW
    units = memoryview(padded.encode(_UTF16, "surrogatepass")).cast("H")
    prefix: dict[int, int] = {}
    value, position = 0, 0
    for mark in sorted({*starts, *(start + _WINDOW for start in starts)}):
        for unit in units[max(position, mark - _WINDOW) : mark]:
            value = (value * _BASE + unit) & _MASK
        prefix[mark], position = value, mark
    return [(prefix[start + _WINDOW] - _LEAVING * prefix[start]) & _MASK for start in starts]


def complete(findings: Iterable[Finding], text: str, *, is_utf8: bool = True) -> tuple[Finding, ...]:
    """The findings of one file, in the order given, with `excerpt`, `line_hash` and `key` from its text.

    A file in another encoding gets no line hash: GitHub would read its bytes as UTF-8 and find another.

    Give all findings of the file at once, suppressed ones too: the ordinal that tells identical ones apart is
    counted over them in file order.
    """
    found = tuple(findings)
    rows = text.removeprefix("\ufeff").split("\n")
    hashes = line_hashes(text, {finding.location.span.start_line for finding in found}) if is_utf8 else {}
    ordinals: Counter[tuple[str, str, str]] = Counter()
    done: dict[int, Finding] = {}
    for index in sorted(range(len(found)), key=lambda index: found[index].location):
        finding = found[index]
        span = finding.location.span
        identity = (finding.code, finding.location.symbol, _key_text(span, rows))
        done[index] = replace(
            finding,
            excerpt=_excerpt(span, rows),
            line_hash=hashes.get(span.start_line, ""),
            key=_digest(*identity, str(ordinals[identity])),
        )
        ordinals[identity] += 1
    return tuple(done[index] for index in range(len(found)))


def _key_text(span: Span, rows: Sequence[str]) -> str:
    """The first 100 characters of the finding's own lines without white space.

    The start line alone is often no more than `op.execute(`, and then the ordinal decides everything; the
    whole span would make a finding about a long function new with every edit. White space goes, so that
    reformatting is no edit.
    """
    squeezed = ""
    for row in _lines(span, rows):
        squeezed += "".join(row[: _EXCERPT_WIDTH * 10].split())
        if len(squeezed) >= _KEY_TEXT:
            break
    return squeezed[:_KEY_TEXT]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def excerpt_offset(start_column: int) -> int:
    """How many characters an excerpt leaves out at the left of its first line to keep the finding in sight."""
    return max(0, start_column - 1 - _EXCERPT_LEAD) if start_column > _EXCERPT_WIDTH - _EXCERPT_LEAD else 0


def _excerpt(span: Span, rows: Sequence[str]) -> tuple[str, ...]:
    offset = excerpt_offset(span.start_column)
    return tuple(_clip(row, 0 if number else offset) for number, row in enumerate(_lines(span, rows)))


def _lines(span: Span, rows: Sequence[str]) -> list[str]:
    """The first lines of the span without their ends; a line that the span only borders on is not one of them."""
    first = max(span.start_line, 1)
    last = span.end_line - 1 if span.end_column == 1 else span.end_line
    shown = rows[first - 1 : min(max(last, first), first - 1 + _EXCERPT_LINES)]
    return [row.removesuffix("\r") for row in shown]


def _clip(row: str, offset: int) -> str:
    shown = row[offset : offset + _EXCERPT_WIDTH]
    if offset:
        shown = "…" + shown[1:]
    if len(row) > offset + _EXCERPT_WIDTH:
        shown = shown[:-1] + "…"
    return shown
