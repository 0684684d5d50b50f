"""`chunklint scan`: from the options to reports and an exit code."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from chunklint import config, novelty, project
from chunklint.baseline import BaselineError
from chunklint.cache import Memory
from chunklint.config import ConfigError, Settings
from chunklint.discovery import GitError, MissingPath, watching
from chunklint.loader import RuleError, load
from chunklint.model import Report, Rule
from chunklint.progress import progress
from chunklint.project import Examined, Request
from chunklint.reporters import REPORTERS
from chunklint.reporters.escaping import escape
from chunklint.reporters.summary import unjudged
from chunklint.scanning.asking import caches, narrowed, of_tickets, overrides, request_of, rule_folders
from chunklint.scanning.baselines import against_baseline, entries_of
from chunklint.scanning.ignoring import with_ignores
from chunklint.scanning.options import ScanOptions, refuse_contradictions
from chunklint.scanning.output import exit_code, notify, outputs_of, write
from chunklint.unchanged import Whole, remember

__all__ = ["ScanOptions", "run"]

# Formats that carry edits to whoever can do them.
_WITH_FIXES = frozenset({"html", "json", "rdjson", "sarif"})

Judged = tuple[Examined, Report]


def run(options: ScanOptions, shards: Sequence[Path] = ()) -> int:
    """Scan, report, and return the exit code. Raises click.UsageError for whatever the user can put right.

    What `shards` say of files is not found out again.
    """
    try:
        # What shards say takes the place of what the cache knows.
        return _run(replace(options, no_cache=True) if shards else options, shards)
    except (BaselineError, ConfigError, GitError, MissingPath, RuleError) as error:
        raise click.UsageError(str(error)) from error


def _run(options: ScanOptions, shards: Sequence[Path]) -> int:
    cwd = Path.cwd()
    refuse_contradictions(options)
    known = entries_of(options, cwd)
    found = config.read(cwd, isolated=options.isolated, config=options.config)
    folders = rule_folders(options, found)
    rules = load(folders)
    settings = config.load(found, rules=rules, overrides=overrides(options), formats=tuple(REPORTERS))
    chosen = of_tickets(config.selected(settings, rules), options.tickets, settings)
    if options.show_settings:
        click.echo(config.show(settings))
        return 0
    began = time.time_ns()
    with watching() as seen:
        request, whole = request_of(options, settings, folders, chosen, cwd)
    if options.show_files:
        click.echo("".join(f"{escape(path)}\n" for path in request.found.files), nl=False)
        return 0
    if options.verbose:
        click.echo(f"Configuration: {found.file or 'none'}. Root: {request.found.root}.", err=True)
        click.echo(f"{len(chosen)} rules, {len(request.found.files)} files.", err=True)

    if options.shard is not None:
        from chunklint.scanning.sharding import write_shard

        return write_shard(options.shard, request, settings, folders, chosen, options)
    memory = _memory_of(shards, request, whole, folders, chosen)

    def judged() -> Judged:
        with watching() as joined:
            examined, report = _judged(request, options, settings, folders, chosen, memory)
        if whole is not None and request.known is None:
            remember(whole, seen | joined, began, request.found, examined.outcome)
        if known is not None:
            report = against_baseline(report, known, request, options, cwd)
        return examined, narrowed(report, options.tickets)

    examined, report = judged()
    if options.mends:
        return _mended(examined, report, judged, options, settings, cwd)
    if options.add_ignores is not None:
        report = with_ignores(report, options.add_ignores, lambda: judged()[1], settings, rules)
    return _reported(examined, report, options, settings, cwd)


def _memory_of(
    files: Sequence[Path], request: Request, whole: Whole | None, folders: Sequence[Path], chosen: Sequence[Rule]
) -> Memory | None:
    if not files:
        return whole.store if whole is not None else None
    from chunklint.scanning.sharding import memory_of

    return memory_of(files, request, folders, chosen)


def _judged(
    request: Request, options: ScanOptions, settings: Settings, folders: Sequence[Path],
    chosen: Sequence[Rule], memory: Memory | None,
) -> Judged:  # fmt: skip
    """Scan what is asked for, or what changes since --diff-base bring."""
    known = caches(options, request)
    scans: list[Examined] = []
    with progress(len(request.found.files), hidden=options.quiet) as advance:

        def scan(request: Request, rules: Sequence[Rule]) -> Report:
            scans.append(
                project.examined(
                    request, settings, rules, folders,
                    jobs=options.jobs, caches=known, memory=memory, advance=advance,
                )
            )  # fmt: skip
            return scans[-1].report()

        if options.diff_base is None:
            report = scan(request, chosen)
        else:
            report = novelty.since(options.diff_base, request, chosen, settings, scan=scan)
    # The first is of the work tree; a second one would be of what it is compared with.
    return scans[0], report


def _mended(
    examined: Examined, report: Report, judged: Callable[[], Judged], options: ScanOptions, settings: Settings,
    cwd: Path,
) -> int:  # fmt: skip
    """Fix, or say what fixing would change, and report what is left."""
    from chunklint.fixing import mend
    from chunklint.scanning.mending import show_diff, tell, written

    mended = mend(examined, report.findings, unsafe=options.unsafe_fixes)
    if options.diff:
        show_diff(mended.changes, options)
        tell(mended, report, options)
        notify(report, options)
        if unjudged(report):
            return 2
        return 1 if mended.changes and not options.exit_zero else 0
    mended = written(Path(report.root), mended)
    tell(mended, report, options)
    if mended.changes:
        examined, report = judged()
    if not options.fix_only:
        return _reported(examined, report, options, settings, cwd)
    notify(report, options)
    return 2 if unjudged(report) else 0


def _reported(examined: Examined, report: Report, options: ScanOptions, settings: Settings, cwd: Path) -> int:
    if options.show_fixes or any(form in _WITH_FIXES for form, _ in outputs_of(options, settings)):
        from chunklint.fixing import suggested

        report = suggested(examined, report)
    write(report, options, settings, cwd)
    notify(report, options)
    return exit_code(report, options, settings)
