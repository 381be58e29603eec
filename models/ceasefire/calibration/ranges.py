"""Numbers that sources may disagree about: one value, or a range from the least to the most."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_NUMBER = r"(\d+(?:\.\d+)?)"
_RANGE = re.compile(rf"\s*{_NUMBER}(?:\s*(?:-|–|\.\.)\s*{_NUMBER})?\s*")
RANGE_WORDS = 'a number from 0, or a range such as "17-20"'


@dataclass(frozen=True, order=True)
class Range:
    """From `low` to `high`, ends included; both the same where sources agree.

    Examples
    --------
    >>> Range.parse("17-20"), Range.parse("8")
    (Range(low=17.0, high=20.0), Range(low=8.0, high=8.0))
    >>> Range.parse("17-20").middle, str(Range.parse("17-20")), str(Range(8, 8))
    (18.5, '17-20', '8')
    """

    low: float
    high: float

    @classmethod
    def parse(cls, value: Any) -> Range:
        """Read a number or a range.

        Raises
        ------
        ValueError
            Neither, or a range that runs backward.
        """
        if isinstance(value, Range):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError("not a number")
        text = f"{value:f}" if isinstance(value, float) else str(value)
        found = _RANGE.fullmatch(text)
        if found is None:
            raise ValueError("not a number or range")
        low = float(found[1])
        high = float(found[2]) if found[2] else low
        if high < low:
            raise ValueError("range runs backward")
        return cls(low, high)

    @property
    def middle(self) -> float:
        """Midpoint, which stands for the range where one number is needed."""
        return 0.5 * (self.low + self.high)

    def __add__(self, other: Range) -> Range:
        """Add the ends."""
        return Range(self.low + other.low, self.high + other.high)

    def __str__(self) -> str:
        """Return what :meth:`parse` reads back."""
        low, high = f"{self.low:.15g}", f"{self.high:.15g}"
        return low if low == high else f"{low}-{high}"


Ranged = Annotated[Range, BeforeValidator(Range.parse), PlainSerializer(str)]
