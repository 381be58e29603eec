"""Sequential equilibria: assessments verified condition by condition, and signalling components."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from ceasefire import solvers
from ceasefire.errors import ArgumentError
from ceasefire.games import Chance, End, ExtensiveForm, catalog
from ceasefire.games.extensive import Decision

TREES = [
    name
    for name in catalog.names()
    if catalog.about(name).form == "ExtensiveForm"
    and name not in ("wichardt", "absent-minded-driver", "truce-two-types", "kidnapping")
]


@pytest.mark.parametrize("name", TREES)
def test_every_tree_of_the_catalog_has_a_verified_assessment(name):
    found = solvers.sequential(catalog.load(name))
    assert found.verified, found
    assert [c.name for c in found.conditions] == [
        "sequential rationality", "Bayes' rule", "consistency",
    ]  # fmt: skip
    assert found.certificate.is_nash


def test_the_truce_of_two_types_mixes_where_trust_meets_its_threshold():
    found = solvers.sequential(catalog.load("truce-two-types", rounds=4))
    assert found.payoffs == pytest.approx([4.0, 4.4], abs=1e-9)
    assert found.belief("round 1") == pytest.approx([0.6, 0.4])
    assert found.belief("round 3") == pytest.approx([0.8, 0.2], abs=1e-9)
    assert "verified" in repr(found)


def test_a_threat_that_is_not_credible_is_not_sequentially_rational():
    """GB-18: elsewhere both regrets of (out, fight) are zero."""
    tree = catalog.load("entry-deterrence")
    threat = solvers.assess(tree, [1, 0, 0, 1], np.ones(tree.n_nodes))
    assert threat.certificate.is_nash
    assert not threat.verified
    met = {c.name: c.met for c in threat.conditions}
    assert met == {"sequential rationality": False, "Bayes' rule": True, "consistency": True}


def test_seltens_horse_needs_beliefs_that_trembles_do_not_give():
    """(L, R, L) is Nash: it needs player 3 to believe in player 2's node, which trembles allow not.

    Player 2's set is off the path there and L would gain: sequential rationality fails.
    """
    tree = catalog.load("selten-horse")
    sets = [tree.infoset_labels.index(k) for k in ("first", "second", "third")]
    x = np.zeros(6)
    for h, a in zip(sets, (1, 0, 0), strict=True):
        x[tree.infoset_start[h] + a] = 1.0
    mu = np.zeros(tree.n_nodes)
    for h in sets:
        mu[tree.nodes(h)[-1]] = 1.0
    bad = solvers.assess(tree, x, mu)
    assert not bad.conditions[0].met
    assert bad.conditions[2].met


def test_beliefs_that_no_trembles_give_are_inconsistent():
    """Two sets of one player that nobody reaches must order the same trembles alike."""

    def moves(state):
        match state:
            case "start":
                return Decision("a", {"stop": End((2, 0, 0)), "l": "l", "r": "r"})
            case "l" | "r":
                ends = {k: End((0, 1, 0)) for k in "xy"}
                return Decision("b", {"up": (state,), **ends}, sees="b")
            case (_,):
                return Decision("c", {k: End((0, 0, 1)) for k in "xy"}, sees="c")
        raise AssertionError(state)

    tree = ExtensiveForm.from_rules("start", moves, players=["a", "b", "c"])
    x = np.concatenate([[1, 0, 0], [0, 1, 0], [1, 0]])
    mu = np.ones(tree.n_nodes)
    b, c = (tree.nodes(tree.infoset_labels.index(k)) for k in "bc")
    mu[b], mu[c] = (0.5, 0.5), (0.5, 0.5)
    assert solvers.assess(tree, x, mu).verified
    mu[c] = (0.25, 0.75)  # both pass by the same move of b: the same odds
    assert not solvers.assess(tree, x, mu).conditions[2].met
    mu[c] = (1.0, 0.0)
    assert solvers.assess(tree, x, mu).conditions[2].gap == np.inf


def test_a_node_that_chance_rules_out_is_not_believed_in():
    """However the first player trembles, the second is never at b."""

    def moves(state):
        match state:
            case "start":
                return Decision("a", {"out": End((1, 1)), "in": "chance"})
            case "chance":
                return Chance({"a": (1, "a"), "b": (0, "b")})
        return Decision("b", {"x": End((0, state == "a")), "y": End((0, state == "b"))}, sees="in")

    tree = ExtensiveForm.from_rules("start", moves, players=["a", "b"])
    mu = np.ones(tree.n_nodes)
    for believed, met in (((0.5, 0.5), False), ((0.0, 1.0), False), ((1.0, 0.0), True)):
        mu[tree.nodes(1)] = believed
        assert solvers.assess(tree, [1, 0, 1, 0], mu).conditions[2].met is met
    assert solvers.sequential(tree).belief("in").tolist() == [1, 0]


def in_units(tree, scale, shift):
    """The same tree with the payoffs at its ends in another unit, from another origin."""
    return ExtensiveForm.from_arrays(
        parent=tree.parent, player=tree.player, infoset=tree.infoset,
        probability=tree.probability, infoset_labels=tree.infoset_labels,
        action_labels=tree.action_labels, branch_labels=tree.branch_labels,
        payoffs=np.where((tree.player == -2)[:, None], tree.payoffs * scale + shift, 0.0),
    )  # fmt: skip


def test_affine_changes_of_payoffs_change_nothing():
    tree = catalog.load("beer-quiche-weak")
    for scale, shift in ((1e9, 0.0), (1e-9, 0.0), (1.0, 1e6)):
        found = solvers.sequential(in_units(tree, scale, shift))
        assert found.behaviour == pytest.approx(solvers.sequential(tree).behaviour, abs=1e-7)


def test_bad_beliefs_and_bad_trees_are_named():
    tree = catalog.load("entry-deterrence")
    with pytest.raises(ArgumentError, match="beliefs at 'entry'"):
        solvers.assess(tree, [1, 0, 0, 1], np.zeros(tree.n_nodes))
    with pytest.raises(ArgumentError, match="beliefs"):
        solvers.assess(tree, [1, 0, 0, 1], [1, 0])
    with pytest.raises(ArgumentError, match="ExtensiveForm"):
        solvers.sequential(catalog.load("chicken"))
    with pytest.raises(ArgumentError, match="recall"):
        solvers.sequential(catalog.load("wichardt"))


def test_beer_and_quiche_has_two_components_and_the_criterion_keeps_one():
    """THEORY F1, prior of the weak 1/10."""
    beer, quiche = solvers.signalling(catalog.load("beer-quiche"))
    assert beer.messages == ("beer",)
    assert quiche.messages == ("quiche",)
    assert beer.intuitive
    assert not quiche.intuitive
    assert quiche.reason == "by beer surly would gain, and weak could not"
    assert beer.replies["quiche"][0] == pytest.approx([0.5, 1.0], abs=1e-7)
    assert quiche.replies["beer"][0] == pytest.approx([0.5, 1.0], abs=1e-7)
    assert solvers.signalling(catalog.load("beer-quiche"), refine=True)[0].messages == ("beer",)
    assert all(c.example.verified for c in (beer, quiche))


@pytest.mark.parametrize(("w", "weak_beer"), [("3/5", 2 / 3), ("4/5", 1 / 4)])
def test_with_a_weak_type_likely_there_is_one_outcome(w, weak_beer):
    """THEORY F1: weak beer with probability (1 - w) / w, duel after beer 1/2, payoffs 2 and 1."""
    from ceasefire import games

    text = games.text(catalog.load("beer-quiche-weak"))
    weak = Fraction(w)
    tree = games.parse(text.replace("3/5", str(weak)).replace("2/5", str(1 - weak)))
    (found,) = solvers.signalling(tree)
    assert found.sending["weak"][0] == pytest.approx([weak_beer, weak_beer], abs=1e-7)
    assert found.sending["surly"][0] == pytest.approx([1, 1], abs=1e-7)
    assert found.replies["beer"][0] == pytest.approx([0.5, 0.5], abs=1e-7)
    assert found.replies["quiche"][0] == pytest.approx([1, 1], abs=1e-7)
    assert found.type_payoffs == pytest.approx([1, 2], abs=1e-7)


def test_the_pilot_of_two_is_the_least_that_separates():
    """THEORY F2: costs 1 and 3, prize 6: pilots of 2 to 6 separate, and 2 is the criterion's."""
    tree = catalog.load("pilot", spoiler_cost=Fraction(301, 100), most=5)
    separating = [
        c for c in solvers.signalling(tree)
        if len(c.messages) == 2 and np.isclose(c.payoffs[1], 0.4)
    ]  # fmt: skip
    sizes = sorted(int(c.messages[1].split()[1]) for c in separating)
    assert sizes == [2, 3, 4, 5]
    assert [c.messages[1] for c in separating if c.intuitive] == ["released 2"]


@pytest.mark.parametrize(
    ("mutual", "temptation", "alone", "low", "high"),
    [
        pytest.param(4, Fraction(7, 2), 0, 0.7142857, 0.75, id="S=0"),
        pytest.param(4, Fraction(7, 2), -3, 0.3846154, 0.4285714, id="S=-3"),
    ],
)
def test_a_first_stake_reassures_between_its_two_bounds(mutual, temptation, alone, low, high):
    """THEORY E2: separating exactly where the stake lies in [(T-P)/(T-S), (R-P)/(R-S)]."""

    def separates(stake):
        tree = catalog.load("reassurance", stake=stake, mutual=mutual, temptation=temptation,
                            alone=alone)  # fmt: skip
        return any(
            c.sending["trustworthy"][0, 0] > 1 - 1e-6 and c.sending["untrustworthy"][0, 1] < 1e-6
            for c in solvers.signalling(tree)
        )

    assert separates((low + high) / 2)
    assert not separates(low - 0.01)
    assert not separates(high + 0.01)


def test_a_tree_that_is_no_signalling_game_is_refused_with_a_reason():
    with pytest.raises(ArgumentError, match="sender-receiver"):
        solvers.signalling(catalog.load("entry-deterrence"))
    with pytest.raises(ArgumentError, match="after"):
        solvers.signalling(catalog.load("one-card-poker"))


@pytest.mark.parametrize(("scale", "shift"), [(1e9, 0.0), (1e-9, 0.0), (1.0, 1e6)], ids=str)
def test_components_of_signalling_do_not_depend_on_the_unit_of_utility(scale, shift):
    tree = catalog.load("beer-quiche")
    base, moved = solvers.signalling(tree), solvers.signalling(in_units(tree, scale, shift))
    assert [(c.messages, c.intuitive) for c in moved] == [(c.messages, c.intuitive) for c in base]
    for one, two in zip(base, moved, strict=True):
        assert (two.type_payoffs - shift) / scale == pytest.approx(one.type_payoffs, abs=1e-7)
        for key, bounds in one.replies.items():
            assert two.replies[key] == pytest.approx(bounds, abs=1e-6)


def ladder(days):
    """Two types of a player who never goes on, and a set of the other after every day."""

    def moves(state):
        if state == "start":
            return Chance({kind: (0.5, (kind, 0, "own")) for kind in "ab"})
        kind, day, turn = state
        if turn == "own":
            return Decision(0, {"stop": End((1, 0)), "go": (kind, day, "other")}, sees=state)
        below = (kind, day + 1, "own") if day + 1 < days else End((0, 0))
        return Decision(1, {"on": below, "end": End((0, 0))}, sees=day)

    return ExtensiveForm.from_rules("start", moves, players=[0, 1])


@pytest.mark.parametrize("days", [3, 160])
def test_any_beliefs_along_a_ladder_are_the_limit_of_trembles(days):
    """Each day adds trembles of its own; the long ladder's equations are solved as sparse."""
    tree = ladder(days)
    x = np.zeros(int(tree.infoset_start[-1]))
    x[tree.infoset_start[:-1]] = 1.0  # stop, and go on
    mu = np.ones(tree.n_nodes)
    rng = np.random.default_rng(1)
    for h in np.flatnonzero(tree.infoset_player == 1):
        share = rng.uniform(0.1, 0.9)
        mu[tree.nodes(h)] = share, 1.0 - share
    consistency = solvers.assess(tree, x, mu).conditions[2]
    assert consistency.met
    assert consistency.gap < 1e-9


def test_beliefs_that_two_sets_share_trembles_for_must_agree():
    """Both sets of the other come after the same two moves: their beliefs are the same."""

    def moves(state):
        kind, *after = state
        if kind == "start":
            return Decision(0, {"out": End((1, 0)), "l": ("l",), "r": ("r",)})
        if not after:
            return Chance({w: (0.5, (kind, w)) for w in "hc"})
        return Decision(1, {"x": End((0, 0)), "y": End((0, 0))}, sees=after[0])

    tree = ExtensiveForm.from_rules(("start",), moves)
    x = [1, 0, 0, 1, 0, 1, 0]
    for second, met in ((0.3, True), (0.6, False)):
        mu = np.ones(tree.n_nodes)
        mu[tree.nodes(1)], mu[tree.nodes(2)] = (0.3, 0.7), (second, 1 - second)
        assert solvers.assess(tree, x, mu).conditions[2].met is met


def test_an_assessment_is_told_as_an_equilibrium_is():
    found = solvers.sequential(catalog.load("truce-two-types", rounds=4))
    assert " on " in repr(found)
