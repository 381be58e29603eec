"""Play at a window with two categories, and the prices of one more day that both would agree on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.display import Displayed
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.extensions._second_line import FIRST, SECOND, Head, Stocks, solve_line
from ceasefire.truce.windows import WindowValues, window_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.extensions._second_line import CategoryLine
    from ceasefire.truce.fields import Parameters

ZONE_BELIEFS = 61


@dataclass(frozen=True, eq=False, kw_only=True)
class CategoryWindow(WindowValues):
    """Values and play at one window; see :class:`WindowValues`.

    `offers[i]`, `acceptance[i - 1]` and `chunk_values[i - 1]` belong to `options[i - 1]`.

    Attributes
    ----------
    options : tuple of (category, days)
        What can be offered: category 1 or 2, and days.
    held_second : float
        Captives of the second category held; `held` counts the first.
    """

    options: tuple[tuple[int, int], ...]
    held_second: float

    @property
    def is_last(self) -> bool:
        """Whether the first category buys no further day here."""
        return all(which == SECOND for which, _ in self.options)

    @property
    def best(self) -> tuple[int, int]:
        """Category and days of the chunk that the pausing state likes best; (0, 0) for none."""
        if not self.options:
            return 0, 0
        return self.options[int(np.argmax(self.acceptance * self.chunk_values))]

    @property
    def best_chunk(self) -> int:
        """Days of the chunk that the pausing state likes best; 0 where none can be offered."""
        return self.best[1]

    @property
    def expected_chunk(self) -> float:
        """Expected chunk in days given an offer; nan where none can be made."""
        if self.offer_probability == 0.0:
            return float("nan")
        days = np.array([days for _, days in self.options])
        return float(days @ self.offers[1:]) / self.offer_probability

    def goes_on_by(self, category: int) -> float:
        """Chance that a chunk of this category is offered through a working relay and accepted."""
        mine = np.array([which == category for which, _ in self.options], dtype=bool)
        return self.relay_works * float(self.offers[1:][mine] @ self.acceptance[mine])


@dataclass(frozen=True, eq=False)
class CategoryZone(Displayed):
    """Gains over stopping from one more day at each whole price of one category, utils.

    Attributes
    ----------
    category : int
        1 or 2.
    prices : ndarray of float
        Captives of that category: 1, 2, ... up to those held.
    pausing_state, dealer : ndarray of float
        Gains over stopping, play going on in equilibrium after the day.
    """

    category: int
    prices: NDArray[np.float64]
    pausing_state: NDArray[np.float64]
    dealer: NDArray[np.float64]

    @property
    def agreed(self) -> tuple[int, ...]:
        """Whole prices at which both sides gain: the zone of agreement."""
        both = (self.pausing_state >= 0.0) & (self.dealer >= 0.0)
        return tuple(int(price) for price in self.prices[both])


def category_values(line: CategoryLine, trust: float) -> CategoryWindow:
    """Evaluate the window at the head of `line` under belief `trust`."""
    fields = vars(window_values(line, trust)) | {"held": float(line.first_held[line.head])}
    return CategoryWindow(
        **fields,
        options=line.options(line.head),
        held_second=float(line.second_held[line.head]),
    )


def category_zone(
    parameters: Parameters,
    second: Parameters,
    held: Stocks,
    day: int,
    trust: float,
    category: int,
    *,
    after_first: bool = False,
) -> CategoryZone:
    """Gains from one more day, by its whole price in captives of one category.

    Solves the game behind each price anew; time grows with the captives held.
    """
    most = int(held[category - 1]) if day < parameters.J else 0
    prices = np.arange(1.0, most + 1.0)
    gains = np.zeros((2, most))
    for i, price in enumerate(prices):
        line = solve_line(
            parameters, second, held, day, after_first=after_first,
            head=Head(1, float(price), category), beliefs=ZONE_BELIEFS,
        )  # fmt: skip
        gains[:, i] = line.at(trust)[[kernels.FIRST_Y, kernels.FIRST_UD], line.head]
    return CategoryZone(category, prices, gains[0], gains[1])


__all__ = ["FIRST", "SECOND", "CategoryWindow", "CategoryZone", "category_values", "category_zone"]
