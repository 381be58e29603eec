"""One look for every figure: sizes, type, colours that survive colour blindness and grey."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
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
KEY = "key"  # marks legends placed by `key`
KEY_WIDTH = 1.05  # of the panel's width before its labels are laid out, which is a little less
HERE = "this model"  # what a dotted line or a diamond means unless it says otherwise
SERIES = ((BLUE, "-", "o"), (RED, "--", "s"), (GREEN, "-.", "^"), (ORANGE, ":", "D"))

RC: dict[str, Any] = {
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

    from ceasefire.figures.shown import ShownFigure

    figure = ShownFigure(figsize=(width_mm * MM, height_mm * MM), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, **options)


def panel(axes: Axes, letter: str, title: str) -> None:
    """Head a panel with its letter and what it shows; after its `key`."""
    axes.set_title(f"{letter}  {title}", fontsize=7.0, fontweight="bold", **_above_key(axes))


def heading(axes: Axes, title: str) -> None:
    """Head the only panel of a figure; after its `key`."""
    axes.set_title(title, **_above_key(axes))


def key(
    axes: Axes, title: str = "", most_columns: int = 3, handles: list[Artist] | None = None
) -> None:
    """Place the legend between the panel and its heading, where it covers no curve.

    In as many columns as fit; the figure grows by the legend's height. Called before `panel` or
    `heading`, which give way to it.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    shown = axes.get_legend_handles_labels()[0] if handles is None else handles
    for many in range(min(max(len(shown), 1), most_columns), 0, -1):
        legend = axes.legend(handles=shown, ncols=many, title=title or None, title_fontsize=6.5,
                             alignment="left", loc="lower left", bbox_to_anchor=(0.0, 1.0),
                             borderpad=0.2, borderaxespad=0.0, columnspacing=1.0,
                             handlelength=1.8, handletextpad=0.6)  # fmt: skip
        box = legend.get_window_extent()
        if box.width <= KEY_WIDTH * axes.get_position().width * figure.bbox.width:
            break
    legend.set_gid(KEY)
    width, height = figure.get_size_inches()
    figure.set_size_inches(width, height + box.height / figure.dpi)


def _above_key(axes: Axes) -> dict[str, Any]:
    """Where a heading stands: at the left, clear of the panel's `key`."""
    legend = axes.get_legend()
    if legend is None or legend.get_gid() != KEY:
        return {"loc": "left"}
    figure = axes.get_figure(root=True)
    assert figure is not None
    height = legend.get_window_extent().height * 72.0 / figure.dpi
    return {"loc": "left", "pad": height + 3.0}


def curve(axes: Axes, x: Any, y: Any, series: int, label: str, **options: Any) -> None:
    """Draw a line in the colour and line style of series number `series`."""
    colour, line, _ = SERIES[series]
    axes.plot(x, y, color=colour, linestyle=line, label=label, **options)


def dots(axes: Axes, x: Any, y: Any, series: int, label: str, **options: Any) -> None:
    """Draw a line with markers, for values at few points."""
    colour, line, marker = SERIES[series]
    axes.plot(x, y, color=colour, linestyle=line, marker=marker, label=label, **options)


def given(axes: Axes, x: float, label: str = "_") -> None:
    """Mark with a dotted line where the model or the scenario at hand stands."""
    axes.axvline(x, color=INK, lw=0.7, ls=(0, (1, 2)), label=label)


def level(axes: Axes, y: float, label: str) -> None:
    """Mark a level that curves are held against, named in the legend, with a thin grey line."""
    axes.axhline(y, color=GREY, lw=0.6, label=label)


def here(axes: Axes, x: float, y: float, label: str) -> None:
    """Mark a point with a diamond, named in the legend."""
    axes.plot([x], [y], "D", color=INK, ms=4, clip_on=False, zorder=5, label=label)


def plain_ticks(axis: Axis, of_decade: tuple[float, ...] = (1.0, 2.0, 5.0)) -> None:
    """Label a logarithmic axis with plain numbers, at these parts of each decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=of_decade))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axis.set_minor_formatter(NullFormatter())
