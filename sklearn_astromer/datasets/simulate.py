"""Simulated variable stars, for examples and tests."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from sklearn_astromer.datasets._cadence import observation_times
from sklearn_astromer.datasets._shapes import SIMULATORS
from sklearn_astromer.lightcurves import LightCurves

_FAINTEST_ERROR = 0.35  # a survey reports no detection below about three sigma


@overload
def make_variable_stars(
    n_samples: int = 300,
    *,
    classes: Sequence[str] | None = None,
    n_observations: int | tuple[int, int] | None = None,
    random_state: int | np.random.RandomState | None = None,
    return_parameters: Literal[False] = False,
) -> tuple[LightCurves, NDArray[np.str_]]: ...
@overload
def make_variable_stars(
    n_samples: int = 300,
    *,
    classes: Sequence[str] | None = None,
    n_observations: int | tuple[int, int] | None = None,
    random_state: int | np.random.RandomState | None = None,
    return_parameters: Literal[True],
) -> tuple[LightCurves, NDArray[np.str_], pd.DataFrame]: ...


def make_variable_stars(
    n_samples: int = 300,
    *,
    classes: Sequence[str] | None = None,
    n_observations: int | tuple[int, int] | None = None,
    random_state: int | np.random.RandomState | None = None,
    return_parameters: bool = False,
) -> tuple[Any, ...]:
    """Simulate light curves of variable stars as a ground-based survey sees them.

    Periods, amplitudes and shapes follow the literature (see Notes); times, errors and mean
    magnitudes are drawn alike for all classes, so that only the variation tells them apart.
    Numbers of stars per class differ by at most one, and the order is random.

    Parameters
    ----------
    n_samples : int, default=300
        Number of stars.
    classes : sequence of str, default=None
        Classes to draw from: "RRAB" and "RRC" (RR Lyrae of the fundamental mode and the first
        overtone), "CEP" (classical Cepheids, fundamental mode), "EB" (eclipsing binaries,
        detached and contact), "MIRA", "DSCT" (delta Scuti stars), "CONST" (noise only). None is
        all of them.
    n_observations : int or tuple of two ints, default=None
        Observations per star: a number, or the lowest and the highest of a uniform distribution
        (both included). None draws like a survey: a median near 270, and one star in twelve with
        20 to 45.
    random_state : int, RandomState instance or None, default=None
        Seed or source of the random numbers; the same seed gives the same stars to the last bit.
    return_parameters : bool, default=False
        Whether to return also what was simulated.

    Returns
    -------
    light_curves : LightCurves of length n_samples
        Times (MJD, days), magnitudes and their claimed errors, with ids 0 … n_samples - 1.
    labels : ndarray of str, shape (n_samples,)
        Class of each star.
    parameters : pandas.DataFrame
        Only with ``return_parameters=True``. One row per star, with the ids as index: "label";
        "period" (days; orbital for "EB", of the strongest mode for "DSCT", of the mean cycle for
        "MIRA", NaN for "CONST"); "amplitude" (magnitudes, peak to peak without noise; for "MIRA"
        of the mean cycle, for "DSCT" with all modes in phase); "mean_mag" (of the noise-free
        curve over a cycle).

    Raises
    ------
    TypeError
        If `n_samples` or `n_observations` is not made of integers.
    ValueError
        If `n_samples` or a number of observations is below 1, the bounds of `n_observations` are
        not two numbers in ascending order, or `classes` is empty, repeats a class or names an
        unknown one.

    Notes
    -----
    *Variation.* RR Lyrae are Fourier series with coefficients like those of [1]_ and, for RRab,
    amplitudes that fall with period as in [2]_; Cepheids follow the Hertzsprung progression [3]_;
    eclipses have the profile of [4]_, those of detached pairs narrow with period as the power
    -2/3, some orbits are eccentric, and periods of contact binaries are those of [5]_; Miras [6]_
    change amplitude, phase and mean from cycle to cycle; delta Scuti stars [7]_ pulsate in two to
    four modes, about half of them in the fundamental mode and the first overtone. Amplitudes
    are those of the V band. Blends, the Blazhko effect, apsidal motion and moving spots are left
    out.

    *Survey.* The cadence is that of all-sky monitoring such as ASAS [8]_: three to nine years,
    yearly seasons, gaps by weather and Moon, and an hour of observation that drifts with the date.
    Mean magnitudes are uniform over 10 to 18. Errors have a floor of 0.01 mag, photon noise
    (0.02 mag at magnitude 14) and sky noise (0.1 mag at 18), and scatter with the conditions. The
    claimed errors are off by about 15 % from star to star; four observations in a thousand are
    outliers of 5 to 12 sigma.

    References
    ----------
    .. [1] Simon & Teays 1982, ApJ 261, 586; Jurcsik & Kovács 1996, A&A 312, 111.
    .. [2] Cacciari, Corwin & Carney 2005, AJ 129, 267.
    .. [3] Simon & Lee 1981, ApJ 248, 291; Soszyński et al. 2008, Acta Astron. 58, 163.
    .. [4] Mikulášek 2015, A&A 584, A8.
    .. [5] Rucinski 2007, MNRAS 382, 393.
    .. [6] Mattei 1997, JAAVSO 25, 57.
    .. [7] Rodríguez & Breger 2001, A&A 366, 178.
    .. [8] Pojmański 2002, Acta Astron. 52, 397.

    Examples
    --------
    >>> from sklearn_astromer.datasets import make_variable_stars
    >>> light_curves, labels = make_variable_stars(4, classes=["RRAB", "EB"], random_state=0)
    >>> len(light_curves), sorted(labels.tolist())
    (4, ['EB', 'EB', 'RRAB', 'RRAB'])
    """
    names = _check_classes(classes)
    n_samples = _check_count(n_samples, "n_samples")
    bounds = _check_bounds(n_observations)
    rng = check_random_state(random_state)

    labels = np.asarray(names)[rng.permutation(np.arange(n_samples) % len(names))]
    sizes = _sizes(n_samples, bounds, rng)
    time = observation_times(sizes, rng)
    star = np.repeat(np.arange(n_samples), sizes)

    mean_mag = rng.uniform(10, 18, n_samples)
    period, amplitude = np.empty(n_samples), np.empty(n_samples)
    true_mag = mean_mag[star]
    for name in names:
        members = np.flatnonzero(labels == name)
        if len(members) == 0:
            continue
        observed = np.flatnonzero(labels[star] == name)
        own_star = np.searchsorted(members, star[observed])
        signal = SIMULATORS[name](len(members), time[observed], own_star, rng)
        true_mag[observed] += signal.delta
        period[members], amplitude[members] = signal.period, signal.amplitude

    mag, mag_err = _observe(true_mag, star, n_samples, rng)
    light_curves = LightCurves(time, mag, mag_err, offsets=np.append(0, np.cumsum(sizes)))
    if not return_parameters:
        return light_curves, labels

    columns = {"label": labels, "period": period, "amplitude": amplitude, "mean_mag": mean_mag}
    return light_curves, labels, pd.DataFrame(columns, index=pd.Index(light_curves.ids, name="id"))


def _check_classes(classes: Sequence[str] | None) -> list[str]:
    if classes is None:
        return list(SIMULATORS)
    names = [classes] if isinstance(classes, str) else list(classes)
    unknown = [name for name in names if name not in SIMULATORS]
    if unknown:
        raise ValueError(f"Unknown classes {unknown}; the known ones are {list(SIMULATORS)}.")
    if not names:
        raise ValueError(f"classes is empty; the known ones are {list(SIMULATORS)}.")
    if len(set(names)) < len(names):
        raise ValueError(f"classes={names} names a class twice.")
    return names


def _check_count(value: Any, name: str) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, got {value!r}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}.")
    return int(value)


def _check_bounds(n_observations: Any) -> tuple[int, int] | None:
    if n_observations is None:
        return None
    if isinstance(n_observations, Integral):
        low = high = _check_count(n_observations, "n_observations")
        return low, high
    try:
        low, high = n_observations
    except TypeError:
        raise TypeError(
            f"n_observations must be None, an integer or a pair of them, got {n_observations!r}."
        ) from None
    except ValueError:
        raise ValueError(
            f"n_observations must have two bounds (low, high), got {n_observations!r}."
        ) from None
    low, high = _check_count(low, "n_observations[0]"), _check_count(high, "n_observations[1]")
    if low > high:
        raise ValueError(f"n_observations must be (low, high) with low <= high, got {(low, high)}.")
    return low, high


def _sizes(n: int, bounds: tuple[int, int] | None, rng: np.random.RandomState) -> NDArray[np.int64]:
    """Draw the numbers of observations."""
    if bounds is not None:
        return rng.randint(bounds[0], bounds[1] + 1, n, dtype=np.int64)
    sizes = np.clip(rng.lognormal(np.log(285), 0.42, n), 50, 1200).astype(np.int64)
    return np.where(rng.uniform(size=n) < 1 / 12, rng.randint(20, 46, n), sizes)


def _observe(
    true_mag: NDArray[np.float64], star: NDArray[np.int64], n: int, rng: np.random.RandomState
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Add noise and outliers; return the magnitudes and the claimed errors."""
    photons = 0.02 * 10 ** (0.2 * (true_mag - 14))
    sky = 0.10 * 10 ** (0.4 * (true_mag - 18))
    sigma = np.sqrt(0.01**2 + photons**2 + sky**2) * rng.lognormal(0, 0.15, len(star))
    sigma = np.minimum(sigma, _FAINTEST_ERROR)
    mag = true_mag + sigma * rng.normal(size=len(star))

    # Clouds and edges dim more often than a cosmic ray or a neighbour brightens.
    outlier = rng.uniform(size=len(star)) < 0.004
    sign = np.where(rng.uniform(size=len(star)) < 0.7, 1.0, -1.0)
    mag += outlier * sign * sigma * rng.uniform(5, 12, len(star))

    claimed = sigma * rng.lognormal(0, 0.15, n)[star] * rng.lognormal(0, 0.08, len(star))
    return mag, claimed
