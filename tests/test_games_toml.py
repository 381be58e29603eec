"""Games told in TOML are read as they are told, solved from the command line, refused by field."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from ceasefire import solvers
from ceasefire.cli import main
from ceasefire.errors import ArgumentError
from ceasefire.games.toml import RepeatedFile, read_toml

PAGE = Path(__file__).resolve().parents[1] / "docs" / "games-toml.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
DAY, SIGNALS, STATES = BLOCKS


@pytest.fixture
def day(tmp_path):
    file = tmp_path / "day.toml"
    file.write_text(DAY, "utf-8")
    return file


def run(*arguments):
    return CliRunner().invoke(main, ["game", *map(str, arguments)])


def test_the_documented_file_says_what_it_says(day):
    told = read_toml(day)
    assert isinstance(told, RepeatedFile)
    assert told.discount == Fraction(3, 5)  # a decimal is the fraction that it says
    assert told.stage.is_exact
    assert told.stage.players == ("captor", "pauser")
    assert told.stage.payoffs[:, 1, 0].tolist() == [7, -3]
    assert told.profile == (0, 0)
    assert told.automaton is not None
    assert solvers.check_automaton(told.game, told.automaton).is_equilibrium


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--concept", "nash"], "captor: hold"),
        (["--concept", "payoff-set"], "(5.5, 0)"),
        (["--concept", "payoff-set", "--exact"], "(5.5, 0)"),
        (["--concept", "payoff-set", "--set", "discount=0.1"], "(0, 0)"),
        (["--concept", "critical-discount"], "discount factor 3/7 or more"),
        (["--concept", "critical-discount", "--set", "punishment=optimal"], "optimal punishment"),
        (["--concept", "critical-discount", "--set", "punishment=2"], "discount factor 1/2"),
        (["--concept", "critical-discount", "--set", "transfers=true"], "with transfers"),
        (["--concept", "automaton"], "a subgame-perfect equilibrium (exact); payoffs 4, 3"),
        (["--concept", "automaton", "--set", "discount=2/5"], "captor plays hold in keep: gains 1"),
    ],
)
def test_each_concept_is_answered(day, arguments, says):
    done = run(day, *arguments)
    assert done.exit_code == 0, done.output
    assert says in done.output


def test_machines_read_json(day):
    for concept in ("nash", "payoff-set", "critical-discount", "automaton"):
        done = run(day, "--concept", concept, "--json")
        assert done.exit_code == 0, done.output
        record = json.loads(done.stdout)
        assert record["concept"] == concept
        assert record["title"] == "A day of the pause"
    assert record["equilibrium"] is True
    assert record["states"][0]["values"] == {"captor": "4", "pauser": "3"}
    exact = json.loads(run(day, "--concept", "payoff-set", "--exact", "--json").stdout)
    assert exact["exact"] is True
    assert any(v == pytest.approx([5.5, 0]) for v in exact["vertices"])


def test_signals_make_it_a_question_of_public_equilibrium(tmp_path):
    automaton = """
[automaton.states.calm]
play = "release, pause"
next = { broken = "war 1", else = "calm" }
[automaton.states."war 1"]
play = "hold, strike"
next = "war 2"
[automaton.states."war 2"]
play = "hold, strike"
next = "calm"
"""
    file = tmp_path / "noisy.toml"
    told = DAY.partition("[automaton]")[0].replace("0.6", "0.95")
    file.write_text(told + SIGNALS + automaton, "utf-8")
    done = run(file, "--concept", "automaton")
    assert done.exit_code == 0, done.output
    assert "perfect public equilibrium" in done.output
    assert "then calm on kept, war 1 on broken" in done.output
    refused = run(file, "--concept", "critical-discount")
    assert refused.exit_code == 2
    assert "signals" in refused.stderr


def test_the_pages_signals_fit_its_first_example(tmp_path):
    """The automaton's key `kept` is the name of a signal then."""
    file = tmp_path / "seen.toml"
    file.write_text(DAY + SIGNALS, "utf-8")
    done = run(file, "--concept", "automaton")
    assert done.exit_code == 0, done.output
    assert "then keep on kept, resume on broken" in done.output
    other = SIGNALS.replace("kept", "quiet")
    file.write_text(DAY + other, "utf-8")
    refused = run(file, "--concept", "automaton")
    assert refused.exit_code == 2
    assert "kept" in refused.stderr
    assert "quiet, broken" in refused.stderr


def test_iterated_dominance_is_a_concept_of_tables(day):
    done = run(day, "--concept", "rationalizable")
    assert done.exit_code == 0, done.output
    assert "left: captor: hold; pauser: strike" in done.output
    record = json.loads(run(day, "--concept", "rationalizable", "--json").stdout)
    assert record["left"] == {"captor": ["hold"], "pauser": ["strike"]}
    assert record["solvable"] is True
    assert {r["action"] for r in record["removed"]} == {"release", "pause"}
    assert run("chicken", "--concept", "rationalizable").exit_code == 0
    tree = run("beer-quiche", "--concept", "rationalizable")
    assert tree.exit_code == 2
    assert "strategic form" in tree.stderr


def test_the_discount_factor_of_a_stochastic_file_can_be_set(tmp_path):
    file = tmp_path / "states.toml"
    file.write_text(STATES, "utf-8")
    done = run(file, "--concept", "payoff-set", "--set", "discount=1/2")
    assert done.exit_code == 0, done.output
    assert "discount 0.5" in done.output
    for setting in ("transfers=true", "punishment=3"):
        refused = run(file, "--concept", "payoff-set", "--set", setting)
        assert refused.exit_code == 2
        assert setting.partition("=")[0] in refused.stderr
    inexact = run(file, "--concept", "payoff-set", "--exact")
    assert inexact.exit_code == 2
    assert "--exact" in inexact.stderr
    assert "markov" in inexact.stderr
    assert run(file, "--concept", "markov", "--exact").exit_code in (0, 2)


@pytest.mark.parametrize(
    ("kind", "fields", "states"),
    [
        ("grim", 'cooperate = "release, pause"\npunish = "hold, strike"', 2),
        ("n-day", 'cooperate = "release, pause"\npunish = "hold, strike"\ndays = 3', 4),
        (
            "staged-release",
            'schedule = ["release, strike", "release, pause"]\n'
            'punish = { captor = "hold, strike", pauser = "hold, strike" }',
            4,
        ),
        ("tit-for-tat", 'first = "release, strike"', 4),
    ],
)
def test_common_strategies_have_a_kind(tmp_path, kind, fields, states):
    file = tmp_path / "x.toml"
    file.write_text(DAY.partition("[automaton]")[0] + f'[automaton]\nkind = "{kind}"\n{fields}\n')
    told = read_toml(file)
    assert told.automaton.n_states == states


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "repeated"', 'kind = "repeatd"', "day.toml: kind: got 'repeatd'"),
        ('kind = "repeated"', "kind =", "day.toml: got"),
        ("discount = 0.6", "discount = 1.2", "discount: got"),
        ("discount = 0.6", "discount = [0.6, 0.7, 0.8]", "one a player"),
        ("discount = 0.6", "patience = 0.6", "patience: got"),
        ("[7, -3]", "[7]", '"hold, pause"'),
        ("[7, -3]", "[7, nan]", "a finite number"),
        ("[7, -3]", '[7, "3/0"]', "fraction"),
        ("[7, -3]", "[7, 1e999999999]", "a finite number"),
        ('"hold, pause" = [7, -3]\n', "", "no entry for hold, pause"),
        ('"hold, pause" =', '"hold, paus" =', "an action of pauser"),
        ('pauser = ["pause", "strike"]', "", "players: got"),
        ('profile = "release, pause"', 'profile = "release"', "question.profile"),
        ("transfers = false", 'transfers = "no"', "question.transfers"),
        ('else = "resume" }', 'otherwise = "resume" }', "state 'keep', next"),
        ('else = "resume" }', 'else = "war" }', "a state: keep, resume"),
        ('initial = "keep"', 'kind = "grim"', "automaton.states: got"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(day, old, new, says):
    assert old in DAY
    day.write_text(DAY.replace(old, new), "utf-8")
    with pytest.raises(ArgumentError) as caught:
        read_toml(day)
    assert "day.toml" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chicken", "--concept", "payoff-set"], "told in TOML"),
        (["missing.toml"], "No such file"),
    ],
)
def test_the_command_says_what_it_needs(arguments, says):
    done = run(*arguments)
    assert done.exit_code == 2
    assert says in done.stderr


@pytest.fixture
def states(tmp_path):
    file = tmp_path / "states.toml"
    file.write_text(STATES, "utf-8")
    return file


def test_a_stochastic_game_is_read_as_it_is_told(states):
    game = read_toml(states)
    assert game.states == ("pause", "war")
    assert game.players == ("captor", "pauser")
    assert game.is_exact
    assert game.n_actions.tolist() == [[2, 2], [1, 1]]
    assert game.transitions.toarray()[0].tolist() == [0.95, 0.05]
    assert game.transitions.toarray()[1:].tolist() == [[0, 1]] * 4


@pytest.mark.parametrize(
    ("concept", "says"),
    [("markov", "3 equilibria (all Markov perfect"), ("payoff-set", "(2.75862, 2.06897)")],
)
def test_stochastic_games_are_solved_from_the_command_line(states, concept, says):
    done = run(states, "--concept", concept)
    assert done.exit_code == 0, done.output
    assert says in done.output
    record = json.loads(run(states, "--concept", concept, "--json").stdout)
    assert record["title"] == "Pause and war"
    if concept == "markov":
        assert len(record["equilibria"]) == 3
        kept = record["equilibria"][0]["states"]["pause"]
        assert kept["values"]["captor"] == pytest.approx(4 / (1 - 0.9 * 0.95))
    else:
        assert set(record["vertices"]) == {"pause", "war"}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("discount = 0.9", "", "discount"),
        ("war = 0.05 }", "war = 0.06 }", "pause"),
        ("war = 0.05 }", "peace = 0.05 }", "states.pause.next"),
        ('"hold, pause" = [7, -3]\n', "", "states.pause.payoffs: got 'no entry for hold, pause'"),
        ("payoffs = [0, 0]", "payoffs = [0]", "states.war.payoffs"),
        ("payoffs = [0, 0]", "payofs = [0, 0]", "states.war.payofs"),
        ('next = "war"', 'next = "peace"', "states.war.next"),
        ("actions = {}", 'actions = { captr = ["x"] }', "states.war.actions"),
        ('initial = "pause"', 'initial = "peace"', "initial"),
    ],
)
def test_what_is_wrong_in_a_stochastic_file_is_named(states, old, new, says):
    assert old in STATES
    states.write_text(STATES.replace(old, new), "utf-8")
    with pytest.raises(ArgumentError) as caught:
        read_toml(states)
    assert "states.toml" in str(caught.value)
    assert says in str(caught.value)


def test_a_concept_of_another_kind_is_refused(day, states):
    for file, concept in ((day, "markov"), (states, "nash"), (states, "automaton")):
        done = run(file, "--concept", concept)
        assert done.exit_code == 2
        assert "--concept" in done.stderr


def test_what_a_concept_needs_is_asked_for(day):
    day.write_text(DAY.replace("discount = 0.6", ""), "utf-8")
    done = run(day, "--concept", "payoff-set")
    assert done.exit_code == 2
    assert "--set discount=0.9" in done.stderr
    assert run(day, "--concept", "critical-discount").exit_code == 0
    assert run(day, "--concept", "payoff-set", "--set", "x=3").exit_code == 2
    day.write_text(DAY.partition("[question]")[0], "utf-8")
    for concept, field in (("critical-discount", "question.profile"), ("automaton", "automaton")):
        done = run(day, "--concept", concept)
        assert done.exit_code == 2
        assert field in done.stderr
