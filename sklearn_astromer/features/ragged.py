"""Sums, means and quantiles over the observations of each object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.lightcurves import LightCurves
from sklearn_astromer.lightcurves.statistics import ragged_quantiles

Column = NDArray[np.float64]

LEAST_SCATTER = 1e-9  # mag; less is rounding


def log10(values: NDArray[Any]) -> Column:
    """Return the decimal logarithm, NaN where there is none."""
    return np.log10(np.where(values > 0, values, np.nan).astype(np.float64))


class Observations:
    """The observations of a catalog and what is known of each object's scatter and weights.

    Parameters
    ----------
    curves : LightCurves
        Not empty.

    Attributes
    ----------
    curves : LightCurves
    lengths, starts : ndarray of shape (n_objects,), int64
    weight : ndarray of shape (n_observations,)
        Those of the periodogram, see `find_peaks`; their sum is 1 for each object.
    mag : ndarray of shape (n_observations,)
        Magnitudes minus the weighted mean.
    centred : ndarray of shape (n_observations,)
        Magnitudes minus the plain mean.
    std : ndarray of shape (n_objects,)
        NaN for constant curves.
    """

    def __init__(self, curves: LightCurves) -> None:
        self.curves, self.lengths, self.starts = curves, curves.lengths, curves.offsets[:-1]
        self.weight = self._weight()
        self.mag = curves.mag - self.each(self.sum(self.weight * curves.mag))
        self.centred = curves.mag - self.each(self.average(curves.mag))
        std = np.sqrt(self.average(self.centred**2))
        self.std = np.where(std > LEAST_SCATTER, std, np.nan)

    def each(self, column: NDArray[Any]) -> Column:
        """Return an object's value at each of its observations."""
        return np.repeat(column, self.lengths)

    def sum(self, values: NDArray[Any]) -> Column:
        """Return the sum over each object's observations."""
        return np.add.reduceat(values, self.starts, dtype=np.float64)

    def average(self, values: NDArray[Any]) -> Column:
        """Return the mean over each object's observations."""
        return self.sum(values) / self.lengths

    def highest(self, values: Column) -> Column:
        """Return the maximum over each object's observations."""
        return np.maximum.reduceat(values, self.starts)

    def quantiles(self, values: Column, q: Sequence[float]) -> Column:
        """Return quantiles over each object's observations, (len(q), n_objects)."""
        return ragged_quantiles(values, self.lengths, q)

    def steps(self, values: Column) -> Column:
        """Return the difference to the object's next observation, 0 at its last."""
        difference = np.append(np.diff(values), 0.0)
        difference[self.curves.offsets[1:] - 1] = 0.0
        return difference

    def cumulated(self, values: Column) -> Column:
        """Return the range of the running sum over each object's observations.

        The sum goes on from one object to the next, which does not change its range; sums over an
        object should be near zero.
        """
        running = np.cumsum(values)
        return self.highest(running) - np.minimum.reduceat(running, self.starts)

    def _weight(self) -> Column:
        inverse = np.ones(len(self.curves.time))
        error = self.curves.mag_err
        if error is not None:
            known = np.isfinite(error) & (error > 0)
            whole = np.logical_and.reduceat(known, self.starts)
            filled = np.where(known, error, 1.0)
            floor = self.each(ragged_quantiles(filled, self.lengths, (0.5,))[0])
            inverse = np.where(self.each(whole), 1 / (filled**2 + floor**2), 1.0)
        return inverse / self.each(self.sum(inverse))
