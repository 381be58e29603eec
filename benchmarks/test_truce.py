"""Speed of the truce solver. Run `make bench`; ratios within a group are the figures to quote.

The yardstick is `tests/belief_grid.py`: the same model by the method of the model page
(vectorised numpy, 241 interpolated beliefs), in the same run. It solves the blocks alone,
without pilot and talks, so the ratio flatters it.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from belief_grid import BeliefGrid

import ceasefire as cf
from ceasefire import truce
from ceasefire.truce.certificate import certify

SOLVE = "import ceasefire as cf; from ceasefire import truce; truce.solve(cf.load('november-2023'))"


@pytest.fixture(scope="module")
def scenario():
    return cf.load("november-2023")


@pytest.fixture(scope="module")
def eq(scenario):
    return truce.solve(scenario)


@pytest.mark.benchmark(group="full solve, blocks 1..8, 241 beliefs, one core, warm")
def test_solve(benchmark, scenario):
    truce.solve(scenario)  # compile first
    benchmark(truce.solve, scenario)


@pytest.mark.benchmark(group="full solve, blocks 1..8, 241 beliefs, one core, warm")
def test_numpy_belief_grid(benchmark, scenario):
    def blocks():
        grid = BeliefGrid(scenario.symbols())
        return [grid.block(days) for days in range(1, 9)]

    benchmark(blocks)


@pytest.mark.benchmark(group="what is asked of a solved truce, warm")
@pytest.mark.parametrize("question", ["course", "path", "certificate", "extension", "decompose"])
def test_questions(benchmark, eq, scenario, question):
    asked = {
        "course": eq.course,
        "path": eq.path,
        "certificate": lambda: certify(eq),
        "extension": lambda: truce.extension(eq),
        "decompose": lambda: truce.decompose(scenario),
    }
    benchmark(asked[question])


@pytest.mark.benchmark(group="growth of a full solve, warm")
@pytest.mark.parametrize("pool", [98, 196, 392])
def test_growth_with_stock(benchmark, scenario, pool):
    larger = scenario.replace(W0=pool, J=42)
    truce.solve(larger)
    benchmark(truce.solve, larger)


@pytest.mark.benchmark(group="growth of a full solve, warm")
@pytest.mark.parametrize("beliefs", [61, 241, 961])
def test_growth_with_beliefs(benchmark, scenario, beliefs):
    benchmark(truce.solve, scenario, beliefs=beliefs)


@pytest.mark.benchmark(group="fresh process: import, load, solve", min_rounds=1, warmup=False)
@pytest.mark.parametrize("cache", ["compiled before", "cold"])
def test_fresh_process(benchmark, tmp_path_factory, cache):
    kept = tmp_path_factory.mktemp("kept")

    def run():
        folder = kept if cache == "compiled before" else tmp_path_factory.mktemp("cold")
        environment = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
        subprocess.run([sys.executable, "-c", SOLVE], check=True, env=environment)

    if cache == "compiled before":
        run()
    benchmark.pedantic(run, rounds=3 if cache == "compiled before" else 1, iterations=1)
