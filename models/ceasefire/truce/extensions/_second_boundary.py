"""The boundary between two categories put on the table again at a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.display import Displayed
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.extensions._second_line import Stocks, solve_line
from ceasefire.truce.extensions._second_tree import check_line
from ceasefire.truce.extensions._second_windows import ZONE_BELIEFS
from ceasefire.truce.opening import nash_products

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.extensions._second_line import CategoryLine
    from ceasefire.truce.fields import Parameters


@dataclass(frozen=True, eq=False)
class ReopenedBoundary(Displayed):
    """Gains over keeping the boundary from counting some captives anew at a window, utils.

    Attributes
    ----------
    day : int
        Pause days used.
    moved : ndarray of int
        Captives counted anew: from the second category into the first; negative: back.
    stocks : tuple of (float, float)
        Captives of either category after each.
    pausing_state, dealer : ndarray of float
        Gains over going on with the boundary as it is, play going on in equilibrium.
    bargaining_weight : float
        The captor's.
    exploitability : float
        Most that anyone gains by deviating behind any of these boundaries, on the exact trees.
    """

    day: int
    moved: NDArray[np.int64]
    stocks: tuple[Stocks, ...]
    pausing_state: NDArray[np.float64]
    dealer: NDArray[np.float64]
    bargaining_weight: float
    exploitability: float

    @property
    def agreed(self) -> tuple[int, ...]:
        """Numbers counted anew from which both sides gain: the zone of agreement."""
        both = (self.pausing_state > 0.0) & (self.dealer > 0.0)
        return tuple(int(n) for n in self.moved[both])

    @property
    def settled(self) -> int:
        """The number of greatest Nash product over keeping the boundary; 0 where none is agreed."""
        gains = np.column_stack((self.pausing_state, self.dealer))
        products = nash_products(gains, self.bargaining_weight)
        return int(self.moved[int(np.argmax(products))]) if products.max() > 0.0 else 0


def reopen(
    parameters: Parameters,
    second: Parameters,
    held: Stocks,
    day: int,
    trust: float,
    *,
    into_first: int,
    into_second: int,
    bargaining_weight: float,
    after_first: bool,
) -> ReopenedBoundary:
    """Solve a window anew for every boundary that counting captives anew can lead to.

    At most `into_first` captives move from the second category into the first, and at most
    `into_second` the other way. Time grows with their sum.
    """
    moved = np.arange(-into_second, into_first + 1)
    stocks = tuple(Stocks(held.first + n, held.second - n) for n in moved)
    lines = [
        solve_line(
            parameters, second, at, day, after_first=after_first, beliefs=ZONE_BELIEFS
        )
        for at in stocks
    ]  # fmt: skip
    worth = np.array([_worth(line, trust) for line in lines])
    gains = worth - worth[into_second]
    worst = max(check_line(line, trust).exploitability for line in lines)
    return ReopenedBoundary(
        day, moved, stocks, gains[:, 0], gains[:, 1], bargaining_weight, float(worst)
    )


def _worth(line: CategoryLine, trust: float) -> tuple[float, float]:
    at = line.at(trust)[:, line.head]
    return float(at[kernels.Y]), float(at[kernels.UD])
