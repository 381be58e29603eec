"""A split of the pie is proposed; it holds if both name it, and otherwise they fight."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.games import BayesianGame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SIDES = ("side 1", "side 2")
FIGHT = "fight"
APART = 1e-9  # of the pie


def proposal_game(
    prior: NDArray[Any],
    war: NDArray[Any],
    splits: Sequence[Any],
    types: Sequence[Sequence[str]],
    title: str,
) -> BayesianGame:
    """State the game in which a mediator's public proposal is advice that nobody has to follow.

    Each side names a split, or fights. Who is told a split can only accept it, by naming it, or
    refuse, which is war, so that advising both the same split is a public, unenforceable proposal.

    Parameters
    ----------
    prior : ndarray, shape (T1, T2)
    war : ndarray, shape (2, T1, T2)
        What fighting is worth by types, of a pie of 1.
    splits : sequence of numbers
        Shares of side 1 that may be proposed.
    types : two sequences of str
    title : str
    """
    count = len(splits) + 1
    payoffs = np.empty((*war.shape, count, count), dtype=object)
    payoffs[...] = war[:, :, :, None, None]
    for k, split in enumerate(splits):
        payoffs[0, :, :, k, k], payoffs[1, :, :, k, k] = split, 1 - split
    names = [*_distinct(splits), FIGHT]
    return BayesianGame(prior, payoffs, SIDES, types, [names, names], title)


def peace(splits: Sequence[Any]) -> NDArray[np.int64]:
    """1 where both name one split, by actions; shape (n + 1, n + 1)."""
    event = np.eye(len(splits) + 1, dtype=np.int64)
    event[-1, -1] = 0
    return event


def grid(more: Sequence[Any], steps: int) -> list[Any]:
    """The splits ``more`` and 0, 1/steps, ..., 1; one of two that differ by rounding alone."""
    kept = list(more)
    for k in range(steps + 1 if steps else 0):
        if all(abs(Fraction(k, steps) - x) > APART for x in kept):
            kept.append(Fraction(k, steps))
    return sorted(kept)


def short(value: Any) -> str:
    """A fraction as it is, another number to six digits."""
    return str(value) if isinstance(value, Fraction) else f"{float(value):.6g}"


def _distinct(splits: Sequence[Any]) -> list[str]:
    short = [f"{float(s):.4g}" for s in splits]
    return short if len(set(short)) == len(short) else [f"{float(s)!r}" for s in splits]
