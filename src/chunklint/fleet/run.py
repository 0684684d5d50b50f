"""`chunklint fleet`: from a list of repositories to a SARIF file for each, one roll-up and an exit code."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from chunklint.cache import default_folder
from chunklint.config import ConfigError
from chunklint.discovery import GitError, MissingPath
from chunklint.discovery.git import commit_of
from chunklint.fleet import clones, lists, pools, results, rollup, scanner
from chunklint.fleet.lists import ListError, Repository
from chunklint.fleet.pools import ClusterError
from chunklint.fleet.results import ResultError
from chunklint.fleet.rollup import Row
from chunklint.fleet.scanner import Means
from chunklint.loader import RuleError
from chunklint.progress import progress
from chunklint.records import record
from chunklint.reporters import Style, render
from chunklint.reporters.escaping import escape

# A fetch waits for the network most of its time, so some go on while repositories are scanned.
_FETCHES = 4

_Place = tuple[Path, str]


@record
class FleetOptions:
    """The options of `chunklint fleet`, named as on the command line."""

    repositories: Path | None
    repos_dir: Path | None
    rev: str
    output_dir: Path
    shard: tuple[int, int] | None
    jobs: int | None
    executor: str | None
    exit_zero: bool
    quiet: bool


def run(options: FleetOptions) -> int:
    """Scan all repositories and return the exit code. Raises click.UsageError for whatever the user can put right."""
    try:
        return _run(options)
    except (ClusterError, ListError, RuleError) as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.UsageError(f"{error.filename or options.output_dir}: {error.strerror or error}") from error


def _run(options: FleetOptions) -> int:
    _forget_repository()
    repositories = _listed(options)
    results.prepare(options.output_dir)
    caches = default_folder()
    rows: list[Row] = []
    with (
        pools.chosen(options.executor, options.jobs) as team,
        _places(repositories, caches) as places,
        progress(len(repositories), hidden=options.quiet) as advance,
    ):
        for one, place in zip(repositories, places, strict=True):
            rows.append(_row(one, place, options.output_dir, Means(team, caches)))
            advance(1)
    return _reported(rows, options.output_dir, exit_zero=options.exit_zero)


def merge(folders: Sequence[Path], output_dir: Path, *, exit_zero: bool) -> int:
    """Make one of the output folders of several runs, as one run would have made it. Raises click.UsageError."""
    try:
        results.prepare(output_dir)
        rows = results.merged(folders, output_dir)
    except ResultError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.UsageError(f"{error.filename or output_dir}: {error.strerror or error}") from error
    return _reported(rows, output_dir, exit_zero=exit_zero)


def _listed(options: FleetOptions) -> tuple[Repository, ...]:
    lists.check_revision(options.rev)
    match options.repositories, options.repos_dir:
        case Path() as file, None:
            found = lists.read_list(file, options.rev)
        case None, Path() as folder:
            found = lists.below(folder, options.rev)
        case _:
            raise ListError("give a file of repositories or --repos-dir DIR, one of the two")
    return found if options.shard is None else lists.part(found, options.shard)


def _forget_repository() -> None:
    """In a hook git names the repository it runs for, and would then look for every other one there."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX"):
        os.environ.pop(name, None)


@contextmanager
def _places(repositories: Sequence[Repository], caches: Path) -> Iterator[Sequence[Future[_Place]]]:
    """Where each repository is, once it is there."""
    with ThreadPoolExecutor(_FETCHES) as pool:
        try:
            yield [pool.submit(clones.located, one, caches) for one in repositories]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _row(one: Repository, located: Future[_Place], folder: Path, means: Means) -> Row:
    """Scan one repository, unless an earlier run has; whatever is wrong with it costs nothing but itself."""
    row = Row(one.name, one.shown, one.revision)
    try:
        place, revision = located.result()
        commit = commit_of(place, revision)
        if known := results.known(folder, row, commit):
            return known
        report, failing = scanner.scan(place, commit, means)
    except (ConfigError, GitError, MissingPath, OSError) as error:
        results.forget(folder, one.name)
        reason = lists.without_secret("; ".join(str(error).splitlines()))
        click.echo(escape(f"{one.name}: error: not scanned: {reason}"), err=True)
        return replace(row, error=reason)
    row = replace(
        row,
        commit=commit,
        files=report.files,
        counts=rollup.counts_of(report),
        failing=failing,
        unjudged=rollup.unjudged_in(report),
    )
    for path in row.unjudged:
        click.echo(f"{one.name}: error: not judged: {path or 'see its SARIF'}", err=True)
    results.keep(folder, row, render("sarif", report, Style()))
    return row


def _reported(found: Sequence[Row], folder: Path, *, exit_zero: bool) -> int:
    """Write the roll-up, print it, and return the exit code."""
    rows = sorted(found, key=lambda row: (row.name.casefold(), row.name))
    results.summarise(folder, rows)
    click.echo(rollup.as_text(rows), nl=False)
    if any(row.error or row.unjudged for row in rows):
        return 2
    return 1 if any(row.failing for row in rows) and not exit_zero else 0
