"""An estimation problem: a scenario, what was seen of exchanges, and which parameters are free."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ceasefire import truce
from ceasefire.calibration.gradients import estimable
from ceasefire.calibration.likelihood import log_likelihood
from ceasefire.calibration.priors import LOG_NORMAL, LOG_UNIFORM, Prior
from ceasefire.calibration.transfer import BY_TERMS, VALUES, carried_over, factors
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.truce.scenario import resolve, symbol_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import ArrayLike, NDArray

    from ceasefire.calibration.exchange import Exchange
    from ceasefire.calibration.observation import Observation
    from ceasefire.truce import Scenario


@dataclass(frozen=True)
class Parameter:
    """A free parameter, its range and its prior.

    Attributes
    ----------
    symbol : str
        Symbol or field path of a number of the base model that is no term of a deal; kept as
        its symbol.
    low, high : float
        Range, ends included; in the parameter's unit.
    prior : Prior
        Over the range; uniform unless said.
    case_specific : bool
        Whether every exchange has its own value; else one value is shared by all.
    reason : str
        Why this range and prior.

    Examples
    --------
    >>> Parameter("captor.trust", 0.05, 0.5)
    Parameter('pi0', 0.05 to 0.5, uniform)
    """

    symbol: str
    low: float
    high: float
    prior: Prior = field(default_factory=Prior)
    case_specific: bool = False
    reason: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Refuse unknown names, empty ranges and priors that do not fit."""
        path = resolve(self.symbol)
        named = {where: symbol for symbol, where in symbol_paths().items()}.get(path)
        if named not in estimable():
            hint = "ceasefire.calibration.estimable() lists them"
            allowed = "a parameter of the base model that is no term"
            raise ArgumentError("parameter", self.symbol, allowed, hint)
        object.__setattr__(self, "symbol", named)
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            allowed = "two finite numbers, the first below the second"
            raise ArgumentError(f"parameter {named}", (self.low, self.high), allowed)
        self.prior.check(self.low, self.high)

    def __repr__(self) -> str:
        """Say symbol, range and prior."""
        own = ", case-specific" if self.case_specific else ""
        return f"Parameter({self.symbol!r}, {self.low:g} to {self.high:g}, {self.prior}{own})"

    @property
    def logarithmic(self) -> bool:
        """Whether steps along the range are taken in the logarithm."""
        return self.prior.kind in (LOG_UNIFORM, LOG_NORMAL)

    def share(self, value: float) -> float:
        """Place of a value in the range, from 0 (low) to 1 (high)."""
        if self.logarithmic:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def at(self, share: float) -> float:
        """Value at a place in the range; the ends are met exactly."""
        if share <= 0.0 or share >= 1.0:
            return self.low if share <= 0.0 else self.high
        if self.logarithmic:
            value = self.low * math.exp(share * math.log(self.high / self.low))
        else:
            value = self.low + (self.high - self.low) * share
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class Settings:
    """How a problem is to be estimated, unless told otherwise.

    Attributes
    ----------
    seed : int
        Of all randomness.
    starts : int
        Of maximum likelihood.
    ensembles, walkers : int
        Independent ensembles of the sampler, and walkers in each.
    burn_in : int
        Steps of each ensemble that are thrown away.
    draws : int
        Draws kept, over all ensembles.
    grid : int
        Values of a profile.
    """

    seed: int = 0
    starts: int = 8
    ensembles: int = 4
    walkers: int = 32
    burn_in: int = 200
    draws: int = 20_000
    grid: int = 21


@dataclass(frozen=True, eq=False)
class Problem(Displayed):
    """What is estimated, from what.

    The log-likelihood of several exchanges is the sum of theirs,

        l(theta) = sum over exchanges i of log L(observation i; scenario i at theta),

    where scenario i is the base with the values of theta, carried over to the terms of exchange i
    (:func:`carried_over`), as for ``predict``: theta is in the base's own unit. A parameter that
    is case-specific has an entry of theta for each exchange.

    Attributes
    ----------
    scenario : Scenario
        The base: all that is not free.
    observations : tuple of Observation
        What was seen, one an exchange.
    parameters : tuple of Parameter
        What is free.
    exchanges : tuple of Exchange
        Whose terms each observation's scenario takes; empty: all have the base's terms.
    labels : tuple of str
        Short names of the observations; default: the exchanges' names, else '1', '2', ...
    name, title : str
        Of the problem.
    settings : Settings
        How it is estimated unless told otherwise.
    values : str
        How worths are carried over to an exchange's terms: 'terms', 'period' or 'base'
        (:func:`carried_over`); an exchange with the base's terms is the same by all.

    Notes
    -----
    ``theta`` is an array of shape (n,) in the order of ``names``. ``unit`` maps it to the unit
    cube by each prior's cumulative distribution function, ``theta`` maps back; a uniform
    point of the cube is a draw from the prior.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import calibration as cal
    >>> exchange = cal.read("november-2023")
    >>> problem = cal.Problem(exchange.scenario(), (exchange.observation(),),
    ...                       (cal.Parameter("pi0", 0.05, 0.5), cal.Parameter("k0", 2.5, 7.5)))
    >>> problem.names, problem.base.tolist(), round(problem.log_likelihood(problem.base), 2)
    (('pi0', 'k0'), [0.2, 5.0], -6.58)
    >>> problem.unit([0.275, 5.0]).round(6).tolist()
    [0.5, 0.5]
    """

    scenario: Scenario
    observations: tuple[Observation, ...]
    parameters: tuple[Parameter, ...]
    exchanges: tuple[Exchange, ...] = ()
    labels: tuple[str, ...] = ()
    name: str = "problem"
    title: str = ""
    settings: Settings = field(default_factory=Settings)
    values: str = BY_TERMS

    def __post_init__(self) -> None:
        """Refuse what does not fit together, and fill in labels."""
        count = len(self.observations)
        if not count:
            raise ArgumentError("observations", self.observations, "at least one")
        if not self.parameters:
            raise ArgumentError("parameters", self.parameters, "at least one")
        if self.values not in VALUES:
            raise ArgumentError("values", self.values, "one of " + ", ".join(VALUES))
        symbols = [parameter.symbol for parameter in self.parameters]
        if twice := sorted({symbol for symbol in symbols if symbols.count(symbol) > 1}):
            raise ArgumentError("parameters", ", ".join(twice), "each parameter once")
        for where in ("exchanges", "labels"):
            if getattr(self, where) and len(getattr(self, where)) != count:
                raise ArgumentError(where, len(getattr(self, where)), f"none, or {count}")
        named = tuple(exchange.name for exchange in self.exchanges)
        labels = self.labels or named or tuple(str(i + 1) for i in range(count))
        if len(set(labels)) < count:
            raise ArgumentError("labels", labels, "each once", "give labels of your own")
        object.__setattr__(self, "labels", labels)

    def __repr__(self) -> str:
        """Say how many exchanges and which parameters."""
        seen = f"{len(self.observations)} observation{'s' * (len(self.observations) > 1)}"
        return f"Problem({self.name!r}: {', '.join(self.names)} from {seen})"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what decides the posterior: scenario, readings, terms, ranges and priors."""
        told = [self.scenario.digest, self.observations, self.parameters, self.labels]
        terms = [exchange.terms for exchange in self.exchanges]
        moved = any(factors(each, self.scenario, values=self.values) for each in self.exchanges)
        return digest_of([*told, *terms, *([self.values] if moved else [])])

    @cached_property
    def entries(self) -> tuple[tuple[Parameter, str | None], ...]:
        """Parameter of each entry of theta, and the label it belongs to; None: shared."""
        return tuple(
            (parameter, label)
            for parameter in self.parameters
            for label in (self.labels if parameter.case_specific else (None,))
        )

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the entries of theta: ``k0``, and ``pi0[label]`` where case-specific."""
        return tuple(
            parameter.symbol if label is None else f"{parameter.symbol}[{label}]"
            for parameter, label in self.entries
        )

    @cached_property
    def low(self) -> NDArray[np.float64]:
        """Lower ends, shape (n,)."""
        return np.array([parameter.low for parameter, _ in self.entries])

    @cached_property
    def high(self) -> NDArray[np.float64]:
        """Upper ends, shape (n,)."""
        return np.array([parameter.high for parameter, _ in self.entries])

    @cached_property
    def base(self) -> NDArray[np.float64]:
        """Theta of the base scenario, moved into the ranges, shape (n,)."""
        symbols = self.scenario.symbols()
        values = [float(getattr(symbols, parameter.symbol)) for parameter, _ in self.entries]
        return np.clip(values, self.low, self.high)

    def changes(self, theta: ArrayLike, case: int = 0) -> dict[str, float]:
        """Symbol -> value that exchange number `case` has at theta."""
        values = self._checked(theta)
        label = self.labels[case]
        return {
            parameter.symbol: float(value)
            for (parameter, own), value in zip(self.entries, values, strict=True)
            if own in (None, label)
        }

    def scenario_at(self, theta: ArrayLike, case: int = 0) -> Scenario:
        """Scenario of exchange number `case` at theta.

        Raises
        ------
        ScenarioError
            The model does not take these values together.
        """
        base = self.scenario.replace(self.changes(theta, case))
        if not self.exchanges:
            return base
        return carried_over(self.exchanges[case], base, values=self.values)

    def log_likelihood(self, theta: ArrayLike) -> float:
        """Sum of the log-likelihoods; -inf where the model has no solution or refuses theta.

        Exchanges with the same scenario are solved once.
        """
        return float(sum(self.log_likelihoods(theta)))

    def log_likelihoods(self, theta: ArrayLike) -> tuple[float, ...]:
        """Log-likelihood of each observation; all -inf outside the ranges or the model."""
        values = self._checked(theta)
        nothing = (-math.inf,) * len(self.observations)
        if not np.all((values >= self.low) & (values <= self.high)):  # nan too
            return nothing
        solved: dict[int, truce.TruceEquilibrium] = {}
        found = []
        for case, seen in enumerate(self.observations):
            try:
                equilibrium = self._solved(values, case, solved)
                found.append(log_likelihood(equilibrium, seen).total)
            except (ScenarioError, SolveError):
                return nothing
            if found[-1] == -math.inf:
                return nothing
        return tuple(found)

    def log_prior(self, theta: ArrayLike) -> float:
        """Sum of the priors' log-densities; -inf outside the ranges."""
        values = self._checked(theta)
        return float(
            sum(
                parameter.prior.log_density(value, parameter.low, parameter.high)
                for (parameter, _), value in zip(self.entries, values, strict=True)
            )
        )

    def log_posterior(self, theta: ArrayLike) -> float:
        """Log-likelihood plus log-prior: the posterior's up to a constant."""
        prior = self.log_prior(theta)
        return prior if prior == -math.inf else prior + self.log_likelihood(theta)

    def unit(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Point of the unit cube, each prior's cumulative probability; shape (..., n)."""
        return self._mapped(theta, lambda p, x: p.prior.cumulative(x, p.low, p.high))

    def theta(self, unit: ArrayLike) -> NDArray[np.float64]:
        """Values at a point of the unit cube; shape (..., n)."""
        return self._mapped(unit, lambda p, u: p.prior.quantile(u, p.low, p.high))

    def draw_prior(self, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw from the prior, shape (count, n)."""
        return self.theta(rng.random((count, len(self.entries))))

    def twin(self, case: int) -> int:
        """Return the first exchange that has the same scenario at every theta."""
        own = any(label is not None for _, label in self.entries)
        return case if own or self.exchanges else 0

    def _solved(
        self, values: NDArray[np.float64], case: int, solved: dict[int, truce.TruceEquilibrium]
    ) -> truce.TruceEquilibrium:
        first = self.twin(case)
        if first not in solved:
            solved[first] = truce.solve(self.scenario_at(values, case))
        return solved[first]

    def _checked(self, theta: ArrayLike) -> NDArray[np.float64]:
        values = np.asarray(theta, dtype=float)
        if values.shape != (len(self.entries),):
            allowed = f"{len(self.entries)} numbers: {', '.join(self.names)}"
            raise ArgumentError("theta", f"shape {values.shape}", allowed)
        return values

    def _mapped(
        self,
        points: ArrayLike,
        map_one: Callable[[Parameter, NDArray[np.float64]], NDArray[np.float64]],
    ) -> NDArray[np.float64]:
        given = np.asarray(points, dtype=float)
        if given.shape[-1:] != (len(self.entries),):
            raise ArgumentError("points", f"shape {given.shape}", f"(..., {len(self.entries)})")
        columns = [map_one(p, given[..., i]) for i, (p, _) in enumerate(self.entries)]
        return np.stack(columns, axis=-1)


def digest_of(value: object) -> str:
    """SHA-256 of data: dataclasses, models, mappings, sequences, sets and plain values."""
    return hashlib.sha256("\n".join(_lines(value)).encode()).hexdigest()


def _lines(value: object) -> Iterator[str]:
    """Tell a value a line a leaf; sets in order, so that every process tells the same."""
    if is_dataclass(value):
        for part in fields(value):
            if part.compare:
                yield part.name
                yield from _lines(getattr(value, part.name))
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            yield str(key)
            yield from _lines(value[key])
    elif isinstance(value, list | tuple | set | frozenset):
        inner = ["\n".join(_lines(item)) for item in value]
        ordered = inner if isinstance(value, list | tuple) else sorted(inner)
        yield f"{len(inner)}"
        yield from ordered
    elif hasattr(value, "model_dump"):
        yield from _lines(value.model_dump(mode="json"))
    else:
        yield str(value) if isinstance(value, str) else repr(value)


def replace_data(problem: Problem, observations: Iterable[Observation]) -> Problem:
    """Return the problem with other observations of its base scenario, as many as are given.

    For simulated data sets: terms are the base's, labels are numbers.
    """
    return Problem(
        problem.scenario,
        tuple(observations),
        problem.parameters,
        name=problem.name,
        title=problem.title,
        settings=problem.settings,
    )
