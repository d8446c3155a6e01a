"""The bands of each star as one light curve, and catalogs cut between stars."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.flat import Flat, compact, offsets_of


def join_bands(curves: LightCurves, star: NDArray[np.int64]) -> LightCurves:
    """Join the rows of each star, every row about its own mean magnitude.

    Parameters
    ----------
    curves : LightCurves
    star : ndarray of shape (len(curves),), int64
        Which star each row is of, counted in the order in which they first appear.

    Returns
    -------
    LightCurves
        A row per star.
    """
    if not len(curves):
        return curves
    _, first = np.unique(star, return_index=True)
    owner = np.repeat(star, curves.lengths)
    mean = np.add.reduceat(curves.mag, curves.offsets[:-1]) / curves.lengths
    order = np.lexsort((curves.time, owner))
    flat = Flat(
        curves.time[order],
        (curves.mag - np.repeat(mean, curves.lengths))[order],
        None if curves.mag_err is None else curves.mag_err[order],
        offsets_of(np.bincount(owner)),
        compact(curves.ids[first]),
        None,
    )
    return LightCurves._trusted(flat)


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


def star_pieces(curves: LightCurves, most: int) -> list[slice]:
    """Cut a catalog into slices of about `most` observations, one star at least.

    Where rows of a star lie apart, all are one slice.
    """
    n = len(curves)
    if scattered(curves.ids) is not None:
        return [slice(0, n)]
    starts = np.append(star_starts(curves.ids), n)
    ends = curves.offsets[starts]
    found, first = [], 0
    while starts[first] < n:
        last = int(np.searchsorted(ends, ends[first] + most, side="right")) - 1
        last = max(first + 1, last)
        found.append(slice(int(starts[first]), int(starts[last])))
        first = last
    return found


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
