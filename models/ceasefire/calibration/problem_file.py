"""The TOML file of an estimation problem: which exchanges, which parameters, which priors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ceasefire import toml_text
from ceasefire.calibration.data import exchanges, read
from ceasefire.calibration.priors import KINDS, UNIFORM, Prior
from ceasefire.calibration.problem import Parameter, Problem, Settings
from ceasefire.errors import ArgumentError, Fault, ScenarioError
from ceasefire.truce import scenario as scenarios

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from ceasefire.calibration.exchange import Exchange
    from ceasefire.truce import Scenario

SCHEMA_VERSION = 1
ONE_COUNT = 1


class ProblemError(ScenarioError):
    """A problem's file is not valid; reports every fault at once, with its line."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PriorTable(_Table):
    """``prior = { kind = "beta", a = 2, b = 8 }``."""

    kind: str = UNIFORM
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    sd_log: float | None = None
    a: float | None = None
    b: float | None = None

    def prior(self) -> Prior:
        """Return the prior; refuses numbers that do not go with its kind."""
        given = {k: v for k, v in self.model_dump(exclude={"kind"}).items() if v is not None}
        needed = KINDS.get(self.kind, ())
        if self.kind in KINDS and set(given) != set(needed):
            allowed = " and ".join(needed) if needed else "no numbers"
            raise ArgumentError("prior", ", ".join(given) or "nothing", f"{allowed} ({self.kind})")
        return Prior(self.kind, *(given[name] for name in needed))


class ParameterTable(_Table):
    """``[parameters.pi0]``."""

    low: float = Field(alias="from")
    high: float = Field(alias="to")
    prior: PriorTable | str = UNIFORM
    case_specific: bool = False
    reason: str = ""

    def parameter(self, name: str) -> Parameter:
        """Return the parameter."""
        told = self.prior
        prior = Prior(told) if isinstance(told, str) else told.prior()
        return Parameter(name, self.low, self.high, prior, self.case_specific, self.reason)


_Count = Annotated[int, Field(ge=ONE_COUNT)]


class MaximumTable(_Table):
    """``[maximum]``."""

    starts: _Count = Settings.starts
    grid: Annotated[int, Field(ge=3)] = Settings.grid


class PosteriorTable(_Table):
    """``[posterior]``."""

    ensembles: Annotated[int, Field(ge=2)] = Settings.ensembles
    walkers: Annotated[int, Field(ge=4)] = Settings.walkers
    burn_in: Annotated[int, Field(ge=0)] = Settings.burn_in
    draws: _Count = Settings.draws


class ProblemFile(_Table):
    """The file, as written."""

    schema_version: int = Field(ge=1, le=SCHEMA_VERSION)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    title: str = ""
    scenario: str = Field(default="november-2023", description="a packaged name, or a path")
    exchanges: tuple[str, ...] = Field(min_length=1, description="packaged names, or paths")
    talks: bool = True
    values: Literal["terms", "period", "base"] = "terms"
    seed: int = Field(default=0, ge=0, lt=2**63)
    fixed: dict[str, float | int | str | bool] = Field(default_factory=dict)
    parameters: dict[str, ParameterTable] = Field(min_length=1)
    maximum: MaximumTable = Field(default_factory=MaximumTable)
    posterior: PosteriorTable = Field(default_factory=PosteriorTable)

    @property
    def settings(self) -> Settings:
        """How the problem is estimated."""
        told = {**self.maximum.model_dump(), **self.posterior.model_dump()}
        return Settings(seed=self.seed, **told)


def load_problem(path: str | PathLike[str]) -> Problem:
    """Read a problem's TOML file; docs/calibration.md describes its keys.

    Raises
    ------
    ProblemError
        Every fault of the file, each with its line.
    DataError, ScenarioError
        An exchange's or the scenario's file is not valid.
    ArgumentError
        No such file; or an exchange has probability 0 whatever the parameters, for it does not
        fit its terms.
    """
    file = Path(path)
    if not file.exists():
        raise ArgumentError("problem", str(file), "an existing TOML file")
    text = toml_text.file_text(file)
    if isinstance(text, Fault):
        raise ProblemError([text], file)
    return parse_problem(text, file=file)


def parse_problem(text: str, *, file: Path | None = None) -> Problem:
    """Read a problem from the text of its file; paths in it are relative to `file`.

    Raises
    ------
    ProblemError
        Every fault of the text.

    Examples
    --------
    >>> parse_problem('''
    ... schema_version = 1
    ... name = "two"
    ... exchanges = ["november-2023"]
    ... parameters.pi0 = { from = 0.05, to = 0.5, prior = { kind = "beta", a = 2, b = 8 } }
    ... parameters.k0 = { from = 2.5, to = 7.5 }
    ... ''')
    Problem('two': pi0, k0 from 1 observation)
    """
    values = toml_text.values(text)
    if isinstance(values, Fault):
        raise ProblemError([values], file)
    raw, lines = values
    try:
        told = ProblemFile.model_validate(raw)
    except ValidationError as error:
        wrong = toml_text.placed(map(_fault, error.errors()), lines)
        raise ProblemError(wrong, file) from None
    faults: list[Fault] = []
    found = _exchanges(told, file, faults)
    base = _scenario(told, file, faults)
    parameters = _parameters(told, faults)
    if faults or base is None:
        raise ProblemError(toml_text.placed(faults, lines), file)
    return Problem(
        base,
        tuple(exchange.observation(talks=told.talks) for exchange in found),
        parameters,
        tuple(found),
        name=told.name,
        title=told.title,
        settings=told.settings,
        values=told.values,
    )


def _exchanges(told: ProblemFile, file: Path | None, faults: list[Fault]) -> list[Exchange]:
    found: list[Exchange] = []
    for name in told.exchanges:
        try:
            found.append(read(name if name in exchanges() or file is None else file.parent / name))
        except ArgumentError as error:
            faults.append(Fault("exchanges", name, error.allowed, "not found", hint=error.hint))
    names = [exchange.name for exchange in found]
    if len(set(names)) < len(names):
        faults.append(Fault("exchanges", None, "exchanges of different names", "a name twice"))
    return found


def _scenario(told: ProblemFile, file: Path | None, faults: list[Fault]) -> Scenario | None:
    source = told.scenario
    if source not in scenarios.packaged() and file is not None:
        source = str(file.parent / source)
    try:
        base = scenarios.load(source)
    except ArgumentError as error:
        fault = Fault("scenario", told.scenario, error.allowed, "not found", hint=error.hint)
        faults.append(fault)
        return None
    for key, value in told.fixed.items():
        try:
            base = base.replace({key: value})
        except (ArgumentError, ScenarioError) as error:
            faults.append(Fault(f"fixed.{key}", value, "", _told(error)))
    return base


def _parameters(told: ProblemFile, faults: list[Fault]) -> tuple[Parameter, ...]:
    found: dict[str, Parameter] = {}
    fixed = {}
    for key in told.fixed:
        try:
            fixed[scenarios.resolve(key)] = key
        except ArgumentError:
            continue  # told by `_scenario`
    for name, table in told.parameters.items():
        where = f"parameters.{name}"
        try:
            one = table.parameter(name)
        except ArgumentError as error:
            spot = f"{where}.prior" if error.where.startswith("prior") else where
            faults.append(Fault(spot, error.got, error.allowed, error.where, hint=error.hint))
            continue
        if one.symbol in found:
            faults.append(Fault(where, None, "each parameter once", "stands twice"))
        if scenarios.resolve(name) in fixed:
            faults.append(Fault(where, None, "free or fixed", "is fixed too"))
        faults += _ends(where, one)
        found[one.symbol] = one
    return tuple(found.values())


def _ends(where: str, one: Parameter) -> Iterator[Fault]:
    """Faults of a range that reaches outside what the model allows."""
    info = scenarios.parameter_fields()[scenarios.resolve(one.symbol)]
    least = [getattr(rule, "ge", None) for rule in info.metadata]
    above = [getattr(rule, "gt", None) for rule in info.metadata]
    most = [getattr(rule, "le", None) for rule in info.metadata]
    for bound in (x for x in least if x is not None and one.low < x):
        yield Fault(f"{where}.from", one.low, f"{bound:g} or more", "outside the model's domain")
    for bound in (x for x in above if x is not None and one.low <= x):
        yield Fault(f"{where}.from", one.low, f"above {bound:g}", "outside the model's domain")
    for bound in (x for x in most if x is not None and one.high > x):
        yield Fault(f"{where}.to", one.high, f"{bound:g} or less", "outside the model's domain")


def _told(error: Exception) -> str:
    faults = getattr(error, "faults", ())
    return "; ".join(str(fault) for fault in faults) or str(error)


def _fault(detail: Any) -> Fault:
    loc = [str(part) for part in detail["loc"] if part not in ("PriorTable", "str")]
    path, kind = ".".join(loc), detail["type"]
    if kind == "extra_forbidden":
        return Fault(path, None, "", "unknown key", hint="see docs/calibration.md")
    if kind == "missing":
        return Fault(path, None, "", "missing")
    got = detail["input"] if isinstance(detail["input"], bool | int | float | str) else None
    return Fault(path, got, "", str(detail["msg"]))
