"""Experiments as run: nothing is lost, nothing is computed twice, every process gives the same."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path

import pytest
from click.testing import CliRunner

from ceasefire.cli import main
from ceasefire.experiment import Store, StoreError, engine, run, verify, write_csv
from ceasefire.experiment import store as stores
from ceasefire.experiment.spec import parse

HEAD = 'schema_version = 1\nname = "test"\nscenario = "november-2023"\n'
GRID = (
    HEAD
    + """record = ["mean_days", "p_days_7", "sequence"]
[vary]
design = "grid"
parameters.x = {from = 6, to = 14, steps = 6}
parameters.pi0 = {from = 0.1, to = 0.3, steps = 5}
"""
)


def small(count: int = 3, record: str = '["mean_days"]', rest: str = ""):
    values = list(range(8, 8 + count))
    return parse(f'{HEAD}record = {record}\n{rest}[vary]\ndesign = "grid"\nparameters.x = {values}')


def exported(file: Path, out: Path) -> bytes:
    with Store(file) as store:
        write_csv(store, store.find(), out)
    return out.read_bytes()


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("reference")
    tally = run(parse(GRID), folder / "serial.sqlite")
    assert (tally.total, tally.done, tally.failed, tally.cached) == (30, 30, 0, 0)
    return exported(folder / "serial.sqlite", folder / "serial.csv")


def test_a_killed_driver_loses_nothing_and_a_second_run_computes_what_is_missing(tmp_path):
    # long enough that much is missing when the driver is killed, however late that is seen
    long = GRID.replace("steps = 6", "steps = 20").replace("steps = 5", "steps = 6")
    spec, file = tmp_path / "grid.toml", tmp_path / "grid.sqlite"
    spec.write_text(long)
    command = [sys.executable, "-m", "ceasefire", "run", str(spec), "--jobs", "2"]
    driver = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert driver.stderr is not None
    said = ""
    while "done" not in said or "done 0" in said:  # the first rows are on the disk
        said = driver.stderr.readline()
        assert said, "the run ended before it could be killed"
    os.kill(driver.pid, signal.SIGSTOP)
    with pytest.raises(StoreError, match="another run is using it"):
        run(parse(long), file)
    workers = children(driver.pid)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    driver.stderr.close()
    with Store(file) as store:
        before = sum(store.counts(1))
    assert 0 < before < 120
    tally = run(parse(long), file)
    assert (tally.cached, tally.done, tally.failed) == (before, 120 - before, 0)
    run(parse(long), tmp_path / "serial.sqlite")
    serial = exported(tmp_path / "serial.sqlite", tmp_path / "serial.csv")
    assert exported(file, tmp_path / "grid.csv") == serial
    until = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, workers))


def children(parent: int) -> list[int]:
    task = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in task.read_text().split()] if task.exists() else []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_two_processes_export_the_same_bytes_as_one(tmp_path, reference):
    tally = run(parse(GRID), tmp_path / "two.sqlite", jobs=2)
    assert tally.done == 30
    assert exported(tmp_path / "two.sqlite", tmp_path / "two.csv") == reference


def squares(folder: str, numbers: list[int]) -> list[int]:
    """Square numbers; a 7 kills its worker the first time, a 13 every time."""
    for number in numbers:
        mark = Path(folder) / str(number)
        if number == 13 or (number == 7 and not mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.002 * len(numbers))
    return [number * number for number in numbers]


def test_a_killed_worker_loses_no_task_and_a_poison_task_is_named_after_three_tries(tmp_path):
    from functools import partial

    found = list(
        engine.perform(
            iter(range(40)), partial(squares, str(tmp_path)),
            make=engine.local(2), width=2, died=negative,
        )
    )  # fmt: skip
    assert sorted(task for task, _, _ in found) == list(range(40))
    results = {task: (result, tries) for task, result, tries in found}
    assert results[13] == (-13, 3)
    assert results[7][0] == 49
    assert all(results[n][0] == n * n for n in range(40) if n != 13)


def negative(task: int, reason: str) -> int:
    return -task


class Poisoned(Executor):
    """Breaks whenever a chunk holds x = 9."""

    def submit(self, fn, /, *args):
        future: Future = Future()
        *_, chunk = args
        if any(task.changes["terms.captives_per_extra_day"] == 9 for task in chunk):
            future.set_exception(BrokenExecutor("gone"))
        else:
            future.set_result(fn(*args))
        return future


def test_a_poison_point_becomes_a_row_that_names_it(tmp_path):
    tally = run(small(), tmp_path / "a.sqlite", executor=Poisoned)
    assert (tally.done, tally.failed) == (3, 1)
    with Store(tmp_path / "a.sqlite") as store:
        bad = [row for row in store.rows(store.find()) if row.error]
    assert len(bad) == 1
    assert bad[0].tries == 3
    assert 'died 3 times at {"terms.captives_per_extra_day": 9}' in bad[0].error
    again = run(small(), tmp_path / "a.sqlite", retry_failed=True)
    assert (again.done, again.cached, again.failed, again.failed_before) == (1, 2, 0, 0)


def test_a_point_that_cannot_be_solved_is_a_row_with_its_error(tmp_path):
    bad = parse(f'{HEAD}record = ["mean_days"]\n[vary]\ndesign = "list"\nrows = [{{n0 = 200}}]')
    tally = run(bad, tmp_path / "a.sqlite")
    assert (tally.done, tally.failed) == (1, 1)
    text = exported(tmp_path / "a.sqlite", tmp_path / "a.csv").decode()
    assert "first block larger than the pool" in text
    assert run(bad, tmp_path / "a.sqlite").failed_before == 1


def test_a_row_is_shared_by_the_experiments_that_have_its_point(tmp_path):
    run(small(2), tmp_path / "a.sqlite")
    tally = run(small(3), tmp_path / "a.sqlite")
    assert (tally.cached, tally.done) == (2, 1)
    other = run(small(3, '["mean_left"]'), tmp_path / "a.sqlite")
    assert (other.cached, other.done) == (0, 3)


def test_replicates_differ_and_come_again_the_same(tmp_path):
    drawn = small(1, '["drawn_days", "drawn_left"]', "replicates = 12\n")
    for name in ("a", "b"):
        run(drawn, tmp_path / f"{name}.sqlite")
    texts = [exported(tmp_path / f"{n}.sqlite", tmp_path / f"{n}.csv") for n in ("a", "b")]
    assert texts[0] == texts[1]
    rows = [line.split(",") for line in texts[0].decode().splitlines()[1:]]
    assert [row[1] for row in rows] == [str(n) for n in range(12)]
    assert len({row[3] for row in rows}) > 1


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(tmp_path):
    spec = tmp_path / "grid.toml"
    spec.write_text(GRID.replace("steps = 6", "steps = 60"))
    command = [sys.executable, "-m", "ceasefire", "run", str(spec)]
    driver = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert driver.stderr is not None
    assert driver.stderr.readline().startswith("test: ")
    driver.send_signal(signal.SIGINT)
    said = driver.stderr.read()
    driver.stderr.close()
    assert driver.wait() == 130
    assert "the same command goes on" in said
    assert "Traceback" not in said
    with Store(tmp_path / "grid.sqlite") as store:
        assert 0 < store.counts(1)[0] < 300


def test_an_interrupted_run_keeps_what_it_has(tmp_path):
    class Impatient(Poisoned):
        left = 2

        def submit(self, fn, /, *args):
            Impatient.left -= 1
            if Impatient.left < 0:
                raise KeyboardInterrupt
            return super().submit(fn, *args)

    with pytest.raises(KeyboardInterrupt):
        run(parse(GRID), tmp_path / "a.sqlite", executor=Impatient)
    with Store(tmp_path / "a.sqlite") as store:
        (told,) = store.runs(1)
    assert told["finished"]


def test_a_second_driver_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "a.sqlite"
    monkeypatch.setattr(stores, "BUSY_SECONDS", 0.05)
    with Store(file, write=True):
        for write in (True, False):
            with pytest.raises(StoreError, match="another run is using it"):
                Store(file, write=write)
    Store(file, write=True).close()


def test_a_file_that_cannot_be_written_says_so(tmp_path, monkeypatch):
    file = tmp_path / "a.sqlite"
    Store(file, write=True).close()
    connect = sqlite3.connect

    def protected(database, **options):
        return connect(database.replace("mode=rwc", "mode=ro"), **options)

    monkeypatch.setattr(sqlite3, "connect", protected)
    with pytest.raises(StoreError, match="cannot be written"):
        Store(file, write=True)


def test_a_path_that_cannot_be_opened_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Store(tmp_path / "file" / "a.sqlite", write=True)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path, write=True)


def test_a_full_disk_is_told_and_what_was_written_stays(tmp_path):
    file = tmp_path / "a.sqlite"
    run(small(2), file)
    with Store(file, write=True) as store:
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages}")
        rows = [(os.urandom(32), "{}", "x" * 5000, None, 1) for _ in range(20)]
        with pytest.raises(StoreError, match="disk is full"):
            store.add(1, rows, [])
    with Store(file) as store:
        assert store.counts(1) == (2, 0)
    assert run(small(2), file).cached == 2


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.9999])
def test_a_truncated_file_is_told_and_left_alone(tmp_path, keep):
    file = tmp_path / "a.sqlite"
    run(small(2), file)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * keep)])
    for write in (True, False):
        with pytest.raises(StoreError, match="damaged or cut short"):
            Store(file, write=write)
    assert file.read_bytes() == whole[: int(len(whole) * keep)]


def test_a_file_that_is_no_store_is_told_and_left_alone(tmp_path):
    file = tmp_path / "a.sqlite"
    file.write_text("no store at all, but a long enough text to have a header" * 20)
    with pytest.raises(StoreError, match="is no store"):
        Store(file, write=True)
    file.unlink()
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()
    with pytest.raises(StoreError, match="no store"):
        Store(file, write=True)


def test_an_older_store_is_brought_up_to_date_with_its_rows(tmp_path, monkeypatch):
    file = tmp_path / "a.sqlite"
    with monkeypatch.context() as older:
        older.setattr(stores, "VERSION", 1)
        with Store(file, write=True) as store:
            number = store.register(small(1), "code")
            store.add(number, [(b"k" * 32, "{}", "{}", None, 1)], [(0, b"k" * 32)])
    with pytest.raises(StoreError, match="older schema version 1"):
        Store(file)
    Store(file, write=True).close()
    with Store(file) as store:
        assert store.counts(number) == (1, 0)
        assert store.runs(number) == []


def test_a_newer_store_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "a.sqlite"
    Store(file, write=True).close()
    monkeypatch.setattr(stores, "VERSION", 1)
    with pytest.raises(StoreError, match="update the package"):
        Store(file)


def test_a_run_records_where_its_rows_come_from(tmp_path):
    run(small(1), tmp_path / "a.sqlite")
    with Store(tmp_path / "a.sqlite") as store:
        (told,) = store.runs(1)
    assert told["provenance"].keys() >= {
        "package", "code", "git_commit", "git_dirty", "platform", "libraries", "seed",
        "spec_digest", "scenario_digest",
    }  # fmt: skip
    assert (told["done"], told["failed"], told["cached"]) == (1, 0, 0)


def test_verify_finds_a_row_that_was_changed(tmp_path):
    file = tmp_path / "a.sqlite"
    run(small(3), file)
    with Store(file) as store:
        assert verify(store, store.find()).passed
    with Store(file, write=True) as store:
        store._db.execute("""UPDATE rows SET result = '{"mean_days": 3.5}' WHERE id = 2""")
    with Store(file) as store:
        found = verify(store, store.find())
    assert not found.passed
    assert len(found.differing) == 1
    assert "mean_days was 3.5" in found.differing[0]


def test_the_command_line_runs_lists_shows_exports_verifies_and_collects(tmp_path, monkeypatch):
    spec, file, out = tmp_path / "s.toml", str(tmp_path / "s.sqlite"), tmp_path / "s.csv"
    spec.write_text(f'{HEAD}record = ["trust"]\nvary.design = "list"\nvary.rows = [{{x = 8}}]')
    steps = [
        (["run", str(spec), "--csv", str(out)], "1 computed, 0 were there, 0 failed"),
        (["run", str(spec)], "0 computed, 1 were there"),
        (["store", "ls", file], "test"),
        (["store", "show", file], "1 solved, 0 failed"),
        (["store", "export", file, str(tmp_path / "t.csv")], "1 rows"),
        (["store", "verify", file], "1 rows solved again, 0 differ"),
        (["store", "gc", file], "0 of 1 experiments"),
    ]
    for command, said in steps:
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 0, result.output
        assert said in result.output
    assert out.read_bytes() == (tmp_path / "t.csv").read_bytes()
    assert out.read_text().splitlines()[0] == "point,replicate,x,trust,error"
    with Store(file, write=True) as store:
        store._db.execute("UPDATE experiments SET code = 'old'")
    result = CliRunner().invoke(main, ["store", "gc", file, "--yes"])
    assert "1 experiments and 1 rows dropped" in result.output


@pytest.mark.parametrize(
    "command", [["run"], *(["store", c] for c in ("ls", "show", "export", "verify", "gc"))]
)
def test_every_command_helps_with_examples(command):
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
