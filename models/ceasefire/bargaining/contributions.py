"""Sunk contributions in turn to a project that is worth nothing until it is complete."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining._staged import checked, checked_count
from ceasefire.bargaining._words import counted
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY, PAYOFF_TIE

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import StochasticGame
    from ceasefire.truce import Scenario

MOST_STEPS = 100_000
FAR = 1e-12  # of the reach: steps smaller than this add nothing
FINE = 8  # points of the certificate's grid between two cut points
MOST_LEVELS = 400  # of a game
MOST_CHECKED = 2000  # levels among which the certificate looks for deviations
MESSAGES = 2  # legs of a relay between one contribution and the next


@dataclass(frozen=True)
class Contributed(Displayed):
    """The equilibrium path of a project of a given size.

    Attributes
    ----------
    reach : float
        The largest project that is ever completed, in the same units as `contributions`.
    contributions : tuple of float
        In order, the first mover's first; empty where nobody gives anything.
    values : tuple of float
        Worth of the first and the second mover at the start, utils.
    periods : int
        Moves until it is complete; 0 where it is not.
    method : str
    status : Status
    certificate : Checks
    """

    reach: float
    contributions: tuple[float, ...]
    values: tuple[float, float]
    periods: int
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        shown = ", ".join(f"{x:.6g}" for x in self.contributions[:6]) or "none"
        more = ", ..." if len(self.contributions) > 6 else ""
        return (
            f"contributions {shown}{more}; worth {self.values[0]:.6g} and {self.values[1]:.6g} "
            f"utils; largest project completed {self.reach:.6g}; {self.method}; {self.status}"
        )


@dataclass(frozen=True)
class Contributions(Model):
    r"""Two players add in turn to a project of size K, at sunk cost ``x^2``, worth V to each.

    Nothing comes back before the project is complete; both discount by delta a move. Write z for
    what is missing. The mover completes it at once if and only if waiting for the other to do so is
    no better, ``V - z^2 >= delta V``, so up to ``R_1 = sqrt((1-delta) V)``. Further out it leaves
    just what the other will then carry to the next cut point:

    .. math:: R_k = R_{k-1} + y_k, \qquad y_1^2 = (1-\delta) V, \qquad
       y_k^2 = \delta^{2k-3} (1 - \delta^2) V \quad (k \ge 2),

    because at ``R_k`` the mover is indifferent between its step and letting the other take it: with
    ``a_k`` and ``b_k`` the values there of who moves and who waits, ``b_1 = V``,
    ``b_k = delta a_{k-1}``, ``a_1 = delta V`` and ``a_k = delta^2 a_{k-1} = delta^{2k-1} V``.
    Projects up to the limit of R_k are completed, in k moves when z lies in ``(R_{k-1}, R_k]``;
    larger ones are never begun:

    .. math:: R_\infty = \sqrt{(1-\delta) V} + \sqrt{\delta (1-\delta^2) V} / (1-\delta) .

    Parameters
    ----------
    discount : float
        delta in (0, 1), per move.
    worth : float
        V > 0, utils to each on completion.
    size : float
        K > 0, in units whose square is a util.

    Notes
    -----
    *Captures:* a detailed agreement built clause by clause, each side's concession sunk whether or
    not the whole is ever signed: contributions start small, grow towards the end, and delay eats
    much of the surplus. *Leaves out:* completing it together, refunds, private information, values
    that arrive before completion.

    *Traps.* A project between sums of steps begins with a smaller first contribution, not with a
    smaller last one. At a cut point who moves is indifferent. Costs must be strictly convex: with
    linear ones the whole is given at once or never.

    References
    ----------
    A. Admati and M. Perry (1991), "Joint projects without commitment", Review of Economic Studies
    58:259-276, whose equilibrium of the contribution game this is. THEORY.md, "contribution game".

    Examples
    --------
    >>> Contributions(discount=0.8, worth=1.0, size=1.5).closed_form()
    contributions 0.086805, 0.429325, 0.536656, 0.447214; worth 0.320145 and 0.262144 utils; ...
    """

    discount: float
    worth: float
    size: float

    def __post_init__(self) -> None:
        checked("discount", self.discount, 0, 1, "a number above 0 and below 1")
        checked("worth", self.worth, 0, math.inf, "a number above 0, utils")
        checked("size", self.size, 0, math.inf, "a number above 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Contributions:
        """One project of size 1 worth 1 to each: the agreement, in units of its own worth.

        A move takes a relay there and back; both discount at the mean of the two rates.
        """
        p = scenario.symbols()
        rate = (p.r_C + p.r_D) / 2
        days = MESSAGES * max(p.relay, 0.01)
        return cls(discount=math.exp(-max(rate * days, 1e-6)), worth=1.0, size=1.0)

    @property
    def reach(self) -> float:
        """The largest project that is completed, the limit of R_k."""
        d, V = self.discount, self.worth
        return math.sqrt((1 - d) * V) + math.sqrt(d * (1 - d * d) * V) / (1 - d)

    def cut_points(self, count: int) -> list[float]:
        """``R_0 = 0, R_1, ..., R_count``."""
        points = [0.0]
        for k in range(1, checked_count("count", count) + 1):
            points.append(points[-1] + self._step(k))
        return points

    def closed_form(self) -> Contributed:
        """The path by the cut points."""
        points = self._points()
        if points is None:
            return self._described((), (0.0, 0.0), "closed form")
        k = len(points) - 1
        first = self.size - points[k - 1]
        rest = [self._step(j) for j in range(k - 1, 0, -1)]
        d, V = self.discount, self.worth
        waits = V if k == 1 else d ** (2 * k - 2) * V
        after = 0.0 if k == 1 else d * (V if k == 2 else d ** (2 * k - 4) * V)
        mover = (V if k == 1 else after) - first**2
        return self._described((first, *rest), (mover, waits), "closed form")

    def solve(self) -> Contributed:
        """Outward from completion: each cut point is where the mover would as soon wait.

        Nothing of the closed form is used: values of mover and waiter are carried from one cut
        point to the next, and the step to the next is the root of ``gain from moving = gain from
        waiting``.
        """
        from scipy.optimize import brentq

        d, V = self.discount, self.worth
        missing, mover, waiter = [0.0], [V], [V]  # at completion both have V
        while missing[-1] < self.size and len(missing) <= MOST_STEPS:
            pay = V if len(missing) == 1 else d * waiter[-1]
            wait = V if len(missing) == 1 else d * mover[-1]  # what the waiter gets if he moves

            def slack(step: float, pay: float = pay, wait: float = wait) -> float:
                return pay - step * step - d * wait

            if slack(0.0) <= 0:
                break
            step = float(brentq(slack, 0.0, math.sqrt(pay) + 1.0, xtol=1e-15, rtol=1e-14))
            if step < FAR * self.reach:
                break
            missing.append(missing[-1] + step)
            mover.append(pay - step * step)
            waiter.append(wait)
        if missing[-1] < self.size:
            return self._described((), (0.0, 0.0), "cut points outward from completion")
        k = bisect_left(missing, self.size * (1 - 1e-13))
        first = self.size - missing[k - 1]
        path = (first, *(missing[j] - missing[j - 1] for j in range(k - 1, 0, -1)))
        worth = mover[k] + (missing[k] - missing[k - 1]) ** 2 - first**2
        return self._described(path, (worth, waiter[k]), "cut points outward from completion")

    def game(self, *, points: int = 4) -> StochasticGame:
        """State it as a stochastic game on cut points, the size, and more levels between.

        Parameters
        ----------
        points : int
            Levels between two cut points.

        Notes
        -----
        The mover chooses what is then missing. Its equilibrium is one of several on a grid; test it
        with ``markov_equilibrium(game, model.behaviour(game))``.
        """
        from ceasefire.games import Outcome, StateGame, StochasticGame

        grid = self._grid(checked_count("points", points, 0))
        if len(grid) > MOST_LEVELS:
            allowed = f"a project and points that make at most {MOST_LEVELS} levels"
            raise ArgumentError("points", f"{points}: {len(grid)} levels", allowed)
        V, names = self.worth, [f"{z:.9g}" for z in grid]

        def rules(state: tuple[int, int]) -> StateGame:
            at, mover = state
            players = ("1", "2")

            def outcome(to: str) -> Outcome:
                left = names.index(to)
                gain = dict.fromkeys(players, V if left == 0 else 0.0)
                gain[players[mover]] -= (grid[at] - grid[left]) ** 2
                return Outcome(gain, None if left == 0 else (left, 1 - mover))

            return StateGame({players[mover]: names[: at + 1]}, outcome)

        return StochasticGame.from_rules(
            (len(grid) - 1, 0), rules, players=("1", "2"), discount=self.discount,
            title="contributions in turn",
        )  # fmt: skip

    def behaviour(self, game: StochasticGame) -> np.ndarray:
        """The equilibrium as a vector of `markov_equilibrium`, on the levels of `game`."""
        levels = sorted({float(name) for state in game.actions for own in state for name in own
                         if _numeric(name)})  # fmt: skip
        parts = []
        for state in game.actions:
            for own in state:
                if len(own) == 1:
                    parts.append([1.0])
                    continue
                here = max(float(name) for name in own)
                aim = self._target(here)
                aims = min(levels, key=lambda z: abs(z - aim))
                parts.append([1.0 if abs(float(n) - aims) < 1e-12 else 0.0 for n in own])
        return np.concatenate([np.array(part) for part in parts])

    def table(self) -> pd.DataFrame:
        """Moves until completion and joint worth against the discount factor."""
        import pandas as pd

        rows = []
        for delta in np.linspace(0.3, 0.98, 137):
            one = self.replace(discount=float(delta)).closed_form()
            share = sum(one.values) / (2 * self.worth)
            rows.append((float(delta), one.periods, share, one.reach))
        return pd.DataFrame(rows, columns=["discount", "moves", "worth_share", "reach"])

    def answer(self) -> str:
        """How many moves it takes, and what is left of the worth."""
        found = self.closed_form()
        if not found.periods:
            return (
                f"Nobody contributes: the project ({self.size:g}) is larger than the largest that "
                f"is ever completed ({found.reach:.3g})."
            )
        return (
            f"The project is completed in {counted(found.periods, 'move')}; contributions grow "
            f"from {min(found.contributions):.3g}, and at the start it is worth "
            f"{found.values[0]:.3g} and {found.values[1]:.3g} of the {self.worth:g} that it pays "
            "each at the end."
        )

    def _step(self, k: int) -> float:
        d, V = self.discount, self.worth
        return math.sqrt((1 - d) * V if k == 1 else d ** (2 * k - 3) * (1 - d * d) * V)

    def _points(self) -> list[float] | None:
        """Cut points up to the first that reaches the size; None where none does."""
        points, k = [0.0], 0
        while points[-1] < self.size * (1 - 1e-13):
            k += 1
            step = self._step(k)
            if step < FAR * self.reach or k > MOST_STEPS:
                return None
            points.append(points[-1] + step)
        return points

    def _target(self, missing: float) -> float:
        """What the mover leaves missing: the cut point below, or all of it where none helps."""
        points, k = [0.0], 0
        while points[-1] < missing * (1 - 1e-9):
            k += 1
            step = self._step(k)
            if step < FAR * self.reach or k > MOST_STEPS:
                return missing
            points.append(points[-1] + step)
        return points[-2] if len(points) > 1 else 0.0

    def _grid(self, between: int) -> list[float]:
        points = self._points()
        if points is None:
            return [self.size * i / (between + 1) for i in range(between + 2)]
        ends = [*points[:-1], self.size]
        grid: list[float] = [0.0]
        for low, high in pairwise(ends):
            grid += [low + (high - low) * (i + 1) / (between + 1) for i in range(between + 1)]
        return grid

    def _described(
        self, path: tuple[float, ...], values: tuple[float, float], method: str
    ) -> Contributed:
        gain = self._deviation()
        summed = self._along(path)
        off = max(abs(a - b) for a, b in zip(values, summed, strict=True)) / self.worth
        checks = Checks(
            {"gain from a one-shot deviation": gain, "values summed along the path": off},
            max(EXPLOITABILITY, PAYOFF_TIE),
        )
        status = Status.OK if path else Status.NO_DEAL
        fine = status if checks.passed else Status.EXPLOITABLE
        return Contributed(self.reach, path, values, len(path), method, fine, checks)

    def _along(self, path: tuple[float, ...]) -> tuple[float, float]:
        """Discounted worth of both, summed along a path that ends in completion."""
        d, both = self.discount, [0.0, 0.0]
        for t, x in enumerate(path):
            both[t % 2] -= d**t * x * x
        if path:
            both = [one + d ** (len(path) - 1) * self.worth for one in both]
        return both[0], both[1]

    def _deviation(self) -> float:
        """The largest gain from one other contribution, on a grid, following the rule afterwards.

        Relative to the worth. Values come from summing payoffs along the rule's own path from every
        level, not from the formulas of the cut points.
        """
        points = self._points()
        if points is None:
            return self._beginning()
        fine = max(min(FINE, MOST_CHECKED // len(points) - 1), 0)
        grid = np.array(self._grid(fine))
        moves = np.empty(grid.size)
        waits = np.empty(grid.size)
        moves[0] = waits[0] = self.worth
        d, worst = self.discount, -math.inf
        for i in range(1, grid.size):
            aim = int(np.abs(grid - self._target(grid[i])).argmin())
            paid = (grid[i] - grid[aim]) ** 2
            later = 1.0 if aim == 0 else d
            moves[i] = later * waits[aim] - paid
            waits[i] = later * moves[aim]
            others = d * waits[:i] - (grid[i] - grid[:i]) ** 2
            others[0] = self.worth - grid[i] ** 2
            best = max(float(others.max()), d * waits[i])
            worst = max(worst, (best - moves[i]) / self.worth)
        return worst

    def _beginning(self) -> float:
        """Out of reach: the most gained by completing it at once, or by bringing it in reach."""
        d, V = self.discount, self.worth
        best, point = V - self.size**2, 0.0
        for k in range(1, MOST_STEPS):
            point += self._step(k)
            waits = V if k == 1 else d ** (2 * k - 2) * V
            best = max(best, d * waits - (self.size - point) ** 2)
            if d * waits < FAR * V:
                break
        return best / V


def _numeric(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True
