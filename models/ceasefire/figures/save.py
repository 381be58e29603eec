"""The only writer of figures and tables; the same input gives the same bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

# Last bits of exp and log differ between processors, and roots in the price are good to 1e-9;
# eight digits are the same everywhere.
DIGITS = 8


def write_figure(figure: Figure, stem: Path) -> list[Path]:
    """Write STEM.pdf and STEM.png without dates, versions or other traces of the run."""
    pdf, png = stem.with_suffix(".pdf"), stem.with_suffix(".png")
    nothing = dict.fromkeys(("Creator", "Producer", "CreationDate", "ModDate"))
    figure.savefig(pdf, metadata=nothing)
    figure.savefig(png, metadata={"Software": None})
    return [pdf, png]


def write_table(table: pd.DataFrame, path: Path) -> Path:
    """Write a tidy table as CSV: UTF-8, one line ending, eight significant digits."""
    text = table.to_csv(index=False, float_format=f"%.{DIGITS}g", lineterminator="\n")
    path.write_bytes(text.encode())
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
