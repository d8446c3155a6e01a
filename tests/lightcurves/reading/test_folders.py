"""Which files a path means: folders, links, hidden files, and what folders say."""

import json
import os
import re

import pandas as pd
import pytest
from small_table import FRAME, READ

from sklearn_astromer import LightCurves
from sklearn_astromer.cli import main


def test_a_folder_that_is_linked_in_itself(tmp_path):
    (tmp_path / "itself").symlink_to(".")
    (tmp_path / "x").symlink_to("y")
    (tmp_path / "y").symlink_to("x")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("mjd,mag\n1,15\n2,16\n")
    for source in (tmp_path, f"{tmp_path}/**/*", f"{tmp_path}/itself/*"):
        assert LightCurves.read(source).ids.tolist() == ["a", "b"]
    with pytest.raises(FileNotFoundError, match="there is no file"):
        LightCurves.read(tmp_path / "x")


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "json", "parquet"])
def test_folders_that_say_the_band(tmp_path, ending):
    frames = {"g": FRAME, "r": FRAME.assign(mag=FRAME["mag"] - 1)}
    for band, frame in frames.items():
        path = tmp_path / f"band={band}" / f"part.{ending}"
        path.parent.mkdir()
        if ending == "json":
            frame.to_json(path, orient="records")
        else:
            (frame.to_parquet if ending == "parquet" else frame.to_csv)(path, index=False)
    whole = pd.concat([frame.assign(band=band) for band, frame in frames.items()])
    assert LightCurves.read(str(tmp_path / "**" / "part.*")) == LightCurves.read(whole)
    assert set(LightCurves.read(tmp_path / "band=g" / f"part.{ending}").band) == {"g"}


def test_the_home_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    FRAME.to_parquet(tmp_path / "x.parquet")
    for source in ("~/x.parquet", ["~/x.parquet"], "~/*.parquet"):
        assert LightCurves.read(source) == READ
    assert LightCurves.open_parquet("~/x.parquet", cache_dir=tmp_path / "cache") == READ


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_hidden_and_unfinished_files_are_no_part_of_a_folder(tmp_path, ending):
    write = FRAME.to_parquet if ending == "parquet" else FRAME.to_csv
    hidden = ("_temporary/0/part-1", ".part-0", ".ipynb_checkpoints/a", "_old", "_x/_y", ".b/c")
    write(tmp_path / f"part-0.{ending}")
    for name in hidden:
        path = tmp_path / f"{name}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
    for name in (".part-0.parquet.2d1f.partial", "part-0.csv.bak", "part-0.parquet~"):
        (tmp_path / name).write_bytes(b"unfinished")
    assert LightCurves.read(tmp_path) == READ


def test_a_write_that_was_killed_leaves_a_folder_as_it_was(tmp_path):
    READ.to_parquet(tmp_path / "s.parquet")
    if os.fork() == 0:
        from sklearn_astromer import _files

        _files._sync = lambda _: os._exit(9)
        READ[:1].to_parquet(tmp_path / "s.parquet", overwrite=True)
    os.wait()
    assert len(list(tmp_path.iterdir())) == 2
    assert LightCurves.read(tmp_path) == READ


def test_linked_partitions_are_read(tmp_path):
    (tmp_path / "pq" / "band=g").mkdir(parents=True)
    (tmp_path / "disk2").mkdir()
    FRAME.to_parquet(tmp_path / "pq" / "band=g" / "part-0.parquet")
    FRAME.to_parquet(tmp_path / "disk2" / "part-0.parquet")
    (tmp_path / "pq" / "band=r").symlink_to(tmp_path / "disk2")
    (tmp_path / "pq" / "band=r" / "back").symlink_to(tmp_path / "pq")
    (tmp_path / "pq" / "sibling").symlink_to(tmp_path / "pq" / "band=r")
    expected = LightCurves.read(pd.concat([FRAME.assign(band=band) for band in "gr"]))
    assert LightCurves.read(tmp_path / "pq") == expected
    found = LightCurves.open_parquet(tmp_path / "pq", cache_dir=tmp_path / "cache")
    assert found == expected


def test_folders_in_a_folder_of_text_are_said(tmp_path):
    for name in ("a.csv", "sub/b.csv", "_plots/c.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("mjd,mag\n1,15\n2,16\n")
    with pytest.warns(UserWarning, match=r"1 folders in .* are not read, the first is sub: .*\*\*"):
        curves = LightCurves.read(tmp_path)
    assert curves.ids.tolist() == ["a"]
    assert LightCurves.read(f"{tmp_path}/[as]*/**/*.csv").ids.tolist() == ["b"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_per_star_in_a_folder_per_band(tmp_path, ending):
    for band, mag in (("g", 15.0), ("r", 14.0)):
        for star in ("s1", "s2"):
            folder = tmp_path / "date=2024-01-01" / f"band={band}"
            folder.mkdir(parents=True, exist_ok=True)
            frame = pd.DataFrame({"mjd": [58000.0, 58001.5], "mag": [mag, mag + 0.5]})
            write = frame.to_csv if ending == "csv" else frame.to_parquet
            write(folder / f"{star}.{ending}", index=False)
    curves = LightCurves.read(f"{tmp_path}/**/*.{ending}")
    assert curves.ids.tolist() == ["s1", "s2"] * 2
    assert curves.band.tolist() == ["g", "g", "r", "r"]
    (tmp_path / "other" / "band=g").mkdir(parents=True)
    write(tmp_path / "other" / "band=g" / f"s2.{ending}", index=False)
    with pytest.raises(ValueError, match="would be one object by their names"):
        LightCurves.read(f"{tmp_path}/**/*.{ending}")


@pytest.mark.parametrize(
    "folder",
    ["date=2024-01-01", "mag=15", "mag_err=1", "flux=1", "detected=false", "unit=mJy", "limit=1"],
)
def test_no_folder_says_what_is_measured(tmp_path, folder):
    (tmp_path / folder).mkdir()
    for name, write in (("x.csv", FRAME.to_csv), ("x.parquet", FRAME.to_parquet)):
        write(tmp_path / folder / name, index=False)
        assert LightCurves.read(tmp_path / folder / name) == READ


def test_copies_of_a_file_of_ones_own_count_once(tmp_path):
    READ.to_parquet(tmp_path / "curves.parquet")
    READ.to_parquet(tmp_path / "curves (copy).parquet")
    for read in (LightCurves.read, lambda path: LightCurves.open_parquet(path, cache_dir=path)):
        with pytest.warns(UserWarning, match="left out 5: 5 there twice"):
            assert read(tmp_path) == READ
    path = tmp_path / "twice.parquet"
    LightCurves([1.0, 1.0], [15.0, 15.0], offsets=[0, 2]).to_parquet(path)
    assert len(LightCurves.read(path).time) == 2
    with pytest.warns(UserWarning, match="1 there twice"):
        assert len(LightCurves.read(path, rules={"there twice": True}).time) == 1
    with pytest.raises(ValueError, match="there is no rule 'nonsense'"):
        LightCurves.read(path, rules={"nonsense": None})


def test_the_band_of_a_folder_tells_stars_apart_only_where_it_is_read(tmp_path):
    for band in "gr":
        (tmp_path / f"Band={band}").mkdir()
        frame = FRAME.drop(columns="oid").assign(filter="V")
        frame.to_csv(tmp_path / f"Band={band}" / "x.csv", index=False)
    with pytest.raises(ValueError, match="would be one object by their names"):
        LightCurves.read(f"{tmp_path}/**/*.csv", band_column="filter")
    for path in tmp_path.glob("*/x.csv"):
        FRAME.drop(columns="oid").to_csv(path, index=False)
    assert LightCurves.read(f"{tmp_path}/**/*.csv").band.tolist() == ["g", "r"]


PLAIN = pd.DataFrame({"mjd": [58000.1, 58001.1], "mag": [15.0, 15.1]})
COLUMNS, RECORDS = PLAIN.to_dict("list"), PLAIN.to_dict("records")


@pytest.mark.parametrize(
    ("content", "ids", "band"),
    [
        ({"g": COLUMNS, "r": COLUMNS}, ["{}", "{}"], ["g", "r"]),
        ({"g": RECORDS, "r": RECORDS}, ["{}", "{}"], ["g", "r"]),
        ({"ZTF_g": COLUMNS, "ZTF_r": RECORDS}, ["{}", "{}"], ["ZTF_g", "ZTF_r"]),
        ({"V": COLUMNS}, ["{}"], ["V"]),
        ({"name": "S{}", "lightcurve": {"g": RECORDS, "r": RECORDS}}, ["S{}"] * 2, ["g", "r"]),
        ({"name": "S{}", "g": COLUMNS, "W1": RECORDS}, ["S{}"] * 2, ["g", "W1"]),
        ({"S{}": {"g": COLUMNS, "r": COLUMNS}}, ["S{}"] * 2, ["g", "r"]),
        ({"A{}": {"g": RECORDS}, "B{}": {"r": COLUMNS}}, ["A{}", "B{}"], ["g", "r"]),
        ({"A{}": COLUMNS, "B{}": COLUMNS}, ["A{}", "B{}"], None),
        ({"A{}": RECORDS, "g{}": RECORDS}, ["A{}", "g{}"], None),
    ],
)
def test_keys_of_json_that_are_bands_name_no_stars(content, ids, band, tmp_path):
    for star in "12":
        text = json.dumps(content).replace("{}", star)
        (tmp_path / f"{star}.json").write_text(text)
    curves = LightCurves.read(tmp_path)
    assert curves.ids.tolist() == [name.format(star) for star in "12" for name in ids]
    expected = band if band is None else band * 2
    assert (None if curves.band is None else curves.band.tolist()) == expected
    assert curves[[0]].mag.tolist() == [15.0, 15.1]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        *((PLAIN.to_json(orient=each), ["a"]) for each in ("split", "index", "columns", "table")),
        (json.dumps({"columns": ["mjd", "mag"], "data": PLAIN.values.tolist()}), ["a"]),
        (
            json.dumps(
                {"metadata": [{"name": "mjd"}, {"name": "mag"}], "data": PLAIN.values.tolist()}
            ),
            ["a"],
        ),
        (pd.concat({"S1": PLAIN, "S2": PLAIN}).to_json(orient="split"), ["S1", "S2"]),
        (json.dumps({"S1": RECORDS[0], "S2": RECORDS[1]}), ["S1", "S2"]),
    ],
)
@pytest.mark.filterwarnings("ignore:read as:UserWarning")
def test_tables_of_pandas_and_of_tap_in_json(text, ids, tmp_path):
    (tmp_path / "a.json").write_text(text)
    curves = LightCurves.read(tmp_path / "a.json")
    assert curves.ids.tolist() == ids
    assert curves.time.tolist() == [58000.1, 58001.1] * (len(curves.time) // 2)
    assert curves.mag.tolist() == [15.0, 15.1] * (len(curves.mag) // 2)


SKIP = "on_error='skip' to leave out such files"


@pytest.mark.parametrize(
    ("bad", "first", "advised"),
    [
        # damaged, wherever it is
        (b"PAR1 and no more", True, True),
        (b"PAR1 and no more", False, True),
        (b'{"mjd": [1,', True, True),
        # of other columns: of all files by what is known, or of this one alone
        (b"x,y\n1,2\n", True, False),
        (b"x,y\n1,2\n", False, True),
    ],
)
def test_a_file_among_others_that_cannot_be_read(bad, first, advised, tmp_path):
    for name in "bc":
        (tmp_path / f"{name}.csv").write_text("mjd,mag\n58000,15\n58001,16\n")
    path = tmp_path / ("a.csv" if first else "d.csv")
    path.write_bytes(bad)
    with pytest.raises(ValueError, match=r"cannot be read|no column was recognised") as raised:
        LightCurves.read(tmp_path)
    assert (SKIP in str(raised.value)) == advised
    assert str(raised.value).count(str(path)) == 1
    with pytest.warns(UserWarning, match="file"):
        assert LightCurves.read(tmp_path, on_error="skip").ids.tolist() == ["b", "c"]
    with pytest.raises(ValueError, match=r"cannot be read|no column was recognised") as raised:
        LightCurves.read(path)
    assert SKIP not in str(raised.value)


def test_if_no_file_can_be_read_it_is_said_what_would_help(tmp_path, capsys):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("x,mag\n1,2\n")
    said = f"none of 2 files could be read, the first: {tmp_path}/a.csv: no column was recognised"
    with pytest.raises(ValueError, match=re.escape(said)) as raised:
        LightCurves.read(tmp_path, on_error="skip")
    assert "pass time=…" in str(raised.value)
    assert main(["inspect", str(tmp_path), "--on-error", "skip"]) == 1
    assert "pass --columns time=" in capsys.readouterr().err
