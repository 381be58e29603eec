"""The points of an experiment, streamed: no design is ever held whole."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.experiment.spec import Range
from ceasefire.truce.scenario import parameter_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ceasefire.experiment.spec import Experiment, Levels, Value

    Shares = Iterator[np.ndarray]

BLOCK = 1024  # points drawn at once: a power of 2, as Sobol's sequence wants
GRID_DIGITS = 12  # so that the third step from 0 to 1 in 10 is 0.3, not 0.30000000000000004


@dataclass(frozen=True)
class Point:
    """One point of a design.

    Attributes
    ----------
    index : int
        Place in the design, before constraints leave points out.
    changes : mapping of str to value
        What differs from the scenario, by field path.
    replicate : int
        From 0.
    key : str
        SHA-256 of scenario, changes, seed and replicate: the same wherever the point stands.
    """

    index: int
    changes: Mapping[str, Value]
    replicate: int
    key: str

    def generator(self) -> np.random.Generator:
        """Return the point's own random numbers, seeded by its key."""
        return np.random.default_rng(int(self.key, 16))


def points(experiment: Experiment) -> Iterator[Point]:
    """Yield the points in the order of the design, those that break a constraint left out.

    Notes
    -----
    Memory does not grow with the number of points, but for a Latin hypercube, which keeps the
    order of its strata: 8 bytes a point and parameter. The order is that of the file, the last
    parameter fastest in a grid, replicates together.

    Examples
    --------
    >>> from ceasefire.experiment.spec import parse
    >>> price = parse('''
    ... schema_version = 1
    ... name = "price"
    ... scenario = "november-2023"
    ... record = ["mean_days"]
    ... vary = { design = "grid", parameters = { x = [8, 10], "captor.trust" = [0.1, 0.2] } }
    ... constraints.cheap = "x <= 9"
    ... ''')
    >>> [list(point.changes.values()) for point in points(price)]
    [[8, 0.1], [8, 0.2]]
    """
    spec, paths = experiment.spec, experiment.paths
    base = experiment.scenario.digest
    for at, values in enumerate(_values(experiment)):
        changes = dict(zip(paths, values, strict=True))
        if not _kept(experiment, changes):
            continue
        for replicate in range(spec.replicates):
            key = point_key(base, changes, spec.seed, replicate)
            yield Point(at * spec.replicates + replicate, changes, replicate, key)


def size(experiment: Experiment) -> int:
    """Return the number of points before constraints, replicates counted."""
    vary = experiment.spec.vary
    count = {
        "grid": lambda: math.prod(_length(levels) for levels in vary.parameters.values()),
        "list": lambda: len(vary.rows),
        "paired": lambda: min(_length(levels) for levels in vary.parameters.values()),
        "latin-hypercube": lambda: vary.points or 0,
        "sobol": lambda: vary.points or 0,
        "saltelli": lambda: (vary.points or 0) * saltelli_rows(experiment),
        "morris": lambda: (vary.trajectories or 0) * (len(vary.parameters) + 1),
        "tornado": lambda: 2 * len(vary.parameters) + 1,
    }[vary.design]()
    return count * experiment.spec.replicates


def saltelli_rows(experiment: Experiment) -> int:
    """Return the rows that one point of the base sample gives: k + 2, or 2 k + 2 with pairs."""
    count = len(experiment.columns)
    return (2 if experiment.spec.vary.second_order else 1) * count + 2


def point_key(scenario: str, changes: Mapping[str, Value], seed: int, replicate: int) -> str:
    """Return the SHA-256 of a point in canonical JSON; 8 and 8.0 are the same number."""
    told = {path: _canonical(value) for path, value in changes.items()}
    text = json.dumps([scenario, told, seed, replicate], sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Value) -> Value:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _length(levels: Levels) -> int:
    return levels.steps or 0 if isinstance(levels, Range) else len(levels)


def _of_scenario(experiment: Experiment, path: str) -> Any:
    """Return the scenario's value of a parameter; None where its group is off."""
    group, field = path.split(".")
    return getattr(getattr(experiment.scenario, group), field, None)


def _kept(experiment: Experiment, changes: Mapping[str, Value]) -> bool:
    def value(path: str) -> float:
        if path in changes:
            return changes[path]  # type: ignore[return-value]  # parameters are numbers
        found = _of_scenario(experiment, path)
        if found is None:
            hint = f"[{path.partition('.')[0]}] is off in the scenario"
            raise ArgumentError("constraints", path, "a parameter of the scenario", hint)
        return float(found)

    return all(one.holds(value) for one in experiment.constraints)


def _values(experiment: Experiment) -> Iterator[Sequence[Value]]:
    vary = experiment.spec.vary
    if vary.design == "list":
        for row in vary.rows:
            yield [row[name] for name in experiment.columns]
        return
    levels = list(vary.parameters.values())
    whole = [_whole(path) for path in experiment.paths]
    if vary.design in ("grid", "paired"):
        listed = [_listed(one, w) for one, w in zip(levels, whole, strict=True)]
        yield from product(*listed) if vary.design == "grid" else zip(*listed, strict=True)
        return
    ranges = [one for one in levels if isinstance(one, Range)]
    if vary.design == "tornado":
        yield from _tornado(experiment, ranges, whole)
        return
    for block in _shares(experiment, len(ranges)):
        for row in block.tolist():
            yield [_scaled(*told) for told in zip(ranges, row, whole, strict=True)]


def _tornado(
    experiment: Experiment, ranges: Sequence[Range], whole: Sequence[bool]
) -> Iterator[Sequence[Value]]:
    """Yield the scenario's values, then each parameter at the ends of its range, alone."""
    base = [_of_scenario(experiment, path) for path in experiment.paths]
    for path, value in zip(experiment.paths, base, strict=True):
        if value is None:
            hint = f"[{path.partition('.')[0]}] is off in the scenario"
            raise ArgumentError("vary.parameters", path, "a parameter of the scenario", hint)
    yield base
    for which, levels in enumerate(ranges):
        for share in (0.0, 1.0):
            end = _scaled(levels, share, whole[which])
            yield [*base[:which], end, *base[which + 1 :]]


def _whole(path: str) -> bool:
    info = parameter_fields().get(path)
    return info is not None and info.annotation is int


def _listed(levels: Levels, whole: bool) -> list[Value]:
    if not isinstance(levels, Range):
        return list(levels)
    steps = levels.steps or 2
    values = [levels.at(step / (steps - 1)) for step in range(steps)]
    if whole:  # nearest whole numbers, each once
        return list(dict.fromkeys(round(value) for value in values))
    return [float(f"{value:.{GRID_DIGITS}g}") for value in values]


def _scaled(levels: Range, share: float, whole: bool) -> Value:
    if not whole:
        return levels.at(share)
    # equal shares of [0, 1) for every whole number of the range
    low, high = math.ceil(levels.low), math.floor(levels.high)
    return min(low + int(share * (high - low + 1)), high)


def _shares(experiment: Experiment, dimensions: int) -> Shares:
    """Yield blocks of shape (points, dimensions) in the unit cube."""
    vary, seed = experiment.spec.vary, experiment.spec.seed
    if vary.design == "sobol":
        return _sobol(vary.points or 0, dimensions, seed)
    if vary.design == "latin-hypercube":
        return _latin_hypercube(vary.points or 0, dimensions, seed)
    if vary.design == "saltelli":
        return _saltelli(vary.points or 0, dimensions, seed, pairs=vary.second_order)
    if vary.candidates is not None:
        chosen = _spread(vary.trajectories or 0, vary.candidates, dimensions, vary.levels, seed)
        return iter(chosen)
    return _morris(vary.trajectories or 0, dimensions, vary.levels, seed)


def _sobol(count: int, dimensions: int, seed: int) -> Shares:
    from scipy.stats import qmc

    engine = qmc.Sobol(dimensions, scramble=True, seed=np.random.default_rng(seed))
    block = min(count, BLOCK)
    for _ in range(count // block):
        yield engine.random(block)


def _saltelli(count: int, dimensions: int, seed: int, *, pairs: bool) -> Shares:
    """Rows A, A with a column of B, (B with a column of A,) and B, for every base point.

    A and B are the halves of a scrambled Sobol point in twice the dimensions (Saltelli 2010).
    """
    from scipy.stats import qmc

    engine = qmc.Sobol(2 * dimensions, scramble=True, seed=np.random.default_rng(seed))
    rows = (2 if pairs else 1) * dimensions + 2
    block = min(count, 2 ** max(0, (BLOCK // rows).bit_length() - 1))  # a power of 2
    own = np.arange(dimensions)
    for _ in range(count // block):
        first, last = np.split(engine.random(block), 2, axis=1)
        told = np.repeat(first[:, None, :], rows, axis=1)
        told[:, own + 1, own] = last
        told[:, dimensions + 1 :, :] = last[:, None, :]
        if pairs:
            told[:, own + dimensions + 1, own] = first
        yield told.reshape(-1, dimensions)


def _latin_hypercube(count: int, dimensions: int, seed: int) -> Shares:
    rng = np.random.default_rng(seed)
    strata = [rng.permutation(count) for _ in range(dimensions)]
    for start in range(0, count, BLOCK):
        cells = np.stack([order[start : start + BLOCK] for order in strata], axis=1)
        yield (cells + rng.random(cells.shape)) / count


def _morris(trajectories: int, dimensions: int, levels: int, seed: int) -> Shares:
    """Walks that move one parameter at a time by half the range (Morris 1991).

    With p levels the step is p / (2 (p - 1)); from the lower half of the levels it goes up,
    from the upper half down, each with the same chance.
    """
    step = levels / (2 * (levels - 1))
    for number in range(trajectories):
        rng = np.random.default_rng([seed, number])
        low = rng.integers(levels // 2, size=dimensions) / (levels - 1)
        upward = rng.random(dimensions) < 0.5
        walk = np.tile(np.where(upward, low, low + step), (dimensions + 1, 1))
        for turn, which in enumerate(rng.permutation(dimensions)):
            walk[turn + 1 :, which] = low[which] + (step if upward[which] else 0.0)
        yield np.clip(walk, 0.0, 1.0)


def _spread(count: int, candidates: int, dimensions: int, levels: int, seed: int) -> list[Any]:
    """Of many walks those that lie far apart, in the order in which they are taken.

    The two furthest apart, then each time the walk with the largest sum of squared distances to
    those taken (Ruano et al. 2012, the greedy form of Campolongo et al. 2007); the distance of
    two walks is the sum of the distances of their points.
    """
    walks = np.stack(list(_morris(candidates, dimensions, levels, seed)))
    apart = np.array([_apart(walks, walk) for walk in walks]) ** 2
    taken = list(map(int, np.unravel_index(np.argmax(apart), apart.shape)))[:count]
    while len(taken) < count:
        gain = apart[taken].sum(axis=0)
        gain[taken] = -1.0
        taken.append(int(np.argmax(gain)))
    return [walks[one] for one in taken]


def _apart(walks: np.ndarray, walk: np.ndarray) -> np.ndarray:
    """Return the distance of every walk to one: sum over pairs of points."""
    squares = (walks**2).sum(axis=2)[:, :, None] + (walk**2).sum(axis=1)[None, None, :]
    found: np.ndarray = np.sqrt(np.maximum(squares - 2.0 * walks @ walk.T, 0.0)).sum(axis=(1, 2))
    return found
