"""The ragged container every estimator reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_astromer._numbers import check_numbers
from sklearn_astromer._printable import printable
from sklearn_astromer.lightcurves.arrays import refuse_rounded
from sklearn_astromer.lightcurves.checks import check_flat, check_order
from sklearn_astromer.lightcurves.constructors import Constructors
from sklearn_astromer.lightcurves.exports import Exports
from sklearn_astromer.lightcurves.flat import (
    Flat,
    as_band,
    as_ids,
    as_offsets,
    joined,
    places_of,
    positions,
)
from sklearn_astromer.lightcurves.objects import in_field_units
from sklearn_astromer.lightcurves.summary import Summary

if TYPE_CHECKING:
    from sklearn_astromer.lightcurves.stars import Stars


class LightCurves(Constructors, Exports, Summary):
    """Light curves of many objects, of any lengths, immutable and indexable like an array.

    Usually made by `read`, or of arrays by `from_arrays`; the constructor takes flat columns.
    Indexing by an int gives one curve as an array of shape (n_i, 2) or (n_i, 3); by a slice, a
    boolean or an integer array, a new `LightCurves`. So scikit-learn's splitters, searches and
    pipelines take it as `X`, unchanged. `loc` does the same by ids.

    Parameters
    ----------
    time : array-like of shape (n_observations,)
        Times in days (MJD, JD, … : only differences matter), object after object. Of times and
        magnitudes that have a unit of astropy, that is converted.
    mag : array-like of shape (n_observations,)
        Magnitudes.
    mag_err : array-like of shape (n_observations,), optional
        Their errors in magnitudes; NaN where absent.
    offsets : array-like of int of shape (n_objects + 1,)
        Object `i` owns the observations ``offsets[i]:offsets[i + 1]``.
    ids : array-like of int or str of shape (n_objects,), optional
        Names used in messages and as the index of pandas output; default: positions.
    band : str or array-like of str of shape (n_objects,), optional
        The band of each object.
    on_invalid : {"raise", "drop"}, default="raise"
        What to do with a non-finite time or magnitude, and with an object without observations.
        ``"drop"`` takes them out and warns with their count; labels must then be matched by
        `ids`.

    Attributes
    ----------
    time, mag : ndarray of shape (n_observations,), float64, read-only
    mag_err : ndarray of shape (n_observations,), float64, read-only, or None
    offsets : ndarray of shape (n_objects + 1,), int64, read-only
    ids : ndarray of shape (n_objects,), int64 or str, read-only
    band : ndarray of shape (n_objects,), str, read-only, or None
    shape : tuple, ``(n_objects,)``
    report : Report or None
        What `read` recognised and left out; None of collections that were not read, and of parts.

    Raises
    ------
    TypeError
        If a column does not hold real numbers (text, dates, booleans), or ids are missing or
        neither integers nor strings.
    ValueError
        If shapes disagree, an id repeats in one band, an object is empty or has a non-finite time
        or magnitude, times span more than 10^6 days (a mixture of JD and MJD) or lie past 10^9,
        or a magnitude lies past 10^15. The message names the object.

    Notes
    -----
    Decisions, the same in every constructor: unsorted times are sorted and equal times all kept, in
    the order given; an error bar that is NaN is absent, one that is zero, negative (−99, −9000) or
    infinite is taken as absent with a warning, and the observation stays; magnitudes outside
    −30…40 (fluxes, sentinels) only warn. A masked or missing number is NaN. Ids given to a
    constructor must not repeat, while indexing, `concatenate` and the index of a Series or
    DataFrame keep whatever ids there are, for resampling repeats them. A missing band is "".

    Columns are copied, so that nobody else can write to them; only memory maps stay on the disk.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import LightCurves
    >>> curves = [np.array([[1.0, 15.2], [3.0, 15.4]]), np.array([[2.0, 9.1]])]
    >>> lcs = LightCurves.from_arrays(curves)
    >>> lcs
    LightCurves(3 observations of 2 objects, 1 to 2 each)
    >>> lcs[0]
    array([[ 1. , 15.2],
           [ 3. , 15.4]])
    >>> lcs[[1]].mag
    array([9.1])
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(
        self,
        time: ArrayLike,
        mag: ArrayLike,
        mag_err: ArrayLike | None = None,
        *,
        offsets: ArrayLike,
        ids: ArrayLike | None = None,
        band: ArrayLike | None = None,
        on_invalid: str = "raise",
    ) -> None:
        refuse_rounded(time)
        bounds = as_offsets(offsets)
        object_ids = as_ids(ids, max(bounds.size - 1, 0))
        flat = Flat(
            _own(time, "time"),
            _own(mag, "mag"),
            None if mag_err is None else _own(mag_err, "mag_err"),
            bounds,
            object_ids,
            as_band(band, len(object_ids)),
        )
        self._store(check_flat(flat, on_invalid=on_invalid, unique=True))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"LightCurves are immutable: cannot set {name!r}")

    @classmethod
    def concatenate(cls, parts: Iterable[LightCurves]) -> LightCurves:
        """Join collections, ids kept as they are; errors and bands absent in one are filled.

        Parameters
        ----------
        parts : iterable of LightCurves

        Returns
        -------
        LightCurves
        """
        flats = []
        for part in parts:
            if not isinstance(part, LightCurves):
                raise TypeError(f"concatenate joins LightCurves, got {type(part).__name__}")
            flats.append(part._flat)
        return cls._trusted(joined(flats))

    # -- what it holds ---------------------------------------------------------------------------

    @property
    def time(self) -> NDArray[np.float64]:
        """Times in days, shape (n_observations,)."""
        return self._flat.time

    @property
    def mag(self) -> NDArray[np.float64]:
        """Magnitudes, shape (n_observations,)."""
        return self._flat.mag

    @property
    def mag_err(self) -> NDArray[np.float64] | None:
        """Errors in magnitudes, shape (n_observations,), NaN where absent; or None."""
        return self._flat.mag_err

    @property
    def offsets(self) -> NDArray[np.int64]:
        """Where each object starts, shape (n_objects + 1,)."""
        return self._flat.offsets

    @property
    def ids(self) -> NDArray[Any]:
        """Names of the objects, shape (n_objects,)."""
        return self._flat.ids

    @property
    def band(self) -> NDArray[Any] | None:
        """Band of each object, shape (n_objects,), or None."""
        return self._flat.band

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Observations of each object, shape (n_objects,)."""
        return np.diff(self._flat.offsets)

    @property
    def shape(self) -> tuple[int]:
        """``(n_objects,)``."""
        return (len(self._flat.ids),)

    def __len__(self) -> int:
        return len(self._flat.ids)

    def __iter__(self) -> Iterator[NDArray[np.float64]]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        if len(self) == 0:
            return "LightCurves(0 objects)"
        low, high = self.lengths.min(), self.lengths.max()
        bands = "" if self.band is None else f", band {printable(', '.join(np.unique(self.band)))}"
        return (
            f"LightCurves({len(self.time)} observations of {len(self)} objects, "
            f"{low} to {high} each{bands})"
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "LightCurves are ragged and not an array: embed them first "
            "(AstromerEmbedder().fit_transform(curves)), or use .time and .mag"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LightCurves):
            return NotImplemented
        return self._flat.equals(other._flat)

    @overload
    def __getitem__(self, key: int) -> NDArray[np.float64]: ...
    @overload
    def __getitem__(self, key: slice | list[Any] | NDArray[Any]) -> LightCurves: ...
    @overload
    def __getitem__(self, key: Any) -> Any: ...

    def __getitem__(self, key: Any) -> Any:
        key = chosen(self, key, "object")
        if isinstance(key, int):
            of = slice(self.offsets[key], self.offsets[key + 1])
            return np.stack([c[of] for c in self._flat[:3] if c is not None], axis=1)
        if isinstance(key, slice):
            return self._trusted(self._flat.span(key.start, key.stop))
        return self._trusted(self._flat.take(key))

    @property
    def loc(self) -> ByName:
        """Light curves by their ids.

        ``loc["star-7"]`` gives the one curve of that id as an array, or if it has several, as in
        several bands, a `LightCurves` of these; ``loc[ids]``, a list or an array of ids, a
        `LightCurves` in the order of `ids`. An id that is not there is a KeyError.

        Examples
        --------
        >>> from sklearn_astromer import LightCurves
        >>> curves = LightCurves.from_arrays([[[1, 15]], [[2, 16]]], ids=["a", "b"])
        >>> curves.loc["b"]
        array([[ 2., 16.]])
        """
        return ByName(self)

    def stars(self) -> Stars:
        """Return the collection as `Stars`, which puts the bands of an id together.

        Raises
        ------
        ValueError
            If a star has two light curves in one band.

        Warns
        -----
        UserWarning
            If there are several bands, and each id has only one: then ids may be of curves, not of
            stars, as the `oid` of ZTF.
        """
        # of a module that builds on this one
        return import_module("sklearn_astromer.lightcurves.stars").Stars(self)

    def __getstate__(self) -> dict[str, Any]:
        """Plain columns of just these objects, so that equal collections pickle alike."""
        return {
            name: None if column is None else np.ascontiguousarray(column)
            for name, column in self._flat._asdict().items()
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._store(Flat(**state))

    # -- what it gives ---------------------------------------------------------------------------

    def drop_white_noise(
        self, *, kurtosis: float = 10.0, skewness: float = 1.0, std: float = 0.1
    ) -> LightCurves:
        """Return the objects whose magnitudes are not plain Gaussian scatter.

        Parameters
        ----------
        kurtosis, skewness, std : float
            Limits on the absolute excess kurtosis and skewness, and on the standard deviation
            (magnitudes).

        Returns
        -------
        LightCurves
            The objects that pass **at least one** limit, in their order; compare `ids` to see
            which went.

        Notes
        -----
        Donoso-Oliva et al. 2023, §5.1 publish ``|Kurtosis| > 10, |Skewness| > 1 and Std > 0.1``
        without saying of what. We read it as three signs of a signal, one of which is enough:
        white noise has none of them. (Read as "all three", it would throw out every RR Lyrae,
        whose kurtosis is about −1.)
        """
        check_numbers(kurtosis=kurtosis, skewness=skewness, std=std)
        variance, skew, kurt = self._flat.moments()
        signal = (np.abs(kurt) > kurtosis) | (np.abs(skew) > skewness) | (variance > std**2)
        return self[signal]


class ByName:
    """Indexes light curves or stars by their ids; see `LightCurves.loc`."""

    def __init__(self, curves: LightCurves | Stars) -> None:
        self._curves = curves

    def __getitem__(self, key: Any) -> Any:
        places = places_of(self._curves.ids, key)
        return self._curves[int(places[0]) if np.ndim(key) == 0 and len(places) == 1 else places]


def chosen(X: LightCurves | Stars, key: Any, what: str) -> int | slice | NDArray[np.int64]:
    """Return which items of X an index means: one, those from one to another, or these."""
    if isinstance(key, tuple) and len(key) == 2 and key[1] is Ellipsis:
        key = key[0]  # how scikit-learn indexes whatever has a shape
    if isinstance(key, (int, np.integer)) and not isinstance(key, (bool, np.bool_)):
        if not -len(X) <= int(key) < len(X):
            raise IndexError(f"there is no {what} {key} of {len(X)}; by its id: loc[{key}]")
        return int(key) % len(X)
    if isinstance(key, slice):
        start, stop, step = key.indices(len(X))
        return slice(start, max(start, stop)) if step == 1 else np.arange(start, stop, step)
    check_order(X, key, "the mask")
    return positions(key, len(X))


def _own(values: Any, part: str) -> NDArray[np.float64]:
    """Return a column that nobody else can write to; a memory map is left on the disk."""
    column = in_field_units(values, part, part)
    return column if isinstance(values, np.memmap) else np.array(column)
