"""Settling a war that is under way: odds that move with battles, and offers to an unknown type."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining._staged import Number, checked, checked_count, exact
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

TOLERANCE = 1e-9
MOST_RUNGS = 500


@dataclass(frozen=True)
class Front(Displayed):
    """Shares agreed at every rung.

    Attributes
    ----------
    share : float
        Side A's expected share at the rung asked for.
    shares : tuple of float
        The same at rungs 0 to N.
    win, battles : float
        A's chance to win a war to the end from here, and its expected battles.
    feasible : bool
        Whether all shares and all reservation values lie in [0, 1]; where not, the formula does
        not describe an equilibrium and `status` is `NO_EQUILIBRIUM`.
    method : str
    status : Status
    certificate : Checks
    """

    share: float
    shares: tuple[float, ...]
    win: float
    battles: float
    feasible: bool
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        fault = "" if self.feasible else "; some share or reservation value is outside [0, 1]"
        return (
            f"A's share {self.share:.8f}; a war to the end would be won with chance "
            f"{self.win:.6f} after {self.battles:.6g} battles{fault}; {self.method}; {self.status}"
        )


@dataclass(frozen=True)
class WarLadder(Model):
    r"""Two sides settle, or fight a battle that moves the front by a rung.

    Rungs run from 0 (A has lost) to N. A wins a battle with chance p; it costs the sides c_A and
    c_B. Before each battle one side, A with chance pi, offers a split of a pie of 1; a refusal
    means the battle. With complete information they settle at once, at

    .. math:: S(k) = P(\text{win} \mid k) + [\pi c_B - (1-\pi) c_A]\, E[\text{battles} \mid k],

    with the gambler's ruin formulas for both terms.

    Parameters
    ----------
    rungs, rung : int
        N and the present k, 0 < k < N.
    win : float or Fraction
        p, in (0, 1).
    cost_a, cost_b : float or Fraction
        Per battle, shares of the pie, above 0.
    proposes : float or Fraction
        pi, in [0, 1].

    Notes
    -----
    *Captures:* that the battlefield sets the terms: what each side can get in talks is what
    fighting on would bring, less what it would cost. *Leaves out:* private information
    (`RiskReturn`), commitments (`PowerShift`), captives.

    *Traps.* Valid only while all shares and reservation values lie in [0, 1]: costs that add up
    over many battles push them out at the ends of the ladder; then `feasible` is false.

    References
    ----------
    A. Smith and A. Stam (2004), Journal of Conflict Resolution 48:783-813. D. Filson and S. Werner
    (2002), American Journal of Political Science 46:819-838. B. Slantchev (2003), American
    Political Science Review 97:621-632, the side with complete information. THEORY.md H5.

    Examples
    --------
    >>> WarLadder(10, 4, 0.55, 0.001, 0.002, 0.5).closed_form().share
    0.649465...
    >>> WarLadder(10, 4, 0.55, 0.01, 0.02, 0.5).solve().feasible
    False
    """

    rungs: int
    rung: int
    win: Number
    cost_a: Number
    cost_b: Number
    proposes: Number

    def __post_init__(self) -> None:
        if checked_count("rungs", self.rungs, 2) > MOST_RUNGS:
            raise ArgumentError("rungs", self.rungs, f"at most {MOST_RUNGS}")
        if not 0 < checked_count("rung", self.rung) < self.rungs:
            raise ArgumentError("rung", self.rung, f"from 1 to {self.rungs - 1}")
        checked("win", self.win, 0, 1, "a chance above 0 and below 1")
        for name in ("cost_a", "cost_b"):
            checked(name, getattr(self, name), 0, 1, "a share of the pie between 0 and 1")
        checked("proposes", self.proposes, -1e-300, 1 + 1e-15, "a chance from 0 to 1")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> WarLadder:
        """Ten rungs, the middle one, even odds; a battle costs each side its day, over the pool.

        A is the pausing state. Costs: its day cost, and the captor's forgone day of pause, each
        over the worth of the pool to it, cut so that the ladder stays feasible; all else assumed.
        """
        from ceasefire.bargaining._windows import require_worth

        p = scenario.symbols()
        require_worth(p)
        pool = p.v * p.W0
        costs = [min(max(abs(c) / pool / 100, 1e-5), 0.003) for c in (p.k0, p.g)]
        return cls(10, 5, Fraction(1, 2), costs[0], costs[1], Fraction(1, 2))

    def closed_form(self) -> Front:
        """Gambler's ruin."""
        wins, battles, shares = self._ruin()
        k = self.rung
        return self._described(
            list(map(float, shares)), float(wins[k]), float(battles[k]), "closed form"
        )

    def _ruin(self) -> tuple[list[Fraction], list[Fraction], list[Fraction]]:
        """Chance that A wins a war to the end, its battles, and A's share, by rung."""
        N, p, pi = self.rungs, exact(self.win), exact(self.proposes)
        q, net = 1 - p, pi * exact(self.cost_b) - (1 - pi) * exact(self.cost_a)
        if p == q:
            wins = [Fraction(k, N) for k in range(N + 1)]
            battles = [Fraction(k * (N - k)) for k in range(N + 1)]
        else:
            r = q / p
            wins = [(1 - r**k) / (1 - r**N) for k in range(N + 1)]
            battles = [(k - N * won) / (q - p) for k, won in enumerate(wins)]
        return wins, battles, [won + net * n for won, n in zip(wins, battles, strict=True)]

    def solve(self) -> Front:
        """The linear system of reservation values: fight one battle, then settle."""
        inner = np.arange(1, self.rungs)
        p = float(self.win)
        A = np.eye(inner.size) - p * np.eye(inner.size, k=1) - (1 - p) * np.eye(inner.size, k=-1)
        surplus = float(self.proposes) * (float(self.cost_a) + float(self.cost_b))
        right = np.column_stack([np.zeros(inner.size), np.ones(inner.size), np.full(inner.size,
                                surplus - float(self.cost_a))])  # fmt: skip
        right[-1, 0] += p
        right[-1, 2] += p
        win, battles, share = np.linalg.solve(A, right).T
        k = self.rung - 1
        shares = [0.0, *share.tolist(), 1.0]
        return self._described(
            shares, float(win[k]), float(battles[k]), "linear system of reservation values"
        )

    def game(self, *, battles: int = 2) -> ExtensiveForm:
        """State talks at the rung, and at most so many battles, as a tree.

        Chance names who proposes. The proposer asks for everything, for the equal split, or for
        what the other side just accepts, which that may refuse: then a battle is fought. After the
        last battle both get what the closed form says of the rung that it leads to. Paid at once.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        most = checked_count("battles", battles)
        p, a, b, pi = map(exact, (self.win, self.cost_a, self.cost_b, self.proposes))
        shares = self._ruin()[2]

        def fight(k: int) -> Fraction:
            """A's share, gross of costs, that a battle leads to."""
            return p * shares[k + 1] + (1 - p) * shares[k - 1]

        def moves(at: tuple[int, int, str, Fraction]) -> Decision | Chance | End:
            k, fought, stage, share = at
            spent = (fought * a, fought * b)
            if stage == "settled" or k in (0, self.rungs):
                won = share if stage == "settled" else Fraction(k, self.rungs)
                return End((won - spent[0], 1 - won - spent[1]))
            if stage == "rung" and fought == most:
                return End((shares[k] - spent[0], 1 - shares[k] - spent[1]))
            if stage == "rung":
                odds = {"A proposes": (pi, "A"), "B proposes": (1 - pi, "B")}
                return Chance({name: (chance, (k, fought, side, share))
                               for name, (chance, side) in odds.items() if chance > 0})  # fmt: skip
            if stage in ("A", "B"):
                # what the other side just accepts comes first: where it ties, it is proposed
                just = fight(k) + b if stage == "A" else fight(k) - a
                offers = dict.fromkeys((just, Fraction(1, 2), Fraction(int(stage == "A"))))
                other = "B" if stage == "A" else "A"
                return Decision(stage, {f"A gets {float(x):.6g}": (k, fought, f"to {other}", x)
                                        for x in offers})  # fmt: skip
            if stage.startswith("to "):
                acts = {"accept": (k, fought, "settled", share), "fight": (k, fought, "war", share)}
                return Decision(stage[-1], acts)
            ends = {"A wins": (p, (k + 1, fought + 1, "rung", share)),
                    "B wins": (1 - p, (k - 1, fought + 1, "rung", share))}  # fmt: skip
            return Chance(ends)

        return ExtensiveForm.from_rules(
            (self.rung, 0, "rung", Fraction(0)), moves, players=["A", "B"], title="War ladder"
        )

    def table(self) -> pd.DataFrame:
        """A's share at every rung, with its chance to win outright."""
        import pandas as pd

        found = self.closed_form()
        rows = [
            (k, found.shares[k], self.replace(rung=k).closed_form().win)
            for k in range(1, self.rungs)
        ]
        return pd.DataFrame(rows, columns=["rung", "share", "win"])

    def answer(self) -> str:
        """What settling brings here, and what it would after a battle won or lost."""
        found, k = self.closed_form(), self.rung
        if not found.feasible:
            return (
                "Costs are too high for this ladder: some reservation value is outside [0, 1], so "
                "the formula describes no equilibrium."
            )
        return (
            f"Both settle at once, A with {found.share:.3f}; a battle won would make it "
            f"{found.shares[k + 1]:.3f}, one lost {found.shares[k - 1]:.3f}, so fighting on "
            "is never better for both."
        )

    def _described(self, shares: list[float], win: float, battles: float, method: str) -> Front:
        p, a, b, pi = map(float, (self.win, self.cost_a, self.cost_b, self.proposes))
        s = np.array(shares)
        fight_a = p * s[2:] + (1 - p) * s[:-2] - a
        fight_b = 1 - (p * s[2:] + (1 - p) * s[:-2]) - b
        offered = pi * (1 - fight_b) + (1 - pi) * fight_a
        off = float(np.abs(offered - s[1:-1]).max())
        values = np.concatenate([s, fight_a, fight_b])
        feasible = bool(values.min() >= -1e-12 and values.max() <= 1 + 1e-12)
        checks = Checks({"share against both proposers' offers": off}, TOLERANCE)
        status = Status.OK if feasible else Status.NO_EQUILIBRIUM
        fine = status if checks.passed else Status.EXPLOITABLE
        return Front(
            float(s[self.rung]), tuple(map(float, s)), win, battles, feasible, method, fine, checks
        )


@dataclass(frozen=True)
class Offer(Displayed):
    """The best take-it-or-leave-it offer.

    Attributes
    ----------
    offer : float
        Share offered to the side whose cost is private.
    war : float
        Chance that it is refused.
    value : float
        Worth to the side that offers, shares of the pie net of its cost of war.
    threshold : float
        Belief in the resolved type below which the low offer is best; nan with a continuum.
    method : str
    status : Status
    certificate : Checks
    """

    offer: float
    war: float
    value: float
    threshold: float
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        return (
            f"offer {self.offer:.8g}, war with chance {self.war:.8g}, worth {self.value:.8g}; "
            f"{self.method}; {self.status}"
        )


@dataclass(frozen=True)
class RiskReturn(Model):
    r"""An offer to a side whose cost of war is private: the more it keeps, the likelier war.

    A war gives the other side p less its cost. With two types, resolved (low cost c_L, with chance
    tau) and not (c_H), the offer ``p - c_L`` is safe and ``p - c_H`` is refused by the resolved;
    the low one is best if and only if

    .. math:: \tau < (c_H - c_L) / (c_H + c_S).

    With costs uniform on ``[0, c_H]`` (`continuum`) the offer is ``p - (c_H - c_S)/2`` and war has
    chance ``(c_H - c_S) / (2 c_H)``.

    Parameters
    ----------
    odds : float or Fraction
        p, what the side with the private cost gets from war before costs, in (0, 1).
    low_cost, high_cost : float or Fraction
        c_L < c_H; `low_cost` is 0 with a continuum.
    own_cost : float or Fraction
        c_S of the side that offers, above 0.
    resolved : float or Fraction
        tau in [0, 1]; not used with a continuum.
    continuum : bool

    Notes
    -----
    *Captures:* why fighting goes on although both lose by it: who offers takes a risk of refusal to
    keep more from those who would give in. *Leaves out:* several rounds (`TwoPeriodScreening` has
    the two-round skeleton of learning while fighting), costs of the offering side that are private.

    *Traps.* At the threshold itself both offers are best. Above ``c_S = c_H`` the continuum's offer
    is the safe one.

    References
    ----------
    J. Fearon (1995), "Rationalist explanations for war", International Organization 49:379-414.
    R. Powell (1999), In the Shadow of Power, Princeton. THEORY.md H6.

    Examples
    --------
    >>> RiskReturn(0.5, 0.1, 0.3, 0.1, resolved=0.4).closed_form()
    offer 0.2, war with chance 0.4, worth 0.64; closed form; solved
    >>> RiskReturn(0.6, 0, 0.5, 0.1, resolved=0, continuum=True).closed_form().war
    0.4
    """

    odds: Number
    low_cost: Number
    high_cost: Number
    own_cost: Number
    resolved: Number = 0.0
    continuum: bool = False

    def __post_init__(self) -> None:
        checked("odds", self.odds, 0, 1, "a chance above 0 and below 1")
        checked("low_cost", self.low_cost, -1e-300, float(self.odds) + 1e-15, "from 0 to the odds")
        checked("high_cost", self.high_cost, float(self.low_cost), float(self.odds) + 1e-15,
                "above low_cost, at most the odds")  # fmt: skip
        checked("own_cost", self.own_cost, 0, math.inf, "a number above 0")
        checked("resolved", self.resolved, -1e-300, 1 + 1e-15, "a chance from 0 to 1")
        if self.continuum and self.low_cost != 0:
            raise ArgumentError("low_cost", self.low_cost, "0 with a continuum of costs")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> RiskReturn:
        """The captor's cost of war is private; a dealer is the type that is not resolved.

        Costs are days of pause forgone and day costs over the worth of the pool; even odds, and a
        resolved captor's cost a third of a dealer's, are assumed.
        """
        from ceasefire.bargaining._windows import require_worth

        p = scenario.symbols()
        require_worth(p)
        pool = p.v * p.W0
        high = min(max(p.g / pool, 0.01), 0.5)
        own = min(max(p.k0 / pool, 0.01), 1.0)
        return cls(Fraction(1, 2), high / 3, high, own, resolved=1 - p.pi0)

    def closed_form(self) -> Offer:
        """The thresholds above."""
        p, low, high, own, tau = self._numbers()
        if self.continuum:
            step = max(high - own, 0.0)
            offer, war = p - step / 2, step / (2 * high)
            return self._described(offer, war, math.nan, "closed form")
        threshold = (high - low) / (high + own)
        offer, war = (p - high, tau) if tau < threshold else (p - low, 0.0)
        return self._described(offer, war, threshold, "closed form")

    def solve(self) -> Offer:
        """Two types: backward induction on the tree. A continuum: the best offer by search."""
        p, low, high, own, _ = self._numbers()
        if self.continuum:
            from scipy.optimize import minimize_scalar

            found = minimize_scalar(
                lambda cost: -self._worth(p - cost), bounds=(0.0, high), method="bounded",
                options={"xatol": 1e-12},
            )  # fmt: skip
            offer = p - float(found.x)
            return self._described(offer, self._war(offer), math.nan, "search over offers", 1e-6)
        from ceasefire.solvers import subgame_perfect

        best = max(subgame_perfect(self.game(), exact=True), key=lambda one: one.payoffs[0])
        worth = float(best.payoffs[0])
        offer = min((p - high, p - low), key=lambda x: abs(self._worth(x) - worth))
        return self._described(
            offer, self._war(offer), (high - low) / (high + own), "backward induction on the tree"
        )

    def game(self) -> ExtensiveForm:
        """Chance draws the type, the side that offers does not see it, the other accepts or not."""
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        p, low, high, own, tau = map(
            exact, (self.odds, self.low_cost, self.high_cost, self.own_cost, self.resolved)
        )
        offers = {"high": p - low, "low": p - high}

        def rules(state: tuple[str, ...]) -> Decision | Chance | End:
            if state == ("start",):
                types = {"resolved": tau, "not resolved": 1 - tau}
                kept = {name: chance for name, chance in types.items() if chance > 0}
                return Chance({name: (chance, (name,)) for name, chance in kept.items()})
            if len(state) == 1:
                moves = {offer: (state[0], offer) for offer in offers}
                return Decision("offers", moves, sees="nothing")
            if len(state) == 2:
                moves3 = {move: (*state, move) for move in ("accept", "refuse")}
                return Decision("answers", moves3)
            share, cost = offers[state[1]], low if state[0] == "resolved" else high
            if state[2] == "accept":
                return End((1 - share, share))
            return End((1 - p - own, p - cost))

        return ExtensiveForm.from_rules(
            ("start",), rules, players=("offers", "answers"), title="risk and return"
        )

    def table(self) -> pd.DataFrame:
        """Worth of the safe and of the risky offer against the belief in the resolved type."""
        import pandas as pd

        p, low, high, *_ = self._numbers()
        rows = []
        for tau in np.linspace(0, 1, 41):
            one = self.replace(resolved=float(tau), continuum=False)
            rows.append((float(tau), one._worth(p - low), one._worth(p - high)))
        return pd.DataFrame(rows, columns=["resolved", "safe", "risky"])

    def answer(self) -> str:
        """The offer, and the chance of war."""
        found = self.closed_form()
        if self.continuum:
            return f"The best offer is {found.offer:.3f}, refused with chance {found.war:.2f}."
        side = "low" if found.war > 0 or self.resolved < found.threshold else "safe"
        return (
            f"The {side} offer is best, refused with chance {found.war:.2f}: a belief of "
            f"{float(self.resolved):.2f} in a resolved opponent against a threshold of "
            f"{found.threshold:.2f}."
        )

    def _numbers(self) -> tuple[float, float, float, float, float]:
        return (float(self.odds), float(self.low_cost), float(self.high_cost),
                float(self.own_cost), float(self.resolved))  # fmt: skip

    def _war(self, offer: float) -> float:
        """Chance that an offer is refused; who is indifferent accepts."""
        p, low, high, _, tau = self._numbers()
        if self.continuum:
            return float(np.clip((p - offer) / high, 0, 1))
        return tau * (offer < p - low - 1e-12) + (1 - tau) * (offer < p - high - 1e-12)

    def _worth(self, offer: float) -> float:
        p, _, _, own, _ = self._numbers()
        war = self._war(offer)
        return (1 - war) * (1 - offer) + war * (1 - p - own)

    def _described(
        self, offer: float, war: float, threshold: float, method: str, loose: float = TOLERANCE
    ) -> Offer:
        p, _, high, *_ = self._numbers()
        grid = p - np.linspace(-0.2, 1.2, 1401) * high
        gain = max(self._worth(float(x)) for x in grid) - self._worth(offer)
        checks = Checks({"gain from another offer": gain, "chance of war":
                         abs(war - self._war(offer))}, loose)  # fmt: skip
        status = Status.OK if checks.passed else Status.EXPLOITABLE
        return Offer(offer, war, self._worth(offer), threshold, method, status, checks)
