"""Play the equilibrium: simulated truces, one random draw per decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ceasefire.errors import ArgumentError
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.course import LEFT_DECIMALS, Ending, window_play

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ceasefire.truce.game import LineOfPlay
    from ceasefire.truce.solution import Solution

State: TypeAlias = tuple[str, int, float, tuple[int, ...], bool]


def simulate(equilibrium: Solution[Any, Any], plays: int, rng: np.random.Generator) -> pd.DataFrame:
    """Play the truce `plays` times from the first block on.

    Plays that stand in the same state are drawn together (binomial and multinomial
    counts), which has the same distribution as drawing them one by one.

    Returns
    -------
    DataFrame
        One row an outcome met: days, captives_left, cause, sequence, and its count.

    Raises
    ------
    ArgumentError
        `plays` is not positive, or no first block is agreed.
    """
    import pandas as pd

    if plays < 1:
        raise ArgumentError("plays", plays, "a positive whole number")
    if equilibrium.block_days == 0:
        raise ArgumentError("equilibrium", equilibrium.status, "one in which a block is agreed")
    counts: dict[tuple[Any, ...], int] = {}
    blocks = list(equilibrium.block_weights)
    weights = [equilibrium.block_weights[days] for days in blocks]
    for days, share in zip(blocks, rng.multinomial(plays, weights), strict=True):
        if days == 0:
            held = round(equilibrium.captives, LEFT_DECIMALS)
            counts[0, held, str(Ending.NO_DEAL), "none"] = int(share)
            continue
        table = equilibrium.play_table(equilibrium.line(days), rng)
        table.run(int(share), equilibrium.trust)
        for outcome, count in table.counts.items():
            counts[outcome] = counts.get(outcome, 0) + count
    rows = [(*outcome, count) for outcome, count in counts.items()]
    columns = ["days", "captives_left", "cause", "sequence", "count"]
    frame = pd.DataFrame(rows, columns=columns)
    return frame.sort_values(columns[:-1], ignore_index=True)


class Table:
    """Where the plays stand: (stage, node, belief, chunks, dealer) -> how many."""

    def __init__(self, line: LineOfPlay, rng: np.random.Generator) -> None:
        self.line, self.p, self.rng = line, line.parameters, rng
        self.standing: dict[State, int] = {}
        self.counts: dict[tuple[Any, ...], int] = {}

    def run(self, plays: int, trust: float) -> None:
        """Draw the captors' types and play until every play has ended."""
        dealers = int(self.rng.binomial(plays, trust))
        block = (int(self.line.nodes.left[self.line.head]),)
        self._stand(("list", self.line.head, trust, block, True), dealers)
        self._stand(("list", self.line.head, trust, block, False), plays - dealers)
        while self.standing:
            state = next(iter(self.standing))
            count = self.standing.pop(state)
            getattr(self, "_" + state[0])(state, count)

    def _stand(self, state: State, count: int) -> None:
        if count:
            self.standing[state] = self.standing.get(state, 0) + count

    def _end(self, days: int, held: float, cause: Ending, state: State, count: int) -> None:
        if count:
            outcome = (days, round(held, LEFT_DECIMALS) + 0.0, str(cause), self._spell(state[3]))
            self.counts[outcome] = self.counts.get(outcome, 0) + count

    def _spell(self, chunks: tuple[int, ...]) -> str:
        return "-".join(map(str, chunks))

    def _split(self, count: int, chance: float) -> tuple[int, int]:
        hit = int(self.rng.binomial(count, min(max(chance, 0.0), 1.0)))
        return hit, count - hit

    def _list(self, state: State, count: int) -> None:
        """First day of a chunk: the list is due at the window."""
        _, node, belief, chunks, dealer = state
        nodes = self.line.nodes
        able, missing = self._split(count, float(nodes.able[node]))
        held, used = float(nodes.held[node]), int(nodes.used[node])
        self._end(used, held, Ending.NO_LIST_WINDOW, state, missing)
        self._stand(("batch", node, belief, chunks, dealer), able)

    def _inside(self, state: State, count: int) -> None:
        """Later day of a chunk: stay or leave, then the list."""
        _, node, belief, chunks, dealer = state
        nodes = self.line.nodes
        able = float(nodes.able[node])
        stay, leave = self._split(count, self.line.stay_probability(node, belief))
        held, used = float(nodes.held[node]), int(nodes.used[node])
        self._end(used, held, Ending.LEFT_INSIDE, state, leave)
        have, lack = self._split(stay, able)
        self._sit_out(node, Ending.NO_LIST_INSIDE, state, lack)
        self._stand(("batch", node, belief, chunks, dealer), have)

    def _batch(self, state: State, count: int) -> None:
        """The field command delivers or holds back."""
        _, node, belief, chunks, dealer = state
        nodes = self.line.nodes
        at = self.line.at(belief)
        chance = 1.0 if dealer else float(at[kernels.DELIVER, node])
        delivered, held_back = self._split(count, chance)
        self._sit_out(node, Ending.RENEGED, state, held_back)
        incident, calm = self._split(delivered, self.p.beta)
        held = float(nodes.held[node] - nodes.batch[node])
        self._end(int(nodes.used[node]) + 1, held, Ending.INCIDENT, state, incident)
        following = int(nodes.following[node])
        stage = "window" if nodes.kind[following] == kernels.WINDOW else "inside"
        self._stand((stage, following, float(at[kernels.POSTERIOR, node]), chunks, dealer), calm)

    def _sit_out(self, node: int, cause: Ending, state: State, count: int) -> None:
        """A missed day counts; the committed rest is sat out while the pausing state stays."""
        nodes, p = self.line.nodes, self.p
        used, left = int(nodes.used[node]) + 1, int(nodes.left[node]) - 1
        held = float(nodes.held[node])
        _, pauser_after = kernels.aftermath(p, used + left, left + 1)
        ended, count = self._split(count, p.beta)
        self._end(used, held, cause, state, ended)
        while count and left:
            worth = -(p.k0 + p.k1 * used) + (1.0 - p.beta) * float(pauser_after[used + 1, left - 1])
            count, leave = self._split(count, kernels.sigmoid((worth + p.kappa) / p.s))
            self._end(used, held, cause, state, leave)
            used, left = used + 1, left - 1
            ended, count = self._split(count, p.beta)
            self._end(used, held, cause, state, ended)
        self._end(used, held, cause, state, count)

    def _window(self, state: State, count: int) -> None:
        _, node, belief, chunks, dealer = state
        nodes = self.line.nodes
        held, used = float(nodes.held[node]), int(nodes.used[node])
        if nodes.n_offers[node] == 0:
            self._end(used, held, Ending.EXHAUSTED, state, count)
            return
        failed, through = self._split(count, self.p.chi)
        self._end(used, held, Ending.RELAY, state, failed)
        offer, accept = window_play(self.line, node, belief)
        drawn = self.rng.multinomial(through, offer / offer.sum())
        self._end(used, held, Ending.STOPPED, state, int(drawn[0]))
        for option in range(1, offer.size):
            agreed, declined = self._split(int(drawn[option]), float(accept[option - 1]))
            self._end(used, held, Ending.DECLINED, state, declined)
            day = int(nodes.offers[node, option])
            self._stand(("list", day, belief, (*chunks, self._chunk(day)), dealer), agreed)

    def _chunk(self, node: int) -> int:
        """How a chunk that starts at a day is told: its days."""
        return int(self.line.nodes.left[node])
