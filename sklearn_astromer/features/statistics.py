"""What the magnitudes of each light curve are like, whatever its period."""

from __future__ import annotations

import numpy as np

from sklearn_astromer.features.ragged import Column, Observations, log10
from sklearn_astromer.lightcurves.statistics import ragged_quantiles

NAMES = (
    "mean (mag)",
    "log10_error (mag)",
    "log10_n_observations",
    "log10_span (d)",
    "log10_std (mag)",
    "log10_amplitude (mag)",
    "asymmetry",
    "asymmetry_of_quartiles",
    "quartile_range_ratio",
    "extreme_range_ratio",
    "mad_ratio",
    "skewness",
    "log10_kurtosis",
    "log10_reduced_chi2",
    "log10_von_neumann",
    "cusum_range",
    "trend",
)

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def describe(observations: Observations) -> dict[str, Column]:
    """Return the columns `NAMES` of each object; NaN or infinite where undefined."""
    o, curves = observations, observations.curves
    low, p5, p25, median, p75, p95, high = o.quantiles(curves.mag, _QUANTILES)
    first, last = curves.time[o.starts], curves.time[curves.offsets[1:] - 1]
    time = curves.time - o.each(o.average(curves.time))
    slope = o.sum(time * o.centred) / o.sum(time**2)
    error, chi2 = _errors(o)
    return {
        "mean (mag)": o.average(curves.mag),
        "log10_error (mag)": log10(error),
        "log10_n_observations": log10(o.lengths),
        "log10_span (d)": log10(last - first),
        "log10_std (mag)": log10(o.std),
        "log10_amplitude (mag)": log10(p95 - p5),
        "asymmetry": (p95 - median) / (p95 - p5),
        "asymmetry_of_quartiles": (p75 - median) / (p75 - p25),
        "quartile_range_ratio": (p75 - p25) / (p95 - p5),
        "extreme_range_ratio": (p95 - p5) / (high - low),
        "mad_ratio": o.quantiles(np.abs(curves.mag - o.each(median)), (0.5,))[0] / o.std,
        "skewness": o.average(o.centred**3) / o.std**3,
        "log10_kurtosis": log10(o.average(o.centred**4) / o.std**4),
        "log10_reduced_chi2": log10(chi2),
        "log10_von_neumann": log10(o.sum(o.steps(curves.mag) ** 2) / (o.lengths - 1) / o.std**2),
        "cusum_range": o.cumulated(o.centred) / (o.lengths * o.std),
        "trend": slope * (last - first) / o.std,
    }


def _errors(o: Observations) -> tuple[Column, Column]:
    """Return the median error of each object and the reduced chi squared about its mean.

    Errors that are absent are taken as the median of the object's others.
    """
    error = o.curves.mag_err
    if error is None:
        return np.full(len(o.lengths), np.nan), np.full(len(o.lengths), np.nan)
    known = np.isfinite(error) & (error > 0)
    median = ragged_quantiles(error[known], o.sum(known).astype(np.int64), (0.5,))[0]
    filled = np.where(known, error, o.each(median))
    inverse = filled**-2.0
    mean = o.sum(inverse * o.mag) / o.sum(inverse)
    return median, o.sum(inverse * (o.mag - o.each(mean)) ** 2) / (o.lengths - 1)
