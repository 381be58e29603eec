"""THEORY.md F5, F6, F7 and demands without end: closed forms, engines, traps."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire import bargaining, solvers
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.status import Status

# THEORY.md F5, h = 1, l = .5: (pi, delta) -> value, plan
F5 = [
    pytest.param(0.6, 0.8, 0.52, "screen", id="screen"),
    pytest.param(0.9, 0.8, 0.88, "hard line", id="hard line"),
    pytest.param(0.9, 0.99, 0.899, "hard line", id="patient hard line"),
    pytest.param(0.3, 0.5, 0.5, "sell to all", id="sell to all"),
]
discounts = st.floats(0.0, 0.99)
HALF = Fraction(1, 2)


def screening(share, discount, low=0.5):
    return bargaining.TwoPeriodScreening(share=share, high=1, low=low, discount=discount)


@pytest.mark.parametrize(("share", "discount", "value", "policy"), F5)
def test_two_offers_are_worth_what_theory_says_by_three_routes(share, discount, value, policy):
    model = screening(share, discount)
    closed, solved = model.closed_form(), model.solve()
    assert closed.seller == pytest.approx(value, abs=1e-12)
    assert solved.seller == pytest.approx(value, abs=1e-12)
    assert closed.policy == solved.policy == policy
    assert closed.certificate.passed
    found = model.assessment(prices=[0.2, 0.55, 0.7, 0.9])
    assert found.verified, found
    assert found.payoffs[0] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(("share", "discount", "value", "policy"), F5)
def test_the_general_engine_finds_the_plan_when_prices_break_ties(share, discount, value, policy):
    del policy
    model, below = screening(share, discount), 1e-3
    prices = [0.5 - below, float(model.screening_price) - below, 1 - below]
    found = solvers.sequential(model.game(prices))
    assert found.payoffs[0] == pytest.approx(value, abs=2 * below)


def test_fractions_stay_fractions():
    model = screening(Fraction(9, 10), Fraction(4, 5), HALF)
    assert model.closed_form().seller == Fraction(22, 25)
    assert model.closed_form().accept_high == Fraction(8, 9)


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 1), discounts, st.floats(0.05, 0.95))
def test_no_first_price_beats_the_plan_and_the_solver_agrees(share, discount, low):
    model = screening(share, discount, low)
    closed, solved = model.closed_form(), model.solve()
    assert closed.status is Status.OK
    assert solved.status is Status.OK
    assert solved.seller == pytest.approx(closed.seller, abs=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.1, 0.9), discounts, st.floats(0.1, 100))
def test_prices_scale_with_values(share, discount, unit):
    one = screening(share, discount).closed_form()
    many = bargaining.TwoPeriodScreening(share, unit, unit / 2, discount).closed_form()
    assert many.seller == pytest.approx(unit * one.seller, rel=1e-9)


def test_prices_between_need_mixing_after_a_refusal():
    """The trap of F5: above pi = l/h a price between m and h has no pure reply."""
    model = screening(0.8, 0.8)
    accept, low_next = model.reply(0.8)
    assert 0 < accept < 1
    assert 0 < low_next < 1
    left = 0.8 * (1 - accept)
    assert left / (left + 0.2) == pytest.approx(0.5)  # the seller is indifferent at l/h
    assert 0.8 * low_next * 0.5 == pytest.approx(1 - 0.8)  # the high type too
    assert screening(0.4, 0.8).reply(0.8) == (0, 1)  # below it all refuse


def test_at_the_edge_and_at_the_ends_of_belief_the_plan_is_defined():
    assert screening(0.5, 0.5).closed_form().policy == "sell to all"
    assert screening(0, 0.5).closed_form().seller == 0.5
    assert screening(1, 0.5).closed_form().seller == 1
    assert screening(1, 0).closed_form().seller == 1


# ---- demands without end


@pytest.mark.parametrize("discount", [0, 0.3, 0.75, 0.9, 0.98, 0.9999])
def test_the_limit_of_finite_games_is_the_stationary_equilibrium(discount):
    model = bargaining.PriceDemands(discount=discount)
    closed, solved = model.closed_form(), model.solve()
    assert solved.opening == pytest.approx(closed.opening, abs=1e-12)
    assert solved.prices == pytest.approx(closed.prices, abs=1e-12)
    assert (solved.seller, solved.buyer) == pytest.approx((closed.seller, closed.buyer), abs=1e-12)
    assert solved.cutoffs[0] == pytest.approx(closed.cutoffs[0], rel=1e-10)
    assert solved.mean_rounds == pytest.approx(closed.mean_rounds, rel=1e-9)
    for found in (closed, solved):
        assert found.certificate.passed, found.certificate


def test_the_closed_form_is_the_root_of_its_equation():
    d = 0.9
    s = math.sqrt(1 - d)
    gamma = bargaining.PriceDemands(discount=d).closed_form().opening
    assert d * gamma**2 + 2 * (1 - d) * gamma - (1 - d) == pytest.approx(0, abs=1e-15)
    assert gamma == pytest.approx(s / (1 + s))
    assert gamma == pytest.approx((s - s * s) / d)
    assert gamma == pytest.approx(0.240253073)
    assert bargaining.PriceDemands(discount=d).closed_form().seller == pytest.approx(gamma / 2)


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 12), st.floats(0, 0.98))
def test_a_finite_number_of_demands_is_certified_round_by_round(horizon, discount):
    found = bargaining.PriceDemands(discount=discount).solve(horizon=horizon)
    assert found.status is Status.OK
    assert found.shares[-1] == 0.5  # the last one is a monopolist's
    assert found.horizon == horizon


def test_patience_takes_the_price_to_nothing_and_the_surplus_to_the_buyer():
    """Coase: and in real time the deal is at once, though refusals grow without end."""
    found = [bargaining.PriceDemands(discount=1 - 10.0**-k).closed_form() for k in (1, 2, 4)]
    assert [f.opening for f in found] == sorted((f.opening for f in found), reverse=True)
    assert found[-1].opening < 0.01
    assert found[-1].buyer == pytest.approx(0.5, abs=0.01)
    real_time = [f.mean_rounds * 10.0**-k for k, f in zip((1, 2, 4), found, strict=True)]
    assert real_time == pytest.approx([10**-0.5, 0.1, 0.01])


def test_a_buyer_refuses_a_price_below_its_value_if_it_can_wait():
    found = bargaining.PriceDemands(discount=0.75).closed_form()
    assert not found.accepts(0.5, 0.3)
    assert found.accepts(0.6, 0.3)
    assert bargaining.PriceDemands(discount=0).closed_form().accepts(0.3, 0.3)


def test_the_linear_strategies_are_nearly_best_on_a_tree():
    """By the general certificate, which knows nothing of lines."""
    for n in (8, 16):
        model = bargaining.PriceDemands(discount=0.5)
        tree, plan = model.game(rounds=2, values=n, prices=n), model.solve(horizon=2)
        x = np.zeros(int(tree.infoset_start[-1]))
        for h, label in enumerate(tree.infoset_labels):
            who, _, said = label.partition(": ")
            acts = tree.action_labels[h]
            asked = [float(a) for a in said.split(" then ") if a not in ("", "refused")]
            if who == "seller":
                left = min([1.0, *(plan.cutoffs[0] * p for p in asked)])
                target = plan.shares[len(asked)] * left
                pick = min(range(len(acts)), key=lambda k: abs(float(acts[k]) - target))
            else:
                value = float(who.split()[1])
                pick = acts.index("accept" if plan.accepts(value, asked[-1], len(asked) - 1)
                                  else "refuse")  # fmt: skip
            x[tree.infoset_start[h] + pick] = 1
        proof = solvers.certify(tree, x)
        assert proof.relative < 0.01
        assert proof.payoffs == pytest.approx([plan.seller, plan.buyer], abs=0.3 / n)


# ---- sealed offers


def test_the_linear_equilibrium_of_sealed_offers_is_that_of_theory():
    for found in (bargaining.DoubleAuction().closed_form(), bargaining.DoubleAuction().solve()):
        assert found.ask([0, 0.3]) == pytest.approx([1 / 4, 0.45])
        assert found.bid([0.25, 1]) == pytest.approx([1 / 4, 3 / 4])
        assert found.least_gain == pytest.approx(1 / 4)
        assert found.trade_chance == pytest.approx(9 / 32, abs=1e-14)
        assert found.gains == pytest.approx(9 / 64, abs=1e-14)
        assert found.first_best == pytest.approx(1 / 6)
        assert found.seller == pytest.approx(found.buyer)
        assert found.certificate.passed


@settings(max_examples=12, deadline=None)
@given(st.floats(0, 1), st.floats(-5, 5), st.floats(0.1, 20))
def test_best_replies_lead_to_the_closed_form_for_every_weight_and_unit(k, low, width):
    model = bargaining.DoubleAuction(weight=k, low=low, high=low + width)
    closed, solved = model.closed_form(), model.solve()
    assert solved.status is Status.OK
    assert solved.asks == pytest.approx(closed.asks, abs=1e-12)
    assert solved.gains == pytest.approx(closed.gains, rel=1e-10)
    assert solved.trade_chance == pytest.approx((1 + k) * (2 - k) / 8)
    assert closed.gains <= 9 / 64 * width * (1 + 1e-12)  # no rules do better


def test_no_mechanism_of_many_types_beats_the_linear_equilibrium_by_more_than_the_grid():
    best = float(solvers.mechanism(bargaining.DoubleAuction().problem(8)).value)
    assert 9 / 64 < best < 9 / 64 + 0.11 / 8


def test_offers_of_the_linear_equilibrium_are_nearly_best_on_a_tree():
    regrets = []
    for n in (2, 6):
        model = bargaining.DoubleAuction()
        tree, lines = model.game(types=n), model.closed_form()
        x = np.zeros(int(tree.infoset_start[-1]))
        for h, label in enumerate(tree.infoset_labels):
            kind, worth = label.split()
            offer = (lines.ask if kind == "cost" else lines.bid)(float(worth))
            acts = tree.action_labels[h]
            pick = min(range(len(acts)), key=lambda k: abs(float(acts[k]) - offer))
            x[tree.infoset_start[h] + pick] = 1
        regrets.append(float(solvers.certify(tree, x).relative))
    assert regrets[1] < 0.05
    assert regrets[1] < regrets[0] or regrets[0] < 1e-9


# ---- two types each

F7 = [
    pytest.param((HALF, HALF, Fraction(1, 5), Fraction(4, 5)), Fraction(1, 3), False, id="1/3"),
    pytest.param((HALF, HALF, Fraction(3, 10), Fraction(7, 10)), Fraction(2, 5), True, id="2/5"),
    pytest.param((Fraction(7, 10), Fraction(3, 5), Fraction(1, 4), Fraction(3, 5)),
                 Fraction(981, 1750), False, id=".560571429"),
]  # fmt: skip
tenths = st.integers(1, 19).map(lambda k: Fraction(k, 20))


@pytest.mark.parametrize(("case", "second", "efficient"), F7)
def test_two_types_each_have_the_second_best_of_theory_by_both_routes(case, second, efficient):
    model = bargaining.TwoTypeTrade(*case)
    for found in (model.closed_form(), model.solve(exact=True)):
        assert found.second_best == second
        assert found.efficient == efficient
        assert found.margin == case[0] * case[2] + case[1] * (1 - case[3]) - case[0] * case[1]
    assert float(model.solve().second_best) == pytest.approx(float(second), abs=1e-9)


@settings(max_examples=12, deadline=None)
@given(tenths, tenths, tenths, tenths)
def test_the_cheapest_cut_is_what_the_program_finds(s, b, low, high):
    model = bargaining.TwoTypeTrade(s, b, low, high)
    closed, solved = model.closed_form(), model.solve(exact=True)
    assert closed.second_best == solved.second_best
    assert closed.efficient == solved.efficient
    assert closed.margin == solved.margin
    assert closed.first_best == solved.first_best


def test_unit_and_origin_of_worth_do_not_matter_to_two_types():
    one = bargaining.TwoTypeTrade(0.5, 0.5, 0.2, 0.8).closed_form()
    moved = bargaining.TwoTypeTrade(0.5, 0.5, 3.4, 4.6, low_cost=3.0, high_value=5.0).closed_form()
    assert moved.second_best == pytest.approx(2 * one.second_best)
    assert moved.margin == pytest.approx(2 * one.margin)


def test_where_the_dear_kind_costs_less_than_the_low_value_one_price_suits_all():
    found = bargaining.TwoTypeTrade(0.5, 0.5, 0.6, 0.4).closed_form()
    assert found.efficient
    assert found.trades == ((1, 1), (1, 1))


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: screening(1.2, 0.5), "share"),
        (lambda: screening(0.5, 1), "discount"),
        (lambda: screening(0.5, 0.5, 1.5), "high"),
        (lambda: screening(0, 0.5).game(), "share"),
        (lambda: screening(0.5, 0.5).game([-1]), "prices"),
        (lambda: screening(0.5, 0.5).game([]), "prices"),
        (lambda: bargaining.PriceDemands(discount=-0.1), "discount"),
        (lambda: bargaining.PriceDemands(0.5, top=0), "top"),
        (lambda: bargaining.PriceDemands(0.5).solve(horizon=0), "horizon"),
        (lambda: bargaining.DoubleAuction(weight=2), "weight"),
        (lambda: bargaining.DoubleAuction(low=1, high=1), "high"),
        (lambda: bargaining.TwoTypeTrade(0, 0.5, 0.2, 0.8), "low_cost_chance"),
        (lambda: bargaining.TwoTypeTrade(0.5, 0.5, 1.2, 0.8), "low_value"),
    ],
)
def test_a_bad_parameter_is_named(make, where):
    with pytest.raises(ArgumentError, match=where):
        make()


def test_demands_too_patient_for_backward_induction_say_so():
    with pytest.raises(SolveError, match="still move"):
        bargaining.PriceDemands(discount=1 - 1e-13).solve()
