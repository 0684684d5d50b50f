"""Markdown for a job summary or a comment: the verdict, the tickets, and the findings under each."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chunklint.model import Finding, Report, Ticket
from chunklint.reporters.escaping import escape, web_address
from chunklint.reporters.style import Style
from chunklint.reporters.summary import by_ticket, clean_tickets, plural, severities, shown, ticket_for, unjudged

# GitHub refuses a step summary above 1 MiB whole.
_MOST_BYTES = 900_000

_SPECIAL = re.compile(r"([\\`*_\[\]#|~])")


def render(report: Report, style: Style) -> str:
    """The whole report; findings beyond what a job summary may hold are counted at the end, not dropped unsaid."""
    head = "\n\n".join(section for section in (_verdict(report), _table(report), _clean(report)) if section) + "\n"
    rows = list(_rows(report, style))
    kept, size = 0, len(head.encode())
    for row in rows:
        size += len(row.encode()) + 1
        if size > _MOST_BYTES:
            break
        kept += 1
    left = sum(1 for row in rows[kept:] if row.startswith("- "))
    more = f"\n{left} further findings did not fit; another output format has them all.\n" if left else ""
    return head + "".join(f"{row}\n" for row in rows[:kept]) + more


def _verdict(report: Report) -> str:
    failed = unjudged(report)
    but = f" **Incomplete:** {len(failed)} of them could not be judged." if failed else ""
    if not report.findings:
        return f"## chunklint: no findings\n\n{plural(report.files, 'file')} scanned.{but}"
    counts = f"{plural(len(report.findings), 'finding')}: {severities(report.findings)}"
    return f"## chunklint: {counts}\n\n{plural(report.files, 'file')} scanned.{but}"


def _table(report: Report) -> str:
    groups = by_ticket(report)
    if not groups:
        return ""
    rows = [
        f"| {_ticket(ticket)} | {rule.code} {text(rule.name)} | {len(found)} | {severities(found)} |"
        for ticket, rules in groups.items()
        for rule, found in rules
    ]
    return "\n".join(["| ticket | rule | findings | |", "|---|---|--:|---|", *rows])


def _clean(report: Report) -> str:
    clean = clean_tickets(report)
    return f"Nothing found for {', '.join(_ticket(ticket) for ticket in clean)}." if clean and report.findings else ""


def _rows(report: Report, style: Style) -> Iterator[str]:
    """The findings under a heading a ticket."""
    findings = shown(report, style)
    for ticket in dict.fromkeys(ticket_for(finding, report) for finding in findings):
        yield f"\n### {_ticket(ticket)}\n"
        for finding in findings:
            if ticket_for(finding, report) == ticket:
                yield _finding(finding)


def _finding(finding: Finding) -> str:
    place = f"{finding.location.path}:{finding.location.span.start_line}"
    silenced = f" _({text(finding.silenced)})_" if finding.silenced else ""
    return f"- **{finding.severity}** {code(place)} {text(finding.message)} ({finding.code}){silenced}"


def _ticket(ticket: Ticket) -> str:
    url = web_address(ticket.url)
    return f"[{text(ticket.id)}](<{url}>)" if url else text(ticket.id)


def text(words: str) -> str:
    """A message as Markdown: its `names` stay code, everything else is shown as it is and does nothing."""
    parts = escape(words).split("`")
    if len(parts) % 2 == 0:
        return _plain(escape(words))
    return "".join(code(part) if index % 2 else _plain(part) for index, part in enumerate(parts))


def code(words: str) -> str:
    """A code span whose fence is longer than any in the words. A bar in it would end a table's cell."""
    shown_words = escape(words)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown_words)), default=0))
    pad = " " if shown_words.startswith("`") or shown_words.endswith("`") or not shown_words else ""
    return f"{fence}{pad}{shown_words}{pad}{fence}"


def _plain(words: str) -> str:
    shielded = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", shielded)
