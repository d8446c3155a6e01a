"""Stars observed in several bands: one row per star, each band by the same encoder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_astromer._estimator_base import TransformerBase, whole_or_not
from sklearn_astromer.embedder import AstromerEmbedder
from sklearn_astromer.lightcurves import LightCurves, Stars
from sklearn_astromer.lightcurves.bands import by_wavelength
from sklearn_astromer.lightcurves.checks import check_order
from sklearn_astromer.lightcurves.stars import check_bands, read_stars, rows_in
from sklearn_astromer.training.labels import as_labels

__all__ = ["MultiBandEmbedder"]


class MultiBandEmbedder(TransformerBase):
    """Embed stars observed in several bands: each band by the same encoder, and colours.

    A row is a star, its columns those of the first band, then those of the second, and so on, and
    last the colours; the name of each column tells its band or bands.

    Parameters
    ----------
    embedder : AstromerEmbedder, another transformer of `LightCurves` to rows, or None
        Fitted to the curves of all `bands` together, as a clone; ``FrozenEstimator(fitted)`` is
        used as it is. Where an `AstromerEmbedder` leaves `shared_periods` open, the bands of a
        star share one periodogram. None: ``AstromerEmbedder()``.
    bands : list of str, optional
        Which bands, in which order; curves in others are left out. None: all that X has in `fit`,
        from short to long wavelengths, and unknown ones after them.
    colors : bool, default=True
        Append the difference of the mean magnitudes of each two bands that follow each other in
        `bands`.
    missing : {"nan", "indicator"}, default="nan"
        What stands for a band in which a star was not observed. ``"nan"``: NaN, which the trees and
        forests of scikit-learn take as it is (`RandomForestClassifier`,
        `HistGradientBoostingClassifier`). ``"indicator"``: zeros, and after all bands one more
        column for each, 1 where it is missing; for models that cannot take NaN.

    Attributes
    ----------
    embedder_ : the fitted embedder
    bands_ : list of str
    n_features_in_ : int
        Only if X was a 2-D array.

    Notes
    -----
    Split by star, or the score is of stars the model has seen in another band: with `X` as `Stars`
    (or a nested column) and one label per star, every splitter does. Whoever classifies the rows of
    `LightCurves` band by band needs ``GroupKFold`` with ``groups=curves.ids``.

    To fine-tune an encoder for each band, make a `MultiBandEmbedder` of each and join them by a
    `sklearn.pipeline.FeatureUnion`.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_astromer import LightCurves, MultiBandEmbedder
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> curves, labels = make_variable_stars(20, random_state=0)
    >>> stars = LightCurves.concatenate(
    ...     LightCurves.from_arrays(curves, ids=curves.ids, band=band) for band in "gr"
    ... ).stars()
    >>> model = make_pipeline(MultiBandEmbedder(), RandomForestClassifier()).fit(stars, labels)
    >>> model[0].get_feature_names_out()[-1]
    'g-r (mag)'
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "embedder": [HasMethods(["fit", "transform"]), None],
        "bands": ["array-like", None],
        "colors": ["boolean"],
        "missing": [StrOptions({"nan", "indicator"})],
    }

    def __init__(
        self,
        embedder: Any = None,
        bands: Sequence[str] | None = None,
        *,
        colors: bool = True,
        missing: str = "nan",
    ) -> None:
        self.embedder = embedder
        self.bands = bands
        self.colors = colors
        self.missing = missing

    @whole_or_not
    def fit(self, X: Any, y: Any = None) -> MultiBandEmbedder:
        """Fit the embedder to the curves of all bands.

        Parameters
        ----------
        X : Stars, LightCurves or nested column
            `LightCurves` with a row per star and band, see `Stars`; or a column of nested-pandas or
            Arrow that holds the bands of a star together, their names in a field ``band``. What
            else `as_light_curves` takes has the one band "".
        y : array-like of shape (n_stars,), optional
            Given to the embedder a curve at a time, if it wants labels.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            As the embedder; if a band is in X nowhere, or a parameter is out of range.
        """
        self._check_parameters()
        stars = read_stars(X, partial(self._read, reset=True))
        there = by_wavelength(np.unique(stars.band).tolist())
        self.bands_ = there if self.bands is None else list(self.bands)
        row, _ = rows_in(stars, self.bands_, whole=True)
        labels = None
        if y is not None:
            check_consistent_length(stars, y)
            check_order(stars, y)
            labels = as_labels(y)[stars.star[row]]
        embedder = AstromerEmbedder() if self.embedder is None else clone(self.embedder)
        if isinstance(embedder, AstromerEmbedder) and embedder.shared_periods is None:
            embedder.set_params(shared_periods=True)
        self.embedder_ = embedder.fit(_apart(stars, row), labels)
        return self

    def transform(self, X: Any) -> Any:
        """Embed stars.

        Parameters
        ----------
        X : Stars, LightCurves or nested column
            As for `fit`.

        Returns
        -------
        ndarray of shape (n_stars, n_features_out)
            In the order of the stars, which for `LightCurves` is that of their first appearance. A
            star without any of the bands has a row as well. With
            ``set_output(transform="pandas")`` a DataFrame, whose index is that of X, or the ids
            of the stars.

        Raises
        ------
        NotFittedError
            If `fit` was not called.
        TypeError, ValueError
            As the embedder.
        """
        check_is_fitted(self, "embedder_")
        self._check_parameters()
        stars = read_stars(X, partial(self._read, reset=False))
        row, column = rows_in(stars, self.bands_)
        curves = _apart(stars, row)
        rows = np.asarray(self.embedder_.transform(curves))
        place = (stars.star[row], column)
        shape = len(stars), len(self.bands_)
        wide = np.full((*shape, rows.shape[1]), np.nan, dtype=rows.dtype)
        wide[place] = rows
        parts = [wide.reshape(len(stars), shape[1] * rows.shape[1])]
        if self.colors:
            brightness = np.full(shape, np.nan)
            brightness[place] = np.add.reduceat(curves.mag, curves.offsets[:-1]) / curves.lengths
            parts.append(-np.diff(brightness, axis=1).astype(rows.dtype))
        if self.missing == "indicator":
            absent = np.ones(shape, dtype=rows.dtype)
            absent[place] = 0.0
            parts = [*map(np.nan_to_num, parts), absent]
        wide = np.hstack(parts)
        return self._indexed(wide, X, stars.ids)

    def _columns(self) -> list[str]:
        inner = self.embedder_.get_feature_names_out()
        names = [f"{band}_{name}" for band in self.bands_ for name in inner]
        if self.colors:
            names += [f"{one}-{other} (mag)" for one, other in pairwise(self.bands_)]
        if self.missing == "indicator":
            names += [f"{band}_missing" for band in self.bands_]
        return names

    def _check_parameters(self) -> None:
        if self.bands is not None:
            check_bands(self.bands)
        self._validate_params()
        if getattr(self.embedder, "row", "mean") is None:
            raise ValueError("an embedder with row=None gives no rows: choose their parts")


def _apart(stars: Stars, row: NDArray[np.intp]) -> LightCurves:
    """Return curves whose ids tell the stars apart, also those that are there twice."""
    curves = stars.curves[row]
    if len(np.unique(stars.ids)) == len(stars):
        return curves
    ids = np.array([f"{stars.ids[i]} (star {i})" for i in stars.star[row].tolist()])
    return LightCurves._trusted(curves._flat._replace(ids=ids))
