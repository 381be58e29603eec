"""Sections 3 to 6 of a report: figures, incentives, propositions, certificate, provenance."""

from __future__ import annotations

import math
import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import ceasefire
from ceasefire.experiment.provenance import LIBRARIES, code_version
from ceasefire.figures import extended
from ceasefire.figures.document import Block
from ceasefire.figures.reports.words import (
    amount,
    cell,
    days,
    listed,
    sentence,
    zone,
)
from ceasefire.figures.tables import bound
from ceasefire.status import Status
from ceasefire.truce.comparison import ALL_OFF, BASELINE, FRICTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from ceasefire.figures.reports.facts import Facts

# Rows of the table of incentives: label, column, form.
ROWS = (
    ("captives held", "held_captives", "amount"),
    ("belief in a dealer held", "trust_held", ".3f"),
    ("belief needed", "trust_needed", ".3f"),
    ("best chunk (days)", "best_chunk_days", "amount"),
    ("offered, probability", "offer_probability", ".3f"),
    ("goes on, probability", "goes_on_probability", ".3f"),
    ("clause price (captives)", "clause_price", "amount"),
    ("dealer's gain, 1 day at the clause (utils)", "captor_gain", ".2f"),
    ("pausing state's gain, the same (utils)", "pausing_state_gain", ".2f"),
    ("a dealer gives at most (captives)", "captor_reservation_price", ".2f"),
    ("pausing state takes at least (captives)", "pausing_state_reservation_price", ".2f"),
    ("honesty margin (utils)", "honesty_margin", ".2f"),
    ("temptation ratio", "temptation_ratio", ".2f"),
    ("critical hazard (per day)", "critical_hazard", ".3f"),
    ("gain of resuming at the window (utils)", "resume_gain", ".2f"),
    ("gain of resuming inside the chunk (utils)", "resume_gain_inside", ".2f"),
)
MEANINGS = (
    "Belief needed: the least at which some chunk is worth offering.",
    "Reservation prices: the most a dealer would give for one more day, and the least that the "
    "pausing state would take. Between them there can be prices that one side refuses, so the zone "
    "of agreement is told apart.",
    "Honesty margin: what an opportunist gains by delivering the next batch when it is expected "
    "to. Below 0 it is tempted to hold back.",
    "Temptation ratio: what delivering costs it over what delivering keeps alive; above 1 it is "
    "tempted, 'none' where nothing is kept alive.",
    "Critical hazard: the largest chance of an incident a day at which the window still extends.",
    "A dash: there is no such number at that window.",
)
PARTS = {
    "pool": "as the pool drains", "days": "as days pass", "longer": "a longer pause",
    "some_left": "some stay behind at full trust", "screens": "a larger pilot screens better",
    "interior": "the best value is in the interior", "chunks": "chunks do not lengthen",
    "relay": "riskier relays lengthen the first extension", "floor": "a floor price",
    "first_longer": "first longer", "then_shorter": "then shorter", "fewer_days": "fewer days",
    "shorter": "a shorter pause", "more_trust": "more trust needed", "less_blame": "blunter blame",
    "never_shorter": "never shorter", "about_one_day": "about one day a batch",
}  # fmt: skip
LARGE = (
    "The scenario is large, and judging them takes some fifty solves: truce.propositions(scenario) "
    "judges them all the same."
)
GOOD = {True: "holds", False: "fails", None: "not judged"}


def incentives(facts: Facts) -> Iterator[Block]:
    """Section 4: incentives by window, frictions, propositions."""
    yield Block("heading", "4. Incentives", level=2)
    yield Block("heading", "Window by window", level=3)
    yield from _windows(facts)
    yield Block("heading", "What ends the pause, friction by friction", level=3)
    yield from _frictions(facts)
    yield Block("heading", "Which propositions hold here", level=3)
    yield from _propositions(facts)


def _windows(facts: Facts) -> Iterator[Block]:
    if not facts.windows:
        yield Block("text", "No first block is agreed, so there is no window.")
        return
    if facts.incentives is None:
        yield Block("text", extended.ZONE)
        yield Block("table", "windows", caption="Windows of the most likely course",
                    table=_extended(facts))  # fmt: skip
        return
    yield Block("table", "incentives", caption="Extension incentives at the windows of the most "
                "likely course", table=_incentives(facts.incentives))  # fmt: skip
    yield Block("list", "\n".join(MEANINGS))


def _incentives(found: pd.DataFrame) -> pd.DataFrame:
    """One column a window; one row a window where there are many."""
    import pandas as pd

    rows = [(label, *(cell(float(v), form) for v in found[column])) for label, column, form in ROWS]
    rows.append(("zone of agreement (captives)", *map(zone, found["zone"])))
    rows.append(
        ("clause price in the zone", *("yes" if x else "no" for x in found["clause_in_zone"]))
    )
    table = pd.DataFrame(rows, columns=["after day", *map(str, found["day"])])
    if len(found) <= MOST_COLUMNS:
        return table
    return table.set_index("after day").T.rename_axis("after day").reset_index()


MOST_COLUMNS = 5


def _extended(facts: Facts) -> pd.DataFrame:
    import pandas as pd

    both = facts.scenario.second_category is not None
    rows = [
        (
            str(w.day), amount(w.held) + (f" and {amount(w.held_second)}" if both else ""),
            cell(w.trust, ".3f"), cell(w.needed, ".3f"), days(w.best) if w.best else "-",
            cell(w.worth), cell(w.offered, ".3f"), cell(w.goes_on, ".3f"),
        )
        for w in facts.windows
    ]  # fmt: skip
    held = "held, first and second category" if both else "held"
    columns = ["after day", held, "belief held", "belief needed", "best chunk", "its worth (utils)",
               "offered, probability", "goes on, probability"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _frictions(facts: Facts) -> Iterator[Block]:
    import pandas as pd

    found = facts.frictions
    if found is None:
        yield Block("text", _no_frictions(facts))
        return
    meanings = {f"without {f.name}": f.meaning for f in FRICTIONS}
    shown = found.table.loc[[BASELINE, *meanings, ALL_OFF]]
    rows = [
        (
            case, meanings.get(str(case), ""), f"{r.mean_days:.2f}", f"{r.modal_days}",
            f"{r.modal_probability:.3f}", f"{r.mean_left:.1f}", r.modal_sequence,
        )
        for case, r in zip(shown.index, shown.itertuples(), strict=True)
    ]  # fmt: skip
    columns = ["case", "what is taken off", "mean days", "most likely days", "its probability",
               "left, mean", "most likely chunks"]  # fmt: skip
    yield Block("text", _strongest(shown))
    yield Block("table", "frictions", caption="One friction off at a time; belief at the opening "
                "and first block held as they are",
                table=pd.DataFrame(rows, columns=columns))  # fmt: skip


def _strongest(shown: pd.DataFrame) -> str:
    """Which friction matters most, and by how much."""
    means: dict[str, float] = {str(k): float(v) for k, v in shown["mean_days"].items()}
    base, most = means.pop(BASELINE), means.pop(ALL_OFF)
    case = max(means, key=lambda name: abs(means[name] - base))
    change = means[case] - base
    name = case.removeprefix("without ")
    if abs(change) < LEAST_CHANGE:
        first = "No single friction moves the mean length by as much as a hundredth of a day."
    else:
        verb = "longer" if change > 0.0 else "shorter"
        first = (
            f"Of the five frictions, {name} matters most for the mean length: without it the pause "
            f"is {abs(change):.2f} days {verb} ({base:.2f} to {base + change:.2f})."
        )
    return sentence(first, f"Without all five the mean is {most:.2f} days.")


LEAST_CHANGE = 0.01  # days


def _no_frictions(facts: Facts) -> str:
    if not facts.base:
        return (
            "The decomposition is defined for the base model: switch the extension off to see it."
        )
    if not facts.eq.block_days:
        return "No first block is agreed, so there is no course to decompose."
    return "The scenario is not solved, so its course is not decomposed."


def _propositions(facts: Facts) -> Iterator[Block]:
    import pandas as pd

    found = facts.propositions
    if not found:
        why = (
            "They are statements of the base model: switch the extension off to judge them."
            if not facts.base
            else LARGE
            if not facts.small
            else "The scenario is not solved, so they are not judged."
        )
        yield Block("text", why)
        return
    kept = {name: [p.name for p in found if p.holds is name] for name in GOOD}
    told = [f"{listed(kept[k])} {_verb(len(kept[k]), k)}" for k in GOOD if kept[k]]
    yield Block(
        "text",
        f"The paper states nine propositions, found at its own parameters. Here {listed(told)}.",
    )
    rows = [(p.name, p.statement, GOOD[p.holds], _why(p)) for p in found]
    columns = ["", "statement", "here", "parts that fail, or why it is not judged"]
    yield Block("table", "propositions", caption="The nine propositions in this scenario",
                table=pd.DataFrame(rows, columns=columns))  # fmt: skip


def _verb(count: int, holds: bool | None) -> str:
    if holds is None:
        return "cannot be judged"
    word = GOOD[holds]
    return word if count == 1 else word.removesuffix("s")


def _why(proposition: Any) -> str:
    failing = [PARTS.get(name, name) for name, kept in proposition.claims.items() if not kept]
    return str(proposition.reason) or "; ".join(failing)


def certificate(facts: Facts) -> Iterator[Block]:
    """Section 5: what was verified, in words and numbers."""
    import pandas as pd

    found, status = facts.eq.certificate, facts.eq.status
    yield Block("heading", "5. Certificate", level=2)
    yield Block("text", _verdict(facts))
    yield Block("text", _walked(found))
    yield Block("text", _alone(found, status))
    allowed = _most(found.tolerance)
    rows = [
        ("most that anyone gains by deviating", _most(found._most()), allowed),
        *((f"of these, {who}", _most(gain), "") for who, gain, _ in found._gains()),
        (
            "values, solver against the walk of the tree",
            _most(found.value_error),
            _most(found.tolerance),
        ),
        ("values, against twice as many beliefs", _most(found.grid_error), allowed),
    ]
    caption = "Errors, utils: what was found, and what is allowed"
    yield Block("table", "certificate", caption=caption,
                table=pd.DataFrame(rows, columns=["check", "at most", "allowed"]))  # fmt: skip


def _most(error: float) -> str:
    return f"{bound(error):.0e}" if math.isfinite(error) else "not a number"


def _verdict(facts: Facts) -> str:
    found, status = facts.eq.certificate, facts.eq.status
    verdict = (
        "Every check passed."
        if found.passed
        else f"These checks failed: {listed([n.replace('_', ' ') for n in found.failures])}. The "
        "numbers above are not to be relied on."
    )
    return f"What the solver claims: {status.message}. {verdict}"


def _walked(found: Any) -> str:
    told = (
        f"Other code than the solver's walked the tree of public histories ({found.histories} of "
        "them, behind every first block) and looked for a better reply of each player at each."
    )
    if not found.monte_carlo_plays:
        return f"{told} There is no course to simulate."
    return (
        f"{told} {found.monte_carlo_plays:,} simulated plays agree with the exact course to "
        f"{found.monte_carlo_error:.4f} in every outcome's frequency "
        f"(p = {found.monte_carlo_p:.2f})."
    )


def _alone(found: Any, status: Status) -> str:
    if found.complete and status is not Status.INCOMPLETE:
        return (
            f"At each of {found.beliefs} beliefs every state has one solution alone, so no other "
            "equilibrium of this kind was met."
        )
    counts = []
    if found.several_roots_cells:
        counts.append(
            f"{found.several_roots_cells} cells (state and belief) in {found.several_roots_states} "
            "states have several solutions"
        )
    if found.jumps:
        counts.append(f"a value jumps at {found.jumps} beliefs")
    told = f": {listed(counts)}" if counts else ""
    return (
        f"Other equilibria are not ruled out{told}. The one told here takes the largest chance "
        "that an opportunist delivers wherever there is a choice."
    )


def provenance(facts: Facts, command: str) -> Iterator[Block]:
    """Section 6: which code, libraries and input made this; no clock and no path."""
    import pandas as pd

    yield Block("heading", "6. Provenance", level=2)
    yield Block(
        "text",
        "The same code, libraries and scenario give this file byte for byte on the same machine; "
        "it holds no date and no path.",
    )
    rows = [
        ("made by", command or "ceasefire.figures.report, from Python"),
        ("scenario", facts.scenario.name),
        ("digest of everything that affects the solution", facts.scenario.digest),
        ("package", f"ceasefire {ceasefire.__version__}"),
        ("code of the model", code_version(())),
        ("method", facts.eq.method),
        ("beliefs on the grid", str(facts.eq.beliefs)),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in (*LIBRARIES, "matplotlib")),
    ]
    yield Block("table", "provenance", caption="What made this report",
                table=pd.DataFrame(rows, columns=["what", "value"]))  # fmt: skip
