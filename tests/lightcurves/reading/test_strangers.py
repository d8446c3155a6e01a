"""Tables of strangers that an adversarial trial found read wrongly: files, ids, units, origins."""

import io

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves
from sklearn_astromer.periodogram import find_peaks

ATLAS = "###MJD m dm uJy duJy F err chi/N RA Dec x y maj min phi apfit mag5sig Sky Obs name\n"


def text(content, tmp_path, name="star.csv"):
    path = tmp_path / name
    path.write_text(content)
    return LightCurves.read(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("prefix", ["", "v:"])
def test_data_of_a_votable_elsewhere_are_not_fetched(tmp_path, encoding, prefix):
    pytest.importorskip("astropy")
    (tmp_path / "secret").write_bytes(np.arange(8.0).astype(">f8").tobytes())
    body = (
        (
            '<RESOURCE><TABLE><FIELD name="mjd" datatype="double"/>'
            '<FIELD name="mag" datatype="double"/><DATA><BINARY>'
            f'<STREAM href="file://{tmp_path}/secret"/></BINARY></DATA></TABLE></RESOURCE>'
        )
        .replace("<", f"<{prefix}")
        .replace(f"<{prefix}/", f"</{prefix}")
    )
    xmlns = "http://www.ivoa.net/xml/VOTable/v1.3"
    space = f'xmlns:v="{xmlns}"' if prefix else f'xmlns="{xmlns}"'
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    whole = f'{head}<{prefix}VOTABLE version="1.3" {space}>{body}</{prefix}VOTABLE>'
    for name in ("v.vot", "innocent.xml"):
        (tmp_path / name).write_bytes(whole.encode(encoding))
        with pytest.raises(ValueError, match="only those in the file itself are read"):
            LightCurves.read(tmp_path / name)


@pytest.mark.parametrize("name", ["star", "name", "KIC", "target", "star_id"])
def test_whole_numbers_that_became_floats_name_objects(name):
    star, time = np.repeat([1.0, 2, 3], 4), np.tile(np.arange(4.0), 3) + 58000
    mag = np.repeat([12.0, 15, 18], 4)
    frame = pd.DataFrame({name: star, "mjd": time, "mag": mag})
    assert LightCurves.read(frame).ids.tolist() == [1, 2, 3]
    frame.loc[5, name] = np.nan
    with pytest.raises(ValueError, match=name.lower()):
        LightCurves.read(frame)


def test_floats_of_other_columns_name_nothing():
    frame = pd.DataFrame({"mjd": np.arange(6.0), "mag": 15.0, "exptime": [30.0, 60] * 3})
    assert len(LightCurves.read(frame)) == 1


def test_a_column_beside_those_of_a_survey_is_remarked(tmp_path):
    rows = "".join(
        f"{58000 + i} 17 .02 {[300, 9000][i % 2]} 6.7 o 0 1 1 1 1 1 1 1 1 1 19 20 a SN{i % 2}\n"
        for i in range(6)
    )
    with pytest.warns(UserWarning, match="all rows are one object, and column 'name'"):
        text(ATLAS + rows, tmp_path, "atlas.txt")


def test_names_with_a_hash(tmp_path):
    rows = "".join(f"{i},{15 + i % 2},V #{i % 2}\n" for i in range(6))
    assert text("mjd,mag,object_id\n" + rows, tmp_path).ids.tolist() == ["V #0", "V #1"]
    rows = "".join(f"{i} {15 + i % 2}{'  # clouds' * (i > 2)}\n" for i in range(6))
    assert len(text("mjd mag\n" + rows, tmp_path, "spaces.txt").time) == 6


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("mjd,mag,mag_err [mmag]", "'mag_err .mmag.' is in mmag"),
        ("mjd,mag [mmag],mag_err", "'mag .mmag.' is in mmag"),
        ("mjd,flux(mJy),flux_err(uJy)", "different units"),
    ],
)
def test_units_that_are_not_converted_are_refused(tmp_path, header, message):
    with pytest.raises(ValueError, match=message):
        text(f"{header}\n1,15,5\n2,15.1,5\n", tmp_path)


def test_an_error_without_a_unit_has_that_of_its_flux(tmp_path):
    table = pytest.importorskip("astropy.table").Table(
        {"mjd": [1.0, 2.0], "flux": [3.6, 3.6], "flux_err": [0.036, 0.036]}
    )
    table["flux"].unit = "mJy"
    one = LightCurves.read(table)
    table["flux_err"].unit = "mJy"
    both = LightCurves.read(table)
    np.testing.assert_allclose(one.mag, both.mag)
    np.testing.assert_allclose(one.mag_err, both.mag_err)
    assert one.mag_err[0] == pytest.approx(0.0109, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "first"),
    [("time [BJD-2454833]", 54833.5), ("Time (BKJD)", 54833.5), ("t(JD-2450000)", 50000.5)],
)
def test_an_origin_in_brackets(tmp_path, name, first):
    assert text(f"{name},mag\n1,15\n2,15.1\n", tmp_path).time[0] == pytest.approx(first)


def test_a_bright_star_among_faint_ones_is_no_sentinel():
    rng = np.random.default_rng(0)
    mag = np.round(np.concatenate([rng.normal(8, 0.03, 60), rng.normal(16, 0.3, 540)]), 2)
    time = np.tile(np.arange(60.0), 10)
    frame = pd.DataFrame({"object_id": np.repeat(np.arange(10), 60), "mjd": time, "mag": mag})
    assert LightCurves.read(frame).lengths.tolist() == [60] * 10
    frame.loc[::7, "mag"] = 3.0  # which is one number, again and again
    with pytest.warns(UserWarning, match="sentinel"):
        assert len(LightCurves.read(frame).time) < 600


def test_functions_that_name_files_are_known_by_the_names(tmp_path):
    pytest.importorskip("pyarrow")
    pd.DataFrame({"mjd": [1.0, 2], "mag": [15.0, 16]}).to_parquet(tmp_path / "a.parquet")
    made = [
        LightCurves.open_parquet(
            tmp_path / "a.parquet", id_from=lambda path, s=s: s, cache_dir=tmp_path / "cache"
        ).ids.tolist()
        for s in "CDEF"
    ]
    assert made == [["C"], ["D"], ["E"], ["F"]]


def test_escape_sequences_are_spelled_out():
    evil = "\x1b[31mEVIL\x07"
    rows = f"object_id,mjd,mag\n{evil},1,99.99\n{evil},2,15\nb,3,16\n"
    frame = pd.read_csv(io.StringIO(rows))
    with pytest.warns(UserWarning, match="EVIL") as caught:
        curves = LightCurves.read(frame)
    for said in (str(caught[0].message), str(curves.report)):
        assert "\x1b" not in said
        assert "\x07" not in said


# -- rows that look like comments, and comments that look like rows --------------------------------


@pytest.mark.parametrize("mark", ["#", "!", "%", "\\"])
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("separator", [",", "\t", ";", " "])
def test_names_may_begin_as_comments_do(tmp_path, mark, place, separator):
    star = [f"{mark}12"] * 2
    star.insert(place, "b")
    rows = [separator.join([name, str(58000 + i), "15.5"]) for i, name in enumerate(star)]
    with pytest.warns(UserWarning, match=r"begin as comments do.*: 2, the first in object '.*12'"):
        curves = text("\n".join([separator.join(["id", "mjd", "mag"]), *rows, ""]), tmp_path)
    assert dict(zip(curves.ids.tolist(), curves.lengths, strict=True)) == {f"{mark}12": 2, "b": 1}


@pytest.mark.parametrize("ids", [("6.80101E+14", "6.80101E+14"), ("6.80101e+14", "1E+15")])
def test_ids_that_a_spreadsheet_has_rounded_are_refused(tmp_path, ids):
    rows = "".join(f"{ids[i // 3]},{58000 + i},15.{i},0.1,zg\n" for i in range(6))
    (tmp_path / "a.csv").write_text("oid,mjd,mag,magerr,filtercode\n" + rows)
    with pytest.raises(ValueError, match="have lost their last digits"):
        LightCurves.read(tmp_path / "a.csv")


@pytest.mark.parametrize("mark", ["#", "# ", "!", "%", "\\ ", "##"])
@pytest.mark.parametrize(
    ("header", "rows", "first"),
    [
        ("mjd,mag", ["1,15", "2,15.1", "3,15.2"], "star"),
        ("# mjd mag", ["1 15", "2 15.1", "3 15.2"], "star"),
        ("", ["1 15", "2 15.1", "3 15.2"], "star"),
        ("star,mjd,mag", ["RR Lyr,1,15", "RR Lyr,2,15.1", "RR Lyr,3,15.2"], "RR Lyr"),
        ("date,mag", ["2020-01-01,15", "2020-01-02,15.1", "2020-01-03,15.2"], "star"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_rows_that_are_commented_out_are_counted(tmp_path, mark, header, rows, first, place):
    rows = [f"{mark}{row}" if i == place else row for i, row in enumerate(rows)]
    with pytest.warns(UserWarning, match=f"1 commented out .first in object {first}"):
        curves = text("\n".join([header, *rows, "# seen by 2 of us", ""]), tmp_path)
    assert curves.report.left_out == {"commented out": 1}
    assert (curves.report.rows, curves.report.kept) == (3, 2)


def test_comments_are_no_rows(tmp_path):
    rows = "mjd mag\n# night 1\n1 15\n# 12 clouds\n2 15.1\n# 3 of 4 nights\n"
    assert text(rows, tmp_path).report.rows == 2


@pytest.mark.parametrize(
    "names",
    [
        *(["+12", "12"], ["-0", "0"], ["012", "12"], ["+1.0", "1.0"], ["inf", "5"], ["1e3", "10"]),
        *(["True", "False"], ["a\nb", "c"], ["\nb", "c"], ["a\n\nb,\n", "c"], ["-inf", "x"]),
    ],
)
@pytest.mark.parametrize("column", ["id", "star"])
def test_names_are_as_they_are_written(tmp_path, names, column):
    quoted = [f'"{name}"' if "\n" in name else name for name in names]
    rows = "".join(f"{name},{58000 + i},15\n" for name in quoted for i in range(3))
    curves = text(f"{column},mjd,mag\n{rows}", tmp_path)
    assert curves.ids.tolist() == names
    assert curves.lengths.tolist() == [3, 3]


def test_a_mark_of_inches_in_a_title_opens_no_quotes(tmp_path):
    assert len(text('with a 5" telescope\nmjd,mag\n1,15\n2,15.1\n', tmp_path).time) == 2
    with pytest.raises(ValueError, match="line 5 has 1 fields"):
        text('mjd,mag,note\n1,15,"two\nlines"\n\n5\n', tmp_path)


def test_a_null_at_the_end_of_a_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"'a.x00' ends in a null"):
        text("id,mjd,mag\na\0,1,15\na,2,16\n", tmp_path)
    with pytest.raises(ValueError, match=r"'a.x00' ends in a null"):
        LightCurves.read(pd.DataFrame({"id": ["a\0", "a"], "mjd": [1.0, 2], "mag": 15.0}))


# -- units and origins -----------------------------------------------------------------------------

STAR = pd.DataFrame({"mjd": [58000.0, 58001, 58002], "mag": [15.0, 15.1, 15.2], "mag_err": 0.01})


@pytest.mark.parametrize("column", ["mag", "mag_err"])
@pytest.mark.parametrize("unit", ["mmag", "millimag", "mMag"])
def test_thousandths_of_magnitudes_in_a_column_of_units(column, unit):
    with pytest.raises(ValueError, match=f"column '{column}' is in mmag: divide it"):
        LightCurves.read(STAR.assign(**{f"{column}_unit": unit}))
    frame = pd.DataFrame({"oid": 7, "expid": 1, "hjd": 2458000.5, "catflags": 0, **STAR})
    frame = frame.rename(columns={"mag_err": "magerr"}).assign(filtercode="zg")
    with pytest.raises(ValueError, match="is in mmag: divide it"):
        LightCurves.read(frame.assign(**{f"{column.replace('_', '')}_unit": unit}))


@pytest.mark.parametrize("unit", ["d", "days", "MJD", "", None])
def test_units_that_are_those_of_the_field(unit):
    curves = LightCurves.read(
        STAR.assign(mjd_unit=unit, mag_unit="mag", exptime=30, exptime_unit="s")
    )
    assert curves.time.tolist() == STAR["mjd"].tolist()
    assert curves.report.remarks == []


NO_DAYS = ["s", "ms", "us", "min", "h", "hr", "hours", "minutes", "weeks", "months", "yr", "year"]
NO_DAYS += ["decimal year", "Julian years", "decyear", "century", "Myr", "kyr", "milliseconds"]


@pytest.mark.parametrize("unit", NO_DAYS)
def test_times_that_are_not_in_days(unit):
    times = pd.DataFrame({"t": [2010.5, 2010.6], "mag": [15.0, 15.1]})
    for frame in (
        times.assign(t_unit=unit),
        times.rename(columns={"t": f"t [{unit}]"}),
        times.rename(columns={"t": f"time ({unit})"}),
    ):
        with pytest.raises(ValueError, match="is not in days"):
            LightCurves.read(frame)
    if unit not in ("h", "min"):  # which a time of minimum may be
        name = f"obs_{unit}"
        with pytest.raises(ValueError, match="is not in days"):
            LightCurves.read(times.rename(columns={"t": name}), time=name)


def test_units_of_astropy_are_days_and_parts_of_them():
    tables = pytest.importorskip("astropy.table")
    times = [2010.5, 2010.6]
    for unit, days in (("h", 1 / 24), ("s", 1 / 86400), ("ms", 1 / 86.4e6), ("week", 7)):
        table = tables.Table({"time": times, "mag": [15.0, 15.1]}, units={"time": unit})
        np.testing.assert_allclose(LightCurves.read(table).time, np.multiply(times, days))
    for unit in ("yr", "Myr", "kyr", "hours", "years"):
        table = tables.Table({"time": times, "mag": [15.0, 15.1]})
        table["time"].unit = tables.Column(times, unit=unit).unit
        with pytest.raises(ValueError, match=r"time.* in days"):
            LightCurves.read(table)
        with pytest.raises(ValueError, match=r"in days"):
            LightCurves.from_arrays([table])


@pytest.mark.parametrize("name", ["hjd", "JD", "bjd", "BJD_TDB", "jd_utc", "time [JD]", "HJD (d)"])
@pytest.mark.parametrize(
    ("first", "mjd"), [(2458000.5, 58000.0), (8000.5, 58000.0), (58000.5, 58000.5)]
)
def test_julian_dates_by_their_names(name, first, mjd):
    curves = LightCurves.read(pd.DataFrame({name: [first, first + 1], "mag": [15.0, 15.1]}))
    assert curves.time.tolist() == [mjd, mjd + 1]
    assert len(curves.report.remarks) == (first != 2458000.5)


@pytest.mark.parametrize("name", ["BTJD", "bkjd", "HJD-2450000", "time [BJD-2457000]"])
def test_times_that_contradict_their_name_are_remarked(name):
    frame = pd.DataFrame({name: [58000.5, 58001.5], "mag": [15.0, 15.1]})
    with pytest.warns(UserWarning, match="in the range of MJD, whatever its name says"):
        assert LightCurves.read(frame).time[0] == 58000.5


def test_times_that_contradict_their_survey_are_remarked():
    frame = pd.DataFrame({"hjd": [58000.5, 58001.5], "camera": "ba", "mag": 15.0, "mag_err": 0.1})
    frame = frame.assign(flux=1.0, flux_err=0.1)
    with pytest.warns(UserWarning, match="in the range of MJD, whatever its name says"):
        assert LightCurves.read(frame, id=False).time[0] == 58000.5


def test_a_column_with_a_space_in_its_name_is_used():
    frame = pd.DataFrame({"time [JD]": [2458000.5, 2458001.5], "mag (V)": [15.0, 15.1]})
    assert LightCurves.read(frame).report.unused == []


# -- options ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rules": 5}, "rules must be a dictionary"),
        ({"rules": "catflags"}, "rules must be a dictionary"),
        ({"rules": ["catflags"]}, "rules must be a dictionary"),
        ({"rules": {5: None}}, "rules must be a dictionary"),
        ({"rules": {"upper limits": "x"}}, "rule 'upper limits' has no limit 'x'"),
        ({"rules": {"Sentinels": 5}}, "rule 'sentinels' has no limit 5"),
        ({"rules": {"catflags": "x"}}, "cannot compare column 'catflags' with 'x'"),
        ({"quality": "no"}, "quality must be True or False"),
        ({"quality": None}, "quality must be True or False"),
        ({"progress": "x"}, "progress must be True or False"),
        ({"time": False}, "time must be a column"),
        ({"band_column": False}, "band must be a column"),
    ],
)
def test_options_that_are_none_are_named(given, message, tmp_path):
    frame = pd.DataFrame({"oid": 7, "expid": 1, "hjd": 2458000.5, "catflags": 0, **STAR})
    frame = frame.rename(columns={"mag_err": "magerr"}).assign(filtercode="zg")
    with pytest.raises((TypeError, ValueError), match=message):
        LightCurves.read(frame, **given)


def test_rules_of_all_tables_are_known_in_any_case():
    frame = STAR.assign(mag=[15.0, 99.99, 15.2], mag_err=[0.1, 0.1, 9.9])
    rules = {"Sentinels": None, "UPPER LIMITS": None}
    with pytest.warns(UserWarning, match="magnitudes outside"):
        assert len(LightCurves.read(frame, rules=rules).time) == 3
    assert len(LightCurves.read(frame, rules={"upper limits": True}).time) == 1


# -- a star among others ---------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, -1])
def test_errors_of_one_star_do_not_decide_about_another(order):
    """An error of -1 marks a limit in star a, and says that there is no error in star b."""
    few, all_of_them = np.full(10, 0.02), np.full(20, -1.0)
    few[[2, 5]] = -1
    stars = {
        name: pd.DataFrame({"id": name, "mjd": np.arange(len(e)), "mag": 15.0, "mag_err": e})
        for name, e in {"a": few, "b": all_of_them, "c": np.full(200, 0.02)}.items()
    }
    stars["a"]["mag"] += np.arange(10) / 10
    frame = pd.concat([*stars.values()])[::order].sample(frac=1, random_state=0)
    together = LightCurves.read(frame)
    assert together.report.left_out == {"upper limits": 2}
    for name in "abc":
        alone = LightCurves.read(stars[name])
        assert together[together.ids == name].mag.tolist() == alone.mag.tolist()


EVIL = "\x1b[31mEVIL\x07"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "mjd,m\n1,15\n"),
        ("a.csv", "mjd,mag\n1,15\n2\n"),
        ("a.csv", f"mjd,mag,{EVIL},{EVIL}\n1,15,2,3\n"),
        ("a.csv", f"mjd,flux,flux_unit\n1,15,Jy\n2,15,{EVIL}\n"),
        ("a.json", "{}"),
        ("a.parquet", "PAR1"),
        ("a.fits", "SIMPLE"),
        (f"{EVIL}/a.csv", "mjd,m\n1,15\n"),
        ("nothing.txt", None),
        ("", None),
    ],
)
def test_errors_have_no_escape_sequences(tmp_path, name, content):
    folder = tmp_path / EVIL
    folder.mkdir()
    path = folder / f"{EVIL}{name}" if name else folder
    path.parent.mkdir(exist_ok=True)
    if content is not None:
        path.write_text(content)
    for read in (LightCurves.read, LightCurves.open_parquet):
        with pytest.raises((ValueError, OSError), match="EVIL") as caught:
            read(path)
        assert "\x1b" not in str(caught.value)
        assert "\x07" not in str(caught.value)


def test_views_have_no_escape_sequences():
    frame = pd.DataFrame({"id": EVIL, "mjd": np.arange(9.0), "mag": 15.0, "band": EVIL, EVIL: 1})
    frame.loc[3, "mag"] = 99.99
    with pytest.warns(UserWarning, match="EVIL"):
        curves = LightCurves.read(frame)
    views = [curves, curves.stars(), find_peaks(curves)]
    said = [view._repr_html_() for view in views] + [*map(repr, views), *curves.report.lines()]
    with pytest.raises(ValueError, match=r"has several bands .*EVIL") as caught:
        LightCurves.from_arrays([frame.assign(band=[EVIL, "g", *"r" * 7])])
    for text in (*said, str(caught.value)):
        assert "\x1b" not in text
        assert "\x07" not in text


@pytest.mark.parametrize("other", ["s1 ", " s1", "S1"])
def test_ids_that_differ_by_blanks_or_case_alone_are_told(other):
    frame = pd.DataFrame({"id": ["s1", "s1", other, "s2 "], "mjd": [1.0, 2, 3, 4], "mag": 15.0})
    with pytest.warns(UserWarning, match="ids are those of others but for blanks or case.*: 1, "):
        assert LightCurves.read(frame).ids.tolist() == ["s1", other, "s2 "]
