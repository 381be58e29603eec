"""Section 3 of a report: the figures that a scenario has, as SVG with words for what they show."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.figures import course, endings, incentives, negotiation
from ceasefire.figures.document import Block
from ceasefire.figures.reports.course import lengths
from ceasefire.figures.reports.words import apart, belief, days, listed, plain, sentence, zone
from ceasefire.figures.style import BLUE, DOUBLE_MM, INK, RED, canvas, style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.figures.reports.facts import Facts

MOST_PANELS = 4  # windows side by side
MOST_WRITTEN = 12  # windows whose beliefs are written beside them


@dataclass(frozen=True)
class Picture:
    """A figure of the report.

    Attributes
    ----------
    name : str
        Of its file, without the report's name.
    caption, alt : str
        What it is, and what it shows for those who do not see it.
    svg : str
        The drawing, without a reference to anything outside.
    """

    name: str
    caption: str
    alt: str
    svg: str


class Kind(NamedTuple):
    """A kind of figure: its name, whether a scenario has it, how it is drawn and told."""

    name: str
    fits: Callable[[Facts], bool]
    draw: Callable[[Facts], Figure]
    caption: Callable[[Facts], str]
    alt: Callable[[Facts], str]


def pictures(facts: Facts, progress: Callable[[str], None]) -> Iterator[Picture]:
    """Draw what fits the scenario."""
    for kind in FIGURES:
        if kind.fits(facts):
            progress(f"figure: {kind.name}")
            with style():
                drawn = _svg(kind.draw(facts))
            yield Picture(kind.name, kind.caption(facts), kind.alt(facts), drawn)


def section(drawn: tuple[Picture, ...], stem: str) -> Iterator[Block]:
    """The figures as blocks; `stem` begins their files' names."""
    yield Block("heading", "3. Figures", level=2)
    for one in drawn:
        yield Block("figure", f"{stem}-{one.name}", caption=one.caption, alt=one.alt)


def _svg(figure: Figure) -> str:
    """A drawing as SVG without date, program, document type or metadata."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None,
                                                 "Format": None, "Type": None})  # fmt: skip
    drawn = text.getvalue()
    drawn = drawn[drawn.index("<svg") :]
    return re.sub(r"\s*<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL).rstrip() + "\n"


# The course


def _course(facts: Facts) -> Figure:
    observed = facts.scenario if _same_pool(facts) else None
    table = course.told(facts.course, observed)
    return course.both(table, facts.eq.captives)


def _same_pool(facts: Facts) -> bool:
    """Whether what happened can be drawn on the course: it is of the same captives."""
    return facts.scenario.second_category is None and not (
        set(facts.changed["path"]) & {"terms.eligible_captives"}
    )


def _course_alt(facts: Facts) -> str:
    held = facts.course.held_by_day
    stocks = held.columns.to_numpy(dtype=float)
    means = held.to_numpy() @ stocks
    return sentence(
        "Left: bars of the probability of each pause length.", lengths(facts),
        f"Right: captives held at the end of each day, on average {means[0]:.1f} at the start and "
        f"{means[-1]:.1f} after day {len(means) - 1}.",
    )  # fmt: skip


# The negotiation


def _negotiation(facts: Facts) -> Figure:
    return negotiation.draw(negotiation.told(facts.eq))


def _negotiation_alt(facts: Facts) -> str:
    eq = facts.eq
    agreed = f"{days(eq.block_days)} agreed" if eq.block_days else "none agreed"
    return (
        f"Three panels. Belief in a dealer {belief(eq.pilot.trust_before)} without the pilot and "
        f"{belief(eq.trust)} with it; the day on which talks end in a deal; the Nash product of "
        f"each first block, {agreed}."
    )


# Trust by window


def _trust(facts: Facts) -> Figure:
    figure, axes = canvas(DOUBLE_MM, 62.0)
    at = np.arange(len(facts.windows))
    held = [w.trust for w in facts.windows]
    needed = [w.needed if w.needed <= 1.0 else math.nan for w in facts.windows]
    axes.plot(at, held, color=BLUE, marker="o", label="held")
    axes.plot(at, needed, color=RED, linestyle="--", marker="s", label="needed to extend")
    step = -(-len(at) // 12)
    labels = [f"day {w.day}\n{w.held:g} held" for w in facts.windows]
    axes.set_xticks(at[::step], labels[::step])
    axes.set_xlim(-0.5, len(at) - 0.5)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("window")
    axes.set_ylabel("belief in a dealer")
    axes.legend(loc="upper left")
    few = len(at) <= MOST_WRITTEN
    for k, w in enumerate(facts.windows):
        if few and w.needed <= 1.0:
            one, other = apart(w.trust, w.needed)
            above = 1 if w.trust >= w.needed else -1
            for value, told, side in ((w.trust, one, above), (w.needed, other, -above)):
                axes.annotate(told, (k, value), (0, 7 * side), textcoords="offset points",
                              ha="center", va="center", fontsize=6.5, color=INK)  # fmt: skip
        if math.isinf(w.needed):
            axes.annotate("no belief is enough", (k, 1.0), (0, -2), textcoords="offset points",
                          ha="center", va="top", fontsize=6.5, color=INK)  # fmt: skip
    return figure


def _trust_alt(facts: Facts) -> str:
    told = []
    for w in facts.windows[:12]:
        if math.isnan(w.needed):
            told.append(f"after day {w.day} held {belief(w.trust)}, no chunk to offer")
        elif math.isinf(w.needed):
            told.append(f"after day {w.day} held {belief(w.trust)}, no belief is enough")
        else:
            held, needed = apart(w.trust, w.needed)
            told.append(f"after day {w.day} held {held}, needed {needed}")
    return f"Belief in a dealer by window: {'; '.join(told)}."


# Prices of one more day


def _prices(facts: Facts) -> Figure:
    shown = _shown(facts)
    table = incentives.told(facts.eq, shown)
    box = incentives.fitted(table, facts.eq.parameters.x)
    return incentives.draw(table, facts.scenario, box)


def _shown(facts: Facts) -> pd.DataFrame:
    """The windows with a day to add: all, or the first and the last ones."""
    assert facts.incentives is not None
    found = facts.incentives[facts.incentives["captor_gain"].notna()]
    if len(found) <= MOST_PANELS:
        return found
    return found.iloc[[*range(MOST_PANELS - 1), -1]]


def _prices_alt(facts: Facts) -> str:
    rows = _shown(facts)
    told = [
        f"after day {day} at {zone(intervals)}"
        for day, intervals in zip(rows["day"], rows["zone"], strict=True)
    ]
    return (
        "Gains of a dealer and of the pausing state from one more day by its price in captives, a "
        f"panel a window. Both gain {listed(told)}; "
        f"the clause asks {plain(facts.eq.parameters.x)}."
    )


def _prices_caption(facts: Facts) -> str:
    left_out = len(facts.windows) - len(_shown(facts))
    more = f" {left_out} further windows are not drawn." if left_out > 1 else ""
    return (
        "Gains over stopping from one more day, by its price in captives, for a dealer (solid) and "
        "the pausing state (dashed), at windows of the most likely course. Bars: prices at which "
        "both gain. Dotted: the clause. Gains jump where a price leaves one whole batch fewer."
        f"{more}"
    )


# Endings


def _endings(facts: Facts) -> Figure:
    assert facts.frictions is not None
    return endings.draw(endings.tidy(facts.frictions), modal=facts.course.modal_days)


def _endings_alt(facts: Facts) -> str:
    assert facts.frictions is not None
    means = facts.frictions.table["mean_days"]
    told = [f"{case} {value:.2f}" for case, value in means.items()]
    return f"Stacked bars by case. Mean pause in days: {', '.join(told)}."


def _priced(facts: Facts) -> bool:
    return facts.incentives is not None and not _shown(facts).empty


# Name, whether it fits, how it is drawn, caption, words for what it shows.
BEFORE = (
    "Before the pause. (a) Belief in a dealer and the chance that talks open, without and with the "
    "pilot. (b) On which day of the talks the deal comes, given one. (c) The first block: Nash "
    "product by length, the agreed one filled."
)
TRUST = (
    "Belief in a dealer held and needed, at the windows of the most likely course. Where the "
    "belief needed lies above the belief held, resuming is better than extending."
)
ENDINGS = (
    "How long the pause lasts and how it ends with one friction taken off alone, all off, and each "
    "left on alone; belief at the opening and first block as they are."
)


def _course_caption(facts: Facts) -> str:
    marked = " Marked: what happened." if facts.scenario.observed and _same_pool(facts) else ""
    return (
        "The course, given a deal. (a) How long the pause lasts. (b) Captives held at the end of "
        f"each day, mean and the bands that hold the middle 50 and 90 per cent.{marked}"
    )


FIGURES: tuple[Kind, ...] = (
    Kind("course", lambda f: bool(f.eq.block_days), _course, _course_caption, _course_alt),
    Kind("negotiation", lambda _: True, _negotiation, lambda _: BEFORE, _negotiation_alt),
    Kind("trust", lambda f: bool(f.windows), _trust, lambda _: TRUST, _trust_alt),
    Kind("prices", _priced, _prices, _prices_caption, _prices_alt),
    Kind("endings", lambda f: f.frictions is not None, _endings, lambda _: ENDINGS, _endings_alt),
)
