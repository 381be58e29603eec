"""Pictures of games: best replies, payoffs, trees with information sets, logit paths.

Each takes a game and, if wanted, the axes to draw on, and returns the axes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire import solvers
from ceasefire.errors import ArgumentError
from ceasefire.figures.style import BLUE, GREY, INK, PALE, RED, SERIES, SINGLE_MM, canvas, style
from ceasefire.games.extensive import CHANCE, ExtensiveForm
from ceasefire.games.normal import NormalForm
from ceasefire.solvers.result import labelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ceasefire.solvers import LogitPath

PLATE = {"boxstyle": "square,pad=0.08", "fc": "white", "ec": "none"}  # behind text on lines
MOST_NODES = 150  # of a tree that can still be read
SHOWN_CURVES = 8


def best_response_diagram(game: NormalForm, *, ax: Axes | None = None) -> Axes:
    """Both best-reply correspondences of a 2x2 game, and where they meet.

    Horizontal: probability of the column player's first action; vertical: of the row player's.
    Equilibria are dots; a segment of them is drawn as the overlap.
    """
    if not isinstance(game, NormalForm) or game.shape != (2, 2):
        got = getattr(game, "shape", type(game).__name__)
        raise ArgumentError("game", got, "two players with two actions each")
    with style():
        axes = _axes(ax, SINGLE_MM, SINGLE_MM * 0.85)
        A, B = game.payoffs
        for i, (gain, colour, line, width) in enumerate((
            (A[0] - A[1], BLUE, "-", 2.4), (B[:, 0] - B[:, 1], RED, "--", 1.4),
        )):  # fmt: skip
            own, other = _best_reply(gain, float(game.payoff_range[i]))
            x, y = (other, own) if i == 0 else (own, other)
            if np.all(np.abs(gain) <= 1e-12 * max(1.0, game.payoff_range[i])):
                axes.fill_between([0, 1], 0, 1, color=colour, alpha=0.12, lw=0)
            axes.plot(x, y, color=colour, linestyle=line, lw=width, clip_on=False,
                      label=f"best reply of {game.players[i]}")  # fmt: skip
        for e in solvers.nash(game):
            axes.plot(float(e.strategies[1][0]), float(e.strategies[0][0]), "o", color=INK, ms=5,
                      clip_on=False, zorder=5)  # fmt: skip
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal",
                 xlabel=f"P({game.players[1]}: {game.actions[1][0]})",
                 ylabel=f"P({game.players[0]}: {game.actions[0][0]})")  # fmt: skip
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return axes


def _best_reply(gain: Any, width: float) -> tuple[list[float], list[float]]:
    """Own probability of the first action against the other's, as a broken line."""
    first, second = gain  # gain of one's first action against the other's first, second action
    tiny = 1e-12 * max(1.0, width)
    if abs(first) <= tiny and abs(second) <= tiny:
        return [0, 1, 1, 0, 0], [0, 0, 1, 1, 0]
    at_zero, at_one = float(second > 0), float(first > 0)
    if abs(second) <= tiny:
        return [1 - at_one, at_one, at_one], [0, 0, 1]
    if abs(first) <= tiny:
        return [at_zero, at_zero, 1 - at_zero], [0, 1, 1]
    if at_zero == at_one:
        return [at_zero, at_zero], [0, 1]
    switch = float(second / (second - first))
    return [at_zero, at_zero, at_one, at_one], [0, switch, switch, 1]


def payoff_polygon(game: NormalForm, *, ax: Axes | None = None) -> Axes:
    """Payoffs that two players' correlated play can reach; pure profiles and equilibria marked."""
    if not isinstance(game, NormalForm) or game.n_players != 2:
        raise ArgumentError("game", getattr(game, "n_players", game), "a game of two players")
    with style():
        axes = _axes(ax, SINGLE_MM, SINGLE_MM * 0.85)
        points = game.payoffs.reshape(2, -1).T
        hull = _hull(points)
        axes.fill(*hull.T, color=PALE, alpha=0.7, lw=0)
        axes.plot(*np.vstack([hull, hull[:1]]).T, color=GREY, lw=0.7)
        axes.plot(*points.T, "s", color=GREY, ms=3, label="pure")
        found = np.array([np.asarray(e.payoffs, dtype=float) for e in solvers.nash(game)])
        axes.plot(*found.T, "o", color=RED, ms=5, mfc="none", label="Nash (extreme)")
        best = solvers.correlated(game, objective="welfare").payoffs.astype(float)
        axes.plot(*best, "^", color=BLUE, ms=4.5, label="best correlated")
        axes.margins(0.08)
        axes.set(xlabel=f"payoff of {game.players[0]} (utils)",
                 ylabel=f"payoff of {game.players[1]} (utils)")  # fmt: skip
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=0.9,
                    handletextpad=0.3)  # fmt: skip
    return axes


def _hull(points: Any) -> Any:
    """Corners of the convex hull, in order; of a segment its ends, of a point the point."""
    from scipy.spatial import ConvexHull, QhullError

    distinct = np.unique(points, axis=0)
    try:
        return distinct[ConvexHull(distinct).vertices]
    except (QhullError, ValueError):
        return distinct[[0, -1]]


def game_tree(tree: ExtensiveForm, *, behaviour: Any = None, ax: Axes | None = None) -> Axes:
    """The tree from left to right; nodes of one information set are joined by a dashed line.

    Parameters
    ----------
    tree : ExtensiveForm
        Of at most 150 nodes: a larger one cannot be read.
    behaviour : array_like, optional
        Behaviour strategies; branches that they take are drawn heavier.
    ax : Axes, optional
    """
    if not isinstance(tree, ExtensiveForm):
        raise ArgumentError("tree", type(tree).__name__, "an ExtensiveForm")
    if tree.n_nodes > MOST_NODES:
        raise ArgumentError("tree", f"{tree.n_nodes} nodes", f"at most {MOST_NODES}")
    from ceasefire.solvers._layout import chance, layout, weights

    x, y = _places(tree)
    taken = chance(tree) if behaviour is None else weights(tree, np.asarray(behaviour, dtype=float))
    place = np.asarray(layout(tree).place)
    with style():
        axes = _axes(ax, 26.0 * (x.max() + 1.2) + 12, max(45.0, 7.0 * len(tree.ends)))
        for node in range(1, tree.n_nodes):
            above = int(tree.parent[node])
            heavy = behaviour is not None and place[node] >= 0 and taken[node] > 0
            axes.plot([x[above], x[node]], [y[above], y[node]], color=INK,
                      lw=1.6 if heavy else 0.6, zorder=1)  # fmt: skip
            axes.annotate(
                _branch(tree, node, above, taken if behaviour is not None else None),
                (x[above] + 0.56 * (x[node] - x[above]), y[above] + 0.56 * (y[node] - y[above])),
                fontsize=5.5, ha="center", va="center", zorder=2, bbox=PLATE,
            )  # fmt: skip
        _join_sets(axes, tree, x, y)
        _mark_nodes(axes, tree, x, y)
        axes.axis("off")
        axes.margins(0.04, 0.06)
    return axes


def _join_sets(axes: Axes, tree: ExtensiveForm, x: Any, y: Any) -> None:
    """A dashed line through each set's nodes; sets in one column bow apart."""
    several = [h for h in range(tree.n_infosets) if len(tree.nodes(h)) > 1]
    column = [float(x[tree.nodes(h)[0]]) for h in several]
    for at, h in enumerate(several):
        nodes = tree.nodes(h)
        order = nodes[np.argsort(y[nodes])]
        k = column[:at].count(column[at])
        alone = column.count(column[at]) == 1
        bow = 0.0 if alone else 0.12 * (k // 2 + 1) * (1 if k % 2 else -1)
        t = np.linspace(0, 1, 25)
        for one, two in pairwise(order):
            axes.plot(x[one] + (x[two] - x[one]) * t + 4 * bow * t * (1 - t),
                      y[one] + (y[two] - y[one]) * t, color=_colour(int(tree.infoset_player[h])),
                      linestyle=(0, (3, 2)), lw=1.0, zorder=0)  # fmt: skip


def _branch(tree: ExtensiveForm, node: int, above: int, taken: Any) -> str:
    a = int(tree.action[node])
    if tree.player[above] == CHANCE:
        return f"{tree.branch_labels[above][a]} ({tree.probability[node]:.3g})"
    label = tree.action_labels[int(tree.infoset[above])][a]
    mixed = taken is not None and 0 < taken[node] < 1
    return f"{label} ({taken[node]:.3g})" if mixed else label


def _mark_nodes(axes: Axes, tree: ExtensiveForm, x: Any, y: Any) -> None:
    totals = tree.total_payoffs
    for node in tree.ends.tolist():
        pay = ", ".join(f"{u:.4g}" for u in totals[node])
        axes.annotate(pay, (x[node], y[node]), xytext=(3, 0), textcoords="offset points",
                      fontsize=6, va="center", bbox=PLATE)  # fmt: skip
    for i in [*range(tree.n_players), CHANCE]:  # the key in the order of the payoffs
        nodes = np.flatnonzero(tree.player == i)
        if i == CHANCE and not len(nodes):
            continue
        label = "chance" if i == CHANCE else tree.players[i]
        axes.plot(x[nodes], y[nodes], "s" if i == CHANCE else "o", ms=4.5, linestyle="none",
                  color=GREY if i == CHANCE else _colour(i), label=label, zorder=3)  # fmt: skip
    shown = axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=tree.n_players + 1)
    if tree.n_players > 1:
        shown.set_title(f"payoffs at the ends: {', '.join(tree.players)}")
        shown.get_title().set_fontsize(6)


def _colour(player: int) -> str:
    return SERIES[player % len(SERIES)][0]


def _places(tree: ExtensiveForm) -> tuple[Any, Any]:
    """Depth to the right; ends one below the other, other nodes amid their children."""
    depth, height = np.zeros(tree.n_nodes), np.zeros(tree.n_nodes)
    for node in range(1, tree.n_nodes):
        depth[node] = depth[tree.parent[node]] + 1
    height[tree.ends] = -np.arange(len(tree.ends), dtype=float)
    for node in range(tree.n_nodes - 1, -1, -1):
        below = tree.children(node)
        if below:
            height[node] = (height[below[0]] + height[below[-1]]) / 2
    return depth, height


def logit_path(
    game: NormalForm | ExtensiveForm | LogitPath, *, precision: float | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """Choice probabilities along the principal logit branch, over the precision (log scale).

    The first action of each player (or information set) with several; at most eight curves. A
    game's path is followed by `ceasefire.solvers.logit_path`.
    """
    if isinstance(game, solvers.LogitPath):
        path, game = game, game.game
    else:
        path = solvers.logit_path(game, precision=precision)
    rows, at = [], 0
    for name, s, labels in labelled(game, _cut(path, game)):
        if len(s) > 1:
            rows.append((at, f"{name}: {labels[0]}"))
        at += len(s)
    with style():
        axes = _axes(ax, SINGLE_MM * 1.4, SINGLE_MM * 0.75)
        levels, x = _smooth(path)
        for k, (column, label) in enumerate(rows[:SHOWN_CURVES]):
            colour, line, _ = SERIES[k % len(SERIES)]
            axes.plot(levels, x[:, column], color=colour, linestyle=line, label=label,
                      lw=1.2 if k < len(SERIES) else 0.7)  # fmt: skip
        axes.set(xscale="log", ylim=(-0.02, 1.02), ylabel="probability",
                 xlabel="precision (per util)")  # fmt: skip
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return axes


def _smooth(path: LogitPath) -> tuple[Any, Any]:
    """Points of the path, with others between them on monotone cubics; as it is where it turns."""
    from scipy.interpolate import PchipInterpolator

    above = path.precision > 0
    at, x = np.log(path.precision[above]), path.strategies[above]
    if len(at) < 3 or np.any(np.diff(at) <= 0):
        return np.exp(at), x
    fine = np.interp(np.arange(0, len(at) - 1 + 0.05, 0.1), np.arange(len(at)), at)
    return np.exp(fine), PchipInterpolator(at, x)(fine)


def _cut(path: LogitPath, game: NormalForm | ExtensiveForm) -> tuple[Any, ...]:
    row = path.strategies[-1]
    if isinstance(game, ExtensiveForm):
        return tuple(game.split(row))
    return tuple(np.split(row, np.cumsum(game.shape)[:-1]))


def _axes(ax: Axes | None, width_mm: float, height_mm: float) -> Axes:
    if ax is not None:
        return ax
    axes: Axes = canvas(width_mm, height_mm)[1]
    return axes
