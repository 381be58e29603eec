"""One equilibrium of a tree, by the method that suits it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ceasefire.errors import SolveError
from ceasefire.solvers.nash import not_rational
from ceasefire.solvers.sequence_form import sequence_form
from ceasefire.solvers.subgame_perfect import on_tree, subgame_perfect

if TYPE_CHECKING:
    from ceasefire.games import ExtensiveForm
    from ceasefire.solvers.result import Equilibrium


def one_equilibrium(tree: ExtensiveForm, *, exact: bool = False) -> Equilibrium:
    """Backward induction under perfect information, else the sequence form, or a logit limit.

    The sequence form takes two players; other numbers follow the agent logit path to its limit, in
    floats. Exactly they have a subgame-perfect equilibrium that is pure where moves are hidden, if
    one is found.
    """
    if bool(np.all(np.bincount(tree.infoset[tree.infoset >= 0], minlength=1) == 1)):
        return subgame_perfect(tree, exact=exact, limit=1)[0]
    if tree.n_players == 2:
        return sequence_form(tree, exact=exact)
    if exact:
        found = subgame_perfect(tree, exact=True, limit=1)[0]
        if not found.exact:
            raise not_rational()
        return found
    from ceasefire.solvers.sequential import sequential

    limit = sequential(tree)
    found = on_tree(tree, limit.behaviour, limit.method)
    if not found.status.solved:
        raise SolveError(f"the limit of the logit path has regret {found.regret:.1e}", found)
    return found
