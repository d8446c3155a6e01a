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


def is_table(X: Any) -> bool:
    """Whether X is a table of astropy, such as a TimeSeries or a LightCurve of lightkurve."""
    table = sys.modules.get("astropy.table")
    return table is not None and isinstance(X, table.Table)


def refuse_bare_table(X: Any) -> None:
    """Refuse a table of astropy that is not in a list.

    Raises
    ------
    ValueError
        If X is one.
    """
    if not is_table(X):
        return
    if {name.lower() for name in X.colnames} & {alias.lower() for alias in ALIASES["id"]}:
        raise ValueError(
            "this table has a column of ids, so one row per observation: pass "
            "LightCurves.from_frame(table.to_pandas()), which has one row per object"
        )
    raise ValueError(f"X is one {type(X).__name__}, a light curve: pass [X] for one object")


def frame_of_table(table: Any) -> pd.DataFrame:
    """Return time (days), mag, mag_err and band of a table, recognised by name, as plain columns.

    What lightkurve calls ``flux`` is taken if its unit is a magnitude.

    Raises
    ------
    TypeError, ValueError
        If there are no magnitudes, or a column has a unit that does not fit.
    """
    from astropy.time import Time

    known = {alias.lower(): part for part, aliases in ALIASES.items() for alias in aliases}
    parts = {name: known.get(name.lower()) for name in table.colnames}
    new = dict(zip(parts, parts, strict=True))
    if "time" not in parts.values():
        dates = [name for name in parts if isinstance(table[name], Time)]
        if len(dates) == 1:
            parts[dates[0]], new[dates[0]] = "time", "time"
    if "mag" not in parts.values():
        unit = getattr(table["flux"], "unit", None) if "flux" in parts else None
        if not _is_magnitude(unit):
            raise ValueError(_no_magnitudes(table))
        parts["flux"], new["flux"] = "mag", "mag"
        if "flux_err" in parts:
            parts["flux_err"], new["flux_err"] = "mag_err", "mag_err"

    return pd.DataFrame(
        {
            new[name]: np.asarray(table[name]).astype(str)
            if part == "band"
            else in_field_units(table[name], part, f"column {name!r}")
            for name, part in parts.items()
            if part in ("time", "mag", "mag_err", "band")
        }
    )


def in_field_units(column: Any, part: str, what: str) -> NDArray[np.float64]:
    """Return times in days, and magnitudes and their errors in magnitudes; masked ones are NaN.

    What has no unit is taken to be in these.

    Raises
    ------
    TypeError, ValueError
        If these are no numbers, or the unit of astropy that they have does not fit.
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


def _no_magnitudes(table: Any) -> str:
    fluxes = [name for name in table.colnames if "flux" in name.lower()]
    if not fluxes:
        return f"no column was recognised as the mag among {table.colnames}: call one 'mag'"
    return (
        f"{fluxes[0]!r} holds fluxes, and there are no magnitudes: keep what is positive, "
        f"lc = lc[lc[{fluxes[0]!r}] > 0], and add lc['mag'] = -2.5 * "
        f"np.log10(lc[{fluxes[0]!r}].value); the zero point does not matter"
    )
