"""The mediator as guarantor: what must be promised, and to whom, for the last batch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._proposals import short
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._words import counted, shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

TOLERANCE = 1e-9
HALVINGS = 60
SIMPLE = 10**6
STATE, WING, COMMAND = "pausing state", "political wing", "field command"
PROMISES = ("to_state", "insurance", "to_captor", "reward", "bond")
SMALL = 1e-6  # trust that an answer does not speak of


@dataclass(frozen=True)
class Guarantees(Displayed):
    """The least promises, each by itself, with which one more day is agreed at the clause's price.

    Attributes
    ----------
    trust_needed : float or Fraction
        Belief in a dealer at which the pausing state extends without any promise; above 1 where
        the batch is worth less than the day even if it comes for sure.
    price_needed : float or Fraction
        Captives for the day at which it extends without any promise; nan at trust 0.
    to_state : float or Fraction
        Paid to the pausing state for the day, utils.
    insurance : float or Fraction
        Paid to it if the batch does not come, utils; nan at trust 1 where it would be needed.
    to_captor : float or Fraction
        Paid to the captor for the day, so that a dealer accepts, utils.
    reward : float or Fraction
        Paid to the captor on delivery, so that an opportunist delivers, utils; nan where not even
        that makes the day worth its cost.
    bond : float or Fraction
        Lost by the captor when it holds back, likewise.
    method : str
    certificate : Checks
    status : Status
    """

    trust_needed: Any
    price_needed: Any
    to_state: Any
    insurance: Any
    to_captor: Any
    reward: Any
    bond: Any
    method: str
    certificate: Checks
    status: Status = Status.OK

    @property
    def needed(self) -> bool:
        """Whether the day is not agreed without a promise."""
        return bool(self.to_state > 0 or self.to_captor > 0)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {short(getattr(self, name))}" for name in PROMISES)
        need = f"needs trust {short(self.trust_needed)} or price {short(self.price_needed)}"
        return f"{need}; promises in utils: {shown}; {self.method}"


@dataclass(frozen=True)
class Guarantor(Model):
    r"""The last batch: who has to be promised what, by a third party, for one more day.

    The pausing state D offers a day at cost k for a batch of x captives worth v each. The list
    comes with chance l; without it there is no day. The captor's political wing accepts or not; its
    field command delivers if it is a dealer's, which D believes with chance mu, and otherwise as
    it pays. The captor gains g from the day and loses C with the batch. Nothing follows, so an
    opportunist holds back, and

    .. math:: G_D = l\,(\mu v x - k), \qquad G_C = l\,(g - C).

    D extends if and only if ``mu >= k / (v x)``. A third party can close a gap
    ``k - mu v x > 0`` by paying it to D for the day; by insuring D against a miss with
    ``(k - mu v x) / (1 - mu)``; or by making the opportunist deliver: C on delivery, or a bond of C
    lost on a miss. The first two cost the same on average; a bond that works is never paid.

    Parameters
    ----------
    trust : float or Fraction
        mu, in [0, 1].
    batch : float or Fraction
        x, captives for the day.
    captive_value, day_cost : float or Fraction
        v, utils a captive, and k, utils, both above 0.
    captor_day_gain, captor_loss : float or Fraction
        g of at least 0, and C above 0, utils.
    list_reliability : float or Fraction
        l, in (0, 1].

    Notes
    -----
    *Captures:* what a guarantee is worth at the window where the reported truce ended: 10 captives
    a day lay in a gap of the zone of agreement because trust was just short of what was needed.
    *Leaves out:* what a promise does to earlier windows, where it is foreseen (`courses` has that
    from the truce model: a payment is undone, a bond is not); who pays; whether it is believed.

    *Traps.* A cost of *leaving* an agreed chunk (kappa in the truce model) does nothing here: it
    binds within chunks, and the last chunk is one day. Paying D per day does not make the captor
    deliver; a reward below C changes nothing at all.

    References
    ----------
    docs/model.md (own derivation); third-party guarantees as in B. Walter (1997), "The
    critical barrier to civil war settlement", International Organization 51:335-364.

    Examples
    --------
    >>> from fractions import Fraction
    >>> Guarantor(trust=Fraction(3, 5), batch=10, captive_value=1, day_cost=Fraction(32, 5),
    ...           captor_day_gain=12, captor_loss=6, list_reliability=Fraction(7, 8)).closed_form()
    needs trust 16/25 or price 32/3; promises in utils: to_state 2/5, insurance 1, to_captor 0, ...
    """

    trust: Number
    batch: Number
    captive_value: Number
    day_cost: Number
    captor_day_gain: Number
    captor_loss: Number
    list_reliability: Number = 1

    def __post_init__(self) -> None:
        checked("trust", self.trust, -1e-300, 1 + 1e-15, "a probability")
        for name in ("batch", "captive_value", "day_cost", "captor_loss"):
            checked(name, getattr(self, name), 0, math.inf, "a number above 0")
        checked("captor_day_gain", self.captor_day_gain, -1e-300, math.inf, "a number from 0")
        checked("list_reliability", self.list_reliability, 0, 1 + 1e-15, "a chance above 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Guarantor:
        """The last window of the likely course at which a whole batch is left, as if none followed.

        Belief, list, day cost and loss are the truce model's there; november-2023: 18 held, day 7.
        """
        from ceasefire import truce
        from ceasefire.bargaining._windows import require_worth
        from ceasefire.truce.payoffs import day_cost, list_probability, release_loss

        p, eq = scenario.symbols(), truce.solve(scenario)
        require_worth(p)
        path = eq.path()
        stops = path[(path["stage"] == "window") & (path["held_captives"] >= p.x)]
        if len(stops):
            last = stops.iloc[-1]
            held, day, trust = (float(last[n]) for n in ("held_captives", "day", "trust_held"))
        else:
            held, day, trust = max(p.W0 - p.n0, p.x), float(eq.block_days), float(eq.trust)
        cost = max(float(day_cost(p, day)), 1e-9)
        loss, able = float(release_loss(p, held, p.x)), float(list_probability(p, held, p.x))
        return cls(trust, p.x, p.v, cost, p.g, max(loss, 1e-9), max(able, 1e-9))

    def closed_form(self) -> Guarantees:
        """The least promises by the formulas, in fractions where the parameters are."""
        mu, x, v, k, g, C, _ = self._exact()
        short_by = max(k - mu * v * x, Fraction(0))
        insured: Any = Fraction(0) if not short_by else math.nan
        if short_by and mu < 1:
            insured = short_by / (1 - mu)
        moved: Any = (C if v * x >= k else math.nan) if short_by else Fraction(0)
        price = k / (mu * v) if mu else math.nan
        values = (k / (v * x), price, short_by, insured, max(C - g, Fraction(0)), moved, moved)
        return self._found(values, "closed form", self._certified(values))

    def solve(self) -> Guarantees:
        """The least promises by subgame perfection of the tree, in fractions.

        What offering is worth is linear in payments that change nobody's play, and jumps in those
        that make an opportunist deliver, which are found by halving.
        """
        state, captor = self._worth(), self._worth(side=1)
        pay = _root(lambda m: self._worth("to_state", m)) if state < 0 else Fraction(0)
        insured = _root(lambda m: self._worth("insurance", m)) if state < 0 else Fraction(0)
        accept = _root(lambda m: self._worth("to_captor", m, side=1)) if captor < 0 else Fraction(0)
        moved = [self._least(name) if state < 0 else Fraction(0) for name in ("reward", "bond")]
        trust = _root(lambda mu: self.replace(trust=mu)._worth())
        price = _root(lambda x: self.replace(batch=x)._worth(), Fraction(1))
        if not self.trust:
            price = math.nan
        values = (trust, price, pay, insured, accept, *moved)
        return self._found(values, "subgame perfection", self._certified(values))

    def game(
        self, *, promises: Mapping[str, Number] | None = None, forced: bool = False
    ) -> ExtensiveForm:
        """State the window as a tree, for `subgame_perfect`.

        Parameters
        ----------
        promises : mapping of str to number, optional
            Sizes in utils of ``to_state``, ``insurance``, ``to_captor``, ``reward``, ``bond``.
        forced : bool
            The offer is made and accepted, so that payoffs are what it is worth.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        mu, x, v, k, g, C, able = self._exact()
        made = dict.fromkeys(PROMISES, Fraction(0))
        for name, size in (promises or {}).items():
            _checked_promise(name)
            made[name] = exact(size)
        to_state, insurance, to_captor, reward, bond = (made[name] for name in PROMISES)
        # The wing decides alike for both types, by what a dealer gets (docs/model.md).
        wing = g - C + to_captor + reward
        given = End((v * x - k + to_state, wing, reward - C))
        kept = End((-k + to_state + insurance, wing, -bond))
        command = Decision(COMMAND, {"deliver": given, "hold": kept})
        branches = {"dealer": (mu, given), "opportunist": (1 - mu, command)}
        types = Chance({name: pair for name, pair in branches.items() if pair[0]})
        listed: Any = types
        if able < 1:
            listed = Chance({"list": (able, types), "no list": (1 - able, End((0, 0, 0)))})
        accepted = Decision(WING, {"accept": listed, "decline": End((0, 0, 0))})
        offer = Decision(STATE, {"offer": accepted, "stop": End((0, 0, 0))})
        root = listed if forced else offer
        return ExtensiveForm.from_rules(
            root, lambda place: place, players=[STATE, WING, COMMAND], title="The last batch"
        )

    def cost(self, promise: str, size: Number) -> float:
        """What a promise costs the guarantor on average, utils, where it makes the day happen.

        Raises
        ------
        ArgumentError
            There is no such promise.
        """
        _checked_promise(promise)
        odds = {"insurance": 1.0 - float(self.trust), "bond": 0.0}.get(promise, 1.0)
        return float(self.list_reliability) * odds * float(size)

    def table(self) -> pd.DataFrame:
        """Size and mean cost of each promise against trust.

        Columns ``trust``, ``promise``, ``size`` and ``mean_cost`` in utils; nan where none works.
        """
        import pandas as pd

        mark = float(self.day_cost) / float(self.captive_value * self.batch)
        marks = {float(self.trust), min(mark, 1.0), min(mark * (1 + 1e-9), 1.0)}
        grid = sorted({*np.linspace(0.0, 1.0, 41).tolist(), *marks})
        rows = []
        for mu in grid:
            model = self.replace(trust=mu)
            found = model._values()
            for name, size in zip(PROMISES, found[2:], strict=True):
                rows.append((mu, name, float(size), model.cost(name, size)))
        return pd.DataFrame(rows, columns=["trust", "promise", "size", "mean_cost"])

    @classmethod
    def courses(cls, scenario: Scenario) -> pd.DataFrame:
        """What guarantees given at the outset, and foreseen, do to the course of the truce model.

        Rows: none; the least payment to the state at the last window, promised for every day; a
        bond that makes opportunists deliver every batch, which is as if trust were full. Columns
        ``mean_days``, ``mean_left`` (captives), ``longest`` (chance of the longest pause possible).

        Notes
        -----
        Where opportunists mix at the window before, a payment that is foreseen is undone: with less
        trust needed at the last window more of them hold back, until it is just what is needed.
        """
        import pandas as pd

        from ceasefire import truce

        pay = cls.from_scenario(scenario).closed_form().to_state
        cheaper = scenario.replace(k0=scenario.pausing_state.day_cost_base - float(pay))
        plain, paid = truce.solve(scenario), truce.solve(cheaper)
        runs = {"none": (plain, None), "payment to the state": (paid, None), "bond": (plain, 1.0)}
        rows = []
        for eq, trust in runs.values():
            course = eq.course(trust=trust)
            length, left = course.length.to_numpy(), course.left.to_numpy()
            days = float(course.length.index.to_numpy() @ length)
            stay = float(course.left.index.to_numpy() @ left)
            rows.append((days, stay, float(length[-1])))
        columns = ["mean_days", "mean_left", "longest"]
        return pd.DataFrame(rows, index=pd.Index(runs, name="guarantee"), columns=columns)

    def answer(self) -> str:
        """Which promises close the gap at the last window, and what they cost."""
        found = self.closed_form()
        if not found.needed:
            mark = float(found.trust_needed)
            needed = f"needed {mark:.3g}" if mark >= SMALL else "next to none is needed"
            return (
                f"None is needed: with trust {float(self.trust):.3g} the day is agreed at "
                f"{counted(self.batch, 'captive')} ({needed})."
            )
        if not found.to_state > 0:
            return (
                f"The captor has to be paid {shown(found.to_captor)} utils for the day; the "
                f"pausing state extends as it is."
            )
        worth = float(found.to_state) / float(self.captive_value)
        enough = ""
        if math.isfinite(float(found.bond)):
            enough = (
                f", or a bond of {shown(found.bond)} lost on a miss, with which both types "
                f"deliver and which is then never paid"
            )
        miss = ""
        if math.isfinite(float(found.insurance)):
            miss = f", or {shown(found.insurance)} if the batch does not come"
        mark = float(found.trust_needed)
        needed = f"needed {mark:.3g}" if mark <= 1 else "not even full trust is enough"
        return (
            f"At trust {float(self.trust):.3g} ({needed}) {counted(self.batch, 'captive')} cannot "
            f"buy the day; {shown(found.to_state)} utils a day paid to the pausing state would, "
            f"the worth of {counted(worth, 'captive', digits=3)}{miss}{enough}. "
            f"A higher cost of leaving does nothing for a last day."
        )

    def _exact(self) -> tuple[Fraction, ...]:
        return tuple(exact(x) for x in self.parameters().values())

    def _values(self) -> tuple[Any, ...]:
        found = self.closed_form()
        names = ("trust_needed", "price_needed", *PROMISES)
        return tuple(getattr(found, name) for name in names)

    def _worth(self, promise: str = "to_state", size: Number = 0, *, side: int = 0) -> Any:
        """What an accepted offer is worth to D (0) or the wing (1) in equilibrium."""
        from ceasefire.solvers import subgame_perfect

        tree = self.game(promises={promise: size}, forced=True)
        return subgame_perfect(tree, exact=True, limit=1)[0].payoffs[side]

    def _least(self, promise: str) -> Any:
        """The least promise at which D rather offers, by halving."""
        good, bad = exact(self.captor_loss) * 2 + 1, Fraction(0)
        if self._worth(promise, good) < 0:
            return math.nan
        for _ in range(HALVINGS):
            middle = (good + bad) / 2
            fine = self._worth(promise, middle) >= 0
            good, bad = (middle, bad) if fine else (good, middle)
        plain = good.limit_denominator(SIMPLE)  # the jump itself, where it is a plain number
        return plain if bad < plain and self._worth(promise, plain) >= 0 else good

    def _certified(self, values: tuple[Any, ...]) -> Checks:
        """With each promise the offer is worth at least 0, by adding up its branches in floats."""
        mu, x, v, k, g, C, able = map(float, self._exact())
        unit = max(k, v * x, C, g)
        honest, miss = v * x - k, -k
        lacks = {
            "to_state": mu * honest + (1 - mu) * miss + float(values[2]),
            "insurance": mu * honest + (1 - mu) * (miss + float(values[3])),
            "to_captor": g - C + float(values[4]),
        }
        if values[5] > 0:
            lacks |= {
                "reward or bond": honest,
                "reward to an opportunist": float(values[5]) - C,
                "bond of an opportunist": float(values[6]) - C,
            }
        kept = {name: -able * x / unit for name, x in lacks.items() if not math.isnan(x)}
        return Checks({f"short with {name}": x for name, x in kept.items()}, TOLERANCE)

    def _found(self, values: tuple[Any, ...], method: str, proof: Checks) -> Guarantees:
        floats = any(isinstance(x, float | np.floating) for x in self.parameters().values())
        trust, price, pay, insured, accept, reward, bond = map(float, values) if floats else values
        status = Status.OK if proof.passed else Status.EXPLOITABLE
        return Guarantees(trust, price, pay, insured, accept, reward, bond, method, proof, status)


def _checked_promise(name: str) -> None:
    if name not in PROMISES:
        raise ArgumentError("promise", name, ", ".join(PROMISES))


def _root(worth: Callable[[Fraction], Any], start: Fraction = Fraction(0)) -> Any:
    """Where a linear function that rises reaches 0; nan where it does not rise."""
    step = Fraction(1, 2)
    low, high = worth(start), worth(start + step)
    slope = (high - low) / step
    return start - low / slope if slope > 0 else math.nan
