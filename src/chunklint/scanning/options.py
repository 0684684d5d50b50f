"""The options of `chunklint scan`, and which of them do not go together."""

from __future__ import annotations

import os
from pathlib import Path

import click

from chunklint.records import record
from chunklint.reporters.terminal import wants_color


@record
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
    tickets: tuple[str, ...]
    fix: bool
    fix_only: bool
    unsafe_fixes: bool
    diff: bool
    show_fixes: bool
    shard: tuple[int, int] | None = None

    @property
    def mends(self) -> bool:
        """Whether fixes are made, be it for a diff only."""
        return self.fix or self.fix_only or self.diff

    def colored(self, terminal: bool) -> bool:
        """Whether output to a terminal, or to what is none, is to be in colour."""
        return wants_color({"auto": None, "always": True, "never": False}[self.color], os.environ, terminal)


def refuse_contradictions(options: ScanOptions) -> None:
    """Refuse options that ask for two things of which only one can be had. Raises click.UsageError."""
    if options.baseline is None and options.baseline_mode != "use":
        raise click.UsageError("--baseline-mode needs --baseline FILE, the file to write")
    if options.diff_base is not None and (options.staged or options.stdin_filename is not None):
        raise click.UsageError("--diff-base compares the work tree; leave --staged and --stdin-filename out")
    if options.diff_base is not None and options.baseline_mode != "use":
        raise click.UsageError("a baseline is written from all findings; leave --diff-base out")
    _refuse_fixes_beside(options)
    if options.shard is not None:
        _refuse_beside_a_shard(options)
    if options.add_ignores is None:
        return
    if options.staged or options.stdin_filename is not None:
        raise click.UsageError("--add-ignores writes into the work tree; leave --staged and --stdin-filename out")
    if options.baseline_mode != "use":
        raise click.UsageError("--add-ignores and --baseline-mode both accept findings; use one of them")
    from chunklint import silencing

    if wrong := silencing.complaint(options.add_ignores):
        raise click.UsageError(wrong)


def _refuse_beside_a_shard(options: ScanOptions) -> None:
    if options.paths or options.staged or options.stdin_filename is not None or options.diff_base is not None:
        raise click.UsageError("--shard is a part of the whole project; leave the PATHS, --staged and --diff-base out")
    if options.mends or options.add_ignores is not None or options.baseline is not None:
        raise click.UsageError("--shard changes no file and knows no baseline; `chunklint merge` does the rest")
    if options.outputs or options.statistics or options.show_fixes:
        raise click.UsageError("--shard makes no report; give the formats to `chunklint merge`")


def _refuse_fixes_beside(options: ScanOptions) -> None:
    if options.unsafe_fixes and not options.mends:
        raise click.UsageError("--unsafe-fixes adds to --fix, --fix-only or --diff; use it with one of them")
    if not options.mends:
        return
    name = "--diff" if options.diff else "--fix" if options.fix else "--fix-only"
    if options.staged or options.stdin_filename is not None:
        raise click.UsageError(f"{name} is about the files of the work tree; leave --staged and --stdin-filename out")
    if options.baseline_mode != "use":
        raise click.UsageError(f"{name} and --baseline-mode each change what is left; run one after the other")
    if options.add_ignores is not None:
        raise click.UsageError(f"{name} and --add-ignores both settle findings; run one after the other")
    if options.show_fixes:
        raise click.UsageError(f"--show-fixes shows in the report what {name} does; use one of them")
    if name != "--fix" and (options.outputs or options.statistics):
        raise click.UsageError(f"{name} makes no report; leave --output-format and --statistics out, or use --fix")
