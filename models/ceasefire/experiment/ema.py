"""Rows of a store in the form that EMA Workbench's analyses read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.experiment.store import Kept, Store


def to_ema(store: Store, kept: Kept) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows of an experiment as EMA Workbench's pair of experiments and outcomes.

    Parameters
    ----------
    store : Store
        Open.
    kept : Kept
        The experiment in it.

    Returns
    -------
    experiments : DataFrame
        A row for each solved row of the store, in its order, numbered from 0; a column for each
        parameter. Numbers are floats, words are categories.
    outcomes : dict of str to array, shape (rows,)
        What was recorded: truth values, numbers, or words.

    Notes
    -----
    Failed rows are dropped, since the workbench has no place for them; ``experiments.attrs``
    says how many (``failed``). An output that a solved row lacks is nan, a lacking word is
    empty. Whole-numbered parameters are floats because the workbench's pasting puts halves
    between them. Feed it as ``prim.Prim(experiments, outcomes["mean_days"] >= 6,
    threshold=0.8)``, or to `ema_workbench.analysis.feature_scoring`.

    References
    ----------
    Kwakkel, J. (2017). The Exploratory Modeling Workbench. Environmental Modelling and Software
    96, 239-250.
    """
    import pandas as pd

    told: dict[str, list[Any]] = {name: [] for name in kept.columns}
    found: dict[str, list[Any]] = {name: [] for name in kept.record}
    failed = 0
    for row in store.rows(kept):
        if row.result is None:
            failed += 1
            continue
        for name, path in zip(kept.columns, kept.paths, strict=True):
            told[name].append(row.changes[path])
        for name in kept.record:
            found[name].append(row.result[name])
    experiments = pd.DataFrame({name: _parameter(values) for name, values in told.items()})
    experiments.attrs["failed"] = failed
    return experiments, {name: _outcome(values) for name, values in found.items()}


def _parameter(values: list[Any]) -> Any:
    import pandas as pd

    if any(isinstance(value, str | bool) for value in values):
        return pd.Categorical([str(value) for value in values])
    return np.array(values, dtype=np.float64)


def _outcome(values: list[Any]) -> Any:
    if any(isinstance(value, str) for value in values):
        return np.array(["" if value is None else str(value) for value in values])
    if all(isinstance(value, bool) for value in values):
        return np.array(values, dtype=bool)
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
