"""Pictures of equilibria along a path: Markov logit paths, and comparative statics.

Each takes a result or a game and, if wanted, the axes to draw on, and returns the axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire import solvers
from ceasefire.errors import ArgumentError
from ceasefire.figures.games import _axes
from ceasefire.figures.style import GREY, SERIES, SINGLE_MM, style
from ceasefire.games import StochasticGame
from ceasefire.solvers import Continuation, MarkovPath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

SHOWN_CURVES = 8


def markov_path(
    path: MarkovPath | StochasticGame,
    *,
    states: Sequence[int | str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Choice probabilities along a Markov logit path, over the precision (log scale).

    The first action of each player with a choice in each state; where there are more than eight
    such curves, those that move most. Dots are the equilibrium at the end of the path.

    Parameters
    ----------
    path : MarkovPath or StochasticGame
        A game's path is followed to its end by `ceasefire.solvers.markov_logit_path`.
    states : sequence of int or str, optional
        The states to show; all by default.
    """
    if isinstance(path, StochasticGame):
        path = solvers.markov_logit_path(path)
    if not isinstance(path, MarkovPath):
        raise ArgumentError("path", type(path).__name__, "a MarkovPath or a StochasticGame")
    rows = _first_actions(path, states)
    above = path.precision > 0
    with style():
        axes = _axes(ax, SINGLE_MM * 1.4, SINGLE_MM * 0.75)
        for k, (column, label) in enumerate(rows):
            colour, line, marker = SERIES[k % len(SERIES)]
            axes.plot(path.precision[above], path.behaviour[above, column], color=colour,
                      linestyle=line, lw=1.2 if k < len(SERIES) else 0.7, label=label)  # fmt: skip
            if path.equilibrium is not None:
                axes.plot(path.precision[-1], path.equilibrium.behaviour[column], marker,
                          color=colour, clip_on=False, zorder=4)  # fmt: skip
        axes.set(xscale="log", ylim=(-0.02, 1.02), ylabel="probability",
                 xlabel="precision (per util)")  # fmt: skip
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return axes


def _first_actions(path: MarkovPath, states: Sequence[int | str] | None) -> list[tuple[int, str]]:
    """Column and label of the curves to draw."""
    game = path.game
    shown = range(game.n_states) if states is None else [game.state(s) for s in states]
    rows = []
    for s in shown:
        for i, player in enumerate(game.players):
            if game.n_actions[s, i] > 1:
                column = int(game.action_start[s * game.n_players + i])
                where = f"{game.states[s]}, " if game.n_states > 1 else ""
                rows.append((column, f"{where}{player}: {game.actions[s][i][0]}"))
    if not rows:
        raise ArgumentError("states", list(shown), "some state in which somebody has a choice")
    moves = np.ptp(path.behaviour[:, [column for column, _ in rows]], axis=0)
    most = sorted(np.argsort(-moves, kind="stable")[:SHOWN_CURVES])
    return [rows[k] for k in most]


def comparative_statics(
    found: Continuation,
    *,
    columns: Sequence[str] | None = None,
    label: str = "parameter",
    ax: Axes | None = None,
) -> Axes:
    """An equilibrium along a parameter; vertical lines where it folds, dots where it ends.

    Parameters
    ----------
    found : Continuation
    columns : sequence of str, optional
        Columns of ``found.table``, at most eight; by default the probabilities that move most.
    label : str
        What the parameter is, with its unit.
    """
    table = found.table
    if columns is None:
        columns = _moving(found)
    unknown = [name for name in columns if name not in table.columns]
    if unknown or not 0 < len(columns) <= SHOWN_CURVES:
        allowed = f"1 to {SHOWN_CURVES} of {', '.join(table.columns[1:])}"
        raise ArgumentError("columns", list(columns), allowed)
    x = table["parameter"].to_numpy()
    with style():
        axes = _axes(ax, SINGLE_MM * 1.4, SINGLE_MM * 0.75)
        for fold in found.folds:
            axes.axvline(fold.parameter, color=GREY, lw=0.6, linestyle=(0, (2, 2)), zorder=0)
        for k, name in enumerate(columns):
            colour, line, marker = SERIES[k % len(SERIES)]
            y: NDArray[np.float64] = table[name].to_numpy()
            axes.plot(x, y, color=colour, linestyle=line, label=name,
                      lw=1.2 if k < len(SERIES) else 0.7)  # fmt: skip
            axes.plot(x[-1], y[-1], marker, color=colour, clip_on=False, zorder=4)
        axes.set(xlabel=label, ylabel=_what(columns))
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return axes


def _moving(found: Continuation) -> list[str]:
    """The probabilities that move most: at most eight, the last action of each set left out."""
    names = [name for name in found.table.columns if name.startswith("x[")]
    owner = [name.rsplit(",", 1)[0] for name in names]
    kept = [k for k in range(len(names) - 1) if owner[k] == owner[k + 1]]
    if not kept:
        return names[:1]
    spread = np.ptp(found.table[[names[k] for k in kept]].to_numpy(), axis=0)
    most = sorted(np.argsort(-spread, kind="stable")[:SHOWN_CURVES])
    return [names[kept[k]] for k in most]


def _what(columns: Sequence[str]) -> str:
    kinds = {name[0] for name in columns}
    return "probability" if kinds == {"x"} else "value (utils)" if kinds == {"v"} else ""
