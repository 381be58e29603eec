"""Two truces, the second behind every end of the first, for the solvers of stochastic games."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ceasefire.games import Outcome, StateGame, StochasticGame
from ceasefire.truce.stochastic import CAPTOR, PATIENCE, PAUSING_STATE, Place, rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ceasefire.bargaining._second import After


class Again(NamedTuple):
    """A place of the second truce, and the days of its first block."""

    place: Place
    block: int

    def __str__(self) -> str:
        return f"second truce{'' if self.block else ' without a block'}, {self.place}"


def two_truces(after: After) -> StochasticGame:
    """The first truce with `after` behind it, the captor's type known to be a dealer's."""
    p, days = after.parameters, after.block_days

    def play(at: Place | Again) -> StateGame:
        if isinstance(at, Again):
            return _second(after, at)
        return _first(after, at)

    start = Place("block", float(p.W0), 0, days, p.n0 / days)
    return StochasticGame.from_rules(
        start, play, players=(CAPTOR, PAUSING_STATE), discount=PATIENCE, title="A second truce"
    )


def _first(after: After, at: Place) -> StateGame:
    """The truce's rules; what would be the end leads to talks unless a delivery was missed."""
    usual = rules(after.parameters, True, after.block_days, at)

    def outcome(*acts: str) -> Outcome:
        found = usual.outcome(*acts)
        held = _left(at, acts)
        return found if held is None else Outcome(found.payoffs, _after_war(after, found.to, held))

    return StateGame(usual.actions, outcome)


def _left(at: Place, acts: tuple[str, ...]) -> float | None:
    """Captives left where war follows; None where what ends here was a missed delivery."""
    match at.stage, acts:
        case ("window", _) | ("answer", ("decline",)) | ("morning", ("leave",)):
            return at.held
        case ("delivery", ("deliver",)):
            return round(max(at.held - at.batch, 0.0), 9)
    return None


def _after_war(after: After, to: Any, held: float) -> Any:
    """Where the chance of an end leads once talks may open."""
    law = dict(to) if isinstance(to, dict) else {to: 1.0}
    ended = law.pop(None, 0.0)
    if not ended or not after.possible(held):
        return to
    opens, stock = after.opens(held, 1.0), after.stock(held)
    block = 0 if stock < after.parameters.n0 else after.block_days
    first = Place("block", stock, 0, block, after.parameters.n0 / block) if block else Place(
        "window", stock, 0
    )  # fmt: skip
    return {**law, Again(first, block): ended * opens, None: ended * (1 - opens)}


def _second(after: After, at: Again) -> StateGame:
    """The truce's rules, payoffs in their worth when talks open."""
    usual = rules(after.parameters, True, at.block, at.place)
    scale = {PAUSING_STATE: after.discounts[0], CAPTOR: after.discounts[1]}

    def outcome(*acts: str) -> Outcome:
        found = usual.outcome(*acts)
        assert not isinstance(found.payoffs, list | tuple)
        payoffs: Mapping[str, Any] = found.payoffs  # type: ignore[assignment]  # by player
        law = found.to if isinstance(found.to, dict) else {found.to: 1.0}
        return Outcome(
            {who: scale[who] * paid for who, paid in payoffs.items()},
            {None if to is None else Again(to, at.block): odds for to, odds in law.items()},
        )

    return StateGame(usual.actions, outcome)
