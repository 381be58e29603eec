"""Extension 3: what it takes, and what it brings, that the captor believes in resumption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ceasefire import truce
from ceasefire.figures._solved import solved
from ceasefire.figures.style import DOUBLE_MM, GREY, canvas, dots, panel
from ceasefire.truce import _kernels as kernels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario
    from ceasefire.truce.extensions._resolve_equilibrium import ResolveEquilibrium
    from ceasefire.truce.extensions._resolve_line import ResolveLine

WIDTH_MM = DOUBLE_MM
PRIORS = np.linspace(0.0, 1.0, 21)
COST_SHARES = (1.0, 0.5, 0.25, 0.0)  # of the scenario's cost of leaving
CHUNK_DAYS = 2  # the shortest chunk in which a miss can leave a committed day
BELIEFS = 121
CAPTION = (
    "Doubt on both sides: a cabinet that decides after a missed delivery and may be reluctant to "
    "resume. Against the belief that it is resolute, for four costs of leaving an agreed chunk "
    "(the negotiators' and a resolute cabinet's; a reluctant cabinet's stays): (a) the trust in "
    "the captor at which a chunk of two days is worth offering, at the last window of the base "
    "model's likely course that allows two (dotted: the trust held there); (b) mean length of the "
    "pause."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """One row a cost of leaving and a belief in resolve.

    Trust needed for two days at the window, an opportunist's chance to deliver the first day of a
    chunk of one and of two days there, the pause's mean length and captives left, and what the
    opened pause is worth to a state with either type of cabinet. nan where nothing was solved.
    """
    import pandas as pd

    on = scenario if scenario.resolve else scenario.replace({"resolve": "on"})
    held, day, trust = _last_choice(scenario.replace({"resolve": None}))
    rows: list[dict[str, Any]] = []
    for share in COST_SHARES:
        for prior in PRIORS:
            cost = share * scenario.pausing_state.leaving_cost
            changed = on.replace(
                {"pausing_state.leaving_cost": cost, "resolve.prior": float(prior)}
            )
            found = cast("Any", truce.solve(changed, beliefs=BELIEFS, throw=False))
            row = {"leaving_cost": cost, "resolve": float(prior), "held": held, "day": day}
            rows.append(row | {"trust_held": trust} | _measure(found, held, day, trust))
    return pd.DataFrame(rows)


def _last_choice(base: Scenario) -> tuple[float, int, float]:
    """Last window on the base model's likely course that allows two days, and the trust there."""
    equilibrium = solved(base)
    stops = equilibrium.path().query("stage == 'window'")
    wide = [
        (float(held), int(day), float(trust))
        for held, day, trust in stops[["held_captives", "day", "trust_held"]].to_numpy()
        if equilibrium.window(held, int(day)).nodes.n_offers[-1] >= CHUNK_DAYS
    ]
    return wide[-1] if wide else (base.terms.eligible_captives, 0, equilibrium.trust)


def _measure(found: ResolveEquilibrium, held: float, day: int, trust: float) -> dict[str, float]:
    if not found.status.solved:
        return {}
    course, line = found.course(), found.window(held, day)
    resolute, reluctant = found.by_type
    return {
        "trust_needed": found.trust_needed(held, day, CHUNK_DAYS),
        "delivers_in_one": _first_day(line, 1, trust),
        "delivers_in_two": _first_day(line, CHUNK_DAYS, trust),
        "mean_days": course.mean_days,
        "mean_left": course.mean_left,
        "state_resolute": resolute,
        "state_reluctant": reluctant,
    }


def _first_day(line: ResolveLine, days: int, trust: float) -> float:
    """Chance that an able opportunist delivers on the first day of a chunk at the head window."""
    if line.nodes.n_offers[line.head] < days:
        return float("nan")
    node = int(line.nodes.offers[line.head, days])
    return float(line.at(trust)[kernels.DELIVER, node])


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Trust needed on the left, length of the pause on the right."""
    on = scenario if scenario.resolve else scenario.replace({"resolve": "on"})
    assert on.resolve is not None
    figure, (left, right) = canvas(WIDTH_MM, 62.0, 1, 2)
    costs = table["leaving_cost"].drop_duplicates().tolist()
    for i, cost in enumerate(costs):
        part = table[table["leaving_cost"] == cost]
        needed = part["trust_needed"].to_numpy(dtype=float)
        needed = np.where(np.isfinite(needed), needed, np.nan)
        dots(left, part["resolve"], needed, i, f"{cost:g} utils")
        dots(right, part["resolve"], part["mean_days"], i, f"{cost:g} utils")
    held, day = float(table["trust_held"].iloc[0]), int(table["day"].iloc[0])
    left.axhline(held, color=GREY, lw=0.9, ls=":")
    left.annotate(
        "trust held", (0.0, held), (0, 2), textcoords="offset points", color=GREY, fontsize=6.5
    )
    left.set(ylabel=f"trust needed for two days (day {day})", ylim=(0.0, 1.0))
    panel(left, "a", "trust on both sides")
    right.set(ylabel="mean length of the pause (days)")
    right.legend(title="resolute leaves at", title_fontsize=6.5, loc="upper left")
    right.set_ylim(top=_headroom(table["mean_days"].to_numpy(dtype=float)))
    panel(right, "b", "how long the pause lasts")
    for axes in (left, right):
        axes.axvline(on.resolve.prior, color=GREY, lw=0.8, ls=":")
        axes.set(xlabel="belief that the cabinet is resolute", xlim=(-0.03, 1.03))
    return figure


def _headroom(values: np.ndarray) -> float:
    """Upper limit of an axis that leaves room for a legend above the values."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    return high + 0.6 * (high - low) + 1e-6
