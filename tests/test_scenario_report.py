"""The report on one scenario: its words say what the solution's numbers say."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

import ceasefire as cf
from ceasefire import figures, truce
from ceasefire.cli import main
from ceasefire.errors import ArgumentError
from ceasefire.figures.reports import course, evidence, opening, summary, terms, words
from ceasefire.figures.reports.facts import Facts
from ceasefire.status import Status
from ceasefire.truce.scenario import packaged

BASE = cf.load("november-2023")
EXTENSIONS = ("partial_batches", "mediator", "resolve", "second_category")
# Each takes a branch: no deal by either side, no doubt, no talks, a sure end, few captives.
CHANGES = {
    "a day too dear": {"k0": 500},
    "captives too dear": {"c_lo": 1e5, "c_hi": 1e5},
    "a known opportunist": {"pi0": 0},
    "a known dealer": {"pi0": 1},
    "no deal on any day": {"lam": 0},
    "a high threshold": {"K_T": 1000},
    "a relay that always fails": {"chi": 1},
    "a cap at the block": {"J": 4},
    "one day at most": {"J": 1, "Tmax": 1},
    "three captives": {"W0": 3, "n0": 1, "x": 1},
    "a low price": {"x": 5},
    "a rising price": {"x1": 1},
    "a falling price": {"x1": -1},
    "much noise": {"s": 5},
    "batches that are not whole": {"n0": 50 / 3, "x": 7.7, "W0": 101.5},
    "no list ever": {"l_hi": 0, "l_lo": 0},
    "a dear captive": {"v": 1e5},
}


@pytest.fixture(scope="module")
def baseline():
    return figures.report(BASE, command="ceasefire report november-2023")


@pytest.fixture(scope="module")
def base_facts():
    return Facts(truce.solve(BASE))


def told(facts):
    """All words of the head and of section 2."""
    parts = [*summary.warnings(facts), *summary.summary(facts)]
    blocks = [*terms.section(facts), *opening.section(facts), *course.section(facts)]
    return "\n".join([*parts, *(b.text for b in blocks if b.table is None)])


def test_each_window_is_told_with_the_numbers_of_the_solution(base_facts):
    text = told(base_facts)
    rows = truce.extension(base_facts.eq).to_dict("records")
    for row in rows:
        start = "extends" if row["goes_on_probability"] > 0.5 else "ends"
        found = re.search(
            rf"{start} after day {row['day']}[^.]*?, because its best next chunk, (\d+) days? for "
            r"(\d+) captives, is worth (-?[\d.]+) utils to it.*?held \(([\d.]+)\) (exceeds|falls "
            r"short of) the belief needed \(([\d.]+)\).*?goes on with ([\d.]+)%",
            text,
        )
        assert found, row["day"]
        chunk, price, worth, held, verb, needed, goes_on = found.groups()
        assert int(chunk) == row["best_chunk_days"]
        assert int(price) == row["best_chunk_days"] * row["clause_price"]
        assert float(worth) == pytest.approx(-row["resume_gain"], abs=0.005)
        assert float(held) == pytest.approx(row["trust_held"], abs=0.005)
        assert float(needed) == pytest.approx(row["trust_needed"], abs=0.005)
        assert (verb == "exceeds") == (row["trust_held"] > row["trust_needed"])
        assert float(goes_on) == pytest.approx(100 * row["goes_on_probability"], abs=0.05)


def test_the_example_of_the_model_page_is_told(base_facts):
    text = told(base_facts)  # MODEL.md, section 5
    assert (
        "is worth 8.47 utils to it, net of resuming, and the belief in a dealer held (0.47)" in text
    )
    assert "4-2-1" in text
    assert "has the largest Nash product, 44.34" in text
    assert "the product to 43.77" in text
    assert "the product to 43.08" in text


def test_honesty_and_prices_are_told_with_the_numbers_of_the_solution(base_facts):
    text = told(base_facts)
    for row in truce.extension(base_facts.eq).to_dict("records"):
        margin = words.utils(abs(row["honesty_margin"]))
        how = "delivering over holding back" if row["honesty_margin"] > 0 else "holding back"
        assert f"would gain {margin} utils by {how}" in text
        assert f"prices of {words.zone(row['zone'])} captives" in text


def test_endings_and_lengths_are_those_of_the_course(base_facts):
    text, ends = told(base_facts), base_facts.course.ends
    for cause, share in ends[ends >= 0.001].items():
        assert f"{course.HOW[cause]}: {100 * share:.1f}%" in text
    assert f"The mean is {base_facts.course.mean_days:.2f} days" in text


@pytest.mark.parametrize("name", CHANGES)
def test_every_branch_is_told_in_whole_sentences(name):
    facts = Facts(truce.solve(BASE.replace(CHANGES[name]), throw=False))
    text = told(facts)
    assert not re.search(r"\b(nan|inf|None|True|False)\b|  |\.\.|,,|\{", text)
    for line in filter(None, text.split("\n")):
        assert not re.match(r"[a-z]", line), line
        assert not re.search(r"\. [a-z]", line), line
    agreed = "No first block is agreed" in text
    assert agreed == (facts.eq.block_days == 0)
    for window in facts.windows:
        assert re.search(rf"(extends|ends) after day {window.day}\b", text)


def test_no_deal_names_the_side_that_refuses():
    dear = told(Facts(truce.solve(BASE.replace(k0=500))))
    assert "The pausing state gains at none" in dear
    assert "So there is no pause" in dear
    held = told(Facts(truce.solve(BASE.replace(c_lo=1e5, c_hi=1e5))))
    assert "A dealer gains at none" in held


def test_no_pilot_no_talks_and_used_up_stocks_are_told():
    assert "There is no pilot release." in told(Facts(truce.solve(cf.load("no-pilot"))))
    assert "talks never open" in told(Facts(truce.solve(BASE.replace(K_T=1000))))
    assert "never end in a deal" in told(Facts(truce.solve(BASE.replace(lam=0))))
    known = told(Facts(truce.solve(BASE.replace(pi0=1))))
    assert "the 8 captives still held do not buy a further day" in known
    assert "so no opportunist has to be kept honest" in known
    capped = told(Facts(truce.solve(BASE.replace(J=4, Tmax=4, pi0=0.9))))
    assert "the cap of 4 days is reached" in capped
    sure = told(Facts(truce.solve(BASE.replace(chi=1))))
    assert "because the relay fails with a chance of 100%, although its best next chunk" in sure


def test_other_equilibria_and_failures_are_warned_of(base_facts, monkeypatch):
    from dataclasses import replace

    several = Facts(replace(base_facts.eq, status=Status.INCOMPLETE))
    assert "Other equilibria were not ruled out" in " ".join(summary.warnings(several))
    assert "Other equilibria are not ruled out" in " ".join(
        block.text for block in evidence.certificate(several)
    )
    unsolved = Facts(replace(base_facts.eq, status=Status.NOT_CONVERGED))
    assert next(iter(summary.warnings(unsolved))).startswith("Not solved.")
    assert not unsolved.sound
    assert not unsolved.propositions
    assert unsolved.frictions is None


def test_a_lottery_over_blocks_is_told(base_facts):
    from dataclasses import replace

    tied = replace(base_facts.eq, block_weights={3: 0.4, 4: 0.6}, status=Status.BLOCK_TIED)
    text = told(Facts(tied))
    assert "3 days with a chance of 40.0% and 4 days with a chance of 60.0%" in text


@pytest.mark.parametrize("name", EXTENSIONS)
def test_extensions_are_told_and_what_only_the_base_model_has_is_explained(name):
    facts = Facts(truce.solve(BASE.replace({name: "on"})))
    text = told(facts)
    assert "is switched on." in text
    assert "What the extension decides" in text
    assert re.search(r"extends after day \d+, because its best next chunk", text)
    rest = " ".join(block.text for block in evidence.incentives(facts))
    assert "switch the extension off" in rest
    assert "base model alone" in rest


@pytest.mark.parametrize("name", packaged())
def test_a_packaged_scenario_differs_from_itself_in_nothing(name):
    facts = Facts(truce.solve(cf.load(name)))
    assert facts.changed.empty
    assert facts.origin.name == name


@pytest.mark.parametrize("name", ["all-at-once", "no-pilot"])
def test_the_other_packaged_scenarios_are_reported_whole(name):
    made = figures.report(cf.load(name))
    assert made.sound
    assert not re.search(r"\b(nan|inf)\b", made.markdown())
    assert len(made.pictures) >= 4


def test_what_was_changed_is_told_with_both_values():
    facts = Facts(truce.solve(BASE.replace(x=12, name="mine")))
    table = next(b.table for b in terms.section(facts) if b.text == "changes")
    assert table.to_numpy().tolist() == [
        ["terms.captives_per_extra_day", "x", "10", "12", "captives per day"]
    ]


class Page(HTMLParser):
    """Collects what a page refers to, its ids and its tables' cells."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.tags, self.scopes = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "data", "action", "srcset"):
                self.links.append(value)
            if name == "id":
                self.ids.append(value)
            if tag == "th" and name == "scope":
                self.scopes.append(value)


def test_the_page_refers_to_nothing_outside_itself(baseline):
    text = baseline.html()
    page = Page(text)
    assert page.links
    assert all(link.startswith("#") for link in page.links)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    assert "script" not in page.tags
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert "default-src 'none'" in text
    assert "<metadata>" not in text


def test_tables_have_captions_and_scopes_and_figures_have_words(baseline):
    page = Page(baseline.html())
    assert page.tags.count("caption") == page.tags.count("table") > 8
    assert len(page.scopes) == page.tags.count("th")
    assert baseline.html().count('role="img"') == len(baseline.pictures) == 5
    assert all(len(one.alt) > 60 for one in baseline.pictures)


def test_the_same_scenario_gives_the_same_bytes(baseline):
    again = figures.report(BASE, command="ceasefire report november-2023")
    assert again.html() == baseline.html()
    assert again.markdown() == baseline.markdown()
    assert again.drawings == baseline.drawings


def test_provenance_names_code_and_scenario_and_no_path(baseline):
    text = baseline.markdown()
    assert BASE.digest in text
    assert cf.__version__ in text
    assert not re.search(r"/(home|root|work|tmp|usr)/", text)


def test_markdown_refers_to_the_figures_beside_it(baseline, tmp_path):
    written = baseline.write(tmp_path / "a.md")
    names = {file.name for file in written[1:]}
    assert set(re.findall(r"\]\(([^)]+)\)", written[0].read_text("utf-8"))) == names
    with pytest.raises(ArgumentError, match=r"\.html or \.md"):
        baseline.write(tmp_path / "a.txt")


def test_words_of_a_scenario_cannot_break_the_page_or_the_text():
    odd = BASE.replace({"k0": 500, "title": "<script>*a*|b", "description": "1 < 2 & _so_"})
    made = figures.report(odd)
    assert "<script>" not in made.html()
    assert "&lt;script&gt;*a*|b" in made.html()
    assert "\\<script\\>\\*a\\*\\|b" in made.markdown()


def test_the_command_writes_what_it_was_asked_for(tmp_path):
    runner = CliRunner()
    done = runner.invoke(main, ["report", "--set", "k0=500", "--format", "both",
                                "--out", f"{tmp_path}/new/"])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert {f.suffix for f in (tmp_path / "new").iterdir()} == {".html", ".md", ".svg"}
    text = (tmp_path / "new" / "november-2023-report.md").read_text("utf-8")
    assert "ceasefire report november-2023 --set k0=500" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--out", "a.txt"], "neither in .html nor in .md"),
        (["--out", "a.html", "--format", "md"], "file of the other format"),
        (["--set", "kk0=1"], "--set"),
    ],
)
def test_the_command_refuses_in_words(options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["report", *options])
    assert done.exit_code == 2
    assert message in done.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0%"), (1.0, "100%"), (4e-4, "under 0.1%"), (0.9996, "over 99.9%"), (0.37, "37.0%")],
)
def test_a_chance_never_reads_as_certain_where_it_is_not(value, text):
    assert words.chance(value) == text


def test_beliefs_that_differ_read_as_different():
    assert words.apart(0.6391, 0.6402) == ("0.639", "0.640")
    assert words.apart(0.49999, 0.50001) == ("0.49999", "0.50001")
