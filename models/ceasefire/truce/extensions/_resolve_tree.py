"""Best replies on the exact tree of public histories with a cabinet of hidden type.

Written apart from the solver: from it come the strategies alone, the cabinet's chances of
staying after a miss among them. The walk goes on behind a missed delivery, where the public
belief in a resolute cabinet follows Bayes' rule, and the cabinet's payoffs are redone from
docs/model.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.truce import payoffs, verify
from ceasefire.truce._kernels import DAY
from ceasefire.truce.extensions._resolve_line import RELUCTANT, RESOLUTE
from ceasefire.truce.verify import Tree, TreeCheck, best_value, logit_value

if TYPE_CHECKING:
    from ceasefire.truce.extensions._resolve_line import Cabinet, ResolveLine
    from ceasefire.truce.fields import Parameters


class CabinetValue(NamedTuple):
    """Value to the pausing state after a miss: as its cabinet plays, and at best; utils."""

    played: float
    best: float


@dataclass(frozen=True)
class ResolveCheck(TreeCheck):
    """What a player could gain at any public history; `pausing_state` are its negotiators.

    Attributes
    ----------
    resolute, reluctant : float
        Largest gain of a cabinet of that type from a best reply after a miss, utils.
    """

    resolute: float
    reluctant: float

    @property
    def exploitability(self) -> float:
        """Largest gain of any player."""
        return max(super().exploitability, self.resolute, self.reluctant)


def check_line(line: ResolveLine, trust: float) -> ResolveCheck:
    """Best replies on the tree that starts at the head of `line` under belief `trust`."""
    return _ResolveTree(line, trust).check()


def worst(checks: tuple[ResolveCheck, ...]) -> ResolveCheck:
    """Largest of each error over several lines of play; histories added up."""
    most = {f.name: max(getattr(c, f.name) for c in checks) for f in fields(ResolveCheck)}
    return ResolveCheck(**most | {"histories": sum(c.histories for c in checks)})


def values_by_type(line: ResolveLine, trust: float) -> tuple[float, float]:
    """Value of the first history to a pausing state with either type of cabinet, utils.

    All play as in equilibrium, the negotiators in ignorance of the type. The mean over the prior
    is the negotiators' value.
    """
    resolute, reluctant = (_OfOneType(line, trust, which).opening() for which in (0, 1))
    return resolute, reluctant


def payoff_range(p: Parameters, types: Cabinet) -> float:
    """Bound on the spread of either side's total payoff over a pause, shocks included, utils."""
    wide = p._replace(kappa=max(types.leaving_cost), k0=abs(p.k0) + max(types.gain))
    return verify.payoff_range(wide)


class _ResolveTree(Tree):
    """Values and best replies of the captor's types, the negotiators and the cabinet's types."""

    line: ResolveLine

    def __init__(self, line: ResolveLine, trust: float) -> None:
        super().__init__(line, trust)
        self.cabinets: dict[tuple[int, int, int], CabinetValue] = {}
        self.after_public: dict[tuple[int, int, float], float] = {}
        self.after_miss = {at: self._missed(*at) for at in _misses(line)}

    def check(self) -> ResolveCheck:
        """Walk every history, and collect."""
        found = super().check()
        gains = [
            max(
                (v.best - v.played for key, v in self.cabinets.items() if key[0] == which),
                default=0.0,
            )
            for which in (RESOLUTE, RELUCTANT)
        ]
        seen = {f.name: getattr(found, f.name) for f in fields(TreeCheck)}
        seen["histories"] += len(self.after_public)
        return ResolveCheck(**seen, resolute=gains[RESOLUTE], reluctant=gains[RELUCTANT])

    def _missed(self, used: int, left: int) -> tuple[float, float]:
        """Values to the captor and, by the public belief, to the pausing state after a miss."""
        prior = self.line.aftermath.cabinet.prior
        captor = self._public(used, left, prior)
        state = [self._cabinet(which, used, left).played for which in (RESOLUTE, RELUCTANT)]
        self._compare(used, left)
        return captor, prior * state[RESOLUTE] + (1.0 - prior) * state[RELUCTANT]

    def _public(self, used: int, left: int, resolve: float) -> float:
        """Value to the captor where a cabinet believed resolute with `resolve` decides next."""
        if left == 0:
            return 0.0
        key = (used, left, resolve)
        if key not in self.after_public:
            p, stays = self.p, self.line.aftermath.stay[:, used, left]
            stay = float(resolve * stays[RESOLUTE] + (1.0 - resolve) * stays[RELUCTANT])
            after = float(resolve * stays[RESOLUTE]) / stay if stay > 0.0 else resolve
            on = p.g + (1.0 - p.beta) * self._public(used + 1, left - 1, after)
            self.after_public[key] = stay * on
        return self.after_public[key]

    def _cabinet(self, which: int, used: int, left: int) -> CabinetValue:
        """Value to the pausing state with a cabinet of one type, which decides next."""
        if left == 0:
            return CabinetValue(0.0, 0.0)
        key = (which, used, left)
        if key not in self.cabinets:
            p, types = self.p, self.line.aftermath.cabinet
            on = self._cabinet(which, used + 1, left - 1)
            today = types.gain[which] - float(payoffs.day_cost(p, used))
            stay = float(self.line.aftermath.stay[which, used, left])
            leave = -types.leaving_cost[which]
            worth, best = (
                np.array([leave, today + (1.0 - p.beta) * later]) for later in (on.played, on.best)
            )
            played = logit_value(np.array([1.0 - stay, stay]), worth, p.s)
            self.cabinets[key] = CabinetValue(played, best_value(best, p.s))
        return self.cabinets[key]

    def _compare(self, used: int, left: int) -> None:
        """Compare values and beliefs after a miss with the solver's."""
        after = self.line.aftermath
        for which in (RESOLUTE, RELUCTANT):
            off = self._cabinet(which, used, left).played - float(after.state[which, used, left])
            self.off = max(self.off, abs(off))
        resolve = after.cabinet.prior
        for told in after.reputation(used, left):
            stays = after.stay[:, told.day, told.committed_days]
            self.bayes_off = max(self.bayes_off, abs(resolve - told.resolve))
            odds = float(resolve * stays[0]), float((1.0 - resolve) * stays[1])
            if sum(odds) <= 0.0:  # nobody stays, so nobody learns
                return
            resolve = odds[0] / sum(odds)


class _OfOneType(_ResolveTree):
    """The same walk, the pausing state's payoff being that of one type."""

    def __init__(self, line: ResolveLine, trust: float, which: int) -> None:
        self.which = which
        super().__init__(line, trust)

    def _missed(self, used: int, left: int) -> tuple[float, float]:
        captor, _ = super()._missed(used, left)
        return captor, self._cabinet(self.which, used, left).played

    def opening(self) -> float:
        """Value of the first history to the pausing state."""
        for key in self.reached():
            self.values[key] = self._evaluate(*key)
        return self.values[self.root()].pauser


def _misses(line: ResolveLine) -> set[tuple[int, int]]:
    """(pause days used, committed days left) behind every day on which a delivery can fail."""
    nodes = line.nodes
    days = np.flatnonzero(nodes.kind == DAY)
    return {(int(nodes.used[node]) + 1, int(nodes.left[node]) - 1) for node in days}
