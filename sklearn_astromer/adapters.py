"""The one door from whatever a user has into `LightCurves`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer._arrays import index_ids
from sklearn_astromer._columns import looks_long
from sklearn_astromer.lightcurves import LightCurves


def as_light_curves(X: Any) -> LightCurves:
    """Read whatever an estimator was given; the only door into the package.

    Parameters
    ----------
    X : LightCurves, or one item per object
        - a list, object array or Series of (n_i, 2 or 3) arrays, or a DataFrame with one such
          column: time (days), magnitude, error;
        - a 3-D array (n_objects, L, 2 or 3) padded with rows of NaN;
        - a numeric 2-D array or DataFrame (n_objects, n_times): magnitudes on the common time
          grid 0, 1, 2, … days, NaN = not observed (see `LightCurves.from_grid`).

    Returns
    -------
    LightCurves

    Raises
    ------
    TypeError
        If X is none of these.
    ValueError
        If X is a long table (use `LightCurves.from_frame`) or one bare curve (pass ``[curve]``),
        and as for `LightCurves`.
    """
    if isinstance(X, LightCurves):
        return X
    if is_grid(X):
        ids = index_ids(X.index) if isinstance(X, pd.DataFrame) else None
        return LightCurves.from_grid(X, ids=ids)
    if isinstance(X, pd.DataFrame):
        return LightCurves.from_arrays(X.iloc[:, 0])
    if isinstance(X, (str, bytes, os.PathLike)):
        raise TypeError(f"got the path {X!r}: read it first, LightCurves.from_parquet(path)")
    if isinstance(X, dict) or not (hasattr(X, "__len__") and hasattr(X, "__getitem__")):
        raise TypeError(f"cannot read light curves from {type(X).__name__}")
    return LightCurves.from_arrays(X)


def is_grid(X: Any) -> bool:
    """Whether X is to be read as magnitudes on a common grid, one row per object.

    Raises
    ------
    ValueError
        If X is a long table or a single bare curve.
    """
    if isinstance(X, LightCurves):
        return False
    if isinstance(X, pd.DataFrame):
        if looks_long(X.columns):
            raise ValueError(
                "this DataFrame has a time and a magnitude column, one row per observation: pass "
                "LightCurves.from_frame(frame), which has one row per object"
            )
        return not (X.shape[1] == 1 and X.dtypes.iloc[0].kind == "O" and _ragged(X.iloc[:, 0]))
    if isinstance(X, pd.Series):
        return False
    if isinstance(X, np.ndarray):
        if X.ndim == 2:
            _refuse_bare_curve(X)
        return not (X.ndim == 3 or (X.ndim == 1 and X.dtype == object))
    if isinstance(X, (list, tuple)):
        return not _ragged(X)
    return hasattr(X, "__array__") or hasattr(X, "ndim")  # array-likes, sparse matrices


def _ragged(items: Any) -> bool:
    """Whether the items are curves, (n, 2|3) arrays, rather than rows of numbers."""
    first = next(iter(items), None)
    return len(items) > 0 and getattr(np.asarray(first), "ndim", 0) >= 2


def _refuse_bare_curve(X: NDArray[Any]) -> None:
    if X.shape[1] not in (2, 3) or len(X) < 5 or X.dtype.kind not in "fiu":
        return
    steps = np.diff(X[:, :2].astype(float), axis=0)
    if np.all(steps[:, 0] >= 0) and np.any(steps[:, 0] > 0) and not np.all(steps[:, 1] >= 0):
        raise ValueError(
            f"an array of shape {X.shape} whose first column only rises looks like one light curve "
            "(time, mag): pass [curve] for one object, or LightCurves.from_grid(X) if it really is "
            f"{X.shape[1]} magnitudes of {len(X)} objects"
        )
