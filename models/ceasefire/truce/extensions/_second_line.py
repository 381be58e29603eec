"""Lines of play with two categories of captives: solved backward, exact at any belief.

The public state is (captives of either category, pause days used, committed days left, category
of the running chunk). The kernels of the base model serve as they are: they ask of a day what its
batch is worth, costs and how likely it can be produced, and of a window which days it can offer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ceasefire.errors import ArgumentError
from ceasefire.truce import _kernels as base
from ceasefire.truce.game import DEFAULT_BELIEFS, MAX_NODES, LineOfPlay, belief_grid, too_many_roots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ceasefire.truce.extensions.second_category import SecondCategory
    from ceasefire.truce.fields import Parameters

FIRST, SECOND = 1, 2


class Stocks(NamedTuple):
    """Captives held of either category."""

    first: float
    second: float


class Head(NamedTuple):
    """The chunk a line starts with: days, captives due on each, their category; or none."""

    days: int = 0
    batch: float = 0.0
    category: int = FIRST


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CategoryLine(LineOfPlay):
    """A solved line of play with two categories; see :class:`LineOfPlay`.

    ``nodes.held`` counts captives of both categories.

    Attributes
    ----------
    second : Parameters
        The base parameters with the second category's price, values and reliability.
    after_first : bool
        Whether the second category waits until the first buys no further day.
    category : ndarray, shape (nodes,)
        Category of the batch due on a day; 0 at a window.
    first_held, second_held : ndarray, shape (nodes,)
        Captives held of either category.
    """

    second: Parameters
    after_first: bool
    category: NDArray[np.int64]
    first_held: NDArray[np.float64]
    second_held: NDArray[np.float64]

    @cached_property
    def weighed(self) -> base.Line:
        """The nodes with batches counted in utils to the pausing state, for the kernels."""
        return _weigh(self.nodes, self.category, self.parameters, self.second)

    def at(self, trust: float) -> NDArray[np.float64]:
        """Sweep at one belief: ndarray (8, nodes). Exact, cached."""
        trust = float(trust)
        if trust not in self._seen:
            out = np.zeros((base.N_ROWS, self.nodes.kind.size))
            base.sweep(_in_utils(self.parameters), self.weighed, trust, self.head, out)
            out.setflags(write=False)
            self._seen[trust] = out
        return self._seen[trust]

    def options(self, node: int) -> tuple[tuple[int, int], ...]:
        """(category, days) of the chunks on offer at a window, in the order of `nodes.offers`."""
        days = self.nodes.offers[node, 1 : self.nodes.n_offers[node] + 1]
        return tuple((int(self.category[d]), int(self.nodes.left[d])) for d in days)


def second_parameters(parameters: Parameters, table: SecondCategory) -> Parameters:
    """Return the base parameters with what differs for a batch of the second category."""
    return parameters._replace(
        x=table.captives_per_extra_day,
        v=table.captive_value,
        c_lo=table.retention_value_base,
        c_hi=table.retention_value_last,
        iota=table.retention_scale_captives,
        l_hi=table.list_reliability_base,
        l_lo=table.list_reliability_last,
        l_w=table.list_scale_captives,
    )


def solve_line(
    parameters: Parameters,
    second: Parameters,
    held: Stocks,
    day: int,
    *,
    after_first: bool = False,
    head: Head = Head(),  # noqa: B008 - immutable
    beliefs: int = DEFAULT_BELIEFS,
) -> CategoryLine:
    """Solve everything that can follow stocks `held` on `day` and a head chunk.

    Raises
    ------
    ArgumentError
        Too many public states: they grow with the product of the batches in both stocks.
    SolveError
        A day has more critical posteriors than the kernel stores.
    """
    grid = belief_grid(beliefs)
    rows = _Numbering(parameters, second, held, int(day), head, after_first=after_first).rows
    nodes, category, stocks = _arrays(parameters, second, rows)
    values = np.zeros((base.N_ROWS, nodes.kind.size, grid.size))
    weighed = _weigh(nodes, category, parameters, second)
    if not base.solve_line(_in_utils(parameters), weighed, grid, values):
        raise too_many_roots(f"{held.first:g} + {held.second:g} captives, day {day}")
    return CategoryLine(
        parameters,
        nodes,
        grid,
        values,
        head.days,
        second=second,
        after_first=after_first,
        category=category,
        first_held=stocks[0],
        second_held=stocks[1],
    )


class _Row(NamedTuple):
    category: int
    stocks: Stocks
    used: int
    left: int = 0
    batch: float = 0.0
    following: int = -1
    offers: tuple[int, ...] = ()


class _Numbering:
    """Number the public states, every successor before its predecessor."""

    def __init__(
        self,
        parameters: Parameters,
        second: Parameters,
        held: Stocks,
        day: int,
        head: Head,
        *,
        after_first: bool,
    ) -> None:
        self.p, self.prices, self.after_first = parameters, (parameters.x, second.x), after_first
        self.rows: list[_Row] = []
        self.windows: dict[tuple[int, int], int] = {}
        self.days: dict[tuple[int, int, int, int], int] = {}
        self.start = _less(held, head.category, head.days * head.batch)
        self.opening = day + head.days
        self.most = max(parameters.J - self.opening, 0)
        self.depth = [
            min(base.batches(stock, price), self.most)
            for stock, price in zip(self.start, self.prices, strict=True)
        ]
        self._check_size()
        for total in range(min(sum(self.depth), self.most), -1, -1):
            for k2 in range(min(total, self.depth[1]), -1, -1):
                self._window(total - k2, k2)
        for i in range(head.days - 1, -1, -1):
            stocks = _less(held, head.category, i * head.batch)
            batch = min(head.batch, stocks[head.category - 1])
            left, following = head.days - i, len(self.rows) - 1
            self.rows.append(_Row(head.category, stocks, day + i, left, batch, following))

    def _check_size(self) -> None:
        first, second = self.depth
        windows = first + second + 1 if self.after_first else (first + 1) * (second + 1)
        size = windows * (1 + 2 * min(self.p.Emax, self.most))
        if size > MAX_NODES:
            raise ArgumentError(
                "second_category",
                f"up to {size} public states behind one block",
                f"at most {MAX_NODES}; they grow with the product of both stocks' batches",
                "raise a price of a day, lower terms.pause_days_max or chunk_days_max, or set "
                "second_category.only_after_first to 1",
            )

    def _offered(self, k1: int, k2: int) -> tuple[int, int]:
        """Longest chunk on offer in either category after k1 and k2 further batches."""
        room = min(self.p.Emax, self.most - k1 - k2)
        first, second = min(room, self.depth[0] - k1), min(room, self.depth[1] - k2)
        return first, 0 if self.after_first and first > 0 else second

    def _window(self, k1: int, k2: int) -> None:
        if k1 > self.depth[0] or (self.after_first and k2 > 0 and k1 < self.depth[0]):
            return
        stocks = _less(_less(self.start, FIRST, k1 * self.prices[0]), SECOND, k2 * self.prices[1])
        used, offers = self.opening + k1 + k2, []
        for category, longest in zip((FIRST, SECOND), self._offered(k1, k2), strict=True):
            after = (k1 + 1, k2) if category == FIRST else (k1, k2 + 1)
            batch = min(self.prices[category - 1], stocks[category - 1])
            for left in range(1, longest + 1):
                nxt = self.windows[after] if left == 1 else self.days[*after, category, left - 1]
                self.days[k1, k2, category, left] = len(self.rows)
                offers.append(len(self.rows))
                self.rows.append(_Row(category, stocks, used, left, batch, nxt))
        self.windows[k1, k2] = len(self.rows)
        self.rows.append(_Row(0, stocks, used, offers=tuple(offers)))


def _less(stocks: Stocks, category: int, taken: float) -> Stocks:
    if category == FIRST:
        return Stocks(max(stocks.first - taken, 0.0), stocks.second)
    return Stocks(stocks.first, max(stocks.second - taken, 0.0))


def _arrays(
    p: Parameters, second: Parameters, rows: list[_Row]
) -> tuple[base.Line, NDArray[np.int64], NDArray[np.float64]]:
    """Return the base model's arrays over nodes, categories, and stocks (2, nodes)."""
    size = len(rows)
    category, used, left, following = (
        np.array([getattr(row, name) for row in rows], dtype=np.int64)
        for name in ("category", "used", "left", "following")
    )
    batch = np.array([row.batch for row in rows])
    stocks = np.array([row.stocks for row in rows], dtype=float).T.copy()
    n_offers = np.array([len(row.offers) for row in rows], dtype=np.int64)
    offers = np.full((size, int(n_offers.max()) + 1), -1)
    for node, row in enumerate(rows):
        offers[node, 1 : len(row.offers) + 1] = row.offers
    day = category > 0
    captor, pauser = base.aftermath(p, int(used.max()) + 1, int(left.max()) + 1)
    loss, able = np.zeros(size), np.zeros(size)
    for which, q in ((FIRST, p), (SECOND, second)):
        mine = category == which
        held, due = stocks[which - 1][mine], batch[mine]
        curve = (q.c_hi - q.c_lo) * q.iota
        bend = np.exp(-(held - due) / q.iota) - np.exp(-held / q.iota)
        loss[mine] = q.c_lo * due + curve * bend
        able[mine] = q.l_hi - (q.l_hi - q.l_lo) * np.exp(-np.maximum(held - due, 0.0) / q.l_w)
    at_miss = (used[day] + 1, left[day] - 1)
    captor_after, pauser_after = np.zeros(size), np.zeros(size)
    captor_after[day], pauser_after[day] = captor[at_miss], pauser[at_miss]
    nodes = base.Line(
        kind=np.where(day, base.DAY, base.WINDOW).astype(np.int64),
        held=stocks[0] + stocks[1],
        used=used,
        left=left,
        batch=batch,
        following=following,
        offers=offers,
        n_offers=n_offers,
        loss=loss,
        able=able,
        cost=np.where(day, p.k0 + p.k1 * used, 0.0),
        captor_after_miss=captor_after,
        pauser_after_miss=pauser_after,
        roots=np.zeros((size, base.MAX_ROOTS)),
        n_roots=np.zeros(size, np.int64),
        at_root=np.zeros((3, size, base.MAX_ROOTS)),
        at_one=np.zeros((3, size)),
        gain_at_one=np.zeros(size),
        jumps=np.zeros(size, np.int64),
    )
    return nodes, category, stocks


def _weigh(
    nodes: base.Line, category: NDArray[np.int64], p: Parameters, second: Parameters
) -> base.Line:
    return nodes._replace(batch=np.where(category == SECOND, second.v, p.v) * nodes.batch)


def _in_utils(p: Parameters) -> Parameters:
    return p._replace(v=1.0)  # the kernels' batches are in utils already
