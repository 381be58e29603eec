"""Extensions of the truce model (docs/model.md): optional tables of a scenario file.

A scenario without the table is the base model, to the last digit. With one,
:func:`ceasefire.truce.solve` returns that extension's own equilibrium. An extension is a module
of this package, named like its table: it holds the table's fields and
``solve(scenario, *, beliefs, throw)``, which imports the compiled code only when called.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from ceasefire.errors import ArgumentError
from ceasefire.truce.extensions.mediator import Mediator
from ceasefire.truce.extensions.partial_batches import PartialBatches
from ceasefire.truce.extensions.resolve import Resolve
from ceasefire.truce.extensions.second_category import SecondCategory
from ceasefire.truce.fields import _Group

if TYPE_CHECKING:
    from ceasefire.truce.scenario import Scenario


class Extensions(_Group):
    """The optional tables: a line an extension, named like its module. None is off."""

    partial_batches: Annotated[
        PartialBatches | None, Field(description="partial batches; off if absent")
    ] = None
    mediator: Annotated[Mediator | None, Field(description="strategic mediator; off if absent")] = (
        None
    )
    resolve: Annotated[
        Resolve | None, Field(description="the pausing state's own type; off if absent")
    ] = None
    second_category: Annotated[
        SecondCategory | None, Field(description="second category of captives; off if absent")
    ] = None


EXTENSIONS: dict[str, type[_Group]] = {
    "partial_batches": PartialBatches,
    "mediator": Mediator,
    "resolve": Resolve,
    "second_category": SecondCategory,
}


def solve_extended(scenario: Scenario, *, beliefs: int, throw: bool) -> Any:
    """Solve a scenario by the one extension that it switches on.

    Raises
    ------
    ArgumentError
        It switches on two or more.
    SolveError
        Not solved.
    """
    names = scenario.extensions
    if len(names) != 1:
        allowed = "one extension at a time; extensions cannot be combined yet"
        hint = f"leave one of [{'], ['.join(names)}] out of the scenario"
        raise ArgumentError("scenario", " and ".join(names), allowed, hint)
    module = import_module(f"{__name__}.{names[0]}")
    return module.solve(scenario, beliefs=beliefs, throw=throw)


def require_base(scenario: Scenario, what: str) -> None:
    """Refuse a scenario that switches an extension on; `what` is defined on the base model alone.

    Raises
    ------
    ArgumentError
        An extension is on.
    """
    if scenario.extensions:
        names = ", ".join(scenario.extensions)
        allowed = f"no extension: {what} is defined for the base model"
        off = ", ".join(f'"{name}": None' for name in scenario.extensions)
        raise ArgumentError("scenario", names, allowed, f"scenario.replace({{{off}}})")
