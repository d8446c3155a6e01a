"""How often noise alone gives a peak as high."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

Floats = NDArray[np.float64]


def false_alarm_probability(
    power: Floats, n_observations: Floats, time_std: Floats, max_frequency: float
) -> Floats:
    """Return the probability that white noise has a peak of this power at any frequency.

    An upper limit for observations at irregular times; equation 6 and table 1 of Baluev 2008.

    Parameters
    ----------
    power : ndarray
        Share of the variance that a sine and a constant explain, in [0, 1].
    n_observations, time_std : ndarray, of shapes that broadcast
        Number of observations, at least 4, and standard deviation of their times (days).
    max_frequency : float
        Largest frequency of the search, cycles a day.

    Returns
    -------
    ndarray, float64

    References
    ----------
    Baluev 2008, MNRAS 385, 1279.

    Examples
    --------
    >>> from sklearn_astromer.periodogram.significance import false_alarm_probability
    >>> print(false_alarm_probability(0.3, 100, 500.0, 10.0).round(5))
    0.00248
    """
    rest = np.log1p(-np.minimum(power, 1 - 1e-15))
    n_mean = n_observations - 1.0
    gamma = gammaln(n_mean / 2) - gammaln((n_mean - 1) / 2) + 0.5 * np.log(2 / n_mean)
    width = max_frequency * np.sqrt(4 * np.pi) * time_std
    crossings = width * np.sqrt(0.5 * n_mean * power)
    crossings = crossings * np.exp(gamma + 0.5 * (n_observations - 4) * rest)
    single = np.minimum(np.exp(0.5 * (n_observations - 3) * rest), 1 - 1e-15)
    probability: Floats = -np.expm1(np.log1p(-single) - crossings)
    return probability
