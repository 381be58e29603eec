"""Recovery of known parameters from simulated truces, and calibration of posteriors by ranks."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ceasefire import truce
from ceasefire.calibration._calls import in_order
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.truce.course import trace
from ceasefire.truce.play import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from concurrent.futures import Executor

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from ceasefire.calibration.problem import Problem
    from ceasefire.truce import TruceEquilibrium

Key: TypeAlias = tuple[int, float, str, str]

NO_PILOT: Key = (0, 0.0, "no pilot", "")
MOST_PARAMETERS = 3
LEVEL = 0.9
FROM_PRIOR, FROM_CELLS = "prior", "cells"
TRUTHS = (FROM_PRIOR, FROM_CELLS)
CHUNK = 64  # grid points that one process solves at a time


@dataclass(frozen=True, eq=False)
class CourseGrid:
    """Chances of every outcome of a truce at every point of a grid over the prior.

    The cube of prior probabilities (`Problem.unit`) is cut into cells of one size, so every cell
    has the same prior mass, and the posterior of a data set with counts N_o of outcomes is

        P(cell | N) = exp(sum_o N_o log P(o | cell)) / sum over cells of the same.

    An outcome is that of a pilot, and of the course where it is made: days, captives left,
    cause, chunks. Talks and block are taken as given.

    Attributes
    ----------
    problem : Problem
        Its first exchange's scenario is the one that is played.
    block_days : int
        First block.
    side : int
        Cells along each parameter.
    log_chances : ndarray, shape (side ** n, outcomes)
        -inf where an outcome cannot be, or the model refuses the values.
    columns : mapping of outcome to int
    """

    problem: Problem
    block_days: int
    side: int
    log_chances: NDArray[np.float64] = field(repr=False)
    columns: Mapping[Key, int] = field(repr=False)

    def log_likelihood(self, counts: Mapping[Key, int]) -> NDArray[np.float64]:
        """Log-likelihood of pooled truces in every cell, shape (side ** n,)."""
        if any(key not in self.columns for key in counts):
            return np.full(len(self.log_chances), -np.inf)
        at = [self.columns[key] for key in counts]
        return np.asarray(self.log_chances[:, at] @ np.array(list(counts.values()), dtype=float))

    def posterior(self, counts: Mapping[Key, int]) -> NDArray[np.float64]:
        """Posterior mass of every cell, shape (side,) * n.

        Raises
        ------
        SolveError
            The likelihood is 0 in every cell: the grid is too coarse for these data.
        """
        log = self.log_likelihood(counts)
        top = float(log.max())
        if not math.isfinite(top):
            raise SolveError("the likelihood is 0 in every cell of the grid; take a finer one")
        mass = np.exp(log - top)
        return np.asarray((mass / mass.sum()).reshape((self.side,) * len(self.problem.names)))


def course_grid(
    problem: Problem,
    side: int,
    *,
    block_days: int = 4,
    executor: Executor | None = None,
) -> CourseGrid:
    """Solve the model in the middle of every cell of a grid over the prior.

    Parameters
    ----------
    problem : Problem
        With at most three free parameters.
    side : int
        Cells along each.
    block_days : int
        First block of all truces.
    executor : Executor, optional
        Points are sent to its processes; the result does not depend on it.

    Raises
    ------
    ArgumentError
        More than three parameters, fewer than 3 cells, or a block that is not on the table.

    Notes
    -----
    side ** n solves, once for all data sets: what makes studies of hundreds of posteriors cheap.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import calibration as cal
    >>> problem = cal.Problem(cf.load("november-2023"), (cal.Observation(),),
    ...                       (cal.Parameter("chi", 0.0, 0.2),))
    >>> grid = cal.course_grid(problem, 4)
    >>> np.exp(grid.log_chances).sum(axis=1).round(6).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    size = len(problem.names)
    if size > MOST_PARAMETERS:
        hint = "a grid grows with its power; sample_posterior takes any number"
        raise ArgumentError("problem", f"{size} parameters", f"at most {MOST_PARAMETERS}", hint)
    if side < 3:
        raise ArgumentError("side", side, "a whole number from 3")
    points = problem.theta(_middles(side, size))
    parts = [points[i : i + CHUNK] for i in range(0, len(points), CHUNK)]
    calls = [(problem, part, block_days) for part in parts]
    rows = [row for part in in_order(_chances, calls, executor) for row in part]
    keys = {key: i for i, key in enumerate(dict.fromkeys(key for row in rows for key in row))}
    log = np.full((len(rows), len(keys)), -np.inf)
    for i, row in enumerate(rows):
        log[i, [keys[key] for key in row]] = np.log(list(row.values()))
    return CourseGrid(problem, block_days, side, log, keys)


def _middles(side: int, size: int) -> NDArray[np.float64]:
    axis = (np.arange(side) + 0.5) / side
    return np.stack(np.meshgrid(*[axis] * size, indexing="ij"), axis=-1).reshape(-1, size)


def _chances(
    problem: Problem, points: NDArray[np.float64], block_days: int
) -> list[dict[Key, float]]:
    found: list[dict[Key, float]] = []
    for theta in points:
        try:
            eq = truce.solve(problem.scenario_at(theta))
        except (ScenarioError, SolveError):
            found.append({})
            continue
        found.append(outcome_chances(eq, block_days))
    return found


def outcome_chances(eq: TruceEquilibrium, block_days: int) -> dict[Key, float]:
    """Exact chance of each outcome of a pilot and of the course behind a block; sums to 1."""
    _check_block(eq, block_days)
    made = _pilot(eq)
    course = trace(eq.line(block_days), eq.trust, block_days)
    told = {
        (o.length, o.left, str(o.ending), o.sequence): made * chance
        for o, chance in course.outcomes
    }
    return {key: p for key, p in (told | {NO_PILOT: 1.0 - made}).items() if p > 0.0}


def simulate_counts(
    eq: TruceEquilibrium, truces: int, rng: np.random.Generator, *, block_days: int = 4
) -> dict[Key, int]:
    """Play truces by the model's own simulation, and count their outcomes.

    Parameters
    ----------
    eq : TruceEquilibrium
    truces : int
        From their pilots on.
    rng : Generator
        Randomness.
    block_days : int
        First block.
    """
    _check_block(eq, block_days)
    made = int(rng.binomial(truces, _pilot(eq)))
    table = Table(eq.line(block_days), rng)
    table.run(made, eq.trust)
    counts: Counter[Key] = Counter({NO_PILOT: truces - made})
    for (days, left, cause, sequence), count in table.counts.items():
        counts[days, left, cause, sequence] += count
    return {key: count for key, count in counts.items() if count}


def _pilot(eq: TruceEquilibrium) -> float:
    p = eq.parameters
    return p.pi0 + (1.0 - p.pi0) * eq.pilot.matched if p.x_p > 0.0 else 1.0


def _check_block(eq: TruceEquilibrium, block_days: int) -> None:
    if not 1 <= block_days <= len(eq.lines):
        allowed = f"a whole number from 1 to {len(eq.lines)}"
        raise ArgumentError("block_days", block_days, allowed)


@dataclass(frozen=True, eq=False)
class Recovery(Displayed):
    """What posteriors of simulated data sets say of the values that made them.

    Attributes
    ----------
    grid : CourseGrid
    truces : int
        Pooled in each data set.
    table : DataFrame
        A row a data set and parameter: data_set, parameter, truth, mean, low, high (of the central
        interval of `level`), covered, share (posterior probability below the truth), rank.
    level : float
        Of the intervals.
    draws : int
        Posterior draws that the truth is ranked among, so ranks are 0 to `draws`.
    """

    grid: CourseGrid = field(repr=False)
    truces: int
    table: pd.DataFrame = field(repr=False)
    level: float
    draws: int

    @property
    def coverage(self) -> pd.DataFrame:
        """A row a parameter: data_sets, covered (share), low, high (95 % for that share).

        The last row, 'all', pools parameters; its ends take their data sets as independent of
        each other, not the parameters of one.
        """
        import pandas as pd

        rows = []
        for name, part in self.table.groupby("parameter", sort=False):
            rows.append((name, len(part), *_share(int(part["covered"].sum()), len(part))))
        sets = self.table.groupby("data_set")["covered"].mean()
        middle, spread = float(sets.mean()), float(sets.std(ddof=1) / math.sqrt(len(sets)))
        rows.append(("all", len(sets), middle, middle - 1.96 * spread, middle + 1.96 * spread))
        return pd.DataFrame(rows, columns=["parameter", "data_sets", "covered", "low", "high"])

    def ranks(self, parameter: str) -> RankTest:
        """Test that the truth's ranks are uniform.

        Raises
        ------
        ArgumentError
            A name that is no parameter.
        """
        if parameter not in self.grid.problem.names:
            allowed = "one of " + ", ".join(self.grid.problem.names)
            raise ArgumentError("parameter", parameter, allowed)
        of = self.table["parameter"] == parameter
        return rank_test(self.table.loc[of, "rank"].to_numpy(), self.draws)


def _share(hits: int, count: int) -> tuple[float, float, float]:
    """Share, and the exact 95 % interval of Clopper and Pearson."""
    from scipy.stats import binomtest

    ends = binomtest(hits, count).proportion_ci(0.95)
    return hits / count, float(ends.low), float(ends.high)


@dataclass(frozen=True, eq=False)
class RankTest(Displayed):
    """Whether ranks are uniform, by their histogram and by their distribution function.

    Attributes
    ----------
    counts : ndarray, shape (bins,)
        Histogram.
    expected : float
        Count of a bin where ranks are uniform.
    chi_square, p_value : float
        Sum of (count - expected)^2 / expected, and the chance of one as large.
    shares, steps : ndarray, shape (draws + 1,)
        Distribution function at each rank: where ranks are uniform, and what part is at or below.
    distance : float
        Largest distance of the distribution function from uniform.
    band : float
        Distance not passed, in 95 % of samples, anywhere (Kolmogorov).
    distance_p_value : float
        Chance of a distance as large.
    """

    counts: NDArray[np.int64]
    expected: float
    chi_square: float
    p_value: float
    shares: NDArray[np.float64]
    steps: NDArray[np.float64]
    distance: float
    band: float
    distance_p_value: float

    @property
    def uniform(self) -> bool:
        """Whether neither test rejects at 1 %."""
        return min(self.p_value, self.distance_p_value) >= 0.01


def rank_test(ranks: ArrayLike, draws: int, *, bins: int = 20) -> RankTest:
    """Test that ranks of truths among posterior draws are uniform on 0 to `draws`.

    Parameters
    ----------
    ranks : array of int, shape (count,)
        One a data set.
    draws : int
        Draws that each truth was ranked among.
    bins : int
        Of the histogram; must divide draws + 1.

    Raises
    ------
    ArgumentError
        Ranks outside, or bins of different sizes.

    Notes
    -----
    For truths drawn from the prior and data from the model at them, ranks are uniform whatever
    the data, where the posterior is right. A hump means posteriors too wide, a trough
    too narrow, a slope a bias. Ranks being whole numbers, their distribution
    function is held against the uniform one at each rank, which keeps the band conservative.

    References
    ----------
    Talts, Betancourt, Simpson, Vehtari and Gelman (2018), "Validating Bayesian inference algorithms
    with simulation-based calibration", arXiv:1804.06788, algorithm 1.

    Examples
    --------
    >>> rank_test(np.arange(100), 99).uniform, rank_test(np.full(100, 50), 99).uniform
    (True, False)
    """
    from scipy.stats import chi2, kstwo

    told = np.asarray(ranks, dtype=np.int64)
    if told.ndim != 1 or not told.size or told.min() < 0 or told.max() > draws:
        raise ArgumentError("ranks", f"shape {told.shape}", f"numbers from 0 to {draws}")
    if bins < 2 or (draws + 1) % bins:
        raise ArgumentError("bins", bins, f"a divisor of draws + 1 = {draws + 1}")
    counts = np.bincount(told * bins // (draws + 1), minlength=bins)
    expected = told.size / bins
    square = float(((counts - expected) ** 2).sum() / expected)
    shares = (np.arange(draws + 1) + 1.0) / (draws + 1)
    steps = np.cumsum(np.bincount(told, minlength=draws + 1)) / told.size
    distance = float(np.abs(steps - shares).max())
    return RankTest(
        counts,
        expected,
        square,
        float(chi2.sf(square, bins - 1)),
        shares,
        steps,
        distance,
        float(kstwo.ppf(0.95, told.size)),
        float(kstwo.sf(distance, told.size)),
    )


def recover(
    grid: CourseGrid,
    *,
    data_sets: Iterable[int],
    truces: int = 30,
    seed: int = 0,
    level: float = LEVEL,
    draws: int = 99,
    truths: str = FROM_PRIOR,
) -> Recovery:
    """Draw values from the prior, play truces at them, and see whether posteriors find them.

    Parameters
    ----------
    grid : CourseGrid
        Of which the posteriors are taken.
    data_sets : iterable of int
        Numbers of the data sets; each has randomness of its own, so any part can be made anew.
    truces : int
        Pooled in each.
    seed : int
        Of all randomness.
    level : float
        Of the central intervals.
    draws : int
        Posterior draws that a truth is ranked among.
    truths : str
        'prior': from the prior itself, played by the model's simulation; 'cells': middles of the
        grid's cells, with outcomes drawn by the grid's own chances.

    Raises
    ------
    ArgumentError
        No data set, no truce, a level outside 0 to 1, or another word for `truths`.

    Notes
    -----
    Truths are drawn from the prior itself, not from the grid, and truces by the model's simulation,
    not by its likelihood: a fault of either shows. Within a cell the posterior is taken as flat.
    Values that the model refuses are drawn again, which is the prior given that it does not. With
    ``truths="cells"`` posteriors are exact but for the seed, so what differs between the two is
    the width of the cells, or a fault of the simulation or of the likelihood.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import calibration as cal
    >>> problem = cal.Problem(cf.load("november-2023"), (cal.Observation(),),
    ...                       (cal.Parameter("chi", 0.0, 0.2),))
    >>> found = cal.recover(cal.course_grid(problem, 12), data_sets=range(4), truces=10)
    >>> found.table.columns[:5].tolist()
    ['data_set', 'parameter', 'truth', 'mean', 'low']
    """
    import pandas as pd

    numbers = list(data_sets)
    if not numbers or truces < 1:
        raise ArgumentError("data_sets and truces", (len(numbers), truces), "at least one each")
    if not 0.0 < level < 1.0:
        raise ArgumentError("level", level, "a number between 0 and 1")
    if truths not in TRUTHS:
        raise ArgumentError("truths", truths, "one of " + ", ".join(TRUTHS))
    data = _cell_data if truths == FROM_CELLS else _data
    rows = []
    for number in numbers:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
        unit, counts = data(grid, truces, rng)
        rows += _one(grid, number, unit, counts, rng, 1.0 - level, draws)
    return Recovery(grid, truces, pd.DataFrame(rows), level, draws)


def _data(
    grid: CourseGrid, truces: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], dict[Key, int]]:
    """Values from the prior, in its probability, and truces played at them."""
    unit, eq = _truth(grid.problem, rng)
    return unit, simulate_counts(eq, truces, rng, block_days=grid.block_days)


def _cell_data(
    grid: CourseGrid, truces: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], dict[Key, int]]:
    """Draw a place in some cell, and outcomes by the chances that the grid gives that cell."""
    solved = np.flatnonzero(np.isfinite(grid.log_chances).any(axis=1))
    cell = int(rng.choice(solved))
    chances = np.exp(grid.log_chances[cell])
    drawn = rng.multinomial(truces, chances / chances.sum())
    corner = np.array(np.unravel_index(cell, (grid.side,) * len(grid.problem.names)))
    keys = list(grid.columns)
    counts = {keys[j]: int(drawn[j]) for j in np.flatnonzero(drawn)}
    return (corner + rng.random(corner.size)) / grid.side, counts


def _one(
    grid: CourseGrid,
    number: int,
    unit: NDArray[np.float64],
    counts: Mapping[Key, int],
    rng: np.random.Generator,
    outside: float,
    draws: int,
) -> list[dict[str, object]]:
    problem, mass = grid.problem, grid.posterior(counts)
    picked = rng.choice(mass.size, size=draws, p=mass.ravel())
    cells = np.stack(np.unravel_index(picked, mass.shape), axis=1)
    drawn = (cells + rng.random(cells.shape)) / grid.side
    ends = np.array([_ends(mass, j, outside) for j in range(len(unit))])
    truth, low, high = (problem.theta(at) for at in (unit, ends[:, 0], ends[:, 1]))
    middle = problem.theta(_middles(grid.side, len(unit)))
    mean = mass.ravel() @ middle
    return [
        {
            "data_set": number,
            "parameter": name,
            "truth": float(truth[j]),
            "mean": float(mean[j]),
            "low": float(low[j]),
            "high": float(high[j]),
            "covered": bool(ends[j, 0] <= unit[j] <= ends[j, 1]),
            "share": _below(mass, j, float(unit[j])),
            "rank": int((drawn[:, j] < unit[j]).sum()),
        }
        for j, name in enumerate(problem.names)
    ]


def _truth(
    problem: Problem, rng: np.random.Generator
) -> tuple[NDArray[np.float64], TruceEquilibrium]:
    for _ in range(1000):
        unit = rng.random(len(problem.names))
        try:
            return unit, truce.solve(problem.scenario_at(problem.theta(unit)))
        except (ScenarioError, SolveError):
            continue
    raise SolveError("the model refuses a thousand draws from the prior one after the other")


def _steps(mass: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Distribution function at the ends of the cells of one parameter, shape (side + 1,)."""
    others = tuple(j for j in range(mass.ndim) if j != axis)
    steps = np.concatenate(([0.0], np.cumsum(mass.sum(axis=others))))
    return np.asarray(steps / steps[-1])


def _ends(mass: NDArray[np.float64], axis: int, outside: float) -> tuple[float, float]:
    """Central interval in prior probability."""
    steps = _steps(mass, axis)
    at = np.linspace(0.0, 1.0, len(steps))
    rising = np.concatenate(([True], np.diff(steps) > 0.0))
    low, high = np.interp([0.5 * outside, 1.0 - 0.5 * outside], steps[rising], at[rising])
    return float(low), float(high)


def _below(mass: NDArray[np.float64], axis: int, unit: float) -> float:
    steps = _steps(mass, axis)
    return float(np.interp(unit, np.linspace(0.0, 1.0, len(steps)), steps))
