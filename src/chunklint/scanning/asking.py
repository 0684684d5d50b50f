"""What the options of a scan ask for: which rules and settings, which files, which cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from chunklint import config, discovery, project
from chunklint.cache import default_folder
from chunklint.config import Overrides, Settings
from chunklint.discovery import Discovered
from chunklint.engine import RuleSet
from chunklint.languages import language_of
from chunklint.loader import BUILTIN
from chunklint.model import Report, Rule
from chunklint.project import Request
from chunklint.reporters.summary import ticket_for
from chunklint.scanning.options import ScanOptions
from chunklint.suggest import did_you_mean
from chunklint.unchanged import Whole, recalled


def rule_folders(options: ScanOptions, found: config.Config) -> list[Path]:
    """Our rules, and the configured ones when they are trusted: the configuration is part of what is scanned."""
    if found.rule_folders and not options.trust_rules:
        names = ", ".join(str(folder) for folder in found.rule_folders)
        click.echo(
            f"warning: rules in {names} are not loaded; they are code, so pass --trust-rules to run them", err=True
        )
    return [BUILTIN, *(found.rule_folders if options.trust_rules else ())]


def caches(options: ScanOptions, request: Request) -> Path | None:
    """The folder of the cache, None to do without: for few files it costs more than it saves."""
    if options.no_cache or (options.cache_dir is None and project.default_caches(request.found) is None):
        return None
    return _caches_beside(options, request.found.root)


def _whole_scan(
    options: ScanOptions, settings: Settings, folders: Sequence[Path], rules: Sequence[Rule], cwd: Path
) -> Whole | None:
    """The scan as one that may be remembered as a whole: of folders as they are on the disk, and nothing is changed."""
    partial = options.staged or options.stdin_filename is not None or options.diff_base is not None
    changing = options.mends or options.add_ignores is not None
    if partial or changing or options.no_cache or options.shard is not None:
        return None
    paths = options.paths or (Path(),)
    if not all((cwd / path).is_dir() for path in paths):
        return None
    root = discovery.root_of(paths, cwd=cwd)
    asked = (
        sorted(os.path.realpath(cwd / path) for path in paths), settings.exclude, str(settings.folder),
        settings.respect_gitignore, settings.max_file_size, options.force_exclude,
    )  # fmt: skip
    return Whole(_caches_beside(options, root), root, RuleSet.of(folders, rules), repr(asked))


def _caches_beside(options: ScanOptions, root: Path) -> Path:
    if options.cache_dir is None:
        return default_folder()
    folder = (Path.cwd() / options.cache_dir).resolve()
    if folder.is_relative_to(root) and discovery.is_tracked(root, folder):
        raise click.UsageError(f"--cache-dir {options.cache_dir} is part of what is scanned: git tracks it")
    return folder


def overrides(options: ScanOptions) -> Overrides:
    """What the command line says of the settings."""
    return Overrides(
        select=options.select or None,
        ignore=options.ignore or None,
        extend_select=options.extend_select or None,
        extend_exclude=options.exclude or None,
        fail_on=options.fail_on,
    )


def request_of(
    options: ScanOptions, settings: Settings, folders: Sequence[Path], rules: Sequence[Rule], cwd: Path
) -> tuple[Request, Whole | None]:
    """What to scan, and as what that may be remembered."""
    whole = _whole_scan(options, settings, folders, rules, cwd)
    known = recalled(whole) if whole is not None else None
    if known is not None:
        return Request(known[0], known=known[1]), whole
    request = _new_request(options, settings, cwd)
    return request, whole if caches(options, request) is not None else None


def _new_request(options: ScanOptions, settings: Settings, cwd: Path) -> Request:
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


def of_tickets(rules: Sequence[Rule], wanted: Sequence[str], settings: Settings) -> tuple[Rule, ...]:
    """The rules that one of the tickets asks for, all when none is given. Raises click.UsageError for unknown ones."""
    if not wanted:
        return tuple(rules)
    ids = {
        rule.code: [one.id for one in (config.ticket_of(settings, rule), *config.tickets_in(settings, rule))]
        for rule in rules
    }
    known = {one.casefold(): one for names in ids.values() for one in names}
    for name in wanted:
        if name.casefold() not in known:
            hint = did_you_mean(name, known.values()) or f"; there are {', '.join(sorted(known.values()))}"
            raise click.UsageError(f"no selected rule belongs to a ticket {name!r}{hint}")
    folded = {name.casefold() for name in wanted}
    return tuple(rule for rule in rules if any(one.casefold() in folded for one in ids[rule.code]))


def narrowed(report: Report, tickets: Sequence[str]) -> Report:
    """The report with the findings of some tickets only: a rule may have another one in some folders."""
    if not tickets:
        return report
    folded = {name.casefold() for name in tickets}
    active, silenced = (
        tuple(one for one in found if ticket_for(one, report).id.casefold() in folded)
        for found in (report.findings, report.suppressed)
    )
    return replace(report, findings=active, suppressed=silenced)
