"""Two stages of one exchange: how to split the stakes when some only ever reciprocate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import NormalForm
    from ceasefire.solvers import Equilibria
    from ceasefire.truce import Scenario

COOPERATE, DEFECT = 0, 1
PLANS = tuple(product((COOPERATE, DEFECT), repeat=3))  # first; second after C, after D of the other
USUAL_RATIO = 4.0  # of later to earlier stakes, where nothing says otherwise: assumed


@dataclass(frozen=True)
class SplitStakes(Displayed):
    """Symmetric equilibria of the first stage, and the thresholds that part them.

    Attributes
    ----------
    cooperation : tuple of float
        Chance that a standard player cooperates first, in each symmetric equilibrium, rising.
    threshold_others_defect, threshold_others_cooperate : float
        Least ratio of later to earlier stakes at which cooperating first is a best reply when no
        other standard player does, and when all do.
    method : str
    status : Status
    certificate : Checks
    """

    cooperation: tuple[float, ...]
    threshold_others_defect: float
    threshold_others_cooperate: float
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        shown = ", ".join(f"{x:.6g}" for x in self.cooperation)
        low, high = self.threshold_others_defect, self.threshold_others_cooperate
        return (
            f"standard players cooperate first with chance {shown}; thresholds {low:.6f} "
            f"(others defect), {high:.6f} (others cooperate); {self.method}; {self.status}"
        )


@dataclass(frozen=True)
class RisingStakes(Model):
    r"""A prisoner's dilemma played twice, first for stakes s1, then for s2.

    A share rho of the population reciprocates: it cooperates first, then copies what the other
    did. A standard player defects in the second stage; in the first it weighs the temptation of the
    day against being copied. It cooperates when others defect, respectively cooperate, if

    .. math:: \frac{s_2}{s_1} \ge \frac{\rho (T-R) + (1-\rho)(P-S)}{\rho (T-P)},
       \qquad \frac{s_2}{s_1} \ge \frac{T-R}{\rho (T-P)} .

    Small stakes first make it worth while to be taken for a reciprocator.

    Parameters
    ----------
    reciprocators : float or Fraction
        rho in [0, 1].
    temptation, reward, punishment, sucker : float or Fraction
        ``T > R > P > S``, utils per unit of stakes.
    stakes_ratio : float or Fraction
        s2 / s1 > 0.

    Notes
    -----
    *Captures:* why an exchange starts with few captives: what is at stake later disciplines the
    first move, even of those who would never deliver the last batch. *Leaves out:* more than two
    stages, reciprocators on one side only, learning about the share.

    *Traps.* Where ``P - S > T - R`` the first threshold is the higher one: between the two, nobody
    and everybody are both equilibria, with an unstable mixture between. Where ``P - S < T - R`` it
    is the lower one, and between them the only symmetric equilibrium mixes.

    References
    ----------
    J. Andreoni and L. Samuelson (2006), "Building rational cooperation", Journal of Economic Theory
    127:117-154; here with two types, a share rho of reciprocators. THEORY.md D5.

    Examples
    --------
    >>> model = RisingStakes(0.4, temptation=6, reward=4, punishment=1, sucker=-2, stakes_ratio=1.1)
    >>> model.closed_form()
    standard players cooperate first with chance 0, 0.666667, 1; thresholds 1.300000 (others
    defect), 1.000000 (others cooperate); closed form; solved
    """

    reciprocators: Number
    temptation: Number
    reward: Number
    punishment: Number
    sucker: Number
    stakes_ratio: Number

    def __post_init__(self) -> None:
        checked("reciprocators", self.reciprocators, -1e-300, 1 + 1e-15, "a share from 0 to 1")
        for name in ("temptation", "reward", "punishment", "sucker"):
            checked(name, getattr(self, name), -math.inf, math.inf, "a finite number, utils")
        if not self.temptation > self.reward > self.punishment > self.sucker:
            got = (self.temptation, self.reward, self.punishment, self.sucker)
            allowed = "temptation > reward > punishment > sucker"
            raise ArgumentError("temptation", tuple(map(float, got)), allowed)
        checked("stakes_ratio", self.stakes_ratio, 0, math.inf, "a number above 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> RisingStakes:
        """Per captive: the pausing state's side of a batch against a day of pause.

        ``R = v - k0/x``, ``T = v``, ``S = -k0/x``, P = 0 (where a day costs it nothing, or more
        than a batch is worth, half of v stands for ``k0/x``). The share of reciprocators is the
        prior trust; later stakes are assumed to be four times the earlier.
        """
        p = scenario.symbols()
        v = p.v if p.v > 0 else 1.0
        cost = p.k0 / p.x if 0 < p.k0 / p.x < v else v / 2
        return cls(p.pi0, v, v - cost, 0.0, -cost, USUAL_RATIO)

    @property
    def thresholds(self) -> tuple[float, float]:
        """Least ratio of stakes when others defect, and when they cooperate; inf at rho = 0."""
        rho, T, R, P, S = map(exact, self._given())
        if rho == 0:
            return math.inf, math.inf
        alone = (rho * (T - R) + (1 - rho) * (P - S)) / (rho * (T - P))
        return float(alone), float((T - R) / (rho * (T - P)))

    def closed_form(self) -> SplitStakes:
        """Symmetric equilibria from the two thresholds."""
        rho, T, R, P, S = map(exact, self._given())
        ratio = exact(self.stakes_ratio)
        alone = rho * (T - R) + (1 - rho) * (P - S) - ratio * rho * (T - P)
        joined = (T - R) - ratio * rho * (T - P)  # what defecting first gains, less what it loses
        found = set()
        if alone >= 0:
            found.add(Fraction(0))
        if joined <= 0:
            found.add(Fraction(1))
        if alone != joined and (alone > 0) != (joined > 0) and alone * joined != 0:
            found.add(alone / (alone - joined))
        return self._described(sorted(map(float, found)), "closed form")

    def solve(self) -> SplitStakes:
        """All symmetric equilibria of `game`, by the general solver of two-player games."""
        from ceasefire.solvers import nash

        found = nash(self.game(), exact=True)
        return self._described(_symmetric(found), "all equilibria of the plans of two players")

    def game(self) -> NormalForm:
        """Two standard players, each with eight plans: first move, reply to C, reply to D.

        With chance rho either meets a reciprocator instead of the other. Payoffs are fractions,
        played out stage by stage; stakes are 1 and the ratio.
        """
        from ceasefire.games import NormalForm

        rho = exact(self.reciprocators)
        worth = np.empty((len(PLANS), len(PLANS)), dtype=object)
        for i, own in enumerate(PLANS):
            for j, other in enumerate(PLANS):
                met = self._played(own, (COOPERATE, COOPERATE, DEFECT))
                worth[i, j] = rho * met + (1 - rho) * self._played(own, other)
        names = [f"{'CD'[a]}, then {'CD'[b]} after C, {'CD'[c]} after D" for a, b, c in PLANS]
        return NormalForm.bimatrix(
            worth, worth.T, actions=(names, names), players=("1", "2"), title="rising stakes"
        )

    def table(self) -> pd.DataFrame:
        """Largest first stake that keeps cooperation, as a share, against the reciprocators."""
        import pandas as pd

        rows = []
        for k in range(1, 21):
            alone, joined = self.replace(reciprocators=Fraction(k, 20)).thresholds
            rows.append((k / 20, 1 / (1 + alone), 1 / (1 + joined)))
        return pd.DataFrame(rows, columns=["reciprocators", "others_defect", "others_cooperate"])

    def answer(self) -> str:
        """How small the first stake has to be."""
        alone, joined = self.thresholds
        if math.isinf(alone):
            return "Without anybody who reciprocates, no split of the stakes makes cooperation pay."
        sure, possible = 1 / (1 + max(alone, joined)), 1 / (1 + min(alone, joined))
        return (
            f"With {float(self.reciprocators):.0%} reciprocators, cooperating first pays for "
            f"everybody if at most {sure:.1%} of the stakes come first, and for nobody if more "
            f"than {possible:.1%} do."
        )

    def _given(self) -> tuple[Number, Number, Number, Number, Number]:
        return self.reciprocators, self.temptation, self.reward, self.punishment, self.sucker

    def _played(self, own: tuple[int, ...], other: tuple[int, ...]) -> Fraction:
        """What the first of two plans earns over both stages."""
        _, T, R, P, S = map(exact, self._given())
        day = {(0, 0): R, (0, 1): S, (1, 0): T, (1, 1): P}
        first = (own[0], other[0])
        second = (own[1 + first[1]], other[1 + first[0]])
        return day[first] + exact(self.stakes_ratio) * day[second]

    def _described(self, cooperation: list[float], method: str) -> SplitStakes:
        alone, joined = self.thresholds
        scale = float(exact(self.temptation) - exact(self.sucker)) * (1 + float(self.stakes_ratio))
        gains = {f"gain from deviating at {x:.4g}": self._gain(x) / scale for x in cooperation}
        checks = Checks(gains, EXPLOITABILITY)
        fine = bool(cooperation) and checks.passed
        status = Status.OK if fine else Status.EXPLOITABLE
        return SplitStakes(tuple(cooperation), alone, joined, method, status, checks)

    def _gain(self, cooperation: float) -> float:
        """The best plan's gain over what a standard player gets, others cooperating so often."""
        rho = float(self.reciprocators)
        others = ((COOPERATE, DEFECT, DEFECT), (DEFECT, DEFECT, DEFECT))
        weights = (cooperation, 1 - cooperation)
        worth: dict[Any, float] = {}
        for own in PLANS:
            met = float(self._played(own, (COOPERATE, COOPERATE, DEFECT)))
            rest = sum(
                w * float(self._played(own, plan)) for w, plan in zip(weights, others, strict=True)
            )
            worth[own] = rho * met + (1 - rho) * rest
        kept = sum(w * worth[plan] for w, plan in zip(weights, others, strict=True))
        return max(worth.values()) - kept


def _symmetric(found: Equilibria) -> list[float]:
    """First-stage cooperation where both cooperate equally often, each once.

    The rest of a plan is off the path or the same for all, so that is what symmetric means here.
    """
    shares = set()
    for one in found:
        first, second = (
            float(sum(part[i] for i, plan in enumerate(PLANS) if plan[0] == COOPERATE))
            for part in one.strategies
        )
        if abs(first - second) < EXPLOITABILITY:
            shares.add(round(first, 9))
    return sorted(shares)
