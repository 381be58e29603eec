"""The extension clause: which prices, cap and first block serve an objective best."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from ceasefire.bargaining._clause_play import Clause, ClausePlay, Setting, played
from ceasefire.bargaining._clause_search import PROOF_BELIEFS, Search, frontier, prove
from ceasefire.bargaining._staged import checked, checked_count
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.truce.scenario import Scenario

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from ceasefire.games import StochasticGame

METHOD = "truce solved for each clause: grid, then ascent to a clause without better neighbours"
RUNNERS_UP = 5
PRICE_SHARES = tuple(k / 10 for k in range(6, 25))  # of the scenario's own price
GROWTH_SHARES = (-0.2, -0.1, 0.0, 0.1, 0.2)
BLOCK_SHARES = (0.6, 0.8, 1.0, 1.2, 1.4, 1.6)  # of the scenario's own first block
MOST_HALVINGS = 6


@dataclass(frozen=True)
class ClauseDesign(Displayed):
    """The clauses found.

    Attributes
    ----------
    actual : ClausePlay
        The scenario's own clause.
    best : ClausePlay
        Highest score by the designer's weights.
    longest, most_freed : ClausePlay
        Most expected pause days, most expected captives freed.
    by_kind : tuple of ClausePlay
        Highest score with falling, constant and rising prices, in this order, where there is one.
    runners_up : tuple of ClausePlay
        Next by score.
    frontier : tuple of ClausePlay
        Clauses that none tried beats in both days and captives freed, shortest first.
    plays : tuple of ClausePlay
        All that were tried and can be solved.
    actual_score, best_score : float
        Score by the designer's weights; nan where the actual clause agrees no block.
    impossible : int
        Clauses tried that have no solution, as prices fall to 0 before the cap.
    method : str
    status : Status
        ``INCOMPLETE`` where other equilibria under the best clause were not ruled out.
    certificate : Checks
    """

    actual: ClausePlay
    best: ClausePlay
    longest: ClausePlay
    most_freed: ClausePlay
    by_kind: tuple[ClausePlay, ...]
    runners_up: tuple[ClausePlay, ...]
    frontier: tuple[ClausePlay, ...]
    plays: tuple[ClausePlay, ...]
    actual_score: float
    best_score: float
    impossible: int
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        named = (("actual", self.actual), ("best", self.best),
                 ("longest", self.longest), ("most freed", self.most_freed))  # fmt: skip
        lines = [f"{name}: {play!r}" for name, play in named]
        lines += [f"best {play.clause.kind}: {play.clause}" for play in self.by_kind]
        scores = f"score {self.best_score:.4f}, actual {self.actual_score:.4f}"
        return "\n".join([*lines, f"{scores}; {len(self.plays)} clauses tried; {self.status}"])


@dataclass(frozen=True)
class ClauseDesigner(Model):
    r"""Choose price schedule, cap, chunk and first block under both sides' equilibrium play.

    A clause asks ``x + x1 k`` captives for further day ``k = 0, 1, ...``, caps pause and chunk, and
    opens with a first block of n0 captives. Each clause is a game: the truce model (docs/model.md)
    with its pilot, its bargain over the block's days, its windows. Maximise

    .. math:: \pi_{open} \sum_i w_i m_i, \qquad Y \ge 0, \; U_d \ge 0, \; T_0 > 0,

    over clauses, m the measures of equilibrium play: expected pause days, captives freed, worth to
    a dealer and to the pausing state, chance to last D days, minus chance of an incident.

    Parameters
    ----------
    scenario : Scenario
        Everything but the clause.
    prices : tuple of float
        Captives for the first further day.
    growths : tuple of float
        By which the price rises (or falls) each further day, captives per day.
    caps, chunks : tuple of int
        Longest pause and longest extension, days.
    first_blocks : tuple of float
        Captives of the first block.
    weight_days, weight_freed, weight_captor, weight_pausing_state, weight_lasting, weight_incident
        : float
        Weights: per expected day, per captive freed, per util of a dealer and of the pausing
        state, and per unit of probability; the last is subtracted.
    lasting_days : int
        D, days.
    block_days : int or None
        Days of the first block, imposed; None: bargained over by the parties under every clause.
    trust : float or None
        Opening belief, imposed; None: from the pilot, solved anew under every clause.
    given_deal : bool
        Whether to leave out the chance that talks open, ``pi_open``.
    halvings : int
        How often to halve the steps of price and growth after the search over the values given;
        0 keeps to them, as to whole captives.
    exhaustive : bool
        Whether to try every combination of the values given, where the default tries a grid.
    beliefs : int
        Beliefs that bracket roots in the search; the proof uses 241 and 481, and where it finds
        that fewer missed some, the search is done again with 241.

    Notes
    -----
    *Captures:* that terms shape play: a dearer day makes an extension worth more to the pausing
    state and leaves fewer of them; a larger first block leaves less to extend for; a clause may be
    so dear to one side that talks never open. *Leaves out:* bargaining over the clause itself, who
    would propose it, and other terms that would be traded against it.

    Search: all prices and growths at the scenario's own other terms; every second price with all
    growths and first blocks, extended a shortest chunk at a time; then ascent over all five
    coordinates from the best few. About 7 ms a clause, 600 clauses; `exhaustive` tries 6000.

    *Traps.* The objective is neither continuous nor single-peaked: it jumps where one whole batch
    fewer fits the pool and where the block bargained over changes its days, and days are
    indifferent to a cap that no course reaches. So the best is best among those tried, and no
    neighbour betters it: that, and not a global maximum, is certified. Days given a deal can be
    bought with a clause that no talks open for (a first block of 10 and 8 a day: 8.3 days, opened
    never); ``given_deal=True`` does not see that. The scenario's preferences are assumed, found by
    search and not estimated: `doubt` says how often a finding survives others (november-2023, a
    quarter either way: longer in .59 of 300 draws, more freed in .78).

    References
    ----------
    Own; docs/model.md (P5: values and captives freed by price).

    Examples
    --------
    >>> import ceasefire as cf
    >>> designer = ClauseDesigner.from_scenario(cf.load("november-2023"))
    >>> designer.play(designer.actual)
    50 first, then 10 a day (cap 10 days, 4 at once): block of 4 days, 6.512 days and 71.66 freed...
    >>> designer.play(Clause(12, 2, 10, 4, 50)).block_days
    5
    """

    scenario: Scenario = field(hash=False)
    prices: tuple[float, ...]
    growths: tuple[float, ...]
    caps: tuple[int, ...]
    chunks: tuple[int, ...]
    first_blocks: tuple[float, ...]
    weight_days: float = 1.0
    weight_freed: float = 0.0
    weight_captor: float = 0.0
    weight_pausing_state: float = 0.0
    weight_lasting: float = 0.0
    weight_incident: float = 0.0
    lasting_days: int = 8
    block_days: int | None = None
    trust: float | None = None
    given_deal: bool = False
    halvings: int = 0
    exhaustive: bool = False
    beliefs: int = 61

    def __post_init__(self) -> None:
        from ceasefire.truce.extensions import require_base

        if not isinstance(self.scenario, Scenario):
            raise ArgumentError("scenario", self.scenario, "a Scenario, as ceasefire.load gives it")
        require_base(self.scenario, "the clause designer")
        pool = self.scenario.symbols().W0
        self._check_list("prices", 0.0, pool, f"above 0, at most the pool, {pool:g} captives")
        self._check_list("growths", -math.inf, math.inf, "finite captives per day")
        self._check_list("caps", 0.5, 366.0, "whole days from 1 to 366", whole=True)
        self._check_list("chunks", 0.5, 366.0, "whole days from 1 to 366", whole=True)
        self._check_list("first_blocks", 0.0, pool, f"above 0, at most {pool:g} captives")
        for name in ("days", "freed", "captor", "pausing_state", "lasting", "incident"):
            weight = getattr(self, f"weight_{name}")
            checked(f"weight_{name}", weight, -math.inf, math.inf, "a finite number")
        checked_count("lasting_days", self.lasting_days, 0)
        checked_count("beliefs", self.beliefs, 3)
        if checked_count("halvings", self.halvings, 0) > MOST_HALVINGS:
            raise ArgumentError("halvings", self.halvings, f"at most {MOST_HALVINGS}")
        if self.block_days is not None:
            checked_count("block_days", self.block_days)
        if self.trust is not None:
            checked("trust", self.trust, -1e-300, 1 + 1e-15, "a probability")

    def _check_list(
        self, name: str, low: float, high: float, allowed: str, *, whole: bool = False
    ) -> None:
        values = getattr(self, name)
        if not isinstance(values, tuple) or not values:
            raise ArgumentError(name, values, "a tuple of at least one value")
        for k, value in enumerate(values):
            if whole:
                checked_count(f"{name}[{k}]", value)
            checked(f"{name}[{k}]", value, low, math.nextafter(high, math.inf), allowed)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> ClauseDesigner:
        """Clauses around the scenario's own; the pause's expected days are the objective.

        Prices from 0.6 to 2.4 times its own and growths from -0.2 to 0.2 times it a day, in
        tenths (november-2023: 6 to 24 captives, -2 to 2 a day); caps two days shorter and longer;
        chunks of one, two and its own longest; first blocks from 0.6 to 1.6 times its own, in
        fifths and to whole captives, and the whole pool.
        """
        p = scenario.symbols()
        blocks = [float(max(round(share * p.n0), 1)) for share in BLOCK_SHARES]
        blocks = [block for block in blocks if block <= p.W0]
        return cls(
            scenario,
            prices=_sorted([min(share * p.x, p.W0) for share in PRICE_SHARES]),
            growths=_sorted([share * p.x for share in GROWTH_SHARES] + [p.x1]),
            caps=tuple(sorted({max(p.J - 2, 1), p.J, min(p.J + 2, 366)})),
            chunks=tuple(sorted({1, min(2, p.Emax), p.Emax})),
            first_blocks=_sorted([*blocks, p.n0, p.W0]),
        )

    @property
    def actual(self) -> Clause:
        """The scenario's own clause."""
        return Clause.of(self.scenario)

    @property
    def setting(self) -> Setting:
        """What every clause is played under."""
        return Setting(
            self.scenario, self.scenario.digest, self.trust, self.block_days,
            self.lasting_days, self.beliefs,
        )  # fmt: skip

    def play(self, clause: Clause) -> ClausePlay:
        """Equilibrium play under one clause.

        Raises
        ------
        ArgumentError
            There are no such terms, or the truce under them is not solved.
        """
        found = played(self.setting, clause)
        if found is None:
            allowed = "terms with prices above 0 up to the cap, that the truce can be solved for"
            raise ArgumentError("clause", str(clause), allowed)
        return found

    def reach(self, play: ClausePlay) -> float:
        """What expectations given a deal count with: the chance that talks open, or 1."""
        return 1.0 if self.given_deal else play.open_probability

    def score(self, play: ClausePlay) -> float:
        """The weighted objective; nan where no block is agreed."""
        if not play.agreed:
            return math.nan
        return self.reach(play) * (
            self.weight_days * play.days
            + self.weight_freed * play.freed
            + self.weight_captor * play.captor
            + self.weight_pausing_state * play.pausing_state
            + self.weight_lasting * play.lasting
            - self.weight_incident * play.incident
        )

    def solve(self) -> ClauseDesign:
        """Search the clauses, and prove what was found.

        Raises
        ------
        ArgumentError
            No clause tried agrees a block.

        Notes
        -----
        The proof solves the best, the longest and the one that frees most anew with eight times
        the beliefs, walks their trees of play for gains from deviating, and solves all their
        neighbours anew.
        """
        return _designed(self)

    def doubt(
        self, *, draws: int = 100, spread: float = 0.25, rng: np.random.Generator | None = None
    ) -> pd.DataFrame:
        """How often the clauses found still beat the actual one when preferences are others.

        Each of sixteen assumed preferences, beliefs and hazards is multiplied by a number drawn
        uniformly from ``[1 / (1 + spread), 1 + spread]``. A row a clause (best, longest, most
        freed): shares of draws in which it beats the actual clause by score, days and captives
        freed, and median differences. Draws in which the actual clause agrees no block are left
        out. `rng` has a fixed seed by default.
        """
        from ceasefire.bargaining._clause_doubt import doubted

        return doubted(self, draws=draws, spread=spread, rng=rng)

    def game(
        self, clause: Clause | None = None, *, block_days: int | None = None
    ) -> StochasticGame:
        """The truce from its block on under a clause, the captor known to be a dealer.

        Moves one after the other, for ``solvers.markov_perfect``; by default the actual clause.
        """
        from ceasefire.truce import as_stochastic_game

        chosen = self.actual if clause is None else clause
        days = block_days or self.play(chosen).block_days
        return as_stochastic_game(chosen.terms(self.scenario), block_days=days)

    def table(self) -> pd.DataFrame:
        """Every clause tried, with its play and score; best first.

        ``frontier`` marks those beaten by none in both days and captives; ``role`` the actual
        clause, the best, the longest and the one that frees most. Days, captives and values are
        given a deal; the score counts the chance that talks open unless `given_deal`.
        """
        import pandas as pd

        design = self.solve()
        named = {"actual": design.actual, "best": design.best, "longest": design.longest,
                 "most freed": design.most_freed}  # fmt: skip
        rows = []
        for play in design.plays:
            c = play.clause
            roles = ", ".join(name for name, one in named.items() if one == play)
            rows.append(
                (c.price, c.growth, c.cap_days, c.chunk_days, c.first_block, play.block_days,
                 play.trust, play.open_probability, play.days, play.freed, play.captor,
                 play.pausing_state, play.lasting, play.incident, self.score(play), play.agreed,
                 play in design.frontier, roles)
            )  # fmt: skip
        columns = ["price", "growth", "cap_days", "chunk_days", "first_block", "block_days",
                   "trust", "open_probability", "days", "freed", "captor", "pausing_state",
                   "lasting", "incident", "score", "agreed", "frontier", "role"]  # fmt: skip
        frame = pd.DataFrame(rows, columns=columns)
        return frame.sort_values("score", ascending=False, kind="stable", ignore_index=True)

    def answer(self) -> str:
        """Which clause would have kept the truce longest, and which would have freed most."""
        design = self.solve()
        counted = "given a deal" if self.given_deal else "counting the chance that talks open"
        return (
            f"Of {len(design.plays)} clauses tried, {design.longest.clause} keeps the truce "
            f"longest ({self._days(design.longest):.2f} expected days, actual "
            f"{self._days(design.actual):.2f}); {design.most_freed.clause} frees most "
            f"({self._freed(design.most_freed):.1f} captives, actual "
            f"{self._freed(design.actual):.1f}); {counted}. Preferences are assumed, not estimated."
        )

    def _days(self, play: ClausePlay) -> float:
        return self.reach(play) * play.days if play.agreed else 0.0

    def _freed(self, play: ClausePlay) -> float:
        return self.reach(play) * play.freed if play.agreed else 0.0


@lru_cache(maxsize=16)
def _designed(model: ClauseDesigner) -> ClauseDesign:
    """Search once: solution, answer, table and figure of equal models share it."""
    goals = (model.score, model._days, model._freed)
    search = Search(model)
    best, longest, freed = search.run(goals)
    ranked = sorted((p for p in search.plays if p.agreed), key=model.score, reverse=True)
    by_kind = {play.clause.kind: play for play in reversed(ranked)}
    actual = model.play(model.actual)
    proof = prove(model, (best, longest, freed), goals)
    if not proof.passed and model.beliefs < PROOF_BELIEFS:  # roots missed between few beliefs
        return _designed(model.replace(beliefs=PROOF_BELIEFS))
    status = Status.OK if best.complete else Status.INCOMPLETE
    return ClauseDesign(
        actual, best, longest, freed,
        tuple(by_kind[kind] for kind in ("falling", "constant", "rising") if kind in by_kind),
        tuple(p for p in ranked if p != best)[:RUNNERS_UP],
        frontier(ranked, model._days, model._freed), search.plays,
        model.score(actual), model.score(best), search.impossible, METHOD,
        status if proof.passed else Status.NOT_CONVERGED, proof,
    )  # fmt: skip


def _sorted(values: list[float]) -> tuple[float, ...]:
    """Sorted without repetition, products cleared of rounding."""
    return tuple(sorted({round(value, 9) for value in values}))
