"""Proof of life: when it is given, what its absence says, and what a demand for it loses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining._staged import Number, checked, checked_count, exact
from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.games.extensive import Chance, Decision, End
    from ceasefire.solvers import Assessment
    from ceasefire.truce import Scenario

FINE = 4096  # states on which a threshold is verified
ROUNDS = 10_000  # of unravelling; each leaves at most half of what is left, or costs do
SETTLED = 1e-16
SILENT = "silent"
DEAD = "dead"
COSTS = (0.0, 0.1, 0.25, 0.5)  # of a proof, in parts of what a captive in the best state brings


@dataclass(frozen=True, repr=False)
class ProofGiven(Displayed):
    """Who is proved to be alive, and what is thought of the others.

    Attributes
    ----------
    threshold : float
        State, from 0 to 1, from which on a captor that can prove it does; 1 where none does.
    silence : float
        State expected of a captive without proof, the dead counted as 0.
    proved : float
        Share of living captives that are proved of the captor's own accord.
    alive_if_silent : float
        Chance that a captive without proof is alive; nan where every captive is proved.
    demanded : float
        Share of living captives that are proved where nothing is paid without proof.
    cost_limit : float
        Cost of a proof, utils, from which on none comes of the captor's own accord.
    rounds : int or None
        Rounds of unravelling; None for a formula.
    method : str
    status : Status
    certificate : Checks
    """

    threshold: float
    silence: float
    proved: float
    alive_if_silent: float
    demanded: float
    cost_limit: float
    rounds: int | None
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        return (
            f"proved from state {self.threshold:.9g} on ({self.proved:.6g} of the living); without "
            f"proof alive with {self.alive_if_silent:.6g}; on demand {self.demanded:.6g}; "
            f"{self.method}"
        )


@dataclass(frozen=True)
class ProofOfLife(Model):
    r"""A sign of life that can be shown but not forged, costs something, and may be out of reach.

    A captive is alive with chance q and then in a state t, uniform on [0, 1], that the captor
    knows; a dead one counts as 0. If it is alive, evidence can be had with chance a (contact
    holds); showing it costs the captor c and reveals t. The captor is paid ``w E[t | what is
    shown]``. With ``m = q a`` and ``kappa = c / w``, evidence is shown from the state t* on at
    which it pays just its cost, ``t* - kappa = E[t | none]``, or

    .. math:: t^* = \frac{m \kappa - (1-m) + \sqrt{(1-m)^2 + m (q-m) + m^2 \kappa^2}}{m},
       \qquad E[t \mid \text{none}] = t^* - \kappa ,

    and never if ``kappa >= 1 - q/2``. *Unravelling* (a = 1, c = 0): t* = 0, every living captive is
    proved and silence means death (Grossman, Milgrom). *Cost alone* (q = a = 1): ``t* = 2 kappa``.
    *Evidence may be out of reach* (q = 1, c = 0): ``t* = s / (1 + s)``, ``s = sqrt(1 - a)``.

    A *demand*, nothing without proof, brings it from ``t = kappa`` on: for a share
    ``a (1 - kappa)`` of the living, and leaves the others without a deal.

    Parameters
    ----------
    alive : float or Fraction
        q in (0, 1], chance that the captive is alive.
    able : float or Fraction
        a in [0, 1], chance that evidence of a living captive can be had.
    worth : float or Fraction
        w > 0, utils that the captor is paid for a captive in the best state.
    proof_cost : float or Fraction
        c >= 0, utils that showing it costs the captor.

    Notes
    -----
    *Captures:* why a video is shown of some captives and not of others; that silence is bad news
    but not proof of death as long as contact may be lost or proof is dear; why a demand for proof
    finds more of the living and loses the rest. *Leaves out:* forged or old evidence, proofs that
    give away the place, a payer that takes or leaves a whole list (`VerifiableList`), lists priced
    by the name (`VoluntaryList`).

    *Traps.* Who pays just what it expects loses nothing by silence on average, so a demand gains it
    nothing here: after silence it would still want to pay, and the demand is not credible without
    commitment. As c rises proof gets rarer, and silence *better* news. At a = 0 the threshold is
    that of a captor which can prove it by surprise.

    References
    ----------
    S. Grossman (1981), "The informational role of warranties and private disclosure about product
    quality", Journal of Law and Economics 24:461-483. P. Milgrom (1981), "Good news and bad news",
    Bell Journal of Economics 12:380-391. R. Verrecchia (1983), "Discretionary disclosure", Journal
    of Accounting and Economics 5:179-194. R. Dye (1985), "Disclosure of nonproprietary
    information", Journal of Accounting Research 23:123-145. W.-O. Jung and Y. Kwon (1988),
    "Disclosure when the market is unsure of information endowment of managers", Journal of
    Accounting Research 26:146-153. The case with all three, and a captive that may be dead, is
    derived here.

    Examples
    --------
    >>> ProofOfLife(alive=1, able=0.75, worth=1).closed_form().threshold
    0.333333...
    >>> round(ProofOfLife(alive=1, able=1, worth=1, proof_cost=0.2).solve().threshold, 12)
    0.4
    >>> ProofOfLife(alive=0.7, able=1, worth=1).closed_form().alive_if_silent
    0.0
    """

    alive: Number
    able: Number
    worth: Number
    proof_cost: Number = 0

    def __post_init__(self) -> None:
        checked("alive", self.alive, 0, 1 + 1e-15, "a probability above 0")
        checked("able", self.able, -1e-300, 1 + 1e-15, "a probability")
        checked("worth", self.worth, 0, math.inf, "a number above 0, utils")
        checked("proof_cost", self.proof_cost, -1e-300, math.inf, "a number from 0, utils")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> ProofOfLife:
        """A captive of the last batch, of whom least is known, at the clause's price.

        Alive with the chance that the last batch can be listed, ``l(x, x)``; evidence can be had
        while contact holds, on a share ``rho / (om + rho)`` of days. A living captive in the middle
        state is paid the clause's price, g utils a day for x captives, so ``w = 2 g / x``. A proof
        is taken to cost what holding one captive among many is worth, c_lo.
        """
        from ceasefire.bargaining._windows import require_gain
        from ceasefire.truce.payoffs import list_probability

        p = scenario.symbols()
        require_gain(p)
        contact = p.rho / (p.om + p.rho) if p.om + p.rho > 0 else 1.0
        alive = max(float(list_probability(p, p.x, p.x)), 1e-9)
        return cls(alive=alive, able=contact, worth=2 * p.g / p.x, proof_cost=p.c_lo)

    @property
    def cost_limit(self) -> float:
        """Cost of a proof, utils, from which on none comes unasked: ``w (1 - q / 2)``."""
        return float(self.worth) * (1 - float(self.alive) / 2)

    def closed_form(self) -> ProofGiven:
        """The threshold by the quadratic formula."""
        q, m, kappa = self._numbers()
        if kappa >= 1 - q / 2:
            return self._found(1.0, q / 2, None, "closed form")
        half, rest = 1 - m - m * kappa, kappa * (1 - m) + (q - m) / 2
        root = math.sqrt((1 - m) ** 2 + m * (q - m) + (m * kappa) ** 2)
        share = 2 * rest / (half + root) if half > 0 else (root - half) / m
        return self._found(share, share - kappa, None, "closed form")

    def solve(self) -> ProofGiven:
        """By unravelling: prove whatever beats silence, think less of silence, until nobody else.

        From a payer that takes silence for the mean the thresholds fall towards the equilibrium,
        by half the way or faster in each round.
        """
        kappa = self._numbers()[2]
        silence = float(self.alive) / 2
        for round_ in range(1, ROUNDS + 1):
            threshold = min(silence + kappa, 1.0)
            after = self._silence(threshold)
            if abs(after - silence) <= SETTLED or threshold >= 1:
                return self._found(threshold, after, round_, "unravelling")
            silence = after
        raise AssertionError("the steps shrink by half")

    def _silence(self, threshold: float) -> float:
        """State expected of a captive without proof, where proofs are shown from `threshold` on."""
        q, a = float(self.alive), float(self.able)
        below, above = threshold, (1 - a) * (1 - threshold)
        mean = below * threshold / 2 + above * (1 + threshold) / 2
        silent = 1 - q + q * (below + above)
        return q * mean / silent if silent > 0 else 0.0

    def pool(self, types: int) -> tuple[frozenset[int], Fraction]:
        """States that are proved, and what silence is taken for, in the game with so many states.

        The state k = 0, ..., types - 1 stands for ``(2 k + 1) / (2 types)``. By unravelling in
        fractions: the equilibrium with the fewest proofs.
        """
        n = checked_count("types", types)
        q, a = exact(self.alive), exact(self.able)
        kappa = exact(self.proof_cost) / exact(self.worth)
        states = [Fraction(2 * k + 1, 2 * n) for k in range(n)]
        proved: frozenset[int] = frozenset()
        while True:
            weights = [q / n * (1 - a if k in proved else 1) for k in range(n)]
            total = 1 - q + sum(weights)
            mean = sum((w * t for w, t in zip(weights, states, strict=True)), Fraction(0))
            silence = mean / total if total else Fraction(0)
            more = frozenset(k for k, t in enumerate(states) if t - kappa > silence)
            if more <= proved:
                return proved, silence
            proved |= more

    def game(self, *, types: int = 3) -> ExtensiveForm:
        """State it as a tree: dead, or alive in one of so many states; proof or silence; pay.

        The payer loses the square of the error of its estimate, so that it pays what it expects; it
        may pay for any state, nothing, or what silence is worth by `pool`.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        n = checked_count("types", types)
        q, a, w, c = map(exact, (self.alive, self.able, self.worth, self.proof_cost))
        states = {str(k): Fraction(2 * k + 1, 2 * n) for k in range(n)} | {DEAD: Fraction(0)}
        pays = {str(t): t for t in sorted({*states.values(), self.pool(types)[1]})}

        def moves(at: tuple[str, ...]) -> Decision | Chance | End:
            match at:
                case ():
                    kinds = [(str(k), how, q / n * share) for k in range(n)
                             for how, share in (("able", a), ("unable", 1 - a))]  # fmt: skip
                    odds = [*kinds, (DEAD, "unable", 1 - q)]
                    return Chance({f"{k}, {h}": (p, (k, h)) for k, h, p in odds if p > 0})
                case (kind, how):
                    said = {SILENT: (kind, how, SILENT)}
                    if how == "able":
                        said["prove"] = (kind, how, kind)
                    return Decision("captor", said, sees=f"captor: {kind} {how}")
                case (kind, _, heard):
                    cost = c if heard != SILENT else Fraction(0)
                    ends = {name: End([w * t - cost, -((t - states[kind]) ** 2)])
                            for name, t in pays.items()}  # fmt: skip
                    return Decision("payer", ends, sees=f"payer: {heard}")
            raise AssertionError(at)

        return ExtensiveForm.from_rules((), moves, players=["captor", "payer"],
                                        title="Proof of life")  # fmt: skip

    def assessment(self, types: int = 3) -> Assessment:
        """The equilibrium of `pool` on the tree of `game`, verified with its beliefs."""
        from ceasefire.solvers import assess

        tree, (proved, silence) = self.game(types=types), self.pool(types)
        x, beliefs = np.zeros(int(tree.infoset_start[-1])), np.ones(tree.n_nodes)
        shows = {f"captor: {k} able": "prove" for k in proved}
        for h, label in enumerate(tree.infoset_labels):
            heard = label.removeprefix("payer: ")
            if label.startswith("captor"):
                choice = shows.get(label, SILENT)
            else:
                state = Fraction(2 * int(heard) + 1, 2 * types) if heard != SILENT else silence
                choice = str(state)
            x[tree.infoset_start[h] + tree.action_labels[h].index(choice)] = 1.0
            if label == f"payer: {SILENT}":
                nodes = tree.nodes(h)
                above = [int(tree.parent[node]) for node in nodes]
                kinds = [tree.infoset_labels[tree.infoset[node]] for node in above]
                weight = np.array([0.0 if kind in shows else tree.probability[node]
                                   for node, kind in zip(above, kinds, strict=True)])  # fmt: skip
                if not weight.sum():  # nobody is silent: who is would be the worst
                    weight[0] = 1.0
                beliefs[nodes] = weight / weight.sum()
        return assess(tree, x, beliefs, method="unravelling (Grossman 1981, Dye 1985)")

    def table(self) -> pd.DataFrame:
        """By the chance of evidence and the cost of a proof: who is proved, what silence says.

        Columns ``cost_of_worth``, ``able``, ``threshold``, ``silence``, ``proved``,
        ``alive_if_silent``, ``demanded`` (shares of living captives).
        """
        import pandas as pd

        rows = []
        for part in COSTS:
            for able in np.linspace(0, 1, 101):
                cost = part * float(self.worth)
                found = self.replace(able=float(able), proof_cost=cost).closed_form()
                rows.append((part, float(able), found.threshold, found.silence, found.proved,
                             found.alive_if_silent, found.demanded))  # fmt: skip
        columns = ["cost_of_worth", "able", "threshold", "silence", "proved", "alive_if_silent",
                   "demanded"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """For whom proof is given, what its absence says, and what a demand loses."""
        found = self.closed_form()
        limit = f"no proof comes unasked once it costs {shown(found.cost_limit)} utils"
        here = f"here {shown(self.proof_cost)}"
        asked = (
            f"Paying nothing without proof brings it for {found.demanded:.0%} of them and leaves "
            f"the other {1 - found.demanded:.0%} without a deal."
        )
        if not found.proved:
            return f"Proof of life is not given unasked: {limit} ({here}). {asked}"
        without = (
            "every captive is proved"
            if math.isnan(found.alive_if_silent)
            else f"a captive without it is alive with chance {found.alive_if_silent:.2f} "
            f"({float(self.alive):.2f} before)"
        )
        return (
            f"Proof of life is given unasked for {found.proved:.0%} of living captives, those in "
            f"the best state; {without}; {limit} ({here}). {asked}"
        )

    def _numbers(self) -> tuple[float, float, float]:
        """q, m = q a and kappa."""
        q = float(self.alive)
        return q, q * float(self.able), float(self.proof_cost) / float(self.worth)

    def _found(
        self, threshold: float, silence: float, rounds: int | None, method: str
    ) -> ProofGiven:
        q, _, kappa = self._numbers()
        a = float(self.able)
        proved = a * (1 - threshold)
        silent = 1 - q * proved
        alive = q * (1 - proved) / silent if silent > 0 else math.nan
        proof = self._certificate(threshold, silence)
        return ProofGiven(
            threshold, silence, proved, alive, a * max(1 - kappa, 0.0), self.cost_limit, rounds,
            method, Status.OK if proof.passed else Status.EXPLOITABLE, proof,
        )  # fmt: skip

    def _certificate(self, threshold: float, silence: float) -> Checks:
        """Every state of a grid: proof against silence; silence by adding up who is silent."""
        q, _, kappa = self._numbers()
        a = float(self.able)
        edges = np.unique(np.append(np.linspace(0, 1, FINE + 1), threshold))
        states, widths = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
        proves = states >= threshold
        gain = states - kappa - silence
        worst = float(np.where(proves, -gain, gain).max()) if a > 0 else 0.0
        weight = q * widths * np.where(proves, 1 - a, 1.0)
        total = 1 - q + float(weight.sum())
        mean = float(weight @ states) / total if total > EXPLOITABILITY else silence
        return Checks(
            {
                "gain from the other of proof and silence": worst,
                "what silence is taken for": abs(mean - silence),
            },
            EXPLOITABILITY,
        )
