"""Shared by models of trust: a result that prints itself, and assessments laid on a tree."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.display import Displayed
from ceasefire.status import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ceasefire.bargaining.interface import Checks
    from ceasefire.games import ExtensiveForm
    from ceasefire.solvers import Assessment

TOLERANCE = 1e-9


@dataclass(frozen=True, kw_only=True, repr=False)
class Found(Displayed):
    """What a solve found; subclasses add the numbers.

    Attributes
    ----------
    method : str
    certificate : Checks
    status : Status
    """

    method: str
    certificate: Checks
    status: Status = field(default=Status.OK)

    def __repr__(self) -> str:
        hidden = ("method", "certificate", "status")
        shown = [
            f"{f.name.replace('_', ' ')} {_shown(getattr(self, f.name))}"
            for f in fields(self)
            if f.name not in hidden
        ]
        end = "" if self.status is Status.OK else f"; {self.status}"
        return f"{', '.join(shown)}; {self.method}{end}"


def outcome(proof: Checks, status: Status = Status.OK) -> Status:
    """The claimed status, unless the certificate fails."""
    return status if proof.passed else Status.EXPLOITABLE


def floats(*values: Any) -> bool:
    """Whether some number was given as a float."""
    return any(isinstance(value, float | np.floating) for value in values)


def laid_out(
    tree: ExtensiveForm,
    plan: Mapping[str, Sequence[Any]],
    beliefs: Mapping[str, Sequence[Any]],
) -> Assessment:
    """Verify behaviour and beliefs given by the labels of the information sets.

    Beliefs are by node in preorder; sets that are not named have one node.
    """
    from ceasefire.solvers import assess

    x = np.concatenate([np.asarray(plan[label], float) for label in tree.infoset_labels])
    mu = np.zeros(tree.n_nodes)
    for h, label in enumerate(tree.infoset_labels):
        mu[tree.nodes(h)] = np.asarray(beliefs.get(label, (1.0,)), float)
    return assess(tree, x, mu)


def gaps(assessment: Assessment) -> dict[str, float]:
    """How far each condition of a sequential equilibrium is missed."""
    return {one.name: one.gap for one in assessment.conditions}


def _shown(value: Any) -> str:
    if isinstance(value, Fraction):
        return str(value) if value.denominator < 10**6 else f"{float(value):.6g}"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_shown, value)) + ")"
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)
