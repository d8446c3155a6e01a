"""Fluxes to asinh magnitudes, which are finite for fluxes of zero and below."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sklearn_astromer.lightcurves.flat import as_float
from sklearn_astromer.lightcurves.objects import in_unit_of

POGSON = 2.5 / np.log(10)
# Of an object's errors: the softening that costs a faint star the least (Lupton et al., eq. 12).
SOFTENING = POGSON**0.5
# From this signal to noise on, asinh magnitudes are those of Pogson to 1e-4 mag.
BRIGHT, BRIGHT_SOFTENING = 20.0, 1 / 250


def asinh_magnitudes(
    flux: ArrayLike,
    flux_err: ArrayLike | None = None,
    zero_point: ArrayLike = 0.0,
    *,
    offsets: ArrayLike | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Convert fluxes to asinh magnitudes.

    The softening b of an object is 1.04 times the median error of its fluxes. For objects whose
    median signal to noise is 20 or more it is at most 1/250 of their median flux, so that their
    magnitudes equal −2.5 log10(flux) + zero point within 1e-4 mag.

    Parameters
    ----------
    flux : array-like of shape (n_observations,)
        In any unit; may be zero or negative. NaN stays NaN.
    flux_err : array-like of shape (n_observations,), optional
        In the same unit, or with one of astropy that is converted to it. None: the scatter between
        successive observations takes their place in the softening if there are fluxes of zero and
        below, else nothing does.
    zero_point : float or array-like of shape (n_observations,)
        Magnitude of flux 1. For relative fluxes leave it 0: encoders centre magnitudes.
    offsets : array-like of shape (n_objects + 1,), optional
        Object i owns ``offsets[i]:offsets[i + 1]``. None: all are of one object.

    Returns
    -------
    mag : ndarray of shape (n_observations,), float64
    mag_err : ndarray of shape (n_observations,), float64, or None

    References
    ----------
    Lupton, Gunn & Szalay 1999, AJ 118, 1406, eqs. 3 and 8.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_astromer.lightcurves.flux import asinh_magnitudes
    >>> mag, err = asinh_magnitudes([1000.0, 990.0, -0.5], [5.0, 5.0, 5.0], 27.5)
    >>> mag.round(3).tolist(), bool(np.isfinite(mag).all())
    ([20.0, 20.011, 26.074], True)
    """
    errors = None if flux_err is None else in_unit_of(flux_err, flux, "flux_err")
    flux = as_float(flux, "flux")
    points = as_float(zero_point, "zero_point")
    if points.shape not in ((), flux.shape):
        raise ValueError(f"zero_point must be one or one per flux, got the shape {points.shape}")
    if points.ndim == 0 and not np.isfinite(points):
        raise ValueError(f"zero_point must be finite, got {points}")
    bounds = np.array([0, len(flux)]) if offsets is None else np.asarray(offsets)
    softening = np.ones(len(flux))
    for start, stop in itertools.pairwise(bounds):
        of = slice(int(start), int(stop))
        softening[of] = _softening(flux[of], None if errors is None else errors[of])
    # log(b) of one object is a constant: fluxes are counted in units of b
    scaled = flux / (2 * softening)
    mag = points - POGSON * (np.arcsinh(scaled) + np.log(softening))
    if errors is None:
        return mag, None
    return mag, POGSON * errors / np.hypot(flux, 2 * softening)


def _softening(flux: NDArray[np.float64], errors: NDArray[np.float64] | None) -> float:
    seen = flux[np.isfinite(flux)]
    if len(seen) == 0:
        return 1.0
    level = float(np.median(seen))
    noise = 0.0
    if errors is not None:
        known = errors[np.isfinite(errors) & (errors > 0)]
        noise = float(np.median(known)) if len(known) else 0.0
    if noise == 0 and len(seen) > 1 and seen.min() <= 0:
        noise = float(1.4826 / 2**0.5 * np.median(np.abs(np.diff(seen))))
    largest = float(np.abs(seen).max())
    if level > 0 and (noise == 0 or level >= BRIGHT * noise):
        softening = min(SOFTENING * noise, BRIGHT_SOFTENING * level) or BRIGHT_SOFTENING * level
    else:
        softening = SOFTENING * noise or largest or 1.0
    return max(softening, 1e-200 * largest, 1e-200)  # or flux / softening is infinite
