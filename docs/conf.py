"""Sphinx configuration of the site; `python3 run.py docs` builds it into docs/_build/html."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from generate.verdicts import fingerprint  # noqa: E402
from ratecert import __version__  # noqa: E402

project = "ratecert"
author = "the authors of ratecert"
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_proof",
    "sphinxcontrib.katex",
    "generate.extension",
]
exclude_patterns = ["_build", "example-paper", "generate"]
suppress_warnings = ["myst.header"]

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_dmath_double_inline = True
# What is executed is kept by its text; in a folder of the source that it runs, whose change also
# has every page read anew.
ratecert_fingerprint = fingerprint()
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "kept" / f"notebooks-{fingerprint()[:16]}")
nb_render_markdown_format = "myst"
nb_execution_raise_on_error = True
nb_execution_timeout = 120

html_theme = "furo"
html_title = "ratecert"
html_static_path = ["_static"]
html_css_files = ["ratecert.css"]
html_js_files = ["phase.js"]
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False  # it would fetch pages, which file:// forbids
html_theme_options = {
    "navigation_with_keys": True,
    "footer_icons": [],
}
katex_css_path = "katex/katex.min.css"
katex_options = "throwOnError: false"

autodoc_typehints = "signature"
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = False
# What has no page here: other libraries (there is no network to ask), and what is not public.
nitpick_ignore_regex = [
    ("py:.*", r"(collections\.abc|numpy|os|fractions|typing)\..*"),
    ("py:.*", r"ratecert\.proofs_check\.language\.expr\..*"),
    ("py:.*", r"ratecert\.numerics\.risk\.expected\.Parts"),
    # No dotted name: words that stand where a type could in a docstring.
    ("py:class", r"(?!\w+(\.\w+)+$).*"),
]
python_use_unqualified_type_names = True
