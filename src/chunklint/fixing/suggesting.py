"""Fixes that a report shows: each tried on the file as it is, none of them done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from chunklint.editing import Claims, Grid, hunks
from chunklint.fixing.making import Candidate, Offers, Sheet, made, opened, rules_with_options
from chunklint.fixing.mending import by_path
from chunklint.fixing.trying import trial
from chunklint.model import Report, Suggestion
from chunklint.project import Examined


def suggested(examined: Examined, report: Report) -> Report:
    """The report with a suggestion at each finding that has a fix, safe or not, which does what it is for."""
    rules = rules_with_options(examined)
    memory = Offers(examined.store) if examined.store is not None else None
    sheets: dict[str, Sheet] = {}
    layers: dict[str, list[list[Candidate]]] = {}
    for path, theirs in by_path(report.findings, rules).items():
        sheet = opened(examined, path)
        if isinstance(sheet, Sheet):
            sheets[path] = sheet
            candidates = made(sheet, theirs, rules, examined.job.root, memory)
            layers[path] = _layered(one for one in candidates if isinstance(one, Candidate))
    if memory is not None:
        memory.keep()
    good = _proven(examined, sheets, layers)
    suggestions = {
        one.finding: _suggestion(Grid(sheets[path].text), one) for path, found in good.items() for one in found
    }
    findings = tuple(replace(one, suggestion=suggestions.get(one)) for one in report.findings)
    return replace(report, findings=findings)


def _suggestion(grid: Grid, candidate: Candidate) -> Suggestion:
    """What a reader sees and does; the edits have the line ends of the file."""
    fix = replace(candidate.fix, edits=grid.edits(candidate.splices))
    return Suggestion(fix, hunks(grid, candidate.splices))


def _layered(candidates: Iterable[Candidate]) -> list[list[Candidate]]:
    """The candidates in groups of such as go together."""
    layers: list[tuple[Claims, list[Candidate]]] = []
    for candidate in candidates:
        fitting = next((layer for claims, layer in layers if claims.claim(candidate.splices)), None)
        if fitting is None:
            layers.append((Claims(), fitting := []))
            layers[-1][0].claim(candidate.splices)
        fitting.append(candidate)
    return [layer for _, layer in layers]


def _proven(
    examined: Examined, sheets: Mapping[str, Sheet], layers: Mapping[str, Sequence[Sequence[Candidate]]]
) -> dict[str, list[Candidate]]:
    """The candidates that do what they are for: a layer of all files at once, then what went wrong one by one."""
    before = examined.report()
    good: dict[str, list[Candidate]] = {path: [] for path in layers}
    for number in range(max(map(len, layers.values()), default=0)):
        plans = {path: layer[number] for path, layer in layers.items() if number < len(layer)}
        complaints = trial(examined, before, sheets, plans).complaints
        for path, plan in plans.items():
            if path not in complaints and "" not in complaints:
                good[path].extend(plan)
            elif len(plan) > 1 or "" in complaints:
                good[path].extend(one for one in plan if not trial(examined, before, sheets, {path: [one]}).complaints)
    return good
