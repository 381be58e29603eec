"""Sensitivity analysis of given rows: 1000 resamples, 20 parameters; SALib beside it."""

from __future__ import annotations

import numpy as np
import pytest
from analysis_frames import experiment, framed

from ceasefire.experiment.analysis import morris, partial_dependence, regression, sobol

NAMES = (
    "x", "x1", "J", "g", "c_lo", "c_hi", "iota", "l_w", "s_C", "r_C", "v", "k0", "k1", "kappa",
    "s", "r_D", "x_p", "Z", "K_T", "s_T",
)  # fmt: skip
BASE, RESAMPLES = 1024, 1000
PROBLEM = {"num_vars": len(NAMES), "names": list(NAMES), "bounds": [[1.0, 2.0]] * len(NAMES)}


def output(u):
    return u @ np.linspace(0.1, 2.0, len(NAMES)) + u[:, 3] * u[:, 11]


@pytest.fixture(scope="module")
def saltelli():
    told = experiment("saltelli", f"points = {BASE}", NAMES)
    return framed(told, output), told


@pytest.fixture(scope="module")
def walks():
    told = experiment("morris", "trajectories = 100", NAMES)
    return framed(told, output), told


def test_sobol_indices(benchmark, saltelli):
    found = benchmark(sobol, *saltelli, "mean_days", resamples=RESAMPLES)
    assert found.base_rows == BASE


def test_sobol_indices_in_salib(benchmark, saltelli):
    analyze = pytest.importorskip("SALib.analyze.sobol").analyze
    values = saltelli[0]["mean_days"].to_numpy()
    found = benchmark.pedantic(
        analyze, (PROBLEM, values),
        {"calc_second_order": False, "num_resamples": RESAMPLES, "seed": 0}, rounds=3,
    )  # fmt: skip
    assert np.allclose(found["ST"], sobol(*saltelli, "mean_days").total, atol=1e-3)


def test_elementary_effects(benchmark, walks):
    benchmark(morris, *walks, "mean_days", resamples=RESAMPLES)


def test_elementary_effects_in_salib(benchmark, walks):
    analyze = pytest.importorskip("SALib.analyze.morris").analyze
    frame, told = walks
    places = frame[list(told.columns)].to_numpy() - 1.0
    values = frame["mean_days"].to_numpy()
    found = benchmark.pedantic(
        analyze, (PROBLEM | {"bounds": [[0.0, 1.0]] * len(NAMES)}, places, values),
        {"num_resamples": RESAMPLES, "seed": 0}, rounds=3,
    )  # fmt: skip
    whole = [NAMES.index(name) for name in ("J",)]  # a whole number moves by whole numbers
    rest = np.delete(np.arange(len(NAMES)), whole)
    ours = morris(frame, told, "mean_days").mu_star
    assert np.allclose(np.asarray(found["mu_star"])[rest], ours[rest])


def test_regression(benchmark, saltelli):
    benchmark(regression, *saltelli, "mean_days", resamples=RESAMPLES)


def test_partial_dependence(benchmark, saltelli):
    benchmark(partial_dependence, *saltelli, "mean_days", "k0", "g")
