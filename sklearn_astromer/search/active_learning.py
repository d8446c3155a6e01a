"""Which objects to label next."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances_argmin_min
from sklearn.pipeline import make_pipeline
from sklearn.utils import check_random_state, gen_batches

from sklearn_astromer.lightcurves.checks import check_order
from sklearn_astromer.search.rows import EmbeddingRows, standardizer, table_of
from sklearn_astromer.training.labels import as_labels, missing_in

_PER_SUGGESTION = 10  # uncertain objects among which to look for different ones
_COMPONENTS = 10  # in which distances are measured
_SAMPLE = 20_000  # rows that clusters, components and scaling see at most
_CHUNK = 2**16


def suggest(
    rows: ArrayLike | EmbeddingRows,
    labelled: ArrayLike,
    n: int,
    *,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[np.int64]:
    """Suggest which objects to label next.

    With labels of two classes or more, a logistic regression on the standardised rows finds the
    objects for which the two most likely classes are closest in probability (the margin). The
    ``10 n`` of least margin are divided into `n` clusters by k-means, weighted by one minus the
    margin, on the first ten principal components, and the object nearest to the centre of each is
    suggested [1]_. Before there are two classes, the clusters are those of all unlabelled objects,
    or of 20 000 random ones.

    Parameters
    ----------
    rows : EmbeddingRows or array-like of shape (n_objects, n_features)
        What `read_rows` or `AstromerEmbedder.transform` gives. A NaN, as in a band in which a star
        was not observed, is taken for the mean of its column.
    labelled : array-like of shape (n_objects,)
        Class of each object; None, NaN or ``""`` where it is not known yet.
    n : int
        How many to suggest.
    random_state : int, RandomState instance or None
        Of the clustering.

    Returns
    -------
    ndarray of shape (n,), int64
        Positions of unlabelled objects, each once. Those that stand for the most others come first.

    Raises
    ------
    ValueError
        If the rows are no 2-D array, one is infinite or nothing but NaN, `labelled` does not have a
        value for each, or fewer than `n` objects are unlabelled.

    Notes
    -----
    Each call scores all unlabelled objects, in pieces, without a copy of `rows`. Rows of one star
    in several bands count as several objects.

    References
    ----------
    .. [1] Zhdanov 2019, "Diverse mini-batch active learning", arXiv:1901.05954.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.search import suggest
    >>> curves, truth = make_variable_stars(60, random_state=0)
    >>> rows = AstromerEmbedder().fit_transform(curves)
    >>> labels = np.full(len(rows), None)
    >>> for _ in range(2):
    ...     chosen = suggest(rows, labels, 5, random_state=0)
    ...     labels[chosen] = truth[chosen]  # an expert looks at the curves
    >>> int(np.sum(labels != None))
    10
    """
    table, _ = table_of(rows)
    codes = _check_labels(labelled, len(table))
    check_order(rows, labelled, "labelled")
    known, free = np.flatnonzero(codes >= 0), np.flatnonzero(codes < 0)
    if not 1 <= n <= len(free):
        raise ValueError(
            f"cannot suggest n={n} of {len(free)} unlabelled objects ({len(codes)} in all); "
            'unlabelled are those whose label is None, NaN or ""'
        )
    rng = check_random_state(random_state)
    seed = rng.randint(np.iinfo(np.int32).max)
    sample = table[_sample(np.arange(len(table)), _SAMPLE, rng)]
    scaler = standardizer(sample)
    axes = PCA(min(_COMPONENTS, *sample.shape), random_state=seed)
    with np.errstate(invalid="ignore", divide="ignore"):  # shares of no variance
        space = make_pipeline(scaler, axes.fit(scaler.transform(sample)))
    if codes.max() < 1:  # one class, or none
        free = _sample(free, max(n, _SAMPLE), rng)
        near = space.transform(table[_sample(known, n, rng)]) if len(known) else None
        return free[_spread(space.transform(table[free]), n, seed, near=near)]
    # balanced, so that objects of rare classes are asked for as well
    model = LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000)
    model.fit(scaler.transform(table[known]), codes[known])
    margin = np.empty(len(free))
    for piece in gen_batches(len(free), _CHUNK):
        likely = np.sort(model.predict_proba(scaler.transform(table[free[piece]])), axis=1)
        margin[piece] = likely[:, -1] - likely[:, -2]
    least = np.argsort(margin, kind="stable")[: _PER_SUGGESTION * n]
    free, weight = free[least], np.maximum(1 - margin[least], 1e-6)  # one needs some weight
    return free[_spread(space.transform(table[free]), n, seed, weight=weight)]


def _spread(
    x: NDArray[Any],
    n: int,
    seed: int,
    *,
    weight: NDArray[np.float64] | None = None,
    near: NDArray[Any] | None = None,
) -> NDArray[np.int64]:
    """Return the row next to the centre of each of `n` clusters, the heaviest clusters first.

    With rows `near` there are twice as many clusters, and those farthest from them are taken.
    """
    count = n if near is None else min(2 * n, len(x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct rows than clusters
        means = KMeans(count, n_init=1, random_state=seed).fit(x, sample_weight=weight)
    mass = np.bincount(means.labels_, weight, minlength=count)
    clusters = np.argsort(-mass, kind="stable")
    if near is not None:
        away = pairwise_distances_argmin_min(means.cluster_centers_[clusters], near)[1]
        clusters = clusters[np.sort(np.argsort(-away, kind="stable")[:n])]
    distance = means.transform(x)
    chosen = np.empty(n, dtype=np.int64)
    for place, cluster in enumerate(clusters):
        chosen[place] = np.argmin(distance[:, cluster])
        distance[chosen[place]] = np.inf
    return chosen


def _sample(
    positions: NDArray[np.int64], most: int, rng: np.random.RandomState
) -> NDArray[np.int64]:
    if len(positions) <= most:
        return positions
    return np.sort(rng.choice(positions, most, replace=False))


def _check_labels(labelled: ArrayLike, n_objects: int) -> NDArray[np.int64]:
    """Return the class of each object as a number, -1 where it is not known."""
    labels = as_labels(labelled)
    if labels.shape != (n_objects,):
        raise ValueError(
            f"labelled must have a label, or None, for each of the {n_objects} rows; its shape is "
            f"{labels.shape}"
        )
    known = labels.astype(object)
    known[missing_in(labels)] = None
    return pd.factorize(known)[0]
