"""Iterated elimination of dominated actions."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm, catalog
from ceasefire.solvers import rationalizable


def test_the_prisoners_dilemma_leaves_defection():
    game = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]])
    assert rationalizable(game).kept == ((1,), (1,))


def test_the_travelers_dilemma_unravels_to_the_lowest_claim():
    claims = np.arange(2, 9)
    row = np.minimum.outer(claims, claims) + 2 * np.sign(np.subtract.outer(-claims, -claims))
    found = rationalizable(NormalForm.bimatrix(row, row.T), dominance="weak")
    assert found.kept == ((0,), (0,))


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (10**9, 0), (1, 10**9)], ids=str)
def test_an_action_dominated_only_by_a_mixture_is_removed_whatever_the_unit(scale, shift):
    A = np.array([[3, 0], [0, 3], [1, 1]]) * scale + shift
    game = NormalForm.bimatrix(A, np.zeros((3, 2), dtype=int))
    found = rationalizable(game)
    assert found.kept == ((0, 1), (0, 1))
    assert rationalizable(game, mixed=False).kept == ((0, 1, 2), (0, 1))
    (out,) = found.rounds
    assert (out.player, out.action) == (0, 2)
    assert np.all(out.by @ game.exact_payoffs[0] > game.exact_payoffs[0][2])


def test_copies_of_an_action_are_not_strictly_dominated():
    game = NormalForm.bimatrix([[1, 2], [1, 2]], [[0, 1], [0, 1]])
    assert rationalizable(game).kept == ((0, 1), (1,))


def test_a_mixture_that_ties_exactly_does_not_dominate_strictly():
    A = np.array([[2, 0], [0, 2], [1, 1]])
    assert rationalizable(NormalForm.bimatrix(A, A)).kept[0] == (0, 1, 2)


def test_an_unknown_kind_of_dominance_is_refused_by_name():
    with pytest.raises(ArgumentError, match="dominance"):
        rationalizable(NormalForm.bimatrix([[1]], [[1]]), dominance="total")
    with pytest.raises(ArgumentError, match="strategic_form"):
        rationalizable(catalog.load("centipede"))


def test_weak_dominance_says_that_its_order_matters():
    """Osborne and Rubinstein (1994), section 4.3: without U first R is left, without D first L."""
    game = NormalForm.bimatrix([[1, 0], [1, 2], [0, 2]], [[1, 0], [1, 1], [0, 1]])
    found = rationalizable(game, dominance="weak")
    assert found.kept == ((1,), (0, 1))
    assert found.order_matters
    assert "another order" in repr(found)
    for rows, column in (([1, 2], 1), ([0, 1], 0)):
        assert rationalizable(game.restricted([rows, [0, 1]]), dominance="weak").kept[1] == (
            column,
        )
    strict = rationalizable(game)
    assert strict.kept == ((0, 1, 2), (0, 1))
    assert not strict.order_matters
    assert not rationalizable(NormalForm.bimatrix([[1]], [[1]]), dominance="weak").order_matters


@pytest.mark.parametrize(("safe", "pure", "mixed"), [(1, (0, 1), (0, 1)), (3, (0, 1), (0, 1, 2))])
def test_an_action_may_be_a_best_reply_to_a_mixture_alone(safe, pure, mixed):
    """Bernheim 1984: point rationalizability is stricter."""
    game = NormalForm.bimatrix([[4, 0], [0, 4], [safe, safe]], np.zeros((3, 2), dtype=int))
    assert rationalizable(game, dominance="never-best-reply", mixed=False).kept[0] == pure
    assert rationalizable(game, dominance="never-best-reply").kept[0] == mixed


@pytest.mark.parametrize("dominance", ["strict", "weak", "never-best-reply"])
@pytest.mark.parametrize("mixed", [True, False], ids=["mixed", "pure"])
def test_what_is_kept_follows_labels_players_and_no_unit(dominance, mixed):
    rng = np.random.default_rng(11)
    for _ in range(6):
        table = rng.integers(0, 5, (2, 4, 3))
        rows, columns = rng.permutation(4), rng.permutation(3)

        def kept(payoffs):
            return rationalizable(NormalForm(payoffs), dominance=dominance, mixed=mixed).kept

        base = kept(table)
        assert kept(table * 10**9 - 10**6) == kept(table.astype(float) * 2.0**-30) == base
        assert kept(table[::-1].transpose(0, 2, 1)) == base[::-1]
        other = kept(table[:, rows][:, :, columns])
        assert {int(rows[a]) for a in other[0]} == set(base[0])
        assert {int(columns[a]) for a in other[1]} == set(base[1])
