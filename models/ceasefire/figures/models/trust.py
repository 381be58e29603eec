"""Pilots and distrust: what proves a channel, builds trust and spends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.figures.style import (
    HERE,
    PALE,
    SINGLE_MM,
    canvas,
    curve,
    dots,
    given,
    heading,
    here,
    key,
    level,
    panel,
    plain_ticks,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

HEIGHT_MM = 58.0
TALL_MM = 88.0


def separating(model: Any, table: pd.DataFrame) -> Figure:
    """Sizes that separate, against what a captive costs an opportunist."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    cost = table["opportunist_cost"].to_numpy()
    least, most = table["least"].to_numpy(), table["most"].to_numpy()
    axes.fill_between(cost, least, most, color=PALE, lw=0, label="proves the channel")
    curve(axes, cost, least, 0, "least: the intuitive pick")
    curve(axes, cost, most, 1, "most a dealer pays")
    dear = float(model.opportunist_cost)
    here(axes, dear, float(model.prize) / dear, HERE)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(least.min() / 2, most.max() * 2)
    axes.set(xlabel="cost to an opportunist, utils a captive", ylabel="pilot, captives")
    for axis in (axes.xaxis, axes.yaxis):
        plain_ticks(axis, (1.0, 3.0))
    key(axes)
    heading(axes, "Which release proves the channel")
    return figure


def matched(model: Any, table: pd.DataFrame) -> Figure:
    """Share of opportunists that match, and trust after, against the size."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    size = table["captives"].to_numpy()
    curve(axes, size, table["trust"].to_numpy(), 0, "trust after the pilot")
    curve(axes, size, table["matched"].to_numpy(), 1, "opportunists that match it")
    level(axes, float(model.prior), "trust before")
    here(axes, float(model.captives), float(model.closed_form().trust), HERE)
    axes.set_xscale("log", base=2)
    axes.set_ylim(0, 1.05)
    axes.set(xlabel="pilot, captives", ylabel="share")
    axes.set_yticks(np.arange(0, 1.01, 0.25))
    axes.set_xticks(ticks := [s for s in (0.5, 1, 2, 4, 8, 16, 32) if size[0] <= s <= size[-1]],
                    [f"{s:g}" for s in ticks])  # fmt: skip
    key(axes)
    heading(axes, "What a pilot says")
    return figure


def best_pilot(model: Any, table: pd.DataFrame) -> Figure:
    """Net value, and trust with matched share, against the size."""
    figure, (top, bottom) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    size, net = table["captives"].to_numpy(), table["dealer_net"].to_numpy()
    dots(top, size, net, 0, "")
    k = int(np.argmax(net))
    here(top, size[k], net[k], f"best: {size[k]:g}")
    top.set_xscale("log", base=2)
    top.set(ylabel="utils")
    top.margins(y=0.18)
    key(top)
    panel(top, "a", "A dealer's net value")
    dots(bottom, size, table["trust"].to_numpy(), 0, "trust after")
    dots(bottom, size, table["matched"].to_numpy(), 1, "opportunists that match")
    bottom.set(xlabel="pilot, captives", ylabel="share", ylim=(0, 1.05))
    bottom.set_yticks(np.arange(0, 1.01, 0.25))
    bottom.set_xticks(size, [f"{x:g}" for x in size])
    key(bottom)
    panel(bottom, "b", "What it says")
    return figure


def reassurance(model: Any, table: pd.DataFrame) -> Figure:
    """First stakes that separate, against what an opportunist gains from trust."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    gain = table["temptation"].to_numpy()
    least, most = table["least"].to_numpy(), table["most"].to_numpy()
    axes.fill_between(gain, least, most, where=least <= most, color=PALE, lw=0, label="reassures")
    curve(axes, gain, least, 0, "least that deters an opportunist")
    curve(axes, gain, most, 1, "most a trustworthy side risks")
    given(axes, float(model.temptation), HERE)
    axes.set(xlabel="what exploiting trust is worth, utils", ylabel="first stake, share of all",
             ylim=(0, 1.02))  # fmt: skip
    axes.set_xlim(gain.min(), gain.max())
    axes.set_yticks(np.arange(0, 1.01, 0.25))
    key(axes)
    heading(axes, "The first stake that reassures")
    return figure


def starting_small(model: Any, table: pd.DataFrame) -> Figure:
    """Growth of the stakes that keeps a betrayer waiting, for several discount factors."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    for k, (delta, rows) in enumerate(table.groupby("discount", sort=False)):
        curve(axes, rows["flow_share"], rows["growth"], k, f"discount factor {delta:.3g}")
    level(axes, 1.0, "constant stakes")
    here(axes, float(model.flow) / float(model.betrayal), float(model.growth), HERE)
    axes.set(xlabel="worth of a period of cooperation / of a betrayal",
             ylabel="growth a period, factor")  # fmt: skip
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    key(axes)
    heading(axes, "How fast stakes must grow")
    return figure


def assurance(model: Any, table: pd.DataFrame) -> Figure:
    """Trust needed against fear, and the trust held."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    fear, needed = table["fear"].to_numpy(), table["trust_needed"].to_numpy()
    curve(axes, fear, needed, 0, "trust needed")
    axes.fill_between(fear, needed, 1, color=PALE, lw=0, label="cooperation possible")
    t, S = float(model.trust), float(model.sucker)
    R, T, P = (float(x) for x in (model.reward, model.temptation, model.punishment))
    here(axes, (P - S) / (R - T), t, "trust held")
    axes.set(xlabel="loss from cooperating alone / gain from returning it", ylabel="trust",
             ylim=(0, 1))  # fmt: skip
    axes.set_xlim(0, fear[-1])
    key(axes)
    heading(axes, "How much trust is needed without a future")
    return figure


def promises(model: Any, table: pd.DataFrame) -> Figure:
    """Trust promise by promise, with and without an attack."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    for k, (course, rows) in enumerate(table.groupby("course", sort=False)):
        dots(axes, rows["promises"], rows["trust"], k, str(course))
    level(axes, float(model.needed), "needed")
    axes.set(xlabel="kept promises", ylabel="trust", ylim=(0, 1.05))
    axes.xaxis.get_major_locator().set_params(integer=True)
    key(axes)
    heading(axes, "Kept promises build trust, an attack spends it")
    return figure


def messages(model: Any, table: pd.DataFrame) -> Figure:
    """Chance that the first message is true, against trust, for ratios of later to first stakes."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    for k, (ratio, rows) in enumerate(table.groupby("stakes_ratio", sort=False)):
        curve(axes, rows["trust"], rows["truth"], k, f"later stakes x {ratio:.3g}")
    here(axes, float(model.trust), float(model.closed_form().truth), HERE)
    axes.set(xlabel="trust in a friend", ylabel="first message true, chance", ylim=(0.45, 1.02))
    axes.set_xlim(0, 1)
    key(axes)
    heading(axes, "When a message can be believed")
    return figure


def exchange(model: Any, table: pd.DataFrame) -> Figure:
    """Trust needed and held, and an opportunist's honesty, as batches run out."""
    figure, (top, bottom) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    left = table["batches_left"].to_numpy()
    dots(top, left, table["needed"], 0, "needed")
    dots(top, left, table["held"], 1, "held")
    top.set(ylabel="trust", ylim=(0, 1.05))
    key(top)
    panel(top, "a", "Trust needed and held")
    dots(bottom, left, table["opportunist_delivers"], 0, "an opportunist delivers")
    dots(bottom, left, table["granted"], 1, "the day is granted", mfc="none")
    bottom.set(xlabel="batches left", ylabel="chance", ylim=(-0.03, 1.05))
    key(bottom)
    panel(bottom, "b", "Play while all goes well")
    bottom.set_xticks(left)
    if len(left) > 1:
        bottom.set_xlim(left.max() + 0.2, left.min() - 0.2)
    return figure


def challengers(model: Any, table: pd.DataFrame) -> Figure:
    """Reputation against what deters, and chances of entry and fight, test by test."""
    figure, (top, bottom) = canvas(SINGLE_MM, TALL_MM, 2, 1, sharex=True)
    turn = table["challenger"].to_numpy()
    dots(top, turn, table["needed"], 0, "deters")
    dots(top, turn, table["reputation"], 1, "held so far")
    top.set(ylabel="belief", ylim=(0, 1.05))
    key(top)
    panel(top, "a", "Belief that every test is answered")
    dots(bottom, turn, table["enters"], 0, "tested")
    dots(bottom, turn, table["weak_fights"], 1, "answered, if weak", mfc="none")
    bottom.set(xlabel="test", ylabel="chance", ylim=(-0.03, 1.05))
    bottom.set_xticks(turn)
    key(bottom)
    panel(bottom, "b", "Tests and answers")
    return figure


def obstinacy(model: Any, table: pd.DataFrame) -> Figure:
    """Chance that each side has conceded, day by day."""
    figure, axes = canvas(SINGLE_MM, HEIGHT_MM)
    day = table["days"].to_numpy()
    curve(axes, day, table["conceded_1"].to_numpy(), 0, f"side 1, asks {float(model.demand_1):.3g}")
    curve(axes, day, table["conceded_2"].to_numpy(), 1, f"side 2, asks {float(model.demand_2):.3g}")
    axes.set(xlabel="days", ylabel="chance of having conceded", ylim=(0, 1.02))
    axes.set_yticks(np.arange(0, 1.01, 0.25))
    axes.set_xlim(0, day[-1])
    key(axes)
    heading(axes, "Who gives way when both may be obstinate")
    return figure
