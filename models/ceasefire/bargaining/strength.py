"""Mediation where types are strength: Hoerner, Morelli and Squintani's comparison, solved."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.bargaining import _proposals
from ceasefire.bargaining._proposals import short
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._unmediated import public, silence
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.games import BayesianGame
    from ceasefire.truce import Scenario

RESOLVED = 1e-6  # least chance of a type that programs over splits can tell from 0
TOLERANCE = 1e-8
STRONG, WEAK = "strong", "weak"
USUAL_PIE, USUAL_EDGE = 0.8, 0.9


class Shares(NamedTuple):
    """Chance of a settlement by how many sides say they are strong."""

    both: Any
    one: Any
    none: Any


@dataclass(frozen=True)
class MediatedPeace(Displayed):
    """Chance of peace by what stands between the sides.

    Attributes
    ----------
    silent : float or Fraction
        Proposals that nobody was asked about; the best of all equilibria without messages.
    unmediated : float or Fraction
        One round of public messages by which types separate, then a public proposal.
    mediated : float or Fraction
        Private reports, then a public proposal that binds nobody.
    arbitrated : float or Fraction
        Private reports, then a decision that binds whoever takes part.
    settled : Shares or None
        With the mediator (or the arbitrator): chance of a settlement with both, one and no side
        strong; None where only the total was computed.
    method : str
    certificate : Checks
    status : Status
    """

    silent: Any
    unmediated: Any
    mediated: Any
    arbitrated: Any
    settled: Shares | None
    method: str
    certificate: Checks
    status: Status = Status.OK

    @property
    def added(self) -> Any:
        """What the mediator adds to the chance of peace over public messages."""
        return self.mediated - self.unmediated

    def __repr__(self) -> str:
        names = ("silent", "unmediated", "mediated", "arbitrated")
        shown = ", ".join(f"{name} {short(getattr(self, name))}" for name in names)
        return f"peace: {shown}; {self.method}"


@dataclass(frozen=True)
class StrengthMediation(Model):
    r"""Two sides of privately known strength, and a mediator who can only propose.

    Each side is strong with chance q. War shrinks a pie of 1 to theta: equals get theta/2 each, a
    strong side ``p theta > 1/2`` of a weak one. The mediator hears private reports and proposes a
    split in public, or none; either side may fight instead. Everything depends on two numbers,

    .. math:: \lambda = \frac{q}{1-q}, \qquad \gamma = \frac{p\theta - 1/2}{(1-\theta)/2},

    the odds of strength, and what the strong gains by fighting the weak rather than sharing
    equally, in units of what equals lose by war. With settlements of chance ``p_H`` when both are
    strong, ``p_M`` when one is and 1 when none is, peace has chance
    ``q^2 p_H + 2 q (1-q) p_M + (1-q)^2``, and

    * ``lambda >= gamma``: the equal split is accepted by all, with nobody in between;
    * *mediator and arbitrator alike* are bound by
      ``(1 + gamma - 2 lambda) p_M + lambda (1 + gamma - lambda) p_H <= 1``: first
      ``p_M = 1 / (1 + gamma - 2 lambda)`` and ``p_H = 0`` (while ``lambda <= gamma / 2``), then
      ``p_M = 1`` and ``p_H = (2 lambda - gamma) / (lambda (1 + gamma - lambda))``;
    * *public messages* by ``(1 + gamma - 2 lambda) p_M + lambda (2 + gamma) p_H <= 1`` and
      ``(1 + gamma) [(1 - lambda) p_M + lambda p_H] <= 1``, ``p_M`` again first;
    * *silence* gives ``1 - q`` if ``gamma <= 1 + 2 lambda``, by a split that one side accepts
      whatever it is and the other when weak; otherwise ``(1-q)^2``.

    The mediator adds nothing to public messages where ``lambda >= gamma`` or q = 0, and where
    ``gamma >= 1`` and ``lambda <= gamma / 2``. It adds everywhere else: with ``gamma < 1`` a strong
    side that posed as weak would fight the weak and settle with the strong, and is not told which
    it faces; with ``lambda > gamma / 2`` the strong take the equal split, often, because it may be
    another strong side that they face.

    Parameters
    ----------
    strong : float or Fraction
        q, in [0, 1]: the chance that a side is strong.
    war_pie : float or Fraction
        theta, in (0, 1): what war leaves of the pie.
    edge : float or Fraction
        p, in (1/2, 1], the strong's share of it against the weak, with ``p theta > 1/2``.

    Notes
    -----
    *Captures:* what a mediator without money, force or information adds: it decides what each
    side learns of the other. The counterpart of `MediatedCosts`, where it adds nothing.
    *Leaves out:* reputation, several rounds of messages and partly revealing ones, sides that
    differ beforehand, a mediator with a bias.

    ``solve`` states the mediator's program as the communication equilibria of a Bayesian game,
    with all double deviations (pose as weak, then fight); the arbitrator's as mechanisms that
    bind; public messages as a program of their own, and silence by listing equilibria.

    *Traps.* Constraints on lies and on refusals taken one by one admit plans that a strong side
    beats by doing both. *Public messages* are the best separating equilibrium of one round with
    public lotteries; others may lie between it and the mediator, never above.

    References
    ----------
    J. Hoerner, M. Morelli and F. Squintani (2015), "Mediation and peace", Review of Economic
    Studies 82:1483-1501, for the game and for the equality of mediator and arbitrator; the
    formulas are derived here and checked by programs. R. Myerson (1986), Econometrica 54:323-358.
    THEORY.md II.9 (Express and solve).

    Examples
    --------
    >>> from fractions import Fraction
    >>> StrengthMediation(Fraction(2, 5), Fraction(7, 10), Fraction(9, 10)).closed_form()
    peace: silent 3/5, unmediated 189/215, mediated 14/15, arbitrated 14/15; closed form
    """

    strong: Number
    war_pie: Number = Fraction(4, 5)
    edge: Number = Fraction(9, 10)

    def __post_init__(self) -> None:
        checked("strong", self.strong, -1e-300, 1 + 1e-15, "a probability")
        checked("war_pie", self.war_pie, 0, 1, "a share between 0 and 1")
        checked("edge", self.edge, 0.5, 1 + 1e-15, "a share above 1/2, at most 1")
        if not exact(self.edge) * exact(self.war_pie) > Fraction(1, 2):
            hint = "otherwise the equal split beats war for everybody"
            allowed = "above 1 / (2 war_pie)"
            raise ArgumentError("edge", self.edge, allowed, hint)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> StrengthMediation:
        """A side is strong as often as the captor, after the pilot, is not a dealer.

        That chance is 1 less the belief with which the pause begins. War leaves four fifths of the
        stake, nine tenths of it to a strong side against a weak one: assumed, since a scenario's
        payoffs are net of war; strong enough for the equal split not to settle everything.
        """
        from ceasefire import truce

        return cls(1.0 - float(truce.solve(scenario).trust), USUAL_PIE, USUAL_EDGE)

    @property
    def odds(self) -> Any:
        """lambda, the odds of strength; inf at q = 1."""
        q = exact(self.strong)
        return q / (1 - q) if q < 1 else math.inf

    @property
    def temptation(self) -> Any:
        """gamma: the strong's gain from war on the weak, over the loss of equals at war."""
        half, theta = Fraction(1, 2), exact(self.war_pie)
        return (exact(self.edge) * theta - half) / ((1 - theta) / 2)

    def closed_form(self) -> MediatedPeace:
        """All four by the formulas, in fractions where the parameters are."""
        q = exact(self.strong)
        shares = self.settled()
        mediated = self._peace(shares)
        silent, unmediated = self._silent(), self._peace(self._separating())
        near = self._near()
        bound = near._program(0, enforced=False)
        proof = Checks(
            {
                "linear program": abs(float(bound.value - near._peace(near.settled()))),
                "silence beats the mediator": float(max(silent, unmediated) - mediated),
                "not a chance": float(max(mediated - 1, (1 - q) ** 2 - mediated)),
            },
            TOLERANCE,
        )
        return self._found((silent, unmediated, mediated, mediated), shares, "closed form", proof)

    def solve(self, *, steps: int = 8) -> MediatedPeace:
        """All four by programs over splits, none of which knows the formulas.

        Parameters
        ----------
        steps : int
            Splits on offer: 0, 1/steps, ..., 1, the equal one, and those that make a type just
            indifferent. Raising it adds nothing, which the certificate checks from 0.

        Notes
        -----
        Programs cannot tell a chance of strength within `RESOLVED` of 0 or 1 from either: they are
        solved at that distance, which moves no chance of peace by more than twice of it; the
        method says so. The closed form has no such limit.
        """
        near = self._near()
        if near is not self:
            found = near.solve(steps=steps)
            how = f"{found.method} at a chance of strength {RESOLVED:g} from its limit"
            return replace(found, method=f"{how}: chances within {2 * RESOLVED:g}")
        mediator = self._program(steps, enforced=False)
        few = self._program(0, enforced=False)
        arbiter = self._program(0, enforced=True)
        splits = self._splits(steps)
        event = _proposals.peace(splits)
        held = (mediator.mechanism * event).sum(axis=(2, 3))
        shares = Shares(float(held[0, 0]), float(held[0, 1] + held[1, 0]) / 2, float(held[1, 1]))
        proof = Checks(
            {
                "gain from lying and fighting": float(mediator.regret),
                "gap to the dual bound": mediator.gap,
                "more splits than three help": float(mediator.value - few.value),
                "the arbitrator's gain from lying": float(arbiter.regret),
                "the mediator beats the arbitrator": float(mediator.value - arbiter.value),
            },
            TOLERANCE,
        )
        values = (silence(self, splits), public(self, splits), mediator.value, arbiter.value)
        return self._found(tuple(map(float, values)), shares, "programs over splits", proof)

    def settled(self) -> Shares:
        """Chances of a settlement with a mediator or an arbitrator, by the formula."""
        odds, g = self.odds, self.temptation
        if odds >= g:
            return Shares(Fraction(1), Fraction(1), Fraction(1))
        one = min(Fraction(1), 1 / (1 + g - 2 * odds)) if 2 * odds < g else Fraction(1)
        both = (2 * odds - g) / (odds * (1 + g - odds)) if 2 * odds > g else Fraction(0)
        return Shares(both, one, Fraction(1))

    def game(self, *, splits: Sequence[Number] | None = None) -> BayesianGame:
        """State mediation without enforcement, for `communication`; objective `peace_event()`.

        `splits` are those that may be proposed, shares of side 1; by default the equal one and
        those at which the strong just rather settles with the weak.
        """
        q, theta, p = exact(self.strong), exact(self.war_pie), exact(self.edge)
        war = np.empty((2, 2, 2), dtype=object)
        war[0] = [[theta / 2, p * theta], [(1 - p) * theta, theta / 2]]
        war[1] = war[0].T
        chances = np.array([q, 1 - q], dtype=object)
        shares = self._splits(0) if splits is None else splits
        names = [[STRONG, WEAK]] * 2
        title = "Mediation and peace"
        return _proposals.proposal_game(np.outer(chances, chances), war, shares, names, title)

    def peace_event(self, *, splits: Sequence[Number] | None = None) -> Any:
        """1 where a split is settled on, by actions of `game`."""
        return _proposals.peace(self._splits(0) if splits is None else splits)

    def outside(self) -> list[list[Any]]:
        """What war is worth to each side's types before anything is learned: refusal to take part.

        Shape (2, 2), pies.
        """
        q, theta, p = exact(self.strong), exact(self.war_pie), exact(self.edge)
        alone = [
            q * theta / 2 + (1 - q) * p * theta,
            q * (1 - p) * theta + (1 - q) * theta / 2,
        ]
        return [alone, list(alone)]

    def table(self) -> pd.DataFrame:
        """Chance of peace against the chance of strength, by what stands between the sides.

        Columns ``strong``, ``by`` (silent, unmediated, mediated; the arbitrator does as well as
        the mediator), ``peace``.
        """
        import pandas as pd

        g = float(self.temptation)
        jump = max((g - 1) / 2, 0.0)  # of silence
        odds = (g / 2, g / (1 + g), g, g * (1 - 1e-9), jump * (1 + 1e-9), jump * (1 - 1e-9))
        marks = [x / (1 + x) for x in odds]
        rows = []
        for q in sorted({*np.linspace(0.0, 0.95, 77).tolist(), *marks}):
            model = self.replace(strong=q)
            rows.append((q, "silent", float(model._silent())))
            rows.append((q, "unmediated", float(model._peace(model._separating()))))
            rows.append((q, "mediated", float(model._peace(model.settled()))))
        return pd.DataFrame(rows, columns=["strong", "by", "peace"])

    def answer(self) -> str:
        """What the mediator adds, and to what."""
        silent = float(self._silent())
        public = float(self._peace(self._separating()))
        asked = float(self._peace(self.settled()))
        if self.odds >= self.temptation:
            return (
                "Nothing: strength is so likely that both sides take the equal split, and peace "
                "has probability 1 without anybody in between."
            )
        wide = self.table().pivot(index="strong", columns="by", values="peace")
        added = wide["mediated"] - wide["unmediated"]
        most, at = float(added.max()), float(wide.index[int(added.to_numpy().argmax())])
        return (
            f"Where sides hide their strength (strong with chance {float(self.strong):.3g}), a "
            f"mediator who hears both in private and can only propose brings peace with "
            f"probability {asked:.3g}, as does an arbitrator who can enforce; public messages "
            f"bring {public:.3g}, silence {silent:.3g}: it adds {asked - public:.3g}, and at most "
            f"{most:.3g} for any chance of strength (at {at:.3g})."
        )

    def _near(self) -> StrengthMediation:
        """The model, its strength at least `RESOLVED` from 0 and 1 where it is neither."""
        q = self.strong
        if q in (0, 1) or RESOLVED <= q <= 1 - RESOLVED:
            return self
        return self.replace(strong=RESOLVED if q < RESOLVED else 1 - RESOLVED)

    def _peace(self, settled: Shares) -> Any:
        q = exact(self.strong)
        return q**2 * settled.both + 2 * q * (1 - q) * settled.one + (1 - q) ** 2 * settled.none

    def _silent(self) -> Any:
        q, odds, g = exact(self.strong), self.odds, self.temptation
        if odds >= g:
            return Fraction(1)
        return 1 - q if g <= 1 + 2 * odds else (1 - q) ** 2

    def _separating(self) -> Shares:
        """The best separating public messages: of two constraints, p_M first and then p_H."""
        odds, g = self.odds, self.temptation
        if odds >= g:
            return Shares(Fraction(1), Fraction(1), Fraction(1))
        limits = [(1 + g - 2 * odds, odds * (2 + g)), ((1 + g) * (1 - odds), odds * (1 + g))]
        one = min([Fraction(1), *(1 / m for m, _ in limits if m > 1)])
        room = [(1 - m * one) / h for m, h in limits if h > 0]
        return Shares(max(Fraction(0), min([Fraction(1), *room])) if odds else Fraction(0), one,
                      Fraction(1))  # fmt: skip

    def _splits(self, steps: int) -> list[Any]:
        """The equal split, those that a strong against a weak or an equal just accepts, a grid."""
        own, half = exact(self.edge) * exact(self.war_pie), Fraction(1, 2)
        if not steps:
            return sorted({1 - own, half, own})
        equals = 1 - exact(self.war_pie) / 2
        return _proposals.grid(sorted({1 - own, half, own, equals, 1 - equals}), steps)

    def _program(self, steps: int, *, enforced: bool) -> Any:
        from ceasefire.solvers import communication

        splits = self._splits(steps)
        return communication(
            self.game(splits=splits), objective=_proposals.peace(splits), enforced=enforced,
            outside=self.outside() if enforced else None,
        )  # fmt: skip

    def _found(
        self, values: tuple[Any, ...], settled: Shares, method: str, proof: Checks
    ) -> MediatedPeace:
        floats = any(isinstance(x, float | np.floating) for x in self.parameters().values())
        silent, unmediated, mediated, arbitrated = map(float, values) if floats else values
        parts = Shares(*map(float, settled)) if floats else settled
        status = Status.OK if proof.passed else Status.EXPLOITABLE
        return MediatedPeace(silent, unmediated, mediated, arbitrated, parts, method, proof, status)
