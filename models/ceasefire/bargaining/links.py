"""Several mediators, each with its own bargain: fees where channels replace or need each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

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

TOLERANCE = 1e-9  # of the worth: roots of the bargains' conditions
MOST_CHANNELS = 10  # 2^n networks and states
COST, WEIGHT = 1.0, 0.5  # utils a channel and a mediator's weight, assumed for scenarios


@dataclass(frozen=True)
class Links(Displayed):
    """Channels used and their fees.

    Attributes
    ----------
    mediators : tuple of str
    used : tuple of bool
        Whether each has an agreement.
    adds : tuple of numbers
        What each adds to the expected worth, given the other channels in use, utils.
    fees : tuple of numbers
        Utils; 0 where it is not used.
    chance : number
        Of a deal.
    worth, kept : number
        Expected worth of the deal, and less all fees, utils. Below 0: the parties walk out of all.
    networks : int
        Sets of channels that no single link's bargain would change.
    method : str
    certificate : Checks
    status : Status
    """

    mediators: tuple[str, ...]
    used: tuple[bool, ...]
    adds: tuple[Any, ...]
    fees: tuple[Any, ...]
    chance: Any
    worth: Any
    kept: Any
    networks: int
    method: str
    certificate: Checks
    status: Status = Status.OK

    def __repr__(self) -> str:
        pairs = zip(self.mediators, self.fees, strict=True)
        shown = ", ".join(f"{name} {short(fee)}" for name, fee in pairs)
        return (
            f"fees {shown}; {short(self.kept)} of {short(self.worth)} utils kept; "
            f"{self.method}; {self.status}"
        )


@dataclass(frozen=True)
class NashInNash(Model):
    r"""The parties to a deal bargain with each mediator apart, taking the other bargains as given.

    A deal is worth W and comes about if at least k of the channels work, channel m with chance
    r_m by itself if it is used. With the set A in use, m adds
    ``D_m = W (P(A) - P(A \ m))``, costs its owner c_m, and the two of them share the difference
    by the weighted Nash solution with weight b of the mediator:

    .. math:: t_m = c_m + b\,(D_m - c_m), \qquad m \in A \text{ only if } D_m \ge c_m .

    Parameters
    ----------
    worth : float or Fraction
        W, utils, above 0.
    reliability : tuple of float or Fraction
        r, chances in (0, 1], one a channel; at most 10.
    costs : tuple of float or Fraction
        c, utils, from 0.
    needed : int
        k, 1 (channels replace each other) to all (each is needed).
    weight : float or Fraction
        b, in [0, 1].
    mediators : tuple of str, optional

    Notes
    -----
    *Captures:* that with one channel too many every one of them is cheap, and with each needed
    every one can ask for its share of the whole: fees may then exceed the deal, and the parties
    walk out (status `NO_DEAL`). *Leaves out:* fees that depend on success, joint bargaining, what
    mediators think of each other's agreements if theirs fails (here: nothing changes).

    *Traps.* Fees do not add up to a share of the worth: substitutes get less than b of it together,
    complements more. Several sets of channels may be stable; the one of highest joint worth always
    is, and is the one reported. A channel that adds just its cost is used.

    References
    ----------
    Horn, H. and A. Wolinsky (1988), "Bilateral monopolies and incentives for merger", RAND Journal
    of Economics 19:408-419, for the concept; this form of the gains is our own.

    Examples
    --------
    >>> from fractions import Fraction
    >>> half = Fraction(1, 2)
    >>> NashInNash(8, (half, half), (0, 0), 1, half).closed_form()
    fees mediator 1 1, mediator 2 1; 4 of 6 utils kept; closed form; solved
    >>> NashInNash(8, (half, half), (0, 0), 2, half).closed_form().fees
    (Fraction(1, 1), Fraction(1, 1))
    """

    worth: Number
    reliability: tuple[Number, ...]
    costs: tuple[Number, ...]
    needed: int = 1
    weight: Number = Fraction(1, 2)
    mediators: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked("worth", self.worth, 0, math.inf, "utils above 0")
        n = len(self.reliability)
        if not 1 <= n <= MOST_CHANNELS:
            raise ArgumentError("reliability", self.reliability, f"1 to {MOST_CHANNELS} chances")
        for chance in self.reliability:
            checked("reliability", chance, 0, 1 + 1e-15, "chances above 0")
        if len(self.costs) != n:
            raise ArgumentError("costs", self.costs, f"{n} numbers, one a channel")
        for cost in self.costs:
            checked("costs", cost, -1e-300, math.inf, "utils from 0")
        if not (isinstance(self.needed, int) and 1 <= self.needed <= n):
            raise ArgumentError("needed", self.needed, f"a whole number, 1 to {n}")
        checked("weight", self.weight, -1e-300, 1 + 1e-15, "a weight from 0 to 1")
        if self.mediators and len(set(self.mediators)) != n:
            raise ArgumentError("mediators", self.mediators, f"{n} different names, or none")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> NashInNash:
        """One channel for each mediator, any of which is enough.

        Worth: both sides' value of the truce at its start, solved. A channel works with the share
        of days on which contact is live, restore / (restore + blackout). Assumed: channels fail
        independently, one util of cost each, equal weights.
        """
        from ceasefire.bargaining.parties import truce_worth

        count = min(max(len(scenario.parties.mediators), 1), MOST_CHANNELS)
        talks = scenario.talks
        both = talks.restore_per_day + talks.blackout_per_day
        live = max(talks.restore_per_day / both, 1e-6) if both > 0 else 1.0
        return cls(sum(truce_worth(scenario)), (live,) * count, (COST,) * count, 1, WEIGHT)

    def closed_form(self) -> Links:
        """Return fees by the formula, in fractions where all parameters are."""
        W, _, c, b = self._numbers()
        used, networks = self._best()
        adds = [W * x for x in self._marginals(used)]
        fees = [c_m + b * (d - c_m) if on else 0 * W
                for on, c_m, d in zip(used, c, adds, strict=True)]  # fmt: skip
        return self._found(used, adds, fees, networks, "closed form")

    def solve(self) -> Links:
        """Maximise each link's Nash product, the other bargains given, by its condition's root."""
        from scipy.optimize import brentq

        W, _, c, b = self._numbers()
        used, networks = self._best()
        adds = [float(W) * float(x) for x in self._marginals(used)]
        fees = [0.0 for _ in used]
        for m, on in enumerate(used):
            low, high = float(c[m]), adds[m]
            if not on or high - low <= 1e-14 * float(W):
                fees[m] = low if on else 0.0
                continue

            def tilt(fee: float, low: float = low, high: float = high) -> float:
                """Slope of the log product times both gains."""
                return float(b) * (high - fee) - (1.0 - float(b)) * (fee - low)

            fees[m] = float(brentq(tilt, low, high, xtol=1e-13 * float(W)))
        return self._found(used, adds, fees, networks, "each link's Nash product")

    def game(
        self, *, link: int = 0, rounds: int = 2, discount: Number = Fraction(9, 10)
    ) -> ExtensiveForm:
        """State one link's bargain as offers by drawn proposers (`UnanimityTable.game`).

        The mediator proposes with chance b; with equal discounts its value is then b of the gain
        in every number of rounds.
        """
        from ceasefire.bargaining.parties import UnanimityTable

        _, _, c, b = self._numbers()
        if not 0 <= link < len(c):
            raise ArgumentError("link", link, f"0 to {len(c) - 1}")
        gain = self.closed_form().adds[link] - c[link]
        if gain <= 0 or not 0 < b < 1:
            raise ArgumentError("link", link, "one with something to share and weights above 0")
        names = ("parties", self.names[link])
        return UnanimityTable(gain, (discount,) * 2, (1 - b, b), (), names).game(rounds=rounds)

    @property
    def names(self) -> tuple[str, ...]:
        """The mediators' names."""
        return self.mediators or tuple(f"mediator {k + 1}" for k in range(len(self.reliability)))

    def table(self) -> pd.DataFrame:
        """Fees by how many channels must work.

        Columns ``needed``, ``mediator``, ``used``, ``adds``, ``fee``; ``worth``, ``fees`` and
        ``kept`` in all (utils, expected); ``deal``.
        """
        import pandas as pd

        rows: list[tuple[Any, ...]] = []
        for needed in range(1, len(self.reliability) + 1):
            found = self.replace(needed=needed).closed_form()
            total = float(sum(found.fees))
            for m, name in enumerate(self.names):
                rows.append((needed, name, found.used[m], float(found.adds[m]),
                             float(found.fees[m]), float(found.worth), total, float(found.kept),
                             found.status is Status.OK))  # fmt: skip
        columns = ["needed", "mediator", "used", "adds", "fee", "worth", "fees", "kept", "deal"]
        frame = pd.DataFrame(rows, columns=columns)
        if len(frame) < 2:  # one channel: with and without bargaining power
            frame = pd.concat([frame, frame.assign(fee=0.0, fees=0.0)], ignore_index=True)
        return frame

    def answer(self) -> str:
        """What mediators can ask for, and what they could if each were needed."""
        found = self.closed_form()
        n = len(self.names)
        if not any(found.used):
            return (
                f"No set of the {n} channels is worth its cost with {self.needed} needed, so "
                f"there is no deal."
            )
        fees = [float(x) for x in found.fees]
        text = (
            f"With {self.needed} of {n} channels needed a mediator adds at most "
            f"{shown(max(found.adds))} utils and asks for at most {shown(max(fees))}; all fees "
            f"are {shown(sum(fees))} of an expected {shown(found.worth)}"
        )
        if found.status is Status.NO_DEAL:
            return f"{text}, so the parties walk out: each channel can hold the deal up."
        every = self.replace(needed=n).closed_form()
        if self.needed < n and every.status is Status.NO_DEAL:
            return (
                f"{text}. Were each of them needed, each could hold the deal up: fees of "
                f"{shown(sum(every.fees))} would exceed the {shown(every.worth)} it is "
                f"worth."
            )
        return f"{text}."

    def _numbers(self) -> tuple[Any, list[Any], list[Any], Any]:
        given = (self.worth, self.weight, *self.reliability, *self.costs)
        turn = float if any(isinstance(x, float) for x in given) else exact
        r, c = [turn(x) for x in self.reliability], [turn(x) for x in self.costs]
        return turn(self.worth), r, c, turn(self.weight)

    def _chance(self, used: Sequence[bool]) -> Any:
        """Chance that enough of the channels in use work, channel by channel."""
        r = self._numbers()[1]
        working: list[Any] = [1]
        for on, chance in zip(used, r, strict=True):
            if on:
                more = [*(x * (1 - chance) for x in working), 0]
                for k, x in enumerate(working):
                    more[k + 1] += x * chance
                working = more
        return sum(working[self.needed :], 0 * r[0])

    def _marginals(self, used: Sequence[bool]) -> list[Any]:
        """Return what each channel adds to the chance; of one not in use, what it would add."""
        out = []
        for m in range(len(used)):
            with_it, without = list(used), list(used)
            with_it[m], without[m] = True, False
            out.append(self._chance(with_it) - self._chance(without))
        return out

    def _best(self) -> tuple[tuple[bool, ...], int]:
        """Return the network of highest joint worth and how many are stable."""
        W, _, c, _ = self._numbers()
        slack = 1e-12 * float(W)
        best: tuple[Any, ...] = (-math.inf, 0, ())
        stable = 0
        worth = {}
        for used in product((True, False), repeat=len(c)):
            spent = sum((x for on, x in zip(used, c, strict=True) if on), 0 * W)
            worth[used] = W * self._chance(used) - spent
        for used, value in worth.items():
            flips = [tuple(on != (k == m) for k, on in enumerate(used)) for m in range(len(c))]
            stable += all(float(worth[flip] - value) <= slack for flip in flips)
            if float(value) > best[0] + slack or (
                float(value) >= best[0] - slack and sum(used) > best[1]
            ):
                best = (float(value), sum(used), used)
        return best[2], stable

    def _found(
        self, used: Sequence[bool], adds: Sequence[Any], fees: Sequence[Any], networks: int,
        method: str,
    ) -> Links:  # fmt: skip
        W = self._numbers()[0]
        chance = self._chance(used)
        kept = W * chance - sum(fees)
        proof = self._certified(used, fees)
        status = Status.OK if kept >= 0 and any(used) else Status.NO_DEAL
        return Links(
            self.names, tuple(used), tuple(adds), tuple(fees), chance, W * chance, kept, networks,
            method, proof, status if proof.passed else Status.EXPLOITABLE,
        )  # fmt: skip

    def _certified(self, used: Sequence[bool], fees: Sequence[Any]) -> Checks:
        """Count over all states of the channels; at each fee the weighted gains are equal."""
        W, r, c, b = self._numbers()
        n, scale = len(r), float(W)
        odds = {
            state: math.prod(
                float(x) if up else 1 - float(x) for up, x in zip(state, r, strict=True)
            )
            for state in product((True, False), repeat=n)
        }

        def chance(network: Sequence[bool]) -> float:
            return math.fsum(
                chance
                for state, chance in odds.items()
                if sum(a and up for a, up in zip(network, state, strict=True)) >= self.needed
            )

        off = loss = missed = -math.inf
        for m in range(n):
            flip = [on != (k == m) for k, on in enumerate(used)]
            gain = scale * abs(chance(used) - chance(flip)) - float(c[m])
            if not used[m]:
                missed = max(missed, gain / scale)
                continue
            theirs = float(fees[m]) - float(c[m])
            off = max(off, abs((1 - float(b)) * theirs - float(b) * (gain - theirs)) / scale)
            loss = max(loss, -theirs / scale, (theirs - gain) / scale)
        shown = {
            "Nash condition": off, "loss by an agreement": loss, "gain by a further link": missed
        }  # fmt: skip
        return Checks({k: v for k, v in shown.items() if v > -math.inf}, TOLERANCE)
