"""Where in the box of parameters a condition holds: how much of it, and where it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.experiment.analysis import _lattice
from ceasefire.experiment.analysis._boundary import gridded, opposite, threshold, wordy
from ceasefire.experiment.analysis._condition import judge
from ceasefire.experiment.design import saltelli_rows
from ceasefire.experiment.spec import Range

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ceasefire.experiment.analysis._condition import Judged
    from ceasefire.experiment.spec import Experiment

    Floats = NDArray[np.float64]

DRAWN = ("latin-hypercube", "sobol", "saltelli")  # points spread evenly over the box, at random
INTERVALS = {
    "latin-hypercube": "Wilson, as for independent points: conservative, since strata are even",
    "sobol": "Wilson, as for independent points: conservative, since the points are even",
    "saltelli": "Wilson, over points of the base sample: conservative, since a point's rows differ",
    "grid": "cells of which all corners hold, to cells of which some corner holds",
}


@dataclass(frozen=True, eq=False, repr=False)
class Region(Displayed):
    """Where a condition holds.

    Attributes
    ----------
    condition, design : str
    rows, holding : int
        Rows that were judged, and those in which it holds.
    failed, unjudged : int
        Rows left out: errors, and rows that lack a value the condition needs.
    share : float
        Of the box in which it holds: of the points of a random design, of a grid's volume by
        trapezoids on the scales of its ranges, of the rows of any other design.
    low, high : float
        Interval of the share; nan where the design gives none.
    least, most : float
        The share if it held in none, or in all, of the rows left out.
    interval : str
        What the interval is.
    level : float
    """

    condition: str
    design: str
    rows: int
    holding: int
    failed: int
    unjudged: int
    share: float
    low: float
    high: float
    least: float
    most: float
    interval: str
    level: float
    _judged: Judged
    _experiment: Experiment
    _units: NDArray[np.int64]
    _bins: int

    def table(self) -> pd.DataFrame:
        """Return the share by parameter: a row for each of its values, or bins of its range.

        Columns: parameter, value (of words), from, to, rows, holding, share, low, high. Bins are
        of equal width on the parameter's scale; intervals as for the whole, nan outside random
        designs.
        """
        import pandas as pd

        names = ["parameter", "value", "from", "to", "rows", "holding", "share", "low", "high"]
        told = [row for name in self._experiment.columns for row in self._binned(name)]
        return pd.DataFrame(told, columns=names)

    @cached_property
    def lattice(self) -> _lattice.Lattice | None:
        """The grid with what is known at its points; None of other designs and of replicates."""
        spec = self._experiment.spec
        if spec.vary.design != "grid" or spec.replicates > 1:
            return None
        return gridded(self._judged, self._experiment)

    def thresholds(self) -> pd.DataFrame:
        """Return the value of each parameter that tells best where it holds.

        Columns: parameter, threshold (the cut at which the shares of holding and of other rows
        below it are farthest apart; nan of words), holds (above or below), separation (how far:
        0 none, 1 all of it), p_value (Kolmogorov-Smirnov, two samples; nan where rows are not
        points of one random design). Sorted by separation. Regional sensitivity analysis
        (Hornberger and Spear 1981).
        """
        import pandas as pd

        one_row_a_point = self.design in DRAWN and len(np.unique(self._units)) == self.rows
        told = [threshold(name, self._judged, one_row_a_point) for name in self._experiment.columns]
        names = ["parameter", "threshold", "holds", "separation", "p_value"]
        found = pd.DataFrame(told, columns=names)
        return found.sort_values("separation", ascending=False, kind="stable", ignore_index=True)

    def boundary(self) -> pd.DataFrame:
        """Return points of the boundary.

        In a grid every pair of neighbours of which one holds: along which parameter, its values
        low and high, on which side it holds, and the point between them, in a column for each
        parameter; where the condition is a single comparison the two sides are interpolated to
        meet, otherwise it is the middle.

        In any other design every holding row and other row that are each other's nearest, over
        ranges scaled to 0 to 1: the point halfway, in a column for each parameter, and their
        distance. Words must agree.
        """
        if self.lattice is not None:
            return _lattice.edges(self.lattice)
        return opposite(self._judged, self._experiment)

    def contour(self) -> pd.DataFrame:
        """Return the boundary in a grid of two numbers as segments, from one point to another.

        Raises
        ------
        ArgumentError
            Another design.
        """
        import pandas as pd

        lattice = self.lattice
        if lattice is None or len(lattice.axes) != 2 or len(lattice.spread()) != 2:
            raise ArgumentError("contour", self.design, "a grid of two numbers")
        one, two = (axis.name for axis in lattice.axes)
        told = [(*first, *last) for first, last in _lattice.contour(lattice)]
        return pd.DataFrame(told, columns=[f"{one}_1", f"{two}_1", f"{one}_2", f"{two}_2"])

    def figure(self) -> Figure:
        """Draw where it holds over two parameters, and its share by parameter."""
        drawn: Figure = import_module("ceasefire.figures.analysis_regions").draw(self)
        return drawn

    def scaled(self, name: str) -> tuple[Floats, tuple[float, float], bool]:
        """Return a parameter's values in the judged rows, its range, and whether it is a log."""
        levels = self._experiment.spec.vary.parameters.get(name)
        values = self._judged.parameters[name].to_numpy(dtype=np.float64)
        if isinstance(levels, Range):
            return values, (levels.low, levels.high), levels.scale == "log"
        return values, (float(values.min()), float(values.max())), False

    @property
    def holds(self) -> NDArray[np.bool_]:
        """Whether it holds, in each judged row."""
        return self._judged.holds

    def words(self, name: str) -> bool:
        """Whether a parameter is of words or truth values."""
        return wordy(self._judged.parameters[name])

    def _binned(self, name: str) -> list[tuple[Any, ...]]:
        values = self._judged.parameters[name]
        if self.words(name):
            return [(name, str(one), np.nan, np.nan, *self._counted((values == one).to_numpy()))
                    for one in sorted(values.unique(), key=str)]  # fmt: skip
        numbers, (low, high), log = self.scaled(name)
        distinct = np.unique(numbers)
        if self.design not in DRAWN or len(distinct) <= 2 * self._bins:
            return [(name, None, one, one, *self._counted(numbers == one)) for one in distinct]
        ends = (np.geomspace if log else np.linspace)(low, high, self._bins + 1)
        which = np.clip(np.searchsorted(ends, numbers, side="right") - 1, 0, self._bins - 1)
        return [(name, None, ends[k], ends[k + 1], *self._counted(which == k))
                for k in range(self._bins)]  # fmt: skip

    def _counted(self, inside: NDArray[np.bool_]) -> tuple[int, int, float, float, float]:
        rows, holding = int(np.count_nonzero(inside)), int(np.count_nonzero(self.holds[inside]))
        share = holding / rows if rows else float("nan")
        low = high = float("nan")
        if self.design in DRAWN and rows:
            low, high = wilson(share, len(np.unique(self._units[inside])), self.level)
        return rows, holding, share, low, high

    @property
    def status(self) -> str:
        """The share with its interval, and what was left out, in words."""
        told = f"holds in {self.share:.4f} of the box"
        told += "" if np.isnan(self.low) else f" [{self.low:.4f}, {self.high:.4f}]"
        told += f": {self.interval}; {self.holding} of {self.rows} rows, {self.design}"
        if self._judged.left_out:
            told += (
                f"; left out: {self._judged.left_out}; the share is {self.least:.4f} if it holds"
                f" in none of them, {self.most:.4f} if in all"
            )
        return told

    def __repr__(self) -> str:
        return "\n".join(f"{self.condition} {self.status}".split("; "))


def region(
    frame: pd.DataFrame,
    experiment: Experiment,
    condition: str,
    *,
    level: float = 0.95,
    bins: int = 10,
) -> Region:
    """Find where in the box of parameters a condition holds.

    With ``H`` the indicator of the condition, the share is ``E[H]`` over the box, each range
    weighted on its own scale.

    Parameters
    ----------
    frame : DataFrame
        Rows of `ceasefire.experiment.frame`.
    experiment : Experiment
        Whose rows they are.
    condition : str
        A recorded truth value, or comparisons over columns: ``mean_days >= 6 and trust < 0.4``.
    level : float
        Of the intervals, above 0 and below 1.
    bins : int
        Of a parameter's range in a random design.

    Returns
    -------
    Region

    Raises
    ------
    ArgumentError
        An argument out of its range, or a condition that cannot be read or never is known.

    Notes
    -----
    Of a Latin hypercube, a Sobol or a saltelli design the interval is Wilson's (1927) for as many
    independent points as the design has; what is drawn more evenly than at random varies less, so
    it covers at least as often. Replicates of a point, and rows of one base point, count as one
    point: their mean varies no more than one row. Constraints narrow the box.

    Of a grid nothing is random. The share is an integral by trapezoids, and the interval runs
    from the volume of cells of which all corners hold to that of cells of which some corner does:
    it contains the true share unless the boundary is finer than a cell. A list, paired values, a
    Morris design or a tornado do not spread evenly over a box: the share is of rows, without an
    interval.

    Cost is linear in rows, but for the boundary of a random design, where nearest neighbours are
    sought: ``n log n`` in few dimensions, up to ``n^2`` in twenty.

    References
    ----------
    Wilson, E. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22, 209-212. Hornberger, G., R. Spear (1981).
    An approach to the preliminary analysis of environmental systems. Journal of Environmental
    Management 12, 7-18. Lorensen, W., H. Cline (1987). Marching cubes. Computer Graphics 21,
    163-169.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from ceasefire.experiment.spec import parse
    >>> told = parse('''
    ... schema_version = 1
    ... name = "half"
    ... scenario = "november-2023"
    ... record = ["mean_days"]
    ... vary.design = "grid"
    ... vary.parameters.pi0 = { from = 0.0, to = 1.0, steps = 5 }
    ... ''')
    >>> rows = pd.DataFrame({"point": range(5), "pi0": [0.0, 0.25, 0.5, 0.75, 1.0],
    ...                      "mean_days": [4.0, 5.0, 6.0, 7.0, 8.0], "error": None})
    >>> found = region(rows, told, "mean_days >= 5.5")
    >>> found
    mean_days >= 5.5 holds in 0.6250 of the box [0.5000, 0.7500]: cells of which all corners ...
    3 of 5 rows, grid
    >>> found.boundary()
      along   low  high  holds    pi0
    0   pi0  0.25   0.5  above  0.375
    """
    if not 0.0 < level < 1.0:
        raise ArgumentError("level", level, "above 0 and below 1")
    if bins < 2:
        raise ArgumentError("bins", bins, "a whole number from 2")
    judged = judge(frame, experiment, condition)
    units = _units(judged, experiment)
    design = experiment.spec.vary.design
    rows, holding = len(judged.holds), int(np.count_nonzero(judged.holds))
    share, low, high = holding / rows, float("nan"), float("nan")
    interval = INTERVALS.get(design, "no interval: the points do not spread evenly over a box")
    if design in DRAWN:
        low, high = wilson(share, len(np.unique(units)), level)
    elif design == "grid" and experiment.spec.replicates == 1:
        share, low, high, unknown = _lattice.volumes(gridded(judged, experiment))
        if unknown > 0.0:
            interval += f", in the {1.0 - unknown:.3f} of the box of which every corner is known"
    elif design == "grid":
        interval = "no interval: random draws on a grid"
    out, every = judged.failed + judged.unjudged, rows + judged.failed + judged.unjudged
    least, most = holding / every, (holding + out) / every
    if design == "grid" and experiment.spec.replicates == 1:
        least, most = (_volume(judged, frame, experiment, holds) for holds in (False, True))
    return Region(condition, design, rows, holding, judged.failed, judged.unjudged, share, low,
                  high, least, most, interval, level, judged, experiment, units,
                  bins)  # fmt: skip


def _volume(judged: Judged, frame: pd.DataFrame, experiment: Experiment, holds: bool) -> float:
    """Share of the box of a grid if every point that was left out held, or none did."""
    lost = np.setdiff1d(frame["point"].to_numpy(dtype=np.int64), judged.point)
    whole = replace(
        judged, margin=None, point=np.concatenate([judged.point, lost]),
        holds=np.concatenate([judged.holds, np.full(len(lost), holds)]),
    )  # fmt: skip
    return _lattice.volumes(gridded(whole, experiment))[0]


def wilson(share: float, count: int, level: float) -> tuple[float, float]:
    """Return Wilson's interval of a share among `count` independent points.

    Examples
    --------
    >>> [round(end, 4) for end in wilson(0.9, 10, 0.95)]
    [0.5958, 0.9821]
    """
    from scipy.stats import norm

    z = float(norm.ppf((1 + level) / 2))
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * float(
        np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    )  # fmt: skip
    low = 0.0 if share == 0.0 else max(middle - half, 0.0)
    return low, 1.0 if share == 1.0 else min(middle + half, 1.0)


def _units(judged: Judged, experiment: Experiment) -> NDArray[np.int64]:
    """Which independent point each row belongs to."""
    saltelli = experiment.spec.vary.design == "saltelli"
    return judged.point // saltelli_rows(experiment) if saltelli else judged.point
