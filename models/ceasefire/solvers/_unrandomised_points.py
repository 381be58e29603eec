"""Payoffs of equilibrium paths without a lottery: cycles, and what days before them pay.

A point is a profile, for how many days it is played, and the point that follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers import _penal_paths as paths
from ceasefire.solvers._kernels import unrandomised as kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CYCLES = 4_096  # of one length that are looked at
LONGEST = 6
EXTRA = 10_000  # points kept for their low payoffs alone
LONGER = 4.0
PROGRESS = 1e-10  # of the payoff range: a lower worst payoff than before


@dataclass(frozen=True, eq=False)
class Points:
    """Equilibrium payoffs (k, 2) and their paths: profile, days that it is played, next point."""

    value: Floats
    profile: Ints
    days: Ints
    after: Ints

    @classmethod
    def of(cls, value: Floats, profile: Ints, after: Ints, days: Ints | None = None) -> Points:
        """Points of one day each where nothing else is said."""
        one = np.ones(len(value), dtype=np.int64) if days is None else days
        return cls(value, np.asarray(profile, dtype=np.int64), one, np.asarray(after, np.int64))

    @classmethod
    def none(cls) -> Points:
        """No points."""
        whole = np.empty(0, dtype=np.int64)
        return cls(np.empty((0, 2)), whole, whole, whole)

    def joined(self, more: Points) -> Points:
        """These points and then `more`, whose `after` counts from the first of these."""
        pairs = ("value", "profile", "days", "after")
        return Points(*(np.concatenate([getattr(self, k), getattr(more, k)]) for k in pairs))

    def distinct(self) -> Points:
        """Each payoff once, in lexical order; paths go on by the first of equal payoffs."""
        _, first, name = np.unique(self.value, axis=0, return_index=True, return_inverse=True)
        kept = (self.value[first], self.profile[first], self.days[first])
        return Points(*kept, name.ravel()[self.after[first]])

    def path(self, point: int) -> paths.Path:
        """The path of a point, day by day."""
        seen: dict[int, int] = {}
        played: list[int] = []
        while point not in seen:
            seen[point] = len(played)
            played += [int(self.profile[point])] * int(self.days[point])
            point = int(self.after[point])
        return paths.Path(tuple(played), seen[point])

    def worst(self) -> list[paths.Path]:
        """The path that pays each player least."""
        return [self.path(int(k)) for k in np.argmin(self.value, axis=0)]


def start(stage: paths.Stage, threat: Floats, seeds: list[paths.Path]) -> Points:
    """Every day of the seeds and of short cycles that nobody leaves."""
    points = Points.none()
    for path in seeds:
        points = points.joined(_as_points(stage, path, len(points.value)))
    for length in range(1, LONGEST + 1):
        if len(stage.payoff) ** length > CYCLES and length > 1:
            break
        points = points.joined(_cycles(stage, threat, length, len(points.value)))
    return points


def _as_points(stage: paths.Stage, path: paths.Path, at: int) -> Points:
    days = len(path.profiles)
    after = at + np.array([*range(1, days), path.loop])
    return Points.of(paths.values(stage, path), np.array(path.profiles), after)


def _cycles(stage: paths.Stage, threat: Floats, length: int, at: int) -> Points:
    """All cycles of a length, one point a day."""
    n, d = len(stage.payoff), stage.discount
    play = np.stack(np.unravel_index(np.arange(n**length), (n,) * length), axis=1)
    if length > 1:  # neither one profile over and over nor a rotation of another cycle
        play = play[(play[:, 0] == play.min(axis=1)) & (np.ptp(play, axis=1) > 0)]
    today, value = stage.payoff[play], np.empty((len(play), length, 2))
    total = np.zeros((len(play), 2))
    for t in reversed(range(length)):
        total = (1 - d) * today[:, t] + d * total
    value[:, 0] = total / (1 - d**length)
    for t in reversed(range(1, length)):
        value[:, t] = (1 - d) * today[:, t] + d * value[:, (t + 1) % length]
    least = (1 - d) * (today + stage.gain[play]) + d * threat
    good = np.all(value - least >= -_slack(d), axis=(1, 2))
    count = int(good.sum())
    turn = np.arange(count)[:, None] * length + (np.arange(length) + 1) % length
    return Points.of(value[good].reshape(-1, 2), play[good].ravel(), at + turn.ravel())


def _slack(d: float) -> float:
    return max(paths.INCENTIVE * (1 - d), paths.ROUNDING)


def grown(stage: paths.Stage, threat: Floats, points: Points, size: float) -> Points:
    """Add what one more day (or a run of the same) before known points pays, a point a cell.

    Points that pay a player less than all others are added in any case. Where delta is near 1 one
    day moves payoffs by less than a cell; runs of days move them far, in a straight line.
    """
    d, side, known = stage.discount, int(np.ceil(1.0 / size)) + 1, len(points.value)
    lengths = np.array(_runs(d))
    least = (1 - d) * (stage.payoff + stage.gain) + d * threat - _slack(d)
    taken = np.zeros((side, side), dtype=bool)
    taken[tuple(np.clip((points.value / size).astype(np.int64), 0, side - 1).T)] = True
    room = known + side * side + EXTRA
    value, whole = np.empty((room, 2)), np.empty((3, room), dtype=np.int64)
    value[:known], whole[:, :known] = points.value, (points.profile, points.days, points.after)
    total = kernel.grow(
        value, whole[0], whole[1], whole[2], known, taken, stage.payoff, least, lengths,
        d**lengths, size, PROGRESS,
    )  # fmt: skip
    return Points(value[:total].copy(), *whole[:, :total].copy())


def _runs(d: float) -> list[int]:
    """Lengths of runs: 1, and those whose weight is `LONGER` times the last one's, up to 3/4."""
    lengths, weight = [1], LONGER * (1 - d)
    while weight <= 0.75:
        lengths.append(max(lengths[-1] + 1, round(np.log1p(-weight) / np.log(d))))
        weight *= LONGER
    return lengths
