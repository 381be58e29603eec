"""From one exchange to another: values carried over by the terms, and batches back to days."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from ceasefire.calibration.exchange import Exchange
    from ceasefire.calibration.terms import Terms
    from ceasefire.truce import Scenario

BY_TERMS, BY_PERIOD, AS_THEY_ARE = "terms", "period", "base"
VALUES = (BY_TERMS, BY_PERIOD, AS_THEY_ARE)


def carried_over(
    exchange: Exchange, base: Scenario | None = None, *, values: str = BY_TERMS
) -> Scenario:
    """Return a scenario for an exchange: its terms, with the base's values carried over to them.

    What a captive is worth against a day of pause cannot be seen from outside, but the price that
    both sides accepted speaks of it. With ``values="terms"`` the base is therefore read in units
    of its own terms, and put into those of the exchange:

    - worths of a captive (v, c_lo, c_hi) times x_base / x, where x is the price of a further day
      in captives: a day's captives are worth against a day's costs what they were in the base;
    - stocks at which captives grow dear and lists unreliable (iota, l_w) times W0 / W0_base;
    - the growth of the daily cost (k1) times J_base / J: over the whole cap, costs grow as much.

    Noises, hazards a day, a window's relay, the leaving cost, the pilot and the talks stay. For
    an exchange with the base's terms nothing changes. ``exchange.scenario`` then sums a day's
    numbers over the period from batch to batch.

    Parameters
    ----------
    exchange : Exchange
        Whose terms are taken.
    base : Scenario, optional
        Preferences, beliefs and hazards, per day; default: the packaged november-2023.
    values : str
        'terms' as above; 'period': also the leaving cost and the noises of choice (kappa, s, s_C)
        times the days of a period; 'base': numbers as they are.

    Raises
    ------
    ArgumentError
        Another word for `values`, or terms that the model does not take.

    Notes
    -----
    An assumption and no finding: two exchanges with the same price in days are told apart only by
    their pools, caps and calendars. Whether a leaving cost counts once or by the stakes of the
    period that is broken off cannot be seen from one exchange of daily batches: 'terms' takes it
    and the noises as one-off, so that beside a week's stakes they are small, and 'period' keeps
    them in the same proportion to the stakes of a period as to those of a day in the base. The
    two agree where batches are daily. With ``values="base"`` a deal at a lower price often comes
    out as one that the pausing state would never have made.

    Examples
    --------
    >>> from ceasefire import calibration
    >>> exchange = calibration.read("november-2023")
    >>> carried_over(exchange).symbols().v
    1.0
    """
    if values not in VALUES:
        raise ArgumentError("values", values, "one of " + ", ".join(VALUES))
    if base is None:
        from ceasefire.truce.scenario import load

        base = load("november-2023")
    p = base.symbols()
    changes = {
        symbol: float(getattr(p, symbol)) * factor
        for symbol, factor in factors(exchange, base, values=values).items()
    }
    return exchange.scenario(base.replace(changes) if changes else base)


def factors(exchange: Exchange, base: Scenario, *, values: str) -> dict[str, float]:
    """By symbol, what :func:`carried_over` multiplies the base's value with; those of 1 left out.

    They hang on the terms alone, so that they are the same at every theta.
    """
    if values == AS_THEY_ARE:
        return {}
    told, p = exchange.terms, base.symbols()
    there = exchange.scenario(base).symbols()
    worth = p.x * told.period_days / there.x
    pool, cap = there.W0 / p.W0, p.J / told.terms.pause_days_max
    found = {
        "v": worth, "c_lo": worth, "c_hi": worth, "iota": pool, "l_w": pool, "k1": cap,
    }  # fmt: skip
    if values == BY_PERIOD:
        found |= dict.fromkeys(("kappa", "s", "s_C"), told.period_days)
    return {symbol: factor for symbol, factor in found.items() if not math.isclose(factor, 1.0)}


def days_of_batches(terms: Terms, batches: int) -> tuple[int, int]:
    """Pause days, least and most, of a pause on which `batches` batches fell due.

    The inverse of ``terms.periods``: a pause of d days has ``terms.periods(d) == batches`` exactly
    for d from the first to the second, ends included. The model's day n runs from the day of
    batch n to the day before batch n + 1, or to the cap; within it, it cannot tell when it ended.

    Raises
    ------
    ArgumentError
        More batches than the calendar has up to the cap, or fewer than none.

    Examples
    --------
    >>> from ceasefire import calibration
    >>> days_of_batches(calibration.read("november-2023").terms, 7)
    (7, 7)
    """
    due = terms.batch_days
    if not 0 <= batches <= len(due):
        raise ArgumentError("batches", batches, f"0 to {len(due)}, the batches up to the cap")
    low = due[batches - 1] if batches else 0
    high = due[batches] - 1 if batches < len(due) else terms.terms.pause_days_max
    return low, high
