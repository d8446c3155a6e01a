"""What notebooks show: diagrams of estimators, progress bars, and a whole one that is run."""

import re
from importlib import metadata

import pytest
from embedders import make_embedder
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklearn_astromer import AstromerClassifier, AstromerEmbedder
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.periodogram import find_peaks

CELLS = """
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn_astromer import AstromerEmbedder, EncoderConfig
from sklearn_astromer.datasets import make_variable_stars
curves, labels = make_variable_stars(20, n_observations=(20, 60), random_state=0)
curves
---
curves.describe().head()
---
tiny = EncoderConfig(d_model=16, n_heads=2, d_ff=16)
model = make_pipeline(
    AstromerEmbedder(
        None, architecture=tiny, max_epochs=1, random_state=0, device="cpu", verbose=1
    ),
    LogisticRegression(max_iter=1000),
)
model.fit(curves, labels)
"""


@pytest.fixture(scope="module")
def catalog():
    return make_variable_stars(20, n_observations=(20, 60), random_state=0)


def captions(model):
    pytest.importorskip("sklearn.utils._repr_html.estimator", reason="older ones draw plain boxes")
    return re.findall(r'class="caption">([^<]*)<', model._repr_html_())


def tiny(**options):
    return make_embedder(d_model=16, n_heads=2, d_ff=16, random_state=0, device="cpu", **options)


def test_a_diagram_says_which_weights_and_how_large(catalog):
    X, y = catalog
    embedder = AstromerEmbedder("surveys-small", device="cpu")
    assert captions(embedder) == ["surveys-small"]
    fitted = clone(embedder).fit(X)
    size = sum(parameter.numel() for parameter in fitted.module_.encoder.parameters())
    assert captions(fitted) == [f"surveys-small: d_model 128, 4 layers, {size:,} parameters"]
    pipeline = make_pipeline(embedder, LogisticRegression(max_iter=1000)).fit(X, y)
    assert captions(pipeline)[0].startswith("surveys-small: d_model 128")
    assert repr(fitted) == repr(embedder)


def test_a_diagram_of_own_weights(catalog, tmp_path):
    X, y = catalog
    own = tiny(max_epochs=0).fit(X)
    assert captions(own)[0].startswith("d_model 16, 2 layers, ")
    own.save_pretrained(tmp_path / "<mine>")
    tuned = AstromerEmbedder(tmp_path / "<mine>", max_epochs=1, device="cpu").fit(X)
    assert re.match(r"….*/&lt;mine&gt;, fine-tuned: d_model 16", captions(tuned)[0])
    classifier = AstromerClassifier(tmp_path / "<mine>", max_epochs=1, device="cpu").fit(X, y)
    assert "&lt;mine&gt;: d_model 16" in captions(classifier)[0]
    assert "AstromerEmbedder" in AstromerClassifier(own)._repr_html_()  # in a box of its own


def test_the_question_mark_leads_to_the_api_reference(monkeypatch):
    entries = metadata.metadata("sklearn_astromer").get_all("Project-URL")
    site = next(e.partition(", ")[2] for e in entries if e.startswith("Documentation, "))
    link = f"{site}/api/sklearn_astromer.AstromerEmbedder.html"
    assert AstromerEmbedder(None)._get_doc_link() == link

    class Mine(AstromerEmbedder):
        """Of another package."""

    Mine.__module__ = "mine"
    assert Mine()._get_doc_link() == ""


def test_nothing_is_written_unless_asked_for(catalog, capsys):
    X, y = catalog
    AstromerClassifier(tiny(max_epochs=1), max_epochs=1, device="cpu").fit(X, y).predict(X)
    list(tiny(max_epochs=1).fit(X).transform_batches(X))
    assert capsys.readouterr() == ("", "")


def test_a_log_has_few_lines_of_a_progress_bar(catalog, capsys):
    tiny(max_epochs=30, patience=0, verbose=1).fit(catalog[0])
    written = capsys.readouterr().err
    assert "epoch=30" in written
    assert len(re.split(r"[\r\n]+", written)) < 30


def test_a_log_has_no_bar_of_short_work(catalog, capsys):
    tiny().fit(catalog[0]).transform(catalog[0])
    find_peaks(catalog[0], progress=True)
    assert capsys.readouterr() == ("", "")


def test_a_notebook_runs():
    nbclient = pytest.importorskip("nbclient", reason="runs a notebook")
    pytest.importorskip("ipykernel", reason="runs a notebook")
    from nbformat.v4 import new_code_cell, new_notebook

    book = new_notebook(cells=[new_code_cell(cell) for cell in CELLS.split("---")])
    nbclient.NotebookClient(book, timeout=300, kernel_name="python3").execute()
    shown, table, fitted = (
        "".join(str(output.get("data", output.get("text"))) for output in cell.outputs)
        for cell in book.cells
    )
    assert "<svg" in shown
    assert "cadence" in table
    assert "parameters</div>" in fitted
    assert "window/s" in fitted
