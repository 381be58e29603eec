"""Fixtures that many tests share: the packaged baseline and its solution."""

from __future__ import annotations

import signal
import threading

import pytest

import ceasefire as cf
from ceasefire import truce

collect_ignore = ["conftest.py"]  # no examples here, and docs/ has a module of the same name

# A shell without job control starts what it puts in the background with interrupts ignored, and
# commands that tests start and interrupt would inherit that.
main_thread = threading.current_thread() is threading.main_thread()
if main_thread and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def baseline() -> truce.Scenario:
    return cf.load("november-2023")


@pytest.fixture(scope="session")
def eq(baseline: truce.Scenario) -> truce.TruceEquilibrium:
    return truce.solve(baseline)
