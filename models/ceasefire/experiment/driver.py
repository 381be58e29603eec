"""Run an experiment into a store: what is there is kept, what is missing is computed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
import tomllib
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.experiment import engine
from ceasefire.experiment.design import point_key, points, size
from ceasefire.experiment.errors import Unfit
from ceasefire.experiment.outputs import evaluate
from ceasefire.experiment.provenance import code_version, provenance
from ceasefire.experiment.spec import Spec
from ceasefire.experiment.store import Store
from ceasefire.tolerances import RESOLVED_RTOL
from ceasefire.truce.scenario import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor
    from os import PathLike

    from ceasefire.experiment.spec import Experiment
    from ceasefire.experiment.store import Kept, Row
    from ceasefire.truce import Scenario

LONGEST_LIMIT = 1e6  # seconds
FLUSH_SECONDS, FLUSH_ROWS = 0.5, 2000
BLOCK = 500  # points looked up in the store at once


@dataclass(frozen=True)
class Tally(Displayed):
    """How far a run is.

    Attributes
    ----------
    total : int
        Points of the design, before constraints.
    done, failed : int
        Computed in this run, and those of them whose row is an error.
    cached, failed_before : int
        Already in the store, and those of them whose row is an error.
    left_out : int
        Points that break a constraint; known at the end.
    seconds : float
        Since the start.
    """

    total: int
    done: int = 0
    failed: int = 0
    cached: int = 0
    failed_before: int = 0
    left_out: int = 0
    seconds: float = 0.0

    @property
    def seen(self) -> int:
        """Points that need no more work."""
        return self.done + self.cached + self.left_out

    @property
    def rate(self) -> float:
        """Points computed per second."""
        return self.done / self.seconds if self.seconds > 0.0 else 0.0


@dataclass(frozen=True)
class Task:
    """A point on its way to a worker."""

    key: bytes
    point_key: str
    changes: dict[str, Any]


@dataclass(frozen=True)
class Solution:
    """What a worker sends back: a result as JSON, or an error."""

    result: str | None
    error: str | None


def run(
    experiment: Experiment,
    store: str | PathLike[str],
    *,
    jobs: int = 1,
    executor: Callable[[], Executor] | None = None,
    dask: str | None = None,
    limit_seconds: float | None = None,
    retry_failed: bool = False,
    progress: Callable[[Tally], None] | None = None,
) -> Tally:
    """Compute the points of an experiment that a store lacks.

    Parameters
    ----------
    experiment : Experiment
        From :func:`ceasefire.experiment.load`.
    store : path
        The SQLite file; made where missing.
    jobs : int
        Processes; 1 solves in this one. More need ``if __name__ == "__main__":`` in a script.
    executor : callable, optional
        Makes another ``concurrent.futures.Executor`` with `jobs` workers.
    dask : str, optional
        ``"local"`` for `jobs` Dask workers on this machine, or the address of a scheduler.
    limit_seconds : float, optional
        Time for one point; one that takes longer is a row with that error. Its worker process is
        ended, so even ``jobs=1`` starts one.
    retry_failed : bool
        Compute again what ended in an error.
    progress : callable, optional
        Called with the tally after every write.

    Raises
    ------
    StoreError
        The store cannot be written, or another run uses it.
    ClusterError
        The scheduler or all its workers are gone.
    Unfit
        A worker has other code than this process, or several threads where a limit is kept.
    KeyboardInterrupt
        Passed on, once what was finished is written.

    Notes
    -----
    A point that cannot be solved becomes a row with its error, and the run goes on. Rows are
    written every half a second in one transaction; a killed run loses what its last half
    second and its chunks in flight had computed, and nothing else.
    """
    if jobs < 1:
        raise ArgumentError("jobs", jobs, "a whole number from 1")
    if limit_seconds is not None and not 0.0 < limit_seconds <= LONGEST_LIMIT:
        raise ArgumentError("limit_seconds", limit_seconds, f"above 0 to {LONGEST_LIMIT:g}")
    code = code_version(experiment.spec.record)
    with Store(store, write=True) as opened, contextlib.ExitStack() as stack:
        number = opened.register(experiment, code)
        entered = opened.begin(number, jobs, provenance(experiment, code))
        journal = _Journal(opened, number, experiment, progress)
        make, width = executor, jobs
        if dask is not None:
            make, width = _workers(stack, dask, jobs, limit_seconds)
        elif make is None and (jobs > 1 or limit_seconds is not None):
            make = engine.local(jobs)
        work = partial(solve, experiment.scenario, experiment.spec.record, code, limit_seconds)
        missing = journal.missing(code, retry_failed=retry_failed)
        try:
            for task, solution, tries in engine.perform(
                missing, work, make=make, width=width, died=_died, limit=limit_seconds
            ):
                journal.take(task, solution, tries)
            journal.close()
        finally:
            journal.flush()
            told = journal.tally
            opened.finish(entered, told.done, told.failed, told.cached)
    return journal.tally


def _workers(
    stack: contextlib.ExitStack, address: str, jobs: int, limit: float | None
) -> tuple[Callable[[], Executor], int]:
    """Open a cluster for the time of a run; return what makes executors, and its width."""
    from ceasefire.experiment.dask_cluster import cluster

    opened = stack.enter_context(cluster(address, jobs))
    opened.executor()  # waits for a worker
    if limit is not None and not opened.single():
        raise Unfit(f"workers at {opened.where} have several threads: a limit needs one each")
    return opened.executor, max(opened.workers, 1)


def solve(
    scenario: Scenario,
    record: tuple[str, ...],
    code: str,
    limit: float | None,
    tasks: list[Task],
) -> list[Solution]:
    """Solve points in a worker; what goes wrong with one is its row.

    Raises
    ------
    Unfit
        The worker's code is not `code`.
    """
    here = code_version(record)
    if here != code:
        raise Unfit(
            f"a worker has other code ({here}) than this process ({code}); rows written so far are"
            " kept: install the same on all, and run again"
        )
    if limit is not None:
        _warm()
    found = []
    for task in tasks:
        with engine.within(limit):
            found.append(_solve(scenario, record, task))
    return found


@cache
def _warm() -> None:
    """Load the compiled code, once a process: a point's time is that of its solve."""
    from ceasefire import truce
    from ceasefire.truce.scenario import load

    truce.solve(load("november-2023")).course()


def _solve(scenario: Scenario, record: tuple[str, ...], task: Task) -> Solution:
    rng = np.random.default_rng(int(task.point_key, 16))
    try:
        found = evaluate(scenario.replace(task.changes), record, rng)
    except Exception as error:  # whatever it is, it belongs in the point's row
        return Solution(None, f"{type(error).__name__}: {error}")
    return Solution(json.dumps(found), None)


def _died(task: Task, reason: str) -> Solution:
    said, _, why = reason.partition(": ")
    return Solution(None, f"{said} at {json.dumps(task.changes)}{': ' * bool(why)}{why}")


def row_key(point: str, code: str, record: tuple[str, ...]) -> bytes:
    """Return the SHA-256 of a point, the code and what is recorded."""
    return hashlib.sha256(json.dumps([point, code, record]).encode()).digest()


class _Journal:
    """What is missing, and what has come back but is not written yet."""

    def __init__(
        self,
        store: Store,
        number: int,
        experiment: Experiment,
        progress: Callable[[Tally], None] | None,
    ) -> None:
        self.store, self.number, self.experiment = store, number, experiment
        self.progress = progress
        self.tally = Tally(size(experiment))
        self.rows: list[tuple[bytes, str, str | None, str | None, int]] = []
        self.members: list[tuple[int, bytes]] = []
        self.pending: dict[bytes, list[int]] = {}  # key -> points that wait for its row
        self.start = self.flushed = time.monotonic()

    def missing(self, code: str, *, retry_failed: bool) -> Iterator[Task]:
        """Yield the points that have no row, and note those that have one."""
        record = self.experiment.spec.record
        stream = points(self.experiment)
        while block := list(islice(stream, BLOCK)):
            keys = [row_key(point.key, code, record) for point in block]
            found = self.store.present(keys)
            for point, key in zip(block, keys, strict=True):
                if key in self.pending:
                    self.pending[key].append(point.index)
                elif key in found and not (retry_failed and found[key]):
                    self.members.append((point.index, key))
                    self._count(cached=1, failed_before=int(found[key]))
                else:
                    self.pending[key] = [point.index]
                    yield Task(key, point.key, dict(point.changes))
            self._maybe_flush()

    def take(self, task: Task, solution: Solution, tries: int) -> None:
        """Keep what came back, and write it when it is time."""
        changes = json.dumps(task.changes, sort_keys=True)
        self.rows.append((task.key, changes, solution.result, solution.error, tries))
        self._maybe_flush()

    def flush(self) -> None:
        """Write everything in one transaction."""
        self.flushed = time.monotonic()
        waiting = [(key, row[3] is not None) for row in self.rows for key in (row[0],)]
        for key, _ in waiting:
            self.members += [(index, key) for index in self.pending[key]]
        if self.rows or self.members:
            self.store.add(self.number, self.rows, self.members)
        self.rows, self.members = [], []
        for key, bad in waiting:
            count = len(self.pending.pop(key))
            self._count(done=count, failed=count * bad)
        self.tally = replace(self.tally, seconds=self.flushed - self.start)
        if self.progress:
            self.progress(self.tally)

    def close(self) -> None:
        """Write the rest; what was never seen broke a constraint."""
        self.flush()
        self._count(left_out=self.tally.total - self.tally.seen)

    def _maybe_flush(self) -> None:
        full = len(self.rows) + len(self.members) >= FLUSH_ROWS
        if full or time.monotonic() - self.flushed >= FLUSH_SECONDS:
            self.flush()

    def _count(self, **more: int) -> None:
        told = {name: getattr(self.tally, name) + count for name, count in more.items()}
        self.tally = replace(self.tally, **told)


@dataclass(frozen=True)
class Verification:
    """Rows solved again.

    Attributes
    ----------
    checked : int
        How many.
    differing : tuple of str
        One line a row that came out differently.
    same_code : bool
        Whether the code is that which wrote them.
    """

    checked: int
    differing: tuple[str, ...]
    same_code: bool

    @property
    def passed(self) -> bool:
        """Whether every row came out the same."""
        return not self.differing


def verify(store: Store, kept: Kept, *, sample: int = 20, seed: int = 0) -> Verification:
    """Solve a random sample of the rows of an experiment again, in this process, and compare.

    Numbers agree within ``RESOLVED_RTOL``; an error agrees with an error of its kind.
    """
    scenario = build(tomllib.loads(kept.scenario))
    spec = Spec.model_validate_json(kept.spec)
    count = sum(store.counts(kept.id))
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(count, size=min(sample, count), replace=False))
    differing = []
    for place in chosen.tolist():
        (row,) = store.rows(kept, start=place, limit=1)
        key = point_key(scenario.digest, row.changes, spec.seed, row.replicate)
        again = _solve(scenario, kept.record, Task(b"", key, row.changes))
        if said := _difference(row, again):
            differing.append(f"point {row.point}, replicate {row.replicate}: {said}")
    return Verification(len(chosen), tuple(differing), kept.code == code_version(kept.record))


def _difference(row: Row, again: Solution) -> str:
    """What differs, in words; empty where nothing does."""
    if row.result is None or again.result is None:
        before, now = ((error or "solved") for error in (row.error, again.error))
        died = before.startswith(("worker died", "took longer"))
        same = before.partition(":")[0] == now.partition(":")[0]
        return "" if same and not died else f"was {before!r}, is {now!r}"
    found = json.loads(again.result)
    for name, value in row.result.items():
        if not _same(value, found[name]):
            return f"{name} was {value!r}, is {found[name]!r}"
    return ""


def _same(one: Any, two: Any) -> bool:
    if not isinstance(one, float) or not isinstance(two, float):
        return bool(one == two)
    if math.isnan(one) or math.isnan(two):
        return math.isnan(one) and math.isnan(two)
    return math.isclose(one, two, rel_tol=RESOLVED_RTOL, abs_tol=RESOLVED_RTOL)
