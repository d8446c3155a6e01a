"""Exact Euclidean neighbours, by scikit-learn, among rows that are known to be finite."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.neighbors import NearestNeighbors

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]
Positions = NDArray[np.int64]


def nearest(rows: Rows, queries: Rows, count: int, threads: int | None) -> tuple[Floats, Positions]:
    """Return distances and positions of the nearest rows."""
    with config_context(assume_finite=True):
        return _search(rows, threads).kneighbors(queries, count)


def within(
    rows: Rows, queries: Rows | None, radius: float, threads: int | None, ordered: bool
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return distances and positions of all rows within a radius; None: of the rows themselves."""
    with config_context(assume_finite=True):
        return _search(rows, threads).radius_neighbors(queries, radius, sort_results=ordered)


def without(own: Positions, distance: Floats, where: Positions) -> tuple[Floats, Positions]:
    """Drop from each row of neighbours that row itself, or the last if it is not there."""
    drop = where == own[:, None]
    drop[~drop.any(axis=1), -1] = True  # pushed out by others at distance 0
    shape = (len(own), where.shape[1] - 1)
    return distance[~drop].reshape(shape), where[~drop].reshape(shape)


def _search(rows: Rows, threads: int | None) -> Any:
    return NearestNeighbors(algorithm="brute", metric="euclidean", n_jobs=threads).fit(rows)
