"""Light curves that are tables of astropy, as those of lightkurve are.

astropy is not imported for others: whoever has a table of it has imported it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.columns import ALIASES
from sklearn_astromer.lightcurves.flat import as_float
from sklearn_astromer.lightcurves.flux import AB_JANSKY, asinh_magnitudes


def is_table(X: Any) -> bool:
    """Whether X is a table of astropy, such as a TimeSeries or a LightCurve of lightkurve."""
    table = sys.modules.get("astropy.table")
    return table is not None and isinstance(X, table.Table)


def refuse_bare_table(X: Any) -> None:
    """Refuse a table of astropy that is not in a list."""
    if not is_table(X):
        return
    if {name.lower() for name in X.colnames} & {alias.lower() for alias in ALIASES["id"]}:
        raise ValueError(
            "this table has a column of ids, so one row per observation: pass "
            "LightCurves.read(table), which has one row per object"
        )
    raise ValueError(f"X is one {type(X).__name__}, a light curve: pass [X] for one object")


def frame_of_table(table: Any) -> pd.DataFrame:
    """Return time (days), mag, mag_err and band of a table, recognised by name, as plain columns.

    What lightkurve calls ``flux`` is taken as it is if its unit is a magnitude, and becomes asinh
    magnitudes otherwise.
    """
    from astropy.time import Time

    known = {alias.lower(): part for part, aliases in ALIASES.items() for alias in aliases}
    parts = {name: known.get(name.lower()) for name in table.colnames}
    new = dict(zip(parts, parts, strict=True))
    if "time" not in parts.values():
        dates = [name for name in parts if isinstance(table[name], Time)]
        if len(dates) == 1:
            parts[dates[0]], new[dates[0]] = "time", "time"
    of_flux: dict[str, NDArray[np.float64]] = {}
    if "mag" not in parts.values():
        if "flux" not in parts:
            raise ValueError(f"no column was recognised as the mag or flux among {table.colnames}")
        if _is_magnitude(getattr(table["flux"], "unit", None)):
            parts["flux"], new["flux"] = "mag", "mag"
            if "flux_err" in parts:
                parts["flux_err"], new["flux_err"] = "mag_err", "mag_err"
        else:
            of_flux = _magnitudes_of_flux(table)

    return pd.DataFrame(
        {
            new[name]: np.asarray(table[name]).astype(str)
            if part == "band"
            else in_field_units(table[name], part, f"column {name!r}")
            for name, part in parts.items()
            if part in ("time", "mag", "mag_err", "band")
        }
        | of_flux
    )


def in_field_units(column: Any, part: str, what: str) -> NDArray[np.float64]:
    """Return times in days, and magnitudes and their errors in magnitudes; masked ones are NaN.

    What has no unit is taken to be in these; a unit of astropy that does not fit is an error.
    """
    unit = getattr(column, "unit", None)
    dates = sys.modules.get("astropy.time")
    if dates is not None and isinstance(column, dates.TimeDelta):
        column, unit = column.to_value("day"), None
    elif dates is not None and isinstance(column, dates.Time):
        column, unit = column.mjd, None
    values = as_float(column, what)
    if unit is None:
        return values
    from astropy import units

    scale = 1.0
    if part == "time":
        if not unit.is_equivalent(units.day):
            raise ValueError(f"{what} is in {unit or 'no unit'}: no times")
        scale = unit.to(units.day)
    elif not isinstance(unit, units.MagUnit):
        if not _is_magnitude(unit):
            raise ValueError(f"{what} is in {unit or 'no unit'}: no magnitudes")
        scale = unit.to(units.mag)
    return values if scale == 1.0 else values * scale


def _is_magnitude(unit: Any) -> bool:
    from astropy import units

    return isinstance(unit, units.MagUnit) or (unit is not None and unit.is_equivalent(units.mag))


def _magnitudes_of_flux(table: Any) -> dict[str, NDArray[np.float64]]:
    """Return asinh magnitudes of the columns flux and flux_err: AB where the unit is one of Jy."""
    unit = getattr(table["flux"], "unit", None)
    flux = as_float(table["flux"], "column 'flux'")
    error = None
    if "flux_err" in table.colnames:
        error = as_float(table["flux_err"], "column 'flux_err'")
    mag, mag_err = asinh_magnitudes(flux, error, ab_zero_point(unit) or 0.0)
    return {"mag": mag} if mag_err is None else {"mag": mag, "mag_err": mag_err}


def ab_zero_point(unit: Any) -> float | None:
    """Return the AB magnitude of flux 1 in a unit of astropy; None: the unit does not tell."""
    from astropy import units

    if not isinstance(unit, units.UnitBase) or not unit.is_equivalent(units.Jy):
        return None
    return AB_JANSKY - 2.5 * float(np.log10(unit.to(units.Jy)))
