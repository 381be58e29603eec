"""The agent logit curve of a tree: conditional payoffs, and slopes that follow the tree."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from ceasefire.solvers._kernels import agents, sparse_lu
from ceasefire.solvers._layout import chance, layout
from ceasefire.solvers._logit_curve import Slopes
from ceasefire.solvers.tree_certificate import counted_from_lowest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import ExtensiveForm

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class _Pattern(NamedTuple):
    """Where the linearised equations have entries, in an order of little fill; fixed for a tree.

    `unknowns`: that of each log-odds (N,), node's payoffs (n, players), node's reach (n,), and
    set's mean log-odds (sets,), -1 none; and how many there are. `slot`: where each entry that the
    kernel lists is added in the compressed columns `start`, `row`, of which the last is the slope
    in the precision. `at` (n_odds + 1,): the column of each log-odds and of the precision.
    """

    unknowns: tuple[Ints, Ints, Ints, Ints, int]
    slot: Ints
    start: Ints
    row: Ints
    at: Ints


class TreeCurve:
    """Zeros of ``y - l (u_a - u_first)`` in the log-odds y of each set against its first action.

    u is the payoff of an action once its set is reached. Its derivative is dense in y: all moves
    above a set shift the beliefs in it, all below shift what its actions pay. With payoffs at nodes
    and logs of reach as unknowns beside y it has a few entries a node, and is factored as it is.
    """

    def __init__(self, tree: ExtensiveForm, unit: float) -> None:
        plan = layout(tree)
        self.tree, self.bounds = tree, tree.infoset_start
        self.ends = counted_from_lowest(tree)[1] / unit
        self.start = np.zeros(int(self.bounds[-1]) - tree.n_infosets)
        self._where = (tree.parent, tree.player, plan.place, tree.infoset)
        self._play = (*self._where, plan.root_of, chance(tree), self.ends, self.bounds)
        self._seen: Floats | None = None
        self._state: tuple[Any, ...] = ()

    def log(self, point: Floats) -> Floats:
        """Log-probabilities of all actions, (n_actions,)."""
        return np.asarray(agents.log_probabilities(self.bounds, point))

    def miss(self, point: Floats) -> Floats:
        """Distance of each log-odds from `l` times the payoff difference, over ``1 + l``."""
        return np.asarray(self._at(point)[0])

    def slopes(self, point: Floats, fixed: int) -> Slopes:
        """Slopes factored over the tree, with one log-odds or the precision held fixed."""
        if not len(self.start):
            return Slopes(lambda _: np.zeros(1), lambda: np.ones(1), 1.0, fixed)
        map_ = self._pattern
        entries = self._entries(map_.unknowns, point)[2]
        values = np.bincount(map_.slot, entries, minlength=len(map_.row))
        size, spot = len(map_.start) - 2, map_.at[fixed]
        sign, factors = sparse_lu.factor(map_.start, map_.row, values, spot)

        def solved(right: Floats, held: float) -> Floats:
            return np.asarray(sparse_lu.solve(factors, spot, right, held)[map_.at])

        def move(value: Floats) -> Floats:
            right = np.zeros(size)
            right[map_.at[:-1]] = value
            return solved(right, 0.0)

        def tangent() -> Floats:
            right = np.zeros(size)
            cut = slice(map_.start[spot], map_.start[spot + 1])
            right[map_.row[cut]] = -values[cut]
            return solved(right, 1.0)

        return Slopes(move, tangent, sign if (size + spot) % 2 == 0 else -sign, fixed)

    def _at(self, point: Floats) -> tuple[Any, ...]:
        """The miss, and all that the slopes need."""
        if self._seen is not point:
            self._seen, self._state = point, agents.state(*self._play, point)
        return self._state

    def _entries(
        self, unknowns: tuple[Ints, Ints, Ints, Ints, int], point: Floats
    ) -> tuple[Ints, Ints, Floats]:
        state = self._at(point)[1:]
        given: Any = (*self._where, self.bounds, *unknowns, float(point[-1]), *state)
        count, rows, columns, entries = agents.linearised(*given)
        return rows[:count], columns[:count], entries[:count]

    @cached_property
    def _pattern(self) -> _Pattern:
        known = vars(self.tree).get("_agents")  # kept with the tree, as its layout is
        if known is not None:
            return cast("_Pattern", known)
        tree = self.tree
        unknowns = agents.unknowns(
            tree.parent, tree.player, tree.infoset, layout(tree).root_of, self.bounds,
            tree.n_players,
        )  # fmt: skip
        size = unknowns[-1]
        rows, columns, _ = self._entries(unknowns, np.append(self.start, 1.0))
        rank = np.append(_order(rows, columns, size), size)
        cells, slot = np.unique(rank[columns] * size + rank[rows], return_inverse=True)
        start = np.searchsorted(cells, np.arange(size + 2) * size)
        at = rank[np.append(np.arange(len(self.start)), size)]
        found = _Pattern(unknowns, slot, start, cells % size, at)
        vars(tree)["_agents"] = found
        return found


def _order(rows: Ints, columns: Ints, size: int) -> Ints:
    """Rank of each unknown in the elimination: of two common orders, that of the smaller fill."""
    from scipy.sparse import csc_matrix
    from scipy.sparse.linalg import splu

    square = columns < size
    rows, columns = rows[square], columns[square]
    # the fill depends on the pattern: any regular matrix of it will do
    entries = np.where(rows == columns, 4.0, np.cos(np.arange(len(rows))))
    matrix = csc_matrix((entries, (rows, columns)), shape=(size, size))
    best: list[tuple[int, Ints]] = []
    orders: tuple[Any, ...] = (("COLAMD", False), ("MMD_AT_PLUS_A", True))
    for name, symmetric in orders:
        factors = splu(matrix, permc_spec=name, options={"SymmetricMode": symmetric})
        best.append((factors.nnz, np.asarray(factors.perm_c, dtype=np.int64)))
    return min(best, key=lambda pair: pair[0])[1]
