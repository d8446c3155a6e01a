"""Whatever an estimator was given into `LightCurves`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves.checks import PLAUSIBLE_MAG
from sklearn_astromer.lightcurves.container import LightCurves
from sklearn_astromer.lightcurves.objects import is_table, refuse_bare_table
from sklearn_astromer.lightcurves.reading.lists import is_nested
from sklearn_astromer.lightcurves.surveys.names import candidates


def as_light_curves(X: Any) -> LightCurves:
    """Convert anything an estimator accepts to `LightCurves`.

    Parameters
    ----------
    X : LightCurves, or one item per object
        - a list, object array or Series of (n_i, 2 or 3) arrays, or a DataFrame with one such
          column: time (days), magnitude, error (see `LightCurves.from_arrays`);
        - a nested column: ``frame["lightcurve"]`` of nested-pandas, or Arrow lists of structs or
          structs of lists (see `LightCurves.from_nested`);
        - a list of astropy's `TimeSeries` or `Table`, or of lightkurve's `LightCurve`, whose time,
          magnitudes and errors are told by name and unit; fluxes become asinh magnitudes;
        - a 3-D array (n_objects, L, 2 or 3) padded with rows of NaN;
        - a numeric 2-D array or DataFrame (n_objects, n_times): magnitudes on the common time
          grid 0, 1, 2, … days, or that of the numbers that name the columns of a DataFrame;
          NaN = not observed (see `LightCurves.from_grid`).

    Returns
    -------
    LightCurves

    Raises
    ------
    TypeError
        If X is none of these.
    ValueError
        If X is a long table (use `LightCurves.read`) or one bare curve (pass ``[curve]``),
        and as for `LightCurves`.
    """
    if isinstance(X, LightCurves):
        return X
    if is_nested(X):
        return LightCurves.from_nested(X)
    if is_grid(X):
        return LightCurves.from_grid(X)
    if isinstance(X, pd.DataFrame):
        return LightCurves.from_arrays(X.iloc[:, 0])
    if isinstance(X, (str, bytes, os.PathLike)):
        raise TypeError(f"got the path {X!r}: read it first, LightCurves.read(path)")
    if not (hasattr(X, "__len__") and hasattr(X, "__getitem__")):
        raise TypeError(f"cannot read light curves from {type(X).__name__}")
    return LightCurves.from_arrays(X)


def is_grid(X: Any) -> bool:
    """Whether X is magnitudes on a common grid; a long table or a bare curve is a ValueError."""
    if isinstance(X, (LightCurves, pd.Series)) or is_nested(X):
        return False
    refuse_bare_table(X)
    if isinstance(X, pd.DataFrame):
        cells = X.iloc[:, 0] if X.shape[1] == 1 and X.dtypes.iloc[0].kind == "O" else ()
        if any(is_table(cell) or not _rectangular([cell]) for cell in cells):  # some are curves
            return False
        nested = [name for name, cells in X.items() if is_nested(cells)]
        if nested:
            raise ValueError(
                f"of this DataFrame only column {nested[0]!r} holds light curves: pass "
                f"X[{nested[0]!r}], or use a ColumnTransformer"
            )
        if looks_long(X.columns):
            raise ValueError(
                "this DataFrame has a column of ids, or of times and magnitudes, so one row per "
                "observation: pass LightCurves.read(frame), which has one row per object"
            )
    elif hasattr(X, "column_names") or hasattr(X, "columns"):
        if looks_long(getattr(X, "column_names", None) or X.columns):
            raise ValueError(
                f"this {type(X).__module__} table has one row per observation: pass "
                "LightCurves.read(table) (of Dask, table.compute()), which has one row per object"
            )
    elif isinstance(X, (list, tuple)):
        if len(X) == 0 or any(map(is_table, X)) or not _rectangular(X):
            return False
    elif hasattr(X, "ndim"):
        if X.ndim == 3 or (X.ndim == 1 and X.dtype == object):
            return False
    elif not hasattr(X, "__array__"):
        return False
    _refuse_bare_curve(X)
    return True


def looks_long(available: Iterable[Any]) -> bool:
    """Whether a table has one row per observation: an id, or both a time and a brightness."""
    names = [str(name).lower() for name in available]
    bright = candidates("mag", names) or candidates("flux", names)
    return bool(candidates("id", names) or (candidates("time", names) and bright))


def _rectangular(rows: Any) -> bool:
    """Whether a list is one of equal rows of numbers (or of what is wrong in every reading)."""
    try:
        return np.ndim(rows) != 3
    except (TypeError, ValueError):
        return False  # rows of different shapes: the reader of curves says which is wrong


def _refuse_bare_curve(X: Any) -> None:
    """Refuse an (n, 2 or 3) array whose columns are a time and a magnitude, to all appearance."""
    try:
        array = np.asarray(X)
        if array.dtype.kind == "c":
            return
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        return  # what is wrong with it is said where it is read
    if array.ndim != 2 or array.shape[1] not in (2, 3):
        return
    time, mag = array[np.isfinite(array[:, :2]).all(axis=1), :2].T
    low, high = PLAUSIBLE_MAG
    rises = (
        len(time) >= 5
        and np.all(np.diff(time) >= 0)
        and np.mean(np.diff(time) > 0) > 0.9  # equal times are rare, equal magnitudes are not
        and not np.all(np.diff(mag) >= 0)
    )
    dated = len(time) > 0 and time.min() > high and mag.min() >= low and mag.max() <= high
    if rises or dated:
        raise ValueError(
            f"X of shape {array.shape} looks like one light curve, its columns time and mag: pass "
            "[curve] for one object, or LightCurves.from_grid(X) if it really is "
            f"{array.shape[1]} magnitudes of {len(array)} objects"
        )
