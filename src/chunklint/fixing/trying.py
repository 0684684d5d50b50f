"""Whether fixes do what they are for and nothing worse, judged by the whole scan on contents in memory."""

from __future__ import annotations

import warnings
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chunklint.editing import Grid, Splice, applied, moved
from chunklint.fixing.making import Candidate, Sheet
from chunklint.languages import language_of
from chunklint.languages.base import SourceFile, descendants
from chunklint.model import Finding, Report, Severity
from chunklint.project import Examined
from chunklint.records import record

Plans = Mapping[str, Sequence[Candidate]]

_UNREADABLE = "the file could not be parsed any more"


@record
class Trial:
    """What the scan says once some fixes are done.

    Attributes:
        sheets: The changed files.
        complaints: What is wrong with the fixes of a file, by its path; what is wrong in files that were not changed
            stands under "". Empty when all is well.
        again: For each changed file its findings before that are still there, and as what.
        surfaced: For each changed file the findings that a fixed one on their line had hidden, each with that one.
    """

    examined: Examined
    report: Report
    sheets: Mapping[str, Sheet]
    complaints: Mapping[str, str]
    again: Mapping[str, Mapping[Finding, Finding]]
    surfaced: Mapping[str, Mapping[Finding, Finding]]


def union(candidates: Iterable[Candidate]) -> tuple[Splice, ...]:
    """The splices of fixes that do not clash, in order; what several of them do alike is done once."""
    return tuple(sorted({splice for candidate in candidates for splice in candidate.splices}))


def trial(examined: Examined, report: Report, sheets: Mapping[str, Sheet], plans: Plans) -> Trial:
    """Do the fixes in memory and scan again; `report` is what the scan says without them."""
    texts = {path: applied(sheets[path].text, union(plan)) for path, plan in plans.items()}
    complaints = {path: _UNREADABLE for path, text in texts.items() if _reads_worse(path, sheets[path].text, text)}
    done = {path: sheets[path].with_text(text) for path, text in texts.items() if path not in complaints}
    if not done:
        return Trial(examined, report, {}, complaints, {}, {})
    revised = examined.revised({path: sheet.content for path, sheet in done.items()})
    after = revised.report()
    again: dict[str, Mapping[Finding, Finding]] = {}
    surfaced: dict[str, Mapping[Finding, Finding]] = {}
    told = _new_notes(report, after)
    before, later = _by_path(report, done), _by_path(after, done)
    for path, sheet in done.items():
        match = _Match.of(before[path], later[path], sheets[path].text, sheet.text, plans[path])
        again[path], surfaced[path] = match.pairs, match.surfaced
        if reason := match.complaint(plans[path]) or told.get(path, ""):
            complaints[path] = reason
    elsewhere = _elsewhere(report, after, plans) or next((told[path] for path in told if path not in plans), "")
    if elsewhere:
        complaints[""] = elsewhere
    return Trial(revised, after, done, complaints, again, surfaced)


def _by_path(report: Report, paths: Iterable[str]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {path: [] for path in paths}
    for finding in report.findings:
        if finding.location.path in found:
            found[finding.location.path].append(finding)
    return found


@record
class _Match:
    """How a file's findings before and after some fixes belong together."""

    pairs: Mapping[Finding, Finding]
    surfaced: Mapping[Finding, Finding]
    new: Sequence[Finding]

    @classmethod
    def of(
        cls, before: Sequence[Finding], after: Sequence[Finding], old: str, new: str, plan: Sequence[Candidate]
    ) -> _Match:
        """Match findings of the same rule: by their moved place, else, unless they were to be fixed, in order."""
        fixed = {candidate.finding for candidate in plan}
        splices, grid, later = union(plan), Grid(old), Grid(new)
        ranges = [moved(_start(one, grid), splices) for one in before]
        left = _Left(after, later)
        pairs: dict[Finding, Finding] = {}
        for one, (first, last) in zip(before, ranges, strict=True):
            if (found := left.take(one.code, first, last)) is not None:
                pairs[one] = found
        # A fix may break the line that it is on, and what that one hid then stands on the next.
        hiders = {
            (one.code, line): one
            for one, (first, _) in zip(before, ranges, strict=True)
            if one in fixed
            for line in range(later.place(first)[0], later.place(moved(_line_end(one, grid), splices)[1])[0] + 1)
        }
        surfaced: dict[Finding, Finding] = {}
        for start, one in left.items():
            hider = hiders.get((one.code, one.location.span.start_line))
            if hider is not None and not any(first <= start < last for first, last in _added(splices)):
                left.take(one.code, start, start)
                surfaced[one] = hider
        for one in before:
            if one not in pairs and one not in fixed and (found := left.take(one.code, 0, len(new))) is not None:
                pairs[one] = found
        return cls(pairs, surfaced, [one for _, one in left.items()])

    def complaint(self, plan: Sequence[Candidate]) -> str:
        """What is wrong, "" when nothing is."""
        if any(candidate.finding in self.pairs for candidate in plan):
            return "the finding would still be there"
        return next((f"it would bring {_named(one)}" for one in self.new), "")


class _Left:
    """Findings that are not matched yet, by rule and offset."""

    def __init__(self, findings: Sequence[Finding], grid: Grid) -> None:
        self._findings = dict(enumerate(findings))
        self._by_code: dict[str, list[tuple[int, int]]] = {}
        for number, one in enumerate(findings):
            self._by_code.setdefault(one.code, []).append((_start(one, grid), number))
        for offsets in self._by_code.values():
            offsets.sort()

    def take(self, code: str, first: int, last: int) -> Finding | None:
        """The first finding of a rule between two offsets, the last one included; it is left no more."""
        offsets = self._by_code.get(code, [])
        at = bisect_left(offsets, (first, -1))
        if at == len(offsets) or offsets[at][0] > last:
            return None
        return self._findings.pop(offsets.pop(at)[1])

    def items(self) -> list[tuple[int, Finding]]:
        """What is left, with the offsets."""
        return [(offset, self._findings[number]) for rows in self._by_code.values() for offset, number in rows]


def _start(finding: Finding, grid: Grid) -> int:
    return grid.nearest(finding.location.span.start_line, finding.location.span.start_column)


def _line_end(finding: Finding, grid: Grid) -> int:
    line = grid.place(_start(finding, grid))[0]
    return grid.start_of(line) + len(grid.lines[line - 1])


def _named(finding: Finding) -> str:
    return f"{finding.code}: {finding.message.removesuffix('.')}"


def _added(splices: Iterable[Splice]) -> Iterator[tuple[int, int]]:
    """Where in the new text the splices' own text stands."""
    shift = 0
    for splice in splices:
        yield splice.start + shift, splice.start + shift + len(splice.text)
        shift += len(splice.text) - (splice.end - splice.start)


def _elsewhere(before: Report, after: Report, plans: Plans) -> str:
    """What the fixes bring to files that they do not change."""

    def places(report: Report) -> Counter[tuple[str, str, int]]:
        others = (one for one in report.findings if one.location.path not in plans)
        return Counter((one.location.path, one.code, one.location.span.start_line) for one in others)

    new = places(after) - places(before)
    return next((f"it would bring {code} to {path}:{line}" for path, code, line in sorted(new)), "")


def _new_notes(before: Report, after: Report) -> dict[str, str]:
    """The first new error or warning about each file: a comment that silences nothing any more, a rule that fails."""

    def notes(report: Report) -> Counter[tuple[str, str]]:
        return Counter((one.path, one.message) for one in report.notifications if one.severity is not Severity.NOTE)

    return {
        path: f"it would bring a warning: {text}" for path, text in sorted(notes(after) - notes(before), reverse=True)
    }


def _reads_worse(path: str, before: str, after: str) -> bool:
    """Whether a text of the file's language can be read less well than the one before."""
    language = language_of(path)
    if language is None:
        return True
    old, new = language.parse(path, before), language.parse(path, after)
    if (new.refusal and not old.refusal) or (len(new.broken), new.broken_bytes) > (len(old.broken), old.broken_bytes):
        return True
    if language.name == "python":
        return _compiles(before) and not _compiles(after)
    return bool(_declared_twice(new) - _declared_twice(old))


def _declared_twice(file: SourceFile) -> Counter[str]:
    """The names of JavaScript that a block declares again, which no engine takes though the grammar does."""
    found = Counter(
        (around.parent.id, file.text(name))
        for one in descendants(file.root, "variable_declarator")
        if (around := one.parent) is not None and around.type == "lexical_declaration" and around.parent is not None
        if (name := one.child_by_field_name("name")) is not None and name.type == "identifier"
    )
    return Counter({name: count for (_, name), count in found.items() if count > 1})


def _compiles(text: str) -> bool:
    """Whether this Python takes the text. It sees more than grammars do: a keyword twice, a stray `await`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text.removeprefix("\ufeff"), "file", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True
