"""Whether points generate themselves as equilibrium payoffs of two players, in fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.solvers import _patience as patience
from ceasefire.tolerances import SELF_GENERATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.games import NormalForm

    Cell = tuple[int, ...]
    Point = tuple[Fraction, ...]

DENOMINATORS = (10**3, 10**6, 10**9)  # vertices are quotients of small whole numbers
NEXT_TO = 1e-11  # of the payoff range: what floats may have lost


def generates(
    stage: NormalForm, delta: Fraction, points: Sequence[Point], cell: Cell | None = None
) -> bool:
    """Whether two players' points generate themselves, and hold up a profile for ever.

    Each point is today's payoff at some profile and a continuation in the points' hull, and
    leaves no player less than it gets by deviating to the points' worst payoff for it; so is the
    payoff of the profile `cell`, with itself as the continuation. Exact for exact points; else
    within `SELF_GENERATION`.
    """
    if not points:
        return False
    width = Fraction(float(max(stage.payoff_range)) * SELF_GENERATION)
    return any(_generates(stage, delta, points, cell, slack) for slack in (Fraction(0), width))


def reconstructed(
    stage: NormalForm, delta: Fraction, points: Sequence[Sequence[Any]]
) -> list[Point] | None:
    """Fractions next to these floats that generate themselves, exactly; None where none do."""
    tie = Fraction(float(max(stage.payoff_range)) * NEXT_TO)
    for largest in DENOMINATORS:
        guess = [tuple(Fraction(x).limit_denominator(largest) for x in p) for p in points]
        near = all(
            abs(Fraction(x) - y) <= tie
            for p, q in zip(points, guess, strict=True) for x, y in zip(p, q, strict=True)
        )  # fmt: skip
        if near and _generates(stage, delta, guess, None, Fraction(0)):
            return guess
    return None


def _generates(
    stage: NormalForm,
    delta: Fraction,
    points: Sequence[Point],
    cell: Cell | None,
    slack: Fraction,
) -> bool:
    worst = [min(column) for column in zip(*points, strict=True)]
    rows = []
    for c in np.ndindex(*stage.shape):
        best = patience.best_replies(stage, c)
        needed = [(1 - delta) * b + delta * v for b, v in zip(best, worst, strict=True)]
        rows.append((patience.payoffs(stage, c), needed))
    if cell is not None:
        here, wanted = rows[int(np.ravel_multi_index(cell, stage.shape))]
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
