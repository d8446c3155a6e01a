"""How odd objects are among the others, without labels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer._progress import progress_bar
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.checks import check_order
from sklearn_astromer.lightcurves.conversion import as_light_curves
from sklearn_astromer.periodogram.bands import star_pieces
from sklearn_astromer.search.rows import (
    EmbeddingRows,
    check_finite,
    names_of,
    standardizer,
    table_of,
)
from sklearn_astromer.windows import pieces

TREES = 200
CHUNK = 50_000  # rows scored at a time
PIECE_OBSERVATIONS = 2**20  # reconstructed at a time
RUN = 10  # successive observations


def outlier_scores(
    rows: EmbeddingRows | ArrayLike,
    *,
    reconstruction: ArrayLike | None = None,
    n_components: int = 10,
    n_neighbors: int = 60,
    max_reference: int = 20_000,
    random_state: int | np.random.RandomState | None = 0,
) -> pd.DataFrame:
    """Score how odd each object is among the others.

    The columns of `rows` are standardised, and their first principal components scaled to unit
    variance. In these, two scores are computed: the local outlier factor, which is large where the
    density of objects is lower than around their nearest neighbours, and that of an isolation
    forest. The combined score is the mean over the scores of -log10(share of objects at least as
    odd): an object among the oddest 1 % in each has about 2.

    Parameters
    ----------
    rows : EmbeddingRows or array-like of shape (n_objects, n_features)
        ``benchmarks/anomalies.py`` measures those of ``row="mean"``. The default row of an
        embedder compares brightness, periods and folded shape as well. A NaN, as in a band in which
        a star was not observed, is taken for the mean of its column.
    reconstruction : array-like of shape (n_objects,), optional
        A third score, such as `reconstruction_error` gives; large = odd.
    n_components : int
        Principal components. More than about 12 add noise to the distances. At most a third of
        the number of objects are used.
    n_neighbors : int
        Use more than you expect outliers of one kind, which are neighbours of each other. At
        most a third of the objects are used.
    max_reference : int
        If there are more rows, the others are compared with a random subset of so many. This
        bounds time and memory: both are linear in the number of rows.
    random_state : int, RandomState instance or None
        For the forest and the subset.

    Returns
    -------
    DataFrame
        A row per object, in the order of `rows`: object_id and band, if `rows` has them, score,
        density, isolation and, if given, reconstruction. In all of them, large = odd. The
        index is that of `rows` if it is a DataFrame. The scores do not depend on the order of
        the rows.

    Raises
    ------
    ValueError
        If there are fewer than three rows, all are equal, one is infinite or nothing but NaN,
        `reconstruction` does not fit, or a parameter is out of range.

    See Also
    --------
    reconstruction_error : How badly an encoder reconstructs each light curve.

    References
    ----------
    Breunig et al. 2000, "LOF: identifying density-based local outliers"; Liu, Ting & Zhou 2008,
    "Isolation forest"; Fisher 1925, "Statistical methods for research workers", on the sum of the
    logarithms.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer.search import outlier_scores
    >>> rows = np.random.default_rng(0).normal(size=(500, 5))
    >>> rows[42] += 8
    >>> int(outlier_scores(rows)["score"].idxmax())
    42
    """
    for name, value in (("n_components", n_components), ("n_neighbors", n_neighbors)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    table, labels = table_of(rows)
    n = len(table)
    if n < 3:
        raise ValueError(f"outliers need at least 3 rows, got {n}")
    if max_reference < 3:
        raise ValueError(f"max_reference must be at least 3, got {max_reference}")
    if not (np.fmax.reduce(table) > np.fmin.reduce(table)).any():
        raise ValueError(f"all {n} rows are equal: none is an outlier")
    rng = check_random_state(random_state)
    full = np.argsort(np.isnan(table).sum(axis=0), kind="stable")[:4]  # columns without gaps
    ties = pd.util.hash_pandas_object(pd.DataFrame(table), index=False)
    order = np.lexsort([ties, *table[:, full].T])  # so that that of the rows is nothing
    chosen = order if n <= max_reference else order[rng.permutation(n)[:max_reference]]
    sample = table[chosen]
    width = min(n_components, max(1, len(sample) // 3), sample.shape[1])
    scaler = standardizer(sample)
    axes = PCA(width, whiten=True, svd_solver="covariance_eigh").fit(scaler.transform(sample))
    project = make_pipeline(scaler, axes)
    reference = project.transform(sample).astype(np.float32)
    forest = IsolationForest(n_estimators=TREES, random_state=rng).fit(reference)
    # by brute force: in ten dimensions a tree is no faster
    density = LocalOutlierFactor(
        n_neighbors=min(n_neighbors, max(1, len(sample) // 3)), algorithm="brute", novelty=True
    ).fit(reference)

    frame = labels.copy()
    parts: dict[str, NDArray[np.float64]] = {"density": np.empty(n), "isolation": np.empty(n)}
    for start in range(0, n, CHUNK):
        part = project.transform(table[start : start + CHUNK]).astype(np.float32)
        parts["density"][start : start + CHUNK] = -density.score_samples(part)
        parts["isolation"][start : start + CHUNK] = -forest.score_samples(part)
    # objects are no neighbours of themselves
    parts["density"][chosen] = -density.negative_outlier_factor_
    if reconstruction is not None:
        values = np.asarray(reconstruction, dtype=np.float64)
        if values.shape != (n,):
            raise ValueError(
                f"reconstruction must have a value for each of the {n} rows, got shape "
                f"{values.shape}"
            )
        check_order(rows, reconstruction, "reconstruction")
        check_finite(values, names_of(labels), "reconstruction error")
        parts["reconstruction"] = values
    frame["score"] = np.mean([-np.log10(_share(values)) for values in parts.values()], axis=0)
    return frame.assign(**parts)


def reconstruction_error(
    embedder: AstromerEmbedder, X: Any, *, progress: bool = False
) -> NDArray[np.float64]:
    """Say how badly an encoder reconstructs each light curve, in units of the errors.

    Residuals of single observations are noise to a large part. So the residuals of ten successive
    observations are summed and divided by the error of that sum; the largest absolute value of all
    such runs is returned. It is about 3 if the residuals are white noise, less where the encoder
    follows the noise, and large for a flare, a dip, a trend, or any shape that the encoder has not
    learned. Compare values of one encoder only.

    Parameters
    ----------
    embedder : fitted AstromerEmbedder
    X : LightCurves or array-like
        What `as_light_curves` takes. Missing errors are replaced by the median of the object's
        other errors, and where there are none by 1.48 times the median absolute difference of
        successive residuals, over √2.
    progress : bool
        Show a progress bar.

    Returns
    -------
    ndarray of shape (n_objects,), float64

    Raises
    ------
    NotFittedError
        If the embedder is not fitted.
    TypeError, ValueError
        If X is not what `as_light_curves` takes.

    Examples
    --------
    >>> from sklearn_astromer import AstromerEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.search import reconstruction_error
    >>> curves, labels = make_variable_stars(5, random_state=0)
    >>> embedder = AstromerEmbedder().fit(curves)
    >>> reconstruction_error(embedder, curves).shape
    (5,)
    """
    if not isinstance(embedder, AstromerEmbedder):
        raise TypeError(
            f"embedder must be an AstromerEmbedder, got {type(embedder).__name__}: of stars in "
            "several bands, give that of one band, or the largest error of the bands of each star"
        )
    check_is_fitted(embedder, "module_")
    curves: LightCurves = as_light_curves(X)
    found = np.empty(len(curves))
    parts: Iterable[slice] = (
        star_pieces(curves, PIECE_OBSERVATIONS)
        if embedder.shared_periods
        else pieces(curves.offsets, PIECE_OBSERVATIONS)
    )
    with progress_bar(total=len(curves), unit="object", disable=not progress) as bar:
        for part in parts:
            some = curves[part]
            for i, expected in enumerate(embedder.reconstruct(some), start=part.start):
                of = slice(int(curves.offsets[i]), int(curves.offsets[i + 1]))
                residual = curves.mag[of].astype(np.float64) - expected
                error = None if curves.mag_err is None else curves.mag_err[of]
                found[i] = _largest_run(residual / _errors(residual, error))
            bar.update(len(some))
    return found


def _share(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of objects that are at least as odd."""
    share: NDArray[np.float64] = rankdata(-values, method="max") / len(values)
    return share


def _errors(
    residual: NDArray[np.float64], error: NDArray[np.floating[Any]] | None
) -> NDArray[np.float64]:
    """Return errors without gaps; infinite where nothing is known of them."""
    if error is not None:
        known = np.isfinite(error) & (error > 0)
        if known.any():
            return np.where(known, error, np.median(error[known])).astype(np.float64)
    scatter = 0.0
    if len(residual) > 1:
        scatter = 1.4826 * float(np.median(np.abs(np.diff(residual)))) / np.sqrt(2)
    return np.full(len(residual), scatter if scatter > 0 else np.inf)


def _largest_run(z: NDArray[np.float64]) -> float:
    """Return the largest absolute sum of successive values, in units of its standard deviation."""
    n = min(RUN, len(z))
    sums = np.convolve(z, np.ones(n), "valid")
    return float(np.abs(sums).max() / np.sqrt(n))
