"""Periods of catalogs, by the command line."""

import sys

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves
from sklearn_astromer.cli import main
from sklearn_astromer.periodogram import find_peaks

pytestmark = pytest.mark.usefixtures("home")
PERIODS = [0.61, 1.37, 4.9]


@pytest.fixture(scope="module")
def curves():
    """Three sines, of which each is noisier than that before it, and a constant."""
    rng = np.random.default_rng(0)
    arrays = []
    for period, noise in zip(PERIODS, (0.01, 0.1, 0.2), strict=True):
        time = np.sort(rng.uniform(58000, 58200, 60))
        mag = 15 + 0.3 * np.sin(2 * np.pi * time / period) + noise * rng.normal(size=60)
        arrays.append(np.c_[time, mag])
    time = np.sort(rng.uniform(58000, 58200, 60))
    arrays.insert(0, np.c_[time, np.full(60, 15.0)])
    return LightCurves.from_arrays(arrays, ids=["constant", "a", "b", "c"])


@pytest.fixture
def catalog(curves):
    curves.to_frame().to_csv("catalog.csv", index=False)
    return "catalog.csv"


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_the_table_is_that_of_the_library_the_surest_first(catalog, curves, capsys, ending):
    out = f"periods.{ending}"
    assert main(["periods", catalog, "--survey", "columns", "--out", out]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{out}: 4 periods" in said.err
    found = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    assert found["id"].tolist() == ["a", "b", "c", "constant"]
    np.testing.assert_allclose(found["period"][:3], PERIODS, rtol=1e-2)
    assert found["false_alarm"][:3].is_monotonic_increasing
    assert np.isnan(found["period"][3])
    wanted = find_peaks(curves).to_frame().loc[found["id"]].reset_index()
    pd.testing.assert_frame_equal(found, wanted, check_dtype=False, rtol=1e-6)


def test_a_few_of_them_on_the_terminal(catalog, capsys):
    words = ["--top", "2", "--max-frequency", "1", "--quiet", "--survey", "columns"]
    assert main(["periods", catalog, *words]) == 0
    out, err = capsys.readouterr()
    header, *lines = out.splitlines()
    assert header.split()[:3] == ["id", "period", "frequency"]
    assert [line.split()[0] for line in lines] == ["b", "c"]  # that of a is faster
    assert err == ""


def test_bands_of_an_object_together(curves):
    half = np.arange(len(curves.time)) % 2
    frame = curves.to_frame().assign(band=np.where(half, "g", "r"))
    frame.to_parquet("bands.parquet")
    words = ["periods", "bands.parquet", "--quiet", "--stars", "--out"]
    assert main([*words, "stars.csv", "--plot", "stars.svg"]) == 0
    found = pd.read_csv("stars.csv")
    assert found["id"].is_unique
    assert "band" not in found
    assert found["n_observations"].sum() == len(curves.time)


def test_folded_curves(catalog, error, monkeypatch):
    pytest.importorskip("matplotlib")
    words = ["periods", catalog, "--survey", "columns", "--quiet"]
    assert main([*words, "--plot", "folded.svg", "--out", "periods.csv"]) == 0
    with open("folded.svg") as file:
        text = file.read()
    assert text.count('id="axes_') == 3  # the constant has no period
    assert "--overwrite" in error(*words, "--plot", "folded.svg")
    assert "--overwrite" in error(*words, "--out", "periods.csv")
    assert "part of the catalog" in error(*words, "--out", "catalog.csv")
    assert "must end in one of" in error(*words, "--plot", "folded.doc")
    assert "abacus" in error(*words, "--device", "abacus")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert "sklearn_astromer[plot]" in error(*words, "--plot", "other.png")
