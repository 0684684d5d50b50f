"""The list of the page: a section a ticket, in it a disclosure a finding with its code, path and advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from chunklint.editing import rows as diff_rows
from chunklint.fingerprints import excerpt_offset
from chunklint.model import Finding, Location, Report, Rule, Span, Step, Suggestion, Ticket
from chunklint.reporters.escaping import web_address
from chunklint.reporters.html.markup import Markup, element, joined, prose
from chunklint.reporters.summary import sentence, severities, ticket_for, ticket_of

_TAB = "    "

# As many findings as fit a few screens with their code open; a longer list starts as an overview.
_MOST_OPEN = 12


def sections(findings: Sequence[Finding], report: Report) -> Markup:
    """The findings by ticket, in the order of the rules; each is numbered by its place in the order given."""
    rules = {rule.code: rule for rule in report.rules}
    numbers = {id(finding): number for number, finding in enumerate(findings, start=1)}
    return joined(
        (
            _section(anchor(number), ticket, found, [numbers[id(finding)] for finding in found], rules, report)
            for number, (ticket, found) in enumerate(grouped(findings, report).items(), start=1)
        ),
        "\n",
    )


def anchor(number: int) -> str:
    """The id of the section of the n-th ticket that found something."""
    return f"ticket-{number}"


def grouped(findings: Iterable[Finding], report: Report) -> dict[Ticket, list[Finding]]:
    """The findings by ticket: tickets in the order of the rules, those of unknown rules after them."""
    found: dict[Ticket, list[Finding]] = {ticket_of(rule.code, report): [] for rule in report.rules}
    for finding in findings:
        found.setdefault(ticket_for(finding, report), []).append(finding)
    return {ticket: theirs for ticket, theirs in found.items() if theirs}


def ticket_link(ticket: Ticket) -> Markup:
    """The ticket's id, as a link where it has a page."""
    url = web_address(ticket.url)
    return element("a", ticket.id, href=url, rel="noreferrer") if url else element("span", ticket.id)


def _section(
    name: str,
    ticket: Ticket,
    findings: Sequence[Finding],
    numbers: Sequence[int],
    rules: Mapping[str, Rule],
    report: Report,
) -> Markup:
    heading = element("h2", ticket_link(ticket), id=f"{name}-title")
    head = element("header", heading, element("p", severities(findings), class_="count"))
    is_open = len(report.findings) <= _MOST_OPEN
    items = joined(
        (
            _finding(number, finding, rules.get(finding.code), ticket, is_open=is_open)
            for number, finding in zip(numbers, findings, strict=True)
        ),
        "\n",
    )
    return element(
        "section",
        head,
        element("div", Markup("\n"), items, class_="items"),
        id=name,
        class_="group",
        aria_labelledby=f"{name}-title",
        data_key=ticket.id,
    )


def _finding(number: int, finding: Finding, rule: Rule | None, ticket: Ticket, *, is_open: bool) -> Markup:
    place = finding.location
    label = f"{finding.code} {rule.name}" if rule else finding.code
    line = [
        element("span", _place(place), class_="place"),
        element("span", label, class_="of-rule"),
        element("span", ticket.id, class_="of-ticket"),
        *([element("span", finding.silenced, class_="silenced")] if finding.silenced else []),
    ]
    summary = element(
        "summary",
        element("span", str(finding.severity), class_=f"severity {finding.severity}"),
        element("span", prose(finding.message), class_="message"),
        element("span", joined(line, " "), class_="line"),
    )
    return element(
        "details",
        summary,
        element("div", joined(_body(finding, rule, ticket)), class_="body"),
        id=f"finding-{number}",
        class_="finding",
        open=is_open,
        data_severity=str(finding.severity),
        data_ticket=ticket.id,
        data_rule=finding.code,
        data_path=place.path,
        data_status=status(finding),
    )


def status(finding: Finding) -> str:
    """Where the finding stands: "open", "suppressed" or "baseline"."""
    if finding.suppressed is not None:
        return "suppressed"
    return "baseline" if finding.baselined else "open"


def _body(finding: Finding, rule: Rule | None, ticket: Ticket) -> Iterator[Markup]:
    if finding.excerpt:
        yield _code(finding)
    rows: list[tuple[str, Markup]] = []
    if finding.steps:
        rows.append(("Path", element("ol", *(_stop(step) for step in finding.steps))))
    if finding.related:
        rows.append(("See also", element("ul", *(_stop(step) for step in finding.related))))
    if finding.suggestion:
        rows.append(("Fix", _fix(finding.suggestion)))
    if rule:
        rows.append(("Why", prose(sentence(rule.effect))))
        rows.append(("Instead", prose(sentence(rule.instead))))
    if finding.location.symbol:
        rows.append(("In", element("code", finding.location.symbol)))
    rows.append(("Ticket", ticket_link(ticket)))
    yield element("dl", *(joined([element("dt", term), element("dd", said)]) for term, said in rows))


def _fix(suggestion: Suggestion) -> Markup:
    """What the fix does, and the lines that it changes, with a mark where it leaves some out."""
    safety = "" if suggestion.fix.safe else " It may change what the code does."
    shown: list[Markup] = []
    for hunk in suggestion.hunks:
        gap = [element("span", "…", class_="row", data_line="")] if shown else []
        shown += [*gap, *(_changed(*row) for row in diff_rows(hunk))]
    return joined([prose(f"{suggestion.fix.title}.{safety}"), element("pre", element("code", joined(shown, "\n")))])


def _changed(mark: str, line: int, code: str) -> Markup:
    kind = {"-": "row removed", "+": "row added"}.get(mark, "row")
    return element("span", _spaced(code), class_=kind, data_line=line or "", data_mark=mark.strip())


def _stop(step: Step) -> Markup:
    return element("li", element("span", _place(step.location), class_="place"), " ", prose(step.text))


def _place(location: Location) -> str:
    return f"{location.path}:{location.span.start_line}:{location.span.start_column}"


def _code(finding: Finding) -> Markup:
    """The excerpt a row a line. The numbers are drawn by the style sheet, so that copying the code leaves them."""
    span = finding.location.span
    margin = _margin(finding.excerpt)
    rows = [
        element("span", _row(text, span, index, margin), class_="row", data_line=span.start_line + index)
        for index, text in enumerate(finding.excerpt)
    ]
    last = span.start_line + len(finding.excerpt) - 1
    if last < span.end_line and span.end_column > 1:
        rows.append(element("span", "…", class_="row", data_line=""))
    return element("pre", element("code", joined(rows, "\n")))


def _margin(rows: Sequence[str]) -> int:
    """How many blanks every line starts with: indentation that tells nothing without the lines around."""
    blanks = [row[: len(row) - len(row.lstrip())] for row in rows if row.strip()]
    shortest = min(blanks, key=len, default="")
    return len(shortest) if all(blank.startswith(shortest) for blank in blanks) else 0


def _row(text: str, span: Span, index: int, margin: int) -> Markup:
    """One line of the excerpt without the margin, the part that the span covers marked; blanks at its ends are not."""
    offset = 0 if index else excerpt_offset(span.start_column)
    start = 0 if index else min(max(span.start_column - 1 - offset, 0), len(text))
    end = len(text)
    if span.start_line + index == span.end_line:
        end = min(max(span.end_column - 1 - offset, start + 1), len(text))
    marked = text[start:end].strip()
    if not marked:
        return joined([_spaced(text[margin:])])
    start += len(text[start:end]) - len(text[start:end].lstrip())
    end = start + len(marked)
    return joined([_spaced(text[margin:start]), element("mark", _spaced(marked)), _spaced(text[end:])])


def _spaced(code: str) -> str:
    return code.replace("\t", _TAB)
