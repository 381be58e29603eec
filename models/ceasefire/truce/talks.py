"""Before the pause: relayed offers, talks that can go dark, and how long they last."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, expm1, log1p
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.display import Displayed

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.truce.fields import Parameters

LEGS = 2  # an offer travels mediator -> field and back before it can be answered


def bargaining_weight(parameters: Parameters) -> float:
    """Weight of the captor in the first block's Nash product.

    The mean of its shares as first and as second proposer in alternating offers
    whose answers travel two exponential legs: ``phi_i = (1 + relay r_i)**-2``
    (Rubinstein 1982, eq. for the first proposer's share, with the discount factor
    replaced by the expected discount over the relay; THEORY A5). Where delay costs
    nobody anything the limit is taken: shares in inverse proportion to impatience,
    one half when both rates are 0.
    """
    loss_c = _relay_loss(parameters.relay, parameters.r_C)
    loss_d = _relay_loss(parameters.relay, parameters.r_D)
    if loss_c == 0.0 and loss_d == 0.0:
        total = parameters.r_C + parameters.r_D
        return 0.5 if total == 0.0 else parameters.r_D / total
    # 1 - phi_C phi_D, written in the losses 1 - phi so that nothing cancels.
    joint = loss_c + loss_d - loss_c * loss_d
    return 0.5 * (loss_d / joint + 1.0 - loss_c / joint)


def _relay_loss(days_per_leg: float, rate: float) -> float:
    return -expm1(-LEGS * log1p(days_per_leg * rate))


@dataclass(frozen=True)
class Talks(Displayed):
    """Talks as a daily chain live -> deal | blackout, blackout -> live | dead (THEORY A6).

    Attributes
    ----------
    deal_probability : float
        Chance that talks once opened end in a deal.
    mean_days : float
        Mean number of days to the deal, given one (nan where there is none).
    captor_discount, pausing_state_discount : float
        ``E[exp(-r_i days) 1(deal)]`` at each side's daily rate.
    """

    deal_probability: float
    mean_days: float
    captor_discount: float
    pausing_state_discount: float
    parameters: Parameters

    def length(self, days: int = 120) -> pd.Series[float]:
        """Probability that the deal comes on day 1, 2, ..., `days` of the talks (no deal: rest)."""
        import pandas as pd

        p = self.parameters
        live, dark = 1.0, 0.0
        chance = np.empty(days)
        for day in range(days):
            chance[day] = p.lam * live
            live, dark = (
                live * (1.0 - p.lam - p.om) + dark * p.rho,
                live * p.om + dark * (1.0 - p.rho - p.b_T),
            )
        index = pd.RangeIndex(1, days + 1, name="days")
        return pd.Series(chance, index=index, name="probability")


def solve_talks(parameters: Parameters) -> Talks:
    """Transforms of the talks' length by the closed form of THEORY A6."""
    p = parameters
    probability = _transform(p, 0.0)
    return Talks(
        deal_probability=probability,
        mean_days=_mean_days(p) if probability > 0.0 else float("nan"),
        captor_discount=_transform(p, p.r_C),
        pausing_state_discount=_transform(p, p.r_D),
        parameters=p,
    )


def _transform(p: Parameters, rate: float) -> float:
    """E[d^days 1(deal)] from live talks, d = exp(-rate); only positive terms are added."""
    if p.lam == 0.0:
        return 0.0
    d, impatience = exp(-rate), -expm1(-rate)
    return d * p.lam / (impatience + d * p.lam + d * p.om * _not_resumed(p, rate))


def _not_resumed(p: Parameters, rate: float) -> float:
    """1 - d E[d^(days - 1) 1(talks resume)] from a blackout; 1 where it never ends."""
    d, impatience = exp(-rate), -expm1(-rate)
    ending = impatience + d * (p.rho + p.b_T)
    return (impatience + d * p.b_T) / ending if ending > 0.0 else 1.0


def _mean_days(p: Parameters) -> float:
    """Derivative of log E[d^days 1(deal)] at d = 1, by the quotient rule."""
    ending = p.rho + p.b_T
    lost = _not_resumed(p, 0.0)
    dark_days = p.om * p.rho / ending / ending if p.rho > 0.0 else 0.0
    return 1.0 + (1.0 - p.lam - p.om * lost + dark_days) / (p.lam + p.om * lost)
