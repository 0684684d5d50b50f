"""The answer to a review ticket as Markdown, ready for `gh pr review --body-file -`."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from chunklint.model import Finding, Rule, Severity
from chunklint.records import record
from chunklint.reporters.markdown import code, text
from chunklint.reporters.summary import plural, severities


class Verdict(StrEnum):
    """What a reviewer says at the end."""

    APPROVED = "Approved"
    SUGGESTIONS = "Approved with suggestions"
    CHANGES = "Changes requested"


@record
class Answer:
    """What a scan says of one ticket.

    Attributes:
        rules: The rules of the ticket.
        left: Their findings.
        fixed: Findings at the base that are gone; None without a base.
        new: Those of `left` that the base does not have.
        suppressions: Suppressed findings that the base does not have suppressed (all of them without a base).
        flags: The red flags of the review, each with the codes of the rules that can see it.
        incomplete: Files that could not be judged.
    """

    id: str
    title: str
    base: str
    rules: tuple[Rule, ...]
    left: tuple[Finding, ...]
    fixed: tuple[Finding, ...] | None
    new: tuple[Finding, ...]
    suppressions: tuple[Finding, ...]
    flags: tuple[tuple[str, tuple[str, ...]], ...]
    criteria: tuple[str, ...]
    incomplete: tuple[str, ...]

    @property
    def verdict(self) -> Verdict:
        """Errors and warnings ask for changes; notes and new suppressions are suggestions."""
        if self.incomplete or any(finding.severity is not Severity.NOTE for finding in self.left):
            return Verdict.CHANGES
        return Verdict.SUGGESTIONS if self.left or self.suppressions else Verdict.APPROVED


def render(answer: Answer) -> str:
    """The whole review. What only a person can judge is listed as such and never ticked."""
    sections = [
        f"## Review of {text(answer.id)}" + (f": {text(answer.title)}" if answer.title else ""),
        f"**Verdict: {answer.verdict}**" + _because(answer),
        _section("What works", _works(answer)),
        _section("What is left", (_place(finding, new=finding in answer.new) for finding in answer.left)),
        _section("Suppressions added", (_suppression(finding) for finding in answer.suppressions)),
        _section("Not judged", (code(path or "the scan itself") for path in answer.incomplete)),
        _section("Red flags", _flags(answer)),
        _section("For a person to judge", (text(one) for one in answer.criteria), box="[ ] "),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _because(answer: Answer) -> str:
    if not answer.left:
        return f" — {plural(len(answer.suppressions), 'suppression')} to read." if answer.suppressions else ""
    places = len({finding.location.path for finding in answer.left})
    return f" — {severities(answer.left)} in {plural(places, 'file')}."


def _section(title: str, rows: Iterator[str], box: str = "") -> str:
    listed = [f"- {box}{row}" for row in rows]
    return "\n".join([f"### {title}", "", *listed]) if listed else ""


def _works(answer: Answer) -> Iterator[str]:
    for finding in answer.fixed or ():
        place = f"{finding.location.path}:{finding.location.span.start_line}"
        yield f"fixed since {code(answer.base)}: {code(place)} {finding.code} {text(_first_sentence(finding.message))}"
    for rule in answer.rules:
        if not any(finding.code == rule.code for finding in answer.left):
            yield f"{rule.code} {code(rule.name)}: nothing found"


def _place(finding: Finding, *, new: bool) -> str:
    place = f"{finding.location.path}:{finding.location.span.start_line}"
    fresh = " _(new)_" if new else ""
    return f"**{finding.severity}** {code(place)} {text(finding.message)} ({finding.code}){fresh}"


def _suppression(finding: Finding) -> str:
    place = f"{finding.location.path}:{finding.location.span.start_line}"
    reason = finding.suppressed or "no reason given"
    return f"{code(place)} {finding.code}: {text(reason)}"


def _flags(answer: Answer) -> Iterator[str]:
    known = {rule.code for rule in answer.rules}
    for flag, codes in answer.flags:
        judged = [one for one in codes if one in known]
        if not judged:
            yield f"{text(flag)} — for a person to judge"
            continue
        found = [finding for finding in answer.left if finding.code in judged]
        seen = plural(len(found), "finding") if found else "nothing found"
        yield f"{text(flag)} — {', '.join(judged)}: {seen}"


def _first_sentence(message: str) -> str:
    return message.split(". ", maxsplit=1)[0].rstrip(".") + "."
