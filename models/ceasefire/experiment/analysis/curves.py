"""Outputs along one parameter: pieces on which they move, and the jumps between them."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError, CeasefireError
from ceasefire.experiment.analysis._jumps import Jump, Tracer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from matplotlib.figure import Figure

    from ceasefire.truce import Scenario

POINTS = 33


@dataclass(frozen=True, eq=False, repr=False)
class Curve(Displayed):
    """Outputs along one parameter.

    Attributes
    ----------
    label, unit : str
        Of the parameter.
    outputs : tuple of str
    points : tuple of float
        Where it was solved, increasing.
    values : tuple of dict
        The outputs there; empty where nothing was solved.
    errors : tuple of (str or None)
    jumps : tuple of Jump
    whole : bool
        Whether the parameter takes whole numbers, between which there is nothing.
    given : float or None
        The parameter's value in the scenario.
    status : str
    """

    label: str
    unit: str
    outputs: tuple[str, ...]
    points: tuple[float, ...]
    values: tuple[Mapping[str, Any], ...]
    errors: tuple[str | None, ...]
    jumps: tuple[Jump, ...]
    whole: bool
    given: float | None
    status: str

    def table(self) -> pd.DataFrame:
        """Return a row a point: the parameter, its piece (from 1), the outputs, the error."""
        import pandas as pd

        rows = [
            (x, self.piece(x), *(found.get(name) for name in self.outputs), error)
            for x, found, error in zip(self.points, self.values, self.errors, strict=True)
        ]
        return pd.DataFrame(rows, columns=[self.label, "piece", *self.outputs, "error"])

    def jump_table(self) -> pd.DataFrame:
        """Return a row a jump of an output.

        Columns: output, at, low and high (the jump is between them), left, right (values there;
        none where nothing is solved), attained (``left`` or ``right``: the value at ``at``, where
        that is a round number at which the jump was found to be; ``neither``; empty: not known).
        """
        import pandas as pd

        names = ["output", "at", "low", "high", "left", "right", "attained"]
        rows = [(j.output, j.at, j.low, j.high, j.left, j.right, j.attained) for j in self.jumps]
        return pd.DataFrame(rows, columns=names)

    def pieces(self) -> pd.DataFrame:
        """Return a row a piece on which no output jumps: piece, from, to, points."""
        table = self.table()
        grouped = table.groupby("piece")[self.label]
        told = grouped.agg(["min", "max", "count"]).reset_index()
        return told.set_axis(["piece", "from", "to", "points"], axis=1)

    def piece(self, x: float, output: str | None = None) -> int:
        """Return the number of the piece that holds a value; of one output's own pieces."""
        before = {jump.at: jump for jump in self.jumps if output in (None, jump.output)}
        return 1 + sum(x >= jump.high or (x > jump.low and x >= jump.at and
                                          jump.attained == "right")
                       for jump in before.values())  # fmt: skip

    def figure(self) -> Figure:
        """Draw each output along the parameter, its pieces apart, ends open or closed."""
        drawn: Figure = import_module("ceasefire.figures.analysis_continuation").draw(self)
        return drawn

    def __repr__(self) -> str:
        lines = [f"{', '.join(self.outputs)} over {self.label} from {self.points[0]:g} to "
                 f"{self.points[-1]:g}: {self.status}"]  # fmt: skip
        lines += [f"  {jump}" for jump in self.jumps]
        return "\n".join(lines)


def continuation(
    scenario: Scenario,
    symbol: str,
    over: Sequence[float],
    outputs: Sequence[str],
    *,
    width: float = 1e-4,
    step: float = 0.02,
    most: int = 2000,
) -> Curve:
    """Follow what the truce's equilibrium gives along one parameter.

    Parameters
    ----------
    scenario : Scenario
        All else as in it.
    symbol : str
        Of the parameter (docs/model.md), or its field path.
    over : sequence of float
        The two ends of a range, or the values to begin with, increasing.
    outputs : sequence of str
        As an experiment records them; nothing random.
    width : float
        How closely a jump is located, as a share of the range.
    step : float
        Largest change of an output between neighbours, as a share of all its change, before the
        interval is halved.
    most : int
        Solves at most.

    Returns
    -------
    Curve

    Raises
    ------
    ArgumentError
        An unknown parameter or output, one of an extension that is off, or bad ends.
    ScenarioError
        An end outside the parameter's bounds.

    See Also
    --------
    trace : The same of any function, as of a game's parameter.
    ceasefire.solvers.continue_equilibrium : Follows one equilibrium of a game round its folds.

    Notes
    -----
    See :func:`trace`. A point that cannot be solved is told as a jump to nothing. Parameters that
    are whole numbers are solved at each of them.

    Examples
    --------
    >>> import ceasefire as cf
    >>> continuation(cf.load("november-2023"), "J", (8, 11), ["modal_days"])
    modal_days over J from 8 to 11: 4 solves, no jump
    """
    from ceasefire.experiment.outputs import RANDOM, evaluate, output
    from ceasefire.truce.scenario import parameter_fields, resolve

    path = resolve(symbol)
    info = parameter_fields().get(path)
    if info is None:
        raise ArgumentError("symbol", symbol, "a parameter that is a number")
    for name in outputs:
        output(name)
        if name in RANDOM:
            raise ArgumentError("outputs", name, "nothing that is drawn")
    ends = _ends(over)
    for end in (ends[0], ends[-1]):
        scenario.replace({path: int(end) if info.annotation is int else end})
    whole = info.annotation is int

    def solve(value: float) -> Mapping[str, Any]:
        changed = scenario.replace({path: round(value) if whole else value})
        return evaluate(changed, outputs, np.random.default_rng(0))

    group, field = path.split(".")
    given = float(getattr(getattr(scenario, group), field))
    extra = cast("dict[str, str]", info.json_schema_extra)
    return _traced(solve, ends, tuple(outputs), symbol, extra["unit"], whole, given,
                   width, step, most)  # fmt: skip


def trace(
    solve: Callable[[float], Mapping[str, Any]],
    over: Sequence[float],
    *,
    label: str = "parameter",
    unit: str = "",
    width: float = 1e-4,
    step: float = 0.02,
    most: int = 2000,
) -> Curve:
    """Follow what a function gives along one parameter, and locate its jumps.

    Parameters
    ----------
    solve : callable
        Parameter to outputs by name: numbers, truth values, words; the same names everywhere.
        What it raises of the package's errors is a point without a solution.
    over : sequence of float
        The two ends of a range, or the values to begin with, increasing.
    label, unit : str
        Of the parameter.
    width, step, most
        As for :func:`continuation`.

    Returns
    -------
    Curve

    Notes
    -----
    From 33 even points (or those given) an interval is halved while a number changes over it by
    more than `step` of all its change, or by more than twice as much as over both neighbours and
    does not shrink; words, whole numbers and missing values while they differ. Down at `width`, a
    change that is more than half of what it was over an interval eight times as wide is a jump,
    since that of a smooth function would be an eighth; what is over within a few widths is told as
    jumps, and a smaller `width` tells them apart. A round number inside is then tried with points
    close by: where the jump is there, the value at it is known; elsewhere both ends are left open.
    What goes away and comes back between two neighbouring points, or jumps by less than both
    tests see, is missed: give more values. About ``log2(1 / (33 width))`` solves a jump.

    Examples
    --------
    >>> curve = trace(lambda x: {"y": x if x < 0.3 else x + 1.0}, (0.0, 1.0))
    >>> curve
    y over parameter from 0 to 1: 45 solves, 1 jump
      y jumps at 0.3 from 0.3 to 1.3 (right there)
    >>> curve.pieces()["piece"].tolist()
    [1, 2]
    """
    ends = _ends(over)
    try:
        outputs = tuple(solve(ends[0]))
    except CeasefireError:
        outputs = tuple(solve(ends[-1]))
    return _traced(solve, ends, outputs, label, unit, False, None, width, step, most)


def _ends(over: Sequence[float]) -> list[float]:
    told = [float(value) for value in over]
    rising = all(a < b for a, b in itertools.pairwise(told))
    if len(told) < 2 or not rising or not all(map(math.isfinite, told)):
        raise ArgumentError("over", list(over), "two ends or more values, finite and increasing")
    return told


def _traced(
    solve: Callable[[float], Mapping[str, Any]], ends: list[float], outputs: tuple[str, ...],
    label: str, unit: str, whole: bool, given: float | None, width: float, step: float, most: int,
) -> Curve:  # fmt: skip
    for name, value in (("width", width), ("step", step)):
        if not 0.0 < value < 1.0:
            raise ArgumentError(name, value, "above 0 and below 1")
    if most < 2:
        raise ArgumentError("most", most, "a whole number from 2")
    if not outputs:
        raise ArgumentError("outputs", [], "at least one")
    tracer = Tracer(solve, outputs, most)
    low, high = ends[0], ends[-1]
    if whole:
        start = [float(one) for one in range(math.ceil(low), math.floor(high) + 1)]
        start = start if len(ends) == 2 else ends
    else:
        start = np.linspace(low, high, POINTS).tolist() if len(ends) == 2 else ends
    jumps = tracer.run(start, width * (high - low), step, bisect=not whole)
    points = sorted(tracer.found)
    count = f"{tracer.solves} solves"
    said = f"{len(jumps) or 'no'} jump{'s' * (len(jumps) > 1)}"
    missing = sum(tracer.errors[x] is not None for x in points)
    status = ", ".join([count, said, *([f"{missing} without a solution"] if missing else [])])
    if tracer.short:
        status += f"; stopped at most={most}, some jumps are not located"
    return Curve(label, unit, outputs, tuple(points), tuple(tracer.found[x] for x in points),
                 tuple(tracer.errors[x] for x in points), tuple(jumps), whole, given,
                 status)  # fmt: skip
