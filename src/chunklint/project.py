"""One scan of a project from its settings to a report: which files, how many workers, whose tickets."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from chunklint import config, discovery
from chunklint.cache import Cache
from chunklint.config import Settings
from chunklint.discovery import Discovered
from chunklint.engine import Job, RuleSet, Team, cache_key, scan
from chunklint.model import Finding, Report, Rule

# Below this many files and bytes, starting workers costs more than they save.
POOL_FILES = 200
POOL_BYTES = 2_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """What to scan: files by path relative to the root, and for some of them content that is not what the disk says.

    `whole` is false when the files are only a part of what belongs together.
    """

    found: Discovered
    contents: Mapping[str, bytes] = field(default_factory=dict)
    whole: bool = True


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


def report(  # noqa: PLR0913 - keyword-only, each a setting of its own
    request: Request,
    settings: Settings,
    rules: Sequence[Rule],
    folders: Sequence[Path],
    *,
    jobs: int | None = None,
    caches: Path | None = None,
    advance: Callable[[int], None] = lambda files: None,
) -> Report:
    """Scan with the selected rules and apply what the settings say of severities, files and tickets.

    `caches` is the folder of what earlier scans found; None to do without.
    """
    chosen = RuleSet.of(folders, rules)
    found = request.found
    job = Job(found.root, chosen, found.files, settings.max_file_size, request.contents, request.whole)
    cache = Cache(caches, found.root, cache_key(chosen)) if caches is not None else None
    outcome = scan(job, team=lambda left: _team(left, jobs), cache=cache, advance=advance)

    def settle(findings: Sequence[Finding]) -> tuple[Finding, ...]:
        wanted = (one for one in findings if not config.ignored(settings, job.root, one.location.path, one.code))
        return tuple(replace(one, severity=settings.severity.get(one.code, one.severity)) for one in wanted)

    return Report(
        findings=settle(outcome.findings),
        suppressed=settle(outcome.suppressed),
        notifications=tuple(sorted((*found.notifications, *outcome.notifications))),
        rules=tuple(rules),
        tickets={rule.code: config.ticket_of(settings, rule) for rule in rules},
        files=len(found.files),
        root=str(found.root),
    )


def _team(job: Job, jobs: int | None) -> Team | None:
    """A team of processes where one pays, else None. `jobs` 1 never makes one; None means one worker a processor."""
    count = jobs or _processors()
    if count == 1 or not job.paths or (jobs is None and not _is_large(job)):
        return None
    return Team(count)


def _processors() -> int:
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
