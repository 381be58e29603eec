"""Compiled backward induction with a reporting mediator, exact in the belief.

Days are those of the base model's kernels, with one value more: what the mediator gets
beside its shares in the two sides' payoffs. At a window the mediator's reports are solved
for the belief at hand, as roots in one departure from the truth; nothing is interpolated.
The mediator learns about the list, not about the captor's type, so a report leaves the
belief as it is and each day keeps its few critical posteriors.
"""

from __future__ import annotations

from math import exp, log, log1p
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from ceasefire.tolerances import PAYOFF_TIE, ROOT_XTOL

if TYPE_CHECKING:
    from ceasefire.truce._kernels import Line
    from ceasefire.truce.fields import Parameters

DAY = 0
MAX_ROOTS = 16
MAX_KINKS = 64
MAX_ROOT_STEPS = 200
SCAN = 24  # departures from the truth at which a window's indifference is looked for
# Rows of a sweep. The first eight are those of the base model; Z is the mediator's value beside
# its shares, RAW_* the first day once the list is there, SAY_* the chance of the report "list"
# after a good and a bad signal.
Y, UD, UO, FIRST_Y, FIRST_UD, FIRST_UO, DELIVER, POSTERIOR = range(8)
Z, RAW_Y, RAW_UD, RAW_UO, RAW_Z, SAY_GOOD, SAY_BAD = range(8, 15)
N_ROWS = 15
# What a report brings about: value to the pausing state, chance of an agreed offer, mediator's
# expectation over agreed offers, its share in the shocks, values to dealer, opportunist, itself.
WORTH, AGREED, STAKE, SHOCKS, TO_DEALER, TO_OPPORTUNIST, TO_MEDIATOR = range(7)
OVERSTATE, UNDERSTATE = 1, 2


class Interests(NamedTuple):
    """The mediator's table by meaning; docs/model.md, Extensions."""

    bias: float
    accuracy: float
    pause_value: float
    report_cost: float
    waiting: float


@njit(cache=True)
def sigmoid(z: float) -> float:
    if z >= 0.0:
        return 1.0 / (1.0 + exp(-z))
    e = exp(z)
    return e / (1.0 + e)


@njit(cache=True)
def stay_or_leave(value: float, leaving_cost: float, noise: float) -> tuple[float, float]:
    gap = (value + leaving_cost) / noise
    best = max(value, -leaving_cost)
    return sigmoid(gap), best + noise * (log1p(exp(-abs(gap))) - log(2.0))


@njit(cache=True)
def days_after_miss(p: Parameters, last_day: int, max_left: int) -> np.ndarray:
    """Expected further pause days after a missed delivery; array (last_day + 2, max_left + 1)."""
    days = np.zeros((last_day + 2, max_left + 1))
    pauser = np.zeros((last_day + 2, max_left + 1))
    for r in range(1, max_left + 1):
        for j in range(last_day + 1):
            value = -(p.k0 + p.k1 * j) + (1.0 - p.beta) * pauser[j + 1, r - 1]
            stay, pauser[j, r] = stay_or_leave(value, p.kappa, p.s)
            days[j, r] = stay * (1.0 + (1.0 - p.beta) * days[j + 1, r - 1])
    return days


@njit(cache=True)
def believed(family: int, departure: float, able: float, accuracy: float) -> float:
    """P(list) after the report whose meaning the departure from the truth dilutes.

    OVERSTATE: after "list" when a bad signal is reported as one with chance `departure`;
    UNDERSTATE: after "no list" when a good signal is reported as none with that chance.
    """
    good, bad = able + accuracy * (1.0 - able), (1.0 - accuracy) * able
    if family == OVERSTATE:
        if able + (1.0 - able) * departure <= 0.0:
            return good
        return (able * good + (1.0 - able) * departure * bad) / (able + (1.0 - able) * departure)
    if able * departure + 1.0 - able <= 0.0:
        return bad
    return (able * departure * good + (1.0 - able) * bad) / (able * departure + 1.0 - able)


@njit(cache=True)
def reply(
    p: Parameters,
    m: Interests,
    line: Line,
    node: int,
    chance: float,
    mu: float,
    out: np.ndarray,
    result: np.ndarray,
) -> None:
    """Offers and answers when both sides believe the list is there with `chance`."""
    n = line.n_offers[node]
    wait = m.waiting * (p.k0 + p.k1 * line.used[node])
    waited = m.waiting * p.g
    best = 0.0
    for e in range(1, n + 1):
        day = line.offers[node, e]
        accept = sigmoid((chance * out[RAW_UD, day] + (1.0 - chance) * waited) / p.s_C)
        best = max(best, accept * (chance * out[RAW_Y, day] - (1.0 - chance) * wait))
    total = exp(-best / p.s)
    for i in range(result.size):
        result[i] = 0.0
    mean = 0.0
    for e in range(1, n + 1):
        day = line.offers[node, e]
        y, u_d, u_o, z = out[RAW_Y, day], out[RAW_UD, day], out[RAW_UO, day], out[RAW_Z, day]
        accept = sigmoid((chance * u_d + (1.0 - chance) * waited) / p.s_C)
        worth = accept * (chance * y - (1.0 - chance) * wait)
        weight = exp((worth - best) / p.s)
        total += weight
        mean += weight * worth
        result[AGREED] += weight * accept
        stake = m.bias * (mu * u_d + (1.0 - mu) * u_o) + (1.0 - m.bias) * y + z
        result[STAKE] += weight * accept * stake
        result[TO_DEALER] += weight * accept * (chance * u_d + (1.0 - chance) * waited)
        result[TO_OPPORTUNIST] += weight * accept * (chance * u_o + (1.0 - chance) * waited)
        gain = chance * z + (1.0 - chance) * m.waiting * m.pause_value
        result[TO_MEDIATOR] += weight * accept * gain
    for i in range(result.size):
        result[i] /= total
    result[WORTH] = best + p.s * (log(total) - log(1.0 + n))
    result[SHOCKS] = (1.0 - m.bias) * (result[WORTH] - mean / total)


@njit(cache=True)
def gain_from_saying_list(
    p: Parameters,
    m: Interests,
    used: int,
    signal: float,
    after_list: np.ndarray,
    after_none: np.ndarray,
) -> float:
    """Mediator's gain from "list" over "no list" when it thinks the list there with `signal`."""
    cost = p.k0 + p.k1 * used
    waiting = m.waiting * (m.bias * p.g - (1.0 - m.bias) * cost + m.pause_value)
    said = signal * after_list[STAKE]
    said += (1.0 - signal) * (waiting - m.report_cost) * after_list[AGREED]
    denied = signal * (after_none[STAKE] - m.report_cost * after_none[AGREED])
    denied += (1.0 - signal) * waiting * after_none[AGREED]
    gain: float = said + after_list[SHOCKS] - denied - after_none[SHOCKS]
    return gain


@njit(cache=True)
def drift(
    p: Parameters,
    m: Interests,
    line: Line,
    node: int,
    mu: float,
    out: np.ndarray,
    family: int,
    departure: float,
    after_list: np.ndarray,
    after_none: np.ndarray,
) -> float:
    """Gain from departing further from the truth, given how far the report is expected to.

    Fills the two replies: the diluted report's at its diluted meaning, the other's at its own.
    """
    able = line.able[line.offers[node, 1]]
    chance = believed(family, departure, able, m.accuracy)
    used = line.used[node]
    if family == OVERSTATE:
        reply(p, m, line, node, chance, mu, out, after_list)
        bad = (1.0 - m.accuracy) * able
        return gain_from_saying_list(p, m, used, bad, after_list, after_none)
    reply(p, m, line, node, chance, mu, out, after_none)
    good = able + m.accuracy * (1.0 - able)
    return -gain_from_saying_list(p, m, used, good, after_list, after_none)


@njit(cache=True)
def _next_step(
    a: float, b: float, c: float, fa: float, fb: float, fc: float, floor: float
) -> float:
    """Where Chandrupatla's method looks next, as a share of the way from a to b."""
    xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
    t = 0.5
    if phi * phi < xi and (1.0 - phi) ** 2 < 1.0 - xi:
        t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    return min(max(t, floor), 1.0 - floor)


@njit(cache=True)
def _departure(
    p: Parameters,
    m: Interests,
    line: Line,
    node: int,
    mu: float,
    out: np.ndarray,
    family: int,
    low: float,
    high: float,
    at_low: float,
    at_high: float,
    one: np.ndarray,
    two: np.ndarray,
) -> float:
    """Root of the drift between `low` and `high`, by Chandrupatla's method."""
    a, b, fa, fb = high, low, at_high, at_low
    c, fc = a, fa
    t = 0.5
    best = a
    for _ in range(MAX_ROOT_STEPS):
        x = a + t * (b - a)
        f = drift(p, m, line, node, mu, out, family, x, one, two)
        if (f >= 0.0) == (fa >= 0.0):
            c, fc = a, fa
        else:
            c, fc, b, fb = b, fb, a, fa
        a, fa = x, f
        best, f_best = (a, fa) if abs(fa) < abs(fb) else (b, fb)
        width = abs(b - a)
        if f_best == 0.0 or width <= 2.0 * ROOT_XTOL * abs(best):
            break
        t = _next_step(a, b, c, fa, fb, fc, ROOT_XTOL * abs(best) / width)
    return best


@njit(cache=True)
def reports(
    p: Parameters,
    m: Interests,
    line: Line,
    node: int,
    mu: float,
    out: np.ndarray,
    steps: int,
    found: np.ndarray,
    one: np.ndarray,
    two: np.ndarray,
) -> int:
    """Report strategies in equilibrium, nearest the truth first; in `found`: family, departure.

    A single row asks for the first alone, and the scan stops there. Returns how many there are.
    """
    able = line.able[line.offers[node, 1]]
    good, bad = able + m.accuracy * (1.0 - able), (1.0 - m.accuracy) * able
    tie = 1e-3 * PAYOFF_TIE * (p.g * (1.0 + p.J) + p.v * p.W0 + abs(p.k0) + p.kappa)
    reply(p, m, line, node, good, mu, out, one)
    reply(p, m, line, node, bad, mu, out, two)
    lie = gain_from_saying_list(p, m, line.used[node], bad, one, two)
    hush = -gain_from_saying_list(p, m, line.used[node], good, one, two)
    count = 0
    if lie <= tie and hush <= tie:
        found[0, 0], found[0, 1] = OVERSTATE, 0.0
        count = 1
    for family in (OVERSTATE, UNDERSTATE):
        low, at_low = 0.0, lie if family == OVERSTATE else hush
        if count == found.shape[0] or (found.shape[0] == 1 and at_low <= tie):
            continue
        reply(p, m, line, node, good, mu, out, one)
        reply(p, m, line, node, bad, mu, out, two)
        for i in range(1, steps + 1):
            high = i / steps
            at_high = drift(p, m, line, node, mu, out, family, high, one, two)
            if abs(at_low) > tie and (at_low > 0.0) != (at_high > 0.0) and count < found.shape[0]:
                found[count, 0] = family
                found[count, 1] = _departure(
                    p, m, line, node, mu, out, family, low, high, at_low, at_high, one, two
                )
                count += 1
            low, at_low = high, at_high
            if count == found.shape[0]:
                break
        if count < found.shape[0] and at_low > tie:
            found[count, 0], found[count, 1] = family, 1.0
            count += 1
    return count


@njit(cache=True)
def sweep_window(
    p: Parameters, m: Interests, line: Line, node: int, mu: float, out: np.ndarray
) -> None:
    out[Y, node] = out[UD, node] = out[UO, node] = out[Z, node] = 0.0
    out[SAY_GOOD, node], out[SAY_BAD, node] = 1.0, 0.0
    if line.n_offers[node] == 0:
        return
    found = np.zeros((1, 2))
    one, two = np.zeros(7), np.zeros(7)
    reports(p, m, line, node, mu, out, SCAN, found, one, two)
    family, departure = int(found[0, 0]), found[0, 1]
    able = line.able[line.offers[node, 1]]
    over = departure if family == OVERSTATE else 0.0
    under = departure if family == UNDERSTATE else 0.0
    says = able * (1.0 - under) + (1.0 - able) * over
    listed = believed(OVERSTATE, over, able, m.accuracy)
    unlisted = believed(UNDERSTATE, under, able, m.accuracy)
    reply(p, m, line, node, listed, mu, out, one)
    reply(p, m, line, node, unlisted, mu, out, two)
    through = 1.0 - p.chi
    out[Y, node] = through * (says * one[WORTH] + (1.0 - says) * two[WORTH])
    out[UD, node] = through * (says * one[TO_DEALER] + (1.0 - says) * two[TO_DEALER])
    out[UO, node] = through * (says * one[TO_OPPORTUNIST] + (1.0 - says) * two[TO_OPPORTUNIST])
    kept = one[TO_MEDIATOR] - m.report_cost * (1.0 - listed) * one[AGREED]
    lost = two[TO_MEDIATOR] - m.report_cost * unlisted * two[AGREED]
    out[Z, node] = through * (says * kept + (1.0 - says) * lost)
    out[SAY_GOOD, node], out[SAY_BAD, node] = 1.0 - under, over


@njit(cache=True)
def delivery_gain(p: Parameters, line: Line, node: int, honest_value: float) -> float:
    gain: float = -line.loss[node] + (1.0 - p.beta) * (honest_value - line.captor_after_miss[node])
    return gain


@njit(cache=True)
def _posterior(line: Line, node: int, mu: float, gain: float) -> tuple[float, int]:
    """Posterior after a delivery, and whose values it uses: -1 own belief, -2 one, else a root."""
    if gain >= 0.0:
        return mu, -1
    if line.gain_at_one[node] <= 0.0:
        return 1.0, -2
    for i in range(line.n_roots[node]):
        if line.roots[node, i] > mu:
            return line.roots[node, i], i
    return mu, -1


@njit(cache=True)
def sweep_day(
    p: Parameters,
    m: Interests,
    line: Line,
    after: np.ndarray,
    node: int,
    mu: float,
    out: np.ndarray,
) -> None:
    """A day as in the base model; `after` (nodes,): expected pause days after a miss."""
    nxt = line.following[node]
    y_next, ud_next, uo_next, z_next = out[Y, nxt], out[UD, nxt], out[UO, nxt], out[Z, nxt]
    gain = delivery_gain(p, line, node, uo_next)
    if mu <= 0.0:
        posterior, deliver = 0.0, 1.0 if gain >= 0.0 else 0.0
    else:
        posterior, where = _posterior(line, node, mu, gain)
        if where == -1:
            deliver = 1.0
        elif where == -2:
            deliver = 0.0
            y_next, ud_next = line.at_one[0, node], line.at_one[1, node]
            uo_next, z_next = line.at_one[2, node], line.at_one[3, node]
        else:
            deliver = mu * (1.0 - posterior) / ((1.0 - mu) * posterior)
            y_next, ud_next = line.at_root[0, node, where], line.at_root[1, node, where]
            uo_next, z_next = line.at_root[2, node, where], line.at_root[3, node, where]
    live = 1.0 - p.beta
    miss = -line.cost[node] + live * line.pauser_after_miss[node]
    hold = p.g + live * line.captor_after_miss[node]
    idle = m.pause_value * (1.0 + live * after[node])
    kept = mu + (1.0 - mu) * deliver
    y = -line.cost[node] + kept * (p.v * line.batch[node] + live * y_next)
    y += (1.0 - kept) * live * line.pauser_after_miss[node]
    u_d = p.g - line.loss[node] + live * ud_next
    u_o = hold + max(0.0, delivery_gain(p, line, node, uo_next))
    z = kept * (m.pause_value + live * z_next) + (1.0 - kept) * idle
    able = line.able[node]
    out[RAW_Y, node], out[RAW_UD, node], out[RAW_UO, node], out[RAW_Z, node] = y, u_d, u_o, z
    out[FIRST_Y, node], out[FIRST_UD, node], out[FIRST_UO, node] = able * y, able * u_d, able * u_o
    stay, value = stay_or_leave(able * y + (1.0 - able) * miss, p.kappa, p.s)
    out[Y, node] = value
    out[UD, node] = stay * (able * u_d + (1.0 - able) * hold)
    out[UO, node] = stay * (able * u_o + (1.0 - able) * hold)
    out[Z, node] = stay * (able * z + (1.0 - able) * idle)
    out[DELIVER, node] = deliver
    out[POSTERIOR, node] = posterior


@njit(cache=True)
def sweep(
    p: Parameters,
    m: Interests,
    line: Line,
    after: np.ndarray,
    mu: float,
    last: int,
    out: np.ndarray,
) -> None:
    """Fill `out` (N_ROWS, nodes) for nodes 0..last at belief `mu`; exact, no interpolation."""
    for node in range(last + 1):
        if line.kind[node] == DAY:
            sweep_day(p, m, line, after, node, mu, out)
        else:
            sweep_window(p, m, line, node, mu, out)


@njit(cache=True)
def _gain_at(
    p: Parameters,
    m: Interests,
    line: Line,
    after: np.ndarray,
    node: int,
    mu: float,
    out: np.ndarray,
) -> float:
    nxt = line.following[node]
    sweep(p, m, line, after, mu, nxt, out)
    return delivery_gain(p, line, node, out[UO, nxt])


@njit(cache=True)
def _refine(
    p: Parameters,
    m: Interests,
    line: Line,
    after: np.ndarray,
    node: int,
    low: float,
    high: float,
    at_low: float,
    at_high: float,
    out: np.ndarray,
) -> tuple[float, float]:
    """Root of the delivery gain by Chandrupatla's method; returns (root, residual)."""
    a, b, fa, fb = low, high, at_low, at_high
    c, fc = a, fa
    best, f_best = a, fa
    t = 0.5
    for _ in range(MAX_ROOT_STEPS):
        x = a + t * (b - a)
        f = _gain_at(p, m, line, after, node, x, out)
        if (f >= 0.0) == (fa >= 0.0):
            c, fc = a, fa
        else:
            c, fc, b, fb = b, fb, a, fa
        a, fa = x, f
        best, f_best = (a, fa) if abs(fa) < abs(fb) else (b, fb)
        width = abs(b - a)
        if f_best == 0.0 or width <= 2.0 * ROOT_XTOL * abs(best):
            break
        t = _next_step(a, b, c, fa, fb, fc, ROOT_XTOL * abs(best) / width)
    return best, f_best


@njit(cache=True)
def _kinks(line: Line, node: int, into: np.ndarray) -> int:
    count = 0
    for other in range(node - 1, -1, -1):
        for i in range(line.n_roots[other]):
            if count < into.size:
                into[count] = line.roots[other, i]
                count += 1
    return count


@njit(cache=True)
def _solve_day(
    p: Parameters,
    m: Interests,
    line: Line,
    after: np.ndarray,
    node: int,
    grid: np.ndarray,
    honest: np.ndarray,
    jump_tolerance: float,
    out: np.ndarray,
) -> bool:
    """Find the day's critical posteriors. False where there are more than MAX_ROOTS."""
    nxt = line.following[node]
    sweep(p, m, line, after, 1.0, nxt, out)
    line.at_one[0, node], line.at_one[1, node] = out[Y, nxt], out[UD, nxt]
    line.at_one[2, node], line.at_one[3, node] = out[UO, nxt], out[Z, nxt]
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
        gains[grid.size + i] = _gain_at(p, m, line, after, node, extra[i], out)
    order = np.argsort(mus)
    mus, gains = mus[order], gains[order]
    for i in range(mus.size - 1):
        if (gains[i] >= 0.0) == (gains[i + 1] >= 0.0):
            continue
        k = line.n_roots[node]
        if k == MAX_ROOTS:
            return False
        root, residual = _refine(
            p, m, line, after, node, mus[i], mus[i + 1], gains[i], gains[i + 1], out
        )
        if abs(residual) > jump_tolerance:
            line.jumps[node] += 1
        sweep(p, m, line, after, root, nxt, out)
        line.roots[node, k] = root
        line.at_root[0, node, k], line.at_root[1, node, k] = out[Y, nxt], out[UD, nxt]
        line.at_root[2, node, k], line.at_root[3, node, k] = out[UO, nxt], out[Z, nxt]
        line.n_roots[node] = k + 1
    return True


@njit(cache=True)
def solve_line(
    p: Parameters,
    m: Interests,
    line: Line,
    after: np.ndarray,
    grid: np.ndarray,
    values: np.ndarray,
) -> bool:
    """Solve all nodes backward; `values` (N_ROWS, nodes, beliefs) receives the grid's sweep."""
    nodes = line.kind.size
    out = np.zeros((N_ROWS, nodes))
    column = np.zeros((N_ROWS, nodes))
    scale = p.g * (1.0 + p.J) + p.v * p.W0 + abs(p.k0) + p.kappa
    for node in range(nodes):
        if line.kind[node] == DAY and not _solve_day(
            p, m, line, after, node, grid, values[UO, line.following[node]], 1e-9 * scale, out
        ):
            return False
        for i in range(grid.size):
            if line.kind[node] == DAY:
                for row in range(N_ROWS):  # no slices: their shape checks take seconds to compile
                    column[row, line.following[node]] = values[row, line.following[node], i]
                sweep_day(p, m, line, after, node, grid[i], column)
            else:
                for e in range(1, line.n_offers[node] + 1):
                    day = line.offers[node, e]
                    for row in range(N_ROWS):
                        column[row, day] = values[row, day, i]
                sweep_window(p, m, line, node, grid[i], column)
            for row in range(N_ROWS):
                values[row, node, i] = column[row, node]
    return True
