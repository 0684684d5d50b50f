"""The top of the page: the verdict, what could not be judged, and how much each ticket has left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chunklint.model import Finding, Report, Severity, Ticket
from chunklint.reporters.html.findings import anchor, grouped, ticket_link
from chunklint.reporters.html.markup import Markup, element, joined, prose
from chunklint.reporters.summary import plural, ticket_of, unjudged

_WORST_FIRST = tuple(reversed(Severity))

# The user units across a bar's drawing; it is stretched to the width of its cell.
_ACROSS = 200
_BETWEEN = 1


def overview(report: Report, listed: Sequence[Finding]) -> Markup:
    """Verdict, figures, notices and the table of tickets; `listed` are the findings that the page shows."""
    return element(
        "section",
        element("p", _verdict(report), class_="verdict"),
        _figures(report),
        _notices(report),
        _tickets(report, listed),
        class_="overview",
        aria_label="Overview",
    )


def _verdict(report: Report) -> str:
    failed = len([path for path in unjudged(report) if path])
    lost = f"{plural(failed, 'file')} could not be judged" if failed else "a part of the scan failed"
    but = f" Incomplete: {lost}." if unjudged(report) else ""
    if not report.files:
        return f"Nothing was scanned.{but}"
    if not report.findings:
        return f"No findings in {plural(report.files, 'file')}.{but}"
    places = len({finding.location.path for finding in report.findings})
    return f"{plural(len(report.findings), 'finding')} in {places} of {plural(report.files, 'file')}.{but}"


def _figures(report: Report) -> Markup:
    counts = Counter(finding.severity for finding in report.findings)
    known = sum(1 for finding in report.suppressed if finding.baselined)
    silenced = len(report.suppressed) - known
    figures = [(f"{severity}s", counts[severity], str(severity)) for severity in _WORST_FIRST]
    figures += [(name, count, "") for name, count in (("in the baseline", known), ("suppressed", silenced)) if count]
    return element(
        "ul",
        *(
            element("li", element("b", f"{count:,}"), " ", element("span", name), class_=f"figure {kind}".strip())
            for name, count, kind in figures
        ),
        class_="figures",
    )


def _notices(report: Report) -> Markup:
    """What the scan says of itself; shown at once when a file was not judged."""
    if not report.notifications:
        return Markup()
    rows = (
        element(
            "li",
            element("span", str(note.severity), class_=f"severity {note.severity}"),
            " ",
            *([element("span", f"{note.path}:{note.line}", class_="place"), " "] if note.path else []),
            prose(note.message),
        )
        for note in report.notifications
    )
    title = element("summary", plural(len(report.notifications), "notice"), " about the scan")
    return element("details", title, element("ul", *rows), class_="notices", open=bool(unjudged(report)))


def _tickets(report: Report, listed: Sequence[Finding]) -> Markup:
    """A row a ticket with its bars; the figures stand beside them, so the drawings are for the eye alone."""
    found, known = grouped(report.findings, report), grouped(_known(report), report)
    tickets = list(dict.fromkeys([*(ticket_of(rule.code, report) for rule in report.rules), *found, *known]))
    if not tickets:
        return Markup()
    anchors = {ticket: anchor(number) for number, ticket in enumerate(grouped(listed, report), start=1)}
    most = max(len(found.get(ticket, ())) for ticket in tickets)
    everything = max(len(found.get(ticket, ())) + len(known.get(ticket, ())) for ticket in tickets)
    rows = (
        element(
            "tr",
            element("th", _ticket(ticket, anchors), scope="row"),
            *by_severity(found.get(ticket, ()), most),
            *(_by_novelty(len(found.get(ticket, ())), len(known.get(ticket, ())), everything) if known else ()),
            class_=False if ticket in found else "clean",
        )
        for ticket in tickets
    )
    return element(
        "table",
        element("caption", "Findings by ticket"),
        element("thead", _headings(with_baseline=bool(known))),
        element("tbody", joined(rows, "\n")),
        class_="tickets",
    )


def _known(report: Report) -> Iterable[Finding]:
    return (finding for finding in report.suppressed if finding.baselined)


def _ticket(ticket: Ticket, anchors: Mapping[Ticket, str]) -> Markup:
    """The ticket as a link to its section of the page; without findings, to the page of its own."""
    if ticket not in anchors:
        return ticket_link(ticket)
    return element("a", ticket.id, href=f"#{anchors[ticket]}", data_pick=ticket.id)


def _headings(*, with_baseline: bool) -> Markup:
    cells = [element("th", "Ticket", scope="col"), *severity_heads()]
    if with_baseline:
        cells.append(element("th", "New and known", scope="col", class_="chart"))
        cells += [element("th", key(kind), kind.capitalize(), scope="col") for kind in ("new", "known")]
    return element("tr", *cells)


def severity_heads() -> list[Markup]:
    """The heads of the columns of `by_severity`."""
    figures = (element("th", key(str(kind)), f"{kind.capitalize()}s", scope="col") for kind in _WORST_FIRST)
    return [element("th", "By severity", scope="col", class_="chart"), *figures]


def key(kind: str) -> Markup:
    """The colour of a part of the bars."""
    return element("i", class_=f"key {kind}", aria_hidden="true")


def by_severity(findings: Sequence[Finding], most: int) -> Iterator[Markup]:
    """The cells of a row: a bar whose full width stands for `most`, then the figures, the worst first."""
    counts = Counter(finding.severity for finding in findings)
    yield element("td", bar([(str(kind), counts[kind]) for kind in _WORST_FIRST], most), class_="chart")
    yield from (figure(counts[severity]) for severity in _WORST_FIRST)


def _by_novelty(new: int, known: int, most: int) -> Iterator[Markup]:
    yield element("td", bar([("new", new), ("known", known)], most), class_="chart")
    yield from (figure(new), figure(known))


def figure(count: int) -> Markup:
    """A cell with a number; a zero steps back."""
    return element("td", f"{count:,}", class_=False if count else "zero")


def bar(parts: Sequence[tuple[str, int]], most: int) -> Markup:
    """A stacked bar whose full width stands for `most`; a part that is not zero is never too thin to see."""
    rects, at = [], 0.0
    for kind, count in parts:
        if not count:
            continue
        width = max(count / most * _ACROSS, 2.0)
        rects.append(
            element("rect", class_=kind, x=f"{at:.2f}", y=0, width=f"{max(width - _BETWEEN, 1):.2f}", height=8)
        )
        at += width
    across = f"{max(at, _ACROSS):.2f}"
    return element(
        "svg", *rects, class_="bar", viewBox=f"0 0 {across} 8", preserveAspectRatio="none", aria_hidden="true"
    )
