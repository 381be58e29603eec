"""How patient the parties must be, to the digits, and certified from both sides."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm, RepeatedGame, catalog
from ceasefire.solvers import (
    critical_discount,
    critical_discount_curve,
    extension_threshold,
    finite_horizon,
    payoff_set,
)
from ceasefire.status import Status

F = Fraction
CD = [["C", "D"]] * 2
CC = ("C", "C")


def symmetric(A, **options):
    return NormalForm.bimatrix(A, [list(row) for row in zip(*A, strict=True)], **options)


def prisoners(T, R, P, S=0):
    return symmetric([[R, S], [T, P]], actions=CD)


def asymmetric(R, T, P, S=-5):
    return NormalForm.bimatrix(
        [[R[0], S], [T[0], P[0]]], [[R[1], T[1]], [S, P[1]]], players=["one", "two"], actions=CD
    )


DUOPOLY = symmetric([[10, 3, 0], [15, 7, -4], [7, 5, -15]], actions=[["L", "M", "H"]] * 2)
ABREU_SANNIKOV = NormalForm.bimatrix(
    [[16, 3, 0], [21, 10, -1], [9, 5, -5]], [[9, 13, 3], [1, 4, 0], [0, -4, -15]]
)
ONE_SIDED = asymmetric((4, 1), (5, 4), (1, F(1, 2)))
GREEDY = asymmetric((2, 2), (6, F(5, 2)), (0, 0))


@pytest.mark.parametrize(
    ("payoffs", "value"),
    [((5, 3, 1), F(1, 2)), ((6, 4, 2), F(1, 2)), ((10, 9, 3), F(1, 7))],
)
def test_grim_is_the_closed_form(payoffs, value):  # THEORY G1
    found = critical_discount(prisoners(*payoffs), CC)
    assert found.value == value
    assert isinstance(found.value, Fraction)
    assert (found.low, found.high, found.exact) == (value, value, True)
    assert found.binding == ("1", "2")
    assert found.certificate.passed
    assert float(found) == float(value)
    assert critical_discount(prisoners(*payoffs), CC, punishment="optimal").value == value


@pytest.mark.parametrize(
    ("payoffs", "days", "value"),
    [
        ((5, 3, 1), 2, (math.sqrt(5) - 1) / 2),
        ((5, 3, 1), 3, 0.543689013),
        ((6, 4, 1), 2, 0.457427108),
    ],
)
def test_an_n_day_punishment_is_the_root_of_its_polynomial(payoffs, days, value):  # THEORY G1
    found = critical_discount(prisoners(*payoffs), CC, punishment=days)
    assert float(found) == pytest.approx(value, abs=5e-10)
    assert found.low < found.high
    assert float(found.high - found.low) < 1e-14
    T, R, P = payoffs
    for delta, kept in ((found.low, False), (found.high, True)):
        assert (sum(delta**k for k in range(1, days + 1)) * (R - P) >= T - R) is kept
    assert found.certificate.passed
    assert critical_discount(prisoners(*payoffs), CC, punishment=400).value < float(found)


def test_a_rational_root_of_the_polynomial_is_exact():
    found = critical_discount(prisoners(F(15, 4), 3, 2), CC, punishment=2)  # 3/4 = d + d^2
    assert found.value == F(1, 2)
    assert found.exact


@pytest.mark.parametrize(("payoffs", "value"), [((5, 3, 1), 1.0), ((7, 3, 1), math.nan)])
def test_a_punishment_too_short_is_never_enough(payoffs, value):  # THEORY G1, trap
    found = critical_discount(prisoners(*payoffs), CC, punishment=1)
    assert found.status is Status.NEVER
    assert not found.attainable
    assert float(found) == pytest.approx(value, nan_ok=True)
    assert "no discount factor below 1" in repr(found)


def test_the_stag_hunt_needs_no_patience_and_keeps_both_equilibria():  # THEORY G1, trap
    hunt = catalog.load("stag-hunt")
    for profile in ((0, 0), (1, 1)):
        for punishment in ("grim", "optimal", 1, 7):
            found = critical_discount(hunt, profile, punishment=punishment)
            assert found.value == 0
            assert found.binding == ()


def test_a_profile_below_every_equilibrium_is_never_kept():
    found = critical_discount(prisoners(5, 3, 1), ("C", "D"))
    assert found.status is Status.NEVER
    assert math.isnan(found.value)
    assert found.per_player == (None, 0)
    assert found.binding == ("1",)


def test_the_harshest_punishment_needs_less_than_nash_reversion():  # THEORY G3
    nash = critical_discount(DUOPOLY, ("L", "L"))
    assert nash.value == F(5, 8)
    worst = critical_discount(DUOPOLY, ("L", "L"), punishment="optimal")
    assert worst.value == F(1, 3)
    assert worst.exact
    assert worst.certificate.passed
    assert worst.certificate.refused
    assert worst.detail["worst_payoffs"] == (0, 0)


@pytest.mark.parametrize(
    ("stage", "without", "pooled"),
    [
        pytest.param(ONE_SIDED, F(6, 7), F(8, 15), id="one-sided"),
        pytest.param(GREEDY, F(2, 3), F(9, 17), id="greedy"),
        pytest.param(prisoners(5, 3, 1), F(1, 2), F(1, 2), id="symmetric"),
    ],
)
@pytest.mark.parametrize("punishment", ["grim", "optimal"])
def test_transfers_pool_incentives(stage, without, pooled, punishment):  # THEORY G7
    alone = critical_discount(stage, CC, punishment=punishment)
    assert alone.value == without
    together = critical_discount(stage, CC, punishment=punishment, transfers=True)
    assert together.value == pooled
    for found in (alone, together):
        assert found.exact
        assert found.certificate.passed
        assert found.certificate.refused


def test_the_player_that_binds_is_named():
    assert critical_discount(ONE_SIDED, CC).binding == ("two",)
    assert critical_discount(GREEDY, CC).binding == ("one",)
    assert critical_discount(GREEDY, CC).per_player == (F(2, 3), F(1, 5))


def test_transfers_with_days_pool_incentives_too():
    found = critical_discount(ONE_SIDED, CC, punishment=3, transfers=True)
    delta = float(found)
    assert (delta + delta**2 + delta**3) * 3.5 == pytest.approx(4, abs=1e-12)
    assert found.certificate.passed
    assert critical_discount(ONE_SIDED, CC, punishment=3).status is Status.NEVER


@pytest.mark.parametrize("profile", [(0, 0), (0, 1), (1, 0)])
def test_optimal_thresholds_agree_with_payoff_sets_on_both_sides(profile):
    found = critical_discount(ABREU_SANNIKOV, profile, punishment="optimal")
    assert found.certificate.passed
    target = ABREU_SANNIKOV.payoffs[(slice(None), *profile)]
    for delta, kept in ((float(found) + 1e-4, True), (float(found) - 1e-4, False)):
        payoffs = payoff_set(RepeatedGame(ABREU_SANNIKOV, delta))
        best = [ABREU_SANNIKOV.payoffs[0][:, profile[1]].max(),
                ABREU_SANNIKOV.payoffs[1][profile[0]].max()]  # fmt: skip
        threat = payoffs.vertices.min(axis=0)
        assert bool(np.all(target >= (1 - delta) * np.array(best) + delta * threat)) is kept


def test_where_the_worst_payoff_jumps_the_answer_is_a_certified_bracket():
    # reversion never keeps (3, 3); a harsher equilibrium exists from 4/13 on and not before
    stage = symmetric([[-3, 1, -4], [-1, -2, 4], [-3, 3, 3]])
    assert critical_discount(stage, (2, 2)).status is Status.NEVER
    found = critical_discount(stage, (2, 2), punishment="optimal")
    assert found.high == F(4, 13)
    assert 0 < found.high - found.low < 1e-10
    assert not found.exact
    assert found.certificate.passed
    assert found.certificate.refused
    at, below = (payoff_set(RepeatedGame(stage, d)).threat[0] for d in (F(4, 13), 0.3))
    assert below > at + 0.1


def test_a_profile_that_no_set_holds_up_is_not_called_sustained():
    stage = NormalForm([[[5, 5, 2], [1, 3, -1]], [[0, 5, -3], [-1, 5, 1]]])  # (5, 5) and no other
    found = critical_discount(stage, (1, 1), punishment="optimal")
    assert not found.attainable
    assert found.status is Status.INCOMPLETE
    assert math.isnan(found.value)
    assert 0.999 < found.low < 1
    assert "no discount factor up to 0.999" in repr(found)


def test_mixed_reversion_is_counted_where_pure_punishments_need_more():
    # no pure stage equilibrium, so pure strategies have no equilibrium at all below 1/2
    stage = symmetric([[-2, 8, 6], [-6, 1, 9], [3, -6, 7]])
    found = critical_discount(stage, (2, 2), punishment="optimal")
    assert found.high == critical_discount(stage, (2, 2)).value == F(290, 677)
    assert found.status is Status.INCOMPLETE
    assert found.low < found.high
    pure = critical_discount(stage, (2, 2), punishment="optimal", mixed=False)
    assert pure.high == F(1, 2)
    assert pure.certificate.passed


def test_optimal_codes_with_transfers_agree_with_the_simplex_of_payoffs():
    rng = np.random.default_rng(3)
    for _ in range(12):
        stage = NormalForm(rng.integers(-6, 10, (2, 3, 3)))
        cell = tuple(int(a) for a in rng.integers(0, 3, 2))
        found = critical_discount(stage, cell, punishment="optimal", transfers=True, mixed=False)
        if not found.attainable:
            continue
        assert found.certificate.passed
        value, (one, two) = found.value, stage.payoffs
        joint = float(one[cell] + two[cell])
        gain = float(one[:, cell[1]].max() + two[cell[0]].max()) - joint
        at = min(value + F(1, 10**6), (1 + value) / 2)
        threat = payoff_set(RepeatedGame(stage, at), transfers=True).threat
        assert (1 - at) * gain <= float(at) * (joint - threat.sum()) + 1e-9
        if value > F(1, 1000):
            under = payoff_set(RepeatedGame(stage, value - F(1, 10**6)), transfers=True)
            at = float(value) - 1e-6
            kept = not under.is_empty and (1 - at) * gain <= at * (joint - under.threat.sum())
            assert not kept


def test_who_is_not_tempted_and_would_rather_be_punished_is_left_alone():
    stage = NormalForm.bimatrix([[0, 0], [0, 1]], [[2, 3], [0, 1]])
    for transfers in (False, True):
        found = critical_discount(stage, (0, 0), transfers=transfers)
        assert found.value == F(1, 2)
        assert found.certificate.passed


def test_three_players_pool_and_revert():
    # a public good: each pays 3 for 2 to everybody
    table = np.zeros((3, 2, 2, 2), dtype=int)
    for cell in np.ndindex(2, 2, 2):
        for i in range(3):
            table[(i, *cell)] = 2 * sum(1 - a for a in cell) - 3 * (1 - cell[i])
    stage = NormalForm(table)
    for options in ({}, {"punishment": "optimal"}, {"transfers": True},
                    {"punishment": "optimal", "transfers": True}):  # fmt: skip
        found = critical_discount(stage, (0, 0, 0), **options)
        assert found.value == F(1, 4)  # gain 1, worth 3 a day
        assert found.certificate.passed


def test_three_players_harshest_punishments_come_from_their_payoff_sets():
    """Minmax asks for 1/3, and no pure stage equilibrium is there to revert to: it is 1/2."""
    table = np.random.default_rng(3).integers(0, 10, size=(3, 2, 2, 2))
    found = critical_discount(NormalForm(table), (1, 0, 1), punishment="optimal", mixed=False)
    assert found.status is Status.OK
    assert found.high == pytest.approx(0.5, abs=1e-9)
    assert found.low == pytest.approx(0.5, abs=1e-6)
    assert found.certificate.passed
    assert found.certificate.refused
    game = RepeatedGame(NormalForm(table), 0.5)
    kept, lost = payoff_set(game), payoff_set(game.replace(discount=0.5 - 1e-4))
    here = table[:, 1, 0, 1].astype(float)
    assert kept.contains(here)
    assert not lost.contains(here, tolerance=1e-7)


def test_three_firms_pool_and_punish():
    A = DUOPOLY.exact_payoffs[0]  # everybody plays it with everybody
    table = np.empty((3, 3, 3, 3), dtype=object)
    for cell in np.ndindex(3, 3, 3):
        for i in range(3):
            table[(i, *cell)] = sum(A[cell[i], cell[j]] for j in range(3) if j != i)
    pooled = critical_discount(NormalForm(table), (0, 0, 0), punishment="optimal", transfers=True)
    assert pooled.value == F(17, 47)
    assert pooled.certificate.passed
    for delta, kept in ((F(17, 47), True), (F(17, 47) - F(1, 10**6), False)):
        worst = payoff_set(RepeatedGame(NormalForm(table), delta), transfers=True).threat.sum()
        assert ((1 - delta) * 30 <= float(delta) * (60 - worst) + 1e-9) is kept


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-5, 8), min_size=12, max_size=12),
    st.sampled_from(["grim", 2, "optimal"]),
    st.booleans(),
)
def test_thresholds_do_not_depend_on_the_order_of_players_or_actions(cells, punishment, pooled):
    table = np.array(cells).reshape(2, 2, 3)
    stage = NormalForm(table)
    swapped = NormalForm(table[::-1].transpose(0, 2, 1), players=["2", "1"])
    turned = NormalForm(table[:, ::-1, [2, 0, 1]])
    options = {"punishment": punishment, "transfers": pooled}
    one = critical_discount(stage, (0, 1), **options)
    for game, cell in ((swapped, (1, 0)), (turned, (1, 2))):
        two = critical_discount(game, cell, **options)
        assert one.status is two.status
        assert float(one) == pytest.approx(float(two), abs=1e-9, nan_ok=True)
        assert set(one.binding) == set(two.binding)


def test_mixed_reversion_is_used_where_it_is_harsher():
    table = [[4, 0, 0], [5, 1, 0], [0, 0, 3]]
    stage = symmetric(table)
    assert critical_discount(stage, (0, 0), mixed=False).value == F(1, 4)
    harsher = critical_discount(stage, (0, 0))
    assert harsher.value == F(4, 17)  # 1 / (5 - 3/4)
    assert harsher.certificate.passed


def test_one_reversion_for_all_needs_more_patience_than_the_deviators_own():
    chicken = NormalForm.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]])
    assert critical_discount(chicken, (0, 0)).value == F(1, 5)
    common = critical_discount(chicken, (0, 0), common_reversion=True)
    assert common.value == F(3, 7)  # only the mixed equilibrium, 14/3 each, punishes both
    assert common.certificate.passed


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(-9, 9), min_size=8, max_size=8),
    st.sampled_from([1e9, 1e-9, 3]),
    st.sampled_from([0, -7, 1e3]),
    st.sampled_from(["grim", 2]),
    st.booleans(),
)
def test_thresholds_do_not_depend_on_the_unit_of_utility(cells, scale, shift, punishment, pooled):
    table = np.array(cells).reshape(2, 2, 2)
    stage = NormalForm(table)
    moved = NormalForm((table + shift) * float(scale))
    one = critical_discount(stage, (0, 0), punishment=punishment, transfers=pooled)
    # Sustained at delta = 1 alone: there the rounding of the scaled payoffs themselves decides.
    assume(one.status is not Status.NEVER or np.isnan(float(one)))
    two = critical_discount(moved, (0, 0), punishment=punishment, transfers=pooled)
    assert one.status is two.status
    assert float(one) == pytest.approx(float(two), abs=1e-9, nan_ok=True)
    assert one.binding == two.binding


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=8, max_size=8))
def test_harsher_punishments_and_transfers_never_ask_for_more(cells):
    stage = NormalForm(np.array(cells).reshape(2, 2, 2))
    pure = critical_discount(stage, (0, 0), mixed=False)
    pooled = critical_discount(stage, (0, 0), transfers=True, mixed=False)
    worst = critical_discount(stage, (0, 0), punishment="optimal")
    grim = critical_discount(stage, (0, 0))
    if grim.attainable:
        assert float(worst.high) <= float(grim.high) + 1e-9
    codes = critical_discount(stage, (0, 0), punishment="optimal", transfers=True)
    short = critical_discount(stage, (0, 0), punishment=3, mixed=False)
    if pure.attainable:
        assert pooled.value <= pure.value
        if short.attainable:
            assert pure.value <= short.high
    if pooled.attainable:
        assert codes.value <= pooled.value
    if worst.attainable:
        assert float(codes.high) <= float(worst.high) + 1e-9


def test_a_curve_over_a_parameter_is_a_table():
    def family(T):
        return prisoners(T, 3, 1)

    table = critical_discount_curve(family, [4, 5, 7], profile=CC, name="T")
    assert table.index.name == "T"
    assert table["value"].tolist() == pytest.approx([1 / 3, 1 / 2, 2 / 3])
    days = critical_discount_curve(family, [4, 5, 7], profile=CC, punishment=1)
    assert days["attainable"].tolist() == [True, False, False]


@pytest.mark.parametrize(("payoffs", "value"), [((5, 4, 1, 3), F(1, 2)), ((6, 4, 1, 4), F(2, 3))])
@pytest.mark.parametrize("days", [2, 3, 10])
def test_two_stage_equilibria_make_a_known_last_day_bearable(payoffs, value, days):  # THEORY G4
    T, R, bad, good = payoffs
    stage = symmetric([[R, 0, 0], [T, bad, 0], [0, 0, good]], actions=[["C", "D", "E"]] * 2)
    found = finite_horizon(stage, profile=CC, days=days, mixed=False)
    assert found.value == value
    assert found.exact
    assert found.status is Status.OK
    assert found.binding == ("1", "2")
    assert found.ending == ("E, E",)
    assert found.punishment == ("D, D", "D, D")
    assert max(found.gains.flat) == 0
    for delta, kept in ((value, True), (value - F(1, 10**9), False), (1, True)):
        asked = finite_horizon(stage, profile=CC, days=days, discount=delta, mixed=False)
        assert asked.sustained is kept


def test_with_one_stage_equilibrium_nothing_survives_a_known_last_day():  # THEORY G4, trap
    for days in (2, 50):
        found = finite_horizon(prisoners(5, 3, 1), profile=CC, days=days)
        assert found.status is Status.NEVER
        assert math.isnan(found.value)


def test_a_lottery_over_last_days_rewards_both():
    # each side's worst equilibrium is the other's best: only a lottery gives both something
    table_one = [[4, 0, 0], [5, 1, 0], [0, 0, 3]]
    table_two = [[4, 5, 0], [0, 3, 0], [0, 0, 1]]
    stage = NormalForm.bimatrix(table_one, table_two, actions=[["C", "D", "E"]] * 2)
    found = finite_horizon(stage, profile=CC, days=3, mixed=False)
    assert found.value == 1
    assert found.ending == ("1/2 of D, D", "1/2 of E, E")


def test_extension_names_the_party_that_binds_and_the_hazard_it_bears():
    day = NormalForm.bimatrix(
        [[4, -2], [7, 0]], [[3, 4], [-3, 0]],
        players=["captor", "pauser"], actions=[["release", "hold"], ["pause", "strike"]],
    )  # fmt: skip
    found = extension_threshold(
        day, comply="release, pause", resume="hold, strike", patience=F(9, 10), survival=F(1, 2)
    )
    assert found.value == F(3, 7)
    assert found.binding == ("captor",)
    assert (found.temptation, found.stake) == ((3, 1), (4, 3))
    assert found.needed == (F(3, 7), F(1, 4))
    assert found.largest_hazard == (1 - F(3, 7) / F(9, 10), 1 - F(1, 4) / F(9, 10))
    assert found.hazard == found.largest_hazard[0]
    assert found.least_patience == (F(6, 7), F(1, 2))
    assert found.sustained is True
    assert found.certificate.passed
    grim = critical_discount(day, ("release", "pause"))
    assert grim.value == found.value
    frame = found.frame()
    assert frame.loc["captor", "binds"]
    assert not frame.loc["pauser", "binds"]


def test_patience_may_differ_by_party_and_hazard_may_be_too_large():
    day = prisoners(5, 3, 1)
    found = extension_threshold(
        day, comply=CC, resume=("D", "D"), patience=[0.95, 0.6], survival=0.8
    )
    assert found.sustained is False  # 0.48 < 1/2
    assert found.hazard == pytest.approx(1 - 0.5 / 0.6)
    kept = extension_threshold(day, comply=CC, resume=("D", "D"), patience=0.4)
    assert kept.hazard == pytest.approx(-0.25)
    assert "not even without hazard" in repr(kept)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: critical_discount(3, CC), "stage"),
        (lambda: critical_discount(DUOPOLY, ("L",)), "2 entries"),
        (lambda: critical_discount(DUOPOLY, ("L", "X")), "L, M, H"),
        (lambda: critical_discount(DUOPOLY, (0, 0), punishment="harsh"), "punishment"),
        (lambda: critical_discount(DUOPOLY, (0, 0), punishment=0), "punishment"),
        (lambda: critical_discount(DUOPOLY, (0, 0), punishment=True), "punishment"),
        (lambda: critical_discount(DUOPOLY, (0, 0), tolerance=2), "tolerance"),
        (
            lambda: critical_discount(DUOPOLY, (0, 0), punishment="optimal", common_reversion=True),
            "common_reversion",
        ),
        (lambda: extension_threshold(DUOPOLY, comply=(0, 0), resume=(0, 0)), "nobody gains"),
        (
            lambda: extension_threshold(DUOPOLY, comply=(0, 0), resume=(1, 1), patience=2),
            "patience",
        ),
        (lambda: finite_horizon(DUOPOLY, profile=(0, 0), days=1), "days"),
        (lambda: finite_horizon(DUOPOLY, profile=(0, 0), days=3, discount=-1), "discount"),
    ],
)
def test_what_is_wrong_is_named(call, says):
    with pytest.raises(ArgumentError, match=says):
        call()


def test_a_last_day_that_is_never_bearable_is_said_once():
    shown = repr(finite_horizon(symmetric([[3, 0], [5, 1]]), profile=(0, 0), days=4))
    assert shown.count("no discount factor") == 1
    assert shown.endswith("no discount factor is enough")
