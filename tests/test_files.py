"""Files and folders that are written whole or not at all."""

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from embedders import make_embedder

from sklearn_astromer import AstromerClassifier, AstromerEmbedder, LightCurves, _files
from sklearn_astromer._files import (
    check_free,
    read_whole,
    replacing,
    replacing_folder,
    sha256,
)
from sklearn_astromer._json import as_json, sealed, unsealed
from sklearn_astromer.datasets import make_variable_stars
from sklearn_astromer.scale import embed_to_folder
from sklearn_astromer.search import LightCurveIndex, read_rows


def anything(folder):
    """Accept any folder as one of ours."""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write(path, text, **options):
    with replacing(path, **options) as partial:
        partial.write_text(text)


def write_folder(path, text, **options):
    with replacing_folder(path, options.pop("check", anything), **options) as new:
        (new / "a").write_text(text)
        (new / "b").write_text(text)


def test_a_file_is_whole_or_as_before(tmp_path):
    path = tmp_path / "out.csv"
    write(path, "old")
    with pytest.raises(TypeError):
        write(path, None)
    assert path.read_text() == "old"
    write(path, "new")
    assert path.read_text() == "new"
    assert names(tmp_path) == ["out.csv"]


def test_a_folder_is_whole_or_as_before(tmp_path):
    path = tmp_path / "v"
    write_folder(path, "old")
    with pytest.raises(TypeError):
        write_folder(path, None)
    assert (path / "b").read_text() == "old"
    write_folder(path, "new")
    assert (path / "b").read_text() == "new"
    assert names(tmp_path) == ["v"]  # not even a lock


@pytest.mark.parametrize("beside", [".v.old", ".v.new", ".v.lock", ".v.partial", ".v.ab.partial"])
def test_what_lies_beside_it_stays(tmp_path, beside):
    (tmp_path / beside).mkdir()
    (tmp_path / beside / "thesis.tex").write_text("years of work")
    for _ in range(2):
        write_folder(tmp_path / "v", "mine")
    assert (tmp_path / beside / "thesis.tex").read_text() == "years of work"
    assert names(tmp_path) == [beside, "v"]


def test_one_rule_for_what_is_there_already(tmp_path):
    file, folder, empty = tmp_path / "file", tmp_path / "folder", tmp_path / "empty"
    write(file, "old")
    write_folder(folder, "old")
    empty.mkdir()
    check_free(empty, False, anything)
    check_free(tmp_path / "gone", False)
    for call in (
        lambda: write(file, "new", overwrite=False),
        lambda: write_folder(folder, "new", overwrite=False),
    ):
        with pytest.raises(FileExistsError, match=r"overwrite=True \(--overwrite"):
            call()
    with pytest.raises(FileExistsError, match="is a file"):
        write_folder(file, "new")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        write(folder, "new")

    def foreign(path):
        raise FileExistsError(f"{path} is not ours")

    with pytest.raises(FileExistsError, match="not ours"):
        write_folder(folder, "new", check=foreign)
    assert file.read_text() == (folder / "a").read_text() == "old"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes and sockets of POSIX")
@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("put", [write, write_folder])
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_file_stays(tmp_path, put, overwrite, linked, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("socket")
        for name in ("pipe", "socket"):
            path = tmp_path / name
            before = path.stat()
            if linked:
                path = tmp_path / f"link to {name}"
                path.symlink_to(name)
            with pytest.raises(FileExistsError, match="a device, a pipe or a socket, and stays"):
                put(path, "new", overwrite=overwrite)
            assert os.path.samestat(path.stat(), before)
    assert {"pipe", "socket"} >= {name for name in names(tmp_path) if "link" not in name}


@pytest.mark.parametrize("text", [None, "old"])
@pytest.mark.parametrize("where", [".", "inner"])
def test_the_folder_that_one_works_in_stays(tmp_path, monkeypatch, text, where):
    path = tmp_path / "v"
    write_folder(path, text) if text else path.mkdir()
    (path / "inner").mkdir()
    (path / "inner" / "a").write_text("some")
    monkeypatch.chdir(path / where)
    with pytest.raises(FileExistsError, match="the folder that you work in"):
        write_folder(Path() if where == "." else Path(".."), "new")
    with pytest.raises(FileExistsError, match="the folder that you work in"):
        write_folder(path, "new")
    assert (path / "inner" / "a").read_text() == "some"
    write_folder(Path("made"), "new")
    write(Path("made.csv"), "new")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a folder that somebody works in")
def test_one_that_works_in_a_folder_that_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    write_folder(tmp_path / "v", "old")
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    write_folder(tmp_path / "v", "new")
    os.chdir(tmp_path)
    assert (tmp_path / "v" / "a").read_text() == "new"


def fill(whole, mine, others):
    """Write an output while another comes into being in its place, or in it."""
    with whole as new:
        (new / mine).write_text("mine")
        others.parent.mkdir(exist_ok=True)
        others.write_text("of another")


def test_what_came_into_being_meanwhile_stays(tmp_path):
    def ours(folder):
        if names(folder) != ["a", "b"]:
            raise FileExistsError(f"{folder} is not ours")

    file, folder, ready = tmp_path / "file", tmp_path / "folder", tmp_path / "v"
    with pytest.raises(FileExistsError, match="there already"):
        fill(replacing(file, overwrite=False), "", file)
    with pytest.raises(FileExistsError, match="there already"):
        fill(replacing_folder(folder, anything, overwrite=False), "a", folder / "a")
    write_folder(ready, "old")
    with pytest.raises(FileExistsError, match="not ours"):
        fill(replacing_folder(ready, ours), "a", ready / "thesis.tex")
    for path in (file, folder / "a", ready / "thesis.tex"):
        assert path.read_text() == "of another"
    assert names(tmp_path) == ["file", "folder", "v"]


def test_a_place_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match=r"gone/out\.csv cannot be written: No such file"):
        write(tmp_path / "gone" / "out.csv", "new")
    write_folder(tmp_path / "gone" / "v", "new")


KILLED = """
import os, sys
from pathlib import Path
from sklearn_astromer._files import replacing, replacing_folder

def die_at(step):
    count = 0
    def hook(event, arguments):
        nonlocal count
        count += event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir")
        if count == step:
            os._exit(9)
    sys.addaudithook(hook)

path, step = Path(sys.argv[1]), int(sys.argv[2])
die_at(step)
if sys.argv[3] == "file":
    with replacing(path) as partial:
        partial.write_text("new")
else:
    with replacing_folder(path, lambda folder: None) as new:
        (new / "a").write_text("new")
        (new / "b").write_text("new")
os._exit(0)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills of POSIX")
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_kill_at_any_moment(tmp_path, kind):
    path, code, step, seen = tmp_path / "v", 9, 0, []
    put = write if kind == "file" else write_folder

    def read(folder):
        return [p.read_text() for p in sorted(folder.iterdir())]

    while code:
        put(path, "old")
        assert names(tmp_path) == ["v"]  # what the killed one left is gone
        step += 1
        code = subprocess.run(
            [sys.executable, "-c", KILLED, str(path), str(step), kind],
            env={**os.environ, "PYTHONPATH": str(Path(_files.__file__).parents[1])},
        ).returncode
        assert code in (0, 9)
        found = [path.read_text()] if kind == "file" else read_whole(path, read)
        assert len(set(found)) == 1
        seen.append(found[0])
    assert seen == sorted(seen, reverse=True)  # the old, then the new
    assert set(seen) == {"old", "new"}


def test_a_live_writer_is_left_alone(tmp_path):
    path = tmp_path / "v"
    with replacing(path) as partial:
        partial.write_text("first")
        write(path, "second")
        assert path.read_text() == "second"
        assert partial.read_text() == "first"
    assert path.read_text() == "first"
    assert names(tmp_path) == ["v"]


@pytest.mark.parametrize("put", [write, write_folder])
def test_many_writers_at_once(tmp_path, put):
    errors = []

    def keep_writing(text):
        try:
            for _ in range(15):
                put(tmp_path / "v", text)
        except BaseException as error:
            errors.append(error)

    writers = [threading.Thread(target=keep_writing, args=(str(i),)) for i in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not errors
    assert names(tmp_path) == ["v"]


def test_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == sha256(b"abc")
    assert sha256(b"abc").startswith("ba7816bf")


links = pytest.mark.skipif(os.name == "nt", reason="symbolic links need rights on Windows")


@links
@pytest.mark.parametrize("there", [True, False])
def test_what_a_link_leads_to_is_written(tmp_path, there):
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / "v1.dat"
    (tmp_path / "latest").symlink_to(target)
    (tmp_path / "out.csv").symlink_to("latest")  # relative, and by another link
    if there:
        target.write_text("old")
        with pytest.raises(FileExistsError, match="is there already"):
            write(tmp_path / "out.csv", "new", overwrite=False)
    with replacing(tmp_path / "out.csv") as partial:
        assert partial.suffix == ".csv"
        partial.write_text("new")
    assert target.read_text() == "new"
    assert (tmp_path / "out.csv").is_symlink()
    assert (tmp_path / "latest").is_symlink()
    assert names(tmp_path) == ["far", "latest", "out.csv"]
    assert names(target.parent) == ["v1.dat"]


@links
@pytest.mark.parametrize("there", [True, False])
def test_the_folder_that_a_link_leads_to_is_written(tmp_path, there):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "v1")
    if there:
        write_folder(tmp_path / "far" / "v1", "old")
    write_folder(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "v1" / "a").read_text() == "new"


@links
def test_a_link_that_leads_nowhere(tmp_path):
    (tmp_path / "out.csv").symlink_to(tmp_path / "gone" / "v1.csv")
    with pytest.raises(OSError, match=r"v1\.csv cannot be written: No such file"):
        write(tmp_path / "out.csv", "new")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"symbolic links.*loop"):
        write(tmp_path / "loop", "new")


@pytest.mark.parametrize("value", [np.int64(3), np.bool_(True), np.float32(0.5), np.str_("a")])
def test_json_of_scalars_of_numpy(value):
    content = {"one": value, "more": [value, {"inner": value}]}
    found = unsealed(json.loads(sealed(content)))
    assert found == content
    assert type(found["one"]) is type(value.item())
    with pytest.raises(TypeError, match="ndarray has no place in JSON"):
        as_json(np.arange(3))


def test_what_is_private_stays_so(tmp_path):
    path = tmp_path / "x.csv"
    with replacing(path) as partial:
        partial.write_text("old")
    usual = path.stat().st_mode
    path.chmod(0o600)
    with replacing(path) as partial:
        partial.write_text("new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 != stat.S_IMODE(usual)


def test_the_home_of_the_user_is_known_everywhere(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    curves, labels = make_variable_stars(12, n_observations=20, random_state=0)
    options = {"d_model": 16, "max_epochs": 1, "validation_fraction": 0.0, "random_state": 0}
    embedder = make_embedder(**options, checkpoint="~/run.pt", log_dir="~/logs").fit(curves)
    embedder.save_pretrained("~/weights")
    rows = AstromerEmbedder("~/weights").fit_transform(curves)
    classifier = AstromerClassifier("~/weights", max_epochs=1, checkpoint="~/head.pt")
    classifier.set_params(random_state=0).fit(curves, labels).save_pretrained("~/classifier")
    AstromerClassifier.from_pretrained("~/classifier")
    curves.to_parquet("~/curves.parquet")
    LightCurves.open_parquet("~/curves.parquet", cache_dir="~/cache")
    embed_to_folder(curves, embedder, "~/rows")
    LightCurveIndex().fit(rows).save("~/index")
    LightCurveIndex.load("~/index")
    assert len(read_rows("~/rows").ids) == 12
    made = {"run.pt", "logs", "weights", "classifier", "head.pt", "curves.parquet", "cache"}
    assert {path.name for path in (tmp_path / "home").iterdir()} == {*made, "rows", "index"}
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
