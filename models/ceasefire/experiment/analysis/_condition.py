"""A proposition over rows: ``mean_days >= 6 and holds_P1_pool``, unknown where a row is silent."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.experiment.constraints import LONGEST, linear
from ceasefire.tolerances import RESOLVED_RTOL

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ceasefire.experiment.spec import Experiment

    Floats = NDArray[np.float64]

ALLOWED = (
    "a truth value that was recorded, or comparisons (< <= > >=) of sums of columns times numbers;"
    " == and != with a word or a whole number; joined by and, or, not"
)
OUTSIDE = ("point", "replicate", "error")
UNKNOWN = 0.5  # between false (0) and true (1): and is the least, or the largest, not 1 - x


@dataclass(frozen=True, eq=False)
class Judged:
    """Rows of which it is known whether a condition holds.

    Attributes
    ----------
    condition : str
    parameters : DataFrame
        What varied, a row each.
    holds : array of bool
    margin : array of float or None
        Of a single comparison: how far the two sides are apart, positive where it holds.
    point : array of int
        Place in the design.
    failed, unjudged : int
        Rows left out: that ended in an error, and that lack a value the condition needs.
    """

    condition: str
    parameters: pd.DataFrame
    holds: NDArray[np.bool_]
    margin: Floats | None
    point: NDArray[np.int64]
    failed: int
    unjudged: int

    @property
    def left_out(self) -> str:
        """What was left out, in words; empty where nothing was."""
        told = [f"{self.failed} rows failed"] if self.failed else []
        told += [f"{self.unjudged} rows lack a value"] if self.unjudged else []
        return ", ".join(told)


def judge(frame: pd.DataFrame, experiment: Experiment, condition: str) -> Judged:
    """Judge every row of a frame.

    Parameters
    ----------
    frame : DataFrame
        Of `ceasefire.experiment.frame`.
    experiment : Experiment
        Whose rows they are.
    condition : str
        Over recorded outputs and parameters, by their columns.

    Raises
    ------
    ArgumentError
        A condition that cannot be read, an unknown column, one that is not a number where a
        number is needed, or no row that can be judged.

    Notes
    -----
    A computed number that equals its bound within ``RESOLVED_RTOL`` counts as equal to it, so
    that a row is judged alike on every machine.
    """
    missing = [name for name in experiment.columns if name not in frame.columns]
    if missing:
        raise ArgumentError("frame", ", ".join(missing), "the rows of the experiment")
    reader = _Reader(frame)
    node = reader.read(condition)
    truth = reader.truth(node)
    failed = frame["error"].notna().to_numpy() if "error" in frame else np.zeros(len(frame), bool)
    known = (truth != UNKNOWN) & ~failed
    if not known.any():
        allowed = "at least one row in which it is known"
        raise ArgumentError("condition", condition, allowed, f"{int(failed.sum())} rows failed")
    margin = reader.margin(node)
    return Judged(
        condition, frame.loc[known, list(experiment.columns)].reset_index(drop=True),
        truth[known] > UNKNOWN, None if margin is None else margin[known],
        frame["point"].to_numpy(dtype=np.int64)[known], int(failed.sum()),
        int((~known & ~failed).sum()),
    )  # fmt: skip


class _Reader:
    """Reads a condition's tree over the columns of a frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.names = [str(name) for name in frame.columns if name not in OUTSIDE]
        # names that Python would not read as one, as model:relay.mean_days
        odd = [name for name in self.names if not all(map(str.isidentifier, name.split(".")))]
        self.aliases = {f"_column_{k}": name for k, name in enumerate(sorted(odd, key=len))}

    def read(self, text: str) -> ast.expr:
        """Return the tree of a condition."""
        if not isinstance(text, str) or len(text) > LONGEST:
            raise ArgumentError("condition", text, f"text of at most {LONGEST} characters")
        plain = text
        for alias, name in reversed(self.aliases.items()):  # the longest first
            plain = re.sub(rf"(?<![\w.:-]){re.escape(name)}(?![\w.-])", alias, plain)
        try:
            return ast.parse(plain.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ArgumentError("condition", text, ALLOWED) from None

    def truth(self, node: ast.expr) -> Floats:
        """Truth of each row: 1, 0, or ``UNKNOWN``."""
        if isinstance(node, ast.BoolOp):
            parts = np.stack([self.truth(part) for part in node.values])
            joined: Floats = (np.min if isinstance(node.op, ast.And) else np.max)(parts, axis=0)
            return joined
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return 1.0 - self.truth(node.operand)
        if isinstance(node, ast.Name | ast.Attribute):
            return self._recorded(node)
        if isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            pairs = zip(sides, node.ops, sides[1:], strict=False)
            told: Floats = np.min(np.stack([self._compared(*pair) for pair in pairs]), axis=0)
            return told
        raise self._fault(node)

    def margin(self, node: ast.expr) -> Floats | None:
        """How far a single comparison holds, in the units of its sides; None of anything else."""
        if not isinstance(node, ast.Compare) or len(node.ops) > 1:
            return None
        if isinstance(node.ops[0], ast.Lt | ast.LtE):
            return self._apart(node.comparators[0], node.left)[0]
        if isinstance(node.ops[0], ast.Gt | ast.GtE):
            return self._apart(node.left, node.comparators[0])[0]
        return None

    def _compared(self, left: ast.expr, sign: ast.cmpop, right: ast.expr) -> Floats:
        if isinstance(sign, ast.Eq | ast.NotEq):
            same = self._same(left, right)
            return same if isinstance(sign, ast.Eq) else 1.0 - same
        if isinstance(sign, ast.Lt | ast.LtE):
            left, right = right, left
        elif not isinstance(sign, ast.Gt | ast.GtE):
            raise ArgumentError("condition", type(sign).__name__, ALLOWED)
        apart, slack = self._apart(left, right)
        strict = isinstance(sign, ast.Lt | ast.Gt)
        holds = apart > slack if strict else apart >= -slack
        return np.where(np.isnan(apart), UNKNOWN, holds)

    def _apart(self, left: ast.expr, right: ast.expr) -> tuple[Floats, Floats]:
        """Left side less right side, and what rounding may have done to it."""
        try:
            told = linear(left, self._name).plus(linear(right, self._name), -1)
        except ArgumentError as error:
            raise ArgumentError("condition", error.got, error.allowed, error.hint) from None
        apart = np.full(len(self.frame), float(told.constant))
        size = np.maximum(np.abs(apart), 1.0)
        for name, weight in told.weights:
            term = float(weight) * self._numbers(name)
            apart, size = apart + term, np.maximum(size, np.abs(term))
        return apart, np.where(np.isfinite(size), RESOLVED_RTOL * size, 0.0)

    def _same(self, left: ast.expr, right: ast.expr) -> Floats:
        word = right.value if isinstance(right, ast.Constant) else None
        if isinstance(word, str):
            column = self.frame[self._name(left)]
            return np.where(column.isna(), UNKNOWN, column == word)
        if not isinstance(word, int | float):
            raise self._fault(right)
        apart, slack = self._apart(left, right)
        return np.where(np.isnan(apart), UNKNOWN, np.abs(apart) <= slack)

    def _recorded(self, node: ast.expr) -> Floats:
        name = self._name(node)
        values = self._numbers(name)
        if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
            raise ArgumentError("condition", name, "a truth value", f"compare it: {name} >= ...")
        return np.where(np.isnan(values), UNKNOWN, values)

    def _numbers(self, name: str) -> Floats:
        column = self.frame[name]
        try:
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
        except (TypeError, ValueError):
            hint = "compare words with == or !="
            raise ArgumentError("condition", name, "a column of numbers", hint) from None

    def _name(self, node: ast.expr) -> str:
        told = ast.unparse(node)
        name = self.aliases.get(told, told)
        if name not in self.names:
            raise ArgumentError("condition", name, "a column: " + ", ".join(self.names))
        return name

    def _fault(self, node: ast.AST) -> ArgumentError:
        told: Any = ast.unparse(node)
        for alias, name in self.aliases.items():
            told = told.replace(alias, name)
        return ArgumentError("condition", told, ALLOWED)
