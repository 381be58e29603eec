"""How large a pilot is best for a captor that means to deal, in the truce model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from ceasefire.bargaining._assessments import Found, outcome
from ceasefire.bargaining._staged import Number, checked
from ceasefire.bargaining.interface import Checks, Model
from ceasefire.errors import ArgumentError
from ceasefire.truce.fields import Parameters  # noqa: TC001 - `takes` resolves it

if TYPE_CHECKING:
    import pandas as pd

    from ceasefire.games import ExtensiveForm
    from ceasefire.truce import Scenario, TruceEquilibrium

SIZES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


@dataclass(frozen=True, repr=False)
class PilotChoice(Found):
    """The pilot that is best for a dealer.

    Attributes
    ----------
    size : float
        Best of the sizes offered, captives.
    net : float
        The dealer's net value at it, utils.
    matched, trust, open_probability : float
        Share of opportunists that match it; belief and chance of talks after it.
    nets : tuple of float
        Net values by size.
    """

    size: float
    net: float
    matched: float
    trust: float
    open_probability: float
    nets: tuple[float, ...]


@dataclass(frozen=True)
class OptimalPilot(Model):
    r"""How large a pilot a dealer prefers, in the truce model.

    A larger pilot is matched by fewer opportunists, so that it is believed more, and costs more: a
    dealer of a pilot of x nets ``P(open | mu(x)) z_C U_d(mu(x)) - C(W0 + x, x)``, with the matched
    share q a fixed point of ``q = min(1, P(open) z_C U_o(mu) / (x Z))``.

    Parameters
    ----------
    parameters_of_truce : Parameters
        All parameters of the truce model (``scenario.symbols()``).
    sizes : tuple of float
        Pilots to choose from, captives, above 0, rising.

    Notes
    -----
    *Captures:* screening and its price in one number. *Leaves out:* that the size itself may
    signal; with two types and a fixed prize `SpencePilot` states that for the general engine and
    picks the least size, while a veto cost drawn by chance makes the best size interior.

    *Traps.* Net value is flat near its maximum (baseline: 33.8 at 4, 34.2 at 8).

    References
    ----------
    docs/model.md and proposition P3 (own model).

    Examples
    --------
    >>> import ceasefire
    >>> OptimalPilot.from_scenario(ceasefire.load("november-2023")).solve().size
    8.0
    """

    parameters_of_truce: Parameters
    sizes: tuple[float, ...] = SIZES

    def __post_init__(self) -> None:
        if not self.sizes:
            raise ArgumentError("sizes", self.sizes, "at least one size")
        for k, size in enumerate(self.sizes):
            least = self.sizes[k - 1] if k else 0
            checked(f"sizes[{k}]", size, least, 1e4, "captives, above 0 and rising")

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> OptimalPilot:
        """All parameters are the scenario's; sizes are those of proposition P3."""
        return cls(scenario.symbols())

    def solve(self) -> PilotChoice:
        """Solve the truce at every size; the certificate recomputes net value and fixed point."""
        runs = [solved(self.parameters_of_truce._replace(x_p=size)) for size in self.sizes]
        nets = tuple(float(run.pilot.dealer_net) for run in runs)
        best = max(range(len(nets)), key=nets.__getitem__)
        pilot, misses = runs[best].pilot, {}
        for size, run in zip(self.sizes, runs, strict=True):
            net, matched = self._recomputed(run)
            misses[f"net at {size:g}"] = abs(net - run.pilot.dealer_net) / (1 + abs(net))
            misses[f"matched at {size:g}"] = abs(matched - run.pilot.matched)
        proof = Checks(misses, 1e-8)
        return PilotChoice(
            self.sizes[best], nets[best], float(pilot.matched), float(pilot.trust),
            float(pilot.open_probability), nets,
            method="the truce solved at each size", certificate=proof, status=outcome(proof),
        )  # fmt: skip

    def game(self, sizes: tuple[Number, ...] = (0, 1, 2, 4)) -> ExtensiveForm:
        """The signalling game on a grid of sizes, two types, with the prize held fixed."""
        from ceasefire.bargaining.pilot import SpencePilot

        p = self.parameters_of_truce
        return SpencePilot.from_scenario(scenario_of(p)).game(sizes)

    def table(self) -> pd.DataFrame:
        """By size: matched share, trust, chance of talks, and the dealer's net value in utils."""
        import pandas as pd

        rows = []
        for size in self.sizes:
            pilot = solved(self.parameters_of_truce._replace(x_p=size)).pilot
            values = (pilot.matched, pilot.trust, pilot.open_probability, pilot.dealer_net)
            rows.append((size, *map(float, values)))
        names = ["captives", "matched", "trust", "open_probability", "dealer_net"]
        return pd.DataFrame(rows, columns=names)

    def answer(self) -> str:
        """The best size, and what one of two gives."""
        found = self.solve()
        usual = solved(self.parameters_of_truce).pilot
        if found.net < 0:
            return (
                f"No pilot pays a dealer: of the sizes tried, from {min(self.sizes):g} to "
                f"{max(self.sizes):g}, even the best, {found.size:g}, costs it {-found.net:.2f} "
                f"utils more than the talks that it opens are worth."
            )
        return (
            f"Of the sizes {', '.join(f'{x:g}' for x in self.sizes)} a dealer prefers "
            f"{found.size:g} (net {found.net:.1f} utils, trust {found.trust:.3f}); the pilot of "
            f"{usual.captives:g} nets {usual.dealer_net:.1f} and lifts trust from "
            f"{usual.trust_before:.3f} to {usual.trust:.3f}."
        )

    def _recomputed(self, run: TruceEquilibrium) -> tuple[float, float]:
        from ceasefire.truce.payoffs import release_loss

        p = run.parameters
        opens, dealer, worth = block_values(p)
        net = opens * dealer - float(release_loss(p, p.W0 + p.x_p, p.x_p))
        return net, min(1.0, worth / (p.x_p * p.Z)) if p.Z > 0 else 1.0


def scenario_of(p: Parameters) -> Scenario:
    """The scenario of these parameters."""
    import ceasefire

    return ceasefire.load("november-2023").replace(p._asdict())


@lru_cache(maxsize=64)
def solved(p: Parameters) -> TruceEquilibrium:
    """The truce of these parameters, solved once."""
    from ceasefire import truce

    return truce.solve(scenario_of(p))


def block_values(p: Parameters) -> tuple[float, float, float]:
    """Chance of talks after the pilot, ``z_C U_d`` and ``P(open) z_C U_o``, by the block."""
    eq = solved(p)
    weights = [(days, share) for days, share in eq.block_weights.items() if days]
    state, dealer, opportunist = (
        math.fsum(share * float(eq.block[name].to_numpy()[days - 1]) for days, share in weights)
        for name in ("pausing_state", "dealer", "opportunist")
    )
    opens = 1.0 / (1.0 + math.exp(-(eq.talks.pausing_state_discount * state - p.K_T) / p.s_T))
    z = eq.talks.captor_discount
    return opens, z * dealer, opens * z * opportunist
