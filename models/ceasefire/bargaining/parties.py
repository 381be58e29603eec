"""Everybody at the table has to agree: shares, patience and what no deal is worth to whom."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.bargaining._proposals import short
from ceasefire.bargaining._staged import Number, checked, exact
from ceasefire.bargaining._words import shown
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario

TOLERANCE = 1e-9  # of the gain: the linear system is solved in floats
STEPS_SHOWN = 41
CLOSED = "closed form"


@dataclass(frozen=True)
class TableTerms(Displayed):
    """What everybody gets in the stationary equilibrium.

    Attributes
    ----------
    parties : tuple of str
    values : tuple of numbers
        Utils before the proposer is drawn; what no deal is worth where there is none.
    proposing, accepting : tuple of numbers
        Utils of each party as proposer and as responder.
    spare : number
        Worth of the deal less what no deal is worth to all, utils; none is made below 0.
    any_split : bool
        Whether play that remembers offers could end at any split of that gain.
    method : str
    certificate : Checks
    status : Status
    """

    parties: tuple[str, ...]
    values: tuple[Any, ...]
    proposing: tuple[Any, ...]
    accepting: tuple[Any, ...]
    spare: Any
    any_split: bool
    method: str
    certificate: Checks
    status: Status = Status.OK

    def __repr__(self) -> str:
        pairs = zip(self.parties, self.values, strict=True)
        shown = ", ".join(f"{name} {short(value)}" for name, value in pairs)
        return f"{shown} (utils, {short(self.spare)} to share); {self.method}; {self.status}"


@dataclass(frozen=True)
class UnanimityTable(Model):
    r"""Several parties share the worth W of a deal that takes the consent of every one.

    Each round a proposer is drawn with chances p and names a split; if all accept it holds,
    otherwise a round passes. Party i discounts by d_i a round and has a flow worth b_i while there
    is no deal. In the stationary subgame-perfect equilibrium a proposer i offers everybody else
    its reservation value ``r_j = (1 - d_j) b_j + d_j v_j``, and

    .. math::
        v_i = p_i (W - \textstyle\sum_j r_j) + r_i = b_i + s_i (W - \textstyle\sum_j b_j),
        \qquad s_i = \frac{p_i / (1 - d_i)}{\sum_j p_j / (1 - d_j)},

    if ``W >= sum b``; otherwise there is no deal. The deal, where there is one, is immediate.

    Parameters
    ----------
    worth : float or Fraction
        W, utils, above 0.
    discounts : tuple of float or Fraction
        d, a round, each in [0, 1).
    recognition : tuple, optional
        p, chances to propose, above 0 and with sum 1. By default alike.
    no_deal : tuple, optional
        b, utils, what going on without a deal for good is worth. By default 0.
    parties : tuple of str, optional
        Names. By default ``party 1`` and so on.

    Notes
    -----
    *Captures:* that a table at which everybody can say no pays for patience and for the right to
    draft, divides among more heads with each seat, and fails as soon as what no deal is worth to
    all together exceeds the deal. *Leaves out:* private information, so nobody delays here:
    holding up shows as a price, or as no deal at all; limits to side payments.

    *Traps.* With three parties or more the equilibrium is unique among stationary ones only: from
    discounts of ``1 / (n - 1)`` on every split of the gain is subgame-perfect play of some history
    (`any_split`; Shaked, as told by Osborne and Rubinstein 1990, section 3.13). If a party that
    accepts may leave with its share, only one remains (`exit_shares`). Patience counts relative to
    the others': with equal discounts shares are the chances to propose, at any discount.

    References
    ----------
    Baron, D. and J. Ferejohn (1989), "Bargaining in legislatures", American Political Science
    Review 83:1181-1206, with a quota of all. Krishna, V. and R. Serrano (1996), "Multilateral
    bargaining", Review of Economic Studies 63:61-80. The closed form is derived here.

    Examples
    --------
    >>> from fractions import Fraction
    >>> half, third = Fraction(1, 2), Fraction(2, 3)
    >>> UnanimityTable(1, (half, half, third)).closed_form().values
    (Fraction(2, 7), Fraction(2, 7), Fraction(3, 7))
    """

    worth: Number
    discounts: tuple[Number, ...]
    recognition: tuple[Number, ...] = ()
    no_deal: tuple[Number, ...] = ()
    parties: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked("worth", self.worth, 0, math.inf, "utils above 0")
        check_table(self)
        if self.no_deal and len(self.no_deal) != len(self.discounts):
            raise ArgumentError("no_deal", self.no_deal, f"{len(self.discounts)} numbers, or none")
        for value in self.no_deal:
            checked("no_deal", value, -math.inf, math.inf, "finite utils")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> UnanimityTable:
        """Pausing state, political wing, field command and mediators; a round is one message.

        Worth: both sides' value of the truce at its start, solved. No deal: the opening threshold
        to the pausing state, 0 to others. A message goes there and back; both sides discount as
        told, the field command like its wing, mediators like the more patient side, and all draft
        with the same chance (assumed: the account says who carried messages, not who drafted).
        """
        names, discounts = seats(scenario)
        no_deal = (scenario.talks.opening_threshold, *(0.0 for _ in names[1:]))
        return cls(sum(truce_worth(scenario)), discounts, (), no_deal, names)

    def closed_form(self) -> TableTerms:
        """Return the values by the formula, in fractions where all parameters are."""
        W, d, p, b = self._numbers()
        weights = [p_i / (1 - d_i) for p_i, d_i in zip(p, d, strict=True)]
        gain = max(W - sum(b), 0 * W)
        return self._found([gain * w / sum(weights) for w in weights], CLOSED)

    def solve(self) -> TableTerms:
        """Return the values as the solution of the linear system of all value equations."""
        W, d, p, b = (np.asarray(x, dtype=float) for x in self._numbers())
        gain = max(float(W - b.sum()), 0.0)
        system = np.eye(d.size) - np.diag(d) + np.outer(p, d)
        return self._found(np.linalg.solve(system, p * gain).tolist(), "linear system")

    def after_rounds(self, rounds: int) -> tuple[Any, ...]:
        """Values where talks end after so many rounds and nobody has a deal then."""
        if rounds < 0:
            raise ArgumentError("rounds", rounds, "a whole number from 0")
        W, d, p, b = self._numbers()
        gain, u = max(W - sum(b), 0 * W), [0 * W for _ in d]
        for _ in range(rounds):
            left = gain - sum(x * y for x, y in zip(d, u, strict=True))
            u = [p_i * left + d_i * u_i for p_i, d_i, u_i in zip(p, d, u, strict=True)]
        return tuple(b_i + u_i for b_i, u_i in zip(b, u, strict=True))

    def rotating_shares(self) -> tuple[float, ...]:
        """Each party's share of the gain as proposer, where proposers take turns in order.

        Stationary: ``sum_j d_j^((j - k) mod n) x_j = 1`` for each proposer k; alike,
        ``(1 - d) / (1 - d^n)``.
        """
        n = len(self.discounts)
        power = (np.arange(n)[None, :] - np.arange(n)[:, None]) % n
        d = np.array(self.discounts, dtype=float)
        return tuple(np.linalg.solve(d[None, :] ** power, np.ones(n)).tolist())

    def exit_shares(self, proposer: int = 0) -> tuple[Any, ...]:
        """Shares where who accepts may leave with its part (exit); unique subgame-perfect.

        A responder j and proposer i divide what both get as two alternating bargainers do:
        ``y_j / x = d_j (1 - d_i) / (1 - d_j)``; alike, the proposer gets ``1 / (1 + (n - 1) d)``.
        """
        if not 0 <= proposer < len(self.discounts):
            raise ArgumentError("proposer", proposer, f"0 to {len(self.discounts) - 1}")
        d = self._numbers()[1]
        own = d[proposer]
        ratios = [d_j * (1 - own) / (1 - d_j) for d_j in d]
        ratios[proposer] = own * 0 + 1
        return tuple(ratio / sum(ratios) for ratio in ratios)

    def game(self, *, rounds: int = 2) -> ExtensiveForm:
        """State a few rounds as a tree in which a proposer has three splits to choose from.

        What the others would just accept, everything for itself, and the gain in equal parts;
        after the last round there is no deal. Discounted to the first round.
        """
        from ceasefire.games import ExtensiveForm

        if rounds < 1:
            raise ArgumentError("rounds", rounds, "at least 1")
        rules = _Rounds(self, rounds)
        return ExtensiveForm.from_rules(
            ("round", 0), rules, players=list(self.names), title="Unanimity"
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The parties' names."""
        return self.parties or tuple(f"party {k + 1}" for k in range(len(self.discounts)))

    def table(self) -> pd.DataFrame:
        """Values against what no deal is worth to the party to which it is worth most.

        Columns ``no_deal`` (utils, of that party), ``party``, ``value`` (utils), ``deal``.
        """
        import pandas as pd

        b = list(self._numbers()[3])
        holder = max(range(len(b)), key=b.__getitem__)
        limit = float(b[holder]) + float(self.worth) - float(sum(b))
        top = max(1.25 * limit, float(b[holder]) + 1e-9, 1e-9)
        rows = []
        marks = {float(b[holder]), max(limit, 0.0)}
        for level in sorted({*np.linspace(0.0, top, STEPS_SHOWN).tolist(), *marks}):
            b[holder] = level
            found = self.replace(no_deal=tuple(b)).closed_form()
            deal = found.status is Status.OK
            for name, value in zip(self.names, found.values, strict=True):
                rows.append((level, name, float(value), deal))
        return pd.DataFrame(rows, columns=["no_deal", "party", "value", "deal"])

    def answer(self) -> str:
        """Who asks most, and what would leave nothing to agree on."""
        found, b = self.closed_form(), self._numbers()[3]
        holder = max(range(len(b)), key=lambda k: (float(b[k]), float(found.values[k])))
        name, spare = self.names[holder], float(found.spare)
        if found.status is Status.NO_DEAL:
            return (
                f"There is no deal: without one the {len(b)} parties have {shown(-spare)} utils "
                f"more than it is worth, and the {name} most, {shown(b[holder])}."
            )
        total = float(self.worth)
        gains = [float(v) - float(x) for v, x in zip(found.values, b, strict=True)]
        gained = " to ".join(dict.fromkeys(f"{shown(x)}" for x in (min(gains), max(gains))))
        return (
            f"All {len(b)} can say no; beyond what no deal is worth {shown(spare)} of "
            f"{shown(total)} utils are shared, {gained} each. The {name} holds out "
            f"for most, {shown(found.values[holder])}, as no deal is worth "
            f"{shown(b[holder])} to it; another {shown(spare)}, for any of them, and there is no "
            f"deal. With nothing hidden nobody delays."
        )

    def _numbers(self) -> tuple[Any, list[Any], list[Any], list[Any]]:
        n = len(self.discounts)
        p = self.recognition or (Fraction(1, n),) * n
        b = self.no_deal or (0,) * n
        plain = not any(isinstance(x, float) for x in (self.worth, *self.discounts, *p, *b))
        turn = exact if plain else float
        lists = [[turn(x) for x in xs] for xs in (self.discounts, p, b)]
        return turn(self.worth), lists[0], lists[1], lists[2]

    def _found(self, gains: Sequence[Any], method: str) -> TableTerms:
        W, d, _, b = self._numbers()
        values = [x + y for x, y in zip(b, gains, strict=True)]
        accept = [(1 - d_i) * b_i + d_i * v for d_i, b_i, v in zip(d, b, values, strict=True)]
        spare = W - sum(b)
        propose = [W - sum(accept) + r for r in accept] if spare >= 0 else values
        proof = self._certified([float(x) for x in values])
        status = Status.OK if spare >= 0 else Status.NO_DEAL
        n = len(d)
        return TableTerms(
            self.names, tuple(values), tuple(propose), tuple(accept if spare >= 0 else values),
            spare, n > 2 and spare > 0 and min(d) * (n - 1) >= 1, method, proof,
            status if proof.passed else Status.EXPLOITABLE,
        )  # fmt: skip

    def _certified(self, values: list[float]) -> Checks:
        """Replay one round with these values after it: what each role brings, party by party."""
        W, d, p, b = self._numbers()
        scale = max(float(W), *(abs(float(x)) for x in b))
        wait = [float(b[i]) + float(d[i]) * (values[i] - float(b[i])) for i in range(len(values))]
        off = delay = -math.inf
        for i, value in enumerate(values):
            keeps = float(W) - math.fsum(wait[j] for j in range(len(wait)) if j != i)
            if sum(b) > W:  # what is left after paying all others is less than waiting brings
                off, delay = max(off, abs(value - wait[i])), max(delay, keeps - wait[i])
                continue
            played = float(p[i]) * keeps + (1 - float(p[i])) * wait[i]
            off, delay = max(off, abs(value - played)), max(delay, wait[i] - keeps)
        return Checks(
            {
                "value equation": off / scale,
                "gain of a proposer from another course": delay / scale,
            },
            TOLERANCE,
        )


class _Rounds:
    """The moves of `UnanimityTable.game`."""

    def __init__(self, model: UnanimityTable, rounds: int) -> None:
        W, d, p, b = model._numbers()
        self.W = exact(W)
        self.d, self.p, self.b = ([exact(x) for x in xs] for xs in (d, p, b))
        total = sum(self.p)  # floats may miss 1 by rounding
        self.p = [x / total for x in self.p]
        self.names, self.rounds = model.names, rounds
        plain = UnanimityTable(self.W, tuple(self.d), tuple(self.p), tuple(self.b), self.names)
        self.later = [plain.after_rounds(rounds - 1 - t) for t in range(rounds)]

    def __call__(self, state: Any) -> Any:
        """Say what happens at a state."""
        from ceasefire.games import Chance, Decision, End

        match state:
            case ("round", t) if t == self.rounds:
                return End(tuple(self.b))
            case ("round", t):
                drawn = zip(self.names, self.p, range(len(self.p)), strict=True)
                return Chance({name: (p, ("propose", t, i)) for name, p, i in drawn})
            case ("propose", t, i):
                offers = self._offers(t, i)
                return Decision(
                    self.names[i], {what: ("vote", t, i, x, 0) for what, x in offers.items()}
                )
            case ("vote", t, i, split, j) if j == i:
                return self(("vote", t, i, split, j + 1))
            case ("vote", t, _, split, j) if j == len(split):
                return End(
                    tuple(b + d**t * (x - b) for b, d, x in zip(self.b, self.d, split, strict=True))
                )
            case ("vote", t, i, split, j):
                after = {"accept": ("vote", t, i, split, j + 1), "refuse": ("round", t + 1)}
                return Decision(self.names[j], after)

    def _offers(self, t: int, i: int) -> dict[str, tuple[Fraction, ...]]:
        pairs = zip(self.b, self.d, self.later[t], strict=True)
        just = [b + d * (v - b) for b, d, v in pairs]
        just[i] += self.W - sum(just)
        greedy = [Fraction(0)] * len(just)
        greedy[i] = self.W
        even = [b + (self.W - sum(self.b)) / len(just) for b in self.b]
        return {"just enough": tuple(just), "everything": tuple(greedy), "even": tuple(even)}


def check_table(model: Any) -> None:
    """Check the fields that tables have in common: discounts, recognition, parties."""
    n = len(model.discounts)
    if n < 2:
        raise ArgumentError("discounts", model.discounts, "one each for two parties or more")
    for value in model.discounts:
        checked("discounts", value, -1e-300, 1, "numbers from 0 to below 1, one a party")
    if model.recognition:
        if len(model.recognition) != n or not math.isclose(sum(model.recognition), 1, abs_tol=1e-9):
            raise ArgumentError("recognition", model.recognition, f"{n} chances with sum 1")
        for value in model.recognition:
            checked("recognition", value, 0, 1 + 1e-15, "chances above 0")
    if model.parties and (len(model.parties) != n or len(set(model.parties)) != n):
        raise ArgumentError("parties", model.parties, f"{n} different names, or none")


def seats(scenario: Scenario) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Parties of a scenario by role, and their discounts over a message and its answer."""
    days = 2.0 * scenario.talks.relay_days_per_leg
    mediators = tuple(f"mediator {k + 1}" for k in range(len(scenario.parties.mediators)))
    names = ("pausing state", "political wing", "field command", *mediators)
    state, captor = (
        math.exp(-max(rate, 1e-6) * max(days, 1e-3))
        for rate in (scenario.pausing_state.discount_rate_per_day,
                     scenario.captor.discount_rate_per_day)
    )  # fmt: skip
    return names, (state, captor, captor, *(max(state, captor) for _ in mediators))


def truce_worth(scenario: Scenario) -> tuple[float, float]:
    """What the solved truce is worth to the pausing state and the captor at its start, utils.

    Raises
    ------
    ArgumentError
        No first block is agreed.
    """
    from ceasefire.bargaining._windows import agreed

    solved = agreed(scenario)
    line = solved.line()
    state, captor = line.at(solved.trust)[3:5, line.head]
    return max(float(state), 1e-9), max(float(captor), 1e-9)
