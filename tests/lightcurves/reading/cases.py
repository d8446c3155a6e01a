"""What a case is: a small file of made-up numbers, how it is read, and what must come out."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

NAN = float("nan")
POGSON = 2.5 / np.log(10)


class Case(NamedTuple):
    """A file, and what `LightCurves.read` makes of it.

    `curves` has for each object its bands: {band: (MJD, magnitudes, errors or None)}, a band of ""
    for none; or it is what the error must say.
    """

    name: str
    file: str
    text: str
    given: dict[str, Any]
    curves: list[dict[str, Any]] | str


#: Three rows, as most files have them.
TIMES, MAGS, ERRORS = [58000.1, 58001.1, 58002.1], [15.1, 15.2, 15.3], [0.01, 0.02, 0.03]
PLAIN = [{"": (TIMES, MAGS, ERRORS)}]


def of_flux(flux, error, zero_point=0.0):
    """Magnitudes and errors of strong signals, which are those of Pogson."""
    flux, error = np.asarray(flux, float), np.asarray(error, float)
    return (zero_point - 2.5 * np.log10(flux)).tolist(), (POGSON * error / flux).tolist()


def magnitudes(header, file="a.csv", **given):
    """Return a case of three rows whose third column is the error."""
    separator = {"csv": ",", "tsv": "\t", "txt": " "}[file[-3:]]
    rows = [separator.join(map(str, row)) for row in zip(TIMES, MAGS, ERRORS, strict=True)]
    text = "\n".join([header, *rows, ""])
    return Case(f"magnitudes: {header!r}", file, text, given, PLAIN)


def fluxes(header, **given):
    """Return a case of three rows, of fluxes and errors."""
    flux, error = [1000, 1100, 1200], [5, 6, 7]
    rows = [f"{t},{f},{e}" for t, f, e in zip(TIMES, flux, error, strict=True)]
    text = "\n".join([header, *rows, ""])
    right = [{"": (TIMES, *of_flux(flux, error, 25))}]
    return Case(f"fluxes: {header!r}", "a.csv", text, {"zero_point": 25, **given}, right)


#: Names of errors.
NAMES = [
    *(magnitudes(f"mjd,mag,{name}") for name in ("dmag", "emag", "e", "delta_mag")),
    magnitudes("mjd mag merr", "a.txt"),
    magnitudes("MJD,Mag,dMag"),
    *(magnitudes(f"mjd,mag,{name}") for name in ("mag_error", "magerror", "err_mag", "mag.err")),
    magnitudes("MJD,Magnitude,Magnitude Error"),
    magnitudes("mjd,V,V_err", mag="V"),
    magnitudes("mjd,gmag,e_gmag", mag="gmag"),
    *(magnitudes(f"mjd,mag,{name}") for name in ("uncertainty", "unc", "sigma_mag", "mag_std")),
    magnitudes("mjd\tmag\tmag_unc", "a.tsv"),
    magnitudes("mjd,mag,error"),
    *(fluxes(f"mjd,flux,{name}") for name in ("err", "e_flux", "flux_uncertainty", "sigma")),
    fluxes("mjd,Flux,dFlux"),
    fluxes("mjd,f_nu,f_nu_err", flux="f_nu"),
]
