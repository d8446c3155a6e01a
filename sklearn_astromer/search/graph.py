"""A graph of near neighbours (HNSW), of the library usearch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.search.graph_file import check_graph

#: Links of a row, and how many rows are kept in sight while it is added.
LINKS, CANDIDATES = 16, 128


class Graph:
    """Euclidean neighbours among rows, nearly all of them found.

    Parameters
    ----------
    index : usearch.index.Index
    """

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def build(cls, rows: NDArray[np.float32], threads: int) -> Self:
        """Build the graph; it refers to the rows, which must not change or go away."""
        index = _empty(rows.shape[1])
        index.add(np.arange(len(rows)), rows, copy=False, threads=threads)
        return cls(index)

    @classmethod
    def read(cls, path: Path, mmap: bool, shape: tuple[int, int]) -> Self:
        """Read what `save` wrote of rows of this shape; with `mmap`, only what a search visits.

        Raises
        ------
        ValueError
            If the file is anything else, which usearch itself would not survive.
        """
        one = _empty(shape[1])
        one.add(0, np.zeros(shape[1], dtype=np.float32))
        try:
            check_graph(path, shape, LINKS, bytes(one.save()))
            return cls(_usearch().Index.restore(str(path), view=mmap))
        except (ValueError, RuntimeError) as error:
            raise ValueError(
                f"{path} is damaged, or of another version of usearch ({error}): fit again"
            ) from error

    def save(self, path: Path) -> None:
        """Write the graph and the rows."""
        self._index.save(str(path))

    def nearest(
        self, queries: NDArray[np.float32], count: int, candidates: int, threads: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return Euclidean distances and positions, -1 where the graph has no way to any more."""
        self._index.expansion_search = max(candidates, count)
        found = self._index.search(queries, count, threads=threads)
        distance = np.full((len(queries), count), np.inf)
        where = np.full((len(queries), count), -1, np.int64)
        # of a single query, usearch returns only what it found; of several, rubbish at the end
        if len(queries) == 1:
            distance[0, : len(found)] = np.sqrt(found.distances)
            where[0, : len(found)] = found.keys
        else:
            there = np.arange(count) < found.counts[:, None]
            distance[there] = np.sqrt(found.distances[there])
            where[there] = found.keys[there]
        return distance, where

    def __getstate__(self) -> bytes:
        return bytes(self._index.save())

    def __setstate__(self, state: bytes) -> None:
        self._index = _usearch().Index.restore(state)


def _empty(n_features: int) -> Any:
    return _usearch().Index(
        ndim=n_features,
        metric="l2sq",
        dtype="f32",
        connectivity=LINKS,
        expansion_add=CANDIDATES,
    )


def _usearch() -> Any:
    try:
        import usearch.index
    except ImportError as error:
        raise ImportError(
            "an approximate index needs usearch: pip install 'sklearn_astromer[search]', or use "
            "algorithm='exact'"
        ) from error
    return usearch.index
