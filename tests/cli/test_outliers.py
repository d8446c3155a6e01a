"""The oddest of what `embed` wrote, by the command line."""

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.search import LightCurveIndex, outlier_scores, read_rows, reconstruction_error

pytestmark = pytest.mark.usefixtures("home")
EMBED = ["embed", "--weights", "surveys-small", "--device", "cpu", "--quiet"]


class Page(HTMLParser):
    """Counts of elements, and the anchors, of a page."""

    def __init__(self):
        super().__init__()
        self.count, self.ids, self.links, self.open = {}, [], [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.count[tag] = self.count.get(tag, 0) + 1
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.links += [attrs[name] for name in ("src", "href") if name in attrs]
        self.open += [tag] if tag not in ("meta",) else []

    def handle_startendtag(self, tag, attrs):
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def curves():
    """Thirty sines of 0.6 days with 40 observations."""
    rng = np.random.default_rng(0)
    arrays = []
    for _ in range(30):
        time = np.sort(rng.uniform(58000, 58200, 40))
        mag = 15 + 0.3 * np.sin(2 * np.pi * time / 0.6) + 0.01 * rng.normal(size=40)
        arrays.append(np.c_[time, mag, np.full(40, 0.01)])
    return LightCurves.from_arrays(arrays, ids=[f"star <{i}>" for i in range(30)])


def test_table_and_page(curves, capsys):
    curves.to_frame().to_parquet("catalog.parquet")
    assert main([*EMBED, "catalog.parquet", "--out", "emb", "--part-objects", "11"]) == 0
    words = ["--top", "5", "--out", "odd.csv", "--plot", "odd.html", "--catalog", "catalog.parquet"]
    assert main(["outliers", "emb", *words]) == 0
    wanted = outlier_scores(read_rows("emb")).sort_values("score", ascending=False)[:5]
    written = pd.read_csv("odd.csv")
    assert written["object_id"].tolist() == wanted["object_id"].tolist()
    np.testing.assert_allclose(written["score"], wanted["score"])
    assert wanted["object_id"].iloc[0] in capsys.readouterr().out.splitlines()[1]
    page = Page()
    with open("odd.html", encoding="utf-8") as file:
        page.feed(file.read())
    assert page.open == []
    assert page.ids == wanted["object_id"].tolist()
    assert page.links == []
    assert page.count["svg"] == 2 * 5  # against time, and folded
    assert page.count["circle"] == (40 + 80) * 5


def test_bands(curves, capsys):
    ids = np.repeat([f"a{i}" for i in range(15)], 2)
    banded = LightCurves(
        curves.time, curves.mag, offsets=curves.offsets, ids=ids, band=np.array(["g", "r"] * 15)
    )
    banded.to_frame().to_parquet("bands.parquet")
    read = ["--survey", "columns"]
    assert main([*EMBED, "bands.parquet", *read, "--out", "emb"]) == 0
    page = ["--plot", "odd.html", "--catalog", "bands.parquet", *read]
    assert main(["outliers", "emb", "--top", "3", *page]) == 0
    header, first, *_ = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["object_id", "band", "score"]
    name, band, *_ = first.split()
    with open("odd.html", encoding="utf-8") as file:
        assert f'<article id="{name}-{band}"><h2>1. {name}, {band}</h2>' in file.read()


def test_one_band(curves, capsys, error):
    ids = np.repeat([f"a{i}" for i in range(15)], 2)
    banded = LightCurves(
        curves.time, curves.mag, offsets=curves.offsets, ids=ids, band=np.array(["g", "r"] * 15)
    )
    banded.to_frame().to_parquet("bands.parquet")
    assert main([*EMBED, "bands.parquet", "--survey", "columns", "--out", "emb"]) == 0
    capsys.readouterr()
    page = ["--plot", "odd.html", "--catalog", "bands.parquet", "--survey", "columns"]
    assert main(["outliers", "emb", "--band", "r", *page, "--quiet"]) == 0
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["r"] * 15
    assert "there are g, r" in error("outliers", "emb", "--band", "z")
    banded[banded.band == "g"].to_frame().drop(columns="band").to_parquet("plain.parquet")
    assert main([*EMBED, "plain.parquet", "--out", "plain"]) == 0
    assert "have no bands" in error("outliers", "plain", "--band", "g")


def test_nothing_is_computed_that_cannot_be_written(curves, error, monkeypatch):
    curves.to_frame().to_parquet("catalog.parquet")
    assert main([*EMBED, "catalog.parquet", "--out", "emb"]) == 0
    curves[:20].to_frame().to_parquet("few.parquet")

    def fail(*args, **options):
        raise AssertionError("this takes as long as embedding")

    monkeypatch.setattr("sklearn_astromer.cli.outliers.reconstruction_error", fail)
    words = ["outliers", "emb", "--weights", "surveys-small", "--catalog"]
    assert "cannot be written" in error(*words, "catalog.parquet", "--out", "none/odd.csv")
    assert "10 of 30 are not" in error(*words, "few.parquet")
    assert "is an index" in error("outliers", _index("emb"))


def _index(rows):
    LightCurveIndex().fit(rows).save("index")
    return "index"


def test_another_catalog(curves, error):
    curves.to_frame().to_parquet("catalog.parquet")
    assert main([*EMBED, "catalog.parquet", "--out", "emb.csv"]) == 0
    make_variable_stars(5, random_state=0)[0].to_frame().to_parquet("other.parquet")
    line = error("outliers", "emb.csv", "--plot", "odd.html", "--catalog", "other.parquet")
    assert "of emb.csv is not in the catalog (30 of 30 are not)" in line
    assert "is needed by --plot" in error("outliers", "emb.csv", "--plot", "odd.html")


def test_a_flare_by_reconstruction(curves, capsys):
    mag = curves.mag.copy()
    mag[40 * 7 + 20 : 40 * 7 + 30] -= 1.5  # ten observations in a row of the eighth star
    flared = LightCurves(curves.time, mag, curves.mag_err, offsets=curves.offsets, ids=curves.ids)
    flared.to_frame().to_parquet("catalog.parquet")
    assert main([*EMBED, "catalog.parquet", "--out", "emb"]) == 0
    words = ["--catalog", "catalog.parquet", "--weights", "surveys-small", "--quiet"]
    assert main(["outliers", "emb", *words, "--top", "1", "--out", "odd.csv"]) == 0
    embedder = AstromerEmbedder("surveys-small", max_epochs=0).fit(flared)
    wanted = reconstruction_error(embedder, flared)
    (first,) = pd.read_csv("odd.csv").itertuples()
    assert first.object_id == "star <7>"
    assert first.reconstruction == pytest.approx(wanted.max(), rel=1e-4)
