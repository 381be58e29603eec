"""Extension 2: which bias and which cost of a false report make a mediator believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import DOUBLE_MM, GREY, canvas, curve, dots, panel
from ceasefire.truce.extensions._mediator_line import interests, solve_line
from ceasefire.truce.extensions._mediator_windows import MediatedWindow, mediated_values

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario

WIDTH_MM = DOUBLE_MM
BIASES = np.linspace(0.0, 1.0, 11)
FINE_BIASES = np.linspace(0.0, 1.0, 51)
MOST_COST = 12.0  # utils, about the captor's gain from a pause day
SHOWN_WINDOWS = 3
BISECTIONS = 12
BELIEFS = 61
# A mediator whose payoff is the pausing state's tells it the truth.
TRUTHFUL = {
    "mediator.bias": 0.0,
    "mediator.pause_value_per_day": 0.0,
    "mediator.false_report_cost": 0.0,
}
CAPTION = (
    "A strategic mediator that learns whether the list can be produced, then reports. (a) Least "
    "cost of a false report at which it tells the truth, against its weight on the captor's "
    "payoff, at the windows of the base model's most likely course: above a curve it is believed. "
    "(b) What the window after the second chunk is worth to the pausing state with this mediator, "
    "with one bound to the truth, and with one that knows nothing (dotted: the scenario's weight)."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Rows 'cost_needed' by window and bias, and values by kind of mediator and bias."""
    import pandas as pd

    on = scenario if scenario.mediator is not None else scenario.replace({"mediator": "on"})
    base = solved(scenario.replace({"mediator": None}))
    path = base.path()
    stops = path[(path["stage"] == "window") & path["best_chunk_days"].gt(0)]
    columns = (stops[name].tolist() for name in ("held_captives", "day", "trust_held"))
    windows = list(zip(*columns, strict=True))[:SHOWN_WINDOWS]
    rows: list[tuple[str, int, float, float]] = []
    for held, day, trust in windows:
        for bias in BIASES:
            cost = _cost_needed(on, held, day, trust, float(bias))
            rows.append(("cost_needed", int(day), float(bias), cost))
    held, day, trust = windows[min(1, len(windows) - 1)]
    kinds: dict[str, dict[str, float]] = {
        "as it is": {},
        "bound to the truth": TRUTHFUL,
        "knows nothing": {"mediator.accuracy": 0.0},
    }
    for kind, changes in kinds.items():
        for bias in FINE_BIASES:
            changed = on.replace({"mediator.bias": float(bias)} | changes)
            worth = _window(changed, held, day, trust).pausing_state
            rows.append((kind, int(day), float(bias), worth))
    return pd.DataFrame(rows, columns=["quantity", "day", "bias", "value"])


def _window(scenario: Scenario, held: float, day: int, trust: float) -> MediatedWindow:
    assert scenario.mediator is not None
    table = interests(scenario.mediator)
    line = solve_line(scenario.symbols(), table, held, int(day), beliefs=BELIEFS)
    return mediated_values(line, float(trust))


def _cost_needed(scenario: Scenario, held: float, day: int, trust: float, bias: float) -> float:
    """Least cost of a false report with truthful reports at the window; nan above MOST_COST."""

    def truthful(cost: float) -> bool:
        changes = {"mediator.bias": bias, "mediator.false_report_cost": cost}
        window = _window(scenario.replace(changes), held, day, trust)
        return window.informative >= 1.0

    if truthful(0.0):
        return 0.0
    if not truthful(MOST_COST):
        return float("nan")
    low, high = 0.0, MOST_COST
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if truthful(middle) else (middle, high)
    return high


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Thresholds of belief on the left, what they are worth on the right."""
    figure, (left, right) = canvas(WIDTH_MM, 62.0, 1, 2)
    needed = table[table["quantity"] == "cost_needed"]
    for i, (day, part) in enumerate(needed.groupby("day")):
        dots(left, part["bias"], part["value"], i, f"after day {day}")
    left.set_xlabel("mediator's weight on the captor's payoff")
    left.set_ylabel("report cost needed (utils)")
    left.set_ylim(0.0, MOST_COST)
    left.set_yticks(range(0, int(MOST_COST) + 1, 3))
    left.legend(title="window", title_fontsize=6.5, loc="upper left")
    left.set_xlim(-0.03, 1.03)
    panel(left, "a", "what makes the mediator believed")
    values = table[table["quantity"] != "cost_needed"]
    for i, kind in enumerate(("as it is", "bound to the truth", "knows nothing")):
        part = values[values["quantity"] == kind]
        curve(right, part["bias"], part["value"], i, kind)
    mediator = scenario.replace({"mediator": "on"}).mediator
    if scenario.mediator is not None:
        mediator = scenario.mediator
    assert mediator is not None
    right.axvline(mediator.bias, color=GREY, linestyle=":", linewidth=0.9)
    day = int(values["day"].iloc[0])
    right.set_xlabel("mediator's weight on the captor's payoff")
    right.set_ylabel(f"window after day {day} (utils)")
    low, high = float(values["value"].min()), float(values["value"].max())
    right.set_ylim(low - 0.1 * (high - low) - 1e-6, high + 0.15 * (high - low) + 1e-6)
    right.legend(title="mediator", title_fontsize=6.5, loc="center right")
    panel(right, "b", "what its reports are worth")
    return figure
