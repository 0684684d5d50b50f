"""`chunklint tickets` and `chunklint review`: what each ticket still asks for, and the answer to its review."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from chunklint import __version__, config, discovery, files, novelty, project
from chunklint.config import ConfigError, Overrides, Settings
from chunklint.discovery import GitError, MissingPath
from chunklint.loader import BUILTIN, RuleError, load
from chunklint.model import Finding, Report, Rule, Severity
from chunklint.progress import progress
from chunklint.project import Request
from chunklint.records import record
from chunklint.reporters import REPORTERS
from chunklint.reporters.escaping import escape
from chunklint.reporters.review import Answer, Verdict
from chunklint.reporters.review import render as render_review
from chunklint.reporters.summary import plural, ticket_for, unjudged
from chunklint.suggest import did_you_mean
from chunklint.tickets import DocumentError, Plan, PlanError, read_document, read_plan, rendered
from chunklint.tickets.flags import seen_by

PLAN = "chunklint-tickets.toml"


@record
class _Project:
    """The current folder as its settings see it."""

    settings: Settings
    rules: tuple[Rule, ...]
    folder: Path
    plan: Plan

    def codes(self, ticket: str) -> frozenset[str]:
        """The codes of the rules that a ticket asks for, somewhere at least."""
        return frozenset(
            rule.code for rule in self.rules if any(name.casefold() == ticket.casefold() for name in self._ids(rule))
        )

    def known(self) -> dict[str, None]:
        """The ids of all tickets: the plan's in its order, then those that only rules name."""
        ids = [one.id for one in self.plan.tickets]
        return dict.fromkeys([*ids, *(name for rule in self.rules for name in self._ids(rule))])

    def _ids(self, rule: Rule) -> list[str]:
        tickets = (config.ticket_of(self.settings, rule), *config.tickets_in(self.settings, rule))
        return [ticket.id for ticket in tickets]


def import_document(document: Path, target: Path, *, force: bool) -> None:
    """Read a Markdown document of tickets and write the plan. Raises click.UsageError."""
    with _usage_errors():
        here = _project(Plan())
        try:
            text = document.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"{document} cannot be read: {error}") from error
        plan = read_document(
            str(document),
            text,
            exists=lambda path: (here.folder / path).exists(),
            flags=lambda ticket, flag: seen_by(here.codes(ticket), flag),
        )
        if target.exists() and not force:
            raise click.UsageError(f"{target} is there already; --force writes it anew")
        _write(target, rendered(plan))
    least, most = plan.hours
    click.echo(
        f"wrote {target}: {plural(len(plan.tickets), 'ticket')}, {plural(len(plan.reviews), 'review')}, "
        f"{plural(len(plan.phases), 'phase')}, {least:g}-{most:g} hours. Read it before you rely on it."
    )


def show(since: Sequence[str], page: Path | None) -> int:
    """Print where each ticket stands, and against revisions, the oldest first, how it has moved.

    The trend is also drawn as an HTML page where one is asked for. Returns the exit code.
    """
    if page is not None and not since:
        raise click.UsageError("--html draws how the findings moved; say since when with --since REV")
    with _usage_errors():
        here = _project()
        now = _scanned(here, here.rules)
        past = [(revision, _scanned(here, here.rules, revision)) for revision in since]
    for row in _table(here, now, past):
        click.echo(row)
    if page is not None:
        from chunklint.reporters.html import trend

        _write(page, trend.render([*past, ("now", now)], __version__))
    return _incomplete(now)


def review(ticket: str, base: str | None, target: Path | None) -> int:
    """Answer the review of a ticket: 0 for an approval, 1 when changes are requested, 2 when it cannot be told."""
    with _usage_errors():
        here = _project()
        name = next((one for one in here.known() if one.casefold() == ticket.casefold()), None)
        if name is None:
            hint = did_you_mean(ticket, list(here.known())) or f"; known are {', '.join(here.known())}"
            raise click.UsageError(f"there is no ticket {ticket!r}{hint}")
        codes = here.codes(name)
        if not codes:
            raise click.UsageError(f"no rule that is selected here asks for {name}; `chunklint rule` lists them")
        rules = tuple(rule for rule in here.rules if rule.code in codes)
        now = _of_ticket(_scanned(here, rules), name)
        then = None if base is None else _of_ticket(_scanned(here, rules, base), name)
        task, asked = here.plan.ticket(name), here.plan.review(name)
        flags = [(flag.text, flag.rules) for flag in asked.flags] if asked else []
        answer = Answer(
            id=name,
            title=task.title if task else "",
            base=base or "",
            rules=now.rules,
            left=now.findings,
            fixed=None if then is None else _missing(then.findings, now.findings),
            new=() if then is None else _missing(now.findings, then.findings),
            suppressions=now.suppressed if then is None else _missing(now.suppressed, then.suppressed),
            flags=tuple(flags),
            criteria=asked.criteria if asked else (task.criteria if task else ()),
            incomplete=tuple(unjudged(now)),
        )
        text = render_review(answer)
        if target is None:
            click.echo(text, nl=False)
        else:
            _write(target, text)
    return _incomplete(now) or (1 if answer.verdict is Verdict.CHANGES else 0)


def _write(target: Path, text: str) -> None:
    try:
        files.write(target, text)
    except OSError as error:
        raise click.UsageError(f"{target} cannot be written: {error.strerror}") from error


@contextmanager
def _usage_errors() -> Iterator[None]:
    """What the user can put right, as the command line says it."""
    try:
        yield
    except (ConfigError, DocumentError, GitError, MissingPath, PlanError, RuleError) as error:
        raise click.UsageError(str(error)) from error


def _missing(findings: Sequence[Finding], others: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those of the findings that the others do not have, moved lines and renamed files allowed for."""
    return novelty.new_among(findings, others, {finding.location.path for finding in findings})


def _project(plan: Plan | None = None) -> _Project:
    cwd = Path.cwd()
    found = config.read(cwd, isolated=False, config=())
    rules = load([BUILTIN])
    settings = config.load(found, rules=rules, overrides=Overrides(), formats=tuple(REPORTERS))
    return _Project(settings, config.selected(settings, rules), found.folder, plan or _plan(found.folder))


def _plan(folder: Path) -> Plan:
    try:
        return read_plan(folder / PLAN)
    except FileNotFoundError:
        return Plan()


def _scanned(here: _Project, rules: Sequence[Rule], revision: str | None = None) -> Report:
    """Scan the work tree, or the tree of a revision without touching the work tree."""
    settings, folder = here.settings, here.folder
    if revision is None:
        request = Request(project.discovered((Path(),), folder, settings))
    else:
        root = discovery.root_of((), cwd=folder)
        below = "" if folder == root else f"{folder.relative_to(root).as_posix()}/"
        request = project.at_revision(root, revision, settings, below)
    caches = project.default_caches(request.found)
    with progress(len(request.found.files), hidden=False) as advance:
        return project.examined(request, settings, rules, [BUILTIN], caches=caches, advance=advance).report()


def _of_ticket(report: Report, ticket: str) -> Report:
    """The report without the findings that another ticket asks for: paths may have tickets of their own."""

    def theirs(findings: Sequence[Finding]) -> tuple[Finding, ...]:
        return tuple(one for one in findings if ticket_for(one, report).id.casefold() == ticket.casefold())

    return replace(report, findings=theirs(report.findings), suppressed=theirs(report.suppressed))


def _table(here: _Project, now: Report, past: Sequence[tuple[str, Report]]) -> Iterator[str]:
    """One line a ticket: id, priority, hours, what is open, in how many files, the trend, the title."""
    open_now, open_then = _by_ticket(now), [_by_ticket(report) for _, report in past]
    rows: list[tuple[str, ...]] = [
        ("ticket", "priority", "phase", "hours", "errors", "warnings", "notes", "files", "trend", "state", "title")
    ]
    for name in here.known():
        task = here.plan.ticket(name)
        found = open_now.get(name, ())
        counts = Counter(finding.severity for finding in found)
        phase = here.plan.phases.index(task.phase) + 1 if task and task.phase in here.plan.phases else None
        rows.append(
            (
                escape(name),
                escape(task.priority) if task else "",
                str(phase or ""),
                "-".join(f"{hour:g}" for hour in dict.fromkeys(task.hours)) if task and task.hours[1] else "",
                *(str(counts[one] or "·") for one in (Severity.ERROR, Severity.WARNING, Severity.NOTE)),
                str(len({finding.location.path for finding in found}) or "·"),
                _trend([*(len(then.get(name, ())) for then in open_then), len(found)]),
                "open" if counts[Severity.ERROR] or counts[Severity.WARNING] else _closed(here, name),
                escape(task.title) if task else "",
            )
        )
    shown = [at for at in range(len(rows[0])) if any(row[at] for row in rows[1:])]
    widths = {at: max(len(row[at]) for row in rows) for at in shown}
    for row in rows:
        yield "  ".join(row[at].ljust(widths[at]) for at in shown).rstrip()
    done = sum(1 for row in rows[1:] if row[9] == "done")
    since = ", ".join(revision for revision, _ in past)
    yield ""
    yield f"{done} of {plural(len(rows) - 1, 'ticket')} done" + (f"; trend since {escape(since)}." if since else ".")


def _closed(here: _Project, ticket: str) -> str:
    return "done" if here.codes(ticket) else "no rule"


def _trend(counts: Sequence[int]) -> str:
    """How a count moved: "" with nothing to compare, "+2" or "=" against one revision, "9 > 4 > 0" over several."""
    match counts:
        case [_]:
            return ""
        case [then, now]:
            return "=" if now == then else f"{now - then:+d}"
    return " > ".join(map(str, counts))


def _by_ticket(report: Report) -> dict[str, tuple[Finding, ...]]:
    grouped: dict[str, list[Finding]] = {}
    for finding in report.findings:
        grouped.setdefault(ticket_for(finding, report).id, []).append(finding)
    return {name: tuple(found) for name, found in grouped.items()}


def _incomplete(report: Report) -> int:
    errors = [note for note in report.notifications if note.severity is Severity.ERROR]
    for note in errors:
        click.echo(f"{escape(note.path)}:{note.line}: error: {escape(note.message)}", err=True)
    return 2 if errors else 0
