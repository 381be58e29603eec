"""Schedules of whole captives: batch sizes that keep themselves, given what the end is worth.

Batch k_t is kept to when ``c k_t <= delta W_{t+1}``, ``W_t = (v - c) k_t + delta W_{t+1}``, and
``W = X``, the worth of the end, once nobody is held.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ceasefire.bargaining._staged import exact
from ceasefire.tolerances import STAGED_MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ceasefire.bargaining._staged import Number, Tail


@dataclass(frozen=True)
class Terms:
    """What a batch is worth and costs: fractions where all was given so, else floats."""

    value: Any
    cost: Any
    discount: Any
    end: Any
    slack: Any  # what may be missing, utils: 0 for fractions

    @classmethod
    def of(
        cls, value: Number, cost: Number, discount: Number, end: Number, stock: Number
    ) -> Terms:  # fmt: skip
        """Fractions if no number is a float."""
        given = (value, cost, discount, end)
        if any(isinstance(x, float) for x in given):
            v, c, d, e = map(float, given)
            return cls(v, c, d, e, STAGED_MARGIN * v * float(stock))
        w, x, y, z = map(exact, given)
        return cls(w, x, y, z, Fraction(0))

    def before(self, batch: int, worth: Any) -> Any:
        """What the schedule is worth with `batch` put before what is worth `worth`."""
        return (self.value - self.cost) * batch + self.discount * worth

    def keeps(self, batch: int, worth: Any) -> bool:
        """Whether nobody walks away between `batch` and what follows."""
        return bool(self.cost * batch <= self.discount * worth + self.slack)


def best(terms: Terms, stock: int, deadline: int | None, tail: Tail) -> tuple[list[int], Any]:
    """The batches worth most that keep themselves, and their worth, by dynamic programming.

    Over captives held and, with a deadline, rounds left. More worth ahead never hurts an incentive,
    so the best continuation is part of the best schedule. Where worths tie, larger batches.
    """
    zero = terms.value * 0
    worth = [terms.end if tail == "value" else zero] + [zero] * stock
    if tail == "relaxed":
        worth = [(terms.value - terms.cost) * n for n in range(stock + 1)]
    if deadline is None:
        chosen = _one_round(terms, stock, worth, worth)
        return _unrolled([chosen] * stock, stock), worth[stock]
    rounds: list[list[int]] = []
    for _ in range(deadline):
        new = [worth[0]] + [zero] * stock
        if tail == "relaxed":
            new[0] = zero
        rounds.append(_one_round(terms, stock, worth, new))
        worth = new
    return _unrolled(rounds[::-1], stock), worth[stock]


def _one_round(terms: Terms, stock: int, ahead: list[Any], worth: list[Any]) -> list[int]:
    """The best batch for every number held, into `worth`; `ahead` is tomorrow's, or `worth`."""
    chosen = [0] * (stock + 1)
    for held in range(1, stock + 1):
        worth[held] = terms.value * 0  # nothing is handed over, now or later
        for batch in range(held, 0, -1):
            rest = ahead[held - batch]
            if terms.keeps(batch, rest) and terms.before(batch, rest) > worth[held]:
                worth[held], chosen[held] = terms.before(batch, rest), batch
    return chosen


def _unrolled(rounds: Sequence[list[int]], stock: int) -> list[int]:
    batches, held = [], stock
    for chosen in rounds:
        if held == 0 or chosen[held] == 0:
            break
        batches.append(chosen[held])
        held -= chosen[held]
    return batches


def every(terms: Terms, stock: int, deadline: int | None) -> Iterator[tuple[int, ...]]:
    """All schedules that hand over the whole stock and keep themselves, last batch upwards."""
    longest = stock if deadline is None else deadline
    stack: list[tuple[tuple[int, ...], int, Any]] = [((), stock, terms.end)]
    while stack:
        later, left, worth = stack.pop()
        if left == 0:
            yield later
            continue
        if len(later) == longest:
            continue
        for batch in range(1, left + 1):
            if not terms.keeps(batch, worth):
                break
            stack.append(((batch, *later), left - batch, terms.before(batch, worth)))


def end_needed(terms: Terms, batches: Sequence[int]) -> Any:
    """The least worth of the end, utils at the round after the last, that keeps every batch."""
    need = terms.value * 0
    for t, batch in enumerate(batches):
        ahead, weight = terms.value * 0, terms.discount
        for later in batches[t + 1 :]:
            ahead += weight * (terms.value - terms.cost) * later
            weight *= terms.discount
        if terms.discount > 0:
            need = max(need, (terms.cost * batch - ahead) / weight)
    return need
