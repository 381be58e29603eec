"""Payoff and hazard functions of docs/model.md, on arrays.

The compiled backward induction carries its own scalar copies; these serve figures,
tables and the certificate, which must not share code with the solver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.tolerances import BATCH_COUNT_RTOL

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.truce.fields import Parameters


def retained_value(parameters: Parameters, held: ArrayLike) -> NDArray[np.float64]:
    """Phi(i), utils: what the captor's stock of `held` captives is worth to it.

    ``Phi(i) = c_lo i - (c_hi - c_lo) iota exp(-i / iota)``: the last captive is worth
    c_hi, one among many c_lo.
    """
    p, i = parameters, np.asarray(held, dtype=float)
    return np.asarray(p.c_lo * i - (p.c_hi - p.c_lo) * p.iota * np.exp(-i / p.iota))


def release_loss(parameters: Parameters, held: ArrayLike, batch: ArrayLike) -> NDArray[np.float64]:
    """C(w, x) = Phi(w) - Phi(w - x), utils: the captor's loss from giving up `batch` of `held`."""
    rest = np.asarray(held, dtype=float) - np.asarray(batch, dtype=float)
    return np.asarray(retained_value(parameters, held) - retained_value(parameters, rest))


def list_probability(
    parameters: Parameters, held: ArrayLike, batch: ArrayLike
) -> NDArray[np.float64]:
    """l(w, x), probability that a batch of `batch` of `held` captives can be produced."""
    p = parameters
    rest = np.maximum(np.asarray(held, dtype=float) - np.asarray(batch, dtype=float), 0.0)
    return np.asarray(p.l_hi - (p.l_hi - p.l_lo) * np.exp(-rest / p.l_w))


def day_cost(parameters: Parameters, day: ArrayLike) -> NDArray[np.float64]:
    """k_j = k0 + k1 j, utils: the pausing state's cost of a day when j days were used."""
    return np.asarray(parameters.k0 + parameters.k1 * np.asarray(day, dtype=float))


def day_price(parameters: Parameters, day: ArrayLike, block_days: int) -> NDArray[np.float64]:
    """x_j = x + x1 max(j - T0, 0), captives due on a further day when `day` days were used.

    T0 = `block_days`, the days of the first block, from which further days are counted.
    """
    further = np.maximum(np.asarray(day, dtype=float) - block_days, 0.0)
    return np.asarray(parameters.x + parameters.x1 * further)


def further_days(
    parameters: Parameters, held: float, day: int, block_days: int, most: int
) -> tuple[float, ...]:
    """Captives spent after 0, 1, 2, ... further days that `held` captives can buy, at most `most`.

    Their number less one is the number of days; whole batches only, as in the game.
    """
    prices = day_price(parameters, day + np.arange(max(most, 0)), block_days)
    spent = np.append(0.0, np.cumsum(prices))
    return tuple(spent[spent <= held * (1.0 + BATCH_COUNT_RTOL)].tolist())
