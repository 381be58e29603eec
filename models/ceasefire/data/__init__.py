"""Packaged scenarios and sourced records of exchanges, as tidy tables.

Every table names its sources: ``table.attrs["source"]`` says where the record as a whole
is from, source columns give the pages behind each row, and :func:`notes` says where
sources disagree.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

_ORIGIN = (
    "one news account of November 2023 and public web pages, named row by row; facts and figures "
    "only, in own words; where sources disagree see ceasefire.data.notes()"
)
_DESCRIPTIONS = {
    "truce_2023": "the truce of 24 November to 1 December 2023, a row a day",
    "negotiation_2023": "how the deal of November 2023 came about, a row an event",
    "deal_terms_2023": "terms of the deal of November 2023 as reported, a row a term",
    "historical_exchanges": "earlier exchanges of captives, a row an exchange",
}
_WORDS = {"phase", "delay", "confidence", "effect_on", "effect_secondary", "staged"}
_DATES = {"date", "date_start", "date_end"}


def datasets() -> dict[str, str]:
    """Names of the packaged records, each with a line saying what it holds."""
    return dict(_DESCRIPTIONS)


def notes() -> str:
    """Return how the records were made and where sources disagree (Markdown)."""
    return _text("sets", "NOTES.md")


def truce_2023() -> pd.DataFrame:
    """Return the daily record of the truce of November 2023.

    Returns
    -------
    DataFrame
        A row a day, 24 November to 1 December: releases planned, made and credited,
        prisoners released, aid, delays, incidents, sources. Counts are nullable integers
        (missing: no figure found).
    """
    return _table("truce_2023", "truce_2023_daily.csv")


def negotiation_2023() -> pd.DataFrame:
    """Return the timeline of the negotiation, a row an event, with what it bore on."""
    return _table("negotiation_2023", "negotiation_2023_timeline.csv")


def historical_exchanges() -> pd.DataFrame:
    """Return earlier exchanges of captives: counts, stages, mediators, durations."""
    return _table("historical_exchanges", "historical_exchanges.csv")


def deal_terms_2023() -> pd.DataFrame:
    """Return the terms of the deal as agreed or announced, a row a term.

    Returns
    -------
    DataFrame
        Columns section, term, value, unit, confidence, sources, alternatives, note.
        ``value`` keeps its type (number, text, list); lists of sources are joined by '; '.
    """
    import pandas as pd

    raw = json.loads(_text("sets", "deal_terms_2023.json"))
    rows = [row for section, terms in raw.items() for row in _terms(section, terms)]
    columns = ["section", "term", "value", "unit", "confidence", "sources", "alternatives", "note"]
    return _described(pd.DataFrame(rows, columns=columns), "deal_terms_2023")


def scenario_names() -> tuple[str, ...]:
    """Names of the packaged scenarios."""
    folder = files(__name__) / "scenarios"
    return tuple(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml")))


def scenario_text(name: str) -> str:
    """Return the TOML text of a packaged scenario."""
    return _text("scenarios", f"{name}.toml")


def exchange_names() -> tuple[str, ...]:
    """Names of the packaged exchanges, as ``ceasefire.calibration.read`` takes them."""
    folder = files(__name__) / "exchanges"
    return tuple(sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".toml")))


def exchange_texts(name: str) -> tuple[str, str]:
    """Return the daily record (CSV) and the terms (TOML) of a packaged exchange."""
    return _text("exchanges", f"{name}.csv"), _text("exchanges", f"{name}.toml")


@cache
def _text(*parts: str) -> str:
    return files(__name__).joinpath(*parts).read_text(encoding="utf-8")


def _table(name: str, file: str) -> pd.DataFrame:
    import pandas as pd

    frame = pd.read_csv(StringIO(_text("sets", file)), dtype=str, keep_default_na=False)
    for column in frame.columns:
        frame[column] = _typed(frame[column])
    return _described(frame, name)


def _typed(column: pd.Series[Any]) -> pd.Series[Any]:
    """Dates, nullable integers, categories or text, by name and by content."""
    import pandas as pd

    if column.name in _DATES:
        return pd.to_datetime(column.where(column != ""), format="%Y-%m-%d")
    if column.name in _WORDS:
        return column.where(column != "").astype("category")
    known = column[column != ""]
    if len(known) and known.str.fullmatch(r"-?\d+").all():
        return pd.to_numeric(column.where(column != "")).astype("Int64")
    if len(known) and known.str.fullmatch(r"-?\d+\.\d*").all():
        return pd.to_numeric(column.where(column != "")).astype("Float64")
    return column.astype("string")


def _described(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    frame.attrs["name"] = name
    frame.attrs["description"] = _DESCRIPTIONS[name]
    frame.attrs["source"] = _ORIGIN
    frame.attrs["notes"] = notes()
    return frame


def _terms(section: str, terms: Any, prefix: str = "") -> list[tuple[Any, ...]]:
    """Rows of one section; records without a 'value' (the extensions) give a row a field."""
    if not isinstance(terms, dict):
        return []
    rows: list[tuple[Any, ...]] = []
    for term, record in terms.items():
        label = f"{prefix}{term}"
        if isinstance(record, dict) and "value" in record:
            rows.append(_term(section, label, record["value"], record))
        elif isinstance(record, dict):
            shared = {k: v for k, v in record.items() if k in ("sources", "alternatives", "note")}
            facts = {k: v for k, v in record.items() if k not in shared}
            rows += [_term(section, f"{label}.{k}", v, shared) for k, v in facts.items()]
    return rows


def _term(section: str, term: str, value: Any, record: dict[str, Any]) -> tuple[Any, ...]:
    alternatives = "; ".join(json.dumps(item) for item in record.get("alternatives", []))
    sources = "; ".join(record.get("sources", []))
    return (
        section,
        term,
        value,
        record.get("unit", ""),
        record.get("confidence", ""),
        sources,
        alternatives,
        record.get("note", ""),
    )
