"""Parquet, read into memory and mapped: what files and folders of it can be."""

import json
import os
import shutil
import subprocess
import sys
import warnings
from importlib import metadata

import numpy as np
import pandas as pd
import pytest

from sklearn_astromer import LightCurves
from sklearn_astromer._files import sha256
from sklearn_astromer._json import sealed, unsealed
from sklearn_astromer.lightcurves.reading import mapped, tables

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

FRAME = pd.DataFrame(
    {
        "oid": [7, 7, 5, 5, 5, 9],
        "mjd": [2.0, 1.0, 3.0, 5.0, 4.0, 6.0],
        "mag": [15.0, 16.0, 17.0, 18.0, 19.0, 20.0],
        "magerr": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        "weather": ["a"] * 6,
    }
)
READ = LightCurves.read(FRAME)
DOUBLES = pa.list_(pa.float64())


@pytest.fixture(params=["read", "open_parquet"])
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

# -- rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 4, 100])
def test_pieces_may_cut_an_object_in_two(read, write, rows, monkeypatch):
    monkeypatch.setattr(tables, "PIECE_ROWS", rows)
    monkeypatch.setattr(mapped, "PIECE", rows)
    assert read(write(FRAME, row_group_size=rows)) == READ


def test_the_index_of_the_frame_that_was_written(read, write):
    assert read(write(FRAME.set_index("oid"))) == READ
    assert read(write(FRAME.set_index(["oid", "mjd"]))) == READ


def test_columns_can_be_given(read, write):
    odd = FRAME.set_axis(["star", "a.b", "V", "u", "f"], axis=1).assign(mag=0.0)
    lcs = read(write(odd), id="star", time="a.b", mag="V", mag_err="u", band_column="f")
    assert lcs.band.tolist() == ["a"] * 3
    np.testing.assert_array_equal(lcs.mag, READ.mag)
    with pytest.raises(ValueError, match=r"as the time among .*'a\.b'"):
        read(write(odd))


def test_scattered_rows_are_gathered_unless_they_are_far_apart(write, tmp_path, monkeypatch):
    path = write(FRAME.iloc[[0, 2, 5, 1, 3, 4]], row_group_size=2)
    gathered = LightCurves.read(path)
    assert gathered == READ
    assert LightCurves.open_parquet(path, cache_dir=tmp_path / "cache") == gathered
    monkeypatch.setattr(tables, "PIECE_ROWS", 2)
    monkeypatch.setattr(mapped, "PIECE", 2)
    with pytest.raises(ValueError, match=r"object 5 is in several places.*sort it by its ids"):
        LightCurves.open_parquet(path, cache_dir=tmp_path / "pieces")
    assert not list((tmp_path / "pieces").glob("*partial*"))


# -- one row per object --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [DOUBLES, pa.large_list(pa.float32()), pa.list_(pa.float64(), 2), pa.list_(pa.int16())],
    ids=str,
)
def test_lists_of_every_kind(read, write, kind, monkeypatch):
    assert read(write(lists(kind))) == NESTED
    monkeypatch.setattr(tables, "PIECE_OBJECTS", 1)
    assert read(write(lists(kind), row_group_size=1)) == NESTED


def test_lists_of_a_pandas_frame(read, write):
    frame = pd.DataFrame(
        {"id": ["a", "b"], "mjd": [c[:, 0] for c in NESTED], "mag": [c[:, 1] for c in NESTED]}
    )
    assert read(write(frame)) == NESTED
    assert read(write(frame.set_index("id"))) == NESTED


def test_bands_of_lists_stay_together_or_are_chosen(read, write, monkeypatch):
    monkeypatch.setattr(tables, "PIECE_OBJECTS", 1)
    same = pa.array(["s", "s"]).dictionary_encode()
    for labels in (["g", "r"], pa.array(["g", "r"]).dictionary_encode(), [b"g", b"r"]):
        lcs = read(write(lists(object_id=same, band=labels), row_group_size=1))
        assert lcs.ids.tolist() == ["s", "s"]
        assert lcs.band.tolist() == ["g", "r"]
    assert read(write(lists(band=["g", "r"]), row_group_size=1), band="r").ids.tolist() == ["b"]
    assert read(write(lists(band=["g", None]))).band.tolist() == ["g", ""]


@pytest.mark.filterwarnings("ignore:read as columns")
def test_a_band_is_one_band_in_every_piece(read, write, monkeypatch):
    monkeypatch.setattr(tables, "PIECE_OBJECTS", 2)
    fid = pa.array([1, None, 2, 1], pa.int32())  # a missing value makes pandas read floats
    table = lists(object_id=list("abcd"), mjd=[[1.0]] * 4, mag=[[15.0]] * 4, fid=fid)
    path = write(table, row_group_size=2)
    assert read(path).band.tolist() == ["1", "", "2", "1"]
    for band in (1, "1"):
        assert read(path, band=band).ids.tolist() == ["a", "d"]


@pytest.mark.parametrize("nothing", [None, []])
def test_an_object_without_observations(read, write, nothing):
    empty = pa.array([[1.0, 2.0], nothing])
    with pytest.warns(UserWarning, match="objects without observations are left out: 1.*'b'"):
        found = read(write(lists(mjd=empty, mag=empty)))
    assert found.ids.tolist() == ["a"]
    with pytest.raises(ValueError, match=r"1 object.* no observations, the first is 'b'"):
        read(write(lists(mjd=empty, mag=empty)), on_invalid="raise")


def test_rows_of_lists_with_one_id_are_one_object(read, write):
    lcs = read(write(lists(object_id=["a", "a"])))
    assert lcs.ids.tolist() == ["a"]
    assert lcs.mag.tolist() == [16, 15, 17, 18]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"mag": pa.array([[1.0, 2.0], None])}, "object 'b' has 2 values in 'mjd' but 0 in 'mag'"),
        ({"mag": pa.array([[1.0, 2.0], [1.0]])}, "object 'b' has 2 values in 'mjd' but 1 in 'mag'"),
        ({"magerr": pa.array([[0.1, 0.2], [0.1]])}, "object 'b' has 2 .* but 1 in 'magerr'"),
        ({"mag": pa.array([["x", "y"], ["z", "z"]])}, "column 'mag' has 'x' in row 0, no number"),
        ({"mag": pa.array([[[1.0], [2.0]], [[1.0], [2.0]]])}, "column 'mag'"),
        ({"object_id": pa.array(["a", None])}, r"row\(s\) have no 'object_id'"),
        ({"object_id": pa.array([0.5, 1.5])}, "'object_id' must be integers or strings"),
    ],
)
def test_bad_values_of_lists(read, write, columns, message):
    with pytest.raises((TypeError, ValueError), match=message):
        read(write(lists(**columns)))


# -- folders -------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["band", "fid"])
def test_folders_that_say_the_band(read, tmp_path, column):
    labels = ["g", "r r"] if column == "band" else [1, 2]
    frame = FRAME.assign(**{column: [labels[i] for i in (0, 0, 0, 1, 1, 0)]})
    frame.to_parquet(tmp_path / "hive", partition_cols=[column])
    found = read(tmp_path / "hive")
    of_rows = LightCurves.read(frame)
    assert sorted(zip(found.ids, found.band, map(len, found), strict=True)) == sorted(
        zip(of_rows.ids, of_rows.band, map(len, of_rows), strict=True)
    )
    found = read(tmp_path / "hive", band=labels[1])
    assert found == LightCurves.read(frame, band=labels[1])
    assert found.band.tolist() == [str(labels[1])]
    one = read(tmp_path / "hive" / f"{column}={labels[0]}")
    assert one == LightCurves.read(frame, band=labels[0])
    within = tmp_path / "id=3" / "band=z"
    within.mkdir(parents=True)
    frame.to_parquet(within / "a.parquet")  # what the file says goes before
    own = {"id": "oid", "band_column": column}
    assert read(within, band=labels[1], **own) == found
    frame.rename(columns={column: "colour"}).to_parquet(tmp_path / "own", partition_cols=["colour"])
    assert read(tmp_path / "own", band_column="colour", band=labels[1]) == found


def test_the_folder_of_a_hats_catalog(read, tmp_path):
    part = tmp_path / "cat" / "dataset" / "Norder=0" / "Dir=0"
    part.mkdir(parents=True)
    (tmp_path / "cat" / "hats.properties").touch()
    FRAME.to_parquet(part / "Npix=4.parquet")
    FRAME.iloc[:2].to_parquet(tmp_path / "cat" / "data_thumbnail.parquet")
    assert read(tmp_path / "cat") == READ
    (tmp_path / "collection.properties").touch()
    (tmp_path / "cat_margin").mkdir()
    (tmp_path / "cat_margin" / "properties").touch()
    (tmp_path / "notes").mkdir()
    with pytest.raises(ValueError, match=r"is a collection of HATS .* folders \((.*)\)$") as caught:
        read(tmp_path)
    folders = str(caught.value).partition("(")[2][:-1].split(", ")
    assert folders == [str(tmp_path / "cat"), str(tmp_path / "cat_margin")]
    (tmp_path / "notes" / "collection.properties").touch()
    with pytest.raises(ValueError, match="of which none is here"):
        read(tmp_path / "notes")


# -- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [FRAME.iloc[:0], lists().slice(0, 0)])
def test_no_rows_are_no_objects(read, write, table):
    assert len(read(write(table))) == 0


def test_several_files_and_folders(read, write, tmp_path):
    paths = [write(FRAME.iloc[:3]), write(FRAME.iloc[3:])]  # object 5 goes on in the second
    assert read(paths) == read([str(p) for p in paths]) == read(tmp_path) == READ


def test_files_that_differ(read, write):
    """Each is read by its own columns, magnitudes and fluxes apart."""
    first = write(FRAME.iloc[:3])
    assert read([first, write(FRAME.iloc[3:].rename(columns={"mjd": "time"}))]) == READ
    other = write(FRAME.iloc[3:].rename(columns={"mag": "flux", "magerr": "flux_err"}))
    with pytest.raises(ValueError, match=rf"{other.name} has fluxes.*magnitudes: read them apart"):
        read([first, other])


def test_what_is_no_file(read, tmp_path):
    for missing in (tmp_path / "no.parquet", tmp_path):
        with pytest.raises(FileNotFoundError, match=r"there is no file|has no files"):
            read(missing)
    for wrong in ([], 5):
        with pytest.raises(TypeError, match=r"(open_parquet|LightCurves.read) takes a path"):
            read(wrong)


def test_files_that_are_broken(read, write, tmp_path):
    whole = write(FRAME).read_bytes()
    torn = bytearray(whole)
    torn[20:120] = bytes(100)
    for content in (b"", b"oid,mjd,mag\n1,2,3", whole[: len(whole) // 2], bytes(torn)):
        path = tmp_path / "broken.parquet"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"broken\.parquet"):
            read(path)
        with pytest.warns(UserWarning, match=r"skipped 1 files, the first .*broken\.parquet"):
            assert read([write(FRAME), path], on_error="skip") == READ
    assert not list(tmp_path.glob("home/mapped/*partial*"))


def test_without_pyarrow_the_error_says_what_to_install(read, write, monkeypatch):
    path = write(FRAME)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"sklearn_astromer\[parquet\]"):
        read(path)


# -- mapping -------------------------------------------------------------------------------------


def test_a_large_file_is_not_kept_in_memory(tmp_path, monkeypatch):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rng, path = np.random.default_rng(0), tmp_path / "large.parquet"
    schema = pa.schema(
        {"id": pa.int64(), "mjd": pa.list_(pa.float64()), "mag": pa.list_(pa.float64())}
    )
    with pq.ParquetWriter(path, schema) as file:
        for start in range(0, 10_000, 500):
            lists = [
                list(np.sort(rng.uniform(0, 1000, (500, 50)))),
                list(rng.normal(17, 1, (500, 50))),
            ]
            file.write_table(pa.table([np.arange(start, start + 500), *lists], schema=schema))
    held, of_arrow = [], tables._of_arrow

    def watched(*args):
        held.append(pa.total_allocated_bytes())
        return of_arrow(*args)

    monkeypatch.setattr(tables, "_of_arrow", watched)
    before = pa.total_allocated_bytes()
    assert len(LightCurves.open_parquet(path, cache_dir=tmp_path / "cache")) == 10_000
    assert max(held) - before < path.stat().st_size / 2


def test_mapped_columns_are_decoded_once(write, tmp_path, monkeypatch):
    path, cache = write(FRAME), tmp_path / "cache"
    first = LightCurves.open_parquet(path, cache_dir=cache)
    assert isinstance(first.mag.base.base, np.memmap)
    assert not list(cache.glob("*partial*"))
    with monkeypatch.context() as patch:
        patch.setattr(mapped, "_decode", None)
        again = LightCurves.open_parquet(path, cache_dir=cache)
        assert again == first
        assert again.report == first.report
    # what is asked for, and the file as it is now, decide
    assert LightCurves.open_parquet(path, cache_dir=cache, time="mag", mag="mjd") != first
    FRAME.iloc[:2].to_parquet(path)
    assert len(LightCurves.open_parquet(path, cache_dir=cache)) == 1
    shutil.rmtree(cache)
    assert len(LightCurves.open_parquet(path, cache_dir=cache)) == 1


def test_a_file_of_the_same_size_and_time_is_another(write, tmp_path):
    path = write(FRAME, compression=None)
    before = path.stat()
    first = LightCurves.open_parquet(path, cache_dir=tmp_path / "cache")
    FRAME.assign(mag=FRAME["mag"] + 1).to_parquet(path, compression=None)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    second = LightCurves.open_parquet(path, cache_dir=tmp_path / "cache")
    np.testing.assert_array_equal(second.mag, first.mag + 1)


def test_what_was_changed_in_the_cache_is_decoded_anew(write, tmp_path):
    """One bit, of the columns, of the ids, of the report; or a file is gone."""
    path, cache = write(FRAME), tmp_path / "cache"
    first = LightCurves.open_parquet(path, cache_dir=cache)
    (folder,) = (entry for entry in cache.iterdir() if entry.is_dir())
    names = sorted(file.name for file in folder.iterdir())
    assert {"time.f64", "mag.f64", "mag_err.f64", "ids.npy", "offsets.npy"} < set(names)
    for name in names:
        for broken in ("bit", "gone"):
            content = bytearray((folder / name).read_bytes())
            content[len(content) // 2] ^= 1
            (folder / name).unlink()
            if broken == "bit":
                (folder / name).write_bytes(content)
            again = LightCurves.open_parquet(path, cache_dir=cache)
            assert again == first
            assert again.report == first.report


def test_another_version_decodes_anew(write, tmp_path, monkeypatch):
    """It may leave out other rows, or know another unit."""
    path, decode, decoded = write(FRAME), mapped._decode, []

    def count(*args):
        decoded.append(metadata.version("sklearn_astromer"))
        return decode(*args)

    monkeypatch.setattr(mapped, "_decode", count)
    for version in ("9.9.8", "9.9.8", "9.9.9", "9.9.8"):
        monkeypatch.setattr(metadata, "version", lambda name, version=version: version)
        assert LightCurves.open_parquet(path, cache_dir=tmp_path / "cache") == READ
    assert decoded == ["9.9.8", "9.9.9"]


def test_the_report_is_told_at_every_opening(write, tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "PIECE_ROWS", 2)
    path = write(FRAME.assign(mag=[np.nan, 1e4, 1, 1, 1, 1], magerr=-99.0), row_group_size=2)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            lcs = LightCurves.open_parquet(path, cache_dir=tmp_path / "c")
        assert len(caught) == 1
        assert str(caught[0].message) == str(lcs.report)
        assert "left out 1: 1 without time or brightness (first in object 7)" in str(lcs.report)
        assert "fluxes" in str(lcs.report)
        assert "negative or infinite are taken as absent (NaN): 5, the first" in str(lcs.report)
        assert caught[0].filename == __file__
    assert len(lcs.time) == 5


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
    lcs = LightCurves.read(path)
    assert lcs == LightCurves.open_parquet(path, cache_dir=tmp_path)
    assert lcs.ids.tolist() == table["object_id"].tolist()
    assert lcs.band.tolist() == table["band"].tolist()
    for i in range(0, len(lcs), 50):
        row = table.iloc[i]
        np.testing.assert_array_equal(lcs[i].T, [row["mjd"], row["mag"], row["magerr"]])
    g = table[table["band"] == "g"]
    assert LightCurves.read(path, band="g") == lcs[(table["band"] == "g").to_numpy()]
    long = g.explode(["mjd", "mag", "magerr"]).astype(dict.fromkeys(["mjd", "mag", "magerr"], "f8"))
    assert LightCurves.read(long) == LightCurves.read(path, band="g")


def test_a_file_that_changes_while_it_is_decoded(write, tmp_path, monkeypatch):
    path = write(FRAME)
    other = write(FRAME.assign(mag=FRAME["mag"] + 1))
    decode = mapped._decode

    def decode_and_change(*args):
        report = decode(*args)
        os.replace(other, path)
        return report

    folder = tmp_path / "mapped"
    monkeypatch.setattr(mapped, "_decode", decode_and_change)
    with pytest.raises(ValueError, match="changed while it was"):
        LightCurves.open_parquet(path, cache_dir=folder)
    monkeypatch.undo()
    assert LightCurves.open_parquet(path, cache_dir=folder).mag[0] == READ.mag[0] + 1
    write(FRAME).replace(path)  # what was there at first was not kept under its checksum
    assert LightCurves.open_parquet(path, cache_dir=folder).mag[0] == READ.mag[0]


@pytest.mark.parametrize("name", ["offsets", "ids", "time", "report"])
def test_a_decoded_folder_that_does_not_fit_is_made_anew(write, tmp_path, name):
    """Although every checksum is right."""
    path = write(FRAME)
    wanted = LightCurves.open_parquet(path, cache_dir=tmp_path / "cache")
    (head,) = (tmp_path / "cache").glob("*/head.json")
    said = unsealed(json.loads(head.read_text()))
    if name == "report":
        del said["report"]
    else:
        (file,) = head.parent.glob(f"{name}.*")
        file.unlink()  # the other is still mapped
        np.save(file, np.arange(2)) if name != "time" else file.write_bytes(b"\0" * 40)
        said["files"][file.name] = sha256(file)
    head.write_text(sealed(said))
    found = LightCurves.open_parquet(path, cache_dir=tmp_path / "cache")
    assert found._flat.equals(wanted._flat)
    assert found.report.lines() == wanted.report.lines()
