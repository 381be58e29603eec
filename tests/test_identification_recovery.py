"""Posteriors find the values that made the data; a wrong likelihood is caught."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ceasefire as cf
from ceasefire import calibration as cal
from ceasefire import truce
from ceasefire.calibration.coverage import NO_PILOT, outcome_chances
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.truce.course import trace

FREE = (cal.Parameter("pi0", 0.05, 0.5), cal.Parameter("chi", 0.0, 0.2))
DATA_SETS = 120
RECOVERY = Path(__file__).resolve().parents[1] / "results" / "estimation" / "recovery.csv"


@pytest.fixture(scope="module")
def grid():
    problem = cal.Problem(cf.load("november-2023"), (cal.Observation(),), FREE)
    return cal.course_grid(problem, 7)


@pytest.fixture(scope="module")
def recovery(grid):
    return cal.recover(grid, data_sets=range(DATA_SETS), truces=20, seed=7)


def test_the_chances_of_a_grid_are_the_likelihoods_of_full_records() -> None:
    eq = truce.solve(cf.load("november-2023"))
    told = outcome_chances(eq, 4)
    assert sum(told.values()) == pytest.approx(1.0, abs=1e-12)
    seen = cal.Observation(pilot=False, given=frozenset({"talks"}))
    assert cal.log_likelihood(eq, seen).total == pytest.approx(np.log(told[NO_PILOT]))
    course = trace(eq.line(4), eq.trust, 4).outcomes
    for outcome, _ in course[::10]:
        whole = replace(cal.recorded(outcome), pilot=True, given=frozenset({"talks", "block"}))
        key = (outcome.length, outcome.left, str(outcome.ending), outcome.sequence)
        assert cal.log_likelihood(eq, whole).total == pytest.approx(np.log(told[key]), abs=1e-9)


def test_simulated_outcomes_come_as_often_as_their_chances_say() -> None:
    eq = truce.solve(cf.load("november-2023"))
    told, count = outcome_chances(eq, 4), 20_000
    seen = cal.simulate_counts(eq, count, np.random.default_rng(3))
    assert set(seen) <= set(told)
    often = {key: p for key, p in told.items() if p * count >= 20}
    distances = [(seen.get(key, 0) - p * count) ** 2 / (p * count) for key, p in often.items()]
    assert sum(distances) < len(distances) + 5 * np.sqrt(2 * len(distances))


def test_intervals_cover_and_ranks_are_uniform(recovery) -> None:
    whole = recovery.coverage.set_index("parameter")
    assert 0.83 <= whole.loc["all", "covered"] <= 0.96
    assert all(recovery.ranks(name).uniform for name in ("pi0", "chi"))


def test_where_truths_are_the_cells_own_the_posteriors_are_exact(grid) -> None:
    # 2000 intervals: their share has a standard error of 0.7 %, so that chance cannot decide.
    found = cal.recover(grid, data_sets=range(1000), truces=20, seed=1, truths="cells")
    whole = found.coverage.set_index("parameter")
    assert whole["covered"].between(0.87, 0.93).all()
    assert all(found.ranks(name).uniform for name in ("pi0", "chi"))
    with pytest.raises(ArgumentError, match="truths"):
        cal.recover(grid, data_sets=[0], truths="grid")


def test_the_committed_intervals_cover_what_they_say() -> None:
    # Of four thousand, not of the two hundred set beforehand, whose shares chance decides: with an
    # exact posterior one of three falls outside 85 to 95 % in one study of 25.
    table = pd.read_csv(RECOVERY)
    shares = table.groupby("parameter")["covered"].mean()
    assert table["data_set"].nunique() == 4000
    assert shares.between(0.885, 0.915).all()
    later = table[table["data_set"] >= 200].groupby("parameter")["covered"].mean()
    assert later.between(0.885, 0.915).all()


def test_a_likelihood_that_counts_every_truce_three_times_is_caught(grid) -> None:
    sharp = replace(grid, log_chances=3.0 * grid.log_chances)
    found = cal.recover(sharp, data_sets=range(DATA_SETS), truces=20, seed=7)
    assert found.coverage.set_index("parameter").loc["all", "covered"] < 0.8
    assert not all(found.ranks(name).uniform for name in ("pi0", "chi"))


def test_a_likelihood_of_another_model_is_caught(grid) -> None:
    other = cal.Problem(
        cf.load("november-2023").replace({"beta": 0.08}), (cal.Observation(),), FREE
    )
    wrong = replace(cal.course_grid(other, 7), problem=grid.problem)
    found = cal.recover(wrong, data_sets=range(DATA_SETS), truces=20, seed=7)
    assert not found.ranks("pi0").uniform


def test_a_data_set_is_the_same_whatever_is_made_with_it(grid, recovery) -> None:
    alone = cal.recover(grid, data_sets=[5], truces=20, seed=7).table
    of = recovery.table[recovery.table["data_set"] == 5].reset_index(drop=True)
    assert alone.equals(of)


def test_ranks_in_a_hump_or_a_slope_are_not_uniform() -> None:
    rng = np.random.default_rng(0)
    even = rng.integers(0, 100, 400)
    hump = np.clip(rng.normal(50, 18, 400), 0, 99).astype(int)
    assert cal.rank_test(even, 99).uniform
    assert not cal.rank_test(hump, 99).uniform
    assert not cal.rank_test(even * even // 100, 99).uniform


@pytest.mark.parametrize(
    ("ranks", "draws", "bins", "where"),
    [([0, 100], 99, 20, "ranks"), ([], 99, 20, "ranks"), ([0, 1], 99, 30, "bins")],
)
def test_ranks_outside_or_in_unequal_bins_are_refused(ranks, draws, bins, where) -> None:
    with pytest.raises(ArgumentError, match=where):
        cal.rank_test(ranks, draws, bins=bins)


def test_data_that_no_cell_can_make_are_told_not_averaged(grid) -> None:
    with pytest.raises(SolveError, match="0 in every cell"):
        grid.posterior({(99, 0.0, "incident", "99"): 1})


def test_too_many_parameters_for_a_grid_are_refused(grid) -> None:
    four = tuple(cal.Parameter(s, 0.01, 0.02) for s in ("pi0", "chi", "beta", "lam"))
    problem = cal.Problem(cf.load("november-2023"), (cal.Observation(),), four)
    with pytest.raises(ArgumentError, match="sample_posterior"):
        cal.course_grid(problem, 5)
