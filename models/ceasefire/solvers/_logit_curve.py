"""Follow a curve of zeros ``F(x, l) = 0`` by predictor and corrector, through its turning points.

The curve itself is a `Curve`: what it misses by, and its slopes factored. At every point one
coordinate is held fixed, that in which the curve moves most (Rheinboldt): the linear systems then
stay regular at turning points, and where the curve stands upright in `l` to rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from ceasefire.tolerances import LOGIT_RESIDUAL, PATH_RESIDUAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FIRST_STEP, LEAST_STEP, LARGEST_GROWTH, STEPS = 0.03, 1e-9, 3.0, 100_000
# Chosen on 710 games (near-symmetric coordination, random tables of two and three players, random
# trees): with these no path left its branch that one of ten times shorter steps followed. Steps
# that aim at 0.4, refuse 1.6 and may grow without bound lost 12 of 300 coordination games.
GUESSED = 0.1  # largest move of the corrector that steps aim at
REFUSED = 0.3  # a larger one: the guess may lie nearer to another stretch
LONGEST = 0.5  # of 1 + l
LEAST_COSINE = 0.8  # between tangents of consecutive points
BIFURCATION_STEP = 1e-4  # the determinant changes sign however short the steps are
ON_THE_WAY = 1e-6  # what is left of a miss in a log-odds; points that are shown are corrected on
CORRECTIONS = 8
CHORD = 0.05  # slopes are kept while a correction leaves less than this of the miss


class Slopes(NamedTuple):
    """Slopes of F with one coordinate held fixed: how to correct a miss, and the curve's tangent.

    Both are vectors over all coordinates; `move` is zero and `tangent` one at the fixed one.
    `sense` is the sign of the determinant of the slopes with the fixed coordinate's unit row below.
    """

    move: Callable[[Floats], Floats]
    tangent: Callable[[], Floats]
    sense: float
    fixed: int


class Curve(Protocol):
    """Zeros of ``F``, n equations in n + 1 coordinates, the last of them `l`.

    Equations are shown divided by ``1 + l``, and so are their slopes (the divisor is not
    differentiated). `start` is the zero at ``l = 0``.
    """

    start: Floats

    def log(self, point: Floats) -> Floats:
        """Log-probabilities of all actions, (n_actions,)."""
        ...

    def miss(self, point: Floats) -> Floats:
        """F, shape (n,)."""
        ...

    def slopes(self, point: Floats, fixed: int) -> Slopes:
        """Derivative of F, factored with coordinate `fixed` held."""
        ...


class Stand(NamedTuple):
    """A point of the curve, and the unit tangent there, in the sense of travel."""

    point: Floats
    along: Floats

    @property
    def level(self) -> float:
        """The last coordinate."""
        return float(self.point[-1])

    @property
    def rising(self) -> float:
        """Change of the last coordinate along the curve."""
        return float(self.along[-1])


def walk(curve: Curve) -> Iterator[Stand]:
    """Points of the curve in order, the start included; ends where rounding lets it go no further.

    The predictor bends with the curve: the last two tangents give its curvature. Steps grow and
    shrink with the corrector's first move. The tangent with the slopes spans the space in one
    sense all along a regular curve: where it is the other, the step has jumped to another stretch
    and is repeated shorter, unless it is so short already that this is a bifurcation.
    """
    start = np.append(curve.start, 0.0)
    slopes = curve.slopes(start, len(start) - 1)
    here = Stand(start, _unit(slopes.tangent(), None))
    yield here
    bend, step, sense = np.zeros(len(start)), FIRST_STEP, _sense(slopes, here.along)
    for _ in range(STEPS):
        guess = here.point + step * here.along + step**2 / 2 * bend
        # the branch comes back to l = 0 nowhere: there the equations have one solution
        found = _corrected(curve, guess, here.along, ON_THE_WAY) if guess[-1] > 0 else None
        if found is not None:
            point, first, slopes = found
            along = _unit(slopes.tangent(), here.along)
            same = _sense(slopes, along) == sense
            if along @ here.along >= LEAST_COSINE and (same or step < BIFURCATION_STEP):
                sense = _sense(slopes, along)
                gone = _length(point - here.point)
                bend, here = (along - here.along) / gone, Stand(point, along)
                yield here
                step *= min(max((GUESSED / max(first, 1e-9)) ** (1 / 3), 0.3), LARGEST_GROWTH)
                step = min(step, LONGEST * (1.0 + here.level))
                continue
        step /= 2.0
        if step < LEAST_STEP * (1.0 + here.level):
            return


def _sense(slopes: Slopes, along: Floats) -> int:
    """Sign of the determinant of the slopes with the tangent below."""
    return int(slopes.sense * np.sign(along[slopes.fixed]))


def sharpened(curve: Curve, here: Stand) -> Stand:
    """A point of `walk`, corrected as far as rounding lets."""
    found = _corrected(curve, here.point, here.along, LOGIT_RESIDUAL)
    return here if found is None else Stand(found[0], here.along)


def between(curve: Curve, a: Stand, b: Stand, share: float) -> Stand | None:
    """The curve's point at a share of the way from `a` to `b`, two points of one step."""
    guess, along = hermite(a, b, share)
    found = _corrected(curve, guess, along, LOGIT_RESIDUAL, 4 * REFUSED)
    if found is None:
        return None
    return Stand(found[0], _unit(curve.slopes(found[0], found[2].fixed).tangent(), along))


def crossing(curve: Curve, a: Stand, b: Stand, value: Callable[[Stand], float]) -> Stand:
    """Where `value` changes sign between two points of one step, by Brent's method along it."""
    from scipy.optimize import brentq

    ends = value(a), value(b)
    if not ends[0] * ends[1] < 0:
        return b if abs(ends[1]) <= abs(ends[0]) else a
    known = {0.0: a, 1.0: b}

    def at(share: float) -> float:
        if share not in known:
            here = between(curve, a, b, share)
            if here is None:
                raise _LostError
            known[share] = here
        return value(known[share])

    try:
        return known[brentq(at, 0.0, 1.0, xtol=1e-13, disp=False)]
    except _LostError:
        return min(known.values(), key=lambda stand: abs(value(stand)))


class _LostError(Exception):
    """The curve was not found between two of its points."""


def passing(curve: Curve, a: Stand, b: Stand, level: float) -> Stand:
    """The point at a level of the last coordinate that lies between those of `a` and `b`."""
    length = float(np.linalg.norm(b.point - a.point))
    share = (level - a.level) / (b.level - a.level)
    for _ in range(40):  # along the cubic first: no equation is solved
        guess, along = hermite(a, b, share)
        gap = guess[-1] - level
        if abs(gap) <= 1e-12 * (1.0 + level) or not along[-1] > 0:
            break
        share = min(max(share - gap / (along[-1] * length), 0.0), 1.0)
    found = _pinned(curve, guess, level)
    nearest = min(float(np.linalg.norm(guess - end.point)) for end in (a, b))
    if found is not None and np.linalg.norm(found.point - guess) <= min(REFUSED, nearest):
        return found
    near = crossing(curve, a, b, lambda stand: stand.level - level)
    found = _pinned(curve, near.point, level)
    if found is not None and np.max(np.abs(found.point - near.point)) <= REFUSED:
        return found
    return near


def first_passing(curve: Curve, level: float) -> Stand:
    """Where the curve first passes a level of the last coordinate, or where it ends before.

    A step that turns may have passed and come back: the turning point decides.
    """
    last: Stand | None = None
    for here in walk(curve):
        if last is None:
            if level <= 0:
                return here
        elif here.level >= level:
            return passing(curve, last, here, level)
        elif last.rising > 0 > here.rising and peak(last, here) >= level * (1 - 1e-6):
            turn = crossing(curve, last, here, lambda stand: stand.rising)
            if turn.level >= level:
                return passing(curve, last, turn, level)
        last = here
    assert last is not None
    return last


def peak(a: Stand, b: Stand) -> float:
    """The level at which the cubic between two points turns, as far out as it goes."""
    shares = np.linspace(0.0, 1.0, 33)
    levels = [float(hermite(a, b, s)[0][-1]) for s in shares]
    return max(levels) if a.rising > 0 else min(levels)


def hermite(a: Stand, b: Stand, share: float) -> tuple[Floats, Floats]:
    """Cubic through two points along their tangents: its point and its direction."""
    gap = b.point - a.point
    length, s = float(np.linalg.norm(gap)), share
    left, right = length * a.along, length * b.along
    point = a.point + s * s * (3 - 2 * s) * gap + s * (1 - s) * ((1 - s) * left - s * right)
    along = 6 * s * (1 - s) * gap + (1 - s) * (1 - 3 * s) * left + s * (3 * s - 2) * right
    return point, along / (np.linalg.norm(along) or 1.0)


def _pinned(curve: Curve, guess: Floats, level: float) -> Stand | None:
    """Corrected with the last coordinate held at `level`."""
    start, upright = guess.copy(), np.zeros(len(guess))
    start[-1], upright[-1] = level, 1.0
    found = _corrected(curve, start, upright, LOGIT_RESIDUAL)
    return None if found is None else Stand(found[0], _unit(found[2].tangent(), upright))


def _corrected(
    curve: Curve, guess: Floats, along: Floats, enough: float, refused: float = REFUSED
) -> tuple[Floats, float, Slopes] | None:
    """Back to the curve with one coordinate held: the point, the first move's size, the slopes.

    Newton's method, keeping the slopes while they serve. They are those at the guess or later, so
    off the tangent at the point by no more than the predictor was off the curve. Where rounding
    leaves more than `enough`, what a point on the way would do is accepted.
    """
    fixed = int(np.argmax(np.abs(along)))
    point, value, slopes, first = guess, curve.miss(guess), None, 0.0
    size = _largest(value)
    best: tuple[float, Floats, Slopes] | None = None
    for k in range(CORRECTIONS):
        if not size < 10.0:
            return None
        if slopes is None:
            slopes = curve.slopes(point, fixed)
        move = slopes.move(value)
        if k == 0:
            first = _largest(move)
            if not first < refused * (1.0 + 1e-3 * guess[-1]):
                return None
        point = point - move
        value = curve.miss(point)
        before, size = size, _largest(value)
        if best is None or size < best[0]:
            best = size, point, slopes
        if size < _enough(enough, float(point[-1])):
            break
        if size > CHORD * before:
            slopes = None
    least = max(enough, PATH_RESIDUAL)
    if best is None or not best[0] < _enough(least, float(best[1][-1])):
        return None
    return best[1], first, best[2]


def _largest(vector: Floats) -> float:
    return float(np.abs(vector).max()) if len(vector) else 0.0


def _length(vector: Floats) -> float:
    return float(np.sqrt(vector @ vector))


def _enough(enough: float, level: float) -> float:
    """The miss that counts as none: rounding in the equations grows with the square of `l`."""
    return min(enough, enough / (1.0 + abs(level)) + 1e-14 * (1.0 + abs(level)))


def _unit(tangent: Floats, before: Floats | None) -> Floats:
    """Scaled to length 1: on from `before`, at the start towards a rising last coordinate."""
    ahead = tangent[-1] if before is None else tangent @ before
    return np.asarray(tangent * (np.copysign(1.0, ahead) / _length(tangent)))
