"""Solving rounds of offers: which solver serves, what it claims, and the proof."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ceasefire.bargaining import _rounds
from ceasefire.bargaining.interface import Checks
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.tolerances import BARGAINING_PROOF

if TYPE_CHECKING:
    from ceasefire.bargaining._rounds import Number, Pair, Rounds

CLOSED = "closed form"
INDUCTION = "backward induction"
SQUEEZE = "backward induction from both extreme ends until they meet (Shaked and Sutton 1984)"
ILL_CONDITIONED = 1e-5  # of 1 - s_1 s_2: above it values keep eleven digits
SETS = "largest self-generating intervals"


@dataclass(frozen=True)
class Agreement(Displayed):
    """What both sides get, by who offers first.

    Attributes
    ----------
    first, second : pair of number
        Payoffs of sides 1 and 2 where side 1 makes the first offer, and where side 2 does, in
        units of the pie. Where there are several equilibria: the best for side 1.
    lowest : pair of number
        Least equilibrium payoff of side 1, where it offers first and where the other does; those
        of ``first`` and ``second`` where the equilibrium is unique. All between are possible.
    agreed : pair of bool
        Whether the first offer is accepted, by who makes it.
    unique : bool
        Whether equilibrium payoffs were shown to be unique.
    rounds : int or None
        Offers that the solver looked ahead; None for a formula.
    method : str
    status : Status
    certificate : Checks
    """

    first: tuple[Number, Number]
    second: tuple[Number, Number]
    lowest: tuple[Number, Number]
    agreed: tuple[bool, bool]
    unique: bool
    rounds: int | None
    method: str
    status: Status
    certificate: Checks

    @property
    def share(self) -> Number:
        """What side 1 gets where it makes the first offer."""
        return self.first[0]

    @property
    def weight(self) -> Number:
        """The mean of what side 1 gets as first and as second to offer."""
        return (self.first[0] + self.second[0]) / 2

    @property
    def lead(self) -> Number:
        """What it is worth to side 1 to be the first to offer."""
        return self.first[0] - self.second[0]

    def __repr__(self) -> str:
        def shown(low: Number, high: Number) -> str:
            one = f"{float(high):.9f}"
            return one if self.unique else f"{float(low):.9f} to {one}"

        firsts = shown(self.lowest[0], self.first[0])
        seconds = shown(self.lowest[1], self.second[0])
        claim = "" if self.unique else "not shown to be unique; "
        return f"side 1 gets {firsts} if first, {seconds} if second; {claim}{self.status}"


def solved(game: Rounds, offers: int | None) -> Agreement:
    """Solve without formulas; `offers` None: without a last one."""
    if offers is not None:
        return _finite(game, offers)
    if game.has_options and game.opting != "responder":
        return _several(game.floats())
    if not game.agreeable:
        return _by_rounds(game.floats())
    (one, two), rounds, gap = _rounds.squeezed(game)
    first, second = (one, 1 - one), (1 - two, two)
    checks = _rounds.gains(game, first, second, (True, True))
    formula = _rounds.endless(game)
    checks["gap between the ends"] = gap
    # Where a round costs next to nothing, rounding of 1 - s_1 s_2 moves either by 1e-16 over it.
    sound = min(1.0, (1 - float(game.keep[0][1] * game.keep[1][0])) / ILL_CONDITIONED)
    checks["closed form"] = sound * max(abs(float(formula[0]) - one), abs(float(formula[1]) - two))
    return _made(first, second, (True, True), True, rounds, SQUEEZE, checks)


def closed(game: Rounds, offers: int | None) -> Agreement:
    """The formulas, in fractions where the game is.

    Raises
    ------
    ArgumentError
        There is none for the case.
    """
    if offers is not None:
        return _closed_finite(game, offers)
    if game.has_options and game.opting != "responder":
        hint = "where a proposer may leave there is a set of equilibria: use solve()"
        raise ArgumentError("opting", game.opting, "'responder' for a closed form", hint)
    if game.agreeable:
        one, two = _rounds.endless(game)
        first, second = (one, 1 - one), (1 - two, two)
        checks = _rounds.gains(game, first, second, (True, True))
        return _made(first, second, (True, True), True, None, CLOSED, checks)
    if _leaves_at_once(game):
        checks = _rounds.gains(game, game.left, game.left, (False, False))
        return _made(game.left, game.left, (False, False), True, None, CLOSED, checks)
    hint = "waiting may be worth more than agreeing: use solve()"
    raise ArgumentError("fallback", game.fall, "at most the pie to both together", hint)


def _leaves_at_once(game: Rounds) -> bool:
    """Whether options worth more than the pie are taken on the first refusal."""
    if sum(game.left) <= 1 or None in game.option:
        return False
    wait = [_rounds.waiting(game, k, game.left)[1 - k] for k in (0, 1)]
    return bool(game.option[1] >= wait[0] and game.option[0] >= wait[1])


def _finite(game: Rounds, offers: int) -> Agreement:
    first, second = _rounds.finite(game, offers), _rounds.finite(game.swapped(), offers)
    checks = {
        what: max(_rounds.deviations(first)[what], _rounds.deviations(second)[what])
        for what in _rounds.DEVIATIONS
    }
    one, two = first[0].value, second[0].value[::-1]
    if _has_formula(game):
        known = _stahl(game, offers), _stahl(game.swapped(), offers)
        checks["closed form"] = abs(float(known[0] - one[0])) + abs(float(known[1] - two[1]))
    ties = any(step.tied for step in (*first, *second))
    agreed = (first[0].agreed, second[0].agreed)
    return _made(one, two, agreed, not ties, offers, INDUCTION, checks)


def _has_formula(game: Rounds) -> bool:
    """Whether no bound binds anywhere: nobody leaves, and nobody is worse off than with nothing."""
    least = min(min(map(min, game.fall)), min(game.end))
    return not game.has_options and game.agreeable and least >= 0 and sum(game.end) <= 1


def _stahl(game: Rounds, offers: int) -> Number:
    """The first proposer's share with so many offers: two rounds are ``x -> x0 + B (x - x0)``."""
    (_, a, s), (_, b, r) = _rounds.steps(game)
    m, odd = divmod(offers - 1, 2)
    share: Number = 1 - game.end[1] if not odd else a - s * (1 - game.end[0])
    both: Number = s * r
    if both >= 1:  # no delay costs anything: every two rounds shift by a - s b
        share += m * (a - s * b)
        return share
    fixed: Number = (a - s * b) / (1 - both)
    return fixed + both**m * (share - fixed)


def _closed_finite(game: Rounds, offers: int) -> Agreement:
    if not _has_formula(game):
        hint = "with options, or fallbacks below 0, use solve()"
        raise ArgumentError("offers", offers, "None for a closed form here", hint)
    one, two = _stahl(game, offers), _stahl(game.swapped(), offers)
    first, second = (one, 1 - one), (1 - two, two)
    steps = _rounds.finite(game, offers), _rounds.finite(game.swapped(), offers)
    apart = max(abs(float(steps[0][0].value[0] - one)), abs(float(steps[1][0].value[0] - two)))
    checks = {"backward induction": apart}
    return _made(first, second, (True, True), True, None, CLOSED, checks)


def _by_rounds(game: Rounds) -> Agreement:
    one, two, rounds, settled = _rounds.by_rounds(game)
    agreed = (one.agreed, two.agreed)
    checks = _rounds.gains(game, one.value, two.value, agreed)
    unique = not game.has_options or _leaves_at_once(game)
    found = _made(one.value, two.value, agreed, unique, rounds, INDUCTION, checks)
    return found if settled else replace(found, status=Status.NOT_CONVERGED)


def _several(game: Rounds) -> Agreement:
    if not game.agreeable:
        hint = "with options worth more than the pie nobody agrees whoever may leave"
        raise ArgumentError("opting", game.opting, "'responder' here", hint)
    one, two, rounds = _rounds.intervals(game)
    checks = {
        "automaton of the ends, side 1 offering": _rounds.unsupported(game, 0, one, two),
        "automaton of the ends, side 2 offering": _rounds.unsupported(game, 1, two, one),
    }
    unique = max(one.high - one.low, two.high - two.low) <= BARGAINING_PROOF
    return Agreement(
        (one.high, 1 - one.high), (1 - two.low, two.low), (one.low, 1 - two.high), (True, True),
        unique, rounds, SETS, *_claim(checks, True),
    )  # fmt: skip


def _made(
    first: Pair, second: Pair, agreed: tuple[bool, bool], unique: bool, rounds: int | None,
    method: str, checks: dict[str, float],
) -> Agreement:  # fmt: skip
    lowest = (first[0], second[0])
    claim = _claim(checks, any(agreed))
    return Agreement(first, second, lowest, agreed, unique, rounds, method, *claim)


def _claim(checks: dict[str, float], deal: bool) -> tuple[Status, Checks]:
    proof = Checks(checks, BARGAINING_PROOF)
    if not proof.passed:
        return Status.EXPLOITABLE, proof
    return Status.OK if deal else Status.NO_DEAL, proof
