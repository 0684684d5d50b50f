"""Times chunklint and its peers in turn on the same trees.

    python -m evaluation.benchmarks.peers [[NAME=]PATH ...] [--trees 100 1000] [--tools FOLDER] [--output FOLDER]

The pinned peers are installed in a folder of their own, once. Then each program runs in turn on each tree, round after
round, so that whatever else the machine does hits all of them: compare by the ratios, which are taken within rounds.
Written are peers.json with every run, peers.md with tables, and peers.svg with a chart. A PATH is called "given" in
them unless it is given a NAME.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.benchmarks.peers import chart, report, tools, trees
from evaluation.benchmarks.peers.measure import Limits, Series, race, run
from evaluation.benchmarks.peers.report import Growth, Results, Tree
from evaluation.benchmarks.peers.tools import Contender

_FILE_SIZES = (20_000, 50_000, 100_000, 200_000, 400_000)
_ONE_FILE_ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Plan:
    """What the command line asks for."""

    paths: tuple[tuple[str, Path], ...]
    trees: tuple[int, ...]
    tools: Path
    output: Path
    limits: Limits
    quick: bool


def main() -> None:
    """Read the command line, measure, and write the results."""
    plan = _plan()
    started = time.monotonic()
    peers, missing = _quick_peers() if plan.quick else tools.install(plan.tools)
    with tempfile.TemporaryDirectory(prefix="chunklint-peers-") as name:
        scratch = Path(name)
        contenders = [*tools.ours(scratch / "caches"), *peers]
        measured = [
            Tree(title, *_extent(folder), race(contenders, folder, plan.limits, _tell))
            for title, folder in _folders(plan, scratch)
        ]
        results = Results(
            machine=_machine(),
            versions=_versions(peers),
            missing=missing,
            trees=measured,
            one_file=_one_file(scratch / "one", peers, plan),
            growth=[] if plan.quick else list(_growth(scratch / "large", plan)),
        )
    plan.output.mkdir(parents=True, exist_ok=True)
    (plan.output / "peers.json").write_text(report.as_json(results), encoding="utf-8")
    (plan.output / "peers.md").write_text(report.as_markdown(results), encoding="utf-8")
    (plan.output / "peers.svg").write_text(chart.drawn(results), encoding="utf-8")
    _tell(f"{plan.output}/peers.json, .md and .svg written after {time.monotonic() - started:.0f} s")


def _plan() -> Plan:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=_named_path, metavar="[NAME=]PATH")
    parser.add_argument("--trees", nargs="*", type=int, default=[100, 1000], metavar="N", help="sizes of made-up trees")
    parser.add_argument("--tools", type=Path, default=Path(tempfile.gettempdir()) / "chunklint-peers", metavar="FOLDER")
    parser.add_argument("--output", type=Path, default=Path(__file__).parents[1] / "results", metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--budget", type=float, default=40, metavar="S", help="seconds a program gets a tree, in all")
    parser.add_argument("--limit", type=float, default=90, metavar="S", help="seconds that one run may take")
    parser.add_argument("--quick", action="store_true", help="one round beside an installed ruff, on 100 files")
    given = parser.parse_args()
    if given.quick:
        given.trees, given.rounds = [100], 1
    return Plan(
        tuple(given.paths),
        tuple(given.trees),
        given.tools.resolve(),
        given.output.resolve(),
        Limits(given.rounds, given.budget, given.limit),
        given.quick,
    )


def _named_path(text: str) -> tuple[str, Path]:
    name, equals, path = text.rpartition("=")
    folder = Path(path if equals else text).resolve()
    if not folder.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is not a folder")
    return name or "given", folder


def _quick_peers() -> tuple[list[Contender], list[str]]:
    program = tools.ruff_here()
    return ([tools.ruff(program)], []) if program is not None else ([], ["ruff: it is not installed here"])


def _folders(plan: Plan, scratch: Path) -> Iterator[tuple[str, Path]]:
    """Each tree with its title, the smallest first."""
    for count in sorted(plan.trees):
        folder = scratch / str(count)
        trees.write(folder, count)
        yield f"made up, {count:,} files", folder
    yield from plan.paths


def _extent(folder: Path) -> tuple[int, int]:
    """How many files chunklint scans in a folder, and their bytes."""
    command = (sys.executable, "-P", "-m", "chunklint", "scan", "--isolated", "--show-files", ".")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    files = [folder / line for line in done.stdout.splitlines()]
    return len(files), sum(file.stat().st_size for file in files if file.is_file())


def _one_file(folder: Path, peers: Sequence[Contender], plan: Plan) -> list[Series]:
    """A file of the usual size, scanned by a process that starts for it, beside an import of click."""
    trees.write(folder, 1)
    (router,) = folder.rglob("*.py")
    plain = folder / "plain.py"
    trees.write_plain(plain)
    python = (sys.executable, "-P")
    ours = (*python, "-m", "chunklint")
    contenders = [Contender("import click", "a Python process that imports click", (*python, "-c", "import click"))]
    contenders.append(Contender("chunklint --version", "", (*ours, "--version")))
    scan = (*ours, "scan", "--isolated")
    contenders.append(Contender("chunklint", "a file that no rule is about", (*scan, str(plain))))
    contenders.append(Contender("chunklint, router", "a file that many rules look into", (*scan, str(router))))
    # The other peers take seconds to start.
    contenders.extend(
        Contender("ruff", "the same file", (*one.command[:-1], str(router))) for one in peers if one.name == "ruff"
    )
    rounds = 3 if plan.quick else _ONE_FILE_ROUNDS
    return race(contenders, folder, replace(plan.limits, rounds=rounds))


def _growth(folder: Path, plan: Plan) -> Iterator[Growth]:
    """The processor time of one file as it grows, less what a file of almost nothing takes."""
    for suffix in ("py", "tsx"):
        start = _least_processor(folder, f"nothing.{suffix}", 1, plan)
        points = []
        for size in _FILE_SIZES:
            taken = _least_processor(folder, f"large-{size}.{suffix}", size, plan)
            points.append((size, max(taken - start, 0.001)))
            _tell(f"a file of {size} bytes, {suffix}: {points[-1][1]:.2f} s")
        yield Growth(f"one .{suffix} file, by its bytes", tuple(points))


def _least_processor(folder: Path, name: str, size: int, plan: Plan) -> float:
    trees.write_large(folder / name, size)
    command = (
        sys.executable,
        "-P",
        "-m",
        "chunklint",
        "scan",
        "--isolated",
        "--exit-zero",
        "--quiet",
        "--no-cache",
        name,
    )
    return min(run(command, folder, plan.limits.seconds).processor for _ in range(2))


def _machine() -> dict[str, str]:
    """What the times depend on beside the programs."""
    cpu = memory = ""
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        cpu = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
        kilobytes = int(Path("/proc/meminfo").read_text(encoding="utf-8").split()[1])
        memory = f"{kilobytes / 2**20:.0f} GiB"
    return {
        "system": platform.system(),
        "processor": cpu or platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": memory,
        "python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def _versions(peers: Sequence[Contender]) -> dict[str, str]:
    """What each program says when it is asked for its version, its last line's last word."""
    versions = {}
    # Asked for its own version, semgrep looks for newer ones, and waits minutes where there is no network.
    quiet = {**os.environ, "SEMGREP_ENABLE_VERSION_CHECK": "0"}
    for peer in peers:
        command = (peer.command[0], "--version")
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)  # noqa: S603 - ours
        versions[peer.name] = done.stdout.strip().splitlines()[0].split()[-1] if done.stdout.strip() else "?"
    return versions


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
