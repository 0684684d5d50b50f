"""`--shard`, which writes what a part of the files gave, and `chunklint merge`, which joins the parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from chunklint import project, shards
from chunklint.cache import Memory
from chunklint.config import Settings
from chunklint.engine import RuleSet
from chunklint.model import Rule
from chunklint.progress import progress
from chunklint.project import Request
from chunklint.reporters.summary import plural
from chunklint.scanning.options import ScanOptions
from chunklint.shards import Reader, ShardError, Writer

__all__ = ["memory_of", "write_shard"]


def write_shard(
    shard: tuple[int, int], request: Request, settings: Settings, folders: Sequence[Path], chosen: Sequence[Rule],
    options: ScanOptions,
) -> int:  # fmt: skip
    """Judge a part of the files and write what they gave into the current folder. Raises click.UsageError."""
    paths = shards.part(request.found.files, shard)
    part = replace(request, found=replace(request.found, files=paths), whole=False)
    writer = Writer()
    with progress(len(paths), hidden=options.quiet) as advance:
        project.examined(part, settings, chosen, folders, jobs=options.jobs, memory=writer, advance=advance)
    target = Path.cwd() / shards.name_of(shard)
    try:
        writer.write(target, shard, RuleSet.of(folders, chosen))
    except OSError as error:
        raise click.UsageError(f"{target} cannot be written: {error.strerror}") from error
    except ShardError as error:
        raise click.UsageError(str(error)) from error
    if not options.quiet:
        of = f"{len(paths)} of {plural(len(request.found.files), 'file')}"
        click.echo(f"{target.name}: {of}; `chunklint merge` joins the shards.", err=True)
    return 0


def memory_of(files: Sequence[Path], request: Request, folders: Sequence[Path], chosen: Sequence[Rule]) -> Memory:
    """What the shards know of the files. Raises click.UsageError."""
    try:
        known, missing = shards.read([Path.cwd() / file for file in files], RuleSet.of(folders, chosen))
    except ShardError as error:
        raise click.UsageError(str(error)) from error
    if missing:
        numbers = ", ".join(map(str, missing))
        click.echo(f"warning: shard {numbers} is missing; its files are judged here", err=True)
    return Reader(request.found.root, known)
