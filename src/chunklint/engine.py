"""Map checks over files, join their facts. Knows no rule and no reporter.

Work spreads through `concurrent.futures.Executor` alone (see `workers`). Workers receive paths and return plain data,
never check functions or syntax trees; the result is the same bytes for any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import field, replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from chunklint import discovery, fingerprints, suppressions, workers
from chunklint.cache import Cache, Memory, content_key, rules_key
from chunklint.checking import one_a_line, order, run_checks, settle, speaking
from chunklint.joining import Answer, Facts, Opened, Question, answered, join
from chunklint.languages import GRAMMAR_PACKAGES, language_of
from chunklint.languages.base import SourceFile
from chunklint.loader import load
from chunklint.model import (
    Finding,
    Notification,
    Rule,
    Severity,
    Suppression,
)
from chunklint.records import record

# A chunk is large enough to pay for its way to a worker and small enough to keep all workers busy to the end.
CHUNK_FILES = 32
CHUNK_BYTES = 256 * 1024

# The facts of fewer files are joined sooner than they are on their way to a worker.
JOINED_FILES = 1_000

# A file takes milliseconds; the largest that are read take some seconds on a slow machine.
FILE_SECONDS = 30.0

# A file of which more than this share lies in unreadable regions was not really judged.
UNREADABLE_SHARE = 0.5


@record
class RuleSet:
    """The rules of a scan by value, as it travels to a worker.

    Attributes:
        folders: The folders to load, ours first.
        codes: The selected codes.
        options: Option objects that differ from a rule's own, by code.
    """

    folders: tuple[Path, ...]
    codes: frozenset[str]
    options: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, folders: Sequence[Path], rules: Sequence[Rule]) -> RuleSet:
        """The set that makes a worker load exactly these rules with their present options."""
        changed = ((rule.code, rule.options) for rule in rules if rule.options is not None)
        return cls(tuple(folders), frozenset(rule.code for rule in rules), tuple(changed))


@record
class Job:
    """Some files of a scan.

    Attributes:
        max_bytes: Larger files are skipped with a note.
        contents: What overrides the disk, by path.
        whole: Whether the files are all that matter to each other. When they are only a part of a project, a rule
            that joins files may miss findings, so a comment that silences it is not called unused.
        seconds: How long one file may take.
    """

    root: Path
    rules: RuleSet
    paths: tuple[str, ...]
    max_bytes: int
    contents: Mapping[str, bytes] = field(default_factory=dict)
    whole: bool = True
    seconds: float = FILE_SECONDS


@record
class Judged:
    """What one file gave: findings, facts by code or by the name of what rules share, suppressions, notifications.

    `content` is the key of the content that gave it; b"" when another reading of the same content may give another.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    facts: Mapping[str, Facts] = field(default_factory=dict)
    suppressions: tuple[Suppression, ...] = ()
    notifications: tuple[Notification, ...] = ()
    content: bytes = b""


@record
class Team:
    """Who does the work: so many processes, and what starts them."""

    count: int
    start: workers.Start = workers.processes


@record
class Outcome:
    """What a scan gave, in the order path, line, column, code."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    notifications: tuple[Notification, ...]


def scan(
    job: Job,
    *,
    team: Callable[[Job], Team | None] = lambda job: None,
    cache: Memory | None = None,
    advance: Callable[[int], None] = lambda files: None,
) -> Outcome:
    """Judge all files of the job and join the facts of all; see `examine`."""
    return conclude(job, examine(job, team=team, cache=cache, advance=advance), cache, team=team)


def examine(
    job: Job,
    *,
    team: Callable[[Job], Team | None] = lambda job: None,
    cache: Memory | None = None,
    advance: Callable[[int], None] = lambda files: None,
) -> list[Judged]:
    """Judge every file of the job by itself, but for those that the cache knows; in the order of their paths.

    `team` says who does what the cache leaves to do; None: this process. `advance` is called with a number of files
    whenever that many are done.
    """
    judged = _recalled(job, cache)
    advance(len(judged))
    known = {one.path for one in judged}
    left = _part(job, [path for path in job.paths if path not in known])
    fresh: list[Judged] = []
    with closing(_judge_all(left, team(left))) as chunks:
        for chunk in chunks:
            fresh.extend(chunk)
            advance(len(chunk))
    if cache is not None:
        cache.keep((one.path, one.content, one) for one in fresh if one.content)
    judged.extend(fresh)
    return sorted(judged, key=lambda one: one.path)


def conclude(
    job: Job,
    judged: Sequence[Judged],
    cache: Memory | None = None,
    *,
    team: Callable[[Job], Team | None] = lambda job: None,
) -> Outcome:
    """Join the facts of all files of the job, given in the order of their paths, and apply their comments.

    `team` says who makes the joins where there is much to join; None: this process.
    """
    rules = rules_of(job.rules)
    facts = {one.path: one.facts for one in judged}
    store = cache if isinstance(cache, Cache) else None
    joined, troubles = join(rules, facts, job.root, whole=job.whole, cache=store, ask=partial(_ask, job, team))
    notifications = [*troubles, *(note for one in judged for note in one.notifications)]
    certain = frozenset(rule.code for rule in rules if job.whole or not rule.joins)
    kept: list[Finding] = []
    silenced: list[Finding] = []
    for one in judged:
        findings, notes = _merged(job, one, joined.get(one.path, []))
        active, suppressed, complaints = suppressions.apply(one.path, findings, one.suppressions, certain)
        kept.extend(active)
        silenced.extend(suppressed)
        notifications.extend((*notes, *complaints))
    return Outcome(
        tuple(sorted(kept, key=order)), tuple(sorted(silenced, key=order)), tuple(sorted(set(notifications)))
    )


@cache
def rules_of(chosen: RuleSet) -> tuple[Rule, ...]:
    """The selected rules with their options, loaded once a process. Raises RuleError."""
    options = dict(chosen.options)
    return tuple(
        replace(rule, options=options.get(rule.code, rule.options))
        for rule in load(chosen.folders)
        if rule.code in chosen.codes
    )


@cache
def _codes_of(folders: tuple[Path, ...]) -> Mapping[str, str]:
    """The code of every rule in the folders by its name, selected or not: comments may speak of any."""
    return {rule.name: rule.code for rule in load(folders)}


def cache_key(rules: RuleSet) -> bytes:
    """What must be the same for a cached result to be true."""
    package = Path(__file__).parent
    outside = [find_spec(name) for name in ("tree_sitter", *GRAMMAR_PACKAGES, "sqlglot")]
    origins = [Path(spec.origin) for spec in outside if spec is not None and spec.origin is not None]
    chosen = (*sorted(rules.codes), *(f"{code} {options!r}" for code, options in rules.options))
    return rules_key(rules.folders, chosen, (package, *origins))


@record
class _Joins:
    """Questions to some rules' joins, as they travel to a worker."""

    rules: RuleSet
    questions: tuple[Question, ...]


def _ask(job: Job, team: Callable[[Job], Team | None], questions: Sequence[Question]) -> Iterator[Answer]:
    """The answers to all questions, that with the most facts first; see `conclude`."""
    files = {path for one in questions for path in one.facts}
    who = team(job) if len(questions) > 1 and len(files) >= JOINED_FILES else None
    if who is None:
        yield from _answer_all(_Joins(job.rules, tuple(questions)))
        return
    sizes = {one.code: sum(len(part) for parts in one.facts.values() for part in parts) for one in questions}
    parts = [_Joins(job.rules, (one,)) for one in sorted(questions, key=lambda one: -sizes[one.code])]
    # A question is a whole already.
    for answers in workers.spread(
        parts, _answer_all, count=who.count, start=who.start, split=lambda part: [part], lost=_lost_joins
    ):
        yield from answers


def _answer_all(joins: _Joins) -> list[Answer]:
    by_code = {rule.code: rule for rule in rules_of(joins.rules)}
    opened: Opened = {}
    return [answered(by_code[one.code], one, opened) for one in joins.questions]


def _lost_joins(joins: _Joins) -> list[Answer]:
    message = "The worker process died when it joined all files for rule {}; some of its findings are missing."
    return [
        Answer(one.code, (), (Notification("", message.format(one.code), Severity.ERROR, code=one.code),))
        for one in joins.questions
    ]


def _recalled(job: Job, cache: Memory | None) -> list[Judged]:
    if cache is None:
        return []
    cache.load()
    found = cache.recall(job.paths, job.contents, job.max_bytes)
    return [one for path, one in found if isinstance(one, Judged) and one.path == path]


def _judge_all(job: Job, team: Team | None) -> Generator[list[Judged], None, None]:
    if team is None:
        for path in job.paths:
            yield judge(replace(job, paths=(path,)))
        return
    yield from workers.spread(
        list(_chunks(job)), judge, count=team.count, start=team.start, split=_single_files, lost=_lost
    )


def _single_files(job: Job) -> list[Job]:
    return [_part(job, (path,)) for path in job.paths]


def _lost(job: Job) -> list[Judged]:
    message = "The worker process died when it judged this file; the file was not judged."
    return [Judged(path, notifications=(Notification(path, message, Severity.ERROR),)) for path in job.paths]


def _chunks(job: Job) -> Iterator[Job]:
    """The job in parts of bounded size, the heaviest files first, so that no worker starts a giant at the end."""
    weights = {path: _weight(job, path) for path in job.paths}
    part: list[str] = []
    size = 0
    for path in sorted(job.paths, key=lambda path: (-weights[path], path)):
        if part and (len(part) >= CHUNK_FILES or size + weights[path] > CHUNK_BYTES):
            yield _part(job, part)
            part, size = [], 0
        part.append(path)
        size += weights[path]
    if part:
        yield _part(job, part)


def _part(job: Job, paths: Sequence[str]) -> Job:
    contents = {path: job.contents[path] for path in paths if path in job.contents}
    return replace(job, paths=tuple(paths), contents=contents)


def _weight(job: Job, path: str) -> int:
    if path in job.contents:
        return len(job.contents[path])
    try:
        return (job.root / path).stat().st_size
    except OSError:
        return 0


def judge(job: Job) -> list[Judged]:
    """Judge the files of a job, one by one, in this process. Never raises for anything a file contains."""
    rules = rules_of(job.rules)
    return [_judge_in_time(job, rules, path) for path in job.paths]


def _judge_in_time(job: Job, rules: tuple[Rule, ...], path: str) -> Judged:
    try:
        with workers.limited(job.seconds):
            return _judge_file(job, rules, path)
    except workers.Overrun:
        message = f"The file was given up after {job.seconds:g} seconds; it was not judged."
        return Judged(path, notifications=(Notification(path, message, Severity.ERROR),))


def _judge_file(job: Job, rules: tuple[Rule, ...], path: str) -> Judged:
    language = language_of(path)
    data = _read(job, path)
    if isinstance(data, Notification):
        return Judged(path, notifications=(data,))
    content = content_key(data)
    source = discovery.decode(data, path)
    notes = source.notifications
    if language is None or source.skipped:
        return Judged(path, notifications=notes, content=content)
    active = speaking(rules, language, source.text)
    if not active and suppressions.MARK not in source.text:
        return Judged(path, notifications=notes, content=content)
    file = language.parse(path, source.text)
    drafts, facts, crashes = run_checks(active, language, file)
    comments, complaints = suppressions.parse(file, _codes_of(job.rules.folders))
    findings = fingerprints.complete(settle(file, drafts), source.text, is_utf8=source.is_utf8)
    # A rule may fail for want of memory, and then not fail another time.
    lasting = b"" if crashes else content
    return Judged(path, findings, facts, comments, (*notes, *_reading_notes(file), *crashes, *complaints), lasting)


def _read(job: Job, path: str) -> bytes | Notification:
    if path in job.contents:
        return job.contents[path]
    return discovery.read_bytes(job.root, path, job.max_bytes)


def _reading_notes(file: SourceFile) -> Iterator[Notification]:
    """What to say of a file that the parser could not read whole."""
    if file.refusal:
        yield Notification(file.path, f"The file was not judged: {file.refusal}.", Severity.ERROR)
    if not file.broken:
        return
    line = file.broken[0].start_line
    if file.broken_bytes > UNREADABLE_SHARE * len(file.source):
        yield Notification(file.path, "The file cannot be parsed; it was not judged.", Severity.ERROR, line)
    else:
        message = (
            "The file was read in part: what touches the syntax error on this line, or another one, was not judged."
        )
        yield Notification(file.path, message, Severity.NOTE, line)


def _merged(job: Job, one: Judged, joined: Sequence[Finding]) -> tuple[tuple[Finding, ...], tuple[Notification, ...]]:
    """A file's own findings with those that a join added, for whose excerpts its text is read again."""
    if not joined:
        return one.findings, ()
    findings = one_a_line((*one.findings, *joined))
    data = _read(job, one.path)
    if isinstance(data, Notification):
        return findings, (data,)
    source = discovery.decode(data, one.path)
    return fingerprints.complete(findings, source.text, is_utf8=source.is_utf8), ()
