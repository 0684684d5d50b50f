"""SARIF 2.1.0 for GitHub code scanning and every other reader. The same report gives the same bytes.

GitHub takes 25,000 results of a run at most and shows 5,000; above that the most severe are kept, and a notification
says so. It ignores suppressions, so suppressed findings are left out unless asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from chunklint.model import Finding, Fix, Location, Notification, Report, Rule, Severity, Span, Step, Ticket
from chunklint.reporters.escaping import escape, uri_path, web_address, well_formed
from chunklint.reporters.rulepage import languages, markdown
from chunklint.reporters.style import Style
from chunklint.reporters.summary import sentence, shown, ticket_for, ticket_of, unjudged

_MOST_RESULTS = 25_000
_MOST_SHOWN = 5_000
_MOST_PLACES = 1_000  # as many steps or related places of one result as GitHub shows
_PROBLEM = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "recommendation"}

Json = dict[str, Any]


def render(report: Report, style: Style) -> str:
    """One run with every selected rule, at most one result for a rule, file and start line, in the order of places."""
    order = {rule.code: index for index, rule in enumerate(report.rules)}
    findings = _one_a_line(shown(report, style), order)
    kept = _most_severe(findings)
    run = {
        "tool": {
            "driver": {
                "name": "chunklint",
                "semanticVersion": style.version,
                "rules": [_rule(rule, ticket_of(rule.code, report)) for rule in report.rules],
            }
        },
        "automationDetails": {"id": "chunklint/"},
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                # GitHub throws the results of an unsuccessful run away. A file that failed is no such run.
                "executionSuccessful": "" not in unjudged(report),
                "toolExecutionNotifications": [
                    *(_notification(note, order) for note in report.notifications),
                    *_excess(len(findings), len(kept)),
                ],
            }
        ],
        "results": [_result(finding, order, ticket_for(finding, report)) for finding in kept],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2) + "\n"


def _rule(rule: Rule, ticket: Ticket) -> Json:
    when, effect, instead = sentence(rule.when), sentence(rule.effect), f"Instead: {sentence(rule.instead)}"
    kind = "security" if rule.security else "maintainability"
    return {
        "id": rule.code,
        "name": _clip(rule.name, 255),
        "shortDescription": {"text": _clip(escape(when), 1024)},
        "fullDescription": {"text": _clip(escape(f"{when} {effect}"), 1024)},
        "help": {"text": escape(f"{when} {effect} {instead} Ticket: {ticket.id}."), "markdown": markdown(rule, ticket)},
        "defaultConfiguration": {"level": str(rule.severity)},
        "properties": {
            "tags": [kind, *languages(rule), f"ticket:{escape(ticket.id)}"],
            "ticket": escape(ticket.id),
            "precision": rule.precision,
            **_gravity(rule),
        },
    }


def _gravity(rule: Rule) -> Json:
    """A security-severity turns every result of a rule into a security alert, so only security rules have one."""
    if rule.security:
        return {"security-severity": rule.security}
    return {"problem.severity": _PROBLEM[rule.severity]}


def _clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _one_a_line(findings: Iterable[Finding], order: Mapping[str, int]) -> list[Finding]:
    """The findings by place; those that share rule, file and start line as one.

    GitHub knows an alert by these three, so two of them would flicker. The first one that is not suppressed leads
    and takes the worst severity; the others stay readable as its related places.
    """

    def line(finding: Finding) -> tuple[str, int, int, str]:
        path, start = finding.location.path, max(finding.location.span.start_line, 1)
        return path, start, order.get(finding.code, len(order)), finding.code

    merged = []
    for _, group in groupby(sorted(findings, key=lambda f: (*line(f), f.location, f.message)), key=line):
        lead, *others = sorted(group, key=lambda finding: bool(finding.silenced))
        merged.append(_merge(lead, others))
    return sorted(merged, key=lambda f: (f.location.path, f.location.span.start_line, f.location.span, line(f)))


def _merge(lead: Finding, others: Sequence[Finding]) -> Finding:
    same = [other for other in others if not other.silenced or lead.silenced]
    return replace(
        lead,
        severity=max((lead, *same), key=lambda finding: finding.severity.rank).severity,
        related=(*lead.related, *(Step(other.location, other.message) for other in same)),
    )


def _most_severe(findings: Sequence[Finding]) -> list[Finding]:
    """As many findings as GitHub takes, in the order given; the mildest and last ones have to go."""
    if len(findings) <= _MOST_RESULTS:
        return list(findings)
    by_severity = sorted(range(len(findings)), key=lambda index: (-findings[index].severity.rank, index))
    return [findings[index] for index in sorted(by_severity[:_MOST_RESULTS])]


def _excess(found: int, kept: int) -> Iterator[Json]:
    if kept < found:
        text = f"{found - kept} of {found} results are left out: the {kept} most severe are as many as GitHub accepts."
        yield {"level": "warning", "message": {"text": text}}
    if found > _MOST_SHOWN:
        text = f"GitHub shows {_MOST_SHOWN} results of a run; this one has {kept}. Select fewer rules to see the rest."
        yield {"level": "note", "message": {"text": text}}


def _result(finding: Finding, order: Mapping[str, int], ticket: Ticket) -> Json:
    url = web_address(ticket.url)
    fingerprints = {"primaryLocationLineHash": finding.line_hash, "chunklint/v1": finding.key}
    known = {name: value for name, value in fingerprints.items() if value}
    related = finding.related[:_MOST_PLACES]
    return {
        "ruleId": finding.code,
        **({"ruleIndex": order[finding.code]} if finding.code in order else {}),
        "level": str(finding.severity),
        "message": {"text": _message(finding.message)},
        "locations": [_location(finding.location)],
        **({"partialFingerprints": known} if known else {}),
        **({"codeFlows": [_code_flow(finding.steps[:_MOST_PLACES])]} if finding.steps else {}),
        **({"relatedLocations": [_related(step, i) for i, step in enumerate(related, start=1)]} if related else {}),
        **({"workItemUris": [url]} if url else {}),
        **({"fixes": [_fix(finding.location.path, finding.suggestion.fix)]} if finding.suggestion else {}),
        **({"suppressions": [_suppression(finding)]} if finding.silenced else {}),
        "properties": {"ticket": escape(ticket.id)},
    }


def _fix(path: str, fix: Fix) -> Json:
    """The edits as they are, nothing in them escaped: a reader may do them."""
    return {
        "description": {"text": _message(fix.title)},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": uri_path(path), "uriBaseId": "%SRCROOT%"},
                "replacements": [
                    {"deletedRegion": _region(edit.span), "insertedContent": {"text": well_formed(edit.text)}}
                    for edit in fix.edits
                ],
            }
        ],
        "properties": {"safe": fix.safe},
    }


def _message(text: str) -> str:
    """The text as a SARIF message, in which `[name](1)` would be a link to the related location 1."""
    return escape(text).replace("](", r"\](") or "No message."


def _location(location: Location) -> Json:
    symbol = {"logicalLocations": [{"fullyQualifiedName": escape(location.symbol)}]} if location.symbol else {}
    return {"physicalLocation": _physical(location.path, location.span), **symbol}


def _physical(path: str, span: Span) -> Json:
    return {"artifactLocation": {"uri": uri_path(path), "uriBaseId": "%SRCROOT%"}, "region": _region(span)}


def _region(span: Span) -> Json:
    """The span as a region that no reader rejects: from 1 on, and its end not before its start."""
    line, column = max(span.start_line, 1), max(span.start_column, 1)
    end_line, end_column = max((line, column), (span.end_line, max(span.end_column, 1)))
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _code_flow(steps: Sequence[Step]) -> Json:
    return {"threadFlows": [{"locations": [{"location": _told(step)} for step in steps]}]}


def _related(step: Step, number: int) -> Json:
    return {"id": number, **_told(step)}


def _told(step: Step) -> Json:
    return {**_location(step.location), "message": {"text": _message(step.text)}}


def _suppression(finding: Finding) -> Json:
    if finding.suppressed is None:
        return {"kind": "external", "justification": "It is in the project's baseline."}
    return {"kind": "inSource", **({"justification": escape(finding.suppressed)} if finding.suppressed else {})}


def _notification(note: Notification, order: Mapping[str, int]) -> Json:
    line = max(note.line, 1)
    place = [{"physicalLocation": _physical(note.path, Span(line, 1, line, 1))}] if note.path else []
    rule = {"associatedRule": {"id": note.code, "index": order[note.code]}} if note.code in order else {}
    return {
        "level": str(note.severity),
        "message": {"text": _message(note.message)},
        **({"locations": place} if place else {}),
        **rule,
    }
