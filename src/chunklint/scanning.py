"""`chunklint scan`: from the options to reports and an exit code."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from chunklint import baseline, config, discovery, files, novelty, project, silencing
from chunklint.baseline import BaselineError, Entry
from chunklint.config import ConfigError, Overrides, Settings
from chunklint.discovery import Discovered, GitError, MissingPath
from chunklint.languages import language_of
from chunklint.loader import BUILTIN, RuleError, load
from chunklint.model import Notification, Report, Rule, Severity
from chunklint.progress import progress
from chunklint.project import Request
from chunklint.reporters import REPORTERS, Style, render
from chunklint.reporters.escaping import escape
from chunklint.reporters.summary import plural, unjudged
from chunklint.reporters.terminal import wants_color, wants_hyperlinks
from chunklint.reporters.text import notice

# Prose wider than this is hard to read, however wide the terminal.
_WIDEST = 120


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """The options of `chunklint scan`, named as on the command line."""

    paths: tuple[Path, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    extend_select: tuple[str, ...]
    exclude: tuple[str, ...]
    force_exclude: bool
    outputs: tuple[tuple[str, str], ...]
    fail_on: str | None
    exit_zero: bool
    statistics: bool
    show_suppressed: bool
    show_files: bool
    show_settings: bool
    jobs: int | None
    no_cache: bool
    cache_dir: Path | None
    color: str
    quiet: bool
    verbose: bool
    config: tuple[str, ...]
    isolated: bool
    trust_rules: bool
    stdin_filename: str | None
    staged: bool
    diff_base: str | None
    baseline: Path | None
    baseline_mode: str
    add_ignores: str | None


def run(options: ScanOptions) -> int:
    """Scan, report, and return the exit code. Raises click.UsageError for whatever the user can put right."""
    try:
        return _run(options)
    except (BaselineError, ConfigError, GitError, MissingPath, RuleError) as error:
        raise click.UsageError(str(error)) from error


def _run(options: ScanOptions) -> int:
    cwd = Path.cwd()
    _refuse_contradictions(options)
    known = _baseline(options, cwd)
    found = config.read(cwd, isolated=options.isolated, config=options.config)
    folders = _rule_folders(options, found)
    rules = load(folders)
    settings = config.load(found, rules=rules, overrides=_overrides(options), formats=tuple(REPORTERS))
    chosen = config.selected(settings, rules)
    if options.show_settings:
        click.echo(config.show(settings))
        return 0
    request = _request(options, settings, cwd)
    if options.show_files:
        for path in request.found.files:
            click.echo(escape(path))
        return 0
    if options.verbose:
        click.echo(f"Configuration: {found.file or 'none'}. Root: {request.found.root}.", err=True)
        click.echo(f"{len(chosen)} rules, {len(request.found.files)} files.", err=True)

    def judged() -> Report:
        report = _judged(request, options, settings, folders, chosen)
        return report if known is None else _against_baseline(report, known, request, options, cwd)

    report = judged()
    if options.add_ignores is not None:
        report = _with_ignores(report, options.add_ignores, judged, settings, rules)
    _write(report, options, settings, cwd)
    _notify(report, options)
    return _exit_code(report, options, settings)


def _judged(
    request: Request, options: ScanOptions, settings: Settings, folders: Sequence[Path],
    chosen: Sequence[Rule],
) -> Report:  # fmt: skip
    """Scan what is asked for, or what changes since --diff-base bring."""
    caches = _caches(options, request)
    with progress(len(request.found.files), hidden=options.quiet) as advance:

        def scan(request: Request, rules: Sequence[Rule]) -> Report:
            return project.report(request, settings, rules, folders, jobs=options.jobs, caches=caches, advance=advance)

        if options.diff_base is None:
            return scan(request, chosen)
        return novelty.since(
            options.diff_base, request, chosen, settings, scan=scan
        )  # fmt: skip


def _with_ignores(
    report: Report, reason: str, judged: Callable[[], Report], settings: Settings, rules: Sequence[Rule]
) -> Report:
    """Write a comment for each finding, scan again, and take back what went wrong; what is left is the report."""
    root = Path(report.root)
    names = {rule.name: rule.code for rule in rules}

    def read(path: str) -> discovery.Source | Notification:
        return discovery.read_source(root, path, settings.max_file_size)

    edits = {edit.path: edit for edit in silencing.edits(report.findings, reason, read, names)}
    for edit in edits.values():
        _rewrite(root, edit.path, edit.after)
    again = judged()
    failed = set(unjudged(again)) - set(unjudged(report))
    for path in failed & edits.keys():
        _rewrite(root, path, edits.pop(path).before)
        again = judged()
    added = sum(edit.comments for edit in edits.values())
    click.echo(f"{plural(added, 'comment')} added in {plural(len(edits), 'file')}.", err=True)
    for finding in again.findings:
        where = f"{finding.location.path}:{finding.location.span.start_line}"
        click.echo(escape(f"{where}: no comment can silence {finding.code} here; use per-file-ignores."), err=True)
    return again


def _rewrite(root: Path, path: str, text: str) -> None:
    try:
        silencing.write(root, path, text)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}") from error


def _refuse_contradictions(options: ScanOptions) -> None:
    if options.baseline is None and options.baseline_mode != "use":
        raise click.UsageError("--baseline-mode needs --baseline FILE, the file to write")
    if options.diff_base is not None and (options.staged or options.stdin_filename is not None):
        raise click.UsageError("--diff-base compares the work tree; leave --staged and --stdin-filename out")
    if options.diff_base is not None and options.baseline_mode != "use":
        raise click.UsageError("a baseline is written from all findings; leave --diff-base out")
    if options.add_ignores is None:
        return
    if options.staged or options.stdin_filename is not None:
        raise click.UsageError("--add-ignores writes into the work tree; leave --staged and --stdin-filename out")
    if options.baseline_mode != "use":
        raise click.UsageError("--add-ignores and --baseline-mode both accept findings; use one of them")
    if wrong := silencing.complaint(options.add_ignores):
        raise click.UsageError(wrong)


def _baseline(options: ScanOptions, cwd: Path) -> tuple[Entry, ...] | None:
    """The entries of the baseline, read before a long scan so that a mistake shows at once."""
    if options.baseline is None:
        return None
    file = cwd / options.baseline
    if options.baseline_mode == "write" or (options.baseline_mode == "update" and not file.exists()):
        return ()
    return baseline.read(file)


def _against_baseline(
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
    _replace(file, baseline.rendered(entries), "baseline")
    text = f"{options.baseline}: {plural(len(entries), 'finding')}, {len(added)} added, {len(compared.fixed)} removed."
    click.echo(text, err=True)
    return (
        narrowed
        if options.baseline_mode == "prune"
        else novelty.against(report, entries, request.found.files, whole=request.whole)[0]
    )


def _rule_folders(options: ScanOptions, found: config.Config) -> list[Path]:
    """Our rules, and the configured ones when they are trusted: the configuration is part of what is scanned."""
    if found.rule_folders and not options.trust_rules:
        names = ", ".join(str(folder) for folder in found.rule_folders)
        click.echo(
            f"warning: rules in {names} are not loaded; they are code, so pass --trust-rules to run them", err=True
        )
    return [BUILTIN, *(found.rule_folders if options.trust_rules else ())]


def _caches(options: ScanOptions, request: Request) -> Path | None:
    """The folder of the cache, None to do without: for few files it costs more than it saves."""
    if options.no_cache:
        return None
    if options.cache_dir is None:
        return project.default_caches(request.found)
    folder = (Path.cwd() / options.cache_dir).resolve()
    if folder.is_relative_to(request.found.root) and discovery.is_tracked(request.found.root, folder):
        raise click.UsageError(f"--cache-dir {options.cache_dir} is part of what is scanned: git tracks it")
    return folder


def _overrides(options: ScanOptions) -> Overrides:
    return Overrides(
        select=options.select or None,
        ignore=options.ignore or None,
        extend_select=options.extend_select or None,
        extend_exclude=options.exclude or None,
        fail_on=options.fail_on,
    )


def _request(options: ScanOptions, settings: Settings, cwd: Path) -> Request:
    """What to scan: paths, the index, or stdin."""
    if options.stdin_filename is not None:
        return _from_stdin(options, settings, cwd)
    if options.staged:
        return _from_index(options, settings, cwd)
    discovered = project.discovered(options.paths or (Path(),), cwd, settings, force_exclude=options.force_exclude)
    if not discovered.files and not options.quiet:
        click.echo("warning: no file to scan was found below the given paths", err=True)
    return Request(discovered, whole=all((cwd / path).is_dir() for path in options.paths))


def _from_stdin(options: ScanOptions, settings: Settings, cwd: Path) -> Request:
    named = cwd / str(options.stdin_filename)
    if options.paths not in ((), (Path("-"),)):
        raise click.UsageError("--stdin-filename reads one file from stdin; leave the PATHS out")
    if language_of(named.name) is None:
        raise click.UsageError(f"no language that chunklint reads has the suffix of {options.stdin_filename!r}")
    root = discovery.root_of((), cwd=cwd)
    if not named.is_relative_to(root):
        raise click.UsageError(f"--stdin-filename {options.stdin_filename} lies outside of {root}")
    path = named.relative_to(root).as_posix()
    files: tuple[str, ...] = (path,)
    if options.force_exclude:
        files = project.kept(root, files, settings)
    return Request(Discovered(root, files, ()), {path: sys.stdin.buffer.read()}, whole=False)


def _from_index(options: ScanOptions, settings: Settings, cwd: Path) -> Request:
    if options.paths:
        raise click.UsageError("--staged scans what is staged in git; leave the PATHS out")
    root = discovery.root_of((), cwd=cwd)
    contents, notes = discovery.staged(root, settings.max_file_size)
    return Request(Discovered(root, project.kept(root, contents, settings), notes), contents, whole=False)


def _write(report: Report, options: ScanOptions, settings: Settings, cwd: Path) -> None:
    outputs = options.outputs or ((settings.output_format, ""),)
    if sum(1 for _, file in outputs if not file) > 1:
        raise click.UsageError("only one report can go to stdout; name a file for the others, as in sarif=out.sarif")
    for form, file in outputs:
        style = Style(statistics=options.statistics, show_suppressed=options.show_suppressed)
        if file:
            _replace(cwd / file, render(form, report, style))
        else:
            sys.stdout.write(render(form, report, _on_stdout(style, options)))


def _on_stdout(style: Style, options: ScanOptions) -> Style:
    terminal = sys.stdout.isatty()
    flag = {"auto": None, "always": True, "never": False}[options.color]
    color = wants_color(flag, os.environ, terminal)
    links = wants_hyperlinks(color, os.environ, terminal)
    width = min(shutil.get_terminal_size().columns, _WIDEST) if terminal else style.width
    return replace(style, color=color, hyperlinks=links, width=width)


def _replace(target: Path, text: str, what: str = "report") -> None:
    try:
        files.write(target, text)
    except OSError as error:
        raise click.UsageError(f"the {what} cannot be written to {target}: {error.strerror}") from error


def _notify(report: Report, options: ScanOptions) -> None:
    """What the reader must know of the scan itself, one line each on stderr."""
    least = Severity.ERROR if options.quiet else Severity.NOTE
    color = wants_color({"auto": None, "always": True, "never": False}[options.color], os.environ, sys.stderr.isatty())
    for note in report.notifications:
        if note.severity.rank >= least.rank:
            click.echo(notice(note, Style(color=color)), err=True, color=color)


def _exit_code(report: Report, options: ScanOptions, settings: Settings) -> int:
    if any(note.severity is Severity.ERROR for note in report.notifications):
        return 2
    worst = max((finding.severity.rank for finding in report.findings), default=-1)
    return 1 if worst >= settings.fail_on.rank and not options.exit_zero else 0
