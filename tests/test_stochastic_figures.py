"""Pictures of stochastic games show what they claim to."""

from __future__ import annotations

import numpy as np
import pytest

import ceasefire as cf
from ceasefire import solvers, truce
from ceasefire.errors import ArgumentError
from ceasefire.figures.stochastic import state_payoffs, transition_diagram
from ceasefire.games import StochasticGame

LAW = [[[1, 0], [0, 1]], [[0, 1], [0, 1]]]
PAUSE = [[[2, -1], [3, 0]], [[2, 3], [-1, 0]]]


@pytest.fixture(scope="module")
def exit_game():
    return StochasticGame([PAUSE, np.zeros((2, 1, 1))], [LAW, [[[0, 1]]]], 0.6,
                          states=["pause", "war"])  # fmt: skip


def texts(axes):
    return [t.get_text() for t in axes.texts]


def test_a_diagram_names_reached_states_choices_and_chances(exit_game):
    axes = transition_diagram(solvers.markov_perfect(exit_game)[2])
    shown = "\n".join(texts(axes))
    assert "pause" in shown
    assert "0.745 on" in shown
    assert "0.444" in shown
    assert "0.556 stays" in shown


def test_states_that_play_does_not_reach_are_left_out():
    game = truce.as_stochastic_game(cf.load("november-2023"))
    (one,) = solvers.markov_perfect(game)
    axes = transition_diagram(one)
    boxes = [t for t in texts(axes) if t.startswith("answer")]
    assert len(boxes) == 3
    assert all("accept" in t for t in boxes)


def test_too_many_states_are_refused():
    n = 60
    law = np.zeros((n, 1, 1, n))
    law[np.arange(n), 0, 0, np.minimum(np.arange(n) + 1, n - 1)] = 1
    game = StochasticGame(np.zeros((n, 2, 1, 1)), law, 0.5)
    with pytest.raises(ArgumentError, match="60 states"):
        transition_diagram(solvers.markov_equilibrium(game, np.ones(2 * n)))


def test_polygons_of_payoffs_state_by_state(exit_game):
    found = solvers.payoff_set(exit_game)
    figure = state_payoffs(found, equilibria=solvers.markov_perfect(exit_game))
    titles = [axes.get_title() or axes.get_title("left") for axes in figure.axes]
    assert titles == ["pause", "war"]
    with pytest.raises(ArgumentError, match="states"):
        state_payoffs(found, states=[])
