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
SEPARATORS = re.compile(r"[\W_]+")


def by_wavelength(bands: Iterable[str]) -> list[str]:
    """Return bands from short to long wavelengths; unknown ones follow in alphabetical order."""
    return sorted(bands, key=lambda band: (order_of(band), band))


def order_of(band: str) -> int:
    """Return the place of a band in the order of wavelengths, of "lsst_g" and "g_lsst" that of g.

    That of an unknown band is after all others.
    """
    names = [band, *SEPARATORS.split(band)]
    return next((KNOWN[name] for name in names if name in KNOWN), len(KNOWN))
