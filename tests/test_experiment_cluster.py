"""Runs on Dask workers, and points that take too long: nothing is lost, and what ends says why."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_experiment_store import GRID as SMALL
from test_experiment_store import alive, exported, negative, small, squares

from ceasefire.cli import main
from ceasefire.errors import ArgumentError
from ceasefire.experiment import (
    ClusterError,
    Store,
    Unfit,
    cluster,
    dask_cluster,
    driver,
    engine,
    run,
)
from ceasefire.experiment.spec import parse

pytest.importorskip("distributed")
# what a client leaves behind when a worker was killed under it is not the test's business
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
GRID = SMALL.replace("steps = 6}", "steps = 60}")  # some seconds of work for two workers
POINTS = 300
HERE = [sys.executable, "-m"]


@pytest.fixture(autouse=True)
def _leave_nothing_behind():
    yield
    gc.collect()  # here, and not in whichever test comes next


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("serial")
    run(parse(GRID), folder / "a.sqlite")
    return exported(folder / "a.sqlite", folder / "a.csv")


def family(parent: int) -> list[int]:
    """All processes below one, whichever of its threads started them."""
    below: list[int] = []
    for listed in Path(f"/proc/{parent}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has just ended
            below += map(int, listed.read_text().split())
    return [*below, *(deeper for pid in below for deeper in family(pid))]


def gone(pids: list[int], seconds: float = 20.0) -> bool:
    until = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(alive, pids))


def started(tmp_path: Path, *more: str) -> subprocess.Popen[str]:
    """A run on two Dask workers, in its own session, with its first rows written."""
    spec = tmp_path / "grid.toml"
    spec.write_text(GRID)
    command = [*HERE, "ceasefire", "run", str(spec), "--dask", "local", "--jobs", "2", *more]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    said = ""
    while "done" not in said or "done 0" in said:
        said = process.stderr.readline()
        assert said, "the run ended before it could be disturbed"
    return process


def test_dask_serial_and_local_processes_export_the_same_bytes(tmp_path, reference):
    before = set(family(os.getpid()))
    tally = run(parse(GRID), tmp_path / "dask.sqlite", dask="local", jobs=2)
    assert (tally.done, tally.failed) == (POINTS, 0)
    assert exported(tmp_path / "dask.sqlite", tmp_path / "dask.csv") == reference
    assert gone([pid for pid in family(os.getpid()) if pid not in before and python(pid)])


def python(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_killed_worker_loses_no_row(tmp_path, reference):
    process = started(tmp_path)
    workers = [pid for pid in family(process.pid) if python(pid)]
    assert workers
    os.kill(workers[-1], signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert exported(tmp_path / "grid.sqlite", tmp_path / "grid.csv") == reference


def test_a_killed_driver_loses_no_row_and_the_next_run_computes_what_is_missing(
    tmp_path, reference
):
    process = started(tmp_path)
    below = family(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    assert gone(below)
    with Store(tmp_path / "grid.sqlite") as store:
        before = sum(store.counts(1))
    assert 0 < before <= POINTS
    tally = run(parse(GRID), tmp_path / "grid.sqlite", dask="local", jobs=1)
    assert (tally.cached, tally.done, tally.failed) == (before, POINTS - before, 0)
    assert exported(tmp_path / "grid.sqlite", tmp_path / "grid.csv") == reference


def test_ctrl_c_stops_workers_and_says_how_to_go_on(tmp_path):
    process = started(tmp_path)
    below = family(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (0, 130)  # 0: it was through
    assert "the same command goes on" in said or process.returncode == 0
    assert "Traceback" not in said
    assert gone(below)


def test_a_poison_task_is_named_after_three_tries_and_the_others_come_to_no_harm(tmp_path):
    with cluster("local", 2) as workers:
        found = list(
            engine.perform(
                iter(range(40)), partial(squares, str(tmp_path)),
                make=workers.executor, width=workers.workers, died=negative,
            )
        )  # fmt: skip
    results = {task: (result, tries) for task, result, tries in found}
    assert sorted(task for task, _, _ in found) == list(range(40))
    assert results[13] == (-13, 3)
    assert all(results[n][0] == n * n for n in range(40) if n != 13)


def test_no_scheduler_is_told_in_bounded_time(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 0.5)
    start = time.monotonic()
    with pytest.raises(ClusterError, match="no Dask scheduler answers"):
        run(small(), tmp_path / "a.sqlite", dask="tcp://127.0.0.1:9")
    assert time.monotonic() - start < 20


def test_a_scheduler_without_workers_and_one_that_dies_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "WORKER_SECONDS", 1.0)
    command = [*HERE, "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
               "--no-dashboard"]  # fmt: skip
    scheduler = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert scheduler.stderr is not None
    address = None
    while address is None:
        line = scheduler.stderr.readline()
        assert line
        found = re.search(r"tcp://127\.0\.0\.1:\d+", line)
        address = found and found[0]
    with pytest.raises(ClusterError, match="has no workers"):
        run(small(), tmp_path / "a.sqlite", dask=address)
    with cluster(address) as workers:
        scheduler.kill()
        scheduler.wait()
        until = time.monotonic() + 20
        while workers.client.status == "running" and time.monotonic() < until:
            time.sleep(0.1)
        with pytest.raises(ClusterError, match=r"is gone|has no workers"):
            workers.executor()
    scheduler.stderr.close()


def test_a_missing_library_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ArgumentError, match=r'pip install "ceasefire\[cluster\]"'):
        run(small(), tmp_path / "a.sqlite", dask="local")


def spin(numbers: list[int]) -> list[int]:
    """Square numbers; 5 never comes back, and holds the interpreter's lock."""
    for number in numbers:
        with engine.within(1.0):
            if number == 5:
                re.match(r"(a+)+$", "a" * 60 + "b")
    return [number * number for number in numbers]


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_a_task_that_takes_too_long_is_named_and_the_others_come_back(kind):
    told = {}

    def died(task: int, reason: str) -> int:
        told[task] = reason
        return -task

    if kind == "dask":
        with cluster("local", 1) as workers:
            found = list(engine.perform(iter(range(8)), spin, make=workers.executor, width=1,
                                        died=died, limit=1.0))  # fmt: skip
    else:
        found = list(engine.perform(iter(range(8)), spin, make=engine.local(1), width=1,
                                    died=died, limit=1.0))  # fmt: skip
    assert {task: result for task, result, _ in found} == {
        n: (n * n if n != 5 else -5) for n in range(8)
    }
    assert told == {5: "took longer than the limit of 1 s"}


def test_a_limit_that_all_points_keep_changes_nothing(tmp_path, reference):
    run(parse(GRID), tmp_path / "a.sqlite", limit_seconds=60.0)
    assert exported(tmp_path / "a.sqlite", tmp_path / "a.csv") == reference
    for bad in (0.0, -1.0, float("nan")):
        with pytest.raises(ArgumentError, match="limit_seconds"):
            run(small(), tmp_path / "a.sqlite", limit_seconds=bad)


def test_workers_with_other_code_are_not_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "code_version", lambda _: "0.0.1+old")
    with pytest.raises(Unfit, match="other code"):
        run(small(), tmp_path / "a.sqlite", jobs=2)
    with Store(tmp_path / "a.sqlite") as store:
        assert sum(store.counts(1)) == 0


def test_the_command_line_tells_a_point_that_takes_too_long(tmp_path):
    spec = tmp_path / "slow.toml"
    spec.write_text(GRID.replace('"sequence"]', '"sequence", "model:clause.best_score"]'))
    done = CliRunner().invoke(main, ["run", str(spec), "--limit", "nan"])
    assert done.exit_code == 2
    assert "limit_seconds" in done.output


def test_an_older_specification_that_is_run_again_is_the_one_that_is_exported(tmp_path):
    first, second = small(2), small(3)
    for told in (first, second, first):
        run(told, tmp_path / "a.sqlite")
    assert len(exported(tmp_path / "a.sqlite", tmp_path / "a.csv").splitlines()) == 3
