"""Bad weights: refused by a message that names the file, or exactly as they were before.

Beside what tests/weights tries of every format one by one (each byte of a TensorFlow index and of
its data changed, both cut at every byte, zips cut and changed at every few bytes, members that
climb out, bombs, encrypted and compressed otherwise, headers of safetensors that lie, surprises in
every key of the three configurations, wrong shapes, dtypes, NaN), this draws damage at random.
"""

import io
import json
import os
import pickle
import shutil
import struct
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import pytest
import safetensors.numpy
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sklearn_astromer import AstromerEmbedder
from sklearn_astromer.weights import archives, load, registry, store
from sklearn_astromer.weights.checkpoint import write_folder
from sklearn_astromer.weights.store import read_checkpoint

TINY = Path(__file__).parents[1] / "data" / "astromer2"  # written by TensorFlow
OFFICIAL = ("config.toml", "weights.index", "weights.data-00000-of-00001")
EXAMPLES = [25, pytest.param(300, marks=pytest.mark.reliability)]
CURVES = [np.c_[np.arange(5.0), np.arange(5.0)]]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The cache of the user and the folder of temporary files: empty, and empty afterwards."""
    for name in ("home", "scratch"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("SKLEARN_ASTROMER_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    yield tmp_path / "home" / "weights"
    assert not list((tmp_path / "scratch").iterdir())
    assert not list((tmp_path / "home").rglob(".*.partial"))


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The same network in our folder, in the official one, and zipped."""
    root = tmp_path_factory.mktemp("good")
    write_folder(root / "ours", read_checkpoint(TINY))
    shutil.copytree(TINY, root / "theirs")
    (root / "theirs" / "expected.npz").unlink()
    with zipfile.ZipFile(root / "zipped.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in OFFICIAL:
            archive.write(root / "theirs" / name, f"macho/{name}")
    return root


def content_of(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


# -- damage: each takes `draw` and the folder of the good ones, and returns what it spoiled --------


def changed(name):
    def change(draw, root):
        file = root / name
        content = bytearray(file.read_bytes())
        for _ in range(draw(st.integers(1, 3))):
            content[draw(st.integers(0, len(content) - 1))] ^= 1 << draw(st.integers(0, 7))
        file.write_bytes(content)
        return root / Path(name).parts[0]

    return change


def cut(name):
    def cut_off(draw, root):
        file = root / name
        content = file.read_bytes()
        rest = draw(st.sampled_from([b"", b"\0", bytes(100)]))
        file.write_bytes(content[: draw(st.integers(0, len(content) - 1))] + rest)
        return root / Path(name).parts[0]

    return cut_off


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def surprising(draw, root):
    """Another value, or another key, somewhere in config.json."""
    file = root / "ours" / "config.json"
    content = json.loads(file.read_text())
    part = draw(st.sampled_from([content, content["config"]]))
    key = draw(st.sampled_from(sorted(part)) | st.text(max_size=5))
    if draw(st.booleans()):
        part.pop(key, None)
    else:
        part[key] = draw(JSON)
    file.write_text(json.dumps(content))
    return root / "ours"


def lying(draw, root):
    """A header of safetensors that says something else of a tensor."""
    file = root / "ours" / "weights.safetensors"
    content = file.read_bytes()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    name = draw(st.sampled_from(sorted(header)))
    sizes = st.integers(-(2**63), 2**64) | st.sampled_from([0, 1, 2**31, 2**62])
    lie = {
        "dtype": st.sampled_from(["F64", "BF16", "I32", "BOOL", "F8_E4M3", "nonsense", "", None]),
        "shape": st.lists(sizes, max_size=4),
        "data_offsets": st.lists(sizes, max_size=3),
        "name": st.text(max_size=5),
    }
    key = draw(st.sampled_from(sorted(lie)))
    if key == "name":
        header[draw(lie["name"])] = header.pop(name)
    else:
        header[name][key] = draw(lie[key])
    text = json.dumps(header).encode()
    length = draw(st.sampled_from([len(text), len(text) - 1, len(text) + 1, 2**63, 0]))
    file.write_bytes(struct.pack("<Q", length) + text + content[8 + size :])
    return root / "ours"


def wrong_tensors(draw, root):
    """A whole file of safetensors, of other tensors."""
    file = root / "ours" / "weights.safetensors"
    tensors = safetensors.numpy.load_file(file)
    name = draw(st.sampled_from(sorted(tensors)))
    tensor = tensors[name]
    spoiled = {
        "NaN": np.where(tensor == tensor.max(), np.float32(np.nan), tensor),
        "infinite": np.full_like(tensor, np.inf),
        "another shape": tensor[..., None],
        "longer": np.concatenate([tensor, tensor]),
        "empty": tensor[:0],
        "float64": tensor.astype("f8"),
        "integers": tensor.astype("i4"),
        "other numbers": tensor + np.float32(1.0),
    }
    del tensors[name]
    kind = draw(st.sampled_from(["missing", *spoiled]))
    if kind != "missing":
        tensors[name] = spoiled[kind]
    safetensors.numpy.save_file(tensors, file)
    return root / "ours"


PARTS = st.lists(
    st.sampled_from(["..", ".", "a", "C:", "", "~", "\\\\host", "con", "$HOME", "a" * 300]),
    min_size=1,
    max_size=4,
)


def unsafe_zip(draw, root):
    """A member with an odd name, or that is a link; harmless ones are not unpacked either."""
    member = zipfile.ZipInfo(draw(st.sampled_from("/\\")).join(draw(PARTS)) or "/")
    member.external_attr = draw(st.sampled_from([0, 0o120777, 0o20666, 0o100644])) << 16
    with zipfile.ZipFile(root / "zipped.zip", "a") as archive:
        archive.writestr(member, b"/etc/passwd")
    return root / "zipped.zip"


def bomb(draw, root):
    """A member of zeros: more than may be unpacked, whether the directory says so or not."""
    size = draw(st.integers(10**6, 5 * 10**6))
    name = draw(st.sampled_from(["macho/config.toml", "macho/weights.index", "macho/more"]))
    with zipfile.ZipFile(root / "zipped.zip") as archive:
        members = {m: archive.read(m) for m in archive.namelist()}
    members[name] = bytes(size)
    with zipfile.ZipFile(root / "zipped.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        if draw(st.booleans()):
            archive.getinfo(name).file_size = 100  # a directory that lies
    return root / "zipped.zip"


DAMAGE = {
    "our weights, bits flipped": changed("ours/weights.safetensors"),
    "our weights, cut": cut("ours/weights.safetensors"),
    "our weights, a header that lies": lying,
    "our weights, other tensors": wrong_tensors,
    "our config, bits flipped": changed("ours/config.json"),
    "our config, cut": cut("ours/config.json"),
    "our config, surprises": surprising,
    "official index, bits flipped": changed("theirs/weights.index"),
    "official index, cut": cut("theirs/weights.index"),
    "official data, bits flipped": changed("theirs/weights.data-00000-of-00001"),
    "official data, cut": cut("theirs/weights.data-00000-of-00001"),
    "official zip, bits flipped": changed("zipped.zip"),
    "official zip, cut": cut("zipped.zip"),
    "zip, odd members": unsafe_zip,
    "zip, bombs": bomb,
}


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_refused_by_the_name_of_the_file_or_harmless(
    kind, examples, good, cache, tmp_path, monkeypatch, tally
):
    monkeypatch.setattr(archives, "MAX_UNPACKED", 10**6)
    whole, outcomes, before = read_checkpoint(TINY), Counter(), content_of(good)
    root = tmp_path / "spoiled"

    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def check(data):
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(good, root)
        path = DAMAGE[kind](data.draw, root)
        given_ = content_of(root)
        try:
            found = load(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            outcomes["refused"] += 1
        else:
            assert found.config == whole.config
            assert found.tensors.keys() == whole.tensors.keys()
            for name, tensor in whole.tensors.items():
                np.testing.assert_array_equal(found.tensors[name], tensor, strict=True)
            outcomes["harmless"] += 1
        assert content_of(root) == given_  # nothing unpacked beside it

    check()
    assert content_of(good) == before
    assert not cache.exists()
    assert outcomes["refused"] >= examples // 4, outcomes
    tally("weights", kind, **outcomes)


# -- never a pickle ------------------------------------------------------------------------------

OPENED = []


def watch(event, arguments):
    if event == "pickle.find_class":
        OPENED.append(arguments)


sys.addaudithook(watch)


class Burglar:
    def __reduce__(self):
        return (os.getpid, ())


def pickled(save):
    buffer = io.BytesIO()
    save({"weights": Burglar()}, buffer)
    return buffer.getvalue()


def as_object_array(what, file):
    np.save(file, np.array([what], dtype=object), allow_pickle=True)


PICKLES = {
    "pickle": pickled(pickle.dump),
    "torch": pickled(torch.save),
    "torch, old": pickled(lambda w, f: torch.save(w, f, _use_new_zipfile_serialization=False)),
    "joblib": pickled(joblib.dump),
    "npy": pickled(as_object_array),
    "npz": pickled(lambda w, f: np.savez(f, w=np.array([w], dtype=object))),
}


@pytest.mark.parametrize("kind", PICKLES)
@pytest.mark.parametrize("place", ["a file", "our weights", "our config", "official", "a zip"])
def test_no_pickle_is_opened(kind, place, good, cache, tmp_path, tally):
    root = shutil.copytree(good, tmp_path / "spoiled")
    file = {
        "a file": root / "weights.bin",
        "our weights": root / "ours" / "weights.safetensors",
        "our config": root / "ours" / "config.json",
        "official": root / "theirs" / "weights.index",
        "a zip": root / "zipped.zip",
    }[place]
    file.write_bytes(PICKLES[kind])
    path = file if place in ("a file", "a zip") else file.parent
    OPENED.clear()
    embedder = AstromerEmbedder(path, max_epochs=0)
    with pytest.raises(ValueError, match=path.name):
        embedder.fit(CURVES)
    assert not OPENED
    assert not hasattr(embedder, "module_")
    assert not cache.exists()
    tally("weights", f"pickle as {place}, {kind}", refused=1)


def test_the_watch_sees_what_is_let_in():
    OPENED.clear()
    pickle.loads(PICKLES["pickle"])
    assert len(OPENED) == 1


# -- by name -------------------------------------------------------------------------------------


PLACES = ["files/config.toml", "partial/archive", "record.json"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + bytes(18), b"<html>", bytes(10**5)])
def test_a_cache_that_holds_something_else(content, place, cache, monkeypatch, tally):
    """What is in the cache is not what was published, and there is no network."""
    entry = registry.WEIGHTS["macho-v2"]
    folder = store.folder_of(entry.url)
    (folder / place).parent.mkdir(parents=True)
    (folder / place).write_bytes(content)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nobody there
    embedder = AstromerEmbedder("macho-v2", max_epochs=0)
    error, message = {
        PLACES[0]: (OSError, "'macho-v2' .* could not be downloaded"),  # nobody knows whose it is
        PLACES[1]: (ValueError, f"'macho-v2' .* wrong sha256 .* expected {entry.sha256}"),
        PLACES[2]: (ValueError, f"record.json.*: delete the folder {folder}"),
    }[place]
    with pytest.raises(error, match=rf"(?s){message}"):
        embedder.fit(CURVES)
    held = b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())
    assert held == (b"" if place == PLACES[1] else content)
    tally("weights", "something else in the cache", refused=1)
