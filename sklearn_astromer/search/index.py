"""Neighbours among embeddings, from a few rows to many millions."""

from __future__ import annotations

import os
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from sklearn_astromer._parameters import CheckedParameters
from sklearn_astromer.search import exact, storage
from sklearn_astromer.search.exact import Floats, Rows
from sklearn_astromer.search.graph import Graph
from sklearn_astromer.search.rows import (
    EmbeddingRows,
    as_ids,
    check_finite,
    comparable,
    moments,
    read_rows,
    standardized,
)

#: From so many rows on, ``algorithm="auto"`` is approximate.
APPROXIMATE_ROWS = 50_000
METRICS, ALGORITHMS = ("cosine", "euclidean"), ("auto", "exact", "approximate")

RowsLike = ArrayLike | EmbeddingRows | str | os.PathLike[str]


class LightCurveIndex(ClassNamePrefixFeaturesOutMixin, TransformerMixin, CheckedParameters):
    """Nearest neighbours among embeddings, with the interface of ``NearestNeighbors``.

    Small sets are searched exactly, by scikit-learn. Large ones are searched by a graph of near
    neighbours (HNSW [1]_, of the library usearch), which finds nearly all of the true neighbours
    in a time that hardly grows with the number of rows.

    Parameters
    ----------
    n_neighbors : int, default=10
        Neighbours that `kneighbors` returns.
    radius : float, default=1.0
        Distance within which `radius_neighbors` looks.
    metric : {"cosine", "euclidean"}, default="cosine"
        The cosine distance is 1 - cos, from 0 (same direction) to 2.
    standardize : bool, default=True
        Compare columns in units of their standard deviation about their mean, both of the rows of
        `fit`, so that magnitudes, logarithms of frequencies and channels count alike. A NaN, as
        in a band in which a star was not observed, is taken for the mean. If False, there may be
        none.
    algorithm : {"auto", "exact", "approximate"}, default="auto"
        "auto" is exact below 50 000 rows.
    n_candidates : int, default=64
        How many rows an approximate search keeps in sight. More of them find more of the true
        neighbours and take longer. May be changed after `fit`.
    n_jobs : int, default=None
        Threads of an approximate `fit` and search. None is 1, -1 all cores. `fit` is
        reproducible to the last bit with one thread only; with several, rare neighbours differ.

    Attributes
    ----------
    ids_ : ndarray of shape (n_samples,), int64 or str
        Objects of the rows: the index of a DataFrame; 0, 1, … if `fit` got an array.
    band_ : ndarray of shape (n_samples,), str, or None
    rows_ : ndarray of shape (n_samples, n_features), float32
        The rows as they are compared: standardised, and of unit length for the cosine distance.
    mean_, scale_ : ndarray of shape (n_features,), float64, or None
        What standardising subtracts, and divides by; the latter is 1 for a constant column.
    metric_ : {"cosine", "euclidean"}
        Of `fit`: the parameter counts again at the next.
    algorithm_ : {"exact", "approximate"}
    n_samples_fit_ : int
    n_features_in_ : int

    See Also
    --------
    read_rows : Rows of ``sklearn-astromer embed``.
    sklearn.neighbors.KNeighborsTransformer : Its `fit` and `transform` are the same.

    Notes
    -----
    `transform` returns the graph of neighbours, so that ``make_pipeline(LightCurveIndex(5),
    KNeighborsClassifier(5, metric="precomputed"))`` is a fast classifier, and TSNE, DBSCAN or
    SpectralClustering with ``metric="precomputed"`` work on large catalogs.

    Of rows that are equal to dozens of others, as those of objects with one observation may be, an
    approximate search finds only some.

    References
    ----------
    .. [1] Malkov & Yashunin 2020, IEEE TPAMI 42, 824.

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.search import LightCurveIndex
    >>> curves, labels = make_variable_stars(70, random_state=0)
    >>> rows = AstromerEmbedder("surveys-small").fit_transform(curves)
    >>> index = LightCurveIndex(n_neighbors=3).fit(rows)
    >>> distances, neighbours = index.kneighbors(rows[:2])
    >>> neighbours.shape
    (2, 3)
    >>> list(index.like(7).columns)
    ['object_id', 'distance']
    """

    mean_: Floats | None
    scale_: Floats | None
    _graph: Graph | None = None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "radius": [Interval(Real, 0, None, closed="left")],
        "metric": [StrOptions(set(METRICS))],
        "standardize": ["boolean"],
        "algorithm": [StrOptions(set(ALGORITHMS))],
        "n_candidates": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        n_neighbors: int = 10,
        *,
        radius: float = 1.0,
        metric: str = "cosine",
        standardize: bool = True,
        algorithm: str = "auto",
        n_candidates: int = 64,
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.radius = radius
        self.metric = metric
        self.standardize = standardize
        self.algorithm = algorithm
        self.n_candidates = n_candidates
        self.n_jobs = n_jobs

    def fit(self, X: RowsLike, y: Any = None) -> Self:
        """Take the rows, and build the graph if there are many.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), EmbeddingRows, or path
            A path is read by `read_rows`: a folder of parts or a file.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a row is infinite, nothing but NaN, or zero where the metric is cosine; if it has
            NaN and `standardize` is False; or a parameter is out of range.
        ImportError
            If the rows are many and usearch is not installed.
        """
        self._validate_params()
        self.metric_ = self.metric
        ids, band, rows = self._rows(X, fitting=True)
        approximate = self.algorithm == "approximate" or (
            self.algorithm == "auto" and len(rows) >= APPROXIMATE_ROWS
        )
        graph = Graph.build(rows, effective_n_jobs(self.n_jobs)) if approximate else None
        self._set(rows, ids, band, graph)
        return self

    def kneighbors(
        self,
        X: RowsLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> tuple[Floats, NDArray[np.int64]] | NDArray[np.int64]:
        """Find the nearest rows, the nearest first.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), EmbeddingRows, or path, optional
            None: the rows of `fit`, none of which is its own neighbour.
        n_neighbors : int, optional
            None: the parameter of the constructor.
        return_distance : bool, default=True

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            If `return_distance`.
        positions : ndarray of shape (n_queries, n_neighbors), int64
            Positions in `ids_` and `rows_`.

        Raises
        ------
        ValueError
            If there are fewer rows than neighbours, or `X` has other features.
        """
        check_is_fitted(self)
        count = self._count(n_neighbors, others=X is None)
        if X is None:
            own = np.arange(self.n_samples_fit_)
            distance, where = exact.without(own, *self._nearest(self.rows_, count + 1))
        else:
            distance, where = self._nearest(self._rows(X).rows, count)
        return (self._as_metric(distance), where) if return_distance else where

    def radius_neighbors(
        self,
        X: RowsLike | None = None,
        radius: float | None = None,
        return_distance: bool = True,
        sort_results: bool = False,
    ) -> tuple[NDArray[np.object_], NDArray[np.object_]] | NDArray[np.object_]:
        """Find all rows within a distance.

        The search is always exact, whatever the algorithm: a graph cannot tell that it has found
        all. It takes a time proportional to the number of rows.

        Parameters
        ----------
        X
            As of `kneighbors`.
        radius : float, optional
            None: the parameter of the constructor.
        return_distance : bool, default=True
        sort_results : bool, default=False
            The nearest first.

        Returns
        -------
        distances : ndarray of shape (n_queries,) of ndarrays, float64
            If `return_distance`.
        positions : ndarray of shape (n_queries,) of ndarrays, int64
        """
        check_is_fitted(self)
        radius = self.radius if radius is None else radius
        queries = None if X is None else self._rows(X).rows
        euclidean = np.sqrt(2 * radius) if self.metric_ == "cosine" else radius
        found, where = exact.within(self.rows_, queries, euclidean, self.n_jobs, sort_results)
        if not return_distance:
            return where
        distance = np.empty(len(found), dtype=object)
        distance[:] = [self._as_metric(each) for each in found]
        return distance, where

    def kneighbors_graph(
        self,
        X: RowsLike | None = None,
        n_neighbors: int | None = None,
        mode: str = "connectivity",
    ) -> csr_matrix:
        """Return the nearest rows as a sparse matrix.

        Parameters
        ----------
        X, n_neighbors
            As of `kneighbors`.
        mode : {"connectivity", "distance"}
            Whether neighbours have the value 1 or their distance.

        Returns
        -------
        csr_matrix of shape (n_queries, n_samples), float64
        """
        if mode not in ("connectivity", "distance"):
            raise ValueError(f"mode must be 'connectivity' or 'distance', got {mode!r}")
        distance, where = self.kneighbors(X, n_neighbors)
        value = distance if mode == "distance" else np.ones(where.shape)
        starts = np.arange(0, where.size + 1, where.shape[1])
        shape = (len(where), self.n_samples_fit_)
        return csr_matrix((value.ravel(), where.ravel(), starts), shape=shape)

    def transform(self, X: RowsLike) -> csr_matrix:
        """Return the graph of distances, as ``KNeighborsTransformer`` does.

        Parameters
        ----------
        X
            As of `kneighbors`, but not None.

        Returns
        -------
        csr_matrix of shape (n_queries, n_samples), float64
            With ``n_neighbors + 1`` distances a row: a row of `fit` finds itself as well.
        """
        check_is_fitted(self)
        return self.kneighbors_graph(X, self._count(None) + 1, mode="distance")

    def like(
        self, object_id: str | int, n_neighbors: int | None = None, *, band: str | None = None
    ) -> pd.DataFrame:
        """Find the objects most similar to one of the index.

        Parameters
        ----------
        object_id : str or int
        n_neighbors : int, optional
            None: the parameter of the constructor.
        band : str, optional
            Needed if the object has rows in several bands; all bands are searched.

        Returns
        -------
        DataFrame
            Columns ``object_id``, ``band`` if the index has bands, and ``distance``. The nearest
            first, without the row itself.

        Raises
        ------
        KeyError
            If there is no such object, or several rows of it.
        """
        check_is_fitted(self)
        position = EmbeddingRows(self.ids_, self.band_, self.rows_).position(object_id, band)
        count = self._count(n_neighbors, others=True)
        near = self._nearest(self.rows_[[position]], count + 1)
        distance, where = exact.without(np.array([position]), *near)
        found = {"object_id": self.ids_[where[0]]}
        if self.band_ is not None:
            found["band"] = self.band_[where[0]]
        return pd.DataFrame(found | {"distance": self._as_metric(distance[0])})

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the index as a folder, which appears at once and whole.

        Parameters
        ----------
        folder : path
            ``index.json``, arrays in NumPy's format and the graph in that of usearch; no pickle.
        overwrite : bool, default=False
            Whether an earlier index is replaced.

        Raises
        ------
        FileExistsError
            If an earlier index is there and is not to be replaced; or the folder holds something
            else, and then it never is.
        """
        check_is_fitted(self)
        arrays = {"rows": self.rows_, "ids": self.ids_, "band": self.band_}
        arrays |= {"mean": self.mean_, "scale": self.scale_}
        names = getattr(self, "feature_names_in_", None)
        facts = {
            "parameters": self.get_params() | {"metric": self.metric_},
            "feature_names": None if names is None else names.tolist(),
        }
        there = {name: array for name, array in arrays.items() if array is not None}
        storage.write(
            Path(folder).expanduser(), storage.Stored(facts, there, self._graph), overwrite
        )

    @classmethod
    def load(cls, folder: str | os.PathLike[str], mmap: bool = True, verify: bool = True) -> Self:
        """Read an index that `save` wrote.

        Parameters
        ----------
        folder : path
        mmap : bool, default=True
            Map the files into memory, so that only what a search visits is read, and processes
            share it.
        verify : bool, default=True
            Compare checksums, for which all files are read once. Sizes, and whether the links of a
            graph lead anywhere, are looked at anyway; without checksums a damaged file may give
            other neighbours.

        Returns
        -------
        LightCurveIndex

        Raises
        ------
        FileNotFoundError
            If there is no index.
        ValueError
            If a file is not as it was written.
        ImportError
            If it has a graph, and usearch is not installed.
        """
        folder = Path(folder).expanduser()
        stored = storage.read(folder, mmap, verify, cls._get_param_names())
        index = cls(**stored.facts["parameters"])
        try:
            index._validate_params()
        except ValueError as error:
            raise ValueError(f"{folder / storage.HEAD}: {error}: save the index again") from error
        index.metric_ = index.metric
        rows, ids = stored.arrays["rows"], stored.arrays["ids"]
        index.n_features_in_ = rows.shape[1]
        if stored.facts["feature_names"] is not None:
            index.feature_names_in_ = np.array(stored.facts["feature_names"], dtype=object)
        index.mean_, index.scale_ = stored.arrays.get("mean"), stored.arrays.get("scale")
        index._set(rows, ids, stored.arrays.get("band"), stored.graph)
        return index

    # -- what they share -------------------------------------------------------------------------

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = bool(self.standardize)
        return tags

    def _set(
        self, rows: Rows, ids: NDArray[Any], band: NDArray[np.str_] | None, graph: Graph | None
    ) -> None:
        self.rows_, self.ids_, self.band_, self._graph = rows, ids, band, graph
        self.algorithm_ = "exact" if graph is None else "approximate"
        self.n_samples_fit_ = self._n_features_out = len(rows)

    def _rows(self, X: Any, fitting: bool = False) -> EmbeddingRows:
        """Return rows as they are compared."""
        read = isinstance(X, (str, os.PathLike))
        if read:
            X = read_rows(X)
        ids: Any = None
        band: Any = None
        if isinstance(X, EmbeddingRows):
            ids, band, X = X
        elif isinstance(X, pd.DataFrame):
            ids = X.index
        rows = validate_data(
            self,
            X,
            reset=fitting,
            dtype=[np.float64, np.float32],  # of large numbers float32 would lose the differences
            order="C",
            ensure_all_finite=False,
        )
        ids = np.arange(len(rows)) if ids is None else as_ids(np.asarray(ids))
        standardize = self.standardize if fitting else self.mean_ is not None
        check_finite(rows, ids, gaps=standardize)
        if fitting:
            self.mean_, self.scale_ = moments(rows) if standardize else (None, None)
        copy = fitting and not read  # the caller may change them
        with np.errstate(over="ignore"):  # what is past float32 is found below
            if self.mean_ is not None and self.scale_ is not None:
                rows = standardized(rows, self.mean_, self.scale_)
            else:
                rows = rows.astype(np.float32, copy=copy)
        check_finite(rows, ids)
        return comparable(EmbeddingRows(ids, band, rows), self.metric_)

    def _count(self, n_neighbors: int | None, others: bool = False) -> int:
        count = _positive("n_neighbors", self.n_neighbors if n_neighbors is None else n_neighbors)
        there = self.n_samples_fit_ - others
        if count > there:
            raise ValueError(
                f"n_neighbors = {count} is more than the {there} "
                f"{'other rows' if others else 'rows'} of the index: n_samples_fit = "
                f"{self.n_samples_fit_}"
            )
        return count

    def _nearest(self, queries: Rows, count: int) -> tuple[Floats, NDArray[np.int64]]:
        """Return Euclidean distances and positions."""
        if self._graph is None:
            return exact.nearest(self.rows_, queries, count, self.n_jobs)
        threads = effective_n_jobs(self.n_jobs)
        distance, where = self._graph.nearest(queries, count, self.n_candidates, threads)
        short = (where < 0).any(axis=1)  # many equal rows can cut a graph into pieces
        if short.any():
            found = exact.nearest(self.rows_, queries[short], count, self.n_jobs)
            distance[short], where[short] = found
        return distance, where

    def _as_metric(self, distance: Floats) -> Floats:
        return distance**2 / 2 if self.metric_ == "cosine" else distance


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
    return int(value)
