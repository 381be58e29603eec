"""Alternating offers for the general engines: a tree with a last offer, states without one."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.games import Decision, End, ExtensiveForm, Outcome, StateGame, StochasticGame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ceasefire.bargaining._rounds import Number, Pair, Rounds

SIDES = ("1", "2")
MOST_NODES = 2_000_000


def shares(grid: int | Sequence[Number], more: Sequence[Number]) -> list[Number]:
    """Shares of side 1 that may be offered, rising: an even grid or those given, and `more`."""
    if isinstance(grid, int):
        if grid < 1:
            raise ArgumentError("grid", grid, "a whole number of parts from 1, or shares")
        given: list[Number] = [Fraction(n, grid) for n in range(grid + 1)]
    else:
        given = list(grid)
        for n, share in enumerate(given):
            if not 0 <= share <= 1:
                raise ArgumentError(f"grid[{n}]", share, "a share of the pie, 0 to 1")
    return sorted({*given, *more})


class _Tree(NamedTuple):
    """A finite game: what may be offered in each round."""

    game: Rounds
    grids: list[list[Number]]

    def offer(self, t: int, weight: Pair, got: Pair) -> Decision | End:
        """Round t: what utils are worth by now, and what both get on arriving here."""
        if t == len(self.grids):
            return End(got)
        k = t % 2
        names = labels(self.grids[t])
        # Large demands last: where offers tie, the first of the list is the more modest.
        moves = {
            f"{SIDES[0]} gets {name}": self.answer(t, weight, share)
            for name, share in zip(names, self.grids[t], strict=True)
        }
        return Decision(SIDES[k], moves, payoffs=got)

    def answer(self, t: int, weight: Pair, share: Number) -> Decision:
        j = 1 - t % 2
        taken = End((weight[0] * share, weight[1] * (1 - share)))
        moves: dict[str, Decision | End] = {"accept": taken, "refuse": self.waits(t, weight)}
        if self.game.opting != "proposer" and self.game.option[j] is not None:
            moves["leave"] = self.left(weight)
        return Decision(SIDES[j], moves)

    def waits(self, t: int, weight: Pair) -> Decision | End:
        """After a refusal: the proposer may leave, where the rules let it, else talks go on."""
        k, game = t % 2, self.game
        keep, fall = game.keep[k], game.fall[k]
        if t == len(self.grids) - 1:
            on: Decision | End = End((weight[0] * game.end[0], weight[1] * game.end[1]))
        else:
            later = (weight[0] * keep[0], weight[1] * keep[1])
            on = self.offer(t + 1, later, (weight[0] * fall[0], weight[1] * fall[1]))
        if game.opting == "responder" or game.option[k] is None:
            return on
        return Decision(SIDES[k], {"wait": on, "leave": self.left(weight)})

    def left(self, weight: Pair) -> End:
        return End((weight[0] * self.game.left[0], weight[1] * self.game.left[1]))


def offer_tree(game: Rounds, grids: list[list[Number]], title: str) -> ExtensiveForm:
    """Unfold as many rounds as there are grids; side 1 begins."""
    nodes, below = 0, 1
    for grid in grids:
        below *= len(grid)
        nodes += 4 * below
    if nodes > MOST_NODES:
        hint = "the tree has (shares offered) ** (offers) ends: fewer offers, or a coarser grid"
        raise ArgumentError("grid", f"about {nodes} nodes", f"at most {MOST_NODES}", hint)
    root = _Tree(game, grids).offer(0, (1, 1), (0, 0))
    return ExtensiveForm.from_rules(root, lambda state: state, players=SIDES, title=title)


class _At(NamedTuple):
    """A state without last offer: side j has an offer on the table, or side 1 is to begin."""

    text: str
    responder: int
    place: int  # of the share on the grid

    def __str__(self) -> str:
        return self.text


class OfferStates:
    """The rules without last offer, as `StochasticGame.from_rules` reads them.

    A side accepts, leaves, or refuses and names its own offer, which the other finds a round
    later. What utils shrink to over a round is the discount factor.
    """

    def __init__(self, game: Rounds, grid: list[Number]) -> None:
        if game.keep[0] != game.keep[1]:
            hint = "a stochastic game has one discount factor a player: equal gaps"
            raise ArgumentError("game", game.keep, "gaps alike after either side's offer", hint)
        if game.opting != "responder":
            hint = "with a last offer, game(offers=...), others may leave too"
            raise ArgumentError("opting", game.opting, "'responder' without a last offer", hint)
        if max(game.keep[0]) >= 1:
            raise ArgumentError("discount", game.keep[0], "below 1 a round for either side")
        self.game, self.grid, self.names = game, grid, labels(grid)

    def __call__(self, state: _At) -> StateGame:
        if state.responder < 0:
            made = [f"{SIDES[0]} gets {name}" for name in self.names]
            first = {name: Outcome((0, 0), self.at(1, n)) for n, name in enumerate(made)}
            return StateGame({SIDES[0]: made}, lambda act: first[act])
        j = state.responder
        share = self.grid[state.place]
        outcomes = {"accept": Outcome((share, 1 - share))}
        fall = self.game.fall[1 - j]
        for n, name in enumerate(self.names):
            outcomes[f"refuse, {SIDES[0]} gets {name}"] = Outcome(fall, self.at(1 - j, n))
        if self.game.option[j] is not None:
            outcomes["leave"] = Outcome(self.game.left)
        return StateGame({SIDES[j]: list(outcomes)}, lambda act: outcomes[act])

    def at(self, responder: int, place: int) -> _At:
        text = f"{SIDES[responder]} answers, {SIDES[0]} would get {self.names[place]}"
        return _At(text, responder, place)

    def build(self, title: str) -> StochasticGame:
        return StochasticGame.from_rules(
            _At("1 begins", -1, 0), self, players=SIDES, discount=self.game.keep[0], title=title
        )

    def behaviour(self, game: StochasticGame, one: Number, two: Number) -> NDArray[np.float64]:
        """Stationary play: side 1 demands `one`, side 2 offers it `two`; both at the margin.

        A responder accepts what is worth at least going on or leaving, and leaves where that is
        worth more.
        """
        value = ((one, 1 - one), (two, 1 - two))
        x = np.zeros(int(game.action_start[-1]))
        for s, name in enumerate(game.states):
            sizes = game.n_actions[s]
            acts = [0, 0]
            state = self._places.get(name)
            if name == "1 begins":
                acts[0] = self.grid.index(one)
            elif state is not None:
                acts[state.responder] = self._act(state, value)
            for i in (0, 1):
                x[game.action_start[2 * s + i] + (acts[i] if sizes[i] > 1 else 0)] = 1.0
        return x

    @property
    def _places(self) -> dict[str, _At]:
        every = [self.at(j, n) for j in (0, 1) for n in range(len(self.grid))]
        return {state.text: state for state in every}

    def _act(self, state: _At, value: tuple[Pair, Pair]) -> int:
        j, game = state.responder, self.game
        share = self.grid[state.place]
        offered = share if j == 0 else 1 - share
        on = game.fall[1 - j][j] + game.keep[1 - j][j] * value[j][j]
        option = game.option[j]
        ask = on if option is None else max(on, option)
        if offered >= ask:
            return 0
        if option is not None and option > on:
            return 1 + len(self.grid)
        return 1 + self.grid.index(value[j][0])


def labels(grid: Sequence[Number]) -> list[str]:
    """Shares as text, told apart however close."""
    digits = 4
    while digits < 17:
        names = [f"{float(share):.{digits}g}" for share in grid]
        if len(set(names)) == len(names):
            return names
        digits += 1
    return [str(share) for share in grid]
