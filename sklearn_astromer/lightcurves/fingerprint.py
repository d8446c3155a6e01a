"""What tells light curves from others, however little they differ."""

from __future__ import annotations

import hashlib

import numpy as np

from sklearn_astromer.lightcurves.container import LightCurves


def fingerprint_of(curves: LightCurves) -> str:
    """Return a hash of all that light curves hold."""
    digest = hashlib.sha256()
    for name, column in curves._flat._asdict().items():
        kind = None if column is None else (column.dtype.kind, column.shape)
        digest.update(repr((name, kind)).encode())
        if column is None:
            continue
        if column.dtype.kind in "OUS":
            labels = [str(label).encode("utf-8", "surrogatepass") for label in column.tolist()]
            column = np.array([*map(len, labels)], dtype=np.int64)
            digest.update(b"".join(labels))
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()
