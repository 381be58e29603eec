"""What an experiment records: named numbers of a solved truce, or of a model of a step."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import pandas as pd

    from ceasefire.truce import Course, Proposition, Scenario, TruceEquilibrium

    Value = float | int | str | bool | None


class Solved:
    """One point: its scenario, and what follows from it, each computed on first use."""

    def __init__(self, scenario: Scenario, rng: np.random.Generator) -> None:
        self.scenario, self.rng = scenario, rng
        self._judged: dict[str, Proposition] = {}

    @cached_property
    def equilibrium(self) -> TruceEquilibrium:
        """The equilibrium; raises where there is none."""
        from ceasefire import truce

        return truce.solve(self.scenario)

    @cached_property
    def course(self) -> Course:
        """The distribution of the course."""
        return self.equilibrium.course()

    @cached_property
    def windows(self) -> pd.DataFrame:
        """One row a window on the most likely course."""
        from ceasefire import truce

        return truce.extension(self.equilibrium)

    def proposition(self, name: str) -> Proposition:
        """Return a proposition of the model, judged at this point."""
        from ceasefire import truce

        if name not in self._judged:
            known = truce.proposition(name, self.scenario, equilibrium=self.equilibrium)
            self._judged[name] = known
        return self._judged[name]

    @cached_property
    def play(self) -> pd.Series[Any]:
        """One play of the truce drawn with the point's own generator."""
        from ceasefire import truce

        return truce.simulate(self.equilibrium, 1, self.rng).iloc[0]


def _share(solved: Solved, keep: Callable[[Any], bool]) -> float:
    return float(sum(chance for one, chance in solved.course.outcomes if keep(one)))


def _freed(solved: Solved) -> float:
    held = float(solved.scenario.symbols().W0)
    if solved.scenario.second_category is not None:  # those left are of both categories
        held += solved.scenario.second_category.captives
    return held - solved.course.mean_left


def _block_value(solved: Solved, who: str) -> float:
    days = solved.equilibrium.block_days
    return float(solved.equilibrium.block.loc[days, who]) if days else float("nan")  # type: ignore[arg-type]


# Name -> (meaning, how it is read off). One line an output.
NAMED: dict[str, tuple[str, Callable[[Solved], Any]]] = {
    "mean_days": ("expected pause, days", lambda s: s.course.mean_days),
    "mean_left": ("expected captives left", lambda s: s.course.mean_left),
    "captives_freed": ("expected captives freed in the pause", _freed),
    "modal_days": ("most likely pause, days", lambda s: s.course.modal_days),
    "sequence": ("most likely chunks, days", lambda s: str(s.course.chunks.index[0])),
    "trust": ("belief in a dealer after the pilot", lambda s: s.equilibrium.trust),
    "block_days": ("first block agreed, days", lambda s: s.equilibrium.block_days),
    "matched": (
        "share of opportunists that match the pilot", lambda s: s.equilibrium.pilot.matched,
    ),
    "open_probability": (
        "talks open after the pilot", lambda s: s.equilibrium.pilot.open_probability,
    ),
    "dealer_net": (
        "value of the pilot to a dealer, utils", lambda s: s.equilibrium.pilot.dealer_net,
    ),
    "deal_probability": ("talks reach a deal", lambda s: s.equilibrium.talks.deal_probability),
    "value_pausing_state": ("of the block, utils", lambda s: _block_value(s, "pausing_state")),
    "value_dealer": ("of the block, utils", lambda s: _block_value(s, "dealer")),
    "value_opportunist": ("of the block, utils", lambda s: _block_value(s, "opportunist")),
    "windows": ("windows on the most likely course", lambda s: len(s.windows)),
    "certified": ("certificate passed", lambda s: bool(s.equilibrium.certificate.passed)),
    "status": ("what the solver claims", lambda s: s.equilibrium.status.name),
    "drawn_days": ("pause of one random play, days", lambda s: int(s.play["days"])),
    "drawn_left": ("captives left in it", lambda s: float(s.play["captives_left"])),
}  # fmt: skip
RANDOM = ("drawn_days", "drawn_left")

PATTERNS: dict[str, str] = {
    "p_days_N": "probability of a pause of N days",
    "p_at_least_N": "probability of a pause of N days or more",
    "p_end_CAUSE": "probability that the pause ends so: stopped, reneged, relay, incident, ...",
    "trust_needed_at_HELD_DAY": "least belief at which a chunk is offered at that window",
    "window_K_COLUMN": "column of truce.extension at the K-th window on the most likely course",
    "holds_PN": "whether proposition N of the model holds; empty where it cannot be judged",
    "holds_PN_PART": "whether a part of it holds, as holds_P4_chunks",
    "model:NAME.PATH": "attribute of what a model of `ceasefire model list` solves to",
}


def evaluate(
    scenario: Scenario, names: Sequence[str], rng: np.random.Generator
) -> dict[str, Value]:
    """Solve a point and return what is recorded, by name, as plain numbers.

    Parameters
    ----------
    scenario : Scenario
        The point.
    names : sequence of str
        Of ``NAMED`` and ``PATTERNS``; each is computed only if asked for.
    rng : numpy.random.Generator
        The point's own, for what is drawn.

    Raises
    ------
    SolveError
        The truce is not solved.
    ArgumentError
        An unknown name.
    """
    solved = Solved(scenario, rng)
    return {name: _plain(name, output(name)(solved)) for name in names}


def output(name: str) -> Callable[[Solved], Any]:
    """Return how the output `name` is read off a solved point.

    Raises
    ------
    ArgumentError
        No such output; the message names the closest.

    Examples
    --------
    >>> callable(output("p_days_7"))
    True
    >>> output("mean_dais")
    Traceback (most recent call last):
        ...
    ceasefire.errors.ArgumentError: record: got 'mean_dais'; ...; did you mean mean_days?
    """
    if name in NAMED:
        return NAMED[name][1]
    if found := re.fullmatch(r"p_days_(\d+)", name):
        days = int(found[1])
        return lambda s: _share(s, lambda one: one.length == days)
    if found := re.fullmatch(r"p_at_least_(\d+)", name):
        least = int(found[1])
        return lambda s: _share(s, lambda one: one.length >= least)
    if name.startswith("p_end_"):
        return _ending(name)
    if found := re.fullmatch(r"trust_needed_at_(\d+(?:\.\d+)?)_(\d+)", name):
        held, day = float(found[1]), int(found[2])
        return lambda s: s.equilibrium.trust_needed(held, day)
    if found := re.fullmatch(r"window_(\d+)_([a-z_]+)", name):
        return _window(name, int(found[1]), found[2])
    if found := re.fullmatch(r"holds_(P\d)(?:_([a-z_]+))?", name):
        return _holds(name, found[1], found[2])
    if name.startswith("model:"):
        return _model(name)
    raise ArgumentError("record", name, ", ".join((*NAMED, *PATTERNS)), meant(name, NAMED))


def _ending(name: str) -> Callable[[Solved], float]:
    from ceasefire.truce.course import Ending

    causes = {one.name.lower(): one for one in Ending}
    cause = causes.get(name.removeprefix("p_end_"))
    if cause is None:
        raise ArgumentError("record", name, ", ".join(f"p_end_{one}" for one in causes))
    return lambda s: _share(s, lambda one: one.ending is cause)


def _holds(name: str, which: str, part: str | None) -> Callable[[Solved], bool | None]:
    from ceasefire.truce.claims import RULES

    if which not in RULES or (part is not None and part not in RULES[which].parts):
        allowed = ", ".join(f"holds_{one}_{p}" for one, rule in RULES.items() for p in rule.parts)
        raise ArgumentError("record", name, f"holds_P1, ..., holds_P9, or a part: {allowed}")

    def read(solved: Solved) -> bool | None:
        found = solved.proposition(which)
        return found.holds if part is None else found.claims.get(part)

    return read


WINDOW_COLUMNS = (
    "held_captives", "day", "trust_held", "trust_needed", "best_chunk_days", "offer_probability",
    "goes_on_probability", "clause_price", "captor_gain", "pausing_state_gain",
    "captor_reservation_price", "pausing_state_reservation_price", "clause_in_zone",
    "honesty_margin", "temptation_ratio", "critical_hazard", "resume_gain", "resume_gain_inside",
    "zone_low", "zone_high",
)  # fmt: skip


def _window(name: str, which: int, column: str) -> Callable[[Solved], Any]:
    if which < 1 or column not in WINDOW_COLUMNS:
        allowed = "window_K_COLUMN with K from 1 and COLUMN of " + ", ".join(WINDOW_COLUMNS)
        raise ArgumentError("record", name, allowed)

    def read(solved: Solved) -> Any:
        if which > len(solved.windows):
            return float("nan")
        row = solved.windows.iloc[which - 1]
        if column in ("zone_low", "zone_high"):
            zone = row["zone"]
            ends = [end for piece in zone for end in piece]
            return (min(ends) if column == "zone_low" else max(ends)) if ends else float("nan")
        return row[column]

    return read


def _model(name: str) -> Callable[[Solved], Any]:
    from ceasefire.bargaining.registry import model

    told, _, path = name.removeprefix("model:").partition(".")
    kind = model(told)
    if not path or any(part.startswith("_") for part in path.split(".")):
        raise ArgumentError("record", name, "model:NAME.ATTRIBUTE, nothing private")

    def read(solved: Solved) -> Any:
        value: Any = kind.from_scenario(solved.scenario).solve()
        for part in path.split("."):
            value = value[int(part)] if part.isdigit() else getattr(value, part)
        return value

    return read


def _plain(name: str, value: Any) -> Value:
    """Return a plain number, word or None, as the journal keeps it."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ArgumentError("record", f"{name} = {value!r}", "one number, word or truth value")
