"""Alternating offers over several issues: packages, and agendas that take parts one by one."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.bargaining.issues import LinearIssues
from ceasefire.bargaining.terms import Number, require
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, SolveError
from ceasefire.status import Status
from ceasefire.tolerances import BARGAINING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.bargaining.issues import Corner
    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

Pair = tuple[Any, Any]
ROUNDS = 400_000  # after which an induction that has not settled is given up
SETTLED = 1e-12  # of the larger gain
GAPS = (1.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.01)  # lengths of a round, in rounds as given


@dataclass(frozen=True)
class PackageOffers(Displayed):
    """What each side proposes, and what it is worth.

    Attributes
    ----------
    captor, pausing_state : pair of Number
        Gains (captor, pausing state), utils, of the package that this side proposes at once.
    captor_terms, pausing_terms : tuple of (str, Number)
        Levels of the issues in it.
    rounds : int or None
        Rounds of the induction; None for the closed form.
    status : Status
    certificate : Checks
    """

    captor: Pair
    pausing_state: Pair
    captor_terms: tuple[tuple[str, Number], ...]
    pausing_terms: tuple[tuple[str, Number], ...]
    rounds: int | None
    status: Status
    certificate: Checks

    def __repr__(self) -> str:
        rows = []
        for who, gains, terms in (
            ("captor", self.captor, self.captor_terms),
            ("pausing state", self.pausing_state, self.pausing_terms),
        ):
            shown = ", ".join(f"{float(x):.5g} {name}" for name, x in terms)
            rows.append(f"{who} offers {shown}: {float(gains[0]):.6g}, {float(gains[1]):.6g}")
        return "; ".join([*rows, str(self.certificate)])


@dataclass(frozen=True)
class PackageBargaining(Model):
    r"""Alternating offers of whole packages over several issues.

    Each round one side proposes levels of all issues; the other accepts, or proposes the next
    round. Gains of round t count :math:`\delta_i^t`; never agreeing gives nothing. With
    :math:`y = f(x)` the contract curve, the one stationary equilibrium has offers on it that leave
    the other what it would get by waiting:

    .. math:: f(x) = \delta_D f(\delta_C x),

    x the captor's gain from its own offer, :math:`\delta_C x` from the other's. The left side less
    the right one falls in x, f being concave, so that there is one root; on two edges
    ``p x + y = h`` and ``q x + y = g`` it is
    :math:`x = (h - \delta_D g) / (p - \delta_C \delta_D q)`. As rounds get short both offers go to
    Nash's solution with weights :math:`\log \delta_D / (\log \delta_C + \log \delta_D)` on the
    captor.

    Parameters
    ----------
    package : LinearIssues
        Its weight is not used.
    captor_discount, pausing_discount : float or Fraction
        In (0, 1), per round.

    Notes
    -----
    *Captures:* weeks of offers over corridors, surveillance, duration and totals as one detailed
    agreement; each side gives way in the cheap instrument first. `agenda` takes parts of the
    package one after another instead. *Leaves out:* outside options, breakdown, private
    information, offers on parts that bind before the whole is settled.

    *Traps.* The limit depends on the ratio of discount *rates*. The proposer's advantage stays for
    fixed discounts, except where the solution is a kink: both may then propose nearly the same. A
    part that only one side gains by is settled at nothing when it comes last.

    References
    ----------
    A. Rubinstein (1982), Econometrica 50:97-109; K. Binmore, A. Rubinstein and A. Wolinsky (1986),
    RAND Journal of Economics 17:176-188 (limit). Bargaining over packages and agendas: C. Fershtman
    (1990), "The importance of the agenda in bargaining", Games and Economic Behavior 2:224-238,
    whose own model differs. THEORY.md A1, B3.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from ceasefire.bargaining import ThreeIssueExchange
    >>> model = PackageBargaining(ThreeIssueExchange().issues(), Fraction(9, 10), Fraction(9, 10))
    >>> model.closed_form().captor
    (Fraction(1125, 19), Fraction(1215, 19))
    >>> round(float(model.solve().captor[0]), 9)
    59.210526316
    """

    package: LinearIssues
    captor_discount: Number
    pausing_discount: Number

    def __post_init__(self) -> None:
        if not isinstance(self.package, LinearIssues):
            raise ArgumentError("package", self.package, "LinearIssues")
        for name in ("captor_discount", "pausing_discount"):
            require(name, getattr(self, name), 0, 1, "a number between 0 and 1, not either")
            if getattr(self, name) == 1:
                hint = "without impatience every split is an equilibrium"
                raise ArgumentError(name, 1, "below 1", hint)

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> PackageBargaining:
        """The package of `LinearIssues.from_scenario`; a round is a message each way.

        Discount factors are those of a relay of two exponential legs, ``(1 + relay r_i)^-2``
        (THEORY.md A5).
        """
        p = scenario.symbols()
        package = LinearIssues.from_scenario(scenario)
        captor, pauser = ((1 + p.relay * r) ** -2 for r in (p.r_C, p.r_D))
        return cls(package, captor, pauser)

    @property
    def limit_weight(self) -> float:
        """The captor's weight in the Nash solution that short rounds lead to."""
        c, d = math.log(float(self.captor_discount)), math.log(float(self.pausing_discount))
        return d / (c + d)

    def solve(self) -> PackageOffers:
        """Backward induction from both last proposers, until the two agree.

        Whoever proposes last takes all that the other does not lose; the two horizons bound the
        infinite one from both sides.

        Raises
        ------
        SolveError
            They have not met after 400,000 rounds: discount factors too near 1.
        """
        curve = self._curve()
        c, d = float(self.captor_discount), float(self.pausing_discount)
        if curve is None:
            return self._offers((0.0, 0.0), (0.0, 0.0), 0)
        top, height = curve[-1][0], curve[0][1]
        # the captor's gain when it proposes, and the pausing state's, with nothing to come
        high = top, height
        low = 0.0, 0.0
        for rounds in range(1, ROUNDS):
            high = _inverse(curve, d * low[1]), _height(curve, c * low[0])
            low = _inverse(curve, d * high[1]), _height(curve, c * high[0])
            gaps = abs(high[0] - low[0]) / top, abs(high[1] - low[1]) / height
            if max(gaps) <= SETTLED:
                x, y = (high[0] + low[0]) / 2, (high[1] + low[1]) / 2
                return self._offers((x, _height(curve, x)), (_inverse(curve, y), y), 2 * rounds)
        raise SolveError("the horizons have not met; discount factors are too near 1")

    def closed_form(self) -> PackageOffers:
        """The root of the equation above on the pair of edges where it lies, in fractions."""
        corners = _inside(self.package.contract_curve())
        if corners is None:
            return self._offers((Fraction(0),) * 2, (Fraction(0),) * 2, None)
        c, d = Fraction(self.captor_discount), Fraction(self.pausing_discount)
        edges = [((corners[0][0] * 0, corners[0][0]), Fraction(0), corners[0][1])]
        for a, b in pairwise(corners):
            p = (a[1] - b[1]) / (b[0] - a[0])
            edges.append(((a[0], b[0]), p, a[1] + p * a[0]))
        for (mine, p, h), (theirs, q, g) in product(edges, edges):
            if p == c * d * q:
                continue
            x = (h - d * g) / (p - c * d * q)
            if mine[0] <= x <= mine[1] and theirs[0] <= c * x <= theirs[1]:
                return self._offers((x, h - p * x), (c * x, g - q * c * x), None)
        x = corners[-1][0]  # the end of the curve, where the other still gains
        return self._offers((x, corners[-1][1]), (c * x, _height(corners, c * x)), None)

    def agenda(self, *parts: Sequence[str]) -> tuple[Pair, Pair]:
        """Gains where parts of the package are settled one after another.

        Each part is a list of issues and is bargained over by itself; once it is agreed, the next
        one is opened a round later by the side that accepted. An issue that stands in several
        parts is split evenly between them. What is agreed counts at once.

        Returns
        -------
        pair
            Gains (captor, pausing state) at the start when the captor, and when the pausing state,
            proposes first.

        Raises
        ------
        ArgumentError
            A part names no issue, or one that there is not.
        """
        times = Counter(name for part in parts for name in part)
        by_name = {one.name: one for one in self.package.issues}
        for k, part in enumerate(parts):
            if not part or not set(part) <= set(by_name):
                raise ArgumentError(f"parts[{k}]", part, f"some of {', '.join(by_name)}")
        after: tuple[Pair, Pair] = ((0.0, 0.0), (0.0, 0.0))
        for part in reversed(parts):
            issues = tuple(
                replace(by_name[name], upper=Fraction(by_name[name].upper) / times[name])
                for name in part
            )
            corners = LinearIssues(issues).contract_curve()
            after = self._stage([_floats(one.payoffs) for one in corners], after)
        return after

    def game(self, *, rounds: int = 2, offers: int = 4) -> ExtensiveForm:
        """State it as a finite tree for `subgame_perfect`, the captor proposing first.

        Parameters
        ----------
        rounds : int
        offers : int
            Packages that may be proposed: as many points of the contract curve, evenly spaced in
            the captor's gain, ends included. The tree has about ``offers ** rounds`` ends.
        """
        from ceasefire.games import Decision, End, ExtensiveForm

        curve = self._curve()
        if rounds < 1 or offers < 2 or curve is None:
            raise ArgumentError("rounds", (rounds, offers), "a round, two offers, gains to both")
        xs = [curve[-1][0] * k / (offers - 1) for k in range(offers)]
        gains = [(x, _height(curve, x)) for x in xs]
        c, d = float(self.captor_discount), float(self.pausing_discount)

        def moves(state: tuple[int, int | None]) -> Any:
            t, offer = state
            if t == rounds:
                return End((0.0, 0.0))
            who = t % 2
            if offer is None:
                return Decision(who, {f"offer {k}": (t, k) for k in range(offers)})
            x, y = gains[offer]
            done = End((c**t * x, d**t * y))
            return Decision(1 - who, {"accept": done, "refuse": (t + 1, None)})

        return ExtensiveForm.from_rules(
            (0, None), moves, players=(0, 1), title="package offers"
        )  # fmt: skip

    def table(self) -> pd.DataFrame:
        """Both offers as rounds get shorter, and the Nash solution that they go to.

        Columns: round (length of a round, in rounds as given), proposer ("limit" for Nash's),
        captor and pausing_state (gains, utils), and a column an issue.
        """
        import pandas as pd

        rows = []
        for gap in GAPS:
            short = replace(
                self, captor_discount=float(self.captor_discount) ** gap,
                pausing_discount=float(self.pausing_discount) ** gap,
            )  # fmt: skip
            found = short.closed_form()
            for who, gains, terms in (
                ("captor", found.captor, found.captor_terms),
                ("pausing state", found.pausing_state, found.pausing_terms),
            ):
                rows.append((gap, who, *_floats(gains), *(float(x) for _, x in terms)))
        nash = replace(self.package, weight=self.limit_weight).solve()
        levels = [float(x) for x in nash.terms.values()]
        rows.append((0.0, "limit", *_floats(nash.payoffs), *levels))
        columns = ["round", "proposer", "captor", "pausing_state", *self.package.names]
        return pd.DataFrame(rows, columns=columns)

    def answer(self) -> str:
        """Both offers, the limit, and an agenda for comparison."""
        found = self.closed_form()
        if found.status is Status.NO_DEAL:
            return "No package gives both sides more than no agreement."
        nash = _floats(replace(self.package, weight=self.limit_weight).solve().payoffs)
        first, _ = self.agenda(*([name] for name in self.package.names))
        size = max(_floats(found.captor))
        one, two, limit, single = (
            _pair(gains, size) for gains in (found.captor, found.pausing_state, nash, first)
        )
        return (
            f"Gains (captor, pausing state) are {one} when the captor proposes the package and "
            f"{two} when the pausing state does; short rounds lead to {limit}. Issue by issue they "
            f"are {single}."
        )

    def _curve(self) -> list[Pair] | None:
        corners = _inside(self.package.contract_curve())
        return None if corners is None else [_floats(u) for u in corners]

    def _offers(self, captor: Pair, pauser: Pair, rounds: int | None) -> PackageOffers:
        """The result, checked: each is indifferent between what it is offered and waiting."""
        c, d = float(self.captor_discount), float(self.pausing_discount)
        curve = self.package.contract_curve()
        (x1, x2), (y1, y2) = _floats(captor), _floats(pauser)
        size = max(x1, y2, 1e-300)
        checks = Checks(
            {
                "captor's gain from refusing": (c * x1 - y1) / size,
                "pausing state's gain from refusing": (d * y2 - x2) / size,
                "better for both": max(_room(self.package, u) for u in ((x1, x2), (y1, y2))),
                "captor gives too much": (x2 - max(d * y2, _least(curve, 1))) / size,
                "pausing state gives too much": (y1 - max(c * x1, _least(curve, 0))) / size,
            },
            BARGAINING,
        )
        deal = x1 > 0 and y2 > 0
        status = Status.OK if deal else Status.NO_DEAL
        terms = tuple(
            tuple(zip(self.package.names, _levels(curve, u, deal), strict=True))
            for u in (captor, pauser)
        )
        return PackageOffers(
            captor, pauser, terms[0], terms[1], rounds,
            status if checks.passed else Status.EXPLOITABLE, checks,
        )  # fmt: skip

    def _stage(self, curve: list[Pair], after: tuple[Pair, Pair]) -> tuple[Pair, Pair]:
        """Offers on one part, with what follows an agreement at each proposer.

        After the captor's offer the pausing state opens the next part, and the reverse.
        """
        c, d = float(self.captor_discount), float(self.pausing_discount)
        (ac, ad), (bc, bd) = after  # when the captor, when the pausing state, opens the next part
        x, y = 0.0, 0.0  # what the proposer gets in all, captor and pausing state
        size = max(abs(v) for u in (*curve, *after) for v in u) or 1.0
        for _ in range(ROUNDS):
            need = d * y - d * bd, c * x - c * ac
            mine = _inverse(curve, need[0]) + c * bc if need[0] <= curve[0][1] else c * (c * x)
            theirs = _height(curve, need[1]) + d * ad if need[1] <= curve[-1][0] else d * (d * y)
            step = max(abs(mine - x), abs(theirs - y))
            x, y = mine, theirs
            if step <= SETTLED * size:
                break
        else:
            raise SolveError("the induction on a part has not settled")
        captor = x, _height(curve, x - c * bc) + d * bd
        pauser = _inverse(curve, y - d * ad) + c * ac, y
        return captor, pauser


def _floats(u: Any) -> tuple[float, float]:
    return float(u[0]), float(u[1])


def _pair(gains: Pair, size: float) -> str:
    """Gains, those within rounding of nothing as nothing."""
    found = [0.0 if abs(x) < BARGAINING * size else x for x in _floats(gains)]
    return ", ".join(f"{x:.1f}" if 0.05 <= abs(x) < 1e6 or not x else shown(x) for x in found)


def _inside(curve: tuple[Corner, ...]) -> list[tuple[Fraction, Fraction]] | None:
    """The part of a contract curve where both gain; None where there is none."""
    u = [(Fraction(c.payoffs[0]), Fraction(c.payoffs[1])) for c in curve]
    zero = Fraction(0)
    found = [one for one in u if one[0] >= 0 and one[1] >= 0]
    for a, b in pairwise(u):
        slope = (b[1] - a[1]) / (b[0] - a[0])
        if a[0] < 0 < b[0]:
            found.append((zero, a[1] - slope * a[0]))
        if b[1] < 0 < a[1]:
            found.append((a[0] - a[1] / slope, zero))
    found = sorted({one for one in found if one[0] >= 0 and one[1] >= 0})
    return found if any(x > 0 for x, _ in found) and any(y > 0 for _, y in found) else None


def _height(curve: Sequence[Pair], x: Any) -> Any:
    """The pausing state's gain where the captor has x or more: flat before the first corner."""
    if x <= curve[0][0]:
        return curve[0][1]
    for a, b in pairwise(curve):
        if x <= b[0]:
            return a[1] + (x - a[0]) * (b[1] - a[1]) / (b[0] - a[0])
    return curve[-1][1]


def _inverse(curve: Sequence[Pair], y: Any) -> Any:
    """The captor's gain where the pausing state has y or more."""
    if y <= curve[-1][1]:
        return curve[-1][0]
    for a, b in pairwise(curve):
        if y >= b[1]:
            return a[0] + (a[1] - y) * (b[0] - a[0]) / (a[1] - b[1]) if y <= a[1] else a[0]
    return curve[-1][0]


def _least(curve: tuple[Corner, ...], side: int) -> float:
    """What a side has at the other's best, where nothing is gained by giving it less."""
    end = curve[0] if side == 0 else curve[-1]
    return max(float(end.payoffs[side]), 0.0)


def _room(package: LinearIssues, u: Pair) -> float:
    """How far a point lies inside the frontier, by prices of a supporting line."""
    curve = [_floats(c.payoffs) for c in package.contract_curve()]
    inside = [one for one in curve if min(one) >= 0] or curve
    size = max(max(one) for one in inside)
    return abs(float(_height(curve, u[0])) - u[1]) / size if max(u) > 0 else 0.0


def _levels(curve: tuple[Corner, ...], u: Pair, deal: bool) -> tuple[Number, ...]:
    if not deal:
        return (Fraction(0),) * len(curve[0].levels)
    for a, b in pairwise(curve):
        if u[0] <= b.payoffs[0]:
            share = max((u[0] - a.payoffs[0]) / (b.payoffs[0] - a.payoffs[0]), 0)
            return tuple(m + share * (n - m) for m, n in zip(a.levels, b.levels, strict=True))
    return curve[-1].levels
