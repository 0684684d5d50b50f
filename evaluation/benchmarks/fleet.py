"""What a fleet of repositories costs for every thousand files, as workers grow: processes here, and a cluster's.

    python -m evaluation.benchmarks.fleet [--files N] [--repositories N] [--workers 1 2 ...] [--runs N] [--no-cluster]

Makes repositories of made-up files (those of the benchmark against peers) and scans them anew each time, without any
cache: by `--jobs N`, and by `--executor` on a scheduler and N workers of dask's that it starts on this machine. The
ways take turns, and the medians of the wall clock are printed, with what a thousand files cost in seconds, and in
seconds of processors, starting the workers included; these would stay the same if nothing were lost.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from evaluation.benchmarks.peers import trees

_PATIENCE = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=2000, help="in all repositories together")
    parser.add_argument("--repositories", type=int, default=4)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-cluster", action="store_true", help="processes of this machine only")
    given = parser.parse_args(arguments)
    kinds = ("processes",) if given.no_cluster else ("processes", "cluster")
    ways = [(kind, count) for kind in kinds for count in sorted(given.workers)]
    seconds: dict[tuple[str, int], list[float]] = {way: [] for way in ways}
    spent: dict[tuple[str, int], list[float]] = {way: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        _write(home, given.files, given.repositories)
        for _ in range(given.runs):
            for kind, count in ways:
                before = _processor_seconds()
                with _executor(home, kind, count) as option:
                    seconds[kind, count].append(_timed(home, option))
                spent[kind, count].append(_processor_seconds() - before)
    print(f"{platform.platform()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"{given.files} files in {given.repositories} repositories, median of {given.runs} runs")
    print("  ".join(f"{title:>{_WIDTH}}" for title in _TITLES))
    for kind, count in ways:
        taken, one = median(seconds[kind, count]), median(seconds[kind, ways[0][1]])
        thousands = given.files / 1000
        costs = (taken, taken / thousands, median(spent[kind, count]) / thousands, one / taken)
        cells = (kind, count, *(f"{cost:.2f}" for cost in costs))
        print("  ".join(f"{cell:>{_WIDTH}}" for cell in cells))
    return 0


def _processor_seconds() -> float:
    """What the processes that this one started, and that ended, have spent."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


_TITLES = ("way", "workers", "seconds", "s / 1000", "processor s / 1000", "times as fast")
_WIDTH = max(map(len, _TITLES))


def _write(home: Path, files: int, repositories: int) -> None:
    """Repositories with one commit each, and the list of them."""
    for number in range(repositories):
        repository = home / f"repository{number}"
        repository.mkdir()
        trees.write(repository, files // repositories + (number < files % repositories))
        for command in (
            ("init", "--quiet"),
            ("add", "--all"),
            ("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "--message", "all"),
        ):
            subprocess.run(["git", *command], cwd=repository, check=True)  # noqa: S603, S607 - commands of our own
    (home / "repos.txt").write_text("".join(f"repository{n}\n" for n in range(repositories)), encoding="utf-8")


def _timed(home: Path, option: Sequence[str]) -> float:
    """The seconds of one run that finds nothing done."""
    for name in ("out", "caches"):
        shutil.rmtree(home / name, ignore_errors=True)
    command = [sys.executable, "-m", "chunklint", "fleet", "repos.txt", "--output-dir", "out", "--exit-zero", *option]
    environment = {**os.environ, "XDG_CACHE_HOME": str(home / "caches")}
    began = time.perf_counter()
    subprocess.run(command, cwd=home, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    return time.perf_counter() - began


@contextlib.contextmanager
def _executor(home: Path, kind: str, count: int) -> Iterator[Sequence[str]]:
    """The options that have so many workers do the work; a cluster is there only as long as it is used."""
    if kind == "processes":
        yield ("--jobs", str(count))
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> None:
        command = [str(Path(sys.executable).with_name("dask")), *arguments, "--host", "127.0.0.1", "--no-dashboard"]
        nowhere = subprocess.DEVNULL
        running.append(subprocess.Popen(command, cwd=home, stdin=nowhere, stdout=nowhere, stderr=nowhere))  # noqa: S603 - our own

    try:
        start("scheduler", "--port", str(port))
        _await(port)
        own = ("--nthreads", "1", "--no-nanny", "--local-directory", str(home / "workers"))
        for _ in range(count):
            start("worker", f"tcp://127.0.0.1:{port}", *own)
        _await_workers(port, count)
        yield ("--executor", f"dask://127.0.0.1:{port}")
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait()


def _await(port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError("the scheduler does not listen")


def _await_workers(port: int, count: int) -> None:
    """Wait in a process of its own, so that nothing of the client is left in this one."""
    code = f"import distributed; distributed.Client('tcp://127.0.0.1:{port}').wait_for_workers({count}, {_PATIENCE})"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own


if __name__ == "__main__":
    sys.exit(main())
