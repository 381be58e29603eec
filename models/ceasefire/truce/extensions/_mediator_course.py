"""The course with a mediator: exact distribution, and plays drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ceasefire.truce.course import LEFT_DECIMALS, Chunks, Course, Ending, Walk
from ceasefire.truce.extensions import _mediator_kernels as kernels
from ceasefire.truce.extensions._mediator_windows import report_plays
from ceasefire.truce.play import State, Table

if TYPE_CHECKING:
    import numpy as np

    from ceasefire.truce.extensions._mediator_line import MediatedLine
    from ceasefire.truce.extensions._mediator_windows import ReportPlay


class MediatedWalk(Walk):
    """Forward pass in which the list of an offer is looked for at the window, by the report."""

    line: MediatedLine

    def _first_day(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        if node == self.line.head:  # the first block's list is due as in the base model
            super()._first_day(node, belief, chunks, mass)
        else:
            self._able(node, belief, chunks, mass)

    def _window(self, node: int, belief: float, chunks: Chunks, mass: np.ndarray) -> None:
        nodes, p = self.line.nodes, self.p
        used, total, n = int(nodes.used[node]), float(mass.sum()), int(nodes.n_offers[node])
        if n == 0:
            self._end(used, node, Ending.EXHAUSTED, chunks, total)
            return
        self._end(used, node, Ending.RELAY, chunks, total * p.chi)
        for play in report_plays(self.line, node, belief):
            through = (1.0 - p.chi) * play.probability
            self._end(used, node, Ending.STOPPED, chunks, total * through * float(play.offers[0]))
            declined = float(play.offers[1:] @ (1.0 - play.acceptance))
            self._end(used, node, Ending.DECLINED, chunks, total * through * declined)
            for e in range(1, n + 1):
                agreed = through * float(play.offers[e] * play.acceptance[e - 1])
                named = chunks if isinstance(chunks, str) else (*chunks, e)
                missing = total * agreed * (1.0 - play.list_chance)
                self._end(used, node, Ending.NO_LIST_WINDOW, named, missing)
                day = self.starting[int(nodes.offers[node, e])]
                self._push(day, belief, named, agreed * play.list_chance * mass)


def trace(line: MediatedLine, trust: float, block_days: int) -> Course:
    """Exact course from the head of `line`; see :func:`ceasefire.truce.course.trace`."""
    return MediatedWalk(line, trust, block_days).course()


class MediatedTable(Table):
    """Plays with the list drawn first, then the mediator's signal, report, offer and answer."""

    line: MediatedLine

    def _window(self, state: State, count: int) -> None:
        node, nodes = state[1], self.line.nodes
        held, used = float(nodes.held[node]), int(nodes.used[node])
        if nodes.n_offers[node] == 0:
            self._end(used, held, Ending.EXHAUSTED, state, count)
            return
        failed, through = self._split(count, self.p.chi)
        self._end(used, held, Ending.RELAY, state, failed)
        able, _, _ = self.line.list_chances(node)
        accuracy = self.line.interests.accuracy
        for there, number in zip((True, False), self._split(through, able), strict=True):
            learnt, blind = self._split(number, accuracy)
            good, bad = self._split(blind, able)
            good, bad = (good + learnt, bad) if there else (good, bad + learnt)
            self._report(state, good, 0, there=there)
            self._report(state, bad, 1, there=there)

    def _report(self, state: State, count: int, signal: int, *, there: bool) -> None:
        _, node, belief, _, _ = state
        row = (kernels.SAY_GOOD, kernels.SAY_BAD)[signal]
        says = float(self.line.at(belief)[row, node])
        plays = report_plays(self.line, node, belief)
        for play, number in zip(plays, self._split(count, says), strict=True):
            self._offer(state, number, play, there=there)

    def _offer(self, state: State, count: int, play: ReportPlay, *, there: bool) -> None:
        _, node, belief, chunks, dealer = state
        nodes = self.line.nodes
        held, used = float(nodes.held[node]), int(nodes.used[node])
        drawn = self.rng.multinomial(count, play.offers / play.offers.sum())
        self._end(used, held, Ending.STOPPED, state, int(drawn[0]))
        for days in range(1, play.offers.size):
            agreed, declined = self._split(int(drawn[days]), float(play.acceptance[days - 1]))
            self._end(used, held, Ending.DECLINED, state, declined)
            named: State = ("batch", int(nodes.offers[node, days]), belief, (*chunks, days), dealer)
            if there:
                self._stand(named, agreed)
            else:
                self._end(used, round(held, LEFT_DECIMALS), Ending.NO_LIST_WINDOW, named, agreed)
