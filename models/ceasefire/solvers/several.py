"""All Nash equilibria of small games of three and more players, support by support."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.solvers.certificate import regret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ceasefire.games import NormalForm

    Floats = NDArray[np.float64]

METHOD = "support enumeration with interval Newton"
OUTSIDE = 0.0137  # boxes reach past [0, 1], so that no root lies on the edge of all of them
CUT = 0.4871  # where a box is halved: not where simple fractions lie
NARROW = 1e-4
AT_ONCE = 64
BOXES = 20_000  # in all; a box costs 0.1 to 2 ms
AFTERWARDS = 1_000  # in all once the list cannot be complete, and
EACH = 200  # in one profile of supports then
GLANCE = 1_000  # where no equilibrium can be isolated, to rule them out
CLOSE = 0.05  # width of a box from which Newton is tried there
RANK = 1e-12  # singular value, relative to the largest, that counts as zero
SLACK = 1e-11  # rounding of a bound, in payoff ranges


class Found(NamedTuple):
    """Profiles, and whether they are provably all equilibria of the game."""

    profiles: list[tuple[Floats, ...]]
    complete: bool


def supports(game: NormalForm, *, boxes: int = BOXES, many: int = 4096) -> Found:
    """Every equilibrium of a game, where they are finitely many and the game is small.

    For each profile of supports the conditions (equal payoffs inside, none better outside) are
    polynomials without squares. Boxes of strategies are thrown out where a bound has the wrong
    sign, proved to hold exactly one root by Krawczyk's test, or halved.

    Parameters
    ----------
    game : NormalForm
    boxes : int
        Most boxes examined, in all profiles of supports together. Small supports come first. Once
        one of them is not settled the list cannot be complete, and the others get less.
    many : int
        Most profiles of supports; a larger game is not attempted.

    Notes
    -----
    `complete` is False where boxes remain that are too narrow to halve: a continuum of equilibria
    or a double root; one equilibrium of each such support is kept where Newton finds it. So it is
    where the conditions' derivatives are singular everywhere (a player is indifferent whatever
    the others do, say): no equilibrium is isolated there, and boxes can only rule them out. Cost
    grows with the number of supports and with 2 to the power of the mixtures' dimension.
    Bounds are floats widened by ``SLACK``, not outward-rounded intervals.
    """
    sets = [_subsets(k) for k in game.shape]
    if np.prod([len(s) for s in sets], dtype=float) > many:
        return Found([], False)
    low = game.payoffs.reshape(game.n_players, -1).min(axis=1)
    width = np.where(game.payoff_range > 0, game.payoff_range, 1.0)
    tables = [(t - a) / w for t, a, w in zip(game.payoffs, low, width, strict=True)]
    found: list[tuple[Floats, ...]] = []
    flat = np.empty((0, sum(game.shape)))
    places: list[int] = []
    complete, left = True, boxes
    by_size = sorted(enumerate(product(*sets)), key=lambda s: sum(map(len, s[1])))
    for place, support in by_size:
        system = _conditions(tables, support)
        roots, proved = system.solve(left if complete else min(left, EACH))
        left -= system.examined
        if complete and not proved:
            complete, left = False, min(left, AFTERWARDS)
        for root in roots:
            profile = _spread(root, support, game.shape)
            gain = np.max(np.asarray(regret(game, profile), dtype=float) / width)
            x = np.concatenate(profile)
            known = np.any(np.max(np.abs(flat - x), axis=1) <= 1e-7)
            if gain <= 1e-9 and not known:
                found.append(profile)
                flat = np.vstack([flat, x])
                places.append(place)
    return Found([found[k] for k in np.argsort(places, kind="stable")], complete)


def _subsets(count: int) -> list[tuple[int, ...]]:
    every = range(count)
    return [s for size in range(1, count + 1) for s in combinations(every, size)]


def _spread(
    root: Sequence[Floats], support: Sequence[tuple[int, ...]], shape: Sequence[int]
) -> tuple[Floats, ...]:
    profile = []
    for part, used, size in zip(root, support, shape, strict=True):
        whole = np.zeros(size)
        whole[list(used)] = np.maximum(part, 0.0)
        profile.append(whole / whole.sum())
    return tuple(profile)


def _conditions(tables: Sequence[Floats], support: Sequence[tuple[int, ...]]) -> System:
    """The system of one profile of supports."""
    equal: list[tuple[int, Floats]] = []
    below: list[tuple[int, Floats]] = []
    for i, (table, used) in enumerate(zip(tables, support, strict=True)):
        others = [list(s) for j, s in enumerate(support) if j != i]
        rows = np.moveaxis(table, i, 0)[np.ix_(range(table.shape[i]), *others)]
        for a in range(table.shape[i]):
            if a in used[1:]:
                equal.append((i, rows[a] - rows[used[0]]))
            elif a not in used:
                below.append((i, rows[a] - rows[used[0]]))
    return System([len(s) for s in support], equal, below)


class System:
    """Polynomials without squares in mixtures, to be zero (`equal`) or at most zero (`below`).

    Each is a player with a table over the actions of all the others: its mean under their
    mixtures does not depend on the player's own. There are as many to be zero as free
    probabilities. Tables are of order one. `examined` counts the boxes of the last `solve`.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        equal: Sequence[tuple[int, Floats]],
        below: Sequence[tuple[int, Floats]],
    ) -> None:
        self.sizes, self.equal, self.below = list(sizes), list(equal), list(below)
        self.n = len(self.sizes)
        self.start = np.concatenate([[0], np.cumsum(self.sizes)])
        self.free = [(j, k) for j in range(self.n) for k in range(1, self.sizes[j])]
        self.examined = 0

    def solve(self, limit: int) -> tuple[list[list[Floats]], bool]:
        """All roots inside the support, and whether that is proved."""
        total = int(self.start[-1])
        many = np.repeat(self.sizes, self.sizes) > 1
        lo = np.where(many, -OUTSIDE, 1.0)[None]
        hi = np.where(many, 1 + OUTSIDE, 1.0)[None]
        roots: list[list[Floats]] = []
        if not self.free:
            return [[np.ones(1)] * self.n] if len(self._feasible(lo, hi)[0]) else [], True
        self.examined = 0
        if all(np.all(np.abs(table) <= SLACK) for _, table in self.equal):
            middle = 1 / np.repeat(np.asarray(self.sizes, dtype=float), self.sizes)
            if self._keeps(middle):
                return [list(np.split(middle, self.start[1:-1]))], False
        if limit < 1:
            return [], False
        if self._flat():
            return self._glance(lo, hi, min(limit, GLANCE))
        waiting = [(lo, hi)]
        while waiting:  # depth first, so that a continuum is met early
            lo, hi = waiting.pop()
            if len(lo) > AT_ONCE:
                waiting.append((lo[AT_ONCE:], hi[AT_ONCE:]))
                lo, hi = lo[:AT_ONCE], hi[:AT_ONCE]
            self.examined += len(lo)
            if self.examined > limit:
                return roots, False
            lo, hi = self._feasible(lo, hi)
            keep = []
            for k in range(len(lo)):
                verdict = self._examine(lo[k], hi[k], roots)
                if verdict == "narrow":
                    self._record(self._free(lo[k] + hi[k]) / 2, roots)
                    return roots, False
                if verdict == "halve":
                    keep.append(k)
            if keep:
                waiting.append(_halved(lo[keep], hi[keep], total))
        return roots, True

    def _flat(self) -> bool:
        """Whether the equations' derivatives are singular everywhere: at two points that tell."""
        for turn in (0.6180339887, 0.4142135624):
            x = 0.5 + np.arange(1, int(self.start[-1]) + 1) * turn % 1
            y = self._free(x / np.repeat(np.add.reduceat(x, self.start[:-1]), self.sizes))
            values = np.linalg.svd(self._slopes(*self._around(y, y))[0], compute_uv=False)
            if values[-1] > RANK * values[0]:
                return False
        return True

    def _glance(self, lo: Floats, hi: Floats, limit: int) -> tuple[list[list[Floats]], bool]:
        """One root where none can be isolated, or the proof that there is none."""
        total = int(self.start[-1])
        middle = self._free(1 / np.repeat(np.asarray(self.sizes, dtype=float), self.sizes))
        roots = self._near(middle)
        if roots:
            return roots, False
        waiting = [(lo, hi)]
        while waiting:
            lo, hi = waiting.pop()
            self.examined += len(lo)
            if self.examined > limit:
                return [], False
            lo, hi = self._feasible(lo, hi)
            if not len(lo):
                continue
            width = float(np.max(hi[0] - lo[0]))
            roots = self._near(self._free(lo[0] + hi[0]) / 2) if width < CLOSE else []
            if roots or width < NARROW:
                return roots, False
            waiting.extend((a[None], b[None]) for a, b in zip(*_halved(lo, hi, total), strict=True))
        return [], True

    def _near(self, y: Floats) -> list[list[Floats]]:
        """The root that Newton reaches from a point, where it keeps every condition."""
        roots: list[list[Floats]] = []
        self._record(y, roots)
        return [root for root in roots if self._keeps(np.concatenate(root))]

    def _keeps(self, x: Floats) -> bool:
        """Whether mixtures keep every condition, up to rounding."""
        return len(self._feasible(x[None] - SLACK / 10, x[None] + SLACK / 10)[0]) > 0

    def _free(self, x: Floats) -> Floats:
        """The free probabilities of all."""
        return x[[int(self.start[j]) + k for j, k in self.free]]

    def _feasible(self, lo: Floats, hi: Floats) -> tuple[Floats, Floats]:
        """Boxes that distributions meet and in which no condition is certainly broken."""
        lo, hi = lo.copy(), hi.copy()
        good = np.ones(len(lo), dtype=bool)
        for a, b in zip(self.start, self.start[1:], strict=False):
            if b - a == 1:
                continue
            rest_hi, rest_lo = hi[:, a:b].sum(axis=1), lo[:, a:b].sum(axis=1)
            new_lo = 1 - (rest_hi[:, None] - hi[:, a:b])
            new_hi = 1 - (rest_lo[:, None] - lo[:, a:b])
            lo[:, a:b] = np.maximum(lo[:, a:b], new_lo)
            hi[:, a:b] = np.minimum(hi[:, a:b], new_hi)
            good &= np.all(lo[:, a:b] <= hi[:, a:b], axis=1)
        lo, hi = lo[good], hi[good]
        for conditions, both in ((self.equal, True), (self.below, False)):
            for i, table in conditions:
                if not len(lo):
                    return lo, hi
                low, high = self._bounds(table, [j for j in range(self.n) if j != i], lo, hi)
                good = low <= SLACK
                if both:
                    good &= high >= -SLACK
                lo, hi = lo[good], hi[good]
        return lo, hi

    def _bounds(
        self, table: Floats, players: Sequence[int], lo: Floats, hi: Floats
    ) -> tuple[Floats, Floats]:
        """Least and largest expected value of `table` over each box, players' axes in order."""
        low = high = np.broadcast_to(table, (len(lo), *table.shape))
        for j in reversed(players):
            a, b = self.start[j], self.start[j + 1]
            least = lo[:, a:b].reshape(len(lo), *([1] * (low.ndim - 2)), b - a)
            most = hi[:, a:b].reshape(least.shape)
            low, high = -_most(-low, least, most), _most(high, least, most)
        return low, high

    def _slopes(self, lo: Floats, hi: Floats) -> tuple[Floats, Floats]:
        """Bounds of the equations' derivatives by the free probabilities, (n, n)."""
        size = len(self.equal)
        low, high = np.zeros((size, size)), np.zeros((size, size))
        for row, (i, table) in enumerate(self.equal):
            others = [j for j in range(self.n) if j != i]
            for column, (j, k) in enumerate(self.free):
                if j == i:
                    continue
                at = others.index(j)
                change = np.take(table, k, axis=at) - np.take(table, 0, axis=at)
                rest = [o for o in others if o != j]
                a, b = self._bounds(change, rest, lo[None], hi[None])
                low[row, column], high[row, column] = a[0], b[0]
        return low, high

    def _values(self, x: Floats) -> Floats:
        parts = [x[a:b] for a, b in zip(self.start, self.start[1:], strict=False)]
        result = np.empty(len(self.equal))
        for row, (i, table) in enumerate(self.equal):
            value = table
            for j in reversed([j for j in range(self.n) if j != i]):
                value = value @ parts[j]
            result[row] = value
        return result

    def _full(self, y: Floats) -> Floats:
        """All probabilities from the free ones."""
        x = np.ones(int(self.start[-1]))
        for (j, k), p in zip(self.free, y, strict=True):
            x[self.start[j] + k] = p
            x[self.start[j]] -= p
        return x

    def _examine(self, lo: Floats, hi: Floats, roots: list[list[Floats]]) -> str:
        """Krawczyk's test, repeated while it shrinks the box: "done", "halve" or "narrow"."""
        index = [int(self.start[j]) + k for j, k in self.free]
        a, b = lo[index], hi[index]
        if np.max(hi - lo) > 0.3:
            return "halve"
        for _ in range(12):
            middle = (a + b) / 2
            edge_lo, edge_hi = self._around(a, b)
            low, high = self._slopes(edge_lo, edge_hi)
            try:
                Y = np.linalg.inv((low + high) / 2)
            except np.linalg.LinAlgError:
                break
            spread = np.abs(Y) @ ((high - low) / 2) + np.abs(
                np.eye(len(a)) - Y @ ((low + high) / 2)
            )
            centre = middle - Y @ self._values(self._full(middle))
            reach = spread @ ((b - a) / 2) + SLACK
            if np.any(centre + reach < a) or np.any(centre - reach > b):
                return "done"
            if np.all(centre - reach > a) and np.all(centre + reach < b):
                self._record(centre, roots)
                return "done"
            new_a, new_b = np.maximum(a, centre - reach), np.minimum(b, centre + reach)
            if np.max(new_b - new_a) > 0.9 * np.max(b - a):
                break
            a, b = new_a, new_b
        return "narrow" if np.max(hi - lo) < NARROW else "halve"

    def _around(self, a: Floats, b: Floats) -> tuple[Floats, Floats]:
        lo, hi = np.ones(int(self.start[-1])), np.ones(int(self.start[-1]))
        for (j, k), low, high in zip(self.free, a, b, strict=True):
            lo[self.start[j] + k], hi[self.start[j] + k] = low, high
            lo[self.start[j]] -= high
            hi[self.start[j]] -= low
        return lo, hi

    def _record(self, y: Floats, roots: list[list[Floats]]) -> None:
        for _ in range(30):
            edges = self._around(y, y)
            low, _ = self._slopes(*edges)
            move = np.linalg.lstsq(low, self._values(self._full(y)), rcond=1e-9)[0]
            y = y - move
            if np.max(np.abs(move)) < 1e-15:
                break
        x = self._full(y)
        if np.all(x > 1e-10):  # else a smaller support's
            roots.append([x[p:q] for p, q in zip(self.start, self.start[1:], strict=False)])


def _most(c: Floats, lo: Floats, hi: Floats) -> Floats:
    """Largest ``sum c p`` over the last axis, lo <= p <= hi, sum p = 1: fill the dearest first."""
    size = c.shape[-1]
    if size == 1:
        return c[..., 0]
    if size == 2:
        one, two = c[..., 0], c[..., 1]
        most, least = np.minimum(hi[..., 0], 1 - lo[..., 1]), np.maximum(lo[..., 0], 1 - hi[..., 1])
        return np.asarray(two + (one - two) * np.where(one >= two, most, least))
    flat = c.reshape(-1, size)
    row, order = np.arange(len(flat))[:, None], np.argsort(-flat, axis=-1)
    low = np.broadcast_to(lo, c.shape).reshape(-1, size)[row, order]
    room = np.broadcast_to(hi - lo, c.shape).reshape(-1, size)[row, order]
    left = 1 - low.sum(axis=-1, keepdims=True)
    extra = np.clip(left - (np.cumsum(room, axis=-1) - room), 0.0, room)
    return np.asarray(((low + extra) * flat[row, order]).sum(axis=-1)).reshape(c.shape[:-1])


def _halved(lo: Floats, hi: Floats, total: int) -> tuple[Floats, Floats]:
    if not len(lo):
        return lo.reshape(0, total), hi.reshape(0, total)
    every = np.arange(len(lo))
    widest = np.argmax(hi - lo, axis=1)
    at = lo[every, widest] + CUT * (hi - lo)[every, widest]
    left_hi, right_lo = hi.copy(), lo.copy()
    left_hi[every, widest] = at
    right_lo[every, widest] = at
    return np.concatenate([lo, right_lo]), np.concatenate([left_hi, hi])
