"""Talks that go dark: THEORY.md A6, by formula, by linear equations, by the engine, by chance."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import solvers
from ceasefire.bargaining import BlackoutTalks
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.truce.talks import solve_talks

F = Fraction
TALKS = BlackoutTalks(0.05, 0.06, 0.25, 0.04, 0.01, 0.02)


def test_talks_have_the_numbers_of_theory_by_every_route():
    for found in (TALKS.solve(), TALKS.closed_form()):  # A6
        assert found.deal_probability == pytest.approx(0.857988166, abs=1e-9)
        assert found.mean_days == pytest.approx(20.22036320, abs=1e-8)
        assert found.discounted[0] == pytest.approx(0.713689000, abs=1e-9)
        assert found.certificate.passed
    other = BlackoutTalks(0.1, 0.2, 0.2, 0.1, 0.02, 0.02)
    assert other.solve().discounted[0] == pytest.approx(0.512085370, abs=1e-9)


def test_the_engine_values_live_talks_alike():
    found = solvers.markov_perfect(TALKS.game())[0]
    assert found.payoffs == pytest.approx(TALKS.closed_form().discounted, abs=1e-12)
    with pytest.raises(ArgumentError, match="rate_2"):
        TALKS.replace(rate_2=0).game()


def test_the_truce_has_the_same_talks():
    for changes in ({}, {"om": 0.2, "rho": 0.1}, {"lam": 0.0}, {"rho": 0.0, "b_T": 0.0}):
        scenario = ceasefire.load("november-2023").replace(**changes)
        found = BlackoutTalks.from_scenario(scenario).solve()
        truce = solve_talks(scenario.symbols())
        assert found.deal_probability == pytest.approx(truce.deal_probability)
        assert found.mean_days == pytest.approx(truce.mean_days, nan_ok=True)
        assert found.discounted[0] == pytest.approx(truce.captor_discount)
        assert found.discounted[1] == pytest.approx(truce.pausing_state_discount)
        assert found.length(60).to_numpy() == pytest.approx(truce.length(60).to_numpy())


def test_november_comes_to_the_numbers_of_the_model_page():
    found = BlackoutTalks.from_scenario(ceasefire.load("november-2023")).solve()
    assert found.deal_probability == pytest.approx(0.784, abs=5e-4)  # MODEL.md, section 5
    assert found.mean_days == pytest.approx(30.8, abs=0.05)


def test_the_distribution_has_the_moments():
    for found in (TALKS.solve(), TALKS.closed_form()):
        law = found.length(3000)
        total = law.sum()
        days = law.index.to_numpy()
        mean = (days * law).sum() / total
        spread = math.sqrt((days**2 * law).sum() / total - mean**2)
        assert total == pytest.approx(float(found.deal_probability), abs=1e-12)
        assert mean == pytest.approx(float(found.mean_days), abs=1e-9)
        assert spread == pytest.approx(found.sd_days, abs=1e-8)
        discounted = (np.exp(-0.01 * days) * law).sum()
        assert discounted == pytest.approx(float(found.discounted[0]), abs=1e-12)


def test_quantiles_are_the_first_days_that_reach_the_chance():
    found = TALKS.solve()
    total = found.length(2000).cumsum() / found.deal_probability
    for chance in (0.01, 0.5, 0.9, 0.999):
        day = found.quantile(chance)
        assert total[day] >= chance
        assert day == 1 or total[day - 1] < chance


def test_simulated_talks_end_alike():
    days = TALKS.simulate(100_000, np.random.default_rng(11))
    found = TALKS.solve()
    assert (days > 0).mean() == pytest.approx(found.deal_probability, abs=5e-3)
    assert days[days > 0].mean() == pytest.approx(found.mean_days, rel=0.02)
    assert np.median(days[days > 0]) == pytest.approx(found.quantile(0.5), abs=1)


def test_a_blackout_costs_a_share_of_the_chance_and_its_own_days():
    found = TALKS.closed_form()
    assert found.dark_deal_probability == pytest.approx(0.25 / 0.29 * float(found.deal_probability))
    assert found.dark_mean_days == pytest.approx(1 / 0.29 + float(found.mean_days))
    # From a dark day by the chain itself.
    step = np.array([[0.89, 0.06], [0.25, 0.71]])
    chances = np.linalg.solve(np.eye(2) - step, [0.05, 0])
    days = np.linalg.solve(np.eye(2) - step, chances)
    assert found.dark_deal_probability == pytest.approx(chances[1])
    assert found.dark_mean_days == pytest.approx(days[1] / chances[1])


def test_fractions_stay_exact():
    model = BlackoutTalks(F(1, 20), F(3, 50), F(1, 4), F(1, 25), 0, 0)
    found = model.closed_form()
    assert found.deal_probability == F(145, 169)
    assert found.discounted == (F(145, 169), F(145, 169))


def test_talks_that_may_break_down_are_shorter_given_a_deal():
    safe = TALKS.replace(breakdown_per_day=0).solve()
    assert safe.deal_probability == pytest.approx(1)
    assert safe.mean_days > TALKS.solve().mean_days


def test_ends_of_the_range():
    never = TALKS.replace(deal_per_day=0)
    for found in (never.solve(), never.closed_form()):
        assert found.status is Status.NO_DEAL
        assert found.deal_probability == 0
        with pytest.raises(ArgumentError):
            found.quantile(0.5)
    assert never.answer() == "Talks never end in a deal."
    assert not never.simulate(10, np.random.default_rng(0)).any()
    lost = TALKS.replace(restore_per_day=0, breakdown_per_day=0).solve()
    assert lost.deal_probability == pytest.approx(0.05 / 0.11)
    assert math.isnan(lost.dark_mean_days)
    sure = BlackoutTalks(1, 0, 0, 0, 0.1, 0.1).solve()
    assert (sure.deal_probability, sure.mean_days, sure.quantile(0.9)) == pytest.approx((1, 1, 1))
    clear = TALKS.replace(blackout_per_day=0).solve()
    assert clear.mean_days == pytest.approx(20)
    assert clear.certificate.passed


@pytest.mark.parametrize(("changes", "where"), [
    ({"deal_per_day": 1.2}, "deal_per_day"),
    ({"deal_per_day": 0.5, "blackout_per_day": 0.6}, "deal_per_day"),
    ({"restore_per_day": 0.5, "breakdown_per_day": 0.6}, "restore_per_day"),
    ({"rate_1": -0.1}, "rate_1"),
    ({"rate_2": float("nan")}, "rate_2"),
])  # fmt: skip
def test_bad_parameters_are_named(changes, where):
    with pytest.raises(ArgumentError) as caught:
        TALKS.replace(changes)
    assert caught.value.where == where


halves = st.one_of(st.just(0.0), st.floats(1e-3, 0.5))


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 0.5), halves, halves, halves, st.floats(0, 0.3))
def test_formulas_and_linear_equations_agree(lam, om, rho, b, rate):
    model = BlackoutTalks(lam, om, rho, b, rate, 0)
    found, formula = model.solve(), model.closed_form()
    assert formula.certificate.passed
    assert found.deal_probability == pytest.approx(formula.deal_probability, rel=1e-9)
    assert found.mean_days == pytest.approx(formula.mean_days, rel=1e-8)
    assert found.discounted[0] == pytest.approx(formula.discounted[0], rel=1e-9)
    assert (
        model.replace(blackout_per_day=0).solve().deal_probability >= found.deal_probability - 1e-12
    )


def test_more_blackouts_and_slower_restoring_lose_deals():
    table = TALKS.table()
    rows = table[table["part"] == "blackout"]
    for _, some in rows.groupby("restore_per_day"):
        assert np.all(np.diff(some["deal_probability"]) < 0)
    wide = rows.pivot_table("deal_probability", "blackout_per_day", "restore_per_day").iloc[1:]
    assert np.all(np.diff(wide.to_numpy(), axis=1) > 0)


def test_a_blackout_without_return_costs_all_of_the_chance():
    answer = BlackoutTalks(0.03, 0.06, 0, 0.04, 0.01, 0.01).answer()
    assert "nan" not in answer
    assert "all of that chance" in answer
