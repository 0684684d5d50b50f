"""Colours and links of a terminal, and whether to use them.

The few ANSI sequences needed are written by hand: importing rich's console costs 35 to 55 ms here, more than click,
and every scan of one file from a pre-commit hook would pay it.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from chunklint.reporters.style import Style

_LOOKS = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "good": "1;32",
    "strong": "1",
    "faint": "2",
}


def wants_color(flag: bool | None, environ: Mapping[str, str], isatty: bool) -> bool:
    """Whether to colour: the flag, then NO_COLOR, then FORCE_COLOR or CLICOLOR_FORCE, then the terminal.

    A variable that is set but empty counts as unset, and "0" forces nothing.
    """
    if flag is not None:
        return flag
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in {"", "0"} for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return isatty and environ.get("TERM") != "dumb"


def wants_hyperlinks(color: bool, environ: Mapping[str, str], isatty: bool) -> bool:
    """Whether to write OSC 8 links: only where colour is on, on a terminal, and not in a CI log."""
    return color and isatty and environ.get("TERM") != "dumb" and not environ.get("CI")


def paint(text: str, look: str, style: Style) -> str:
    """The text in a named look; plain when the style has no colour."""
    return f"\x1b[{_LOOKS[look]}m{text}\x1b[0m" if style.color and text else text


def link(label: str, target: str, style: Style) -> str:
    """The label as an OSC 8 link to a URL; plain when the style has no links or there is no target."""
    if not style.hyperlinks or not target:
        return label
    return f"\x1b]8;;{target}\x1b\\{label}\x1b]8;;\x1b\\"


def file_url(root: str, path: str) -> str:
    """The file:// URL of a path below the root."""
    return "file://" + quote(f"{root}/{path}".replace("\\", "/"), safe="/:", errors="replace")


def display_width(text: str) -> int:
    """How many terminal columns a printable text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)
