"""The oddest of what `embed` wrote, by the command line."""

import base64
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import AstromerEmbedder, LightCurves
from sklearn_astromer.cli import main
from sklearn_astromer.datasets import load_catalina, make_variable_stars
from sklearn_astromer.inspection._page import page_of, position_of
from sklearn_astromer.inspection._positions import with_positions
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
        self.open += [tag] if tag not in ("meta", "img") else []

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
    assert all(link.startswith("data:image/svg+xml;base64,") for link in page.links)
    assert page.count["img"] == 5
    for link in page.links:  # against time, and two cycles
        svg = ElementTree.fromstring(base64.b64decode(link.partition(",")[2]))
        kinds = [element.tag.rpartition("}")[2] for element in svg.iter()]
        texts = [element.text for element in svg.iter() if element.text]
        assert kinds.count("use") >= 3 * 40
        assert "time (days)" in texts
        assert any("phase (period " in text for text in texts)


def test_positions_of_the_catalog_are_linked(curves):
    frame = curves.to_frame()
    number = frame["object_id"].str.extract(r"(\d+)")[0].astype(float)
    frame.assign(RA=10 + number, Dec=-number).to_csv("catalog.csv", index=False)
    read = ["--survey", "columns"]
    assert main([*EMBED, "catalog.csv", *read, "--out", "emb"]) == 0
    words = ["--top", "3", "--plot", "odd.html", "--catalog", "catalog.csv", *read]
    assert main(["outliers", "emb", *words]) == 0
    page = Page()
    with open("odd.html", encoding="utf-8") as file:
        page.feed(file.read())
    sites = [link for link in page.links if link.startswith("https")]
    assert len(sites) == 2 * 3
    for name, simbad in zip(page.ids, sites[::2], strict=True):
        n = int(name.removeprefix("star <").removesuffix(">"))
        assert f"Coord={10 + n:.6f}%20{-n:+.6f}&" in simbad


def test_positions_in_names_are_linked():
    stars = load_catalina()
    table = pd.DataFrame({"object_id": stars.data.ids[:2], "score": [2.0, 1.0]})
    few = LightCurves.from_arrays([stars.data[1][:5]])  # which have no period
    text = page_of("two", table, [stars.data[:1], few])
    assert "simbad" in text
    assert "3.58708 +3.20389" in text
    assert text.count("folded at") == 1
    assert text == page_of("two", table, [stars.data[:1], few])
    ra, dec = np.array([position_of(name) for name in stars.data.ids]).T
    np.testing.assert_allclose(ra, stars.frame["ra"], atol=1e-9)
    np.testing.assert_allclose(dec, stars.frame["dec"], atol=1e-9)
    for name in ("star 7", "ASAS J1234", "J990000+000000", "J000000+910000"):
        assert position_of(name) is None


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet", "txt"])
def test_positions_are_read_from_tables(tmp_path, suffix):
    path = tmp_path / f"catalog.{suffix}"
    rows = pd.DataFrame(
        {"oid": [7, 7, 8], "RAJ2000": [1.5, 1.5, 2.5], "DEJ2000": [-1.0, -1.0, 3.0], "mag": 1.0}
    )
    rows.to_parquet(path) if suffix == "parquet" else rows.to_csv(path, index=False)
    table = pd.DataFrame({"object_id": ["8", "9", "7"]})
    found = with_positions(table, [tmp_path, path])
    if suffix == "txt":
        assert found.columns.tolist() == ["object_id"]
    else:
        np.testing.assert_array_equal(found["ra"], [2.5, np.nan, 1.5])
        np.testing.assert_array_equal(found["dec"], [3.0, np.nan, -1.0])


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


def test_rows_of_stars(curves, error, capsys):
    ids = np.repeat([f"a{i}" for i in range(15)], 2)
    banded = LightCurves(
        curves.time, curves.mag, offsets=curves.offsets, ids=ids, band=np.array(["g", "r"] * 15)
    )
    banded.to_frame().to_parquet("bands.parquet")
    read = ["--survey", "columns"]
    assert main([*EMBED, "bands.parquet", *read, "--stars", "--out", "emb.parquet"]) == 0
    page = ["--plot", "odd.html", "--catalog", "bands.parquet", *read]
    assert main(["outliers", "emb.parquet", "--top", "3", *page]) == 0
    page = Page()
    with open("odd.html", encoding="utf-8") as file:
        page.feed(text := file.read())
    assert page.count["img"] == 3
    assert text.count("g: 40 observations") == text.count("r: 40 observations") == 3
    svg = ElementTree.fromstring(base64.b64decode(page.links[0].partition(",")[2]))
    texts = [element.text for element in svg.iter() if element.text]
    assert {"band", "g", "r"} <= set(texts)
    capsys.readouterr()
    line = error(
        "outliers", "emb.parquet", "--weights", "surveys-small", "--catalog", "bands.parquet", *read
    )
    assert "has several light curves: choose a --band" in line


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


def test_another_catalog(curves, error, capsys):
    curves.to_frame().to_parquet("catalog.parquet")
    assert main([*EMBED, "catalog.parquet", "--out", "emb.csv"]) == 0
    make_variable_stars(5, random_state=0)[0].to_frame().to_parquet("other.parquet")
    words = ["outliers", "emb.csv", "--plot", "odd.html", "--catalog", "other.parquet"]
    assert main(words) == 1
    assert "of emb.csv is not in the catalog (30 of 30 are not)" in capsys.readouterr().err
    assert not Path("odd.html").exists()
    assert "--plot and --weights need --catalog" in error(
        "outliers", "emb.csv", "--plot", "odd.html"
    )


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
