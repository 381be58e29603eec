"""Partial dependence: the mean of an output at values of one parameter, or of two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.experiment.analysis import _clean
from ceasefire.experiment.design import saltelli_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ceasefire.experiment.analysis._clean import Floats
    from ceasefire.experiment.spec import Experiment, Range

DESIGNS = ("grid", "latin-hypercube", "sobol", "saltelli")  # the others vary together
SPREAD = (0.1, 0.9)  # quantiles of the output among rows of one value
ROWS_A_BIN = 50  # so that a mean is known to a seventh of the spread among its rows
FEWEST, MOST = 4, 20  # bins of one parameter
FEWEST_OF_TWO, MOST_OF_TWO = 3, 12


@dataclass(frozen=True, eq=False)
class Axis:
    """Values of a parameter at which means are taken.

    Attributes
    ----------
    parameter : str
    values : tuple
        Values of a grid; the middles of bins.
    edges : array, shape (len(values) + 1,), or None
        Of bins; None where values are met exactly.
    log : bool
        Whether the range has a log scale.
    """

    parameter: str
    values: tuple[Any, ...]
    edges: Floats | None
    log: bool


@dataclass(frozen=True, eq=False, repr=False)
class PartialDependence(Displayed):
    """Means of one output by value of one parameter, or of two.

    Attributes
    ----------
    output : str
    axes : tuple of Axis
        One or two.
    exact : bool
        Of a grid: the mean over all values of the other parameters, equally often. Otherwise
        of rows in bins, an estimate of the mean over the ranges of the others.
    mean : array, shape (values,) or (values, values of the second)
        nan where there is no row.
    interval : array, shape (2, ...)
        Student's interval of an estimated mean; nan where the mean is exact, or of one row.
    spread : array, shape (2, ...)
        The output's 10% and 90% quantile among the rows: what the other parameters do.
    rows : array of int, shape (...)
    level : float
    status : str
        Which kind of means, and what was left out, in words.
    """

    output: str
    axes: tuple[Axis, ...]
    exact: bool
    mean: Floats
    interval: Floats
    spread: Floats
    rows: NDArray[np.int64]
    level: float
    status: str

    def table(self) -> pd.DataFrame:
        """Return a row a value, or a pair of values, the second fastest."""
        places = np.indices(self.mean.shape).reshape(self.mean.ndim, -1)
        told: dict[str, Any] = {}
        for axis, place in zip(self.axes, places, strict=True):
            told[axis.parameter] = [axis.values[one] for one in place]
            if axis.edges is not None:
                told[f"{axis.parameter}_from"] = axis.edges[place]
                told[f"{axis.parameter}_to"] = axis.edges[place + 1]
        return _clean.frame_of({
            **told,
            "mean": self.mean.ravel(),
            "mean_low": self.interval[0].ravel(),
            "mean_high": self.interval[1].ravel(),
            "spread_low": self.spread[0].ravel(),
            "spread_high": self.spread[1].ravel(),
            "rows": self.rows.ravel(),
        })  # fmt: skip

    def figure(self) -> Figure:
        """Draw a line with its interval and spread, or a map of two parameters."""
        drawn: Figure = import_module("ceasefire.figures.analysis_dependence").draw(self)
        return drawn

    def __repr__(self) -> str:
        names = " and ".join(axis.parameter for axis in self.axes)
        values = " x ".join(str(len(axis.values)) for axis in self.axes)
        return f"mean {self.output} by {names}, {values} values: {self.status}"


def partial_dependence(
    frame: pd.DataFrame,
    experiment: Experiment,
    output: str,
    parameter: str,
    second: str | None = None,
    *,
    bins: int | None = None,
    level: float = 0.95,
) -> PartialDependence:
    r"""Return the mean of an output at values of a parameter, over all values of the others.

    .. math:: m(x) = E[Y | X_i = x]

    Parameters
    ----------
    frame : DataFrame
        Of `ceasefire.experiment.frame`.
    experiment : Experiment
        Of design "grid", "latin-hypercube", "sobol" or "saltelli" (the rows of A and B of it).
    output : str
        A recorded output of numbers; a truth value counts as 1 or 0.
    parameter, second : str
        What varied, as the experiment's file names it.
    bins : int, optional
        Of a range that is sampled; default: so many that each has 50 rows, 4 to 20, or 3 to 12
        of each of two parameters.
    level : float
        Of the intervals.

    Raises
    ------
    ArgumentError
        Another design, an output of words, an unknown parameter, or no rows with numbers.

    Notes
    -----
    On a grid means are exact marginal means, and without interval. In a sampled design rows are
    put into bins of equal width (in the logarithm where the scale is log), whole numbers by
    value where there are no more than bins; a bin's mean is that of its rows, with Student's
    interval. Rows of a Sobol sequence or a Latin hypercube lie more evenly than independent
    ones, so that it is on the wide side. Points left out by constraints or errors make it the
    mean over those that are left, in which parameters need not be independent.

    References
    ----------
    Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. Annals of
    Statistics 29(5), section 8.2.

    Examples
    --------
    >>> import pandas as pd
    >>> from ceasefire.experiment import points
    >>> from ceasefire.experiment.spec import parse
    >>> experiment = parse('''
    ... schema_version = 1
    ... name = "price"
    ... scenario = "november-2023"
    ... record = ["mean_days"]
    ... vary.design = "grid"
    ... vary.parameters.x = [8, 10, 12]
    ... vary.parameters.kappa = [4, 8]
    ... ''')
    >>> rows = [(point.index, *point.changes.values()) for point in points(experiment)]
    >>> frame = pd.DataFrame(rows, columns=["point", "x", "kappa"])
    >>> frame["mean_days"] = 2 * frame["x"] - frame["kappa"]
    >>> partial_dependence(frame, experiment, "mean_days", "x").table()[["x", "mean", "rows"]]
        x  mean  rows
    0   8  10.0     2
    1  10  14.0     2
    2  12  18.0     2
    """
    _clean.demand(experiment, DESIGNS, "partial dependence")
    _clean.check_level(level)
    names = _named(experiment, parameter, second)
    values, gaps = _clean.by_point(frame, experiment, output)
    used = np.isfinite(values) & _independent(experiment, len(values))
    if not used.any():
        raise ArgumentError("frame", f"no point with a number: {gaps}", "at least one")
    exact = experiment.spec.vary.design == "grid"
    rows, values = _rows(frame, experiment, used), values[used]
    wanted = _bins(bins, len(values), len(names))
    cut = [_cut(rows[name], _clean.levels(experiment, name), name, exact, wanted) for name in names]
    axes = tuple(axis for axis, _ in cut)
    shape = tuple(len(axis.values) for axis in axes)
    cell = np.ravel_multi_index(tuple(codes for _, codes in cut), shape)
    mean, interval, spread, count = _cells(values, cell, math.prod(shape), level, exact=exact)
    status = (
        f"{'exact means of a grid' if exact else 'means of rows in bins'}, {len(values)} points"
    )
    status += f"; in the design {gaps}" if gaps else ""
    return PartialDependence(
        output, axes, exact, mean.reshape(shape), interval.reshape(2, *shape),
        spread.reshape(2, *shape), count.reshape(shape), level, status,
    )  # fmt: skip


def _named(experiment: Experiment, parameter: str, second: str | None) -> list[str]:
    names = [parameter] if second is None else [parameter, second]
    for where, name in zip(("parameter", "second"), names, strict=False):
        if name not in experiment.columns:
            raise ArgumentError(where, name, "what varied: " + ", ".join(experiment.columns))
    if parameter == second:
        raise ArgumentError("second", second, f"another parameter than {parameter}")
    return names


def _independent(experiment: Experiment, count: int) -> NDArray[np.bool_]:
    """Which points are independent: of a saltelli design the rows of A and B."""
    if experiment.spec.vary.design != "saltelli":
        return np.ones(count, dtype=bool)
    rows = saltelli_rows(experiment)
    place = np.arange(count) % rows
    return np.asarray((place == 0) | (place == rows - 1))


def _rows(frame: pd.DataFrame, experiment: Experiment, used: NDArray[np.bool_]) -> pd.DataFrame:
    """Return a row for every point used, in their order; replicates have the same parameters."""
    point, first = np.unique(_clean.places(frame, experiment), return_index=True)
    return frame.iloc[first[used[point]]]


def _bins(bins: int | None, count: int, parameters: int) -> int:
    if bins is not None:
        if bins < 2:
            raise ArgumentError("bins", bins, "a whole number from 2")
        return bins
    if parameters == 1:
        return min(max(count // ROWS_A_BIN, FEWEST), MOST)
    return min(max(math.isqrt(count // ROWS_A_BIN), FEWEST_OF_TWO), MOST_OF_TWO)


def _cut(
    column: pd.Series[Any], span: Range | None, name: str, exact: bool, bins: int
) -> tuple[Axis, NDArray[np.int64]]:
    """Return the values of a parameter, and which of them each row has."""
    log = span is not None and span.scale == "log"
    if exact or span is None:
        values = list(dict.fromkeys(column))
        if all(isinstance(one, int | float) for one in values):
            values.sort()
        place = {value: code for code, value in enumerate(values)}
        return Axis(name, tuple(values), None, log), column.map(place).to_numpy(dtype=np.int64)
    numbers = column.to_numpy(dtype=np.float64)
    levels = np.unique(numbers)
    if len(levels) <= bins and (levels == np.round(levels)).all():
        codes = np.searchsorted(levels, numbers)
        return Axis(name, tuple(int(one) for one in levels), None, log), codes
    codes = np.clip((_clean.share(numbers, span) * bins).astype(np.int64), 0, bins - 1)
    edges = np.array([span.at(step / bins) for step in range(bins + 1)])
    middles = tuple(span.at((step + 0.5) / bins) for step in range(bins))
    return Axis(name, middles, edges, log), codes


def _cells(
    values: Floats, cell: NDArray[np.int64], cells: int, level: float, *, exact: bool
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Return mean, interval, spread and number of the rows of every cell."""
    from scipy.stats import t

    order = np.argsort(cell, kind="stable")
    count = np.bincount(cell, minlength=cells)
    mean, error = np.full(cells, np.nan), np.full(cells, np.nan)
    spread = np.full((2, cells), np.nan)
    groups: Sequence[Floats] = np.split(values[order], np.cumsum(count)[:-1])
    for which, group in enumerate(groups):
        if not group.size:
            continue
        mean[which] = group.mean()
        spread[:, which] = np.quantile(group, SPREAD)
        if group.size > 1 and not exact:
            error[which] = group.std(ddof=1) / math.sqrt(group.size)
    reach = error * t.ppf(0.5 + level / 2.0, np.maximum(count - 1, 1))
    return mean, np.stack([mean - reach, mean + reach]), spread, count
