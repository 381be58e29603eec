"""Payoff sets with transfers: a simplex, found by comparing profiles (Goldluecke and Kranz)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.solvers.sets import PayoffSet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import NormalForm, RepeatedGame

METHOD = "optimal simple equilibria with transfers (Goldluecke and Kranz 2012)"


@dataclass(frozen=True, eq=False)
class SimplePath(Displayed):
    """An optimal simple equilibrium with transfers, and how firmly it holds.

    Attributes
    ----------
    path : tuple of int
        The profile played on the path, for ever.
    punishments : tuple of tuple of int
        For each player the profile played once when it is punished, before the path again.
    joint : Fraction
        Joint payoff of the path, utils a day.
    threat : tuple of Fraction
        What each player is left with when punished.
    slack : Fraction
        The least of ``delta (joint - sum of threats) - (1 - delta) sum of deviation gains`` over
        the profiles above, utils; not negative.
    """

    path: tuple[int, ...]
    punishments: tuple[tuple[int, ...], ...]
    joint: Fraction
    threat: tuple[Fraction, ...]
    slack: Fraction

    @property
    def holds(self) -> bool:
        """Whether every profile used can be enforced."""
        return self.slack >= 0


def solve(game: RepeatedGame) -> PayoffSet:
    """Return ``{v : v_i >= p_i, sum v <= U}``; decided in fractions.

    ``A(U, p) = {a : (1 - delta) sum_i gain_i(a) <= delta (U - sum p)}`` are the profiles that can
    be enforced; ``U = max_A joint`` and ``p_i = min_A max_b u_i(b, a_-i)``, iterated from above:
    each step drops profiles for good, so that at most n_profiles steps reach the largest
    fixed point.
    """
    table = game.stage.exact_payoffs
    best = np.stack([table[i].max(axis=i, keepdims=True) + 0 * table[i] for i in range(len(table))])
    gains, joint = (best - table).sum(axis=0), table.sum(axis=0)
    delta = game.exact_discount
    kept = np.ones(game.stage.shape, dtype=bool)
    for step in range(kept.size + 1):
        if not kept.any():
            return empty(game, step)
        top, threat = joint[kept].max(), [b[kept].min() for b in best]
        allowed = kept & ((1 - delta) * gains <= delta * (top - sum(threat))).astype(bool)
        if (allowed == kept).all():
            break
        kept = allowed
    path = first(kept, joint == top)
    punishments = tuple(first(kept, b == p) for b, p in zip(best, threat, strict=True))
    return simplex(game, certified(game.stage, delta, path, punishments), step)


def first(kept: NDArray[np.bool_], wanted: NDArray[Any]) -> tuple[int, ...]:
    """The first profile, in lexical order, that is kept and wanted."""
    return tuple(int(k) for k in np.argwhere(kept & wanted.astype(bool))[0])


def certified(
    stage: NormalForm,
    delta: Fraction,
    path: tuple[int, ...],
    punishments: tuple[tuple[int, ...], ...],
) -> SimplePath:
    """Recompute threats and slack of a simple path from the payoffs alone."""
    u = stage.exact_payoffs

    def deviation(player: int, cell: tuple[int, ...]) -> Fraction:
        row = tuple(slice(None) if j == player else a for j, a in enumerate(cell))
        return Fraction(max(u[player][row]))

    players = range(stage.n_players)
    joint = Fraction(sum(u[i][path] for i in players))
    threat = tuple(deviation(i, punishments[i]) for i in players)
    surplus = delta * (joint - sum(threat))
    slack = min(
        surplus - (1 - delta) * sum(deviation(i, cell) - u[i][cell] for i in players)
        for cell in (path, *punishments)
    )
    return SimplePath(path, punishments, joint, threat, Fraction(slack))


def simplex(game: RepeatedGame, found: SimplePath, step: int) -> PayoffSet:
    """The payoff set that a simple path spans: the threat point, and all surplus to one player."""
    n = game.n_players
    surplus = found.joint - sum(found.threat)
    corners = [list(found.threat)]
    if surplus > 0:
        corners += [[t + surplus * (i == j) for j, t in enumerate(found.threat)] for i in range(n)]
    exact = np.array(corners, dtype=object)
    points = exact.astype(float)
    labels = game.stage.actions
    names = [tuple(labels[i][a] for i, a in enumerate(c)) for c in (found.path, *found.punishments)]
    return PayoffSet(
        game=game, vertices=points, outer=points, inner=points, gap=0.0,
        threat=points[0], exact=True, method=METHOD, iterations=step, transfers=True,
        certificate=found,
        detail={"path": names[0], "punishments": names[1:], "exact_vertices": exact},
    )  # fmt: skip


def empty(game: RepeatedGame, step: int) -> PayoffSet:
    """No profile can be enforced."""
    none = np.empty((0, game.n_players))
    return PayoffSet(
        game=game, vertices=none, outer=none, inner=none, gap=0.0,
        threat=np.full(game.n_players, np.nan), exact=True, method=METHOD, iterations=step,
        transfers=True,
    )  # fmt: skip
