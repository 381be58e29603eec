"""The terms of one exchange: a divided dollar, and captives against days of pause."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from ceasefire.bargaining._words import counted
from ceasefire.bargaining.interface import Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import BargainingProblem
    from ceasefire.solvers import BargainingSolution
    from ceasefire.truce import Scenario

Number = float | Fraction
Rule = Literal["nash", "kalai-smorodinsky", "egalitarian"]
RULES: tuple[Rule, ...] = ("nash", "kalai-smorodinsky", "egalitarian")
PLAYERS = ("captor", "pausing state")
HALF = Fraction(1, 2)
MOST_OUTCOMES = 200_000  # whole captives times whole days to compare


def require(where: str, value: object, low: float, high: float, allowed: str) -> None:
    """Refuse what is not a finite number with ``low < value <= high``; no bound, `high` inf."""
    fine = isinstance(value, int | float | Fraction) and not isinstance(value, bool)
    if not (fine and math.isfinite(value) and low < value <= high):  # type: ignore[arg-type,operator]
        raise ArgumentError(where, value, allowed)


def require_weight(weight: object) -> None:
    """Refuse a weight of the captor that is not strictly between 0 and 1."""
    allowed = "a number between 0 and 1, not either"
    require("weight", weight, 0, 1, allowed)
    if weight == 1:
        raise ArgumentError("weight", weight, allowed)


def rule_weights(rule: str, weight: Number) -> tuple[Fraction, Fraction] | None:
    """The weights of a rule: Nash's are the parties'; the others take equal ones.

    Raises
    ------
    ArgumentError
        The model states no closed form of this rule.
    """
    if rule not in RULES:
        raise ArgumentError("rule", rule, f"one of {', '.join(RULES)}")
    return (Fraction(weight), 1 - Fraction(weight)) if rule == "nash" else None


@dataclass(frozen=True)
class DividedDollar(Model):
    r"""Divide a dollar: ``u = (x, (1 - x)^a)``, the second side risk averse for a < 1.

    Nash's solution with weight th on the first side maximises ``th log x + (1 - th) a log(1-x)``:

    .. math:: x = \frac{\theta}{\theta + (1 - \theta) a}.

    Kalai and Smorodinsky's is the root of ``x = (1 - x)^a``; both ideal gains being 1, it is
    egalitarian too.

    Parameters
    ----------
    curvature : float or Fraction
        a in (0, 1]: 1 for utility linear in the share.
    weight : float or Fraction
        th in (0, 1), bargaining power of the first side.

    Notes
    -----
    *Captures:* who fears no deal more gets less: the more risk averse side, and by the same
    formula the side with less power. *Leaves out:* several issues, indivisible ones, what follows.

    *Traps.* Nash and Kalai-Smorodinsky disagree on a curved frontier, though neither changes with
    the scale of utility. For a > 1 the set is not convex and lotteries would be used: refused.

    References
    ----------
    J. Nash (1950), "The bargaining problem", Econometrica 18:155-162. E. Kalai and M. Smorodinsky
    (1975), "Other solutions to Nash's bargaining problem", Econometrica 43:513-518. THEORY.md B1.

    Examples
    --------
    >>> dollar = DividedDollar(curvature=0.5)
    >>> [round(float(dollar.solve(rule=r).payoffs[0]), 9) for r in ("nash", "kalai-smorodinsky")]
    [0.666666667, 0.618033989]
    """

    curvature: Number = HALF
    weight: Number = HALF

    def __post_init__(self) -> None:
        require("curvature", self.curvature, 0, 1, "a number above 0, at most 1")
        require_weight(self.weight)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> DividedDollar:
        """The first side is the captor, with the weight that its impatience and the relay give.

        That weight is the integrated model's (THEORY.md A5). Scenarios say nothing about risk
        aversion: the curvature stays 1/2, the case of THEORY.md B1.
        """
        from ceasefire.truce.talks import bargaining_weight

        return cls(weight=bargaining_weight(scenario.symbols()))

    def game(self) -> BargainingProblem:
        """State it for `solvers.axiomatic`."""
        from ceasefire.games import BargainingProblem

        a = float(self.curvature)
        return BargainingProblem.frontier(
            lambda x: (1.0 - x) ** a, slope=lambda x: -a * (1.0 - x) ** (a - 1), low=0, high=1,
            disagreement=[0, 0], players=PLAYERS, title="divided dollar",
        )  # fmt: skip

    def solve(self, *, rule: Rule = "nash") -> BargainingSolution:
        """Apply a rule to the curve, by roots."""
        from ceasefire.solvers import axiomatic

        return axiomatic(self.game(), rule=rule, weights=rule_weights(rule, self.weight))

    def closed_form(self, *, rule: Rule = "nash") -> BargainingSolution:
        """The formula above, with its certificate."""
        from ceasefire.solvers import assess_agreement

        weights = rule_weights(rule, self.weight)
        x = self.share(rule)
        payoffs = [x, (1 - x) ** float(self.curvature)]
        return assess_agreement(
            self.game(), payoffs, rule=rule, weights=weights, method="closed form"
        )

    def share(self, rule: Rule = "nash") -> float:
        """What the first side gets."""
        th, a = float(self.weight), float(self.curvature)
        if rule == "nash":
            return th / (th + (1 - th) * a)
        low, high = 0.0, 1.0
        while high - low > 1e-16 and low < (low + high) / 2 < high:
            middle = (low + high) / 2
            low, high = (low, middle) if middle > (1 - middle) ** a else (middle, high)
        return (low + high) / 2

    def table(self) -> pd.DataFrame:
        """The first side's share by curvature and rule."""
        import pandas as pd

        rows = [
            (rule, k / 20, replace(self, curvature=k / 20).share(rule))
            for rule in RULES[:2]
            for k in range(1, 21)
        ]
        return pd.DataFrame(rows, columns=["rule", "curvature", "share"])

    def answer(self) -> str:
        """Both shares."""
        nash, ks = (self.share(rule) for rule in RULES[:2])
        return (
            f"With a second side of risk aversion {1 - float(self.curvature):.2f} and a weight of "
            f"{float(self.weight):.2f} the first side gets {nash:.3f} by Nash's rule and {ks:.3f} "
            "by Kalai and Smorodinsky's, which takes equal weights."
        )


@dataclass(frozen=True)
class DaysExplained(Displayed):
    """What makes a number of days for the whole block the answer of a rule.

    Attributes
    ----------
    days : Number
        D, the days asked about.
    least, most : Number
        Days for the whole block at which the captor, and the pausing state, would be indifferent.
    weight : Number
        The captor's weight with which Nash's solution is D to the day.
    weights_whole : tuple of float
        From which to which weight D is Nash's solution when days are whole.
    middles_whole : tuple of Number
        From where to where the middle of `least` and `most` may lie, at equal weights, for D to
        be Nash's solution when days are whole: D - 1/2 to D + 1/2.
    nash, kalai_smorodinsky, egalitarian : Number
        Days that the rules give when they are divisible, Nash at the model's weight.
    """

    days: Number
    least: Number
    most: Number
    weight: Number
    weights_whole: tuple[float, float]
    middles_whole: tuple[Number, Number]
    nash: Number
    kalai_smorodinsky: Number
    egalitarian: Number

    def __repr__(self) -> str:
        low, high = self.weights_whole
        return (
            f"{float(self.days):g} days lie in ({float(self.least):.4g}, {float(self.most):.4g}); "
            f"Nash at weight {float(self.weight):.4g}, in whole days from {low:.4g} to {high:.4g}; "
            f"rules give {float(self.nash):.4g}, {float(self.kalai_smorodinsky):.4g}, "
            f"{float(self.egalitarian):.4g}"
        )


@dataclass(frozen=True)
class TwoIssueExchange(Model):
    r"""Captives against days of pause: ``u_C = a d - c n``, ``u_D = v n - k d``.

    ``n <= N`` captives are freed over d days. The captor accepts c/a days for a captive or more,
    the pausing state gives v/k or less. If ``v/k > c/a`` all are freed, for

    .. math:: d = N \left[(1 - \theta) \frac{c}{a} + \theta \frac{v}{k}\right]

    days by Nash's solution with weight th on the captor: **the price of a captive in days is the
    mean of the two reservation prices.** Kalai and Smorodinsky's coincides at equal weights, the
    frontier being straight; the egalitarian one is ``N (v + c) / (a + k)``. With a cap on days:
    gains x, y from no deal are those with ``k x + a y <= N K`` and ``v x + c y <= d_max K``,
    ``K = a v - c k``, and each rule is in closed form on that.

    Parameters
    ----------
    captives : float or Fraction
        N, captives that may be freed.
    captive_value, captive_cost : float or Fraction
        v and c, utils a captive, to the pausing state and to the captor.
    day_gain, day_cost : float or Fraction
        a and k, utils a day of pause, to the captor and to the pausing state.
    days_max : float or Fraction, optional
        Cap on days.
    weight : float or Fraction
        th in (0, 1), the captor's bargaining power; used by Nash's rule alone.
    agreed_days : float or Fraction
        What the terms are compared with, days.

    Notes
    -----
    *Captures:* why 50 captives for 4 days: 12.5 a day where the clause later asks 10.
    *Leaves out:* prisoners (net of which v is taken), rising costs of days and of the last
    captives, what the block is worth as an opening, distrust: see the integrated model for these.

    *Traps.* Nash's and Kalai and Smorodinsky's days do not change when a side's utils are
    rescaled, the egalitarian ones do. A cap that binds breaks Nash = Kalai-Smorodinsky. Captives
    and days that are whole make the set non-convex: `whole` compares all whole terms, reports the
    payoffs with lotteries beside them, and whether outcomes tie.

    References
    ----------
    J. Nash (1950), "The bargaining problem", Econometrica 18:155-162; E. Kalai (1977), IJGT
    6:129-133 (weights). THEORY.md B2.

    Examples
    --------
    >>> from fractions import Fraction
    >>> model = TwoIssueExchange(50, captive_value=1, captive_cost=Fraction(35, 100), day_gain=10,
    ...                          day_cost=8)
    >>> model.solve()
    nash: payoffs captor 45/2, pausing state 18; 50 captives, 4 days; exact; walk along the ...
    >>> [str(model.days(r)) for r in ("nash", "kalai-smorodinsky", "egalitarian")]
    ['4', '4', '15/4']
    >>> model.replace(weight=Fraction(3, 10)).days()
    Fraction(31, 10)
    """

    captives: Number
    captive_value: Number
    captive_cost: Number
    day_gain: Number
    day_cost: Number
    days_max: Number | None = None
    weight: Number = HALF
    agreed_days: Number = 4

    def __post_init__(self) -> None:
        names = ("captives", "captive_value", "captive_cost", "day_gain", "day_cost")
        for name in (*names, "agreed_days"):
            require(name, getattr(self, name), 0, math.inf, "a number above 0")
        if self.days_max is not None:
            require("days_max", self.days_max, 0, math.inf, "a number above 0, or None")
        require_weight(self.weight)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> TwoIssueExchange:
        """The first block of a scenario, on its own.

        N, v and a are the scenario's; c is the mean retention value of the block,
        ``C(W0, n0) / n0``; k the mean cost of its days, to the middle of those agreed (4 where
        nothing was observed); the cap is the scenario's; the weight follows from impatience and
        the relay (THEORY.md A5). `agreed_days` is the first chunk observed.
        """
        from ceasefire.truce.payoffs import release_loss
        from ceasefire.truce.talks import bargaining_weight

        p = scenario.symbols()
        seen = scenario.observed.chunks if scenario.observed else ()
        agreed = seen[0] if seen else 4
        loss = float(release_loss(p, p.W0, p.n0)) / p.n0
        return cls(
            captives=p.n0, captive_value=p.v, captive_cost=loss,
            day_gain=p.g, day_cost=p.k0 + p.k1 * (agreed - 1) / 2, days_max=p.J,
            weight=bargaining_weight(p), agreed_days=agreed,
        )  # fmt: skip

    @property
    def reservation_prices(self) -> tuple[Number, Number]:
        """c/a and v/k: the least days a captive the captor takes, and the most it is given."""
        return _ratio(self.captive_cost, self.day_gain), _ratio(self.captive_value, self.day_cost)

    @property
    def trades(self) -> bool:
        """Whether some price suits both: v/k > c/a."""
        low, high = self.reservation_prices
        return high > low

    def game(self) -> BargainingProblem:
        """State it for `solvers.axiomatic`: issues captives and days."""
        from ceasefire.games import BargainingProblem

        return BargainingProblem.issues(
            [[-self.captive_cost, self.day_gain], [self.captive_value, -self.day_cost]],
            upper=[self.captives, self.days_max], disagreement=[0, 0], players=PLAYERS,
            labels=["captives", "days"], title="captives for days",
        )  # fmt: skip

    def solve(self, *, rule: Rule = "nash") -> BargainingSolution:
        """Apply a rule to the feasible set, in fractions, knowing nothing of prices."""
        from ceasefire.solvers import axiomatic

        game = self.game()
        weights = rule_weights(rule, self.weight)
        return axiomatic(game, rule=rule, weights=weights, exact=game.is_exact)

    def closed_form(self, *, rule: Rule = "nash") -> BargainingSolution:
        """The formulas above, with their certificate."""
        from ceasefire.solvers import assess_agreement

        weights = rule_weights(rule, self.weight)
        return assess_agreement(
            self.game(), levels=self.terms(rule), rule=rule, weights=weights, method="closed form"
        )

    def days(self, rule: Rule = "nash") -> Number:
        """Days of pause by closed form."""
        return self.terms(rule)[1]

    def price(self, rule: Rule = "nash") -> Number:
        """Days of pause a captive freed, by closed form; nan where none is freed."""
        n, d = self.terms(rule)
        return d / n if n else math.nan

    def terms(self, rule: Rule = "nash") -> tuple[Number, Number]:
        """Captives and days by closed form."""
        weights = rule_weights(rule, self.weight)
        if not self.trades:
            return Fraction(0), Fraction(0)
        N, v, c, a, k = self._numbers()
        K = a * v - c * k
        top = self.days_max if self.days_max is None else Fraction(self.days_max)
        if weights is not None:
            n, d = _nash_terms(N, top, weights, c / a, v / k)
        else:
            lines = [(k, a, N * K)] + ([] if top is None else [(v, c, top * K)])
            x = min(right / p for p, _, right in lines)
            y = min(right / q for _, q, right in lines)
            along = (x, y) if rule == "kalai-smorodinsky" else (Fraction(1), Fraction(1))
            t = min(right / (p * along[0] + q * along[1]) for p, q, right in lines)
            gains = t * along[0], t * along[1]
            n, d = (k * gains[0] + a * gains[1]) / K, (v * gains[0] + c * gains[1]) / K
        return (n, d) if self._exact else (float(n), float(d))

    def whole(self, *, rule: Rule = "nash") -> BargainingSolution:
        """The best whole number of captives and days, all compared.

        Its `relaxed` has the payoffs that lotteries over whole terms would give; `ties` the
        outcomes that are as good. No more days are compared than would leave the pausing state
        without gain.

        Raises
        ------
        ArgumentError
            There are more than 200,000 outcomes.
        """
        from ceasefire.games import BargainingProblem
        from ceasefire.solvers import axiomatic

        N, v, c, a, k = self._numbers()
        top = math.floor(N * v / k)
        top = top if self.days_max is None else min(top, math.floor(self.days_max))
        count = (math.floor(N) + 1) * (top + 1)
        if count > MOST_OUTCOMES:
            raise ArgumentError("captives", float(N), f"fewer: {count} outcomes, at most 200,000")
        pairs = [(n, d) for n in range(math.floor(N) + 1) for d in range(top + 1)]
        pairs = [(n, d) for n, d in pairs if a * d >= c * n and v * n >= k * d]
        game = BargainingProblem.outcomes(
            [[a * d - c * n, v * n - k * d] for n, d in pairs], disagreement=[0, 0],
            labels=[f"{n} for {d} days" for n, d in pairs], players=PLAYERS,
            title="whole captives for whole days",
        )  # fmt: skip
        return axiomatic(game, rule=rule, weights=rule_weights(rule, self.weight))

    def explains(self, days: Number | None = None) -> DaysExplained:
        """What weight, or which reservation prices, make `days` the answer for all N captives.

        Parameters
        ----------
        days : float or Fraction, optional
            By default `agreed_days`.

        Raises
        ------
        ArgumentError
            Not between what the captor would accept and what the pausing state would give.
        """
        asked = self.agreed_days if days is None else days
        low, high = (Fraction(self.captives) * Fraction(price) for price in self.reservation_prices)
        D = Fraction(asked) if self._exact else Fraction(float(asked))
        if not low < D < high:
            allowed = f"above {float(low):.4g} and below {float(high):.4g}, where both gain"
            raise ArgumentError("days", float(D), allowed, "no weight makes a loss acceptable")
        nash, ks, equal = (replace(self, days_max=None).days(rule) for rule in RULES)
        weight = (D - low) / (high - low)
        return DaysExplained(
            asked, _shown(low, self._exact), _shown(high, self._exact), _shown(weight, self._exact),
            (_switch(float(D) - 1, float(low), float(high)),
             _switch(float(D), float(low), float(high))),
            (asked - HALF, asked + HALF), nash, ks, equal,
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Days and payoffs by rule, and by the captor's weight under Nash's rule.

        `days_whole` is Nash's solution for all captives in whole days.
        """
        import pandas as pd

        rows: list[tuple[str, float, float, float, float, float]] = []
        for rule in RULES:
            found = self.solve(rule=rule)
            n, d = (float(x) for x in found.terms.values())
            x, y = (float(u) for u in found.payoffs)
            rows.append((rule, float(self.weight), n, d, x, y))
        for k in range(1, 20):
            at = replace(self, weight=Fraction(k, 20))
            n, d = (float(x) for x in at.terms())
            _, v, c, a, cost = (float(x) for x in self._numbers())
            rows.append(("nash by weight", k / 20, n, d, a * d - c * n, v * n - cost * d))
        columns = ["rule", "weight", "captives", "days", "captor", "pausing_state"]
        table = pd.DataFrame(rows, columns=columns)
        low, high = (float(self.captives) * float(p) for p in self.reservation_prices)
        cap = math.inf if self.days_max is None else float(self.days_max)
        whole = [_whole_days(low, high, w, cap) if self.trades else 0 for w in table["weight"]]
        return table.assign(days_whole=whole, least_days=low, most_days=high)

    def answer(self) -> str:
        """The days by each rule, and what makes the agreed ones the answer."""
        low, high = (float(self.captives) * float(p) for p in self.reservation_prices)
        if not self.trades:
            return (
                f"No exchange: the captor wants at least {low:.1f} days for {self.captives:g}, the "
                f"pausing state gives at most {high:.1f}."
            )
        days = [float(self.days(rule)) for rule in RULES]
        said = (
            f"For {counted(self.captives, 'captive')} the captor takes {low:.1f} days or more and "
            f"the pausing state gives {high:.1f} or fewer: {days[0]:.1f} days by Nash's rule, "
            f"{days[1]:.1f} by Kalai and Smorodinsky's, {days[2]:.1f} with equal gains."
        )
        if not low < self.agreed_days < high:
            return said
        found = self.explains()
        return said + (
            f" {float(found.days):g} days are Nash's answer at a captor's weight of "
            f"{float(found.weight):.2f}, in whole days from {found.weights_whole[0]:.2f} to "
            f"{found.weights_whole[1]:.2f}."
        )

    @property
    def _exact(self) -> bool:
        return self.game().is_exact and not isinstance(self.weight, float)

    def _numbers(self) -> tuple[Fraction, ...]:
        """N, v, c, a, k in fractions; floats by their own binary values."""
        names = ("captives", "captive_value", "captive_cost", "day_gain", "day_cost")
        return tuple(Fraction(getattr(self, name)) for name in names)


def _nash_terms(
    N: Fraction, top: Fraction | None, weights: tuple[Fraction, Fraction], low: Fraction,
    high: Fraction,
) -> tuple[Fraction, Fraction]:  # fmt: skip
    """All captives at the weighted price; past the cap, days at the cap and fewer captives."""
    th = weights[0]
    d = N * ((1 - th) * low + th * high)
    if top is None or d <= top:
        return N, d
    return min(N, top * ((1 - th) / low + th / high)), top


def _ratio(x: Number, y: Number) -> Number:
    return x / y if isinstance(x, float) or isinstance(y, float) else Fraction(x) / Fraction(y)


def _shown(x: Fraction, exact: bool) -> Number:
    return x if exact else float(x)


def _switch(days: float, low: float, high: float) -> float:
    """The captor's weight at which d and d + 1 whole days are equally good; 0 or 1 at the ends."""
    if days <= low:
        return 0.0
    if days + 1 >= high:
        return 1.0
    captor = math.log((days + 1 - low) / (days - low))
    pauser = math.log((high - days) / (high - days - 1))
    return pauser / (captor + pauser)


def _whole_days(low: float, high: float, weight: float, cap: float) -> int:
    """Nash's solution in whole days up to `cap` for all captives; 0 where none lies between."""
    inside = [d for d in range(math.ceil(low), math.floor(high) + 1) if low < d < high and d <= cap]
    if not inside:
        return 0
    return max(inside, key=lambda d: weight * math.log(d - low) + (1 - weight) * math.log(high - d))
