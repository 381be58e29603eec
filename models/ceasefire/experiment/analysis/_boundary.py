"""Where a condition begins to hold: rows back on their grid, cuts, and pairs of unlike rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.experiment.analysis import _lattice
from ceasefire.experiment.design import _listed, _whole
from ceasefire.experiment.spec import Range

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.experiment.analysis._condition import Judged
    from ceasefire.experiment.spec import Experiment

    Floats = NDArray[np.float64]


def wordy(values: pd.Series) -> bool:
    """Whether values have no order: words and truth values."""
    import pandas as pd

    kinds = pd.api.types
    return not kinds.is_numeric_dtype(values) or kinds.is_bool_dtype(values)


def logarithmic(experiment: Experiment, name: str) -> bool:
    """Whether a parameter's range is on a log scale."""
    levels = experiment.spec.vary.parameters.get(name)
    return isinstance(levels, Range) and levels.scale == "log"


def gridded(judged: Judged, experiment: Experiment) -> _lattice.Lattice:
    """Put rows back on their grid, values increasing."""
    ends = zip(experiment.spec.vary.parameters.values(), experiment.paths, strict=True)
    listed = [_listed(one, _whole(path)) for one, path in ends]
    shape = tuple(map(len, listed))
    truth = np.full(shape, np.nan)
    margin = None if judged.margin is None else np.full(shape, np.nan)
    at = np.unravel_index(judged.point, shape)
    truth[at] = judged.holds
    if margin is not None and judged.margin is not None:
        margin[at] = judged.margin
    axes = []
    for k, (name, values) in enumerate(zip(experiment.columns, listed, strict=True)):
        if any(isinstance(value, str | bool) for value in values):
            axes.append(_lattice.Axis(name, tuple(values), None, False))
            continue
        order = np.argsort(np.array(values, dtype=np.float64), kind="stable")
        truth = np.take(truth, order, axis=k)
        margin = None if margin is None else np.take(margin, order, axis=k)
        log = logarithmic(experiment, name)
        numbers = np.array(values, dtype=np.float64)[order]
        axes.append(_lattice.Axis(name, tuple(values[i] for i in order),
                                  np.log(numbers) if log else numbers, log))  # fmt: skip
    return _lattice.Lattice(tuple(axes), truth, margin)


def threshold(name: str, judged: Judged, tested: bool) -> tuple[str, float, str, float, float]:
    """Return parameter, cut, side on which the condition holds, separation and p-value."""
    from scipy.stats import ks_2samp

    values, holds = judged.parameters[name], judged.holds
    nothing = float("nan")
    if holds.all() or not holds.any():
        return name, nothing, "", 0.0, nothing
    if wordy(values):
        shares = [values[which].value_counts(normalize=True) for which in (holds, ~holds)]
        apart = float(shares[0].sub(shares[1], fill_value=0.0).abs().sum() / 2)
        return name, nothing, "", apart, nothing
    numbers = values.to_numpy(dtype=np.float64)
    levels, codes = np.unique(numbers, return_inverse=True)
    counts = [np.bincount(codes[which], minlength=len(levels)) for which in (holds, ~holds)]
    below = [np.cumsum(count) / count.sum() for count in counts]
    apart_at = below[1] - below[0]
    k = int(np.argmax(np.abs(apart_at)))
    if len(levels) == 1:
        return name, nothing, "", 0.0, nothing
    k = min(k, len(levels) - 2)
    chance = float(ks_2samp(numbers[holds], numbers[~holds]).pvalue) if tested else nothing
    side = "above" if apart_at[k] > 0 else "below"
    return name, float((levels[k] + levels[k + 1]) / 2), side, abs(float(apart_at[k])), chance


def opposite(judged: Judged, experiment: Experiment) -> pd.DataFrame:
    """Halfway points of rows of either kind that are each other's nearest."""
    import pandas as pd
    from scipy.spatial import cKDTree

    names = list(experiment.columns)
    numbers = [name for name in names if not wordy(judged.parameters[name])]
    words = [name for name in names if name not in numbers]
    scaled, back = _unit_cube(judged, experiment, numbers)
    told: list[tuple[Any, ...]] = []
    keys = judged.parameters[words].apply(tuple, axis=1) if words else None
    alike: Any = {(): np.arange(len(scaled))} if keys is None else keys.groupby(keys).indices
    for word, at in alike.items():
        ours, theirs = at[judged.holds[at]], at[~judged.holds[at]]
        if not len(ours) or not len(theirs) or not numbers:
            continue
        found: Any = cKDTree(scaled[theirs]).query(scaled[ours])
        back_again: Any = cKDTree(scaled[ours]).query(scaled[theirs])
        (apart, near), mutual = found, back_again[1]
        for k in np.flatnonzero(mutual[near] == np.arange(len(ours))):
            middle = back((scaled[ours[k]] + scaled[theirs[near[k]]]) / 2)
            values = dict(zip(numbers, middle, strict=True)) | dict(zip(words, word, strict=True))
            told.append((*(values[name] for name in names), float(apart[k])))
    return pd.DataFrame(told, columns=[*names, "distance"])


def _unit_cube(judged: Judged, experiment: Experiment, numbers: list[str]) -> tuple[Floats, Any]:
    """Scale parameters to 0 to 1 on their own scales; and the way back."""
    columns, spans = [], []
    for name in numbers:
        log = logarithmic(experiment, name)
        values = judged.parameters[name].to_numpy(dtype=np.float64)
        values = np.log(values) if log else values
        low, wide = float(values.min()), float(np.ptp(values)) or 1.0
        columns.append((values - low) / wide)
        spans.append((low, wide, log))

    def back(point: Floats) -> list[float]:
        told = []
        for (low, wide, log), share in zip(spans, point, strict=True):
            place = low + wide * share
            told.append(float(np.exp(place) if log else place))
        return told

    scaled = np.stack(columns, axis=1) if columns else np.empty((len(judged.holds), 0))
    return scaled, back
