"""One finding a line, for grep and editors: `path:line:column: CODE [severity] message (ticket)`."""

from __future__ import annotations

from chunklint.model import Finding, Report
from chunklint.reporters.escaping import escape
from chunklint.reporters.style import Style
from chunklint.reporters.summary import shown, ticket_for


def render(report: Report, style: Style) -> str:
    """The findings one a line, or with `statistics` one line a rule: its count, code and name."""
    if style.statistics:
        rows = [f"{len(found)}\t{rule.code}\t{rule.name}" for rule, found in report.by_code()]
    else:
        rows = [_line(finding, report) for finding in shown(report, style)]
    return "".join(f"{row}\n" for row in rows)


def _line(finding: Finding, report: Report) -> str:
    place, span = finding.location, finding.location.span
    silenced = f" ({escape(finding.silenced)})" if finding.silenced else ""
    return (
        f"{escape(place.path)}:{span.start_line}:{span.start_column}: {finding.code} [{finding.severity}] "
        f"{escape(finding.message)} ({escape(ticket_for(finding, report).id)}){silenced}"
    )
