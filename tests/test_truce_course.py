"""The course: exact distribution, its marginals, simulated play, path."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire import truce
from ceasefire.errors import ArgumentError
from ceasefire.truce import course as courses
from ceasefire.truce.course import Ending


def test_marginals_are_distributions_over_the_same_outcomes(eq):
    course = eq.course()
    for marginal in (course.length, course.left, course.ends, course.chunks):
        assert marginal.sum() == pytest.approx(1.0, abs=1e-12)
        assert (marginal >= 0).all()
    assert (course.length * course.length.index).sum() == pytest.approx(course.mean_days)
    assert (course.left * course.left.index).sum() == pytest.approx(course.mean_left)
    assert course.to_frame()["probability"].sum() == pytest.approx(1.0, abs=1e-12)
    names = [m.index.name for m in (course.length, course.left, course.ends, course.chunks)]
    assert names == ["days", "captives", "cause", "sequence"]


def test_every_cause_of_the_model_is_listed(eq):
    assert eq.course().ends.index.tolist() == [str(ending) for ending in Ending]


def test_held_by_day_starts_with_the_pool_and_ends_with_those_left(eq):
    course = eq.course()
    held = course.held_by_day
    assert held.sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert held.loc[0, 98.0] == pytest.approx(1.0)
    last = held.iloc[-1]
    assert last[last > 0].to_dict() == pytest.approx(course.left.to_dict())
    mean = held.to_numpy() @ held.columns.to_numpy(dtype=float)
    assert np.all(np.diff(mean) <= 1e-12)


def test_batches_without_a_binary_form_end_on_whole_captives(baseline):
    course = truce.solve(baseline).course(block_days=3)
    assert 48.0 in course.left.index
    thirds = truce.solve(baseline.replace(W0=100, n0=50, x=10)).course(block_days=3)
    assert 0.0 in thirds.left.index  # five whole batches fit into 100 - 3 * (50 / 3)


def test_merging_rare_sequences_leaves_the_other_marginals_exact(eq, monkeypatch):
    exact = eq.course(trust=0.3)
    monkeypatch.setattr(courses, "COURSE_SEQUENCES", 2)
    merged = eq.course(trust=0.3)
    assert "other" in merged.chunks.index
    assert merged.length.to_numpy() == pytest.approx(exact.length.to_numpy(), abs=1e-14)
    assert merged.ends.to_numpy() == pytest.approx(exact.ends.to_numpy(), abs=1e-14)
    assert merged.left.to_dict() == pytest.approx(exact.left.to_dict(), abs=1e-14)


def test_simulated_play_has_the_exact_distribution(eq):
    plays = 200_000
    drawn = truce.simulate(eq, plays, np.random.default_rng(7))
    assert drawn["count"].sum() == plays
    by_length = drawn.groupby("days")["count"].sum() / plays
    exact = eq.course().length
    for days, chance in exact.items():
        error = np.sqrt(chance * (1 - chance) / plays)
        assert abs(by_length.get(days, 0.0) - chance) <= 5 * error + 1e-12


def test_simulation_is_reproducible_and_checks_its_arguments(eq, baseline):
    first = truce.simulate(eq, 1000, np.random.default_rng(1))
    second = truce.simulate(eq, 1000, np.random.default_rng(1))
    assert first.equals(second)
    with pytest.raises(ArgumentError, match="plays"):
        truce.simulate(eq, 0, np.random.default_rng(1))
    with pytest.raises(ArgumentError, match="equilibrium"):
        truce.simulate(truce.solve(baseline.replace(pi0=0)), 10, np.random.default_rng(1))


def test_a_path_can_be_asked_for_and_an_impossible_one_is_refused(eq):
    path = eq.path([4, 1, 1])
    assert path[path["stage"] == "window"]["day"].tolist() == [4, 5, 6]
    with pytest.raises(ArgumentError, match="at most 4 days at the window after day 4"):
        eq.path([4, 5])
    with pytest.raises(ArgumentError, match="block_days"):
        eq.path([9])


def test_the_whole_pool_at_once_has_no_window(baseline):
    solved = truce.solve(baseline.replace(n0=98, Tmax=10))
    course = solved.course(trust=0.9, block_days=10)
    assert course.ends["stopped at a window"] == 0
    assert course.left.index.min() == 0


def test_a_deadline_of_one_day_is_one_block(baseline):
    solved = truce.solve(baseline.replace(J=1, Tmax=8))
    assert len(solved.lines) == 1
    assert solved.certificate.passed


def test_a_deal_too_large_to_solve_is_refused_at_once(baseline):
    vast = baseline.replace(W0=100_000, n0=50, x=1, J=366, Emax=366)
    with pytest.raises(ArgumentError, match="at most 5000 public states"):
        truce.solve(vast)


def test_a_name_in_place_of_a_scenario_is_refused_with_the_remedy():
    with pytest.raises(ArgumentError, match="load it first"):
        truce.solve("november-2023")


@pytest.mark.parametrize("trust", [-0.1, 1.1, float("nan")])
def test_a_bad_opening_trust_is_refused(eq, trust):
    with pytest.raises(ArgumentError, match="trust"):
        eq.course(trust=trust)
