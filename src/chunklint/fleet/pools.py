"""Who does the work for many scans: one pool of processes for all of them, or a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor
from contextlib import ExitStack, contextmanager

from chunklint import project, workers
from chunklint.engine import Job, Team

# What few files take is less than their way to a worker and back.
_FEWEST_FILES = 8


class ClusterError(Exception):
    """A cluster that cannot be used; the message says what to do."""


_Teams = Callable[[Job], Team | None]


@contextmanager
def chosen(address: str | None, jobs: int | None) -> Iterator[_Teams]:
    """Who does the work: the cluster at the address, so many processes, or this process alone when that is one.

    Raises ClusterError.
    """
    count = jobs or project.processors()
    if address is None and count == 1:
        yield lambda job: None
        return
    if address is None:
        with standing(count) as start:
            yield _team(count, start)
        return
    from chunklint.fleet import cluster

    with cluster.connected(address) as (count, start):
        yield _team(count, start)


def _team(count: int, start: workers.Start) -> _Teams:
    return lambda job: Team(count, start) if len(job.paths) >= _FEWEST_FILES else None


@contextmanager
def standing(count: int) -> Iterator[workers.Start]:
    """A pool on this machine that serves one scan after another; when one of its processes died, the next is new."""
    with ExitStack() as stack:
        # Now, while this process has one thread and can be copied.
        pool = [stack.enter_context(workers.processes(count))]
        _is_broken(pool[0])

        @contextmanager
        def start(_: int) -> Iterator[Executor]:
            if _is_broken(pool[0]):
                stack.close()
                pool[:] = [stack.enter_context(workers.processes(count))]
            yield pool[0]

        yield start


def _is_broken(executor: Executor) -> bool:
    try:
        executor.submit(os.getpid)
    except BrokenExecutor:
        return True
    return False
