"""The bands of each star as one light curve."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.flat import Flat, compact, offsets_of


def join_bands(curves: LightCurves) -> tuple[LightCurves, NDArray[np.int64]]:
    """Join the rows of each id, every row about its own mean magnitude.

    Parameters
    ----------
    curves : LightCurves
        Rows of one id are bands of a star.

    Returns
    -------
    stars : LightCurves
        A row per star, in the order in which the stars first appear.
    star : ndarray of shape (len(curves),), int64
        The row of `stars` that each row of `curves` belongs to.
    """
    star, ids = pd.factorize(curves.ids)
    owner = np.repeat(star, curves.lengths)
    mean = np.add.reduceat(curves.mag, curves.offsets[:-1]) / curves.lengths
    order = np.lexsort((curves.time, owner))
    flat = Flat(
        curves.time[order],
        (curves.mag - np.repeat(mean, curves.lengths))[order],
        None if curves.mag_err is None else curves.mag_err[order],
        offsets_of(np.bincount(owner, minlength=len(ids))),
        compact(np.asarray(ids)),
        None,
    )
    return LightCurves._trusted(flat), star
