"""A payoff set of two players in fractions: vertices, and a proof that there is no other payoff.

Floats find the structure. Its equations then give the vertices as fractions, the polygon is
checked to generate itself, and that nothing lies outside it is proved again without rounding.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.solvers import _structure
from ceasefire.solvers._kernels import abreu_sannikov as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.games import NormalForm
    from ceasefire.solvers._structure import Iterate

    Floats = NDArray[np.float64]
    Fractions = NDArray[np.object_]

BITS = 600  # precision of the vertices before they are read as fractions
DENOMINATOR = 10**60  # the largest one read: far below what the precision tells apart
ROUNDS = 60  # each adds some ten digits
SAME = 1e-10  # a settled threat is one of the stage's payoffs if it is this near
INFLATED = Fraction(1, 10**9)  # added to the superset that floats found: their rounding is 1e-14
TRIED = 6  # pairs tried in fractions for each profile, the best by floats first


def units(stage: NormalForm) -> tuple[Fractions, Fractions]:
    """Payoffs and best deviation gains in units of each player's range, (n_profiles, 2)."""
    payoff, gain = [], []
    for i, table in enumerate(stage.exact_payoffs):
        low, high = table.min(), table.max()
        share = (table - low) / (high - low if high > low else Fraction(1))
        payoff.append(share.ravel())
        gain.append((share.max(axis=i, keepdims=True) - share).ravel())
    return np.stack(payoff, axis=1), np.stack(gain, axis=1)


def vertices(at: Iterate, payoff: Fractions, gain: Fractions, delta: Fraction) -> Fractions | None:
    """The polygon with the structure of `at` in fractions; None where it is not found.

    ``z = F(z)`` is solved by corrections with the inverse of the derivative in floats, then read
    as the simplest fractions near by, which have to solve it without any error.
    """
    k, lowest = len(at.polygon), _structure.linked(at)
    threat = [settled(at.threat[i], payoff[:, i], gain[:, i]) for i in range(2)]
    if any(lowest[i] < 0 and threat[i] is None for i in range(2)):
        return None
    inverse = correction(at, lowest, payoff, gain, delta)
    if inverse is None:
        return None
    z = fractions(at.polygon)
    for _ in range(ROUNDS):
        miss = image(z, held(z, lowest, threat), at.labels, payoff, gain, delta)
        if miss is None:
            return None
        step = inverse @ (miss - z).ravel()
        z = rounded(z + step.reshape(k, 2))
        if max(abs(x) for x in step) < Fraction(1, 2 ** (BITS - 60)):
            break
    simple = np.frompyfunc(lambda x: x.limit_denominator(DENOMINATOR), 1, 1)(z)
    again = image(simple, held(simple, lowest, threat), at.labels, payoff, gain, delta)
    return simple if again is not None and bool(np.all(again == simple)) else None


def settled(value: float, payoff: Fractions, gain: Fractions) -> Fraction | None:
    """The payoff of the stage, or of a deviation in it, that a threat has settled at."""
    candidates = [*payoff, *(payoff + gain)]
    nearest = min(candidates, key=lambda x: abs(float(x) - value))
    return nearest if abs(float(nearest) - value) <= SAME else None


def held(z: Fractions, lowest: Any, threat: list[Fraction | None]) -> list[Any]:
    """Threats: a vertex's payoff where they move with the set, else the value settled at."""
    return [z[q, i] if q >= 0 else threat[i] for i, q in enumerate(lowest)]


def correction(
    at: Iterate, lowest: Any, payoff: Fractions, gain: Fractions, delta: Fraction
) -> Fractions | None:
    """Inverse of the derivative of ``z - F(z)`` in the vertices, from floats."""
    k = len(at.polygon)
    value, slope = np.empty(2 * k + 2), np.empty((2 * k + 2, 2 * k + 2))
    kernel.image(
        at.polygon, at.threat, at.labels, lowest, payoff.astype(float), gain.astype(float),
        float(delta), value, slope,
    )  # fmt: skip
    inner = slope[: 2 * k, : 2 * k].copy()
    for i, q in enumerate(lowest):
        if q >= 0:
            inner[:, 2 * q + i] += slope[: 2 * k, 2 * k + i]
    try:
        inverse = np.linalg.inv(np.eye(2 * k) - inner)
    except np.linalg.LinAlgError:
        return None
    return fractions(inverse)


def fractions(values: NDArray[Any]) -> Fractions:
    """Floats as the fractions that they are."""
    return np.asarray(np.frompyfunc(lambda x: Fraction(float(x)), 1, 1)(values), dtype=object)


def rounded(z: Fractions) -> Fractions:
    """Keep `BITS` binary digits."""
    return np.asarray(np.frompyfunc(lambda x: Fraction(round(x * 2**BITS), 2**BITS), 1, 1)(z))


def image(
    z: Fractions, threat: list[Any], labels: Any, payoff: Fractions, gain: Fractions,
    delta: Fraction,
) -> Fractions | None:  # fmt: skip
    """What the structure makes of the vertices (see `kernel.image`), without rounding."""
    result = np.empty_like(z)
    ratio = (1 - delta) / delta
    for j, (a, kind, edge) in enumerate(labels.tolist()):
        g = payoff[a]
        for i in range(2):
            if kind == kernel.STAY:
                result[j, i] = g[i]
            elif kind in (kernel.CORNER, kernel.FIRST + i):
                result[j, i] = (1 - delta) * (g[i] + gain[a, i]) + delta * threat[i]
            else:
                level = threat[1 - i] + ratio * gain[a, 1 - i]
                ends = (edge, (edge + 1) % len(z))
                p, q = (g if end == j else z[end] for end in ends)
                width = q[1 - i] - p[1 - i]
                if abs(width) <= kernel.LEVEL:
                    nearer = q if abs(q[1 - i] - level) < abs(p[1 - i] - level) else p
                    height = nearer[i]
                else:
                    height = p[i] + (level - p[1 - i]) / width * (q[i] - p[i])
                result[j, i] = (1 - delta) * g[i] + delta * height
    return result


def is_largest(
    polygon: Fractions, at: Iterate, payoff: Fractions, gain: Fractions, delta: Fraction
) -> bool:
    """Whether no payoff lies outside `polygon`: the proof of `_structure.bounded`, in fractions.

    The superset `at` comes from floats and is taken `INFLATED` wider.
    """
    threat = polygon.min(axis=0)
    sides = edges(polygon, at.polygon)
    base = (polygon @ sides.T).max(axis=0)
    wide = fractions(at.polygon)
    least = (wide @ sides.T).max(axis=0) - base
    base[-2:] = -threat
    least[-2:] = [threat[i] - Fraction(float(at.threat[i])) for i in range(2)]
    least = np.array([max(x, Fraction(0)) + INFLATED for x in least], dtype=object)
    ratio = (1 - delta) / delta
    some = possible(sides, base + least, threat - least[-2:] + ratio * gain)
    g, h = payoff[some], gain[some]
    side, profile = np.nonzero((sides @ g.T > base[:, None]).astype(bool))
    room = least
    if len(side):
        near = [x.astype(float) for x in (sides, base, g, h)]
        pairs = _structure.Pairs(near[0], near[1], side, profile, near[2], near[3], float(delta))
        found = _structure.rooms(pairs, least.astype(float))
        if found is None:
            return False
        room = np.maximum(fractions(found), least)
        order = np.argsort(pairs.excess + pairs.slopes(found)[side], axis=1)[:, :TRIED]
    later = possible(sides, base + room, threat - room[-2:] + ratio * gain)
    return not np.any(later & ~some) and all(
        any(proves(k, int(m), sides, base, room, g[a], h[a], delta) for m in tried)
        for k, a, tried in zip(
            side.tolist(), profile.tolist(), order if len(side) else (), strict=True
        )
    )


def possible(sides: Fractions, level: Fractions, need: Fractions) -> NDArray[np.bool_]:
    """Profiles for which no side alone shows that nobody within all sides has what it needs."""
    up = np.all(sides >= 0, axis=1)
    return np.asarray(np.all(need @ sides[up].T <= level[up], axis=1).astype(bool))


def edges(polygon: Fractions, wide: Floats) -> Fractions:
    """Outer normals of both polygons' edges, of any length, then the axes, ``-e_i`` last."""
    rows: list[tuple[Any, Any]] = []
    for points in (polygon, fractions(wide)):
        for p, q in zip(points, np.roll(points, -1, axis=0), strict=True):
            size = max(abs(q[0] - p[0]), abs(q[1] - p[1]))
            if size > 0:
                rows.append(((q[1] - p[1]) / size, (p[0] - q[0]) / size))
                if len(points) == 2:
                    rows.append(((q[0] - p[0]) / size, (q[1] - p[1]) / size))
    one, none = Fraction(1), Fraction(0)
    axes = [(one, none), (none, one), (-one, none), (none, -one)]
    return np.array([*rows, *axes], dtype=object)


def proves(
    k: int, pair: int, sides: Fractions, base: Fractions, room: Fractions,
    g: Fractions, h: Fractions, delta: Fraction,
) -> bool:  # fmt: skip
    """Whether one pair of a constraint and a side keeps a profile within side k, at every e."""
    i, m = divmod(pair, len(sides))
    need = (1 - delta) / delta * h - base[-2:]
    today = (1 - delta) * (g @ sides[k]) - base[k]
    if i == 2:
        weights = -sides[k]
        if min(weights) < 0:
            return False
        excess, slope = today - delta * (weights @ need), delta * (weights @ room[-2:])
        return bool(excess <= 0 and excess + slope < room[k])
    other = 1 - i
    if sides[m, other] == 0:
        return False
    along = sides[k, other] / sides[m, other]
    weight = along * sides[m, i] - sides[k, i]
    if along < 0 or weight < 0:
        return False
    excess = today + delta * (along * base[m] - weight * need[i])
    slope = delta * (along * room[m] + weight * room[i - 2])
    return bool(excess <= 0 and excess + slope < room[k])
