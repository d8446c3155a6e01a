"""Arrays, ragged, padded or on a grid, into flat columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sklearn_astromer.lightcurves.checks import check_flat
from sklearn_astromer.lightcurves.flat import Flat, as_band, as_float, as_ids, offsets_of
from sklearn_astromer.lightcurves.objects import in_field_units, is_table, unit_of
from sklearn_astromer.lightcurves.reading.aligned import in_rows, index_ids, read_items
from sklearn_astromer.lightcurves.reading.options import Options
from sklearn_astromer.lightcurves.reading.report import Report
from sklearn_astromer.lightcurves.reading.values import RUINED


def flat_from_arrays(
    curves: Iterable[ArrayLike], ids: Any, band: Any, axis: int, on_invalid: str
) -> tuple[Flat, Report | None]:
    """Join one (n_i, 2 or 3) array per object, and check them; a 3-D array is padded with NaN.

    `axis` is that of the observations: 1 for arrays (2 or 3, n_i). Tables are read by the rules of
    `LightCurves.read`, whose report is returned too.
    """
    if axis not in (0, 1):
        raise ValueError(f"axis must be 0 or 1, got {axis!r}")
    iterable = hasattr(curves, "__iter__") or hasattr(curves, "__getitem__")
    if isinstance(curves, (str, bytes, dict, pd.DataFrame)) or not iterable:
        raise TypeError(
            f"expected one (n, 2 or 3) array per object, got {type(curves).__name__} (of a "
            "dictionary pass curves=list(d.values()), ids=list(d); LightCurves.read takes a table)"
        )
    unique = ids is not None
    if not unique and isinstance(curves, pd.Series):
        ids = index_ids(curves.index)
    padded = getattr(curves, "ndim", None) == 3
    items = list(curves)
    object_ids = as_ids(ids, len(items))
    if items and all(map(_is_table, items)):
        options = Options(on_invalid=on_invalid)
        flat, report = read_items(items, options, object_ids)
        return in_rows(flat, report, object_ids, None, options, unique, band), report
    arrays = [one_curve(c, object_ids[i].item(), padded, axis) for i, c in enumerate(items)]
    observations = np.concatenate([a[:, :2] for a in arrays]) if arrays else np.empty((0, 2))
    errors = None
    if any(a.shape[1] == 3 for a in arrays):
        errors = np.concatenate(
            [a[:, 2] if a.shape[1] == 3 else np.full(len(a), np.nan) for a in arrays]
        )
    flat = Flat(
        observations[:, 0].copy(),
        observations[:, 1].copy(),
        errors,
        offsets_of([len(a) for a in arrays]),
        object_ids,
        as_band(band, len(items)),
    )
    return check_flat(flat, on_invalid=on_invalid, unique=unique), None


def _is_table(curve: Any) -> bool:
    """Whether one object is a table, whose columns have names."""
    if isinstance(curve, pd.DataFrame) or is_table(curve):
        return True
    names = getattr(curve, "column_names", getattr(curve, "columns", None))
    return names is not None and hasattr(curve, "to_pandas")


def flat_from_grid(mag: ArrayLike, time: ArrayLike | None, ids: Any) -> Flat:
    """Join the rows of magnitudes on a common time grid, NaN = not observed."""
    if isinstance(mag, pd.DataFrame):
        ids = index_ids(mag.index) if ids is None else ids
        if time is None and mag.columns.dtype.kind in "iuf":
            time = mag.columns
    grid = in_field_units(mag, "mag", "magnitudes on a grid")
    if grid.ndim != 2:
        raise ValueError(
            f"magnitudes on a grid must have the shape (n_objects, n_times), got {grid.shape}"
        )
    refuse_rounded(time)
    times = np.arange(grid.shape[1], dtype=np.float64)
    if time is not None:
        times = in_field_units(time, "time", "time")
    if times.shape != grid.shape[1:]:
        raise ValueError(
            f"time has shape {times.shape}, but the magnitudes have {grid.shape[1]} columns"
        )
    observed = ~np.isnan(grid)
    return Flat(
        np.broadcast_to(times, grid.shape)[observed],
        grid[observed],
        None,
        offsets_of(observed.sum(axis=1)),
        as_ids(ids, len(grid)),
        None,
    )


def one_curve(curve: Any, id: Any, padded: bool, axis: int = 0) -> NDArray[np.float64]:
    """Return one object as (n, 2 or 3)."""
    try:
        refuse_rounded(curve, axis)
        array = as_float(curve, "a light curve")
        if str(unit_of(curve) or ""):
            raise ValueError(f"times and magnitudes have no unit in common, as {unit_of(curve)}")
    except (TypeError, ValueError) as error:
        raise type(error)(f"object {id!r}: {error}") from error
    shape = array.shape
    if axis == 1 and array.ndim == 2:
        array = array.T
    if array.ndim != 2 or array.shape[1] not in (2, 3):
        hint, expected = "", "(n, 2) or (n, 3) with the columns"
        if axis == 1:
            expected = "(2, n) or (3, n) with the rows"
        elif array.ndim == 2 and len(array) in (2, 3):
            hint = " (it looks transposed: aeon's arrays are read by from_arrays(X, axis=1))"
        elif array.ndim == 2 and len(array) == 1:
            hint = " (if a series of aeon: it has no times, see LightCurves.from_grid)"
        raise ValueError(
            f"object {id!r} has shape {shape}{hint}: expected {expected} time, mag[, mag_err]"
        )
    if padded:
        array = array[~np.isnan(array[:, :2]).all(axis=1)]
    if len(array) > 1 and not array[-1].any() and array[-2, 0] >= 0:
        raise ValueError(
            f"object {id!r} ends in rows of zeros: pad with NaN, zeros are observations"
        )
    return array


def refuse_rounded(times: Any, axis: int = 0) -> None:
    """Refuse times in float32 that are so large that hours of them are lost."""
    try:
        array = np.asarray(times)
    except (TypeError, ValueError):  # what is wrong with it is said where it is read
        return
    if array.size == 0 or array.ndim not in (1, 2):
        return
    if array.ndim == 2:
        array = array[:, 0] if axis == 0 else array[0]
    # of Float32 of pandas and of single numbers an array of objects is made
    said = str(getattr(times, "dtype", "")).lower(), type(array[0]).__name__
    kinds = [kind for kind in ("float16", "float32") if kind in (array.dtype.name, *said)]
    if not kinds:
        return
    values = pd.to_numeric(pd.Series(array), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    largest = np.nanmax(np.abs(values), initial=0)
    step = float(np.spacing(np.dtype(kinds[0]).type(largest))) if np.isfinite(largest) else 0.0
    if step >= RUINED:
        raise ValueError(
            f"times near {largest:.0f} in {kinds[0]} are rounded to {step * 24:.3g} hours: use "
            "float64, or subtract a common time before"
        )
