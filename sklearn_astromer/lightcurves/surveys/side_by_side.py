"""Tables with a column of magnitudes or fluxes for each band: ``Vmag``, ``mag_g``, ``flux_r``."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, NamedTuple

from sklearn_astromer.lightcurves.surveys.errors import errors_of, may_be_errors, names_errors
from sklearn_astromer.lightcurves.surveys.names import bare, plain

_BAND = (
    r"([ubvrizygjhk]|ks|[ugriz]p|[ri]c|z[gri]|(?:g_?)?[br]p|w_?[1-4]|[nf]uv|t|ux|uvw_?[12]|uvm_?2)"
)
#: Names with their band at the end, and at the beginning; between words is one _.
_COLUMNS = {
    "mag": rf"(?:(?:m|mag|magnitude)_|mag|magnitude){_BAND}|{_BAND}_?(?:mag|magnitude)s?",
    "flux": rf"(?:f_|flux_?){_BAND}|{_BAND}_?flux(?:es)?",
}
#: Other brightnesses, beside which these may be of a catalog: ``Tmag`` of a star of TESS.
_OTHERS = re.compile(r".*(mag|flux|phot|count|lum|adu).*")


class OneBand(NamedTuple):
    """The brightness of one band: the names of its columns, and of the band as it is spelled."""

    name: str
    error: str | None
    band: str


def bands_beside(kind: str, names: Collection[str]) -> list[OneBand]:
    """Return the columns that have a brightness of one band each, with their errors.

    The letter of a band alone, as ``g``, is such a column of magnitudes if it has an error.

    Parameters
    ----------
    kind : {"mag", "flux"}
    names : collection of str
        All columns of a table.

    Returns
    -------
    list of OneBand
        Empty if a column may be another brightness, or two have one band or one error.
    """
    found: list[OneBand] = []
    explained: set[str | None] = set()
    for name in names:
        band, alone = _band_of(kind, name)
        errors: list[Any] = _errors(name, band, kind, names) if band else []
        if band and (errors or not alone):
            found += [OneBand(name, error, band) for error in errors or [None]]
            explained |= {name, *(each for each in names if may_be_errors(name, kind, each))}
    explained |= {each.error for each in found}
    others = [n for n in names if _OTHERS.fullmatch(plain(n)) and n not in explained]
    errors_, bands = [e.error for e in found if e.error], [e.band.lower() for e in found]
    once = all(len(set(each)) == len(each) for each in (errors_, bands))
    return found if once and not others else []


def bands_in(kind: str, names: Collection[str]) -> list[str]:
    """Return the columns that may have a brightness of one band by their names."""
    return [name for name in names if _band_of(kind, name)[0]]


def _band_of(kind: str, name: str) -> tuple[str, bool]:
    """Return the band of a column, spelled as there, and whether it is all of its name."""
    called = plain(name)
    match = re.fullmatch(_COLUMNS[kind], called)
    alone = re.fullmatch(_BAND, called) if kind == "mag" and called != "t" else None  # a time
    spelled = re.sub(r"[\W_]", "", bare(name))
    if alone:
        return spelled, True
    if not match:
        return "", False
    after, before = (len((each or "").replace("_", "")) for each in match.groups())
    return (spelled[-after:] if after else spelled[:before]), False


def _errors(name: str, band: str, kind: str, names: Collection[str]) -> list[str]:
    """Return the errors with the name of a column, else of its band, else of any."""
    found = errors_of(name, kind, names)
    of_band = [each for each in errors_of(band, kind, names) if not names_errors(each)]
    return of_band if of_band and all(map(names_errors, found)) else found
