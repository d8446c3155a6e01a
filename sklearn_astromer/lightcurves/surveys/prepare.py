"""What the tables of some surveys need before their columns can be read as they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd


def _numbers(frame: pd.DataFrame, *names: str) -> list[pd.Series]:
    """Return columns as numbers; what is none, as "null", is missing."""
    return [pd.to_numeric(frame[name], errors="coerce") for name in names]


def _where(
    frame: pd.DataFrame, good: Callable[[pd.Series], pd.Series], *names: str
) -> pd.DataFrame:
    """Keep the numbers that are good, of those of the columns that are there."""
    there = [name for name in names if name in frame]
    numbers = zip(there, _numbers(frame, *there), strict=True)
    return frame.assign(**{name: column.where(good(column)) for name, column in numbers})


def forced_ztf(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the flux of the reference, which was subtracted."""
    names = ("nearestrefmag", "zpdiff", "forcediffimflux")
    mag, zero_point, difference = _numbers(frame, *names)
    reference = 10 ** (-0.4 * (mag.where(mag > 0) - zero_point))
    return frame.assign(total=difference + reference, zpdiff=zero_point)


def alert(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the difference to the reference star, where it stands beside the difference."""
    if "magnr" not in frame:
        return frame
    brighter = frame["isdiffpos"].astype(str).str.lower().isin(["t", "true", "1", "1.0"])
    sign = np.where(brighter, 1.0, -1.0)
    magpsf, magnr = _numbers(frame, "magpsf", "magnr")
    difference, reference = 10 ** (-0.4 * magpsf), 10 ** (-0.4 * magnr.where(magnr > 0))
    total = pd.Series(reference + sign * difference)
    mag = -2.5 * np.log10(total.where(total > 0))
    sigma: Any = 0.0
    for flux, name in ((difference, "sigmapsf"), (reference, "sigmagnr")):
        if name in frame:
            sigma = np.hypot(sigma, flux * _numbers(frame, name)[0])
    if "sigmapsf" not in frame:
        return frame.assign(magpsf_corr=mag)
    return frame.assign(magpsf_corr=mag, sigmapsf_corr=sigma / total)


def alerce(frame: pd.DataFrame) -> pd.DataFrame:
    """Take an error of 100, which says that there is none of this kind, for none."""
    names = [name for name in map(str, frame) if name.startswith(("sigmapsf", "e_mag"))]
    errors = dict(zip(names, _numbers(frame, *names), strict=True))
    known = {name: error.where(error < 100) for name, error in errors.items()}
    for name in [*known]:  # that of another kind stands in where there is none
        if (ext := f"{name}_ext") in known:
            known[ext] = known[ext].fillna(known[name])
    return frame.assign(**known)


def separated(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows of -777, which separate objects, and number these where nothing names them."""
    separator = frame["mjd"] == -777
    if "snid" not in frame and separator.any():
        frame = frame.assign(snid=separator.cumsum())
    return frame[~separator]


def gaia(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the errors of the magnitudes, of each band where these stand side by side."""
    told = "flux_over_error"
    names = [name for name in map(str, frame) if name.endswith(told)]
    signals = zip(names, _numbers(frame, *names), strict=True)
    return frame.assign(**{f"{n.removesuffix(told)}mag_err": 1.0857 / s for n, s in signals})


def atlas_limits(frame: pd.DataFrame) -> pd.DataFrame:
    """Take errors of nothing for what they are."""
    return _where(frame, lambda error: error > 0, "dujy")


def pan_starrs(frame: pd.DataFrame) -> pd.DataFrame:
    """Take -999 for what it is."""
    return _where(frame, lambda flux: flux != -999, "psfflux")
