"""On which smooth piece of the likelihood a scenario lies: what in its equilibrium is discrete."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.truce import _kernels as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.calibration.likelihood import Likelihood
    from ceasefire.truce.game import LineOfPlay

SURE, NEVER, NO_DAY = -1, -2, -3


class Regime(NamedTuple):
    """Equal for two scenarios whose likelihoods lie on one smooth piece.

    Attributes
    ----------
    blocks : tuple of int
        First blocks in play; two where they tie.
    all_match : bool
        Whether every opportunist matches the pilot.
    days : tuple of bytes
        For each belief met on the course of each block, which critical posterior each day uses:
        none because delivery is sure, none because it never happens, or which root.
    """

    blocks: tuple[int, ...]
    all_match: bool
    days: tuple[bytes, ...]


def regime(found: Likelihood) -> Regime:
    """Read off the regime of a likelihood's equilibrium, along all that its record allows."""
    eq = found.equilibrium
    days = [
        _roots(eq.line(block), belief).tobytes()
        for block, beliefs in sorted(found.beliefs.items())
        for belief in beliefs
    ]
    return Regime(tuple(sorted(eq.block_weights)), eq.pilot.matched >= 1.0, tuple(days))


def _roots(line: LineOfPlay, belief: float) -> NDArray[np.int8]:
    """Which root each node's day uses at a belief; all roots of days behind count with it."""
    nodes, at = line.nodes, line.at(belief)
    deliver = at[kernels.DELIVER]
    first_above = (nodes.roots <= belief) & (
        np.arange(nodes.roots.shape[1]) < nodes.n_roots[:, None]
    )
    which = first_above.sum(axis=1)
    which = np.where(deliver >= 1.0, SURE, np.where(deliver <= 0.0, NEVER, which))
    which = np.where(nodes.kind == kernels.DAY, which, NO_DAY)
    return np.concatenate((which, nodes.n_roots)).astype(np.int8)
