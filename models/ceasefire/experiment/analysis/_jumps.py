"""Halving of intervals until what jumps is told from what is steep."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ceasefire.errors import CeasefireError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LEAST = 1e-6  # a change below this share of all of an output's change is none: rounding of roots
ABOVE = 3  # halvings between the two widths that a jump is judged by
ROUND = 0.05  # a bracket this narrow next to a number's last digit does not hold one by chance
CLOSE = 1e-3  # how near a round number is looked at, in widths of the bracket
MOST_DIGITS = 12


@dataclass(frozen=True)
class Jump:
    """Where an output jumps.

    Attributes
    ----------
    output : str
    at, low, high : float
        Between `low` and `high`; `at` is a round number in between, or the middle.
    left, right : object
        Values at `low` and `high`; None where nothing is solved.
    attained : str
        Which of them is the value at `at` where the jump is known to be there: ``left``,
        ``right``, ``neither``; empty where it is not known.
    """

    output: str
    at: float
    low: float
    high: float
    left: Any
    right: Any
    attained: str

    def __str__(self) -> str:
        """Return it in words."""
        told = [f"{v:.6g}" if isinstance(v, float) else str(v) for v in (self.left, self.right)]
        there = f" ({self.attained} there)" if self.attained else ""
        return f"{self.output} jumps at {self.at:.10g} from {told[0]} to {told[1]}{there}"


class Tracer:
    """Solves along a parameter, each point once.

    Attributes
    ----------
    found : dict of float to mapping
        Outputs by point; empty where there is no solution.
    errors : dict of float to (str or None)
    solves : int
    short : bool
        Whether `most` solves were not enough.
    """

    def __init__(
        self, solve: Callable[[float], Mapping[str, Any]], outputs: tuple[str, ...], most: int
    ) -> None:
        self.solve, self.outputs, self.most = solve, outputs, most
        self.found: dict[float, Mapping[str, Any]] = {}
        self.errors: dict[float, str | None] = {}
        self.solves, self.short = 0, False
        self.scale = dict.fromkeys(outputs, 1.0)

    def run(self, start: list[float], width: float, step: float, *, bisect: bool) -> list[Jump]:
        """Solve the start, refine it, and return the jumps in order."""
        for x in start:
            self.at(x)
        for name in self.outputs:
            numbers = [one[name] for one in self.found.values() if _number(one.get(name))]
            self.scale[name] = (max(numbers) - min(numbers) if numbers else 0.0) or 1.0
        jumps: list[Jump] = []
        if bisect:
            for chain in self._flagged(start, step):
                for leaf in self._halved(chain, width, step):
                    jumps += self._judged(leaf)
        return sorted(jumps, key=lambda one: (one.at, self.outputs.index(one.output)))

    def at(self, x: float) -> Mapping[str, Any]:
        """Return the outputs at a point."""
        if x not in self.found:
            self.solves += 1
            try:
                self.found[x] = {name: _plain(one) for name, one in self.solve(x).items()}
                self.errors[x] = None
            except CeasefireError as error:
                self.found[x], self.errors[x] = {}, f"{type(error).__name__}: {error}"
        return self.found[x]

    def apart(self, low: float, high: float, name: str) -> float:
        """Return how far an output moves, in shares of its range.

        Infinitely far from one whole number or word to another, and from a number to none.
        """
        one, two = self.at(low).get(name), self.at(high).get(name)
        if isinstance(one, int) and isinstance(two, int):
            return 0.0 if one == two else math.inf
        if _number(one) and _number(two):
            return float(abs(one - two) / self.scale[name])  # type: ignore[operator]  # numbers
        return 0.0 if one == two or (_missing(one) and _missing(two)) else math.inf

    def _flagged(self, start: list[float], step: float) -> Iterator[list[tuple[float, float]]]:
        """Yield the intervals of the start that want a closer look."""
        pairs = list(itertools.pairwise(start))
        moves = [{name: self.apart(*pair, name) for name in self.outputs} for pair in pairs]
        for k, pair in enumerate(pairs):
            beside = moves[max(k - 1, 0) : k] + moves[k + 1 : k + 2]
            for name, move in moves[k].items():
                most = max((other[name] for other in beside), default=math.inf)
                if move > step or (move > LEAST and move > 2.0 * most):
                    yield [pair]
                    break

    def _halved(
        self, chain: list[tuple[float, float]], width: float, step: float
    ) -> Iterator[list[tuple[float, float]]]:
        """Yield the intervals of at most `width` that still move, with those they came from."""
        low, high = chain[-1]
        middle = (low + high) / 2
        if high - low <= width or not low < middle < high:
            yield chain
            return
        if self.solves >= self.most:
            self.short = True
            return
        self.at(middle)
        for half in ((low, middle), (middle, high)):
            if self._moves(half, chain[-1], step):
                yield from self._halved([*chain, half], width, step)

    def _moves(self, half: tuple[float, float], whole: tuple[float, float], step: float) -> bool:
        for name in self.outputs:
            move = self.apart(*half, name)
            if move > step or (move > LEAST and move > 0.75 * self.apart(*whole, name)):
                return True
        return False

    def _judged(self, chain: list[tuple[float, float]]) -> list[Jump]:
        """Return the jumps in the last interval of a chain."""
        (low, high), before = chain[-1], chain[max(len(chain) - 1 - ABOVE, 0)]
        jumping = []
        for name in self.outputs:
            move, wide = self.apart(low, high, name), self.apart(*before, name)
            if math.isinf(move) or (move > LEAST and (len(chain) == 1 or move > 0.5 * wide)):
                jumping.append(name)
        if not jumping:
            return []
        at, low, high, known = self._sharpened(low, high, jumping)
        return [
            Jump(name, at, low, high, self.at(low).get(name), self.at(high).get(name),
                 self._attained(low, at, high, name) if known else "")
            for name in jumping
        ]  # fmt: skip

    def _sharpened(
        self, low: float, high: float, jumping: list[str]
    ) -> tuple[float, float, float, bool]:
        """Try whether all jumps are at a round number inside the bracket."""
        at, digits = roundest(low, high)
        near = CLOSE * (high - low)
        if high - low > ROUND * 10.0**-digits or self.solves + 3 > self.most:
            return (low + high) / 2, low, high, False
        first, last = max(at - near, low), min(at + near, high)
        there = all(
            self.apart(first, last, name) > 0.5 * self.apart(low, high, name)
            or self.apart(first, last, name) == math.inf
            for name in jumping
        )
        if not there:
            return (low + high) / 2, low, high, False
        return at, first, last, True

    def _attained(self, low: float, at: float, high: float, name: str) -> str:
        whole = self.apart(low, high, name)
        left, right = self.apart(low, at, name), self.apart(at, high, name)
        if math.isinf(whole):
            return "left" if left == 0.0 else "right" if right == 0.0 else (
                "left" if left < math.inf else "right" if right < math.inf else "neither"
            )  # fmt: skip
        if left < 0.1 * whole:
            return "left"
        return "right" if right < 0.1 * whole else "neither"


def roundest(low: float, high: float) -> tuple[float, int]:
    """Return the number with fewest decimals from `low` to `high`, and how many it has.

    Examples
    --------
    >>> roundest(0.29996, 0.30011)
    (0.3, 1)
    """
    for digits in range(MOST_DIGITS + 1):
        at = math.ceil(low * 10**digits) / 10**digits
        if low <= at <= high:
            return at, digits
    return (low + high) / 2, MOST_DIGITS + 1


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
