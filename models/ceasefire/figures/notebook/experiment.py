"""Experiments and their analyses as a notebook shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ceasefire.figures.notebook import _parts as parts
from ceasefire.figures.notebook._pictures import Picture, own

if TYPE_CHECKING:
    from collections.abc import Callable

    from ceasefire.experiment import Cached, Experiment
    from ceasefire.experiment.analysis.discovery import Box
    from ceasefire.figures.notebook._parts import Safe


def experiment(of: Experiment) -> Safe:
    """What is varied and how, and what is kept of each point."""
    spec = of.spec
    rows = [
        ("scenario", spec.scenario),
        ("design", spec.vary.design),
        ("varies", ", ".join(of.columns)),
        ("records", ", ".join(spec.record)),
        ("keeps to", "; ".join(spec.constraints.values()) or "no constraint"),
        ("seed", str(spec.seed)),
    ]
    return parts.together(parts.heading(f"{spec.name}: {spec.title}"), parts.table(rows))


def cached(of: Cached) -> Safe:
    """The first rows."""
    lead = f"{len(of.rows):,} committed rows, computed by code {of.code}"
    return parts.together(parts.line(lead), parts.frame(of.rows))


def analysis(of: Any) -> Safe:
    """What an analysis says of itself in a line, and its table."""
    return parts.together(parts.line(repr(of).split("\n", 1)[0]), parts.frame(of.table()))


def box(of: Box) -> Safe:
    """The limits of one box."""
    lead = f"{of.holding} of {of.rows} rows; coverage {of.coverage:.3g}, density {of.density:.3g}"
    rows = [(str(limit),) for limit in of.limits]
    return parts.together(parts.line(lead), parts.table(rows, head=("limit",)))


ANALYSES = ("Boxes", "Region", "SobolIndices", "Tornado", "PartialDependence", "MorrisEffects",
            "Regression", "Curve")  # fmt: skip
TABLES: dict[str, Callable[[Any], Safe]] = {
    "Experiment": experiment,
    "Cached": cached,
    "Box": box,
    **dict.fromkeys(ANALYSES, analysis),
}


PICTURES: dict[str, dict[str, Picture]] = {name: {"analysis": own()} for name in ANALYSES}
HINTS = {"": "analyses of ceasefire.experiment.analysis have one"}
