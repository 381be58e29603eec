"""Two-sided reputation: who gives way when either side may be one that never does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._assessments import Found, outcome
from ceasefire.bargaining._staged import Number, checked, checked_count
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.games import NormalForm
    from ceasefire.truce import Scenario

STEPS = 20_000  # of discrete attrition; an answer is extrapolated from this and half of it
TOLERANCE = 1e-7  # what is left of the discretisation, relative
POINTS = 4_001  # times at which conceding is compared


@dataclass(frozen=True, repr=False)
class Attrition(Found):
    """Concession by time.

    Attributes
    ----------
    hazard_1, hazard_2 : float
        Rate at which each side gives way, a day.
    days : float
        T0, when both are known to be obstinate if neither has given way.
    at_once_1, at_once_2 : float
        Chance that each gives way at time 0; one of them is 0.
    payoff_1, payoff_2 : float
        Of the flexible, shares of the pie.
    """

    hazard_1: float
    hazard_2: float
    days: float
    at_once_1: float
    at_once_2: float
    payoff_1: float
    payoff_2: float


@dataclass(frozen=True)
class ObstinateTypes(Model):
    r"""Both demand more than there is; each may be obstinate; giving way ends it.

    Side i demands ``a_i`` of a pie of 1, ``a_1 + a_2 > 1``, discounts at rate ``r_i`` and never
    gives way with chance ``z_i``. With ``D = a_1 + a_2 - 1`` each flexible side gives way at the
    rate that leaves the other indifferent,

    .. math:: \lambda_1 = r_2 (1 - a_1) / D, \quad \lambda_2 = r_1 (1 - a_2) / D, \quad
              T_0 = \min_i (-\ln z_i / \lambda_i),

    and i at time 0 with chance ``1 - z_i e^{lambda_i T0}``. Side 1 gets ``1 - a_2 + F_2(0) D``.

    Parameters
    ----------
    demand_1, demand_2 : float or Fraction
        Shares of the pie, each in (0, 1).
    rate_1, rate_2 : float or Fraction
        Discount rates a day, above 0.
    obstinate_1, obstinate_2 : float or Fraction
        Chances z_i in (0, 1).

    Notes
    -----
    *Captures:* weeks in which nobody moves, and which side breaks first.
    *Leaves out:* the choice of demands, and obstinate types of several kinds.

    *Traps.* At most one side gives way at time 0, and that mass is no hazard. For
    ``a_1 + a_2 <= 1`` there is a deal at once. As both z vanish the limit depends on the *ratio* of
    their logarithms.

    References
    ----------
    D. Abreu and F. Gul (2000), "Bargaining and reputation", Econometrica 68:85-117. THEORY.md F4.

    Examples
    --------
    >>> ObstinateTypes(0.6, 0.6, 0.1, 0.1, 0.05, 0.2).closed_form()
    hazard 1 0.2, hazard 2 0.2, days 8.04719, at once 1 0.75, at once 2 0, payoff 1 0.4, payoff
    2 0.55; closed form
    """

    demand_1: Number
    demand_2: Number
    rate_1: Number
    rate_2: Number
    obstinate_1: Number
    obstinate_2: Number

    def __post_init__(self) -> None:
        for name in ("demand_1", "demand_2"):
            checked(name, getattr(self, name), 0, 1, "a share between 0 and 1")
        for name in ("rate_1", "rate_2"):
            checked(name, getattr(self, name), 0, math.inf, "a rate a day above 0")
        for name in ("obstinate_1", "obstinate_2"):
            checked(name, getattr(self, name), 0, 1, "a chance between 0 and 1")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> ObstinateTypes:
        """Captor (1) and pausing state (2) over the terms of the first block.

        Each demands the share that it would have as first proposer and a fifth more of the rest
        (assumed); rates are the scenario's, at least 0.001 a day. No scenario says how likely
        either is to be obstinate: the prior of a dealer, within [0.01, 0.5], stands for both.
        """
        from ceasefire.truce.talks import bargaining_weight

        p = scenario.symbols()
        share = min(max(bargaining_weight(p), 0.05), 0.95)
        one, two = (x + (1 - x) / 5 for x in (share, 1 - share))
        odds = min(max(p.pi0, 0.01), 0.5)
        return cls(one, two, max(p.r_C, 1e-3), max(p.r_D, 1e-3), odds, odds)

    @property
    def excess(self) -> float:
        """D, by how much demands exceed the pie; a deal is immediate where it is not above 0."""
        return float(self.demand_1) + float(self.demand_2) - 1.0

    def closed_form(self) -> Attrition:
        """By the formulas."""
        if self.excess <= 0:
            return self._at_once("closed form")
        a1, a2, r1, r2, z1, z2 = self._floats()
        hazards = r2 * (1 - a1) / self.excess, r1 * (1 - a2) / self.excess
        ends = [-math.log(z) / h for z, h in zip((z1, z2), hazards, strict=True)]
        days = min(ends)
        one, two = (-math.expm1(h * (days - end)) for h, end in zip(hazards, ends, strict=True))
        return self._found(
            hazards, days, (one if one > 0 else 0.0, two if two > 0 else 0.0), "closed form"
        )

    def solve(self, *, steps: int = STEPS) -> Attrition:
        """Discrete attrition, step by step, extrapolated from two step lengths.

        In a step side i gives way with the chance at which the other is indifferent between giving
        way before and after it; the horizon is where the first reputation is complete. The
        certificate compares giving way at 4001 times by quadrature.
        """
        checked_count("steps", steps, 10)
        if self.excess <= 0:
            return self._at_once("discrete attrition")
        coarse, middle, fine = (
            np.array(self._discrete(n)) for n in (steps // 4, steps // 2, steps)
        )
        first, second = 2 * middle - coarse, 2 * fine - middle
        h1, h2, days, m1, m2 = ((4 * second - first) / 3).tolist()
        m1, m2 = (0.0 if abs(m) < TOLERANCE else m for m in (m1, m2))
        return self._found((h1, h2), days, (m1, m2), "discrete attrition")

    def game(self, times: int = 12) -> NormalForm:
        """Flexible sides choose when to give way, on a grid of times up to T0, or never.

        If both give way at once, each has half the difference; an approximation of the game in
        continuous time that becomes exact as the grid becomes fine.
        """
        from ceasefire.games import NormalForm

        checked_count("times", times)
        a1, a2, r1, r2, z1, z2 = self._floats()
        grid = [*np.linspace(0.0, self.closed_form().days, times + 1).tolist(), math.inf]

        def worth(own: float, met: float, a: float, b: float, r: float, z: float) -> float:
            given = 0.0 if math.isinf(own) else math.exp(-r * own) * (1 - b)
            got = 0.0 if math.isinf(met) else math.exp(-r * met) * a
            met_worth = got if met < own else given
            if own == met and not math.isinf(own):  # the same grid point
                met_worth = (got + given) / 2
            return z * given + (1 - z) * met_worth

        A = np.array([[worth(s, t, a1, a2, r1, z2) for t in grid] for s in grid])
        B = np.array([[worth(t, s, a2, a1, r2, z1) for t in grid] for s in grid])
        names = [f"day {t:.3g}" if math.isfinite(t) else "never" for t in grid]
        return NormalForm.bimatrix(A, B, actions=(names, names), players=("1", "2"))

    def stopping(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """What giving way just after each of 4001 times up to T0 is worth to side 1 and side 2.

        Where it is not constant, somebody would gain by another time.
        """
        return self._stopping(self.closed_form())

    def table(self) -> pd.DataFrame:
        """Chance that each side has given way by each day; columns ``days``, ``conceded_1, _2``."""
        import pandas as pd

        found = self.closed_form()
        days = np.linspace(0.0, max(found.days, 1.0), 101)
        one, two = (self._conceded(found, i, days) for i in (1, 2))
        return pd.DataFrame({"days": days, "conceded_1": one, "conceded_2": two})

    def answer(self) -> str:
        """Who gives way at once, and how long it can last."""
        found = self.closed_form()
        if self.excess <= 0:
            return "Demands are compatible: there is a deal at once."
        first = max((found.at_once_1, "side 1"), (found.at_once_2, "side 2"))
        start = (
            f"{first[1]} gives way at once with chance {first[0]:.3f}"
            if first[0] > TOLERANCE
            else "neither gives way at once"
        )
        return (
            f"Of demands {float(self.demand_1):.3f} and {float(self.demand_2):.3f}, {start}; then "
            f"they give way at rates {found.hazard_1:.4f} and {found.hazard_2:.4f} a day, and "
            f"after {found.days:.1f} days who has not is obstinate."
        )

    def _floats(self) -> tuple[float, ...]:
        return tuple(float(x) for x in self.parameters().values())

    def _discrete(self, steps: int) -> tuple[float, float, float, float, float]:
        """Hazards, days and masses at time 0 with steps of 1 / `steps` of the slower decay."""
        a1, a2, r1, r2, z1, z2 = self._floats()
        unit = 1.0 / max(r1, r2, r1 * (1 - a2) / self.excess, r2 * (1 - a1) / self.excess)
        h = unit * 10.0 / steps
        p1 = _gives_way(a2, 1 - a1, r2, h)
        p2 = _gives_way(a1, 1 - a2, r1, h)
        counts = [math.log(z) / math.log1p(-p) for z, p in ((z1, p1), (z2, p2))]
        n = min(counts)
        masses = [1 - z / (1 - p) ** n for z, p in ((z1, p1), (z2, p2))]
        return p1 / h, p2 / h, n * h, masses[0], masses[1]

    def _conceded(self, found: Attrition, side: int, days: NDArray[Any]) -> NDArray[Any]:
        start = (found.at_once_1, found.at_once_2)[side - 1]
        hazard = (found.hazard_1, found.hazard_2)[side - 1]
        return np.asarray(1 - (1 - start) * np.exp(-hazard * np.minimum(days, found.days)))

    def _stopping(self, found: Attrition) -> tuple[NDArray[Any], NDArray[Any]]:
        a1, a2, r1, r2, _, _ = self._floats()
        t = np.linspace(0.0, found.days, POINTS)
        worths = []
        for a, b, r, other in ((a1, a2, r1, 2), (a2, a1, r2, 1)):
            F = self._conceded(found, other, t)  # Simpson's rule in time, by parts of F
            middle = np.exp(-r * (t[1:] + t[:-1]) / 2)
            edge = (np.exp(-r * t[1:]) + np.exp(-r * t[:-1])) / 2
            got = a * np.append(0.0, np.cumsum((2 * middle + edge) / 3 * np.diff(F)))
            worths.append(F[0] * a + got + (1 - F) * np.exp(-r * t) * (1 - b))
        return worths[0], worths[1]

    def _at_once(self, method: str) -> Attrition:
        a1, a2 = float(self.demand_1), float(self.demand_2)
        proof = Checks({"demands beyond the pie": self.excess}, TOLERANCE)
        return Attrition(
            math.inf, math.inf, 0.0, 0.0, 0.0, a1, a2,
            method=method, certificate=proof, status=outcome(proof),
        )  # fmt: skip

    def _found(
        self, hazards: tuple[float, float], days: float, masses: tuple[float, float], method: str
    ) -> Attrition:
        a1, a2, _, _, z1, z2 = self._floats()
        D = self.excess
        payoffs = 1 - a2 + masses[1] * D, 1 - a1 + masses[0] * D
        values = (*hazards, days, *masses, *payoffs)
        draft = Attrition(*values, method=method, certificate=Checks({}, 0), status=Status.OK)
        misses = {"both give way at once": min(masses)}
        for i, (mine, w) in enumerate(zip(payoffs, self._stopping(draft), strict=True)):
            misses[f"gain of side {i + 1} from another time"] = float(np.abs(w - mine).max())
        for i, z in enumerate((z1, z2)):
            left = (1 - masses[i]) * math.exp(-hazards[i] * days)
            misses[f"side {i + 1} not known to be obstinate at the end"] = abs(left - z)
        proof = Checks(misses, TOLERANCE)
        return Attrition(*values, method=method, certificate=proof, status=outcome(proof))


def _gives_way(ask: float, left: float, rate: float, step: float) -> float:
    """Chance in a step that leaves the other indifferent: its `ask`, or `left` now or a step on."""
    if not ask > left:
        raise ArgumentError("demand", ask, "above what giving way leaves")
    kept = math.exp(-rate * step)
    return -math.expm1(-rate * step) * left / (ask - kept * left)
