"""The extension clause: prices both would pay for a day, and clauses against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    PALE,
    RED,
    SINGLE_MM,
    canvas,
    heading,
    key,
    panel,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.bargaining import ClauseDesigner, OneMoreDay

BAR = 0.26  # of a window's row


def one_day(model: OneMoreDay, table: pd.DataFrame) -> Figure:
    """Prices that each side accepts, a row a window, and the clause's own price."""
    found = model.solve()
    figure, axes = canvas(SINGLE_MM, 26.0 + 14.0 * max(len(found.windows), 1))
    most = float(table["price"].max()) if len(table) else 1.0
    for row, w in enumerate(found.windows):
        for low, high in w.zone:
            axes.fill_betweenx([row - 0.42, row + 0.42], low, min(high, most), color=PALE, lw=0)
        for shift, intervals, colour, hatch in (
            (-0.5 * BAR, w.captor_accepts, BLUE, ""),
            (0.5 * BAR, w.pausing_state_accepts, RED, "////"),
        ):
            for low, high in intervals:
                width = min(high, most) - low
                if width > 0:
                    axes.barh(row + shift, width, 0.9 * BAR, low, facecolor="white" if hatch
                              else colour, edgecolor=colour, hatch=hatch, lw=0.6)  # fmt: skip
        axes.plot([w.clause_price] * 2, [row - 0.42, row + 0.42], color=INK, lw=1.4)
    axes.set_yticks(range(len(found.windows)))
    axes.set_yticklabels([f"day {w.day}\n{w.held:g} held" for w in found.windows])
    axes.invert_yaxis()
    axes.set_xlim(0, most or 1.0)
    if most <= 0:
        axes.text(0.5, 0.5, "nobody is held who could buy one more day", fontsize=6.5,
                  transform=axes.transAxes, ha="center", va="center")  # fmt: skip
    axes.set(xlabel="price of one more day (captives)", ylabel="window")
    key(axes, most_columns=4, handles=_handles())
    heading(axes, "Prices at which each side gains from a day")
    return figure


def _handles() -> list[Artist]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Patch(facecolor=BLUE, edgecolor=BLUE, label="captor"),
        Patch(facecolor="white", edgecolor=RED, hatch="////", label="pausing state"),
        Patch(facecolor=PALE, label="both"),
        Line2D([], [], color=INK, lw=1.4, label="clause"),
    ]


def clauses(model: ClauseDesigner, table: pd.DataFrame) -> Figure:
    """Score over price and growth at the actual other terms; days against captives freed."""
    figure, (upper, lower) = canvas(SINGLE_MM, 112.0, 2, 1)
    _slice(figure, upper, model, table)
    _trade(lower, model, table)
    return figure


def _slice(figure: Figure, axes: Axes, model: ClauseDesigner, table: pd.DataFrame) -> None:
    import matplotlib as mpl

    own = model.actual
    here = table[
        (table["cap_days"] == own.cap_days)
        & (table["chunk_days"] == own.chunk_days)
        & (table["first_block"] == own.first_block)
        & table["price"].isin(model.prices)
        & table["growth"].isin(model.growths)
    ]
    grid = here.pivot_table(index="growth", columns="price", values="score", dropna=False)
    grid = grid.reindex(index=sorted(model.growths), columns=sorted(model.prices))
    values = np.ma.masked_invalid(grid.to_numpy(dtype=float))
    shades = mpl.colormaps["cividis"].with_extremes(bad="white")
    prices, growths = grid.columns.to_numpy(float), grid.index.to_numpy(float)
    image = axes.pcolormesh(_edges(prices), _edges(growths), values, cmap=shades, lw=0,
                            rasterized=False)  # fmt: skip
    figure.colorbar(image, ax=axes, label=_measure(model), pad=0.02)
    axes.plot(own.price, own.growth, "o", mfc="white", mec=INK, ms=5, mew=1.2, label="actual")
    if values.count() and np.ma.ptp(values) > 1e-9 * abs(float(values.max())):
        k, i = np.unravel_index(int(np.ma.argmax(values)), values.shape)
        axes.plot(prices[i], growths[k], "X", mfc="white", mec=INK, ms=6, mew=0.9, label="best")
    if values.mask.any():
        axes.fill_between([], [], [], facecolor="white", edgecolor=GREY, lw=0.6, label="impossible")
    axes.set_yticks(growths)
    axes.set(xlabel="price of the first further day (captives)",
             ylabel="growth (captives a day)")  # fmt: skip
    key(axes)
    panel(axes, "a", f"{_measure(model).capitalize()}, by price and growth")


def _measure(model: ClauseDesigner) -> str:
    others = (model.weight_freed, model.weight_captor, model.weight_pausing_state,
              model.weight_lasting, model.weight_incident)  # fmt: skip
    if model.weight_days == 1 and not any(others):
        return "days given a deal" if model.given_deal else "expected days"
    return "score"


def _edges(middles: np.ndarray) -> np.ndarray:
    """Borders of cells around `middles`."""
    if middles.size == 1:
        return np.array([middles[0] - 0.5, middles[0] + 0.5])
    between = 0.5 * (middles[1:] + middles[:-1])
    first, last = 2 * middles[0] - between[0], 2 * middles[-1] - between[-1]
    return np.concatenate([[first], between, [last]])


def _trade(axes: Axes, model: ClauseDesigner, table: pd.DataFrame) -> None:
    agreed = table[table["agreed"]]
    reach = 1.0 if model.given_deal else agreed["open_probability"]
    days, freed = (agreed["days"] * reach).to_numpy(), (agreed["freed"] * reach).to_numpy()
    axes.plot(days, freed, ".", color=GREY, ms=2, lw=0, label="clause tried")
    best = agreed["frontier"].to_numpy()
    order = np.argsort(days[best])
    axes.plot(days[best][order], freed[best][order], "-^", color=GREEN, label="frontier")
    actual = agreed["role"].str.contains("actual").to_numpy()
    axes.plot(days[actual], freed[actual], "o", mfc="none", mec=INK, ms=6, mew=1.2, label="actual")
    low_days = days[actual].min() if actual.any() else days.min()
    low_freed = freed[actual].min() if actual.any() else freed.min()
    spans = days.max() - low_days, freed.max() - low_freed
    axes.set_xlim(max(low_days - 2.2 * spans[0], 0.0) - 0.05, days.max() + 0.15 * spans[0] + 0.05)
    axes.set_ylim(max(low_freed - 2.2 * spans[1], 0.0) - 0.5, freed.max() + 0.15 * spans[1] + 0.5)
    given = "given a deal" if model.given_deal else "counting no talks as 0"
    axes.set(xlabel=f"expected pause days, {given}", ylabel="expected captives freed")
    axes.grid(color=PALE, lw=0.3)
    axes.set_axisbelow(True)
    key(axes)
    panel(axes, "b", "Days against captives freed")
