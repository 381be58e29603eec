"""Frames of an experiment whose output is a known function of its parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ceasefire.experiment import points
from ceasefire.experiment.spec import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ceasefire.experiment import Experiment

# parameters of the scenario that may lie anywhere from 1 to 2
NAMES = ("x", "k0", "k1", "kappa", "v", "g", "c_lo", "s")


def experiment(
    design: str, options: str, names: Sequence[str] = NAMES, seed: int = 0, more: str = ""
) -> Experiment:
    ranges = "\n".join(f"{name} = {{ from = 1, to = 2 }}" for name in names)
    return parse(
        f'schema_version = 1\nname = "known"\nscenario = "november-2023"\nseed = {seed}\n'
        f'record = ["mean_days", "sequence"]\n{more}\n[vary]\ndesign = "{design}"\n{options}\n'
        f"[vary.parameters]\n{ranges}\n"
    )


def framed(told: Experiment, output: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    """Rows as a run would leave them; `output` takes shares of the ranges, shape (rows, k)."""
    rows = [[point.index, 0, *point.changes.values()] for point in points(told)]
    frame = pd.DataFrame(rows, columns=["point", "replicate", *told.columns])
    frame["mean_days"] = output(frame[list(told.columns)].to_numpy(dtype=float) - 1.0)
    frame["sequence"] = "4-2-1"
    frame["error"] = None
    return frame


def ishigami(u: np.ndarray) -> np.ndarray:
    a, b, c = (2 * np.pi * u[:, which] - np.pi for which in range(3))
    return np.sin(a) + 7.0 * np.sin(b) ** 2 + 0.1 * c**4 * np.sin(a)


# Ishigami and Homma (1990); closed forms as in Saltelli et al. (2008), p. 196
_PARTS = (0.5 * (1 + 0.1 * np.pi**4 / 5) ** 2, 49 / 8, 0.1**2 * np.pi**8 * (1 / 18 - 1 / 50))
ISHIGAMI_VARIANCE = sum(_PARTS)
ISHIGAMI_FIRST = np.array([_PARTS[0], _PARTS[1], 0.0]) / ISHIGAMI_VARIANCE
ISHIGAMI_TOTAL = np.array([_PARTS[0] + _PARTS[2], _PARTS[1], _PARTS[2]]) / ISHIGAMI_VARIANCE

G_WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0, 99.0, 99.0, 99.0, 99.0])


def g_function(u: np.ndarray) -> np.ndarray:
    return np.prod((np.abs(4 * u - 2) + G_WEIGHTS) / (1 + G_WEIGHTS), axis=1)


# Saltelli and Sobol (1995): the parts are (1/3) / (1 + a)^2, the variance prod (1 + part) - 1
_SHARES = 1 / (3 * (1 + G_WEIGHTS) ** 2)
G_VARIANCE = np.prod(1 + _SHARES) - 1
G_FIRST = _SHARES / G_VARIANCE
G_TOTAL = _SHARES * np.prod(1 + _SHARES) / (1 + _SHARES) / G_VARIANCE
