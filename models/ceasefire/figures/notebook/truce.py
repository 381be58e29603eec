"""Truces as a notebook shows them: scenario, equilibrium, course, windows, certificate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ceasefire.figures.notebook import _parts as parts
from ceasefire.figures.notebook import _svg as svg
from ceasefire.figures.notebook._parts import Safe
from ceasefire.figures.notebook._pictures import Picture, drawn_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ceasefire.truce import Agreement, Comparison, Course, Proposition, Scenario, WindowValues
    from ceasefire.truce.solution import Solution
    from ceasefire.truce.verified import Verified

LEAST = 5e-5  # probability of an end that four digits show
GIVEN = ("path", "symbol", "value", "unit", "meaning", "source")


def _scenario(scenario: Scenario) -> Safe:
    terms, rows = scenario.terms, scenario.parameters()[list(GIVEN)]
    deal = (
        f"{terms.first_block_captives:g} of {terms.eligible_captives:g} captives in a first block, "
        f"then {terms.captives_per_extra_day:g} for each further day; at most "
        f"{terms.pause_days_max} pause days."
    )
    on = f"Extension: {', '.join(scenario.extensions)}." if scenario.extensions else ""
    groups = rows["path"].str.partition(".")[0]
    tables = [
        parts.folded(
            f"{group.replace('_', ' ')}: {len(part)} parameters",
            parts.table(part.assign(path=part["path"].str.partition(".")[2].str.replace("_", " "))
                        .itertuples(index=False, name=None), head=GIVEN),
        )
        for group, part in rows.groupby(groups, sort=False)
    ]  # fmt: skip
    return parts.together(parts.heading(f"{scenario.name}: {scenario.title}"),
                          parts.line(deal, on), *tables)  # fmt: skip


def _equilibrium(eq: Solution[Any, Any]) -> Safe:
    course, pilot, talks = eq.course(), eq.pilot, eq.talks
    steps = [
        ("pilot", pilot.captives, f"belief in a dealer {pilot.trust_before:.3g} → {eq.trust:.3g}; "
         f"talks open with {pilot.open_probability:.3g}"),
        ("talks", _three(talks.deal_probability), f"chance of a deal; {talks.mean_days:.3g} days "
         "to it on average"),
        ("first block", eq.block_days, f"days; the captor's weight {eq.bargaining_weight:.3g}"),
        ("pause", _three(course.mean_days), f"days expected; most likely {course.modal_days} "
         f"({course.chunks.index[0]})"),
        ("left", _three(course.mean_left), "captives still held at the end, on average"),
    ]  # fmt: skip
    return parts.together(
        parts.heading(f"{type(eq).__name__}: {eq.scenario.name}"),
        parts.table(steps, head=("step", "", "what it says"), caption=eq.status.message),
        _lengths(course),
        *_windows(eq),
        parts.line(eq.method),
    )


def _windows(eq: Solution[Any, Any]) -> list[Safe]:
    """The windows of the most likely course, where the solution follows one."""
    if not hasattr(eq, "path") or not eq.block_days:
        return []
    path = eq.path()
    shown = path.loc[path["stage"] == "window", ["day", "held_captives", "trust_held",
                     "trust_needed", "best_chunk_days", "goes_on_probability"]]  # fmt: skip
    if not len(shown):
        return []
    head = ("after day", "held", "trust held", "trust needed", "best chunk (days)", "goes on")
    rows = [(int(day), float(held), *(_digits(x) for x in rest))
            for day, held, *rest in shown.itertuples(index=False, name=None)]  # fmt: skip
    return [parts.table(rows, head=head, caption="windows of the most likely course")]


def _three(value: float) -> Safe:
    return parts.text(f"{value:.3g}") if math.isfinite(value) else Safe("none")


def _digits(value: float) -> float:
    return float(f"{value:.4g}")


def _lengths(course: Course) -> Safe:
    likely = [course.modal_days]
    name = f"Probability of each pause length: {course.modal_days} days is most likely"
    length = course.length
    return svg.bars(list(length.index), length.tolist(), name, below="pause length (days)",
                    marked=likely)  # fmt: skip


def _course(course: Course) -> Safe:
    ends = course.ends[course.ends >= LEAST].sort_values(ascending=False, kind="stable")
    lead = (
        f"{course.mean_days:.3g} days expected, most likely {course.modal_days}; "
        f"{course.mean_left:.3g} captives left."
    )
    return parts.together(
        parts.line(lead),
        _lengths(course),
        parts.series(ends.round(4), "how it ends", ("cause", "probability")),
        parts.series(course.chunks.iloc[:8].round(4), "chunks agreed (days), the likeliest first",
                     ("sequence", "probability")),
        parts.more(len(course.chunks) - 8, "sequence"),
    )  # fmt: skip


def _certificate(found: Verified) -> Safe:
    said = "every check passed" if found.passed else f"FAILED: {', '.join(found.failures)}"
    return parts.table(found.rows(), head=("check", "value", "of what"),
                       caption=f"certificate: {said}")  # fmt: skip


def _comparison(found: Comparison) -> Safe:
    return parts.frame(found.table, "courses, one case a row")


def _window(window: WindowValues) -> Safe:
    lead = (
        f"After day {window.day}, {window.held:g} captives held, belief in a dealer "
        f"{window.trust:.4g}: the pause goes on with {window.goes_on:.3g}."
    )
    rows: list[tuple[Any, ...]] = [("stop", float(f"{window.offers[0]:.4g}"), "", "")]
    for days, (offer, accepted, worth) in enumerate(
        zip(window.offers[1:], window.acceptance, window.chunk_values, strict=True), start=1
    ):
        numbers = [float(f"{x:.4g}") for x in (offer, accepted, worth)]
        rows.append((f"{days} more day{'s' * (days > 1)}", *numbers))
    head = ("offer", "probability", "accepted", "worth to the pausing state (utils)")
    values = (
        f"Values, utils net of war: pausing state {window.pausing_state:.4g}, "
        f"dealer {window.dealer:.4g}, opportunist {window.opportunist:.4g}."
    )
    return parts.together(parts.line(lead), parts.table(rows, head=head), parts.line(values))


def _agreement(found: Agreement) -> Safe:
    rows = [
        ("captor accepts", _spans(found.captor_accepts)),
        ("pausing state accepts", _spans(found.pausing_state_accepts)),
        ("zone of agreement", _spans(found.zone)),
    ]
    return parts.table(rows, head=("prices of one more day", "captives"))


def _spans(pieces: Any) -> str:
    return " and ".join(f"{low:.4g} to {high:.4g}" for low, high in pieces) or "none"


def _proposition(found: Proposition) -> Safe:
    rows = [(claim, "holds" if holds else "does NOT hold") for claim, holds in found.claims.items()]
    judged = parts.table(rows, head=("part", "here")) if rows else parts.line(found.reason)
    numbers = parts.frame(found.measured) if len(found.measured) else ""
    folded = parts.folded("the numbers judged", numbers) if numbers else ""
    return parts.together(parts.heading(found.name), parts.line(found.statement), judged, folded)


def _named(title: str) -> Callable[[Any], Safe]:
    return lambda found: parts.together(
        parts.heading(title), parts.attributes(found, skip=("parameters",))
    )


TABLES: dict[str, Callable[[Any], Safe]] = {
    "Scenario": _scenario,
    "Solution": _equilibrium,
    "Course": _course,
    "Verified": _certificate,
    "Comparison": _comparison,
    "WindowValues": _window,
    "Agreement": _agreement,
    "Proposition": _proposition,
    "Pilot": _named("the pilot release"),
    "Talks": _named("the talks"),
}


def _recipe(name: str) -> Picture:
    """A figure of the paper, of the scenario that an object is or was solved from."""

    def draw(value: Any, ax: Axes | None) -> Figure:
        from ceasefire.figures import figure

        return figure(name, _of(value))

    def fits(value: Any) -> bool:
        return not _of(value).extensions

    return Picture(draw, fits, panels=True)


def _of(value: Any) -> Scenario:
    scenario: Scenario = getattr(value, "scenario", value)
    return scenario


def _whole_course(value: Any, ax: Axes | None) -> Figure:
    from ceasefire.figures import course as drawing
    from ceasefire.figures.style import style

    with style():
        if hasattr(value, "scenario"):
            told = drawing.told(value.course(), value.scenario)
            return drawing.draw(told, value.scenario)
        return drawing.both(drawing.told(value))


def _scenario_course(scenario: Scenario, ax: Axes | None) -> Figure:
    from ceasefire.figures import figure

    return figure("course", scenario)


def _one_panel(name: str) -> Callable[[Any, Axes | None], Axes]:
    def draw(value: Any, ax: Axes | None) -> Axes:
        from ceasefire.figures import course as drawing

        scenario = getattr(value, "scenario", None)
        course = value.course() if scenario is not None else value
        return drawing.alone(name, drawing.told(course, scenario), ax=ax)

    return draw


def _endings(found: Comparison, ax: Axes | None) -> Figure:
    from ceasefire.figures import endings
    from ceasefire.figures.style import style

    with style():
        return endings.draw(endings.tidy(found))


_OF_A_SOLUTION = {
    "course": Picture(_whole_course, panels=True),
    "lengths": Picture(_one_panel("lengths")),
    "held": Picture(_one_panel("held")),
}
_RECIPES = {
    "windows": _recipe("extension"),
    "trust-map": _recipe("trust-map"),
    "negotiation": _recipe("negotiation"),
    "endings": _recipe("endings"),
}

PICTURES: dict[str, dict[str, Picture]] = {
    "Scenario": {"course": Picture(_scenario_course, panels=True), **_RECIPES},
    "Solution": {**_OF_A_SOLUTION, **_RECIPES},
    "Course": _OF_A_SOLUTION,
    "Comparison": {"endings": Picture(_endings, panels=True)},
    "WindowValues": {"offers": drawn_by("windows", "offers")},
    "Agreement": {"zone": drawn_by("windows", "zone")},
    "Talks": {"length": drawn_by("windows", "talks_length")},
    "Pilot": {"beliefs": drawn_by("windows", "beliefs")},
}

HINTS = {
    "Verified": "a certificate is a table; the equilibrium that it is of has pictures",
    "Proposition": "ceasefire.figures.figure('p1', scenario) draws proposition P1, and so on",
}
