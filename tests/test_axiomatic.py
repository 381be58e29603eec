"""Bargaining problems and rules: properties, kinds of sets, several players, traps."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from ceasefire.errors import ArgumentError
from ceasefire.games import BargainingProblem
from ceasefire.solvers import assess_agreement, axiomatic
from ceasefire.status import Status

F = Fraction
RULES = ("nash", "kalai-smorodinsky", "egalitarian", "utilitarian", "equal-loss")
INVARIANT = ("nash", "kalai-smorodinsky")
KINKED = [[-50, 150], [25, 105], [325, -255]]  # THEORY.md B3
PLAIN = BargainingProblem.hull(KINKED, disagreement=[0, 0])

whole = st.integers(-9, 9)
polygons = st.lists(st.tuples(whole, whole), min_size=1, max_size=8)


def gains_possible(points):
    """Whether a lottery over two points gives both more than zero: of each pair, exactly."""
    for a in points:
        for b in points:
            # u = b + t (a - b) > 0 for some t in [0, 1]
            low, high = F(0), F(1)
            for x, y in zip(a, b, strict=True):
                if x == y:
                    low, high = (low, high) if y > 0 else (F(1), F(0))
                elif x > y:
                    low = max(low, F(-y, x - y))
                else:
                    high = min(high, F(y, y - x))
            if low < high or (a == b and min(a) > 0):
                return True
    return False


def refused_or_no_deal(problem, rule):
    try:
        return axiomatic(problem, rule=rule).status is Status.NO_DEAL
    except ArgumentError as error:
        return error.where == "disagreement"


@given(points=polygons)
@settings(max_examples=20, deadline=None)
def test_every_rule_has_its_certificate_or_the_set_has_no_gains(points):
    problem = BargainingProblem.hull(points, disagreement=[0, 0])
    for rule in RULES:
        if not gains_possible(points):
            assert refused_or_no_deal(problem, rule)
            continue
        found = axiomatic(problem, rule=rule, exact=True)
        assert found.status is Status.OK
        assert min(found.gains) >= 0


@given(points=polygons, a=st.integers(1, 9), b=st.integers(1, 9), c=whole, d=whole)
@settings(max_examples=15, deadline=None)
def test_nash_and_kalai_smorodinsky_do_not_depend_on_scales(points, a, b, c, d):
    if not gains_possible(points):
        return
    plain = BargainingProblem.hull(points, disagreement=[0, 0])
    moved = BargainingProblem.hull(
        [[a * x + c, F(y, b) + d] for x, y in points], disagreement=[c, d]
    )
    for rule in INVARIANT:
        u = axiomatic(plain, rule=rule, exact=True).payoffs
        v = axiomatic(moved, rule=rule, exact=True).payoffs
        assert tuple(v) == (a * u[0] + c, u[1] / b + d)


def test_the_egalitarian_solution_depends_on_scales():
    one = axiomatic(BargainingProblem.hull(KINKED, disagreement=[0, 0]), rule="egalitarian")
    two = axiomatic(
        BargainingProblem.hull([[2 * x, y] for x, y in KINKED], disagreement=[0, 0]),
        rule="egalitarian",
    )
    assert one.payoffs[0] == pytest.approx(61.36363636)
    assert two.payoffs[0] / 2 != pytest.approx(one.payoffs[0])


def test_the_three_ways_to_give_a_polygon_agree():
    sides = BargainingProblem.halfspaces([[3, 5], [6, 5]], [600, 675], disagreement=[0, 0])
    for rule in RULES:
        u = axiomatic(BargainingProblem.hull(KINKED, disagreement=[0, 0]), rule=rule, exact=True)
        v = axiomatic(sides, rule=rule, exact=True)
        assert tuple(u.payoffs) == tuple(v.payoffs)
        assert tuple(u.ideal) == tuple(v.ideal)


def test_at_a_kink_a_whole_interval_of_weights_gives_the_corner():
    problem = BargainingProblem.hull(KINKED, disagreement=[0, 0])
    # the corner (25, 105): shares 25 * 3 / 600 and 25 * 6 / 675 of the two sides' heights
    for w in (F(1, 8), F(1, 5), F(2, 9)):
        found = axiomatic(problem, weights=[w, 1 - w], exact=True)
        assert tuple(found.payoffs) == (25, 105)
    assert axiomatic(problem, weights=[F(1, 9), F(8, 9)]).payoffs[0] < 25
    assert axiomatic(problem, weights=[F(1, 4), F(3, 4)]).payoffs[0] > 25


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("d", [[200, 100], [1000, 0], [26, 105]])
def test_disagreement_outside_the_frontier_raises(rule, d):
    problems = [
        BargainingProblem.hull(KINKED, disagreement=d),
        BargainingProblem.halfspaces([[3, 5], [6, 5]], [600, 675], disagreement=d),
        BargainingProblem.outcomes(KINKED, disagreement=d),
        BargainingProblem.issues([[10, F(1, 2), -1], [-12, F(-3, 10), 3]], upper=[None, 150, 50],
                                 disagreement=d),
    ]  # fmt: skip
    for problem in problems:
        with pytest.raises(ArgumentError) as caught:
            axiomatic(problem, rule=rule)
        assert caught.value.where == "disagreement"


@pytest.mark.parametrize("exact", [False, True])
def test_disagreement_of_three_players_outside_the_frontier_raises(exact):
    for problem in (
        BargainingProblem.halfspaces([[1, 2, 3]], [6], disagreement=[2, 2, 2]),
        BargainingProblem.hull(np.eye(3, dtype=int), disagreement=[1, 1, 1]),
    ):
        with pytest.raises(ArgumentError) as caught:
            axiomatic(problem, rule="egalitarian", exact=exact)
        assert caught.value.where == "disagreement"


def test_a_curve_that_does_not_reach_the_disagreement_raises():
    problem = BargainingProblem.frontier(
        lambda x: 1 - x * x, low=0, high=1, disagreement=[0.8, 0.8]
    )
    with pytest.raises(ArgumentError, match="disagreement"):
        axiomatic(problem)


def test_disagreement_on_the_frontier_is_no_deal():
    found = axiomatic(BargainingProblem.hull(KINKED, disagreement=[25, 105]), exact=True)
    assert found.status is Status.NO_DEAL
    assert tuple(found.payoffs) == (25, 105)


def test_a_curve_with_its_slope_given_or_not_is_the_same():
    for d in ([0, 0], [0.1, 0.3]):
        curve = {"low": 0, "high": 1, "disagreement": d}
        one = BargainingProblem.frontier(lambda x: 1 - x * x, **curve)
        two = BargainingProblem.frontier(lambda x: 1 - x * x, slope=lambda x: -2 * x, **curve)
        for rule in RULES:
            u, v = axiomatic(one, rule=rule), axiomatic(two, rule=rule)
            assert np.allclose(u.payoffs, v.payoffs, atol=1e-10)
    found = axiomatic(BargainingProblem.frontier(lambda x: 1 - x * x, low=0, high=1,
                                                 disagreement=[0, 0]))  # fmt: skip
    assert found.payoffs[0] == pytest.approx(1 / math.sqrt(3), abs=1e-11)


def test_a_kink_in_a_curve_is_found():
    problem = BargainingProblem.frontier(
        lambda x: min(120 - 0.6 * x, 135 - 1.2 * x), low=0, high=112.5, disagreement=[0, 0]
    )
    assert axiomatic(problem, weights=[0.2, 0.8]).payoffs[0] == pytest.approx(25, abs=1e-6)


def test_outcomes_that_cannot_be_mixed_report_what_lotteries_give():
    problem = BargainingProblem.outcomes([[4, 0], [0, 4], [1, 1]], disagreement=[0, 0])
    found = axiomatic(problem)
    assert tuple(found.payoffs) == (1, 1)
    assert tuple(found.relaxed) == (2, 2)
    assert found.terms == {"3": 1}
    mixed = axiomatic(problem.convexified(), exact=True)
    assert mixed.terms == {"1": F(1, 2), "2": F(1, 2)}


def test_ties_between_outcomes_are_listed():
    found = axiomatic(BargainingProblem.outcomes([[3, 1], [1, 3]], disagreement=[0, 0]))
    assert found.ties == (0, 1)
    assert not found.unique


@given(points=st.lists(st.tuples(whole, whole), min_size=1, max_size=12), w=st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_no_outcome_has_a_larger_product(points, w):
    if not any(min(u) > 0 for u in points):
        return
    found = axiomatic(BargainingProblem.outcomes(points, disagreement=[0, 0]), weights=[w, 1])
    best = max(x**w * y for x, y in points if min(x, y) >= 0)
    assert found.payoffs[0] ** w * found.payoffs[1] == pytest.approx(best)


@pytest.mark.parametrize("seed", range(4))
def test_nash_of_several_players_is_that_of_a_general_optimiser(seed):
    rng = np.random.default_rng(seed)
    n, m = 3 + seed % 2, 5
    values, weights = rng.normal(size=(n, m)), rng.random(n) + 0.2
    values[:, 0] = np.abs(values[:, 0])
    rows, limits = rng.random((2, m)), [1.0, 1.5]
    problem = BargainingProblem.issues(
        values, upper=[1] * m, rows=rows, limits=limits, disagreement=[-0.1] * n
    )
    found = axiomatic(problem, weights=weights)
    start = np.zeros(m)
    check = minimize(
        lambda x: -weights @ np.log(np.maximum(values @ x + 0.1, 1e-9)), start,
        bounds=[(0, 1)] * m, constraints={"type": "ineq", "fun": lambda x: limits - rows @ x},
        method="SLSQP", options={"ftol": 1e-13, "maxiter": 500},
    )  # fmt: skip
    assert np.allclose(found.payoffs, values @ check.x, atol=1e-4)
    assert -weights @ np.log(found.gains) <= check.fun + 1e-9


def test_three_players_have_exact_solutions_but_for_nash():
    problem = BargainingProblem.halfspaces([[1, 2, 3]], [6], disagreement=[0, 0, 0])
    assert tuple(axiomatic(problem, rule="kalai-smorodinsky", exact=True).payoffs) == (
        2,
        1,
        F(2, 3),
    )
    assert tuple(axiomatic(problem, rule="egalitarian", exact=True).payoffs) == (1, 1, 1)
    assert np.allclose(axiomatic(problem).payoffs, [2, 1, 2 / 3])
    with pytest.raises(ArgumentError, match="irrational"):
        axiomatic(problem, exact=True)


def test_kalai_smorodinsky_of_three_players_may_be_inefficient():
    # Roth (1979): the third player's gain is bought by nobody beyond (1, 1, 0)
    problem = BargainingProblem.hull(
        [[0, 1, 1], [1, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], disagreement=[0, 0, 0]
    )
    found = axiomatic(problem, rule="kalai-smorodinsky")
    assert not found.efficient
    assert np.ptp(found.payoffs) < 1e-9
    assert axiomatic(problem).efficient


def test_an_agreement_of_my_own_is_checked():
    problem = BargainingProblem.hull(KINKED, disagreement=[0, 0])
    assert assess_agreement(problem, [F(225, 4), F(135, 2)]).status is Status.OK
    assert assess_agreement(problem, [60, 63]).status is Status.EXPLOITABLE
    assert assess_agreement(problem, [100, 100]).status is Status.EXPLOITABLE
    assert assess_agreement(problem, [50, 60]).status is Status.EXPLOITABLE


def test_a_payoff_without_limit_is_refused():
    problem = BargainingProblem.issues([[1], [1]], upper=[None], disagreement=[0, 0])
    with pytest.raises(ArgumentError, match="without a bound"):
        axiomatic(problem)


def test_joint_limits_that_nothing_meets_are_refused():
    problem = BargainingProblem.issues(
        [[1], [1]], upper=[1], rows=[[1]], limits=[-1], disagreement=[0, 0]
    )
    with pytest.raises(ArgumentError, match="nothing meets"):
        axiomatic(problem)


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: BargainingProblem.hull([[1, 2], [3]], disagreement=[0, 0]), "payoffs"),
        (lambda: BargainingProblem.hull([[1], [2]], disagreement=[0]), "payoffs"),
        (lambda: BargainingProblem.hull([[1, math.nan]], disagreement=[0, 0]), "payoffs[0, 1]"),
        (lambda: BargainingProblem.hull([[1, 2]], disagreement=[0]), "disagreement"),
        (lambda: BargainingProblem.issues([[1], [1]], upper=[-1], disagreement=[0, 0]), "upper[0]"),
        (lambda: BargainingProblem.issues([[1], [1]], upper=[1, 1], disagreement=[0, 0]), "upper"),
        (lambda: BargainingProblem.frontier(lambda x: x, low=0, high=1, disagreement=[0, 0]),
         "function"),
        (lambda: BargainingProblem.frontier(lambda x: (1 - x) ** 2, low=0, high=1,
                                            disagreement=[0, 0]), "function"),
        (lambda: axiomatic(PLAIN, rule="nsh"), "rule"),
        (lambda: axiomatic(PLAIN, weights=[1, 0]),
         "weights[1]"),
        (lambda: axiomatic("x"), "problem"),
    ],
)  # fmt: skip
def test_bad_input_is_named(make, where):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert caught.value.where == where
