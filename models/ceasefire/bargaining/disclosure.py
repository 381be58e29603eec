"""A list named of one's own accord: unravelling, its cost, and silence that proves nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining import _staged
from ceasefire.bargaining._staged import Number, exact
from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.status import Status
from ceasefire.tolerances import EXPLOITABILITY

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.games import ExtensiveForm
    from ceasefire.games.extensive import Chance, Decision, End
    from ceasefire.solvers import Assessment
    from ceasefire.truce import Scenario

    Floats = NDArray[np.float64]

FINE = 4096  # counts by which `solve` stands for a continuum
SILENT = "silent"


@dataclass(frozen=True, repr=False)
class Disclosure(Displayed):
    """Who names its captives of its own accord.

    Attributes
    ----------
    model : VoluntaryList
    threshold : float
        Captors with at least so many name them all; at `most` nobody does.
    silence : float
        Captives expected of a silent captor.
    named : float
        Probability that a list comes.
    worth_of_first_name : float
        What the first name beyond the threshold's captor adds to the captor's pay, net, utils.
    types : int or None
        Counts 0, ..., types in the discrete game, None for a continuum.
    method : str
    status : Status
    certificate : Checks
    """

    model: VoluntaryList
    threshold: float
    silence: float
    named: float
    worth_of_first_name: float
    types: int | None
    method: str
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        return (
            f"named from {self.threshold:.6g} captives on (probability {self.named:.4g}); silence "
            f"is taken for {self.silence:.6g}; {self.method}"
        )


@dataclass(frozen=True)
class VoluntaryList(Model):
    r"""How many of its captives a captor names if it is paid for as many as are expected.

    The captor can deliver n captives, n uniform on [0, most], and knows n. With probability a it
    can prove it, by names that are checked; otherwise it must be silent. It is paid ``w E[n | what
    it said]`` in days of pause; naming costs gamma a name. Captors with ``n >= z most`` name all,
    the others are silent, and with ``kappa = gamma / w``

    .. math:: (1 - \kappa) z = E[n \mid \text{silent}] / most
              = \frac{(1-a)/2 + a z^2/2}{1 - a + a z}.

    *Unravelling* (a = 1, gamma = 0): z = 0, silence is taken for the worst and everybody names.
    *Lost contact* (gamma = 0): ``z = s / (1 + s)`` with ``s = sqrt(1 - a)``: silence is excused.
    *Costly names*: **no list comes at all from gamma >= w / 2 on**, whatever a; short of it, and
    with a = 1, all still name.

    Parameters
    ----------
    most : float or Fraction
        The largest number, captives.
    worth : float or Fraction
        w, utils that the captor is paid per captive expected.
    naming_cost : float or Fraction
        gamma >= 0, utils a name.
    able : float or Fraction
        a in [0, 1], probability that it can prove what it has.

    Notes
    -----
    *Captures:* why a list that would help both does not come by itself. *Leaves out:* a payer that
    takes or leaves the whole deal (`VerifiableList`), names that are false.

    *Traps.* Silence pools those who cannot with those who would rather not: it is worth
    ``(1 - kappa) z most``, not 0, unless a = 1. At ``gamma = w / 2`` and a = 1 exactly every
    threshold is an equilibrium (none is given). Partial lists are read as complete and never pay.

    References
    ----------
    S. Grossman (1981), "The informational role of warranties and private disclosure about product
    quality", Journal of Law and Economics 24:461-483. P. Milgrom (1981), "Good news and bad news",
    Bell Journal of Economics 12:380-391. R. Dye (1985), "Disclosure of nonproprietary information",
    Journal of Accounting Research 23:123-145. R. Verrecchia (1983), "Discretionary disclosure",
    Journal of Accounting and Economics 5:179-194, where proof costs a fixed sum. The uniform case
    with a cost a name is derived here.

    Examples
    --------
    >>> VoluntaryList(most=50, worth=1, able=0.75).closed_form()
    named from 16.6667 captives on (probability 0.5); silence is taken for 16.6667; closed form
    >>> VoluntaryList(most=50, worth=1, naming_cost=0.5, able=0.75).closed_form().named
    0.0
    """

    most: Number
    worth: Number
    naming_cost: Number = 0
    able: Number = 1

    def __post_init__(self) -> None:
        _staged.checked("most", self.most, 0, math.inf, "a number above 0, captives")
        _staged.checked("worth", self.worth, 0, math.inf, "a number above 0, utils a captive")
        _staged.checked("naming_cost", self.naming_cost, -1e-300, math.inf, "from 0, utils a name")
        _staged.checked("able", self.able, -1e-300, 1 + 1e-15, "a probability")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> VoluntaryList:
        """The first block at the clause's price: g utils a day, one day for x captives.

        Naming a captive is taken to cost what holding one among many is worth, c_lo; it can be
        proved while contact holds, on a share ``rho / (om + rho)`` of days.
        """
        from ceasefire.bargaining._windows import require_gain

        p = scenario.symbols()
        require_gain(p)
        return cls(most=p.n0, worth=p.g / p.x, naming_cost=p.c_lo, able=p.rho / (p.om + p.rho))

    @property
    def cost_limit(self) -> float:
        """Cost of a name, utils, from which on no list comes: ``w / 2``."""
        return float(self.worth) / 2

    def closed_form(self) -> Disclosure:
        """The threshold from the quadratic equation."""
        a, kappa = float(self.able), float(self.naming_cost) / float(self.worth)
        share = 1.0
        if kappa < 0.5:
            lost = (1 - kappa) * (1 - a)
            root = math.sqrt(lost**2 + a * (1 - 2 * kappa) * (1 - a))
            share = (1 - a) / (lost + root) if a < 1 else 0.0
        most = float(self.most)
        silence = (1 - kappa) * share * most if kappa < 0.5 else most / 2
        return self._result(share * most, silence, a * (1 - share), None, "closed form")

    def solve(self, *, types: int | None = None) -> Disclosure:
        """Find the threshold among n = 0, 1, ..., types, in units of most/types: by search.

        The least n from which on naming pays, given what silence is then taken for. By default so
        many types that they stand for a continuum, and the threshold is that of the marginal type.
        """
        count = FINE if types is None else _staged.checked_count("types", types)
        n = np.arange(count + 1) * float(self.most) / count
        a, w, cost = float(self.able), float(self.worth), float(self.naming_cost)
        below = np.append(0.0, np.cumsum(n))  # sum of n over types below k
        number = np.arange(count + 2)
        weight = (1 - a) * (count + 1) + a * number
        total = (1 - a) * n.sum() + a * below
        with np.errstate(invalid="ignore", divide="ignore"):
            silence = np.where(weight > 0, total / weight, 0.0)
        stays = (w - cost) * n < w * silence[1:] - 1e-12 * w * n[-1]  # type k, if it is silent too
        k = int(np.flatnonzero(stays)[-1]) + 1 if stays.any() else 0
        threshold = float(n[k]) if k <= count else float(self.most)
        return self._result(
            threshold, float(silence[k]), a * (count + 1 - k) / (count + 1), types, "search",
            slack=0.0 if types is not None else w * float(self.most) / FINE,
        )  # fmt: skip

    def assessment(self, types: int = 4) -> Assessment:
        """The equilibrium of `solve(types=...)` on the tree of `game`, verified with beliefs."""
        from ceasefire.solvers import assess

        found, tree = self.solve(types=types), self.game(types=types)
        x, beliefs = np.zeros(int(tree.infoset_start[-1])), np.ones(tree.n_nodes)
        held = {}
        for h, label in enumerate(tree.infoset_labels):
            acts = tree.action_labels[h]
            if label.startswith("captor"):
                n = float(label.split()[1])
                names = label.endswith(" able") and n >= found.threshold - 1e-9 and found.named > 0
                choice = f"name {n:g}" if names else SILENT
                held[label] = names
            else:
                said = label.removeprefix("payer: ")
                choice = f"{found.silence:.9g}" if said == SILENT else said.split()[1]
            x[tree.infoset_start[h] + acts.index(choice)] = 1.0
        for h, label in enumerate(tree.infoset_labels):
            nodes = tree.nodes(h)
            if len(nodes) > 1:
                beliefs[nodes] = self._posterior(tree, nodes, label, held)
        return assess(tree, x, beliefs, method="threshold (Dye 1985)")

    def game(self, *, types: int = 4) -> ExtensiveForm:
        """State it as a tree: n = 0, ..., types in units of most/types; names or silence; pay.

        The payer loses the square of the error of its estimate, so it pays what it expects; it may
        pay for any count and for what silence is worth in `solve(types=...)`.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        count = _staged.checked_count("types", types)
        unit, a, w = exact(self.most) / count, exact(self.able), exact(self.worth)
        silence = self.solve(types=types).silence
        guesses = {f"{float(unit * k):g}": unit * k for k in range(count + 1)}
        if not any(abs(float(g) - silence) < 1e-9 for g in guesses.values()):
            guesses[f"{silence:.9g}"] = Fraction(silence)

        def moves(state: tuple[Any, ...]) -> Decision | Chance | End:
            match state:
                case ():
                    kinds = [(k, at, share / (count + 1)) for k in range(count + 1)
                             for at, share in (("able", a), ("unable", 1 - a))]  # fmt: skip
                    return Chance({f"{k}, {at}": (c, (k, at)) for k, at, c in kinds if c > 0})
                case (k, at):
                    said: dict[str, Any] = {SILENT: (k, at, SILENT)}
                    if at == "able":
                        said |= {f"name {float(unit * m):g}": (k, at, m) for m in range(k + 1)}
                    return Decision("captor", said, sees=f"captor {float(unit * k):g} {at}")
                case (k, _, m):
                    cost = 0 if m == SILENT else exact(self.naming_cost) * unit * m
                    heard = m if m == SILENT else f"name {float(unit * m):g}"
                    ends = {label: End([w * g - cost, -((g - unit * k) ** 2)])
                            for label, g in guesses.items()}  # fmt: skip
                    return Decision("payer", ends, sees=f"payer: {heard}")
            raise AssertionError(state)

        return ExtensiveForm.from_rules(
            (), moves, players=["captor", "payer"], title="A list of one's own accord"
        )

    def table(self) -> pd.DataFrame:
        """By the chance of proof and the cost of a name: threshold, silence, lists that come."""
        import pandas as pd

        rows = []
        for part in (0.0, 0.25, 0.4, 0.5):
            for able in np.linspace(0, 1, 101):
                model = self.replace(naming_cost=part * float(self.worth), able=float(able))
                found = model.closed_form()
                rows.append((part, float(able), found.threshold, found.silence, found.named))
        return pd.DataFrame(
            rows, columns=["cost_of_worth", "able", "threshold", "silence", "named"]
        )

    def answer(self) -> str:
        """From how many captives on a list comes, and what would silence it."""
        found, sure = self.closed_form(), self.replace(able=1.0).closed_form()
        return (
            f"A captor names its captives of its own accord from {found.threshold:.3g} of "
            f"{float(self.most):g} on, with probability {found.named:.3g}; silence is taken for "
            f"{found.silence:.3g}. With sure contact the threshold would be "
            f"{sure.threshold:.3g}; no list comes once a name costs "
            f"{shown(self.cost_limit)} utils or more (here {shown(self.naming_cost)})."
        )

    def _posterior(
        self, tree: ExtensiveForm, nodes: Any, label: str, held: dict[str, bool]
    ) -> Floats:
        """Bayes' rule; a list that nobody sends is read as complete: the least that can send it."""
        weight = np.zeros(len(nodes))
        for k, node in enumerate(nodes):
            above = int(tree.parent[node])
            kind = tree.infoset_labels[tree.infoset[above]]
            if label == f"payer: {SILENT}":
                weight[k] = tree.probability[above] * (not held[kind])
            elif float(label.split()[-1]) >= float(kind.split()[1]) - 1e-9:
                weight[k] = 1.0
        if weight.sum() == 0:  # nobody is silent: the worst is thought of who is
            weight[0] = 1.0
        return np.asarray(weight / weight.sum())

    def _result(
        self, threshold: float, silence: float, named: float, types: int | None, method: str,
        slack: float = 0.0,
    ) -> Disclosure:  # fmt: skip
        proof = self._certificate(threshold, silence, named, types, slack)
        gain = float(self.worth) - float(self.naming_cost)
        return Disclosure(
            self, threshold, silence, named, gain, types, method,
            Status.OK if proof.passed else Status.EXPLOITABLE, proof,
        )  # fmt: skip

    def _certificate(
        self, threshold: float, silence: float, named: float, types: int | None, slack: float
    ) -> Checks:
        """Every type of a grid: naming against silence; silence by summing over who is silent."""
        count = types if types is not None else FINE
        most, a = float(self.most), float(self.able)
        w, cost = float(self.worth), float(self.naming_cost)
        n = np.arange(count + 1) * most / count
        names = (n >= threshold - 1e-12 * most) if named > 0 else np.zeros(len(n), dtype=bool)
        gain = (w - cost) * n - w * silence
        lost = float(max(np.max(np.where(names, -gain, gain)) if a > 0 else 0.0, 0.0))
        share = np.where(names, 1 - a, 1.0)
        mean = float((share * n).sum() / share.sum()) if share.sum() > 0 else 0.0
        if types is None:  # the continuum: midpoints are exact for what is linear
            edge, p = threshold / most, 1 - a * (named > 0)
            mean = most * (edge**2 / 2 + p * (1 - edge**2) / 2) / (edge + p * (1 - edge) or 1.0)
        scale = w * most
        return Checks(
            {
                "naming or silence": max(lost - slack, 0.0) / scale,
                "what silence is taken for": max(abs(mean - silence) * w - slack, 0.0) / scale,
            },
            EXPLOITABILITY,
        )
