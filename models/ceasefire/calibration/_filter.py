"""Forward filter: carries the chance of every play that fits the readings, step by step.

Steps in the order of time: the list of the first block ('window 0'), day 1, window 1, day 2, ...
The walk is that of :class:`ceasefire.truce.course.Walk`, with each branch weighted by what was read
there; plays that stand in the same public state with the same belief are merged, so nothing is
lost and the cost is nodes x distinct beliefs.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.calibration.observation import WindowReading
from ceasefire.tolerances import CAPTIVES_LEFT
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.course import LEFT_DECIMALS, Ending, window_play

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.calibration.observation import Observation
    from ceasefire.truce.game import LineOfPlay

UNREAD = WindowReading()


class End(NamedTuple):
    """One way to have ended: pause days, captives left, cause."""

    length: int
    left: float
    ending: Ending


class Followed(NamedTuple):
    """What the filter leaves behind.

    Attributes
    ----------
    masses : dict of str to float
        Step -> chance of all that fits the readings up to and with that step.
    ends : dict of End to float
        Chance of each way to end together with all readings.
    beliefs : tuple of float
        Beliefs at which batches were due, in the order of play: where values were asked for.
    """

    masses: dict[str, float]
    ends: dict[End, float]
    beliefs: tuple[float, ...]


def follow(line: LineOfPlay, trust: float, observation: Observation) -> Followed:
    """Filter the course behind one first block; `trust` is the opening belief."""
    return _Filter(line, trust, observation).run()


class _Filter:
    """Mass is kept per type, [dealer, opportunist], until a play has ended."""

    def __init__(self, line: LineOfPlay, trust: float, seen: Observation) -> None:
        self.line, self.p, self.seen = line, line.parameters, seen
        nodes = line.nodes
        self.shortest, self.longest = seen.shortest_pause, seen.longest_pause
        self.survived = math.floor(seen.ongoing_after or 0)
        self.part = (seen.ongoing_after or 0.0) - self.survived  # of the period after it
        last = int(nodes.used.max()) + 1
        _, self.after = kernels.aftermath(self.p, last, int(nodes.left.max()) + 1)
        self.last = last
        # node -> belief -> mass, at the start of a chunk's later days and of windows
        self.arriving: dict[int, dict[float, NDArray[np.float64]]] = defaultdict(dict)
        # node -> belief -> mass, with the list in hand
        self.able: dict[int, dict[float, NDArray[np.float64]]] = defaultdict(dict)
        # (committed days left, captives held, cause) -> mass, after a miss
        self.sitting: dict[tuple[int, float, Ending], float] = {}
        self.ended: dict[End, float] = defaultdict(float)
        self.at_day: dict[int, list[int]] = defaultdict(list)
        for node in range(line.head, -1, -1):
            self.at_day[int(nodes.used[node])].append(node)
        self.beliefs: dict[float, None] = {}  # a set that keeps its order
        self.start = np.array([trust, 1.0 - trust])
        self.trust = trust

    def run(self) -> Followed:
        masses = {}
        for day in range(int(self.line.nodes.used[self.line.head]), self.last + 1):
            self._windows(day)
            masses[f"window {day}"] = self._mass()
            self._day(day)
            if day + 1 == self.survived:
                self.ended.clear()
            masses[f"day {day + 1}"] = self._mass()
        ends = {end: mass for end, mass in self.ended.items() if fits(self.seen, end)}
        return Followed(masses, ends, tuple(self.beliefs))

    def _mass(self) -> float:
        waiting = sum(
            float(mass.sum())
            for states in (self.arriving, self.able)
            for beliefs in states.values()
            for mass in beliefs.values()
        )
        return waiting + sum(self.sitting.values()) + sum(self.ended.values())

    def _end(self, length: int, held: float, ending: Ending, mass: float) -> None:
        if mass > 0.0 and self.shortest <= length <= self.longest:
            weight = self.seen.over_after(length)
            self.ended[End(length, round(held, LEFT_DECIMALS) + 0.0, ending)] += weight * mass

    def _windows(self, day: int) -> None:
        head = self.line.head
        if day == int(self.line.nodes.used[head]):
            self._list(head, self.trust, self.start, seen=True, begun=True)
        reading = self.seen.windows.get(day, UNREAD)
        stood = bool(reading.relay_failed) or not reading.allows(0)
        if stood:  # nothing had ended by then, and nothing was inside a chunk
            self.ended.clear()
            self.sitting.clear()
        for node in self.at_day[day]:
            if self.line.nodes.kind[node] == kernels.WINDOW:
                for belief, mass in self.arriving.pop(node, {}).items():
                    self._window(node, belief, mass, reading)
            elif stood:
                self.arriving.pop(node, None)

    def _window(
        self, node: int, belief: float, mass: NDArray[np.float64], reading: WindowReading
    ) -> None:
        nodes, p = self.line.nodes, self.p
        day, held, total = int(nodes.used[node]), float(nodes.held[node]), float(mass.sum())
        over = reading.allows(0)
        if nodes.n_offers[node] == 0:
            if over and not reading.relay_failed:
                self._end(day, held, Ending.EXHAUSTED, total)
            return
        if over and reading.relay_failed is not False:
            self._end(day, held, Ending.RELAY, total * p.chi)
        if reading.relay_failed:
            return
        offer, accept = window_play(self.line, node, belief)
        through = 1.0 - p.chi
        if over:
            declined = float(offer[1:] @ (1.0 - accept))
            self._end(day, held, Ending.STOPPED, total * through * float(offer[0]))
            self._end(day, held, Ending.DECLINED, total * through * declined)
        for days in range(1, offer.size):
            chance = through * float(offer[days] * accept[days - 1])
            begins = int(nodes.offers[node, days])
            agreed = reading.allows(days)
            self._list(begins, belief, chance * mass, seen=agreed or over, begun=agreed)

    def _list(
        self, node: int, belief: float, mass: NDArray[np.float64], *, seen: bool, begun: bool
    ) -> None:
        """First day of a chunk: the list is due before the day begins."""
        nodes = self.line.nodes
        able, day = float(nodes.able[node]), int(nodes.used[node])
        if seen:
            missing = float(mass.sum()) * (1.0 - able)
            self._end(day, float(nodes.held[node]), Ending.NO_LIST_WINDOW, missing)
        if begun and day < self.longest:
            _add(self.able[node], belief, able * mass)

    def _day(self, day: int) -> None:
        """Day `day` + 1: misses are sat out, later days of chunks begin, batches come or not."""
        sitting, self.sitting = self.sitting, {}
        for (left, held, cause), mass in sitting.items():
            self._sit(day, left, held, cause, mass)
        for node in self.at_day[day]:
            if self.line.nodes.kind[node] != kernels.DAY:
                continue
            for belief, masses in self.arriving.pop(node, {}).items():
                self._later_day(node, belief, masses)
            for belief, masses in self.able.pop(node, {}).items():
                self._deliver(node, belief, masses)

    def _sit(self, day: int, left: int, held: float, cause: Ending, mass: float) -> None:
        """The pausing state stays or leaves; a day that is sat out brings no captives."""
        p = self.p
        value = -(p.k0 + p.k1 * day) + (1.0 - p.beta) * float(self.after[day + 1, left - 1])
        stay = kernels.sigmoid((value + p.kappa) / p.s)
        self._end(day, held, cause, mass * (1.0 - stay))
        self._miss(day, left, held, cause, mass * stay)

    def _incident(self, day: int) -> float:
        """Chance of an incident on day `day` + 1, after the part that is known to have passed.

        The chance of none, 1 - beta, is compounded from parts of the day; the first had none.
        """
        beta = self.p.beta
        return beta if self._passed(day) == 1.0 else self._passed(day) - (1.0 - beta)

    def _passed(self, day: int) -> float:
        """Chance of no incident in the part of day `day` + 1 that is known to have passed."""
        return float((1.0 - self.p.beta) ** self.part) if day == self.survived else 1.0

    def _miss(self, day: int, left: int, held: float, cause: Ending, mass: float) -> None:
        """A pause day without a batch, with `left` committed days at its start."""
        mass *= self._weight(day + 1)[1]
        if mass <= 0.0 or day >= self.longest:
            return
        ends = self._passed(day) if left == 1 else self._incident(day)
        self._end(day + 1, held, cause, mass * ends)
        if left > 1:
            key = (left - 1, held, cause)
            self.sitting[key] = self.sitting.get(key, 0.0) + mass - mass * self.p.beta

    def _later_day(self, node: int, belief: float, mass: NDArray[np.float64]) -> None:
        nodes = self.line.nodes
        day, held, able = int(nodes.used[node]), float(nodes.held[node]), float(nodes.able[node])
        stay = self.line.stay_probability(node, belief)
        total = float(mass.sum())
        self._end(day, held, Ending.LEFT_INSIDE, total * (1.0 - stay))
        missing = total * stay * (1.0 - able)
        self._miss(day, int(nodes.left[node]), held, Ending.NO_LIST_INSIDE, missing)
        if day < self.longest:
            _add(self.able[node], belief, stay * able * mass)

    def _deliver(self, node: int, belief: float, mass: NDArray[np.float64]) -> None:
        nodes, beta = self.line.nodes, self.p.beta
        self.beliefs[belief] = None
        at = self.line.at(belief)
        deliver = float(at[kernels.DELIVER, node])
        day, held = int(nodes.used[node]), float(nodes.held[node])
        refused = float(mass[1]) * (1.0 - deliver)
        self._miss(day, int(nodes.left[node]), held, Ending.RENEGED, refused)
        kept = mass * np.array([1.0, deliver]) * self._weight(day + 1)[0]
        after = held - float(nodes.batch[node])
        self._end(day + 1, after, Ending.INCIDENT, float(kept.sum()) * self._incident(day))
        following, posterior = int(nodes.following[node]), float(at[kernels.POSTERIOR, node])
        _add(self.arriving[following], posterior, (1.0 - beta) * kept)

    def _weight(self, day: int) -> tuple[float, float]:
        """Weights of (delivered, missed) on a pause day."""
        reading = self.seen.days.get(day)
        return (1.0, 1.0) if reading is None else (reading.delivered, reading.missed)


def fits(seen: Observation, end: End) -> bool:
    """Whether a way to end fits what is known of the end."""
    if not seen.shortest_pause <= end.length <= seen.longest_pause:
        return False
    if seen.endings is not None and end.ending not in seen.endings:
        return False
    if seen.captives_left is None:
        return True
    low, high = seen.captives_left
    return low - CAPTIVES_LEFT <= end.left <= high + CAPTIVES_LEFT


def _add(
    states: dict[float, NDArray[np.float64]], belief: float, mass: NDArray[np.float64]
) -> None:
    if mass.sum() > 0.0:
        states[belief] = states[belief] + mass if belief in states else mass
