"""THEORY F2, E2, D6 and MODEL P3: pilots and first stakes, by formula and by general engine."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import solvers
from ceasefire.bargaining import (
    OptimalPilot,
    ReassuringStake,
    SpencePilot,
    StartingSmall,
    VetoPilot,
)
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

FEW = settings(max_examples=2, deadline=None)


@pytest.mark.parametrize(
    ("values", "least", "most", "whole"),
    [((6, 1, 3), 2, 6, 2), ((40, Fraction(1, 2), 8), 5, 80, 5)],
)
def test_f2_separating_pilots(values, least, most, whole):
    model = SpencePilot(*values)
    for found in (model.closed_form(), model.solve()):
        assert (found.least, found.most, found.whole) == (least, most, whole)
        assert found.certificate.passed


def test_f2_the_interval_may_hold_no_whole_number():
    found = SpencePilot(Fraction(9), Fraction(6), Fraction(8)).solve()
    assert (found.least, found.most) == (Fraction(9, 8), Fraction(3, 2))
    assert math.isnan(found.whole)
    assert "no whole number" in SpencePilot(Fraction(9), Fraction(6), Fraction(8)).answer()


def test_f2_the_intuitive_criterion_keeps_the_least_whole_pilot_and_rejects_none_at_all():
    # A tie at the bound itself: sizes one hundredth above it stand for the whole numbers.
    tree = SpencePilot(6, 1, 3).game((0, Fraction(201, 100), 3))
    found = solvers.signalling(tree, refine=True)
    assert [c.messages for c in found] == [("0", "1")]


@FEW
@given(st.integers(1, 9), st.integers(1, 9))
def test_f2_bounds_do_not_change_with_the_unit_of_utility(scale, prior):
    model = SpencePilot(6 * scale, scale, 3 * scale, Fraction(prior, 10))
    found = model.solve()
    assert found.certificate.passed
    assert (found.least, found.most) == (2, 6)


@pytest.mark.parametrize(
    ("values", "trust"), [((0.2, 2, 62, 34.82), 0.47098), ((0.3, 2, 20, 15), 0.53333)]
)
def test_f2_veto_costs(values, trust):
    model = VetoPilot(*values)
    for found in (model.closed_form(), model.solve()):
        assert found.trust == pytest.approx(trust, abs=5e-6)
        assert found.certificate.passed


def test_f2_a_pilot_that_all_match_says_nothing():
    model = VetoPilot(Fraction(1, 5), 1, 10, 10)
    assert model.solve().matched == model.closed_form().matched == 1
    assert model.solve().trust == Fraction(1, 5)
    assert model.replace(opportunist_value=0).solve().trust == 1


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ((4, 3.5, 1, 0), (0.7142857, 0.75)),
        ((4, 3.5, 1, -3), (0.3846154, 0.4285714)),
    ],
)
def test_e2_stakes_that_reassure(values, bounds):
    model = ReassuringStake(*values)
    for found in (model.closed_form(), model.solve()):
        assert (found.least, found.most) == pytest.approx(bounds, abs=5e-8)
        assert found.certificate.passed


def test_e2_none_reassures_where_exploiting_is_worth_more():
    model = ReassuringStake(4, Fraction(9, 2), 1, 0)
    assert model.solve().status is Status.NO_EQUILIBRIUM
    assert not any(model.separates(Fraction(k, 100)) for k in range(10, 100, 20))
    assert ReassuringStake(4, 4, 1, 0).solve().possible
    assert "No first stake" in model.answer()


def test_e2_a_greater_loss_makes_the_convincing_gesture_smaller():
    least = [ReassuringStake(4, Fraction(7, 2), 1, s).closed_form().least for s in (0, -1, -3, -10)]
    assert least == sorted(least, reverse=True)


@pytest.mark.parametrize(
    ("values", "growth"),
    [((1, 0.05, 0.9), 1.055555556), ((1, 0.3, 0.6), 1.166666667), ((2, 0.5, 0.7), 1.071428571)],
)
def test_d6_growth(values, growth):
    model = StartingSmall(*values)
    for found in (model.closed_form(), model.solve()):
        assert float(found.growth) == pytest.approx(growth, abs=5e-10)
        assert found.certificate.passed


def test_d6_on_the_path_a_betrayer_can_wait_and_on_a_slower_one_it_strikes():
    model = StartingSmall(Fraction(1), Fraction(3, 10), Fraction(3, 5), 5)
    pays = {one.payoffs[0] for one in solvers.subgame_perfect(model.game(), exact=True)}
    g = model.growth
    assert pays == {g**-4}  # indifferent in every period, so as good as betraying at once
    path = [(g * Fraction(99, 100)) ** k for k in range(5)]
    assert model.strikes(path) == 1
    assert model.strikes([(g * Fraction(101, 100)) ** k for k in range(5)]) == 5
    assert "Constant stakes" in StartingSmall(1, 0.5, 0.9).answer()


def test_p3_the_best_pilot_is_interior():
    """MODEL.md P3: matched and dealer net by size."""
    table = OptimalPilot.from_scenario(ceasefire.load("november-2023")).table()
    nets = [19.0, 27.8, 33.5, 33.8, 34.2, 32.2, 28.3]
    assert table["dealer_net"].tolist() == pytest.approx(nets, abs=0.06)
    assert table["matched"].tolist() == pytest.approx(
        [0.62, 0.46, 0.28, 0.14, 0.08, 0.04, 0.02], abs=0.006
    )


def test_p3_the_signalling_game_with_the_prize_held_fixed_keeps_two():
    """Two types and whole sizes: the intuitive criterion keeps the least that separates, 2."""
    model = OptimalPilot.from_scenario(ceasefire.load("november-2023"))
    assert model.solve().size == 8
    found = solvers.signalling(model.game((0, 1, 2, 4)), refine=True)
    assert ("0", "2") in [c.messages for c in found]


@pytest.mark.parametrize(
    ("cls", "good", "bad"),
    [
        (SpencePilot, (6, 1, 3), {"opportunist_cost": 1}),
        (SpencePilot, (6, 1, 3), {"prior": 1}),
        (VetoPilot, (0.2, 2, 62, 34), {"captives": 0}),
        (ReassuringStake, (4, 3.5, 1, 0), {"sucker": 2}),
        (ReassuringStake, (4, 3.5, 1, 0), {"reward": 1}),
        (StartingSmall, (1, 0.1, 0.9), {"flow": 1}),
        (StartingSmall, (1, 0.1, 0.9), {"periods": 0}),
    ],
)
def test_bad_input_is_named(cls, good, bad):
    model = cls(*good)
    with pytest.raises(ArgumentError, match=next(iter(bad))):
        model.replace(bad)


def test_sizes_must_rise():
    model = OptimalPilot.from_scenario(ceasefire.load("november-2023"))
    with pytest.raises(ArgumentError, match="sizes"):
        model.replace(sizes=(2.0, 1.0))


def test_no_whole_pilot_has_no_cost():
    answer = SpencePilot(Fraction(9), Fraction(6), Fraction(8)).answer()
    assert "no whole number of captives" in answer
    assert "at a cost" not in answer
