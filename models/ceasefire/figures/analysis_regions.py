"""Figure: where a condition holds, over two parameters and by parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.figures.style import BLUE, DOUBLE_MM, GREY, INK, PALE, RED, canvas, panel, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from ceasefire.experiment.analysis.regions import Region

ROW_MM = 4.2
MOST_DOTS = 3000  # of a map of points: more hide each other


def draw(found: Region) -> Figure:
    """Draw where it holds over the two parameters that matter most, and its share by parameter.

    Parameters
    ----------
    found : Region
    """
    names = list(found.thresholds()["parameter"])
    numbers = [name for name in names if not found.words(name)]
    with style():
        height = max(72.0, 26.0 + ROW_MM * len(names))
        figure, (left, right) = canvas(
            DOUBLE_MM, height, 1, 2, gridspec_kw={"width_ratios": [1.0, 1.15]}
        )
        figure.suptitle(_title(found), x=0.01, ha="left", fontsize=7.5)
        panel(left, "a", "where it holds")
        panel(right, "b", "share by parameter, most telling first")
        _map(left, found, numbers[:2])
        _strips(figure, right, found, names)
        if left.get_legend_handles_labels()[1]:
            figure.legend(loc="outside lower left", ncols=3)
    return figure


def _title(found: Region) -> str:
    told = f"{found.condition}: share {found.share:.3f}"
    return told if np.isnan(found.low) else f"{told} [{found.low:.3f}, {found.high:.3f}]"


def _map(axes: Axes, found: Region, names: list[str]) -> None:
    if not names:
        axes.axis("off")
        axes.text(0.0, 0.5, "No parameter is a number.", va="center")
        return
    axes.set_xlabel(names[0])
    if found.scaled(names[0])[2]:
        axes.set_xscale("log")
    if len(names) == 1:
        _line(axes, found, names[0])
        return
    axes.set_ylabel(names[1])
    if found.scaled(names[1])[2]:
        axes.set_yscale("log")
    if found.design == "grid":
        _cells(axes, found, names)
    else:
        _dots(axes, found, names)


def _line(axes: Axes, found: Region, name: str) -> None:
    table = found.table()
    rows = table[table["parameter"] == name]
    middle = (rows["from"] + rows["to"]) / 2
    axes.plot(middle, rows["share"], "o-", color=BLUE)
    axes.fill_between(middle, rows["low"], rows["high"], color=BLUE, alpha=0.2, lw=0)
    axes.set(ylim=(-0.03, 1.03), ylabel="share in which it holds")


def _cells(axes: Axes, found: Region, names: list[str]) -> None:
    """Points of a grid: where more than two parameters vary, shade by the share over the rest."""
    x, y = (found.scaled(name)[0] for name in names)
    rows, columns = np.unique(y), np.unique(x)
    at = (np.searchsorted(rows, y), np.searchsorted(columns, x))
    total = np.zeros((len(rows), len(columns)))
    holding = np.zeros_like(total)
    np.add.at(total, at, 1.0)
    np.add.at(holding, at, found.holds)
    share = np.divide(holding, total, out=np.full_like(total, np.nan), where=total > 0.0)
    axes.pcolormesh(columns, rows, share, cmap=_shades(), vmin=0.0, vmax=1.0, shading="nearest")
    lattice = found.lattice
    plain = lattice is not None and len(lattice.axes) == 2
    axes.scatter([], [], color=BLUE, marker="s", s=20, label="holds" if plain else "holds in all")
    axes.scatter([], [], color=PALE, marker="s", s=20,
                 label="does not hold" if plain else "holds in none")  # fmt: skip
    if plain:
        _contour(axes, found, names)


def _contour(axes: Axes, found: Region, names: list[str]) -> None:
    from matplotlib.collections import LineCollection

    table = found.contour()
    ends = [table[[f"{names[0]}_{k}", f"{names[1]}_{k}"]].to_numpy(dtype=float) for k in (1, 2)]
    lines: Any = np.stack(ends, axis=1)
    axes.add_collection(LineCollection(lines, colors=RED, linewidths=1.2, label="boundary"))


def _shades() -> Colormap:
    """Return shades from pale (none) to blue (all)."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("share", [PALE, BLUE])


def _dots(axes: Axes, found: Region, names: list[str]) -> None:
    x, y = (found.scaled(name)[0][:MOST_DOTS] for name in names)
    holds = found.holds[:MOST_DOTS]
    size = float(np.clip(4000.0 / max(len(x), 1), 2.0, 12.0))
    axes.scatter(x[~holds], y[~holds], s=size, marker="x", color=GREY, lw=0.5,
                 label="does not hold")  # fmt: skip
    axes.scatter(x[holds], y[holds], s=size, marker="o", color=BLUE, lw=0, label="holds")
    cuts = found.thresholds().set_index("parameter")["threshold"]
    axes.axvline(cuts[names[0]], color=RED, lw=0.8, ls=(0, (3, 2)))
    axes.axhline(cuts[names[1]], color=RED, lw=0.8, ls=(0, (3, 2)))
    axes.plot([], [], color=RED, lw=0.8, ls=(0, (3, 2)), label="cut that tells best")


def _strips(figure: Figure, axes: Axes, found: Region, names: list[str]) -> None:
    """One strip a parameter, coloured by the share in which the condition holds."""
    table = found.table()
    mesh: Any = None
    for place, name in enumerate(names):
        rows = table[table["parameter"] == name]
        ends = _ends(found, name, rows["from"].to_numpy(), rows["to"].to_numpy(), len(rows))
        mesh = axes.pcolormesh(ends, [place - 0.36, place + 0.36], [rows["share"].to_numpy()],
                               cmap=_shades(), vmin=0.0, vmax=1.0)  # fmt: skip
        told = _told(found, name, [str(one) for one in rows["value"]])
        axes.text(1.015, place, told, va="center", ha="left", fontsize=6.5, color=INK)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(0.0, 1.0), ylim=(len(names) - 0.4, -0.6),
             xlabel="share of the parameter's range")  # fmt: skip
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    bar = figure.colorbar(mesh, ax=axes, location="bottom", fraction=0.05, aspect=40)
    bar.set_label("share in which it holds")
    bar.outline.set_linewidth(0.6)


def _ends(found: Region, name: str, first: Any, last: Any, count: int) -> Any:
    """Ends of the cells of a strip, scaled to 0 to 1: bins, or half-way between values."""
    if found.words(name) or count == 1:
        return np.linspace(0.0, 1.0, count + 1)
    log = found.scaled(name)[2]
    low, high = (np.log(first), np.log(last)) if log else (first, last)
    if not np.allclose(low, high):
        ends = np.append(low, high[-1])
    else:
        middle = (low[1:] + low[:-1]) / 2
        ends = np.concatenate([[low[0]], middle, [low[-1]]])
    return (ends - ends[0]) / (ends[-1] - ends[0])


def _told(found: Region, name: str, words: list[str]) -> str:
    if found.words(name):
        return ", ".join(words)
    low, high = found.scaled(name)[1]
    return f"{low:.3g} to {high:.3g}"
