"""Reputation in an exchange: a captor that may be honest delivers batch by batch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ceasefire.bargaining._assessments import TOLERANCE, Found, floats, gaps, laid_out, outcome
from ceasefire.bargaining._staged import Number, checked, checked_count, exact
from ceasefire.bargaining._words import counted
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.solvers import Assessment
    from ceasefire.truce import Scenario

HALVINGS = 60
MOST_SHOWN = 4  # batches of the tree that the certificate checks; more are checked by induction


@dataclass(frozen=True, repr=False)
class ExchangeThresholds(Found):
    """Trust needed by batches left, and play at the trust held.

    Attributes
    ----------
    needed : tuple of float or Fraction
        Trust from which a day is granted with 1, 2, ... batches left.
    grants : bool
        Whether the first day is granted at the trust held.
    delivers : tuple
        Chance that an opportunist delivers on the course on which everything went well, from the
        first batch; empty where nothing is granted.
    granted : tuple
        Chance that the day is granted, likewise.
    """

    needed: tuple[Any, ...]
    grants: bool
    delivers: tuple[Any, ...]
    granted: tuple[Any, ...]


@dataclass(frozen=True)
class SequentialExchange(Model):
    r"""Batches for days, one at a time, with a captor that may be honest.

    With n batches left the pausing state grants a day, at cost ``k_n``, or stops. An honest captor
    then delivers a batch worth V; an opportunist, who gains g from the day, delivers at a loss c or
    keeps it, which ends everything. The state grants if and only if its belief is at least

    .. math:: M_n = m_1 m_2 \cdots m_n, \qquad m_i = k_i / V .

    Below ``M_{n-1}`` an opportunist delivers with the chance that lifts the belief to ``M_{n-1}``
    exactly, where the next day is granted with chance c / g; from it on it delivers for sure, and
    with the last batch never.

    Parameters
    ----------
    trust : float or Fraction
        Belief that the captor is honest, in [0, 1].
    day_costs : tuple of float or Fraction
        ``k_1, k_2, ...`` by batches left (the last batch first), utils, each in (0, V).
    batch_value : float or Fraction
        V = v x, utils.
    captor_gain, captor_cost : float or Fraction
        g and c, utils, ``0 < c < g``.

    Notes
    -----
    *Captures:* why trust needed rises batch by batch as the stock drains. *Leaves out:* noise,
    failures, chunks of several days and stakes that change: docs/model.md has them, and its limit
    without them is this, ``0.55^n`` at ``k = 5.5, V = 10``.

    *Traps.* Without an honest type nothing is exchanged, however many batches there are. At a
    threshold the state must be able to *mix*: a pure tie-break destroys the equilibrium. An
    opportunist's honesty depends on the *next* threshold, the state's leniency c / g on the
    captor's cost: a captor that minds more is granted more. For ``c >= g`` the form is another.

    References
    ----------
    D. Kreps and R. Wilson (1982), "Reputation and imperfect information", Journal of Economic
    Theory 27:253-279, for the logic; own form. THEORY.md H10.

    Examples
    --------
    >>> from fractions import Fraction as F
    >>> SequentialExchange(F(1, 2), day_costs=(F(11, 2),) * 3, batch_value=10, captor_gain=12,
    ...                    captor_cost=6).closed_form()
    needed (11/20, 121/400, 1331/8000), grants True, delivers (1, 9/11, 0), granted (1, 1, 1/2);
    closed form
    """

    trust: Number
    day_costs: tuple[Number, ...]
    batch_value: Number
    captor_gain: Number
    captor_cost: Number

    def __post_init__(self) -> None:
        checked("trust", self.trust, -1e-300, 1 + 1e-15, "a probability from 0 to 1")
        for name in ("batch_value", "captor_gain", "captor_cost"):
            checked(name, getattr(self, name), 0, math.inf, "a number above 0, utils")
        object.__setattr__(self, "day_costs", tuple(self.day_costs))
        if not self.day_costs:
            raise ArgumentError("day_costs", self.day_costs, "a cost for each batch")
        for k, cost in enumerate(self.day_costs):
            checked(f"day_costs[{k}]", cost, 0, float(self.batch_value), "above 0, below a batch")
        if not self.captor_cost < self.captor_gain:
            allowed = f"below the gain from a day, {float(self.captor_gain):g}"
            hint = "else an opportunist never delivers"
            raise ArgumentError("captor_cost", self.captor_cost, allowed, hint)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> SequentialExchange:
        """Whole batches at the clause's price from the first window on, a day each.

        Day costs are the truce model's (clipped into (0, v x)); the captor's loss is the mean over
        the batches, at most 0.99 g; trust is the truce model's after the pilot.
        """
        from ceasefire import truce
        from ceasefire.bargaining._windows import first_window, require_gain, require_worth
        from ceasefire.truce.payoffs import day_cost, release_loss

        p = scenario.symbols()
        require_worth(p)
        require_gain(p)
        held, day = first_window(scenario)
        count = max(int(min(held // p.x, p.J - day)), 1)
        worth, gain = p.v * p.x, p.g
        days = [float(day_cost(p, day + i)) for i in range(count)]
        costs = tuple(min(max(k, 1e-3 * worth), 0.999 * worth) for k in reversed(days))
        loss = float(release_loss(p, max(held, p.x), min(count * p.x, held))) / count
        trust = float(truce.solve(scenario).trust)
        return cls(trust, costs, worth, gain, min(max(loss, 1e-3 * gain), 0.99 * gain))

    @property
    def batches(self) -> int:
        """Batches left at the start."""
        return len(self.day_costs)

    def closed_form(self) -> ExchangeThresholds:
        """Thresholds as products, in fractions where the parameters are."""
        needed, product = [], Fraction(1)
        for cost in self.day_costs:
            product *= exact(cost) / exact(self.batch_value)
            needed.append(product)
        return self._described(needed, "closed form")

    def solve(self) -> ExchangeThresholds:
        """Thresholds by backward induction over beliefs, by halving; the course as an assessment.

        The certificate verifies sequential rationality, Bayes' rule and consistency on the tree of
        at most four last batches.
        """
        needed: list[float] = []
        for n in range(1, self.batches + 1):
            low, high = 0.0, 1.0
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                low, high = (low, middle) if self._worth(n, middle, needed) >= 0 else (middle, high)
            needed.append(high)
        return self._described([Fraction(x) for x in needed], "backward induction over beliefs")

    def assessment(self, batches: int | None = None) -> Assessment:
        """The equilibrium with so many batches left, verified on its tree."""
        n = self.batches if batches is None else checked_count("batches", batches)
        if n > self.batches:
            raise ArgumentError("batches", n, f"at most {self.batches}")
        mu, grant, plan, beliefs = exact(self.trust), Fraction(1), {}, {}
        marks = [Fraction(1), *self._exact_needed()]
        for left in range(n, 0, -1):
            if left == n:
                grant = Fraction(1) if mu >= marks[n] else Fraction(0)
            plan[f"state {left}"] = (grant, 1 - grant)
            beliefs[f"state {left}"] = tuple(x for x in (mu, 1 - mu) if x) if left == n else (
                (mu, 1 - mu) if 0 < self.trust < 1 else (1,)
            )  # fmt: skip
            mu, q, grant = self._step(mu, marks[left - 1])
            plan[f"opportunist {left}"] = (q, 1 - q)
        return laid_out(self.game(n), plan, beliefs)

    def game(self, batches: int | None = None, *, honest: bool = True) -> ExtensiveForm:
        """State the exchange of so many batches as a tree; without `honest` types if asked."""
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        n = self.batches if batches is None else checked_count("batches", batches)
        V, g, c = map(exact, (self.batch_value, self.captor_gain, self.captor_cost))
        trust = exact(self.trust) if honest else Fraction(0)

        def moves(place: tuple[bool, int, Fraction, Fraction]) -> Any:
            good, left, state, captor = place
            if left == 0:
                return End((state, captor))
            spent, had = state - exact(self.day_costs[left - 1]), captor + g
            delivered = (good, left - 1, spent + V, had - c)
            answer: Any = delivered
            if not good:
                answer = Decision(
                    "captor",
                    {"deliver": delivered, "keep": End((spent, had))},
                    sees=f"opportunist {left}",
                )
            elif left > 1:
                answer = delivered
            else:
                answer = End((spent + V, had - c))
            stop = End((state, captor))
            return Decision("state", {"grant": answer, "stop": stop}, sees=f"state {left}")

        kinds = {"honest": (trust, True), "opportunist": (1 - trust, False)}
        zero = Fraction(0)
        root = Chance({k: (w, (good, n, zero, zero)) for k, (w, good) in kinds.items() if w})
        return ExtensiveForm.from_rules(
            root,
            lambda place: moves(place) if isinstance(place, tuple) else place,
            players=["state", "captor"],
            title="sequential exchange",
        )

    def table(self) -> pd.DataFrame:
        """Trust needed by batches left, and held on the course on which all goes well.

        Columns ``batches_left``, ``needed``, ``held`` (nan once nothing is granted),
        ``opportunist_delivers`` and ``granted``.
        """
        import pandas as pd

        marks, mu = [Fraction(1), *self._exact_needed()], exact(self.trust)
        found, rows = self.closed_form(), []
        for k, left in enumerate(range(self.batches, 0, -1)):
            if found.grants:
                row = (float(mu), float(found.delivers[k]), float(found.granted[k]))
                mu, _, _ = self._step(mu, marks[left - 1])
            else:
                row = (float(mu) if not k else math.nan, math.nan, 0.0)
            rows.append((left, float(marks[left]), *row))
        names = ["batches_left", "needed", "held", "opportunist_delivers", "granted"]
        return pd.DataFrame(rows, columns=names)

    def answer(self) -> str:
        """Trust needed first and last, and where play begins to mix."""
        found = self.closed_form()
        first, last = float(found.needed[-1]), float(found.needed[0])
        text = (
            f"With {counted(self.batches, 'batch', 'batches')} left a day takes trust of "
            f"{first:.3f}, with the last {last:.3f}; the trust held is {float(self.trust):.3f}"
        )
        if not found.grants:
            return f"{text}: nothing is exchanged."
        return (
            f"{text}: the exchange begins, and an opportunist delivers with chances "
            f"{', '.join(f'{float(q):.2f}' for q in found.delivers)}."
        )

    def _exact_needed(self) -> list[Fraction]:
        marks, product = [], Fraction(1)
        for cost in self.day_costs:
            product *= exact(cost) / exact(self.batch_value)
            marks.append(product)
        return marks

    def _step(self, mu: Fraction, mark: Fraction) -> tuple[Fraction, Fraction, Fraction]:
        """Belief after a delivery, the opportunist's chance of it, and that of the next grant."""
        if mu >= mark:
            return mu, Fraction(int(mark < 1)), Fraction(1)
        q = mu * (1 - mark) / ((1 - mu) * mark)
        if not mu:
            return mu, q, Fraction(0)
        return mark, q, exact(self.captor_cost) / exact(self.captor_gain)

    def _worth(self, left: int, mu: float, needed: list[float]) -> float:
        """What granting is worth to the state, with fewer batches solved; q is found by halving."""
        mark = needed[left - 2] if left > 1 else math.inf

        def after(q: float) -> float:
            return mu / (mu + (1 - mu) * q) if mu else 0.0

        q = 0.0
        if left > 1 and after(1.0) >= mark:
            q = 1.0
        elif left > 1:
            low, high = 0.0, 1.0
            for _ in range(HALVINGS):
                q = (low + high) / 2
                low, high = (q, high) if after(q) >= mark else (low, q)
        chance = mu + (1 - mu) * q
        value = -float(self.day_costs[left - 1]) + chance * float(self.batch_value)
        if left > 1 and after(q) >= mark:
            value += chance * max(self._worth(left - 1, after(q), needed[: left - 2]), 0.0)
        return value

    def _described(self, needed: list[Fraction], method: str) -> ExchangeThresholds:
        mu, marks = exact(self.trust), [Fraction(1), *self._exact_needed()]
        grants = mu >= marks[-1]
        delivers, granted, chance = [], [], Fraction(1)
        for left in range(self.batches, 0, -1) if grants else ():
            granted.append(chance)
            mu, q, chance = self._step(mu, marks[left - 1])
            delivers.append(q)
        misses = gaps(self.assessment(min(self.batches, MOST_SHOWN)))
        misses["thresholds"] = float(
            max(abs(a - b) for a, b in zip(needed, marks[1:], strict=True))
        )
        proof = Checks(misses, TOLERANCE)
        given = (self.trust, self.batch_value, self.captor_gain, self.captor_cost, *self.day_costs)
        plain: Any = float if floats(*given) or method != "closed form" else exact
        return ExchangeThresholds(
            tuple(map(plain, needed)), bool(grants),
            tuple(map(plain, delivers)), tuple(map(plain, granted)),
            method=method, certificate=proof,
            status=outcome(proof, Status.OK if grants else Status.NO_DEAL),
        )  # fmt: skip
