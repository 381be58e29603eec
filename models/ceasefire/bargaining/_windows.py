"""What a scenario says of one more day: shared by the models whose stakes are a pause day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from ceasefire.truce import Scenario
    from ceasefire.truce.fields import Parameters


def first_window(scenario: Scenario) -> tuple[float, int]:
    """Captives held and pause days used when the first block is over.

    The block has as many days as it had where that is on record, otherwise as the clause's price
    would give for its captives.
    """
    terms = scenario.terms
    usual = max(round(terms.first_block_captives / terms.captives_per_extra_day), 1)
    seen = scenario.observed.chunks if scenario.observed is not None else ()
    days = seen[0] if seen else usual
    return terms.eligible_captives - terms.first_block_captives, min(days, terms.pause_days_max)


def day_surplus(scenario: Scenario) -> tuple[float, float]:
    """What one more day at the clause's price is worth at the first window, kept by both, utils.

    Captor: its gain from the day less its loss from the batch; pausing state: the worth of the
    batch less the cost of the day. What follows the day is left out.
    """
    from ceasefire.truce.payoffs import day_cost, release_loss

    p = scenario.symbols()
    held, day = first_window(scenario)
    batch = min(p.x, held)
    captor = p.g - float(release_loss(p, held, batch))
    return captor, p.v * batch - float(day_cost(p, day))


def batch_losses(scenario: Scenario) -> tuple[float, float]:
    """The captor's loss from a batch at the first window, and from the last whole one, utils."""
    from ceasefire.truce.payoffs import release_loss

    p = scenario.symbols()
    held, _ = first_window(scenario)
    last = p.x + (held % p.x if held >= p.x else 0.0)
    first = float(release_loss(p, max(held, p.x), p.x))
    return first, float(release_loss(p, last, p.x))


def costly_days(scenario: Scenario) -> Parameters:
    """The parameters of a scenario whose pause days have a cost and a worth.

    Worths in days of pause divide by both.

    Raises
    ------
    ArgumentError
        A day is free for the pausing state, or worth nothing to the captor; the field is named.
    """
    p = scenario.symbols()
    require_cost("pausing_state.day_cost_base", p.k0, p.k0 + p.k1 * p.J)
    require_cost("captor.pause_gain_per_day", p.g)
    return p


def require_cost(where: str, value: float, *later: float) -> None:
    """Refuse a day that costs nothing, on the first day or `later`."""
    if min((value, *later)) <= 0:
        allowed = "above 0 on every day" if later else "above 0"
        raise ArgumentError(where, value, allowed, "worths are counted in days of pause")
