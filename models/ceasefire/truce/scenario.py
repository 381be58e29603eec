"""Scenarios: one TOML file a deal, read into a frozen model with units, bounds and sources."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError, model_validator

from ceasefire import data, toml_text
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, Fault, ScenarioError, meant
from ceasefire.truce.extensions import EXTENSIONS, Extensions
from ceasefire.truce.fields import (
    Captor,
    Hazards,
    Observed,
    Parameters,
    Parties,
    PausingState,
    PilotRelease,
    TalksStage,
    Terms,
    _Group,
)

if TYPE_CHECKING:
    import pandas as pd
    from pydantic.fields import FieldInfo

SCHEMA_VERSION = 1
ASSUMED = "assumed"
PARAMETER_GROUPS = ("terms", "captor", "pausing_state", "hazards", "pilot", "talks")


class Scenario(Displayed, Extensions):
    """A deal: parties, terms, payoffs, hazards, and where each number comes from.

    Frozen. Build one with :func:`load`, change it with :meth:`replace`. Optional tables switch
    on extensions of the model (:mod:`ceasefire.truce.extensions`).
    """

    schema_version: int = Field(ge=1, le=SCHEMA_VERSION, description="version of this format")
    name: str = Field(min_length=1, description="short name, as used on the command line")
    title: str = Field(min_length=1, description="one line for tables and figures")
    description: str = Field(description="what the scenario stands for")
    parties: Parties
    terms: Terms
    captor: Captor
    pausing_state: PausingState
    hazards: Hazards
    pilot: PilotRelease
    talks: TalksStage
    observed: Observed | None = None
    sources: dict[str, str] = Field(
        default_factory=dict, description="source of a parameter, by field path; others: assumed"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Scenario:
        faults = _cross_faults(self.model_dump())
        if faults:
            raise ValueError("; ".join(map(str, faults)))
        return self

    def replace(self, changes: Mapping[str, Any] | None = None, /, **by_symbol: Any) -> Scenario:
        """Return a copy with some fields changed, validated anew.

        Parameters
        ----------
        changes : mapping, optional
            By field path (``{"pausing_state.day_cost_base": 4.2}``) or symbol. An extension is
            switched on by its table (``{"mediator": {"bias": 0.2}}``, or ``{"mediator": "on"}``
            for its defaults), and off by None or "off"; changes apply in their order.
        **by_symbol
            By the symbols of docs/model.md, as in ``k0=4.2, J=8``.

        Raises
        ------
        ScenarioError
            Every fault of the changed scenario.
        ArgumentError
            A key is neither a field path nor a symbol, or of a table that is off.
        """
        raw = self.model_dump()
        for key, value in {**(changes or {}), **by_symbol}.items():
            path = resolve(key)
            *groups, field = path.split(".")
            target = raw
            for group in groups:
                target = target[group]
                if target is None:
                    hint = f'switch it on first: replace({{"{group}": "on"}})'
                    raise ArgumentError("change", key, f"[{group}] is off", hint)
            if path in EXTENSIONS:
                value = _switched(path, value)
            target[field] = value.item() if hasattr(value, "item") else value
        return build(raw)

    @property
    def extensions(self) -> tuple[str, ...]:
        """Names of the extensions switched on, in the order of a file."""
        return tuple(name for name in EXTENSIONS if getattr(self, name) is not None)

    def symbols(self) -> Parameters:
        """Return the parameters by symbol."""
        return self._symbols

    @cached_property
    def _symbols(self) -> Parameters:
        values = {
            symbol: getattr(getattr(self, path.split(".")[0]), path.split(".")[1])
            for symbol, path in symbol_paths().items()
            if path.split(".")[0] in PARAMETER_GROUPS
        }
        return Parameters(**values)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that affects the solution."""
        told: dict[str, Any] = self.symbols()._asdict()
        if told["x1"] == 0.0:  # a constant price: the digest from before prices could change
            del told["x1"]
        for name in self.extensions:  # none: the base model's digest
            told[name] = getattr(self, name).model_dump()
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def source(self, path: str) -> str:
        """Return the source of a parameter, or the word 'assumed'."""
        return self.sources.get(path, ASSUMED)

    def parameters(self) -> pd.DataFrame:
        """Return a row a parameter: path, symbol, value, unit, meaning, bounds, source.

        Extensions that are off have no rows.
        """
        import pandas as pd

        rows = []
        for path, info in parameter_fields().items():
            group, field = path.split(".")
            if getattr(self, group) is None:
                continue
            value = getattr(getattr(self, group), field)
            extra = _extra(info)
            low, high = _bounds(info)
            what = (path, extra["symbol"], value, extra["unit"], info.description)
            rows.append((*what, low, high, self.source(path)))
        columns = ["path", "symbol", "value", "unit", "meaning", "lower", "upper", "source"]
        return pd.DataFrame(rows, columns=columns)

    def to_toml(self) -> str:
        """Return the scenario as a file that :func:`load` reads back to an equal one."""
        return "\n".join(_toml(self)) + "\n"


def load(source: str | PathLike[str]) -> Scenario:
    """Load a packaged scenario by name, or a TOML file by path.

    Raises
    ------
    ScenarioError
        Every fault of the file, each with its path, value, allowed range and line.
    ArgumentError
        No packaged scenario and no file of that name.

    Examples
    --------
    >>> scenario = load("november-2023")
    >>> scenario.terms.first_block_captives, scenario.parties.mediators
    (50.0, ('Qatar', 'Egypt', 'United States'))
    """
    name = fspath(source)
    if name in packaged():
        return _parse(data.scenario_text(name), f"{name}.toml")
    text = _read(name)
    if isinstance(text, Fault):
        raise ScenarioError([text], name)
    return _parse(text, name)


def check(path: str | PathLike[str]) -> list[Fault]:
    """Return every fault of a scenario file; empty for a valid one."""
    try:
        load(path)
    except ScenarioError as error:
        return list(error.faults)
    return []


def packaged() -> tuple[str, ...]:
    """Names of the scenarios that travel with the package."""
    return data.scenario_names()


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, symbols and units included."""
    schema = Scenario.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def resolve(key: str) -> str:
    """Return the field path of a symbol or a path.

    Raises
    ------
    ArgumentError
        Neither; the message names the closest.
    """
    symbols, fields = symbol_paths(), parameter_fields()
    if key in symbols:
        return symbols[key]
    others = ("name", "title", "description")
    if key in fields or key in others or key in EXTENSIONS:
        return key
    hint = meant(key, [*symbols, *fields, *others], "see Scenario.parameters()", most=3)
    raise ArgumentError("change", key, "a field path or a symbol of docs/model.md", hint)


@cache
def parameter_fields() -> dict[str, FieldInfo]:
    """Field path -> definition, for every parameter, extensions last, in the order of a file."""
    found = {}
    for group in (*PARAMETER_GROUPS, *EXTENSIONS):
        model = EXTENSIONS.get(group, Scenario.model_fields[group].annotation)
        assert model is not None
        for field, info in model.model_fields.items():
            found[f"{group}.{field}"] = info
    return found


@cache
def symbol_paths() -> dict[str, str]:
    """Symbol of docs/model.md -> field path."""
    return {_extra(info)["symbol"]: path for path, info in parameter_fields().items()}


def build(
    raw: Mapping[str, Any],
    file: str | None = None,
    lines: Mapping[str, int] | None = None,
) -> Scenario:
    """Validate a mapping as read from TOML.

    Raises
    ------
    ScenarioError
        Every fault at once.
    """
    faults = toml_text.placed(_faults(raw), lines or {})
    if faults:
        raise ScenarioError(faults, file)
    return Scenario.model_validate(raw)


def _switched(name: str, value: Any) -> Any:
    """Return the table that switches extension `name` on, or None for off."""
    if value is None or value == "off":
        return None
    if value == "on":
        return {}
    if isinstance(value, _Group):
        return value.model_dump()
    if not isinstance(value, Mapping):
        allowed = 'a table, a mapping of its fields, "on" or "off"'
        raise ArgumentError(name, value, allowed, "see docs/model.md, Extensions")
    return dict(value)


def _read(name: str) -> str | Fault:
    path = Path(name)
    if not path.exists():
        hint = meant(name, packaged(), "give a path to a TOML file")
        raise ArgumentError("scenario", name, f"one of {', '.join(packaged())}, or a file", hint)
    text = toml_text.file_text(path)
    if isinstance(text, str) and not text.strip():
        hint = "start from `ceasefire scenario new NAME`"
        return Fault("", None, "a scenario", "is empty", 1, hint)
    return text


def _parse(text: str, file: str) -> Scenario:
    found = toml_text.values(text)
    if isinstance(found, Fault):
        raise ScenarioError([found], file)
    raw, lines = found
    return build(raw, file, lines)


def _faults(raw: Mapping[str, Any]) -> list[Fault]:
    version = raw.get("schema_version")
    if isinstance(version, int) and not isinstance(version, bool) and version > SCHEMA_VERSION:
        message = "written for a newer ceasefire"
        allowed = f"at most {SCHEMA_VERSION}"
        return [Fault("schema_version", version, allowed, message, hint="update the package")]
    faults = []
    try:
        Scenario.model_validate(raw)
    except ValidationError as error:
        faults = [_fault(detail) for detail in error.errors() if detail["loc"]]
    known = {fault.path for fault in faults}
    faults += [fault for fault in _cross_faults(raw) if fault.path not in known]
    return faults


def _fault(detail: Any) -> Fault:
    loc = tuple(str(part) for part in detail["loc"])
    path, kind = ".".join(loc), detail["type"]
    if kind == "extra_forbidden":
        siblings = _keys_beside(loc)
        allowed = "one of " + ", ".join(siblings) if siblings else "no such key"
        return Fault(path, None, allowed, "unknown key", hint=meant(loc[-1], siblings))
    allowed = _allowed(path)
    if kind == "missing":
        table = len(loc) == 1 and loc[0] in (*PARAMETER_GROUPS, "parties")
        return Fault(path, None, allowed, "table missing" if table else "missing")
    message, got = str(detail["msg"]).replace("Input s", "s"), detail["input"]
    if kind == "finite_number":
        message = "not finite"
    elif _endless(got):
        message, got = "a whole number of more than 300 digits", None
    return Fault(path, got, allowed, message)


def _keys_beside(loc: tuple[str, ...]) -> list[str]:
    model: Any = Scenario
    for part in loc[:-1]:
        field = model.model_fields.get(part) if hasattr(model, "model_fields") else None
        model = None if field is None else field.annotation
        model = EXTENSIONS.get(part, Observed if part == "observed" else model)
    return list(model.model_fields) if hasattr(model, "model_fields") else []


def _cross_faults(raw: Mapping[str, Any]) -> list[Fault]:
    """Faults between fields; a field that is missing or no number is left to the others."""
    faults = []
    pool = _number(raw, "terms.eligible_captives")
    for path, what in (
        ("terms.first_block_captives", "first block larger than the pool"),
        ("terms.captives_per_extra_day", "price of a day larger than the pool"),
    ):
        value = _number(raw, path)
        if pool is not None and value is not None and value > pool > 0.0:
            allowed = f"above 0, at most terms.eligible_captives = {pool:g}"
            faults.append(Fault(path, value, allowed, what))
    faults += _price_faults(raw)
    for one, other in (("deal", "blackout"), ("restore", "breakdown")):
        first, second = f"talks.{one}_per_day", f"talks.{other}_per_day"
        a, b = _number(raw, first), _number(raw, second)
        if a is not None and b is not None and a + b > 1.0:
            allowed = f"at most 1 - {first} = {1.0 - a:g}"
            faults.append(Fault(second, b, allowed, "probabilities of one day exceed 1"))
    sources = raw.get("sources")
    for path in sources if isinstance(sources, Mapping) else ():
        if path not in parameter_fields():
            hint = meant(path, parameter_fields())
            faults.append(
                Fault(
                    f"sources.{path}", None, "a parameter's field path", "unknown field", hint=hint
                )
            )
    return faults


def _price_faults(raw: Mapping[str, Any]) -> list[Fault]:
    """Prices that reach 0 before the cap, or change where an extension needs them constant."""
    path = "terms.price_growth_per_day"
    growth, cap = _number(raw, path), _number(raw, "terms.pause_days_max")
    price = _number(raw, "terms.captives_per_extra_day")
    if not growth:
        return []
    faults = []
    if cap is not None and cap > 2.0 and price is not None and price + growth * (cap - 2.0) <= 0.0:
        allowed = f"above {-price / (cap - 2.0):g}"
        hint = "raise terms.captives_per_extra_day or lower terms.pause_days_max"
        message = "price of a day falls to 0 before the cap"
        faults.append(Fault(path, growth, allowed, message, hint=hint))
    on = [name for name in EXTENSIONS if raw.get(name) is not None]
    if on:
        message = "extensions of the model need a constant price"
        faults.append(Fault(path, growth, f"0 with [{on[0]}]", message))
    return faults


def _number(raw: Mapping[str, Any], path: str) -> float | None:
    value: Any = raw
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    fine = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if fine and not _endless(value) else None


def _endless(value: Any) -> bool:
    """Whether a whole number is larger than any float; such a one may not even print."""
    return isinstance(value, int) and value.bit_length() > sys.float_info.max_exp


def _extra(info: FieldInfo) -> dict[str, str]:
    extra = info.json_schema_extra
    assert isinstance(extra, dict)
    return {key: str(value) for key, value in extra.items()}


def _bounds(info: FieldInfo) -> tuple[float, float]:
    low, high = float("-inf"), float("inf")
    for rule in info.metadata:
        low = getattr(rule, "ge", getattr(rule, "gt", low))
        high = getattr(rule, "le", getattr(rule, "lt", high))
    return low, high


def _allowed(path: str) -> str:
    """Allowed values of a field, in words; empty where there is nothing to add."""
    info = parameter_fields().get(path)
    if info is None:
        return {"schema_version": f"a whole number from 1 to {SCHEMA_VERSION}"}.get(path, "")
    low, high = _bounds(info)
    strict = any(hasattr(rule, "gt") for rule in info.metadata)
    noun = "a whole number" if info.annotation is int else "a number"
    span = f"above {low:g}, at most {high:g}" if strict else f"from {low:g} to {high:g}"
    return f"{noun} {span}"


def _toml(scenario: Scenario) -> Iterator[str]:
    yield "# A ceasefire scenario. Comments after a value: unit; meaning."
    for key in ("schema_version", "name", "title", "description"):
        yield f"{key} = {_literal(getattr(scenario, key))}"
    yield from ("", "[parties]")
    for key in Parties.model_fields:
        yield f"{key} = {_literal(getattr(scenario.parties, key))}"
    for group in (*PARAMETER_GROUPS, *scenario.extensions):
        yield from ("", f"[{group}]")
        model = getattr(scenario, group)
        for key, info in type(model).model_fields.items():
            unit = _extra(info)["unit"]
            yield f"{key} = {_literal(getattr(model, key))}  # {unit}; {info.description}"
    if scenario.observed is not None:
        yield from ("", "[observed]")
        for key in Observed.model_fields:
            yield f"{key} = {_literal(getattr(scenario.observed, key))}"
    if scenario.sources:
        yield from ("", "[sources]")
        for path, source in scenario.sources.items():
            yield f"{_literal(path)} = {_literal(source)}"


def _literal(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)
