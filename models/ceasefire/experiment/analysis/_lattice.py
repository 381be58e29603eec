"""A condition on a grid: volumes of cells, edges on which it changes, and contours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Axis:
    """A parameter of a grid.

    Attributes
    ----------
    name : str
    values : tuple
        Increasing where ordered.
    places : array of float
        Of the values on the scale on which volume is measured; None of words.
    log : bool
    """

    name: str
    values: tuple[Any, ...]
    places: Floats | None
    log: bool

    def value(self, place: float) -> float:
        """Return the value at a place."""
        return float(np.exp(place)) if self.log else float(place)


@dataclass(frozen=True, eq=False)
class Lattice:
    """Truth (1, 0, nan where unknown) and margin at every point of a grid."""

    axes: tuple[Axis, ...]
    truth: Floats
    margin: Floats | None

    def spread(self) -> list[int]:
        """Axes along which numbers lie."""
        return [k for k, axis in enumerate(self.axes)
                if axis.places is not None and len(axis.values) > 1]  # fmt: skip


def volumes(lattice: Lattice) -> tuple[float, float, float, float]:
    """Share of the box: by trapezoids, of cells with all corners inside, with some corner inside.

    Words count alike; cells with an unknown corner are left out, and the last number is the share
    of the box that they take.
    """
    mean = inner = outer = lattice.truth
    weight = np.ones(lattice.truth.shape)
    for k in lattice.spread():
        places = lattice.axes[k].places
        assert places is not None
        first, last = _sides(mean, k)
        mean = (first + last) / 2
        inner = np.minimum(*_sides(inner, k))
        outer = np.maximum(*_sides(outer, k))
        shape = [1] * mean.ndim
        shape[k] = len(places) - 1
        weight = _sides(weight, k)[0] * np.diff(places).reshape(shape)
    known = ~np.isnan(mean)
    total = weight[known].sum()
    if not total > 0.0:
        return float("nan"), float("nan"), float("nan"), 1.0
    told = [float((weight * part)[known].sum() / total) for part in (mean, inner, outer)]
    return told[0], told[1], told[2], 1.0 - float(total / weight.sum())


def _sides(array: Floats, axis: int) -> tuple[Floats, Floats]:
    moved = np.moveaxis(array, axis, 0)
    return np.moveaxis(moved[:-1], 0, axis), np.moveaxis(moved[1:], 0, axis)


def edges(lattice: Lattice) -> pd.DataFrame:
    """Return a row for each pair of neighbours of which one holds: where, and the crossing."""
    import pandas as pd

    names = [axis.name for axis in lattice.axes]
    told = []
    for k in lattice.spread():
        first, last = _sides(lattice.truth, k)
        for at in np.argwhere(np.abs(first - last) > 0.5):
            after = at.copy()
            after[k] += 1
            one, two = tuple(at), tuple(after)
            place = _crossing(lattice, k, one, two)
            values = [axis.values[i] for axis, i in zip(lattice.axes, at, strict=True)]
            values[k] = lattice.axes[k].value(place)
            ends = lattice.axes[k].values[at[k]], lattice.axes[k].values[after[k]]
            side = "above" if lattice.truth[two] > 0.5 else "below"
            told.append((lattice.axes[k].name, *ends, side, *values))
    return pd.DataFrame(told, columns=["along", "low", "high", "holds", *names])


def _crossing(lattice: Lattice, axis: int, one: tuple[int, ...], two: tuple[int, ...]) -> float:
    """Place between two neighbours where the margin is zero; the middle where none is known."""
    places = lattice.axes[axis].places
    assert places is not None
    low, high = float(places[one[axis]]), float(places[two[axis]])
    share = 0.5
    if lattice.margin is not None:
        first, last = float(lattice.margin[one]), float(lattice.margin[two])
        if np.isfinite([first, last]).all() and first != last:
            share = min(max(first / (first - last), 0.0), 1.0)
    return low + share * (high - low)


def contour(lattice: Lattice) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return the boundary in a grid of two parameters as segments (marching squares).

    Notes
    -----
    A cell with one pair of opposite corners inside is ambiguous; its middle, at which the margin
    is the mean of the corners, decides. Cells with an unknown corner have none.
    """
    assert len(lattice.axes) == 2
    found = []
    rows, columns = lattice.truth.shape
    for i in range(rows - 1):
        for k in range(columns - 1):
            corners = [(i, k), (i + 1, k), (i + 1, k + 1), (i, k + 1)]
            truth = [float(lattice.truth[one]) for one in corners]
            if not np.isnan(truth).any() and 0.0 < sum(truth) < 4.0:
                found += _cell(lattice, corners, truth)
    return found


def _cell(
    lattice: Lattice, corners: Sequence[tuple[int, int]], truth: list[float]
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    marks: list[tuple[int, tuple[float, float]]] = []
    for side in range(4):
        one, two = corners[side], corners[(side + 1) % 4]
        if truth[side] != truth[(side + 1) % 4]:
            low, high = min(one, two), max(one, two)
            axis = 0 if low[0] != high[0] else 1
            place = lattice.axes[axis].value(_crossing(lattice, axis, low, high))
            still = 1 - axis
            other = float(lattice.axes[still].values[low[still]])
            marks.append((side, (place, other) if axis == 0 else (other, place)))
    points = [point for _, point in marks]
    if len(points) == 2:  # a boundary through a point of the grid alone has no length
        return [(points[0], points[1])] if points[0] != points[1] else []
    # four crossings: corner 0 is cut off from corner 2 unless the middle joins them
    joined = _middle(lattice, corners, truth) == bool(truth[0])
    pairs = [(0, 1), (2, 3)] if joined else [(3, 0), (1, 2)]
    return [(points[a], points[b]) for a, b in pairs]


def _middle(lattice: Lattice, corners: Sequence[tuple[int, int]], truth: list[float]) -> bool:
    margins = [np.nan if lattice.margin is None else float(lattice.margin[one]) for one in corners]
    if np.isfinite(margins).all():
        return float(np.mean(margins)) >= 0.0
    return bool(truth[0])
