"""Extreme points of a payoff set as what they are: a profile today, a lottery from tomorrow on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import SolveError
from ceasefire.solvers.sets import SelfGeneration
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import RepeatedGame
    from ceasefire.solvers import _penal_paths as paths
    from ceasefire.solvers.sets import PayoffSet

    Numbers = NDArray[Any]
    Law = dict[int, Any]

SAME = 1e-12  # payoff ranges: a continuation that is one of the points


@dataclass(frozen=True, eq=False)
class Point:
    """A payoff that a profile and a lottery over points (their numbers) generate."""

    value: Numbers
    profile: int
    law: Law


def generated(
    game: RepeatedGame, stage: paths.Stage, found: PayoffSet, margin: float = 0.0
) -> list[Point]:
    """Extreme points of the inner set with what generates them.

    `margin`, payoff ranges: by how much incentives are to hold where bounds are in floats, so that
    they still do once payoffs are what play pays and not what the bound says.
    """
    proof = found.certificate
    if game.n_players == 2 and isinstance(proof, SelfGeneration):
        flat = np.ravel_multi_index(tuple(proof.profiles.T), game.stage.shape)
        later = proof.continuations if stage.exact else proof.continuations.astype(float)
        d = stage.discount
        own = [(1 - d) * stage.payoff[a] + d * w for a, w in zip(flat, later, strict=True)]
        corners = np.array(own, dtype=stage.payoff.dtype)
        return [
            Point(v, int(a), _mixture(corners, w)) for v, a, w in zip(own, flat, later, strict=True)
        ]
    return _programmed(game, stage, found, margin)


def _mixture(corners: Numbers, target: Numbers) -> Law:
    """Weights over the fewest corners of a polygon that average to the target: 1, 2 or 3."""
    exact = corners.dtype == object
    slack = 0 if exact else SAME
    one: Any = Fraction(1) if exact else 1.0
    off = abs(corners - target).max(axis=1)
    k = int(np.argmin(off))
    if off[k] <= slack:
        return {k: one}
    found: tuple[Any, Law] | None = None
    for i, j in combinations(range(len(corners)), 2):
        step = corners[j] - corners[i]
        axis = int(np.argmax(abs(step)))
        if step[axis] == 0:
            continue
        share = (target[axis] - corners[i, axis]) / step[axis]
        miss = abs(corners[i] + share * step - target).max()
        if miss <= slack and -slack <= share <= 1 + slack:
            return _law({i: one - share, j: share})
    for j in range(1, len(corners) - 1):
        p, q, r = corners[0], corners[j], corners[j + 1]
        a, b, c = q - p, r - p, target - p
        area = a[0] * b[1] - a[1] * b[0]
        if abs(area) <= slack * slack:
            continue
        x, y = (c[0] * b[1] - c[1] * b[0]) / area, (a[0] * c[1] - a[1] * c[0]) / area
        inside = min(x, y, one - x - y)
        if found is None or inside > found[0]:
            found = inside, {0: one - x - y, j: x, j + 1: y}
    if found is None:  # a segment that rounding bent
        return {k: one}
    return _law(found[1])


def _law(weights: Law) -> Law:
    """Weights without those at 0, or a rounding below it; they add up to 1."""
    kept = {k: w for k, w in weights.items() if w > 0}
    total = sum(kept.values())
    return {k: w / total for k, w in kept.items()}


def _programmed(
    game: RepeatedGame, stage: paths.Stage, found: PayoffSet, margin: float
) -> list[Point]:
    """The same for any number of players, by one linear program a vertex.

    A vertex is a lottery over profiles, each with its continuation in the vertices' hull. Each
    profile used becomes a point of its own; points then lead to points.
    """
    from scipy import optimize

    low = game.stage.payoffs.reshape(game.n_players, -1).min(axis=1)
    width = np.where(game.stage.payoff_range > 0, game.stage.payoff_range, 1.0)
    corners, d = (np.asarray(found.inner) - low) / width, float(stage.discount)
    u, gain, floor = stage.payoff.astype(float), stage.gain.astype(float), corners.min(axis=0)
    need = floor + (1 - d) / d * gain if d > 0 else np.where(gain > 0, np.inf, floor)
    need = need + margin
    some = np.flatnonzero(np.all(need <= corners.max(axis=0) + SAME, axis=1)).tolist()
    if not some:
        raise SolveError("penal code: no profile has a continuation", reached=found)
    k, n = corners.shape
    worth = np.concatenate([(1 - d) * u[a] + d * corners for a in some])  # (profiles * k, n)
    rows = np.zeros((len(some) * n, len(worth)))
    for m, a in enumerate(some):
        rows[m * n : (m + 1) * n, m * k : (m + 1) * k] = (need[a] - corners).T
    laws: list[dict[int, NDArray[np.float64]]] = []
    for v in corners:
        lp = optimize.linprog(
            np.append(np.zeros(len(worth)), 1.0),
            A_ub=np.vstack([
                np.hstack([rows, np.zeros((len(rows), 1))]),
                np.hstack([worth.T, -np.ones((n, 1))]),
                np.hstack([-worth.T, -np.ones((n, 1))]),
            ]),
            b_ub=np.concatenate([np.zeros(len(rows)), v, -v]),
            A_eq=np.append(np.ones(len(worth)), 0.0)[None], b_eq=[1.0],
        )  # fmt: skip
        if lp.status != 0 or lp.x is None or lp.x[-1] > max(100 * margin, EXPLOITABILITY):
            raise SolveError("penal code: an extreme point is not decomposed", reached=found)
        y = np.maximum(lp.x[:-1], 0.0).reshape(len(some), k)
        used = np.flatnonzero(y.sum(axis=1) > SAME).tolist()
        laws.append({some[m]: y[m] for m in used})
    return _linked(laws, stage, corners)


def _linked(
    laws: list[dict[int, NDArray[np.float64]]], stage: paths.Stage, corners: NDArray[np.float64]
) -> list[Point]:
    """Points that lead to points: every corner of a continuation is its own lottery in turn."""
    names = [(v, a) for v, law in enumerate(laws) for a in law]
    place = {name: k for k, name in enumerate(names)}
    share = [{a: float(y.sum()) for a, y in law.items()} for law in laws]
    d, made = float(stage.discount), []
    for v, a in names:
        weight = laws[v][a] / share[v][a]
        law: Law = {}
        for c in np.flatnonzero(weight > SAME).tolist():
            for b, part in share[c].items():
                k = place[c, b]
                law[k] = law.get(k, 0.0) + float(weight[c]) * part
        value = (1 - d) * stage.payoff[a].astype(float) + d * (weight @ corners)
        made.append(Point(value, a, _law(law)))
    return made
