"""What every constructor of `LightCurves` checks, on flat columns.

One place decides what is an error, what is repaired and what only warns, so that a curve means
the same whether it came as an array, a frame or a Parquet file.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._printable import printable
from sklearn_astromer.lightcurves.flat import Flat, band_name, offsets_of

# A light curve longer than this (2 700 years) mixes JD and MJD, or is not in days.
MAX_SPAN_DAYS = 1_000_000.0
# Unix time in seconds is past this; no calendar in days is, and float64 keeps a millisecond here.
MAX_ABS_TIME = 1e9
# Past this float32 arithmetic in the network overflows.
MAX_ABS_MAG = 1e15
# Everything a telescope has measured lies between the Sun (-27) and the deepest fields (32).
PLAUSIBLE_MAG = (-30.0, 40.0)

#: Ids that are larger than so many times the number of objects are no positions.
POSITIONS = 10

_SAY: ContextVar[Callable[..., None]] = ContextVar("say", default=warnings.warn)


@contextmanager
def saying(say: Callable[..., None]) -> Iterator[None]:
    """Let `warn` call `say` in place of `warnings.warn`, in this thread alone."""
    token = _SAY.set(say)
    try:
        yield
    finally:
        _SAY.reset(token)


def warn(message: str) -> None:
    """Warn, pointing at the line outside this package that led here."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").startswith("sklearn_astromer."):
        level, frame = level + 1, frame.f_back
    _SAY.get()(printable(message), UserWarning, stacklevel=level)


def check_order(X: Any, y: Any, what: str = "y") -> None:
    """Refuse labels, or values called `what`, whose index names the objects of X in another order.

    An index of names that X does not have is told of. X has names where it has `ids`, or is a table
    of pandas. Whole numbers that may be positions name nothing.
    """
    known = X.index if isinstance(X, (pd.DataFrame, pd.Series)) else getattr(X, "ids", None)
    if known is None or not isinstance(y, (pd.DataFrame, pd.Series)) or len(y) != len(known):
        return
    if any(isinstance(each, pd.RangeIndex) for each in (known, y.index)):
        return
    known, given = known if isinstance(known, pd.Index) else pd.Index(known), y.index
    if isinstance(known, pd.MultiIndex) and isinstance(given, pd.MultiIndex):
        known, given = known.to_flat_index(), given.to_flat_index()
    pairs = list(product(_levels(known), _levels(given)))
    if any(names.equals(ids) for ids, names in pairs):
        return
    compared = [(_names(ids), _names(names)) for ids, names in pairs if not _are_places(ids)]
    if any(np.array_equal(names, ids) for ids, names in compared):
        return
    for ids, names in compared:
        other = np.flatnonzero(names != ids)
        if np.isin(names[other], ids).any():
            i = int(other[0])
            raise ValueError(
                f"{what} is not in the order of X: value {i} is of {str(names[i])!r} by its index, "
                f"and object {i} of X is {str(ids[i])!r}: pass {what}.loc[ids], with the ids of X"
            )
    if compared and not any(map(_are_places, _levels(given))):
        ids, names = compared[0]
        i = int(np.argmax(names != ids))
        warn(
            f"the index of {what} has names that are not in X, the first is {str(names[i])!r} for "
            f"object {str(ids[i])!r}: {what} is taken to be in the order of X (pass its values "
            "alone if it is)"
        )


def _levels(index: pd.Index) -> list[pd.Index]:
    return [index.get_level_values(i) for i in range(index.nlevels)]


def _are_places(ids: pd.Index) -> bool:
    """Whether whole numbers may as well be positions."""
    return ids.dtype.kind in "iu" and len(ids) > 0 and ids.max() < POSITIONS * len(ids)


def _names(values: Any) -> NDArray[np.str_]:
    """Return ids as text: those that a missing one made floats, or that were padded, as others."""
    return np.array([band_name(each).strip() for each in values.tolist()], dtype=str)


def check_unique(flat: Flat) -> None:
    """Refuse the same id twice in one band; one star in several bands is several objects."""
    keys = {"id": flat.ids} if flat.band is None else {"id": flat.ids, "band": flat.band}
    repeated = np.flatnonzero(pd.DataFrame(keys).duplicated())
    if len(repeated):
        where = "" if flat.band is None else f" in band {str(flat.band[repeated[0]])!r}"
        raise ValueError(
            f"object {flat.name(repeated[0])} appears more than once{where} "
            f"({len(repeated)} repeated ids): merge its rows, as LightCurves.read does, or give "
            "each its own id"
        )


def _say(text: str, n: int, first: str) -> None:
    warn(f"{text}: {n}, the first in object {first}")


#: What is told of light curves that are kept: a text, how often it holds, and where first.
Say = Callable[[str, int, str], None]


def check_objects(flat: Flat, *, on_invalid: str, unique: bool, say: Say = _say) -> Flat:
    """Check and repair what concerns whole objects, as `check_flat` does, and nothing else."""
    if unique:
        check_unique(flat)
    return _without_empty(flat, on_invalid, say)


def check_flat(
    flat: Flat, *, on_invalid: str = "raise", unique: bool = False, say: Say = _say
) -> Flat:
    """Check and repair flat columns; every message names the first object concerned.

    Errors: if they must be `unique`, an id that repeats in one band; a non-finite time or magnitude
    and an object without observations (with ``on_invalid="drop"`` these are taken out, counted and
    warned about instead); times past 10^9 days, or of one object spanning more than 10^6 days;
    magnitudes past 1e15. Repairs: times are sorted within their object (equal times keep their
    order); an error bar that is zero, negative (−99, −9000) or infinite becomes NaN = absent, with
    a warning. Only a warning: magnitudes no telescope measures (flux, or sentinels such as 99.99).
    """
    if unique:
        check_unique(flat)
    if on_invalid not in ("raise", "drop"):
        raise ValueError(f"on_invalid must be 'raise' or 'drop', got {on_invalid!r}")
    flat = _check_lengths(flat)
    flat = _finite(flat, on_invalid, say)
    flat = _without_empty(flat, on_invalid, say)
    flat = _sorted(flat)
    _check_times(flat)
    _check_magnitudes(flat, say)
    return flat._replace(mag_err=_errors(flat, say))


def _check_lengths(flat: Flat) -> Flat:
    n = flat.time.size
    for what, values in (("time", flat.time), ("mag", flat.mag), ("mag_err", flat.mag_err)):
        if values is not None and values.shape != (n,):
            raise ValueError(
                f"{what} has shape {values.shape}, expected ({n},): one per observation"
            )
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


def _finite(flat: Flat, on_invalid: str, say: Say) -> Flat:
    good = np.isfinite(flat.time) & np.isfinite(flat.mag)
    n_bad = int(good.size - np.count_nonzero(good))
    if n_bad == 0:
        return flat
    first = int(np.argmin(good))
    i = flat.owner(first)
    what = "time" if not np.isfinite(flat.time[first]) else "mag"
    problem = (
        f"{n_bad} observation(s) have a non-finite time or magnitude, the first in object "
        f"{flat.name(i)} (observation {first - flat.offsets[i]}: "
        f"{what} = {getattr(flat, what)[first]})"
    )
    if on_invalid == "raise":
        raise ValueError(
            f"{problem}. Remove them, or let LightCurves.from_…(…, on_invalid='drop') do it."
        )
    say("dropped observations with a non-finite time or magnitude", n_bad, flat.name(i))
    return flat.rows(good, offsets_of(good)[flat.offsets])


def _without_empty(flat: Flat, on_invalid: str, say: Say) -> Flat:
    empty = np.diff(flat.offsets) == 0
    if not empty.any():
        return flat
    first = flat.name(int(np.argmax(empty)))
    problem = f"{np.count_nonzero(empty)} object(s) have no observations, the first is {first}"
    if on_invalid == "raise":
        raise ValueError(f"{problem}. Remove such objects together with their labels.")
    n = int(np.count_nonzero(empty))
    say("dropped objects without observations (match labels by ids, not by position)", n, first)
    return flat.named(~empty)._replace(offsets=np.append(0, flat.offsets[1:][~empty]))


def _sorted(flat: Flat) -> Flat:
    falls = flat.time[1:] < flat.time[:-1]
    falls[flat.offsets[1:-1] - 1] = False  # between two objects
    if not falls.any():
        return flat
    owners = np.repeat(np.arange(len(flat.ids)), np.diff(flat.offsets))
    return flat.rows(np.lexsort((flat.time, owners)), flat.offsets)


def _check_times(flat: Flat) -> None:
    """Refuse times that cannot be days; they are sorted, so the ends tell."""
    first, last = flat.time[flat.offsets[:-1]], flat.time[flat.offsets[1:] - 1]
    far = np.maximum(np.abs(first), np.abs(last)) > MAX_ABS_TIME
    long = last - first > MAX_SPAN_DAYS
    for wrong, why in (
        (far, "are not in days: convert them (a day has 86400 seconds)"),
        (long, "mix JD and MJD (MJD = JD - 2400000.5), or are not in days"),
    ):
        if wrong.any():
            i = int(np.argmax(wrong))
            raise ValueError(
                f"the times of object {flat.name(i)} run from {first[i]:g} to {last[i]:g}: "
                f"they {why}"
            )


def _check_magnitudes(flat: Flat, say: Say) -> None:
    low, high = PLAUSIBLE_MAG
    strange = (flat.mag < low) | (flat.mag > high)
    if not strange.any():
        return
    first = int(np.argmax(strange))
    huge = np.abs(flat.mag) > MAX_ABS_MAG
    if huge.any():
        worst = int(np.argmax(huge))
        raise ValueError(
            f"object {flat.name(flat.owner(worst))} has the magnitude "
            f"{flat.mag[worst]:g}: no network can read values beyond {MAX_ABS_MAG:g}; "
            "remove it, or convert fluxes to magnitudes"
        )
    say(
        f"magnitudes outside {low:g}…{high:g}, which may be fluxes or sentinels such as 99.99",
        int(np.count_nonzero(strange)),
        f"{flat.name(flat.owner(first))} ({flat.mag[first]:g})",
    )


def _errors(flat: Flat, say: Say) -> NDArray[np.float64] | None:
    if flat.mag_err is None:
        return None
    absent = (flat.mag_err <= 0) | np.isinf(flat.mag_err)
    if not absent.any():
        return flat.mag_err
    first = int(np.argmax(absent))
    say(
        "errors that are zero, negative or infinite are taken as absent (NaN)",
        int(np.count_nonzero(absent)),
        f"{flat.name(flat.owner(first))} ({flat.mag_err[first]:g})",
    )
    return np.where(absent, np.nan, flat.mag_err)
