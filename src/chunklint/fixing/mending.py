"""Rounds of fixes until nothing changes: all that do not clash at once, and one by one where that goes wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chunklint.editing import Claims
from chunklint.fixing.making import Candidate, Sheet, fixer_of, made, opened, rules_with_options
from chunklint.fixing.trying import Trial, trial
from chunklint.model import Finding, Refusal, Report, Rule
from chunklint.project import Examined
from chunklint.records import record

# Each round fixes something, and what is left after so many is not worth the wait.
_MOST_ROUNDS = 25

_NOT_ON_DISK = Refusal("what was scanned is not what is on the disk")


@record
class Done:
    """A finding that is gone, and what its fix did; "" when it went with another one."""

    finding: Finding
    title: str


@record
class Refused:
    """A finding that stays, and why there is no fix: a clause that completes "no fix, for ..."."""

    finding: Finding
    reason: str


@record
class Change:
    """A file before and after its fixes."""

    path: str
    before: bytes
    after: bytes
    encoding: str


@record
class Mended:
    """What came of the findings that have a fix: done, refused, or left because the fix is not safe."""

    changes: tuple[Change, ...]
    done: tuple[Done, ...]
    refused: tuple[Refused, ...]
    unsafe: tuple[Finding, ...]


@dataclass(slots=True)
class _File:
    """The state of one file: its findings to fix, each with the one that it was at first, and what came of them."""

    sheet: Sheet
    wanted: dict[Finding, Finding]
    barred: set[Finding] = field(default_factory=set)
    refused: dict[Finding, str] = field(default_factory=dict)
    unsafe: list[Finding] = field(default_factory=list)
    waiting: bool = False
    open: bool = True


class _Bench:
    """The files at work, and what the scan says of them all as they are by now."""

    def __init__(self, examined: Examined, *, unsafe: bool) -> None:
        self.examined = examined
        self.report: Report = examined.report()
        self.rules: Mapping[str, Rule] = rules_with_options(examined)
        self.unsafe = unsafe
        self.files: dict[str, _File] = {}
        self.done: list[Done] = []

    def plan(self, file: _File) -> list[Candidate]:
        """The candidates for a file's findings that go together; the first by position wins."""
        file.refused = {one: why for one, why in file.refused.items() if one in file.barred}
        file.unsafe, file.waiting = [], False
        plan: list[Candidate] = []
        claims = Claims()
        wanted = [one for one in file.wanted if one not in file.barred]
        for one in made(file.sheet, wanted, self.rules, self.examined.job.root):
            match one:
                case (finding, Refusal(reason)):
                    file.refused[finding] = reason
                case Candidate() if not one.fix.safe and not self.unsafe:
                    file.unsafe.append(one.finding)
                case Candidate() if claims.claim(one.splices):
                    plan.append(one)
                case Candidate():
                    file.waiting = True
        return plan

    def try_all(self, plans: Mapping[str, Sequence[Candidate]]) -> None:
        """Keep the fixes that do what they are for."""
        tried = self._trial(plans)
        if not tried.complaints:
            self._keep(tried, plans)
            return
        good = {} if "" in tried.complaints else {p: plan for p, plan in plans.items() if p not in tried.complaints}
        if good:
            tried = self._trial(good)
            if tried.complaints:
                good = {}
            else:
                self._keep(tried, good)
        for path, plan in plans.items():
            if path not in good:
                self._try_singly(path, plan)

    def _try_singly(self, path: str, plan: Sequence[Candidate]) -> None:
        kept: list[Candidate] = []
        best: Trial | None = None
        file = self.files[path]
        for candidate in plan:
            tried = self._trial({path: [*kept, candidate]})
            if tried.complaints:
                file.barred.add(candidate.finding)
                file.refused[candidate.finding] = next(iter(tried.complaints.values()))
            else:
                kept.append(candidate)
                best = tried
        if best is not None:
            self._keep(best, {path: kept})

    def _trial(self, plans: Mapping[str, Sequence[Candidate]]) -> Trial:
        return trial(self.examined, self.report, {path: self.files[path].sheet for path in plans}, plans)

    def _keep(self, tried: Trial, plans: Mapping[str, Sequence[Candidate]]) -> None:
        self.examined, self.report = tried.examined, tried.report
        for path, plan in plans.items():
            file = self.files[path]
            titles = {candidate.finding: candidate.fix.title for candidate in plan}
            again = tried.again[path]
            left = {again[one]: first for one, first in file.wanted.items() if one in again}
            self.done += [Done(first, titles.get(one, "")) for one, first in file.wanted.items() if one not in again]
            # Nobody has seen a finding that comes to light only now; it is told of where the other one stood.
            found = {
                one: replace(one, location=file.wanted[hider].location) for one, hider in tried.surfaced[path].items()
            }
            file.wanted = left | found
            file.sheet = tried.sheets[path]
            file.barred.clear()
            file.open = True


def mend(examined: Examined, wanted: Iterable[Finding], *, unsafe: bool) -> Mended:
    """Fix what can be fixed of some findings of a scan, in memory. Fixes that are not safe are made only if wanted."""
    bench = _Bench(examined, unsafe=unsafe)
    refused: list[Refused] = []
    for path, findings in by_path(wanted, bench.rules).items():
        match opened(examined, path) if path not in examined.job.contents else _NOT_ON_DISK:
            case Refusal(reason):
                refused += [Refused(finding, reason) for finding in findings]
            case sheet:
                bench.files[path] = _File(sheet, {finding: finding for finding in findings})
    for _ in range(_MOST_ROUNDS):
        plans: dict[str, Sequence[Candidate]] = {}
        for path, file in bench.files.items():
            if file.open:
                plans[path] = bench.plan(file)
                # What waits for a fix that is refused gets its turn although nothing changes.
                file.open = file.waiting
        plans = {path: plan for path, plan in plans.items() if plan}
        if not plans:
            break
        bench.try_all(plans)
    return _mended(bench, refused)


def by_path(findings: Iterable[Finding], rules: Mapping[str, Rule]) -> dict[str, list[Finding]]:
    """The findings whose rule has a fix for their language, by path."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        path = finding.location.path
        if finding.code in rules and fixer_of(rules[finding.code], path) is not None:
            found.setdefault(path, []).append(finding)
    return dict(sorted(found.items()))


def _mended(bench: _Bench, refused: Sequence[Refused]) -> Mended:
    left = list(refused)
    unsafe: list[Finding] = []
    for file in bench.files.values():
        for one, first in file.wanted.items():
            if one in file.unsafe:
                unsafe.append(first)
            else:
                left.append(Refused(first, file.refused.get(one, "there were too many rounds of fixes")))
    changes = (
        Change(path, file.sheet.before, file.sheet.content, file.sheet.encoding) for path, file in bench.files.items()
    )
    return Mended(
        tuple(change for change in changes if change.after != change.before),
        tuple(sorted(bench.done, key=lambda one: (one.finding.location, one.finding.code))),
        tuple(sorted(left, key=lambda one: (one.finding.location, one.finding.code))),
        tuple(sorted(unsafe, key=lambda one: (one.location, one.code))),
    )
