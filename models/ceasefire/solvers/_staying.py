"""A state that may stay: all its stationary equilibria, mixtures and values solved together.

Where the chance to stay depends on what is played, the value of the state is part of the equations:
``v_i = sum_a x(a) (c_i(a) + delta_i p(a) v_i)``, with ``c`` what a profile brings when the state
is left, the flow included. A value between two bounds is written as a mixture of them, so that all
conditions are polynomials without squares and the boxes of `ceasefire.solvers.several` serve.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers._stage_games import Stage
from ceasefire.solvers.several import System

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BOXES = 40_000
SUPPORTS = 4096  # profiles of supports attempted
MARGIN = 0.02  # bounds of a value reach this much past it, so that no value lies on them
GAIN = 1e-9  # largest gain, of the range of values, of what is kept


def solve(q: Floats, stay: Floats, discounts: Floats, sizes: tuple[int, ...]) -> Stage:
    """All stationary equilibria of one state.

    q (n_players, n_rows) holds what each profile brings where the state is left, flow included;
    stay (n_rows,) the chance that it stays. `Stage.worth` are the values, stays included.
    """
    movers = [i for i, k in enumerate(sizes) if k > 1]
    shape = tuple(sizes[i] for i in movers)
    one = _State(q.reshape(len(sizes), *shape), stay.reshape(shape), discounts, movers)
    found: list[list[Floats]] = []
    proven = True
    sets = [[s for size in range(1, k + 1) for s in combinations(range(k), size)] for k in shape]
    if np.prod([len(s) for s in sets], dtype=float) > SUPPORTS:
        sets, proven = [[(a,) for a in range(k)] for k in shape], False
    for support in product(*sets):
        if all(len(s) == 1 for s in support):
            roots, sure = [[np.ones(1)] * len(movers)], True
        else:
            roots, sure = one.system(support).solve(BOXES)
        proven = proven and sure
        for root in roots:
            profile = _spread(root[: len(movers)], support, shape)
            if one.gain(profile) <= GAIN and not _known(profile, found):
                found.append(profile)
    mixtures = np.ones((len(found), sum(sizes)))
    start = np.append(0, np.cumsum(sizes))
    for e, profile in enumerate(found):
        for i, x in zip(movers, profile, strict=True):
            mixtures[e, start[i] : start[i + 1]] = x
    worth = np.array([one.values(profile) for profile in found]).reshape(-1, len(sizes))
    return Stage(mixtures, worth, True, proven)


class _State:
    """What is left of a state: tables over the actions of those who choose."""

    def __init__(self, c: Floats, stay: Floats, discounts: Floats, movers: list[int]) -> None:
        self.c, self.stay, self.discounts, self.movers = c, stay, discounts, movers
        axes = tuple(range(1, c.ndim))
        alone = c / (1.0 - discounts[(slice(None), *[None] * (c.ndim - 1))] * stay)
        low, high = alone.min(axis=axes), alone.max(axis=axes)
        width = np.where(high - low > 1e-12 * np.abs(alone).max(axis=axes), high - low, 1.0)
        # a mean of ratios with weights in both parts lies between the ratios
        self.low, self.width = low - MARGIN * width, (1 + 2 * MARGIN) * width

    def system(self, support: Sequence[tuple[int, ...]]) -> System:
        """Conditions on mixtures over a support and on values, each value a mixture of bounds."""
        m = len(self.movers)
        equal: list[tuple[int, Floats]] = []
        below: list[tuple[int, Floats]] = []
        for j, i in enumerate(self.movers):
            ends = [self._gain(i, self.low[i]), self._gain(i, self.low[i] + self.width[i])]
            pair = np.stack(ends, axis=-1)  # axes: movers, then the bounds of i's value
            rows = np.moveaxis(pair, j, 0)
            others = [list(s) for k, s in enumerate(support) if k != j]
            rows = rows[np.ix_(range(rows.shape[0]), *others, range(2))]
            lead = rows.ndim - 1  # action of i and of the other movers
            shaped = rows.reshape(*rows.shape[:lead], *[2 if k == j else 1 for k in range(m)])
            full = np.broadcast_to(shaped, (*rows.shape[:lead], *[2] * m))
            for a in range(full.shape[0]):
                (equal if a in support[j] else below).append((j, np.array(full[a])))
        return System([*(len(s) for s in support), *[2] * m], equal, below)

    def _gain(self, i: int, value: float) -> Floats:
        """What each profile pays over a value of the state, in units of the width of values."""
        ahead = self.discounts[i] * self.stay * value
        return np.asarray((self.c[i] + ahead - value) / self.width[i])

    def values(self, profile: Sequence[Floats]) -> Floats:
        """Every player's value of the state under a profile."""
        left, stay = self.c, self.stay
        for x in reversed(profile):
            left, stay = left @ x, stay @ x
        return np.asarray(left / (1.0 - self.discounts * stay))

    def gain(self, profile: Sequence[Floats]) -> float:
        """The largest gain of one action against the profile, in widths of values."""
        worst, values = 0.0, self.values(profile)
        for j, i in enumerate(self.movers):
            table = self._gain(i, float(values[i]))
            for k in reversed(range(len(profile))):
                if k != j:
                    table = np.tensordot(table, profile[k], axes=([k], [0]))
            worst = max(worst, float(table.max()))
        return worst


def _spread(
    root: Sequence[Floats], support: Sequence[tuple[int, ...]], shape: Sequence[int]
) -> list[Floats]:
    profile = []
    for part, used, size in zip(root, support, shape, strict=True):
        whole = np.zeros(size)
        whole[list(used)] = np.maximum(part, 0.0)
        profile.append(whole / whole.sum())
    return profile


def _known(profile: list[Floats], found: list[list[Floats]]) -> bool:
    return any(
        all(np.allclose(a, b, rtol=0, atol=1e-7) for a, b in zip(profile, other, strict=True))
        for other in found
    )
