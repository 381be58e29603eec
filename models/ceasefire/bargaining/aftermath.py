"""Is it a path to ending the war: a second truce, and deals in phases."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status
from ceasefire.truce.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.bargaining._second import After, End, Solved
    from ceasefire.games import Decision, ExtensiveForm, StochasticGame
    from ceasefire.games import End as Ending
    from ceasefire.truce import TruceEquilibrium

BELIEFS = 121
TOLERANCE = 1e-6  # utils, of the certificate
HELD_AFTER = 115.0  # further captives held when the truce ended, as Israel counted (137 less 22)
OTHERS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0)


@dataclass(frozen=True)
class Prospect(Displayed):
    """The first truce when a second may follow.

    Attributes
    ----------
    second_given_first : float
        Chance that a second truce begins, given that the first has begun.
    without_first : float
        Chance that a truce begins at the same trust with nobody freed yet, no truce before it.
    by_cause : tuple of (str, float, float)
        How the first ended, its chance, and the chance of a second truce after that.
    mean_days, mean_days_alone : float
        Expected length of the first truce with that prospect, and when war is for good.
    freed, freed_alone : float
        Expected captives freed in the first truce, likewise.
    values, values_alone : tuple of float
        The block's worth to pausing state and dealer at its head, likewise, utils.
    method : str
    status : Status
    certificate : Checks
    """

    second_given_first: float
    without_first: float
    by_cause: tuple[tuple[str, float, float], ...]
    mean_days: float
    mean_days_alone: float
    freed: float
    freed_alone: float
    values: tuple[float, float]
    values_alone: tuple[float, float]
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        causes = ", ".join(f"{c} {p:.3f} ({s:.3f})" for c, p, s in self.by_cause)
        return (
            f"second truce with chance {self.second_given_first:.4f} after a first, "
            f"{self.without_first:.4f} with none freed before; the first lasts "
            f"{self.mean_days:.3f} days ({self.mean_days_alone:.3f} if war is for good) and frees "
            f"{self.freed:.2f} ({self.freed_alone:.2f}); ends (and second after it): {causes}; "
            f"{self.method}; {self.status}"
        )


class Run(NamedTuple):
    """A first truce solved, and every way in which it can end."""

    solved: Solved
    ends: list[End]


@dataclass(frozen=True)
class SecondTruce(Model):
    r"""War is a state to return from: after the first truce talks may open for a second.

    The truce model (docs/model.md), except that war is not the end. When the first truce ends with
    w captives left and belief mu, and no delivery was missed, the pausing state opens talks with
    chance ``sigma((z_D Y2 - K_T) / s_T)``, as before the first; they lead to a deal as those did.
    The second truce is over the captives left and o others, on the first one's terms: its block,
    then the clause, or the clause alone where fewer are left than the block takes. So war is worth
    ``T(w, mu) = P(open) z (Y, U_d, U_o)`` of that truce, which enters the first truce wherever it
    can end: stopping, declining, leaving, a failed relay, an incident. A missed delivery rules a
    second truce out.

    Parameters
    ----------
    scenario : Scenario
        The first truce.
    other_captives : float
        o, captives of other categories who become eligible the second time, at the same terms.
    opening_threshold : float or None
        K_T, utils; None: the scenario's. inf: no second talks, which is the base
        model.

    Notes
    -----
    *Captures:* what a truce leaves behind, fewer captives and more trust, and what the prospect of
    another does to the first: resuming costs less, and so does a missed chance to extend.
    *Leaves out:* a third truce, dearer retention of other categories (the truce's second category
    has that), what war itself does to captives and beliefs, a second deal after a miss.

    *Traps.* With little left the second pool is worth little: trust alone does not bring a second
    truce. The prospect can shorten the first.

    References
    ----------
    Own; docs/model.md.

    Examples
    --------
    >>> import math, ceasefire as cf
    >>> base = SecondTruce(cf.load("november-2023"), opening_threshold=math.inf)
    >>> base.solve().second_given_first
    0.0
    """

    scenario: Scenario = field(hash=False)
    other_captives: float = 0.0
    opening_threshold: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.scenario, Scenario):
            raise ArgumentError("scenario", self.scenario, "a Scenario, as ceasefire.load gives it")
        checked("other_captives", self.other_captives, -1e-300, 1e4, "a number from 0 to 10,000")
        given = self.opening_threshold
        if given is not None and not given > -math.inf:
            raise ArgumentError("opening_threshold", given, "a number of utils, inf or None")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> SecondTruce:
        """The scenario; 115 others where its record says how many were left, as Israel counted.

        That is 137 held when the fighting resumed less the 22 of the eligible category; elsewhere
        nobody else.
        """
        return cls(scenario, HELD_AFTER if scenario.observed is not None else 0.0)

    def solve(self) -> Prospect:
        """Backward induction with the second truce behind every end that leaves it possible."""
        base = self._first_deal()
        return self._prospect(base, self._run(base, math.inf))

    def game(self) -> StochasticGame:
        """State both truces, where a dealer is known, with second talks as chance moves.

        The rules of `ceasefire.truce.as_stochastic_game`, without shocks to choices; where the
        first truce ends talks open with the chance that the solved model gives, and the second
        truce's payoffs count as much as they are worth when talks open. Compare with `solve` at
        full trust and as shocks vanish.

        Raises
        ------
        ArgumentError
            No first block is agreed, or an extension of the truce is on.
        """
        from ceasefire.bargaining._second_game import two_truces
        from ceasefire.truce.extensions import require_base

        require_base(self.scenario, "the stochastic game")
        return two_truces(self._after(self._first_deal(), self._threshold()))

    def table(self) -> pd.DataFrame:
        """Chance of a second truce, and length of the first, by how many others are eligible."""
        import pandas as pd

        base = self._first_deal()
        alone = self._run(base, math.inf)  # war for good: whoever else is eligible
        rows = []
        for others in OTHERS:
            found = self.replace(other_captives=others)._prospect(base, alone)
            rows.append((others, found.second_given_first, found.without_first, found.mean_days,
                         found.mean_days_alone))  # fmt: skip
        columns = ["other_captives", "second_given_first", "without_first", "mean_days",
                   "mean_days_alone"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """Whether a first truce makes a second likelier; what the prospect does to the first."""
        found = self.solve()
        more = "likelier" if found.second_given_first > found.without_first else "less likely"
        return (
            f"After the first truce a second begins with chance {found.second_given_first:.2f} "
            f"(with {self.other_captives:g} others eligible); with nobody freed yet one would "
            f"begin with {found.without_first:.2f}, so a first truce makes another {more}. "
            f"The prospect changes the first from {found.mean_days_alone:.2f} to "
            f"{found.mean_days:.2f} days."
        )

    def _first_deal(self) -> TruceEquilibrium:
        from ceasefire.bargaining._windows import agreed

        return agreed(self.scenario)

    def _run(self, base: TruceEquilibrium, threshold: float) -> Run:
        """The first truce with a second behind it whose talks open at `threshold`."""
        from ceasefire.bargaining import _second

        solved = _second.Solved(base.line(), self._after(base, threshold), BELIEFS)
        return Run(solved, _second.course(solved, base.trust))

    def _after(self, base: TruceEquilibrium, threshold: float) -> After:
        from ceasefire.bargaining import _second

        talks = base.talks
        return _second.After(
            self.scenario.symbols(), base.block_days, threshold, float(self.other_captives),
            talks.deal_probability, (talks.pausing_state_discount, talks.captor_discount),
        )  # fmt: skip

    def _threshold(self) -> float:
        given = self.opening_threshold
        return self.scenario.symbols().K_T if given is None else float(given)

    def _prospect(self, base: TruceEquilibrium, alone: Run) -> Prospect:
        """Set the truce with a second behind it beside the one without, `alone`."""
        from ceasefire.bargaining import _second

        p, mu, line = self.scenario.symbols(), base.trust, base.line()
        run = self._run(base, self._threshold())
        after, ends = run.solved.after, run.ends
        first, lone = (one.solved.at(line.head, mu).first for one in (run, alone))
        checks = {
            "probabilities of the ends": abs(sum(e.chance for e in ends) - 1),
            "an opportunist's gain from one other choice": _second.opportunist_gain(run.solved, mu),
            "war for good against the truce's own values": max(
                abs(a - float(b)) for a, b in zip(lone, line.at(mu)[3:6, line.head], strict=True)
            ),
            "and its own mean length": abs(_mean_days(alone.ends) - base.course().mean_days),
        }
        proof = Checks(checks, TOLERANCE)
        return Prospect(
            _second_chance(after, ends), after.begins(p.W0, mu), _causes(after, ends),
            _mean_days(ends), _mean_days(alone.ends), self._freed(ends), self._freed(alone.ends),
            (first.y, first.dealer), (lone.y, lone.dealer),
            "backward induction, second truce behind the first",
            Status.OK if proof.passed else Status.EXPLOITABLE, proof,
        )  # fmt: skip

    def _freed(self, ends: list[End]) -> float:
        pool = self.scenario.symbols().W0
        return sum(end.chance * (pool - end.held) for end in ends)


def _second_chance(after: After, ends: list[End]) -> float:
    return sum(
        end.chance * after.begins(end.held, end.trust) for end in ends if end.cause != "missed"
    )


def _causes(after: After, ends: list[End]) -> tuple[tuple[str, float, float], ...]:
    rows = []
    for cause in ("stopped", "declined", "relay", "left", "incident", "missed", "exhausted"):
        of = [end for end in ends if end.cause == cause]
        chance = sum(end.chance for end in of)
        if chance > 0:
            rows.append((cause, chance, _second_chance(after, of) / chance))
    return tuple(rows)


def _mean_days(ends: list[End]) -> float:
    return sum(end.chance * end.days for end in ends)


@dataclass(frozen=True)
class Phases(Displayed):
    """Which phases of a deal are carried, and by what.

    Attributes
    ----------
    carried : int
        Phases that are carried out, of all.
    worth_from : tuple of float
        Surplus of both from each phase on, at its start, utils.
    end_needed : float
        Least worth of the end, utils at the round after the last phase, that carries all.
    surplus : float
        Worth of the whole deal at its start, utils.
    method : str
    status : Status
    certificate : Checks
    """

    carried: int
    worth_from: tuple[float, ...]
    end_needed: float
    surplus: float
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        return (
            f"{self.carried} of {len(self.worth_from)} phases carried, surplus "
            f"{self.surplus:.6g}; an end worth {self.end_needed:.6g} would carry all; "
            f"{self.method}; {self.status}"
        )


@dataclass(frozen=True)
class PhasedDeal(Model):
    r"""A deal in phases: in each the captor hands over, then the other side pays or walks away.

    Phase i: n_i captives at cost c_i a captive to the captor, worth v_i to the other side; then
    payment of the cost. Phases follow each other at discount delta; after the last one the
    relation is worth X to the side that pays. It pays for phase i only if that is worth it,

    .. math:: c_i n_i \le \delta W_{i+1}, \qquad W_i = (v_i - c_i) n_i + \delta W_{i+1},
       \quad W_{m+1} = X,

    and a phase that will not be paid is not delivered, nor any before whose payment rested on it.

    Parameters
    ----------
    captives, values, costs : tuple of numbers
        n_i, v_i and c_i, all above 0, by phase.
    discount : float or Fraction
        delta in (0, 1], from one phase to the next.
    end_worth : float or Fraction
        X >= 0, utils: an end of the war, a reputation, a further deal.

    Notes
    -----
    *Captures:* women and children first, then men, then the dead: what each phase rests on, and
    why a known last phase unravels all unless something follows it. *Leaves out:* private types
    (the truce model), dividing a phase into batches (`Instalments`).

    *Traps.* Phases may be carried from a smaller end if the largest is not last: what matters is
    the last phase first.

    References
    ----------
    R. Pitchford and C. Snyder (2004), Journal of Economic Theory 114:88-103, as in `Instalments`,
    with phases that differ. THEORY.md D3.

    Examples
    --------
    >>> deal = PhasedDeal((33, 64, 36), (1, 1, 1), (0.25, 0.5, 0.125), 0.9, end_worth=0)
    >>> deal.closed_form().carried, round(deal.closed_form().end_needed, 4)
    (0, 5.0)
    """

    captives: tuple[Number, ...]
    values: tuple[Number, ...]
    costs: tuple[Number, ...]
    discount: Number
    end_worth: Number = 0

    def __post_init__(self) -> None:
        sizes = {len(self.captives), len(self.values), len(self.costs)}
        if len(sizes) != 1 or 0 in sizes:
            got = (len(self.captives), len(self.values), len(self.costs))
            raise ArgumentError("captives", got, "captives, values and costs for the same phases")
        for name in ("captives", "values", "costs"):
            for i, value in enumerate(getattr(self, name)):
                checked(f"{name}[{i}]", value, 0, math.inf, "a number above 0")
        checked("discount", self.discount, 0, 1 + 1e-15, "a number above 0, at most 1")
        checked("end_worth", self.end_worth, -1e-300, math.inf, "a number from 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> PhasedDeal:
        """Three phases: the first block, the rest of the pool, and as many others as that rest.

        Costs are mean retention values, twice the last for the others (assumed); worths are v; the
        discount factor is the chance of no incident in as many days as the block had.
        """
        from ceasefire.bargaining._windows import require_worth
        from ceasefire.truce.payoffs import release_loss

        p = scenario.symbols()
        require_worth(p)
        rest, v = max(p.W0 - p.n0, 1.0), p.v
        block = float(release_loss(p, p.W0, p.n0)) / p.n0
        last = float(release_loss(p, rest, rest)) / rest
        costs = tuple(max(c, 1e-6) for c in (block, last, 2 * last))
        days = max(p.n0 / p.x, 1.0)
        return cls((p.n0, rest, rest), (v, v, v), costs, max((1 - p.beta) ** days, 1e-6))

    def closed_form(self) -> Phases:
        """From the last phase back: carried while all later ones are."""
        n, v, c, d, X = self._exact()
        worth, carried, needed = X, 0, Fraction(0)
        worths: list[Fraction] = []
        for i in reversed(range(len(n))):
            fine = carried == len(n) - 1 - i and c[i] * n[i] <= d * worth
            worth = (v[i] - c[i]) * n[i] + d * worth if fine else Fraction(0)
            carried += fine
            worths.insert(0, worth)
        for i in reversed(range(len(n))):  # d W_{i+1} >= c_i n_i, W linear in X with slope d^(m-i)
            later = sum(
                (d ** (j - i) * (v[j] - c[j]) * n[j] for j in range(i + 1, len(n))), Fraction(0)
            )
            needed = max(needed, (c[i] * n[i] - later) / d ** (len(n) - i))
        done = carried if carried == len(n) else 0
        return self._described(
            done, worths, needed, worths[0] if done else Fraction(0), "closed form"
        )

    def solve(self) -> Phases:
        """Subgame perfection on the tree, its best equilibrium; the end needed by bisection."""
        low, high = Fraction(0), Fraction(1)
        while not self._carries(high):
            high *= 2
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if self._carries(middle) else (middle, high)
        needed = Fraction(0) if self._carries(Fraction(0)) else high
        full = self._carries(exact(self.end_worth))
        closed = self.closed_form()
        worth = self._played(exact(self.end_worth))
        return self._described(
            len(self.captives) if full else 0,
            [exact(x) for x in closed.worth_from], needed, worth if full else Fraction(0),
            "subgame perfection on the tree",
        )  # fmt: skip

    def game(self, *, end_worth: Number | None = None) -> ExtensiveForm:
        """In turn: hand over a phase or hold; pay its cost or keep. Holding or keeping ends it."""
        from ceasefire.games import Decision, End, ExtensiveForm

        n, v, c, d, X = self._exact()
        X = X if end_worth is None else exact(end_worth)

        def hand(i: int, got: tuple[Fraction, Fraction]) -> Decision | Ending:
            if i == len(n):
                return End((got[0], got[1] + d**i * X))
            paid = pay(i, (got[0] - d**i * c[i] * n[i], got[1] + d**i * v[i] * n[i]))
            return Decision("captor", {"hold": End(got), "hand over": paid})

        def pay(i: int, got: tuple[Fraction, Fraction]) -> Decision:
            price = d**i * c[i] * n[i]
            return Decision(
                "payer",
                {"keep": End(got), "pay": hand(i + 1, (got[0] + price, got[1] - price))},
            )

        start = hand(0, (Fraction(0), Fraction(0)))
        return ExtensiveForm.from_rules(
            start, lambda state: state, players=("captor", "payer"), title="a deal in phases"
        )

    def table(self) -> pd.DataFrame:
        """Phases carried against the worth of the end."""
        import pandas as pd

        needed = max(self.closed_form().end_needed, 1e-9)
        rows = []
        for k in range(41):
            one = self.replace(end_worth=needed * k / 20).closed_form()
            rows.append((needed * k / 20, one.carried, one.surplus))
        return pd.DataFrame(rows, columns=["end_worth", "phases_carried", "surplus"])

    def answer(self) -> str:
        """What the phases rest on."""
        found = self.closed_form()
        if found.carried:
            return (
                f"All {found.carried} phases are carried, worth {found.surplus:.1f} utils to both."
            )
        return (
            f"With nothing after the last phase the deal unravels to nothing; an end worth "
            f"{found.end_needed:.1f} utils to the side that pays would carry all "
            f"{len(self.captives)} phases."
        )

    def _exact(self) -> tuple[Any, Any, Any, Fraction, Fraction]:
        rows = [tuple(map(exact, row)) for row in (self.captives, self.values, self.costs)]
        return rows[0], rows[1], rows[2], exact(self.discount), exact(self.end_worth)

    def _best(self, end: Fraction) -> Any:
        from ceasefire.solvers import subgame_perfect

        found = subgame_perfect(self.game(end_worth=end), exact=True)
        return max(found, key=lambda one: sum(one.payoffs))

    def _played(self, end: Fraction) -> Fraction:
        return Fraction(sum(self._best(end).payoffs))

    def _carries(self, end: Fraction) -> bool:
        """Whether some equilibrium hands over and pays in every phase."""
        n, v, c, d, _ = self._exact()
        whole = sum((d**i * (v[i] - c[i]) * n[i] for i in range(len(n))), d ** len(n) * end)
        return bool(self._played(end) >= whole) and bool(whole > 0)

    def _described(
        self, carried: int, worths: list[Fraction], needed: Fraction, surplus: Fraction, method: str
    ) -> Phases:
        n, v, c, d, X = self._exact()
        slack = Fraction(0)
        for end in (needed, X) if carried else (needed,):
            worth = end
            for i in reversed(range(len(n))):
                slack = max(slack, c[i] * n[i] - d * worth)
                worth = (v[i] - c[i]) * n[i] + d * worth
        scale = max(a * b for a, b in zip(n, c, strict=True))
        checks = Checks({"shortfall of a payment": float(slack / scale)}, 1e-9)
        status = Status.OK if carried else Status.NO_DEAL
        return Phases(
            carried, tuple(map(float, worths)), float(needed), float(surplus), method,
            status if checks.passed else Status.EXPLOITABLE, checks,
        )  # fmt: skip
