"""THEORY: models of private information, solved from their game forms by the general engines.

Where actions are continuous, the form takes a grid that contains the optimum or brackets it; each
test says which.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from scipy.optimize import linprog

from ceasefire import solvers
from ceasefire.games import Chance, Decision, End, ExtensiveForm

TINY = Fraction(1, 10**9)


def pilot(sizes, gain, dealer_cost, spoiler_cost):
    """The captor releases one of `sizes`; the pausing state agrees to the deal or not."""

    def moves(state):
        match state:
            case "start":
                return Chance({"dealer": (Fraction(2, 5), (True,)),
                               "spoiler": (Fraction(3, 5), (False,))})  # fmt: skip
            case (good,):
                below = {f"{float(x)}": (good, x) for x in sizes}
                return Decision("captor", below, sees="dealer" if good else "spoiler")
            case (good, x):
                cost = x * (dealer_cost if good else spoiler_cost)
                ends = {"deal": End((gain - cost, 1 if good else -1)), "refuse": End((-cost, 0))}
                return Decision("pausing state", ends, sees=float(x))

    return ExtensiveForm.from_rules("start", moves, players=["captor", "pausing state"])


@pytest.mark.parametrize(
    ("gain", "dealer_cost", "spoiler_cost", "low", "high"),
    [
        pytest.param(6, 1, 3, 2, 6, id="2-captives"),
        pytest.param(40, Fraction(1, 2), 8, 5, 80, id="5-captives"),
    ],
)
def test_f2_pilots_separate_between_gain_over_each_cost(gain, dealer_cost, spoiler_cost, low, high):
    """[B / cs, B / cd], and the intuitive criterion keeps the least: B / cs.

    Sizes a hundredth inside and outside the two bounds.
    """
    step = Fraction(1, 100)

    def separating(*sizes):
        every = solvers.signalling(pilot([0, *sizes], gain, dealer_cost, spoiler_cost))
        found = [c for c in every if len(c.messages) == 2 and np.isclose(c.payoffs[1], 0.4)]
        return {float(c.messages[1]): c.intuitive for c in found}

    assert separating(low - step, low + step, high + step) == {float(low + step): True}
    assert separating(high - step, high + step) == {float(high - step): True}
    assert separating(low + step, high - step) == {
        float(low + step): True, float(high - step): False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("prior", "size", "most", "gain", "posterior"),
    [
        (Fraction(1, 5), 2, 62, Fraction(3482, 100), 0.47098),
        (Fraction(3, 10), 2, 20, 15, 0.53333),
    ],
)
def test_f2_opportunists_match_the_pilot_up_to_a_veto_cost(prior, size, most, gain, posterior):
    """q = U / (x Z) match, so the pilot is worth pi / (pi + (1 - pi) q) in trust.

    The veto cost is drawn from cells whose ends include U / x, at their midpoints.
    """
    ends = sorted({*(Fraction(k) for k in range(most + 1)), Fraction(gain, size)})
    cells = list(pairwise(ends))

    def moves(state):
        match state:
            case "start":
                types = {
                    f"opportunist {k}": ((1 - prior) * (b - a) / most, ((a + b) / 2,))
                    for k, (a, b) in enumerate(cells)
                }
                return Chance({"dealer": (prior, (None, True)), **types})
            case (cost,):
                below = {"release": (cost, True), "hold": (cost, False)}
                return Decision("captor", below, sees=cost)
            case (cost, gave):
                paid = size * cost if gave and cost is not None else 0
                worth = Fraction(3, 5) if cost is None else Fraction(-2, 5)  # trust from 0.4
                below = {"deal": End((gain - paid, worth)), "refuse": End((-paid, 0))}
                return Decision("pausing state", below, sees=gave)

    tree = ExtensiveForm.from_rules("start", moves, players=["captor", "pausing state"])
    found = solvers.sequence_form(tree, exact=True)
    assert found.regret == 0
    q = sum(
        (b - a) / most * found.strategies[tree.infoset_labels.index(str((a + b) / 2))][0]
        for a, b in cells
    )
    assert q == Fraction(gain) / (size * most)
    assert float(prior / (prior + (1 - prior) * q)) == pytest.approx(posterior, abs=5e-6)
    deal = found.strategies[tree.infoset_labels.index("True")]
    assert deal[0] == 1


def second_price(first, high, delta, prices):
    """The subgame after the first price: the buyer's type is drawn only then, seen by it alone."""
    low = Fraction(1, 2)

    def moves(state):
        match state:
            case "start":
                return Chance({"high": (high, (Fraction(1),)), "low": (1 - high, (low,))})
            case (v,):
                below = {"buy": End((first, v - first)), "wait": (v, None)}
                return Decision("buyer", below, sees=v)
            case (v, None):
                return Decision("seller", {str(p): (v, p, 2) for p in prices}, sees="second price")
            case (v, p, _):
                below = {"buy": End((delta * p, delta * (v - p))), "leave": End((0, 0))}
                return Decision("buyer", below)

    return ExtensiveForm.from_rules("start", moves, players=["seller", "buyer"])


@pytest.mark.parametrize(
    ("high", "delta", "value"),
    [
        pytest.param(Fraction(3, 5), Fraction(4, 5), 0.52, id="screen"),
        pytest.param(Fraction(9, 10), Fraction(4, 5), 0.88, id="hard-line"),
        pytest.param(Fraction(9, 10), Fraction(99, 100), 0.899, id="patient-hard-line"),
        pytest.param(Fraction(3, 10), Fraction(1, 2), 0.5, id="sell-to-all"),
    ],
)
def test_f5_fudenberg_and_tirole_two_periods(high, delta, value):
    """Every subgame-perfect equilibrium gives the seller the published value.

    After each first price all equilibria are found in fractions. Prices: the ones that can be
    optimal, and each less 1e-9, so that a tie at the price itself costs no more than that.
    """
    low = Fraction(1, 2)
    screen = (1 - delta) + delta * low
    candidates = [low, screen, (screen + 1) / 2, Fraction(1)]
    prices = sorted({q for p in candidates for q in (p, p - TINY)})
    second = [low - TINY, low, 1 - TINY, Fraction(1)]
    least, most = [], []
    for first in prices:
        found = solvers.subgame_perfect(second_price(first, high, delta, second), exact=True)
        assert found.complete
        assert found.max_regret == 0
        pay = [e.payoffs[0] for e in found]
        least.append(min(pay))
        most.append(max(pay))
    assert float(max(least)) == pytest.approx(value, abs=5e-9)
    assert float(max(most)) == pytest.approx(value, abs=5e-9)


def double_auction(n):
    """Types at the midpoints of n cells; a lattice of bids that holds both linear strategies.

    The lattice is twice as fine as they need. Where ask and bid meet the trade takes place with
    probability one half, which stands for the half of the cell that would trade.
    """
    step = Fraction(1, 3 * n)
    prices = [Fraction(1, 12) + step * k for k in range(2 * n + n // 2 + 1)]

    def moves(state):
        match state:
            case "start":
                return Chance({f"{j}": (Fraction(1, n), (j,)) for j in range(n)})
            case (c,):
                return Chance({f"{j}": (Fraction(1, n), (c, j)) for j in range(n)})
            case (c, v):
                below = {f"ask {k}": (c, v, k) for k in range(len(prices))}
                return Decision("seller", below, sees=f"cost {c}")
            case (c, v, k):
                below = {f"bid {m}": settle(c, v, k, m) for m in range(len(prices))}
                return Decision("buyer", below, sees=f"value {v}")

    def settle(c, v, k, m):
        share = Fraction(0) if m < k else Fraction(1, 2 if m == k else 1)
        price = (prices[k] + prices[m]) / 2
        cost, worth = Fraction(2 * c + 1, 2 * n), Fraction(2 * v + 1, 2 * n)
        return End((float(share * (price - cost)), float(share * (worth - price))))

    tree = ExtensiveForm.from_rules("start", moves, players=["seller", "buyer"])
    x = np.zeros(int(tree.infoset_start[-1]))
    for h, label in enumerate(tree.infoset_labels):
        t = Fraction(2 * int(label.split()[1]) + 1, 2 * n)
        own = 2 * t / 3 + (Fraction(1, 4) if label.startswith("cost") else Fraction(1, 12))
        x[tree.infoset_start[h] + prices.index(own)] = 1.0
    return tree, x


def test_f6_the_linear_double_auction_is_an_equilibrium_up_to_the_grid():
    """Ask 2c/3 + 1/4, bid 2v/3 + 1/12: no type's best reply gains more than the grid squared.

    Gains from trade are 9/64 after extrapolation from two grids; trades 9/32 on every grid.
    """
    gains, regrets, sizes = [], [], (4, 8)
    for n in sizes:
        tree, x = double_auction(n)
        proof = solvers.certify(tree, x)
        gains.append(float(proof.payoffs.sum()))
        regrets.append(float(np.nanmax(proof.infoset_regret)))
        trade = sum(1.0 if v - c > n / 4 else 0.5 if v - c == n / 4 else 0.0
                    for c, v in product(range(n), repeat=2))  # fmt: skip
        assert trade / n**2 == 9 / 32
    assert max(r * n**2 for r, n in zip(regrets, sizes, strict=True)) < 0.5
    assert (4 * gains[1] - gains[0]) / 3 == pytest.approx(9 / 64, abs=1e-12)


def most_gains(s, b, low, high):
    """Most gains from trade over all incentive-compatible, individually rational mechanisms.

    Unknown are the probability of trade and the payment at each pair of reports; a linear program.
    """
    costs, values = (0.0, high), (low, 1.0)
    p, q = (s, 1 - s), (1 - b, b)
    cells = list(product(range(2), range(2)))
    gain = np.zeros(8)
    rows = []
    for k, (i, j) in enumerate(cells):
        gain[k] = -p[i] * q[j] * (values[j] - costs[i])

    def worth(who, true, said):
        row = np.zeros(8)
        for k, (i, j) in enumerate(cells):
            if (i, j)[who] != said:
                continue
            other = q[j] if who == 0 else p[i]
            row[k] = other * (-costs[true] if who == 0 else values[true])
            row[4 + k] = other if who == 0 else -other
        return row

    for who, true in product(range(2), range(2)):
        rows.append(-worth(who, true, true))
        rows.append(worth(who, true, 1 - true) - worth(who, true, true))
    bounds = [(0, 1)] * 4 + [(None, None)] * 4
    found = linprog(gain, np.array(rows), np.zeros(len(rows)), bounds=bounds, method="highs")
    first = sum(p[i] * q[j] * max(values[j] - costs[i], 0) for i, j in cells)
    return -found.fun, first


@pytest.mark.parametrize(
    ("s", "b", "low", "high", "second"),
    [
        (0.5, 0.5, 0.2, 0.8, 1 / 3),
        (0.5, 0.5, 0.3, 0.7, None),
        (0.7, 0.6, 0.25, 0.6, 0.560571429),
    ],
)
def test_f7_two_types_each_trade_efficiently_or_lose_the_published_share(s, b, low, high, second):
    """Efficient iff s vL + b (1 - cH) >= s b; else the second best over all mechanisms."""
    best, first = most_gains(s, b, low, high)
    assert (best >= first - 1e-9) == (s * low + b * (1 - high) >= s * b - 1e-12) == (second is None)
    if second is not None:
        assert best == pytest.approx(second, abs=1e-9)


def kept_promises(trust, slip, needed, kept):
    """After `kept` promises kept the pausing state relies on the captor or not."""

    def moves(state):
        match state:
            case "start":
                return Chance({"true": (trust, (0, True)), "false": (1 - trust, (0, False))})
            case (n, good) if n == kept:
                below = {"rely": End([1 - needed if good else -needed]), "refuse": End([0])}
                return Decision("pausing state", below, sees="kept")
            case (n, True):
                return Chance({"keeps": (1, (n + 1, True))})
            case (n, False):
                return Chance({"keeps": (slip, (n + 1, False)), "breaks": (1 - slip, End([0]))})

    return ExtensiveForm.from_rules("start", moves, players=["pausing state"])


@pytest.mark.parametrize(
    ("trust", "slip", "needed", "n", "after"),
    [
        (Fraction(1, 5), Fraction(3, 5), Fraction(7, 10), 5, 0.76275323),
        (Fraction(1, 20), Fraction(1, 2), Fraction(1, 2), 5, 0.62745098),
    ],
)
def test_e3_promises_kept_until_the_captor_is_relied_on(trust, slip, needed, n, after):
    """n = ceil(ln[t (1 - m) / ((1 - t) m)] / ln eps), and the trust then."""
    for kept in (n - 1, n):
        found = solvers.sequential(kept_promises(trust, slip, needed, kept))
        assert found.verified
        assert found.strategies[0][0] == float(kept == n)
    assert found.belief("kept")[0] == pytest.approx(after, abs=5e-9)


@pytest.mark.parametrize(
    ("needed", "dealer", "spoiler", "least"),
    [
        (Fraction(3, 5), Fraction(1, 10), Fraction(2, 5), 0.857142857),
        (Fraction(1, 2), Fraction(1, 20), Fraction(1, 2), 0.909090909),
    ],
)
def test_e3_trust_survives_an_attack_from_a_prior_on(needed, dealer, spoiler, least):
    """Kydd and Walter (2002): prior >= m a_s / (m a_s + (1 - m) a_d)."""
    for shift in (-1e-8, 1e-8):
        prior = Fraction(least) + Fraction(shift)

        def moves(state, prior=prior):
            match state:
                case "start":
                    return Chance({"dealer": (prior, (True,)), "spoiler": (1 - prior, (False,))})
                case (good,):
                    odds = dealer if good else spoiler
                    return Chance({"attack": (odds, (good, 1)), "quiet": (1 - odds, End([0]))})
                case (good, _):
                    below = {"go on": End([1 - needed if good else -needed]), "end": End([0])}
                    return Decision("pausing state", below, sees="attack")

        tree = ExtensiveForm.from_rules("start", moves, players=["pausing state"])
        (found,) = solvers.subgame_perfect(tree, exact=True)
        assert found.strategies[0].tolist() == [int(shift > 0), int(shift < 0)]


def sobel(p, stakes, first, second):
    """Friend tells the truth; an enemy chooses; the listener's trust a is on a grid.

    By symmetry a stage is truth or lie, not seen by the listener, who loses stake (1 - a)^2 after
    the truth and stake (1 + a)^2 after a lie, which the enemy gains. Then the truth comes out.
    """

    def loss(stake, truth, a):
        return stake * (1 - a) ** 2 if truth else stake * (1 + a) ** 2

    def moves(state):
        match state:
            case "start":
                return Chance({"friend": (p, ("listen", True, True)), "enemy": (1 - p, "enemy")})
            case "enemy":
                below = {"truth": ("listen", False, True), "lie": ("listen", False, False)}
                return Decision("enemy", below, sees="told")
            case ("listen", friend, truth):
                below = {repr(a): (friend, truth, a) for a in first}
                return Decision("listener", below, sees="heard")
            case (True, truth, a):
                return ("again", True, truth, a, True)
            case (False, truth, a):
                below = {w: ("again", False, truth, a, w == "truth") for w in ("truth", "lie")}
                return Decision("enemy", below, sees=("tells again", truth))
            case ("again", friend, truth, a, now):
                below = {}
                for k in second[truth]:
                    cost = loss(stakes[0], truth, a) + loss(stakes[1], now, k)
                    below[repr(k)] = End((-cost, 0 if friend else cost))
                return Decision("listener", below, sees=("again", truth, a))

    def through(state):
        result = moves(state)
        return through(result) if isinstance(result, tuple) else result

    return ExtensiveForm.from_rules("start", through, players=["listener", "enemy"])


def enemy_truth(p, stakes, rounds):
    """Total probability of truth at first: the listener's grids close in on what it plays."""
    coarse = [Fraction(k, 2) for k in range(-2, 3)]
    first, after, width = coarse, coarse, Fraction(1, 2)
    for _ in range(rounds):
        # where the enemy has lied, listening to nobody is optimal, and on the grid
        tree = sobel(p, stakes, first, {True: after, False: coarse[1:4]})
        found = solvers.sequence_form(tree, exact=True)
        assert found.regret == 0
        told, heard = (
            found.strategies[tree.infoset_labels.index(label)] for label in ("told", "heard")
        )
        played = [first[k] for k in np.flatnonzero(heard)]
        believed = found.strategies[tree.infoset_labels.index(f"('again', True, {played[0]!r})")]
        width /= 2
        first = around(played, width)
        after = around([after[k] for k in np.flatnonzero(believed)], width)
    return float(p + (1 - p) * told[0])


def around(played, width):
    near = {a + k * width for a in played for k in range(-2, 3)}
    return sorted({min(max(a, Fraction(-1)), Fraction(1)) for a in near})


def test_e4_sobels_enemy_tells_the_truth_with_the_published_probability():
    """4 x1 q^2 (2q - 1) = x2 (4p^2 - q^2): p = .7, equal stakes, q = .7788675 (root .77886750625).

    Grids of the listener close in by halves, in exact arithmetic: twenty of them leave 1e-7.
    """
    root = max(np.roots([8, -3, 0, -1.96]).real)
    q = enemy_truth(Fraction(7, 10), (1, 1), 20)
    assert q == pytest.approx(root, abs=5e-8)
    assert q == pytest.approx(0.778867513, abs=5e-8)


@pytest.mark.parametrize(
    ("p", "stakes", "truth"),
    [
        pytest.param(0.88, (1, 1), 0.0, id="above-7/8-lies"),
        pytest.param(0.87, (1, 1), None, id="below-7/8-mixes"),
        pytest.param(0.69, (1, 0.5), 0.0, id="above-.6875-lies"),
        pytest.param(0.68, (1, 0.5), None, id="below-.6875-mixes"),
        pytest.param(0.75, (1, 3.3), 1.0, id="from-3.2-tells-the-truth"),
        pytest.param(0.75, (1, 3.1), None, id="below-3.2-mixes"),
        pytest.param(0.9, (1, 1.8), 1.0, id="from-1.7857-tells-the-truth"),
        pytest.param(0.9, (1, 1.77), None, id="below-1.7857-mixes"),
    ],
)
def test_e4_sobels_enemy_lies_or_tells_the_truth_for_sure_beyond_two_bounds(p, stakes, truth):
    p, stakes = Fraction(str(p)), tuple(Fraction(str(x)) for x in stakes)
    q = enemy_truth(p, stakes, 8)
    told = float((q - p) / (1 - p))
    if truth is None:
        assert 1e-3 < told < 1 - 1e-3
    else:
        assert told == pytest.approx(truth, abs=1e-9)


def attack(concede, most, fails, captor, state_costs, cells):
    """The captor's cost of a failed attack is drawn; `concede` None leaves the state its choice."""
    gains, (failed, gives, holds) = captor, state_costs

    def moves(state):
        match state:
            case "start":
                return Chance({f"{k}": (Fraction(1, cells), (k,)) for k in range(cells)})
            case (k,):
                return Decision("captor", {"attack": (k, 1), "refrain": End((0, 0))})
            case (k, 1):
                cost = Fraction((2 * k + 1) * most, 2 * cells)
                below = {"fails": (fails, End((-cost, -failed))), "holds": (1 - fails, (k, 1, 1))}
                return Chance(below)
            case (k, 1, 1):
                ends = {"concede": End((gains[0], -gives)), "refuse": End((gains[1], -holds))}
                if concede is None:
                    return Decision("state", ends)
                odds = {"concede": concede, "refuse": 1 - concede}
                return Chance({name: (odds[name], ends[name]) for name in ends})

    return ExtensiveForm.from_rules("start", moves, players=["captor", "state"])


@pytest.mark.parametrize(
    ("concede", "most", "fails", "captor", "costs", "share", "cost"),
    [
        pytest.param(Fraction(1), 40, Fraction(2, 5), (10, 2), (3, 8, 12), 0.375, 2.25, id="p=1"),
        pytest.param(None, 40, Fraction(2, 5), (10, 2), (3, 8, 12), 0.375, 2.25, id="chooses"),
        pytest.param(Fraction(0), 40, Fraction(2, 5), (10, 2), (3, 8, 12), 0.075, 0.63, id="p=0"),
        pytest.param(
            Fraction(1, 2), 30, Fraction(1, 2), (12, -1), (2, 6, 9), 0.183333333, 0.870833333,
            id="p=1/2",
        ),
    ],
)  # fmt: skip
def test_c2_lapan_and_sandlers_pledge_deters_but_is_not_kept(
    concede, most, fails, captor, costs, share, cost
):
    """Attack share and the state's cost; left its choice the state concedes, since h < n_G.

    Costs are drawn from equal cells whose ends include the last one that attacks.
    """
    tree = attack(concede, most, fails, captor, costs, 60 if most == 30 else 40)
    (found,) = solvers.subgame_perfect(tree, exact=True)
    attacks = [s[0] for h, s in enumerate(found.strategies) if tree.action_labels[h][0] == "attack"]
    assert float(sum(attacks, Fraction(0)) / len(attacks)) == pytest.approx(share, abs=5e-10)
    assert float(-found.payoffs[1]) == pytest.approx(cost, abs=5e-10)
    if concede is None:
        replies = [s[0] for s, i in zip(found.strategies, tree.infoset_player, strict=True) if i]
        assert set(replies) == {1}
