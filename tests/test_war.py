"""War as the outside option: closed forms against the engines, and the windows of the truce."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import solvers, truce
from ceasefire.bargaining import (
    Attrition,
    Brinkmanship,
    ExitOrPause,
    FightOrPause,
    PowerShift,
    RiskReturn,
    Standoff,
    WarLadder,
)
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.solvers import markov_perfect
from ceasefire.status import Status

F = Fraction
DIGITS = 5.1e-9  # the page prints eight


# THEORY.md H3: values, costs; hazard of side 1, mean length
@pytest.mark.parametrize(
    ("values", "costs", "hazard", "days"),
    [((10, 10), (1, 1), 0.1, 5), ((10, 5), (1, 1), 0.2, 3.33333333),
     ((8, 12), (2, 1), 0.08333333, 3)],
)  # fmt: skip
def test_attrition_has_the_numbers_of_the_page(values, costs, hazard, days):
    model = Attrition(values, costs)
    for found in (model.closed_form(), model.solve()):
        assert found.hazards[0] == pytest.approx(hazard, abs=DIGITS)
        assert found.mean_days == pytest.approx(days, abs=DIGITS)
        assert found.certificate.passed
    assert model.solve().equilibria == 3  # and two in which one side gives in at once


def test_the_daily_chance_to_give_in_is_that_of_the_page():
    found = Attrition((10, 10), (1, 1)).solve()
    assert found.quit_daily == pytest.approx((1 / 11, 1 / 11))


@settings(max_examples=10, deadline=None)
@given(*[st.integers(1, 20)] * 4)
def test_the_side_with_more_at_stake_gives_in_faster(v1, v2, c1, c2):
    model = Attrition((v1, v2), (c1, c2))
    closed, found = model.closed_form(), model.solve()
    assert found.hazards == pytest.approx(closed.hazards)
    assert found.quit_daily == pytest.approx(closed.quit_daily)
    if c1 == c2 and v1 > v2:
        assert closed.hazards[0] > closed.hazards[1]


# THEORY.md H4: a, b, c, r; mean delay
@pytest.mark.parametrize(
    ("numbers", "days"),
    [((3, 1, 0.5, 0.1), 6.66666667), ((3, 1, 0.5, 0.02), 33.33333333), ((5, 2, 1, 0.05), 10)],
)
def test_a_standoff_has_the_delay_of_the_page(numbers, days):
    model = Standoff(*numbers)
    assert model.closed_form().mean_days == pytest.approx(days, abs=DIGITS)
    found = model.solve()
    assert found.mean_days == pytest.approx(days, rel=1e-7)
    assert found.certificate.passed
    assert found.equilibria == 3


# THEORY.md H5: N, k, p, cA, cB, pi; share
LADDERS = [
    pytest.param((10, 4, F(1, 2), F(1, 100), F(1, 100), F(1, 2)), 0.4, id="even"),
    pytest.param((10, 4, F(11, 20), F(1, 1000), F(1, 500), F(1, 2)), 0.64946525, id="odds"),
    pytest.param((8, 5, F(9, 20), F(1, 500), F(1, 1000), F(3, 10)), 0.41725539, id="proposer"),
]


@pytest.mark.parametrize(("numbers", "share"), LADDERS)
def test_ladders_have_the_shares_of_the_page(numbers, share):
    model = WarLadder(*numbers)
    for found in (model.closed_form(), model.solve()):
        assert found.share == pytest.approx(share, abs=DIGITS)
        assert found.certificate.passed
        assert found.feasible


def test_a_ladder_whose_costs_push_shares_out_of_bounds_is_no_equilibrium():
    model = WarLadder(10, 4, 0.55, 0.01, 0.02, 0.5)
    for found in (model.closed_form(), model.solve()):
        assert found.share == pytest.approx(0.756, abs=5e-4)
        assert not found.feasible
        assert found.status is Status.NO_EQUILIBRIUM
    assert "no equilibrium" in model.answer()


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 60), st.floats(0.1, 0.9), st.floats(1e-4, 0.01), st.floats(0, 1))
def test_gambler_s_ruin_solves_the_system_of_reservation_values(rungs, p, cost, pi):
    model = WarLadder(rungs, max(rungs // 2, 1), p, cost, cost / 2, pi)
    closed, found = model.closed_form(), model.solve()
    assert np.allclose(closed.shares, found.shares, atol=1e-9)
    assert found.battles == pytest.approx(closed.battles, rel=1e-9)


# THEORY.md H6: two types, threshold .5; uniform costs
@pytest.mark.parametrize(("tau", "offer", "war"), [(F(2, 5), 0.2, 0.4), (F(3, 5), 0.4, 0.0)])
def test_the_low_offer_is_made_below_the_threshold(tau, offer, war):
    model = RiskReturn(F(1, 2), F(1, 10), F(3, 10), F(1, 10), tau)
    for found in (model.closed_form(), model.solve()):
        assert found.threshold == pytest.approx(0.5)
        assert (found.offer, found.war) == pytest.approx((offer, war))
        assert found.certificate.passed


@pytest.mark.parametrize(
    ("high", "own", "p", "offer", "war"), [(0.5, 0.1, 0.6, 0.4, 0.4), (0.4, 0.2, 0.7, 0.6, 0.25)]
)
def test_uniform_costs_have_the_offers_of_the_page(high, own, p, offer, war):
    model = RiskReturn(p, 0, high, own, continuum=True)
    assert model.closed_form().offer == pytest.approx(offer)
    assert model.closed_form().war == pytest.approx(war)
    assert model.solve().offer == pytest.approx(offer, abs=1e-6)
    assert model.solve().war == pytest.approx(war, abs=1e-5)


# THEORY.md H7: delta, p1, cd, cr; largest peaceful p2
@pytest.mark.parametrize(
    ("d", "p1", "cd", "cr", "largest"),
    [(F(9, 10), F(3, 10), F(1, 10), F(1, 10), 0.54444444),
     (F(3, 5), F(1, 5), F(1, 20), F(1, 5), 0.61666667)],
)  # fmt: skip
def test_peace_holds_up_to_the_shift_of_the_page(d, p1, cd, cr, largest):
    model = PowerShift(d, p1, F(1, 2), cd, cr)
    for found in (model.closed_form(), model.solve()):
        assert found.largest_peaceful == pytest.approx(largest, abs=DIGITS)
        assert not found.war
        assert found.certificate.passed
    above = model.replace(power_later=F(largest) + F(1, 100))
    assert above.closed_form().war
    assert above.solve().war


def test_on_the_tree_war_is_fought_whatever_the_offer():
    tree = PowerShift(F(9, 10), F(3, 10), F(3, 5), F(1, 10), F(1, 10)).game(offers=6)
    found = solvers.subgame_perfect(tree, exact=True, limit=3)
    assert all(tuple(one.payoffs) == (F(1, 5), F(3, 5)) for one in found)


# THEORY.md H8: W_A, W_V, delta; chance, value
@pytest.mark.parametrize(
    ("numbers", "chance", "value"),
    [((5, 10, 0.95), 0.64912281, 9.73684211), ((10, 10, 0.9), 0.44444444, 8.88888889),
     ((2, 20, 0.99), 0.90817264, 19.97979798)],
)  # fmt: skip
def test_threats_have_the_numbers_of_the_page(numbers, chance, value):
    model = Brinkmanship(*numbers)
    for found in (model.closed_form(), model.solve()):
        assert found.chance == pytest.approx(chance, abs=DIGITS)
        assert found.extracted == pytest.approx(value, abs=DIGITS)
        assert found.certificate.passed


def test_the_all_or_nothing_threat_is_not_believed_nor_any_that_costs_too_much():
    table = Brinkmanship(5, 10, 0.95).table()
    last = table.iloc[-1]
    assert last["chance"] == 1
    assert not last["credible"]
    hopeless = Brinkmanship(10, 1, 0.5)
    for found in (hopeless.closed_form(), hopeless.solve()):
        assert found.status is Status.NO_DEAL
        assert found.chance == found.extracted == 0
    assert "No threat" in hopeless.answer()


# THEORY.md H9: R, S, T, P, delta; y, V
EXITS = [
    pytest.param((2, -1, 3, 0, F(3, 5)), 0.74535599, 2.23606798, id=".6"),
    pytest.param((2, -1, 3, 0, F(9, 10)), 0.60858062, 1.82574186, id=".9"),
    pytest.param((F(3, 2), -2, 3, 0, F(4, 5)), 0.81462821, 2.44388463, id=".8"),
]


@pytest.mark.parametrize(("numbers", "y", "worth"), EXITS)
def test_a_pause_has_the_three_equilibria_of_the_page(numbers, y, worth):
    model = ExitOrPause(*numbers)
    for found in (model.closed_form(), model.solve()):
        assert found.staying == pytest.approx((0, y, 1), abs=DIGITS)
        assert found.worth[1] == pytest.approx(worth, abs=2 * DIGITS)
        assert found.certificate.passed


def test_the_solver_of_stochastic_games_finds_the_same_exits():
    model = ExitOrPause(2, -1, 3, 0, F(9, 10))
    pairs = [(e.strategy(0, 0)[0], e.strategy(0, 1)[0]) for e in markov_perfect(model.game())]
    alike = sorted(one for one, two in pairs if one == pytest.approx(two, abs=1e-9))
    assert alike == pytest.approx(model.solve().staying, abs=1e-8)


def test_staying_is_an_equilibrium_at_its_threshold_and_not_below():
    at = ExitOrPause(2, -1, 3, 0, F(1, 3))
    assert at.closed_form().staying == at.solve().staying == (0.0, 1.0)
    below = at.replace(discount=F(33, 100))
    assert below.closed_form().staying == below.solve().staying == (0.0,)
    assert below.answer().startswith("Both leave at once")


@pytest.fixture(scope="module")
def scenario():
    return ceasefire.load("november-2023")


def test_fighting_on_is_better_where_the_course_ended(scenario):
    found = FightOrPause.from_scenario(scenario).solve()
    assert found.days == (4, 6, 7)
    assert found.resumes == (False, False, True)
    table = truce.extension(truce.solve(scenario))
    assert found.chunk_value == pytest.approx(-table["resume_gain"].to_numpy(), abs=1e-9)
    assert found.certificate.passed


def test_the_day_cost_at_the_threshold_leaves_nothing_to_choose(scenario):
    found = FightOrPause(scenario, war_gain=1.0).solve()
    k = found.days.index(6)
    changed = scenario.replace(k0=found.largest_day_cost[k])
    values = truce.solve(changed).values(found.held[k], 6, found.trust[k])
    assert values.chunk_values.max() == pytest.approx(1.0, abs=1e-9)


def test_a_larger_gain_from_war_ends_the_pause_earlier(scenario):
    days = [FightOrPause(scenario, gain).solve().first_day for gain in (-1.0, 0.0, 5.0, 50.0)]
    assert days == [math.inf, 7.0, 6.0, 4.0]


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Attrition((10, 0), (1, 1)), r"values\[1\]"),
        (lambda: Attrition((10,), (1, 1)), "values"),
        (lambda: Standoff(1, 3, 0.5, 0.1), "better"),
        (lambda: Standoff(3, -1, 0.5, 0.1), "cost"),
        (lambda: WarLadder(10, 10, 0.5, 0.1, 0.1, 0.5), "rung"),
        (lambda: WarLadder(10, 4, 1.0, 0.1, 0.1, 0.5), "win"),
        (lambda: RiskReturn(0.5, 0.3, 0.1, 0.1), "high_cost"),
        (lambda: RiskReturn(0.5, 0.1, 0.3, 0.1, continuum=True), "low_cost"),
        (lambda: PowerShift(1.0, 0.3, 0.5, 0.1, 0.1), "discount"),
        (lambda: Brinkmanship(0, 1, 0.5), "cost_challenger"),
        (lambda: ExitOrPause(2, 1, 3, 0, 0.5), "punishment"),
        (lambda: FightOrPause("november-2023"), "scenario"),
    ],
)
def test_bad_parameters_are_named(build, field):
    with pytest.raises(ArgumentError, match=field):
        build()


def test_a_window_without_a_chunk_is_answered_for_in_words():
    answer = FightOrPause.from_scenario(ceasefire.load("all-at-once")).answer()
    assert "inf" not in answer
    assert "not to be had after day 8" in answer


def test_a_standoff_too_wide_for_its_steps_says_so():
    with pytest.raises(SolveError, match="both mix"):
        Standoff(1e9, 2.5, 0.0, 0.01).solve()
