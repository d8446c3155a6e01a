"""What `inspect` says of files of every kind."""

import sys

import numpy as np
import pandas as pd
import pytest
from services import CASES

from sklearn_astromer.cli import catalogs, main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.lightcurves.surveys import recognising
from sklearn_astromer.lightcurves.surveys.registry import SURVEYS

pytest.importorskip("astropy", reason="FITS needs astropy")
pytestmark = pytest.mark.usefixtures("home")
TITLES = {s.name: s.title for s in SURVEYS} | {"columns": "recognised by the names of the columns"}


def write(case, name=None):
    name = name or case.name
    if callable(case.text):
        case.text(name)
    else:
        with open(name, "w") as file:
            file.write(case.text)
    return name


def named(name):
    return next(case for case in CASES if case.name == name)


@pytest.fixture
def inspect(capsys):
    """Run it, and return what it says, by key; a line without one belongs to the key before."""

    def run(*words):
        assert main(["inspect", *map(str, words)]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        lines = out.splitlines()
        width = lines[0].index(words[0])
        said, key = {}, ""
        for line in lines:
            assert line[width - 2 : width] == "  "
            assert line[width] != " " or line[:width].strip() == ""  # numbers are aligned
            key = line[:width].strip() or key
            said.setdefault(key, []).append(line[width:])
        return said

    return run


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_service(case, inspect):
    said = inspect(write(case))
    assert said["read as"][0].startswith(TITLES[case.survey])
    total = sum(case.left_out.values())
    kept = sum(len(time) for _, _, time, _, _ in case.curves)
    if total:
        assert said["left out"][0] == f"{total} of {kept + total} rows"
    else:
        assert said["left out"] == ["nothing"]
    found = [line.strip().split("  ", 1) for line in said["left out"][1:]]
    assert {why.split(" (first in")[0]: int(n) for n, why in found} == case.left_out
    bands = sorted({band for _, band, *_ in case.curves} - {""})
    assert [line.split("  ")[0].strip() for line in said.get("bands", [])] == bands
    assert said["curves" if bands else "objects"] == [str(len(case.curves))]
    assert said["observations"] == [str(kept)]
    times = np.concatenate([time for _, _, time, _, _ in case.curves])
    assert said["time"][0].startswith(f"MJD {times.min():.4f} to {times.max():.4f} (")


def test_what_it_says_of_one(inspect):
    said = inspect(write(named("irsa.csv")))
    assert said == {
        "file": ["irsa.csv"],
        "read as": ["ZTF data release (IRSA) (--survey ztf)"],
        "curves": ["2"],
        "observations": ["3"],
        "of each": ["1 to 2, median 2"],
        "bands": ["g  1 curve, 2 observations", "r  1 curve, 1 observation"],
        "time": ["MJD 58001.0000 to 58003.2500 (2017-09-05 to 2017-09-07)"],
        "span of each": ["0.0 to 2.0, median 1.0 d"],
        "magnitudes": ["14.910 to 15.410"],
        "errors": ["0.0120 in the median"],
        "left out": ["1 of 4 rows", "1  catflags: bad data (bit 15) (first in object 7001)"],
    }
    assert inspect("irsa.csv", "--no-quality")["observations"] == ["4"]
    assert inspect("irsa.csv", "--band", "r")["curves"] == ["1"]
    pd.DataFrame({"mjd": [1.0, 2.0], "mag": [15.0, 15.5], "star": ["a", "b"]}).to_csv("s.csv")
    assert inspect("s.csv", "--one-object")["time"] == ["1.0000 to 2.0000 d, which are no MJD"]
    assert inspect(write(named("kplr.fits")))["magnitudes"] == ["-7.603 to -7.500, of fluxes"]


def test_parquet_is_told_what_embed_does_with_it(inspect):
    frame = make_variable_stars(7, random_state=0)[0].to_frame()
    frame.to_parquet("plain.parquet")
    said = inspect("plain.parquet")
    assert said["objects"] == ["7"]
    assert said["left out"] == ["nothing"]
    assert "remarks" not in said
    frame.loc[3, "mag"] = 99.99
    frame.assign(band=np.where(frame.index % 2, "g", "r")).to_parquet("bands.parquet")
    said = inspect("bands.parquet")
    assert said["left out"][1] == "1  sentinels (first in object 0)"
    assert "--survey columns" in said["remarks"][0]
    assert "one --band" in said["remarks"][1]


def test_large_catalogs_are_summed_up(inspect, monkeypatch):
    frame = make_variable_stars(7, n_observations=(25, 40), random_state=0)[0].to_frame()
    two = np.where(np.arange(len(frame)) % 2, 15.0, 17.0) + np.arange(len(frame)) / 1e4
    frame = frame.assign(mag=two, time=np.arange(len(frame)) / 10)
    frame.to_parquet("all.parquet")
    whole = inspect("all.parquet")
    monkeypatch.setattr(catalogs, "MOST_PARQUET_BYTES", 0)
    monkeypatch.setattr(catalogs, "MOST_ROWS", 30)
    assert inspect("all.parquet") == whole
    assert "two levels" in whole["remarks"][0]
    assert "7 object(s), first 0" in whole["remarks"][0]


def test_plot(inspect, error, monkeypatch):
    pytest.importorskip("matplotlib")
    said = inspect(write(named("irsa.csv")), "--plot", "curves.png")
    assert said["drawn"] == ["curves.png: the longest of the curves"]
    with open("curves.png", "rb") as file:
        assert file.read(4) == b"\x89PNG"
    assert "must end in one of" in error("inspect", "irsa.csv", "--plot", "curves.doc")
    assert "part of the catalog" in error("inspect", "irsa.csv", "--plot", "irsa.csv")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    line = error("inspect", "irsa.csv", "--plot", "other.png")
    assert "sklearn_astromer[plot]" in line


def test_errors_are_one_line_and_speak_of_options(error, monkeypatch):
    write(named("irsa.csv"))
    assert "there is no file none.csv" in error("inspect", "none.csv")
    assert "irsa.csv is not of atlas" in error("inspect", "irsa.csv", "--survey", "atlas")
    assert "there is no band 'z': there are ['g', 'r']" in error("inspect", "irsa.csv", "--band=z")
    rows = {"mjd": [1.0, 2.0, 3.0], "mag": [15.0, 16.0, 15.5], "star": ["a", "b", "a"]}
    pd.DataFrame(rows).to_csv("stars.csv", index=False)
    line = error("inspect", "stars.csv")
    assert "pass --columns id=star if it names objects, or --one-object if all rows" in line
    pd.DataFrame({"when": [1.0], "bright": [2.0]}).to_csv("odd.csv", index=False)
    assert "pass --columns time=…" in error("inspect", "odd.csv")
    difference = "diaSourceId,diaObjectId,midpointMjdTai,psfFlux,psfFluxErr,band\n1,9,60001,5,1,r\n"
    with open("difference.csv", "w") as file:
        file.write(difference)
    assert "or --difference scale for encoders" in error("inspect", "difference.csv")
    with open("binary.dat", "wb") as file:
        file.write(bytes(range(256)))
    assert "binary.dat cannot be read as a table" in error("inspect", "binary.dat")
    line = error("inspect", "irsa.csv", "--flux", "mag", "--columns", "flux=mag")
    assert "--flux and --columns flux=… say the same" in line
    write(named("atlas_star.txt"))
    assert "read them apart" in error("inspect", "irsa.csv", "atlas_star.txt")
    twins = [s for s in SURVEYS if s.name in ("ztf", "atlas")]
    monkeypatch.setattr(recognising, "recognise", lambda _: twins)
    line = error("inspect", "irsa.csv")
    assert "could be of ztf" in line
    assert "choose with --survey …" in line
