"""Extension 4: a second category of captives (docs/model.md, Extensions)."""

from __future__ import annotations

import numpy as np

from ceasefire import truce


def test_without_a_second_stock_the_base_model_comes_back(baseline, eq):
    table = {"captives": 0.0, "ambiguous_captives": 0}
    neutral = truce.solve(baseline.replace({"second_category": table}))
    assert abs(neutral.trust - eq.trust) < 1e-12
    for one, two in zip(neutral.lines, eq.lines, strict=True):
        assert np.abs(one.at(eq.trust)[:3] - two.at(eq.trust)[:3]).max() < 1e-12
    assert np.abs(neutral.course().length - eq.course().length).max() < 1e-12


def test_the_certificate_of_the_baseline_passes(baseline):
    found = truce.solve(baseline.replace({"second_category": "on"}))
    assert found.certificate.passed, found.certificate.failures
    assert found.certificate.exploitability < 1e-6
