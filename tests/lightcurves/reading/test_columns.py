"""Tables of pandas: which column is what, in any dtype."""

import decimal
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_table import FRAME, READ

from sklearn_astromer import LightCurves


def test_objects_in_order_of_appearance_each_sorted_by_time():
    assert READ.ids.tolist() == [7, 5]
    assert READ[0].tolist() == [[1, 16, 0.2], [2, 15, 0.1]]
    assert READ[1].tolist() == [[3, 17, 0.3], [4, 19, 0.5], [5, 18, 0.4]]
    parts = {"id": "oid", "time": "mjd", "mag": "mag", "mag_err": "magerr"}
    assert READ.report.columns == parts


@st.composite
def tables(draw):
    """Rows of a long table in any order, with equal times among them."""
    ids = draw(st.sampled_from([["b", "a", "c"], [3, 1, 2]]))
    time = st.integers(0, 3).map(float)
    return draw(st.lists(st.tuples(st.sampled_from(ids), time, st.floats(10, 20)), min_size=1))


@settings(max_examples=60)
@given(tables())
@pytest.mark.filterwarnings("ignore:read as columns")
def test_scattered_rows_are_gathered(rows):
    expected = {}
    for id, time, mag in dict.fromkeys(rows):  # the same row twice is there once
        expected.setdefault(id, []).append([time, mag])
    lcs = LightCurves.read(pd.DataFrame(rows, columns=["id", "time", "mag"]))
    assert lcs.ids.tolist() == list(expected)
    for got, curve in zip(lcs, expected.values(), strict=True):
        assert got.tolist() == sorted(curve, key=lambda row: row[0])


@pytest.mark.parametrize(
    "names",
    [
        ["oid", "hmjd", "mag", "magerr"],  # ZTF
        ["diaObjectId", "midpointMjdTai", "psfMag", "psfMagErr"],  # Rubin
        ["sourceid", "MJD", "Magnitude", "err"],
        ["SNID", "t", "mag", "e_mag"],
        ["object_id", "time", "MAG", "sigma"],
        ["ID", "mjd_obs", "mag", "mag_err"],
    ],
)
def test_names_that_surveys_use(names):
    assert LightCurves.read(FRAME.set_axis(names, axis=1)) == READ


def test_every_name_can_be_given():
    odd = FRAME.set_axis(["star", 3, ("V", "mag"), "u"], axis=1).assign(mag=0.0, f="g")
    lcs = LightCurves.read(odd, id="star", time=3, mag=("V", "mag"), mag_err="u", band_column="f")
    assert lcs.band.tolist() == ["g", "g"]
    np.testing.assert_array_equal(lcs.mag_err, READ.mag_err)


@pytest.mark.parametrize(
    ("frame", "given", "message"),
    [
        (FRAME.drop(columns="mag"), {}, "as the mag or flux among 'oid', .*pass mag=…, or flux=…"),
        (FRAME.assign(time=1.0), {}, "'mjd', 'time' could all be the time: pass time='mjd', or"),
        (FRAME.assign(band="g", fid=1), {}, "pass band_column='band', or band_column='fid'"),
        (FRAME, {"mag": "vmag"}, "no column 'vmag' among 'oid', 'mjd', .*: pass mag=…"),
        (FRAME, {"band_column": "f"}, "no column 'f' among .*: pass band_column=…"),
        (FRAME.assign(MJD=1.0), {}, "column 'mjd' is there twice: rename or drop one"),
        (pd.concat([FRAME, FRAME[["mjd"]]], axis=1), {"time": "mjd"}, "'mjd' is there twice"),
    ],
)
def test_columns_that_are_missing_or_ambiguous(frame, given, message):
    with pytest.raises(ValueError, match=message):
        LightCurves.read(frame, **given)


def test_the_id_may_be_the_index_or_a_level_of_it():
    assert LightCurves.read(FRAME.set_index("oid")) == READ
    assert LightCurves.read(FRAME.set_index(["oid", "mjd"])) == READ
    assert LightCurves.read(FRAME.set_index("oid", drop=False)) == READ
    # what labels the rows otherwise does not matter
    assert LightCurves.read(FRAME.set_axis(list("xxyyz"))) == READ


def test_no_rows_are_no_objects():
    for frame in (FRAME[:0], FRAME[:0].assign(band="g")):
        assert len(LightCurves.read(frame)) == 0


def test_columns_left_alone_do_not_matter():
    extra = FRAME.assign(weather="bad", flux=-1.0, when=pd.Timestamp("2020-01-01"))
    lcs = LightCurves.read(extra)
    assert lcs == READ
    assert lcs.report.unused == ["weather", "flux", "when"]


# -- dtypes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype",
    [
        *("float32", ">f8", "int16", "Float64", "Int64", "double[pyarrow]", "object", "category"),
        *(str, "string", "string[pyarrow]"),
    ],
)
def test_numbers_of_any_dtype(dtype):
    lcs = LightCurves.read(FRAME.assign(mag=FRAME["mag"].astype(dtype)))
    assert lcs == READ
    assert lcs.mag.dtype == np.dtype("f8")


def test_decimals_sparse_numbers_and_text():
    as_decimal = [decimal.Decimal(str(m)) for m in FRAME["mag"]]
    arrow = pd.Series(as_decimal, dtype=pd.ArrowDtype(pa.decimal128(6, 2)))
    sparse = FRAME["mag"].astype("Sparse[float]")
    text = FRAME["mag"].astype(str).astype("category")
    for mag in (as_decimal, arrow, sparse, text, [15.0, "16", 17, " 18.0", "+19"]):
        assert LightCurves.read(FRAME.assign(mag=mag)) == READ


@pytest.mark.parametrize("dtype", ["Float64", "double[pyarrow]", "object"])
def test_a_missing_error_is_absent(dtype):
    errors = FRAME["magerr"].astype(dtype).where(FRAME["oid"] == 5, None)
    lcs = LightCurves.read(FRAME.assign(magerr=errors))
    np.testing.assert_array_equal(lcs.mag_err, [np.nan, np.nan, 0.3, 0.5, 0.4])


@pytest.mark.parametrize(
    "mag",
    [
        [15.0, "dim", 17.0, 18.0, 19.0],
        FRAME["mag"] > 16,
        (FRAME["mag"] > 16).astype("boolean"),
        (FRAME["mag"] > 16).astype("bool[pyarrow]"),
        FRAME["mag"] + 0j,
        pd.to_datetime(FRAME["mag"]),
        pd.to_timedelta(FRAME["mag"]),
        [{}, 16, 17, 18, 19],
    ],
)
def test_what_is_no_number_is_refused_by_column(mag):
    with pytest.raises((TypeError, ValueError), match=r"column 'mag' .*no number"):
        LightCurves.read(FRAME.assign(mag=mag))


def test_numbers_past_all_bounds_are_none():
    huge = pd.Series([10**400, 16, 17, 18, 19], dtype=object)
    with pytest.warns(UserWarning, match="1 without time or brightness"):
        assert LightCurves.read(FRAME.assign(mag=huge)).lengths.tolist() == [1, 3]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (FRAME["oid"].astype("category"), [7, 5]),
        (FRAME["oid"].astype("Int64"), [7, 5]),
        (FRAME["oid"].astype("int64[pyarrow]"), [7, 5]),
        (FRAME["oid"].astype(float), [7, 5]),
        (FRAME["oid"].astype(object), [7, 5]),
        (
            FRAME["oid"].to_numpy().astype(np.uint64) + np.uint64(2**63),
            [str(2**63 + 7), str(2**63 + 5)],
        ),
        (FRAME["oid"].map({7: "b", 5: "ab"}), ["b", "ab"]),
        (FRAME["oid"].map({7: "b", 5: "ab"}).astype("string[pyarrow]"), ["b", "ab"]),
        (FRAME["oid"].map({7: "b", 5: "ab"}).astype("category"), ["b", "ab"]),
        (FRAME["oid"].map({7: b"b", 5: b"ab"}), ["b", "ab"]),
        # bytes, text and integers that read alike are one object
        (pd.Series([b"b", "b", b"ab", "ab", "ab"]), ["b", "ab"]),
        (pd.Series([7, "7", 5, "5", b"5"], dtype=object), ["7", "5"]),
    ],
)
def test_ids_of_any_dtype(ids, expected):
    lcs = LightCurves.read(FRAME.assign(oid=ids))
    assert lcs.ids.tolist() == expected
    np.testing.assert_array_equal(lcs.mag, READ.mag)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([7, None, 5, 5, 5], "1 row.* no 'oid', the first is row 1"),
        (["a", None, "b", None, "b"], "2 row.* no 'oid', the first is row 1"),
        (FRAME["oid"].astype("Int64").where(FRAME["oid"] == 7), "3 row.* no 'oid'.*row 2"),
        ([7.5, 7.5, 5, 5, 5], "'oid' must be integers or strings"),
        ([True, True, False, False, False], "'oid' must be integers or strings"),
        (pd.to_datetime(FRAME["oid"]), "'oid' must be integers or strings"),
    ],
)
def test_ids_that_name_nothing(ids, message):
    with pytest.raises((TypeError, ValueError), match=message):
        LightCurves.read(FRAME.assign(oid=ids))


def test_big_endian_columns_as_fits_has_them():
    table = np.rec.fromarrays(
        [FRAME["oid"], FRAME["mjd"], FRAME["mag"], [1, 1, 2, 2, 2]],
        dtype=[("oid", ">i8"), ("mjd", ">f8"), ("mag", ">f4"), ("fid", ">i2")],
    )
    frame = pd.DataFrame(table)
    assert LightCurves.read(frame, band=2).ids.tolist() == [5]
    plain = LightCurves.read(FRAME.drop(columns="magerr"))
    assert LightCurves.read(frame.drop(columns="fid")) == plain


# -- bands ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["g", "r", "g", "g", "r"], ["g", "r"]),
        (pd.Categorical(["g", "r", "g", "g", "r"]), ["g", "r"]),
        (pd.Series(["g", "r", "g", "g", "r"], dtype="string[pyarrow]"), ["g", "r"]),
        (pd.Series(["g", None, "g", "g", None], dtype="string"), ["g", ""]),
        (["g", np.nan, "g", "g", None], ["g", ""]),
        ([1, 2, 1, 1, 2], ["1", "2"]),
        (pd.Series([1, None, 1, 1, None], dtype="Int8"), ["1", ""]),
        (pd.Series([1, None, 1, 1, None]), ["1", ""]),
    ],
)
@pytest.mark.parametrize("column", ["band", "fid", "filterName", "FLT"])
def test_each_band_is_a_light_curve_and_one_can_be_chosen(labels, names, column):
    frame = FRAME.assign(**{column: labels})
    lcs = LightCurves.read(frame)
    found = zip(lcs.ids.tolist(), lcs.band.tolist(), map(len, lcs), strict=True)
    first, second = names
    assert list(found) == [(7, first, 1), (7, second, 1), (5, first, 2), (5, second, 1)]
    one = LightCurves.read(frame, band=first)
    assert one == lcs[[0, 2]]
    assert one.mag.tolist() == [15, 17, 18]
    assert one.report.left_out == {"of other bands": 2}


def test_bands_are_chosen_by_their_names():
    frame = FRAME.assign(fid=[1.0, 1.0, np.nan, np.nan, 2.0])
    for band in (1, 1.0, "1"):
        found = LightCurves.read(frame, band=band)
        assert (found.ids.tolist(), found.band.tolist()) == ([7], ["1"])
    nameless = FRAME.assign(band=pd.Series([None] * 5, dtype=object))
    assert LightCurves.read(nameless) == READ


@pytest.mark.parametrize(
    ("frame", "band", "message"),
    [
        (FRAME.assign(band="g"), "i", r"no band 'i': there are \['g'\]"),
        (FRAME.assign(fid=1), "2", r"no band '2': there are \['1'\]"),
        (FRAME, "g", "band='g' was asked for, and no column.*: pass band_column=…"),
        (FRAME.assign(band="g"), ["g", "r"], "no band "),
    ],
)
def test_bands_that_are_not_there(frame, band, message):
    with pytest.raises((ValueError, TypeError), match=message):
        LightCurves.read(frame, band=band)


def mixed(name, level=1.0):
    """Eight stars in two bands, their rows in the order of time, and a column that tells them."""
    rng = np.random.default_rng(0)
    n = 160
    star = rng.permutation(np.repeat(np.arange(8), n // 8))
    mag = 15 + level * star + rng.normal(0, 0.2, n)
    time = np.sort(rng.uniform(58000, 58100, n))
    return pd.DataFrame(
        {
            name: [f"N{i}" for i in star],
            "filter": rng.choice(["g", "r"], n),
            "mjd": time,
            "mag": mag,
        }
    )


@pytest.mark.parametrize(
    "name", ["obj", "lc_id", "event", "TIC ID", "object [str]", "Star-Name", "source"]
)
def test_stars_whose_rows_are_mixed_are_told_apart(name):
    curves = LightCurves.read(mixed(name))
    assert sorted(set(curves.ids)) == [f"N{i}" for i in range(8)]


def test_what_has_a_level_of_its_own_may_be_objects():
    with pytest.raises(ValueError, match=r"'x' has 8 values .* pass id='x' .* or id=False"):
        LightCurves.read(mixed("x"))
    assert len(set(LightCurves.read(mixed("x"), id="x").ids)) == 8


@pytest.mark.parametrize("name", ["observer", "camera", "ccd_id", "observer_name"])
def test_observers_of_one_star_are_no_objects(name):
    curves = LightCurves.read(mixed(name, level=0))
    assert len(set(curves.ids)) == 1
    assert curves.report.remarks == []


@pytest.mark.parametrize(
    "name", ["variable_id", "ID_star", "2MASS", "starID", "ztf_name", "2MASS designation"]
)
@pytest.mark.parametrize("numbers", [False, True])
def test_stars_of_equal_brightness_are_told_apart_by_a_name_of_ids(name, numbers):
    frame = mixed(name, level=0)
    if numbers:
        frame[name] = frame[name].str[1:].astype(int)
    assert len(set(LightCurves.read(frame).ids)) == 8


@pytest.mark.parametrize("name", ["number", "field", "source", "x"])
@pytest.mark.parametrize("numbers", [False, True])
def test_a_column_that_may_name_objects_is_remarked(name, numbers):
    frame = mixed(name, level=0).assign(weather="a", flag=1)
    if numbers:
        frame[name] = frame[name].str[1:].astype(int)
    with pytest.warns(UserWarning, match=f"column {name!r} has several values .*id={name!r}"):
        curves = LightCurves.read(frame)
    assert len(set(curves.ids)) == 1
    assert LightCurves.read(frame, id=False).report.remarks == []


@pytest.mark.parametrize("name", ["name", "source", "star_id"])
def test_few_rows_of_several_names_are_remarked(name):
    frame = pd.DataFrame({name: list("abcd"), "mjd": [1.0, 2, 3, 4], "mag": 15.0})
    with pytest.warns(UserWarning, match=r"has several values|has one observation"):
        LightCurves.read(frame)


def test_an_observation_of_each_star_is_remarked():
    frame = pd.DataFrame({"star": list("abc"), "mjd": [1.0, 2.0, 3.0], "mag": [15.0, 16.0, 17.0]})
    with pytest.warns(UserWarning, match="every object has one observation"):
        assert LightCurves.read(frame).ids.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("make", [tuple, list])
def test_ids_are_no_lists(make):
    ids = [make((1, 2)), make((1, 3))]
    with pytest.raises(TypeError, match="'oid' must be integers or strings"):
        LightCurves.read(pd.DataFrame({"oid": ids, "mjd": [1.0, 2.0], "mag": [15.0, 16.0]}))


def test_bands_reach_no_terminal_as_they_are():
    frame = FRAME.assign(band="\x1b[31mg")
    curves = LightCurves.read(frame)
    assert "\x1b" not in repr(curves) + repr(curves.stars())


def test_json_without_end_names_its_file(tmp_path):
    (tmp_path / "a.json").write_text('[{"id": 1, "mjd": 58000, "mag": 15}]')
    (tmp_path / "b.json").write_text("[" * 200_000)
    with pytest.raises(ValueError, match=r"b\.json cannot be read .* nested too deeply"):
        LightCurves.read(tmp_path)
    assert len(LightCurves.read(tmp_path, on_error="skip")) == 1


@pytest.mark.parametrize(
    "name", ["star", "name", "KIC", "HD", "HIP", "target", "variable_id", "2MASS", "Star-Name"]
)
@pytest.mark.parametrize("numbers", [False, True])
@pytest.mark.parametrize("floats", [False, True])
def test_names_of_stars_are_those_of_rows_of_lists(name, numbers, floats, tmp_path):
    names = [11, 12, 13] if numbers else ["a", "b", "c"]
    lists = pd.DataFrame(
        {"ra": 1.5, name: names, "class": "RR", "mjd": [[1.0, 2], [3.0, 4], [5.0, 6]]}
    ).assign(mag=[[15.0, 16]] * 3)
    lists[name] = lists[name].astype(float) if floats and numbers else lists[name]
    lists.to_parquet(tmp_path / "a.parquet")
    lists.to_json(tmp_path / "a.json", orient="records")
    for source in (lists, tmp_path / "a.parquet", tmp_path / "a.json", pa.table(lists)):
        curves = LightCurves.read(source)
        assert curves.ids.tolist() == names
        assert curves.lengths.tolist() == [2, 2, 2]
        assert curves.report.columns["id"] == name


def test_rows_of_lists_that_nothing_names_are_numbered():
    lists = pd.DataFrame({"source": "ASAS", "mjd": [[1.0, 2], [3.0, 4]], "mag": [[15.0, 16]] * 2})
    assert LightCurves.read(lists).ids.tolist() == [0, 1]
    assert LightCurves.read(lists.assign(toi=[700.01, 700.02])).ids.tolist() == [0, 1]
    named = lists.assign(star=["a", "b"], source=["x", "y"])
    assert LightCurves.read(named).ids.tolist() == ["a", "b"]
    assert LightCurves.read(named, id="source").ids.tolist() == ["x", "y"]
    assert LightCurves.read(named.assign(id=[7, 8])).ids.tolist() == [7, 8]
    with pytest.raises(ValueError, match=r"2 row.* no 'star'"):
        LightCurves.read(lists.assign(star=["a", None]))


@pytest.mark.parametrize("other", ["source", "name"])
def test_what_surely_names_stars_goes_before_what_may_name_others(other):
    frame = pd.DataFrame({other: "ASAS", "star": list("aabb"), "mjd": [1.0, 2, 3, 4], "mag": 15.0})
    assert LightCurves.read(frame).ids.tolist() == ["a", "b"]


def test_names_beside_lists_of_a_survey():
    lists = pd.DataFrame(
        {"star": ["a", "b"], "hmjd": [[1.0, 2], [3.0, 4]], "mag": [[15.0, 16]] * 2}
    )
    lists = lists.assign(magerr=[[0.1, 0.1]] * 2, clrcoeff=[[0.1, 0.1]] * 2, catflags=[[0, 0]] * 2)
    curves = LightCurves.read(lists)
    assert curves.report.survey == "ztf-hats"
    assert curves.ids.tolist() == ["a", "b"]


CURVES = {"a": {"mjd": [1, 2, 3], "mag": [15, 16, 15]}, "b": {"mjd": [1, 2], "mag": [17, 18]}}
RECORDS = {
    name: [{"mjd": t, "mag": m} for t, m in zip(one["mjd"], one["mag"], strict=True)]
    for name, one in CURVES.items()
}


@pytest.mark.parametrize(
    "content",
    [
        [{"id": name, **one} for name, one in CURVES.items()],
        [{"star": name, "ra": 1.5, **one} for name, one in CURVES.items()],
        {"data": [{"id": name, **one} for name, one in CURVES.items()]},
        {"id": ["a", "b"], **{k: [one[k] for one in CURVES.values()] for k in ("mjd", "mag")}},
        CURVES,
        {name: {"ra": 1.5, **one} for name, one in CURVES.items()},
        {"x": {"id": "a", **CURVES["a"]}, "y": {"id": "b", **CURVES["b"]}},
        RECORDS,
    ],
)
def test_json_of_several_stars(content, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps(content))
    curves = LightCurves.read(tmp_path / "x.json")
    assert curves.ids.tolist() == ["a", "b"]
    assert curves.mag.tolist() == [15, 16, 15, 17, 18]


def test_json_of_a_record_a_line_with_lists(tmp_path):
    lines = [json.dumps({"id": name, **one}) for name, one in CURVES.items()]
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    assert LightCurves.read(tmp_path / "x.jsonl").lengths.tolist() == [3, 2]
    (tmp_path / "x.jsonl").write_text("\n".join(lines).replace("[15, 16, 15]", "[15, 16]"))
    with pytest.raises(ValueError, match="object 'a' has 3 values in 'mjd' but 2 in 'mag'"):
        LightCurves.read(tmp_path / "x.jsonl")


def test_a_dictionary_is_told_what_to_do():
    for source in (CURVES, [{"mjd": 1.0, "mag": 15.0}]):
        with pytest.raises(TypeError, match=r"list of records pass pandas.DataFrame\(…\)"):
            LightCurves.read(source)


def test_big_endian_columns_that_are_called_by_numbers():
    array = np.array([[58000.0, 15.0, 0.1], [58001.0, 15.2, 0.2]], dtype=">f8")
    curves = LightCurves.read(pd.DataFrame(array), time=0, mag=1, mag_err=2, id=False)
    assert curves.mag_err.tolist() == [0.1, 0.2]


def test_words_of_a_name_are_no_columns_that_were_used():
    frame = pd.DataFrame({"mjd": [1.0, 2.0], "V mag": [15.0, 15.1], "V": ["a", "b"]})
    assert LightCurves.read(frame, mag="V mag", id=False).report.unused == ["V"]
