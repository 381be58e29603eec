"""Pictures of the models of the negotiation: a module a step, a function a picture.

Each function takes a model and its table and returns a figure, single column unless it says why.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from ceasefire.figures.style import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ceasefire.bargaining import Model


def draw(name: str, model: Model) -> Figure:
    """Draw a model by ``module.function``; see ``Model.figure``."""
    module, _, function = name.partition(".")
    picture = getattr(import_module(f"{__name__}.{module}"), function)
    with style():
        return cast("Figure", picture(model, model.table()))
