"""Words and numbers of answers: counts with their nouns, numbers without powers of ten."""

from __future__ import annotations

from typing import SupportsFloat

PLAIN = (1e-4, 1e7)  # sizes that are written out; others keep their power of ten


def counted(number: SupportsFloat, one: str, many: str = "", *, digits: int = 6) -> str:
    """A number with its noun, as in "1 batch" and "2 batches".

    >>> counted(1, "batch", "batches"), counted(2, "batch", "batches"), counted(1.0, "day")
    ('1 batch', '2 batches', '1 day')
    """
    text = shown(number, digits)
    return f"{text} {one if text == '1' else many or one + 's'}"


def shown(number: SupportsFloat, digits: int = 3) -> str:
    """A number to so many digits, written out unless it is tiny or huge.

    >>> shown(1079.6), shown(0.001234), shown(-0.0), shown(2.73e-10), shown(5e9)
    ('1080', '0.00123', '0', '2.73e-10', '5e+09')
    """
    value = float(number) + 0.0  # -0 becomes 0
    text = f"{value:.{digits}g}"
    if "e" in text and PLAIN[0] <= abs(value) < PLAIN[1]:
        return f"{float(text):.0f}"
    return text


def rounded(number: SupportsFloat, decimals: int = 2) -> str:
    """A number to so many decimals, or to two digits where that would leave nothing of it.

    >>> rounded(8.468), rounded(-0.1234), rounded(-0.00012), rounded(0)
    ('8.47', '-0.12', '-0.00012', '0.00')
    """
    value = float(number) + 0.0
    text = f"{value:.{decimals}f}"
    return shown(value, 2) if value and not float(text) else text
