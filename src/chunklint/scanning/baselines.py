"""The baseline of a scan: read before it, compared with it, and written when asked to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from chunklint import baseline, novelty
from chunklint.baseline import Entry
from chunklint.model import Notification, Report, Severity
from chunklint.project import Request
from chunklint.reporters.summary import plural
from chunklint.scanning.options import ScanOptions
from chunklint.scanning.output import replace_file


def entries_of(options: ScanOptions, cwd: Path) -> tuple[Entry, ...] | None:
    """The entries of the baseline, read before a long scan so that a mistake shows at once."""
    if options.baseline is None:
        return None
    file = cwd / options.baseline
    if options.baseline_mode == "write" or (options.baseline_mode == "update" and not file.exists()):
        return ()
    return baseline.read(file)


def against_baseline(
    report: Report, known: tuple[Entry, ...], request: Request, options: ScanOptions, cwd: Path
) -> Report:
    """Silence what the baseline has, and bring the file up to date when asked to."""
    file = cwd / str(options.baseline)
    narrowed, compared = novelty.against(report, known, request.found.files, whole=request.whole)
    if options.baseline_mode == "use":
        fixed = len(compared.fixed)
        note = Notification(
            "",
            f"{fixed} of the findings in {options.baseline} {'are' if fixed > 1 else 'is'} fixed; "
            "--baseline-mode prune takes them out.",
            Severity.NOTE,
        )
        shown = (note,) if fixed and options.diff_base is None else ()
        return replace(narrowed, notifications=(*shown, *narrowed.notifications))
    added = () if options.baseline_mode == "prune" else compared.new
    entries = (*compared.kept, *map(baseline.entry_of, added))
    replace_file(file, baseline.rendered(entries), "baseline")
    text = f"{options.baseline}: {plural(len(entries), 'finding')}, {len(added)} added, {len(compared.fixed)} removed."
    click.echo(text, err=True)
    return (
        narrowed
        if options.baseline_mode == "prune"
        else novelty.against(report, entries, request.found.files, whole=request.whole)[0]
    )
