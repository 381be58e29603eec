"""Compiled loops of payoff sets without a public lottery: cells that are paid, points that pay."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def paid(at, count, size, payoff, need, delta, touch, rounding):
    """Whether some profile and a continuation in a cell that is left pays into each cell.

    at (k, 2): the cells; count (n + 1, n + 1): how many cells are left below and to the left;
    need (n_profiles, 2): the least continuations. Cells are closed: what touches, meets.
    """
    n, cells, profiles = len(count) - 1, len(at), len(payoff)
    good = np.zeros(cells, dtype=np.bool_)
    first = 0  # the profile that paid the last cell is tried first: neighbours are alike
    for c in range(cells):
        for j in range(profiles):
            a = (first + j) % profiles
            lo0 = max((at[c, 0] * size - (1 - delta) * payoff[a, 0]) / delta, need[a, 0] - rounding)
            hi0 = ((at[c, 0] + 1) * size - (1 - delta) * payoff[a, 0]) / delta
            if lo0 > hi0 + touch * size or lo0 > 1.0 + rounding or hi0 < -rounding:
                continue
            lo1 = max((at[c, 1] * size - (1 - delta) * payoff[a, 1]) / delta, need[a, 1] - rounding)
            hi1 = ((at[c, 1] + 1) * size - (1 - delta) * payoff[a, 1]) / delta
            if lo1 > hi1 + touch * size or lo1 > 1.0 + rounding or hi1 < -rounding:
                continue
            # cells k with [k, k + 1] size meeting the box; bounds are clipped before they are cast
            x0 = int(min(max(np.ceil(lo0 / size - 1.0 - touch), 0.0), float(n)))
            y0 = int(min(max(np.floor(hi0 / size + touch) + 1.0, 0.0), float(n)))
            x1 = int(min(max(np.ceil(lo1 / size - 1.0 - touch), 0.0), float(n)))
            y1 = int(min(max(np.floor(hi1 / size + touch) + 1.0, 0.0), float(n)))
            if y0 <= x0 or y1 <= x1:
                continue
            if count[y0, y1] - count[x0, y1] - count[y0, x1] + count[x0, x1] > 0:
                good[c], first = True, a
                break
    return good


@njit(cache=True, nogil=True, error_model="numpy")
def grow(
    value, profile, days, after, known, taken, payoff, least, lengths, weights, size, progress
):
    """Add to the first `known` points those that a run of days before them pays; return how many.

    taken (side, side): cells that hold a point. least (n_profiles, 2): what a day's play has to
    pay from that day on. lengths, weights: days of a run, and delta to that power; the first is
    one day. A point that pays a player less than all others is added in any case.
    """
    side, total, delta = len(taken), known, weights[0]
    lowest = np.array([np.inf, np.inf])
    for k in range(known):
        for i in range(2):
            lowest[i] = min(lowest[i], value[k, i])
    k = 0
    while k < total and total < len(value):
        for a in range(len(payoff)):
            last0 = (1 - delta) * payoff[a, 0] + delta * value[k, 0]
            last1 = (1 - delta) * payoff[a, 1] + delta * value[k, 1]
            if last0 < least[a, 0] or last1 < least[a, 1]:
                continue
            for m in range(len(lengths)):
                w = weights[m]
                v0 = (1 - w) * payoff[a, 0] + w * value[k, 0]
                v1 = (1 - w) * payoff[a, 1] + w * value[k, 1]
                if v0 < least[a, 0] or v1 < least[a, 1]:
                    continue
                x, y = min(int(v0 / size), side - 1), min(int(v1 / size), side - 1)
                lower = v0 < lowest[0] - progress or v1 < lowest[1] - progress
                if (taken[x, y] and not lower) or total >= len(value):
                    continue
                taken[x, y] = True
                value[total, 0], value[total, 1] = v0, v1
                profile[total], days[total], after[total] = a, lengths[m], k
                lowest[0], lowest[1] = min(lowest[0], v0), min(lowest[1], v1)
                total += 1
        k += 1
    return total
