"""Scenario discovery: boxes of parameters in which a condition holds often (PRIM)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.experiment.analysis import _prim
from ceasefire.experiment.analysis._condition import judge

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from ceasefire.experiment.analysis._prim import Move, Rows
    from ceasefire.experiment.spec import Experiment

DENSITY = 0.8  # that a box is taken for, where nothing is said
CHANCE = 0.05  # a restriction that chance explains more easily than this is taken back


@dataclass(frozen=True)
class Limit:
    """What a box says of one parameter.

    Attributes
    ----------
    parameter : str
    low, high : float or None
        Least and largest value inside; None where that side is free.
    values : tuple of str or None
        Words inside; None of a number.
    quasi_p_low, quasi_p_high, quasi_p : float
        Chance that rows drawn at random from the box without the restriction would hold as many
        that hold; nan where there is none. Values were chosen to be unlikely, so this is less
        than a test's.
    range_low, range_high : float
        Of the rows; nan of words.
    """

    parameter: str
    low: float | None
    high: float | None
    values: tuple[str, ...] | None
    quasi_p_low: float
    quasi_p_high: float
    quasi_p: float
    range_low: float
    range_high: float

    def __str__(self) -> str:
        """Return it as a constraint of an experiment's file, words as a set."""
        if self.values is not None:
            return f"{self.parameter} in {{{', '.join(self.values)}}}"
        low = "" if self.low is None else f"{self.low:.6g} <= "
        high = "" if self.high is None else f" <= {self.high:.6g}"
        return f"{low}{self.parameter}{high}"

    def allows(self, values: pd.Series) -> NDArray[np.bool_]:
        """Which values are inside."""
        if self.values is not None:
            return values.astype(str).isin(self.values).to_numpy()
        told = np.ones(len(values), dtype=bool)
        if self.low is not None:
            told &= values.to_numpy(dtype=float) >= self.low
        if self.high is not None:
            told &= values.to_numpy(dtype=float) <= self.high
        return told


@dataclass(frozen=True, eq=False)
class Box(Displayed):
    """A box, judged on the rows that boxes before it left.

    Attributes
    ----------
    limits : tuple of Limit
        Of the parameters it restricts.
    rows, holding : int
        Rows inside, and those in which the condition holds.
    coverage : float
        Holding, of all rows in which it holds.
    density : float
        Holding, of the rows inside.
    mass : float
        Rows inside, of all rows.
    trajectory : DataFrame
        The boxes on the way: step, move, parameter, coverage, density, mass, rows, restricted
        (dimensions), quasi_p (the largest of its restrictions), chosen.
    """

    limits: tuple[Limit, ...]
    rows: int
    holding: int
    coverage: float
    density: float
    mass: float
    trajectory: pd.DataFrame

    def contains(self, frame: pd.DataFrame) -> NDArray[np.bool_]:
        """Which rows of a frame are inside."""
        told = np.ones(len(frame), dtype=bool)
        for limit in self.limits:
            told &= limit.allows(frame[limit.parameter])
        return told

    def __str__(self) -> str:
        """Return the restrictions, joined."""
        return " and ".join(map(str, self.limits)) or "everywhere"


@dataclass(frozen=True, eq=False, repr=False)
class Boxes(Displayed):
    """Boxes that cover where a condition holds, each found where those before it are not.

    Attributes
    ----------
    condition : str
    boxes : tuple of Box
        None where the condition holds nowhere, or no box is denser than chance explains.
    rows, holding : int
        Rows that were judged, and those in which it holds.
    failed, unjudged : int
        Rows left out: errors, and rows that lack a value the condition needs.
    status : str
        How the search ended.
    """

    condition: str
    boxes: tuple[Box, ...]
    rows: int
    holding: int
    failed: int
    unjudged: int
    status: str

    @property
    def share(self) -> float:
        """Share of the rows in which it holds: the density without any box."""
        return self.holding / self.rows

    @property
    def coverage(self) -> float:
        """Share of the holding rows that are in some box."""
        return sum(box.holding for box in self.boxes) / max(self.holding, 1)

    def table(self) -> pd.DataFrame:
        """Return a row a box and parameter it restricts, with what the box holds."""
        import pandas as pd

        names = [
            "box", "parameter", "low", "high", "values", "quasi_p_low", "quasi_p_high", "quasi_p",
            "range_low", "range_high", "coverage", "density", "mass", "rows",
        ]  # fmt: skip
        told = [
            (number, one.parameter, one.low, one.high,
             None if one.values is None else ", ".join(one.values), one.quasi_p_low,
             one.quasi_p_high, one.quasi_p, one.range_low, one.range_high, box.coverage,
             box.density, box.mass, box.rows)
            for number, box in enumerate(self.boxes, 1) for one in box.limits
        ]  # fmt: skip
        return pd.DataFrame(told, columns=names).astype({"low": float, "high": float})

    def trajectory(self) -> pd.DataFrame:
        """Return the way to every box, one below the other, with the number of the box."""
        import pandas as pd

        ways = [box.trajectory.assign(box=number) for number, box in enumerate(self.boxes, 1)]
        return pd.concat(ways, ignore_index=True) if ways else pd.DataFrame()

    def figure(self) -> Figure:
        """Draw coverage and density on the way, and the boxes over the parameters' ranges."""
        drawn: Figure = import_module("ceasefire.figures.analysis_boxes").draw(self)
        return drawn

    def __repr__(self) -> str:
        lines = [f"{self.condition}: {self.holding} of {self.rows} rows ({self.share:.3f})"]
        lines += [
            f"box {number}: {box}; density {box.density:.3f}, coverage {box.coverage:.3f}, "
            f"mass {box.mass:.3f}"
            for number, box in enumerate(self.boxes, 1)
        ]
        return "\n".join([*lines, self.status])


def boxes(
    frame: pd.DataFrame,
    experiment: Experiment,
    condition: str,
    *,
    peel: float = 0.05,
    paste: bool = True,
    least_mass: float = 0.05,
    density: float | None = None,
    most: int = 3,
) -> Boxes:
    """Find boxes of the parameters in which a condition holds often.

    Of a box, coverage is the share of the holding rows that it holds, density the share of its
    rows that hold, mass the share of all rows in it.

    Parameters
    ----------
    frame : DataFrame
        Rows of `ceasefire.experiment.frame`.
    experiment : Experiment
        Whose rows they are.
    condition : str
        A recorded truth value, or comparisons over columns: ``mean_days >= 6 and trust < 0.4``.
    peel : float
        Share of a box's rows that one step cuts off, above 0 and below 1; also what one step of
        pasting adds.
    paste : bool
        Whether to widen the box again where that costs no density.
    least_mass : float
        Least share of all rows in a box.
    density : float, optional
        Of the boxes on the way that reach it, the one with the largest harmonic mean of density
        and coverage is taken; the densest where none does. Default: 0.8, or half the way from
        the share of all rows to 1 where that is more.
    most : int
        Boxes at most.

    Returns
    -------
    Boxes

    Raises
    ------
    ArgumentError
        An argument out of its range, or a condition that cannot be read.

    Notes
    -----
    Patient rule induction (Friedman and Fisher 1999) as used in scenario discovery (Bryant and
    Lempert 2010). From the whole, a step cuts off the share `peel` of the rows at the low or high
    end of one parameter, or one word of a parameter of words: the cut that wins most density for
    each row given up (Kwakkel and Jaxa-Rozen 2016), which treats cuts of unequal size alike.
    Rows that tie at an end go together. The box taken then loses, one by one, restrictions of
    which the quasi-p-value is above 0.05, and is widened while density does not fall. The next
    box is sought in the rows outside. The search is greedy: it finds boxes, not the best boxes
    (where regions lie at both ends of one parameter, neither cut wins, and a box of low density
    across them may come out), and it judges them on the rows it found them in; check a box on
    fresh rows (`Box.contains`).

    Replicates, and rows of a design that share their parameters' values, count one by one: their
    quasi-p-values are too small. Parameters enter by rank, so that a box holds the same rows
    whatever increasing scale they are measured in, and in whatever order rows come.
    Deterministic; among equal cuts the one that keeps more rows is taken, then the first
    parameter's, at its low end. Time grows as rows times parameters times steps, about
    ``log(least_mass) / log(1 - peel)``; memory as rows times parameters.

    References
    ----------
    Friedman, J., N. Fisher (1999). Bump hunting in high-dimensional data. Statistics and
    Computing 9, 123-143, sections 8-9. Bryant, B., R. Lempert (2010). Thinking inside the box.
    Technological Forecasting and Social Change 77, 34-49. Kwakkel, J., M. Jaxa-Rozen (2016).
    Improving scenario discovery for handling heterogeneous uncertainties and multinomial
    classified outcomes. Environmental Modelling and Software 79, 311-321.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from ceasefire.experiment.spec import parse
    >>> told = parse('''
    ... schema_version = 1
    ... name = "two"
    ... scenario = "november-2023"
    ... record = ["mean_days"]
    ... vary.design = "grid"
    ... vary.parameters.pi0 = { from = 0.0, to = 1.0, steps = 20 }
    ... vary.parameters.x = { from = 4, to = 23, steps = 20 }
    ... ''')
    >>> pi0, x = (side.ravel() for side in np.meshgrid(np.linspace(0, 1, 20), np.arange(4, 24)))
    >>> rows = pd.DataFrame({"point": range(400), "pi0": pi0, "x": x, "error": None,
    ...                      "mean_days": np.where((pi0 > 0.5) & (x < 12), 7.0, 4.0)})
    >>> boxes(rows, told, "mean_days >= 6")
    mean_days >= 6: 80 of 400 rows (0.200)
    box 1: 0.526316 <= pi0 and x <= 11; density 1.000, coverage 1.000, mass 0.200
    every row in which it holds is in a box
    """
    _check(peel, least_mass, density, most)
    judged = judge(frame, experiment, condition)
    rows = _prim.Rows(_prim.columns(judged.parameters), judged.holds)
    found, status = _covered(rows, peel, paste, least_mass, density, most)
    if judged.left_out:
        status += f"; left out: {judged.left_out}"
    return Boxes(condition, found, len(rows), int(np.count_nonzero(rows.hit)), judged.failed,
                 judged.unjudged, status)  # fmt: skip


def _check(peel: float, least_mass: float, density: float | None, most: int) -> None:
    for name, value in (("peel", peel), ("least_mass", least_mass)):
        if not 0.0 < value < 1.0:
            raise ArgumentError(name, value, "above 0 and below 1")
    if density is not None and not 0.0 < density <= 1.0:
        raise ArgumentError("density", density, "above 0, at most 1")
    if most < 1:
        raise ArgumentError("most", most, "a whole number from 1")


def _covered(
    rows: Rows, peel: float, paste: bool, least_mass: float, density: float | None, most: int
) -> tuple[tuple[Box, ...], str]:
    """Boxes one after the other, each in the rows outside those before, and why no more."""
    found: list[Box] = []
    left = np.ones(len(rows), dtype=bool)
    total = int(np.count_nonzero(rows.hit))
    least = max(1, int(np.ceil(least_mass * len(rows) - 1e-9)))
    if total in (0, len(rows)):
        return (), f"it holds in {'every' if total else 'no'} row: there is nothing to tell apart"
    while len(found) < most:
        hits = int(np.count_nonzero(rows.hit & left))
        if not hits:
            return tuple(found), "every row in which it holds is in a box"
        rest = _prim.Rows(
            tuple(_prim.Column(c.name, c.codes[left], c.levels, c.ordered) for c in rows.columns),
            rows.hit[left],
        )
        wanted = density or max(DENSITY, (1.0 + hits / len(rest)) / 2)
        way, chosen = _way(rest, peel, paste, least, wanted)
        last = way[-1]
        if not _prim.restrictions(rest, last.box):
            return tuple(found), "no further box is denser than chance explains"
        if last.hits * len(rows) <= total * last.rows:
            return tuple(found), "no further box is denser than all rows together"
        inside = rest.inside(last.box)
        found.append(_told(rest, way, chosen, total, len(rows)))
        left[np.flatnonzero(left)[inside]] = False
    missed = int(np.count_nonzero(rows.hit & left))
    if not missed:
        return tuple(found), "every row in which it holds is in a box"
    return tuple(found), f"stopped at most={most} boxes; {missed} holding rows are in none"


def _way(rows: Rows, peel: float, paste: bool, least: int, wanted: float) -> tuple[list[Move], int]:
    """Boxes on the way and which of the peeled ones was taken; the last is the box."""
    start = _prim.Move(rows.whole(), len(rows), int(np.count_nonzero(rows.hit)), "")
    way = [start, *_prim.peeled(rows, peel, least)]
    reached = [k for k, move in enumerate(way) if move.hits >= wanted * move.rows - 1e-12]
    if reached:  # harmonic mean of density and coverage, the first of equals
        chosen = max(reached, key=lambda k: way[k].hits / (way[k].rows + start.hits))
    else:
        chosen = max(range(len(way)), key=lambda k: (way[k].hits / way[k].rows, way[k].rows))
    way += _prim.pruned(rows, way[chosen].box, CHANCE)
    last = way[-1] if len(way) > 1 and way[-1].what.startswith("drop") else way[chosen]
    if paste:
        way += _prim.pasted(rows, last.box, peel)
    if way[-1].what.startswith("peel"):
        way.append(way[chosen]._replace(what="take"))
    return way, chosen


def _told(rows: Rows, way: list[Move], chosen: int, total: int, every: int) -> Box:
    last = way[-1]
    return Box(_limits(rows, last.box), last.rows, last.hits, last.hits / total,
               last.hits / last.rows, last.rows / every,
               _trajectory(rows, way, chosen, total, every))  # fmt: skip


def _limits(rows: Rows, box: _prim.Box) -> tuple[Limit, ...]:
    sides = _prim.restrictions(rows, box)
    limits = []
    for which in dict.fromkeys(which for which, _ in sides):
        column, span = rows.columns[which], box[which]
        chance = {side: _prim.quasi_p(rows, box, which, side) for at, side in sides if at == which}
        low = column.levels[span.low] if "low" in chance else None
        high = column.levels[span.high] if "high" in chance else None
        inside = [str(column.levels[k]) for k in range(len(column.levels)) if k not in span.dropped]
        ends = (column.levels[0], column.levels[-1]) if column.ordered else (np.nan, np.nan)
        limits.append(Limit(
            column.name, low, high, None if column.ordered else tuple(inside),  # type: ignore[arg-type]  # numbers where ordered
            chance.get("low", np.nan), chance.get("high", np.nan),
            _prim.quasi_p(rows, box, which), *ends,  # type: ignore[arg-type]  # as above
        ))  # fmt: skip
    return tuple(limits)


def _trajectory(rows: Rows, way: list[Move], chosen: int, total: int, every: int) -> pd.DataFrame:
    import pandas as pd

    told = []
    for step, move in enumerate(way):
        sides = _prim.restrictions(rows, move.box)
        restricted = dict.fromkeys(which for which, _ in sides)
        chance = [_prim.quasi_p(rows, move.box, which) for which in restricted]
        kind, _, name = move.what.partition(" ")
        told.append((
            step, kind or "start", name, move.hits / total, move.hits / move.rows,
            move.rows / every, move.rows, len(restricted), max(chance, default=np.nan),
            step in (chosen, len(way) - 1),
        ))  # fmt: skip
    names = ["step", "move", "parameter", "coverage", "density", "mass", "rows", "restricted",
             "quasi_p", "chosen"]  # fmt: skip
    return pd.DataFrame(told, columns=names)
