"""Tables of the paper that come from rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.experiment import Experiment

CASES = (
    "baseline", "no retention slope", "certain list", "no loss of momentum", "no shocks",
    "no distrust", "all off",
)  # fmt: skip
COLUMNS = ("trust", "open_probability", "block_days", "mean_days", "modal_days", "p_days_7",
           "p_days_8", "captives_freed", "sequence")  # fmt: skip


def baseline(rows: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
    """Return what ends the truce when the negotiation is solved anew without one friction."""
    table = rows[list(COLUMNS)].copy()
    table.insert(0, "case", CASES)
    return table
