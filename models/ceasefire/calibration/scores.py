"""Proper scores of predictions: logarithmic, CRPS, Brier, and how well chances are kept."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.tolerances import PREDICTED_SUM

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Numbers = Sequence[float] | NDArray[np.float64]


def log_score(values: Numbers, probabilities: Numbers, outcome: float) -> float:
    """Return log P(outcome); 0 at best, -inf for what was held impossible.

    Parameters
    ----------
    values, probabilities : sequences of the same length
        A discrete distribution.
    outcome : float
        What came.

    Raises
    ------
    ArgumentError
        Probabilities that are negative or do not sum to 1.

    Examples
    --------
    >>> round(log_score([6, 7, 8], [0.25, 0.5, 0.25], 7), 3)
    -0.693
    """
    x, p = _distribution(values, probabilities)
    mass = float(p[np.isclose(x, outcome)].sum())
    return math.log(mass) if mass > 0.0 else -math.inf


def crps(values: Numbers, probabilities: Numbers, outcome: float) -> float:
    """Return the continuous ranked probability score; 0 at best, in the units of the values.

        CRPS(F, y) = integral of (F(x) - 1{x >= y})^2 dx = E|X - y| - E|X - X'| / 2,

    exactly for a discrete distribution, by its steps. For a sure forecast it is the error.

    References
    ----------
    Gneiting and Raftery (2007), Strictly proper scoring rules, JASA 102, eq. 20 and 21.

    Examples
    --------
    >>> crps([6, 8], [0.5, 0.5], 7), crps([5], [1.0], 7)
    (0.5, 2.0)
    """
    x, p = _distribution(values, probabilities)
    points, at = np.unique(np.append(x, outcome), return_inverse=True)
    mass = np.zeros(len(points))
    np.add.at(mass, at[:-1], p)
    below = np.cumsum(mass)[:-1]
    return float(np.diff(points) @ (below - (points[:-1] >= outcome)) ** 2)


def brier(probability: float, happened: float) -> float:
    """Return (p - y)^2 of a chance p; 0 at best.

    Parameters
    ----------
    probability : float
    happened : float
        1 or 0, or the weight with which the record says that it happened: then the mean score.

    Examples
    --------
    >>> brier(0.8, 1), round(brier(0.8, 0), 2)
    (0.03999999999999998, 0.64)
    """
    _check_chance("happened", happened)
    _check_chance("probability", probability)
    return happened * (1.0 - probability) ** 2 + (1.0 - happened) * probability**2


def binary_log_score(probability: float, happened: float) -> float:
    """Return y log p + (1 - y) log(1 - p); 0 at best. `happened` as in :func:`brier`.

    Examples
    --------
    >>> round(binary_log_score(0.5, 1), 3)
    -0.693
    """
    _check_chance("happened", happened)
    _check_chance("probability", probability)
    parts = ((happened, probability), (1.0 - happened, 1.0 - probability))
    return sum(w * (math.log(p) if p > 0.0 else -math.inf) for w, p in parts if w > 0.0)


def reliability(probabilities: Numbers, happened: Numbers, *, bins: int = 10) -> pd.DataFrame:
    """Compare chances with how often what they spoke of happened.

    Parameters
    ----------
    probabilities, happened : sequences of the same length
        Chances, and 1 or 0 (or weights).
    bins : int
        Equal bins of the chances.

    Returns
    -------
    DataFrame
        A row a bin that is not empty: low, high (of the bin), count, predicted (mean chance),
        observed (share that happened), error (standard error of `observed` were the chances
        right).

    Examples
    --------
    >>> reliability([0.1, 0.9, 0.9], [0, 1, 1], bins=2)["observed"].tolist()
    [0.0, 1.0]
    """
    import pandas as pd

    p, y = np.asarray(probabilities, dtype=float), np.asarray(happened, dtype=float)
    if p.shape != y.shape or p.ndim != 1 or not len(p):
        raise ArgumentError("happened", y.shape, f"as many as probabilities, {p.shape}")
    _check_chance("probabilities", float(p.min()))
    _check_chance("probabilities", float(p.max()))
    if bins < 1:
        raise ArgumentError("bins", bins, "a positive whole number")
    place = np.minimum((p * bins).astype(int), bins - 1)
    rows = []
    for one in range(bins):
        here = place == one
        count = int(here.sum())
        if count:
            error = math.sqrt(float((p[here] * (1.0 - p[here])).sum())) / count
            shares = float(p[here].mean()), float(y[here].mean())
            rows.append((one / bins, (one + 1) / bins, count, *shares, error))
    columns = ["low", "high", "count", "predicted", "observed", "error"]
    return pd.DataFrame(rows, columns=columns)


def _distribution(
    values: Numbers, probabilities: Numbers
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, p = np.asarray(values, dtype=float), np.asarray(probabilities, dtype=float)
    if x.shape != p.shape or x.ndim != 1 or not len(x):
        raise ArgumentError("probabilities", p.shape, f"as many as values, {x.shape}")
    if not (p.min() >= 0.0 and abs(float(p.sum()) - 1.0) <= PREDICTED_SUM):  # nan fails too
        raise ArgumentError("probabilities", float(p.sum()), "0 or more, sum 1")
    return x, p


def _check_chance(where: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:  # nan fails too
        raise ArgumentError(where, value, "0 to 1")
