"""To and from `nashpy.Game`, the library that many begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.games.normal import NormalForm

if TYPE_CHECKING:
    import nashpy


def to_nashpy(game: NormalForm) -> nashpy.Game:
    """Return the two-player game as `nashpy.Game`; labels and exactness are lost there.

    Examples
    --------
    >>> to_nashpy(NormalForm.bimatrix([[1, 0], [0, 1]], [[0, 1], [1, 0]])).zero_sum
    False
    """
    import nashpy

    if not isinstance(game, NormalForm):
        hint = "a tree's strategic form is tree.strategic_form()"
        raise ArgumentError("game", type(game).__name__, "a NormalForm", hint)
    if game.n_players != 2:
        raise ArgumentError("game", f"{game.n_players} players", "two players: nashpy has no more")
    return nashpy.Game(np.array(game.payoffs[0]), np.array(game.payoffs[1]))


def from_nashpy(game: nashpy.Game, *, title: str = "") -> NormalForm:
    """Return the game of a `nashpy.Game`."""
    first, second = game.payoff_matrices
    return NormalForm.bimatrix(np.asarray(first), np.asarray(second), title=title)
