"""THEORY: published models solved from their game forms by the general engines, to the digits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm

from ceasefire import games, solvers
from ceasefire.games import Chance, Decision, End, ExtensiveForm, catalog


@pytest.mark.parametrize(
    ("bound", "loss", "caught", "penalty", "demand", "taker", "family"),
    [
        ("1/2", 10, "1/5", 5, 4.166666667, 2.333333333, -3.333333333),
        ("1/5", 10, "2/5", 5, 2.777777778, 0.0, 0.0),
        ("4/5", 40, "1/2", 12, 35.555555556, 11.777777778, -17.777777778),
    ],
    ids=["kidnap", "abstain", "high"],
)
def test_c1_seltens_kidnapping(bound, loss, caught, penalty, demand, taker, family):
    """The demand is D* = a w / ((1 + a)(1 - q)), and it is paid; kidnap iff a w / (1 + a) > q x."""
    tree = catalog.load("kidnapping", bound=Fraction(bound), loss=loss, caught=Fraction(caught),
                        penalty=penalty, demands=4)  # fmt: skip
    found = solvers.subgame_perfect(tree)
    assert found.complete
    pay = np.array([e.payoffs for e in found])
    best = found[int(np.argmax(pay[:, 0]))]
    assert best.payoffs == pytest.approx([taker, family], abs=1e-8)
    assert all(e.certificate.is_subgame_perfect for e in found)
    if taker:
        h = next(k for k, acts in enumerate(tree.action_labels) if acts[0].startswith("demand"))
        chosen = tree.action_labels[h][int(np.argmax(best.strategies[h]))]
        assert float(Fraction(chosen.split()[1])) == pytest.approx(demand, abs=1e-8)


def test_c1_a_demand_of_twice_the_best_is_met_by_a_partial_offer():
    """D = 8.333333: the family offers 2.083333333."""
    tree = catalog.load("kidnapping", demands=8)
    found = solvers.subgame_perfect(tree)[0]
    top = max(
        (h for h, acts in enumerate(tree.action_labels) if acts[0] == "offer 0"),
        key=lambda h: len(tree.action_labels[h]),
    )
    chosen = tree.action_labels[top][int(np.argmax(found.strategies[top]))]
    assert float(Fraction(chosen.split()[1])) == pytest.approx(2.083333333, abs=1e-8)


@pytest.mark.parametrize(("rounds", "share"), [(1, 1.0), (2, 0.1), (3, 0.91), (4, 0.181)])
def test_a2_stahls_finite_bargaining(rounds, share):
    """(1 - (-d)^T) / (1 + d) at d = 0.9: the parity of the horizon decides."""
    d = Fraction(9, 10)
    shares = sorted(
        {Fraction(0), Fraction(1)} | {(1 - (-d) ** t) / (1 + d) for t in range(1, rounds + 1)}
    )
    grid = sorted(set(shares) | {1 - s for s in shares})

    def moves(state):
        t, offer = state
        mover, other = ("one", "two") if t % 2 == 0 else ("two", "one")
        if t == rounds:
            return End({"one": 0, "two": 0})
        if offer is None:
            return Decision(mover, {str(s): (t, s) for s in grid})
        deal = End({mover: d**t * offer, other: d**t * (1 - offer)})
        return Decision(other, {"accept": deal, "refuse": (t + 1, None)})

    tree = ExtensiveForm.from_rules((0, None), moves, players=["one", "two"])
    # responders accept when indifferent: the first of the list takes the first action at ties
    found = solvers.subgame_perfect(tree, limit=1)[0]
    assert found.payoffs[0] == pytest.approx(share, abs=1e-12)


def stahl(d, rounds):
    """Share of the proposer with `rounds` offers left, its own discount factor first."""
    r, m = d[0] * d[1], rounds // 2
    return (1 - d[1]) * (1 - r**m) / (1 - r) + (r**m if rounds % 2 else 0)


@pytest.mark.parametrize(
    ("d1", "d2", "rounds", "share"),
    [
        ("9/10", "9/10", 3, 0.91),
        ("9/10", "8/10", 5, 0.8624),
        ("9/10", "8/10", 10, 0.57607731),
        ("95/100", "6/10", 7, 0.943153),
    ],
)
def test_a2_stahls_bargaining_with_two_discount_factors(d1, d2, rounds, share):
    """The parity of the horizon decides. Each offers its equilibrium share, or a fiftieth more."""
    d = (Fraction(d1), Fraction(d2))

    def moves(state):
        t, offer = state
        mover, other = t % 2, 1 - t % 2
        if t == rounds:
            return End([0, 0])
        if offer is None:
            best = stahl((d[mover], d[other]), rounds - t)
            return Decision(mover, {str(s): (t, s) for s in {best, min(best + Fraction(1, 50), 1)}})
        pay = [Fraction(0), Fraction(0)]
        pay[mover], pay[other] = d[mover] ** t * offer, d[other] ** t * (1 - offer)
        return Decision(other, {"accept": End(pay), "refuse": (t + 1, None)})

    tree = ExtensiveForm.from_rules((0, None), moves)
    # responders accept when indifferent: the first of the list takes the first action at ties
    found = solvers.subgame_perfect(tree, exact=True, limit=1)[0]
    assert found.regret == 0
    assert float(found.payoffs[0]) == pytest.approx(share, abs=5e-9)


@pytest.mark.parametrize(
    ("batches", "trust", "granted"),
    [
        pytest.param(1, Fraction(54, 100), False, id="1-below"),
        pytest.param(1, Fraction(56, 100), True, id="1-above"),
        pytest.param(2, Fraction(30, 100), False, id="2-below"),
        pytest.param(2, Fraction(31, 100), True, id="2-above"),
        pytest.param(3, Fraction(16, 100), False, id="3-below"),
        pytest.param(3, Fraction(17, 100), True, id="3-above"),
    ],
)
def test_h10_a_day_is_granted_from_a_trust_of_m_to_the_batches_left(batches, trust, granted):
    """k = 5.5, v x = 10: thresholds .55, .3025, .166375; the opportunist mixes below .55."""

    def moves(state):
        if state == "start":
            return Chance({"honest": (trust, (0, 1)), "opportunist": (1 - trust, (0, 0))})
        if len(state) == 3:
            n, honest, _ = state
            cost = -Fraction(11, 2) * (n + 1) + 10 * n
            kept = End({"pausing state": cost, "captor": 2 * (n + 1) - n})
            return Decision("captor", {"deliver": (n + 1, honest), "keep": kept}, sees=f"batch {n}")
        n, honest = state
        now = End({"pausing state": Fraction(9, 2) * n, "captor": n})
        if n == batches:
            return now
        after = (n + 1, honest) if honest else (n, honest, "granted")
        return Decision("pausing state", {"grant": after, "stop": now}, sees=f"after {n}")

    tree = ExtensiveForm.from_rules("start", moves, players=["pausing state", "captor"])
    found = solvers.sequential(tree)
    h = tree.infoset_labels.index("after 0")
    assert found.strategies[h][0] == pytest.approx(float(granted), abs=1e-9)
    if granted and batches > 1:
        h = tree.infoset_labels.index(f"after {batches - 1}")
        assert found.belief(h)[0] == pytest.approx(0.55, abs=1e-6)


def test_j4_signorinos_crisis_with_private_errors_is_another_model():
    """The probit of privately known payoffs, a closed form: .63816320 and .52748412."""
    fights = norm.cdf(0.5 / np.sqrt(2))
    gain = fights * -1 + (1 - fights) * 2
    moves = norm.cdf(gain / np.sqrt(fights**2 + (1 - fights) ** 2 + 1))
    assert (fights, moves) == pytest.approx((0.63816320, 0.52748412), abs=5e-9)
    agents = solvers.logit(catalog.load("crisis"), precision=1.0)
    assert abs(agents.strategies[0][0] - moves) > 0.005  # not what errors of agents give


def test_j4_signorinos_crisis_with_agent_error():
    tree = catalog.load("crisis")
    found = solvers.logit(tree, precision=1.0)
    assert found.strategies[1][0] == pytest.approx(0.62245933, abs=5e-9)
    assert found.strategies[0][0] == pytest.approx(0.53310699, abs=5e-9)


@pytest.mark.parametrize(("name", "m"), [("assurance", 0.5), ("assurance-costly", 0.8)])
def test_e1_the_trust_threshold_is_the_mixed_equilibrium(name, m):
    mixed = [e for e in solvers.nash(catalog.load(name)) if not e.is_pure]
    assert [float(e.strategies[1][0]) for e in mixed] == pytest.approx([m])


@pytest.mark.parametrize("name", ["assurance", "assurance-costly"])
def test_e1_mutual_distrust_stays_an_equilibrium_at_any_trust(name):
    pure = {e.support(0) + e.support(1) for e in solvers.nash(catalog.load(name)) if e.is_pure}
    assert pure == {(0, 0), (1, 1)}


@pytest.mark.parametrize("stake", ["7/10", "3/4", "7/9", "4/5"])
def test_e2_no_first_stake_separates_where_the_temptation_is_above_mutual_trust(stake):
    """T = 4.5 > R = 4: (T - P)/(T - S) = 7/9 lies above (R - P)/(R - S) = 3/4."""
    tree = catalog.load("reassurance", stake=Fraction(stake), temptation=Fraction(9, 2))
    assert not any(
        c.sending["trustworthy"][0, 0] > 1 - 1e-6 and c.sending["untrustworthy"][0, 1] < 1e-6
        for c in solvers.signalling(tree)
    )


def test_f1_at_even_odds_beer_and_quiche_has_a_continuum():
    """w = 1/2: both drink beer, and a duel after it has any probability up to 1/2; or quiche."""
    text = games.text(catalog.load("beer-quiche-weak"))
    tree = games.parse(text.replace("3/5", "1/2").replace("2/5", "1/2"))
    beer, quiche = solvers.signalling(tree)
    assert (beer.messages, beer.intuitive) == (("beer",), True)
    assert (quiche.messages, quiche.intuitive) == (("quiche",), False)
    assert beer.replies["beer"][0] == pytest.approx([0, 0.5], abs=1e-7)
    assert beer.replies["quiche"][0] == pytest.approx([0.5, 1], abs=1e-7)
    assert all(c.example.verified for c in (beer, quiche))
