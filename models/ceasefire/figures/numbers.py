"""The numbers that the paper's text states, each from a solve or from the rows of an experiment."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ceasefire import truce
from ceasefire.experiment import analysis
from ceasefire.figures._solved import solved
from ceasefire.figures.runs.analyses import LIKE_2023, indices
from ceasefire.figures.runs.robustness import WORDS, shares
from ceasefire.figures.tables import bound
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.figures.paper import Run
    from ceasefire.truce import Scenario


def numbers(scenario: Scenario, runs: dict[str, Run]) -> dict[str, Any]:
    """Return every number that the text may state, by name.

    Names that begin with an experiment's name come from its rows; all others from the scenario.
    """
    found = _solution(scenario) | _windows(scenario)
    for name, run in runs.items():
        rows = run.cached.rows
        found |= {f"{name}.rows": len(rows), f"{name}.failed": int(rows["error"].notna().sum())}
        if name in MADE:
            solved_rows = rows[rows["error"].isna()]
            found |= {f"{name}.{key}": value for key, value in MADE[name](solved_rows, run).items()}
    return found


def _solution(scenario: Scenario) -> dict[str, Any]:
    eq = solved(scenario)
    course, p = eq.course(), eq.parameters
    return {
        "pool": p.W0, "first_captives": p.n0, "price": p.x, "cap": p.J, "prior": p.pi0,
        "pilot": p.x_p, "trust": eq.trust, "matched": eq.pilot.matched,
        "open": eq.pilot.open_probability, "deal": eq.talks.deal_probability,
        "talk_days": eq.talks.mean_days, "block": eq.block_days,
        "value_pausing_state": eq.block.loc[eq.block_days, "pausing_state"],
        "mean_days": course.mean_days, "mode": course.modal_days,
        "p_mode": float(course.length.max()), "p_8": float(course.length.get(8, 0.0)),
        "left": course.mean_left, "sequence": str(course.chunks.index[0]),
        "p_sequence": float(course.chunks.iloc[0]),
        "gain": bound(eq.certificate.exploitability), "states": eq.certificate.day_states,
        "windows": eq.certificate.windows, "histories": eq.certificate.histories,
    }  # fmt: skip


def _windows(scenario: Scenario) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, (_, row) in enumerate(truce.extension(solved(scenario)).iterrows(), start=1):
        zone = " and ".join(f"{low:.2f} to {high:.2f}" for low, high in row["zone"])
        found |= {
            f"window_{number}.day": row["day"],
            f"window_{number}.held": row["held_captives"],
            f"window_{number}.trust": row["trust_held"],
            f"window_{number}.needed": row["trust_needed"],
            f"window_{number}.on": row["goes_on_probability"],
            f"window_{number}.zone": zone or "none",
        }
    return found


def _robustness(rows: pd.DataFrame, run: Run) -> dict[str, Any]:
    table = shares(rows, run.experiment).set_index("claim")
    names = {
        "block of 4 days": "four", "6 to 8 days, given 4 at first": "six_to_eight",
        "4-2-1, given 4 at first": "four_two_one",
    }  # fmt: skip
    named = table.rename(index=names)
    found: dict[str, Any] = {str(name): row["share"] for name, row in named.iterrows()}
    found |= {f"{name}_low": row["low"] for name, row in named.iterrows()}
    found |= {f"{name}_high": row["high"] for name, row in named.iterrows()}
    parts = named[named.index.str.match(r"P\d_")]
    apart = (parts["share_others"] - parts["share_several"]).abs()
    part = str(apart.idxmax())
    widest = parts.to_dict("index")[part]
    found |= {
        "least": parts["share"].min(),
        "weak": int((parts["share"] < 0.75).sum()),
        "parts": len(parts),
        "incomplete": float((rows["status"] == Status.INCOMPLETE.name).mean()),
        "apart_part": WORDS[part].replace("  ", ": ", 1).replace("... ", ""),
        "apart_several": widest["share_several"],
        "apart_others": widest["share_others"],
        "apart_judged": int(widest["judged_several"]),
        "close": int((apart < 0.1).sum()),
    }
    return found


def _benchmarks(rows: pd.DataFrame, run: Run) -> dict[str, Any]:
    price = run.experiment.scenario.symbols().x
    told = {row["pi0"]: row for row in rows[rows["x"] == price].to_dict("records")}
    opportunist, assumed, dealer = (told[belief] for belief in (0.0, 0.2, 1.0))
    return {
        "known_dealer_days": dealer["mean_days"],
        "known_opportunist_days": opportunist["mean_days"],
        "known_dealer_freed": dealer["captives_freed"],
        "critical_discount": assumed["model:daily-compliance.critical_discount"],
        "discount_held": assumed["model:daily-compliance.held"],
        "last_batch_trust": assumed["model:sequential-exchange.needed.0"],
    }


def _sensitivity(rows: pd.DataFrame, run: Run) -> dict[str, Any]:
    table = indices(rows, run.experiment).sort_values("first_days", ascending=False)
    found: dict[str, Any] = {}
    meanings = run.experiment.scenario.parameters().set_index("symbol")["meaning"]
    for place, row in zip(("first", "second", "third"), table.to_dict("records"), strict=False):
        found |= {f"{place}_name": f"{row['parameter']} ({meanings[row['parameter']]})",
                  f"{place}_share": row["first_days"],
                  f"{place}_total": row["total_days"]}  # fmt: skip
    return found


def _discovery(rows: pd.DataFrame, run: Run) -> dict[str, Any]:
    boxes = analysis.boxes(rows, run.experiment, LIKE_2023)
    best = boxes.boxes[0]
    regression = analysis.regression(rows, run.experiment, "mean_days")
    four = rows[rows["block_days"] == 4]
    chunks = [[int(days) for days in told.split("-")] for told in rows["sequence"] if "-" in told]
    kept = [all(a >= b for a, b in pairwise(one)) for one in chunks]
    return {
        "like": boxes.share,
        "box": _rounded(str(best)),
        "density": best.density,
        "r2": regression.r2,
        "incomplete": float((rows["status"] == Status.INCOMPLETE.name).mean()),
        "four": len(four) / len(rows),
        "four_count": len(four),
        "six_to_eight": float(four["modal_days"].between(6, 8).mean()),
        "four_two_one": float((four["sequence"] == "4-2-1").mean()),
        "not_longer": sum(kept) / len(kept),
    }


def _rounded(box: str) -> str:
    """Limits of a box to two digits."""
    return re.sub(r"\d+\.\d+", lambda found: f"{float(found[0]):.2g}", box)


def _best(column: str) -> Any:
    def found(rows: pd.DataFrame, run: Run) -> dict[str, Any]:
        best = rows.iloc[int(rows[column].astype(float).argmax())]
        told = {f"best_{name}": best[name] for name in run.experiment.columns}
        return told | {"best": best[column], "least": rows[column].astype(float).min()}

    return found


MADE: dict[str, Any] = {
    "robustness": _robustness,
    "benchmarks": _benchmarks,
    "sensitivity": _sensitivity,
    "discovery": _discovery,
    "price-trust": _best("mean_days"),
    "pilot-size": _best("dealer_net"),
    "guarantee-hazard": _best("mean_days"),
    "momentum-retention": _best("mean_days"),
    "mediator-value": _best("value_pausing_state"),
    "pool-boundary": _best("captives_freed"),
}
