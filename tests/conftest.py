"""Fixtures that many tests share: the packaged baseline and its solution."""

from __future__ import annotations

import pytest

import ceasefire as cf
from ceasefire import truce

collect_ignore = ["conftest.py"]  # no examples here, and docs/ has a module of the same name


@pytest.fixture(scope="session")
def baseline() -> truce.Scenario:
    return cf.load("november-2023")


@pytest.fixture(scope="session")
def eq(baseline: truce.Scenario) -> truce.TruceEquilibrium:
    return truce.solve(baseline)
