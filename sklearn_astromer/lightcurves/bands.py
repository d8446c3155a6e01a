"""Bands by their wavelengths."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Bands from short to long wavelengths, of the systems of SDSS, Johnson, Gaia and WISE.
BY_WAVELENGTH = [
    *("FUV", "NUV", "U", "u", "B", "BP", "g", "V", "G", "r", "R", "RP", "i", "I", "z", "y", "Y"),
    *("J", "H", "K", "Ks", "W1", "W2", "W3", "W4"),
]
KNOWN = {band: place for place, band in enumerate(BY_WAVELENGTH)}
#: How bands are called beside that: with their system, and those of ATLAS.
BAND = re.compile(
    r"((ztf|lsst|sdss|ps1?|panstarrs|des|gaia|wise|atlas|johnson|bessell?|cousins|2mass)[\W_]*)?"
    rf"({'|'.join(BY_WAVELENGTH)}|w[1-4]|bp|rp|ks|[RI]c|[ugrizy]['p]|z[gri]|[bvco])"
)
SEPARATORS = re.compile(r"[\W_]+")


def is_band(name: str) -> bool:
    """Whether this is how a band is called, as "g", "zg", "W1" and "ZTF_g" are."""
    name = name.strip()
    return any(BAND.fullmatch(each) is not None for each in (name, name.lower()))


def by_wavelength(bands: Iterable[str]) -> list[str]:
    """Return bands from short to long wavelengths; unknown ones follow in alphabetical order."""
    return sorted(bands, key=lambda band: (order_of(band), band))


def order_of(band: str) -> int:
    """Return the place of a band in the order of wavelengths, of "lsst_g" and "g_lsst" that of g.

    That of an unknown band is after all others.
    """
    names = [band, *SEPARATORS.split(band)]
    return next((KNOWN[name] for name in names if name in KNOWN), len(KNOWN))
