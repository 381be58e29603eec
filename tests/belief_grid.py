"""MODEL.md section 2 written out literally on an interpolated belief grid, in numpy.

A second solver by another method (a root in q for every belief, values interpolated),
for differential tests and as the yardstick of the benchmarks. It shares no code with the
package. Interpolation errors are of the order of 1e-3 utils at 241 beliefs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

BISECTIONS = 50


class Value(NamedTuple):
    """Pausing state, dealer, opportunist, each an array over beliefs."""

    pauser: np.ndarray
    dealer: np.ndarray
    opportunist: np.ndarray


def sigma(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(z, -700.0, 700.0)))


class BeliefGrid:
    """Backward induction with memo over public states (w, j, r, x)."""

    def __init__(self, parameters: Any, beliefs: int = 241) -> None:
        self.p = parameters
        self.mu = np.linspace(0.0, 1.0, beliefs)
        self.memo: dict[tuple[Any, ...], Any] = {}
        self.block_days = 0

    def block(self, days: int) -> Value:
        """Values of a first block of `days` at every belief."""
        if self.p.x1 != 0.0:  # windows of different blocks then differ by price
            self.memo.clear()
        self.block_days = days
        return self.day(self.p.W0, 0, days, self.p.n0 / days, first=True)

    def aftermath(self, j: int, r: int) -> tuple[float, float]:
        p = self.p
        if r == 0:
            return 0.0, 0.0
        captor, pauser = self.aftermath(j + 1, r - 1)
        u = -(p.k0 + p.k1 * j) + (1 - p.beta) * pauser
        stay = float(sigma(np.array((u + p.kappa) / p.s)))
        value = p.s * (np.logaddexp(-p.kappa / p.s, u / p.s) - np.log(2))
        return stay * (p.g + (1 - p.beta) * captor), float(value)

    def day(self, w: float, j: int, r: int, x: float, *, first: bool) -> Value:
        key = ("day", round(w, 9), j, r, round(x, 9), first)
        if key not in self.memo:
            self.memo[key] = self._day(w, j, r, x, first=first)
        return self.memo[key]

    def _day(self, w: float, j: int, r: int, x: float, *, first: bool) -> Value:
        p, mu = self.p, self.mu
        b = min(x, w)

        def phi(i: float) -> float:
            return p.c_lo * i - (p.c_hi - p.c_lo) * p.iota * float(np.exp(-i / p.iota))

        c = phi(w) - phi(w - b)
        able = p.l_hi - (p.l_hi - p.l_lo) * np.exp(-max(w - x, 0) / p.l_w)
        miss_captor, miss_pauser = self.aftermath(j + 1, r - 1)
        growth = p.x1 if j >= self.block_days else 0.0
        nxt = self.node(w - b, j + 1, r - 1, x + growth)
        live, k = 1 - p.beta, p.k0 + p.k1 * j
        q = self._deliver(nxt.opportunist, c, miss_captor)
        after = self._bayes(q)
        gain = -c + live * (np.interp(after, mu, nxt.opportunist) - miss_captor)
        hold = p.g + live * miss_captor
        u_o = hold + np.maximum(0.0, gain)
        u_d = p.g - c + live * np.interp(after, mu, nxt.dealer)
        kept = mu + (1 - mu) * q
        y = -k + kept * (p.v * b + live * np.interp(after, mu, nxt.pauser))
        y = y + (1 - kept) * live * miss_pauser
        if first:
            return Value(able * y, able * u_d, able * u_o)
        nothing = -k + live * miss_pauser
        return Value(
            *(able * z + (1 - able) * m for z, m in ((y, nothing), (u_d, hold), (u_o, hold)))
        )

    def _bayes(self, q: np.ndarray) -> np.ndarray:
        mu = self.mu
        with np.errstate(invalid="ignore"):
            return np.where(mu == 0.0, 0.0, mu / (mu + (1 - mu) * q))

    def _deliver(self, honest: np.ndarray, c: float, miss: float) -> np.ndarray:
        """Largest q with Delta(q) = 0, by bisection at every belief (one root at the baseline)."""
        live = 1 - self.p.beta

        def gain(q: np.ndarray) -> np.ndarray:
            return -c + live * (np.interp(self._bayes(q), self.mu, honest) - miss)

        sure, never = gain(np.ones_like(self.mu)) >= 0, gain(np.full_like(self.mu, 1e-12)) <= 0
        low, high = np.zeros_like(self.mu), np.ones_like(self.mu)
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            pays = gain(middle) >= 0
            low, high = np.where(pays, middle, low), np.where(pays, high, middle)
        return np.where(sure, 1.0, np.where(never, 0.0, low))

    def node(self, w: float, j: int, r: int, x: float) -> Value:
        """Node inside a chunk (r >= 1) or window (r = 0)."""
        if r == 0:
            return self.window(w, j)
        p, day = self.p, self.day(w, j, r, x, first=False)
        stay = sigma((day.pauser + p.kappa) / p.s)
        value = p.s * (np.logaddexp(-p.kappa / p.s, day.pauser / p.s) - np.log(2))
        return Value(value, stay * day.dealer, stay * day.opportunist)

    def _affordable(self, w: float, x: float) -> int:
        days = 0
        while x <= w + 1e-9 and days < self.p.J:
            w, x, days = w - x, x + self.p.x1, days + 1
        return days

    def window(self, w: float, j: int) -> Value:
        key = ("window", round(w, 9), j)
        if key not in self.memo:
            self.memo[key] = self._window(w, j)
        return self.memo[key]

    def _window(self, w: float, j: int) -> Value:
        p, zero = self.p, np.zeros_like(self.mu)
        x = p.x + p.x1 * (j - self.block_days)
        n = min(p.Emax, self._affordable(w, x), p.J - j)
        if n <= 0:
            return Value(zero, zero, zero)
        days = [self.day(w, j, e, x, first=True) for e in range(1, n + 1)]
        accept = [sigma(day.dealer / p.s_C) for day in days]
        worth = np.array([a * day.pauser for a, day in zip(accept, days, strict=True)]) / p.s
        total = np.logaddexp.reduce(np.vstack([zero, worth]), axis=0)
        offer = np.exp(worth - total)
        through = 1 - p.chi
        return Value(
            through * p.s * (total - np.log(1 + n)),
            through * sum(q * a * d.dealer for q, a, d in zip(offer, accept, days, strict=True)),
            through
            * sum(q * a * d.opportunist for q, a, d in zip(offer, accept, days, strict=True)),
        )
