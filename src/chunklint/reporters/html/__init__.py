"""One page for people: findings by ticket, rule or file, with filters, search, code and charts. It loads nothing.

Without scripts the page is complete and grouped by ticket; its own script only shows, hides and regroups what is
there. A content security policy allows that script and that style sheet by their hashes and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePath

from chunklint.model import Finding, Report, Severity
from chunklint.reporters.html.findings import grouped, sections, status
from chunklint.reporters.html.frame import document, masthead
from chunklint.reporters.html.markup import Markup, element, joined
from chunklint.reporters.html.overview import overview
from chunklint.reporters.style import Style
from chunklint.reporters.summary import plural, shown

_STATUSES = {"open": "To fix", "suppressed": "Suppressed", "baseline": "In the baseline"}


def render(report: Report, style: Style) -> str:
    """The page; the same report gives the same bytes."""
    findings = shown(report, style)
    project = PurePath(report.root).name
    title = f"{project}: {plural(len(report.findings), 'finding')}" if project else "Findings"
    parts = [
        *([element("a", "Skip to the findings", href="#findings", class_="skip")] if findings else []),
        masthead(project),
        element("main", overview(report, findings), *(_list(findings, report) if findings else ())),
        element("footer", f"chunklint {style.version}"),
    ]
    return joined([Markup("<!doctype html>"), document(f"{title} - chunklint", joined(parts, "\n"))], "\n") + "\n"


def _list(findings: Sequence[Finding], report: Report) -> tuple[Markup, ...]:
    nothing = element(
        "p", "No finding matches. ", element("button", "Clear the filters", type="button", class_="clear"),
        id="nothing", hidden=True,
    )  # fmt: skip
    return (
        Markup("\n"),
        _filters(findings, report),
        Markup("\n"),
        element("div", Markup("\n"), sections(findings, report), nothing, id="findings", tabindex=-1),
    )


def _filters(findings: Sequence[Finding], report: Report) -> Markup:
    names = {rule.code: f"{rule.code} {rule.name}" for rule in report.rules}
    order = list(names)
    present = {finding.code for finding in findings}
    codes = sorted(present, key=lambda code: (order.index(code) if code in names else len(order), code))
    tickets = [ticket.id for ticket in grouped(findings, report)]
    groupings = (("ticket", "Ticket"), ("rule", "Rule"), ("path", "File"))
    statuses = [kind for kind in _STATUSES if any(status(finding) == kind for finding in findings)]
    search = element(
        "input", type="search", id="search", placeholder="Search messages, code, paths",
        autocomplete="off", spellcheck="false", aria_keyshortcuts="/",
    )  # fmt: skip
    path = element("input", type="search", id="path", placeholder="part of a path", autocomplete="off",
                   spellcheck="false")  # fmt: skip
    return element(
        "form",
        element("label", element("span", "Search"), search, class_="wide"),
        _severities(findings),
        _choice("ticket", "Ticket", ((ticket, ticket) for ticket in tickets), "All tickets"),
        _choice("rule", "Rule", ((code, names.get(code, code)) for code in codes), "All rules"),
        element("label", element("span", "Path"), path),
        _choice("status", "Status", ((kind, _STATUSES[kind]) for kind in statuses), "Any status")
        if len(statuses) > 1
        else Markup(),
        _choice("group", "Group by", groupings),
        element(
            "div",
            element("p", "", role="status", id="shown"),
            element("button", "Open all", type="button", id="open"),
            element("button", "Clear the filters", type="button", class_="clear"),
            class_="outcome",
        ),
        id="filters",
        autocomplete="off",
        hidden=True,
        aria_label="Filter the findings",
    )


def _severities(findings: Iterable[Finding]) -> Markup:
    present = {finding.severity for finding in findings}
    boxes = (
        element(
            "label",
            element("input", type="checkbox", name="severity", value=str(severity), checked=True),
            element("span", f"{severity}s"),
        )
        for severity in reversed(Severity)
        if severity in present
    )
    return element("fieldset", element("legend", "Severity"), element("div", *boxes))


def _choice(name: str, label: str, options: Iterable[tuple[str, str]], everything: str = "") -> Markup:
    listed = [element("option", shown_as, value=value) for value, shown_as in options]
    if everything:
        listed.insert(0, element("option", everything, value=""))
    return element("label", element("span", label), element("select", *listed, id=name))
