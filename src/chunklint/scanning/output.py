"""Where the reports of a scan go, what stderr is told, and the exit code."""

from __future__ import annotations

import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from chunklint import files
from chunklint.config import Settings
from chunklint.model import Notification, Report, Severity
from chunklint.reporters import Style, render
from chunklint.reporters.terminal import wants_hyperlinks
from chunklint.reporters.text import notice
from chunklint.scanning.options import ScanOptions

# Prose wider than this is hard to read, however wide the terminal.
_WIDEST = 120
# So many notes alike are read one by one.
_FEW = 3


def write(report: Report, options: ScanOptions, settings: Settings, cwd: Path) -> None:
    """Render the report in every format that is asked for, each to where it is to go."""
    outputs = outputs_of(options, settings)
    if sum(1 for _, file in outputs if not file) > 1:
        raise click.UsageError("only one report can go to stdout; name a file for the others, as in sarif=out.sarif")
    for form, file in outputs:
        style = Style(
            statistics=options.statistics,
            show_suppressed=options.show_suppressed,
            show_fixes=options.show_fixes,
            offer_fixes=not options.mends and not options.show_fixes,
        )
        if file:
            replace_file(cwd / file, render(form, report, style))
        else:
            sys.stdout.write(render(form, report, _on_stdout(style, options)))


def outputs_of(options: ScanOptions, settings: Settings) -> tuple[tuple[str, str], ...]:
    """The formats to report in, each with its file; "" is stdout."""
    return options.outputs or ((settings.output_format, ""),)


def _on_stdout(style: Style, options: ScanOptions) -> Style:
    terminal = sys.stdout.isatty()
    color = options.colored(terminal)
    links = wants_hyperlinks(color, os.environ, terminal)
    width = min(shutil.get_terminal_size().columns, _WIDEST) if terminal else style.width
    return replace(style, color=color, hyperlinks=links, width=width)


def replace_file(target: Path, text: str, what: str = "report") -> None:
    """Write a file whole or not at all. Raises click.UsageError."""
    try:
        files.write(target, text)
    except OSError as error:
        raise click.UsageError(f"the {what} cannot be written to {target}: {error.strerror}") from error


def notify(report: Report, options: ScanOptions) -> None:
    """What the reader must know of the scan itself, one line each on stderr; notes alike are summed up."""
    least = Severity.ERROR if options.quiet else Severity.NOTE
    color = options.colored(sys.stderr.isatty())
    told = [note for note in report.notifications if note.severity.rank >= least.rank]
    for note in told if options.verbose else _summed_up(told):
        click.echo(notice(note, Style(color=color)), err=True, color=color)


def _summed_up(notes: Sequence[Notification]) -> Iterator[Notification]:
    """Notes that say the same of many files once, at the first; what is worse than a note is told each time."""
    many = Counter(note.message for note in notes if note.severity is Severity.NOTE)
    told: set[str] = set()
    for note in notes:
        others = many[note.message] - 1
        if note.severity is not Severity.NOTE or others < _FEW:
            yield note
        elif note.message not in told:
            told.add(note.message)
            yield replace(note, message=f"{note.message} So it is with {others} others; --verbose names them.")


def exit_code(report: Report, options: ScanOptions, settings: Settings) -> int:
    """2 when something was not judged, 1 for findings that count, else 0."""
    if any(note.severity is Severity.ERROR for note in report.notifications):
        return 2
    worst = max((finding.severity.rank for finding in report.findings), default=-1)
    return 1 if worst >= settings.fail_on.rank and not options.exit_zero else 0
