"""Sweeps of one parameter, shared by the figures of the propositions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.figures._solved import solved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from ceasefire.truce import Scenario, TruceEquilibrium


def sweep(
    scenario: Scenario,
    symbol: str,
    values: Iterable[float],
    record: Callable[[TruceEquilibrium], dict[str, float]],
) -> pd.DataFrame:
    """One row a value of the parameter `symbol`, with what `record` takes from the solution."""
    import pandas as pd

    rows = [
        {symbol: float(value)} | record(solved(scenario.replace({symbol: value})))
        for value in values
    ]
    return pd.DataFrame(rows)
