"""Correlated equilibria: best and worst of any objective, and what they beat."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm, catalog
from ceasefire.solvers import correlated, nash


def chicken(scale=1.0, shift=0.0):
    A = np.array([[6.0, 2], [7, 0]]) * scale + shift
    return NormalForm.bimatrix(A, A.T)


def test_chicken_has_its_published_best_and_worst_sums():
    """THEORY I1 (Aumann 1974): 10.5, and 7.2 at (0, 2/5, 2/5, 1/5)."""
    best = correlated(chicken())
    assert best.value == pytest.approx(10.5, abs=1e-10)
    assert np.allclose(best.distribution, [[0.5, 0.25], [0.25, 0.0]], atol=1e-10)
    worst = correlated(chicken(), worst=True)
    assert worst.value == pytest.approx(7.2, abs=1e-10)
    assert np.allclose(worst.distribution, [[0, 0.4], [0.4, 0.2]], atol=1e-10)
    assert max(best.regret, worst.regret) < 1e-10


def test_the_best_symmetric_equilibrium_of_chicken_yields_as_often_as_the_formula_says():
    """THEORY I1: S / (S + 2 (T - R)) at (R, S, T) = (4, 1, 5)."""
    A = np.array([[4, 1], [5, 0]])
    assert correlated(NormalForm.bimatrix(A, A.T)).distribution[0, 0] == pytest.approx(1 / 3)


@pytest.mark.parametrize(("scale", "shift"), [(1e9, 0.0), (1e-9, 0.0), (1.0, 1e6)], ids=str)
def test_the_distribution_does_not_depend_on_the_unit_or_origin_of_utility(scale, shift):
    """Fault GL-02."""
    found = correlated(chicken(scale, shift))
    assert np.allclose(found.distribution, correlated(chicken()).distribution, atol=1e-8)
    assert found.value == pytest.approx(10.5 * scale + 2 * shift, rel=1e-9)


def test_correlation_never_does_worse_than_any_nash_equilibrium_and_coarse_never_worse():
    rng = np.random.default_rng(4)
    for _ in range(15):
        game = NormalForm(rng.normal(size=(2, 3, 4)))
        best, coarse = correlated(game), correlated(game, coarse=True)
        top = max(float(e.payoffs.sum()) for e in nash(game))
        assert top <= best.value + 1e-9 <= coarse.value + 2e-9
        assert best.regret < 1e-9
        assert coarse.regret < 1e-9


def test_three_players_and_one_by_one_games():
    rng = np.random.default_rng(4)
    assert correlated(NormalForm(rng.normal(size=(3, 2, 3, 2)))).regret < 1e-9
    assert correlated(NormalForm.bimatrix([[3]], [[4]])).value == pytest.approx(7)
    assert correlated(NormalForm.bimatrix([[1, 1]], [[1, 1]])).value == pytest.approx(2)


def test_an_exact_answer_is_in_fractions():
    A = [[6, 2], [7, 0]]
    found = correlated(NormalForm.bimatrix(A, np.array(A).T), exact=True)
    assert found.distribution[0, 0] == Fraction(1, 2)
    assert found.regret == 0


def test_an_unknown_objective_is_refused_by_name():
    with pytest.raises(ArgumentError, match="objective"):
        correlated(chicken(), objective="glory")
    with pytest.raises(ArgumentError, match="strategic_form"):
        correlated(catalog.load("centipede"))


@pytest.mark.parametrize("options", [
    {"coarse": True}, {"objective": "egalitarian"}, {"coarse": True, "worst": True},
    {"objective": "2", "exact": True}, {"objective": "egalitarian", "exact": True},
], ids=str)  # fmt: skip
@pytest.mark.parametrize(("scale", "shift"), [(10**9, 0), (Fraction(1, 10**9), 0), (1, -(10**6))])
def test_every_kind_is_the_same_in_every_unit_and_from_every_origin(options, scale, shift):
    rng = np.random.default_rng(17)
    A, B = rng.integers(-20, 20, (2, 3, 3)).astype(object)
    base = correlated(NormalForm.bimatrix(A, B), **options)
    moved = correlated(NormalForm.bimatrix(A * scale + shift, B * scale + shift), **options)
    origin = 2 * shift if base.objective == "welfare" else shift
    value, distribution = (moved.value - origin) / scale, moved.distribution
    if base.exact:
        assert value == base.value
        assert np.all(distribution == base.distribution)
        assert moved.regret == 0
    else:
        assert float(value) == pytest.approx(float(base.value), abs=1e-8)
        assert np.allclose(distribution.astype(float), base.distribution.astype(float), atol=1e-7)


@pytest.mark.parametrize("coarse", [False, True])
def test_relabelled_actions_and_swapped_players_have_the_same_correlated_equilibrium(coarse):
    rng = np.random.default_rng(5)
    table = rng.normal(size=(2, 3, 4))
    rows, columns = rng.permutation(3), rng.permutation(4)
    base = correlated(NormalForm(table), coarse=coarse)
    other = correlated(NormalForm(table[:, rows][:, :, columns]), coarse=coarse)
    assert np.allclose(other.distribution, base.distribution[np.ix_(rows, columns)], atol=1e-8)
    swapped = correlated(NormalForm(table[::-1].transpose(0, 2, 1)), coarse=coarse)
    assert np.allclose(swapped.distribution, base.distribution.T, atol=1e-8)
    assert np.allclose(swapped.payoffs, base.payoffs[::-1], atol=1e-8)


@pytest.mark.parametrize(
    ("objective", "value", "often"),
    [
        ("egalitarian", 5.25, [[0.5, 0.25], [0.25, 0]]),
        ([2, 1], 16, [[0, 0], [1, 0]]),
        ("bob", 7, [[0, 1], [0, 0]]),
        (0, 7, [[0, 0], [1, 0]]),
        (np.eye(2), 5 / 9, [[4 / 9, 2 / 9], [2 / 9, 1 / 9]]),
    ],
    ids=str,
)
def test_an_objective_is_named_weighted_or_told(objective, value, often):
    """Chicken: one player's best is its pure equilibrium; the diagonal's is the mixed one's."""
    A = np.array([[6, 2], [7, 0]])
    found = correlated(NormalForm.bimatrix(A, A.T, players=["ann", "bob"]), objective=objective)
    assert found.value == pytest.approx(value, abs=1e-10)
    assert np.allclose(found.distribution, often, atol=1e-9)
