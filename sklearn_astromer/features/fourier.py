"""Fourier series of folded light curves, fitted to many objects at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sklearn_astromer.features.ragged import Column, Observations

# Of the fit: a harmonic k times the lowest is shrunk as if it had been observed to be zero
# k² SHRINKAGE times, which matters where there are few observations.
SHRINKAGE = 0.1


class Series(NamedTuple):
    """Fourier series of magnitudes, ``Σ_k amplitude_k cos(2π h_k phase + angle_k)``.

    ``harmonics`` h has shape (n_harmonics,), ``amplitude`` (mag) and ``angle`` (rad) have
    (n_objects, n_harmonics), and ``unexplained``, the share of the weighted variance that is left,
    has (n_objects,).
    """

    harmonics: NDArray[np.int64]
    amplitude: Column
    angle: Column
    unexplained: Column

    def on_grid(self, n: int) -> Column:
        """Return the series at n phases from 0 to 1, (n_objects, n)."""
        turns = 2 * np.pi * self.harmonics[:, None] * (np.arange(n) / n)
        a, b = self.amplitude * np.cos(self.angle), -self.amplitude * np.sin(self.angle)
        return a @ np.cos(turns) + b @ np.sin(turns)

    def angle_to(self, k: int, first: int = 0) -> Column:
        """Return the angle of the k-th harmonic less that of `first`, whatever the epoch."""
        ratio = self.harmonics[k] / self.harmonics[first]
        return self.angle[:, k] - ratio * self.angle[:, first]


class Folded:
    """Sums over folded observations, from which the series of any harmonics follow.

    The normal equations of a weighted least-squares fit hold sums of products of cosines and
    sines, which are sums of cosines and sines of the sums and differences of the harmonics.

    Parameters
    ----------
    observations : Observations
    phase : ndarray of shape (n_observations,)
        Cycles of the base frequency.
    n_harmonics : int
        The highest harmonic that is asked for.
    """

    def __init__(self, observations: Observations, phase: Column, n_harmonics: int) -> None:
        o = observations
        n_objects = len(o.lengths)
        # [:, k] is of exp(2πi k phase), times the weights and times weights and magnitudes
        self.ones = np.ones((n_objects, 2 * n_harmonics + 1), dtype=np.complex128)
        self.mags = np.zeros((n_objects, n_harmonics + 1), dtype=np.complex128)
        turn = np.exp(2j * np.pi * (phase - np.floor(phase)))
        weighted = o.weight * turn
        for k in range(1, 2 * n_harmonics + 1):
            self.ones[:, k] = np.add.reduceat(weighted, o.starts)
            if k <= n_harmonics:
                self.mags[:, k] = np.add.reduceat(weighted * o.mag, o.starts)
            weighted *= turn
        self.variance = o.sum(o.weight * o.mag**2)
        self.lengths = o.lengths

    def fit(self, harmonics: range) -> Series:
        """Fit a constant and the given harmonics of the base frequency.

        Parameters
        ----------
        harmonics : range
            Positive, the lowest first.

        Returns
        -------
        Series
        """
        h = np.asarray(harmonics)
        sums = self.ones[:, h[:, None] + h]
        apart = self.ones[:, np.abs(h[:, None] - h)]
        sin_apart = apart.imag * np.sign(h[:, None] - h)
        cos, sin = self.ones[:, h].real, self.ones[:, h].imag
        n = len(h)
        gram = np.empty((len(cos), 2 * n, 2 * n))
        gram[:, :n, :n] = (apart.real + sums.real) / 2 - cos[:, :, None] * cos[:, None, :]
        gram[:, n:, n:] = (apart.real - sums.real) / 2 - sin[:, :, None] * sin[:, None, :]
        gram[:, :n, n:] = (sums.imag - sin_apart) / 2 - cos[:, :, None] * sin[:, None, :]
        gram[:, n:, :n] = gram[:, :n, n:].swapaxes(1, 2)
        right = np.concatenate([self.mags[:, h].real, self.mags[:, h].imag], 1)
        prior = np.tile(SHRINKAGE * (h / h[0]) ** 2, 2) / self.lengths[:, None]
        ridge = prior[:, :, None] * np.eye(2 * n)
        solved = np.linalg.solve(gram + ridge, right[:, :, None])[:, :, 0]
        explained = (solved * (2 * right - (gram @ solved[:, :, None])[:, :, 0])).sum(1)
        a, b = solved[:, :n], solved[:, n:]
        variance = np.where(self.variance > 0, self.variance, np.nan)
        return Series(h, np.hypot(a, b), np.arctan2(-b, a), 1 - explained / variance)
