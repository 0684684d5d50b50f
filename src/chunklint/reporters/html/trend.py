"""A page that shows how the findings moved from revision to revision: all of them by severity, each ticket by count."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from chunklint.model import Report, Ticket
from chunklint.reporters.html.findings import grouped, ticket_link
from chunklint.reporters.html.frame import document, masthead
from chunklint.reporters.html.markup import Markup, element, joined
from chunklint.reporters.html.overview import by_severity, figure, severity_heads
from chunklint.reporters.summary import plural, ticket_of

# The user units of the drawing of a ticket: so wide is a revision, so high the highest column.
_STEP = 24
_HEIGHT = 40

Point = tuple[str, Report]


def render(points: Sequence[Point], version: str) -> str:
    """The page of some revisions with their names, the oldest first, the last one "now"; same reports, same bytes."""
    project = PurePath(points[-1][1].root).name
    content = element(
        "section",
        element("p", _verdict(points), class_="verdict"),
        _revisions(points),
        Markup("\n"),
        _tickets(points),
        class_="overview trend",
        aria_label="Trend",
    )
    body = joined([masthead(project), element("main", content), element("footer", f"chunklint {version}")], "\n")
    return joined([Markup("<!doctype html>"), document(f"{project}: trend - chunklint", body)], "\n") + "\n"


def _verdict(points: Sequence[Point]) -> str:
    (first, then), (last, now) = points[0], points[-1]
    before, after = len(then.findings), len(now.findings)
    moved = "as many as" if before == after else f"{abs(after - before)} {'more' if after > before else 'fewer'} than"
    return f"{plural(after, 'finding')} {last}, {moved} at {first}."


def _revisions(points: Sequence[Point]) -> Markup:
    most = max(len(report.findings) for _, report in points)
    rows = [
        element("tr", element("th", name, scope="row"), *by_severity(report.findings, most)) for name, report in points
    ]
    return _table("Findings by revision", "Revision", severity_heads(), rows)


def _tickets(points: Sequence[Point]) -> Markup:
    """A row a ticket: a column a revision, and the figures beside it, so that the drawing is for the eye alone."""
    counts: dict[Ticket, list[int]] = {
        ticket_of(rule.code, report): [0] * len(points) for _, report in points for rule in report.rules
    }
    for at, (_, report) in enumerate(points):
        for ticket, found in grouped(report.findings, report).items():
            counts.setdefault(ticket, [0] * len(points))[at] = len(found)
    heads = [element("th", "Trend", scope="col", class_="chart")]
    heads += [element("th", name, scope="col") for name, _ in points]
    rows = [
        element(
            "tr",
            element("th", ticket_link(ticket), scope="row"),
            element("td", _columns(moved), class_="chart"),
            *map(figure, moved),
            class_=False if moved[-1] else "clean",
        )
        for ticket, moved in counts.items()
    ]
    return _table("Findings by ticket", "Ticket", heads, rows)


def _columns(counts: Sequence[int]) -> Markup:
    """A column a revision, as high as its share of the ticket's own worst; none for a zero."""
    most = max(*counts, 1)
    columns = []
    for at, count in enumerate(counts):
        height = count * _HEIGHT / most
        if count:
            columns.append(
                element(
                    "rect",
                    class_="column",
                    x=at * _STEP + 2,
                    y=f"{_HEIGHT - height:.2f}",
                    width=_STEP - 4,
                    height=f"{height:.2f}",
                )
            )
    size = f"0 0 {_STEP * len(counts)} {_HEIGHT}"
    return element("svg", *columns, class_="columns", viewBox=size, aria_hidden="true")


def _table(caption: str, label: str, heads: Sequence[Markup], rows: Sequence[Markup]) -> Markup:
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", element("th", label, scope="col"), *heads)),
        element("tbody", joined(rows, "\n")),
        class_="tickets",
    )
