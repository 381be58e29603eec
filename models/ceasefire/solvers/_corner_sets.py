"""Payoff sets of any number of players by their corners, after Abreu and Sannikov (2014).

An extreme point of the set is a stage payoff that is repeated, or is followed by a continuation
at which some incentive constraint binds. Their proof does not use that there are two players: were
none binding, the continuation could be moved towards the point, and the point past itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from ceasefire.solvers import _patient_sets as patient
from ceasefire.solvers import _polytopes as polytopes
from ceasefire.solvers._hyperplanes import SelfGeneration, empty, enforcement, stage_equilibria
from ceasefire.solvers._patient_sets import corners
from ceasefire.solvers.sets import PayoffSet
from ceasefire.status import Status
from ceasefire.tolerances import GENERATION_GAP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import RepeatedGame
    from ceasefire.solvers._hyperplanes import Enforcement

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

METHOD = "corners of what is generated (Abreu and Sannikov 2014, for any number of players)"
PASSES = 150
PATIENT = 1e-7  # nearer 1, payoffs that are equilibria at 1 - 1e-7 already are the inner set
DROPS, GROWTHS = 8, 40
LESS_PATIENT = (4, 64)  # times 1 - delta, where the operator's limit was not reached
KEPT = 2.0  # corners that miss by no more than this times the least are kept for a round
MET = 1e-14  # a constraint missed by less counts as met, payoff ranges
CLOSED = 1e-8  # of what corners leave ungenerated, over 1 - delta
EXACT = 1e-11
MOST_CORNERS = 250
PLAIN = 1 - 1e-4  # nearer 1 the programs of hyperplanes take the stage's hull for its limit
FEW = 12  # points of which every pair may be an edge


class Corners(NamedTuple):
    """A set that holds all equilibrium payoffs, by its corners; what they leave ungenerated."""

    points: Floats
    left: float
    passes: int


def by_corners(game: RepeatedGame, *, tol: float, most_steps: int) -> PayoffSet | None:
    """Bounds of the payoff set under perfect monitoring; None where corners are too many.

    The operator's limit is the set itself. Near discount factor 1 its steps are of the order of
    rounding: then the outer bound is what is feasible and above minmax, unless that generates
    itself, and the inner set one that does at a smaller discount factor (equilibria with a public
    lottery remain equilibria where players are more patient).
    """
    rules, low, unit = enforcement(game)
    above = patient.rational(rules)
    delta = game.discount
    if len(above) and patient.direct(rules, delta, above).max() <= CLOSED:
        found = Corners(above, float(patient.direct(rules, delta, above).max()), 0)
    else:
        delta = min(delta, 1 - PATIENT)
        found = solve(rules, delta, above, most_steps)
    if not len(found.points) and (delta == game.discount or not len(above)):
        return empty(game, found.passes)
    if len(found.points) > MOST_CORNERS and delta <= PLAIN:
        return None
    outer = found.points if delta == game.discount else above
    inner, proof = _inner(rules, delta, found)
    far = _beyond(outer, inner)
    for share in LESS_PATIENT if far > tol else ():
        other = 1 - share * (1 - delta)
        less = solve(rules, other, above, most_steps) if other > 0 else found
        if less.left <= CLOSED and _beyond(outer, less.points) < far:
            inner, proof = _inner(rules, other, less)
            delta, far = other, _beyond(outer, inner)
    gap = far + (found.left if proof.passed else 0.0)
    shown, close = low + unit * inner, gap <= tol and proof.passed
    threat = low + unit * (inner if len(inner) else outer).min(axis=0)
    return PayoffSet(
        game, shown, low + unit * outer, shown, gap * float(unit.max()), threat,
        close and gap <= EXACT, METHOD, Status.OK if close else Status.NOT_CONVERGED,
        found.passes, certificate=proof, detail={"proven_at": delta},
    )  # fmt: skip


def _beyond(outer: Floats, inner: Floats) -> float:
    return 0.0 if inner is outer else float(polytopes.distances(outer, inner)[0].max())


def _inner(rules: Enforcement, delta: float, found: Corners) -> tuple[Floats, SelfGeneration]:
    """The corners where they generate themselves, else what is left of them that does.

    Corners that the rest does not generate are left out, and what the rest generates is added
    again. From nothing, the equilibria of the stage game.
    """
    points = found.points
    for _ in range(DROPS if len(points) else 0):
        left = patient.gaps(rules, delta, points)
        if left.max() <= GENERATION_GAP:
            return _grown(rules, delta, points, float(left.max()))
        points = points[left <= max(GENERATION_GAP, KEPT * float(np.min(left)))]
        if not len(points) or not np.isfinite(left).all():
            break
    seed = stage_equilibria(rules)
    left = patient.gaps(rules, delta, seed)
    return _grown(rules, delta, seed, float(left.max(initial=0.0)))


def _grown(
    rules: Enforcement, delta: float, points: Floats, left: float
) -> tuple[Floats, SelfGeneration]:
    """Add what the points generate while that is more, and the proof of all."""
    best = points, SelfGeneration(left, len(points))
    if not len(points) or patient.direct(rules, delta, points).max() <= CLOSED:
        return best  # a limit of the operator
    for _ in range(GROWTHS):
        made = applied(rules, delta, points, points.min(axis=0))
        grown = corners(np.concatenate([points, made]))
        if polytopes.distances(grown, points)[0].max() <= CLOSED * (1 - delta):
            break
        points = grown
    left = float(patient.gaps(rules, delta, points).max())
    return (points, SelfGeneration(left, len(points))) if left <= GENERATION_GAP else best


def solve(rules: Enforcement, delta: float, points: Floats, most: int) -> Corners:
    """Apply the operator from `points` until corners are generated, or a limit is reached."""
    threat = points.min(axis=0) if len(points) else np.zeros(rules.n_players)
    left, passes, last = 0.0, 0, min(most, PASSES)
    while len(points):
        left = float(patient.direct(rules, delta, points).max())
        if left <= CLOSED or passes == last or len(points) > MOST_CORNERS:
            break
        points = applied(rules, delta, points, threat)
        passes += 1
        if len(points):
            threat = np.maximum(threat, points.min(axis=0))
    return Corners(points, left, passes)


def applied(rules: Enforcement, delta: float, points: Floats, threat: Floats) -> Floats:
    """One pass: payoffs repeated, and those before continuations at which incentives bind."""
    least = threat + (1 - delta) / delta * rules.gain
    held = (rules.u >= least - MET).all(axis=1)
    made = [rules.u[held]]
    top, edges = points.max(axis=0), _edges(points)
    for u, asked in zip(rules.u[~held], least[~held], strict=True):
        if (asked > top + MET).any():
            continue
        for i in range(len(u)):
            ahead = _sliced(points, edges, i, asked)
            made.append((1 - delta) * u + delta * ahead)
    return corners(np.concatenate(made))


def _sliced(points: Floats, edges: Ints, i: int, asked: Floats) -> Floats:
    """Corners of the hull's slice ``w_i = asked_i`` that leave nobody less than is asked."""
    found = _cut(points, edges, i, asked[i], False)
    for j in range(len(asked)):
        if j != i and len(found):
            found = _cut(found, _pairs(len(found)), j, asked[j], True)
    return found


def _pairs(count: int) -> Ints:
    return np.stack(np.triu_indices(count, 1), axis=1)


def _edges(points: Floats) -> Ints:
    """Pairs of corners (m, 2) that hold all edges of their hull."""
    if len(points) <= FEW or len(points) <= points.shape[1]:
        return _pairs(len(points))
    try:
        facets = ConvexHull(points).simplices
    except QhullError:  # flat
        return _pairs(len(points))
    sides = _pairs(points.shape[1])
    return np.unique(np.sort(facets[:, sides].reshape(-1, 2), axis=1), axis=0)


def _cut(points: Floats, edges: Ints, i: int, level: float, above: bool) -> Floats:
    """Corners of the hull's part at or above a level of v_i, or of its slice at that level."""
    over = points[:, i] - level
    over[np.abs(over) <= MET] = 0.0
    if above and not (over < 0).any():
        return points
    a, b = edges[over[edges[:, 0]] * over[edges[:, 1]] < 0].T
    share = (over[a] / (over[a] - over[b]))[:, None]
    crossing = points[a] + share * (points[b] - points[a])
    crossing[:, i] = level
    kept = points[over >= 0 if above else over == 0]
    return corners(np.concatenate([kept, crossing]))
