"""Work on a cluster of dask's `distributed`, which replaces workers that die and gives their work to others.

A job travels as bytes with the contents of its files, so the workers need no disk in common with this machine. They
must run the same edition of chunklint, and are asked whether they do: another one would find something else.
"""

from __future__ import annotations

import logging
import pickle
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, InvalidStateError
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chunklint import workers
from chunklint.edition import edition
from chunklint.engine import Job
from chunklint.fleet.pools import ClusterError
from chunklint.loader import BUILTIN, load

if TYPE_CHECKING:
    from distributed import Client

_ADDRESS = re.compile(r"dask://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")

_CONNECT_SECONDS = 10
# How long a cluster may be without any worker before it is given up: batch systems take their time.
_IDLE_SECONDS = 120
_LOOK_SECONDS = 2

# A worker may have several threads; trees and time limits belong to one at a time.
_alone = threading.Lock()


@contextmanager
def connected(address: str) -> Iterator[tuple[int, workers.Start]]:
    """How many may work at once on the cluster of a scheduler, and what submits to them. Raises ClusterError."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise ClusterError(f"{address!r} is no scheduler; write dask://HOST:PORT")
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError("--executor needs dask's distributed; install chunklint[dask]") from error
    for name in ("distributed", "tornado.application", "asyncio"):
        # What matters of their complaints reaches us as an exception; the rest is about connections we have closed.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    where = f"tcp://{found['host']}:{found['port']}"
    try:
        client = Client(where, timeout=_CONNECT_SECONDS, set_as_default=False)
    except OSError as error:
        raise ClusterError(f"no scheduler answers at {address}: {error}") from error
    with client:
        yield _threads(client, address), _start_of(client)


def _threads(client: Client, address: str) -> int:
    try:
        client.wait_for_workers(1, timeout=_IDLE_SECONDS)
    except TimeoutError as error:
        raise ClusterError(f"the scheduler at {address} has had no worker for {_IDLE_SECONDS} seconds") from error
    threads: dict[str, int] = client.nthreads()
    return max(1, sum(threads.values()))


def _start_of(client: Client) -> workers.Start:
    @contextmanager
    def start(count: int) -> Iterator[Executor]:
        executor = _Remote(client)
        try:
            yield executor
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    return start


class _Remote(Executor):
    """The executor of a client, with jobs made fit to travel and its failures named as `workers` knows them."""

    def __init__(self, client: Client) -> None:
        self._executor = client.get_executor(pure=False)
        self._pending: set[Future[Any]] = set()
        self._done = threading.Event()
        threading.Thread(target=self._watch, args=(client,), daemon=True).start()

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have `work` done on the one job in `args`, somewhere."""
        answer: Future[Any] = Future()
        self._pending.add(answer)
        remote = self._executor.submit(_elsewhere, work, edition(), pickle.dumps(args[0], protocol=5))
        remote.add_done_callback(lambda done: self._settle(answer, done))
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Forget what is not done."""
        self._done.set()
        self._executor.shutdown(wait=wait and not cancel_futures)

    def _settle(self, answer: Future[Any], done: Future[bytes]) -> None:
        try:
            result = pickle.loads(done.result())  # noqa: S301 - a cluster runs what we send: it is trusted
        except BaseException as error:  # noqa: BLE001 - whatever it is, the one who waits for the answer gets it
            self._give_up(answer, _named(error))
            return
        self._pending.discard(answer)
        # It may have been given up meanwhile.
        with suppress(InvalidStateError):
            answer.set_result(result)

    def _give_up(self, answer: Future[Any], why: BaseException) -> None:
        self._pending.discard(answer)
        with suppress(InvalidStateError):
            answer.set_exception(why)

    def _watch(self, client: Client) -> None:
        """Give up what is pending once the cluster has been without a worker for long."""
        idle = 0
        while not self._done.wait(_LOOK_SECONDS):
            present = 0
            with suppress(Exception):
                present = len(client.nthreads())
            idle = 0 if present else idle + _LOOK_SECONDS
            if idle < _IDLE_SECONDS:
                continue
            for answer in list(self._pending):
                self._give_up(answer, ClusterError(f"the cluster has had no worker for {_IDLE_SECONDS} seconds"))


def _named(error: BaseException) -> BaseException:
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        return workers.PartKilledError(str(error))
    if isinstance(error, ClusterError):
        return error
    if isinstance(error, CancelledError):
        return ClusterError("the cluster gave the work up; is its scheduler still there?")
    return ClusterError(
        f"the cluster cannot do the work ({type(error).__name__}: {error}); is chunklint installed there?"
    )


def _elsewhere(work: Callable[[Job], Any], asker: str, parcel: bytes) -> bytes:
    """What a worker of the cluster does: the job, with the rules as they are installed there. Raises ClusterError."""
    if asker != edition():
        raise ClusterError("a worker runs another chunklint or other parsers; install the same and start it anew")
    with _alone:
        workers.become_worker()
        load([BUILTIN])  # what is in the parcel may be of the rules' own classes
        job: Job = pickle.loads(parcel)  # noqa: S301 - who may send a worker work may send it any code
        return pickle.dumps(work(replace(job, rules=replace(job.rules, folders=(BUILTIN,)))), protocol=5)
