"""A report of one scenario: terms, equilibrium in words, figures, incentives, certificate.

Every sentence is made from the solution's numbers. `ceasefire.figures.report` makes it,
``ceasefire report`` writes it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ceasefire.figures.document import Block
    from ceasefire.figures.reports.pictures import Picture
    from ceasefire.truce import Scenario, TruceEquilibrium

MARKED = re.compile(r"([\\`*_\[\]<>|#])")


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """A report, ready to be written.

    Attributes
    ----------
    name : str
        Begins the names of its files.
    title : str
        Of the scenario.
    blocks : tuple of Block
        Headings, paragraphs, lists, figures and tables in order.
    pictures : tuple of Picture
        The figures as SVG.
    sound : bool
        Whether the scenario is solved and every check of the certificate passed.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    pictures: tuple[Picture, ...]
    sound: bool

    def __repr__(self) -> str:
        count = len(self.pictures)
        drawn = f"{count} figure{'s' * (count != 1)}"
        return f"Report({self.name!r}: {drawn}, sound: {self.sound})"

    @cached_property
    def drawings(self) -> dict[str, str]:
        """SVG by file name without suffix."""
        return {f"{self.name}-{one.name}": one.svg for one in self.pictures}

    def html(self) -> str:
        """Return the report as one HTML file that refers to nothing outside itself."""
        from ceasefire.figures.reports.page import page

        return page(f"{self.title}: report", self.blocks, self.drawings)

    def markdown(self) -> str:
        """Return the report as Markdown; its figures are SVG files beside it."""
        from ceasefire.figures.document import as_markdown

        return as_markdown([_plain(block) for block in self.blocks], ".svg")

    def write(self, path: str | Path) -> list[Path]:
        """Write FILE.html, or FILE.md with its figures beside it; return what was written.

        The suffix chooses the form. Existing files are replaced.

        Raises
        ------
        ArgumentError
            Another suffix.
        """
        from ceasefire.errors import ArgumentError

        file = Path(path)
        if file.suffix not in (".html", ".md"):
            raise ArgumentError("path", str(path), "a file that ends in .html or .md")
        if file.suffix == ".html":
            file.write_bytes(self.html().encode())
            return [file]
        file.write_bytes(self.markdown().encode())
        figures = [file.parent / f"{stem}.svg" for stem in self.drawings]
        for figure, svg in zip(figures, self.drawings.values(), strict=True):
            figure.write_bytes(b'<?xml version="1.0" encoding="utf-8"?>\n' + svg.encode())
        return [file, *figures]


def report(
    solved: Scenario | TruceEquilibrium,
    *,
    name: str = "",
    command: str = "",
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Report on one scenario; see `ceasefire.figures.report`."""
    from ceasefire import truce
    from ceasefire.figures.reports import evidence, pictures
    from ceasefire.figures.reports.facts import Facts

    say = progress or (lambda _: None)
    if isinstance(solved, truce.Scenario):
        say("solving")
        solved = truce.solve(solved, throw=False)
    facts = Facts(solved)
    stem = name or f"{facts.scenario.name}-report"
    drawn = tuple(pictures.pictures(facts, say))
    say("certificate and propositions")
    blocks = [
        *_head(facts),
        *_terms(facts),
        *_equilibrium(facts),
        *pictures.section(drawn, stem),
        *evidence.incentives(facts),
        *evidence.certificate(facts),
        *evidence.provenance(facts, command),
    ]
    return Report(stem, facts.scenario.title, tuple(blocks), drawn, facts.sound)


def _head(facts: Any) -> Iterator[Block]:
    """Title, a warning where there is cause, and the whole in a few sentences."""
    from ceasefire.figures.document import Block
    from ceasefire.figures.reports.summary import summary, warnings

    yield Block("heading", facts.scenario.title, level=1)
    for text in warnings(facts):
        yield Block("warning", text)
    yield Block("heading", "In short", level=2)
    yield Block("list", "\n".join(summary(facts)))


def _terms(facts: Any) -> Iterator[Block]:
    from ceasefire.figures.reports import terms

    return terms.section(facts)


def _equilibrium(facts: Any) -> Iterator[Block]:
    from ceasefire.figures.document import Block
    from ceasefire.figures.reports import course, opening

    yield Block("heading", "2. The equilibrium in words", level=2)
    yield from opening.section(facts)
    yield from course.section(facts)


def _plain(block: Block) -> Block:
    """A block whose words mean in Markdown what they say, and no more."""
    table = block.table
    if table is not None:
        table = table.map(lambda cell: _escaped(str(cell)))
    kind = "text" if block.kind == "warning" else block.kind
    text = block.text if kind == "figure" else _escaped(block.text)
    return replace(
        block, kind=kind, text=text, caption=_escaped(block.caption), alt=_escaped(block.alt),
        table=table,
    )  # fmt: skip


def _escaped(text: str) -> str:
    return MARKED.sub(r"\\\1", text)
