"""Search over extension clauses: a grid, ascent to a local maximum, and the proof of it."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise, product
from typing import TYPE_CHECKING

from ceasefire.bargaining._clause_play import Clause, ClausePlay, Setting, opening, played
from ceasefire.bargaining.interface import Checks
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ceasefire.bargaining.clause import ClauseDesigner

    Goal = Callable[[ClausePlay], float]

STARTS = 3  # of ascent, each with another first block
THIN = 2  # every second price goes into the grid over first blocks
GAIN = 1e-9  # of a score's size, from which on a neighbour counts as better
PROOF_BELIEFS = 241
TOLERANCE = 1e-6


class Search:
    """Clauses tried so far."""

    def __init__(self, model: ClauseDesigner) -> None:
        self.model = model
        self.setting = model.setting
        self.tried: dict[Clause, ClausePlay | None] = {}

    @property
    def plays(self) -> tuple[ClausePlay, ...]:
        """Those that can be solved, in the order tried."""
        return tuple(play for play in self.tried.values() if play is not None)

    @property
    def impossible(self) -> int:
        """How many have no solution."""
        return sum(play is None for play in self.tried.values())

    def run(self, goals: Sequence[Goal]) -> list[ClausePlay]:
        """Grid and ascent; the best for each goal."""
        self._try(grid(self.model))
        if not any(play.agreed for play in self.plays):
            hint = "widen prices, growths or first_blocks"
            raise ArgumentError("clauses", "no block agreed", "one with a block agreed", hint)
        for goal in goals:
            for start in self._starts(goal):
                self._climb(start, goal)
        # what one goal's ascent tried may be better for another: climb from there too
        return [self._climb(self._best(goal), goal) for goal in (*goals, *goals)][len(goals) :]

    def _try(self, clauses: Iterable[Clause]) -> list[ClausePlay]:
        found = []
        for clause in clauses:
            if clause not in self.tried:
                self.tried[clause] = played(self.setting, clause)
            play = self.tried[clause]
            if play is not None and play.agreed:
                found.append(play)
        return found

    def _best(self, goal: Goal) -> ClausePlay:
        return max((play for play in self.plays if play.agreed), key=goal)

    def _starts(self, goal: Goal) -> list[ClausePlay]:
        ranked = sorted((p for p in self.plays if p.agreed), key=goal, reverse=True)
        starts: dict[float, ClausePlay] = {}
        for play in ranked:
            starts.setdefault(play.clause.first_block, play)
        return list(starts.values())[:STARTS]

    def _climb(self, play: ClausePlay, goal: Goal) -> ClausePlay:
        for halved in range(self.model.halvings + 1):
            while True:
                around = self._try(neighbours(self.model, play.clause, halved))
                best = max(around, key=goal, default=play)
                if goal(best) <= goal(play) + GAIN * abs(goal(play)):
                    break
                play = best
        return play


def grid(model: ClauseDesigner) -> Iterator[Clause]:
    """The actual clause, prices x growths at its other terms, and a grid over the others too.

    That grid has every second price, the actual cap and the shortest chunk; or, if the model is
    exhaustive, everything.
    """
    own = model.actual
    yield own
    for price, growth in product(model.prices, model.growths):
        yield replace(own, price=price, growth=growth)
    prices = model.prices if model.exhaustive else sorted(model.prices)[::THIN]
    caps = sorted(model.caps, key=lambda cap: abs(cap - own.cap_days))
    caps = caps if model.exhaustive else [own.cap_days]
    chunks = model.chunks if model.exhaustive else (min(model.chunks),)
    for cap, chunk, block in product(caps, chunks, model.first_blocks):
        for price, growth in product(prices, model.growths):
            yield Clause(price, growth, cap, chunk, block)


def neighbours(model: ClauseDesigner, clause: Clause, halved: int = 0) -> Iterator[Clause]:
    """One step in any coordinate, and in price and growth together."""
    prices = _beside(model.prices, clause.price, halved)
    growths = _beside(model.growths, clause.growth, halved)
    for price, growth in product((clause.price, *prices), (clause.growth, *growths)):
        if (price, growth) != (clause.price, clause.growth):
            yield replace(clause, price=price, growth=growth)
    for cap in _beside(model.caps, clause.cap_days):
        yield replace(clause, cap_days=int(cap))
    for chunk in _beside(model.chunks, clause.chunk_days):
        yield replace(clause, chunk_days=int(chunk))
    for block in _beside(model.first_blocks, clause.first_block):
        yield replace(clause, first_block=block)


def _beside(values: Sequence[float], here: float, halved: int = 0) -> list[float]:
    """The next lower and higher of `values`, or, from one halving on, of steps that much finer."""
    listed = sorted(values)
    if halved == 0:
        lower = [v for v in listed if v < here]
        higher = [v for v in listed if v > here]
        return lower[-1:] + higher[:1]
    if len(listed) < 2:
        return []
    step = min(b - a for a, b in pairwise(listed)) / 2**halved
    return [v for v in (here - step, here + step) if listed[0] <= v <= listed[-1]]


def frontier(plays: Iterable[ClausePlay], first: Goal, second: Goal) -> tuple[ClausePlay, ...]:
    """Plays that none betters in both goals, lowest in the first goal first."""
    ranked = sorted(plays, key=lambda play: (-first(play), -second(play)))
    kept: list[ClausePlay] = []
    highest = -math.inf
    for play in ranked:
        if second(play) > highest:
            kept.append(play)
            highest = second(play)
    return tuple(reversed(kept))


def prove(model: ClauseDesigner, found: Sequence[ClausePlay], goals: Sequence[Goal]) -> Checks:
    """Solve what was found anew with other brackets, walk its play, and solve its neighbours."""
    usual = replace(model.setting, beliefs=PROOF_BELIEFS)
    double = replace(model.setting, beliefs=2 * PROOF_BELIEFS - 1)
    moved = better = -math.inf
    for play, goal in zip(found, goals, strict=True):
        size = max(abs(goal(play)), 1.0)
        again = played(double, play.clause)
        moved = max(moved, math.inf if again is None else abs(goal(again) - goal(play)) / size)
        around = neighbours(model, play.clause, model.halvings)
        for other in (played(usual, clause) for clause in around):
            if other is not None and other.agreed:
                better = max(better, (goal(other) - goal(play)) / size)
    walked = [_walked(double, play) for play in {p.clause: p for p in found}.values()]
    return Checks(
        {"score at eight times the beliefs": moved,
         "gain of a neighbouring clause": better,
         "gain from deviating on the tree of play": max(gain for gain, _ in walked),
         "states against the terms": max(off for _, off in walked),
         "shortfall of participation": max(-min(p.captor, p.pausing_state) for p in found)},
        TOLERANCE,
    )  # fmt: skip


def _walked(setting: Setting, play: ClausePlay) -> tuple[float, float]:
    """Largest gain from deviating, in payoff ranges, and error of a state, in pools."""
    from ceasefire.truce.verify import check_line, payoff_range, terms_error

    opened = opening(setting, play.clause)
    gain = off = 0.0
    for line in opened.lines.values():
        p = line.parameters
        check = check_line(line, opened.trust)
        gained = max(check.opportunist, check.pausing_state, check.political_wing)
        gain = max(gain, max(gained, check.value_error) / payoff_range(p))
        off = max(off, terms_error(line) / p.W0)
    return gain, off
