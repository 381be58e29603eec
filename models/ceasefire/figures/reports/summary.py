"""The head of a report: the whole in a few sentences, and warnings where there is cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.figures.reports.course import HOW, lengths
from ceasefire.figures.reports.words import captives, chance, days, listed
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ceasefire.figures.reports.facts import Facts


ASSUMED = "Payoffs are assumed, not measured; every number follows from them."


def warnings(facts: Facts) -> Iterator[str]:
    """What keeps the numbers from being relied on."""
    status = facts.eq.status
    if not status.solved:
        yield (
            f"Not solved. {_upper(status.message)}. The numbers below are what the solver reached "
            "and not an equilibrium."
        )
    elif not facts.eq.certificate.passed:
        failed = [name.replace("_", " ") for name in facts.eq.certificate.failures]
        told = listed(failed)
        yield f"The certificate failed ({told}): the numbers below are not to be relied on."
    if status is Status.INCOMPLETE or (status.solved and not facts.eq.certificate.complete):
        yield "Other equilibria were not ruled out: what follows is one of them."


def summary(facts: Facts) -> Iterator[str]:
    """What a reader in a hurry needs."""
    eq = facts.eq
    if not eq.block_days:
        yield "No first block is agreed: there is no length at which both sides gain over war."
        yield f"Talks open with a chance of {chance(eq.pilot.open_probability)}."
        yield ASSUMED
        return
    yield (
        f"Talks open with a chance of {chance(eq.pilot.open_probability)} and then end in a deal "
        f"with {chance(eq.talks.deal_probability)}."
    )
    yield (
        f"The first block is {days(eq.block_days)} for {captives(eq.parameters.n0)}. The most "
        f"likely sequence of chunks is {facts.sequence}, in days."
    )
    yield lengths(facts)
    ends = facts.course.ends.sort_values(ascending=False, kind="stable")
    yield (
        f"The most likely end, with a chance of {chance(float(ends.iloc[0]))}: "
        f"{HOW[str(ends.index[0])].lower()}. On average "
        f"{captives(facts.course.mean_left)} are left."
    )
    yield from _turn(facts)
    yield ASSUMED


def _turn(facts: Facts) -> Iterator[str]:
    """The first window at which extending is no longer worth it."""
    ended = next((w for w in facts.windows if w.best and w.worth <= 0.0), None)
    if ended is None:
        return
    yield (
        f"After day {ended.day}, with {captives(ended.held)} held, the next chunk is no longer "
        "worth having to the pausing state at the belief it holds."
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
