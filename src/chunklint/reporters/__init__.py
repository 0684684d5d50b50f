"""Ways to print a report. A reporter is a module with `render(report, style) -> str`, imported when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from chunklint.reporters.style import Style

if TYPE_CHECKING:
    from chunklint.model import Report

__all__ = ["REPORTERS", "Style", "render"]

REPORTERS = {
    "text": "chunklint.reporters.text",
    "concise": "chunklint.reporters.concise",
    "json": "chunklint.reporters.json",
    "sarif": "chunklint.reporters.sarif",
    "rdjson": "chunklint.reporters.rdjson",
    "github": "chunklint.reporters.github",
    "gitlab": "chunklint.reporters.gitlab",
    "junit": "chunklint.reporters.junit",
    "markdown": "chunklint.reporters.markdown",
    "html": "chunklint.reporters.html",
}


def render(name: str, report: Report, style: Style) -> str:
    """The report in the named format, with a final newline unless empty. Raises KeyError for an unknown name."""
    rendered: str = import_module(REPORTERS[name]).render(report, style)
    return rendered
