"""Direct mechanisms: THEORY.md F7 by linear programs, exact and in floats, with their proofs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire import games, solvers
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import AllocationProblem
from ceasefire.solvers._linear_program import LinearProgram, solve_program
from ceasefire.solvers.mechanism_certificate import (
    Goal,
    Rules,
    certify_impossible,
    certify_mechanism,
)
from ceasefire.status import Status

# THEORY.md F7: s, b, vL, cH -> second best, whether efficiency is implementable
F7 = [
    pytest.param(
        (Fraction(1, 2), Fraction(1, 2), Fraction(1, 5), Fraction(4, 5)),
        Fraction(1, 3),
        False,
        id="second best 1/3",
    ),
    pytest.param(
        (Fraction(1, 2), Fraction(1, 2), Fraction(3, 10), Fraction(7, 10)),
        Fraction(2, 5),
        True,
        id="feasible",
    ),
    pytest.param(
        (Fraction(7, 10), Fraction(3, 5), Fraction(1, 4), Fraction(3, 5)),
        Fraction(981, 1750),
        False,
        id=".560571429",
    ),
]
chances = st.integers(1, 9).map(lambda k: Fraction(k, 10))


def trade(s, b, low, high):
    return AllocationProblem.bilateral_trade([0, high], [s, 1 - s], [low, 1], [1 - b, b])


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize(("case", "best", "feasible"), F7)
def test_the_second_best_of_two_types_each_is_that_of_theory(case, best, feasible, exact):
    problem = trade(*case)
    found = solvers.mechanism(problem, exact=exact)
    assert found.value == (best if exact else pytest.approx(float(best), abs=1e-9))
    assert found.certificate.passed
    assert found.welfare == found.value
    efficient = solvers.mechanism(problem, allocation="efficient", exact=exact)
    assert efficient.feasible == feasible
    assert efficient.certificate.passed
    if not feasible:
        assert efficient.status is Status.NO_EQUILIBRIUM
        assert efficient.certificate.bound < 0
        assert "no mechanism" in repr(efficient)


@pytest.mark.parametrize(("case", "best", "feasible"), F7)
def test_the_subsidy_that_buys_efficiency_is_what_the_condition_lacks(case, best, feasible):
    s, b, low, high = case
    subsidised = solvers.mechanism(
        trade(*case), objective="revenue", allocation="efficient", budget="none", exact=True
    )
    assert subsidised.value == s * low + b * (1 - high) - s * b
    assert (subsidised.value >= 0) == feasible


@settings(max_examples=12, deadline=None)
@given(chances, chances, chances, chances)
def test_efficiency_is_implementable_exactly_where_the_condition_says(s, b, low, high):
    if high <= low:
        low, high = high, low + Fraction(1, 100)
    found = solvers.mechanism(trade(s, b, low, high), allocation="efficient", exact=True)
    assert found.feasible == (s * low + b * (1 - high) >= s * b)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 50), st.floats(-20, 20))
def test_unit_and_origin_of_utility_do_not_matter(seed, unit, origin):
    draw = np.random.default_rng(seed)
    prior = draw.dirichlet(np.ones(4)).reshape(2, 2)  # correlated types
    values, away = draw.normal(size=(2, 3, 2, 2)), draw.normal(size=(2, 2)) - 1
    one = solvers.mechanism(AllocationProblem.from_arrays(prior, values, outside=away))
    moved = AllocationProblem.from_arrays(
        prior, unit * values + origin, outside=unit * away + origin
    )
    other = solvers.mechanism(moved)
    assert one.status is other.status
    if one.feasible:
        assert other.value == pytest.approx(unit * one.value + 2 * origin, abs=1e-6 * (unit + 20))


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 10_000))
def test_fractions_and_floats_agree(seed):
    draw = np.random.default_rng(seed)
    values = draw.integers(-5, 6, size=(2, 2, 2, 2)).tolist()
    problem = AllocationProblem.from_arrays(
        [[Fraction(1, 6), Fraction(1, 3)], [Fraction(1, 4), Fraction(1, 4)]], values
    )
    for options in ({}, {"incentive": "dominant", "participation": "ex post", "budget": "surplus"}):
        exact = solvers.mechanism(problem, exact=True, **options)
        quick = solvers.mechanism(problem, **options)
        assert exact.status is quick.status
        if exact.feasible:
            assert float(exact.value) == pytest.approx(quick.value, abs=1e-7)


def test_truth_by_dominance_is_dearer_than_truth_on_average():
    """With two types each: more than any posted price gives (3/10), less than the second best."""
    problem = trade(Fraction(1, 2), Fraction(1, 2), Fraction(1, 5), Fraction(4, 5))
    posted = solvers.mechanism(problem, incentive="dominant", participation="ex post", exact=True)
    assert Fraction(3, 10) < posted.value < solvers.mechanism(problem, exact=True).value


def test_the_discretised_uniform_case_has_the_linear_equilibrium_as_its_second_best():
    """THEORY F6: 9/64; each step halves the distance of the discrete second best from it."""
    away = []
    for n in (5, 10):
        at = [Fraction(2 * k + 1, 2 * n) for k in range(n)]
        even = [Fraction(1, n)] * n
        problem = AllocationProblem.bilateral_trade(at, even, at, even)
        away.append(float(solvers.mechanism(problem).value) - 9 / 64)
    assert 0 < away[1] < 0.6 * away[0] < 0.02


def test_a_seller_who_writes_the_rules_posts_the_monopoly_price():
    """Myerson (1981): cost 0, values 1/5 and 1 at even odds: posting 1 gives 1/2."""
    problem = AllocationProblem.bilateral_trade([0], [1], [Fraction(1, 5), 1], [Fraction(1, 2)] * 2)
    found = solvers.mechanism(problem, objective="seller", exact=True)
    assert found.value == Fraction(1, 2)
    assert found.chance("trade") == Fraction(1, 2)
    assert [p.tolist() for p in found.payoffs] == [[Fraction(1, 2)], [0, 0]]


def test_correlated_types_leave_no_rent():
    """Cremer and McLean (1988): with correlation even the impossible case becomes efficient."""
    problem = trade(Fraction(1, 2), Fraction(1, 2), Fraction(1, 5), Fraction(4, 5))
    prior = [[Fraction(3, 10), Fraction(1, 5)], [Fraction(1, 5), Fraction(3, 10)]]
    linked = AllocationProblem.from_arrays(prior, problem.exact_values)
    found = solvers.mechanism(linked, allocation="efficient", budget="expected", exact=True)
    assert found.feasible


def test_a_spoiled_mechanism_or_proof_fails_the_certificate():
    problem = trade(Fraction(1, 2), Fraction(1, 2), Fraction(1, 5), Fraction(4, 5))
    found = solvers.mechanism(problem)
    rules = Rules("bayesian", "interim", "balanced", None)
    total = problem.values.sum(axis=0) * problem.prior
    goal = Goal(total, np.zeros((2, 2, 2)))
    good = certify_mechanism(
        problem, rules, goal, found.allocation, found.transfers, found.multipliers, False
    )
    assert good.passed
    every = np.stack([np.zeros((2, 2)), np.ones((2, 2))])
    bad = certify_mechanism(problem, rules, goal, every, found.transfers, found.multipliers, False)
    assert not bad.passed
    cheap = replace(found.multipliers, budget=found.multipliers.budget * 0)
    assert not certify_mechanism(
        problem, rules, goal, found.allocation, found.transfers, cheap, False
    ).passed
    assert not certify_impossible(problem, rules, found.multipliers, False).passed


def test_the_exact_simplex_names_its_three_ends():
    def end(cost, rows, right, equal, free):
        return solve_program(LinearProgram(cost, rows, right, equal, free), exact=True, what="it")

    best = end([-1, -1], [{0: 1, 1: 2}, {0: 3, 1: 1}], [4, 6], [False, False], [False, False])
    assert best.x.tolist() == [Fraction(8, 5), Fraction(6, 5)]
    assert best.y.tolist() == [Fraction(-2, 5), Fraction(-1, 5)]
    none = end([0], [{0: 1}, {0: -1}], [1, -2], [False, False], [True])
    assert none.kind == "infeasible"
    assert none.y @ [1, -2] > 0
    assert none.y @ [1, -1] == 0
    assert end([-1], [{0: -1}], [0], [False], [False]).kind == "unbounded"
    doubled = end([1, 1], [{0: 1, 1: 1}, {0: 2, 1: 2}], [1, 2], [True, True], [False, True])
    assert doubled.kind == "optimal"


def test_money_from_outside_without_end_is_refused():
    problem = trade(Fraction(1, 2), Fraction(1, 2), Fraction(1, 5), Fraction(4, 5))
    with pytest.raises(SolveError, match="unbounded"):
        solvers.mechanism(problem, objective="seller", budget="none")
    with pytest.raises(SolveError, match="unbounded"):
        solvers.mechanism(problem, objective="seller", budget="none", exact=True)


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"incentive": "nash"}, "incentive"),
        ({"participation": "ex ante"}, "participation"),
        ({"budget": "soft"}, "budget"),
        ({"objective": "peace"}, "objective"),
        ({"objective": [1, 2, 3]}, "objective"),
        ({"allocation": "all"}, "allocation"),
        ({"allocation": [[2, 0], [0, 0]]}, "allocation"),
    ],
)
def test_an_option_that_is_none_is_named(options, where):
    with pytest.raises(ArgumentError, match=where):
        solvers.mechanism(
            trade(Fraction(1, 2), Fraction(1, 2), Fraction(1, 5), Fraction(4, 5)), **options
        )


def test_a_problem_that_is_none_is_refused():
    assert games.AllocationProblem is AllocationProblem
    with pytest.raises(ArgumentError, match="prior"):
        AllocationProblem.from_arrays([[0.5, 0.6]], np.zeros((2, 1, 1, 2)))
    with pytest.raises(ArgumentError, match="values"):
        AllocationProblem.from_arrays([[0.5, 0.5]], np.zeros((2, 1, 2, 2)))
    with pytest.raises(ArgumentError, match="drop the type"):
        AllocationProblem.from_arrays([[1, 0]], np.zeros((2, 1, 1, 2)))
    with pytest.raises(ArgumentError, match="outside"):
        AllocationProblem.from_arrays([[1]], np.zeros((2, 1, 1, 1)), outside=[[0], [0, 1]])
    with pytest.raises(ArgumentError, match="values"):
        AllocationProblem.bilateral_trade([0], [1], [float("nan")], [1])
