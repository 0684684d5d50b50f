"""The report for people: what is wrong where, with the source under it, why, what to do, whose ticket."""

from __future__ import annotations

import textwrap

from chunklint.editing import rows as diff_rows
from chunklint.languages import language_of
from chunklint.model import Finding, Location, Notification, Report, Rule, Step, Suggestion
from chunklint.reporters.escaping import escape, web_address
from chunklint.reporters.snippet import snippet
from chunklint.reporters.style import Style
from chunklint.reporters.summary import (
    by_ticket,
    clean_tickets,
    plural,
    sentence,
    severities,
    shown,
    ticket_for,
    unjudged,
)
from chunklint.reporters.terminal import file_url, link, paint

_MARKS = {"-": "error", "+": "good"}

_LABEL = 9  # the widest label, "instead", and two blanks
_NARROWEST = 40


def render(report: Report, style: Style) -> str:
    """Every finding as a block of its own, then the summary; with `statistics` the summary alone."""
    rules = {rule.code: rule for rule in report.rules}
    findings = () if style.statistics else shown(report, style)
    blocks = [_finding(finding, rules.get(finding.code), report, style) for finding in findings]
    return "\n\n".join([*blocks, _summary(report, style)]) + "\n"


def notice(note: Notification, style: Style) -> str:
    """One line about the scan itself, for stderr."""
    where = f"{escape(note.path)}:{note.line}: " if note.path else ""
    return f"{where}{paint(note.severity, note.severity, style)}: {escape(note.message)}"


def _finding(finding: Finding, rule: Rule | None, report: Report, style: Style) -> str:
    name = f" {rule.name}" if rule else ""
    ticket = ticket_for(finding, report)
    head = (
        f"{_place(finding.location, report, style)}: {paint(finding.severity, finding.severity, style)} "
        f"{paint(f'{finding.code}{name}', 'strong', style)}"
    )
    if finding.silenced:
        head += paint(f" ({escape(finding.silenced)})", "faint", style)
    source = snippet(finding, style)
    rows = [head, *_wrapped(escape(finding.message), "  ", style), *(["", *source, ""] if source else [])]
    if rule:
        rows += _labelled("why", escape(sentence(rule.effect)), style)
        rows += _labelled("instead", escape(sentence(rule.instead)), style)
    if style.show_fixes and finding.suggestion:
        rows += _fix(finding.suggestion, style)
    rows += _stops("path", finding.steps, report, style, numbered=True)
    rows += _stops("see", finding.related, report, style, numbered=False)
    rows.append(_label("ticket", style) + link(escape(ticket.id), web_address(ticket.url), style))
    return "\n".join(rows)


def _place(location: Location, report: Report, style: Style) -> str:
    span = location.span
    label = paint(escape(location.path), "strong", style) + f":{span.start_line}:{span.start_column}"
    return link(label, file_url(report.root, location.path), style)


def _stops(title: str, steps: tuple[Step, ...], report: Report, style: Style, *, numbered: bool) -> list[str]:
    """Places with a word on each: the label stands at the first, the others line up below it."""
    rows = []
    for number, step in enumerate(steps, start=1):
        label = _label(title, style) if number == 1 else " " * (_LABEL + 2)
        ordinal = f"{number}. " if numbered else ""
        rows.append(f"{label}{ordinal}{_place(step.location, report, style)}  {escape(step.text)}")
    return rows


def _fix(suggestion: Suggestion, style: Style) -> list[str]:
    """What the fix does, and its diff."""
    fix = suggestion.fix
    rows = _labelled("fix", escape(f"{fix.title}{'' if fix.safe else ' (not safe; --unsafe-fixes)'}"), style)
    digits = max(len(str(hunk.line + len(hunk.before))) for hunk in suggestion.hunks)
    for number, hunk in enumerate(suggestion.hunks):
        rows.append(f"  {paint('...'.rjust(digits), 'faint', style)}" if number else "")
        for mark, line, text in diff_rows(hunk):
            gutter = paint(f"{line or '':>{digits}} |", "faint", style)
            code = escape(f"{mark} {text}".rstrip().replace("\t", "    "))
            rows.append(f"  {gutter} {paint(code, _MARKS[mark], style) if mark in _MARKS else code}".rstrip())
    return [*rows, ""]


def _labelled(label: str, text: str, style: Style) -> list[str]:
    first, *rest = _wrapped(text, " " * (_LABEL + 2), style)
    return [_label(label, style) + first.lstrip(), *rest]


def _label(label: str, style: Style) -> str:
    return "  " + paint(label, "faint", style) + " " * (_LABEL - len(label))


def _wrapped(text: str, indent: str, style: Style) -> list[str]:
    return textwrap.wrap(
        text,
        width=max(style.width, _NARROWEST),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [indent]


def _summary(report: Report, style: Style) -> str:
    rows = [_verdict(report, style), *_table(report, style)]
    clean = clean_tickets(report)
    if report.findings and clean:
        rows += ["", *_wrapped(f"Nothing found for {', '.join(escape(ticket.id) for ticket in clean)}.", "", style)]
    fixable = _fixable(report) if style.offer_fixes else 0
    if fixable:
        rows += [
            "",
            f"Fixes may exist for {plural(fixable, 'finding')}: --diff shows them, --fix makes those that are safe.",
        ]
    return "\n".join(rows)


def _fixable(report: Report) -> int:
    """How many findings are of rules that can fix in their language. To know which they can takes making the fixes."""
    fixed = {(rule.code, fixer.language) for rule in report.rules for fixer in rule.fixers}
    languages = ((one.code, language_of(one.location.path)) for one in report.findings)
    return sum(1 for code, language in languages if language is not None and (code, language.name) in fixed)


def _verdict(report: Report, style: Style) -> str:
    known = sum(1 for finding in report.suppressed if finding.baselined)
    kinds = {"suppressed": len(report.suppressed) - known, "in the baseline": known}
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    silenced = f" ({counts})" if counts else ""
    failed = unjudged(report)
    but = f" Incomplete: {_failures(failed)}." if failed else ""
    if not report.files:
        return paint(f"Nothing was scanned.{but}", "warning", style)
    if not report.findings and not failed:
        return paint(f"All clean: {plural(report.files, 'file')}, no findings{silenced}.", "good", style)
    if not report.findings:
        return paint(f"No findings in {plural(report.files, 'file')}{silenced}.{but}", "warning", style)
    places = len({finding.location.path for finding in report.findings})
    return paint(
        f"{plural(len(report.findings), 'finding')} in {places} of {plural(report.files, 'file')}{silenced}: "
        f"{severities(report.findings)}.{but}",
        "strong",
        style,
    )


def _failures(paths: list[str]) -> str:
    """What kept the scan from being complete: files, or the scan itself."""
    files = [path for path in paths if path]
    return f"{plural(len(files), 'file')} could not be judged" if files else "a part of the scan failed"


def _table(report: Report, style: Style) -> list[str]:
    """Counts by ticket, and under each ticket by rule."""
    groups = by_ticket(report)
    if not groups:
        return []
    names = [f"{rule.code} {rule.name}" for rows in groups.values() for rule, _ in rows]
    wide = max(2 + max(map(len, names)), *(len(escape(ticket.id)) for ticket in groups)) + 2
    table = [""]
    for ticket, rows in groups.items():
        total = sum(len(found) for _, found in rows)
        label = escape(ticket.id)
        shown_label = link(paint(label, "strong", style), web_address(ticket.url), style)
        table.append(f"  {shown_label}{' ' * (wide - len(label))}{total:>5}")
        table += [
            f"    {f'{rule.code} {rule.name}':<{wide - 2}}{len(found):>5}  {severities(found)}" for rule, found in rows
        ]
    return table
