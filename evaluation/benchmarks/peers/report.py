"""The results as JSON, with every run, and as Markdown, with what they come to."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from evaluation.benchmarks.peers.measure import Run, Series, exponent, middle, ratios
from evaluation.benchmarks.peers.tools import OURS

_MB = 1_000_000

_ABOUT = """\
Made by `python -m evaluation.benchmarks.peers`. Times are medians (least to most) of runs in turn; *times ours* is the
median of the ratios to `chunklint` within each round, since whatever else the machine did then slowed both. Memory is
that of a program's largest process. chunklint runs all of its rules with the joins across files."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree by its size in what chunklint reads of it, and the runs on it; the first series is ours, cold."""

    title: str
    files: int
    size: int
    series: list[Series]

    def named(self, name: str) -> Series | None:
        """The runs of a program that came to an end at least once."""
        return next((one for one in self.series if one.contender.name == name and one.good), None)


@dataclass(frozen=True, slots=True)
class Growth:
    """Processor seconds by size."""

    title: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that was measured, on what, and which peers were missing and why."""

    machine: dict[str, str]
    versions: dict[str, str]
    missing: list[str]
    trees: list[Tree]
    one_file: list[Series]
    growth: list[Growth]


@dataclass(frozen=True, slots=True)
class _Bar:
    """A figure that must be at most, or at least, so much."""

    title: str
    bar: float
    values: Sequence[float]
    at_least: bool = False

    @property
    def holds(self) -> bool:
        return middle(self.values) >= self.bar if self.at_least else middle(self.values) <= self.bar


def as_json(results: Results) -> str:
    """Every run; commands are left out, since they name folders of the machine."""
    return json.dumps(
        {
            "machine": results.machine,
            "versions": results.versions,
            "missing": results.missing,
            "trees": [
                {"title": tree.title, "files": tree.files, "bytes": tree.size, "programs": _plain(tree.series)}
                for tree in results.trees
            ],
            "one_file": _plain(results.one_file),
            "growth": [
                asdict(growth) | {"exponent": _rounded(exponent(growth.points))} for growth in _all_growth(results)
            ],
        },
        indent=1,
    ) + "\n"  # fmt: skip


def _plain(all_series: Sequence[Series]) -> list[dict[str, object]]:
    return [
        {
            "name": one.contender.name,
            "does": one.contender.does,
            "runs": [
                {
                    "round": turn,
                    "seconds": round(run.seconds, 4),
                    "processor": round(run.processor, 4),
                    "memory": run.memory,
                    "trouble": run.trouble,
                }
                for turn, run in one.runs.items()
            ],
        }
        for one in all_series
    ]


def _rounded(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def as_markdown(results: Results) -> str:
    """The tables, in full."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Results) -> Iterator[str]:
    yield "# chunklint beside its peers"
    yield ""
    yield _ABOUT
    yield ""
    yield "Machine: " + ", ".join(f"{name} {value}" for name, value in results.machine.items() if value) + "."
    yield ""
    yield "Versions: " + ", ".join(f"{name} {value}" for name, value in results.versions.items()) + "."
    if results.missing:
        yield ""
        yield "Left out: " + "; ".join(results.missing) + "."
    for tree in results.trees:
        yield ""
        yield f"## {tree.title[0].upper()}{tree.title[1:]}: {tree.files:,} files, {tree.size / _MB:.1f} MB"
        yield ""
        yield from _table(tree.series, "times ours")
        yield ""
        yield from _bars(_tree_bars(tree))
    yield ""
    yield "## One file, from the start of the process"
    yield ""
    yield from _table(results.one_file, "times `import click`")
    yield ""
    yield "## Growth"
    yield ""
    yield "Processor seconds of one process, less what a scan of almost nothing takes."
    yield ""
    yield "| | seconds | exponent |"
    yield "|---|---|---|"
    for growth in _all_growth(results):
        points = ", ".join(f"{seconds:.2f} ({size:,.0f})" for size, seconds in growth.points)
        yield f"| {growth.title} | {points} | {exponent(growth.points):.2f} |"
    yield ""
    yield from _bars(_other_bars(results))


def _table(all_series: Sequence[Series], compared: str) -> Iterator[str]:
    yield f"| program | what it does | seconds | {compared} | processor s | memory MB |"
    yield "|---|---|---|---|---|---|"
    for one in all_series:
        yield f"| {one.contender.name} | {one.contender.does} | {_cells(one, all_series[0])} |"


def _cells(one: Series, first: Series) -> str:
    if not one.good:
        return f"{one.trouble} | | |"
    seconds = one.of(lambda run: run.seconds)
    digits = 3 if seconds[0] < 1 else 1
    times = f"{middle(seconds):.{digits}f} ({seconds[0]:.{digits}f} to {seconds[-1]:.{digits}f})"
    processor = middle(one.of(lambda run: run.processor))
    memory = max(run.memory for run in one.good) / _MB
    return f"{times} | {middle(ratios(one, first)):.2f} | {processor:.2f} | {memory:.0f}"


def _tree_bars(tree: Tree) -> Iterator[_Bar]:
    ours, warm, alone = tree.named(OURS), tree.named(f"{OURS}, warm"), tree.named(f"{OURS}, one worker")
    semgrep, ruff = tree.named("semgrep"), tree.named("ruff")
    if ours is None:
        return
    if semgrep is not None:
        yield _Bar("semgrep to ours, cold", 8, ratios(semgrep, ours), at_least=True)
    if ruff is not None:
        yield _Bar("ours, cold, to ruff", 5, ratios(ours, ruff))
    if ruff is not None and warm is not None:
        yield _Bar("ours, warm, to ruff", 1, ratios(warm, ruff))
    if alone is not None:
        yield _Bar("one worker to two", 1.6, ratios(alone, ours), at_least=True)
    yield _Bar("memory, MB", 250, [max(run.memory for run in ours.good) / _MB])


def _other_bars(results: Results) -> Iterator[_Bar]:
    click, *others = results.one_file
    for one in others:
        if one.contender.name == OURS:
            yield _Bar("one file to `import click`", 4, ratios(one, click))
    for growth in _all_growth(results):
        yield _Bar(f"exponent, {growth.title}", 1.1, [exponent(growth.points)])


def _bars(bars: Iterator[_Bar]) -> Iterator[str]:
    yield "| bar | | measured | |"
    yield "|---|---|---|---|"
    for one in bars:
        sign = "at least" if one.at_least else "at most"
        yield f"| {one.title} | {sign} {one.bar:g} | {middle(one.values):.2f} | {'holds' if one.holds else 'missed'} |"


def _all_growth(results: Results) -> Iterator[Growth]:
    yield from results.growth
    (start,) = [middle(one.of(_processor)) for one in results.one_file if one.contender.name == OURS]
    points = []
    for tree in results.trees:
        alone = tree.named(f"{OURS}, one worker")
        if alone is not None and tree.title.startswith("made up"):
            points.append((float(tree.files), max(middle(alone.of(_processor)) - start, 0.001)))
    if len(points) > 1:
        yield Growth("made-up trees, by their files", tuple(points))


def _processor(run: Run) -> float:
    return run.processor
