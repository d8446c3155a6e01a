"""What every door into `LightCurves` checks, on flat arrays.

One place decides what is an error, what is repaired and what only warns, so that a curve means
the same whether it came as an array, a frame or a Parquet file.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# A light curve longer than this (2 700 years) mixes JD and MJD, or is not in days.
MAX_SPAN_DAYS = 1_000_000.0
# Past this float32 arithmetic in the network overflows.
MAX_ABS_MAG = 1e15
# Everything a telescope has measured lies between the Sun (-27) and the deepest fields (32).
PLAUSIBLE_MAG = (-30.0, 40.0)


class Flat(NamedTuple):
    """Columns of a ragged collection: object ``i`` owns ``offsets[i]:offsets[i + 1]``."""

    time: NDArray[np.float64]
    mag: NDArray[np.float64]
    mag_err: NDArray[np.float64] | None
    offsets: NDArray[np.int64]
    ids: NDArray[Any]
    band: NDArray[Any] | None


def as_float(values: Any, what: str) -> NDArray[np.float64]:
    """Return `values` as float64, masked or missing entries as NaN; say what cannot be read."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    elif hasattr(values, "to_numpy") and not isinstance(values, np.ndarray):
        if getattr(values.dtype, "kind", "") in "mM":
            values = np.empty(0, values.dtype if isinstance(values.dtype, np.dtype) else "M8[ns]")
        else:
            try:
                values = values.to_numpy(dtype=np.float64, na_value=np.nan)
            except (TypeError, ValueError) as error:
                raise TypeError(f"{what} must be numbers: {error}") from error
    array = np.asarray(values)
    if array.dtype.kind in "mM":
        raise TypeError(
            f"{what} must be numbers (days), got {array.dtype}; convert dates to MJD, e.g. "
            "frame['date'].dt.tz_convert(None).to_numpy('M8[ns]').astype(float) / 8.64e13 + 40587"
        )
    if array.dtype.kind in "cSUV":
        raise TypeError(f"{what} must be real numbers, got dtype {array.dtype}")
    try:
        return np.asarray(array, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what} must be numbers: {error}") from error


def as_ids(ids: Any, n: int | None = None) -> NDArray[Any]:
    """Return object ids as an int64 or fixed-width str array; positions when `ids` is None."""
    if ids is None:
        return np.arange(n or 0, dtype=np.int64)
    array = np.asarray(ids)
    if array.size == 0 and not n:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or (n is not None and len(array) != n):
        raise ValueError(f"ids must be one per object: {n} objects, ids of shape {array.shape}")
    kind = array.dtype.kind
    if kind == "O":
        if all(isinstance(i, (int, np.integer)) and not isinstance(i, bool) for i in array):
            kind = "i"
        elif all(isinstance(i, (str, bytes)) for i in array):
            return compact(np.array([i.decode() if isinstance(i, bytes) else i for i in array]))
    if kind == "f" and np.all(np.abs(array) < 2**53) and np.all(array == np.floor(array)):
        kind = "i"  # integers that a missing value elsewhere turned into floats
    if kind in "iu":
        if kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
            return compact(array.astype(str))
        return array.astype(np.int64)
    if kind == "S":
        return compact(np.char.decode(array, "utf-8"))
    if kind in "UT":
        return compact(array.astype(str))
    raise TypeError(
        f"ids must be integers or strings without missing values, got {array.dtype} "
        f"(first: {array[:3].tolist()})"
    )


def compact(strings: NDArray[Any]) -> NDArray[Any]:
    """Shrink a str array to its longest entry: equal contents give equal bytes and hashes."""
    if strings.dtype.kind != "U":
        return strings
    width = int(np.char.str_len(strings).max(initial=1)) if strings.size else 1
    return np.ascontiguousarray(strings, dtype=f"U{max(width, 1)}")


def check_unique(ids: NDArray[Any], band: NDArray[Any] | None) -> None:
    """Refuse the same id twice in one band; one star in several bands is several objects."""
    keys = ids if band is None else np.char.add(np.char.add(ids.astype(str), "\0"), band)
    unique, first = np.unique(keys, return_index=True)
    if len(unique) != len(keys):
        repeated = np.setdiff1d(np.arange(len(keys)), first)
        where = "" if band is None else f" in band {str(band[repeated[0]])!r}"
        raise ValueError(
            f"object {name(ids, repeated[0])} appears more than once{where} "
            f"({len(repeated)} repeated ids): merge its rows, or give each its own id"
        )


def offsets_of(lengths: Any) -> NDArray[np.int64]:
    """Return where objects of these lengths start, and the end of the last."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def joined(flats: list[Flat]) -> Flat:
    """Join collections one after another; what one lacks is NaN (errors) or "" (bands)."""
    if not flats:
        return Flat(np.empty(0), np.empty(0), None, offsets_of([]), as_ids([]), None)
    errors = band = None
    if any(f.mag_err is not None for f in flats):
        absent = (np.full(len(f.time), np.nan) for f in flats)
        errors = np.concatenate(
            [e if f.mag_err is None else f.mag_err for f, e in zip(flats, absent, strict=True)]
        )
    if any(f.band is not None for f in flats):
        nameless = (np.full(len(f.ids), "") for f in flats)
        band = np.concatenate(
            [e if f.band is None else f.band for f, e in zip(flats, nameless, strict=True)]
        )
    named = [f.ids for f in flats if len(f.ids)]
    if len({ids.dtype.kind for ids in named}) > 1:
        named = [ids.astype(str) for ids in named]
    return Flat(
        np.concatenate([f.time for f in flats]),
        np.concatenate([f.mag for f in flats]),
        errors,
        offsets_of(np.concatenate([np.diff(f.offsets) for f in flats])),
        compact(np.concatenate(named)) if named else as_ids([]),
        None if band is None else compact(band),
    )


def name(ids: NDArray[Any], i: int) -> str:
    """Return the name of object `i` as messages give it."""
    return repr(ids[i].item())


def owner(offsets: NDArray[np.int64], observation: int) -> int:
    """Return the object that owns a flat observation."""
    return int(np.searchsorted(offsets, observation, side="right")) - 1


def check_flat(flat: Flat, *, on_invalid: str = "raise", stacklevel: int = 3) -> Flat:
    """Check and repair flat columns; every message names the first object concerned.

    Errors: a non-finite time or magnitude and an object without observations (with
    ``on_invalid="drop"`` these are taken out, counted and warned about instead); times of one
    object spanning more than 10^6 days; magnitudes past 1e15. Repairs: times are sorted within
    their object (equal times keep their order); an error bar that is zero, negative (−99, −9000)
    or infinite becomes NaN = absent, with a warning. Only a warning: magnitudes no telescope
    measures (flux, or sentinels such as 99.99).
    """
    if on_invalid not in ("raise", "drop"):
        raise ValueError(f"on_invalid must be 'raise' or 'drop', got {on_invalid!r}")
    flat = _check_lengths(flat)
    flat = _finite(flat, on_invalid, stacklevel + 1)
    flat = _without_empty(flat, on_invalid, stacklevel + 1)
    flat = _sorted(flat)
    _check_magnitudes(flat, stacklevel + 1)
    return flat._replace(mag_err=_errors(flat, stacklevel + 1))


def _check_lengths(flat: Flat) -> Flat:
    n = len(flat.time)
    for what, values in (("time", flat.time), ("mag", flat.mag), ("mag_err", flat.mag_err)):
        if values is not None and values.shape != (n,):
            raise ValueError(f"{what} has shape {values.shape}, expected ({n},) as time has")
    offsets = np.asarray(flat.offsets)
    if (
        offsets.ndim != 1
        or offsets.dtype.kind not in "iu"
        or len(offsets) != len(flat.ids) + 1
        or offsets[0] != 0
        or offsets[-1] != n
        or np.any(np.diff(offsets.astype(np.int64)) < 0)
    ):
        raise ValueError(
            f"offsets must be {len(flat.ids) + 1} integers rising from 0 to {n} "
            "(the number of observations)"
        )
    if flat.band is not None and flat.band.shape != flat.ids.shape:
        raise ValueError(f"band must be one per object, got shape {flat.band.shape}")
    return flat._replace(offsets=offsets.astype(np.int64))


def _finite(flat: Flat, on_invalid: str, stacklevel: int) -> Flat:
    good = np.isfinite(flat.time) & np.isfinite(flat.mag)
    n_bad = int(good.size - np.count_nonzero(good))
    if n_bad == 0:
        return flat
    first = int(np.argmin(good))
    i = owner(flat.offsets, first)
    what = "time" if not np.isfinite(flat.time[first]) else "mag"
    problem = (
        f"{n_bad} observation(s) have a non-finite time or magnitude, the first in object "
        f"{name(flat.ids, i)} (observation {first - flat.offsets[i]}: "
        f"{what} = {getattr(flat, what)[first]})"
    )
    if on_invalid == "raise":
        raise ValueError(
            f"{problem}. Remove them, or let LightCurves.from_…(…, on_invalid='drop') do it."
        )
    warnings.warn(f"Dropped: {problem}.", UserWarning, stacklevel=stacklevel)
    kept = np.concatenate([[0], np.cumsum(good)])
    return flat._replace(
        time=flat.time[good],
        mag=flat.mag[good],
        mag_err=None if flat.mag_err is None else flat.mag_err[good],
        offsets=kept[flat.offsets].astype(np.int64),
    )


def _without_empty(flat: Flat, on_invalid: str, stacklevel: int) -> Flat:
    empty = np.diff(flat.offsets) == 0
    if not empty.any():
        return flat
    first = name(flat.ids, int(np.argmax(empty)))
    problem = f"{np.count_nonzero(empty)} object(s) have no observations, the first is {first}"
    if on_invalid == "raise":
        raise ValueError(f"{problem}. Remove such objects together with their labels.")
    warnings.warn(
        f"Dropped: {problem}. Match labels by `.ids`, not by position.",
        UserWarning,
        stacklevel=stacklevel,
    )
    return flat._replace(
        offsets=np.concatenate([[0], flat.offsets[1:][~empty]]).astype(np.int64),
        ids=flat.ids[~empty],
        band=None if flat.band is None else flat.band[~empty],
    )


def _sorted(flat: Flat) -> Flat:
    if len(flat.time) == 0:
        return flat
    falls = np.diff(flat.time) < 0
    falls[flat.offsets[1:-1] - 1] = False  # between two objects
    if falls.any():
        owners = np.repeat(np.arange(len(flat.ids)), np.diff(flat.offsets))
        order = np.lexsort((flat.time, owners))
        flat = flat._replace(
            time=flat.time[order],
            mag=flat.mag[order],
            mag_err=None if flat.mag_err is None else flat.mag_err[order],
        )
    span = flat.time[flat.offsets[1:] - 1] - flat.time[flat.offsets[:-1]]
    if (span > MAX_SPAN_DAYS).any():
        i = int(np.argmax(span > MAX_SPAN_DAYS))
        raise ValueError(
            f"the times of object {name(flat.ids, i)} run from {flat.time[flat.offsets[i]]:g} to "
            f"{flat.time[flat.offsets[i + 1] - 1]:g}: they mix JD and MJD "
            "(MJD = JD - 2400000.5), or are not in days"
        )
    return flat


def _check_magnitudes(flat: Flat, stacklevel: int) -> None:
    low, high = PLAUSIBLE_MAG
    strange = (flat.mag < low) | (flat.mag > high)
    if not strange.any():
        return
    first = int(np.argmax(strange))
    huge = np.abs(flat.mag) > MAX_ABS_MAG
    if huge.any():
        worst = int(np.argmax(huge))
        raise ValueError(
            f"object {name(flat.ids, owner(flat.offsets, worst))} has the magnitude "
            f"{flat.mag[worst]:g}: no network can read values beyond {MAX_ABS_MAG:g}"
        )
    warnings.warn(
        f"{np.count_nonzero(strange)} magnitude(s) lie outside {low:g}…{high:g}, the first in "
        f"object {name(flat.ids, owner(flat.offsets, first))} ({flat.mag[first]:g}): fluxes "
        "should be converted to magnitudes, and sentinels such as 99.99 removed",
        UserWarning,
        stacklevel=stacklevel,
    )


def _errors(flat: Flat, stacklevel: int) -> NDArray[np.float64] | None:
    if flat.mag_err is None:
        return None
    absent = (flat.mag_err <= 0) | np.isinf(flat.mag_err)
    if not absent.any():
        return flat.mag_err
    first = int(np.argmax(absent))
    warnings.warn(
        f"{np.count_nonzero(absent)} magnitude error(s) are zero, negative or infinite, the first "
        f"in object {name(flat.ids, owner(flat.offsets, first))} ({flat.mag_err[first]:g}): "
        "taken as absent (NaN), the observations are kept",
        UserWarning,
        stacklevel=stacklevel,
    )
    return np.where(absent, np.nan, flat.mag_err)
