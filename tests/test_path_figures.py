"""Pictures of paths return axes that say what the path says."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from test_continuation import MIXED
from test_markov_homotopy import exit_game, random_game

from ceasefire.errors import ArgumentError
from ceasefire.figures import paths as pictures
from ceasefire.games import StochasticGame
from ceasefire.solvers import continue_equilibrium, markov_logit_path


def legend(ax):
    return [t.get_text() for t in ax.get_legend().get_texts()]


def test_a_markov_path_is_drawn_over_its_precision_to_the_equilibrium():
    path = markov_logit_path(exit_game(0.6))
    figure = Figure()
    mine = figure.subplots()
    assert pictures.markov_path(path, ax=mine) is mine
    assert legend(mine) == ["pause, 1: 1", "pause, 2: 1"]
    assert mine.get_xscale() == "log"
    curve = mine.lines[0].get_xydata()
    assert curve[:, 0] == pytest.approx(path.precision[1:])
    assert curve[:, 1] == pytest.approx(path.behaviour[1:, 0])
    assert mine.lines[1].get_ydata()[0] == path.equilibrium.behaviour[0]


def test_of_many_curves_the_eight_that_move_most_are_drawn():
    game = random_game(3, 8, 2, 2)
    assert len(legend(pictures.markov_path(game))) == 8
    shown = legend(pictures.markov_path(game, states=["2", 4]))
    assert shown == ["2, 1: 1", "2, 2: 1", "5, 1: 1", "5, 2: 1"]


def test_comparative_statics_mark_folds():
    found = continue_equilibrium(lambda stay: exit_game(0.6, stay), 2.0, 0.8, equilibrium=MIXED)
    axes = pictures.comparative_statics(found, label="payoff of staying (utils)")
    assert legend(axes) == ["x[pause, 1, 1]", "x[pause, 2, 1]"]
    assert axes.lines[0].get_xdata() == pytest.approx([1.2, 1.2])
    assert axes.get_xlabel() == "payoff of staying (utils)"
    worth = pictures.comparative_statics(found, columns=["v[pause, 1]"])
    assert worth.get_ylabel() == "value (utils)"


def test_what_cannot_be_drawn_is_refused():
    found = continue_equilibrium(exit_game, 0.6, 0.7, equilibrium=MIXED)
    with pytest.raises(ArgumentError, match="columns"):
        pictures.comparative_statics(found, columns=["nothing"])
    with pytest.raises(ArgumentError, match="MarkovPath"):
        pictures.markov_path(found)
    idle = StochasticGame(np.zeros((1, 2, 1, 1)), np.ones((1, 1, 1, 1)), 0.5)
    with pytest.raises(ArgumentError, match="choice"):
        pictures.markov_path(idle)
