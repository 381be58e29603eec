"""What `ceasefire model show` and `solve` print: a model, its answer and its proof."""

from __future__ import annotations

import inspect
import json
import re
import textwrap
import types
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import click
import numpy as np

from ceasefire.bargaining.registry import STEPS
from ceasefire.cli.repeated import plain as plain_number
from ceasefire.cli.text import WIDTH, wrapped
from ceasefire.errors import ArgumentError
from ceasefire.truce.scenario import Scenario, load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ceasefire.bargaining import Model

LONGEST = 200  # entries of an array that JSON lists
DEEPEST = 3  # results within results that JSON follows
COMMON = 9  # significant digits of a parameter


def shown(model: Model) -> str:
    """The model's page: question, parameters for the scenario, mathematics, sources."""
    about = model.about()
    points = ", ".join(map(str, about.points))
    lines = [
        about.name.upper(), *wrapped(about.question),
        f"  step: {STEPS[about.step]} (point{'s' * (len(about.points) > 1)} {points})",
        *([] if about.checks else ["  form: our own"]), "",
        "PARAMETERS (--set NAME=VALUE)", _parameters(model), "",
        *_told(type(model)), "", "FROM THE SCENARIO", *_told(model.from_scenario),
    ]  # fmt: skip
    return "\n".join(lines)


def _told(source: Any) -> list[str]:
    """A docstring for a terminal: no markup for code and formulas."""
    text = (inspect.getdoc(source) or "").replace("``", "").replace(".. math:: ", "    ")
    text = re.sub(r"^(\w[\w ]*)\n-{3,}$", r"\1", text, flags=re.MULTILINE)
    return [f"  {line}".rstrip() for line in text.split("\n")]


def solved(model: Model) -> str:
    """Parameters, answer, solution, certificate, and the closed form where there is one."""
    found = model.solve()
    lines = ["PARAMETERS", _parameters(model), "", "ANSWER", *wrapped(model.answer()), ""]
    lines += ["SOLVED", *_indented(repr(found)), f"  status: {found.status}"]
    lines += _indented(f"certificate: {found.certificate!r}")
    closed = _closed(model)
    if closed is not None:
        lines += ["", "CLOSED FORM", *_indented(repr(closed))]
    return "\n".join(lines)


def to_json(model: Model) -> str:
    """The same for a machine, with the table behind the figure."""
    from ceasefire.cli import show

    found = model.solve()
    closed = _closed(model)
    record = {
        "model": model.about().name,
        "parameters": {name: _plain(value) for name, value in model.parameters().items()},
        "answer": model.answer(),
        "status": str(found.status),
        "certified": bool(found.certificate.passed),
        "solution": _plain(found),
        "closed_form": None if closed is None else _plain(closed),
        "table": json.loads(show.machine(model.table(), "json")),
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def changed(model: Model, settings: Iterable[str]) -> Model:
    """The model with what ``--set NAME=VALUE`` says, each value read as the parameter's type."""
    changes = {}
    for text in settings:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--set")
        changes[name.strip()] = value.strip()
    known = model.parameters()
    read = {
        name: _read(name, text, type(model).takes(name)) if name in known else text
        for name, text in changes.items()
    }
    try:
        return model.replace(read)
    except ArgumentError as error:
        if error.where != "parameter":
            raise
        raise ArgumentError("--set", error.got, error.allowed, error.hint) from None


def _read(name: str, text: str, annotation: Any) -> Any:
    """Text as a bool, a number (2/3 is a fraction), a text, or a tuple of them by commas."""
    kinds = _kinds(annotation)
    if Scenario in kinds:
        return load(text)
    if text.lower() == "none" and type(None) in kinds:
        return None
    items = next((kind for kind in kinds if get_origin(kind) is tuple), None)
    if items is not None:
        inner = get_args(items)[0]
        if get_origin(inner) is tuple:  # rows by semicolons
            return tuple(_read(name, row, inner) for row in text.split(";"))
        return tuple(_read(name, part.strip(), inner) for part in text.split(",") if part.strip())
    if bool in kinds and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if int in kinds and float not in kinds and _is(int, text):
        return int(text)
    if {float, Fraction, int} & set(kinds):
        if _is(float, text):
            return float(text)
        if Fraction in kinds and _is(Fraction, text):
            return Fraction(text)
        if _is(Fraction, text):
            return float(Fraction(text))
    if str in kinds or any(isinstance(kind, str) for kind in kinds):
        return text
    allowed = "true or false" if kinds == [bool] else "a number, or numbers separated by commas"
    raise ArgumentError(name, text, allowed)


def _kinds(annotation: Any) -> list[Any]:
    """What an annotation admits: members of unions, and the texts of a Literal."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return [kind for part in get_args(annotation) for kind in _kinds(part)]
    if origin is not None and origin is not tuple:  # Literal
        return list(get_args(annotation))
    return [annotation]


def _is(kind: type, text: str) -> bool:
    try:
        kind(text)
    except (ValueError, ZeroDivisionError):
        return False
    return True


def _parameters(model: Model) -> str:
    """Names and values, long values wrapped and things within things a line each."""
    named = model.parameters()
    width = max([len("name"), *map(len, named)])
    lines = [f"  {'name':{width}}  value"]
    for name, value in named.items():
        rows = [value]
        if isinstance(value, tuple) and any(is_dataclass(part) for part in value):
            rows = list(value)
        room = max(WIDTH - width, 30)
        shown = [part for row in rows for part in _folded(_value(row), room)] or ["none"]
        heads = [name, *[""] * (len(shown) - 1)]
        lines += [
            f"  {head:{width}}  {line}".rstrip() for head, line in zip(heads, shown, strict=True)
        ]
    return "\n".join(lines)


def _folded(text: str, room: int) -> list[str]:
    return textwrap.wrap(text, room, subsequent_indent="  ", break_on_hyphens=False) or ["none"]


def _value(value: Any) -> str:
    if isinstance(value, Scenario):
        return value.name
    if hasattr(value, "_asdict"):
        return ", ".join(f"{name} {_value(part)}" for name, part in value._asdict().items())
    if isinstance(value, tuple):
        joint = "; " if any(isinstance(part, tuple) for part in value) else ", "
        return joint.join(map(_value, value)) or "none"
    if is_dataclass(value) and not isinstance(value, type):
        inner = ((f.name, getattr(value, f.name)) for f in fields(value))
        return ", ".join(f"{name} {_value(part)}" for name, part in inner)
    return f"{value:.{COMMON}g}" if isinstance(value, float) else str(value)


def _closed(model: Model) -> Any:
    """The closed form; None where the model has none, or none at these parameters."""
    closed = getattr(model, "closed_form", None)
    try:
        return None if closed is None else closed()
    except ArgumentError:
        return None


def _indented(text: str) -> list[str]:
    lines = []
    for line in text.split("\n"):
        lines += [f"  {line}"] if len(line) < 86 else wrapped(line, "  ", "  ")
    return lines


def _plain(value: Any, depth: int = 0) -> Any:
    """Results as JSON holds them; a model inside a result is left to its own record."""
    from ceasefire.bargaining import Model

    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, Scenario):
        return value.name
    if isinstance(value, Model):
        return type(value).__name__
    if is_dataclass(value) and not isinstance(value, type):
        if depth >= DEEPEST:
            return repr(value)
        return {
            f.name: _plain(getattr(value, f.name), depth + 1)
            for f in fields(value)
            if not f.name.startswith("_")
        }
    if isinstance(value, dict):
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        if np.size(value) > LONGEST:
            return f"{np.shape(value)} entries, not listed"
        return [_plain(item, depth) for item in value]
    if value is None or isinstance(value, bool | int | float | str | Fraction | np.generic):
        return plain_number(value)
    return repr(value)
