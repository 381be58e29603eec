"""Courses side by side: which friction ends the truce, and what a change of terms would do."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.truce.course import Course, trace
from ceasefire.truce.equilibrium import TruceEquilibrium, solve
from ceasefire.truce.extensions import require_base
from ceasefire.truce.game import DEFAULT_BELIEFS, solve_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from ceasefire.truce.fields import Parameters
    from ceasefire.truce.scenario import Scenario

BASELINE = "baseline"
ALL_OFF = "all off"


@dataclass(frozen=True, eq=False)
class Comparison(Displayed):
    """Courses of several cases, in order.

    Attributes
    ----------
    courses : mapping of str to Course
        The exact course of each case.
    equilibria : mapping of str to TruceEquilibrium
        The full solution of each case; empty for a decomposition, which holds the
        negotiation fixed.
    """

    courses: Mapping[str, Course]
    equilibria: Mapping[str, TruceEquilibrium]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a case: negotiation (where solved) and course; probabilities and days."""
        import pandas as pd

        rows = {name: self._row(name, course) for name, course in self.courses.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("case")

    def _row(self, name: str, course: Course) -> dict[str, Any]:
        row: dict[str, Any] = {}
        if name in self.equilibria:
            eq = self.equilibria[name]
            row = {
                "trust_after_pilot": eq.trust,
                "open_probability": eq.pilot.open_probability,
                "deal_probability": eq.talks.deal_probability,
            }
        sequence = course.chunks
        return row | {
            "block_days": course.block_days,
            "mean_days": course.mean_days,
            "modal_days": course.modal_days,
            "modal_probability": float(course.length.max()),
            "mean_left": course.mean_left,
            "modal_sequence": str(sequence.index[0]),
            "modal_sequence_probability": float(sequence.iloc[0]),
        }

    @cached_property
    def lengths(self) -> pd.DataFrame:
        """P(pause length): one row a case, columns days."""
        import pandas as pd

        frame = pd.DataFrame({name: course.length for name, course in self.courses.items()})
        return frame.fillna(0.0).T.rename_axis(index="case", columns="days")

    @cached_property
    def ends(self) -> pd.DataFrame:
        """P(how it ended): one row a case, columns causes."""
        import pandas as pd

        frame = pd.DataFrame({name: course.ends for name, course in self.courses.items()})
        return frame.T.rename_axis(index="case", columns="cause")


@dataclass(frozen=True)
class Friction:
    """Something that can end a truce early, and how the model is told to do without it."""

    name: str
    meaning: str

    def off(self, parameters: Parameters, trust: float) -> tuple[Parameters, float]:
        """Parameters and opening trust without this friction."""
        p = parameters
        match self.name:
            case "retention slope":
                return p._replace(c_hi=p.c_lo), trust
            case "uncertain list":
                return p._replace(l_hi=1.0, l_lo=1.0), trust
            case "loss of momentum":
                return p._replace(k1=0.0), trust
            case "shocks":
                return p._replace(beta=0.0, chi=0.0), trust
            case "distrust":
                return p, 1.0
        raise ArgumentError("friction", self.name, "one of truce.FRICTIONS")


FRICTIONS = (
    Friction("retention slope", "the last captives are worth more to the captor than the first"),
    Friction("uncertain list", "a batch may not be producible, less so as the pool drains"),
    Friction("loss of momentum", "each pause day costs the pausing state more than the one before"),
    Friction("shocks", "incidents end the pause and relays fail at windows"),
    Friction("distrust", "the pausing state is not sure that it faces a dealer"),
)


def decompose(scenario: Scenario, *, beliefs: int = DEFAULT_BELIEFS) -> Comparison:
    """Course with each friction taken off alone, all off, and each left on alone.

    The opening trust and the length of the first block are those of the scenario's
    equilibrium throughout, so that rows differ by what happens after the deal.

    Returns
    -------
    Comparison
        Cases ``baseline``, ``without NAME``, ``all off``, ``only NAME``.

    Raises
    ------
    ArgumentError
        The scenario agrees no first block, so there is no course to decompose; or an
        extension is on.
    """
    require_base(scenario, "the decomposition")
    equilibrium = solve(scenario, beliefs=beliefs)
    p, trust, days = equilibrium.parameters, equilibrium.trust, equilibrium.block_days
    if days == 0:
        raise ArgumentError(
            "scenario", scenario.name, "one in which a first block is agreed (this one has none)"
        )
    cases = {BASELINE: (p, trust)}
    for friction in FRICTIONS:
        cases[f"without {friction.name}"] = friction.off(p, trust)
    cases[ALL_OFF] = _off(FRICTIONS, p, trust)
    for friction in FRICTIONS:
        others = tuple(f for f in FRICTIONS if f is not friction)
        cases[f"only {friction.name}"] = _off(others, p, trust)
    courses = {}
    for name, (parameters, opening) in cases.items():
        batch = parameters.n0 / days
        line = solve_line(
            parameters, parameters.W0, 0, head_days=days, head_batch=batch, beliefs=beliefs
        )
        courses[name] = trace(line, opening, days)
    return Comparison(courses, {})


def _off(
    frictions: tuple[Friction, ...], parameters: Parameters, trust: float
) -> tuple[Parameters, float]:
    for friction in frictions:
        parameters, trust = friction.off(parameters, trust)
    return parameters, trust


def compare(scenarios: Mapping[str, Scenario], *, beliefs: int = DEFAULT_BELIEFS) -> Comparison:
    """Solve several scenarios, negotiation included, and set their courses side by side."""
    equilibria = {name: solve(scenario, beliefs=beliefs) for name, scenario in scenarios.items()}
    return Comparison({name: eq.course() for name, eq in equilibria.items()}, equilibria)


def counterfactual(
    scenario: Scenario,
    changes: Mapping[str, Any] | None = None,
    /,
    *,
    beliefs: int = DEFAULT_BELIEFS,
    **by_symbol: Any,
) -> Comparison:
    """Set a changed scenario beside the baseline, the whole negotiation solved anew.

    Parameters
    ----------
    changes : mapping, optional
        By field path, as in ``{"terms.captives_per_extra_day": 8}``.
    **by_symbol
        By the symbols of docs/model.md: another clause ``x=8``, a longer cap ``J=14``, a larger
        pool ``W0=120``, a guarantee (dearer to leave) ``kappa=16``, a better list
        ``l_lo=0.9``, a faster relay ``relay=0.25``.

    Returns
    -------
    Comparison
        Cases ``baseline`` and ``changed``.

    Examples
    --------
    >>> import ceasefire as cf
    >>> from ceasefire import truce
    >>> both = truce.counterfactual(cf.load("november-2023"), x=12)
    >>> list(both.table.index)
    ['baseline', 'changed']
    """
    wanted = {**(changes or {}), **by_symbol}
    if not wanted:
        raise ArgumentError("changes", "nothing", "at least one field path or symbol to change")
    return compare({BASELINE: scenario, "changed": scenario.replace(wanted)}, beliefs=beliefs)
