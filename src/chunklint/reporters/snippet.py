"""The source lines of a finding with their numbers and carets."""

from __future__ import annotations

from chunklint.fingerprints import excerpt_offset
from chunklint.model import Finding
from chunklint.reporters.escaping import escape
from chunklint.reporters.style import Style
from chunklint.reporters.terminal import display_width, paint

_TAB = "    "
_NARROWEST = 40
_LEAD = 20


def snippet(finding: Finding, style: Style) -> list[str]:
    """The excerpt with line numbers, carets under its first line; [] when the finding has no excerpt."""
    if not finding.excerpt:
        return []
    span = finding.location.span
    digits = len(str(span.start_line + len(finding.excerpt) - 1))
    room = max(style.width - digits - 5, _NARROWEST)
    code, carets = _first_line(finding, room)
    rows = [
        _row(str(span.start_line), code, digits, style),
        _row("", paint(carets, finding.severity, style), digits, style),
    ]
    for number, text in enumerate(finding.excerpt[1:], start=span.start_line + 1):
        rows.append(_row(str(number), _crop(_visible(text), room), digits, style))
    if span.start_line + len(finding.excerpt) - 1 < span.end_line and span.end_column > 1:
        rows.append(_row("", paint("...", "faint", style), digits, style))
    return rows


def _row(number: str, text: str, digits: int, style: Style) -> str:
    gutter = paint(f"{number:>{digits}} |", "faint", style)
    return f"  {gutter} {text}".rstrip()


def _first_line(finding: Finding, room: int) -> tuple[str, str]:
    """The first line cropped to the room around the finding, and the carets under it."""
    span, text = finding.location.span, finding.excerpt[0]
    start = min(max(span.start_column - 1 - excerpt_offset(span.start_column), 0), len(text))
    end = len(text)
    if span.end_line == span.start_line:
        end = min(start + max(span.end_column - span.start_column, 1), len(text))
    before, marked, after = _visible(text[:start]), _visible(text[start:end]), _visible(text[end:])
    if display_width(before + marked) > room and display_width(before) > _LEAD:
        before = "..." + before[-_LEAD + 3 :]
    carets = " " * display_width(before) + "^" * max(display_width(marked.rstrip()), 1)
    return _crop(before + marked + after, room), carets[:room]


def _crop(text: str, room: int) -> str:
    if display_width(text) <= room:
        return text
    while display_width(text) > room - 3:
        text = text[: room - 3] if len(text) > room - 3 else text[:-1]
    return text + "..."


def _visible(text: str) -> str:
    return escape(text.replace("\t", _TAB))
