"""How objects show and draw themselves: by tables that are safe, short and whole."""

from __future__ import annotations

import re
import subprocess
import sys
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

import ceasefire as cf
from ceasefire import bargaining, calibration, games, solvers, truce
from ceasefire.display import Displayed
from ceasefire.errors import ArgumentError
from ceasefire.experiment import analysis, load
from ceasefire.experiment.cached import read_cached
from ceasefire.figures import notebook
from ceasefire.figures.style import canvas

ROOT = Path(__file__).parents[1]
NASTY = "<script>alert('x')</script>&\"'"
MOST = 60_000  # bytes of one display
VOID = {"rect", "path", "circle", "br"}


class Checked(HTMLParser):
    """Counts tags, and fails where one is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def checked(value: Displayed) -> str:
    """The HTML of an object, well-formed, of a modest size and without colours or scripts."""
    text = value._repr_html_()
    parser = Checked()
    parser.feed(text)
    assert parser.open == []
    assert len(text.encode()) < MOST
    tags = {tag for tag, _ in parser.seen}
    assert not tags & {"script", "style", "iframe", "object", "img", "a"}
    for tag, attributes in parser.seen:
        assert not any(name.startswith("on") for name in attributes)
        assert "background" not in (attributes.get("style") or "")
        assert (attributes.get("fill") or "none") in {"none", "currentColor"}
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes["aria-label"]
        if tag == "th":
            assert attributes["scope"] in {"row", "col"}
    return text


CHICKEN = games.NormalForm.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]])
DAY = games.NormalForm.bimatrix([[4, -2], [7, 0]], [[3, 4], [-3, 0]],
                                actions=[["release", "hold"], ["pause", "strike"]])  # fmt: skip
WATCH = games.PublicSignals([[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]])
REPEATED = games.RepeatedGame(DAY, discount=0.6)
GRIM = games.Automaton.grim(DAY, ("release", "pause"), ("hold", "strike"))
PROBLEM = games.BargainingProblem.hull([[0, 0], [10, 0], [0, 6], [7, 4]], disagreement=[1, 1])


def stock() -> games.StochasticGame:
    def rules(held):
        def outcome(one, two):
            ahead = held - 10 if held > 10 else None
            if one == "give":
                return games.Outcome((1, 4), ahead) if two == "extend" else games.Outcome((-1, 1))
            return games.Outcome((3, -2) if two == "extend" else (0, 0))

        return games.StateGame({"1": ["give", "hold"], "2": ["extend", "resume"]}, outcome)

    return games.StochasticGame.from_rules(30, rules, players=["1", "2"], discount=0.9)


@pytest.fixture(scope="module")
def scenario():
    return cf.load("november-2023")


@pytest.fixture(scope="module")
def objects(scenario):
    """Objects of every room by a name."""
    eq = truce.solve(scenario)
    beer = games.catalog.load("beer-quiche")
    markov = solvers.markov_perfect(stock())
    record = calibration.read("november-2023")
    model = bargaining.SpencePilot.from_scenario(scenario)
    bayes = games.BayesianGame(
        [[Fraction(1, 3), Fraction(2, 3)]], np.arange(16).reshape(2, 1, 2, 2, 2)
    )
    return {
        "normal": CHICKEN, "bayesian": bayes, "tree": beer, "repeated": REPEATED, "signals": WATCH,
        "automaton": GRIM, "stochastic": markov[0].game, "problem": PROBLEM,
        "nash": solvers.nash(CHICKEN, exact=True), "equilibrium": solvers.nash(CHICKEN)[1],
        "component": solvers.nash(CHICKEN).components[0],
        "tree equilibrium": solvers.one_nash(beer), "sequential": solvers.sequential(beer),
        "signalling": solvers.signalling(beer)[0], "logit": solvers.logit(CHICKEN, precision=1.0),
        "logit path": solvers.logit_path(CHICKEN), "correlated": solvers.correlated(CHICKEN),
        "rationalizable": solvers.rationalizable(DAY), "minmax": solvers.minmax(DAY),
        "payoff set": solvers.payoff_set(REPEATED), "penal code": solvers.penal_code(REPEATED),
        "critical": solvers.critical_discount(DAY, ("release", "pause")),
        "check": solvers.check_automaton(REPEATED, GRIM), "markov list": markov,
        "markov": markov[0], "markov path": solvers.markov_logit_path(markov[0].game),
        "path": solvers.expected_path(markov[0], periods=4),
        "solution": solvers.axiomatic(PROBLEM), "state sets": solvers.payoff_set(markov[0].game),
        "scenario": scenario, "truce": eq, "course": eq.course(), "certificate": eq.certificate,
        "comparison": truce.decompose(scenario), "window": eq.values(38, 6, 0.5),
        "agreement": truce.agreement(eq, 18, 7, 0.63), "pilot": eq.pilot, "talks": eq.talks,
        "model": model, "found": model.solve(), "checks": model.solve().certificate,
        "exchange": record, "observation": record.observation(), "terms": record.terms,
        "likelihood": calibration.log_likelihood(eq, record.observation()),
    }  # fmt: skip


def test_every_object_shows_itself_in_well_formed_html_without_colours(objects):
    for value in objects.values():
        assert isinstance(value, Displayed)
        assert checked(value)


def test_every_object_draws_its_first_picture_without_pyplot(objects):
    before = {**mpl.rcParams, "backend": mpl.rcParams._get("backend")}
    for value in objects.values():
        if notebook.kinds(value):
            assert value.plot().axes
    assert {**mpl.rcParams, "backend": mpl.rcParams._get("backend")} == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


@pytest.mark.slow
def test_every_picture_that_is_offered_is_drawn(objects):
    for name, value in objects.items():
        for kind in notebook.kinds(value)[1:]:
            assert value.plot(kind).axes, (name, kind)


def test_a_figure_shows_itself_as_png_of_a_readable_size():
    data, size = CHICKEN.plot()._repr_png_()
    assert data.startswith(b"\x89PNG")
    assert int.from_bytes(data[16:20], "big") == pytest.approx(1.5 * size["width"], abs=2)
    assert size["width"] == pytest.approx(85 / 25.4 * 144, abs=1)


def test_a_picture_of_one_panel_goes_on_given_axes(objects):
    for name in ("normal", "tree", "payoff set", "solution", "window", "agreement", "likelihood"):
        figure, axes = canvas(85.0, 70.0)
        assert objects[name].plot(ax=axes) is figure
        assert figure.axes == [axes]
        assert axes.has_data()


def test_axes_for_a_picture_of_several_panels_are_refused_with_those_that_take_them(objects):
    with pytest.raises(ArgumentError, match=r"course has panels of its own.*lengths, held"):
        objects["course"].plot(ax=canvas(85.0, 70.0)[1])
    assert objects["course"].plot("held", ax=canvas(85.0, 70.0)[1]).axes


def test_an_object_without_a_picture_says_what_has_one(objects):
    with pytest.raises(ArgumentError, match=r"Certificate.*the equilibrium that it is of"):
        objects["certificate"].plot()
    with pytest.raises(ArgumentError, match=r"model\.plot\(\)"):
        objects["found"].plot()


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(ArgumentError, match="one of best-replies, payoffs, logit"):
        CHICKEN.plot("pie")


def test_best_replies_are_underlined_and_fractions_stay_fractions():
    third = games.NormalForm.bimatrix([[Fraction(1, 3), 0], [0, 1]], [[0, 1], [1, 0]])
    text = checked(third)
    assert "<td><u>1/3</u>, 0</td>" in text
    assert text.count("<u>") == 4
    assert "2/3 on 1" in checked(solvers.nash(CHICKEN, exact=True))


def test_names_cannot_inject_html():
    game = games.NormalForm.bimatrix([[1, 0], [0, 1]], players=[NASTY, "2"],
                                     actions=[[NASTY, "b"], ["c", NASTY]], title=NASTY)  # fmt: skip
    end = games.End({NASTY: 1, "2": 0})
    tree = games.ExtensiveForm.from_rules(
        NASTY, lambda _: games.Decision(NASTY, {NASTY: end, "b": end}, sees=NASTY),
        players=[NASTY, "2"],
    )  # fmt: skip
    repeated = games.RepeatedGame(game, discount=0.5)
    grim = games.Automaton.grim(game, (0, 0), (1, 1))
    values = (game, tree, repeated, grim, solvers.nash(game), solvers.one_nash(tree),
              solvers.correlated(game), solvers.minmax(game),
              solvers.payoff_set(repeated, throw=False), solvers.rationalizable(game))  # fmt: skip
    for value in values:
        assert "<script" not in checked(value)


def test_a_scenario_cannot_inject_html(scenario):
    told = scenario.replace({"name": NASTY, "title": NASTY})
    for value in (told, truce.solve(told)):
        assert "<script" not in checked(value)


@pytest.mark.parametrize("shape", [(2, 400, 400), (3, 30, 30, 30), (5, 2, 2, 2, 2, 2), (1, 300)])
def test_large_games_are_cut_and_say_how_much_is_left_out(shape):
    game = games.NormalForm(np.random.default_rng(0).normal(size=shape))
    text = checked(game)
    assert "more" in text
    assert len(text) < 40_000


def test_labels_of_any_length_are_cut():
    long = "y" * 100_000
    game = games.NormalForm.bimatrix(
        [[1, 0], [0, 1]], actions=[[long, "b"], ["c", "d"]], title=long
    )
    assert len(checked(game)) < 4_000
    assert len(checked(solvers.nash(game))) < 8_000


def test_large_trees_and_long_lists_are_cut():
    tree = games.catalog.load("truce-two-types", rounds=60)
    assert "more rows" in checked(tree)
    many = solvers.nash(games.NormalForm.bimatrix(np.eye(6, dtype=int), np.eye(6, dtype=int)))
    assert f"{len(many) - 24} more rows" in checked(many)


def test_empty_results_show_themselves():
    pennies = games.NormalForm.bimatrix([[1, -1], [-1, 1]])
    none = solvers.payoff_set(games.RepeatedGame(pennies, discount=0.5), throw=False)
    assert none.is_empty
    assert "<svg" not in checked(none)


def test_a_truce_without_a_deal_shows_and_draws_itself(scenario):
    none = truce.solve(scenario.replace(v=0.01))
    assert none.block_days == 0
    for value in (none, none.course(), none.talks, none.pilot, none.certificate):
        assert checked(value)
    assert none.plot().axes


@pytest.mark.slow
@pytest.mark.parametrize("table", ["partial_batches", "mediator", "resolve", "second_category"])
def test_extensions_show_their_equilibrium_and_offer_the_pictures_that_fit(scenario, table):
    eq = truce.solve(scenario.replace({table: "on"}))
    assert checked(eq)
    assert notebook.kinds(eq) == ("course", "lengths", "held")
    assert checked(eq.certificate)
    assert eq.plot("lengths").axes


def test_showing_a_game_loads_no_matplotlib():
    code = (
        "import sys; from ceasefire import games\n"
        "g = games.NormalForm.bimatrix([[6, 2], [7, 0]], [[6, 7], [2, 0]])\n"
        "assert 'figures' not in str([m for m in sys.modules if m.startswith('ceasefire')])\n"
        "assert '<table>' in g._repr_html_(); assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_results_are_displayed():
    import dataclasses
    import inspect

    plain = {"Decision", "Chance", "End", "StateGame", "Outcome", "Fold", "SupportChange"}
    for room in (games, solvers):
        for name in room.__all__:
            one = getattr(room, name)
            if inspect.isclass(one) and dataclasses.is_dataclass(one) and name not in plain:
                assert issubclass(one, Displayed), name


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("discovery", lambda *told: analysis.boxes(*told, "mean_days >= 6")),
        ("discovery", lambda *told: analysis.region(*told, "mean_days >= 6")),
        ("discovery", lambda *told: analysis.regression(*told, "mean_days")),
        ("discovery", lambda *told: analysis.partial_dependence(*told, "mean_days", "v")),
        ("sensitivity", lambda *told: analysis.sobol(*told, "mean_days")),
        ("screening", lambda *told: analysis.morris(*told, "mean_days")),
        ("tornado", lambda *told: analysis.tornado(*told, "mean_days")),
    ],
)
def test_analyses_of_the_papers_rows_show_and_draw_themselves(name, made):
    told = load(ROOT / "experiments" / f"{name}.toml")
    found = made(read_cached(told, ROOT / "results" / "experiments").rows, told)
    assert 0 < len(found._repr_html_()) < MOST
    assert found.plot().axes


@pytest.fixture(scope="module")
def estimated(scenario):
    """Results of calibration, each made cheaply."""
    record = calibration.read("november-2023")
    free = (calibration.Parameter("pi0", 0.05, 0.5), calibration.Parameter("chi", 0.0, 0.2))
    problem = calibration.Problem(scenario, (record.observation(talks=False),), free)
    unread = calibration.Problem(scenario, (calibration.Observation(),), free)
    draws = np.random.default_rng(0).uniform([0.05, 0.0], [0.5, 0.2], (12, 2))
    grid = calibration.course_grid(unread, 3)
    return {
        "Recovery": calibration.recover(grid, data_sets=range(20), truces=10),
        "RivalScores": calibration.compare_rivals(record, scenario, rivals=["as yesterday"]),
        "MomentFit": calibration.fit_moments(problem, moments=("length",), starts=1),
        "PlausibleSet": calibration.plausible_set(problem, points=32, rounds=1),
        "NextDay": calibration.next_day(problem, 4),
        "ExpectedContraction": calibration.expected_contraction(problem, 6, draws=draws),
    }


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Recovery", "90% intervals in 20 simulated data sets"),
        ("RivalScores", "Log score of the full model over 8 batches of 1 course"),
        ("MomentFit", "not identified by these data"),
        ("PlausibleSet", "lie within 2 log units of the best"),
        ("NextDay", "what the day after day 4 may bring"),
        ("ExpectedContraction", "contraction"),
    ],
)
def test_estimates_show_themselves(estimated, name, said):
    assert type(estimated[name]).__name__ == name
    page = estimated[name]._repr_html_()
    assert said in page
    assert "<table" in page
    assert len(page) < MOST


@pytest.mark.parametrize(
    ("name", "panels"), [("Recovery", 2), ("RivalScores", 2), ("ExpectedContraction", 1)]
)
def test_estimates_draw_themselves(estimated, name, panels):
    assert len(estimated[name].plot().axes) >= panels


def test_a_rough_contraction_is_told_beside_a_panel_of_full_width(estimated):
    figure = estimated["ExpectedContraction"].plot()
    figure.canvas.draw()
    panel = figure.axes[0]
    assert "rough" in panel.get_legend().get_texts()[-1].get_text()
    assert panel.get_position().width > 0.7


@pytest.mark.parametrize("name", ["MomentFit", "PlausibleSet", "NextDay"])
def test_estimates_without_a_picture_say_so(estimated, name):
    with pytest.raises(ArgumentError, match="profiles, posteriors and predictions have one"):
        estimated[name].plot()


def test_the_hint_to_a_picture_names_a_function_there_is():
    from ceasefire.figures.notebook.calibration import HINTS

    called = re.match(r"calibration\.(\w+)\(", HINTS["Maximum"])
    assert called
    assert called[1] in calibration.__all__
