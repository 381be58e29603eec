"""What an extension of the model adds: the windows of a course, and what it decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ceasefire.truce import _kernels as kernels
from ceasefire.truce import solve

if TYPE_CHECKING:
    from collections.abc import Callable

    from ceasefire.truce import Course

TITLES: Final = {
    "partial_batches": "Partial batches",
    "mediator": "Mediator with interests",
    "resolve": "Doubt in the pausing state's resolve",
    "second_category": "Second category of captives",
}
ABOUT: Final = {
    "partial_batches": "A day may bring a part of its batch, which is news about the captor.",
    "mediator": "The relay hears about the list and reports on it with interests of its own.",
    "resolve": "After a missed delivery a cabinet decides whose resolve the captor does not know.",
    "second_category": (
        "Further captives buy days at a price of their own, and the parties bargain over who "
        "counts among them."
    ),
}
ZONE: Final = (
    "The zone of agreement is computed for the base model alone. It asks for one more day at any "
    "price and then the play of the base model."
)
NO_TRUST: Final = (
    "Trust by window is not drawn here: the windows reached depend on which category pays, so the "
    "most likely course is not one row of windows."
)


def windows(eq: Any, chunks: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return the windows behind `chunks` delivered whole, in the columns of the base model's."""
    p = eq.parameters
    held, day, rows = float(p.W0), 0, []
    for k, days in enumerate(chunks):
        held, day = held - (p.n0 if k == 0 else days * p.x), day + days
        trust = _trust(eq, chunks[: k + 1])
        play = eq.values(max(held, 0.0), day, trust)
        rows.append({
            "day": day,
            "held_captives": max(held, 0.0),
            "trust_held": trust,
            "trust_needed": eq.trust_needed(max(held, 0.0), day),
            "best_chunk_days": play.best_chunk,
            "offer_probability": play.offer_probability,
            "goes_on_probability": play.goes_on,
        })  # fmt: skip
    return rows


def told(eq: Any, course: Course) -> dict[str, Any]:
    """Return what the extension decides, in rows of words and numbers, beside the base model."""
    name = eq.scenario.extensions[0]
    base = solve(eq.scenario.replace({name: "off"}), throw=False)
    plain = base.course()
    without = {
        "mean_days": plain.mean_days,
        "mean_left": plain.mean_left,
        "block_days": base.block_days,
    }
    described = {"name": name, "title": TITLES[name], "about": ABOUT[name]}
    return described | {"without": without, "rows": ROWS[name](eq, course)}


def _trust(eq: Any, chunks: tuple[int, ...]) -> float:
    """Belief in a dealer once `chunks` were delivered whole."""
    if hasattr(eq, "trust_held"):
        return float(eq.trust_held(chunks))
    line = eq.line(chunks[0])
    node, trust = line.head, eq.trust
    for k, days in enumerate(chunks):
        node = int(line.nodes.offers[node, days]) if k else node
        for _ in range(days):
            trust = float(line.at(trust)[kernels.POSTERIOR, node])
            node = int(line.nodes.following[node])
    return float(trust)


def _partial(eq: Any, course: Any) -> list[list[Any]]:
    rows: list[list[Any]] = [["chance that some day brings a part only", _shortfall(course)]]
    first = _first_window(eq)
    if first is not None:
        news = eq.news(*first)
        where = f"one day more after day {first[1]}"
        rows += [
            [f"{where}: brings a part", news.part],
            [f"{where}: brings nothing", news.nothing],
            [f"{where}: belief after the whole batch", news.after_whole],
            [f"{where}: belief after a part", news.after_part],
            [f"{where}: pause goes on after a part", news.goes_on_after_part],
        ]
    return rows


def _shortfall(course: Any) -> float:
    return float(getattr(course, "shortfall_probability", 0.0))


def _mediator(eq: Any, course: Course) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for row in windows(eq, _chunks(course)):
        play = eq.values(row["held_captives"], row["day"], row["trust_held"])
        where = f"after day {row['day']}"
        rows += [
            [f"{where}: says list when it heard of one", play.says_list_if_good],
            [f"{where}: says list when it heard of none", play.says_list_if_bad],
            [f"{where}: mediator's value (utils)", play.mediator],
        ]
    return rows


def _resolve(eq: Any, course: Course) -> list[list[Any]]:
    resolute, reluctant = eq.by_type
    return [
        ["pausing state's value, resolute cabinet (utils)", resolute],
        ["pausing state's value, reluctant cabinet (utils)", reluctant],
        ["chance that the pause is left inside a chunk", course.ends["left inside a chunk"]],
    ]


def _second(eq: Any, course: Any) -> list[list[Any]]:
    rows: list[list[Any]] = [
        ["ambiguous captives counted in the first category", eq.counted_first],
        ["captives of the first category at the start", eq.stocks.first],
        ["captives of the second category at the start", eq.stocks.second],
    ]
    if eq.block_days:
        left = course.left_second
        rows += [
            ["chance that the second category buys a day", course.second_used],
            ["second category left, mean", float(left.index.to_numpy() @ left.to_numpy())],
        ]
    return rows


def _first_window(eq: Any) -> tuple[float, int, float] | None:
    """Held, day and belief behind the first block; None where nothing can be offered there."""
    p, days = eq.parameters, eq.block_days
    held = p.W0 - p.n0
    if not days or eq.window(held, days).nodes.n_offers[eq.window(held, days).head] == 0:
        return None
    return held, days, _trust(eq, (days,))


def _chunks(course: Course) -> tuple[int, ...]:
    likely = str(course.chunks.index[0])
    return () if likely in ("none", "other") else tuple(map(int, likely.split("-")))


ROWS: Final[dict[str, Callable[[Any, Any], list[list[Any]]]]] = {
    "partial_batches": _partial,
    "mediator": _mediator,
    "resolve": _resolve,
    "second_category": _second,
}
