"""Sobol indices: the share of an output's variance that each parameter accounts for."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.experiment.analysis import _clean
from ceasefire.experiment.design import saltelli_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ceasefire.experiment.analysis._clean import Floats
    from ceasefire.experiment.spec import Experiment

LEAST = 8  # base rows: with fewer a resample is often one row many times


@dataclass(frozen=True, eq=False, repr=False)
class SobolIndices(Displayed):
    """Sobol indices of one output, with bootstrap percentile intervals.

    Attributes
    ----------
    output : str
    parameters : tuple of str
        k of them, as the experiment's file names them.
    first, total : array, shape (k,)
        Share of the variance that a parameter accounts for alone, and with all interactions.
    first_interval, total_interval : array, shape (2, k)
        Lower and upper ends.
    second : array, shape (k, k), or None
        Share that two parameters account for together beyond each alone; symmetric, nan on the
        diagonal. None where the design lacks the rows for it.
    second_interval : array, shape (2, k, k), or None
    mean, variance : float
        Of the output, over the two halves of the base sample.
    level : float
        Of the intervals.
    base_rows, dropped : int
        Base points used, and left out because one of their rows lacks a number.
    status : str
        What was used and what was left out, in words.
    """

    output: str
    parameters: tuple[str, ...]
    first: Floats
    first_interval: Floats
    total: Floats
    total_interval: Floats
    second: Floats | None
    second_interval: Floats | None
    mean: float
    variance: float
    level: float
    base_rows: int
    dropped: int
    status: str

    def table(self) -> pd.DataFrame:
        """Return a row a parameter, in the order of the file."""
        return _clean.frame_of({
            "parameter": self.parameters,
            "first": self.first,
            "first_low": self.first_interval[0],
            "first_high": self.first_interval[1],
            "total": self.total,
            "total_low": self.total_interval[0],
            "total_high": self.total_interval[1],
        })  # fmt: skip

    def pairs(self) -> pd.DataFrame:
        """Return a row a pair of parameters: second, second_low, second_high.

        Raises
        ------
        ArgumentError
            The design was run without ``second_order = true``.
        """
        if self.second is None or self.second_interval is None:
            raise ArgumentError("pairs", "second_order = false", "second_order = true in [vary]")
        one, other = np.triu_indices(len(self.parameters), 1)
        names = np.array(self.parameters, dtype=object)
        return _clean.frame_of({
            "parameter": names[one],
            "other": names[other],
            "second": self.second[one, other],
            "second_low": self.second_interval[0, one, other],
            "second_high": self.second_interval[1, one, other],
        })  # fmt: skip

    def figure(self) -> Figure:
        """Draw first and total indices with their intervals."""
        drawn: Figure = import_module("ceasefire.figures.analysis_sobol").draw(self)
        return drawn

    def __repr__(self) -> str:
        lines = [f"Sobol indices of {self.output}: {self.status}"]
        for row in self.table().to_dict("records"):
            first = f"{row['first']:6.3f} [{row['first_low']:.3f}, {row['first_high']:.3f}]"
            total = f"{row['total']:6.3f} [{row['total_low']:.3f}, {row['total_high']:.3f}]"
            lines.append(f"  {row['parameter']:24} first {first}  total {total}")
        return "\n".join(lines)


def sobol(
    frame: pd.DataFrame,
    experiment: Experiment,
    output: str,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> SobolIndices:
    r"""Estimate first-order and total Sobol indices from the rows of a saltelli design.

    With Y the output, X_i a parameter and X_{~i} all the others, independent and uniform over
    their ranges,

    .. math:: S_i = \frac{V[E(Y | X_i)]}{V(Y)}, \qquad T_i = \frac{E[V(Y | X_{\sim i})]}{V(Y)} .

    With matrices A and B of independent base points, and A_B^i which is A with column i of B,

    .. math:: \hat S_i = \frac{1}{N \hat V} \sum_r f(B)_r (f(A_B^i)_r - f(A)_r), \qquad
        \hat T_i = \frac{1}{2 N \hat V} \sum_r (f(A)_r - f(A_B^i)_r)^2 ,

    f centred at its mean over A and B, and V its variance over both.

    Parameters
    ----------
    frame : DataFrame
        Of `ceasefire.experiment.frame`.
    experiment : Experiment
        Of design "saltelli".
    output : str
        A recorded output of numbers; a truth value counts as 1 or 0.
    resamples : int
        Of the bootstrap.
    level : float
        Of the intervals.
    seed : int
        Of the bootstrap.

    Returns
    -------
    SobolIndices

    Raises
    ------
    ArgumentError
        Another design, an output of words, a frame of other rows, or too few rows with numbers.

    Notes
    -----
    First-order indices by the estimator of Saltelli et al. (2010, table 2 b), totals by that of
    Jansen (1999; ibid. table 2 f), pairs by Saltelli (2002). The bootstrap draws base points with
    replacement, each with all its rows. It takes them as independent: those of a scrambled Sobol
    sequence cover the box more evenly, so that intervals are on the wide side. Estimates are not
    clipped: one near 0 may be negative.

    A base point of which any row failed or lacks a number is left out of every index, and
    counted; the indices are then those of the parameters given that the model solves, and the
    parameters are no longer quite independent. Where replicates are recorded, their mean is the
    output; what randomness it keeps counts as interaction of every parameter.

    References
    ----------
    Saltelli, A., Annoni, P., Azzini, I., Campolongo, F., Ratto, M., and Tarantola, S. (2010).
    Variance based sensitivity analysis of model output: design and estimator for the total
    sensitivity index. Computer Physics Communications 181(2), 259-270.
    Jansen, M. J. W. (1999). Analysis of variance designs for model output. Computer Physics
    Communications 117(1-2), 35-43.
    Saltelli, A. (2002). Making best use of model evaluations to compute sensitivity indices.
    Computer Physics Communications 145(2), 280-297.

    Examples
    --------
    >>> from ceasefire.experiment import points
    >>> from ceasefire.experiment.spec import parse
    >>> experiment = parse('''
    ... schema_version = 1
    ... name = "price"
    ... scenario = "november-2023"
    ... record = ["mean_days"]
    ... [vary]
    ... design = "saltelli"
    ... points = 256
    ... parameters.x = { from = 8, to = 12 }
    ... parameters.kappa = { from = 4, to = 12 }
    ... ''')
    >>> import pandas as pd
    >>> rows = [(point.index, *point.changes.values()) for point in points(experiment)]
    >>> frame = pd.DataFrame(rows, columns=["point", "x", "kappa"])
    >>> frame["mean_days"] = 2 * frame["x"] + frame["kappa"]  # equal variances
    >>> sobol(frame, experiment, "mean_days").table().round(2)[["parameter", "first", "total"]]
      parameter  first  total
    0         x    0.5    0.5
    1     kappa    0.5    0.5
    """
    _clean.demand(experiment, ("saltelli",), "Sobol indices")
    _clean.check_resampling(resamples, level)
    values, gaps = _clean.by_point(frame, experiment, output)
    rows, count = saltelli_rows(experiment), len(experiment.columns)
    blocks = values.reshape(-1, rows)
    whole = np.asarray(np.isfinite(blocks).all(axis=1))
    kept = blocks[whole]
    if len(kept) < LEAST:
        allowed = f"at least {LEAST} base points of which every row has a number"
        raise ArgumentError("frame", f"{len(kept)} of {len(blocks)}: {gaps}", allowed)
    _check_rows(frame, experiment, whole)
    dropped = len(blocks) - len(kept)
    status = f"{len(kept)} of {len(blocks)} base points"
    status += f", the others left out: {gaps}" if dropped else ", none left out"
    if _clean.constant(kept):
        status += "; the output does not vary, so that there are no indices"
        kept = np.full_like(kept, kept[0, 0])
    pairs = experiment.spec.vary.second_order
    terms, mean = _terms(kept, count, pairs=pairs)
    first, total, second, variance = _indices(terms.mean(axis=0)[None], count)
    drawn = _indices(_clean.resampled(terms, resamples, seed), count)
    return SobolIndices(
        output, experiment.columns, first[0], _ends(drawn[0], level), total[0],
        _ends(drawn[1], level), None if second is None else second[0],
        None if drawn[2] is None else _ends(drawn[2], level), mean, float(variance[0]), level,
        len(kept), dropped, status,
    )  # fmt: skip


def _check_rows(frame: pd.DataFrame, experiment: Experiment, whole: NDArray[np.bool_]) -> None:
    """Refuse a frame whose rows are not A, A with a column of B, ..., B."""
    told = _clean.inputs(frame, experiment)
    count = told.shape[1]
    told = told.reshape(len(whole), -1, count)[whole]
    first, last, mixed = told[:, 0], told[:, -1], told[:, 1 : count + 1]
    own = np.eye(count, dtype=bool)
    # copies of a number, not computed ones: they are equal
    if not (mixed == np.where(own, last[:, None], first[:, None])).all():
        allowed = "the rows of this experiment, as a run has left them"
        raise ArgumentError("frame", "rows of another design", allowed)


def _terms(kept: Floats, count: int, *, pairs: bool) -> tuple[Floats, float]:
    """Return what the estimators are means of, by base point: a column a term; and the mean."""
    mean = float(kept[:, [0, -1]].mean())
    kept = kept - mean
    a, b, ab = kept[:, :1], kept[:, -1:], kept[:, 1 : count + 1]
    change = ab - a
    columns = [(a + b) / 2.0, (a * a + b * b) / 2.0, b * change, change * change / 2.0]
    if pairs:
        ba = kept[:, count + 1 : 2 * count + 1]
        one, other = np.triu_indices(count, 1)
        columns.append(ba[:, one] * ab[:, other] - a * b)
    return np.hstack(columns), mean


def _indices(means: Floats, count: int) -> tuple[Floats, Floats, Floats | None, Floats]:
    """Return first, total, second and the variance from the means of terms, a row a resample."""
    variance = means[:, 1] - means[:, 0] ** 2
    scale = np.where(variance > 0.0, variance, np.nan)[:, None]
    first = means[:, 2 : count + 2] / scale
    total = means[:, count + 2 : 2 * count + 2] / scale
    joint = means[:, 2 * count + 2 :]
    if not joint.shape[1]:
        return first, total, None, variance
    one, other = np.triu_indices(count, 1)
    second = np.full((len(means), count, count), np.nan)
    second[:, one, other] = joint / scale - first[:, one] - first[:, other]
    second[:, other, one] = second[:, one, other]
    return first, total, second, variance


def _ends(drawn: Floats, level: float) -> Floats:
    """Return the percentile interval over the first axis, shape (2, ...)."""
    flat = drawn.reshape(len(drawn), -1)
    found = np.full((2, flat.shape[1]), np.nan)
    used = ~np.isnan(flat).all(axis=0)  # the diagonal of pairs has no index
    if used.any():
        found[:, used] = _clean.interval(flat[:, used], level)
    return found.reshape(2, *drawn.shape[1:])
