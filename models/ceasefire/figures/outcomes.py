"""Pictures of what solvers found: who plays what, payoffs, recommendations, patience, paths.

Each takes a result and, if wanted, the axes to draw on, and returns the axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.figures.games import _axes, _hull
from ceasefire.figures.style import (
    BLUE,
    GREY,
    INK,
    PALE,
    RED,
    SERIES,
    SINGLE_MM,
    SKY,
    style,
)
from ceasefire.games.problem import Frontier, Issues
from ceasefire.solvers.result import labelled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from ceasefire.games import BargainingProblem
    from ceasefire.solvers import (
        BargainingSolution,
        BatchEquilibria,
        Correlated,
        CriticalDiscount,
        Equilibria,
        ExpectedPath,
        ExtensionThreshold,
        LimitSet,
        SimulatedPaths,
    )

    Floats = NDArray[np.float64]

MOST_BARS = 30
MOST_LINES = 8
POINTS = 101  # of a curve
UP = 2.0  # of the range: how far below the axes a free set is cut


def strategies(found: Any, *, ax: Axes | None = None) -> Axes:
    """Probability of each action, a bar an action, players (or information sets) apart."""
    rows = [
        (name, label, float(p))
        for name, s, labels in labelled(found.game, found.strategies)
        for label, p in zip(labels, s, strict=True)
    ][:MOST_BARS]
    names = list(dict.fromkeys(name for name, *_ in rows))
    with style():
        axes = _axes(ax, SINGLE_MM, 14.0 + 4.5 * len(rows) + 5.0 * len(names))
        at, ticks, shift = [], [], -1.0
        for k, name in enumerate(names):
            shift += 0.8
            axes.text(0.0, shift, name, va="center", fontsize=6.5, fontweight="bold")
            for _, label, p in (row for row in rows if row[0] == name):
                shift += 1.0
                axes.barh(shift, p, 0.7, color=SERIES[k % 4][0], edgecolor=INK, lw=0.5)
                at.append(shift)
                ticks.append(label)
        axes.set_yticks(at, ticks)
        axes.set(xlim=(0, 1), ylim=(shift + 0.7, -0.9), xlabel="probability")
    return axes


def payoffs(found: Equilibria[Any], *, ax: Axes | None = None) -> Axes:
    """Payoffs of two players in each equilibrium, in what play can give where that is known."""
    points = np.array([np.asarray(e.payoffs, dtype=float) for e in found])
    game = found[0].game
    with style():
        axes = _axes(ax, SINGLE_MM, SINGLE_MM * 0.85)
        if hasattr(game, "shape"):
            hull = _hull(game.payoffs.reshape(2, -1).T)
            axes.fill(*hull.T, color=PALE, alpha=0.7, lw=0, label="correlated play")
        axes.plot(*points.T, "o", color=RED, ms=5, mfc="none", label="equilibria")
        axes.margins(0.08)
        axes.set(xlabel=f"payoff of {game.players[0]} (utils)",
                 ylabel=f"payoff of {game.players[1]} (utils)")  # fmt: skip
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return axes


def recommendations(found: Correlated, *, ax: Axes | None = None) -> Axes:
    """How often each profile of two players is recommended."""
    chances = np.asarray(found.distribution, dtype=float)
    rows, columns = found.game.actions
    with style():
        axes = _axes(ax, SINGLE_MM, SINGLE_MM * 0.75)
        axes.imshow(chances, cmap="Blues", vmin=0.0, vmax=max(1e-12, 1.25 * float(chances.max())))
        for a, b in np.argwhere(chances > 0).tolist():
            said = str(found.distribution[a, b])
            said = said if "/" in said and len(said) < 7 else f"{chances[a, b]:.3g}"
            axes.text(b, a, said, ha="center", va="center")
        axes.set_xticks(range(len(columns)), columns)
        axes.set_yticks(range(len(rows)), rows)
        axes.set(xlabel=found.game.players[1], ylabel=found.game.players[0])
        axes.spines[:].set_visible(True)
    return axes


def limit_payoffs(found: LimitSet, *, ax: Axes | None = None) -> Axes:
    """What two players can be paid as patience grows, within what is feasible."""
    stage = found.game.stage
    with style():
        axes = _axes(ax, SINGLE_MM, SINGLE_MM * 0.85)
        axes.fill(*_hull(stage.payoffs.reshape(2, -1).T).T, color=PALE, alpha=0.5, lw=0,
                  label="feasible")  # fmt: skip
        if len(found.vertices):
            closed = np.vstack([found.vertices, found.vertices[:1]])
            axes.fill(*found.vertices.T, color=SKY, alpha=0.35, lw=0)
            axes.plot(*closed.T, color=BLUE, label="equilibria, δ → 1",
                      marker="o" if len(found.vertices) == 1 else "none")  # fmt: skip
        axes.margins(0.08)
        axes.set(xlabel=f"payoff of {stage.players[0]} (utils per day)",
                 ylabel=f"payoff of {stage.players[1]} (utils per day)")  # fmt: skip
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return axes


def needed_patience(
    found: CriticalDiscount | ExtensionThreshold, *, ax: Axes | None = None
) -> Axes:
    """The least discount factor for each player, and for all."""
    each = found.needed if hasattr(found, "needed") else found.per_player
    players, value = found.stage.players, float(found.value)
    with style():
        axes = _axes(ax, SINGLE_MM, 22.0 + 7.0 * len(players))
        for k, (player, least) in enumerate(zip(players, each, strict=True)):
            if least is None:
                axes.text(0.01, k, "none is enough", va="center", color=GREY)
                continue
            axes.barh(k, float(least), 0.6, color=BLUE if player in found.binding else SKY,
                      edgecolor=INK, lw=0.5)  # fmt: skip
            axes.annotate(f"{float(least):.3g}", (float(least), k), (3, 0), va="center",
                          textcoords="offset points")  # fmt: skip
        if np.isfinite(value):
            axes.axvline(value, color=INK, lw=0.8, ls=":", label=f"all: {value:.3g}")
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
        axes.set_yticks(range(len(players)), players)
        axes.set(xlim=(0, 1), ylim=(len(players) - 0.5, -0.5), xlabel="least discount factor")
    return axes


def states_by_day(found: ExpectedPath | SimulatedPaths, *, ax: Axes | None = None) -> Axes:
    """Chance of each state by period: the eight that matter most."""
    chances = _shares(found)
    most = sorted(np.argsort(-chances.max(axis=0), kind="stable")[:MOST_LINES].tolist())
    simulated = found.states.dtype.kind in "iu"
    with style():
        axes = _axes(ax, SINGLE_MM * 1.4, SINGLE_MM * 0.75)
        for k, s in enumerate(most):
            colour, line, marker = SERIES[k % len(SERIES)]
            axes.plot(chances[:, s], color=colour, linestyle=line, label=found.game.states[s],
                      lw=1.2 if k < len(SERIES) else 0.7,
                      marker=marker if len(chances) <= 15 else "none")  # fmt: skip
        axes.set(ylim=(-0.02, 1.02), xlabel="period",
                 ylabel="share of plays" if simulated else "probability")  # fmt: skip
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return axes


def _shares(found: ExpectedPath | SimulatedPaths) -> Floats:
    if found.states.dtype.kind not in "iu":
        return np.asarray(found.states, dtype=float)
    count = found.game.n_states
    return np.array([np.bincount(column, minlength=count) for column in found.states.T]) / len(
        found.states
    )


def counts(found: BatchEquilibria, *, ax: Axes | None = None) -> Axes:
    """How many games have how many equilibria."""
    many, games = np.unique(found.counts, return_counts=True)
    with style():
        axes = _axes(ax, SINGLE_MM, 52.0)
        axes.bar(many, games, 0.7, color=SKY, edgecolor=INK, lw=0.5)
        axes.set_xticks(many if len(many) <= 12 else many[:: -(-len(many) // 12)])
        axes.set(xlabel="extreme equilibria", ylabel="games")
    return axes


def bargaining(
    problem: BargainingProblem, *, solution: BargainingSolution | None = None,
    ax: Axes | None = None,
) -> Axes:  # fmt: skip
    """What two players can agree on, their payoffs without agreement, and the solution."""
    outline = feasible_outline(problem)
    with style():
        axes = _axes(ax, SINGLE_MM, SINGLE_MM * 0.85)
        if problem.is_convex:
            axes.fill(*outline.T, color=SKY, alpha=0.35, lw=0, label="can be agreed")
            axes.plot(*np.vstack([outline, outline[:1]]).T, color=BLUE, lw=0.8)
        else:
            axes.plot(*outline.T, "s", color=BLUE, ms=3, label="can be agreed")
        low = np.asarray(problem.disagreement, dtype=float)
        axes.plot(*low, "+", color=INK, ms=6, mew=1.0, label="no agreement")
        if solution is not None:
            axes.plot(*np.asarray(solution.payoffs, dtype=float), "o", color=RED, ms=5,
                      label=str(getattr(solution.rule, "value", solution.rule)))  # fmt: skip
        axes.margins(0.08)
        axes.set(xlabel=f"payoff of {problem.players[0]} (utils)",
                 ylabel=f"payoff of {problem.players[1]} (utils)")  # fmt: skip
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return axes


def feasible_outline(problem: BargainingProblem) -> Floats:
    """The payoffs of two players that can be agreed: corners in order, or single outcomes.

    A set without a lower end is cut at the payoffs without agreement.
    """
    of = problem.feasible
    low = np.asarray(problem.disagreement, dtype=float)
    if isinstance(of, Frontier):
        x = np.linspace(of.low, of.high, POINTS)
        y = np.array([float(of.function(float(one))) for one in x])
        floor = min(float(low[1]), float(y.min()))
        return np.vstack([np.column_stack([x, y]), [[of.high, floor], [of.low, floor]]])
    if isinstance(of, Issues):
        return np.asarray(_hull(_corners(problem)))
    points = np.asarray(of.payoffs, dtype=float)
    return np.asarray(_hull(points) if of.lotteries else points)


def _corners(problem: BargainingProblem) -> Floats:
    """The furthest payoffs in many directions, by linear programs over the issues."""
    from scipy.optimize import linprog

    of = problem.feasible
    assert isinstance(of, Issues)
    values, base = np.asarray(of.values, dtype=float), np.asarray(of.base, dtype=float)
    rows, limits = np.asarray(of.rows, dtype=float), np.asarray(of.limits, dtype=float)
    box = [(None if a is None else float(a), None if b is None else float(b))
           for a, b in zip(of.lower, of.upper, strict=True)]  # fmt: skip
    low, found = np.asarray(problem.disagreement, dtype=float), []
    for turn in np.linspace(0.0, 2 * np.pi, 4 * 18, endpoint=False):
        towards = np.array([np.cos(turn), np.sin(turn)])
        above = np.vstack([rows.reshape(-1, values.shape[1]), -values])
        ends = np.concatenate([limits, base - low])
        best = linprog(-(towards @ values), A_ub=above, b_ub=ends, bounds=box)
        if best.status == 0:
            found.append(values @ best.x + base)
    return np.round(np.array(found or [low]), 9)
