"""A mediator who correlates what both sides do and knows nothing (Aumann)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining import _proposals
from ceasefire.bargaining._proposals import short
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._windows import shared_surplus
from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import NormalForm
    from ceasefire.truce import Scenario

TOLERANCE = 1e-9
YIELD, STAND = "yield", "stand"
CLOSED, PROGRAM = "closed form", "linear program"


@dataclass(frozen=True)
class Advice(Displayed):
    """What advice on whether to yield is worth.

    Attributes
    ----------
    best, worst : float or Fraction
        Largest and smallest sum of payoffs over all correlated equilibria, utils.
    mixed : float or Fraction
        What each side gets in the mixed equilibrium, without a mediator, utils.
    shares : tuple of 4 numbers
        The best symmetric advice: chances of both yielding, only side 2, only side 1, neither
        standing down.
    method : str
    certificate : Checks
    status : Status
    """

    best: Any
    worst: Any
    mixed: Any
    shares: tuple[Any, Any, Any, Any]
    method: str
    certificate: Checks
    status: Status = Status.OK

    @property
    def gain(self) -> Any:
        """What the best advice adds to the sum of payoffs of the mixed equilibrium, utils."""
        return self.best - 2 * self.mixed

    def __repr__(self) -> str:
        told = ", ".join(short(p) for p in self.shares)
        odds = "both yield, 2 alone, 1 alone, neither"
        return (
            f"best sum {short(self.best)}, worst {short(self.worst)}, unadvised "
            f"{short(self.mixed)} each; {odds}: {told}; {self.method}"
        )


@dataclass(frozen=True)
class CorrelatedChicken(Model):
    r"""Chicken with a mediator who draws who is to yield, and tells each side only its own part.

    Both yield: R each; one stands: T, and the other S; neither yields: P, with T > R > S > P.
    Whoever is told to yield must rather do so than stand, ``p_YS (S - P) >= p_YY (T - R)``. Of
    all symmetric advice the largest chance of both yielding has

    .. math:: p_{YY} = \frac{a}{a + 2 b}, \qquad a = S - P, \quad b = T - R,

    and the other two outcomes with a yielder take b / (a + 2 b) each. The set of correlated
    equilibria has five extreme points: this one, ``(0, a, a, b) / (2 a + b)``, the two in which
    one side always yields, and the mixed equilibrium, which yields with chance ``a / (a + b)``.

    Parameters
    ----------
    both_yield, stands, yields, both_stand : float or Fraction
        R, T (stands against a side that yields), S (yields to one that stands), P; utils.

    Notes
    -----
    *Captures:* a mediator as a correlating device, who knows nothing and enforces nothing, and
    still prevents that both hold out. *Leaves out:* private information, transfers, repetition.

    *Traps.* The set is a polytope: compare extreme values in a fixed direction, not vertices. With
    ``T + S > 2 R`` the best sum has one side yield always (the mediator then only picks which).

    References
    ----------
    R. Aumann (1974), "Subjectivity and correlation in randomized strategies", Journal of
    Mathematical Economics 1:67-96. THEORY.md I1.

    Examples
    --------
    >>> CorrelatedChicken(both_yield=6, stands=7, yields=2, both_stand=0).closed_form()
    best sum 21/2, worst 36/5, unadvised 14/3 each; both yield, 2 alone, 1 alone, neither: 1/2, ...
    """

    both_yield: Number
    stands: Number
    yields: Number
    both_stand: Number

    def __post_init__(self) -> None:
        for name in ("both_yield", "stands", "yields", "both_stand"):
            checked(name, getattr(self, name), -math.inf, math.inf, "a finite number, utils")
        order = (self.stands, self.both_yield, self.yields, self.both_stand)
        for name, high, low in zip(("stands", "both_yield", "yields"), order, order[1:],
                                   strict=False):  # fmt: skip
            if not high > low:
                hint = "in chicken stands > both_yield > yields > both_stand"
                raise ArgumentError(name, high, f"above {float(low):g}", hint)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> CorrelatedChicken:
        """Both yield: half of what one more day is worth to both at the first window, each.

        Neither: fighting resumes, worth 0. What standing wins and yielding loses has no
        counterpart in a scenario: it is assumed in the proportions of Aumann's example, 6, 7, 2, 0.
        """
        unit = shared_surplus(scenario) / 12.0
        return cls(both_yield=6 * unit, stands=7 * unit, yields=2 * unit, both_stand=0.0)

    @property
    def is_exact(self) -> bool:
        """Whether no payoff was given as a float."""
        return not any(isinstance(x, float | np.floating) for x in self.parameters().values())

    def closed_form(self) -> Advice:
        """Best, worst and unadvised play, in fractions where the payoffs are."""
        R, T, S, P = self._payoffs()
        a, b = S - P, T - R
        worth = np.array([2 * R, T + S, T + S, 2 * P], dtype=object)
        corners = {
            "advised": np.array([a, b, b, 0]) / (a + 2 * b),
            "stubborn": np.array([0, a, a, b]) / (2 * a + b),
            "pure": np.array([Fraction(0), Fraction(1, 2), Fraction(1, 2), Fraction(0)]),
            "mixed": np.array([a * a, a * b, a * b, b * b]) / (a + b) ** 2,
        }
        sums = {name: p @ worth for name, p in corners.items()}
        top = max(sums, key=lambda name: (sums[name], name == "advised"))
        mixed = (a * R + b * S) / (a + b)
        off = abs(float(sums["mixed"] - 2 * mixed)) / float(T - P)
        gain = max(self._disobeying(p) for p in corners.values()) / float(T - P)
        proof = Checks({"gain from disobeying": gain, "mixed play by its own sum": off}, TOLERANCE)
        return self._advice(
            sums[top], min(sums.values()), mixed, tuple(corners[top]), CLOSED, proof
        )

    def solve(self) -> Advice:
        """Best and worst by linear programs over joint play, the mixed equilibrium by `nash`."""
        from ceasefire.solvers import correlated, nash

        game, exactly = self.game(), self.is_exact
        best = correlated(game, exact=exactly)
        worst = correlated(game, worst=True, exact=exactly)
        found = nash(game, exact=exactly)
        mixed = next(e for e in found if not e.is_pure)
        fair = (best.distribution + best.distribution.T) / 2
        flat = (fair[0, 0], fair[0, 1], fair[1, 0], fair[1, 1])
        unit = float(self.stands) - float(self.both_stand)
        proof = Checks(
            {
                "gain from disobeying": float(max(best.regret, worst.regret)) / unit,
                "the same from symmetric advice": self._disobeying(flat) / unit,
                "regret of the mixed equilibrium": float(mixed.regret) / unit,
                "a pure equilibrium beats the best": max(
                    float(e.payoffs.sum() - best.value) for e in found
                ) / unit,
            },
            TOLERANCE,
        )  # fmt: skip
        return self._advice(best.value, worst.value, mixed.payoffs[0], flat, PROGRAM, proof)

    def game(self) -> NormalForm:
        """State the game without the mediator, for `nash` and `correlated`."""
        from ceasefire.games import NormalForm

        R, T, S, P = self._payoffs() if self.is_exact else map(float, self._payoffs())
        acts = [YIELD, STAND]
        own = np.array([[R, S], [T, P]], dtype=object)
        return NormalForm.bimatrix(
            own, own.T, players=_proposals.SIDES, actions=[acts, acts], title="Chicken"
        )

    def table(self) -> pd.DataFrame:
        """Sum of payoffs as the temptation to stand grows, T - R in units of S - P."""
        import pandas as pd

        R, _, S, P = self._payoffs()
        rows = []
        for step in range(1, 41):
            tempted = Fraction(step, 10)
            found = self.replace(stands=R + tempted * (S - P)).closed_form()
            rows.append((float(tempted), float(found.best), 2 * float(found.mixed),
                         float(found.worst), float(found.shares[0])))  # fmt: skip
        columns = ["temptation", "best_sum", "unadvised_sum", "worst_sum", "both_yield"]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """What the advice adds, and how often both yield."""
        found = self.closed_form()
        share = 100 * float(found.gain) / (2 * float(found.mixed) - 2 * float(self.both_stand))
        return (
            f"Private advice raises the sum of payoffs from {2 * float(found.mixed):.4g} in the "
            f"mixed equilibrium to {shown(found.best, 4)} utils ({shown(share)}% more), both "
            f"yielding with chance {shown(found.shares[0])} and never both standing; the "
            "mediator knows and enforces nothing."
        )

    def _payoffs(self) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        return (exact(self.both_yield), exact(self.stands), exact(self.yields),
                exact(self.both_stand))  # fmt: skip

    def _disobeying(self, shares: Any) -> float:
        """What side 1 gains at most from not doing as told, utils; advice is symmetric."""
        R, T, S, P = self._payoffs()
        both, first, second, neither = (exact(x) for x in shares)
        gains = (both * (T - R) + first * (P - S), second * (R - T) + neither * (S - P))
        return float(max(gains))

    def _advice(
        self, best: Any, worst: Any, mixed: Any, shares: Any, method: str, proof: Checks
    ) -> Advice:
        plain = (lambda x: x) if self.is_exact else float
        both, first, second, neither = map(plain, shares)
        told = (both, first, second, neither)
        status = Status.OK if proof.passed else Status.EXPLOITABLE
        return Advice(plain(best), plain(worst), plain(mixed), told, method, proof, status)
