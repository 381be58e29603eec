"""A mediator who reports on one side to the other, and whom its bias makes credible (Kydd)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._proposals import short
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._windows import (
    batch_losses,
    day_surplus,
    first_window,
    require_gain,
    require_worth,
)
from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ceasefire.games import BayesianGame, ExtensiveForm
    from ceasefire.truce import Scenario

TOLERANCE = 1e-9
MARGIN = Fraction(1, 1000)  # of a bias: beside it programs are decided clear of rounding
EVEN = Fraction(1, 2)  # odds of the war, and chance of a report "weak"; neither moves the bias
ALIKE = 1e-5  # pies by which types' costs differ if there is something to report


@dataclass(frozen=True)
class Credibility(Displayed):
    """How partial a mediator must be to be believed.

    Attributes
    ----------
    bias_needed : float or Fraction
        The least weight on side 1's share at which "weak" is said and believed only where it is
        meant; above 1, or inf, where no weight is enough.
    error_limit : float or Fraction
        The largest share of mistaken reports at which a wholly partial mediator is believed.
    method : str
    certificate : Checks
    status : Status
        ``NO_EQUILIBRIUM`` where no bias is enough.
    """

    bias_needed: Any
    error_limit: Any
    method: str
    certificate: Checks
    status: Status = Status.OK

    @property
    def possible(self) -> bool:
        """Whether some weight up to 1 is enough."""
        return bool(self.bias_needed <= 1)

    def __repr__(self) -> str:
        need = short(self.bias_needed) if self.possible else "no bias is enough"
        limit = short(self.error_limit)
        return f"bias needed {need}; errors up to {limit} can be overcome; {self.method}"


@dataclass(frozen=True)
class BiasedReporter(Model):
    r"""A mediator tells side 1 whether side 2 would rather concede than fight.

    Is it believed? War costs side 2 either ``cL`` (resolved) or ``cH`` (weak), known to itself, and
    side 1 ``c1``, of a pie of 1 that side 1 wins with chance p. The mediator sees a signal and says
    "weak" or "resolved"; side 1 asks for ``p + cH`` or ``p + cL``; side 2 takes it or fights. The
    mediator's payoff is beta times side 1's plus 1 - beta times side 2's, less k if there is war. A
    signal "weak" is wrong with chance mu. It must be *willing* to say "weak" when it sees it:

    .. math:: (1-\mu)(2\beta-1) D \ge \mu\,[\beta (c_1 + c_L) + k], \quad D = c_H - c_L, \qquad
              \beta^* = \frac{(1-\mu) D + \mu k}{2 (1-\mu) D - \mu (c_1 + c_L)}.

    Parameters
    ----------
    cost_low, cost_high : float or Fraction
        cL and cH, pies: side 2's cost of war when resolved and when weak.
    cost_asker : float or Fraction
        c1 >= 0, pies: side 1's cost of war.
    mediator_cost : float or Fraction
        k >= 0, pies: what war costs the mediator.
    error : float or Fraction
        mu in [0, 1): the share of reports "weak" that meet a resolved side 2.

    Notes
    -----
    *Captures:* why a go-between that leans to the side it advises is believed when it says "they
    will give way", and an even-handed one that wants peace above all is not: it would say
    "resolved" whatever it saw. *Leaves out:* repeated reports and the mediator's reputation; how
    the signal comes about; what side 2 thinks of the mediator.

    *Traps.* The denominator falls in mu and may reach 0: then, and already where ``beta*`` exceeds
    1, no bias is enough. At mu = 0 an even-handed mediator (1/2) is just indifferent, and for any
    mu > 0 it is not believed.

    References
    ----------
    A. Kydd (2003), "Which side are you on? Bias, credibility, and mediation", American Journal of
    Political Science 47:597-611, in the form above. THEORY.md I3.

    Examples
    --------
    >>> BiasedReporter(cost_low=0.1, cost_high=0.3, cost_asker=0.1, mediator_cost=0.2,
    ...                error=0.1).closed_form()
    bias needed 0.588235; errors up to 0.333333 can be overcome; closed form
    """

    cost_low: Number
    cost_high: Number
    cost_asker: Number
    mediator_cost: Number
    error: Number

    def __post_init__(self) -> None:
        for name in ("cost_low", "cost_high", "cost_asker", "mediator_cost"):
            checked(name, getattr(self, name), -1e-300, math.inf, "a cost of at least 0, in pies")
        checked("error", self.error, -1e-300, 1, "a share from 0 to below 1")
        if not self.cost_high > self.cost_low:
            raise ArgumentError("cost_high", self.cost_high, f"above {float(self.cost_low):g}")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> BiasedReporter:
        """Side 1 is the pausing state and side 2 the captor, the pie what one more day holds.

        The pie is the worth of a batch plus the captor's gain from the day. Costs of war are what
        each forgoes: the state's and a captor's at the first window (weak), and a captor's that
        values every batch as its last (resolved). A report is wrong as often as the last list
        cannot be produced. War costs the mediator what leaving costs the state (assumed).
        """
        from ceasefire.truce.payoffs import list_probability

        p = scenario.symbols()
        require_worth(p)
        require_gain(p)
        pie = p.v * p.x + p.g
        first, last = (max(p.g - loss, 0.0) / pie for loss in batch_losses(scenario))
        held, _ = first_window(scenario)
        left = held % p.x if held >= p.x else 0.0
        wrong = 1.0 - float(list_probability(p, left + p.x, p.x))
        _, state = day_surplus(scenario)
        weak = max(first, last + 1e-6)
        return cls(last, weak, max(state, 0.0) / pie, p.kappa / pie, min(wrong, 0.999))

    def closed_form(self) -> Credibility:
        """The bias needed, by the formula."""
        low, high, own, k, mu = self._exact()
        D = high - low
        over, under = (1 - mu) * D + mu * k, 2 * (1 - mu) * D - mu * (own + low)
        bias: Any = over / under if under > 0 else math.inf
        limit = D / (D + own + low + k)
        missed = abs(self._willing(bias)) if bias <= 1 else max(self._willing(1), 0)
        proof = Checks({"what saying so gains at the bias needed": float(missed)}, TOLERANCE)
        return self._found(bias, limit, "closed form", proof)

    def solve(self) -> Credibility:
        """The bias at which the mediator's gain from the truth changes sign, by the game's payoffs.

        The gain is linear in the bias, and at bias 1 in the error. The certificate solves for the
        most informative communication equilibrium on both sides of the bias found.
        """
        bias = _root(lambda beta: self._truth(beta)[0])
        limit = _root(lambda mu: -self.replace(error=mu)._truth(Fraction(1))[0])
        beyond = min(Fraction(1), bias + MARGIN) if bias <= 1 else Fraction(1)
        moved = self.informs(beyond)
        short_of = self.informs(max(bias - MARGIN, Fraction(0))) if bias <= 1 else moved
        proof = Checks(
            {
                "reports move the ask short of the bias": short_of,
                "the truth does not pay beyond it": float(-min(self._truth(beyond)))
                if bias <= 1
                else 0.0,
                "reports do not move the ask beyond it": 1.0 - moved if bias <= 1 else 0.0,
            },
            TOLERANCE,
        )
        return self._found(bias, limit, "payoffs of the game, communication equilibria", proof)

    def informs(self, bias: Number) -> float:
        """The most that reports can move the ask: P(high ask | "weak") - P(high ask | "resolved").

        Over all communication equilibria between mediator and side 1; 0 where nothing is believed.
        """
        from ceasefire.solvers import communication

        game = self.game(bias)
        moved = np.zeros((2, 1, 1, 2), dtype=int)
        moved[0, 0, 0, 0], moved[1, 0, 0, 0] = 2, -2  # either signal has chance 1/2
        return float(communication(game, objective=moved).value)

    def game(self, bias: Number) -> BayesianGame:
        """State mediator and side 1, with side 2's best reply filled in; signals are the types."""
        from ceasefire.games import BayesianGame

        payoffs = np.empty((2, 2, 1, 1, 2), dtype=object)
        for signal, wrong in (
            (0, exact(self.error)),
            (1, Fraction(1)),
        ):  # "resolved" is never wrong
            for ask in (0, 1):
                ends = [self._end(ask, resolved, bias) for resolved in (False, True)]
                mean = [(1 - wrong) * a + wrong * b for a, b in zip(*ends, strict=True)]
                payoffs[:, signal, 0, 0, ask] = mean[0], mean[1]
        return BayesianGame(
            np.array([[EVEN], [EVEN]]), payoffs, ["mediator", "side 1"],
            [["weak", "resolved"], ["uninformed"]], [["-"], ["high ask", "low ask"]],
            "Biased reporter",
        )  # fmt: skip

    def tree(self, bias: Number) -> ExtensiveForm:
        """State the whole game as a tree, for `sequential` and `certify`."""
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        mu = exact(self.error)

        def moves(place: Any) -> Any:
            match place:
                case ("start",):
                    draw = {("weak", False): EVEN * (1 - mu), ("weak", True): EVEN * mu,
                            ("resolved", True): EVEN}  # fmt: skip
                    kept = {k: v for k, v in draw.items() if v}
                    return Chance({f"{s}, {'resolved' if r else 'weak'}": (v, ("saw", s, r))
                                   for (s, r), v in kept.items()})  # fmt: skip
                case ("saw", signal, resolved):
                    said = {w: ("said", w, resolved) for w in ("weak", "resolved")}
                    return Decision("mediator", said, sees=("saw", signal))
                case ("said", word, resolved):
                    asks = {
                        "high": ("asked", word, 0, resolved),
                        "low": ("asked", word, 1, resolved),
                    }
                    return Decision("side 1", asks, sees=("said", word))
                case ("asked", word, ask, resolved):
                    fights = self._payoffs(ask, resolved, bias, war=True)
                    takes = self._payoffs(ask, resolved, bias, war=False)
                    seen = ("asked", word, ask, resolved)
                    return Decision("side 2", {"take": End(takes), "fight": End(fights)}, sees=seen)
            raise AssertionError(place)

        return ExtensiveForm.from_rules(
            ("start",), moves, players=["mediator", "side 1", "side 2"], title="Biased reporter"
        )

    def table(self) -> pd.DataFrame:
        """Bias needed against the share of mistaken reports, for three costs of war to it.

        Columns ``error``, ``mediator_cost``, ``bias_needed`` (nan where none is enough).
        """
        import pandas as pd

        rows = []
        for cost in (0.0, float(self.mediator_cost) / 2, float(self.mediator_cost)):
            model = self.replace(mediator_cost=cost)
            limit = float(model.closed_form().error_limit)
            for error in sorted({*np.linspace(0.0, 0.5, 51).tolist(), limit}):
                found = model.replace(error=min(error, 0.999)).closed_form()
                need = float(found.bias_needed) if found.possible else math.nan
                rows.append((error, cost, need))
        return pd.DataFrame(rows, columns=["error", "mediator_cost", "bias_needed"])

    def answer(self) -> str:
        """How partial, and how far errors can go."""
        found = self.closed_form()
        limit = float(found.error_limit)
        if self.cost_high - self.cost_low < ALIKE:
            return (
                "There is nothing to report: a captor that would give way forgoes no more by "
                f"fighting on than one that would not, {shown(self.cost_low)} of what a day holds."
            )
        if not found.possible:
            return (
                f"No bias is enough: reports are mistaken with chance {float(self.error):.3g}, and "
                f"beyond {limit:.3g} even a mediator that cares for side 1 alone is not believed."
            )
        who = (
            "an even-handed one is never believed"
            if self.error > 0
            else "an even-handed one is just believed"
        )
        return (
            f"The bias that helps is towards the side advised: with {float(self.error):.3g} of the "
            f"reports mistaken the mediator must weigh that side's share by at least "
            f"{float(found.bias_needed):.3g} of 1, and {who}; past {limit:.3g} no bias is enough."
        )

    def _exact(self) -> tuple[Fraction, ...]:
        values = (self.cost_low, self.cost_high, self.cost_asker, self.mediator_cost, self.error)
        return tuple(map(exact, values))

    def _willing(self, bias: Number) -> Any:
        """What saying "weak" rather than "resolved" gains the mediator that sees "weak"."""
        low, high, own, k, mu = self._exact()
        beta = exact(bias)
        return (1 - mu) * (2 * beta - 1) * (high - low) - mu * (beta * (own + low) + k)

    def _payoffs(
        self, ask: int, resolved: bool, bias: Number, *, war: bool
    ) -> tuple[Any, Any, Any]:
        low, high, own, k, _ = self._exact()
        share = EVEN + (low if ask else high)
        one, two = (EVEN - own, EVEN - (low if resolved else high)) if war else (share, 1 - share)
        beta = exact(bias)
        return beta * one + (1 - beta) * two - (k if war else 0), one, two

    def _end(self, ask: int, resolved: bool, bias: Number) -> tuple[Any, Any]:
        ends = [self._payoffs(ask, resolved, bias, war=war) for war in (False, True)]
        taken = ends[1] if ends[1][2] > ends[0][2] else ends[0]
        return taken[0], taken[1]

    def _truth(self, bias: Number) -> tuple[Any, ...]:
        """What truth gains the mediator at either signal, and belief side 1 at either report."""
        told = self.game(bias).exact_payoffs[:, :, 0, 0, :]
        return tuple(sign * (told[i, s, 0] - told[i, s, 1])
                     for i, s, sign in ((0, 0, 1), (0, 1, -1), (1, 0, 1), (1, 1, -1)))  # fmt: skip

    def _found(self, bias: Any, limit: Any, method: str, proof: Checks) -> Credibility:
        floats = any(isinstance(x, float | np.floating) for x in self.parameters().values())
        plain = float if floats or isinstance(bias, float) else Fraction
        status = Status.OK if bias <= 1 else Status.NO_EQUILIBRIUM
        if not proof.passed:
            status = Status.EXPLOITABLE
        return Credibility(plain(bias), plain(limit), method, proof, status)


def _root(gain: Callable[[Fraction], Any]) -> Any:
    """Where a linear function that rises passes 0; inf where it does not rise."""
    start, end = gain(Fraction(0)), gain(Fraction(1, 2))
    slope = 2 * (end - start)
    return -start / slope if slope > 0 else math.inf
