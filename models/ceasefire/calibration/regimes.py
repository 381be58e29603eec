"""On which smooth piece of the likelihood a scenario lies: what in its equilibrium is discrete."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ceasefire.truce import _kernels as kernels
from ceasefire.truce.opening import head_values, nash_products

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ceasefire.calibration.likelihood import Likelihood
    from ceasefire.truce.game import LineOfPlay

Origin: TypeAlias = tuple[int, int]

SURE, NEVER = -1, -2
OPENING, ONE = (-1, 0), (-2, 0)  # origins of beliefs that are no critical posterior of a day


class Regime(NamedTuple):
    """Equal for two scenarios whose likelihoods lie on one smooth piece.

    Attributes
    ----------
    blocks : tuple of int
        First blocks of the equilibrium; two where they tie.
    all_match : bool
        Whether every opportunist matches the pilot.
    weighed : tuple of tuple of int
        For each belief after the pilot, the best block and all that both sides want.
    days : tuple
        For each block whose value counts, behind each belief after the pilot: which critical
        posterior each day that can be come to uses, at each belief that it can be come to with:
        none because delivery is sure, none because it never happens, or which root.
    """

    blocks: tuple[int, ...]
    all_match: bool
    weighed: tuple[tuple[int, ...], ...]
    days: tuple[tuple[int, ...], ...]


def regime(found: Likelihood) -> Regime:
    """Read off the regime of a likelihood's equilibrium, along all that its values rest on.

    That is more than the record shows: an offer is chosen among all chunks, and the block that
    was seen is weighed against all blocks, so each play that could have followed counts.
    """
    eq = found.equilibrium
    weighed, days = [], []
    for trust in _openings(found):
        best, wanted = _wanted(eq.lines, trust, eq.bargaining_weight)
        weighed.append((best, *wanted))
        for block in sorted(_blocks(found, best, wanted)):
            days.append((block, *_pieces(eq.line(block), trust)))
    matched = eq.pilot.matched >= 1.0
    return Regime(tuple(sorted(eq.block_weights)), matched, tuple(weighed), tuple(days))


def _openings(found: Likelihood) -> list[float]:
    """Beliefs after the pilot that the record allows."""
    eq, seen = found.equilibrium, found.observation
    refused = seen.pilot is not True and "pilot" not in seen.given
    return [eq.trust, 0.0] if refused and eq.parameters.x_p > 0.0 else [eq.trust]


def _wanted(lines: Sequence[LineOfPlay], trust: float, weight: float) -> tuple[int, list[int]]:
    """Best block (0: none), and all with a positive Nash product."""
    products = nash_products(head_values(lines, trust), weight)
    wanted = [i + 1 for i in range(len(products)) if products[i] > 0.0]
    return (int(products.argmax()) + 1 if wanted else 0), wanted


def _blocks(found: Likelihood, best: int, wanted: list[int]) -> set[int]:
    """Blocks whose values count: the equilibrium's, the one seen, and all that it is held against.

    The values of a block that a side would rather not have count nowhere else than here.
    """
    seen = found.observation
    blocks = {best, *found.equilibrium.block_weights}
    if "block" in seen.given:
        blocks.add(int(seen.block_days or 0))
    elif math.isfinite(seen.block_precision):
        blocks.update(wanted)
    return blocks - {0}


def _pieces(line: LineOfPlay, trust: float) -> list[int]:
    """Node, origin of the belief and root in use, of every day that can be come to.

    A belief is told by its origin, not its value, so that the same play has the same name after a
    small move: the opening, one, or a critical posterior of a day.
    """
    nodes = line.nodes
    kind, following = nodes.kind.tolist(), nodes.following.tolist()
    offers, n_offers = nodes.offers.tolist(), nodes.n_offers.tolist()
    waiting: list[dict[Origin, float]] = [{} for _ in kind]
    waiting[line.head][OPENING] = trust
    told: list[int] = []
    for node in range(line.head, -1, -1):  # every successor has a smaller index
        for origin, belief in waiting[node].items():
            if kind[node] == kernels.WINDOW:
                for day in offers[node][1 : n_offers[node] + 1]:
                    waiting[day][origin] = belief
                continue
            at = line.at(belief)
            deliver, posterior = at[kernels.DELIVER, node], float(at[kernels.POSTERIOR, node])
            use, leads = _use(line, node, belief, deliver)
            told += (node, *origin, use)
            waiting[following[node]][leads or origin] = posterior
    return told


def _use(line: LineOfPlay, node: int, belief: float, deliver: float) -> tuple[int, Origin | None]:
    """Which root a day uses, and the origin of the belief after a delivery; None: as before."""
    if deliver >= 1.0:
        return SURE, None
    if deliver <= 0.0:
        return NEVER, ONE if belief > 0.0 else None
    roots = line.nodes.roots[node, : line.nodes.n_roots[node]]
    which = int((roots <= belief).sum())
    return which, (node, which)
