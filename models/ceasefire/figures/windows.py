"""Small pictures of a truce's steps: offers at a window, prices, talks, what the pilot tells.

Each takes a result and, if wanted, the axes to draw on, and returns the axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.figures.games import _axes
from ceasefire.figures.negotiation import TALK_DAYS
from ceasefire.figures.style import BLUE, GREEN, GREY, INK, RED, SINGLE_MM, SKY, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ceasefire.truce import Agreement, WindowValues
    from ceasefire.truce.pilot import Pilot
    from ceasefire.truce.talks import Talks

TALL_MM = 52.0


def offers(window: WindowValues, *, ax: Axes | None = None) -> Axes:
    """What the pausing state offers at a window, and how often it is accepted."""
    with style():
        axes = _axes(ax, SINGLE_MM, TALL_MM)
        days = np.arange(len(window.offers))
        axes.bar(days, window.offers, 0.7, color=SKY, edgecolor=INK, lw=0.5, label="offered")
        agreed = window.relay_works * window.offers[1:] * window.acceptance
        axes.bar(days[1:], agreed, 0.45, color=BLUE, edgecolor=INK, lw=0.5, hatch="//",
                 label="and agreed")  # fmt: skip
        axes.set_xticks(days, ["stop", *map(str, days[1:])])
        axes.set(xlabel="chunk (days)", ylabel="probability")
        axes.set_title(f"after day {window.day}, {window.held:g} held, trust {window.trust:.2f}")
        axes.legend()
    return axes


def zone(found: Agreement, *, ax: Axes | None = None) -> Axes:
    """Prices of one more day that each side accepts, and those that both do."""
    rows = (
        ("captor\n(dealer)", found.captor_accepts, BLUE, ""),
        ("pausing\nstate", found.pausing_state_accepts, RED, "//"),
        ("both", found.zone, GREEN, ".."),
    )
    with style():
        axes = _axes(ax, SINGLE_MM, 40.0)
        for k, (_, pieces, colour, hatch) in enumerate(rows):
            for low, high in pieces:
                axes.barh(k, high - low, 0.55, left=low, color=colour, hatch=hatch, edgecolor=INK,
                          lw=0.5)  # fmt: skip
            if not pieces:
                axes.text(0.02, k, "no price", transform=axes.get_yaxis_transform(), color=GREY,
                          va="center")  # fmt: skip
        axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(left=0.0)
        axes.set_xlabel("price of one more day (captives)")
    return axes


def talks_length(talks: Talks, *, ax: Axes | None = None) -> Axes:
    """On which day of the talks the deal comes."""
    chances = talks.length(TALK_DAYS)
    with style():
        axes = _axes(ax, SINGLE_MM, TALL_MM)
        axes.fill_between(chances.index, chances, step="mid", color=SKY, lw=0)
        axes.step(chances.index, chances, where="mid", color=BLUE)
        axes.set(xlabel="day of the talks", ylabel="probability of the deal", ylim=(0, None))
        axes.set_title(f"a deal with {talks.deal_probability:.2f} in all")
    return axes


def beliefs(pilot: Pilot, *, ax: Axes | None = None) -> Axes:
    """Belief in a dealer and the chance that talks open, without the pilot and with it."""
    pairs = (
        ("belief in a dealer", pilot.trust_before, pilot.trust),
        ("talks open", pilot.open_probability_without, pilot.open_probability),
    )
    with style():
        axes = _axes(ax, SINGLE_MM, TALL_MM)
        for k, (_, without, after) in enumerate(pairs):
            axes.bar(k - 0.18, without, 0.34, color=SKY, edgecolor=INK, lw=0.5,
                     label="without the pilot" if k == 0 else "")  # fmt: skip
            axes.bar(k + 0.18, after, 0.34, color=BLUE, edgecolor=INK, lw=0.5, hatch="//",
                     label="with it" if k == 0 else "")  # fmt: skip
        axes.set_xticks(range(len(pairs)), [name for name, *_ in pairs])
        axes.set(ylim=(0, 1.0), ylabel="probability")
        axes.legend()
    return axes
