"""Whether chains have mixed, and how many independent draws they are worth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEAST_STEPS = 8
TAIL = 0.05  # quantiles, from both ends, at which the tails are judged


def split_r_hat(draws: ArrayLike) -> float:
    """Rank-normalised split R-hat: 1 where all chains tell the same.

    Each chain is split in halves, draws are replaced by normal scores of their ranks, and

        R = sqrt((W (N - 1)/N + B) / W),

    with W the mean variance within the N draws of a half, and B the variance of their means. The
    larger is returned of that and the same for distances from the median, which sees a
    difference in spread.

    Parameters
    ----------
    draws : array, shape (chains, steps) or (chains, steps, walkers)
        Of one parameter. Walkers of an ensemble are not independent, so they are one chain
        together: chains are independent ensembles.

    Raises
    ------
    ArgumentError
        Fewer than 8 steps, or draws that are not finite.

    Notes
    -----
    nan for draws that are all the same. With walkers it is the nested R-hat of Margossian et al.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), "Rank-normalization, folding, and
    localization: an improved R-hat", Bayesian Analysis 16, equations 1-4, 14.
    Margossian et al. (2024), "Nested R-hat", Bayesian Analysis.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> apart = rng.normal(size=(4, 500)) + np.array([0.0, 0.0, 0.0, 1.0])[:, None]
    >>> round(split_r_hat(rng.normal(size=(4, 500))), 2), split_r_hat(apart) > 1.05
    (1.0, True)
    """
    halves = _halves(_shaped(draws))
    folded = np.abs(halves - np.median(halves))
    return max(_r_hat(_scores(halves)), _r_hat(_scores(folded)))


def bulk_size(draws: ArrayLike) -> float:
    """Number of independent draws that tell as much of the middle of the distribution.

    The effective size of the normal scores of ranks: the variance of one over the variance of
    the mean of all. For ensembles it is taken from the series of their means over
    walkers, so walkers that move together do not count double.

    Parameters
    ----------
    draws : array, shape (chains, steps) or (chains, steps, walkers)
        As for :func:`split_r_hat`.

    Notes
    -----
    Autocorrelations by fast Fourier transform, summed in pairs while they stay positive and
    falling (Geyer 1992); nan for draws that are all the same.

    References
    ----------
    Vehtari et al. (2021), equations 10-13 and section 3.2.
    """
    return _size(_scores(_halves(_shaped(draws))))


def tail_size(draws: ArrayLike) -> float:
    """Number of independent draws that tell as much of the tails: the lesser at 5 % and 95 %.

    Of the indicators of lying below these quantiles; see :func:`bulk_size`.
    """
    halves = _halves(_shaped(draws))
    ends = np.quantile(halves, (TAIL, 1.0 - TAIL))
    return min(_size((halves <= end).astype(float)) for end in ends)


def _shaped(draws: ArrayLike) -> NDArray[np.float64]:
    found = np.asarray(draws, dtype=float)
    if found.ndim == 2:
        found = found[:, :, None]
    if found.ndim != 3 or found.shape[1] < LEAST_STEPS or 0 in found.shape:
        allowed = f"(chains, steps) or (chains, steps, walkers), {LEAST_STEPS} steps or more"
        raise ArgumentError("draws", f"shape {found.shape}", allowed)
    if not np.isfinite(found).all():
        raise ArgumentError("draws", "infinite or nan", "finite numbers")
    return found


def _halves(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chains split in halves by time; an odd step in the middle is left out."""
    half = draws.shape[1] // 2
    return np.concatenate((draws[:, :half], draws[:, -half:]))


def _scores(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normal scores of ranks, ties averaged (Blom's offset)."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    ranks = rankdata(draws).reshape(draws.shape)
    return np.asarray(ndtri((ranks - 0.375) / (draws.size + 0.25)))


def _r_hat(draws: NDArray[np.float64]) -> float:
    flat = draws.reshape(len(draws), -1)
    within = float(flat.var(axis=1, ddof=1).mean())
    if within <= 0.0:
        return math.nan
    between = float(flat.mean(axis=1).var(ddof=1))
    count = flat.shape[1]
    return math.sqrt((within * (count - 1) / count + between) / within)


def _size(draws: NDArray[np.float64]) -> float:
    """Variance of one draw over the variance of the mean of all."""
    spread = float(draws.reshape(len(draws), -1).var(axis=1, ddof=1).mean())
    if spread <= 0.0:
        return math.nan
    series = draws.mean(axis=2)  # an ensemble's mean at each step
    chains, steps = series.shape
    whole = _variance(series)
    if whole <= 0.0:
        return math.nan
    if draws.shape[2] == 1:
        spread = whole  # one walker: the usual formula
    size: float = spread / whole * chains * steps / _time(series, whole)
    return min(size, float(draws.size * math.log10(draws.size)))  # Stan's cap on luck


def _variance(series: NDArray[np.float64]) -> float:
    """Variance of a draw, from within and between chains."""
    steps = series.shape[1]
    within = float(series.var(axis=1, ddof=1).mean())
    between = float(series.mean(axis=1).var(ddof=1)) if len(series) > 1 else 0.0
    return float(within * (steps - 1) / steps + between)


def _time(series: NDArray[np.float64], whole: float) -> float:
    """Integrated autocorrelation time, in steps; may be below 1 for antithetic chains."""
    steps = series.shape[1]
    covariances = _covariances(series)
    within = float((covariances[:, 0] * steps / (steps - 1)).mean())
    rho = 1.0 - (within - covariances.mean(axis=0)) / whole
    rho[0] = 1.0
    pairs = rho[: steps // 2 * 2].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs <= 0.0)
    last = int(negative[0]) if negative.size else len(pairs)
    falling = np.minimum.accumulate(pairs[:last])
    after = max(float(rho[2 * last]), 0.0) if 2 * last < steps else 0.0
    return max(float(2.0 * falling.sum() - 1.0 + after), 1.0 / math.log10(series.size))


def _covariances(series: NDArray[np.float64]) -> NDArray[np.float64]:
    """Autocovariances of each chain at all lags, over n, shape (chains, steps)."""
    from scipy.fft import irfft, next_fast_len, rfft

    steps = series.shape[1]
    centred = series - series.mean(axis=1, keepdims=True)
    room = next_fast_len(2 * steps, real=True)
    spectrum = np.abs(rfft(centred, room, axis=1)) ** 2
    return np.asarray(irfft(spectrum, room, axis=1)[:, :steps] / steps)
