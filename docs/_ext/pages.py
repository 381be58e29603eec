"""Pages that are written when the site is built, and the events that tidy all pages."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.ext.autosummary import import_by_name

if TYPE_CHECKING:
    from pathlib import Path

    from sphinx.application import Sphinx

# a link from a page to what the site shows elsewhere
LINKS = {
    r"\]\((?:\.\./)+results/paper/paper\.md": "](/gallery/paper.md",
}
SHAPE = re.compile(r"\((?:\w+, )*\*\w(?:(?!\w\*)[^()])*\)?")  # with a part that is starred


class Pages:
    """A folder of generated pages: written where they differ, removed where they are no more."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: set[Path] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, name: str, text: str) -> None:
        """Write a page, unless it says the same already."""
        path = self.folder / name
        self.written.add(path)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8", newline="\n")

    def finish(self) -> None:
        """Remove the pages that were not written this time."""
        for path in self.folder.iterdir():
            if path.is_file() and path not in self.written:
                path.unlink()


def slug(text: str) -> str:
    """Return a heading as part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def title(text: str, line: str = "=") -> str:
    """Return a heading in reStructuredText."""
    return f"{text}\n{line * len(text)}\n"


def _relinked(app: Sphinx, name: str, source: list[str]) -> None:
    """Send links of a page to where the site shows the same."""
    for old, new in LINKS.items():
        source[0] = re.sub(old, new, source[0])


def _bases(app: Sphinx, name: str, obj: type, options: object, bases: list[Any]) -> None:
    """Show the bases that are public."""
    from rooms import public_bases

    bases[:] = public_bases(bases)


def _missing(app: Sphinx, env: Any, node: Any, content: Any) -> Any:
    """Find a public name that a docstring calls by its short name or by where it is written.

    A name of the package that is not public stays text: it exists, and has no page.
    """
    if node.get("refdomain") != "py":
        return None
    from rooms import homes

    whole = homes().get(node["reftarget"])
    if whole is None:
        return content if _exists(node["reftarget"]) else None
    return env.domains["py"].resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], whole, node, content
    )


def _exists(whole: str) -> bool:
    """Whether the package holds something of this name."""
    if not whole.startswith("ceasefire."):
        return False
    try:
        import_by_name(whole)
    except ImportError:
        return False
    return True


def _shapes(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Let ``(n, *shape)`` in a docstring be that, and no emphasis that never ends."""
    for place, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...")) and "``" not in line:
            lines[place] = SHAPE.sub(lambda found: found[0].replace("*", r"\*"), line)


def _signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str, returned: str
) -> tuple[str, str] | None:
    """Show no call of a class that functions return: its docstring has attributes alone."""
    told = inspect.getdoc(obj) or ""
    result = "Attributes\n---" in told and "Parameters\n---" not in told
    return ("", "") if what == "class" and result else None


def _closed(app: Sphinx, doctree: Any) -> None:
    """Drop the blank line that ends a doctest on a page of Markdown."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext().rstrip()
        block.rawsource, block[:] = text, [nodes.Text(text)]


def _compile_template_once() -> None:
    """Let numpydoc compile its template once and not for every docstring: a fifth of the build."""
    from numpydoc.docscrape_sphinx import SphinxDocString

    plain = SphinxDocString.load_config

    def load(self: Any, config: dict[str, Any]) -> None:
        plain(self, config | kept)
        kept["template"] = self.template

    kept: dict[str, Any] = {}
    SphinxDocString.load_config = load


def setup(app: Sphinx) -> dict[str, bool]:
    """Register what tidies pages."""
    _compile_template_once()
    app.connect("source-read", _relinked)
    app.connect("doctree-read", _closed)
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-process-docstring", _shapes, priority=100)  # before numpydoc
    app.connect("autodoc-process-bases", _bases)
    app.connect("missing-reference", _missing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
