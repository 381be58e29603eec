"""Pictures of the models can be read: headed, lettered, labelled, explained, nothing on top."""

from __future__ import annotations

from itertools import combinations

import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from test_figures import _inside

import ceasefire
from ceasefire import bargaining
from ceasefire.bargaining.registry import MODELS
from ceasefire.figures.style import GREY, INK, SINGLE_MM

NAMES = [entry.name for entry in MODELS]
SCENARIOS = ["november-2023", "all-at-once"]
AT_AN_END = {  # what looks another where the pool is released at once and nothing is left to offer
    "biased-reporter", "chain-store", "credible-messages", "fight-or-pause", "one-more-day",
    "optimal-pilot", "reassuring-stake", "sequential-exchange", "spoiler", "three-issue-exchange",
    "two-issue-exchange",
}  # fmt: skip
CASES = [(n, s) for s in SCENARIOS for n in NAMES if s == SCENARIOS[0] or n in AT_AN_END]


@pytest.fixture(scope="module")
def drawn():
    """Figures by model and scenario, drawn once and laid out."""
    scenarios = {name: ceasefire.load(name) for name in SCENARIOS}
    seen = {}

    def figure(name, scenario):
        if (name, scenario) not in seen:
            made = bargaining.model(name).from_scenario(scenarios[scenario]).figure()
            made.draw_without_rendering()
            seen[name, scenario] = made
        return seen[name, scenario]

    return figure


def panels(figure):
    """Axes but colour bars."""
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def headings(figure):
    return [axes.get_title(loc="left") for axes in panels(figure)]


def words(figure):
    """Every text of the figure: headings, keys, notes."""
    return {text.get_text() for text in figure.findobj(Text)}


def guides(axes):
    """Lines along an axis in ink or grey: where the model stands, levels to compare with."""
    frames = (axes.get_xaxis_transform(which="grid"), axes.get_yaxis_transform(which="grid"))
    return [
        line
        for line in axes.lines
        if line.get_transform() in frames and to_hex(line.get_color()) in (INK, GREY)
    ]


@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_a_picture_is_headed_and_its_panels_are_lettered_and_labelled(drawn, name, scenario):
    figure = drawn(name, scenario)
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(SINGLE_MM)
    many = len(panels(figure)) > 1
    for letter, heading in zip("abcd", headings(figure), strict=False):
        assert heading, "a panel without a heading"
        begins = heading.removeprefix(f"{letter}  ")
        assert (begins != heading) == many, f"{heading!r} should begin with {letter}"
        assert begins[0].isupper() or begins[0].isdigit(), heading
    for axes in panels(figure):
        lowest = axes.get_subplotspec().is_last_row()
        leftmost = axes.get_subplotspec().is_first_col()
        assert axes.get_xlabel() or not lowest
        assert axes.get_ylabel() or not leftmost
        assert axes.has_data() or axes.texts, "an empty panel without a note"


@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_every_guide_and_every_mark_of_a_picture_is_explained(drawn, name, scenario):
    figure = drawn(name, scenario)
    told = words(figure)
    for axes in panels(figure):
        for line in guides(axes):
            assert line.get_label() in told, f"{line.get_label()!r} on {axes.get_title(loc='left')}"
        unnamed = [c for c in axes.lines if len(c.get_xdata()) > 2 and c not in guides(axes)]
        if len({(to_hex(c.get_color()), c.get_linestyle()) for c in unnamed}) > 1:
            assert axes.get_legend() or figure.axes[0].get_legend()


@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_no_two_texts_of_a_picture_overlap_and_none_is_cut(drawn, name, scenario):
    figure = drawn(name, scenario)
    renderer, whole, boxes = figure.canvas.get_renderer(), figure.bbox, []
    for axes in figure.axes:
        texts = [*axes.texts, axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
        texts += [t for t in axes.get_xticklabels() + axes.get_yticklabels() if _inside(axes, t)]
        key = axes.get_legend()
        texts += [*key.get_texts(), key.get_title()] if key else []
        boxes += [(t, t.get_window_extent(renderer)) for t in texts if t.get_text()]
    for text, box in boxes:
        assert text.get_fontsize() >= 6.5, text.get_text()
        assert min(box.x0 - whole.x0, whole.x1 - box.x1) >= -1, text.get_text()
        assert min(box.y0 - whole.y0, whole.y1 - box.y1) >= -1, text.get_text()
    for (one, a), (two, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across <= 1.0 or down <= 1.0, f"{one.get_text()!r} overlaps {two.get_text()!r}"


@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_no_key_of_a_picture_covers_a_panel(drawn, name, scenario):
    figure = drawn(name, scenario)
    renderer = figure.canvas.get_renderer()
    for axes in panels(figure):
        key = axes.get_legend()
        if key and key.get_gid():
            box = key.get_window_extent(renderer)
            assert all(box.y0 >= other.bbox.y1 - 1 or box.y1 <= other.bbox.y0 + 1
                       for other in panels(figure))  # fmt: skip
