"""The truce with the captor's type known, as a stochastic game for the general solvers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from ceasefire.errors import ArgumentError
from ceasefire.games import Outcome, StateGame, StochasticGame
from ceasefire.truce.extensions import require_base
from ceasefire.truce.payoffs import (
    day_cost,
    day_price,
    further_days,
    list_probability,
    release_loss,
)

if TYPE_CHECKING:
    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.scenario import Scenario

CAPTOR, PAUSING_STATE = "captor", "pausing state"
PATIENCE = 1.0 - 2.0**-40  # the model does not discount; a stochastic game must, a little


class Place(NamedTuple):
    """Where the truce stands; its text names the state.

    Attributes
    ----------
    stage : str
        "window": the pausing state stops or offers 1, 2, ... days; "answer": the political wing
        accepts or declines `left` days; "block": the list of the first block is due; "delivery":
        the field command delivers today's batch or holds it back; "morning": a day inside a chunk
        begins, the pausing state stays or leaves; "aftermath": the same when nothing more comes.
    held : float
        Captives held; 0 in the aftermath, where it no longer matters.
    day : int
        Pause days used.
    left : int
        Days left in the chunk, today included; 0 at a window.
    batch : float
        Captives due per day.
    growth : float
        By which they grow with each day of the chunk; 0 in the first block.
    """

    stage: str
    held: float
    day: int
    left: int = 0
    batch: float = 0.0
    growth: float = 0.0

    def __str__(self) -> str:
        held = "" if self.stage == "aftermath" else f", {self.held:g} held"
        chunk = f", {self.left} to go" if self.left else ""
        return f"{self.stage} on day {self.day}{held}{chunk}"


def as_stochastic_game(
    scenario: Scenario,
    *,
    beliefs: Literal["dealer", "opportunist"] = "dealer",
    block_days: int | None = None,
) -> StochasticGame:
    """The truce from its first block on, where everybody knows the captor's type.

    The states ``(w, j, r, x)`` of docs/model.md at the belief 1 (dealer) or 0 (opportunist), with
    the moves of a day one after the other: window (stop, or offer a chunk), answer (accept or
    decline), delivery (deliver or hold back; a dealer has nothing to choose), morning (stay or
    leave). Incidents, failing relays and lists are chance. Payoffs are utils net of war, of the
    captor and of the pausing state.

    Parameters
    ----------
    scenario : Scenario
    beliefs : {"dealer", "opportunist"}
        The captor's type, commonly known.
    block_days : int, optional
        Days of the first block; by default what the parties agree on in the scenario.

    Returns
    -------
    StochasticGame
        Directional: stock and days only run down. Its initial state is the first block's list.

    Raises
    ------
    ArgumentError
        Another type, or a block that is not possible; or no block is agreed and none is given;
        or an extension is on.

    Notes
    -----
    The model's choices are noisy: private shocks of scale ``s`` and ``s_C`` purify them. Here there
    are none: the game is the limit ``s, s_C -> 0`` of the model with a known type, in which the
    values of `ceasefire.truce.solve` tend to those of this game's equilibrium (their difference is
    of the order of ``s`` and ``s_C``). Where the limit leaves a player indifferent the game has
    several equilibria and the model picks one mixture. The political wing accepts by the known
    type's value; in the model both types' wings accept by the dealer's, which differs only after
    offers that a pausing state never makes to a known opportunist.

    The model does not discount within a pause; the game's discount factor ``1 - 2**-40`` changes
    values by less than 1e-9 of themselves. A move is a step here, so steps are not days.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import solvers, truce
    >>> game = truce.as_stochastic_game(cf.load("november-2023"))
    >>> game.is_directional
    True
    >>> solvers.markov_perfect(game)[0].payoffs.round(3)
    array([60.307, 39.353])
    """
    if beliefs not in ("dealer", "opportunist"):
        raise ArgumentError("beliefs", beliefs, '"dealer" or "opportunist"')
    require_base(scenario, "the stochastic game")
    p = scenario.symbols()
    days = _agreed(scenario) if block_days is None else block_days
    most = min(p.Tmax, p.J)
    if not isinstance(days, int) or not 1 <= days <= most:
        raise ArgumentError("block_days", days, f"a whole number from 1 to {most}")
    return from_parameters(p, beliefs=beliefs, block_days=days, title=scenario.name)


def from_parameters(
    p: Parameters, *, beliefs: str, block_days: int, title: str = ""
) -> StochasticGame:
    """`as_stochastic_game` from the symbols of docs/model.md."""
    start = Place("block", float(p.W0), 0, block_days, p.n0 / block_days)
    return StochasticGame.from_rules(
        start,
        partial(rules, p, beliefs == "dealer", block_days),
        players=(CAPTOR, PAUSING_STATE),
        discount=PATIENCE,
        title=title,
    )


def _agreed(scenario: Scenario) -> int:
    from ceasefire.truce.equilibrium import solve

    days = solve(scenario).block_days
    if days == 0:
        hint = "no block is agreed in this scenario"
        raise ArgumentError("block_days", None, "the days of a first block", hint)
    return days


def rules(p: Parameters, dealer: bool, block_days: int, at: Place) -> StateGame:
    """What is played at a place, and what follows: other places, or None where war does."""
    match at.stage:
        case "block":
            return StateGame({}, lambda: Outcome({}, _listed(p, at)))
        case "window":
            return _window(p, block_days, at)
        case "answer":
            return StateGame(
                {CAPTOR: ["accept", "decline"]},
                lambda act: Outcome({}, _listed(p, at) if act == "accept" else None),
            )
        case "delivery":
            return _delivery(p, dealer, at)
        case "morning":
            return _morning(p, at)
    return _aftermath(p, at)


def _listed(p: Parameters, at: Place) -> dict[Place | None, float]:
    """A chunk begins if its list can be produced; a list that is missing shows at the window."""
    able = _able(p, at)
    return {at._replace(stage="delivery"): able, None: 1.0 - able}


def _able(p: Parameters, at: Place) -> float:
    return float(list_probability(p, at.held, min(at.batch, at.held)))


def _next(p: Parameters, at: Place, delivered: bool) -> dict[Place | None, float]:
    """The place after a day of the chunk, or the end by an incident."""
    left = at.left - 1
    if delivered:
        held = round(max(at.held - at.batch, 0.0), 9)
        stage = "morning" if left else "window"
        due = (at.batch + at.growth, at.growth) if left else ()
        after = Place(stage, held, at.day + 1, left, *due)
    elif left:
        after = Place("aftermath", 0.0, at.day + 1, left)
    else:
        return {None: 1.0}
    return {after: 1.0 - p.beta, None: p.beta}


def _delivery(p: Parameters, dealer: bool, at: Place) -> StateGame:
    batch = min(at.batch, at.held)
    loss = float(release_loss(p, at.held, batch))
    cost = float(day_cost(p, at.day))

    def outcome(act: str) -> Outcome:
        if act == "hold back":
            return Outcome({CAPTOR: p.g, PAUSING_STATE: -cost}, _next(p, at, False))
        paid = {CAPTOR: p.g - loss, PAUSING_STATE: p.v * batch - cost}
        return Outcome(paid, _next(p, at, True))

    return StateGame({CAPTOR: ["deliver"] if dealer else ["deliver", "hold back"]}, outcome)


def _morning(p: Parameters, at: Place) -> StateGame:
    able, cost = _able(p, at), float(day_cost(p, at.day))

    def outcome(act: str) -> Outcome:
        if act == "leave":
            return Outcome({PAUSING_STATE: -p.kappa}, None)
        missed = {CAPTOR: (1.0 - able) * p.g, PAUSING_STATE: -(1.0 - able) * cost}
        law: dict[Place | None, float] = {at._replace(stage="delivery"): able}
        for after, chance in _next(p, at, False).items():
            law[after] = law.get(after, 0.0) + (1.0 - able) * chance
        return Outcome(missed, law)

    return StateGame({PAUSING_STATE: ["stay", "leave"]}, outcome)


def _aftermath(p: Parameters, at: Place) -> StateGame:
    def outcome(act: str) -> Outcome:
        if act == "leave":
            return Outcome({PAUSING_STATE: -p.kappa}, None)
        return Outcome(
            {CAPTOR: p.g, PAUSING_STATE: -float(day_cost(p, at.day))}, _next(p, at, False)
        )

    return StateGame({PAUSING_STATE: ["stay", "leave"]}, outcome)


def _window(p: Parameters, block_days: int, at: Place) -> StateGame:
    whole = len(further_days(p, at.held, at.day, block_days, p.J - at.day)) - 1
    most = min(p.Emax, whole)
    price = float(day_price(p, at.day, block_days))
    offers = {f"offer {e} day{'s' if e > 1 else ''}": e for e in range(1, most + 1)}

    def outcome(act: str) -> Outcome:
        if act == "stop":
            return Outcome({}, None)
        asked = Place("answer", at.held, at.day, offers[act], price, p.x1)
        return Outcome({}, {asked: 1.0 - p.chi, None: p.chi})

    return StateGame({PAUSING_STATE: ["stop", *offers]}, outcome)
