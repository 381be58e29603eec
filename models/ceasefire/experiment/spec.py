"""An experiment: one TOML file that says which scenario, what varies and what is recorded."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from ceasefire import toml_text
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, Fault, ScenarioError, meant
from ceasefire.experiment import constraints
from ceasefire.experiment.outputs import RANDOM, output
from ceasefire.toml_text import placed
from ceasefire.truce import scenario as scenarios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from os import PathLike

    from ceasefire.experiment.store import Kept
    from ceasefire.truce import Scenario

SCHEMA_VERSION = 1
Value: TypeAlias = bool | int | float | str


class SpecError(ScenarioError):
    """An experiment's file is not valid; reports every fault at once, with its line."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Range(_Table):
    """An interval of a parameter; `steps` values of it in a grid."""

    low: float = Field(alias="from", description="lower end")
    high: float = Field(alias="to", description="upper end")
    steps: int | None = Field(default=None, ge=2, description="values in a grid, ends included")
    scale: Literal["linear", "log"] = "linear"

    def at(self, share: float) -> float:
        """Return the value at a share from 0 (lower end) to 1 (upper end)."""
        if self.scale == "log":
            return float(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share


def _kind(value: object) -> str:
    return "range" if isinstance(value, dict | Range) else "values"


Levels: TypeAlias = Annotated[
    Annotated[Range, Tag("range")] | Annotated[tuple[Value, ...], Tag("values")],
    Discriminator(_kind),
]
Design: TypeAlias = Literal[
    "grid", "list", "paired", "latin-hypercube", "sobol", "saltelli", "morris", "tornado"
]
SAMPLED = ("latin-hypercube", "sobol", "saltelli", "morris", "tornado")
BALANCED = ("sobol", "saltelli")
WHOLE = ("saltelli", "morris")  # rows that mean something together alone
LATER = {"second_order": False, "candidates": None}  # keys that older files lack, and what they say


class Vary(_Table):
    """What varies: a design over parameters, each by field path or symbol."""

    design: Design
    points: int | None = Field(
        default=None, ge=1, description="latin-hypercube, sobol; saltelli: of the base sample"
    )
    second_order: bool = Field(default=False, description="saltelli: also indices of pairs")
    trajectories: int | None = Field(default=None, ge=1, description="morris")
    levels: int = Field(default=4, ge=2, le=1000, description="morris: values a parameter takes")
    candidates: int | None = Field(
        default=None, ge=2, le=2000, description="morris: walks that the most spread are taken of"
    )
    parameters: dict[str, Levels] = Field(default_factory=dict)
    rows: tuple[dict[str, Value], ...] = Field(default=(), description="list: the points")


class Spec(_Table):
    """The file, as written."""

    schema_version: int = Field(ge=1, le=SCHEMA_VERSION)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", description="short name")
    title: str = ""
    scenario: str = Field(description="a packaged name, or a path relative to this file")
    seed: int = Field(default=0, ge=0, lt=2**63)
    replicates: int = Field(default=1, ge=1)
    record: tuple[str, ...] = Field(min_length=1)
    vary: Vary
    constraints: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True)
class Experiment(Displayed):
    """A valid experiment with its scenario.

    Attributes
    ----------
    spec : Spec
        The file.
    scenario : Scenario
        What is varied.
    """

    spec: Spec
    scenario: Scenario

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Parameters that vary, as the file names them."""
        vary = self.spec.vary
        return tuple(vary.rows[0]) if vary.rows else tuple(vary.parameters)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Their field paths."""
        return tuple(map(scenarios.resolve, self.columns))

    @cached_property
    def constraints(self) -> tuple[constraints.Constraint, ...]:
        """Conditions that every point keeps."""
        return tuple(map(constraints.parse, self.spec.constraints.values()))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what decides the points and what is recorded; not of name, title, path."""
        told = self.spec.model_dump(by_alias=True, exclude={"name", "title", "scenario"})
        vary = told["vary"]
        told["vary"] = {key: vary[key] for key in vary if vary[key] != LATER.get(key, ...)}
        text = json.dumps([told, self.scenario.digest], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def __repr__(self) -> str:
        spec = self.spec
        varied = ", ".join(self.columns)
        return f"Experiment({spec.name!r}: {spec.vary.design} over {varied} of {spec.scenario!r})"


def load(path: str | PathLike[str]) -> Experiment:
    """Read an experiment's TOML file.

    Raises
    ------
    SpecError
        Every fault of the file, each with its line.
    ScenarioError
        The scenario's file is not valid.
    ArgumentError
        No such file.
    """
    file = Path(path)
    if not file.exists():
        hint = meant(str(file), [str(one) for one in sorted(file.parent.glob("*.toml"))])
        raise ArgumentError("experiment", str(file), "an existing TOML file", hint)
    text = toml_text.file_text(file)
    if isinstance(text, Fault):
        raise SpecError([text], file)
    return parse(text, file=file)


def parse(text: str, *, file: Path | None = None) -> Experiment:
    """Read an experiment from the text of its file; paths in it are relative to `file`.

    Examples
    --------
    >>> experiment = parse('''
    ... schema_version = 1
    ... name = "price"
    ... scenario = "november-2023"
    ... record = ["mean_days"]
    ... vary.design = "grid"
    ... vary.parameters.x = [8, 10, 12]
    ... ''')
    >>> experiment
    Experiment('price': grid over x of 'november-2023')
    """
    found = toml_text.values(text)
    if isinstance(found, Fault):
        raise SpecError([found], file)
    raw, lines = found
    try:
        spec = Spec.model_validate(raw)
    except ValidationError as error:
        raise SpecError(placed(map(_fault, error.errors()), lines), file) from None
    faults = placed(_cross_faults(spec), lines)
    scenario = None if faults else _scenario(spec, file, lines)
    if scenario is not None:
        faults = placed(_bound_faults(spec, scenario), lines)
    if faults or scenario is None:
        raise SpecError(faults, file)
    return Experiment(spec, scenario)


def restored(kept: Kept) -> Experiment:
    """Return an experiment as a store keeps it, with the scenario of that time."""
    scenario = scenarios.build(tomllib.loads(kept.scenario))
    return Experiment(Spec.model_validate_json(kept.spec), scenario)


def _scenario(spec: Spec, file: Path | None, lines: Mapping[str, int]) -> Scenario:
    source = spec.scenario
    if source not in scenarios.packaged() and file is not None:
        source = str(file.parent / source)
    try:
        return scenarios.load(source)
    except ArgumentError as error:
        fault = Fault("scenario", spec.scenario, error.allowed, "not found", hint=error.hint)
        raise SpecError(placed([fault], lines), file) from None


def _fault(detail: Any) -> Fault:
    loc = [str(part) for part in detail["loc"] if part not in ("range", "values")]
    kind = detail["type"]
    if kind == "extra_forbidden":
        return Fault(".".join(loc), None, "", "unknown key", hint="see docs/experiments.md")
    if kind == "missing":
        return Fault(".".join(loc), None, "", "missing")
    got = detail["input"] if isinstance(detail["input"], bool | int | float | str) else None
    return Fault(".".join(loc), got, "", str(detail["msg"]))


def _cross_faults(spec: Spec) -> Iterator[Fault]:
    yield from _parameter_faults(spec.vary)
    yield from _design_faults(spec.vary)
    for name, text in spec.constraints.items():
        yield from _argument_fault(f"constraints.{name}", constraints.parse, text)
        if spec.vary.design in WHOLE:
            hint = "choose ranges in which every point keeps it, or latin-hypercube with regression"
            message = f"leaves holes in a {spec.vary.design} design"
            yield Fault(f"constraints.{name}", text, "no constraints", message, hint=hint)
    for name in spec.record:
        yield from _argument_fault("record", output, name)
    if len(set(spec.record)) < len(spec.record):
        yield Fault("record", None, "each output once", "an output stands twice")
    if spec.replicates > 1 and not set(RANDOM) & set(spec.record):
        hint = "without a random draw every replicate is the same"
        allowed = f"1, or record {' or '.join(RANDOM)}"
        yield Fault("replicates", spec.replicates, allowed, "nothing random is recorded", hint=hint)


def _argument_fault(path: str, read: Any, text: str) -> Iterator[Fault]:
    try:
        read(text)
    except ArgumentError as error:
        yield Fault(path, error.got, error.allowed, "not understood", hint=error.hint)


def _parameter_faults(vary: Vary) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    names = dict.fromkeys(name for row in vary.rows for name in row)
    where = "vary.rows" if vary.rows else "vary.parameters"
    for name in names or vary.parameters:
        spot = where if vary.rows else f"{where}.{name}"
        yield from _argument_fault(spot, scenarios.resolve, name)
        try:
            path = scenarios.resolve(name)
        except ArgumentError:
            continue
        if path in ("name", "title", "description"):
            yield Fault(spot, None, "a parameter or an extension", "says nothing to the model")
        if path in seen:
            yield Fault(spot, None, "each parameter once", f"the same as {seen[path]}")
        seen[path] = name


def _design_faults(vary: Vary) -> Iterator[Fault]:
    design = vary.design
    if design == "list":
        if not vary.rows or len({tuple(sorted(row)) for row in vary.rows}) > 1 or not vary.rows[0]:
            allowed = "at least one point, all with the same parameters"
            yield Fault("vary.rows", None, allowed, "no list of points")
        if vary.parameters:
            yield Fault("vary.parameters", None, "vary.rows alone", "does not go with a list")
        return
    if vary.rows:
        yield Fault("vary.rows", None, 'design = "list"', f"does not go with {design}")
    if not vary.parameters:
        yield Fault("vary.parameters", None, "at least one parameter", "nothing varies")
    for name, levels in vary.parameters.items():
        yield from _level_faults(f"vary.parameters.{name}", levels, design)
    lengths = {len(v) for v in vary.parameters.values() if isinstance(v, tuple)}
    if design == "paired" and len(lengths) > 1:
        yield Fault("vary.parameters", None, "lists of one length", "lists differ in length")
    yield from _count_faults(vary)


def _count_faults(vary: Vary) -> Iterator[Fault]:
    needed = {
        "latin-hypercube": "points", "sobol": "points", "saltelli": "points",
        "morris": "trajectories",
    }  # fmt: skip
    for key in ("points", "trajectories"):
        given = getattr(vary, key)
        if needed.get(vary.design) == key and given is None:
            yield Fault(f"vary.{key}", None, "a whole number from 1", "missing")
        if needed.get(vary.design) != key and given is not None:
            yield Fault(f"vary.{key}", given, "", f"does not go with {vary.design}")
    if vary.second_order and vary.design != "saltelli":
        yield Fault("vary.second_order", True, "", f"does not go with {vary.design}")
    if vary.design in BALANCED and vary.points and vary.points & (vary.points - 1):
        hint = "the sequence is balanced only there"
        yield Fault("vary.points", vary.points, "a power of 2", "not balanced", hint=hint)
    if vary.design == "morris" and vary.levels % 2:
        yield Fault("vary.levels", vary.levels, "an even number", "odd")
    yield from _candidate_faults(vary)


def _candidate_faults(vary: Vary) -> Iterator[Fault]:
    if vary.candidates is None:
        return
    if vary.design != "morris":
        yield Fault("vary.candidates", vary.candidates, "", f"does not go with {vary.design}")
    elif vary.trajectories and vary.candidates <= vary.trajectories:
        allowed = f"more than the {vary.trajectories} trajectories"
        yield Fault("vary.candidates", vary.candidates, allowed, "nothing to choose")


def _level_faults(spot: str, levels: Levels, design: str) -> Iterator[Fault]:
    if isinstance(levels, tuple):
        if not levels:
            yield Fault(spot, None, "at least one value", "empty")
        if design in SAMPLED:
            yield Fault(spot, None, "{ from = ..., to = ... }", f"{design} needs a range")
        return
    if design == "paired":
        yield Fault(spot, None, "a list of values", "paired needs lists")
    if not levels.low < levels.high:
        yield Fault(spot, levels.high, f"above {levels.low:g}", "empty range")
    if levels.scale == "log" and levels.low <= 0:
        yield Fault(spot, levels.low, "above 0", "no logarithm")
    if design == "grid" and levels.steps is None:
        yield Fault(f"{spot}.steps", None, "a whole number from 2", "missing")
    if design in SAMPLED and levels.steps is not None:
        yield Fault(f"{spot}.steps", levels.steps, "", f"does not go with {design}")


def _bound_faults(spec: Spec, scenario: Scenario) -> Iterator[Fault]:
    """Values outside what the scenario takes, before hours are spent on them."""
    table = scenario.parameters()
    ends = zip(table["path"], table["lower"], table["upper"], strict=True)
    known = {str(path): (float(low), float(high)) for path, low, high in ends}
    for spot, name, value in _told_values(spec.vary):
        span = known.get(scenarios.resolve(name))
        if span is None:  # an extension, or a parameter of one that a point switches on
            if isinstance(value, str) and value not in ("on", "off"):
                yield Fault(spot, value, "on or off", "no switch")
            continue
        if isinstance(value, str) or not span[0] <= value <= span[1]:
            yield Fault(spot, value, f"{span[0]:g} to {span[1]:g}", "outside the bounds")


def _told_values(vary: Vary) -> Iterator[tuple[str, str, Value]]:
    """Where each value or end of a range stands, of which parameter, and the value."""
    for row in vary.rows:
        yield from (("vary.rows", name, value) for name, value in row.items())
    for name, levels in vary.parameters.items():
        values = (levels.low, levels.high) if isinstance(levels, Range) else levels
        yield from ((f"vary.parameters.{name}", name, value) for value in values)
