import decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer import LightCurves

FRAME = pd.DataFrame(
    {
        "oid": [7, 7, 5, 5, 5],
        "mjd": [2.0, 1.0, 3.0, 5.0, 4.0],
        "mag": [15.0, 16.0, 17.0, 18.0, 19.0],
        "magerr": [0.1, 0.2, 0.3, 0.4, 0.5],
    }
)
READ = LightCurves.from_frame(FRAME)


def test_objects_in_order_of_appearance_each_sorted_by_time():
    assert READ.ids.tolist() == [7, 5]
    assert READ[0].tolist() == [[1, 16, 0.2], [2, 15, 0.1]]
    assert READ[1].tolist() == [[3, 17, 0.3], [4, 19, 0.5], [5, 18, 0.4]]


@st.composite
def tables(draw):
    """Rows of a long table in any order, with equal times among them."""
    ids = draw(st.sampled_from([["b", "a", "c"], [3, 1, 2]]))
    time = st.integers(0, 3).map(float)
    return draw(st.lists(st.tuples(st.sampled_from(ids), time, st.floats(10, 20)), min_size=1))


@settings(max_examples=60)
@given(tables())
def test_scattered_rows_are_gathered(rows):
    expected = {}
    for id, time, mag in rows:
        expected.setdefault(id, []).append([time, mag])
    lcs = LightCurves.from_frame(pd.DataFrame(rows, columns=["id", "time", "mag"]))
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
        ["object_id", "jd", "MAG", "sigma"],
        ["ID", "HJD", "mag", "mag_err"],
    ],
)
def test_names_that_surveys_use(names):
    assert LightCurves.from_frame(FRAME.set_axis(names, axis=1)) == READ


def test_every_name_can_be_given():
    odd = FRAME.set_axis(["star", 3, ("V", "mag"), "u"], axis=1).assign(mag=0.0, f="g")
    lcs = LightCurves.from_frame(
        odd, id="star", time=3, mag=("V", "mag"), mag_err="u", band_column="f"
    )
    assert lcs.band.tolist() == ["g", "g"]
    np.testing.assert_array_equal(lcs.mag_err, READ.mag_err)


@pytest.mark.parametrize(
    ("frame", "given", "message"),
    [
        (FRAME.drop(columns="mag"), {}, "no column was recognised as the mag among.*mag='…'"),
        (FRAME.drop(columns="oid"), {}, "the id"),
        (FRAME.assign(time=1.0), {}, r"\['mjd', 'time'\] could all be the time: pass time="),
        (FRAME.assign(band="g", fid=1), {}, "pass band_column="),
        (FRAME, {"mag": "vmag"}, r"no column 'vmag' \(mag=\)"),
        (FRAME, {"band_column": "f"}, r"no column 'f' \(band_column=\)"),
        (pd.concat([FRAME, FRAME[["mjd"]]], axis=1), {}, r"\['mjd', 'mjd'\]"),
        (pd.concat([FRAME, FRAME[["mjd"]]], axis=1), {"time": "mjd"}, r"\['mjd', 'mjd'\]"),
    ],
)
def test_columns_that_are_missing_or_ambiguous(frame, given, message):
    with pytest.raises(ValueError, match=message):
        LightCurves.from_frame(frame, **given)


def test_the_id_may_be_the_index_or_a_level_of_it():
    assert LightCurves.from_frame(FRAME.set_index("oid")) == READ
    assert LightCurves.from_frame(FRAME.set_index(["oid", "mjd"])) == READ
    assert LightCurves.from_frame(FRAME.set_index("oid", drop=False)) == READ
    # what labels the rows otherwise does not matter
    assert LightCurves.from_frame(FRAME.set_axis(list("xxyyz"))) == READ


@pytest.mark.parametrize("thing", [FRAME.to_dict(), FRAME["mag"], FRAME.to_numpy(), None])
def test_only_frames(thing):
    with pytest.raises(TypeError, match=rf"DataFrame, got .*{type(thing).__name__}:"):
        LightCurves.from_frame(thing)


# -- dtypes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype",
    ["float32", ">f8", "int16", "Float64", "Int64", "double[pyarrow]", "object", "category"],
)
def test_numbers_of_any_dtype(dtype):
    lcs = LightCurves.from_frame(FRAME.assign(mag=FRAME["mag"].astype(dtype)))
    assert lcs == READ
    assert lcs.mag.dtype == np.dtype("f8")


def test_decimals_and_sparse_numbers():
    as_decimal = [decimal.Decimal(str(m)) for m in FRAME["mag"]]
    arrow = pd.Series(as_decimal, dtype=pd.ArrowDtype(pa.decimal128(6, 2)))
    sparse = FRAME["mag"].astype("Sparse[float]")
    for mag in (as_decimal, arrow, sparse):
        assert LightCurves.from_frame(FRAME.assign(mag=mag)) == READ


@pytest.mark.parametrize("dtype", ["Float64", "double[pyarrow]", "object"])
def test_a_missing_error_is_absent(dtype):
    errors = FRAME["magerr"].astype(dtype).where(FRAME["oid"] == 5, None)
    lcs = LightCurves.from_frame(FRAME.assign(magerr=errors))
    np.testing.assert_array_equal(lcs.mag_err, [np.nan, np.nan, 0.3, 0.5, 0.4])


@pytest.mark.parametrize(
    "mag",
    [
        FRAME["mag"].astype(str),
        FRAME["mag"].astype("string"),
        FRAME["mag"].astype("string[pyarrow]"),
        FRAME["mag"].astype(str).astype("category"),
        [15.0, "16", 17.0, 18.0, 19.0],
        FRAME["mag"] > 16,
        (FRAME["mag"] > 16).astype("boolean"),
        (FRAME["mag"] > 16).astype("bool[pyarrow]"),
        FRAME["mag"] + 0j,
        pd.to_datetime(FRAME["mag"]),
        pd.to_timedelta(FRAME["mag"]),
        [[15.0], [16.0], [17.0], [18.0], [19.0]],
        [{}, 16, 17, 18, 19],
        pd.Series([10**400, 16, 17, 18, 19], dtype=object),
    ],
)
def test_what_is_no_number_is_refused_by_column(mag):
    with pytest.raises((TypeError, ValueError), match="column 'mag' must be real numbers"):
        LightCurves.from_frame(FRAME.assign(mag=mag))


@pytest.mark.parametrize("as_dates", [{}, {"utc": True}])
def test_dates_are_refused_with_the_conversion(as_dates):
    dates = pd.to_datetime(FRAME["mjd"], unit="D", **as_dates)
    with pytest.raises(TypeError, match=r"column 'mjd'.*MJD.*1858-11-17"):
        LightCurves.from_frame(FRAME.assign(mjd=dates))
    # the advice works, for dates with and without a time zone
    epoch = pd.Timestamp("1858-11-17", tz="UTC")
    mjd = (pd.to_datetime(dates, utc=True) - epoch) / pd.Timedelta(days=1)
    assert LightCurves.from_frame(FRAME.assign(mjd=mjd)).time[0] == 40588


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
    ],
)
def test_ids_of_any_dtype(ids, expected):
    lcs = LightCurves.from_frame(FRAME.assign(oid=ids))
    assert lcs.ids.tolist() == expected
    np.testing.assert_array_equal(lcs.mag, READ.mag)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([7, None, 5, 5, 5], "'oid': 1 row.*row 1"),
        (["a", None, "b", None, "b"], "'oid': 2 row.*row 1"),
        (FRAME["oid"].astype("Int64").where(FRAME["oid"] == 7), "'oid': 3 row.*row 2"),
        ([7.5, 7.5, 5, 5, 5], "'oid' must be integers or strings"),
        ([True, True, False, False, False], "'oid' must be integers or strings"),
        (pd.to_datetime(FRAME["oid"]), "'oid' must be integers or strings"),
        ([[1], [1], [2], [2], [2]], "'oid' must be integers or strings"),
    ],
)
def test_ids_that_name_nothing(ids, message):
    with pytest.raises((TypeError, ValueError), match=message):
        LightCurves.from_frame(FRAME.assign(oid=ids))


def test_bytes_and_text_that_read_alike_are_one_id_too_many():
    with pytest.raises(ValueError, match="'a' appears more than once"):
        LightCurves.from_frame(FRAME.assign(oid=pd.Series([b"a", b"a", "a", "a", "a"])))


# -- bands ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "band"),
    [
        (["g", "r", "g", "g", "r"], "g"),
        (pd.Categorical(["g", "r", "g", "g", "r"]), "g"),
        (pd.Series(["g", "r", "g", "g", "r"], dtype="string[pyarrow]"), "g"),
        (pd.Series(["g", None, "g", "g", None], dtype="string"), "g"),
        (["g", np.nan, "g", "g", None], "g"),
        ([1, 2, 1, 1, 2], 1),
        (pd.Series([1, None, 1, 1, None], dtype="Int8"), 1),
    ],
)
def test_one_band_is_chosen(labels, band):
    frame = FRAME.assign(band=labels)
    lcs = LightCurves.from_frame(frame, band=band)
    assert lcs.band.tolist() == [str(band)] * 2
    assert lcs.mag.tolist() == [15, 17, 18]
    with pytest.raises(ValueError, match="'band' holds several bands"):
        LightCurves.from_frame(frame)


def test_the_only_band_needs_no_choice():
    assert LightCurves.from_frame(FRAME.assign(band="g")).band.tolist() == ["g", "g"]
    nameless = FRAME.assign(band=pd.Series([None] * 5, dtype=object))
    assert LightCurves.from_frame(nameless).band.tolist() == ["", ""]


@pytest.mark.parametrize(
    ("frame", "band", "error", "message"),
    [
        (FRAME.assign(band="g"), "i", ValueError, r"no band 'i' in column 'band': \['g'\]"),
        (FRAME.assign(fid=1), "2", ValueError, r"no band '2' in column 'fid': \[1\]"),
        (FRAME, "g", ValueError, "band='g'"),
        (FRAME.assign(band="g"), ["g", "r"], TypeError, "column 'band'"),
        (FRAME.assign(band=[["g"]] * 5), "g", TypeError, "column 'band'"),
    ],
)
def test_bands_that_are_not_there(frame, band, error, message):
    with pytest.raises(error, match=message):
        LightCurves.from_frame(frame, band=band)


def test_no_rows_are_no_objects():
    for frame in (FRAME[:0], FRAME[:0].assign(band="g")):
        assert len(LightCurves.from_frame(frame)) == 0


def test_columns_left_alone_do_not_matter():
    extra = FRAME.assign(flags="bad", flux=-1.0, when=pd.Timestamp("2020-01-01"))
    assert LightCurves.from_frame(extra) == READ


def test_big_endian_columns_as_fits_has_them():
    table = np.rec.fromarrays(
        [FRAME["oid"], FRAME["mjd"], FRAME["mag"], [1, 1, 2, 2, 2]],
        dtype=[("oid", ">i8"), ("mjd", ">f8"), ("mag", ">f4"), ("fid", ">i2")],
    )
    frame = pd.DataFrame(table)
    assert LightCurves.from_frame(frame, band=2).ids.tolist() == [5]
    plain = LightCurves.from_frame(FRAME.drop(columns="magerr"))
    assert LightCurves.from_frame(frame.drop(columns="fid")) == plain


@pytest.mark.parametrize("name", ["filterid", "filterName", "FLT"])
def test_bands_under_other_names_are_not_mixed(name):
    with pytest.raises(ValueError, match="holds several bands"):
        LightCurves.from_frame(FRAME.assign(**{name: list("ggrrr")}))


def test_bands_are_chosen_by_their_names():
    frame = FRAME.assign(fid=[1.0, 1.0, np.nan, np.nan, 2.0])
    for band in (1, 1.0, "1"):
        found = LightCurves.from_frame(frame, band=band)
        assert (found.ids.tolist(), found.band.tolist()) == ([7], ["1"])
    with pytest.raises(ValueError, match=r"several bands \(g, None\)"):
        LightCurves.from_frame(FRAME.assign(band=["g", None, np.nan, "g", "g"]))
