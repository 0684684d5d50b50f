"""Programs run one after another, round after round, with the time, the processor time and the memory of each run."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression, median

from evaluation.benchmarks.peers.tools import Contender


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program.

    Attributes:
        seconds: By the clock.
        processor: Seconds of processor time, of its child processes too.
        memory: Bytes that its largest process had in memory at most.
        trouble: Why the figures mean nothing; "" when they do.
    """

    seconds: float
    processor: float
    memory: int
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many rounds a race has, how many seconds each program gets of it, and how many one run may take."""

    rounds: int
    budget: float
    seconds: float


@dataclass(slots=True)
class Series:
    """The runs of a program on one tree, by the round they were in."""

    contender: Contender
    runs: dict[int, Run] = field(default_factory=dict)

    @property
    def good(self) -> list[Run]:
        """The runs that came to an end."""
        return [run for run in self.runs.values() if not run.trouble]

    @property
    def trouble(self) -> str:
        """What went wrong, if anything did."""
        return next((run.trouble for run in self.runs.values() if run.trouble), "")

    @property
    def spent(self) -> float:
        """Seconds that all runs took together."""
        return sum(run.seconds for run in self.runs.values())

    def of(self, measure: Callable[[Run], float]) -> list[float]:
        """A figure of all good runs, in order of size."""
        return sorted(map(measure, self.good))


def run(command: Sequence[str], folder: Path, limit: float) -> Run:
    """Run a program in a folder to its end, or to the end of its time, after which it is killed."""
    with tempfile.TemporaryFile() as complaints:
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - commands of our own
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints,
            start_new_session=True,
        )  # fmt: skip
        watch = threading.Timer(limit, os.killpg, (process.pid, signal.SIGKILL))
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        watch.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        complaints.seek(0)
        said = complaints.read()[-300:].decode(errors="replace").strip()
    trouble = ""
    if process.returncode == -signal.SIGKILL and seconds >= limit:
        trouble = f"more than {limit:g} s"
    elif process.returncode not in (0, 1):
        trouble = f"exit code {process.returncode}: {said}"
    # Linux counts kilobytes.
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, trouble)


def race(
    contenders: Sequence[Contender], folder: Path, limits: Limits, tell: Callable[[str], None] = lambda line: None
) -> list[Series]:
    """Run all in turn on a tree whose files are in the system's cache.

    One that has spent its budget, or failed, is left out of later rounds; not the first, to which all are compared.
    """
    for file in folder.rglob("*"):
        if file.is_file():
            file.read_bytes()
    all_series = [Series(contender) for contender in contenders]
    for series in all_series:
        if series.contender.primed:
            run(series.contender.command, folder, limits.seconds)
    for turn in range(limits.rounds):
        entered = [one for one in all_series[1:] if not one.trouble and one.spent < limits.budget]
        for series in (all_series[0], *entered):
            done = run(series.contender.command, folder, limits.seconds)
            series.runs[turn] = done
            tell(f"{series.contender.name}: {done.trouble or f'{done.seconds:.2f} s'}")
    return all_series


def ratios(
    above: Series, below: Series, measure: Callable[[Run], float] = lambda run: run.seconds
) -> list[float]:  # fmt: skip
    """One to the other in each round that both took part in: what else ran on the machine then slowed both."""
    return sorted(
        measure(run) / measure(below.runs[turn])
        for turn, run in above.runs.items()
        if turn in below.runs and not run.trouble and not below.runs[turn].trouble
    )


def middle(values: Sequence[float]) -> float:
    """The median; not a number when there is nothing."""
    return median(values) if values else math.nan


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The power that the second numbers of points grow with, by least squares; not a number for fewer than two."""
    known = [(math.log(across), math.log(up)) for across, up in points if across > 0 and up > 0]
    return linear_regression(*zip(*known, strict=True)).slope if len(known) > 1 else math.nan
