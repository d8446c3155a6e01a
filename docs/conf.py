"""How Sphinx builds this site; `make docs` runs it, offline."""

import io
import os
import re
import sys
from contextlib import redirect_stdout, suppress
from html import unescape
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any
from unittest.mock import patch

import matplotlib as mpl
from docutils import nodes

sys.path.insert(0, str(Path(__file__).parent))
import inventories

mpl.use("Agg")

project = "sklearn_astromer"
author = "the sklearn_astromer developers"
copyright = author
version = release = installed("sklearn_astromer")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "_templates", "examples", "api/surveys.md"]
intersphinx_mapping = inventories.write(Path(__file__).parent / "api" / "inventories")
copybutton_exclude = ".linenos, .gp, .go"  # of sessions, the lines that are typed

# -- API pages -------------------------------------------------------------------------------------

default_role = "py:obj"
smartquotes_action = "De"  # dashes and dots; quotes, as those of default="auto", stay straight
add_module_names = False
toc_object_entries_show_parents = "hide"
autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say more
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

# Single backticks in docstrings also hold parameters, and names of other packages, which this
# build, having no network, cannot link. What is left, names with capitals or dots, must exist.
nitpick_ignore_regex = [
    (r"py:.*", r"[a-z_]+|X"),
    (r"py:.*", r"(torch|distributed)\..*"),
    (r"py:.*", r"(RandomForest|HistGradientBoosting)Classifier|TimeSeries|Table|LightCurve|Bunch"),
]


def link(app: Any, env: Any, node: Any, text: Any) -> Any:
    """Link names like `LightCurves.read`, which docstrings have without their module."""
    name = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not name[:1].isupper():
        return None
    node["refspecific"] = True
    python = env.domains["py"]
    return python.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], name, node, text)


def skip(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """Leave out what scikit-learn adds to every estimator."""
    inherited = (getattr(obj, "__module__", None) or "").startswith(("sklearn.", "torch."))
    return True if inherited or re.fullmatch(r"set_\w+_request", name) else None


# -- pages and gallery -----------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "parallel": 2,
    "within_subsection_order": "gallery_order.ByUse",
    "backreferences_dir": "api/examples",
    "doc_module": "sklearn_astromer",
    "reference_url": {"sklearn_astromer": None},
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "download_all_examples": False,
    "reset_modules": ("matplotlib",),
    "capture_repr": ("_repr_html_",),
}


def describe_thumbnails(app: Any, doctree: nodes.document) -> None:
    """Say in words what the thumbnails of examples show: the title of the example."""
    image = None
    for node in doctree.findall(lambda node: isinstance(node, nodes.image | nodes.raw)):
        if isinstance(node, nodes.image):
            image = node
        elif image is not None:
            title = re.search(r'thumbnail-title">(.*?)</div>', node.astext())
            if title:
                image["alt"] = unescape(title[1])


# -- looks -----------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = project
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {"index": [], "installing": []}
html_theme_options = {
    "logo": {"text": f"{project} {version}"},
    "github_url": "https://github.com/sklearn-astromer/sklearn_astromer",
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
}


def write_help(app: Any) -> None:
    """Write what the command line says of itself, for its page."""
    from sklearn_astromer.cli import main

    folder = Path(app.srcdir) / "api" / "help"
    folder.mkdir(parents=True, exist_ok=True)
    commands = "inspect embed periods classify search outliers pretrain weights"
    for command in ("", *commands.split()):
        text = io.StringIO()
        with patch.dict(os.environ, COLUMNS="90"), redirect_stdout(text), suppress(SystemExit):
            main([*command.split(), "--help"])
        (folder / f"{command or 'sklearn-astromer'}.txt").write_text(text.getvalue())


def write_surveys(app: Any) -> None:
    """Write the table of the surveys that `LightCurves.read` knows."""
    from sklearn_astromer.lightcurves.surveys.registry import SURVEYS

    def code(names: str) -> str:
        return " or ".join(f"`{name}`" for name in names.split("|"))

    lines = ["| `survey=` | service | object; time; brightness; band | left out |"]
    lines.append("|" + "---|" * 4)
    for survey in SURVEYS:
        values = [b.flux or b.mag or "" for b in survey.brightness]
        reasons = [rule.reason for rule in (*survey.bad, *survey.brightness[0].bad)]
        columns = (
            code(survey.id) if survey.id else "the file",
            code(survey.time),
            ", ".join(map(code, values)),
            *([code(survey.band)] if survey.band else []),
        )
        cells = (f"`{survey.name}`", survey.title, "; ".join(columns), "; ".join(reasons))
        lines.append("| " + " | ".join(cells) + " |")
    (Path(app.srcdir) / "api" / "surveys.md").write_text("\n".join(lines) + "\n")


def setup(app: Any) -> None:
    """Connect the above."""
    app.connect("builder-inited", write_help)
    app.connect("builder-inited", write_surveys)
    app.connect("autodoc-skip-member", skip)
    app.connect("missing-reference", link)
    app.connect("doctree-read", describe_thumbnails)
