"""What lets an object show and draw itself: the drawing is done by the room of figures.

Games, solutions and results derive from `Displayed`. The rooms they live in know neither HTML nor
matplotlib; both are loaded when somebody looks (docs/decisions/0016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Displayed:
    """An object that a notebook shows as a table, and that has a picture where one says more."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        """Return the object as HTML: tables, and inline SVG where a picture is small."""
        from ceasefire.figures import notebook

        return notebook.html(self)

    def plot(self, kind: str | None = None, *, ax: Axes | None = None) -> Figure:
        """Draw the object in the house style.

        Parameters
        ----------
        kind : str, optional
            Which picture, where there are several; by default the first that fits.
            ``ceasefire.figures.notebook.kinds(obj)`` lists them.
        ax : Axes, optional
            Where to draw a picture of one panel; by default on a figure of its own.

        Returns
        -------
        Figure
            What was drawn on, which a notebook shows; its panels are ``figure.axes``. pyplot
            does not know of it, so nothing is shown or kept open.

        Raises
        ------
        ArgumentError
            No such picture of this object, or `ax` for a picture of several panels.

        Examples
        --------
        >>> from ceasefire import games
        >>> chicken = games.NormalForm.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]])
        >>> len(chicken.plot().axes), len(chicken.plot("payoffs").axes)
        (1, 1)
        """
        from ceasefire.figures import notebook

        return notebook.plot(self, kind, ax=ax)
