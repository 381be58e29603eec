"""Offers through relays and blackouts: THEORY.md A5, and A5 with A6 in one model."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import solvers
from ceasefire.bargaining import GapLaw, RelayedOffers, TalksThroughRelays, terms_in_days
from ceasefire.errors import ArgumentError
from ceasefire.truce.talks import bargaining_weight

F = Fraction
NOVEMBER = TalksThroughRelays(0.01, 0.01, 1, 0.06, 0.25, 0.04)
UNEVEN = TalksThroughRelays(0.02, 0.01, 1, 0.06, 0.25, 0.04, fallback_1=0.1, fallback_2=0.2)

# THEORY.md A5; the third prints 0.410469411 there, exactly it is 0.4104694090.
THEORY = [
    pytest.param(0.02, 0.05, 1, 2, 0.725246700, id="lam 1, L 2"),
    pytest.param(0.02, 0.05, 0.25, 2, 0.7551558527, id="lam .25, L 2"),
    pytest.param(0.05, 0.02, 0.25, 4, 0.4104694090, id="lam .25, L 4"),
]


@pytest.mark.parametrize(("one", "two", "speed", "legs", "share"), THEORY)
def test_relayed_shares_are_those_of_theory_by_both_routes(one, two, speed, legs, share):
    model = RelayedOffers.through_legs(one, two, legs=legs, legs_per_day=speed)
    for found in (model.solve(), model.closed_form()):
        assert float(found.share) == pytest.approx(share, abs=1e-9)
        assert found.certificate.passed
    phi = [(speed / (speed + r)) ** legs for r in (one, two)]
    assert float(found.share) == pytest.approx((1 - phi[1]) / (1 - phi[0] * phi[1]), abs=1e-13)


def test_fixed_gaps_have_the_limit_share_of_theory():
    model = RelayedOffers(0.02, 0.05, days_1=1, days_2=3, legs=None)
    assert model.limit_share() == pytest.approx(0.882352941, abs=1e-9)  # A5
    short = model.replace(days_1=1e-6, days_2=3e-6)
    assert short.solve().share == pytest.approx(model.limit_share(), abs=1e-6)
    assert short.replace(legs=3).closed_form().share == pytest.approx(0.882352941, abs=1e-6)


def test_a_longer_own_answering_gap_hurts_the_answerer():
    gaps = [0.5, 1, 2, 4, 8]
    shares = [RelayedOffers(0.02, 0.05, 2, d, legs=None).solve().share for d in gaps]
    assert np.all(np.diff(shares) > 0)
    own = [RelayedOffers(0.02, 0.05, d, 2).solve().share for d in gaps]
    assert np.all(np.diff(own) < 0)


def test_random_gaps_cost_less_than_fixed_ones_of_the_same_mean():
    random = RelayedOffers(0.3, 0.2, 4, 4)
    fixed = random.replace(legs=None)
    assert float(random.factor(1)) > fixed.factor(1)
    assert random.replace(legs=4000).factor(1) == pytest.approx(fixed.factor(1), abs=1e-3)
    assert fixed.factor(1) == pytest.approx(math.exp(-1.2))


def test_a_delay_of_the_acceptance_shrinks_payoffs_and_moves_no_share():
    model = RelayedOffers(F(1, 50), F(1, 20), F(2), F(2))
    late = model.replace(acceptance_days=F(2))
    assert late.closed_form().first == model.closed_form().first
    one, two = late.received()
    share = model.closed_form().share
    assert one == share / F(51, 50) ** 2
    assert two == (1 - share) / F(21, 20) ** 2
    with pytest.raises(ArgumentError):
        late.received(first=3)


def test_the_trees_of_relayed_offers_have_their_shares():
    model = RelayedOffers(F(1, 50), F(1, 20), F(2), F(2))
    game = model.game(offers=3, grid=2)
    phi = model.factor(1), model.factor(2)
    found = solvers.subgame_perfect(game, exact=True, limit=1)[0]
    assert found.payoffs[0] == 1 - phi[1] * (1 - phi[0])
    assert model.game(grid=3).n_states == 2 * 6 + 2
    with pytest.raises(ArgumentError, match="alike"):
        model.replace(days_1=F(1)).game()


def test_a_shared_scenario_has_the_weight_of_the_truce():
    scenario = ceasefire.load("november-2023")
    for changes in ({}, {"r_C": 0.0025}, {"r_C": 0.04, "relay": 3.0}, {"r_D": 0.0}):
        changed = scenario.replace(**changes)
        weight = bargaining_weight(changed.symbols())
        assert RelayedOffers.from_scenario(changed).solve().weight == pytest.approx(weight)
        clear = TalksThroughRelays.from_scenario(changed.replace(om=0.0))
        assert clear.solve().weight == pytest.approx(weight)


def test_the_impatient_captor_gets_the_weights_of_the_model_page():
    weights = [0.80, 0.67, 0.50, 0.33, 0.20]  # MODEL.md, P7
    scenario = ceasefire.load("november-2023")
    for rate, weight in zip([0.0025, 0.005, 0.01, 0.02, 0.04], weights, strict=True):
        found = RelayedOffers.from_scenario(scenario.replace(r_C=rate)).solve()
        assert float(found.weight) == pytest.approx(weight, abs=5e-3)


def test_weights_mean_the_days_of_the_model_page():
    scenario = ceasefire.load("november-2023")
    found = terms_in_days(scenario, [0.80, 2 / 3, 0.50, 1 / 3, 0.20])
    assert found["block_days"].tolist() == [6, 5, 4, 2, 1]  # MODEL.md, P7
    assert found["captives_per_day"].iloc[2] == pytest.approx(12.5)
    dark = TalksThroughRelays.from_scenario(scenario.replace(r_C=0.02)).solve()
    clear = TalksThroughRelays.from_scenario(scenario.replace(r_C=0.02, om=0.0)).solve()
    days = terms_in_days(scenario, [float(clear.weight), float(dark.weight)])["block_days"]
    assert days.tolist() == [2, 3]
    with pytest.raises(ArgumentError, match=r"weights\[1\]"):
        terms_in_days(scenario, [0.5, 1.5])


def test_a_line_that_never_goes_dark_is_the_relay_alone():
    model = UNEVEN.replace(blackout_per_day=0, fallback_1=0.3, fallback_2=0.6)
    plain = RelayedOffers(0.02, 0.01, 2, 2)
    assert model.closed_form().first == pytest.approx(plain.closed_form().first, abs=1e-14)


def test_a_blackout_that_always_ends_only_slows_the_relay():
    model = UNEVEN.replace(breakdown_per_day=0)
    assert model.solve().survival == pytest.approx(1)
    assert model.solve().gap_days == pytest.approx(2 * (1 + 0.06 / 0.25))
    assert model.solve().first == model.replace(fallback_1=0.5).solve().first


@pytest.mark.parametrize("model", [NOVEMBER, UNEVEN, UNEVEN.replace(days_per_leg=8)])
def test_simulated_gaps_have_the_transforms_and_refusing_once_gains_nothing(model):
    days, arrived = model.gap.sample(200_000, np.random.default_rng(7))
    found = model.solve()
    rates, backs = (model.rate_1, model.rate_2), (model.fallback_1, model.fallback_2)
    assert arrived.mean() == pytest.approx(found.survival, abs=2e-3)
    assert days[arrived].mean() == pytest.approx(found.gap_days, rel=1e-2)
    as_responder = (found.second[0], found.first[1])
    as_proposer = (found.first[0], found.second[1])
    for i in (0, 1):
        worth = np.exp(-rates[i] * days) * np.where(arrived, as_proposer[i], backs[i])
        error = worth.std() / math.sqrt(len(worth))
        assert worth.mean() == pytest.approx(as_responder[i], abs=5 * error)


def test_the_combined_formula_is_the_fixed_point_of_backward_induction():
    model = TalksThroughRelays(
        F(1, 50), F(1, 100), F(1), F(3, 50), F(1, 4), F(1, 25), F(1, 10), F(1, 5)
    )
    (f1, s1), (f2, s2) = (model.gap.transform(r) for r in (model.rate_1, model.rate_2))
    x = (1 - s2 / 5 - f2 * (1 - s1 / 10)) / (1 - f1 * f2)
    assert model.closed_form().share == x
    value = {1: F(0), 2: F(0)}
    for _ in range(3):  # the fixed point is reproduced exactly
        value = {1: x, 2: 1 - s1 / 10 - f1 * x}
        assert 1 - s2 / 5 - f2 * value[2] == x
    one, two = 0.0, 0.0
    for _ in range(3000):
        one, two = 1 - float(s2) / 5 - float(f2) * two, 1 - float(s1) / 10 - float(f1) * one
    assert one == pytest.approx(float(x), abs=1e-10)


def test_engines_agree_on_the_combined_model():
    model = TalksThroughRelays(
        F(1, 50), F(1, 100), F(1), F(3, 50), F(1, 4), F(1, 25), F(1, 10), F(1, 5)
    )
    tree = model.game(offers=2, grid=3)
    found = solvers.subgame_perfect(tree, exact=True, limit=1)[0]
    f2, s2 = model.gap.transform(model.rate_2)
    assert found.payoffs[1] == s2 / 5 + f2 * (1 - F(1, 10))
    endless = solvers.markov_perfect(model.game(grid=3))[0]
    start = endless.values[0] / endless.game.discounts
    assert start[0] == pytest.approx(float(model.closed_form().share), abs=0.02)


def test_blackouts_pull_shares_to_one_half_and_fallbacks_push_them_off():
    impatient = TalksThroughRelays(0.02, 0.01, 1, 0, 0.25, 0.04)
    weights = [float(impatient.replace(blackout_per_day=om).solve().weight) for om in
               (0, 0.02, 0.06, 0.3)]  # fmt: skip
    assert np.all(np.diff(weights) > 0)
    assert weights[-1] < 0.5
    assert NOVEMBER.solve().weight == pytest.approx(0.5)
    assert NOVEMBER.replace(fallback_1=0.2).solve().weight > 0.53


def test_exchanges_add_up():
    one, many = NOVEMBER.exchanges(1), NOVEMBER.exchanges(7)
    assert many.survival == pytest.approx(one.survival**7)
    assert many.mean_days == pytest.approx(7 * one.mean_days)
    half = many.quantile(0.5)
    assert many.arrived(half) == pytest.approx(0.5 * many.survival, abs=1e-9)
    assert GapLaw(2, 0.0).quantile(0.5) == 0.0
    assert GapLaw(2, 0.0).arrived(0.0) == 1.0


def test_a_line_that_stays_dark_loses_the_talks():
    gap = GapLaw(2, 1.0, 0.06)
    assert gap.transform(0) == pytest.approx(gap.transform_by_phases(0.0))
    days, arrived = gap.sample(20_000, np.random.default_rng(3))
    assert arrived.mean() == pytest.approx(gap.survival, abs=0.02)
    assert np.all(np.isinf(days[~arrived]))


rates = st.floats(0.001, 0.5)


@settings(max_examples=40, deadline=None)
@given(rates, rates, st.floats(0.1, 10), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1),
       st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.integers(1, 4))  # fmt: skip
def test_both_routes_agree_and_sides_exchange(r1, r2, days, om, rho, b, f1, f2, legs):
    model = TalksThroughRelays(r1, r2, days, om, rho, b, f1, f2, legs)
    found, formula = model.solve(), model.closed_form()
    assert found.certificate.passed
    assert formula.certificate.passed
    assert found.first == pytest.approx(formula.first, abs=1e-11)
    swapped = TalksThroughRelays(r2, r1, days, om, rho, b, f2, f1, legs).closed_form()
    assert swapped.second[::-1] == pytest.approx(formula.first, abs=1e-11)


@pytest.mark.parametrize(("changes", "where"), [
    ({"rate_1": -1}, "rate_1"),
    ({"days_per_leg": float("inf")}, "days_per_leg"),
    ({"blackout_per_day": -0.1}, "blackout_per_day"),
    ({"fallback_1": 0.7, "fallback_2": 0.5}, "fallback_1"),
    ({"legs": 0}, "legs"),
    ({"days_per_leg": 0}, "days_per_leg"),
    ({"rate_1": 0, "rate_2": 0, "blackout_per_day": 0}, "days_per_leg"),
])  # fmt: skip
def test_bad_parameters_of_talks_are_named(changes, where):
    with pytest.raises(ArgumentError) as caught:
        UNEVEN.replace(changes)
    assert caught.value.where == where


@pytest.mark.parametrize(("changes", "where"), [
    ({"rate_1": -1}, "rate_1"),
    ({"days_2": float("nan")}, "days_2"),
    ({"legs": 1.5}, "legs"),
    ({"rate_1": 0, "rate_2": 0}, "rate_1"),
    ({"days_1": 0, "days_2": 0}, "rate_1"),
])  # fmt: skip
def test_bad_parameters_of_relays_are_named(changes, where):
    with pytest.raises(ArgumentError) as caught:
        RelayedOffers(0.02, 0.05, 2, 2).replace(changes)
    assert caught.value.where == where
