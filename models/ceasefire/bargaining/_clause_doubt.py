"""Whether a clause still beats the actual one when preferences are not what was assumed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining._clause_play import played
from ceasefire.bargaining._staged import checked, checked_count
from ceasefire.errors import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.bargaining.clause import ClauseDesigner
    from ceasefire.truce import Scenario

# Symbols of docs/model.md that no report fixes; terms, noise and the chain of talks stay.
DOUBTED = (
    "pi0", "g", "c_lo", "c_hi", "iota", "l_hi", "l_lo", "l_w", "v", "k0", "k1", "kappa", "beta",
    "chi", "Z", "K_T",
)  # fmt: skip
PROBABILITIES = ("pi0", "l_hi", "l_lo", "beta", "chi")
SEED = 20231124


def doubted(
    model: ClauseDesigner, *, draws: int, spread: float, rng: np.random.Generator | None
) -> pd.DataFrame:
    """See `ClauseDesigner.doubt`."""
    import pandas as pd

    checked_count("draws", draws)
    checked("spread", spread, 0, math.inf, "a number above 0")
    random = np.random.default_rng(SEED) if rng is None else rng
    design = model.solve()
    named = {"best": design.best.clause, "longest": design.longest.clause,
             "most freed": design.most_freed.clause}  # fmt: skip
    gains: dict[str, list[tuple[float, float, float]]] = {name: [] for name in named}
    kept = 0
    for _ in range(draws):
        other = drawn(model.scenario, spread, random)
        setting = replace(model.setting, scenario=other, digest=other.digest)
        actual = played(setting, model.actual)
        if actual is None or not actual.agreed:
            continue
        kept += 1
        for name, clause in named.items():
            play = played(setting, clause)
            one, two = _numbers(model, play), _numbers(model, actual)
            gains[name].append((one[0] - two[0], one[1] - two[1], one[2] - two[2]))
    rows = [(name, str(named[name]), kept, *_summary(found)) for name, found in gains.items()]
    columns = ["role", "clause", "draws", "share_score", "share_days", "share_freed",
               "median_score", "median_days", "median_freed"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def drawn(scenario: Scenario, spread: float, rng: np.random.Generator) -> Scenario:
    """Draw another scenario: what is doubted multiplied, probabilities at most 1."""
    p = scenario.symbols()
    while True:
        factors = rng.uniform(1.0 / (1.0 + spread), 1.0 + spread, len(DOUBTED))
        changes = {
            name: getattr(p, name) * float(factor)
            for name, factor in zip(DOUBTED, factors, strict=True)
        }
        for name in PROBABILITIES:
            changes[name] = min(changes[name], 1.0)
        try:
            return scenario.replace(changes)
        except ScenarioError:  # a bound that the multiple passes: draw again
            continue


def _numbers(model: ClauseDesigner, play: object) -> tuple[float, float, float]:
    from ceasefire.bargaining._clause_play import ClausePlay

    if not isinstance(play, ClausePlay) or not play.agreed:
        return 0.0, 0.0, 0.0
    reach = model.reach(play)
    return model.score(play), reach * play.days, reach * play.freed


def _summary(gains: list[tuple[float, float, float]]) -> tuple[float, ...]:
    if not gains:
        return (math.nan,) * 6
    table = np.array(gains)
    shares, middles = (table > 0.0).mean(axis=0), np.median(table, axis=0)
    return (*shares.tolist(), *middles.tolist())
