"""How long a message takes when the line can go dark: laws of gaps between offers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._rounds import Number, checked_number
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LONGEST = 1e9  # days within which quantiles are looked for


@dataclass(frozen=True)
class GapLaw(Displayed):
    r"""Days that `legs` legs take, each exponential while the line is live.

    A live line goes dark at rate om; a dark one is restored at rate rho, and the leg goes on, or
    talks break down, at rate b. With ``w = r + om - om rho / (r + rho + b)`` one leg has

    .. math:: E[e^{-r t} 1(\text{arrives})] = \frac{1}{1 + w m}, \qquad
        E[e^{-r t} 1(\text{breaks down})] = \frac{m\, om\, b / (r + rho + b)}{1 + w m}.

    Parameters
    ----------
    legs : int
        Legs, one after the other.
    days_per_leg : float or Fraction
        m, mean days of a leg while the line is live.
    blackout_per_day, restore_per_day, breakdown_per_day : float or Fraction
        om, rho and b, rates per day.

    Examples
    --------
    >>> gap = GapLaw(2, 1.0, 0.06, 0.25, 0.04)
    >>> round(gap.survival, 6), round(gap.mean_days, 4)
    (0.983652, 2.3374)
    """

    legs: int
    days_per_leg: Number
    blackout_per_day: Number = 0
    restore_per_day: Number = 0
    breakdown_per_day: Number = 0

    def transform(self, rate: Number) -> tuple[Any, Any]:
        """``E[exp(-r t) 1(arrives)]`` and ``E[exp(-r t) 1(breaks down)]``, in closed form."""
        ending = rate + self.restore_per_day + self.breakdown_per_day
        om, m = self.blackout_per_day, self.days_per_leg
        # A blackout that nothing ends, at no discount, loses the leg and pays nothing.
        back = self.restore_per_day / ending if ending > 0 else 0
        dead = self.breakdown_per_day / ending if ending > 0 else 0
        arrives = 1 / (1 + m * (rate + om * (1 - back)))
        breaks = m * om * dead * arrives
        total = self.legs if arrives >= 1 else (1 - arrives**self.legs) / (1 - arrives)
        return arrives**self.legs, breaks * total

    def transform_by_phases(self, rate: float) -> tuple[float, float]:
        """The same from the generator of the phases, by a linear solve."""
        if self.days_per_leg <= 0:
            return 1.0, 0.0
        moves, arrive, dead = self._generator
        size = len(arrive)
        if rate <= 0 and self.restore_per_day + self.breakdown_per_day <= 0:
            # Dark phases are never left: drop them, what enters them is lost.
            size //= 2
            moves, arrive, dead = moves[:size, :size], arrive[:size], np.zeros(size)
        solved = np.linalg.solve(rate * np.eye(size) - moves, np.column_stack([arrive, dead]))
        return float(solved[0, 0]), float(solved[0, 1])

    @property
    def survival(self) -> float:
        """The chance that all legs arrive."""
        return float(self.transform(0)[0])

    @property
    def mean_days(self) -> float:
        """Mean days, given that all legs arrive: ``-phi'(0) / phi(0)``."""
        ending = float(self.restore_per_day + self.breakdown_per_day)
        om, m = float(self.blackout_per_day), float(self.days_per_leg)
        lost = float(self.breakdown_per_day) / ending if ending > 0 else 1.0
        slowed = 1 + (om * float(self.restore_per_day) / ending / ending if ending > 0 else 0.0)
        return self.legs * m * slowed / (1 + m * om * lost)

    @cached_property
    def _generator(self) -> tuple[Floats, Floats, Floats]:
        """Rates between phases (live 1 to L, dark 1 to L), to arrival and to breakdown."""
        legs, speed = self.legs, 1 / float(self.days_per_leg)
        om, rho, b = (
            float(x) for x in (self.blackout_per_day, self.restore_per_day, self.breakdown_per_day)
        )
        moves = np.zeros((2 * legs, 2 * legs))
        live, dark = np.arange(legs), legs + np.arange(legs)
        moves[live, live], moves[live, dark] = -speed - om, om
        moves[live[:-1], live[1:]] = speed
        moves[dark, dark], moves[dark, live] = -rho - b, rho
        arrive, dead = np.zeros(2 * legs), np.zeros(2 * legs)
        arrive[legs - 1] = speed
        dead[legs:] = b
        return moves, arrive, dead

    def arrived(self, days: float) -> float:
        """The chance that all legs have arrived within so many days."""
        from scipy.linalg import expm

        checked_number("days", days, 0, LONGEST, "a number from 0")
        if self.days_per_leg <= 0:
            return 1.0
        moves, arrive, _ = self._generator
        size = len(arrive)
        whole = np.zeros((size + 1, size + 1))  # with arrival as a state of its own
        whole[:size, :size], whole[:size, size] = moves, arrive
        return float(expm(whole * float(days))[0, size])

    def quantile(self, chance: float) -> float:
        """Days within which all legs arrive with this chance, given that they do."""
        from scipy.optimize import brentq

        checked_number("chance", chance, 1e-300, 1 - 1e-12, "a chance between 0 and 1")
        if self.days_per_leg <= 0:
            return 0.0
        target, top = chance * self.survival, max(self.mean_days, 1e-6)
        while self.arrived(top) < target:
            if top > LONGEST / 2:
                raise ArgumentError("chance", chance, "a chance that is reached within 1e9 days")
            top *= 2
        return float(brentq(lambda t: self.arrived(t) - target, 0.0, top, xtol=1e-9, rtol=1e-12))

    def sample(self, plays: int, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
        """Days until arrival or breakdown in so many plays, and whether it arrived.

        Where neither ever comes, days are infinite.
        """
        om, rho, b = map(
            float, (self.blackout_per_day, self.restore_per_day, self.breakdown_per_day)
        )
        days, left = np.zeros(plays), np.full(plays, self.legs)
        going = np.flatnonzero(left > 0) if self.days_per_leg > 0 else np.empty(0, dtype=np.int64)
        arrived = np.ones(plays, dtype=bool)
        while going.size:  # a live spell each, then for some a dark one
            speed = 1 / float(self.days_per_leg)
            days[going] += rng.exponential(1 / (speed + om), going.size)
            cut = rng.random(going.size) * (speed + om) >= speed
            left[going[~cut]] -= 1
            dark = going[cut]
            days[dark] += rng.exponential(1 / (rho + b), dark.size) if rho + b > 0 else math.inf
            lost = dark[rng.random(dark.size) * (rho + b) >= rho]
            arrived[lost], left[lost] = False, 0
            going = going[left[going] > 0]
        return days, arrived
