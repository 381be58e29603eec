"""The logit curve of a game in normal form, from equal mixing or from a prior."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg.lapack import dgetrf, dgetrs

from ceasefire.solvers._logit_curve import Slopes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import NormalForm

    Floats = NDArray[np.float64]


class TableCurve:
    """Zeros of ``y - y0 - l (u_a - u_first)`` in the log-odds y of each player's actions.

    u is an action's payoff against the others' mixing; y0 are the log-odds of the prior.
    """

    def __init__(self, game: NormalForm, unit: float, prior: Floats | None = None) -> None:
        if game.is_exact:
            exact = game.exact_payoffs
            self.tables = [np.asarray((t - min(t.flat)).astype(float) / unit) for t in exact]
        else:
            self.tables = [(t - t.min()) / unit for t in game.payoffs]
        self.bounds = np.concatenate([[0], np.cumsum(game.shape)])
        self.base = np.repeat(self.bounds[:-1], game.shape)
        self.free = np.flatnonzero(self.base != np.arange(len(self.base)))
        self.owner = np.repeat(np.arange(len(game.shape)), game.shape)
        log = np.zeros(len(self.base)) if prior is None else np.log(prior)
        self.start = (log - log[self.base])[self.free]

    def cut(self, x: Floats) -> list[Floats]:
        """One array a player."""
        return np.split(x, self.bounds[1:-1])

    def log(self, point: Floats) -> Floats:
        """Log-probabilities of all actions, (n_actions,)."""
        odds = np.zeros(len(self.base))
        odds[self.free] = point[:-1]
        odds -= np.maximum.reduceat(odds, self.bounds[:-1])[self.owner]
        total = np.add.reduceat(np.exp(odds), self.bounds[:-1])
        return np.asarray(odds - np.log(total)[self.owner])

    def miss(self, point: Floats) -> Floats:
        """Distance of each log-odds from the prior's and `l` times the payoff difference."""
        u = utility(self, np.exp(self.log(point)))[0]
        advantage = (u - u[self.base])[self.free]
        return np.asarray((point[:-1] - self.start - point[-1] * advantage) / (1.0 + point[-1]))

    def slopes(self, point: Floats, fixed: int) -> Slopes:
        """Slopes as a dense matrix, factored with one coordinate held fixed."""
        x, level, n = np.exp(self.log(point)), float(point[-1]), len(self.start)
        u, slope = utility(self, x)
        slope *= x  # a log-odds raises its action and lowers the others of its player
        slope -= np.add.reduceat(slope, self.bounds[:-1], axis=1)[:, self.owner] * x
        if n == 0:
            return Slopes(lambda _: np.zeros(1), lambda: np.ones(1), 1.0, fixed)
        matrix = np.empty((n, n + 1))
        matrix[:, :n] = -level * (slope - slope[self.base])[np.ix_(self.free, self.free)]
        matrix[:, :n][np.diag_indices(n)] += 1.0
        matrix[:, n] = (u[self.base] - u)[self.free]
        matrix /= 1.0 + level
        column = matrix[:, fixed].copy()
        matrix[:, fixed] = matrix[:, n]
        factors, pivots, _ = dgetrf(matrix[:, :n])
        swaps = np.count_nonzero(pivots != np.arange(n)) + (fixed < n)
        odd = (swaps + np.count_nonzero(np.diag(factors) < 0)) % 2
        bare = np.diag(factors) == 0  # exactly singular: the next correction is no worse for it
        factors[bare, bare] = np.finfo(float).eps

        def solved(right: Floats, held: float) -> Floats:
            z = np.append(dgetrs(factors, pivots, right)[0], held)
            z[n], z[fixed] = z[fixed], z[n]
            return z

        sense = -1.0 if odd else 1.0
        return Slopes(lambda value: solved(value, 0.0), lambda: solved(-column, 1.0), sense, fixed)


def utility(curve: TableCurve, x: Floats) -> tuple[Floats, Floats]:
    """Payoff of each action, and its derivative by every other player's probabilities."""
    parts, bounds = curve.cut(x), curve.bounds
    n, size = len(parts), len(x)
    u, slope = np.empty(size), np.zeros((size, size))
    for i in range(n):
        own = slice(bounds[i], bounds[i + 1])
        for j in [k for k in range(n) if k != i] or [i]:
            table = curve.tables[i]
            for k in reversed(range(n)):
                if k not in (i, j):
                    table = np.tensordot(table, parts[k], axes=([k], [0]))
            if i == j:
                u[own] = table
                continue
            pair = table if i < j else table.T
            slope[own, bounds[j] : bounds[j + 1]] = pair
            u[own] = pair @ parts[j]
    return u, slope
