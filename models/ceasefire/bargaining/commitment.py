"""Promises that power undoes, and threats too large to be believed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining._staged import Number, checked, checked_count, exact
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm, StochasticGame
    from ceasefire.truce import Scenario

TOLERANCE = 1e-9
HALVINGS = 200


@dataclass(frozen=True)
class Shift(Displayed):
    """Whether a coming shift of power means war now.

    Attributes
    ----------
    war : bool
    largest_peaceful : float
        The largest later p2 at which peace still holds.
    peace_value, war_value : float
        What the declining side gets at most in peace, and from war now; shares of the pie, per
        period.
    method : str
    status : Status
    certificate : Checks
    """

    war: bool
    largest_peaceful: float
    peace_value: float
    war_value: float
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        return (
            f"{'war now' if self.war else 'peace'}; peace holds up to p2 = "
            f"{self.largest_peaceful:.8f}; declining side: {self.peace_value:.6f} in peace, "
            f"{self.war_value:.6f} from war; {self.method}; {self.status}"
        )


@dataclass(frozen=True)
class PowerShift(Model):
    r"""A rising side cannot promise today to stay moderate once it is strong.

    Shares of a pie of 1 a period, averaged at delta. War now gives the rising side p1 and the
    declining side ``1 - p1 - c_d``, for ever; later the rising side would win p2 > p1. In peace the
    declining side gets at most the whole pie now, and later the least that keeps the risen side
    from war, or what its own reservation is, ``1 - p2 + c_r``. War comes now if and only if

    .. math:: \delta p_2 - p_1 > c_d + \delta c_r .

    Parameters
    ----------
    discount : float or Fraction
        delta in (0, 1).
    power_now, power_later : float or Fraction
        p1 and p2 in [0, 1]: chances that the rising side wins.
    cost_declining, cost_rising : float or Fraction
        c_d and c_r, at least 0, shares of the pie per period.

    Notes
    -----
    *Captures:* leverage that fades or grows: the captor's falls as the pool drains, the pausing
    state's position may improve during a pause; who will be weaker may prefer war now.
    *Leaves out:* slow shifts that can be stopped, deals that move power themselves.

    *Traps.* Costs on both sides widen peace, but only the later cost is discounted.

    References
    ----------
    J. Fearon (2004), Journal of Peace Research 41:275-301. R. Powell (2006), "War as a commitment
    problem", International Organization 60:169-203. THEORY.md H7.

    Examples
    --------
    >>> PowerShift(0.9, 0.3, 0.6, 0.1, 0.1).closed_form()
    war now; peace holds up to p2 = 0.54444444; declining side: 0.550000 in peace, 0.600000 ...
    """

    discount: Number
    power_now: Number
    power_later: Number
    cost_declining: Number
    cost_rising: Number

    def __post_init__(self) -> None:
        checked("discount", self.discount, 0, 1, "a number above 0 and below 1")
        for name in ("power_now", "power_later"):
            checked(name, getattr(self, name), -1e-300, 1 + 1e-15, "a chance from 0 to 1")
        for name in ("cost_declining", "cost_rising"):
            checked(name, getattr(self, name), -1e-300, math.inf, "a number from 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> PowerShift:
        """The captor declines as the pool drains: p is the pausing state's side.

        Power now is 1 less the leverage of the whole pool, later of what is left after the first
        block, both as retention value at the margin over its last-captive worth; costs are a day of
        pause and its cost over the pool's worth; delta the chance of no incident in ten days.
        """
        from ceasefire.bargaining._windows import require_worth
        from ceasefire.truce.payoffs import retained_value

        p = scenario.symbols()
        require_worth(p)
        whole = float(retained_value(p, p.W0))
        rest = float(retained_value(p, max(p.W0 - p.n0, 0.0)))
        floor = float(retained_value(p, 0.0))
        left = (rest - floor) / max(whole - floor, 1e-9)
        pool = p.v * p.W0
        delta = min(max((1 - p.beta) ** 10, 1e-3), 1 - 1e-6)
        return cls(delta, 0.5, 1 - 0.5 * min(max(left, 0.0), 1.0),
                   min(p.g / pool, 1.0), min(abs(p.k0) / pool, 1.0))  # fmt: skip

    def closed_form(self) -> Shift:
        """The inequality above."""
        d, p1, p2, cd, cr = self._numbers()
        war = d * p2 - p1 > cd + d * cr
        return self._described(bool(war), (p1 + cd + d * cr) / d, "closed form")

    def solve(self) -> Shift:
        """Backward induction on the tree; the largest peaceful p2 by bisection on trees."""
        low, high = Fraction(-10), Fraction(20)
        while not self._fights(high):
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if self._fights(middle) else (middle, high)
        war = self._fights(exact(self.power_later))
        return self._described(war, (low + high) / 2, "backward induction on the tree")

    def game(self, *, offers: int = 5) -> ExtensiveForm:
        """Now the rising side offers a share of the pie, the declining one takes it or fights.

        After peace the later period is worth its reservation value, ``1 - p2 + c_r``, to the
        declining side, and the rest to the other.
        """
        return self._tree(exact(self.power_later), checked_count("offers", offers, 2))

    def table(self) -> pd.DataFrame:
        """The declining side's worth of peace and of war against p2."""
        import pandas as pd

        rows = []
        for p2 in np.linspace(0, 1, 41):
            one = self.replace(power_later=float(p2)).closed_form()
            rows.append((float(p2), one.peace_value, one.war_value))
        return pd.DataFrame(rows, columns=["power_later", "peace", "war"])

    def answer(self) -> str:
        """War or peace, and how far from the threshold."""
        found = self.closed_form()
        what = "fights now" if found.war else "keeps the peace"
        most = found.largest_peaceful
        limit = "at any shift" if most >= 1 else f"up to {most:.2f}"
        return (
            f"The declining side {what}: the other's odds would go from "
            f"{float(self.power_now):.2f} to {float(self.power_later):.2f}; peace holds {limit}."
        )

    def _numbers(self) -> tuple[Fraction, ...]:
        return tuple(
            exact(x) for x in (self.discount, self.power_now, self.power_later,
                               self.cost_declining, self.cost_rising)
        )  # fmt: skip

    def _tree(self, later: Fraction, offers: int = 2) -> ExtensiveForm:
        from ceasefire.games import Decision, End, ExtensiveForm

        d, p1, _, cd, cr = self._numbers()
        after = 1 - later + cr

        def rules(state: tuple[str, ...]) -> Decision | End:
            shares = {f"offer {k}/{offers - 1}": Fraction(k, offers - 1) for k in range(offers)}
            if not state:
                return Decision("rising", {name: (name,) for name in shares})
            if len(state) == 1:
                return Decision("declining", {move: (*state, move) for move in ("take", "fight")})
            if state[1] == "fight":
                return End((p1 - cr, 1 - p1 - cd))
            x = shares[state[0]]
            mean = (1 - d) * x + d * after
            return End((1 - mean, mean))

        return ExtensiveForm.from_rules(
            (), rules, players=("rising", "declining"), title="shift of power"
        )

    def _fights(self, later: Fraction) -> bool:
        """Whether even the whole pie now is refused; who is indifferent takes it."""
        from ceasefire.solvers import subgame_perfect

        tree = self._tree(later)
        found = subgame_perfect(tree, exact=True)
        _, p1, _, cd, _ = self._numbers()
        fought = 1 - p1 - cd
        top = max(float(one.payoffs[1]) for one in found)
        whole = (1 - self._numbers()[0]) + self._numbers()[0] * (1 - later + self._numbers()[4])
        return bool(whole < fought) and math.isclose(top, float(fought))

    def _described(self, war: bool, largest: Fraction, method: str) -> Shift:
        d, p1, p2, cd, cr = self._numbers()
        peace, fight = (1 - d) + d * (1 - p2 + cr), 1 - p1 - cd
        at = (1 - d) + d * (1 - largest + cr) - fight
        checks = Checks(
            {"peace less war at the largest peaceful p2": abs(float(at)),
             "war against the better of the two": float(abs(int(war) - int(fight > peace)))},
            TOLERANCE,
        )  # fmt: skip
        status = Status.OK if checks.passed else Status.EXPLOITABLE
        return Shift(war, float(largest), float(peace), float(fight), method, status, checks)


@dataclass(frozen=True)
class Threat(Displayed):
    """The best threat that leaves something to chance.

    Attributes
    ----------
    chance : float
        Largest credible eps; 0 where no threat is.
    extracted : float
        What the threat is worth to who makes it, utils.
    method : str
    status : Status
    certificate : Checks
    """

    chance: float
    extracted: float
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        return (
            f"largest credible chance {self.chance:.8f}, worth {self.extracted:.8f} utils; "
            f"{self.method}; {self.status}"
        )


@dataclass(frozen=True)
class Brinkmanship(Model):
    r"""A threat of war that would hurt who makes it, made with a chance instead.

    Each period the challenger demands; a refusal is met with war with chance eps, which costs it
    W_A and the defender W_V. A defender that never gave in would lose
    ``X = eps W_V / (1 - delta (1 - eps))``, so that much can be extracted. Carrying out the threat
    is worth it only if what comes afterwards makes up for the risk,
    ``(1 - eps) delta X >= eps W_A``, which gives

    .. math:: \epsilon = \frac{\delta W_V - (1-\delta) W_A}{\delta (W_A + W_V)} .

    Parameters
    ----------
    cost_challenger, cost_defender : float or Fraction
        W_A, W_V > 0, utils.
    discount : float or Fraction
        delta in (0, 1).

    Notes
    -----
    *Captures:* pressure short of war: deadlines that may or may not hold, batches withheld for
    hours. *Leaves out:* private information about costs, demands in between.

    *Traps.* With eps in {0, 1} only, nothing can be extracted: the all-or-nothing threat is not
    believed. If ``delta W_V <= (1 - delta) W_A`` no threat is.

    References
    ----------
    M. Schwarz and K. Sonin (2008), "A theory of brinkmanship, conflicts, and commitments", Journal
    of Law, Economics, and Organization 24:163-183, in this discrete form. THEORY.md H8.

    Examples
    --------
    >>> Brinkmanship(5, 10, 0.95).closed_form()
    largest credible chance 0.64912281, worth 9.73684211 utils; closed form; solved
    """

    cost_challenger: Number
    cost_defender: Number
    discount: Number

    def __post_init__(self) -> None:
        checked("cost_challenger", self.cost_challenger, 0, math.inf, "a number above 0, utils")
        checked("cost_defender", self.cost_defender, 0, math.inf, "a number above 0, utils")
        checked("discount", self.discount, 0, 1, "a number above 0 and below 1")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Brinkmanship:
        """The captor threatens to end the pause: it loses a day of it, the other side a batch."""
        from ceasefire.bargaining._windows import require_gain, require_worth

        p = scenario.symbols()
        require_gain(p)
        require_worth(p)
        return cls(p.g, p.v * p.x, min(max(1 - p.beta, 1e-3), 1 - 1e-9))

    def closed_form(self) -> Threat:
        """The formula above."""
        return self._described(float(self._limit()), "closed form")

    def _limit(self) -> Fraction:
        """The largest credible chance."""
        a, v, d = map(exact, (self.cost_challenger, self.cost_defender, self.discount))
        return max((d * v - (1 - d) * a) / (d * (a + v)), Fraction(0))

    def solve(self) -> Threat:
        """The largest chance at which carrying it out pays, by bisection."""
        low, high = 0.0, 1.0
        if self._slack(1e-9) <= 0:
            return self._described(0.0, "bisection on the incentive to carry it out")
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self._slack(middle) >= 0 else (low, middle)
        return self._described(low, "bisection on the incentive to carry it out")

    def game(
        self, *, chance: Number | None = None, demand: Number | None = None, periods: int = 2
    ) -> ExtensiveForm:
        """State a few periods of demand and threat as a tree.

        In each the defender gives in, which moves `demand` to the challenger and ends it, or
        refuses; then the challenger carries out its threat, war with `chance` and otherwise the
        next period, or backs down for good. After the last period the defender gives in. By
        default the chance is the largest credible one, and the demand all that it extracts: at
        both, somebody is indifferent.
        """
        from ceasefire.bargaining._brink import brink

        a, v, d = map(exact, (self.cost_challenger, self.cost_defender, self.discount))
        eps = self._limit() if chance is None else exact(chance)
        checked("chance", eps, -1e-300, 1 + 1e-15, "a chance from 0 to 1")
        asked = eps * v / (1 - d * (1 - eps)) if demand is None else exact(demand)
        return brink((a, v), d, eps, asked, checked_count("periods", periods))

    def table(self) -> pd.DataFrame:
        """What is extracted at each chance, and whether the threat is credible."""
        import pandas as pd

        rows = [
            (float(e), self._worth(float(e)), bool(self._slack(float(e)) >= 0))
            for e in np.linspace(0, 1, 101)
        ]
        return pd.DataFrame(rows, columns=["chance", "extracted", "credible"])

    def answer(self) -> str:
        """The largest credible chance, and what it extracts."""
        found = self.closed_form()
        if found.chance <= 0:
            return "No threat of war is credible, however small its chance: it costs too much."
        return (
            f"A threat is believed up to a chance of {found.chance:.2f} and extracts "
            f"{found.extracted:.2f} of the {float(self.cost_defender):.2f} that war would cost the "
            "other side; a certain one extracts nothing."
        )

    def _worth(self, chance: float) -> float:
        """What a defender loses that never gives in, summed period by period."""
        v, d = float(self.cost_defender), float(self.discount)
        kept = d * (1 - chance)
        if kept >= 1 - 1e-12:
            return 0.0
        periods = min(math.ceil(-40 / math.log(kept)) if kept > 0 else 1, 10**6)
        return float(chance * v * np.power(kept, np.arange(max(periods, 1))).sum())

    def _slack(self, chance: float) -> float:
        a, d = float(self.cost_challenger), float(self.discount)
        return (1 - chance) * d * self._worth(chance) - chance * a

    def _described(self, chance: float, method: str) -> Threat:
        a, v, d = map(float, (self.cost_challenger, self.cost_defender, self.discount))
        worth = chance * v / (1 - d * (1 - chance))
        scale = a + v
        above = self._slack(min(chance + 1e-6, 1.0)) / scale if chance < 1 - 1e-6 else 0.0
        checks = Checks(
            {"loss from carrying it out": -self._slack(chance) / scale,
             "gain from a larger one still credible": above,
             "worth by summing over periods": abs(self._worth(chance) - worth) / scale},
            1e-8,
        )  # fmt: skip
        status = Status.OK if chance > 0 else Status.NO_DEAL
        return Threat(
            chance, worth, method, status if checks.passed else Status.EXPLOITABLE, checks
        )


@dataclass(frozen=True)
class Exits(Displayed):
    """Stationary equilibria of staying in a pause or leaving it.

    Attributes
    ----------
    staying : tuple of float
        Chance that either side stays on a day, by equilibrium, rising.
    worth : tuple of float
        Value to either side in each, utils.
    method : str
    status : Status
    certificate : Checks
    """

    staying: tuple[float, ...]
    worth: tuple[float, ...]
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        pairs = zip(self.staying, self.worth, strict=True)
        shown = "; ".join(f"stay with {y:.8f}, worth {v:.8f}" for y, v in pairs)
        return f"{shown}; {self.method}; {self.status}"


@dataclass(frozen=True)
class ExitOrPause(Model):
    r"""A pause lasts until someone leaves: each day both stay or leave.

    A day pays R if both stay, S to who stays alone, T to who leaves alone, P if both leave; it
    goes on, discounted by delta, only if both stay. Leaving is an equilibrium when ``P >= S``;
    staying for ever if and only if ``R >= (1 - delta) T``; between them one mixes, with

    .. math:: V = y T + (1-y) P = y (R + \delta V) + (1-y) S .

    Parameters
    ----------
    reward, sucker, temptation, punishment : float or Fraction
        R, S, T, P, utils, with ``P > S``.
    discount : float or Fraction
        delta in (0, 1).

    Notes
    -----
    *Captures:* that the same pause has a lasting, a fragile and no equilibrium, and that fear
    of the other's leaving is enough. *Leaves out:* stock, payments, private signals (Chassang).

    *Traps.* Homotopies started in the middle select leaving wherever 1/2 lies below y, although
    staying pays both more.

    References
    ----------
    S. Chassang (2010), "Fear of miscoordination and the robustness of cooperation in dynamic global
    games with exit", Econometrica 78:973-1006, without its private signals. THEORY.md H9.

    Examples
    --------
    >>> ExitOrPause(2, -1, 3, 0, discount=0.6).closed_form()
    stay with 0.00000000, worth 0.00000000; stay with 0.74535599, worth 2.23606798; stay with ...
    """

    reward: Number
    sucker: Number
    temptation: Number
    punishment: Number
    discount: Number

    def __post_init__(self) -> None:
        for name in ("reward", "sucker", "temptation", "punishment"):
            checked(name, getattr(self, name), -math.inf, math.inf, "a finite number, utils")
        if not self.punishment > self.sucker:
            raise ArgumentError("punishment", self.punishment, f"above sucker, {self.sucker}")
        checked("discount", self.discount, 0, 1, "a number above 0 and below 1")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> ExitOrPause:
        """A day at the clause price, as in `DailyCompliance`, in the mean of both sides' utils."""
        from ceasefire.bargaining._windows import daily_discount
        from ceasefire.bargaining.compliance import day_payoffs

        sides = day_payoffs(scenario)
        T, R, P, S = (float(one + two) / 2 for one, two in zip(*sides, strict=True))
        return cls(R, S, T, P, max(daily_discount(scenario.symbols()), 1e-3))

    def closed_form(self) -> Exits:
        """Leave; the roots of the quadratic in y; stay where it is an equilibrium."""
        R, S, T, P, d = self._numbers()
        found = [0.0]
        a, b, c = d * (T - P), R + d * P - S - T + P, S - P
        roots = np.roots([float(a), float(b), float(c)]) if a != 0 else [float(-c / b)]
        for y in roots:
            if abs(complex(y).imag) < 1e-12 and 1e-12 < complex(y).real < 1 - 1e-12:
                found.append(float(complex(y).real))
        if (1 - d) * T <= R:
            found.append(1.0)
        return self._described(sorted(found), "closed form")

    def solve(self) -> Exits:
        """Symmetric stationary equilibria by the gain from one day of staying, others playing y.

        With ``V = Q / (1 - delta y^2)`` the worth of y for ever, the gain is a cubic over
        ``1 - delta y^2``: y = 0 where it is at most 0 there, 1 where at least 0, and its roots.
        """
        found = [0.0] if self._gain(Fraction(0)) <= 0 else []
        inside = [float(y.real) for y in np.roots(self._cubic()) if abs(y.imag) < 1e-9]
        found += [y for y in inside if 1e-12 < y < 1 - 1e-12]
        if self._gain(Fraction(1)) >= 0:
            found.append(1.0)
        return self._described(sorted(found), "roots of the gain from a day of staying")

    def game(self) -> StochasticGame:
        """One state, the pause; it ends unless both stay."""
        from ceasefire.games import Outcome, StateGame, StochasticGame

        R, S, T, P = map(exact, (self.reward, self.sucker, self.temptation, self.punishment))

        def outcome(first: str, second: str) -> Outcome:
            if first == second == "stay":
                return Outcome((R, R), "pause")
            if first == second:
                return Outcome((P, P), None)
            return Outcome((S, T) if first == "stay" else (T, S), None)

        acts = {"1": ["stay", "leave"], "2": ["stay", "leave"]}
        return StochasticGame.from_rules(
            "pause", lambda _: StateGame(acts, outcome), players=("1", "2"),
            discount=exact(self.discount), title="exit or pause",
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Chance to stay in each equilibrium against the discount factor."""
        import pandas as pd

        rows = []
        for delta in np.linspace(0.02, 0.99, 98):
            one = self.replace(discount=float(delta)).closed_form()
            rows += [(float(delta), y, v) for y, v in zip(one.staying, one.worth, strict=True)]
        return pd.DataFrame(rows, columns=["discount", "staying", "worth"])

    def answer(self) -> str:
        """How many equilibria, and how fragile the pause is."""
        found = self.closed_form()
        if len(found.staying) == 1:
            return "Both leave at once: staying is no equilibrium at this discount factor."
        inner = [y for y in found.staying if 0 < y < 1]
        edge = f"; it survives while each expects the other to stay with at least {inner[0]:.2f}"
        return (
            f"The pause has {len(found.staying)} equilibria, from leaving at once to a worth of "
            f"{max(found.worth):.1f} to either side{edge if inner else ''}."
        )

    def _numbers(self) -> tuple[Fraction, ...]:
        R, S, T, P, d = map(
            exact, (self.reward, self.sucker, self.temptation, self.punishment, self.discount)
        )
        return R, S, T, P, d

    def _gain(self, y: Fraction) -> Fraction:
        """Staying less leaving on a day, the other side staying with y now and both later."""
        R, S, T, P, d = self._numbers()
        worth = (y * y * R + y * (1 - y) * (S + T) + (1 - y) ** 2 * P) / (1 - d * y * y)
        return y * (R + d * worth - T) + (1 - y) * (S - P)

    def _cubic(self) -> list[float]:
        """Coefficients of the gain times ``1 - delta y^2``, from the highest power."""
        points = [Fraction(k, 3) for k in range(4)]
        scaled = [self._gain(y) * (1 - self._numbers()[4] * y * y) for y in points]
        third = (scaled[3] - 3 * scaled[2] + 3 * scaled[1] - scaled[0]) / 6
        second = (scaled[2] - 2 * scaled[1] + scaled[0]) / 2
        first = scaled[1] - scaled[0]
        # Newton's form in t = 3 y: f0 + first t + second t (t-1) + third t (t-1) (t-2)
        in_t = [third, second - 3 * third, first - second + 2 * third, scaled[0]]
        return [float(c * 3**power) for c, power in zip(in_t, (3, 2, 1, 0), strict=True)]

    def _described(self, staying: list[float], method: str) -> Exits:
        R, S, T, P, d = map(
            float, (self.reward, self.sucker, self.temptation, self.punishment, self.discount)
        )
        scale = max(R, S, T, P) - min(R, S, T, P)
        worth, gain = [], 0.0
        for y in staying:
            # both play y for ever: V = y^2 (R + d V) + y (1 - y) (S + T) + (1 - y)^2 P
            v = (y * y * R + y * (1 - y) * (S + T) + (1 - y) ** 2 * P) / (1 - d * y * y)
            stay, leave = y * (R + d * v) + (1 - y) * S, y * T + (1 - y) * P
            worth.append(v)
            gain = max(gain, (max(stay, leave) - v) / scale)
        checks = Checks({"gain from one other day": gain}, TOLERANCE)
        status = Status.OK if checks.passed and staying else Status.EXPLOITABLE
        return Exits(tuple(map(float, staying)), tuple(worth), method, status, checks)
