"""One look for every figure: sizes, type, colours that survive colour blindness and grey."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM = 1 / 25.4
SINGLE_MM, DOUBLE_MM = 85.0, 170.0

# Okabe and Ito's palette, ordered so that neighbours also differ in lightness; each series
# carries a line style or a hatch besides its colour.
INK = "#222222"
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
RED = "#D55E00"
SKY = "#56B4E9"
PALE = "#DDDDDD"
GREY = "#777777"
SERIES = ((BLUE, "-", "o"), (RED, "--", "s"), (GREEN, "-.", "^"), (ORANGE, ":", "D"))

RC: dict[str, Any] = {
    "backend": "Agg",
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.labelsize": 7.0,
    "axes.titlesize": 7.5,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "hatch.linewidth": 0.5,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # TrueType, embedded: what journals ask for
    "pdf.compression": 6,
    "svg.hashsalt": "ceasefire",
    "text.color": INK,
    "path.simplify": False,
}


@contextmanager
def style() -> Iterator[None]:
    """Apply the house style inside a ``with`` block and nothing else of the user's settings."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)  # type: ignore[arg-type]  # stubs list every key by name
        yield


def canvas(
    width_mm: float, height_mm: float, rows: int = 1, columns: int = 1, **options: Any
) -> tuple[Figure, Any]:
    """Return a figure of the given size and its axes, without global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_mm * MM, height_mm * MM), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, **options)


def panel(axes: Axes, letter: str, title: str) -> None:
    """Head a panel with its letter and what it shows."""
    axes.set_title(f"{letter}  {title}", loc="left", fontsize=7.0, fontweight="bold")


def curve(axes: Axes, x: Any, y: Any, series: int, label: str, **options: Any) -> None:
    """Draw a line in the colour and line style of series number `series`."""
    colour, line, _ = SERIES[series]
    axes.plot(x, y, color=colour, linestyle=line, label=label, **options)


def dots(axes: Axes, x: Any, y: Any, series: int, label: str, **options: Any) -> None:
    """Draw a line with markers, for values at few points."""
    colour, line, marker = SERIES[series]
    axes.plot(x, y, color=colour, linestyle=line, marker=marker, label=label, **options)


def given(axes: Axes, x: float) -> None:
    """Mark with a dotted line where the model or the scenario at hand stands."""
    axes.axvline(x, color=INK, lw=0.7, ls=(0, (1, 2)))
