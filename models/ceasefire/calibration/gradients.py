"""Score and information of a record: derivatives of its log-likelihood in the parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ceasefire import truce
from ceasefire.calibration.differences import Point, Slope, slope
from ceasefire.calibration.likelihood import Likelihood, log_likelihood
from ceasefire.calibration.regimes import Regime, regime
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, ScenarioError, SolveError
from ceasefire.truce.scenario import parameter_fields, resolve, symbol_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from ceasefire.calibration.observation import Observation
    from ceasefire.truce import Scenario

STEP = 0.02
LEAST_SCALE = 0.05  # scale of a parameter that is 0, or a probability that is 0 or 1
TERMS = frozenset({"W0", "n0", "x", "x1", "J", "Emax", "Tmax", "x_p"})

Evaluate: TypeAlias = "Callable[[float], Point[Regime] | None]"


@dataclass(frozen=True)
class Kink:
    """A parameter at which a derivative was kept from crossing a kink.

    Attributes
    ----------
    symbol : str
    distance : float
        Nearest distance at which the likelihood was seen on another smooth piece; 0 where the
        point itself lies on a kink, as far as steps can tell.
    """

    symbol: str
    distance: float


@dataclass(frozen=True, eq=False)
class Gradient(Displayed):
    """Derivatives of a record's log-likelihood.

    Attributes
    ----------
    scenario, observation : Scenario, Observation
        At which, and of what.
    total : float
        The log-likelihood.
    score : Series
        Derivative by symbol; nan where the point lies on a kink.
    errors : Series
        Estimated absolute errors of the score.
    methods : Series
        'central'; 'forward' or 'backward' at a bound or beside a kink; 'none' on a kink.
    parts : DataFrame
        Score of each part of the record given all before (rows) by symbol (columns); they sum
        to `score`.
    kinks : tuple of Kink
        Where the steps had to be kept on one side or small.
    """

    scenario: Scenario = field(repr=False)
    observation: Observation = field(repr=False)
    total: float
    score: pd.Series[float]
    errors: pd.Series[float]
    methods: pd.Series[str]
    parts: pd.DataFrame
    kinks: tuple[Kink, ...]

    @cached_property
    def information(self) -> pd.DataFrame:
        """Sum over the parts of a record of the outer products of their scores.

        Given the past each part's score has mean 0, so the sum estimates the information in the
        record (Berndt, Hall, Hall and Hausman 1974) and adds over records. Its rank says which
        directions the record speaks to at all.
        """
        import pandas as pd

        inner, symbols = self.parts.to_numpy(), self.parts.columns
        return pd.DataFrame(inner.T @ inner, index=symbols, columns=symbols)


def estimable() -> tuple[str, ...]:
    """Symbols of the base model's parameters that are no terms of the deal."""
    base = truce.scenario.PARAMETER_GROUPS
    paths = symbol_paths()
    return tuple(s for s, path in paths.items() if path.split(".")[0] in base and s not in TERMS)


def gradient(
    scenario: Scenario,
    observation: Observation,
    symbols: Sequence[str] | None = None,
    *,
    step: float = STEP,
) -> Gradient:
    """Return the score of a record: the derivative of its log-likelihood in each parameter.

    Parameters
    ----------
    scenario : Scenario
        Where.
    observation : Observation
        Of what.
    symbols : sequence of str, optional
        Symbols or field paths of numbers; default: all that are no terms (:func:`estimable`).
    step : float
        First step, relative to the parameter (to the nearer end for a probability).

    Raises
    ------
    ArgumentError
        A name is unknown or that of a whole number; or the record has probability 0, where no
        derivative exists.

    Notes
    -----
    The likelihood is smooth where the equilibrium keeps its regime: the block (or the two that
    tie), whether all opportunists match the pilot, and on each day whether an opportunist delivers
    for sure, never, or mixes, and at which of its critical posteriors. Offers, acceptances and
    stays are logits, so a change of the *best* chunk is no kink. Steps never leave the regime
    of the point (:func:`ceasefire.calibration.differences.slope`); where they had to be cut
    short, `kinks` says so. Six to sixteen solves a parameter.

    Examples
    --------
    >>> from ceasefire import calibration
    >>> exchange = calibration.read("november-2023")
    >>> found = calibration.gradient(exchange.scenario(), exchange.observation(), ["lam", "chi"])
    >>> found.score.round(3).to_dict()
    {'lam': 11.725, 'chi': 4.022}
    """
    names = names_of(scenario, estimable() if symbols is None else symbols)
    at = log_likelihood(scenario, observation)
    check_possible(at)
    here = _point(at)
    slopes: dict[str, Slope | None] = {}
    for name in names:
        x = float(getattr(scenario.symbols(), name))
        move = _mover(scenario, observation, name, list(at.masses))
        slopes[name] = slope(move, here, x, step * scale_of(name, x))
    return _gradient(scenario, observation, at, slopes)


def names_of(scenario: Scenario, symbols: Iterable[str]) -> list[str]:
    """Symbols of the parameters named, each once; refuses those without a derivative."""
    paths = {path: symbol for symbol, path in symbol_paths().items()}
    found = []
    for name in symbols:
        path = resolve(name)
        if path not in paths or parameter_fields()[path].annotation is int:
            hint = "a derivative needs a number that can move a little"
            raise ArgumentError("symbols", name, "symbols of parameters that are numbers", hint)
        if not hasattr(scenario.symbols(), paths[path]):
            raise ArgumentError("symbols", name, "a parameter of the base model")
        found.append(paths[path])
    return list(dict.fromkeys(found))


def check_possible(at: Likelihood) -> None:
    """Refuse a record of probability 0."""
    if not math.isfinite(at.total):
        terms = at.split()
        part = next((name for name, value in terms.items() if not math.isfinite(value)), "")
        hint = f"under this scenario its part {part!r} cannot be"
        raise ArgumentError("observation", at.total, "a record of positive probability", hint)


def _point(found: Likelihood) -> Point[Regime]:
    """Values: the total, then each part."""
    values = np.array([found.total, *found.split().values()])
    return Point(values, regime(found))


def _mover(
    scenario: Scenario, observation: Observation, name: str, parts: list[str]
) -> Callable[[float], Point[Regime] | None]:
    def move(x: float) -> Point[Regime] | None:
        try:
            found = log_likelihood(scenario.replace({name: x}), observation)
        except (ScenarioError, SolveError):  # outside the domain, or no solution there
            return None
        fine = math.isfinite(found.total) and list(found.masses) == parts
        return _point(found) if fine else None

    return move


def scale_of(name: str, x: float) -> float:
    """How far a parameter has to go to matter: its size, or its distance from 0 and 1."""
    info = parameter_fields()[symbol_paths()[name]]
    rules = [getattr(rule, "le", math.inf) for rule in info.metadata]
    top = min((bound for bound in rules if bound is not None), default=math.inf)
    scale = min(abs(x), 1.0 - x) if top == 1.0 else abs(x)  # bounds are literals
    return scale if scale > 0.0 else LEAST_SCALE


def _gradient(
    scenario: Scenario,
    observation: Observation,
    at: Likelihood,
    slopes: dict[str, Slope | None],
) -> Gradient:
    import pandas as pd

    nothing = np.full(len(at.masses) + 1, np.nan)
    values = {name: nothing if s is None else s.values for name, s in slopes.items()}
    errors = {name: np.nan if s is None else s.errors[0] for name, s in slopes.items()}
    methods = {name: "none" if s is None else s.method for name, s in slopes.items()}
    distances = {name: 0.0 if s is None else s.kink for name, s in slopes.items()}
    kinks = [Kink(name, far) for name, far in distances.items() if math.isfinite(far)]
    parts = pd.DataFrame({name: v[1:] for name, v in values.items()}, index=list(at.masses))
    return Gradient(
        scenario=scenario,
        observation=observation,
        total=at.total,
        score=pd.Series({name: v[0] for name, v in values.items()}, dtype=float, name="score"),
        errors=pd.Series(errors, dtype=float, name="error"),
        methods=pd.Series(methods, dtype=object, name="method"),
        parts=parts.rename_axis(index="part", columns="symbol"),
        kinks=tuple(kinks),
    )
