"""What a reporter may know of the place that its text goes to."""

from __future__ import annotations

from chunklint import __version__
from chunklint.records import record


@record
class Style:
    """How to render.

    Attributes:
        color: Write ANSI colours.
        hyperlinks: Write OSC 8 links.
        width: Columns to wrap prose and crop snippets to.
        statistics: Counts by rule in place of the findings, for people's formats (text, concise).
        show_fixes: Show what each suggestion changes, for people's formats.
        offer_fixes: Say how many findings may have fixes, and how to get them.
        show_suppressed: Include findings that a comment silences, marked as such.
        version: Of chunklint, for formats that name their producer.
    """

    color: bool = False
    hyperlinks: bool = False
    width: int = 100
    statistics: bool = False
    show_suppressed: bool = False
    show_fixes: bool = False
    offer_fixes: bool = False
    version: str = __version__
