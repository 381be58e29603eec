"""Reading, checking and finding exchanges: two files beside each other, or a packaged name."""

from __future__ import annotations

from functools import cache
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire import data as packaged
from ceasefire import toml_text
from ceasefire.calibration import record, terms
from ceasefire.calibration.errors import DataError
from ceasefire.calibration.exchange import Exchange
from ceasefire.errors import ArgumentError, Fault, meant

if TYPE_CHECKING:
    import pandas as pd

DAYS_PER_MONTH = 365.25 / 12.0


def exchanges() -> tuple[str, ...]:
    """Names of the packaged exchanges."""
    return packaged.exchange_names()


def read(source: str | PathLike[str]) -> Exchange:
    """Read an exchange: a packaged name, or the path of its CSV with the TOML beside it.

    Parameters
    ----------
    source : str or path
        ``course.csv`` is read together with ``course.toml``; either may be named.

    Raises
    ------
    DataError
        Every fault of both files at once, each with file, line, row and column.
    ArgumentError
        No such exchange or file.

    Examples
    --------
    >>> from ceasefire import calibration
    >>> exchange = calibration.read("november-2023")
    >>> exchange, exchange.pause_days
    (Exchange('november-2023': 8 rows, ended), Range(low=7.0, high=7.0))
    >>> exchange.rows[6].delivered, exchange.rows[6].credited
    (Range(low=8.0, high=8.0), Range(low=10.0, high=10.0))
    """
    name = fspath(source)
    if name in exchanges():
        return _packaged(name)
    path = Path(name)
    if not path.exists():
        hint = meant(name, exchanges(), "give a path to a CSV file")
        raise ArgumentError("exchange", name, f"one of {', '.join(exchanges())}, or a file", hint)
    if path.is_dir():
        raise ArgumentError(
            "exchange", name, "a file, not a directory", "give a path to a CSV file"
        )
    table, deal = path.with_suffix(".csv"), path.with_suffix(".toml")
    rows_text, row_faults = _text(table)
    deal_text, deal_faults = _text(deal)
    if row_faults or deal_faults:
        raise DataError(row_faults, table, deal_faults, deal)
    return parse(rows_text, deal_text, file=table, terms_file=deal)


def parse(
    table: str,
    deal: str,
    *,
    file: str | PathLike[str] | None = "record",
    terms_file: str | PathLike[str] | None = "terms",
) -> Exchange:
    """Read an exchange from the text of its two files.

    Raises
    ------
    DataError
        Every fault of both.
    """
    rows, faults = record.parse(table)
    told, terms_faults = terms.parse(deal)
    if rows or not faults:
        known = {fault.path for fault in faults}
        more = record.faults_between(rows, told)
        faults += [fault for fault in more if fault.path not in known]
    if faults or terms_faults or told is None:
        by_line = sorted(faults, key=lambda fault: fault.line or 0)
        raise DataError(by_line, file, terms_faults, terms_file)
    return Exchange(told, rows)


def check(source: str | PathLike[str]) -> list[Fault]:
    """Return every fault of an exchange's files; empty for valid ones."""
    try:
        read(source)
    except DataError as error:
        return list(error.faults)
    return []


def historical() -> pd.DataFrame:
    """Return earlier exchanges, a row each, with what a model of talks and stages can use.

    Returns
    -------
    DataFrame
        Index: id. Columns: name, start, end (bounds of the exchange), captives, prisoners (freed;
        NA: not found), prisoners_per_captive, stages, stage_captives (tuple of numbers, empty
        where not told), confidence_step (in words), talks_days_low, talks_days_high (days, from
        months; NA: not found), mediator, confidence, sources.
    """
    import pandas as pd

    table = packaged.historical_exchanges()
    rows = table.set_index("id")
    captives = rows["captives_released_alive"]
    frame = pd.DataFrame(
        {
            "name": rows["name"],
            "start": rows["date_start"],
            "end": rows["date_end"],
            "captives": captives,
            "prisoners": rows["prisoners_released"],
            "prisoners_per_captive": (rows["prisoners_released"] / captives.where(captives > 0)),
            "stages": rows["n_stages"],
            "stage_captives": pd.Series(
                [_stages(text) for text in rows["stage_sizes_captives"]], rows.index, dtype=object
            ),
            "confidence_step": rows["pilot_or_confidence_step"],
            "talks_days_low": _months(rows["negotiation_months_low"]),
            "talks_days_high": _months(rows["negotiation_months_high"]),
            "mediator": rows["mediator"],
            "confidence": rows["confidence"],
            "sources": rows["source_1"] + "; " + rows["source_2"],
        }
    )
    frame.attrs.update(table.attrs)
    return frame


def _months(column: pd.Series[Any]) -> pd.Series[Any]:
    """Days of a column of months; NA where not found."""
    import pandas as pd

    numbers = pd.to_numeric(column.astype("string").where(column != ""), errors="coerce")
    return numbers.astype("Float64") * DAYS_PER_MONTH


def _stages(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in str(text).split(";")]
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


@cache
def _packaged(name: str) -> Exchange:
    table, deal = packaged.exchange_texts(name)
    return parse(table, deal, file=f"{name}.csv", terms_file=f"{name}.toml")


def _text(path: Path) -> tuple[str, list[Fault]]:
    if not path.exists():
        hint = "the record (.csv) and the terms (.toml) stand beside each other"
        return "", [Fault("", None, "an existing file", "not found", hint=hint)]
    text = toml_text.file_text(path)
    return ("", [text]) if isinstance(text, Fault) else (text, [])
