"""JUnit XML, which every CI server shows: a suite a file, a failed case a finding."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from xml.sax.saxutils import escape as _xml
from xml.sax.saxutils import quoteattr

from chunklint.model import Finding, Notification, Report, Severity
from chunklint.reporters.escaping import escape
from chunklint.reporters.style import Style
from chunklint.reporters.summary import sentence, shown, ticket_for


def render(report: Report, style: Style) -> str:
    """Errors and warnings fail; notes and silenced findings pass with their text; a file not judged is an error.

    A clean report has one passing case, since some servers take a report without cases for a broken one.
    """
    findings = shown(report, style)
    suites = [_suite(path, list(found), report) for path, found in groupby(findings, key=lambda f: f.location.path)]
    troubles = [note for note in report.notifications if note.severity is Severity.ERROR]
    if troubles:
        suites.append(_scan(troubles))
    if not suites:
        suites = ['  <testsuite name="chunklint" tests="1" failures="0" errors="0">\n'
                  f'    <testcase classname="chunklint" name="{report.files} files, no findings"/>\n'
                  "  </testsuite>\n"]  # fmt: skip
    failures = sum(1 for finding in findings if _fails(finding))
    cases = (len(findings) + len(troubles)) or 1
    head = f'<testsuites name="chunklint" tests="{cases}" failures="{failures}" errors="{len(troubles)}">\n'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{"".join(suites)}</testsuites>\n'


def _suite(path: str, findings: list[Finding], report: Report) -> str:
    failures = sum(1 for finding in findings if _fails(finding))
    head = f'  <testsuite name={_attribute(path)} tests="{len(findings)}" failures="{failures}" errors="0">\n'
    return head + "".join(_case(finding, report) for finding in findings) + "  </testsuite>\n"


def _case(finding: Finding, report: Report) -> str:
    names = {rule.code: rule.name for rule in report.rules}
    path, line = finding.location.path, max(finding.location.span.start_line, 1)
    name = f"{finding.code} {names.get(finding.code, '')} line {line}"
    text = "\n".join(_lines(finding, report))
    kind = _attribute(f"{finding.severity} {finding.code}")
    body = (
        f"      <failure message={_attribute(finding.message)} type={kind}>{_xml(text)}</failure>\n"
        if _fails(finding)
        else f"      <system-out>{_xml(text)}</system-out>\n"
    )
    head = (
        f'    <testcase classname={_attribute(path)} name={_attribute(name)} file={_attribute(path)} line="{line}">\n'
    )
    return f"{head}{body}    </testcase>\n"


def _lines(finding: Finding, report: Report) -> Iterator[str]:
    span = finding.location.span
    yield f"{escape(finding.location.path)}:{span.start_line}:{span.start_column}: {escape(finding.message)}"
    yield from (escape(row) for row in finding.excerpt)
    advice = next((rule.instead for rule in report.rules if rule.code == finding.code), "")
    if advice:
        yield f"Instead: {escape(sentence(advice))}"
    if finding.silenced:
        yield f"({escape(finding.silenced)})"
    yield f"Ticket: {escape(ticket_for(finding, report).id)}"


def _scan(troubles: list[Notification]) -> str:
    cases = "".join(
        f'    <testcase classname="chunklint" name={_attribute(note.path or "the scan")}>\n'
        f"      <error message={_attribute(note.message)}/>\n    </testcase>\n"
        for note in troubles
    )
    count = len(troubles)
    return f'  <testsuite name="chunklint" tests="{count}" failures="0" errors="{count}">\n{cases}  </testsuite>\n'


def _fails(finding: Finding) -> bool:
    return finding.severity is not Severity.NOTE and not finding.silenced


def _attribute(text: str) -> str:
    """A quoted attribute; what XML cannot carry is shown by its escape."""
    return quoteattr(escape(text))
