"""The pilot: which early release proves the channel, and at what cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ceasefire.bargaining._assessments import TOLERANCE, Found, floats, outcome
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._words import counted, shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

CLOSEST = 1e-5  # in parts, that the types' costs may come
BESIDE = Fraction(1, 1000)  # of a bound: sizes beside it, clear of a tie


@dataclass(frozen=True, repr=False)
class SeparatingPilots(Found):
    """Pilots that a dealer makes and an opportunist does not.

    Attributes
    ----------
    least, most : float or Fraction
        Bounds of the separating sizes, captives. The intuitive criterion keeps the least.
    whole : int or float
        Least whole number of captives that separates; nan where none does.
    cost : float or Fraction
        What the least pilot costs the dealer, utils.
    """

    least: Any
    most: Any
    whole: float
    cost: Any


@dataclass(frozen=True)
class SpencePilot(Model):
    r"""A release as a costly signal: cheap for who means to deal, dear for who does not.

    A dealer loses cd per captive released, an opportunist ``cs > cd``; being believed is worth B
    to either. A pilot of x captives separates if ``B - c_s x <= 0 <= B - c_d x``:

    .. math:: x \in [B / c_s,\; B / c_d],

    and the intuitive criterion keeps the least, ``B / cs``.

    Parameters
    ----------
    prize : float or Fraction
        B > 0, utils.
    dealer_cost, opportunist_cost : float or Fraction
        cd and cs, utils a captive, ``0 < cd < cs``.
    prior : float or Fraction
        Trust before, in (0, 1); it does not move the bounds.

    Notes
    -----
    *Captures:* why two captives could prove a channel. *Leaves out:* opportunists whose cost is
    small by chance, of whom some match any pilot (`VetoPilot`).

    *Traps.* No pilot separates for ``cs <= cd``. The interval may hold no whole number. At
    ``x = B / cs`` exactly the opportunist is indifferent and must not match. Pooling on no pilot is
    an equilibrium too; the criterion rules it out.

    References
    ----------
    M. Spence (1973), "Job market signaling", Quarterly Journal of Economics 87:355-374; I.-K. Cho
    and D. Kreps (1987), ibid. 102:179-221. THEORY.md F2.

    Examples
    --------
    >>> SpencePilot(6, dealer_cost=1, opportunist_cost=3).solve()
    least 2, most 6, whole 2, cost 2; incentives of the tree, all equilibria beside the bounds
    """

    prize: Number
    dealer_cost: Number
    opportunist_cost: Number
    prior: Number = Fraction(2, 5)

    def __post_init__(self) -> None:
        for name in ("prize", "dealer_cost", "opportunist_cost"):
            checked(name, getattr(self, name), 0, math.inf, "a number above 0, utils")
        checked("prior", self.prior, 0, 1, "a probability between 0 and 1")
        if not self.opportunist_cost > self.dealer_cost:
            allowed = f"above the dealer's, {float(self.dealer_cost):g}"
            raise ArgumentError("opportunist_cost", self.opportunist_cost, allowed)
        if self.opportunist_cost < self.dealer_cost * (1 + CLOSEST):
            allowed = f"above the dealer's by a part of {CLOSEST:g} or more"
            hint = "sizes that tell such types apart lie too close to each other"
            raise ArgumentError("opportunist_cost", self.opportunist_cost, allowed, hint)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> SpencePilot:
        """Costs per captive of the scenario's pilot; the prize is what open talks are worth.

        The dealer loses ``C(W0 + x_p, x_p) / x_p``, an opportunist that and the mean veto cost
        Z / 2. The prize is ``P(open) z_C U_o`` of the truce model after its pilot.
        """
        from ceasefire.bargaining.best_pilot import block_values
        from ceasefire.truce.payoffs import release_loss

        p = scenario.symbols()
        size = p.x_p or 1.0
        dealer = max(float(release_loss(p, p.W0 + size, size)) / size, 1e-6)
        worth = block_values(p)[2]
        return cls(
            max(worth, 1e-6), dealer, dealer + max(p.Z / 2, 1e-6), min(max(p.pi0, 0.01), 0.99)
        )

    def closed_form(self) -> SeparatingPilots:
        """Bounds by the formula."""
        B, cd, cs, _ = self._exact()
        return self._found(B / cs, B / cd, "closed form", {})

    def solve(self) -> SeparatingPilots:
        """Bounds where incentives of the tree bind; beside them, all equilibria by linear programs.

        A size just inside a bound must separate and one just outside must not; of two sizes inside
        the intuitive criterion must keep the smaller alone.
        """
        low, high = (self._root(kind) for kind in ("opportunist", "dealer"))
        step = min(BESIDE, (high / low - 1) / 8)  # bounds may be closer than that
        below, above = low * (1 - step), low * (1 + step)
        inside, outside = high * (1 - step), high * (1 + step)
        # Sizes too far apart drown each other's payoffs: bounds are looked at one by one.
        larger = low * Fraction(math.sqrt(high / low))
        works = {size for one in (below, above, inside, outside) for size in self._separating(one)}
        pair = self._separating(above, larger)
        misses = {
            "separates outside the bounds": float(len({below, outside} & works)),
            "fails to separate inside": float(not {above, inside} <= works),
            "another pick": float(not pair.get(above, False) or pair.get(larger, True)),
        }
        method = "incentives of the tree, all equilibria beside the bounds"
        return self._found(low, high, method, misses)

    def game(self, sizes: tuple[Number, ...] = (0, 2)) -> ExtensiveForm:
        """State it for `signalling`: the captor releases one of `sizes`, the state deals or not."""
        return self._tree(sizes, (Fraction(1), Fraction(1)))

    def _tree(self, sizes: tuple[Number, ...], units: tuple[Fraction, Fraction]) -> ExtensiveForm:
        """The game, both types' utils counted in units of their own, which changes nothing."""
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        B, cd, cs, prior = self._exact()

        def kind(name: str, cost: Fraction, worth: int, unit: Fraction) -> Decision:
            below = {}
            for k, size in enumerate(map(exact, sizes)):
                ends = {
                    "deal": End((unit * (B - cost * size), worth)),
                    "refuse": End((-unit * cost * size, 0)),
                }
                below[f"{k}"] = Decision("state", ends, sees=f"{k}")
            return Decision("captor", below, sees=name)

        root = Chance({
            "dealer": (prior, kind("dealer", cd, 1, units[0])),
            "opportunist": (1 - prior, kind("opportunist", cs, -1, units[1])),
        })  # fmt: skip
        return ExtensiveForm.from_rules(
            root, lambda state: state, players=["captor", "state"], title="pilot"
        )

    def table(self) -> pd.DataFrame:
        """Separating sizes against the opportunist's cost.

        Columns ``opportunist_cost`` (utils a captive), ``least``, ``most`` (captives).
        """
        import pandas as pd

        B, cd, cs = float(self.prize), float(self.dealer_cost), float(self.opportunist_cost)
        costs = [cs * 4 ** (k / 20 - 1) for k in range(41) if cs * 4 ** (k / 20 - 1) > cd]
        rows = [(cost, B / cost, B / cd) for cost in costs]
        return pd.DataFrame(rows, columns=["opportunist_cost", "least", "most"])

    def answer(self) -> str:
        """The least pilot, and what it costs."""
        found = self.closed_form()
        if math.isnan(found.whole):
            if found.most < 1:
                prize = shown(self.prize) if self.prize >= 0.01 else "less than 0.01"
                return (
                    f"No pilot proves the channel: open talks are worth {prize} utils, and "
                    f"releasing one captive costs a captor that means to deal "
                    f"{shown(self.dealer_cost)}."
                )
            return (
                f"Releases from {shown(found.least)} to {shown(found.most)} captives would "
                "prove the channel; no whole number of captives lies in between, so no pilot does."
            )
        whole = counted(found.whole, "captive")
        paid = found.whole * float(self.dealer_cost)
        return (
            f"Releases from {shown(found.least)} to {shown(found.most)} captives prove the "
            "channel, at these costs a captive and as far as so many are held; the least whole "
            f"one is {whole}, at a cost of {shown(paid)} utils to a captor that means to deal."
        )

    def _exact(self) -> tuple[Fraction, ...]:
        given = (self.prize, self.dealer_cost, self.opportunist_cost, self.prior)
        return tuple(map(exact, given))

    def _root(self, kind: str) -> Fraction:
        """The size at which a type is indifferent between being believed and no pilot."""
        gains = []
        for size in (Fraction(0), Fraction(1)):
            tree = self.game((0, size))
            pay, place = tree.exact_payoffs(), tree.infoset_labels.index(kind)
            none, some = tree.children(int(tree.nodes(place)[0]))
            refused, believed = tree.children(none)[1], tree.children(some)[0]
            gains.append(pay[believed][0] - pay[refused][0])
        return gains[0] / (gains[0] - gains[1])

    def _separating(self, *sizes: Fraction) -> dict[Fraction, bool]:
        """Sizes on which dealers alone pool, and whether that passes the intuitive criterion."""
        from ceasefire.solvers import signalling

        found: dict[Fraction, bool] = {}
        prize, _, cost, _ = self._exact()
        units = (1 / prize, min(1 / prize, 1 / (cost * max(sizes))))
        for one in signalling(self._tree((0, *sizes), units)):
            dealer, other = (one.sending[k][:, 0] for k in ("dealer", "opportunist"))
            if dealer.max() > 1 - TOLERANCE and other[0] > 1 - TOLERANCE and dealer[0] < 0.5:
                size = sizes[int(dealer.argmax()) - 1]
                found[size] = found.get(size, False) or one.intuitive
        return found

    def _found(
        self, low: Any, high: Any, method: str, misses: dict[str, float]
    ) -> SeparatingPilots:
        B, cd, cs, _ = self._exact()
        whole = math.ceil(low) if math.ceil(low) <= high else math.nan
        scale = B
        checks = {
            "opportunist's gain at the least": float((B - cs * low) / scale),
            "dealer's loss at the most": float((cd * high - B) / scale),
            **misses,
        }
        proof = Checks(checks, TOLERANCE)
        plain: Any = float if floats(*self.parameters().values()) else exact
        return SeparatingPilots(
            plain(low), plain(high), whole, plain(cd * low),
            method=method, certificate=proof, status=outcome(proof),
        )  # fmt: skip


@dataclass(frozen=True, repr=False)
class MatchedPilot(Found):
    """How far a pilot separates.

    Attributes
    ----------
    matched : float or Fraction
        Share of opportunists that match it.
    trust : float or Fraction
        Belief in a dealer after it.
    """

    matched: Any
    trust: Any


@dataclass(frozen=True)
class VetoPilot(Model):
    r"""A pilot that some opportunists match: those whose commander happens to mind it little.

    A pilot of x captives costs an opportunist ``zeta x``, zeta uniform on [0, Z]; being believed is
    worth U. The share that matches, and trust after a pilot, are

    .. math:: q = \min(1, U / (x Z)), \qquad \mu = \frac{\pi}{\pi + (1 - \pi) q} .

    Parameters
    ----------
    prior : float or Fraction
        pi in [0, 1].
    captives : float or Fraction
        x > 0.
    veto_cost_max : float or Fraction
        Z > 0, utils a captive.
    opportunist_value : float or Fraction
        U >= 0, utils.

    Notes
    -----
    *Captures:* the partial screening of docs/model.md: a pilot proves a little, a larger one more.
    *Leaves out:* that U itself moves with the belief; `OptimalPilot` solves for that.

    *Traps.* Where ``x Z <= U`` everybody matches and the pilot says nothing.

    References
    ----------
    Own form after Spence (1973). THEORY.md F2, second part.

    Examples
    --------
    >>> VetoPilot(0.2, captives=2, veto_cost_max=62, opportunist_value=34.82).closed_form()
    matched 0.280806, trust 0.470981; closed form
    """

    prior: Number
    captives: Number
    veto_cost_max: Number
    opportunist_value: Number

    def __post_init__(self) -> None:
        checked("prior", self.prior, -1e-300, 1 + 1e-15, "a probability from 0 to 1")
        checked("captives", self.captives, 0, math.inf, "a number of captives above 0")
        checked("veto_cost_max", self.veto_cost_max, 0, math.inf, "utils a captive, above 0")
        checked("opportunist_value", self.opportunist_value, -1e-300, math.inf, "utils, from 0")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> VetoPilot:
        """The scenario's pilot; U is the truce model's ``P(open) z_C U_o`` after it."""
        from ceasefire.bargaining.best_pilot import block_values

        p = scenario.symbols()
        worth = max(block_values(p)[2], 0.0)
        return cls(p.pi0, p.x_p or 1.0, p.Z or 1.0, worth)

    def closed_form(self) -> MatchedPilot:
        """Share and posterior by the formula."""
        x, Z, U = map(exact, (self.captives, self.veto_cost_max, self.opportunist_value))
        return self._found(min(Fraction(1), U / (x * Z)), "closed form", {})

    def solve(self, *, cells: int = 60) -> MatchedPilot:
        """Replies of opportunists in `cells` equally likely cells of the cost, on the tree.

        The cell that holds the marginal cost is split there by a second pass.
        """
        from ceasefire.solvers import subgame_perfect

        ends = [exact(self.veto_cost_max) * k / cells for k in range(cells + 1)]
        for _ in range(2):
            tree = self.game(tuple(ends))
            one = next(iter(subgame_perfect(tree, exact=True)))
            play = {
                label: s[0] for label, s in zip(tree.infoset_labels, one.strategies, strict=True)
            }
            match = [play[f"cost {k}"] for k in range(len(ends) - 1)]
            held = [k for k, m in enumerate(match) if m < 1]
            edge = self._edge(tree, held[0] if held else len(match) - 1, ends)
            if 0 < edge < ends[-1]:
                ends = sorted({*ends, edge})
        q = sum(
            ((b - a) / ends[-1] * m for a, b, m in zip(ends, ends[1:], match, strict=False)),
            Fraction(0),
        )
        return self._found(q, "replies on a tree of costs", {})

    def game(self, ends: tuple[Number, ...] = (0, 20, 40, 62)) -> ExtensiveForm:
        """Opportunists only, a cell of costs a type at its midpoint; who matches is believed."""
        from ceasefire.games import Chance, Decision, End, ExtensiveForm

        x, U = exact(self.captives), exact(self.opportunist_value)
        cuts = list(map(exact, ends))
        parts = {}
        for k, (a, b) in enumerate(pairwise(cuts)):
            ends_ = {"match": End((U - x * (a + b) / 2,)), "hold": End((0,))}
            move = Decision("captor", ends_, sees=f"cost {k}")
            parts[f"{k}"] = ((b - a) / (cuts[-1] - cuts[0]), move)
        return ExtensiveForm.from_rules(Chance(parts), lambda s: s, players=["captor"])

    def table(self) -> pd.DataFrame:
        """Matched share and trust against the pilot's size, U held fixed."""
        import pandas as pd

        rows = []
        for k in range(41):
            size = float(self.captives) * 2 ** (k / 8 - 2)
            found = self.replace(captives=size).closed_form()
            rows.append((size, float(found.matched), float(found.trust)))
        return pd.DataFrame(rows, columns=["captives", "matched", "trust"])

    def answer(self) -> str:
        """Share matched and trust after."""
        found = self.closed_form()
        return (
            f"A pilot of {float(self.captives):g} is matched by {float(found.matched):.1%} of "
            f"opportunists and lifts trust from {float(self.prior):.3f} to "
            f"{float(found.trust):.3f}."
        )

    def _edge(self, tree: ExtensiveForm, cell: int, ends: list[Fraction]) -> Fraction:
        """The marginal cost: what matching is worth is linear in the cost."""
        pay = tree.exact_payoffs()
        node = tree.children(int(tree.nodes(tree.infoset_labels.index(f"cost {cell}"))[0]))[0]
        middle = (ends[cell] + ends[cell + 1]) / 2
        return middle + pay[node][0] / exact(self.captives)

    def _found(self, q: Fraction, method: str, misses: dict[str, float]) -> MatchedPilot:
        pi, x, Z, U = map(exact, self.parameters().values())
        trust = pi / (pi + (1 - pi) * q) if pi or q else pi
        margin = (U - x * Z * q) / (U + x * Z)  # of the marginal opportunist, 0 inside
        checks = {"marginal opportunist": float(abs(margin) if q < 1 else -margin), **misses}
        proof = Checks(checks, TOLERANCE)
        plain: Any = float if floats(*self.parameters().values()) else exact
        return MatchedPilot(
            plain(q), plain(trust), method=method, certificate=proof, status=outcome(proof)
        )
