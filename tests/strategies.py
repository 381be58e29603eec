"""Hypothesis strategies that several test files share."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import ceasefire as cf
from ceasefire import truce

# Wide boxes around the baseline; caps small enough that a solve takes milliseconds.
BOXES: dict[str, tuple[float, float]] = {
    "pi0": (0, 1), "g": (0, 30), "c_lo": (0, 1), "c_hi": (0, 4), "iota": (1, 30),
    "l_hi": (0.5, 1), "l_lo": (0, 1), "l_w": (1, 20), "s_C": (0.01, 3), "r_C": (0, 0.1),
    "v": (0, 3), "k0": (-1, 15), "k1": (-0.2, 1), "kappa": (0, 20), "s": (0.01, 2),
    "r_D": (0, 0.1), "beta": (0, 0.3), "chi": (0, 0.4), "x_p": (0, 6), "Z": (1, 100),
    "K_T": (-5, 40), "s_T": (0.05, 3), "lam": (0, 0.4), "om": (0, 0.5), "rho": (0, 0.5),
    "b_T": (0, 0.5), "relay": (0, 4),
}  # fmt: skip


@st.composite
def valid_scenarios(draw: Any) -> truce.Scenario:
    """Random valid scenarios, all parameters free; edges (0, 1) included by construction."""
    changes: dict[str, float] = {
        symbol: draw(st.floats(low, high, allow_subnormal=False))
        for symbol, (low, high) in BOXES.items()
    }
    pool = draw(st.floats(5, 130))
    changes |= {
        "W0": pool,
        "n0": pool * draw(st.floats(0.05, 1)),
        "x": pool * draw(st.floats(0.05, 1)),
        "J": draw(st.integers(1, 9)),
        "Emax": draw(st.integers(1, 5)),
        "Tmax": draw(st.integers(1, 6)),
    }
    return cf.load("november-2023").replace(changes)
