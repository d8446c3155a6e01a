"""The periodogram of one object."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.periodogram.grid import check_grid, grid_of, warn_of_steps
from sklearn_astromer.periodogram.peaks import SAMPLES_PER_PEAK, weighted


def power_spectrum(
    curves: LightCurves,
    index: int = 0,
    *,
    max_frequency: float = 24.0,
    samples_per_peak: float = SAMPLES_PER_PEAK,
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the generalised Lomb-Scargle periodogram of one object, as `find_peaks` sees it.

    Parameters
    ----------
    curves : LightCurves
    index : int
        Which object.
    max_frequency : float
        Cycles a day.
    samples_per_peak : float
        Points of the grid in 1 / (time span).

    Returns
    -------
    frequency : ndarray of shape (n,), float64
        Cycles a day, evenly spaced, up to `max_frequency`.
    power : ndarray of shape (n,), float32
        Share of the weighted variance that a sine and a constant explain, in [0, 1].

    Raises
    ------
    IndexError
        If there is no such object.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer import LightCurves
    >>> from sklearn_astromer.periodogram import power_spectrum
    >>> time = np.sort(np.random.default_rng(0).uniform(0, 500, 80))
    >>> curves = LightCurves.from_arrays([np.c_[time, np.sin(2 * np.pi * time / 0.6)]])
    >>> frequency, power = power_spectrum(curves)
    >>> round(float(1 / frequency[power.argmax()]), 2)
    0.6
    """
    import torch

    from sklearn_astromer.periodogram.lomb_scargle import grid_power

    check_grid(max_frequency, samples_per_peak)
    time, mag, weight = (torch.from_numpy(x) for x in weighted(curves[[index]], [0]))
    span = time.amax(1) - time.amin(1)
    warn_of_steps(span.numpy(), max_frequency, samples_per_peak)
    step, size = grid_of(span, max_frequency, samples_per_peak)
    n = max(1, int(size[0]))
    power = grid_power(time, mag, weight, step, n)[0].numpy()
    return float(step[0]) * np.arange(1, n + 1, dtype=np.float64), power
