"""The public names of the truce room hold, whatever is imported first."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ceasefire import truce

PROGRAM = """
import importlib, pkgutil
import ceasefire.truce as truce
for module in pkgutil.iter_modules(truce.__path__):
    importlib.import_module(f"ceasefire.truce.{module.name}")
assert callable(truce.extension) and callable(truce.compare) and callable(truce.solve)
"""


def test_importing_every_module_hides_no_function():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", truce.__all__)
def test_every_public_name_exists_and_is_documented(name):
    value = getattr(truce, name)
    assert value.__doc__ or name == "FRICTIONS"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'solv'"):
        _ = truce.solv


def test_reading_a_scenario_does_not_wait_for_the_compiler():
    code = (
        "import sys, ceasefire; ceasefire.load('november-2023'); "
        "assert 'numba' not in sys.modules and 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
