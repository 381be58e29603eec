"""Records of simulated exchanges: what an observer of an equilibrium's play would write down."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire import truce
from ceasefire.calibration._talks import BACK, CLEAR, DARK
from ceasefire.calibration.observation import (
    BROKEN_OFF,
    DEAL,
    DELIVERED,
    MISSED,
    NOT_OPENED,
    TALKING,
    Observation,
    TalksReading,
    WindowReading,
)
from ceasefire.errors import ArgumentError
from ceasefire.truce.course import OTHER_SEQUENCES, Ending, Walk
from ceasefire.truce.opening import head_values, nash_products
from ceasefire.truce.play import Table

if TYPE_CHECKING:
    from ceasefire.truce import Scenario, TruceEquilibrium
    from ceasefire.truce.course import Outcome
    from ceasefire.truce.game import LineOfPlay

MOST_TALKS_DAYS = 3650  # a talk this long is told as still going on


def recorded(outcome: Outcome, *, causes: bool = True) -> Observation:
    """Return the full record of one outcome of a course, pilot, talks and block taken as given.

    Its likelihood is the outcome's probability, where causes are told.

    Parameters
    ----------
    outcome : Outcome
        Of ``equilibrium.course().outcomes``.
    causes : bool
        Whether the record tells how the pause ended.

    Raises
    ------
    ArgumentError
        The outcome has no pause, or its chunks were merged into 'other'.
    """
    if isinstance(outcome.chunks, str) or outcome.ending is Ending.NO_DEAL:
        allowed = f"an outcome of a pause whose chunks are told (not {OTHER_SEQUENCES!r})"
        raise ArgumentError("outcome", outcome, allowed)
    readings = _course(outcome.length, outcome.chunks, outcome.delivered)
    given = frozenset({"pilot", "talks", "block"})
    return Observation(
        given=given,
        block_days=outcome.block_days,
        captives_left=(outcome.left, outcome.left),
        endings=frozenset({outcome.ending}) if causes else None,
        **readings,
    )


def simulate_records(
    model: Scenario | TruceEquilibrium,
    count: int,
    rng: np.random.Generator,
    *,
    causes: bool = True,
) -> tuple[Observation, ...]:
    """Draw `count` exchanges from their pilot on, and return what is seen of each.

    Blocks are the equilibrium's own, so the records are drawn from the likelihood with
    ``block_precision=inf``, which they have. Draws are by the model's own simulation
    (:func:`ceasefire.truce.simulate`'s), not by the likelihood.

    Parameters
    ----------
    model : Scenario or TruceEquilibrium
        A scenario is solved first.
    count : int
        Exchanges.
    rng : Generator
        Randomness.
    causes : bool
        Whether records tell how a pause ended.

    Raises
    ------
    ArgumentError
        `count` is not positive.

    Examples
    --------
    >>> import ceasefire as cf, numpy as np
    >>> from ceasefire import calibration
    >>> seen = calibration.simulate_records(cf.load("november-2023"), 3, np.random.default_rng(1))
    >>> [record.pilot for record in seen]
    [False, False, False]
    """
    if count < 1:
        raise ArgumentError("count", count, "a positive whole number")
    solved = truce.solve(model) if isinstance(model, truce.Scenario) else model
    return tuple(_one(solved, rng, causes) for _ in range(count))


def _one(eq: TruceEquilibrium, rng: np.random.Generator, causes: bool) -> Observation:
    p, made, trust = eq.parameters, None, eq.trust
    if p.x_p > 0.0:
        made = bool(rng.random() < p.pi0 + (1.0 - p.pi0) * eq.pilot.matched)
        trust = eq.trust if made else 0.0
    block, opened = _block(eq, trust, made is not False, rng)
    talks = _talks(eq, rng) if rng.random() < opened else TalksReading(frozenset({NOT_OPENED}))
    common: dict[str, Any] = {"pilot": made, "talks": talks, "block_precision": math.inf}
    if DEAL not in talks.outcomes:
        return Observation(**common)
    if block == 0:
        return Observation(**common, block_days=0)
    table = Table(eq.line(block), rng)  # draws the type with the belief after the pilot
    table.run(1, trust)
    ((days, left, cause, sequence),) = table.counts
    ending, chunks = Ending(cause), tuple(map(int, sequence.split("-")))
    delivered = _delivered(eq.line(block), float(left))
    return Observation(
        **common,
        block_days=block,
        captives_left=(left, left),
        endings=frozenset({ending}) if causes else None,
        **_course(days, chunks, delivered),
    )


def _course(length: int, chunks: tuple[int, ...], delivered: int) -> dict[str, Any]:
    """Readings of days, windows and length; a chunk that fell for want of a list is told."""
    windows, day = {}, 0
    for chunk, following in pairwise(chunks):
        day += chunk
        windows[day] = WindowReading(frozenset({following}))
    none = WindowReading(frozenset({0}))
    return {
        "days": {day: DELIVERED if day <= delivered else MISSED for day in range(1, length + 1)},
        "windows": {day: windows.get(day, none) for day in range(1, length + 1)},
        "pause_days": (float(length), float(length)),
    }


def _delivered(line: LineOfPlay, left: float) -> int:
    """Batches delivered when `left` captives are left."""
    held = Walk(line, 1.0, 0).held_path
    return int(np.argmin(np.abs(np.asarray(held) - left)))


def _block(
    eq: TruceEquilibrium, trust: float, matched: bool, rng: np.random.Generator
) -> tuple[int, float]:
    """Draw the block, and return it with the chance that talks open on it."""
    values = head_values(eq.lines, trust)
    if matched:
        weights = dict(eq.block_weights) or {0: 1.0}
    else:
        products = nash_products(values, eq.bargaining_weight)
        weights = {int(products.argmax()) + 1 if products.max() > 0.0 else 0: 1.0}
    block = int(rng.choice(list(weights), p=list(weights.values())))
    worth = float(values[block - 1][0]) if block else 0.0
    p = eq.parameters
    surplus = (eq.talks.pausing_state_discount * worth - p.K_T) / p.s_T
    return block, 1.0 / (1.0 + math.exp(-surplus)) if surplus > -700.0 else 0.0


def _talks(eq: TruceEquilibrium, rng: np.random.Generator) -> TalksReading:
    """Play the daily chain."""
    p, state = eq.parameters, CLEAR
    for day in range(1, MOST_TALKS_DAYS + 1):
        draw = float(rng.random())
        days = (float(day), float(day))
        if state == DARK:
            if draw < p.b_T:
                return TalksReading(frozenset({BROKEN_OFF}), days, True)
            state = BACK if draw < p.b_T + p.rho else DARK
        elif draw < p.lam:
            return TalksReading(frozenset({DEAL}), days, state == BACK)
        elif draw < p.lam + p.om:
            state = DARK
    last = (float(MOST_TALKS_DAYS), float(MOST_TALKS_DAYS))
    return TalksReading(frozenset({TALKING}), last, state != CLEAR)
