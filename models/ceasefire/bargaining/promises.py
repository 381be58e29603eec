"""How kept promises build trust, and what one attack destroys."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ceasefire.bargaining._assessments import TOLERANCE, Found, floats, outcome
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._words import counted
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

PROBABILITY = "a probability from 0 to 1"
LONGEST = 100_000  # promises; beyond it logarithms alone count
EXACT_POWERS = 400  # promises up to which powers are compared in fractions
ASSUMED_ATTACK_RATIO = 4  # how much likelier an attack is from a spoiler, where nothing says


@dataclass(frozen=True, repr=False)
class TrustBuilt(Found):
    """What kept promises build and an attack destroys.

    Attributes
    ----------
    promises : int or float
        Least number of kept promises to reach the trust needed; inf where none is enough.
    trust : float or Fraction
        Trust after them (the limit, where they never suffice).
    survival_prior : float or Fraction
        Least trust before an attack that leaves the trust needed after it; nan where an attack
        says nothing (nobody attacks).
    after_attack : float or Fraction
        Trust after `promises` and then one attack; nan likewise.
    promises_destroyed : float
        Kept promises that one attack undoes, a real number; inf where it undoes all.
    promises_again : int or float
        Kept promises from `after_attack` back to the trust needed.
    """

    promises: float
    trust: Any
    survival_prior: Any
    after_attack: Any
    promises_destroyed: float
    promises_again: float


@dataclass(frozen=True)
class KeptPromises(Model):
    r"""Learning from kept promises, and from an attack that a spoiler may have made.

    A dealer keeps every promise, an opportunist each with chance eps. After n kept promises and
    with trust m needed,

    .. math:: t_n = \frac{t_0}{t_0 + (1 - t_0)\varepsilon^n}, \qquad
       n^* = \Bigl\lceil \ln\frac{t_0 (1-m)}{(1-t_0) m} \Big/ \ln \varepsilon \Bigr\rceil .

    An attack happens with chance a_d under a dealer, whom spoilers may defy, and a_s otherwise.
    Trust survives it if and only if it was at least ``m a_s / (m a_s + (1 - m) a_d)``. One attack
    undoes ``ln(a_s / a_d) / ln(1 / eps)`` kept promises.

    Parameters
    ----------
    prior : float or Fraction
        t0, trust before the first promise.
    mimicry : float or Fraction
        eps, chance that an opportunist keeps a promise.
    needed : float or Fraction
        m, trust at which the other side goes on.
    attack_dealer, attack_spoiler : float or Fraction
        a_d and a_s, chances of an attack within the time that is judged; ``a_d <= a_s``.

    Notes
    -----
    *Captures:* the build-up of trust by deliveries, and how a single shooting spends it.
    *Leaves out:* that keeping a promise is a choice (`SequentialExchange` makes it one) and that
    spoilers choose when to strike.

    *Traps.* eps = 0: one promise says all; eps = 1: no number does; trust 0 never moves. With
    a_d = 0 one attack ends trust for good.

    References
    ----------
    Bayes' rule; A. Kydd and B. Walter (2002), "Sabotaging the peace: the politics of extremist
    violence", International Organization 56:263-296. THEORY.md E3.

    Examples
    --------
    >>> KeptPromises(0.2, mimicry=0.6, needed=0.7, attack_dealer=0.1, attack_spoiler=0.4).solve()
    promises 5, trust 0.762753, survival prior 0.903226, after attack 0.445601, promises
    destroyed 2.71383, promises again 3; Bayes' rule promise by promise, replies on a tree
    """

    prior: Number
    mimicry: Number
    needed: Number
    attack_dealer: Number
    attack_spoiler: Number

    def __post_init__(self) -> None:
        for name in ("prior", "mimicry", "needed", "attack_dealer", "attack_spoiler"):
            checked(name, getattr(self, name), -1e-300, 1 + 1e-15, PROBABILITY)
        if self.attack_dealer > self.attack_spoiler:
            allowed = f"at least {float(self.attack_dealer):g}"
            raise ArgumentError("attack_spoiler", self.attack_spoiler, allowed)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> KeptPromises:
        """Promises are batches like the pilot; needed is what the first extra day takes by itself.

        Prior and mimicry: the truce model's prior and the share of opportunists that matches its
        pilot. ``m = k / (v x)`` at the first window. A dealer's attack has the daily chance of an
        incident (0.01 if there is none); a spoiler's is assumed to be four times that.
        """
        from ceasefire import truce
        from ceasefire.bargaining._windows import first_window, require_worth
        from ceasefire.truce.payoffs import day_cost

        p, eq = scenario.symbols(), truce.solve(scenario)
        require_worth(p)
        worth = p.v * p.x
        needed = min(max(float(day_cost(p, first_window(scenario)[1])) / worth, 0.0), 1.0)
        match = eq.pilot.matched if math.isfinite(eq.pilot.matched) else 0.5
        rate = p.beta or 0.01
        return cls(p.pi0, float(match), needed, rate, min(ASSUMED_ATTACK_RATIO * rate, 1.0))

    def trust_after(self, promises: int) -> Fraction:
        """Trust after so many kept promises."""
        t, eps = exact(self.prior), exact(self.mimicry)
        return t / (t + (1 - t) * eps**promises) if t else Fraction(0)

    def closed_form(self) -> TrustBuilt:
        """By the formulas."""
        return self._found(self._count(exact(self.prior)), self._again(), "closed form")

    def solve(self) -> TrustBuilt:
        """Promise by promise; the other side's replies on both sides of the count by a tree."""
        count = self._walk(exact(self.prior))
        method = "Bayes' rule promise by promise, replies on a tree"
        after = self._after(self._built(count))
        again = math.nan if after is None else self._walk(after)
        misses = {}
        if count < EXACT_POWERS:
            misses["reply after the promises"] = 1.0 - self.goes_on(int(count))
            if count:
                misses["reply after one fewer"] = self.goes_on(int(count) - 1)
        return self._found(count, again, method, misses)

    def goes_on(self, promises: int) -> float:
        """Chance that the other side goes on after so many kept promises, by the tree.

        It prefers to go on where it is indifferent.
        """
        from ceasefire.solvers import subgame_perfect

        tree = self.game(promises)
        found = subgame_perfect(tree, exact=True)
        label = tree.infoset_labels.index("kept")
        return float(max(one.strategies[label][0] for one in found))

    def game(self, promises: int = 1) -> ExtensiveForm:
        """Chance draws the type and whether all promises were kept; then the other side moves.

        Going on is worth 1 - m with a dealer and -m with an opportunist.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        t, eps, m = exact(self.prior), exact(self.mimicry), exact(self.needed)
        kept = eps**promises
        parts: dict[str, Any] = {}
        for name, chance, worth in (
            ("dealer", t, 1 - m),
            ("opportunist", (1 - t) * kept, -m),
        ):
            below = Decision("observer", {"go on": End((worth,)), "stop": End((0,))}, sees="kept")
            if chance:
                parts[name] = (chance, below)
        broken = (1 - t) * (1 - kept)
        if broken or not parts:
            parts["broken"] = (broken, End((0,)))
        return ExtensiveForm.from_rules(
            Chance(parts), lambda state: state, players=["observer"], title="kept promises"
        )

    def table(self) -> pd.DataFrame:
        """Trust promise by promise, without an attack and with one midway.

        Columns ``course``, ``promises`` (0, 1, ...; the attack adds a row of its own) and
        ``trust``.
        """
        import pandas as pd

        count = self._count(exact(self.prior))
        middle = int(min(max(count, 1), 12))
        ahead = self._count(self._after(self.trust_after(middle)) or Fraction(0))
        last = middle + int(min(max(ahead, 3), 12))
        rows = [("no attack", n, float(self.trust_after(n))) for n in range(last + 1)]
        rows += [("one attack", n, float(self.trust_after(n))) for n in range(middle + 1)]
        hit = self._after(self.trust_after(middle))
        if hit is not None:
            rows += [
                ("one attack", n, float(self._replaced(hit).trust_after(n - middle)))
                for n in range(middle, last + 1)
            ]
        return pd.DataFrame(rows, columns=["course", "promises", "trust"])

    def answer(self) -> str:
        """Promises needed, and what an attack undoes."""
        found = self.closed_form()
        if not math.isfinite(found.promises):
            return (
                f"No number of kept promises lifts trust from {float(self.prior):.3f} to "
                f"{float(self.needed):.3f}: opportunists keep each with {float(self.mimicry):.3f}."
            )
        text = (
            f"From trust {float(self.prior):.3f} it takes "
            f"{counted(found.promises, 'kept promise')} to reach the {float(self.needed):.3f} "
            f"that is needed (trust {float(found.trust):.3f})."
        )
        if math.isfinite(found.promises_destroyed):
            text += (
                f" One attack undoes {found.promises_destroyed:.2f} of them and leaves "
                f"{float(found.after_attack):.3f}; trust survives it from "
                f"{float(found.survival_prior):.3f} on."
            )
        return text

    def _replaced(self, prior: Fraction) -> KeptPromises:
        return KeptPromises(
            prior, self.mimicry, self.needed, self.attack_dealer, self.attack_spoiler
        )

    def _enough(self, prior: Fraction, n: int) -> bool:
        m, eps = exact(self.needed), exact(self.mimicry)
        return prior * (1 - m) >= (1 - prior) * m * eps**n

    def _count(self, prior: Fraction) -> float:
        """The count by the formula, put right by one comparison in fractions."""
        m, eps = exact(self.needed), exact(self.mimicry)
        if self._enough(prior, 0):
            return 0
        if prior == 0 or eps == 1 or (m == 1 and eps > 0):
            return math.inf
        if eps == 0:
            return 1
        n = math.ceil(math.log(prior * (1 - m) / ((1 - prior) * m)) / math.log(eps))
        if n > EXACT_POWERS:
            return n
        return next(k for k in range(max(n - 1, 1), n + 2) if self._enough(prior, k))

    def _walk(self, prior: Fraction) -> float:
        """The count by applying Bayes' rule as often as it takes."""
        if prior == 0 or (self.mimicry == 1 and not self._enough(prior, 0)):
            return 0 if self._enough(prior, 0) else math.inf
        m, eps = exact(self.needed), exact(self.mimicry)
        if m == 1 and eps > 0 and prior < 1:
            return math.inf
        against, allowed, n = 1 - prior, prior * (1 - m), 0
        while against * m > allowed:
            if n == LONGEST:
                return self._count(prior)
            against *= eps
            n += 1
            if n > EXACT_POWERS:
                against = Fraction(float(against))
        return n

    def _built(self, count: float) -> Fraction:
        if math.isfinite(count):
            return self.trust_after(min(int(count), EXACT_POWERS))
        return exact(self.prior)

    def _after(self, trust: Fraction) -> Fraction | None:
        """Trust after an attack; None where nobody would have attacked."""
        odds = trust * exact(self.attack_dealer), (1 - trust) * exact(self.attack_spoiler)
        return odds[0] / sum(odds) if sum(odds) else None

    def _again(self) -> float:
        after = self._after(self._built(self._count(exact(self.prior))))
        return math.nan if after is None else self._count(after)

    def _survival(self) -> Any:
        m, a, b = exact(self.needed), exact(self.attack_dealer), exact(self.attack_spoiler)
        under = m * b + (1 - m) * a
        return m * b / under if under else math.nan

    def _destroyed(self) -> float:
        a, b, eps = (float(x) for x in (self.attack_dealer, self.attack_spoiler, self.mimicry))
        if a == b:  # given numbers, not computed
            return 0.0
        if a == 0 or eps == 1:
            return math.inf
        return math.log(b / a) / -math.log(eps) if eps > 0 else 0.0

    def _found(
        self, count: float, again: float, method: str, more: dict[str, float] | None = None
    ) -> TrustBuilt:
        trust, limit = self._built(count), self._survival()
        misses = dict(more or {})
        if isinstance(limit, Fraction):
            held = self._after(limit)
            if held is not None:
                misses["trust after an attack on the survival prior"] = float(
                    abs(held - exact(self.needed))
                )
        if math.isfinite(count):
            misses["trust short of what is needed"] = float(exact(self.needed) - trust)
        proof = Checks(misses, TOLERANCE)
        plain: Any = float if floats(*self.parameters().values()) else exact
        after = self._after(trust)
        status = Status.OK if math.isfinite(count) else Status.NEVER
        return TrustBuilt(
            count, plain(trust), plain(limit) if isinstance(limit, Fraction) else limit,
            math.nan if after is None else plain(after), self._destroyed(), again,
            method=method, certificate=proof, status=outcome(proof, status),
        )  # fmt: skip
