"""What looks odd in the record of an exchange without being a fault: said, never corrected."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ceasefire.calibration.exchange import Exchange
    from ceasefire.calibration.record import Row
    from ceasefire.calibration.terms import Terms


def remarks(exchange: Exchange) -> tuple[str, ...]:
    """Return what a reader should look at again, a sentence each; empty where nothing is odd.

    Examples
    --------
    >>> from ceasefire import calibration
    >>> remarks(calibration.read("november-2023"))
    ()
    """
    told = exchange.terms
    return (*calendar_remarks(told), *_block(exchange), *_rows(exchange))


def calendar_remarks(told: Terms) -> tuple[str, ...]:
    """Return what is odd about the calendar of batches."""
    if not told.uncovered_days:
        return ()
    return (
        f"no batch is listed on the last {told.uncovered_days} days up to "
        f"terms.pause_days_max = {told.terms.pause_days_max}, so that none is predicted there and "
        f"the mean period is {told.period_days:.3g} days; list the dates of further batches, "
        "assumed ones where none are agreed, or give the cap up to which they are listed",
    )


def _block(exchange: Exchange) -> Iterator[str]:
    """Captives promised in the first block beyond what was agreed for it."""
    deal = exchange.terms.terms
    days = deal.first_block_days
    if days is None:
        return
    due = [row.promised.low for row in exchange.rows if row.promised and row.day <= days]
    if sum(due) > deal.first_block_captives.high:
        yield (f"{sum(due):g} captives promised on the first {days} days, more than "
               f"terms.first_block_captives = {deal.first_block_captives}")  # fmt: skip


def _rows(exchange: Exchange) -> Iterator[str]:
    ratios = exchange.terms.prisoners_per_captive.values()
    most = max((ratio.high for ratio in ratios), default=None)
    for number, row in enumerate(exchange.rows, 1):
        where = f"row {number} (line {row.line}): "
        for told, came in (("delivered", row.delivered), ("credited", row.credited)):
            if came and row.promised and came.low > row.promised.high:
                yield f"{where}{came} {told}, more than the {row.promised} promised"
        counted = _most(row)
        if most is None or counted is None or row.prisoners is None:
            continue
        if row.prisoners.low > most * counted:
            yield (f"{where}{row.prisoners} prisoners for {counted:g} captives, more than "
                   f"{most:g} each by prisoners_per_captive")  # fmt: skip


def _most(row: Row) -> float | None:
    """Most captives that the row can count; None: not known."""
    told = [one.high for one in (row.delivered, row.credited) if one is not None]
    return max(told, default=None)
