"""Pictures of games return axes that say what the game says."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ceasefire import solvers
from ceasefire.errors import ArgumentError
from ceasefire.figures import games as pictures
from ceasefire.games import NormalForm, catalog


@pytest.mark.parametrize("name", ["chicken", "matching-pennies", "indifference", "stag-hunt"])
def test_a_best_response_diagram_marks_every_equilibrium(name):
    game = catalog.load(name)
    ax = pictures.best_response_diagram(game)
    assert isinstance(ax, Axes)
    dots = [line.get_xydata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert len(dots) == len(solvers.nash(game))
    assert "best reply of row" in [t.get_text() for t in ax.get_legend().get_texts()]


def test_best_replies_switch_where_the_other_makes_one_indifferent():
    ax = pictures.best_response_diagram(catalog.load("chicken"))
    assert ax.lines[0].get_xdata().tolist() == pytest.approx([0, 2 / 3, 2 / 3, 1])


@pytest.mark.parametrize("name", ["chicken", "matching-pennies", "indifference", "inspection"])
def test_a_payoff_polygon_holds_every_equilibrium(name):
    ax = pictures.payoff_polygon(catalog.load(name))
    assert isinstance(ax, Axes)
    assert ax.get_xlabel().startswith("payoff of ")


def test_a_tree_is_drawn_with_its_sets_and_the_moves_taken():
    tree = catalog.load("beer-quiche")
    figure = Figure()
    mine = figure.subplots()
    found = solvers.sequential(tree)
    assert pictures.game_tree(tree, behaviour=found.behaviour, ax=mine) is mine
    texts = [t.get_text() for t in mine.texts]
    assert "weak (0.1)" in texts
    assert texts.count("duel") == 4
    dashed = [line for line in mine.lines if "--" in str(line.get_linestyle())]
    assert len(dashed) == 2
    assert mine.get_legend().get_title().get_text() == "payoffs at the ends: sender, receiver"
    bows = [float(np.mean(line.get_xdata())) for line in dashed]
    assert bows[0] < 2.0 < bows[1]  # two sets in one column bow apart


def test_a_logit_path_is_drawn_for_tables_and_trees():
    for name in ("asymmetric-matching-pennies-9", "centipede"):
        ax = pictures.logit_path(catalog.load(name))
        assert ax.get_xscale() == "log"
        path = solvers.logit_path(catalog.load(name))
        x, y = ax.lines[0].get_data()
        near = np.interp(np.log(path.precision[1:]), np.log(x), y)
        assert np.allclose(near, path.strategies[1:, 0], atol=1e-9)
        assert len(ax.lines) >= 2


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ArgumentError, match="two actions each"):
        pictures.best_response_diagram(catalog.load("rock-paper-scissors"))
    with pytest.raises(ArgumentError, match="at most 150"):
        pictures.game_tree(catalog.load("truce-two-types", rounds=40))
    with pytest.raises(ArgumentError, match="two players"):
        pictures.payoff_polygon(NormalForm(np.zeros((3, 2, 2, 2))))
