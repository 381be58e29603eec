"""One parameter at a time: the output at the ends of each range, all else as in the scenario."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.experiment.analysis import _clean

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis._clean import Floats
    from ceasefire.experiment.spec import Experiment


@dataclass(frozen=True, eq=False, repr=False)
class Tornado(Displayed):
    """An output at the ends of every parameter's range.

    Attributes
    ----------
    output : str
    parameters : tuple of str
        k of them.
    base : float
        The output at the scenario's values.
    at, values : array, shape (2, k)
        The lower and upper value of each parameter, and the output there; nan where it failed.
    base_at : array, shape (k,)
        The scenario's values.
    status : str
        What was left out, in words.
    """

    output: str
    parameters: tuple[str, ...]
    base: float
    base_at: Floats
    at: Floats
    values: Floats
    status: str

    @property
    def swing(self) -> Floats:
        """Largest less smallest of the output at the ends and at the base, by parameter."""
        ends = np.vstack([self.values, np.full(len(self.parameters), self.base)])
        told: Floats = np.nanmax(ends, axis=0) - np.nanmin(ends, axis=0)
        return told

    def table(self) -> pd.DataFrame:
        """Return a row a parameter, in the order of the file."""
        return _clean.frame_of({
            "parameter": self.parameters,
            "base_at": self.base_at,
            "low_at": self.at[0],
            "high_at": self.at[1],
            "base": self.base,
            "low": self.values[0],
            "high": self.values[1],
            "change_low": self.values[0] - self.base,
            "change_high": self.values[1] - self.base,
            "swing": self.swing,
        })  # fmt: skip

    def figure(self) -> Figure:
        """Draw a bar a parameter, the longest on top."""
        drawn: Figure = import_module("ceasefire.figures.analysis_tornado").draw(self)
        return drawn

    def __repr__(self) -> str:
        lines = [f"{self.output}, {self.base:.6g} in the scenario: {self.status}"]
        for row in (
            self.table().sort_values("swing", ascending=False, kind="stable").to_dict("records")
        ):
            ends = f"{row['low']:.4g} at {row['low_at']:.4g}, {row['high']:.4g} at"
            lines.append(f"  {row['parameter']:24} {ends} {row['high_at']:.4g}")
        return "\n".join(lines)


def tornado(frame: pd.DataFrame, experiment: Experiment, output: str) -> Tornado:
    """Return the output at both ends of every parameter's range, one at a time.

    Parameters
    ----------
    frame : DataFrame
        Of `ceasefire.experiment.frame`.
    experiment : Experiment
        Of design "tornado".
    output : str
        A recorded output of numbers; a truth value counts as 1 or 0.

    Raises
    ------
    ArgumentError
        Another design, an output of words, or no number at the scenario's values.

    Notes
    -----
    2 k + 1 rows. It says nothing of interactions, nor of the middle of a range: an output that
    peaks inside has both ends on one side of the base. An end that failed, or that a constraint
    leaves out, is told and has no bar.

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
    ... [vary]
    ... design = "tornado"
    ... parameters.x = { from = 8, to = 14 }
    ... parameters.kappa = { from = 4, to = 16 }
    ... ''')
    >>> rows = [(point.index, *point.changes.values()) for point in points(experiment)]
    >>> frame = pd.DataFrame(rows, columns=["point", "x", "kappa"])
    >>> frame["mean_days"] = 2 * frame["x"] - frame["kappa"]
    >>> tornado(frame, experiment, "mean_days")
    mean_days, 12 in the scenario: no end left out
      x                        8 at 8, 20 at 14
      kappa                    16 at 4, 4 at 16
    """
    _clean.demand(experiment, ("tornado",), "a tornado")
    values, gaps = _clean.by_point(frame, experiment, output)
    if np.isnan(values[0]):
        allowed = "a number at the scenario's values (point 0)"
        raise ArgumentError("frame", f"none there: {gaps}", allowed)
    names = list(experiment.columns)
    table = np.full((len(values), len(names)), np.nan)
    table[_clean.places(frame, experiment)] = frame[names].to_numpy(dtype=np.float64)
    own = np.arange(len(names))
    at = np.stack([table[1 + 2 * own + end, own] for end in (0, 1)])
    status = f"left out: {gaps}" if gaps else "no end left out"
    beyond = [name for name, base, low, high in zip(names, table[0], *at, strict=True)
              if base < low or base > high]  # fmt: skip
    status += f"; outside its range in the scenario: {', '.join(beyond)}" if beyond else ""
    return Tornado(
        output, experiment.columns, float(values[0]), table[0], at,
        np.stack([values[1::2], values[2::2]]), status,
    )  # fmt: skip
