"""Arrays, ragged, padded or on a grid, into flat columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from sklearn_astromer.lightcurves.columns import find_columns, is_frame, one_band
from sklearn_astromer.lightcurves.flat import Flat, as_band, as_float, as_ids, offsets_of
from sklearn_astromer.lightcurves.objects import frame_of_table, is_table


def flat_from_arrays(curves: Iterable[ArrayLike], ids: Any, band: Any, axis: int = 0) -> Flat:
    """Join one (n_i, 2 or 3) array per object; a 3-D array is padded with NaN.

    `axis` is that of the observations: 1 for arrays (2 or 3, n_i).
    """
    if axis not in (0, 1):
        raise ValueError(f"axis must be 0 or 1, got {axis!r}")
    iterable = hasattr(curves, "__iter__") or hasattr(curves, "__getitem__")
    if isinstance(curves, (str, bytes, dict, pd.DataFrame)) or not iterable:
        raise TypeError(
            f"expected one (n, 2 or 3) array per object, got {type(curves).__name__} (of a "
            "dictionary pass curves=list(d.values()), ids=list(d); LightCurves.read takes a table)"
        )
    if ids is None and isinstance(curves, pd.Series):
        ids = index_ids(curves.index)
    padded = getattr(curves, "ndim", None) == 3
    items = list(curves)
    object_ids = as_ids(ids, len(items))
    arrays = [one_curve(c, object_ids[i].item(), padded, axis) for i, c in enumerate(items)]
    observations = np.concatenate([a[:, :2] for a in arrays]) if arrays else np.empty((0, 2))
    errors = None
    if any(a.shape[1] == 3 for a in arrays):
        errors = np.concatenate(
            [a[:, 2] if a.shape[1] == 3 else np.full(len(a), np.nan) for a in arrays]
        )
    return Flat(
        observations[:, 0].copy(),
        observations[:, 1].copy(),
        errors,
        offsets_of([len(a) for a in arrays]),
        object_ids,
        as_band(band, len(items)),
    )


def flat_from_grid(mag: ArrayLike, time: ArrayLike | None, ids: Any) -> Flat:
    """Join the rows of magnitudes on a common time grid, NaN = not observed."""
    if ids is None and isinstance(mag, pd.DataFrame):
        ids = index_ids(mag.index)
    grid = as_float(mag, "magnitudes on a grid")
    if grid.ndim != 2:
        raise ValueError(
            f"magnitudes on a grid must have the shape (n_objects, n_times), got {grid.shape}"
        )
    times = np.arange(grid.shape[1], dtype=np.float64) if time is None else as_float(time, "time")
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
    """Return one object as (n, 2 or 3); of a table, the columns are told by their names."""
    try:
        if is_table(curve):
            curve = frame_of_table(curve)
        elif is_frame(curve):
            curve = curve.to_pandas()
        if isinstance(curve, pd.DataFrame):
            curve, axis = _told_by_name(curve), 0
        array = as_float(curve, "a light curve")
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
        if len(array) > 1 and not array[-2:, :2].any():
            raise ValueError(
                f"object {id!r} ends in rows of zeros: pad with NaN, zeros are observations"
            )
    return array


def _told_by_name(curve: pd.DataFrame) -> pd.DataFrame:
    columns = find_columns(curve.columns, {}, parts=("time", "mag", "mag_err", "band"))
    if columns.band is not None:
        one_band(curve, columns.band, None)
    chosen = [columns.time, columns.mag, columns.mag_err]
    return curve[[name for name in chosen if name is not None]]


def index_ids(index: pd.Index) -> Any:
    """Use a pandas index as ids if it can name objects, else their positions."""
    if isinstance(index, pd.CategoricalIndex):
        index = index.astype(index.categories.dtype)
    usable = index.nlevels == 1 and pd.api.types.infer_dtype(index) in ("integer", "string")
    return index.to_numpy() if usable else None
