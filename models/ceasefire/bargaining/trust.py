"""How much trust cooperation takes without a future."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._assessments import TOLERANCE, Found, floats, outcome
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

PROBABILITY = "a probability from 0 to 1"


@dataclass(frozen=True, repr=False)
class TrustNeeded(Found):
    """Symmetric equilibria of the assurance game.

    Attributes
    ----------
    trust_needed : float or Fraction
        Least trust at which cooperating pays if trustworthy others cooperate.
    cooperation : tuple
        Chance that a trustworthy side cooperates, in each symmetric equilibrium, rising.
    """

    trust_needed: Any
    cooperation: tuple[Any, ...]


@dataclass(frozen=True)
class Assurance(Model):
    r"""An assurance game: cooperate, or not, when the other may be of a kind that never does.

    Each side is trustworthy with chance t, known to itself: it prefers to return cooperation
    (``R > T``). An untrustworthy side prefers to exploit it. Both fear most to cooperate alone
    (``P > S``). If trustworthy others cooperate, cooperating pays if and only if

    .. math:: t \ge m = \frac{P - S}{(P - S) + (R - T)} .

    Parameters
    ----------
    trust : float or Fraction
        t in [0, 1].
    temptation, reward, punishment, sucker : float or Fraction
        T, R, P, S of a trustworthy side, utils; ``R > T`` and ``P > S``.

    Notes
    -----
    *Captures:* why two sides that would both keep a pause may not begin one. *Leaves out:* the
    future, which in the truce model lowers the trust that is needed while captives remain.

    *Traps.* With two-sided trust ``(D, D)`` remains an equilibrium at any trust, even 1; between
    it and cooperation lies a mixture, ``m / t``, that is unstable. At ``t = m`` both coincide.

    References
    ----------
    A. Kydd (2000), "Trust, reassurance, and cooperation", International Organization 54:325-357;
    A. Kydd (2005), Trust and Mistrust in International Relations, Princeton. THEORY.md E1.

    Examples
    --------
    >>> from fractions import Fraction
    >>> Assurance(Fraction(3, 4), temptation=3, reward=4, punishment=1, sucker=0).solve()
    trust needed 1/2, cooperation (0, 2/3, 1); all equilibria of the strategic form
    """

    trust: Number
    temptation: Number
    reward: Number
    punishment: Number
    sucker: Number

    def __post_init__(self) -> None:
        checked("trust", self.trust, -1e-300, 1 + 1e-15, PROBABILITY)
        for name in ("temptation", "reward", "punishment", "sucker"):
            checked(name, getattr(self, name), -math.inf, math.inf, "a finite number, utils")
        if not self.reward > self.temptation:
            raise ArgumentError("reward", self.reward, "above the temptation", "else nobody trusts")
        if not self.punishment > self.sucker:
            raise ArgumentError("sucker", self.sucker, "below the punishment")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Assurance:
        """The pausing state at the first window, as if one day were all there is.

        ``R = v x - k``, ``S = -k``, P = 0 and ``T = v x - kappa``: who resumes while a batch comes
        saves the day but pays for leaving (at least 1.01 k is assumed, so that R > T). Trust is
        the truce model's after the pilot.
        """
        from ceasefire import truce
        from ceasefire.bargaining._windows import first_window
        from ceasefire.truce.payoffs import day_cost

        p = scenario.symbols()
        cost = max(float(day_cost(p, first_window(scenario)[1])), 1e-6)
        worth, leaving = p.v * p.x, max(p.kappa, 1.01 * cost)
        return cls(float(truce.solve(scenario).trust), worth - leaving, worth - cost, 0.0, -cost)

    @property
    def needed(self) -> Fraction:
        """The trust m, as a fraction."""
        _, T, R, P, S = map(exact, self._given())
        return (P - S) / ((P - S) + (R - T))

    def closed_form(self) -> TrustNeeded:
        """Threshold and symmetric equilibria by the formula."""
        t, m = exact(self.trust), self.needed
        found = {Fraction(0)}
        if t >= m:
            found |= {Fraction(1), m / t}
        return self._found(m, sorted(found), "closed form")

    def solve(self) -> TrustNeeded:
        """All equilibria of the game with both sides' types, in fractions.

        The threshold is where cooperating first pays, by the payoffs of the same form.
        """
        from ceasefire.solvers import nash

        t = exact(self.trust)
        if not t:
            return self._found(self._root(), [Fraction(0)], "all equilibria of the strategic form")
        found = set()
        form = self.game().strategic_form()
        for one in nash(form, exact=True):
            shares = [_cooperates(form.actions[i], x) for i, x in enumerate(one.strategies)]
            if shares[0] == shares[1]:
                found.add(shares[0])
        return self._found(self._root(), sorted(found), "all equilibria of the strategic form")

    def game(self) -> ExtensiveForm:
        """Both sides' types drawn by chance, then moves at once; exact for fractions.

        An untrustworthy side gains R - T more by exploiting than a trustworthy one loses by it.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        t, T, R, P, S = map(exact, self._given())
        kinds = {True: t, False: 1 - t}

        def pay(good: bool, own: str, other: str) -> Fraction:
            greed = R + (R - T)
            return {"CC": R, "CD": S, "DC": T if good else greed, "DD": P}[own + other]

        def moves(state: Any) -> Any:
            match state:
                case ():
                    odds = {(a, b): kinds[a] * kinds[b] for a in kinds for b in kinds}
                    return Chance({f"{a}{b}": (w, (a, b)) for (a, b), w in odds.items() if w})
                case (a, b):
                    below = {m: (a, b, m) for m in "CD"}
                    return Decision("1", below, sees=_kind(1, a))
                case (a, b, one):
                    ends = {m: End((pay(a, one, m), pay(b, m, one))) for m in "CD"}
                    return Decision("2", ends, sees=_kind(2, b))
            raise AssertionError(state)

        return ExtensiveForm.from_rules((), moves, players=["1", "2"], title="assurance")

    def table(self) -> pd.DataFrame:
        """Trust needed against what cooperating alone loses, in units of what returning gains.

        Columns ``fear`` = (P - S) / (R - T) and ``trust_needed``.
        """
        import pandas as pd

        _, T, R, P, S = (float(x) for x in self._given())
        fears = np.linspace(0.0, max(5.0, 1.5 * (P - S) / (R - T)), 51)
        return pd.DataFrame({"fear": fears, "trust_needed": fears / (fears + 1)})

    def answer(self) -> str:
        """Trust needed and held."""
        t, m = float(self.trust), float(self.needed)
        if self.reward <= self.punishment:
            return (
                f"Trust does not help: cooperating brings {shown(self.reward)} utils even if the "
                f"other side is sure to as well, no more than the {shown(self.punishment)} that "
                f"both have without."
            )
        held = "is enough, if the other side expects it too" if t >= m else "is not enough"
        return (
            f"Without a future, cooperating takes trust of {m:.3f}; the trust held, {t:.3f}, "
            f"{held}. That nobody cooperates remains an equilibrium at any trust."
        )

    def _given(self) -> tuple[Number, ...]:
        return self.trust, self.temptation, self.reward, self.punishment, self.sucker

    def _gain(self, trust: Fraction, share: Any) -> Any:
        """What a trustworthy side gains by cooperating, others of its kind with chance `share`."""
        _, T, R, P, S = map(exact, self._given())
        met = trust * exact(share)
        return met * R + (1 - met) * S - met * T - (1 - met) * P

    def _root(self) -> Fraction:
        start, end = (self._gain(Fraction(k), 1) for k in (0, 1))
        root: Fraction = -start / (end - start)
        return root

    def _found(self, m: Fraction, shares: list[Any], method: str) -> TrustNeeded:
        t = exact(self.trust)
        scale = max(map(exact, self._given()[1:])) - min(map(exact, self._given()[1:]))
        misses = {}
        for y in shares:
            gain = self._gain(t, y) / scale
            worst = max(gain if y < 1 else 0, -gain if y > 0 else 0)
            misses[f"gain from deviating at {float(y):.4g}"] = float(worst)
        proof = Checks(misses, TOLERANCE)
        plain = float if floats(*self._given()) else exact
        return TrustNeeded(
            plain(m), tuple(map(plain, shares)),
            method=method, certificate=proof, status=outcome(proof),
        )  # fmt: skip


def _kind(side: int, good: bool) -> str:
    return f"{side} {'trustworthy' if good else 'untrustworthy'}"


def _cooperates(labels: Any, shares: Any) -> Any:
    """Chance of cooperating when trustworthy, of plans named by information set."""
    return sum(
        (
            s
            for label, s in zip(labels, shares, strict=True)
            if " trustworthy: C" in str(label) or str(label) == "C"
        ),
        Fraction(0),
    )
