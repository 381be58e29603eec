"""Section 1 of a report: the terms, every parameter with its source, and what was changed."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

from ceasefire.figures import extended
from ceasefire.figures.document import Block
from ceasefire.figures.reports.words import captives, days, listed, plain, sentence
from ceasefire.truce.scenario import ASSUMED, load, packaged

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from ceasefire.figures.reports.facts import Facts
    from ceasefire.truce import Scenario

GROUPS = {
    "terms": "Terms of the deal",
    "captor": "The captor",
    "pausing_state": "The pausing state",
    "hazards": "Hazards",
    "pilot": "The pilot",
    "talks": "The talks",
    **{name: f"Extension: {title.lower()}" for name, title in extended.TITLES.items()},
}


def origin(scenario: Scenario) -> Scenario:
    """The packaged scenario of the same name, else the one with the fewest other parameters."""
    known = _packaged()
    if scenario.name in known:
        return known[scenario.name]
    return min(known.values(), key=lambda one: len(differences(one, scenario)))


@cache
def _packaged() -> dict[str, Scenario]:
    """Every packaged scenario by name; the baseline first, so that it wins a draw."""
    names = sorted(packaged(), key=lambda name: (name != "november-2023", name))
    return {name: load(name) for name in names}


def differences(one: Scenario, two: Scenario) -> pd.DataFrame:
    """Parameters in which two scenarios differ: path, symbol, unit, first, second.

    nan where a scenario leaves the extension out.
    """
    keys = ["path", "symbol", "unit"]
    first, second = (scenario.parameters()[[*keys, "value"]] for scenario in (one, two))
    data = first.merge(second, on=keys, how="outer", sort=False)
    data = data.rename(columns={"value_x": "first", "value_y": "second"})
    order = {path: i for i, path in enumerate([*first["path"], *second["path"]])}
    data = data.sort_values("path", key=lambda paths: paths.map(order))
    return data[data["first"] != data["second"]].reset_index(drop=True)


def section(facts: Facts) -> Iterator[Block]:
    """The terms in words, what was changed, and tables of all parameters."""
    yield Block("heading", "1. Terms", level=2)
    yield Block("text", facts.scenario.description)
    yield Block("list", "\n".join(_parties(facts.scenario)))
    yield Block("text", _agreed(facts.scenario))
    for name in facts.scenario.extensions:
        yield Block("text", f"{extended.TITLES[name]} is switched on. {extended.ABOUT[name]}")
    yield from _changes(facts)
    yield from _parameters(facts.scenario)


def _parties(scenario: Scenario) -> list[str]:
    parties = scenario.parties
    told = [f"Captor: {parties.captor}", f"Pausing state: {parties.pausing_state}"]
    if parties.mediators:
        told.append(f"Mediators: {listed(parties.mediators)}")
    return told


def _agreed(scenario: Scenario) -> str:
    terms = scenario.terms
    price = f"each further day is bought with {captives(terms.captives_per_extra_day)}"
    if terms.price_growth_per_day > 0.0:
        price += f", {plain(terms.price_growth_per_day)} more with each further day"
    elif terms.price_growth_per_day < 0.0:
        price += f", {plain(-terms.price_growth_per_day)} fewer with each further day"
    return sentence(
        f"{captives(terms.eligible_captives)} of the eligible category are held when the pause "
        f"starts. A first block frees {captives(terms.first_block_captives)}; {price}.",
        f"The pause is capped at {days(terms.pause_days_max)}, an extension at "
        f"{days(terms.chunk_days_max)} at once. War is worth 0 to both sides: every value below "
        "is in utils net of war. Utils of the two sides are not compared.",
    )


def _changes(facts: Facts) -> Iterator[Block]:
    import pandas as pd

    name = facts.origin.name
    if facts.changed.empty:
        yield Block("text", f"The parameters are those of the packaged scenario {name}.")
        return
    count = len(facts.changed)
    what = "1 parameter differs" if count == 1 else f"{count} parameters differ"
    yield Block("text", f"{what} from the packaged scenario {name}; all others are the same.")
    told: list[dict[Any, Any]] = facts.changed.to_dict("records")
    rows = [(r["path"], r["symbol"], _was(r["first"]), _was(r["second"]), r["unit"]) for r in told]
    table = pd.DataFrame(rows, columns=["parameter", "symbol", name, "here", "unit"])
    yield Block("table", "changes", caption=f"What differs from {name}", table=table)


def _was(value: float) -> str:
    return "off" if math.isnan(value) else plain(value)


def _parameters(scenario: Scenario) -> Iterator[Block]:
    import pandas as pd

    yield Block("heading", "Every parameter", level=3)
    data = scenario.parameters()
    known = int((data["source"] != ASSUMED).sum())
    yield Block(
        "text",
        f"{known} of {len(data)} parameters have a source in the scenario file. The others are "
        "assumed; they were not measured.",
    )
    groups = data["path"].str.partition(".")[0]
    for group, part in data.groupby(groups, sort=False):
        told: list[dict[Any, Any]] = part.to_dict("records")
        rows = [
            (_upper(r["meaning"]), r["symbol"], plain(r["value"]), r["unit"], r["source"])
            for r in told
        ]
        table = pd.DataFrame(rows, columns=["what", "symbol", "value", "unit", "source"])
        yield Block("table", f"parameters-{group}", caption=GROUPS[str(group)], table=table)


def _upper(text: object) -> str:
    told = str(text)
    return told[:1].upper() + told[1:]
