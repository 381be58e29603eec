"""Mediators who only ask, where only the costs of war are private (Fearon, Fey and Ramsay)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining import _proposals
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._windows import day_surplus, require_worth
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ceasefire.games import BayesianGame
    from ceasefire.truce import Scenario

TOLERANCE = 1e-9
CLOSED, PROGRAM = "closed form", "linear program"
BISECTIONS = 48  # halvings of [0, 1]: to rounding


@dataclass(frozen=True)
class Settlement(Displayed):
    """How often the sides settle, with and without somebody who asks them.

    Attributes
    ----------
    mediated, unmediated : float
        Chance of peace with a mediator, and with a fixed split that nobody asks about.
    splits : tuple of float
        Lowest and highest share of side 1 that every type of both sides accepts.
    ultimatum : float
        Chance of peace where side 1 makes one take-it-or-leave-it offer instead.
    method : str
    certificate : Checks
    status : Status
    """

    mediated: float
    unmediated: float
    splits: tuple[float, float]
    ultimatum: float
    method: str
    certificate: Checks
    status: Status = Status.OK

    def __repr__(self) -> str:
        low, high = self.splits
        return (
            f"peace {self.mediated:.6g} with a mediator, {self.unmediated:.6g} without; splits "
            f"[{low:.6g}, {high:.6g}]; one offer by side 1: {self.ultimatum:.6g}; {self.method}"
        )


@dataclass(frozen=True)
class MediatedCosts(Model):
    r"""War with privately known costs: a mediator who has no information of its own adds nothing.

    Side 1 wins a war for a pie of 1 with chance p; war costs it c_1 and side 2 c_2, each known to
    itself only. What war is worth to a side does not depend on the other's type, so one split
    that the least war-weary types accept is accepted by all, and everybody can be offered it:

    .. math:: x \in [p - \min c_1, \; p + \min c_2].

    Parameters
    ----------
    odds : float or Fraction
        p, in [0, 1].
    costs_1, costs_2 : tuple of float or Fraction
        Possible costs of war to either side, above 0, in pies.
    chances_1, chances_2 : tuple of float or Fraction
        Their chances; equal ones where empty.

    Notes
    -----
    *Captures:* what a mediator cannot do: private costs alone never need one. Compare
    `StrengthMediation`, where types say who would win. *Leaves out:* private strength, the
    bargaining over which split of the interval it is, offers by one side: a take-it-or-leave-it
    offer does risk war (risk against return), by the offerer's choice.

    *Traps.* A solver that finds less than peace for sure here treats costs as strength.

    References
    ----------
    J. Fearon (1995), "Rationalist explanations for war", International Organization 49:379-414.
    M. Fey and K. Ramsay (2010), "When is shuttle diplomacy worth the commute? Information sharing
    through mediation", World Politics 62:529-560. THEORY.md I2.

    Examples
    --------
    >>> MediatedCosts(odds=0.6, costs_1=(0.1, 0.3), costs_2=(0.05, 0.2)).closed_form()
    peace 1 with a mediator, 1 without; splits [0.5, 0.65]; one offer by side 1: 1; closed form
    """

    odds: Number
    costs_1: tuple[Number, ...]
    costs_2: tuple[Number, ...]
    chances_1: tuple[Number, ...] = ()
    chances_2: tuple[Number, ...] = ()

    def __post_init__(self) -> None:
        checked("odds", self.odds, -1e-300, 1 + 1e-15, "a probability")
        for name in ("costs_1", "costs_2"):
            costs = getattr(self, name)
            if not isinstance(costs, tuple) or not costs:
                raise ArgumentError(name, costs, "a tuple of costs, at least one")
            for k, cost in enumerate(costs):
                checked(f"{name}[{k}]", cost, 0, 1e3, "a cost above 0, below 1000 pies")
        for name, costs in (("chances_1", self.costs_1), ("chances_2", self.costs_2)):
            given = getattr(self, name)
            fine = isinstance(given, tuple) and len(given) in (0, len(costs))
            if not fine or (
                given and not (min(given) >= 0 and abs(float(sum(given)) - 1) <= TOLERANCE)
            ):
                raise ArgumentError(name, given, f"{len(costs)} chances of sum 1, or none")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> MediatedCosts:
        """Costs of fighting on are what each side forgoes with one more day at the first window.

        The pie is what the day holds in all: the worth of a batch and the captor's gain from the
        day. Each side's high cost is within a thousandth of the pie and the pie; the low cost of
        either is assumed half the high one, the odds even.
        """
        captor, state = day_surplus(scenario)
        p = scenario.symbols()
        require_worth(p)
        pie = p.v * p.x + p.g
        costs = [min(max(part / pie, 1e-3), 1.0) for part in (state, captor)]
        return cls(0.5, *((cost / 2, cost) for cost in costs))

    def closed_form(self) -> Settlement:
        """A split that every type accepts, for sure."""
        low = max(0.0, float(exact(self.odds) - min(map(exact, self.costs_1))))
        high = min(1.0, float(exact(self.odds) + min(map(exact, self.costs_2))))
        p = float(self.odds)
        short = max(p - min(map(float, self.costs_1)) - high, low - p - min(self.costs_2))
        proof = Checks({"war beats the split for some type": float(short)}, TOLERANCE)
        return Settlement(1.0, 1.0, (low, high), self.ultimatum(), CLOSED, proof)

    def solve(self, *, steps: int = 20) -> Settlement:
        """Peace by the program over all mediation plans, the splits by search on the game.

        Parameters
        ----------
        steps : int
            Splits on offer: 0, 1/steps, ..., 1, and the odds themselves.
        """
        from ceasefire.solvers import communication

        splits = _proposals.grid([exact(self.odds)], steps)
        found = communication(self.game(splits=splits), objective=_proposals.peace(splits))
        p = float(self.odds)
        ends = tuple(_last(self._content, p, side) for side in (0.0, 1.0))
        proof = Checks(
            {
                "gain from lying and fighting": float(found.regret),
                "gap to the dual bound": found.gap,
                "gain from refusing the fixed split": max(map(self._refusal, (*ends, p))),
            },
            TOLERANCE,
        )
        status = Status.OK if proof.passed else Status.EXPLOITABLE
        fixed = 1.0 if self._content(p) else 0.0
        value = float(found.value)
        return Settlement(
            value, fixed, (ends[0], ends[1]), self.ultimatum(), PROGRAM, proof, status
        )

    def game(self, *, splits: tuple[Number, ...] | list[Any] | None = None) -> BayesianGame:
        """State the game in which a split holds if both name it, for `communication`."""
        p = exact(self.odds)
        war = np.empty((2, len(self.costs_1), len(self.costs_2)), dtype=object)
        for j, one in enumerate(self.costs_1):
            for k, two in enumerate(self.costs_2):
                war[:, j, k] = p - exact(one), 1 - p - exact(two)
        chances = [np.array(row, dtype=object) for row in self._chances()]
        prior = np.outer(chances[0], chances[1])
        names = [[f"cost {float(c):.6g} ({k + 1})" for k, c in enumerate(costs)]
                 for costs in (self.costs_1, self.costs_2)]  # fmt: skip
        shares = [p] if splits is None else splits
        return _proposals.proposal_game(prior, war, shares, names, "War with private costs")

    def ultimatum(self) -> float:
        """Chance of peace where side 1, knowing its cost, names a split and 2 takes it or fights.

        Side 1 asks ``p + c`` for some cost c of side 2, which types of cost c and above accept;
        where several asks are as good, the one that more types accept.
        """
        p = exact(self.odds)
        own, other = self._chances()
        total = Fraction(0)
        for mine, weight in zip(map(exact, self.costs_1), own, strict=True):
            options = []
            for ask in set(map(exact, self.costs_2)):
                takes = sum((q for c, q in zip(self.costs_2, other, strict=True) if c >= ask),
                            Fraction(0))  # fmt: skip
                share = min(p + ask, Fraction(1))
                options.append((takes * share + (1 - takes) * (p - mine), takes))
            total += weight * max(options)[1]
        return float(total)

    def table(self) -> pd.DataFrame:
        """Chance of peace against the chance that side 2 is the least war-weary, by institution."""
        import pandas as pd

        rows = []
        lowest = min(range(len(self.costs_2)), key=lambda k: self.costs_2[k])
        _, base = self._chances()
        for k in range(101):
            q = Fraction(k, 100)
            rest = 1 - base[lowest]
            chances = tuple(
                q if j == lowest else ((1 - q) * c / rest if rest else Fraction(0))
                for j, c in enumerate(base)
            )
            if len(base) == 1:
                chances = base
            model = self.replace(chances_2=tuple(chances))
            peace = {"mediator": 1.0, "fixed split": 1.0, "offer by side 1": model.ultimatum()}
            rows += [(float(q), how, chance) for how, chance in peace.items()]
        return pd.DataFrame(rows, columns=["low_cost_chance", "institution", "peace"])

    def answer(self) -> str:
        """That the mediator adds nothing, and which splits do it."""
        found = self.closed_form()
        low, high = found.splits
        return (
            f"Nothing: with privately known costs every type accepts any split that gives side 1 "
            f"between {low:.3g} and {high:.3g} of the pie, and peace has probability 1 with a "
            f"mediator or without; one take-it-or-leave-it offer by side 1 keeps it with "
            f"{found.ultimatum:.3g}."
        )

    def _chances(self) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
        made = []
        for costs, given in ((self.costs_1, self.chances_1), (self.costs_2, self.chances_2)):
            raw = [exact(c) for c in given] or [Fraction(1)] * len(costs)
            made.append(tuple(c / sum(raw) for c in raw))
        return made[0], made[1]

    def _refusal(self, split: float) -> float:
        """What some type gains by refusing a split that all others accept, by the game itself."""
        from ceasefire.solvers import largest_gain

        game = self.game(splits=[split])
        plan = np.zeros((*game.n_types, 2, 2))
        plan[..., 0, 0] = 1.0
        return float(largest_gain(game, plan))

    def _content(self, split: float) -> bool:
        return self._refusal(split) <= 1e-12


def _last(fine: Callable[[float], bool], inside: float, end: float) -> float:
    """The last point on the way from `inside` to `end` that is fine, by halving."""
    if fine(end):
        return end
    good, bad = inside, end
    for _ in range(BISECTIONS):
        middle = (good + bad) / 2
        good, bad = (middle, bad) if fine(middle) else (good, middle)
    return good
