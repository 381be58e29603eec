"""How the documentation is built: `make docs`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "_ext"))

from numpydoc import xref  # noqa: E402 - after the path

import ceasefire  # noqa: E402
from rooms import links  # noqa: E402

project = "ceasefire"
author = "the ceasefire developers"
project_copyright = "the ceasefire developers"
version = release = ceasefire.__version__
language = "en"
html_last_updated_fmt = None  # the same commit gives the same site

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "mathml",
    "pages",
]

# what is not a page: the notebook is a page by its own extension, examples are files to copy
exclude_patterns = ["_build", "_ext", "_static", "examples", "**/.*"]
nitpicky = True
default_role = "code"  # a name in single backticks of a docstring

myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
myst_dmath_double_inline = True

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstring states types with shapes and units
autodoc_class_signature = "mixed"
autodoc_inherit_docstrings = True
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True
add_module_names = False
maximum_signature_line_length = 88

numpydoc_show_class_members = False  # members stand in full below their class
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"  # only the package's own types become links
numpydoc_xref_aliases = links()
xref.DEFAULT_LINKS.clear()  # float, int, ...: their pages are on other hosts

html_theme = "furo"
html_title = f"ceasefire {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {"color-brand-primary": "#1f5f8b", "color-brand-content": "#1f5f8b"},
    "dark_css_variables": {"color-brand-primary": "#7db8de", "color-brand-content": "#7db8de"},
}
html_math_renderer = "mathml"  # at build time: pages load no script from elsewhere
pygments_style = "default"
pygments_dark_style = "monokai"

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app):
    """Write the generated pages before Sphinx looks for pages."""
    for name in ("rooms", "command_line", "tables", "gallery"):
        import_module(name).write(HERE)
