"""Comparative statics: equilibria followed along a parameter, round folds and corners."""

from __future__ import annotations

import numpy as np
import pytest
from test_markov_homotopy import exit_game, random_game

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import NormalForm, StochasticGame
from ceasefire.solvers import continue_equilibrium, markov_trace, one_nash
from ceasefire.status import Status

Y = 1 / np.sqrt(1.8)
MIXED = [Y, 1 - Y, Y, 1 - Y, 1, 1]


def coordination(gain):
    table = [[1 + gain, 0], [0, 1 - gain]]
    return NormalForm.bimatrix(table, table)


def inspection(fine):
    """Row complies or violates, column inspects or not."""
    return NormalForm.bimatrix([[0, 0], [-fine, 1]], [[-0.2, 0], [0.3, -0.5]])


def test_the_mixed_exit_equilibrium_meets_the_one_that_stays_where_staying_stops_paying():
    """THEORY H9: stay for ever is an equilibrium iff R >= (1 - delta) T = 1.2."""
    found = continue_equilibrium(lambda stay: exit_game(0.6, stay), 2.0, 0.8, equilibrium=MIXED)
    assert [f.parameter for f in found.folds] == pytest.approx([1.2])
    assert found.folds[0].corner
    assert [(c.player, c.action, c.enters) for c in found.changes] == [
        ("1", "2", False),
        ("2", "2", False),
    ]
    assert found.ended == "start"
    assert found.status is Status.OK
    last = found.table.iloc[-1]
    assert last["parameter"] == pytest.approx(2.0)
    assert last["x[pause, 1, 1]"] == pytest.approx(1.0)
    assert last["v[pause, 1]"] == pytest.approx(2.0 / 0.4)


def test_the_mixed_exit_equilibrium_follows_its_formula_in_the_discount_factor():
    """THEORY H9: y = 1 / sqrt(3 delta)."""
    found = continue_equilibrium(exit_game, 0.6, 0.95, equilibrium=MIXED)
    table = found.table
    formula = 1 / np.sqrt(3 * table["parameter"].to_numpy())
    assert table["x[pause, 1, 1]"].to_numpy() == pytest.approx(formula)
    assert found.ended == "stop"
    assert not found.folds
    assert table["regret"].max() < 1e-12


def test_a_logit_branch_of_coordination_folds_where_its_formula_says():
    """From log(p / (1 - p)) = 5 (2 p - 1 + m): folds where p (1 - p) = 1 / 10."""
    found = continue_equilibrium(coordination, 0.8, -0.8, precision=5.0)
    p = (1 + np.sqrt(0.6)) / 2
    fold = np.log(p / (1 - p)) / 5 - 2 * p + 1
    assert [f.parameter for f in found.folds] == pytest.approx([fold, -fold], abs=1e-8)
    assert not any(f.corner for f in found.folds)
    assert found.ended == "stop"
    assert found.table["x[1, 1]"].iloc[-1] < 1e-3
    assert not found.changes


def test_a_pure_equilibrium_of_coordination_folds_where_it_stops_being_one():
    found = continue_equilibrium(coordination, 0.0, -2.0, equilibrium=[1, 0, 1, 0])
    assert [f.parameter for f in found.folds] == pytest.approx([-1.0])
    assert found.ended == "start"
    assert found.table["x[1, 1]"].iloc[-1] == pytest.approx(0.5)


def test_an_unused_action_enters_where_it_becomes_a_best_reply():
    found = continue_equilibrium(inspection, -0.5, 1.0)
    assert [c.parameter for c in found.changes] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert [(c.player, c.action, c.enters) for c in found.changes] == [
        ("1", "1", True),
        ("2", "2", True),
    ]
    assert found.ended == "stop"
    assert not found.folds
    last = found.table.iloc[-1]
    assert [last["x[1, 2]"], last["x[2, 1]"]] == pytest.approx([0.2, 0.5])


@pytest.mark.parametrize("seed", range(2))
def test_between_two_random_games_every_point_is_certified(seed):
    one, two = random_game(seed, 2, 2, 2), random_game(seed + 100, 2, 2, 2)

    def between(share):
        payoffs = (1 - share) * one.payoffs + share * two.payoffs
        law = (1 - share) * one.transitions + share * two.transitions
        return StochasticGame.from_flat(payoffs, law, 0.9, one.n_actions)

    found = continue_equilibrium(between, 0.0, 1.0)
    assert found.status is Status.OK
    assert found.ended in ("stop", "start")
    assert found.table["regret"].max() < 1e-9
    assert found.table["parameter"].between(-1e-9, 1 + 1e-9).all()


def test_an_equilibrium_object_or_its_vector_starts_the_same_path():
    game = exit_game(0.6)
    given = markov_trace(game)
    paths = [continue_equilibrium(exit_game, 0.6, 0.7, equilibrium=e) for e in
             (given, given.behaviour, None)]  # fmt: skip
    for path in paths[1:]:
        assert path.table.to_numpy() == pytest.approx(paths[0].table.to_numpy())
    normal = continue_equilibrium(coordination, 0.0, 0.1, equilibrium=one_nash(coordination(0.0)))
    assert normal.ended == "stop"


def test_the_unit_of_utility_does_not_matter():
    first = continue_equilibrium(exit_game, 0.6, 0.7, equilibrium=MIXED).table
    scaled = continue_equilibrium(
        lambda d: StochasticGame.from_flat(
            exit_game(d).payoffs * 1e6 + 7, exit_game(d).transitions, d, exit_game(d).n_actions,
            states=["pause", "war"],
        ),
        0.6, 0.7, equilibrium=MIXED,
    ).table  # fmt: skip
    assert scaled["x[pause, 1, 1]"].iloc[-1] == pytest.approx(first["x[pause, 1, 1]"].iloc[-1])


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"start": 0.6, "stop": 0.6}, "stop"),
        ({"start": 0.6, "stop": np.nan}, "stop"),
        ({"start": 0.6, "stop": 0.7, "equilibrium": [1, 0]}, "equilibrium"),
        ({"start": 0.6, "stop": 0.7, "equilibrium": [0.5, 0.5, 0.5, 0.5, 1, 1]}, "equilibrium"),
        ({"start": 0.6, "stop": 0.7, "precision": -1.0}, "precision"),
    ],
)
def test_bad_options_are_named(options, where):
    start, stop = options.pop("start"), options.pop("stop")
    with pytest.raises(ArgumentError, match=where):
        continue_equilibrium(exit_game, start, stop, **options)


def test_a_family_that_changes_its_actions_is_refused():
    def family(size):
        return NormalForm.bimatrix(np.eye(2 + (size > 0.5)), np.eye(2 + (size > 0.5)))

    with pytest.raises(ArgumentError, match="numbers of actions"):
        continue_equilibrium(family, 0.0, 1.0, equilibrium=[1, 0, 1, 0])


def test_an_equilibrium_that_is_not_isolated_is_said_to_be_so():
    with pytest.raises((SolveError, ArgumentError), match=r"isolated|equilibrium"):
        continue_equilibrium(lambda m: NormalForm.bimatrix(np.full((2, 2), m), np.zeros((2, 2))),
                             1.0, 2.0, equilibrium=[0.5, 0.5, 0.5, 0.5])  # fmt: skip


def test_the_result_reads_as_a_summary():
    found = continue_equilibrium(lambda stay: exit_game(0.6, stay), 2.0, 0.8, equilibrium=MIXED)
    assert "fold at 1.2, where the support changes" in repr(found)
    assert "gives up 2 in pause" in repr(found)
