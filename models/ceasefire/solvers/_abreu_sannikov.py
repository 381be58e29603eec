"""Two players, pure actions, a public lottery: Abreu and Sannikov's operator, then Newton."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.solvers._kernels import abreu_sannikov as kernel
from ceasefire.solvers.sets import PayoffSet, SelfGeneration, self_generation
from ceasefire.status import Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import NormalForm, RepeatedGame

    Floats = NDArray[np.float64]

METHOD = "Abreu and Sannikov's operator (2014)"


@dataclass(frozen=True, eq=False)
class Stage:
    """A stage game as the kernel takes it: one row a profile, payoffs from 0 to 1.

    Attributes
    ----------
    payoff, gain : ndarray, shape (n_profiles, 2)
        Payoffs and best deviation gains, in units of each player's range from its least payoff.
    low, width : ndarray, shape (2,)
        Payoffs in utils are ``low + width * payoff``.
    """

    payoff: Floats
    gain: Floats
    low: Floats
    width: Floats


def scaled(stage: NormalForm) -> Stage:
    """Return the stage game in units of each player's range; a constant payoff is 0."""
    columns, gains = [], []
    low = stage.payoffs.reshape(2, -1).min(axis=1)
    width = stage.payoff_range
    for i in range(2):
        share = shares(stage, i)
        columns.append(share.ravel())
        gains.append((share.max(axis=i, keepdims=True) - share).ravel())
    return Stage(np.stack(columns, axis=1), np.stack(gains, axis=1), low, width)


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


def solve(game: RepeatedGame, *, exact: bool, tol: float, max_iterations: int) -> PayoffSet:
    """Return the payoff set of two players under a public lottery."""
    stage = scaled(game.stage)
    delta = game.discount
    if delta < 1e-300:  # one over it overflows: no gain can be made up for
        return assembled(game, stage, *static(stage), 0, 0.0, tol)
    polygon, labels = kernel.feasible(stage.payoff)
    threat = (stage.payoff + stage.gain).min(axis=0)
    alive = np.ones(len(stage.payoff), dtype=bool)
    polygon, labels, iterations, move = kernel.iterate(
        polygon, labels, threat, alive, stage.payoff, stage.gain, delta, max_iterations, 10**9
    )
    return assembled(game, stage, polygon, labels, iterations, move, tol)


def static(stage: Stage) -> tuple[Floats, NDArray[np.int64]]:
    """The hull of the stage's own equilibria."""
    rest = np.flatnonzero(np.all(stage.gain <= 0, axis=1))
    if not len(rest):
        return np.empty((0, 2)), np.empty((0, 3), dtype=np.int64)
    polygon, labels = kernel.feasible(stage.payoff[rest])
    labels[:, 0], labels[:, 1] = rest[labels[:, 0]], kernel.STAY
    return polygon, labels


def assembled(
    game: RepeatedGame,
    stage: Stage,
    polygon: Floats,
    labels: NDArray[np.int64],
    iterations: int,
    move: float,
    tol: float,
) -> PayoffSet:
    """The result in utils, with its certificate."""
    profiles = np.stack(np.unravel_index(labels[:, 0], game.stage.shape), axis=1)
    certificate = self_generation(game.stage, game.exact_discount, polygon, profiles)
    vertices = utils(game, stage, polygon, labels, profiles)
    solved = certificate.holds
    return PayoffSet(
        game=game,
        vertices=vertices,
        outer=vertices,
        inner=vertices,
        gap=0.0 if solved else float(np.inf),
        threat=vertices.min(axis=0) if len(vertices) else np.full(2, np.nan),
        exact=solved,
        method=METHOD,
        status=Status.OK if solved else Status.NOT_CONVERGED,
        iterations=int(iterations),
        certificate=certificate,
        detail={"profiles": [tuple(map(int, p)) for p in profiles]},
    )


def utils(
    game: RepeatedGame, stage: Stage, polygon: Floats, labels: NDArray[np.int64], profiles: Any
) -> Floats:
    """Vertices in utils; a profile that is played for ever gives its own payoffs, unrounded."""
    vertices = stage.low + stage.width * polygon
    stay = labels[:, 1] == kernel.STAY
    vertices[stay] = game.stage.payoffs[:, profiles[stay, 0], profiles[stay, 1]].T
    return np.asarray(vertices)
