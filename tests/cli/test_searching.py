"""Searching what `embed` wrote, by the command line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import StandardScaler

from sklearn_astromer import LightCurves
from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.search import LightCurveIndex, read_rows

pytestmark = pytest.mark.usefixtures("home")
EMBED = ["embed", "catalog.parquet", "--weights", "surveys-small", "--device", "cpu", "--quiet"]


def embedded(*words):
    curves, _ = make_variable_stars(40, n_observations=(20, 40), random_state=0)
    curves.to_frame().to_parquet("catalog.parquet")
    assert main([*EMBED, "--out", *words]) == 0
    return read_rows(words[0])


def table(capsys, *words):
    assert main(["search", *map(str, words)]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    return pd.DataFrame([line.split() for line in lines], columns=header.split())


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("out", ["emb", "emb.csv"])
def test_nearest(capsys, metric, out):
    rows = embedded(out, *(["--part-objects", "15"] if out == "emb" else []))
    standard = StandardScaler().fit_transform(rows.rows.astype(float))
    found = table(capsys, out, "--like", 7, "--top", 5, "--metric", metric)
    distance = pairwise_distances(standard, metric=metric)[7]
    order = [i for i in np.argsort(distance) if i != 7][:5]
    assert found["object_id"].astype(int).tolist() == rows.ids[order].tolist()
    np.testing.assert_allclose(found["distance"].astype(float), distance[order], atol=1e-5)
    assert len(table(capsys, out, "--like", 7, "--top", 99)) == 39


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_stars_that_were_not_observed_in_a_band(capsys, ending):
    """Are compared with the others, and may be odd or not."""
    curves, _ = make_variable_stars(25, n_observations=(20, 40), random_state=0)
    frame = curves.to_frame()
    some = frame[frame["object_id"] > 5]  # the first stars lack a band, which is the first
    frame = pd.concat([some.assign(band="u"), frame.assign(band="g")])
    frame.to_csv("bands.csv", index=False)
    read = ["--survey", "columns", "--quiet"]
    embed = [*EMBED[:1], "bands.csv", *EMBED[2:], "--survey", "columns", "--stars"]
    assert main([*embed, "--out", f"stars.{ending}"]) == 0
    found = table(capsys, f"stars.{ending}", "--like", 3, "--top", 24)
    assert set(found["object_id"].astype(int)) == {*range(25)} - {3}
    assert found["distance"].astype(float).between(0, 2).all()
    words = ["--top", "4", "--plot", "odd.html", "--out", "odd.csv", "--catalog", "bands.csv"]
    assert main(["outliers", f"stars.{ending}", *words, *read]) == 0
    odd = pd.read_csv("odd.csv")
    assert "band" not in odd
    assert Path("odd.html").read_text(encoding="utf-8").count("<h2") == 4
    assert main(["search", f"stars.{ending}", "--save", "index", "--like", "3"]) == 0


def test_bands_and_a_file(capsys, error):
    curves, _ = make_variable_stars(12, random_state=0)
    ids = np.repeat([f"a{i}" for i in range(6)], 2)
    banded = LightCurves(
        curves.time, curves.mag, offsets=curves.offsets, ids=ids, band=np.array(["g", "r"] * 6)
    )
    banded.to_frame().to_parquet("bands.parquet")
    assert main(["embed", "bands.parquet", "--survey", "columns", "--out", "emb", "--quiet"]) == 0
    capsys.readouterr()
    shown = table(capsys, "emb", "--like", "a3", "--band", "r", "--out", "like.csv")
    assert list(shown) == ["object_id", "band", "distance"]
    table(capsys, "emb", "--like", "a3", "--band", "r", "--out", "like.parquet")
    for written in (pd.read_csv("like.csv"), pd.read_parquet("like.parquet")):
        assert written["object_id"].tolist() == shown["object_id"].tolist()
        assert written["band"].tolist() == shown["band"].tolist()
    assert "bands g, r): name the band" in error("search", "emb", "--like", "a3")
    line = error("search", "emb", "--like", "b", "--out", "other.csv")
    assert "'b' is not among the 12 rows; the first ids of emb are a0, a1" in line


def test_a_saved_index(capsys, error):
    rows = embedded("emb")
    first = table(capsys, "emb", "--like", 3, "--save", "index", "--metric", "euclidean")
    assert table(capsys, "index", "--like", 3).equals(first)
    index = LightCurveIndex.load("index")
    assert (index.algorithm_, index.metric) == ("exact", "euclidean")
    np.testing.assert_array_equal(index.rows_, LightCurveIndex(metric="euclidean").fit(rows).rows_)
    assert "index of euclidean" in error("search", "index", "--like", 3, "--metric", "cosine")
    assert "index already" in error("search", "index", "--like", 3, "--save", "again")
    assert "not among the 40 rows" in error("search", "emb", "--like", 99, "--save", "other")
    Path("index/rows.npy").write_bytes(b"")
    assert "not as it was written" in error("search", "index", "--like", 3)


def test_what_cannot_be_searched(error):
    assert "nothing at none" in error("search", "none", "--like", 3)
    embedded("emb")
    assert "part of" in error("search", "emb", "--like", 3, "--save", "emb")
    Path("mine").mkdir()
    Path("mine/thesis.tex").write_text("years of work")
    assert "something else" in error("search", "emb", "--like", 3, "--save", "mine")
    line = error("search", "mine", "--like", 3)
    assert "holds no Parquet file" in line
    pd.DataFrame({"object_id": [1], "a0": [0.5]}).to_csv("one.csv", index=False)
    assert "nothing to compare" in error("search", "one.csv", "--like", 1)
    assert "--like ID, --save FOLDER or both" in error("search", "emb")
    line = error("search", "catalog.parquet", "--like", 3)
    assert "column 'time' is none of its features" in line


def test_an_index_alone(capsys):
    embedded("emb")
    capsys.readouterr()
    assert main(["search", "emb", "--save", "index", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert LightCurveIndex.load("index").n_samples_fit_ == 40
