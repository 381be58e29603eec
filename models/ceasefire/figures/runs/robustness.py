"""In how much of the box of parameters each proposition holds, with an interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.experiment.analysis.regions import wilson
from ceasefire.figures.style import BLUE, DOUBLE_MM, GREY, INK, ORANGE, canvas
from ceasefire.status import Status
from ceasefire.truce.claims import RULES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.experiment import Experiment

LEVEL = 0.95
WORDS = {
    "P1_pool": "P1  trust needed rises as the pool drains",
    "P1_days": "P1  ... and as days pass",
    "P2_longer": "P2  more trust, longer pause",
    "P2_some_left": "P2  ... yet some stay behind",
    "P3_screens": "P3  a larger pilot screens better",
    "P3_interior": "P3  a dealer's best pilot is interior",
    "P4_chunks": "P4  chunks do not lengthen",
    "P4_relay": "P4  riskier relays lengthen the first",
    "P5_floor": "P5  no extension below a floor price",
    "P5_interior": "P5  pausing state's best price is interior",
    "P6_first_longer": "P6  dearer last captive: first longer",
    "P6_then_shorter": "P6  ... then shorter",
    "P7_fewer_days": "P7  impatient captor, fewer days",
    "P8_shorter": "P8  less reliable list: shorter",
    "P8_more_trust": "P8  ... more trust needed",
    "P8_less_blame": "P8  ... a miss less damning",
    "P9_never_shorter": "P9  larger pool, never shorter",
    "P9_about_one_day": "P9  ... about one day a batch",
}


def shares(rows: pd.DataFrame, experiment: Experiment) -> pd.DataFrame:
    """Return one row a part of a proposition: judged points, share that holds, interval.

    `several` points are those at which the solver does not rule out other equilibria; the share
    is told for them, and for the others, apart. Points of a scrambled Sobol sequence cover the
    box more evenly than independent ones, so the interval is wider than it need be.
    """
    import pandas as pd

    found = rows[rows["error"].isna()]
    parts = [f"{name}_{part}" for name in RULES for part in RULES[name].parts]
    claims = {part: found[f"holds_{part}"] for part in parts} | _resembles(found)
    several = found["status"] == Status.INCOMPLETE.name
    told = [(claim, *_share(values), *_apart(values, several)) for claim, values in claims.items()]
    columns = ["claim", "judged", "share", "low", "high", "judged_several", "share_several",
               "share_others"]  # fmt: skip
    return pd.DataFrame(told, columns=columns)


def _share(values: pd.Series) -> tuple[int, float, float, float]:
    judged = values.dropna().astype(bool)
    if not len(judged):
        return 0, float("nan"), float("nan"), float("nan")
    return len(judged), float(judged.mean()), *wilson(float(judged.mean()), len(judged), LEVEL)


def _apart(values: pd.Series, several: pd.Series) -> tuple[int, float, float]:
    judged, share, _, _ = _share(values[several.loc[values.index]])
    _, others, _, _ = _share(values[~several.loc[values.index]])
    return judged, share, others


def _resembles(found: pd.DataFrame) -> dict[str, pd.Series]:
    """How far a truce looks like that of November 2023, given a first block of four days."""
    four = found[found["block_days"] == 4]
    return {
        "block of 4 days": found["block_days"] == 4,
        "6 to 8 days, given 4 at first": four["modal_days"].between(6, 8),
        "4-2-1, given 4 at first": four["sequence"] == "4-2-1",
    }


class _Robustness:
    caption = (
        "In how much of a box around the assumed parameters each part of the propositions holds: "
        "share of the points at which it can be judged, with Wilson's interval at 95%; right: how "
        "many these are. Open circles: the share at those of the points at which the solver does "
        "not rule out other equilibria. One chunk alone does not lengthen. Below the line: truces "
        "that look like that of November 2023."
    )
    table = staticmethod(shares)

    def draw(self, rows: pd.DataFrame, experiment: Experiment) -> Figure:
        """One line a claim, from all to none."""
        table = self.table(rows, experiment)
        figure, axes = canvas(DOUBLE_MM, 105.0)
        y = np.arange(len(table))[::-1].astype(float)
        y[: len(WORDS)] += 0.6
        error = [table["share"] - table["low"], table["high"] - table["share"]]
        axes.errorbar(table["share"], y, xerr=np.clip(error, 0, None), fmt="o", color=BLUE,
                      ecolor=INK, elinewidth=0.8, capsize=2)  # fmt: skip
        axes.plot(
            table["share_several"], y, "o", mfc="none", mec=ORANGE, ms=4.5, mew=1.0, ls="none"
        )
        for at, share, judged in zip(y, table["share"], table["judged"], strict=True):
            axes.text(1.03, at, f"{share:.2f}", va="center", size=6.5)
            axes.text(1.11, at, f"{judged:,}", va="center", size=6.5, color=GREY)
        axes.text(1.03, y[0] + 0.9, "share", va="center", size=6.5)
        axes.text(1.11, y[0] + 0.9, "judged", va="center", size=6.5, color=GREY)
        axes.axhline((y[len(WORDS) - 1] + y[len(WORDS)]) / 2, color=GREY, lw=0.6)
        axes.set_yticks(y, [WORDS.get(claim, claim) for claim in table["claim"]])
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(-0.01, 1.01)
        axes.set_xlabel("share of the points at which it can be judged")
        axes.grid(axis="x", color="#DDDDDD", lw=0.5)
        axes.set_axisbelow(True)
        return figure


ROBUSTNESS = _Robustness()
