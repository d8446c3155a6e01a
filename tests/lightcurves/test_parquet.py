import os
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sklearn_astromer import LightCurves
from sklearn_astromer.lightcurves import parquet

FRAME = pd.DataFrame(
    {
        "oid": [7, 7, 5, 5, 5, 9],
        "mjd": [2.0, 1.0, 3.0, 5.0, 4.0, 6.0],
        "mag": [15.0, 16.0, 17.0, 18.0, 19.0, 20.0],
        "magerr": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        "flags": ["a"] * 6,
    }
)
DOUBLES = pa.list_(pa.float64())


@pytest.fixture(params=["from_parquet", "open_parquet"])
def read(request, tmp_path, monkeypatch):
    """Both doors: whatever holds for one holds for the other."""
    monkeypatch.setenv("SKLEARN_ASTROMER_HOME", str(tmp_path / "home"))
    return getattr(LightCurves, request.param)


@pytest.fixture
def write(tmp_path):
    """Write a frame or an Arrow table, and return the path."""
    written = []

    def write(table, **kwargs):
        path = tmp_path / f"{len(written)}.parquet"
        written.append(path)
        if isinstance(table, pd.DataFrame):
            table.to_parquet(path, **kwargs)
        else:
            pq.write_table(table, path, **kwargs)
        return path

    return write


def lists(kind=DOUBLES, **columns):
    """Two objects, one per row."""
    return pa.table(
        {
            "object_id": ["a", "b"],
            "mjd": pa.array([[2.0, 1.0], [3.0, 4.0]], type=kind),
            "mag": pa.array([[15.0, 16.0], [17.0, 18.0]], type=kind),
            **columns,
        }
    )


NESTED = LightCurves.from_arrays(
    [np.array([[2, 15], [1, 16]]), np.array([[3, 17], [4, 18]])], ids=["a", "b"]
)

# -- long tables ---------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 4, 100])
def test_row_groups_may_cut_an_object_in_two(read, write, rows):
    assert read(write(FRAME, row_group_size=rows)) == LightCurves.from_frame(FRAME)


def test_the_index_of_the_frame_that_was_written(read, write):
    assert read(write(FRAME.set_index("oid"))) == LightCurves.from_frame(FRAME)
    assert read(write(FRAME.set_index(["oid", "mjd"]))) == LightCurves.from_frame(FRAME)


def test_only_the_columns_needed_are_read(read, write, monkeypatch):
    path, asked = write(FRAME, row_group_size=3), []
    original = pq.ParquetFile.read_row_group

    def spy(self, group, columns=None, **kwargs):
        asked.append(columns)
        return original(self, group, columns=columns, **kwargs)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", spy)
    read(path)
    assert asked == [["oid", "mjd", "mag", "magerr"]] * 2


def test_columns_can_be_given(read, write):
    odd = FRAME.set_axis(["star", "a.b", "V", "u", "f"], axis=1).assign(mag=0.0)
    lcs = read(write(odd), id="star", time="a.b", mag="V", mag_err="u", band_column="f")
    assert lcs.band.tolist() == ["a"] * 3
    np.testing.assert_array_equal(lcs.mag, LightCurves.from_frame(FRAME).mag)
    with pytest.raises(ValueError, match="as the time"):
        read(write(odd))


def test_scattered_rows_are_gathered_in_memory_and_refused_when_mapped(write, tmp_path):
    path = write(FRAME.iloc[[0, 2, 5, 1, 3, 4]], row_group_size=2)
    lcs = LightCurves.from_parquet(path)
    assert [c.tolist() for c in lcs] == [c.tolist() for c in LightCurves.from_frame(FRAME)]
    with pytest.raises(ValueError, match="object 7 appears more than once"):
        LightCurves.open_parquet(path, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("mag", [15, None, 1, 1, 1, 1], "object 7 .observation 1"),
        ("mjd", [1, 2, 3, 4, 5, None], "object 9"),
        ("mag", ["15"] * 6, "column 'mag'"),
        ("mag", [None] * 6, "object 7"),
        ("mag", [True] * 6, "column 'mag'"),
        ("mag", [{"a": 1}] * 6, "column 'mag'"),
        ("mag", [[1.0]] * 6, "column 'mag'"),
        ("mjd", pd.to_datetime(["2020-01-01"] * 6), "column 'mjd'.*MJD"),
        ("mjd", pd.to_datetime(["2020-01-01"] * 6, utc=True), "column 'mjd'.*MJD"),
        ("oid", [7, 7, None, 5, 5, 5], "column 'oid': 1 row"),
        ("oid", [7, 7, 5, 5, 5, None], "column 'oid': 1 row"),
        ("oid", [True] * 6, "column 'oid'"),
    ],
)
def test_bad_values_of_a_long_table(read, write, column, values, message):
    with pytest.raises((TypeError, ValueError), match=message):
        read(write(FRAME.assign(**{column: values})))


def test_null_errors_are_absent(read, write):
    lcs = read(write(FRAME.assign(magerr=[None, 0.2, 0.3, 0.4, 0.5, 0.6])))
    np.testing.assert_array_equal(lcs[0][:, 2], [0.2, np.nan])


# -- one row per object --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [DOUBLES, pa.large_list(pa.float32()), pa.list_(pa.float64(), 2), pa.list_(pa.int16())],
    ids=str,
)
def test_lists_of_every_kind(read, write, kind):
    assert read(write(lists(kind))) == NESTED
    assert read(write(lists(kind), row_group_size=1)) == NESTED


def test_lists_of_a_pandas_frame(read, write):
    frame = pd.DataFrame(
        {"id": ["a", "b"], "mjd": [c[:, 0] for c in NESTED], "mag": [c[:, 1] for c in NESTED]}
    )
    assert read(write(frame)) == NESTED
    assert read(write(frame.set_index("id"))) == NESTED


def test_bands_of_lists_stay_together_or_are_chosen(read, write):
    same = pa.array(["s", "s"]).dictionary_encode()
    for labels in (["g", "r"], pa.array(["g", "r"]).dictionary_encode(), [b"g", b"r"]):
        path = write(lists(object_id=same, band=labels), row_group_size=1)
        lcs = read(path)
        assert lcs.ids.tolist() == ["s", "s"]
        assert lcs.band.tolist() == ["g", "r"]
    path = write(lists(band=["g", "r"]), row_group_size=1)
    assert read(path, band="r").ids.tolist() == ["b"]
    assert read(write(lists(band=["g", None]))).band.tolist() == ["g", ""]


def test_a_band_is_one_band_in_every_row_group(read, write):
    fid = pa.array([1, None, 2, 1], pa.int32())  # a missing value makes pandas read floats
    table = lists(object_id=list("abcd"), mjd=[[1.0]] * 4, mag=[[15.0]] * 4, fid=fid)
    path = write(table, row_group_size=2)
    assert read(path).band.tolist() == ["1", "", "2", "1"]
    for band in (1, "1"):
        assert read(path, band=band).ids.tolist() == ["a", "d"]


def test_ids_that_are_missing_in_another_band(read, write):
    ids = pa.array([2**60 + 1, 2**60 + 2, None])
    path = write(pa.table({"oid": ids, "mjd": [1.0, 2, 3], "mag": [15.0] * 3, "band": list("ggr")}))
    assert read(path, band="g").ids.tolist() == [2**60 + 1, 2**60 + 2]


def test_an_object_whose_list_is_missing_can_be_dropped(read, write):
    missing = pa.array([[1.0, 2.0], None])
    with pytest.warns(UserWarning, match=r"Dropped: 1 object\(s\)"):
        found = read(write(lists(mjd=missing, mag=missing)), on_invalid="drop")
    assert found.ids.tolist() == ["a"]


@pytest.mark.parametrize("column", ["band", "fid"])
def test_folders_that_say_the_band(read, tmp_path, column):
    labels = ["g", "r r"] if column == "band" else [1, 2]
    frame = FRAME.assign(**{column: [labels[i] for i in (0, 0, 0, 1, 1, 0)]})
    frame.to_parquet(tmp_path / "hive", partition_cols=[column])
    with pytest.raises(ValueError, match=f"'{column}' holds several bands"):
        read(tmp_path / "hive")
    found = read(tmp_path / "hive", band=labels[1])
    assert found == LightCurves.from_frame(frame, band=labels[1])
    assert found.band.tolist() == [str(labels[1])]
    one = read(tmp_path / "hive" / f"{column}={labels[0]}")
    assert one == LightCurves.from_frame(frame, band=labels[0])
    within = tmp_path / "id=3" / "band=z"
    within.mkdir(parents=True)
    frame.to_parquet(within / "a.parquet")  # what the file says goes before
    assert read(within, band=labels[1]) == found
    frame.rename(columns={column: "colour"}).to_parquet(tmp_path / "own", partition_cols=["colour"])
    assert read(tmp_path / "own", band_column="colour", band=labels[1]) == found


def test_the_folder_of_a_hats_catalog(read, tmp_path):
    part = tmp_path / "cat" / "dataset" / "Norder=0" / "Dir=0"
    part.mkdir(parents=True)
    (tmp_path / "cat" / "hats.properties").touch()
    FRAME.to_parquet(part / "Npix=4.parquet")
    FRAME.iloc[:2].to_parquet(tmp_path / "cat" / "data_thumbnail.parquet")
    assert read(tmp_path / "cat") == LightCurves.from_frame(FRAME)
    (tmp_path / "cat" / "collection.properties").touch()
    with pytest.raises(ValueError, match="is a collection of HATS catalogs"):
        read(tmp_path / "cat")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"mag": pa.array([[1.0, 2.0], None])}, "object 'b' has 2 times but 0 values"),
        ({"mag": pa.array([[1.0, 2.0], [None, 1.0]])}, "object 'b' .observation 0"),
        ({"mag": pa.array([[1.0, 2.0], [1.0]])}, "object 'b' has 2 times but 1 values"),
        ({"magerr": pa.array([[0.1, 0.2], [0.1]])}, "object 'b' has 2 times but 1 .*'magerr'"),
        ({"mag": pa.array([["x", "y"], ["z", "z"]])}, "column 'mag'"),
        ({"mag": pa.array([1.0, 2.0])}, "column 'mag' holds double"),
        ({"mag": pa.array([[[1.0], [2.0]], [[1.0], [2.0]]])}, "column 'mag'"),
        ({"mjd": pa.array([[1.0, 2.0], []]), "mag": pa.array([[1.0, 2.0], []])}, "first is 'b'"),
        ({"object_id": pa.array(["a", None])}, "'object_id' must not be missing"),
        ({"object_id": pa.array(["a", "a"])}, "object 'a' appears more than once"),
        ({"object_id": pa.array([0.5, 1.5])}, "'object_id' must be integers or strings"),
    ],
)
def test_bad_values_of_lists(read, write, columns, message):
    for row_group_size in (1, 2):
        with pytest.raises((TypeError, ValueError), match=message):
            read(write(lists(**columns), row_group_size=row_group_size))


# -- bands of both layouts -----------------------------------------------------------------------


def test_one_band_of_a_long_table(read, write):
    frame = FRAME.assign(band=pd.Categorical(["g", "r", "g", "g", "r", "r"]))
    for rows in (1, 2, 100):
        path = write(frame, row_group_size=rows)
        assert read(path, band="g") == LightCurves.from_frame(frame, band="g")
        with pytest.raises(ValueError, match="'band' holds several bands"):
            read(path)


def test_several_bands_are_noticed_across_row_groups(read, write):
    with pytest.raises(ValueError, match="'band' holds several bands"):
        read(write(FRAME.assign(band=["g", "g", "r", "r", "r", "r"]), row_group_size=2))


@pytest.mark.parametrize("table", [FRAME.assign(band="g"), lists(band=["g", "g"])])
def test_a_band_that_is_not_there(read, write, table):
    with pytest.raises(ValueError, match="no band 'z' in column 'band'"):
        read(write(table, row_group_size=1), band="z")


@pytest.mark.parametrize("table", [FRAME, lists()])
def test_a_band_of_a_table_without_bands(read, write, table):
    with pytest.raises(ValueError, match="band='g'"):
        read(write(table), band="g")


# -- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [FRAME.iloc[:0], lists().slice(0, 0)])
def test_no_rows_are_no_objects(read, write, table):
    assert len(read(write(table))) == 0


def test_several_files_and_folders(read, write, tmp_path):
    paths = [write(FRAME.iloc[:3]), write(FRAME.iloc[3:])]  # object 5 goes on in the second
    whole = LightCurves.from_frame(FRAME)
    assert read(paths) == read([str(p) for p in paths]) == read(tmp_path) == whole


def test_files_that_differ(read, write):
    other = write(FRAME.rename(columns={"mjd": "time"}))
    with pytest.raises(ValueError, match=rf"{other.name} does not have the columns of"):
        read([write(FRAME), other])
    with pytest.raises(ValueError, match="does not have the columns of"):
        read([write(FRAME), write(lists())])


def test_files_that_are_not_there(read, tmp_path):
    for missing in (tmp_path / "no.parquet", tmp_path):
        with pytest.raises(FileNotFoundError, match="no Parquet file at"):
            read(missing)
    with pytest.raises(ValueError, match="list of Parquet files is empty"):
        read([])
    with pytest.raises(TypeError, match="list of paths, got int"):
        read(5)


def test_files_that_are_broken(read, write, tmp_path):
    whole = write(FRAME).read_bytes()
    torn = bytearray(whole)
    torn[20:120] = bytes(100)
    for content in (b"", b"oid,mjd,mag\n1,2,3", whole[: len(whole) // 2], bytes(torn)):
        path = tmp_path / "broken.parquet"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"broken\.parquet"):
            read(path)
    assert not list(tmp_path.glob("home/mapped/*partial*"))


def test_without_pyarrow_the_error_says_what_to_install(read, write, monkeypatch):
    path = write(FRAME)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"sklearn_astromer\[parquet\]"):
        read(path)


# -- mapping -------------------------------------------------------------------------------------


def test_mapped_columns_are_decoded_once(write, tmp_path, monkeypatch):
    path, cache = write(FRAME), tmp_path / "cache"
    first = LightCurves.open_parquet(path, cache_dir=cache)
    assert isinstance(first.mag.base.base, np.memmap)
    assert not list(cache.glob("*partial*"))
    with monkeypatch.context() as patch:
        patch.setattr(parquet, "_decode", None)
        assert LightCurves.open_parquet(path, cache_dir=cache) == first
    # what is asked for, and the file as it is now, decide
    assert LightCurves.open_parquet(path, cache_dir=cache, time="mag", mag="mjd") != first
    FRAME.iloc[:2].to_parquet(path)
    assert len(LightCurves.open_parquet(path, cache_dir=cache)) == 1
    shutil.rmtree(cache)
    assert len(LightCurves.open_parquet(path, cache_dir=cache)) == 1


def test_warnings_are_given_at_every_opening(write, tmp_path):
    path = write(FRAME.assign(mag=[np.nan, 1e4, 1, 1, 1, 1], magerr=-99.0), row_group_size=2)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            lcs = LightCurves.open_parquet(path, cache_dir=tmp_path / "c", on_invalid="drop")
        messages = " ".join(str(w.message) for w in caught)
        assert "Dropped: 1 observation(s)" in messages
        assert "fluxes" in messages
        assert "negative" in messages
        assert {w.filename for w in caught} == {__file__}
    assert len(lcs.time) == 5


def test_a_thousand_warnings_are_summed_up(write, tmp_path):
    frame = pd.DataFrame({"id": range(20), "t": 1.0, "mag": 1e4})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        LightCurves.open_parquet(write(frame, row_group_size=1), cache_dir=tmp_path / "c")
    assert len(caught) == 6
    assert "15 more" in str(caught[-1].message)


def test_two_processes_at_once(write, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": np.arange(200_000) // 100, "t": 1.0, "mag": rng.random(200_000)})
    path = write(frame, row_group_size=10_000)
    code = (
        "import sys; from sklearn_astromer.lightcurves import LightCurves; import joblib;"
        "print(joblib.hash(LightCurves.open_parquet(sys.argv[1], cache_dir=sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "cache")]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        for _ in range(2)
    ]
    hashes = {process.communicate(timeout=120)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    assert len(hashes) == 1
    assert len([p for p in (tmp_path / "cache").iterdir() if p.is_dir()]) == 1


# -- real catalogs -------------------------------------------------------------------------------


def test_a_real_catalog_reads_as_pandas_reads_it(shared, tmp_path):
    path = shared / "data" / "stripe82.parquet"
    table = pd.read_parquet(path)
    lcs = LightCurves.from_parquet(path)
    assert lcs == LightCurves.open_parquet(path, cache_dir=tmp_path)
    assert lcs.ids.tolist() == table["object_id"].tolist()
    assert lcs.band.tolist() == table["band"].tolist()
    for i in range(0, len(lcs), 50):
        row = table.iloc[i]
        np.testing.assert_array_equal(lcs[i].T, [row["mjd"], row["mag"], row["magerr"]])
    g = table[table["band"] == "g"]
    assert LightCurves.from_parquet(path, band="g") == lcs[(table["band"] == "g").to_numpy()]
    long = g.explode(["mjd", "mag", "magerr"]).astype(dict.fromkeys(["mjd", "mag", "magerr"], "f8"))
    assert LightCurves.from_frame(long) == LightCurves.from_parquet(path, band="g")
