"""What a scenario has to say for a model to speak of it: a first block, a day, a batch of worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from ceasefire.truce import Scenario, TruceEquilibrium
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


def shared_surplus(scenario: Scenario) -> float:
    """What one more day at the first window is worth to both sides together, utils.

    Raises
    ------
    ArgumentError
        Nothing: they have nothing to share.
    """
    both = sum(day_surplus(scenario))
    if both <= 0:
        hint = "raise pausing_state.captive_value, or lower pausing_state.day_cost_base"
        allowed = "a scenario in which one more day is worth something to both together"
        raise ArgumentError("scenario", scenario.name, allowed, hint)
    return both


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
    require_worth(p)
    require_cost("pausing_state.day_cost_base", p.k0, p.k0 + p.k1 * p.J)
    require_cost("captor.pause_gain_per_day", p.g)
    return p


def require_cost(where: str, value: float, *later: float) -> None:
    """Refuse a day that costs nothing, on the first day or `later`."""
    if min((value, *later)) <= 0:
        allowed = "above 0 on every day" if later else "above 0"
        raise ArgumentError(where, value, allowed, "worths are counted in days of pause")


NO_BLOCK_HINT = (
    "as it stands no first block is agreed; raise pausing_state.captive_value or captor.trust, "
    "or lower pausing_state.day_cost_base"
)


def agreed(scenario: Scenario) -> TruceEquilibrium:
    """The solved truce of a scenario in which a first block is agreed.

    Raises
    ------
    ArgumentError
        None is: there is no truce to speak of.
    """
    from ceasefire import truce

    return require_block(truce.solve(scenario), scenario.name)


def require_block(solved: TruceEquilibrium, name: str) -> TruceEquilibrium:
    """Refuse a solved truce in which no first block is agreed."""
    if solved.block_days == 0:
        allowed = "a scenario in which a first block is agreed"
        raise ArgumentError("scenario", name, allowed, NO_BLOCK_HINT)
    return solved


def require_worth(p: Parameters) -> None:
    """Refuse captives that are worth nothing to the pausing state: there is nothing to buy.

    Raises
    ------
    ArgumentError
        They are; the field is named.
    """
    if p.v <= 0:
        hint = "captives that are worth nothing to the pausing state leave nothing to bargain over"
        raise ArgumentError("pausing_state.captive_value", p.v, "above 0, utils a captive", hint)


def require_gain(p: Parameters) -> None:
    """Refuse days of pause that are worth nothing to the captor: nothing can be paid with them.

    Raises
    ------
    ArgumentError
        They are; the field is named.
    """
    if p.g <= 0:
        hint = "days that are worth nothing to the captor buy nothing"
        raise ArgumentError("captor.pause_gain_per_day", p.g, "above 0, utils a day", hint)


def relay_discount(p: Parameters, rate: float) -> float:
    """What two legs of the relay leave of a util, ``(1 + relay r) ** -2``.

    Raises
    ------
    ArgumentError
        All of it: whoever waits loses nothing by it.
    """
    kept = float((1.0 + p.relay * rate) ** -2)
    if kept >= 1:
        hint = "with no delay, or no impatience, whoever waits loses nothing by it"
        raise ArgumentError("talks.relay_days_per_leg", p.relay, "delay that costs", hint)
    return kept


def daily_discount(p: Parameters) -> float:
    """Chance that the pause outlives a day, as the discount of a game that is repeated daily.

    Raises
    ------
    ArgumentError
        Nothing ever ends it: an endless sum of days has no value, and every rule of patience is
        met at its limit.
    """
    if p.beta <= 0:
        hint = (
            "without incidents nothing discounts the days of an endless pause: any patience "
            "condition holds, and values grow without bound; set a small chance, as 0.001"
        )
        raise ArgumentError("hazards.incident_per_day", p.beta, "above 0 a day", hint)
    return float(1 - p.beta)
