"""Trees: built from rules, subgame-perfect and sequence-form equilibria, certificates."""

from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceasefire.errors import ArgumentError, SolveError
from ceasefire.games import Chance, Decision, End, ExtensiveForm, catalog
from ceasefire.solvers import (
    certify,
    nash,
    one_nash,
    sequence_form,
    sequential,
    subgame_perfect,
)
from ceasefire.solvers._lemke import Path
from ceasefire.solvers.tree_certificate import certify_exactly

ENTRY = {
    "start": Decision("entrant", {"out": "out", "in": "in"}),
    "out": End([0, 2]),
    "in": Decision("incumbent", {"fight": "fight", "yield": "yield"}),
    "fight": End([-1, -1]),
    "yield": End([1, 1]),
}


def entry():
    return ExtensiveForm.from_rules("start", ENTRY.get, players=["entrant", "incumbent"])


def truce(rounds):
    """Chance draws dealer or spoiler, seen by the captor only."""

    def moves(state):
        match state:
            case "start":
                return Chance(
                    {"dealer": (Fraction(3, 5), (0, 0)), "spoiler": (Fraction(2, 5), (0, 1))}
                )
            case (t, spoiler):
                end = End([t + (4 if spoiler else 1), 2 * t - 3])
                return Decision(
                    "captor", {"release": (t, spoiler, "released"), "renege": end}, sees=state
                )
            case (t, spoiler, _):
                last = End([rounds, 2 * rounds])
                extended = last if t == rounds - 1 else (t + 1, spoiler)
                resumed = End([t - 2 + spoiler, 2 * t + 1])
                return Decision("pausing state", {"extend": extended, "resume": resumed}, sees=t)
            case end:
                return end

    return ExtensiveForm.from_rules("start", moves, players=["captor", "pausing state"])


def centipede(moves_count):
    def moves(state):
        if isinstance(state, End):
            return state
        if state == moves_count:
            return End([state, state])
        stop = [state + 2, state - 1]
        return Decision(
            state % 2, {"take": End(stop if state % 2 == 0 else stop[::-1]), "pass": state + 1}
        )

    return ExtensiveForm.from_rules(0, moves)


def random_tree(depth, seed, zero_sum=False, scale=1.0, shift=0.0):
    """Alternating moves, chance every fifth level, each player seeing part of the other's moves."""
    rng = np.random.default_rng(seed)

    def moves(state):
        level, *seen = state
        if level == depth:
            u = rng.normal(size=2)
            return End([shift + scale * u[0], shift + scale * (-u[0] if zero_sum else u[1])])
        mover, below = level % 2, {}
        for k in range(2):
            after = list(seen)
            for i in range(2):
                if i == mover:
                    after[i] = (*after[i], (level, k))
                elif level % 3 == 0:
                    after[i] = (*after[i], (level, "seen", k == 0))
            below[str(k)] = (level + 1, *after)
        if level % 5 == 0:
            return Chance({name: (0.5, next_) for name, next_ in below.items()})
        return Decision(mover, below, sees=(level, seen[mover]))

    return ExtensiveForm.from_rules((0, (), ()), moves)


def test_the_certificate_tells_subgame_perfection_from_nash():
    """Fault GB-18: (out, fight) is Nash, and not credible."""
    proof = certify(entry(), [1, 0, 1, 0])
    assert proof.is_nash
    assert not proof.is_subgame_perfect
    assert proof.infoset_regret.tolist() == [0.0, 2.0]
    assert certify(entry(), [0, 1, 0, 1]).is_subgame_perfect


def test_backward_induction_lists_every_pure_equilibrium_that_ties_make():
    tied = dict(ENTRY, fight=End([-1, 1]))
    tree = ExtensiveForm.from_rules("start", tied.get, players=["entrant", "incumbent"])
    found = subgame_perfect(tree)
    assert found.complete
    assert {tuple(e.behaviour) for e in found} == {(1, 0, 1, 0), (0, 1, 0, 1)}
    assert all(e.certificate.is_subgame_perfect for e in found)
    assert not subgame_perfect(tree, limit=1).complete


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=16, max_size=16))
def test_pure_subgame_perfect_equilibria_are_those_that_a_search_of_all_profiles_finds(cells):
    """Three stages, two actions each: 128 profiles checked one by one."""

    def moves(state):
        if len(state) == 3:
            k = int("".join(map(str, state)), 2)
            return End(cells[2 * k : 2 * k + 2])
        return Decision(len(state) % 2, {"0": (*state, 0), "1": (*state, 1)})

    tree = ExtensiveForm.from_rules((), moves, players=[0, 1])
    every = set()
    for code in range(2**7):
        bits = [(code >> k) & 1 for k in range(7)]
        x = np.array([p for b in bits for p in (1.0 - b, float(b))])
        if certify(tree, x).is_subgame_perfect:
            every.add(tuple(x))
    found = subgame_perfect(tree)
    assert found.complete
    assert {tuple(e.behaviour) for e in found} == every


def test_a_subgame_with_simultaneous_moves_is_solved_for_all_its_equilibria():
    """An outside option before battle of the sexes: three equilibria of the subgame."""

    def moves(state):
        match state:
            case "start":
                return Decision(0, {"out": End([Fraction(3, 2), 0]), "in": "row"})
            case "row":
                return Decision(0, {"a": "a", "b": "b"})
            case "a" | "b":
                pay = {"a": ([2, 1], [0, 0]), "b": ([0, 0], [1, 2])}[state]
                return Decision(1, {"a": End(pay[0]), "b": End(pay[1])}, sees="column")
            case end:
                return end

    tree = ExtensiveForm.from_rules("start", moves)
    found = subgame_perfect(tree)
    assert len(found) == 3
    assert found.complete
    assert all(e.certificate.is_subgame_perfect for e in found)
    assert sorted(float(e.payoffs[0]) for e in found) == [1.5, 1.5, 2.0]


def test_long_chains_are_walked_without_recursion():
    """Faults GB-15, GB-16, OS-04."""
    tree = centipede(5000)
    (found,) = subgame_perfect(tree)
    assert found.payoffs.tolist() == [2.0, -1.0]
    assert found.certificate.is_subgame_perfect


def test_a_hundred_thousand_nodes_are_built_solved_and_verified():
    """Fault GB-17: verification elsewhere goes through the strategic form and does not end."""
    tree = centipede(50_000)
    assert tree.n_nodes == 100_001
    assert tree.recall_fault == ""
    proof = certify(tree, np.tile([1.0, 0.0], 50_000))
    assert proof.is_subgame_perfect
    assert np.nanmax(proof.infoset_regret) == 0
    x = np.tile([1.0, 0.0], 50_000)
    x[-2:] = 0, 1  # pass at the last set, which is never reached: worth 2 less to its owner
    proof = certify(tree, x)
    assert proof.is_nash
    assert not proof.is_subgame_perfect
    assert np.flatnonzero(proof.infoset_regret > 1e-9).tolist()[-1] == tree.n_infosets - 1
    assert subgame_perfect(tree)[0].payoffs.tolist() == [2.0, -1.0]


def test_labels_that_repeat_are_numbered_in_one_pass():
    def moves(day):
        below = day + 1 if day < 20_000 else End([0])
        return Decision(0, {"stop": End([day]), "go": below}, sees=Day(day))

    tree = ExtensiveForm.from_rules(0, moves)
    assert tree.infoset_labels[:3] == ("a day", "a day (2)", "a day (3)")
    assert len(set(tree.infoset_labels)) == tree.n_infosets


class Day(int):
    """What is seen: different days that are all written alike."""

    def __str__(self):
        return "a day"


@pytest.mark.parametrize("rounds", [1, 2, 4, 16, 64, 512])
def test_the_truce_of_two_types_has_a_certified_equilibrium_at_every_length(rounds):
    found = sequence_form(truce(rounds))
    assert found.certificate.is_nash
    assert found.certificate.is_subgame_perfect
    assert np.nanmax(found.certificate.infoset_regret) < 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_sequence_form_equilibria_are_equilibria_of_the_strategic_form(seed):
    tree = random_tree(4, seed)
    found = sequence_form(tree)
    game = tree.strategic_form()
    pay = [e.payoffs for e in nash(game, components=False)]
    assert found.certificate.is_nash
    # every equilibrium payoff lies among the extreme ones, or the game has a continuum
    near = min(float(np.max(np.abs(found.payoffs - u))) for u in pay)
    assert near < 1e-8 or len(pay) % 2 == 0
    exact = sequence_form(tree, exact=True)
    assert exact.exact
    assert exact.certificate.is_nash


@pytest.mark.parametrize("rounds", [1, 4, 16, 64])
def test_the_truce_of_two_types_is_solved_exactly_on_the_sequence_form(rounds):
    tree = truce(rounds)
    found = sequence_form(tree, exact=True)
    assert found.exact
    assert found.regret == 0
    assert all(isinstance(p, Fraction) for s in found.strategies for p in s)
    payoffs, regret = certify_exactly(tree, found.behaviour.tolist())
    assert payoffs.tolist() == found.payoffs.tolist()
    assert not any(regret)
    assert found.certificate.is_subgame_perfect
    assert "solved in fractions" in found.method


@pytest.mark.parametrize("zero_sum", [False, True], ids=["general", "zero-sum"])
def test_where_no_basis_of_a_float_path_is_one_the_path_is_followed_in_whole_numbers(
    zero_sum, monkeypatch
):
    module = sys.modules["ceasefire.solvers.sequence_form"]
    broken = Path(None, None, None, None, 0, "broken off on purpose")
    monkeypatch.setattr(module, "_path", lambda *_: broken)
    for tree in (truce(6), random_tree(5, 2, zero_sum), catalog.load("kuhn-poker")):
        found = sequence_form(tree, exact=True)
        assert found.exact
        assert found.regret == 0
        assert found.method.endswith("in whole numbers")
    with pytest.raises(SolveError, match="within 2 pivots"):
        sequence_form(truce(6), exact=True, pivots=2)


def test_an_exact_certificate_sees_a_gain_that_floats_round_away():
    tiny = dict(ENTRY, fight=End([-1, 1 - Fraction(1, 10**30)]))
    tree = ExtensiveForm.from_rules("start", tiny.get, players=["entrant", "incumbent"])
    _, regret = certify_exactly(tree, [0, 1, 1, 0])
    assert regret[1] == Fraction(1, 10**30)
    assert certify(tree, [0, 1, 1, 0]).regret[1] == 0.0
    with pytest.raises(ArgumentError, match="exactly"):
        certify_exactly(tree, [0, 1, 0.5, 0.25])


@pytest.mark.parametrize(("scale", "shift"), [(10**13, 0), (1, 10**13), (Fraction(1, 10**9), 0)])
def test_exact_equilibria_of_trees_do_not_depend_on_the_unit_of_utility(scale, shift):
    """Faults GB-01, GB-02: payoffs of 1e13 elsewhere give 'strategies' of probabilities 0, 0."""

    def changed(tree):
        rows = tree.exact_payoffs()
        ends = set(tree.ends.tolist())
        payoffs = [
            [scale * u + (shift if k in ends else 0) for u in row] for k, row in enumerate(rows)
        ]
        return ExtensiveForm.from_arrays(
            parent=tree.parent, player=tree.player, infoset=tree.infoset, payoffs=payoffs,
            probability=tree.exact_probability(),
        )  # fmt: skip

    poker = changed(catalog.load("kuhn-poker"))
    found = sequence_form(poker, exact=True)
    assert found.payoffs[0] == shift - scale * Fraction(1, 18)
    assert sequence_form(poker).payoffs[0] == pytest.approx(float(found.payoffs[0]), rel=1e-9)
    plain, moved = (sequence_form(t, exact=True) for t in (truce(5), changed(truce(5))))
    assert plain.behaviour.tolist() == moved.behaviour.tolist()


@pytest.mark.parametrize("zero_sum", [False, True], ids=["general", "zero-sum"])
@pytest.mark.parametrize(("scale", "shift"), [(1e9, 0.0), (1e-9, 0.0), (1.0, 1e6)], ids=str)
def test_equilibria_of_trees_do_not_depend_on_the_unit_or_origin_of_utility(zero_sum, scale, shift):
    base = sequence_form(random_tree(7, 3, zero_sum))
    moved = sequence_form(random_tree(7, 3, zero_sum, scale, shift))
    assert moved.certificate.is_nash
    assert np.allclose((moved.payoffs - shift) / scale, base.payoffs, atol=1e-8)
    assert base.method == moved.method


def test_a_random_tree_of_sixteen_thousand_nodes_is_solved_and_certified():
    tree = random_tree(12, 0)
    found = one_nash(tree)
    assert found.certificate.relative < 1e-12
    assert np.nanmax(found.certificate.infoset_regret) < 1e-9


def test_a_zero_sum_tree_has_the_value_of_its_strategic_form():
    """Fault OS-01: elsewhere the linear program needs a solver that is no longer shipped."""
    tree = random_tree(4, 4, zero_sum=True)
    found = sequence_form(tree)
    assert "linear program" in found.method
    value = nash(tree.strategic_form(), components=False)[0].payoffs
    assert np.allclose(found.payoffs, value, atol=1e-9)


def test_one_nash_takes_backward_induction_where_everybody_sees_everything():
    assert one_nash(entry()).payoffs.tolist() == [1.0, 1.0]


def test_imperfect_recall_is_named():
    """Fault GB-19: the absent-minded driver."""

    def moves(state):
        if isinstance(state, End):
            return state
        last = End([1]) if state == 2 else 2
        return Decision(0, {"exit": End([0 if state == 1 else 4]), "on": last}, sees="road")

    tree = ExtensiveForm.from_rules(1, moves)
    assert "road" in tree.recall_fault
    with pytest.raises(ArgumentError, match="which the player would have to have forgotten"):
        tree.require_perfect_recall()
    with pytest.raises(ArgumentError, match="road"):
        subgame_perfect(tree)


@pytest.mark.parametrize(
    ("rules", "where"),
    [
        ({"start": Decision(0, {})}, "at least one"),
        ({"start": Chance({"a": (0.5, "end"), "b": (0.6, "end")}), "end": End([0])}, "sum of 1"),
        (
            {"start": Chance({"a": (-0.5, "end"), "b": (1.5, "end")}), "end": End([0])},
            "from 0 to 1",
        ),
        ({"start": Decision(0, {"a": "end"}), "end": End([float("nan")])}, "finite"),
        ({"start": Decision("x", {"a": "end"}), "end": End([1])}, "players"),
        ({"start": "nothing"}, "a Decision, a Chance or an End"),
    ],
    ids=["no move", "sum", "negative", "nan", "names", "type"],
)
def test_bad_rules_are_refused_by_name(rules, where):
    with pytest.raises(ArgumentError, match=where):
        ExtensiveForm.from_rules("start", rules.get)


def test_sets_whose_nodes_have_different_moves_are_refused():
    rules = {
        "start": Chance({"a": (0.5, "one"), "b": (0.5, "two")}),
        "one": Decision(0, {"l": "end"}, sees="x"),
        "two": Decision(0, {"r": "end"}, sees="x"),
        "end": End([0]),
    }
    with pytest.raises(ArgumentError, match="first node"):
        ExtensiveForm.from_rules("start", rules.get)


def test_arrays_in_any_order_make_the_same_tree():
    tree = entry()
    order = [3, 0, 4, 1, 2]
    back = {old: new for new, old in enumerate(order)}
    again = ExtensiveForm.from_arrays(
        parent=[-1 if tree.parent[k] < 0 else back[int(tree.parent[k])] for k in order],
        player=tree.player[order],
        infoset=tree.infoset[order],
        payoffs=tree.payoffs[order].astype(int).tolist(),
        players=tree.players,
    )
    assert subgame_perfect(again)[0].payoffs.tolist() == [1.0, 1.0]


def test_interior_payoffs_are_added_along_the_path():
    rules = {
        "start": Decision(0, {"a": "more", "b": "end"}, payoffs=[1]),
        "more": Decision(0, {"c": "end", "d": "end"}, payoffs=[Fraction(1, 2)]),
        "end": End([1]),
    }
    tree = ExtensiveForm.from_rules("start", rules.get)
    assert sorted(tree.total_payoffs[tree.ends, 0].tolist()) == [2.0, 2.5, 2.5]
    assert {float(e.payoffs[0]) for e in subgame_perfect(tree)} == {2.5}


def test_a_subgame_too_large_for_its_table_is_solved_on_the_sequence_form():
    """One equilibrium then, not all, and it says so."""
    found = subgame_perfect(truce(16))
    assert len(found) == 1
    assert not found.complete
    assert found[0].certificate.is_subgame_perfect
    exact = subgame_perfect(truce(16), exact=True)
    assert exact.exact
    assert exact.max_regret == 0
    floats = subgame_perfect(random_tree(8, 1))
    assert not floats.complete
    assert floats[0].certificate.is_subgame_perfect


def test_subgame_perfect_equilibria_come_in_fractions_where_asked():
    (found,) = subgame_perfect(centipede(12), exact=True)
    assert found.exact
    assert found.payoffs.tolist() == [2, -1]
    assert one_nash(centipede(12), exact=True).exact
    every = subgame_perfect(truce(2), exact=True)
    assert every.complete
    assert every.exact
    assert len(every) == len(subgame_perfect(truce(2)))


def test_three_players_with_hidden_moves_are_followed_to_the_limit_of_the_logit_path():
    found = one_nash(catalog.load("selten-horse"))
    assert found.certificate.is_nash
    assert "logit" in found.method
    exact = one_nash(catalog.load("selten-horse"), exact=True)
    assert exact.exact
    assert exact.regret == 0


def hidden(tell, movers, seen, players=3):
    """Two actions each in turn; the first `seen` moves are seen by all, later ones by nobody."""

    def moves(state):
        k = len(state)
        if k == len(movers):
            return End(tell(state))
        own = tuple(a for a, i in zip(state, movers, strict=False) if i == movers[k])
        sees = (k, state[:seen], own)
        return Decision(movers[k], {str(a): (*state, a) for a in range(2)}, sees=sees)

    return ExtensiveForm.from_rules((), moves, players=list(range(players)))


def test_three_players_without_a_pure_equilibrium_are_refused_in_fractions():
    """As in the table: each of three wants to be where the next is not."""
    tree = hidden(lambda s: [s[0] == s[1], s[1] == s[2], s[2] != s[0]], (0, 1, 2), 0)
    with pytest.raises(ArgumentError, match="drop exact=True"):
        one_nash(tree, exact=True)
    assert one_nash(tree).certificate.is_nash


@pytest.mark.parametrize("seen", [0, 2])
def test_three_players_with_hidden_moves_and_many_ties_end_in_subgame_perfection(seen):
    rng = np.random.default_rng(0)
    tree = hidden(lambda _: rng.integers(0, 2, size=3).tolist(), (0, 1, 2, 0, 1), seen)
    found = subgame_perfect(tree, limit=3)
    assert not found.complete
    assert all(e.certificate.is_subgame_perfect for e in found)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=32, max_size=32))
def test_one_equilibrium_of_many_is_the_first_and_is_not_called_all(cells):
    def tell(state):
        k = int("".join(map(str, state)), 2)
        return cells[2 * k : 2 * k + 2]

    tree = hidden(tell, (0, 1, 0, 1), 4, players=2)
    every, one = subgame_perfect(tree), subgame_perfect(tree, limit=1)
    assert len(one) == 1
    assert one.complete == (len(every) == 1)
    assert one[0].behaviour.tolist() == every[0].behaviour.tolist()
    assert one_nash(tree).behaviour.tolist() == every[0].behaviour.tolist()


def test_actions_nearly_tied_in_an_exact_tree_are_told_apart_where_one_is_asked_for():
    near = {
        "start": Decision("a", {"less": "less", "more": "more", "never": "never"}),
        "less": End([0]),
        "more": End([Fraction(1, 10**12)]),
        "never": End([-1]),
    }
    tree = ExtensiveForm.from_rules("start", near.get, players=["a"])
    assert subgame_perfect(tree, limit=1)[0].behaviour.tolist() == [0, 1, 0]


def simultaneous(payoffs):
    """Three players move at once, `payoffs` of shape (3, a, b, c)."""

    def moves(state):
        if len(state) == 3:
            return End(payoffs[(slice(None), *state)].tolist())
        ahead = {str(a): (*state, a) for a in range(payoffs.shape[1 + len(state)])}
        return Decision(len(state), ahead, sees=("move", len(state)))

    return ExtensiveForm.from_rules((), moves)


def test_a_subgame_of_three_players_is_never_called_complete_where_its_table_is_not():
    every = subgame_perfect(simultaneous(np.zeros((3, 2, 2, 1))))
    assert len(every) >= 4
    assert not every.complete
    mixed = np.random.default_rng(0).normal(size=(3, 3, 6, 6, 6))[2]  # no pure equilibrium
    one = subgame_perfect(simultaneous(mixed))
    assert len(one) == 1
    assert not one.complete
    assert one[0].certificate.is_subgame_perfect


@pytest.mark.parametrize("exact", [False, True], ids=["floats", "fractions"])
@pytest.mark.parametrize(
    "root", [End((1, 2)), Chance({"a": (1, End((1, 2)))})], ids=["end", "chance"]
)
def test_a_tree_without_decisions_is_worth_its_payoffs(root, exact):
    tree = ExtensiveForm.from_rules(root, lambda move: move, players=["one", "two"])
    for found in (*subgame_perfect(tree, exact=exact), sequence_form(tree, exact=exact)):
        assert found.payoffs.tolist() == [1, 2]
        assert found.strategies == ()
    assert "payoffs 1, 2" in repr(sequential(tree))


@pytest.mark.parametrize(("scale", "shift"), [(1e9, 0.0), (1e-9, 0.0), (1.0, 1e6)], ids=str)
@pytest.mark.parametrize("payoffs", [([2, 1], [1, 2]), ([9, 0], [4, 3])], ids=["battle", "other"])
def test_subgame_perfect_equilibria_do_not_depend_on_the_unit_of_utility(payoffs, scale, shift):
    def solved(scale, shift):
        first, second = ([scale * u + shift for u in row] for row in payoffs)
        none = [shift, shift]
        cells = {"aa": first, "ab": none, "ba": none, "bb": second}

        def moves(state):
            if state == "row":
                return Decision(0, {k: k for k in "ab"})
            below = {k: End(cells[state + k]) for k in "ab"}
            return Decision(1, below, sees="column")

        outside = End([1.5 * scale + shift, shift])
        start = Decision(0, {"out": outside, "in": "row"})
        return subgame_perfect(
            ExtensiveForm.from_rules("start", lambda s: start if s == "start" else moves(s))
        )

    base, moved = solved(1.0, 0.0), solved(scale, shift)
    assert len(base) == len(moved)
    assert moved.complete
    for one, two in zip(base, moved, strict=True):
        assert two.behaviour == pytest.approx(one.behaviour, abs=1e-9)


def test_an_exact_path_too_large_for_its_table_is_refused(monkeypatch):
    broken = Path(None, None, None, None, 0, "broken off on purpose")
    monkeypatch.setattr(sys.modules["ceasefire.solvers.sequence_form"], "_path", lambda *_: broken)
    monkeypatch.setattr(sys.modules["ceasefire.solvers._exact_sequence"], "MOST_SEQUENCES", 20)
    with pytest.raises(SolveError, match="too many to follow the path in whole numbers"):
        sequence_form(truce(6), exact=True)


def test_a_program_that_fails_leaves_a_constant_sum_tree_to_lemkes_path(monkeypatch):
    def fail(form):
        raise SolveError("failed on purpose")

    tree = catalog.load("kuhn-poker")
    value = sequence_form(tree).payoffs
    monkeypatch.setattr(sys.modules["ceasefire.solvers.sequence_form"], "_program", fail)
    found = sequence_form(tree)
    assert "Lemke" in found.method
    assert found.payoffs == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("interior", [False, True], ids=["at the end", "on the way"])
def test_a_tree_whose_payoffs_are_too_far_apart_is_refused(interior):
    rows = [[1e308 if interior else 0.0], [1e308], [-1e308]]
    with pytest.raises(ArgumentError, match="range of at most"):
        ExtensiveForm.from_arrays(
            parent=[-1, 0, 0], player=[0, -2, -2], infoset=[0, 0, 0], payoffs=rows
        )


def test_a_tree_of_numbers_that_no_float_holds_is_refused():
    with pytest.raises(ArgumentError, match="a float holds"):
        ExtensiveForm.from_rules(End([10**400]), lambda state: state)


def test_a_tree_without_decisions_has_an_empty_behaviour():
    assert one_nash(ExtensiveForm.from_rules(End([1, 2]), lambda s: s)).behaviour.shape == (0,)


@pytest.mark.parametrize("following", [lambda state: state, lambda state: state + 1])
def test_rules_that_never_end_are_refused(following):
    def moves(state):
        return Decision("captor", {"hold": End((0,)), "wait": following(state)})

    with pytest.raises(ArgumentError, match=r"more than 100,000 moves.*let the state count"):
        ExtensiveForm.from_rules(0, moves, players=["captor"])
