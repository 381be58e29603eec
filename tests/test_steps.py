"""Concessions in turn, rising stakes, contributions: closed forms against the general engines."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire import solvers
from ceasefire.bargaining import Concessions, Contributions, RisingStakes
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

F = Fraction

# THEORY.md D4 (a reduced form): beta, kappa; levels by step; steps needed
LADDERS = [
    pytest.param(F(4, 5), F(0), {1: 0.16666667, 2: 0.27777778, 5: 0.43415638}, math.inf, id="free"),
    pytest.param(F(4, 5), F(1, 50), {1: 0.2, 2: 0.3333333}, 5, id=".8 .02"),
    pytest.param(F(9, 10), F(1, 100), {1: 0.10909091, 2: 0.19834711}, 9, id=".9 .01"),
]


@pytest.mark.parametrize(("beta", "kappa", "levels", "needed"), LADDERS)
def test_concessions_have_the_numbers_of_the_page(beta, kappa, levels, needed):
    model = Concessions(beta, kappa)
    for found in (model.closed_form(), model.solve()):
        assert found.steps_needed == needed
        assert found.certificate.passed
        for step, level in levels.items():
            assert found.levels[step - 1] == pytest.approx(level, abs=5.1e-8)


@settings(max_examples=40, deadline=None)
@given(st.fractions(0, F(95, 100)), st.fractions(0, F(1, 2)))
def test_safe_levels_step_by_step_are_those_of_the_formula(beta, kappa):
    model = Concessions(beta, kappa)
    found, closed = model.solve(), model.closed_form()
    if kappa > F(1, 1000) or beta == 0:
        assert found.steps_needed == closed.steps_needed
    assert np.allclose(found.levels, closed.levels[: len(found.levels)], atol=1e-12)


def test_on_a_slack_ladder_nobody_ever_stops_and_one_step_fewer_is_refused_at_once():
    model = Concessions(F(4, 5), F(1, 50))
    found = solvers.subgame_perfect(model.game(), exact=True, limit=20)
    assert all(tuple(one.payoffs) == (F(1, 2), F(1, 2)) for one in found)
    short = [F(k, 8) for k in (1, 2, 3, 4)]  # four steps where five are needed
    stopped = solvers.subgame_perfect(model.game(levels=short), exact=True, limit=20)
    stops = F(4, 5) / 2 - F(1, 50), F(4, 5) / 2
    assert all(tuple(one.payoffs) == stops for one in stopped)


def test_when_stopping_costs_nothing_every_finite_ladder_unravels():
    found = solvers.subgame_perfect(Concessions(F(4, 5), 0).game(), exact=True, limit=20)
    assert all(tuple(one.payoffs) == (F(2, 5), F(2, 5)) for one in found)
    assert Concessions(F(4, 5), 0).solve().status is Status.NO_DEAL


def test_a_concession_too_large_makes_the_other_side_walk_out():
    model = Concessions(F(4, 5), F(1, 50))
    large = [F(1, 4), F(1, 3), F(21, 50), F(12, 25), F(1, 2)]  # a first step above the safe 0.2
    payoffs = solvers.subgame_perfect(model.game(levels=large), exact=True, limit=1)[0].payoffs
    assert sum(payoffs) < 1


# THEORY.md D5: (T, R, P, S), rho; thresholds when others defect and when they cooperate
STAKES = [
    pytest.param((4, 3, 1, 0), F(3, 10), (1.111111, 1.111111), id="rho .3"),
    pytest.param((4, 3, 1, 0), F(1, 2), (0.666667, 0.666667), id="rho .5"),
    pytest.param((6, 4, 1, -2), F(2, 5), (1.3, 1.0), id="two equilibria"),
]


@pytest.mark.parametrize(("payoffs", "rho", "thresholds"), STAKES)
def test_stakes_have_the_thresholds_of_the_page(payoffs, rho, thresholds):
    model = RisingStakes(rho, *payoffs, stakes_ratio=1)
    assert model.thresholds == pytest.approx(thresholds, abs=5.1e-7)
    low, high = sorted(model.thresholds)
    for ratio, equilibria in ((low - 0.01, (0.0,)), (high + 0.01, (1.0,))):
        one = model.replace(stakes_ratio=F(ratio).limit_denominator(10**6))
        assert one.solve().cooperation == one.closed_form().cooperation == equilibria


def test_between_the_thresholds_nobody_and_everybody_coexist():
    model = RisingStakes(F(2, 5), 6, 4, 1, -2, stakes_ratio=F(11, 10))
    found = model.solve()
    assert found.cooperation == pytest.approx((0, 2 / 3, 1))
    assert found.certificate.passed
    assert model.closed_form().cooperation == pytest.approx(found.cooperation)


def test_where_defectors_lose_little_the_equilibrium_between_mixes():
    model = RisingStakes(F(2, 5), 6, 3, 1, 0, stakes_ratio=F(6, 5))
    low, high = model.thresholds
    assert low < 1.2 < high
    assert model.solve().cooperation == pytest.approx(model.closed_form().cooperation)
    assert len(model.closed_form().cooperation) == 1
    assert 0 < model.closed_form().cooperation[0] < 1


def test_exactly_at_the_threshold_cooperation_is_an_equilibrium():
    model = RisingStakes(F(2, 5), 6, 4, 1, -2, stakes_ratio=1)
    assert model.solve().cooperation == model.closed_form().cooperation == (0.0, 1.0)


def test_without_reciprocators_no_split_helps():
    model = RisingStakes(0, 4, 3, 1, 0, stakes_ratio=100)
    assert model.thresholds == (math.inf, math.inf)
    assert model.solve().cooperation == model.closed_form().cooperation == (0.0,)
    assert model.answer().startswith("Without anybody")


# the contribution game: nothing is printed on the page; the engines are the check
@settings(max_examples=30, deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.1, 50.0), st.floats(0.02, 0.98))
def test_contributions_outward_from_completion_are_those_of_the_formula(discount, worth, part):
    reach = Contributions(discount, worth, 1.0).reach
    model = Contributions(discount, worth, part * reach)
    closed, found = model.closed_form(), model.solve()
    assert closed.certificate.passed
    assert found.certificate.passed
    assert found.periods == closed.periods
    assert found.contributions == pytest.approx(closed.contributions, abs=1e-9 * reach)
    assert found.values == pytest.approx(closed.values, abs=1e-10 * worth)
    assert sum(found.contributions) == pytest.approx(model.size)


@pytest.mark.parametrize("size", [0.3, 0.9, 1.5])
def test_the_path_is_a_markov_equilibrium_of_the_game_on_a_grid(size):
    model = Contributions(0.8, 1.0, size)
    game = model.game(points=3)
    found = solvers.markov_equilibrium(game, model.behaviour(game))
    assert found.regret < 1e-12
    start = next(s for s, name in enumerate(game.states) if name.endswith(", 0)"))
    assert found.values[start] == pytest.approx(model.solve().values)


def test_a_project_beyond_reach_is_never_begun():
    model = Contributions(0.8, 1.0, 3.2)
    assert model.reach < 3.2
    for found in (model.closed_form(), model.solve()):
        assert found.status is Status.NO_DEAL
        assert found.contributions == ()
        assert found.certificate.passed


def test_at_a_cut_point_the_mover_would_as_soon_wait():
    model = Contributions(0.8, 1.0, 1.0)
    points = model.cut_points(4)
    for k in (1, 2, 3, 4):
        at = model.replace(size=points[k]).closed_form()
        assert at.values[0] == pytest.approx(0.8 * at.values[1])
        assert at.values[0] == pytest.approx(0.8 ** (2 * k - 1))


def test_contributions_rise_towards_the_end_while_patience_lasts():
    path = Contributions(0.9, 1.0, 3.0).closed_form().contributions
    assert path[1] < path[-2]
    first, *rest = path
    assert list(rest[:-1]) == sorted(rest[:-1])
    assert first <= rest[0]


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Concessions(1, 0.1), "rest_share"),
        (lambda: Concessions(0.5, -0.1), "stopping_cost"),
        (lambda: Concessions(0.5, 0.1).game(levels=[0.4, 0.3, 0.5]), "levels"),
        (lambda: RisingStakes(1.2, 4, 3, 1, 0, 1), "reciprocators"),
        (lambda: RisingStakes(0.2, 4, 5, 1, 0, 1), "temptation"),
        (lambda: RisingStakes(0.2, 4, 3, 1, 0, 0), "stakes_ratio"),
        (lambda: Contributions(1.0, 1, 1), "discount"),
        (lambda: Contributions(0.5, 0, 1), "worth"),
        (lambda: Contributions(0.5, 1, math.nan), "size"),
        (lambda: Contributions(0.9, 1, 3.0).game(points=100), "points"),
    ],
)
def test_bad_parameters_are_named(build, field):
    with pytest.raises(ArgumentError, match=field):
        build()
