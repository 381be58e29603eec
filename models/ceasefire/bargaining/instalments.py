"""Instalments: captives now, payment afterwards, and either may walk (Pitchford and Snyder)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining import _batches, _staged
from ceasefire.bargaining._level_game import InstalmentRules, instalment_tree
from ceasefire.bargaining._staged import (
    SHOWN,
    GameTail,
    Number,
    Staging,
    StagingCertificate,
    Tail,
    exact,
)
from ceasefire.bargaining.interface import Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

    Floats = NDArray[np.float64]

DYNAMIC = "dynamic programming over captives held and rounds left"
GIVEN = "the schedule given"


@dataclass(frozen=True, eq=False)
class Schedules(Displayed):
    """Schedules of whole batches that keep themselves; `complete` says whether these are all."""

    found: tuple[Staging, ...]
    complete: bool

    def __repr__(self) -> str:
        shown = [tuple(one.steps.tolist()) for one in self.found[:4]]
        claim = "all" if self.complete else "not all"
        return f"{len(self.found)} schedules ({claim}): {shown}{' ...' * (len(self.found) > 4)}"


@dataclass(frozen=True)
class Instalments(Model):
    r"""A stock is handed over in instalments, each paid afterwards under threat of no more.

    Each round the captor hands over k_t, at cost c a unit and worth v to the payer; then the payer
    pays p_t or walks away with what it has. Nobody is held to anything but by the rounds to come,
    discounted by delta:

    .. math:: p_t \le \delta U_{t+1}, \qquad p_t - c k_t + \delta S_{t+1} \ge 0,

    U and S what is still to come to payer and captor. Adding up, ``c k_t <= delta W_{t+1}`` with
    ``W_t = (v - c) k_t + delta W_{t+1}``. The largest surplus of a stock K is ``K (v - c/delta)``:
    instalments shrink by ``r = c / (delta v)`` from ``K (1 - r)``, each paid just c k_t; there is
    none if ``delta v <= c``.

    Parameters
    ----------
    value, cost : float or Fraction
        v and c with v > c > 0, utils a unit: worth to the payer, and cost to the captor.
    discount : float or Fraction
        In [0, 1), per round.
    stock : float or Fraction
        K, units held at the start.

    Notes
    -----
    *Captures:* captives now, a day of pause afterwards, and either may walk. The ratio is that of
    `LockwoodThomas`, since the last mover's temptation is one instalment. *Leaves out:* more than
    one kind of captive, hidden stocks, outside options that depend on what was handed over.

    *Whole captives* cannot follow a geometric path to its end: the last one is as large as 1, and
    what holds it must come from outside, as the worth X of the end (a reputation kept, a further
    deal). ``solve(whole=True, tail_value=X)`` finds the best batches. **X = c / delta, the cost of
    one captive, carries any stock** when there is no deadline: batches then grow backwards from 1.

    *Traps.* Where a constraint is slack, payments are not unique; here the captor is always paid
    its cost. A known last round means no trade, not a little less.

    References
    ----------
    R. Pitchford and C. Snyder (2004), "A solution to the hold-up problem involving gradual
    investment", Journal of Economic Theory 114:88-103, in the timing above. THEORY.md D3.

    Examples
    --------
    >>> model = Instalments(value=3, cost=1, discount=0.95, stock=50)
    >>> model.closed_form()
    steps 32.4561, 11.3881, 3.99583, 1.40205, 0.491946, 0.172613, ...; payoff 97.3684211 utils; ...
    >>> model.solve(whole=True, tail_value=2).steps.tolist()
    [33, 11, 4, 1, 1]
    >>> model.solve(whole=True, tail_value=1).trades
    False
    """

    value: Number
    cost: Number
    discount: Number
    stock: Number

    def __post_init__(self) -> None:
        _staged.checked_pair("value", self.value, self.cost)
        _staged.checked_discount(self.discount)
        _staged.checked("stock", self.stock, 0, math.inf, "a number above 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Instalments:
        """The stock is the pool; a captive costs the captor its mean retention value.

        The discount factor of a round, one day, is the chance that no incident ends it.
        """
        from ceasefire.bargaining._windows import daily_discount, require_worth
        from ceasefire.truce.payoffs import release_loss

        p = scenario.symbols()
        require_worth(p)
        cost = float(release_loss(p, p.W0, p.W0)) / p.W0
        return cls(value=p.v, cost=cost, discount=daily_discount(p), stock=p.W0)

    @property
    def ratio(self) -> float:
        """``r = c / (delta v)``, by which instalments shrink; from 1 on there is no trade."""
        return _staged.shrinkage(self.value, self.cost, self.discount)

    @property
    def total(self) -> float:
        """The stock held at the start."""
        return float(self.stock)

    def closed_form(self, *, steps: int = SHOWN) -> Staging:
        """The plan of largest surplus, its first `steps` instalments listed."""
        count = _staged.checked_count("steps", steps)
        shares, worth = _staged.endless(self.value, self.cost, self.discount, count)
        return self._divisible(shares, worth, None, "infinite")

    def solve(
        self, *, horizon: int | None = None, tail: Tail | None = None, whole: bool = False,
        tail_value: Number = 0,
    ) -> Staging:  # fmt: skip
        """The plan of largest surplus by the incentive constraints of the first rounds.

        Parameters
        ----------
        horizon : int, optional
            Rounds in which incentives bind; with `whole` a deadline, after which nothing is handed
            over. By default as many as move more than rounding, at most 1000, and more are not
            used; with `whole` none.
        tail : {"relaxed", "none", "value"}, optional
            From then on: all that is left changes hands at once, on trust, which bounds the plan
            from above; or nothing; or, for whole captives, `tail_value` if nobody is left. By
            default "relaxed", with `whole` "value".
        whole : bool
            Whether batches are whole numbers; then the stock has to be one.
        tail_value : float or Fraction
            X, the worth of the end to payer and captor together, utils, at the round after the
            last captive.

        Notes
        -----
        Divisible: a linear program. Whole: dynamic programming over captives held and rounds left,
        at most ``stock^2 * horizon`` comparisons; in fractions if no number given is a float, so
        that constraints may hold with equality.
        """
        _staged.checked("tail_value", tail_value, -1e-300, math.inf, "a number from 0")
        chosen: Tail = tail or ("value" if whole else "relaxed")
        if whole:
            return self._whole(horizon, chosen, tail_value)
        hint = "what the end is worth by itself matters to whole captives: whole=True"
        if chosen not in ("relaxed", "none"):
            raise ArgumentError("tail", chosen, "'relaxed' or 'none'", hint)
        shares, worth, T = _staged.solved(self.value, self.cost, self.discount, horizon, chosen)
        return self._divisible(shares, worth, T, chosen)

    def schedule(self, batches: Sequence[int], *, tail_value: Number = 0) -> Staging:
        """Check a given schedule of whole batches, with the end worth `tail_value`.

        Its `certificate` has the margin of payer and captor in every round, and `status` says
        whether they hold; `end_needed` gives the worth of the end that would carry it.
        """
        sizes = [_staged.checked_count(f"batches[{t}]", k) for t, k in enumerate(batches)]
        if sum(sizes) > self.stock:
            allowed = f"at most the stock, {float(self.stock):g}"
            raise ArgumentError("batches", f"{sum(sizes)} in all", allowed)
        done = sum(sizes) == self.stock
        return self._batched(sizes, None, "value", tail_value if done else 0, GIVEN)

    def schedules(
        self, *, tail_value: Number = 0, deadline: int | None = None, limit: int = 1000
    ) -> Schedules:
        """All schedules that free everybody and keep themselves, at most `limit` of them.

        Without a deadline their number grows exponentially with the stock.
        """
        most = _staged.checked_count("limit", limit)
        terms = self._terms(tail_value)
        found = list(islice(_batches.every(terms, self._count(), deadline), most + 1))
        made = tuple(
            self._batched(list(b), deadline, "value", tail_value, DYNAMIC) for b in found[:most]
        )
        return Schedules(made, len(found) <= most)

    def end_needed(self, batches: Sequence[int]) -> Number:
        """The least worth of the end, utils in the round after the last, that carries `batches`.

        Examples
        --------
        >>> model = Instalments(value=3, cost=1, discount=0.95, stock=78)
        >>> round(model.end_needed([13, 13, 13, 11, 10, 10, 8]), 6)
        8.421053
        """
        if not batches or self.discount == 0:
            hint = "no end carries a batch when nothing ahead counts"
            raise ArgumentError("batches", list(batches), "at least one, and a discount > 0", hint)
        needed: Number = _batches.end_needed(self._terms(0), batches)
        return needed

    def game(
        self, *, rounds: int = 3, tail: GameTail = "path",
        parts: Sequence[Number] | None = None, prices: Sequence[Number] = (1,),
    ) -> ExtensiveForm:  # fmt: skip
        """State it as a finite tree, in fractions, for `subgame_perfect(tree, exact=True)`.

        Parameters
        ----------
        rounds : int
        tail : {"path", "none"}
            What follows the last round: what is left is worth ``v - c / delta`` a unit to the
            payer, as in the closed form; or nothing.
        parts : sequence, optional
            Parts of what is left that may be handed over, each in (0, 1]; by default ``1 - r``.
        prices : sequence
            What may be paid, in units of the captor's cost. Who holds or keeps ends it.

        Notes
        -----
        Constraints are tight, so that equilibria tie: with ``tail="path"`` the best of the list has
        the closed form's steps, and no trade is there too.
        """
        v, c, d = exact(self.value), exact(self.cost), exact(self.discount)
        trades = d * v > c
        usual = 1 - c / (d * v) if trades else Fraction(1, rounds + 1)
        shares = tuple(map(exact, (usual,) if parts is None else parts))
        for k, share in enumerate(shares):
            _staged.checked(f"parts[{k}]", share, 0, 1 + 1e-300, "a part from above 0 to 1")
        worth = v - c / d if trades and _staged.tail_of(tail, True) else Fraction(0)
        rules = InstalmentRules(
            v, c, d, _staged.checked_count("rounds", rounds), shares,
            tuple(map(exact, prices)), lambda left: worth * left,
        )  # fmt: skip
        return instalment_tree(rules, exact(self.stock), "Pitchford and Snyder")

    def table(self) -> pd.DataFrame:
        """Round by round: the divisible plan, and whole captives with the least end that serves."""
        import pandas as pd

        plans = {"divisible, no known end": self.closed_form()}
        if self.stock == int(self.stock) and self.discount > 0:
            end = exact(self.cost) / exact(self.discount)
            plans[f"whole, end worth {float(end):.3g}"] = self.solve(whole=True, tail_value=end)
        rows = []
        for name, plan in plans.items():
            held = float(self.stock) - np.append(0.0, plan.levels)
            steps = np.append(plan.steps.astype(float), 0.0)
            rows += [(name, t + 1, held[t], steps[t]) for t in range(len(plan.steps))]
        return pd.DataFrame(rows, columns=["plan", "round", "held", "handed_over"])

    def answer(self) -> str:
        """The first instalments, and why a known last one kills all."""
        found = self.closed_form()
        if not found.trades:
            return (
                "Nothing is handed over: what is still to come never covers the cost of an "
                f"instalment (discount x value {float(self.discount) * float(self.value):.4g}, "
                f"cost {float(self.cost):.4g})."
            )
        first, second = found.steps[:2]
        return (
            f"Of {float(self.stock):g} captives {first:.1f} are handed over first, then "
            f"{second:.1f}, each step {self.ratio:.3f} of the one before; a known last round "
            "leaves none at all."
        )

    def days_to(self, *, within: float) -> float:
        """Rounds until what is left is at most `within` of the stock; inf without trade."""
        return _staged.days_to(self.ratio, within)

    def _count(self) -> int:
        if self.stock != int(self.stock):
            raise ArgumentError("stock", self.stock, "a whole number", "whole captives")
        return int(self.stock)

    def _terms(self, tail_value: Number) -> _batches.Terms:
        return _batches.Terms.of(self.value, self.cost, self.discount, tail_value, self.stock)

    def _whole(self, horizon: int | None, tail: Tail, tail_value: Number) -> Staging:
        _staged.checked_tail(tail, ("relaxed", "none", "value"))
        if horizon is not None:
            _staged.checked_count("horizon", horizon)
        elif tail == "relaxed":
            raise ArgumentError("horizon", None, "a number of rounds", 'with tail="relaxed"')
        batches, _ = _batches.best(self._terms(tail_value), self._count(), horizon, tail)
        return self._batched(batches, horizon, tail, tail_value, DYNAMIC)

    def _batched(
        self, batches: list[int], horizon: int | None, tail: Tail, tail_value: Number, method: str
    ) -> Staging:  # fmt: skip
        steps = np.array(batches, dtype=np.int64)
        left = float(self.stock) - steps.sum()
        after = 0.0
        if tail == "value" and left == 0:
            after = float(tail_value)
        if tail == "relaxed" and len(steps) == horizon:
            after = (float(self.value) - float(self.cost)) * left
        payments = float(self.cost) * steps.astype(np.float64)
        proof = self._certificate(steps, payments, after if len(steps) else 0.0)
        status = Status.OK if len(steps) else Status.NO_DEAL
        return Staging(
            self, steps, payments, proof.payoff, float(steps.sum()), horizon, tail,
            "above" if tail == "relaxed" else "exact", method,
            status if proof.holds else Status.EXPLOITABLE, proof, float(tail_value), True,
        )  # fmt: skip

    def _divisible(self, shares: Floats, worth: float, horizon: int | None, tail: str) -> Staging:
        v, c, d, K = map(float, (self.value, self.cost, self.discount, self.stock))
        steps = K * shares
        left = K - float(steps.sum())
        trades = worth > 0
        unit = {"relaxed": v - c, "none": 0.0, "infinite": v - c / d if trades else 0.0}[tail]
        second = None
        if tail == "relaxed" and horizon is not None:
            second = K * _staged.recursion(v, c, d, horizon, tail)[1]
        proof = self._certificate(steps, c * steps, unit * left, second)
        limit = K if trades and tail != "none" else float(steps.sum())
        return _staged.described(self, steps, c * steps, K * worth, limit, horizon, tail, proof)

    def _certificate(
        self, steps: NDArray[Any], payments: Floats, after: float, second: float | None = None
    ) -> StagingCertificate:
        """Check payer and captor in every round; what follows is worth `after`, to the payer."""
        v, c, d = map(float, (self.value, self.cost, self.discount))
        payer = _staged.staged_value(v * steps - payments, d, after)
        captor = _staged.staged_value(payments - c * steps, d, 0.0)
        margins = np.column_stack([d * payer[1:] - payments, captor[:-1]])
        whole = float(payer[0] + captor[0])
        return StagingCertificate(margins, whole, v * float(self.stock), second)
