"""GitLab's Code Quality report: a JSON array that merge requests compare by fingerprint."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from chunklint.model import Finding, Report, Severity
from chunklint.reporters.escaping import well_formed
from chunklint.reporters.style import Style
from chunklint.reporters.summary import shown, ticket_for

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.NOTE: "minor"}


def render(report: Report, style: Style) -> str:
    """One object a finding; `[]` when there is none. The fingerprints have no line numbers in them."""
    return json.dumps([_issue(finding, report) for finding in shown(report, style)], indent=2) + "\n"


def _issue(finding: Finding, report: Report) -> dict[str, Any]:
    span = finding.location.span
    return {
        "description": f"{well_formed(finding.message)} ({ticket_for(finding, report).id})",
        "check_name": finding.code,
        "fingerprint": _fingerprint(finding),
        "severity": _SEVERITIES[finding.severity],
        "location": {
            "path": well_formed(finding.location.path),
            "lines": {"begin": max(span.start_line, 1), "end": max(span.end_line, span.start_line, 1)},
        },
    }


def _fingerprint(finding: Finding) -> str:
    """The path is part of it: GitLab takes equal fingerprints for one issue, and the same code may be in two files."""
    identity = (finding.location.path, finding.code, finding.key)
    return hashlib.sha256("\0".join(identity).encode("utf-8", "surrogatepass")).hexdigest()
