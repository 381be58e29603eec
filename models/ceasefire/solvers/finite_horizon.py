"""Cooperation when the last day is known: what several stage equilibria make credible."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from numbers import Rational
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.games._automaton_rules import labels, mixture
from ceasefire.games._automaton_rules import profile as indices
from ceasefire.games.normal import NormalForm, number
from ceasefire.solvers import _patience as patience
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, eq=False, repr=False)
class FiniteHorizon(Displayed):
    """The least discount factor that keeps a profile until the day before a known last one.

    Attributes
    ----------
    stage : NormalForm
    profile : tuple of str
    days : int
        Length of the game; the profile is played on all of them but the last.
    value : Fraction or float
        The least discount factor, from 0 to 1 included; nan where none is enough.
    exact : bool
    binding : tuple of str
    ending : tuple of str
        What is played on the last day after everybody complied: stage equilibria, with their
        chances where the last day opens with a public lottery.
    punishment : tuple of str
        Per player, the stage equilibrium played to the end once it deviated.
    gains : ndarray, shape (days - 1, n_players), of Fraction or float
        What each player gains at most by deviating on each day, at `value` (1 where it is nan),
        utils of that day; none is above 0 where the profile is kept.
    status : Status
        `Status.NEVER` where no discount factor is enough; `Status.INCOMPLETE` where other stage
        equilibria or punishments could allow less.
    sustained : bool or None
        Whether the discount factor asked about is enough.
    """

    stage: NormalForm
    profile: tuple[str, ...]
    days: int
    value: Fraction | float
    exact: bool
    binding: tuple[str, ...]
    ending: tuple[str, ...]
    punishment: tuple[str, ...]
    gains: Any
    status: Status
    sustained: bool | None = None

    def __float__(self) -> float:
        return float(self.value)

    def __repr__(self) -> str:
        what = f"({', '.join(self.profile)}) on {self.days - 1} days of {self.days}"
        if np.isnan(float(self.value)):
            partly = "" if self.status is Status.NEVER else f"; {self.status}"
            return f"{what}: no discount factor is enough{partly}"
        shown = number(self.value) if isinstance(self.value, Fraction) else f"{self.value:.9g}"
        who = f"; binds {', '.join(self.binding)}" if self.binding else ""
        end = f"; then {' or '.join(self.ending)}" if self.ending else ""
        return f"{what}{end}: discount factor {shown} or more{who}"


def finite_horizon(
    stage: NormalForm,
    *,
    profile: Sequence[int | str] | str,
    days: int,
    discount: float | Fraction | None = None,
    mixed: bool = True,
) -> FiniteHorizon:
    """Whether a profile can be played until the day before the last of a game of known length.

    With a single stage equilibrium nothing but that equilibrium is played on any day, by backward
    induction. With several the last day itself can be reward or punishment (Benoit and Krishna):
    on the day before it player i complies iff ``g_i <= delta (N_i(good) - N_i(bad_i))``, with g_i
    its temptation, ``good`` what all look forward to and ``bad_i`` its worst stage equilibrium.

    Parameters
    ----------
    stage : NormalForm
    profile : profile
    days : int
        At least 2.
    discount : float or Fraction, optional
        A discount factor from 0 to 1 to be judged.
    mixed : bool
        Whether mixed stage equilibria reward and punish too.

    Raises
    ------
    ArgumentError
        Fewer than two days, a profile that is not one, or no stage equilibrium to end with.

    Notes
    -----
    The condition of the day before last is necessary whatever the punishments, as the last day
    can only be a stage equilibrium, or a public lottery over them: with two players the best
    lottery is between two of them, and is found exactly. With more players lotteries over pairs
    are searched, and the result is marked incomplete where three could do better. Earlier days
    are checked backwards, with the deviator's worst equilibrium to the end as punishment; should
    that not be enough on an earlier day, the answer found is the least delta at which it is, and
    is marked incomplete.

    References
    ----------
    J.-P. Benoit and V. Krishna (1985), "Finitely repeated games", Econometrica 53:905-922.

    Examples
    --------
    >>> table = [[4, 0, 0], [5, 1, 0], [0, 0, 3]]
    >>> stage = NormalForm.bimatrix(table, [list(row) for row in zip(*table)],
    ...                             actions=[["C", "D", "E"]] * 2)
    >>> finite_horizon(stage, profile=("C", "C"), days=4, mixed=False)
    (C, C) on 3 days of 4; then E, E: discount factor 1/2 or more; binds 1, 2
    >>> finite_horizon(stage, profile=("C", "C"), days=4).punishment[0]
    '(3/4 on D + 1/4 on E), (3/4 on D + 1/4 on E)'
    """
    if not isinstance(stage, NormalForm):
        raise ArgumentError("stage", type(stage).__name__, "a NormalForm")
    if not isinstance(days, int | np.integer) or isinstance(days, bool) or days < 2:
        raise ArgumentError("days", days, "a whole number of days, at least 2")
    cell = indices(stage, profile)
    asked = None if discount is None else _discount(discount)
    listed, complete = patience.stage_equilibria(stage, mixed)
    if not listed:
        raise ArgumentError("stage", repr(stage), "a game with a stage equilibrium that is found")
    worst = [min(listed, key=_payoff_of(i)) for i in range(stage.n_players)]
    bad = tuple(e.payoffs[i] for i, e in enumerate(worst))
    gains = patience.temptations(stage, cell)
    least, lottery = _best_ending(stage, listed, gains, bad)
    good = _mean(lottery)
    value, eased = _through(stage, cell, int(days), least, good, bad)
    at = Fraction(1) if value is None else value
    table = _gains(stage, cell, int(days), at, good, bad)
    whole = complete and not eased and (stage.n_players == 2 or len(listed) < 3)
    status = Status.OK if whole else Status.INCOMPLETE
    if value is None:
        status = Status.NEVER if whole else Status.INCOMPLETE
    shown = table if stage.is_exact else table.astype(float)
    return FiniteHorizon(
        stage, labels(stage, cell), int(days), _value(stage, value), stage.is_exact,
        _binding(stage, table, gains, value), tuple(_named(stage, e, p) for e, p in lottery),
        tuple(_named(stage, e, Fraction(1)) for e in worst), shown, status,
        None if asked is None else bool(value is not None and asked >= value
                                        and _kept(stage, cell, int(days), asked, good, bad)),
    )  # fmt: skip


Lottery = list[tuple[patience.Reversion, Fraction]]


def _payoff_of(player: int) -> Any:
    return lambda e: e.payoffs[player]


def _discount(given: Any) -> Fraction:
    good = isinstance(given, Rational | float | np.floating) and not isinstance(given, bool)
    if not good or not 0 <= given <= 1:
        raise ArgumentError("discount", given, "a number from 0 to 1")
    return Fraction(given if isinstance(given, Rational) else float(given))


def _best_ending(
    stage: NormalForm, listed: list[patience.Reversion], gains: tuple[Fraction, ...],
    bad: tuple[Fraction, ...],
) -> tuple[Fraction | None, Lottery]:  # fmt: skip
    """The last day for which the day before needs the least delta, over lotteries of two."""
    best: tuple[Fraction | None, Lottery] = (None, [(listed[0], Fraction(1))])
    candidates: list[Lottery] = [[(e, Fraction(1))] for e in listed]
    for e, f in combinations(listed, 2):
        for share in _balancing(gains, bad, e, f):
            candidates.append([(e, share), (f, 1 - share)])
    for lottery in candidates:
        good = _mean(lottery)
        ratios = [
            patience.ratio(g, patience.snapped(stage, i, u - v))
            for i, (g, u, v) in enumerate(zip(gains, good, bad, strict=True))
        ]
        if None in ratios:
            continue
        least = max(r for r in ratios if r is not None)
        if best[0] is None or least < best[0]:
            best = (least, lottery)
    return best


def _balancing(
    gains: tuple[Fraction, ...], bad: tuple[Fraction, ...], e: patience.Reversion,
    f: patience.Reversion,
) -> list[Fraction]:  # fmt: skip
    """Chances of e over f at which two tempted players need the same delta."""
    found = []
    tempted = [i for i, g in enumerate(gains) if g > 0]
    for i, j in combinations(tempted, 2):
        # (p e_i + (1-p) f_i - bad_i) / g_i equal for i and j
        slope = (e.payoffs[i] - f.payoffs[i]) / gains[i] - (e.payoffs[j] - f.payoffs[j]) / gains[j]
        level = (f.payoffs[i] - bad[i]) / gains[i] - (f.payoffs[j] - bad[j]) / gains[j]
        if slope and 0 < -level / slope < 1:
            found.append(-level / slope)
    return found


def _mean(lottery: Lottery) -> tuple[Fraction, ...]:
    columns = zip(*(e.payoffs for e, _ in lottery), strict=True)
    return tuple(sum((p * u for (_, p), u in zip(lottery, column, strict=True)), Fraction(0))
                 for column in columns)  # fmt: skip


def _through(
    stage: NormalForm, cell: tuple[int, ...], days: int, least: Fraction | None,
    good: tuple[Fraction, ...], bad: tuple[Fraction, ...],
) -> tuple[Fraction | None, bool]:  # fmt: skip
    """The least delta that is enough on earlier days too, and whether they asked for more."""
    if least is None or least > 1:
        return None, False
    if _kept(stage, cell, days, least, good, bad):
        return least, False
    if not _kept(stage, cell, days, Fraction(1), good, bad):
        return None, True
    low, high = least, Fraction(1)
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (low, middle) if _kept(stage, cell, days, middle, good, bad) else (middle, high)
    return high, True


def _kept(
    stage: NormalForm, cell: tuple[int, ...], days: int, delta: Fraction,
    good: tuple[Fraction, ...], bad: tuple[Fraction, ...],
) -> bool:  # fmt: skip
    tie = [0.0 if stage.is_exact else EXPLOITABILITY * float(w) for w in stage.payoff_range]
    table = _gains(stage, cell, days, delta, good, bad)
    return all(g <= t for row in table for g, t in zip(row, tie, strict=True))


def _gains(
    stage: NormalForm, cell: tuple[int, ...], days: int, delta: Fraction,
    good: tuple[Fraction, ...], bad: tuple[Fraction, ...],
) -> Any:  # fmt: skip
    """What the best deviation gains on each day but the last, by backward recursion."""
    here, best = patience.payoffs(stage, cell), patience.best_replies(stage, cell)
    table = np.empty((days - 1, stage.n_players), dtype=object)
    for i, (u, b) in enumerate(zip(here, best, strict=True)):
        tempted = patience.snapped(stage, i, b - u) > 0
        path, off = good[i], bad[i]  # what is still to come, complying and after a deviation
        for t in range(days - 2, -1, -1):
            table[t, i] = (b + delta * off) - (u + delta * path) if tempted else Fraction(0)
            path, off = u + delta * path, bad[i] + delta * off
    return table


def _value(stage: NormalForm, value: Fraction | None) -> Fraction | float:
    if value is None:
        return float("nan")
    return value if stage.is_exact else float(value)


def _binding(
    stage: NormalForm, table: Any, gains: tuple[Fraction, ...], value: Fraction | None
) -> tuple[str, ...]:
    """Tempted players with no slack on some day; where no delta is enough, who then deviates."""
    if value == 0:
        return ()
    tie = [EXPLOITABILITY * (float(w) or 1.0) for w in stage.payoff_range]
    return tuple(
        p for i, p in enumerate(stage.players)
        if gains[i] > 0 and max(float(g) for g in table[:, i]) > -tie[i]
    )  # fmt: skip


def _named(stage: NormalForm, e: patience.Reversion, chance: Fraction) -> str:
    said = ", ".join(mixture(s, names) for s, names in zip(e.strategies, stage.actions,
                                                           strict=True))  # fmt: skip
    return said if chance == 1 else f"{chance if stage.is_exact else float(chance)} of {said}"
