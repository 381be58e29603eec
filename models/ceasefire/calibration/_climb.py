"""Local search for a maximum in a box, of functions with kinks, jumps and points at -inf."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DIFFERENCE = 1e-5  # of a range, for the gradients of the quasi-Newton steps
SMOOTH_GAIN = 1e-9  # of the function, relative, at which quasi-Newton steps stop
PENALTY = 1e3  # below the start stands for -inf, which no line search can read
FIRST_STEP = 0.02  # of a range, of the pattern search
ROUNDS = 4  # of quasi-Newton steps and pattern search


@dataclass(frozen=True, eq=False)
class Ascent:
    """Where a local search ended.

    Attributes
    ----------
    start, point : ndarray, shape (n,)
        In shares of the ranges, 0 to 1.
    value : float
        Of the function at `point`.
    evaluations : int
    """

    start: NDArray[np.float64]
    point: NDArray[np.float64]
    value: float
    evaluations: int


class Counted:
    """A function of shares that counts its calls and remembers the best point."""

    def __init__(self, function: Callable[[NDArray[np.float64]], float]) -> None:
        self.function, self.calls = function, 0
        self.point: NDArray[np.float64] | None = None
        self.value = -math.inf

    def __call__(self, shares: NDArray[np.float64]) -> float:
        self.calls += 1
        at = np.clip(shares, 0.0, 1.0)
        value = self.function(at)
        if value > self.value or self.point is None:
            self.point, self.value = at.copy(), value
        return value


def climb(
    function: Callable[[NDArray[np.float64]], float],
    start: NDArray[np.float64],
    *,
    least_step: float = 1e-4,
    gain: float = 1e-5,
) -> Ascent:
    """Climb from `start`: quasi-Newton steps, then a pattern search, until neither gains.

    The quasi-Newton steps (L-BFGS-B; differences point away from the nearer bound) are fast where
    the function is smooth, and may halt at a kink. The pattern search tries each axis both ways,
    then an orthogonal basis drawn at random, with steps from 0.02 down to `least_step`, halved
    when none gains as much as the square of the step; it needs no derivative, so it steps over
    kinks and small jumps and, with bases drawn anew, along ridges (Audet and Dennis 2006,
    mesh adaptive direct search, SIAM Journal on Optimization 17). The best point seen is
    returned, whoever saw it.
    """
    seen = Counted(function)
    seen(start)
    for _ in range(ROUNDS):
        assert seen.point is not None
        before = seen.value
        _newton(seen)
        smooth = seen.value
        _pattern(seen, least_step)
        if not seen.value > smooth + gain or not math.isfinite(before):
            break
    assert seen.point is not None
    return Ascent(np.asarray(start, dtype=float), seen.point, seen.value, seen.calls)


def _newton(seen: Counted) -> None:
    from scipy.optimize import minimize

    assert seen.point is not None
    if not len(seen.point) or not math.isfinite(seen.value):
        return
    floor = seen.value - PENALTY

    def down(shares: NDArray[np.float64]) -> float:
        return -max(seen(shares), floor)

    def both(shares: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, slopes = down(shares), np.empty(len(shares))
        for i in range(len(shares)):
            step = DIFFERENCE if shares[i] < 0.5 else -DIFFERENCE
            moved = shares.copy()
            moved[i] += step
            slopes[i] = (down(moved) - value) / step
        return value, slopes

    minimize(
        both, seen.point, jac=True, method="L-BFGS-B", bounds=[(0.0, 1.0)] * len(seen.point),
        options={"ftol": SMOOTH_GAIN, "maxiter": 60, "maxls": 12},
    )  # fmt: skip


def _pattern(seen: Counted, least_step: float) -> None:
    """Try each axis both ways, then an orthogonal basis drawn at random; halve when none gains."""
    assert seen.point is not None
    rng, size, step = np.random.default_rng(0), len(seen.point), FIRST_STEP
    while step >= least_step:
        before = seen.value
        _sweep(seen, np.eye(size), step)
        if not seen.value > before + step * step:
            _sweep(seen, np.linalg.qr(rng.normal(size=(size, size)))[0], step)
        step *= 0.5 if not seen.value > before + step * step else 1.5
        step = min(step, FIRST_STEP)


def _sweep(seen: Counted, basis: NDArray[np.float64], step: float) -> None:
    for direction in basis:
        for sign in (1.0, -1.0):
            assert seen.point is not None
            moved = np.clip(seen.point + sign * step * direction, 0.0, 1.0)
            here = seen.value
            if not np.array_equal(moved, seen.point) and seen(moved) > here:
                break
