"""The paper's text: numbers are filled in or refused, and every form of it is well made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from ceasefire.errors import ArgumentError
from ceasefire.figures import document

TABLE = pd.DataFrame({"day": [4, 6], "trust_held": [0.471, 0.5], "note": ["50% & more", "a_b"]})
TEXT = """# A title

Trust is {{trust .2f}} of *one*,
said `make paper` & more.

- first {{count}}
- second

{{figure course}}

{{table windows: day, note}}
Windows of {{count}} days.
"""


def read(tmp_path, text=TEXT):
    template = tmp_path / "paper.md"
    template.write_text(text)
    captions, tables = {"course": "The course, 50 % of it."}, {"windows": TABLE}
    return document.read(template, {"trust": 0.4712, "count": 7}, captions, tables)


def test_numbers_figures_and_tables_stand_where_the_template_has_them(tmp_path):
    blocks = read(tmp_path)
    assert [b.kind for b in blocks] == ["heading", "text", "list", "figure", "table"]
    assert blocks[1].text == "Trust is 0.47 of *one*, said `make paper` & more."
    assert blocks[2].text == "first 7\nsecond"
    assert blocks[4].caption == "Windows of 7 days."
    assert list(blocks[4].table.columns) == ["day", "note"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{trusst .2f}}", "trusst"),
        ("{{trust d}}", "format"),
        ("\n\n{{figure map}}", "course"),
        ("{{table windows: hour}}", "trust_held"),
        ("{{table rows}}", "windows"),
    ],
)
def test_what_is_not_there_is_named_with_its_line(tmp_path, text, said):
    with pytest.raises(ArgumentError, match=said) as caught:
        read(tmp_path, "# A title\n\n" + text)
    assert "paper.md:" in str(caught.value)


def test_markdown_keeps_the_marks_and_shows_figures(tmp_path):
    text = document.as_markdown(read(tmp_path))
    assert "![course](course.png)" in text
    assert "| day | note |" in text
    assert "- first 7\n- second\n" in text


def test_latex_escapes_what_it_would_obey(tmp_path):
    text = document.as_latex(read(tmp_path))
    assert r"\emph{one}" in text
    assert r"\texttt{make paper} \& more" in text
    assert r"50 \% of it" in text
    assert r"a\_b" in text
    assert r"\toprule" in text
    for name in ("document", "figure", "table", "tabular", "itemize"):
        assert text.count(f"\\begin{{{name}}}") == text.count(f"\\end{{{name}}}") == 1


def test_typst_escapes_what_it_would_obey(tmp_path):
    text = document.as_typst(read(tmp_path))
    assert "_one_" in text
    assert r"a\_b" in text
    assert 'image("course.png")' in text


def test_without_a_compiler_nothing_is_typeset(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert document.compiler() is None
    assert document.typeset(tmp_path) is None


@pytest.mark.skipif(document.compiler() is None, reason="neither typst nor LaTeX is here")
def test_the_document_compiles(tmp_path):
    paper = Path(__file__).resolve().parents[1] / "results" / "paper"
    shutil.copy(paper / "course.png", tmp_path)
    shutil.copy(paper / "course.pdf", tmp_path)
    document.write(read(tmp_path), tmp_path)
    made = document.typeset(tmp_path)
    assert made.read_bytes().startswith(b"%PDF")
    (tmp_path / "paper.tex").write_text(r"\begin{document}\nothing")
    (tmp_path / "paper.typ").write_text("#nothing(")
    with pytest.raises(ArgumentError, match="failed"):
        document.typeset(tmp_path)
