"""Critical discount factors checked by other routes than they were found."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.games import Automaton
from ceasefire.games.repeated import RepeatedGame
from ceasefire.solvers import _patience as patience
from ceasefire.solvers import _penal as penal
from ceasefire.solvers.automata import AutomatonCheck, check_automaton
from ceasefire.tolerances import SELF_GENERATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.games import NormalForm

    Cell = tuple[int, ...]
    Point = tuple[Fraction, ...]

BELOW = Fraction(1, 2**30)  # how far below the threshold the profile is tried, relative to it
CHECKED_DAYS = 300  # of a punishment whose automaton is checked whole


@dataclass(frozen=True, eq=False, repr=False)
class DiscountCertificate:
    """What was checked of a critical discount factor.

    Attributes
    ----------
    at : Fraction
        The discount factor at which the profile was checked, the upper end of the bracket.
    sustained : bool
        Whether it is sustained there.
    below : Fraction or None
        A smaller one at which it was tried too; None where the threshold is 0.
    refused : bool or None
        Whether it is not sustained there.
    route : str
        How both were found.
    check : object
        The automaton's check, or the points that generate themselves.
    """

    at: Fraction
    sustained: bool
    below: Fraction | None
    refused: bool | None
    route: str
    check: Any = None

    @property
    def passed(self) -> bool:
        """Whether the profile is sustained above and not below."""
        return self.sustained and self.refused is not False

    def __repr__(self) -> str:
        said = f"sustained at {float(self.at):.12g}: {self.sustained}"
        if self.below is not None:
            said += f"; refused at {float(self.below):.12g}: {self.refused}"
        return f"{said} ({self.route})"


def by_automaton(
    stage: NormalForm, cell: Cell, plan: Sequence[patience.Reversion], days: int | None,
    ends: tuple[Fraction, Fraction],
) -> DiscountCertificate | None:  # fmt: skip
    """One-shot deviations from the automaton that carries out the punishment."""
    if days is not None and days > CHECKED_DAYS:
        return None
    automaton = punishing(stage, cell, plan, days)
    below = _below(ends[0])
    at = _check(stage, automaton, ends[1])
    refused = None if below is None else not _check(stage, automaton, below).is_equilibrium
    route = "one-shot deviations from an automaton"
    return DiscountCertificate(ends[1], at.is_equilibrium, below, refused, route, at)


def _check(stage: NormalForm, automaton: Automaton, delta: Fraction) -> AutomatonCheck:
    exact = (stage.is_exact and automaton.is_exact) or None
    return check_automaton(RepeatedGame(stage, delta), automaton, exact=exact)


def _below(low: Fraction) -> Fraction | None:
    return low * (1 - BELOW) if low > 0 else None


def punishing(
    stage: NormalForm, cell: Cell, plan: Sequence[patience.Reversion], days: int | None
) -> Automaton:
    """The profile, and each deviator's reversion; deviations that do not pay go unpunished."""
    gains = patience.temptations(stage, cell)
    if not plan or not any(gains):
        table = np.zeros((1, *stage.shape), dtype=np.int64)
        return Automaton(stage, [cell], table, states=["keep"])
    same = all(e is plan[0] for e in plan)
    kinds: Any = plan[0].strategies if same else {
        p: e.strategies for p, e in zip(stage.players, plan, strict=True)
    }  # fmt: skip
    made = Automaton.grim(stage, cell, kinds) if days is None else (
        Automaton.n_day_punishment(stage, cell, kinds, days)
    )  # fmt: skip
    table = made.transition.copy()
    for i, gain in enumerate(gains):
        if gain <= 0:
            for a in range(stage.shape[i]):
                table[(0, *cell[:i], a, *cell[i + 1 :])] = 0
    return Automaton(stage, list(zip(*made.output, strict=True)), table, states=made.states)


def by_shares(
    stage: NormalForm, cell: Cell, threats: Sequence[Fraction], days: int | None,
    ends: tuple[Fraction, Fraction],
) -> DiscountCertificate:  # fmt: skip
    """Split tomorrow's joint payoff so that nobody deviates, player by player."""
    below = _below(ends[0])
    refused = None if below is None else _shares(stage, cell, threats, days, below) is None
    shares = _shares(stage, cell, threats, days, ends[1])
    route = "shares of the joint payoff that keep every player"
    return DiscountCertificate(ends[1], shares is not None, below, refused, route, shares)


def _shares(
    stage: NormalForm, cell: Cell, threats: Sequence[Fraction], days: int | None, delta: Fraction
) -> tuple[Fraction, ...] | None:
    """Payoffs w_i after compliance that each keep player i and add up; None where none do.

    A deviator gets its threat for the punishment's days, and w_i again after them.
    """
    if delta == 0:
        return patience.payoffs(stage, cell) if not any(patience.temptations(stage, cell)) else None
    # punishing for n days costs the share 1 - delta^n of w_i - threat_i
    weight = delta if days is None else delta * (1 - delta**days)
    here, best = patience.payoffs(stage, cell), patience.best_replies(stage, cell)
    least = [
        v + (1 - delta) * (b - u) / weight for u, b, v in zip(here, best, threats, strict=True)
    ]
    spare = sum(here, Fraction(0)) - sum(least, Fraction(0))
    slack = Fraction(0) if stage.is_exact else Fraction(float(max(stage.payoff_range)) * 1e-9)
    if spare < -slack:
        return None
    return tuple(w + spare / len(least) for w in least)


def by_elimination(stage: NormalForm, cell: Cell, code: penal.Code) -> DiscountCertificate:
    """Profiles removed until the rest support each other, at the threshold and below."""
    assert code.value is not None
    below, at = _below(code.value), code.value
    if not stage.is_exact:  # a hair above: floats tie
        at = min(code.value + Fraction(1, 2**40), (1 + code.value) / 2)
    refused = None if below is None else not penal.supported(stage, cell, below)
    held = penal.supported(stage, cell, at)
    return DiscountCertificate(at, held, below, refused, "iterated removal of profiles", code)


def by_generation(stage: NormalForm, cell: Cell, found: penal.Bracket) -> DiscountCertificate:
    """Points that generate each other hold up the profile; below, the outer bound refuses it."""
    verdict = found.at_high
    assert verdict is not None
    points = corners(verdict)
    held = generates(stage, verdict.discount, points, cell)
    below = found.at_low.discount if found.at_low is not None else None
    refused = found.at_low.sustained is False if found.at_low is not None else None
    if found.exact and verdict.threats is not None:
        # at every smaller delta the worst payoffs are no lower: the bound itself refuses it
        below = _below(found.low)
        refused = below is not None and not _kept(stage, cell, below, verdict.threats)
    route = "a set of payoffs that generates itself; worst payoffs from outside"
    return DiscountCertificate(verdict.discount, held, below, refused, route, points)


def corners(verdict: penal.Verdict) -> list[Point]:
    """Extreme points of the inner set, in fractions."""
    assert verdict.found is not None
    exact = verdict.found.detail.get("exact_vertices") if verdict.found.exact else None
    source: Any = exact if exact is not None else verdict.found.inner
    return [tuple(Fraction(x) for x in point) for point in source]


def _kept(stage: NormalForm, cell: Cell, delta: Fraction, threats: Sequence[Fraction]) -> bool:
    rows = zip(
        patience.payoffs(stage, cell), patience.best_replies(stage, cell), threats, strict=True
    )
    return all(bool(u >= (1 - delta) * b + delta * v) for u, b, v in rows)


def generates(stage: NormalForm, delta: Fraction, points: Sequence[Point], cell: Cell) -> bool:
    """Whether two players' points generate themselves, and hold up a profile for ever.

    Each point is today's payoff at some profile and a continuation in the points' hull, and
    leaves no player less than it gets by deviating to the points' worst payoff for it; so is the
    profile's own payoff, with itself as the continuation. Exact for exact points.
    """
    if not points:
        return False
    whole = stage.is_exact and all(x.denominator < 2**200 for p in points for x in p)
    width = Fraction(float(max(stage.payoff_range)) * SELF_GENERATION)
    slack = Fraction(0) if whole else width
    for attempt in (slack,) if slack else (slack, width):
        if _self_generating(stage, delta, points, cell, attempt):
            return True
    return False


def _self_generating(
    stage: NormalForm, delta: Fraction, points: Sequence[Point], cell: Cell, slack: Fraction
) -> bool:
    worst = [min(column) for column in zip(*points, strict=True)]
    rows = []
    for c in np.ndindex(*stage.shape):
        best = patience.best_replies(stage, c)
        needed = [(1 - delta) * b + delta * v for b, v in zip(best, worst, strict=True)]
        rows.append((patience.payoffs(stage, c), needed))
    here = patience.payoffs(stage, cell)
    wanted = [(1 - delta) * b + delta * v
              for b, v in zip(patience.best_replies(stage, cell), worst, strict=True)]  # fmt: skip
    if any(u < n - slack for u, n in zip(here, wanted, strict=True)):
        return False
    return all(any(_made(w, u, needed, delta, points, slack) for u, needed in rows) for w in points)


def _made(
    w: Point, u: Point, needed: Sequence[Fraction], delta: Fraction, points: Sequence[Point],
    slack: Fraction,
) -> bool:  # fmt: skip
    if any(x < n - slack for x, n in zip(w, needed, strict=True)):
        return False
    if delta == 0:
        return all(abs(x - y) <= slack for x, y in zip(w, u, strict=True))
    after = tuple((x - (1 - delta) * y) / delta for x, y in zip(w, u, strict=True))
    return inside(after, points, slack / delta)


def inside(point: Point, hull: Sequence[Point], slack: Fraction) -> bool:
    """Whether a point of the plane lies in the hull of points listed counterclockwise."""
    if len(hull) == 1:
        return all(abs(x - y) <= slack for x, y in zip(point, hull[0], strict=True))
    if len(hull) == 2:
        return _on_segment(point, hull[0], hull[1], slack)
    for a, b in zip(hull, [*hull[1:], hull[0]], strict=True):
        side = (b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0])
        if side < -slack * (abs(b[0] - a[0]) + abs(b[1] - a[1])):
            return False
    return True


def _on_segment(point: Point, a: Point, b: Point, slack: Fraction) -> bool:
    step = [y - x for x, y in zip(a, b, strict=True)]
    size = sum((s * s for s in step), Fraction(0))
    along = sum(((p - x) * s for p, x, s in zip(point, a, step, strict=True)), Fraction(0))
    share = min(max(along / size, Fraction(0)), Fraction(1))
    near = [x + share * s for x, s in zip(a, step, strict=True)]
    return all(abs(p - x) <= slack for p, x in zip(point, near, strict=True))
