"""Questions that several reporters ask of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from chunklint.model import Finding, Report, Rule, Severity, Ticket
from chunklint.reporters.style import Style


def shown(report: Report, style: Style) -> tuple[Finding, ...]:
    """The findings to print, by path, line and column; with `show_suppressed` the silenced ones among them."""
    if not style.show_suppressed:
        return report.findings
    return tuple(sorted((*report.findings, *report.suppressed), key=lambda finding: finding.location))


def ticket_of(code: str, report: Report) -> Ticket:
    """The ticket of a rule, without a page when the report knows none."""
    return report.tickets.get(code, Ticket("no ticket"))


def by_ticket(report: Report) -> dict[Ticket, list[tuple[Rule, tuple[Finding, ...]]]]:
    """The rules that found something with their findings, grouped by ticket, in the order of the rules."""
    grouped: dict[Ticket, list[tuple[Rule, tuple[Finding, ...]]]] = {}
    for rule, found in report.by_code():
        grouped.setdefault(ticket_of(rule.code, report), []).append((rule, found))
    return grouped


def clean_tickets(report: Report) -> list[Ticket]:
    """The tickets of selected rules of which none found anything, in the order of the rules."""
    open_tickets = {ticket_of(finding.code, report) for finding in report.findings}
    return [t for t in dict.fromkeys(ticket_of(r.code, report) for r in report.rules) if t not in open_tickets]


def unjudged(report: Report) -> list[str]:
    """The paths that were not, or not wholly, judged; "" stands for the scan itself."""
    return sorted({note.path for note in report.notifications if note.severity is Severity.ERROR})


def severities(findings: Iterable[Finding]) -> str:
    """How many of each severity, the worst first: "2 errors, 1 note"."""
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(plural(counts[severity], severity) for severity in reversed(Severity) if counts[severity])


def plural(count: int, noun: str) -> str:
    """ "1 file", "2 files"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def sentence(clause: str) -> str:
    """A clause of a rule's head as a sentence; one that starts with code keeps its first letter."""
    stripped = clause.strip()
    return stripped[:1].upper() + stripped[1:] + ("" if stripped.endswith((".", "!", "?")) else ".")
