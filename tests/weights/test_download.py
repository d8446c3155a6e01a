"""Weights by https address and DOI: what is read, what is refused, and what is kept.

Several processes at once, and one that is killed, are in test_store.py.
"""

import json
import os
import pickle
import shutil
import ssl
import subprocess

import numpy as np
import pytest
from hub_server import FileServer
from packing import tarred, zipped

from sklearn_astromer import weights
from sklearn_astromer.weights import download
from sklearn_astromer.weights.checkpoint import checkpoint_files

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def server():
    served = FileServer()
    yield served
    served.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command, to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    names = ("doi.org", "zenodo.org", "weights.example")
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
        *("-nodes", "-days", "2", "-subj", "/CN=test", "-keyout", "key.pem", "-out", "cert.pem"),
        *("-addext", f"subjectAltName={','.join(f'DNS:{name}' for name in names)}"),
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def internet(certificate, monkeypatch):
    """The server behind every https address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    served = FileServer(context)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, served.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    yield served
    served.close()


@pytest.fixture
def files(make_checkpoint):
    def make(value, **others):
        return checkpoint_files(make_checkpoint(value)) | others

    return make


@pytest.fixture
def large(files):
    """Weights in several chunks of a download."""

    def make(value):
        return zipped(files(value, **{"README.md": os.urandom(400_000)}))

    return make


def value(address):
    return float(weights.load(address).tensors["decoder.out.bias"][0])


def names(folder):
    """What is in a folder, without the locks, which some versions of filelock leave behind."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


def entry(cache):
    """The one folder in the cache."""
    (found,) = (path for path in (cache / "remote").iterdir() if path.is_dir())
    return found


# ---------------------------------------------------------------- what is read


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_archives(server, files, pack, cache):
    content = files(1.0, **{"README.md": b"# mine", "notes.txt": b"x"})
    server.files["/w"] = pack(content, "mine/")
    assert value(f"{server.url}/w") == 1
    assert names(entry(cache) / "files") == {"config.json", "weights.safetensors", "README.md"}
    assert names(entry(cache)) == {"files", "record.json"}


def test_a_folder(server, files, make_checkpoint, assert_same):
    for name, content in files(2.0, **{"model.json": b"{}"}).items():
        server.files[f"/mine/{name}"] = content
    server.files["/mine/pytorch_model.bin"] = pickle.dumps("no")
    address = f"{server.url}/mine/"
    path = weights.fetch(address)
    assert_same(weights.load(address), make_checkpoint(2.0))
    assert names(path) == {"config.json", "weights.safetensors", "model.json"}
    assert not any("pytorch_model" in each for each in server.requests)
    del server.files["/mine/weights.safetensors"]
    shutil.rmtree(path.parent)
    with pytest.raises(OSError, match="could not be downloaded: 404"):
        weights.load(address)


def test_https_and_a_doi(internet, files, cache):
    internet.files["/w.zip"] = zipped(files(1.0))
    assert value("https://weights.example/w.zip") == 1
    serve_record(internet, {"config.json": files(2.0)["config.json"]})
    with pytest.raises(ValueError, match=r"record has 0 archives among config\.json, expected one"):
        value("doi:10.5281/zenodo.5")
    serve_record(internet, files(2.0, **{"data.csv": b"1"}))
    assert value("doi:10.5281/zenodo.5") == 2
    assert value("https://doi.org/10.5281/zenodo.5") == 2  # the same
    assert not any("data.csv" in each for each in internet.requests)
    serve_record(internet, {"mine.tar.gz": tarred(files(3.0)), "table.txt": b""}, number=6)
    assert value("doi:10.5281/zenodo.6") == 3
    serve_record(internet, {"a.zip": zipped(files(3.0)), "b.zip": b""}, number=7)
    with pytest.raises(ValueError, match=r"2 archives .*give one of https://zenodo\.org/\S*a\.zip"):
        value("doi:10.5281/zenodo.7")
    with pytest.raises(OSError, match=r"doi:10\.5281/zenodo\.8 could not be downloaded: 404"):
        value("doi:10.5281/zenodo.8")


def serve_record(internet, files, number=5):
    """Serve a record of Zenodo as it answers itself."""
    internet.redirects[f"/10.5281/zenodo.{number}"] = f"https://zenodo.org/records/{number}"
    internet.files[f"/records/{number}"] = b"<html></html>"
    place = f"/api/records/{number}/files"
    listed = [
        {"key": name, "checksum": "md5:", "links": {"self": f"https://zenodo.org{place}/{name}"}}
        for name in files
    ]
    internet.files[f"/api/records/{number}"] = json.dumps({"files": listed}).encode()
    internet.files |= {f"{place}/{name}": content for name, content in files.items()}


# ---------------------------------------------------------------- what is kept


def test_once_and_then_offline(server, files, cache):
    address = f"{server.url}/w.zip"
    server.files["/w.zip"] = zipped(files(1.0))
    assert value(address) == 1
    record = json.loads((entry(cache) / "record.json").read_text())
    assert record["address"] == address
    assert record["files"].keys() == {"config.json", "weights.safetensors"}
    server.close()
    assert value(address) == 1
    assert server.requests == ["GET /w.zip"]
    with pytest.raises(OSError, match="could not be downloaded") as caught:
        value(f"{server.url}/other.zip")
    for part in (f"weights fetch {server.url}/other.zip", "SKLEARN_ASTROMER_HOME", str(cache)):
        assert part in str(caught.value)


def test_a_cache_that_was_tampered_with(server, files, cache):
    address = f"{server.url}/w.zip"
    server.files["/w.zip"] = zipped(files(1.0))
    value(address)
    folder = entry(cache)
    for name, content in files(2.0).items():  # weights as good as the others
        (folder / "files" / name).write_bytes(content)
    with pytest.raises(ValueError, match="have changed since") as caught:
        value(address)
    assert address in str(caught.value)
    assert f"delete the folder {folder}" in str(caught.value)
    shutil.rmtree(folder)
    assert value(address) == 1
    (entry(cache) / "files" / "conf.json").write_text("{}")  # would be another layout
    with pytest.raises(ValueError, match=r"wrong sha256 of conf\.json"):
        value(address)
    (folder / "record.json").write_text("{}")
    with pytest.raises(ValueError, match=r"record\.json is no record"):
        value(address)


@pytest.mark.parametrize("lost", ["files", "files/weights.safetensors"])
def test_what_is_served_has_changed(server, files, cache, lost):
    address = f"{server.url}/w.zip"
    server.files["/w.zip"] = zipped(files(1.0))
    value(address)
    folder = entry(cache)

    def lose():
        path = folder / lost
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    lose()
    server.files["/w.zip"] = tarred(files(1.0), "packed-otherwise/")
    assert value(address) == 1
    lose()
    server.files["/w.zip"] = zipped(files(2.0))
    for _ in range(2):
        with pytest.raises(ValueError, match="have changed since") as caught:
            value(address)
        assert address in str(caught.value)
        assert f"delete the folder {folder}" in str(caught.value)
    shutil.rmtree(folder)
    assert value(address) == 2


# ---------------------------------------------------------------- downloads that break off


def test_it_goes_on_where_it_broke_off(server, large):
    server.files["/w.zip"] = content = large(1.0)
    server.drop = [len(content) // 2]
    assert value(f"{server.url}/w.zip") == 1
    (start,) = server.ranges
    assert 0 < start <= len(content) // 2


def test_it_begins_anew_without_etags(server, large):
    server.files["/w.zip"] = content = large(1.0)
    server.etags = False
    server.drop = [len(content) // 2]
    assert value(f"{server.url}/w.zip") == 1
    assert server.requests == ["GET /w.zip"] * 2
    assert not server.ranges


@pytest.mark.parametrize("changed", [False, True])
def test_a_later_call_goes_on(server, large, cache, changed):
    address = f"{server.url}/w.zip"
    server.files["/w.zip"] = content = large(1.0)
    server.drop = [len(content) // 2, 0]
    with pytest.raises(OSError, match="could not be downloaded"):
        value(address)
    assert names(entry(cache)) == {"partial"}
    assert names(entry(cache) / "partial") == {"archive.partial", "archive.etag"}
    half = (entry(cache) / "partial" / "archive.partial").stat().st_size
    assert 0 < half <= len(content) // 2
    server.ranges.clear()
    if changed:  # the other half of another file is not put behind the first half of this one
        server.files["/w.zip"] = large(2.0)
    assert value(address) == 1 + changed
    assert server.ranges == ([] if changed else [half])


def test_a_partial_file_that_is_complete(server, large, cache):
    address = f"{server.url}/w.zip"
    server.files["/w.zip"] = content = large(1.0)
    server.drop = [200_000, 0]
    with pytest.raises(OSError, match="could not be downloaded"):
        value(address)
    (entry(cache) / "partial" / "archive.partial").write_bytes(content)  # killed before its rename
    assert value(address) == 1


# ---------------------------------------------------------------- what is refused


def test_addresses(server):
    for address, reason in {
        "http://weights.example/w.zip": "not https .*use https",
        "http://localhost.example/w.zip": "not https .*use https",
        "ftp://weights.example/w.zip": "weights have addresses",
        "file:///etc/passwd": "weights have addresses",
        "https://": "not https",
        "https://me:secret@weights.example/w.zip": r"~/\.netrc",
        "doi:zenodo.5": "is no DOI such as",
    }.items():
        for function in (weights.load, weights.fetch):
            with pytest.raises(ValueError, match=reason) as caught:
                function(address)
            assert (address in str(caught.value)) == ("secret" not in address)
    assert not server.requests


@pytest.mark.parametrize(
    "target", ["http://weights.example/w.zip", "file:///etc/passwd", "ftp://weights.example/w.zip"]
)
def test_redirects_that_leave_https(internet, server, files, target, cache):
    internet.files["/w.zip"] = server.files["/w.zip"] = zipped(files(1.0))
    internet.redirects = {"/there": "/w.zip", "/away": target, "/home": f"{server.url}/w.zip"}
    for address in ("https://weights.example/away", f"{internet.url}/away"):
        with pytest.raises(OSError, match=f"redirects to {target}, which is not https"):
            value(address)
    with pytest.raises(OSError, match="redirects to http://127"):  # from https, not even home
        value("https://weights.example/home")
    assert not server.requests
    assert value("https://weights.example/there") == 1
    assert value(f"{internet.url}/home") == 1
    internet.redirects["/10.5281/zenodo.5"] = "http://zenodo.org/records/5"
    with pytest.raises(OSError, match="redirects to http://zenodo"):
        value("doi:10.5281/zenodo.5")


def test_a_wrong_certificate(internet, monkeypatch):
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        value("https://weights.example/w.zip")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"../x": b""}, r"unsafe path '\.\./x'"),
        ({"weights.safetensors": b"none"}, "weights.safetensors: damaged"),
    ],
)
def test_bad_archives(server, files, cache, bad, reason):
    """Which they are is in test_archives.py."""
    address = f"{server.url}/w"
    server.files["/w"] = tarred(files(1.0) | bad)
    with pytest.raises(ValueError, match=reason) as caught:
        value(address)
    assert address in str(caught.value)
    assert not names(entry(cache))
    server.files["/w"] = zipped(files(1.0))
    assert value(address) == 1


def test_files_without_an_end(server, files, monkeypatch):
    server.files["/w.zip"] = zipped(files(None))
    monkeypatch.setattr(download, "MAX_BYTES", 1000)
    with pytest.raises(OSError, match="more than 1000 bytes"):
        value(f"{server.url}/w.zip")


def test_an_embedder(server, files):
    from sklearn_astromer import AstromerEmbedder
    from sklearn_astromer.datasets import make_variable_stars

    curves, _ = make_variable_stars(3, n_observations=(20, 60), random_state=0)
    for name, content in files(None).items():
        server.files[f"/mine/{name}"] = content
    path = weights.fetch(f"{server.url}/mine/")
    rows = [
        AstromerEmbedder(each).fit_transform(curves) for each in (f"{server.url}/mine/", str(path))
    ]
    np.testing.assert_array_equal(*rows)
