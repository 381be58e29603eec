"""Peeling and pasting of boxes, on ranks: what a box holds depends on the order of values alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]
    Codes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Column:
    """A parameter by rank: ``levels[codes]`` are its values."""

    name: str
    codes: Codes
    levels: Sequence[object]
    ordered: bool


@dataclass(frozen=True)
class Span:
    """What a box allows of a parameter: ranks `low` to `high`, without those `dropped`."""

    low: int
    high: int
    dropped: frozenset[int] = frozenset()


Box = tuple[Span, ...]


class Move(NamedTuple):
    """A box next to another one, and what it would hold."""

    box: Box
    rows: int
    hits: int
    what: str


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows at hand: their parameters, and whether each is a case of interest."""

    columns: tuple[Column, ...]
    hit: Mask

    def __len__(self) -> int:
        return len(self.hit)

    def whole(self) -> Box:
        """Return the box without restriction."""
        return tuple(Span(0, len(column.levels) - 1) for column in self.columns)

    def allowed(self, which: int, span: Span) -> Mask:
        """Rows whose value of a parameter a span allows."""
        codes = self.columns[which].codes
        told: Mask = (codes >= span.low) & (codes <= span.high)
        return told & ~np.isin(codes, list(span.dropped)) if span.dropped else told

    def inside(self, box: Box, *, but: int | None = None) -> Mask:
        """Rows that a box holds; without its restriction of one parameter."""
        told = np.ones(len(self), dtype=bool)
        whole = self.whole()
        for which, span in enumerate(box):
            if which != but and span != whole[which]:
                told &= self.allowed(which, span)
        return told


def columns(parameters: pd.DataFrame) -> tuple[Column, ...]:
    """Return parameters by rank; words and truth values have no order."""
    import pandas as pd

    found = []
    for name in parameters.columns:
        values = parameters[name]
        kind = pd.api.types
        ordered = kind.is_numeric_dtype(values) and not kind.is_bool_dtype(values)
        plain = values if ordered else values.astype(str)
        levels, codes = np.unique(plain.to_numpy(), return_inverse=True)
        found.append(Column(str(name), codes.astype(np.int64), levels.tolist(), ordered))
    return tuple(found)


def peeled(rows: Rows, peel: float, least: int) -> Iterator[Move]:
    """Yield boxes, each with a face of the one before cut away, while `least` rows are left."""
    box, at = rows.whole(), np.arange(len(rows))
    while True:
        hits = int(np.count_nonzero(rows.hit[at]))
        if hits == len(at):
            return
        moves = [move for move in _cuts(rows, box, at, peel) if move.rows >= least]
        if not moves:
            return
        best = max(moves, key=lambda move: _gain(move, len(at), hits))  # the first of equals
        box = best.box
        at = at[rows.inside(box)[at]]
        yield best


def _gain(move: Move, rows: int, hits: int) -> tuple[float, int]:
    """Density won for every row given up (Kwakkel and Jaxa-Rozen 2016), then rows kept."""
    won = move.hits * rows - hits * move.rows  # whole numbers: equal gains are equal
    return won / (move.rows * (rows - move.rows)), move.rows


def _cuts(rows: Rows, box: Box, at: Codes, peel: float) -> Iterator[Move]:
    for which, column in enumerate(rows.columns):
        codes, hit = column.codes[at], rows.hit[at]
        if column.ordered:
            spans = _faces(box[which], codes, peel)
        else:
            present = np.unique(codes).tolist() if len(column.levels) > 1 else []
            spans = [(replace(box[which], dropped=box[which].dropped | {code}), codes != code)
                     for code in present if len(present) > 1]  # fmt: skip
        for span, kept in spans:
            cut = (*box[:which], span, *box[which + 1 :])
            count = int(np.count_nonzero(kept))
            yield Move(cut, count, int(np.count_nonzero(hit & kept)), f"peel {column.name}")


def _faces(span: Span, codes: Codes, peel: float) -> list[tuple[Span, Mask]]:
    """Cut at most a share from the low end or the high end; of ties all, or none if others go."""
    count = len(codes)
    away = min(max(1, int(peel * count)), count - 1)
    low, high = int(codes.min()), int(codes.max())
    if low == high:
        return []
    order = np.partition(codes, (away, count - 1 - away))
    first, last = int(order[away]), int(order[count - 1 - away])
    if first == low:
        first = int(codes[codes > low].min())
    if last == high:
        last = int(codes[codes < high].max())
    return [(replace(span, low=first), codes >= first), (replace(span, high=last), codes <= last)]


def pruned(rows: Rows, box: Box, level: float) -> Iterator[Move]:
    """Yield boxes, each with the restriction taken back that chance explains best."""
    while True:
        worst, where = level, None
        for which, side in restrictions(rows, box):
            chance = quasi_p(rows, box, which, side)
            if chance > worst:
                worst, where = chance, (which, side)
        if where is None:
            return
        which, side = where
        box = (*box[:which], _without(rows, box, which, side), *box[which + 1 :])
        yield _moved(rows, box, f"drop {rows.columns[which].name}")


def pasted(rows: Rows, box: Box, paste: float) -> Iterator[Move]:
    """Yield boxes, each with a face moved out, while density does not fall."""
    here = _moved(rows, box, "")
    while True:
        wider = _wider(rows, here.box, paste)
        moves = [_moved(rows, box, f"paste {name}") for name, box in wider]
        moves = [move for move in moves if move.rows > here.rows and _no_thinner(move, here)]
        if not moves:
            return
        here = max(moves, key=lambda move: (move.hits / move.rows, move.rows))
        yield here


def _no_thinner(move: Move, here: Move) -> bool:
    return move.hits * here.rows >= here.hits * move.rows


def _wider(rows: Rows, box: Box, paste: float) -> Iterator[tuple[str, Box]]:
    whole = rows.whole()
    count = max(1, int(paste * np.count_nonzero(rows.inside(box))))
    for which, span in enumerate(box):
        if span == whole[which]:
            continue
        column = rows.columns[which]
        others = column.codes[rows.inside(box, but=which)]
        spans = [replace(span, dropped=span.dropped - {code}) for code in sorted(span.dropped)]
        below, above = others[others < span.low], others[others > span.high]
        if len(below):
            near = int(np.sort(below)[-min(count, len(below))])
            spans.append(replace(span, low=near))
        if len(above):
            near = int(np.sort(above)[min(count, len(above)) - 1])
            spans.append(replace(span, high=near))
        for wider in spans:
            yield column.name, (*box[:which], wider, *box[which + 1 :])


def restrictions(rows: Rows, box: Box) -> list[tuple[int, str]]:
    """Parameter and side ("low", "high", "values") of every restriction."""
    found = []
    for which, (span, full) in enumerate(zip(box, rows.whole(), strict=True)):
        found += [(which, "low")] * (span.low > full.low)
        found += [(which, "high")] * (span.high < full.high)
        found += [(which, "values")] * bool(span.dropped)
    return found


def quasi_p(rows: Rows, box: Box, which: int, side: str = "") -> float:
    """Chance that rows drawn at random from the box without a restriction hold as many hits.

    Of one side, or of all that the box says of the parameter (Bryant and Lempert 2010).
    """
    from scipy.stats import binom

    inside = rows.inside(box, but=which)
    if side:
        inside &= rows.allowed(which, _without(rows, box, which, side))
    kept = inside & rows.allowed(which, box[which])
    count, hits = int(np.count_nonzero(inside)), int(np.count_nonzero(rows.hit & inside))
    share = hits / count if count else 0.0
    return float(binom.sf(np.count_nonzero(rows.hit & kept) - 1, np.count_nonzero(kept), share))


def _without(rows: Rows, box: Box, which: int, side: str) -> Span:
    full = rows.whole()[which]
    if side == "low":
        return replace(box[which], low=full.low)
    if side == "high":
        return replace(box[which], high=full.high)
    return replace(box[which], dropped=frozenset())


def _moved(rows: Rows, box: Box, what: str) -> Move:
    inside = rows.inside(box)
    return Move(box, int(np.count_nonzero(inside)), int(np.count_nonzero(rows.hit & inside)), what)
