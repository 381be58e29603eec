"""Voting power where several bodies all have to pass a deal: cabinet, wings, guarantors."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.bargaining import _swings
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

TOLERANCE = 1e-11  # Gauss-Legendre of a polynomial of known degree: rounding only
CABINET, AGAINST = 38, 3  # members assumed; all but three voted for the deal (deal terms data)


@dataclass(frozen=True)
class Body(Displayed):
    """A body that passes a deal if the weights of those in favour reach its quota.

    Attributes
    ----------
    name : str
    quota : int
    weights : tuple of int
        By member, from 0; a lone member by default.
    """

    name: str
    quota: int = 1
    weights: tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        whole = all(isinstance(w, int) and w >= 0 for w in self.weights)
        if not self.weights or not whole:
            raise ArgumentError("weights", self.weights, "whole numbers from 0, one a member")
        if not (isinstance(self.quota, int) and 1 <= self.quota <= sum(self.weights)):
            raise ArgumentError("quota", self.quota, f"a whole number, 1 to {sum(self.weights)}")

    @property
    def blockers(self) -> int:
        """Fewest members whose refusal stops the deal."""
        left = sum(self.weights)
        for count, weight in enumerate(sorted(self.weights, reverse=True), 1):
            left -= weight
            if left < self.quota:
                return count
        raise AssertionError  # without all of them nothing reaches a quota of 1


@dataclass(frozen=True)
class Power(Displayed):
    """Power of each member.

    Attributes
    ----------
    members : tuple of str
        ``body`` of a lone member, ``body k`` otherwise.
    shapley_shubik : tuple of Fraction
        Share of the orders in which the member's yes completes a deal; they sum to 1.
    banzhaf : tuple of Fraction
        Share of the others' votes in which it decides (absolute Banzhaf index).
    vetoes : tuple of str
        Members without whom no deal passes.
    bodies : tuple of (str, Fraction)
        Shapley-Shubik power of each body: the sum over its members.
    method : str
    certificate : Checks
    status : Status
    """

    members: tuple[str, ...]
    shapley_shubik: tuple[Fraction, ...]
    banzhaf: tuple[Fraction, ...]
    vetoes: tuple[str, ...]
    bodies: tuple[tuple[str, Fraction], ...]
    method: str
    certificate: Checks
    status: Status = Status.OK

    def __repr__(self) -> str:
        shown = ", ".join(f"{name} {float(power):.4f}" for name, power in self.bodies)
        vetoes = ", ".join(self.vetoes) or "nobody"
        return f"power of bodies: {shown}; veto: {vetoes}; {self.method}; {self.status}"


@dataclass(frozen=True)
class VetoPower(Model):
    r"""A deal passes if every one of several bodies passes it, each by its own weights and quota.

    With N members in all, power is

    .. math:: \phi_i = \sum_{s} \frac{s!\,(N-s-1)!}{N!}\, \eta_i(s), \qquad
        \beta_i = 2^{1-N} \sum_s \eta_i(s),

    where ``eta_i(s)`` counts the coalitions of s others that fail without i and pass with it.

    Parameters
    ----------
    bodies : tuple of Body
        One or more, with different names.

    Notes
    -----
    *Captures:* who can stop a deal alone, how many dissenters another body takes, and how a right
    to say no weighs by itself, whatever the interests. *Leaves out:* interests; agendas; offers
    (`UnanimityTable`, `LegislativeBargaining`).

    *Traps.* In a compound a body's power is no product of its weight and its members' power inside
    the body: coalition sizes matter across bodies (Banzhaf does multiply, Shapley-Shubik does
    not). A large body that votes by simple majority has power near ``2^-k`` against k lone vetoes,
    not an equal part: its majority is there when about half have agreed, lone parties included.
    A vote with few dissenters says nothing of who was pivotal.

    The core of the simple game gives all to members with a veto and is empty without one; its
    nucleolus gives them equal parts.

    References
    ----------
    Shapley, L. and M. Shubik (1954), "A method for evaluating the distribution of power in a
    committee system", American Political Science Review 48:787-792. Banzhaf, J. (1965), "Weighted
    voting doesn't work", Rutgers Law Review 19:317-343. Owen, G. (1972), "Multilinear extensions of
    games", Management Science 18:P64-P79, for the check.

    Examples
    --------
    >>> VetoPower((Body("council", 39, (7,) * 5 + (1,) * 10),)).solve().shapley_shubik[0]
    Fraction(421, 2145)
    """

    bodies: tuple[Body, ...]

    def __post_init__(self) -> None:
        ok = all(isinstance(body, Body) for body in self.bodies)
        if not self.bodies or not ok or len({b.name for b in self.bodies}) != len(self.bodies):
            raise ArgumentError("bodies", self.bodies, "bodies with different names")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> VetoPower:
        """A cabinet by simple majority, two wings of the captor, a majority of mediators.

        Assumed: 38 ministers with a vote each, the political wing and the field command lone, of
        the mediators enough for more than half (two of three: either route and its backer).
        """
        count = len(scenario.parties.mediators)
        bodies = [Body("cabinet", CABINET // 2 + 1, (1,) * CABINET)]
        bodies += [Body("political wing"), Body("field command")]
        if count:
            bodies.append(Body("mediators", count // 2 + 1, (1,) * count))
        return cls(tuple(bodies))

    def solve(self) -> Power:
        """Count coalitions by size and weight with generating functions, in whole numbers."""
        return self._found(_swings.swings_by_weight, _swings.wins_by_weight, "generating functions")

    def closed_form(self) -> Power:
        """Count by binomials, where members of a body have the same weight.

        Raises
        ------
        ArgumentError
            Some body has members of different weights.
        """
        for body in self.bodies:
            if len(set(body.weights)) > 1:
                raise ArgumentError("bodies", body, "members of equal weight", "use solve()")
        return self._found(_swings.swings_alike, _swings.wins_alike, "closed form (binomials)")

    def passes(self, coalition: Collection[str]) -> bool:
        """Whether the deal passes with just these members in favour."""
        known = [name for body in self.bodies for name in _names(body)]
        for name in coalition:
            if name not in known:
                raise ArgumentError("coalition", name, ", ".join(known))
        return all(
            sum(w for w, name in zip(body.weights, _names(body), strict=True) if name in coalition)
            >= body.quota
            for body in self.bodies
        )

    def game(self, *, worth: Mapping[str, int] | None = None) -> ExtensiveForm:
        """State the votes as a tree: members vote in turn; stop as soon as the deal is dead.

        Parameters
        ----------
        worth : mapping of str to int, optional
            What the deal is worth to members, utils; 1 where not named. No deal is worth 0.
        """
        from ceasefire.games import Decision, End, ExtensiveForm

        names = [name for body in self.bodies for name in _names(body)]
        if len(names) > 12:
            raise ArgumentError("bodies", len(names), "at most 12 members for a tree")
        for name in worth or {}:
            if name not in names:
                raise ArgumentError("worth", name, ", ".join(names))
        given = tuple((worth or {}).get(name, 1) for name in names)
        none = tuple(0 for _ in names)

        def moves(state: tuple[int, frozenset[str]]) -> Decision | End:
            k, yes = state
            if not self.passes(yes | set(names[k:])):
                return End(none)
            if k == len(names):
                return End(given)
            return Decision(names[k], {"yes": (k + 1, yes | {names[k]}), "no": (k + 1, yes)})

        return ExtensiveForm.from_rules(
            (0, frozenset()), moves, players=names, title="Votes in turn"
        )

    def table(self) -> pd.DataFrame:
        """A row a body: its power and how it is stopped.

        Columns ``body``, ``members``, ``quota``, ``blockers`` (fewest members that stop the deal),
        ``power`` (Shapley-Shubik, of the body), ``member_power``, ``member_banzhaf`` (largest).
        """
        import pandas as pd

        found = self.solve()
        rows, start = [], 0
        for body, (_, power) in zip(self.bodies, found.bodies, strict=True):
            part = slice(start, start := start + len(body.weights))
            most = max(found.shapley_shubik[part]), max(found.banzhaf[part])
            rows.append((body.name, len(body.weights), body.quota, body.blockers, float(power),
                         float(most[0]), float(most[1])))  # fmt: skip
        columns = ["body", "members", "quota", "blockers", "power", "member_power",
                   "member_banzhaf"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """Who can hold the deal up alone, and how many of the others it takes."""
        found = self.solve()
        shares = dict(zip(found.members, found.shapley_shubik, strict=True))
        if found.vetoes:
            shown = [f"{name} ({float(shares[name]):.3g})" for name in found.vetoes[:4]]
            more = len(found.vetoes) - 4
            shown += [f"{more} more"] if more > 0 else []
            text = f"Alone, {' or '.join(shown)} can hold the deal up (power in brackets)"
        else:
            text = "Nobody can hold the deal up alone"
        start = 0
        for body, (name, power) in list(zip(self.bodies, found.bodies, strict=True))[:6]:
            one = float(max(found.shapley_shubik[start : start + len(body.weights)]))
            start += len(body.weights)
            if body.blockers > 1:
                text += (
                    f"; in the {name} it takes {body.blockers} of {len(body.weights)} "
                    f"(together {float(power):.3g}, at most {one:.2g} each)"
                )
        return text + "."

    def _found(
        self,
        swings: Callable[[Body, int], list[int]],
        wins: Callable[[Body], list[int]],
        method: str,
    ) -> Power:
        shapley, banzhaf, names, shares = [], [], [], []
        total = sum(len(body.weights) for body in self.bodies)
        for k, body in enumerate(self.bodies):
            others = [1]
            for j, other in enumerate(self.bodies):
                others = _swings.product(others, wins(other)) if j != k else others
            by_weight = {
                w: _swings.indices(_swings.product(swings(body, w), others), total)
                for w in set(body.weights)
            }
            mine = [by_weight[w] for w in body.weights]
            shapley += [one for one, _ in mine]
            banzhaf += [two for _, two in mine]
            names += _names(body)
            shares.append((body.name, sum((one for one, _ in mine), Fraction(0))))
        vetoes = tuple(
            name for body in self.bodies
            for name, w in zip(_names(body), body.weights, strict=True)
            if sum(body.weights) - w < body.quota
        )  # fmt: skip
        proof = self._certified(shapley, banzhaf)
        status = Status.OK if proof.passed else Status.EXPLOITABLE
        return Power(
            tuple(names), tuple(shapley), tuple(banzhaf), vetoes, tuple(shares), method, proof,
            status,
        )  # fmt: skip

    def _certified(self, shapley: list[Fraction], banzhaf: list[Fraction]) -> Checks:
        """Owen's integral: chance that a member decides if each other agrees with chance t."""
        degree = len(shapley)
        nodes, weights = np.polynomial.legendre.leggauss(degree // 2 + 2)
        ts = np.append((nodes + 1) / 2, 0.5)
        pass_chance = [_swings.chance(body, ts) for body in self.bodies]
        off_shapley = off_banzhaf = 0.0
        start = 0
        for k, body in enumerate(self.bodies):
            rest = np.prod([c for j, c in enumerate(pass_chance) if j != k], axis=0)
            for w in set(body.weights):
                place = start + body.weights.index(w)
                decides = _swings.pivot_chance(body, w, ts) * rest
                integral = float(decides[:-1] @ weights) / 2
                off_shapley = max(off_shapley, abs(integral - float(shapley[place])))
                off_banzhaf = max(off_banzhaf, abs(float(decides[-1]) - float(banzhaf[place])))
            start += len(body.weights)
        return Checks(
            {
                "shares beyond 1": float(abs(sum(shapley) - 1)),
                "Shapley-Shubik by Owen's integral": off_shapley,
                "Banzhaf by chance one half": off_banzhaf,
            },
            TOLERANCE,
        )


def _names(body: Body) -> list[str]:
    if len(body.weights) == 1:
        return [body.name]
    return [f"{body.name} {k + 1}" for k in range(len(body.weights))]
