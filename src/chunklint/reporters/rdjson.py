"""Reviewdog's diagnostic format: `reviewdog -f=rdjson` comments on a pull request, with the fixes as suggestions.

Its columns count UTF-8 bytes. Each suggestion is to be taken or left by itself, and replaces the lines that its comment
is on; so a fix becomes one only where all its edits are near each other, for a part of a fix would be wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from chunklint.fingerprints import excerpt_offset
from chunklint.model import Finding, Hunk, Report, Severity, Suggestion
from chunklint.reporters.escaping import well_formed
from chunklint.reporters.style import Style
from chunklint.reporters.summary import shown, ticket_for

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}

Json = dict[str, Any]


def render(report: Report, style: Style) -> str:
    """One DiagnosticResult; the same report gives the same bytes."""
    diagnostics = [_diagnostic(finding, report) for finding in shown(report, style)]
    return json.dumps({"source": {"name": "chunklint"}, "diagnostics": diagnostics}, indent=2) + "\n"


def _diagnostic(finding: Finding, report: Report) -> Json:
    suggestions = _suggestions(finding.suggestion) if finding.suggestion else []
    return {
        "message": well_formed(_message(finding, ticket_for(finding, report).id, suggested=bool(suggestions))),
        "location": {"path": well_formed(finding.location.path), "range": _range(finding)},
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.code},
        **({"suggestions": suggestions} if suggestions else {}),
    }


def _message(finding: Finding, ticket: str, *, suggested: bool) -> str:
    text = f"{finding.message} ({ticket})"
    if not suggested or finding.suggestion is None:
        return text
    fix = finding.suggestion.fix
    return f"{text} Suggestion: {fix.title}." + ("" if fix.safe else " Read it with care: it is not a safe fix.")


def _range(finding: Finding) -> Json:
    span = finding.location.span
    rows = dict(enumerate(finding.excerpt, start=span.start_line))
    if excerpt_offset(span.start_column):
        rows.pop(span.start_line)
    start, end = (
        _column(rows.get(span.start_line), span.start_column),
        _column(rows.get(span.end_line), span.end_column),
    )
    if start and end:
        return {
            "start": {"line": span.start_line, "column": start},
            "end": {"line": span.end_line, "column": end},
        }
    # Without columns the range is one of whole lines.
    return {"start": {"line": span.start_line}, "end": {"line": span.end_line}}


def _column(row: str | None, column: int) -> int:
    """The column in bytes; 0 when the row of the excerpt does not have all that is before it."""
    if row is None:
        return 0
    before = row[: column - 1]
    if len(before) < column - 1 or (before == row and row.endswith("…")):
        return 0
    return len(before.encode("utf-8", "surrogatepass")) + 1


def _suggestions(suggestion: Suggestion) -> list[Json]:
    if len(suggestion.hunks) != 1:
        return []
    line, before, after = _trimmed(suggestion.hunks[0])
    lines = {"start": {"line": line}, "end": {"line": line + len(before) - 1}}
    return [{"range": lines, "text": well_formed("\n".join(after))}]


def _trimmed(hunk: Hunk) -> tuple[int, Sequence[str], Sequence[str]]:
    """The hunk without unchanged lines at its ends, but with at least one line to replace."""
    line, before, after = hunk.line, hunk.before, hunk.after
    while len(before) > 1 and len(after) > 1 and before[-1] == after[-1]:
        before, after = before[:-1], after[:-1]
    while len(before) > 1 and len(after) > 1 and before[0] == after[0]:
        line, before, after = line + 1, before[1:], after[1:]
    return line, before, after
