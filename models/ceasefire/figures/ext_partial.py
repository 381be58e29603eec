"""Extension 1: what a shortfall tells, and what an opportunist makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import DOUBLE_MM, GREY, canvas, curve, panel
from ceasefire.truce.extensions._partial_line import solve_line
from ceasefire.truce.extensions._partial_news import day_news, follow_whole

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario
    from ceasefire.truce.extensions._partial_equilibrium import PartialEquilibrium

WIDTH_MM = DOUBLE_MM
TRUSTS = np.linspace(0.0, 1.0, 201)[1:-1].round(6)
SLACKS = np.linspace(0.0, 0.5, 101).round(6)
BELIEFS = 61
CAPTION = (
    "Partial batches: a shortfall as a graded signal, on the last extension day of the most "
    "likely course. (a) Belief in a dealer after the whole batch, a part of it, or nothing, "
    "against the belief before (grey: no change). (b) Against the chance that an opportunist "
    "gets only a part together where a dealer gets the whole: how often it hands that part over, "
    "how likely a shortfall is of its making, and how likely the pause goes on after one. "
    "Dotted: trust held and slack of the scenario."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Rows by quantity and abscissa: beliefs by 'trust', a shortfall's reading by 'slack'."""
    import pandas as pd

    on = scenario if scenario.partial_batches else scenario.replace({"partial_batches": "on"})
    equilibrium = cast("PartialEquilibrium", solved(on))
    held, day, trust = _last_window(equilibrium)
    line = equilibrium.window(held, day)
    rows: list[tuple[str, float, float]] = []
    for before in map(float, TRUSTS):
        news = day_news(line, before)
        for name in ("after_whole", "after_part", "after_nothing"):
            rows.append((name, before, getattr(news, name)))
    for slack in map(float, SLACKS):
        table = on.replace({"partial_batches.slack": slack}).partial_batches
        assert table is not None
        line = solve_line(
            on.symbols(), table, held, day, beliefs=BELIEFS, block_days=equilibrium.block_days
        )
        news = day_news(line, trust)
        for name in ("hands_part", "slack_given_part", "goes_on_after_part"):
            rows.append((name, slack, getattr(news, name)))
    frame = pd.DataFrame(rows, columns=["quantity", "at", "value"])
    return frame.assign(held_captives=held, day=day, trust_held=trust)


def _last_window(equilibrium: PartialEquilibrium) -> tuple[float, int, float]:
    """Stock, day and belief at the window before the last chunk of the most likely course."""
    likely = equilibrium.course().chunks.index[0]
    chunks = tuple(int(c) for c in str(likely).split("-"))
    line = equilibrium.line(chunks[0])
    window, trust = follow_whole(line, equilibrium.trust, chunks[: max(len(chunks) - 1, 1)])
    return float(line.nodes.held[window]), int(line.nodes.used[window]), trust


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Beliefs on the left, the reading of a shortfall on the right."""
    figure, (left, right) = canvas(WIDTH_MM, 62.0, 1, 2)
    parts = dict(tuple(table.groupby("quantity")))
    labels = {"after_whole": "whole batch", "after_part": "a part", "after_nothing": "nothing"}
    left.plot([0, 1], [0, 1], color=GREY, linewidth=0.6)
    for i, (name, label) in enumerate(labels.items()):
        curve(left, parts[name]["at"], parts[name]["value"], i, label)
    left.axvline(float(table["trust_held"].iloc[0]), color=GREY, linestyle=":", linewidth=0.9)
    left.set_xlabel("belief in a dealer before the day")
    left.set_ylabel("belief after the day")
    left.legend(title="what came out", title_fontsize=6.5, loc="upper left")
    day, held = int(table["day"].iloc[0]), float(table["held_captives"].iloc[0])
    panel(left, "a", f"what day {day + 1} tells ({held:g} held)")
    labels = {
        "hands_part": "opportunist hands the part over",
        "slack_given_part": "of its making, given a shortfall",
        "goes_on_after_part": "pause goes on after a shortfall",
    }
    for i, (name, label) in enumerate(labels.items()):
        curve(right, parts[name]["at"], parts[name]["value"], i, label)
    on = scenario if scenario.partial_batches else scenario.replace({"partial_batches": "on"})
    assert on.partial_batches is not None
    right.axvline(on.partial_batches.slack, color=GREY, linestyle=":", linewidth=0.9)
    right.set_xlabel("slack of an opportunist (probability)")
    right.set_ylabel("probability")
    right.set_ylim(-0.02, 1.02)
    right.legend(loc="upper right")
    panel(right, "b", "what is made of a shortfall")
    return figure
