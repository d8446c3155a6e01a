"""What every checkpoint must hold, and our folder: written whole, read with suspicion.

More of what it takes to be written whole is in test_files.py.
"""

import json
import os
import pickle
import stat
import struct
import threading
import time
from functools import partial

import numpy as np
import pytest
import safetensors.numpy

from sklearn_astromer.weights import checkpoint
from sklearn_astromer.weights.checkpoint import Checkpoint, read_description, read_folder
from sklearn_astromer.weights.store import read_checkpoint

write_folder = partial(checkpoint.write_folder, overwrite=True)


@pytest.fixture
def saved(make_checkpoint, tmp_path):
    write_folder(tmp_path / "mine", make_checkpoint(info={"survey": "ASAS", "epochs": [1, 2.5]}))
    return tmp_path / "mine"


def test_folders_from_before_later_options(saved, assert_same):
    before = read_folder(saved)
    content = json.loads((saved / "config.json").read_text())
    later = ("norm_first", "pe_pairs", "activation", "dense_residual")
    for key in (*later, "own_periods", "own_harmonics", "max_frequency"):
        del content["config"][key]
    # as the version that knew none of them wrote it
    weights = (saved / "weights.safetensors").read_bytes()
    content["sha256"] = checkpoint._digest(content["config"], content["info"], weights)
    (saved / "config.json").write_text(json.dumps(content))
    assert_same(read_folder(saved), before)


def test_round_trip(saved, make_checkpoint, assert_same):
    again = read_checkpoint(str(saved))
    assert_same(again, make_checkpoint(info={"survey": "ASAS", "epochs": [1, 2.5]}))
    assert all(t.flags.writeable and t.flags.c_contiguous for t in again.tensors.values())
    assert sorted(os.listdir(saved)) == ["config.json", "weights.safetensors"]
    content = json.loads((saved / "config.json").read_text())
    assert content.keys() == {"format", "config", "info", "sha256"}


def test_folders_from_before_the_checksum(saved, assert_same):
    before = read_folder(saved)
    content = json.loads((saved / "config.json").read_text())
    del content["sha256"]
    (saved / "config.json").write_text(json.dumps(content))
    assert_same(read_folder(saved), before)


def test_a_weight_or_an_option_that_changed_on_the_disk(saved):
    weights, config = saved / "weights.safetensors", saved / "config.json"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(ValueError, match=r"mine: damaged, .*get or save the weights again"):
        read_folder(saved)
    weights.write_bytes(good)
    config.write_text(config.read_text().replace('"window_size": 200', '"window_size": 300'))
    with pytest.raises(ValueError, match="mine: damaged"):
        read_folder(saved)


def test_written_folder_obeys_the_umask(saved):
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o777 & ~umask


def test_parents_are_created_and_home_is_expanded(
    make_checkpoint, tmp_path, monkeypatch, assert_same
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    write_folder("~/a/b", make_checkpoint())
    assert (tmp_path / "a" / "b" / "config.json").exists()
    assert_same(read_checkpoint("~/a/b"), make_checkpoint())


def test_a_checkpoint_or_an_empty_folder_is_replaced(saved, make_checkpoint, tmp_path, assert_same):
    write_folder(saved, make_checkpoint(2.0))
    assert_same(read_folder(saved), make_checkpoint(2.0))
    (tmp_path / "empty").mkdir()
    write_folder(tmp_path / "empty", make_checkpoint(3.0))
    assert_same(read_folder(tmp_path / "empty"), make_checkpoint(3.0))
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "files",
    [
        {"thesis.tex": "years of work"},
        {"config.json": '{"model_type": "bert"}', "weights.safetensors": ""},
        {"config.json": "[]", "weights.safetensors": ""},
        {"config.json": '{"format": 1, "config": {}, "info": {}}'},
    ],
)
def test_foreign_folders_are_left_alone(make_checkpoint, tmp_path, files):
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(FileExistsError, match="something else"):
        write_folder(tmp_path, make_checkpoint())
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == files


def test_a_checkpoint_with_notes_beside_it_is_left_alone(saved, make_checkpoint):
    (saved / "README.md").write_text("my notes")
    with pytest.raises(FileExistsError, match=r"README\.md"):
        write_folder(saved, make_checkpoint(2.0))
    assert (saved / "README.md").read_text() == "my notes"


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), b"bytes"])
def test_info_that_json_cannot_hold(make_checkpoint, tmp_path, value):
    with pytest.raises(ValueError, match="info cannot be written as JSON"):
        write_folder(tmp_path / "mine", make_checkpoint(info={"a": value}))
    assert not list(tmp_path.iterdir())


def test_a_failed_write_changes_nothing(saved, make_checkpoint, monkeypatch, assert_same):
    before = read_folder(saved)

    def full_disk(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_folder(saved, make_checkpoint(2.0))
    assert_same(read_folder(saved), before)
    assert not list(saved.parent.glob(".*"))


TOP_LEVEL = [
    ({"format": 2}, "newer version"),
    ({"format": 0}, "'format' is 0"),
    ({"format": "1"}, "'format' is '1'"),
    ({"format": True}, "'format' is True"),
    ({"format": None}, "'format' is None"),
    ({"extra": 1}, "unknown 'extra'"),
    ({"info": []}, "info is"),
    ({"config": []}, "config is"),
    ({"config": {}}, "missing 'd_model'"),
]


@pytest.mark.parametrize(("changes", "message"), TOP_LEVEL)
def test_json_surprises(saved, changes, message):
    content = json.loads((saved / "config.json").read_text())
    (saved / "config.json").write_text(json.dumps({**content, **changes}))
    with pytest.raises(ValueError, match=rf"config\.json: .*{message}"):
        read_folder(saved)


BAD_VALUES = [
    ("d_model", 0),
    ("d_model", 4.0),
    ("d_model", "4"),
    ("n_layers", 10**9),
    ("n_heads", 3),
    ("window_size", None),
    ("window_size", True),
    ("dropout", 1.0),
    ("dropout", -0.1),
    ("dropout", False),
    ("pe_base", 0),
    ("pe_exponent", "2"),
    ("min_period", [1.0]),
    ("norm_eps", -1e-6),
    ("residual", 0),
    ("mask_token", "false"),
    ("activation", "relu"),
    ("ffn", 1),
]


@pytest.mark.parametrize(("key", "value"), BAD_VALUES)
def test_config_surprises(saved, key, value):
    content = json.loads((saved / "config.json").read_text())
    content["config"][key] = value
    (saved / "config.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=rf"config\.json: .*{key}"):
        read_folder(saved)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_not_finite_config_values(config, value):
    with pytest.raises(ValueError, match=r"pe_base is (nan|inf|10+), expected a positive number"):
        read_description({**config, "pe_base": value})


def test_numpy_config_values_become_plain(make_checkpoint, tmp_path, assert_same):
    made = make_checkpoint(
        d_model=np.int64(8), dropout=np.float64(0.0), pe_base=100, residual=np.True_
    )
    keys = ("d_model", "dropout", "pe_base", "residual")
    assert [type(made.description[key]) for key in keys] == [int, float, float, bool]
    write_folder(tmp_path / "mine", made)
    assert_same(read_folder(tmp_path / "mine"), made)


def test_numpy_info_becomes_plain(make_checkpoint, tmp_path):
    made = make_checkpoint()
    info = {"epochs": np.int64(3), "losses": [np.float32(0.5)], "labels": np.bool_(True)}
    write_folder(tmp_path / "mine", Checkpoint(made.config, made.tensors, info))
    assert read_folder(tmp_path / "mine").info == {"epochs": 3, "losses": [0.5], "labels": True}


def test_bad_tensors(make_checkpoint):
    good = make_checkpoint()
    wrong = dict(good.tensors)
    wrong["decoder.norm.weight"] = np.zeros(4)
    wrong["encoder.magnitude.bias"] = np.array([0, 1, np.nan, 2], np.float32)
    with pytest.raises(ValueError) as caught:
        Checkpoint(good.config, wrong)
    for problem in [
        "decoder.norm.weight is float64, expected float32",
        "encoder.magnitude.bias has NaN or infinite values",
    ]:
        assert problem in str(caught.value)


def test_a_description_that_is_none():
    with pytest.raises(TypeError, match="expected an EncoderConfig"):
        Checkpoint({"d_model": 4}, {})


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "1e999", "[]", "[" * 100_000, "\ufeff{}", '{"format": NaN}', "9" * 10_000],
)
def test_no_json(saved, text):
    (saved / "config.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"config\.json: "):
        read_folder(saved)
    (saved / "config.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"config\.json: not valid JSON"):
        read_folder(saved)


def lying_header(change):
    def lie(content):
        size = struct.unpack("<Q", content[:8])[0]
        header = json.loads(content[8 : 8 + size])
        change(header)
        new = json.dumps(header).encode()
        return struct.pack("<Q", len(new)) + new + content[8 + size :]

    return lie


NAME = "encoder.magnitude.bias"


@pytest.mark.parametrize(
    "lie",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: struct.pack("<Q", 2**62) + content[8:],
        lambda content: pickle.dumps({"weights": [1.0]}),
        lying_header(lambda h: h[NAME].update(dtype="BF16")),
        lying_header(lambda h: h[NAME].update(dtype="I32")),
        lying_header(lambda h: h[NAME].update(dtype="nonsense")),
        lying_header(lambda h: h[NAME].update(shape=[2, 2])),
        lying_header(lambda h: h[NAME].update(shape=[2**62, 4])),
        lying_header(lambda h: h[NAME].update(data_offsets=[0, 2**40])),
        lying_header(lambda h: h[NAME].update(data_offsets=[16, 0])),
        lying_header(lambda h: h.update({"encoder.other": h.pop(NAME)})),
        lying_header(lambda h: h.pop(NAME)),
    ],
)
def test_lying_weights(saved, lie):
    weights = saved / "weights.safetensors"
    weights.write_bytes(lie(weights.read_bytes()))
    said = r"weights\.safetensors(: (damaged|wrong tensors)| are not as they were written)"
    with pytest.raises(ValueError, match=said):
        read_folder(saved)


def test_bfloat16_weights(saved):
    """A whole file of a type numpy does not have, with nothing else wrong."""
    header = {
        name: {"dtype": "BF16", "shape": [4], "data_offsets": [8 * i, 8 * i + 8]}
        for i, name in enumerate(["a", "b"])
    }
    text = json.dumps(header).encode()
    (saved / "weights.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(16))
    with pytest.raises(ValueError, match=r"weights\.safetensors: "):
        read_folder(saved)


def test_nan_weights(saved):
    tensors = safetensors.numpy.load_file(saved / "weights.safetensors")
    tensors[NAME][1] = np.inf
    safetensors.numpy.save_file(tensors, saved / "weights.safetensors")
    with pytest.raises(ValueError, match=rf"weights\.safetensors: .*{NAME} has NaN or inf"):
        read_folder(saved)


@pytest.mark.parametrize("missing", ["config.json", "weights.safetensors"])
def test_incomplete_folder(saved, missing):
    (saved / missing).unlink()
    with pytest.raises(FileNotFoundError, match=r"expected a folder with config\.json and weights"):
        read_checkpoint(saved)


def test_nothing_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no checkpoint in .*gone.*official ASTROMER"):
        read_checkpoint(tmp_path / "gone")


@pytest.mark.parametrize("error", [None, FileNotFoundError, ValueError])
def test_a_folder_replaced_between_its_two_files(
    saved, make_checkpoint, monkeypatch, error, assert_same
):
    load = safetensors.numpy.load
    replaced = []

    def replace_then_load(content):
        if not replaced:
            replaced.append(True)
            write_folder(saved, make_checkpoint(2.0, window_size=2))
            if error:
                raise error
        return load(content)

    monkeypatch.setattr(safetensors.numpy, "load", replace_then_load)
    assert_same(read_folder(saved), make_checkpoint(2.0, window_size=2))


def test_a_folder_that_is_always_being_replaced(saved, make_checkpoint, monkeypatch):
    load = safetensors.numpy.load

    def replace_then_load(content):
        write_folder(saved, make_checkpoint(2.0))
        return load(content)

    monkeypatch.setattr(safetensors.numpy, "load", replace_then_load)
    with pytest.raises(OSError, match="replaced all the time"):
        read_folder(saved)


def test_content_is_on_disk_before_it_gets_its_name(make_checkpoint, tmp_path, monkeypatch):
    events = []
    fsync, rename = os.fsync, os.rename
    monkeypatch.setattr(os, "fsync", lambda fd: (events.append("fsync"), fsync(fd)))
    monkeypatch.setattr(os, "rename", lambda a, b: (events.append("rename"), rename(a, b)))
    write_folder(tmp_path / "mine", make_checkpoint())
    folders = ["fsync"] if os.name == "posix" else []
    assert events == ["fsync", "fsync", *folders, "rename", *folders]


def test_reading_while_another_writes(make_checkpoint, tmp_path):
    path = tmp_path / "mine"
    versions = [make_checkpoint(value, window_size=int(value)) for value in (1.0, 2.0)]
    write_folder(path, versions[0])
    stop = threading.Event()

    def keep_writing():
        turn = 0
        while not stop.is_set():
            turn += 1
            write_folder(path, versions[turn % 2])

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        seen = {}
        deadline = time.monotonic() + 30
        while len(seen) < 2 or sum(seen.values()) < 100:
            assert time.monotonic() < deadline, seen
            found = read_folder(path)
            assert found.tensors["decoder.out.bias"] == found.window_size
            seen[found.window_size] = seen.get(found.window_size, 0) + 1
    finally:
        stop.set()
        writer.join()
