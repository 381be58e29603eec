"""Derivatives by differences whose error is estimated, not hoped for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from ceasefire.tolerances import DERIVATIVE, LIKELIHOOD_NOISE

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from numpy.typing import NDArray

FEWEST_LEVELS, MOST_LEVELS = 3, 8  # steps h, h/2, ... that one derivative is taken from
HALVINGS = 12  # halvings until a point is said to lie on a kink
CENTRAL, FORWARD, BACKWARD = "central", "forward", "backward"

Regime = TypeVar("Regime", bound="Hashable")


@dataclass(frozen=True, eq=False)
class Point(Generic[Regime]):
    """A function's values at one point, and the smooth piece that the point lies on.

    Attributes
    ----------
    values : ndarray, shape (n,)
    regime : hashable
        Equal on one smooth piece.
    """

    values: NDArray[np.float64]
    regime: Regime


@dataclass(frozen=True, eq=False)
class Slope:
    """A derivative.

    Attributes
    ----------
    values, errors : ndarray, shape (n,)
        Derivative of each value and the estimate of its absolute error.
    method : str
        'central', 'forward' or 'backward'.
    step : float
        Largest step used.
    kink : float
        Nearest distance to the point at which another smooth piece was met while steps were
        chosen; inf where none was. A derivative never reaches across it.
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    method: str
    step: float
    kink: float


def slope(
    function: Callable[[float], Point[Regime] | None], at: Point[Regime], x: float, step: float
) -> Slope | None:
    """Differentiate `function` at `x`, where it has the values `at`.

    Parameters
    ----------
    function : callable
        Values and regime at a point; None outside its domain.
    at : Point
        At `x` itself.
    x, step : float
        The point, and the first step tried.

    Returns
    -------
    Slope or None
        None where neither side of `x` lies on its smooth piece, however near.

    Notes
    -----
    Central differences where both sides of `x` are on its smooth piece, else those of one
    side; steps are halved until all lie on it. Three to eight halvings, until the error is
    ``DERIVATIVE``, are extrapolated to step 0 (Richardson 1911; the table of Ridders 1982, whose
    error is the least change between neighbouring extrapolations), and the rounding of the
    function over the step is added.

    References
    ----------
    C. J. F. Ridders (1982), Accurate computation of F'(x) and F'(x)F''(x), Advances in Engineering
    Software 4(2), 75-76.
    """
    seen: dict[float, Point[Regime] | None] = {}

    def look(shift: float) -> Point[Regime] | None:
        if shift not in seen:
            seen[shift] = function(x + shift)
        point = seen[shift]
        return point if point is not None and point.regime == at.regime else None

    for method, signs in ((CENTRAL, (1, -1)), (FORWARD, (1,)), (BACKWARD, (-1,))):
        h = step
        for _ in range(HALVINGS):
            if all(look(sign * h) is not None for sign in signs):
                break
            h *= 0.5
        else:
            continue
        found = _extrapolated(look, at, h, signs)
        if found is not None:
            other = [
                abs(shift)
                for shift, point in seen.items()
                if point is not None and point.regime != at.regime
            ]
            return Slope(*found, method, h, min(other, default=math.inf))
    return None


def _extrapolated(
    look: Callable[[float], Point[Regime] | None],
    at: Point[Regime],
    h: float,
    signs: tuple[int, ...],
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Richardson's table from steps h, h/2, ...; None where one of them is off the piece."""
    table: list[list[NDArray[np.float64]]] = []
    best = np.zeros_like(at.values)
    errors = np.full_like(at.values, np.inf)
    for level in range(MOST_LEVELS):
        width = h * 0.5**level
        points = [look(sign * width) for sign in signs]
        if any(point is None for point in points):
            return None
        ends = [point.values for point in points if point is not None]
        base = ends[1] if len(signs) == len(ends) > 1 else at.values
        span = 2.0 * width if len(signs) > 1 else signs[0] * width
        row = [(ends[0] - base) / span]
        for column in range(1, level + 1):
            factor = 2.0 ** (2 * column if len(signs) > 1 else column)
            row.append(row[-1] + (row[-1] - table[-1][column - 1]) / (factor - 1.0))
            change = np.maximum(np.abs(row[-1] - row[-2]), np.abs(row[-1] - table[-1][column - 1]))
            rounding = LIKELIHOOD_NOISE * (1.0 + np.abs(at.values)) / width
            better = change + rounding < errors
            best = np.where(better, row[-1], best)
            errors = np.where(better, change + rounding, errors)
        table.append(row)
        if level + 1 >= FEWEST_LEVELS and np.all(errors <= DERIVATIVE * (1.0 + np.abs(best))):
            break
    return best, errors
