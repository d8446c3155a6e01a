"""What TensorFlow's files are made of: CRC-32C checksums and protocol buffers."""

from functools import reduce
from math import isqrt
from operator import xor
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Fields", "crc32c", "fields", "integer", "masked_crc32c", "messages", "varints"]


_TABLE: npt.NDArray[np.uint32] = np.arange(256, dtype=np.uint32)
for _ in range(8):
    _TABLE = np.where(_TABLE & 1, (_TABLE >> 1) ^ np.uint32(0x82F63B78), _TABLE >> 1)
_TABLE_LIST: list[int] = _TABLE.tolist()

Fields: TypeAlias = dict[int, list[int | bytes]]  # field number to its values


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli) of some bytes.

    The bytes are cut into about sqrt(n) rows that numpy advances side by side, one byte a step.
    A CRC is linear over GF(2): what a row's length of zero bytes makes of each of the 32 state
    bits, computed along with the rows, then chains the rows together.

    Examples
    --------
    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    """
    side = isqrt(len(data))
    columns = np.frombuffer(data, np.uint8, side * side).reshape(side, side).T.copy()
    state = np.zeros(side + 32, np.uint32)
    state[side:] = np.uint32(1) << np.arange(32, dtype=np.uint32)
    for column in columns:
        state[:side] ^= column
        state = _TABLE[state & 0xFF] ^ (state >> 8)
    rows, bits = state[:side].tolist(), state[side:].tolist()
    crc = 0xFFFFFFFF
    for row in rows:
        crc = reduce(xor, (image for i, image in enumerate(bits) if crc >> i & 1), row)
    for byte in data[side * side :]:
        crc = _TABLE_LIST[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """Return CRC-32C as TensorFlow's files hold it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def fields(message: bytes, known: set[int]) -> Fields:
    """Split a protocol buffer message into its fields."""
    found: Fields = {}
    at = 0
    while at < len(message):
        tag, at = varints(message, at, 1)
        number, wire = tag >> 3, tag & 7
        value: int | bytes
        if wire == 0:
            value, at = varints(message, at, 1)
        elif wire == 2:
            size, at = varints(message, at, 1)
            value, at = message[at : at + size], at + size
        elif wire == 5:
            value, at = int.from_bytes(message[at : at + 4], "little"), at + 4
        else:
            raise ValueError(f"damaged or unknown message (wire type {wire})")
        if at > len(message) or number not in known:
            raise ValueError(f"damaged or unknown message (field {number})")
        found.setdefault(number, []).append(value)
    return found


def integer(found: Fields, number: int) -> int:
    """Return the whole number in a field, 0 if there is none."""
    value = found.get(number, [0])[-1]  # proto3 leaves zeros out
    if isinstance(value, bytes):
        raise ValueError(f"damaged or unknown message (field {number})")
    return value


def messages(found: Fields, number: int) -> list[bytes]:
    """Return what a repeated field of messages or bytes holds."""
    values = found.get(number, [])
    contents = [value for value in values if isinstance(value, bytes)]
    if len(contents) < len(values):
        raise ValueError(f"damaged or unknown message (field {number})")
    return contents


def varints(data: bytes, at: int, count: int) -> tuple[int, ...]:
    """Decode `count` varints of at most 64 bits from byte `at`; the last value is the new `at`."""
    values = []
    for _ in range(count):
        value = 0
        for shift in range(0, 70, 7):
            if at >= len(data):
                raise ValueError("cut off within a number")
            byte, at = data[at], at + 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
        else:
            raise ValueError("number of more than 64 bits")
        values.append(value)
    return (*values, at)
