"""Rows made ready: an output by point, what is missing told, intervals by resampling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError, meant
from ceasefire.experiment.design import saltelli_rows, size
from ceasefire.experiment.spec import Range
from ceasefire.tolerances import RESOLVED_RTOL

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.experiment.spec import Experiment

    Floats = NDArray[np.float64]

OUTSIDE = ("point", "replicate", "error")
AT_ONCE = 2**22  # counts of a block of resamples: 32 MB, few and wide products


@dataclass(frozen=True)
class Gaps:
    """Points without a number, and why.

    Attributes
    ----------
    failed : int
        Ended in an error, in any replicate.
    undefined : int
        Solved, but the output is nan, infinite or empty.
    missing : int
        Not in the frame: not yet run, or left out by a constraint.
    """

    failed: int
    undefined: int
    missing: int

    def __bool__(self) -> bool:
        return bool(self.failed or self.undefined or self.missing)

    def __str__(self) -> str:
        told = [
            (self.failed, "failed"),
            (self.undefined, "without a finite number"),
            (self.missing, "not in the frame"),
        ]
        return ", ".join(
            f"{count} point{'s' * (count > 1)} {what}" for count, what in told if count
        )


def demand(experiment: Experiment, designs: Sequence[str], doing: str) -> None:
    """Refuse an experiment of another design."""
    design = experiment.spec.vary.design
    if design not in designs:
        allowed = "design " + " or ".join(f'"{one}"' for one in designs)
        raise ArgumentError("experiment", f"design {design!r}", f"{allowed}, for {doing}")


def numbers(frame: pd.DataFrame, experiment: Experiment, output: str) -> Floats:
    """Return a column as numbers, truth values as 1 and 0, nan where there is none.

    Raises
    ------
    ArgumentError
        No such column, one that varies, or one of words.
    """
    import pandas as pd

    outside = (*OUTSIDE, *experiment.columns)
    if output not in frame.columns or output in outside:
        known = [str(name) for name in frame.columns if name not in outside]
        allowed = f"a recorded output: {', '.join(known)}"
        raise ArgumentError("output", output, allowed, meant(output, known))
    column = frame[output]
    if pd.api.types.infer_dtype(column, skipna=True) == "string":
        hint = "record a number, such as p_days_7 or holds_P1_pool"
        raise ArgumentError("output", output, "an output of numbers; this one is of words", hint)
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise ArgumentError("output", output, "an output of numbers") from None


def by_point(frame: pd.DataFrame, experiment: Experiment, output: str) -> tuple[Floats, Gaps]:
    """Return the output at every point of the design, the mean of its replicates.

    Returns
    -------
    values : array, shape (points of the design,)
        nan where any replicate lacks a number.
    gaps : Gaps
        How many, and why.
    """
    value, point = numbers(frame, experiment, output), places(frame, experiment)
    repeats = experiment.spec.replicates
    count = size(experiment) // repeats
    bad = frame["error"].notna().to_numpy() if "error" in frame else np.zeros(len(frame), bool)
    seen = np.bincount(point, minlength=count)
    if seen.max(initial=0) > repeats:
        allowed = "the rows of one experiment, each once"
        raise ArgumentError("frame", "points that stand more than once", allowed)
    failed = np.bincount(point, bad, minlength=count) > 0
    known = np.isfinite(value) & ~bad
    whole = np.bincount(point, known, minlength=count) == repeats
    total = np.bincount(point, np.where(known, value, 0.0), minlength=count)
    absent = (seen < repeats) & ~failed
    undefined = ~whole & ~failed & ~absent
    gaps = Gaps(int(failed.sum()), int(undefined.sum()), int(absent.sum()))
    return np.where(whole, total / repeats, np.nan), gaps


def places(frame: pd.DataFrame, experiment: Experiment) -> NDArray[np.int64]:
    """Return the point of every row.

    Raises
    ------
    ArgumentError
        The frame has not the columns, or not the points, of the experiment.
    """
    missing = [name for name in ("point", *experiment.columns) if name not in frame.columns]
    if missing:
        raise ArgumentError("frame", f"without {', '.join(missing)}", "rows of the experiment")
    point = frame["point"].to_numpy(dtype=np.int64)
    count = size(experiment) // experiment.spec.replicates
    if point.size and not 0 <= point.min() <= point.max() < count:
        allowed = f"points 0 to {count - 1} of the experiment"
        raise ArgumentError("frame", f"point {point.max()}", allowed)
    return point


def inputs(frame: pd.DataFrame, experiment: Experiment) -> Floats:
    """Return what varied at every point, nan where the frame lacks it.

    Returns
    -------
    array, shape (points of the design, parameters)
        Of a range the share of it, 0 at its lower end and 1 at its upper (of the logarithm where
        the scale is log); of a list of numbers the numbers.

    Raises
    ------
    ArgumentError
        A parameter of words, such as an extension switched on and off.
    """
    point = places(frame, experiment)
    count = size(experiment) // experiment.spec.replicates
    found = np.full((count, len(experiment.columns)), np.nan)
    for which, name in enumerate(experiment.columns):
        try:
            column = frame[name].to_numpy(dtype=np.float64)
        except (TypeError, ValueError):
            allowed = "parameters of numbers; this one is of words"
            hint = "analyse the rows of each word alone"
            raise ArgumentError("experiment", name, allowed, hint) from None
        found[point, which] = share(column, levels(experiment, name))
    return found


def levels(experiment: Experiment, name: str) -> Range | None:
    """Return the range of a parameter; None of a list of values."""
    told = experiment.spec.vary.parameters.get(name)
    return told if isinstance(told, Range) else None


def share(values: Floats, span: Range | None) -> Floats:
    """Return values as shares of a range."""
    if span is None:
        return values
    if span.scale == "log":
        told: Floats = np.log(values / span.low) / math.log(span.high / span.low)
        return told
    return (values - span.low) / (span.high - span.low)


def check_resampling(resamples: int, level: float) -> None:
    """Refuse too few resamples for an interval, and a level that is none."""
    if resamples < 20:
        raise ArgumentError("resamples", resamples, "a whole number from 20")
    check_level(level)


def check_level(level: float) -> None:
    """Refuse a level that is none."""
    if not 0.0 < level < 1.0:
        raise ArgumentError("level", level, "above 0 and below 1, as 0.95")


def constant(values: Floats) -> bool:
    """Whether values differ by no more than rounding."""
    spread = float(np.ptp(values)) if values.size else 0.0
    return spread <= RESOLVED_RTOL * float(np.max(np.abs(values), initial=0.0))


def resampled(rows: Floats, resamples: int, seed: int) -> Floats:
    """Return column means of rows drawn with replacement, all columns by the same draws.

    Parameters
    ----------
    rows : array, shape (n, columns)
    resamples, seed : int

    Returns
    -------
    array, shape (resamples, columns)

    Notes
    -----
    A draw of n rows is a vector of counts, so that the means of a block of resamples are one
    product of matrices.
    """
    rng = np.random.default_rng(seed)
    count = len(rows)
    counts = np.empty((min(max(1, AT_ONCE // count), resamples), count))
    found = np.empty((resamples, rows.shape[1]))
    for start in range(0, resamples, len(counts)):
        width = min(len(counts), resamples - start)
        for draw in range(width):
            counts[draw] = np.bincount(rng.integers(count, size=count), minlength=count)
        found[start : start + width] = counts[:width] @ rows
    return found / count


def interval(drawn: Floats, level: float) -> Floats:
    """Return the percentile interval of each column, shape (2, columns)."""
    tail = (1.0 - level) / 2.0
    known = drawn[np.isfinite(drawn).all(axis=1)]
    if len(known) < 2:
        return np.full((2, drawn.shape[1]), np.nan)
    told: Floats = np.quantile(known, (tail, 1.0 - tail), axis=0)
    return told


def frame_of(columns: dict[str, Any]) -> pd.DataFrame:
    """Return a table by column."""
    import pandas as pd

    return pd.DataFrame(columns)


def sample(
    frame: pd.DataFrame, experiment: Experiment, output: str, doing: str
) -> tuple[Floats, Floats, str]:
    """Return the points that vary all parameters at once, those without a number left out.

    Returns
    -------
    places : array, shape (n, parameters)
        As `inputs`.
    values : array, shape (n,)
    told : str
        What was used and what was left out, in words.
    """
    demand(experiment, ("latin-hypercube", "sobol", "saltelli", "grid", "list", "paired"), doing)
    values, gaps = by_point(frame, experiment, output)
    used = np.isfinite(values)
    total = len(values)
    if experiment.spec.vary.design == "saltelli":  # the rows between share their numbers
        place = np.arange(total) % saltelli_rows(experiment)
        base = (place == 0) | (place == saltelli_rows(experiment) - 1)
        used, total = used & base, int(base.sum())
    told = f"{int(used.sum())} of {total} points"
    told += f"; in the design {gaps}" if gaps else ""
    return inputs(frame, experiment)[used], values[used], told
