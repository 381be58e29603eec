"""A wing that can end the pause: which windows it closes, and what holds it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._staged import checked, exact
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.truce.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import TruceEquilibrium

TOLERANCE = 1e-6  # utils: roots of the truce's window values
EXTRA = 0.1  # chance a day, assumed for scenarios
HAZARDS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MOST_DAYS = 8  # of the tree


@dataclass(frozen=True)
class Spoiled(Displayed):
    """Windows, payments and course.

    Attributes
    ----------
    windows : tuple of int
        Pause days used at each window of the likeliest course without a spoiler.
    critical_hazard : tuple of float
        Highest daily chance of an incident at which the window still extends; nan: at none.
    stays_open : tuple of bool
        Whether it extends at the base hazard plus the spoiler's.
    guard : tuple of float
        Least share of the spoiler's attempts to stop so that it does, 0 to 1; nan likewise.
    payments : tuple of float
        Least payment on each pause day of that course that holds the spoiler, utils.
    rent : float
        What these are worth to it at the start, utils: no less than attacking every day.
    mean_days, mean_left : tuple of float
        Length of the pause in days and captives left, without and with a spoiler that is foreseen
        and not held.
    loss : tuple of float
        What that costs the pausing state and the captor at the start, utils; a gain below 0.
    method : str
    certificate : Checks
    status : Status
    """

    windows: tuple[int, ...]
    critical_hazard: tuple[float, ...]
    stays_open: tuple[bool, ...]
    guard: tuple[float, ...]
    payments: tuple[float, ...]
    rent: float
    mean_days: tuple[float, float]
    mean_left: tuple[float, float]
    loss: tuple[float, float]
    method: str
    certificate: Checks
    status: Status = Status.OK

    def __repr__(self) -> str:
        rows = [
            f"day {d}: critical hazard {h:.4f}, guard {g:.3g}"
            if h == h  # nan: no hazard at which the window extends
            else f"day {d}: closed at every hazard"
            for d, h, g in zip(self.windows, self.critical_hazard, self.guard, strict=True)
        ]
        paid = ", ".join(f"{x:.3f}" for x in self.payments)
        return f"{'; '.join(rows)}; payments {paid} utils; {self.method}; {self.status}"


@dataclass(frozen=True)
class Spoiler(Model):
    r"""A wing of the captor can raise the daily chance of an incident from beta to beta + h.

    It gains Z if its attack ends the pause. Paid w_t on a quiet day t, with V the worth of days
    to come, it holds back if and only if ``w_t >= h (Z - V_{t+1})``. The least payments over n
    days leave it what attacking every day would bring:

    .. math:: V_t = h Z\,\frac{1 - (1 - \beta - h)^{n - t + 1}}{\beta + h}, \qquad
        w_t = h\,(Z - V_{t+1}).

    The window of the truce model at which a day is agreed closes once ``beta + h`` exceeds its
    critical hazard; guards that stop a share y of attempts keep it open if
    ``beta + (1 - y) h`` does not.

    Parameters
    ----------
    scenario : Scenario
        Of the base model; solved without and with the spoiler.
    extra_hazard : float
        h, chance a day, from 0 with ``beta + h`` at most 1.
    prize : float
        Z, utils, from 0.

    Notes
    -----
    *Captures:* that one wing can hold a deal up that both sides want; that it is dearest to hold
    on the last day, when there is nothing left to lose; that the critical hazard falls from window
    to window. *Leaves out:* who pays; a spoiler of hidden type, and what an attack says of the
    captor (`KeptPromises`).

    *Traps.* Windows are for a hazard that appears there and is expected to stay, the stock and the
    trust being those of the course without it. A hazard that is foreseen moves the first block,
    the pilot and trust as well; the pausing state may even do better with it. A window closed at
    no hazard (nan) is closed by trust, and no guard opens it.

    References
    ----------
    Own; docs/model.md. On spoilers: Stedman, S. (1997), "Spoiler problems in peace
    processes", International Security 22(2):5-53; Kydd, A. and B. Walter (2002), "Sabotaging the
    peace", International Organization 56:263-296 (the updating part is `KeptPromises`).

    Examples
    --------
    >>> import ceasefire as cf
    >>> found = Spoiler(cf.load("november-2023"), extra_hazard=0.7, prize=12).solve()
    >>> found.windows, found.stays_open
    ((4, 6, 7), (True, False, False))
    """

    scenario: Scenario = field(hash=False)
    extra_hazard: float = EXTRA
    prize: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.scenario, Scenario):
            raise ArgumentError("scenario", self.scenario, "a Scenario, as ceasefire.load gives it")
        most = 1.0 - self.scenario.symbols().beta
        checked("extra_hazard", self.extra_hazard, -1e-300, most + 1e-12, f"0 to {most:g} a day")
        checked("prize", self.prize, -1e-300, math.inf, "utils from 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> Spoiler:
        """One chance in ten a day (assumed, or what is left to 1), and a prize.

        The prize is assumed to be what a pause day is worth to the captor as a whole: the wing
        gains from ending the pause what the captor gains from a day of it.
        """
        p = scenario.symbols()
        return cls(scenario, min(EXTRA, 1.0 - p.beta), max(p.g, 0.0))

    def solve(self) -> Spoiled:
        """Solve the truce with and without the spoiler; payments by recursion from the last day."""
        return self._found(self._payments(self._days()), "truce model; backward induction")

    def closed_form(self) -> Spoiled:
        """Return the same with the payments by the formula."""
        beta, h, Z = self._numbers()
        days = self._days()
        worth = [float(h * Z * _annuity(1 - beta - h, days - t)) for t in range(1, days + 1)]
        return self._found([float(h) * (float(Z) - v) for v in worth], "truce model; closed form")

    def game(
        self, *, days: int | None = None, payments: Sequence[Any] | None = None
    ) -> ExtensiveForm:
        """State the spoiler's days as a tree, at the least payments unless others are given."""
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        beta, h, Z = self._numbers()
        count = min(self._days(), MOST_DAYS) if days is None else days
        if not 1 <= count <= MOST_DAYS:
            raise ArgumentError("days", count, f"1 to {MOST_DAYS}")
        paid = self._payments(count) if payments is None else [exact(x) for x in payments]
        if len(paid) != count:
            raise ArgumentError("payments", payments, f"{count} numbers")

        def moves(state: tuple[int, Any, str]) -> Any:
            t, got, stage = state
            if stage == "ended":
                return End((got,))
            if stage == "day":
                acts = {"hold": (t, got + paid[t], "quiet"), "attack": (t, got, "attack")}
                return Decision("spoiler", acts)
            after = (t + 1, got, "day" if t + 1 < count else "ended")
            ended = {"incident": (beta, (t, got, "ended"))} if beta else {}
            hit = {"attack ends it": (h, (t, got + Z, "ended"))} if stage == "attack" and h else {}
            left = 1 - beta - (h if hit else 0)
            calm = {"goes on": (left, after)} if left else {}
            return Chance({**ended, **hit, **calm})

        return ExtensiveForm.from_rules(
            (0, Fraction(0), "day"), moves, players=["spoiler"], title="Holding a spoiler"
        )

    def table(self) -> pd.DataFrame:
        """Worth of the next chunk at each window, and the course, against the added hazard.

        Columns ``extra_hazard`` (chance a day), ``day``, ``held_captives``, ``chunk_value`` (utils,
        unforeseen), ``mean_days`` and ``mean_left`` (foreseen).
        """
        import pandas as pd

        base = self.scenario.symbols().beta
        windows = self._windows()
        rows: list[tuple[float, ...]] = []
        grid = {h for h in HAZARDS if base + h <= 1} | {float(self.extra_hazard)}
        for h in sorted(grid):
            days, left, _ = self._course(h)
            for day, held, trust in windows or [(0, math.nan, math.nan)]:
                value = self._chunk(base + h, day, held, trust) if windows else math.nan
                rows.append((h, day, held, value, days, left))
        columns = ["extra_hazard", "day", "held_captives", "chunk_value", "mean_days", "mean_left"]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """Which windows close, what guard or payment holds them open, and what it costs if none."""
        found = self.solve()
        pairs = list(zip(found.windows, found.critical_hazard, found.stays_open, strict=True))
        able = [(d, c) for d, c, _ in pairs if not math.isnan(c)]
        if not able:
            return "No window extends at any hazard, so there is no pause for a spoiler to end."
        named = ", ".join(f"{c:.2f} a day at day {d}" for d, c in able)
        shut = [d for d, c, on in pairs if not on and not math.isnan(c)]
        total = self.scenario.symbols().beta + self.extra_hazard
        if shut:
            guard = max(g for d, g in zip(found.windows, found.guard, strict=True) if d in shut)
            what = (
                f"at {total:.2f} it closes the window of day {shut[0]} unless {guard:.0%} of its "
                f"attempts are stopped"
            )
        else:
            what = f"at {total:.2f} it closes none by itself"
        paid = f"{found.payments[0]:.2f} utils on day 1 rising to {found.payments[-1]:.2f}"
        return (
            f"Appearing unforeseen, a spoiler closes a window above {named}; {what}. If foreseen "
            f"the pause lasts {found.mean_days[1]:.1f} days instead of {found.mean_days[0]:.1f}. "
            f"Holding it takes {paid} on the last."
        )

    @cached_property
    def _solved(self) -> TruceEquilibrium:
        from ceasefire.bargaining._windows import agreed

        return agreed(self.scenario)

    def _numbers(self) -> tuple[Fraction, Fraction, Fraction]:
        return exact(self.scenario.symbols().beta), exact(self.extra_hazard), exact(self.prize)

    def _days(self) -> int:
        """Pause days of the likeliest course, at least 1."""
        path = self._solved.path()
        return max(int(path["day"].max()), 1) if len(path) else 1

    def _payments(self, days: int) -> list[Fraction]:
        """Least payments by backward induction: on each day holding is worth just attacking."""
        beta, h, Z = self._numbers()
        paid, after = [], Fraction(0)
        for _ in range(days):
            attack = h * Z + (1 - beta - h) * after
            paid.append(attack - (1 - beta) * after)
            after = attack
        return paid[::-1]

    @cached_property
    def _extension(self) -> pd.DataFrame:
        from ceasefire import truce

        return truce.extension(self._solved)

    def _windows(self) -> list[tuple[int, float, float]]:
        columns = (self._extension[name] for name in ("day", "held_captives", "trust_held"))
        return [(int(d), float(n), float(t)) for d, n, t in zip(*columns, strict=True)]

    def _chunk(self, hazard: float, day: int, held: float, trust: float) -> float:
        """Worth of the best chunk at a window, everything after it solved at this hazard."""
        from ceasefire.truce.game import solve_line
        from ceasefire.truce.windows import window_values

        solved = self._solved
        changed = solved.parameters._replace(beta=float(hazard))
        line = solve_line(
            changed, held, day, beliefs=solved.beliefs, block_days=solved.block_days or day
        )
        values = window_values(line, trust).chunk_values
        return float(values.max()) if values.size else math.nan

    def _course(self, extra: float) -> tuple[float, float, TruceEquilibrium]:
        """Mean days, mean captives left, and the truce, where the hazard is foreseen."""
        from ceasefire import truce

        hazard = min(self.scenario.symbols().beta + extra, 1.0)
        solved = truce.solve(self.scenario.replace(beta=hazard)) if extra else self._solved
        course = solved.course()
        left = float(course.left.index.to_numpy() @ course.left.to_numpy())
        return float(course.mean_days), left, solved

    def _found(self, payments: Sequence[Any], method: str) -> Spoiled:
        base, h = self.scenario.symbols().beta, float(self.extra_hazard)
        windows = self._windows()
        critical = [float(hazard) for hazard in self._extension["critical_hazard"]]
        opened = tuple(not math.isnan(c) and base + h <= c for c in critical)
        guard = tuple(
            c if math.isnan(c) else max(0.0, 1 - max(c - base, 0.0) / h) if h else 0.0
            for c in critical
        )
        paid = [float(x) for x in payments]
        before, after = self._course(0.0), self._course(h)
        loss = _start(before[2]) - _start(after[2])
        proof = self._certified(paid, windows, critical)
        if not (before[2].certificate.passed and after[2].certificate.passed):
            proof = Checks(
                {**proof.residuals, "the truces' certificates": math.nan}, proof.tolerance
            )
        beta, extra, Z = self._numbers()
        rent = float(extra * Z * _annuity(1 - beta - extra, len(paid)))
        status = Status.OK if windows else Status.NO_DEAL
        if windows and Status.INCOMPLETE in (before[2].status, after[2].status):
            status = Status.INCOMPLETE
        return Spoiled(
            tuple(w[0] for w in windows), tuple(critical), opened, guard, tuple(paid), rent,
            (before[0], after[0]), (before[1], after[1]), (float(loss[0]), float(loss[1])), method,
            proof, status if proof.passed else Status.EXPLOITABLE,
        )  # fmt: skip

    def _certified(
        self,
        paid: Sequence[float],
        windows: Sequence[tuple[int, float, float]],
        critical: Sequence[float],
    ) -> Checks:
        """Solve windows anew at their hazards; find each day's best reply to the payments."""
        beta, h, Z = map(float, self._numbers())
        residuals = {}
        for (day, held, trust), hazard in zip(windows, critical, strict=True):
            if not math.isnan(hazard) and hazard < 1:
                value = self._chunk(hazard, day, held, trust)
                residuals[f"worth at the critical hazard, day {day}"] = abs(value)
        gain, worth = 0.0, 0.0
        for w in reversed(paid):
            hold = w + (1 - beta) * worth
            attack = h * Z + (1 - beta - h) * worth
            gain, worth = max(gain, abs(attack - hold)), hold
        always = h * Z * sum((1 - beta - h) ** t for t in range(len(paid)))
        residuals["attacking less holding"] = gain
        residuals["rent less attacking daily"] = abs(worth - always)
        return Checks(residuals, TOLERANCE * max(1.0, Z))


def _annuity(stay: Fraction, days: int) -> Fraction:
    """Sum of stay^t over so many days."""
    return Fraction(days) if stay == 1 else (1 - stay**days) / (1 - stay)


def _start(solved: TruceEquilibrium) -> NDArray[np.float64]:
    """Worth to the pausing state and the captor at the start of the pause, utils; 0 without one."""
    if solved.block_days == 0:
        return np.zeros(2)
    line = solved.line()
    return np.asarray(line.at(solved.trust)[3:5, line.head], dtype=float)
