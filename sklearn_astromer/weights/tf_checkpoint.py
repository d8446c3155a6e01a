"""Read a TensorFlow V2 checkpoint ("tensor bundle") with numpy alone.

A bundle is two files. ``<prefix>.index`` is a LevelDB table: blocks of sorted, prefix-compressed
keys, each block followed by a compression byte and a masked CRC-32C, and a footer that locates
them. The empty key holds a ``BundleHeaderProto``; every other key is the name of a tensor and
holds its ``BundleEntryProto`` (type, shape, place and checksum of the bytes in
``<prefix>.data-00000-of-00001``). Layout after TensorFlow's ``tensor_bundle.proto`` and
LevelDB's ``table_format.md``.
"""

import os
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sklearn_astromer._protobuf import fields, integer, masked_crc32c, messages, varints

__all__ = ["read_tensor_bundle"]

_FOOTER_SIZE = 48
_MAGIC = 0xDB4775248B80FB57
_MAX_INDEX_SIZE = 4 * 2**20  # the official index has 2.6 kB
_MAX_NAME_SIZE = 4096
_STRING = 7
_DTYPES = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 10: "?"}  # DataType of types.proto


class _Entry(NamedTuple):
    name: str
    dtype: int
    shape: tuple[int, ...]
    offset: int
    size: int
    crc: int


def read_tensor_bundle(prefix: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the numeric tensors of a TensorFlow V2 checkpoint.

    String tensors (such as ``_CHECKPOINTABLE_OBJECT_GRAPH``) are skipped, everything else is
    returned, an optimizer's variables included. Checksums of all that is read are verified.

    Parameters
    ----------
    prefix : path-like
        The path without ``.index``, as TensorFlow's ``load_weights`` takes it.

    Returns
    -------
    dict of str to ndarray
        Name to array in the type and shape it was saved with, in the order of the names.

    Raises
    ------
    ValueError
        If a file is damaged or uses something this reader does not know: more than one shard,
        big-endian data, snappy compression, partitioned tensors, other number types.
    FileNotFoundError
        If one of the two files is missing.
    """
    index = Path(f"{os.fspath(prefix)}.index")
    data = Path(f"{os.fspath(prefix)}.data-00000-of-00001")
    path = index
    try:
        if index.stat().st_size > _MAX_INDEX_SIZE:
            raise ValueError(f"larger than {_MAX_INDEX_SIZE} bytes: not the index of a checkpoint")
        entries = _read_index(index.read_bytes())
        path = data
        return _read_data(data, entries)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _read_index(table: bytes) -> list[_Entry]:
    footer = table[-_FOOTER_SIZE:]
    if int.from_bytes(footer[-8:], "little") != _MAGIC:
        raise ValueError("not the index of a TensorFlow checkpoint, or cut off (no table magic)")
    body = table[:-_FOOTER_SIZE]
    meta_offset, meta_size, index_offset, index_size, at = varints(footer, 0, 4)
    if any(footer[at:-8]):
        raise ValueError("damaged footer")
    _block(body, meta_offset, meta_size)  # TensorFlow leaves it empty: only its checksum matters
    pairs: dict[bytes, bytes] = {}
    end, last = 0, b""
    for _, handle in _key_values(_block(body, index_offset, index_size)):
        offset, size, _ = varints(handle, 0, 2)
        if offset < end:
            raise ValueError(f"block at byte {offset} overlaps another")
        end = offset + size
        for name, value in _key_values(_block(body, offset, size)):
            if pairs and name <= last:
                raise ValueError("tensor names are not sorted, or one is there twice")
            pairs[name], last = value, name
    if b"" not in pairs:
        raise ValueError("no bundle header")
    header = fields(pairs.pop(b""), known={1, 2, 3})
    if (shards := integer(header, 1)) != 1:
        raise ValueError(f"checkpoint in {shards} shards: only a single data file can be read")
    if integer(header, 2):
        raise ValueError("big-endian checkpoint: only little-endian ones can be read")
    return [_entry(name.decode(), value) for name, value in pairs.items()]


def _entry(name: str, value: bytes) -> _Entry:
    found = fields(value, known={1, 2, 3, 4, 5, 6, 7})
    if 7 in found or integer(found, 3):
        raise ValueError(f"{name}: tensors in slices or in another shard cannot be read")
    shape = tuple(
        integer(fields(dim, known={1, 2}), 1)
        for message in messages(found, 2)
        for dim in messages(fields(message, known={2}), 2)
    )
    dtype, offset, size, crc = (integer(found, number) for number in (1, 4, 5, 6))
    return _Entry(name, dtype, shape, offset, size, crc)


def _read_data(path: Path, entries: list[_Entry]) -> dict[str, np.ndarray]:
    length = path.stat().st_size
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.offset):
        if entry.offset < end:  # also keeps the memory needed below the size of the file
            raise ValueError(f"{entry.name}: overlaps another tensor")
        end = entry.offset + entry.size
        if end > length:
            raise ValueError(f"{entry.name}: ends at byte {end} of a file of {length}: cut off?")
    tensors = {}
    with path.open("rb") as file:
        for name, number, shape, offset, size, crc in entries:
            if number == _STRING:
                continue
            if number not in _DTYPES:
                raise ValueError(f"{name}: number type {number} cannot be read")
            dtype = np.dtype(_DTYPES[number])
            if prod(shape) * dtype.itemsize != size:
                raise ValueError(f"{name}: {size} bytes do not make {dtype} of shape {shape}")
            file.seek(offset)
            content = file.read(size)
            if masked_crc32c(content) != crc:
                raise ValueError(f"{name}: wrong checksum, the file is damaged")
            tensors[name] = np.frombuffer(content, dtype).reshape(shape)
    return tensors


def _block(body: bytes, offset: int, size: int) -> bytes:
    trailer = offset + size
    if trailer + 5 > len(body):
        raise ValueError(f"block at byte {offset} reaches past the end")
    if masked_crc32c(body[offset : trailer + 1]) != int.from_bytes(
        body[trailer + 1 : trailer + 5], "little"
    ):
        raise ValueError(f"wrong checksum of the block at byte {offset}, the file is damaged")
    if body[trailer]:
        kind = "snappy-compressed" if body[trailer] == 1 else f"compression {body[trailer]}"
        raise ValueError(f"{kind} block at byte {offset}: only uncompressed ones can be read")
    return body[offset:trailer]


def _key_values(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = len(block) - 4 - 4 * int.from_bytes(block[-4:], "little")  # restart points, their number
    if end < 0:
        raise ValueError("damaged block")
    key, at = b"", 0
    while at < end:
        shared, fresh, size, at = varints(block, at, 3)
        middle, stop = at + fresh, at + fresh + size
        if shared > len(key) or shared + fresh > _MAX_NAME_SIZE or stop > end:
            raise ValueError("damaged block")
        key = key[:shared] + block[at:middle]
        yield key, block[middle:stop]
        at = stop
