"""Text for people: what the commands print when no machine format is asked for."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire import truce

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

BAR = 30
SHOWN_SEQUENCES = 5
LEAST_SHOWN = 0.0005
WIDTH = 88


def table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """Aligned columns: the first `left` to the left, numbers to the right."""
    cells = [list(head), *[list(row) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = []
    for row in cells:
        parts = [
            cell.ljust(width) if i < left else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(parts)).rstrip())
    return "\n".join(lines)


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


def frame(data: pd.DataFrame) -> str:
    """Return a small frame as aligned text."""
    return str(data.to_string(index=False, float_format=lambda value: f"{value:.3f}"))


class Report:
    """Everything `ceasefire solve` prints, in three forms."""

    def __init__(self, equilibrium: truce.TruceEquilibrium) -> None:
        self.eq = equilibrium
        self.course = equilibrium.course()
        self.extension = truce.extension(equilibrium)
        self.certificate = equilibrium.certificate

    def text(self) -> str:
        """Return the report for a person."""
        parts = [self._head(), self._negotiation()]
        if self.eq.block_days:
            parts += [self._course(), "EXTENSION INCENTIVES\n" + self._extension()]
        return "\n\n".join([*parts, self._certificate()])

    def _head(self) -> str:
        s = self.eq.scenario
        mediators = ", ".join(s.parties.mediators)
        return (
            f"{s.title.upper()}  ({s.name})\n"
            f"  captor: {s.parties.captor}   pausing state: {s.parties.pausing_state}"
            f"   mediators: {mediators}\n"
            f"  {self.eq.status}"
        )

    def _negotiation(self) -> str:
        eq, pilot, talks = self.eq, self.eq.pilot, self.eq.talks
        lines = ["THE NEGOTIATION"]
        if pilot.captives:
            lines += [
                f"  pilot of {pilot.captives:g}: {pilot.matched:.0%} of opportunists match it; "
                f"belief in a dealer {pilot.trust_before:.3f} -> {pilot.trust:.3f}",
                f"  talks open with probability {pilot.open_probability:.3f} "
                f"({pilot.open_probability_without:.3f} without the pilot)",
            ]
        else:
            lines += [
                f"  no pilot: belief in a dealer {eq.trust:.3f}",
                f"  talks open with probability {pilot.open_probability:.3f}",
            ]
        lines.append(
            f"  talks end in a deal with probability {talks.deal_probability:.3f}, after "
            f"{number(talks.mean_days, 1)} days on average"
        )
        if not eq.block_days:
            return "\n".join([*lines, "  no first block is worth having to both: no deal"])
        rows = [
            [
                f"{days} days" if days > 1 else "1 day",
                f"{row.pausing_state:.1f}",
                f"{row.dealer:.1f}",
                f"{row.nash_product:.1f}",
                "<- agreed" if days in eq.block_weights else "",
            ]
            for days, row in zip(eq.block.index, eq.block.itertuples(), strict=True)
        ]
        weight = f"captor's weight {eq.bargaining_weight:.2f}"
        p = eq.parameters
        return "\n".join(
            [
                *lines,
                f"  first block, {p.n0:g} captives ({weight}); values in utils:",
                table(["block", "pausing state", "dealer", "Nash product", ""], rows),
            ]
        )

    def _course(self) -> str:
        course, observed = self.course, self.eq.scenario.observed
        lines = ["THE COURSE", "  pause length, days"]
        for days, chance in course.length.items():
            if chance >= LEAST_SHOWN or (observed and days == observed.pause_days):
                mark = "  <- what happened" if observed and days == observed.pause_days else ""
                bar = "#" * round(BAR * chance)
                lines.append(f"  {days:>4}  {chance:.3f}  {bar}{mark}".rstrip())
        left = course.left.idxmax()
        sequences = course.chunks.head(SHOWN_SEQUENCES)
        chunks = ", ".join(f"{name} ({chance:.3f})" for name, chance in sequences.items())
        ends = course.ends[course.ends >= LEAST_SHOWN].sort_values(ascending=False)
        how = [f"    {cause!s:24}{chance:.3f}" for cause, chance in ends.items()]
        lines += [
            f"  mean {course.mean_days:.2f} days; captives left: mean {course.mean_left:.1f}, "
            f"most likely {left:g} ({course.left.max():.3f})",
            f"  chunks agreed: {chunks}",
        ]
        if observed:
            realised = "-".join(map(str, observed.chunks))
            lines.append(
                f"  what happened: {observed.pause_days} days, chunks {realised}, "
                f"about {observed.captives_left:g} left"
            )
        return "\n".join([*lines, "  how it ends", *how])

    def _extension(self) -> str:
        if self.extension["trust_needed"].isna().all():
            return "  no window at which a further chunk could be offered"
        return extension(self.extension)

    def _certificate(self) -> str:
        verdict = "passed" if self.certificate.passed else (
            "FAILED: " + ", ".join(self.certificate.failures)
        )  # fmt: skip
        rows = [[name, value, what] for name, value, what in self.certificate.rows()]
        return f"CERTIFICATE: {verdict}\n" + table(["check", "value", "what it says"], rows, left=3)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data; nan and infinities become None."""
        eq, course = self.eq, self.course
        pilot = dict(vars(eq.pilot))
        talks = {k: v for k, v in vars(eq.talks).items() if k != "parameters"}
        document = {
            "scenario": {"name": eq.scenario.name, "digest": eq.scenario.digest},
            "parameters": eq.parameters._asdict(),
            "status": eq.status.name,
            "trust": eq.trust,
            "block_days": eq.block_days,
            "bargaining_weight": eq.bargaining_weight,
            "pilot": pilot,
            "talks": talks,
            "block": {str(k): v for k, v in eq.block.to_dict(orient="index").items()},
            "course": {
                "length": _series(course.length),
                "left": _series(course.left),
                "ends": _series(course.ends),
                "chunks": _series(course.chunks),
                "mean_days": course.mean_days,
                "mean_left": course.mean_left,
            },
            "extension": self.extension.to_dict(orient="records"),
            "certificate": self.certificate.to_dict(),
        }
        return dict(_plain(document))

    def json(self) -> str:
        """Return the report as one JSON document."""
        return json.dumps(self.to_dict(), indent=1)

    def csv(self) -> str:
        """Return the report as long CSV: section, item, key, value."""
        lines = ["section,item,key,value"]
        for section, content in self.to_dict().items():
            items = content if isinstance(content, dict) else {"": content}
            if isinstance(content, list):
                items = {str(i): item for i, item in enumerate(content)}
            for item, value in items.items():
                pairs = value if isinstance(value, dict) else {"": value}
                for key, cell in pairs.items():
                    text = "" if cell is None else cell
                    if isinstance(text, list | dict):
                        text = json.dumps(text)
                    lines.append(",".join(_quoted(str(x)) for x in (section, item, key, text)))
        return "\n".join(lines)


def extension(data: pd.DataFrame) -> str:
    """Return the extension incentives for a person: one column a window."""
    if data.empty:
        return "  no window to look at"
    rows: list[list[str]] = []

    def row(label: str, unit: str, cells: Iterable[str]) -> None:
        rows.append([label, unit, *cells])

    def numbers(label: str, unit: str, column: str, digits: int = 3) -> None:
        row(label, unit, (number(float(value), digits) for value in data[column]))

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
    row(
        "clause price in the zone", "", ("yes" if fine else "no" for fine in data["clause_in_zone"])
    )
    numbers("honesty margin", "utils", "honesty_margin", 2)
    numbers("temptation ratio", "", "temptation_ratio", 2)
    numbers("critical hazard", "per day", "critical_hazard")
    numbers("gain of resuming at the window", "utils", "resume_gain", 2)
    numbers("gain of resuming inside", "utils", "resume_gain_inside", 2)
    head = ["after day", "", *[str(day) for day in data["day"]]]
    lines = [table(head, rows, left=2), "  zone of agreement, captives for one more day"]
    for day, intervals, price in zip(data["day"], data["zone"], data["clause_price"], strict=True):
        lines.append(f"    after day {day}: {zone(intervals)}   (clause: {price:g})")
    return "\n".join(lines)


def gains(
    equilibrium: truce.TruceEquilibrium, windows: pd.DataFrame, prices: Sequence[float]
) -> pd.DataFrame:
    """Gains at the prices asked for, one row a window and price."""
    import pandas as pd

    parts = []
    for held, day, trust in zip(
        windows["held_captives"], windows["day"], windows["trust_held"], strict=True
    ):
        fitting = [price for price in prices if 0 <= price <= held]
        part = truce.one_more_day(equilibrium, held, day, trust, fitting).reset_index()
        parts.append(part.assign(held_captives=held, day=day, trust_held=trust))
    whole = pd.concat(parts, ignore_index=True)
    return whole[["held_captives", "day", "trust_held", "price", "captor", "pausing_state"]]


def comparison(result: truce.Comparison) -> str:
    """Return courses side by side: one row a case."""
    data, lengths = result.table, result.lengths
    likely = [day for day in lengths.columns if lengths[day].max() >= 0.05]
    negotiated = "trust_after_pilot" in data.columns
    head = ["case", *(["trust", "opens"] if negotiated else []), "block", "mean days", "left"]
    head += ["modal sequence", *[f"P({day})" for day in likely]]
    rows = []
    for case in data.index:
        row = data.loc[case]
        cells = [str(case)]
        if negotiated:
            cells += [f"{row['trust_after_pilot']:.3f}", f"{row['open_probability']:.3f}"]
        cells += [str(row["block_days"]), f"{row['mean_days']:.2f}", f"{row['mean_left']:.1f}"]
        cells += [str(row["modal_sequence"])]
        cells += [f"{lengths.loc[case, day]:.3f}" for day in likely]
        rows.append(cells)
    return table(head, rows)


def scenario(loaded: truce.Scenario) -> str:
    """Return a scenario's parameters, grouped as in its file, with sources below."""
    import textwrap

    lines = [f"{loaded.title.upper()}  ({loaded.name})"]
    lines += textwrap.wrap(loaded.description, WIDTH, initial_indent="  ", subsequent_indent="  ")
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
        lines += textwrap.wrap(
            f"{path}: {source}", WIDTH, initial_indent="  ", subsequent_indent="    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    return "\n".join(lines)


def record(data: pd.DataFrame) -> str:
    """Return a packaged record as text, long cells cut, its source below."""
    kept = [c for c in data.columns if not c.startswith(("source", "more_sources", "disagree"))]
    text = data[kept].to_string(index=False, max_colwidth=28, max_cols=12, line_width=110)
    return f"{data.attrs['description']}\n{text}\nsource: {data.attrs['source']}"


def _series(values: pd.Series[Any]) -> dict[str, float]:
    return {f"{k:g}" if isinstance(k, float) else str(k): float(v) for k, v in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text
