"""Two players, pure actions, a public lottery: Abreu and Sannikov's operator, then Newton."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.solvers import _exact_sets, _structure
from ceasefire.solvers._kernels import abreu_sannikov as kernel
from ceasefire.solvers._structure import DOUBT, Iterate
from ceasefire.solvers.sets import PayoffSet, self_generation
from ceasefire.status import Status
from ceasefire.tolerances import PAYOFF_SET_GAP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ceasefire.games import NormalForm, RepeatedGame
    from ceasefire.solvers.sets import SelfGeneration

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

METHOD = "Abreu and Sannikov's operator (2014)"
MOST_ITERATIONS = 5_000
NO_FUTURE = 1e-300  # one over less overflows: no gain today can be made up for
FIRST_PATIENCE = 6  # applications before the limit is guessed; then twice as many. Of
SMALL = 1000  # fewer profiles three times that: an application then costs less than a guess
IMPROVEMENTS = 12  # guesses from one iterate


@dataclass(frozen=True, eq=False)
class Stage:
    """A stage game as the kernel takes it: one row a profile, payoffs from 0 to 1.

    Attributes
    ----------
    payoff, gain : ndarray, shape (n_profiles, 2)
        Payoffs and best deviation gains, in units of each player's range from its least payoff.
    low, width : ndarray, shape (2,)
        Payoffs in utils are ``low + width * payoff``.
    polygon, labels, threat
        The feasible set and each player's pure minmax: where the operator starts.
    """

    payoff: Floats
    gain: Floats
    low: Floats
    width: Floats
    polygon: Floats
    labels: Ints
    threat: Floats


@dataclass(frozen=True, eq=False)
class Answer:
    """Bounds in units of the payoff ranges, and what generates the vertices of `inner`.

    Attributes
    ----------
    outer, inner : ndarray, shape (k, 2)
    labels : ndarray of int, shape (k, 3)
        Of `inner`, see `kernel`.
    threat : ndarray, shape (2,)
        Under which `inner` keeps itself.
    certificate : SelfGeneration
        That `inner` generates itself.
    settled : bool
        Whether `inner` is the payoff set, up to rounding.
    iterations : int
    reached : Iterate or None
        Where the operator stood.
    """

    outer: Floats
    inner: Floats
    labels: Ints
    threat: Floats
    certificate: SelfGeneration
    settled: bool
    iterations: int
    reached: Iterate | None = None


def scaled(stage: NormalForm) -> Stage:
    """Return the stage game in units of each player's range; a constant payoff is 0."""
    share = [shares(stage, i) for i in range(2)]
    gains = [s.max(axis=i, keepdims=True) - s for i, s in enumerate(share)]
    payoff, gain = (np.stack([m.ravel() for m in pair], axis=1) for pair in (share, gains))
    polygon, labels = kernel.feasible(payoff)
    low = stage.payoffs.reshape(2, -1).min(axis=1)
    threat = (payoff + gain).min(axis=0)
    return Stage(payoff, gain, low, stage.payoff_range, polygon, labels, threat)


def shares(stage: NormalForm, player: int) -> Floats:
    """One player's payoffs from 0 to 1; a shift of 1e9 costs no digits where payoffs are exact."""
    table: NDArray[Any] = stage.payoffs[player]
    if stage.is_exact:
        fractions = stage.exact_payoffs[player]
        if any(u.denominator > 1 or abs(u.numerator) > 2**50 for u in fractions.flat):
            table = fractions  # else differences of the floats are exact
    low, high = table.min(), table.max()
    if not high > low:
        return np.zeros(table.shape)
    half = Fraction(1, 2) if table.dtype == object else 0.5  # a range of 2e308 overflows
    return np.asarray((table * half - low * half) / (high * half - low * half), dtype=float)


def solve(
    game: RepeatedGame,
    *,
    exact: bool = False,
    tol: float = PAYOFF_SET_GAP,
    max_iterations: int = MOST_ITERATIONS,
    stage: Stage | None = None,
) -> PayoffSet:
    """Return the payoff set of two players under a public lottery; `stage` saves preparing it."""
    stage = scaled(game.stage) if stage is None else stage
    if game.discount < NO_FUTURE:
        polygon, labels = static(stage)
        held = certify(game, polygon, labels)
        found = Answer(polygon, polygon, labels, stage.threat, held, True, 0)
    else:
        found = bounds(game, stage, tol, max_iterations)
    result = assembled(game, stage, found, tol)
    return in_fractions(result, found) if exact else result


def bounds(game: RepeatedGame, stage: Stage, tol: float, most: int) -> Answer:
    """Iterate from above; now and then guess the limit from the structure, and prove it."""
    done, patience = 0, FIRST_PATIENCE * (3 if len(stage.payoff) < SMALL else 1)
    alive = np.ones(len(stage.payoff), dtype=bool)
    at = Iterate(stage.polygon, stage.labels, stage.threat.copy(), alive)
    best: Answer | None = None
    while True:
        at, steps, move = applied(at, stage, game.discount, most - done, patience)
        done += steps
        if not move > 0.0:  # the operator gives back the very same set
            held = certify(game, at.polygon, at.labels)
            return Answer(at.polygon, at.polygon, at.labels, at.threat, held, True, done, at)
        best = best or resting(game, stage, at)
        best = replace(best, outer=at.polygon, iterations=done, reached=at)
        for guess in guesses(at, stage, game.discount):
            held = certify(game, guess.polygon, guess.labels)
            if held.holds:
                best = replace(best, certificate=held)
                best = compared(best, guess, at, stage, game.discount)
                if best.settled or distance(best.outer, best.inner) <= tol:
                    return best
        if done >= most or distance(best.outer, best.inner) <= tol:
            return best
        patience *= 2


def resting(game: RepeatedGame, stage: Stage, at: Iterate) -> Answer:
    """What is known before any guess: the stage's own equilibria, and where the operator stands."""
    polygon, labels = static(stage)
    held = certify(game, polygon, labels)
    return Answer(at.polygon, polygon, labels, stage.threat, held, False, 0, at)


def compared(best: Answer, guess: Iterate, at: Iterate, stage: Stage, delta: float) -> Answer:
    """A set that generates itself, with the closest superset of the payoff set that is proved."""
    new = replace(best, inner=guess.polygon, labels=guess.labels, threat=guess.threat)
    if distance(at.polygon, new.inner) <= DOUBT:
        return replace(new, outer=new.inner, settled=True)
    outer = _structure.bounded(new.inner, new.threat, at, stage.payoff, stage.gain, delta)
    if outer is None:
        return replace(new, outer=at.polygon)
    return replace(new, outer=outer, settled=outer is new.inner)


def guesses(at: Iterate, stage: Stage, delta: float) -> Iterator[Iterate]:
    """Sets that their own structure keeps: that of `at`, then improved as policies are."""
    for _ in range(IMPROVEMENTS):
        found = _structure.limit(at, stage.payoff, stage.gain, delta)
        if found is None:
            return
        polygon, threat = found
        yield replace(at, polygon=polygon, threat=threat)
        here = replace(at, polygon=polygon, threat=threat.copy(), alive=at.alive.copy())
        better, _, move = applied(here, stage, delta, 3, 1)
        if not move > 0.0 or len(better.polygon) == 0:
            return
        at = better


def applied(
    at: Iterate, stage: Stage, delta: float, most: int, patience: int
) -> tuple[Iterate, int, float]:
    """Apply the operator; return where it stands, how often it was applied, the last move."""
    polygon, labels, steps, move = kernel.iterate(
        at.polygon, at.labels, at.threat, at.alive, stage.payoff, stage.gain, delta, most, patience
    )
    return Iterate(polygon, labels, at.threat, at.alive), steps, move


def static(stage: Stage) -> tuple[Floats, Ints]:
    """The hull of the stage's own equilibria."""
    rest = np.flatnonzero(np.all(stage.gain <= 0, axis=1))
    if not len(rest):
        return np.empty((0, 2)), np.empty((0, 3), dtype=np.int64)
    polygon, labels = kernel.feasible(stage.payoff[rest])
    labels[:, 0], labels[:, 1] = rest[labels[:, 0]], kernel.STAY
    return polygon, labels


def certify(game: RepeatedGame, polygon: Floats, labels: Ints) -> SelfGeneration:
    """Check independently that a polygon generates itself."""
    return self_generation(game.stage, game.exact_discount, polygon, profiles(game, labels))


def profiles(game: RepeatedGame, labels: Ints) -> Ints:
    """The profile that generates each vertex, shape (k, 2)."""
    return np.stack(np.unravel_index(labels[:, 0], game.stage.shape), axis=1)


def distance(outer: Floats, inner: Floats) -> float:
    """Hausdorff distance of two convex polygons, the second within the first."""
    if outer is inner or not len(outer):
        return 0.0
    if not len(inner):
        return np.inf
    return float(kernel.distance(outer, inner))


def assembled(game: RepeatedGame, stage: Stage, found: Answer, tol: float) -> PayoffSet:
    """The result in utils, with its certificate."""
    certificate = found.certificate
    inner = utils(game, stage, found.inner, found.labels)
    same = found.outer is found.inner
    outer = inner if same else np.asarray(stage.low + stage.width * found.outer)
    widest = float(stage.width.max()) or 1.0
    share = stage.width / widest
    gap = 0.0 if same else distance(found.outer * share, found.inner * share) * widest
    solved = certificate.holds and (found.settled or gap <= tol * widest)
    cells = profiles(game, found.labels)
    return PayoffSet(
        game=game, vertices=inner, outer=outer, inner=inner, gap=gap,
        threat=inner.min(axis=0) if len(inner) else np.full(2, np.nan),
        exact=found.settled and certificate.holds, method=METHOD,
        status=Status.OK if solved else Status.NOT_CONVERGED, iterations=found.iterations,
        certificate=certificate, detail={"profiles": [tuple(cell) for cell in cells.tolist()]},
    )  # fmt: skip


def in_fractions(result: PayoffSet, found: Answer) -> PayoffSet:
    """The same set with its vertices as fractions and every check without rounding.

    Where that fails, the floats stand with the status that they are not what was asked for.
    """
    game: Any = result.game
    undecided = replace(result, exact=False, status=Status.NOT_CONVERGED)
    payoff, gain = _exact_sets.units(game.stage)
    points: Any = payoff[found.labels[:, 0]]
    if found.reached is not None and len(found.inner):
        at = replace(found.reached, polygon=found.inner, labels=found.labels, threat=found.threat)
        points = _exact_sets.vertices(at, payoff, gain, game.exact_discount)
        if points is None or not _exact_sets.is_largest(
            points, found.reached, payoff, gain, game.exact_discount
        ):
            return undecided
    cells = profiles(game, found.labels)
    certificate = self_generation(game.stage, game.exact_discount, points, cells)
    if not certificate.holds:
        return undecided
    table = game.stage.exact_payoffs.reshape(2, -1)
    low, high = table.min(axis=1), table.max(axis=1)
    utils = low + (high - low) * points
    floats = utils.astype(float)
    return replace(
        result, vertices=floats, outer=floats, inner=floats, gap=0.0, certificate=certificate,
        exact=True, status=Status.OK,
        threat=floats.min(axis=0) if len(floats) else result.threat,
        method=METHOD + ", in fractions", detail={**result.detail, "exact_vertices": utils},
    )  # fmt: skip


def utils(game: RepeatedGame, stage: Stage, polygon: Floats, labels: Ints) -> Floats:
    """Vertices in utils; a profile that is played for ever gives its own payoffs, unrounded."""
    vertices = stage.low + stage.width * polygon
    stay = labels[:, 1] == kernel.STAY
    row, column = profiles(game, labels[stay]).T
    vertices[stay] = game.stage.payoffs[:, row, column].T
    return np.asarray(vertices)
