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


def ticket_for(finding: Finding, report: Report) -> Ticket:
    """The ticket that asks for the fix of a finding: its own, or that of its rule."""
    return finding.ticket or ticket_of(finding.code, report)


def by_ticket(report: Report) -> dict[Ticket, list[tuple[Rule, tuple[Finding, ...]]]]:
    """The rules that found something with their findings, grouped by ticket, in the order of the rules."""
    grouped: dict[Ticket, list[tuple[Rule, tuple[Finding, ...]]]] = {}
    for rule, found in report.by_code():
        for ticket in dict.fromkeys(ticket_for(finding, report) for finding in found):
            theirs = tuple(finding for finding in found if ticket_for(finding, report) == ticket)
            grouped.setdefault(ticket, []).append((rule, theirs))
    return grouped


def clean_tickets(report: Report) -> list[Ticket]:
    """The tickets of selected rules of which none found anything, in the order of the rules."""
    open_tickets = {ticket_for(finding, report) for finding in report.findings}
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
