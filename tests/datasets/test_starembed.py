"""StarEmbed's files, as its card describes them."""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sklearn_astromer import Stars
from sklearn_astromer.datasets import fetch_starembed

FLOATS = pa.list_(pa.float64())
BAND = pa.struct(
    [
        ("feat_dynamic_real", FLOATS),
        ("length", pa.int64()),
        ("mjd", FLOATS),
        ("past_feat_dynamic_real", FLOATS),
        ("target", FLOATS),
    ]
)


def observed(n, mag=15.0):
    time = np.linspace(58_000, 58_900, n).tolist()
    return {
        "feat_dynamic_real": time,
        "length": n,
        "mjd": time,
        "past_feat_dynamic_real": [0.02] * n,
        "target": [mag] * n,
    }


def write(path, rows):
    path.parent.mkdir(exist_ok=True)
    pq.write_table(
        pa.table(
            {
                "sourceid": pa.array([row[0] for row in rows]),
                "bands_data": pa.array(
                    [row[1] for row in rows], pa.struct([(b, BAND) for b in "gir"])
                ),
                "class_str": pa.array([row[2] for row in rows]),
                "period": pa.array([0.5] * len(rows)),
            }
        ),
        path,
    )


@pytest.fixture
def folder(tmp_path):
    first = [
        ("a", {"g": observed(3, 16.0), "r": observed(4, 15.5), "i": None}, "1"),
        ("b", {"g": None, "r": observed(2), "i": observed(9)}, "RRc"),
    ]
    write(tmp_path / "data" / "train-00000-of-00002.parquet", first)
    nothing = observed(0)
    second = [
        ("c", {"g": nothing, "r": None, "i": observed(5)}, "13"),
        ("d", {"g": observed(5), "r": observed(6), "i": None}, "6"),
    ]
    write(tmp_path / "data" / "train-00001-of-00002.parquet", second)
    write(tmp_path / "data" / "test-00000-of-00001.parquet", first[:1])
    return tmp_path


def test_all_files_of_a_split_are_read(folder):
    curves, stars = fetch_starembed(folder=folder)
    assert stars.index.tolist() == ["a", "b", "c", "d"]
    assert stars["class"].tolist() == ["EW", "RRc", "LPV", "RRd"]
    assert stars.columns.tolist() == ["class", "period"]
    assert curves.ids.tolist() == ["a", "d", "a", "b", "d"]
    assert curves.band.tolist() == ["g", "g", "r", "r", "r"]
    assert curves.lengths.tolist() == [3, 5, 4, 2, 6]
    assert curves.mag[0] == 16.0
    assert curves.mag_err.tolist() == [0.02] * 20
    assert curves.time[0] == 58_000
    assert stars.loc[Stars(curves).ids, "class"].tolist() == ["EW", "RRd", "RRc"]
    assert len(fetch_starembed("test", folder=folder, bands=["g"])[0]) == 1


def test_values_that_are_missing_are_left_out_with_a_warning(tmp_path):
    row = observed(4)
    row["target"][1] = float("nan")
    row["past_feat_dynamic_real"][2] = float("nan")
    write(tmp_path / "anom-00000-of-00001.parquet", [("a", {"g": row}, "BL Her")])
    with pytest.warns(UserWarning, match="1"):
        curves, stars = fetch_starembed("anom", folder=tmp_path, bands=["g"])
    assert curves.lengths.tolist() == [3]
    assert np.isnan(curves.mag_err).tolist() == [False, True, False]
    assert stars["class"].tolist() == ["BL Her"]


def test_what_cannot_be(folder, monkeypatch):
    with pytest.raises(ValueError, match="split must be one of"):
        fetch_starembed("valid", folder=folder)
    with pytest.raises(ValueError, match="bands must be a list"):
        fetch_starembed(bands="gr", folder=folder)
    with pytest.raises(ValueError, match="no band 'z', only"):
        fetch_starembed(bands=["z"], folder=folder)
    with pytest.raises(FileNotFoundError, match=r"validation-\*"):
        fetch_starembed("validation", folder=folder)
    pq.write_table(pa.table({"sourceid": ["a"]}), folder / "anom-00000-of-00001.parquet")
    with pytest.raises(ValueError, match="no column 'bands_data'"):
        fetch_starembed("anom", folder=folder)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"sklearn_astromer\[hub\]"):
        fetch_starembed()


def test_the_hub_is_asked_for_the_split_alone(folder, monkeypatch):
    hub = pytest.importorskip("huggingface_hub", reason="needs huggingface_hub")
    asked = {}

    def download(repository, **options):
        asked.update(options, repository=repository)
        return str(folder)

    monkeypatch.setattr(hub, "snapshot_download", download)
    curves, _ = fetch_starembed("test", revision="v1")
    assert len(curves) == 2
    assert asked["repository"] == "StarEmbed/ZTF_40k"
    assert (asked["repo_type"], asked["revision"]) == ("dataset", "v1")
    assert asked["allow_patterns"] == ["*test-*.parquet"]

    def nothing(*args, **options):
        raise ConnectionError("no route")

    monkeypatch.setattr(hub, "snapshot_download", nothing)
    with pytest.raises(OSError, match=r"no route(.|\n)*folder="):
        fetch_starembed("test")
