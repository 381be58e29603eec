"""The nine propositions of the model: how each is measured, and whether it holds in a scenario.

``measure`` gives the numbers of one proposition (the figures P1 to P9 draw them on finer
grids); ``propositions`` judges all nine at the grids of the model's page. What holds at one set
of assumed parameters may fail at another: `experiments/robustness.toml` counts how often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, ScenarioError
from ceasefire.tolerances import RESOLVED_RTOL
from ceasefire.truce.equilibrium import solve
from ceasefire.truce.extensions import require_base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from ceasefire.truce.equilibrium import TruceEquilibrium
    from ceasefire.truce.scenario import Scenario

    Claims = Mapping[str, bool]

CAP_DAYS: Final = 16  # P9 asks what a larger pool buys, so the cap must not bind first
NEVER: Final = 0.01  # an extension offered with less than this probability is not offered
CAPTIVE: Final = 1.0  # 'some stay behind' means at least one, in expectation


class NotApplicable(Exception):  # noqa: N818  # no error: a scenario that a proposition is silent on
    """A proposition says nothing about a scenario, and why."""


@dataclass(frozen=True, eq=False)
class Proposition(Displayed):
    """One proposition, judged in one scenario.

    Attributes
    ----------
    name : str
        P1 to P9.
    statement : str
        In words.
    claims : mapping of str to bool
        Its parts; empty where it cannot be judged.
    reason : str
        Why it cannot be judged; empty otherwise.
    measured : DataFrame
        The numbers judged; empty where it cannot be judged.
    """

    name: str
    statement: str
    claims: Claims
    reason: str
    measured: pd.DataFrame

    @property
    def holds(self) -> bool | None:
        """Whether every part holds; None where it cannot be judged."""
        return all(self.claims.values()) if self.claims else None

    def __repr__(self) -> str:
        told = {True: "holds", False: "fails", None: "not judged"}[self.holds]
        why = self.reason or ", ".join(name for name, kept in self.claims.items() if not kept)
        return f"Proposition({self.name} {told}{': ' if why else ''}{why})"


def measure(
    name: str,
    scenario: Scenario,
    values: Iterable[float] | None = None,
    *,
    equilibrium: TruceEquilibrium | None = None,
) -> pd.DataFrame:
    """Return the numbers of one proposition.

    Parameters
    ----------
    name : str
        P1 to P9.
    scenario : Scenario
        Opening trust and first block are held at what it gives, unless the proposition varies them.
    values : iterable of float, optional
        Of what the proposition varies; default: the grid of MODEL, section 6, moved with the
        scenario. P1: pause days of windows.
    equilibrium : TruceEquilibrium, optional
        Of `scenario`, where it is solved already.

    Returns
    -------
    DataFrame
        One row a value. P1 ``day, held_captives, trust_needed``; P2 ``trust, mean_days,
        mean_left``; P3 ``x_p, matched_share, trust_after, dealer_net, block_days``; P4 ``quantity,
        key, value``; P5 ``x, pausing_state, dealer, freed, offer_probability``; P6 ``c_hi,
        mean_days``; P7 ``r_C, weight, block_days, captives_per_day, ratio``; P8 ``l_lo, blame,
        trust_needed, mean_days, held_captives, day``; P9 ``W0, modal_days, mean_days, mean_left``.
        Trust, shares and blame are probabilities, values utils, lengths days.

    Raises
    ------
    ArgumentError
        An unknown name, or a scenario with an extension switched on.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import truce
    >>> table = truce.measure("P9", cf.load("november-2023"), [88, 98, 108])
    >>> table["modal_days"].tolist()
    [6, 7, 8]
    """
    rule = _rule(name)
    require_base(scenario, f"proposition {name}")
    base = equilibrium if equilibrium is not None else solve(scenario)
    grid = list(values) if values is not None else rule.grid(base)
    try:
        return rule.table(base, grid)
    except NotApplicable as told:
        raise ArgumentError(
            "scenario", scenario.name, f"one that {name} speaks of", str(told)
        ) from None


def proposition(
    name: str, scenario: Scenario, *, equilibrium: TruceEquilibrium | None = None
) -> Proposition:
    """Judge one proposition in a scenario, at the grid of MODEL, section 6.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import truce
    >>> truce.proposition("P2", cf.load("november-2023"))
    Proposition(P2 holds)
    """
    import pandas as pd

    rule = _rule(name)
    require_base(scenario, f"proposition {name}")
    base = equilibrium if equilibrium is not None else solve(scenario)
    if not base.block_days:
        reason = "no first block is agreed"
        return Proposition(name, rule.statement, {}, reason, pd.DataFrame())
    try:
        measured = rule.table(base, rule.grid(base))
        claims = rule.judge(measured)
    except NotApplicable as told:
        return Proposition(name, rule.statement, {}, str(told), pd.DataFrame())
    except ScenarioError as error:  # a value of the grid is none that the scenario can take
        reason = f"its values leave what a scenario can be: {error.faults[0].message}"
        return Proposition(name, rule.statement, {}, reason, pd.DataFrame())
    return Proposition(name, rule.statement, claims, "", measured)


def propositions(scenario: Scenario) -> pd.DataFrame:
    """Judge all nine: one row a part of a proposition; ``holds`` is None where not judged.

    Notes
    -----
    About fifty solves: some 0.6 s of one processor, warm.
    """
    import pandas as pd

    base = solve(scenario)
    rows: list[tuple[str, str, str, bool | None, str]] = []
    for name, rule in RULES.items():
        found = proposition(name, scenario, equilibrium=base)
        for part in rule.parts:
            rows.append((name, part, found.statement, found.claims.get(part), found.reason))
    return pd.DataFrame(rows, columns=["proposition", "part", "statement", "holds", "reason"])


@dataclass(frozen=True)
class Rule:
    """How a proposition is measured and judged."""

    statement: str
    parts: tuple[str, ...]
    grid: Callable[[TruceEquilibrium], Sequence[float]]
    table: Callable[[TruceEquilibrium, Sequence[float]], pd.DataFrame]
    judge: Callable[[pd.DataFrame], Claims]


def _rule(name: str) -> Rule:
    if name not in RULES:
        raise ArgumentError("name", name, "one of " + ", ".join(RULES))
    return RULES[name]


def _sweep(
    scenario: Scenario,
    symbol: str,
    values: Sequence[float],
    record: Callable[[TruceEquilibrium], dict[str, float]],
) -> pd.DataFrame:
    """One row a value of the parameter `symbol`, with what `record` takes from the solution."""
    import pandas as pd

    rows = [
        {symbol: float(value)} | record(solve(scenario.replace({symbol: value})))
        for value in values
    ]
    return pd.DataFrame(rows)


def _slack(values: np.ndarray) -> float:
    return RESOLVED_RTOL * max(1.0, float(np.max(np.abs(values), initial=0.0)))


def _rises(values: Iterable[float]) -> bool:
    """Nowhere falls (weakly); an infinite value may follow anything."""
    told = np.asarray(list(values), dtype=float)
    finite = told[np.isfinite(told)]
    if np.any(np.diff(np.isfinite(told).astype(int)) > 0):  # finite again after infinite
        return False
    return bool(np.all(np.diff(finite) >= -_slack(finite)))


def _falls(values: Iterable[float]) -> bool:
    return _rises(-np.asarray(list(values), dtype=float))


def _changes(values: Iterable[float]) -> bool:
    told = np.asarray(list(values), dtype=float)
    return bool(np.ptp(told) > _slack(told))


def _inside(values: Iterable[float]) -> bool:
    """The largest value is at neither end."""
    told = np.asarray(list(values), dtype=float)
    slack = _slack(told)
    return bool(told.max() > told[0] + slack and told.max() > told[-1] + slack)


# P1: trust needed over captives held and days


def _days(base: TruceEquilibrium) -> Sequence[float]:
    last = min(base.block_days + 3, base.parameters.J - 1)
    return range(base.block_days, last + 1)


def _trust_needed(base: TruceEquilibrium, days: Sequence[float]) -> pd.DataFrame:
    import pandas as pd

    p = base.parameters
    rest = p.W0 - p.n0
    stocks = [held for held in np.arange(rest % p.x, rest + p.x / 2, p.x) if held >= p.x]
    rows = [(day, held, base.trust_needed(held, int(day))) for day in days for held in stocks]
    return pd.DataFrame(rows, columns=["day", "held_captives", "trust_needed"])


def _judge_trust_needed(table: pd.DataFrame) -> Claims:
    needed = table.pivot_table(
        index="day", columns="held_captives", values="trust_needed", dropna=False
    ).fillna(np.inf)
    if needed.shape[1] < 2:
        raise NotApplicable("fewer than two batches are left after the first block")
    if not np.isfinite(needed.to_numpy()).any():
        raise NotApplicable("no belief is enough for a further day")
    fullest = needed.columns[::-1]
    return {
        "pool": all(_rises(row[fullest]) for _, row in needed.iterrows()),
        "days": all(_rises(needed[held]) for held in needed.columns),
    }


# P2: pause against opening trust


def _by_trust(base: TruceEquilibrium, values: Sequence[float]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for trust in values:
        course = base.course(trust, base.block_days)
        rows.append((trust, course.mean_days, course.mean_left))
    return pd.DataFrame(rows, columns=["trust", "mean_days", "mean_left"])


def _judge_by_trust(table: pd.DataFrame) -> Claims:
    days = table["mean_days"]
    return {
        "longer": _rises(days) and _changes(days),
        "some_left": bool(table["mean_left"].iloc[-1] >= CAPTIVE),
    }


# P3: size of the pilot


def _by_pilot(base: TruceEquilibrium, values: Sequence[float]) -> pd.DataFrame:
    def record(changed: TruceEquilibrium) -> dict[str, float]:
        pilot = changed.pilot
        return {
            "matched_share": pilot.matched,
            "trust_after": changed.trust,
            "dealer_net": pilot.dealer_net,
            "block_days": changed.block_days,
        }

    return _sweep(base.scenario, "x_p", values, record)


def _judge_by_pilot(table: pd.DataFrame) -> Claims:
    if not _changes(table["matched_share"]):
        raise NotApplicable("as many opportunists match a large pilot as a small one")
    return {
        "screens": _falls(table["matched_share"]),
        "interior": _inside(table["dealer_net"]),
    }


# P4: chunks, and the relay's risk


def _after_block(base: TruceEquilibrium) -> tuple[float, int, float]:
    """Captives held, day and trust at the first window, had every batch been delivered."""
    held = max(base.parameters.W0 - base.parameters.n0, 0.0)
    return held, base.block_days, base.trust


def _by_relay(base: TruceEquilibrium, values: Sequence[float]) -> pd.DataFrame:
    import pandas as pd

    held, days, trust = _after_block(base)

    def record(changed: TruceEquilibrium) -> dict[str, float]:
        return {"value": changed.values(held, days, trust).expected_chunk}

    first = _sweep(base.scenario, "chi", values, record).rename(columns={"chi": "key"})
    likely = str(base.course().chunks.index[0]).split("-")
    chunks = pd.DataFrame({"key": range(1, len(likely) + 1), "value": [int(c) for c in likely]})
    parts = [chunks.assign(quantity="chunk"), first.assign(quantity="first_extension")]
    return pd.concat(parts, ignore_index=True)[["quantity", "key", "value"]]


def _judge_by_relay(table: pd.DataFrame) -> Claims:
    first = table.loc[table["quantity"] == "first_extension", "value"]
    if not np.isfinite(first).all():
        raise NotApplicable("no extension can be offered after the first block")
    return {
        "chunks": _falls(table.loc[table["quantity"] == "chunk", "value"]),
        "relay": _rises(first) and _changes(first),
    }


# P5: price of a further day


def _by_price(base: TruceEquilibrium, values: Sequence[float]) -> pd.DataFrame:
    held, days, trust = _after_block(base)

    def record(changed: TruceEquilibrium) -> dict[str, float]:
        window = changed.values(held, days, trust)
        return {
            "pausing_state": window.pausing_state,
            "dealer": window.dealer,
            "freed": base.parameters.W0 - changed.course(trust, days).mean_left,
            "offer_probability": window.offer_probability,
        }

    return _sweep(base.scenario, "x", values, record)


def _judge_by_price(table: pd.DataFrame) -> Claims:
    return {
        "floor": bool(table["offer_probability"].iloc[0] < NEVER),
        "interior": _inside(table["pausing_state"]),
    }


# P6: worth of the last captive


def _by_worth(base: TruceEquilibrium, values: Sequence[float]) -> pd.DataFrame:
    def record(changed: TruceEquilibrium) -> dict[str, float]:
        return {"mean_days": changed.course(base.trust, base.block_days).mean_days}

    return _sweep(base.scenario, "c_hi", values, record)


def _judge_by_worth(table: pd.DataFrame) -> Claims:
    days = table["mean_days"].to_numpy()
    slack = _slack(days)
    return {
        "first_longer": bool(days.max() > days[0] + slack),
        "then_shorter": bool(days[-1] < days.max() - slack and days[-1] < days[0] - slack),
    }


# P7: the captor's impatience


def _by_impatience(base: TruceEquilibrium, values: Sequence[float]) -> pd.DataFrame:
    fixed = base.scenario.replace(pi0=base.trust, x_p=0)
    rate = base.parameters.r_D
    if not rate > 0.0:
        raise NotApplicable("the pausing state is not impatient, so no ratio can be formed")

    def record(changed: TruceEquilibrium) -> dict[str, float]:
        days = changed.block_days
        price = changed.parameters.n0 / days if days else float("nan")
        return {"weight": changed.bargaining_weight, "block_days": days, "captives_per_day": price}

    found = _sweep(fixed, "r_C", [ratio * rate for ratio in values], record)
    return found.assign(ratio=list(values))


def _judge_by_impatience(table: pd.DataFrame) -> Claims:
    return {"fewer_days": _falls(table["block_days"]) and _changes(table["block_days"])}


# P8: reliability of the list


def _by_list(base: TruceEquilibrium, values: Sequence[float]) -> pd.DataFrame:
    windows = base.path().query("stage == 'window'")
    if not len(windows):
        raise NotApplicable("the most likely course reaches no window")
    last = windows.iloc[-2 if len(windows) > 1 else -1]
    held, day = float(last["held_captives"]), int(last["day"])

    def record(changed: TruceEquilibrium) -> dict[str, float]:
        return {
            "blame": changed.blame(held, day, base.trust),
            "trust_needed": changed.trust_needed(held, day),
            "mean_days": changed.course(base.trust, base.block_days).mean_days,
        }

    return _sweep(base.scenario, "l_lo", values, record).assign(held_captives=held, day=day)


def _judge_by_list(table: pd.DataFrame) -> Claims:
    needed = table["trust_needed"].fillna(np.inf)
    if not np.isfinite(table["blame"]).all():
        raise NotApplicable("no further day can be offered where a miss would be judged")
    return {
        "shorter": _falls(table["mean_days"]) and _changes(table["mean_days"]),
        "more_trust": _rises(needed),
        "less_blame": _falls(table["blame"]),
    }


# P9: size of the pool


def _by_pool(base: TruceEquilibrium, values: Sequence[float]) -> pd.DataFrame:
    cap = max(CAP_DAYS, base.parameters.J)

    def record(changed: TruceEquilibrium) -> dict[str, float]:
        course = changed.course(base.trust, base.block_days)
        return {
            "modal_days": course.modal_days,
            "mean_days": course.mean_days,
            "mean_left": course.mean_left,
        }

    return _sweep(base.scenario.replace(J=cap), "W0", values, record)


def _judge_by_pool(table: pd.DataFrame) -> Claims:
    days = table["modal_days"].to_numpy()
    pool = table["W0"].to_numpy()
    batches = (pool[-1] - pool[0]) / (pool[1] - pool[0])  # the grid's first step is one batch
    return {
        "never_shorter": _rises(days),
        "about_one_day": bool(0.5 <= (days[-1] - days[0]) / batches <= 1.5),
    }


def _fixed(*values: float) -> Callable[[TruceEquilibrium], Sequence[float]]:
    return lambda _: values


RULES: dict[str, Rule] = {
    "P1": Rule(
        "trust needed rises as the pool drains and as days pass",
        ("pool", "days"), _days, _trust_needed, _judge_trust_needed,
    ),
    "P2": Rule(
        "a more trusted captor gets a longer pause, yet some stay behind at full trust",
        ("longer", "some_left"), _fixed(0.1, 0.2, 0.35, 0.5, 0.8, 1.0),
        _by_trust, _judge_by_trust,
    ),
    "P3": Rule(
        "a larger pilot screens better; the dealer's preferred pilot is interior",
        ("screens", "interior"), _fixed(0.5, 1, 2, 4, 8, 16, 32), _by_pilot, _judge_by_pilot,
    ),
    "P4": Rule(
        "chunks do not lengthen along the course; riskier relays lengthen the first extension",
        ("chunks", "relay"), _fixed(0.0, 0.04, 0.1, 0.2), _by_relay, _judge_by_relay,
    ),
    "P5": Rule(
        "no extension below a floor price; the pausing state's value peaks at an interior price",
        ("floor", "interior"),
        lambda base: [base.parameters.x * s for s in (0.5, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 2.4)],
        _by_price, _judge_by_price,
    ),
    "P6": Rule(
        "a dearer last captive first lengthens the pause a little, then cuts it",
        ("first_longer", "then_shorter"),
        lambda base: [
            base.parameters.c_lo + (base.parameters.c_hi - base.parameters.c_lo) * s
            for s in (0.0, 1.0, 1.8, 3.0, 6.2)
        ],
        _by_worth, _judge_by_worth,
    ),
    "P7": Rule(
        "a more impatient captor gets fewer days for the same captives",
        ("fewer_days",), _fixed(0.25, 0.5, 1.0, 2.0, 4.0), _by_impatience, _judge_by_impatience,
    ),
    "P8": Rule(
        "a less reliable list shortens the pause, raises the trust needed, blunts the blame",
        ("shorter", "more_trust", "less_blame"),
        lambda base: [
            min(base.parameters.l_lo * s / 0.7, base.parameters.l_hi)
            for s in (0.95, 0.7, 0.45, 0.2)
        ],
        _by_list, _judge_by_list,
    ),
    "P9": Rule(
        "a batch more in the pool buys about one more day",
        ("never_shorter", "about_one_day"),
        lambda base: [base.parameters.W0 + base.parameters.x * s for s in (-2, -1, 0, 1, 2, 4)],
        _by_pool, _judge_by_pool,
    ),
}  # fmt: skip
