"""Some at the table are needed and some are not: bargaining by quota, with vetoes."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._proposals import short
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.bargaining.parties import check_table, seats, truce_worth
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

TOLERANCE = 1e-8  # of the worth: coalitions come from a linear program in floats
ROUNDING = 1e-12  # of the worth: prices that are equal
SAME = 1e-7  # of the worth: payoffs of two partitions that are the same equilibrium
MOST_KINDS = 8  # 3^kinds partitions
PARTS = ALWAYS, MARGIN, NEVER = "always", "at the margin", "never"


@dataclass(frozen=True)
class Coalitions(Displayed):
    """Stationary equilibrium: values, prices of votes, and who is bought how often.

    Attributes
    ----------
    parties : tuple of str
    values : tuple of numbers
        Utils before the proposer is drawn.
    prices : tuple of numbers
        What each sells its vote for: discounted value, utils.
    proposing : tuple of numbers
        Utils of each as proposer.
    bought : tuple of float
        Chance that each is paid for its vote by another proposer.
    payoffs_found : int
        How many different value vectors all partitions of the parties gave: 1.
    method : str
    certificate : Checks
    status : Status
    """

    parties: tuple[str, ...]
    values: tuple[Any, ...]
    prices: tuple[Any, ...]
    proposing: tuple[Any, ...]
    bought: tuple[float, ...]
    payoffs_found: int
    method: str
    certificate: Checks
    status: Status = Status.OK

    def __repr__(self) -> str:
        pairs = zip(self.parties[:12], self.values, strict=False)
        shown = ", ".join(f"{name} {short(value)}" for name, value in pairs)
        more = ", ..." if len(self.parties) > 12 else ""
        return f"{shown}{more} (utils); {self.method}; {self.status}"


@dataclass(frozen=True)
class LegislativeBargaining(Model):
    r"""Parties share the worth W; a split passes with q votes, the vetoes' among them.

    Each round a proposer is drawn with chances p and names a split, voted on as it stands (closed
    rule). In a stationary equilibrium party j votes yes for its price ``c_j = d_j v_j`` and a
    proposer buys the cheapest coalition C(i) that suffices:

    .. math:: v_i = p_i \Big(W - \sum_{j \in C(i)} c_j\Big) + \Pr(i \text{ is bought})\, c_i .

    All alike without vetoes: each has W / n and the proposer keeps ``W (1 - d (q - 1) / n)``.

    Parameters
    ----------
    worth : float or Fraction
        W, utils, above 0.
    discounts : tuple of float or Fraction
        d, a round, each in (0, 1).
    quota : int
        q, votes, the proposer's included, 1 to n.
    vetoes : tuple of int
        Places of those whose vote every split needs, from 0.
    recognition : tuple, optional
        p, above 0 and with sum 1. By default alike.
    parties : tuple of str, optional

    Notes
    -----
    *Captures:* that who is needed is dear and who can be replaced is cheap, so that a veto takes
    from everybody without one; and that patience is a handicap where the quota is below all: a
    dear vote is bought less often. *Leaves out:* interests other than shares, amendments (open
    rule), private information; agreement is immediate.

    *Solver.* A partition into those always bought, those at the margin, whose price is the highest
    paid and who are bought just often enough for it, and those never bought, makes the equations
    linear in two unknowns; parties alike stand together. All ``3^k`` partitions of k kinds are
    tried (k at most 8), purchases of each by a linear program. Payoffs are unique without vetoes
    (Eraslan 2002); with them all partitions that pass are compared.

    *Traps.* With votes to spare the most patient may have no more than the least patient. A quota
    of all is unanimity, where patience pays. A veto's worth goes to W as d goes to 1, for one
    veto as for several together. Coalitions of equilibrium are not unique, payoffs are.

    References
    ----------
    Baron, D. and J. Ferejohn (1989), "Bargaining in legislatures", American Political Science
    Review 83:1181-1206. Winter, E. (1996), "Voting and vetoing", American Political Science Review
    90:813-823. Eraslan, H. (2002), "Uniqueness of stationary equilibrium payoffs in the
    Baron-Ferejohn model", Journal of Economic Theory 103:11-30.

    Examples
    --------
    >>> from fractions import Fraction
    >>> alike = LegislativeBargaining(1, (Fraction(9, 10),) * 3, quota=2)
    >>> alike.closed_form().proposing[0]
    Fraction(7, 10)
    >>> alike.replace(vetoes=(0,)).closed_form().values
    (Fraction(11, 15), Fraction(2, 15), Fraction(2, 15))
    """

    worth: Number
    discounts: tuple[Number, ...]
    quota: int
    vetoes: tuple[int, ...] = ()
    recognition: tuple[Number, ...] = ()
    parties: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked("worth", self.worth, 0, math.inf, "utils above 0")
        check_table(self)
        for value in self.discounts:
            checked("discounts", value, 0, 1, "numbers above 0 and below 1, one a party")
        n = len(self.discounts)
        if not (isinstance(self.quota, int) and 1 <= self.quota <= n):
            raise ArgumentError("quota", self.quota, f"a whole number, 1 to {n}")
        if len(set(self.vetoes)) < len(self.vetoes) or not set(self.vetoes) <= set(range(n)):
            raise ArgumentError("vetoes", self.vetoes, f"different places, 0 to {n - 1}")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> LegislativeBargaining:
        """Pausing state and political wing with a veto each; two more votes of the others.

        Worth, discounts and names as `UnanimityTable.from_scenario`, without values of no deal.
        The quota is assumed: both sides, the field command or a mediator for the captor's end, and
        one mediator to carry it; at most all. All draft with the same chance.
        """
        names, discounts = seats(scenario)
        quota = min(4, len(names))
        return cls(sum(truce_worth(scenario)), discounts, quota, (0, 1), (), names)

    def closed_form(self) -> Coalitions:
        """Return the values by formula where discounts are alike and all draft alike.

        Raises
        ------
        ArgumentError
            They are not.
        """
        W, discounts, p = self._numbers()
        if len(set(discounts)) > 1 or len(set(p)) > 1:
            raise ArgumentError("discounts", self.discounts, "all alike, as recognition",
                                "use solve()")  # fmt: skip
        n, q, k, d = len(p), self.quota, len(self.vetoes), discounts[0]
        patient = k * d / (n * (1 - d))  # of a proposer's rest: what all vetoes sell for
        if q > k:
            # S = K (W - S - (q - k) w) and the margin's balance, in S (vetoes' prices) and w.
            need = q - k
            slope = n / d - (0 * W + k * need) / (n - k)  # W - S = slope w
            w = W / (slope + patient * (slope - need))
            rest = slope * w - need * w
        else:
            w, rest = W * 0, W / (1 + patient)  # nobody else is bought
        veto = rest / (n * (1 - d))
        other = w / d if q > k else rest / n
        values = [veto if i in self.vetoes else other for i in range(n)]
        return self._found(values, self._purchases(values), 1, "closed form")

    def solve(self) -> Coalitions:
        """Try every partition into always, sometimes and never bought; check each by its purchases.

        Raises
        ------
        SolveError
            No partition passes.
        """
        kinds = self._kinds()
        found: list[list[Any]] = []
        bought: Any = None
        for parts in product(PARTS, repeat=len(kinds)):
            values = self._partition(kinds, parts)
            if values is None:
                continue
            known = any(_away(values, other) < SAME * float(self.worth) for other in found)
            purchases = None if known else self._purchases(values)
            if purchases is not None:
                bought = purchases if bought is None else bought
                found.append(values)
        if not found:
            raise SolveError("no partition of the parties is an equilibrium", len(kinds))
        return self._found(found[0], bought, len(found), "all partitions of the parties")

    def game(self, *, rounds: int = 2) -> ExtensiveForm:
        """State a few rounds as a tree for three parties; after the last there is nothing.

        A proposer buys one of the others, or both, at what waiting is worth, or keeps everything.
        """
        from ceasefire.bargaining._quota_rounds import quota_tree

        if len(self.discounts) != 3 or rounds < 1:
            raise ArgumentError("rounds", rounds, "at least 1, with three parties")
        return quota_tree(self, rounds)

    @property
    def names(self) -> tuple[str, ...]:
        """The parties' names."""
        return self.parties or tuple(f"party {k + 1}" for k in range(len(self.discounts)))

    def table(self) -> pd.DataFrame:
        """Values at every quota, with the vetoes and without.

        Columns ``quota``, ``vetoes`` (given or none), ``party``, ``veto``, ``value`` (utils),
        ``proposing`` (utils).
        """
        import pandas as pd

        rows = []
        for quota in range(1, len(self.discounts) + 1):
            for label, vetoes in (("given", self.vetoes), ("none", ())):
                found = self.replace(quota=quota, vetoes=vetoes).solve()
                for i, name in enumerate(self.names):
                    rows.append((quota, label, name, i in vetoes, float(found.values[i]),
                                 float(found.proposing[i])))  # fmt: skip
        columns = ["quota", "vetoes", "party", "veto", "value", "proposing"]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """What those get who can hold the deal up, and the others."""
        found, total = self.solve(), float(self.worth)
        share = [float(v) / total for v in found.values]
        holders = [i for i in range(len(share)) if i in self.vetoes]
        others = [share[i] for i in range(len(share)) if i not in self.vetoes]
        free = [float(v) / total for v in self.replace(vetoes=()).solve().values]
        head = f"With {self.quota} of {len(share)} votes needed"
        if not holders:
            lowest, highest = f"{min(share):.3g}", f"{max(share):.3g}"
            return f"{head} and no veto, shares of the worth are {lowest} to {highest}."
        named = ", ".join(f"{self.names[i]} {share[i]:.3g}" for i in holders[:4])
        without = f"{min(free):.3g} to {max(free):.3g}"
        if f"{min(free):.3g}" == f"{max(free):.3g}":
            without = f"{min(free):.3g} each"
        rest = f"; others have at most {max(others):.2g} each" if others else ""
        return (
            f"{head}, those with a veto hold it up and take, of the worth, {named}{rest}. Without "
            f"any veto shares would be {without}; the deal is immediate either way."
        )

    def _numbers(self) -> tuple[Any, list[Any], list[Any]]:
        n = len(self.discounts)
        p = self.recognition or (Fraction(1, n),) * n
        plain = not any(isinstance(x, float) for x in (self.worth, *self.discounts, *p))
        turn = exact if plain else float
        return turn(self.worth), [turn(x) for x in self.discounts], [turn(x) for x in p]

    def _kinds(self) -> list[list[int]]:
        """Places of parties that are alike."""
        _, d, p = self._numbers()
        kinds: dict[Any, list[int]] = {}
        for i in range(len(p)):
            kinds.setdefault((i in self.vetoes, d[i], p[i]), []).append(i)
        if len(kinds) > MOST_KINDS:
            raise ArgumentError("discounts", len(kinds), f"at most {MOST_KINDS} kinds of party")
        return list(kinds.values())

    def _partition(self, kinds: list[list[int]], parts: Sequence[str]) -> list[Any] | None:
        """Values if these are bought always, at the margin, never; None if prices contradict it."""
        W, d, p = self._numbers()
        of = {i: part for kind, part in zip(kinds, parts, strict=True) for i in kind}
        if any(of[i] != ALWAYS for i in self.vetoes):
            return None
        always = [i for i in of if of[i] == ALWAYS]
        margin = [i for i in of if of[i] == MARGIN]
        inside, outside = self.quota - len(always), self.quota - 1 - len(always)
        if outside < 0:  # the vetoes alone pass it, or one vote too many is always bought
            if len(always) > max(len(self.vetoes), self.quota):
                return None
            inside, outside = max(inside, 0), 0
        if bool(margin) != (inside > 0 or outside > 0) or outside > max(len(margin) - 1, 0):
            return None
        keen = sum((d[i] * p[i] / (1 - d[i]) for i in always), 0 * W)
        mass = sum((p[i] for i in always), 0 * W)
        if margin:
            part = sum((p[i] for i in margin), 0 * W)
            # part (W - S - outside w) + (outside + mass (inside - outside)) w = w sum 1/d
            cost = sum((1 / d[i] for i in margin), 0 * W)
            spent = outside + mass * (inside - outside) - part * outside
            slope = (cost - spent) / part  # W - S = slope w
            if slope <= inside:
                return None
            w = W / (slope + keen * (slope - inside))
            left = slope * w
        else:
            w, left = 0 * W, W / (1 + keen)
        values = []
        for i in range(len(p)):
            if of[i] == ALWAYS:
                values.append(p[i] * (left - inside * w) / (1 - d[i]))
            else:
                values.append(w / d[i] if of[i] == MARGIN else p[i] * (left - outside * w))
        slack = ROUNDING * float(W)
        for i, value in enumerate(values):
            over = float(d[i] * value - w)
            free = i in self.vetoes
            if not free and margin and of[i] == ALWAYS and over > slack:
                return None
            if margin and of[i] == NEVER and over < -slack:
                return None
        return values

    def _purchases(self, values: Sequence[Any]) -> Any:
        from ceasefire.bargaining._purchases import purchases

        return purchases(self, values)

    def _spending(self, proposer: int, price: Any) -> list[int]:
        """Return a cheapest coalition of others that suffices for a proposer."""
        chosen = [i for i in self.vetoes if i != proposer]
        rest = [i for i in range(len(price)) if i != proposer and i not in self.vetoes]
        more = max(self.quota - 1 - len(chosen), 0)
        return chosen + sorted(rest, key=lambda i: float(price[i]))[:more]

    def _found(self, values: Sequence[Any], y: Any, count: int, method: str) -> Coalitions:
        W, d, p = self._numbers()
        prices = [d_i * v for d_i, v in zip(d, values, strict=True)]
        keeps = [W - sum(prices[j] for j in self._spending(i, prices)) for i in range(len(p))]
        if y is None:
            y = np.full((len(p), len(p)), np.nan)
        proof = self._certified([float(v) for v in values], y)
        status = Status.OK if count == 1 else Status.INCOMPLETE
        odds = np.array([float(x) for x in p]) @ y
        return Coalitions(
            self.names, tuple(values), tuple(prices), tuple(keeps), tuple(odds.tolist()), count,
            method, proof, status if proof.passed else Status.EXPLOITABLE,
        )  # fmt: skip

    def _certified(self, values: list[float], y: Any) -> Checks:
        """Pay the purchases out: values come back, no coalition is cheaper, delay gains nothing."""
        W, d, p = (np.asarray(x, dtype=float) for x in self._numbers())
        v = np.asarray(values)
        price, n = d * v, v.size
        votes_short = max(0.0, float(np.max(self._votes() - y.sum(axis=1))))
        missing = float(np.max(1 - y[:, list(self.vetoes)], initial=0.0, where=self._others()))
        spent = y @ price
        value = p * (W - spent) + price * (p @ y)
        cheapest = np.array([self._least_cost(i, price) for i in range(n)])
        return Checks(
            {
                "value equation": float(np.max(np.abs(value - v))) / float(W),
                "a cheaper coalition": float(np.max(spent - cheapest)) / float(W),
                "delay by a proposer": float(np.max(price - (W - spent))) / float(W),
                "votes missing": votes_short,
                "vetoes missing": missing,
                "shares beyond the worth": abs(math.fsum(values) - float(W)) / float(W),
            },
            TOLERANCE,
        )

    def _votes(self) -> Any:
        """Votes of others that each proposer needs at least."""
        n, k = len(self.discounts), len(self.vetoes)
        return np.array([max(self.quota - 1, k - (i in self.vetoes)) for i in range(n)])

    def _others(self) -> Any:
        return np.array([[i != j for j in self.vetoes] for i in range(len(self.discounts))],
                        dtype=bool).reshape(len(self.discounts), len(self.vetoes))  # fmt: skip

    def _least_cost(self, proposer: int, price: Any) -> float:
        """Cost of the cheapest coalition, by a count of prices rather than a list of names."""
        need = [float(price[i]) for i in self.vetoes if i != proposer]
        pool = Counter(
            float(price[i]) for i in range(len(price)) if i != proposer and i not in self.vetoes
        )
        left, cost = self.quota - 1 - len(need), math.fsum(need)
        for one in sorted(pool):
            take = max(min(left, pool[one]), 0)
            cost, left = cost + take * one, left - take
        return cost


def _away(one: Sequence[Any], two: Sequence[Any]) -> float:
    return max(abs(float(a) - float(b)) for a, b in zip(one, two, strict=True))
