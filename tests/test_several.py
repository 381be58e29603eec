"""All equilibria of games of three and more players."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from ceasefire.errors import ArgumentError
from ceasefire.games import NormalForm, catalog
from ceasefire.solvers import nash, one_nash
from ceasefire.solvers.several import supports


def test_mckelvey_and_mclennans_game_has_nine_equilibria_two_of_them_completely_mixed():
    """GB-04: a solver elsewhere returns a profile with regret 0.376 here."""
    found = nash(catalog.load("mckelvey-mclennan"))
    assert found.complete
    assert len(found) == 9
    assert found.max_regret < 1e-9
    assert sum(all(np.all(s > 0) for s in e.strategies) for e in found) == 2


@pytest.mark.parametrize("name", ["nau-continuum", "nau-segment"])
def test_a_continuum_ends_and_says_that_it_is_incomplete(name):
    """GB-08, GB-09: elsewhere a hang, or a shorter list without a word."""
    found = nash(catalog.load(name))
    assert not found.complete
    assert "perhaps not all" in repr(found)
    assert len(found) >= (5 if name == "nau-continuum" else 1)
    assert found.max_regret < 1e-8


def test_the_irrational_equilibrium_is_found():
    (found,) = nash(catalog.load("nau-irrational"))
    assert found.regret < 1e-12
    for s in found.strategies:
        assert 0.01 < s[0] < 0.99


def test_a_duplicated_strategy_does_not_hang():
    """GB-07, and the same with an idle third player."""
    two = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]])
    assert len(nash(NormalForm.bimatrix(two, two))) == 9
    three = np.zeros((3, 3, 3, 1))
    three[0, :, :, 0] = three[1, :, :, 0] = two
    found = nash(NormalForm(three))
    assert not found.complete
    assert len(found) >= 5


def test_a_third_player_without_a_choice_changes_nothing():
    rng = np.random.default_rng(3)
    for _ in range(6):
        A, B = rng.normal(size=(2, 3, 3))
        two = nash(NormalForm.bimatrix(A, B))
        three = nash(NormalForm(np.stack([A, B, 0 * A])[..., None]))
        assert three.complete
        assert len(three) == len(two)


@pytest.mark.parametrize(("scale", "shift"), [(1e-9, 0.0), (1e9, 0.0), (1.0, 1e6)])
def test_units_do_not_matter(scale, shift):
    table = np.random.default_rng(8).normal(size=(3, 2, 2, 2))
    plain, other = nash(NormalForm(table)), nash(NormalForm(table * scale + shift))
    assert plain.complete == other.complete
    assert len(plain) == len(other)


def test_payoffs_near_minus_a_billion_are_no_harder():
    """GB-06: elsewhere a range error."""
    table = np.random.default_rng(8).normal(size=(3, 2, 2, 2))
    low = NormalForm(np.round(table, 3) - 1e9)
    found = nash(low)
    assert found.complete
    assert len(found) == len(nash(NormalForm(np.round(table, 3))))
    assert found.max_regret < 1e-9 * float(low.payoff_range.max()) + 1e-6


@pytest.mark.parametrize("shape", [(2, 2, 2), (2, 2, 3), (3, 3, 3)], ids=str)
def test_a_game_without_stakes_has_one_equilibrium_of_every_support_listed(shape):
    found = nash(NormalForm(np.zeros((3, *shape))))
    assert not found.complete
    assert len(found) == np.prod([2**k - 1 for k in shape])
    assert found.max_regret == 0


@pytest.mark.parametrize("seed", range(2))
def test_games_of_zeros_and_ones_end_with_all_pure_equilibria(seed):
    """Degenerate all over: the boxes of all supports together are bounded."""
    game = NormalForm(np.random.default_rng(seed).integers(0, 2, size=(3, 2, 3, 3)))
    found = nash(game)
    assert found.max_regret < 1e-9
    listed = {tuple(int(np.argmax(s)) for s in e.strategies) for e in found if e.exact}
    assert listed == set(game.pure_equilibria())


def test_where_boxes_run_out_the_list_is_not_called_complete():
    game = catalog.load("mckelvey-mclennan")
    assert not supports(game, boxes=50).complete
    assert len(supports(game, boxes=50).profiles) >= len(game.pure_equilibria())
    assert supports(game, boxes=2000).complete


def chase():
    """Each of three wants to be where the next is not: no pure equilibrium."""
    table = np.zeros((3, 2, 2, 2), dtype=int)
    for a, b, c in np.ndindex(2, 2, 2):
        table[:, a, b, c] = [a == b, b == c, c != a]
    return NormalForm(table)


def test_a_mixed_equilibrium_of_three_players_is_refused_in_fractions():
    with pytest.raises(ArgumentError, match="drop exact=True"):
        one_nash(chase(), exact=True)
    assert not one_nash(chase()).exact
    assert one_nash(NormalForm(np.zeros((3, 2, 2, 2))), exact=True).exact


SAY = (
    "from ceasefire import solvers; from ceasefire.games import catalog; "
    "found = solvers.nash(catalog.load('selten-figure-3').strategic_form()); "
    "print(len(found), found.complete, [s.tolist() for e in found for s in e.strategies])"
)


def test_the_list_is_the_same_in_every_run(capsys):
    """GB-10: elsewhere Selten's figure 3 has 3 equilibria in most runs and 2 in some."""
    exec(SAY)
    other = subprocess.run(
        [sys.executable, "-c", SAY], env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert capsys.readouterr().out == other
