"""Alternating offers of packages: fixed point, induction, tree, limit and agendas."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ceasefire
from ceasefire import solvers
from ceasefire.bargaining import Issue, LinearIssues, PackageBargaining, ThreeIssueExchange
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

PACKAGE = ThreeIssueExchange().issues()
DAYS = LinearIssues((Issue("captives", "", 50, -1, 3), Issue("days", "", 30, 10, -12)))


def test_on_a_straight_frontier_the_offers_are_rubinsteins():
    model = PackageBargaining(DAYS, 0.9, 0.8)  # THEORY.md A1: 0.714285714 of the captor's most, 75
    found = model.closed_form()
    assert float(found.captor[0]) / 75 == pytest.approx(0.714285714, abs=5e-10)
    assert model.solve().captor[0] / 75 == pytest.approx(0.714285714, abs=5e-10)


@given(c=st.floats(0.2, 0.98), d=st.floats(0.2, 0.98))
@settings(max_examples=20, deadline=None)
def test_induction_from_both_ends_meets_the_root(c, d):
    model = PackageBargaining(PACKAGE, c, d)
    closed, solved = model.closed_form(), model.solve()
    for one, two in ((closed.captor, solved.captor), (closed.pausing_state, solved.pausing_state)):
        assert np.allclose([float(x) for x in one], two, rtol=1e-9)
    assert closed.status is solved.status is Status.OK


numbers = st.integers(-5, 5).filter(lambda x: x != 0)


@given(parts=st.lists(st.tuples(st.integers(1, 9), numbers, numbers), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
def test_any_package_has_the_same_offers_by_both_routes(parts):
    package = LinearIssues(tuple(Issue(f"i{j}", "", *part) for j, part in enumerate(parts)))
    model = PackageBargaining(package, Fraction(4, 5), Fraction(7, 10))
    closed, solved = model.closed_form(), model.solve()
    assert closed.status is solved.status
    assert closed.status.solved
    assert np.allclose([float(x) for x in closed.captor], solved.captor, atol=1e-8)


@pytest.mark.parametrize(("r_c", "r_d"), [(0.1, 0.1), (0.3, 0.1), (0.05, 0.2)])
def test_short_rounds_lead_to_the_weighted_nash_solution(r_c, r_d):
    nash = PACKAGE.replace(weight=r_d / (r_c + r_d)).solve().payoffs
    errors = []
    for gap in (0.1, 0.01, 0.001):
        model = PackageBargaining(PACKAGE, math.exp(-r_c * gap), math.exp(-r_d * gap))
        assert model.limit_weight == pytest.approx(r_d / (r_c + r_d))
        found = model.closed_form()
        errors.append(max(abs(float(found.captor[0]) - float(nash[0])),
                          abs(float(found.pausing_state[0]) - float(nash[0]))))  # fmt: skip
    assert errors[2] < 0.05
    assert errors[2] < errors[0] or errors[0] < 1e-9  # at a kink both offers are there already


def test_the_tree_of_a_few_offers_is_solved_by_the_general_engine():
    model = PackageBargaining(PACKAGE, 0.9, 0.8)
    tree = model.game(rounds=2, offers=7)
    curve = [(float(c.payoffs[0]), float(c.payoffs[1])) for c in PACKAGE.contract_curve()]
    xs = np.linspace(0, 112.5, 7)
    ys = np.interp(xs, *zip(*curve, strict=True))
    # the pausing state proposes last and keeps all, or all but one step: the captor is indifferent
    best = [max(x for x, y in zip(xs, ys, strict=True) if y >= 0.8 * kept) for kept in ys[:2]]
    payoffs = [float(e.payoffs[0]) for e in solvers.subgame_perfect(tree)]
    assert min(abs(x - best[0]) for x in payoffs) < 1e-9
    assert max(payoffs) == pytest.approx(best[1])


def test_issue_by_issue_nothing_is_agreed():
    model = PackageBargaining(PACKAGE, 0.9, 0.9)
    for order in (["captives", "days", "prisoners"], ["prisoners", "captives", "days"]):
        assert model.agenda(*([name] for name in order)) == ((0, 0), (0, 0))


def test_an_agenda_of_one_part_is_the_package():
    model = PackageBargaining(PACKAGE, Fraction(9, 10), Fraction(9, 10))
    captor, pauser = model.agenda(["captives", "days", "prisoners"])
    found = model.closed_form()
    assert np.allclose(captor, [float(x) for x in found.captor])
    assert np.allclose(pauser, [float(x) for x in found.pausing_state])


def test_a_gift_that_opens_the_talks_is_paid_by_who_wants_them():
    # by hand: X = x + .9 * 35.526.., Y as in the induction on two straight parts
    model = PackageBargaining(PACKAGE, 0.9, 0.9)
    captor, pauser = model.agenda(["prisoners"], ["captives", "days"])
    assert captor == pytest.approx((71.0526315789, 19.1842105263))
    assert pauser == pytest.approx((63.9473684211, 21.3157894737))


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: PackageBargaining(PACKAGE, 1, 0.9), "captor_discount"),
        (lambda: PackageBargaining(PACKAGE, 0.9, 0), "pausing_discount"),
        (lambda: PackageBargaining("x", 0.9, 0.9), "package"),
        (lambda: PackageBargaining(PACKAGE, 0.9, 0.9).agenda(["guns"]), "parts[0]"),
        (lambda: PackageBargaining(PACKAGE, 0.9, 0.9).game(offers=1), "rounds"),
    ],
)
def test_bad_parameters_are_named(make, where):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert caught.value.where == where


def test_an_instrument_of_no_worth_to_the_captor_is_not_called_cheapest():
    scenario = ceasefire.load("november-2023").replace(g=0)
    answer = LinearIssues.from_scenario(scenario).answer()
    assert "nan" not in answer
    assert "cheapest instrument is pause" not in answer


def test_issues_that_both_sides_like_are_answered_for():
    both = Issue("corridors", "trucks a day", 10, 1, 1, 0)
    assert LinearIssues((both,)).answer().endswith(".")
