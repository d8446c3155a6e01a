"""Peaks that were found before, kept in memory."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.lightcurves import LightCurves


class Cache:
    """Rows by key; the oldest go first. Folds of a cross-validation meet each object often."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.rows: OrderedDict[bytes, NDArray[np.float64]] = OrderedDict()
        self.lock = threading.Lock()

    def read(self, key: bytes, out: NDArray[np.float64]) -> bool:
        """Write a row into `out`, and tell whether it is there."""
        with self.lock:
            row = self.rows.get(key)
            if row is None:
                return False
            self.rows.move_to_end(key)
        out[:] = row
        return True

    def write(self, key: bytes, row: NDArray[np.float64]) -> None:
        """Keep a row."""
        with self.lock:
            self.rows[key] = row.copy()
            while len(self.rows) > self.most:
                self.rows.popitem(last=False)


def key_of(curves: LightCurves, i: int, parameters: tuple[Any, ...]) -> bytes:
    """Return a digest of what decides the peaks of an object."""
    of = slice(int(curves.offsets[i]), int(curves.offsets[i + 1]))
    digest = hashlib.blake2b(repr(parameters).encode(), digest_size=16)
    for column in (curves.time, curves.mag, curves.mag_err):
        digest.update(b"-" if column is None else np.ascontiguousarray(column[of]).tobytes())
    return digest.digest()
