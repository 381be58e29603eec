"""The first stake: one that only the trustworthy make, and stakes that grow so betrayers wait."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._assessments import TOLERANCE, Found, floats, outcome
from ceasefire.bargaining._staged import Number, checked, checked_count, exact
from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

BESIDE = Fraction(1, 1000)  # of the whole: stakes beside a bound, clear of a tie
SMALLEST = 1e-4  # stake, of the whole, that an answer speaks of


@dataclass(frozen=True, repr=False)
class ReassuringStakes(Found):
    """First stakes that separate.

    Attributes
    ----------
    least, most : float or Fraction
        Bounds, shares of the whole; none separates where the least exceeds the most.
    """

    least: Any
    most: Any

    @property
    def possible(self) -> bool:
        """Whether some first stake separates."""
        return bool(self.least <= self.most)


@dataclass(frozen=True)
class ReassuringStake(Model):
    r"""Two rounds of stakes alpha and 1 - alpha: a first gesture, unanswered, that is to reassure.

    Who makes the gesture is a sucker for the first stake, ``alpha S``; believed, it gains R per
    unit of the rest if trustworthy and T if it will exploit. Not believed, all is worth
    P. The gesture separates if the trustworthy make it and others do not:

    .. math:: \alpha \in \Bigl[\frac{T - P}{T - S},\; \frac{R - P}{R - S}\Bigr],

    which is non-empty if and only if ``R >= T``.

    Parameters
    ----------
    reward : float or Fraction
        R of a trustworthy side, utils for the whole; above P.
    temptation : float or Fraction
        T of an untrustworthy side; above P.
    punishment, sucker : float or Fraction
        ``P > S``.
    prior : float or Fraction
        Trust before, in (0, 1); it does not move the bounds.

    Notes
    -----
    *Captures:* the pilot as a gesture whose cost is exposure. *Leaves out:* that trustworthy and
    other sides may mind the same loss differently (`SpencePilot`).

    *Traps.* The more a sucker loses, the *smaller* the gesture that convinces. Where exploiting
    trust is worth more than returning it (``T > R``) no gesture separates.

    References
    ----------
    A. Kydd (2000), "Trust, reassurance, and cooperation", International Organization 54:325-357;
    here one-sided. THEORY.md E2.

    Examples
    --------
    >>> ReassuringStake(reward=4, temptation=3.5, punishment=1, sucker=0).closed_form()
    least 0.714286, most 0.75; closed form
    """

    reward: Number
    temptation: Number
    punishment: Number
    sucker: Number
    prior: Number = Fraction(2, 5)

    def __post_init__(self) -> None:
        for name in ("reward", "temptation", "punishment", "sucker"):
            checked(name, getattr(self, name), -math.inf, math.inf, "a finite number, utils")
        for name in ("reward", "temptation"):
            if not getattr(self, name) > self.punishment:
                raise ArgumentError(name, getattr(self, name), "above the punishment")
        if not self.punishment > self.sucker:
            raise ArgumentError("sucker", self.sucker, "below the punishment")
        checked("prior", self.prior, 0, 1, "a probability between 0 and 1")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> ReassuringStake:
        """The whole is the first block; exposure costs as much per unit to either type.

        ``R = z_C U_d`` and ``T = z_C U_o`` of the truce model's block after the pilot, P = 0, and
        S = minus the captor's loss from all eligible captives, as if given away.
        """
        from ceasefire.bargaining._windows import require_block
        from ceasefire.bargaining.best_pilot import block_values, solved
        from ceasefire.truce.payoffs import release_loss

        p = scenario.symbols()
        require_block(solved(p), scenario.name)
        opens, dealer, other = block_values(p)
        gain = other / opens if opens > 0 else 0.0
        loss = max(float(release_loss(p, p.W0, p.W0)), 1e-6)
        return cls(max(dealer, 1e-6), max(gain, 1e-6), 0.0, -loss, min(max(p.pi0, 0.01), 0.99))

    def closed_form(self) -> ReassuringStakes:
        """Bounds by the formula."""
        R, T, P, S, _ = self._exact()
        return self._found((T - P) / (T - S), (R - P) / (R - S), "closed form", {})

    def solve(self) -> ReassuringStakes:
        """Bounds where incentives of the tree bind; beside them, all equilibria by programs."""
        low, high = self._root("untrustworthy"), self._root("trustworthy")
        tests = {
            low - BESIDE: False,
            low + BESIDE: low + BESIDE < high,
            high - BESIDE: high - BESIDE > low,
            high + BESIDE: False,
        }
        wrong = [x for x, wanted in tests.items() if 0 < x < 1 and self.separates(x) != wanted]
        method = "incentives of the tree, all equilibria beside the bounds"
        return self._found(low, high, method, {"wrong side of a bound": float(len(wrong))})

    def separates(self, stake: Number) -> bool:
        """Whether some equilibrium with this stake alone tells the types apart."""
        from ceasefire.solvers import signalling

        for one in signalling(self.game(stake)):
            good, bad = (one.sending[k][1] for k in ("trustworthy", "untrustworthy"))
            if good[0] > 1 - TOLERANCE and bad[1] < TOLERANCE:
                return True
        return False

    def game(self, stake: Number = Fraction(1, 2)) -> ExtensiveForm:
        """State it for `signalling`: none or the gesture, then trust or not."""
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        R, T, P, S, prior = self._exact()

        def kind(name: str, gain: Fraction, worth: int) -> Decision:
            below = {}
            for label, alpha in (("none", Fraction(0)), ("gesture", exact(stake))):
                base = alpha * S if label == "gesture" else Fraction(0)
                rest = 1 - alpha
                ends = {
                    "trust": End((base + rest * gain, worth)),
                    "not": End((base + rest * P, 0)),
                }
                below[label] = Decision("receiver", ends, sees=label)
            return Decision("sender", below, sees=name)

        root = Chance({
            "trustworthy": (prior, kind("trustworthy", R, 1)),
            "untrustworthy": (1 - prior, kind("untrustworthy", T, -1)),
        })  # fmt: skip
        return ExtensiveForm.from_rules(
            root, lambda place: place, players=["sender", "receiver"], title="reassurance"
        )

    def table(self) -> pd.DataFrame:
        """Bounds against what exploiting trust is worth: ``temptation``, ``least``, ``most``."""
        import pandas as pd

        R, _, P, S, _ = (float(x) for x in self._exact())
        top = max(1.3 * (R - P), 1.1 * (float(self.temptation) - P))
        gains = P + np.linspace(0.02, 1.0, 50) * top
        rows = [(g, (g - P) / (g - S), (R - P) / (R - S)) for g in gains.tolist()]
        return pd.DataFrame(rows, columns=["temptation", "least", "most"])

    def answer(self) -> str:
        """The stakes that reassure, or why none does."""
        found = self.closed_form()
        if not found.possible:
            return (
                "No first stake reassures by exposure alone: it would take "
                f"{float(found.least):.4f} of the whole to deter who exploits trust, and the "
                f"trustworthy risk {float(found.most):.4f} at most."
            )
        if found.most < SMALLEST:
            return (
                "No first stake to speak of reassures: what the deal promises the trustworthy "
                f"covers {shown(found.most)} of the whole at most."
            )
        return (
            f"A first stake of {shown(found.least)} to {shown(found.most)} of the whole is "
            "made by the trustworthy alone."
        )

    def _exact(self) -> tuple[Fraction, ...]:
        given = (self.reward, self.temptation, self.punishment, self.sucker, self.prior)
        return tuple(map(exact, given))

    def _root(self, kind: str) -> Fraction:
        """The stake at which a type is indifferent between the gesture, believed, and none."""
        gains = []
        for stake in (Fraction(0), Fraction(1)):
            tree = self.game(stake)
            pay, place = tree.exact_payoffs(), tree.infoset_labels.index(kind)
            none, some = tree.children(int(tree.nodes(place)[0]))
            gains.append(pay[tree.children(some)[0]][0] - pay[tree.children(none)[1]][0])
        return gains[0] / (gains[0] - gains[1])

    def _found(
        self, low: Fraction, high: Fraction, method: str, misses: dict[str, float]
    ) -> ReassuringStakes:
        R, T, P, S, _ = self._exact()
        scale = max(R, T) - S
        checks = {
            "untrustworthy at the least": float(abs(low * S + (1 - low) * T - P) / scale),
            "trustworthy at the most": float(abs(high * S + (1 - high) * R - P) / scale),
            **misses,
        }
        proof = Checks(checks, TOLERANCE)
        plain: Any = float if floats(*self.parameters().values()) else exact
        status = Status.OK if low <= high else Status.NO_EQUILIBRIUM
        return ReassuringStakes(
            plain(low), plain(high),
            method=method, certificate=proof, status=outcome(proof, status),
        )  # fmt: skip


@dataclass(frozen=True, repr=False)
class StakesGrowth(Found):
    """Stakes at which a betrayer waits.

    Attributes
    ----------
    growth : float or Fraction
        Least factor from period to period; at most 1 where constant stakes do.
    first : float or Fraction
        First stake, share of the last.
    betrays : int
        Period in which a betrayer strikes, counted from 1.
    """

    growth: Any
    first: Any
    betrays: int


@dataclass(frozen=True)
class StartingSmall(Model):
    r"""Stakes that grow fast enough for a betrayer to wait: a reduced form.

    Per unit of stakes a low type gets z in a period of cooperation and, once, x > z by betraying,
    which ends it. It waits one period if ``z + delta g x >= x`` where stakes grow by g:

    .. math:: g = \frac{x - z}{\delta x} .

    Parameters
    ----------
    betrayal, flow : float or Fraction
        x > 0 and z in [0, x), utils per unit of stakes.
    discount : float or Fraction
        delta in (0, 1], a period.
    periods : int
        Periods until stakes are at their full size, at least 1.

    Notes
    -----
    *Captures:* why an exchange that begins with two and grows keeps a betrayer in it until the
    stakes are large. *Leaves out:* the high type, beliefs, and the choice of the path.
    This is a reduced form in the spirit of the papers below; the formula is not theirs.

    *Traps.* For ``g <= 1`` even constant stakes keep it honest until the end is near. With stakes
    at their full size for good a betrayer strikes then, at the latest.

    References
    ----------
    J. Watson (1999), "Starting small and renegotiation", Journal of Economic Theory 85:52-90;
    J. Watson (2002), "Starting small and commitment", Games and Economic Behavior 38:176-199.
    THEORY.md D6, reduced form.

    Examples
    --------
    >>> StartingSmall(betrayal=1, flow=0.05, discount=0.9, periods=5).closed_form()
    growth 1.05556, first 0.805519, betrays 5; closed form
    """

    betrayal: Number
    flow: Number
    discount: Number
    periods: int = 8

    def __post_init__(self) -> None:
        checked("betrayal", self.betrayal, 0, math.inf, "a number above 0, utils")
        checked("flow", self.flow, -1e-300, float(self.betrayal), "from 0 to below the betrayal")
        checked("discount", self.discount, 0, 1 + 1e-15, "a discount factor above 0, at most 1")
        checked_count("periods", self.periods)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> StartingSmall:
        """A day at the first window: betraying keeps the batch and the day, ``x = g``.

        Cooperating is worth ``z = g - C`` (0 if negative); the next day comes unless an incident or
        a failed relay ends the truce, ``(1 - beta) (1 - chi)``. Eight periods are assumed, as many
        as fit a pause of eight days.
        """
        from ceasefire.bargaining._windows import batch_losses

        p = scenario.symbols()
        gain = p.g if p.g > 0 else 1.0
        flow = min(max(gain - batch_losses(scenario)[0], 0.0), 0.999 * gain)
        goes_on = (1 - p.beta) * (1 - p.chi)
        if goes_on <= 0:
            hint = "without a next day there is nothing to start small for"
            raise ArgumentError("hazards.incident_per_day", p.beta, "a truce that may go on", hint)
        return cls(gain, flow, goes_on)

    @property
    def growth(self) -> Fraction:
        """The factor g, as a fraction."""
        x, z, d = map(exact, (self.betrayal, self.flow, self.discount))
        return (x - z) / (d * x)

    def closed_form(self) -> StakesGrowth:
        """By the formula."""
        return self._found(self.growth, "closed form", {})

    def solve(self) -> StakesGrowth:
        """Growth period by period, backwards from the full size, in fractions."""
        path = self._backwards()
        growth = path[1] / path[0] if len(path) > 1 else self._least(Fraction(1)) ** -1
        strikes = self.strikes(path)
        misses = {"strikes early": float(len(path) - strikes)}
        return self._found(growth, "optimal stopping, backwards", misses)

    def strikes(self, path: list[Fraction]) -> int:
        """Period in which a betrayer strikes on a path of stakes, waiting where indifferent."""
        x, z, d = map(exact, (self.betrayal, self.flow, self.discount))
        ahead, when = Fraction(0), len(path)
        for k in range(len(path) - 1, -1, -1):
            now, wait = x * path[k], z * path[k] + d * ahead
            when = k + 1 if k == len(path) - 1 or now > wait else when
            ahead = max(now, wait)
        return when

    def game(self, periods: int | None = None) -> ExtensiveForm:
        """The low type's stopping problem on the path of `closed_form`, as a tree."""
        from ceasefire.games import Decision, End, ExtensiveForm

        x, z, d = map(exact, (self.betrayal, self.flow, self.discount))
        count = self.periods if periods is None else checked_count("periods", periods)

        def moves(place: tuple[int, Fraction]) -> Any:
            k, had = place
            if k == count:
                return End((had,))
            stake = d**k * self.growth ** (k - count + 1)
            below = {"wait": (k + 1, had + z * stake), "betray": End((had + x * stake,))}
            return Decision("low type", below, sees=f"period {k + 1}")

        return ExtensiveForm.from_rules(
            (0, Fraction(0)),
            lambda place: moves(place) if isinstance(place, tuple) else place,
            players=["low type"],
        )

    def table(self) -> pd.DataFrame:
        """Least growth against the gain from cooperation, for three discount factors.

        Columns ``discount``, ``flow_share`` (z / x), ``growth``.
        """
        import pandas as pd

        here, rows = float(self.discount), []
        for d in (here, 0.8 * here, 0.6 * here):
            rows += [(d, share, (1 - share) / d) for share in np.linspace(0.0, 0.98, 50).tolist()]
        return pd.DataFrame(rows, columns=["discount", "flow_share", "growth"])

    def answer(self) -> str:
        """The growth, and how small to start."""
        found = self.closed_form()
        if found.growth <= 1:
            return (
                f"Constant stakes keep a betrayer waiting: {float(found.growth):.3f} is at most 1."
            )
        return (
            f"Stakes must grow by a factor of {float(found.growth):.3f} a period; {self.periods} "
            f"periods before full size they start at {float(found.first):.3g} of it."
        )

    def _least(self, ahead: Fraction) -> Fraction:
        """Largest stake at which waiting for a betrayal at stake `ahead` is as good as one now."""
        x, z, d = map(exact, (self.betrayal, self.flow, self.discount))
        return d * x * ahead / (x - z)

    def _backwards(self) -> list[Fraction]:
        path = [Fraction(1)]
        for _ in range(self.periods - 1):
            path.append(self._least(path[-1]))
        return path[::-1]

    def _found(self, growth: Fraction, method: str, misses: dict[str, float]) -> StakesGrowth:
        x, z, d = map(exact, (self.betrayal, self.flow, self.discount))
        checks = {"betrayal now, less waiting": float(abs(x - z - d * growth * x) / x), **misses}
        proof = Checks(checks, TOLERANCE)
        plain: Any = float if floats(self.betrayal, self.flow, self.discount) else exact
        first = min(growth ** (1 - self.periods), Fraction(1))
        return StakesGrowth(
            plain(growth), plain(first), self.periods,
            method=method, certificate=proof, status=outcome(proof),
        )  # fmt: skip
