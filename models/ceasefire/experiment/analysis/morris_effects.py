"""Elementary effects: a screening of many parameters by few rows (Morris)."""

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
    from numpy.typing import NDArray

    from ceasefire.experiment.analysis._clean import Floats
    from ceasefire.experiment.spec import Experiment

LEAST = 2  # effects of a parameter: fewer have no spread
MOVED = 1e-12  # share of a range: a parameter that stayed carries the rounding of a division


@dataclass(frozen=True, eq=False, repr=False)
class MorrisEffects(Displayed):
    """Elementary effects of one output, in units of the output a whole range of the parameter.

    Attributes
    ----------
    output : str
    parameters : tuple of str
        k of them.
    effects : array, shape (walks, k)
        nan where an end of the step lacks a number, or a whole number stayed where it was.
    mu, mu_star, sigma : array, shape (k,)
        Mean of the effects, mean of their size, and standard deviation.
    mu_interval, mu_star_interval, sigma_interval : array, shape (2, k)
        Bootstrap percentile intervals over walks.
    level : float
    status : str
        What was used and what was left out, in words.
    """

    output: str
    parameters: tuple[str, ...]
    effects: Floats
    mu: Floats
    mu_interval: Floats
    mu_star: Floats
    mu_star_interval: Floats
    sigma: Floats
    sigma_interval: Floats
    level: float
    status: str

    def table(self) -> pd.DataFrame:
        """Return a row a parameter, in the order of the file."""
        return _clean.frame_of({
            "parameter": self.parameters,
            "mu": self.mu,
            "mu_low": self.mu_interval[0],
            "mu_high": self.mu_interval[1],
            "mu_star": self.mu_star,
            "mu_star_low": self.mu_star_interval[0],
            "mu_star_high": self.mu_star_interval[1],
            "sigma": self.sigma,
            "sigma_low": self.sigma_interval[0],
            "sigma_high": self.sigma_interval[1],
            "effects": np.isfinite(self.effects).sum(axis=0),
        })  # fmt: skip

    def figure(self) -> Figure:
        """Draw the size of the effects, and their spread against it."""
        drawn: Figure = import_module("ceasefire.figures.analysis_morris").draw(self)
        return drawn

    def __repr__(self) -> str:
        lines = [f"elementary effects on {self.output}: {self.status}"]
        for row in self.table().to_dict("records"):
            ends = f"[{row['mu_star_low']:.4g}, {row['mu_star_high']:.4g}]"
            lines.append(
                f"  {row['parameter']:24} mu* {row['mu_star']:.4g} {ends}  mu {row['mu']:.4g}  "
                f"sigma {row['sigma']:.4g}"
            )
        return "\n".join(lines)


def morris(
    frame: pd.DataFrame,
    experiment: Experiment,
    output: str,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> MorrisEffects:
    r"""Return the elementary effects of every parameter from the rows of a Morris design.

    A walk moves each parameter once; with u the parameters as shares of their ranges,

    .. math:: d_i = \frac{f(u + \Delta e_i) - f(u)}{\Delta}, \quad
        \mu_i = E[d_i], \quad \mu^*_i = E|d_i|, \quad \sigma_i^2 = V(d_i) .

    mu* is how much a parameter matters; sigma, how far its effect depends on where the others
    and itself are; mu next to mu*, whether it has one sign.

    Parameters
    ----------
    frame : DataFrame
        Of `ceasefire.experiment.frame`.
    experiment : Experiment
        Of design "morris".
    output : str
        A recorded output of numbers; a truth value counts as 1 or 0.
    resamples, level, seed
        Of the bootstrap over walks.

    Raises
    ------
    ArgumentError
        Another design, an output of words, a frame of other rows, or fewer than two effects of
        a parameter.

    Notes
    -----
    The step is the share of the range that a parameter really moved: a whole number moves by
    whole numbers, and a step in which it stays has no effect to tell. Rows without a number take
    the effects of the two steps beside them, and are counted. Walks chosen to lie far apart
    (``candidates``) are not independent: their intervals are on the wide side.

    References
    ----------
    Morris, M. D. (1991). Factorial sampling plans for preliminary computational experiments.
    Technometrics 33(2), 161-174.
    Campolongo, F., Cariboni, J., and Saltelli, A. (2007). An effective screening design for
    sensitivity analysis of large models. Environmental Modelling and Software 22(10), 1509-1518.

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
    ... design = "morris"
    ... trajectories = 8
    ... parameters.x = { from = 8, to = 12 }
    ... parameters.kappa = { from = 4, to = 12 }
    ... ''')
    >>> rows = [(point.index, *point.changes.values()) for point in points(experiment)]
    >>> frame = pd.DataFrame(rows, columns=["point", "x", "kappa"])
    >>> frame["mean_days"] = 2 * frame["x"] - frame["kappa"]
    >>> morris(frame, experiment, "mean_days").table().round(3)[["parameter", "mu", "sigma"]]
      parameter   mu  sigma
    0         x  8.0    0.0
    1     kappa -8.0    0.0
    """
    _clean.demand(experiment, ("morris",), "elementary effects")
    _clean.check_resampling(resamples, level)
    values, gaps = _clean.by_point(frame, experiment, output)
    count = len(experiment.columns)
    places = _clean.inputs(frame, experiment).reshape(-1, count + 1, count)
    effects, still = _effects(values.reshape(-1, count + 1), places)
    known = np.isfinite(effects)
    for name, some in zip(experiment.columns, known.sum(axis=0).tolist(), strict=True):
        if some < LEAST:
            allowed = f"at least {LEAST} effects of every parameter"
            raise ArgumentError("frame", f"{some} of {name}: {gaps}", allowed)
    summary = _summary(effects, known, resamples, seed, level)
    status = f"{len(effects)} walks, {int(known.sum())} of {known.size} effects"
    status += f"; {gaps}" if gaps else ""
    status += f"; {still} steps in which a whole number stayed" if still else ""
    return MorrisEffects(output, experiment.columns, effects, *summary, level, status)


def _effects(values: Floats, places: Floats) -> tuple[Floats, int]:
    """Return effects by walk and parameter, and the number of steps that moved nothing."""
    moves = np.diff(places, axis=1)
    moved: NDArray[np.bool_] = np.abs(moves) > MOVED
    if (moved.sum(axis=2) > 1).any():
        allowed = "the rows of this experiment, as a run has left them"
        raise ArgumentError("frame", "steps that move several parameters", allowed)
    change = np.diff(values, axis=1)
    effects = np.full((len(values), places.shape[2]), np.nan)
    walk, step, which = np.nonzero(moved)
    effects[walk, which] = change[walk, step] / moves[walk, step, which]
    still = ~moved.any(axis=2) & np.isfinite(moves).all(axis=2)
    return effects, int(still.sum())


def _summary(
    effects: Floats, known: NDArray[np.bool_], resamples: int, seed: int, level: float
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Return mu, mu* and sigma, each followed by its interval."""
    centre = np.nanmean(effects, axis=0)
    apart = np.where(known, effects - centre, 0.0)
    size = np.where(known, np.abs(effects), 0.0)
    terms = np.hstack([known.astype(float), apart, size, apart**2])
    number = known.sum(axis=0)

    def told(means: Floats) -> list[Floats]:
        share, shift, star, square = np.split(means, 4, axis=1)
        share = np.where(share > 0.0, share, np.nan)
        shift = shift / share
        spread = np.maximum(square / share - shift**2, 0.0) * number / (number - 1)
        return [centre + shift, star / share, np.sqrt(spread)]

    mu, star, sigma = (one[0] for one in told(terms.mean(axis=0)[None]))
    drawn = told(_clean.resampled(terms, resamples, seed))
    ends = [_clean.interval(one, level) for one in drawn]
    return mu, ends[0], star, ends[1], sigma, ends[2]
