"""Optimal penal codes: Abreu's duopoly, codes with and without a lottery, checked by automata."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import NormalForm, PublicSignals, RepeatedGame
from ceasefire.solvers import check_automaton, payoff_set
from ceasefire.solvers.penal_code import penal_code

bimatrix = NormalForm.bimatrix
ROWS = np.array([[10, 3, 0], [15, 7, -4], [7, 5, -15]])
ABREU = bimatrix(ROWS, ROWS.T, actions=[["L", "M", "H"]] * 2)
DILEMMA = bimatrix([[4, 0], [6, 2]], [[4, 6], [0, 2]])
SIX = bimatrix([[16, 3, 0], [21, 10, -1], [9, 5, -5]], [[9, 13, 3], [1, 4, 0], [0, -4, -15]])


def code(stage, delta, **options):
    return penal_code(RepeatedGame(stage, discount=delta), **options)


def checked(found):
    return check_automaton(found.shown, found.automaton)


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("delta", [Fraction(4, 7), Fraction(1, 3), Fraction(5, 8)])
def test_abreus_duopoly_punishes_with_zero_and_needs_no_lottery(delta, exact):
    """THEORY G3: worst payoff 0 = minmax, at 4/7, at 1/3 = (15 - 10) / (15 - 0) and at 5/8."""
    found = code(ABREU, delta, exact=exact)
    assert np.allclose(found.worst.astype(float), 0, atol=1e-12)
    assert found.is_optimal
    assert not found.randomises
    assert np.allclose(found.values[found.initial].astype(float), 10)  # L, L for ever
    assert checked(found).is_equilibrium
    if exact:
        assert found.worst.tolist() == [0, 0]
        assert found.gain <= 0
        assert checked(found).exact


def test_at_the_threshold_the_punishment_is_a_stick_and_a_carrot():
    """At 1/3: -4 once, 7 once, then 10 for ever pays 2/3 (-4) + 2/9 7 + 1/9 10 = 0."""
    found = code(ABREU, Fraction(1, 3), exact=True)
    played, s = [], found.punishments[0]
    for _ in range(4):
        played.append("".join("LMH"[a] for a in found.profiles[s]))
        s = int(np.flatnonzero(found.lottery[s])[0])
    assert played == ["MH", "MM", "LL", "LL"]
    assert found.gain == 0  # the temptation at L, L is just held
    below = code(ABREU, Fraction(1, 3) - Fraction(1, 1000), exact=True)
    assert max(below.values[below.initial]) > 10 or min(below.values[below.initial]) < 10


def test_a_lottery_is_used_where_the_set_needs_one_and_becomes_a_public_signal():
    found = code(SIX, 0.3)
    assert found.randomises
    assert np.allclose(found.worst, [1.12568240, 0], atol=1e-7)  # THEORY G2
    assert found.gain <= 1e-12
    check = checked(found)
    assert check.is_equilibrium
    assert np.allclose(check.value.values, found.values, atol=1e-12)
    assert "with a public lottery" in repr(found)


def test_a_lottery_in_fractions_is_held_without_rounding():
    found = code(ABREU, Fraction(1, 4), exact=True)
    assert found.randomises
    assert found.worst.tolist() == [0, 0]
    assert found.gain == 0
    assert all(sum(row) == 1 for row in found.lottery)
    d, stage = Fraction(1, 4), ABREU.exact_payoffs  # values by their own words
    for s, cell in enumerate(found.profiles):
        for i in range(2):
            later = sum(p * v for p, v in zip(found.lottery[s], found.values[:, i], strict=True))
            assert found.values[s, i] == (1 - d) * stage[i][tuple(cell)] + d * later
            best = max(stage[i][:, cell[1]] if i == 0 else stage[i][cell[0]])
            assert found.values[s, i] >= (1 - d) * best + d * found.worst[i]


def test_a_dilemma_punishes_with_its_own_equilibrium():
    found = code(DILEMMA, Fraction(4, 5), exact=True)
    assert found.worst.tolist() == [2, 2]
    assert [tuple(found.profiles[s]) for s in found.punishments] == [(1, 1), (1, 1)]


def test_three_players_share_one_code():
    """A public good: 2 for each contribution to all, at a cost of 3; minmax 0, 3 each at best."""
    payoffs = np.zeros((3, 2, 2, 2))
    for cell in np.ndindex(2, 2, 2):
        payoffs[(slice(None), *cell)] = 2 * (3 - sum(cell)) - 3 * (1 - np.array(cell))
    found = code(NormalForm(payoffs), 0.8)
    assert np.allclose(found.worst, 0, atol=1e-8)
    assert found.is_optimal
    assert found.values[found.initial].sum() >= 9 - 1e-6  # all contribute: 3 each
    assert checked(found).is_equilibrium


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.3, 0.5, 0.7, 0.9]))
def test_every_code_is_an_equilibrium_with_the_sets_threats(seed, delta):
    rng = np.random.default_rng(seed)
    stage = bimatrix(*rng.integers(-4, 5, (2, 3, 3)))
    game = RepeatedGame(stage, discount=delta)
    known = payoff_set(game, throw=False)
    if known.is_empty or not len(known.inner):
        with pytest.raises(SolveError, match="no equilibrium"):
            penal_code(game)
        return
    found = penal_code(game)
    assert np.allclose(found.worst, known.inner.min(axis=0), atol=1e-9)
    assert checked(found).is_equilibrium


@pytest.mark.parametrize("unit", [1e9, 1e-12])
def test_units_and_shifts_of_payoffs_do_not_matter(unit):
    plain = code(SIX, 0.3)
    A, B = SIX.payoffs
    moved = code(bimatrix(unit * (A + 3), unit * (B - 2)), 0.3)
    assert np.allclose(moved.worst / unit, plain.worst + np.array([3, -2]), atol=1e-6)
    assert moved.profiles.tolist() == plain.profiles.tolist()


def test_swapping_the_players_swaps_the_punishments():
    A, B = SIX.payoffs
    plain, swapped = code(SIX, 0.3), code(bimatrix(B.T, A.T), 0.3)
    assert np.allclose(plain.worst, swapped.worst[::-1], atol=1e-9)


@pytest.mark.parametrize("delta", [0, 1 - 1e-9])
def test_the_ends_of_patience_are_fine(delta):
    found = code(DILEMMA, delta)
    assert np.allclose(found.worst, 2)
    assert checked(found).is_equilibrium


def test_what_it_does_not_cover_is_refused():
    watch = PublicSignals(np.full((2, 2, 2), 0.5))
    with pytest.raises(ArgumentError, match="one discount factor for all"):
        penal_code(RepeatedGame(DILEMMA, discount=[0.5, 0.6]))
    with pytest.raises(ArgumentError, match="monitoring"):
        penal_code(RepeatedGame(DILEMMA, discount=0.5, monitoring=watch))
    with pytest.raises(ArgumentError, match="RepeatedGame"):
        penal_code(DILEMMA)
    with pytest.raises(SolveError, match="no equilibrium in pure"):
        code(bimatrix([[1, -1], [-1, 1]]), 0.5)
