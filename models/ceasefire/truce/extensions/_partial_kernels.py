"""Compiled backward induction with partial batches, exact in the belief.

A day has two branches, the whole batch and the part, each with its own next node and its own
critical posteriors: the field command weighs either against holding back, which is worth the
same under any belief. Types differ in what they can produce, so a delivery that every able
captor makes multiplies the odds of a dealer by a known factor of the day. Hence one pass down
the nodes gives all beliefs and one pass up gives all values; nothing is interpolated.

The day's arithmetic repeats that of the base model's kernels, since numba's cache does not see
changes in another file.
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from ceasefire.tolerances import ROOT_XTOL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.fields import Parameters

DAY, WINDOW = 0, 1
WHOLE, PART = 0, 1
MAX_ROOTS = 16
MAX_KINKS = 64
MAX_ROOT_STEPS = 200
UNREACHED = -1.0
OWN, SURE = -1, -2
# Rows of a sweep's output; the first eight are the base model's.
Y, UD, UO, FIRST_Y, FIRST_UD, FIRST_UO, DELIVER, POSTERIOR, HAND_PART, SHORT_POSTERIOR = range(10)
N_ROWS = 10


class PartialNodes(NamedTuple):
    """One line of play: arrays over nodes, successors before predecessors.

    Arrays that start with a 2 hold the whole batch and the part. `next[1]` is -1 where a
    shortfall would be a miss; `dealer` and `opportunist` are chances to be able to produce.
    """

    kind: NDArray[np.int64]
    held: NDArray[np.float64]
    used: NDArray[np.int64]
    left: NDArray[np.int64]
    short_day: NDArray[np.int64]
    offers: NDArray[np.int64]
    n_offers: NDArray[np.int64]
    next: NDArray[np.int64]
    size: NDArray[np.float64]
    loss: NDArray[np.float64]
    dealer: NDArray[np.float64]
    opportunist: NDArray[np.float64]
    news: NDArray[np.float64]
    cost: NDArray[np.float64]
    captor_after_miss: NDArray[np.float64]
    pauser_after_miss: NDArray[np.float64]
    roots: NDArray[np.float64]
    n_roots: NDArray[np.int64]
    at_root: NDArray[np.float64]
    at_one: NDArray[np.float64]
    gain_at_one: NDArray[np.float64]
    jumps: NDArray[np.int64]


@njit(cache=True, inline="always")
def sigmoid(z: float) -> float:
    if z >= 0.0:
        return 1.0 / (1.0 + exp(-z))
    e = exp(z)
    return e / (1.0 + e)


@njit(cache=True, inline="always")
def shift(mu: float, news: float) -> float:
    """Belief whose odds are `news` times those of `mu`; 0 where nothing tells."""
    if news == 1.0:
        return mu
    up = mu * news
    total = up + (1.0 - mu)
    return up / total if total > 0.0 else 0.0


@njit(cache=True)
def spread(line: PartialNodes, start: int, mu: float, belief: np.ndarray) -> None:
    """Beliefs at all nodes behind `start` if every able captor delivers on the way."""
    belief[: start + 1] = UNREACHED
    belief[start] = mu
    for node in range(start, -1, -1):
        here = belief[node]
        if here < 0.0:
            continue
        if line.kind[node] == DAY:
            for branch in range(2):
                if line.next[branch, node] >= 0:
                    belief[line.next[branch, node]] = shift(here, line.news[branch, node])
        else:
            for e in range(1, line.n_offers[node] + 1):
                belief[line.offers[node, e]] = here


@njit(cache=True, inline="always")
def delivery_gain(
    p: Parameters, line: PartialNodes, branch: int, node: int, honest: float
) -> float:
    """Opportunist's gain from delivering over holding back, when that leads to `honest`."""
    loss: float = line.loss[branch, node]
    after_miss: float = line.captor_after_miss[node]
    return -loss + (1.0 - p.beta) * (honest - after_miss)


@njit(cache=True, inline="always")
def _answer(
    line: PartialNodes, branch: int, node: int, after: float, gain: float
) -> tuple[float, float, int]:
    """(chance of delivering, posterior, whose values); `after` is the posterior if all deliver."""
    if after <= 0.0:
        return (1.0 if gain >= 0.0 else 0.0), 0.0, OWN
    if gain >= 0.0:
        return 1.0, after, OWN
    if line.gain_at_one[branch, node] <= 0.0:
        return 0.0, 1.0, SURE
    for i in range(line.n_roots[branch, node]):
        root = line.roots[branch, node, i]
        if root > after:
            return after * (1.0 - root) / ((1.0 - after) * root), root, i
    return 1.0, after, OWN  # within rounding above the last root, where the gain is zero


@njit(cache=True, inline="always")
def _sweep_day(
    p: Parameters, line: PartialNodes, node: int, belief: np.ndarray, out: np.ndarray
) -> None:
    mu = belief[node]
    live = 1.0 - p.beta
    miss = -line.cost[node] + live * line.pauser_after_miss[node]
    hold = p.g + live * line.captor_after_miss[node]
    able = able_d = able_o = y = u_d = u_o = 0.0
    out[HAND_PART, node] = 0.0
    out[SHORT_POSTERIOR, node] = 0.0
    for branch in range(2):
        nxt = line.next[branch, node]
        if nxt < 0:
            continue
        gain = delivery_gain(p, line, branch, node, out[UO, nxt])
        deliver, posterior, where = _answer(line, branch, node, belief[nxt], gain)
        y_next, ud_next, uo_next = out[Y, nxt], out[UD, nxt], out[UO, nxt]
        if where == SURE:
            y_next = line.at_one[branch, 0, node]
            ud_next = line.at_one[branch, 1, node]
            uo_next = line.at_one[branch, 2, node]
        elif where >= 0:
            y_next = line.at_root[branch, 0, node, where]
            ud_next = line.at_root[branch, 1, node, where]
            uo_next = line.at_root[branch, 2, node, where]
        d, o = line.dealer[branch, node], line.opportunist[branch, node]
        drawn = mu * d + (1.0 - mu) * o
        kept = mu * d + (1.0 - mu) * o * deliver
        able += drawn
        able_d += d
        able_o += o
        y += kept * (p.v * line.size[branch, node] + live * y_next) - drawn * line.cost[node]
        y += (drawn - kept) * live * line.pauser_after_miss[node]
        u_d += d * (p.g - line.loss[branch, node] + live * ud_next)
        gain = delivery_gain(p, line, branch, node, uo_next)
        u_o += o * (hold + max(0.0, gain))
        out[DELIVER + 2 * branch, node] = deliver
        out[POSTERIOR + 2 * branch, node] = posterior
    out[FIRST_Y, node] = y
    out[FIRST_UD, node] = u_d
    out[FIRST_UO, node] = u_o
    value = y + (1.0 - able) * miss
    gap = (value + p.kappa) / p.s
    stay = sigmoid(gap)
    out[Y, node] = max(value, -p.kappa) + p.s * (log1p(exp(-abs(gap))) - log(2.0))
    out[UD, node] = stay * (u_d + (1.0 - able_d) * hold)
    out[UO, node] = stay * (u_o + (1.0 - able_o) * hold)


@njit(cache=True, inline="always")
def _sweep_window(p: Parameters, line: PartialNodes, node: int, out: np.ndarray) -> None:
    n = line.n_offers[node]
    best = 0.0
    for e in range(1, n + 1):
        day = line.offers[node, e]
        best = max(best, sigmoid(out[FIRST_UD, day] / p.s_C) * out[FIRST_Y, day])
    total = exp(-best / p.s)
    u_d = 0.0
    u_o = 0.0
    for e in range(1, n + 1):
        day = line.offers[node, e]
        accept = sigmoid(out[FIRST_UD, day] / p.s_C)
        weight = exp((accept * out[FIRST_Y, day] - best) / p.s)
        total += weight
        u_d += weight * accept * out[FIRST_UD, day]
        u_o += weight * accept * out[FIRST_UO, day]
    through = 1.0 - p.chi
    out[Y, node] = through * (best + p.s * (log(total) - log(1.0 + n)))
    out[UD, node] = through * u_d / total
    out[UO, node] = through * u_o / total


@njit(cache=True)
def sweep(
    p: Parameters, line: PartialNodes, start: int, mu: float, belief: np.ndarray, out: np.ndarray
) -> None:
    """Fill the columns of `out` (N_ROWS, nodes) behind `start` at belief `mu`; exact."""
    spread(line, start, mu, belief)
    for node in range(start + 1):
        if belief[node] < 0.0:
            continue
        if line.kind[node] == DAY:
            _sweep_day(p, line, node, belief, out)
        else:
            _sweep_window(p, line, node, out)


@njit(cache=True)
def _gain_at(
    p: Parameters,
    line: PartialNodes,
    branch: int,
    node: int,
    mu: float,
    belief: np.ndarray,
    out: np.ndarray,
) -> float:
    nxt = line.next[branch, node]
    sweep(p, line, nxt, mu, belief, out)
    return delivery_gain(p, line, branch, node, out[UO, nxt])


@njit(cache=True)
def _refine(
    p: Parameters,
    line: PartialNodes,
    branch: int,
    node: int,
    bracket: np.ndarray,
    belief: np.ndarray,
    out: np.ndarray,
) -> tuple[float, float]:
    """Root of the gain between bracket[0] and [1] by Chandrupatla's method: (root, residual)."""
    a, b, fa, fb = bracket
    c, fc = a, fa
    t = 0.5
    best, f_best = a, fa
    for _ in range(MAX_ROOT_STEPS):
        x = a + t * (b - a)
        f = _gain_at(p, line, branch, node, x, belief, out)
        if (f >= 0.0) == (fa >= 0.0):
            c, fc = a, fa
        else:
            c, fc, b, fb = b, fb, a, fa
        a, fa = x, f
        best, f_best = (a, fa) if abs(fa) < abs(fb) else (b, fb)
        width = abs(b - a)
        if f_best == 0.0 or width <= 2.0 * ROOT_XTOL * abs(best):
            return best, f_best
        floor = ROOT_XTOL * abs(best) / width
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        t = 0.5
        if phi * phi < xi and (1.0 - phi) ** 2 < 1.0 - xi:
            t = fa / (fb - fa) * fc / (fb - fc)
            t += (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        t = min(max(t, floor), 1.0 - floor)
    return best, f_best


@njit(cache=True)
def _kinks(line: PartialNodes, start: int, belief: np.ndarray, into: np.ndarray) -> int:
    """Beliefs at `start` under which some day behind it just reaches a root of its own."""
    count = 0
    spread(line, start, 0.5, belief)
    for node in range(start, -1, -1):
        if belief[node] < 0.0 or line.kind[node] != DAY:
            continue
        for branch in range(2):
            if line.next[branch, node] < 0:
                continue
            after = shift(belief[node], line.news[branch, node])
            for i in range(line.n_roots[branch, node]):
                if count < into.size and 0.0 < after < 1.0:
                    root = line.roots[branch, node, i]
                    into[count] = shift(root, (1.0 - after) / after)
                    count += 1
    return count


@njit(cache=True)
def _store_root(
    p: Parameters,
    line: PartialNodes,
    branch: int,
    node: int,
    root: float,
    belief: np.ndarray,
    out: np.ndarray,
) -> None:
    i = line.n_roots[branch, node]
    nxt = line.next[branch, node]
    sweep(p, line, nxt, root, belief, out)
    line.roots[branch, node, i] = root
    for row in range(3):
        line.at_root[branch, row, node, i] = out[row, nxt]
    line.n_roots[branch, node] = i + 1


@njit(cache=True)
def _solve_branch(
    p: Parameters,
    line: PartialNodes,
    branch: int,
    node: int,
    grid: np.ndarray,
    jump_tolerance: float,
    belief: np.ndarray,
    out: np.ndarray,
) -> bool:
    """Find a branch's critical posteriors. False where there are more than MAX_ROOTS."""
    nxt = line.next[branch, node]
    line.gain_at_one[branch, node] = _gain_at(p, line, branch, node, 1.0, belief, out)
    for row in range(3):
        line.at_one[branch, row, node] = out[row, nxt]
    extra = np.empty(MAX_KINKS)
    n_extra = _kinks(line, nxt, belief, extra)
    mus = np.sort(np.concatenate((grid, extra[:n_extra])))
    gains = np.empty(mus.size)
    for i in range(mus.size):
        gains[i] = _gain_at(p, line, branch, node, mus[i], belief, out)
    bracket = np.empty(4)
    for i in range(mus.size - 1):
        if (gains[i] >= 0.0) == (gains[i + 1] >= 0.0):
            continue
        if line.n_roots[branch, node] == MAX_ROOTS:
            return False
        bracket[0], bracket[1], bracket[2], bracket[3] = mus[i], mus[i + 1], gains[i], gains[i + 1]
        root, residual = _refine(p, line, branch, node, bracket, belief, out)
        if abs(residual) > jump_tolerance:
            line.jumps[node] += 1
        _store_root(p, line, branch, node, root, belief, out)
    return True


@njit(cache=True)
def solve_nodes(p: Parameters, line: PartialNodes, grid: np.ndarray, values: np.ndarray) -> bool:
    """Solve all nodes backward; `values` (N_ROWS, nodes, beliefs) receives sweeps of the head.

    Cost grows with nodes^2 x (beliefs + root steps).
    """
    nodes = line.kind.size
    belief = np.empty(nodes)
    out = np.zeros((N_ROWS, nodes))
    scale = p.g * (1.0 + p.J) + p.v * p.W0 + abs(p.k0) + p.kappa
    for node in range(nodes):
        if line.kind[node] != DAY:
            continue
        for branch in range(2):
            if line.next[branch, node] >= 0 and not _solve_branch(
                p, line, branch, node, grid, 1e-9 * scale, belief, out
            ):
                return False
    for i in range(grid.size):
        sweep(p, line, nodes - 1, grid[i], belief, out)
        values[:, :, i] = out
    return True
