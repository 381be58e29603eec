"""Models of the negotiation and their solutions as a notebook shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError
from ceasefire.figures.notebook import _parts as parts
from ceasefire.figures.notebook._pictures import Picture, drawn_by, own

if TYPE_CHECKING:
    from collections.abc import Callable

    from ceasefire.bargaining import Checks, Model
    from ceasefire.figures.notebook._parts import Safe


def model(of: Model) -> Safe:
    """The question that a model answers, and its parameters."""
    rows = [(name.replace("_", " "), _value(value)) for name, value in of.parameters().items()]
    return parts.together(
        parts.heading(type(of).__name__ if not _listed(of) else of.about().name),
        parts.line(of.about().question) if _listed(of) else "",
        parts.table(rows, head=("parameter", "value"), most=2 * parts.MOST_ROWS),
    )


def _listed(of: Model) -> bool:
    try:
        of.about()
    except (ArgumentError, LookupError):
        return False
    return True


def _value(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number else parts.told(value)


def checks(of: Checks) -> Safe:
    """What was compared, and how far it is off."""
    rows = [(what, f"{value:.3g}") for what, value in of.residuals.items()]
    said = "passed" if of.passed else "FAILED"
    caption = f"certificate: {said} (at most {of.tolerance:.0e})"
    return parts.table(rows, head=("compared", "off by"), caption=caption)


TABLES: dict[str, Callable[[Any], Safe]] = {"Model": model, "Checks": checks}


PICTURES: dict[str, dict[str, Picture]] = {
    "Model": {"answer": own(_listed)},
    "Staging": {"release": drawn_by("gradualism", "staged_release")},
}
HINTS = {"": "the model has one: model.plot()"}
