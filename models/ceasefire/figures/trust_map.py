"""Figure: trust needed over captives held and days, with the realised path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures._solved import solved
from ceasefire.figures.style import DOUBLE_MM, INK, canvas

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario

WIDTH_MM = DOUBLE_MM
CAPTION = (
    "Trust needed to extend, by captives held and pause days used (P1). White: no chunk can "
    "be offered. Path: the windows of the realised course (the most likely one where none is "
    "recorded), with the trust held there; the cross marks the window at which the trust "
    "needed exceeds the trust held."
)


def table(scenario: Scenario) -> pd.DataFrame:
    """Trust needed on whole batches and days; rows of the path carry the trust held."""
    import pandas as pd

    equilibrium = solved(scenario)
    p = equilibrium.parameters
    rest = p.W0 - p.n0
    stocks = [rest % p.x + k * p.x for k in range(int(p.W0 // p.x) + 1)]
    stocks = [held for held in stocks if p.x <= held <= rest + p.x]
    rows = [
        ("needed", day, held, equilibrium.trust_needed(held, day))
        for day in range(p.J)
        for held in stocks
    ]
    observed = scenario.observed
    path = equilibrium.path(observed.chunks if observed else None)
    for row in path[path["stage"] == "window"].to_dict(orient="records"):
        where = (row["day"], row["held_captives"])
        rows.append(("held_on_path", *where, row["trust_held"]))
        rows.append(("needed_on_path", *where, row["trust_needed"]))
    return pd.DataFrame(rows, columns=["quantity", "day", "held_captives", "trust"])


def draw(table: pd.DataFrame, scenario: Scenario) -> Figure:
    """Heat map with numbers, path and crossing."""
    import matplotlib as mpl

    needed = table[table["quantity"] == "needed"]
    grid = needed.pivot_table(index="held_captives", columns="day", values="trust", dropna=False)
    figure, axes = canvas(WIDTH_MM, 82.0)
    shades = mpl.colormaps["cividis_r"].with_extremes(bad="white")
    needs = grid.to_numpy(dtype=float)
    capped = np.minimum(needs, 1.0)
    days, stocks = grid.columns.to_numpy(), grid.index.to_numpy()
    mesh = axes.pcolormesh(days, np.arange(len(stocks)), capped, cmap=shades, vmin=0, vmax=1)
    for i in range(len(stocks)):
        for k, day in enumerate(days):
            if np.isfinite(capped[i, k]):
                colour = "white" if capped[i, k] > 0.55 else INK
                text = f"{capped[i, k]:.2f}" if needs[i, k] <= 1 else "none"
                axes.text(
                    day - 0.45, i - 0.34, text, ha="left", va="center", color=colour, size=6.5
                )
    _path(axes, table, {held: i for i, held in enumerate(stocks)})
    axes.set_xticks(days)
    axes.set_yticks(range(len(stocks)), [f"{held:g}" for held in stocks])
    axes.set_xlabel("pause days used")
    axes.set_ylabel("captives held at the window")
    bar = figure.colorbar(mesh, ax=axes, pad=0.01)
    bar.set_label("trust needed (probability)")
    bar.outline.set_linewidth(0.6)
    return figure


def _path(axes: Axes, table: pd.DataFrame, rows: dict[float, int]) -> None:
    held = table[table["quantity"] == "held_on_path"]
    needed = table[table["quantity"] == "needed_on_path"]
    where = [
        (day, rows[stock]) for day, stock in zip(held["day"], held["held_captives"], strict=True)
    ]
    xs, ys = zip(*where, strict=True)
    axes.plot(xs, ys, color="white", linewidth=3.2)
    axes.plot(xs, ys, color=INK, linewidth=1.4)
    for (x, y), have, need in zip(where, held["trust"], needed["trust"], strict=True):
        short = need > have
        axes.plot(
            x, y, marker="X" if short else "o", markersize=8 if short else 6, color="#D55E00",
            markeredgecolor="white", markeredgewidth=0.9,
        )  # fmt: skip
        axes.annotate(
            f"held {have:.2f}" + (" < needed" if short else ""), (x, y), (7, 5),
            textcoords="offset points", fontsize=6.5, fontweight="bold", color=INK,
            bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85},
        )  # fmt: skip
