"""Profile likelihoods: each parameter held on a grid, all others at their best."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.calibration._calls import as_made, in_order
from ceasefire.calibration._climb import climb
from ceasefire.calibration.maximum import NOT_IDENTIFIED, at_shares, shares_of
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.calibration.maximum import Maximum
    from ceasefire.calibration.problem import Problem

LEVEL = 0.95
LEAST_STEP = 4e-3  # of a range, of the search at a value of the grid
LEAST_GAIN = 1e-3  # log units, of a neighbour's point, for a search to be made again
UNITS = 2.0  # log units below the maximum: where the set of plausible values ends
JUMP = 1.0  # log units between two values beside each other that are looked between
SHOWN = 6.0  # log units below the maximum from which nothing is looked at more closely
HALVINGS = 3  # of a cell, at most
EXCHANGES = 3  # rounds, at most, in which profiles start from each other's points
ACROSS = 61  # places along each axis at which a ridge is looked for that a move has left
RISEN = 0.01  # log units, of some value, for another round
ABOVE = 0.01  # log units above the maximum at which a profile has found a better one


@dataclass(frozen=True, eq=False)
class Profile(Displayed):
    """The likelihood of one parameter, all others at their best.

    Attributes
    ----------
    parameter : str
    table : DataFrame
        A row a value of the parameter: log_likelihood, and the best values of all others.
    maximum : float
        Log-likelihood at the maximum that the profile is held against.
    """

    parameter: str
    table: pd.DataFrame = field(repr=False)
    maximum: float

    @classmethod
    def from_values(cls, values: pd.DataFrame, maximum: float) -> tuple[Profile, ...]:
        """Return profiles from a table as :attr:`Profiles.values`, or as `--csv` writes it.

        Parameters
        ----------
        values : DataFrame
            parameter, value, log_likelihood, then all of theta.
        maximum : float
            Log-likelihood that they are held against.
        """
        of = values.groupby("parameter", sort=False)
        drop = ["parameter", "value"]
        return tuple(
            cls(str(name), part.drop(columns=drop).reset_index(drop=True), maximum)
            for name, part in of
        )

    def interval(self, level: float = LEVEL) -> Interval:
        """Values whose profile is within the chi-square quantile of the maximum.

        Parameters
        ----------
        level : float
            0.95 cuts 1.92 log units below the maximum; `within` takes the units themselves.
        """
        from scipy.special import chdtri

        if not 0.0 < level < 1.0:
            raise ArgumentError("level", level, "a number between 0 and 1")
        return self.within(0.5 * float(chdtri(1, 1.0 - level)))

    def shares(self, problem: Problem) -> NDArray[np.float64]:
        """Points of the profile in shares of the ranges, shape (m, n)."""
        rows = self.table[list(problem.names)].to_numpy(float)
        return np.array([shares_of(problem, row) for row in rows])

    def excess(self, points: pd.DataFrame) -> float:
        """How far points whose likelihood is known lie above the profile at most, in log units.

        A certificate by other code than the search's, as by draws of a posterior: no point may
        lie above a profile, but for the line drawn between two of its values.

        Parameters
        ----------
        points : DataFrame
            log_likelihood, and the profile's parameter among others; a row a point.
        """
        line = np.interp(
            points[self.parameter].to_numpy(float),
            self.table[self.parameter].to_numpy(float),
            self.table["log_likelihood"].to_numpy(float),
        )
        return float(np.max(points["log_likelihood"].to_numpy(float) - line))

    def within(self, units: float = 2.0) -> Interval:
        """Hull of the values whose profile is within `units` of the maximum.

        Ends between values of the grid are interpolated in the parameter; where the profile is
        still within at an end of the range, the interval is unbounded there. Where it falls
        below in between, `whole` is False.
        """
        x = self.table[self.parameter].to_numpy(float)
        over = self.table["log_likelihood"].to_numpy(float) - (self.maximum - units)
        above = np.flatnonzero(over >= 0.0)
        if not above.size:
            return Interval(math.nan, math.nan, False, False, True)
        first, last = int(above[0]), int(above[-1])
        low = x[0] if first == 0 else _crossing(x, over, first - 1)
        high = x[-1] if last == len(x) - 1 else _crossing(x, over, last)
        whole = bool(above.size == last - first + 1)
        return Interval(low, high, first > 0, last < len(x) - 1, whole)


@dataclass(frozen=True)
class Interval(Displayed):
    """An interval of a parameter.

    Attributes
    ----------
    low, high : float
        Its ends; those of the range where it is unbounded.
    bounded_below, bounded_above : bool
        Whether the data, not the range, end it there.
    whole : bool
        Whether all values between belong to it.
    """

    low: float
    high: float
    bounded_below: bool
    bounded_above: bool
    whole: bool

    @property
    def identified(self) -> bool:
        """Whether the data exclude anything of the range at all."""
        return self.bounded_below or self.bounded_above

    def __str__(self) -> str:
        """Return the interval in words."""
        if not self.identified:
            return NOT_IDENTIFIED
        if self.bounded_below and self.bounded_above:
            return f"{self.low:.4g} to {self.high:.4g}"
        side, end = ("above", self.low) if self.bounded_below else ("below", self.high)
        return f"{side} {end:.4g}, unbounded on the other side"


@dataclass(frozen=True, eq=False)
class Profiles(Displayed):
    """Profiles of several parameters.

    Attributes
    ----------
    maximum : Maximum
        What they are held against.
    profiles : tuple of Profile
    """

    maximum: Maximum
    profiles: tuple[Profile, ...]

    def __getitem__(self, parameter: str) -> Profile:
        """Return the profile of a parameter."""
        for one in self.profiles:
            if one.parameter == parameter:
                return one
        allowed = "one of " + ", ".join(one.parameter for one in self.profiles)
        raise ArgumentError("parameter", parameter, allowed)

    @property
    def height(self) -> float:
        """Largest log-likelihood seen anywhere, at the maximum or along a profile."""
        along = [float(one.table["log_likelihood"].max()) for one in self.profiles]
        return max([self.maximum.log_likelihood, *along])

    @property
    def status(self) -> str:
        """In words: whether a profile found a point above the maximum."""
        gain = self.height - self.maximum.log_likelihood
        if gain > ABOVE:
            return f"a profile lies {gain:.2g} log units above the maximum: give it more starts"
        return "no profile lies above the maximum"

    def table(self, level: float = LEVEL) -> pd.DataFrame:
        """A row a parameter: estimate, low, high, note; ends that the range made are nan."""
        import pandas as pd

        rows = []
        for one in self.profiles:
            found = one.interval(level)
            rows.append(
                {
                    "parameter": one.parameter,
                    "estimate": float(self.maximum.estimates[one.parameter]),
                    "low": found.low if found.bounded_below else math.nan,
                    "high": found.high if found.bounded_above else math.nan,
                    "note": _note(found),
                }
            )
        return pd.DataFrame(rows)

    @cached_property
    def values(self) -> pd.DataFrame:
        """All profiles in one table: parameter, value, log_likelihood, then all of theta."""
        import pandas as pd

        parts = []
        for one in self.profiles:
            part = one.table.copy()
            part.insert(0, "value", part[one.parameter])
            part.insert(0, "parameter", one.parameter)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)


def profile(
    maximum: Maximum,
    parameters: Sequence[str] | None = None,
    *,
    grid: int | None = None,
    done: Mapping[str, Profile] | None = None,
    keep: Callable[[Profile], None] | None = None,
    executor: Executor | None = None,
) -> Profiles:
    """Profile the likelihood along parameters, the others re-optimised at every value.

        l_j(x) = max over theta with theta_j = x of l(theta)

    Parameters
    ----------
    maximum : Maximum
        From which the searches start.
    parameters : sequence of str, optional
        Names of entries of theta; default: all.
    grid : int, optional
        Values over the range, ends included; the estimate is one more. Default: the settings'.
        Cells in which the profile crosses 2 log units below the maximum, or falls by more than 1,
        are halved up to three times, but for those more than 6 below it at both ends.
    done : mapping of str to Profile, optional
        Profiles already made, to go on from a checkpoint.
    keep : function (profile) -> None, optional
        Called after every profile.
    executor : Executor, optional
        Profiles are sent to its processes; the result does not depend on it.

    Raises
    ------
    ArgumentError
        A name that is no parameter of the problem, or a grid of fewer than 3 values.

    Notes
    -----
    Values are taken outward from the estimate on both sides, each search starting where its
    neighbour ended or, if that is higher, on the line through the last two (so that it follows a
    ridge), by exact re-optimisation, not a quadratic approximation; then between them where
    cells are halved, in the same way. After each round every value is held against
    its neighbours' points, moved to it, and searched again where one is better at once, or where
    the profile falls by more than 1 from the neighbour. Where a move itself costs more than 1, a
    second search starts at the best of 61 places along each axis: the ridge may run beside.

    When all are made they exchange points: each value is held
    against every point of the other profiles and of the maximum's starts, moved to it, and
    searched again from the best that is higher; for three rounds at most, until no value rises by
    0.01. So a branch that one profile found is known to all; profiles of more parameters, made
    together, are the safer ones. A search in a likelihood with kinks may still stop below the
    top: a profile is a lower bound, and :meth:`Profile.excess` holds it against other points.

    Cost: some 1.2 to 1.7 times `grid` searches a parameter, of some hundreds of likelihoods; a
    round of exchange takes n - 1 likelihoods, of n the values of all profiles, for each value.
    Only the searches before the exchange are kept by `keep`.

    Examples
    --------
    >>> from ceasefire import calibration as cal
    >>> exchange = cal.read("november-2023")
    >>> problem = cal.Problem(exchange.scenario(), (exchange.observation(),),
    ...                       (cal.Parameter("lam", 0.005, 0.2), cal.Parameter("c_hi", 0.75, 3)))
    >>> found = cal.profile(cal.maximise(problem, starts=1), ["lam"], grid=5)
    >>> bool(found["lam"].table["log_likelihood"].max() <= found.maximum.log_likelihood + 1e-6)
    True
    """
    problem = maximum.problem
    names = problem.names if parameters is None else tuple(parameters)
    if strange := [name for name in names if name not in problem.names]:
        raise ArgumentError("parameters", strange[0], "some of " + ", ".join(problem.names))
    many = problem.settings.grid if grid is None else grid
    if many < 3:
        raise ArgumentError("grid", many, "a whole number from 3")
    finished = dict(done or {})
    missing = [name for name in names if name not in finished]
    calls = {name: (problem, maximum.theta, maximum.log_likelihood, name, many) for name in missing}
    for name, one in as_made(_one, calls, executor):
        finished[name] = one
        if keep is not None:
            keep(one)
    made = [finished[name] for name in names]
    for _ in range(EXCHANGES):
        made, rise = _exchanged(maximum, made, many, executor)
        if rise < RISEN:
            break
    return Profiles(maximum, tuple(made))


def _one(
    problem: Problem, theta: NDArray[np.float64], height: float, name: str, grid: int
) -> Profile:
    search = _Search(problem, name, grid, [shares_of(problem, theta)], [height], height)
    search.spread()
    return search.refined()


def _exchanged(
    maximum: Maximum, made: Sequence[Profile], grid: int, executor: Executor | None
) -> tuple[list[Profile], float]:
    """One round: each profile held against the points of all others and of the maximum's starts."""
    problem = maximum.problem
    points = [one.shares(problem) for one in made]
    starts = [ascent.point for ascent in maximum.ascents if math.isfinite(ascent.value)]
    first = np.reshape(starts, (-1, len(problem.names)))
    calls = []
    for i, one in enumerate(made):
        pool = np.concatenate([first, *points[:i], *points[i + 1 :]])
        calls.append((problem, one, grid, points[i], pool))
    found = in_order(_held_against, calls, executor)
    return [one for one, _ in found], max((rise for _, rise in found), default=0.0)


def _held_against(
    problem: Problem,
    one: Profile,
    grid: int,
    points: NDArray[np.float64],
    pool: NDArray[np.float64],
) -> tuple[Profile, float]:
    """Return a profile raised by points from elsewhere, and by how much at most."""
    heights = one.table["log_likelihood"].to_numpy(float).tolist()
    search = _Search(problem, one.parameter, grid, list(points), heights, one.maximum)
    rise = search.take(pool)
    return (search.refined() if rise > 0.0 else one), rise


class _Search:
    """Values of one share in order, each with the best point found there and its height."""

    def __init__(
        self,
        problem: Problem,
        name: str,
        grid: int,
        points: list[NDArray[np.float64]],
        values: list[float],
        top: float,
    ) -> None:
        self.problem, self.name, self.held = problem, name, problem.names.index(name)
        self.grid, self.points, self.values, self.top = grid, points, values, top
        self.places = [float(point[self.held]) for point in points]

    def refined(self) -> Profile:
        """Halve cells, and return the profile."""
        import pandas as pd

        for _ in range(HALVINGS):
            self._refine()
        rows = [at_shares(self.problem, point) for point in self.points]
        table = pd.DataFrame(rows, columns=list(self.problem.names))
        table.insert(0, "log_likelihood", self.values)
        return Profile(self.name, table, self.top)

    def take(self, pool: NDArray[np.float64]) -> float:
        """Search again from points found elsewhere that are higher; return the largest rise."""
        before = list(self.values)
        for at, place in enumerate(self.places if len(pool) else ()):
            start = max(pool, key=lambda point: self._height(point, place))
            if self._height(start, place) > self.values[at] + LEAST_GAIN:
                found = _held(self.problem, start, self.held, place)
                self.points[at], self.values[at] = found
        if self.values != before:
            self._look_back()
        rises = [now - then for now, then in zip(self.values, before, strict=True) if now > then]
        return max(rises, default=0.0)

    def spread(self) -> None:
        """Search outward from the estimate, then look back inward."""
        places = [float(p) for p in np.linspace(0.0, 1.0, self.grid) if p != self.places[0]]
        for place in sorted(p for p in places if p > self.places[0]):
            size = len(self.places)
            starts = [self.points[-1], *self._ahead(size - 2, size - 1, place)]
            self._insert(size, place, starts, self.values[-1])
        for place in sorted((p for p in places if p < self.places[0]), reverse=True):
            starts = [self.points[0], *self._ahead(1, 0, place)]
            self._insert(0, place, starts, self.values[0])
        self._look_back()

    def _refine(self) -> None:
        """Halve every cell in which the profile crosses a level that is asked for, or jumps."""
        cells = [i for i in range(len(self.places) - 1) if self._rough(i)]
        for i in reversed(cells):
            middle = 0.5 * (self.places[i] + self.places[i + 1])
            sides = sorted((i, i + 1), key=lambda side: -self.values[side])
            starts = [self.points[side] for side in sides]
            starts += self._ahead(i - 1, i, middle) + self._ahead(i + 2, i + 1, middle)
            self._insert(i + 1, middle, starts, self.values[sides[0]])
        if cells:
            self._look_back()

    def _rough(self, cell: int) -> bool:
        low, high = sorted(self.values[cell : cell + 2])
        width = self.places[cell + 1] - self.places[cell]
        if high < self.top - SHOWN or width < 1.5 / ((self.grid - 1) * 2**HALVINGS):
            return False
        return low < self.top - UNITS <= high or high - low > JUMP

    def _ahead(self, behind: int, at: int, place: float) -> list[NDArray[np.float64]]:
        """Go on to `place` along the line through the points of two values, as a ridge may."""
        if not (0 <= behind < len(self.places) and 0 <= at < len(self.places)):
            return []
        run = self.places[at] - self.places[behind]
        step = (self.points[at] - self.points[behind]) * (place - self.places[at]) / run
        return [np.clip(self.points[at] + step, 0.0, 1.0)]

    def _insert(
        self, at: int, place: float, starts: list[NDArray[np.float64]], level: float
    ) -> None:
        point, value = self._climbed(starts, place, level)
        self.places.insert(at, place)
        self.points.insert(at, point)
        self.values.insert(at, value)

    def _climbed(
        self, starts: list[NDArray[np.float64]], place: float, level: float
    ) -> tuple[NDArray[np.float64], float]:
        """Search at `place` from the best start; where all fall far below `level`, from two.

        The second is the first start moved along one axis: a ridge that the move has left may
        run beside it, where slopes lead away from it.
        """
        best = max(starts, key=lambda point: self._height(point, place))
        chosen = [best]
        if self._height(best, place) < level - JUMP:
            chosen.append(self._beside(starts[0], place))
        found = [_held(self.problem, start, self.held, place) for start in chosen]
        return max(found, key=lambda one: one[1])

    def _beside(self, point: NDArray[np.float64], place: float) -> NDArray[np.float64]:
        """The highest of the points that differ from one along a single axis."""
        found = [point]
        for axis in range(len(point)):
            if axis != self.held:
                moved = np.tile(point, (ACROSS, 1))
                moved[:, axis] = np.linspace(0.0, 1.0, ACROSS)
                found.extend(moved)
        return max(found, key=lambda one: self._height(one, place))

    def _look_back(self) -> None:
        """Search again from a neighbour's side where that is better at once, or across a jump."""
        size = len(self.places)
        passes = (
            ((i, i + 1, i + 2) for i in range(size - 2, -1, -1)),
            ((i, i - 1, i - 2) for i in range(1, size)),
        )
        for at, neighbour, behind in itertools.chain(*passes):
            place, low = self.places[at], self.values[at]
            starts = [self.points[neighbour]]
            if 0 <= behind < size:
                starts += self._ahead(behind, neighbour, place)
            better = [p for p in starts if self._height(p, place) > low + LEAST_GAIN]
            jump = self.values[neighbour] - low > JUMP and self.values[neighbour] > self.top - SHOWN
            if jump or better:
                level = self.values[neighbour] if jump else -math.inf
                point, value = self._climbed(starts if jump else better, place, level)
                if value > low:
                    self.points[at], self.values[at] = point, value

    def _height(self, point: NDArray[np.float64], place: float) -> float:
        """Log-likelihood of a point with the share moved to `place`."""
        moved = point.copy()
        moved[self.held] = place
        return self.problem.log_likelihood(at_shares(self.problem, moved))


def _held(
    problem: Problem, start: NDArray[np.float64], held: int, share: float
) -> tuple[NDArray[np.float64], float]:
    """Climb in all other shares."""

    def whole(others: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.insert(others, held, share)

    ascent = climb(
        lambda others: problem.log_likelihood(at_shares(problem, whole(others))),
        np.delete(start, held),
        least_step=LEAST_STEP,
        gain=1e-3,
    )
    return whole(ascent.point), ascent.value


def _crossing(x: NDArray[np.float64], over: NDArray[np.float64], left: int) -> float:
    """Where the line between two values of the grid is 0; the inner one where one is -inf."""
    a, b = over[left], over[left + 1]
    if not (math.isfinite(a) and math.isfinite(b)):
        return float(x[left] if a >= 0.0 else x[left + 1])
    return float(x[left] + (x[left + 1] - x[left]) * a / (a - b))


def _note(found: Interval) -> str:
    if not found.identified:
        return NOT_IDENTIFIED
    open_ends = [
        word
        for word, bounded in (("below", found.bounded_below), ("above", found.bounded_above))
        if not bounded
    ]
    told = f"unbounded {open_ends[0]} within the range" if open_ends else ""
    return told if found.whole else f"{told}; not in one piece".lstrip("; ")
