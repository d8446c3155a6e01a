"""What `inspect` says of files of every kind."""

import re
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from services import CASES

from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.lightcurves.reading import options, reader, tables
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
        width = re.match("files? +", lines[0]).end()
        said, key = {}, ""
        for line in lines:
            assert line[width - 2 : width] == "  "
            assert line[width] != " " or line[:width].strip() == ""  # numbers are aligned
            key = line[:width].strip() or key
            said.setdefault(key, []).append(line[width:])
        return said

    return run


def left_out(report):
    """Return the counts of what is left out, by reason, and the total."""
    line = next((line for line in report if line.startswith("left out ")), "left out 0: ")
    total, _, reasons = line.removeprefix("left out ").partition(": ")
    counts = (reason.split(" (first in ")[0].split(" ", 1) for reason in reasons.split("; "))
    return int(total), {why: int(n) for n, why in counts} if reasons else {}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_every_service(case, inspect):
    said = inspect(write(case))
    kept = sum(len(time) for _, _, time, _, _ in case.curves)
    total = sum(case.left_out.values())
    title = f"read as {case.survey} ({TITLES[case.survey]})"
    assert said["report"][0] == f"{title}: {kept + total} observations"
    assert left_out(said["report"]) == (total, case.left_out)
    counts = Counter(band for _, band, *_ in case.curves if band)
    bands = ", ".join(f"{band} ({counts[band]})" for band in sorted(counts))
    assert said["bands"] == [bands or "none given"]
    assert said["objects"] == [str(len(case.curves))]
    assert said["observations"] == [str(kept)]
    times = np.concatenate([time for _, _, time, _, _ in case.curves])
    assert said["time"][0].startswith(f"MJD {times.min():.4f} to {times.max():.4f} (")


def test_what_it_says_of_one(inspect):
    said = inspect(write(named("irsa.csv")))
    few = "(98 % of the objects)"
    assert said == {
        "file": ["irsa.csv"],
        "objects": ["2"],
        "observations": ["3"],
        "bands": ["g (1), r (1)"],
        "time": ["MJD 58001.0000 to 58003.2500 (2017-09-05 to 2017-09-07)"],
        "magnitudes": ["14.910 to 15.410"],
        "length": [f"1.01 to 1.99 observations, median 1.5 {few}"],
        "span": [f"2 to 2 days, median 2 {few}"],
        "amplitude": [f"0.18 to 0.18 mag, median 0.18 {few}"],
        "cadence": [f"2 to 2 days, median 2 {few}"],
        "mag_err": [f"0.01102 to 0.01298 mag, median 0.012 {few}"],
        "report": [
            "read as ztf (ZTF data release (IRSA)): 4 observations",
            "columns: id oid, time mjd, band filtercode, mag mag, mag_err magerr",
            "left out 1: 1 catflags: bad data (bit 15) (first in object 7001)",
        ],
    }
    assert inspect("irsa.csv", "--band", "r")["objects"] == ["1"]
    pd.DataFrame({"mjd": [1.0, 2.0], "mag": [15.0, 15.5], "star": ["a", "b"]}).to_csv("s.csv")
    assert inspect("s.csv", "--one-object")["time"] == ["1.0000 to 2.0000 d, which are no MJD"]
    assert inspect(write(named("kplr.fits")))["magnitudes"] == ["-7.603 to -7.500, of fluxes"]


def test_rules_are_switched_off_and_changed(inspect, error):
    write(named("irsa.csv"))
    assert inspect("irsa.csv", "--no-quality")["observations"] == ["4"]
    assert inspect("irsa.csv", "--rule", "catflags=off")["observations"] == ["4"]
    said = inspect("irsa.csv", "--rule", "catflags: bad data (bit 15)=1")
    assert left_out(said["report"]) == (2, {"catflags: bad data (bit 15)": 2})
    assert "did you mean 'catflags'?" in error("inspect", "irsa.csv", "--rule", "catflag=off")
    assert inspect("irsa.csv", "--rule", "expid=1")["observations"] == ["1"]
    line = error("inspect", "irsa.csv", "--rule", "seeing=off")
    assert "there is no rule 'seeing'" in line
    assert "catflags: bad data (bit 15)" in line  # which there are


def test_a_file_that_cannot_be_read_is_an_error_or_is_counted(inspect, error):
    write(named("irsa.csv"))
    with open("binary.dat", "wb") as file:
        file.write(bytes(range(256)))
    assert "binary.dat cannot be read" in error("inspect", "irsa.csv", "binary.dat")
    said = inspect("irsa.csv", "binary.dat", "--on-error", "skip")
    assert said["observations"] == ["3"]
    assert any("skipped 1 files, the first binary.dat" in line for line in said["report"])


def test_parquet_is_read_by_the_same_rules(inspect):
    frame = make_variable_stars(7, random_state=0)[0].to_frame()
    frame.to_parquet("plain.parquet")
    said = inspect("plain.parquet")
    assert said["objects"] == ["7"]
    assert left_out(said["report"]) == (0, {})
    frame.loc[3, "mag"] = 99.99
    frame.assign(band=np.where(frame.index % 2, "g", "r")).to_parquet("bands.parquet")
    said = inspect("bands.parquet")
    assert left_out(said["report"]) == (1, {"sentinels": 1})
    assert said["bands"] == ["g (7), r (7)"]


def test_large_catalogs_are_summed_up(inspect, monkeypatch):
    frame = make_variable_stars(7, n_observations=(25, 40), random_state=0)[0].to_frame()
    two = np.where(np.arange(len(frame)) % 2, 15.0, 17.0) + np.arange(len(frame)) / 1e4
    frame = frame.assign(mag=two, time=np.arange(len(frame)) / 10)
    frame.to_parquet("all.parquet")
    whole = inspect("all.parquet")
    monkeypatch.setattr(tables, "PIECE_ROWS", 30)
    monkeypatch.setattr(reader, "PIECE", 40)
    assert inspect("all.parquet") == whole
    line = next(line for line in whole["report"] if "two levels" in line)
    assert line.endswith(": 7, the first in object 0")


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
    assert "pass --difference scale" in error("inspect", "difference.csv")
    line = error("inspect", "irsa.csv", "--flux", "mag", "--columns", "flux=mag")
    assert "--flux and --columns flux=… say the same" in line
    write(named("atlas_star.txt"))
    assert "read them apart" in error("inspect", "irsa.csv", "atlas_star.txt")
    twins = [s for s in SURVEYS if s.name in ("ztf", "atlas")]
    monkeypatch.setattr(options, "recognise", lambda *_: tuple(twins))
    line = error("inspect", "irsa.csv")
    assert "could be of ztf" in line
    assert "pass --survey ztf, or --survey atlas" in line
