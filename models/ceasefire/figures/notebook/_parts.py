"""Pieces of HTML that every display is made of: escaped, short, without colours of their own."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

MOST_ROWS, MOST_COLUMNS = 24, 12  # of a table that is read on a screen
MOST_LETTERS = 160  # of a cell or a heading
MOST_NUMBERS = 8  # of an array that is written out
MOST_LINES, MOST_TOLD = 24, 2400  # of what an object says of itself
LONGEST_FRACTION = 24  # characters of a fraction that is printed as one
LEFT = ' style="text-align:left"'
CAPTION = ' style="caption-side:top;text-align:left"'
WRAP = ' style="white-space:pre-wrap"'


class Safe(str):
    """HTML that is already escaped."""

    __slots__ = ()


def text(value: Any, most: int = MOST_LETTERS) -> Safe:
    """Return a value in words, escaped and cut to so many letters."""
    if isinstance(value, Safe):
        return value
    said = value if isinstance(value, str) else told(value)
    return Safe(escape(said if len(said) <= most else f"{said[: most - 1]}…"))


def told(value: Any) -> str:
    """Return a value in a few characters: fractions as fractions, arrays by their size."""
    match value:
        case None:
            return "none"
        case bool() | np.bool_():
            return "yes" if value else "no"
        case Fraction():
            said = str(value)
            return said if len(said) <= LONGEST_FRACTION else f"~{float(value):.6g}"
        case float() | np.floating():
            return f"{float(value):.6g}"
        case date():
            return value.isoformat()
        case Enum():
            return str(value.value)
        case np.ndarray():
            return _array(value)
        case tuple() | list() | frozenset() | set():
            return _several(value)
        case dict():
            return _several([f"{told(k)}: {told(v)}" for k, v in list(value.items())[:99]])
    if hasattr(value, "columns") and hasattr(value, "index"):
        return f"a table of {len(value)} rows"
    if is_dataclass(value) and not isinstance(value, type) and generated(value):
        return type(value).__name__
    return str(value) if isinstance(value, str) else repr(value).split("\n", 1)[0]


def _array(value: np.ndarray) -> str:
    if value.size > MOST_NUMBERS or value.ndim != 1:
        return f"{' × '.join(map(str, value.shape))} numbers"
    return ", ".join(map(told, value.tolist()))


def _several(value: Iterable[Any]) -> str:
    items = list(value)
    if not items:
        return "none"
    more = f" and {len(items) - MOST_NUMBERS} more" if len(items) > MOST_NUMBERS else ""
    return ", ".join(told(item) for item in items[:MOST_NUMBERS]) + more


def table(
    rows: Iterable[Sequence[Any]],
    *,
    head: Sequence[Any] = (),
    caption: Any = "",
    count: int | None = None,
    most: int = MOST_ROWS,
) -> Safe:
    """Return a table; the first cell of a row names it. Words stand left, numbers right.

    `count` is how many rows there are where `rows` holds fewer; those past `most` are counted.
    """
    kept: list[list[Any]] = []
    for row in rows:
        if len(kept) > most:
            break
        kept.append(list(row))
    total = count if count is not None else len(rows) if isinstance(rows, Sized) else len(kept)
    shown = kept[:most]
    wide = max([len(head), *(len(row) for row in shown)], default=0)
    body = "".join(_row(row, wide) for row in shown)
    above = f"<thead><tr>{_cells(head, wide, heading=True)}</tr></thead>" if head else ""
    named = f"<caption{CAPTION}>{text(caption)}</caption>" if caption else ""
    rest = more(total - len(shown), "row")
    return Safe(f"<table>{named}{above}<tbody>{body}</tbody></table>{rest}")


def _row(row: Sequence[Any], wide: int) -> str:
    first = f'<th scope="row"{LEFT}>{text(row[0])}</th>' if row else ""
    return f"<tr>{first}{_cells(row, wide, start=1)}</tr>"


def _cells(row: Sequence[Any], wide: int, *, heading: bool = False, start: int = 0) -> str:
    cells = [_cell(value, heading) for value in list(row)[start:MOST_COLUMNS]]
    if wide > MOST_COLUMNS:
        cells.append(_cell(f"… {wide - MOST_COLUMNS} more", True) if heading else "<td>…</td>")
    return "".join(cells)


def _cell(value: Any, heading: bool) -> str:
    if heading:
        return f'<th scope="col"{LEFT}>{text(value)}</th>'
    words = isinstance(value, str) and not isinstance(value, Safe)
    return f"<td{LEFT if words else ''}>{text(value)}</td>"


def frame(data: pd.DataFrame, caption: Any = "", *, index: bool | None = None) -> Safe:
    """Return a pandas table; its index stands first where it has a name or names rows."""
    numbered = data.index.name is None and str(data.index.dtype).startswith("int")
    shown = data.iloc[: MOST_ROWS + 1]
    if not numbered if index is None else index:
        shown = shown.reset_index()
    names = [" ".join(map(str, c)) if isinstance(c, tuple) else str(c) for c in shown.columns]
    rows = [[_plain(v) for v in row] for row in shown.itertuples(index=False, name=None)]
    head = [name.replace("_", " ") for name in names]
    return table(rows, head=head, caption=caption, count=len(data))


def _plain(value: Any) -> Any:
    return Safe(f"{value:.4g}") if isinstance(value, float) else value


def series(data: pd.Series[float], caption: Any = "", names: Sequence[str] = ()) -> Safe:
    """Return a pandas series as a table of two columns."""
    rows = [(told(key), float(value)) for key, value in data.iloc[: MOST_ROWS + 1].items()]
    head = names or ("" if data.index.name is None else str(data.index.name), str(data.name))
    return table(rows, head=head, caption=caption, count=len(data))


def more(count: int, what: str) -> Safe:
    """Return a line that says how many are not shown; nothing where all are."""
    return Safe(f"<p>… {count:,} more {what}{'s' * (count != 1)}</p>" if count > 0 else "")


def line(*parts: Any) -> Safe:
    """Return a paragraph."""
    return Safe(f"<p>{' '.join(text(part, MOST_TOLD) for part in parts if part != '')}</p>")


def heading(value: Any) -> Safe:
    """Return a paragraph in bold; nothing for no words."""
    return Safe(f"<p><strong>{text(value)}</strong></p>") if value else Safe("")


def said(value: Any) -> Safe:
    """Return what an object says of itself, its lines kept, the rest counted."""
    rows = repr(value)[: 4 * MOST_TOLD].split("\n")
    kept = "\n".join(rows[:MOST_LINES])
    return Safe(f"<pre{WRAP}>{text(kept, MOST_TOLD)}</pre>{more(len(rows) - MOST_LINES, 'line')}")


def folded(summary: str, body: str) -> Safe:
    """Return what is shown when asked for."""
    return Safe(f"<details><summary>{text(summary)}</summary>{body}</details>")


def together(*parts: str) -> Safe:
    """Return pieces one below the other."""
    return Safe(f"<div>{''.join(parts)}</div>")


def generated(value: Any) -> bool:
    """Whether the printed form is the one that dataclasses write."""
    writes = type(value).__dict__.get("__repr__", type(value).__repr__)
    return hasattr(writes, "__wrapped__") or writes == object.__repr__


def attributes(value: Any, skip: Sequence[str] = ()) -> Safe:
    """Return a table of an object's fields, those that begin with an underscore left out."""
    if not is_dataclass(value):
        return Safe("")
    names = [f.name for f in fields(value) if not f.name.startswith("_") and f.name not in skip]
    rows = [(name.replace("_", " "), _field(getattr(value, name, None))) for name in names]
    return table(rows, most=2 * MOST_ROWS)


def _field(value: Any) -> Any:
    number = isinstance(value, int | float | Fraction | np.number) and not isinstance(value, bool)
    return value if number else str(told(value))
