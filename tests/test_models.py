"""What holds of every model of the negotiation, whatever it says."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import ceasefire
from ceasefire import bargaining
from ceasefire.bargaining.registry import MODELS, STEPS
from ceasefire.errors import ArgumentError
from ceasefire.status import Status

NAMES = [entry.name for entry in MODELS]


@pytest.fixture(scope="module")
def scenario():
    return ceasefire.load("november-2023")


def test_names_and_homes_are_unique():
    assert len(set(NAMES)) == len(NAMES)
    assert len({entry.home for entry in MODELS}) == len(MODELS)


def test_entries_stand_in_the_order_of_the_account():
    order = list(STEPS)
    steps = [order.index(entry.step) for entry in MODELS]
    assert steps == sorted(steps)


@pytest.mark.parametrize("entry", MODELS, ids=NAMES)
def test_an_entry_asks_a_question_and_names_where_it_is_from(entry):
    assert re.fullmatch(r"[a-z0-9-]+", entry.name)
    assert entry.question.endswith("?")
    assert len(entry.question) <= 110
    assert all(re.fullmatch(r"[A-J]\d{1,2}", check) for check in entry.checks)
    assert entry.points
    assert all(1 <= point <= 16 for point in entry.points)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_a_documented_frozen_dataclass(name):
    cls = bargaining.model(name)
    assert is_dataclass(cls)
    assert cls.__dataclass_params__.frozen
    assert getattr(bargaining, cls.__name__) is cls
    text = inspect.getdoc(cls)
    for section in ("Parameters\n---", "Notes\n---", "References\n---", "Examples\n---"):
        assert section in text, section
    assert "*Captures:*" in text
    assert "*Leaves out:*" in text
    assert inspect.getdoc(cls.from_scenario) != inspect.getdoc(bargaining.Model.from_scenario)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_answers_for_the_scenario_with_a_certificate(name, scenario):
    model = bargaining.model(name).from_scenario(scenario)
    assert model == model.replace()
    assert hash(model) == hash(model.replace())
    solved = model.solve()
    assert isinstance(solved.status, Status)
    assert solved.status.solved
    assert solved.certificate.passed
    assert len(repr(solved)) < 2000
    assert " object at 0x" not in repr(solved)
    answer = model.answer()
    assert answer.endswith(".")
    assert len(answer) < 600
    assert "nan" not in answer


@pytest.mark.parametrize("name", NAMES)
def test_a_model_draws_its_table(name, scenario):
    model = bargaining.model(name).from_scenario(scenario)
    table = model.table()
    assert isinstance(table, pd.DataFrame)
    assert len(table) > 1
    assert not np.isinf(table.select_dtypes("number").to_numpy(float)).any()
    figure = model.figure()
    assert isinstance(figure, Figure)
    assert all(axes.get_xlabel() or axes.get_ylabel() or not axes.axison for axes in figure.axes)


def test_an_unknown_model_or_parameter_is_named_with_the_closest():
    with pytest.raises(ArgumentError, match="did you mean instalments"):
        bargaining.model("instalment")
    model = bargaining.Instalments(value=3, cost=1, discount=0.95, stock=50)
    with pytest.raises(ArgumentError, match="did you mean stock"):
        model.replace(stok=4)


def test_a_list_of_models_waits_for_no_solver():
    code = (
        "import sys\nfrom ceasefire.bargaining.registry import MODELS\n"
        "assert MODELS and not {'numba', 'scipy', 'pandas', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("relay", {"v": 0.0}),
        ("credible-messages", {"pi0": 1.0}),
        ("power-shift", {"beta": 1.0}),
        ("phased-deal", {"beta": 1.0}),
        ("strength-mediation", {"x": 40.0}),
    ],
)
def test_a_scenario_at_its_edge_is_answered_in_numbers(name, changes, scenario):
    model = bargaining.model(name).from_scenario(scenario.replace(changes))
    assert "nan" not in model.answer()
    assert model.solve().certificate.passed


@pytest.mark.parametrize("name", ["double-auction", "two-type-trade", "two-offers"])
@pytest.mark.parametrize(("symbol", "value"), [("k0", -2.0), ("g", 0.0)])
def test_worths_in_days_need_days_that_cost_something(name, symbol, value, scenario):
    field = {"k0": "day_cost_base", "g": "pause_gain_per_day"}[symbol]
    with pytest.raises(ArgumentError, match=field):
        bargaining.model(name).from_scenario(scenario.replace({symbol: value}))


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_a_type_that_the_command_line_can_read(name):
    cls = bargaining.model(name)
    assert all(cls.takes(field.name) is not None for field in fields(cls))


def test_a_scenario_with_free_days_is_refused_in_words(scenario):
    with pytest.raises(ArgumentError, match="day_cost_base"):
        bargaining.PriceDemands.from_scenario(scenario.replace(k0=0))
