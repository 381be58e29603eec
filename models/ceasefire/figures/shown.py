"""The figure that every picture is drawn on: one that a notebook shows."""

from __future__ import annotations

from io import BytesIO

from matplotlib.figure import Figure

DOTS, SEEN = 216.0, 144.0  # per inch: in the file, and of a page; sharp on a fine screen


class ShownFigure(Figure):
    """A figure that shows itself in a notebook, though pyplot does not know of it."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Return the figure as PNG and the size at which it is read, in pixels of a page."""
        written = BytesIO()
        self.savefig(written, format="png", dpi=DOTS, metadata={"Software": None})
        width, height = self.get_size_inches() * SEEN
        return written.getvalue(), {"width": round(width), "height": round(height)}
