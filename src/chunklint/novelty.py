"""What a change brings: the findings that touch its lines, and those elsewhere that it causes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from chunklint import baseline, discovery, project
from chunklint.baseline import Compared, Entry
from chunklint.config import Settings
from chunklint.model import Finding, Notification, Report, Rule, Severity
from chunklint.project import Request

Scan = Callable[[Request, Sequence[Rule]], Report]


def since(revision: str, request: Request, rules: Sequence[Rule], settings: Settings, *, scan: Scan) -> Report:
    """Scan the tree as a merge with the revision would leave it, and report what the change brings.

    That is every finding with a changed line, and of the rules that join files also those that the revision's own
    tree does not have: a route that lost its boundary, a second head that only the merge makes. Raises GitError.

    When only single files are scanned, nothing is merged into them and the other rules' findings are not looked for.
    """
    root = request.found.root
    changes = discovery.changes(root, revision)
    coming, going = discovery.merged(root, changes, settings.max_file_size) if request.whole else ({}, frozenset())
    added = project.kept(root, coming, settings)
    files = tuple(sorted({*request.found.files, *added} - going))
    contents = {**{path: coming[path] for path in added}, **request.contents}
    report = scan(replace(request, found=replace(request.found, files=files), contents=contents), rules)
    joining = tuple(rule for rule in rules if rule.joins)
    codes = {rule.code for rule in joining}
    near = {one for one in report.findings if changes.touch(one.location.path, one.location.span)}
    far = tuple(one for one in report.findings if one.code in codes and one not in near)
    if far and request.whole:
        then = scan(project.at_revision(root, changes.base, settings), joining)
        near.update(new_among(far, then.findings, files))
    brought = tuple(one for one in report.findings if one in near)
    left = len(report.findings) - len(brought)
    text = f"{left} findings that the changes since {revision} do not touch are left out."
    notes = (Notification("", text, Severity.NOTE),) if left else ()
    return replace(report, findings=brought, notifications=(*notes, *report.notifications))


def new_among(findings: Sequence[Finding], others: Sequence[Finding], files: Collection[str]) -> tuple[Finding, ...]:
    """Those of the findings that the others do not have. An equal one in a file that is none of `files` was moved."""
    present = frozenset(files)
    entries = [baseline.entry_of(finding) for finding in others]
    return baseline.compare(findings, entries, judged=lambda entry: True, gone=lambda path: path not in present).new


def against(report: Report, entries: Sequence[Entry], files: Sequence[str], *, whole: bool) -> tuple[Report, Compared]:
    """The report with the findings of a baseline silenced, and how the two compare."""
    codes = [rule.code for rule in report.rules]
    joined = [rule.code for rule in report.rules if rule.joins]
    compared = baseline.compare(
        report.findings,
        entries,
        judged=baseline.judge_of(files, codes, joined, whole=whole),
        gone=lambda path: not (Path(report.root) / path).exists(),
    )
    known = tuple(sorted((*report.suppressed, *compared.known), key=lambda finding: finding.location))
    return replace(report, findings=compared.new, suppressed=known), compared
