"""The command line: click commands, thin. Findings go to stdout, everything else to stderr.

Exit codes: 0 clean, 1 findings at or above --fail-on, 2 wrong usage or an incomplete scan, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chunklint import __version__
from chunklint.cli_fleet import Shard, fleet, merge_of
from chunklint.reporters import REPORTERS
from chunklint.suggest import did_you_mean

if TYPE_CHECKING:
    from chunklint.model import Rule
    from chunklint.scanning import ScanOptions

SEVERITIES = ("error", "warning", "note")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its escape, not a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli.main(list(sys.argv[1:] if arguments is None else arguments), "chunklint", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = 2
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        code = 130
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; Python must not complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code or 0)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="chunklint")
def cli() -> None:
    """Find the smells of a full-stack Python + React repository and the ticket that asks for each fix."""


class _Output(click.ParamType[tuple[str, str]]):
    """FORMAT or FORMAT=FILE."""

    name = "FORMAT[=FILE]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The format and the file, "" for stdout."""
        form, _, file = str(value).partition("=")
        if form not in REPORTERS:
            hint = did_you_mean(form, REPORTERS) or f"; choose one of {', '.join(REPORTERS)}"
            self.fail(f"{form!r} is no output format{hint}", param, ctx)
        if "=" in value and not file:
            self.fail(f"{value!r} names no file; write {form}=FILE, or {form} alone for stdout.", param, ctx)
        return form, file


@cli.command(short_help="Scan files and folders.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--select", multiple=True, metavar="CODES", help="Rules to run: codes, prefixes, names, tickets or ALL.")
@click.option("--ignore", multiple=True, metavar="CODES", help="Rules not to run.")
@click.option("--extend-select", multiple=True, metavar="CODES", help="Rules to run beside the configured ones.")
@click.option("--exclude", multiple=True, metavar="GLOBS", help="Paths not to scan, beside the configured ones.")
@click.option("--force-exclude", is_flag=True, help="Exclude and ignore files even when they are named explicitly.")
@click.option(
    "--output-format",
    "outputs",
    multiple=True,
    type=_Output(),
    help=f"How to report: {', '.join(REPORTERS)}. Repeat it to write several reports from one scan; FORMAT=FILE "
    "writes to a file. [default: text]",
)
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit with 1 from this severity up. [default: warning]")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 although there are findings.")
@click.option("--statistics", is_flag=True, help="Counts by rule and ticket instead of the findings.")
@click.option("--show-suppressed", is_flag=True, help="Report suppressed findings too, marked as such.")
@click.option("--show-files", is_flag=True, help="List the files that would be scanned, and stop.")
@click.option("--show-settings", is_flag=True, help="Print the settings in force, and stop.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Worker processes. [default: one a processor]")
@click.option("--no-cache", is_flag=True, help="Judge every file anew; neither read nor write the cache.")
@click.option(
    "--cache-dir", type=click.Path(path_type=Path), metavar="DIR", help="Where to keep what was found out of each file."
)
@click.option("--color", type=click.Choice(("auto", "always", "never")), default="auto", help="Colour the text report.")
@click.option("-q", "--quiet", is_flag=True, help="No notes and no progress; errors are still shown.")
@click.option("-v", "--verbose", is_flag=True, help="Say which configuration and files are read, and every note.")
@click.option("--config", multiple=True, metavar="FILE|KEY=VALUE", help="A configuration file, or one setting.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option("--trust-rules", is_flag=True, help="Load the rule folders that the configuration names. They are code.")
@click.option("--stdin-filename", metavar="PATH", help="Read one file from stdin and treat it as this path.")
@click.option("--staged", is_flag=True, help="Scan what is staged in git, as it is staged.")
@click.option(
    "--diff-base", metavar="REV", help="Only findings that the changes since git revision REV touch or cause elsewhere."
)
@click.option(
    "--baseline", type=click.Path(path_type=Path), metavar="FILE", help="Silence the findings listed in FILE."
)
@click.option(
    "--baseline-mode",
    type=click.Choice(("use", "write", "update", "prune")),
    default="use",
    help="What to do with the baseline: write it anew, update it (add new findings, drop fixed ones), or prune it "
    "(drop fixed ones only). [default: use]",
)
@click.option(
    "--add-ignores",
    metavar="REASON",
    help="Write a comment with this reason that silences each finding, into the files, and report what is left.",
)
@click.option(
    "--ticket",
    "tickets",
    multiple=True,
    metavar="ID",
    help="Only the rules, and fixes, that this ticket asks for. May be repeated.",
)
@click.option("--fix", is_flag=True, help="Fix what can be fixed safely, and report what is left.")
@click.option("--fix-only", is_flag=True, help="Fix, report nothing, and exit with 0 whatever is left.")
@click.option("--unsafe-fixes", is_flag=True, help="Fix also where that may change what the code does.")
@click.option("--diff", is_flag=True, help="Show what fixing would change, write nothing; exit with 1 if it would.")
@click.option("--show-fixes", is_flag=True, help="Show the fix of each finding in the text report.")
@click.option("--shard", type=Shard(), help="Judge the I-th of N parts only, and write a file for `chunklint merge`.")
def scan(**given: Any) -> int:
    """Scan PATHS (the current folder by default) and report what a careful reviewer would."""
    from chunklint.scanning import ScanOptions, run

    options: ScanOptions = ScanOptions(**given)
    return run(options)


@cli.command(short_help="Set a project up: configuration, pre-commit, workflow.")
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--source", metavar="URL", help="Where chunklint is hosted, as pre-commit and GitHub are to fetch it.")
def init(yes: bool, source: str | None) -> None:
    """Show the configuration, the pre-commit entry and the GitHub workflow to begin with, and write them if you agree.

    Nothing is overwritten: what is there is added to, or you are told what to add.
    """
    from chunklint import onboarding
    from chunklint.discovery import root_of

    def agree() -> bool:
        if yes or sys.stdin.isatty():
            return yes or click.confirm("Write this?")
        click.echo("Nothing was written; --yes writes it.", err=True)
        return False

    try:
        onboarding.run(root_of((), cwd=Path.cwd()), source, click.echo, agree)
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(str(error)) from error


@cli.group(short_help="Show where each ticket stands, or import tickets.", invoke_without_command=True)
@click.option(
    "--since", metavar="REV", multiple=True, help="Show how the counts have moved since a git revision, or several."
)
@click.option("--html", type=click.Path(path_type=Path), help="Draw the trend as a page of its own; needs --since.")
@click.pass_context
def tickets(context: click.Context, since: tuple[str, ...], html: Path | None) -> int:
    """Show where each ticket stands: priority, open findings, files, what is done."""
    if context.invoked_subcommand is not None:
        return 0
    from chunklint import ticketing

    return ticketing.show(since, html)


@tickets.command("import", short_help="Read the tickets in a Markdown document into a small TOML file.")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--into", type=click.Path(path_type=Path), default="chunklint-tickets.toml", show_default=True)
@click.option("--force", is_flag=True, help="Write the file anew when it is there.")
def import_(document: Path, into: Path, force: bool) -> None:
    """Read the tickets, phases and reviews in DOCUMENT into a TOML file, which is yours to read and edit."""
    from chunklint import ticketing

    ticketing.import_document(document, into, force=force)


@cli.command(short_help="Answer the review of a ticket.")
@click.argument("ticket")
@click.option("--base", metavar="REV", help="Compare with a git revision: what is fixed, what is new.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the review to a file.")
def review(ticket: str, base: str | None, output: Path | None) -> int:
    """Say what works and what is left of TICKET, as Markdown for `gh pr review --body-file -`.

    Exit codes: 0 approved (with or without suggestions), 1 changes requested, 2 it cannot be told.
    """
    from chunklint import ticketing

    return ticketing.review(ticket, base, output)


@cli.command(short_help="Explain a rule, or list all rules.")
@click.argument("code", required=False)
@click.option("--output-format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
def rule(code: str | None, form: str) -> None:
    """Explain the rule CODE (a code or a name), or list all rules."""
    from chunklint import explain
    from chunklint.loader import BUILTIN, RuleError, load

    try:
        rules = load([BUILTIN])
    except RuleError as error:
        raise click.UsageError(str(error)) from error
    chosen = [_find_rule(rules, code)] if code else list(rules)
    if form == "json":
        click.echo(explain.as_json(chosen, single=code is not None))
    elif code:
        explain.print_page(chosen[0])
    else:
        click.echo(explain.as_table(chosen))


def _find_rule(rules: Sequence[Rule], code: str) -> Rule:
    for candidate in rules:
        if code.casefold() in (candidate.code.casefold(), candidate.name):
            return candidate
    known = [name for candidate in rules for name in (candidate.code, candidate.name)]
    hint = did_you_mean(code, known) or "; `chunklint rule` lists them all"
    raise click.UsageError(f"there is no rule {code!r}{hint}")


@cli.command(short_help="Write a new rule and its first fixture.")
@click.argument("code")
@click.argument("name")
@click.option("--topic", default="custom", show_default=True, help="The folder below rules/ and fixtures/.")
@click.option("--into", type=click.Path(path_type=Path, file_okay=False), default=".", help="Where those folders are.")
def new(code: str, name: str, topic: str, into: Path) -> None:
    """Write a rule CODE called NAME and its first fixture; both run as they are."""
    from chunklint.scaffold import ScaffoldError, write_rule

    try:
        written = write_rule(into, code, name, topic)
    except (ScaffoldError, OSError) as error:
        raise click.UsageError(str(error)) from error
    for path in written:
        click.echo(f"wrote {path}")
    click.echo(f"Next: chunklint test {into}")


@cli.command(short_help="Check your own rules against their fixtures.")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def test(folder: Path) -> int:
    """Check the rules in FOLDER/rules against the annotated sources in FOLDER/fixtures."""
    from chunklint.engine import RuleSet
    from chunklint.fixtures import run
    from chunklint.loader import RuleError, load

    try:
        home = folder.resolve() / "rules"
        rules = load([home])
        results = list(run(folder.resolve(), [home], RuleSet.of([home], rules)))
    except RuleError as error:
        raise click.UsageError(str(error)) from error
    for case, differences in results:
        click.echo(f"{'ok  ' if not differences else 'FAIL'} {case.name}")
        for difference in differences:
            click.echo(f"     {difference}")
    covered = {case.rule.rsplit("/", 1)[-1] for case, _ in results}
    bare = [one.code for one in rules if one.name.replace("-", "_") not in covered]
    if bare:
        click.echo(f"FAIL {', '.join(bare)}: no fixture; write one in {folder}/fixtures/TOPIC/RULE/")
    failed = sum(1 for _, differences in results if differences)
    click.echo(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed or bare else 0


cli.add_command(fleet)
cli.add_command(merge_of(scan))


@cli.group("cache", short_help="Empty the cache.")
def cache_() -> None:
    """The cache holds what earlier scans found out of files that have not changed since."""


@cache_.command(short_help="Remove everything that is cached.")
@click.option("--cache-dir", type=click.Path(path_type=Path), metavar="DIR", help="The folder, when not the usual one.")
def clean(cache_dir: Path | None) -> None:
    """Remove everything that is cached, of all projects."""
    from chunklint import cache

    folder = cache_dir or cache.default_folder()
    try:
        removed = cache.clean(folder)
    except OSError as error:
        raise click.UsageError(f"the cache in {folder} cannot be removed: {error.strerror}") from error
    click.echo(f"{removed} {'store' if removed == 1 else 'stores'} removed from {folder}.", err=True)
