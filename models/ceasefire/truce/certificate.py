"""The certificate that every solved truce carries (docs/model.md)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ceasefire.tolerances import PROBABILITY_SUM
from ceasefire.truce import _kernels as kernels
from ceasefire.truce.course import trace
from ceasefire.truce.game import LineOfPlay, solve_line
from ceasefire.truce.verified import REPLY, Verified
from ceasefire.truce.verify import bayes, check_line, payoff_range, terms_error, worst
from ceasefire.truce.windows import trust_needed

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.truce.course import Course
    from ceasefire.truce.equilibrium import TruceEquilibrium
    from ceasefire.truce.solution import Solution

MONTE_CARLO_PLAYS = 100_000
MONTE_CARLO_SEED = 20231124
LEAST_EXPECTED = 5.0  # cells thinner than this are pooled, the usual rule for chi-square
CLOSED_FORM_BATCHES = 6
NEARLY_NO_NOISE = 1e-5
CLOSED_FORM_TOLERANCE = 1e-4
CAPTIVES_ERROR = 1e-6  # captives; stocks add up at most 366 prices, and batches are whole to 1e-9


@dataclass(frozen=True)
class SeveralRoots:
    """A day with more than one consistent delivery probability, at `beliefs` grid beliefs.

    `largest` and `smallest` are those probabilities at the belief where they differ most.
    """

    held: float
    day: int
    committed_days: int
    beliefs: int
    trust: float
    largest: float
    smallest: float


@dataclass(frozen=True)
class Certificate(Verified):
    """What was verified after solving, by code that takes only strategies from the solver.

    Attributes
    ----------
    exploitability : float
        Largest gain, utils, that any player could get from another strategy at any public
        history behind any first block, all others' play fixed.
    opportunist_gain, pausing_state_gain, political_wing_gain : float
        The same by player.
    payoff_range : float
        Spread of attainable payoffs, utils; tolerances are relative to it.
    value_error, bayes_error : float
        Largest difference of the solver's values (utils) and posteriors from the walk's.
    histories : int
        Public states with belief visited.
    day_states, windows, beliefs : int
        States solved over all first blocks (a day as the first and as a later day of a
        chunk counts twice), and beliefs on the grid.
    several_roots_states, several_roots_cells : int
        States, and (state, belief) cells, with more than one consistent delivery probability.
    several_roots : tuple of SeveralRoots
        Those states.
    jumps : int
        Critical posteriors at which a value jumps instead of crossing.
    grid_error : float
        Largest difference between all values on the grid and those solved with twice the
        resolution, utils.
    probability_error : float
        Distance from 1 of the course's probabilities.
    monte_carlo_plays, monte_carlo_error, monte_carlo_p : int, float, float
        Simulated plays, largest difference in an outcome's frequency, chi-square p-value
        (nan where there is no course to play).
    pilot_error : float
        Error of the pilot's fixed point and of the belief after it.
    closed_form_error : float
        Reference check of this build: trust needed with 1..6 batches left against 0.55**n
        without noise (THEORY H10).
    exact_case_error : float
        Reference check of this build: distance of P(8 days, 8 captives left) from 1 with
        full trust and every friction off.
    terms_error : float
        Largest difference, captives or days, between the stock, the price or the longest chunk
        at a state and what the terms say there.
    """

    exploitability: float
    opportunist_gain: float
    pausing_state_gain: float
    political_wing_gain: float
    payoff_range: float
    value_error: float
    bayes_error: float
    histories: int
    day_states: int
    windows: int
    beliefs: int
    several_roots_states: int
    several_roots_cells: int
    several_roots: tuple[SeveralRoots, ...]
    jumps: int
    grid_error: float
    probability_error: float
    monte_carlo_plays: int
    monte_carlo_error: float
    monte_carlo_p: float
    pilot_error: float
    closed_form_error: float
    exact_case_error: float
    terms_error: float = 0.0

    def _gains(self) -> list[tuple[str, float, str]]:
        return [
            ("opportunist", self.opportunist_gain, REPLY),
            ("pausing state", self.pausing_state_gain, REPLY),
            ("political wing", self.political_wing_gain, "accepting or declining"),
        ]

    def _states(self) -> list[tuple[str, str, str]]:
        counted = f"{self.day_states} days, {self.windows} windows"
        return [("states", counted, "over all first blocks")]

    def _further_checks(self) -> dict[str, bool]:
        return {
            "closed_form_error": self.closed_form_error <= CLOSED_FORM_TOLERANCE,
            "exact_case_error": self.exact_case_error <= PROBABILITY_SUM,
            "terms_error": self.terms_error <= CAPTIVES_ERROR,
        }

    def _further_rows(self) -> list[tuple[str, str, str]]:
        return [
            ("closed form", f"{self.closed_form_error:.1e}", "reference: needed = 0.55^n"),
            ("exact case", f"{self.exact_case_error:.1e}", "reference: 8 days, 8 left"),
        ]


def certify(equilibrium: TruceEquilibrium) -> Certificate:
    """Verify a solved truce; about 0.2 s at the baseline, linear in histories and grid cells."""
    lines = equilibrium.lines
    tree = worst(tuple(check_line(line, equilibrium.trust) for line in lines))
    several = [found for line in lines for found in several_roots(line)]
    course = equilibrium.course()
    played = monte_carlo(equilibrium, course)
    closed, exact = reference_checks()
    return Certificate(
        exploitability=tree.exploitability,
        opportunist_gain=tree.opportunist,
        pausing_state_gain=tree.pausing_state,
        political_wing_gain=tree.political_wing,
        payoff_range=payoff_range(equilibrium.parameters),
        value_error=tree.value_error,
        bayes_error=tree.bayes_error,
        histories=tree.histories,
        day_states=sum(_day_states(line) for line in lines),
        windows=sum(int((line.nodes.kind == kernels.WINDOW).sum()) for line in lines),
        beliefs=equilibrium.beliefs,
        several_roots_states=len(several),
        several_roots_cells=sum(found.beliefs for found in several),
        several_roots=tuple(several),
        jumps=sum(int(line.nodes.jumps.sum()) for line in lines),
        grid_error=max(_grid_error(line) for line in lines),
        probability_error=abs(sum(chance for _, chance in course.outcomes) - 1.0),
        monte_carlo_plays=played.plays,
        monte_carlo_error=played.error,
        monte_carlo_p=played.p_value,
        pilot_error=pilot_error(equilibrium),
        closed_form_error=closed,
        exact_case_error=exact,
        terms_error=max(terms_error(line) for line in lines),
    )


def several_roots(line: LineOfPlay) -> list[SeveralRoots]:
    """Days of one line with several consistent delivery probabilities at some grid belief."""
    found = []
    for node in np.flatnonzero(line.nodes.kind == kernels.DAY):
        spread = [_consistent(line, int(node), i) for i in range(line.beliefs.size - 1)]
        wide = [(max(q) - min(q), i) for i, q in enumerate(spread) if len(q) > 1]
        if wide:
            _, i = max(wide)
            found.append(
                SeveralRoots(
                    held=float(line.nodes.held[node]),
                    day=int(line.nodes.used[node]),
                    committed_days=int(line.nodes.left[node]),
                    beliefs=len(wide),
                    trust=float(line.beliefs[i]),
                    largest=max(spread[i]),
                    smallest=min(spread[i]),
                )
            )
    return found


def _consistent(line: LineOfPlay, node: int, i: int) -> list[float]:
    """All q with q = 1 and Delta >= 0, q = 0 and Delta <= 0, or Delta(q) = 0 between."""
    nodes, mu = line.nodes, float(line.beliefs[i])
    honest = line.values[kernels.UO, nodes.following[node], i]
    gain = -nodes.loss[node] + (1.0 - line.parameters.beta) * (
        honest - nodes.captor_after_miss[node]
    )
    roots = nodes.roots[node, : nodes.n_roots[node]]
    found = [mu * (1.0 - m) / ((1.0 - mu) * m) for m in roots if m > mu]
    if gain >= 0.0:
        found.append(1.0)
    if nodes.gain_at_one[node] <= 0.0:
        found.append(0.0)
    return [float(q) for q in found]


def _day_states(line: LineOfPlay) -> int:
    """Days behind one block, a day that can open a chunk or lie inside one counted as two."""
    nodes = line.nodes
    count = 0
    for node in np.flatnonzero(nodes.kind == kernels.DAY):
        followed = np.any(nodes.following == node)
        offered = np.any(nodes.offers[:, 1:] == node) or node == line.head
        count += int(followed) + int(offered)
    return count


def _grid_error(line: LineOfPlay) -> float:
    nodes, head = line.nodes, line.head
    days = int(nodes.left[head])  # 0 at a window
    finer = solve_line(
        line.parameters,
        float(nodes.held[head]),
        int(nodes.used[head]),
        head_days=days,
        head_batch=float(nodes.batch[head]) if days else 0.0,
        beliefs=2 * line.beliefs.size - 1,
        block_days=line.block_days,
    )
    rows = slice(0, kernels.FIRST_UO + 1)
    played = _written(line)
    # rows that a node does not have were never written: no arithmetic on what memory held
    difference = line.values[rows][played] - finer.values[rows][:, :, ::2][played]
    return float(np.abs(difference).max())


def _written(line: LineOfPlay) -> NDArray[np.bool_]:
    """Mask (6, nodes) of the rows that a node has: windows have no first-day values."""
    mask = np.ones((kernels.FIRST_UO + 1, line.nodes.kind.size), dtype=bool)
    mask[kernels.FIRST_Y :, line.nodes.kind == kernels.WINDOW] = False
    return mask


def pilot_error(equilibrium: Solution[Any, Any]) -> float:
    """Error of the pilot's fixed point and of the belief after it."""
    pilot = equilibrium.pilot
    if pilot.captives == 0.0:
        return abs(equilibrium.trust - pilot.trust_before)
    after = bayes(pilot.trust_before, pilot.matched)
    return max(pilot.residual, abs(after - equilibrium.trust))


class MonteCarlo(NamedTuple):
    """Plays drawn, largest frequency error, chi-square p-value; 0, 0, nan without a course."""

    plays: int
    error: float
    p_value: float


def monte_carlo(equilibrium: Solution[Any, Any], course: Course) -> MonteCarlo:
    """Play the equilibrium and compare how it ends with the exact course."""
    from ceasefire.truce.play import simulate

    if equilibrium.block_days == 0:
        return MonteCarlo(0, 0.0, float("nan"))
    drawn = simulate(equilibrium, MONTE_CARLO_PLAYS, np.random.default_rng(MONTE_CARLO_SEED))
    return MonteCarlo(MONTE_CARLO_PLAYS, *compare_plays(course, drawn, MONTE_CARLO_PLAYS))


def compare_plays(course: Course, drawn: pd.DataFrame, plays: int) -> tuple[float, float]:
    """Largest error of the frequencies `drawn` against the exact course, and chi-square p-value."""
    from scipy.stats import chi2

    keys = ["days", "captives_left", "cause", "sequence"]
    table = _align(course.to_frame().groupby(keys)["probability"].sum() * plays, drawn, keys)
    expected, seen = table["expected"].to_numpy(), table["count"].to_numpy()
    thin = expected < LEAST_EXPECTED
    expected = np.append(expected[~thin], expected[thin].sum())
    seen = np.append(seen[~thin], seen[thin].sum())
    error = float(np.abs(seen - expected).max() / plays)
    if expected[-1] < LEAST_EXPECTED:  # the pooled cell is too thin for the test, not for the error
        if seen[-1] > LEAST_EXPECTED * 4:
            return error, 0.0
        expected, seen = expected[:-1], seen[:-1]
    statistic = float(((seen - expected) ** 2 / expected).sum())
    return error, float(chi2.sf(statistic, max(expected.size - 1, 1)))


def _align(expected: pd.Series[float], drawn: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Outer join of expected and drawn counts; sequences pooled as 'other' are not compared."""
    import pandas as pd

    counts = drawn.groupby(keys)["count"].sum()
    table = pd.concat({"expected": expected, "count": counts}, axis=1).fillna(0.0)
    if "other" in table.index.get_level_values("sequence"):
        table = table.groupby(keys[:-1]).sum()
    return table


@cache
def reference_checks() -> tuple[float, float]:
    """Return the errors of the closed-form limit and of the exact case, at reference parameters."""
    from ceasefire.truce.scenario import load

    base = load("november-2023").symbols()
    quiet = base._replace(
        beta=0.0, chi=0.0, k1=0.0, l_hi=1.0, l_lo=1.0, c_hi=base.c_lo,
        s=NEARLY_NO_NOISE, s_C=NEARLY_NO_NOISE,
    )  # fmt: skip
    limit = quiet._replace(k0=5.5, v=1.0, x=10.0, Emax=1, J=CLOSED_FORM_BATCHES)
    closed = max(
        abs(trust_needed(solve_line(limit, 10.0 * n, 0)) - 0.55**n)
        for n in range(1, CLOSED_FORM_BATCHES + 1)
    )
    line = solve_line(quiet, 98.0, 0, head_days=4, head_batch=12.5)
    outcomes = trace(line, 1.0, 4).outcomes
    exact = sum(chance for o, chance in outcomes if o.length == 8 and o.left == 8.0)
    return float(closed), float(abs(1.0 - exact))
