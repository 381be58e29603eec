"""Stationary equilibria of alternating offers over whole units."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ceasefire.bargaining.interface import Checks
from ceasefire.tolerances import OFFERS_ROUNDING

if TYPE_CHECKING:
    from ceasefire.bargaining._rounds import Rounds


def stationary(game: Rounds, units: int) -> tuple[tuple[tuple[int, int], ...], Checks]:
    """What side 1 asks for and is offered in each, rising; and the largest gain from deviating."""
    found = []
    worst = -1.0
    for x in range(units + 1):
        y = _least(game, 0, units, x)
        if y > units or units - _least(game, 1, units, units - y) != x:
            continue
        gain = _gain(game, units, x, y)
        if gain <= OFFERS_ROUNDING:  # where a proposer would rather be refused
            found.append((x, y))
            worst = max(worst, gain)
    return tuple(found), Checks({"gain from one deviation": worst}, OFFERS_ROUNDING)


def _worth(game: Rounds, i: int, units: int, own: int) -> Any:
    """What refusing is worth to i, in units, if it gets `own` where it offers itself."""
    k = 1 - i
    on = game.fall[k][i] * units + game.keep[k][i] * own
    option = game.option[i]
    return on if option is None else max(on, option * units)


def _least(game: Rounds, i: int, units: int, own: int) -> int:
    """The least whole number that i accepts."""
    worth = _worth(game, i, units, own)
    slack = 0 if isinstance(worth, Fraction | int) else OFFERS_ROUNDING * units
    least: int = math.ceil(worth - slack)
    return max(0, least)


def _gain(game: Rounds, units: int, x: int, y: int) -> float:
    """Of a proposer by another offer or by being refused, of a responder by another answer."""
    gains = []
    for i, mine, offered in ((0, x, y), (1, units - y, units - x)):
        j = 1 - i
        refusing = _worth(game, i, units, mine)
        gains.append(refusing - offered)
        leaves = game.option[j] is not None and game.option[j] * units > (
            game.fall[i][j] * units + game.keep[i][j] * (units - y if j == 1 else x)
        )
        left = game.left[i] * units
        waits = game.fall[i][i] * units + game.keep[i][i] * offered
        gains.append((left if leaves else waits) - mine)
        # The least that the other accepts, by trying every offer.
        other = _worth(game, j, units, units - y if j == 1 else x)
        taken = [n for n in range(units + 1) if n >= other - OFFERS_ROUNDING * units]
        gains.append(units - taken[0] - mine if taken else 0)
    return float(max(gains)) / units
