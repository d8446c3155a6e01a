"""Real variable stars that come with the package."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import Bunch

from sklearn_astromer.lightcurves import LightCurves


@overload
def load_catalina(*, return_X_y: Literal[False] = False) -> Any: ...
@overload
def load_catalina(*, return_X_y: Literal[True]) -> tuple[LightCurves, NDArray[np.str_]]: ...
@overload
def load_catalina(*, return_X_y: bool) -> Any: ...


def load_catalina(*, return_X_y: bool = False) -> Any:
    """Load 280 real variable stars of the Catalina Surveys, forty in each of seven classes.

    The bundled weights were trained without these stars.

    ============  =========================================
    EW            contact eclipsing binaries
    EA            detached eclipsing binaries
    RRab          RR Lyrae, fundamental mode
    RRc           RR Lyrae, first overtone
    RRd           RR Lyrae, both modes
    RS_CVn        rotating stars with spots
    LPV           long-period variables
    ============  =========================================

    Parameters
    ----------
    return_X_y : bool, default=False
        Return the light curves and the classes instead of a `Bunch`.

    Returns
    -------
    data : sklearn.utils.Bunch
        With the attributes

        data : LightCurves of length 280
            66 to 522 observations each: MJD in days, V magnitudes (CSS, unfiltered) and their
            errors. The ids are the names of the stars.
        target : ndarray of str of shape (280,)
            Class of each star.
        target_names : ndarray of str of shape (7,)
            The classes.
        frame : DataFrame of 280 rows
            With the ids as index: "label"; "period" (days; of the orbit for EW and EA); "ra" and
            "dec" (degrees, J2000, accurate to about an arcsecond).
        DESCR : str
            Where the data come from, and their licence.

    (curves, labels) : tuple of LightCurves and ndarray of str
        With ``return_X_y=True``: `data` and `target`.

    Notes
    -----
    Classes and periods are those of [1]_; the survey is described in [2]_. The curves are a sample
    of https://github.com/kvmu/lightcurve-classification (MIT licence, Kevin Multani 2017). Times
    are rounded to 1e-5 days, magnitudes to 0.001.

    References
    ----------
    .. [1] Drake et al. 2014, ApJS 213, 9.
    .. [2] Drake et al. 2009, ApJ 696, 870.

    Examples
    --------
    >>> from sklearn_astromer.datasets import load_catalina
    >>> stars = load_catalina()
    >>> stars.data
    LightCurves(81643 observations of 280 objects, 66 to 522 each, band V)
    >>> print(stars.frame.loc["CSS_J001420.9+031214", "period"])
    0.38711
    >>> curves, labels = load_catalina(return_X_y=True)
    """
    folder = files("sklearn_astromer.datasets") / "data"
    with (folder / "catalina.npz").open("rb") as file, np.load(file) as stored:
        columns = dict(stored)
    names, labels = columns["id"], columns["label"]
    curves = LightCurves(
        np.cumsum(columns["time"]) / 1e5,
        columns["mag"] / 1e3,
        columns["mag_err"] / 1e3,
        offsets=np.append(0, np.cumsum(columns["length"])),
        ids=names,
        band="V",
    )
    if return_X_y:
        return curves, labels
    ra, dec = np.array([_position(name) for name in names]).T
    frame = pd.DataFrame(
        {"label": labels, "period": columns["period"], "ra": ra, "dec": dec},
        index=pd.Index(names, name="id"),
    )
    return Bunch(
        data=curves,
        target=labels,
        target_names=np.unique(labels),
        frame=frame,
        DESCR=(folder / "LICENSE").read_text(encoding="utf-8"),
    )


def _position(name: str) -> tuple[float, float]:
    """Return the position in degrees that a name such as CSS_J001420.9+031214 holds."""
    digits = name.removeprefix("CSS_J")
    ra = int(digits[:2]) + int(digits[2:4]) / 60 + float(digits[4:8]) / 3600
    dec = int(digits[9:11]) + int(digits[11:13]) / 60 + int(digits[13:15]) / 3600
    return 15 * ra, -dec if digits[8] == "-" else dec
