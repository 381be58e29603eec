"""What the page shows of a scenario, as plain numbers that JSON can carry."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ceasefire import data
from ceasefire.errors import ArgumentError
from ceasefire.explore.judged import decomposed, judged
from ceasefire.figures import extended
from ceasefire.tolerances import PROBABILITY_SUM
from ceasefire.truce import agreement, solve
from ceasefire.truce.incentives import clause_price

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ceasefire.truce import Course, Scenario, TruceEquilibrium

TALK_DAYS: Final = 120
QUANTILES: Final = {"q05": 0.05, "q25": 0.25, "q75": 0.75, "q95": 0.95}
TRUST: Final = (
    "day", "held_captives", "trust_held", "trust_needed", "best_chunk_days", "offer_probability",
    "goes_on_probability",
)  # fmt: skip
KEPT: Final = 8  # solutions kept: what the page asks for next is mostly about the last one


@dataclass(frozen=True, eq=False)
class Solved:
    """An equilibrium with what several parts of the page need of it."""

    equilibrium: TruceEquilibrium

    @cached_property
    def course(self) -> Course:
        """The course in equilibrium."""
        return self.equilibrium.course()

    @cached_property
    def windows(self) -> list[dict[str, Any]]:
        """Rows of the windows on the most likely course."""
        likely = str(self.course.chunks.index[0])
        if likely == "other" or self.equilibrium.scenario.second_category is not None:
            return []
        chunks = () if likely == "none" else tuple(map(int, likely.split("-")))
        if self.equilibrium.scenario.extensions:
            return extended.windows(self.equilibrium, chunks)
        path = self.equilibrium.path(chunks)
        return _records(path[path["stage"] == "window"])


_SOLVED: OrderedDict[str, Solved] = OrderedDict()


def answer(what: str, scenario: Scenario, name: str = "") -> dict[str, Any]:
    """Return one part of the page.

    Parameters
    ----------
    what : str
        ``course`` (the course, trust by window, the negotiation, what an extension adds),
        ``windows`` (prices that each side accepts at the windows of the most likely course),
        ``decomposition`` (one friction off at a time, the negotiation held fixed) or
        ``proposition``.
    scenario : Scenario
        With one extension at most; parts that only the base model has then say so.
    name : str
        P1 to P9, for a proposition.

    Returns
    -------
    dict
        Numbers, texts and lists of them. nan is None; an infinite number is the word "inf".

    Raises
    ------
    ArgumentError
        An unknown part, or a scenario that switches two extensions on.
    SolveError
        Not solved.

    Examples
    --------
    >>> import ceasefire as cf
    >>> told = answer("course", cf.load("november-2023"))
    >>> told["headline"]["modal_days"], told["headline"]["sequence"]
    (7, '4-2-1')
    """
    if what not in ANSWERS:
        raise ArgumentError("what", what, "one of " + ", ".join(ANSWERS))
    told: dict[str, Any] = plain(ANSWERS[what](solved(scenario), name))
    return told


def solved(scenario: Scenario) -> Solved:
    """Solve, or return what was solved a moment ago."""
    if scenario.digest not in _SOLVED:
        _SOLVED[scenario.digest] = Solved(solve(scenario))
        while len(_SOLVED) > KEPT:
            _SOLVED.popitem(last=False)
    _SOLVED.move_to_end(scenario.digest)
    return _SOLVED[scenario.digest]


def plain(value: Any) -> Any:
    """Numbers as JSON has them: nan is None, an infinite number the word "inf" or "-inf"."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("inf" if value > 0.0 else "-inf")
    return value


def _course(found: Solved, _: str) -> dict[str, Any]:
    eq, course = found.equilibrium, found.course
    return {
        "status": str(eq.status),
        "headline": _headline(eq, course),
        "length": {"days": course.length.index.to_numpy(), "probability": course.length.to_numpy()},
        "held": _held(course),
        "happened": _happened(eq),
        "ends": {"cause": list(course.ends.index), "probability": course.ends.to_numpy()},
        "trust": [{name: row[name] for name in TRUST} for row in found.windows],
        "no_trust": "" if eq.scenario.second_category is None else extended.NO_TRUST,
        "negotiation": _negotiation(eq),
        "extension": extended.told(eq, course) if eq.scenario.extensions else None,
    }


def _headline(eq: TruceEquilibrium, course: Course) -> dict[str, Any]:
    return {
        "mean_days": course.mean_days,
        "modal_days": course.modal_days,
        "modal_probability": course.length.max(),
        "mean_left": course.mean_left,
        "sequence": str(course.chunks.index[0]),
        "sequence_probability": course.chunks.iloc[0],
        "trust": eq.trust,
        "open_probability": eq.pilot.open_probability,
        "deal_probability": eq.talks.deal_probability,
        "block_days": eq.block_days,
    }


def _held(course: Course) -> dict[str, Any]:
    """Mean and quantiles of the captives held at the end of each day."""
    chances = course.held_by_day.to_numpy()
    stocks = course.held_by_day.columns.to_numpy(dtype=float)
    bands = {
        name: stocks[[int(np.searchsorted(row, level - PROBABILITY_SUM)) for row in running]]
        for running in [np.cumsum(chances, axis=1)]
        for name, level in QUANTILES.items()
    }
    return {"day": np.arange(len(chances)), "mean": chances @ stocks, **bands}


def _happened(eq: TruceEquilibrium) -> dict[str, Any] | None:
    observed, pool = eq.scenario.observed, eq.scenario.terms.eligible_captives
    if observed is None:
        return None
    left: list[float] = []
    if observed.dataset and eq.scenario.second_category is None:  # the record is of the first
        credited = _credited(observed.dataset)
        left = [pool - sum(credited[:day]) for day in range(observed.pause_days + 1)]
    return {"pause_days": observed.pause_days, "held": left}


@lru_cache(maxsize=4)
def _credited(dataset: str) -> tuple[float, ...]:
    record = getattr(data, dataset)()
    return tuple(record["hostages_credited_under_deal"].to_numpy(dtype=float).tolist())


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): cell for key, cell in row.items()} for row in frame.to_dict("records")]


def _negotiation(eq: TruceEquilibrium) -> dict[str, Any]:
    talks = eq.talks
    likely = talks.deal_probability
    length = talks.length(TALK_DAYS).to_numpy()
    return {
        "belief": [eq.pilot.trust_before, eq.trust],
        "opens": [eq.pilot.open_probability_without, eq.pilot.open_probability],
        "matched": eq.pilot.matched,
        "deal_probability": likely,
        "talks_mean": talks.mean_days,
        "talks": length / likely if likely > 0.0 else length,
        "block_days": eq.block.index.to_numpy(),
        "nash_product": eq.block["nash_product"].to_numpy(),
        "agreed": [[days, share] for days, share in eq.block_weights.items()],
    }


def _windows(found: Solved, _: str) -> dict[str, Any]:
    """Prices of one more day that each side accepts, window by window."""
    eq, rows = found.equilibrium, []
    if eq.scenario.extensions:
        return {"windows": [], "why": extended.ZONE}
    for row in found.windows:
        held, day, trust = row["held_captives"], int(row["day"]), row["trust_held"]
        agreed = agreement(eq, held, day, trust)
        price = clause_price(eq, day)
        rows.append({
            "day": day,
            "held_captives": held,
            "clause_price": price,
            "clause_in_zone": agreed.contains(price),
            "zone": agreed.zone,
            "captor_accepts": agreed.captor_accepts,
            "pausing_state_accepts": agreed.pausing_state_accepts,
            "captor_reservation_price": agreed.captor_reservation_price,
            "pausing_state_reservation_price": agreed.pausing_state_reservation_price,
        })  # fmt: skip
    return {"windows": rows}


def _proposition(found: Solved, name: str) -> dict[str, Any]:
    return judged(found.equilibrium, name)


def _decomposition(found: Solved, _: str) -> dict[str, Any]:
    return decomposed(found.equilibrium)


ANSWERS: Final[dict[str, Callable[[Solved, str], dict[str, Any]]]] = {
    "course": _course,
    "windows": _windows,
    "proposition": _proposition,
    "decomposition": _decomposition,
}
