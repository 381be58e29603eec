r"""Staged release: what is handed over can never be taken back, so it is handed over in steps.

Three published models of one question: which steps are self-enforcing, when the harshest answer to
a broken promise is that nothing more ever follows? In each the temptation is the step of the day,
what holds it down is the worth of the steps to come, and so steps have to shrink for ever: **with a
known last step there is no first one.** The sequences are infinite; every finite grid of levels and
every known horizon has a last step and the answer there is exactly no trade.

Each model has ``closed_form()``, ``solve()`` (incentive constraints up to a horizon; beyond it
relaxed from above, or a known end) and ``game()``, which states it for the general engines. The
continuation after t steps is the same problem with a smaller stock, so a finite game may be closed
by an absorbing state worth the closed form's remainder (``tail="path"``): its equilibria then
begin with the closed form's steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining import _staged
from ceasefire.bargaining._level_game import LevelRules, level_game
from ceasefire.bargaining._staged import SHOWN, GameTail, Number, Staging, Tail, exact
from ceasefire.bargaining.instalments import Instalments
from ceasefire.bargaining.interface import Model
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.games import StochasticGame
    from ceasefire.truce import Scenario

    Floats = NDArray[np.float64]

__all__ = ["LockwoodThomas", "LockwoodThomasSmooth", "Instalments"]

KNOWN_END = 30  # days: what `table` sets beside the endless path
SHOOTING = "backward recursion over tight constraints"


@dataclass(frozen=True)
class LockwoodThomas(Model):
    r"""Two sides raise levels that can never fall; payoffs are linear, and there is a cap.

    Each day both choose a level ``c_i(t) >= c_i(t-1)``, at most the cap K, and earn
    ``b c_j - a c_i``, averaged at discount factor delta. Somebody that does not follow a step is
    answered by nobody moving again, so a common path is kept to when

    .. math:: (1-\delta) \sum_{s \ge 0} \delta^s (b-a) c_{t+s} \ge b c_t - a c_{t-1}.

    The best path has all of these tight. Its steps shrink by ``r = a / (delta b)`` from ``K(1-r)``
    towards the cap, and it is worth ``K(b - a/delta)`` a day; there is none if ``delta b <= a``.

    Parameters
    ----------
    cost, benefit : float or Fraction
        a and b with b > a > 0: what a unit of one's own level costs, and of the other's brings,
        utils per unit and day.
    discount : float or Fraction
        In [0, 1), per day: the chance that the story goes on, times patience.
    cap : float or Fraction
        The highest level, in units of what is released (captives; prisoners; roads opened).

    Notes
    -----
    *Captures:* releases that cannot be undone, on both sides, by reciprocity alone: why they start
    large, shrink, and never end. *Leaves out:* reversible flows (a pause can be ended overnight),
    whole captives, payments, private information.

    *Traps.* At ``delta = a/b`` exactly r is 1 and there is no first step. A program truncated at a
    day T that everybody knows has the answer 0; loose tolerances hide that (`_staged.program`).

    References
    ----------
    B. Lockwood and J. Thomas (2002), "Gradualism and irreversibility", Review of Economic Studies
    69:339-356, the linear case. THEORY.md D1.

    Examples
    --------
    >>> model = LockwoodThomas(cost=1, benefit=2, discount=0.9, cap=50)
    >>> model.closed_form()
    steps 22.2222, 12.3457, 6.85871, 3.81039, 2.11689, 1.17605, ...; payoff 44.4444444 utils; ...
    >>> model.solve(horizon=30, tail="none")
    no trade; payoff 0 utils; backward induction on steps; solved: the parties agree on nothing
    """

    cost: Number
    benefit: Number
    discount: Number
    cap: Number

    def __post_init__(self) -> None:
        _staged.checked_pair("benefit", self.benefit, self.cost)
        _staged.checked_discount(self.discount)
        _staged.checked("cap", self.cap, 0, math.inf, "a number above 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> LockwoodThomas:
        """Levels are captives freed and, on the other side, the days and prisoners given for them.

        ``b = v``; a/b is the geometric mean of what the two sides' costs are of their gains: the
        mean retention value over ``g / x`` for the captor, ``k0 / x`` over v for the pausing state.
        """
        from ceasefire.bargaining._windows import daily_discount, require_gain, require_worth
        from ceasefire.truce.payoffs import release_loss

        p = scenario.symbols()
        require_worth(p)
        require_gain(p)
        captor = float(release_loss(p, p.W0, p.W0)) / p.W0 / (p.g / p.x)
        pausing = max(p.k0, 0.0) / p.x / p.v
        part = min(max(math.sqrt(captor * pausing), 1e-6), 1 - 1e-6)
        return cls(cost=part * p.v, benefit=p.v, discount=daily_discount(p), cap=p.W0)

    @property
    def ratio(self) -> float:
        """``r = a / (delta b)``, by which steps shrink; from 1 on there is no trade."""
        return _staged.shrinkage(self.benefit, self.cost, self.discount)

    @property
    def total(self) -> float:
        """The cap."""
        return float(self.cap)

    def closed_form(self, *, steps: int = SHOWN) -> Staging:
        """The best symmetric path, its first `steps` steps listed."""
        count = _staged.checked_count("steps", steps)
        shares, worth = _staged.endless(self.benefit, self.cost, self.discount, count)
        return self._staging(shares, worth, None, "infinite")

    def solve(self, *, horizon: int | None = None, tail: Tail = "relaxed") -> Staging:
        """The best path by the incentive constraints of the first `horizon` days.

        Parameters
        ----------
        horizon : int, optional
            Days T; by default so many that more move nothing but rounding (1000 at most), and more
            are not used.
        tail : {"relaxed", "none"}
            Day T onwards: no incentives, so both jump to the cap (a bound from above that falls to
            the closed form, by about r a day); or T is known to be the end of all raising.
        """
        _staged.checked_tail(tail, ("relaxed", "none"))
        shares, worth, T = _staged.solved(self.benefit, self.cost, self.discount, horizon, tail)
        return self._staging(shares, worth, T, tail)

    def game(
        self, *, days: int | None = 3, tail: GameTail = "path",
        levels: Sequence[Number] | None = None, frozen: bool = False,
    ) -> StochasticGame:  # fmt: skip
        """State it as a stochastic game on a grid of levels, in fractions.

        Parameters
        ----------
        days : int or None
            Days on which levels can be raised; None: without end.
        tail : {"path", "none"}
            What follows a common level after the last day (with ``days=None`` at the top of the
            grid): the closed form's continuation from there, or that level for ever.
        levels : sequence, optional
            The grid, rising from 0 to at most the cap; by default the closed form's levels.
        frozen : bool
            Whether unequal levels end all raising by rule. If not, that is left to equilibrium.

        Notes
        -----
        Payoffs and chances are fractions. With ``tail="none"`` the only equilibrium payoff is 0,
        also without end on a finite grid, whose last step is known. With ``tail="path"`` no
        equilibrium gives the two together more than the closed form: the sum of their constraints
        is that of a symmetric path. Days on which neither moves are not punished by the tail.
        """
        grid = _grid(levels, self._path, days, self.cap)
        rules = LevelRules(grid, self._flow, _staged.tail_of(tail, self._carried), days, frozen)
        return level_game(rules, self.discount, "Lockwood and Thomas, linear")

    def table(self) -> pd.DataFrame:
        """Levels day by day: without a known end, and with the end known to be day 30."""
        known = self.solve(horizon=KNOWN_END, tail="none")
        return _levels(("no known end", self.closed_form()), (f"end known: day {KNOWN_END}", known))

    def answer(self) -> str:
        """The first steps, and what a known last day does."""
        found = self.closed_form()
        if not found.trades:
            return (
                f"Nobody ever moves: a step costs {float(self.cost):.4g} a unit, and patience "
                f"times its benefit, {float(self.discount) * float(self.benefit):.4g}, is no more."
            )
        return (
            f"Both raise their level by {found.steps[0]:.1f} of {self.total:g} on the first day "
            f"and by {self.ratio:.3f} of the last step on each further day; with a known last day "
            "nobody moves at all."
        )

    def days_to(self, *, within: float) -> float:
        """Days until what is still to come is at most `within` of the cap; inf without trade."""
        return _staged.days_to(self.ratio, within)

    def _flow(self, own: Any, other: Any) -> Any:
        return self._b * other - self._a * own

    def _carried(self, level: Fraction) -> Fraction:
        """What a common level is worth a day when the best path goes on from it."""
        d = exact(self.discount)
        more = self._b - self._a / d if d * self._b > self._a else Fraction(0)
        return (self._b - self._a) * level + (exact(self.cap) - level) * more

    def _path(self, count: int) -> list[Fraction]:
        cap, d = exact(self.cap), exact(self.discount)
        if d * self._b <= self._a:
            return [cap * t / count for t in range(count + 1)]
        return [cap * (1 - (self._a / (d * self._b)) ** t) for t in range(count + 1)]

    @property
    def _a(self) -> Fraction:
        return exact(self.cost)

    @property
    def _b(self) -> Fraction:
        return exact(self.benefit)

    def _staging(self, shares: Floats, worth: float, horizon: int | None, tail: str) -> Staging:
        cap, a, b = float(self.cap), float(self.cost), float(self.benefit)
        steps = cap * shares
        last = float(steps.sum())
        after = {"relaxed": (b - a) * cap, "none": (b - a) * last, "infinite": 0.0}[tail]
        if tail == "infinite":
            after = float(self._carried(exact(last)))
        second = None
        if tail == "relaxed" and horizon is not None:
            second = cap * _staged.recursion(b, a, self.discount, horizon, tail)[1]
        proof = _staged.level_certificate(
            steps, self.discount, lambda own, other: b * other - a * own, after, b * cap, second
        )
        limit = last if tail == "none" or not worth > 0 else cap
        return _staged.described(self, steps, None, cap * worth, limit, horizon, tail, proof)


@dataclass(frozen=True)
class LockwoodThomasSmooth(Model):
    r"""As `LockwoodThomas`, with a cost that rises: ``c_j - c_i^2 / 2`` a day, and no cap.

    Efficient is the level 1, worth 1/2. With all constraints tight ``delta c_{t+1} - c_t^2 / 2`` is
    the same every day, so

    .. math:: c_{t+1} = c_0 + c_t^2 / (2\delta), \qquad c_0 = \delta/2,

    the largest first step from which the path has a limit. It is **delta, short of the efficient
    level**, and the path is worth ``delta / 2``.

    Parameters
    ----------
    discount : float or Fraction
        In [0, 1), per day.

    Notes
    -----
    *Captures:* that irreversible cooperation stops short of what both would want, however long it
    lasts. *Leaves out:* what `LockwoodThomas` leaves out, and a finite stock.

    *Traps.* The limit is a tangency: ``delta - c_t`` falls like ``2 delta / t``, so a rule that
    stops when steps are small stops far too early (`days_to` counts to the level itself), and the
    bound of `solve` falls like 1/T^2.

    References
    ----------
    B. Lockwood and J. Thomas (2002), Review of Economic Studies 69:339-356, the smooth case.
    THEORY.md D2.

    Examples
    --------
    >>> LockwoodThomasSmooth(0.9).closed_form().levels[:3].round(9).tolist()
    [0.45, 0.5625, 0.62578125]
    """

    discount: Number

    def __post_init__(self) -> None:
        _staged.checked_discount(self.discount)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> LockwoodThomasSmooth:
        """The discount factor is the chance that no incident ends a day."""
        from ceasefire.bargaining._windows import daily_discount

        return cls(discount=daily_discount(scenario.symbols()))

    @property
    def total(self) -> float:
        """The limit, delta."""
        return float(self.discount)

    def closed_form(self, *, steps: int = SHOWN) -> Staging:
        """The best symmetric path, its first `steps` steps listed."""
        count, d = _staged.checked_count("steps", steps), float(self.discount)
        return self._staging(_smooth_path(d / 2, d, count), d / 2, None, "infinite")

    def solve(self, *, horizon: int | None = None, tail: Tail = "relaxed") -> Staging:
        """The best path by the incentive constraints of the first `horizon` days (1000).

        `tail` as in `LockwoodThomas.solve`; relaxed, both jump to the efficient level 1 at day T.

        Notes
        -----
        Tight constraints turn the relaxed end into ``c_0 = 1/2 - (1 - delta) c_{T-1}^2 /
        (2 delta)``; its right side falls in c_0, and bisection finds the root. With a known end
        each step is ``2 delta / (c_t + c_{t-1})`` times the next, and the last is 0.
        """
        _staged.checked_tail(tail, ("relaxed", "none"))
        T, d = _staged.checked_count("horizon", 1000 if horizon is None else horizon), self.discount
        first = _smooth_first(float(d), T) if tail == "relaxed" and d > 0 else 0.0
        return self._staging(_smooth_path(first, float(d), T), first, T, tail)

    def game(
        self, *, days: int | None = 3, tail: GameTail = "path",
        levels: Sequence[Number] | None = None, frozen: bool = False,
    ) -> StochasticGame:  # fmt: skip
        """State it as a stochastic game on a grid of levels; see `LockwoodThomas.game`."""
        grid = _grid(levels, self._path, days, None)
        rules = LevelRules(grid, _smooth_flow, _staged.tail_of(tail, self._carried), days, frozen)
        return level_game(rules, self.discount, "Lockwood and Thomas, smooth")

    def table(self) -> pd.DataFrame:
        """Levels day by day: without a known end, and with the end known to be day 30."""
        known = self.solve(horizon=KNOWN_END, tail="none")
        shown = self.closed_form(steps=KNOWN_END)
        return _levels(("no known end", shown), (f"end known: day {KNOWN_END}", known))

    def answer(self) -> str:
        """The first level and the limit, against what both would want."""
        d = float(self.discount)
        return (
            f"Levels start at {d / 2:.3f} and creep up to {d:.3f}, short of the efficient 1, which "
            f"is worth {d / 2:.3f} a day to each instead of 0.500; with a known last day nobody "
            "moves at all."
        )

    def days_to(self, *, within: float) -> float:
        """Days until the level is within `within` of its limit delta, by walking there.

        Takes about ``2 delta / within`` steps.
        """
        _staged.checked("within", within, 0, math.inf, "a number above 0")
        d, level, day = float(self.discount), 0.0, 0
        while d - level > within:
            level, day = d / 2 + level * level / (2 * d), day + 1
        return float(day)

    def _carried(self, level: Fraction) -> Fraction:
        """What a common level is worth a day when the best path goes on from it."""
        d = exact(self.discount)
        if level >= d:  # no path from here has a limit: nobody moves
            return level - level * level / 2
        return d / 2 + level * level * (1 / d - 1) / 2

    def _path(self, count: int) -> list[Fraction]:
        d, levels = exact(self.discount), [Fraction(0)]
        if d == 0:
            return [Fraction(t, count) for t in range(count + 1)]
        for _ in range(count):
            levels.append(d / 2 + levels[-1] ** 2 / (2 * d))
        return levels

    def _staging(self, steps: Floats, first: float, horizon: int | None, tail: str) -> Staging:
        d, last = float(self.discount), float(np.sum(steps))
        after = 0.5 if tail == "relaxed" else last - last * last / 2
        if tail == "infinite":
            after = float(self._carried(exact(last)))
        proof = _staged.level_certificate(steps, d, _smooth_flow, after, 0.5)
        limit = {"relaxed": 1.0, "none": last, "infinite": d}[tail] if first > 0 else 0.0
        return _staged.described(self, steps, None, first, limit, horizon, tail, proof, SHOOTING)


def _levels(*plans: tuple[str, Staging]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (name, day, float(level))
        for name, plan in plans
        for day, level in enumerate(np.append(0.0, plan.levels))
    ]
    return pd.DataFrame(rows, columns=["plan", "day", "level"])


def _grid(
    levels: Sequence[Number] | None, path: Callable[[int], list[Fraction]], days: int | None,
    cap: Number | None,
) -> list[Fraction]:  # fmt: skip
    """The levels of a game, as fractions; by default the path's, three where days have no end."""
    if days is not None:
        _staged.checked_count("days", days)
    if levels is None:
        return path(3 if days is None else days)
    grid = [exact(c) for c in levels]
    high = grid[-1] if cap is None else exact(cap)
    if len(grid) < 2 or grid[0] != 0 or not _staged.next_below(grid) or grid[-1] > high:
        top = "" if cap is None else f" to at most {float(cap):g}"
        raise ArgumentError("levels", [float(c) for c in grid], f"levels rising from 0{top}")
    return grid


def _smooth_flow(own: Any, other: Any) -> Any:
    return other - own * own / 2


def _smooth_path(first: float, discount: float, count: int) -> Floats:
    """Steps of ``c_{t+1} = c_0 + c_t^2 / (2 delta)``, ``(c_t + c_{t-1}) / (2 delta)`` the last."""
    steps = np.zeros(count)
    level, before = 0.0, 0.0
    for t in range(count if first > 0 else 0):
        steps[t] = first if t == 0 else steps[t - 1] * (level + before) / (2 * discount)
        level, before = level + steps[t], level
    return steps


def _smooth_first(discount: float, horizon: int) -> float:
    """The largest first step when incentives end after `horizon` days, to the last bit."""
    low, high = discount / 2, 0.5
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return low
        level = _smooth_level(middle, discount, horizon)
        if middle <= 0.5 - (1 - discount) * level * level / (2 * discount):
            low = middle
        else:
            high = middle


def _smooth_level(first: float, discount: float, count: int) -> float:
    """The level after `count` days; 1 where it is more, since it is then past any solution."""
    level = 0.0
    for _ in range(count):
        level = first + level * level / (2 * discount)
        if level > 1:
            return 1.0
    return level
