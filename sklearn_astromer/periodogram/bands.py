"""The bands of each star as one light curve, and catalogs cut between stars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

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


def star_starts(ids: NDArray[Any]) -> NDArray[np.int64]:
    """Return the first row of each run of equal ids."""
    first = np.ones(len(ids), dtype=bool)
    first[1:] = ids[1:] != ids[:-1]
    return np.flatnonzero(first)


def scattered(ids: NDArray[Any]) -> Any:
    """Return an id whose rows lie apart; None: those of each id are together."""
    runs = pd.Series(ids[star_starts(ids)])
    again = runs[runs.duplicated()]
    return None if again.empty else again.iloc[0]


def whole_stars(parts: Iterable[LightCurves]) -> Iterator[LightCurves]:
    """Yield the parts of a catalog cut otherwise: each ends where a star ends.

    Raises
    ------
    ValueError
        If rows of an id lie apart; the id is named.
    TypeError
        If a part is not `LightCurves`, which name their objects.
    """
    seen: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
    held: LightCurves | None = None

    def checked(curves: LightCurves) -> LightCurves:
        nonlocal seen
        ids = curves.ids[star_starts(curves.ids)]
        keys = pd.util.hash_array(ids if ids.dtype.kind == "i" else ids.astype(object))
        again = np.isin(keys, seen) | pd.Series(keys).duplicated().to_numpy()
        if again.any():
            raise ValueError(
                f"rows of object {ids[again][0].item()!r} lie apart, and shared_periods=True needs "
                "the rows of a star one after the other: sort the catalog by its ids"
            )
        seen = np.union1d(seen, keys)
        return curves

    for part in parts:
        if not isinstance(part, LightCurves):
            raise TypeError(
                "shared_periods=True knows the rows of a star by their ids: give pieces that are "
                f"LightCurves, got {type(part).__name__}"
            )
        if held is not None:
            part = LightCurves.concatenate([held, part])
        if len(part) == 0:
            yield part  # tells the columns
            continue
        last = int(star_starts(part.ids)[-1])
        if last:
            yield checked(part[:last])
        held = part[last:]
    if held is not None:
        yield checked(held)
