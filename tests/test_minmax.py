"""Minmax payoffs: pure, mixed and correlated punishers, in any unit."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm
from ceasefire.solvers.minmax import minmax

bimatrix = NormalForm.bimatrix
PENNIES = bimatrix([[1, -1], [-1, 1]])
ABREU_ROWS = [[10, 3, 0], [15, 7, -4], [7, 5, -15]]
ABREU = bimatrix(ABREU_ROWS, np.array(ABREU_ROWS).T)


def brute(stage):
    """Pure minmax, word by word."""
    result = []
    for i in range(stage.n_players):
        sizes = [range(k) for j, k in enumerate(stage.shape) if j != i]
        result.append(
            min(
                max(
                    stage.exact_payoffs[i][(*others[:i], a, *others[i:])]
                    for a in range(stage.shape[i])
                )
                for others in product(*sizes)
            )
        )
    return result


def test_abreus_duopoly_has_minmax_zero():
    """THEORY G3."""
    found = minmax(ABREU)
    assert found.exact
    assert found.values.tolist() == [0, 0]
    assert found.profiles == ((0, 2), (2, 0))
    assert found.replies == (0, 0)


def test_the_pure_minmax_of_three_players_is_found_by_enumeration():
    rng = np.random.default_rng(3)
    for _ in range(10):
        stage = NormalForm(rng.integers(-4, 5, (3, 2, 3, 2)))
        found = minmax(stage)
        assert found.values.tolist() == brute(stage)
        for i, cell in enumerate(found.profiles):
            assert stage.exact_payoffs[i][cell] == found.values[i]


def test_matching_pennies_is_worth_nothing_with_mixing_and_one_without():
    assert minmax(PENNIES).values.tolist() == [1, 1]
    exact = minmax(PENNIES, mixed=True, exact=True)
    assert exact.values.tolist() == [Fraction(0), Fraction(0)]
    assert exact.gap == 0.0
    assert exact.punishers == "mixed"
    floats = minmax(PENNIES, mixed=True)
    assert np.allclose(floats.values, 0, atol=1e-12)
    assert np.allclose(floats.punishments[0], 0.5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 5))
def test_the_linear_program_agrees_with_whole_numbers(seed, m, n):
    rng = np.random.default_rng(seed)
    stage = bimatrix(rng.integers(-3, 4, (m, n)), rng.integers(-3, 4, (m, n)))
    exact, floats = minmax(stage, mixed=True, exact=True), minmax(stage, mixed=True)
    assert np.allclose(floats.values, exact.values.astype(float), atol=1e-9)
    assert all(v <= p for v, p in zip(exact.values, minmax(stage).values, strict=True))
    for i in range(2):  # the guard secures the value, the punishment leaves no more
        table = np.moveaxis(stage.exact_payoffs[i], i, 0)
        assert min(exact.guards[i] @ table) == exact.values[i] == max(table @ exact.punishments[i])


def test_correlated_punishers_of_three_players_are_called_so_and_punish_harder():
    """Player 3 gains only where 1 and 2 miss each other in its own way: they have to correlate.

    Player 3 gets 1 if it picks A unless both play a, and B unless both play b: the others, playing
    (a, a) or (b, b) with 1/2 each, leave it 1/2; independent mixtures at least 3/4.
    """
    payoffs = np.zeros((3, 2, 2, 2), dtype=int)
    payoffs[2] = 1
    payoffs[2, 0, 0, 0] = payoffs[2, 1, 1, 1] = 0
    found = minmax(NormalForm(payoffs), mixed=True, exact=True)
    assert found.punishers == "correlated"
    assert found.values[2] == Fraction(1, 2)
    assert "correlated punishers" in repr(found)
    assert minmax(NormalForm(payoffs)).values[2] == 1


@pytest.mark.parametrize("unit", [1e9, 1e-12, 1.0])
@pytest.mark.parametrize("mixed", [False, True])
def test_units_and_shifts_of_payoffs_do_not_matter(unit, mixed):
    rng = np.random.default_rng(5)
    A, B = rng.integers(-3, 4, (2, 4, 4)).astype(float)
    one = minmax(bimatrix(A, B), mixed=mixed)
    two = minmax(bimatrix(unit * (A + 2), unit * (B - 3)), mixed=mixed)
    assert np.allclose(two.values / unit, one.values + np.array([2, -3]), rtol=0, atol=1e-8)


def test_swapping_the_players_swaps_their_values():
    rng = np.random.default_rng(6)
    A, B = rng.integers(-3, 4, (2, 3, 4))
    one = minmax(bimatrix(A, B), mixed=True, exact=True)
    two = minmax(bimatrix(B.T, A.T), mixed=True, exact=True)
    assert one.values.tolist() == two.values.tolist()[::-1]


def test_constant_payoffs_and_single_actions_have_their_value():
    stage = bimatrix([[5, 5]], [[1, 2]])
    for mixed in (False, True):
        assert minmax(stage, mixed=mixed).values.astype(float).tolist() == [5.0, 2.0]


def test_what_is_no_game_is_refused():
    with pytest.raises(ArgumentError, match="NormalForm"):
        minmax([[1, 2]])
    with pytest.raises(ArgumentError, match="at most 120"):
        minmax(bimatrix(np.ones((100, 60))), mixed=True, exact=True)
