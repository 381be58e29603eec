"""Small pictures inside a page: SVG that takes its colour and its type from what surrounds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.figures.notebook._parts import Safe, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_BARS = 24
MOST_POINTS = 200  # of one outline
LETTERS = 18  # of a label
FONT = 'font-size="11" fill="currentColor" stroke="none"'


def picture(width: float, height: float, name: str, body: str) -> Safe:
    """Return an image of its own, named for those who do not see it."""
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    look = 'fill="none" stroke="currentColor" style="max-width:100%;height:auto"'
    title = text(name)
    return Safe(
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{title}" {size} {look}>'
        f"<title>{title}</title>{body}</svg>"
    )


def word(x: float, y: float, what: Any, anchor: str = "middle", most: int = LETTERS) -> str:
    """Return a label."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT}>{text(what, most)}</text>'


def bars(
    labels: Sequence[Any], values: Sequence[float], name: str, *, below: str = "",
    marked: Sequence[int] = (),
) -> Safe:  # fmt: skip
    """Return bars with their numbers above; marked ones are full, others half as dark."""
    shown = min(len(labels), MOST_BARS)
    step, tall, foot = 34.0, 90.0, 34.0 if below else 18.0
    top = max([1e-300, *map(float, values)])
    parts = [_bar(k, float(values[k]) / top, float(values[k]), labels[k], k in marked, step, tall)
             for k in range(shown)]  # fmt: skip
    width = max(step * shown + 8.0, 6.2 * len(below) + 12.0)
    parts.append(f'<path d="M2 {tall + 16:.0f}H{step * shown + 6:.0f}"/>')
    if below:
        parts.append(word(4, tall + 46, below, "start", 60))
    if shown < len(labels):
        width += 70
        parts.append(word(step * shown + 10, tall + 12, f"{len(labels) - shown} more", "start"))
    return picture(width, tall + foot + 16, name, "".join(parts))


def _bar(
    k: int, share: float, value: float, label: Any, full: bool, step: float, tall: float
) -> str:
    x, high = 4 + k * step, max(share * tall, 0.0)
    dark = 0.95 if full else 0.45
    box = (
        f'<rect x="{x + 4:.1f}" y="{tall + 16 - high:.1f}" width="{step - 8:.0f}" '
        f'height="{high:.1f}" fill="currentColor" fill-opacity="{dark}" stroke="none"/>'
    )
    number = word(x + step / 2, tall + 12 - high, f"{value:.2f}") if value >= 5e-3 else ""
    return box + number + word(x + step / 2, tall + 30, label, most=6)


class Plane:
    """A picture of points in the plane with both ranges named: payoffs of two players."""

    def __init__(self, clouds: Sequence[Floats], across: str, up: str) -> None:
        points = np.vstack([cloud for cloud in clouds if len(cloud)] or [np.zeros((1, 2))])
        self.low, self.high = points.min(axis=0), points.max(axis=0)
        self.span = np.where(self.high > self.low, self.high - self.low, 1.0)
        self.size, self.left, self.top = 220.0, 64.0, 12.0
        self.names, self.body = (across, up), ""

    def _at(self, points: Floats) -> Floats:
        share = (np.atleast_2d(points) - self.low) / self.span
        room = self.size - 16.0
        across, up = share.T
        return np.column_stack([self.left + 8 + room * across, self.top + 8 + room * (1 - up)])

    def outline(self, points: Floats, look: str) -> None:
        """Draw a closed outline, or a dot or a segment where it is no more than that."""
        if not len(points):
            return
        spots = self._at(points[:: max(1, -(-len(points) // MOST_POINTS))])
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots) + "Z"
        self.body += f'<path d="{path}" {look}/>'

    def dots(self, points: Floats, look: str, radius: float = 2.5) -> None:
        """Draw points, at most two hundred."""
        for x, y in self._at(points[:MOST_POINTS]) if len(points) else ():
            self.body += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" {look}/>'

    def cross(self, point: Floats) -> None:
        """Draw a cross."""
        x, y = self._at(point)[0]
        self.body += f'<path d="M{x - 5:.1f} {y:.1f}h10M{x:.1f} {y - 5:.1f}v10"/>'

    def drawn(self, name: str) -> Safe:
        """Return the picture with its axes."""
        right, foot = self.left + self.size, self.top + self.size
        (x0, y0), (x1, y1) = self.low, self.high
        axes = f'<path d="M{self.left} {self.top}V{foot}H{right}" stroke-opacity="0.6"/>'
        ends = word(self.left + 8, foot + 14, f"{x0:.4g}") + word(right - 8, foot + 14, f"{x1:.4g}")
        ends += word(self.left - 4, foot - 4, f"{y0:.4g}", "end")
        ends += word(self.left - 4, self.top + 12, f"{y1:.4g}", "end")
        middle = (self.left + right) / 2
        named = word(middle, foot + 30, self.names[0], most=40)
        up, down = 14, self.top + self.size / 2
        turned = f'<g transform="rotate(-90 {up} {down:.0f})">{word(up, down, self.names[1], most=40)}</g>'  # noqa: E501 - one string
        return picture(right + 14, foot + 38, name, axes + self.body + ends + named + turned)
