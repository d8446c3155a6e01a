"""Flat columns, which every collection of light curves is made of, and values into columns."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Flat(NamedTuple):
    """Columns of a ragged collection: object ``i`` owns ``offsets[i]:offsets[i + 1]``."""

    time: NDArray[np.float64]
    mag: NDArray[np.float64]
    mag_err: NDArray[np.float64] | None
    offsets: NDArray[np.int64]
    ids: NDArray[Any]
    band: NDArray[Any] | None

    def rows(self, chosen: Any, offsets: NDArray[np.int64]) -> Flat:
        """Return some observations, which belong to the same objects by new offsets."""
        mag_err = None if self.mag_err is None else self.mag_err[chosen]
        return Flat(self.time[chosen], self.mag[chosen], mag_err, offsets, self.ids, self.band)

    def named(self, chosen: Any) -> Flat:
        """Return some ids and bands; offsets and observations are as they were."""
        band = None if self.band is None else compact(self.band[chosen])
        return self._replace(ids=compact(self.ids[chosen]), band=band)

    def span(self, start: int, stop: int) -> Flat:
        """Return the objects ``start:stop``; observations are views."""
        low, high = self.offsets[start], self.offsets[stop]
        offsets = self.offsets[start : stop + 1] - low
        return self.rows(slice(low, high), offsets).named(slice(start, stop))

    def take(self, index: NDArray[np.int64]) -> Flat:
        """Return the objects `index`, each as often as it is named there."""
        lengths = np.diff(self.offsets)[index]
        offsets = offsets_of(lengths)
        rows = np.arange(offsets[-1]) + np.repeat(self.offsets[index] - offsets[:-1], lengths)
        return self.rows(rows, offsets).named(index)

    def where(self, kept: NDArray[np.bool_]) -> Flat:
        """Return all objects with some of their observations, one of each object at least."""
        return self.rows(kept, offsets_of(np.add.reduceat(kept, self.offsets[:-1], dtype=np.int64)))

    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return variance, skewness and excess kurtosis of each object's magnitudes.

        A scatter of less than a nanomagnitude is rounding: it has no skewness and no kurtosis.
        """
        lengths, starts = np.diff(self.offsets), self.offsets[:-1]

        def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.add.reduceat(values, starts) / lengths

        centred = self.mag - np.repeat(mean(self.mag), lengths)
        variance = mean(centred**2)
        varies = variance > 1e-18
        safe = np.where(varies, variance, 1.0)
        skewness = np.where(varies, mean(centred**3) / safe**1.5, 0.0)
        kurtosis = np.where(varies, mean(centred**4) / safe**2 - 3.0, 0.0)
        return variance, skewness, kurtosis

    def equals(self, other: Flat) -> bool:
        """Whether all columns hold the same, NaN being equal to NaN."""
        return all(
            a is b
            if a is None or b is None
            else np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f")
            for a, b in zip(self, other, strict=True)
        )

    def name(self, i: int) -> str:
        """Return the name of object `i` as messages give it."""
        return repr(self.ids[i].item())

    def owner(self, observation: int) -> int:
        """Return the object that owns a flat observation."""
        return int(np.searchsorted(self.offsets, observation, side="right")) - 1


def positions(key: Any, n: int) -> NDArray[np.int64]:
    """Return which of `n` objects an array-like of integers or booleans means."""
    index = np.asarray(key)
    if index.size == 0:
        index = np.empty(0, dtype=np.int64)
    elif index.ndim == 1 and index.dtype.kind == "b":
        if len(index) != n:
            raise IndexError(f"boolean index of length {len(index)} for {n} objects")
        index = np.flatnonzero(index)
    if isinstance(key, tuple) or index.ndim != 1 or index.dtype.kind not in "iu":
        raise IndexError(
            "LightCurves are indexed by an int, a slice, or a 1-D array of integers or booleans, "
            f"got {key!r}"
        )
    outside = (index < -n) | (index >= n)
    if outside.any():
        raise IndexError(f"index {index[outside][0]} for {n} objects")
    return index.astype(np.int64) % max(n, 1)


def places_of(ids: NDArray[Any], key: Any) -> NDArray[np.int64]:
    """Return where an id stands, or each of several in their order, all places of each.

    Raises
    ------
    KeyError
        If one is not there.
    """
    wanted = np.atleast_1d(np.asarray(key, dtype=object)).tolist()
    text = ids.dtype.kind == "U"
    index = pd.Index(ids.astype(str) if text else ids)
    for each in wanted:
        if not isinstance(each, str if text else (int, np.integer)) or isinstance(each, bool):
            kinds = "text" if text else "integers"
            raise KeyError(f"{each!r} is no id: ids are {kinds}, as {ids[:1].tolist()}")
    places, missing = index.get_indexer_non_unique(pd.Index(wanted, dtype=object))
    if len(missing):
        each = wanted[missing[0]]
        near = difflib.get_close_matches(str(each), index[:10_000].astype(str), n=3)
        hint = f": is it {' or '.join(near)}?" if near else f", of {len(ids)} objects"
        raise KeyError(f"there is no object {each!r}{hint}")
    return places.astype(np.int64)


def offsets_of(lengths: Any) -> NDArray[np.int64]:
    """Return where objects of these lengths start, and the end of the last."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def as_offsets(offsets: Any) -> NDArray[Any]:
    """Return `offsets` as an array; whether they fit is checked with the columns."""
    try:
        return np.asarray(offsets)
    except ValueError as error:
        raise ValueError(f"offsets must be integers: {error}") from error


def joined(flats: Sequence[Flat]) -> Flat:
    """Join collections one after another; what one lacks is NaN (errors) or "" (bands)."""
    if not flats:
        return Flat(np.empty(0), np.empty(0), None, offsets_of([]), as_ids(None, 0), None)
    errors = band = None
    if any(f.mag_err is not None for f in flats):
        errors = np.concatenate(
            [np.full(len(f.time), np.nan) if f.mag_err is None else f.mag_err for f in flats]
        )
    if any(f.band is not None for f in flats):
        band = compact(
            np.concatenate([np.full(len(f.ids), "") if f.band is None else f.band for f in flats])
        )
    ids = [f.ids for f in flats if len(f.ids)] or [flats[0].ids]
    if len({part.dtype.kind for part in ids}) > 1:
        ids = [part.astype(str) for part in ids]
    return Flat(
        np.concatenate([f.time for f in flats]),
        np.concatenate([f.mag for f in flats]),
        errors,
        offsets_of(np.concatenate([np.diff(f.offsets) for f in flats])),
        compact(np.concatenate(ids)),
        band,
    )


def as_float(values: Any, what: str) -> NDArray[np.float64]:
    """Return `values` as float64, masked or missing entries as NaN; say what cannot be read."""
    if isinstance(values, pd.DataFrame):
        columns = [
            as_float(values.iloc[:, i], f"{what}, column {c!r}")
            for i, c in enumerate(values.columns)
        ]
        return np.stack(columns, axis=1) if columns else np.empty(values.shape)
    if isinstance(values, (list, tuple)) and any(isinstance(v, np.ma.MaskedArray) for v in values):
        values = [as_float(v, what) for v in values]
    elif hasattr(values, "unmasked"):  # astropy's Masked
        values = np.ma.MaskedArray(np.asarray(values.unmasked), values.mask)
    if isinstance(values, (pd.Series, pd.Index)):
        dtype: Any = values.dtype
        if isinstance(dtype, pd.DatetimeTZDtype):
            values = values.to_numpy(dtype="M8[ns]")
        elif dtype.kind in "iuf":
            values = values.to_numpy(dtype=np.float64, na_value=np.nan)
        else:
            values = values.to_numpy()
    try:
        array = np.asarray(values)
        kind: str = array.dtype.kind
        if kind == "O":
            kind = _kind_of_objects(array)
            array = np.where(pd.isna(array), np.nan, array)
        if kind in "mM":
            raise TypeError(
                "these are dates; convert them to MJD, e.g. (pd.to_datetime(frame['date'], "
                "utc=True) - pd.Timestamp('1858-11-17', tz='UTC')) / pd.Timedelta(days=1)"
            )
        if kind not in "fiuO":
            raise TypeError(f"got {array.dtype}")
        with np.errstate(over="ignore"):  # a long double past float64 is infinite, and found later
            array = np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:
        kind_of_error = TypeError if isinstance(error, TypeError) else ValueError
        raise kind_of_error(f"{what} must be real numbers: {error}") from error
    if isinstance(values, np.ma.MaskedArray):
        array = np.where(np.ma.getmaskarray(values), np.nan, array)
    return array


def _kind_of_objects(array: NDArray[Any]) -> str:
    """Return the NumPy kind that objects stand for: text or truth is not quietly a number."""
    for found in set(map(type, array.flat)):
        if issubclass(found, (list, tuple, np.ndarray, pd.Series)):
            raise TypeError(
                "a cell holds several values: LightCurves.read reads lists of observations"
            )
        if issubclass(found, (str, bytes, bool, np.bool_, complex)):
            raise TypeError(f"some are {found.__name__}")
        if issubclass(found, date):
            return "M"
    return "O"


def as_ids(ids: Any, n: int | None = None, what: str = "ids") -> NDArray[Any]:
    """Return object ids as an int64 or fixed-width str array; positions when `ids` is None.

    Integers that a missing value elsewhere made floats are integers again; a mixture of integers
    and strings, and integers past int64, are strings.
    """
    if ids is None:
        return np.arange(n or 0, dtype=np.int64)
    if isinstance(ids, np.ma.MaskedArray):
        mask, ids = np.ma.getmaskarray(ids), ids.data.astype(object)
        ids[mask] = None
    # as objects, or NumPy would make ["a", nan] the strings "a" and "nan"
    array = np.asarray(ids, dtype=object if isinstance(ids, (list, tuple)) else None)
    if array.ndim != 1 or (n is not None and len(array) != n):
        expected = "" if n is None else f" ({n})"
        raise ValueError(f"{what} must be one per object{expected}, got shape {array.shape}")
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    missing = pd.isna(array)
    if missing.any():
        raise TypeError(f"{what} must not be missing: number {int(np.argmax(missing))} is")
    kind: str = array.dtype.kind
    if kind == "O":
        types = set(map(type, array))
        if types & {bool, np.bool_}:
            kind = "b"
        elif all(issubclass(t, (int, np.integer)) for t in types):
            kind = "i"
        elif all(issubclass(t, (int, float, np.integer, np.floating)) for t in types):
            array, kind = array.astype(np.float64), "f"
        elif all(issubclass(t, (str, bytes, int, np.integer)) for t in types):
            kind = "U"
    if kind == "f" and np.all(np.abs(array) < 2**53) and np.all(array == np.floor(array)):
        kind = "i"
    if kind in "iu":
        fits = array.min() >= -(2**63) and array.max() < 2**63
        return array.astype(np.int64) if fits else as_text(array, what)
    if kind in "SUT":
        return as_text(array, what)
    raise TypeError(
        f"{what} must be integers or strings, got {array.dtype} (first: {array[:3].tolist()})"
    )


def as_band(band: Any, n: int) -> NDArray[Any] | None:
    """Return the band of each of `n` objects from one for all or one each; missing is ""."""
    if band is None:
        return None
    values = np.array(band, dtype=object)
    if isinstance(band, np.ma.MaskedArray):
        values[np.ma.getmaskarray(band)] = None
    if values.shape not in ((), (n,)):
        raise ValueError(f"band must be one for all or one per object ({n}), got {values.shape}")
    values = np.atleast_1d(values)
    values[pd.isna(values)] = ""
    return compact(np.broadcast_to(as_text(values, "band"), (n,)))


def band_name(label: Any) -> str:
    """Return the name of a band: of integers that a missing value made floats, the integer."""
    if isinstance(label, (float, np.floating)) and float(label).is_integer():
        label = int(label)
    return label.decode("utf-8", "backslashreplace") if isinstance(label, bytes) else str(label)


def as_text(array: NDArray[Any], what: str = "ids") -> NDArray[Any]:
    """Return a compact str array; bytes are UTF-8, and a str that UTF-8 cannot hold is refused."""
    names = [band_name(label) for label in array.tolist()]
    try:
        "".join(names).encode()
    except UnicodeEncodeError as error:
        first = next(each for each in names if each.encode(errors="replace").decode() != each)
        raise ValueError(
            f"{what} must be text in UTF-8, and {first!a} is not ({error.reason}): rename it"
        ) from error
    if cut := next((name for name in names if name.endswith("\0")), None):
        raise ValueError(f"{what}: {cut!a} ends in a null, which arrays of text lose: rename it")
    return compact(np.array(names, dtype=str))


def compact(strings: NDArray[Any]) -> NDArray[Any]:
    """Shrink a str array to its longest entry: equal contents give equal bytes and hashes."""
    if strings.dtype.kind != "U":
        return strings
    width = max(1, int(np.char.str_len(strings).max(initial=1)))
    return np.ascontiguousarray(strings, dtype=f"U{width}")
