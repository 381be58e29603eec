"""Gambit's file formats."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from test_trees import truce

from ceasefire import games, solvers
from ceasefire.errors import CeasefireError

OUTCOMES = """NFG 1 R "two \\"ways\\"" { "row" "column" }
{ { "up" "down" } { "left" "right" } }
"a comment"
{ { "first" 1, -1/2 } { "second" 0.25 1e-9 } }
1 2 0 1
"""

# chance, a shared chance set, outcome reuse, payoffs at inner nodes, an unreached set
TREE = """EFG 2 R "a \\"named\\" tree" { "captor" "pausing state" }
"comment"
c "root" 1 "type" { "dealer" 3/5 "spoiler" 0.4 } 0
p "" 1 1 "told \\\\ dealer" { "yes" "no" } 1 "toll" { -1, -.5 }
p "" 2 1 "sees \\"yes\\"" { "go" "stop" } 0
t "" 2 "good" { 3 2 }
t "" 0
t "" 3 "bad" { 0 1/3 }
p "" 1 2 "told spoiler" { "yes" "no" } 0
p "" 2 1 0
t "" 2
c "" 1 0
t "" 3
t "" 2
t "" 0
"""


def test_both_variants_of_nfg_are_read_exactly():
    g = games.parse(OUTCOMES)
    assert g.title == 'two "ways"'
    assert g.actions == (("up", "down"), ("left", "right"))
    assert g.exact_payoffs[:, 0, 0].tolist() == [1, Fraction(-1, 2)]
    assert g.exact_payoffs[:, 1, 0].tolist() == [Fraction(1, 4), Fraction(1, 10**9)]
    assert g.exact_payoffs[:, 0, 1].tolist() == [0, 0]
    assert games.parse(games.text(g)) == g == games.parse(games.text(g, outcomes=True))


def test_decimals_are_read_as_they_stand():
    """LR-01, LR-02: elsewhere 0.5 is read as 0 and 1e-9 as 1."""
    source = 'NFG 1 {} "" {{ "a" "b" }} {{ 1 2 }} 0.5 1e-9 -2.5E2 .25'
    exact = games.parse(source.format("R")).exact_payoffs
    assert exact[:, 0, 0].tolist() == [Fraction(1, 2), Fraction(1, 10**9)]
    assert exact[:, 0, 1].tolist() == [-250, Fraction(1, 4)]
    assert not games.parse(source.format("D")).is_exact
    with pytest.raises(games.FormatError, match="got nan"):
        games.parse('NFG 1 R "" { "a" "b" } { 1 1 } nan 1')


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e19, 1e300])
def test_floats_survive_a_round_trip(scale, tmp_path):
    """GB-14: ordinary floats with large exponents are refused elsewhere."""
    table = np.random.default_rng(5).normal(size=(3, 2, 3, 2)) * scale
    g = games.NormalForm(table)
    games.write(g, tmp_path / "x.nfg")
    assert games.read(tmp_path / "x.nfg") == g


def test_a_tree_with_everything_is_read():
    """OS-03: payoffs at inner nodes; labels with quotes; outcomes used again; shared chance."""
    t = games.parse(TREE)
    assert t.title == 'a "named" tree'
    assert t.infoset_labels == ("told \\ dealer", 'sees "yes"', "told spoiler")
    assert t.n_nodes == 13
    assert t.exact_probability()[1] == Fraction(3, 5)
    assert t.branch_labels[0] == ("dealer", "spoiler")
    totals = t.total_payoffs[t.ends]
    assert totals.tolist()[0] == [2.0, 1.5]
    assert totals.tolist()[1] == [-1.0, -0.5]
    assert games.parse(games.text(t)) == t
    assert solvers.sequence_form(t).regret < 1e-12


def test_gambits_own_style_is_read():
    """Commas or none between payoffs, decimals, outcomes by number before and after their payoffs.

    The second set of the second player is never reached under any plan of the first.
    """
    t = games.parse(
        'EFG 2 R "Style" { "Player 1" "Player 2" }\n"" \n\n'
        'p "" 1 1 "" { "l" "r" } 0\n'
        'p "" 2 1 "" { "L" "R" } 0\n'
        't "" 2\n'
        't "" 1 "" { 10.00, -2.5 }\n'
        'p "" 2 2 "" { "L" "R" } 0\n'
        't "" 2 "two" { 1/2 3 }\n'
        't "" 0\n'
    )
    assert t.total_payoffs[t.ends].tolist() == [[0.5, 3], [10, -2.5], [0.5, 3], [0, 0]]
    assert t.infoset_labels == ("Player 1 1", "Player 2 1", "Player 2 2")
    assert t.is_exact
    assert games.parse(games.text(t)) == t
    found = solvers.subgame_perfect(t, exact=True)[0]
    assert found.payoffs.tolist() == [Fraction(1, 2), 3]


def test_the_truce_tree_survives_a_round_trip(tmp_path):
    t = truce(5)
    games.write(t, tmp_path / "truce.efg")
    assert games.read(tmp_path / "truce.efg") == t


def test_a_chain_of_ten_thousand_moves_is_written_and_read():
    """GB-15: a recursive writer crashes here."""

    def moves(day):
        below = day + 1 if day < 10_000 else games.End((0, 0))
        return games.Decision(day % 2, {"stop": games.End((day, 1)), "go": below})

    chain = games.ExtensiveForm.from_rules(0, moves)
    assert games.parse(games.text(chain)) == chain


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        pytest.param("", 1, "NFG or EFG", id="empty"),
        pytest.param('NFG 1 R "x" { "a" "b" } { 0 0 }', 1, "from 1", id="LR-03-no-actions"),
        pytest.param('NFG 1 R "x" { } { }', 1, "one of the players", id="LR-03-nobody"),
        pytest.param("gam 2", 1, "NFG or EFG", id="another format"),
        pytest.param('NFG 1 R "x" { "a" "b" }\n{ 2 2 }\n1 2 3', 3, "4 profiles", id="too few"),
        pytest.param('NFG 1 R "x" { "a" "b" } { 1 1 } 1 2 3', 1, "the end", id="too many"),
        pytest.param('NFG 1 R "x" { "a" "b" } { 0 1 }', 1, "from 1", id="no action"),
        pytest.param('NFG 1 R "x" { "a" "b" } { 1 1 } 1 1/0', 1, "a number", id="over nought"),
        pytest.param('NFG 1 R "x { "a" "b" } { 1 1 } 1 1', 1, "got a; allowed: {", id="open quote"),
        pytest.param('EFG 2 R "x" { "a" }\nq "" 1', 2, "p (player)", id="node"),
        pytest.param('EFG 2 R "x" { "a" }\np "" 2 1 { "l" } 0', 2, "1 to 1", id="player"),
        pytest.param('EFG 2 R "x" { "a" }\np "" 1 1 0', 2, "list of actions", id="unknown set"),
        pytest.param('EFG 2 R "x" { "a" }\nt "" 4', 2, "outcomes that", id="unknown outcome"),
        pytest.param('EFG 2 R "x" { "a" }\nt "" 4 "" { 1 2 }', 2, "1 payoffs", id="payoffs"),
    ],
)
def test_a_bad_file_is_named_with_its_line(source, line, says):
    with pytest.raises(games.FormatError) as caught:
        games.parse(source)
    assert caught.value.line == line
    assert says in str(caught.value)


def test_the_file_is_named_and_the_suffix_must_fit(tmp_path):
    (tmp_path / "x.nfg").write_text("NFG 2")
    with pytest.raises(games.FormatError, match=r"x\.nfg:1: got 2"):
        games.read(tmp_path / "x.nfg")
    with pytest.raises(CeasefireError, match=r"ending in \.efg"):
        games.write(truce(2), tmp_path / "x.nfg")


def test_a_set_that_play_never_reaches_is_kept_with_its_moves():
    """Chance never draws its branch, or the player before never goes there."""
    t = games.parse(
        'EFG 2 R "x" { "a" "b" }\nc "" 1 "" { "sure" 1 "never" 0 } 0\n'
        'p "" 1 1 "out" { "l" "r" } 0\nt "" 1 "" { 2 1 }\np "" 2 1 "off" { "u" "d" } 0\n'
        't "" 2 "" { 0 0 }\nt "" 3 "" { 1 5 }\np "" 2 2 "ghost" { "u" "d" } 0\n'
        't "" 4 "" { 9 9 }\nt "" 5 "" { 8 8 }\n'
    )
    assert set(t.infoset_labels) == {"out", "off", "ghost"}
    assert games.parse(games.text(t)) == t
    for found in (solvers.one_nash(t), *solvers.subgame_perfect(t)):
        assert found.regret == 0
        assert [float(s.sum()) for s in found.strategies] == [1, 1, 1]
        assert found.payoffs.tolist() == [2, 1]
