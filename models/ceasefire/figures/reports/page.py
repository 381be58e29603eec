"""A report as one HTML file: no script, no reference outside, readable on a phone and on paper."""

from __future__ import annotations

import re
from html import escape
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ceasefire.figures.document import Block

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --soft: #555; --line: #c9c9c9; --paper: #fff;
  --shade: #f4f4f2; --link: #00558a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --soft: #b4b4b4; --line: #4a4a4a;
  --paper: #16181a; --shade: #212427; --link: #8cc8f2; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main { max-width: 52rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .6rem; padding-top: .6rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 1.8rem 0 .4rem; }
h4 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p { margin: .5rem 0; max-width: 44rem; }
ul { margin: .5rem 0; padding-left: 1.2rem; }
a { color: var(--link); }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; list-style: none; padding: 0; }
.warning { border: 2px solid currentColor; padding: .6rem .8rem; }
figure { margin: 1.2rem 0; }
figcaption { color: var(--soft); font-size: .9rem; max-width: 44rem; }
.drawing { background: #fff; padding: .4rem; border-radius: .25rem; overflow-x: auto; }
.drawing svg { display: block; width: 100%; height: auto; min-width: 32rem; }
.drawing svg * { stroke-linejoin: round; stroke-linecap: butt; }
.wide { overflow-x: auto; margin: 1rem 0; }
.wide:focus-visible, .drawing:focus-visible { outline: 3px solid var(--link); }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: 0 0 .3rem; }
th, td { text-align: left; vertical-align: top; padding: .28rem .9rem .28rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
th { font-weight: 600; }
tbody th { font-weight: 500; }
.number { text-align: right; }
td.number { white-space: nowrap; }
.chunks { white-space: nowrap; }
td.long { min-width: 14rem; max-width: 24rem; overflow-wrap: anywhere; }
@media print {
  :root { color-scheme: light; --ink: #000; --soft: #333; --line: #999; --paper: #fff; }
  @page { margin: 18mm 16mm; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  nav, .skip { display: none; }
  h2, h3, h4 { break-after: avoid; }
  figure, tr { break-inside: avoid; }
  .wide, .drawing { overflow: visible; }
  .drawing { padding: 0; }
  .drawing svg { min-width: 0; }
  table { width: 100%; font-size: 8pt; }
  th, td { padding-right: .4rem; }
  .number { white-space: normal; }
  td.long { min-width: 0; overflow-wrap: anywhere; }
}
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
NUMBER = re.compile(r"-?[\d.,]+(e[+-]?\d+)?%?|-|none|off|over [\d.]+%|under [\d.]+%|")
FIRST_ROWS = 12  # of a column tell whether it holds numbers
CHUNKS = re.compile(r"(?<![\w-])\d+(-s?\d+)+(?![\w-])")
LONG = 34  # letters of a cell that may take several lines


def page(
    title: str, blocks: Sequence[Block], drawings: Mapping[str, str], *, sound: bool = True
) -> str:
    """Return the page; `drawings` are SVG by the names that figures have in `blocks`."""
    ids = (f"part-{k}" for k in count(1))
    headed = [(block, next(ids) if block.kind == "heading" else "") for block in blocks]
    body = "\n".join(
        _figure(block, drawings, k) if block.kind == "figure" else _block(block, name, sound=sound)
        for k, (block, name) in enumerate(headed)
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<main id="content">
{body.replace("<!--contents-->", _contents(headed))}
</main>
</body>
</html>
"""


def _contents(headed: Sequence[tuple[Block, str]]) -> str:
    links = "".join(
        f'<li><a href="#{name}">{escape(block.text)}</a></li>'
        for block, name in headed
        if block.kind == "heading" and block.level == 2
    )
    return f'<nav aria-label="Sections"><ul>{links}</ul></nav>'


def _block(block: Block, name: str, *, sound: bool) -> str:
    match block.kind:
        case "heading":
            level = f"h{block.level}"
            after = "\n<!--contents-->" if block.level == 1 else ""
            return f'<{level} id="{name}">{escape(block.text)}</{level}>{after}'
        case "list":
            items = "".join(f"<li>{_said(item)}</li>" for item in block.text.split("\n"))
            return f"<ul>{items}</ul>"
        case "table":
            return _table(block)
        case "warning":
            return f'<p class="warning" role="note">{escape(block.text)}</p>'
    return f"<p>{_said(block.text)}</p>"


def _said(text: str) -> str:
    """Words of the page; a sequence of chunks such as 4-2-1 stays on one line."""
    return CHUNKS.sub(r'<span class="chunks">\g<0></span>', escape(text))


def _table(block: Block) -> str:
    """A table with a caption; the first cell of a row names it."""
    assert block.table is not None
    columns = list(block.table.columns)
    rows = [[str(cell) for cell in row] for row in block.table.itertuples(index=False)]
    numeric = [
        bool(rows) and all(not row[k] or NUMBER.fullmatch(row[k]) for row in rows[:FIRST_ROWS])
        for k in range(len(columns))
    ]
    head = "".join(
        f'<th scope="col"{_class(number, "")}>{escape(str(name))}</th>'
        for name, number in zip(columns, numeric, strict=True)
    )
    body = "\n".join(f"<tr>{''.join(_cells(row, numeric))}</tr>" for row in rows)
    caption = escape(block.caption)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{caption}"><table>'
        f"<caption>{caption}</caption><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>"
        "</table></div>"
    )


def _cells(row: Sequence[str], numeric: Sequence[bool]) -> Iterator[str]:
    yield f'<th scope="row">{escape(row[0])}</th>'
    for cell, number in zip(row[1:], numeric[1:], strict=True):
        told = number or bool(NUMBER.fullmatch(cell))
        yield f"<td{_class(told, cell)}>{escape(cell)}</td>"


def _class(number: bool, cell: str) -> str:
    kind = "number" if number else "long" if len(cell) > LONG else ""
    return f' class="{kind}"' if kind else ""


def _figure(block: Block, drawings: Mapping[str, str], number: int) -> str:
    return (
        f'<figure><div class="drawing" role="group" tabindex="0" aria-label="Figure">'
        f"{_inline(drawings[block.text], number, block.alt)}</div>"
        f"<figcaption>{escape(block.caption)}</figcaption></figure>"
    )


def _inline(svg: str, number: int, alt: str) -> str:
    """A drawing inside the page: ids of its own, no style for the rest, named for readers."""
    opening, _, rest = svg.partition(">")
    box = re.search(r'viewBox="[^"]+"', opening)
    assert box is not None
    rest = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", rest, count=1, flags=re.DOTALL)
    rest = re.sub(r'(\bid=")([^"]+")', rf"\g<1>f{number}-\2", rest)
    rest = re.sub(r'(href="#)([^"]+")', rf"\g<1>f{number}-\2", rest)
    rest = re.sub(r"(url\(#)([^)]+\))", rf"\g<1>f{number}-\2", rest)
    told = escape(alt)
    return f'<svg {box[0]} role="img" aria-label="{told}"><title>{told}</title>{rest}'
