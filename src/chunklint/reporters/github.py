"""Annotations of a GitHub workflow run (`::error file=...::message`). A step shows at most ten of each level."""

from __future__ import annotations

from chunklint.model import Finding, Notification, Report, Severity
from chunklint.reporters.escaping import escape
from chunklint.reporters.style import Style
from chunklint.reporters.summary import sentence, ticket_for

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report, style: Style) -> str:
    """One workflow command for each notification that matters and each finding. Suppressed ones have no place here."""
    advice = {rule.code: (rule.name, rule.instead) for rule in report.rules}
    notices = [_notice(note) for note in report.notifications if note.severity is not Severity.NOTE]
    return "".join(f"{row}\n" for row in notices + [_annotation(f, report, advice) for f in report.findings])


def _annotation(finding: Finding, report: Report, advice: dict[str, tuple[str, str]]) -> str:
    span = finding.location.span
    name, instead = advice.get(finding.code, ("", ""))
    where = {"file": finding.location.path, "line": str(span.start_line), "endLine": str(span.end_line)}
    if span.start_line == span.end_line:  # GitHub refuses columns of regions that span lines.
        where |= {"col": str(span.start_column), "endColumn": str(span.end_column)}
    where["title"] = escape(f"{finding.code} {name} ({ticket_for(finding, report).id})")
    text = "\n".join([escape(finding.message), *([f"Instead: {escape(sentence(instead))}"] if instead else [])])
    return _command(_COMMANDS[finding.severity], where, text)


def _notice(note: Notification) -> str:
    where = {"file": note.path, "line": str(max(note.line, 1))} if note.path else {}
    return _command(_COMMANDS[note.severity], where | {"title": "chunklint"}, escape(note.message))


def _command(name: str, properties: dict[str, str], text: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(text)}"


def _data(text: str) -> str:
    """The text as a command's data. Its own line ends survive as %0A; other control characters must be gone."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    # A path keeps its line ends, encoded, because GitHub must find the file by it.
    kept = "".join(c if c in "\r\n" else escape(c) for c in text)
    return _data(kept).replace(":", "%3A").replace(",", "%2C")
