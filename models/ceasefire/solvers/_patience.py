"""What critical discount factors are made of: temptations, punishments, roots, in fractions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.tolerances import PAYOFF_TIE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import NormalForm

NEVER = None  # no discount factor, however near 1
MIXED_ACTIONS = 12  # of a player: past it only pure stage equilibria are looked for


@dataclass(frozen=True, eq=False)
class Reversion:
    """A stage equilibrium to revert to: its strategies, and each player's payoff."""

    strategies: tuple[NDArray[Any], ...]
    payoffs: tuple[Fraction, ...]


def stage_equilibria(stage: NormalForm, mixed: bool = True) -> tuple[list[Reversion], bool]:
    """Equilibria of the stage game, and whether none was left out that punishes harder.

    Mixed ones too, once strictly dominated actions are gone, in games of moderate size. Payoffs
    are fractions; of the floats they are where the stage is.
    """
    if not mixed:
        return [pure_reversion(stage, cell) for cell in stage.pure_equilibria()], True
    from ceasefire.solvers.nash import nash
    from ceasefire.solvers.rationalizable import rationalizable

    left = rationalizable(stage)
    small = left.restricted
    if left.solvable or max(small.shape) > MIXED_ACTIONS:
        cells = stage.pure_equilibria()
        return [pure_reversion(stage, cell) for cell in cells], left.solvable
    found = nash(small, exact=stage.is_exact, components=False)
    listed = []
    for e in found:
        full = [_spread(s, kept, k) for s, kept, k in zip(e.strategies, left.kept, stage.shape,
                                                          strict=True)]  # fmt: skip
        listed.append(Reversion(tuple(full), tuple(Fraction(u) for u in e.payoffs)))
    return listed, found.complete


def _spread(s: NDArray[Any], kept: tuple[int, ...], count: int) -> NDArray[Any]:
    zero: Any = Fraction(0) if s.dtype == object else 0.0
    full = np.array([zero] * count, dtype=s.dtype)
    full[list(kept)] = s
    return full


def pure_reversion(stage: NormalForm, cell: tuple[int, ...]) -> Reversion:
    """A pure profile as a stage equilibrium to revert to."""
    strategies = []
    for a, count in zip(cell, stage.shape, strict=True):
        strategies.append(np.array([Fraction(int(b == a)) for b in range(count)], dtype=object))
    return Reversion(tuple(strategies), payoffs(stage, cell))


def payoffs(stage: NormalForm, cell: tuple[int, ...]) -> tuple[Fraction, ...]:
    """Each player's payoff at a pure profile."""
    return tuple(u[cell] for u in stage.exact_payoffs)


def best_replies(stage: NormalForm, cell: tuple[int, ...]) -> tuple[Fraction, ...]:
    """Each player's best payoff on one day, the others playing as in the profile."""
    result = []
    for i in range(stage.n_players):
        line = (*cell[:i], slice(None), *cell[i + 1 :])
        result.append(max(stage.exact_payoffs[i][line]))
    return tuple(result)


def temptations(stage: NormalForm, cell: tuple[int, ...]) -> tuple[Fraction, ...]:
    """What each player gains at most on the day it deviates; rounding of floats counts as 0."""
    best, here = best_replies(stage, cell), payoffs(stage, cell)
    return tuple(snapped(stage, i, b - u) for i, (b, u) in enumerate(zip(best, here, strict=True)))


def snapped(stage: NormalForm, player: int, difference: Fraction) -> Fraction:
    """A difference of payoffs, 0 where the payoffs are floats that tie."""
    if stage.is_exact:
        return difference
    tie = abs(float(difference)) <= PAYOFF_TIE * float(stage.payoff_range[player])
    return Fraction(0) if tie else difference


def minmax(stage: NormalForm) -> tuple[Fraction, ...]:
    """Each player's pure minmax: ``min_{a_-i} max_{a_i} u_i(a)``."""
    return tuple(
        min(np.max(stage.exact_payoffs[i], axis=i).flat) for i in range(stage.n_players)
    )  # fmt: skip


def ratio(gain: Fraction, loss: Fraction) -> Fraction | None:
    """Temptation over what a day of punishment costs; None where it costs nothing."""
    if gain <= 0:
        return Fraction(0)
    return gain / loss if loss > 0 else NEVER


def for_ever(gain: Fraction, loss: Fraction) -> Fraction | None:
    """Least delta with ``(1 - delta) gain <= delta loss``; 1 where loss is 0; None past 1."""
    if gain <= 0:
        return Fraction(0)
    return gain / (gain + loss) if loss >= 0 else NEVER


def for_days(gain: Fraction, loss: Fraction, days: int) -> tuple[Fraction, Fraction] | None:
    """Bracket of the least delta with ``gain <= loss (delta + ... + delta^days)``.

    Equal ends where the root is rational; (1, 1) where only delta = 1 does; None past 1.
    """
    each = ratio(gain, loss)
    if each is NEVER or each > days:
        return NEVER
    if each == days or each == 0 or days == 1:
        root = Fraction(1) if each == days else each
        return root, root
    x = _float_root(float(each), days)
    step = Fraction(1, 2**52)
    low = high = Fraction(x)
    while met(low, each, days):
        low, step = low - step, 2 * step
    step = Fraction(1, 2**52)
    while not met(high, each, days):
        high, step = min(Fraction(1), high + step), 2 * step
    guess = simplest(low, high)
    if total(guess, days) == each:
        return guess, guess
    return low, high


def met(delta: Fraction, each: Fraction, days: int) -> bool:
    """Whether ``delta + ... + delta^days >= each``, in whole numbers."""
    p, q = delta.numerator, delta.denominator
    if p <= 0:
        return each <= 0
    if p == q:
        return days >= each
    Q = q**days
    return bool(each.denominator * p * (Q - p**days) >= each.numerator * (q - p) * Q)


def total(delta: Fraction, days: int) -> Fraction:
    """``delta + ... + delta^days``."""
    return delta * days if delta == 1 else delta * (1 - delta**days) / (1 - delta)


def _float_root(each: float, days: int) -> float:
    from scipy.optimize import brentq

    def excess(x: float) -> float:
        if x <= 0.0:
            return -each
        if x >= 1.0:
            return days - each
        return float(-x * np.expm1(days * np.log(x)) / (1.0 - x) - each)

    return float(brentq(excess, 0.0, 1.0, xtol=1e-16, rtol=8.9e-16))


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction of least denominator in [low, high], 0 <= low <= high (Stern and Brocot)."""
    floor = low.numerator // low.denominator
    if low == floor:
        return Fraction(floor)
    if floor + 1 <= high:
        return Fraction(floor + 1)
    return floor + 1 / simplest(1 / (high - floor), 1 / (low - floor))


def require_days(punishment: object) -> int:
    """A number of days of punishment."""
    whole = isinstance(punishment, int | np.integer) and not isinstance(punishment, bool)
    if not whole or not 1 <= int(punishment) <= 100_000:  # type: ignore[call-overload]
        allowed = '"grim", "optimal", or a whole number of days from 1 to 100000'
        raise ArgumentError("punishment", punishment, allowed)
    return int(punishment)  # type: ignore[call-overload, no-any-return]
