"""Numbers as a reader is told them, and the grammar around them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.truce.incentives import Intervals

CERTAIN = 1e-9  # a chance this near 0 or 1 is told as 0 or 1
LEAST_TOLD = 0.0005  # of a chance in percent with one decimal
MOST_DIGITS = 8
LARGE = 1e6


def chance(value: float) -> str:
    """Return a probability in percent; what would round to never or always is told as nearly so.

    Examples
    --------
    >>> chance(0.96), chance(1e-5), chance(0.99999), chance(1.0)
    ('96.0%', 'under 0.1%', 'over 99.9%', '100%')
    """
    if value <= CERTAIN:
        return "0%"
    if value >= 1.0 - CERTAIN:
        return "100%"
    if value < LEAST_TOLD:
        return "under 0.1%"
    if value > 1.0 - LEAST_TOLD:
        return "over 99.9%"
    return f"{100.0 * value:.1f}%"


def belief(value: float) -> str:
    """Return a belief with two decimals, more where it would look like 0 or 1.

    Examples
    --------
    >>> belief(0.471), belief(0.0004), belief(1.0)
    ('0.47', '0.0004', '1.00')
    """
    return apart(value, 0.0 if value > 0.0 else 1.0)[0] if value < 0.5 else apart(value, 1.0)[0]


def apart(one: float, other: float) -> tuple[str, str]:
    """Return two numbers with as many decimals as it takes to tell them apart, two at least.

    Examples
    --------
    >>> apart(0.627, 0.640), apart(0.6391, 0.6402), apart(1.0, 1.0)
    (('0.63', '0.64'), ('0.639', '0.640'), ('1.00', '1.00'))
    """
    for digits in range(2, MOST_DIGITS + 1):
        told = _fixed(one, digits), _fixed(other, digits)
        if told[0] != told[1]:
            return told
    return _fixed(one, 2), _fixed(other, 2)


def utils(value: float) -> str:
    """Return a payoff with two decimals, more where it would round to 0.

    Examples
    --------
    >>> utils(8.468), utils(-0.1163), utils(0.0012), utils(-0.0), utils(3e9)
    ('8.47', '-0.12', '0.001', '0.00', '3e+09')
    """
    if abs(value) >= LARGE:
        return f"{value:.4g}"
    for digits in (2, 3, 4, 5, 6):
        told = _fixed(value, digits)
        if float(told) != 0.0:
            return told
    return "0.00"


def _fixed(value: float, digits: int) -> str:
    told = f"{value:.{digits}f}"
    return told.removeprefix("-") if float(told) == 0.0 else told


def plain(value: float) -> str:
    """Return a parameter as it was set.

    Examples
    --------
    >>> plain(10.0), plain(0.25), plain(4)
    ('10', '0.25', '4')
    """
    return f"{value:.12g}"


def amount(value: float) -> str:
    """Return a number of captives or days, whole where it is.

    Examples
    --------
    >>> amount(12.5), amount(50.0), amount(24.81), amount(98 - 3 * (50 / 3))
    ('12.5', '50', '24.8', '48')
    """
    told = f"{value:.1f}"
    return told.removesuffix(".0") if abs(value - round(value)) < 1e-6 else told


def captives(value: float) -> str:
    """Return a number of captives with the word."""
    return f"{amount(value)} captive{'' if amount(value) == '1' else 's'}"


def days(value: float) -> str:
    """Return a number of days with the word."""
    return f"{amount(value)} day{'' if amount(value) == '1' else 's'}"


def zone(intervals: Intervals) -> str:
    """Return the prices of a zone: '5.87 to 8.00 or 8.19 to 22.42'; 'no price' where empty."""
    return " or ".join(f"{low:.2f} to {high:.2f}" for low, high in intervals) or "no price"


def listed(items: Sequence[str], word: str = "and") -> str:
    """Return items as a sentence lists them.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def cell(value: float, form: str = ".2f") -> str:
    """Return a number for a table: a dash where there is none, 'none' where it is infinite."""
    if math.isnan(value):
        return "-"
    if math.isinf(value):
        return "none"
    return f"{value:{form}}" if form != "amount" else amount(value)


def sentence(*parts: str) -> str:
    """Return parts as one paragraph, empty ones left out."""
    return " ".join(part for part in parts if part)
