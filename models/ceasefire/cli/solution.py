"""What `ceasefire solve` prints: the whole solution as text, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from typing import TYPE_CHECKING, Any, cast

import ceasefire
from ceasefire import truce
from ceasefire.cli import show, text
from ceasefire.figures.reports.terms import differences

if TYPE_CHECKING:
    import pandas as pd

BAR = 30
SHOWN_SEQUENCES = 5
LEAST_SHOWN = 0.0005


class Report:
    """Everything `ceasefire solve` prints, in three forms."""

    def __init__(
        self, equilibrium: truce.TruceEquilibrium, base: truce.Scenario | None = None
    ) -> None:
        self.eq = equilibrium
        self.changes = differences(base or equilibrium.scenario, equilibrium.scenario)
        self.course = equilibrium.course()
        extended = bool(equilibrium.scenario.extensions)  # incentives: the base model's alone
        self.extension = None if extended else truce.extension(equilibrium)
        self.certificate = equilibrium.certificate

    def text(self) -> str:
        """Return the report for a person."""
        parts = [self._head(), self._negotiation()]
        if self.eq.block_days:
            parts.append(self._course())
            if self.extension is not None:
                parts.append("EXTENSION INCENTIVES\n" + self._extension(self.extension))
        return "\n\n".join([*parts, self._certificate()])

    def _head(self) -> str:
        s = self.eq.scenario
        lines = [
            f"{s.title.upper()}  ({s.name})",
            f"  captor: {s.parties.captor}   pausing state: {s.parties.pausing_state}"
            f"   mediators: {', '.join(s.parties.mediators)}",
        ]
        for row in self.changes.itertuples():
            was = "off" if math.isnan(cast("float", row.first)) else f"{row.first:g}"
            unit = "" if row.unit == "0 or 1" else f" {row.unit}"
            lines.append(f"  set: {row.path} = {row.second:g}{unit} (was {was})")
        return "\n".join([*lines, f"  {self.eq.status}"])

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
            f"{show.number(talks.mean_days, 1)} days on average"
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
                text.table(["block", "pausing state", "dealer", "Nash product", ""], rows),
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
        left, both = course.left.idxmax(), self.eq.scenario.second_category is not None
        sequences = course.chunks.head(SHOWN_SEQUENCES)
        chunks = ", ".join(f"{name}\u00a0({chance:.3f})" for name, chance in sequences.items())
        agreed = [
            line.replace("\u00a0", " ")
            for line in text.wrapped(f"chunks agreed: {chunks}", hanging="  ")
        ]
        ends = course.ends[course.ends >= LEAST_SHOWN].sort_values(ascending=False)
        how = [f"    {cause!s:24}{chance:.3f}" for cause, chance in ends.items()]
        lines += [
            f"  mean {course.mean_days:.2f} days; captives{' of both categories' * both} left: "
            f"mean {course.mean_left:.1f}, most likely {left:g} ({course.left.max():.3f})",
            *agreed,
        ]
        if observed:
            realised = "-".join(map(str, observed.chunks))
            lines.append(
                f"  what happened: {observed.pause_days} days, chunks {realised}, "
                f"about {observed.captives_left:g} left"
                + (" of the first category" if both else "")
            )
        return "\n".join([*lines, "  how it ends", *how])

    def _extension(self, incentives: pd.DataFrame) -> str:
        if incentives["trust_needed"].isna().all():
            return "  no window at which a further chunk could be offered"
        return show.extension(incentives)

    def _certificate(self) -> str:
        verdict = "passed" if self.certificate.passed else (
            "FAILED: " + ", ".join(self.certificate.failures)
        )  # fmt: skip
        rows = [[name, value, what] for name, value, what in self.certificate.rows()]
        return f"CERTIFICATE: {verdict}\n" + text.table(
            ["check", "value", "what it says"], rows, left=3
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data; nan and infinities become None."""
        eq, course = self.eq, self.course
        pilot = dict(vars(eq.pilot))
        talks = {k: v for k, v in vars(eq.talks).items() if k != "parameters"}
        document = {
            "ceasefire": ceasefire.__version__,
            "scenario": {
                "name": eq.scenario.name,
                "title": eq.scenario.title,
                "digest": eq.scenario.digest,
                "parties": eq.scenario.parties.model_dump(),
            },
            "set": {row.path: row.second for row in self.changes.itertuples()},
            "observed": eq.scenario.observed.model_dump() if eq.scenario.observed else None,
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
            "extension": self._rows(),
            "certificate": self.certificate.to_dict(),
        }
        return dict(show.plain(document))

    def json(self) -> str:
        """Return the report as one JSON document."""
        return json.dumps(self.to_dict(), indent=1) + "\n"

    def _rows(self) -> list[dict[Any, Any]]:
        return [] if self.extension is None else self.extension.to_dict(orient="records")

    def csv(self) -> str:
        """Return the report as long CSV: section, item, key, value; lists as JSON."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("section", "item", "key", "value"))
        for section, content in self.to_dict().items():
            items = content if isinstance(content, dict) else {"": content}
            if isinstance(content, list):
                items = {str(i): item for i, item in enumerate(content)}
            for item, value in items.items():
                pairs = value if isinstance(value, dict) else {"": value}
                for key, cell in pairs.items():
                    plain = json.dumps(cell) if isinstance(cell, list | dict) else cell
                    writer.writerow((section, item, key, plain))
        return text.getvalue()


def _series(values: pd.Series[Any]) -> dict[str, float]:
    return {f"{k:g}" if isinstance(k, float) else str(k): float(v) for k, v in values.items()}
