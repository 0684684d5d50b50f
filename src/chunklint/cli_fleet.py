"""The command `fleet`, thin as the others in `cli`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click


class Shard(click.ParamType[tuple[int, int]]):
    """I/N: the I-th of N parts."""

    name = "I/N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """The number of the part, from 1, and how many there are."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", str(value))
        number, count = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= count:
            self.fail(f"{value!r} is no part of a whole; write 1/4 for the first of four", param, ctx)
        return number, count


@click.command(short_help="Scan many repositories.")
@click.argument("repositories", required=False, metavar="[REPOS.txt]", type=click.Path(path_type=Path))
@click.option(
    "--repos-dir", type=click.Path(path_type=Path), metavar="DIR", help="Scan each git repository below DIR instead."
)
@click.option(
    "--rev", default="HEAD", show_default=True, metavar="REV", help="The revision to scan where the list names none."
)
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path),
    default="chunklint-fleet",
    show_default=True,
    metavar="DIR",
    help="Where the SARIF files and the roll-up go; what is there already is not scanned again.",
)
@click.option("--shard", type=Shard(), help="Scan the I-th of N parts of the list only; see `chunklint merge`.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Worker processes. [default: one a processor]")
@click.option("--executor", metavar="dask://HOST:PORT", help="Work on the cluster of this scheduler instead.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 although there are findings.")
@click.option("-q", "--quiet", is_flag=True, help="No progress; errors are still shown.")
def fleet(**given: Any) -> int:
    """Scan many git repositories, each at a revision, and sum up what they have.

    REPOS.txt names one repository a line: a path or any URL that your git can clone, with @REV behind it if you like.
    No work tree is touched, and each repository's own settings count. Exit codes are those of `scan`; a repository that
    cannot be scanned is named, costs nothing but itself, and makes it 2.
    """
    from chunklint.fleet.run import FleetOptions, run

    options = FleetOptions(**given)
    return run(options)


# The options of `scan` that say which rules run and how to report; a merge reads files, and changes none.
_OF_SCAN = frozenset({
    *("select", "ignore", "extend_select", "exclude", "tickets", "config", "isolated", "trust_rules", "baseline"),
    *("outputs", "fail_on", "exit_zero", "statistics", "show_suppressed", "color", "quiet", "jobs"),
})  # fmt: skip


def merge_of(scan: click.Command) -> click.Command:
    """The command `merge`, which takes the options of `scan` that make sense for it."""

    def merge(parts: tuple[Path, ...], output_dir: Path, **given: Any) -> int:
        """Join the PARTS that `scan --shard`, or `fleet --shard`, has written, and report as one whole scan would.

        PARTS are either all files, merged at the root of the project and with the options that they were made with, or
        all output folders of `fleet`. A part that is missing costs time: its files are judged here.
        """
        if all(part.is_dir() for part in parts):
            from chunklint.fleet.run import merge as merge_folders

            return merge_folders(parts, output_dir, exit_zero=bool(given["exit_zero"]))
        if any(part.is_dir() for part in parts):
            raise click.UsageError("PARTS are files of `scan --shard` or folders of `fleet`, not both")
        from chunklint.scanning import ScanOptions, run

        defaults = scan.make_context("scan", []).params
        options: ScanOptions = ScanOptions(**{**defaults, **given})
        return run(options, parts)

    params = [
        click.Argument(["parts"], nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)),
        click.Option(["--output-dir"], type=click.Path(path_type=Path), default="chunklint-fleet", metavar="DIR",
                     show_default=True, help="Where the merged output of `fleet` goes."),
        *(param for param in scan.params if param.name in _OF_SCAN),
    ]  # fmt: skip
    return click.Command("merge", callback=merge, params=params, help=merge.__doc__, short_help="Join shards.")
