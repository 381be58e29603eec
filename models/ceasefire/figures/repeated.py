"""Pictures of repeated games: what can be sustained, how patiently, and by which automaton.

Each takes a game, a result or an automaton and, if wanted, the axes to draw on, and returns axes.
"""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire import solvers
from ceasefire.errors import ArgumentError
from ceasefire.figures.games import _axes, _hull
from ceasefire.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE,
    RED,
    SERIES,
    SINGLE_MM,
    SKY,
    style,
)
from ceasefire.games import Automaton, RepeatedGame
from ceasefire.games._automaton_rules import labels, mixture
from ceasefire.solvers import PayoffSet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

MOST_STATES = 16  # of a picture that can still be read
RADIUS, STEP, GAP, MM_A_UNIT = 0.5, 1.9, 1.9, 15.0
FEW = 3  # profiles named on an arrow


def payoff_diagram(
    found: PayoffSet | RepeatedGame,
    *,
    automata: Sequence[Automaton] = (),
    ax: Axes | None = None,
) -> Axes:
    """What two players can be paid in a repeated game: feasible, sustained, and by automata.

    The feasible set, the pure profiles, the minmax point, the equilibrium payoff set (its outer
    bound dashed where a gap is left), and the payoffs of `automata`.

    Parameters
    ----------
    found : PayoffSet or RepeatedGame
        A game is solved by `ceasefire.solvers.payoff_set`.
    automata : sequence of Automaton
        Filled marks are equilibria, open ones are not.
    ax : Axes, optional
    """
    solved = found if isinstance(found, PayoffSet) else solvers.payoff_set(found, throw=False)
    game = solved.game
    if not isinstance(game, RepeatedGame) or game.n_players != 2:
        raise ArgumentError("found", repr(game), "the payoff set of a repeated game of two players")
    with style():
        axes = _axes(ax, SINGLE_MM, SINGLE_MM * 0.85)
        points = game.stage.payoffs.reshape(2, -1).T
        hull = _hull(points)
        axes.fill(*hull.T, color=PALE, alpha=0.5, lw=0, label="feasible")
        axes.plot(*points.T, "s", color=GREY, ms=2.5, label="pure profiles")
        _sustained(axes, solved)
        low = _minmax(game)
        axes.plot(*low, "+", color=INK, ms=6, mew=1.0, label="minmax", zorder=4)
        for k, automaton in enumerate(automata):
            check = solvers.check_automaton(game, automaton)
            colour, _, marker = SERIES[(k + 1) % len(SERIES)]
            axes.plot(*np.asarray(check.value.payoffs, dtype=float), marker, color=colour, ms=5,
                      mfc=colour if check.is_equilibrium else "none", linestyle="none", zorder=5,
                      label=automaton.title or f"automaton {k + 1}")  # fmt: skip
        axes.margins(0.08)
        axes.set(xlabel=f"payoff of {game.stage.players[0]} (utils per day)",
                 ylabel=f"payoff of {game.stage.players[1]} (utils per day)")  # fmt: skip
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=0.9,
                    handletextpad=0.4)  # fmt: skip
    return axes


def _sustained(axes: Axes, solved: PayoffSet) -> None:
    label = f"equilibria, δ = {float(solved.game.discount):.4g}"
    if solved.is_empty:
        axes.plot([], [], color=BLUE, lw=1.2, label=f"{label}: none")
        return
    inner = np.asarray(solved.points(), dtype=float)
    if not solved.public_randomisation:  # points, with nothing claimed of what lies between
        _cells(axes, solved, inner, label)
        return
    if len(inner) > 2:
        axes.fill(*inner.T, color=SKY, alpha=0.35, lw=0)
    axes.plot(*np.vstack([inner, inner[:1]]).T, color=BLUE, lw=1.2, label=label,
              marker="o" if len(inner) == 1 else "none")  # fmt: skip
    width = float(np.max(solved.game.stage.payoff_range)) or 1.0  # type: ignore[union-attr]
    if solved.gap > 1e-6 * width and not isinstance(solved.outer, tuple):
        outer = np.vstack([solved.outer, solved.outer[:1]])
        axes.plot(*outer.T, color=BLUE, lw=0.7, linestyle="--", label="outer bound")


def _cells(axes: Axes, solved: PayoffSet, points: Any, label: str) -> None:
    """Draw what equilibria pay without a lottery, and the cells outside which none does."""
    from matplotlib.collections import PolyCollection

    if "cells" in solved.detail:
        square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * solved.detail["cell_size"]
        corners = solved.detail["cells"][:, None, :] + square
        axes.add_collection(PolyCollection(list(corners), facecolor=SKY, edgecolor=SKY, lw=0.3))
        axes.plot([], [], "s", color=SKY, ms=5, label="outer bound")
    axes.plot(*points.T, ".", color=BLUE, ms=2.5, mew=0, label=label)


def _minmax(game: RepeatedGame) -> list[float]:
    tables = game.stage.payoffs
    return [float(tables[i].max(axis=i).min()) for i in range(2)]


def critical_discount_diagram(
    curves: pd.DataFrame | Mapping[str, pd.DataFrame], *, ax: Axes | None = None
) -> Axes:
    """Least discount factors along a parameter, one curve a table; gaps where none is enough.

    Parameters
    ----------
    curves : DataFrame, or a mapping from labels to DataFrame
        As `ceasefire.solvers.critical_discount_curve` returns them. Above a curve the profile is
        sustained; brackets that are wider than a line are shaded.
    ax : Axes, optional
    """
    several: dict[str, Any] = {"": curves} if hasattr(curves, "columns") else dict(curves)
    if not several or len(several) > len(SERIES):
        raise ArgumentError("curves", len(several), f"1 to {len(SERIES)} tables")
    with style():
        axes = _axes(ax, SINGLE_MM, SINGLE_MM * 0.7)
        name = ""
        for k, (label, table) in enumerate(several.items()):
            colour, line, marker = SERIES[k]
            x = np.asarray(table.index, dtype=float)
            kept = table["attainable"].to_numpy(dtype=bool)
            y = np.where(kept, table["value"].to_numpy(dtype=float), np.nan)
            axes.plot(x, y, color=colour, linestyle=line, label=label or None,
                      marker=marker if len(x) <= 12 else "none", clip_on=False)  # fmt: skip
            if np.any(kept & (table["high"] - table["low"] > 1e-3)):
                axes.fill_between(x, table["low"], table["high"], color=colour, alpha=0.2, lw=0)
            if k == 0 and len(several) == 1:
                axes.fill_between(x, y, 1.0, color=PALE, alpha=0.5, lw=0)
                _name_region(axes, x, y)
            name = str(table.index.name or "parameter")
        axes.set(ylim=(0, 1), xlabel=name, ylabel="discount factor")
        axes.margins(x=0.02)
        if any(several):
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(several))
    return axes


def _name_region(axes: Axes, x: Any, y: Any) -> None:
    """Say what the shaded region is, where it is tallest."""
    if np.all(np.isnan(y)):
        axes.text(0.5, 0.5, "no discount factor is enough", transform=axes.transAxes, ha="center",
                  color=GREY)  # fmt: skip
        return
    k = int(np.nanargmin(y))
    left = x[k] <= (x[0] + x[-1]) / 2
    axes.text(0.03 if left else 0.97, 0.94, "sustained", transform=axes.transAxes, va="top",
              ha="left" if left else "right", color=GREY)  # fmt: skip


def automaton_diagram(automaton: Automaton, *, ax: Axes | None = None) -> Axes:
    """An automaton's states as circles with what is played in them, and its transitions.

    Full arrows are taken while everybody plays as the state says; dashed ones after anything
    else, named on the arrow. With noisy signals arrows carry the signals' names. The initial
    state has a double rim.

    Parameters
    ----------
    automaton : Automaton
        Of at most 16 states.
    ax : Axes, optional
    """
    if not isinstance(automaton, Automaton):
        raise ArgumentError("automaton", type(automaton).__name__, "an Automaton")
    if automaton.n_states > MOST_STATES:
        raise ArgumentError("automaton", f"{automaton.n_states} states", f"at most {MOST_STATES}")
    edges = _edges(automaton)
    place = _places(automaton, edges)
    width, height = np.ptp(place, axis=0) + 2 * RADIUS + 1.0
    with style():
        axes = _axes(ax, MM_A_UNIT * width + 6, MM_A_UNIT * height + 6)
        axes.set(aspect="equal")
        axes.axis("off")
        ring = _is_ring(automaton, edges)
        rim = np.array([1.7 if ring else 1.05, 1.05])
        low, high = place.min(axis=0) - rim, place.max(axis=0) + rim
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        middle = place.mean(axis=0)
        for (s, t), (text, look) in edges.items():
            if s == t:
                _loop(axes, place[s], place[s] - middle, text, look, ring)
            else:
                _arrow(axes, place, (s, t), (t, s) in edges, text, look)
        for s in range(automaton.n_states):
            _circle(axes, automaton, s, place[s])
    return axes


KEPT = {"color": INK, "linestyle": "-", "lw": 1.1}
LEFT = {"color": RED, "linestyle": (0, (3, 2)), "lw": 0.8}
SEEN = {"color": BLUE, "linestyle": "-", "lw": 0.9}  # by chance, whatever is played


def _edges(automaton: Automaton) -> dict[tuple[int, int], tuple[str, Any]]:
    """From state to state: what leads there, in words, and how its arrow looks."""
    result: dict[tuple[int, int], tuple[str, Any]] = {}
    for s in range(automaton.n_states):
        law = automaton.transition[s]
        for t in np.unique(law):
            if automaton.monitoring is not None:
                names = [y for y, k in zip(automaton.monitoring.signals, law, strict=True)
                         if k == t]  # fmt: skip
                every = len(names) == len(automaton.monitoring.signals)
                text = "" if every else ", ".join(names)
                result[s, int(t)] = (text, KEPT if every else SEEN)
            else:
                text, kept = _reason(automaton, s, law == t)
                result[s, int(t)] = (text, KEPT if kept else LEFT)
    return result


def _reason(automaton: Automaton, s: int, cells: Any) -> tuple[str, bool]:
    if cells.all():
        return "", True
    stage = automaton.stage
    named = [" ".join(labels(stage, cell)) for cell in np.argwhere(cells).tolist()]
    short = ", ".join(named[:FEW]) + (", ..." if len(named) > FEW else "")
    play = np.array([p[s].argmax() for p in automaton.output])
    if any(np.count_nonzero(p[s]) > 1 for p in automaton.output):
        return short, False
    off = np.argwhere(cells) != play
    if not off.any(axis=1).all():
        return ("" if cells.sum() == 1 else f"kept, {_others(named, stage, play)}"), True
    who = {stage.players[int(np.argmax(row))] for row in off}
    if (cells.sum() == cells.size - 1) or (len(named) > FEW and len(who) > 1):
        return "else", False
    alone = bool(np.all(off.sum(axis=1) == 1)) and len(who) == 1
    return (f"{who.pop()} deviates" if alone and len(named) > 1 else short), False


def _others(named: list[str], stage: Any, play: Any) -> str:
    rest = [name for name in named if name != " ".join(labels(stage, play))]
    return rest[0] if len(rest) == 1 else f"{len(rest)} others"


def _places(automaton: Automaton, edges: dict[tuple[int, int], Any]) -> Any:
    """The path of play in a row, what it is left for in rows below; a ring where all mix."""
    n = automaton.n_states
    if _is_ring(automaton, edges):
        turn = math.pi / 2 - 2 * math.pi * np.arange(n) / n
        size = max(STEP, STEP * n / (2 * math.pi)) * 1.3
        return size * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    path, s = [], automaton.initial
    while s not in path:
        path.append(s)
        s = _next(automaton, s)
    rest = [k for k in range(n) if k not in path]
    place = np.zeros((n, 2))
    rows = [path[k : k + 6] for k in range(0, len(path), 6)]
    rows += [rest[k : k + 6] for k in range(0, len(rest), 6)]
    for depth, row in enumerate(rows):
        for k, state in enumerate(row):
            place[state] = (STEP * (k - (len(row) - 1) / 2), -GAP * depth)
    return place


def _is_ring(automaton: Automaton, edges: dict[tuple[int, int], Any]) -> bool:
    return automaton.n_states > 2 and len(edges) > 2.5 * automaton.n_states


def _next(automaton: Automaton, s: int) -> int:
    law = automaton.transition[s]
    likely = [p[s].argmax() for p in automaton.output]
    if automaton.monitoring is not None:
        likely = [automaton.monitoring.probability[tuple(likely)].argmax()]
    return int(law[tuple(likely)])


def _arrow(
    axes: Axes, place: Any, edge: tuple[int, int], paired: bool, text: str, look: Any
) -> None:
    """Draw a transition between two states, bowed where another would lie on it."""
    from matplotlib.patches import FancyArrowPatch

    a, b = place[edge[0]], place[edge[1]]
    apart = b - a
    length = float(np.hypot(*apart))
    across = [
        k for k in range(len(place)) if k not in edge and _beside(place[k], a, apart) < RADIUS
    ]
    bow = 0.18 if paired else 0.0
    if across:
        bow = 0.5 if apart[0] >= 0 else 0.4
    bend = np.array([apart[1], -apart[0]]) * bow
    side = (a + b) / 2 + bend
    start = a + RADIUS * (side - a) / np.hypot(*(side - a))
    end = b + RADIUS * (side - b) / np.hypot(*(side - b))
    rad = bow * length / float(np.hypot(*(end - start)))
    axes.add_patch(FancyArrowPatch(
        tuple(start), tuple(end), connectionstyle=f"arc3,rad={rad}", arrowstyle="-|>",
        mutation_scale=6, shrinkA=0, shrinkB=1, zorder=1, **look,
    ))  # fmt: skip
    # nearer to the start where arrows cross in the middle
    at = 0.27 if paired else 0.36
    spot = (1 - at) ** 2 * start + 2 * at * (1 - at) * side + at**2 * end
    _say(axes, spot, text)


def _beside(point: Any, a: Any, apart: Any) -> float:
    """Distance of a point from a segment."""
    share = float(np.clip((point - a) @ apart / (apart @ apart), 0, 1))
    return float(np.hypot(*(point - a - share * apart)))


def _loop(axes: Axes, centre: Any, away: Any, text: str, look: Any, ring: bool) -> None:
    """Draw a transition from a state to itself, on the side away from the others."""
    from matplotlib.patches import FancyArrowPatch

    turn = math.copysign(math.pi / 2, away[1] + 1e-9)
    if ring:
        turn = math.atan2(away[1], away[0])
    spread = 0.45
    start, end = (
        centre + RADIUS * np.array([math.cos(turn + d), math.sin(turn + d)])
        for d in (spread, -spread)
    )
    axes.add_patch(FancyArrowPatch(
        tuple(start), tuple(end), connectionstyle="arc3,rad=-1.5", arrowstyle="-|>",
        mutation_scale=6, shrinkA=0, shrinkB=1, zorder=1, **look,
    ))  # fmt: skip
    _say(
        axes,
        centre
        + np.array([0.75, 0.4]) * [math.cos(turn), math.sin(turn)]
        + RADIUS * np.array([math.cos(turn), math.sin(turn)]),
        text,
    )


def _say(axes: Axes, spot: Any, text: str) -> None:
    if text:
        axes.text(spot[0], spot[1], "\n".join(textwrap.wrap(text, 14)), fontsize=5.5, ha="center",
                  va="center", zorder=2, linespacing=0.95,
                  bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none"})  # fmt: skip


def _circle(axes: Axes, automaton: Automaton, s: int, centre: Any) -> None:
    from matplotlib.patches import Circle

    first = s == automaton.initial
    axes.add_patch(Circle(tuple(centre), RADIUS, fc="white", ec=GREEN if first else INK,
                          lw=1.6 if first else 0.9, zorder=3))  # fmt: skip
    if first:
        axes.add_patch(Circle(tuple(centre), RADIUS - 0.06, fc="none", ec=GREEN, lw=0.6, zorder=3))
    said = ", ".join(
        mixture(p[s], names)
        for p, names in zip(automaton.output, automaton.stage.actions, strict=True)
    )
    name, played = textwrap.wrap(automaton.states[s], 11), textwrap.wrap(said, 13)
    if said.replace(",", "") == automaton.states[s]:
        played = []
    elif len(played) > 3:  # of a mixture only that it is one
        played = ["mixed"]
    lines = len(name[:2]) + len(played)
    for k, text in enumerate([*name[:2], *played]):
        axes.text(centre[0], centre[1] + 0.19 * ((lines - 1) / 2 - k), text, fontsize=5.5,
                  ha="center", va="center", zorder=4, color=INK if k < len(name[:2]) else BLUE,
                  fontweight="bold" if k < len(name[:2]) else "normal")  # fmt: skip
