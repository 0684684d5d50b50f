"""One repository at one revision, scanned as a clean checkout of it would be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from chunklint import config, project
from chunklint.config import ConfigError, Overrides, Settings
from chunklint.discovery.standins import read_sources, stand_in
from chunklint.engine import Job, Team
from chunklint.fixing import suggested
from chunklint.loader import BUILTIN, load
from chunklint.model import Report, Rule
from chunklint.project import Request
from chunklint.records import record
from chunklint.reporters import REPORTERS


@record
class Means:
    """What a scan may use: who does the work, and the folder of what earlier scans found."""

    team: Callable[[Job], Team | None]
    caches: Path


def scan(repository: Path, commit: str, means: Means) -> tuple[Report, bool]:
    """The report, and whether it has a finding that fails by the repository's own settings.

    The settings are those of the revision; the rule folders that they name are never loaded. Raises ConfigError,
    GitError and OSError.
    """
    with TemporaryDirectory(prefix="chunklint-") as folder:
        root = Path(folder).resolve()
        blobs = stand_in(repository, commit, root)
        rules = _rules()
        settings = _settings(root, rules)
        found = project.discovered((root,), root, settings)
        request = Request(found, read_sources(repository, blobs, found.files))
        examined = project.examined(
            request, settings, config.selected(settings, rules), [BUILTIN],
            team=means.team, caches=means.caches, known_as=repository,
        )  # fmt: skip
        report = suggested(examined, examined.report())
    worst = max((finding.severity.rank for finding in report.findings), default=-1)
    return report, worst >= settings.fail_on.rank


def _settings(root: Path, rules: Sequence[Rule]) -> Settings:
    try:
        return config.load(config.read(root), rules=rules, overrides=Overrides(), formats=tuple(REPORTERS))
    except ConfigError as error:
        # Nobody knows the folder that stands in for a checkout, and it is another one each time.
        raise ConfigError(str(error).replace(str(root), ".").splitlines()) from error


@cache
def _rules() -> tuple[Rule, ...]:
    return load([BUILTIN])
