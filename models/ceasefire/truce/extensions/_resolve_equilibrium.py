"""Solve the truce with a cabinet of hidden type: the base model's stages over its lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from ceasefire.errors import ArgumentError
from ceasefire.tolerances import BELIEF_NEAR_ZERO, ROOT_XTOL
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.extensions._resolve_course import ResolveTable, misses, trace
from ceasefire.truce.extensions._resolve_line import ResolveLine, cabinet, solve_line
from ceasefire.truce.extensions._resolve_tree import (
    check_line,
    payoff_range,
    values_by_type,
    worst,
)
from ceasefire.truce.opening import check_solved, open_pause
from ceasefire.truce.solution import BaseCourses, check_number, check_window, claim, first_blocks
from ceasefire.truce.verify import may_have_several_roots
from ceasefire.truce.windows import trust_needed, window_values

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ceasefire.truce.course import Course
    from ceasefire.truce.extensions._certificate import ExtendedCertificate
    from ceasefire.truce.extensions._resolve_line import Cabinet
    from ceasefire.truce.extensions.resolve import Resolve
    from ceasefire.truce.scenario import Scenario
    from ceasefire.truce.windows import WindowValues

METHOD = "backward induction with exact critical posteriors and a cabinet of hidden type"
RESOLVE_STEPS = 16


@dataclass(frozen=True, eq=False, repr=False)
class ResolveEquilibrium(BaseCourses[ResolveLine]):
    """Markov perfect Bayesian equilibrium of the truce with doubt on both sides.

    Attributes and methods are those of :class:`ceasefire.truce.TruceEquilibrium`, and those below.
    The pausing state's values are its negotiators', who do not know the cabinet's type.
    """

    play_table = ResolveTable

    @property
    def resolve(self) -> Resolve:
        """The cabinet's table."""
        assert self.scenario.resolve is not None
        return self.scenario.resolve

    @property
    def cabinet(self) -> Cabinet:
        """Both types of the cabinet."""
        return cabinet(self.parameters, self.resolve)

    def window(self, held: float, day: int) -> ResolveLine:
        """Return the line of play that starts at the window (held captives, pause days used)."""
        check_window(self.parameters, held, day)
        key = (float(held), int(day))
        if key not in self._windows:
            self._windows[key] = self._window(self.cabinet, *key)
        return self._windows[key]

    def values(self, held: float, day: int, trust: float) -> WindowValues:
        """Return values and play at the window (held, day) under belief `trust`; exact."""
        check_number("trust", trust, 0.0, 1.0)
        return window_values(self.window(held, day), float(trust))

    def trust_needed(self, held: float = 48, day: int = 4, days: int | None = None) -> float:
        """Least belief in a dealer at which a chunk is worth offering at the window (held, day).

        Parameters
        ----------
        held, day : float, int
            The window: captives held, pause days used.
        days : int, optional
            The chunk, days; default: the best one.

        Returns
        -------
        float
            There the chunk is worth 0 to the pausing state; nan where it cannot be offered, inf
            where no belief suffices, 0 where every positive belief does.
        """
        line = self.window(held, day)
        if days is None:
            return trust_needed(line)
        if not _offered(line, days):
            return float("nan")
        return _least(lambda trust: _chunk_value(line, days, trust), line.beliefs)

    def resolve_needed(self, held: float, day: int, trust: float, days: int) -> float:
        """Least prior of a resolute cabinet at which a chunk is worth offering at a window.

        The captor must believe in resumption so that an opportunist delivers; only then is the
        chunk worth having to a pausing state that believes in a dealer with `trust`.

        Returns
        -------
        float
            nan where the chunk cannot be offered, inf where no prior suffices, 0 where every
            prior does. Solves the window anew at each of some 30 priors.
        """
        check_number("trust", trust, 0.0, 1.0)
        if not _offered(self.window(held, day), days):
            return float("nan")

        def worth(prior: float) -> float:
            types = self.cabinet._replace(prior=prior)
            return _chunk_value(self._window(types, float(held), int(day)), days, float(trust))

        return _least(worth, np.linspace(0.0, 1.0, RESOLVE_STEPS + 1))

    def reputation(self, day: int, committed_days: int) -> pd.DataFrame:
        """Belief in a resolute cabinet day by day after a miss, while it stays.

        Parameters
        ----------
        day : int
            Pause days used when the cabinet first decides, the day of the miss counted.
        committed_days : int
            Committed days then left.

        Returns
        -------
        DataFrame
            One row a committed day; columns as in
            :class:`ceasefire.truce.extensions._resolve_line.ReputationDay`.
        """
        import pandas as pd

        after = self.lines[-1].aftermath
        most = (after.stay.shape[1] - 2, after.stay.shape[2] - 1)
        check_number("day", day, 0, most[0])
        check_number("committed_days", committed_days, 0, min(most[1], most[0] + 1 - day))
        for name, number in (("day", day), ("committed_days", committed_days)):
            if int(number) != number:
                raise ArgumentError(name, number, "a whole number")
        return pd.DataFrame(after.reputation(int(day), int(committed_days)))

    @cached_property
    def by_type(self) -> tuple[float, float]:
        """Value of the opened pause to a state with a resolute and a reluctant cabinet, utils.

        All play as in equilibrium, the negotiators in ignorance of the type. The mean over the
        prior is the negotiators' value; 0 without a block.
        """
        values = np.zeros(2)
        for days, share in self.block_weights.items():
            if days:
                values += share * self._by_type(days)
        return float(values[0]), float(values[1])

    def _by_type(self, days: int) -> np.ndarray:
        """The types' payoffs differ only after a miss, so each miss adds its difference there."""
        line, trust = self.line(days), self.trust
        worth = np.full(2, line.at(trust)[kernels.FIRST_Y, line.head])
        shares, state = line.aftermath.cabinet.shares, line.aftermath.state
        for (used, left), chance in misses(line, trust, days).items():
            own = state[:, used, left]
            worth += chance * (1.0 - self.parameters.beta) * (own - shares @ own)
        return worth

    def _window(self, types: Cabinet, held: float, day: int) -> ResolveLine:
        counted = self.block_days or day
        return solve_line(
            self.parameters, types, held, day, beliefs=self.beliefs, block_days=counted
        )

    def _trace(self, line: ResolveLine, trust: float, block_days: int) -> Course:
        return trace(line, trust, block_days)

    @cached_property
    def certificate(self) -> ExtendedCertificate:
        """Independent verification, computed on first use."""
        return _certify(self)


def solve_resolve(scenario: Scenario, *, beliefs: int, throw: bool) -> ResolveEquilibrium:
    """Solve a scenario whose table [resolve] is on."""
    assert scenario.resolve is not None
    p, table = scenario.symbols(), scenario.resolve
    if table.reluctant_leaving_cost < p.kappa:
        got, least = table.reluctant_leaving_cost, f"at least {p.kappa:g}"
        hint = "a resolute cabinet leaves at pausing_state.leaving_cost, a reluctant at no less"
        raise ArgumentError("resolve.reluctant_leaving_cost", got, least, hint)
    types = cabinet(p, table)
    lines = tuple(
        solve_line(p, types, p.W0, 0, head_days=days, head_batch=batch, beliefs=beliefs)
        for days, batch in first_blocks(p)
    )
    opened = open_pause(p, lines, beliefs)
    claimed = claim(
        opened,
        lines,
        check=check_line,
        payoff_range=payoff_range(p, types),
        several=may_have_several_roots,
    )
    equilibrium = ResolveEquilibrium.of(scenario, claimed, lines, METHOD, beliefs)
    check_solved(equilibrium, throw=throw)
    return equilibrium


def _offered(line: ResolveLine, days: int) -> bool:
    """Whether a chunk of `days` can be offered at the head window."""
    if days < 1 or int(days) != days:
        raise ArgumentError("days", days, "a whole number of at least 1")
    return bool(days <= line.nodes.n_offers[line.head])


def _chunk_value(line: ResolveLine, days: int, trust: float) -> float:
    """Pausing state's value of a chunk of `days` once accepted, utils."""
    node = int(line.nodes.offers[line.head, days])
    return float(line.at(trust)[kernels.FIRST_Y, node])


def _least(worth: Callable[[float], float], grid: np.ndarray) -> float:
    """Least argument at which `worth` turns from negative to 0 or more, bracketed on `grid`."""
    if worth(float(grid[0])) >= 0.0:
        return 0.0
    for low, high in zip(grid[:-1].tolist(), grid[1:].tolist(), strict=True):
        if worth(high) >= 0.0:
            rtol = 4 * float(np.finfo(float).eps)
            return float(brentq(worth, max(low, BELIEF_NEAR_ZERO), high, xtol=ROOT_XTOL, rtol=rtol))
    return float("inf")


def _certify(equilibrium: ResolveEquilibrium) -> ExtendedCertificate:
    from ceasefire.truce.certificate import several_roots
    from ceasefire.truce.extensions._certificate import extended_certificate

    lines, types = equilibrium.lines, equilibrium.cabinet
    tree = worst(tuple(check_line(line, equilibrium.trust) for line in lines))
    return extended_certificate(
        equilibrium,
        tree,
        gains=(
            ("opportunist", tree.opportunist),
            ("political wing", tree.political_wing),
            ("negotiators", tree.pausing_state),
            ("resolute cabinet", tree.resolute),
            ("reluctant cabinet", tree.reluctant),
        ),
        value_error=max(tree.value_error, _type_error(equilibrium)),
        payoff_range=payoff_range(equilibrium.parameters, types),
        several_roots=[found.beliefs for line in lines for found in several_roots(line)],
        grid_error=max(_grid_error(line) for line in lines),
    )


def _type_error(equilibrium: ResolveEquilibrium) -> float:
    """Difference of the values by type from those of a walk of the tree."""
    found = np.zeros(2)
    for days, share in equilibrium.block_weights.items():
        if days:
            found += share * np.array(values_by_type(equilibrium.line(days), equilibrium.trust))
    return float(np.abs(found - equilibrium.by_type).max())


def _grid_error(line: ResolveLine) -> float:
    nodes, head = line.nodes, line.head
    days = int(nodes.left[head])  # 0 at a window
    finer = solve_line(
        line.parameters,
        line.aftermath.cabinet,
        float(nodes.held[head]),
        int(nodes.used[head]),
        head_days=days,
        head_batch=float(nodes.batch[head]) if days else 0.0,
        beliefs=2 * line.beliefs.size - 1,
        block_days=line.block_days,
    )
    difference = np.abs(line.values[:6] - finer.values[:6, :, ::2])
    day = nodes.kind == kernels.DAY  # a window has no first-day values
    return float(max(difference[:3].max(), difference[3:, day].max()))
