"""`chunklint scan`: from the options to reports and an exit code."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from chunklint import config, discovery, project
from chunklint.config import ConfigError, Overrides, Settings
from chunklint.discovery import Discovered, MissingPath, StagingError
from chunklint.languages import language_of
from chunklint.loader import BUILTIN, RuleError, load
from chunklint.model import Report, Severity
from chunklint.project import Request
from chunklint.reporters import REPORTERS, Style, render
from chunklint.reporters.escaping import escape
from chunklint.reporters.terminal import wants_color, wants_hyperlinks
from chunklint.reporters.text import notice

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

# Prose wider than this is hard to read, however wide the terminal.
_WIDEST = 120

# Seconds before a progress bar appears: what is done in a moment needs none.
_MOMENT = 0.5


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
    color: str
    quiet: bool
    verbose: bool
    config: tuple[str, ...]
    isolated: bool
    trust_rules: bool
    stdin_filename: str | None
    staged: bool


def run(options: ScanOptions) -> int:
    """Scan, report, and return the exit code. Raises click.UsageError for whatever the user can put right."""
    try:
        return _run(options)
    except (ConfigError, MissingPath, RuleError, StagingError) as error:
        raise click.UsageError(str(error)) from error


def _run(options: ScanOptions) -> int:
    cwd = Path.cwd()
    found = config.read(cwd, isolated=options.isolated, config=options.config)
    folders = _rule_folders(options, found)
    rules = load(folders)
    settings = config.load(found, rules=rules, overrides=_overrides(options), formats=tuple(REPORTERS))
    chosen = config.selected(settings, rules)
    if options.show_settings:
        click.echo(config.show(settings))
        return 0
    request = _request(options, settings, found, cwd)
    if options.show_files:
        for path in request.found.files:
            click.echo(escape(path))
        return 0
    if options.verbose:
        click.echo(f"Configuration: {found.file or 'none'}. Root: {request.found.root}.", err=True)
        click.echo(f"{len(chosen)} rules, {len(request.found.files)} files.", err=True)
    with _progress(len(request.found.files), hidden=options.quiet) as advance:
        report = project.report(request, settings, chosen, folders, jobs=options.jobs, advance=advance)
    _write(report, options, settings, cwd)
    _notify(report, options)
    return _exit_code(report, options, settings)


def _rule_folders(options: ScanOptions, found: config.Config) -> list[Path]:
    """Our rules, and the configured ones when they are trusted: the configuration is part of what is scanned."""
    if found.rule_folders and not options.trust_rules:
        names = ", ".join(str(folder) for folder in found.rule_folders)
        click.echo(
            f"warning: rules in {names} are not loaded; they are code, so pass --trust-rules to run them", err=True
        )
    return [BUILTIN, *(found.rule_folders if options.trust_rules else ())]


def _overrides(options: ScanOptions) -> Overrides:
    return Overrides(
        select=options.select or None,
        ignore=options.ignore or None,
        extend_select=options.extend_select or None,
        extend_exclude=options.exclude or None,
        fail_on=options.fail_on,
    )


def _request(options: ScanOptions, settings: Settings, found: config.Config, cwd: Path) -> Request:
    """What to scan: paths, the index, or stdin."""
    if options.stdin_filename is not None:
        return _from_stdin(options, settings, found, cwd)
    if options.staged:
        return _from_index(options, settings, found, cwd)
    discovered = discovery.discover(
        options.paths or (Path(),),
        cwd=cwd,
        exclude=settings.exclude,
        respect_gitignore=settings.respect_gitignore,
        force_exclude=options.force_exclude,
        max_bytes=settings.max_file_size,
        exclude_base=found.folder,
    )
    if not discovered.files and not options.quiet:
        click.echo("warning: no file to scan was found below the given paths", err=True)
    return Request(discovered, whole=all((cwd / path).is_dir() for path in options.paths))


def _from_stdin(options: ScanOptions, settings: Settings, found: config.Config, cwd: Path) -> Request:
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
        files = _kept(files, settings, found, root)
    return Request(Discovered(root, files, ()), {path: sys.stdin.buffer.read()}, whole=False)


def _from_index(options: ScanOptions, settings: Settings, found: config.Config, cwd: Path) -> Request:
    if options.paths:
        raise click.UsageError("--staged scans what is staged in git; leave the PATHS out")
    root = discovery.root_of((), cwd=cwd)
    contents, notes = discovery.staged(root, settings.max_file_size)
    return Request(Discovered(root, _kept(tuple(contents), settings, found, root), notes), contents, whole=False)


def _kept(files: tuple[str, ...], settings: Settings, found: config.Config, root: Path) -> tuple[str, ...]:
    return discovery.keep(
        root,
        files,
        exclude=settings.exclude,
        respect_gitignore=settings.respect_gitignore,
        exclude_base=found.folder,
    )


@contextmanager
def _progress(files: int, *, hidden: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, on a terminal only, once the scan has taken longer than a moment."""
    started = monotonic()
    bar: ProgressBar[int] | None = None
    done = 0

    def advance(count: int) -> None:
        nonlocal bar, done
        done += count
        if bar is None and monotonic() - started > _MOMENT:
            bar = click.progressbar(length=files, label="Scanning", file=sys.stderr, show_pos=True)
            bar.update(done)
        elif bar is not None:
            bar.update(count)

    try:
        yield (lambda count: None) if hidden or not sys.stderr.isatty() else advance
    finally:
        if bar is not None:
            # The bar tells nothing that the report does not, so it goes; and click hid the cursor for it.
            click.echo("\r\x1b[2K\x1b[?25h", nl=False, err=True, color=True)


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


def _replace(target: Path, text: str) -> None:
    """Write a report whole or not at all; a link at the target is replaced, never followed.

    A device or a pipe (/dev/stdout, a process substitution) is written to: replacing it would destroy it.
    """
    try:
        if _is_stream(target):
            with target.open("w", encoding="utf-8", newline="\n", errors="backslashreplace") as stream:
                stream.write(text)
            return
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
                file.write(text)
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise click.UsageError(f"the report cannot be written to {target}: {error.strerror}") from error


def _is_stream(target: Path) -> bool:
    streams = (Path("/dev"), Path("/proc"))
    return (target.exists() and not target.is_file()) or any(target.is_relative_to(folder) for folder in streams)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


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
