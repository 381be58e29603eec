"""What a page asks about: a known scenario and some changed parameters, checked before any use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ceasefire.errors import ArgumentError, Fault, ScenarioError
from ceasefire.figures.extended import ABOUT, TITLES
from ceasefire.truce.extensions import EXTENSIONS
from ceasefire.truce.scenario import (
    PARAMETER_GROUPS,
    Scenario,
    build,
    load,
    packaged,
    parameter_fields,
    symbol_paths,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

# Shown at once; the other parameters stand behind "more" of their group.
MAIN: Final = (
    "W0", "n0", "x", "J", "pi0", "g", "c_hi", "l_lo", "v", "k0", "k1", "kappa", "beta", "chi",
    "x_p", "lam", "relay", "l_p", "phi_p", "psi_p", "b_M", "alpha_M", "h_M", "c_F", "nu0",
    "kappa_r", "h", "W2", "x2", "v2", "M",
)  # fmt: skip
GROUPS: Final = {
    "terms": "Terms of the deal",
    "captor": "Captor",
    "pausing_state": "Pausing state",
    "hazards": "Hazards",
    "pilot": "Pilot release",
    "talks": "Talks",
}
LONGEST_TEXT: Final = 40  # characters of a value that is told as text
MOST_BYTES: Final = 256e6  # of values of one scenario; 64 bytes x blocks x nodes x beliefs
SLIDER_STEPS: Final = 100
LEADS: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
RARE: Final = 0.1  # a probability below this gets a slider that ends well before 1


@dataclass(frozen=True)
class Preset:
    """A named set of changes to the scenario shown.

    Attributes
    ----------
    name, label, about : str
    changes : mapping of str to float
        By symbol.
    """

    name: str
    label: str
    about: str
    changes: Mapping[str, float]


def scenarios(served: Scenario | None = None) -> dict[str, Scenario]:
    """Return the scenarios a page may name: those packaged, and the one served."""
    known = {name: load(name) for name in packaged()}
    return {served.name: served} | known | {served.name: served} if served else known


def changed(known: Mapping[str, Scenario], name: str, changes: Mapping[str, Any]) -> Scenario:
    """Return the scenario of a name with parameters changed; a page's words go nowhere else.

    Raises
    ------
    ArgumentError
        The scenario is not among `known`; a key is neither a parameter nor an extension that is
        switched "on" or "off"; or it is a parameter of an extension that is off.
    ScenarioError
        Every fault of the values.
    """
    if name not in known:
        raise ArgumentError("scenario", name, "one of " + ", ".join(known))
    for key, value in changes.items():
        if key not in symbol_paths() and key not in EXTENSIONS:
            raise ArgumentError("changes", key, "symbols of the parameters on the page")
        if key in EXTENSIONS and value not in ("on", "off"):
            raise ArgumentError(key, value, '"on" or "off"')
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise ArgumentError("changes", key, f"at most {LONGEST_TEXT} characters")
    switches = {key: value for key, value in changes.items() if key in EXTENSIONS}
    scenario = known[name].replace(switches | dict(changes))  # tables stand before their fields
    check_size(scenario)
    return scenario


def check_size(scenario: Scenario) -> None:
    """Refuse a scenario whose solution would fill the memory.

    Raises
    ------
    ScenarioError
        With what it would take.
    """
    from ceasefire.truce.game import DEFAULT_BELIEFS

    p = scenario.symbols()
    blocks = min(p.Tmax, p.J)
    batches = min(p.W0 / p.x, p.J) if p.x1 == 0.0 else float(p.J)
    size = 64.0 * blocks * (p.Emax + 1) * (batches + 1.0) * DEFAULT_BELIEFS
    if size > MOST_BYTES:
        message = f"too large to solve while one looks: about {size / 1e6:.0f} MB of values"
        hint = "lower the caps on the pause, on extensions or on the first block"
        allowed = f"what takes at most {MOST_BYTES / 1e6:.0f} MB"
        raise ScenarioError([Fault("terms.pause_days_max", p.J, allowed, message, hint=hint)])


def file_of(base: Scenario, scenario: Scenario) -> str:
    """Return the scenario's file: changed parameters lose the source of what they were."""
    one, two = _values(base), _values(scenario)
    moved = {path for path in one | two if one.get(path) != two.get(path)}
    if not moved:
        return scenario.to_toml()
    raw = scenario.model_dump()
    raw["name"] = f"{scenario.name}-changed"
    raw["sources"] = {path: told for path, told in scenario.sources.items() if path not in moved}
    return build(raw).to_toml()


def _values(scenario: Scenario) -> dict[str, Any]:
    """Value of every parameter by path, extensions that are on included."""
    groups = [*PARAMETER_GROUPS, *scenario.extensions]
    return {
        f"{group}.{field}": value
        for group in groups
        for field, value in getattr(scenario, group).model_dump().items()
    }


def parameters(scenario: Scenario) -> list[dict[str, Any]]:
    """Return the parameters in the order of the file, each with what its control needs.

    Those of an extension that is off have the values that it starts from.
    """
    rows = []
    for path, info in parameter_fields().items():
        group, field = path.split(".")
        extra = info.json_schema_extra
        assert isinstance(extra, dict)
        table = getattr(scenario, group) or EXTENSIONS[group]()
        symbol, value = str(extra["symbol"]), getattr(table, field)
        whole = info.annotation is int
        low, high = _limits(info.metadata)
        start, end, step = slider(value, low, high, str(extra["unit"]), whole=whole)
        rows.append({
            "path": path, "symbol": symbol, "label": field.replace("_", " "), "group": group,
            "unit": extra["unit"], "meaning": info.description, "source": scenario.source(path),
            "value": value, "lower": low, "upper": high, "whole": whole, "main": symbol in MAIN,
            "from": start, "to": end, "step": step,
        })  # fmt: skip
    return rows


def extensions() -> dict[str, dict[str, str]]:
    """Return each extension's title and what it adds, by the name of its table."""
    return {name: {"title": TITLES[name], "about": ABOUT[name]} for name in EXTENSIONS}


def slider(
    value: float, low: float, high: float, unit: str, *, whole: bool
) -> tuple[float, float, float]:
    """Return start, end and step of a slider: what is plausible near `value`, in round numbers.

    Examples
    --------
    >>> slider(10.0, 0.0, 1e5, "captives per day", whole=False)
    (0.5, 30.0, 0.5)
    >>> slider(0.01, 0.0, 1.0, "probability", whole=False)
    (0.0, 0.1, 0.001)
    """
    if unit == "probability":
        end = 1.0 if value > RARE else max(RARE, _round(4.0 * value))
        return max(low, 0.0), min(high, end), end / SLIDER_STEPS
    if whole:
        return low, min(high, max(3 * int(value), int(value) + 4)), 1
    if value <= 0.0:
        width = _round(max(1.0, 2.0 * abs(value)))
        return max(low, -width), min(high, width), 2.0 * width / SLIDER_STEPS
    end = min(high, _round(3.0 * value))
    step = _round(end / SLIDER_STEPS, (1.0, 2.0, 5.0, 10.0))
    return (step if low <= 1e-3 and unit.startswith("captives") else max(low, 0.0)), end, step


def presets(scenario: Scenario) -> list[Preset]:
    """Return the frictions that can be taken off: the negotiation is solved anew without each."""
    from ceasefire.truce import FRICTIONS

    p = scenario.symbols()
    found = []
    for friction in FRICTIONS:
        off, trust = friction.off(p, p.pi0)
        told = off._replace(pi0=trust)._asdict()
        moved = {k: v for k, v in told.items() if v != getattr(p, k)}
        found.append(Preset(friction.name, f"without {friction.name}", friction.meaning, moved))
    whole = {k: v for preset in found for k, v in preset.changes.items()}
    found.append(Preset("all off", "without any of them", "all frictions off at once", whole))
    return found


def _limits(metadata: Any) -> tuple[float, float]:
    low, high = -math.inf, math.inf
    for bound in metadata:
        low = getattr(bound, "ge", getattr(bound, "gt", low))
        high = getattr(bound, "le", high)
    return low, high


def _round(value: float, leads: tuple[float, ...] = LEADS) -> float:
    """The first of `leads` times a power of ten that is not below `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    lead = next(lead for lead in leads if lead * power >= value * (1.0 - 1e-9))
    return float(f"{lead * power:.3g}")
