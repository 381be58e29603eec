"""The harshest punishments: the least discount factor by optimal penal codes, pure strategies.

Without transfers the worst equilibrium payoffs come from certified payoff sets. With transfers
profiles are ranked by what they tempt their players with, and everything is a closed form.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import optimize

from ceasefire.games.repeated import RepeatedGame
from ceasefire.solvers import _patience as patience
from ceasefire.solvers._self_generation import reconstructed
from ceasefire.tolerances import PAYOFF_TIE, SELF_GENERATION

if TYPE_CHECKING:
    from collections.abc import Callable

    from ceasefire.games import NormalForm
    from ceasefire.solvers.sets import PayoffSet

    Cell = tuple[int, ...]
    Oracle = Callable[[RepeatedGame, bool], PayoffSet]
    Tried = Callable[[Fraction, bool], "Verdict"]

MOST_STEPS = 80
RAISES = 4
NEARER = 20  # halvings of the distance to 1, in search of a discount factor that is enough
EXACT_PROFILES = 49  # past it payoff sets in fractions take seconds


@dataclass(frozen=True, eq=False)
class Verdict:
    """Whether a profile is sustained at a discount factor, and the payoff set that says so."""

    discount: Fraction
    sustained: bool | None  # None: the set's two bounds leave it open
    threats: tuple[Fraction, ...] | None  # none is below; None where there is no equilibrium
    found: PayoffSet | None
    corners: list[tuple[Fraction, ...]]  # extreme points of the inner set
    exact: bool  # whether they generate themselves exactly


@dataclass(frozen=True, eq=False)
class Bracket:
    """Where the least discount factor lies: above `low` (or at it, if `exact`), at most `high`."""

    low: Fraction
    high: Fraction
    exact: bool
    at_high: Verdict | None
    at_low: Verdict | None
    steps: int


def judge(
    stage: NormalForm, cell: Cell, discount: Fraction, oracle: Oracle, exact: bool
) -> Verdict:
    """Whether nobody gains by leaving the profile for its worst equilibrium payoff.

    ``u_i(a) >= (1 - delta) max u_i(., a_-i) + delta v_i`` for every player.
    """
    first = _judged(stage, cell, discount, oracle(RepeatedGame(stage, discount), False), exact)
    if not exact or (first.sustained and first.exact):
        return first
    again = _judged(stage, cell, discount, oracle(RepeatedGame(stage, discount), True), True)
    return again if again.sustained and again.exact else first


def _judged(
    stage: NormalForm, cell: Cell, discount: Fraction, found: PayoffSet, exact: bool
) -> Verdict:
    if found.is_empty:
        return Verdict(discount, False, None, found, [], True)
    corners, whole = _corners(stage, discount, found, exact)
    at_most, at_least = _lowest(corners), _lowest(found.outer)
    ties = [Fraction(SELF_GENERATION * float(w)) for w in stage.payoff_range]
    if whole and found.exact:
        at_least = at_most
    elif at_least is not None:  # a bound from outside, rounding allowed for
        at_least = tuple(v - t for v, t in zip(at_least, ties, strict=True))
    here, best = patience.payoffs(stage, cell), patience.best_replies(stage, cell)
    yes, no = True, False
    for i, (u, b) in enumerate(zip(here, best, strict=True)):
        kept = [u - (1 - discount) * b - discount * v[i] if v else None
                for v in (at_most, at_least)]  # fmt: skip
        yes &= kept[0] is not None and kept[0] >= -(0 if whole else ties[i])
        no |= kept[1] is not None and kept[1] < 0
    return Verdict(discount, True if yes else False if no else None, at_least, found, corners,
                   whole)  # fmt: skip


def _corners(
    stage: NormalForm, discount: Fraction, found: PayoffSet, exact: bool
) -> tuple[list[tuple[Fraction, ...]], bool]:
    """Extreme points of the inner set, and whether they generate themselves exactly.

    Floats of a set that is known but for rounding are made fractions again, and proven.
    """
    given: Any = found.detail.get("exact_vertices") if found.exact else None
    if given is not None:
        return [tuple(Fraction(x) for x in point) for point in given], True
    points = [tuple(Fraction(float(x)) for x in point) for point in np.asarray(found.inner)]
    again = reconstructed(stage, discount, points) if exact else None
    return (points, False) if again is None else (again, True)


def _lowest(points: Any) -> tuple[Fraction, ...] | None:
    table = np.array([list(point) for point in points], dtype=object)
    return tuple(Fraction(min(column)) for column in table.T) if len(table) else None


def correlated_minmax(stage: NormalForm) -> tuple[Fraction, ...]:
    """Lower bounds of what correlated opponents can hold each player to, a hair below."""
    result = []
    for i, width in enumerate(stage.payoff_range):
        table = np.moveaxis(stage.payoffs[i], i, 0).reshape(stage.shape[i], -1)
        low, scale = float(table.min()), float(width) or 1.0
        rows = (table - low) / scale
        k = rows.shape[1]
        found = optimize.linprog(
            np.append(np.zeros(k), 1.0), A_ub=np.hstack([rows, -np.ones((len(rows), 1))]),
            b_ub=np.zeros(len(rows)), A_eq=np.append(np.ones(k), 0.0)[None], b_eq=[1.0],
        )  # fmt: skip
        value = float(found.fun) if found.status == 0 and found.fun is not None else 0.0
        result.append(Fraction(low + scale * max(0.0, value - SELF_GENERATION)))
    return tuple(result)


def pooled(
    stage: NormalForm, cell: Cell, threats: tuple[Fraction, ...]
) -> tuple[Fraction, Fraction]:
    """Sum of temptations, and joint payoff less the sum of threats."""
    gain, joint, _ = _facts(stage, cell)
    return gain, joint - sum(threats, Fraction(0))


def bound(stage: NormalForm, cell: Cell, threats: tuple[Fraction, ...]) -> Fraction | None:
    """The least delta at which these punishments keep everybody; None where none does."""
    worst = Fraction(0)
    gains, here = patience.temptations(stage, cell), patience.payoffs(stage, cell)
    for i, (g, u, v) in enumerate(zip(gains, here, threats, strict=True)):
        least = patience.for_ever(g, patience.snapped(stage, i, u - v))
        if least is None:
            return None
        worst = max(worst, least)
    return worst


def search(
    stage: NormalForm, cell: Cell, upper: Fraction | None, oracle: Oracle, tolerance: float
) -> Bracket | None:
    """Bracket the least discount factor at which the profile is played for ever.

    Worst payoffs fall as delta rises (with public randomisation), so at every delta up to one
    whose worst payoffs are v, ``bound(v)`` is needed; where it suffices too it is the answer.
    None where no discount factor below 1 was found.
    """
    low = bound(stage, cell, patience.minmax(stage))
    if low is None or low >= 1:
        return None
    exact = stage.is_exact and stage.n_players == 2
    exact &= int(np.prod(stage.shape)) <= EXACT_PROFILES

    def tried(discount: Fraction, whole: bool) -> Verdict:
        return judge(stage, cell, discount, oracle, whole)

    at_low = tried(low, exact)
    if at_low.sustained:  # needed and enough
        return Bracket(low, low, at_low.exact, at_low, None, 1)
    high = _from_above(low, upper, tried)
    if high is None:
        return None
    found = _raised(stage, cell, Bracket(low, high.discount, False, high, at_low, 2), tried, exact)
    if not found.exact and found.high - found.low > tolerance:
        found = _closed(stage, cell, found, tried, tolerance)
        found = _raised(stage, cell, found, tried, exact)
    return _refined(found, tried, exact)


def _raised(stage: NormalForm, cell: Cell, found: Bracket, tried: Tried, exact: bool) -> Bracket:
    """Raise the lower end to what the worst payoffs of the upper one ask for, while they do."""
    high, at_low, steps = found.at_high, found.at_low, found.steps
    assert high is not None
    low = found.low
    for _ in range(RAISES):
        whole = tried(high.discount, True) if exact and not high.exact else high
        high = whole if whole.sustained else high
        needed = _needed(stage, cell, high)
        if needed is None or needed <= low or needed > high.discount:
            break
        verdict, steps = tried(needed, exact), steps + 1
        if verdict.sustained:
            if verdict.exact:
                return Bracket(needed, needed, True, verdict, at_low, steps)
            high = verdict
        else:
            low, at_low = needed, verdict
            break
    return Bracket(low, high.discount, False, high, at_low, steps)


def _closed(
    stage: NormalForm, cell: Cell, found: Bracket, tried: Tried, tolerance: float
) -> Bracket:
    """Close the bracket by Brent's method on ``bound(v(delta)) - delta``, which falls in delta."""
    assert found.at_high is not None
    ends: dict[bool, tuple[Fraction, Verdict | None]] = {
        False: (found.low, found.at_low), True: (found.high, found.at_high)
    }  # fmt: skip
    count = 0

    def excess(x: float) -> float:
        nonlocal count
        delta = Fraction(x)
        count += 1
        verdict = tried(delta, False)
        kept = bool(verdict.sustained)
        if (delta < ends[True][0]) if kept else (delta > ends[False][0]):
            ends[kept] = (delta, verdict)
        need = None if verdict.threats is None else bound(stage, cell, verdict.threats)
        gap = 1.0 if need is None else float(need - delta)
        least = tolerance * 1e-3
        return min(gap, -least) if kept else max(gap, least)

    low, high = float(found.low), float(found.high)
    with contextlib.suppress(ValueError):  # ends that rounding has brought to one side
        optimize.brentq(excess, low, high, xtol=tolerance / 4, rtol=1e-15, maxiter=MOST_STEPS)
    (one, at_low), (two, at_high) = ends[False], ends[True]
    return Bracket(one, two, False, at_high, at_low, found.steps + count)


def _needed(stage: NormalForm, cell: Cell, verdict: Verdict) -> Fraction | None:
    """What the worst payoffs of a larger delta ask for."""
    return None if verdict.threats is None else bound(stage, cell, verdict.threats)


def _from_above(low: Fraction, upper: Fraction | None, tried: Tried) -> Verdict | None:
    """A discount factor that sustains the profile: reversion's, else ever nearer 1."""
    nearer = [1 - (1 - low) / 2**k for k in range(1, NEARER + 1)]
    for delta in [upper, *nearer] if upper is not None and upper < 1 else nearer:
        verdict = tried(delta, False)
        if verdict.sustained:
            return verdict
    return None


def _refined(found: Bracket, tried: Tried, exact: bool) -> Bracket:
    """The simplest fraction of the bracket, where it sustains the profile too."""
    if found.exact or found.low >= found.high:
        return found
    guess = patience.simplest(found.low + (found.high - found.low) / 2**20, found.high)
    if guess == found.high:
        return found
    verdict = tried(guess, exact)
    if not verdict.sustained:
        return found
    return Bracket(found.low, guess, False, verdict, found.at_low, found.steps + 1)


@dataclass(frozen=True, eq=False)
class Code:
    """An optimal penal code with transfers: profiles that a liquidity L supports.

    Attributes
    ----------
    value : Fraction or None
        The least delta.
    threats : tuple of Fraction
        Each player's worst payoff, ``min BR_i`` over the profiles supported.
    punishments : tuple of profiles
        Where those are reached.
    best : profile
        Supported, with the largest joint payoff.
    """

    value: Fraction | None
    threats: tuple[Fraction, ...]
    punishments: tuple[Cell, ...]
    best: Cell | None


def with_transfers(stage: NormalForm, cell: Cell) -> Code:
    """The least delta at which a profile is played for ever, with transfers.

    Profile b is supported iff ``(1 - delta) G(b) <= delta L``, with G the sum of temptations and L
    the largest joint payoff less the sum of worst payoffs over supported profiles: those with G up
    to a level. For each level the delta that supports it and the profile is a closed form.
    """
    cells, rows = _all_facts(stage)
    order = sorted(range(len(cells)), key=lambda k: rows[k][0])
    gain, joint, _ = _facts(stage, cell)
    least: Fraction | None = None
    answer = Code(None, patience.minmax(stage), (), None)
    best, at = None, [cells[order[0]]] * stage.n_players
    worst: list[Fraction] = list(rows[order[0]][2])
    top = rows[order[0]][1]
    for place, k in enumerate(order):
        g, u, replies = rows[k]
        if best is None or u > top:
            best, top = cells[k], u
        for i, b in enumerate(replies):
            if b < worst[i]:
                worst[i], at[i] = b, cells[k]
        if place + 1 < len(order) and rows[order[place + 1]][0] == g:
            continue  # the level is not complete
        held = _level(stage, g, top, gain, joint, sum(worst, Fraction(0)))
        if held is not None and (least is None or held < least):
            least = held
            answer = Code(held, tuple(worst), tuple(at), best)
    return answer


def _level(
    stage: NormalForm, g: Fraction, top: Fraction, gain: Fraction, joint: Fraction, worst: Fraction
) -> Fraction | None:
    tie = stage.n_players * max(stage.payoff_range) * PAYOFF_TIE
    losses = [top - worst, joint - worst]
    if not stage.is_exact:
        losses = [Fraction(0) if abs(float(x)) <= tie else x for x in losses]
    one, two = patience.for_ever(g, losses[0]), patience.for_ever(gain, losses[1])
    return None if one is None or two is None else max(one, two)


def _facts(stage: NormalForm, cell: Cell) -> tuple[Fraction, Fraction, tuple[Fraction, ...]]:
    """Sum of temptations, joint payoff, best replies."""
    gain = sum(patience.temptations(stage, cell), Fraction(0))
    joint = sum(patience.payoffs(stage, cell), Fraction(0))
    return gain, joint, patience.best_replies(stage, cell)


def _all_facts(
    stage: NormalForm,
) -> tuple[list[Cell], list[tuple[Fraction, Fraction, tuple[Fraction, ...]]]]:
    """The facts of every profile, in lexical order."""
    cells = list(np.ndindex(*stage.shape))
    joint, gain = np.zeros(stage.shape, dtype=object), np.zeros(stage.shape, dtype=object)
    replies = []
    for i, table in enumerate(stage.exact_payoffs):
        best = np.broadcast_to(table.max(axis=i, keepdims=True), stage.shape)
        over = best - table
        if not stage.is_exact:
            tie = PAYOFF_TIE * float(stage.payoff_range[i])
            over[over.astype(float) <= tie] = Fraction(0)
        joint, gain = joint + table, gain + over
        replies.append(best.ravel())
    rows = zip(gain.flat, joint.flat, zip(*replies, strict=True), strict=True)
    return cells, list(rows)


def supported(stage: NormalForm, cell: Cell, discount: Fraction) -> bool:
    """Whether a profile is played for ever with transfers, by removing what is not supported.

    The other route than `with_transfers`: at one delta, from all profiles down to those that
    support each other.
    """
    kept, listed = _all_facts(stage)
    rows = dict(zip(kept, listed, strict=True))
    gain, joint, _ = rows[cell]
    while kept:
        top = max(rows[c][1] for c in kept)
        worst = sum((min(rows[c][2][i] for c in kept) for i in range(stage.n_players)), Fraction(0))
        left = [c for c in kept if (1 - discount) * rows[c][0] <= discount * (top - worst)]
        if len(left) == len(kept):
            return cell in kept and (1 - discount) * gain <= discount * (joint - worst)
        kept = left
    return False
