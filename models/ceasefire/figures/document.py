"""The paper as one document: a template with numbers, figures and tables filled in.

The template is Markdown of a small kind: headings, paragraphs, ``*emphasis*``, ```code``` and
lists. Three directives stand in double braces: ``{{name .2f}}`` is a number with its format,
``{{figure NAME}}`` and ``{{table NAME: column, column}}`` stand on lines of their own. It is
written as Markdown, LaTeX and Typst, and compiled where a compiler is found.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceasefire.errors import ArgumentError
from ceasefire.figures.tables import latex, markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pandas as pd

TYPESET_SECONDS = 180.0
DIRECTIVE = re.compile(r"\{\{(.+?)\}\}")


@dataclass(frozen=True)
class Block:
    """A piece of the document: heading, paragraph, list, figure or table.

    Attributes
    ----------
    kind : str
        'heading', 'text', 'list', 'figure' or 'table'.
    text : str
        What it says, a line an item of a list; the name of a figure or table.
    level : int
        Of a heading, from 1.
    caption : str
        Below a figure or above a table.
    table : DataFrame or None
        What a table shows.
    alt : str
        What a figure shows, for those who do not see it; its name where empty.
    """

    kind: str
    text: str
    level: int = 0
    caption: str = ""
    table: pd.DataFrame | None = None
    alt: str = ""


def read(
    template: Path,
    numbers: Mapping[str, Any],
    captions: Mapping[str, str],
    tables: Mapping[str, pd.DataFrame],
) -> list[Block]:
    """Read a template and fill in its numbers.

    Raises
    ------
    ArgumentError
        A number, figure or table that there is none of; the message names the line.
    """
    text = template.read_text(encoding="utf-8")
    blocks: list[Block] = []
    line = 1
    for piece in re.split(r"(\n\s*\n)", text):
        if piece.strip():
            blocks += _blocks(piece.strip(), f"{template.name}:{line}", numbers, captions, tables)
        line += piece.count("\n")
    return blocks


def _blocks(
    piece: str,
    where: str,
    numbers: Mapping[str, Any],
    captions: Mapping[str, str],
    tables: Mapping[str, pd.DataFrame],
) -> Iterator[Block]:
    if found := re.fullmatch(r"\{\{figure ([\w-]+)\}\}", piece):
        yield Block("figure", found[1], caption=_of(captions, found[1], where, "figure"))
    elif found := re.fullmatch(r"\{\{table ([\w-]+)(?:: ([^}]+))?\}\}\n?(.*)", piece, re.DOTALL):
        whole = _of(tables, found[1], where, "table")
        columns = re.split(r",\s*", found[2].strip()) if found[2] else list(whole.columns)
        for column in columns:
            _of(dict.fromkeys(whole.columns, 0), column, where, f"column of table {found[1]}")
        caption = _filled(found[3], where, numbers)
        yield Block("table", found[1], caption=caption, table=whole[columns])
    elif found := re.match(r"(#+) (.+)", piece):
        yield Block("heading", _filled(found[2], where, numbers), level=len(found[1]))
    elif piece.startswith("- "):
        items = [_filled(one, where, numbers) for one in re.split(r"\n- ", piece[2:])]
        yield Block("list", "\n".join(items))
    else:
        yield Block("text", _filled(piece, where, numbers))


def _of(known: Mapping[str, Any], name: str, where: str, kind: str) -> Any:
    if name not in known:
        raise ArgumentError(f"{where}: {kind}", name, "one of " + ", ".join(known))
    return known[name]


def _filled(text: str, where: str, numbers: Mapping[str, Any]) -> str:
    def fill(found: re.Match[str]) -> str:
        name, _, form = found[1].strip().partition(" ")
        value = _of(numbers, name, where, "number")
        try:
            return format(value, form.strip())
        except (TypeError, ValueError):
            allowed = f"a format that fits {value!r}"
            raise ArgumentError(f"{where}: format of {name}", form, allowed) from None

    return DIRECTIVE.sub(fill, " ".join(text.split()))


def write(blocks: list[Block], out: Path) -> list[Path]:
    """Write paper.md, paper.tex and paper.typ; return them."""
    files = []
    for suffix, render in ((".md", as_markdown), (".tex", as_latex), (".typ", as_typst)):
        files.append(out / f"paper{suffix}")
        files[-1].write_bytes(render(blocks).encode())
    return files


def as_markdown(blocks: Sequence[Block], suffix: str = ".png") -> str:
    """Return the document as Markdown; figures are files of their names with `suffix`."""
    parts: dict[str, Callable[[Block], str]] = {
        "heading": lambda b: f"{'#' * b.level} {b.text}\n",
        "text": lambda b: f"{b.text}\n",
        "list": lambda b: _listed(b, "- {}"),
        "figure": lambda b: f"![{b.alt or b.text}]({b.text}{suffix})\n\n*{b.caption}*\n",
        "table": lambda b: f"*{b.caption}*\n\n{markdown(_headed(b))}",
    }
    return "\n".join(parts[block.kind](block) for block in blocks)


def _listed(block: Block, form: str, escape: Callable[[str], str] = str) -> str:
    return "".join(form.format(escape(item)) + "\n" for item in block.text.split("\n"))


def _headed(block: Block) -> pd.DataFrame:
    assert block.table is not None
    return block.table.rename(columns=lambda name: str(name).replace("_", " "))


LATEX_HEAD = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{graphicx,booktabs}
\usepackage[margin=20mm]{geometry}
\setlength{\parindent}{0pt}\setlength{\parskip}{6pt}
\begin{document}
"""
LATEX_SPECIAL = re.compile(r"[\\&%$#_{}~^]")
LATEX_WORDS = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def as_latex(blocks: list[Block]) -> str:
    """Return the document as LaTeX; figures are the PDF files beside it."""
    sections = {1: "title", 2: "section*", 3: "subsection*"}  # the template numbers them

    def heading(block: Block) -> str:
        command = sections.get(block.level, "paragraph")
        after = "\\date{}\\maketitle\n" if command == "title" else ""
        return f"\\{command}{{{_latex_text(block.text)}}}\n{after}"

    def figure(block: Block) -> str:
        return (
            "\\begin{figure}[!htb]\\centering\n"
            f"\\includegraphics{{{block.text}.pdf}}\n"
            f"\\caption{{{_latex_text(block.caption)}}}\n\\end{{figure}}\n"
        )

    def table(block: Block) -> str:
        return (
            "\\begin{table}[!htb]\\centering\\small\n"
            f"\\caption{{{_latex_text(block.caption)}}}\n"
            f"\\resizebox{{\\ifdim\\width>\\textwidth\\textwidth\\else\\width\\fi}}{{!}}{{%\n"
            f"{latex(_headed(block))}}}\n\\end{{table}}\n"
        )

    parts: dict[str, Callable[[Block], str]] = {
        "heading": heading,
        "text": lambda b: f"{_latex_text(b.text)}\n",
        "list": lambda b: (
            "\\begin{itemize}\n" + _listed(b, "\\item {}", _latex_text) + "\\end{itemize}\n"
        ),
        "figure": figure,
        "table": table,
    }
    body = "\n".join(parts[block.kind](block) for block in blocks)
    return LATEX_HEAD + body + "\\end{document}\n"


def _latex_text(text: str) -> str:
    escaped = LATEX_SPECIAL.sub(lambda m: LATEX_WORDS.get(m[0], "\\" + m[0]), text)
    coded = re.sub(r"`([^`]+)`", r"\\texttt{\1}", escaped)
    return re.sub(r"(?<![\w*])\*([^*]+)\*", r"\\emph{\1}", coded)


TYPST_HEAD = """#set page(paper: "a4", margin: 20mm)
#set text(size: 10.5pt)
#set par(justify: true)
#show figure: set block(breakable: false)
"""


def as_typst(blocks: list[Block]) -> str:
    """Return the document as Typst; figures are the PNG files beside it."""

    def table(block: Block) -> str:
        shown = _headed(block)
        cells = [*shown.columns, *(cell for row in _cells(shown) for cell in row)]
        inside = ", ".join(f"[{_typst_text(str(cell))}]" for cell in cells)
        caption = _typst_text(block.caption)
        return (
            f"#figure(caption: [{caption}], kind: table, text(size: 7.5pt, table("
            f"columns: {shown.shape[1]}, stroke: none, table.hline(), {inside}, table.hline())))\n"
        )

    parts: dict[str, Callable[[Block], str]] = {
        "heading": lambda b: f"{'=' * b.level} {_typst_text(b.text)}\n",
        "text": lambda b: f"{_typst_text(b.text)}\n",
        "list": lambda b: _listed(b, "- {}", _typst_text),
        "figure": lambda b: (
            f'#figure(image("{b.text}.png"), caption: [{_typst_text(b.caption)}])\n'
        ),
        "table": table,
    }
    return TYPST_HEAD + "\n".join(parts[block.kind](block) for block in blocks)


def _cells(table: pd.DataFrame) -> list[list[str]]:
    rows = markdown(table).splitlines()[2:]
    return [row.strip("| ").split(" | ") for row in rows]


def _typst_text(text: str) -> str:
    escaped = re.sub(r"[\\#$@<>\[\]_]", lambda m: "\\" + m[0], text)
    return re.sub(r"(?<![\w*])\*([^*]+)\*", r"_\1_", escaped)


COMPILERS = {
    "typst": ("typst", "compile", "paper.typ", "paper.pdf"),
    "tectonic": ("tectonic", "paper.tex"),
    "pdflatex": ("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"),
}


def compiler() -> str | None:
    """Return the name of a compiler on this machine that can typeset the paper."""
    return next((name for name in COMPILERS if shutil.which(name)), None)


def typeset(out: Path) -> Path | None:
    """Compile the paper beside its sources; None where there is no compiler.

    Raises
    ------
    ArgumentError
        The compiler refused it; the message holds its last lines.
    """
    name = compiler()
    if name is None:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch)
        for file in out.iterdir():
            if file.suffix in (".pdf", ".png", ".tex", ".typ") and file.name != "paper.pdf":
                shutil.copy(file, room / file.name)
        done = subprocess.run(
            COMPILERS[name], cwd=room, capture_output=True, text=True, check=False,
            timeout=TYPESET_SECONDS,
        )  # fmt: skip
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-12:])
            raise ArgumentError("paper", f"{name} failed", "a document that compiles", said)
        shutil.copy(room / "paper.pdf", out / "paper.pdf")
    return out / "paper.pdf"
