"""One scan of a project from its settings to a report: which files, how many workers, whose tickets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from functools import cache, partial
from pathlib import Path

from chunklint import config, discovery
from chunklint.cache import Cache, Memory, default_folder
from chunklint.config import Settings
from chunklint.discovery import Discovered
from chunklint.engine import Job, Judged, Outcome, RuleSet, Team, cache_key, conclude, examine
from chunklint.model import Finding, Report, Rule
from chunklint.records import record

# Below this many files and bytes, starting workers costs more than they save.
POOL_FILES = 200
POOL_BYTES = 2_000_000

# Fewer files are judged as quickly as a cache is opened.
CACHED_FILES = 20


@record
class Request:
    """What to scan: files by path relative to the root, and for some of them content that is not what the disk says.

    `whole` is false when the files are only a part of what belongs together. `known` is what the scan is known to give.
    """

    found: Discovered
    contents: Mapping[str, bytes] = field(default_factory=dict)
    whole: bool = True
    known: Outcome | None = None


def discovered(paths: Sequence[Path], cwd: Path, settings: Settings, *, force_exclude: bool = False) -> Discovered:
    """The files to scan below some paths. Raises MissingPath."""
    return discovery.discover(
        paths,
        cwd=cwd,
        exclude=settings.exclude,
        respect_gitignore=settings.respect_gitignore,
        force_exclude=force_exclude,
        max_bytes=settings.max_file_size,
        exclude_base=settings.folder,
    )


def kept(root: Path, paths: Iterable[str], settings: Settings) -> tuple[str, ...]:
    """Those of the paths that neither the settings nor ignore files exclude, sorted."""
    return discovery.keep(
        root,
        paths,
        exclude=settings.exclude,
        respect_gitignore=settings.respect_gitignore,
        exclude_base=settings.folder,
    )


def at_revision(root: Path, revision: str, settings: Settings, below: str = "") -> Request:
    """The tree of a git revision, or what of it begins with a path; the work tree is not touched. Raises GitError."""
    contents, notes = discovery.tree(root, revision, settings.max_file_size)
    files = kept(root, (path for path in contents if path.startswith(below)), settings)
    return Request(Discovered(root, files, notes), {path: contents[path] for path in files})


def default_caches(found: Discovered) -> Path | None:
    """The user's folder of caches; None where a cache costs more than it saves."""
    return default_folder() if len(found.files) >= CACHED_FILES else None


@record
class Examined:
    """What a scan found out, file by file, so that to try other contents of a file costs judging that file again.

    `judged` tells what each file gave by itself, which reports do not need. `team` says who does the work, `store` what
    earlier scans have found out.
    """

    request: Request
    settings: Settings
    rules: tuple[Rule, ...]
    job: Job
    judged: Callable[[], tuple[Judged, ...]]
    outcome: Outcome
    team: Callable[[Job], Team | None]
    store: Cache | None = None

    def report(self) -> Report:
        """What was found, with what the settings say of severities, files and tickets."""
        return Report(
            findings=self._settled(self.outcome.findings),
            suppressed=self._settled(self.outcome.suppressed),
            notifications=tuple(sorted((*self.request.found.notifications, *self.outcome.notifications))),
            rules=self.rules,
            tickets={rule.code: config.ticket_of(self.settings, rule) for rule in self.rules},
            files=len(self.request.found.files),
            root=str(self.job.root),
        )

    def revised(self, contents: Mapping[str, bytes]) -> Examined:
        """The same scan with other contents of some of its files."""
        job = replace(self.job, contents={**self.job.contents, **contents})
        again = replace(job, paths=tuple(sorted(contents)))
        fresh = {one.path: one for one in examine(again, team=self.team)}
        judged = tuple(fresh.get(one.path, one) for one in self.judged())
        return replace(self, job=job, judged=lambda: judged, outcome=conclude(job, judged))

    def _settled(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        settings, root = self.settings, self.job.root
        by_code = {rule.code: rule for rule in self.rules}
        wanted = (one for one in findings if not config.ignored(settings, root, one.location.path, one.code))
        return tuple(
            replace(
                one,
                severity=settings.severity.get(one.code, one.severity),
                ticket=config.ticket_at(settings, root, one.location.path, by_code[one.code]),
            )
            for one in wanted
        )


def examined(  # noqa: PLR0913 - keyword-only, each a setting of its own
    request: Request,
    settings: Settings,
    rules: Sequence[Rule],
    folders: Sequence[Path],
    *,
    jobs: int | None = None,
    team: Callable[[Job], Team | None] | None = None,
    caches: Path | None = None,
    known_as: Path | None = None,
    memory: Memory | None = None,
    advance: Callable[[int], None] = lambda files: None,
) -> Examined:
    """Judge the files of a request by the selected rules.

    `team` says who does the work, by default as many processes as `jobs` and the work itself ask for. `caches` is the
    folder of what earlier scans found, None to do without; `known_as` is what they call the root, when it is another.
    `memory` is asked in place of such a folder.
    """
    chosen = RuleSet.of(folders, rules)
    found = request.found
    job = Job(found.root, chosen, found.files, settings.max_file_size, request.contents, request.whole)
    if memory is None and caches is not None:
        memory = Cache(caches, known_as or found.root, cache_key(chosen))
    here = partial(_team, jobs=jobs)
    who = team or here
    judged = cache(lambda: tuple(examine(job, team=who, cache=memory, advance=advance)))
    # Facts need not go to a cluster and back.
    joiners = here if team is None else lambda left: None
    outcome = conclude(job, judged(), memory, team=joiners) if request.known is None else request.known
    store = memory if isinstance(memory, Cache) else None
    return Examined(request, settings, tuple(rules), job, judged, outcome, who, store)


def _team(job: Job, jobs: int | None) -> Team | None:
    """A team of processes where one pays, else None. `jobs` 1 never makes one; None means one worker a processor."""
    count = jobs or processors()
    if count == 1 or not job.paths or (jobs is None and not _is_large(job)):
        return None
    return Team(count)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _is_large(job: Job) -> bool:
    if len(job.paths) >= POOL_FILES:
        return True
    if len(job.paths) < 2:
        return False
    total = 0
    for path in job.paths:
        try:
            total += (job.root / path).stat().st_size
        except OSError:
            continue
        if total >= POOL_BYTES:
            return True
    return False
