"""One course followed step by step: what each side holds, needs and does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.windows import trust_needed, window_values

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.truce.equilibrium import TruceEquilibrium
    from ceasefire.truce.game import LineOfPlay

COLUMNS = [
    "stage",
    "day",
    "held_captives",
    "trust_held",
    "trust_needed",
    "best_chunk_days",
    "offer_probability",
    "goes_on_probability",
    "captives_due",
    "list_probability",
    "opportunist_delivers",
]


def follow(equilibrium: TruceEquilibrium, chunks: tuple[int, ...]) -> pd.DataFrame:
    """Rows for the days of `chunks` and the window after each; see ``TruceEquilibrium.path``."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    if chunks:
        line = equilibrium.line(chunks[0])
        node, trust = line.head, equilibrium.trust
        for position, days in enumerate(chunks):
            if position:
                node = _chunk(line, node, days, chunks)
            node, trust = _days(line, node, trust, days, rows)
            rows.append(_window(equilibrium, line, node, trust))
    return pd.DataFrame(rows, columns=COLUMNS)


def _chunk(line: LineOfPlay, window: int, days: int, chunks: tuple[int, ...]) -> int:
    most = int(line.nodes.n_offers[window])
    if not 1 <= days <= most:
        used, held = int(line.nodes.used[window]), float(line.nodes.held[window])
        raise ArgumentError(
            "chunks",
            chunks,
            f"at most {most} days at the window after day {used} with {held:g} captives held",
        )
    return int(line.nodes.offers[window, days])


def _days(
    line: LineOfPlay, node: int, trust: float, days: int, rows: list[dict[str, Any]]
) -> tuple[int, float]:
    """Append `days` rows from `node` on, every batch delivered; return the window and belief."""
    nodes = line.nodes
    for _ in range(days):
        at = line.at(trust)
        rows.append(
            {
                "stage": "day",
                "day": int(nodes.used[node]) + 1,
                "held_captives": float(nodes.held[node]),
                "trust_held": trust,
                "captives_due": float(nodes.batch[node]),
                "list_probability": float(nodes.able[node]),
                "opportunist_delivers": float(at[kernels.DELIVER, node]),
            }
        )
        trust = float(at[kernels.POSTERIOR, node])
        node = int(nodes.following[node])
    return node, trust


def _window(
    equilibrium: TruceEquilibrium, line: LineOfPlay, node: int, trust: float
) -> dict[str, Any]:
    held, used = float(line.nodes.held[node]), int(line.nodes.used[node])
    window = equilibrium.window(held, used)
    play = window_values(window, trust)
    return {
        "stage": "window",
        "day": used,
        "held_captives": held,
        "trust_held": trust,
        "trust_needed": trust_needed(window),
        "best_chunk_days": play.best_chunk,
        "offer_probability": play.offer_probability,
        "goes_on_probability": play.goes_on,
    }
