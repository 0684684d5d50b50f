"""`--add-ignores`: comments written into the files, and taken back where they went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import click

from chunklint import discovery, files, silencing
from chunklint.config import Settings
from chunklint.model import Notification, Report, Rule
from chunklint.reporters.escaping import escape
from chunklint.reporters.summary import plural, unjudged


def with_ignores(
    report: Report, reason: str, judged: Callable[[], Report], settings: Settings, rules: Sequence[Rule]
) -> Report:
    """Write a comment for each finding, scan again, and take back what went wrong; what is left is the report."""
    root = Path(report.root)
    names = {rule.name: rule.code for rule in rules}

    def read(path: str) -> discovery.Source | Notification:
        return discovery.read_source(root, path, settings.max_file_size)

    edits = {edit.path: edit for edit in silencing.edits(report.findings, reason, read, names)}
    for edit in edits.values():
        _rewrite(root, edit.path, edit.before, edit.after)
    again = judged()
    failed = set(unjudged(again)) - set(unjudged(report))
    for path in failed & edits.keys():
        edit = edits.pop(path)
        _rewrite(root, path, edit.after, edit.before)
        again = judged()
    added = sum(edit.comments for edit in edits.values())
    click.echo(f"{plural(added, 'comment')} added in {plural(len(edits), 'file')}.", err=True)
    for finding in again.findings:
        where = f"{finding.location.path}:{finding.location.span.start_line}"
        click.echo(escape(f"{where}: no comment can silence {finding.code} here; use per-file-ignores."), err=True)
    return again


def _rewrite(root: Path, path: str, before: str, after: str) -> None:
    try:
        files.rewrite(root, path, before.encode(), after.encode())
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}") from error
