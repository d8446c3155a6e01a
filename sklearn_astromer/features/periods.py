"""The periods of light curves, from the peaks of their periodograms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.features.ragged import Column, log10
from sklearn_astromer.periodogram.profile import N_BINS, profile_edges

if TYPE_CHECKING:
    from sklearn_astromer.periodogram import Peaks

N_PEAKS = 4


def names(max_frequency: float) -> tuple[str, ...]:
    """Return the names of the columns of `periods`."""
    edges = profile_edges(max_frequency)
    return (
        "log10_period (d)",
        *(f"log10_peak_period_{i + 1} (d)" for i in range(N_PEAKS)),
        *(f"power_{i + 1}" for i in range(N_PEAKS)),
        *(f"harmonic_power_{i + 1}" for i in range(N_PEAKS)),
        *(f"power_{edges[i]:.3g}_to_{edges[i + 1]:.3g} (1/d)" for i in range(N_BINS)),
    )


def periods(peaks: Peaks, doubled: NDArray[np.bool_]) -> Column:
    """Return the columns `names` of each object, (n_objects, n_columns).

    Parameters
    ----------
    peaks : Peaks
        `N_PEAKS` of each object.
    doubled : ndarray of bool of shape (n_objects,)
        Whether the period is twice that of the first peak.
    """
    found = -log10(peaks.frequency)
    powers = np.hstack([peaks.power, peaks.harmonic_power, peaks.profile]).astype(np.float64)
    powers[np.isnan(found[:, 0])] = np.nan
    best = found[:, :1] + np.where(doubled, np.log10(2.0), 0.0)[:, None]
    return np.hstack([best, found, powers])
