"""Files and tables as users have them: odd endings, units, names and numbers."""

import gzip
import io
import json
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves

TEXT = "id,mjd,mag,magerr\n7,58001.0,15.2,0.01\n7,58002.0,15.3,0.01\n8,58001.0,16.2,0.01\n"
BARE = "58001.0 15.2 0.01\n58002.0 15.3 0.01\n"
GAIA = 4500000000000000001  # past 2^53
IPAC = (
    "\\fixlen = T\n"
    "|  oid|        mjd|   mag| magerr|catflags|filtercode|\n"
    "|  int|     double|double| double|     int|      char|\n"
    "|     |        day|   mag|    mag|        |          |\n"
    "| null|       null|  null|   null|    null|      null|\n"
    "     7    58001.0   15.2    0.01        0         zg \n"
    "     7    58002.0   null    0.01        0         zg \n"
)


def reading(source, **options):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return LightCurves.read(source, **options), " ".join(str(w.message) for w in caught)


def written(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def frame(**columns):
    return pd.DataFrame({"id": 1, "mjd": [58001.0, 58002.0], "mag": [15.0, 16.0]} | columns)


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\r"),
        TEXT.replace(",", ";"),
        TEXT.replace(",", "\t"),
        TEXT.replace(",", "|"),
        TEXT.replace(",", " , "),
        gzip.compress(TEXT.encode(), mtime=0),
        TEXT.replace("id,", ",id,").replace("\n7", "\n0,7").replace("\n8", "\n2,8"),
    ],
)
def test_kinds_of_text(text, tmp_path):
    expected = LightCurves.read(io.StringIO(TEXT))
    assert expected.ids.tolist() == [7, 8]
    assert reading(written(tmp_path, "a.csv", text)) == (expected, "")


@pytest.mark.parametrize("name", ["s.dat", "s.TXT", "s.tbl", "s.lc", "s", "s.csv", "s.dat.gz"])
def test_kinds_of_endings(name, tmp_path):
    text = gzip.compress(BARE.encode(), mtime=0) if name.endswith("gz") else BARE
    path = written(tmp_path, name, text)
    curves, _ = reading(path)
    assert curves.ids.tolist() == ["s"]
    assert reading(str(path))[0] == curves
    if not name.endswith("gz"):
        with open(path) as file:
            assert reading(file)[0] == curves


def test_archives(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", TEXT)
    assert LightCurves.read(path) == LightCurves.read(io.StringIO(TEXT))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b.csv", TEXT)
    with pytest.raises(ValueError, match="2 files in it: unpack"):
        LightCurves.read(path)


@pytest.mark.parametrize("inside", [["xl/workbook.xml", "a.xml"], ["content.xml"]])
def test_a_spreadsheet_is_no_archive(inside, tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name in inside:
            archive.writestr(name, "<a/>")
    with pytest.raises(ValueError, match=r"a\.xlsx .*it is a spreadsheet: save it as CSV"):
        LightCurves.read(path)


def test_the_light_curve_may_be_a_later_table_of_fits(tmp_path):
    """Good time intervals go before, as missions write them."""
    fits = pytest.importorskip("astropy.io.fits")
    from astropy.table import Table

    intervals = Table({"START": [58000.0], "STOP": [58003.0]})
    curve = Table({"MJD": [58001.0, 58002.0], "MAG": [15.0, 15.5], "MAGERR": [0.1, 0.2]})
    units = [fits.PrimaryHDU(), fits.table_to_hdu(intervals), fits.table_to_hdu(curve)]
    fits.HDUList(units).writeto(tmp_path / "star.fits")
    curves = LightCurves.read(tmp_path / "star.fits")
    assert curves.mag.tolist() == [15.0, 15.5]
    assert curves.mag_err.tolist() == [0.1, 0.2]


def test_tables_of_ipac(tmp_path):
    pytest.importorskip("astropy")
    curves, said = reading(written(tmp_path, "ztf.tbl", IPAC))
    assert curves.ids.tolist() == [7]
    assert curves.band.tolist() == ["g"]
    assert curves.time.tolist() == [58001.0]
    assert "1 without time or brightness" in said


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", TEXT.split("\n")[0] + "\n", "no rows"),
        ("a.csv", "# a\n# b\n", "no rows"),
        ("a.csv", "id,mjd,mag,mag\n1,2,3,4\n", "'mag' is there twice: rename"),
        ("a.png", b"\x89PNG\r\n\x1a\n\x00\xff\xfe", "neither FITS.*unpack it"),
        ("a.csv", "id,mjd,mag\nñ,58001,15\n".encode("latin1"), "save it as UTF-8"),
        ("a.csv", TEXT.replace(",", ";").replace(".", ","), "decimal commas, as '58001,0'"),
        (
            "a.csv.gz",
            gzip.compress(TEXT.encode(), mtime=0)[:-20],
            r"a\.csv\.gz cannot be read.*ended before",
        ),
        ("a.zip", b"PK\x03\x04" + bytes(90), r"a\.zip cannot be read as a table: .*zip"),
        ("README.md", "# Title\nwords\n", r"README.md.*a glob, as '.*/\*\.csv'"),
    ],
)
def test_what_is_no_table(name, text, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        LightCurves.read(written(tmp_path, name, text))


ONE = "58000.1 15.1 0.01\n58001.1 15.2 0.01\n"
OTHER = "58000.2 12.1 0.01\n58001.2 12.2 0.01\n"
LATER = "58010.2 15.1 0.01\n58011.2 15.2 0.01\n"


@pytest.mark.parametrize(
    ("text", "options", "remarked"),
    [
        (f"# star A\n{ONE}\n# star B\n{OTHER}", {}, True),
        (f"{ONE}\n\n{OTHER}\n \n{OTHER}\n", {}, True),
        (f"mjd mag err\n{ONE}mjd mag err\n{OTHER}", {}, True),
        (f"{ONE}\n{OTHER}", {"id": False}, False),
        (f"# season 1\n{ONE}# season 2\n{LATER}", {}, False),
        (f"{ONE}{OTHER}", {}, False),
    ],
)
def test_several_stars_in_one_file_are_remarked(text, options, remarked, tmp_path):
    curves, said = reading(written(tmp_path, "a.txt", text), **options)
    assert len(curves) == 1
    assert ("start anew after an empty line" in said) == remarked


def test_each_file_of_a_folder_is_read_by_its_own_header(tmp_path):
    """Though most begin as the one before."""
    texts = [
        "mjd,mag,magerr\n58001,15.2,0.01\n",
        "mjd,mag,magerr\n58001,16.2,0.02\n58002,16.3,0.02\n",
        "mjd,magerr,mag\n58001,0.01,17.2\n",
        "mjd,mag,magerr\n0,58001,18.2,0.01\n1,58002,18.3,0.01\n",  # as R numbers rows
        "mjd,mag,magerr\n# a comment\n58001,19.2,0.01\n",
        "mjd mag magerr\n58001 20.2 0.01\n",
        "58001 21.2 0.01\n58002 21.3 0.01\n",
        "58001 22.2 0.01\n58002 22.3 0.01\n",
    ]
    paths = [written(tmp_path, f"{i}.csv", text) for i, text in enumerate(texts)]
    alone = LightCurves.concatenate(LightCurves.read(path) for path in paths)
    assert alone.mag.min() == 15.2
    for order in (1, -1):
        assert LightCurves.read(paths[::order]) == alone[::order]
    written(tmp_path, "1.csv", "mjd,mag,magerr\n58001,16.2\n")
    with pytest.raises(ValueError, match=r"1\.csv cannot .*names 3 columns, and line 2 has 2"):
        LightCurves.read(tmp_path)


def test_folders_in_folders(tmp_path):
    for name in ("x/star.csv", "y/star.csv"):
        written(tmp_path, name, BARE)
    with pytest.raises(FileNotFoundError, match=r"\*\*"):
        LightCurves.read(tmp_path)
    with pytest.raises(ValueError, match=r"one object by their names.*id_from='parent'"):
        LightCurves.read(f"{tmp_path}/**/*")
    curves, _ = reading(f"{tmp_path}/**/*", id_from="parent")
    assert curves.ids.tolist() == ["x", "y"]


IDS = [
    (["1.10", "1.1"], None),
    (["1e3", "1000"], None),
    (["0012", "12"], None),
    (["-07", "-7"], None),
    (["12.0", "12"], None),
    (["1.10", "a"], None),
    (["123456789012345678901234", "123456789012345678901235"], None),
    (["12", "13"], [12, 13]),
    (["12.0", "13.0"], [12, 13]),
]


@pytest.mark.parametrize(("ids", "wanted"), IDS)
@pytest.mark.parametrize(("name", "given"), [("oid", {}), ("2MASS", {}), ("my", {"id": "my"})])
@pytest.mark.parametrize("ending", ["a.csv", "a.txt", "a.csv.gz"])
def test_ids_of_text_are_as_written(tmp_path, ids, wanted, name, given, ending):
    rows = [(id, 58000 + day, 15.5) for id in ids for day in range(3)]
    separator = " " if ending == "a.txt" else ","
    lines = [separator.join(map(str, row)) for row in [(name, "mjd", "mag"), *rows]]
    path = tmp_path / ending
    opened = gzip.open if ending.endswith("gz") else open
    with opened(path, "wt") as file:
        file.write("\n".join([*lines, ""]))
    wanted = ids if wanted is None else wanted
    assert LightCurves.read(path, **given).ids.tolist() == wanted
    assert LightCurves.read([path], **given).ids.tolist() == wanted
    with opened(path, "rb") as file:
        assert LightCurves.read(file, **given).ids.tolist() == wanted


def test_ids_of_other_texts_are_as_written(tmp_path):
    snana = "VARLIST: MJD FLT CID MAG\n" + "".join(
        f"OBS: {58000 + day} g {id} 15.5\n" for id in ("1.10", "1.1") for day in range(3)
    )
    path = written(tmp_path, "a.dat", snana)
    assert LightCurves.read(path, id="CID").ids.tolist() == ["1.10", "1.1"]
    for id in ("0012", "12"):
        folder = tmp_path / "hive" / f"star_id={id}"
        folder.mkdir(parents=True)
        pd.DataFrame({"mjd": [1.0, 2.0], "mag": 15.5}).to_parquet(folder / "a.parquet")
    assert LightCurves.read(tmp_path / "hive").ids.tolist() == ["0012", "12"]
    excel = written(tmp_path, "b.csv", "oid,mjd,mag\n5.85E+18,58000,15\n5.85E+18,58001,15\n")
    with pytest.raises(ValueError, match="have lost their last digits"):
        LightCurves.read(excel)


def test_ids_stay_what_they_are(tmp_path):
    zeros = TEXT.replace("\n7,", "\n00123,").replace("\n8,", "\n0123,")
    assert reading(written(tmp_path, "a.csv", zeros))[0].ids.tolist() == ["00123", "0123"]
    quoted = TEXT.replace("\n7,", '\n"V, 1",')
    assert reading(written(tmp_path, "a.csv", quoted))[0].ids.tolist() == ["V, 1", "8"]
    blank = 'name mjd mag\n"V 1" 58001 15\n'
    assert reading(written(tmp_path, "a.txt", blank), id="name")[0].ids.tolist() == ["V 1"]
    big = frame(id=[GAIA, GAIA + 2])
    for table in (big, big.astype({"id": "Int64"}), big.astype({"id": "uint64"})):
        assert reading(table)[0].ids.tolist() == [GAIA, GAIA + 2]
    with pytest.raises(ValueError, match=r"'id' holds floats past 2\^53.*as integers or text"):
        LightCurves.read(big.astype({"id": float}))
    with pytest.raises(ValueError, match=r"1 row\(s\) have no 'id'.*leave these rows out"):
        LightCurves.read(frame(id=pd.array([GAIA, None], dtype="Int64")))
    assert reading(frame(id=[b"a", b"b"]))[0].ids.tolist() == ["a", "b"]


def test_ids_of_two_kinds_are_text(tmp_path):
    written(tmp_path, "a.csv", "id,mjd,mag\n1,58001,15.1\n2,58001,15.1\n")
    written(tmp_path, "b.csv", "id,mjd,mag\nx,58001,15.1\n1,58002,15.3\n")
    curves, _ = reading(tmp_path)
    assert curves.ids.tolist() == ["1", "2", "x"]
    assert curves.lengths.tolist() == [2, 1, 1]


@pytest.mark.parametrize("bands", [[1, 2], ["1", "2"], [1.0, 2.0], [b"1", b"2"]])
def test_bands_in_any_spelling(bands):
    for wanted in (2, "2"):
        curves, _ = reading(frame(band=bands), band=wanted)
        assert curves.mag.tolist() == [16.0]
    ztf = frame(band=bands).rename(columns={"id": "oid"})
    ztf = ztf.drop(columns="band").assign(magerr=0.1, filtercode=["zg", "zr"], catflags=0)
    for wanted in ("r", "zr"):
        assert reading(ztf, band=wanted)[0].band.tolist() == ["r"]


def test_times_of_other_kinds():
    kept, said = reading(frame(mjd=pd.to_datetime(["2017-09-05", None])))
    assert kept.time.tolist() == [58001.0]
    assert "1 without time" in said
    for unit in ("s", "ms", "us", "ns"):
        dates = np.array(["2017-09-05T12:00", "2017-09-06T12:00"], dtype=f"M8[{unit}]")
        assert reading(frame(mjd=dates))[0].time.tolist() == [58001.5, 58002.5]
    with pytest.raises(ValueError, match=r"'mjd' holds no times.*05/09/2017.*ISO8601 format\)"):
        LightCurves.read(frame(mjd=["05/09/2017", "06/09/2017"]))
    same, said = reading(frame(jd=[2458001.5, 2458002.503]))  # but for a barycentric correction
    assert same.time.tolist() == [58001.0, 58002.0]
    assert said == ""
    with pytest.raises(ValueError, match=r"'mjd', 'jd' could all be the time: pass time='mjd', or"):
        LightCurves.read(frame(jd=[2458001.5, 2458002.6]))
    short, said = reading(io.StringIO("5260.5 15.2 0.1\n5261.5 15.3 0.1\n"))  # of OGLE, or MACHO
    assert short.time.tolist() == [5260.5, 5261.5]
    assert "may be HJD − 2450000" in said
    named, said = reading(io.StringIO("hjd mag err\n5260.5 15.2 0.1\n5261.5 15.3 0.1\n"))
    assert named.time.tolist() == [55260.0, 55261.0]
    assert "lack digits of Julian Dates" in said


def test_units_of_astropy():
    pytest.importorskip("astropy")
    from astropy import units as u
    from astropy.table import MaskedColumn, QTable, Table

    plain = {"id": [1, 1], "mjd": [58001.0, 58002.0]}
    expected = -2.5 * np.log10([1e-3, 2e-3]) + 8.9
    for unit in (u.Jy, u.mJy, u.uJy, u.nJy):
        flux = ([1.0, 2.0] * u.mJy).to(unit)
        errors = [10.0, 10.0] * u.uJy
        curves, _ = reading(QTable(plain | {"flux": flux, "flux_err": errors}))
        np.testing.assert_allclose(curves.mag, expected, atol=1e-4)
        np.testing.assert_allclose(curves.mag_err, [0.010857, 0.005429], atol=1e-5)
    rubin = {"objectId": [1, 1], "midpointMjdTai": [1.0, 2.0], "band": ["r", "r"]}
    rubin |= {"psfFlux": [1.0, 2.0] * u.mJy, "psfFluxErr": [10.0, 10.0] * u.uJy}
    np.testing.assert_allclose(reading(QTable(rubin))[0].mag, expected, atol=1e-4)
    hours = {"id": [1, 1], "mjd": [58001.0 * 24, 58002.0 * 24] * u.hour, "mag": [15.0, 16.0]}
    np.testing.assert_allclose(reading(QTable(hours))[0].time, [58001.0, 58002.0])
    with pytest.raises(ValueError, match="'mag' has a unit of flux: pass flux='mag'"):
        LightCurves.read(QTable(plain | {"mag": [1.0, 2.0] * u.mJy}))
    masked = MaskedColumn([1.0, 2.0], mask=[False, True], unit="mJy")
    for kind in (Table, QTable):
        curves, said = reading(kind(Table(plain | {"flux": masked})))
        assert len(curves.time) == 1
        assert "1 without time or brightness" in said


def test_masked_integers_are_missing():
    pytest.importorskip("astropy")
    from astropy.table import MaskedColumn, Table

    bands = MaskedColumn([1, 2], mask=[False, True])
    table = Table({"id": [GAIA, GAIA], "mjd": [1.0, 2.0], "mag": [15.0, 16.0], "fid": bands})
    curves, _ = reading(table)
    assert curves.band.tolist() == ["1", ""]
    assert curves.ids.tolist() == [GAIA, GAIA]
    table["id"] = MaskedColumn([GAIA, 5], mask=[False, True])
    with pytest.raises(ValueError, match=r"1 row\(s\) have no 'id'"):
        LightCurves.read(table)


def test_lists_and_nested_rows():
    rows = {
        "hmjd": [[1.0, 2.0], [3.0]],
        "mag": [[15.0, 15.5], [16.0]],
        "magerr": [[0.1] * 2, [0.1]],
    }
    rows |= {"catflags": [[0, 32768], [0]], "filterid": [[1, 1], [2]]}
    pa = pytest.importorskip("pyarrow")
    curves, said = reading(pa.table(rows))
    assert curves.ids.tolist() == [0, 1]  # a row is an object
    assert curves.band.tolist() == ["g", "r"]
    assert "1 catflags" in said
    assert reading(pa.table({"objectid": [GAIA, 5]} | rows))[0].ids.tolist() == [GAIA, 5]
    nested = pytest.importorskip("nested_pandas")
    flat = pd.DataFrame(rows).explode(list(rows)).astype(float)
    frame = nested.NestedFrame({"objectid": [GAIA, 5]}).join_nested(flat, "lightcurve")
    curves, said = reading(frame)
    assert curves.ids.tolist() == [GAIA, 5]
    assert curves.mag.tolist() == [15.0, 16.0]
    assert "1 catflags" in said
    assert "deprecated" not in said


def test_survey_with_other_columns():
    """A column that is given replaces that of the survey; its rules and other columns stay."""
    text = (
        "MJD m dm uJy duJy F err star when\n"
        "58001 16.4 0.01 1000 1 o 0 a 1\n58002 16.4 0.01 1000 1 o 1 b 2\n"
        "58003 16.5 0.02 900 1 o 0 b 3\n"
    )
    curves, said = reading(io.StringIO(text), id="star")
    assert curves.ids.tolist() == ["a", "b"]
    assert "1 err: bad measurement" in said
    np.testing.assert_allclose(curves.mag, 23.9 - 2.5 * np.log10([1000, 900]), atol=1e-4)
    curves, said = reading(io.StringIO(text), id=False, mag="m", mag_err="dm")
    assert curves.band.tolist() == ["o"]
    assert curves[0].tolist() == [[58001, 16.4, 0.01], [58003, 16.5, 0.02]]
    assert "1 err: bad measurement" in said
    assert curves.report.columns["time"].lower() == "mjd"
    curves, _ = reading(io.StringIO(text), id="star", time="when", band_column="star")
    assert curves.time.tolist() == [1.0, 3.0]
    assert curves.band.tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="no column 'name'"):
        LightCurves.read(io.StringIO(text), id="name")
    with pytest.raises(ValueError, match=r"mag_err= needs the brightness.*pass mag="):
        LightCurves.read(io.StringIO(text), mag_err="dm")


def test_other_tables():
    record = np.array([(1, 58001.0, 15.0)], dtype=[("id", ">i8"), ("mjd", ">f8"), ("mag", ">f4")])
    assert reading(record)[0].mag.tolist() == [15.0]
    assert len(reading(frame()[:0])[0]) == 0
    for wrong in (pd.Series([1, 2]), {"id": [1]}, None, [frame()]):
        with pytest.raises(TypeError, match=r"LightCurves.read takes"):
            LightCurves.read(wrong)
    half = {"source_id": "a", "mjd": [1.0], "w1mpro": [9.0], "w1sigmpro": [0.1], "w2sigmpro": [0.1]}
    with pytest.raises(ValueError, match="w2sigmpro, but no column w2mpro"):
        LightCurves.read(pd.DataFrame(half))


@pytest.mark.parametrize("none", [r"\N", "***", "*****", "ND", "nd"])
@pytest.mark.parametrize("row", ["58001.1,15.1,{}", "58001.1,{},.01", "{},15.1,.01"])
def test_what_mysql_fortran_and_aavso_write_for_no_number(none, row, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"mjd,mag,magerr\n58000.1,15.1,.01\n{row.format(none)}\n58002.1,15.2,.02\n")
    curves, _ = reading(path)
    errors = curves.mag_err.tolist()
    assert [errors[0], errors[-1]] == [0.01, 0.02]
    assert len(errors) == 2 or np.isnan(errors[1])


def test_the_minus_of_typographers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("mjd,mag,magerr\n58000.1,−1.46,.01\n58001.1,−1.5,1e−2\n", encoding="utf-8")
    curves, _ = reading(path)
    assert (curves.mag.tolist(), curves.mag_err.tolist()) == ([-1.46, -1.5], [0.01, 0.01])


def test_limits_without_the_name_of_the_object_as_lasair_has_them(tmp_path):
    seen = {"candid": 1, "objectId": "ZTF1", "jd": 2458001.5, "fid": 1, "dc_mag": 15.0}
    limit = {"jd": 2458000.5, "fid": 1, "diffmaglim": 19.5}
    (tmp_path / "a.json").write_text(
        json.dumps({"objectId": "ZTF1", "candidates": [seen, limit, {**seen, "jd": 2458002.5}]})
    )
    curves, _ = reading(tmp_path / "a.json", mag="dc_mag")
    assert curves.ids.tolist() == ["ZTF1"]
    assert curves.time.tolist() == [58001.0, 58002.0]


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("band", [",1", ""])
def test_limits_without_an_id_as_lasair_writes_them(first, band, tmp_path):
    rows = [f"Z,58001.5{band},15.1", f",58000.5{band},", f"Z,58002.5{band},15.2", f",58004{band},"]
    text = "\n".join([f"objectId,mjd{',fid' if band else ''},mag", *rows[first:], ""])
    curves, said = reading(written(tmp_path, "a.csv", text))
    assert curves.ids.tolist() == ["Z"]
    assert curves.mag.tolist() == [15.1, 15.2][first:]
    assert "left out 2: 2 without time or brightness (first in object Z)" in said
    with pytest.raises(ValueError, match=r"1 row\(s\) have no 'objectid', the first"):
        reading(written(tmp_path, "b.csv", text.replace(f"58000.5{band},", f"58000.5{band},16")))


def test_ids_that_are_all_missing(tmp_path):
    with pytest.raises(ValueError, match=r"1 row\(s\) have no 'id', the first is row 0"):
        reading(pd.DataFrame({"id": [None], "mjd": 58001.0, "mag": np.nan}))


@pytest.mark.parametrize(("kind", "name"), [("mag", "dm"), ("mag", "delta_m"), ("flux", "dF")])
def test_short_names_of_what_may_be_errors_are_told(kind, name, tmp_path):
    table = pd.DataFrame({"id": 1, "mjd": [58001.0, 58002.0], kind: [15.1, 15.2], name: 0.01})
    table.to_parquet(tmp_path / "a.parquet")
    for source in (table, tmp_path / "a.parquet"):
        _, said = reading(source)
        assert f"no errors are read, and {name!r} may hold them ({kind}_err={name!r})" in said
