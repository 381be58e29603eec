"""Whole runs: points a second with storage, one process and two, beside the tools of the trade.

The same points of the same model in one run: our engine with its store, EMA Workbench's evaluators
and a plain loop such as SALib's users write. Compare means; workers start within a round, as they
do for a user.
"""

from __future__ import annotations

import time

import pytest

from ceasefire import truce
from ceasefire.experiment import engine, points, run
from ceasefire.experiment.spec import parse
from ceasefire.truce.scenario import load

POINTS = 2048
SPEC = f"""
schema_version = 1
name = "throughput"
scenario = "november-2023"
record = ["mean_days", "captives_freed", "block_days", "trust"]
[vary]
design = "sobol"
points = {POINTS}
[vary.parameters]
pi0 = {{ from = 0.1, to = 0.4 }}
k0 = {{ from = 4.0, to = 6.0 }}
c_hi = {{ from = 0.75, to = 3.0 }}
"""
SLEEP = 0.01  # seconds a point, to see what the seam itself costs


BASE = load("november-2023")


def model(pi0, k0, c_hi):
    """The truce as a function of three numbers, as another tool calls it."""
    solved = truce.solve(BASE.replace({"pi0": pi0, "k0": k0, "c_hi": c_hi}))
    course = solved.course()
    return {"mean_days": course.mean_days, "left": course.mean_left,
            "block_days": solved.block_days, "trust": solved.trust}  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2])
def test_run_with_storage(benchmark, tmp_path, jobs):
    numbers = iter(range(1000))
    told = parse(SPEC)

    def whole():
        tally = run(told, tmp_path / f"{next(numbers)}.sqlite", jobs=jobs)
        assert tally.done == POINTS
        return tally

    tally = benchmark.pedantic(whole, rounds=3, warmup_rounds=1)
    benchmark.extra_info["points_per_second"] = tally.rate


def test_a_plain_loop_that_keeps_nothing(benchmark):
    changes = [dict(zip(("pi0", "k0", "c_hi"), p.changes.values(), strict=True))
               for p in points(parse(SPEC))]  # fmt: skip
    benchmark.pedantic(lambda: [model(**one) for one in changes], rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_ema_workbench(benchmark, jobs):
    ema = pytest.importorskip("ema_workbench")
    made = ema.Model("truce", function=model)
    made.uncertainties = [ema.RealParameter("pi0", 0.1, 0.4), ema.RealParameter("k0", 4.0, 6.0),
                          ema.RealParameter("c_hi", 0.75, 3.0)]  # fmt: skip
    made.outcomes = [ema.ScalarOutcome(n) for n in ("mean_days", "left", "block_days", "trust")]

    def whole():
        kind = ema.SequentialEvaluator if jobs == 1 else ema.MultiprocessingEvaluator
        told = () if jobs == 1 else (2,)
        with kind(made, *told) as evaluator:
            found, _ = evaluator.perform_experiments(scenarios=POINTS)
        assert len(found) == POINTS

    benchmark.pedantic(whole, rounds=3, warmup_rounds=1)


def test_salib(benchmark):
    sample = pytest.importorskip("SALib.sample.sobol")
    numpy = pytest.importorskip("numpy")
    problem = {"num_vars": 3, "names": ["pi0", "k0", "c_hi"],
               "bounds": [[0.1, 0.4], [4.0, 6.0], [0.75, 3.0]]}  # fmt: skip
    at = sample.sample(problem, 512, calc_second_order=False, seed=1)[:POINTS]

    def whole():
        return numpy.array([model(*map(float, row))["mean_days"] for row in at])

    assert benchmark.pedantic(whole, rounds=3, warmup_rounds=1).shape == (POINTS,)


def slow(tasks):
    time.sleep(SLEEP * len(tasks))
    return tasks


def died(task, _reason):
    return task


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_seam_at_ten_milliseconds_a_point(benchmark, jobs):
    """Ideal: points x 10 ms / jobs, and the start of the workers."""

    def whole():
        make = engine.local(jobs)
        found = engine.perform(range(1500), slow, make=make, width=jobs, died=died)
        return sum(1 for _ in found)

    assert benchmark.pedantic(whole, rounds=3) == 1500
