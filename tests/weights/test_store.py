import hashlib
import http.server
import logging
import os
import shutil
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from sklearn_astromer import weights
from sklearn_astromer.weights import registry, store
from sklearn_astromer.weights.checkpoint import write_folder

PAYLOAD = bytes(range(256)) * 1000
SHA256 = hashlib.sha256(PAYLOAD).hexdigest()

# What `served` below does to WEIGHTS, for the processes that tests start.
REGISTER = f"""
    import dataclasses
    from sklearn_astromer.weights import registry, store
    registry.WEIGHTS["tiny"] = dataclasses.replace(
        registry.WEIGHTS["macho"], url=sys.argv[1], filename="tiny.bin", sha256="{SHA256}"
    )
"""


pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


class Server:
    """A web server on this machine; `answer(handler)` is what it does with a request."""

    def __init__(self):
        self.requests = 0
        self.answer = self.send
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests += 1
                server.answer(self)

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/tiny.bin"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    @staticmethod
    def send(handler, content=PAYLOAD, length=None):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        handler.wfile.write(content)


@pytest.fixture
def served(monkeypatch):
    """A server, and the entry "tiny" that is downloaded from it."""
    server = Server()
    entry = weights.WeightsEntry(
        name="tiny",
        description="",
        good_for="",
        licence="MIT",
        citation="",
        url=server.url,
        filename="tiny.bin",
        sha256=SHA256,
    )
    monkeypatch.setitem(registry.WEIGHTS, "tiny", entry)
    yield server
    server.http.shutdown()
    server.http.server_close()


def files(folder):
    """Names in the cache, without the lock, which some versions of filelock leave behind."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.suffix != ".lock"}


# ---------------------------------------------------------------- names


def test_registry():
    assert {"macho", "surveys-small"} <= set(weights.WEIGHTS)
    for name, entry in weights.WEIGHTS.items():
        assert entry.name == name
        assert entry.description
        assert entry.good_for
        assert entry.licence
        assert "doi:10." in entry.citation or entry.bundled
        downloadable = (entry.url, entry.filename, entry.sha256)
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
    with pytest.raises(
        ValueError, match=r"tiny\.bin: neither a zip"
    ):  # the name means the download
        weights.load("tiny")
    assert served.requests == 1
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
    with pytest.raises(ValueError, match="macho, macho-v2, sample"):
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


def test_macho_from_the_cache(official_zip, cache, no_network):
    cache.mkdir(parents=True)
    shutil.copy(official_zip, cache)
    assert weights.fetch("macho") == cache / "macho_a0.zip"
    assert weights.load("macho").config.d_model == 256
    assert list(cache.iterdir()) == [cache / "macho_a0.zip"]


# ---------------------------------------------------------------- downloads


def test_download_once(served, cache, capfd):
    assert weights.fetch("tiny") == cache / "tiny.bin"
    assert weights.fetch("tiny").read_bytes() == PAYLOAD
    assert served.requests == 1
    assert files(cache) == {"tiny.bin": PAYLOAD}
    assert capfd.readouterr() == ("", "")


def test_progress_bar(served, capfd):
    weights.fetch("tiny", progress=True)
    out, err = capfd.readouterr()
    assert not out
    assert "100%" in err


def test_a_damaged_file_in_the_cache_is_replaced(served, cache, caplog):
    cache.mkdir(parents=True)
    (cache / "tiny.bin").write_bytes(PAYLOAD[:-1] + b"x")
    with caplog.at_level(logging.WARNING):
        assert weights.fetch("tiny").read_bytes() == PAYLOAD
    assert "wrong checksum" in caplog.text
    assert served.requests == 1


def not_found(handler):
    handler.send_error(404)


def truncated(handler):
    Server.send(handler, PAYLOAD[:100_000], length=len(PAYLOAD))


def other_content(handler):
    Server.send(handler, b"<html>please log in</html>")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(not_found, "404"), (truncated, "IncompleteRead"), (other_content, "wrong sha256")],
)
def test_a_failed_download_leaves_nothing(served, cache, answer, reason):
    served.answer = answer
    with pytest.raises(OSError, match=reason) as caught:
        weights.load("tiny")
    assert not files(cache)
    assert_helps(caught.value, served.url, cache)
    served.answer = served.send
    assert weights.fetch("tiny").read_bytes() == PAYLOAD


def assert_helps(error, url, cache):
    assert type(error) is OSError
    for part in (f"download {url} elsewhere", f"put it at {cache / 'tiny.bin'}", SHA256):
        assert part in str(error)
    assert "SKLEARN_ASTROMER_HOME" in str(error)


def test_offline(served, cache, no_network):
    with pytest.raises(OSError, match="'tiny' is not in the cache") as caught:
        weights.load("tiny")
    assert_helps(caught.value, served.url, cache)
    assert not files(cache)


def test_offline_with_a_damaged_file(served, cache, no_network):
    cache.mkdir(parents=True)
    (cache / "tiny.bin").write_bytes(b"half")
    with pytest.raises(OSError, match="'tiny' in the cache is damaged") as caught:
        weights.load("tiny")
    assert_helps(caught.value, served.url, cache)
    assert files(cache) == {"tiny.bin": b"half"}  # not ours to delete


def test_a_cache_that_cannot_be_made(served, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SKLEARN_ASTROMER_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"could not be downloaded: .*file") as caught:
        weights.fetch("tiny")
    assert_helps(caught.value, served.url, tmp_path / "file" / "weights")


def test_a_read_only_cache(served, cache, no_network, monkeypatch):
    cache.mkdir(parents=True)
    (cache / "tiny.bin").write_bytes(PAYLOAD)
    cache.chmod(0o555)

    def refuse(*args, **kwargs):  # root may write anywhere: catch the attempt
        raise PermissionError("locked a file that was there")

    monkeypatch.setattr(store, "FileLock", refuse)
    try:
        assert weights.fetch("tiny") == cache / "tiny.bin"
        assert list(cache.iterdir()) == [cache / "tiny.bin"]
    finally:
        cache.chmod(0o755)


def test_a_lock_that_is_never_given_back(served, cache, monkeypatch):
    monkeypatch.setattr(store, "_LOCK_SECONDS", 0.05)
    cache.mkdir(parents=True)
    with (
        store.FileLock(cache / "tiny.bin.lock"),
        pytest.raises(OSError, match=r"lock.*could not be acquired") as caught,
    ):
        weights.fetch("tiny")
    assert_helps(caught.value, served.url, cache)
    assert not served.requests


def test_two_processes_download_once(served, cache, python_with):
    both_wait = threading.Event()

    def slow(handler):
        both_wait.wait(1)  # never set: long enough for the other process to come here as well
        served.send(handler)

    served.answer = slow
    code = """
        print("ready", flush=True)
        input()
        print(store.fetch("tiny"))
    """
    processes = [
        subprocess.Popen(
            python_with(REGISTER, code, argument=served.url),
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
        assert out.strip() == str(cache / "tiny.bin")
        assert process.returncode == 0
    assert served.requests == 1
    assert files(cache) == {"tiny.bin": PAYLOAD}


def test_a_download_that_is_killed(served, cache, python_with):
    half_sent, killed = threading.Event(), threading.Event()

    def stall(handler):
        served.send(handler, PAYLOAD[:200_000], length=len(PAYLOAD))
        half_sent.set()
        killed.wait(30)

    served.answer = stall
    code = """
        store.fetch("tiny")
    """
    process = subprocess.Popen(python_with(REGISTER, code, argument=served.url))
    assert half_sent.wait(30)

    def came():
        return sum(p.stat().st_size for p in cache.glob(".tiny.bin.*.partial/tiny.bin"))

    for _ in range(300):
        if came():
            break
        threading.Event().wait(0.1)
    process.kill()
    process.wait(30)
    killed.set()
    assert 0 < came() < len(PAYLOAD)
    assert not (cache / "tiny.bin").exists()
    served.answer = served.send
    assert weights.fetch("tiny").read_bytes() == PAYLOAD
    assert files(cache) == {"tiny.bin": PAYLOAD}


def test_importing_is_light(python_with):
    code = """
        import sklearn_astromer.weights
        heavy = {"torch", "sklearn", "pandas", "pooch", "requests", "huggingface_hub", "tqdm"}
        print(heavy & set(sys.modules))
    """
    run = subprocess.run(python_with(code), capture_output=True, text=True, env=os.environ)
    assert run.stdout == "set()\n", run.stderr
