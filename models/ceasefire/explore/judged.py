"""Panels on demand: a proposition measured and judged, and which friction ends the truce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ceasefire.truce import decompose, proposition
from ceasefire.truce.claims import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from ceasefire.truce import TruceEquilibrium

# Of each proposition: rows kept, what stands below the curves, the curves, what tells them apart.
CURVES: Final[dict[str, tuple[str, tuple[str, ...], str]]] = {
    "P1": ("held_captives", ("trust_needed",), "day"),
    "P2": ("trust", ("mean_days", "mean_left"), ""),
    "P3": ("x_p", ("matched_share", "trust_after", "dealer_net", "block_days"), ""),
    "P4": ("key", ("value",), "quantity"),
    "P5": ("x", ("pausing_state", "dealer", "freed", "offer_probability"), ""),
    "P6": ("c_hi", ("mean_days",), ""),
    "P7": ("ratio", ("weight", "block_days", "captives_per_day"), ""),
    "P8": ("l_lo", ("blame", "trust_needed", "mean_days"), ""),
    "P9": ("W0", ("modal_days", "mean_days", "mean_left"), ""),
}
WORDS: Final = {
    "held_captives": "captives held",
    "trust_needed": "trust needed",
    "day": "day",
    "trust": "belief at the opening",
    "mean_days": "mean length (days)",
    "modal_days": "most likely length (days)",
    "mean_left": "captives left (mean)",
    "x_p": "captives in the pilot",
    "matched_share": "share of opportunists that match",
    "trust_after": "belief after the pilot",
    "dealer_net": "dealer's value, net of the pilot (utils)",
    "block_days": "days of the first block",
    "key": "",
    "value": "",
    "x": "captives per further day",
    "pausing_state": "pausing state's value (utils)",
    "dealer": "dealer's value (utils)",
    "freed": "captives freed (mean)",
    "offer_probability": "chance of an offer",
    "c_hi": "worth of the last captive (utils)",
    "ratio": "captor's impatience over the pausing state's",
    "weight": "captor's bargaining weight",
    "captives_per_day": "captives per day of the block",
    "l_lo": "chance that the last batch can be produced",
    "blame": "chance that a miss was refusal",
    "W0": "captives held at the start",
    "chunk": "days of each chunk, in order",
    "first_extension": "days offered first, by the relay's risk",
}
TRIED: Final = {"P3": "x_p", "P5": "x", "P6": "c_hi", "P8": "l_lo", "P9": "W0"}  # by column
CASE: Final = ("mean_days", "modal_days", "modal_probability", "mean_left", "modal_sequence")
BASE_ONLY: Final = "{} of the base model: switch the extension off to see it"


def judged(eq: TruceEquilibrium, name: str) -> dict[str, Any]:
    """Return a proposition in one scenario: statement, verdict, curves."""
    below, curves, apart = CURVES.get(name, ("", (), ""))
    if eq.scenario.extensions and name in CURVES:
        return {
            "name": name, "statement": RULES[name].statement, "holds": None, "claims": {},
            "reason": BASE_ONLY.format("it is a statement"), "below": "", "panels": [],
            "tried": None,
        }  # fmt: skip
    found = proposition(name, eq.scenario, equilibrium=eq)
    table = found.measured
    panels: list[dict[str, Any]] = []
    if len(table) and name == "P4":  # two quantities, each of its own kind
        for kind, part in table.groupby("quantity", sort=False):
            panels.append(_panel(part, "key", "value", WORDS[str(kind)]))
    elif len(table):
        panels = [_panel(table, below, curve, WORDS[curve], apart) for curve in curves]
    return {
        "name": name,
        "statement": found.statement,
        "holds": found.holds,
        "claims": dict(found.claims),
        "reason": found.reason,
        "below": WORDS[below],
        "panels": panels,
        "tried": _tried(name, table),
    }


def decomposed(eq: TruceEquilibrium) -> dict[str, Any]:
    """Return the courses with frictions off, the negotiation held fixed; or why there are none."""
    if eq.scenario.extensions:
        return {"cases": [], "why": BASE_ONLY.format("the decomposition is")}
    if not eq.block_days:
        return {"cases": [], "why": "no first block is agreed, so there is no course to decompose"}
    found = decompose(eq.scenario)
    rows = found.table[list(CASE)].to_dict("records")
    cases = [
        {"case": name, **row, "length": course.length.to_numpy()}
        for (name, course), row in zip(found.courses.items(), rows, strict=True)
    ]
    return {"cases": cases, "trust": eq.trust, "block_days": eq.block_days}


def _tried(name: str, table: pd.DataFrame) -> dict[str, Any] | None:
    """The values of the parameter that a proposition varies, where it is one of the page."""
    if name not in TRIED or not len(table):
        return None
    return {"symbol": TRIED[name], "values": table[TRIED[name]].to_numpy(dtype=float)}


def _panel(
    table: pd.DataFrame, below: str, curve: str, title: str, apart: str = ""
) -> dict[str, Any]:
    parts: Iterable[tuple[Any, pd.DataFrame]] = table.groupby(apart) if apart else [("", table)]
    series = [
        {
            "name": f"after day {key:g}" if apart else "",
            "x": part[below].to_numpy(dtype=float),
            "y": part[curve].to_numpy(dtype=float),
        }
        for key, part in parts
    ]
    return {"title": title, "series": series}
