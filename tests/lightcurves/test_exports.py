"""What a collection becomes elsewhere, and that it comes back as it was."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sklearn_astromer import LightCurves

pa = pytest.importorskip("pyarrow")
MAGNITUDES = 0.0, -0.0, 99.99, 29.999, -99.0, 15.2, -9.99, 39.5
TIMES = (0.0, -3.5, 58000.0, 57999.123456789), (2458000.5, 2458001.25, 2457999.123456789)
ERRORS = float("nan"), 0.01, 9.999, 100.0, 1e-9
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=4)
IDS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(0, 9)), TEXT


@st.composite
def collections(draw):
    """Draw light curves of any times and magnitudes, with or without errors and bands."""
    ids = draw(st.lists(draw(st.sampled_from(IDS)), unique=True, max_size=5))
    bands = draw(st.sampled_from([None, [""], ["g"], ["g", "r"], ["g", " g", "g "], ["nan", "1"]]))
    owners = [(id, band) for id in ids for band in (bands or [""])]
    lengths = draw(st.lists(st.integers(1, 4), min_size=len(owners), max_size=len(owners)))
    n = sum(lengths)
    times = draw(st.sampled_from(TIMES))  # of one origin
    columns = [
        np.array(draw(st.lists(st.sampled_from(each), min_size=n, max_size=n)), dtype=float)
        for each in (times, MAGNITUDES, ERRORS)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return LightCurves(
            *columns[: draw(st.integers(2, 3))],
            offsets=np.cumsum([0, *lengths]),
            ids=[id for id, _ in owners],
            band=None if bands is None else [band for _, band in owners],
        )


def curves_of_two_bands():
    return LightCurves(
        [1.0, 2.0, 3.0, 4.0, 5.0],
        [15.0, 15.1, 15.2, 15.3, 15.4],
        [0.01, np.nan, 0.03, 0.04, 0.05],
        offsets=[0, 2, 3, 5],
        ids=["star-7", "star-7", "star-8"],
        band=["g", "r", "g"],
    )


def check_same(read, curves):
    """Compare exactly, bits of magnitudes and kinds of ids too."""
    assert len(read) == len(curves)
    assert read == curves
    assert read.ids.dtype == curves.ids.dtype or len(curves) == 0
    assert read.mag.tobytes() == curves.mag.tobytes()
    assert (read.band is None) == (curves.band is None)
    assert (read.mag_err is None) == (curves.mag_err is None)


# -- by name ---------------------------------------------------------------------------------------


def test_loc_gives_the_one_curve_of_an_id():
    curves = curves_of_two_bands()
    np.testing.assert_array_equal(curves.loc["star-8"], curves[2])


def test_loc_gives_all_bands_of_an_id():
    curves = curves_of_two_bands()
    assert curves.loc["star-7"] == curves[:2]


def test_loc_gives_a_collection_in_the_order_of_a_list_of_ids():
    curves = curves_of_two_bands()
    assert curves.loc[["star-8", "star-7"]] == curves[[2, 0, 1]]
    assert curves.loc[np.array(["star-8"])] == curves[[2]]
    assert curves.loc[["star-8", "star-8"]] == curves[[2, 2]]


def test_loc_is_of_ids_and_not_of_positions():
    curves = LightCurves.from_arrays([[[1, 15]], [[2, 16]], [[3, 17]]], ids=[2, 0, 1])
    assert curves.loc[2].tolist() == [[1, 15]]
    assert curves.loc[[1, 2]].ids.tolist() == [1, 2]
    assert curves.loc[[]].ids.tolist() == []


@pytest.mark.parametrize("key", ["star-9", ["star-7", "star-9"]])
def test_loc_of_an_id_that_is_not_there_names_it_and_what_is(key):
    with pytest.raises(KeyError, match=r"star-9.*star-"):
        curves_of_two_bands().loc[key]


def test_loc_tells_text_and_numbers_apart():
    with pytest.raises(KeyError, match="0 is no id: ids are text"):
        curves_of_two_bands().loc[0]
    with pytest.raises(KeyError, match="True is no id"):
        LightCurves([1.0], [15.0], offsets=[0, 1], ids=[1]).loc[True]
    with pytest.raises(KeyError, match="there is no object 1180591620717411303424"):
        LightCurves([1.0], [15.0], offsets=[0, 1], ids=[1]).loc[2**70]
    with pytest.raises(KeyError, match="'7' is no id: ids are integers"):
        LightCurves.from_arrays([[[1, 15]]], ids=[7]).loc["7"]


def test_a_position_that_is_the_id_of_another_is_told():
    pytest.importorskip("matplotlib")
    curves = LightCurves.from_arrays([[[1.0, 15.0]]] * 3, ids=[2, 1, 9])
    with pytest.warns(UserWarning, match="2 is taken for a position, where object 9 is"):
        assert curves.plot(2).get_title() == "9"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert curves.plot(1).get_title() == "1"
        assert curves.loc[[2]].plot(0).get_title() == "2"


def test_plot_takes_an_id():
    plt = pytest.importorskip("matplotlib.pyplot")
    curves = curves_of_two_bands()
    for key in ("star-8", 2, -1):
        axes = curves.plot(key)
        x, y = axes.containers[0].lines[0].get_data()
        assert (list(x), list(y)) == ([4.0, 5.0], [15.3, 15.4])
        assert "star-8" in axes.get_title()
        plt.close(axes.figure)
    with pytest.raises(KeyError, match=r"star-7.*2 light curves in bands g, r"):
        curves.plot("star-7")
    with pytest.raises(KeyError, match="star-9"):
        curves.plot("star-9")


# -- Parquet and Arrow -----------------------------------------------------------------------------


@settings(max_examples=30)
@given(curves=collections())
def test_parquet_and_arrow_come_back_as_they_were(curves):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        path = Path(folder, "curves.parquet")
        curves.to_parquet(path)
        for read in (
            LightCurves.read(path),
            LightCurves.open_parquet(path, cache_dir=folder),
            LightCurves.read(curves.to_arrow()),
            LightCurves.read(curves),
        ):
            check_same(read, curves)
            assert read.report.left_out == {}
            assert read.report.rows == read.report.kept == len(curves.time)


def test_parquet_has_a_row_per_object_and_lists(tmp_path):
    curves = curves_of_two_bands()
    curves.to_parquet(tmp_path / "curves.parquet")
    found = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / "curves.parquet")
    assert found.column_names == ["object_id", "band", "time", "mag", "mag_err"]
    assert found["object_id"].to_pylist() == ["star-7", "star-7", "star-8"]
    assert found["band"].to_pylist() == ["g", "r", "g"]
    assert found["time"].to_pylist() == [[1.0, 2.0], [3.0], [4.0, 5.0]]
    assert found["mag"].to_pylist() == [[15.0, 15.1], [15.2], [15.3, 15.4]]
    assert found["mag_err"].to_pylist()[1:] == [[0.03], [0.04, 0.05]]


def test_parquet_of_a_part_of_a_collection_is_of_that_part(tmp_path):
    curves = curves_of_two_bands()[1:]
    curves.to_parquet(tmp_path / "curves.parquet")
    check_same(LightCurves.read(tmp_path / "curves.parquet"), curves)


def test_parquet_refuses_one_id_twice_in_a_band_and_leaves_the_file(tmp_path):
    path = tmp_path / "curves.parquet"
    curves = curves_of_two_bands()
    curves.to_parquet(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"star-8.*more than once in band 'g'"):
        curves[[2, 2]].to_parquet(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_parquet_replaces_a_file_only_if_that_was_asked_for(tmp_path):
    path, curves = tmp_path / "curves.parquet", curves_of_two_bands()
    path.write_text("of somebody")
    with pytest.raises(FileExistsError, match=r"is there already: .* overwrite=True"):
        curves.to_parquet(path)
    assert path.read_text() == "of somebody"
    curves.to_parquet(path, overwrite=True)
    check_same(LightCurves.read(path), curves)
    with pytest.raises(IsADirectoryError, match="is a folder"):
        curves.to_parquet(tmp_path, overwrite=True)


def test_a_rule_that_was_asked_for_holds_for_parquet_of_ones_own(tmp_path):
    curves = LightCurves([1.0, 2.0], [15.0, 99.99], offsets=[0, 2])
    curves.to_parquet(tmp_path / "curves.parquet")
    with pytest.warns(UserWarning, match="sentinels"):
        read = LightCurves.read(tmp_path / "curves.parquet", survey="columns")
    assert read.mag.tolist() == [15.0]


# -- the Arrow stream ------------------------------------------------------------------------------


def test_polars_takes_a_collection_and_gives_it_back():
    polars = pytest.importorskip("polars")
    curves = curves_of_two_bands()
    frame = polars.DataFrame(curves)
    assert frame["object_id"].to_list() == ["star-7", "star-7", "star-8"]
    assert frame["mag"].list.mean().to_list() == pytest.approx([15.05, 15.2, 15.35])
    check_same(LightCurves.read(frame), curves)


def test_duckdb_takes_a_collection_and_gives_it_back():
    duckdb = pytest.importorskip("duckdb")
    curves = curves_of_two_bands()
    with duckdb.connect() as database:
        found = database.sql("SELECT * FROM curves WHERE band = 'g'").to_arrow_table()
        faintest = database.sql("SELECT max(list_max(mag)) FROM curves").fetchall()
    assert faintest == [(15.4,)]
    check_same(LightCurves.read(found), curves[[0, 2]])


def test_datasets_of_hugging_face_takes_a_collection_and_gives_it_back():
    datasets = pytest.importorskip("datasets")
    curves = curves_of_two_bands()
    dataset = datasets.Dataset(pa.table(curves))
    check_same(LightCurves.read(dataset.with_format("arrow")[:]), curves)


@pytest.mark.parametrize("part", [slice(0, 0), slice(1, 3), [2, 0], slice(None, None, -1)])
def test_the_stream_of_a_part_is_of_that_part(part):
    curves = curves_of_two_bands()[part]
    found = pa.table(curves)
    assert found["time"].to_pylist() == [one[:, 0].tolist() for one in curves]
    check_same(LightCurves.read(found), curves)


# -- astropy ---------------------------------------------------------------------------------------


def test_a_time_series_of_astropy_has_units_and_comes_back():
    pytest.importorskip("astropy")
    from astropy import units

    curves = curves_of_two_bands()
    series = curves.to_timeseries("star-8")
    assert series.time.mjd.tolist() == [4.0, 5.0]
    assert series["mag"].unit == series["mag_err"].unit == units.mag
    assert series["mag"].value.tolist() == [15.3, 15.4]
    assert series.meta == {"object_id": "star-8", "band": "g"}
    assert curves.to_timeseries(2).meta == series.meta
    back = LightCurves.from_arrays([series], ids=["star-8"], band="g")
    check_same(back, curves[[2]])


def test_a_time_series_needs_one_curve():
    pytest.importorskip("astropy")
    with pytest.raises(KeyError, match=r"star-7.*pass a position"):
        curves_of_two_bands().to_timeseries("star-7")
    with pytest.raises(IndexError):
        curves_of_two_bands().to_timeseries(3)
