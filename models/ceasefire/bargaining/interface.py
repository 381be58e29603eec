"""What every model of the negotiation offers, so that one command and one page serve them all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Protocol, Self, get_type_hints

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, meant

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.bargaining.registry import Entry
    from ceasefire.status import Status
    from ceasefire.truce import Scenario


class Proof(Protocol):
    """A certificate: whether other code than the solver's comes to the same."""

    @property
    def passed(self) -> bool:
        """Whether every check is within its tolerance."""


class Solution(Protocol):
    """What ``solve()`` and ``closed_form()`` return: frozen, readable, certified."""

    @property
    def status(self) -> Status:
        """What the solver claims."""

    @property
    def certificate(self) -> Proof:
        """The proof of that claim."""


class Model(Displayed, ABC):
    """A published model of one step of the negotiation.

    Final subclasses are frozen dataclasses whose fields are the model's parameters. They have
    ``solve()``, ``closed_form()`` where there is one and ``game()`` where the general engines can
    state it. Title, question, sources and picture stand in `ceasefire.bargaining.registry`.
    """

    @classmethod
    @abstractmethod
    def from_scenario(cls, scenario: Scenario) -> Self:
        """The model with the parameters that a scenario implies; the docstring says which."""

    @abstractmethod
    def solve(self) -> Solution:
        """Solve the game, by other means than the closed form."""

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """Comparative statics that answer the model's question: the data of its figure, tidy."""

    @abstractmethod
    def answer(self) -> str:
        """The answer to the model's question at these parameters, in one or two sentences."""

    def figure(self) -> Figure:
        """Draw the table in the house style."""
        from ceasefire.figures.models import draw

        return draw(self.about().drawing, self)

    @classmethod
    def about(cls) -> Entry:
        """The model's line in the registry."""
        from ceasefire.bargaining.registry import entry_of

        return entry_of(cls)

    def replace(self, changes: Mapping[str, Any] | None = None, /, **by_name: Any) -> Self:
        """A copy with some parameters changed, validated anew.

        Raises
        ------
        ArgumentError
            No such parameter, or a value that it does not take.
        """
        wanted = {**(changes or {}), **by_name}
        known = [f.name for f in fields(self)]  # type: ignore[arg-type]  # subclasses: dataclasses
        for name in wanted:
            if name not in known:
                allowed = f"one of {', '.join(known)}"
                raise ArgumentError("parameter", name, allowed, meant(name, known))
        return replace(self, **wanted)  # type: ignore[type-var]

    def parameters(self) -> dict[str, Any]:
        """Parameters by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def takes(cls, name: str) -> Any:
        """The annotated type of a parameter; None where there is no such parameter."""
        return get_type_hints(cls).get(name)


@dataclass(frozen=True)
class Checks(Displayed):
    """Numbers that should be zero, each recomputed by other code than the solver's.

    Attributes
    ----------
    residuals : mapping of str to float
        What was compared, in words -> the difference, relative to the scale that `tolerance`
        speaks of (payoffs: the payoff range). Signed where only one side is a fault: a gain from
        deviating that is negative is no fault.
    tolerance : float
        The largest residual that passes.

    Examples
    --------
    >>> Checks({"gain from a one-shot deviation": -0.2, "closed form": 3e-16}, 1e-12)
    passed: gain from a one-shot deviation -0.2, closed form 3e-16 (at most 1e-12)
    """

    residuals: Mapping[str, float]
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether every residual is at most the tolerance; a NaN is not."""
        return all(value <= self.tolerance for value in self.residuals.values())

    def __repr__(self) -> str:
        shown = ", ".join(f"{what} {value:.3g}" for what, value in self.residuals.items())
        return f"{'passed' if self.passed else 'FAILED'}: {shown} (at most {self.tolerance:.0e})"
