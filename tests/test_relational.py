"""Negotiated relations: hold-up, waiting for the next negotiation, and the last batch."""

from __future__ import annotations

import numpy as np
import pytest

from ceasefire.errors import ArgumentError
from ceasefire.games import StochasticGame
from ceasefire.solvers import payoff_set, relational
from ceasefire.status import Status


def investment(cost, delta=0.5, gain=1.0, unit=1.0, shift=0.0):
    """One player may invest once; then both may trade for `gain` a day, if both agree."""
    start = np.array([[[0], [-cost]], [[0], [0]]]) * unit + shift
    trade = np.array([[[0, 0], [0, 0]], [[0, 0], [0, gain]]]) * unit + shift
    law = [[[[1, 0]], [[0, 1]]], [[[0, 1], [0, 1]], [[0, 1], [0, 1]]]]
    names = [[["wait", "invest"], ["-"]], [["no", "yes"], ["no", "yes"]]]
    return StochasticGame([start, trade], law, delta, states=["start", "trade"], actions=names)


def staged(stock, delta, cost=1.0, worth=3.0, pay=0.0):
    """Batches are released one a day, if at all; the other side's day is worth `pay` to the captor.

    States count the batches held; with none left nothing more can be exchanged.
    """
    tables, law = [], []
    for held in range(stock + 1):
        acts = 2 if held else 1
        u, p = np.zeros((2, acts, 2 if held else 1)), np.zeros((acts, 2 if held else 1, stock + 1))
        for release in range(acts):
            for grant in range(u.shape[2]):
                u[:, release, grant] = [pay * grant - cost * release, worth * release - grant]
                p[release, grant, held - release] = 1
        tables.append(u)
        law.append(p)
    return StochasticGame(tables, law, delta, initial=stock)


def random_directional(rng, players):
    states = int(rng.integers(2, 5))
    tables, law = [], []
    for s in range(states):
        shape = tuple(rng.integers(1, 4, size=players))
        tables.append(rng.integers(0, 6, size=(players, *shape)))
        p = np.zeros((*shape, states))
        for cell in np.ndindex(*shape):
            for _ in range(2):
                p[cell][rng.integers(s, states)] += 0.5
        law.append(p)
    return StochasticGame(tables, law, float(rng.choice([0.3, 0.6, 0.9])))


@pytest.mark.parametrize(
    ("cost", "chance", "plan", "joint", "threat"),
    [
        # delta = 1/2, equal weights. In "trade" both agree for 1 a day, threat t = rho/(1+rho)/2
        # each, negotiated 1/2 each, so that a day later the other side holds y = rho/2 in
        # expectation. With investment U = 1/2 - cost/2 =: W; waiting is worth v = rho W/2 + v/2 +
        # ..., v_1 = v_2 = rho W/(2 (1 + rho)), as U - v_1 - v_2 = W/(1 + rho). It is enforced iff
        # W >= max(rho/4 - cost/2, v_1) + rho/4: the other side keeps rho/4 whatever it does.
        pytest.param(0.55, 0.0, "invest", 0.225, 0.0, id="promises hold"),
        # .35 >= .0777... + .2
        pytest.param(0.3, 0.8, "invest", 0.35, 0.28 / 3.6, id="cheap enough"),
        # W = .15 < .2: not even where waiting is worth nothing
        pytest.param(0.7, 0.8, "wait", 0.0, 0.0, id="hold-up"),
        pytest.param(0.55, 1.0, "wait", 0.0, 0.0, id="bargained over every day"),
    ],
)
def test_two_states_solved_on_paper(cost, chance, plan, joint, threat):
    found = relational(investment(cost), negotiation=chance)
    assert found.status is Status.OK
    assert found.profile("start") == (plan, "-")
    assert found.joint[0] == pytest.approx(joint, abs=1e-12)
    assert found.threat[0] == pytest.approx([threat, threat], abs=1e-12)
    assert found.certificate.miss < 1e-12
    later = chance / (1 + chance) / 2
    assert found.threat[1] == pytest.approx([later, later], abs=1e-12)


def test_no_pure_equilibrium_is_reported_with_its_state():
    # cost .55, rho .8: W = .225. If investment follows a negotiation, waiting for it is worth .05
    # and .05 + .2 > .225 deters the investment; if it does not follow, waiting is worth 0 and
    # .225 > 0 + .2 enforces it.
    found = relational(investment(0.55), negotiation=0.8)
    assert found.status is Status.NO_EQUILIBRIUM
    assert found.failing == ("start",)
    assert not found.exists
    assert found.profile("trade") == ("yes", "yes")
    assert np.isnan(found.payoffs).all()
    assert found.certificate.miss < 1e-12
    assert "no equilibrium of this kind in start" in repr(found)


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("stock", [1, 2, 4])
def test_a_known_last_batch_ends_all_trade(chance, stock):
    """THEORY D3: with a known last round surplus is exactly 0, transfers or not."""
    found = relational(staged(stock, 0.95), negotiation=chance)
    assert found.status is Status.OK
    assert np.all(found.joint == 0.0)
    assert found.profile(stock)[0] == "1"  # hold


def test_without_negotiations_it_is_the_payoff_set_with_transfers():
    rng = np.random.default_rng(5)
    empty = 0
    for k in range(16):
        game = random_directional(rng, 2 + k % 2)
        known, found = payoff_set(game, transfers=True), relational(game, negotiation=0)
        some = found.path >= 0
        empty += not some.all()
        assert np.array_equal(some, [len(points) > 0 for points in known.vertices])
        assert found.joint[some] == pytest.approx(known.detail["joint"][some], abs=1e-9)
        assert found.threat[some] == pytest.approx(known.threat[some], abs=1e-9)
        if some.any():
            assert found.certificate.miss < 1e-9
    assert empty  # games without pure equilibria were among them


def test_negotiation_every_day_leaves_one_day_equilibria():
    """At rho = 1 only profiles nobody wants to leave today are enforced: surplus is 0 in each."""
    rng = np.random.default_rng(8)
    for _ in range(10):
        game = random_directional(rng, 2)
        found = relational(game, negotiation=1, weights=[0.3, 0.7])
        worth = np.nan_to_num(found.negotiated)
        for s in np.flatnonzero(found.path >= 0):
            pure = game.auxiliary(int(s), worth / (1 - game.discount)).pure_equilibria()
            local = int(found.path[s] - game.profile_start[s])
            assert np.unravel_index(local, tuple(game.n_actions[s])) in pure


def every_combination(u, stay, end, d, rho):
    """All (U, v_1, v_2) of a state that stays or ends at `end`: each path, each pair of replies."""
    cells, found = list(np.ndindex(*stay.shape)), set()
    for path in cells:
        joint = ((1 - d) * sum(u[:, *path]) + d * (1 - stay[path]) * sum(end)) / (
            1 - d * stay[path]
        )
        for replies in np.ndindex(len(cells), len(cells)):
            A, b = np.zeros((2, 2)), np.zeros(2)
            for i in range(2):
                a = cells[replies[i]]
                w = d * stay[a]
                A[i] += w * rho / 2
                A[i, i] += 1 - w
                b[i] = (1 - d) * u[i][a] + d * (1 - stay[a]) * end[i] + w * rho / 2 * joint
            v = np.linalg.solve(A, b)
            worth = v + rho / 2 * (joint - v.sum())
            offered = (1 - d) * u.sum(axis=0) + d * (stay * joint + (1 - stay) * sum(end))
            lured = [
                ((1 - d) * u[i] + d * (stay * worth[i] + (1 - stay) * end[i])).max(
                    axis=i, keepdims=True
                )
                + 0 * stay
                for i in range(2)
            ]
            kept = offered >= lured[0] + lured[1] - 1e-10
            low = [lured[i][kept].min(initial=np.inf) for i in range(2)]
            if offered[kept].max(initial=-np.inf) == pytest.approx(joint) and low == pytest.approx(
                v
            ):
                found.add((round(joint, 7), *v.round(7)))
    return found


def test_existence_and_values_are_those_of_trying_every_combination():
    rng = np.random.default_rng(0)
    seen = {0: 0, 1: 0, 2: 0}
    for _ in range(40):
        shape = tuple(rng.integers(1, 3, size=2))
        u, end = rng.integers(0, 6, size=(2, *shape)), rng.integers(0, 4, size=2)
        d, rho = float(rng.choice([0.3, 0.6, 0.9])), float(rng.choice([0.1, 0.4, 0.8, 1.0]))
        stay = rng.choice([0, 0.5, 1.0], size=shape)
        law = np.stack([stay, 1 - stay], axis=-1)
        game = StochasticGame([u, end.reshape(2, 1, 1)], [law, [[[0, 1]]]], d)
        found, known = relational(game, negotiation=rho), every_combination(u, stay, end, d, rho)
        seen[min(len(known), 2)] += 1
        assert found.exists == bool(known)
        if known:
            got = (found.joint[0], *found.threat[0])
            assert any(got == pytest.approx(one, abs=1e-6) for one in known)
    assert min(seen[0], seen[1]) > 0


def test_shares_follow_the_weights():
    for weights in ([1, 0], [0, 1], [0.25, 0.75]):
        found = relational(investment(0.3), negotiation=0.1, weights=weights)
        surplus = found.joint - found.threat.sum(axis=1)
        assert found.negotiated - found.threat == pytest.approx(np.outer(surplus, weights))


@pytest.mark.parametrize(("unit", "shift"), [(1e9, 0.0), (1e-12, 0.0), (1.0, 2.0**30)])
def test_units_do_not_matter(unit, shift):
    base = relational(investment(0.5), negotiation=0.1)
    found = relational(investment(0.5, unit=unit, shift=shift), negotiation=0.1)
    assert found.path.tolist() == base.path.tolist()
    assert found.threat / unit - shift == pytest.approx(base.threat, abs=1e-6 if shift else 1e-12)


def test_a_chain_of_many_states_is_solved_from_its_end():
    found = relational(staged(300, 0.9), negotiation=0.2)
    assert found.status is Status.OK
    assert found.certificate.slack >= 0


def test_what_is_not_covered_is_refused_by_name():
    cycle = StochasticGame(np.zeros((2, 2, 1, 1)), [[[[0, 1]]], [[[1, 0]]]], 0.5)
    with pytest.raises(ArgumentError, match=r"weakly directional.*payoff_set"):
        relational(cycle, negotiation=0.5)
    with pytest.raises(ArgumentError, match="negotiation"):
        relational(investment(0.5), negotiation=1.5)
    with pytest.raises(ArgumentError, match="weights"):
        relational(investment(0.5), negotiation=0.5, weights=[0.5, 0.6])
    with pytest.raises(ArgumentError, match="discount"):
        relational(investment(0.5).replace(discount=[0.5, 0.6]), negotiation=0.5)
    with pytest.raises(ArgumentError, match="StochasticGame"):
        relational([[1]], negotiation=0.5)
