"""The exact distribution of the course of a truce: how long, how many left, how it ended."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ceasefire.display import Displayed
from ceasefire.tolerances import COURSE_SEQUENCES
from ceasefire.truce import _kernels as kernels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.game import LineOfPlay


class Ending(StrEnum):
    """How a pause ends (docs/model.md, The game)."""

    STOPPED = "stopped at a window"
    RENEGED = "opportunist reneges"
    RELAY = "relay failed"
    NO_LIST_WINDOW = "no list at a window"
    NO_LIST_INSIDE = "no list inside a chunk"
    INCIDENT = "incident"
    DECLINED = "declined"
    LEFT_INSIDE = "left inside a chunk"
    EXHAUSTED = "pool or cap exhausted"
    NO_DEAL = "no deal"


Chunks: TypeAlias = tuple[int, ...] | str
States: TypeAlias = dict[tuple[float, Chunks], np.ndarray]

OTHER_SEQUENCES = "other"
LEFT_DECIMALS = 9  # captives are compared to a billionth, so that 98 - 3 * (50/3) is 48


@dataclass(frozen=True)
class Outcome:
    """One way to end: pause days, captives left, cause, chunks agreed, deliveries made."""

    length: int
    left: float
    ending: Ending
    chunks: Chunks
    delivered: int
    block_days: int

    @property
    def sequence(self) -> str:
        """Chunks in days as in '4-2-1'; 'none' where none was agreed."""
        if isinstance(self.chunks, str):
            return self.chunks
        return "-".join(map(str, self.chunks)) or "none"


@dataclass(frozen=True, eq=False, repr=False)
class Course(Displayed):
    """Exact joint distribution over outcomes, with the marginals that papers print.

    Attributes
    ----------
    outcomes : tuple of (Outcome, probability)
    trust, block_days : float, int
        Opening belief and length of the first block (days).
    held_after : tuple of (block days, tuple of float)
        Captives held after 0, 1, 2, ... deliveries, for each first block in play.
    """

    outcomes: tuple[tuple[Outcome, float], ...]
    trust: float
    block_days: int
    held_after: tuple[tuple[int, tuple[float, ...]], ...]

    def __repr__(self) -> str:
        likely = self.chunks.index[0]
        return (
            f"{type(self).__name__}({self.mean_days:.4g} days expected, most likely"
            f" {self.modal_days} ({likely}); {self.mean_left:.4g} captives left)"
        )

    def _marginal(self, name: str, keys: Iterable[object]) -> pd.Series[float]:
        import pandas as pd

        mass: dict[object, float] = defaultdict(float)
        for key, (_, chance) in zip(keys, self.outcomes, strict=True):
            mass[key] += chance
        return pd.Series(mass, name="probability", dtype=float).rename_axis(name)

    @cached_property
    def length(self) -> pd.Series[float]:
        """Probability of each pause length, indexed by days."""
        series = self._marginal("days", (o.length for o, _ in self.outcomes)).sort_index()
        return series.reindex(range(int(series.index.max()) + 1), fill_value=0.0).rename_axis(
            "days"
        )

    @cached_property
    def left(self) -> pd.Series[float]:
        """Probability of each number of captives left, indexed by captives."""
        return self._marginal("captives", (o.left for o, _ in self.outcomes)).sort_index()

    @cached_property
    def ends(self) -> pd.Series[float]:
        """Probability of each way of ending, indexed by cause; every cause is listed."""
        series = self._marginal("cause", (str(o.ending) for o, _ in self.outcomes))
        return series.reindex([str(e) for e in Ending], fill_value=0.0).rename_axis("cause")

    @cached_property
    def chunks(self) -> pd.Series[float]:
        """Probability of each sequence of chunks agreed ('4-2-1'), most likely first."""
        series = self._marginal("sequence", (o.sequence for o, _ in self.outcomes))
        return series.sort_values(ascending=False, kind="stable")

    @cached_property
    def mean_days(self) -> float:
        """Expected pause length, days."""
        return float(sum(o.length * chance for o, chance in self.outcomes))

    @cached_property
    def mean_left(self) -> float:
        """Expected number of captives left."""
        return float(sum(o.left * chance for o, chance in self.outcomes))

    @property
    def modal_days(self) -> int:
        """Most likely pause length, days."""
        return int(np.argmax(self.length.to_numpy()))

    @cached_property
    def held_by_day(self) -> pd.DataFrame:
        """P(captives held at the end of day t): rows t = 0, 1, ...; columns captives.

        After the pause has ended the number held stays as it was.
        """
        import pandas as pd

        last = int(self.length.index.max())
        paths = dict(self.held_after)
        cells: dict[tuple[int, float], float] = defaultdict(float)
        for outcome, chance in self.outcomes:
            held = paths[outcome.block_days]
            for t in range(last + 1):
                cells[t, held[min(t, outcome.delivered)]] += chance
        frame = pd.Series(cells).unstack().fillna(0.0).sort_index(axis=0)
        return frame.rename_axis(index="day", columns="captives").sort_index(axis=1)

    def to_frame(self) -> pd.DataFrame:
        """Return the joint distribution as a tidy table."""
        import pandas as pd

        rows = [
            (o.length, o.left, str(o.ending), o.sequence, chance) for o, chance in self.outcomes
        ]
        columns = ["days", "captives_left", "cause", "sequence", "probability"]
        return pd.DataFrame(rows, columns=columns)


def trace(line: LineOfPlay, trust: float, block_days: int) -> Course:
    """Play the equilibrium forward from the head of `line` and collect every outcome exactly.

    Histories that meet in the same public state with the same belief are merged, so the
    cost grows with nodes x distinct beliefs x chunk sequences; past
    ``COURSE_SEQUENCES`` sequences in one state the rarest are counted as 'other', which
    leaves every other marginal exact.
    """
    return Walk(line, trust, block_days).course()


def no_deal(parameters: Parameters, trust: float) -> Course:
    """Course of a scenario in which no first block is agreed."""
    held = round(parameters.W0, LEFT_DECIMALS)
    outcome = Outcome(0, held, Ending.NO_DEAL, (), 0, 0)
    return Course(((outcome, 1.0),), trust, 0, ((0, (held,)),))


def mix(parts: Sequence[tuple[Course, float]]) -> Course:
    """Lottery over courses that start with different blocks, each with its weight."""
    mass: dict[Outcome, float] = defaultdict(float)
    for course, weight in parts:
        for outcome, chance in course.outcomes:
            mass[outcome] += weight * chance
    likely, _ = max(parts, key=lambda part: part[1])
    held = tuple(pair for course, _ in parts for pair in course.held_after)
    outcomes = tuple(sorted(mass.items(), key=lambda item: _order(item[0])))
    return Course(outcomes, likely.trust, likely.block_days, held)


def _order(outcome: Outcome) -> tuple[int, float, str, str]:
    return outcome.length, -outcome.left, str(outcome.ending), outcome.sequence


class Walk:
    """Forward pass. Mass is kept per type: [dealer, opportunist]."""

    def __init__(self, line: LineOfPlay, trust: float, block_days: int) -> None:
        self.line, self.p, self.block_days = line, line.parameters, block_days
        self.trust = trust
        self.outcomes: dict[Outcome, float] = defaultdict(float)
        self.arriving: list[States] = [{} for _ in range(line.head + 1)]
        self.starting: list[States] = [{} for _ in range(line.head + 1)]
        nodes = line.nodes
        longest = int(nodes.left.max()) + 1
        _, self.pauser_after = kernels.aftermath(self.p, int(nodes.used.max()) + 1, longest)
        self._aftermaths: dict[tuple[int, int], tuple[float, ...]] = {}
        self._decided: dict[tuple[int, float], np.ndarray] = {}
        mass = np.array([trust, 1.0 - trust])
        self.starting[line.head][trust, ()] = mass
        self.held_path = self._held_path()

    def _held_path(self) -> list[float]:
        nodes, node = self.line.nodes, self.line.head
        path = []
        while nodes.kind[node] == kernels.DAY:
            path.append(float(nodes.held[node]))
            node = int(nodes.following[node])
        for window in range(node, -1, -1):
            if nodes.kind[window] == kernels.WINDOW:
                path.append(float(nodes.held[window]))
        return path

    def course(self) -> Course:
        """Run, and collect."""
        self.run()
        held = tuple(round(h, LEFT_DECIMALS) for h in self.held_path)
        outcomes = tuple(sorted(self.outcomes.items(), key=lambda item: _order(item[0])))
        return Course(outcomes, self.trust, self.block_days, ((self.block_days, held),))

    def run(self) -> None:
        """Carry mass from the head to every outcome."""
        for node in range(self.line.head, -1, -1):
            if self.line.nodes.kind[node] == kernels.WINDOW:
                for (belief, chunks), mass in self._thin(self.arriving[node]).items():
                    self._window(node, belief, chunks, mass)
                continue
            for (belief, chunks), mass in self._thin(self.starting[node]).items():
                self._first_day(node, belief, chunks, mass)
            for (belief, chunks), mass in self._thin(self.arriving[node]).items():
                self._later_day(node, belief, chunks, mass)

    def _thin(self, states: States) -> States:
        if len(states) <= COURSE_SEQUENCES:
            return states
        ranked = sorted(states, key=lambda key: -float(states[key].sum()))
        kept = {key: states[key] for key in ranked[:COURSE_SEQUENCES]}
        for belief, chunks in ranked[COURSE_SEQUENCES:]:
            merged = (belief, OTHER_SEQUENCES)
            kept[merged] = kept.get(merged, 0.0) + states[belief, chunks]
        return kept

    def _end(
        self,
        length: int,
        node: int,
        ending: Ending,
        chunks: Chunks,
        mass: float,
        *,
        delivered: bool = False,
    ) -> None:
        if mass <= 0.0:
            return
        nodes = self.line.nodes
        deliveries = int(nodes.used[node] - nodes.used[self.line.head]) + int(delivered)
        held = float(nodes.held[node]) - (float(nodes.batch[node]) if delivered else 0.0)
        left = round(held, LEFT_DECIMALS) + 0.0
        outcome = Outcome(length, left, ending, chunks, deliveries, self.block_days)
        self.outcomes[outcome] += mass

    def _push(
        self,
        states: States,
        belief: float,
        chunks: Chunks,
        mass: np.ndarray,
    ) -> None:
        if mass.sum() > 0.0:
            states[belief, chunks] = states.get((belief, chunks), 0.0) + mass

    def _chunk(self, node: int) -> int:
        """How a chunk that starts at a day is told: its days."""
        return int(self.line.nodes.left[node])

    def _first_day(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        nodes = self.line.nodes
        able = float(nodes.able[node])
        total = float(mass.sum())
        used = int(nodes.used[node])
        agreed = chunks if isinstance(chunks, str) else (*chunks, self._chunk(node))
        self._end(used, node, Ending.NO_LIST_WINDOW, agreed, total * (1.0 - able))
        self._able(node, belief, agreed, able * mass)

    def _later_day(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        nodes = self.line.nodes
        used, left = int(nodes.used[node]), int(nodes.left[node])
        able = float(nodes.able[node])
        stay = self.line.stay_probability(node, belief)
        total = float(mass.sum())
        self._end(used, node, Ending.LEFT_INSIDE, chunks, total * (1.0 - stay))
        self._missed(node, used, left, Ending.NO_LIST_INSIDE, chunks, total * stay * (1.0 - able))
        self._able(node, belief, chunks, stay * able * mass)

    def _able(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        nodes, beta = self.line.nodes, self.p.beta
        at = self.line.at(belief)
        deliver = float(at[kernels.DELIVER, node])
        used, left = int(nodes.used[node]), int(nodes.left[node])
        self._missed(node, used, left, Ending.RENEGED, chunks, float(mass[1]) * (1.0 - deliver))
        kept = mass * np.array([1.0, deliver])
        total = float(kept.sum())
        self._end(used + 1, node, Ending.INCIDENT, chunks, total * beta, delivered=True)
        following = int(nodes.following[node])
        posterior = float(at[kernels.POSTERIOR, node])
        self._push(self.arriving[following], posterior, chunks, (1.0 - beta) * kept)

    def _missed(
        self,
        node: int,
        used: int,
        left: int,
        ending: Ending,
        chunks: Chunks,
        mass: float,
    ) -> None:
        """The day of the miss is a pause day; then the committed rest may be sat out."""
        if mass <= 0.0:
            return
        beta = self.p.beta
        self._end(used + 1, node, ending, chunks, mass * beta)
        for more, chance in enumerate(self._sit_out(used + 1, left - 1)):
            self._end(used + 1 + more, node, ending, chunks, mass * (1.0 - beta) * chance)

    def _sit_out(self, used: int, left: int) -> tuple[float, ...]:
        """Probabilities of 0, 1, 2, ... further days after a missed delivery."""
        if left == 0:
            return (1.0,)
        if (used, left) not in self._aftermaths:
            p = self.p
            cost = p.k0 + p.k1 * used
            value = -cost + (1.0 - p.beta) * float(self.pauser_after[used + 1, left - 1])
            stay = kernels.sigmoid((value + p.kappa) / p.s)
            chances = [1.0 - stay] + [0.0] * left
            chances[1] += stay * p.beta
            for more, chance in enumerate(self._sit_out(used + 1, left - 1)):
                chances[1 + more] += stay * (1.0 - p.beta) * chance
            self._aftermaths[used, left] = tuple(chances)
        return self._aftermaths[used, left]

    def _window(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        nodes, p = self.line.nodes, self.p
        used, total = int(nodes.used[node]), float(mass.sum())
        n = int(nodes.n_offers[node])
        if n == 0:
            self._end(used, node, Ending.EXHAUSTED, chunks, total)
            return
        offer, accept = window_play(self.line, node, belief)
        through = 1.0 - p.chi
        self._end(used, node, Ending.RELAY, chunks, total * p.chi)
        self._end(used, node, Ending.STOPPED, chunks, total * through * float(offer[0]))
        declined = float(offer[1:] @ (1.0 - accept))
        self._end(used, node, Ending.DECLINED, chunks, total * through * declined)
        for e in range(1, n + 1):
            chance = through * float(offer[e] * accept[e - 1])
            self._push(self.starting[int(nodes.offers[node, e])], belief, chunks, chance * mass)


def window_play(line: LineOfPlay, node: int, belief: float) -> tuple[np.ndarray, np.ndarray]:
    """Offer probabilities of 0 (stop), 1, ..., n days and acceptance of 1, ..., n days."""
    nodes, p = line.nodes, line.parameters
    days = nodes.offers[node, 1 : nodes.n_offers[node] + 1]
    at = line.at(belief)
    accept = np.array([kernels.sigmoid(u / p.s_C) for u in at[kernels.FIRST_UD, days]])
    worth = np.concatenate(([0.0], accept * at[kernels.FIRST_Y, days]))
    weight = np.exp((worth - worth.max()) / p.s)
    return weight / weight.sum(), accept
