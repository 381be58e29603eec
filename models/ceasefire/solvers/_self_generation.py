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
SPARE = 1e-6  # of the payoff range: what a rough look in floats lets through
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
    needed = [
        (1 - delta) * u.max(axis=i, keepdims=True) + delta * v + np.zeros(stage.shape, dtype=int)
        for i, (u, v) in enumerate(zip(stage.exact_payoffs, worst, strict=True))
    ]
    if cell is not None:
        here = zip(patience.payoffs(stage, cell), needed, strict=True)
        if any(u < n[cell] - slack for u, n in here):
            return False
    likely = _likely(stage, float(delta), points, needed)
    return all(
        any(
            _made(w, patience.payoffs(stage, c), [n[c] for n in needed], delta, points, slack)
            for c in cells
        )
        for w, cells in zip(points, likely, strict=True)
    )


def _likely(
    stage: NormalForm, delta: float, points: Sequence[Point], needed: Sequence[Any]
) -> list[list[Cell]]:
    """Profiles that may make each point, by floats with slack to spare: the rest cannot."""
    pay = np.stack([u.ravel() for u in stage.payoffs], axis=1)
    least = np.stack([n.ravel().astype(float) for n in needed], axis=1)
    width = float(max(stage.payoff_range)) or 1.0
    hull = np.array([[float(x) for x in p] for p in points])
    box = hull.min(axis=0), hull.max(axis=0)
    cells = list(np.ndindex(*stage.shape))
    result = []
    for w in hull:
        spare = SPARE * width
        after = (w - (1 - delta) * pay) / (delta or 1.0)
        good = np.all(least <= w + spare, axis=1)
        if delta:
            spare /= delta
            good &= np.all((after >= box[0] - spare) & (after <= box[1] + spare), axis=1)
        result.append([cells[k] for k in np.flatnonzero(good)])
    return result


def _made(
    w: Point,
    u: Point,
    needed: Sequence[Fraction],
    delta: Fraction,
    points: Sequence[Point],
    slack: Fraction,
) -> bool:
    """Whether w is today's u and a continuation in the hull, and enough for every player."""
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
