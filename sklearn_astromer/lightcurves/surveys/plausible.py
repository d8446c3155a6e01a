"""Values that no telescope measured, and curves that are not of one star.

=============================================== ==============================================
what                                            decision
=============================================== ==============================================
"<14.2" or ">16.5", an error of 9 mag or more   limit: left out and counted, or an error
a magnitude of exactly 0; 29.999, 99.99, -99 …  sentinel: left out and counted
a value in over 1 % of the rows, 5 mag or more  sentinel: left out and counted
from the median
the same time, magnitude and error twice        the second is left out and counted
time, magnitude or flux missing                 left out and counted
errors of zero or below                         taken as absent, with a warning
times of one object 30 000 days apart           remark: origins of time may be mixed
two levels of magnitude, interleaved in time    remark: bands, cameras or stars may be mixed
=============================================== ==============================================
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LIMIT_ERROR = 9.0
SENTINELS = (0.0, 29.999, 99.0, 99.9, 99.99, 99.999, -99.0, -99.9, -99.99, -99.999, -9.99, -999.0)
REPEATED_SHARE, FAR_FROM_MEDIAN = 0.01, 5.0
LARGEST_GAP = 30_000.0
LEAST_OF_A_LEVEL, LEAST_GAP, GAP_IN_SCATTERS = 0.25, 0.3, 5.0


def sentinels(mag: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which magnitudes stand for none."""
    bad = np.isin(mag, SENTINELS)
    finite = np.isfinite(mag)
    if finite.sum() < 100:
        return bad
    values, inverse, counts = np.unique(mag[finite], return_inverse=True, return_counts=True)
    far = np.abs(values - np.median(mag[finite])) > FAR_FROM_MEDIAN
    suspicious = far & (counts > REPEATED_SHARE * finite.sum())
    bad[finite] |= suspicious[inverse]
    return bad


def repeated(
    key: NDArray[np.int64],
    time: NDArray[np.float64],
    value: NDArray[np.float64],
    error: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return which observations were there before."""
    table = pd.DataFrame({"key": key, "time": time, "value": value, "error": error})
    return table.duplicated().to_numpy() & np.isfinite(value)


def mixed_origins(time: NDArray[np.float64]) -> bool:
    """Whether a gap in the sorted times of an object is longer than any archive's."""
    return len(time) > 1 and float(np.diff(np.sort(time)).max()) > LARGEST_GAP


def mixed_levels(time: NDArray[np.float64], mag: NDArray[np.float64]) -> bool:
    """Whether an object has two levels of magnitude that alternate in time."""
    if len(mag) < 20:
        return False
    ordered = np.sort(mag)
    gaps = np.diff(ordered)
    at = int(gaps.argmax())
    low, high = ordered[: at + 1], ordered[at + 1 :]
    scatter = max(np.std(low), np.std(high))
    if (
        min(len(low), len(high)) < LEAST_OF_A_LEVEL * len(mag)
        or gaps[at] < LEAST_GAP
        or gaps[at] < GAP_IN_SCATTERS * scatter
    ):
        return False
    level = mag[np.argsort(time, kind="stable")] > ordered[at]
    return float(np.mean(level[1:] != level[:-1])) > 0.1
