"""Files in the shapes of services: what goes in, what is left out, and by every way in."""

import gzip
import io
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from services import CASES as FIRST
from services import frame_of, written
from services_bad_rows import BAD_ROWS

from sklearn_astromer import LightCurves
from sklearn_astromer.lightcurves.surveys.registry import BY_NAME, SURVEYS, recognise, resembled
from sklearn_astromer.lightcurves.surveys.survey import column_name, first_of

pytest.importorskip("astropy", reason="FITS needs astropy")
CASES = [*FIRST, *BAD_ROWS]
IDS = [case.name for case in CASES]


def case_of(name):
    return next(case for case in CASES if case.name == name)


def assert_holds(curves, case, atol=1e-6):
    """Times to 1e-8 d, magnitudes to 1e-6 (asinh: 1e-4), errors likewise."""
    assert len(curves) == len(case.curves)
    for i, (name, band, time, mag, err) in enumerate(case.curves):
        assert str(curves.ids[i]) == str(name)
        assert ("" if curves.band is None else curves.band[i]) == band
        part = slice(curves.offsets[i], curves.offsets[i + 1])
        np.testing.assert_allclose(curves.time[part], time, atol=1e-8, rtol=0)
        np.testing.assert_allclose(curves.mag[part], mag, atol=atol)
        if curves.mag_err is None:
            assert np.isnan(err).all()
        else:
            np.testing.assert_allclose(curves.mag_err[part], err, atol=atol)


def tolerance(case):
    survey = next((s for s in SURVEYS if s.name == case.survey), None)
    return 1e-4 if survey and survey.brightness[0].flux else 1e-6


def reading(source, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return LightCurves.read(source, **options), [str(w.message) for w in caught]


def test_every_survey_of_the_registry_has_a_file():
    of_difference = {s.name for s in SURVEYS if s.brightness[0].difference}
    assert {s.name for s in SURVEYS} - of_difference == {c.survey for c in CASES} - {"columns"}


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_a_file(case, tmp_path):
    path = written(case, tmp_path)
    curves, messages = reading(path)
    report = curves.report
    assert report.survey == case.survey
    assert report.left_out == case.left_out
    assert_holds(curves, case, tolerance(case))
    assert len(messages) == bool(case.left_out)
    for reason, n in case.left_out.items():
        assert f"{n} {reason}" in messages[0]
    assert report.kept == len(curves.time)
    assert report.rows == report.kept + sum(case.left_out.values())


@pytest.mark.parametrize("case", [c for c in CASES if c.survey != "columns"], ids=lambda c: c.name)
def test_a_column_with_a_name_of_ones_own_loses_no_rule(case, tmp_path):
    path = written(case, tmp_path)
    frame, survey = frame_of(path), BY_NAME[case.survey]
    first = survey.brightness[0]
    parts = {"id": survey.id, "band_column": survey.band}
    parts |= {"mag": first.mag, "flux": first.flux, "mag_err": first.mag_err}
    names = {column_name(name): name for name in frame}
    for part, column in parts.items():
        own = first_of(str(column), names)
        renamed = frame if own is None else frame.rename(columns={names[own]: "my column"})
        columns = frozenset(map(column_name, renamed))
        near = None if recognise(columns) or survey.prepare else resembled(columns)
        if own is None or near is None or near[0] != survey:
            continue
        curves, _ = reading(renamed, **{part: "my column"})
        assert curves.report.survey == case.survey, part
        assert curves.report.left_out == case.left_out, part
        assert curves == reading(frame)[0], part


@pytest.mark.filterwarnings("ignore:.*W03")  # VOTable has no names with blanks
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_other_ways_in(case, tmp_path):
    """Gzip, DataFrame, Arrow, astropy and FITS give the same collection."""
    path = written(case, tmp_path)
    expected, _ = reading(path)
    packed = tmp_path / f"{case.name}.gz"
    with open(path, "rb") as plain, gzip.open(packed, "wb") as out:
        shutil.copyfileobj(plain, out)
    found = {"gzip": reading(packed)[0]}
    with open(path, "rb") as file:
        found["open file"] = reading(file)[0]
    # whoever makes a table of a file without a header names its columns
    frame = frame_of(path).rename(columns={"1": "jd", "2": "mag", "3": "err"})
    pa = pytest.importorskip("pyarrow")
    from astropy.table import Table

    clean = frame.astype({c: str for c in frame if frame[c].dtype.kind == "O"})
    found["frame"] = reading(frame)[0]
    found["arrow"] = reading(pa.Table.from_pandas(frame))[0]
    found["astropy"] = reading(Table.from_pandas(clean))[0]
    Table.from_pandas(clean).write(tmp_path / "table.fits")
    found["fits"] = reading(tmp_path / "table.fits")[0]
    Table.from_pandas(clean).write(tmp_path / "table.ecsv")
    found["ecsv"] = reading(tmp_path / "table.ecsv")[0]
    Table.from_pandas(clean).write(tmp_path / "table.vot", format="votable")
    found["votable"] = reading(tmp_path / "table.vot")[0]
    frame.to_parquet(tmp_path / "table.parquet")
    found["parquet"] = reading(tmp_path / "table.parquet")[0]
    polars = pytest.importorskip("polars")
    found["polars"] = reading(polars.from_pandas(frame))[0]
    one_file = set(expected.ids.tolist()) == {path.name.partition(".")[0]}
    for way, curves in found.items():
        same = curves == expected
        if one_file and way not in ("gzip", "open file"):  # an object's name is its file's
            np.testing.assert_array_equal(curves.time, expected.time, err_msg=way)
            np.testing.assert_allclose(curves.mag, expected.mag, err_msg=way)
        else:
            assert same or np.allclose(curves.mag, expected.mag, atol=1e-12), way


def test_a_folder_of_files_of_one_object_each(tmp_path):
    star = case_of("asassn_star.csv").text
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.csv").write_text(star)
    curves, messages = reading(tmp_path)
    assert curves.ids.tolist() == ["a", "b", "c"]
    assert len(messages) == 1
    assert "3 upper limits" in messages[0]
    globbed, _ = reading(str(tmp_path / "[ab].csv"))
    assert globbed == curves[:2]
    listed, _ = reading([tmp_path / "c.csv"], id_from=lambda path: 7)
    assert listed.ids.tolist() == [7]
    with pytest.raises(FileNotFoundError, match="no file"):
        LightCurves.read(tmp_path / "none.csv")


def test_choices(tmp_path):
    ztf = written(CASES[0], tmp_path)
    assert reading(ztf, quality=False)[0].lengths.tolist() == [3, 1]
    assert reading(ztf, band="r")[0].ids.tolist() == [7002]
    with pytest.raises(ValueError, match="no band 'z'"):
        LightCurves.read(ztf, band="z")
    with pytest.raises(ValueError, match="upper limits"):
        LightCurves.read(written(case_of("aavso_star.csv"), tmp_path), limits="raise")
    with pytest.raises(ValueError, match="is not of atlas"):
        LightCurves.read(ztf, "atlas")
    for wrong in ({"survey": "sloan"}, {"limits": "keep"}, {"id_from": "path"}):
        name = next(iter(wrong))
        with pytest.raises(ValueError, match=f"{name} must be"):
            LightCurves.read(ztf, **wrong)
    for name in ("zft", "ZTF"):
        with pytest.raises(ValueError, match=f"got '{name}': did you mean 'ztf'"):
            LightCurves.read(ztf, name)


def test_rules_are_switched_by_the_names_that_the_report_prints(tmp_path):
    ztf = written(CASES[0], tmp_path)
    for name in ("catflags: bad data (bit 15)", "catflags", "CATFLAGS"):
        curves, messages = reading(ztf, rules={name: None})
        assert curves.lengths.tolist() == [3, 1]
        assert messages == []
    curves, _ = reading(ztf, rules={"catflags": 2})
    assert curves.report.left_out == {"catflags: bad data (bit 15)": 2}
    stars = written(case_of("OGLE-LMC-CEP-0001.dat"), tmp_path)
    curves, messages = reading(stars, rules={"upper limits": None})
    assert curves.report.left_out == {"sentinels": 1}
    curves, messages = reading(stars, rules={"upper limits": None, "sentinels": None})
    assert curves.mag.tolist() == [15.21, 15.31, 99.999]
    twice = pd.DataFrame({"id": 1, "mjd": [1.0, 1.0, 2.0], "mag": 15.0})
    assert reading(twice)[0].lengths.tolist() == [2]
    assert reading(twice, rules={"there twice": None})[0].lengths.tolist() == [3]
    with pytest.raises(ValueError, match=r"no rule 'seeing' in rules=: the names are catflags: .*"):
        LightCurves.read(ztf, rules={"seeing": None})
    for wrong, right in (("catflag", "catflags"), ("Upper limit", "upper limits")):
        with pytest.raises(ValueError, match=f"no rule '{wrong}' .*: did you mean '{right}'"):
            LightCurves.read(ztf, rules={wrong: None})


def test_files_that_cannot_be_read_are_skipped_on_request(tmp_path):
    written(CASES[0], tmp_path)
    (tmp_path / "README.md").write_text("# Title\nwords\n")
    with pytest.raises(ValueError, match=r"README.md"):
        LightCurves.read(tmp_path)
    curves, messages = reading(tmp_path, on_error="skip")
    assert curves == reading(tmp_path / CASES[0].name)[0]
    assert list(curves.report.skipped) == [str(tmp_path / "README.md")]
    assert "skipped 1 files, the first" in messages[0]
    assert list(curves.report.files) == [str(tmp_path / CASES[0].name)]
    with pytest.raises(ValueError, match=r"none of 1 files could be read, the first: .*README.md"):
        LightCurves.read(tmp_path / "README.md", on_error="skip")


def test_difference_images_have_no_magnitude():
    rows = (
        "diaSourceId,diaObjectId,midpointMjdTai,psfFlux,psfFluxErr,band\n"
        "1,9,60001.0,-50,1,r\n2,9,60002.0,50,1,r\n"
    )
    with pytest.raises(ValueError, match="difference image"):
        LightCurves.read(io.StringIO(rows))
    scaled, _ = reading(io.StringIO(rows), difference="scale")
    np.testing.assert_allclose(scaled.mag, [1.0, -1.0])
    forced = (
        "objectId,midpointMjdTai,psfDiffFlux,psfDiffFluxErr,band,psfDiffFlux_flag\n"
        "9,60001.0,-50,1,r,False\n9,60002.0,50,1,r,False\n9,60003.0,500,1,r,True\n"
    )
    with pytest.raises(ValueError, match="difference image"):
        LightCurves.read(io.StringIO(forced))
    scaled, messages = reading(io.StringIO(forced), difference="scale")
    np.testing.assert_allclose(scaled.mag, [1.0, -1.0])
    assert "1 psfDiffFlux_flag" in messages[0]
    alerts = "objectId,jd,fid,magpsf,sigmapsf,isdiffpos\nZ,2458001.5,1,18.0,0.1,t\n"
    with pytest.raises(ValueError, match="difference image"):
        LightCurves.read(io.StringIO(alerts))


@pytest.mark.parametrize(
    "dates",
    [
        ["2017-09-05T00:00:00", "2017-09-06T12:00:00"],
        ["2017-09-05", "2017-09-06 12:00"],
        ["2017-09-05T02:00:00+02:00", "2017-09-06T14:00:00+02:00"],
        pd.to_datetime(["2017-09-05 00:00", "2017-09-06 12:00"]),
        pd.to_datetime(["2017-09-05 00:00", "2017-09-06 12:00"]).tz_localize("UTC"),
        [2458001.5, 2458003.0],
        [58001.0, 58002.5],
    ],
)
def test_times_become_mjd(dates):
    frame = pd.DataFrame({"id": [1, 1], "time": dates, "mag": [15.0, 16.0]})
    np.testing.assert_allclose(LightCurves.read(frame).time, [58001.0, 58002.5], atol=1e-8)


@pytest.mark.parametrize("format", ["jd", "isot", "unix", "decimalyear", "cxcsec"])
def test_times_of_astropy_in_any_format(format):
    from astropy import units as u
    from astropy.table import QTable
    from astropy.time import Time

    time = Time([58001.0, 58002.5], format="mjd")
    time.format = format
    table = QTable({"id": [1, 1], "time": time, "flux": [3631e9, 3631e8] * u.nJy})
    curves = LightCurves.read(table)
    np.testing.assert_allclose(curves.time, [58001.0, 58002.5], atol=1e-8)
    np.testing.assert_allclose(curves.mag, [0.0, 2.5], atol=1e-3)  # AB, by the unit


def test_odd_curves_are_said():
    time = np.arange(60.0)
    rng = np.random.default_rng(0)
    two = np.where(np.arange(60) % 2, 15.0, 17.0) + rng.normal(0, 0.02, 60)
    frame = pd.DataFrame({"id": 3, "time": time, "mag": two, "mag_err": 0.02})
    _, messages = reading(frame)
    assert "two levels" in messages[0]
    _, messages = reading(frame.assign(time=np.where(time < 30, time + 1000, time + 58000)))
    assert "two origins" in messages[0]
    twice = pd.concat([frame, frame.iloc[:5]]).assign(mag=lambda f: 15 + f["time"] / 100)
    curves, messages = reading(twice)
    assert len(curves.time) == 60
    assert "5 there twice (first in object 3)" in messages[0]
    many = pd.DataFrame({"id": 1, "time": np.arange(300.0), "mag": rng.normal(15, 0.1, 300)})
    many.loc[:9, "mag"] = 25.0
    curves, messages = reading(many)
    assert len(curves.time) == 290
    assert "10 sentinels" in messages[0]


def test_one_object_or_several(tmp_path):
    rows = {"mjd": [1.0, 2.0, 3.0], "mag": [15.0, 16.0, 15.5], "magerr": [0.1, 0.2, 0.1]}
    one, _ = reading(pd.DataFrame(rows))
    assert one.ids.tolist() == [0]
    stars = pd.DataFrame({**rows, "star": ["a", "b", "a"]})
    with pytest.raises(ValueError, match=r"'star' has 2 values.*id='star'.*id=False"):
        LightCurves.read(stars)
    assert reading(stars, id="star")[0].ids.tolist() == ["a", "b"]
    assert reading(stars, id=False)[0].lengths.tolist() == [3]
    # a file of one object by its survey, put together of several
    atlas = frame_of(written(case_of("atlas_star.txt"), tmp_path))
    both = pd.concat([atlas.assign(object_id="x"), atlas.assign(object_id="y")])
    assert reading(both)[0].ids.tolist() == ["x", "y"]


def test_what_cannot_be_read_is_explained(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match=r"empty.csv cannot be read.*no rows"):
        LightCurves.read(tmp_path / "empty.csv")
    (tmp_path / "wide.dat").write_text("1 2 3 4 5\n2 3 4 5 6\n")
    with pytest.raises(ValueError, match=r"wide.dat.*no header, and 5 columns"):
        LightCurves.read(tmp_path / "wide.dat")
    with pytest.raises(ValueError, match=r"among 'when', 'bright': pass time=…"):
        LightCurves.read(pd.DataFrame({"when": [1.0], "bright": [2.0]}))
    with pytest.raises(ValueError, match=r"'dim' in row 1"):
        LightCurves.read(pd.DataFrame({"id": 1, "time": [1.0, 2.0], "mag": ["15", "dim"]}))
    with pytest.raises(TypeError, match="from_arrays"):
        LightCurves.read(np.zeros((3, 2)))
    known = LightCurves.read(
        pd.DataFrame({"star": ["a"], "when": [58001.0], "bright": [15.0]}),
        id="star",
        time="when",
        mag="bright",
    )
    assert known.ids.tolist() == ["a"]


def test_reading_imports_no_torch(tmp_path):
    path = written(CASES[0], tmp_path)
    code = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from sklearn_astromer import LightCurves; LightCurves.read(sys.argv[1])\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
