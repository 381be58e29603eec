"""The one seam between points and processes: any executor of ``concurrent.futures``."""

from __future__ import annotations

import contextlib
import faulthandler
import math
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    wait,
)
from concurrent.futures import ProcessPoolExecutor as Pool
from functools import partial
from itertools import islice
from multiprocessing import connection
from typing import TYPE_CHECKING, Generic, TypeVar

from ceasefire.experiment.errors import Unfit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CHUNK_SECONDS = 0.25  # of work in a chunk: a thousand times what it costs to send one
MOST_IN_CHUNK = 2000
AHEAD = 2  # chunks in flight for every worker, so that none waits for the driver
TRIES = 3


T = TypeVar("T")
R = TypeVar("R")


def perform(
    tasks: Iterable[T],
    work: Callable[[list[T]], list[R]],
    *,
    make: Callable[[], Executor] | None = None,
    width: int = 1,
    died: Callable[[T, str], R],
    limit: float | None = None,
) -> Iterator[tuple[T, R, int]]:
    """Yield (task, result, tries) as tasks are finished, in any order.

    Parameters
    ----------
    tasks : iterable
        Read as they are needed, never held whole.
    work : callable
        A list of tasks to the list of their results; picklable; raises only where it cannot
        go on at all.
    make : callable, optional
        Makes an executor, and another when one breaks; default: all in this process.
    width : int
        Its workers.
    died : callable
        The result of a task whose worker died, or that did not come back, ``TRIES`` times.
    limit : float, optional
        Seconds for one task, which `work` keeps by :func:`within`; `make` is needed.

    Raises
    ------
    Unfit
        Passed on from a worker.

    Notes
    -----
    When a worker of this machine dies its whole pool is lost; on a cluster, its chunk. Tasks that
    were lost are then run one at a time: the one that kills its worker names itself, the others
    come to no harm. One that dies by the limit is not tried again.
    """
    if make is None:
        for task in tasks:
            yield task, work([task])[0], 1
        return
    crew = _Crew(work, make, width, died, limit)
    try:
        yield from crew.results(iter(tasks))
    finally:
        crew.executor.shutdown(wait=True, cancel_futures=True)


def local(jobs: int) -> Callable[[], Executor]:
    """Return what makes a pool of `jobs` processes, started afresh (spawn)."""
    context = multiprocessing.get_context("spawn")
    return partial(Pool, max_workers=jobs, mp_context=context, initializer=_settle)


class _Crew(Generic[T, R]):
    def __init__(
        self,
        work: Callable[[list[T]], list[R]],
        make: Callable[[], Executor],
        width: int,
        died: Callable[[T, str], R],
        limit: float | None,
    ) -> None:
        self.work, self.make, self.width, self.died = work, make, width, died
        self.limit = limit
        self.executor = make()
        self.flying: dict[Future[tuple[list[R], float]], list[T]] = {}
        self.lost: list[T] = []
        self.chunk = 1

    def results(self, tasks: Iterator[T]) -> Iterator[tuple[T, R, int]]:
        while True:
            self._send(tasks)
            if not self.flying and not self.lost:
                return
            done = wait(self.flying, return_when=FIRST_COMPLETED).done if self.flying else set()
            for future in done:
                yield from self._landed(future)
            if self.lost:
                # what else is in flight is lost too, or lands by itself
                for future in list(self.flying):
                    yield from self._landed(future)
                suspects, self.lost = self.lost, []
                self._renew()
                for task in suspects:
                    yield self._alone(task)

    def _send(self, tasks: Iterator[T]) -> None:
        while len(self.flying) < AHEAD * self.width and not self.lost:
            chunk = list(islice(tasks, self.chunk))
            if not chunk:
                return
            try:
                self.flying[self.executor.submit(_timed, self.work, chunk)] = chunk
            except (BrokenExecutor, RuntimeError):  # it broke while nothing was asked of it
                self.lost += chunk

    def _landed(self, future: Future[tuple[list[R], float]]) -> Iterator[tuple[T, R, int]]:
        chunk = self.flying.pop(future)
        try:
            found, seconds = future.result()
        except Unfit:
            raise
        except Exception:  # a dead worker, or whatever else an executor makes of one
            self.lost += chunk
            return
        each = max(seconds / len(chunk), 1e-9)
        self.chunk = min(math.ceil(CHUNK_SECONDS / each), MOST_IN_CHUNK)
        yield from ((task, result, 1) for task, result in zip(chunk, found, strict=True))

    def _alone(self, task: T) -> tuple[T, R, int]:
        reason = ""
        for tries in range(2, TRIES + 1):
            start = math.inf
            try:
                self.executor.submit(_timed, self.work, []).result()  # a worker that is ready
                start = time.monotonic()
                found, _ = self.executor.submit(_timed, self.work, [task]).result()
            except Unfit:
                raise
            except Exception as error:
                took = time.monotonic() - start
                reason = f"{type(error).__name__}: {error}"
                self._renew()
                if self.limit is not None and took >= self.limit:
                    said = f"took longer than the limit of {self.limit:g} s"
                    return task, self.died(task, said), tries
            else:
                return task, found[0], tries
        return task, self.died(task, f"worker died {TRIES} times: {reason}"), TRIES

    def _renew(self) -> None:
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.executor = self.make()


@contextlib.contextmanager
def within(limit: float | None) -> Iterator[None]:
    """End this process when the block takes longer than `limit` seconds.

    A thread of C that needs no interpreter lock: a compiled loop that never comes back ends too.
    """
    if limit is None:
        yield
        return
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123  # for its file number
        faulthandler.dump_traceback_later(limit, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def _timed(work: Callable[[list[T]], list[R]], chunk: list[T]) -> tuple[list[R], float]:
    start = time.perf_counter()
    found = work(chunk)
    return found, time.perf_counter() - start


def _settle() -> None:
    """Leave Ctrl-C to the driver, and leave with it: a worker does not outlive its driver."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_leave_with, args=(parent.sentinel,), daemon=True).start()


def _leave_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
