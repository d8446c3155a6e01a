"""Light curves that are tables of astropy, as those of lightkurve are.

astropy is not imported for others: whoever has a table of it has imported it.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.flat import as_float
from sklearn_astromer.lightcurves.surveys.names import candidates

#: Units longer than a week, in days, are of a calendar: a time of 2020.5 years is a date.
LONGEST_UNIT = 7.0
PANDAS = pd.Series, pd.DataFrame, pd.Index


def is_table(X: Any) -> bool:
    """Whether X is a table of astropy, such as a TimeSeries or a LightCurve of lightkurve."""
    table = sys.modules.get("astropy.table")
    return table is not None and isinstance(X, table.Table)


def refuse_bare_table(X: Any) -> None:
    """Refuse a table of astropy that is not in a list."""
    if not is_table(X):
        return
    if candidates("id", map(str.lower, X.colnames)):
        raise ValueError(
            "this table has a column of ids, so one row per observation: pass "
            "LightCurves.read(table), which has one row per object"
        )
    raise ValueError(f"X is one {type(X).__name__}, a light curve: pass [X] for one object")


def in_field_units(column: Any, part: str, what: str) -> NDArray[np.float64]:
    """Return times in days, and magnitudes and their errors in magnitudes; masked ones are NaN.

    What has no unit is taken to be in these; a unit of astropy that does not fit is an error.
    """
    unit = unit_of(column)
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
        if not unit.is_equivalent(units.day) or unit.to(units.day) > LONGEST_UNIT:
            raise ValueError(f"{what} is in {unit or 'no unit'}: no times in days")
        scale = unit.to(units.day)
    elif not isinstance(unit, units.MagUnit):
        if not unit.is_equivalent(units.mag):
            raise ValueError(f"{what} is in {unit or 'no unit'}: no magnitudes")
        scale = unit.to(units.mag)
    return values if scale == 1.0 else values * scale


def unit_of(values: Any) -> Any:
    """Return the unit that astropy keeps with values, if any; of pandas it would be a column.

    What is dimensionless has none.
    """
    unit = None if isinstance(values, PANDAS) else getattr(values, "unit", None)
    return unit if str(unit or "") else None


def in_unit_of(values: Any, others: Any, what: str) -> NDArray[np.float64]:
    """Return values in the unit of others, where both have one of astropy."""
    unit, wanted = unit_of(values), unit_of(others)
    if unit is None or wanted is None or unit == wanted:
        return as_float(values, what)
    if not unit.is_equivalent(wanted):
        raise ValueError(f"{what} is in {unit}, which is no {wanted}: convert it")
    return as_float(values, what) * unit.to(wanted)
