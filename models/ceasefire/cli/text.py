"""Text for a terminal: lines that fit and columns that align. Loads nothing."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

WIDTH = 88


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], left: int | Collection[int] = 1
) -> str:
    """Aligned columns: the first `left` (or those listed) to the left, numbers to the right."""
    lefts = range(left) if isinstance(left, int) else left
    cells = [list(head), *[list(row) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = []
    for row in cells:
        parts = [
            cell.ljust(width) if i in lefts else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(parts)).rstrip())
    return "\n".join(lines)


def wrapped(text: str, indent: str = "  ", hanging: str = "") -> list[str]:
    """Return lines that fit; long words such as addresses stay whole."""
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + hanging,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def examples(*lines: str) -> str:
    """Return the end of a command's help: lines to copy."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
