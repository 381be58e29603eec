"""Figures and the paper: right numbers, legible, byte for byte the same."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from ceasefire import figures
from ceasefire.errors import ArgumentError
from ceasefire.figures import paper
from ceasefire.figures.runs import RUN_FIGURES, RUN_TABLES
from ceasefire.figures.style import SERIES, style
from ceasefire.figures.tables import TABLES, latex, markdown

ROOT = Path(__file__).resolve().parents[1]
SPEC, ROWS = ROOT / "experiments" / "paper.toml", ROOT / "results" / "experiments"
ITEMS = {item.name: item for item in paper.read_spec(SPEC, ROWS) if item.kind == "figure"}
NAMES = list(ITEMS)


@pytest.fixture(scope="module")
def tables():
    """Data behind every figure, computed once."""
    kept = {}

    def get(name):
        if name not in kept:
            kept[name] = paper.data(ITEMS[name])
        return kept[name]

    return get


@pytest.fixture(scope="module")
def drawn(tables):
    kept = {}

    def get(name):
        if name not in kept:
            with style():
                kept[name] = paper.draw(ITEMS[name], tables(name))
                kept[name].canvas.draw()
        return kept[name]

    return get


def at(table, **where):
    rows = table
    for column, value in where.items():
        rows = rows[np.isclose(rows[column].to_numpy(dtype=float), value)]
    assert len(rows) == 1
    return rows.iloc[0]


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_has_data_caption_and_a_journal_width(drawn, tables, name):
    assert len(tables(name)) > 3
    assert len(paper.caption(ITEMS[name])) > 80
    width = drawn(name).get_size_inches()[0] * 25.4
    assert any(width == pytest.approx(allowed) for allowed in (85.0, 170.0))


@pytest.mark.parametrize("name", NAMES)
def test_every_axis_is_labelled_and_no_type_is_too_small(drawn, name):
    from matplotlib.text import Text

    figure = drawn(name)
    for axes in figure.axes:
        shown = axes.xaxis.get_tick_params().get("labelbottom", True)
        named = any(label.get_text() for label in axes.get_xticklabels())
        assert axes.get_xlabel() or axes.get_ylabel() or named or not shown
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible():
            assert text.get_fontsize() >= 6.5


@pytest.mark.parametrize("name", NAMES)
def test_no_two_texts_overlap_and_none_is_cut(drawn, name):
    figure = drawn(name)
    renderer = figure.canvas.get_renderer()
    boxes = []
    for axes in figure.axes:
        texts = [*axes.texts, axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
        texts += [t for t in axes.get_xticklabels() + axes.get_yticklabels() if _inside(axes, t)]
        legend = axes.get_legend()
        texts += legend.get_texts() if legend else []
        boxes += [(t.get_text(), t.get_window_extent(renderer)) for t in texts if t.get_text()]
    whole = figure.bbox
    for text, box in boxes:
        assert box.x0 >= whole.x0 - 1, text
        assert box.x1 <= whole.x1 + 1, text
        assert box.y0 >= whole.y0 - 1, text
        assert box.y1 <= whole.y1 + 1, text
    for (one, a), (two, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across <= 1.0 or down <= 1.0, f"{one!r} overlaps {two!r}"


def _inside(axes, label):
    """Whether a tick label is drawn: matplotlib keeps labels of ticks outside the view."""
    across = label in axes.get_xticklabels()
    shown = axes.xaxis.get_visible() and axes.xaxis.get_tick_params().get("labelbottom", True)
    if across and not shown:  # shared with the panel below, or a twin's own axis
        return False
    if not label.get_visible():
        return False
    x, y = label.get_position()
    low, high = axes.get_xlim() if across else axes.get_ylim()
    where = x if across else y
    return min(low, high) - 1e-9 <= where <= max(low, high) + 1e-9


def test_series_differ_in_grey_or_in_line_style():
    from matplotlib.colors import to_rgb

    greys = [np.dot(to_rgb(colour), (0.299, 0.587, 0.114)) for colour, _, _ in SERIES]
    lines = [line for _, line, _ in SERIES]
    markers = [marker for _, _, marker in SERIES]
    assert len(set(lines)) == len(set(markers)) == len(SERIES)
    assert min(abs(np.diff(sorted(greys)))) > 0.02


def test_the_course_figure_shows_prediction_and_record(tables):
    table = tables("course").set_index(["quantity", "day"])["value"]
    assert table["p_length", 7] == pytest.approx(0.563, abs=1e-3)
    assert table["realised_length"].index.tolist() == [7]
    assert table["realised_held"].tolist() == [98, 85, 72, 59, 48, 38, 28, 18]
    assert table["held_mean", 0] == pytest.approx(98)


def test_the_extension_figure_shows_the_gap_at_day_seven(tables):
    table = tables("extension")
    zones = table[table["quantity"] == "zone"].groupby("day")[["price", "value"]]
    intervals = {day: part.to_numpy().tolist() for day, part in zones}
    assert any(low <= 10 <= high for low, high in intervals[4])
    assert any(low <= 10 <= high for low, high in intervals[6])
    assert not any(low <= 10 <= high for low, high in intervals[7])
    assert len(intervals[7]) == 2


def test_the_map_marks_the_crossing_at_day_seven(tables):
    table = tables("trust-map")
    held = table[table["quantity"] == "held_on_path"].set_index("day")["trust"]
    needed = table[table["quantity"] == "needed_on_path"].set_index("day")["trust"]
    assert (needed > held).to_dict() == {4: False, 6: False, 7: True}


def test_propositions_carry_the_values_of_the_model_page(tables):
    assert at(tables("p1"), day=6, held_captives=28)["trust_needed"] == pytest.approx(
        0.390, abs=1e-3
    )
    for trust, days in ((0.1, 4.32), (0.2, 4.96), (0.35, 5.78), (0.5, 6.53), (0.8, 7.0), (1, 7.01)):
        assert at(tables("p2"), trust=trust)["mean_days"] == pytest.approx(days, abs=0.01)
    for size, net in (
        (0.5, 19.0),
        (1, 27.8),
        (2, 33.5),
        (4, 33.8),
        (8, 34.2),
        (16, 32.2),
        (32, 28.3),
    ):
        assert at(tables("p3"), x_p=size)["dealer_net"] == pytest.approx(net, abs=0.06)
    first = tables("p4")[tables("p4")["quantity"] == "first_extension"]
    for chi, days in ((0, 1.52), (0.04, 1.68), (0.1, 1.86), (0.2, 1.97)):
        assert at(first, key=chi)["value"] == pytest.approx(days, abs=0.01)
    for price, freed in ((8, 67), (10, 72), (12, 73), (14, 74), (16, 68), (24, 64)):
        assert at(tables("p5"), x=price)["freed"] == pytest.approx(freed, abs=0.6)
    for worth, days in ((0.25, 6.46), (1.5, 6.51), (2.5, 6.55), (4, 5.78), (8, 5.82)):
        assert at(tables("p6"), c_hi=worth)["mean_days"] == pytest.approx(days, abs=0.01)
    for ratio, days in ((0.25, 6), (0.5, 5), (1, 4), (2, 2), (4, 1)):
        assert at(tables("p7"), ratio=ratio)["block_days"] == days
    for reliability, blame in ((0.95, 0.94), (0.7, 0.81), (0.45, 0.72), (0.2, 0.64)):
        assert at(tables("p8"), l_lo=reliability)["blame"] == pytest.approx(blame, abs=0.006)
    for pool, days in ((78, 5), (88, 6), (98, 7), (108, 8), (118, 9), (138, 10)):
        assert at(tables("p9"), W0=pool)["modal_days"] == days


@pytest.mark.parametrize("name", list(TABLES))
def test_tables_print_in_three_forms(baseline, name):
    table = TABLES[name](baseline)
    assert markdown(table).count("\n") == len(table) + 2
    assert latex(table).startswith(r"\begin{tabular}")


BUILD = """
import sys
from pathlib import Path
from ceasefire.figures.paper import build
build(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The same small paper from two fresh processes."""
    folder = tmp_path_factory.mktemp("paper")
    spec = folder / "paper.toml"
    spec.write_text('figures = ["course", "p1", "negotiation"]\ntables = ["extension"]\n')
    for name in ("one", "two"):
        command = [sys.executable, "-c", BUILD, str(spec), str(folder / name)]
        subprocess.run(command, check=True, capture_output=True)
    return folder


def test_two_fresh_processes_write_the_same_bytes(built):
    one = sorted((built / "one").iterdir())
    two = sorted((built / "two").iterdir())
    assert [path.name for path in one] == [path.name for path in two]
    assert len(one) == 3 * 3 + 3 + 2
    for a, b in zip(one, two, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.name


def test_the_manifest_verifies_and_names_what_changed(built):
    manifest = built / "one" / paper.MANIFEST
    assert paper.verify(manifest) == []
    listed = json.loads(manifest.read_text())
    assert listed["command"] == "ceasefire paper"
    assert {"ceasefire", "numpy", "matplotlib"} <= set(listed["versions"])
    assert all(len(item["scenario_digest"]) == 64 for item in listed["items"])
    copy = built / "two"
    (copy / "p1.csv").write_text("changed")
    (copy / "course.png").unlink()
    assert sorted(paper.verify(copy / paper.MANIFEST)) == ["course.png", "p1.csv"]


def test_fonts_are_embedded_and_nothing_tells_the_day(built):
    content = (built / "one" / "course.pdf").read_bytes()
    assert b"/FontFile2" in content
    assert b"CreationDate" not in content
    assert b"Software" not in (built / "one" / "course.png").read_bytes()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('figures = ["curse"]', "curse"),
        ('tables = ["none"]', "one of course, extension"),
        ("figure = []", "scenario, figures, tables, scenarios"),
        ("figures = [", "valid TOML"),
    ],
)
def test_a_bad_specification_is_refused_by_name(tmp_path, text, message):
    spec = tmp_path / "paper.toml"
    spec.write_text(text)
    with pytest.raises(ArgumentError, match=message):
        paper.build(spec, tmp_path / "out")


def test_a_missing_specification_and_figure_are_named(tmp_path):
    with pytest.raises(ArgumentError, match="repository's root"):
        paper.build(tmp_path / "absent.toml", tmp_path / "out")
    with pytest.raises(ArgumentError, match="one of course"):
        figures.recipe("p10")


def test_the_papers_specification_lists_every_figure_and_table():
    items = paper.read_spec(SPEC, ROWS)
    solved = [item for item in items if item.run is None]
    assert [item.name for item in solved if item.kind == "figure"] == list(figures.FIGURES)
    assert [item.name for item in solved if item.kind == "table"] == list(TABLES)
    from_rows = {(item.kind, item.name) for item in items if item.run}
    assert from_rows == {("figure", name) for name in RUN_FIGURES} | {
        ("table", name) for name in RUN_TABLES
    }
