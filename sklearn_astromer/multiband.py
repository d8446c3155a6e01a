"""Stars observed in several bands: one row per star, each band by the same encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from sklearn_astromer._estimator_base import TransformerBase, whole_or_not
from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.flat import offsets_of, positions
from sklearn_astromer.lightcurves.reading.aligned import read_nested
from sklearn_astromer.lightcurves.reading.lists import is_nested
from sklearn_astromer.lightcurves.reading.options import Options

__all__ = ["MultiBandEmbedder", "Stars"]

MISSING = ("nan", "indicator")


class Stars:
    """Light curves in several bands, a star an item: `X` where labels are of stars.

    Indexable like an array, so that scikit-learn's splitters and searches take it. An int gives the
    `LightCurves` of one star, one row per band; a slice, a boolean or an integer array, new
    `Stars`.

    Parameters
    ----------
    curves : LightCurves
        A row per star and band, in any order; rows of one id are one star. Without bands, each row
        is a star.

    Attributes
    ----------
    curves : LightCurves
        The rows, star after star.
    ids : ndarray of shape (n_stars,)
        In the order in which the stars first appear.
    offsets : ndarray of shape (n_stars + 1,), int64
        Star `i` owns the rows ``offsets[i]:offsets[i + 1]``.
    shape : tuple, ``(n_stars,)``

    Raises
    ------
    TypeError
        If `curves` is no `LightCurves`.
    ValueError
        If a star has two rows in one band.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import LightCurves
    >>> from sklearn_astromer.multiband import Stars
    >>> curve = np.array([[1.0, 15.2], [3.0, 15.4]])
    >>> curves = LightCurves.from_arrays([curve] * 3, ids=[7, 8, 7], band=["g", "g", "r"])
    >>> stars = Stars(curves)
    >>> stars
    Stars(2 stars, bands g, r)
    >>> stars[0]
    LightCurves(4 observations of 2 objects, 2 to 2 each, band g, r)
    >>> labels = {7: "RRAB", 8: "EA"}
    >>> [labels[star] for star in stars.ids.tolist()]
    ['RRAB', 'EA']
    """

    def __init__(self, curves: LightCurves) -> None:
        if not isinstance(curves, LightCurves):
            raise TypeError(
                f"Stars are made of LightCurves, a row per star and band, got "
                f"{type(curves).__name__}: see LightCurves.from_… and LightCurves.concatenate"
            )
        star = np.arange(len(curves))
        if curves.band is not None:
            star = pd.factorize(curves.ids)[0]
            repeated = pd.DataFrame({"star": star, "band": curves.band}).duplicated().to_numpy()
            if repeated.any():
                i = int(np.argmax(repeated))
                raise ValueError(
                    f"star {curves.ids[i].item()!r} has two light curves in band "
                    f"{str(curves.band[i])!r}: merge them, or give each its own id"
                )
        order = np.argsort(star, kind="stable")
        self.offsets = offsets_of(np.bincount(star))
        self.curves: LightCurves = curves if np.all(order[1:] > order[:-1]) else curves[order]
        self.ids: NDArray[Any] = self.curves.ids[self.offsets[:-1]]

    @classmethod
    def _made(cls, curves: LightCurves, ids: NDArray[Any], lengths: NDArray[np.int64]) -> Stars:
        """Wrap rows that stand star after star; a star may have none."""
        self = cls.__new__(cls)
        self.curves, self.ids, self.offsets = curves, ids, offsets_of(lengths)
        return self

    @property
    def shape(self) -> tuple[int]:
        """``(n_stars,)``."""
        return (len(self.ids),)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[LightCurves]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        bands = np.unique(self.band)
        return f"Stars({len(self)} stars, bands {', '.join(bands)})" if len(self) else "Stars(0)"

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("Stars are ragged and not an array: embed them first (MultiBandEmbedder)")

    @property
    def band(self) -> NDArray[Any]:
        """Band of each row of `curves`, "" where there are none."""
        return np.full(len(self.curves), "") if self.curves.band is None else self.curves.band

    @property
    def star(self) -> NDArray[np.int64]:
        """Star of each row of `curves`: its position."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
            key = key[0]  # how scikit-learn indexes whatever has a shape
        if isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
            if not -len(self) <= key < len(self):
                raise IndexError(f"star {key} of {len(self)}")
            i = int(key) % len(self)
            return self.curves[self.offsets[i] : self.offsets[i + 1]]
        if isinstance(key, slice):
            key = np.arange(*key.indices(len(self)))
        index = positions(key, len(self))
        lengths = np.diff(self.offsets)[index]
        starts = offsets_of(lengths)
        rows = np.arange(starts[-1]) + np.repeat(self.offsets[index] - starts[:-1], lengths)
        return self._made(self.curves[rows], self.ids[index], lengths)


class MultiBandEmbedder(TransformerBase):
    """Embed stars observed in several bands: each band by the same encoder, side by side.

    A row is a star, its columns those of the first band, then those of the second, and so on; the
    name of each begins with the band's.

    Parameters
    ----------
    embedder : AstromerEmbedder, or another transformer of `LightCurves` to rows
        Fitted to the curves of all `bands` together, as a clone; ``FrozenEstimator(fitted)`` is
        used as it is.
    bands : list of str
        Which bands, in which order; curves in others are left out.
    missing : {"nan", "indicator"}
        What stands for a band in which a star was not observed. ``"nan"``: NaN, which the trees and
        forests of scikit-learn take as it is (`RandomForestClassifier`,
        `HistGradientBoostingClassifier`). ``"indicator"``: zeros, and after all bands one more
        column for each, 1 where it is missing; for models that cannot take NaN.

    Attributes
    ----------
    embedder_ : the fitted embedder
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
    >>> from sklearn_astromer import AstromerEmbedder, LightCurves
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> from sklearn_astromer.multiband import MultiBandEmbedder, Stars
    >>> curves, labels = make_variable_stars(20, random_state=0)
    >>> stars = Stars(
    ...     LightCurves.concatenate(
    ...         LightCurves.from_arrays(curves, ids=curves.ids, band=band) for band in "gr"
    ...     )
    ... )
    >>> embedder = MultiBandEmbedder(AstromerEmbedder("surveys-periods"), ["g", "r"])
    >>> model = make_pipeline(embedder, RandomForestClassifier()).fit(stars, labels)
    >>> model[0].transform(stars).shape
    (20, 256)
    """

    def __init__(self, embedder: Any, bands: Sequence[str], *, missing: str = "nan") -> None:
        self.embedder = embedder
        self.bands = bands
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
        row, _ = rows_in(stars, self.bands, whole=True)
        labels = None if y is None else np.asarray(y)[stars.star[row]]
        self.embedder_ = clone(self.embedder).fit(stars.curves[row], labels)
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
        row, column = rows_in(stars, self.bands)
        rows = np.asarray(self.embedder_.transform(stars.curves[row]))
        filler = np.nan if self.missing == "nan" else 0.0
        n_stars, n_bands, n_columns = len(stars), len(self.bands), rows.shape[1]
        wide = np.full((n_stars, n_bands, n_columns), filler, dtype=rows.dtype)
        wide[stars.star[row], column] = rows
        wide = wide.reshape(n_stars, n_bands * n_columns)
        if self.missing == "indicator":
            absent = np.ones((n_stars, n_bands), dtype=rows.dtype)
            absent[stars.star[row], column] = 0.0
            wide = np.hstack([wide, absent])
        return self._indexed(wide, X, stars.ids)

    def _columns(self) -> list[str]:
        inner = self.embedder_.get_feature_names_out()
        names = [f"{band}_{name}" for band in self.bands for name in inner]
        if self.missing == "indicator":
            names += [f"{band}_missing" for band in self.bands]
        return names

    def _check_parameters(self) -> None:
        check_bands(self.bands)
        if self.missing not in MISSING:
            raise ValueError(f"missing must be one of {MISSING}, got {self.missing!r}")
        if getattr(self.embedder, "pooling", "mean") is None:
            raise ValueError("an embedder with pooling=None gives no rows: choose a pooling")


def check_bands(bands: Any) -> None:
    """Raise ValueError unless `bands` is a list of different bands."""
    if isinstance(bands, str) or len(bands) == 0:
        raise ValueError(f"bands must be a list of bands, got {bands!r}")
    if len(set(bands)) < len(bands):
        raise ValueError(f"bands has one twice: {list(bands)}")


def read_stars(X: Any, read: Callable[[Any], LightCurves]) -> Stars:
    """Return what an estimator of stars was given as `Stars`; `read` reads light curves."""
    if is_nested(X):
        return _stars_of_nested(X)
    curves = read(X.curves if isinstance(X, Stars) else X)
    return X if isinstance(X, Stars) else Stars(curves)


def rows_in(
    stars: Stars, bands: Sequence[str], *, whole: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which rows of `stars.curves` are in some bands, and the place of the band of each.

    If `whole`, a band in which there is no row is a ValueError.
    """
    place = pd.Index(map(str, bands)).get_indexer(pd.Index(stars.band))
    row = np.flatnonzero(place >= 0)
    absent = sorted(set(range(len(bands))) - set(place[row].tolist()))
    if whole and absent:
        raise ValueError(
            f"there is no band {bands[absent[0]]!r} in X: it has "
            f"{', '.join(map(repr, np.unique(stars.band).tolist())) or 'none'}"
        )
    return row, place[row]


def _stars_of_nested(column: Any) -> Stars:
    """Take the bands of a nested column apart; a star may have none of them."""
    flat, report, names = read_nested(column, Options())
    if flat.band is None and len(flat.ids):
        raise ValueError("no field of the nested column was recognised as the band")
    flat = flat.take(np.argsort(flat.ids, kind="stable"))
    curves = LightCurves._told(flat._replace(ids=names[flat.ids]), report)
    return Stars._made(curves, names, np.bincount(flat.ids, minlength=len(names)))
