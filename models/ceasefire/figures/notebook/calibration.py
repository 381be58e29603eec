"""Records, estimates and predictions as a notebook shows them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.figures.notebook import _parts as parts
from ceasefire.figures.notebook import _svg as svg
from ceasefire.figures.notebook._pictures import Picture, drawn_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from ceasefire.calibration import (
        Exchange,
        ExpectedContraction,
        Gradient,
        Identification,
        Likelihood,
        Maximum,
        MomentFit,
        NextDay,
        Observation,
        PlausibleSet,
        Posterior,
        Prediction,
        Problem,
        Profile,
        Profiles,
        Recovery,
        RivalScores,
    )
    from ceasefire.figures.notebook._parts import Safe

RECORD = ("day", "date", "promised", "delivered", "credited", "prisoners", "delay",
          "extension_days", "incident", "confidence")  # fmt: skip


def likelihood(found: Likelihood) -> Safe:
    """The log-likelihood, part by part in the order of time."""
    return parts.together(
        parts.line(f"log-likelihood {found.total:.6g}; the parts add up to it"),
        parts.frame(found.terms),
    )


def maximum(found: Maximum) -> Safe:
    """The estimates; standard errors where they were computed, since they take solves."""
    ready = "standard_errors" in vars(found)
    starts = f"{found.reached} of {len(found.ascents)} starts came there"
    table = found.table() if ready else found.estimates.rename_axis("parameter").reset_index()
    more = "" if ready else parts.line("found.table() computes standard errors and notes.")
    lead = f"maximum likelihood: log-likelihood {found.log_likelihood:.4f}; {starts}"
    return parts.together(parts.line(lead), parts.frame(table), more)


def moments(found: MomentFit) -> Safe:
    """The estimates, and whether the moments tell parameters apart."""
    return parts.together(parts.line(found.status), parts.frame(found.table()))


def profiles(found: Profiles) -> Safe:
    """Each parameter's interval from its profile."""
    return parts.together(parts.line(found.status), parts.frame(found.table()))


def profile(found: Profile) -> Safe:
    """The points of one profile."""
    lead = f"profile of {found.parameter}; the maximum is {found.maximum:.4f}"
    return parts.together(parts.line(lead), parts.frame(found.table))


def posterior(found: Posterior) -> Safe:
    """What is known of each parameter, and whether the draws have mixed."""
    return parts.together(parts.line(found.status), parts.frame(found.summary))


def identification(found: Identification) -> Safe:
    """What the record and records like it say of each parameter."""
    lead = f"rank {found.rank} of {len(found.problem.names)} parameters"
    return parts.together(parts.line(lead), parts.frame(found.table))


def plausible(found: PlausibleSet) -> Safe:
    """The hull of the points within some units of the best."""
    span = f"{found.share_low:.1%} to {found.share_high:.1%}"
    lead = (
        f"{found.share:.1%} of {found.points:,} points (95 %: {span}) lie within {found.units:g} "
        f"log units of the best, {found.best:.4f}"
    )
    return parts.together(parts.line(lead), parts.frame(found.table))


def gradient(found: Gradient) -> Safe:
    """The slope along each parameter, its error and how it was taken."""
    import pandas as pd

    table = pd.DataFrame({"score": found.score, "error": found.errors, "method": found.methods})
    return parts.together(parts.line(f"log-likelihood {found.total:.6g}"),
                          parts.frame(table.rename_axis("parameter")))  # fmt: skip


def prediction(found: Prediction) -> Safe:
    """How long the pause is expected to last, and what comes next."""
    days, captives, lengths = found.days, found.captives, found.lengths
    share = f"{found.level:.0%}"
    lead = (
        f"{found.exchange.name} after day {found.until}: {days.low:g} to {days.high:g} pause days "
        f"in all ({share}), {captives.mean:.1f} more captives freed on average"
    )
    most = [int(np.argmax(lengths["probability"]))]
    picture = svg.bars(lengths["batches"].tolist(), lengths["probability"].tolist(),
                       "Probability of each number of batches due in all",
                       below="batches due over the whole pause", marked=most)  # fmt: skip
    return parts.together(parts.line(lead), picture, parts.frame(lengths))


def rivals(found: RivalScores) -> Safe:
    """What the scores say, and a row a rival."""
    return parts.together(parts.line(found.verdict), parts.frame(found.summary()))


def recovery(found: Recovery) -> Safe:
    """How often intervals hold the truth."""
    lead = f"{found.level:.0%} intervals in {found.table['data_set'].nunique()} simulated data sets"
    return parts.together(parts.line(lead), parts.frame(found.coverage))


def next_day(found: NextDay) -> Safe:
    """What the next day may bring and would teach."""
    lead = f"{found.label}: what the day after day {found.after} may bring, and would teach"
    return parts.together(parts.line(lead), parts.frame(found.events),
                          parts.frame(found.information))  # fmt: skip


def following(found: ExpectedContraction) -> Safe:
    """What the next day is expected to take from the variance, and what the draws are worth."""
    lead = f"{found.label}: expected of the day after day {found.after}; {found.status}"
    return parts.together(parts.line(lead), parts.frame(found.table))


def exchange(found: Exchange) -> Safe:
    """The record, a row a day."""
    rows = found.frame()
    shown = rows[[c for c in RECORD if c in rows and rows[c].notna().any()]]
    return parts.together(parts.line(repr(found)), parts.frame(shown.astype(object).fillna("")))


def observation(found: Observation) -> Safe:
    """What was seen; what was not is left out."""
    from dataclasses import fields

    told = [(f.name.replace("_", " "), parts.told(getattr(found, f.name))) for f in fields(found)]
    return parts.table([row for row in told if row[1] != "none"], head=("reading", "seen"))


def problem(found: Problem) -> Safe:
    """What is estimated: ranges and priors."""
    rows = [
        (
            one.symbol,
            one.low,
            one.high,
            str(one.prior),
            "each exchange" if one.case_specific else "",
        )
        for one in found.parameters
    ]
    seen = ", ".join(found.labels[:8]) + (" …" if len(found.labels) > 8 else "")
    return parts.together(
        parts.heading(found.title or found.name),
        parts.line(f"{len(found.observations)} observations: {seen}"),
        parts.table(rows, head=("parameter", "from", "to", "prior", "its own in")),
    )


TABLES: dict[str, Callable[[Any], Safe]] = {
    "Likelihood": likelihood,
    "Maximum": maximum,
    "MomentFit": moments,
    "Profiles": profiles,
    "Profile": profile,
    "Posterior": posterior,
    "Identification": identification,
    "PlausibleSet": plausible,
    "Gradient": gradient,
    "Prediction": prediction,
    "RivalScores": rivals,
    "Recovery": recovery,
    "NextDay": next_day,
    "ExpectedContraction": following,
    "Exchange": exchange,
    "Observation": observation,
    "Problem": problem,
}


def _page(module: str) -> Picture:
    """A picture with panels of its own, loaded when it is asked for."""

    def draw(found: Any, ax: Axes | None) -> Any:
        return import_module(f"ceasefire.figures.{module}").draw(found)

    return Picture(draw, panels=True)


def _contraction(found: Any, ax: Axes | None) -> Any:
    from ceasefire.figures.identify_contraction import draw

    return draw(found.table[["parameter", "contraction"]], found)


PICTURES: dict[str, dict[str, Picture]] = {
    "Likelihood": {"parts": drawn_by("records", "likelihood_parts")},
    "Profiles": {"profiles": _page("estimate_profiles")},
    "Profile": {"profile": drawn_by("records", "profile")},
    "Posterior": {"priors": _page("estimate_priors"), "pairs": _page("estimate_pairs")},
    "Identification": {"map": _page("identify_map")},
    "Prediction": {"course": _page("predict_course")},
    "RivalScores": {"scores": _page("predict_rivals")},
    "Recovery": {"coverage": _page("identify_coverage"), "ranks": _page("identify_ranks")},
    "ExpectedContraction": {"contraction": Picture(_contraction, panels=True)},
    "Exchange": {"record": drawn_by("records", "batches")},
}
HINTS = {
    "Maximum": "calibration.profile(maximum) has one",
    "": "records, likelihoods, profiles, posteriors and predictions have one",
}
