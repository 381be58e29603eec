"""MODEL.md section 6: P1 to P9, values to the digits printed there, and their signs."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire import load, truce

TRUST, BLOCK = 0.471, 4


@pytest.mark.parametrize(
    ("held", "day", "needed"),
    [
        (48, 4, 0.13),
        (38, 4, 0.207),
        (28, 4, 0.342),
        (18, 4, 0.58),
        (28, 5, 0.366),
        (28, 6, 0.39),
        (28, 7, 0.416),
    ],
)
def test_p1_trust_needed(eq, held, day, needed):
    assert eq.trust_needed(held=held, day=day) == pytest.approx(needed, abs=1e-3)


def test_p1_trust_needed_rises_as_the_pool_drains_and_as_days_pass(eq):
    for day in range(3, 8):
        by_stock = [eq.trust_needed(held=held, day=day) for held in (48, 38, 28, 18)]
        assert np.all(np.diff(by_stock) > 0)
    for held in (28, 18):
        assert np.all(np.diff([eq.trust_needed(held=held, day=day) for day in range(3, 8)]) > 0)


@pytest.mark.parametrize(
    ("trust", "days", "left"),
    [
        (0.1, 4.32, 53),
        (0.2, 4.96, 41),
        (0.35, 5.78, 32),
        (0.5, 6.53, 26),
        (0.8, 7.0, 20),
        (1, 7.01, 19),
    ],
)
def test_p2_a_more_trusted_captor_gets_a_longer_pause(eq, trust, days, left):
    course = eq.course(trust=trust, block_days=BLOCK)
    assert course.mean_days == pytest.approx(days, abs=0.005)
    assert course.mean_left == pytest.approx(left, abs=0.5)


PILOTS = {
    0.5: (0.62, 19.0), 1: (0.46, 27.8), 2: (0.28, 33.5), 4: (0.14, 33.8),
    8: (0.08, 34.2), 16: (0.04, 32.2), 32: (0.02, 28.3),
}  # fmt: skip


@pytest.fixture(scope="module")
def pilots(baseline):
    return {size: truce.solve(baseline.replace(x_p=size)).pilot for size in PILOTS}


@pytest.mark.parametrize("size", PILOTS)
def test_p3_a_larger_pilot_screens_better(pilots, size):
    matched, net = PILOTS[size]
    assert pilots[size].matched == pytest.approx(matched, abs=0.006)
    assert pilots[size].dealer_net == pytest.approx(net, abs=0.06)


def test_p3_the_dealers_preferred_pilot_is_interior(pilots):
    nets = [pilots[size].dealer_net for size in PILOTS]
    assert 0 < int(np.argmax(nets)) < len(nets) - 1
    shares = [pilots[size].matched for size in PILOTS]
    assert np.all(np.diff(shares) < 0)


@pytest.mark.parametrize(("chi", "days"), [(0, 1.52), (0.04, 1.68), (0.10, 1.86), (0.20, 1.97)])
def test_p4_riskier_relays_lengthen_the_first_extension(baseline, chi, days):
    window = truce.solve(baseline.replace(chi=chi)).values(48, 4, TRUST)
    assert window.expected_chunk == pytest.approx(days, abs=0.006)


def test_p4_chunks_do_not_lengthen_along_the_course(eq):
    likely = [int(days) for days in eq.course().chunks.index[0].split("-")]
    assert likely == [4, 2, 1]
    assert sorted(likely, reverse=True) == likely


PRICES = {
    8: (3.5, 27.0, 67), 10: (7.8, 25.2, 72), 12: (10.8, 19.9, 73),
    14: (14.2, 15.7, 74), 16: (10.4, 12.1, 68), 24: (6.4, 4.5, 64),
}  # fmt: skip


@pytest.mark.parametrize("price", PRICES)
def test_p5_values_and_captives_freed_by_price(baseline, price):
    changed = truce.solve(baseline.replace(x=price))
    window = changed.values(48, 4, TRUST)
    course = changed.course(trust=TRUST, block_days=BLOCK)
    pausing_state, captor, freed = PRICES[price]
    assert window.pausing_state == pytest.approx(pausing_state, abs=0.06)
    assert window.dealer == pytest.approx(captor, abs=0.06)
    assert 98 - course.mean_left == pytest.approx(freed, abs=0.6)


@pytest.mark.parametrize("price", [5, 6])
def test_p5_the_pausing_state_never_extends_below_a_floor_price(baseline, price):
    window = truce.solve(baseline.replace(x=price)).values(48, 4, TRUST)
    assert window.offer_probability < 1e-5


@pytest.mark.parametrize(
    ("c_hi", "days"), [(0.25, 6.46), (1.5, 6.51), (2.5, 6.55), (4, 5.78), (8, 5.82)]
)
def test_p6_a_dearer_last_captive_lengthens_then_cuts_the_pause(baseline, c_hi, days):
    course = truce.solve(baseline.replace(c_hi=c_hi)).course(trust=TRUST, block_days=BLOCK)
    assert course.mean_days == pytest.approx(days, abs=0.005)


@pytest.mark.parametrize(
    ("rate", "weight", "days"),
    [(0.0025, 0.80, 6), (0.005, 0.67, 5), (0.01, 0.50, 4), (0.02, 0.33, 2), (0.04, 0.20, 1)],
)
def test_p7_a_more_impatient_captor_gets_fewer_days(baseline, rate, weight, days):
    # The opening trust is held at the baseline's: no pilot, prior at 0.471.
    fixed = truce.solve(baseline.replace(r_C=rate, x_p=0, pi0=TRUST))
    assert fixed.bargaining_weight == pytest.approx(weight, abs=0.005)
    assert fixed.block_days == days


@pytest.mark.parametrize(
    ("reliability", "days", "blame"),
    [(0.95, 6.59, 0.94), (0.7, 6.51, 0.81), (0.45, 6.43, 0.72), (0.2, 6.34, 0.64)],
)
def test_p8_a_less_reliable_list_shortens_the_pause_and_excuses_a_miss(
    baseline, reliability, days, blame
):
    changed = truce.solve(baseline.replace(l_lo=reliability))
    assert changed.course(trust=TRUST, block_days=BLOCK).mean_days == pytest.approx(days, abs=0.005)
    assert changed.blame(28, 6, TRUST) == pytest.approx(blame, abs=0.005)


@pytest.mark.parametrize(
    ("pool", "days", "left"),
    [(78, 5, 22), (88, 6, 24), (98, 7, 26), (108, 8, 29), (118, 9, 32), (138, 10, 40)],
)
def test_p9_ten_more_captives_buy_about_one_more_day(baseline, pool, days, left):
    changed = truce.solve(baseline.replace(W0=pool, J=16))
    course = changed.course(trust=TRUST, block_days=BLOCK)
    assert course.modal_days == days
    assert course.mean_left == pytest.approx(left, abs=0.7)


@pytest.mark.parametrize(
    ("name", "changes"), [("all-at-once", {}), ("november-2023", {"x1": -1}), ("no-pilot", {})]
)
def test_a_proposition_whose_values_the_scenario_cannot_take_is_not_judged(name, changes):
    found = truce.propositions(load(name).replace(changes))
    assert len(found) == 18
    silent = found[found["reason"].str.startswith("its values leave")]
    assert silent["holds"].isna().all()
    assert bool(len(silent)) == (name != "no-pilot")
