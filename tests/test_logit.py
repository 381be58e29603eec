"""Logit equilibria: published numbers, invariance, and the equilibrium that a path ends at."""

from __future__ import annotations

import numpy as np
import pytest
from test_trees import truce

from ceasefire.errors import ArgumentError
from ceasefire.games import Decision, End, ExtensiveForm, NormalForm
from ceasefire.solvers import certify, logit, logit_fit, logit_path, nash, one_nash, trace
from ceasefire.solvers._logit_table import TableCurve
from ceasefire.solvers._logit_tree import TreeCurve
from ceasefire.status import Status


def pennies(x):
    return NormalForm.bimatrix([[x, 0], [0, 1]], [[0, 1], [1, 0]])


def travelers(low, high, reward):
    claims = np.arange(low, high + 1)
    smaller = np.minimum.outer(claims, claims)
    row = smaller + reward * np.sign(np.subtract.outer(-claims, -claims))
    return NormalForm.bimatrix(row, row.T), claims


@pytest.mark.parametrize(
    ("x", "precision", "up", "left"),
    [
        (9, 0.5, 0.83067059, 0.41807747),
        (9, 1.0, 0.89357633, 0.31278038),
        (4, 1.0, 0.72193715, 0.39081819),
    ],
)
def test_asymmetric_matching_pennies_has_its_published_logit_equilibria(x, precision, up, left):
    """THEORY J1 (McKelvey and Palfrey 1995)."""
    found = logit(pennies(x), precision=precision)
    assert found.strategies[0][0] == pytest.approx(up, abs=5e-9)
    assert found.strategies[1][0] == pytest.approx(left, abs=5e-9)
    assert found.residual < 1e-10


@pytest.mark.parametrize(
    ("low", "high", "reward", "precision", "mean"),
    [
        (2, 100, 2, 0.5, 95.11444124),
        (80, 200, 10, 0.125, 175.14211213),
        (80, 200, 50, 0.125, 92.22519873),
    ],
)
def test_the_travelers_dilemma_has_its_published_mean_claims(low, high, reward, precision, mean):
    """THEORY J3 (Basu 1994; Capra et al. 1999)."""
    game, claims = travelers(low, high, reward)
    found = logit(game, precision=precision)
    for s in found.strategies:
        assert s @ claims == pytest.approx(mean, abs=5e-8)


def test_precision_zero_mixes_equally_and_high_precision_nears_nash():
    assert np.allclose(np.concatenate(logit(pennies(9), precision=0.0).strategies), 0.5)
    near = logit(pennies(9), precision=2000.0)
    assert near.strategies[1][0] == pytest.approx(1 / 10, abs=1e-4)
    assert near.status is Status.OK


@pytest.mark.parametrize(("scale", "shift"), [(1e9, 0.0), (1e-9, 0.0), (1.0, 1e6)], ids=str)
def test_precision_times_utility_is_what_counts(scale, shift):
    A, B = np.array([[9.0, 0], [0, 1]]), np.array([[0.0, 1], [1, 0]])
    base = logit(pennies(9), precision=1.0)
    moved = NormalForm.bimatrix(scale * A + shift, scale * B + shift)
    found = logit(moved, precision=1.0 / scale)
    assert np.allclose(found.strategies[0], base.strategies[0], atol=1e-9)


def test_the_path_starts_at_equal_mixing_and_satisfies_the_equations_all_along():
    path = logit_path(pennies(9), precision=20.0)
    assert path.precision[0] == 0.0
    assert path.precision[-1] == pytest.approx(20.0)
    assert np.allclose(path.strategies[0], 0.5)
    for precision, x in zip(path.precision, path.strategies, strict=True):
        odds = np.log(x[0] / x[1])
        assert odds == pytest.approx(precision * (9 * x[2] - x[3]), abs=1e-8)


@pytest.mark.parametrize("scale", [1.0, 10.0, 1e-9, 1e9])
def test_a_symmetric_bifurcation_does_not_stop_the_trace(scale):
    """Fault GB-03: battle of the sexes scaled by 10."""
    A = np.array([[2.0, 0], [0, 1]]) * scale
    B = np.array([[1.0, 0], [0, 2]]) * scale
    found = trace(NormalForm.bimatrix(A, B))
    assert found.status is Status.OK
    assert found.relative_regret < 1e-12


def test_the_trace_ends_at_an_equilibrium_that_the_complete_list_has():
    rng = np.random.default_rng(2)
    for _ in range(20):
        game = NormalForm(rng.normal(size=(2, 3, 4)))
        found = trace(game)
        every = [np.concatenate(e.strategies) for e in nash(game)]
        assert min(np.max(np.abs(np.concatenate(found.strategies) - x)) for x in every) < 1e-8


@pytest.mark.parametrize("shape", [(3, 3, 3), (2, 2, 2, 2), (2,) * 5, (1, 2, 3)], ids=str)
def test_more_than_two_players_have_a_certified_equilibrium(shape):
    """Faults GB-04, GB-21: non-equilibria, and no sign of failure."""
    rng = np.random.default_rng(7)
    for _ in range(5):
        game = NormalForm(rng.normal(size=(len(shape), *shape)))
        for found in (one_nash(game), trace(game)):
            assert found.status is Status.OK
            assert found.relative_regret < 1e-9


def test_three_players_without_a_pure_equilibrium():
    """Each of three wants to differ from the next (Jordan 1993)."""
    table = np.zeros((3, 2, 2, 2))
    for cell in np.ndindex(2, 2, 2):
        a, b, c = cell
        table[(slice(None), *cell)] = [a == b, b == c, c != a]
    game = NormalForm(table)
    assert game.pure_equilibria() == []
    listed = nash(game)
    assert listed.complete
    assert len(listed) == 1
    found = one_nash(game)
    assert found.status is Status.OK
    assert np.allclose(found.behaviour, 0.5)


def test_the_precision_behind_observed_choices_is_recovered():
    truth = logit(pennies(9), precision=0.8)
    counts = [1e6 * s for s in truth.strategies]
    assert logit_fit(pennies(9), counts).precision == pytest.approx(0.8, abs=1e-4)


@pytest.mark.parametrize("precision", [-1.0, float("nan"), float("inf")])
def test_a_bad_precision_is_refused_by_name(precision):
    with pytest.raises(ArgumentError, match="precision"):
        logit(pennies(9), precision=precision)


def test_observed_counts_of_the_wrong_shape_are_refused_by_name():
    with pytest.raises(ArgumentError, match=r"observed\[1\]"):
        logit_fit(pennies(9), [[1, 2], [1, 2, 3]])


def four_moves():
    """The four-move centipede of McKelvey and Palfrey (1998)."""
    taken = [(0.4, 0.1), (0.2, 0.8), (1.6, 0.4), (0.8, 3.2)]

    def moves(node):
        passed = End((6.4, 1.6)) if node == 3 else node + 1
        return Decision(node % 2, {"take": End(taken[node]), "pass": passed})

    return ExtensiveForm.from_rules(0, moves)


@pytest.mark.parametrize(
    ("precision", "take"),
    [
        (0.5, (0.37359423, 0.37557253, 0.38507281, 0.68997448)),
        (1.5, (0.25691185, 0.28719634, 0.62277638, 0.91682730)),
        (3.0, (0.27122543, 0.60157524, 0.90575481, 0.99183743)),
    ],
)
def test_the_four_move_centipede_has_its_published_agent_logit_equilibria(precision, take):
    """THEORY J2 (McKelvey and Palfrey 1998)."""
    found = logit(four_moves(), precision=precision)
    assert [float(s[0]) for s in found.strategies] == pytest.approx(take, abs=5e-9)
    assert found.residual < 1e-10


@pytest.mark.parametrize("fixed", [0, 5, -1])
def test_slopes_of_a_tree_are_the_differences_of_its_equations(fixed):
    """Sparse in node payoffs and reaches; here against differences in the log-odds alone."""
    tree = truce(3)
    curve = TreeCurve(tree, float(tree.payoff_range.max()))
    check_slopes(
        curve, np.append(np.random.default_rng(1).normal(size=len(curve.start)), 3.0), fixed
    )


@pytest.mark.parametrize("fixed", [0, 5, -1])
def test_slopes_of_a_table_are_the_differences_of_its_equations(fixed):
    rng = np.random.default_rng(1)
    curve = TableCurve(NormalForm(rng.normal(size=(3, 3, 4, 2))), 2.0)
    check_slopes(curve, np.append(rng.normal(size=len(curve.start)), 3.0), fixed)


def check_slopes(curve, point, fixed):
    n, scale = len(point) - 1, 1.0 + point[-1]

    def equations(at):
        return curve.miss(at) * (1.0 + at[-1]) / scale

    jacobian = np.empty((n, n + 1))
    for k, step in enumerate(1e-5 * np.eye(n + 1)):
        jacobian[:, k] = (equations(point + step) - equations(point - step)) / 2e-5
    slopes = curve.slopes(point, fixed % (n + 1))
    tangent, miss = slopes.tangent(), np.random.default_rng(2).normal(size=n)
    assert tangent[fixed] == pytest.approx(1.0)
    assert jacobian @ tangent == pytest.approx(np.zeros(n), abs=1e-8)
    assert slopes.move(miss)[fixed] == pytest.approx(0.0)
    assert jacobian @ slopes.move(miss) == pytest.approx(miss, abs=1e-7)


def test_the_agent_logit_path_of_the_truce_of_two_types_nears_an_equilibrium():
    tree = truce(4)
    found = logit(tree, precision=2000.0)
    assert found.status is Status.OK
    assert certify(tree, np.concatenate(found.strategies)).relative < 1e-3
