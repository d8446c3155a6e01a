"""Columns of a table that are told by their names: of a part, and of its brightnesses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from sklearn_astromer.lightcurves.reading.remedies import Remedy, refusal
from sklearn_astromer.lightcurves.reading.tables import Table
from sklearn_astromer.lightcurves.surveys.errors import errors_of, is_statistic
from sklearn_astromer.lightcurves.surveys.names import candidates, zero_points
from sklearn_astromer.lightcurves.surveys.side_by_side import bands_beside
from sklearn_astromer.lightcurves.surveys.survey import Brightness

#: What each keyword of `LightCurves.read` names.
KEYWORDS = {"band": "band_column"}
MOST_NAMES = 15
NEEDS = "needs the brightness that it belongs to, and another is read"
#: What GAVO calls the magnitude of a VOTable, by its unit.
PHOT = "phot"
#: Errors of magnitudes are as small as this.
MOST_ERROR = 1.5
#: So many observations of a star with one error have a number of the star instead.
FEWEST_OF_A_STAR = 10


def listed(table: Table) -> str:
    """Return the names of the columns as messages give them."""
    names = list(map(repr, table.names.values()))
    return ", ".join([*names[:MOST_NAMES], *["…"] * (len(names) > MOST_NAMES)])


def the_one(table: Table, part: str, columns: list[str], needed: bool = True) -> str:
    """Return the column whose name is that of a part; several are an error."""
    keyword = KEYWORDS.get(part, part)
    found = at_most_one(table, part, keyword, candidates(part, columns))
    if not found and needed:
        raise refusal(
            f"{table.label}: no column was recognised as the {part} among {listed(table)}",
            Remedy(keyword),
        )
    return found or ""


def at_most_one(table: Table, what: str, keyword: str, found: list[str]) -> str | None:
    """Return the one column that was found, if any; several are an error."""
    if len(found) > 1:
        names = [table.names.get(name, name) for name in found]
        raise refusal(
            f"{table.label}: columns {', '.join(map(repr, names))} could all be the {what}",
            *(Remedy(keyword, name) for name in names),
        )
    return found[0] if found else None


def brightnesses(table: Table, given: dict[str, Any], columns: list[str]) -> tuple[Brightness, ...]:
    """Return the brightness of a table, or one for each band that has a column of its own."""
    usual = [name for part in ("mag", "flux", "band") for name in candidates(part, columns)]
    if not usual and PHOT not in columns and not {"mag", "flux", "band"} & given.keys():
        lowered: dict[Any, str] = {table.names.get(name, name): name for name in columns}
        for kind in ("mag", "flux"):
            sides = bands_beside(kind, list(lowered))
            columns_of = [[lowered[n] for n in each[:2] if n is not None] for each in sides]
            if sides and not any(_are_constant(table.frame[names]) for names in columns_of):
                if errors := [f"{part}=" for part in ("mag_err", "flux_err") if part in given]:
                    raise refusal(f"{table.label}: {', '.join(errors)} {NEEDS}", Remedy(kind))
                found = []
                for name, error, band in sides:
                    own = given | {kind: lowered[name], f"{kind}_err": lowered.get(error)}
                    found.append(replace(_brightness(table, own, columns), band=band))
                return tuple(found)
    return (_brightness(table, given, columns),)


def _are_constant(frame: pd.DataFrame) -> bool:
    """Whether columns have one value in all of their rows, as a magnitude of a catalog has."""
    return len(frame) > 1 and bool((frame.nunique(dropna=False) == 1).all())


def _brightness(table: Table, given: dict[str, Any], columns: list[str]) -> Brightness:
    """Return the columns of the magnitudes, or of the fluxes where there are none."""
    kinds = table.facts["kinds"]
    mags, fluxes = candidates("mag", columns), candidates("flux", columns)
    in_mag = [name for name in fluxes if kinds.get(name) == "mag"]  # as lightkurve has them
    in_mag += [name for name in columns if name == PHOT and kinds.get(name) == "mag"]
    mags, fluxes = mags + in_mag, [name for name in fluxes if name not in in_mag]
    flux = given.get("flux")
    if flux is None and "mag" not in given:
        if not mags and not fluxes:
            raise refusal(
                f"{table.label}: no column was recognised as the mag or flux among {listed(table)}",
                Remedy("mag"),
                Remedy("flux"),
            )
        flux = None if mags else the_one(table, "flux", fluxes)
    if flux is not None:
        zero_point = given.get("zero_point", table.zero_point(flux))
        if zero_point is None:
            found = at_most_one(table, "zero point", "zero_point", zero_points(columns))
            zero_point = found or 0.0
        error = given.get("flux_err") or _error(table, flux, "flux", columns)
        return Brightness(flux=flux, flux_err=error, zero_point=zero_point)
    mag = given.get("mag") or (in_mag[0] if mags == in_mag else the_one(table, "mag", mags))
    return Brightness(mag, given.get("mag_err") or _error(table, mag, "mag", columns))


def _error(table: Table, brightness: str, kind: str, columns: list[str]) -> str | None:
    found = at_most_one(table, "error", f"{kind}_err", errors_of(brightness, kind, columns))
    if found is None or not is_statistic(found):
        return found
    # "mag_std" may be of each star, or of the standard system
    values = pd.to_numeric(table.frame[found], errors="coerce").dropna().to_numpy()
    n = len(np.unique(values))
    runs = np.count_nonzero(np.diff(values)) + 1
    of_stars = n == runs and n * FEWEST_OF_A_STAR <= len(values)
    large = kind == "mag" and np.median(values) > MOST_ERROR if n else True
    return None if of_stars or large else found
