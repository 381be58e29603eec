"""The packaged records: typed, sourced, and closing."""

from __future__ import annotations

import pandas as pd
import pytest

import ceasefire as cf

TABLES = list(cf.data.datasets())


@pytest.mark.parametrize("name", TABLES)
def test_every_record_says_where_it_is_from(name):
    table = getattr(cf.data, name)()
    assert len(table) > 5
    assert table.attrs["name"] == name
    assert "web pages" in table.attrs["source"]
    assert "disagree" in table.attrs["notes"]
    sources = [column for column in table.columns if column.startswith("source")]
    assert sources
    first = table[sources[0]].astype("string")
    second = table[sources[-1]].astype("string")
    assert ((first.str.len() > 0) | (second.str.len() > 0)).all()


def test_the_daily_record_closes():
    """Sums of the reconciliation in the notes."""
    days = cf.data.truce_2023()
    sums = days.select_dtypes("number").sum()
    assert sums["israeli_hostages_released"] == 78
    assert sums["russian_israeli_released_outside_deal"] == 3
    assert sums["foreign_hostages_released"] == 24
    assert sums["total_released"] == 105
    assert sums["prisoners_released"] == 240
    assert sums["hostages_credited_under_deal"] == 80
    first = days[days["day_of_pause"] <= 4]
    assert first["israeli_hostages_released"].sum() == 50
    assert first["prisoners_released"].sum() == 150
    assert (days["prisoners_released"] == 3 * days["hostages_credited_under_deal"]).all()


def test_columns_have_types():
    days = cf.data.truce_2023()
    assert pd.api.types.is_datetime64_any_dtype(days["date"])
    assert days["fuel_litres"].dtype == "Int64"
    assert days["fuel_litres"].isna().any()
    assert isinstance(days["delay"].dtype, pd.CategoricalDtype)
    exchanges = cf.data.historical_exchanges()
    assert pd.api.types.is_datetime64_any_dtype(exchanges["date_start"])
    assert exchanges["prisoners_released"].dtype == "Int64"


def test_the_terms_are_those_of_the_scenario(baseline):
    terms = cf.data.deal_terms_2023().set_index(["section", "term"])["value"]
    assert terms["swap", "hostages_initial"] == baseline.terms.first_block_captives
    assert terms["extension", "hostages_per_extra_day"] == baseline.terms.captives_per_extra_day
    assert terms["extension", "max_pause_days"] == baseline.terms.pause_days_max
    assert terms["extension", "extension_1.days"] == baseline.observed.chunks[1]


def test_what_was_observed_agrees_with_the_daily_record(baseline):
    days = getattr(cf.data, baseline.observed.dataset)()
    kept = days[days["hostages_credited_under_deal"] > 0]
    assert len(kept) == baseline.observed.pause_days == sum(baseline.observed.chunks)


def test_a_table_is_the_callers_own():
    table = cf.data.truce_2023()
    table.loc[0, "total_released"] = 0
    assert cf.data.truce_2023().loc[0, "total_released"] == 24
