"""Slips of a first user: each error names the way out (docs/decisions/0017)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import ceasefire
from ceasefire.cli import main

EXAMPLES = Path(__file__).resolve().parents[1] / "docs" / "examples"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def said(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, words, prog_name="ceasefire")
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("solve", "day.toml"), "try: ceasefire game day.toml"),
        (("solve", "invented-42.csv"), "try: ceasefire predict invented-42.csv"),
        (("report", "price.toml"), "try: ceasefire run price.toml"),
        (("explore", "day.toml"), "try: ceasefire game day.toml"),
        (("game", "my-truce.toml"), "try: ceasefire solve my-truce.toml"),
        (("run", "my-truce.toml"), "try: ceasefire solve my-truce.toml"),
        (("run", "pric.toml"), "did you mean price.toml?"),
        (("extension", "my-truce.toml", "--window", "61,2,0.5"), "HELD is at most 60"),
        (("extension", "my-truce.toml", "--window", "30,11,0.5"), "DAY at most 10"),
    ],
)
def test_a_slip_is_told_with_the_way_out(words: tuple[str, ...], hint: str) -> None:
    assert hint in said(*words, code=2)


def test_a_mistyped_output_has_a_proposal() -> None:
    said("run", "price.toml")
    words = ("analyse", "dependence", "price.sqlite", "mean_dyas", "--parameter", "x")
    assert "did you mean mean_days?" in said(*words, code=2)


def test_a_comparison_tells_what_the_deal_is_worth_to_each_side() -> None:
    text = said("compare", "november-2023", "--set", "x=8", "--set", "J=14")
    worth = text.partition("worth of the deal")[2].splitlines()
    assert worth[2].split() == ["november-2023", "34.1", "57.7", "59.1"]
    assert worth[3].split() == ["changed", "41.7", "47.2", "47.8"]
    assert "2 or 3" in text


def test_a_decomposition_says_where_it_holds_one_block_of_a_mixture_fixed() -> None:
    text = said("decompose", "november-2023", "--set", "x=8", "--set", "J=14")
    assert "2 days (0.60) and 3 days (0.40)" in " ".join(text.split())
    assert "mix first blocks" not in said("decompose")


def test_a_model_is_shown_without_markup_or_files_that_nobody_has() -> None:
    text = said("model", "show", "verifiable-list")
    assert "----" not in text
    assert " MODEL.md" not in text
    assert "THEORY" not in text


def test_no_model_of_the_negotiation_cites_a_file_that_nobody_has() -> None:
    sources = Path(ceasefire.__file__).parent.joinpath("bargaining").rglob("*.py")
    assert [file.name for file in sources if "MODEL.md" in file.read_text("utf-8")] == []
