"""Solve the truce with two categories: boundary, pilot, talks, block, and every window behind."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.tolerances import PAYOFF_TIE
from ceasefire.truce import _kernels as base
from ceasefire.truce.extensions._second_boundary import reopen
from ceasefire.truce.extensions._second_course import (
    CategoryCourse,
    CategoryTable,
    mix,
    no_deal,
    trace,
)
from ceasefire.truce.extensions._second_line import (
    FIRST,
    SECOND,
    CategoryLine,
    Head,
    Stocks,
    second_parameters,
    solve_line,
)
from ceasefire.truce.extensions._second_tree import check_line, payoff_range, terms_error
from ceasefire.truce.extensions._second_windows import category_values, category_zone
from ceasefire.truce.fields import MOST_CAPTIVES
from ceasefire.truce.opening import check_solved, head_values, nash_products, open_pause
from ceasefire.truce.solution import Solution, check_number, check_window, claim, first_blocks
from ceasefire.truce.verify import may_have_several_roots, worst
from ceasefire.truce.windows import trust_needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.truce.extensions._certificate import ExtendedCertificate
    from ceasefire.truce.extensions._second_boundary import ReopenedBoundary
    from ceasefire.truce.extensions._second_windows import CategoryWindow, CategoryZone
    from ceasefire.truce.extensions.second_category import SecondCategory
    from ceasefire.truce.opening import Opened
    from ceasefire.truce.scenario import Scenario

METHOD = "backward induction with exact critical posteriors over both stocks"


class Boundary(NamedTuple):
    """One way to count the ambiguous captives, and what it leads to.

    `counted_first` of them count in the first category; the values (utils) are those of the
    agreed block when the pause opens, at the belief after that boundary's own pilot.
    """

    counted_first: int
    trust: float
    block_days: int
    pausing_state: float
    dealer: float
    nash_product: float


@dataclass(frozen=True, eq=False, repr=False)
class CategoryEquilibrium(Solution[CategoryLine, CategoryCourse]):
    """Markov perfect Bayesian equilibrium of the truce with two categories of captives.

    Attributes and methods are those of :class:`ceasefire.truce.TruceEquilibrium`, and:

    Attributes
    ----------
    boundaries : tuple of Boundary
        Every boundary, from none to all of the ambiguous captives in the first category.
    counted_first : int
        Ambiguous captives counted in the first category: the boundary agreed.
    """

    boundaries: tuple[Boundary, ...] = ()
    counted_first: int = 0

    play_table = CategoryTable

    @property
    def second_category(self) -> SecondCategory:
        """The second category's table."""
        return _table(self.scenario)

    @property
    def stocks(self) -> Stocks:
        """Captives of either category when the pause starts, by the boundary agreed."""
        return _stocks(self.scenario, self.counted_first)

    @property
    def captives(self) -> float:
        """Captives of both categories when the pause starts."""
        return sum(self.stocks)

    @cached_property
    def boundary(self) -> pd.DataFrame:
        """Choice of the boundary: belief, block, values (utils), Nash product; a row each."""
        import pandas as pd

        return pd.DataFrame(self.boundaries).set_index("counted_first")

    def window(self, held: float, day: int, held_second: float | None = None) -> CategoryLine:
        """Return the line of play that starts at a window.

        Parameters
        ----------
        held : float
            Captives of the first category held.
        day : int
            Pause days used.
        held_second : float, optional
            Captives of the second category held; default: all of them.
        """
        second = self.stocks.second if held_second is None else held_second
        check_window(self.parameters, held, day)
        check_number("held_second", second, 0.0, MOST_CAPTIVES)
        key = (float(held), int(day), float(second))
        if key not in self._windows:
            self._windows[key] = _line(
                self.scenario, Stocks(key[0], key[2]), key[1], Head(), self.beliefs
            )
        return self._windows[key]

    def values(
        self, held: float, day: int, trust: float, held_second: float | None = None
    ) -> CategoryWindow:
        """Return values and play at a window under belief `trust`; exact."""
        check_number("trust", trust, 0.0, 1.0)
        return category_values(self.window(held, day, held_second), float(trust))

    def trust_needed(
        self, held: float = 48, day: int = 4, held_second: float | None = None
    ) -> float:
        """Least belief at which some chunk of either category is worth offering.

        nan where no chunk can be offered; inf where no belief suffices.
        """
        return trust_needed(self.window(held, day, held_second))

    def zone(
        self,
        held: float,
        day: int,
        trust: float,
        category: int,
        held_second: float | None = None,
    ) -> CategoryZone:
        """Whole prices of one more day, in captives of `category`, at which both sides gain."""
        check_number("trust", trust, 0.0, 1.0)
        if category not in (FIRST, SECOND):
            raise ArgumentError("category", category, "1 or 2")
        line = self.window(held, day, held_second)
        stocks = Stocks(float(line.first_held[line.head]), float(line.second_held[line.head]))
        return category_zone(
            line.parameters, line.second, stocks, int(day), float(trust), category,
            after_first=line.after_first,
        )  # fmt: skip

    def reopened(
        self, held: float, day: int, trust: float, held_second: float | None = None
    ) -> ReopenedBoundary:
        """Put the boundary on the table again at a window, which nobody had counted on.

        The ambiguous captives still held, who are taken to be the last that each category gives,
        may be counted anew: those of the second category in the first, and back. See
        :class:`ReopenedBoundary`; at the last window, where the first category buys no further
        day, captives counted anew in it can buy one.
        """
        check_number("trust", trust, 0.0, 1.0)
        line = self.window(held, day, held_second)
        stocks = Stocks(float(line.first_held[line.head]), float(line.second_held[line.head]))
        in_second = self.second_category.ambiguous_captives - self.counted_first
        return reopen(
            line.parameters, line.second, stocks, int(day), float(trust),
            into_first=min(in_second, int(stocks.second)),
            into_second=min(self.counted_first, int(stocks.first)),
            bargaining_weight=self.bargaining_weight, after_first=line.after_first,
        )  # fmt: skip

    def _trace(self, line: CategoryLine, trust: float, block_days: int) -> CategoryCourse:
        return trace(line, trust, block_days)

    def _no_deal(self, trust: float) -> CategoryCourse:
        return no_deal(*self.stocks, trust)

    def _mix(self, parts: Sequence[tuple[CategoryCourse, float]]) -> CategoryCourse:
        return mix(parts)

    @cached_property
    def certificate(self) -> ExtendedCertificate:
        """Independent verification, computed on first use."""
        return _certify(self)


def solve_categories(scenario: Scenario, *, beliefs: int, throw: bool) -> CategoryEquilibrium:
    """Solve a scenario whose table [second_category] is on."""
    table, p = _table(scenario), scenario.symbols()
    if p.x1 != 0.0:
        got, allowed = p.x1, "0: with two categories each has a constant price"
        raise ArgumentError("terms.price_growth_per_day", got, allowed)
    if p.W0 - table.ambiguous_captives < p.n0:
        got, allowed = table.ambiguous_captives, f"at most {p.W0 - p.n0:g}: the block is owed first"
        raise ArgumentError("second_category.ambiguous_captives", got, allowed)
    solved = [
        _solve_boundary(scenario, counted, beliefs)
        for counted in range(table.ambiguous_captives + 1)
    ]
    boundary, opened, lines = max(solved, key=lambda one: one[0].nash_product)
    close = boundary.nash_product - PAYOFF_TIE * _range(scenario)
    # where boundaries are worth the same, more ambiguous captives stay in the first category
    boundary, opened, lines = [one for one in solved if one[0].nash_product >= close][-1]
    claimed = claim(
        opened,
        lines,
        check=check_line,
        payoff_range=_range(scenario),
        several=may_have_several_roots,
    )
    equilibrium = replace(
        CategoryEquilibrium.of(scenario, claimed, lines, METHOD, beliefs),
        boundaries=tuple(one for one, _, _ in solved),
        counted_first=boundary.counted_first,
    )
    check_solved(equilibrium, throw=throw)
    return equilibrium


def _table(scenario: Scenario) -> SecondCategory:
    assert scenario.second_category is not None
    return scenario.second_category


def _stocks(scenario: Scenario, counted_first: int) -> Stocks:
    """Captives of either category when `counted_first` of the ambiguous are in the first."""
    table = _table(scenario)
    moved = table.ambiguous_captives - counted_first
    return Stocks(scenario.symbols().W0 - moved, table.captives + moved)


def _line(scenario: Scenario, held: Stocks, day: int, head: Head, beliefs: int) -> CategoryLine:
    p, table = scenario.symbols(), _table(scenario)
    second, wait = second_parameters(p, table), bool(table.only_after_first)
    return solve_line(p, second, held, day, after_first=wait, head=head, beliefs=beliefs)


def _solve_boundary(
    scenario: Scenario, counted_first: int, beliefs: int
) -> tuple[Boundary, Opened, tuple[CategoryLine, ...]]:
    """Solve everything behind one boundary."""
    p, stocks = scenario.symbols(), _stocks(scenario, counted_first)
    lines = tuple(
        _line(scenario, stocks, 0, Head(days, batch), beliefs) for days, batch in first_blocks(p)
    )
    opened = open_pause(p._replace(W0=stocks.first), lines, beliefs)
    rows = np.vstack((np.zeros(3), head_values(lines, opened.trust)))
    shares = opened.block_weights or {0: 1.0}
    values = sum((share * rows[days] for days, share in shares.items()), np.zeros(3))
    product = float(nash_products(values, opened.bargaining_weight))
    worth = (float(values[0]), float(values[1]), product)
    return Boundary(counted_first, opened.trust, opened.block_days, *worth), opened, lines


def _range(scenario: Scenario) -> float:
    p, table = scenario.symbols(), _table(scenario)
    held = table.captives + table.ambiguous_captives
    return payoff_range(p, second_parameters(p, table), held)


def _certify(equilibrium: CategoryEquilibrium) -> ExtendedCertificate:
    from ceasefire.truce.certificate import several_roots
    from ceasefire.truce.extensions._certificate import extended_certificate

    lines = equilibrium.lines
    tree = worst(tuple(check_line(line, equilibrium.trust) for line in lines))
    return extended_certificate(
        equilibrium,
        tree,
        gains=(
            ("opportunist", tree.opportunist),
            ("pausing state", tree.pausing_state),
            ("political wing", tree.political_wing),
        ),
        value_error=max(
            tree.value_error, _boundary_error(equilibrium), *(terms_error(line) for line in lines)
        ),
        payoff_range=_range(equilibrium.scenario),
        several_roots=[found.beliefs for line in lines for found in several_roots(line)],
        grid_error=max(_grid_error(line) for line in lines),
    )


def _boundary_error(equilibrium: CategoryEquilibrium) -> float:
    """Largest fault, utils: products told, a boundary worth more, values of the one agreed."""
    told, weight = equilibrium.boundaries, equilibrium.bargaining_weight
    products = {one.counted_first: _product(one, weight) for one in told}
    agreed = next(one for one in told if one.counted_first == equilibrium.counted_first)
    worth = np.zeros(2)
    for days, share in equilibrium.block_weights.items():
        if days:
            line = equilibrium.line(days)
            worth += share * line.at(equilibrium.trust)[[base.FIRST_Y, base.FIRST_UD], line.head]
    faults = [abs(products[one.counted_first] - one.nash_product) for one in told]
    faults += [abs(worth[0] - agreed.pausing_state), abs(worth[1] - agreed.dealer)]
    return float(max(*faults, max(products.values()) - products[agreed.counted_first]))


def _product(one: Boundary, weight: float) -> float:
    if min(one.pausing_state, one.dealer) <= 0.0:
        return 0.0
    return math.exp((1.0 - weight) * math.log(one.pausing_state) + weight * math.log(one.dealer))


def _grid_error(line: CategoryLine) -> float:
    at = line.head
    finer = solve_line(
        line.parameters,
        line.second,
        Stocks(float(line.first_held[at]), float(line.second_held[at])),
        int(line.nodes.used[at]),
        after_first=line.after_first,
        head=Head(line.block_days, float(line.nodes.batch[at]), int(line.category[at])),
        beliefs=2 * line.beliefs.size - 1,
    )
    difference = np.abs(line.values[:6] - finer.values[:6, :, ::2])
    day = line.category > 0  # a window has no first-day values
    return float(max(difference[:3].max(), difference[3:, day].max()))
