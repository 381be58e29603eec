"""Compiled backward induction for the truce model, exact in the belief.

The belief enters a day only through the posterior that a delivery would leave.
So each day has its own few critical posteriors (roots of the opportunist's gain
from delivering), and between them every value follows from the next node's value
at the same belief, at a root, or at one. Nothing is interpolated: a grid of beliefs
serves only to bracket the roots, and values at any belief come from one sweep.

A *line of play* is the set of nodes that follow one head: the head is a first
chunk (``head_days`` days of ``head_batch`` captives), behind it stand all windows
and extension chunks that can be reached. Nodes are numbered so that every
successor has a smaller number than its predecessor.

The functions called for every node and belief are inlined: passed whole, a line's
nineteen arrays cost more in reference counts than the arithmetic (measured: 170 ns a
node without, 44 ns with).
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from ceasefire.tolerances import BATCH_COUNT_RTOL, ROOT_XTOL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.fields import Parameters

DAY, WINDOW = 0, 1
MAX_ROOTS = 16
MAX_KINKS = 64
MAX_ROOT_STEPS = 200
# Rows of a sweep's output, shape (N_ROWS, nodes).
Y, UD, UO, FIRST_Y, FIRST_UD, FIRST_UO, DELIVER, POSTERIOR = range(8)
N_ROWS = 8


class Line(NamedTuple):
    """One line of play: arrays over nodes, filled by :func:`solve_line`."""

    kind: NDArray[np.int64]
    held: NDArray[np.float64]
    used: NDArray[np.int64]
    left: NDArray[np.int64]
    batch: NDArray[np.float64]
    following: NDArray[np.int64]
    offers: NDArray[np.int64]
    n_offers: NDArray[np.int64]
    loss: NDArray[np.float64]
    able: NDArray[np.float64]
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
def stay_or_leave(value: float, leaving_cost: float, noise: float) -> tuple[float, float]:
    """Return (probability of staying, node value) of MODEL section 2, 'node inside a chunk'."""
    gap = (value + leaving_cost) / noise
    best = max(value, -leaving_cost)
    return sigmoid(gap), best + noise * (log1p(exp(-abs(gap))) - log(2.0))


@njit(cache=True)
def retention_loss(p: Parameters, held: float, batch: float) -> float:
    """C(w, x): what the captor gives up with `batch` of `held` captives."""
    curve = (p.c_hi - p.c_lo) * p.iota
    return p.c_lo * batch + curve * (exp(-(held - batch) / p.iota) - exp(-held / p.iota))


@njit(cache=True)
def list_chance(p: Parameters, held: float, batch: float) -> float:
    """l(w, x): chance that the batch can be produced."""
    return p.l_hi - (p.l_hi - p.l_lo) * exp(-max(held - batch, 0.0) / p.l_w)


@njit(cache=True)
def batches(held: float, batch: float) -> int:
    """Whole batches in the stock; forgiving where a batch size has no exact binary form."""
    return int(np.floor(held / batch * (1.0 + BATCH_COUNT_RTOL)))


@njit(cache=True)
def day_price(p: Parameters, day: int, block_days: int) -> float:
    """Captives due on a further day when `day` pause days were used."""
    return p.x + p.x1 * max(day - block_days, 0)


@njit(cache=True)
def further_days(p: Parameters, held: float, day: int, block_days: int, most: int) -> int:
    """Days that the stock still buys from `day` on, at most `most`; forgiving like `batches`."""
    if p.x1 == 0.0:
        return max(min(batches(held, p.x), most), 0)
    spent = 0.0
    for k in range(most):
        spent += day_price(p, day + k, block_days)
        if spent > held * (1.0 + BATCH_COUNT_RTOL):
            return k
    return max(most, 0)


@njit(cache=True)
def stocks(p: Parameters, held: float, day: int, block_days: int, days: int) -> np.ndarray:
    """Captives held after 0, 1, ..., `days` further days from (held, day) on."""
    left = np.empty(days + 1)
    spent = 0.0
    for k in range(days + 1):
        # a constant price is multiplied, not added up: sums of it round differently
        left[k] = max(held - (k * p.x if p.x1 == 0.0 else spent), 0.0)
        spent += day_price(p, day + k, block_days)
    return left


@njit(cache=True)
def aftermath(p: Parameters, last_day: int, max_left: int) -> tuple[np.ndarray, np.ndarray]:
    """F(j, r) and H(j, r) after a missed delivery; arrays (last_day + 2, max_left + 1)."""
    captor = np.zeros((last_day + 2, max_left + 1))
    pauser = np.zeros((last_day + 2, max_left + 1))
    for r in range(1, max_left + 1):
        for j in range(last_day + 1):
            stay, value = stay_or_leave(
                -(p.k0 + p.k1 * j) + (1.0 - p.beta) * pauser[j + 1, r - 1], p.kappa, p.s
            )
            captor[j, r] = stay * (p.g + (1.0 - p.beta) * captor[j + 1, r - 1])
            pauser[j, r] = value
    return captor, pauser


@njit(cache=True)
def _empty_line(nodes: int, width: int) -> Line:
    return Line(
        np.zeros(nodes, np.int64),
        np.zeros(nodes),
        np.zeros(nodes, np.int64),
        np.zeros(nodes, np.int64),
        np.zeros(nodes),
        np.full(nodes, -1),
        np.full((nodes, width + 1), -1),
        np.zeros(nodes, np.int64),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros(nodes),
        np.zeros((nodes, MAX_ROOTS)),
        np.zeros(nodes, np.int64),
        np.zeros((3, nodes, MAX_ROOTS)),
        np.zeros((3, nodes)),
        np.zeros(nodes),
        np.zeros(nodes, np.int64),
    )


@njit(cache=True)
def _place_day(
    p: Parameters,
    line: Line,
    node: int,
    held: float,
    used: int,
    left: int,
    batch: float,
    following: int,
    captor_after: np.ndarray,
    pauser_after: np.ndarray,
) -> None:
    batch = min(batch, held)
    line.kind[node] = DAY
    line.held[node] = held
    line.used[node] = used
    line.left[node] = left
    line.batch[node] = batch
    line.following[node] = following
    line.loss[node] = retention_loss(p, held, batch)
    line.able[node] = list_chance(p, held, batch)
    line.cost[node] = p.k0 + p.k1 * used
    line.captor_after_miss[node] = captor_after[used + 1, left - 1]
    line.pauser_after_miss[node] = pauser_after[used + 1, left - 1]


@njit(cache=True)
def build_line(
    p: Parameters,
    held: float,
    used: int,
    head_days: int,
    head_batch: float,
    block_days: int = 0,
) -> Line:
    """Number the nodes behind a head of `head_days` days that starts at (held, used).

    Prices count from a first block of `block_days`, which matters only where they change.
    """
    first_window = max(held - head_days * head_batch, 0.0)
    opening = used + head_days
    depth = further_days(p, first_window, opening, block_days, p.J - opening)
    left = stocks(p, first_window, opening, block_days, depth)
    width = min(p.Emax, depth)
    nodes = depth + 1 + head_days
    for k in range(depth + 1):
        nodes += min(depth - k, width)
    line = _empty_line(nodes, width)
    captor_after, pauser_after = aftermath(p, opening + depth, max(head_days, width))
    day_at = np.full((depth + 1, width + 1), -1)
    window_at = np.full(depth + 1, -1)
    node = 0
    for k in range(depth, -1, -1):
        w, j = left[k], opening + k
        price = day_price(p, j, block_days)
        for r in range(1, min(depth - k, width) + 1):
            following = window_at[k + 1] if r == 1 else day_at[k + 1, r - 1]
            _place_day(p, line, node, w, j, r, price, following, captor_after, pauser_after)
            day_at[k, r] = node
            node += 1
        line.kind[node] = WINDOW
        line.held[node] = w
        line.used[node] = j
        line.n_offers[node] = min(depth - k, width)
        for e in range(1, line.n_offers[node] + 1):
            line.offers[node, e] = day_at[k, e]
        window_at[k] = node
        node += 1
    for i in range(head_days - 1, -1, -1):
        w = held - i * head_batch
        _place_day(
            p,
            line,
            node,
            w,
            used + i,
            head_days - i,
            head_batch,
            node - 1,
            captor_after,
            pauser_after,
        )
        node += 1
    return line


@njit(cache=True, inline="always")
def delivery_gain(p: Parameters, line: Line, node: int, honest_value: float) -> float:
    """Delta: the opportunist's gain from delivering when delivery leads to `honest_value`."""
    return -line.loss[node] + (1.0 - p.beta) * (honest_value - line.captor_after_miss[node])


@njit(cache=True, inline="always")
def _posterior(line: Line, node: int, mu: float, gain: float) -> tuple[float, int]:
    """Posterior after a delivery, and whose values it uses: -1 own belief, -2 one, else a root."""
    if gain >= 0.0:
        return mu, -1
    if line.gain_at_one[node] <= 0.0:
        return 1.0, -2
    for i in range(line.n_roots[node]):
        if line.roots[node, i] > mu:
            return line.roots[node, i], i
    return mu, -1  # within rounding above the last root, where the gain is zero


@njit(cache=True, inline="always")
def _sweep_day(p: Parameters, line: Line, node: int, mu: float, out: np.ndarray) -> None:
    nxt = line.following[node]
    y_next, ud_next, uo_next = out[Y, nxt], out[UD, nxt], out[UO, nxt]
    gain = delivery_gain(p, line, node, uo_next)
    if mu <= 0.0:  # Bayes leaves a belief of zero at zero
        posterior, deliver = 0.0, 1.0 if gain >= 0.0 else 0.0
    else:
        posterior, where = _posterior(line, node, mu, gain)
        if where == -1:
            deliver = 1.0
        elif where == -2:
            deliver = 0.0
            y_next, ud_next, uo_next = (
                line.at_one[0, node],
                line.at_one[1, node],
                line.at_one[2, node],
            )
        else:
            deliver = mu * (1.0 - posterior) / ((1.0 - mu) * posterior)
            y_next = line.at_root[0, node, where]
            ud_next = line.at_root[1, node, where]
            uo_next = line.at_root[2, node, where]
    live = 1.0 - p.beta
    miss = -line.cost[node] + live * line.pauser_after_miss[node]
    hold = p.g + live * line.captor_after_miss[node]
    kept = mu + (1.0 - mu) * deliver
    y = -line.cost[node] + kept * (p.v * line.batch[node] + live * y_next)
    y += (1.0 - kept) * live * line.pauser_after_miss[node]
    u_d = p.g - line.loss[node] + live * ud_next
    u_o = hold + max(0.0, delivery_gain(p, line, node, uo_next))
    able = line.able[node]
    out[FIRST_Y, node] = able * y
    out[FIRST_UD, node] = able * u_d
    out[FIRST_UO, node] = able * u_o
    stay, value = stay_or_leave(able * y + (1.0 - able) * miss, p.kappa, p.s)
    out[Y, node] = value
    out[UD, node] = stay * (able * u_d + (1.0 - able) * hold)
    out[UO, node] = stay * (able * u_o + (1.0 - able) * hold)
    out[DELIVER, node] = deliver
    out[POSTERIOR, node] = posterior


@njit(cache=True, inline="always")
def _sweep_window(p: Parameters, line: Line, node: int, out: np.ndarray) -> None:
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
def sweep(p: Parameters, line: Line, mu: float, last: int, out: np.ndarray) -> None:
    """Fill `out` (N_ROWS, nodes) for nodes 0..last at belief `mu`; exact, no interpolation."""
    for node in range(last + 1):
        if line.kind[node] == DAY:
            _sweep_day(p, line, node, mu, out)
        else:
            _sweep_window(p, line, node, out)


@njit(cache=True)
def _gain_at(p: Parameters, line: Line, node: int, mu: float, out: np.ndarray) -> float:
    nxt = line.following[node]
    sweep(p, line, mu, nxt, out)
    return delivery_gain(p, line, node, out[UO, nxt])


@njit(cache=True)
def _refine(
    p: Parameters, line: Line, node: int, a: float, b: float, fa: float, fb: float, out: np.ndarray
) -> tuple[float, float]:
    """Root of the delivery gain in [a, b] by Chandrupatla's method; returns (root, residual)."""
    c, fc = a, fa
    t = 0.5
    for _ in range(MAX_ROOT_STEPS):
        x = a + t * (b - a)
        f = _gain_at(p, line, node, x, out)
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
            t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (
                fc - fb
            )
        t = min(max(t, floor), 1.0 - floor)
    return best, f_best


@njit(cache=True)
def _kinks(line: Line, node: int, into: np.ndarray) -> int:
    """Roots of the days nearest behind: beliefs where the next node's value can bend."""
    count = 0
    for other in range(node - 1, -1, -1):
        for i in range(line.n_roots[other]):
            if count < into.size:
                into[count] = line.roots[other, i]
                count += 1
    return count


@njit(cache=True)
def _bracket(mus: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Indices i such that the gain changes sign between mus[i] and mus[i + 1]."""
    found = np.empty(mus.size, np.int64)
    n = 0
    for i in range(mus.size - 1):
        if (gains[i] >= 0.0) != (gains[i + 1] >= 0.0):
            found[n] = i
            n += 1
    return found[:n]


@njit(cache=True)
def _store_root(p: Parameters, line: Line, node: int, root: float, out: np.ndarray) -> None:
    i = line.n_roots[node]
    nxt = line.following[node]
    sweep(p, line, root, nxt, out)
    line.roots[node, i] = root
    line.at_root[0, node, i] = out[Y, nxt]
    line.at_root[1, node, i] = out[UD, nxt]
    line.at_root[2, node, i] = out[UO, nxt]
    line.n_roots[node] = i + 1


@njit(cache=True)
def _solve_day(
    p: Parameters,
    line: Line,
    node: int,
    grid: np.ndarray,
    honest: np.ndarray,
    jump_tolerance: float,
    out: np.ndarray,
) -> bool:
    """Find the day's critical posteriors. False where there are more than MAX_ROOTS."""
    nxt = line.following[node]
    sweep(p, line, 1.0, nxt, out)
    line.at_one[0, node] = out[Y, nxt]
    line.at_one[1, node] = out[UD, nxt]
    line.at_one[2, node] = out[UO, nxt]
    line.gain_at_one[node] = delivery_gain(p, line, node, out[UO, nxt])
    extra = np.empty(MAX_KINKS)
    n_extra = _kinks(line, node, extra)
    mus = np.empty(grid.size + n_extra)
    gains = np.empty(grid.size + n_extra)
    for i in range(grid.size):
        mus[i] = grid[i]
        gains[i] = delivery_gain(p, line, node, honest[i])
    for i in range(n_extra):
        mus[grid.size + i] = extra[i]
        gains[grid.size + i] = _gain_at(p, line, node, extra[i], out)
    order = np.argsort(mus)
    mus, gains = mus[order], gains[order]
    for i in _bracket(mus, gains):
        if line.n_roots[node] == MAX_ROOTS:
            return False
        root, residual = _refine(p, line, node, mus[i], mus[i + 1], gains[i], gains[i + 1], out)
        if abs(residual) > jump_tolerance:
            line.jumps[node] += 1
        _store_root(p, line, node, root, out)
    return True


@njit(cache=True)
def solve_line(p: Parameters, line: Line, grid: np.ndarray, values: np.ndarray) -> bool:
    """Solve all nodes backward. `values` (N_ROWS, nodes, beliefs) receives the sweep at the grid.

    Cost grows with nodes x beliefs for the grid and nodes^2 for the roots.
    """
    nodes = line.kind.size
    out = np.empty((N_ROWS, nodes))
    column = np.empty((N_ROWS, nodes))
    scale = p.g * (1.0 + p.J) + p.v * p.W0 + abs(p.k0) + p.kappa
    for node in range(nodes):
        if line.kind[node] == DAY and not _solve_day(
            p, line, node, grid, values[UO, line.following[node]], 1e-9 * scale, out
        ):
            return False
        for i in range(grid.size):
            if line.kind[node] == DAY:
                nxt = line.following[node]
                for row in range(3):
                    column[row, nxt] = values[row, nxt, i]
                _sweep_day(p, line, node, grid[i], column)
            else:
                for e in range(1, line.n_offers[node] + 1):
                    day = line.offers[node, e]
                    for row in range(3, 6):
                        column[row, day] = values[row, day, i]
                _sweep_window(p, line, node, column)
            for row in range(N_ROWS):
                values[row, node, i] = column[row, node]
    return True


@njit(cache=True)
def one_more_day(
    p: Parameters,
    held: float,
    used: int,
    mu: float,
    prices: np.ndarray,
    block_days: int,
    grid: np.ndarray,
    gains: np.ndarray,
) -> bool:
    """Fill `gains` (2, prices): pausing state's and dealer's gain from one more day."""
    for i in range(prices.size):
        line = build_line(p, held, used, 1, prices[i], block_days)
        nodes = line.kind.size
        values = np.empty((N_ROWS, nodes, grid.size))
        if not solve_line(p, line, grid, values):
            return False
        out = np.empty((N_ROWS, nodes))
        sweep(p, line, mu, nodes - 1, out)
        gains[0, i] = out[FIRST_Y, nodes - 1]
        gains[1, i] = out[FIRST_UD, nodes - 1]
    return True
