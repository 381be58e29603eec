"""Credible messages: a source that may be an enemy, and tells the truth to be believed later."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._assessments import TOLERANCE, Found, gaps, laid_out, outcome
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.tolerances import ROOT_XTOL

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.solvers import Assessment
    from ceasefire.truce import Scenario

RATIOS = (0.5, 1.0, 3.0)  # of later to first stakes, in the table
BESIDE = 1e-6  # of the span of actions: deviations of the receiver on the tree


@dataclass(frozen=True, repr=False)
class Candour(Found):
    """How true the first message is.

    Attributes
    ----------
    truth : float
        Chance that the first message is true (friend or enemy).
    enemy_truth : float
        Chance that an enemy tells it; nan at trust 1.
    trust_after : float
        Trust after a message that proved true.
    lies_from : float
        Least trust at which an enemy lies at once for sure.
    truth_ratio : float
        Least ratio of later to first stakes at which it tells the truth for sure; inf for trust up
        to 1/2.
    enemy_value : float
        What an enemy earns over both stages, utils.
    """

    truth: float
    enemy_truth: float
    trust_after: float
    lies_from: float
    truth_ratio: float
    enemy_value: float


@dataclass(frozen=True)
class CredibleMessages(Model):
    r"""A source that is a friend, or an enemy, reports twice, on stakes x1 and then x2.

    A state is +1 or -1, equally likely, and seen by the source alone. The receiver takes a number y
    and loses ``x (y - state)^2``. A friend (chance p) has the same loss and tells the truth; an
    enemy gains what the receiver loses. The state is seen before the second stage. With q the
    chance that the first message is true, the receiver follows it to ``2 q - 1``, and

    * the enemy lies at once for sure if and only if ``p >= 1/2 + 3 x2 / (8 x1)``;
    * it tells the truth for sure if and only if ``x2 / x1 >= 4 / (4 p^2 - 1)`` (``p > 1/2``);
    * otherwise ``4 x1 q^2 (2 q - 1) = x2 (4 p^2 - q^2)``, and q = 1/2 for ``p <= 1/4``.

    Parameters
    ----------
    trust : float or Fraction
        p in [0, 1].
    first_stakes, later_stakes : float or Fraction
        x1 > 0 and x2 >= 0, utils.

    Notes
    -----
    *Captures:* whether to believe word of who is on a list, when the source gains more by being
    believed later. *Leaves out:* more than two messages, hard evidence, sources with other ends.

    *Traps.* An enemy's value does not move one way across the corners. With trust below 1/2 in the
    last stage messages say nothing (babbling): the enemy lies just often enough.

    References
    ----------
    J. Sobel (1985), "A theory of credibility", Review of Economic Studies 52:557-573, with two
    stages. THEORY.md E4.

    Examples
    --------
    >>> CredibleMessages(0.7, first_stakes=1, later_stakes=1).closed_form()
    truth 0.778868, enemy truth 0.262892, trust after 0.898741, lies from 0.875, truth ratio
    4.16667, enemy value 3.42654; roots of the polynomial
    """

    trust: Number
    first_stakes: Number
    later_stakes: Number

    def __post_init__(self) -> None:
        checked("trust", self.trust, -1e-300, 1 + 1e-15, "a probability from 0 to 1")
        checked("first_stakes", self.first_stakes, 0, math.inf, "a number above 0, utils")
        checked("later_stakes", self.later_stakes, -1e-300, math.inf, "a number from 0, utils")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> CredibleMessages:
        """Who will be in the first block, then who is left: stakes are captives times their worth.

        Trust is the truce model's after the pilot.
        """
        from ceasefire import truce

        p = scenario.symbols()
        worth = p.v if p.v > 0 else 1.0
        first, later = max(p.n0, 1.0) * worth, max(p.W0 - p.n0, 0.0) * worth
        return cls(float(truce.solve(scenario).trust), first, later)

    @property
    def lies_from(self) -> float:
        """Least trust at which an enemy lies at once for sure; above 1 where it never does."""
        ratio = exact(self.later_stakes) / exact(self.first_stakes)
        return float(Fraction(1, 2) + 3 * ratio / 8)

    @property
    def truth_ratio(self) -> float:
        """Least ratio of stakes at which an enemy tells the truth for sure; inf up to 1/2."""
        p = exact(self.trust)
        return float(4 / (4 * p * p - 1)) if p > Fraction(1, 2) else math.inf

    def closed_form(self) -> Candour:
        """By the corners, and between them the root of the cubic in q."""
        p, x1, x2 = (float(x) for x in self.parameters().values())
        if self.trust >= self.lies_from:
            return self._found(p, "roots of the polynomial")
        if x2 / x1 >= self.truth_ratio:
            return self._found(1.0, "roots of the polynomial")
        if p <= 0.25:
            return self._found(0.5, "roots of the polynomial")
        roots = np.roots([8 * x1, x2 - 4 * x1, 0.0, -4 * x2 * p * p])
        real = roots.real[np.abs(roots.imag) < 1e-9]
        low = max(p, 0.5)
        inside = real[(real >= low - 1e-9) & (real <= 1 + 1e-9)]
        return self._found(float(np.clip(inside.max(), low, 1.0)), "roots of the polynomial")

    def solve(self) -> Candour:
        """What the truth gains an enemy now and later, by backward induction, and where that is 0.

        The certificate verifies the play as a sequential equilibrium of `game`.
        """
        return self._found(self._root(max(float(self.trust), 0.5)), "backward induction")

    def game(self, levels: tuple[float, ...] = (), later: tuple[float, ...] = ()) -> ExtensiveForm:
        """State it as a tree: how far the receiver follows a message, on grids of levels.

        By symmetry only truth and lie count: the receiver sees a message and follows it to a level
        in [-1, 1]. Default grids are those of `assessment`.
        """
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        p, x1, x2 = (float(x) for x in self.parameters().values())
        first, second = levels or self._levels()[0], later or self._levels()[1]

        def loss(stakes: float, level: float, true: bool) -> float:
            return stakes * (level - (1 if true else -1)) ** 2

        def moves(place: tuple[Any, ...]) -> Any:
            friend, told = place[0], place[1:]
            if len(told) == 4:
                total = loss(x1, first[told[1]], told[0]) + loss(x2, second[told[3]], told[2])
                return End((0.0 if friend else total, -total))
            if len(told) % 2:
                grid = first if len(told) == 1 else second
                seen = ("first",) if len(told) == 1 else ("later", told[0], told[1])
                below = {f"{k}": (*place, k) for k in range(len(grid))}
                return Decision("receiver", below, sees=":".join(map(str, seen)))
            if friend:
                return moves((*place, True))
            below = {"truth": (*place, True), "lie": (*place, False)}
            return Decision("enemy", below, sees=":".join(["enemy", *map(str, told)]))

        kinds = {"friend": (p, (True,)), "enemy": (1 - p, (False,))}
        root = Chance({name: pair for name, pair in kinds.items() if pair[0]})
        return ExtensiveForm.from_rules(
            root,
            lambda place: moves(place) if isinstance(place, tuple) else place,
            players=["enemy", "receiver"],
            title="credible messages",
        )

    def assessment(self, truth: float | None = None) -> Assessment:
        """The play in which the first message is true with chance `truth`, verified on the tree.

        The receiver's grids hold its replies, a little more and less, and far ones.
        """
        q = self.closed_form().truth if truth is None else float(truth)
        p, (first, second) = float(self.trust), self._levels(q)
        tree = self.game(first, second)
        plan: dict[str, Any] = {}
        beliefs: dict[str, Any] = {}
        after = p / q if q else 0.0

        def pick(grid: tuple[float, ...], level: float) -> list[float]:
            chosen = int(np.argmin(np.abs(np.array(grid) - level)))
            return [float(k == chosen) for k in range(len(grid))]

        for label in tree.infoset_labels:
            who, *told = label.split(":")
            if who == "enemy" and not told:
                h = (q - p) / (1 - p) if p < 1 else 0.0
                plan[label] = (h, 1 - h)
            elif who == "enemy":
                trust = after if told[0] == "True" else 0.0
                h = max(0.5 - trust, 0.0) / (1 - trust) if trust < 1 else 0.0
                plan[label] = (h, 1 - h)
            elif who == "first":
                plan[label] = pick(first, 2 * q - 1)
                beliefs[label] = self._nodes((p, q - p, 1 - q))
            else:
                trust = after if told[0] == "True" else 0.0
                true = max(trust, 0.5)
                plan[label] = pick(second, 2 * true - 1)
                weights = (trust, true - trust, 1 - true)
                beliefs[label] = self._nodes(weights if told[0] == "True" else weights[1:])
        return laid_out(tree, plan, beliefs)

    def table(self) -> pd.DataFrame:
        """Chance of a true first message against trust, for ratios of later to first stakes.

        Columns ``stakes_ratio``, ``trust``, ``truth``, ``enemy_truth``.
        """
        import pandas as pd

        here = float(self.later_stakes) / float(self.first_stakes)
        rows = []
        for ratio in sorted({here, *(r for r in RATIOS if abs(r - here) > r / 4)})[:4]:
            for p in np.linspace(0.0, 0.99, 67).tolist():
                model = CredibleMessages(p, 1.0, ratio)
                low = max(p, 0.5)
                q = model._root(low)
                rows.append((ratio, p, q, (q - p) / (1 - p)))
        return pd.DataFrame(rows, columns=["stakes_ratio", "trust", "truth", "enemy_truth"])

    def answer(self) -> str:
        """How true a first message is, and where an enemy lies or not for sure."""
        found = self.closed_form()
        enemy = f" and an enemy tells the truth with {found.enemy_truth:.3f}"
        return (
            f"At trust {float(self.trust):.3f} a first message is true with chance "
            f"{found.truth:.3f}{enemy if self.trust < 1 else ''}; an enemy lies "
            f"for sure from trust {found.lies_from:.3f} on, and for trust up to 0.25 messages say "
            "nothing."
        )

    def _root(self, low: float) -> float:
        from scipy.optimize import brentq

        if self._gain(low) <= 0:
            return low
        if self._gain(1.0) >= 0:
            return 1.0
        return float(brentq(self._gain, low, 1.0, xtol=ROOT_XTOL, rtol=ROOT_XTOL))

    def _later(self, trust: float) -> float:
        """What the second stage is worth to an enemy: it lies as often as leaves it indifferent."""
        follow = 2 * max(trust, 0.5) - 1
        return float(self.later_stakes) * max((follow + 1) ** 2, (follow - 1) ** 2)

    def _gain(self, truth: float) -> float:
        """What telling the truth rather than lying gains an enemy, the receiver following it."""
        x1, follow = float(self.first_stakes), 2 * truth - 1
        now = x1 * ((follow - 1) ** 2 - (follow + 1) ** 2)
        return now + self._later(float(self.trust) / truth) - self._later(0.0)

    def _levels(self, truth: float | None = None) -> tuple[tuple[float, ...], tuple[float, ...]]:
        q = self.closed_form().truth if truth is None else truth
        after = max(float(self.trust) / q, 0.5) if q else 0.5

        def grid(level: float) -> tuple[float, ...]:
            near = {level, level - BESIDE, level + BESIDE, level / 2}
            return tuple(sorted(x for x in near | {-1.0, 0.0, 1.0} if -1 <= x <= 1))

        return grid(2 * q - 1), tuple(sorted({*grid(2 * after - 1), 0.0}))

    def _nodes(self, weights: tuple[float, ...]) -> tuple[float, ...]:
        """Beliefs by node: the branch of a type of prior 0 is not there."""
        rest = weights
        if len(weights) == 3:
            rest = weights[1:] if self.trust == 0 else weights
            rest = weights[:1] if self.trust == 1 else rest
        total = sum(rest)
        return tuple(w / total for w in rest) if total else (1.0, *([0.0] * (len(rest) - 1)))

    def _found(self, q: float, method: str) -> Candour:
        p, x1 = float(self.trust), float(self.first_stakes)
        h = (q - p) / (1 - p) if p < 1 else math.nan
        scale = 4 * (x1 + float(self.later_stakes))
        gain = self._gain(q) / scale
        lie = x1 * (2 * q) ** 2 + self._later(0.0)
        value = lie + max(gain, 0.0) * scale
        misses = {"truth pays and is not told": gain if q < 1 else 0.0,
                  "a lie pays and is not told": -gain if q > p else 0.0}  # fmt: skip
        misses |= gaps(self.assessment(q)) if method == "backward induction" else {}
        proof = Checks(misses, TOLERANCE)
        return Candour(
            q, h, p / q, self.lies_from, self.truth_ratio, value,
            method=method, certificate=proof, status=outcome(proof),
        )  # fmt: skip
