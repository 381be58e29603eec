"""Section 2 of a report, second half: windows, what keeps the captor to the deal, how it ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ceasefire.figures.document import Block
from ceasefire.figures.reports.words import (
    CERTAIN,
    amount,
    apart,
    belief,
    captives,
    chance,
    days,
    listed,
    plain,
    sentence,
    utils,
    zone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from ceasefire.figures.reports.facts import Facts, Window

EVEN = 0.5
LIKELY = 0.05  # a length with this chance is told
LEAST_ENDING = 0.001
LEAST_LIST = 0.9  # below it a list is told to be in doubt
SHOWN_WINDOWS = 12


def section(facts: Facts) -> Iterator[Block]:
    """Windows, honesty and endings; nothing where there is no pause."""
    if not facts.eq.block_days:
        return
    yield Block("heading", "Window by window", level=3)
    yield Block("text", _sequence(facts))
    yield from _windows(facts)
    yield Block("heading", "What keeps the captor to the deal", level=3)
    yield Block("text", _dealer(facts))
    yield Block("text", _opportunist(facts))
    yield from _extension(facts)
    yield Block("heading", "How it ends", level=3)
    yield Block("text", lengths(facts))
    yield Block("list", "\n".join(_endings(facts)))
    yield Block("text", _left(facts))
    yield Block("text", recorded(facts))


def _spread(facts: Facts) -> str:
    """A word of care where the likeliest sequence stops at a window that is mostly passed."""
    last = facts.windows[-1] if facts.windows else None
    if last is None or not last.best or last.goes_on < EVEN:
        return ""
    return (
        f"After day {last.day} the pause more likely goes on than ends, but its continuations are "
        "spread over several chunks, each of them less likely than this sequence."
    )


def _sequence(facts: Facts) -> str:
    share = float(facts.course.chunks[facts.sequence])
    parts = facts.sequence.split("-")
    first = parts[0]
    then = [f"{days(float(c.lstrip('s')))}" + _paid(c, facts) for c in parts[1:]]
    told = f"a first block of {days(float(first))}"
    told += "".join(f", then {one}" for one in then) if then else ", and no extension"
    return sentence(
        f"The most likely sequence of chunks is {facts.sequence}: {told}. It has a chance of "
        f"{chance(share)}.",
        _spread(facts),
        "At a window the pausing state stops or offers a chunk, and the captor's political wing "
        "accepts or declines. The windows below are those of this sequence, every batch delivered.",
    )


def _paid(chunk: str, facts: Facts) -> str:
    if facts.scenario.second_category is None:
        return ""
    return f" paid in the {'second' if chunk.startswith('s') else 'first'} category"


def _windows(facts: Facts) -> Iterator[Block]:
    shown = facts.windows
    if len(shown) > SHOWN_WINDOWS:
        shown = [*shown[: SHOWN_WINDOWS - 2], *shown[-2:]]
        yield Block(
            "text",
            f"There are {len(facts.windows)} windows; the first {SHOWN_WINDOWS - 2} and the last 2 "
            "are told here, all of them in the table of section 4.",
        )
    for window in shown:
        yield Block("heading", f"After day {window.day}: {_held(window)} held", level=4)
        yield Block("text", verdict(facts, window))
        yield Block("text", captor(facts, window))


def _held(window: Window) -> str:
    if math.isnan(window.held_second):
        return captives(window.held)
    return (
        f"{captives(window.held)} of the first and {amount(window.held_second)} of the second "
        "category"
    )


def verdict(facts: Facts, window: Window) -> str:
    """Whether the pause goes on at a window, and why the pausing state wants it to or not."""
    if not window.best:
        return _nothing_left(facts, window)
    if window.goes_on >= EVEN:
        first = f"The pausing state extends after day {window.day}"
    elif window.goes_on > CERTAIN:
        first = f"The pause more likely ends after day {window.day} than goes on"
    else:
        first = f"The pause ends after day {window.day}"
    return sentence(f"{first}, because {_reason(facts, window)}.", _chances(facts, window))


def _nothing_left(facts: Facts, window: Window) -> str:
    cap = facts.scenario.terms.pause_days_max
    if window.day >= cap:
        return f"The pause ends after day {window.day}: the cap of {days(cap)} is reached."
    return (
        f"The pause ends after day {window.day}: the {captives(window.held)} still held do not buy "
        "a further day at the price of the clause."
    )


def _reason(facts: Facts, window: Window) -> str:
    cost = captives(window.cost)
    if facts.scenario.second_category is not None:
        cost += f" of the {'first' if window.category == 1 else 'second'} category"
    after = ' once the mediator reports "list"' if facts.scenario.mediator else ""
    chunk = f"{days(window.best)} for {cost}"
    worth = f"its best next chunk, {chunk}, is worth {utils(window.worth)} utils to it{after}"
    if window.goes_on < EVEN and window.worth > 0.0:
        return f"{_obstacle(facts, window)}, although {worth}, net of resuming"
    net = "net of resuming" if window.worth > 0.0 else "so that resuming is better"
    if window.worth > 0.0 or window.goes_on < EVEN:
        return f"{worth}, {net}, and {_belief(window)}"
    return f"private shocks outweigh a small loss: {worth}, {net}, and {_belief(window)}"


def _obstacle(facts: Facts, window: Window) -> str:
    """Why a chunk worth having is not had."""
    chi = facts.scenario.hazards.relay_failure_per_window
    causes = {
        f"the relay fails with a chance of {chance(chi)}": chi,
        f"the captor declines that chunk with a chance of {chance(1.0 - window.accepted)}": 1.0
        - window.accepted,
        f"the pausing state offers none with a chance of {chance(1.0 - window.offered)}": 1.0
        - window.offered,
    }
    return max(causes, key=lambda cause: causes[cause])


def _belief(window: Window) -> str:
    held = belief(window.trust)
    if math.isinf(window.needed):
        return f"no belief in a dealer would be enough (held: {held})"
    if window.needed <= 0.0:
        return f"any belief in a dealer above 0 is enough (held: {held})"
    held, needed = apart(window.trust, window.needed)
    if window.trust > window.needed:
        if window.worth > 0.0:
            return f"the belief in a dealer held ({held}) exceeds the belief needed ({needed})"
        return (
            f"although the belief in a dealer held ({held}) exceeds the least at which a chunk is "
            f"worth offering ({needed}), worth does not rise with belief throughout"
        )
    return f"the belief in a dealer held ({held}) falls short of the belief needed ({needed})"


def _chances(facts: Facts, window: Window) -> str:
    chi = facts.scenario.hazards.relay_failure_per_window
    parts = [
        f"It offers a chunk with a chance of {chance(window.offered)}"
        + (", as its choice carries private shocks" if _blurred(window) else "")
    ]
    if chi > 0.0:
        parts.append(f"the relay fails with {chance(chi)}")
    parts.append(f"the captor accepts that chunk with {chance(window.accepted)}")
    return (
        f"{', '.join(parts[:-1])} and {parts[-1]}: the pause goes on with {chance(window.goes_on)}."
    )


def _blurred(window: Window) -> bool:
    """Whether the chance of an offer is far from what worth alone would say."""
    alone = 1.0 if window.worth > 0.0 else 0.0
    return abs(window.offered - alone) > LEAST_ENDING


def captor(facts: Facts, window: Window) -> str:
    """A window from the captor's side: a dealer's gain, an opportunist's temptation, the price."""
    if not window.best:
        return "Nothing further is at stake for the captor."
    return sentence(*_incentives(facts, window), _delivery(window))


def _incentives(facts: Facts, window: Window) -> Iterator[str]:
    if facts.incentives is None:
        return
    found = facts.incentives[facts.incentives["day"] == window.day].iloc[0]
    price = float(found["clause_price"])
    if not math.isnan(found["captor_gain"]):
        gains = "gains" if found["captor_gain"] > 0.0 else "loses"
        yield (
            f"On the captor's side, a dealer {gains} {utils(abs(found['captor_gain']))} utils by "
            f"one day at the clause's {captives(price)} over stopping."
        )
    verb = "is among them" if found["clause_in_zone"] else "is not among them"
    if found["zone"]:
        yield (
            f"Both sides would gain from one more day at prices of {zone(found['zone'])} captives; "
            f"the clause's {plain(price)} {verb}."
        )
    else:
        yield "At no price in captives would both sides gain from one more day."
    margin = float(found["honesty_margin"])
    if math.isnan(margin):
        return
    if margin > 0.0:
        yield (
            f"An opportunist expected to deliver such a day's batch would gain {utils(margin)} "
            "utils by delivering over holding back: the pause that a delivery keeps alive is worth "
            "more to it than the captives."
        )
    else:
        yield (
            f"An opportunist expected to deliver such a day's batch would gain {utils(-margin)} "
            "utils by holding back: the pause that a delivery keeps alive is worth less to it than "
            "the captives."
        )


def _delivery(window: Window) -> str:
    if math.isnan(window.delivers):
        return ""
    first = (
        f"On the first day of the best chunk, {days(window.best)}, an opportunist able to deliver"
    )
    if window.trust >= 1.0 - CERTAIN:
        return "Nobody expects an opportunist any more."
    if window.delivers >= 1.0 - CERTAIN:
        return f"{first} does so for certain, so a delivery is no news about the captor."
    if window.delivers <= CERTAIN:
        return f"{first} would hold back for certain, so a delivery would prove a dealer."
    before, after = apart(window.trust, window.after)
    return (
        f"{first} does so with a chance of {chance(window.delivers)}. A delivery is therefore news "
        f"and carries the belief from {before} to {after}."
    )


def _dealer(facts: Facts) -> str:
    """What binds a dealer: only the list."""
    told = "A dealer delivers whenever the batch can be produced."
    if facts.path is None:
        return told
    chances = [float(x) for x in facts.path["list_probability"]]
    low, high = min(chances), max(chances)
    worst = int(facts.path["day"].iloc[chances.index(low)])
    if chance(low) == chance(high):
        return f"{told} The chance of that is {chance(low)} a day on this sequence."
    doubt = " The stock left is what makes lists doubtful." if low < LEAST_LIST else ""
    return (
        f"{told} The chance of that falls from {chance(high)} to {chance(low)} (day {worst}) on "
        f"this sequence, as fewer are held.{doubt}"
    )


def _opportunist(facts: Facts) -> str:
    """How likely an opportunist delivers, day by day."""
    if facts.path is None:
        return (
            "An opportunist delivers where the pause that a delivery keeps alive is worth more to "
            "it than the captives."
        )
    told, steps = facts.path, []
    for low, high, share in _runs(told):
        when = f"on day {low}" if low == high else f"on days {low} to {high}"
        steps.append(f"{when} with {chance(share)}")
    if facts.eq.trust >= 1.0 - CERTAIN:
        return "The captor is known to be a dealer, so no opportunist has to be kept honest."
    return sentence(
        f"An opportunist, able to deliver, does so {listed(steps)}.",
        "What keeps it honest is the stock still to come: each delivery buys further pause days, "
        "and that future shrinks as captives and days run out.",
        *_turning(told),
    )


def _runs(path: pd.DataFrame) -> list[tuple[int, int, float]]:
    """Successive days with the same chance of delivery, as told."""
    runs: list[tuple[int, int, float]] = []
    days_told = path["day"].astype(int).tolist()
    for day, share in zip(days_told, path["opportunist_delivers"].tolist(), strict=True):
        if runs and chance(runs[-1][2]) == chance(share):
            runs[-1] = (runs[-1][0], day, share)
        else:
            runs.append((day, day, share))
    return runs


def _turning(path: pd.DataFrame) -> list[str]:
    doubtful = path[path["opportunist_delivers"] < 1.0 - CERTAIN]
    if doubtful.empty:
        return ["On this sequence it never pays to hold back, so no delivery is news."]
    return [f"Day {int(doubtful['day'].iloc[0])} is the first on which it may hold back."]


def _extension(facts: Facts) -> Iterator[Block]:
    """What the extension of the model that is on decides."""
    if facts.base:
        return
    import pandas as pd

    from ceasefire.figures import extended

    told = extended.told(facts.eq, facts.course)
    yield Block("heading", f"What the extension decides: {told['title'].lower()}", level=3)
    rows = [(label, _number(value)) for label, value in told["rows"]]
    table = pd.DataFrame(rows, columns=["what", "value"])
    yield Block("table", "extension", caption=told["about"], table=table)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else "-" if math.isnan(value) else f"{value:.3f}"


def lengths(facts: Facts) -> str:
    """How long the pause lasts."""
    course = facts.course
    modal, top = course.modal_days, float(course.length.max())
    likely = f"The pause most likely lasts {days(modal)}, with a chance of {chance(top)}"
    others = course.length.drop(modal).sort_values(ascending=False, kind="stable")
    likely_days = zip(others.index.tolist(), others.tolist(), strict=True)
    then = [f"{days(d)} {chance(p)}" for d, p in likely_days if p >= LIKELY][:3]
    more = f"; next come {listed(then)}" if then else ""
    return f"{likely}{more}. The mean is {course.mean_days:.2f} days."


HOW = {
    "stopped at a window": "The pausing state stops at a window",
    "opportunist reneges": "An opportunist holds a batch back",
    "relay failed": "The relay fails at a window",
    "no list at a window": "No list can be produced at a window",
    "no list inside a chunk": "No batch can be produced inside an agreed chunk",
    "incident": "An incident ends it",
    "declined": "The captor's political wing declines",
    "left inside a chunk": "The pausing state leaves inside an agreed chunk",
    "pool or cap exhausted": "Captives or days are used up",
    "no deal": "No deal is made",
}


def _endings(facts: Facts) -> list[str]:
    ends = facts.course.ends.sort_values(ascending=False, kind="stable")
    shown = [f"{HOW[str(k)]}: {chance(float(p))}" for k, p in ends.items() if p >= LEAST_ENDING]
    rest = float(ends[ends < LEAST_ENDING].sum())
    return [*shown, f"Anything else: {chance(rest)}"] if rest > CERTAIN else shown


def _left(facts: Facts) -> str:
    course = facts.course
    both = " of both categories" if facts.scenario.second_category else ""
    modal = float(course.left.index.to_numpy(dtype=float)[course.left.to_numpy().argmax()])
    return (
        f"When it ends, {captives(course.mean_left)}{both} of {amount(facts.eq.captives)} are "
        f"still held on average; the most likely number is {amount(modal)}, with a chance of "
        f"{chance(float(course.left.max()))}."
    )


def recorded(facts: Facts) -> str:
    """What happened, where the scenario records it."""
    observed = facts.scenario.observed
    if observed is None:
        return "The scenario records no course that happened."
    share = float(facts.course.length.get(observed.pause_days, 0.0))
    chunks = "-".join(map(str, observed.chunks))
    sequence = float(facts.course.chunks.get(chunks, 0.0))
    first = (
        f"Recorded: a pause of {days(observed.pause_days)} in chunks {chunks or 'none'}, with "
        f"about {captives(observed.captives_left)} left. The model gives that length a chance of "
        f"{chance(share)} and that sequence {chance(sequence)}."
    )
    changed = (
        ""
        if facts.changed.empty
        else "The record is of the deal as it was; parameters changed here make this another one."
    )
    return sentence(first, changed, f"Source: {observed.source}.")
