"""Concessions step by step, when a concession raises the other side's gain from walking out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining._staged import Number, checked, checked_count, exact
from ceasefire.bargaining._words import counted
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import STAGED_MARGIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.games import Decision, End, ExtensiveForm
    from ceasefire.truce import Scenario

SHOWN = 12
MOST_STEPS = 10_000
MOST_LEVELS = 7  # of a tree: 8 levels have 24,000 nodes
HALF = Fraction(1, 2)
REST_SHARE = 0.8  # assumed: what a side that walks out expects to secure of what is still open


@dataclass(frozen=True)
class Ladder(Displayed):
    """Levels conceded in turn.

    Attributes
    ----------
    levels : tuple of float
        Share of the whole that each step's mover has conceded after it: the first is one side's,
        the second the other's, and so on, up to 1/2.
    steps_needed : float
        Steps until both have conceded 1/2; inf where no finite number is enough.
    limit : float
        What levels would tend to, were they not cut at 1/2.
    method : str
    status : Status
    certificate : Checks
    """

    levels: tuple[float, ...]
    steps_needed: float
    limit: float
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        shown = ", ".join(f"{x:.6g}" for x in self.levels[:6])
        more = ", ..." if len(self.levels) > 6 else ""
        count = "no finite number" if math.isinf(self.steps_needed) else f"{self.steps_needed:g}"
        return f"levels {shown}{more}; steps needed: {count}; {self.method}; {self.status}"


@dataclass(frozen=True)
class Concessions(Model):
    r"""Two sides concede in turn what cannot be taken back; either may stop at any time.

    Of a whole of 1 both end with 1/2 if nobody stops. Who stops takes what it was given, plus half
    of a fraction beta of what is still open, less kappa. So after a step to ``r_n``, with the
    mover before at ``r_{n-1}``, the other side goes on if and only if

    .. math:: r_n + \beta (1 - r_n - r_{n-1}) / 2 - \kappa \le 1/2 .

    The largest safe levels are ``r_n = f (1 - rho^n)`` with ``rho = beta / (2 - beta)`` and
    ``f = 1/2 + kappa / (1 - beta)``: they reach 1/2 in finitely many steps only if stopping costs
    something.

    Parameters
    ----------
    rest_share : float or Fraction
        beta in [0, 1): share of the open rest that stopping secures, for both together.
    stopping_cost : float or Fraction
        kappa >= 0, as a share of the whole.

    Notes
    -----
    *Captures:* why talks over a detailed agreement creep: each concession makes the other side's
    walking out more attractive, and a bargain of many clauses is closed in small steps.
    *Leaves out:* discounting, private information, who stops first when both gain.

    **A reduced form** in the spirit of Compte and Jehiel, linear and without their outside options:
    the formula above is not the authors'. Ties count as going on.

    *Traps.* With ``kappa = 0`` levels tend to 1/2 and never reach it: any finite list of steps
    unravels to the first.

    References
    ----------
    O. Compte and P. Jehiel (2004), "Gradualism in bargaining and contribution games", Review of
    Economic Studies 71:975-1000, whose question it takes up. THEORY.md D4.

    Examples
    --------
    >>> Concessions(rest_share=0.8, stopping_cost=0.02).closed_form()
    levels 0.2, 0.333333, 0.422222, 0.481481, 0.5; steps needed: 5; closed form; solved
    >>> Concessions(rest_share=0.8, stopping_cost=0).solve().steps_needed
    inf
    """

    rest_share: Number
    stopping_cost: Number

    def __post_init__(self) -> None:
        checked("rest_share", self.rest_share, -1e-300, 1, "a number from 0 to below 1")
        checked("stopping_cost", self.stopping_cost, -1e-300, math.inf, "a number from 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Concessions:
        """The cost of leaving over the worth of the whole pool; ``beta = 0.8`` is assumed."""
        from ceasefire.bargaining._windows import require_worth

        p = scenario.symbols()
        require_worth(p)
        return cls(rest_share=REST_SHARE, stopping_cost=p.kappa / max(p.v * p.W0, p.kappa))

    @property
    def limit(self) -> float:
        """``f = 1/2 + kappa / (1 - beta)``."""
        return float(HALF + exact(self.stopping_cost) / (1 - exact(self.rest_share)))

    @property
    def shrinkage(self) -> float:
        """``rho = beta / (2 - beta)``."""
        return float(exact(self.rest_share) / (2 - exact(self.rest_share)))

    def closed_form(self, *, steps: int = SHOWN) -> Ladder:
        """The largest safe levels, `steps` of them at most."""
        count = checked_count("steps", steps)
        f, rho = self.limit, self.shrinkage
        needed = self._needed()
        listed = int(min(count, needed))
        levels = [min(f * (1 - rho**n), 0.5) for n in range(1, listed + 1)]
        if not rho and levels:
            levels = [0.5]
        return self._ladder(levels, needed, "closed form")

    def solve(self, *, steps: int = MOST_STEPS) -> Ladder:
        """Step by step: the largest level at which the other side still goes on, in fractions.

        At most `steps` steps; what is not reached by then needs more, or without a cost of
        stopping infinitely many. Fractions grow with the steps: floats take over after `SHOWN`.
        """
        beta, kappa = exact(self.rest_share), exact(self.stopping_cost)
        most, levels = checked_count("steps", steps), [Fraction(0)]
        bound: Number
        for n in range(most):
            # r + beta (1 - r - before) / 2 - kappa <= 1/2, solved for r
            bound = (1 + 2 * kappa - beta + beta * levels[-1]) / (2 - beta)
            if n >= SHOWN:
                bound = Fraction(float(bound))
            if bound >= HALF:
                levels.append(HALF)
                break
            if float(bound) <= float(levels[-1]):  # as far as floats tell levels apart
                break
            levels.append(bound)
        done = levels[-1] >= HALF
        needed = float(len(levels) - 1) if done else math.inf
        listed = [float(x) for x in levels[1 : SHOWN + 1]]
        return self._ladder(listed, needed, "largest safe step by step")

    def game(self, *, levels: Sequence[Number] | None = None) -> ExtensiveForm:
        """State it as a tree for `subgame_perfect`: in turn, stop or concede up to a level.

        Parameters
        ----------
        levels : sequence, optional
            The grid, rising from above 0 to 1/2; by default the safe levels shrunk so that the last
            is 1/2, which leaves every constraint slack, or, where no number is enough, four of them
            and then 1/2.
        """
        from ceasefire.games import ExtensiveForm

        grid = [Fraction(0), *map(exact, self._default() if levels is None else levels)]
        rising = all(low < high for low, high in pairwise(grid))
        if not rising or grid[-1] != HALF or len(grid) > MOST_LEVELS + 1:
            allowed = f"at most {MOST_LEVELS} levels that rise from above 0 to 1/2"
            raise ArgumentError("levels", [float(x) for x in grid[1:]], allowed)
        start = self._turn(grid, 0, 0, 0)
        return ExtensiveForm.from_rules(
            start, lambda move: move, players=("1", "2"), title="concessions in turn"
        )

    def _turn(self, grid: list[Fraction], mover: int, own: int, other: int) -> Decision | End:
        """The mover stops, or concedes to a level above its own; passes once it is at 1/2."""
        from ceasefire.games import Decision, End

        top = len(grid) - 1
        if own == other == top:
            return End((HALF, HALF))
        rest = 1 - grid[own] - grid[other]
        share = exact(self.rest_share) * rest / 2
        taken = (grid[other] + share - exact(self.stopping_cost), grid[own] + share)
        moves: dict[str, Decision | End] = {"stop": End(taken if mover == 0 else taken[::-1])}
        for level in range(own + 1, top + 1):
            name = f"concede {float(grid[level]):.6g}"
            moves[name] = self._turn(grid, 1 - mover, other, level)
        if own == top:
            moves["pass"] = self._turn(grid, 1 - mover, other, own)
        return Decision(str(mover + 1), moves)

    def table(self) -> pd.DataFrame:
        """Safe levels step by step, with the cost of stopping halved, as it is, and at 0."""
        import pandas as pd

        rows = []
        for part in (1.0, 0.5, 0.0):
            cost = float(self.stopping_cost) * part
            one = self.replace(stopping_cost=cost).closed_form()
            rows += [(cost, n + 1, level) for n, level in enumerate(one.levels)]
        return pd.DataFrame(rows, columns=["stopping_cost", "step", "level"]).drop_duplicates()

    def answer(self) -> str:
        """The first safe step, and how many close the deal."""
        found = self.closed_form()
        said = (
            "no finite number of steps closes the deal"
            if math.isinf(found.steps_needed)
            else f"it takes {counted(found.steps_needed, 'step')} to close the deal"
        )
        return (
            f"When stopping secures {float(self.rest_share):.0%} of what is open and costs "
            f"{float(self.stopping_cost):.1%} of the whole, at most {found.levels[0]:.1%} can be "
            f"conceded first, and {said}; if stopping cost nothing, no finite number would."
        )

    def _default(self) -> list[Fraction]:
        needed = self._needed()
        beta, kappa = exact(self.rest_share), exact(self.stopping_cost)
        f, rho = HALF + kappa / (1 - beta), beta / (2 - beta)
        count = int(min(needed, 4 if math.isinf(needed) else MOST_LEVELS))
        safe = [f * (1 - rho**n) for n in range(1, count + 1)]
        if math.isinf(needed):
            return [*safe, HALF]
        return [level * HALF / safe[-1] for level in safe]

    def _needed(self) -> float:
        """``ceil(ln(1 - 1/(2f)) / ln rho)``, exactly: the least n with ``f (1 - rho^n) >= 1/2``."""
        beta, kappa = exact(self.rest_share), exact(self.stopping_cost)
        if beta == 0:
            return 1.0
        if kappa == 0:
            return math.inf
        part = float(kappa / (kappa + (1 - beta) / 2))  # 1 - 1/(2f)
        guess = math.log(part) / math.log(float(beta / (2 - beta)))
        return float(max(1, math.ceil(guess - 1e-12 * guess)))

    def _ladder(self, levels: list[float], needed: float, method: str) -> Ladder:
        beta, kappa = float(self.rest_share), float(self.stopping_cost)
        r = np.append(0.0, levels)
        stopping = r[1:] + beta * (1 - r[1:] - r[:-1]) / 2 - kappa
        done = math.isfinite(needed)
        # one step fewer would have to be larger than the largest safe one somewhere
        checks = Checks({"gain from stopping": float(stopping.max() - 0.5)}, STAGED_MARGIN)
        status = Status.OK if done else Status.NO_DEAL
        fine = status if checks.passed else Status.EXPLOITABLE
        return Ladder(tuple(map(float, levels)), needed, self.limit, method, fine, checks)
