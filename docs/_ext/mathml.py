"""Mathematics as MathML, made when the site is built: no script, no font, no other host.

Sphinx's own renderers load MathJax from another host or need LaTeX. See decision 15.
"""

from __future__ import annotations

import re
from html import escape
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from latex2mathml.converter import convert
from sphinx.util.logging import getLogger

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

LOG = getLogger(__name__)
NAMESPACE = "http://www.w3.org/1998/Math/MathML"
CAPITALS = "ΑΩ"  # Greek, from Alpha to Omega
FUNCTIONS = {"log", "exp", "max", "min", "sup", "inf", "lim", "Pr", "det", "ln", "arg"}
# what the converter lacks, told in what it has
ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|align\*?|split|gathered|gather\*?)\}")


def mathml(latex: str, *, block: bool) -> str:
    """Return LaTeX as a MathML element."""
    text = re.sub(r"\s+", " ", latex).strip()
    columns = max(row.count("&") for row in text.split(r"\\")) + 1
    if block and columns > 1 and not re.search(r"\\begin\{", text):
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
    text = ALIGNED.sub(lambda found: _array(found[1], columns), text)
    return _tidied(convert(text, display="block" if block else "inline"))


def _array(edge: str, columns: int) -> str:
    spec = ("rl" * columns)[: max(columns, 1)]
    return rf"\begin{{array}}{{{spec}}}" if edge == "begin" else r"\end{array}"


def _tidied(text: str) -> str:
    """Say alignment in CSS, which browsers follow; refuse what is not well formed."""
    ElementTree.register_namespace("", NAMESPACE)
    root = ElementTree.fromstring(text)
    for cell in root.iter(f"{{{NAMESPACE}}}mtd"):
        align = cell.attrib.pop("columnalign", None)
        if align:
            cell.set("style", f"text-align: {align}")
    for letter in root.iter(f"{{{NAMESPACE}}}mi"):
        if letter.text and CAPITALS[0] <= letter.text <= CAPITALS[1]:
            letter.set("mathvariant", "normal")  # as TeX sets them
    for row in root.iter():
        _space_functions(list(row))
    return ElementTree.tostring(root, encoding="unicode")


def _space_functions(row: list[ElementTree.Element]) -> None:
    """Set ``s log x`` apart as TeX does; ``log(x)`` stays together."""
    for name, after in zip_longest(row, row[1:]):
        base = name[0] if name.tag.endswith(("sub", "sup", "under")) and len(name) else name
        if base.tag == f"{{{NAMESPACE}}}mi" and base.text in FUNCTIONS:
            base.tag = f"{{{NAMESPACE}}}mo"
            first = (
                next((t for t in after.itertext() if t.strip()), "") if after is not None else ""
            )
            base.set("lspace", "0.167em")
            base.set("rspace", "0" if not first or first[0] in "([{)]},." else "0.167em")


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(_rendered(node, block=False))
    raise _skip()


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math", role="math"))
    self.body.append(_rendered(node, block=True))
    self.body.append("</div>\n")
    raise _skip()


def _rendered(node: Any, *, block: bool) -> str:
    """MathML, or where that fails the formula as it was typed and a warning, which stops CI."""
    text = node.astext()
    try:
        return mathml(text, block=block)
    except Exception as error:
        LOG.warning("mathematics: %r: %s", text, error, location=node)
        return f"<code>{escape(text)}</code>"


def _skip() -> Exception:
    from docutils import nodes

    return nodes.SkipNode()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
