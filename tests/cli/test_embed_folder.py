"""Folders of parts: runs that are killed, shared, refused, and go on."""

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import full_disk, process

from sklearn_astromer import AstromerEmbedder, _files
from sklearn_astromer._files import sha256
from sklearn_astromer.cli import main
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.scale import embed_to_folder
from sklearn_astromer.scale.progress import Progress

pytestmark = pytest.mark.usefixtures("home")
OPTIONS = ["--weights", "surveys-small", "--device", "cpu", "--precision", "float32"]


@pytest.fixture(scope="module")
def curves():
    return make_variable_stars(60, n_observations=(20, 60), random_state=0)[0]


@pytest.fixture
def catalog(curves):
    curves.to_frame().to_parquet("catalog.parquet", row_group_size=500)
    return Path("catalog.parquet")


def run(*words):
    assert main([str(word) for word in (*words, *OPTIONS)]) == 0


def content(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.suffix}


def visible(folder):
    return sorted(path.name for path in Path(folder).iterdir() if not path.name.startswith("."))


def test_parts_hold_the_rows_of_one_file(catalog):
    run("embed", catalog, "--out", "emb", "--part-objects", 25)
    run("embed", catalog, "--out", "emb.parquet")
    names = [f"part-{i:05d}.parquet" for i in range(3)]
    assert visible("emb") == ["_manifest.json", *names]
    rows = pd.read_parquet("emb")
    one = pd.read_parquet("emb.parquet")
    assert list(rows) == list(one)
    np.testing.assert_array_equal(rows["object_id"], one["object_id"])
    np.testing.assert_allclose(rows.iloc[:, 1:], one.iloc[:, 1:], atol=1e-5)
    manifest = json.loads(Path("emb/_manifest.json").read_text())
    assert (manifest["objects"], manifest["parts"], manifest["precision"]) == (60, 3, "float32")


def test_a_run_goes_on_with_what_is_missing(catalog, monkeypatch):
    words = ["embed", catalog, "--part-objects", 10, "--out"]
    run(*words, "whole")
    run(*words, "emb")
    for part in (1, 4):
        (Path("emb") / f"part-0000{part}.parquet").unlink()
    calls = []
    embedded = AstromerEmbedder._embedded
    monkeypatch.setattr(
        AstromerEmbedder,
        "_embedded",
        lambda self, X, **how: calls.append(len(X)) or embedded(self, X, **how),
    )
    run(*words, "emb")
    assert calls == [10, 10]
    assert content("emb") == content("whole")
    run(*words, "emb")
    assert calls == [10, 10]  # nothing was missing


def test_shards_share_a_folder(catalog):
    words = ["embed", catalog, "--part-objects", 7, "--batch-objects", 3, "--out"]
    run(*words, "whole")
    same = [process(*words, "same", *OPTIONS) for _ in range(2)]  # at once, without shards
    for i in (2, 1):
        run(*words, "emb", "--shard", f"{i}/2")
    for running in same:
        _, err = running.communicate()
        assert running.returncode == 0, err
    run(*words, "emb")  # says so where a shard is still missing; none is
    run(*words, "same")
    assert content("emb") == content("whole") == content("same")


def test_one_shard_says_what_is_missing(catalog, capsys):
    run("embed", catalog, "--part-objects", 20, "--out", "emb", "--shard", "2/3")
    assert "2 of 3 parts are still missing" in capsys.readouterr().err
    assert visible("emb") == ["_manifest.json", "part-00001.parquet"]
    assert "parts" not in json.loads(Path("emb/_manifest.json").read_text())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ([], None),
        (["--weights", "surveys-periods"], "weights"),
        (["--row", "max"], "parameters"),
        (["--precision", "bfloat16"], "precision"),
        (["--part-objects", "11"], "part_objects"),
        (["--layout", "float16"], "layout"),
    ],
)
def test_another_run_is_refused(catalog, error, change, said):
    words = ["embed", catalog, "--out", "emb", "--part-objects", "20", "--quiet", *OPTIONS]
    assert main([*map(str, words)]) == 0
    before = content("emb")
    if said is None:
        frame = pd.read_parquet(catalog)
        frame["mag"] += 0.1
        frame.to_parquet(catalog)
        said = "catalog"
    line = error(*words, *change)
    assert "begun by another run" in line
    assert said in line
    assert content("emb") == before


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_a_change_in_the_middle_of_the_input(curves, error, capsys, format):
    """Of the same size and time, in a file larger than what was once looked at."""
    frame = pd.concat([curves.to_frame()] * 20)
    frame["object_id"] = np.repeat(np.arange(20 * 60), np.tile(curves.lengths, 20))
    path = Path(f"catalog.{format}")
    if format == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, row_group_size=500, compression=None, use_dictionary=False)
    words = ["embed", path, "--out", "emb", "--part-objects", 400, *OPTIONS]
    assert main([*map(str, words), "--shard", "1/3"]) == 0
    times, good = path.stat(), path.read_bytes()
    assert len(good) > 3 * 2**16
    value = good.index(b"\n", len(good) // 2) + 20 if format == "csv" else len(good) // 2
    path.write_bytes(good[:value] + bytes([good[value] ^ 1]) + good[value + 1 :])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    capsys.readouterr()
    assert "begun by another run (another catalog" in error(*words)


def test_a_folder_with_something_else_is_left_alone(catalog, error):
    Path("emb").mkdir()
    Path("emb/thesis.tex").write_text("years of work")
    assert "holds something else" in error("embed", catalog, "--out", "emb", *OPTIONS)
    assert visible("emb") == ["thesis.tex"]
    Path("other").mkdir()
    Path("other/_manifest.json").write_text("{")
    assert "damaged" in error("embed", catalog, "--out", "other", *OPTIONS)


def test_words_that_do_not_fit(catalog, error):
    assert "are of a folder" in error("embed", catalog, "--out", "a.csv", "--part-objects", 5)
    assert "Parquet only" in error("embed", catalog, "--out", "a.csv", "--layout", "float32")
    for words in (["--shard", "4/3"], ["--shard", "x"], ["--out", "a.txt"]):
        with pytest.raises(SystemExit):
            main(["embed", str(catalog), "--out", "emb", *words])


def test_a_full_disk_and_then_room(catalog, capsys):
    words = ["embed", catalog, "--part-objects", 10, "--out"]
    run(*words, "whole")
    size = max(path.stat().st_size for path in Path("whole").glob("*.parquet"))
    last = sorted(Path("whole").glob("*.parquet"))[-1]
    assert last.stat().st_size > 2000

    with full_disk(size // 2):
        assert main([*map(str, words), "emb", *OPTIONS]) == 1
    assert "the same command goes on" in capsys.readouterr().err
    assert visible("emb") == ["_manifest.json"]
    assert not list(Path("emb").glob(".*partial"))
    run(*words, "emb")
    assert content("emb") == content("whole")


def test_an_empty_catalog_and_bands(catalog):
    pd.read_parquet(catalog).iloc[:0].to_parquet("nothing.parquet")
    run("embed", "nothing.parquet", "--out", "nothing")
    assert len(pd.read_parquet("nothing/part-00000.parquet")) == 0
    frame = pd.read_parquet(catalog).assign(band="g")
    frame.to_parquet("g.parquet")
    run("embed", "g.parquet", "--out", "g", "--band", "g", "--part-objects", 50)
    assert set(pd.read_parquet("g/part-00001.parquet")["band"]) == {"g"}


@pytest.mark.parametrize("number", ["float32", "float16"])
def test_vectors(catalog, curves, number):
    run("embed", catalog, "--out", "emb", "--layout", number, "--part-objects", 40)
    run("embed", catalog, "--out", "one.parquet", "--layout", number)
    table = pq.read_table("emb/part-00001.parquet")
    kind = table.schema.field("embedding").type
    assert pa.types.is_fixed_size_list(kind)
    assert str(kind.value_type) == {"float32": "float", "float16": "halffloat"}[number]
    embedder = AstromerEmbedder("surveys-small", max_epochs=0).fit(curves)
    expected = embedder.transform(curves[40:])
    found = np.stack(table.column("embedding").to_numpy())
    np.testing.assert_allclose(found, expected, atol=1e-5 if number == "float32" else 1e-2)
    polars = pytest.importorskip("polars")
    assert polars.read_parquet("one.parquet").schema["embedding"].shape == (kind.list_size,)


def test_dry_run_writes_nothing(catalog, capsys):
    run("embed", catalog, "--out", "emb", "--dry-run")
    out = capsys.readouterr().out
    assert "60 objects, 2" in out
    assert "MB in emb" in out
    assert "on this machine (cpu, float32)" in out
    assert sorted(os.listdir()) == ["catalog.parquet"]


def test_from_python(curves, tmp_path):
    embedder = AstromerEmbedder("surveys-small", max_epochs=0, device="cpu").fit(curves)
    first = embed_to_folder(curves, embedder, tmp_path / "a", part_objects=25)
    pieces = [curves[:7], curves[7:8], curves[8:]]
    with pytest.raises(ValueError, match="fingerprint"):
        embed_to_folder(pieces, embedder, tmp_path / "b", part_objects=25)
    second = embed_to_folder(pieces, embedder, tmp_path / "b", part_objects=25, fingerprint="mine")
    assert first == second == (60, 3, [])
    for part in range(3):
        a, b = (pd.read_parquet(tmp_path / x / f"part-0000{part}.parquet") for x in "ab")
        np.testing.assert_array_equal(a["object_id"], b["object_id"])
        np.testing.assert_allclose(a.iloc[:, 1:], b.iloc[:, 1:], atol=1e-5)
    with pytest.raises(ValueError, match="begun by another run"):
        embed_to_folder(curves[::-1], embedder, tmp_path / "a", part_objects=25)


def test_lines_where_there_is_no_terminal(monkeypatch):
    lines, now = [], [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with Progress(1000, say=lines.append) as progress:
        for _ in range(10):
            now[0] += 20
            progress.update(50)
        progress.skip(500)
    assert lines[0] == "150 of 1000 objects, 2 a second, 0:05:40 left"
    assert len(lines) == 3


def test_a_log_file_is_not_flooded(catalog, capsys):
    run("embed", catalog, "--out", "emb", "--part-objects", 5)
    err = capsys.readouterr().err  # no terminal, either
    lines = [line for line in err.splitlines() if "warning: read as" not in line]
    assert lines == ["sklearn-astromer: emb: 60 objects in 12 parts"]


@pytest.mark.parametrize("out", ["emb", "emb.parquet"])
def test_the_catalog_is_read_for_its_checksum_before_and_after_decoding(catalog, monkeypatch, out):
    read = []

    def counted(content):
        read.extend([content.name] if isinstance(content, Path) else [])
        return sha256(content)

    monkeypatch.setattr(_files, "sha256", counted)
    run("embed", catalog, "--out", out)
    assert read.count(catalog.name) == 2
    read.clear()
    run("embed", catalog, "--out", out, "--overwrite")  # decoded before
    assert read.count(catalog.name) == 1
