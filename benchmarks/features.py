"""The usual hand-crafted features of variable stars, the yardstick for learned ones."""

from __future__ import annotations

import light_curve as lc
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer import LightCurves
from sklearn_astromer.periodogram import find_peaks

_MAX_FREQUENCY = 24.0  # cycles per day: periods from one hour
_LOG2_FREQUENCIES = 19

_EXTRACTOR = lc.Extractor(
    lc.Amplitude(),
    lc.BeyondNStd(1.0),
    lc.Cusum(),
    lc.Eta(),
    lc.EtaE(),
    lc.InterPercentileRange(0.25),
    lc.Kurtosis(),
    lc.LinearTrend(),
    lc.MagnitudePercentageRatio(),
    lc.MaximumSlope(),
    lc.Mean(),
    lc.Median(),
    lc.MedianAbsoluteDeviation(),
    lc.MedianBufferRangePercentage(),
    lc.PercentAmplitude(),
    lc.PercentDifferenceMagnitudePercentile(),
    lc.ReducedChi2(),
    lc.Skew(),
    lc.StandardDeviation(),
    lc.StetsonK(),
    lc.WeightedMean(),
)
# The library's own grids end near the Nyquist frequency of the mean spacing, at periods of days
# for a survey that observes once a night: this one is given, and the same for all curves.
_PERIODOGRAM = lc.Periodogram(
    peaks=1,
    freqs=np.linspace(0.0, 2 * np.pi * _MAX_FREQUENCY, 2**_LOG2_FREQUENCIES + 1),
    fast=True,
)
_DROPPED = ("linear_trend_sigma", "linear_trend_noise")  # leaves the slope of the trend
# Of many orders of magnitude; the logarithm matters to linear models only.
_LOGARITHMS = ("eta_e", "maximum_slope", "chi2", "periodogram_period", "periodogram_s_to_n")


def hand_crafted_features(lcs: LightCurves) -> pd.DataFrame:
    """Compute 23 features with the `light-curve` package, and the profile of the periodogram.

    Parameters
    ----------
    lcs : LightCurves
        Times in days, magnitudes and, if there are, their errors.

    Returns
    -------
    pandas.DataFrame
        One row per object, its ids as index. NaN where a feature is undefined: for curves too
        short for it (four observations suffice for all) and for constant ones. Columns that begin
        with "lg_" are decimal logarithms, among them the period (in days).

    Notes
    -----
    Missing errors (NaN, zero or negative) are replaced by the median of the curve's other errors,
    and by 1 mag where there are none: the mean is then unweighted, and the reduced chi squared is
    the variance. Observations of the same time are averaged, since slopes need distinct times;
    the error of an average is the mean of their errors.

    Periods are searched from one hour, on a frequency grid with a step of 4.6e-5 cycles a day:
    eight points per resolution element for a time span of 2 700 days, three for 7 000.
    """
    rows = np.full((len(lcs), len(_columns())), np.nan)
    for i, row in enumerate(rows):
        part = slice(lcs.offsets[i], lcs.offsets[i + 1])
        time, mag = lcs.time[part], lcs.mag[part]
        error = np.full(len(time), np.nan) if lcs.mag_err is None else lcs.mag_err[part]
        row[:] = _features(*_distinct(time, mag, _filled(error)))
    frame = pd.DataFrame(rows, index=pd.Index(lcs.ids, name="id"), columns=_columns())
    for name in _LOGARITHMS:
        frame[name] = np.log10(frame[name].where(frame[name] > 0))
    frame = frame.rename(columns={name: f"lg_{name}" for name in _LOGARITHMS})
    frame = frame.drop(columns=list(_DROPPED))
    profile = find_peaks(lcs, max_frequency=_MAX_FREQUENCY).profile
    names = [f"profile_{i}" for i in range(profile.shape[1])]
    return pd.concat([frame, pd.DataFrame(profile, index=frame.index, columns=names)], axis=1)


def _columns() -> list[str]:
    return [*_EXTRACTOR.names, "periodogram_period", "periodogram_s_to_n"]


def _features(
    time: NDArray[np.float64], mag: NDArray[np.float64], error: NDArray[np.float64]
) -> NDArray[np.float64]:
    """One row; the two features of the periodogram come last."""
    time = time - time[0]
    simple = _EXTRACTOR(time, mag, error, fill_value=np.nan, sorted=True, check=False)
    # Two or three points, or a constant, have no periodogram, but the library gives one.
    peak = np.full(2, np.nan)
    if len(time) >= 4 and np.ptp(mag) > 0:
        peak = _PERIODOGRAM(time, mag, fill_value=np.nan, sorted=True, check=False)
    row = np.concatenate([simple, peak])
    row[~np.isfinite(row)] = np.nan
    return row


def _filled(error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Errors without gaps."""
    known = np.isfinite(error) & (error > 0)
    return np.where(known, error, np.median(error[known]) if known.any() else 1.0)


def _distinct(
    time: NDArray[np.float64], mag: NDArray[np.float64], error: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Average observations of the same time."""
    if len(time) < 2 or np.all(np.diff(time) > 0):
        return time, mag, error
    time, position, counts = np.unique(time, return_inverse=True, return_counts=True)
    mean_mag, mean_error = (np.bincount(position, x) / counts for x in (mag, error))
    return time, mean_mag, mean_error
