"""Section 2 of a report, first half: pilot, talks and first block in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ceasefire.figures.document import Block
from ceasefire.figures.reports.words import (
    CERTAIN,
    LEAST_TOLD,
    apart,
    belief,
    captives,
    chance,
    days,
    listed,
    plain,
    sentence,
    utils,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ceasefire.figures.reports.facts import Facts

SAME = 1e-6  # of a belief or a share: moved by less is not moved


def section(facts: Facts) -> Iterator[Block]:
    """How the deal comes about, or does not."""
    yield Block("heading", "The pilot", level=3)
    yield Block("text", pilot(facts.eq))
    yield Block("heading", "The talks", level=3)
    yield Block("text", opening(facts.eq))
    yield Block("text", talks(facts.eq))
    yield Block("heading", "The first block", level=3)
    yield from block(facts)


def pilot(eq: Any) -> str:
    """How large the pilot is, who makes it, and what it teaches."""
    told, p = eq.pilot, eq.parameters
    before, after = _beliefs(told.trust_before, eq.trust)
    if told.captives <= 0.0:
        return (
            f"There is no pilot release. The belief that the captor is a dealer, one that honours "
            f"deliveries, stays at its prior of {before}."
        )
    first = (
        f"Before any talks the captor can release {captives(told.captives)} as a pilot. A dealer, "
        "a captor that honours deliveries, does."
    )
    worth = sentence(
        f"The release costs a dealer {utils(told.release_loss)} utils in captives given up. With "
        f"the pilot its prospects are worth {utils(told.dealer_net)} utils, that cost taken off; "
        f"without it {utils(told.dealer_without)}.",
        "So it gains by the pilot."
        if told.dealer_net > told.dealer_without
        else "So it does not gain by the pilot, which the model takes as given.",
    )
    several = (
        ""
        if told.solutions < 2
        else f"The share that matches has {told.solutions} solutions; the largest is reported."
    )
    return sentence(first, _matched(told, p, before, after), worth, several)


def _matched(told: Any, p: Any, before: str, after: str) -> str:
    """What opportunists do at the pilot, and so what it teaches."""
    if not CERTAIN < told.trust_before < 1.0 - CERTAIN:
        return f"The prior leaves no doubt ({before}), so the release teaches nothing."
    why = (
        f"An opportunist's field command has a private cost of up to {plain(p.Z)} utils a captive "
        "of letting it happen, and weighs that against what it expects from a deal."
    )
    if told.matched >= 1.0 - SAME:
        return f"{why} All opportunists match it, so it teaches nothing: the belief stays {before}."
    if told.matched <= SAME:
        return f"{why} No opportunist matches it, so it proves a dealer: from {before} to {after}."
    return (
        f"{why} Of opportunists {chance(told.matched)} match the release. It is therefore news, "
        f"and the belief in a dealer rises from {before} to {after}."
    )


def opening(eq: Any) -> str:
    """Whether talks open, and why."""
    told, p = eq.pilot, eq.parameters
    value = sum(
        share * float(eq.block.loc[d, "pausing_state"])
        for d, share in eq.block_weights.items()
        if d
    )
    worth = eq.talks.pausing_state_discount * value
    here, threshold = apart(worth, p.K_T)
    beats = "more" if worth > p.K_T else "less"
    parts = [
        f"The pausing state opens talks with a chance of {chance(told.open_probability)}.",
        f"A deal is worth {here} utils to it, waiting and the risk of failure taken off, which is "
        f"{beats} than the {threshold} that it asks for; private shocks blur the comparison.",
    ]
    if told.open_probability < LEAST_TOLD and not eq.block_days:
        parts.append("In practice talks never open.")
    elif told.open_probability < LEAST_TOLD:
        parts.append(
            "In practice talks never open, and what follows is of a deal nearly never made."
        )
    if told.captives > 0.0:
        parts.append(
            f"Without the pilot the chance would be {chance(told.open_probability_without)}."
        )
    return sentence(*parts)


def talks(eq: Any) -> str:
    """How long talks last and how likely they end in a deal."""
    told, p = eq.talks, eq.parameters
    made = told.deal_probability
    if made <= 0.0:
        return sentence(
            "Once open, talks never end in a deal: the chance of one on a live day is 0%.",
            "What follows is of a deal that is never made." if eq.block_days else "",
        )
    days_told = f"after {days(told.mean_days)} on average" if math.isfinite(told.mean_days) else ""
    how = (
        f"On a day with contact the deal is made with a chance of {chance(p.lam)} and contact is "
        f"lost with {chance(p.om)}; on a day without, it returns with {chance(p.rho)} and talks "
        f"end for good with {chance(p.b_T)}."
    )
    both = eq.pilot.open_probability * made
    total = (
        f"From the start, a deal is made with a chance of {chance(both)}. All that follows is "
        "given that it is."
        if eq.block_days
        else "Even so no deal is made, as there is no first block to agree on."
    )
    outcome = f"Once open, talks end in a deal with a chance of {chance(made)}"
    return sentence(f"{outcome}{', ' if days_told else ''}{days_told}.", how, total)


def block(facts: Facts) -> Iterator[Block]:
    """Which first block is agreed and why that many days; the table of all considered."""
    eq = facts.eq
    if not eq.block_days:
        yield Block("text", _none(eq))
    elif len(eq.block_weights) > 1:
        yield Block("text", _tied(eq))
    else:
        yield Block("text", _one(eq))
    if eq.scenario.second_category is not None:
        yield Block("text", _boundary(eq))
    yield _table(eq)


def _considered(eq: Any) -> str:
    most = len(eq.block)
    return "1 day" if most == 1 else f"1 to {most} days"


def _none(eq: Any) -> str:
    """Why no block is agreed."""
    rows = eq.block
    refused = rows[(rows["pausing_state"] <= 0.0)]
    lost = rows[(rows["dealer"] <= 0.0)]
    parts = [
        f"No first block is agreed. At no length considered, {_considered(eq)}, do both sides gain "
        "over war."
    ]
    for side, column, bad in (
        ("The pausing state", "pausing_state", refused), ("A dealer", "dealer", lost)
    ):  # fmt: skip
        best = int(rows[column].idxmax())
        value = utils(float(rows.loc[best, column]))
        if len(bad) == len(rows):
            parts.append(f"{side} gains at none: its best, {days(best)}, is worth {value} utils.")
        elif len(bad):
            parts.append(f"{side} does not gain at {_lengths(list(bad.index))}.")
        else:
            parts.append(f"{side} would gain at every length, {value} utils at most.")
    return sentence(*parts, "So there is no pause, and all captives stay held.")


def _lengths(found: list[int]) -> str:
    return listed([str(d) for d in found]) + (" day" if found == [1] else " days")


def _tied(eq: Any) -> str:
    """Two blocks between which the parties mix."""
    shares = [
        f"{days(d) if d else 'no deal'} with a chance of {chance(share)}"
        for d, share in sorted(eq.block_weights.items())
    ]
    return sentence(
        f"The parties mix between two outcomes: {listed(shares)}.",
        "At either alone the pilot would move the belief to where the other is better.",
        f"The course below follows the more likely block, {days(eq.block_days)}, step by step; "
        "its probabilities count both.",
    )


def _one(eq: Any) -> str:
    """The block agreed against its neighbours."""
    agreed, p, rows = eq.block_days, eq.parameters, eq.block
    row = rows.loc[agreed]
    per_day = captives(p.n0 / agreed)
    parts = [
        f"The parties agree on {days(agreed)} for {captives(p.n0)}, {per_day} a day.",
        f"It is worth {utils(row['pausing_state'])} utils to the pausing state and "
        f"{utils(row['dealer'])} to a dealer. Of the lengths considered, {_considered(eq)}, it has "
        f"the largest Nash product, {utils(row['nash_product'])}: the product of both values with "
        f"the captor's weight, {eq.bargaining_weight:.2f}, and the pausing state's, "
        f"{1.0 - eq.bargaining_weight:.2f}.",
        *(_neighbour(eq, agreed, d) for d in (agreed - 1, agreed + 1)),
    ]
    return sentence(*parts, _weight(eq))


def _neighbour(eq: Any, agreed: int, other: int) -> str:
    """What a day less or more would change."""
    word = "less" if other < agreed else "more"
    if other == 0:
        return "One day is the shortest block there is."
    if other not in eq.block.index:
        return f"{days(agreed)} is the longest block considered.".capitalize()
    here, there = eq.block.loc[agreed], eq.block.loc[other]
    d_from, d_to = apart(here["pausing_state"], there["pausing_state"])
    c_from, c_to = apart(here["dealer"], there["dealer"])
    moved = (
        f"With one day {word} the pausing state's value would go from {d_from} to {d_to}, a "
        f"dealer's from {c_from} to {c_to}, and the product to "
        f"{apart(here['nash_product'], there['nash_product'])[1]}"
    )
    if there["nash_product"] <= 0.0:
        side = "the pausing state" if there["pausing_state"] <= 0.0 else "a dealer"
        return f"{moved}: {side} would rather have war."
    return f"{moved}."


def _weight(eq: Any) -> str:
    weight, p = eq.bargaining_weight, eq.parameters
    if abs(weight - 0.5) < SAME:
        return "The weights are equal, as delay costs both sides alike."
    stronger = "captor" if weight > 0.5 else "pausing state"
    return (
        f"The {stronger} weighs more because delay costs it less (impatience of {plain(p.r_C)} a "
        f"day for the captor, {plain(p.r_D)} for the pausing state)."
    )


def _boundary(eq: Any) -> str:
    most = eq.second_category.ambiguous_captives
    if not most:
        return "No captive could be counted in either category."
    return (
        f"Of {captives(most)} who could be counted in either category, {eq.counted_first} are "
        f"counted in the first: the boundary with the largest Nash product. The first category "
        f"then has {captives(eq.stocks.first)}, the second {captives(eq.stocks.second)}."
    )


def _table(eq: Any) -> Block:
    import pandas as pd

    rows = [
        (
            days(d), utils(r.pausing_state), utils(r.dealer), utils(r.opportunist),
            utils(r.nash_product), "agreed" if eq.block_weights.get(d, 0.0) > 0.0 else "",
        )
        for d, r in zip(eq.block.index, eq.block.itertuples(), strict=True)
    ]  # fmt: skip
    columns = ["block", "pausing state", "dealer", "opportunist", "Nash product", "outcome"]
    caption = f"First blocks considered, at a belief of {belief(eq.trust)}; values in utils"
    return Block("table", "blocks", caption=caption, table=pd.DataFrame(rows, columns=columns))


def _beliefs(before: float, after: float) -> tuple[str, str]:
    if abs(before - after) < SAME:
        return belief(before), belief(after)
    return apart(before, after)
