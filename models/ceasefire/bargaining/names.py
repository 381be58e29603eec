"""The unnamed list: asking for names before a pause, doing without, and what a name is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining import _staged
from ceasefire.bargaining._list_demand import (
    AS_NAMED,
    FULL,
    NONE,
    POLICIES,
    SILENT,
    UNNAMED,
    ListDemand,
)
from ceasefire.bargaining._staged import Number, exact
from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, PAYOFF_TIE, PROBABILITY_SUM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.games.extensive import Chance, Decision, End
    from ceasefire.truce import Scenario


@dataclass(frozen=True)
class VerifiableList(Model):
    r"""A captor knows how many batches it can produce; names can be checked, silence cannot.

    A pause of T days is to bring one batch of b captives a day. The captor can produce i batches
    with probability p_i and, if contact holds (probability a), name them at a cost gamma a name.
    The pausing state gets v a captive and bears k_j on day j; the captor gets g a day and bears c_j
    for batch j. The pausing state first chooses a policy:

    * *unnamed*: no list. The pause runs until a batch is missing, the day of the miss included:
      ``D_i = v b i - sum_{j < min(i+1, T)} k_j``;
    * *as named*: a day for each batch that is named, in advance: ``d_m = v b m - sum_{j<m} k_j`` to
      it and ``e_m = sum_{j<m} (g - c_j) - gamma b m`` to the captor, which names the best m <= i;
    * *full list*: all T batches named or no pause; or *no deal*.

    *When asking kills the deal.* (1) A captor that could name all refuses a full list iff
    ``gamma > [g T - sum c_j] / (b T)``. (2) Otherwise the demand fails with ``1 - a p_T``: by
    inability, or because contact is lost. (3) Where p is all or nothing (``p_T = l``,
    ``p_0 = 1 - l``) and naming is affordable, the pausing state does better unnamed iff
    ``l (1 - a) D_T > (1 - l) k_0``: only lost contact makes asking costly to the one who asks.

    *What a name is worth.* Given that m batches are sure, knowing beforehand whether one more can
    be produced saves a day when it cannot: ``h_m k_m / b`` a name with h_m the chance that it
    cannot. Answering costs the captor that day and the naming: ``h_m g / b + (1 - h_m) gamma``.

    *Asking without insisting.* If the deal would be taken unnamed (``U = sum p_i D_i >= 0``) an
    equilibrium has all silent. All that can name do so in an equilibrium iff silence is then
    refused: ``(1 - a) U + a Z <= 0``, with Z the part of U of those with nothing to name.

    Parameters
    ----------
    chances : tuple of float or Fraction
        ``p_0, ..., p_T``.
    batch : float or Fraction
        b, captives a batch.
    value : float or Fraction
        v, utils a captive.
    day_costs, release_costs : tuple of float or Fraction
        ``k_0, ..., k_{T-1}`` and ``c_0, ..., c_{T-1}``, utils.
    pause_gain : float or Fraction
        g, utils a day.
    naming_cost : float or Fraction
        gamma >= 0, utils a name: leverage lost, holders exposed.
    contact : float or Fraction
        a in [0, 1].

    Notes
    -----
    *Captures:* a deadlock over who the first 50 would be, lost contact, and identifying information
    obtained by a mediator (which lowers gamma or raises a). *Leaves out:* false names (they can be
    checked), a captor that could deliver but will not (docs/model.md), payment for names alone.

    *Traps.* Insisting on all is not the same as asking: it also kills the smaller deals, so *as
    named* is at least as good as *full list* whenever naming more pays. With sure contact and free
    names *as named* is also at least as good as *unnamed*; without it silence is no sign of
    inability (Dye), and requests bring nothing.

    References
    ----------
    Own form. Verifiable messages: S. Grossman (1981), "The informational role of warranties and
    private disclosure about product quality", Journal of Law and Economics 24:461-483; P. Milgrom
    (1981), "Good news and bad news", Bell Journal of Economics 12:380-391; R. Dye (1985),
    "Disclosure of nonproprietary information", Journal of Accounting Research 23:123-145.

    Examples
    --------
    >>> model = VerifiableList((0.25, 0.75), 10, 1, (5,), (2,), 12, naming_cost=0.5, contact=0.8)
    >>> found = model.closed_form()
    >>> found.pausing["unnamed"], round(found.pausing["full list"], 9), found.best
    (2.5, 3.0, 'as named')
    >>> found.naming_limit, found.asked
    (1.0, (0.125,))
    """

    chances: tuple[Number, ...]
    batch: Number
    value: Number
    day_costs: tuple[Number, ...]
    release_costs: tuple[Number, ...]
    pause_gain: Number
    naming_cost: Number = 0
    contact: Number = 1

    def __post_init__(self) -> None:
        rows: tuple[str, ...] = ("chances", "day_costs", "release_costs")
        for field in rows:
            object.__setattr__(self, field, tuple(getattr(self, field)))
        T = len(self.chances) - 1
        if T < 1:
            raise ArgumentError("chances", self.chances, "p_0, ..., p_T with T >= 1")
        for k, p in enumerate(self.chances):
            _staged.checked(f"chances[{k}]", p, -1e-300, 1 + 1e-15, "a probability")
        total = float(sum(self.chances))
        if abs(total - 1) > PROBABILITY_SUM:
            raise ArgumentError("chances", total, "probabilities adding up to 1")
        costs: dict[str, tuple[Number, ...]] = {
            "day_costs": self.day_costs, "release_costs": self.release_costs,
        }  # fmt: skip
        for name, row in costs.items():
            if len(row) != T:
                raise ArgumentError(name, len(row), f"{T} numbers, one a batch")
            for k, x in enumerate(row):
                _staged.checked(f"{name}[{k}]", x, -1e-300, math.inf, "a number from 0, utils")
        for name in ("batch", "value", "pause_gain"):
            _staged.checked(name, getattr(self, name), 0, math.inf, "a number above 0")
        _staged.checked("naming_cost", self.naming_cost, -1e-300, math.inf, "from 0, utils a name")
        _staged.checked("contact", self.contact, -1e-300, 1 + 1e-15, "a probability")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> VerifiableList:
        """The first block: its captives in one batch a day, each producible with ``l(w, x)``.

        T is the first block observed, else as many days as the clause's price gives. A batch that
        cannot be produced ends it, so ``P(i or more) = l(W0, b) l(W0 - b, b) ...``. Day costs,
        losses and g are the scenario's. Naming a captive is taken to cost what holding one among
        many is worth, c_lo; contact is the long-run share of days on which it holds,
        ``rho / (om + rho)``.
        """
        from ceasefire.bargaining._windows import require_gain, require_worth
        from ceasefire.truce.payoffs import day_cost, list_probability, release_loss

        p = scenario.symbols()
        require_worth(p)
        require_gain(p)
        chunks = None if scenario.observed is None else scenario.observed.chunks
        T = int(chunks[0]) if chunks else max(1, math.ceil(p.n0 / p.x))
        b = p.n0 / T
        held = p.W0 - b * np.arange(T)
        sure = np.append(1.0, np.cumprod(list_probability(p, held, b)))
        chances = np.append(-np.diff(sure), sure[-1])
        return cls(
            chances=tuple(map(float, chances)), batch=b, value=p.v,
            day_costs=tuple(map(float, day_cost(p, np.arange(T)))),
            release_costs=tuple(map(float, release_loss(p, held, b))),
            pause_gain=p.g, naming_cost=p.c_lo, contact=p.rho / (p.om + p.rho),
        )  # fmt: skip

    @classmethod
    def at_window(cls, scenario: Scenario, *, held: float, day: int) -> VerifiableList:
        """One more day at a window: one batch at the clause's price, of `held` captives.

        Examples
        --------
        >>> import ceasefire
        >>> scenario = ceasefire.load("november-2023")
        >>> for held, day in ((48, 4), (28, 6), (18, 7)):
        ...     found = VerifiableList.at_window(scenario, held=held, day=day).closed_form()
        ...     print(f"{found.asked[0]:.4f} {found.answering[0]:.4f} {found.best}")
        0.0089 0.2645 unnamed
        0.0332 0.3009 unnamed
        0.0864 0.3782 as named
        """
        from ceasefire.truce.payoffs import day_cost, list_probability, release_loss

        p = scenario.symbols()
        _staged.checked("held", held, 0, math.inf, "captives above 0")
        b = min(p.x, held)
        sure = float(list_probability(p, held, b))
        return cls(
            chances=(1 - sure, sure), batch=b, value=p.v, day_costs=(float(day_cost(p, day)),),
            release_costs=(float(release_loss(p, held, b)),), pause_gain=p.g,
            naming_cost=p.c_lo, contact=p.rho / (p.om + p.rho),
        )  # fmt: skip

    @property
    def days(self) -> int:
        """T, batches and days."""
        return len(self.day_costs)

    def unnamed(self, i: int) -> tuple[Number, Number]:
        """``D_i`` and the captor's payoff of a pause without a list when i can be produced."""
        days = min(i + 1, self.days)
        gain = self.value * self.batch * i - sum(self.day_costs[:days])
        return gain, self.pause_gain * days - sum(self.release_costs[:i])

    def named(self, m: int) -> tuple[Number, Number]:
        """``d_m`` and ``e_m``: payoffs of a deal for m named batches."""
        gain = self.value * self.batch * m - sum(self.day_costs[:m])
        kept = self.pause_gain * m - sum(self.release_costs[:m])
        return gain, kept - self.naming_cost * self.batch * m

    def names(self, i: int) -> int:
        """How many batches a captor that can produce i names, if paid by the name.

        The best m of those that the pausing state would pay for; of several the largest.
        """
        fine = [m for m in range(i + 1) if self.named(m)[0] >= 0]
        best = max(self.named(m)[1] for m in fine)
        return max(m for m in fine if self.named(m)[1] >= best)

    def closed_form(self) -> ListDemand:
        """The thresholds above."""
        return self._result(
            {policy: self._worth(policy) for policy in POLICIES}, "closed form", self._played
        )

    def solve(self) -> ListDemand:
        """Backward induction on the trees of `game`, one for each policy and one for the choice."""
        from ceasefire.solvers import subgame_perfect

        whole = subgame_perfect(self.game(), limit=1)[0]
        worth: dict[str, tuple[Number, ...]] = {}
        for policy in POLICIES:
            one = subgame_perfect(self.game([policy]), limit=1)[0]
            deal, freed = self._worth(policy)[2:]
            worth[policy] = (float(one.payoffs[0]), float(one.payoffs[1]), deal, freed)
        told = max(w[0] for w in worth.values())

        def check(policy: str) -> Sequence[Number]:
            # the choice among policies is solved once more, with all of them in the tree
            return (
                self._worth(policy)[:2] if policy != NONE else (float(whole.payoffs[0]) - told, 0)
            )

        return self._result(worth, "backward induction on the tree", check)

    def game(self, policies: Sequence[str] = POLICIES) -> ExtensiveForm:
        """State it as a tree: policy, then chance (what can be produced, contact), then the captor.

        The order of policy and chance does not matter, since the pausing state does not see it.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        for policy in policies:
            if policy not in POLICIES:
                raise ArgumentError("policies", policy, ", ".join(POLICIES))

        def moves(state: tuple[Any, ...]) -> Decision | Chance | End:
            match state:
                case ():
                    return Decision("pausing state", {p: (p,) for p in policies})
                case ("no deal",):
                    return End([0, 0])
                case (policy,):
                    return Chance({f"{i}, {at}": (c, (policy, i, at))
                                   for i, at, c in self._kinds()})  # fmt: skip
                case ("unnamed", i, _):
                    return End([exact(x) for x in self.unnamed(i)])
                case (policy, i, at):
                    can = range(i + 1) if policy == AS_NAMED else ({self.days} & {i})
                    listed = [m for m in can if m > 0 and at == "live" and self.named(m)[0] >= 0]
                    if policy == FULL:
                        listed = [m for m in can if at == "live"]
                    ends = {f"name {m}": End([exact(x) for x in self.named(m)]) for m in listed}
                    # largest list first, so that a tie is broken as `names` breaks it
                    order = dict(reversed(list(ends.items()))) | {SILENT: End([0, 0])}
                    return Decision("captor", order, sees=f"{policy}: {i}, {at}")
            raise AssertionError(state)

        return ExtensiveForm.from_rules(
            (), moves, players=["pausing state", "captor"], title="A list to be named"
        )

    def request_game(self) -> ExtensiveForm:
        """State asking without insisting for `solvers.signalling`: names or silence, an answer.

        After names the pausing state grants a day for each batch named or nothing; after silence it
        grants the pause unnamed or nothing.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        def moves(state: tuple[Any, ...]) -> Decision | Chance | End:
            match state:
                case ():
                    return Chance({f"{i}, {at}": (c, (i, at)) for i, at, c in self._kinds()})
                case (i, at):
                    said = {SILENT: (i, at, 0)}
                    if at == "live":
                        said |= {f"name {m}": (i, at, m) for m in range(1, i + 1)}
                    return Decision("captor", said, sees=f"{i}, {at}")
                case (i, at, m):
                    worth = self.named(m) if m else self.unnamed(i)
                    cost = -exact(self.naming_cost) * exact(self.batch) * m
                    ends = {"grant": End([exact(worth[1]), exact(worth[0])]),
                            "refuse": End([cost, 0])}  # fmt: skip
                    return Decision("pausing state", ends, sees=f"name {m}" if m else SILENT)
            raise AssertionError(state)

        return ExtensiveForm.from_rules(
            (), moves, players=["captor", "pausing state"], title="A request for names"
        )

    def table(self) -> pd.DataFrame:
        """Worth of each policy by contact and by the cost of a name; worth of a name by its odds.

        Columns: panel ("contact", "naming cost" or "odds"), x, series, utils. In "odds" the first
        batch is produced with probability x: `asked` and `answering` are per name.
        """
        import pandas as pd

        limit = float(self.closed_form().naming_limit)
        rows: list[tuple[str, float, str, float]] = []
        for x in np.linspace(0, 1, 41):
            model = self.replace(contact=float(x))
            rows += [("contact", float(x), p, float(model._worth(p)[0])) for p in POLICIES[:3]]
        for x in np.linspace(0, 1.5 * max(limit, float(self.naming_cost)), 61):
            model = self.replace(naming_cost=float(x))
            rows += [("naming cost", float(x), p, float(model._worth(p)[0])) for p in POLICIES[:3]]
        b, g, k = float(self.batch), float(self.pause_gain), float(self.day_costs[0])
        for x in np.linspace(0.5, 1, 26):
            miss = 1 - float(x)
            rows.append(("odds", float(x), "asked", miss * k / b))
            answering = miss * g / b + float(x) * float(self.naming_cost)
            rows.append(("odds", float(x), "answering", answering))
        return pd.DataFrame(rows, columns=["panel", "x", "series", "utils"])

    def answer(self) -> str:
        """The policies compared, when asking kills the deal, and the worth of a name."""
        found = self.closed_form()
        worth = {p: float(x) for p, x in found.pausing.items()}
        last = len(found.asked) - 1
        mark = float(found.naming_limit)
        limit = (
            f"surely so once a name costs the captor more than {shown(mark)}"
            if mark >= 0
            else "whatever a name costs: the deal itself is worth less than nothing to the captor"
        )
        return (
            f"For the pausing state a deal is worth {shown(worth[UNNAMED])} utils unnamed, "
            f"{shown(worth[AS_NAMED])} paid by the name, {shown(worth[FULL])} if it insists on all "
            f"names; insisting ends without a deal with {float(found.killed):.3g}, {limit}. "
            f"Asking beforehand about the last batch is worth {shown(found.asked[last], 2)} a name "
            f"and costs the captor {shown(found.answering[last], 2)}; a request brings names only "
            f"if contact holds with {float(found.contact_limit):.3g} or more."
        )

    def _kinds(self) -> list[tuple[int, str, Fraction]]:
        """Kinds of captor of positive probability: producible batches, contact, probability."""
        a, total = exact(self.contact), sum(exact(p) for p in self.chances)
        every = [(i, at, exact(p) / total * share) for i, p in enumerate(self.chances)
                 for at, share in (("live", a), ("dark", 1 - a))]  # fmt: skip
        return [kind for kind in every if kind[2] > 0]

    def _worth(self, policy: str) -> tuple[Number, Number, Number, Number]:
        """Payoffs of both, probability of a pause, captives freed."""
        p, T, a, b = self.chances, self.days, self.contact, self.batch
        if policy == UNNAMED:
            both = [self.unnamed(i) for i in range(T + 1)]
            total = [sum(q * x[k] for q, x in zip(p, both, strict=True)) for k in (0, 1)]
            return total[0], total[1], 1, sum(q * b * i for i, q in enumerate(p))
        if policy == NONE or (policy == FULL and self.named(T)[1] < 0):
            return 0, 0, 0, 0
        if policy == FULL:
            chance = a * p[T]
            return chance * self.named(T)[0], chance * self.named(T)[1], chance, chance * b * T
        said = [self.names(i) for i in range(T + 1)]
        total = [a * sum(q * self.named(m)[k] for q, m in zip(p, said, strict=True))
                 for k in (0, 1)]  # fmt: skip
        some = a * sum(q for q, m in zip(p, said, strict=True) if m)
        return total[0], total[1], some, a * sum(q * b * m for q, m in zip(p, said, strict=True))

    def _played(self, policy: str) -> tuple[float, float]:
        """Payoffs by playing out every kind of captor day by day, as the certificate does."""
        total = [0.0, 0.0]
        for i, at, chance in self._kinds():
            granted = 0
            if policy == UNNAMED:
                granted = self.days
            elif at == "live" and policy == FULL:
                kept = [self.named(m)[1] for m in (self.days,) if i == self.days]
                granted = self.days if kept and kept[0] >= 0 else 0
            elif at == "live" and policy == AS_NAMED:
                granted = self.names(i)
            cost = 0 if policy == UNNAMED else self.naming_cost * self.batch * granted
            total[1] -= float(chance) * float(cost)
            for j in range(granted):
                total[0] -= float(chance) * float(self.day_costs[j])
                total[1] += float(chance) * float(self.pause_gain)
                if j >= i:
                    break
                total[0] += float(chance) * float(self.value * self.batch)
                total[1] -= float(chance) * float(self.release_costs[j])
        return total[0], total[1]

    def _chosen(self, worth: dict[str, Any], scale: float) -> str:
        """The best policy for the pausing state; of policies that tie the first."""
        best = max(float(w[0]) for w in worth.values()) - PAYOFF_TIE * scale
        return next(policy for policy in POLICIES if float(worth[policy][0]) >= best)

    def _result(self, worth: dict[str, Any], method: str, check: Any) -> ListDemand:
        T, p, b = self.days, self.chances, self.batch
        scale = float(self.value * b * T + sum(self.day_costs) + self.pause_gain * T)
        missed = {
            policy: max(abs(float(x) - float(y)) for x, y in zip(worth[policy], check(policy),
                                                                 strict=False)) / scale
            for policy in POLICIES
        }  # fmt: skip
        proof = Checks(missed, EXPLOITABILITY)
        rest = [sum(p[m:]) for m in range(T + 1)]
        miss = [p[m] / rest[m] if rest[m] > 0 else 0 for m in range(T)]
        ahead = [sum(q * self.unnamed(m + k)[0] for k, q in enumerate(p[m:])) / rest[m]
                 if rest[m] > 0 else 0 for m in range(T + 1)]  # fmt: skip
        mute = sum(q * self.unnamed(i)[0] for i, q in enumerate(p) if self.names(i) == 0)
        taken = worth[UNNAMED][0]
        limit = (self.pause_gain * T - sum(self.release_costs)) / (b * T)
        edge = 0 if taken <= 0 else (taken / (taken - mute) if mute < 0 else 1)
        silence = (1 - self.contact) * taken + self.contact * mute
        return ListDemand(
            self, {k: w[0] for k, w in worth.items()}, {k: w[1] for k, w in worth.items()},
            {k: w[2] for k, w in worth.items()}, {k: w[3] for k, w in worth.items()},
            self._chosen(worth, scale), limit, 1 - worth[FULL][2],
            tuple(h * k / b for h, k in zip(miss, self.day_costs, strict=True)),
            tuple(h * self.pause_gain / b + (1 - h) * self.naming_cost for h in miss),
            tuple((ahead[m + 1] - ahead[m]) / b for m in range(T)),
            bool(taken >= 0), bool(silence <= 0), edge, method,
            Status.OK if proof.passed else Status.EXPLOITABLE, proof,
        )  # fmt: skip
