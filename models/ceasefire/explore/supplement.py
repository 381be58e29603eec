"""One file for a paper's supplement: the page, its style and script, and a grid of solutions."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ceasefire
from ceasefire.errors import ArgumentError, CeasefireError
from ceasefire.explore._worker import faults
from ceasefire.explore.answers import answer
from ceasefire.explore.judged import CURVES
from ceasefire.explore.page import SCRIPTS, about, read
from ceasefire.explore.state import changed, file_of
from ceasefire.truce.scenario import _literal, resolve, symbol_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ceasefire.truce import Scenario

MOST_AXES: Final = 3
MOST_POINTS: Final = 2000  # about 10 MB
MOST_JUDGED: Final = 12  # points up to which each holds the propositions: two seconds a point
DIGITS: Final = 6  # significant, of every number in the file


@dataclass(frozen=True)
class Axis:
    """A parameter of the grid and its values.

    Attributes
    ----------
    symbol : str
    values : tuple of float
        Ascending.
    """

    symbol: str
    values: tuple[float, ...]

    @classmethod
    def parse(cls, text: str) -> Axis:
        """Read ``KEY=FROM:TO:STEPS`` or ``KEY=A,B,C``; KEY is a symbol or a field path.

        Raises
        ------
        ArgumentError
            Neither form, or no such parameter.

        Examples
        --------
        >>> Axis.parse("x=6:16:3"), Axis.parse("captor.trust=0.1,0.2")
        (Axis(symbol='x', values=(6, 11, 16)), Axis(symbol='pi0', values=(0.1, 0.2)))
        """
        key, _, told = text.partition("=")
        paths = {path: symbol for symbol, path in symbol_paths().items()}
        path = resolve(key.strip())
        try:
            values = _values(told)
        except ValueError:
            values = ()
        if path not in paths or not values:
            raise ArgumentError("over", text, "KEY=FROM:TO:STEPS or KEY=A,B,C, as in x=6:16:11")
        return cls(paths[path], values)


def standalone(
    scenario: Scenario,
    axes: Sequence[Axis],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Return a page that holds the solution at every point of a grid, as HTML.

    Parameters
    ----------
    scenario : Scenario
        What the other parameters are taken from.
    axes : sequence of Axis
        One to three.
    progress : callable, optional
        Called with points done and points in all.

    Raises
    ------
    ArgumentError
        No axis or more than three, the same parameter twice, or more than 2,000 points.

    Notes
    -----
    Needs neither network nor server: style, script and numbers are in the file, whose policy
    allows nothing else. Numbers have six digits; the same commit writes the same bytes.
    A point that is refused or not solved holds its reason. About a quarter of a second a point.
    Presets are solved where the grid starts, at the values nearest to the scenario's own. There
    the propositions and the decomposition are included too; elsewhere up to 12 points.
    """
    _check(axes, scenario)
    symbols = [axis.symbol for axis in axes]
    start = {axis.symbol: axis.values[_start(axis, scenario)] for axis in axes}
    described = _about(scenario, axes)
    presets = described["scenarios"][scenario.name]["presets"]
    total = math.prod(len(axis.values) for axis in axes)
    everywhere = total <= MOST_JUDGED
    asked = [
        (changes, everywhere or changes == start)
        for values in itertools.product(*(axis.values for axis in axes))
        for changes in [dict(zip(symbols, values, strict=True))]
    ] + [(start | preset["changes"], False) for preset in presets]
    solved = []
    for changes, judge in asked:
        solved.append(_point(scenario, changes, judge=judge))
        if progress is not None:
            progress(len(solved), len(asked))
    files = [_file(scenario, start | preset["changes"]) for preset in presets]
    told = {
        "version": ceasefire.__version__,
        "about": described,
        "axes": [_axis(axis, scenario) for axis in axes],
        "toml": _toml(scenario, axes),
        "points": solved[:total],
        "presets": [
            {"solved": point, "toml": file}
            for point, file in zip(solved[total:], files, strict=True)
        ],
    }
    return _assembled(json.dumps(told, allow_nan=False, separators=(",", ":")))


def _values(told: str) -> tuple[float, ...]:
    if ":" in told:
        low, high, steps = told.split(":")
        count = int(steps)
        if count < 2 or count > MOST_POINTS:
            raise ValueError(told)
        ends = float(low), float(high)
        width = (ends[1] - ends[0]) / (count - 1)
        numbers = [ends[0] + i * width for i in range(count)]
    else:
        numbers = [float(part) for part in told.split(",")]
    if not all(map(math.isfinite, numbers)):
        raise ValueError(told)
    return tuple(sorted({_short(number) for number in numbers}))


def _short(number: float) -> float:
    """Ten digits; a whole number as an integer, which parameters in days need."""
    rounded = float(f"{number:.10g}")
    return int(rounded) if rounded.is_integer() else rounded


def _check(axes: Sequence[Axis], scenario: Scenario) -> None:
    symbols = [axis.symbol for axis in axes]
    if not 1 <= len(axes) <= MOST_AXES:
        raise ArgumentError("over", len(axes), "one to three parameters", "name them with --over")
    if len(set(symbols)) < len(symbols):
        raise ArgumentError("over", ", ".join(symbols), "each parameter once")
    for symbol in symbols:
        group = symbol_paths()[symbol].partition(".")[0]
        if getattr(scenario, group) is None:
            hint = f"write the table [{group}] in the scenario's file"
            raise ArgumentError(
                "over", symbol, f"a parameter of what is on; [{group}] is off", hint
            )
    total = math.prod(len(axis.values) for axis in axes)
    if total > MOST_POINTS:
        raise ArgumentError("over", total, f"at most {MOST_POINTS} points", "take fewer steps")


def _point(scenario: Scenario, changes: dict[str, float], *, judge: bool) -> dict[str, Any]:
    try:
        solved = changed({scenario.name: scenario}, scenario.name, changes)
        told = answer("course", solved) | answer("windows", solved)
        if judge:
            told["judged"] = {name: answer("proposition", solved, name) for name in CURVES}
            told["judged"]["decomposition"] = answer("decomposition", solved)
    except CeasefireError as error:
        return {"faults": faults(error)}
    rounded: dict[str, Any] = _rounded(told)
    return rounded


def _file(scenario: Scenario, changes: dict[str, float]) -> str:
    return file_of(scenario, scenario.replace(changes)) if _valid(scenario, changes) else ""


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _start(axis: Axis, scenario: Scenario) -> int:
    """The value nearest to the scenario's own."""
    group, field = symbol_paths()[axis.symbol].split(".")
    own = getattr(getattr(scenario, group), field)
    return min(range(len(axis.values)), key=lambda i: abs(axis.values[i] - own))


def _axis(axis: Axis, scenario: Scenario) -> dict[str, Any]:
    return {"symbol": axis.symbol, "values": axis.values, "start": _start(axis, scenario)}


def _about(scenario: Scenario, axes: Sequence[Axis]) -> dict[str, Any]:
    told = about(scenario, {scenario.name: scenario})
    own = told["scenarios"][scenario.name]
    rows = {row["symbol"]: row for row in own["parameters"]}
    own["parameters"] = [
        rows[axis.symbol]
        | {"values": axis.values, "value": axis.values[_start(axis, scenario)], "main": True}
        for axis in axes
    ]
    return told


def _toml(scenario: Scenario, axes: Sequence[Axis]) -> list[Any]:
    """The scenario's file as texts, and in the place of each axis the text of each value."""
    moved = {axis.symbol: axis.values[0] for axis in axes}
    base = scenario.replace(moved) if _valid(scenario, moved) else scenario
    parts: list[Any] = []
    table = ""
    fields = {symbol_paths()[axis.symbol]: i for i, axis in enumerate(axes)}
    for line in file_of(scenario, base).splitlines(keepends=True):
        table = line.strip("[]\n") if line.startswith("[") else table
        key, equals, rest = line.partition(" = ")
        at = fields.get(f"{table}.{key}") if equals else None
        if at is None:
            parts.append(line)
            continue
        comment = rest[rest.index("  # ") :]
        parts += [f"{key} = ", {"axis": at, "texts": [_literal(v) for v in axes[at].values]}]
        parts.append(comment)
    return parts


def _valid(scenario: Scenario, moved: dict[str, float]) -> bool:
    try:
        scenario.replace(moved)
    except CeasefireError:
        return False
    return True


def _assembled(told: str) -> str:
    """The page with style, numbers and script inside, and a policy that names them alone."""
    style = read("explore.css")
    numbers = "window.GRID = " + told.replace("<", "\\u003c") + ";"
    scripts = [numbers, *map(read, SCRIPTS)]
    policy = (
        f"default-src 'none'; style-src {_sum(style)}; script-src "
        + " ".join(map(_sum, scripts))
        + "; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    page = read("index.html").replace("<title>", meta + "<title>")
    page = page.replace('<link rel="stylesheet" href="explore.css">', f"<style>{style}</style>")
    inside = "\n".join(f"<script>{script}</script>" for script in scripts)
    tags = "\n".join(f'<script src="{name}"></script>' for name in SCRIPTS)
    return page.replace(tags, inside)


def _sum(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
