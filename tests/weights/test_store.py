import hashlib
import json
import os
import shutil
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from running import wait_for
from served_weights import FOLDER, REGISTER, packed, serving

from sklearn_astromer import weights
from sklearn_astromer.weights import registry, store
from sklearn_astromer.weights.checkpoint import write_folder

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def served():
    with serving() as server:
        yield server


def names(folder):
    """What is in a folder, without the locks, which some versions of filelock leave behind."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


# ---------------------------------------------------------------- names


def test_registry():
    assert {"macho", registry.BEST} <= set(weights.WEIGHTS)
    for name, entry in weights.WEIGHTS.items():
        assert entry.name == name
        assert entry.description
        assert entry.good_for
        assert entry.licence
        assert "doi:10." in entry.citation or entry.bundled
        downloadable = (entry.url, entry.sha256)
        kinds = [entry.bundled, None not in downloadable, entry.unavailable is not None]
        assert sum(kinds) == 1
        if entry.sha256 is not None:
            assert len(bytes.fromhex(entry.sha256)) == 32


@pytest.mark.parametrize("name", ["ogle", "atlas"])
@pytest.mark.parametrize("function", [weights.load, weights.fetch])
def test_unpublished_weights(function, name, no_network):
    with pytest.raises(ValueError, match=rf"'{name}' are not available: .*nowhere.*names.*macho"):
        function(name)


def test_unknown_names(no_network):
    with pytest.raises(ValueError, match=r"no weights called 'moa', .*names are surveys-periods, "):
        weights.load("moa")
    with pytest.raises(ValueError, match=r"no weights called 'mach', .*did you mean 'macho'"):
        weights.load("mach")
    with pytest.raises(ValueError, match=r"no weights called './macho': did you mean 'macho'"):
        weights.fetch("./macho")
    for path in ("./mach", Path("mach"), "runs/mach.zip"):
        with pytest.raises(FileNotFoundError, match=r"no checkpoint in .*mach"):
            weights.load(path)


def test_cache_dir(monkeypatch, tmp_path):
    assert weights.cache_dir() == tmp_path / "home" / "weights"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("SKLEARN_ASTROMER_HOME", "~/mine")
    assert weights.cache_dir() == tmp_path / "mine" / "weights"
    for unset in (True, False):
        monkeypatch.setenv("SKLEARN_ASTROMER_HOME", "")
        if unset:
            monkeypatch.delenv("SKLEARN_ASTROMER_HOME")
        assert weights.cache_dir().name == "weights"
        assert "sklearn_astromer" in weights.cache_dir().parts
        assert not weights.cache_dir().is_relative_to(tmp_path / "mine")


def test_a_path_that_is_called_like_weights(make_checkpoint, served, tmp_path):
    write_folder(tmp_path / "tiny", make_checkpoint(1.0))
    assert weights.load("./tiny").tensors["decoder.out.bias"] == 1
    assert weights.load(Path("tiny")).tensors["decoder.out.bias"] == 1
    assert not served.requests
    with pytest.warns(UserWarning, match="also a path here: write './tiny'"):
        assert weights.load("tiny").window_size == 12  # the name means the download
    assert len(served.requests) == 1
    write_folder(tmp_path / "other", make_checkpoint(2.0))
    assert weights.load("other").tensors["decoder.out.bias"] == 2


def test_bundled(make_checkpoint, monkeypatch, tmp_path, no_network, cache):
    entry = weights.WeightsEntry(
        name="sample", description="", good_for="", licence="MIT", citation="", bundled=True
    )
    monkeypatch.setitem(registry.WEIGHTS, "sample", entry)
    monkeypatch.setattr(store, "_BUNDLED", tmp_path / "bundled")
    write_folder(tmp_path / "bundled" / "sample", make_checkpoint(3.0))
    assert weights.fetch("sample") == tmp_path / "bundled" / "sample"
    assert weights.load("sample").tensors["decoder.out.bias"] == 3
    assert not cache.exists()
    with pytest.raises(ValueError, match="surveys-small, macho, macho-v2, sample"):
        weights.load("nothing")


BUNDLED = [name for name, entry in weights.WEIGHTS.items() if entry.bundled]


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_folders_are_as_save_pretrained_writes_them(name, tmp_path):
    """With the licence beside them."""
    checkpoint = weights.load(name)
    write_folder(tmp_path / name, checkpoint, card=weights.make_card(checkpoint))
    written = {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
    bundled = {path.name: path.read_bytes() for path in weights.fetch(name).iterdir()}
    assert b"MIT License" in bundled.pop("LICENSE")
    assert bundled == written


def test_macho_that_was_downloaded_elsewhere(official_zip, cache, no_network, assert_same):
    """`make macho` puts the file where an interrupted download would be complete."""
    archive = store.folder_of(weights.WEIGHTS["macho"].url) / "partial" / "archive"
    archive.parent.mkdir(parents=True)
    shutil.copy(official_zip, archive)
    assert_same(weights.load("macho"), weights.load(official_zip))
    assert weights.fetch("macho").name == "files"
    assert not archive.exists()


# ---------------------------------------------------------------- downloads


def test_download_once(served, cache, capfd, assert_same):
    assert weights.fetch("tiny") == weights.fetch("tiny") == served.folder / "files"
    assert_same(weights.load("tiny"), weights.load(FOLDER))
    assert served.requests == ["GET /tiny.zip"]
    assert names(cache / "remote") == {served.folder.name}
    assert names(served.folder) == {"files", "record.json"}
    record = json.loads((served.folder / "record.json").read_text())
    assert record["archive"] == served.sha256
    assert capfd.readouterr() == ("", "")


def test_progress_bar(served, capfd):
    weights.fetch("tiny", progress=True)
    out, err = capfd.readouterr()
    assert not out
    assert "100%" in err


@pytest.mark.parametrize("content", [packed(1000), b"<html>please log in</html>"])
def test_another_archive_is_not_even_read(served, content):
    served.files["/tiny.zip"] = content
    found = hashlib.sha256(content).hexdigest()
    with pytest.raises(ValueError, match=f"wrong sha256 {found}, expected {served.sha256}") as said:
        weights.load("tiny")
    assert f"the weights 'tiny' ({served.address}) are not used" in str(said.value)
    assert not names(served.folder)
    served.files["/tiny.zip"] = served.content
    weights.fetch("tiny")
    assert served.here


@pytest.mark.parametrize("lost", [False, True])
def test_another_archive_in_the_cache(served, lost):
    """Fetched by its address, from which anything may come."""
    served.files["/tiny.zip"] = packed(1000)
    path = weights.fetch(served.address)
    if lost:
        shutil.rmtree(path)
    served.files["/tiny.zip"] = served.content
    with pytest.raises(ValueError, match=rf"another archive .*expected {served.sha256}") as said:
        weights.load("tiny")
    assert f"delete the folder {served.folder} to" in str(said.value)
    shutil.rmtree(served.folder)
    assert weights.fetch(served.address) == weights.fetch("tiny")
    assert len(served.requests) == 2
    assert served.here


def test_only_archives_have_a_checksum(served, monkeypatch):
    entry = replace(registry.WEIGHTS["tiny"], url=f"{served.url}/mine/")
    monkeypatch.setitem(registry.WEIGHTS, "tiny", entry)
    with pytest.raises(ValueError, match=r"'tiny' .*/mine/\) .* no archive"):
        weights.fetch("tiny")
    assert not served.requests


def assert_helps(error, served):
    assert type(error) is OSError
    for part in (
        f"the weights 'tiny' ({served.address}) could not be downloaded: ",
        "give the path of the file instead of the name",
        "`sklearn-astromer weights fetch tiny` elsewhere",
        f"copy its folder {served.folder.name} to {served.folder}",
        "SKLEARN_ASTROMER_HOME",
    ):
        assert part in str(error)


def test_not_found(served):
    del served.files["/tiny.zip"]
    with pytest.raises(OSError, match="404") as caught:
        weights.load("tiny")
    assert_helps(caught.value, served)
    assert not served.here


def test_offline(served, no_network):
    with pytest.raises(OSError, match="Network is unreachable") as caught:
        weights.load("tiny")
    assert_helps(caught.value, served)
    assert not served.here


def test_a_copy_from_another_machine(served, monkeypatch, tmp_path):
    """As the message without a network says."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("SKLEARN_ASTROMER_HOME", str(tmp_path / "elsewhere"))
        folder = weights.fetch("tiny").parent
    assert not served.here
    shutil.copytree(folder, served.folder)
    assert weights.fetch("tiny") == served.folder / "files"
    assert served.here
    assert len(served.requests) == 1


def test_a_cache_that_cannot_be_made(served, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SKLEARN_ASTROMER_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"could not be downloaded: .*file") as caught:
        weights.fetch("tiny")
    assert_helps(caught.value, served)


def test_a_read_only_cache(served, cache, monkeypatch):
    weights.fetch("tiny")
    served.requests.clear()
    before = sorted(cache.rglob("*"))

    def refuse(*args, **kwargs):  # root may write anywhere: catch the attempt
        raise PermissionError("locked a file that was there")

    monkeypatch.setattr(store, "FileLock", refuse)
    for folder in (cache, cache / "remote", served.folder):
        folder.chmod(0o555)
    try:
        assert weights.fetch("tiny") == served.folder / "files"
        assert sorted(cache.rglob("*")) == before
        assert not served.requests
    finally:
        for folder in (cache, cache / "remote", served.folder):
            folder.chmod(0o755)


def test_a_lock_that_is_never_given_back(served, monkeypatch):
    monkeypatch.setattr(store, "_LOCK_SECONDS", 0.05)
    served.folder.parent.mkdir(parents=True)
    with (
        store.FileLock(f"{served.folder}.lock"),
        pytest.raises(OSError, match=r"lock.*could not be acquired") as caught,
    ):
        weights.fetch("tiny")
    assert_helps(caught.value, served)
    assert not served.requests


def test_two_processes_download_once(served, python_with):
    served.pause = 0.03  # long enough for the other process to come here as well
    code = """
        print("ready", flush=True)
        input()
        print(store.fetch("tiny"))
    """
    processes = [
        subprocess.Popen(
            python_with(REGISTER, code),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, _ = process.communicate(timeout=30)
        assert out.strip() == str(served.folder / "files")
        assert process.returncode == 0
    assert served.requests == ["GET /tiny.zip"]
    assert served.here


def test_a_download_that_is_killed(served, python_with):
    served.drop = [None]
    process = subprocess.Popen(python_with(REGISTER, 'store.fetch("tiny")'))
    wait_for(lambda: served.came > 0)
    process.kill()
    process.wait(30)
    came = served.came
    assert 0 < came < len(served.content)
    assert not served.here
    weights.fetch("tiny")
    assert served.here
    assert served.ranges == [came]


def test_importing_is_light(python_with):
    code = """
        import sklearn_astromer.weights
        heavy = {"torch", "sklearn", "pandas", "pooch", "requests", "huggingface_hub", "tqdm"}
        print(heavy & set(sys.modules))
    """
    run = subprocess.run(python_with(code), capture_output=True, text=True, env=os.environ)
    assert run.stdout == "set()\n", run.stderr
