"""`--fix`, `--fix-only` and `--diff`: what came of the fixes goes to the files or to stdout, and its sum to stderr."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from chunklint import editing, files
from chunklint.fixing import Change, Done, Mended, Refused
from chunklint.model import Finding, Report
from chunklint.reporters import Style
from chunklint.reporters.escaping import escape
from chunklint.reporters.summary import plural
from chunklint.reporters.terminal import paint
from chunklint.scanning.options import ScanOptions

# The lines of a diff that name the file.
_HEAD = 2

_LOOKS = {"+": "good", "-": "error", "@": "note"}


def written(root: Path, mended: Mended) -> Mended:
    """Write the changed files; what became of a file in the meantime refuses its fixes."""
    failed: dict[str, str] = {}
    for change in mended.changes:
        try:
            files.rewrite(root, change.path, change.before, change.after)
        except OSError as error:
            failed[change.path] = f"the file cannot be written: {error.strerror}"
    undone = [one for one in mended.done if one.finding.location.path in failed]
    refused = (*mended.refused, *(Refused(one.finding, failed[one.finding.location.path]) for one in undone))
    return replace(
        mended,
        changes=tuple(change for change in mended.changes if change.path not in failed),
        done=tuple(one for one in mended.done if one not in undone),
        refused=tuple(sorted(refused, key=lambda one: one.finding.location)),
    )


def show_diff(changes: Iterable[Change], options: ScanOptions) -> None:
    """Print what the fixes change: for `git apply` in the bytes of the files, for a terminal with nothing that acts."""
    terminal = sys.stdout.isatty()
    style = Style(color=options.colored(terminal))
    for change in changes:
        before, after = (data.decode(change.encoding) for data in (change.before, change.after))
        for number, row in enumerate(editing.unified(change.path, before, after)):
            text = escape(row[:-1].removesuffix("\r").replace("\t", "    ")) if terminal else row[:-1]
            look = "strong" if number < _HEAD else _LOOKS.get(row[0], "")
            line = f"{paint(text, look, style) if look else text}\n"
            if terminal:
                sys.stdout.write(line)
            else:
                sys.stdout.buffer.write(line.encode("utf-8" if number < _HEAD else change.encoding))
    if terminal:
        sys.stdout.write("\n")
    # What is told on stderr is to stand below.
    sys.stdout.flush()


def tell(mended: Mended, report: Report, options: ScanOptions) -> None:
    """Sum the fixes up on stderr, and with --verbose name each."""
    if options.quiet:
        return
    for line in _details(mended, dry=options.diff) if options.verbose else ():
        click.echo(line, err=True)
    for line in _sums(mended, _total(mended, report), dry=options.diff, verbose=options.verbose):
        click.echo(line, err=True)


def _total(mended: Mended, report: Report) -> int:
    """The findings of the report, and those that came to light on their lines."""
    seen = {(one.code, one.location, one.key) for one in report.findings}
    settled = (*(one.finding for one in mended.done), *(one.finding for one in mended.refused), *mended.unsafe)
    return len(seen) + sum(1 for one in settled if (one.code, one.location, one.key) not in seen)


def _sums(mended: Mended, total: int, *, dry: bool, verbose: bool) -> Iterator[str]:
    if not (mended.done or mended.refused or mended.unsafe):
        yield "There is nothing to fix."
        return
    count, changed = len(mended.done), len(mended.changes)
    codes = Counter(one.finding.code for one in mended.done)
    by_rule = ": " + ", ".join(f"{code} {number}" for code, number in sorted(codes.items())) if codes else ""
    where = f" in {plural(changed, 'file')}" if changed else ""
    yield f"{'Would fix' if dry else 'Fixed'} {count} of {plural(total, 'finding')}{where}{by_rule}."
    if mended.unsafe:
        more = len(mended.unsafe)
        have, them = ("has a fix that is", "it") if more == 1 else ("have fixes that are", "them")
        yield f"{more} more {have} not safe; --unsafe-fixes makes {them} too."
    if mended.refused:
        hint = "" if verbose else "; --verbose says why"
        yield f"No fix for {plural(len(mended.refused), 'finding')} of rules that have one{hint}."


def _details(mended: Mended, *, dry: bool) -> Iterator[str]:
    told: list[tuple[Finding, str]] = []
    told += [(one.finding, _done(one, dry=dry)) for one in mended.done]
    told += [(one.finding, f"no fix, for {one.reason}") for one in mended.refused]
    told += [(one, "not fixed, for that may change what the code does") for one in mended.unsafe]
    for finding, text in sorted(told, key=lambda one: (one[0].location, one[0].code)):
        place = finding.location
        yield escape(f"{place.path}:{place.span.start_line}:{place.span.start_column}: {finding.code}: {text}.")


def _done(one: Done, *, dry: bool) -> str:
    verb = "would be fixed" if dry else "fixed"
    return f"{verb}: {one.title}" if one.title else f"{verb} together with another one"
