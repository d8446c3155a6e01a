"""Which column names the objects of a table, where none has a name of ids: its values tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sklearn_astromer.lightcurves.bands import KNOWN, order_of
from sklearn_astromer.lightcurves.reading.remedies import Remedy, refusal
from sklearn_astromer.lightcurves.reading.tables import Table
from sklearn_astromer.lightcurves.reading.values import days_of
from sklearn_astromer.lightcurves.surveys.names import (
    NAMES_OF_STARS,
    by_sureness,
    could_name_stars,
    joined,
    may_name_stars,
    names_others,
    names_stars,
    tells_quality,
)

#: Objects whose rows are mixed: of so many, each seen so often, so much of the variance of the
#: magnitudes lies between them. Observers and cameras see the same star.
FEWEST_LEVELS, LEAST_RETURNS, LEAST_BETWEEN = 3, 3, 0.8


def id_by_values(
    table: Table, time: str, value: str | None, band: str | None, columns: list[str]
) -> str:
    """Return the column that names objects; "": the file is one, whatever it says.

    Raises
    ------
    ValueError
        If a column that may as well be another thing seems to name objects.
    """
    frame = table.frame
    bands = np.zeros(len(frame), dtype=np.int64)
    if band:
        bands, _ = pd.factorize(frame[band], use_na_sentinel=False)
    columns = [name for name in columns if not tells_quality(name)]
    names = [name for name in columns if could_name(frame[name]) or _numbers_stars(frame, name)]
    for name in sorted(names, key=by_sureness):
        called = joined(name) in NAMES_OF_STARS
        surely = names_stars(name)
        codes, unique = pd.factorize(frame[name], use_na_sentinel=False)
        n, repeated = len(unique), 2 <= len(unique) <= len(frame) / 2
        seems = repeated and _seem_objects(table, name, codes, time, value, bands)
        alone = called and 1 < n == len(frame)  # an observation each, which is remarked
        if (called and (n == 1 or seems)) or (surely and (repeated or alone)):
            return name
        # "field_id" is of one star as well as of several
        asked = could_name_stars(name) and repeated and not called
        if seems or asked or (1 < n < len(frame) and called and joined(name) != "source"):
            raise refusal(
                f"{table.label}: no column was recognised as the id, and {table.names[name]!r} "
                f"has {n} values in {len(frame)} rows",
                Remedy("band_column", table.names[name], "if it tells bands")
                if tells_bands(frame[name])
                else Remedy("id", table.names[name], "if it names objects"),
                Remedy("id", False, "if all rows are of one object"),
            )
    return ""


def unused_names(table: Table, columns: list[str]) -> list[str]:
    """Return columns with several values, that may name objects of a table taken for one."""
    frame, found = table.frame, []
    for name in columns:
        others = names_others(name) or tells_quality(name)
        if could_name(frame[name]) and not others and not tells_bands(frame[name]):
            n = frame[name].nunique()
            if 2 <= n <= len(frame) / (1 if may_name_stars(name) else 2):
                found.append(name)
    return sorted(found, key=lambda name: not names_stars(name))


def _numbers_stars(frame: pd.DataFrame, name: str) -> bool:
    """Whether a column of floats numbers objects: by its name, and all values are whole.

    Integers are floats in arrays of one kind, and beside a missing one.
    """
    if _kind(frame[name]) != "f" or not may_name_stars(name):
        return False
    values = frame[name].dropna()
    return len(values) > 0 and bool((values % 1 == 0).all())


def tells_bands(column: pd.Series) -> bool:
    """Whether all values of a column are names of bands, as they are known everywhere."""
    if _kind(column) not in "OUST":
        return False
    for some in (column.iloc[:1000], column):  # a look at a part of what is not is quick
        names = {str(each).strip() for each in some.dropna()}
        if not all(order_of(name) < len(KNOWN) for name in names):
            return False
    return len(names) > 0


def could_name(column: pd.Series) -> bool:
    """Whether values could name objects: text and integers do, floats and flags do not."""
    return _kind(column) in "iuOUST"


def _kind(column: pd.Series) -> str:
    """Return the letter of NumPy for what a column holds."""
    dtype: Any = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
    return "T" if isinstance(dtype, pd.StringDtype) else str(dtype.kind)


def _seem_objects(
    table: Table, name: str, codes: NDArray[np.int64], time: str, value: str | None, bands: Any
) -> bool:
    """Whether times start anew with each value, or magnitudes have a level for each."""
    try:
        times = days_of(table, time, np.nan)[0]
    except ValueError:  # which is said once its objects are known
        return False
    order = np.argsort(bands, kind="stable")  # band by band
    within = np.diff(bands[order]) == 0
    changes = within & (np.diff(codes[order]) != 0)
    runs = np.bincount(bands[order][1:][changes], minlength=1) + 1
    if runs.max() <= codes.max() + 1:
        falls = within & (np.diff(times[order]) < 0)
        return bool(falls.any() and changes[falls].all())
    if value is None or codes.max() < FEWEST_LEVELS - 1 or _kind(table.frame[name]) in "iu":
        return False
    order = np.lexsort((times, bands))
    returns = np.count_nonzero(np.diff(codes[order])) / (codes.max() + 1)
    rows = pd.DataFrame({"value": pd.to_numeric(table.frame[value], errors="coerce")})
    scatter = [
        float(((rows["value"] - rows.groupby(by)["value"].transform("mean")) ** 2).sum())
        for by in (bands, [bands, codes])
    ]
    return bool(returns >= LEAST_RETURNS and scatter[1] < (1 - LEAST_BETWEEN) * scatter[0])
