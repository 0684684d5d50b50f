"""Work in parts over processes: one that dies costs the part it died of, and an interrupt leaves nothing behind."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

Part = TypeVar("Part")
Result = TypeVar("Result")

# Starts an executor of this many processes.
Start = Callable[[int], AbstractContextManager["Executor"]]

# What an interrupt cannot reach (a loop in C) is ended with its process after this many times the limit.
_PATIENCE = 2

_is_worker = False


class Overrun(BaseException):
    """The time is up. No `Exception`, so that no rule catches it by accident."""


class PartKilledError(Exception):
    """Whatever works on this part dies, again and again; the executor itself has replaced it and goes on."""


def spread(
    parts: Sequence[Part],
    work: Callable[[Part], Result],
    *,
    count: int,
    start: Start,
    split: Callable[[Part], Sequence[Part]],
    lost: Callable[[Part], Result],
) -> Iterator[Result]:
    """The results of all parts, in the order in which they are done.

    When a process dies, what was being worked on is split and done again piece by piece, so that only the piece that
    kills a process by itself is `lost`; the other parts go on in new processes.
    """
    waiting = deque(parts)
    while waiting:
        with start(count) as executor:
            suspects = yield from _until_one_dies(executor, waiting, work, 2 * count + 1, split, lost)
        yield from _one_by_one([piece for part in suspects for piece in split(part)], work, start, lost)


def _until_one_dies(
    executor: Executor,
    waiting: deque[Part],
    work: Callable[[Part], Result],
    ahead: int,
    split: Callable[[Part], Sequence[Part]],
    lost: Callable[[Part], Result],
) -> Generator[Result, None, list[Part]]:
    """Work until nothing waits or a process dies; returns the parts that may have killed it."""
    from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait

    running: dict[Future[Result], Part] = {}
    suspects: list[Part] = []
    while (waiting or running) and not suspects:
        try:
            while waiting and len(running) < ahead:
                future = executor.submit(work, waiting[0])
                running[future] = waiting.popleft()
        except BrokenExecutor:
            # Should not even the first be taken, it is tried alone: the loop must not wait for ever.
            suspects = [] if running else [waiting.popleft()]
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            part = running.pop(future)
            try:
                result = future.result()
            except BrokenExecutor:
                suspects.append(part)
            except PartKilledError:
                pieces = split(part)
                if len(pieces) == 1:
                    yield lost(part)
                else:
                    waiting.extend(pieces)
            else:
                yield result
    return [*suspects, *running.values()]


def _one_by_one(
    pieces: Sequence[Part], work: Callable[[Part], Result], start: Start, lost: Callable[[Part], Result]
) -> Iterator[Result]:
    from concurrent.futures import BrokenExecutor

    waiting = deque(pieces)
    while waiting:
        with start(1) as executor:
            while waiting:
                piece = waiting.popleft()
                try:
                    result = executor.submit(work, piece).result()
                except BrokenExecutor:
                    yield lost(piece)
                    break
                yield result


@contextmanager
def processes(count: int) -> Iterator[Executor]:
    """A pool of processes on this machine; whatever ends the block early ends them at once."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # A worker may start as `python -c`, which would look for its modules in the current folder first: in the scanned,
    # untrusted tree.
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(count, mp_context=multiprocessing.get_context(_method()), initializer=_begin)
    try:
        yield executor
    except BaseException:
        # Without its processes the pool is broken and winds up by itself; the last line waits until it has, so that
        # its thread closes nothing while the interpreter does.
        for child in set(multiprocessing.active_children()) - others:
            child.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)
        if before is None:
            os.environ.pop("PYTHONSAFEPATH", None)
        else:
            os.environ["PYTHONSAFEPATH"] = before


def _method() -> str:
    """How processes start: as copies, which have the rules loaded already, where that is safe."""
    import multiprocessing

    if sys.platform == "linux" and threading.active_count() == 1:
        return "fork"
    return "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"


def become_worker() -> None:
    """Have this process ended when a file keeps it stuck: whoever started it will start another."""
    global _is_worker  # noqa: PLW0603 - it is a fact about the process
    _is_worker = True


def _begin() -> None:
    become_worker()
    # The terminal sends an interrupt to every process; the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise Overrun in the block when the time is up.

    A worker that is then still stuck in C is ended. Outside the main thread, and where there are no timers (on
    Windows), only workers are watched.
    """
    can_interrupt = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    with open(os.devnull, "w") if _is_worker else _nothing() as nowhere:  # noqa: PTH123 - no path of ours
        if _is_worker:
            faulthandler.dump_traceback_later(seconds * _PATIENCE, exit=True, file=nowhere)
        before = signal.signal(signal.SIGALRM, _overrun) if can_interrupt else None
        try:
            if can_interrupt:
                signal.setitimer(signal.ITIMER_REAL, seconds)
            yield
        finally:
            if can_interrupt:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
            if _is_worker:
                faulthandler.cancel_dump_traceback_later()


@contextmanager
def _nothing() -> Iterator[Any]:
    yield None


def _overrun(number: int, frame: FrameType | None) -> None:
    raise Overrun
