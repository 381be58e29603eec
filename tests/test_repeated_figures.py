"""Pictures of repeated games return axes that say what the game says."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ceasefire.errors import ArgumentError
from ceasefire.figures import repeated as pictures
from ceasefire.games import Automaton, NormalForm, PublicSignals, RepeatedGame
from ceasefire.solvers import critical_discount_curve, payoff_set

CD = [["C", "D"]] * 2
PD = NormalForm.bimatrix([[3, 0], [5, 1]], [[3, 5], [0, 1]], players=["a", "b"], actions=CD)
GRIM = Automaton.grim(PD, ("C", "C"), ("D", "D"))


def texts(ax):
    return [t.get_text() for t in ax.texts]


def legend(ax):
    return [t.get_text() for t in ax.get_legend().get_texts()]


@pytest.mark.parametrize(("delta", "corners"), [(0.6, 4), (0.1, 1)])
def test_a_payoff_diagram_draws_the_set_and_the_automata(delta, corners):
    figure = Figure()
    mine = figure.subplots()
    assert pictures.payoff_diagram(RepeatedGame(PD, delta), automata=[GRIM], ax=mine) is mine
    assert legend(mine)[2] == f"equilibria, δ = {delta}"
    line = next(k for k in mine.lines if str(k.get_label()).startswith("equilibria"))
    assert len(line.get_xydata()) == corners + 1
    mark = next(k for k in mine.lines if k.get_label() == "grim")
    assert mark.get_xydata().tolist() == [[3.0, 3.0]]
    assert (mark.get_markerfacecolor() == "none") is (delta < 0.5)


def test_a_curve_leaves_a_gap_where_no_discount_factor_is_enough():
    def family(T):
        return NormalForm.bimatrix([[3, 0], [T, 1]], [[3, T], [0, 1]])

    curve = critical_discount_curve(family, [4, 5, 8], profile=(0, 0), punishment=2, name="T")
    ax = pictures.critical_discount_diagram(curve)
    assert isinstance(ax, Axes)
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [False, False, True]
    assert ax.get_xlabel() == "T"
    assert "sustained" in texts(ax)
    both = pictures.critical_discount_diagram({"two days": curve, "the same": curve})
    assert legend(both) == ["two days", "the same"]


def test_an_automaton_is_drawn_with_its_plays_and_the_reasons_of_its_arrows():
    ax = pictures.automaton_diagram(GRIM)
    assert texts(ax).count("else") == 1
    assert {"keep", "punish", "C, C", "D, D"} <= set(texts(ax))
    watch = PublicSignals(np.broadcast_to([0.9, 0.1], (2, 2, 2)), ["quiet", "shots"])
    trigger = Automaton.from_dict(
        PD,
        {
            "calm": {"play": "C, C", "next": {"quiet": "calm", "shots": "war"}},
            "war": {"play": "D, D", "next": "calm"},
        },
        monitoring=watch,
    )
    assert {"quiet", "shots"} <= set(texts(pictures.automaton_diagram(trigger)))
    ring = pictures.automaton_diagram(Automaton.tit_for_tat(PD, ("C", "C")))
    assert "D C" in texts(ring)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ArgumentError, match="at most 16"):
        pictures.automaton_diagram(Automaton.n_day_punishment(PD, (0, 0), (1, 1), 40))
    with pytest.raises(ArgumentError, match="an Automaton"):
        pictures.automaton_diagram(PD)
    with pytest.raises(ArgumentError, match="1 to 4 tables"):
        pictures.critical_discount_diagram({})


def test_a_set_without_a_lottery_is_drawn_as_points_and_cells_not_as_a_polygon():
    found = payoff_set(RepeatedGame(PD, 0.6), public_randomisation=False)
    ax = pictures.payoff_diagram(found)
    line = next(k for k in ax.lines if str(k.get_label()).startswith("equilibria"))
    assert line.get_linestyle() == "None"
    assert len(line.get_xydata()) == len(found.points())
    assert "outer bound" in legend(ax)
