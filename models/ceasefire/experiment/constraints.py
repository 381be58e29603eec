"""Linear conditions between parameters: ``n0 + 3 * x <= W0``, read without running anything."""

from __future__ import annotations

import ast
import operator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError
from ceasefire.truce.scenario import parameter_fields, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

ALLOWED = "comparisons (< <= > >=) of sums of parameters times numbers"
LONGEST = 500  # characters: Python's parser is not asked to read books

_COMPARE: dict[type[ast.cmpop], Callable[[Fraction, int], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


@dataclass(frozen=True)
class Linear:
    """``constant + sum of weight * parameter``, exact."""

    weights: tuple[tuple[str, Fraction], ...]
    constant: Fraction

    def plus(self, other: Linear, sign: int = 1) -> Linear:
        """Return the sum, or with `sign` -1 the difference."""
        total = dict(self.weights)
        for path, weight in other.weights:
            total[path] = total.get(path, Fraction(0)) + sign * weight
        return Linear(tuple(total.items()), self.constant + sign * other.constant)

    def times(self, factor: Fraction) -> Linear:
        """Return the multiple."""
        scaled = tuple((path, factor * weight) for path, weight in self.weights)
        return Linear(scaled, factor * self.constant)

    def at(self, value: Callable[[str], float]) -> Fraction:
        """Return the value at a point.

        Numbers are taken as their shortest decimal, so that 0.1 + 0.2 <= 0.3 holds.
        """
        terms = (weight * Fraction(repr(value(path))) for path, weight in self.weights)
        return sum(terms, self.constant)


@dataclass(frozen=True)
class Constraint:
    """A condition on a point: every difference compares with 0 as its sign says."""

    text: str
    parts: tuple[tuple[Linear, Callable[[Fraction, int], bool]], ...]

    def holds(self, value: Callable[[str], float]) -> bool:
        """Whether a point keeps it; `value` gives a parameter by field path."""
        return all(compare(difference.at(value), 0) for difference, compare in self.parts)


def parse(text: str) -> Constraint:
    """Read a constraint over symbols or field paths.

    Parameters
    ----------
    text : str
        One comparison or a chain of them, as in ``10 <= n0 <= W0 - 2 * x``.

    Raises
    ------
    ArgumentError
        Anything but comparisons of linear arithmetic; the message shows the part at fault.

    Examples
    --------
    >>> fits = parse("n0 + 3 * x <= W0")
    >>> at = {"terms.first_block_captives": 50.0, "terms.captives_per_extra_day": 10.0,
    ...       "terms.eligible_captives": 79.0}
    >>> fits.holds(at.__getitem__)
    False
    """
    if len(text) > LONGEST:
        raise ArgumentError("constraint", text, f"at most {LONGEST} characters")
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ArgumentError("constraint", text, ALLOWED) from None
    if not isinstance(node, ast.Compare):
        raise ArgumentError("constraint", text, ALLOWED)
    sides = [linear(side) for side in (node.left, *node.comparators)]
    parts = []
    for left, sign, right in zip(sides, node.ops, sides[1:], strict=False):
        if type(sign) not in _COMPARE:
            raise ArgumentError("constraint", text, ALLOWED)
        parts.append((left.plus(right, -1), _COMPARE[type(sign)]))
    return Constraint(text, tuple(parts))


def linear(node: ast.expr, named: Callable[[ast.expr], str] | None = None) -> Linear:
    """Return a side of a comparison; `named` gives what a name stands for, else a parameter.

    Raises
    ------
    ArgumentError
        Anything but sums of names times numbers.
    """
    if isinstance(node, ast.Constant):
        return Linear((), _number(node))
    if isinstance(node, ast.Name | ast.Attribute):
        return Linear((((named or _parameter)(node), Fraction(1)),), Fraction(0))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        sign = Fraction(-1 if isinstance(node.op, ast.USub) else 1)
        return linear(node.operand, named).times(sign)
    if isinstance(node, ast.BinOp):
        return _combined(node, linear(node.left, named), linear(node.right, named))
    raise _fault(node)


def _combined(node: ast.BinOp, left: Linear, right: Linear) -> Linear:
    if isinstance(node.op, ast.Add | ast.Sub):
        return left.plus(right, 1 if isinstance(node.op, ast.Add) else -1)
    if isinstance(node.op, ast.Mult):
        if not left.weights:
            return right.times(left.constant)
        if not right.weights:
            return left.times(right.constant)
    if isinstance(node.op, ast.Div) and not right.weights and right.constant:
        return left.times(1 / right.constant)
    raise _fault(node)


def _number(node: ast.Constant) -> Fraction:
    value: Any = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        raise _fault(node)
    return Fraction(repr(value))


def _parameter(node: ast.expr) -> str:
    name = ast.unparse(node)
    path = resolve(name)
    if path not in parameter_fields():
        raise ArgumentError("constraint", name, "a number among the parameters")
    return path


def _fault(node: ast.AST) -> ArgumentError:
    return ArgumentError("constraint", ast.unparse(node), ALLOWED)
