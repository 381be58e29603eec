"""Several issues at once: the package, the cheap instrument, and what linking issues is worth."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from ceasefire.bargaining.interface import Model
from ceasefire.bargaining.terms import (
    HALF,
    PLAYERS,
    RULES,
    Number,
    Rule,
    require,
    require_weight,
    rule_weights,
)
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from ceasefire.games import BargainingProblem
    from ceasefire.solvers import BargainingSolution
    from ceasefire.truce import Scenario

Pair = tuple[Fraction, Fraction]
ZERO = Fraction(0)


@dataclass(frozen=True)
class Issue(Displayed):
    """One issue of an agreement, worth so much a unit to each side.

    Attributes
    ----------
    name, unit : str
    upper : float or Fraction
        Highest level; the lowest is 0, which is also what holds without an agreement.
    captor_value, pausing_value : float or Fraction
        Utils a unit; negative for the side that gives.
    agreed : float or Fraction, optional
        The level that was agreed, for comparison.
    """

    name: str
    unit: str
    upper: Number
    captor_value: Number
    pausing_value: Number
    agreed: Number | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ArgumentError("name", self.name, "a name")
        require("upper", self.upper, 0, math.inf, f"a number above 0 ({self.name})")
        for side in ("captor_value", "pausing_value"):
            require(side, getattr(self, side), -math.inf, math.inf, f"a number ({self.name})")

    @property
    def giver(self) -> str:
        """Who loses by it: "captor", "pausing state", "both" or "nobody"."""
        losing = [
            who
            for who, value in zip(PLAYERS, (self.captor_value, self.pausing_value), strict=True)
            if value < 0
        ]
        return {0: "nobody", 1: losing[0] if losing else "", 2: "both"}[len(losing)]

    @property
    def price(self) -> float:
        """What a util of the receiver costs the giver; nan where no side gives to the other."""
        c, p = float(self.captor_value), float(self.pausing_value)
        if c * p >= 0:
            return math.nan
        return -p / c if c > 0 else -c / p


@dataclass(frozen=True)
class Corner(Displayed):
    """A corner of the contract curve.

    Attributes
    ----------
    payoffs : pair
        Gains of captor and pausing state, utils.
    levels : tuple
        Level of each issue.
    moved : tuple of str
        The issues that move from the corner before to this one.
    price : Number or None
        What a util of the captor costs the pausing state on the way here; None at the first.
    """

    payoffs: tuple[Number, Number]
    levels: tuple[Number, ...]
    moved: tuple[str, ...]
    price: Number | None


@dataclass(frozen=True)
class LinearIssues(Model):
    r"""Bargaining over n issues: ``u_i = sum_j v_ij x_j`` with ``0 <= x_j <= upper_j``.

    The contract curve starts at the pausing state's best, every issue as it likes, and then moves
    one issue at a time towards the captor, **cheapest first: by the ratio of what it costs one
    side to what it gives the other.** It is concave, with a kink where an instrument is used up;
    Nash's, Kalai and Smorodinsky's and the egalitarian solution are points on it. An instrument
    whose ratio is below that of the edge a solution lies on is used to its limit, one above it not
    at all, and one issue, the marginal instrument, balances.

    Parameters
    ----------
    issues : tuple of Issue
    weight : float or Fraction
        The captor's bargaining power under Nash's rule, in (0, 1).

    Notes
    -----
    *Captures:* pause length, releases, prisoners, corridors, surveillance and totals as one
    package; which instrument is cheap; that one issue alone, good for one side and bad for the
    other, is settled at nothing, so that all gains come from linking issues. *Leaves out:* values
    that change with the level, other than by splitting an issue in two; products of issues, such
    as trucks a day times days.

    *Traps.* At a kink first-order conditions fail: the corner is found by comparing edges. A cap
    that binds breaks Nash = Kalai-Smorodinsky. The egalitarian solution depends on the scale of
    utils.

    References
    ----------
    J. Nash (1950), Econometrica 18:155-162; E. Kalai and M. Smorodinsky (1975), Econometrica
    43:513-518; E. Kalai (1977), Econometrica 45:1623-1630. The case of three issues is
    THEORY.md B3; n issues in our own derivation.

    Examples
    --------
    >>> model = LinearIssues((
    ...     Issue("captives", "captives", 50, -1, 3), Issue("pause", "days", 30, 10, -12),
    ...     Issue("prisoners", "prisoners", 150, Fraction(1, 2), Fraction(-3, 10)),
    ... ))
    >>> model.solve().terms
    {'captives': Fraction(50, 1), 'pause': Fraction(25, 8), 'prisoners': Fraction(150, 1)}
    >>> [(c.moved, c.price and str(c.price)) for c in model.contract_curve()]
    [((), None), (('prisoners',), '3/5'), (('pause',), '6/5'), (('captives',), '3')]
    """

    issues: tuple[Issue, ...]
    weight: Number = HALF

    def __post_init__(self) -> None:
        if not self.issues or not all(isinstance(one, Issue) for one in self.issues):
            raise ArgumentError("issues", self.issues, "a tuple of at least one Issue")
        names = [one.name for one in self.issues]
        if len(set(names)) < len(names):
            raise ArgumentError("issues", names, "names that differ from each other")
        if not isinstance(self.issues, tuple):
            raise ArgumentError("issues", type(self.issues), "a tuple")
        require_weight(self.weight)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> LinearIssues:
        """All issues of the account: sizes from the record, what the scenario values from it.

        From the scenario: captives of the first block and the further ones up to the pool, at
        their mean retention values; days up to the cap, at the mean cost to the middle of the
        cap; the weight (THEORY.md A5). From the record of terms: 150 prisoners agreed of 300
        listed, 200 trucks a day of 500 before, 6 of 24 hours without surveillance. **Assumed**,
        since neither says: a prisoner costs the pausing state 0.1 of a captive's gross worth and
        gives the captor 5/3 of that (the ratios of THEORY.md B3; gross, because the scenario's
        captive is net of three prisoners); a truck a day gives 0.04 utils and costs 0.01; an hour
        a day without surveillance gives 0.5 and costs 0.75 (watching is dear to give up).
        """
        from ceasefire.truce.payoffs import release_loss
        from ceasefire.truce.talks import bargaining_weight

        p = scenario.symbols()
        seen = scenario.observed.chunks if scenario.observed else ()
        agreed = seen[0] if seen else None
        first = float(release_loss(p, p.W0, p.n0)) / p.n0
        prisoner = 0.1 * p.v / (1 - 3 * 0.1)  # of the gross worth v + 3 prisoners
        issues = [
            Issue("captives", "captives", p.n0, -first, p.v + 3 * prisoner, p.n0),
            Issue("pause", "days", p.J, p.g, -(p.k0 + p.k1 * (p.J - 1) / 2), agreed),
            Issue("prisoners", "prisoners", 300, 5 / 3 * prisoner, -prisoner, 150),
            Issue("corridors", "trucks a day", 500, 0.04, -0.01, 200),
            Issue("surveillance off", "hours a day", 24, 0.5, -0.75, 6),
        ]
        rest = p.W0 - p.n0
        if rest > 0:
            loss = float(release_loss(p, rest, rest)) / rest
            further = Issue("further captives", "captives", rest, -loss, p.v + 3 * prisoner, 0)
            issues.insert(1, further)
        return cls(tuple(issues), bargaining_weight(p))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the issues."""
        return tuple(one.name for one in self.issues)

    def game(self) -> BargainingProblem:
        """State it for `solvers.axiomatic`."""
        from ceasefire.games import BargainingProblem

        return BargainingProblem.issues(
            [[one.captor_value for one in self.issues], [one.pausing_value for one in self.issues]],
            upper=[one.upper for one in self.issues], disagreement=[0, 0], players=PLAYERS,
            labels=self.names, title="package",
        )  # fmt: skip

    def solve(self, *, rule: Rule = "nash") -> BargainingSolution:
        """Apply a rule to the feasible set, in fractions, whose corners programs find."""
        from ceasefire.solvers import axiomatic

        game = self.game()
        weights = rule_weights(rule, self.weight)
        return axiomatic(game, rule=rule, weights=weights, exact=game.is_exact)

    def closed_form(self, *, rule: Rule = "nash") -> BargainingSolution:
        """The rule on the contract curve built by sorting ratios, with its certificate."""
        from ceasefire.solvers import assess_agreement

        weights = rule_weights(rule, self.weight)
        game = self.game()
        gains, levels = point_by_rule(self.contract_curve(), rule, Fraction(self.weight))
        if not game.is_exact:
            gains, levels = tuple(map(float, gains)), tuple(map(float, levels))
        return assess_agreement(
            game, gains, levels=levels, rule=rule, weights=weights, method="closed form"
        )

    def agreed(self, *, rule: Rule = "nash") -> BargainingSolution:
        """The levels agreed (0 where none is known), checked against a rule.

        `efficient` says whether nobody could gain without another's loss, at these values;
        ``certificate.slack`` how much, and ``certificate.prices`` what supports it.
        """
        from ceasefire.solvers import assess_agreement

        levels = [0 if i.agreed is None else i.agreed for i in self.issues]
        weights = rule_weights(rule, self.weight)
        return assess_agreement(
            self.game(), levels=levels, rule=rule, weights=weights, method="as agreed"
        )

    def contract_curve(self) -> tuple[Corner, ...]:
        """Corners of the Pareto frontier from the pausing state's best to the captor's best.

        In fractions; a float given stands for its binary value.
        """
        values = [(Fraction(i.captor_value), Fraction(i.pausing_value)) for i in self.issues]
        upper = [Fraction(i.upper) for i in self.issues]
        levels = [u if d > 0 or (d == 0 and c > 0) else ZERO
                  for (c, d), u in zip(values, upper, strict=True)]  # fmt: skip
        prices: dict[Fraction, list[int]] = {}
        for j, (c, d) in enumerate(values):
            if c * d < 0:
                prices.setdefault(-d / c, []).append(j)
        corners = [Corner(_worth(values, levels), tuple(levels), (), None)]
        for price in sorted(prices):
            for j in prices[price]:
                levels[j] = upper[j] if values[j][0] > 0 else ZERO
            moved = tuple(self.issues[j].name for j in prices[price])
            corners.append(Corner(_worth(values, levels), tuple(levels), moved, price))
        return tuple(corners)

    def marginal(self, rule: Rule = "nash") -> tuple[str, ...]:
        """The instruments that balance the deal: those of the edge a solution lies on.

        Two edges' where it lies on a kink.
        """
        u = float(self.solve(rule=rule).payoffs[0])
        curve = self.contract_curve()
        size = 1e-9 * max(abs(float(c.payoffs[0])) for c in curve)
        found: list[str] = []
        for a, b in pairwise(curve):
            if float(a.payoffs[0]) - size <= u <= float(b.payoffs[0]) + size:
                found += b.moved
        return tuple(found)

    def instruments(self) -> pd.DataFrame:
        """Issues by price, the cheap instrument of each giver first, with what solutions use.

        Columns: issue, unit, giver, price (utils of the giver for one of the receiver), upper,
        agreed, and the level by each rule.
        """
        import pandas as pd

        found = {rule: self.solve(rule=rule).terms for rule in RULES}
        rows = [
            (i.name, i.unit, i.giver, i.price, float(i.upper),
             math.nan if i.agreed is None else float(i.agreed),
             *(float(found[rule][i.name]) for rule in RULES))
            for i in self.issues
        ]  # fmt: skip
        columns = ["issue", "unit", "giver", "price", "upper", "agreed", *RULES]
        table = pd.DataFrame(rows, columns=columns)
        return table.sort_values(["giver", "price"], ascending=[False, True], ignore_index=True)

    def linkage(self) -> pd.DataFrame:
        """What linking issues is worth: Nash's gains from parts of the package.

        Rows: every issue settled by itself; what the captor gives against each single issue that
        the pausing state gives; the package without one of them; the package. Columns: package,
        captor, pausing_state (gains, utils), and share, the geometric mean of both gains in parts
        of the whole package's.
        """
        import pandas as pd

        given = [i for i in self.issues if i.giver == "captor"]
        paid = [i for i in self.issues if i.giver == "pausing state"]
        other = [i for i in self.issues if i.giver in ("both", "nobody")]
        alone = [_gains(self, [i]) for i in self.issues]
        rows = [("each issue by itself", sum(x for x, _ in alone), sum(y for _, y in alone))]
        rows += [(f"{i.name} only", *_gains(self, [*given, *other, i])) for i in paid]
        if len(paid) > 2:
            rows += [
                (f"without {i.name}", *_gains(self, [k for k in self.issues if k is not i]))
                for i in paid
            ]
        rows.append(("package", *_gains(self, self.issues)))
        table = pd.DataFrame(rows, columns=["package", "captor", "pausing_state"])
        product = (table["captor"] * table["pausing_state"]).clip(lower=0.0) ** 0.5
        whole = float(product.iloc[-1])
        return table.assign(share=product / whole if whole > 0 else 0.0)

    def table(self) -> pd.DataFrame:
        """The contract curve and the solutions on it.

        Columns: what ("corner" or a rule), captor, pausing_state (gains, utils), moved, price, and
        a column an issue.
        """
        import pandas as pd

        rows = [
            ("corner", *map(float, c.payoffs), ", ".join(c.moved),
             math.nan if c.price is None else float(c.price), *map(float, c.levels))
            for c in self.contract_curve()
        ]  # fmt: skip
        for rule in RULES:
            found = self.solve(rule=rule)
            marginal = ", ".join(self.marginal(rule))
            rows.append((rule, *map(float, found.payoffs), marginal, math.nan,
                         *map(float, found.terms.values())))  # fmt: skip
        columns = ["what", "captor", "pausing_state", "moved", "price", *self.names]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """The package, the cheap and the marginal instrument, and what linkage is worth."""
        found = self.solve()
        if not found.gains.astype(float).min() > 0:
            return "No package gives both sides more than no agreement."
        shown = ", ".join(
            f"{i.name} {float(found.terms[i.name]):.4g} of {float(i.upper):.4g}"
            for i in self.issues
        )
        paid = [i for i in self.issues if i.giver == "pausing state" and math.isfinite(i.price)]
        balance = "The issue that balances is " + " and ".join(self.marginal())
        if paid:
            least = min(paid, key=lambda i: i.price)
            balance = (
                f"The cheapest instrument is {least.name} (a util costs {least.price:.2f}), the "
                f"one that balances {' and '.join(self.marginal())}"
            )
        alone = all(i.giver != "nobody" for i in self.issues)
        return (
            f"Nash's package: {shown}. {balance}"
            f"{'; each issue by itself is settled at nothing' * alone}."
        )


def _worth(values: list[Pair], levels: Iterable[Fraction]) -> Pair:
    c, d = ZERO, ZERO
    for (x, y), level in zip(values, levels, strict=True):
        c, d = c + x * level, d + y * level
    return c, d


def _gains(model: LinearIssues, issues: Iterable[Issue]) -> tuple[float, float]:
    found = replace(model, issues=tuple(issues)).solve()
    return float(found.payoffs[0]), float(found.payoffs[1])


def point_by_rule(
    curve: tuple[Corner, ...], rule: Rule, weight: Fraction
) -> tuple[tuple[Number, ...], tuple[Number, ...]]:
    """Gains and levels of the solution on a contract curve, with no agreement at (0, 0).

    Each edge is ``price x + y = height`` in gains (x, y). Where gains have to be equal, in utils
    or in shares, some may be thrown away: they are then below those of the levels.
    """
    u = [(Fraction(c.payoffs[0]), Fraction(c.payoffs[1])) for c in curve]
    edges = [(Fraction(b.price or 0), x[1] + Fraction(b.price or 0) * x[0])
             for x, b in zip(u, curve[1:], strict=False)]  # fmt: skip
    # the whole region of gains: below every edge, left of the last corner, below the first
    lines = [*((p, Fraction(1), h) for p, h in edges), (ZERO, Fraction(1), u[0][1]),
             (Fraction(1), ZERO, u[-1][0])]  # fmt: skip
    if min(right / (p + q) for p, q, right in lines) <= 0:
        return (ZERO, ZERO), (ZERO,) * len(curve[0].levels)
    if rule == "nash":
        x = _nash_gain(u, edges, weight)
        return (x, min(h - p * x for p, q, h in lines if q > 0)), _levels(u, curve, x)
    best = (min(r / p for p, _, r in lines if p > 0), min(r / q for _, q, r in lines if q > 0))
    along = best if rule == "kalai-smorodinsky" else (Fraction(1), Fraction(1))
    t = min(r / (p * along[0] + q * along[1]) for p, q, r in lines)
    return (t * along[0], t * along[1]), _levels(u, curve, t * along[0])


def _levels(u: list[Pair], curve: tuple[Corner, ...], x: Fraction) -> tuple[Number, ...]:
    """Levels on the curve where the captor gains x, or the first corner's where that is more."""
    for (a, b), (one, two) in zip(pairwise(u), pairwise(curve), strict=True):
        if x <= b[0]:
            share = max((x - a[0]) / (b[0] - a[0]), ZERO)
            pairs = zip(one.levels, two.levels, strict=True)
            return tuple(Fraction(m) + share * (Fraction(n) - Fraction(m)) for m, n in pairs)
    return tuple(Fraction(level) for level in curve[-1].levels)


def _nash_gain(u: list[Pair], edges: list[Pair], weight: Fraction) -> Fraction:
    """The captor's gain: its share th of the height over the price, on the edge where that lies."""
    x = u[0][0]
    for k, (price, height) in enumerate(edges):
        best = weight * height / price
        if best <= u[k][0]:
            return u[k][0]
        x = min(best, u[k + 1][0])
        if best <= u[k + 1][0]:
            break
    return x
