"""Values that no telescope measured, and curves that are not of one star.

=============================================== ==============================================
what                                            decision
=============================================== ==============================================
"<14.2" or ">16.5", an error of 9 mag or more   limit: left out and counted, or an error
an error of -1 in less than half of the rows    the same
of an object, of a table of no known survey
a magnitude of exactly 0; 29.999, 99.99, -99 …  sentinel: left out and counted
a magnitude beyond ±900 in less than half of    the same
the rows of an object
a flux of -9999, 99999 … whose error is the     the same
same number, or not above 0
a value in over 1 % of the rows of a file (or   sentinel: left out and counted
of a million of them), 5 mag or more from their
median, and in less than half of the rows of an
object
the same time, magnitude and error twice        the second is left out and counted
time, magnitude or flux missing                 left out and counted
errors of zero or below                         taken as absent, with a warning
times of one object 30 000 days apart           remark: origins of time may be mixed
three or more at one time, of other magnitudes  remark: digits of the times may be lost
half share their time with another 0.1 mag and  remark: stars or bands may be mixed
three errors away
two levels of magnitude, alternating in days    remark: bands, cameras or stars may be mixed
=============================================== ==============================================
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.flat import Flat

LIMIT_ERROR = 9.0
SENTINELS = np.array(
    [0.0, 29.999, 99.0, 99.9, 99.99, 99.999, -99.0, -99.9, -99.99, -99.999, -9.99, -999.0],
    dtype=np.float32,  # as tables may be
)
LEAST_LARGE_SENTINEL = 29.0
LEAST_NO_FLUX, LEAST_NO_MAGNITUDE = 1e20, 900.0
FEWEST_TO_COUNT, REPEATED_SHARE, FAR_FROM_MEDIAN, LEAST_AROUND = 100, 0.01, 5.0, 0.5
LARGEST_SAMPLE = 10_000
LARGEST_SHARE_OF_LIMITS = 0.5
FEWEST_AT_ONCE = 3
FEWEST_SHARED, SHARED, LEAST_BETWEEN, ERRORS_BETWEEN = 4, 0.5, 0.1, 3.0
LARGEST_GAP = 30_000.0
FEWEST_OF_LEVELS, LEAST_OF_A_LEVEL, LEAST_GAP, GAP_IN_SCATTERS = 20, 0.25, 0.3, 5.0
LEAST_DEVIATION, LEAST_CHANGES = 0.81, 0.1
#: Days between two observations of different levels; a Mira takes months from one to the other.
SOON = 5.0


def known_sentinels(mag: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which magnitudes are of those that stand for none everywhere."""
    bad = np.zeros(len(mag), dtype=bool)
    odd = np.flatnonzero((mag <= 0) | (mag >= LEAST_LARGE_SENTINEL))
    if len(odd):
        with np.errstate(over="ignore"):  # what is past float32 is none of them
            bad[odd] = np.isin(mag[odd].astype(np.float32), SENTINELS)
    return bad


def sentinels_of_flux(flux: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which fluxes stand for none: a number of that kind, whose error says so, too."""
    kind = np.isin(np.abs(flux), (99.0, 999.0, 9999.0, 99999.0)) | (np.abs(flux) >= LEAST_NO_FLUX)
    return kind & ((error == flux) | (error <= 0))


def sentinels(
    mag: NDArray[np.float64], owner_of: Callable[[NDArray[np.int64]], NDArray[np.int64]]
) -> NDArray[np.bool_]:
    """Return which magnitudes stand for none, as far as all of a table tell.

    `owner_of` gives the objects of rows: a constant star that is brighter than all others has its
    magnitude in all of its rows.
    """
    bad = known_sentinels(mag)
    beyond = (np.abs(mag) > LEAST_NO_MAGNITUDE) & np.isfinite(mag)
    if beyond.any():  # fluxes called magnitudes are so in most rows
        bad |= rare(beyond, owner_of(np.arange(len(mag))))
    some = mag[:: max(1, len(mag) // LARGEST_SAMPLE)]  # a median of more is no better
    if not np.isfinite(some).any() or len(mag) < FEWEST_TO_COUNT:
        return bad
    median = np.median(some[np.isfinite(some)])
    far = np.flatnonzero((mag < median - FAR_FROM_MEDIAN) | (mag > median + FAR_FROM_MEDIAN))
    fewest = REPEATED_SHARE * np.count_nonzero(np.isfinite(mag))
    if len(far) <= fewest:
        return bad
    values, inverse, counts = np.unique(mag[far], return_inverse=True, return_counts=True)
    gaps = np.diff(values, prepend=-np.inf, append=np.inf)
    alone = np.minimum(gaps[1:], gaps[:-1]) > LEAST_AROUND  # the magnitudes of a star scatter
    odd = alone & (counts > fewest)
    if not odd.any():
        return bad
    of_object = np.bincount(owner_of(np.arange(len(mag))))
    pairs, n = np.unique([inverse, owner_of(far)], axis=1, return_counts=True)
    odd &= np.bincount(pairs[0], n < LARGEST_SHARE_OF_LIMITS * of_object[pairs[1]]) > 0
    bad[far] |= odd[inverse]
    return bad


def rare(found: NDArray[np.bool_], owner: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return what was found in less than half of the rows of an object, as marks are."""
    share = np.bincount(owner, weights=found) / np.maximum(np.bincount(owner), 1)
    return found & (share[owner] < LARGEST_SHARE_OF_LIMITS)


def repeated(
    offsets: NDArray[np.int64],
    time: NDArray[np.float64],
    value: NDArray[np.float64],
    error: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return which observations, sorted by time within each object, were there before."""
    tied = np.zeros(len(time) + 1, dtype=bool)
    tied[1:-1] = time[1:] == time[:-1]
    tied[offsets] = False  # between two objects
    some = np.flatnonzero(tied[1:] | tied[:-1])
    owners = np.searchsorted(offsets, some, side="right")
    columns = {"owner": owners, "time": time[some], "value": value[some], "error": error[some]}
    return some[pd.DataFrame(columns).duplicated().to_numpy()]


def mixed_origins(flat: Flat) -> list[int]:
    """Return the objects with a gap in time that is longer than any archive's."""
    first, end = flat.offsets[:-1], flat.offsets[1:]
    long = np.flatnonzero(flat.time[end - 1] - flat.time[first] > LARGEST_GAP)
    times = ((i, flat.time[first[i] : end[i]]) for i in long.tolist())
    return [i for i, time in times if np.diff(time).max() > LARGEST_GAP]


def at_once(flat: Flat) -> list[int]:
    """Return the objects with several magnitudes, and one time of all."""
    first, end = flat.offsets[:-1], flat.offsets[1:]
    one = (end - first >= FEWEST_AT_ONCE) & (flat.time[end - 1] == flat.time[first])
    return [i for i in np.flatnonzero(one).tolist() if np.ptp(flat.mag[first[i] : end[i]]) > 0]


def together(flat: Flat) -> list[int]:
    """Return the objects half of whose observations share their time with another magnitude."""
    same = np.diff(flat.time) == 0
    same[flat.offsets[1:-1] - 1] = False  # between two objects
    at = np.flatnonzero(same)
    least = np.full(len(at), LEAST_BETWEEN)
    if flat.mag_err is not None:
        error = np.hypot(flat.mag_err[at], flat.mag_err[at + 1])
        least = np.fmax(least, ERRORS_BETWEEN * error)
    at = at[np.abs(flat.mag[at] - flat.mag[at + 1]) > least]
    if len(at) == 0:
        return []
    owner = np.searchsorted(flat.offsets, np.union1d(at, at + 1), side="right") - 1
    n = np.bincount(owner, minlength=len(flat.ids))
    several = (n >= FEWEST_SHARED) & (n >= SHARED * np.diff(flat.offsets))
    once = {*at_once(flat)}
    return [i for i in np.flatnonzero(several).tolist() if i not in once]


def mixed_levels(flat: Flat) -> list[int]:
    """Return the objects with two levels of magnitude that alternate within days.

    Two levels lie as far from the mean as the standard deviation, nearly; only the objects of
    which that is true are looked at one by one.
    """
    if len(flat.mag) == 0:
        return []
    lengths, starts = np.diff(flat.offsets), flat.offsets[:-1]
    mean = np.add.reduceat(flat.mag, starts) / lengths
    far = np.repeat(mean, lengths)
    np.abs(np.subtract(flat.mag, far, out=far), out=far)
    deviation = np.add.reduceat(far, starts) / lengths
    scatter = np.sqrt(np.add.reduceat(np.square(far, out=far), starts) / lengths)
    some = (lengths >= FEWEST_OF_LEVELS) & (deviation > LEAST_DEVIATION * scatter)
    some &= scatter > LEAST_GAP * (LEAST_OF_A_LEVEL * (1 - LEAST_OF_A_LEVEL)) ** 0.5
    parts = ((i, slice(*flat.offsets[i : i + 2])) for i in np.flatnonzero(some).tolist())
    return [i for i, part in parts if _has_levels(flat.time[part], flat.mag[part])]


def _has_levels(time: NDArray[np.float64], mag: NDArray[np.float64]) -> bool:
    """Whether magnitudes, sorted by time, alternate between two levels."""
    ordered = np.sort(mag)
    gaps = np.diff(ordered)
    at = int(gaps.argmax())
    low, high = ordered[: at + 1], ordered[at + 1 :]
    if min(len(low), len(high)) < LEAST_OF_A_LEVEL * len(mag) or gaps[at] < LEAST_GAP:
        return False
    if gaps[at] < GAP_IN_SCATTERS * max(np.std(low), np.std(high)):
        return False
    level = mag > ordered[at]
    return float(np.mean((level[1:] != level[:-1]) & (np.diff(time) <= SOON))) > LEAST_CHANGES
