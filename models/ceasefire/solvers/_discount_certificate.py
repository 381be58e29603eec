"""Critical discount factors checked by other routes than they were found."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.games import Automaton
from ceasefire.games.repeated import RepeatedGame
from ceasefire.solvers import _patience as patience
from ceasefire.solvers import _penal as penal
from ceasefire.solvers._hyperplanes import enforcement
from ceasefire.solvers._patient_sets import gaps
from ceasefire.solvers._self_generation import generates
from ceasefire.solvers.automata import AutomatonCheck, check_automaton
from ceasefire.tolerances import EXPLOITABILITY, GENERATION_GAP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.games import NormalForm

    Cell = tuple[int, ...]

BELOW = Fraction(1, 2**30)  # how far below the threshold the profile is tried, relative to it
BESIDE = Fraction(1, 2**17)  # the same where gains are compared within the floats' tolerance
ROUNDING = 1e-12  # of a sum of up to 100,000 floats
NEAR = 1e-9  # of the payoff range: gains that count as none where points are floats
CHECKED_DAYS = 60  # of a punishment whose automaton is checked whole


@dataclass(frozen=True, eq=False, repr=False)
class DiscountCertificate(Displayed):
    """What was checked of a critical discount factor.

    Attributes
    ----------
    at : Fraction
        The discount factor at which the profile was checked, the upper end of the bracket.
    sustained : bool
        Whether it is sustained there.
    below : Fraction or None
        A smaller one at which it was tried too; None where the threshold is 0.
    refused : bool or None
        Whether it is not sustained there.
    route : str
        How both were found.
    check : object
        The automaton's check, or the points that generate themselves.
    """

    at: Fraction
    sustained: bool
    below: Fraction | None
    refused: bool | None
    route: str
    check: Any = None

    @property
    def passed(self) -> bool:
        """Whether the profile is sustained above and not below."""
        return self.sustained and self.refused is not False

    def __repr__(self) -> str:
        said = f"sustained at {float(self.at):.12g}: {self.sustained}"
        if self.below is not None:
            said += f"; refused at {float(self.below):.12g}: {self.refused}"
        return f"{said} ({self.route})"


def by_automaton(
    stage: NormalForm, cell: Cell, plan: Sequence[patience.Reversion], days: int | None,
    ends: tuple[Fraction, Fraction],
) -> DiscountCertificate | None:  # fmt: skip
    """One-shot deviations from the automaton that carries out the punishment.

    A long one's losses are added up day by day instead.
    """
    if days is not None and days > CHECKED_DAYS:
        return _by_sums(stage, cell, plan, days, ends)
    automaton = punishing(stage, cell, plan, days)
    at = _check(stage, automaton, ends[1])
    below = _below(ends[0], BELOW if at.exact or automaton.plays is not None else BESIDE)
    refused = None if below is None else not _check(stage, automaton, below, True).is_equilibrium
    route = "one-shot deviations from an automaton"
    return DiscountCertificate(ends[1], at.is_equilibrium, below, refused, route, at)


def _check(
    stage: NormalForm, automaton: Automaton, delta: Fraction, sharp: bool = False
) -> AutomatonCheck:
    """In fractions where the automaton is pure or exact; floats that tie get their tolerance."""
    r = RepeatedGame(stage, delta)
    possible = automaton.plays is not None or automaton.is_exact
    if not possible:
        return check_automaton(r, automaton)
    exact = check_automaton(r, automaton, exact=True)
    if sharp or stage.is_exact or exact.is_equilibrium:
        return exact
    return check_automaton(r, automaton, exact=False)


def _by_sums(
    stage: NormalForm, cell: Cell, plan: Sequence[patience.Reversion], days: int,
    ends: tuple[Fraction, Fraction],
) -> DiscountCertificate:  # fmt: skip
    """What each player gains and what it loses on each day of the punishment, in floats."""
    here, gains = patience.payoffs(stage, cell), patience.temptations(stage, cell)
    each = [
        (float(g), float(patience.snapped(stage, i, u - plan[i].payoffs[i])))
        for i, (g, u) in enumerate(zip(gains, here, strict=True)) if g > 0
    ]  # fmt: skip

    def kept(delta: Fraction, slack: float) -> bool:
        lost = float(np.sum(float(delta) ** np.arange(1, days + 1)))
        return all(g <= loss * lost * (1 + slack) for g, loss in each)

    below = _below(ends[0])
    refused = None if below is None else not kept(below, -ROUNDING)
    route = "losses added up day by day"
    return DiscountCertificate(ends[1], kept(ends[1], ROUNDING), below, refused, route)


def _below(low: Fraction, by: Fraction = BELOW) -> Fraction | None:
    return low * (1 - by) if low > 0 else None


def punishing(
    stage: NormalForm, cell: Cell, plan: Sequence[patience.Reversion], days: int | None
) -> Automaton:
    """The profile, and each deviator's reversion; deviations that do not pay go unpunished."""
    gains = patience.temptations(stage, cell)
    if not plan or not any(gains):
        table = np.zeros((1, *stage.shape), dtype=np.int64)
        return Automaton(stage, [cell], table, states=["keep"])
    same = all(e is plan[0] for e in plan)
    kinds: Any = plan[0].strategies if same else {
        p: e.strategies for p, e in zip(stage.players, plan, strict=True)
    }  # fmt: skip
    made = Automaton.grim(stage, cell, kinds) if days is None else (
        Automaton.n_day_punishment(stage, cell, kinds, days)
    )  # fmt: skip
    table = made.transition.copy()
    for i, gain in enumerate(gains):
        if gain <= 0:
            for a in range(stage.shape[i]):
                table[(0, *cell[:i], a, *cell[i + 1 :])] = 0
    return Automaton(stage, list(zip(*made.output, strict=True)), table, states=made.states)


def by_shares(
    stage: NormalForm, cell: Cell, threats: Sequence[Fraction], days: int | None,
    ends: tuple[Fraction, Fraction],
) -> DiscountCertificate:  # fmt: skip
    """Split tomorrow's joint payoff so that nobody deviates, player by player."""
    below = _below(ends[0])
    slack = (
        Fraction(0) if stage.is_exact else Fraction(float(max(stage.payoff_range)) * EXPLOITABILITY)
    )
    refused = None if below is None else _shares(stage, cell, threats, days, below, -slack) is None
    shares = _shares(stage, cell, threats, days, ends[1], slack)
    route = "shares of the joint payoff that keep every player"
    return DiscountCertificate(ends[1], shares is not None, below, refused, route, shares)


def _shares(
    stage: NormalForm,
    cell: Cell,
    threats: Sequence[Fraction],
    days: int | None,
    delta: Fraction,
    slack: Fraction,
) -> tuple[Fraction, ...] | None:
    """Payoffs w_i after compliance that each keep player i and add up; None where none do.

    A deviator gets its threat for the punishment's days, and w_i again after them.
    """
    if delta == 0:
        return patience.payoffs(stage, cell) if not any(patience.temptations(stage, cell)) else None
    # punishing for n days costs the share 1 - delta^n of w_i - threat_i
    weight = delta if days is None else delta * (1 - delta**days)
    here, best = patience.payoffs(stage, cell), patience.best_replies(stage, cell)
    least = [
        v + (1 - delta) * (b - u) / weight for u, b, v in zip(here, best, threats, strict=True)
    ]
    spare = sum(here, Fraction(0)) - sum(least, Fraction(0))
    if spare < -slack:
        return None
    return tuple(w + spare / len(least) for w in least)


def by_elimination(stage: NormalForm, cell: Cell, code: penal.Code) -> DiscountCertificate:
    """Profiles removed until the rest support each other, at the threshold and below."""
    assert code.value is not None
    below, at = _below(code.value), code.value
    if not stage.is_exact:  # a hair above: floats tie
        at = min(code.value + Fraction(1, 2**40), (1 + code.value) / 2)
    refused = None if below is None else not penal.supported(stage, cell, below)
    held = penal.supported(stage, cell, at)
    return DiscountCertificate(at, held, below, refused, "iterated removal of profiles", code)


def by_generation(stage: NormalForm, cell: Cell, found: penal.Bracket) -> DiscountCertificate:
    """Points that generate each other hold up the profile; below, the outer bound refuses it."""
    verdict = found.at_high
    assert verdict is not None
    points = verdict.corners
    held = generates(stage, verdict.discount, points, cell)
    below = found.at_low.discount if found.at_low is not None else None
    refused = found.at_low.sustained is False if found.at_low is not None else None
    if found.exact and verdict.threats is not None:
        # at every smaller delta the worst payoffs are no lower: the bound itself refuses it
        below = _below(found.low)
        refused = below is not None and not _kept(stage, cell, below, verdict.threats)
    route = "a set of payoffs that generates itself; worst payoffs from outside"
    return DiscountCertificate(verdict.discount, held, below, refused, route, points)


def by_programs(stage: NormalForm, cell: Cell, found: penal.Bracket) -> DiscountCertificate:
    """The same for more players, by linear programs in floats: one a point, over lotteries."""
    verdict = found.at_high
    assert verdict is not None
    delta = float(verdict.discount)
    rules, low, unit = enforcement(RepeatedGame(stage, verdict.discount))
    points = (np.array([[float(x) for x in p] for p in verdict.corners]) - low) / unit
    generated = bool(gaps(rules, delta, points).max() <= GENERATION_GAP)
    at = int(np.ravel_multi_index(cell, stage.shape))
    tempted = (1 - delta) * rules.gain[at] > delta * (rules.u[at] - points.min(axis=0)) + NEAR
    at_low = found.at_low
    return DiscountCertificate(
        verdict.discount, generated and not tempted.any(),
        None if at_low is None else at_low.discount,
        None if at_low is None else at_low.sustained is False,
        "a set of payoffs that generates itself, by linear programs; worst payoffs from outside",
        verdict.corners,
    )  # fmt: skip


def _kept(stage: NormalForm, cell: Cell, delta: Fraction, threats: Sequence[Fraction]) -> bool:
    rows = zip(
        patience.payoffs(stage, cell), patience.best_replies(stage, cell), threats, strict=True
    )
    return all(bool(u >= (1 - delta) * b + delta * v) for u, b, v in rows)
