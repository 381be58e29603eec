"""What November 2023 identifies: python experiments/estimation/identification.py.

Writes tables and figures to results/estimation/november-2023-*; takes the posterior's draws, the
maximum and the profiles from the tables that `ceasefire estimate` left there.
"""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path

import pandas as pd

from ceasefire import calibration
from ceasefire.figures import identify_contraction, identify_map
from ceasefire.figures.save import write_figure, write_table

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "results" / "estimation"
DRAWS = RESULTS / "november-2023-posterior-all.csv"
MAXIMUM = RESULTS / "november-2023-ml.csv"
PROFILES = RESULTS / "november-2023-profile-all.csv"
AFTER = 6  # pause days on record when the next one is asked about
POINTS = 1024
COUNT = 300


def main() -> None:
    """Take all measures at the scenario's values, and write them."""
    start = time.perf_counter()
    problem = calibration.load_problem(Path(__file__).with_name("november-2023.toml"))
    top = pd.read_csv(MAXIMUM).set_index("parameter").loc[list(problem.names), "estimate"]
    best = problem.log_likelihood(top.to_numpy(float))
    profiles = calibration.Profile.from_values(pd.read_csv(PROFILES), best)
    found = calibration.identification(problem).with_profiles(profiles)
    _write("identification", found.table)
    _write("identification-pairs", found.pairs)
    _write("identification-ridges", found.ridges)
    _write("identification-stages", found.stages.reset_index())
    _write("identification-events", found.events.reset_index())
    write_figure(identify_map.draw(found), RESULTS / "november-2023-identification")
    draws = pd.read_csv(DRAWS)[list(problem.names)].to_numpy(float)
    narrowed = calibration.contractions(problem, draws)
    _write("contraction", narrowed)
    days = []
    for after in range(8):
        day = calibration.next_day(problem, after)
        days.append(day.information.assign(after=after))
    _write("next-day-information", pd.concat(days, ignore_index=True))
    following = calibration.expected_contraction(problem, AFTER, count=COUNT)
    _write("next-day-contraction", following.table)
    write_figure(
        identify_contraction.draw(narrowed, following), RESULTS / "november-2023-contraction"
    )
    near = calibration.plausible_set(problem, points=POINTS, best=best)
    _write("plausible", near.table)
    told = {
        "problem": "experiments/estimation/november-2023.toml",
        "digest": problem.digest,
        "theta": dict(zip(problem.names, found.theta.tolist(), strict=True)),
        "rank": found.rank,
        "null_directions": list(found.null_directions),
        "record_rank": found.record_rank,
        "draws": len(draws),
        "next_day_after": AFTER,
        "next_day_draws": COUNT,
        "next_day_effective": round(following.effective, 1),
        "plausible_points": POINTS,
        "plausible_units": near.units,
        "plausible_best": round(near.best, 4),
        "plausible_share": round(near.share, 4),
        "plausible_share_low": round(near.share_low, 4),
        "plausible_share_high": round(near.share_high, 4),
        "run": {
            "seconds": round(time.perf_counter() - start, 1),
            "load_at_end": [round(load, 2) for load in os.getloadavg()],
            "cores": os.cpu_count(),
            "python": platform.python_version(),
        },
    }
    path = RESULTS / "november-2023-identification.json"
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def _write(name: str, table: pd.DataFrame) -> None:
    write_table(table, RESULTS / f"november-2023-{name}.csv")


if __name__ == "__main__":
    main()
