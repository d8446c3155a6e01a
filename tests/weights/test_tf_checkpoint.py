import struct
import time

import numpy as np
import pytest

from sklearn_astromer._protobuf import crc32c
from sklearn_astromer.weights.tf_checkpoint import read_tensor_bundle

TENSORS = {
    "layer/a/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "layer/a/kernel_2": np.array([[1.5]], np.float64),
    "layer/b": np.array(7, np.int64),
    "layer/c": np.zeros((0, 3), np.float32),
    "layer/d": np.array([True, False]),
    "optimizer/iter": np.array([1, -2], np.int32),
}


@pytest.fixture
def bundle(bundle_class):
    return bundle_class(TENSORS)


@pytest.mark.parametrize(
    ("data", "crc"),  # the vectors of RFC 3720, B.4
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_crc32c_known_values(data, crc):
    assert crc32c(data) == crc


def test_crc32c_any_length():
    data = np.random.default_rng(0).bytes(300)
    crc = 0xFFFFFFFF
    for length, byte in enumerate(data):
        assert crc32c(data[:length]) == crc ^ 0xFFFFFFFF
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)


def test_crc32c_is_fast():
    data = np.random.default_rng(0).bytes(2_652_621)
    start = time.perf_counter()
    crc32c(data)
    assert time.perf_counter() - start < 1


def test_round_trip(bundle, tmp_path):
    tensors = read_tensor_bundle(bundle.write(tmp_path / "weights"))
    assert list(tensors) == sorted(TENSORS)
    for name, expected in TENSORS.items():
        assert tensors[name].dtype == expected.dtype
        np.testing.assert_array_equal(tensors[name], expected, strict=True)


def test_strings_are_skipped(bundle, tmp_path):
    bundle.entries["_CHECKPOINTABLE_OBJECT_GRAPH"] = {
        **{"dtype": 7, "shape": (), "offset": len(bundle.data), "size": 5, "crc": 0}
    }
    bundle.data += b"graph"
    assert list(read_tensor_bundle(bundle.write(tmp_path / "weights"))) == sorted(TENSORS)


def test_any_changed_byte_of_the_index_is_refused(bundle, tmp_path):
    good = bundle.index()
    for i in range(len(good)):
        bad = bytearray(good)
        bad[i] ^= 1 << i % 8
        bundle.write(tmp_path / "weights", index=bytes(bad))
        with pytest.raises(ValueError, match=r"weights\.index: "):
            read_tensor_bundle(tmp_path / "weights")


def test_any_changed_byte_of_the_data_is_refused(bundle, tmp_path):
    bundle.write(tmp_path / "weights")
    for i in range(len(bundle.data)):
        bad = bytearray(bundle.data)
        bad[i] ^= 1 << i % 8
        (tmp_path / "weights.data-00000-of-00001").write_bytes(bad)
        with pytest.raises(ValueError, match=r"weights\.data-.*: .*wrong checksum"):
            read_tensor_bundle(tmp_path / "weights")


@pytest.mark.parametrize("name", ["weights.index", "weights.data-00000-of-00001"])
def test_a_file_cut_anywhere_is_refused(bundle, tmp_path, name):
    bundle.write(tmp_path / "weights")
    content = (tmp_path / name).read_bytes()
    for length in range(len(content)):
        (tmp_path / name).write_bytes(content[:length])
        with pytest.raises(ValueError, match="cut off"):
            read_tensor_bundle(tmp_path / "weights")


@pytest.mark.parametrize("name", ["weights.index", "weights.data-00000-of-00001"])
def test_a_missing_file_is_named(bundle, tmp_path, name):
    bundle.write(tmp_path / "weights")
    (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match=name):
        read_tensor_bundle(tmp_path / "weights")


# What follows has right checksums everywhere.
@pytest.mark.parametrize(
    ("header", "message"),
    [
        (b"\x08\x02", "2 shards"),
        (b"", "0 shards"),
        (b"\x08\x01\x10\x01", "big-endian"),
        (b"\x08\x01\x22\x00", "field 4"),
        (b"\x0a\x00", "field 1"),
        (b"\x08" + b"\xff" * 11, "64 bits"),
        (b"\x08", "within a number"),
        (b"\x0b\x01", "wire type 3"),
        (b"\x08\x01\x1a\x09\x00", "field 3"),
    ],
)
def test_refused_headers(bundle, tmp_path, header, message):
    bundle.header = header
    with pytest.raises(ValueError, match=rf"weights\.index: .*{message}"):
        read_tensor_bundle(bundle.write(tmp_path / "weights"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dtype": 8}, "number type 8"),
        ({"dtype": 0}, "number type 0"),
        ({"shape": (2, 2)}, r"24 bytes do not make float32 of shape \(2, 2\)"),
        ({"shape": (3, 2**64 - 2)}, "do not make"),
        ({"offset": 10**6}, "ends at byte 1000024"),
        ({"offset": 30}, "overlaps"),
        ({"size": 2**60}, "ends at byte|overlaps"),
        ({"extra": b"\x3a\x00"}, "slices"),
        ({"extra": b"\x18\x01"}, "another shard"),
        ({"extra": b"\x40\x01"}, "field 8"),
        ({"extra": b"\x10\x01"}, "field 2"),
    ],
)
def test_refused_entries(bundle, tmp_path, change, message):
    bundle.entries["layer/a/kernel"].update(change)
    with pytest.raises(ValueError, match=message):
        read_tensor_bundle(bundle.write(tmp_path / "weights"))


@pytest.mark.parametrize(
    ("block_type", "message"), [(1, "snappy-compressed block"), (4, "compression 4")]
)
def test_compressed_blocks_are_refused(bundle, tmp_path, block_type, message):
    bundle.block_type = block_type
    with pytest.raises(ValueError, match=message):
        read_tensor_bundle(bundle.write(tmp_path / "weights"))


def test_refused_tables(bundle, tmp_path):
    pairs = bundle.pairs()
    for wrong, message in [
        ([], "no bundle header"),
        (pairs[1:], "no bundle header"),
        (pairs[:2] + pairs[1:], "twice"),
        (pairs[:1] + pairs[:0:-1], "not sorted"),
        ([*pairs, (b"z" * 5000, b"")], "damaged block"),
        ([*pairs, (b"\xff", pairs[1][1])], "decode"),
    ]:
        bundle.write(tmp_path / "weights", index=bundle.index(wrong))
        with pytest.raises(ValueError, match=message):
            read_tensor_bundle(tmp_path / "weights")


def test_refused_blocks(bundle, tmp_path):
    for block, message in [
        (b"\x01\x01\x00a" + struct.pack("<II", 0, 1), "damaged block"),  # shares what is not there
        (b"\x00\x01\x7fa" + struct.pack("<II", 0, 1), "damaged block"),  # a value past the end
        (b"\x80" + struct.pack("<II", 0, 1), "damaged block|64 bits|no bundle header"),
        (struct.pack("<II", 0, 2**31), "damaged block"),
        (b"", "damaged block"),
    ]:
        bundle.block = lambda pairs, block=block: block
        bundle.write(tmp_path / "weights", index=bundle.index())
        with pytest.raises(ValueError, match=message):
            read_tensor_bundle(tmp_path / "weights")


def test_a_block_past_the_end(bundle, tmp_path):
    index = bytearray(bundle.index([]))
    index[-48] = 100  # where the footer says the first block is
    bundle.write(tmp_path / "weights", index=index)
    with pytest.raises(ValueError, match="block at byte 100 reaches past the end"):
        read_tensor_bundle(tmp_path / "weights")


def test_blocks_may_not_be_read_twice(bundle, tmp_path):
    block = bundle.block
    bundle.block = lambda pairs: block([(b"", b"\x00\x08")] * 2 if len(pairs) == 2 else pairs[:0])
    bundle.write(tmp_path / "weights", index=bundle.index())
    with pytest.raises(ValueError, match="block at byte 0 overlaps another"):
        read_tensor_bundle(tmp_path / "weights")


def test_a_huge_index_is_not_read(tmp_path):
    with (tmp_path / "weights.index").open("wb") as file:
        file.truncate(2**40)  # sparse
    with pytest.raises(ValueError, match="larger than"):
        read_tensor_bundle(tmp_path / "weights")
