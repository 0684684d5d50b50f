"""A real cluster of a scheduler and workers on this machine: the same bytes, also when a worker is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chunklint.engine import Job, RuleSet, Team, scan
from chunklint.loader import BUILTIN, load
from chunklint.workers import PartKilledError
from fleets import PROJECT, WAITS, chunklint, commit

DASK = Path(sys.executable).with_name("dask")
SECONDS = 60

# Reports have fixes, and to make one takes time with the length of the file: many short files, not few long ones.
BUSY = WAITS * 5


@dataclass(frozen=True)
class Cluster:
    address: str
    folder: Path
    scheduler: subprocess.Popen[bytes]
    workers: Sequence[subprocess.Popen[bytes]]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def cluster(folder: Path, *, workers: int) -> Iterator[Cluster]:
    """A scheduler and workers without nannies, so that a worker that is killed stays dead."""
    folder.mkdir()
    port = free_port()
    running: list[subprocess.Popen[bytes]] = []

    def start(name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (folder / f"{name}.log").open("wb") as log:
            command = [str(DASK), *arguments, "--no-dashboard"]
            running.append(subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL))
        return running[-1]

    try:
        scheduler = start("scheduler", "scheduler", "--host", "127.0.0.1", "--port", str(port))
        await_port(port)
        own = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
        started = [
            start(f"worker{number}", "worker", f"tcp://127.0.0.1:{port}", *own, "--local-directory", f"w{number}")
            for number in range(workers)
        ]
        found = Cluster(f"dask://127.0.0.1:{port}", folder, scheduler, started)
        await_text(found, "scheduler", "Register worker", workers)
        yield found
    finally:
        for process in reversed(running):
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_port(port: int) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    pytest.fail("the scheduler does not listen")


def await_text(found: Cluster, name: str, text: str, times: int) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if found.log(name).count(text) >= times:
            return
        time.sleep(0.05)
    pytest.fail(f"{name} never says {text!r}: {found.log(name)}")


def write_repositories(folder: Path, *, files: int) -> None:
    commit(folder / "shop", {**PROJECT, **{f"shop/m{number}.py": BUSY for number in range(files)}})
    commit(folder / "small", {"a.py": WAITS})
    (folder / "repos.txt").write_text("shop\nsmall\n", encoding="utf-8")


def results(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_cluster_gives_the_bytes_that_this_machine_gives(tmp_path: Path) -> None:
    write_repositories(tmp_path, files=40)
    local = chunklint(tmp_path, "fleet", "repos.txt", "--output-dir", "local", XDG_CACHE_HOME=str(tmp_path / "c1"))
    with cluster(tmp_path / "cluster", workers=2) as found:
        remote = chunklint(
            tmp_path, "fleet", "repos.txt", "--output-dir", "remote", "--executor", found.address,
            XDG_CACHE_HOME=str(tmp_path / "c2"),
        )  # fmt: skip
    assert (remote.returncode, remote.stdout, remote.stderr) == (local.returncode, local.stdout, local.stderr)
    assert results(tmp_path / "remote") == results(tmp_path / "local")


@contextlib.contextmanager
def at_work(folder: Path, found: Cluster) -> Iterator[subprocess.Popen[str]]:
    """A fleet on the cluster, in the midst of its work."""
    command = [sys.executable, "-m", "chunklint", "fleet", "repos.txt", "--output-dir", "remote", "--executor"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "c2")}
    with subprocess.Popen(
        [*command, found.address], cwd=folder, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        await_work(found.workers[0])
        assert run.poll() is None
        yield run


def test_what_a_killed_worker_had_is_scanned_by_another(tmp_path: Path) -> None:
    write_repositories(tmp_path, files=800)
    local = chunklint(tmp_path, "fleet", "repos.txt", "--output-dir", "local", XDG_CACHE_HOME=str(tmp_path / "c1"))
    with cluster(tmp_path / "cluster", workers=2) as found:
        with at_work(tmp_path, found) as run:
            found.workers[0].kill()
            out, complaints = run.communicate(timeout=SECONDS * 2)
        assert "Remove worker" in found.log("scheduler")
    assert (run.returncode, out) == (local.returncode, local.stdout), complaints
    assert results(tmp_path / "remote") == results(tmp_path / "local")


def test_a_scheduler_that_goes_away_ends_the_run_and_the_next_one_goes_on(tmp_path: Path) -> None:
    write_repositories(tmp_path, files=800)
    with cluster(tmp_path / "cluster", workers=1) as found, at_work(tmp_path, found) as run:
        found.scheduler.kill()
        _, complaints = run.communicate(timeout=SECONDS)
    assert run.returncode == 2
    assert "is its scheduler still there?" in complaints
    assert chunklint(tmp_path, "fleet", "repos.txt", "--output-dir", "remote").returncode == 1


def test_an_interrupt_ends_the_run_and_the_work_of_the_cluster(tmp_path: Path) -> None:
    write_repositories(tmp_path, files=800)
    with cluster(tmp_path / "cluster", workers=1) as found, at_work(tmp_path, found) as run:
        run.send_signal(signal.SIGINT)
        _, complaints = run.communicate(timeout=SECONDS)
    assert (run.returncode, complaints.strip()) == (130, "Interrupted.")
    assert not list((tmp_path / "remote").rglob("shop*"))


def await_work(worker: subprocess.Popen[bytes]) -> None:
    """Wait until a worker has spent more than starting takes."""
    idle = processor_seconds(worker.pid)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if processor_seconds(worker.pid) > idle + 1.0:
            return
        time.sleep(0.02)
    pytest.fail("the worker has no work")


def processor_seconds(pid: int) -> float:
    import psutil

    used = psutil.Process(pid).cpu_times()
    return float(used.user + used.system)


@pytest.mark.parametrize("address", ["dask://127.0.0.1", "dask:8786", "ray://127.0.0.1:1", "dask://a b:1", ""])
def test_an_address_of_no_scheduler_is_refused(tmp_path: Path, address: str) -> None:
    write_repositories(tmp_path, files=1)
    ran = chunklint(tmp_path, "fleet", "repos.txt", "--output-dir", "out", "--executor", address)
    assert ran.returncode == 2
    assert "dask://HOST:PORT" in ran.stderr


def test_a_scheduler_that_does_not_answer_is_named(tmp_path: Path) -> None:
    write_repositories(tmp_path, files=1)
    address = f"dask://127.0.0.1:{free_port()}"
    ran = chunklint(tmp_path, "fleet", "repos.txt", "--output-dir", "out", "--executor", address)
    assert ran.returncode == 2
    assert address in ran.stderr
    assert "Traceback" not in ran.stderr


class Deadly(ThreadPoolExecutor):
    """As a cluster that replaces its workers: jobs with a deadly file fail for good, all others are done."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        def judged(job: Job) -> Any:
            if any("deadly" in path for path in job.paths):
                raise PartKilledError
            return work(job)

        return super().submit(judged, *args)


@contextlib.contextmanager
def deadly(count: int) -> Iterator[Executor]:
    with Deadly(count) as executor:
        yield executor


def test_a_file_of_which_every_worker_dies_is_named_and_the_others_of_its_part_are_judged(tmp_path: Path) -> None:
    contents = {f"m{number:02}.py": WAITS.encode() for number in range(40)}
    job = Job(tmp_path, RuleSet.of([BUILTIN], load([BUILTIN])), (*contents, "deadly.py"), 100_000, contents)
    outcome = scan(replace(job, contents={**contents, "deadly.py": WAITS.encode()}), team=lambda _: Team(1, deadly))
    assert {finding.location.path for finding in outcome.findings} == set(contents)
    (note,) = outcome.notifications
    assert (note.path, note.severity) == ("deadly.py", "error")
