"""Text for people: what the commands print when no machine format is asked for."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ceasefire import truce
from ceasefire.cli.text import WIDTH, table, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CELL = 28  # letters shown of a long cell
COLUMNS = 5  # windows side by side
LIKELY = 0.05  # a length that some case reaches with this chance gets a column


def number(value: Any, digits: int = 3) -> str:
    """Return a number for a table; nan as a dash."""
    if isinstance(value, float) and math.isnan(value):
        return "-"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def zone(intervals: Sequence[tuple[float, float]]) -> str:
    """Return a union of intervals as ``[6.7, 8] or [10.2, 15.9]``."""
    if not intervals:
        return "none"
    return " or ".join(f"[{low:.4g}, {high:.4g}]" for low, high in intervals)


def machine(data: pd.DataFrame, form: str) -> str:
    """Return a table as CSV, or as a JSON list of records; dates as YYYY-MM-DD."""
    tidy = data.reset_index() if data.index.name is not None else data.copy()
    for column in tidy.select_dtypes("datetime"):
        tidy[column] = tidy[column].dt.strftime("%Y-%m-%d")
    if form == "json":
        return json.dumps(plain(tidy.to_dict(orient="records")), indent=1) + "\n"
    for column in filter(lambda name: pd.api.types.is_object_dtype(tidy[name]), tidy.columns):
        tidy[column] = [
            json.dumps(plain(cell)) if isinstance(cell, list | tuple | dict) else cell
            for cell in tidy[column]
        ]
    return tidy.to_csv(index=False, lineterminator="\n")


def extension(data: pd.DataFrame) -> str:
    """Return the extension incentives for a person: one column a window."""
    if data.empty:
        return "  no window to look at"
    parts = [_windows(data.iloc[i : i + COLUMNS]) for i in range(0, len(data), COLUMNS)]
    lines = ["\n\n".join(parts), "  zone of agreement, captives for one more day"]
    for day, intervals, price in zip(data["day"], data["zone"], data["clause_price"], strict=True):
        lines.append(f"    after day {day}: {zone(intervals)}   (clause: {price:g})")
    return "\n".join(lines)


def _windows(data: pd.DataFrame) -> str:
    rows: list[list[str]] = []

    def numbers(label: str, unit: str, column: str, digits: int = 3) -> None:
        rows.append([label, unit, *same_digits(data[column], digits)])

    numbers("captives held", "", "held_captives", 1)
    numbers("trust held", "", "trust_held")
    numbers("trust needed", "", "trust_needed")
    numbers("best chunk", "days", "best_chunk_days")
    numbers("offered with probability", "", "offer_probability")
    numbers("goes on with probability", "", "goes_on_probability")
    numbers("captor's gain, 1 day at the clause", "utils", "captor_gain", 2)
    numbers("pausing state's gain, the same", "utils", "pausing_state_gain", 2)
    numbers("captor gives at most", "captives", "captor_reservation_price", 2)
    numbers("pausing state takes at least", "captives", "pausing_state_reservation_price", 2)
    answers = ("yes" if fine else "no" for fine in data["clause_in_zone"])
    rows.append(["clause price in the zone", "", *answers])
    numbers("honesty margin", "utils", "honesty_margin", 2)
    numbers("temptation ratio", "", "temptation_ratio", 2)
    numbers("critical hazard", "per day", "critical_hazard")
    numbers("gain of resuming at the window", "utils", "resume_gain", 2)
    numbers("gain of resuming inside", "utils", "resume_gain_inside", 2)
    return table(["after day", "", *map(str, data["day"])], rows, left=2)


def same_digits(values: Iterable[Any], digits: int) -> list[str]:
    """Return the numbers of one row alike: all whole, or all with the same decimals."""
    row = [float(value) for value in values]
    if all(not math.isfinite(value) or value.is_integer() for value in row):
        digits = 0
    return ["-" if math.isnan(value) else f"{value:.{digits}f}" for value in row]


def gains(
    equilibrium: truce.TruceEquilibrium, windows: pd.DataFrame, prices: Sequence[float]
) -> pd.DataFrame:
    """Gains at the prices asked for, one row a window and price; nan above what is held."""
    rows = []
    columns = (windows[name] for name in ("held_captives", "day", "trust_held"))
    for held, day, trust in zip(*columns, strict=True):
        fitting = [price for price in prices if price <= held]
        found = truce.one_more_day(equilibrium, held, day, trust, fitting)
        known = dict(zip(fitting, found[["captor", "pausing_state"]].to_numpy(), strict=True))
        for price in prices:
            rows.append((held, day, trust, price, *known.get(price, (math.nan, math.nan))))
    return pd.DataFrame(
        rows, columns=["held_captives", "day", "trust_held", "price", "captor", "pausing_state"]
    )


def gains_text(data: pd.DataFrame) -> str:
    """Return the gains of :func:`gains` for a person."""
    head = ["after day", "held", "trust", "price", "captor", "pausing state"]
    rows = [
        [f"{day}", f"{held:g}", f"{trust:.3f}", f"{price:g}", number(one, 2), number(two, 2)]
        for held, day, trust, price, one, two in data.itertuples(index=False, name=None)
    ]
    title = "  gains over stopping from one more day at a price in captives, utils"
    lines = [title, table(head, rows)]
    if (data["price"] > data["held_captives"]).any():
        lines.append("  -: more captives than are held")
    return "\n".join(lines)


def comparison(result: truce.Comparison) -> str:
    """Return courses side by side: one row a case, then how likely each length is."""
    data, lengths = result.table, result.lengths
    likely = [day for day in lengths.columns if lengths[day].max() >= LIKELY]
    negotiated = "trust_after_pilot" in data.columns
    head = ["case", *(["trust", "opens", "deal"] if negotiated else [])]
    head += ["block", "mean days", "left", "most likely chunks"]
    rows, chances = [], []
    for case in data.index:
        row = data.loc[case]
        cells = [str(case)]
        if negotiated:
            columns = ("trust_after_pilot", "open_probability", "deal_probability")
            cells += [f"{row[column]:.3f}" for column in columns]
        block = f"{row['block_days']}" if row["block_days"] else "-"
        block = _blocks(result.equilibria[str(case)]) if negotiated else block
        cells += [block, f"{row['mean_days']:.2f}", f"{row['mean_left']:.1f}"]
        rows.append([*cells, str(row["modal_sequence"])])
        chances.append([str(case), *[f"{lengths.loc[case, day]:.3f}" for day in likely]])
    parts = [table(head, rows), "", "  pause length, probability of each number of days"]
    parts.append(table(["case", *map(str, likely)], chances))
    if negotiated:
        parts += ["", "  worth of the deal when the first block begins, utils", _worth(result)]
    return "\n".join(parts)


def _blocks(equilibrium: truce.TruceEquilibrium) -> str:
    """The days of the first block: a number, or each that the parties mix between."""
    return " or ".join(map(str, sorted(equilibrium.block_weights))) or "-"


def _worth(result: truce.Comparison) -> str:
    """What each side gets from the blocks agreed, over their mixture; - where there is no deal."""
    rows = []
    for case, equilibrium in result.equilibria.items():
        agreed = equilibrium.block_weights
        values = equilibrium.block.loc[list(agreed), ["pausing_state", "dealer", "opportunist"]]
        sums = np.array(list(agreed.values())) @ values.to_numpy(dtype=float)
        rows.append([str(case), *(number(float(one), 1) if agreed else "-" for one in sums)])
    return table(["case", "pausing state", "dealer", "opportunist"], rows)


def mixture(weights: Mapping[int, float]) -> str:
    """Say that a decomposition holds one block fixed where the parties mix between several."""
    told = " and ".join(f"{days} days ({weight:.2f})" for days, weight in sorted(weights.items()))
    text = (
        f"The parties mix first blocks of {told}. Here the likeliest is held fixed in every "
        "case, so that the baseline is not the course of `ceasefire solve`."
    )
    return "\n".join(wrapped(text))


def differences_text(data: pd.DataFrame, labels: Sequence[str]) -> str:
    """Return the differing parameters for a person."""
    if data.empty:
        return "  the two have the same parameters"
    rows = [
        [path, f"{first:g}", f"{second:g}", unit]
        for path, _, unit, first, second in data.itertuples(index=False, name=None)
    ]
    return "  what differs\n" + table(["parameter", *labels, "unit"], rows)


def scenario(loaded: truce.Scenario) -> str:
    """Return a scenario's parameters, grouped as in its file, with sources below."""
    lines = [f"{loaded.title.upper()}  ({loaded.name})"]
    lines += wrapped(loaded.description)
    data = loaded.parameters()
    groups = data["path"].str.split(".").str[0]
    for group in dict.fromkeys(groups):
        rows = []
        for record in data[groups == group].to_dict(orient="records"):
            name = str(record["path"]).split(".")[1]
            span = f"{record['lower']:g} .. {record['upper']:g}"
            rows.append([name, str(record["symbol"]), f"{record['value']:g}", span, record["unit"]])
        lines += ["", f"[{group}]", table(["name", "symbol", "value", "bounds", "unit"], rows, 2)]
    lines += ["", "sources (all others: assumed)"]
    for path, source in loaded.sources.items():
        lines += wrapped(f"{path}: {source}", hanging="  ")
    return "\n".join(lines)


def record(data: pd.DataFrame) -> str:
    """Return a packaged record as text: the columns that fit, long cells cut, the source."""
    kept: list[list[str]] = []
    left_out: list[str] = []
    words: list[int] = []
    used = 0
    for name in data.columns:
        cells = [name, *map(_cell, data[name])]
        width = max(map(len, cells)) + 2
        if str(name).startswith(("source", "more_sources", "disagree")) or used + width > WIDTH:
            left_out.append(str(name))
        else:
            if not pd.api.types.is_numeric_dtype(data[name]):
                words.append(len(kept))
            kept.append(cells)
            used += width
    lines = [
        data.attrs["description"],
        table([c[0] for c in kept], zip(*(c[1:] for c in kept), strict=True), words),
    ]
    if left_out:
        lines += wrapped("also, with --csv or --json: " + ", ".join(left_out), hanging="  ")
    return "\n".join([*lines, *wrapped("source: " + data.attrs["source"], hanging="  ")])


def _cell(value: Any) -> str:
    simple = plain(value)
    if simple is None:
        return "-"
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d"))
    text = " ".join(str(simple).split())
    return text if len(text) <= CELL else text[: CELL - 3] + "..."


def written(manifest: dict[str, Any]) -> str:
    """Return what a build of the paper wrote: a line a figure or table, then the total."""
    rows = []
    for item in manifest["items"]:
        names = list(item["bytes"])
        kinds = ", ".join(name.rsplit(".", 1)[1] for name in names)
        size = sum(item["bytes"].values()) / 1000
        rows.append([names[0].rsplit(".", 1)[0], item["scenario"], kinds, f"{size:.0f} kB"])
    total = sum(sum(item["bytes"].values()) for item in manifest["items"]) / 1000
    return table(["written", "scenario", "as", "size"], [*rows, ["", "", "", f"{total:.0f} kB"]], 3)


def plain(value: Any) -> Any:
    """Plain data for JSON; nan, infinities and missing values become None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
