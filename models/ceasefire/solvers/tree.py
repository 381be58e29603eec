"""One equilibrium of a tree, by the method that suits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.solvers.sequence_form import sequence_form
from ceasefire.solvers.subgame_perfect import subgame_perfect

if TYPE_CHECKING:
    from ceasefire.games import ExtensiveForm
    from ceasefire.solvers.result import Equilibrium


def one_equilibrium(tree: ExtensiveForm, *, exact: bool = False) -> Equilibrium:
    """Backward induction under perfect information, else the sequence form."""
    if bool(np.all(np.bincount(tree.infoset[tree.infoset >= 0], minlength=1) == 1)):
        return subgame_perfect(tree, limit=1)[0]
    return sequence_form(tree, exact=exact)
