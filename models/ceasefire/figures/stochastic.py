"""Pictures of stochastic games: where play goes, and what can be had in each state.

Each takes an equilibrium or a result and, if wanted, the axes to draw on.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.figures.games import _axes
from ceasefire.figures.style import (
    BLUE,
    DOUBLE_MM,
    GREY,
    INK,
    PALE,
    RED,
    SERIES,
    SINGLE_MM,
    SKY,
    canvas,
    style,
)
from ceasefire.games import StochasticGame
from ceasefire.solvers.markov_paths import state_law
from ceasefire.solvers.result import mixture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ceasefire.solvers import MarkovEquilibrium, PayoffSet

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MOST_STATES = 48  # of a diagram that can still be read
MOST_PANELS = 12
LETTERS = 26  # of a line in a box
MM_A_BOX, MM_A_LEVEL = 42.0, 15.0
MM_A_LINE, MM_A_GAP = 2.4, 8.0  # of text in a box, and between boxes
UNLIKELY = 1e-12  # moves less likely are rounding, and not drawn
CERTAIN = 1 - 1e-9
SWEEPS = 8  # of the ordering within levels


def transition_diagram(equilibrium: MarkovEquilibrium, *, ax: Axes | None = None) -> Axes:
    """Where play goes under a Markov behaviour: states from the first down, with their moves.

    States that play reaches from the initial state stand in levels, each below all that lead to it
    where no state returns. A box names a state and what those who have a choice do there; an arrow
    carries its chance unless that is 1, and is as thick as it is likely. Chances to stay, and to
    go to a state that play never leaves further down, are written beside the box.

    Parameters
    ----------
    equilibrium : MarkovEquilibrium
    ax : Axes, optional

    Raises
    ------
    ArgumentError
        More states are reached than a picture can show.
    """
    law = state_law(equilibrium).tocoo()
    keep = law.data > UNLIKELY
    moves = np.column_stack([law.coords[0][keep], law.coords[1][keep]]).astype(np.int64)
    reached, level = _levels(equilibrium.game, moves)
    if len(reached) > MOST_STATES:
        allowed = f"at most {MOST_STATES} states that play reaches"
        raise ArgumentError("equilibrium", f"{len(reached)} states", allowed)
    at = _places(reached, level, moves)
    levels = max(level[s] for s in reached) + 1
    with style():
        side = max((abs(x) for x, _ in at.values()), default=0.0) + 0.75
        width = min(max(SINGLE_MM, 2 * side * MM_A_BOX), DOUBLE_MM)
        tallest = max(len(_lines(equilibrium, s)) for s in reached)
        axes = _axes(ax, width, levels * max(MM_A_LEVEL, MM_A_GAP + MM_A_LINE * tallest))
        aside: dict[int, list[str]] = {s: [] for s in reached}
        for (s, t), chance in zip(moves.tolist(), law.data[keep].tolist(), strict=True):
            if s not in at or (s == t and equilibrium.game.absorbing[s]):
                continue
            if s == t:
                aside[s].append(f"{chance:.3g} stays")
            elif equilibrium.game.absorbing[t] and level[t] > level[s] + 1:
                share = f"{chance:.3g} " if chance < CERTAIN else ""
                aside[s].append(f"{share}→ {equilibrium.game.states[t]}")
            else:
                size = len(_lines(equilibrium, s)), len(_lines(equilibrium, t))
                _arrow(axes, at[s], at[t], float(chance), level[t] - level[s], size)
        for s in reached:
            _box(axes, equilibrium, s, at[s], aside[s])
        axes.set(xlim=(-side, side), ylim=(-(levels - 1) - 0.6, 0.6))
        axes.axis("off")
    return axes


def _levels(game: StochasticGame, moves: Ints) -> tuple[list[int], dict[int, int]]:
    """States reached, and the level of each: the longest way there that repeats no state.

    Where states return, the shortest way.
    """
    after: dict[int, list[int]] = {}
    for s, t in moves.tolist():
        if s != t:
            after.setdefault(s, []).append(t)
    level, queue = {game.initial: 0}, [game.initial]
    for s in queue:  # grows while it is read
        for t in after.get(s, []):
            if t not in level:
                level[t] = level[s] + 1
                queue.append(t)
    longest = dict.fromkeys(queue, 0)
    for _ in range(len(queue)):
        changed = False
        for s in queue:
            for t in after.get(s, []):
                if longest[t] < longest[s] + 1:
                    longest[t], changed = longest[s] + 1, True
        if not changed:
            return queue, longest
    return queue, level


def _places(
    reached: list[int], level: dict[int, int], moves: Ints
) -> dict[int, tuple[float, float]]:
    """Where the boxes stand: in each level near the mean place of the states they touch."""
    rows: dict[int, list[int]] = {}
    for s in reached:
        rows.setdefault(level[s], []).append(s)
    place = {s: float(k) - (len(row) - 1) / 2 for row in rows.values() for k, s in enumerate(row)}
    touch: dict[int, list[int]] = {s: [] for s in reached}
    for s, t in moves.tolist():
        if s in touch and s != t:
            touch[s].append(t)
            touch[t].append(s)
    for _ in range(SWEEPS):
        for _, row in sorted(rows.items()):
            row.sort(key=lambda s: (np.mean([place[t] for t in touch[s]] or [0.0]), s))
            for k, s in enumerate(row):
                place[s] = k - (len(row) - 1) / 2
    return {s: (place[s], -float(level[s])) for s in reached}


def _lines(equilibrium: MarkovEquilibrium, s: int) -> list[str]:
    """What a box says: the state, and what those who have a choice do there."""
    game = equilibrium.game
    acts = [
        f"{game.players[i]}: {mixture(equilibrium.strategy(s, i), game.actions[s][i], digits=3)}"
        for i in range(game.n_players)
        if game.n_actions[s, i] > 1
    ]
    return [line for text in (game.states[s], *acts) for line in textwrap.wrap(text, LETTERS)]


def _box(
    axes: Axes, equilibrium: MarkovEquilibrium, s: int, at: tuple[float, float], aside: list[str]
) -> None:
    game = equilibrium.game
    lines = _lines(equilibrium, s)
    free = bool(np.any(game.n_actions[s] > 1))
    edge = INK if game.absorbing[s] else BLUE if free else GREY
    box = axes.text(
        *at, "\n".join(lines), ha="center", va="center", fontsize=5.2, linespacing=1.1, zorder=3,
        bbox={"boxstyle": "round,pad=0.3", "fc": "white", "ec": edge, "lw": 0.8},
    )  # fmt: skip
    if aside:
        axes.annotate(
            "\n".join(aside), (1.0, 0.5), (5, 0), xycoords=box, textcoords="offset points",
            fontsize=5.0, color=GREY, ha="left", va="center", annotation_clip=False,
        )  # fmt: skip


def _arrow(
    axes: Axes, tail: tuple[float, float], head: tuple[float, float], chance: float, down: int,
    lines: tuple[int, int],
) -> None:  # fmt: skip
    """One move between boxes of so many lines; it bends where it passes a level."""
    start, end = (3.0 * count + 3.0 for count in lines)  # points to a box's edge
    bend = 0.0 if down == 1 else 0.25
    axes.annotate(
        "", head, tail, zorder=1,
        arrowprops={"arrowstyle": "-|>,head_width=0.12,head_length=0.25", "color": GREY,
                    "lw": 0.3 + 0.9 * chance, "shrinkA": start, "shrinkB": end,
                    "connectionstyle": f"arc3,rad={bend}"},
    )  # fmt: skip
    if chance < CERTAIN:
        x = 0.55 * tail[0] + 0.45 * head[0] + 0.5 * bend * (head[1] - tail[1])
        y = 0.55 * tail[1] + 0.45 * head[1] - 0.5 * bend * (head[0] - tail[0])
        axes.text(
            x, y, f"{chance:.3g}", fontsize=5.0, color=GREY, ha="center", va="center", zorder=2,
            bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none"},
        )  # fmt: skip


def state_payoffs(
    found: PayoffSet,
    *,
    states: Sequence[int | str] | None = None,
    equilibria: Sequence[MarkovEquilibrium] = (),
) -> Figure:
    """What two players can be paid from each state on: a polygon a state, on common axes.

    Payoffs are per-day averages. The inner bound is filled, the outer one dashed where a gap is
    left; the cross marks the harshest punishments, other marks the Markov equilibria given.

    Parameters
    ----------
    found : PayoffSet
        Of a stochastic game of two players.
    states : sequence of int or str, optional
        By default the first dozen.
    equilibria : sequence of MarkovEquilibrium
        Of the same game.
    """
    game = found.game
    if not isinstance(game, StochasticGame) or game.n_players != 2:
        raise ArgumentError("found", repr(game), "payoff sets of a stochastic game of two players")
    chosen = [game.state(s) for s in (range(game.n_states) if states is None else states)]
    chosen = chosen[:MOST_PANELS] if states is None else chosen
    if not 1 <= len(chosen) <= MOST_PANELS:
        raise ArgumentError("states", f"{len(chosen)} states", f"1 to {MOST_PANELS}")
    columns = min(len(chosen), 4)
    rows = -(-len(chosen) // columns)
    with style():
        side = DOUBLE_MM / 4
        figure, grid = canvas(columns * side, rows * side, rows, columns, sharex=True, sharey=True,
                              squeeze=False)  # fmt: skip
        for k, axes in enumerate(grid.flat):
            if k < len(chosen):
                _polygon(axes, found, chosen[k], equilibria)
            else:
                axes.axis("off")
        figure.supxlabel(f"payoff of {game.players[0]} (utils per day)", fontsize=7)
        figure.supylabel(f"payoff of {game.players[1]} (utils per day)", fontsize=7)
    return figure


def _polygon(axes: Axes, found: PayoffSet, s: int, equilibria: Sequence[MarkovEquilibrium]) -> None:
    game = found.game
    assert isinstance(game, StochasticGame)
    assert isinstance(found.inner, tuple)
    assert isinstance(found.outer, tuple)
    inner, outer = found.inner[s], found.outer[s]
    if len(inner) > 2:
        axes.fill(*inner.T, color=SKY, alpha=0.35, lw=0)
    for points, line, width in ((outer, "--", 0.7), (inner, "-", 1.2)):
        if len(points):
            closed = np.vstack([points, points[:1]])
            axes.plot(*closed.T, line, color=BLUE, lw=width, marker="o" if len(points) == 1 else "")
    if len(outer):
        axes.plot(*found.threat[s], "+", color=RED, ms=5, mew=1.0, zorder=4)
    for k, one in enumerate(equilibria):
        colour, _, marker = SERIES[(k + 1) % len(SERIES)]
        axes.plot(*one.average_values[s], marker, color=colour, ms=3.5, zorder=5)
    axes.set_title(textwrap.fill(game.states[s], LETTERS), fontsize=6.5)
    axes.margins(0.08)
    axes.grid(color=PALE, lw=0.3)
