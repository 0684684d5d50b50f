"""Everything the report holds as one JSON object, for programs. Paths are relative to the repository's root."""

from __future__ import annotations

import json
from typing import Any

from chunklint.model import Finding, Fix, Location, Notification, Report, Rule, Span
from chunklint.reporters.escaping import well_formed
from chunklint.reporters.style import Style
from chunklint.reporters.summary import by_ticket, shown, ticket_for


def render(report: Report, style: Style) -> str:
    """One object with `findings`, `notifications` and `summary`; the same report gives the same bytes."""
    rules = {rule.code: rule for rule in report.rules}
    document = {
        "version": style.version,
        "files": report.files,
        "findings": [_finding(finding, rules.get(finding.code), report) for finding in shown(report, style)],
        "notifications": [_notification(note) for note in report.notifications],
        "summary": {
            "findings": len(report.findings),
            "suppressed": sum(1 for finding in report.suppressed if not finding.baselined),
            "baselined": sum(1 for finding in report.suppressed if finding.baselined),
            "by_rule": {rule.code: len(found) for rule, found in report.by_code()},
            "by_ticket": {
                ticket.id: sum(len(found) for _, found in rows) for ticket, rows in by_ticket(report).items()
            },
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Finding, rule: Rule | None, report: Report) -> dict[str, Any]:
    ticket = ticket_for(finding, report)
    return {
        "code": finding.code,
        "name": rule.name if rule else "",
        "severity": str(finding.severity),
        "ticket": {"id": ticket.id, "url": ticket.url},
        **_location(finding.location),
        "message": well_formed(finding.message),
        "effect": rule.effect if rule else "",
        "instead": rule.instead if rule else "",
        "excerpt": [well_formed(row) for row in finding.excerpt],
        "steps": [{**_location(step.location), "text": well_formed(step.text)} for step in finding.steps],
        "related": [{**_location(step.location), "text": well_formed(step.text)} for step in finding.related],
        "key": finding.key,
        "fix": _fix(finding.suggestion.fix) if finding.suggestion else None,
        "suppressed": None if finding.suppressed is None else well_formed(finding.suppressed),
        "baselined": finding.baselined,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": well_formed(fix.title),
        "safe": fix.safe,
        "edits": [{**_span(edit.span), "text": well_formed(edit.text)} for edit in fix.edits],
    }


def _location(location: Location) -> dict[str, Any]:
    return {
        "path": well_formed(location.path),
        **_span(location.span),
        "symbol": well_formed(location.symbol),
    }


def _span(span: Span) -> dict[str, int]:
    return {
        "line": span.start_line,
        "column": span.start_column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _notification(note: Notification) -> dict[str, Any]:
    return {
        "severity": str(note.severity),
        "code": note.code,
        "path": well_formed(note.path),
        "line": note.line,
        "message": well_formed(note.message),
    }
